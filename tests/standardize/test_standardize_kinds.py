"""Golden cases per kind: value as written → comparable value."""

from __future__ import annotations

import pyarrow as pa
import pytest

from custid.standardize import Conventions, standardize


def one(default_country: str | None = None, day_first: bool | None = None, **fields: str) -> dict[str, str | None]:
    """The comparable values of one record."""
    table = pa.table({name: pa.array([value], pa.string()) for name, value in fields.items()})
    conventions = Conventions(default_country, day_first)
    rows: list[dict[str, str | None]] = standardize(table, conventions).values.to_pylist()
    return rows[0]


@pytest.mark.parametrize(
    ("full_name", "given", "middle", "surname"),
    [
        ("John Smith", "john", None, "smith"),
        ("JOHN SMITH", "john", None, "smith"),
        ("Smith, John Paul", "john", "paul", "smith"),
        ("Dr. John A. Smith Jr.", "john", "a", "smith"),
        ("John Smith, MD", "john", None, "smith"),
        ("Smith, Jr., John", "john", None, "smith"),
        ("Ludwig van Beethoven", "ludwig", None, "van beethoven"),
        ("Maria de la Cruz", "maria", None, "de la cruz"),
        ("van den Berg, Jan", "jan", None, "van den berg"),
        ("Osama bin Said", "osama", None, "bin said"),
        ("Jean-Luc O'Brien", "jean luc", None, "obrien"),
        ("Anna Roberts-Yates", "anna", None, "roberts yates"),
        ("DUPONT Jean", "jean", None, "dupont"),
        ("José Núñez", "jose", None, "nunez"),
        ("Ｊｏｈｎ　Ｓｍｉｔｈ", "john", None, "smith"),
        ('Robert "Bob" Jones', "robert", None, "jones"),
        ("Mr. Lee", None, None, "lee"),
        ("Madonna", "madonna", None, None),
        ("J.R. Smith", "j", "r", "smith"),
        ("张伟", "伟", None, "张"),
        ("張偉", "伟", None, "张"),
        ("张 伟", "伟", None, "张"),
        ("欧阳震华", "震华", None, "欧阳"),
        ("歐陽 震華", "震华", None, "欧阳"),
        ("诸葛亮", "亮", None, "诸葛"),
        ("陈方安生", "安生", None, "陈方"),
        ("张先生", None, None, "张"),
        ("王总", None, None, "王"),
        ("王建工", "建工", None, "王"),
        ("王", None, None, "王"),
        ("买买提·吐尔逊", "买买提", None, "吐尔逊"),
        ("张伟 (David)", "伟", None, "张"),
        ("Zhang Wei", "wei", None, "zhang"),
        ("Wei Zhang", "wei", None, "zhang"),
        ("ZHANG Xiaoming", "xiaoming", None, "zhang"),
        ("Zhang, Xiao Ming", "xiaoming", None, "zhang"),
        ("Xiao Ming Zhang", "xiaoming", None, "zhang"),
        ("LI Na", "na", None, "li"),
        ("Ou Yang Zhenhua", "zhenhua", None, "ouyang"),
        ("zhangwei", "wei", None, "zhang"),
        ("Susan", "susan", None, None),
        ("Dr. med. Hans-Peter Müller", "hans peter", None, "muller"),
        ("Mr. and Mrs. John Smith", "john", None, "smith"),
        ("John Smith Ph.D.", "john", None, "smith"),
        ("John Smith, M.D., Ph.D.", "john", None, "smith"),
        ("M.D. Smith", "m", "d", "smith"),
        ("Smith J.", "j", None, "smith"),
        ("Smith J.R.", "j", "r", "smith"),
        ("John S.", "john", None, "s"),
        ("Bill 'Spaceman' Lee", "bill", None, "lee"),
        ("Anna Müller geb. Schmidt", "anna", None, "muller"),
        ("c/o Anna Lee", "anna", None, "lee"),
        ("John Smith / Jane Doe", "john", None, "smith"),
        ("Joan Hiffernan/Heffernan", "joan", "hiffernan", "heffernan"),
        ("Nizar ‘Ubayd Juday’ Lee", "nizar", "ubayd juday", "lee"),
        ("Nguyễn Văn An", "an", "van", "nguyen"),
        ("Иванов Иван Иванович", "иван", "иванович", "иванов"),
        ("Ivan Ivanovich Petrov", "ivan", "ivanovich", "petrov"),
        ("山田 太郎", "太郎", None, "山田"),
        ("김철수", "철수", None, "김"),
        ("남궁민", "민", None, "남궁"),
        ("张伟(老客户)", "伟", None, "张"),
        ("张伟-销售", "伟", None, "张"),
        ("张三/李四", "三", None, "张"),
        ("小王", None, None, "王"),
        ("老张", None, None, "张"),
        ("阿明", "阿明", None, None),
        ("Lü Bu", "bu", None, "lv"),
    ],
)
def test_a_full_name_is_split_into_its_parts(
    full_name: str, given: str | None, middle: str | None, surname: str | None
) -> None:
    found = one(full_name=full_name)
    assert (found["given_name"], found["middle_name"], found["surname"]) == (given, middle, surname)


@pytest.mark.parametrize(
    "records",
    [
        [
            {"full_name": "Zhang Wei"},
            {"full_name": "WEI ZHANG"},
            {"full_name": "张伟"},
            {"full_name": "张 偉"},
        ],
        [{"full_name": "张晓明"}, {"full_name": "Zhang Xiao Ming"}, {"full_name": "Xiao-Ming Zhang"}],
        [
            {"given_name": "Xiao Ming", "surname": "Zhang"},
            {"given_name": "Xiaoming", "surname": "ZHANG"},
            {"given_name": "Xiao", "middle_name": "Ming", "surname": "Zhang"},
            {"given_name": "晓明", "surname": "张"},
            {"given_name": "Zhang", "surname": "Xiaoming"},
        ],
        [
            {"given_name": "Anna", "surname": "Lee"},
            {"given_name": "Lee", "surname": "Anna"},
            {"full_name": "Lee, Anna"},
        ],
        [{"full_name": "单雄信"}, {"full_name": "Shan Xiongxin"}],
        [{"full_name": "欧阳娜娜"}, {"full_name": "Ouyang Nana"}, {"full_name": "Nana Ouyang"}],
        [{"full_name": "吕布"}, {"full_name": "Lv Bu"}, {"full_name": "LYU BU"}, {"surname": "Lü", "given_name": "Bu"}],
    ],
)
def test_one_name_typed_in_different_ways_has_the_same_tokens(records: list[dict[str, str]]) -> None:
    assert len({one(**record)["name_tokens"] for record in records}) == 1


@pytest.mark.parametrize(
    ("surname", "latin"),
    [
        ("单", "shan"),
        ("曾", "zeng"),
        ("仇", "qiu"),
        ("解", "xie"),
        ("查", "zha"),
        ("区", "ou"),
        ("任", "ren"),
        ("欧阳", "ouyang"),
    ],
)
def test_surnames_are_read_as_surnames(surname: str, latin: str) -> None:
    assert one(surname=surname)["surname_latin"] == latin


def test_parts_win_and_the_full_name_fills_gaps() -> None:
    found = one(full_name="Anna Maria Lee", given_name="Annie", surname="")
    assert (found["given_name"], found["middle_name"], found["surname"]) == ("annie", "maria", "lee")
    assert found["full_name"] == "annie maria lee"


def test_a_name_before_marriage_is_read_out_of_a_full_name() -> None:
    assert one(full_name="Anna Müller geb. Schmidt")["maiden_name"] == "schmidt"


def test_a_suffix_leaves_the_surname() -> None:
    found = one(surname="Smith III")
    assert (found["surname"], found["name_suffix"]) == ("smith", "iii")


def test_a_company_among_full_names_is_no_person() -> None:
    found = one(full_name="北京大华科技有限公司")
    assert (found["company"], found["surname"], found["given_name"]) == ("北京大华科技", None, None)


@pytest.mark.parametrize(
    ("company", "core", "form"),
    [
        ("Acme Inc.", "acme", "inc"),
        ("ACME, Incorporated", "acme", "inc"),
        ("Müller GmbH & Co. KG", "muller", "gmbh and co kg"),
        ("Société Générale S.A.", "societe generale", "sa"),
        ("The Coca-Cola Company", "coca cola", "co"),
        ("AT&T Corp", "at and t", "corp"),
        ("Foo Trading Co., Ltd.", "foo trading", "co ltd"),
        ("大華科技（北京）有限公司", "大华科技北京", "有限公司"),
        ("华为技术有限责任公司", "华为技术", "有限公司"),
        ("阿里巴巴集团", "阿里巴巴", "集团"),
        ("Transgourmet Polska Sp. z o.o.", "transgourmet polska", "sp z oo"),
        ("Tulip Food Company A/S", "tulip food", "co a s"),
        ("SYNER, s.r.o.", "syner", "sro"),
        ("PT Astra International Tbk", "astra international", "tbk"),
        ("株式会社ソニー", "ソニー", "株式会社"),
        ("ООО Газпром", "газпром", "ооо"),
        ("www.expedia.es", "expedia", None),
        ("Netvibes.com", "netvibes", None),
        ("Amazon.com, Inc.", "amazon", "inc"),
        ("J.P. Morgan & Co.", "jp morgan", "and co"),
        ("Acme Inc. dba Fast Pizza", "acme", "inc"),
        ("中国银行股份有限公司北京分公司", "中国银行北京分公司", "股份有限公司"),
        ("Ltd", "ltd", None),
        ("Telefónica, S.A.U.", "telefonica", "sau"),
        ("Foo Ges.m.b.H.", "foo", "ges mbh"),
        ("Foo UG (haftungsbeschränkt)", "foo", "ug haftungsbeschrankt"),
        ("Foo S.à r.l.", "foo", "sa rl"),
        ("Acme Limited Liability Partnership", "acme", "ltd liability partnership"),
        ("UAB Foo", "foo", "uab"),
        ("주식회사 카카오", "카카오", "주식회사"),
        ("㈱ソニー", "ソニー", None),
        ("Foo Ltd (UK)", "foo uk", "ltd"),
        ("Foo Limited, Hong Kong Branch", "foo hong kong branch", "ltd"),
        ("上海某某律师事务所（普通合伙）", "上海某某律师事务所", "普通合伙"),
        ("某某商贸有限公司(注销)", "某某商贸", "有限公司"),
        ("招商银行股份有限公司上海分行", "招商银行上海分行", "股份有限公司"),
        ("中国移动通信集团广东有限公司深圳分公司", "中国移动通信集团广东深圳分公司", "有限公司"),
        ("有友食品股份有限公司", "有友食品", "股份有限公司"),
    ],
)
def test_a_company_is_its_core_and_its_legal_form(company: str, core: str, form: str | None) -> None:
    found = one(company=company)
    assert (found["company"], found["legal_form"]) == (core, form)


@pytest.mark.parametrize(
    ("company", "words"),
    [
        ("Faculty of Science, Masaryk University", "faculty masaryk science university"),
        ("Masaryk University Faculty of Science", "faculty masaryk science university"),
        ("Università degli Studi di Palermo", "palermo studi university"),
        ("Acme Intl. Holdings", "acme holding international"),
        ("H&M", "h m"),
        ("E & Y", "e y"),
        ("Little Tykes II", "2 little tykes"),
        ("Acme Inc. dba Fast Pizza", "acme fast pizza"),
        ("北京小米科技有限责任公司", "北京 小米 科技"),
        ("小米科技（北京）有限公司", "北京 小米 科技"),
        ("小米", "小米"),
        ("广东省深圳市腾讯计算机系统有限公司", "广东 深圳 系统 腾讯 计算机"),
        ("中国银行", "中国 银行"),
    ],
)
def test_the_words_of_a_company_have_no_order_and_one_spelling(company: str, words: str) -> None:
    assert one(company=company)["company_words"] == words


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("Ann@X.ORG", "ann@x.org"),
        (" mailto:ann@x.org ", "ann@x.org"),
        ("Ann Lee <ann@x.org>", "ann@x.org"),
        ("ann+shop@x.org", "ann@x.org"),
        ("A.n.n+x@googlemail.com", "ann@gmail.com"),
        ("a.n.n@x.org", "a.n.n@x.org"),
        ("ann＠x.org", "ann@x.org"),
        ("ann@x.org; bob@x.org", "ann@x.org"),
        ("12345@qq.com", "12345@qq.com"),
        ("'ann@x.org'", "ann@x.org"),
        ("ann＠x。org", "ann@x.org"),
        ("ann@müller.de", "ann@xn--mller-kva.de"),
        ("a_n.n@protonmail.com", "ann@proton.me"),
        ("ann@me.com", "ann@icloud.com"),
        ("ann-lee@ya.ru", "ann.lee@yandex.ru"),
        ("ann-news@yahoo.com", "ann@yahoo.com"),
        ("a***@qq.com", None),
        ("123@qq.com", None),
        ("123456@qq.com", None),
        ("abc@abc.com", None),
        ("guest@guest.com", None),
        ("a@b@c.org", None),
        ("a" * 65 + "@x.org", None),
        ("test@test.com", None),
        ("noreply@shop.com", None),
        ("none@none.com", None),
        ("a@a.com", None),
        ("ann@x", None),
        ("@x.org", None),
        ("+tag@x.org", None),
        ("ann@@x.org", None),
        ("无", None),
    ],
)
def test_an_email_is_one_spelling_per_mailbox(email: str, expected: str | None) -> None:
    found = one(email=email)
    assert found["email"] == expected
    assert found["email_local"] == (expected.split("@")[0] if expected else None)


def test_the_mailbox_of_a_function_has_no_name_of_its_own() -> None:
    found = one(email="Info@x.org")
    assert (found["email"], found["email_local"]) == ("info@x.org", None)


@pytest.mark.parametrize(
    ("country", "phone", "expected"),
    [
        (None, "13912345679", "+8613912345679"),
        (None, "139-1234-5679", "+8613912345679"),
        (None, "+86 139 1234 5679", "+8613912345679"),
        (None, "008613912345679", "+8613912345679"),
        (None, "8613912345679", "+8613912345679"),
        (None, "１３９１２３４５６７９", "+8613912345679"),
        (None, "13912345679.0", "+8613912345679"),
        (None, "'13912345679", "+8613912345679"),
        (None, "13912345679/13512345670", "+8613912345679"),
        ("US", "13912345679", "+8613912345679"),
        ("GB", "13912345679", "+8613912345679"),
        (None, "010-62345678", "+861062345678"),
        (None, "(010)62345678", "+861062345678"),
        (None, "010-62345678-801", "+861062345678"),
        (None, "0755-86543210", "+8675586543210"),
        ("CN", "02062345678", "+862062345678"),
        ("CN", "4008208820", "+864008208820"),
        (None, "+86 010 62345678", "+861062345678"),
        (None, "(212) 555-0134", "+12125550134"),
        (None, "212.555.0134", "+12125550134"),
        (None, "+1 212 555 0134 ext. 12", "+12125550134"),
        (None, "1-312-555-0134", "+13125550134"),
        ("US", "13125550134", "+13125550134"),
        (None, "+44 (0)20 7946 0958", "+442079460958"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("DE", "030 123456", "+4930123456"),
        ("HK", "5123 4567", "+85251234567"),
        (None, "555-1234", "5551234"),
        (None, "12345", None),
        (None, "1.38E+10", None),
        (None, "13800138000", None),
        (None, "00000000", None),
        (None, "12345678", None),
        (None, "1111111", None),
        (None, "未知", None),
        (None, "139****5679", None),
        (None, "13900000000", None),
        (None, "13912345679 13512345670", "+8613912345679"),
        (None, "13912345679或13512345670", "+8613912345679"),
        ("CN", "0755-86543210*123", "+8675586543210"),
        ("US", "1-800-FLOWERS", "+18003569377"),
    ],
)
def test_a_phone_is_e164(country: str | None, phone: str, expected: str | None) -> None:
    assert one(default_country=country, phone=phone)["phone"] == expected


def test_the_country_of_the_record_reads_its_phone() -> None:
    table = pa.table({"phone": ["020 7946 0958"], "country": ["United Kingdom"]})
    assert standardize(table, Conventions("CN")).values["phone"].to_pylist() == ["+442079460958"]


@pytest.mark.parametrize(
    ("day_first", "birth_date", "expected"),
    [
        (None, "1980-03-05", "1980-03-05"),
        (None, "1980-03-05 00:00:00", "1980-03-05"),
        (None, "1980-03-05T00:00:00Z", "1980-03-05"),
        (None, "19800305", "1980-03-05"),
        (None, "1980/3/5", "1980-03-05"),
        (None, "1980.3.5", "1980-03-05"),
        (None, "5.3.1980", "1980-03-05"),
        (None, "13/5/1980", "1980-05-13"),
        (None, "5/13/1980", "1980-05-13"),
        (None, "3/5/1980", "1980"),
        (True, "3/5/1980", "1980-05-03"),
        (False, "3/5/1980", "1980-03-05"),
        (None, "3/3/1980", "1980-03-03"),
        (None, "Mar 5, 1980", "1980-03-05"),
        (None, "5 March 1980", "1980-03-05"),
        (None, "5-Mar-80", "1980-03-05"),
        (None, "1980年3月5日", "1980-03-05"),
        (None, "1980年3月", "1980-03"),
        (None, "1980", "1980"),
        (None, "29285", "1980-03-05"),
        (None, "800305", "1980-03-05"),
        (None, "5.3.05", "2005-03-05"),
        (None, "5. März 1980", "1980-03-05"),
        (None, "19710231", "1971-02-31"),
        (None, "19948031", "1994-80-31"),
        (None, "1900-01-01", None),
        (None, "1/1/1970", None),
        (None, "0000-00-00", None),
        (None, "9999-12-31", None),
        (None, "11111111", None),
        (None, "2999-01-01", None),
        (None, "1700-05-06", None),
        (None, "yesterday", None),
        (None, "80-03-05", "1980-03-05"),
        (None, "19800305000000", "1980-03-05"),
        (None, "1980–03–05", "1980-03-05"),
        (None, "1980-03-00", "1980-03-00"),
        (None, "1980-00-00", "1980"),
        (None, "1900-01-00", None),
        (None, "Mar-80", "1980-03"),
        (None, "1980, March 5", "1980-03-05"),
        (None, "Wed Mar 05 00:00:00 CST 1980", "1980-03-05"),
        (None, "29285.5", "1980-03-05"),
        (None, "321062400", "1980-03-05"),
        (None, "321033600000", "1980-03-05"),
        (None, "5 марта 1980", "1980-03-05"),
        (None, "5 maart 1980", "1980-03-05"),
        (None, "5 października 1980", "1980-10-05"),
        (None, "5 Ağustos 1980", "1980-08-05"),
        (None, "一九八〇年三月五日", "1980-03-05"),
        (None, "一九八零年十二月二十五日", "1980-12-25"),
        (None, "1980年3月5号", "1980-03-05"),
        (None, "80年3月5日", "1980-03-05"),
        (None, "昭和55年3月5日", "1980-03-05"),
        (None, "H2.3.5", "1990-03-05"),
        (None, "平成元年3月5日", "1989-03-05"),
        (None, "民国69年3月5日", "1980-03-05"),
        (None, "40/3/1980", None),
    ],
)
def test_a_date_is_iso_text(day_first: bool | None, birth_date: str, expected: str | None) -> None:
    assert one(day_first=day_first, birth_date=birth_date)["birth_date"] == expected


def test_the_country_tells_day_from_month_where_nothing_else_does() -> None:
    assert one(default_country="US", birth_date="3/5/1980")["birth_date"] == "1980-03-05"
    assert one(default_country="GB", birth_date="3/5/1980")["birth_date"] == "1980-05-03"
    assert one(default_country="CN", birth_date="3/5/1980")["birth_date"] == "1980"


@pytest.mark.parametrize(
    ("sex", "expected"),
    [
        ("мужской", "m"),
        ("♀", "f"),
        ("여", "f"),
        ("男(M)", "m"),
        ("kobieta", "f"),
        ("Male", "m"),
        ("女", "f"),
        ("F", "f"),
        ("Frau", "f"),
        ("1", None),
        ("unknown", None),
    ],
)
def test_a_sex_is_m_or_f(sex: str, expected: str | None) -> None:
    assert one(sex=sex)["sex"] == expected


def test_a_resident_id_fills_birth_date_and_sex() -> None:
    found = one(national_id="11010519491231002x", birth_date="")
    assert found == {
        "national_id": "11010519491231002X",
        "national_id_valid": "true",
        "national_id_kind": "cn.resident",
        "birth_date": "1949-12-31",
        "sex": "f",
    }


def test_a_resident_id_with_a_wrong_check_digit_keeps_its_value_and_fills_nothing() -> None:
    found = one(national_id="110105194912310021")
    assert (found["national_id"], found["national_id_valid"]) == ("110105194912310021", "false")
    assert (found["birth_date"], found["sex"]) == (None, None)


def test_fifteen_digits_of_a_resident_id_become_eighteen() -> None:
    assert one(national_id="110105491231002")["national_id"] == "11010519491231002X"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("loyalty_id", "l-12 34", "L1234"),
        ("tax_id", "91310000-ma1k", "91310000MA1K"),
        ("national_id", "5304218.0", "5304218"),
        ("passport", "000000", None),
        ("passport", "123456789", None),
        ("national_id", "3.10E+17", None),
        ("loyalty_id", "N/A", None),
        ("wechat_openid", " oAbC-d_1 ", "oAbC-d_1"),
        ("wechat_unionid", "null", None),
        ("passport", "护照号：E12345678", "E12345678"),
        ("passport", "lost", None),
        ("national_id", "身份证110105194912310021", "110105194912310021"),
        ("national_id", "110***********002X", None),
        ("national_id", "078-05-1120", None),
        ("national_id", "000-12-3456", None),
        ("national_id", "QQ 12 34 56 C", None),
        ("iban", "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("lei", "5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R12"),
        ("device_id", "{AEBE52E7-03EE-455A-B3C4-E57283966239}", "aebe52e7-03ee-455a-b3c4-e57283966239"),
        ("social_handle", "https://twitter.com/Jack?s=20", "twitter:jack"),
        ("social_handle", "@Jack", "jack"),
        ("wechat_id", "AnnLee_88", "annlee_88"),
    ],
)
def test_an_identifier_is_letters_and_digits(field: str, value: str, expected: str | None) -> None:
    assert one(None, None, **{field: value})[field] == expected


@pytest.mark.parametrize(
    ("country", "value", "kind", "birth_date", "sex"),
    [
        (None, "12345678Z", "es.dni", None, None),
        (None, "12345678A", None, None, None),
        (None, "A123456789", "tw.id", None, "m"),
        (None, "A123456(3)", "hk.id", None, None),
        (None, "RSSMRA80A01H501U", "it.codicefiscale", "1980-01-01", "m"),
        ("PL", "44051401359", "pl.pesel", "1944-05-14", "m"),
        ("BR", "111.444.777-35", "br.cpf", None, None),
        (None, "111.444.777-35", None, None, None),
        (None, "536-90-4399", None, None, None),
    ],
)
def test_a_national_number_whose_check_holds_says_what_it_is(
    country: str | None, value: str, kind: str | None, birth_date: str | None, sex: str | None
) -> None:
    found = one(country, national_id=value)
    assert (found["national_id_kind"], found["birth_date"], found["sex"]) == (kind, birth_date, sex)


def test_a_tax_number_gets_its_country_where_the_check_holds() -> None:
    assert one("DE", tax_id="136 695 976")["tax_id"] == "DE136695976"
    assert one("DE", tax_id="136 695 977")["tax_id"] == "136695977"
    assert one(tax_id="91110000600037341L")["tax_id"] == "91110000600037341L"


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (
            "12 Main St, Apt 4, Springfield, IL 62704, USA",
            {
                "street_number": "12",
                "street": "main street",
                "unit": "4",
                "city": "springfield",
                "region": "il",
            }
            | {"postcode": "62704"},
        ),
        (
            "Hauptstraße 12, 10115 Berlin, Germany",
            {"street_number": "12", "street": "hauptstrasse", "city": "berlin", "postcode": "10115"},
        ),
        (
            "Flat 3, 10 High Rd, London SW1A 2AA",
            {
                "street_number": "10",
                "street": "high road",
                "unit": "3",
                "city": "london",
                "postcode": "SW1A2AA",
            },
        ),
        (
            "浙江省杭州市西湖区文三路１００号3号楼2单元501室",
            {"region": "浙江", "city": "杭州", "district": "西湖", "street": "文三路", "street_number": "100"}
            | {"unit": "3-2-501"},
        ),
        (
            "北京朝阳区建国路88号",
            {"region": "北京", "city": "北京", "district": "朝阳", "street": "建国路", "street_number": "88"},
        ),
        (
            "上海市浦東新區世紀大道1號",
            {"city": "上海", "district": "浦东", "street": "世纪大道", "street_number": "1"},
        ),
        ("长宁路100弄5号302室", {"street": "长宁路", "street_number": "100-5", "unit": "302"}),
        ("河南路5号", {"region": None, "street": "河南路", "street_number": "5"}),
        ("阳光小区3号楼501室", {"street": "阳光小区", "district": None, "unit": "3-501"}),
        (
            "12 Main St Apt 4 Springfield IL 62704-1234",
            {"street_number": "12", "street": "main street", "unit": "4", "city": "springfield", "postcode": "62704"},
        ),
        (
            "10 Downing St\nLondon\nSW1A 2AA",
            {"street_number": "10", "street": "downing street", "city": "london", "postcode": "SW1A2AA"},
        ),
        (
            "Unit 5, The Mill, 10 Mill Lane, Leeds LS1 4AB",
            {"street_number": "10", "street": "mill lane", "unit": "5", "city": "leeds"},
        ),
        ("D-10115 Berlin, Hauptstr. 12", {"street": "hauptstrasse", "street_number": "12", "city": "berlin"}),
        ("Am Alten Markt 3-5, 50667 Köln", {"street": "am alten markt", "street_number": "3-5"}),
        ("Storgatan 12, 111 22 Stockholm", {"city": "stockholm", "postcode": "11122"}),
        ("1600 Pennsylvania Ave NW, Washington, DC 20500", {"street_number": "1600", "city": "washington"}),
        ("浙江杭州西湖区文三路100号", {"region": "浙江", "city": "杭州", "district": "西湖", "street": "文三路"}),
        ("南京西路1266号", {"city": None, "street": "南京西路", "street_number": "1266"}),
        (
            "四川省甘孜藏族自治州康定市炉城街道",
            {"region": "四川", "city": "甘孜", "district": "康定", "street": "炉城街道"},
        ),
        ("台北市信義區信義路五段7號89樓", {"street": "信义路五段", "street_number": "7", "unit": "89"}),
        ("北京市东城区东长安街1号 100006", {"street_number": "1", "unit": None, "postcode": "100006"}),
        ("定兴县北河镇某某村123号", {"subdistrict": "北河", "street": "某某村", "street_number": "123"}),
        (
            "杭州市西湖区轉塘街道双流路12号",
            {"district": "西湖", "subdistrict": "转塘", "street": "双流路", "street_number": "12"},
        ),
        ("嘉兴市桐乡市乌镇隆源路5号2室", {"district": "桐乡", "subdistrict": "乌镇", "street": "隆源路", "unit": "2"}),
        ("杭州市文三路1号", {"subdistrict": None, "street": "文三路"}),
    ],
)
def test_an_address_is_split_into_its_parts(address: str, parts: dict[str, str | None]) -> None:
    found = one(address=address)
    assert {name: found[name] for name in parts} == parts


@pytest.mark.parametrize(
    ("street", "number", "expected"),
    [
        ("12 Oak Ave", "", ("oak avenue", "12")),
        ("12 Oak Ave", "12", ("oak avenue", "12")),
        ("12 Oak Ave", "14", ("12 oak avenue", "14")),
        ("stanley street", "8", ("stanley street", "8")),
        ("St Kilda Rd", "3a", ("saint kilda road", "3a")),
        ("42 5th Ave", "", ("5th avenue", "42")),
        ("Highway 61", "", ("highway 61", None)),
        ("Hauptstr. 7a", "", ("hauptstrasse", "7a")),
    ],
)
def test_a_number_leaves_the_street_when_the_record_has_no_other(
    street: str, number: str, expected: tuple[str, str | None]
) -> None:
    found = one(street=street, street_number=number)
    assert (found["street"], found["street_number"]) == expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("country", "中国", "CN"),
        ("country", "U.S.A.", "US"),
        ("country", "NO", "NO"),
        ("country", "Deutschland", "DE"),
        ("country", "Narnia", None),
        ("country", "Korea, Republic of", "KR"),
        ("country", "Democratic People's Republic of Korea", "KP"),
        ("country", "United States of America (the)", "US"),
        ("country", "EE.UU.", "US"),
        ("country", "Germany (DE)", "DE"),
        ("country", "156", "CN"),
        ("country", "HKSAR", "HK"),
        ("country", "Lebanon PA", None),
        ("postcode", "62704-1234", "62704"),
        ("postcode", "sw1a 1aa", "SW1A1AA"),
        ("postcode", "000000", None),
        ("city", "St. Louis", "saint louis"),
        ("city", "杭州市", "杭州"),
        ("region", "New South Wales", "nsw"),
        ("region", "广西壮族自治区", "广西"),
        ("district", "浦东新区", "浦东"),
        ("subdistrict", "转塘街道办事处", "转塘"),
        ("subdistrict", "乌镇", "乌镇"),
        ("unit", "Apt. 4B", "4b"),
        ("street_number", "No. 12", "12"),
    ],
)
def test_parts_of_addresses_are_folded(field: str, value: str, expected: str | None) -> None:
    assert one(None, None, **{field: value})[field] == expected


@pytest.mark.parametrize(
    "value", ["无", "未知", "不详", "N/A", "na", "null", "None", "UNKNOWN", "test", "测试", "-", ".", "xxx"]
)
@pytest.mark.parametrize("field", ["surname", "email", "phone", "birth_date", "street", "loyalty_id", "company"])
def test_a_placeholder_is_null_in_every_field_and_reported(field: str, value: str) -> None:
    found = standardize(pa.table({field: [value, value]}))
    assert found.values[field].to_pylist() == [None, None]
    assert found.junk.drop_columns(["channel"]).to_pylist() == [
        {"field": field, "value": value, "reason": "placeholder", "count": 2}
    ]


@pytest.mark.parametrize(("field", "value"), [("given_name", "Nan"), ("surname", "No"), ("surname", "Na")])
def test_a_real_name_that_looks_like_a_placeholder_stays(field: str, value: str) -> None:
    assert one(None, None, **{field: value})[field] == value.lower()


def test_the_surname_shen_stays_whatever_stands_behind_it() -> None:
    for written in ("沈思远", "沈思遠"):
        found = one(full_name=written)
        assert (found["surname"], found["given_name"], found["surname_latin"]) == ("沈", "思远", "shen")


def test_a_town_stands_in_the_line_that_parts_make() -> None:
    found = one(city="杭州市", district="西湖区", subdistrict="转塘街道", street="双流路12号")
    assert found["address"] == "杭州西湖转塘双流路12"


def test_many_values_are_simplified_as_few_are() -> None:
    names = [f"{surname}{given}" for surname in "張沈陳王" for given in ("思遠", "偉", "藉", "乾")] * 200
    many = standardize(pa.table({"full_name": [f"{name}{chr(0x4E00 + row)}" for row, name in enumerate(names)]})).values
    few = standardize(
        pa.table({"full_name": [f"{name}{chr(0x4E00 + row)}" for row, name in enumerate(names[:20])]})
    ).values
    assert many.slice(0, 20).to_pylist() == few.to_pylist()

"""What columns are taken for, by name and by contents."""

from __future__ import annotations

import pyarrow as pa
import pytest

from custid.channels.contents import day_first
from custid.channels.roles import find_roles


def fields(columns: dict[str, list[str]]) -> dict[str, str]:
    return {role.column: role.field for role in find_roles(pa.table(columns))}


#: field: names that mean it; the last ones mean nothing that is compared.
NAMES = """
given_name: given_name, first_name, FirstName, Vorname, Prénom, 名
surname: surname, last_name, Nachname, apellidos, 姓
street_number: street_number
street: address_1
unit: address_2
city: suburb, city, 市
postcode: postcode, zip, 邮编, BillingPostalCode
region: state, 省
birth_date: date_of_birth, dob, 生日, 出生日期
national_id: soc_sec_id, 身份证号
email: email, E-Mail, 邮箱, billing_email
phone: phone, MobilePhone, 手机号, 手机, 电话, contact_phone, 客户手机
address: address, 地址
full_name: full_name, 姓名, 联系人姓名
sex: gender, Geschlecht, 性别
district: 区
company: 公司名称, organization, Organisation Name, 单位全称, Firmenname, supplier_name
nickname: 昵称
loyalty_id: 会员号
wechat_openid: openid
wechat_unionid: unionid
tax_id: 统一社会信用代码
username: username
birth_place: birth_place
contact_owner: Contact owner
email_opt_in: email_opt_in
"""


def named() -> list[tuple[str, str]]:
    lines = NAMES.replace("\n    ", " ").strip().splitlines()
    return [(name.strip(), line.split(":")[0]) for line in lines for name in line.split(":")[1].split(",")]


@pytest.mark.parametrize(("column", "field"), named())
def test_a_name_says_what_a_column_means(column: str, field: str) -> None:
    assert fields({column: ["x"]})[column] == field


def test_the_columns_of_febrl_are_known() -> None:
    names = "given_name surname street_number address_1 address_2 suburb postcode state date_of_birth soc_sec_id"
    found = fields({name: ["1"] for name in names.split()})
    expected = "given_name surname street_number street unit city postcode region birth_date national_id"
    assert list(found.values()) == expected.split()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", ["a@b.de", "c.d@e.org", "f@g.cn"]),
        ("phone", ["13912345678", "+86 138 0013 8000", "15000000001"]),
        ("phone", ["+49 30 1234567", "(212) 555-0100", "+33 1 23 45 67 89"]),
        ("national_id", ["11010519491231002X", "11010119900307803X"]),
        ("birth_date", [f"{year}-03-0{year % 9 + 1}" for year in range(1950, 2000)]),
        ("sex", ["男", "女", "男"]),
        ("full_name", ["王芳", "李雷", "欧阳娜娜"]),
        ("company", ["上海某某贸易有限公司", "Acme GmbH", "Bell Ltd."]),
        ("address", ["上海市静安区南京西路100号", "北京市朝阳区建国路8号院3栋"]),
        ("address", ["12 Main Street", "4 Oak Rd", "77 Hill Avenue Unit 2"]),
        ("given_name", ["Mary", "James", "Linda", "Zelda"]),
        ("surname", ["Smith", "Miller", "Xyzzy", "Jones"]),
        ("postcode", ["SW1A 1AA", "M1 1AE", "90210-1234"]),
        ("national_id", ["277-77-9286", "858-69-0576", "827-48-8845"]),
        ("national_id", ["12345678Z", "X1234567L", "87654321X"]),
        ("tax_id", ["DE136695976", "ATU13585627", "NL004495445B01"]),
        ("tax_id", ["91110000600037341L"]),
        ("iban", ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"]),
        ("lei", ["5493001KJTIIGC8Y1R12"]),
        ("wechat_external_userid", ["wmqfasd1e19278asdasAAAA_sdf12345"]),
        ("sex", ["M", "F"] * 40 + ["U"]),
        ("region", ["NC", "VA", "GA", "SC", "PR"]),
        ("country", ["Ireland", "South Korea", "Mongolia"]),
        ("city", ["Durham", "Wilmington", "Charlotte"]),
        ("full_name", ["Zhang Wei", "Xiaoming Li", "WANG Fang"]),
        ("address", ["84569 Rowe Center", "202 Miranda Coves Apt. 634"]),
    ],
)
def test_a_nameless_column_is_known_by_its_contents(field: str, values: list[str]) -> None:
    assert fields({"c1": values}) == {"c1": field}


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-02", "2024-03-04", "2023-05-06", "2024-07-08", "2024-09-10"],
        ["12.50", "99.00", "7.25"],
        ["red", "green", "blue"],
        ["1", "0", "1"],
        ["100001", "100002", "100003"],
    ],
)
def test_contents_that_do_not_tell_are_left_alone(values: list[str]) -> None:
    assert fields({"c1": values}) == {"c1": "c1"}


def test_a_name_that_the_contents_refute_is_not_believed() -> None:
    assert fields({"phone": ["yes", "no", "yes", "no", "yes"]}) == {"phone": "source_phone"}
    assert fields({"state": ["enabled", "disabled", "invited", "enabled", "enabled"]}) != {"state": "region"}


def test_a_title_is_a_form_of_address_or_a_job() -> None:
    assert fields({"title": ["Mr", "Mrs."]}) == {"title": "title"}
    assert fields({"title": ["Sales Director", "Clerk"]}) == {"title": "job_title"}


def test_a_customer_name_is_a_company_where_most_of_them_are() -> None:
    assert fields({"客户名称": ["上海甲有限公司", "北京乙有限公司"]}) == {"客户名称": "company"}
    assert fields({"客户名称": ["王芳", "李雷"]}) == {"客户名称": "full_name"}


def test_a_bare_name_is_a_company_where_the_names_are_those_of_organizations() -> None:
    names = ["Acme Ltd", "Tata Chemicals", "Bank of Yokohama", "IBM", "Netvibes", "UNIPA", "University of Palermo"]
    assert fields({"name": names}) == {"name": "company"}
    assert fields({"name": ["北京大学", "小米", "中国工商银行", "腾讯科技"]}) == {"name": "company"}


def test_people_with_some_companies_among_them_stay_people() -> None:
    names = ["Anna Weber", "Ben Ode", "Chris Low", "Dana Carter", "Acme Ltd", "First National Bank"]
    assert fields({"name": names}) == {"name": "full_name"}
    assert fields({"客户名称": ["王芳", "李雷", "上海甲有限公司", "韩梅梅", "赵云"]}) == {"客户名称": "full_name"}
    assert fields({"name": ["Siti Rahayu", "Budi Santoso", "Dewi Lestari", "Agus Wijaya"]}) == {"name": "full_name"}


def test_a_place_names_the_record_where_nothing_else_does() -> None:
    assert fields({"Agency": ["x"], "Site name": ["y"], "Zip": ["1"]}) == {
        "Agency": "agency",
        "Site name": "company",
        "Zip": "postcode",
    }
    assert fields({"姓名": ["王芳"], "门店": ["南京路店"]}) == {"姓名": "full_name", "门店": "门店"}
    assert fields({"门店": ["南京路店"], "电话": ["13912345678"]}) == {"门店": "company", "电话": "phone"}


def test_numbers_that_number_something_are_no_telephone_numbers() -> None:
    values = ["5551234567", "5559876543", "5554443322", "5551112233", "5556667788"]
    assert fields({"Provider ID": values}) == {"Provider ID": "provider_id"}


def test_someone_else_is_never_taken_for_the_customer() -> None:
    assert fields({"owner_email": ["a@b.de", "c@d.de"], "推荐人手机": ["13912345678", "13912345679"]}) == {
        "owner_email": "owner_email",
        "推荐人手机": "推荐人手机",
    }


def test_a_second_column_of_a_field_is_numbered_and_the_surer_one_comes_first() -> None:
    assert fields({"billing_email": ["a@b.de"], "email": ["c@d.de"], "phone": ["1"], "mobile": ["2"]}) == {
        "billing_email": "email_2",
        "email": "email",
        "phone": "phone",
        "mobile": "phone_2",
    }


def test_every_role_says_why_and_how_sure_it_is() -> None:
    for role in find_roles(pa.table({"mail": ["a@b.de"], "c1": ["a@b.de"], "zzz": ["1"]})):
        assert 0 <= role.confidence <= 1
        assert role.reason


def test_fields_are_distinct_whatever_the_columns_are_called() -> None:
    names = [
        "Total Spent",
        "total_spent",
        "total spent",
        "email",
        "EMAIL",
        "channel",
        "source_channel",
        "备注",
        "?",
        "!",
    ]
    found = [role.field for role in find_roles(pa.table({name: ["1"] for name in names}))]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    "columns",
    [
        "Vorname:given_name Nachname:surname Geburtsdatum:birth_date PLZ:postcode Ort:city Straße:street",
        "Nom:surname Prénom:given_name Code_postal:postcode Ville:city Pays:country Téléphone_portable:phone",
        "Nombre:given_name Apellidos:surname DNI:national_id Dirección:address Fecha_de_nacimiento:birth_date",
        "Nome:given_name Cognome:surname Codice_fiscale:national_id Partita_IVA:tax_id CAP:postcode Comune:city",
        "Nome_completo:full_name CPF:national_id CNPJ:tax_id Endereço:address CEP:postcode Celular:phone Gênero:sex",
        "氏名:full_name 生年月日:birth_date 性別:sex 電話番号:phone 郵便番号:postcode 住所:address 会社名:company",
        "客户姓名:full_name 微信号:wechat_id QQ号:qq 身份证号码:national_id 会员卡号:loyalty_id 详细地址:address",
        "Voornaam:given_name Achternaam:surname Woonplaats:city Huisnummer:street_number BSN:national_id",
        "ФИО:full_name Телефон:phone Дата_рождения:birth_date Пол:sex ИНН:tax_id",
        "iban:iban LEI:lei ga_client_id:cookie_id external_userid:wechat_external_userid passport_no:passport",
    ],
)
def test_names_in_many_languages_are_known(columns: str) -> None:
    wanted = dict(pair.rsplit(":", 1) for pair in columns.split())
    assert fields({name: ["x"] for name in wanted}) == wanted


def test_a_name_means_the_whole_name_where_the_other_half_is_lacking() -> None:
    assert fields({"Nome": ["x"], "Telefone": ["1"]})["Nome"] == "full_name"
    assert fields({"Nom": ["x"], "Ville": ["1"]})["Nom"] == "full_name"
    assert fields({"Name": ["Müller", "Schmidt"], "Vorname": ["Anna", "Jan"]})["Name"] == "surname"


def test_digits_are_postcodes_beside_places_only() -> None:
    zips = ["27656", "27710", "28756", "27225", "2722"]
    cities = ["Durham", "Wilmington", "Charlotte", "Durham", "Durham"]
    assert fields({"c1": zips, "city": cities})["c1"] == "postcode"
    assert fields({"c1": zips})["c1"] == "c1"


def test_codes_beside_names_number_people_where_nothing_is_named() -> None:
    codes = [f"CM{number * 7919 % 10**8:08}AB" for number in range(1, 31)]
    assert fields({"c1": codes, "surname": ["x"] * 30})["c1"] == "other_id"
    assert fields({"order": codes, "surname": ["x"] * 30})["order"] == "order"


def test_a_sparse_column_of_names_is_not_the_customer() -> None:
    names: list[str | None] = ["Anna Weber", "James Miller"] + [None] * 20
    assert fields({"Signed by": names})["Signed by"] == "signed_by"  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["3/5/1980", "28/2/1977"], "day"),
        (["3/5/1980", "2/28/77"], "month"),
        (["3/5/1980", "1/1/1990"], None),
        (["28/2/1977", "2/28/1977"], None),
        (["1980-03-05"], None),
        ([None], None),
    ],
)
def test_a_column_says_whether_the_day_comes_first(values: list[str | None], order: str | None) -> None:
    found = day_first(pa.array(values, pa.string()))
    assert (found and found.field) == order

"""Customer codes: what a format may be, what is issued by it, and what is read back."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custid import schemas
from custid.errors import RegistryError, UsageError
from custid.identity import codes
from custid.identity.codes import SERIALS, CodeFormat, declare, fault, fits, highest, issue, read, reading_key
from custid.identity.ids import check_character

from .reference import shuffled

AT = datetime(2023, 3, 1, 12, tzinfo=UTC)
REGION = {"field": "region", "codes": {"上海": "31", "广东": "44", "Shanghai": "31"}, "default": "00"}


def customers(*names: str, first_seen: datetime = AT) -> pa.Table:
    rows = [{"customer_id": name, "minted": n, "first_seen": first_seen} for n, name in enumerate(names, 1)]
    schema = pa.schema([("customer_id", pa.string()), ("minted", pa.int64()), ("first_seen", schemas.INSTANT)])
    return pa.Table.from_pylist(rows, schema)


def records(format: CodeFormat, *rows: tuple[str, str | None]) -> pa.Table:
    """Records (customer, value), earliest first; the value is that of every field of the format."""
    columns: dict[str, Any] = {
        "customer_id": pa.array([customer for customer, _ in rows], pa.string()),
        "record_key": pa.array(range(1, len(rows) + 1), pa.int64()),
    }
    return pa.table(columns | {name: pa.array([value for _, value in rows], pa.string()) for name in format.fields})


def serials(**last: int) -> pa.Table:
    return pa.table({"scope": list(last), "last_serial": list(last.values())}, schema=SERIALS)


def issued(settings: Any, people: pa.Table, *rows: tuple[str, str | None], last: pa.Table | None = None) -> list[str]:
    format = declare(settings)
    known = schemas.empty(SERIALS) if last is None else last
    found: list[str] = issue(format, people, records(format, *rows), known, at=AT).codes["code"].to_pylist()
    return found


# --- what is issued ---


def test_a_code_is_written_part_by_part() -> None:
    assert issued("C{date:%Y%m%d}{serial:A0000 per date}", customers("a", "b")) == ["C20230301A0001", "C20230301A0002"]
    assert issued("{date:%y%j}-{serial:3}/VIP", customers("a")) == ["23060-001/VIP"]


def test_serial_numbers_follow_the_order_of_minting_whatever_the_order_of_rows() -> None:
    people = customers("b", "a", "c")
    for seed in range(5):
        mixed = shuffled(people, random.Random(seed))
        found = issue(declare("{serial:2}"), mixed, records(declare("{serial:2}")), serials(), at=AT)
        assert found.codes.to_pydict() == {"customer_id": ["b", "a", "c"], "code": ["01", "02", "03"]}


def test_a_value_is_written_as_its_table_says_however_it_is_typed() -> None:
    settings = {"format": "{region:2}{serial:1}", "region": REGION}
    rows = [("a", " 上海 "), ("b", "SHANGHAI"), ("c", "Mars"), ("d", None)]
    assert issued(settings, customers(*"abcde"), *rows) == ["311", "312", "003", "004", "005"]


def test_a_value_may_be_a_code_itself_and_else_the_default_stands_for_it() -> None:
    settings = {"format": "{shop:2}{serial:1}", "shop": {"field": "shop", "default": "XX"}}
    rows = [("a", "p1"), ("b", "P123"), ("c", "é1"), ("d", "Ｐ２")]
    assert issued(settings, customers(*"abcd"), *rows) == ["P11", "XX2", "XX3", "P24"]


def test_of_several_records_the_earliest_counts_whose_value_can_be_written() -> None:
    settings = {"format": "{region:2}{serial:1}", "region": REGION}
    rows = [("a", None), ("a", "Mars"), ("a", "广东"), ("a", "上海"), ("b", "上海"), ("b", "广东")]
    assert issued(settings, customers("a", "b"), *rows) == ["441", "312"]


def test_the_day_is_that_of_the_time_zone() -> None:
    late = datetime(2023, 2, 28, 20, tzinfo=UTC)
    settings = {"format": "{first_seen:%Y%m%d}{serial:1}", "time_zone": "Asia/Shanghai"}
    assert issued(settings, customers("a", first_seen=late)) == ["202303011"]
    assert issued({**settings, "time_zone": "UTC"}, customers("a", first_seen=late)) == ["202302281"]


def test_a_serial_number_starts_anew_with_what_it_restarts_per() -> None:
    settings = {"format": "{region:2}{date:%y}{serial:2 per region,date}", "region": REGION}
    rows = [("a", "上海"), ("b", "广东"), ("c", "上海")]
    known = pa.table({"scope": ["31 23", "31 22"], "last_serial": [7, 50]}, schema=SERIALS)
    assert issued(settings, customers(*"abc"), *rows, last=known) == ["312308", "442301", "312309"]
    assert issued({**settings, "format": "{region:2}{serial:2}"}, customers(*"abc"), *rows) == ["3101", "4402", "3103"]


def test_the_serials_given_back_go_on_where_the_codes_ended() -> None:
    format = declare("{serial:3}")
    first = issue(format, customers("a", "b"), records(format), serials(), at=AT)
    assert first.serials.to_pylist() == [{"scope": "", "last_serial": 2}]
    assert issue(format, customers("c"), records(format), first.serials, at=AT).codes["code"].to_pylist() == ["003"]


def test_letters_of_serial_numbers_are_those_of_ids() -> None:
    last = pa.table({"scope": [""], "last_serial": [9_999]}, schema=SERIALS)
    assert issued("{serial:A0000}", customers("a"), last=last) == ["B0000"]
    last = pa.table({"scope": [""], "last_serial": [31]}, schema=SERIALS)
    assert issued("{serial:XX}", customers("a"), last=last) == ["10"]


def test_nobody_new_is_no_code() -> None:
    assert issued("C{date:%y}{serial:2 per date}{check}", customers()) == []


# --- when serial numbers run out ---


def test_serial_numbers_that_run_out_are_an_error_that_says_how_to_widen() -> None:
    last = pa.table({"scope": ["20230301"], "last_serial": [98]}, schema=SERIALS)
    with pytest.raises(RegistryError) as refused:
        issued("C{date:%Y%m%d}{serial:2 per date}", customers("a", "b"), last=last)
    assert "run out of serial numbers for date 20230301: 2 customers need a code, 1 of 99 numbers are left" in str(
        refused.value
    )
    assert "{serial:000 per date}" in str(refused.value)
    assert issued("C{date:%Y%m%d}{serial:2 per date}", customers("a"), last=last) == ["C2023030199"]


def test_a_wide_serial_number_has_room_for_more_than_a_machine_word() -> None:
    assert issued("{serial:XXXXXXXXXXXXXXXX}", customers("a")) == ["0000000000000001"]


# --- check characters ---


@pytest.mark.parametrize(("scheme", "code"), [("", "79927398713"), (":luhn", "79927398713"), (":mod11-10", "794623")])
def test_check_digits_are_those_of_their_standards(scheme: str, code: str) -> None:
    width = len(code) - 1
    format = declare(f"{{serial:{width}}}{{check{scheme}}}")
    if scheme == "":
        code = code[:-1] + check_character(code[:-1])
    assert fault(format, code) is None
    last = pa.table({"scope": [""], "last_serial": [int(code[:-1]) - 1]}, schema=SERIALS)
    assert issued(format, customers("a"), last=last) == [code]


@pytest.mark.parametrize("scheme", ["mod37-36", "mod11-10", "luhn"])
def test_every_single_wrong_digit_is_noticed(scheme: str) -> None:
    format = declare(f"7-{{serial:4}}{{check:{scheme}}}")
    (code,) = issued(format, customers("a"), last=pa.table({"scope": [""], "last_serial": [1233]}, schema=SERIALS))
    wrong = [code[:at] + digit + code[at + 1 :] for at in range(2, 6) for digit in "0123456789" if digit != code[at]]
    assert fits(format, pa.array([code])).all()
    assert not fits(format, pa.array(wrong)).any()
    assert all("mistyped" in str(fault(format, text)) for text in wrong)


def test_a_check_digit_wants_digits() -> None:
    for text in ("C{serial:4}{check:luhn}", "{serial:A00}{check:mod11-10}"):
        with pytest.raises(UsageError, match="for digits"):
            declare(text)
    settings = {"format": "{shop:2}{serial:1}{check:luhn}", "shop": {"field": "shop", "default": "00"}}
    assert [code[:2] for code in issued(settings, customers("a", "b"), ("a", "P1"), ("b", "17"))] == ["00", "17"]
    with pytest.raises(UsageError, match="for digits"):
        declare({**settings, "shop": {"field": "shop", "default": "00", "codes": {"a": "A1"}}})


# --- reading ---


def test_a_code_is_read_however_it_is_typed() -> None:
    format = declare({"format": "KH-{region:2}-{serial:A00}", "region": REGION})
    for typed in ("KH-31-A07", "kh31a07", " ＫＨ－３１　Ａ０７ ", "kh_31/a07"):
        assert read(format, typed) == {"region": "31", "serial": "A07"}
    assert reading_key("kh–31—a07") == "KH31A07"


def test_what_cannot_be_a_code_is_told_why() -> None:
    format = declare("KH{serial:A00}")
    assert "has 4 letters and digits, not 5" in str(fault(format, "KHA0"))
    for text in ("XX-A07", "KHI07", "KHAA7", "客户A07"):
        assert "stands where it cannot" in str(fault(format, text))
        with pytest.raises(UsageError, match="stands where"):
            read(format, text)


def test_codes_in_use_take_up_the_serial_numbers_of_a_format() -> None:
    format = declare("C{date:%y}-{serial:A00 per date}")
    used = ["C23A07", "C23A09", "C22B00", "C2BA01", "C23I01", "D23A99", "客户23A50", None]
    assert highest(format, pa.chunked_array([pa.array(used, pa.string())])).to_pylist() == [
        {"scope": "22", "last_serial": 100},
        {"scope": "23", "last_serial": 9},
    ]
    assert len(highest(format, pa.array([], pa.string()))) == 0


# --- what a format may be ---


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("", "need a format"),
        ("C0001", "0 serial numbers"),
        ("{serial:2}{serial:2}", "2 serial numbers"),
        ("{serial}", "a serial number is written"),
        ("{serial:0}", ""),
        ("{serial:B00}", "a serial number is written"),
        ("{serial:4 per date}", "restarts per 'date', which is no part"),
        ("{date:%Y-%m}{serial:4}", "write date with"),
        ("{date:%B}{serial:4}", "write date with"),
        ("{date}{serial:4}", "write date with"),
        ("{check}{serial:4}", "must come last"),
        ("{serial:4}{check:md5}", "there is no check 'md5'"),
        ("{serial:4", "a brace without its pair"),
        ("}{serial:4}", "a brace without its pair"),
        ("c{serial:4}", "'c' cannot stand in a code"),
        ("客{serial:4}", "'客' cannot stand in a code"),
        ("{serial:41}", "41 characters; 40 are the most"),
        ("{a b:2}{serial:4}", "no name of a part"),
        ("{region}{serial:4}", "say how many characters region has"),
        ("{region:2}{serial:4}", "no table says where it comes from"),
        ({"format": "{serial:4}", "regoin": {}}, "has no part 'regoin'"),
        ({"format": "{serial:4}", "time_zone": "Peking"}, "no time zone 'Peking'"),
        ({"format": "{serial:4}", "time_zone": 8}, "no time zone 8"),
        ({"format": "{region:2}{serial:4}", "region": {"default": "00"}}, "no field"),
        ({"format": "{region:2}{serial:4}", "region": {**REGION, "default": None}}, "'default' must be written as 2"),
        ({"format": "{region:3}{serial:4}", "region": REGION}, "must be written as 3 characters"),
        ({"format": "{region:2}{serial:4}", "region": {**REGION, "codes": {}}}, "codes must be a table"),
        ({"format": "{region:2}{serial:4}", "region": {**REGION, "codes": {"x": 31}}}, "'x' must be written as 2"),
        ({"format": "{region:2}{serial:4}", "region": {**REGION, "feild": "x"}}, "unknown key 'feild'"),
        ({"format": "{region:2}{region:2}{serial:4}", "region": REGION}, "{region} twice"),
    ],
)
def test_a_format_that_is_wrong_is_told_what_to_do(settings: Any, message: str) -> None:
    if not message:
        assert declare(settings).serial.width == 1
        return
    with pytest.raises(UsageError) as refused:
        declare(settings)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "full_name",
            "surname",
            "email",
            "email_2",
            "phone",
            "birth_date",
            "national_id",
            "passport",
            "sex",
            "address",
        ),
        *("street", "unit", "postcode", "wechat_openid", "device_id", "tax_id", "company", "nickname", "record_id"),
        *("name", "Customer Name", "custName", "mobile", "MobilePhone", "tel_no", "e-mail", "DOB", "birthYear", "ssn"),
        *(
            "id_card_no",
            "home_address",
            "zip",
            "qq",
            "WeChat",
            "weibo_id",
            "facebook",
            "bank_account",
            "ip",
            "username",
        ),
        *(
            "姓名",
            "客户姓名",
            "客户名称",
            "联系人",
            "手机号",
            "联系电话",
            "邮箱",
            "生日",
            "出生日期",
            "身份证号",
            "证件号码",
        ),
        *("详细地址", "家庭住址", "微信号", "QQ号", "银行卡号", "车牌号", "性别", "年龄", "护照"),
    ],
)
def test_a_personal_field_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UsageError, match="tells who or where a person is"):
        declare({"format": "{part:2}{serial:4}", "part": {"field": name, "default": "00"}})


@pytest.mark.parametrize(
    "name",
    [
        "region",
        "city",
        "district",
        "country",
        "channel",
        "customer_type",
        "客户类别",
        "省份代码",
        "store_name",
        "vip_level",
    ],
)
def test_a_field_that_says_nothing_of_a_person_alone_is_allowed(name: str) -> None:
    assert declare({"format": "{part:2}{serial:4}", "part": {"field": name, "default": "00"}}).fields == [name]


def test_a_format_survives_being_written_and_read() -> None:
    settings = {"format": "{region:2}{serial:4 per region}", "region": REGION, "time_zone": "Asia/Shanghai"}
    format = declare(settings)
    assert codes.from_json(codes.to_json(format)) == format
    turned = {key: settings[key] for key in reversed(settings)}
    assert codes.to_json(declare(turned)) == codes.to_json(format)


# --- whatever happens ---

_FORMATS = st.builds(
    lambda head, per, check: {
        "format": f"{head}{{region:2}}{{date:%y%m}}{{serial:A0{per}}}{check}",
        "region": REGION,
    },
    st.sampled_from(["", "C", "KH-"]),
    st.sampled_from(["", " per date", " per region", " per date,region"]),
    st.sampled_from(["", "{check}"]),
)
_REGIONS = st.sampled_from(["上海", "广东", "Shanghai", "Mars", None])
_HISTORIES = st.lists(st.tuples(st.integers(0, 60), st.lists(_REGIONS, max_size=6)), min_size=1, max_size=6)


@given(_FORMATS, _HISTORIES, st.integers(0, 10**9))
@settings(max_examples=80, deadline=None)
def test_codes_are_never_repeated_can_be_read_back_and_do_not_depend_on_order(
    settings_: dict[str, Any], history: list[tuple[int, list[str | None]]], seed: int
) -> None:
    format, chance = declare(settings_), random.Random(seed)
    ever: list[str] = []
    last = schemas.empty(SERIALS)
    for month, regions in history:
        at = datetime(2020 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        people = customers(*(f"{len(ever) + n}" for n in range(len(regions))))
        rows = records(format, *((str(len(ever) + n), region) for n, region in enumerate(regions)))
        done = issue(format, people, rows, last, at=at)
        mixed = issue(format, shuffled(people, chance), shuffled(rows, chance), shuffled(last, chance), at=at)
        assert mixed.codes.equals(done.codes)
        found = done.codes["code"].to_pylist()
        assert all(len(code) == format.width for code in found)
        assert all(read(format, code)["date"] == f"{at:%y%m}" for code in found)
        ever += found
        kept = last.filter(pc.invert(pc.is_in(last["scope"], value_set=done.serials["scope"].combine_chunks())))
        last = pa.concat_tables([kept, done.serials])
        # What is read from the codes is what was counted.
        used = highest(format, codes.reading_keys(pa.array(ever, pa.string())))
        assert used.sort_by("scope").equals(last.sort_by("scope").combine_chunks())
    assert len(set(ever)) == len(ever)
    assert fits(format, pa.array(ever, pa.string())).all()

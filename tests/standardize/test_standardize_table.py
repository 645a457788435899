"""What holds for any text in any field, and for tables as a whole."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custid.standardize import Conventions, explain, standardize
from custid.standardize.fields import FIELDS, kind_of

PIECES = st.sampled_from(
    (
        *(
            "张",
            "歐陽",
            "Wei",
            "zhang",
            "O'Brien",
            "van",
            "Jr.",
            ",",
            "-",
            ".",
            "@",
            "x.org",
            "+86",
            "138",
            "0000",
        ),
        *("12", "/", "(", ")", "有限公司", "Ltd", "号", "路", "省", "市", "St", "#", "年", "19", "80", "31"),
        *("\u200b", "\x00", "Ａ", "é", "ß", "İ", "😀", "Ⅷ", "½", "٣", "ﷺ", "\u0301", "\x1f", "\n"),
        *("e", "E+10", "·", '"', "先生", "gmail.com", "N/A"),
    )
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.lists(PIECES, max_size=8).map(" ".join),
    st.lists(PIECES, max_size=8).map("".join),
)
ALL_FIELDS = [*sorted(FIELDS), "email_2", "phone_3", "address_2", "full_name_2"]
VALUES = st.fixed_dictionaries({}, optional={name: st.none() | TEXTS for name in ALL_FIELDS})


def table_of(rows: list[dict[str, str | None]], columns: list[str]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns})


@settings(max_examples=40, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=6), st.sampled_from([None, "CN", "US", "GB"]))
def test_any_text_in_any_field_is_taken_without_an_error(
    rows: list[dict[str, str | None]], country: str | None
) -> None:
    table = table_of(rows, ALL_FIELDS)
    found = standardize(table, Conventions(country))
    assert len(found.values) == len(rows)
    for name in found.values.column_names:
        assert "" not in found.values[name].to_pylist()


@settings(max_examples=12, deadline=None)
@given(st.lists(VALUES, min_size=2, max_size=4))
def test_a_record_gets_the_same_values_whatever_stands_beside_it(rows: list[dict[str, str | None]]) -> None:
    together = standardize(table_of(rows, ALL_FIELDS), Conventions("CN")).values
    turned = standardize(table_of(rows[::-1], ALL_FIELDS), Conventions("CN")).values
    assert turned.to_pylist()[::-1] == together.to_pylist()
    alone = [standardize(table_of([row], ALL_FIELDS), Conventions("CN")).values.to_pylist()[0] for row in rows]
    assert alone == together.to_pylist()


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["email", "birth_date", "sex", "postcode", "loyalty_id", "national_id", "wechat_openid"]),
    TEXTS,
)
def test_a_standardized_value_is_its_own_standardized_value(field: str, text: str) -> None:
    once = standardize(pa.table({field: [text]})).values[field]
    again = standardize(pa.table({field: once})).values[field]
    assert again.to_pylist() == once.to_pylist()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "139 1234 5679"),
        ("phone", "(212) 555-0134"),
        ("phone", "555-1234"),
        ("company", "Foo Trading Co., Ltd."),
        ("company", "大華科技（北京）有限公司"),
        ("given_name", "Dr. Anne-Marie"),
        ("surname", "O'Brien"),
        ("full_name", "Zhang Xiao Ming"),
        ("full_name", "张偉"),
        ("full_name", "John Smith"),
        ("city", "St. Louis"),
        ("street", "Hauptstr."),
        ("street", "12 St James St"),
        ("region", "California"),
        ("district", "浦东新区"),
        ("unit", "Apt. 4B"),
        ("country", "中国"),
    ],
)
def test_usual_values_stay_as_they_are_the_second_time(field: str, value: str) -> None:
    once = standardize(pa.table({field: [value]})).values[field]
    assert once.to_pylist() != [None]
    assert standardize(pa.table({field: once})).values[field].to_pylist() == once.to_pylist()


def test_the_columns_depend_on_the_fields_alone() -> None:
    table = pa.table({"full_name": ["Ann Lee"], "national_id": ["5304218"], "email_2": [None], "colour": ["red"]})
    names = standardize(table).values.column_names
    assert names == standardize(table.slice(0, 0)).values.column_names
    assert {"given_name", "surname", "company", "birth_date", "sex", "email_2", "email_local_2"} <= set(names)
    assert "colour" not in names


def test_a_table_without_fields_or_rows_is_taken() -> None:
    empty = pa.table({"record_key": pa.array([], pa.int64()), "channel": pa.array([], pa.string())})
    found = standardize(empty)
    assert found.values.column_names == ["record_key", "channel"]
    assert len(found.junk) == 0


def test_keys_and_channels_pass_through_in_their_order() -> None:
    table = pa.table({"record_key": [7, 3], "channel": ["b", "a"], "record_id": ["1", "2"], "surname": ["Lee", "Ng"]})
    assert standardize(table).values.select(["record_key", "channel", "surname"]).to_pylist() == [
        {"record_key": 7, "channel": "b", "surname": "lee"},
        {"record_key": 3, "channel": "a", "surname": "ng"},
    ]


def test_each_channel_can_have_its_own_country_and_order_of_day_and_month() -> None:
    table = pa.table(
        {"channel": ["us", "uk", "?"], "phone": ["2125550134", "02079460958", "02079460958"]}
        | {"birth_date": ["3/5/1980"] * 3}
    )
    found = standardize(
        table, {"us": Conventions("US", day_first=False), "uk": Conventions("GB", day_first=True)}
    ).values
    assert found["phone"].to_pylist() == ["+12125550134", "+442079460958", "02079460958"]
    assert found["birth_date"].to_pylist() == ["1980-03-05", "1980-05-03", "1980"]


def test_junk_is_counted_by_row_and_sorted() -> None:
    table = pa.table({"email": ["a@a.com", "x", "x", "ann@x.org", None], "phone": ["无", "1.38E+10", None, "无", "0"]})
    junk = standardize(table).junk.drop_columns(["channel"]).to_pylist()
    assert [tuple(row.values()) for row in junk] == [
        ("email", "x", "unreadable", 2),
        ("email", "a@a.com", "placeholder", 1),
        ("phone", "无", "placeholder", 2),
        ("phone", "0", "repeated", 1),
        ("phone", "1.38E+10", "digits lost", 1),
    ]


def test_junk_countries_are_counted_once_however_many_phones_ask() -> None:
    table = pa.table({"country": ["无"], "phone": ["1"], "phone_2": ["2125550134"]})
    junk = standardize(table).junk.to_pylist()
    assert {"channel": None, "field": "country", "value": "无", "reason": "placeholder", "count": 1} in junk


def test_fields_in_several_chunks_and_dictionaries_are_taken() -> None:
    chunked = pa.chunked_array([["Ann"], ["Bob", "Ann"]])
    encoded = chunked.combine_chunks().dictionary_encode()
    table = pa.table({"given_name": chunked, "surname": encoded})
    assert standardize(table).values["name_tokens"].to_pylist() == ["ann ann", "bob bob", "ann ann"]


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_is_read(field: str) -> None:
    found = standardize(pa.table({field: ["x1"]})).values.column_names
    expected = {"title": set(), "full_name": {"surname", "company"}}.get(field, {field})
    if kind_of(field) == "namespace":
        expected = set()
    assert expected <= set(found), kind_of(field)


def test_a_handle_stands_within_the_app_that_the_record_or_a_setting_names() -> None:
    table = pa.table(
        {
            "channel": ["shop", "shop", "app"],
            "wechat_openid": ["oAb", "oAb", "oAb"],
            "wechat_app": ["wx1", None, None],
        }
    )
    found = standardize(table, {"shop": Conventions(namespaces={"wechat_openid": "wx2"})})
    assert found.values["wechat_openid"].to_pylist() == ["wx1:oAb", "wx2:oAb", "oAb"]


def test_what_was_taken_for_junk_can_be_overruled() -> None:
    table = pa.table({"phone": ["138 0013 8000", "11111111"], "surname": ["无", "无"]})
    found = standardize(table, Conventions(not_junk={"phone": ("138 0013 8000",), "surname": ("无",)}))
    assert found.values["phone"].to_pylist() == ["+8613800138000", None]
    assert found.values["surname"].to_pylist() == ["无", "无"]
    assert found.junk["value"].to_pylist() == ["11111111"]


def test_what_one_channel_calls_real_stays_junk_in_another() -> None:
    table = pa.table(
        {
            "channel": ["shop", "crm", "crm"],
            "address": ["Test", "Test", "Test"],
            "phone": ["138 0013 8000", "138 0013 8000", None],
            "country": ["CN", "CN", "CN"],
        }
    )
    real = Conventions(not_junk={"phone": ("13800138000", "138 0013 8000"), "address": ("test",)})
    found = standardize(table, {"shop": real})
    assert found.values["phone"].to_pylist() == ["+8613800138000", None, None]
    assert found.values["address"].to_pylist() == [None, None, None]  # as written: "Test" is not "test"
    assert [tuple(row.values()) for row in found.junk.to_pylist()] == [
        ("crm", "address", "Test", "placeholder", 2),
        ("crm", "phone", "138 0013 8000", "placeholder", 1),
        ("shop", "address", "Test", "placeholder", 1),
    ]


def test_digits_say_the_sex_where_the_channel_says_what_they_mean() -> None:
    table = pa.table({"channel": ["a", "a", "b", "b", "c"], "sex": ["1", "男", "1", "2", "1"]})
    found = standardize(
        table, {"a": Conventions(sexes={"1": "m", "2": "f"}), "b": Conventions(sexes={"1": "f", "2": "m"})}
    )
    assert found.values["sex"].to_pylist() == ["m", "m", "f", "m", None]
    spanish = standardize(pa.table({"sex": ["H", "M"]}), Conventions(sexes={"H": "m", "M": "f"}))
    assert spanish.values["sex"].to_pylist() == ["m", "f"]


def test_every_comparable_value_of_a_record_is_explained() -> None:
    record = {
        "channel": "crm",
        "full_name": "歐陽　震華",
        "email": "Ann+x@Gmail.com",
        "phone": "138****1234",
        "national_id": "11010519491231002x",
        "country": "Deutschland",
        "shoe": "42",
    }
    rows = explain(record, Conventions("CN")).to_pylist()
    table = pa.table({name: [value] for name, value in record.items()})
    values = standardize(table, Conventions("CN")).values.drop_columns(["channel"]).to_pylist()[0]
    made = {row["comparable"]: row["value"] for row in rows if row["comparable"]}
    assert made == {name: value for name, value in values.items() if value is not None}
    assert all(row["how"] for row in rows)
    by_column = {row["column"]: row["how"] for row in rows}
    assert by_column["phone"] == "taken for no value: a part of it is hidden"
    assert "shoe" not in by_column
    assert "traditional characters simplified" in by_column["full_name"]
    stated = {row["comparable"]: row["how"] for row in rows if row["column"] == "national_id"}
    assert stated["birth_date"] == "the birth date that the number states"


def test_what_a_channel_says_of_its_writing_is_told() -> None:
    said = {"shop": Conventions(day_first=True, sexes={"1": "m", "2": "f"})}
    rows = explain({"channel": "shop", "birth_date": "3/5/1980", "sex": "1"}, said).to_pylist()
    assert {row["column"]: (row["value"], row["how"]) for row in rows} == {
        "birth_date": ("1980-05-03", "read as a date, the day first as its channel writes them"),
        "sex": ("m", "what the code means in its channel"),
    }


def test_a_value_of_several_columns_is_explained_as_such() -> None:
    rows = explain({"given_name": "Ann", "surname": "Lee"}).to_pylist()
    together = {row["comparable"]: row for row in rows if not row["column"]}
    assert together["full_name"]["value"] == "ann lee"
    assert together["full_name"]["raw"] is None

"""Keys, repeated rows, the ruling columns, and what the user says of columns."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from custid.channels import Channel, Reading, look, read
from custid.channels.keys import _perhaps_shared
from custid.errors import InputError, UsageError


def table(**columns: list[Any]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def given(source: pa.Table, **options: Any) -> Reading:
    reading = read(Channel("crm", source, **options))
    assert reading.rows_read == len(reading.records) + len(reading.deleted) + len(reading.rejects) == len(source)
    return reading


def ids(reading: Reading) -> list[str]:
    return reading.records["record_id"].to_pylist()


def reasons(reading: Reading) -> list[str]:
    return reading.rejects["reason"].to_pylist()


# --- which column -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["id", "ID", "record_id", "customer_id", "rec_id", "客户编号", "crm_id", "Kunden-Nr."])
def test_the_key_is_found_by_its_name(name: str) -> None:
    assert ids(given(table(**{"email": ["a@b.de", "c@d.de"], name: ["x1", "x2"]}))) == ["x1", "x2"]


def test_of_two_named_keys_the_one_without_repeats_is_taken() -> None:
    source = table(id=["1"] * 20, customer_id=[f"c{number}" for number in range(20)])
    assert ids(given(source))[0] == "c0"


def test_a_key_that_says_something_of_the_customer_is_a_field_as_well() -> None:
    reading = given(table(会员号=["M1", "M2"], 姓名=["王芳", "李雷"]))
    assert ids(reading) == reading.records["loyalty_id"].to_pylist() == ["M1", "M2"]
    reading = given(table(email=["a@b.de"], surname=["Bell"]), record_id="email")
    assert reading.records["email"].to_pylist() == ["a@b.de"]


def test_a_nameless_key_is_found_by_its_contents() -> None:
    source = table(
        c1=[f"{number}@b.de" for number in range(30)],
        c2=[f"K-{number:05}" for number in range(30)],
        c3=["9"] * 30,
    )
    reading = given(source)
    assert ids(reading)[:2] == ["K-00000", "K-00001"]
    assert "email" in reading.records.column_names


def test_a_file_without_a_key_is_refused_naming_what_it_has(tmp_path: Any) -> None:
    path = tmp_path / "crm.csv"
    path.write_text("mail,city\na@b.de,Bonn\n")
    with pytest.raises(InputError, match=r"channel 'crm' has no column .*it has: mail, city.*record_id="):
        read(Channel("crm", path))
    assert look(Channel("crm", path)).record_id == ()


def test_several_key_columns_are_joined() -> None:
    reading = given(table(shop=["a", "b", None], no=["1", "1|x", "2"]), record_id=("shop", "no"))
    assert ids(reading) == ["a|1", r"b|1\|x"]
    assert reasons(reading) == ["missing_record_id"]


def test_spaces_and_the_apostrophe_of_spreadsheets_are_taken_off_keys() -> None:
    assert ids(given(table(id=[" 17 ", "'18", "o'x"]))) == ["17", "18", "o'x"]


# --- repeated rows ------------------------------------------------------------------------------------------


def test_rows_the_same_in_everything_are_taken_once() -> None:
    reading = given(table(id=["1", "2", "1"], name=["A", "B", "A"]))
    assert ids(reading) == ["1", "2"]
    assert reasons(reading) == ["duplicate_row"]
    assert reading.rejects["row"].to_pylist() == [3]
    assert reading.rejects["record_id"].to_pylist() == ["1"]
    assert reading.rejects["detail"][0].as_py().startswith("row 1 ")


def test_the_row_changed_last_is_kept() -> None:
    reading = given(
        table(
            id=["1", "1", "1"],
            name=["new", "old", "oldest"],
            updated_at=["2024-05-02", "2024-05-01 23:59:59", None],
        )
    )
    assert reading.records["full_name"].to_pylist() == ["new"]
    assert reasons(reading) == ["duplicate_record_id"] * 2
    assert "row 1 has the same record_id and was kept: it was changed later" in reading.rejects["detail"][0].as_py()


def test_the_row_kept_does_not_depend_on_the_order_of_rows() -> None:
    rows = [{"id": str(n % 5), "name": f"n{n % 7}", "city": "x" if n % 3 else None} for n in range(40)]
    kept = []
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        reading = given(pa.Table.from_pylist(rows))
        kept.append(sorted(map(tuple, (row.items() for row in reading.records.to_pylist()))))
    assert all(other == kept[0] for other in kept)


# --- ruling columns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2024-05-01T08:00:00Z", "2024-05-01 10:00:00"], [(2024, 5, 1, 8), (2024, 5, 1, 10)]),
        (["2024-05-01T08:00:00+08:00", "2024-05-01"], [(2024, 5, 1, 0), (2024, 5, 1, 0)]),
        (["2024/5/1 8:05", "2024年5月2日"], [(2024, 5, 1, 8), (2024, 5, 2, 0)]),
        (["03/04/2024", "25/04/2024"], [(2024, 4, 3, 0), (2024, 4, 25, 0)]),
        (["03/04/2024", "04/25/2024 01:00 PM"], [(2024, 3, 4, 0), (2024, 4, 25, 13)]),
        (["1714521600", "1714521600000"], [(2024, 5, 1, 0), (2024, 5, 1, 0)]),
    ],
)
def test_change_stamps_are_read_in_many_forms(texts: list[str], expected: list[tuple[int, ...]]) -> None:
    reading = given(table(id=["1", "2"], 更新时间=texts))
    found = [stamp.replace(minute=0) for stamp in reading.records["updated_at"].to_pylist()]
    assert found == [datetime(*parts, tzinfo=UTC) for parts in expected]


def test_an_unreadable_stamp_is_unknown_and_remarked_on() -> None:
    reading = given(table(id=["1", "2", "3"], updated=["2024-01-01", "2024-02-31", "2024-01-02"]))
    assert reading.records["updated_at"].null_count == 1
    assert any("1 values of 'updated'" in note for note in reading.notes)


def test_a_delta_gives_records_and_deletions() -> None:
    reading = given(
        table(id=["1", "2", "3", "4", "5"], name=list("ABCDE"), deleted=["false", "TRUE", "是", None, "perhaps"]),
        kind="delta",
    )
    assert ids(reading) == ["1", "4"]
    assert reading.deleted.to_pylist() == ["2", "3"]
    assert reasons(reading) == ["unclear_deletion_flag"]
    assert reading.records.column_names == ["channel", "record_id", "updated_at", "full_name"]


def test_a_delta_without_a_flag_column_is_refused() -> None:
    with pytest.raises(UsageError, match="deleted="):
        given(table(id=["1"]), kind="delta")
    with pytest.raises(UsageError, match="kind='delta'"):
        given(table(id=["1"], gone=["1"]), deleted="gone")


# --- what the user says -------------------------------------------------------------------------------------


def test_columns_are_mapped_numbered_and_left_out() -> None:
    reading = given(
        table(id=["1"], a=["x@y.de"], b=["z@y.de"], secret=["s"], shade=["red"]),
        columns={"b": "email", "a": "email", "secret": "", "shade": "favourite_color"},
    )
    row = reading.records.to_pylist()[0]
    assert (row["email"], row["email_2"], row["favourite_color"]) == ("z@y.de", "x@y.de", "red")
    assert "secret" not in row


def test_columns_can_name_the_key_and_the_stamp() -> None:
    reading = given(table(a=["1"], b=["2024-01-01"]), columns={"a": "record_id", "b": "updated_at"})
    assert ids(reading) == ["1"]
    assert reading.records["updated_at"].null_count == 0


def test_a_column_that_is_not_there_is_refused_with_the_nearest() -> None:
    for options in ({"columns": {"Mial": "email"}}, {"record_id": "Mial"}, {"updated_at": "Mial"}):
        with pytest.raises(UsageError, match=r"no column 'Mial'.*it has: ID, Mail.*Did you mean 'Mail'"):
            given(table(ID=["1"], Mail=["a@b.de"]), **options)


def test_a_field_that_is_nearly_a_known_one_gets_a_note() -> None:
    reading = given(table(id=["1"], m=["a@b.de"]), columns={"m": "e_mail"})
    assert reading.records["e_mail"].to_pylist() == ["a@b.de"]
    assert any("'email' is meant" in note for note in reading.notes)


def test_names_that_custid_uses_itself_are_kept_apart() -> None:
    reading = given(table(id=["1"], channel=["web"], live=["yes"], customer_id=["9"], record_key=["4"]))
    assert {"source_channel", "source_live", "source_customer_id", "source_record_key"} <= set(
        reading.records.column_names
    )
    assert len(set(reading.records.column_names)) == len(reading.records.column_names)
    with pytest.raises(UsageError, match="a name custid uses itself"):
        given(table(id=["1"], x=["2"]), columns={"x": "customer_id"})


@pytest.mark.parametrize("name", ["CRM", "c r m", "", "crm;"])
def test_a_channel_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="lower-case"):
        read(Channel(name, table(id=["1"])))


# --- presets ------------------------------------------------------------------------------------------------


def test_shopify_is_read_by_its_preset() -> None:
    source = table(
        **{
            "Customer ID": ["'7001"],
            "First Name": ["Ada"],
            "Last Name": ["Bell"],
            "Email": ["a@b.de"],
            "Accepts Email Marketing": ["yes"],
            "Default Address Address1": ["1 Main St"],
            "Default Address Zip": ["'01234"],
            "Default Address Phone": ["+1 212 555 0100"],
            "Phone": ["+1 212 555 0199"],
            "Tags": ["vip"],
            "New Column": ["x"],
        }
    )
    row = given(source, preset="shopify").records.to_pylist()[0]
    assert row["record_id"] == "7001"
    assert (row["given_name"], row["street"], row["postcode"]) == ("Ada", "1 Main St", "'01234")
    assert (row["phone"], row["phone_2"]) == ("+1 212 555 0199", "+1 212 555 0100")
    assert (row["tags"], row["new_column"]) == ("vip", "x")


def test_salesforce_names_match_in_the_form_of_its_api_and_of_its_labels() -> None:
    api = table(
        Id=["003A"],
        LastName=["Bell"],
        MailingStreet=["1 Main St"],
        Title=["CTO"],
        LastModifiedDate=["2024-01-01T00:00:00.000Z"],
    )
    labels = table(**{"Contact ID": ["003A"], "Last Name": ["Bell"], "Mailing Street": ["1 Main St"], "Title": ["CTO"]})
    for source in (api, labels):
        row = given(source, preset="salesforce_contact").records.to_pylist()[0]
        assert (row["record_id"], row["surname"], row["street"], row["job_title"]) == (
            "003A",
            "Bell",
            "1 Main St",
            "CTO",
        )


def test_hubspot_is_read_by_its_preset_and_lacking_columns_do_not_matter() -> None:
    row = given(
        table(**{"Record ID": ["5"], "Phone Number": ["1"], "Contact owner": ["x"]}), preset="hubspot"
    ).records.to_pylist()[0]
    assert row == {"channel": "crm", "record_id": "5", "updated_at": None, "phone": "1"}


def test_what_the_user_says_wins_over_the_preset() -> None:
    source = table(**{"Customer ID": ["1"], "Tags": ["M1"], "own": ["2"]})
    row = given(source, preset="shopify", columns={"Tags": "loyalty_id"}, record_id="own").records.to_pylist()[0]
    assert (row["record_id"], row["loyalty_id"]) == ("2", "M1")


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no preset 'shoppify'.*Did you mean 'shopify'.*hubspot"):
        given(table(id=["1"]), preset="shoppify")


@over(st.lists(st.text(max_size=70) | st.sampled_from(["", "a", "a" * 64 + "x", "a" * 64 + "y"]), max_size=12))
def test_no_shared_id_is_missed_when_looking_for_shared_ids(ids: list[str]) -> None:
    for offset in (0, len(ids) // 2):
        part = pa.array(ids, pa.string()).slice(offset)
        perhaps = _perhaps_shared(part).tolist()
        assert all(said for one, said in zip(ids[offset:], perhaps, strict=True) if ids[offset:].count(one) > 1)


def test_ids_that_differ_are_hardly_ever_taken_for_shared() -> None:
    assert _perhaps_shared(pa.array([f"A-{number}" for number in range(100_000)])).sum() == 0

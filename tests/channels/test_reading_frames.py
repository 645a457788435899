"""Parquet files and frames: what typed values become."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custid.channels import Channel, read
from custid.errors import InputError, UsageError


def text_of(values: object) -> list[str | None]:
    table = pa.table({"id": [str(number) for number in range(len(values))], "x": values})  # type: ignore[arg-type]
    return read(Channel("c", table)).records["x"].to_pylist()


def test_typed_values_become_plain_text() -> None:
    assert text_of(pa.array([17, None])) == ["17", None]
    assert text_of(pa.array([17.0, 1.5, float("nan"), None, 13800138000.0])) == [
        "17",
        "1.5",
        None,
        None,
        "13800138000",
    ]
    assert text_of(pa.array([True, False])) == ["true", "false"]
    assert text_of(pa.array([decimal.Decimal("17.00")])) == ["17.00"]
    assert text_of(pa.array([dt.date(1980, 1, 2)])) == ["1980-01-02"]
    assert text_of(pa.array(["a", "b", "a"]).dictionary_encode()) == ["a", "b", "a"]
    assert text_of(pa.array(["a", ""], pa.large_string())) == ["a", None]
    assert text_of(pa.nulls(2)) == [None, None]
    assert text_of(pa.array([b"abc", b"\xff"])) == ["abc", "ff"]
    assert text_of(pa.array([b"abc"])) == ["abc"]
    assert text_of(pa.array([uuid.UUID(int=1).bytes], pa.uuid())) == [str(uuid.UUID(int=1))]


def test_structures_and_lists_become_columns() -> None:
    table = pa.table(
        {
            "id": ["1", "2"],
            "home": [{"city": "Rome", "at": {"lat": 1.5}}, None],
            "mails": [["a@b.de"], ["c@d.de", None, "e@f.de", "4", "5", "6", "7"]],
            "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        }
    )
    records = read(Channel("c", table, columns={"mails.1": "x", "mails.3": "y"})).records
    assert records["city"].to_pylist() == ["Rome", None]
    assert records["home_at_lat"].to_pylist() == ["1.5", None]
    assert (records["x"].to_pylist(), records["y"].to_pylist()) == (["a@b.de", "c@d.de"], [None, "e@f.de"])
    assert records["mails_more"].to_pylist() == [None, '["6", "7"]']
    assert json.loads(records["map"][0].as_py()) == [["a", 1]]


def test_places_of_lists_that_are_never_so_long_are_left_out() -> None:
    reading = read(Channel("c", pa.table({"id": [1], "tag": [["a", "b"]]})))
    assert [name for name in reading.records.column_names if name.startswith("tag")] == ["tag_1", "tag_2"]


def test_instants_are_iso_and_a_midnight_without_zone_is_a_day() -> None:
    naive = pa.array(
        [dt.datetime(1980, 1, 2), dt.datetime(1980, 1, 2, 3, 4, 5), dt.datetime(1980, 1, 2, 3, 4, 5, 600_000)]
    )
    expected = ["1980-01-02", "1980-01-02T03:04:05", "1980-01-02T03:04:05.6"]
    for unit in ("us", "ns"):
        assert text_of(naive.cast(pa.timestamp(unit))) == expected
    assert text_of(pa.array([dt.datetime(1980, 1, 2)], pa.timestamp("s", "UTC"))) == ["1980-01-02T00:00:00Z"]


def test_pandas_gaps_do_not_turn_ids_into_fractions() -> None:
    frame = pd.DataFrame(
        {
            "id": [17, 18, None],
            "phone": [13800138001.0, None, 5.0],
            "born": pd.to_datetime(["1980-01-02", None, None]),
        }
    )
    reading = read(Channel("crm", frame))
    assert reading.records["record_id"].to_pylist() == ["17", "18"]
    assert reading.records["phone"].to_pylist() == ["13800138001", None]
    assert reading.records["birth_date"].to_pylist() == ["1980-01-02", None]
    assert reading.rejects["reason"].to_pylist() == ["missing_record_id"]


def test_a_named_index_is_the_key_and_a_nameless_one_means_nothing() -> None:
    named = pd.DataFrame({"surname": ["Bell", "Carr"]}, index=pd.Index(["r1", "r2"], name="rec"))
    assert read(Channel("a", named)).records["record_id"].to_pylist() == ["r1", "r2"]
    nameless = pd.DataFrame({"id": [7, 8], "surname": ["Bell", "Carr"]}, index=[30, 20])
    reading = read(Channel("a", nameless))
    assert reading.records["record_id"].to_pylist() == ["7", "8"]
    assert reading.records.column_names == ["channel", "record_id", "updated_at", "surname"]


def test_a_frame_without_a_key_is_numbered_and_says_that_ids_will_not_last() -> None:
    reading = read(Channel("a", pd.DataFrame({"surname": ["Bell", "Carr"]})))
    assert reading.records["record_id"].to_pylist() == ["1", "2"]
    assert any("ids will not be the same" in note for note in reading.notes)


def test_pandas_columns_of_mixed_types_and_repeated_names_are_taken() -> None:
    frame = pd.DataFrame([[1, "x", "a"], ["b7", 2.0, None]], columns=["id", 5, "id"])
    reading = read(Channel("a", frame))
    assert reading.records["record_id"].to_pylist() == ["1", "b7"]
    assert reading.records["5"].to_pylist() == ["x", "2"]


def test_arrow_tables_readers_and_duckdb_relations_are_sources() -> None:
    table = pa.table({"id": [1], "mail": ["a@b.de"]})
    sources = (
        table,
        table.to_batches()[0],
        table.to_reader(),
        duckdb.sql("select 1 as id, 'a@b.de' as mail"),
    )
    for source in sources:
        assert read(Channel("a", source)).records["email"].to_pylist() == ["a@b.de"]


def test_parquet_is_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1, 2], "mail": ["a@b.de", None]}), tmp_path / "a.parquet")
    reading = read(Channel("a", tmp_path / "a.parquet"))
    assert reading.records["record_id"].to_pylist() == ["1", "2"]
    assert (reading.format, reading.encoding) == ("parquet", None)


@pytest.mark.parametrize("data", [b"PAR1 and then nonsense PAR1", b"no parquet at all", b"x"])
def test_a_broken_parquet_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"not a Parquet file that can be read.*write it again"):
        read(Channel("a", path))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": range(1000)}), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="damaged or cut short"):
        read(Channel("a", path))


def test_a_frame_without_columns_or_rows_is_dealt_with() -> None:
    with pytest.raises(InputError, match="no columns"):
        read(Channel("a", pd.DataFrame()))
    assert len(read(Channel("a", pa.table({"id": pa.array([], pa.int64())}))).records) == 0


def test_what_is_no_table_is_refused() -> None:
    for source in (None, 7, [1, 2], {"id": [1]}):
        with pytest.raises(UsageError, match="a path or a table"):
            read(Channel("a", source))
    with pytest.raises(UsageError, match="table in memory"):
        read(Channel("a", pa.table({"id": [1]}), encoding="utf-8"))

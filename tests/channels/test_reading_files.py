"""Folders, patterns, partitions and packed files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custid.channels import Channel, Reading, read
from custid.errors import InputError, UsageError

PEOPLE = b"id,name\n1,Ann Bell\n2,Bo Carr\n"


def taken(source: object, **options: object) -> Reading:
    reading = read(Channel("crm", source, **options))  # type: ignore[arg-type]
    assert reading.rows_read == len(reading.records) + len(reading.deleted) + len(reading.rejects)
    return reading


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# --- packed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "pack"), [("a.csv.gz", gzip.compress), ("a.csv.zst", zstd), ("a.csv", gzip.compress)])
def test_packed_files_are_read_whatever_their_names_say(tmp_path: Path, name: str, pack: object) -> None:
    reading = taken(write(tmp_path / name, pack(PEOPLE)))  # type: ignore[operator]
    assert reading.records["full_name"].to_pylist() == ["Ann Bell", "Bo Carr"]


def test_packed_text_may_be_in_any_encoding_and_in_several_parts(tmp_path: Path) -> None:
    first, second = "id,姓名\n1,张伟\n".encode("gb18030"), "2,欧阳娜娜\n".encode("gb18030")
    reading = taken(write(tmp_path / "a.csv.gz", gzip.compress(first) + gzip.compress(second)))
    assert (reading.encoding, reading.records["full_name"].to_pylist()) == ("gb18030", ["张伟", "欧阳娜娜"])


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
@pytest.mark.parametrize("cut", [1, 9, 200])
def test_a_packed_file_that_is_cut_short_is_refused_whole(tmp_path: Path, pack: object, cut: int) -> None:
    data = b"id,name\n" + b"".join(b"%d,N%d\n" % (number, number * 7919) for number in range(3000))
    path = write(tmp_path / "a.csv.x", pack(data)[:-cut])  # type: ignore[operator]
    with pytest.raises(InputError, match="cut short"):
        taken(path, format="csv")


def test_a_packed_file_that_is_damaged_is_refused(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(b"id,name\n" + b"".join(b"%d,N%d\n" % (n, n * 7919) for n in range(3000))))
    data[2000:2010] = b"\0" * 10
    with pytest.raises(InputError, match="damaged"):
        taken(write(tmp_path / "a.csv.gz", bytes(data)))


def test_only_text_is_read_packed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Unpack it first"):
        taken(write(tmp_path / "a.parquet.gz", gzip.compress(b"PAR1")))


@pytest.mark.parametrize(
    ("start", "what"),
    [(b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"%PDF-1.7", "PDF"), (b"SQLite format 3\0", "SQL")],
)
def test_what_cannot_be_read_is_called_what_it_is(tmp_path: Path, start: bytes, what: str) -> None:
    for name in ("a.csv", "a.unknown"):
        with pytest.raises(InputError, match=what):
            taken(write(tmp_path / name, start + b" and so on"))


# --- many files ---------------------------------------------------------------------------------------------


def test_the_files_of_a_folder_are_one_source(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", PEOPLE)
    write(tmp_path / "deep/b.csv.gz", gzip.compress(b"id,name\n3,Cy Dunn\n"))
    pq.write_table(pa.table({"id": [4], "name": ["Di Egg"]}), tmp_path / "c.parquet")
    for ignored in ("_SUCCESS", ".hidden.csv", "_tmp/x.csv"):
        write(tmp_path / ignored, b"nonsense")
    write(tmp_path / "notes.md", b"hello")
    write(tmp_path / "empty.csv", b"")
    reading = taken(tmp_path)
    assert sorted(reading.records["record_id"].to_pylist()) == ["1", "2", "3", "4"]
    assert reading.format == "csv, parquet"
    assert any("notes.md" in note for note in reading.notes)
    assert any("empty.csv" in note for note in reading.notes)
    assert not any("SUCCESS" in note for note in reading.notes)


def test_a_pattern_takes_what_fits_it(tmp_path: Path) -> None:
    for name in ("2024-01.csv", "2024-02.csv", "2023-12.csv", "sub/2024-03.csv"):
        write(tmp_path / name, f"id,name\n{name},X\n")
    assert taken(f"{tmp_path}/2024-*.csv").records["record_id"].to_pylist() == ["2024-01.csv", "2024-02.csv"]
    assert len(taken(f"{tmp_path}/**/2024-0[13].csv").records) == 2
    assert len(taken(tmp_path / "*2024-0?.csv").records) == 2
    with pytest.raises(InputError, match=r"no file fits .*2025.*There are 4 others"):
        taken(f"{tmp_path}/2025*.csv")


def test_a_name_with_brackets_is_a_name_when_there_is_such_a_file(tmp_path: Path) -> None:
    assert len(taken(write(tmp_path / "a[1].csv", PEOPLE)).records) == 2


def test_partitions_become_columns(tmp_path: Path) -> None:
    write(tmp_path / "country=DE/day=2024-01-01/a.csv", b"id,name\n1,A\n")
    write(tmp_path / "country=CN/day=__HIVE_DEFAULT_PARTITION__/a.csv", b"id,name\n2,B\n")
    write(tmp_path / "country=AT%20x/day=/a.csv", b"id,name,country\n3,C,own\n")
    rows = {row["record_id"]: row for row in taken(tmp_path).records.to_pylist()}
    assert (rows["1"]["country"], rows["1"]["day"]) == ("DE", "2024-01-01")
    assert (rows["2"]["country"], rows["2"]["day"]) == ("CN", None)
    assert rows["3"]["country"] == "own"
    assert taken(f"{tmp_path}/country=D*/*/*.csv").records["country"].to_pylist() == ["DE"]


def test_a_column_that_some_files_lack_is_empty_in_their_rows_and_said(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"id,name\n1,A\n")
    write(tmp_path / "b.csv", b"id,email,name\n2,b@x.de,B\n")
    reading = taken(tmp_path)
    assert reading.records["email"].to_pylist() == [None, "b@x.de"]
    assert any("'email' is not in 1 of 2 files, such as" in note and "a.csv" in note for note in reading.notes)


def test_rejects_name_the_file_and_the_row_in_it(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"id,name,updated_at\n1,A,2024-01-01\n,B,\n")
    write(tmp_path / "b.csv", b"id,name,updated_at\n2,C\n1,D,2024-02-01\n")
    reading = taken(tmp_path)
    found = [(Path(row["source"]).name, row["row"], row["reason"]) for row in reading.rejects.to_pylist()]
    assert found == [
        ("a.csv", 1, "duplicate_record_id"),
        ("a.csv", 2, "missing_record_id"),
        ("b.csv", 1, "wrong_column_count"),
    ]
    assert "row 2 of" in reading.rejects["detail"][0].as_py()
    assert "b.csv has the same record_id" in reading.rejects["detail"][0].as_py()


def test_the_names_of_files_do_not_change_which_of_repeated_rows_is_kept(tmp_path: Path) -> None:
    for first, second in (("a", "b"), ("b", "a")):
        write(tmp_path / f"{first}.csv", b"id,name,city\n1,Ann,\n")
        write(tmp_path / f"{second}.csv", b"id,name,city\n1,Ann,Rome\n")
        assert taken(tmp_path).records["city"].to_pylist() == ["Rome"]


def test_one_bad_file_among_many_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", b"PAR1 broken PAR1")
    write(tmp_path / "b.csv", PEOPLE)
    with pytest.raises(InputError, match=r"a\.parquet is not a Parquet file"):
        taken(tmp_path)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder, and it holds no file"):
        taken(tmp_path)
    write(tmp_path / "notes.md", b"x")
    with pytest.raises(InputError, match="is a folder, and of its 1 files none is"):
        taken(tmp_path)


def test_options_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", PEOPLE)
    for options in ({"sheet": "x"}, {"table": "t"}, {"query": "select 1"}):
        with pytest.raises(UsageError, match="means nothing"):
            taken(path, **options)
    with pytest.raises(UsageError, match="there is no format 'xml'"):
        taken(path, format="xml")


def test_many_files_are_not_kept_open_or_in_memory_twice(tmp_path: Path) -> None:
    for number in range(300):
        write(tmp_path / f"{number:03}.csv", f"id,name\n{number},N{number}\n")
    said: list[tuple[str, int, int]] = []
    reading = read(Channel("crm", tmp_path), progress=lambda *step: said.append(step))
    assert len(reading.records) == 300
    assert said[-1][1] <= said[-1][2]
    assert [done for _, done, _ in said] == sorted(done for _, done, _ in said)

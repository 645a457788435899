"""CSV and its relatives, as they come: encodings, delimiters, ragged rows, damage."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custid.channels import Channel, Reading, look, read
from custid.errors import CustidError, InputError, UsageError

PEOPLE = "id,姓名,城市\n1,王芳,北京\n2,李雷,上海\n3,欧阳娜娜,广州\n"


def write(folder: Path, data: bytes | str, name: str = "crm.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read_csv(folder: Path, data: bytes | str, **options: object) -> Reading:
    reading = read(Channel("crm", write(folder, data), **options))  # type: ignore[arg-type]
    assert reading.rows_read == len(reading.records) + len(reading.deleted) + len(reading.rejects)
    return reading


def reasons(reading: Reading) -> list[tuple[int, str]]:
    return [(row["row"], row["reason"]) for row in reading.rejects.to_pylist()]


# --- encodings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_chinese_text_is_read_in_every_usual_encoding(tmp_path: Path, encoding: str, found: str) -> None:
    reading = read_csv(tmp_path, PEOPLE.encode(encoding))
    assert reading.encoding == found
    assert reading.records["full_name"].to_pylist() == ["王芳", "李雷", "欧阳娜娜"]
    assert reading.records["record_id"].to_pylist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    "names",
    [["Müller", "Jäger", "Groß"], ["José", "Núñez", "Ibáñez"], ["Éric", "Zoë", "Chloé"], ["a", "b", "Núñez"]],
)
def test_western_accents_in_cp1252_are_not_taken_for_chinese(tmp_path: Path, names: list[str]) -> None:
    text = "id,surname\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names))
    reading = read_csv(tmp_path, text.encode("cp1252"))
    assert reading.records["surname"].to_pylist() == names
    assert reading.encoding == "cp1252"
    assert any("cp1252" in note for note in reading.notes)


def test_traditional_chinese_in_gbk_is_chinese(tmp_path: Path) -> None:
    text = "id,姓名\n1,陳黃劉\n2,張學友\n3,鄭秀文\n4,歐陽震華\n"
    assert read_csv(tmp_path, text.encode("gbk")).records["full_name"].to_pylist()[1] == "張學友"


def test_accents_far_down_a_file_decide_its_encoding_all_the_same(tmp_path: Path) -> None:
    text = "id,name\n" + "".join(f"{number},Smith John\n" for number in range(400_000)) + "x,Müller Jörg\n"
    reading = read_csv(tmp_path, text.encode("latin-1"))
    assert reading.records["full_name"][400_000].as_py() == "Müller Jörg"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_row_with_undecodable_bytes_is_rejected_and_the_others_are_taken(tmp_path: Path, encoding: str) -> None:
    lines = [f"{number},王小明{number},北京" for number in range(50)]
    data = "\n".join(["id,姓名,城市", *lines]).encode(encoding).split(b"\n")
    data[20] = b"19,\xff\xff,x"
    reading = read_csv(tmp_path, b"\n".join(data))
    assert reasons(reading) == [(20, "undecodable")]
    assert len(reading.records) == 49
    assert "姓名" in reading.rejects["detail"][0].as_py()
    assert json.loads(reading.rejects["raw"][0].as_py())["id"] == "19"


def test_an_undecodable_byte_in_a_ragged_row_is_no_crash(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{number},王小明{number}\n" for number in range(50)).encode()
    reading = read_csv(tmp_path, "id,姓名\n".encode() + rows + b"x\xff\n")
    assert reasons(reading) == [(51, "wrong_column_count")]
    assert capfd.readouterr().err == ""


def test_a_wrong_encoding_that_was_named_is_refused(tmp_path: Path) -> None:
    chinese = write(tmp_path, PEOPLE.encode("gb18030"))
    with pytest.raises(InputError, match=r"cannot be read as utf-8.*encoding="):
        read(Channel("crm", chinese, encoding="utf-8"))
    unicode = write(tmp_path, PEOPLE, "unicode.csv")
    for wrong in ("latin-1", "utf-16"):
        with pytest.raises(InputError, match=f"is not {wrong}.*Leave encoding= out"):
            read(Channel("crm", unicode, encoding=wrong))


def test_an_encoding_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no encoding 'gb18o30'.*gb18030"):
        read(Channel("crm", write(tmp_path, PEOPLE), encoding="gb18o30"))


def test_a_named_encoding_is_used(tmp_path: Path) -> None:
    text = "id,姓名\n1,陳大文\n"
    reading = read(Channel("crm", write(tmp_path, text.encode("big5")), encoding="big5"))
    assert reading.records["full_name"].to_pylist() == ["陳大文"]


# --- delimiters, quotes, shape ------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "name", "note"], ["1", "Anna Bell", "x"], ["2", '"Bell, Carl; Dr | x"', ""]]
    reading = read_csv(tmp_path, "\n".join(delimiter.join(row) for row in rows))
    assert reading.delimiter == delimiter
    assert reading.records["full_name"].to_pylist() == ["Anna Bell", "Bell, Carl; Dr | x"]


def test_a_named_delimiter_is_used_and_an_unusable_one_refused(tmp_path: Path) -> None:
    assert read_csv(tmp_path, "id^name\n1^A B\n", delimiter="^").records["full_name"].to_pylist() == ["A B"]
    with pytest.raises(UsageError, match="not one plain character"):
        read_csv(tmp_path, "id,name\n", delimiter="::")


def test_quoted_line_ends_and_quotes_belong_to_the_value(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, 'id,note\r\n1,"a\r\nb"\r\n2,"say ""hi"""\r\n')
    assert reading.records["note"].to_pylist() == ["a\r\nb", 'say "hi"']


def test_ragged_rows_are_rejected_with_their_number_and_text(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, 'id,name\n1,A\n2\n\n3,"B\nC"\n4,D,E\n5,F\n')
    assert reasons(reading) == [(2, "wrong_column_count"), (4, "wrong_column_count")]
    assert [json.loads(raw) for raw in reading.rejects["raw"].to_pylist()] == ["2", "4,D,E"]
    assert reading.records["record_id"].to_pylist() == ["1", "3", "5"]


def test_mostly_ragged_rows_are_remarked_on(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "id,name\n1,A,\n2,B,\n3,C,\n")
    assert len(reading.rejects) == 3
    assert any("delimiter" in note for note in reading.notes)


def test_a_quote_never_closed_costs_its_row_and_says_what_was_lost(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, 'id,name\n1,A\n2,"B\n3,C\n4,D\n')
    assert reading.records["record_id"].to_pylist() == ["1"]
    assert reasons(reading) == [(2, "unclosed_quote")]
    assert any("never closed" in note for note in reading.notes)


def test_repeated_and_empty_column_names_are_numbered_and_remarked_on(tmp_path: Path) -> None:
    found = look(Channel("crm", write(tmp_path, "id,note,note,,note_2\n1,a,b,c,d\n")))
    assert found.columns == ["id", "note", "note_3", "column_4", "note_2"]
    assert sum("column 3" in note or "column 4" in note for note in found.notes) == 2


def test_a_header_alone_gives_no_records_and_a_note(tmp_path: Path) -> None:
    for data in ("id,name", "id,name\n"):
        reading = read_csv(tmp_path, data)
        assert (len(reading.records), reading.rows_read) == (0, 0)
        assert "full_name" in reading.records.column_names
        assert any("only column names" in note for note in reading.notes)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \n", b"\xef\xbb\xbf", b"\0\0\0\0\0\0\0\0"])
def test_a_file_with_nothing_in_it_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match="empty"):
        read_csv(tmp_path, data)


def test_zero_bytes_are_taken_out_of_values(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "id,name\n1,A\0da\n2,\0\n")
    assert reading.records["full_name"].to_pylist() == ["Ada", None]
    assert any("zero bytes" in note for note in reading.notes)


def test_an_overlong_value_is_rejected_and_a_long_row_is_not(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, f"id,note\n1,{'x' * 20_000_000}\n2,{'y' * 900_000}\n3,z\n")
    assert reasons(reading) == [(1, "overlong_value")]
    assert len(reading.rejects["raw"][0].as_py()) < 2_000
    assert reading.records["record_id"].to_pylist() == ["2", "3"]


def test_far_too_many_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="columns, more than"):
        read_csv(tmp_path, ",".join(f"c{number}" for number in range(50_000)) + "\n")


def test_values_stay_as_written_and_only_empty_ones_are_null(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, 'id,code\n1,007\n2,NA\n3,""\n4,\n5, x \n6,1.380E+10\n')
    assert reading.records["code"].to_pylist() == ["007", "NA", None, None, " x ", "1.380E+10"]


def test_an_all_null_column_is_remarked_on(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "id,email\n1,\n2,\n")
    assert reading.records["email"].null_count == 2
    assert any("'email' is empty" in note for note in reading.notes)


# --- files --------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, PEOPLE, "customers.csv")
    with pytest.raises(InputError, match=r"there is no file .*custmers.csv.*Did you mean .*customers.csv"):
        read(Channel("crm", tmp_path / "custmers.csv"))
    with pytest.raises(InputError, match="there is no file"):
        read(Channel("crm", "no/such/folder/x.csv"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, PEOPLE)
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        read(Channel("crm", path))


def test_an_unknown_extension_asks_for_the_format(tmp_path: Path) -> None:
    path = write(tmp_path, PEOPLE, "export.dat")
    with pytest.raises(InputError, match="format='csv'"):
        read(Channel("crm", path))
    assert len(read(Channel("crm", path, format="csv")).records) == 3


@pytest.mark.parametrize(("start", "what"), [(b"PK\x03\x04", "Excel"), (b"\x1f\x8b", "gzip"), (b"PAR1", "Parquet")])
def test_a_file_that_is_something_else_is_called_what_it_is(tmp_path: Path, start: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        read_csv(tmp_path, start + b"rest of it")


# --- delimiters and quotes ----------------------------------------------------------------------------------


def test_the_first_line_that_excel_writes_for_itself_names_the_delimiter_and_is_no_header(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        reading = read_csv(tmp_path, "sep=;\r\nid;name;sum\r\n1;Ann, B;12,50\r\n2;x\r\n".encode(encoding))
        assert (reading.delimiter, reading.records["full_name"].to_pylist()) == (";", ["Ann, B"])
        assert reasons(reading) == [(2, "wrong_column_count")]


def test_decimal_commas_do_not_make_a_comma_the_delimiter(tmp_path: Path) -> None:
    assert read_csv(tmp_path, "id;a;b\n1;2,5;3,5\n2;4,5;5,5\n").delimiter == ";"


def test_single_quotes_are_found_when_the_header_has_them(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "'id','name'\n'1','Bell, Ann'\n'2','O''Hara'\n")
    assert reading.records["full_name"].to_pylist() == ["Bell, Ann", "O'Hara"]
    assert any("quoted with '" in note for note in reading.notes)
    assert read_csv(tmp_path, "'id','name'\n'1','Ann'\n", quote='"').records["full_name"].to_pylist() == ["'Ann'"]


def test_backslashes_before_quotes_are_found_and_others_left_alone(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, 'id,name,x\n1,"Ann \\"Al\\", Bell",a\n2,"Bo",b\n')
    assert reading.records["full_name"].to_pylist() == ['Ann "Al", Bell', "Bo"]
    reading = read_csv(tmp_path, 'id,name,path\n1,Ann,"C:\\data\\"\n2,Bo,"D:\\"\n')
    assert reading.records["path"].to_pylist() == ["C:\\data\\", "D:\\"]


def test_quotes_can_be_plain_characters(tmp_path: Path) -> None:
    data = 'id\tname\n1\t"Ann\n2\tBo 5" tall\n'
    reading = read_csv(tmp_path, data, quote="", delimiter="\t")
    assert reading.records["full_name"].to_pylist() == ['"Ann', 'Bo 5" tall']
    with pytest.raises(UsageError, match="quote"):
        read_csv(tmp_path, data, quote="''")


def test_a_null_of_mysql_is_null(tmp_path: Path) -> None:
    assert read_csv(tmp_path, "id,name\n1,\\N\n2,N\n").records["full_name"].to_pylist() == [None, "N"]


def test_a_file_that_is_utf8_at_first_and_not_later_is_read_as_what_it_is(tmp_path: Path) -> None:
    text = "id,name\n" + "".join(f"{number:09},Smith John\n" for number in range(200_000))
    data = text.encode() + "y,张伟\nz,欧阳娜娜\n".encode("gb18030")
    reading = read_csv(tmp_path, data, record_id="id")
    assert reading.encoding == "gb18030"
    assert reading.records["full_name"].to_pylist()[-2:] == ["张伟", "欧阳娜娜"]


# --- anything at all ----------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    [
        b"id,name\n",
        b"1,a\n",
        b'"',
        b",",
        b";",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        "王,芳\n".encode(),
        "王".encode("gb18030"),
        b"M\xfcller",
        b"|",
        b"\t",
        b"'",
        b"x" * 300,
        b"2,b,c\n",
        b"\xed\xa0\x80",
        "\ufdd1".encode(),
    ]
)
_BYTES = st.one_of(st.binary(max_size=400), st.lists(_PIECES, max_size=40).map(b"".join))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=_BYTES, prefix=st.sampled_from([b"", b"id,name\n"]))
def test_any_bytes_are_read_or_refused_and_the_counts_add_up(tmp_path: Path, data: bytes, prefix: bytes) -> None:
    try:
        reading = read_csv(tmp_path, prefix + data)
    except CustidError:
        return
    assert reading.rejects["row"].null_count == 0
    taken = set(reading.rejects["row"].to_pylist())
    assert len(taken) == len(reading.rejects)
    assert taken <= set(range(1, reading.rows_read + 1))

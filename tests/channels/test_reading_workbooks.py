"""Workbooks of Excel."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from custid.channels import Channel, Reading, read
from custid.errors import InputError, MissingExtra, UsageError

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell(value: object) -> str:
    """A cell of a sheet: a number, a day (as `Day`), an error, a truth value, else text."""
    if value is None:
        return "<c/>"
    if isinstance(value, Day):
        return f'<c s="1"><v>{value.serial}</v></c>'
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value!r}</v></c>"
    if str(value).startswith("#"):
        return f'<c t="e"><v>{value}</v></c>'
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


class Day:
    def __init__(self, serial: float) -> None:
        self.serial = serial


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        names = list(sheets)
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/s{n}.xml" ContentType="{_SHEET}.worksheet+xml"/>'
            for n in range(len(names))
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET}.styles+xml"/>{kinds}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{name}" sheetId="{n + 1}" r:id="r{n}"/>' for n, name in enumerate(names))
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
        )
        related = "".join(
            f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in range(len(names))
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{related}<Relationship Id="st" Type="{_OFFICE}/styles" '
            'Target="styles.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        )
        for n, rows in enumerate(sheets.values()):
            text = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            archive.writestr(
                f"xl/worksheets/s{n}.xml", f'<worksheet xmlns="{_MAIN}"><sheetData>{text}</sheetData></worksheet>'
            )
    return path


def sheet(folder: Path, rows: list[list[object]], **options: object) -> Reading:
    reading = read(Channel("c", workbook(folder / "a.xlsx", S=rows), **options))  # type: ignore[arg-type]
    assert reading.rows_read == len(reading.records) + len(reading.deleted) + len(reading.rejects)
    return reading


def test_numbers_keep_their_digits_and_dates_are_iso(tmp_path: Path) -> None:
    reading = sheet(
        tmp_path,
        [
            ["id", "phone", "zip", "born", "seen", "sum", "vip", "bad"],
            [13800138000.0, 13912345678, "01234", Day(29222), Day(45293.5), 12.5, True, "#N/A"],
        ],
    )
    row = reading.records.to_pylist()[0]
    assert (row["record_id"], row["phone"], row["postcode"]) == ("13800138000", "13912345678", "01234")
    assert (row["birth_date"], row["seen"]) == ("1980-01-02", "2024-01-02T12:00:00")
    assert (row["sum"], row["vip"], row["bad"]) == ("12.5", "true", None)


def test_numbers_that_excel_could_not_keep_are_pointed_out(tmp_path: Path) -> None:
    reading = sheet(tmp_path, [["id", "身份证号"], [1, 110105194912310021.0]])
    assert any("more than 15 digits" in note for note in reading.notes)
    assert reading.records["national_id"].to_pylist() == ["110105194912310020"]


def test_titles_above_the_header_and_rows_without_values_are_passed_over(tmp_path: Path) -> None:
    reading = sheet(
        tmp_path,
        [
            ["客户信息表"],
            [],
            ["编号", "姓名", "手机"],
            ["1", "王芳", "13912345678"],
            [],
            ["", "李雷", ""],
            ["3", "", ""],
        ],
    )
    assert reading.records["record_id"].to_pylist() == ["1", "3"]
    assert [(row["row"], row["reason"]) for row in reading.rejects.to_pylist()] == [(3, "missing_record_id")]
    assert any("first 2 rows were passed over" in note for note in reading.notes)


def test_columns_without_a_name_or_a_value_are_none(tmp_path: Path) -> None:
    reading = sheet(tmp_path, [["id", None, "name", None], ["1", None, "A", None, "beyond"], ["2", "x", "B"]])
    assert [role.column for role in reading.roles] == ["id", "column_2", "name", "column_5"]


def test_the_first_sheet_that_holds_anything_is_read_unless_one_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", leer=[], kunden=[["id"], ["1"]], alt=[["id"], ["2"], ["3"]])
    reading = read(Channel("c", path))
    assert len(reading.records) == 1
    assert any("'kunden' was read, of 2" in note for note in reading.notes)
    assert len(read(Channel("c", path, sheet="alt")).records) == 2
    assert len(read(Channel("c", path, sheet=3)).records) == 2
    with pytest.raises(UsageError, match=r"no sheet 'kunde' .*Did you mean 'kunden'"):
        read(Channel("c", path, sheet="kunde"))
    with pytest.raises(UsageError, match="3 sheets"):
        read(Channel("c", path, sheet=4))
    with pytest.raises(InputError, match="the sheet is empty"):
        read(Channel("c", path, sheet="leer"))


def test_more_rows_than_a_block_are_read(tmp_path: Path) -> None:
    reading = sheet(tmp_path, [["id", "n"], *([number, f"N{number}"] for number in range(20_500))])
    assert len(reading.records) == 20_500
    assert reading.records["n"][20_499].as_py() == "N20499"


def test_what_is_no_workbook_is_refused_in_words(tmp_path: Path) -> None:
    cases = {
        "fake.xlsx": (b"PK\x03\x04 not a workbook", "no workbook that can be read"),
        "page.xls": (b"<html><table><tr><td>id</td></tr></table></html>", "a web page under the name of a workbook"),
        "text.xls": (b"id,name\n1,x\n", "no workbook that can be read"),
    }
    for name, (data, said) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=said):
            read(Channel("c", tmp_path / name))
    with pytest.raises(InputError, match="protected by a password"):
        read(Channel("c", Path(__file__).parent / "data" / "locked.xlsx"))
    with pytest.raises(InputError, match="no sheet with anything in it"):
        read(Channel("c", workbook(tmp_path / "empty.xlsx", a=[], b=[])))
    whole = workbook(tmp_path / "whole.xlsx", a=[["id"], ["1"]]).read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="no workbook"):
        read(Channel("c", tmp_path / "cut.xlsx"))


def test_a_workbook_under_another_name_is_found_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.csv", S=[["id"], ["1"]])
    with pytest.raises(InputError, match="Say format='excel'"):
        read(Channel("c", path))
    assert len(read(Channel("c", path, format="excel")).records) == 1
    assert len(read(Channel("c", path.rename(tmp_path / "export"))).records) == 1


def test_without_the_extra_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingExtra, match=r"pip install 'custid\[excel\]'"):
        sheet(tmp_path, [["id"], ["1"]])

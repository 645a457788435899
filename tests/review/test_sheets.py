"""The queue worked through in a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import python_calamine

from custid.errors import InputError, UsageError
from custid.registries.base import Registry
from custid.review import sheets

NAMES = ["left_channel", "left_record_id", "right_channel", "right_record_id"]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def write(path: Path, rows: list[dict[str, str]], **how: str) -> None:
    encoding = how.pop("encoding", "utf-8")
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), **how)  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


def test_a_sheet_has_both_records_side_by_side_and_an_empty_verdict(registry: Registry, tmp_path: Path) -> None:
    waiting = registry.review().waiting
    assert sheets.export(registry, tmp_path / "review.csv") == waiting
    rows = rows_of(tmp_path / "review.csv")
    assert len(rows) == waiting
    assert all(row["verdict"] == "" for row in rows)
    columns = list(rows[0])
    assert columns[columns.index("left email") + 1] == "right email"
    asked = registry.review().questions.to_pylist()
    assert [row["left_record_id"] for row in rows if row["left_channel"] != "odd"] == [
        one["left_record_id"] for one in asked if one["left_channel"] != "odd"
    ]
    assert sheets.export(registry, tmp_path / "few.csv", limit=2) == 2
    assert not list(tmp_path.glob(".*partial"))


def test_what_looks_like_a_formula_is_none_and_comes_back_as_it_was(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    sheets.export(registry, path)
    rows = rows_of(path)
    odd = next(row for row in rows if row["left_channel"] == "odd")
    assert odd["right_record_id"] == "'=2+3"
    assert odd["right phone"].startswith("'+49")
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
    write(path, [{**odd, "verdict": " Different "}])
    assert sheets.bring_in(registry, path, actor="kim").added == 1
    assert registry.decisions()["right_record_id"].to_pylist() == ["=2+3"]


def test_a_workbook_goes_out_and_comes_back(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "review.xlsx"
    count = sheets.export(registry, path)
    cells = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert len(cells) == count + 1
    assert all(isinstance(cell, str) for row in cells for cell in row)
    place = [row[cells[0].index("left_channel")] for row in cells].index("odd")
    assert cells[place][cells[0].index("right_record_id")] == "=2+3"
    cells[1][0], cells[2][0] = "same", "unsure"
    path.write_bytes(sheets.workbook("review", cells[0], cells[1:]))
    done = sheets.bring_in(registry, path, actor="kim")
    assert (done.added, done.open, done.unusable) == (2, count - 2, [])
    assert registry.review().waiting <= count - 2


def test_rows_that_cannot_be_used_are_named_as_the_sheet_numbers_them(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    sheets.export(registry, path)
    rows = rows_of(path)
    rows[1]["verdict"] = "maybe"
    rows[2]["verdict"], rows[2]["left_record_id"] = "same", "007"
    rows[3]["verdict"] = "same"
    write(path, rows)
    done = sheets.bring_in(registry, path, actor="kim")
    assert [row["row"] for row in done.unusable] == [3, 4]
    assert "maybe" in done.unusable[0]["reason"]
    assert "has no record '007'" in done.unusable[1]["reason"]
    assert done.added == 1
    again = sheets.bring_in(registry, path, actor="kim")
    assert (again.added, again.known) == (0, 1)


def test_a_sheet_may_come_back_as_another_spreadsheet_saves_it(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    sheets.export(registry, path)
    rows = [{**{name: row[name] for name in ["verdict", *NAMES]}, "reason": "电话相同"} for row in rows_of(path)]
    rows[0]["verdict"] = "same"
    write(path, rows, delimiter=";", encoding="gb18030")
    assert sheets.bring_in(registry, path, actor="kim").added == 1
    assert registry.decisions()["reason"].to_pylist() == ["电话相同"]


def test_what_is_no_sheet_is_refused(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.xlsx or \.csv"):
        sheets.export(registry, tmp_path / "review.ods")
    with pytest.raises(InputError, match="there is no file"):
        sheets.bring_in(registry, tmp_path / "none.csv", actor="kim")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="has no column 'left_channel'"):
        sheets.bring_in(registry, tmp_path / "other.csv", actor="kim")

"""The queue as a sheet to be worked through elsewhere, and back.

In: a registry; a path. Out: a file with a row per question, both records' values side by side and an empty verdict
column; decisions, from such a file. Never here: deciding what cannot be read as a verdict: that is reported.

A workbook (.xlsx) is the better of the two: its cells are texts. A spreadsheet that opens a CSV takes 007 for 7 and
=A1 for a formula; the latter is kept from it by an apostrophe in front, which is taken off again on the way back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.channels import Channel
from custid.channels.sources import read_source
from custid.engines.base import silent
from custid.errors import CustidError, InputError, UsageError
from custid.identity.history import levels_said
from custid.registries.base import Registry
from custid.registries.deciding import VERDICTS
from custid.registries.decision_tables import NEEDED
from custid.review.compare import shorten
from custid.review.workbook import ROWS_MAX, workbook

#: What stands before the values.
HEAD = ("verdict", "reason", "match_weight", "evidence", "waits", *NEEDED[:4])

#: Characters of a value that a cell shows; a name is never cut.
VALUE_CHARACTERS_MAX = 1_000
#: How a cell begins that a spreadsheet would take for a formula, and what is put before it.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_APOSTROPHE = "'"
#: Questions whose records are read at once.
_BLOCK = 5_000


@dataclass(frozen=True)
class Imported:
    """`added`, `known`, `unusable` as `Loaded`, rows as the sheet numbers them (the head is row 1); `open`: rows
    without a verdict."""

    added: int
    known: int
    open: int
    unusable: list[dict[str, Any]] = field(repr=False)


def export(registry: Registry, path: Path, *, limit: int | None = None) -> int:
    """Write what waits, what teaches most first, to a .xlsx or .csv file; returns the number of questions.

    Raises UsageError for another ending, CustidError when it cannot be written.
    """
    suffix = _suffix(path)
    questions = registry.review(limit=limit).questions
    if suffix == ".xlsx" and len(questions) >= ROWS_MAX:
        raise UsageError(
            f"a workbook holds {ROWS_MAX - 1:,} questions; {len(questions):,} wait. Give --limit, or .csv."
        )
    fields, rows = _sheet(registry, questions)
    head = [*HEAD, *(f"{side} {name}" for name in fields for side in ("left", "right"))]
    if suffix == ".xlsx":
        data = workbook("review", head, list(rows), choices=VERDICTS)
    else:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(head)
        writer.writerows([[_guarded(cell) for cell in row] for row in rows])
        data = text.getvalue().encode("utf-8-sig", "replace")  # the mark tells Excel that it is UTF-8
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise CustidError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return len(questions)


def bring_in(registry: Registry, path: Path, *, actor: str) -> Imported:
    """Enter the verdicts of a sheet that `export` wrote and a steward filled in, .xlsx or .csv of any dialect.

    Rows without a verdict are left; those that cannot be used are named, and keep no other from landing: bringing the
    same sheet in again adds nothing twice. Raises InputError when it cannot be read or lacks a column.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}.")
    found = read_source(Channel("review", path), silent)
    table, numbers = found.table, found.numbers
    if missing := [name for name in NEEDED if name not in table.column_names]:
        has = ", ".join(table.column_names[:12])
        raise InputError(
            f"{path} has no column {missing[0]!r} (it has: {has}). Write such a sheet with custid review --export, and "
            "leave its head as it is."
        )
    wanted = table.select([*NEEDED, *(["reason"] if "reason" in table.column_names else [])])
    verdict = pc.utf8_trim_whitespace(wanted["verdict"].fill_null(""))
    said = pc.not_equal(verdict, "")
    rows = _unguarded(wanted.filter(said))
    loaded = registry.load_decisions(rows, actor=actor, skip_bad=True)
    places = numbers[said.to_numpy()]
    unusable = [
        {"row": int(places[row["row"] - 1]) + 1, "reason": row["reason"]} for row in loaded.unusable.to_pylist()
    ]
    return Imported(loaded.added, loaded.known, len(table) - len(rows), unusable)


def _sheet(registry: Registry, questions: pa.Table) -> tuple[list[str], Iterator[list[str | None]]]:
    """The fields that any record of the queue has, and the rows."""
    keys = pc.unique(pa.chunked_array([*questions["left_key"].chunks, *questions["right_key"].chunks], pa.int64()))
    with registry.view() as view:
        blocks = [view.records(keys.slice(start, _BLOCK)) for start in range(0, max(1, len(keys)), _BLOCK)]
    records = pa.concat_tables(blocks)
    fields = [
        name for name in schemas.fields_of(records, schemas.STORED_RECORDS) if records[name].null_count < len(records)
    ]
    place = {key: row for row, key in enumerate(records["record_key"].to_pylist())}

    def rows() -> Iterator[list[str | None]]:
        for start in range(0, len(questions), _BLOCK):
            part = questions.slice(start, _BLOCK)
            sides = [
                records.select(fields).take(
                    pa.array([place[key] for key in part[f"{side}_key"].to_pylist()], pa.int64())
                )
                for side in ("left", "right")
            ]
            values = [[side[name].to_pylist() for side in sides] for name in fields]
            for row, question in enumerate(part.to_pylist()):
                told = [_shown(side[row]) for pair in values for side in pair]
                yield [
                    None,
                    None,
                    f"{question['match_weight']:.1f}",
                    levels_said(question["levels"] or ""),
                    question["reason"],
                    *(question[name] for name in NEEDED[:4]),
                    *told,
                ]

    return fields, rows()


def _shown(value: str | None) -> str | None:
    return None if value is None else shorten(value, VALUE_CHARACTERS_MAX)


def _guarded(cell: str | None) -> str:
    """
    >>> _guarded("=1+1"), _guarded("'=1"), _guarded("Anna"), _guarded(None)
    ("'=1+1", "''=1", 'Anna', '')
    """
    text = cell or ""
    return _APOSTROPHE + text if text.lstrip(_APOSTROPHE).startswith(_FORMULAS) else text


def _unguarded(rows: pa.Table) -> pa.Table:
    """The names without the apostrophe that `_guarded` put before them."""
    pattern = r"^'('*[=+\-@\t\r])"
    return pa.table({name: pc.replace_substring_regex(rows[name], pattern, r"\1") for name in rows.column_names})


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".xlsx", ".csv"):
        raise UsageError(f"{path} should end in .xlsx or .csv, so that its format is known.")
    return suffix

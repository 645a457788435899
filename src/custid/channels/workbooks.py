"""Workbooks of Excel and its relatives (.xlsx, .xlsm, .xlsb, .xls, .ods): one sheet becomes rows of text.

In: a `File`, and which sheet. Out: `Rows`. A whole number has all its digits (13800138000, not 1.38E+10), a date is
ISO whatever its cell shows, a formula is its last result, an error is nothing. Titles above the header row are passed
over. Never here: what a column means.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from custid.channels.files import File
from custid.channels.rows import Rows, check_width, unique_names, without_bad_values
from custid.errors import InputError, MissingExtra, UsageError

_BLOCK_ROWS = 20_000

#: The header row is looked for in so many rows.
_TITLE_ROWS = 20

#: Excel keeps fifteen digits of a number and makes the others zeros.
_EXACT_MAX = 10**15


def read_workbook(file: File, *, sheet: str | int | None, progress: Callable[[int], None]) -> Rows:
    """All rows of one sheet: the named or numbered one (from 1), else the first that is shown and holds anything.

    Raises InputError when it is no workbook or protected by a password, UsageError for a sheet that is not there,
    MissingExtra.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        raise MissingExtra(
            f"reading {file.name} needs python-calamine. Install it with: pip install 'custid[excel]'"
        ) from None
    notes: list[str] = []
    try:
        with calamine.CalamineWorkbook.from_object(file.seekable()) as workbook:
            cells = workbook.get_sheet_by_name(_sheet(workbook, sheet, file.name, notes)).iter_rows()
            rows = _rows(cells, file.name, notes, progress)
    except calamine.PasswordError:
        raise InputError(
            f"{file.name} is protected by a password. Open it in Excel, take the password off and save it again."
        ) from None
    except calamine.CalamineError as error:
        page = file.beginning.lstrip().lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml"))
        what = "a web page under the name of a workbook" if page else f"no workbook that can be read ({error})"
        raise InputError(f"{file.name} is {what}. Open it in Excel and save it as .xlsx or CSV.") from None
    return without_bad_values(rows, damaged=False)


def _sheet(workbook: Any, wanted: str | int | None, path: str, notes: list[str]) -> str:
    names = list(workbook.sheet_names)
    listed = ", ".join(names)
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(names):
            raise UsageError(f"{path} has {len(names)} sheets ({listed}), and sheet={wanted} asks for another.")
        return str(names[wanted - 1])
    if wanted is not None:
        if wanted not in names:
            close = difflib.get_close_matches(wanted, names, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise UsageError(f"{path} has no sheet '{wanted}' (it has: {listed}).{hint}")
        return wanted
    shown = [one.name for one in workbook.sheets_metadata if "Visible" in str(one.visible).split(".")[-1][:7]]
    filled = [name for name in shown if workbook.get_sheet_by_name(name).height]
    if not filled:
        raise InputError(f"{path} holds no sheet with anything in it ({listed}). Check the export that wrote it.")
    if len(filled) > 1:
        notes.append(
            f"sheet '{filled[0]}' was read, of {len(filled)} that hold something ({', '.join(filled)}); "
            "name another with sheet="
        )
    return str(filled[0])


def _rows(cells: Iterator[list[Any]], path: str, notes: list[str], progress: Callable[[int], None]) -> Rows:
    first = list(islice(cells, _TITLE_ROWS))
    header = _header_row(first)
    if header is None:
        raise InputError(f"{path}: the sheet is empty. Name another with sheet=, or check the export that wrote it.")
    if header:
        notes.append(f"its first {header} rows were passed over: they hold a title, not names of columns")
    labels = [_text(value) for value in first[header]]
    tables: list[pa.Table] = []
    numbers: list[Any] = []
    rows, done, inexact = chain(first[header + 1 :], cells), 0, [0] * len(labels)
    while block := list(islice(rows, _BLOCK_ROWS)):
        columns = list(zip(*(_wide(row, len(labels)) for row in block), strict=True))
        for position, values in enumerate(columns):
            inexact[position] += sum(type(value) is float and abs(value) >= _EXACT_MAX for value in values)
        table = pa.table([pa.array([*map(_text, values)], pa.string()) for values in columns], names=_places(labels))
        filled = np.any([column.is_valid().to_numpy() for column in table.columns], axis=0)
        tables.append(table.filter(pa.array(filled)))
        numbers.append(np.flatnonzero(filled) + done + 1)
        done += len(block)
        progress(done)
    nothing = pa.table([pa.array([], pa.string())] * len(labels), names=_places(labels))
    table = pa.concat_tables([nothing, *tables])
    # Formatting alone makes a sheet wider than what it holds.
    kept = [place for place, label in enumerate(labels) if label or table[place].null_count < len(table)]
    check_width(len(kept), path)
    names = unique_names([labels[place] or f"column_{place + 1}" for place in kept], notes)
    nameless = [name for place, name in zip(kept, names, strict=True) if not labels[place]]
    notes.extend(f"a column has no name; it is called '{name}' here" for name in nameless)
    for place, name in zip(kept, names, strict=True):
        if inexact[place]:
            notes.append(
                f"column '{name}' holds {inexact[place]:,} numbers of more than 15 digits, of which Excel kept 15: if "
                "they are ids, have them exported as text"
            )
    table = table.select(kept).rename_columns(names)
    return Rows(table, np.concatenate([np.zeros(0, np.int64), *numbers]), "excel", notes=notes)


def _header_row(rows: Sequence[list[Any]]) -> int | None:
    """The first row with at least half as many values as the fullest."""
    filled = [sum(value != "" for value in row) for row in rows]
    most = max(filled, default=0)
    return next((number for number, count in enumerate(filled) if count and count * 2 >= most), None)


def _wide(row: list[Any], width: int) -> list[Any]:
    return row if len(row) == width else [*row, *[""] * width][:width]


def _places(labels: Sequence[str | None]) -> list[str]:
    return [str(place) for place in range(len(labels))]


def _text(value: Any) -> str | None:
    """
    >>> _text(13800138000.0), _text(12.5), _text(dt.datetime(1980, 1, 2)), _text(True), _text("")
    ('13800138000', '12.5', '1980-01-02', 'true', None)
    """
    if type(value) is str:
        return value or None
    if type(value) is float:
        return format(Decimal(repr(value)).quantize(Decimal(1)) if value.is_integer() else Decimal(repr(value)), "f")
    if type(value) is bool:
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return (value.date() if value.time() == dt.time() else value).isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return None if value is None else str(value)

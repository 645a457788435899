"""JSON lines: one object per line becomes one row of text.

In: a `File`. Out: `Rows`, whose columns are the names met in any line. Objects within objects become columns named
with a dot (`address.city`), arrays one column per value (`emails.1`). Numbers keep their digits as written, but whole
ones lose a fraction of zeros and an exponent: 1.38e10 is 13800000000. A line that is no object is a reject.
Never here: what a column means.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from custid.channels.encodings import UNDECODABLE, Encoding, buffered, find_encoding, open_utf8
from custid.channels.files import File
from custid.channels.rows import VALUES_MAX, Reject, Rows, Thinned, check_width, shown_text, without_bad_values
from custid.errors import InputError

#: Lines taken together: enough to make calls cheap, few enough to hold.
_LINES = 20_000

_LINE_BYTES_MAX = 1 << 26


def read_json_lines(
    file: File, *, encoding: str | None, progress: Callable[[int], None], rows_max: int | None = None
) -> Rows:
    """All rows, or about `rows_max` evenly spread; `progress` is called with the bytes read of the file as stored.
    Raises InputError."""
    try:
        return _read(file, find_encoding(file, encoding, by_head=True), progress, rows_max)
    except UnicodeDecodeError:  # only its beginning was UTF-8
        return _read(file, find_encoding(file, encoding), progress, rows_max)


def _read(file: File, found: Encoding, progress: Callable[[int], None], rows_max: int | None) -> Rows:
    beginning = file.head[found.bom : found.bom + 64].decode(found.name, "replace").lstrip()
    if beginning.startswith("["):
        raise InputError(
            f"{file.name} is one JSON array, not one object per line. Write it so: jq -c '.[]' file.json > file.jsonl"
        )
    tables: list[pa.Table] = []
    numbers: list[np.ndarray[Any, np.dtype[np.int64]]] = []
    rejects: list[Reject] = []
    notes = [found.note] if found.note else []
    columns: dict[str, None] = {}
    thinned = Thinned(rows_max) if rows_max else None
    with buffered(open_utf8(file, found, progress)) as text:
        for start, lines in _blocks(text, file.name):
            objects, places = _objects(lines, start, rejects)
            table = _table(objects)
            columns |= dict.fromkeys(table.column_names)
            check_width(max(1, len(columns)), file.name)
            if thinned is None:
                tables.append(table)
            else:
                thinned.add(table)
            numbers.append(places)
    if not columns:
        if not rejects:
            raise InputError(f"{file.name} holds no JSON object. Check the export that wrote it.")
        raise InputError(
            f"{file.name} holds no JSON object: its first line is {rejects[0].raw or ''}. Write one object per line."
        )
    table = pa.concat_tables(tables, promote_options="default") if thinned is None else thinned.table()
    rows = Rows(table, np.concatenate(numbers), "jsonl", rejects, notes, encoding=found.name)
    if thinned is not None:
        rows = replace(rows, numbers=rows.numbers[thinned.places], seen=thinned.seen, filled=thinned.filled)
    return without_bad_values(rows, damaged=found.damaged)


def _blocks(text: io.BufferedReader, name: str) -> Iterator[tuple[int, list[bytes]]]:
    """Lines that hold anything, and the number of the first of them less one; blank lines count, as editors do."""
    lines: list[bytes] = []
    start = 0
    while line := text.readline(_LINE_BYTES_MAX):
        if len(line) == _LINE_BYTES_MAX:
            raise InputError(f"{name} has a line of more than 64 MB: it is no JSON lines. Write one object per line.")
        lines.append(line)
        if len(lines) == _LINES:
            yield start, lines
            start, lines = start + len(lines), []
    if lines:
        yield start, lines


def _objects(
    lines: list[bytes], start: int, rejects: list[Reject]
) -> tuple[list[dict[str, Any]], np.ndarray[Any, np.dtype[np.int64]]]:
    """The object of each line that has one, and its line's number; the other lines become rejects."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    try:
        # One call for all lines is twice as fast as one for each; where it fails, some line is to blame.
        objects = _DECODER.decode("[" + ",".join(lines[number].decode() for number in filled) + "]")
        if len(objects) == len(filled) and all(type(one) is dict for one in objects):
            return objects, np.array(filled, np.int64) + start + 1
    except (ValueError, RecursionError):
        pass
    objects, places = [], []
    for number in filled:
        line = lines[number].decode()
        try:
            one = _DECODER.decode(line.strip())
            problem = None if type(one) is dict else "the line is JSON, but no object"
        except (ValueError, RecursionError) as error:
            problem = f"the line is no JSON: {error}"
        if problem and UNDECODABLE in line:
            problem = "the line holds bytes that are no characters"
        if problem:
            rejects.append(Reject(start + number + 1, None, "no_json_object", problem, shown_text(line.strip())))
        else:
            objects.append(one)
            places.append(start + number + 1)
    return objects, np.array(places, np.int64)


def _number(text: str) -> str:
    """
    >>> _number("1.38e10"), _number("17.0"), _number("1.50"), _number("1e400")
    ('13800000000', '17', '1.50', '1e400')
    """
    value = float(text)
    return str(int(value)) if abs(value) < 2**53 and value.is_integer() else text


# Digits stay as they are: an integer of twenty digits is an id, not a float.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=_number, parse_constant=lambda _: None)


def _table(objects: list[dict[str, Any]]) -> pa.Table:
    """String columns, in the order in which their names are met; the number of rows is that of `objects`."""
    names = dict.fromkeys(name for one in objects for name in one)
    columns: dict[str, pa.Array] = {}
    for name in names:
        _add(columns, name, [one.get(name) for one in objects], names)
    if not columns:
        return pa.table({"": pa.nulls(len(objects), pa.string())}).select([])
    return pa.Table.from_pydict(columns)


def _add(columns: dict[str, pa.Array], name: str, values: list[Any], names: dict[str, None]) -> None:
    """Adds the column, or the columns that its objects and arrays become."""
    try:
        texts = pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        parts: dict[str, list[Any]] = {}
        for row, value in enumerate(values):
            if type(value) is dict:
                inner = {f"{name}.{key}": part for key, part in value.items()}
            elif type(value) is list:
                inner = {f"{name}.{number}": part for number, part in enumerate(value[:VALUES_MAX], start=1)}
                if len(value) > VALUES_MAX:
                    inner[f"{name}.more"] = json.dumps(value[VALUES_MAX:], ensure_ascii=False)
            else:
                continue
            for key, part in inner.items():
                key = f"{key}_2" if key in names else key
                parts.setdefault(key, [None] * len(values))[row] = part
        plain = [_plain(value) for value in values]
        if any(plain) or not parts:
            columns[name] = pa.array(plain, pa.string())
        for key, part_values in parts.items():
            _add(columns, key, part_values, names)
        return
    columns[name] = pa.array([value or None for value in values], pa.string()) if "" in values else texts


def _plain(value: Any) -> str | None:
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is str and value:
        return value.encode("utf-8", "replace").decode()  # half a character, written \ud83d, is none
    return None

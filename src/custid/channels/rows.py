"""What every kind of source gives: its rows as text, before anything is known of their meaning.

In: nothing. Out: `Rows`, `Reject`, and the checks that hold for any source. Never here: files, roles, keys.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels.encodings import UNDECODABLE
from custid.errors import InputError
from custid.schemas import REJECTS

#: No value that says something about a customer is longer; longer ones are damage and would slow every
#: comparison.
VALUE_BYTES_MAX = 1_000_000

#: A table that is wider was read with the wrong delimiter or is no list of customers.
COLUMNS_MAX = 10_000

#: So many values of a list become columns of their own; what is beyond them stays together, as JSON.
VALUES_MAX = 5

#: Of a source that is only looked at, no more is held, about.
HELD_BYTES_MAX = 1 << 29

_RAW_CHARACTERS_MAX = 1_000


class Reject(NamedTuple):
    """One row not taken in; `row` counts the data rows of its source, or of its `file`, from 1; `raw` is JSON."""

    row: int
    record_id: str | None
    reason: str
    detail: str
    raw: str | None
    file: str | None = None


@dataclass(frozen=True)
class Rows:
    """The rows of one source.

    `table`: string columns, named as the source names them, each name once. `numbers`: each row's place in
    the source, from 1. `rejects`: rows that could not even become text. `index`: columns that a frame says
    are its index. Of a source of several files, `files` names them, `file_of` has each row's place in `files`, and
    numbers start from 1 in each. Where only a part of the rows is held (see `Thinned`), `seen` is how many there are
    (rejected ones apart), `filled` how many of them have something in each column; else None.
    """

    table: pa.Table
    numbers: npt.NDArray[np.int64]
    format: str
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    index: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    files: tuple[str, ...] = ()
    file_of: npt.NDArray[np.int32] | None = None
    seen: int | None = None
    filled: dict[str, int] | None = None

    def file(self, row: int) -> str | None:
        """The file that a row, by position, is from; None for a source that is one file or none."""
        return None if self.file_of is None else self.files[self.file_of[row]]

    def called(self, row: int) -> str:
        """What messages call a row, by position."""
        file = self.file(row)
        return f"row {self.numbers[row]}" + (f" of {file}" if file else "")


class Thinned:
    """Rows of a stream of unknown length, evenly spread: every one, and once they are too many, every second, fourth …

    So what is held is bounded, however long the stream; `seen` and `filled` are of all of it.

    >>> some = Thinned(2)
    >>> for start in range(0, 12, 3):
    ...     some.add(pa.table({"a": pa.array(range(start, start + 3)).cast(pa.string())}))
    >>> some.table()["a"].to_pylist(), some.places.tolist(), some.seen
    (['0', '4', '8'], [0, 4, 8], 12)
    """

    def __init__(self, rows_max: int) -> None:
        self.seen = 0
        self.filled: dict[str, int] = {}
        self._rows_max, self._step, self._bytes = rows_max, 1, 0
        self._parts: list[tuple[pa.Table, npt.NDArray[np.int64]]] = []

    def add(self, rows: pa.Table) -> None:
        """The next rows; columns may differ from piece to piece."""
        for name in rows.column_names:
            self.filled[name] = self.filled.get(name, 0) + len(rows) - rows[name].null_count
        self._parts.append(_every(self._step, rows, np.arange(self.seen, self.seen + len(rows))))
        self.seen += len(rows)
        self._bytes += self._parts[-1][0].nbytes
        while self.held > 2 * self._rows_max or (self._bytes > HELD_BYTES_MAX and self.held > 1):
            self._step *= 2
            self._parts = [_every(self._step, *part) for part in self._parts]
            self._bytes = sum(part.nbytes for part, _ in self._parts)

    @property
    def held(self) -> int:
        """How many rows are held."""
        return sum(len(places) for _, places in self._parts)

    @property
    def places(self) -> npt.NDArray[np.int64]:
        """Where the rows held stood in the stream, from 0."""
        return np.concatenate([np.zeros(0, np.int64), *(places for _, places in self._parts)])

    def table(self) -> pa.Table:
        """The rows held. At least one piece must have been added."""
        return pa.concat_tables([part for part, _ in self._parts], promote_options="default")


def _every(step: int, rows: pa.Table, places: npt.NDArray[np.int64]) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Those of the rows whose place is a multiple of `step`."""
    if step == 1:
        return rows, places
    at = np.flatnonzero(places % step == 0)
    # Taken out by copying, so that nothing else is held.
    return rows.take(pa.array(at)), places[at]


def rejects_table(rejects: Sequence[Reject], channel: str, source: str) -> pa.Table:
    """REJECTS, by file and row."""
    ordered = sorted(rejects, key=lambda reject: (reject.file or "", reject.row))
    columns = {
        "channel": [channel] * len(ordered),
        "source": [reject.file or source for reject in ordered],
        **{name: [getattr(reject, name) for reject in ordered] for name in Reject._fields if name != "file"},
    }
    return pa.Table.from_pydict(columns, schema=REJECTS)


def raw_json(table: pa.Table) -> list[str]:
    """Each row as a JSON object of the source's columns; overlong values are cut, undecodable bytes are �."""
    return [
        json.dumps({name: _shown(value) for name, value in row.items()}, ensure_ascii=False)
        for row in table.to_pylist()
    ]


def unique_names(names: Sequence[str | None], notes: list[str]) -> list[str]:
    """Column names as given, each once: a repeated one gets a number, an empty one its position; `notes` says
    so.

    >>> unique_names(["a", "a", None], [])
    ['a', 'a_2', 'column_3']
    """
    taken = {name.strip() for name in names if name}
    seen: set[str] = set()
    result = []
    for position, given in enumerate(names, start=1):
        name = (given or "").strip()
        unique = name
        if not name:
            unique = f"column_{position}"
        if unique in seen or (not name and unique in taken):
            number = 2
            while f"{unique}_{number}" in taken or f"{unique}_{number}" in seen:
                number += 1
            unique = f"{unique}_{number}"
            notes.append(f"column {position} repeats the name '{name}'; it is called '{unique}' here")
        elif not name:
            notes.append(f"column {position} has no name; it is called '{unique}' here")
        seen.add(unique)
        result.append(unique)
    return result


def without_bad_values(rows: Rows, *, damaged: bool) -> Rows:
    """`rows` without zero bytes, and with rows that hold undecodable or overlong values rejected."""
    table, notes, rejects = rows.table, list(rows.notes), list(rows.rejects)
    bad = np.zeros(len(table), bool)
    undecodable = np.zeros(len(table), bool)
    where: dict[int, str] = {}
    zeroed = 0
    for position, name in enumerate(table.column_names):
        column = table[name]
        if _has_zero_bytes(column):
            zeroed += int(pc.sum(pc.match_substring(column, "\0")).as_py())
            column = pc.replace_substring(column, "\0", "")
            column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
            table = table.set_column(position, name, column)
        lengths = pc.max(pc.binary_length(column)).as_py() or 0
        found = np.zeros(len(table), bool)
        if lengths > VALUE_BYTES_MAX:
            found |= _mask(pc.greater(pc.binary_length(column), VALUE_BYTES_MAX))
        if damaged and _any(pc.match_substring(column, UNDECODABLE)):
            marked = _mask(pc.match_substring(column, UNDECODABLE))
            undecodable |= marked
            found |= marked
        for row in np.flatnonzero(found & ~bad):
            where[int(row)] = name
        bad |= found
    if zeroed:
        notes.append(f"zero bytes were taken out of {zeroed:,} values")
    if bad.any():
        raws = raw_json(table.filter(pa.array(bad)))
        for row, raw in zip(np.flatnonzero(bad), raws, strict=True):
            name = where[int(row)]
            if undecodable[row]:
                reason, detail = (
                    "undecodable",
                    f"column '{name}' holds bytes that are no characters in {rows.encoding}",
                )
            else:
                reason, detail = (
                    "overlong_value",
                    f"column '{name}' holds more than {VALUE_BYTES_MAX:,} bytes",
                )
            rejects.append(Reject(int(rows.numbers[row]), None, reason, detail, raw))
        table = table.filter(pa.array(~bad))
    seen = None if rows.seen is None else rows.seen - int(bad.sum())
    return replace(rows, table=table, numbers=rows.numbers[~bad], rejects=rejects, notes=notes, seen=seen)


def check_width(count: int, source: str) -> None:
    """Raises InputError for no columns at all, or for so many that the file cannot be a list of customers."""
    if count == 0:
        raise InputError(f"{source} has no columns. Give it a header row and at least a key column.")
    if count > COLUMNS_MAX:
        raise InputError(
            f"{source} has {count:,} columns, more than {COLUMNS_MAX:,}. Check its delimiter, or keep "
            "only the columns "
            "that describe customers."
        )


def shown_text(text: str) -> str:
    """`text` as a JSON string for the `raw` of a reject.

    >>> shown_text('a,"b"')
    '"a,\\\\"b\\\\""'
    """
    return json.dumps(_shown(text), ensure_ascii=False)


def together(parts: Sequence[tuple[str, Rows]], notes: list[str]) -> Rows:
    """The rows of several files as one: a column that some lack is null in their rows, and `notes` says so.

    At least one part; each with the file's name. `index` and encodings of all.
    """
    columns = list(dict.fromkeys(name for _, rows in parts for name in rows.table.column_names))
    for column in columns:
        lacking = [name for name, rows in parts if column not in rows.table.column_names]
        if lacking:
            notes.append(
                f"column '{column}' is not in {len(lacking):,} of {len(parts):,} files, such as {lacking[0]}; "
                "it counts as empty there"
            )
    # The same sentence about many files is said once.
    said: dict[str, list[str]] = {}
    for name, rows in parts:
        for note in rows.notes:
            said.setdefault(note, []).append(name)
    for note, names in said.items():
        more = f" and {len(names) - 1:,} other files" if len(names) > 1 else ""
        notes.append(f"{names[0]}{more}: {note}")

    def all_of(values: Sequence[str | None]) -> str | None:
        return ", ".join(dict.fromkeys(value for value in values if value)) or None

    filled: dict[str, int] = {}
    for _, rows in parts:
        for column in rows.table.column_names:
            count = len(rows.table) - rows.table[column].null_count if rows.filled is None else rows.filled[column]
            filled[column] = filled.get(column, 0) + count
    thinned = any(rows.seen is not None for _, rows in parts)
    return Rows(
        pa.concat_tables([rows.table for _, rows in parts], promote_options="default").select(columns),
        np.concatenate([rows.numbers for _, rows in parts]),
        all_of([rows.format for _, rows in parts]) or "",
        [reject._replace(file=name) for name, rows in parts for reject in rows.rejects],
        notes,
        encoding=all_of([rows.encoding for _, rows in parts]),
        delimiter=all_of([rows.delimiter for _, rows in parts]),
        files=tuple(name for name, _ in parts),
        file_of=np.repeat(np.arange(len(parts), dtype=np.int32), [len(rows.table) for _, rows in parts]),
        seen=sum(len(rows.table) if rows.seen is None else rows.seen for _, rows in parts) if thinned else None,
        filled=filled if thinned else None,
    )


def _shown(value: str | None) -> str | None:
    if value is None:
        return None
    if len(value) > VALUE_BYTES_MAX // 4:
        value = value[:_RAW_CHARACTERS_MAX] + "…"
    return value.replace(UNDECODABLE, "�")


def _has_zero_bytes(column: pa.ChunkedArray) -> bool:
    """Whether a value holds one. Bytes are looked at all together first, which is much faster than value by value."""
    texts = [chunk.buffers()[2] for chunk in column.chunks]
    if all(text is None or not text.size or np.frombuffer(text, np.uint8).min() > 0 for text in texts):
        return False
    return _any(pc.match_substring(column, "\0"))


def _any(mask: pa.ChunkedArray) -> bool:
    return bool(pc.any(mask).as_py())


def _mask(values: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(values, False).to_numpy(), dtype=bool)

"""Which row is which record: the key of each row, and rows that claim the same one.

In: text columns. Out: record ids, and for repeated ones which row is kept. What is kept never depends on the
order of rows: the latest change wins, then a row that is not deleted, then the one with more values, then
content itself. Never here: finding out what other columns mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels import contents
from custid.channels.roles import Role, columns_named, columns_named_as

_ID_LIKE = re.compile(r"^(?=.*\d)[A-Za-z0-9][A-Za-z0-9_:/-]{0,63}$")
_INDEX_LIKE = re.compile(r"^(unnamed: ?\d+|index|column_\d+)$", re.IGNORECASE)

_HASHED_BYTES = 64
_PRIME = np.uint64(1_099_511_628_211)

#: Fewer rows prove nothing about a column's being unique.
_ROWS_MIN = 20


@dataclass(frozen=True)
class Key:
    """The columns that make the key, how sure that is (0 … 1), and why."""

    columns: tuple[str, ...]
    confidence: float
    reason: str


@dataclass(frozen=True)
class Repeat:
    """A row (by position) that is not kept, why, and the row kept instead."""

    position: int
    kept: int
    reason: str
    detail: str


def key_by_name(table: pa.Table, channel: str) -> Key | None:
    """The column whose name says it is the key; among several, a unique one, then the best name."""
    columns = [name for name in table.column_names if table[name].null_count < len(table) or not len(table)]
    named = columns_named([f"{channel}_id", f"{channel}id"], columns)
    named += [name for name in columns_named_as("record_id", columns) if name not in named]
    if not named:
        return None
    best = (
        named[0]
        if len(named) == 1
        else min(named, key=lambda name: (not _mostly_unique(table[name]), named.index(name)))
    )
    return Key((best,), 0.95, "its name means the key of a record")


def key_by_contents(table: pa.Table, roles: Sequence[Role]) -> Key | None:
    """The first column meaning nothing else whose values are all there, all different and like codes."""
    if len(table) < _ROWS_MIN:
        return None
    for role in roles:
        if role.confidence > 0 or _INDEX_LIKE.match(role.column):
            continue
        column = table[role.column]
        if column.null_count or not _id_like(column.slice(0, 1_000).to_pylist()):
            continue
        if pc.count_distinct(column).as_py() == len(column):
            return Key(
                (role.column,),
                0.7,
                "each of its values is there, differs from all others and looks like a key",
            )
    return None


def index_is_key(table: pa.Table, index: tuple[str, ...]) -> bool:
    """Whether a frame's named index can be the key: no gaps, no repeats."""
    if not index:
        return False
    ids = record_ids(table, index)
    return bool(ids.null_count == 0 and pc.count_distinct(ids).as_py() == len(ids))


def record_ids(table: pa.Table, columns: Sequence[str]) -> pa.Array:
    """One string per row, null where any part is missing; parts are joined with `|`.

    Spaces around, and the apostrophe that spreadsheets put before a number, are taken off.
    """
    parts = []
    for name in columns:
        part = pc.utf8_trim_whitespace(table[name])
        part = pc.replace_substring_regex(part, r"^'([+\d])", r"\1")
        part = pc.if_else(pc.equal(part, ""), pa.scalar(None, pa.string()), part)
        parts.append(pc.replace_substring(part, "|", r"\|") if len(columns) > 1 else part)
    joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "|", null_handling="emit_null")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def find_repeats(
    table: pa.Table,
    ids: pa.Array,
    updated_at: pa.Array,
    deleted: npt.NDArray[np.bool_],
    numbers: npt.NDArray[np.int64],
    called: Callable[[int], str],
) -> list[Repeat]:
    """The rows not kept, of those that share an id; all arrays are as long as `table`, ids non-null.

    `called`: what to call a row, by position, in the reasons.
    """
    shared = _perhaps_shared(ids)
    encoded = ids.filter(pa.array(shared)).dictionary_encode()
    found = encoded.indices.to_numpy(zero_copy_only=False)
    shared[shared] = np.bincount(found)[found] > 1 if len(found) else False
    positions = np.flatnonzero(shared)
    if not len(positions):
        return []
    mask = pa.array(shared)
    codes = np.zeros(len(ids), np.int64)
    codes[positions] = ids.filter(mask).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    rows = table.filter(mask)
    columns = [rows[name] for name in sorted(rows.column_names)]
    content = pc.binary_join_element_wise(*columns, "\x1f", null_handling="replace", null_replacement="\x00")
    filled = np.sum([pc.is_valid(column).to_numpy() for column in columns], axis=0)
    order = pc.sort_indices(
        pa.table(
            {
                "code": codes[positions],
                "updated_at": updated_at.filter(mask),
                "deleted": deleted[positions].astype(np.int8),
                "filled": filled,
                "content": content,
                "number": numbers[positions],
            }
        ),
        sort_keys=[
            ("code", "ascending"),
            ("updated_at", "descending"),
            ("deleted", "ascending"),
            ("filled", "descending"),
            ("content", "descending"),
            ("number", "ascending"),
        ],
    ).to_numpy()
    stamps = updated_at.filter(mask).to_pylist()
    texts = content.to_pylist()
    repeats = []
    kept = previous = -1
    for row in order.tolist():
        if kept < 0 or codes[positions[row]] != codes[positions[kept]]:
            kept = previous = row
            continue
        same = texts[row] == texts[previous]
        if same:
            reason, detail = (
                "duplicate_row",
                f"{called(positions[previous])} is the same in every column and was taken",
            )
            if previous != kept:
                detail = (
                    f"{called(positions[previous])} is the same in every column; {called(positions[kept])} was kept"
                )
        else:
            reason = "duplicate_record_id"
            if stamps[kept] != stamps[row]:
                why = "it was changed later"
            elif deleted[positions[kept]] != deleted[positions[row]]:
                why = "it is not deleted"
            elif filled[kept] != filled[row]:
                why = "it has more values, and nothing says which is newer"
            else:
                why = "nothing says which is newer"
            detail = f"{called(positions[kept])} has the same record_id and was kept: {why}"
            previous = row
        repeats.append(Repeat(int(positions[row]), int(positions[kept]), reason, detail))
    return repeats


def _perhaps_shared(ids: pa.Array) -> npt.NDArray[np.bool_]:
    """Which ids another row may have: all that one has, and hardly any other.

    By a hash of their first bytes, for a dictionary of all ids takes several times their own room.
    """
    if not pc.any(pc.greater(pc.binary_length(ids), 0)).as_py():
        return np.ones(len(ids), bool)
    starts = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset : ids.offset + len(ids) + 1]
    data = np.frombuffer(ids.buffers()[2], np.uint8)
    lengths = np.diff(starts)
    hashes = lengths.astype(np.uint64)
    for place in range(min(int(lengths.max()), _HASHED_BYTES)):
        byte = data[np.minimum(starts[:-1] + place, len(data) - 1)]
        hashes = hashes * _PRIME + np.where(lengths > place, byte, 0)
    ordered = np.sort(hashes)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return np.isin(hashes, repeated) if len(repeated) else np.zeros(len(ids), bool)


def _mostly_unique(column: pa.ChunkedArray) -> bool:
    return pc.count_distinct(column).as_py() >= 0.9 * len(column) if len(column) else True


def _id_like(values: list[str]) -> bool:
    fits = contents.share_of(lambda text: bool(_ID_LIKE.match(text)) and contents.day_of(text) is None, values)
    return fits >= 0.98 and not all(contents.is_phone(text) for text in values)

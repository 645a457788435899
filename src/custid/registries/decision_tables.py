"""Stewards' decisions as tables and files: what was decided elsewhere, or in a registry that is gone, said here again.

In: rows with left_channel, left_record_id, right_channel, right_record_id, verdict; and where known reason, actor,
decided_at, act. Out: decisions entered, each with the who and when of its row; a `Loaded`.
Never here: guessing. A row that cannot be used is named with its reason, and nothing of the table lands, unless the
rest was asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import InputError, UsageError
from custid.registries import deciding
from custid.registries.session import Session

Flags = npt.NDArray[np.bool_]

#: What a table of decisions looks like, loaded or saved. From `reason` on, a column may be missing and a value null.
DECISION_ROWS = pa.schema(
    [
        pa.field("left_channel", pa.string(), nullable=False),
        pa.field("left_record_id", pa.string(), nullable=False),
        pa.field("right_channel", pa.string(), nullable=False),
        pa.field("right_record_id", pa.string(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("actor", pa.string()),
        pa.field("decided_at", schemas.INSTANT),
        pa.field("act", pa.int64()),
    ]
)
NEEDED = [field.name for field in DECISION_ROWS if not field.nullable]

UNUSABLE = pa.schema([pa.field("row", pa.int64(), nullable=False), pa.field("reason", pa.string(), nullable=False)])

#: How many unusable rows a message names.
_NAMED_MAX = 5


@dataclass(frozen=True)
class Loaded:
    """`added`: decisions entered; `known`: rows that say what was said before; `unusable`: UNUSABLE, rows counted from
    1, left out."""

    added: int
    known: int
    unusable: pa.Table = field(repr=False)


def read(source: Any) -> tuple[pa.Table, str]:
    """A table of decisions as text columns, and what to call it.

    `source`: the path of a CSV (UTF-8) or Parquet file, or any table with the Arrow PyCapsule interface.
    Raises InputError when it cannot be read or lacks a column, UsageError when it is neither.
    """
    if isinstance(source, str | os.PathLike):
        name = str(source)
        table = _file(Path(source).expanduser())
    elif hasattr(source, "__arrow_c_stream__") or hasattr(source, "columns"):
        name, table = "the table", pa.table(source)
    else:
        raise UsageError(f"decisions are loaded from a path or a table; not from {type(source).__name__}.")
    if missing := [column for column in NEEDED if column not in table.column_names]:
        has = ", ".join(table.column_names) or "none"
        raise InputError(
            f"{name} has no column {missing[0]!r} (it has: {has}). A table of decisions needs {', '.join(NEEDED)}; "
            "reason, actor, decided_at and act may be there."
        )
    return table, name


def load(session: Session, source: tuple[pa.Table, str], *, actor: str, skip_bad: bool) -> Loaded:
    """Enter what `read` gave. See `Registry.load_decisions`."""
    table, name = source
    text = {column: _text(table, column) for column in DECISION_ROWS.names}
    unusable = np.full(len(table), None, object)

    def refuse(rows: Flags, why: Callable[[int], str]) -> None:
        for row in np.flatnonzero(rows & (unusable == None)):  # noqa: E711
            unusable[row] = why(int(row))

    for column in NEEDED:
        refuse(_flags(text[column].is_null()), lambda row, column=column: f"{column} is empty")  # type: ignore[misc]
    verdict = pc.utf8_lower(pc.utf8_trim_whitespace(text["verdict"]))
    refuse(
        ~_flags(pc.is_in(verdict, value_set=pa.array(deciding.VERDICTS))),
        lambda row: f"verdict {text['verdict'][row].as_py()!r} is none of {', '.join(deciding.VERDICTS)}",
    )
    decided_at, unread = _instants(table, text["decided_at"])
    refuse(
        unread, lambda row: f"decided_at {text['decided_at'][row].as_py()!r} is no time; write 2026-03-01T18:00+08:00"
    )
    keys = {}
    for side in ("left", "right"):
        channel, record_id = text[f"{side}_channel"], text[f"{side}_record_id"]
        keys[side] = deciding.find(session, channel, record_id)["record_key"]
        refuse(
            _flags(keys[side].is_null()),
            lambda row, a=channel, b=record_id: f"channel {a[row].as_py()!r} has no record {b[row].as_py()!r}",  # type: ignore[misc]
        )
    left, right = (keys[side].fill_null(-1).to_numpy() for side in ("left", "right"))
    refuse(
        left == right,
        lambda row: f"both records are {text['left_channel'][row].as_py()}:{text['left_record_id'][row].as_py()}",
    )

    rows = np.flatnonzero(unusable == None)  # noqa: E711
    chosen = pa.array(rows)
    said = pa.table(
        {
            "left_key": np.minimum(left, right)[rows],
            "right_key": np.maximum(left, right)[rows],
            "verdict": verdict.take(chosen),
            "actor": text["actor"].take(chosen).fill_null(actor),
            "reason": text["reason"].take(chosen),
            "decided_at": decided_at.take(chosen),
            "act": text["act"].take(chosen).dictionary_encode().indices.cast(pa.int64()),
        }
    )
    before = deciding.standing(session)
    new = _news(said, before, deciding.decisions(session))
    known = int((~new).sum())
    said = said.filter(pa.array(new))
    said = schemas.conform(
        said.set_column(5, "decided_at", said["decided_at"].fill_null(pa.scalar(datetime.now(UTC), schemas.INSTANT))),
        deciding.SAID,
    )
    rows = rows[new]
    against = deciding.refusals(before, said)
    names = deciding.Names(session, before, said, against, lambda place: f"row {rows[place] + 1}")
    for place, why in against:
        unusable[rows[place]] = f"{names.pair(len(before) + place)}, which contradicts {names.all(why)}"
    fits = np.ones(len(said), bool)
    fits[[place for place, _ in against]] = False

    bad = np.flatnonzero(unusable != None)  # noqa: E711
    if len(bad) and not skip_bad:
        raise InputError(_message(name, bad, unusable))
    said = said.filter(pa.array(fits))
    if len(said):
        deciding.enter(session, said, before)
    return Loaded(len(said), known, pa.table([bad + 1, list(unusable[bad])], schema=UNUSABLE))


def save(decisions: pa.Table) -> pa.Table:
    """DECISION_ROWS of what `Registry.decisions` gives: the standing ones, ready to be loaded again."""
    return schemas.conform(decisions.filter(pc.is_null(decisions["revoked_at"])), DECISION_ROWS)


def _news(said: pa.Table, before: pa.Table, ever: pa.Table) -> Flags:
    """Which rows say something new.

    A row of its own is old when its word stands already, or stood and was taken back. A row of an act is old only when
    that very word is there, by the same steward at the same time: acts may overlap, and each must stand by itself.
    """
    of_act = _flags(said["act"].is_valid())
    words = deciding.word(said)
    exactly, ever_exactly = (_exact(rows) for rows in (said, ever))
    old = _flags(pc.is_in(exactly, value_set=ever_exactly)) & _flags(said["decided_at"].is_valid())
    old |= ~of_act & _flags(pc.is_in(words, value_set=deciding.word(before)))
    once = pc.binary_join_element_wise(words, said["act"].cast(pa.string()).fill_null(""), " ").to_numpy(
        zero_copy_only=False
    )
    first = np.zeros(len(said), bool)
    first[np.unique(once.astype(str), return_index=True)[1]] = True
    return first & ~old


def _exact(rows: pa.Table) -> pa.ChunkedArray:
    at = rows["decided_at"].cast(pa.int64()).cast(pa.string()).fill_null("")
    return pc.binary_join_element_wise(deciding.word(rows), at, rows["actor"], " ")


def _file(path: Path) -> pa.Table:
    if not path.is_file():
        raise InputError(f"there is no file {path}.")
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            import pyarrow.parquet as pq

            return pq.read_table(path)
        if suffix == ".csv":
            import pyarrow.csv

            with path.open("rb") as file:
                return pyarrow.csv.read_csv(
                    file,
                    parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
                    convert_options=pyarrow.csv.ConvertOptions(
                        column_types={name: pa.string() for name in DECISION_ROWS.names},
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=True,
                        null_values=[""],
                    ),
                )
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    raise InputError(f"{path} should end in .parquet or .csv, so that its format is known.")


def _text(table: pa.Table, column: str) -> pa.Array:
    """A column as text; what is empty is null."""
    if column not in table.column_names:
        return pa.nulls(len(table), pa.string())
    values = table[column].cast(pa.string()).combine_chunks()
    return pc.if_else(pc.equal(values, ""), None, values)


def _instants(table: pa.Table, text: pa.Array) -> tuple[pa.Array, Flags]:
    """decided_at, null where it is not said; and where it cannot be read. A time without a zone is UTC."""
    if "decided_at" in table.column_names and pa.types.is_timestamp(table.schema.field("decided_at").type):
        given = table["decided_at"].combine_chunks()
        zoned = given if given.type.tz else pc.assume_timezone(given, "UTC")
        return zoned.cast(schemas.INSTANT, safe=False), np.zeros(len(table), bool)
    distinct = text.dictionary_encode()
    read = [_instant(value) for value in distinct.dictionary.to_pylist()]
    found = pa.array(read, schemas.INSTANT).take(distinct.indices)
    return found, _flags(pc.and_(found.is_null(), text.is_valid()))


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _flags(mask: Any) -> Flags:
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), bool)


def _message(name: str, bad: npt.NDArray[np.int64], unusable: npt.NDArray[np.object_]) -> str:
    """
    >>> _message("d.csv", np.array([2]), np.array([None, None, "verdict is empty"]))
    'd.csv: row 3: verdict is empty. Nothing was loaded. Mend it, or leave out what cannot be used (--skip-bad).'
    """
    lines = [f"row {row + 1}: {unusable[row]}" for row in bad[:_NAMED_MAX].tolist()]
    if len(bad) > _NAMED_MAX:
        lines.append(f"and {len(bad) - _NAMED_MAX:,} more")
    said = lines[0] if len(lines) == 1 else "\n  " + ";\n  ".join(lines)
    return f"{name}: {said}. Nothing was loaded. Mend it, or leave out what cannot be used (--skip-bad)."

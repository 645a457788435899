"""One channel, read: its records, the rows it could not give, and what its columns were taken for.

In: a `Channel`. Out: `Reading`. Each input row is a record, a deletion or a reject with its reason, and the
counts add up (I10). Values are text as the source wrote them. Which row is kept among repeats never depends
on their order (I3). Never here: making values comparable, or anything about earlier runs.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels import keys
from custid.channels.contents import word_list
from custid.channels.conventions import Judged, judge, said_by
from custid.channels.facts import SAME, as_decisions, find_same
from custid.channels.instants import read_instants
from custid.channels.presets import Preset, load_preset
from custid.channels.roles import (
    RESERVED,
    Role,
    columns_named,
    columns_named_as,
    compact,
    field_named,
    find_roles,
    near_field,
)
from custid.channels.rows import Reject, Rows, raw_json, rejects_table
from custid.channels.sources import read_source
from custid.channels.spec import Channel
from custid.errors import InputError, UsageError
from custid.schemas import INSTANT, RECORDS
from custid.standardize.fields import FIELDS, base_of

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """A `Progress` that says nothing."""


@dataclass(frozen=True)
class Look:
    """What a source was found to be, without its rows: for showing and for writing a configuration.

    `columns`: as the source names them. `record_id`: the key's columns; empty when no key was found. `roles`:
    what each column was taken for, the key among them. `sample`: up to 20 rows of text. `judged`: what the columns
    show of how values are written.
    """

    channel: str
    source: str
    format: str
    encoding: str | None
    delimiter: str | None
    columns: list[str]
    record_id: tuple[str, ...]
    updated_at: str | None
    deleted: str | None
    roles: list[Role]
    notes: list[str]
    rows_read: int
    sample: pa.Table = field(repr=False)
    judged: Judged = field(default_factory=Judged)


@dataclass(frozen=True)
class Reading:
    """What one channel gave in one run.

    `records`: RECORDS + fields, one row per record_id, in the source's order. `deleted`: record ids a delta
    says are gone. `rejects`: REJECTS, by row. rows_read == len(records) + len(deleted) + len(rejects),
    always.
    `notes`: what a person should know, one sentence each. `encoding`, `delimiter`: as found; None where there
    is none. `same`: SAME, what the source itself says of its records being the same. `judged`: what its columns show of
    how values are written, where the channel does not say it.
    """

    channel: str
    source: str
    records: pa.Table = field(repr=False)
    deleted: pa.Array = field(repr=False)
    rejects: pa.Table = field(repr=False)
    rows_read: int
    roles: list[Role] = field(repr=False)
    notes: list[str]
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    preset: str | None = None
    same: pa.Table = field(default_factory=SAME.empty_table, repr=False)
    judged: Judged = field(default_factory=Judged)


@dataclass(frozen=True)
class Survey:
    """What a source holds, for somebody who wants to know it rather than its records.

    `reading`: what `read` would make of the rows that were looked at. `table`: those that could be read, as text,
    columns as the source names them. `rows`: how many the source has, rejected ones among them; `sampled`: more than
    were looked at. `filled`: column → how many of all readable rows have something in it.
    """

    look: Look
    reading: Reading
    table: pa.Table = field(repr=False)
    rows: int
    sampled: bool
    filled: dict[str, int] = field(repr=False)


@dataclass(frozen=True)
class _Plan:
    preset: Preset | None
    key: keys.Key | None
    updated_at: str | None
    deleted: str | None
    roles: list[Role]
    notes: list[str]


def read(channel: Channel, *, progress: Progress = silent) -> Reading:
    """All rows of the channel.

    Raises UsageError when the `Channel` asks for what is not there (a column, a preset, an encoding),
    InputError when the source cannot be taken as it is (missing, empty, damaged, without a key).
    """
    _check(channel)
    rows = read_source(channel, progress)
    plan = _plan(channel, rows)
    if plan.key is None and rows.format != "frame":
        raise InputError(
            f"channel '{channel.name}' has no column that is surely its key (it has: "
            f"{_listed(rows.table.column_names)}). "
            "Name its key with Channel(..., record_id=...)."
        )
    return _reading(channel, rows, plan)


def decisions_of(readings: Iterable[Reading]) -> tuple[pa.Table, list[str]]:
    """What the sources of a run say themselves of records being the same, as `Registry.load_decisions` takes it, and
    notes on what of it could not be used. See `facts.as_decisions`.
    """
    return as_decisions([(reading.channel, reading.preset, reading.same) for reading in readings])


def look(channel: Channel) -> Look:
    """What the channel's source holds, as `read` would take it; a missing key is no error here."""
    _check(channel)
    rows = read_source(channel, silent)
    return _look(channel, rows, _plan(channel, rows))


def survey(channel: Channel, rows_max: int, *, progress: Progress = silent) -> Survey:
    """The channel's source, or, where it has many more rows, about `rows_max` of them, evenly spread: what is held is
    bounded, however large the source. A missing key is no error here. Raises as `read`."""
    _check(channel)
    rows = read_source(channel, progress, rows_max)
    plan = _plan(channel, rows)
    reading = _reading(channel, rows, plan)
    seen = len(rows.table) if rows.seen is None else rows.seen
    sampled = seen > len(rows.table)
    filled = {name: len(rows.table) - rows.table[name].null_count for name in rows.table.column_names}
    if sampled and rows.filled is not None:
        # A row rejected for what is in it was counted before it was looked at.
        filled = {name: min(rows.filled[name], seen) for name in filled}
    return Survey(
        look=_look(channel, rows, plan),
        reading=reading,
        table=rows.table,
        rows=seen + len(rows.rejects),
        sampled=sampled,
        filled=filled,
    )


def _look(channel: Channel, rows: Rows, plan: _Plan) -> Look:
    return Look(
        channel=channel.name,
        source=channel.source_name,
        format=rows.format,
        encoding=rows.encoding,
        delimiter=rows.delimiter,
        columns=list(rows.table.column_names),
        record_id=plan.key.columns if plan.key else (),
        updated_at=plan.updated_at,
        deleted=plan.deleted,
        roles=plan.roles,
        notes=[*rows.notes, *plan.notes],
        rows_read=len(rows.table) + len(rows.rejects),
        sample=rows.table.slice(0, 20),
        judged=judge(rows.table, plan.roles, said_by(channel)),
    )


# --- what the columns are -----------------------------------------------------------------------------------


def _check(channel: Channel) -> None:
    if not re.fullmatch(r"[a-z0-9_-]+", channel.name):
        raise UsageError(
            f"channel name {channel.name!r} does not fit. Use lower-case letters, digits, '_' and '-' only."
        )
    if channel.kind not in ("upsert", "snapshot", "delta"):
        raise UsageError(f"channel '{channel.name}': there is no kind '{channel.kind}'. Use upsert, snapshot or delta.")
    if channel.deleted is not None and channel.kind != "delta":
        raise UsageError(f"channel '{channel.name}': deleted= is for kind='delta', and this is '{channel.kind}'.")


def _plan(channel: Channel, rows: Rows) -> _Plan:
    """The key, the ruling columns and a role for each column: said by the user or the preset, or found."""
    table, columns = rows.table, rows.table.column_names
    notes: list[str] = []
    preset = load_preset(channel.preset) if channel.preset else None
    named = {_present(column, channel, columns, "columns="): target for column, target in channel.columns.items()}
    said = {target: column for column, target in named.items() if target in ("record_id", "updated_at", "deleted")}
    given = _given(channel, named, preset, columns, notes)

    updated_at = channel.updated_at and _present(channel.updated_at, channel, columns, "updated_at=")
    updated_at = updated_at or said.get("updated_at") or _updated_at(table, preset, given)
    deleted = _deleted(channel, table, preset, said.get("deleted")) if channel.kind == "delta" else None

    key = _key(channel, rows, preset, said.get("record_id"))
    if preset:
        notes.extend(_lacking(preset, columns, {target for target, _ in given.values()}))
    ruling = {column for column in (updated_at, deleted) if column}
    for column in (*ruling, *(key.columns if key else ())):
        # A key that also says something about the customer (a loyalty number, an e-mail) is compared as well.
        field_too = column not in ruling and (column in given or field_named(column))
        if not field_too:
            given[column] = ("", "it rules the record")
    found = find_roles(table, given=given)
    if key is None:
        key = keys.key_by_contents(table, [role for role in found if role.column not in named])
        if key:
            found = [role for role in found if role.column not in key.columns]
    if key is None and rows.format == "frame":
        notes.append(
            "no column is surely the key, so that rows are known by their number: ids will not be the "
            "same across runs "
            "with other rows. Name the key with Channel(..., record_id=...)"
        )
    roles = _with_ruling(found, key, updated_at, deleted, columns)
    notes.extend(
        f"column '{name}' is empty in every row"
        for name in columns
        if len(table) and table[name].null_count == len(table)
    )
    if not len(table) and not rows.rejects:
        notes.append("there are no rows, only column names")
    return _Plan(preset, key, updated_at, deleted, roles, notes)


def _lacking(preset: Preset, columns: list[str], fields: set[str]) -> list[str]:
    """What a file lacks of what its preset expects."""
    if not columns_named([*preset.columns, *preset.record_id], columns):
        return [f"none of its columns is one that preset {preset.name} ({preset.title}) knows: is it the right preset?"]
    lacking = []
    if preset.record_id and not columns_named(preset.record_id, columns):
        lacking.append(f"the key ({' or '.join(preset.record_id)})")
    for expected in preset.expected:
        if expected not in fields:
            named = [name for name, field in preset.columns.items() if field == expected]
            lacking.append(f"{expected} ({' or '.join(named[:3])})")
    return [f"preset {preset.name} expects columns that are not here: {', '.join(lacking)}"] if lacking else []


def _given(
    channel: Channel, named: dict[str, str], preset: Preset | None, columns: list[str], notes: list[str]
) -> dict[str, tuple[str, str]]:
    """Columns whose field the user or the preset says, in that order."""
    given: dict[str, tuple[str, str]] = {}
    for column, target in named.items():
        if target in ("record_id", "updated_at", "deleted"):
            continue
        if target in RESERVED or target.endswith("_from"):
            raise UsageError(
                f"channel '{channel.name}': column '{column}' cannot become '{target}', a name custid "
                "uses itself. "
                f"Choose another, such as 'source_{target.removesuffix('_from')}'."
            )
        if near := near_field(target):
            notes.append(
                f"column '{column}' becomes '{target}', which is not compared; if '{near}' is meant, write that"
            )
        given[column] = (target, "columns= says so")
    for name, target in (preset.columns if preset else {}).items():
        for column in columns_named([name], columns):
            if column not in named:
                given.setdefault(column, (target, f"preset {preset.name} says so"))  # type: ignore[union-attr]
    return given


def _present(column: str, channel: Channel, columns: list[str], where: str) -> str:
    if column in columns:
        return column
    stripped = [name for name in columns if name == column.strip()]
    if stripped:
        return stripped[0]
    alike = [name for name in columns if compact(name) == compact(column)]
    close = alike or difflib.get_close_matches(column, columns, n=1, cutoff=0.6)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise UsageError(
        f"channel '{channel.name}' has no column '{column}', which {where} names (it has: {_listed(columns)}).{hint}"
    )


def _key(channel: Channel, rows: Rows, preset: Preset | None, said: str | None) -> keys.Key | None:
    table, columns = rows.table, rows.table.column_names
    if channel.record_id is not None:
        wanted = (channel.record_id,) if isinstance(channel.record_id, str) else tuple(channel.record_id)
        if not wanted:
            raise UsageError(f"channel '{channel.name}': record_id= names no column. Leave it out to have it found.")
        return keys.Key(
            tuple(_present(name, channel, columns, "record_id=") for name in wanted),
            1.0,
            "record_id= says so",
        )
    if said:
        return keys.Key((said,), 1.0, "columns= says so")
    if preset and (present := columns_named(preset.record_id, columns)):
        return keys.Key((present[0],), 1.0, f"preset {preset.name} says so")
    if keys.index_is_key(table, rows.index):
        return keys.Key(rows.index, 0.95, "it is the frame's index, without gaps or repeats")
    return keys.key_by_name(table, channel.name)


def _updated_at(table: pa.Table, preset: Preset | None, given: dict[str, tuple[str, str]]) -> str | None:
    if preset and (present := columns_named(preset.updated_at, table.column_names)):
        return present[0]
    for column in columns_named_as("updated_at", table.column_names):
        sample = table[column].slice(0, 1_000)
        filled = len(sample) - sample.null_count
        if column not in given and filled and read_instants(sample)[1] <= filled / 2:
            return column
    return None


def _deleted(channel: Channel, table: pa.Table, preset: Preset | None, said: str | None) -> str:
    if channel.deleted is not None:
        return _present(channel.deleted, channel, table.column_names, "deleted=")
    found = columns_named(preset.deleted, table.column_names) if preset else []
    found = [said] if said else found or columns_named_as("deleted", table.column_names)
    if not found:
        raise UsageError(
            f"channel '{channel.name}' is a delta, but no column says which rows are deleted (it has: "
            f"{_listed(table.column_names)}). Name it with Channel(..., deleted=...), or use kind='upsert'."
        )
    return found[0]


def _with_ruling(
    found: list[Role], key: keys.Key | None, updated_at: str | None, deleted: str | None, columns: list[str]
) -> list[Role]:
    """`found`, with the key and the other ruling columns named as what they are, in the source's order."""
    ruling: list[Role] = []
    if key:
        ruling.extend(Role(column, "record_id", key.confidence, key.reason) for column in key.columns)
    if updated_at:
        ruling.append(Role(updated_at, "updated_at", 0.95, "it says when a row last changed"))
    if deleted:
        ruling.append(Role(deleted, "deleted", 0.95, "it says which rows are gone"))
    ruled = {role.column for role in ruling}
    kept = [role for role in found if role.field or role.column not in ruled]
    order = {column: position for position, column in enumerate(columns)}
    return sorted([*ruling, *kept], key=lambda role: order[role.column])


# --- the rows -----------------------------------------------------------------------------------------------


def _reading(channel: Channel, rows: Rows, plan: _Plan) -> Reading:
    table, numbers = rows.table, rows.numbers
    rejects, notes = list(rows.rejects), [*rows.notes, *plan.notes]
    ids = keys.record_ids(table, plan.key.columns) if plan.key else pa.array(numbers).cast(pa.string())
    instants = pa.nulls(len(table), INSTANT)
    if plan.updated_at:
        instants, unread = read_instants(table[plan.updated_at])
        if unread:
            notes.append(
                f"{unread:,} values of '{plan.updated_at}' are no dates that can be read; they count as unknown"
            )
    gone, unclear = _flags(table, plan.deleted)
    if plan.preset and channel.kind != "delta":
        notes += _marked(table, columns_named(plan.preset.deleted, table.column_names))

    drop = np.zeros(len(table), bool)
    unnamed = ids.is_null().to_numpy(zero_copy_only=False)
    key_name = " + ".join(plan.key.columns) if plan.key else ""
    rejects += _rejected(rows, ids, unnamed, "missing_record_id", f"its key '{key_name}' is empty")
    rejects += _rejected(
        rows,
        ids,
        unclear & ~unnamed,
        "unclear_deletion_flag",
        f"'{plan.deleted}' says neither yes nor no",
    )
    drop |= unnamed | unclear
    left = np.flatnonzero(~drop)
    repeats = keys.find_repeats(
        _kept(table, ~drop),
        _kept(ids, ~drop),
        _kept(instants, ~drop),
        gone[left],
        numbers[left],
        lambda row: rows.called(int(left[row])),
    )
    if repeats:
        repeated = np.zeros(len(table), bool)
        repeated[left[[repeat.position for repeat in repeats]]] = True
        raws = dict(zip(np.flatnonzero(repeated).tolist(), raw_json(table.filter(pa.array(repeated))), strict=True))
        for repeat in repeats:
            row = int(left[repeat.position])
            rejects.append(
                Reject(int(numbers[row]), ids[row].as_py(), repeat.reason, repeat.detail, raws[row], rows.file(row))
            )
        drop |= repeated

    live = ~drop & ~gone
    records = _records(channel, _kept(table, live), _kept(ids, live), _kept(instants, live), plan.roles)
    reading = Reading(
        channel=channel.name,
        source=channel.source_name,
        records=records,
        deleted=ids.filter(pa.array(~drop & gone)),
        rejects=rejects_table(rejects, channel.name, channel.source_name),
        rows_read=len(rows.table) + len(rows.rejects),
        roles=plan.roles,
        notes=[*notes, *_counted(rejects)],
        format=rows.format,
        encoding=rows.encoding,
        delimiter=rows.delimiter,
        preset=plan.preset.name if plan.preset else None,
        same=find_same(table, ids, plan.preset),
        judged=judge(table, plan.roles, said_by(channel)),
    )
    assert reading.rows_read == len(reading.records) + len(reading.deleted) + len(reading.rejects)
    return reading


def _kept(rows: Any, mask: npt.NDArray[np.bool_]) -> Any:
    """The rows of a table or an array where `mask` is true; most often all of them, which copies nothing."""
    return rows if mask.all() else rows.filter(pa.array(mask))


def _records(channel: Channel, table: pa.Table, ids: pa.Array, instants: pa.Array, roles: list[Role]) -> pa.Table:
    fields = {
        role.field: table[role.column]
        for role in roles
        if role.field and role.field not in ("record_id", "updated_at", "deleted")
    }
    # Known fields first, in the order of FIELDS: the same in every batch, whatever the order of the columns.
    known = list(FIELDS)
    order = sorted(
        fields, key=lambda name: (known.index(base_of(name)) if base_of(name) in known else len(known), name)
    )
    schema = pa.schema([*RECORDS, *(pa.field(name, pa.string()) for name in order)])
    names = pa.repeat(pa.scalar(channel.name), len(table))
    return pa.Table.from_arrays([names, ids, instants, *(fields[name] for name in order)], schema=schema)


def _flags(table: pa.Table, column: str | None) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Per row: is it deleted, and can that not be told."""
    if column is None:
        return np.zeros(len(table), bool), np.zeros(len(table), bool)
    encoded = table[column].combine_chunks().dictionary_encode()
    words = [value.strip().lower() for value in encoded.dictionary.to_pylist()]
    yes, no = word_list("deleted"), word_list("not_deleted")
    true = np.array([word in yes for word in words] + [False])
    clear = np.array([word in yes or word in no or not word for word in words] + [True])
    codes = pc.fill_null(encoded.indices, len(words)).to_numpy(zero_copy_only=False)
    return true[codes], ~clear[codes]


def _marked(table: pa.Table, columns: list[str]) -> list[str]:
    """Notes on rows that are marked as deleted where nobody looks."""
    marked = {column: int(_flags(table, column)[0].sum()) for column in columns}
    return [
        f"{count:,} rows are marked as deleted in '{column}' and were taken all the same; kind='delta' retires them"
        for column, count in marked.items()
        if count
    ]


def _rejected(rows: Rows, ids: pa.Array, which: npt.NDArray[np.bool_], reason: str, detail: str) -> Iterable[Reject]:
    places = np.flatnonzero(which).tolist()
    raws = raw_json(rows.table.filter(pa.array(which))) if places else []
    return [
        Reject(int(rows.numbers[place]), ids[place].as_py(), reason, detail, raw, rows.file(place))
        for place, raw in zip(places, raws, strict=True)
    ]


def _counted(rejects: list[Reject]) -> list[str]:
    counts = Counter(reject.reason for reject in rejects)
    return [f"{count:,} row{'s' if count > 1 else ''} rejected: {reason}" for reason, count in sorted(counts.items())]


def _listed(names: list[str], most: int = 30) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")

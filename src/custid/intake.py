"""What the rows just read mean for the records already known.

In: a registry's state, channels and what was read from them. Out: all records as they are now, and those touched.
Never here: reading files, identity.

A row replaces its record's values; a column that a channel's file no longer has keeps the values it had, so that an
export with a column missing does not tear customers apart. A row older than the stored record (by `updated_at`) is
stale and changes nothing: batches may arrive in any order (I3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.channels import Channel, Reading
from custid.errors import MassRetirement
from custid.registries.base import State

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Intake:
    """`all`: STORED_RECORDS + fields after this run, as far as the records before were given; `live`: those that are
    live; `touched`: those to write. `live_more`: by how many there are more live ones than before. `counts`: per
    channel new, changed, unchanged, stale, gone."""

    all: pa.Table
    live: pa.Table
    touched: pa.Table
    live_more: int
    counts: dict[str, dict[str, int]]

    @property
    def arrived(self) -> pa.Table:
        """The touched records that are live."""
        return self.touched.filter(self.touched["live"])

    def among(self, records: pa.Table) -> Intake:
        """The same, with all the records there were before."""
        before = pc.invert(pc.is_in(records["record_key"], value_set=self.touched["record_key"].combine_chunks()))
        fields = schemas.fields_of(self.all, schemas.STORED_RECORDS)
        fields += [name for name in schemas.fields_of(records, schemas.STORED_RECORDS) if name not in fields]
        parts = [_with_fields(table, fields) for table in (records.filter(before), self.touched)]
        everything = _sorted_by(_together(parts), "record_key")
        live = _rows_where(everything, everything["live"].to_numpy(zero_copy_only=False))
        return replace(self, all=everything, live=live)


def take_in(state: State, channels: Sequence[Channel], readings: Sequence[Reading]) -> Intake:
    """Bring the readings into the records. Raises MassRetirement."""
    run_id = state.run_id + 1
    fields = list(
        dict.fromkeys(
            name
            for table, schema in [(state.records, schemas.STORED_RECORDS)]
            + [(reading.records, schemas.RECORDS) for reading in readings]
            for name in schemas.fields_of(table, schema)
        )
    )
    stored = _with_fields(state.records, fields)
    stored_names = _names(stored)
    was_live = stored["live"].to_numpy(zero_copy_only=False)
    changed_parts: list[pa.Table] = []
    new_parts: dict[str, pa.Table] = {}
    gone = np.zeros(len(stored), bool)
    replaced = np.zeros(len(stored), bool)
    counts: dict[str, dict[str, int]] = {}
    for channel, reading in zip(channels, readings, strict=True):
        incoming = reading.records
        at = _positions(_names(incoming), stored_names) if len(stored) else np.full(len(incoming), -1)
        rows = np.flatnonzero(at >= 0)
        before = at[rows]
        stale, differs = _compared(incoming, rows, stored, before, fields)
        stale &= was_live[before]
        differs |= ~was_live[before]
        changed = differs & ~stale
        if changed.any():
            changed_parts.append(_changed(incoming, rows[changed], stored, before[changed], fields, run_id))
            replaced[before[changed]] = True
        new_parts[channel.name] = _sorted_by(_with_fields(_rows_where(incoming, at < 0), fields), "record_id")
        leaving = _leaving(channel, reading, stored, stored_names, at)
        leaving &= was_live
        gone |= leaving
        counts[channel.name] = {
            "new": len(incoming) - len(rows),
            "changed": int(changed.sum()),
            "unchanged": int((~differs).sum()),
            "stale": int((differs & stale).sum()),
            "gone": int(leaving.sum()),
        }
    # A new record's key follows the order of (channel, record_id), whatever the order of channels and rows.
    in_order = [new_parts[name] for name in sorted(new_parts)]
    fresh = _together([_with_fields(schemas.empty(schemas.RECORDS), fields), *in_order])
    keys = pa.array(np.arange(len(fresh)) + state.next_record_key, pa.int64())
    fresh = _stored(fresh, keys, pa.array(np.full(len(fresh), run_id), pa.int64()), run_id)
    left = _marked_gone(_rows_where(stored, gone), run_id)
    touched = _together([*changed_parts, fresh, left])
    untouched = _rows_where(stored, ~(gone | replaced))
    everything = _sorted_by(_together([untouched, touched]), "record_key")
    live = _rows_where(everything, everything["live"].to_numpy(zero_copy_only=False))
    return Intake(everything, live, touched, len(live) - int(was_live.sum()), counts)


def _compared(incoming: pa.Table, rows: Rows, stored: pa.Table, before: Rows, fields: list[str]) -> tuple[Mask, Mask]:
    """Where rows of `incoming` are older than their stored records, and where they differ in a column they have."""
    if not len(rows):
        return np.zeros(0, bool), np.zeros(0, bool)
    new_rows, old_rows = pa.array(rows), pa.array(before)
    old_at = stored["updated_at"].take(old_rows)
    new_at = incoming["updated_at"].take(new_rows)
    differs = _differs(new_at, old_at)
    for name in fields:
        if name in incoming.column_names:
            differs |= _differs(incoming[name].take(new_rows), stored[name].take(old_rows))
    return _older(new_at, old_at), differs


def _changed(
    incoming: pa.Table, rows: Rows, stored: pa.Table, before: Rows, fields: list[str], run_id: int
) -> pa.Table:
    """Stored records with the values that rows of `incoming` bring; a column they lack keeps what it had."""
    old = stored.take(pa.array(before))
    new = _with_fields(incoming.take(pa.array(rows)), fields)
    for name in set(fields) - set(incoming.column_names):
        new = new.set_column(new.column_names.index(name), name, old[name])
    return _stored(new, old["record_key"], old["first_run"], run_id)


def _together(tables: list[pa.Table]) -> pa.Table:
    """The tables one below the other; those without rows, which would only break columns into pieces, left out."""
    filled = [table for table in tables if len(table)]
    return pa.concat_tables(filled) if filled else tables[0]


def _rows_where(table: pa.Table, mask: Mask) -> pa.Table:
    """The rows where `mask` is true; when all are, nothing is copied."""
    return table if mask.all() else table.filter(pa.array(mask))


def _sorted_by(table: pa.Table, column: str) -> pa.Table:
    """`table` by one column that repeats no value; when it is in order already, nothing is copied."""
    values = table[column]
    if len(values) < 2 or pc.all(pc.less(values.slice(0, len(values) - 1), values.slice(1))).as_py():
        return table
    return table.take(pc.sort_indices(values))


def _names(table: pa.Table) -> pa.Array:
    """Channel and record id as one string; no channel name holds a colon."""
    joined = pc.binary_join_element_wise(table["channel"], table["record_id"], ":")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def _positions(names: pa.Array, among: pa.Array) -> npt.NDArray[np.int64]:
    found = pc.index_in(names, value_set=among).fill_null(-1)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)


def _with_fields(table: pa.Table, fields: list[str]) -> pa.Table:
    for name in fields:
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(table), pa.string()))
    head = [name for name in table.column_names if name not in fields]
    return table.select([*head, *fields])


def _differs(new: pa.ChunkedArray, old: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    same = pc.equal(new, old).fill_null(False)
    both_null = pc.and_(new.is_null(), old.is_null())
    return ~np.asarray(pc.or_(same, both_null).to_numpy(zero_copy_only=False), bool)


def _older(new: pa.ChunkedArray, old: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.less(new, old).fill_null(False).to_numpy(zero_copy_only=False), bool)


def _stored(table: pa.Table, keys: pa.Array, first_run: pa.Array, run_id: int) -> pa.Table:
    fields = schemas.fields_of(table, schemas.RECORDS)
    runs = pa.array(np.full(len(table), run_id), pa.int64())
    head = schemas.conform(
        pa.table(
            {
                "record_key": keys,
                **{name: table[name] for name in schemas.RECORDS.names},
                "live": pa.array(np.ones(len(table), bool)),
                "first_run": first_run,
                "last_run": runs,
            }
        ),
        schemas.STORED_RECORDS,
    )
    for name in fields:
        head = head.append_column(name, table[name])
    return head


def _marked_gone(table: pa.Table, run_id: int) -> pa.Table:
    for name, value in (("live", np.zeros(len(table), bool)), ("last_run", np.full(len(table), run_id))):
        at = table.column_names.index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(value))
    return table


def _leaving(
    channel: Channel, reading: Reading, stored: pa.Table, names: pa.Array, at: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Stored records that this reading says are gone. A row that was rejected still shows that its record exists."""
    out = np.zeros(len(stored), bool)
    own = np.asarray(pc.equal(stored["channel"], channel.name).to_numpy(zero_copy_only=False), bool)
    if channel.kind == "delta":
        gone = pc.binary_join_element_wise(pa.scalar(channel.name), reading.deleted, ":")
        found = _positions(gone, names)
        out[found[found >= 0]] = True
    elif channel.kind == "snapshot":
        out = own.copy()
        out[at[at >= 0]] = False
        rejected = reading.rejects["record_id"].drop_null()
        found = _positions(pc.binary_join_element_wise(pa.scalar(channel.name), rejected, ":").combine_chunks(), names)
        out[found[found >= 0]] = False
        live = own & stored["live"].to_numpy(zero_copy_only=False)
        leaving = int((out & live).sum())
        if leaving > channel.retire_share_max * max(1, int(live.sum())) and leaving > 1:
            raise MassRetirement(
                f"channel {channel.name!r} ({channel.source_name}) is a snapshot that lacks {leaving} of the "
                f"{int(live.sum())} records known so far, more than its limit of {channel.retire_share_max:.0%}. "
                "Nothing was written. If the file is right, raise retire_share_max for this run; if it holds only "
                "a part, declare the channel as kind='upsert'."
            )
    return out

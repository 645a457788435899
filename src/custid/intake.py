"""What the rows just read mean for the records already known.

In: a registry's state, channels and what was read from them. Out: all records as they are now, and those touched.
Never here: reading files, identity.

A row replaces its record's values; a column that a channel's file no longer has keeps the values it had, so that an
export with a column missing does not tear customers apart. A row older than the stored record (by `updated_at`) is
stale and changes nothing: batches may arrive in any order (I3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.channels import Channel, Reading
from custid.errors import MassRetirement
from custid.registries.base import State


@dataclass(frozen=True)
class Intake:
    """`all`: STORED_RECORDS + fields after this run; `live`: those that are live; `touched`: those to write.
    `counts`: per channel new, changed, unchanged, stale, gone."""

    all: pa.Table
    live: pa.Table
    touched: pa.Table
    counts: dict[str, dict[str, int]]


def take_in(state: State, channels: Sequence[Channel], readings: Sequence[Reading]) -> Intake:
    """Bring the readings into the records. Raises MassRetirement."""
    run_id = state.run_id + 1
    stored = state.records
    fields = list(
        dict.fromkeys(
            name
            for table, schema in [(stored, schemas.STORED_RECORDS)]
            + [(reading.records, schemas.RECORDS) for reading in readings]
            for name in schemas.fields_of(table, schema)
        )
    )
    stored = _with_fields(stored, fields)
    stored_names = _names(stored)
    changed_parts: list[pa.Table] = []
    new_parts: list[pa.Table] = []
    gone = np.zeros(len(stored), bool)
    replaced = np.zeros(len(stored), bool)
    counts: dict[str, dict[str, int]] = {}
    for channel, reading in zip(channels, readings, strict=True):
        incoming = reading.records
        lacking = set(fields) - set(schemas.fields_of(incoming, schemas.RECORDS))
        at = _positions(_names(incoming), stored_names)
        known = at >= 0
        old = stored.take(pa.array(at[known], pa.int64()))
        new = _with_fields(incoming.filter(pa.array(known)), fields)
        for name in lacking & set(fields):
            new = new.set_column(new.column_names.index(name), name, old[name])
        was_live = old["live"].to_numpy(zero_copy_only=False)
        stale = _older(new["updated_at"], old["updated_at"]) & was_live
        differs = ~was_live
        for name in ("updated_at", *fields):
            differs |= _differs(new[name], old[name])
        changed = differs & ~stale
        changed_parts.append(
            _stored(
                new.filter(pa.array(changed)),
                old["record_key"].filter(pa.array(changed)),
                old["first_run"].filter(pa.array(changed)),
                run_id,
            )
        )
        replaced[at[known][changed]] = True
        new_parts.append(_with_fields(incoming.filter(pa.array(~known)), fields))
        leaving = _leaving(channel, reading, stored, stored_names, at)
        leaving &= stored["live"].to_numpy(zero_copy_only=False)
        gone |= leaving
        counts[channel.name] = {
            "new": int((~known).sum()),
            "changed": int(changed.sum()),
            "unchanged": int((~differs).sum()),
            "stale": int((differs & stale).sum()),
            "gone": int(leaving.sum()),
        }
    fresh = pa.concat_tables([_with_fields(schemas.empty(schemas.RECORDS), fields), *new_parts])
    fresh = fresh.sort_by([("channel", "ascending"), ("record_id", "ascending")])
    keys = pa.array(np.arange(len(fresh)) + state.next_record_key, pa.int64())
    fresh = _stored(fresh, keys, pa.array(np.full(len(fresh), run_id), pa.int64()), run_id)
    left = _marked_gone(stored.filter(pa.array(gone)), run_id)
    touched = pa.concat_tables([*changed_parts, fresh, left])
    untouched = stored.filter(pa.array(~(gone | replaced)))
    everything = pa.concat_tables([untouched, touched]).sort_by("record_key").combine_chunks()
    return Intake(everything, everything.filter(everything["live"]), touched, counts)


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

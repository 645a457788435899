"""Whose an interaction is, by the key it came with.

In: distinct keys as a source has them, the xref, who holds which e-mail address, phone or device. Out: the customer of
each, or why there is none. Keys are read exactly as channels read theirs, and values made comparable as records' are.
Never here: interactions themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels.frames import text_of
from custid.channels.keys import record_ids
from custid.registries.base import Registry
from custid.standardize import standardize
from custid.standardize.conventions import Conventions
from custid.story.spec import VALUES, Interactions

#: One row per key, in the order asked. `by`: "record", "email", "phone" or "device", what the key was read from, null:
#: nothing is filled. `key`: the record id, or the value as written. `value`: what was compared, null: there is nothing
#: to compare. `customer_id`: whose it is; null: `flaw` says why.
FOUND = pa.schema([(name, pa.string()) for name in ("by", "key", "value", "customer_id", "flaw")])


@dataclass(frozen=True)
class Known:
    """What is known of customers. `xref`: XREF. `holders`: (field, comparable values) → value, channel, record_id of
    the records that hold one. `ever`: names (channel, record_id) → whether there ever was such a record.
    `conventions`: channel → how its values are written."""

    xref: pa.Table = field(repr=False)
    holders: Callable[[str, pa.Array], pa.Table] = field(repr=False)
    ever: Callable[[pa.Table], pa.Array] = field(repr=False)
    conventions: Mapping[str, Conventions] = field(repr=False)


def known_in(registry: Registry, xref: pa.Table) -> Known:
    """What a registry knows; `xref`: XREF, of all records or of those that matter."""
    from custid.model.files import from_json

    stored = registry.model()
    conventions = from_json(stored).conventions if stored is not None else {}

    def holders(field: str, values: pa.Array) -> pa.Table:
        with registry.view() as view:
            return view.holding(field, values)

    def ever(names: pa.Table) -> pa.Array:
        with registry.view() as view:
            return pc.is_valid(view.keys_named(names).combine_chunks())

    return Known(xref, holders, ever, conventions)


def customers_of(database: duckdb.DuckDBPyConnection, keys: pa.Table, told: Interactions, known: Known) -> pa.Table:
    """FOUND of `keys`, the raw key columns of `sources.Rows`.

    `flaw`: no_key; unknown_record (it never came, or was erased), unlinked_record (it has no customer, as it is gone or
    had not come then); unusable_…, unknown_… and ambiguous_email, phone, device: no such value, nobody has it, several
    customers have it.
    """
    asked = _asked(keys, told, known)
    database.register("asked", asked)
    database.register("known_xref", known.xref.select(["channel", "record_id", "customer_id"]))
    database.register("owners", _owners(database, asked, known))
    found = database.sql(
        """SELECT asked.by, asked.key, asked.value,
            CASE WHEN asked.by = 'record' THEN xref.customer_id WHEN owners.customers = 1 THEN owners.customer_id END
                AS customer_id,
            CASE WHEN asked.by IS NULL THEN 'no_key' WHEN asked.value IS NULL THEN 'unusable_' || asked.by
                WHEN asked.by = 'record' THEN CASE WHEN xref.customer_id IS NULL THEN 'unknown_record' END
                WHEN owners.customers IS NULL THEN 'unknown_' || asked.by
                WHEN owners.customers > 1 THEN 'ambiguous_' || asked.by END AS flaw
        FROM asked
        LEFT JOIN known_xref AS xref ON asked.by = 'record' AND xref.channel = $1 AND xref.record_id = asked.value
        LEFT JOIN owners ON owners.by = asked.by AND owners.value = asked.value
        ORDER BY asked.place""",
        params=[told.channel or told.name],
    ).to_arrow_table()
    for name in ("asked", "known_xref", "owners"):
        database.unregister(name)
    return _with_unlinked(found.cast(FOUND), told, known)


def _asked(keys: pa.Table, told: Interactions, known: Known) -> pa.Table:
    """place, by, key, value of each key: what it is looked for by."""
    texts = {name: text_of(keys[name]).combine_chunks() for name in keys.column_names}
    none = pa.nulls(len(keys), pa.string())
    parts = [name for name in texts if name.startswith("record_")]
    ids = record_ids(pa.table({name: texts[name] for name in parts}), parts) if parts else none
    options = [("record", ids, ids)]
    for name, field_name in VALUES.items():
        if name in texts:
            raw = pc.utf8_trim_whitespace(texts[name])
            raw = pc.if_else(pc.equal(raw, ""), none, raw)
            left = raw.filter(pc.is_null(ids)) if parts else raw  # the others are not looked for by it
            options.append((name, raw, _comparable(raw, left, field_name, told, known)))
    by, key, value = none, none, none
    for name, raw, comparable in reversed(options):
        filled = pc.is_valid(raw)
        by = pc.if_else(filled, pa.scalar(name), by)
        key = pc.if_else(filled, raw, key)
        value = pc.if_else(filled, comparable, value)
    return pa.table({"place": np.arange(len(keys)), "by": by, "key": key, "value": value})


def _comparable(raw: pa.Array, wanted: pa.Array, field_name: str, told: Interactions, known: Known) -> pa.Array:
    """`raw` made comparable; null where nothing can be made of it, or where it is not among `wanted`."""
    distinct = wanted.unique().drop_null()
    conventions = known.conventions.get(told.channel or told.name, Conventions())
    if told.country:
        conventions = replace(conventions, country=told.country)
    values = standardize(pa.table({field_name: distinct}), conventions).values
    if field_name not in values.column_names:
        return pa.nulls(len(raw), pa.string())
    made = values[field_name].combine_chunks().cast(pa.string())
    return made.take(pc.index_in(raw, value_set=distinct, skip_nulls=True))


def _owners(database: duckdb.DuckDBPyConnection, asked: pa.Table, known: Known) -> pa.Table:
    """by, value, customers (how many have it), customer_id (one of them)."""
    held = [pa.table({name: pa.array([], pa.string()) for name in ("by", "value", "channel", "record_id")})]
    for name, field_name in VALUES.items():
        values = asked.filter(pc.and_(pc.equal(asked["by"], name), pc.is_valid(asked["value"])))["value"]
        if len(values):
            found = known.holders(field_name, values.unique())
            held.append(found.append_column("by", pa.repeat(pa.scalar(name), len(found))).select(held[0].column_names))
    database.register("held", pa.concat_tables(held))
    owners = database.sql(
        """SELECT held.by, held.value, count(DISTINCT xref.customer_id) AS customers,
            min(xref.customer_id) AS customer_id
        FROM held JOIN known_xref AS xref ON xref.channel = held.channel AND xref.record_id = held.record_id
        GROUP BY held.by, held.value"""
    ).to_arrow_table()
    database.unregister("held")
    return owners


def _with_unlinked(found: pa.Table, told: Interactions, known: Known) -> pa.Table:
    """`found`, with records that are known but have no customer told from those nobody knows."""
    unknown = pc.fill_null(pc.equal(found["flaw"], "unknown_record"), False)
    ids = found.filter(unknown)["value"].unique()
    if not len(ids):
        return found
    names = pa.table({"channel": pa.repeat(pa.scalar(told.channel or told.name), len(ids)), "record_id": ids})
    gone = ids.filter(known.ever(names))
    unlinked = pc.and_(unknown, pc.is_in(found["value"], value_set=gone))
    flaw = pc.if_else(unlinked, pa.scalar("unlinked_record"), found["flaw"])
    return found.set_column(found.column_names.index("flaw"), "flaw", flaw)

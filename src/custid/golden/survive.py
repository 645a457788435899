"""Golden records: one row per customer, each value as its source wrote it, with the record it came from.

In: stored records, whose they are, rules, pins. Out: the golden table. Never here: comparable forms of values; they
only tell which values are one in two spellings. The fields of a group win together, from one record, so that a golden
record never mixes two addresses.

Work is done by columns. A customer for which nothing stands against each other is never sorted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.golden import pinned
from custid.golden.candidates import Candidates, Numbers, People, candidates, lines
from custid.golden.display import COMPARABLE, shown
from custid.model.survivorship import Survivorship, has_several
from custid.standardize.fields import base_of

_LIST = pa.list_(pa.string())


def columns_of(fields: list[str], rules: Survivorship) -> pa.Schema:
    """The columns of the golden table of records with these fields."""
    parts = [pa.field("customer_id", pa.string(), nullable=False), pa.field("records", pa.int64(), nullable=False)]
    for name in _names(own_names(fields), rules):
        parts += [pa.field(name, pa.string()), pa.field(f"{name}_from", pa.string())]
        if has_several(name):
            parts += [pa.field(f"{name}_all", _LIST), pa.field(f"{name}_all_from", _LIST)]
    return pa.schema(parts)


def people_of(
    records: pa.Table, links: pa.Table, values: pa.Table | None, rules: Survivorship
) -> tuple[People, pa.Array]:
    """The records that have a customer, and the ids of the customers, by which they are numbered."""
    fields = schemas.fields_of(records, schemas.STORED_RECORDS)
    records = records.select([*schemas.STORED_RECORDS.names, *fields])
    records = records.rename_columns([*schemas.STORED_RECORDS.names, *own_names(fields)])
    at = pc.index_in(records["record_key"], value_set=links["record_key"].combine_chunks())
    records = records.filter(at.is_valid())
    encoded = links["customer_id"].combine_chunks().dictionary_encode()
    names = encoded.dictionary
    order = pc.sort_indices(names).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    customer = np.zeros(0, np.int64)
    if len(records):
        customer = rank[encoded.indices.to_numpy()[at.drop_null().to_numpy()]]
    if values is not None:
        rows = pc.index_in(records["record_key"], value_set=values["record_key"].combine_chunks())
        values = values.take(rows)
    return People(records, customer, values, rules.real), names.take(pa.array(order)).cast(pa.string())


def survive(
    records: pa.Table,
    links: pa.Table,
    rules: Survivorship,
    values: pa.Table | None = None,
    pins: pa.Table | None = None,
) -> pa.Table:
    """Golden records of the customers in `links` (LINKS), by customer_id: customer_id, records (int64: how many),
    then per field its value and `<field>_from`, the record it came from as "channel:record_id"; where a person may have
    several (`SEVERAL`) also `<field>_all`, all of them, the preferred one first, and `<field>_all_from`.

    `values`: record_key and comparable values of the records; without them, values are told apart as they are spelt.
    `pins`: PINS that stand, of these customers (`current_id`); see `pinned`.
    """
    people, names = people_of(records, links, values, rules)
    found: dict[str, Any] = {}
    for unit in rules.units(people.fields):
        ballot = candidates(people, unit)
        if has_several(unit.name):
            found |= _several(ballot, rules, len(names))
            continue
        winners = ballot.elect(unit.rule, len(names))
        source = people.source.take(_rows(ballot, winners))
        for part in lines(unit, people.fields):
            value = ballot.take(part, winners)
            none = pa.scalar(None, pa.string())
            found[f"{part}_from"] = pc.if_else(value.is_valid(), source, none)
            found[part] = _displayed(ballot, part, winners, value, rules)
    counts = np.bincount(people.customer, minlength=len(names)).astype(np.int64)
    columns = {"customer_id": names, "records": pa.array(counts), **found}
    schema = columns_of(people.fields, rules)
    golden = pa.table([columns[name] for name in schema.names], schema=schema)
    return pinned.put(golden, pins, rules) if pins is not None and len(pins) else golden


def own_names(fields: list[str]) -> list[str]:
    """The fields as golden records call them: a channel's own field that is called as another column of theirs gets a
    line below.

    >>> own_names(["email", "email_from", "customer_id"])
    ['email', 'email_from_', 'customer_id_']
    """
    taken = {"customer_id", "records", *(f"{name}_from" for name in fields)}
    taken |= {f"{name}_all{end}" for name in fields if has_several(name) for end in ("", "_from")}
    found: list[str] = []
    for name in fields:
        own = name
        while own in taken or (own != name and own in fields):
            own += "_"
        taken |= {own, f"{own}_from"}
        found.append(own)
    return found


def fields_of(golden: pa.Table) -> list[str]:
    """The fields of a golden table: its columns of one value each that say where they are from."""
    names = golden.column_names
    return [name for name in names if f"{name}_from" in names and not pa.types.is_list(golden.schema.field(name).type)]


def mixed(golden: pa.Table, rules: Survivorship) -> pa.Table:
    """The proof: golden records whose group of fields comes from more than one record; customer_id, group. It has no
    rows. Pins count as one."""
    found = [pa.table({"customer_id": pa.array([], pa.string()), "group": pa.array([], pa.string())})]
    fields = fields_of(golden)
    for unit in rules.units(fields):
        sources = [
            pc.replace_substring_regex(golden[f"{part}_from"], r"^\(pinned \d+\)$", "(pinned)")
            for part in lines(unit, fields)
        ]
        if len(sources) > 1:
            one = pc.coalesce(*sources)
            wrong = [pc.fill_null(pc.not_equal(source, one), False) for source in sources]
            ids = golden["customer_id"].filter(pa.chunked_array([np.logical_or.reduce([w.to_numpy() for w in wrong])]))
            found.append(pa.table({"customer_id": ids, "group": pa.repeat(unit.name, len(ids))}))
    return pa.concat_tables(found)


def _names(fields: list[str], rules: Survivorship) -> list[str]:
    """The golden fields, in the order in which the records' fields first name them."""
    parts = [part for unit in rules.units(fields) for part in lines(unit, fields)]
    place = {name: at for at, name in reversed(list(enumerate(base_of(name) for name in fields)))}
    place |= {name: at for at, name in enumerate(fields)}
    return sorted(parts, key=lambda part: place[part])


def _several(ballot: Candidates, rules: Survivorship, customers: int) -> dict[str, Any]:
    """All values of a field, each once: by the rule's order of their best candidates. One that cannot be read stands
    there only where there is no other."""
    name, customer = ballot.unit.name, ballot.customer
    order = ballot.order(ballot.unit.rule)
    like = ballot.likeness[order]
    _, first = np.unique(customer[order] * (like.max(initial=0) + 1) + like, return_index=True)
    kept = order[np.sort(first)]
    if ballot.people.values is not None:
        leads = np.ones(len(kept), bool)
        leads[1:] = customer[kept][1:] != customer[kept][:-1]
        kept = kept[leads | (ballot.codes[kept] >= 0)]
    counts = np.bincount(customer[kept], minlength=customers)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    values = _displayed(ballot, name, kept, ballot.take(name, kept), rules)
    sources = ballot.people.source.take(_rows(ballot, kept)).combine_chunks()
    leading = pa.array(offsets[:-1], mask=counts == 0)
    nobody = pa.array(counts == 0)
    return {
        name: values.take(leading),
        f"{name}_from": sources.take(leading),
        f"{name}_all": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, mask=nobody),
        f"{name}_all_from": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), sources, mask=nobody),
    }


def _displayed(ballot: Candidates, part: str, some: Numbers, written: pa.Array, rules: Survivorship) -> pa.Array:
    values = ballot.people.values
    display = rules.display_of(base_of(part))
    comparable = None
    if display in COMPARABLE and values is not None:
        comparable = ballot.take(part, some, of=values)
    return shown(display, written, comparable)


def _rows(ballot: Candidates, some: Numbers) -> pa.Array:
    """The rows of the records that candidates are; -1: null."""
    if not len(ballot.row):
        return pa.nulls(len(some), pa.int64())
    return pa.array(ballot.row[np.maximum(some, 0)], mask=some < 0)

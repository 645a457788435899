"""Golden records: one row per customer, each value as its source wrote it, with the record it came from.

In: stored records, their customer ids, a rule per field. Out: the golden table. Never here: comparable forms of
values; what wins is always a raw value. The parts of an address win together, from one record, so that a golden
record never mixes two addresses. A field's numbered columns (`email_2`) stand for election beside the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import ConfigError
from custid.standardize.fields import base_of, kind_of

Ranks = npt.NDArray[Any]


@dataclass(frozen=True)
class _Ballot:
    """What may become one golden value: a row of `records` per value, its customer (a number), and the values."""

    row: npt.NDArray[np.int64]
    customer: npt.NDArray[np.int64]
    values: pa.Array


@dataclass(frozen=True)
class _Merits:
    """What rules judge records by; higher is better. `standing`: a record's place when all are ordered by customer,
    then the more recent, the more complete, the earlier record first: what decides where a rule leaves a tie."""

    standing: npt.NDArray[np.int64]
    completeness: npt.NDArray[np.int64]
    channel: npt.NDArray[np.object_]


def survive(records: pa.Table, links: pa.Table, survivorship: Mapping[str, str]) -> pa.Table:
    """Golden records of the customers in `links` (LINKS), by customer_id: customer_id, records (int64: how many),
    then per field its value and `<field>_from`, the record it came from as "channel:record_id".

    `survivorship`: field → rule, "*" for all others: most_recent, most_complete, most_frequent, longest, or
    "trusted crm, shop" (that order of channels, the others after). Ties fall to the more recent, the more complete,
    then the earlier record. Raises ConfigError for a rule that does not exist.
    """
    at = pc.index_in(records["record_key"], value_set=links["record_key"].combine_chunks())
    records = records.filter(at.is_valid())
    encoded = links["customer_id"].combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_numpy(zero_copy_only=False)
    order = np.argsort(names)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    customer = rank[encoded.indices.to_numpy()[at.drop_null().to_numpy()]] if len(records) else np.zeros(0, np.int64)
    fields = schemas.fields_of(records, schemas.STORED_RECORDS)
    merits = _merits(records, fields, customer)
    source = pc.binary_join_element_wise(records["channel"], records["record_id"], ":")
    columns: dict[str, pa.ChunkedArray | pa.Array] = {
        "customer_id": pa.array(names[order], pa.string()),
        "records": pa.array(np.bincount(customer, minlength=len(names)).astype(np.int64)),
    }
    address_rows: npt.NDArray[np.int64] | None = None
    address_parts = [name for name in fields if kind_of(name) == "address"]
    for base in dict.fromkeys(base_of(name) for name in fields):
        rule = survivorship.get(base, survivorship.get("*", "most_recent"))
        if kind_of(base) == "address":
            if address_rows is None:
                address_rule = survivorship.get("address", survivorship.get("*", "most_recent"))
                address_rows = _elect(_ballot(records, address_parts, customer), merits, address_rule, len(names))
            winners, column = address_rows, records[base] if base in fields else None
            if column is None:
                continue
            value = column.take(pa.array(winners, mask=winners < 0))
            from_row = pa.array(winners, mask=(winners < 0) | value.is_null().to_numpy(zero_copy_only=False))
        else:
            numbered = [name for name in fields if base_of(name) == base]
            ballot = _ballot(records, numbered, customer)
            winners = _elect(ballot, merits, rule, len(names))
            from_row = pa.array(winners, mask=winners < 0)
            value = pc.coalesce(*(records[name].take(from_row) for name in numbered))
        columns[base] = value
        columns[f"{base}_from"] = source.take(from_row)
    return pa.table(columns)


def _merits(records: pa.Table, fields: list[str], customer: npt.NDArray[np.int64]) -> _Merits:
    filled = np.zeros(len(records), np.int64)
    for name in fields:
        filled += records[name].is_valid().to_numpy(zero_copy_only=False)
    # A record that does not say when it changed is taken as old as the run that brought its values, after those
    # that do say.
    instant = records["updated_at"].cast(pa.int64()).fill_null(np.iinfo(np.int64).min // 2)
    recency = instant.to_numpy() + records["last_run"].to_numpy() % 1_000_000
    order = np.lexsort((records["record_key"].to_numpy(), -filled, -recency, customer))
    standing = np.empty(len(order), np.int64)
    standing[order] = np.arange(len(order))
    return _Merits(
        standing,
        filled,
        records["channel"].to_numpy(zero_copy_only=False),
    )


def _ballot(records: pa.Table, names: list[str], customer: npt.NDArray[np.int64]) -> _Ballot:
    """Every record that has a value in one of the columns; the first that is filled counts."""
    values = pc.coalesce(*(records[name] for name in names))
    row = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    kept = values.take(pa.array(row))
    if isinstance(kept, pa.ChunkedArray):
        kept = kept.combine_chunks()
    return _Ballot(row, customer[row], kept)


def _by_completeness(ballot: _Ballot, merits: _Merits, _: str) -> Ranks:
    return merits.completeness[ballot.row]


def _by_length(ballot: _Ballot, _: _Merits, __: str) -> Ranks:
    return np.asarray(pc.utf8_length(ballot.values).to_numpy(zero_copy_only=False), np.int64)


def _by_frequency(ballot: _Ballot, merits: _Merits, argument: str) -> Ranks:
    value = ballot.values.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    both = ballot.customer * (value.max(initial=0) + 1) + value
    _, number, counts = np.unique(both, return_inverse=True, return_counts=True)
    return counts[number.ravel()]


def _by_trust(ballot: _Ballot, merits: _Merits, order: str) -> Ranks:
    channels = [name.strip() for name in order.split(",")]
    worth = {name: len(channels) - i for i, name in enumerate(channels)}
    return np.array([worth.get(name, 0) for name in merits.channel[ballot.row]], np.int64)


#: What a rule goes by, before standing; most_recent goes by standing alone.
_RANKS: dict[str, Callable[[_Ballot, _Merits, str], Ranks]] = {
    "most_complete": _by_completeness,
    "most_frequent": _by_frequency,
    "longest": _by_length,
    "trusted": _by_trust,
}


def _elect(ballot: _Ballot, merits: _Merits, rule: str, customers: int) -> npt.NDArray[np.int64]:
    """The winning row per customer; -1 where no record has a value."""
    name, _, argument = rule.partition(" ")
    if name not in ("most_recent", *_RANKS) or (name == "trusted") != bool(argument.strip()):
        raise ConfigError(
            f"survivorship rule {rule!r} is not known. Use one of most_recent, most_complete, most_frequent, "
            "longest, or 'trusted CHANNEL, CHANNEL, …'."
        )
    standing = merits.standing[ballot.row]
    if name == "most_recent":
        order = np.argsort(standing)
    else:
        order = np.lexsort((standing, -_RANKS[name](ballot, merits, argument), ballot.customer))
    first = np.ones(len(order), bool)
    first[1:] = ballot.customer[order][1:] != ballot.customer[order][:-1]
    winners = np.full(customers, -1, np.int64)
    winners[ballot.customer[order][first]] = ballot.row[order][first]
    return winners

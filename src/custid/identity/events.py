"""Events: what each kind changes, what they add up to, and the seal over them.

In: EVENTS, in any row order (`seq` orders them). Out: LINKS, CUSTOMERS, FORMER_LINKS, what is wrong with
them, a hash. Never here: deciding which events happen (see `assign`), writing anything, field values.

Invariants kept here: the xref and the customers table are what the events add up to (I4); a redirect takes
one step and ends at an id that is not itself merged (I1).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import RegistryError


@dataclass(frozen=True)
class Change:
    """What an event of one kind does to what it is about: the states it may find, and the state it leaves.

    A record's state is `unlinked` or `linked`; a customer's is `unknown` (never issued) or a status of
    CUSTOMERS.
    """

    about: str
    before: frozenset[str]
    after: str


def _record(before: str, after: str) -> Change:
    return Change("record", frozenset({before}), after)


def _customer(before: str, after: str) -> Change:
    return Change("customer", frozenset(before.split()), after)


#: The one transition table.
KINDS: dict[str, Change] = {
    "linked": _record("unlinked", "linked"),
    "moved": _record("linked", "linked"),
    "unlinked": _record("linked", "unlinked"),
    "created": _customer("unknown", "live"),
    "split": _customer("unknown", "live"),
    # A retired id is merged when its records come back as part of another customer.
    "merged": _customer("live retired", "merged"),
    "restored": _customer("merged retired", "live"),
    "retired": _customer("live", "retired"),
    "erased": _customer("live merged retired", "erased"),
}

#: Kinds that mint an id; their order is the order of issue.
MINTING = tuple(kind for kind, change in KINDS.items() if "unknown" in change.before)
RECORD_KINDS = tuple(kind for kind, change in KINDS.items() if change.about == "record")


def as_of(events: pa.Table, run_id: int) -> pa.Table:
    """The events that had happened once run `run_id` was committed."""
    return events.filter(pc.less_equal(events["run_id"], run_id))


def replay(events: pa.Table) -> tuple[pa.Table, pa.Table]:
    """What `events` add up to: LINKS by record_key, and CUSTOMERS by `minted`.

    A record's last event says where it is; a customer's last event says what it is. An id merged into one
    that was merged later redirects to where that one ended. Raises RegistryError when a customer event names
    an id that was never minted, or redirects run in a circle.
    """
    events = _by_seq(events)
    is_record = pc.is_valid(events["record_key"])
    return _links(events.filter(is_record)), _customers(events.filter(pc.invert(is_record)))


def former(events: pa.Table) -> pa.Table:
    """FORMER_LINKS: each id a record had once and has no longer, with the last event that took it away."""
    events = _by_seq(events)
    events = events.filter(pc.is_valid(events["record_key"]))
    left = pc.is_in(events["kind"], value_set=pa.array(["moved", "unlinked"]))
    lost = events.filter(left)
    pairs = pa.table(
        {
            "record_key": lost["record_key"],
            "customer_id": pc.if_else(pc.equal(lost["kind"], "moved"), lost["other_id"], lost["customer_id"]),
            "seq": lost["seq"],
        }
    )
    pairs = pairs.group_by(["record_key", "customer_id"]).aggregate([("seq", "max")])
    pairs = pairs.rename_columns({"seq_max": "seq"})
    pairs = pairs.join(_links(events), ["record_key", "customer_id"], join_type="left anti")
    return schemas.conform(pairs.sort_by("seq"), schemas.FORMER_LINKS)


def faults(events: pa.Table) -> list[str]:
    """What is wrong with `events`, a sentence each; empty when every event fits what went before it.

    Checked: `seq` has no gap and rises with `run_id`; kinds are known and of the right shape; one event per
    record, and per customer, in a run; every step is in the transition table; a moved or unlinked record
    leaves the id it had.
    """
    events = _by_seq(events)
    kinds = events["kind"]
    unknown = pc.unique(events.filter(pc.invert(pc.is_in(kinds, value_set=pa.array(list(KINDS)))))["kind"])
    if len(unknown):
        return [f"events have an unknown kind {kind!r}" for kind in unknown.to_pylist()]
    seq = events["seq"].to_numpy()
    run = events["run_id"].to_numpy()
    gaps = np.flatnonzero(np.diff(seq) != 1)[:_SHOWN]
    found = [f"seq goes from {seq[place]} to {seq[place + 1]}" for place in gaps]
    late = np.flatnonzero(np.diff(run) < 0)[:_SHOWN]
    found += [f"event {seq[at + 1]} of run {run[at + 1]} comes after one of run {run[at]}" for at in late]
    is_record = pc.is_valid(events["record_key"])
    shaped = pc.equal(is_record, pc.is_in(kinds, value_set=pa.array(RECORD_KINDS)))
    misshapen = events.filter(pc.invert(shaped))
    if len(misshapen):
        seqs = misshapen["seq"].slice(0, _SHOWN).to_pylist()
        found += [f"event {number} has the record_key of the other kind of event" for number in seqs]
        return found
    records = events.filter(is_record)
    customers = events.filter(pc.invert(is_record))
    found += _missteps(records, _codes(records["record_key"]), "unlinked", "record")
    found += _missteps(customers, _codes(customers["customer_id"]), "unknown", "customer")
    return found + _wrong_departures(records)


def seal(previous_chain: str, events: pa.Table) -> str:
    """SHA-256 (hex) over the previous run's chain and this run's events, in `seq` order.

    The bytes hashed are defined here and nowhere else, so that every registry, engine and Arrow version
    agrees: the tag `custid events 1`, then `previous_chain`, the number of rows as int64, and the columns of
    EVENTS in order. An integer column is one validity byte per row, then int64 each (null: 0); a real column
    the same with IEEE float32 (every NaN alike, -0.0 as 0.0); a string column one int64 length per row
    (null: -1), then the UTF-8 bytes. Numbers are little-endian; tag and chain end with a line feed. A run
    without events moves the chain on, too.

    >>> seal("", schemas.empty(schemas.EVENTS))
    '9aef59e703858f5b5af2c91ee2df298a8bf1359055e41544a7a6d96e95675ff1'
    """
    events = _by_seq(schemas.conform(events, schemas.EVENTS))
    digest = hashlib.sha256(f"custid events 1\n{previous_chain}\n".encode())
    digest.update(np.array([len(events)], dtype="<i8").tobytes())
    for field, column in zip(schemas.EVENTS, events.columns, strict=True):
        if pa.types.is_string(field.type):
            digest.update(_numbers(pc.fill_null(pc.binary_length(column), -1), "<i8"))
            for chunk in column.chunks:
                digest.update(_text(chunk))
            continue
        digest.update(_numbers(pc.is_valid(column), "u1"))
        values = pc.fill_null(column, 0)
        if pa.types.is_floating(field.type):
            real = values.to_numpy().astype(np.float32) + np.float32(0)
            real[np.isnan(real)] = np.float32("nan")
            digest.update(real.astype("<f4").tobytes())
        else:
            digest.update(_numbers(values, "<i8"))
    return digest.hexdigest()


#: How many faults of one sort are named: the rest would not help to mend it.
_SHOWN = 10


def _by_seq(events: pa.Table) -> pa.Table:
    seq = events["seq"].to_numpy()
    if np.all(seq[1:] > seq[:-1]):
        return events
    return events.take(pa.array(np.argsort(seq, kind="stable")))


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Equal values, equal numbers from 0, in order of first appearance."""
    codes = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    parts = [np.asarray(chunk.indices, dtype=np.int64) for chunk in codes.chunks]
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _last_rows(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The last row of each code, by code."""
    last = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    last[codes] = np.arange(len(codes))
    return last


def _links(events: pa.Table) -> pa.Table:
    last = events.take(pa.array(_last_rows(_codes(events["record_key"]))))
    linked = last.filter(pc.not_equal(last["kind"], "unlinked")).select(["record_key", "customer_id"])
    return schemas.conform(linked.sort_by("record_key"), schemas.LINKS)


def _customers(events: pa.Table) -> pa.Table:
    minted = events.filter(pc.is_in(events["kind"], value_set=pa.array(MINTING)))
    names = minted["customer_id"].combine_chunks()
    place = pc.index_in(events["customer_id"], value_set=names)
    if place.null_count:
        stray = events.filter(pc.is_null(place))["customer_id"][0].as_py()
        raise RegistryError(f"events name customer {stray}, which was never minted. Run custid verify.")
    last = events.take(pa.array(_last_rows(np.asarray(place, dtype=np.int64))))
    after = {kind: change.after for kind, change in KINDS.items()}
    kinds = last["kind"].combine_chunks().dictionary_encode()
    status = pa.array([after[kind] for kind in kinds.dictionary.to_pylist()], pa.string()).take(kinds.indices)
    merged = pc.equal(status, "merged")
    onward = pc.index_in(pc.if_else(merged, last["other_id"], last["customer_id"]), value_set=names)
    if onward.null_count:
        stray = last.filter(pc.is_null(onward))["customer_id"][0].as_py()
        raise RegistryError(f"customer {stray} was merged into an id that was never minted. Run custid verify.")
    ends = _ends(np.asarray(onward, dtype=np.int64))
    if ends is None:
        raise RegistryError("redirects run in a circle: the events are damaged. Run custid verify.")
    return pa.table(
        [
            names,
            pa.array(np.arange(1, len(names) + 1)),
            status,
            pc.if_else(merged, names.take(pa.array(ends)), pa.scalar(None, pa.string())),
            minted["run_id"].combine_chunks(),
        ],
        schema=schemas.CUSTOMERS,
    )


def _ends(onward: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    """Where each chain ends; a place that leads to itself is an end. None when some chain never ends."""
    # Each round doubles the steps taken, so 64 rounds outlast every chain that has an end.
    for _ in range(64):
        further = onward[onward]
        if np.array_equal(further, onward):
            break
        onward = further
    return onward if np.array_equal(onward[onward], onward) else None


def _missteps(events: pa.Table, codes: npt.NDArray[np.int64], start: str, about: str) -> list[str]:
    """Events about one record or customer (equal code) that come twice in a run or break the table."""
    names = list(KINDS)
    kind = np.asarray(pc.index_in(events["kind"], value_set=pa.array(names)), dtype=np.int64)
    run, seq = events["run_id"].to_numpy(), events["seq"].to_numpy()
    order = np.argsort(codes, kind="stable")
    codes, kind, run, seq = codes[order], kind[order], run[order], seq[order]
    follows = np.concatenate([np.zeros(min(len(codes), 1), dtype=bool), codes[1:] == codes[:-1]])
    again = np.zeros(len(codes), dtype=bool)
    again[1:] = follows[1:] & (run[1:] == run[:-1])
    previous = np.where(follows, np.roll(kind, 1), len(names))
    # allowed[kind, previous kind]; the last column stands for "no event yet".
    states = [*(KINDS[name].after for name in names), start]
    allowed = np.array([[state in KINDS[name].before for state in states] for name in names])
    wrong = ~allowed[kind, previous]
    found = [f"event {number} is its {about}'s second in a run" for number in np.sort(seq[again])[:_SHOWN]]
    steps = [(seq[at], states[previous[at]], names[kind[at]]) for at in np.flatnonzero(wrong)[:_SHOWN]]
    return found + [f"event {one}: a {about} that is {now} cannot be {then}" for one, now, then in steps]


def _wrong_departures(events: pa.Table) -> list[str]:
    """Record events that take away another id than the one the record had."""
    codes = _codes(events["record_key"])
    order = np.argsort(codes, kind="stable")
    events = events.take(pa.array(order))
    codes = codes[order]
    follows = codes[1:] == codes[:-1]
    later = events.slice(1)
    had = events["customer_id"].slice(0, max(len(events) - 1, 0))
    left = pc.if_else(pc.equal(later["kind"], "moved"), later["other_id"], later["customer_id"])
    stays = pc.fill_null(pc.equal(left, had), False)
    wrong = follows & ~np.asarray(stays, dtype=bool) & np.asarray(pc.not_equal(later["kind"], "linked"), dtype=bool)
    seqs = later["seq"].to_numpy()[wrong][:_SHOWN]
    return [f"event {number} takes an id from its record that it did not have" for number in seqs]


def _numbers(column: pa.ChunkedArray, dtype: str) -> bytes:
    return np.asarray(column).astype(dtype).tobytes()


def _text(chunk: pa.Array) -> memoryview:
    """The UTF-8 bytes of all values, one after the other."""
    present = pc.drop_null(chunk).cast(pa.large_string())
    _, offsets, data = present.buffers()
    if len(present) == 0 or data is None:
        return memoryview(b"")
    bounds = np.frombuffer(offsets, dtype=np.int64)[present.offset : present.offset + len(present) + 1]
    return memoryview(data)[bounds[0] : bounds[-1]]

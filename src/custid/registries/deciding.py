"""Stewards' decisions: said, merged and split in acts, taken back.

In: a session, and what a steward says. Out: rows of `custid.decisions`, or an error that names what it contradicts.
Never here: what decisions do to customers; the next run sees to that (`identity.decided`, the engine).

A decision is about two records, never about ids: ids come and go, records stay. What a steward says of customers is
therefore an *act*: decisions about their records that share a number, the first of theirs, and can be taken back
together. One person's records are tied to the earliest of them; as `same` holds through others, also through records
that are gone, that keeps them together whichever of them leaves.

Invariants kept here: standing decisions never contradict each other, and what is said in one breath lands whole or
not at all (I5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import DecisionConflict, UnknownCustomer, UsageError
from custid.registries.contradictions import contradictions
from custid.registries.session import Session

VERDICTS = ("same", "different", "unsure")

#: A record as its channel names it.
Record = tuple[str, str]

#: What is to be entered. `act`: rows with equal numbers are one act; null: a decision of its own.
SAID = pa.schema(
    [schemas.DECISIONS.field(name) for name in ("left_key", "right_key", "verdict", "actor", "reason", "decided_at")]
    + [schemas.DECISIONS.field("act")]
)

DECISIONS_SHOWN = pa.schema(
    [
        *schemas.DECISIONS,
        *[pa.field(f"{side}_{name}", pa.string()) for side in ("left", "right") for name in ("channel", "record_id")],
    ]
)

_SHOWN = """
    SELECT decisions.*, lefts.channel AS left_channel, lefts.record_id AS left_record_id,
        rights.channel AS right_channel, rights.record_id AS right_record_id
    FROM custid.decisions AS decisions
    LEFT JOIN custid.records AS lefts ON lefts.record_key = decisions.left_key
    LEFT JOIN custid.records AS rights ON rights.record_key = decisions.right_key
    ORDER BY decisions.decision_id"""

_NAMED = """
    SELECT named.place, records.record_key, records.live, links.customer_id
    FROM named_records AS named
    LEFT JOIN custid.records AS records
        ON records.channel = named.channel AND records.record_id = named.record_id
    LEFT JOIN custid.links AS links ON links.record_key = records.record_key
    ORDER BY named.place"""

#: How many decisions a message names.
_NAMES_MAX = 6


def decisions(session: Session) -> pa.Table:
    """DECISIONS (+ left_channel, left_record_id, right_channel, right_record_id), standing or taken back."""
    return schemas.conform(session.fetch(_SHOWN), DECISIONS_SHOWN)


def standing(session: Session) -> pa.Table:
    """DECISIONS that were not taken back."""
    sql = "SELECT * FROM custid.decisions WHERE revoked_at IS NULL ORDER BY decision_id"
    return schemas.conform(session.fetch(sql), schemas.DECISIONS)


# --- saying -------------------------------------------------------------------------------------------------


def decide(session: Session, left: Record, right: Record, verdict: str, *, actor: str, reason: str | None) -> int:
    """See `Registry.decide`."""
    if verdict not in VERDICTS:
        raise UsageError(f"a verdict is one of {', '.join(VERDICTS)}; not {verdict!r}.")
    keys = sorted(_known(session, [left, right])["record_key"].to_pylist())
    if keys[0] == keys[1]:
        raise UsageError(f"a decision is about two records; both are {_spelled(left)}.")
    said = said_of([(keys[0], keys[1], verdict)], actor, reason)
    before = standing(session)
    again = before.filter(pc.is_in(word(before), value_set=word(said)))
    if len(again):
        return int(again["decision_id"][0].as_py())
    return enter(session, said, before)


def merge(session: Session, customers: Sequence[Mapping[str, Any] | Record], *, actor: str, reason: str | None) -> int:
    """See `Registry.merge`. A customer is a row of `custid.customers`, or a record, which stands for the one it has."""
    if len(customers) < 2:
        raise UsageError("a merge takes two customers or more.")
    ids = [_id_of(session, customer) for customer in customers]
    placeholders = ", ".join(f"${place}" for place in range(1, len(ids) + 1))
    found = session.fetch(
        f"SELECT record_key, customer_id FROM custid.links WHERE customer_id IN ({placeholders}) ORDER BY record_key",
        tuple(ids),
    )
    if bare := sorted(set(ids) - set(found["customer_id"].to_pylist())):
        raise UsageError(f"customer {bare[0]} has no records any more; there is nothing of it to merge.")
    if len(found) < 2:
        raise UsageError(f"{ids[0]} is one record; there is nothing to merge it with.")
    said = said_of(_one_person(found["record_key"].to_pylist()), actor, reason, act=True)
    return enter_act(session, said, standing(session))


def split(
    session: Session,
    customer: Mapping[str, Any],
    parts: Sequence[Sequence[Record]],
    *,
    actor: str,
    reason: str | None,
) -> int:
    """See `Registry.split`. `customer` is a row of `custid.customers`."""
    customer_id = customer["redirect"] or customer["customer_id"]
    if len(parts) < 2 or not all(parts):
        raise UsageError(
            "a split takes two parts or more, each with a record or more. Records that no part names stay where the "
            "evidence puts them."
        )
    records = [record for part in parts for record in part]
    found = _known(session, records)
    for record, holder in zip(records, found["customer_id"].to_pylist(), strict=True):
        if holder != customer_id:
            where = f"it belongs to {holder}" if holder else "it is gone from its channel"
            raise UsageError(f"{_spelled(record)} is not a record of {customer_id}: {where}.")
    keys = found["record_key"].to_pylist()
    if len(set(keys)) < len(keys):
        twice = next(record for place, record in enumerate(records) if keys.index(keys[place]) < place)
        raise UsageError(f"{_spelled(twice)} is named twice; a record belongs to one part.")
    number = np.repeat(np.arange(len(parts)), [len(part) for part in parts]).tolist()
    groups = [[key for key, own in zip(keys, number, strict=True) if own == part] for part in range(len(parts))]
    return enter_act(session, said_of(persons_apart(groups), actor, reason, act=True), standing(session))


def persons_apart(groups: Sequence[Sequence[int]]) -> list[tuple[int, int, str]]:
    """The decisions that make every group of record keys one person, and no two groups the same.

    >>> persons_apart([[5, 2], [3]])
    [(2, 5, 'same'), (2, 3, 'different')]
    """
    ties = [tie for group in groups for tie in _one_person(group)]
    firsts = sorted(min(group) for group in groups)
    return [*ties, *((one, other, "different") for one, other in combinations(firsts, 2))]


def _one_person(keys: Sequence[int]) -> list[tuple[int, int, str]]:
    first, *others = sorted(keys)
    return [(first, other, "same") for other in others]


# --- taking back --------------------------------------------------------------------------------------------


def revoke(session: Session, decision_id: int, *, actor: str) -> None:
    """See `Registry.revoke`."""
    _take_back(session, "decision_id", decision_id, actor)


def revoke_act(session: Session, act: int, *, actor: str) -> None:
    """See `Registry.revoke_act`."""
    _take_back(session, "act", act, actor)


def _take_back(session: Session, column: str, number: int, actor: str) -> None:
    _named_actor(actor)
    found = session.fetch(
        f"SELECT revoked_by, revoked_at FROM custid.decisions WHERE {column} = $1 ORDER BY revoked_at", (number,)
    ).to_pylist()
    what = "act" if column == "act" else "decision"
    if not found:
        raise UnknownCustomer(f"there is no {what} {number}.")
    if all(row["revoked_at"] is not None for row in found):
        raise UsageError(
            f"{what} {number} was taken back by {found[-1]['revoked_by']} at {_instant(found[-1]['revoked_at'])} "
            "already."
        )
    revoke_all(session, f"{column} = {int(number)}", actor, datetime.now(UTC))


def revoke_all(session: Session, condition: str, actor: str, at: datetime) -> None:
    """Take back the standing decisions for which the SQL `condition` holds."""
    session.execute(
        "UPDATE custid.decisions SET revoked_at = $1, revoked_by = $2,"
        " revoked_after = (SELECT coalesce(max(run_id), 0) FROM custid.runs)"
        f" WHERE revoked_at IS NULL AND {condition}",
        (at, actor),
    )


# --- entering -----------------------------------------------------------------------------------------------


def said_of(
    pairs: Sequence[tuple[int, int, str]],
    actor: str,
    reason: str | None,
    *,
    at: datetime | None = None,
    act: bool = False,
) -> pa.Table:
    """SAID of (lower key, higher key, verdict), all by one steward, at one time, for one reason."""
    _named_actor(actor)
    columns = [*zip(*pairs, strict=True), *([value] * len(pairs) for value in (actor, reason, at or datetime.now(UTC)))]
    return pa.table([*columns, [0 if act else None] * len(pairs)], schema=SAID)


def enter_act(session: Session, said: pa.Table, before: pa.Table) -> int:
    """`enter` for one act, unless a standing one says all of it; returns its number."""
    words = word(said)
    again = before.filter(pc.and_(pc.is_valid(before["act"]), pc.is_in(word(before), value_set=words)))
    said_by = again["act"].value_counts().to_pylist()
    return next((int(act["values"]) for act in said_by if act["counts"] == len(said)), None) or enter(
        session, said, before
    )


def enter(session: Session, said: pa.Table, before: pa.Table) -> int:
    """Append SAID to the standing decisions `before`; returns the number of the first.

    Raises DecisionConflict, naming what is contradicted; then nothing was entered.
    """
    if against := refusals(before, said):
        place, why = against[0]
        names = Names(session, before, said, against[:1], lambda _: "what is said with it")
        raise DecisionConflict(
            f"{said['actor'][place].as_py()} cannot decide that {names.pair(len(before) + place)}: that contradicts "
            f"{names.all(why)}. Take one of them back first: revoke(), or custid decide undo."
        )
    first = 1 + _number(session, "SELECT coalesce(max(decision_id), 0) AS number FROM custid.decisions")
    after = _number(session, "SELECT coalesce(max(run_id), 0) AS number FROM custid.runs")
    numbers = pa.array(first + np.arange(len(said)), pa.int64())
    rows = said.set_column(said.column_names.index("act"), "act", _acts(said["act"], first))
    rows = rows.append_column("decision_id", numbers)
    session.load("custid.decisions", rows.append_column("entered_after", pa.repeat(pa.scalar(after), len(rows))))
    return first


def refusals(before: pa.Table, said: pa.Table) -> list[tuple[int, list[int]]]:
    """The places in `said` of what contradicts the standing decisions `before` or what `said` has before it; each with
    the places, counted over both tables, of what it contradicts."""
    left, right = (
        np.concatenate([before[side].to_numpy(), said[side].to_numpy()]) for side in ("left_key", "right_key")
    )
    verdict = np.concatenate([table["verdict"].to_numpy(zero_copy_only=False) for table in (before, said)])
    found = contradictions(left, right, verdict)
    return [(place - len(before), why) for place, why in found if place >= len(before)]


def word(rows: pa.Table) -> pa.ChunkedArray:
    """Which two records, and what of them, as one string per row."""
    return pc.binary_join_element_wise(
        rows["left_key"].cast(pa.string()), rows["right_key"].cast(pa.string()), rows["verdict"], " "
    )


def _acts(local: pa.ChunkedArray, first: int) -> pa.Array:
    """Every act is called by the number of its first decision."""
    numbers = local.fill_null(-1).to_numpy()
    _, at, member = np.unique(numbers, return_index=True, return_inverse=True)
    return pa.array(first + at[member.ravel()], pa.int64(), mask=numbers == -1)


class Names:
    """The decisions of `refusals` in words, by their places counted over `before` and `said`; `call` names a place in
    `said`."""

    def __init__(
        self,
        session: Session,
        before: pa.Table,
        said: pa.Table,
        against: Sequence[tuple[int, list[int]]],
        call: Callable[[int], str],
    ) -> None:
        self._call, self._said_from = call, len(before)
        places = sorted({len(before) + place for place, _ in against} | {place for _, why in against for place in why})
        rows = pa.concat_tables([before, schemas.conform(said, schemas.DECISIONS)]).take(pa.array(places, pa.int64()))
        self._rows = dict(zip(places, rows.to_pylist(), strict=True))
        keys = pa.concat_arrays([rows[side].combine_chunks() for side in ("left_key", "right_key")])
        session.offer("named_keys", pa.table({"key": keys}))
        self._names = {
            row["record_key"]: _spelled((row["channel"], row["record_id"]))
            for row in session.fetch(
                "SELECT record_key, channel, record_id FROM custid.records"
                " WHERE record_key IN (SELECT key FROM named_keys)"
            ).to_pylist()
        }

    def pair(self, place: int) -> str:
        """What the decision says."""
        row = self._rows[place]
        left, right = (self._names.get(row[side], f"record {row[side]}") for side in ("left_key", "right_key"))
        return f"{left} and {right} are {'the same' if row['verdict'] == 'same' else row['verdict']}"

    def all(self, places: list[int]) -> str:
        """The decisions, with who, when and what."""
        shown = [self._one(place) for place in places[:_NAMES_MAX]]
        more = [] if len(places) <= _NAMES_MAX else [f"{len(places) - _NAMES_MAX} more"]
        return "; ".join([*shown, *more])

    def _one(self, place: int) -> str:
        row = self._rows[place]
        if row["decision_id"] is None:
            return f"{self._call(place - self._said_from)} ({self.pair(place)})"
        return f"decision {row['decision_id']} by {row['actor']}, {_instant(row['decided_at'])} ({self.pair(place)})"


# --- checking -----------------------------------------------------------------------------------------------


def faults(session: Session) -> list[str]:
    """Standing decisions that contradict each other, in words; none in a registry that nobody tampered with."""
    nothing, rows = schemas.empty(schemas.DECISIONS), standing(session)
    found = refusals(nothing, rows)
    names = Names(session, nothing, rows, found, str)
    return [f"{names.all([place])} contradicts {names.all(why)}" for place, why in found]


# --- naming -------------------------------------------------------------------------------------------------


def find(session: Session, channels: pa.Array, record_ids: pa.Array) -> pa.Table:
    """Per record named, in that order: record_key, live, customer_id; nulls for one that was never taken in."""
    places = pa.array(np.arange(len(channels)), pa.int64())
    session.offer("named_records", pa.table({"place": places, "channel": channels, "record_id": record_ids}))
    return session.fetch(_NAMED)


def _known(session: Session, records: Sequence[Record]) -> pa.Table:
    """`find` for records that must be known. Raises UsageError for what names no record, UnknownCustomer."""
    for record in records:
        if isinstance(record, str) or len(record) != 2 or not all(isinstance(part, str) for part in record):
            raise UsageError(f"a record is named by its channel and its key there, ('crm', 'A-17'); not by {record!r}.")
    channels, record_ids = (pa.array([record[place] for record in records], pa.string()) for place in (0, 1))
    found = find(session, channels, record_ids)
    for record, key in zip(records, found["record_key"].to_pylist(), strict=True):
        if key is None:
            raise UnknownCustomer(f"channel {record[0]!r} has no record {record[1]!r}.")
    return found


def _id_of(session: Session, customer: Mapping[str, Any] | Record) -> str:
    if isinstance(customer, Mapping):
        return str(customer["redirect"] or customer["customer_id"])
    customer_id = _known(session, [customer])["customer_id"][0].as_py()
    if customer_id is None:
        raise UsageError(
            f"{_spelled(customer)} is gone from its channel and has no customer to merge. "
            "To say whose it was, decide about the record itself."
        )
    return str(customer_id)


def _named_actor(actor: str) -> None:
    if not isinstance(actor, str) or not actor.strip():
        raise UsageError("a decision needs the name of who makes it: actor='ann'.")


def _spelled(record: Record) -> str:
    return f"{record[0]}:{record[1]}"


def _number(session: Session, sql: str) -> int:
    return int(session.fetch(sql)["number"][0].as_py())


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

"""A merge that was wrong: taken apart along the lines of the ids there were before.

In: a session, an id. Out: one act of decisions. Never here: assigning ids, which the next run does.

The line of a record is the id it had before the merge. Decisions that tied records across a line are taken back, or
the new ones would contradict them; what they held together on one side of it is tied anew, and what they kept apart
from others is kept apart still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import UsageError
from custid.identity.decided import NONE, decided, joined
from custid.registries import deciding
from custid.registries.session import Session

_MERGES = """
    SELECT events.customer_id, events.other_id, events.run_id
    FROM custid.events AS events
    JOIN (SELECT max(seq) AS seq FROM custid.events
          WHERE kind = 'merged' AND customer_id IN
              (SELECT customer_id FROM custid.customers WHERE status = 'merged' AND redirect = $1)
          GROUP BY customer_id) AS latest ON latest.seq = events.seq
    ORDER BY events.seq"""

#: Everything that befell the records a customer has, and those that left it for nowhere.
_PASTS = """
    SELECT events.record_key, events.run_id, events.customer_id, records.live
    FROM custid.events AS events
    JOIN custid.records AS records ON records.record_key = events.record_key
    WHERE events.record_key IN (SELECT record_key FROM custid.links WHERE customer_id = $1)
        OR NOT records.live AND events.record_key IN
            (SELECT record_key FROM custid.events WHERE customer_id = $1 OR customer_id IN
                (SELECT customer_id FROM custid.customers WHERE status = 'merged' AND redirect = $1))
    ORDER BY events.seq"""


@dataclass(frozen=True)
class _Past:
    """The ids a record had, as (run, id) in order, and whether it is there today."""

    ids: list[tuple[int, str]]
    live: bool

    def before(self, run_id: int) -> str | None:
        """The id it had, or had last, before that run."""
        return next((customer_id for at, customer_id in reversed(self.ids) if at < run_id), None)


def unmerge(session: Session, customer: Mapping[str, Any], *, actor: str, reason: str | None) -> int:
    """See `Registry.unmerge`. `customer` is a row of `custid.customers`."""
    asked, kept = customer["customer_id"], customer["redirect"] or customer["customer_id"]
    merges = session.fetch(_MERGES, (kept,)).to_pylist()
    if not merges:
        raise UsageError(
            f"customer {asked} has taken over no other id that it still holds; there is no merge to undo. "
            "A merge that was only decided so far is taken back by its number."
        )
    pasts = _pasts(session, kept, {kept, *(merge["customer_id"] for merge in merges)})
    whole_tree = asked == kept
    lines = _all_lines(merges, pasts) if whole_tree else _two_lines(asked, merges, pasts)
    if len({lines[key] for key in lines if pasts[key].live}) < 2:
        raise UsageError(f"no records are left on both sides of the merge of {asked}; there is nothing to part.")
    now = datetime.now(UTC)
    before = deciding.standing(session)
    crossing = _crossing(before, lines)
    if whole_tree:
        pairs = deciding.persons_apart(
            [[key for key in lines if lines[key] == line] for line in dict.fromkeys(lines.values())]
        )
    else:
        own = [key for key in lines if lines[key] == asked]
        first = min(own)
        pairs = deciding.persons_apart([own])
        # The others need not be one person: each is parted from it by itself.
        pairs += [(min(first, key), max(first, key), "different") for key in lines if lines[key] != asked]
        pairs += _held_together(before, crossing, set(own))
    if crossing.any():
        pairs += _kept_apart(before, crossing, deciding.said_of(pairs, actor, reason))
        numbers = ", ".join(str(number) for number in before["decision_id"].to_numpy()[crossing].tolist())
        deciding.revoke_all(session, f"decision_id IN ({numbers})", actor, now)
    said = deciding.said_of(pairs, actor, reason, at=now, act=True)
    return deciding.enter_act(session, said, before.filter(pa.array(~crossing)))


def _pasts(session: Session, kept: str, family: set[str]) -> dict[int, _Past]:
    pasts: dict[int, _Past] = {}
    for row in session.fetch(_PASTS, (kept,)).to_pylist():
        past = pasts.setdefault(row["record_key"], _Past([], row["live"]))
        past.ids.append((row["run_id"], row["customer_id"]))
    # A record that left another customer for nowhere is that one's affair.
    return {key: past for key, past in pasts.items() if past.ids[-1][1] in family}


def _two_lines(asked: str, merges: Iterable[Mapping[str, Any]], pasts: dict[int, _Past]) -> dict[int, str]:
    """Per record whether it had the id `asked` before that was given up: `asked`, or ""; those that came later have no
    line."""
    run_id = next(merge["run_id"] for merge in merges if merge["customer_id"] == asked)
    lines = {key: past.before(run_id) for key, past in pasts.items()}
    return {key: asked if line == asked else "" for key, line in lines.items() if line is not None}


def _all_lines(merges: Iterable[Mapping[str, Any]], pasts: dict[int, _Past]) -> dict[int, str]:
    """Per record the id it had before the first of the merges that it was part of; others have none."""
    parties: dict[int, set[str]] = {}
    for merge in merges:
        parties.setdefault(merge["run_id"], set()).update((merge["customer_id"], merge["other_id"]))
    lines: dict[int, str] = {}
    for run_id in sorted(parties):
        for key, past in pasts.items():
            line = past.before(run_id)
            if line in parties[run_id]:
                lines.setdefault(key, line)
    return lines


def _crossing(decisions: pa.Table, lines: dict[int, str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which decisions tie records across a line; with what else the same act ties to records without a line: it was
    said of the merged customer."""
    columns = (decisions[name].to_pylist() for name in ("left_key", "right_key", "act"))
    same = pc.equal(decisions["verdict"], "same").to_pylist()
    rows = [
        (tied and lines.get(left) != lines.get(right), left in lines and right in lines, act)
        for tied, left, right, act in zip(same, *columns, strict=True)
    ]
    acts = {act for crosses, lined, act in rows if crosses and lined and act is not None}
    return np.array([crosses and (lined or act in acts) for crosses, lined, act in rows], bool)


def _held_together(
    decisions: pa.Table, crossing: np.ndarray[Any, np.dtype[np.bool_]], own: set[int]
) -> list[tuple[int, int, str]]:
    """What ties anew those who were one person by decisions, and would not be, without those that cross the line."""
    same = pc.equal(decisions["verdict"], "same").to_numpy()
    left, right = (decisions[side].to_numpy()[same] for side in ("left_key", "right_key"))
    named, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    one, other = np.split(places.ravel(), 2)
    stays = ~crossing[same]
    was = joined(len(named), one, other) if len(named) else one
    piece = joined(len(named), one[stays], other[stays]) if len(named) else one
    pieces: dict[int, dict[int, int]] = {}
    taken = {int(number) for number, key in zip(piece, named, strict=True) if int(key) in own}
    for key, person, number in zip(named.tolist(), was.tolist(), piece.tolist(), strict=True):
        if number not in taken:
            pieces.setdefault(person, {}).setdefault(number, key)
    firsts = [sorted(found.values()) for found in pieces.values()]
    return [(keys[0], key, "same") for keys in firsts for key in keys[1:]]


def _kept_apart(
    before: pa.Table, crossing: np.ndarray[Any, np.dtype[np.bool_]], said: pa.Table
) -> list[tuple[int, int, str]]:
    """What keeps the pieces of a person apart from all that the person was apart from, where nothing else does."""
    sides = ("left_key", "right_key")
    keys = np.unique(np.concatenate([table[side].to_numpy() for table in (before, said) for side in sides]))
    was = decided(before, keys)
    stays = pa.concat_tables([before.filter(pa.array(~crossing)), schemas.conform(said, schemas.DECISIONS)])
    now = decided(stays, keys)
    pieces: dict[int, dict[int, int]] = {}
    for place, (person, piece) in enumerate(zip(was.person.tolist(), now.person.tolist(), strict=True)):
        if person != NONE:
            # Of whom nothing is said any more is a piece of its own.
            pieces.setdefault(person, {}).setdefault(piece if piece != NONE else -2 - place, place)
    pairs = [
        (one, other)
        for code in was.apart.tolist()
        for one in pieces[code // was.persons].values()
        for other in pieces[code % was.persons].values()
    ]
    one, other = (np.array(side, np.int64) for side in (zip(*pairs, strict=True) if pairs else ((), ())))
    lost = ~now.different(one, other)
    low, high = np.minimum(one, other)[lost], np.maximum(one, other)[lost]
    return [(left, right, "different") for left, right in zip(keys[low].tolist(), keys[high].tolist(), strict=True)]

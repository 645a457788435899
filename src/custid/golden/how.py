"""How a golden value was chosen: which rule decided, what stood against it, and why the others lost.

In: one customer's records, the rules, its pins. Out: `How`. Never here: another way of choosing; the same candidates
and ranks decide as in `survive`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from custid.errors import UsageError
from custid.golden import pinned
from custid.golden.candidates import Candidates, Numbers, candidates, lines
from custid.golden.survive import people_of, survive
from custid.model.survivorship import Survivorship, has_several

#: Who would be one of them, told by the label of what decided.
_READABLE = "a value that can be read"
_WHOLE = {"address": "a whole address", "name": "a whole name"}


@dataclass(frozen=True)
class Candidate:
    """A value that stood for election. `values`: field → as written, all of a group; `record`: "channel:record_id";
    `column`: where in the record it stands; `outcome`: won, kept (beside the preferred one), lost or left out;
    `because`: why."""

    record: str
    column: str
    values: dict[str, str]
    updated_at: datetime | None
    outcome: str
    because: str


@dataclass(frozen=True)
class How:
    """How the golden value of `field` came about. `value`: as it is shown; `source`: the record it came from, or
    "(pinned 12)"; `rule`: in force for it; `group`: the fields it was chosen with; `decided_by`: in words; `pin`: the
    row of PINS, if it is pinned; `candidates`: the winner first, then by the order of the rule."""

    customer_id: str
    field: str
    value: str | None
    source: str | None
    rule: str
    group: tuple[str, ...]
    decided_by: str
    pin: dict[str, Any] | None = None
    candidates: tuple[Candidate, ...] = dataclasses.field(default=(), repr=False)

    def __str__(self) -> str:
        lines = [f"{self.field} of {self.customer_id}: {self.value or 'none'}"]
        lines += [f"  from {self.source}" if self.source else "  no record has one", f"  {self.decided_by}"]
        together = f", chosen together: {', '.join(self.group)}" if len(self.group) > 1 else ""
        lines += [f"  rule: {self.rule}{together}"]
        for one in self.candidates:
            told = "; ".join(one.values.values())
            lines.append(f"  {one.outcome:<8} {one.record}  {told}" + (f"  ({one.because})" if one.because else ""))
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        own = {name: getattr(self, name) for name in ("customer_id", "field", "value", "source", "rule", "decided_by")}
        return own | {
            "group": list(self.group),
            "pin": self.pin,
            "candidates": [dict(vars(one)) for one in self.candidates],
        }


def how(
    records: pa.Table,
    customer_id: str,
    field: str,
    rules: Survivorship,
    values: pa.Table | None = None,
    pins: pa.Table | None = None,
) -> How:
    """How the golden value of `field` was chosen out of a customer's `records`; see `survive`.

    Raises UsageError when golden records have no such field.
    """
    ids = pa.repeat(pa.scalar(customer_id), len(records))
    links = pa.table({"record_key": records["record_key"], "customer_id": pa.chunked_array([ids])})
    people, _ = people_of(records, links, values, rules)
    units = {part: unit for unit in rules.units(people.fields) for part in lines(unit, people.fields)}
    if field not in units:
        raise UsageError(f"golden records have no field {field!r}. They have: {', '.join(units)}.")
    unit = units[field]
    row = survive(records, links, rules, values, pins).to_pylist()[0]
    ballot = candidates(people, unit)
    order = ballot.order(unit.rule)
    told, deciding = _told(ballot, order)
    pin = None
    decided_by = f"by {deciding}" if deciding else "the only value there is" if len(order) else "nothing to choose from"
    if pins is not None and len(pins):
        said = pinned.in_force(pins).get((customer_id, pinned.unit_of(field)))
        if said:
            pin = next((one for one in said if one["field"] == field), said[0])
            day = pin["pinned_at"].astimezone(UTC).strftime("%Y-%m-%d")
            decided_by = f"pinned by {pin['actor']} on {day}" + (f": {pin['reason']}" if pin["reason"] else "")
            told = [_overruled(one) for one in told]
    return How(
        customer_id,
        field,
        row[field],
        row[f"{field}_from"],
        str(unit.rule),
        lines(unit, people.fields),
        decided_by,
        pin,
        tuple(told),
    )


def _overruled(one: Candidate) -> Candidate:
    return (
        Candidate(one.record, one.column, one.values, one.updated_at, "lost", "a steward pinned another")
        if (one.outcome == "won")
        else one
    )


def _told(ballot: Candidates, order: Numbers) -> tuple[list[Candidate], str]:
    """The candidates, best first, and what decided between the first two."""
    people, unit = ballot.people, ballot.unit
    names = people.source.to_pylist()
    instants = people.records["updated_at"].to_pylist()
    ranks = ballot.ranks(unit.rule)
    standing = [("most_recent", people.standings()[0]), ("most_recent", people.standings()[1])]
    standing += [("most_complete", people.standings()[2]), ("first known", people.standings()[3])]
    ranks = [*ranks, *((label, rank[ballot.row]) for label, rank in standing), ("first of its values", -ballot.slot)]
    likeness = ballot.likeness
    told: list[Candidate] = []
    deciding = among = ""
    for place, at in enumerate(order.tolist()):
        winner, outcome, because = int(order[0]), "won", ""
        if place:
            label, ours, theirs = next(
                (name, rank[at], rank[winner]) for name, rank in ranks if rank[at] != rank[winner]
            )
            outcome, because = "lost", _why(label, ours, theirs, ballot, at, winner)
            before = [one for one in order[:place].tolist() if likeness[one] == likeness[at]]
            if has_several(unit.name) and not before and label != "readable":
                outcome = "kept"
            if winner in before:
                because = f"the same value; {because}"
                among = among or label
            else:
                because = f"the same value as {names[ballot.row[before[0]]]}; {because}" if before else because
                deciding = deciding or label
        told.append(_candidate(ballot, at, names, instants, outcome, because))
    for row, slot in zip(*(some.tolist() for some in ballot.empty), strict=True):
        alone = Candidates(people, unit, ballot.columns, np.array([row]), np.array([slot]), ballot.empty)
        told.append(_candidate(alone, 0, names, instants, "left out", "it stands for nothing"))
    spelt = f"{_label(among, unit.name)}, among records that have the same value" if among else ""
    return told, _label(deciding, unit.name) or spelt


def _candidate(
    ballot: Candidates, at: int, names: list[str], instants: list[Any], outcome: str, because: str
) -> Candidate:
    row, slot = int(ballot.row[at]), int(ballot.slot[at])
    held = ballot.columns[slot]
    values = {part: ballot.take(part, np.array([at]))[0].as_py() for part in held}
    return Candidate(
        names[row],
        ", ".join(held.values()),
        {part: value for part, value in values.items() if value is not None},
        instants[row],
        outcome,
        because,
    )


def _label(label: str, unit: str) -> str:
    return {"readable": _READABLE, "whole": _WHOLE.get(unit, ""), "first known": "the record known first"}.get(
        label, label
    )


def _why(label: str, ours: Any, theirs: Any, ballot: Candidates, at: int, winner: int) -> str:
    """Why a candidate stands behind the winner."""
    if label == "readable":
        return f"it cannot be read as a value of {ballot.unit.name}"
    if label == "whole":
        return "only a part of an address" if ballot.unit.name == "address" else "only a part of a name"
    if label == "most_recent":
        records = ballot.people.records
        mine, its = (records["updated_at"][int(ballot.row[one])].as_py() for one in (at, winner))
        if mine is None:
            return "its record does not say when it changed" if its is not None else "an earlier run brought it"
        return f"changed {mine:%Y-%m-%d %H:%M}, the winner {its:%Y-%m-%d %H:%M}"
    if label == "most_complete":
        return f"{ours} values, the winner {theirs}"
    if label == "most_frequent":
        return f"{ours} record{'' if ours == 1 else 's'} of it, of the winner's {theirs}"
    if label == "longest":
        return f"{ours} characters, the winner {theirs}"
    if label.startswith("trusted"):
        channels = ballot.people.records["channel"]
        mine, its = (channels[int(ballot.row[one])].as_py() for one in (at, winner))
        return f"{mine} is trusted less than {its}"
    return "its record was known later" if label == "first known" else "it stands behind in its record"

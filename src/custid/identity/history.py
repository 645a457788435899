"""Tell a customer's life from its events.

In: a table as `Registry.history` gives it: EVENTS + NAMES (null once a record was erased), at (UTC), actor. Out: plain
data (`as_dict`) and sentences made from it (`tell`).
Never here: field values, a database, deciding anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

#: (kind, whether the customer told of is the event's `other_id`) → role; other events are about others.
_ROLES = {
    ("created", False): "created",
    ("split", False): "split",
    ("merged", False): "merged",
    ("restored", False): "restored",
    ("retired", False): "retired",
    ("erased", False): "erased",
    ("linked", False): "joined",
    ("moved", False): "came",
    ("moved", True): "went",
    ("unlinked", False): "left",
    ("merged", True): "absorbed",
    ("split", True): "parted",
    ("restored", True): "released",
}

#: What befell the customer → what its records did meanwhile: told in one step.
_TOGETHER = {
    "created": ("joined",),
    "split": ("came",),
    "merged": ("went",),
    "restored": ("came", "joined"),
    "retired": ("left",),
    "erased": ("left",),
    "absorbed": ("came",),
    "parted": ("went",),
    "released": ("went",),
}

#: Role → the sentence, and the same where no records are named.
_SENTENCES = {
    "created": ("created with {records}", "created"),
    "split": ("split off from {other} with {records}", "split off from {other}"),
    "merged": ("given up, {other} replaced it and took {records}", "given up, {other} replaced it"),
    "restored": ("lives again with {records}, back from {other}", "lives again, after its records were with {other}"),
    "returned": ("lives again, {records} came back", "lives again, its records came back"),
    "retired": ("retired, its last records are gone: {records}", "retired, its last record is gone"),
    "erased": ("erased for good", "erased for good"),
    "joined": ("{records} joined", ""),
    "came": ("{records} came from {other}", ""),
    "went": ("{records} went to {other}", ""),
    "left": ("{records} left", ""),
    "absorbed": ("{other} was merged into it, bringing {records}", "{other} was merged into it"),
    "parted": ("{other} was split off from it with {records}", "{other} was split off from it"),
    "released": ("{other} lives again, taking back {records}", "{other} lives again, out of it"),
}

#: Roles in which records part; without evidence, nothing ties them any more.
_PARTINGS = ("split", "restored", "parted", "released")

#: How many records a sentence names.
_SHOWN = 3


def as_dict(events: pa.Table, customer_id: str) -> dict[str, Any]:
    """The life of `customer_id` as plain data that JSON can hold, in the order of events.

    `steps` has one entry per run and thing that happened: run_id, at (ISO 8601), actor, what (created,
    split, merged, restored, retired, erased; joined, came, went, left; absorbed, parted, released),
    other_id, records ("channel:record_id", or "record 12" where the registry no longer knows) that joined, came,
    went or left by it, reasons (each once), evidence (the strongest there is, or None: kind as in EVENTS, left, right,
    match_weight in bits, levels, decision_id).
    """
    rows = sorted(events.to_pylist(), key=lambda row: row["seq"])
    names = _names(rows)
    groups: dict[tuple[int, str, str | None], list[dict[str, Any]]] = {}
    for row in rows:
        told_as_other = row["customer_id"] != customer_id and row["other_id"] == customer_id
        if row["customer_id"] != customer_id and not told_as_other:
            continue
        role = _ROLES.get((row["kind"], told_as_other))
        if role is not None:
            other = row["customer_id"] if told_as_other else row["other_id"]
            groups.setdefault((row["run_id"], role, other), []).append(row)
    # An event of the customer takes those of its records along, wherever in the run they stand.
    for run_id, role, other in [key for key in groups if key[1] in _TOGETHER]:
        for of_records in _TOGETHER[role]:
            groups[run_id, role, other] += groups.pop((run_id, of_records, other), [])
    steps = [_step(role, other, group, names) for (_, role, other), group in groups.items()]
    return {"customer_id": customer_id, "steps": steps}


def tell(events: pa.Table, customer_id: str) -> list[str]:
    """The life of `customer_id` in sentences, one per run and thing that happened; [] if nothing is known."""
    return [_sentence(step) for step in as_dict(events, customer_id)["steps"]]


def because(evidence: Mapping[str, Any]) -> str:
    """The evidence of a step as a clause.

    >>> because({"kind": "edge", "left": "crm:1", "right": "shop:2", "match_weight": 14.2, "levels": "email:equal"})
    'crm:1 matched shop:2 with 14.2 bits: email equal'
    >>> because({"kind": "apart", "left": "crm:1", "right": "shop:2", "decision_id": 7})
    'decision 7: crm:1 and shop:2 are not the same customer'
    """
    left, right = evidence["left"], evidence["right"]
    if evidence["kind"] in ("decision", "apart"):
        said = "are the same customer" if evidence["kind"] == "decision" else "are not the same customer"
        return f"decision {evidence['decision_id']}: {left} and {right} {said}"
    weight = evidence["match_weight"]
    bits = f" with {weight:.1f} bits" if weight is not None else ""
    levels = f": {levels_said(evidence['levels'])}" if evidence["levels"] else ""
    if evidence["kind"] == "cut":
        return f"{left} matched {right}{bits}, which did not hold{levels}"
    return f"{left} matched {right}{bits}{levels}"


def levels_said(levels: str) -> str:
    """Comparison levels as EDGES have them, gathered by level; what was missing is left out.

    >>> levels_said("email:equal surname:same_sound birth_date:missing phone:equal")
    'email, phone equal; surname same sound'
    """
    found: dict[str, list[str]] = {}
    for each in levels.split():
        name, _, level = each.rpartition(":")
        if level != "missing":
            found.setdefault(level.replace("_", " "), []).append(name.replace("_", " "))
    return "; ".join(f"{', '.join(names)} {level}" for level, names in found.items())


def some_of(names: Sequence[str], count: int | None = None, *, shown: int = _SHOWN) -> str:
    """The first of `names`, and how many more of `count` (None: of `names`) there are.

    >>> some_of(["crm:1"]), some_of(["crm:1", "crm:2", "crm:3"])
    ('crm:1', 'crm:1, crm:2 and crm:3')
    >>> some_of(["crm:1", "crm:2", "crm:3", "crm:4", "crm:5"], 1200)
    'crm:1, crm:2 and 1,198 more'
    """
    count = len(names) if count is None else count
    if count > shown:
        return f"{', '.join(names[: shown - 1])} and {count - shown + 1:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _step(role: str, other: str | None, group: list[dict[str, Any]], names: dict[int, str]) -> dict[str, Any]:
    first = group[0]
    at = first.get("at")
    return {
        "run_id": first["run_id"],
        "at": at.isoformat() if at is not None else None,
        "actor": first.get("actor"),
        "what": role,
        "other_id": other,
        "records": [names[row["record_key"]] for row in group if row["record_key"] is not None],
        "reasons": list(dict.fromkeys(row["reason"] for row in group)),
        "evidence": _strongest(group, names),
    }


def _strongest(group: list[dict[str, Any]], names: dict[int, str]) -> dict[str, Any] | None:
    tied = [row for row in group if row["evidence"] is not None]
    if not tied:
        return None

    # A steward's word is stronger than any weight.
    def strength(row: dict[str, Any]) -> tuple[bool, float]:
        weight = row["match_weight"]
        return row["decision_id"] is not None, float("-inf") if weight is None else weight

    row = max(tied, key=strength)
    return {
        "kind": row["evidence"],
        "left": _name_of(row["evidence_left"], names),
        "right": _name_of(row["evidence_right"], names),
        "match_weight": None if row["match_weight"] is None else round(row["match_weight"], 3),
        "levels": row["levels"],
        "decision_id": row["decision_id"],
    }


def _sentence(step: dict[str, Any]) -> str:
    when = f", {step['at'][:16].replace('T', ' ')}" if step["at"] else ""
    who = f" by {step['actor']}" if step["actor"] else ""
    return f"run {step['run_id']}{when}{who}: {said(step)}"


def said(step: Mapping[str, Any]) -> str:
    """What a step of `as_dict` says happened, and why; without when and by whom."""
    returned = step["what"] == "restored" and step["other_id"] is None
    with_records, alone = _SENTENCES["returned" if returned else step["what"]]
    what = (with_records if step["records"] else alone).format(records=some_of(step["records"]), other=step["other_id"])
    why = _why(step)
    return what + (f" ({why})" if why else "")


def _why(step: Mapping[str, Any]) -> str:
    if step["evidence"] is not None:
        return because(step["evidence"])
    if step["what"] in _PARTINGS and step["other_id"] is not None:
        return "nothing ties them any more"
    # What befell the customer is said by the sentence; records need their reason.
    return "" if step["what"] in _TOGETHER else ", ".join(step["reasons"])


def _names(rows: list[dict[str, Any]]) -> dict[int, str]:
    """record_key → what to call the record."""
    names: dict[int, str] = {}
    for row in rows:
        for key, prefix in (("evidence_left", "left_"), ("evidence_right", "right_"), ("record_key", "")):
            channel, record_id = row.get(f"{prefix}channel"), row.get(f"{prefix}record_id")
            if channel is not None and record_id is not None:
                names[row[key]] = f"{channel}:{record_id}"
            elif row[key] is not None:
                names.setdefault(row[key], f"record {row[key]}")
    return names


def _name_of(key: int | None, names: dict[int, str]) -> str | None:
    return None if key is None else names[key]

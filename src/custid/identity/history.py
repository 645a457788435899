"""Tell a customer's life from its events.

In: a table as `Registry.history` gives it: EVENTS + at (UTC), actor, channel, record_id (null once a record
was erased). Out: plain data (`as_dict`) and sentences made from it (`tell`).
Never here: field values, a database, deciding anything.
"""

from __future__ import annotations

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

#: Role → the sentence; {records} and {other} are filled in.
_SENTENCES = {
    "created": "created",
    "split": "split off from {other}",
    "merged": "given up, {other} replaced it",
    "restored": "lives again, after its records were with {other}",
    "retired": "retired, its last record is gone",
    "erased": "erased for good",
    "joined": "{records} joined",
    "came": "{records} came from {other}",
    "went": "{records} went to {other}",
    "left": "{records} left",
    "absorbed": "{other} was merged into it",
    "parted": "{other} was split off from it",
    "released": "{other} lives again, out of it",
}


def as_dict(events: pa.Table, customer_id: str) -> dict[str, Any]:
    """The life of `customer_id` as plain data that JSON can hold, in the order of events.

    `steps` has one entry per run and thing that happened: run_id, at (ISO 8601), actor, what (created,
    split, merged, restored, retired, erased; joined, came, went, left; absorbed, parted, released),
    other_id, records ("channel:record_id", or "record 12" where the registry no longer knows), reasons (each
    once), evidence (the strongest of the group, or None: kind, left, right, match_weight, levels,
    decision_id).
    """
    rows = sorted(events.to_pylist(), key=lambda row: row["seq"])
    names = {row["record_key"]: _record_name(row) for row in rows if row["record_key"] is not None}
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        told_as_other = row["customer_id"] != customer_id and row["other_id"] == customer_id
        if row["customer_id"] != customer_id and not told_as_other:
            continue
        role = _ROLES.get((row["kind"], told_as_other))
        if role is not None:
            other = row["customer_id"] if told_as_other else row["other_id"]
            groups.setdefault((row["run_id"], role, other), []).append(row)
    steps = [_step(role, other, group, names) for (_, role, other), group in groups.items()]
    return {"customer_id": customer_id, "steps": steps}


def tell(events: pa.Table, customer_id: str) -> list[str]:
    """The life of `customer_id` in sentences, one per run and thing that happened; [] if nothing is known."""
    return [_sentence(step) for step in as_dict(events, customer_id)["steps"]]


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
        return row["evidence"] == "decision", float("-inf") if weight is None else weight

    row = max(tied, key=strength)
    return {
        "kind": row["evidence"],
        "left": _name_of(row["evidence_left"], names),
        "right": _name_of(row["evidence_right"], names),
        "match_weight": row["match_weight"],
        "levels": row["levels"],
        "decision_id": row["decision_id"],
    }


def _sentence(step: dict[str, Any]) -> str:
    when = f", {step['at'][:16].replace('T', ' ')}" if step["at"] else ""
    who = f" by {step['actor']}" if step["actor"] else ""
    records = _first_and_more(step["records"])
    what = _SENTENCES[step["what"]].format(records=records, other=step["other_id"])
    if step["what"] == "restored" and step["other_id"] is None:
        what = "lives again, its records came back"
    return f"run {step['run_id']}{when}{who}: {what}{_because(step)}"


def _because(step: dict[str, Any]) -> str:
    evidence = step["evidence"]
    # Customer events say it all in the sentence; so do those of records, unless something tied them.
    if evidence is None:
        return f" ({', '.join(step['reasons'])})" if step["records"] else ""
    pair = f"{evidence['left']} and {evidence['right']}"
    if evidence["kind"] == "decision":
        return f" (decision {evidence['decision_id']}: {pair} are the same)"
    weight = evidence["match_weight"]
    said = f" with weight {weight:.1f} bits" if weight is not None else ""
    levels = f" on {evidence['levels']}" if evidence["levels"] else ""
    return f" ({evidence['left']} matched {evidence['right']}{said}{levels})"


def _first_and_more(records: list[str]) -> str:
    """
    >>> _first_and_more(["crm:1"]), _first_and_more(["crm:1", "crm:2", "crm:3"])
    ('crm:1', 'crm:1 and 2 more')
    """
    if len(records) < 2:
        return "".join(records)
    return f"{records[0]} and {len(records) - 1} more"


def _record_name(row: dict[str, Any]) -> str:
    if row.get("channel") is None or row.get("record_id") is None:
        return f"record {row['record_key']}"
    return f"{row['channel']}:{row['record_id']}"


def _name_of(key: int | None, names: dict[int, str]) -> str | None:
    return None if key is None else names.get(key, f"record {key}")

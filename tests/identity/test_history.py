from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from custid.identity.history import as_dict, tell

from .reference import Event, Life, name, table_of

A, B = name(1), name(2)
START = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def as_a_registry_gives_it(life: Life) -> pa.Table:
    """`life`'s events with what `Registry.history` adds; record 9 is one the registry has erased."""
    events = life.events
    keys = events["record_key"].to_pylist()
    known = [key is not None and key != 9 for key in keys]
    return (
        events.append_column("at", [[START + timedelta(days=run) for run in events["run_id"].to_pylist()]])
        .append_column("actor", pa.repeat("nightly", len(keys)))
        .append_column("channel", [["crm" if each else None for each in known]])
        .append_column("record_id", [[f"A-{key}" if each else None for key, each in zip(keys, known, strict=True)]])
    )


def some_life() -> Life:
    life = Life()
    life.run({1: 1, 2: 1, 3: 2, 4: 2})
    life.run({1: 1, 2: 1, 3: 1, 4: 1, 9: 1})
    life.run({1: 1, 2: 1, 3: 2, 4: 2, 9: 1})
    life.run({3: 2, 4: 2})
    life.run({1: 1, 3: 2, 4: 2})
    return life


def test_a_customers_life_is_told_in_the_order_it_happened() -> None:
    assert tell(as_a_registry_gives_it(some_life()), A) == [
        "run 1, 2026-11-21 04:00 by nightly: created with crm:A-1 and crm:A-2",
        "run 2, 2026-11-22 04:00 by nightly: record 9 joined (first seen)",
        f"run 2, 2026-11-22 04:00 by nightly: {B} was merged into it, bringing crm:A-3 and crm:A-4",
        f"run 3, 2026-11-23 04:00 by nightly: {B} lives again, taking back crm:A-3 and crm:A-4"
        " (nothing ties them any more)",
        "run 4, 2026-11-24 04:00 by nightly: retired, its last records are gone: crm:A-1, crm:A-2 and record 9",
        "run 5, 2026-11-25 04:00 by nightly: lives again, crm:A-1 came back",
    ]


def test_the_other_side_tells_the_same_story_of_its_own() -> None:
    assert [sentence.split(": ", 1)[1] for sentence in tell(as_a_registry_gives_it(some_life()), B)] == [
        "created with crm:A-3 and crm:A-4",
        f"given up, {A} replaced it and took crm:A-3 and crm:A-4",
        f"lives again with crm:A-3 and crm:A-4, back from {A} (nothing ties them any more)",
    ]


def linked_with(**evidence: object) -> str:
    events: list[Event] = [("linked", A, None, 1), ("linked", A, None, 2)]
    rows = [
        row | {"at": START, "actor": "nightly", "channel": "crm", "record_id": f"A-{row['record_key']}"}
        for row in table_of(events, 1, 1).to_pylist()
    ]
    rows[1] |= evidence
    (sentence,) = tell(pa.Table.from_pylist(rows), A)
    return sentence


def test_an_edge_is_told_with_its_weight_and_levels() -> None:
    assert linked_with(
        evidence="edge",
        evidence_left=1,
        evidence_right=7,
        match_weight=14.24,
        levels="email:equal",
    ).endswith("crm:A-1 and crm:A-2 joined (crm:A-1 matched record 7 with 14.2 bits: email equal)")


def test_a_decision_is_told_with_its_number() -> None:
    assert linked_with(evidence="decision", evidence_left=1, evidence_right=2, decision_id=7).endswith(
        "crm:A-1 and crm:A-2 joined (decision 7: crm:A-1 and crm:A-2 are the same customer)"
    )


def test_the_data_behind_the_sentences_is_json() -> None:
    told = as_dict(as_a_registry_gives_it(some_life()), A)
    assert json.loads(json.dumps(told)) == told
    assert told["steps"][2] == {
        "run_id": 2,
        "at": "2026-11-22T04:00:00+00:00",
        "actor": "nightly",
        "what": "absorbed",
        "other_id": B,
        "records": ["crm:A-3", "crm:A-4"],
        "reasons": [f"same customer as {A}", "its customer was merged"],
        "evidence": None,
    }


def test_nothing_is_told_of_a_stranger() -> None:
    assert tell(as_a_registry_gives_it(some_life()), "nobody") == []

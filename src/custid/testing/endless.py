"""A program to be killed: it commits run after run to a registry, and what each must have left behind.

In: a registry's location. Out: nothing; see `is_whole`. Never here: who kills it, and when.
"""

from __future__ import annotations

from custid.registries.base import Registry

#: How many records each run brings.
RECORDS = 5_000

#: Commits without end to the registry at sys.argv[1], each run's records being one customer; says "ready" when a
#: commit begins. Each run has a field of its own, so that the tables change too.
ENDLESS = f"""
import sys
import pyarrow as pa
from custid import schemas
from custid.identity import events as identity_events
from custid.registries import connect
from custid.registries.base import Commit
from datetime import UTC, datetime
registry = connect(sys.argv[1])
while True:
    state = registry.read_state()
    run_id, count = state.run_id + 1, {RECORDS}
    keys = pa.array(range(state.next_record_key, state.next_record_key + count))
    names = keys.cast(pa.string())
    every = lambda value: pa.repeat(value, count)
    records = pa.table({{
        "record_key": keys, "channel": every("crm"), "record_id": names,
        "updated_at": pa.nulls(count, schemas.INSTANT), "live": every(True),
        "first_run": every(run_id), "last_run": every(run_id), "email": names,
        f"field_of_{{run_id}}": names,
    }})
    linked = pa.table({{
        "kind": every("linked"), "customer_id": every(f"C{{run_id}}"), "record_key": keys,
        "run_id": every(run_id), "reason": every("told"),
    }})
    created = linked.slice(0, 1).set_column(0, "kind", pa.array(["created"]))
    created = created.set_column(2, "record_key", pa.nulls(1, pa.int64()))
    events = pa.concat_tables([created, linked])
    seq = pa.array(range(state.next_seq, state.next_seq + count + 1))
    events = schemas.conform(events.append_column("seq", seq), schemas.EVENTS)
    commit = Commit(
        state.run_id, datetime.now(UTC), datetime.now(UTC), "ann", {{}},
        identity_events.seal(state.chain, events), records, events,
        schemas.empty(schemas.EDGES), schemas.empty(schemas.REJECTS),
    )
    print("ready", flush=True)
    registry.commit(commit)
"""


def is_whole(registry: Registry, landed: int) -> int:
    """Assert that the registry holds whole runs only, and none fewer than `landed`; returns how many."""
    state = registry.read_state()
    assert state.run_id >= landed
    assert len(state.records) == len(state.links) == RECORDS * state.run_id
    assert len(state.customers) == state.run_id
    if state.run_id:
        found = registry.verify()
        assert found == [], found
    return state.run_id

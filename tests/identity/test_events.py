from __future__ import annotations

import hashlib
import math
import random
import struct
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custid import schemas
from custid.errors import RegistryError
from custid.identity.events import KINDS, MINTING, RECORD_KINDS, faults, replay, seal

from .reference import Event, Life, as_dict, shuffled, table_of

TEXT = st.text(max_size=4)
KEY = st.none() | st.integers(-(2**63), 2**63 - 1)
ROW = st.fixed_dictionaries(
    {
        "run_id": st.integers(1, 5),
        "kind": st.sampled_from(sorted(KINDS)),
        "customer_id": TEXT,
        "other_id": st.none() | TEXT,
        "record_key": KEY,
        "reason": TEXT,
        "evidence": st.none() | TEXT,
        "evidence_left": KEY,
        "evidence_right": KEY,
        "match_weight": st.none() | st.floats(width=32),
        "levels": st.none() | TEXT,
        "decision_id": KEY,
    }
)


def rows_of(rows: list[dict[str, object]]) -> pa.Table:
    numbered = [{"seq": place, **row} for place, row in enumerate(rows, 1)]
    return pa.Table.from_pylist(numbered, schema=schemas.EVENTS)


def test_every_kind_is_about_a_record_or_a_customer() -> None:
    assert RECORD_KINDS == ("linked", "moved", "unlinked")
    assert MINTING == ("created", "split")
    assert {change.about for change in KINDS.values()} == {"record", "customer"}


# --- replay -------------------------------------------------------------------------------------------------

SOME: list[list[Event]] = [
    [
        ("created", "A", None, None),
        ("created", "B", None, None),
        ("linked", "A", None, 1),
        ("linked", "B", None, 2),
    ],
    [("moved", "A", "B", 2), ("merged", "B", "A", None)],
    [("unlinked", "A", None, 1), ("unlinked", "A", None, 2), ("retired", "A", None, None)],
]


def some_events() -> pa.Table:
    tables, seq = [], 1
    for run_id, events in enumerate(SOME, 1):
        tables.append(table_of(events, run_id, seq))
        seq += len(events)
    return pa.concat_tables(tables)


def test_a_records_last_event_says_where_it_is() -> None:
    links, customers = replay(some_events().slice(0, 6))
    assert as_dict(links) == {1: "A", 2: "A"}
    assert customers.to_pylist()[1] == {
        "customer_id": "B",
        "minted": 2,
        "status": "merged",
        "redirect": "A",
        "created_run": 1,
    }


def test_no_events_add_up_to_nothing() -> None:
    links, customers = replay(schemas.empty(schemas.EVENTS))
    assert links.equals(schemas.empty(schemas.LINKS))
    assert customers.equals(schemas.empty(schemas.CUSTOMERS))


def test_an_id_merged_into_one_merged_later_redirects_to_the_end() -> None:
    names = [f"C{number:03d}" for number in range(200)]
    created: list[Event] = [("created", each, None, None) for each in names]
    merged: list[Event] = [("merged", each, other, None) for other, each in pairwise(names)]
    _, customers = replay(pa.concat_tables([table_of(created, 1, 1), table_of(merged[::-1], 2, 201)]))
    assert customers["redirect"].to_pylist() == [None] + ["C000"] * 199


def test_redirects_in_a_circle_are_refused() -> None:
    events: list[Event] = [("created", each, None, None) for each in "ABC"]
    events += [("merged", "A", "B", None), ("merged", "B", "C", None), ("merged", "C", "A", None)]
    with pytest.raises(RegistryError, match="circle"):
        replay(table_of(events, 1, 1))


def test_events_of_an_id_never_minted_are_refused() -> None:
    with pytest.raises(RegistryError, match="never minted"):
        replay(table_of([("retired", "A", None, None)], 1, 1))
    with pytest.raises(RegistryError, match="never minted"):
        replay(table_of([("created", "A", None, None), ("merged", "A", "Z", None)], 1, 1))


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_replay_does_not_depend_on_the_order_of_rows(seed: int) -> None:
    chance = random.Random(seed)
    life = Life()
    for _ in range(4):
        life.run({key: chance.randrange(4) for key in range(8) if chance.random() < 0.8})
    mixed = shuffled(life.events, chance)
    assert [table.to_pylist() for table in replay(mixed)] == [table.to_pylist() for table in replay(life.events)]
    assert faults(mixed) == []
    assert seal("", mixed) == seal("", life.events)


# --- faults -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([("made", "A", None, None)], "unknown kind 'made'"),
        ([("created", "A", None, 1)], "record_key of the other kind"),
        ([("linked", "A", None, None)], "record_key of the other kind"),
        ([("created", "A", None, None), ("created", "A", None, None)], "second in a run"),
        ([("retired", "A", None, None)], "a customer that is unknown cannot be retired"),
        ([("unlinked", "A", None, 1)], "a record that is unlinked cannot be unlinked"),
    ],
)
def test_a_run_that_cannot_have_been_is_named(events: list[Event], fault: str) -> None:
    assert any(fault in each for each in faults(table_of(events, 1, 1)))


def test_events_that_do_not_follow_what_went_before_are_named() -> None:
    events = some_events()
    assert faults(events) == []
    assert faults(pa.concat_tables([events.slice(0, 3), events.slice(4)])) == [
        "seq goes from 3 to 5",
        "event 5: a record that is unlinked cannot be moved",
    ]
    stolen = table_of([("moved", "A", "C", 2)], 4, len(events) + 1)
    assert "takes an id from its record" in faults(pa.concat_tables([events.slice(0, 6), stolen]))[-1]
    late = table_of([("created", "Z", None, None)], 1, len(events) + 1)
    assert faults(pa.concat_tables([events, late])) == ["event 10 of run 1 comes after one of run 3"]


# --- the seal -----------------------------------------------------------------------------------------------


def test_the_seal_of_a_fixed_run_never_changes() -> None:
    assert seal("", some_events()) == "7fd58e8cdd8fc40bf8f59c964a9f54dd5ecab022630895ea7ebc359f560bf70d"


@given(st.lists(ROW, max_size=4))
@settings(max_examples=50, deadline=None)
def test_the_seal_is_the_hash_of_the_bytes_its_docstring_says(rows: list[dict[str, object]]) -> None:
    said = b"custid events 1\nbefore\n" + struct.pack("<q", len(rows))
    events = rows_of(rows)
    for field in schemas.EVENTS:
        values = events[field.name].to_pylist()
        if field.type == pa.string():
            encoded = [None if value is None else value.encode() for value in values]
            said += b"".join(struct.pack("<q", -1 if each is None else len(each)) for each in encoded)
            said += b"".join(each or b"" for each in encoded)
            continue
        said += bytes(value is not None for value in values)
        for value in values:
            if field.type == pa.int64():
                said += struct.pack("<q", value or 0)
            else:
                said += b"\0\0\xc0\x7f" if value is not None and math.isnan(value) else struct.pack("<f", value or 0.0)
    assert seal("before", events) == hashlib.sha256(said).hexdigest()


def test_a_run_without_events_moves_the_chain_on() -> None:
    first = seal("", schemas.empty(schemas.EVENTS))
    assert first != seal(first, schemas.empty(schemas.EVENTS))


@given(st.lists(ROW, max_size=6), st.data())
@settings(max_examples=100, deadline=None)
def test_any_changed_value_breaks_the_seal(rows: list[dict[str, object]], data: st.DataObject) -> None:
    if not rows:
        return
    events = rows_of(rows)
    sealed = seal("before", events)
    assert seal("other", events) != sealed
    place = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from(sorted(rows[0])))
    changed = [dict(row) for row in rows]
    changed[place][column] = data.draw(st.sampled_from([row[column] for row in rows]) | ROW.map(lambda r: r[column]))
    # repr, for NaN is not equal to itself, and 0.0 stands for -0.0
    same = repr(changed).replace("-0.0", "0.0") == repr(rows).replace("-0.0", "0.0")
    assert (seal("before", rows_of(changed)) == sealed) == same


@given(st.lists(ROW, min_size=1, max_size=6), st.data())
@settings(max_examples=50, deadline=None)
def test_a_removed_or_reordered_event_breaks_the_seal(rows: list[dict[str, object]], data: st.DataObject) -> None:
    events = rows_of(rows)
    sealed = seal("", events)
    gone = data.draw(st.integers(0, len(rows) - 1))
    assert seal("", pa.concat_tables([events.slice(0, gone), events.slice(gone + 1)])) != sealed
    assert seal("", pa.concat_tables([events, events.slice(gone, 1)])) != sealed
    other = data.draw(st.permutations(rows))
    if repr(other).replace("-0.0", "0.0") != repr(rows).replace("-0.0", "0.0"):
        assert seal("", rows_of(other)) != sealed


@given(st.lists(ROW, max_size=8), st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_how_arrow_holds_the_events_does_not_matter(rows: list[dict[str, object]], seed: int) -> None:
    events = rows_of(rows)
    sealed = seal("", events)
    chance = random.Random(seed)
    assert seal("", shuffled(events, chance)) == sealed
    assert seal("", pa.concat_tables([events.slice(place, 1) for place in range(len(events))] or [events])) == sealed
    wide = pa.table({name: _otherwise(events[name]) for name in reversed(events.column_names)})
    assert seal("", wide) == sealed


def _otherwise(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values in another Arrow type."""
    if pa.types.is_string(column.type):
        return column.cast(pa.large_string()).dictionary_encode()
    return column.cast(pa.float64()) if pa.types.is_floating(column.type) else column


def test_text_cannot_slip_from_one_value_into_the_next() -> None:
    one = table_of([("created", "AB", None, None), ("created", "C", None, None)], 1, 1)
    two = table_of([("created", "A", None, None), ("created", "BC", None, None)], 1, 1)
    assert seal("", one) != seal("", two)


def test_null_is_not_empty_and_not_zero() -> None:
    events = table_of([("linked", "A", None, 1)], 1, 1)
    blank = events.set_column(4, schemas.EVENTS.field("other_id"), pa.array([""]))
    zero = events.set_column(10, schemas.EVENTS.field("match_weight"), pa.array([0.0], pa.float32()))
    assert len({seal("", events), seal("", blank), seal("", zero)}) == 3

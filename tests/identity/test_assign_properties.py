"""Random histories: what must hold whatever happens.

CUSTID_EXAMPLES=5000 tries as many histories per property instead of the few that fit into every run of the tests.
"""

from __future__ import annotations

import itertools
import os
import random

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custid.identity.events import as_of, faults, former, replay
from custid.identity.evidence import TIES

from .reference import Life, Memory, Partition, as_dict, name, slow_run, told


def partitions(records: int, clusters: int) -> st.SearchStrategy[Partition]:
    label = st.one_of(st.none(), st.integers(0, clusters - 1), st.integers(0, clusters - 1))
    return st.lists(label, min_size=records, max_size=records).map(
        lambda labels: {10 * key: label for key, label in enumerate(labels, 1) if label is not None}
    )


def histories() -> st.SearchStrategy[list[Partition]]:
    sizes = st.tuples(st.integers(1, 9), st.integers(1, 5))
    return sizes.flatmap(lambda size: st.lists(partitions(*size), min_size=1, max_size=7))


EXAMPLES = int(os.environ.get("CUSTID_EXAMPLES", "0"))

thorough = settings(max_examples=EXAMPLES or 120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
quick = settings(thorough, max_examples=EXAMPLES or 50)


def lived(history: list[Partition]) -> Life:
    life = Life()
    for partition in history:
        life.run(partition)
    return life


@given(histories())
@thorough
def test_the_quick_rules_do_what_the_slow_rules_do(history: list[Partition]) -> None:
    life, memory = Life(), Memory({}, {}, {})
    for partition in history:
        done = life.run(partition)
        assert told(done.events) == slow_run(memory, partition)
        assert as_dict(done.links) == memory.links


@given(histories())
@thorough
def test_events_add_up_to_the_links_and_fit_each_other(history: list[Partition]) -> None:
    life = Life()
    for partition in history:
        done = life.run(partition)
        assert done.links.equals(replay(life.events)[0])
    assert faults(life.events) == []


@given(histories())
@thorough
def test_every_live_record_has_one_live_id_and_every_id_answers_in_one_step(history: list[Partition]) -> None:
    life = Life()
    issued: list[str] = []
    for partition in history:
        done = life.run(partition)
        links, customers = life.links(), life.customers()
        assert links.keys() == partition.keys()
        # Together in a cluster means one id, apart means two.
        by_key = {(partition[key], links[key]) for key in partition}
        assert len(by_key) == len(set(partition.values())) == len(set(links.values()))
        living = {customer for customer, (status, _) in customers.items() if status == "live"}
        assert living == set(links.values())
        for status, redirect in customers.values():
            assert (redirect is not None) == (status == "merged")
            assert redirect is None or customers[redirect][0] != "merged"
        # Ids are only added, at the end, and none is issued twice.
        assert list(customers)[: len(issued)] == issued
        assert len(customers) == len(issued) + done.minted == len(set(customers))
        issued = list(customers)


@given(histories())
@quick
def test_an_id_given_up_redirects_to_a_customer_that_lives_in_that_run(history: list[Partition]) -> None:
    life = Life()
    for partition in history:
        done = life.run(partition)
        living = set(life.links().values())
        for kind, customer, other, _ in told(done.events):
            if kind == "merged":
                assert other in living
                assert customer not in living
            if kind in ("created", "split", "restored"):
                assert customer in living
            if kind == "split":
                assert other in living
            if kind == "retired":
                assert customer not in living


@given(histories())
@quick
def test_the_same_clusters_again_change_nothing(history: list[Partition]) -> None:
    life = lived(history)
    again = life.assign(history[-1])
    assert len(again.events) == 0
    assert again.minted == 0
    assert as_dict(again.links) == life.links()


@given(histories(), st.integers(0, 10**9))
@thorough
def test_row_order_and_cluster_numbers_do_not_matter(history: list[Partition], seed: int) -> None:
    life, chance = Life(), random.Random(seed)
    for partition in history:
        other = life.assign(partition, chance=chance)
        done = life.run(partition)
        assert other.events.equals(done.events)
        assert other.links.equals(done.links)


def some_ties(chance: random.Random, keys: list[int]) -> pa.Table:
    """TIES between random pairs of records: at most an edge and a decision each."""
    rows: list[dict[str, object]] = []
    for number, (left, right) in enumerate(itertools.combinations(keys, 2)):
        ends = {"evidence_left": left, "evidence_right": right}
        if chance.random() < 0.4:
            rows.append(ends | {"match_weight": float(chance.randint(1, 5)), "levels": f"level:{number}"})
        if chance.random() < 0.2:
            rows.append(ends | {"decision_id": number, "verdict": chance.choice(("same", "different"))})
    return pa.Table.from_pylist(rows, schema=TIES)


@given(histories(), st.integers(0, 10**9))
@quick
def test_evidence_is_about_the_records_of_its_event_and_changes_nothing_else(
    history: list[Partition], seed: int
) -> None:
    life, chance = Life(), random.Random(seed)
    for partition in history:
        before, plain = life.links(), life.assign(partition)
        known = some_ties(chance, sorted({*partition, *before, 10}))
        shuffled = life.assign(partition, evidence=known, chance=chance)
        done = life.run(partition, evidence=known)
        assert shuffled.events.equals(done.events)
        assert told(done.events) == told(plain.events)
        now, pairs = as_dict(done.links), {(row["evidence_left"], row["evidence_right"]) for row in known.to_pylist()}
        for row in done.events.to_pylist():
            if row["evidence"] is None:
                continue
            ends = (row["evidence_left"], row["evidence_right"])
            assert ends in pairs
            # It joins two records of one customer, or stands between two of which one left the other.
            joins = row["evidence"] in ("edge", "decision")
            assert (now[ends[0]] == now[ends[1]]) == joins
            assert row["customer_id"] in {now[end] for end in ends} or row["kind"] == "merged"
            if row["kind"] == "merged":
                assert row["other_id"] == now[ends[0]]
            if not joins:
                assert before[ends[0]] == before[ends[1]]


@given(histories())
@quick
def test_any_past_run_can_be_asked_for(history: list[Partition]) -> None:
    life = Life()
    then = []
    for partition in history:
        life.run(partition)
        then.append(replay(life.events))
    for run_id, (links, customers) in enumerate(then, 1):
        links_now, customers_now = replay(as_of(life.events, run_id))
        assert links_now.equals(links)
        assert customers_now.equals(customers)


@given(partitions(8, 4), partitions(8, 3))
@quick
def test_a_merge_taken_back_gives_the_old_ids_back(apart: Partition, together: Partition) -> None:
    # Merge whole clusters of `apart`, chosen by `together`, then part them again.
    joined = {key: together.get(10 * (label + 1), 100 + label) for key, label in apart.items()}
    life = lived([apart])
    before = life.links()
    life.run(joined)
    life.run(apart)
    after = life.links()
    # A merged customer's id stays with its largest part (rule 1). A part that gave up its id has it again,
    # unless it is that largest part.
    gave_up = {customer for kind, customer, *_ in told(as_of(life.events, 2)) if kind == "merged"}
    parts = {customer: apart[key] for key, customer in before.items()}
    for customer in gave_up:
        keys = [key for key in apart if apart[key] == parts[customer]]
        now = {after[key] for key in keys}
        assert now == {customer} or now <= set(before.values()) - gave_up


@given(histories())
@quick
def test_former_links_are_what_records_lost(history: list[Partition]) -> None:
    life, memory = Life(), Memory({}, {}, {})
    for partition in history:
        life.run(partition)
        slow_run(memory, partition)
    rows = former(life.events).to_pylist()
    assert {(row["record_key"], row["customer_id"]) for row in rows} == set(memory.lost)
    by_seq = sorted(memory.lost, key=lambda pair: memory.lost[pair])
    assert [(row["record_key"], row["customer_id"]) for row in rows] == by_seq


@given(histories())
@quick
def test_an_erased_id_never_comes_back(history: list[Partition]) -> None:
    life = lived(history[:1])
    links = life.links()
    if not links:
        return
    erased = links[min(links)]
    life.erase(erased)
    for partition in history:
        life.run(partition)
        assert life.customers()[erased] == ("erased", None)
        assert erased not in life.links().values()
    assert faults(life.events) == []


def test_names_of_ids_are_not_in_the_order_of_issue() -> None:
    names = [name(number) for number in range(1, 40)]
    assert names != sorted(names)
    assert len(set(names)) == len(names)

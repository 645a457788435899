"""The five rules, one example each, as small tables.

A run is written as its clusters, `"1 2 | 3"`; events as lines of kind, customer, other id, record. Ids are
spelled A, B, C … in the order of issue.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from custid import schemas
from custid.errors import RegistryError, UsageError
from custid.identity.assign import assign
from custid.identity.events import faults, former, replay
from custid.identity.evidence import TIES, ties

from .reference import Life, Partition, clusters_of, name, told


def clusters(text: str) -> Partition:
    return {int(key): label for label, group in enumerate(text.split("|")) for key in group.split()}


def lived(*runs: str) -> Life:
    life = Life()
    for text in runs:
        life.run(clusters(text))
    assert faults(life.events) == []
    return life


LETTERS = {name(number): letter for number, letter in enumerate("ABCDEFGHIJ", 1)}


def letters(life: Life) -> str:
    """Who is where, as `A: 1 2, B: 3`."""
    groups: dict[str, list[int]] = {}
    for key, customer in sorted(life.links().items()):
        groups.setdefault(LETTERS[customer], []).append(key)
    return ", ".join(f"{letter}: {' '.join(map(str, keys))}" for letter, keys in sorted(groups.items()))


def last_run(life: Life) -> list[str]:
    events = life.events.filter(pc.equal(life.events["run_id"], life.run_id))
    return [
        " ".join([kind, LETTERS[customer], LETTERS.get(other or "", "-"), str(key or "-")])
        for kind, customer, other, key in told(events)
    ]


def statuses(life: Life) -> dict[str, str]:
    return {
        LETTERS[customer]: status if redirect is None else f"{status} {LETTERS[redirect]}"
        for customer, (status, redirect) in life.customers().items()
    }


def test_new_records_get_ids_in_the_order_of_their_clusters_earliest_records() -> None:
    life = lived("3 4 | 2 | 1 5")
    assert last_run(life) == [
        "created A - -",
        "created B - -",
        "created C - -",
        "linked A - 1",
        "linked B - 2",
        "linked C - 3",
        "linked C - 4",
        "linked A - 5",
    ]


def test_the_part_with_most_records_keeps_its_id() -> None:
    life = lived("1 2 3", "1 | 2 3")
    assert last_run(life) == ["split B A -", "moved B A 1"]
    assert letters(life) == "A: 2 3, B: 1"


def test_equal_parts_leave_the_id_with_the_earliest_record() -> None:
    assert letters(lived("1 2 3 4", "3 4 | 1 2")) == "A: 1 2, B: 3 4"


def test_of_two_customers_that_become_one_the_id_minted_first_stays() -> None:
    life = lived("1 | 2 3 4", "1 2 3 4")
    assert last_run(life) == ["moved A B 2", "moved A B 3", "moved A B 4", "merged B A -"]
    assert statuses(life) == {"A": "live", "B": "merged A"}


def test_a_new_record_joins_without_an_event_for_its_customer() -> None:
    assert last_run(lived("1", "1 2")) == ["linked A - 2"]


def test_a_merge_undone_gives_the_old_id_back() -> None:
    life = lived("1 2 | 3 4", "1 2 3 4", "1 2 | 3 4")
    assert last_run(life) == ["restored B A -", "moved B A 3", "moved B A 4"]
    assert letters(life) == "A: 1 2, B: 3 4"
    assert statuses(life) == {"A": "live", "B": "live"}


def test_a_tree_of_merges_undone_at_once_gives_every_id_back() -> None:
    life = lived("1 | 2 3 | 4 5 6", "1 | 2 3 4 5 6", "1 2 3 4 5 6", "4 5 6 | 2 3 | 1")
    # A (minted first) won the last merge; most of its records were 4 5 6 by then.
    assert letters(life) == "A: 4 5 6, B: 2 3, D: 1"
    life = lived("1 2 3 | 4 5 | 6", "1 2 3 | 4 5 6", "1 2 3 4 5 6", "1 2 3 | 4 5 | 6")
    assert letters(life) == "A: 1 2 3, B: 4 5, C: 6"


def test_an_id_comes_back_only_to_records_that_mostly_had_it() -> None:
    life = lived("1 2 3 4 | 5", "1 2 3 4 5", "1 2 3 4 | 5 6 7")
    assert letters(life) == "A: 1 2 3 4, C: 5 6 7"
    assert last_run(life)[0] == "split C A -"
    assert statuses(life)["B"] == "merged A"


def test_half_is_not_most() -> None:
    assert letters(lived("1 2 3 | 4", "1 2 3 4", "1 2 3 | 4 5")) == "A: 1 2 3, C: 4 5"


def test_two_clusters_that_want_one_former_id_leave_it_to_the_one_with_most_of_its_records() -> None:
    life = lived("1 2 3 4 5 | 6 7 8", "1 2 3 4 5 6 7 8", "1 2 3 4 5 | 6 | 7 8")
    assert letters(life) == "A: 1 2 3 4 5, B: 7 8, C: 6"
    life = lived("1 2 3 4 5 | 6 7", "1 2 3 4 5 6 7", "1 2 3 4 5 | 7 | 6")
    assert letters(life) == "A: 1 2 3 4 5, B: 6, C: 7"


def test_an_id_is_retired_with_its_last_record_and_returns_with_it() -> None:
    life = lived("1 2", "")
    assert last_run(life) == ["unlinked A - 1", "unlinked A - 2", "retired A - -"]
    assert statuses(life) == {"A": "retired"}
    life.run(clusters("2"))
    assert last_run(life) == ["restored A - -", "linked A - 2"]


def test_a_record_that_leaves_takes_nothing_with_it() -> None:
    assert last_run(lived("1 2", "1")) == ["unlinked A - 2"]


def test_a_retired_id_whose_record_comes_back_to_another_customer_redirects_there() -> None:
    life = lived("1 | 2 3", "2 3", "1 2 3")
    assert last_run(life) == ["linked B - 1", "merged A B -"]
    assert statuses(life) == {"A": "merged B", "B": "live"}
    # and it can still come back, once its record stands alone
    life.run(clusters("1 | 2 3"))
    assert last_run(life) == ["restored A B -", "moved A B 1"]


def test_only_the_id_a_record_left_with_is_redirected() -> None:
    # Record 2 was A's once, but left as B's.
    life = lived("1 2 3", "1 3 | 2", "2", "", "2 4 5")
    assert last_run(life)[0] == "created C - -"
    assert statuses(life) == {"A": "retired", "B": "merged C", "C": "live"}


def test_redirects_stay_one_step_when_what_replaced_an_id_is_replaced() -> None:
    life = lived("1 | 2 | 3", "1 | 2 3", "1 2 3")
    assert statuses(life) == {"A": "live", "B": "merged A", "C": "merged A"}


def test_a_part_of_a_customer_given_up_is_split_off_from_what_replaced_it() -> None:
    # B's larger part joins A; the smaller one stands alone and names A, for B does not live on.
    life = lived("1 | 2 3 4", "1 2 3 | 4")
    assert last_run(life) == ["split C A -", "moved A B 2", "moved A B 3", "moved C B 4", "merged B A -"]


def test_a_three_way_split_while_one_part_merges_elsewhere() -> None:
    life = lived("1 2 3 4 5 6 | 7 8", "1 2 3 | 4 | 5 6 7 8")
    assert letters(life) == "A: 1 2 3, B: 5 6 7 8, C: 4"
    assert last_run(life) == ["split C A -", "moved C A 4", "moved B A 5", "moved B A 6"]


def test_records_may_change_places_without_their_ids_changing() -> None:
    assert last_run(lived("1 2 | 3 4 5", "1 5 | 3 4 2")) == ["moved B A 2", "moved A B 5"]


def test_an_erased_id_stays_gone_when_its_records_come_back() -> None:
    life = lived("1 2")
    life.erase(name(1))
    life.run(clusters("1 2"))
    assert statuses(life) == {"A": "erased", "B": "live"}


def test_nothing_changes_without_a_reason() -> None:
    life = lived("1 2 | 3", "3 | 2 1")
    assert last_run(life) == []


# --- evidence, reasons, and what is refused -----------------------------------------------------------------


def first_run(partition: str, **changes: object) -> pa.Table:
    given = {
        "run_id": 1,
        "next_seq": 1,
        "next_minted": 1,
        "clusters": clusters_of(clusters(partition)),
        "links": schemas.empty(schemas.LINKS),
        "former": schemas.empty(schemas.FORMER_LINKS),
        "customers": schemas.empty(schemas.CUSTOMERS),
        "evidence": None,
        "mint": lambda count: [name(number) for number in range(1, count + 1)],
    }
    return assign(**{**given, **changes}).events  # type: ignore[arg-type]


def edge(left: int, right: int, match_weight: float) -> dict[str, Any]:
    return {
        "evidence_left": left,
        "evidence_right": right,
        "match_weight": match_weight,
        "levels": f"email:equal {left}-{right}",
    }


def decision(left: int, right: int, verdict: str) -> dict[str, Any]:
    return {"evidence_left": left, "evidence_right": right, "decision_id": 100 * left + right, "verdict": verdict}


def because(*runs: str, ties: list[dict[str, Any]]) -> list[str]:
    """The events of the last run as `kind customer record: evidence left-right`, where they have any."""
    life = lived(*runs[:-1])
    known = pa.Table.from_pylist(random.Random(1).sample(ties, len(ties)), schema=TIES)
    events = life.run(clusters(runs[-1]), evidence=known).events.to_pylist()
    for row in events:
        assert (row["match_weight"] is None) == (row["evidence"] not in ("edge", "cut"))
        assert (row["decision_id"] is None) == (row["evidence"] not in ("decision", "apart"))
    return [
        f"{row['kind']} {LETTERS[row['customer_id']]} {row['record_key'] or '-'}"
        + (f": {row['evidence']} {row['evidence_left']}-{row['evidence_right']}" if row["evidence"] else "")
        for row in events
    ]


def test_new_records_carry_the_strongest_tie_to_their_cluster() -> None:
    known = [edge(1, 2, 9.0), edge(1, 3, 14.5), edge(2, 3, 4.0), edge(3, 9, 99.0), edge(3, 4, 99.0)]
    assert because("1 2 3 | 4", ties=known) == [
        "created A -",
        "created B -",
        "linked A 1: edge 1-3",
        "linked A 2: edge 1-2",
        "linked A 3: edge 1-3",
        "linked B 4",
    ]


def test_a_stewards_word_is_stronger_than_any_weight() -> None:
    assert because("1 2 3", ties=[edge(1, 2, 99.0), decision(2, 3, "same")])[1:] == [
        "linked A 1: edge 1-2",
        "linked A 2: decision 2-3",
        "linked A 3: decision 2-3",
    ]


def test_a_new_record_names_what_ties_it_to_records_known_before() -> None:
    known = [edge(1, 8, 5.0), edge(8, 9, 20.0)]
    assert because("1", "1 8 9", ties=known) == ["linked A 8: edge 1-8", "linked A 9: edge 8-9"]


def test_a_merge_names_what_bridged_it_and_not_what_held_each_side() -> None:
    known = [edge(1, 2, 30.0), edge(3, 4, 30.0), edge(2, 3, 6.0), edge(1, 3, 5.0)]
    assert because("1 2 | 3 4 5", "1 2 3 4 5", ties=known) == [
        "moved A 3: edge 2-3",
        "moved A 4: edge 2-3",
        "moved A 5: edge 2-3",
        "merged B -: edge 2-3",
    ]


def test_a_merge_through_a_new_record_names_the_tie_to_it() -> None:
    known = [edge(1, 9, 8.0), edge(2, 9, 7.0)]
    assert because("1 | 2", "1 2 9", ties=known) == [
        "moved A 2: edge 2-9",
        "linked A 9: edge 1-9",
        "merged B -: edge 2-9",
    ]


def test_a_split_names_the_decision_that_made_it() -> None:
    known = [edge(1, 3, 30.0), decision(2, 3, "different"), edge(3, 4, 9.0)]
    assert because("1 2 3 4", "1 2 | 3 4", ties=known) == [
        "split B -: apart 2-3",
        "moved B 3: apart 2-3",
        "moved B 4: apart 2-3",
    ]


def test_a_split_names_the_match_that_did_not_hold() -> None:
    known = [edge(1, 3, 4.0), edge(2, 3, 5.0), edge(3, 4, 9.0)]
    assert because("1 2 3 4", "1 2 | 3 4", ties=known) == [
        "split B -: cut 2-3",
        "moved B 3: cut 2-3",
        "moved B 4: cut 2-3",
    ]


def test_a_split_that_nothing_stands_between_names_nothing() -> None:
    assert because("1 2 3", "1 2 | 3", ties=[edge(1, 2, 9.0)]) == ["split B -", "moved B 3"]


def test_an_undone_merge_names_what_undid_it() -> None:
    known = [edge(2, 3, 12.0), decision(2, 3, "different")]
    assert because("1 2 | 3 4", "1 2 3 4", "1 2 | 3 4", ties=known) == [
        "restored B -: apart 2-3",
        "moved B 3: apart 2-3",
        "moved B 4: apart 2-3",
    ]


def test_a_record_that_changes_customers_names_what_drew_it_there() -> None:
    known = [edge(2, 3, 12.0), edge(2, 4, 11.0), edge(1, 2, 3.0)]
    assert because("1 2 5 | 3 4", "1 5 | 2 3 4", ties=known) == ["moved B 2: edge 2-3"]


def test_a_retired_customer_found_with_another_names_what_joined_them() -> None:
    known = [edge(1, 2, 12.0)]
    assert because("1 | 2 3", "2 3", "1 2 3", ties=known) == ["linked B 1: edge 1-2", "merged A -: edge 1-2"]


def test_reasons_say_what_kind_of_evidence_there_is() -> None:
    known = pa.Table.from_pylist([edge(1, 2, 9.0), decision(3, 4, "different")], schema=TIES)
    life = lived("3 4")
    reasons = set(life.run(clusters("1 2 | 3 | 4"), evidence=known).events["reason"].to_pylist())
    assert reasons == {
        "first seen",
        "first seen, joined by edge",
        f"its records came from {name(1)}, kept apart by decision",
        "parted from its customer, kept apart by decision",
    }


def test_ties_are_edges_and_the_decisions_that_stand() -> None:
    edges = pa.table({"left_key": [1], "right_key": [2], "match_weight": [9.5], "levels": ["email:equal"]})
    made = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"decision_id": number, "left_key": 3, "right_key": 4, "verdict": verdict, "actor": "ann", "decided_at": made}
        | ({"revoked_at": made} if number == 4 else {})
        for number, verdict in enumerate(("same", "different", "unsure", "same"), 1)
    ]
    found = ties(edges, pa.Table.from_pylist(rows, schema=schemas.DECISIONS))
    assert found["verdict"].to_pylist() == ["same", "different", None]
    assert found["decision_id"].to_pylist() == [1, 2, None]
    assert found["match_weight"].to_pylist() == [None, None, 9.5]


def test_reasons_are_plain_words() -> None:
    life = lived("1 | 2 3 4", "1 2 3 | 4", "", "1 2 3 4 | 5")
    assert set(life.events["reason"].to_pylist()) == {
        "first seen",
        f"its records came from {name(2)}, now {name(1)}",
        "its customer was merged",
        "parted from its customer",
        f"same customer as {name(1)}",
        "gone",
        "its last record is gone",
        "its records came back",
        "came back",
        f"its records came back to {name(1)}",
    }


def test_a_record_in_two_clusters_is_refused() -> None:
    twice = pa.table({"record_key": [1, 1], "cluster": [1, 2]}, schema=schemas.CLUSTERS)
    with pytest.raises(UsageError, match="record_key 1 twice"):
        first_run("", clusters=twice)


def test_an_id_issued_before_is_refused() -> None:
    life = lived("1")
    links, customers = replay(life.events)
    state = {"links": links, "customers": customers, "former": former(life.events)}
    with pytest.raises(UsageError, match="issued before"):
        first_run("1 | 2", **state, next_minted=2)
    with pytest.raises(UsageError, match="2 different ids"):
        first_run("1 | 2 | 3", **state, next_minted=2, mint=lambda count: ["Z"] * count)
    with pytest.raises(RegistryError, match="number 1 or later"):
        first_run("1 | 2", **state)


def test_links_to_an_id_that_is_not_live_are_refused() -> None:
    links = pa.table({"record_key": [1], "customer_id": ["lost"]}, schema=schemas.LINKS)
    with pytest.raises(RegistryError, match="lost, which is not live"):
        first_run("1 2", links=links)

"""A steward's desk: questions, what is told of them, saying and undoing, and what decisions change."""

from __future__ import annotations

import time

import pytest

from custid.errors import UnknownCustomer, UsageError
from custid.registries.base import Registry
from custid.review import compare, effect
from custid.review.queue import Desk

from .conftest import MARKUP


@pytest.fixture
def desk(registry: Registry) -> Desk:
    return Desk(registry, "ann")


def names(question: dict[str, object]) -> tuple[tuple[str, str], tuple[str, str]]:
    return tuple((question[f"{side}_channel"], question[f"{side}_record_id"]) for side in ("left", "right"))  # type: ignore[return-value]


def test_the_evidence_adds_up_to_the_weight_that_the_run_found(desk: Desk) -> None:
    for asked in desk.questions(8):
        told = desk.question(asked["left_key"], asked["right_key"])["evidence"]
        assert told["match_weight"] == pytest.approx(asked["match_weight"], abs=0.01)
        bits = told["prior"] + told["home"] + sum(part["bits"] for part in told["parts"])
        assert bits == pytest.approx(told["match_weight"], abs=0.1)


def test_the_two_in_question_come_first_then_the_others_of_their_customers(desk: Desk) -> None:
    asked = next(one for one in desk.questions(100) if one["pairs"] > 1)
    told = desk.question(asked["left_key"], asked["right_key"])
    shown = [record["customer_id"] for record in told["records"]]
    assert shown[:2] == [asked["left_id"], asked["right_id"]]
    assert shown[2:] == sorted(shown[2:], key=[asked["left_id"], asked["right_id"]].index)
    assert len(shown) > 2
    with pytest.raises(UnknownCustomer, match="asked no more"):
        desk.question(asked["left_key"], 10**9)


def test_a_huge_cell_is_shortened_and_quick(desk: Desk) -> None:
    asked = next(one for one in desk.questions(100) if one["left_channel"] == "odd")
    began = time.perf_counter()
    told = desk.question(asked["left_key"], asked["right_key"])
    notes = next(row for row in told["fields"] if row["field"] == "notes")
    shown = ["".join(text for text, _ in cell) for cell in notes["cells"]]
    assert shown[0] == MARKUP
    assert shown[1].endswith("more characters)")
    assert len(shown[1]) < 300
    assert time.perf_counter() - began < 5


def test_values_that_mean_the_same_are_not_marked() -> None:
    records = [{"record_key": 1, "phone": "030 123456"}, {"record_key": 2, "phone": "+49 30 123456"}]
    values = {1: {"phone": "+4930123456"}, 2: {"phone": "+4930123456"}}
    (row,) = compare.side_by_side(records, ["phone", "fax"], values)
    assert row["state"] == "alike"
    assert row["cells"] == [[("030 123456", False)], [("+49 30 123456", False)]]
    (row,) = compare.side_by_side(records, ["phone"], {})
    assert row["state"] == "differ"
    assert any(differs for _, differs in row["cells"][0])


def test_a_decision_is_in_the_registry_at_once_and_undo_takes_it_back(desk: Desk, registry: Registry) -> None:
    before = desk.state()["waiting"]
    first, second = desk.questions()[:2]
    desk.decide(*names(first), "same", "same phone")
    assert desk.state()["waiting"] == before - 1
    desk.decide(*names(second), "unsure")
    assert [(row["verdict"], row["actor"], row["reason"]) for row in registry.decisions().to_pylist()] == [
        ("same", "ann", "same phone"),
        ("unsure", "ann", None),
    ]
    assert desk.undo()["question"]["left_key"] == second["left_key"]
    assert desk.undo()["question"]["left_key"] == first["left_key"]
    assert registry.decisions()["revoked_at"].null_count == 0
    assert desk.state()["waiting"] == before
    with pytest.raises(UsageError, match="nothing to undo"):
        desk.undo()


def test_what_was_skipped_is_asked_last(desk: Desk) -> None:
    first, second = desk.questions()[:2]
    desk.skip(first["left_key"], first["right_key"])
    assert desk.questions()[0] == second
    assert desk.questions(1000)[-1] == first
    assert desk.undo()["kind"] == "skip"
    assert desk.questions()[0] == first


def test_undo_never_takes_back_what_somebody_else_had_said(desk: Desk, registry: Registry) -> None:
    first = desk.questions()[0]
    registry.decide(*names(first), "same", actor="kim")
    desk.decide(*names(first), "same")
    with pytest.raises(UsageError, match="nothing to undo"):
        desk.undo()
    assert registry.decisions()["revoked_at"].null_count == 1


def test_merge_and_split_are_acts_that_can_be_undone(desk: Desk, registry: Registry) -> None:
    asked = next(one for one in desk.questions(100) if one["pairs"] > 1)
    desk.merge([asked["left_id"], asked["right_id"]])
    assert (asked["left_id"], asked["right_id"]) not in [
        (one["left_id"], one["right_id"]) for one in desk.questions(100)
    ]
    assert desk.undo()["kind"] == "merge"
    whole = registry.customer(asked["left_id"])
    if len(whole.records) < 2:
        whole = registry.customer(asked["right_id"])
    records = [(row["channel"], row["record_id"]) for row in whole.records.to_pylist()]
    desk.split(whole.customer_id, [records[:1], records[1:]])
    told = desk.customer(whole.customer_id)
    assert {one["verdict"] for one in told["decisions"] if not one["revoked"]} >= {"different"}
    assert desk.undo()["kind"] == "split"
    assert registry.decisions()["revoked_at"].null_count == 0


def test_a_customer_is_shown_with_what_ties_it(desk: Desk, registry: Registry) -> None:
    counts = registry.xref()["customer_id"].value_counts().to_pylist()
    largest = max(counts, key=lambda one: one["counts"])
    told = desk.customer(largest["values"])
    dots = {dot["record_key"] for dot in told["picture"]["dots"]}
    assert len(dots) == len(told["records"]) == largest["counts"]
    assert all(0 <= dot[axis] <= 1 for dot in told["picture"]["dots"] for axis in "xy")
    tied = {end for line in told["picture"]["lines"] if line["kind"] == "link" for end in (line["left"], line["right"])}
    assert tied == dots
    assert told["story"][0].startswith("run 1")


def test_somebody_is_found_by_any_name(desk: Desk, registry: Registry) -> None:
    row = next(row for row in registry.records().to_pylist() if row["email"] and row["surname"] and row["given_name"])
    held = registry.lookup(row["channel"], row["record_id"])
    assert held is not None
    for text in (held, held.lower(), f"{row['channel']}:{row['record_id']}", row["email"]):
        assert desk.search(text)[0]["customer_id"] == held, text
    for text in (f"{row['given_name']} {row['surname']}", row["email"].split("@")[0].lower()):
        assert held in [found["customer_id"] for found in desk.search(text)], text
    assert desk.search("nobody at all is called that") == []
    assert desk.search("  ") == []


def test_what_decisions_change_is_seen_before_it_is_applied(desk: Desk, registry: Registry) -> None:
    first, second, third = desk.questions()[:3]
    desk.decide(*names(first), "same")
    desk.decide(*names(second), "different")
    looked = effect.look(registry, retrain=False)
    touched = {row[name] for row in looked.told()["changes"] for name in ("customer_id", "other_id")}
    assert touched & {first["left_id"], first["right_id"]}
    assert not touched & {second["left_id"], second["right_id"]} - {first["left_id"], first["right_id"]}
    assert (looked.decided, looked.agreed) == (2, 1)
    assert len(registry.runs()) == 1
    desk.decide(*names(third), "different")
    with pytest.raises(UsageError, match="more was decided"):
        effect.apply(registry, looked, actor="ann")
    run = effect.apply(registry, effect.look(registry, retrain=False), actor="ann")
    assert run.run_id == 2
    assert registry.lookup(*names(first)[0]) == registry.lookup(*names(first)[1])
    assert run.summary["records"] == registry.head().live

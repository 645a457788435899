"""Decisions, through runs: they win, they last, and what was wrong is undone (I5, I6)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import custid
from custid import Channel
from custid.errors import DecisionConflict, UsageError
from custid.model.spec import Model
from custid.registries.base import Registry
from custid.registries.decision_tables import save
from custid.resolve import resolve

HISTORIES = int(os.environ.get("CUSTID_HISTORIES", "2"))

FIELDS = ("given_name", "surname", "email", "birth_date")
PEOPLE = [
    ("Anna", "Keller", "anna.keller@example.org", "1980-03-05"),
    ("Bert", "Keller", "bert@example.org", "1978-11-30"),
    ("Zoë", "O'Brien", "zoe@example.net", "1991-07-01"),
    ("Max", "Mustermann", "max@example.de", "1969-12-24"),
]
Record = tuple[str, str]
Row = tuple[Record, int, dict[str, str | None]]


def channels(rows: list[Row], *, gone: bool = False) -> list[Channel]:
    """The rows as channels, or as channels that say these records are gone."""
    made = []
    for name in sorted({record[0] for record, _, _ in rows}):
        own = [
            {"id": record[1], **dict(zip(FIELDS, PEOPLE[person], strict=True)), **changes}
            for record, person, changes in rows
            if record[0] == name
        ]
        table = pa.table({key: pa.array([row[key] for row in own], pa.string()) for key in ("id", *FIELDS)})
        if gone:
            table = table.append_column("gone", pa.repeat("true", len(table)))
            made.append(Channel(name, table, record_id="id", kind="delta", deleted="gone"))
        else:
            made.append(Channel(name, table, record_id="id"))
    return made


def row(record: Record, person: int, **changes: str | None) -> Row:
    return record, person, changes


def together(registry: Registry) -> set[frozenset[Record]]:
    """Who is one customer."""
    groups: dict[str, set[Record]] = {}
    for found in registry.xref().to_pylist():
        groups.setdefault(found["customer_id"], set()).add((found["channel"], found["record_id"]))
    return {frozenset(group) for group in groups.values()}


@pytest.fixture(scope="module")
def model() -> Model:
    """A model trained once, and used for small histories."""
    from custid.testing.customers import households

    made = households(2000, seed=5)
    frame = made.records.select(["record_id", *[name for name in FIELDS if name in made.records.column_names]])
    return resolve(Channel("made", frame, record_id="record_id")).model


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return custid.connect(tmp_path / "customers.db")


A, B, C, D, E = (("crm", name) for name in "abcde")


# --- decisions last -----------------------------------------------------------------------------------------


def test_who_was_tied_to_a_record_that_is_gone_stays_tied(registry: Registry, model: Model) -> None:
    rows = [row(A, 0), row(B, 1), row(C, 2)]
    resolve(channels(rows), registry=registry, model=model)
    registry.decide(A, B, "same", actor="ann")
    registry.decide(B, C, "same", actor="ann")
    resolve(channels(rows), registry=registry, model=model)
    resolve(channels([rows[1]], gone=True), registry=registry, model=model)
    assert together(registry) == {frozenset({A, C})}
    resolve(channels(rows), registry=registry, model=model)
    assert together(registry) == {frozenset({A, B, C})}


def test_different_holds_for_everybody_who_is_the_same_as_either(registry: Registry, model: Model) -> None:
    rows = [row(record, 0) for record in (A, B, C, D)]
    resolve(channels(rows), registry=registry, model=model)
    registry.decide(A, B, "same", actor="ann")
    registry.decide(C, D, "same", actor="ann")
    registry.decide(B, C, "different", actor="ann")
    resolve(channels(rows), registry=registry, model=model)
    assert together(registry) == {frozenset({A, B}), frozenset({C, D})}


def test_a_decision_loaded_long_after_it_was_made_takes_effect_at_once(registry: Registry, model: Model) -> None:
    rows = [row(A, 0), row(B, 3), row(C, 2)]
    resolve(channels(rows), registry=registry, model=model)
    said = pa.table(
        [["crm"], ["a"], ["crm"], ["b"], ["same"], ["2001-02-03"]],
        names=["left_channel", "left_record_id", "right_channel", "right_record_id", "verdict", "decided_at"],
    )
    registry.load_decisions(said, actor="ann")
    resolve(channels([rows[2]]), registry=registry, model=model)
    assert together(registry) == {frozenset({A, B}), frozenset({C})}


def test_a_decision_made_while_a_run_was_on_its_way_takes_effect_with_the_next(
    registry: Registry, model: Model
) -> None:
    rows = [row(A, 0), row(B, 3), row(C, 2)]
    resolve(channels(rows), registry=registry, model=model)

    def meanwhile(stage: str, done: int, total: int) -> None:
        if stage == "match" and done == 0 and not len(registry.decisions()):
            registry.decide(A, B, "same", actor="ann")

    resolve(channels([row(C, 2, surname="Brien")]), registry=registry, model=model, progress=meanwhile)
    resolve(channels([rows[2]]), registry=registry, model=model)
    assert together(registry) == {frozenset({A, B}), frozenset({C})}


# --- merges and splits --------------------------------------------------------------------------------------


def test_a_merge_outlives_any_of_its_records(registry: Registry, model: Model) -> None:
    rows = [row(A, 0), row(B, 0), row(C, 3), row(D, 3)]
    resolve(channels(rows), registry=registry, model=model)
    ids = [registry.lookup(*record) for record in (A, C)]
    registry.merge([str(one) for one in ids], actor="ann")
    resolve(channels(rows), registry=registry, model=model)
    assert together(registry) == {frozenset({A, B, C, D})}
    assert registry.current(str(ids[1])) == ids[0]
    for gone, rest in ((rows[0], {B, C, D}), (rows[2], {B, D})):
        resolve(channels([gone]), registry=registry, model=model)
        resolve(channels([gone], gone=True), registry=registry, model=model)
        assert together(registry) == {frozenset(rest)}


def test_a_split_parts_as_said_and_leaves_the_rest_to_the_evidence(registry: Registry, model: Model) -> None:
    rows = [row(record, 0) for record in (A, B, C, D)] + [row(E, 0, given_name="Annika", email=None)]
    resolve(channels(rows[:4]), registry=registry, model=model)
    before = str(registry.lookup(*A))
    act = registry.split(before, [[A, B], [C]], actor="ann", reason="twins")
    for _ in range(2):
        resolve(channels(rows), registry=registry, model=model)
        groups = together(registry)
        assert any({A, B} <= group and C not in group for group in groups)
        assert any(C in group for group in groups)
    registry.revoke_act(act, actor="ann")
    resolve(channels(rows[:4]), registry=registry, model=model)
    assert any({A, B, C, D} <= group for group in together(registry))


# --- merges undone ------------------------------------------------------------------------------------------


def test_a_wrong_merge_is_undone_for_good_and_the_old_id_is_back(registry: Registry, model: Model) -> None:
    apart = [row(A, 0), row(B, 0), row(C, 0, email=None, birth_date=None, surname="Ek")]
    resolve(channels(apart), registry=registry, model=model)
    one, other = str(registry.lookup(*A)), str(registry.lookup(*C))
    assert one != other
    matching = [*apart[:2], row(C, 0)]
    resolve(channels(matching), registry=registry, model=model)
    assert registry.current(other) == one
    registry.unmerge(other, actor="ann", reason="father and son")
    for retrain in (False, True, False):
        run = resolve(channels(matching), registry=registry, retrain=retrain)
        assert [registry.lookup(*record) for record in (A, B, C)] == [one, one, other]
    assert sum(run.summary["events"].values()) == 0
    assert registry.verify() == []


def _tree(registry: Registry, model: Model) -> list[str]:
    """a and b are one from the start; then d joins c, then both join a, all by evidence. Their first ids."""
    odd: dict[str, str | None] = {"email": None, "birth_date": None}
    rows = [
        row(A, 0),
        row(B, 0),
        row(C, 1, **odd, given_name="Xaver", surname="Ek"),
        row(D, 2, **odd, given_name="Yvo", surname="Lund"),
    ]
    resolve(channels(rows), registry=registry, model=model)
    ids = [str(registry.lookup(*record)) for record in (A, C, D)]
    assert len(set(ids)) == 3
    resolve(channels([row(C, 3), row(D, 3)]), registry=registry, model=model)
    assert registry.current(ids[2]) == ids[1]
    resolve(channels([row(C, 0), row(D, 0)]), registry=registry, model=model)
    assert {registry.current(one) for one in ids} == {ids[0]}
    return ids


def test_a_tree_of_merges_is_undone_at_once(registry: Registry, model: Model) -> None:
    ids = _tree(registry, model)
    registry.unmerge(ids[0], actor="ann")
    resolve(channels([row(A, 0)]), registry=registry, model=model)
    assert [registry.lookup(*record) for record in (A, B, C, D)] == [ids[0], ids[0], ids[1], ids[2]]


def test_a_tree_of_merges_is_undone_one_by_one(registry: Registry, model: Model) -> None:
    ids = _tree(registry, model)
    registry.unmerge(ids[1], actor="ann")
    resolve(channels([row(A, 0)]), registry=registry, model=model)
    assert [registry.lookup(*record) for record in (A, B, C, D)] == [ids[0], ids[0], ids[1], ids[1]]
    registry.unmerge(ids[2], actor="ann")
    resolve(channels([row(A, 0)]), registry=registry, model=model)
    assert [registry.lookup(*record) for record in (A, B, C, D)] == [ids[0], ids[0], ids[1], ids[2]]
    assert registry.verify() == []


def test_a_stewards_merge_is_undone_although_it_was_decided(registry: Registry, model: Model) -> None:
    rows = [row(A, 0), row(B, 1), row(C, 2), row(D, 3)]
    resolve(channels(rows), registry=registry, model=model)
    ids = [str(registry.lookup(*record)) for record in (A, B, C, D)]
    registry.merge(ids[:3], actor="ann")
    resolve(channels(rows), registry=registry, model=model)
    registry.unmerge(ids[1], actor="bo")
    resolve(channels(rows), registry=registry, model=model)
    assert [registry.lookup(*record) for record in (A, B, C, D)] == [ids[0], ids[1], ids[0], ids[3]]


# --- whatever happens ---------------------------------------------------------------------------------------


class Steward:
    """What was decided, worked out a second time, slowly."""

    def __init__(self, registry: Registry) -> None:
        rows = registry.decisions().to_pylist()
        self.said = [
            (
                (row["left_channel"], row["left_record_id"]),
                (row["right_channel"], row["right_record_id"]),
                row["verdict"],
            )
            for row in rows
            if row["revoked_at"] is None
        ]
        self.person: dict[Record, set[Record]] = {}
        for left, right, verdict in self.said:
            for record in (left, right):
                self.person.setdefault(record, {record})
            if verdict == "same":
                joined = self.person[left] | self.person[right]
                for record in joined:
                    self.person[record] = joined

    def one(self, left: Record, right: Record) -> bool:
        return right in self.person.get(left, {left})

    def apart(self, left: Record, right: Record) -> bool:
        return any(
            verdict == "different"
            and ((self.one(left, a) and self.one(right, b)) or (self.one(left, b) and self.one(right, a)))
            for a, b, verdict in self.said
        )

    def forbids(self, left: Record, right: Record, verdict: str) -> bool:
        return (verdict == "same" and self.apart(left, right)) or (verdict == "different" and self.one(left, right))


def _obeyed(registry: Registry) -> None:
    steward = Steward(registry)
    holder = {(found["channel"], found["record_id"]): found["customer_id"] for found in registry.xref().to_pylist()}
    for left, right in combinations(holder, 2):
        if steward.one(left, right):
            assert holder[left] == holder[right], (left, right, steward.said)
        if steward.apart(left, right):
            assert holder[left] != holder[right], (left, right, steward.said)
    assert registry.verify() == []


RECORDS = [(channel, key) for channel in ("crm", "shop") for key in "1234"]
CHANGES: list[dict[str, str | None]] = [{}, {}, {"email": None}, {"birth_date": None}, {"surname": "Smith"}]
ROWS = st.tuples(st.sampled_from(RECORDS), st.integers(0, 2), st.sampled_from(CHANGES))
STEPS = st.lists(
    st.sampled_from(
        ["batch", "batch", "gone", "same", "same", "different", "unsure", "merge", "split", "unmerge", "undo"]
    ),
    min_size=4,
    max_size=12,
)


def _step(step: str, registry: Registry, rows: dict[Record, Row], data: st.DataObject) -> None:
    """What a steward does; a refusal must have its reason, and must leave everything as it was."""
    known = sorted(rows)
    before = save(registry.decisions())
    try:
        if step in ("same", "different", "unsure"):
            left, right = data.draw(st.permutations(known))[:2] if len(known) > 1 else (None, None)
            if left is None or right is None:
                return
            forbidden = Steward(registry).forbids(left, right, step)
            try:
                registry.decide(left, right, step, actor="ann")
                assert not forbidden
            except DecisionConflict:
                assert forbidden
        elif step == "undo":
            standing = [row for row in registry.decisions().to_pylist() if row["revoked_at"] is None]
            if standing:
                chosen = data.draw(st.sampled_from(standing))
                if chosen["act"] is None:
                    registry.revoke(chosen["decision_id"], actor="bo")
                else:
                    registry.revoke_act(chosen["act"], actor="bo")
            return
        elif step == "merge":
            registry.merge(
                data.draw(st.permutations(sorted(set(registry.xref()["customer_id"].to_pylist()))))[:2], actor="ann"
            )
        elif step == "split":
            group = sorted(data.draw(st.sampled_from(sorted(map(sorted, together(registry))))))
            cut = data.draw(st.integers(0, len(group)))
            registry.split(str(registry.lookup(*group[0])), [group[:cut], group[cut:]], actor="ann")
        elif step == "unmerge":
            registry.unmerge(data.draw(st.sampled_from(list(_ever(registry)))), actor="ann")
    except (UsageError, DecisionConflict):
        assert save(registry.decisions()) == before


def _ever(registry: Registry) -> Iterator[str]:
    yield from registry.customers()["customer_id"].to_pylist()


@settings(
    max_examples=HISTORIES,
    phases=[Phase.generate],  # shrinking a history takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), steps=STEPS)
def test_decisions_hold_through_any_history_reruns_new_models_and_a_rebuild(
    model: Model, data: st.DataObject, steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("history")
    registry = custid.connect(folder / "customers.db")
    rows: dict[Record, Row] = {}
    gone: set[Record] = set()
    for step in ("batch", *steps):
        if step == "batch":
            batch = data.draw(st.lists(ROWS, min_size=1, max_size=6, unique_by=lambda found: found[0]))
            rows.update((found[0], found) for found in batch)
            gone -= {found[0] for found in batch}
            resolve(channels(batch), registry=registry, model=model)
            _obeyed(registry)
        elif step == "gone" and len(rows) - len(gone) > 1:
            leaving = data.draw(st.sampled_from(sorted(set(rows) - gone)))
            gone.add(leaving)
            resolve(channels([rows[leaving]], gone=True), registry=registry, model=model)
            _obeyed(registry)
        else:
            _step(step, registry, rows, data)
    here = [rows[record] for record in sorted(set(rows) - gone)]
    resolve(channels(here), registry=registry, model=model)
    _obeyed(registry)
    groups = together(registry)
    assert sum(resolve(channels(here), registry=registry, model=model).summary["events"].values()) == 0

    # The same records and decisions in a new registry are the same customers.
    rebuilt = custid.connect(folder / "rebuilt.db")
    resolve(channels(list(rows.values())), registry=rebuilt, model=model)
    rebuilt.load_decisions(save(registry.decisions()), actor="cy")
    if gone:
        resolve(channels([rows[record] for record in sorted(gone)], gone=True), registry=rebuilt, model=model)
    resolve(channels(here[:1]), registry=rebuilt, model=model)
    _obeyed(rebuilt)
    assert together(rebuilt) == groups

    resolve(channels(here), registry=registry, retrain=True)
    _obeyed(registry)

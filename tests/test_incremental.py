"""Incremental = full (I3): what a registry has after any batches is what everything at once would have given."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import custid
from custid import Channel
from custid.model.spec import Model
from custid.registries.base import State
from custid.testing.customers import households

EXAMPLES = int(os.environ.get("CUSTID_EXAMPLES", "3"))


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return households(600, seed=5).records.drop_columns(["channel", "updated_at"])


@pytest.fixture(scope="module")
def model(people: pa.Table) -> Model:
    return custid.resolve(Channel("data", people, record_id="record_id")).model


def narrow(model: Model, block_rows_max: int) -> Model:
    """The model with blocks so small that narrowing and chopping happen all the time."""
    return replace(model, block_rows_max=block_rows_max)


def names(state: State) -> dict[int, str]:
    joined = pc.binary_join_element_wise(state.records["channel"], state.records["record_id"], ":")
    return dict(zip(state.records["record_key"].to_pylist(), joined.to_pylist(), strict=True))


def partition(state: State) -> set[frozenset[str]]:
    called = names(state)
    clusters: dict[str, set[str]] = {}
    for row in state.links.to_pylist():
        clusters.setdefault(row["customer_id"], set()).add(called[row["record_key"]])
    return {frozenset(cluster) for cluster in clusters.values()}


def edges(state: State) -> dict[tuple[str, ...], tuple[float, str]]:
    called = names(state)
    return {
        tuple(sorted((called[row["left_key"]], called[row["right_key"]]))): (row["match_weight"], row["levels"])
        for row in state.edges.to_pylist()
    }


def index(location: Path) -> tuple[set[tuple[int, str]], set[tuple[Any, ...]], set[str]]:
    """Blocking keys and large blocks as stored, and whose values are."""
    registry = custid.connect(location)
    state = registry.read_state()
    called = names(state)
    everybody = state.records["record_key"].combine_chunks()
    with registry.view(state.run_id) as view:
        keys = view.block_keys(everybody).to_pylist()
        assert len(keys) == len({(row["key"], row["record_key"]) for row in keys})
        large = view.large_blocks().to_pylist()
        valued = view.values(everybody)["record_key"].to_pylist()
    assert len(large) == len({row["key"] for row in large})
    return (
        {(row["key"], called[row["record_key"]]) for row in keys},
        {tuple(row.values()) for row in large},
        {called[key] for key in valued},
    )


def run(registry: Path, rows: pa.Table, model: Model, gone: list[str] | None = None) -> Any:
    """One run of a delta: `rows` are upserted, `gone` deleted."""
    flag = pa.array(["0"] * len(rows), pa.string())
    table = rows.append_column("deleted", flag)
    if gone:
        away = pa.table({"record_id": pa.array(gone, pa.string()), "deleted": pa.array(["1"] * len(gone), pa.string())})
        table = pa.concat_tables([table, away], promote_options="default")
    channel = Channel("data", table, record_id="record_id", kind="delta", deleted="deleted")
    return custid.resolve(channel, registry=registry, model=model)


def changed(rows: pa.Table, others: pa.Table) -> pa.Table:
    """`rows` with some values of other people."""
    for name in ("surname", "email", "birth_date"):
        if name in rows.column_names:
            at = rows.column_names.index(name)
            rows = rows.set_column(at, rows.schema.field(at), others[name].slice(0, len(rows)))
    return rows


def assert_as_if_everything_at_once(location: Path, rows: pa.Table, model: Model, folder: Path) -> None:
    other = folder / "at-once.db"
    other.unlink(missing_ok=True)
    run(other, rows, model)
    here, there = custid.connect(location).read_state(), custid.connect(other).read_state()
    assert edges(here) == edges(there)
    assert partition(here) == partition(there)
    assert index(location) == index(other)
    assert custid.connect(location).verify() == []


#: Shrinking a history takes minutes and tells little: the seed of the history is enough to look at it.
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(
    seed=st.integers(0, 10**6),
    block_rows_max=st.sampled_from([2, 5, 20, 200]),
    first=st.integers(330, 450),
)
def test_any_history_of_batches_ends_where_everything_at_once_would(
    seed: int, block_rows_max: int, first: int, people: pa.Table, model: Model, tmp_path_factory: Any
) -> None:
    order = random.Random(seed)
    folder = tmp_path_factory.mktemp("history")
    registry = folder / "customers.db"
    model = narrow(model, block_rows_max)
    rows = people.take(pa.array(order.sample(range(len(people)), len(people))))
    run(registry, rows.slice(0, first), model)
    now = rows.slice(0, first)
    at = first
    for _ in range(order.randint(2, 4)):
        arriving = rows.slice(at, order.randint(0, 30))
        at += len(arriving)
        some = order.sample(range(len(now)), order.randint(0, 12))
        changing = changed(now.take(pa.array(some, pa.int64())), people.slice(order.randint(0, 500), len(some)))
        kept = now.filter(pc.invert(pc.is_in(now["record_id"], changing["record_id"].combine_chunks())))
        leaving = (
            kept["record_id"]
            .take(pa.array(order.sample(range(len(kept)), order.randint(0, 12)), pa.int64()))
            .to_pylist()
        )
        batch = pa.concat_tables([changing, arriving])
        batch = batch.take(pa.array(order.sample(range(len(batch)), len(batch)), pa.int64()))
        done = run(registry, batch, model, leaving)
        assert done.summary["matched"].startswith("the batch")
        now = pa.concat_tables(
            [kept.filter(pc.invert(pc.is_in(kept["record_id"], pa.array(leaving, pa.string())))), batch]
        )
        assert done.summary["records"] == len(now)
        assert done.summary["customers"] == len(partition(custid.connect(registry).read_state()))
    assert_as_if_everything_at_once(registry, now, model, folder)

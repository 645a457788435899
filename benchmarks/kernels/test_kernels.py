"""Micro-benchmarks of what matching spends its time on; not part of the tests.

    pytest benchmarks/kernels

Over 50,000 made-up records. Compare two states of the code with pytest-benchmark's --benchmark-save and
--benchmark-compare.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from custid import schemas
from custid.channels import Channel, read
from custid.engines.base import silent
from custid.engines.local import LocalEngine
from custid.engines.local.columns import Columns
from custid.engines.local.conditions import Pairs, holds
from custid.engines.local.scoring import Comparing, Scorer
from custid.intake import take_in
from custid.model.spec import Condition, Model
from custid.registries.base import empty_state
from custid.testing.customers import households

pytest.importorskip("pytest_benchmark")

RECORDS = 50_000
PAIRS = 500_000


@pytest.fixture(scope="module")
def stored() -> pa.Table:
    channel = Channel("data", households(RECORDS, seed=11).records, record_id="record_id")
    return take_in(empty_state(), [channel], [read(channel)]).live


@pytest.fixture(scope="module")
def values(stored: pa.Table) -> pa.Table:
    return LocalEngine().standardize(stored, {}).values


@pytest.fixture(scope="module")
def columns(values: pa.Table) -> Columns:
    return Columns(values)


@pytest.fixture(scope="module")
def model(values: pa.Table) -> Model:
    engine = LocalEngine()
    return engine.train(values, engine.plan(values), seed=1, progress=silent)


@pytest.fixture(scope="module")
def pairs() -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    left, right = rng.integers(0, RECORDS, PAIRS), rng.integers(0, RECORDS, PAIRS)
    return np.minimum(left, right), np.maximum(left, right)


def test_standardizing(benchmark: Any, stored: pa.Table) -> None:
    LocalEngine().standardize(stored.slice(0, 100), {})
    assert len(benchmark.pedantic(LocalEngine().standardize, (stored, {}), rounds=3).values) == RECORDS


def test_encoding_columns(benchmark: Any, values: pa.Table) -> None:
    assert benchmark(Columns, values).rows == RECORDS


@pytest.mark.parametrize(
    "condition",
    [
        "surname equal",
        "surname_latin jaro_winkler >= 0.92",
        "street jaro_winkler >= 0.9",
        "phone* edits <= 1",
        "address tokens >= 0.5",
        "birth_date digits_off <= 1",
        "given_latin,surname_latin swapped",
    ],
)
def test_condition(benchmark: Any, columns: Columns, pairs: tuple[Any, Any], condition: str) -> None:
    parsed, chunk, every = Condition.parse(condition), Pairs(columns, *pairs), np.arange(PAIRS)
    holds(chunk, parsed, every[:100])
    assert len(benchmark(holds, chunk, parsed, every)) == PAIRS


def test_levels_of_random_pairs(benchmark: Any, columns: Columns, model: Model, pairs: tuple[Any, Any]) -> None:
    comparing = Comparing(columns, model.comparisons)
    assert len(benchmark.pedantic(comparing.levels, pairs, rounds=3, warmup_rounds=1)) == PAIRS


def test_scoring_random_pairs(benchmark: Any, columns: Columns, model: Model, pairs: tuple[Any, Any]) -> None:
    scorer = Scorer(columns, model)

    def score() -> Any:
        return scorer.score(*pairs, at_least=model.review_threshold)

    benchmark.pedantic(score, rounds=3, warmup_rounds=1)


def test_choosing_blocking_rules(benchmark: Any, values: pa.Table) -> None:
    assert benchmark.pedantic(lambda: LocalEngine().plan(values), rounds=2, warmup_rounds=1).blocking


def test_training(benchmark: Any, values: pa.Table) -> None:
    engine = LocalEngine()
    untrained = engine.plan(values)
    assert benchmark.pedantic(
        lambda: engine.train(values, untrained, seed=1, progress=silent), rounds=2, warmup_rounds=1
    ).trained


def test_matching(benchmark: Any, values: pa.Table, model: Model) -> None:
    engine = LocalEngine()
    assert benchmark.pedantic(lambda: engine.match(values, model, progress=silent), rounds=2, warmup_rounds=1)


def test_clustering(benchmark: Any, values: pa.Table, model: Model) -> None:
    engine = LocalEngine()
    edges = engine.match(values, model, progress=silent).edges
    decisions = schemas.empty(schemas.DECISIONS)
    found = benchmark.pedantic(lambda: engine.cluster(values, edges, decisions, model), rounds=2, warmup_rounds=1)
    assert len(found.clusters) == RECORDS

"""Fields that say the same thing are found out, and do not count twice."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from custid.engines.local.columns import Columns
from custid.engines.local.dependence import dependences
from custid.engines.local.scoring import Scorer
from custid.model.spec import Comparison, Level, Model


def _comparison(name: str, **more: dict[str, float]) -> Comparison:
    levels = (Level("equal", (f"{name} equal",), 0.9, 0.1, 0.5), Level("different", (), 0.1, 0.9, 0.5))
    return Comparison(name, (name,), levels, shared=True, **more)  # type: ignore[arg-type]


def _columns(rows: int = 4000) -> Columns:
    rng = np.random.default_rng(2)
    name = rng.integers(0, 40, rows)
    return Columns(
        pa.table(
            {
                "name": [f"n{i}" for i in name],
                "sex": ["f" if i % 2 else "m" for i in name],
                "town": [f"t{i}" for i in rng.integers(0, 30, rows)],
            }
        )
    )


def test_a_field_that_another_decides_is_found_with_the_bits_it_overcounts() -> None:
    comparisons = [_comparison("name"), _comparison("sex"), _comparison("town")]
    found = dependences(_columns(), comparisons, [0.9] * 3, [0.5] * 3, 0.0, 0.0)
    assert found == {(0, 1): pytest.approx(1.0, abs=0.05)}


def test_joint_agreement_that_comes_from_matches_is_no_dependence() -> None:
    rng = np.random.default_rng(3)
    person = rng.integers(0, 1000, 3000)
    columns = Columns(pa.table({"name": [f"n{i}" for i in person], "town": [f"t{i % 500}" for i in person]}))
    share = 1 / 1000
    assert dependences(columns, [_comparison("name"), _comparison("town")], [1.0, 1.0], [0, 0], share, 0.0) == {}


def test_agreement_in_both_weighs_less_by_those_bits_and_agreement_in_one_does_not() -> None:
    columns = Columns(pa.table({"name": ["a", "a", "a"], "sex": ["f", "f", "m"], "town": ["x", "x", "x"]}))
    weights = []
    for overlaps in ({}, {"name": 1.5}):
        model = Model((_comparison("name"), _comparison("sex", overlaps=overlaps)), (), matches_per_record=1.0)
        weights.append(Scorer(columns, model).score(np.array([0, 0]), np.array([1, 2]), at_least=-np.inf).weights)
    assert (weights[0] - weights[1]).tolist() == pytest.approx([1.5, 0.0])

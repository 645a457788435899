"""Weights are what the model says, early stopping changes none, and training finds what made the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from custid.engines.local.blocking import block
from custid.engines.local.columns import Columns
from custid.engines.local.scoring import Comparing, Scorer
from custid.engines.local.training import train
from custid.model.default import candidate_rules, default_model
from custid.model.spec import BlockingRule, Comparison, Level, Model

MADE_M = {"given_name": 0.9, "surname": 0.85, "birth_date": 0.95}


def _people(people: int, seed: int) -> tuple[pa.Table, np.ndarray]:
    """Two records per person, each field of the second replaced by a stranger's with its own rate."""
    rng = np.random.default_rng(seed)
    given = np.array([f"given{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(200)])
    surnames = np.array([f"{chr(97 + i % 26)}sur{chr(97 + i // 26)}name" for i in range(600)])
    days = np.array([f"19{y:02}-{m:02}-{d:02}" for y in range(40, 99) for m in range(1, 13) for d in range(1, 28)])

    def draw(values: np.ndarray) -> np.ndarray:
        first = rng.choice(values, people)
        wrong = rng.random(people) > MADE_M[name]
        return np.concatenate([first, np.where(wrong, rng.choice(values, people), first)])

    columns = {}
    for name, values in (("given_name", given), ("surname", surnames), ("birth_date", days)):
        columns[name] = draw(values)
    columns["given_latin"], columns["surname_latin"] = columns["given_name"], columns["surname"]
    return pa.table(columns), np.tile(np.arange(people), 2)


def _trained(table: pa.Table) -> tuple[Columns, Model]:
    columns = Columns(table)
    rules = (
        BlockingRule(("birth_date",)),
        BlockingRule(("given_latin", "surname_latin")),
        BlockingRule(("surname_latin", "birth_date|year")),
    )
    model = replace(default_model(table.column_names), blocking=rules)
    return columns, train(columns, [block(columns, rule, (), 500) for rule in rules], model, seed=3)


@pytest.fixture(scope="module")
def trained() -> tuple[Columns, Model]:
    return _trained(_people(4000, 11)[0])


def test_training_finds_the_rates_that_made_the_data(trained: tuple[Columns, Model]) -> None:
    _, model = trained
    for comparison in model.comparisons:
        assert comparison.levels[0].m == pytest.approx(MADE_M[comparison.name], abs=0.03)
    assert model.matches_per_record == pytest.approx(1.0, rel=0.1)
    assert model.facts["converged"]


def test_equal_data_and_seed_give_an_equal_model(trained: tuple[Columns, Model]) -> None:
    assert _trained(_people(4000, 11)[0])[1] == trained[1]


def test_probabilities_of_a_comparison_sum_to_one(trained: tuple[Columns, Model]) -> None:
    for comparison in trained[1].comparisons:
        for name in ("m", "u", "h"):
            shares = [getattr(level, name) for level in comparison.levels]
            assert sum(shares) == pytest.approx(1.0)
            assert min(shares) > 0


def test_early_stopping_changes_no_weight_of_a_pair_that_is_kept(trained: tuple[Columns, Model]) -> None:
    columns, model = trained
    rng = np.random.default_rng(1)
    left = rng.integers(0, 4000, 20_000)
    right = np.where(rng.random(20_000) < 0.3, left + 4000, rng.integers(4000, 8000, 20_000))
    scorer = Scorer(columns, model)
    everything = scorer.score(left, right, at_least=-np.inf)
    for least in (-20.0, -5.0, 0.0, 8.0):
        some = scorer.score(left, right, at_least=least)
        expected = everything.weights >= least
        assert some.at.tolist() == everything.at[expected].tolist()
        np.testing.assert_allclose(some.weights, everything.weights[expected])
        assert (some.levels == everything.levels[expected]).all()


def test_a_rare_value_in_common_weighs_more_than_a_common_one() -> None:
    names = ["smith"] * 400 + ["quillfeather"] * 2 + [f"n{i}" for i in range(600)]
    table = pa.table({"surname": names, "surname_latin": names})
    levels = (
        Level("equal", ("surname equal",), 0.9, 0.05, 0.5, "surname"),
        Level("different", (), 0.1, 0.95, 0.5),
    )
    model = Model(
        (Comparison("surname", ("surname_latin",), levels, shared=True),),
        (),
        matches_per_record=1.0,
        relatives_per_record=1e-6,
    )
    found = Scorer(Columns(table), model).score(np.array([0, 400]), np.array([1, 401]), at_least=-np.inf)
    assert found.weights[1] > found.weights[0] + 4


def test_what_a_household_shares_does_not_make_one_person() -> None:
    """Surname, address, landline and mailbox in common, first name and birth date not: relatives."""
    shared = {
        "surname": ["li"] * 2,
        "surname_latin": ["li"] * 2,
        "phone": ["+861"] * 2,
        "email": ["x@y.z"] * 2,
    }
    personal = {
        "given_name": ["anna", "bert"],
        "given_latin": ["anna", "bert"],
        "birth_date": ["1980-01-02", "2011-12-30"],
    }
    rest = 500
    table = pa.table(
        {
            name: values + [f"{name}{i}" if name != "birth_date" else None for i in range(rest)]
            for name, values in {**shared, **personal}.items()
        }
    )
    model = default_model(table.column_names)
    comparisons = tuple(
        replace(
            comparison,
            levels=tuple(
                replace(
                    level,
                    m=m,
                    u=1e-4 if i == 0 else 0.5,
                    h=0.5 if comparison.shared else (1e-3 if i == 0 else 0.5),
                )
                for i, (level, m) in enumerate(zip(comparison.levels, comparison.default_m, strict=True))
            ),
        )
        for comparison in model.comparisons
    )
    model = replace(model, comparisons=comparisons, matches_per_record=1.0, relatives_per_record=1.0)
    found = Scorer(Columns(table), model).score(np.array([0]), np.array([1]), at_least=-np.inf)
    assert found.weights[0] < -5


def test_levels_are_described_without_values(trained: tuple[Columns, Model]) -> None:
    columns, model = trained
    levels = Comparing(columns, model.comparisons).levels(np.array([0]), np.array([0]))
    assert Scorer(columns, model).describe(levels).to_pylist() == ["birth_date:equal given_name:equal surname:equal"]


def test_two_valid_ids_are_two_people_only_where_they_are_of_one_kind() -> None:
    levels = default_model(["national_id", "national_id_kind"]).comparisons[0].levels
    two = next(level for level in levels if level.excludes)
    assert two.when == ("national_id_kind equal",)


def test_devices_are_shared_by_households() -> None:
    model = default_model(["device_id", "cookie_id", "loyalty_id"])
    assert {found.name: found.shared for found in model.comparisons} == {
        "loyalty_id": False,
        "device_id": True,
        "cookie_id": True,
    }


def test_a_column_that_hardly_any_record_fills_changes_no_choice_of_rules() -> None:
    filled = {"name_tokens": 1.0, "email": 0.9, "phone": 0.9, "birth_date": 1.0}
    alike = BlockingRule(("name_tokens|grams",))
    assert alike in candidate_rules(filled)
    assert alike in candidate_rules({**filled, "device_id": 0.00004})
    assert alike not in candidate_rules({**filled, "device_id": 0.4})

"""With a model's statistics a pair weighs the same, and a value has the same keys, whatever other records there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custid.channels import Channel, read
from custid.engines.base import silent
from custid.engines.local import LocalEngine
from custid.engines.local.blocking import block, candidates
from custid.engines.local.columns import NOT_COMPARED, Columns
from custid.engines.local.scoring import Scorer
from custid.engines.local.statistics import Listed, count
from custid.errors import ConfigError
from custid.intake import take_in
from custid.model import packing
from custid.model.spec import BlockingRule, Comparison, Level, Model
from custid.registries.base import empty_state
from custid.testing.customers import companies, households

RECORDS = 700
WORDS = "company_words|words"


def _values() -> pa.Table:
    channels = [
        Channel(made.__name__, made(RECORDS, seed=8).records, record_id="record_id") for made in (households, companies)
    ]
    live = take_in(empty_state(), channels, [read(channel) for channel in channels]).live
    return LocalEngine().standardize(live, {}).values


@pytest.fixture(scope="module")
def values() -> pa.Table:
    return _values()


@pytest.fixture(scope="module")
def model(values: pa.Table) -> Model:
    engine = LocalEngine()
    planned = engine.plan(values)
    return engine.train(
        values, replace(planned, blocking=(*planned.blocking, BlockingRule((WORDS,)))), seed=1, progress=silent
    )


@pytest.fixture(scope="module")
def pairs(values: pa.Table, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Candidates, and as many at random."""
    columns = Columns(values, model.statistics)
    rules = [block(columns, rule, model.narrowing, model.block_rows_max) for rule in model.blocking]
    found = [(left, right) for _, left, right, _ in candidates(rules)]
    left, right = (np.concatenate(side) for side in zip(*found, strict=True))
    rng = np.random.default_rng(2)
    drawn = rng.choice(len(left), 4000, replace=False)
    left, right = left[drawn], right[drawn]
    other = rng.integers(0, len(values), len(left)), rng.integers(0, len(values), len(left))
    return np.append(left, np.minimum(*other)), np.append(right, np.maximum(*other))


def _cut_out(values: pa.Table, rows: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """Those rows, with columns in another order and dictionaries of their own, or none."""
    names = list(rng.permutation(values.column_names))
    part = values.select(names).take(pa.array(rows))
    plain = [
        pa.field(field.name, pa.string()) if pa.types.is_dictionary(field.type) else field for field in part.schema
    ]
    part = part.cast(pa.schema(plain))
    for at, name in enumerate(names):
        if rng.random() < 0.5 and name not in NOT_COMPARED:
            part = part.set_column(at, name, part[name].dictionary_encode())
    return part


def _keys(columns: Columns, row: int) -> list[int]:
    """The words of a record's company that are keys, as hashes, the rarest first."""
    dictionary = columns["company_words"].dictionary
    codes = [int(codes[row]) for codes in columns["company_words"].ways("words")]
    return [int(dictionary.word_hashes[code]) for code in codes if code >= 0]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.02, 1.0))
def test_a_part_of_the_records_weighs_and_blocks_as_all_of_them(
    seed: int, share: float, values: pa.Table, model: Model, pairs: tuple[np.ndarray, np.ndarray]
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(rng.random(len(values)) < share))
    place = np.full(len(values), -1)
    place[rows] = np.arange(len(rows))
    whole, part = (Columns(table, model.statistics) for table in (values, _cut_out(values, rows, rng)))
    left, right = pairs
    here = (place[left] >= 0) & (place[right] >= 0)
    for least in (-np.inf, model.review_threshold):
        expected = Scorer(whole, model).score(left[here], right[here], at_least=least)
        found = Scorer(part, model).score(place[left[here]], place[right[here]], at_least=least)
        assert found.at.tolist() == expected.at.tolist()
        assert found.weights.tolist() == expected.weights.tolist()
        assert found.evidence.tolist() == expected.evidence.tolist()
        assert found.levels.tolist() == expected.levels.tolist()
    for row in rows[:40]:
        assert _keys(part, int(place[row])) == _keys(whole, int(row))


def test_without_statistics_a_part_weighs_otherwise(values: pa.Table, model: Model) -> None:
    """Or the test above would prove nothing."""
    counted_here = replace(model, statistics=None)
    left, right = np.array([0]), np.array([1])
    weights = [
        Scorer(Columns(table), counted_here).score(left, right, at_least=-np.inf).weights[0]
        for table in (values, values.slice(0, 200))
    ]
    assert weights[0] != weights[1]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_counted_does_not_depend_on_the_order_of_rows_columns_and_dictionaries(
    seed: int, values: pa.Table, model: Model
) -> None:
    rng = np.random.default_rng(seed)
    shuffled = _cut_out(values, rng.permutation(len(values)), rng)
    assert count(Columns(shuffled), model) == model.statistics
    assert LocalEngine().count(shuffled, replace(model, statistics=None)).statistics == model.statistics


def test_values_that_no_row_has_are_not_counted(values: pa.Table, model: Model) -> None:
    """Arrow keeps a whole dictionary where a table is cut."""
    part = values.slice(0, 300)
    plain = pa.table(
        {name: part[name].cast(pa.string()) if name not in NOT_COMPARED else part[name] for name in part.column_names}
    )
    assert count(Columns(part), model) == count(Columns(plain), model)


def test_counting_on_the_same_records_changes_no_weight(
    values: pa.Table, model: Model, pairs: tuple[np.ndarray, np.ndarray]
) -> None:
    frozen, counted = (
        Scorer(Columns(values), found).score(*pairs, at_least=-np.inf)
        for found in (model, replace(model, statistics=None))
    )
    assert frozen.weights.tolist() == counted.weights.tolist()


def test_training_and_counting_freeze_what_was_there(values: pa.Table, model: Model) -> None:
    assert model.statistics is not None
    assert model.statistics.records == len(values)
    half = LocalEngine().count(values.slice(0, RECORDS), model)
    assert half.statistics is not None
    assert half.statistics.records == RECORDS
    assert replace(half, statistics=model.statistics) == model


def _named(values: list[str | None], more: list[str | None] | None = None) -> Columns:
    return Columns(
        pa.table({"x": pa.array(values, pa.string()), "x_2": pa.array(more or [None] * len(values), pa.string())})
    )


def _asking(*keys: str) -> Model:
    levels = (Level("equal", ("x* equal",), 0.9, 0.1, 0.1, "x"), Level("different", (), 0.1, 0.9, 0.9))
    rules = tuple(BlockingRule((key,)) for key in keys)
    return Model((Comparison("x", ("x*",), levels),), rules, matches_per_record=1.0)


def test_numbered_columns_are_counted_together() -> None:
    found = count(_named(["a", "b", "a", None], ["b", None, "c", None]), _asking()).values["x"]
    assert (found.among, found.pairs, found.unlisted) == (5, 2 + 2, 1.0)
    listed = Listed(found)
    dictionary = _named(["c", "b", "a", "never seen"])["x"].dictionary
    assert listed.held[listed.places(dictionary.hashes)][:-1].tolist() == [1, 2, 2, 1]


def test_only_the_commonest_are_listed_and_the_rest_stand_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custid.engines.local.statistics.LISTED_MAX", 2)
    names = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 3 + ["e"] * 2 + ["f"]
    found = count(_named(names), _asking()).values["x"]
    listed = Listed(found)
    assert listed.held.tolist() == [pytest.approx((3 * 6 + 3 * 6 + 2 * 2) / (6 + 6 + 2), rel=1e-5), 4, 5]
    # One more that three hold: no room for one of the two without the other.
    monkeypatch.setattr("custid.engines.local.statistics.LISTED_MAX", 3)
    assert count(_named(names), _asking()).values["x"] == found


def test_words_are_counted_once_for_each_distinct_value() -> None:
    columns = _named(["north bank", "north bank", "south bank", "bank"], [None, None, "east bank", None])
    found = count(columns, _asking("x|words")).words["x"]
    listed = Listed(found)
    assert found.among == 4
    assert listed.held[listed.places(columns["x"].dictionary.word_hashes)].tolist() == [1, 4, 1, 1]


def test_a_column_without_values_says_nothing() -> None:
    model = replace(_asking("y|words"), statistics=count(_named([None, None]), _asking("y|words")))
    found = Scorer(_named(["a", "a"]), model).score(np.array([0]), np.array([1]), at_least=-np.inf)
    assert found.weights[0] == pytest.approx(np.log2(1.0 / 2) + np.log2(0.9 / 0.1))


def test_two_newcomers_that_share_a_value_weigh_like_two_who_were_counted() -> None:
    """What nobody had when the model was made, two have now."""
    common = ["a", "b", "c", "d"] * 50
    model = _asking()
    both = [
        Scorer(_named([*common, "new", "new"]), replace(model, statistics=count(_named(counted), model)))
        .score(np.array([200]), np.array([201]), at_least=-np.inf)
        .weights[0]
        for counted in ([*common, "new", "new"], [*common, "e", "f"])
    ]
    assert both[0] == pytest.approx(both[1], abs=0.01)


def test_a_model_changed_after_counting_says_what_to_do() -> None:
    columns = _named(["a b", "a c"])
    model = replace(_asking("x|words"), statistics=count(columns, Model((), ())))
    what_to_do = r"nothing of column 'x'.*Delete"
    with pytest.raises(ConfigError, match=what_to_do):
        Scorer(columns, model)
    with pytest.raises(ConfigError, match=what_to_do):
        block(columns.with_statistics(model.statistics), model.blocking[0], (), 100)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(0, 2**40 - 1), st.integers(1, 2**40), max_size=60))
def test_packed_hashes_come_back_with_their_counts(counts: dict[int, int]) -> None:
    hashes = np.array([mark << 24 for mark in counts], np.uint64)
    marks, found = packing.unpacked(packing.packed(hashes, np.array(list(counts.values()), np.int64)))
    assert dict(zip(marks.tolist(), found.tolist(), strict=True)) == counts
    assert marks.tolist() == sorted(counts)


def test_no_value_stands_in_the_statistics(values: pa.Table, model: Model) -> None:
    said = repr(model.statistics)
    assert not any(
        value in said
        for name in ("email", "phone", "surname_latin")
        for value in values[name].unique().to_pylist()
        if value and len(value) > 5
    )

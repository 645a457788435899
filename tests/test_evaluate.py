"""How good a run is said to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

import custid
from custid import Channel, resolve
from custid.errors import InputError, UsageError
from custid.evaluate import cluster_quality, draw_pairs, evaluate, pair_quality, record_quality
from custid.evaluate.estimates import draw, estimate, wilson
from custid.evaluate.labels import LabelledPairs, read_pairs, read_truth
from custid.evaluate.mistakes import MISTAKES
from custid.evaluate.pairs import pairs_within
from custid.schemas import EDGES
from custid.testing.customers import households

LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)

RECORDS = pa.table(
    {"record_key": [11, 12, 13, 14], "channel": ["crm", "crm", "shop", "shop"], "record_id": ["a", "b", "a", "c"]}
)


# --- figures ------------------------------------------------------------------------------------------------


@given(LABELS)
def test_figures_over_pairs_records_and_clusters_are_what_counting_one_by_one_gives(
    rows: list[tuple[int, int]],
) -> None:
    predicted, truth = (list(side) for side in zip(*rows, strict=True))
    records = range(len(rows))
    with_it = [{j for j in records if predicted[j] == predicted[i]} for i in records]
    truly = [{j for j in records if truth[j] == truth[i]} for i in records]

    pairs = pair_quality(predicted, truth)
    assert pairs.predicted == sum(len(found) - 1 for found in with_it) / 2
    assert pairs.actual == sum(len(found) - 1 for found in truly) / 2
    assert pairs.true_positives == sum(len(a & b) - 1 for a, b in zip(with_it, truly, strict=True)) / 2

    bcubed = record_quality(predicted, truth)
    shared = [len(a & b) for a, b in zip(with_it, truly, strict=True)]
    assert bcubed.precision == pytest.approx(np.mean([n / len(a) for n, a in zip(shared, with_it, strict=True)]))
    assert bcubed.recall == pytest.approx(np.mean([n / len(b) for n, b in zip(shared, truly, strict=True)]))

    clusters = cluster_quality(predicted, truth)
    one, other = ({frozenset(found) for found in groups} for groups in (with_it, truly))
    assert (clusters.exact, clusters.predicted, clusters.actual) == (len(one & other), len(one), len(other))


def test_a_grouping_compared_with_itself_is_perfect_and_nothing_is_too() -> None:
    for labels in (["a", "a", "b"], []):
        for quality in (pair_quality, record_quality, cluster_quality):
            found: Any = quality(labels, labels)
            assert (found.precision, found.recall, found.f1) == (1.0, 1.0, 1.0)


def test_too_many_pairs_are_sampled_and_still_counted() -> None:
    groups = np.repeat([3, -1, 8], [100, 5, 50])
    left, right, total = pairs_within(groups, pairs_max=200, seed=1)
    assert total == 100 * 99 // 2 + 50 * 49 // 2
    assert len(left) == 200
    assert (left < right).all()
    assert (groups[left] == groups[right]).all()
    assert (groups[left] >= 0).all()


# --- truth and labelled pairs -------------------------------------------------------------------------------


def test_truth_without_a_label_is_left_out_and_counted() -> None:
    truth = pa.table({"channel": ["crm", "shop", "shop"], "record_id": ["a", "a", "gone"], "true_id": ["x", None, "x"]})
    found = read_truth(truth, RECORDS)
    assert found.keys.tolist() == [11]
    assert (found.unlabelled, found.absent) == (1, 1)
    assert found.group_of(np.array([11, 13])).tolist() == [0, -1]


def test_a_record_id_alone_must_stand_for_one_record() -> None:
    assert read_truth(pa.table({"record_id": ["b", "c"], "true_id": [1, 1]}), RECORDS).keys.tolist() == [12, 14]
    with pytest.raises(InputError, match="record 'a', which several channels have"):
        read_truth(pa.table({"record_id": ["a"], "true_id": ["1"]}), RECORDS)


def test_truth_that_contradicts_itself_or_lacks_a_column_is_refused() -> None:
    with pytest.raises(InputError, match="record 'b' of channel 'crm' two true ids: '1' and '2'"):
        read_truth(pa.table({"record_id": ["b", "b"], "true_id": ["1", "2"]}), RECORDS)
    with pytest.raises(InputError, match="no column 'true_id'"):
        read_truth(pa.table({"record_id": ["b"], "cluster": ["1"]}), RECORDS)


def test_labels_are_read_in_any_usual_spelling_and_order() -> None:
    pairs = pa.table({"left_id": ["c", "b", "c"], "right_id": ["b", "c", "nobody"], "label": ["Same", "1", "0"]})
    found = read_pairs(pairs, RECORDS)
    assert (found.left.tolist(), found.right.tolist(), found.same.tolist()) == ([12], [14], [True])
    assert found.absent == 1


@pytest.mark.parametrize(
    ("labels", "said"), [(["maybe", ""], "'maybe', which is neither"), (["1", "0"], "one pair of records both ways")]
)
def test_labels_that_cannot_be_meant_are_refused(labels: list[str], said: str) -> None:
    pairs = pa.table({"left_id": ["b", "c"], "right_id": ["c", "b"], "label": labels})
    with pytest.raises(InputError, match=said):
        read_pairs(pairs, RECORDS)


# --- a run against the truth --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def channel() -> Channel:
    return Channel("made", households(900, seed=3).records.drop_columns(["channel"]), record_id="record_id")


@pytest.fixture(scope="module")
def truth() -> pa.Table:
    return households(900, seed=3).truth


@pytest.fixture(scope="module")
def found(channel: Channel, truth: pa.Table) -> Any:
    return evaluate(channel, truth=truth)


def test_an_evaluation_says_what_a_run_would_get(channel: Channel, truth: pa.Table, found: Any) -> None:
    xref = resolve(channel).xref.to_pandas().set_index("record_id")["customer_id"]
    known = truth.to_pandas().set_index("record_id")["true_id"]
    quality = pair_quality(xref.reindex(known.index).to_numpy(), known.to_numpy())
    assert found.figures["truth"]["pairs"]["f1"] == quality.f1
    assert found.figures["truth"]["labelled"] == 900
    at_model = [row for row in found.figures["thresholds"] if row["match_threshold"] == found.model.match_threshold]
    assert [row["f1"] for row in at_model] == [quality.f1]


def test_every_wrong_pair_is_listed_with_its_stage(found: Any) -> None:
    table = found.mistakes.to_arrow()
    assert table.schema == MISTAKES
    pairs, stages = found.figures["truth"]["pairs"], found.figures["pairs_by_stage"]
    missed = table.filter(pc.equal(table["kind"], "missed")).to_pylist()
    false = table.filter(pc.equal(table["kind"], "false")).to_pylist()
    assert len(missed) == pairs["actual"] - pairs["true_positives"] == sum(stages["missed"].values()) > 0
    assert len(false) == pairs["predicted"] - pairs["true_positives"] == sum(stages["false"].values())
    assert all(row["left_true_id"] == row["right_true_id"] for row in missed)
    assert all(row["left_true_id"] != row["right_true_id"] for row in false)
    low, high = found.model.review_threshold, found.model.match_threshold
    for row in missed:
        weight = row["match_weight"]
        assert (row["rule"] is None) == (row["stage"] == "never compared")
        assert row["stage"] != "below the review threshold" or weight < low
        assert row["stage"] != "between the thresholds" or low <= weight < high
        assert row["stage"] != "cut" or (weight >= high and row["reason"])


def test_stages_add_up_and_narrow(found: Any) -> None:
    stages = found.figures["pairs_by_stage"]
    assert 1 >= stages["compared"] >= stages["linked"] > 0
    assert stages["together"] == pytest.approx(found.figures["truth"]["pairs"]["recall"])
    assert stages["true_pairs"] == stages["true_pairs_examined"] == found.figures["truth"]["pairs"]["actual"]


def test_pairs_that_no_rule_brings_together_are_said_to_be_never_compared(channel: Channel, truth: pa.Table) -> None:
    from dataclasses import replace

    from custid.model.spec import BlockingRule

    model = replace(resolve(channel).model, blocking=(BlockingRule(("email*",)),))
    stages = evaluate(channel, truth=truth, model=model, thresholds=()).figures["pairs_by_stage"]
    assert stages["compared"] < 0.9
    assert stages["missed"]["never compared"] > 0


def test_a_stewards_word_is_named_as_the_reason(channel: Channel, truth: pa.Table, tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    run = resolve(channel, registry=registry)
    together = run.xref.to_pandas().merge(truth.to_pandas(), on="record_id")
    groups = together.groupby(["customer_id", "true_id"])["record_id"].apply(list)
    one, other = next(ids for ids in groups if len(ids) == 2)
    strangers = [groups.iloc[0][0], groups.iloc[-1][0]]
    registry.decide(("made", one), ("made", other), "different", actor="mei", reason="asked")
    registry.decide(("made", strangers[0]), ("made", strangers[1]), "same", actor="mei", reason="asked")
    rows = evaluate(channel, truth=truth, registry=registry, thresholds=()).mistakes.to_arrow().to_pylist()
    stage = {frozenset((row["left_record_id"], row["right_record_id"])): row["stage"] for row in rows}
    assert stage[frozenset((one, other))] == "kept apart by a decision"
    assert stage[frozenset(strangers)] == "joined by a decision"


def test_evaluating_writes_nothing_and_takes_the_registrys_model(
    channel: Channel, truth: pa.Table, tmp_path: Path
) -> None:
    path = tmp_path / "customers.db"
    fresh = evaluate(channel, truth=truth, registry=path, thresholds=())
    assert fresh.figures["model"]["origin"] == "trained on these records"
    assert not path.exists()
    run = resolve(channel, registry=path)
    again = evaluate(channel, truth=truth, registry=path, thresholds=())
    assert again.figures["model"]["origin"] == "the registry's"
    assert again.model == run.model
    assert len(custid.connect(path).runs()) == 1


def test_the_order_of_rows_changes_no_figure(channel: Channel, truth: pa.Table, found: Any) -> None:
    backwards = Channel("made", channel.source.take(list(range(899, -1, -1))), record_id="record_id")
    again = evaluate(backwards, truth=truth.take(list(range(899, -1, -1))))
    assert again.figures == {**found.figures, "model": again.figures["model"]}
    names = ["left_record_id", "right_record_id"]
    assert {frozenset(row.values()) for row in again.mistakes.to_arrow().select(names).to_pylist()} == {
        frozenset(row.values()) for row in found.mistakes.to_arrow().select(names).to_pylist()
    }


def test_higher_thresholds_link_fewer_pairs(found: Any) -> None:
    linked = [row["linked"] for row in found.figures["thresholds"]]
    assert linked == sorted(linked, reverse=True)
    assert found.figures["thresholds"] == found.thresholds.to_arrow().to_pylist()


def test_what_cannot_be_evaluated_is_wrong_use(channel: Channel, truth: pa.Table) -> None:
    with pytest.raises(UsageError, match="nothing to evaluate against"):
        evaluate(channel)
    with pytest.raises(UsageError, match="under the review threshold"):
        evaluate(channel, truth=truth, thresholds=[-50])


def test_a_table_of_two_records_can_be_evaluated() -> None:
    people = pa.table({"id": ["1", "2"], "email": ["a@b.example", "a@b.example"]})
    found = evaluate(people, truth=pa.table({"record_id": ["1", "2"], "true_id": ["x", "x"]}))
    assert found.figures["pairs_by_stage"]["true_pairs"] == 1
    assert "against the truth of 2 records" in repr(found)


# --- estimates ----------------------------------------------------------------------------------------------


def _edges(weights: Any) -> pa.Table:
    numbers = np.arange(len(weights))
    return pa.table(
        {
            "left_key": 2 * numbers,
            "right_key": 2 * numbers + 1,
            "match_weight": np.asarray(weights, np.float32),
            "levels": pa.nulls(len(weights), pa.string()),
        },
        schema=EDGES,
    )


def test_estimates_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    weights = rng.uniform(-5, 25, 20_000)
    true = rng.random(len(weights)) < 1 / (1 + 2.0**-weights)
    together = weights >= 0
    precision, recall = true[together].mean(), together[true].mean()
    edges = _edges(weights)
    held = np.zeros(2)
    trials = 200
    for seed in range(trials):
        at, probability = draw(edges, 0.0, pairs=300, seed=seed)
        labels = LabelledPairs(2 * at, 2 * at + 1, true[at], probability if seed % 2 else None, 0, 0)
        found = estimate(edges, together, labels, together[at], 0.0)
        assert found.precision is not None
        assert found.recall is not None
        assert found.labelled == 300
        held += [
            found.precision.low <= precision <= found.precision.high,
            found.recall.low <= recall <= found.recall.high,
        ]
        assert found.recall.high - found.recall.low < 0.06
    assert (held / trials >= 0.9).all()


def test_looking_more_often_at_close_calls_does_not_bias_the_estimate() -> None:
    weights = np.concatenate([np.full(900, 12.0), np.full(100, 1.0)])
    true = np.concatenate([np.ones(900, bool), np.arange(100) % 2 == 0])
    at = np.concatenate([np.arange(10), np.arange(900, 1000)])
    labels = LabelledPairs(2 * at, 2 * at + 1, true[at], None, 0, 0)
    found = estimate(_edges(weights), np.ones(1000, bool), labels, np.ones(len(at), bool), 0.0)
    assert found.precision is not None
    assert found.precision.share == pytest.approx(0.95)


def test_nothing_is_estimated_from_nothing() -> None:
    none = LabelledPairs(*(np.zeros(0, np.int64),) * 2, np.zeros(0, bool), None, 0, 0)
    found = estimate(_edges([3.0]), np.ones(1, bool), none, np.zeros(0, bool), 0.0)
    assert (found.precision, found.recall, found.labelled) == (None, None, 0)


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263, and 0 of 20.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_drawn_pairs_labelled_by_the_truth_estimate_what_the_truth_says(channel: Channel, truth: pa.Table) -> None:
    drawn = draw_pairs(channel, pairs=150).to_arrow()
    assert {"left_surname", "right_surname"} <= set(drawn.column_names)
    known = dict(zip(truth["record_id"].to_pylist(), truth["true_id"].to_pylist(), strict=True))
    same = [
        known[a] == known[b] for a, b in zip(drawn["left_id"].to_pylist(), drawn["right_id"].to_pylist(), strict=True)
    ]
    at = drawn.column_names.index("label")
    labelled = drawn.set_column(at, "label", pa.array([str(int(found)) for found in same]))
    figures = evaluate(channel, pairs=labelled, truth=truth, thresholds=()).figures
    found = figures["labelled_pairs"]
    assert found["labelled"] == found["estimate"]["labelled"] == 150
    linked = figures["truth"]["pairs"]["precision"]
    assert found["estimate"]["precision"]["low"] - 0.01 <= linked <= found["estimate"]["precision"]["high"] + 0.01

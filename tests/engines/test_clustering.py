"""Clusters hold together only where the evidence carries them."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custid.engines.local.clustering import Grouping, components, contract, group
from custid.identity.decided import decided


class _Weights:
    """Stands in for a `Scorer`: weights by pair, -8 bits for every other."""

    def __init__(self, weights: dict[tuple[int, int], float]) -> None:
        self.weights = weights

    def score(self, left: np.ndarray, right: np.ndarray, *, at_least: float) -> SimpleNamespace:
        pairs = zip(np.minimum(left, right).tolist(), np.maximum(left, right).tolist(), strict=True)
        weights = np.array([self.weights.get(pair, -8.0) for pair in pairs])
        return SimpleNamespace(weights=weights, evidence=weights)


def _group(
    rows: int,
    weights: dict[tuple[int, int], float],
    same: list[tuple[int, int]] | None = None,
    different: list[tuple[int, int]] | None = None,
    once: list[int] | None = None,
) -> Grouping:
    edges = [pair for pair, bits in weights.items() if bits >= -5]
    left, right = np.array(edges, np.int64).reshape(-1, 2).T
    said = [(a, b, "same", None) for a, b in same or []] + [(a, b, "different", None) for a, b in different or []]
    names = ("left_key", "right_key", "verdict", "revoked_at")
    types = (pa.int64(), pa.int64(), pa.string(), pa.null())
    columns = list(zip(*said, strict=True)) or [[]] * 4
    decisions = pa.table([pa.array(column, type) for column, type in zip(columns, types, strict=True)], names=names)
    return group(
        rows,
        left,
        right,
        np.array([weights[pair] for pair in edges]),
        decided=decided(decisions, np.arange(rows)),
        scorer=_Weights(weights),  # type: ignore[arg-type]
        threshold=0.0,
        once=None if once is None else np.array(once),
    )


def _sets(cluster: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(cluster == name).tolist()) for name in np.unique(cluster)}


def test_records_joined_by_strong_edges_are_one_cluster() -> None:
    assert _sets(_group(4, {(0, 1): 9, (1, 2): 9, (0, 2): 9}).cluster) == {
        frozenset({0, 1, 2}),
        frozenset({3}),
    }


def test_a_weak_bridge_between_two_tight_groups_is_cut_and_reported() -> None:
    weights = {(0, 1): 12, (2, 3): 12, (1, 2): 2}
    found = _group(4, weights)
    assert _sets(found.cluster) == {frozenset({0, 1}), frozenset({2, 3})}
    assert found.cut.tolist() == [False, False, True]


def test_a_chain_is_told_from_a_cluster_in_which_everybody_matches_everybody() -> None:
    tight = _group(3, {(0, 1): 9, (1, 2): 9, (0, 2): 9})
    assert tight.agrees.tolist() == [True, True, True]
    bridged = _group(3, {(0, 1): 9, (1, 2): 9, (0, 2): -2})
    assert bridged.agrees.tolist() == [True, False, True]
    assert bridged.contradicts.tolist() == [False, True, False]


def test_a_channel_that_holds_every_customer_once_is_never_joined_to_itself() -> None:
    pair = _group(2, {(0, 1): 30}, once=[7, 7])
    assert _sets(pair.cluster) == {frozenset({0}), frozenset({1})}
    assert pair.cut.tolist() == [True]
    through_another = _group(3, {(0, 1): 9, (1, 2): 5, (0, 2): 8}, once=[7, -1, 7])
    assert _sets(through_another.cluster) == {frozenset({0, 1}), frozenset({2})}


def test_a_different_decision_parts_what_the_evidence_joins() -> None:
    found = _group(2, {(0, 1): 30}, different=[(0, 1)])
    assert _sets(found.cluster) == {frozenset({0}), frozenset({1})}


def test_a_same_decision_joins_what_the_evidence_parts() -> None:
    assert _sets(_group(3, {}, same=[(2, 0)]).cluster) == {frozenset({0, 2}), frozenset({1})}


def test_a_chain_of_same_decisions_holds_against_all_pairs_between() -> None:
    assert _sets(_group(3, {}, same=[(0, 1), (1, 2)]).cluster) == {frozenset({0, 1, 2})}


def test_a_same_decision_through_a_record_that_is_gone_holds() -> None:
    assert _sets(_group(3, {}, same=[(0, 99), (99, 2)]).cluster) == {frozenset({0, 2}), frozenset({1})}


def test_a_different_decision_parts_all_that_is_the_same_as_either() -> None:
    weights = {(a, b): 30.0 for a in range(4) for b in range(a + 1, 4)}
    found = _group(4, weights, same=[(0, 1), (2, 99), (99, 3)], different=[(1, 99)])
    assert _sets(found.cluster) == {frozenset({0, 1}), frozenset({2, 3})}
    assert found.cut.tolist() == [False, True, True, True, True, False]


def test_a_same_decision_wins_over_a_channel_that_holds_every_customer_once() -> None:
    assert _sets(_group(2, {(0, 1): 30}, same=[(0, 1)], once=[7, 7]).cluster) == {frozenset({0, 1})}
    three = _group(3, {(0, 2): 9}, same=[(0, 1)], once=[7, 7, 7])
    assert _sets(three.cluster) == {frozenset({0, 1}), frozenset({2})}


def test_decisions_hold_in_a_component_too_large_to_be_looked_at_whole() -> None:
    rows = 500
    weights = {(a, a + 1): 20.0 + a % 7 for a in range(rows - 1)}
    same = [(a, (a * 37 + 11) % rows) for a in range(0, rows, 50)]
    found = _group(rows, weights, same=same, different=[(1, 498)]).cluster
    assert all(found[a] == found[b] for a, b in same)
    assert found[1] != found[498]


def test_a_different_decision_wins_inside_a_larger_component() -> None:
    weights = {(a, b): 10.0 for a in range(4) for b in range(a + 1, 4)}
    parts = _sets(_group(4, weights, different=[(0, 3)]).cluster)
    assert not any({0, 3} <= part for part in parts)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(2, 9), names=st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order_of_records(seed: int, rows: int, names: Random) -> None:
    # Weights without ties: of two equally good partitions, the records' canonical order decides.
    rng = np.random.default_rng(seed)
    weights = {(a, b): float(rng.normal(1, 4)) for a in range(rows) for b in range(a + 1, rows)}
    renaming = list(range(rows))
    names.shuffle(renaming)
    renamed = {tuple(sorted((renaming[a], renaming[b]))): bits for (a, b), bits in weights.items()}
    before = _sets(_group(rows, weights).cluster)
    after = _sets(_group(rows, renamed).cluster)
    assert {frozenset(renaming[i] for i in part) for part in before} == after


def test_components_are_named_by_their_lowest_row() -> None:
    assert components(5, np.array([4, 1]), np.array([2, 4])).tolist() == [0, 1, 1, 3, 1]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_contract_leaves_records_apart_without_positive_evidence(size: int) -> None:
    left, right = np.triu_indices(size, 1)
    assert len(set(contract(size, left, right, np.full(len(left), -1.0)).tolist())) == size

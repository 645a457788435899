"""Which pairs a run got wrong, and at which stage: the list to read before changing anything.

In: a rehearsed run, the truth of (some of) its records. Out: a table, one row per wrong pair. Never here: values of
records; levels say what agreed, the record ids say where to look.

A true pair that ended apart was *missed*, for the first of these reasons that holds:
    kept apart by a decision    a steward's word on this very pair
    cut                         strong enough to link, but the evidence inside the cluster was against it (`reason`)
    between the thresholds      compared, and waits for a steward
    below the review threshold  compared, and too weak
    never compared              no blocking rule makes it a candidate; the weight is what it would have had
A pair that ended together and is none is *false*:
    joined by a decision        a steward's word on this very pair
    linked                      strong enough to link by itself
    through others              joined only by way of other records
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.weighing import Weighing
from custid.evaluate.labels import Truth
from custid.evaluate.pairs import pairs_within, positions_of
from custid.evaluate.rehearsal import Rehearsal

Keys = npt.NDArray[np.int64]

MISSED = (
    "never compared",
    "below the review threshold",
    "between the thresholds",
    "cut",
    "kept apart by a decision",
)
FALSE = ("linked", "through others", "joined by a decision")

#: One row per wrong pair. `kind`: missed or false. `rule`: the first blocking rule that makes it a candidate (null:
#: none does). `levels` as in EDGES. `reason`: why a strong edge was cut.
MISTAKES = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("left_channel", pa.string(), nullable=False),
        pa.field("left_record_id", pa.string(), nullable=False),
        pa.field("right_channel", pa.string(), nullable=False),
        pa.field("right_record_id", pa.string(), nullable=False),
        pa.field("left_true_id", pa.string(), nullable=False),
        pa.field("right_true_id", pa.string(), nullable=False),
        pa.field("match_weight", pa.float32(), nullable=False),
        pa.field("levels", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("reason", pa.string()),
    ]
)

#: More pairs than this, of either sort, are looked at by a sample.
PAIRS_MAX = 2_000_000
_SEED = 1


@dataclass(frozen=True)
class Mistakes:
    """`table`: MISTAKES, missed pairs first, by stage, then falling weight.

    Of `true_pairs` pairs, `examined` were looked at (all, unless they are too many); `candidates` of those share a
    blocking rule, `linked` have an edge at or above the match threshold, `together` ended in one cluster.
    `false_examined` pairs that ended together were looked at, of `predicted_pairs`.
    """

    table: pa.Table
    true_pairs: int
    examined: int
    candidates: int
    linked: int
    together: int
    predicted_pairs: int
    false_examined: int


def find_mistakes(run: Rehearsal, truth: Truth, *, pairs_max: int = PAIRS_MAX) -> Mistakes:
    """List what went wrong, over the records whose truth is known."""
    keys = truth.keys
    cluster = run.cluster_of(keys)
    weighing = Weighing(run.values, run.model)

    left, right, true_pairs = pairs_within(truth.groups, pairs_max=pairs_max, seed=_SEED)
    together = cluster[left] == cluster[right]
    left_keys, right_keys = keys[left], keys[right]
    rule = weighing.rules(left_keys, right_keys)
    edge, weight = _edges(run, left_keys, right_keys)
    candidate = (rule >= 0) | (edge >= 0)
    linked = (edge >= 0) & (weight >= run.model.match_threshold)
    stage = np.select(
        [_decided(run, left_keys, right_keys, "different"), linked, edge >= 0, candidate],
        [MISSED[4], MISSED[3], MISSED[2], MISSED[1]],
        MISSED[0],
    )
    missed = _table(run, truth, weighing, "missed", stage, left_keys, right_keys, rule, ~together)

    a, b, predicted = pairs_within(cluster, pairs_max=pairs_max, seed=_SEED)
    wrong = np.flatnonzero(truth.groups[a] != truth.groups[b])
    a_keys, b_keys = keys[a[wrong]], keys[b[wrong]]
    edge, weight = _edges(run, a_keys, b_keys)
    stage = np.select(
        [_decided(run, a_keys, b_keys, "same"), (edge >= 0) & (weight >= run.model.match_threshold)],
        [FALSE[2], FALSE[0]],
        FALSE[1],
    )
    everything = np.ones(len(wrong), bool)
    false = _table(run, truth, weighing, "false", stage, a_keys, b_keys, weighing.rules(a_keys, b_keys), everything)
    return Mistakes(
        pa.concat_tables([missed, false]),
        true_pairs,
        len(left),
        int(candidate.sum()),
        int(linked.sum()),
        int(together.sum()),
        predicted,
        len(a),
    )


def _edges(run: Rehearsal, left: Keys, right: Keys) -> tuple[Keys, npt.NDArray[np.float32]]:
    """Where each pair stands among the edges (-1: nowhere), and its weight there."""
    edges = run.matches.edges
    at = positions_of(left, right, edges["left_key"].to_numpy(), edges["right_key"].to_numpy())
    weights = np.append(edges["match_weight"].to_numpy(), np.float32(-np.inf))
    return at, weights[at]


def _decided(run: Rehearsal, left: Keys, right: Keys, verdict: str) -> npt.NDArray[np.bool_]:
    decisions = run.state.decisions
    said = decisions.filter(pc.and_(pc.equal(decisions["verdict"], verdict), pc.is_null(decisions["revoked_at"])))
    pairs = np.unique(np.stack([said["left_key"].to_numpy(), said["right_key"].to_numpy()], axis=1), axis=0)
    return positions_of(left, right, pairs.min(axis=1), pairs.max(axis=1)) >= 0


def _table(
    run: Rehearsal,
    truth: Truth,
    weighing: Weighing,
    kind: str,
    stage: npt.NDArray[np.str_],
    left: Keys,
    right: Keys,
    rule: Keys,
    kept: npt.NDArray[np.bool_],
) -> pa.Table:
    left, right, stage, rule = left[kept], right[kept], stage[kept], rule[kept]
    if len(left):  # a sample may hold a pair twice
        _, first = np.unique(np.stack([left, right], axis=1), axis=0, return_index=True)
        left, right, stage, rule = left[first], right[first], stage[first], rule[first]
    weighed = weighing.weigh(left, right)
    order = np.lexsort((right, left, -weighed.weights, stage))
    left, right, stage, rule = left[order], right[order], stage[order], rule[order]
    cuts = run.clustering.cuts
    cut = positions_of(left, right, cuts["left_key"].to_numpy(), cuts["right_key"].to_numpy())
    names = pa.array([found.name for found in run.model.blocking], pa.string())
    rows = [pc.index_in(pa.array(side), value_set=run.records["record_key"].combine_chunks()) for side in (left, right)]
    columns = {
        "kind": pa.array([kind] * len(left), pa.string()),
        "stage": pa.array(stage.astype(object), pa.string()),
        "match_weight": weighed.weights[order],
        "levels": weighed.levels.take(pa.array(order)),
        "rule": names.take(pa.array(rule, mask=rule < 0)),
        "reason": cuts["reason"].take(pa.array(cut, mask=cut < 0)),
    }
    for side, keys, at in zip(("left", "right"), (left, right), rows, strict=True):
        columns[f"{side}_channel"] = run.records["channel"].take(at)
        columns[f"{side}_record_id"] = run.records["record_id"].take(at)
        columns[f"{side}_true_id"] = pa.array(truth.names[truth.group_of(keys)], pa.string())
    return pa.table({field.name: columns[field.name] for field in MISTAKES}, schema=MISTAKES)

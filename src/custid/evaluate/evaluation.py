"""How good a run is, or would be: `evaluate`, top to bottom.

In: what `resolve` takes, and what is known of the truth. Out: an `Evaluation`. Never here: writing to a registry.

    rehearse the run → compare with the truth → other thresholds → what went wrong → what a labelled sample says
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.engines.base import Progress, silent
from custid.errors import UsageError
from custid.evaluate.estimates import bands, draw, estimate
from custid.evaluate.labels import LabelledPairs, Truth, read_pairs, read_truth
from custid.evaluate.mistakes import FALSE, MISSED, MISTAKES, Mistakes, find_mistakes
from custid.evaluate.pairs import positions_of
from custid.evaluate.quality import PairQuality, cluster_quality, pair_quality, record_quality
from custid.evaluate.rehearsal import Rehearsal, rehearse
from custid.model.files import model_id
from custid.model.spec import Model
from custid.registries.base import Registry
from custid.reports.quality import as_text
from custid.tables import Table

#: Thresholds looked at unless others are asked for: from the review threshold to so many bits above the match
#: threshold.
_STEP_BITS, _ABOVE_BITS = 2.5, 15.0

#: One row per threshold, rising. precision, recall, f1: over pairs, clusters worked out anew as a run with this match
#: threshold would, decisions and guards included. `linked`: edges at or above it whose truth is known, and
#: `linked_precision` the share of them that are true: what the weights themselves are worth, before clustering.
THRESHOLDS = pa.schema(
    [
        pa.field("match_threshold", pa.float64(), nullable=False),
        pa.field("precision", pa.float64(), nullable=False),
        pa.field("recall", pa.float64(), nullable=False),
        pa.field("f1", pa.float64(), nullable=False),
        pa.field("linked", pa.int64(), nullable=False),
        pa.field("linked_precision", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found. `figures`: plain data, all of it; `thresholds`: THRESHOLDS (see
    `custid.evaluate.evaluation`); `mistakes`: MISTAKES (see `custid.evaluate.mistakes`), one row per wrong pair;
    `model`: what the run used."""

    figures: dict[str, Any] = field(repr=False)
    thresholds: Table = field(repr=False)
    mistakes: Table = field(repr=False)
    model: Model = field(repr=False)

    def __repr__(self) -> str:
        return as_text(self.figures)


def evaluate(
    source: Any,
    *,
    truth: Any = None,
    pairs: Any = None,
    registry: Registry | str | Path | None = None,
    model: Model | None = None,
    thresholds: Sequence[float] | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Say how good a run is. Nothing is written.

    Args:
        source: as for `custid.resolve`: channels, or one table.
        truth: a file or table with channel, record_id and true_id (null: not known; such records are left out).
            `channel` can be left out where record ids alone tell.
        pairs: a file or table of labelled pairs: left_id, right_id, label (see `draw_pairs`).
        registry: its records, decisions and model take part, as they would in a run.
        model: as for `custid.resolve`.
        thresholds: match thresholds to compare, in bits, none under the model's review threshold. None: every 2.5
            bits; (): none.
        progress: called with (stage, done, total).

    Raises:
        UsageError: neither truth nor pairs, or a threshold under the review threshold. InputError: see
        `custid.evaluate.labels`; and what `custid.resolve` raises.
    """
    if truth is None and pairs is None:
        raise UsageError("there is nothing to evaluate against: give truth, or labelled pairs, or both.")
    run = rehearse(source, registry, model, progress)
    names = run.records.select(["record_key", "channel", "record_id"])
    figures: dict[str, Any] = {
        "records": len(names),
        "customers": len(pc.unique(run.clustering.clusters["cluster"])),
        "candidates": run.matches.report["candidates"],
        "edges": len(run.matches.edges),
        "model": {
            "model_id": model_id(run.model),
            "origin": run.origin,
            "match_threshold": run.model.match_threshold,
            "review_threshold": run.model.review_threshold,
        },
    }
    curve, listing = schemas.empty(THRESHOLDS), schemas.empty(MISTAKES)
    if truth is not None:
        known = read_truth(truth, names)
        progress("compare with truth", 0, 0)
        figures["truth"] = _against_truth(run, known)
        found = find_mistakes(run, known)
        listing = found.table
        figures["pairs_by_stage"] = _by_stage(found)
        curve = _curve(run, known, _thresholds(run.model, thresholds), progress)
        figures["thresholds"] = curve.to_pylist()
    if pairs is not None:
        figures["labelled_pairs"] = _against_pairs(run, read_pairs(pairs, names))
    return Evaluation(figures, Table(curve), Table(listing), run.model)


def draw_pairs(
    source: Any,
    *,
    pairs: int = 200,
    registry: Registry | str | Path | None = None,
    model: Model | None = None,
    seed: int = 1,
    progress: Progress = silent,
) -> Table:
    """Draw pairs for somebody to label, evenly over bands of match weight, so that few labels tell much.

    Returns a table, strongest pairs in no order that hints at the answer: left_channel, left_id, right_channel,
    right_id, label (empty: write 1 for one customer, 0 for two), probability (leave it as it is: `evaluate` needs it),
    then each field's two values side by side. It holds personal data.
    """
    run = rehearse(source, registry, model, progress)
    edges = run.matches.edges
    at, probability = draw(edges, run.model.match_threshold, pairs=pairs, seed=seed)
    order = np.random.default_rng(seed).permutation(len(at))
    chosen = edges.take(pa.array(at[order]))
    sides = {
        side: run.records.take(pc.index_in(chosen[f"{side}_key"], value_set=run.records["record_key"].combine_chunks()))
        for side in ("left", "right")
    }
    columns: dict[str, Any] = {}
    for side, records in sides.items():
        columns[f"{side}_channel"], columns[f"{side}_id"] = records["channel"], records["record_id"]
    columns["label"] = pa.nulls(len(chosen), pa.string())
    columns["probability"] = pa.array(probability[order], pa.float64())
    for name in schemas.fields_of(run.records, schemas.STORED_RECORDS):
        if any(records[name].null_count < len(records) for records in sides.values()):
            for side, records in sides.items():
                columns[f"{side}_{name}"] = records[name]
    return Table(pa.table(columns))


def _against_truth(run: Rehearsal, truth: Truth) -> dict[str, Any]:
    cluster = run.cluster_of(truth.keys)
    pairs = pair_quality(cluster, truth.groups)
    clusters = cluster_quality(cluster, truth.groups)
    return {
        "labelled": len(truth),
        "unlabelled": truth.unlabelled,
        "absent": truth.absent,
        "pairs": {**asdict(pairs), **_measures(pairs)},
        "records": _measures(record_quality(cluster, truth.groups)),
        "clusters": {**asdict(clusters), **_measures(clusters)},
        "largest_cluster": {
            "predicted": int(np.unique(cluster, return_counts=True)[1].max(initial=0)),
            "actual": int(np.bincount(truth.groups).max(initial=0)) if len(truth) else 0,
        },
    }


def _measures(quality: Any) -> dict[str, float]:
    return {name: getattr(quality, name) for name in ("precision", "recall", "f1")}


def _by_stage(found: Mistakes) -> dict[str, Any]:
    def counts(kind: str, stages: Sequence[str]) -> dict[str, int]:
        mine = found.table.filter(pc.equal(found.table["kind"], kind))["stage"]
        seen = {row["values"]: row["counts"] for row in mine.value_counts().to_pylist()}
        return {stage: seen.get(stage, 0) for stage in stages}

    examined = max(1, found.examined)
    return {
        "true_pairs": found.true_pairs,
        "true_pairs_examined": found.examined,
        "compared": found.candidates / examined if found.examined else 1.0,
        "linked": found.linked / examined if found.examined else 1.0,
        "together": found.together / examined if found.examined else 1.0,
        "missed": counts("missed", MISSED),
        "predicted_pairs": found.predicted_pairs,
        "predicted_pairs_examined": found.false_examined,
        "false": counts("false", FALSE),
    }


def _thresholds(model: Model, asked: Sequence[float] | None) -> list[float]:
    if asked is None:
        steps = np.arange(model.review_threshold, model.match_threshold + _ABOVE_BITS + 1e-9, _STEP_BITS)
        return sorted({*steps.tolist(), model.match_threshold})
    low = [threshold for threshold in asked if threshold < model.review_threshold]
    if low:
        raise UsageError(
            f"threshold {low[0]:g} is under the review threshold of {model.review_threshold:g} bits, below which pairs "
            "are not kept. Lower review_threshold in the model first."
        )
    return sorted(set(asked))


def _curve(run: Rehearsal, truth: Truth, thresholds: Sequence[float], progress: Progress) -> pa.Table:
    edges = run.matches.edges
    left, right = (truth.group_of(edges[name].to_numpy()) for name in ("left_key", "right_key"))
    known = (left >= 0) & (right >= 0)
    weights, true = edges["match_weight"].to_numpy()[known], (left == right)[known]
    rows = []
    for number, threshold in enumerate(thresholds):
        progress("try other thresholds", number, len(thresholds))
        quality = pair_quality(run.cluster_of(truth.keys, run.clusters_at(threshold)), truth.groups)
        linked = weights >= threshold
        rows.append(
            {
                "match_threshold": threshold,
                **_measures(quality),
                "linked": int(linked.sum()),
                "linked_precision": float(true[linked].mean()) if linked.any() else 1.0,
            }
        )
    return pa.Table.from_pylist(rows, schema=THRESHOLDS)


def _against_pairs(run: Rehearsal, labels: LabelledPairs) -> dict[str, Any]:
    together = run.cluster_of(labels.left) == run.cluster_of(labels.right)
    plain = PairQuality(int((together & labels.same).sum()), int(together.sum()), int(labels.same.sum()))
    edges = run.matches.edges
    edges_together = run.cluster_of(edges["left_key"].to_numpy()) == run.cluster_of(edges["right_key"].to_numpy())
    threshold = run.model.match_threshold
    found = estimate(edges, edges_together, labels, together, threshold)
    return {
        "labelled": len(labels),
        "unlabelled": labels.unlabelled,
        "absent": labels.absent,
        "probability_known": labels.probability is not None,
        "as_they_are": {**asdict(plain), **_measures(plain)},
        "estimate": asdict(found),
        "by_band": _by_band(edges, labels, threshold),
    }


def _by_band(edges: pa.Table, labels: LabelledPairs, threshold: float) -> list[dict[str, Any]]:
    """Per band of match weight: edges, labelled pairs among them, and how many of those are one customer."""
    band = bands(edges["match_weight"].to_numpy().astype(np.float64), threshold)
    at = positions_of(labels.left, labels.right, edges["left_key"].to_numpy(), edges["right_key"].to_numpy())
    mine, same = band[at[at >= 0]], labels.same[at >= 0]
    lowest = edges["match_weight"].to_numpy()
    return [
        {
            "bits_from": round(float(lowest[band == name].min()), 1),
            "edges": int(np.count_nonzero(band == name)),
            "labelled": int(np.count_nonzero(mine == name)),
            "same": int(np.count_nonzero(same[mine == name])),
        }
        for name in np.unique(band)
    ]

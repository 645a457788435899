"""`LocalEngine`: the engine seam on one machine, over Arrow, NumPy and RapidFuzz.

In and out: see `engines.base`. Never here: files, registries, clocks.
Rows are worked on in the order of (channel, record_id), so that no result depends on the order in which records
came in, today or over the years (I3).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.engines.base import Clustering, Matches, Progress
from custid.engines.local import blocking, clustering, survivorship, training
from custid.engines.local.columns import Columns
from custid.engines.local.scoring import Scorer
from custid.model.default import candidate_rules, default_model, relatives_rules
from custid.model.spec import BlockingRule, Model

Rows = npt.NDArray[np.int64]

#: Candidate pairs the chosen rules may make together: this many, or so many per record, whichever is more.
CANDIDATES_MIN = 2_000_000
CANDIDATES_PER_RECORD = 12


class LocalEngine:
    """Everything in this process."""

    name = "local"

    def __init__(self) -> None:
        self._encoded: tuple[pa.Table, Columns] | None = None
        self._blocked: tuple[tuple[BlockingRule, ...], Columns, list[blocking.Blocks]] | None = None

    def standardize(self, records: pa.Table, countries: Mapping[str, str]) -> pa.Table:
        """See `Engine.standardize`."""
        from custid.standardize import standardize

        return standardize(_in_order(records), country=countries).values

    def plan(self, values: pa.Table) -> Model:
        """An untrained default model for these values, with blocking rules chosen from the data."""
        columns = self._columns(values)
        model = default_model(name for name in columns if columns[name].filled)
        if not model.comparisons:
            return model  # nothing to compare: nobody is brought together
        rules = candidate_rules(name for name in columns if columns[name].filled)
        choice = blocking.choose_rules(
            columns,
            rules,
            pairs_max=max(CANDIDATES_MIN, CANDIDATES_PER_RECORD * columns.rows),
            narrowing=model.narrowing,
            block_rows_max=model.block_rows_max,
        )
        return replace(model, blocking=choice.rules).with_facts(
            expected_candidates=sum(choice.pairs),
            expected_coverage=choice.coverage[-1] if choice.coverage else 0.0,
        )

    def train(
        self,
        values: pa.Table,
        model: Model,
        *,
        seed: int,
        progress: Progress,
        labels: training.Labels | None = None,
    ) -> Model:
        """See `Engine.train`. `labels`: what is known of the rows of `values`."""
        columns = self._columns(values)
        progress("train", 0, 1)
        trained = training.train(
            columns, self._blocks(columns, model) + self._shared(columns, model), model, seed=seed, labels=labels
        )
        progress("train", 1, 1)
        return trained

    def match(self, values: pa.Table, model: Model, *, progress: Progress) -> Matches:
        """See `Engine.match`."""
        started = time.perf_counter()
        columns = self._columns(values)
        keys = values["record_key"].to_numpy()
        blocks = self._blocks(columns, model)
        scorer = Scorer(columns, model)
        total = sum(found.pairs for found in blocks)
        done = 0
        lefts: list[Rows] = []
        rights: list[Rows] = []
        weights: list[npt.NDArray[np.float64]] = []
        levels: list[npt.NDArray[np.uint8]] = []
        compared = [0] * len(blocks)
        kept = [0] * len(blocks)
        for number, left, right, made in blocking.candidates(blocks):
            scored = scorer.score(left, right, at_least=model.review_threshold)
            lefts.append(left[scored.at])
            rights.append(right[scored.at])
            weights.append(scored.weights)
            levels.append(scored.levels)
            compared[number] += len(left)
            kept[number] += len(scored.at)
            done += made
            progress("match", done, total)
        left, right = _joined(lefts, np.int64), _joined(rights, np.int64)
        left_key, right_key = np.minimum(keys[left], keys[right]), np.maximum(keys[left], keys[right])
        order = np.lexsort((right_key, left_key))
        stacked = np.concatenate(levels)[order] if levels else np.zeros((0, 0), np.uint8)
        edges = pa.table(
            {
                "left_key": left_key[order],
                "right_key": right_key[order],
                "match_weight": _joined(weights, np.float64)[order].astype(np.float32),
                "levels": scorer.describe(stacked),
            },
            schema=schemas.EDGES,
        )
        report: dict[str, Any] = {
            "candidates": sum(compared),
            "edges": len(edges),
            "elapsed_s": round(time.perf_counter() - started, 3),
            "rules": [
                {
                    "rule": found.rule.name,
                    "pairs": found.pairs,
                    "compared": compared[number],
                    "edges": kept[number],
                    "records_narrowed": found.rows_narrowed,
                    "records_chopped": found.rows_chopped,
                }
                for number, found in enumerate(blocks)
            ],
        }
        return Matches(edges, report)

    def cluster(self, values: pa.Table, edges: pa.Table, decisions: pa.Table, model: Model) -> Clustering:
        """See `Engine.cluster`."""
        columns = self._columns(values)
        keys = values["record_key"].to_numpy()
        by_key = np.argsort(keys)

        def rows_of(table: pa.Table) -> tuple[Rows, Rows]:
            left, right = (table[name].to_numpy() for name in ("left_key", "right_key"))
            known = np.isin(left, keys) & np.isin(right, keys)
            left, right = (by_key[np.searchsorted(keys, side[known], sorter=by_key)] for side in (left, right))
            return np.minimum(left, right), np.maximum(left, right)

        def decided(verdict: str) -> tuple[Rows, Rows]:
            verdicts = decisions["verdict"].to_numpy(zero_copy_only=False)
            standing = decisions["revoked_at"].is_null().to_numpy(zero_copy_only=False)
            return rows_of(decisions.filter(pa.array((verdicts == verdict) & standing, pa.bool_())))

        left, right = rows_of(edges)
        found = clustering.group(
            len(keys),
            left,
            right,
            edges["match_weight"].to_numpy().astype(np.float64),
            same=decided("same"),
            different=decided("different"),
            scorer=Scorer(columns, model),
            threshold=model.match_threshold,
            once=_once(values, model.unique_channels),
        )
        clusters = pa.table({"record_key": keys, "cluster": found.cluster})
        cuts = edges.filter(pa.array(found.cut))
        return Clustering(
            schemas.conform(clusters, schemas.CLUSTERS),
            cuts.append_column("reason", pa.repeat("evidence inside the cluster speaks against it", len(cuts))),
            _quality(found),
        )

    def release(self) -> None:
        """See `Engine.release`."""
        self._encoded = None
        self._blocked = None

    def survive(self, records: pa.Table, links: pa.Table, model: Model) -> pa.Table:
        """See `Engine.survive`."""
        return survivorship.survive(records, links, model.survivorship)

    def _blocks(self, columns: Columns, model: Model) -> list[blocking.Blocks]:
        """The rules applied; remembered between training and matching."""
        if self._blocked is None or self._blocked[0] != model.blocking or self._blocked[1] is not columns:
            self._blocked = (model.blocking, columns, _applied(columns, model.blocking, model))
        return self._blocked[2]

    def _shared(self, columns: Columns, model: Model) -> list[blocking.Blocks]:
        """What relatives share, as rules: they are learnt about from these, whatever rules the budget allowed."""
        rules = [rule for rule in relatives_rules(columns) if rule not in model.blocking]
        return _applied(columns, rules, model)

    def _columns(self, values: pa.Table) -> Columns:
        """`values` encoded; the last table is remembered, as one run asks for it several times."""
        if self._encoded is None or self._encoded[0] is not values:
            self._encoded = (values, Columns(values))
        return self._encoded[1]


def _applied(columns: Columns, rules: Iterable[BlockingRule], model: Model) -> list[blocking.Blocks]:
    return [blocking.block(columns, rule, model.narrowing, model.block_rows_max) for rule in rules]


def _once(values: pa.Table, channels: tuple[str, ...]) -> npt.NDArray[np.int64] | None:
    """Per row the number of its channel among those that hold every customer once; -1 for another."""
    if not channels:
        return None
    found = pc.index_in(values["channel"], value_set=pa.array(channels, pa.string())).fill_null(-1)
    return np.asarray(found.to_numpy(), np.int64)


def _quality(found: clustering.Grouping) -> pa.Table:
    """QUALITY of the clusters that have pairs inside."""
    names, number = np.unique(found.cluster[found.inside_left], return_inverse=True)
    pairs = np.bincount(number, minlength=len(names))
    agreeing, against = (
        np.bincount(number, weights=mask, minlength=len(names)) for mask in (found.agrees, found.contradicts)
    )
    return pa.table(
        {
            "cluster": names.astype(np.int64),
            "records": ((1 + np.sqrt(1 + 8 * pairs)) / 2).round().astype(np.int64),
            "agreement": agreeing / np.maximum(pairs, 1),
            "contradictions": against.astype(np.int64),
        },
        schema=schemas.QUALITY,
    )


def _in_order(records: pa.Table) -> pa.Table:
    """`records` by (channel, record_id); most often they are already, and nothing is copied."""
    before, after = records.slice(0, max(0, len(records) - 1)), records.slice(1)
    later = pc.greater(after["channel"], before["channel"])
    same = pc.equal(after["channel"], before["channel"])
    if pc.all(pc.or_(later, pc.and_(same, pc.greater(after["record_id"], before["record_id"])))).as_py() is not False:
        return records
    return records.sort_by([("channel", "ascending"), ("record_id", "ascending")])


def _joined(parts: list[npt.NDArray[Any]], dtype: type) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)

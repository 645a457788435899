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

from custid import golden, schemas
from custid.engines.base import Arrivals, Clustering, Index, Matches, Progress, Search, Stored
from custid.engines.local import arrivals, blocking, clustering, trails, training
from custid.engines.local.columns import Columns
from custid.engines.local.edges import Edges
from custid.engines.local.order import in_order
from custid.engines.local.scoring import Scorer
from custid.engines.local.statistics import count
from custid.identity.decided import decided
from custid.model.default import candidate_rules, default_model, relatives_rules
from custid.model.spec import BlockingRule, Model, Statistics
from custid.model.survivorship import Survivorship
from custid.standardize.conventions import Conventions
from custid.standardize.fields import kind_of
from custid.standardize.table import Standardized

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
        self._scoring: tuple[Columns, Model, Scorer] | None = None

    def standardize(self, records: pa.Table, conventions: Mapping[str, Conventions]) -> Standardized:
        """See `Engine.standardize`."""
        from custid.standardize import standardize

        ordered = in_order(records)
        found = standardize(ordered, conventions)
        return replace(found, values=found.values.append_column("record_id", ordered["record_id"]))

    def plan(self, values: pa.Table) -> Model:
        """An untrained default model for these values, with blocking rules chosen from the data."""
        columns = self._columns(values)
        model = default_model(name for name in columns if columns[name].filled)
        if not model.comparisons:
            return model  # nothing to compare: nobody is brought together
        rules = candidate_rules({name: share for name in columns if (share := columns[name].filled / columns.rows)})
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
        progress("train", 0, 1)
        model = self.count(values, model)
        columns = self._columns(values, model.statistics)
        trained = training.train(
            columns, self._blocks(columns, model) + self._shared(columns, model), model, seed=seed, labels=labels
        )
        progress("train", 1, 1)
        return trained

    def count(self, values: pa.Table, model: Model) -> Model:
        """See `Engine.count`."""
        return replace(model, statistics=count(self._columns(values), model))

    def match(self, values: pa.Table, model: Model, *, progress: Progress) -> Matches:
        """See `Engine.match`."""
        started = time.perf_counter()
        columns = self._columns(values, model.statistics)
        blocks = self._blocks(columns, model)
        scored = Edges(self._scorer(columns, model), model)
        total = sum(rule.pairs for rule in blocks)
        done = 0
        compared = [0] * len(blocks)
        kept = [0] * len(blocks)
        for number, left, right, made in blocking.candidates(blocks):
            kept[number] += scored.add(left, right)
            compared[number] += len(left)
            done += made
            progress("match", done, total)
        edges = scored.table(values["record_key"].to_numpy())
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

    def index(self, values: pa.Table, model: Model) -> Index:
        """See `Engine.index`."""
        columns = self._columns(values, model.statistics)
        return trails.index(columns, values["record_key"].to_numpy(), model, self._blocks(columns, model))

    def match_arrivals(
        self, values: pa.Table, gone: pa.Array, stored: Stored, model: Model, *, progress: Progress
    ) -> Arrivals:
        """See `Engine.match_arrivals`."""
        return arrivals.match_arrivals(values, gone, stored, model, progress=progress)

    def search(self, values: pa.Table, large: pa.Table, stored: Stored, model: Model) -> Search:
        """See `Engine.search`."""
        return arrivals.search(values, large, stored, model)

    def cluster(self, values: pa.Table, edges: pa.Table, decisions: pa.Table, model: Model) -> Clustering:
        """See `Engine.cluster`."""
        values = in_order(values)
        columns = self._columns(values, model.statistics)
        keys = values["record_key"].to_numpy()
        by_key = np.argsort(keys)

        def rows_of(table: pa.Table) -> tuple[Rows, Rows]:
            left, right = (table[name].to_numpy() for name in ("left_key", "right_key"))
            known = np.isin(left, keys) & np.isin(right, keys)
            left, right = (by_key[np.searchsorted(keys, side[known], sorter=by_key)] for side in (left, right))
            return np.minimum(left, right), np.maximum(left, right)

        left, right = rows_of(edges)
        found = clustering.group(
            len(keys),
            left,
            right,
            edges["match_weight"].to_numpy().astype(np.float64),
            decided=decided(decisions, keys),
            scorer=self._scorer(columns, model),
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
        self._scoring = None

    def survive(self, records: pa.Table, links: pa.Table, model: Model, pins: pa.Table | None = None) -> pa.Table:
        """See `Engine.survive`."""
        not_junk = (said.not_junk for said in model.conventions.values())
        rules = Survivorship.read(model.survivorship, model.display, not_junk)
        fields = [
            # Names and companies are told apart as they are spelt; addresses say whose telephone number it is.
            name
            for name in schemas.fields_of(records, schemas.STORED_RECORDS)
            if kind_of(name) not in (None, "name", "company", "text")
        ]
        values = self.standardize(records.select([*schemas.STORED_RECORDS.names, *fields]), model.conventions).values
        return golden.survive(records, links, rules, values, pins)

    def _blocks(self, columns: Columns, model: Model) -> list[blocking.Blocks]:
        """The rules applied; remembered between training and matching."""
        if self._blocked is None or self._blocked[0] != model.blocking or self._blocked[1] is not columns:
            self._blocked = (model.blocking, columns, _applied(columns, model.blocking, model))
        return self._blocked[2]

    def _shared(self, columns: Columns, model: Model) -> list[blocking.Blocks]:
        """What relatives share, as rules: they are learnt about from these, whatever rules the budget allowed."""
        rules = [rule for rule in relatives_rules(columns) if rule not in model.blocking]
        return _applied(columns, rules, model)

    def _columns(self, values: pa.Table, statistics: Statistics | None = None) -> Columns:
        """`values` encoded; the last table is remembered, as one run asks for it several times."""
        known = self._encoded[1] if self._encoded is not None and self._encoded[0] is values else Columns(values)
        columns = known.with_statistics(statistics)
        self._encoded = (values, columns)
        return columns

    def _scorer(self, columns: Columns, model: Model) -> Scorer:
        """The model ready to weigh pairs; remembered between matching and clustering."""
        if self._scoring is None or self._scoring[0] is not columns or self._scoring[1] is not model:
            self._scoring = (columns, model, Scorer(columns, model))
        return self._scoring[2]


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

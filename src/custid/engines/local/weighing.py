"""What a model says of given pairs, whether or not blocking brings them together.

In: comparable values, a trained `Model`, pairs of record keys. Out: `Weighed`. Never here: finding pairs.
For questions asked after a run: why were these two linked, why were those not?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.engines.local.blocking import CHUNK_PAIRS, Blocks, block
from custid.engines.local.clustering import evidence_of
from custid.engines.local.columns import Columns
from custid.engines.local.scoring import Scorer, Step
from custid.model.spec import Model

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Weighed:
    """Per pair its match weight in bits and its levels in words, as in EDGES."""

    weights: npt.NDArray[np.float32] = field(repr=False)
    levels: pa.Array = field(repr=False)


class Weighing:
    """One table of values and one model, ready to be asked about pairs."""

    def __init__(self, values: pa.Table, model: Model) -> None:
        self._columns = Columns(values, model.statistics)
        self._model = model
        self._keys = values["record_key"].to_numpy()
        self._order = np.argsort(self._keys)

    def weigh(self, left: Rows, right: Rows) -> Weighed:
        """Weigh pairs of record keys, all of which must be among the values."""
        scorer = self._scorer
        weights = [np.zeros(0, np.float32)]
        levels = [pa.array([], pa.string())]
        for a, b in self._chunks(left, right):
            scored = scorer.score(a, b, at_least=-np.inf)
            weights.append(scored.weights.astype(np.float32))
            levels.append(scorer.describe(scored.levels))
        return Weighed(np.concatenate(weights), pa.concat_arrays(levels))

    def evidence(self, left: Rows, right: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """What pairs of record keys say for or against being in one cluster, in bits, and whether each is a match by
        itself, as clustering looks at it (see `clustering.evidence_of`)."""
        parts = [evidence_of(self._scorer, a, b, self._model.match_threshold) for a, b in self._chunks(left, right)]
        return (
            np.concatenate([np.zeros(0), *(bits for bits, _ in parts)]),
            np.concatenate([np.zeros(0, bool), *(agrees for _, agrees in parts)]),
        )

    def steps(self, left: int, right: int) -> list[Step]:
        """The numbers that make the weight of one pair of record keys (see `Scorer.steps`)."""
        ((a, b),) = self._chunks(np.array([left]), np.array([right]))
        return self._scorer.steps(int(a[0]), int(b[0]))

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self._columns, self._model)

    def rules(self, left: Rows, right: Rows) -> npt.NDArray[np.int64]:
        """The first blocking rule of the model that makes each pair a candidate, by number; -1 where none does."""
        out = np.full(len(left), -1, np.int64)
        model = self._model
        for number, rule in enumerate(model.blocking):
            found: Blocks = block(self._columns, rule, model.narrowing, model.block_rows_max)
            at = np.flatnonzero(out < 0)
            hits = [found.together(a, b) for a, b in self._chunks(left[at], right[at])]
            out[at[np.concatenate([np.zeros(0, bool), *hits])]] = number
        return out

    def _chunks(self, left: Rows, right: Rows) -> Iterator[tuple[Rows, Rows]]:
        """The pairs as rows, the lower first, so many at a time."""
        a, b = (self._order[np.searchsorted(self._keys, side, sorter=self._order)] for side in (left, right))
        for start in range(0, len(a), CHUNK_PAIRS):
            part = slice(start, start + CHUNK_PAIRS)
            yield np.minimum(a[part], b[part]), np.maximum(a[part], b[part])

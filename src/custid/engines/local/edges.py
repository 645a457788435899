"""Scored pairs, chunk by chunk, gathered into edges.

In: rows of `Columns` and what `Scorer` made of them. Out: EDGES. Never here: which pairs are asked about.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid import schemas
from custid.engines.local.scoring import Scorer
from custid.model.spec import Model

Rows = npt.NDArray[np.int64]


class Edges:
    """The pairs of a run that reach the review threshold."""

    def __init__(self, scorer: Scorer, model: Model) -> None:
        self._scorer = scorer
        self._at_least = model.review_threshold
        self._parts: list[tuple[Rows, Rows, npt.NDArray[Any], npt.NDArray[Any]]] = []

    def add(self, left: Rows, right: Rows) -> int:
        """Score these pairs; the number of those that are edges."""
        scored = self._scorer.score(left, right, at_least=self._at_least)
        self._parts.append((left[scored.at], right[scored.at], scored.weights, scored.levels))
        return len(scored.at)

    def table(self, record_keys: Rows) -> pa.Table:
        """EDGES, by (left_key, right_key)."""
        if not self._parts:
            return schemas.empty(schemas.EDGES)
        left, right, weights, levels = (np.concatenate(parts) for parts in zip(*self._parts, strict=True))
        left, right = record_keys[left], record_keys[right]
        left, right = np.minimum(left, right), np.maximum(left, right)
        order = np.lexsort((right, left))
        return pa.table(
            {
                "left_key": left[order],
                "right_key": right[order],
                "match_weight": weights[order].astype(np.float32),
                "levels": self._scorer.describe(levels[order]),
            },
            schema=schemas.EDGES,
        )

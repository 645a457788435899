"""How good clusters are, measured against known truth.

In: predicted and true groups of the same records. Out: precision, recall and F1 over pairs.
Never here: matching.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class PairQuality:
    """Counts of pairs: true_positives are together in both, predicted together by custid, actual in truth."""

    true_positives: int
    predicted: int
    actual: int

    @property
    def precision(self) -> float:
        """Share of predicted pairs that are true; 1 when none is predicted."""
        return self.true_positives / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """Share of true pairs that are predicted; 1 when there are none."""
        return self.true_positives / self.actual if self.actual else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.true_positives / (self.predicted + self.actual) if self.predicted + self.actual else 1.0


def pair_quality(predicted: npt.ArrayLike, truth: npt.ArrayLike) -> PairQuality:
    """Compare two groupings of the same records, given as one label per record each.

    >>> found = pair_quality(["a", "a", "b", "b"], [1, 1, 1, 2])
    >>> found.true_positives, found.predicted, found.actual
    (1, 2, 3)
    """
    a = _numbers(predicted)
    b = _numbers(truth)
    if len(a) != len(b):
        raise ValueError(
            f"predicted has {len(a)} records, truth {len(b)}; they must be the same records in the same order."
        )
    both = a * (b.max(initial=0) + 1) + b
    return PairQuality(_pairs(both), _pairs(a), _pairs(b))


def _numbers(labels: npt.ArrayLike) -> npt.NDArray[np.int64]:
    _, numbers = np.unique(np.asarray(labels), return_inverse=True)
    return numbers.ravel().astype(np.int64)


def _pairs(groups: npt.NDArray[Any]) -> int:
    _, counts = np.unique(groups, return_counts=True)
    return int((counts * (counts - 1) // 2).sum())

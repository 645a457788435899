"""How good a grouping of records is, measured against the true one.

In: predicted and true groups of the same records, one label per record each. Out: precision, recall and F1, over
pairs, over records (B-cubed) and over whole clusters. Never here: matching; records whose true group is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


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
        return f1(self.precision, self.recall)


@dataclass(frozen=True)
class RecordQuality:
    """B-cubed (Bagga and Baldwin, Algorithms for Scoring Coreference Chains, LREC 1998).

    `precision`: of the records in a record's cluster, itself among them, the share that is truly with it, on average
    over records; `recall`: of those that truly are with it, the share in its cluster. Every record counts once,
    whereas over pairs a large cluster counts by the square of its size.
    """

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return f1(self.precision, self.recall)


@dataclass(frozen=True)
class ClusterQuality:
    """Whole clusters, those of one record too: `exact` hold the same records in both, of `predicted` and `actual`."""

    exact: int
    predicted: int
    actual: int

    @property
    def precision(self) -> float:
        """Share of the predicted clusters that are true ones; 1 when there are none."""
        return self.exact / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """Share of the true clusters found exactly; 1 when there are none."""
        return self.exact / self.actual if self.actual else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return f1(self.precision, self.recall)


def f1(precision: float, recall: float) -> float:
    """
    >>> f1(0.5, 1.0), f1(0.0, 0.0)
    (0.6666666666666666, 0.0)
    """
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def pair_quality(predicted: npt.ArrayLike, truth: npt.ArrayLike) -> PairQuality:
    """Compare two groupings pair by pair.

    >>> found = pair_quality(["a", "a", "b", "b"], [1, 1, 1, 2])
    >>> found.true_positives, found.predicted, found.actual
    (1, 2, 3)
    """
    counts = _counts(predicted, truth)
    return PairQuality(_pairs(counts.both), _pairs(counts.predicted), _pairs(counts.truth))


def record_quality(predicted: npt.ArrayLike, truth: npt.ArrayLike) -> RecordQuality:
    """Compare two groupings record by record (B-cubed).

    >>> found = record_quality(["a", "a", "b", "b"], [1, 1, 1, 2])
    >>> found.precision, round(found.recall, 3)
    (0.75, 0.667)
    """
    counts = _counts(predicted, truth)
    records = counts.both.sum()
    if not records:
        return RecordQuality(1.0, 1.0)
    squared = counts.both.astype(np.float64) ** 2
    return RecordQuality(
        float((squared / counts.predicted[counts.both_predicted]).sum() / records),
        float((squared / counts.truth[counts.both_truth]).sum() / records),
    )


def cluster_quality(predicted: npt.ArrayLike, truth: npt.ArrayLike) -> ClusterQuality:
    """Compare two groupings cluster by cluster.

    >>> cluster_quality(["a", "a", "b", "b", "c"], [1, 1, 1, 2, 3])
    ClusterQuality(exact=1, predicted=3, actual=3)
    """
    counts = _counts(predicted, truth)
    whole = (counts.both == counts.predicted[counts.both_predicted]) & (counts.both == counts.truth[counts.both_truth])
    return ClusterQuality(int(np.count_nonzero(whole)), len(counts.predicted), len(counts.truth))


@dataclass(frozen=True)
class _Counts:
    """Records per predicted group, per true group, and per pair of the two that occurs, with the two of each."""

    predicted: Numbers
    truth: Numbers
    both: Numbers
    both_predicted: Numbers
    both_truth: Numbers


def _counts(predicted: npt.ArrayLike, truth: npt.ArrayLike) -> _Counts:
    a, b = numbered(predicted), numbered(truth)
    if len(a) != len(b):
        raise ValueError(
            f"predicted has {len(a)} records, truth {len(b)}; they must be the same records in the same order."
        )
    wide = b.max(initial=0) + 1
    pairs, both = np.unique(a * wide + b, return_counts=True)
    return _Counts(np.bincount(a), np.bincount(b), both, pairs // wide, pairs % wide)


def numbered(labels: npt.ArrayLike) -> Numbers:
    """The same grouping, its groups numbered from 0."""
    _, numbers = np.unique(np.asarray(labels), return_inverse=True)
    return numbers.ravel().astype(np.int64)


def _pairs(counts: Numbers) -> int:
    return int((counts * (counts - 1) // 2).sum())

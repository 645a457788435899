"""Precision and recall where the truth is not known: estimated from a sample of pairs that somebody looked at.

In: the edges of a run, which of them ended in one cluster, labelled pairs. Out: `Estimates`. Never here: claims
about pairs that were never compared, or whose weight stayed below the review threshold: no sample of edges shows them.

The edges are parted into strata by match weight (bands of `BAND_BITS`) and by whether the run put the two records
together. In each stratum the labelled pairs stand for all (stratified sampling: Cochran, Sampling Techniques, 3rd ed.
1977, chapter 5), so it does not matter that a steward looks more often at close calls. Intervals are Wilson's (JASA
1927) on the effective sample size, the number of independent pairs that would leave the same variance (compared in
Franco, Little, Louis and Slud, J. Survey Statistics and Methodology 2019). In the variance half a match and half a
non-match are added to each stratum, so that ten matches out of ten do not count as certainty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.evaluate.labels import LabelledPairs
from custid.evaluate.pairs import positions_of

Bits = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BAND_BITS = 5.0
#: Above so many bits over the match threshold, all edges are one band.
BANDS_MAX_BITS = 20.0
#: A stratum with fewer labelled pairs is taken together with its neighbor.
STRATUM_PAIRS_MIN = 5


@dataclass(frozen=True)
class Estimate:
    """A share, and the interval that holds the true one in about 95 of 100 samples."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimates:
    """`precision`: share of the edges put together that are true; `recall`: share of the true pairs among all edges
    that were put together. None where no labelled pair tells. `labelled`: pairs that the estimates rest on; `outside`:
    labelled pairs that are no edges, `outside_same` of which are one customer (nothing follows for the others like
    them, as nobody knows how they were chosen)."""

    precision: Estimate | None
    recall: Estimate | None
    labelled: int
    outside: int
    outside_same: int


def wilson(share: float, pairs: float, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share found among so many independent pairs.

    >>> [round(end, 3) for end in wilson(1.0, 20)]
    [0.839, 1.0]
    """
    if pairs <= 0:
        return 0.0, 1.0
    center = (share + z * z / (2 * pairs)) / (1 + z * z / pairs)
    half = z / (1 + z * z / pairs) * math.sqrt(share * (1 - share) / pairs + z * z / (4 * pairs * pairs))
    return max(0.0, center - half), min(1.0, center + half)


def bands(weights: Bits, threshold: float) -> npt.NDArray[np.int64]:
    """The band of each weight: whole multiples of `BAND_BITS` from the match threshold, below 0 under it.

    >>> bands(np.array([-0.5, 0.0, 4.9, 5.0, 99.0]), 0.0).tolist()
    [-1, 0, 0, 1, 4]
    """
    return np.floor((np.minimum(weights - threshold, BANDS_MAX_BITS)) / BAND_BITS).astype(np.int64)


def estimate(
    edges: pa.Table, edges_together: Flags, labels: LabelledPairs, labels_together: Flags, threshold: float
) -> Estimates:
    """Estimate from labelled pairs.

    `edges`: EDGES of the run; `edges_together`, `labels_together`: which of them, and which of the labelled pairs,
    ended in one cluster; `threshold`: the match threshold. Where the labels come with the probability of each pair to
    be drawn, they stand for the pairs they were drawn from, which may be those of an earlier run; else for the edges
    of this one.
    """
    if labels.probability is not None:
        inside = np.ones(len(labels), bool)
        edge_band = np.zeros(0, np.int64)
        edges_together = np.zeros(0, bool)
        _, label_band = np.unique(labels.probability, return_inverse=True)
    else:
        at = positions_of(labels.left, labels.right, edges["left_key"].to_numpy(), edges["right_key"].to_numpy())
        inside = at >= 0
        edge_band = bands(edges["match_weight"].to_numpy().astype(np.float64), threshold)
        label_band = edge_band[at[inside]]
    parts = []
    for kept in (True, False):
        mine = labels_together[inside] == kept
        chance = labels.probability[mine] if labels.probability is not None else None
        parts.append(_strata(edge_band[edges_together == kept], label_band[mine], labels.same[inside][mine], chance))
    return Estimates(
        *_ratios(*parts), int(inside.sum()), int((~inside).sum()), int(np.count_nonzero(labels.same & ~inside))
    )


@dataclass(frozen=True)
class _Strata:
    """Per stratum: edges in it, labelled pairs, and those of them that are the same customer. `bare`: there are edges
    and nobody looked at any."""

    edges: Bits
    labelled: Bits
    same: Bits
    bare: bool

    @property
    def total(self) -> float:
        return float(self.edges.sum())

    @property
    def matches(self) -> float:
        return float((self.edges * self.same / self.labelled).sum())

    @property
    def smoothed(self) -> float:
        return float((self.edges * self._share).sum())

    @property
    def variance(self) -> float:
        """Of `matches`, less where much of a stratum was looked at."""
        unseen = np.clip(1 - self.labelled / np.maximum(self.edges, 1), 0, 1)
        spread = self._share * (1 - self._share) / self.labelled
        return float((self.edges**2 * unseen * spread).sum())

    @property
    def _share(self) -> Bits:
        return (self.same + 0.5) / (self.labelled + 1)


def _strata(of_edges: npt.NDArray[np.int64], band: npt.NDArray[np.int64], same: Flags, chance: Bits | None) -> _Strata:
    """Strata from the bands of edges and of labelled pairs; neighbors with few labelled pairs are taken together."""
    names = np.unique(np.concatenate([of_edges, band]))
    labelled = np.array([np.count_nonzero(band == name) for name in names], np.float64)
    matches = np.array([np.count_nonzero(same[band == name]) for name in names], np.float64)
    if chance is None:
        edges = np.array([np.count_nonzero(of_edges == name) for name in names], np.float64)
    else:
        edges = np.array([(1 / chance[band == name]).sum() for name in names])
    if not labelled.sum():
        nothing = np.zeros(0)
        return _Strata(nothing, nothing, nothing, bool(edges.sum()))
    while len(labelled) > 1 and labelled.min() < STRATUM_PAIRS_MIN:
        thin = int(labelled.argmin())
        into = (
            thin + 1
            if thin == 0 or (thin + 1 < len(labelled) and labelled[thin + 1] < labelled[thin - 1])
            else thin - 1
        )
        for counts in (labelled, matches, edges):
            counts[into] += counts[thin]
        labelled, matches, edges = (np.delete(counts, thin) for counts in (labelled, matches, edges))
    return _Strata(edges, labelled, matches, False)


def _ratios(together: _Strata, apart: _Strata) -> tuple[Estimate | None, Estimate | None]:
    precision = recall = None
    if together.total:
        spread = together.variance / together.total**2
        precision = _estimate(together.matches / together.total, together.smoothed / together.total, spread)
    if together.total and not apart.bare:
        found, lost = together.smoothed, apart.smoothed
        # The delta method for found / (found + lost).
        spread = (lost**2 * together.variance + found**2 * apart.variance) / (found + lost) ** 4
        all_matches = together.matches + apart.matches
        recall = _estimate(together.matches / all_matches, found / (found + lost), spread) if all_matches else None
    return precision, recall


def _estimate(share: float, smoothed: float, variance: float) -> Estimate:
    if variance <= 0:  # every edge was looked at
        return Estimate(share, share, share)
    low, high = wilson(share, smoothed * (1 - smoothed) / variance)
    return Estimate(share, low, high)


def draw(edges: pa.Table, threshold: float, *, pairs: int, seed: int) -> tuple[npt.NDArray[np.int64], Bits]:
    """Positions of about `pairs` edges to be labelled, as many from each band as it has, and each one's probability."""
    band = bands(edges["match_weight"].to_numpy().astype(np.float64), threshold)
    rng = np.random.default_rng(seed)
    names, sizes = np.unique(band, return_counts=True)
    shares = _even(sizes, pairs)
    chosen = [
        np.sort(rng.choice(np.flatnonzero(band == name), share, replace=False))
        for name, share in zip(names, shares, strict=True)
    ]
    at = np.concatenate([np.zeros(0, np.int64), *chosen])
    return at, np.repeat(shares / np.maximum(sizes, 1), shares)


def _even(sizes: npt.NDArray[np.int64], pairs: int) -> npt.NDArray[np.int64]:
    """`pairs` spread evenly over bands of these sizes; what a small band cannot take goes to the others.

    >>> _even(np.array([3, 100, 100]), 43).tolist()
    [3, 20, 20]
    """
    shares = np.zeros(len(sizes), np.int64)
    while len(sizes) and (left := min(pairs, int(sizes.sum())) - int(shares.sum())) > 0:
        open_bands = np.flatnonzero(shares < sizes)
        each = max(1, left // len(open_bands))
        for name in open_bands[:left]:
            shares[name] += min(each, int(sizes[name] - shares[name]))
    return shares

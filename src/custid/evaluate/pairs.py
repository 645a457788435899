"""The pairs that a grouping puts together, by number: all of them, or a sample where they are too many.

In: one group number per record. Out: positions of records, two by two. Never here: what pairs mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]


def pairs_within(groups: Positions, *, pairs_max: int, seed: int) -> tuple[Positions, Positions, int]:
    """Pairs of positions with one group, lower position first, and how many such pairs there are in all.

    More than `pairs_max` are sampled, with replacement and the same for the same seed. A group below 0 is none.

    >>> left, right, total = pairs_within(np.array([7, 3, 7, 7, -1, -1]), pairs_max=10, seed=0)
    >>> list(zip(left.tolist(), right.tolist())), total
    ([(0, 2), (0, 3), (2, 3)], 3)
    """
    order = np.argsort(groups, kind="stable")
    order = order[np.searchsorted(groups[order], 0) :]
    ordered = groups[order]
    last = np.searchsorted(ordered, ordered, side="right")
    partners = last - np.arange(len(order)) - 1
    ends = np.cumsum(partners)
    total = int(ends[-1]) if len(ends) else 0
    numbers = np.arange(total) if total <= pairs_max else np.random.default_rng(seed).integers(0, total, pairs_max)
    first = np.searchsorted(ends, numbers, side="right")
    offset = numbers - (ends[first] - partners[first])
    a, b = order[first], order[first + 1 + offset]
    return np.minimum(a, b), np.maximum(a, b), total


def positions_of(left: Positions, right: Positions, among_left: Positions, among_right: Positions) -> Positions:
    """Where each pair stands among other pairs, none of them twice; -1 for nowhere. The lower key comes first in all.

    >>> positions_of(np.array([1, 1]), np.array([2, 3]), np.array([5, 1]), np.array([9, 3])).tolist()
    [-1, 1]
    """
    if not len(among_left):
        return np.full(len(left), -1, np.int64)
    keys = np.unique(np.concatenate([among_left, among_right, left, right]))
    wide = np.int64(len(keys))
    numbers = np.searchsorted(keys, among_left) * wide + np.searchsorted(keys, among_right)
    wanted = np.searchsorted(keys, left) * wide + np.searchsorted(keys, right)
    order = np.argsort(numbers)
    at = order[np.minimum(np.searchsorted(numbers, wanted, sorter=order), len(order) - 1)]
    return np.where(numbers[at] == wanted, at, -1)

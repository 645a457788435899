"""Positions grouped by equal numbers, and the pairs inside groups: the arithmetic under blocking and clustering.

In: integer codes. Out: `Groups`, and pairs of positions in any portion asked for. Never here: what a code means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """`members`: positions, group by group, ascending inside each; group g is members[starts[g]:starts[g + 1]]."""

    members: npt.NDArray[np.int32]
    starts: Ints

    @property
    def sizes(self) -> Ints:
        """Members per group."""
        return np.diff(self.starts)

    @property
    def pairs(self) -> int:
        """Pairs inside groups, all together."""
        return int(_pairs_of(self.sizes).sum())

    def take(self, chosen: npt.NDArray[np.bool_]) -> Groups:
        """Only the chosen groups."""
        keep = np.repeat(chosen, self.sizes)
        return Groups(self.members[keep], _starts(self.sizes[chosen]))

    def numbers(self, length: int) -> npt.NDArray[np.int32]:
        """For each of `length` positions the number of its group, or -1."""
        out = np.full(length, -1, np.int32)
        out[self.members] = np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), self.sizes)
        return out

    def chunks(self, pairs_max: int) -> Iterator[tuple[Ints, Ints, Ints]]:
        """All pairs as (earlier member, later member, group), whole groups at a time, about `pairs_max` in each."""
        ends = np.cumsum(_pairs_of(self.sizes))
        first = 0
        while first < len(ends):
            done = ends[first - 1] if first else 0
            stop = max(first + 1, int(np.searchsorted(ends, done + pairs_max, side="right")))
            yield self._pairs(first, stop)
            first = stop

    def _pairs(self, first: int, stop: int) -> tuple[Ints, Ints, Ints]:
        starts = self.starts[first : stop + 1]
        sizes = np.diff(starts)
        position = np.arange(starts[0], starts[-1])
        following = np.repeat(starts[1:], sizes) - position - 1
        left = np.repeat(position, following)
        right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(following) - following, following)
        group = np.repeat(np.arange(first, stop), _pairs_of(sizes))
        return self.members[left].astype(np.int64), self.members[right].astype(np.int64), group

    def pairs_at(self, numbers: Ints) -> tuple[Ints, Ints, Ints]:
        """The pairs with these numbers, 0 … `pairs` - 1, in the order of `chunks`."""
        pairs = _pairs_of(self.sizes)
        ends = np.cumsum(pairs)
        group = np.searchsorted(ends, numbers, side="right")
        size = self.sizes[group]
        # Counted from the end, row i of the triangle begins at i (i + 1) / 2.
        back = pairs[group] - 1 - (numbers - (ends[group] - pairs[group]))
        row = ((np.sqrt(8.0 * back + 1) - 1) / 2).astype(np.int64)
        row += (row + 1) * (row + 2) // 2 <= back
        row -= row * (row + 1) // 2 > back
        left = size - 2 - row
        right = size - 1 - (back - row * (row + 1) // 2)
        start = self.starts[group]
        return self.members[start + left].astype(np.int64), self.members[start + right].astype(np.int64), group


def group(codes: npt.NDArray[np.integer]) -> Groups:
    """Positions with equal codes; negative codes and codes that stand alone are left out.

    >>> found = group(np.array([7, -1, 3, 7, 3, 9]))
    >>> found.members.tolist(), found.starts.tolist()
    ([2, 4, 0, 3], [0, 2, 4])
    """
    at = np.flatnonzero(codes >= 0)
    values = codes[at].astype(np.int64)
    shift = max(1, len(codes)).bit_length()
    if len(values) and int(values.max()) < 1 << (62 - shift):
        # Sorting one number that holds both is several times faster than sorting positions by code.
        packed = np.sort((values << shift) | at)
        at, values = packed & ((1 << shift) - 1), packed >> shift
    else:
        order = np.argsort(values, kind="stable")
        at, values = at[order], values[order]
    if not len(at):
        return Groups(at.astype(np.int32), np.zeros(1, np.int64))
    begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    everything = Groups(at.astype(np.int32), np.append(begins, len(at)))
    return everything.take(everything.sizes > 1)


def joined(first: Groups, second: Groups) -> Groups:
    """The groups of both."""
    return Groups(np.concatenate([first.members, second.members]), _starts(np.concatenate([first.sizes, second.sizes])))


def _pairs_of(sizes: Ints) -> Ints:
    return sizes * (sizes - 1) // 2


def _starts(sizes: Ints) -> Ints:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])

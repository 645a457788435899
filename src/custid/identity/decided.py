"""What stewards' decisions add up to: which records are one person, and which persons are not one.

In: DECISIONS, in any order. Out: a `Decided` for the records asked about.
Never here: evidence, a database; a decision that was taken back, or that says `unsure`, adds nothing.

`same` is a fact about people, so it holds through other records, also through one that is gone by now: who was tied
to it stays tied. `different` parts not two records but all that is `same` as the one from all that is `same` as the
other. Standing decisions never contradict each other (I5, kept in `registries.contradictions`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Stands for "nothing was decided".
NONE = -1


@dataclass(frozen=True)
class Decided:
    """`person`: a number per record asked about, equal where decisions make them one person, -1 where none is about
    the record. `apart`: pairs of persons that are not one, as low * persons + high, ascending."""

    person: Ints = field(repr=False)
    apart: Ints = field(repr=False)
    persons: int

    def same(self, left: Ints, right: Ints) -> Flags:
        """Which pairs of places in `person` are one person."""
        flags: Flags = (self.person[left] == self.person[right]) & (self.person[left] != NONE)
        return flags

    def different(self, left: Ints, right: Ints) -> Flags:
        """Which pairs of places in `person` are not one person."""
        one, other = self.person[left], self.person[right]
        pair = np.minimum(one, other) * self.persons + np.maximum(one, other)
        flags: Flags = (one != NONE) & (other != NONE) & np.isin(pair, self.apart)
        return flags

    def ties(self) -> tuple[Ints, Ints]:
        """Pairs of places, one fewer than there are places in each person, that hold every person together."""
        places = np.flatnonzero(self.person != NONE)
        places = places[np.argsort(self.person[places], kind="stable")]
        next_to = self.person[places[1:]] == self.person[places[:-1]]
        return places[:-1][next_to], places[1:][next_to]


def decided(decisions: pa.Table, keys: Ints) -> Decided:
    """What DECISIONS say of the records with these record_keys (each once, in any order).

    >>> said = pa.table({
    ...     "left_key": [1, 2, 4], "right_key": [2, 3, 1], "verdict": ["same", "same", "different"],
    ...     "revoked_at": pa.nulls(3),
    ... })
    >>> found = decided(said, np.array([3, 4, 1, 9]))  # record 2 is gone
    >>> found.person.tolist(), found.different(np.array([0, 0]), np.array([1, 2])).tolist()
    ([0, 1, 0, -1], [True, False])
    """
    standing = decisions.filter(pc.is_null(decisions["revoked_at"]))
    same, different = (_pairs(standing, verdict) for verdict in ("same", "different"))
    named = np.unique(np.concatenate([*same, *different]))
    if not len(named):
        return Decided(np.full(len(keys), NONE, np.int64), np.zeros(0, np.int64), 0)
    person_of = joined(len(named), *(np.searchsorted(named, side) for side in same))
    persons = int(person_of.max()) + 1
    one, other = (person_of[np.searchsorted(named, side)] for side in different)
    low, high = np.minimum(one, other), np.maximum(one, other)
    place = np.minimum(np.searchsorted(named, keys), len(named) - 1)
    return Decided(
        np.where(named[place] == keys, person_of[place], NONE),
        np.unique((low * persons + high)[low != high]),
        persons,
    )


def news(decisions: pa.Table, run_id: int) -> pa.Table:
    """Those of DECISIONS that the runs up to `run_id` need not have seen said, or taken back: about their records the
    next run has to think again, whatever else has changed.

    A run sees what was decided before it read its state; so what was decided after run n had landed is sure to have
    been seen by run n + 2 only. No clock is asked: a decision that was loaded is older than its being there.
    """
    seen = pc.less(decisions["entered_after"], run_id - 1).fill_null(False)
    seen_again = pc.less(decisions["revoked_after"], run_id - 1).fill_null(False)
    return decisions.filter(pc.invert(pc.and_(seen, pc.or_(pc.is_null(decisions["revoked_at"]), seen_again))))


def joined(count: int, left: Ints, right: Ints) -> Ints:
    """0 … count-1 numbered by what the pairs join, directly or through others; in order of first occurrence.

    >>> joined(5, np.array([3, 4]), np.array([1, 3])).tolist()
    [0, 1, 2, 1, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left)), (left, right)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    named: Ints = rank[number.ravel()]
    return named


def _pairs(decisions: pa.Table, verdict: str) -> tuple[Ints, Ints]:
    chosen = decisions.filter(pc.equal(decisions["verdict"], verdict))
    return chosen["left_key"].to_numpy(), chosen["right_key"].to_numpy()

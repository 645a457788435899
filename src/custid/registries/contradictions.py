"""Whether what stewards say contradicts what stewards said before (I5).

In: decisions as columns, the standing ones first. Out: which later ones contradict what precedes them, and by what.
Never here: a database, words.

Two decisions can only contradict each other inside what `same` joins, all decisions taken together: a `different`
between two records that are one person. So everything is joined at once, and only what is joined around such a pair
is then gone through one by one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from custid.identity.decided import joined

Ints = npt.NDArray[np.int64]


def contradictions(left: Ints, right: Ints, verdict: npt.NDArray[np.object_]) -> list[tuple[int, list[int]]]:
    """The places of decisions that contradict earlier ones, each with the places of those: the `different` first,
    then the `same` that lead from record to record. What is found to contradict counts for nothing further on.

    >>> left, right = np.array([1, 2, 1, 3]), np.array([2, 3, 3, 4])
    >>> verdict = np.array(["same", "same", "different", "different"], dtype=object)
    >>> contradictions(left, right, verdict)
    [(2, [0, 1])]
    >>> contradictions(left[::-1], right[::-1], verdict[::-1])  # the other way round, the second `same` is refused
    [(3, [1, 2])]
    """
    same, different = verdict == "same", verdict == "different"
    named, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    one, other = np.split(places.ravel(), 2)
    person = joined(len(named), one[same], other[same]) if len(named) else one
    knotted = np.unique(person[one[different & (person[one] == person[other])]])
    if not len(knotted):
        return []
    concerned = np.flatnonzero((same | different) & (person[one] == person[other]) & np.isin(person[one], knotted))
    said = _Said()
    found = []
    for place, a, b in zip(concerned.tolist(), one[concerned].tolist(), other[concerned].tolist(), strict=True):
        if against := said.against(a, b, bool(same[place])):
            found.append((place, against))
        else:
            said.add(place, a, b, bool(same[place]))
    return found


@dataclass
class _Said:
    """What was said so far about a few records. `person` names the record that stands for all that are the same."""

    person: dict[int, int] = field(default_factory=dict)
    records: dict[int, list[int]] = field(default_factory=dict)
    ties: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    apart: dict[int, dict[int, tuple[int, int, int]]] = field(default_factory=dict)

    def against(self, a: int, b: int, same: bool) -> list[int]:
        """The places of what forbids it."""
        one, other = self.person.get(a, a), self.person.get(b, b)
        if not same:
            return self._way(a, b) if one == other else []
        if one == other or other not in self.apart.get(one, {}):
            return []
        place, x, y = self.apart[one][other]
        if self.person.get(x, x) != one:
            x, y = y, x
        return [place, *self._way(a, x), *self._way(y, b)]

    def add(self, place: int, a: int, b: int, same: bool) -> None:
        """Remember what nothing forbids."""
        one, other = self.person.get(a, a), self.person.get(b, b)
        if not same:
            self.apart.setdefault(one, {})[other] = self.apart.setdefault(other, {})[one] = (place, a, b)
            return
        self.ties.setdefault(a, []).append((b, place))
        self.ties.setdefault(b, []).append((a, place))
        if one == other:
            return
        if len(self.records.get(one, ())) < len(self.records.get(other, ())):
            one, other = other, one
        moving = self.records.pop(other, [other])
        self.records.setdefault(one, [one]).extend(moving)
        self.person.update(dict.fromkeys(moving, one))
        for third, why in self.apart.pop(other, {}).items():
            del self.apart[third][other]
            self.apart.setdefault(one, {})[third] = self.apart[third][one] = why

    def _way(self, start: int, goal: int) -> list[int]:
        """The places of the fewest `same` that lead from one record to another."""
        came: dict[int, tuple[int, int]] = {start: (start, -1)}
        queue = deque([start])
        while goal not in came:
            here = queue.popleft()
            for there, place in self.ties.get(here, ()):
                if there not in came:
                    came[there] = (here, place)
                    queue.append(there)
        way = []
        while goal != start:
            goal, place = came[goal]
            way.append(place)
        return way[::-1]

"""Whether a steward's word on two records contradicts what stewards said before (I5).

In: decisions as plain rows. Out: the ones it contradicts, in words. Never here: a database.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

Decision = Mapping[str, Any]


def contradiction(left: int, right: int, verdict: str, standing: Sequence[Decision]) -> list[str]:
    """The standing decisions that forbid `verdict` on two records, each in words; none: it may be.

    >>> standing = [
    ...     {"decision_id": 1, "left_key": 1, "right_key": 2, "verdict": "same", "actor": "ann"},
    ...     {"decision_id": 2, "left_key": 2, "right_key": 3, "verdict": "same", "actor": "bo"},
    ... ]
    >>> contradiction(1, 3, "different", standing)
    ['decision 1 by ann (same)', 'decision 2 by bo (same)']
    >>> contradiction(1, 3, "same", standing)
    []
    """
    ties: dict[int, list[tuple[int, Decision]]] = {}
    for decision in standing:
        if decision["verdict"] == "same":
            ties.setdefault(decision["left_key"], []).append((decision["right_key"], decision))
            ties.setdefault(decision["right_key"], []).append((decision["left_key"], decision))
    if verdict == "different":
        return [_name(decision) for decision in _reach(left, ties).get(right, [])]
    if verdict == "same":
        lefts, rights = _reach(left, ties), _reach(right, ties)
        for decision in standing:
            if decision["verdict"] == "different":
                for one, other in (("left_key", "right_key"), ("right_key", "left_key")):
                    if decision[one] in lefts and decision[other] in rights:
                        way = [*lefts[decision[one]], *rights[decision[other]]]
                        return [_name(decision), *(_name(tie) for tie in way)]
    return []


def _reach(start: int, ties: dict[int, list[tuple[int, Decision]]]) -> dict[int, list[Decision]]:
    """Every record tied to `start`, with the shortest way of decisions there."""
    ways: dict[int, list[Decision]] = {start: []}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there, decision in ties.get(here, []):
            if there not in ways:
                ways[there] = [*ways[here], decision]
                queue.append(there)
    return ways


def _name(decision: Decision) -> str:
    return f"decision {decision['decision_id']} by {decision['actor']} ({decision['verdict']})"

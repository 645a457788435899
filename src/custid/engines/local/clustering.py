"""From edges to clusters.

In: `Columns`, edges as row pairs with weights, what stewards decided about rows. Out: a cluster number per row, and the
edges that were not allowed to join their two sides. Never here: comparing by rules of its own; the weights of
pairs that blocking never brought together come from the same `Scorer`.

Edges at or above the match threshold are closed transitively into components. A component of three or more records
is then looked at from inside: all its pairs are weighed, and where some speak against each other, the component is
put together again from single records, strongest tie first, joining two parts only while the evidence of all pairs
across them, taken together, is for it (greedy additive contraction, Keuper et al., ICCV 2015). What stewards decided
is infinite evidence: no weight and no guard outdoes it (I5). The result depends on nothing but the component's own
records.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from custid.engines.local.blocking import CHUNK_PAIRS
from custid.engines.local.groups import group as group_by
from custid.engines.local.scoring import EXCLUDING_BITS, Scorer
from custid.identity.decided import Decided

Rows = npt.NDArray[np.int64]
Bits = npt.NDArray[np.float64]

#: A single pair's evidence counts for at most this much for or against joining two parts, in bits.
PAIR_BITS_MAX = 12.0
#: The strength of a tie that was decided, where components that are too large are parted.
DECISION_BITS = 1e9
#: Components with more records than this are first parted at higher thresholds.
COMPONENT_ROWS_MAX = 400


#: What it counts against two records that they cannot be one customer: two valid ids, or a channel that holds every
#: customer once.
EXCLUDED_BITS = 1e6


@dataclass(frozen=True)
class Grouping:
    """`cluster` per row; `cut`: for each edge, whether it reached the threshold and yet joins nothing.

    `inside_left`, `inside_right`: all pairs inside clusters of three or more; `agrees`, `contradicts`: whether the
    pair by itself is a match, and whether its evidence is against.
    """

    cluster: Rows
    cut: npt.NDArray[np.bool_]
    inside_left: Rows
    inside_right: Rows
    agrees: npt.NDArray[np.bool_]
    contradicts: npt.NDArray[np.bool_]


def group(
    rows: int,
    left: Rows,
    right: Rows,
    weights: Bits,
    *,
    decided: Decided,
    scorer: Scorer,
    threshold: float,
    once: npt.NDArray[np.int64] | None = None,
) -> Grouping:
    """Cluster rows 0 … rows-1. `once`: rows with equal numbers, other than -1, are never one customer, unless it was
    decided that they are."""
    strong = (weights >= threshold) & ~decided.different(left, right)
    if once is not None:
        strong &= (once[left] < 0) | (once[left] != once[right])
    tied = decided.ties()
    joined_left, joined_right = (
        np.concatenate([side[strong], more]) for side, more in zip((left, right), tied, strict=True)
    )
    strength = np.concatenate([weights[strong], np.full(len(tied[0]), DECISION_BITS)])
    component = components(rows, joined_left, joined_right)
    for members in _crowds(component):
        component = _part(component, members, joined_left, joined_right, strength)
    cluster = component.copy()
    fresh = rows
    seen: list[tuple[Rows, Rows, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = []
    # Two rows are together by an edge or a decision; nothing inside could speak against that.
    groups = group_by(component)
    groups = groups.take(groups.sizes > 2)
    for a, b, number in groups.chunks(CHUNK_PAIRS):
        evidence, agrees = evidence_of(scorer, a, b, threshold)
        seen.append((a, b, agrees, evidence < 0))
        if once is not None:
            evidence = np.where((once[a] >= 0) & (once[a] == once[b]), evidence - EXCLUDED_BITS, evidence)
        evidence = np.where(decided.same(a, b), np.inf, np.where(decided.different(a, b), -np.inf, evidence))
        doubtful = np.unique(number[evidence < 0])
        bounds = np.searchsorted(number, np.stack([doubtful, doubtful + 1], axis=1))
        for one, (first, stop) in zip(doubtful.tolist(), bounds.tolist(), strict=True):
            members = groups.members[groups.starts[one] : groups.starts[one + 1]].astype(np.int64)
            parts = contract(len(members), *_triangle(len(members)), evidence[first:stop])
            for part in range(1, int(parts.max(initial=0)) + 1):
                cluster[members[parts == part]] = fresh
                fresh += 1
    inside = [tuple(column[cluster[found[0]] == cluster[found[1]]] for column in found) for found in seen]
    return Grouping(
        cluster,
        (weights >= threshold) & (cluster[left] != cluster[right]),
        *(
            np.concatenate([found[i] for found in inside]) if inside else np.zeros(0, dtype)
            for i, dtype in enumerate((np.int64, np.int64, bool, bool))
        ),
    )


def evidence_of(scorer: Scorer, left: Rows, right: Rows, threshold: float) -> tuple[Bits, npt.NDArray[np.bool_]]:
    """What each pair says for or against being in one cluster, in bits, and whether it is a match by itself.

    Below the threshold only contradictions count: that two records share nothing to compare is no reason to part
    them, when others tie them together.
    """
    scored = scorer.score(left, right, at_least=-np.inf)
    agrees = scored.weights >= threshold
    bits_for = np.minimum(scored.weights - threshold, PAIR_BITS_MAX)
    bits_against = np.where(
        scored.evidence < -EXCLUDING_BITS / 2, -EXCLUDED_BITS, np.clip(scored.evidence, -PAIR_BITS_MAX, 0.0)
    )
    return np.where(agrees, bits_for, bits_against), agrees


def components(rows: int, left: Rows, right: Rows) -> Rows:
    """Connected components; each is named by its lowest row."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(rows, rows))
    _, labels = connected_components(graph, directed=False)
    lowest = np.full(labels.max(initial=0) + 1, rows, np.int64)
    np.minimum.at(lowest, labels, np.arange(rows))
    return lowest[labels]


def _crowds(component: Rows) -> Iterator[Rows]:
    names, counts = np.unique(component, return_counts=True)
    for name in names[counts > COMPONENT_ROWS_MAX]:
        yield np.flatnonzero(component == name)


def _part(component: Rows, members: Rows, left: Rows, right: Rows, strength: Bits) -> Rows:
    """Part a component that is too large to weigh whole, by raising the threshold until its parts are not."""
    component = component.copy()
    inside = np.isin(left, members)
    left, right, strength = left[inside], right[inside], strength[inside]
    place = {int(row): i for i, row in enumerate(members)}
    a = np.array([place[int(row)] for row in left], np.int64)
    b = np.array([place[int(row)] for row in right], np.int64)
    for threshold in np.quantile(strength, np.linspace(0.05, 0.95, 19)):
        keep = strength >= threshold
        parts = components(len(members), a[keep], b[keep])
        if np.unique(parts, return_counts=True)[1].max() <= COMPONENT_ROWS_MAX:
            break
    component[members] = members[parts]
    return component


@lru_cache(maxsize=1024)
def _triangle(size: int) -> tuple[Rows, Rows]:
    return np.triu_indices(size, 1)


def contract(size: int, left: Rows, right: Rows, evidence: Bits) -> npt.NDArray[np.int64]:
    """Greedy additive contraction of a small complete graph: part numbers, 0 for the part of the first record.

    Ties are broken by the records' order, so that equal input gives equal parts.

    >>> contract(3, np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([9.0, -8.0, 3.0])).tolist()
    [0, 0, 1]
    """
    ties: list[dict[int, float]] = [{} for _ in range(size)]
    for a, b, bits in zip(left.tolist(), right.tolist(), evidence.tolist(), strict=True):
        ties[a][b] = ties[b][a] = bits
    heap = [(-bits, a, b) for a in range(size) for b, bits in ties[a].items() if a < b and bits > 0]
    heapq.heapify(heap)
    part = list(range(size))
    members = [[i] for i in range(size)]
    while heap:
        negative, a, b = heapq.heappop(heap)
        if part[a] != a or part[b] != b or ties[a].get(b) != -negative:
            continue  # out of date: one side has been absorbed, or the sum has changed
        for row in members[b]:
            part[row] = a
        members[a].extend(members[b])
        ties[a].pop(b)
        for other, bits in ties[b].items():
            if other == a:
                continue
            total = ties[a].get(other, 0.0) + bits
            ties[a][other] = ties[other][a] = total
            ties[other].pop(b, None)
            if total > 0:
                heapq.heappush(heap, (-total, min(a, other), max(a, other)))
        ties[b] = {}
    _, numbers = np.unique(part, return_inverse=True)
    return numbers.ravel().astype(np.int64)

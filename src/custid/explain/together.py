"""What holds a customer's records together, and how firmly.

In: a registry and a customer. Out: `Why`: the strongest tree of evidence, its weakest tie, who hangs by one tie only,
how far all agree, and what speaks against it. Never here: deciding, writing.

Of all trees that connect the records the strongest is the one whose every tie is the best there is between the two
sides that it connects (maximum spanning tree; Kruskal 1956). So its weakest tie is where the customer would part
first, and no other evidence bridges that place better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.groups import Groups
from custid.engines.local.weighing import Weighing
from custid.explain.asking import Asked, Known, Name, asked, knowing, standing, told, unknown, values_of
from custid.identity.decided import NONE, decided, joined
from custid.registries import connect
from custid.registries.base import Registry
from custid.reports import explanations, explanations_html, explanations_plots
from custid.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Ints = npt.NDArray[np.int64]

#: Up to so many records, all pairs inside a customer are weighed, as clustering does; of more, so many pairs.
EVERY_PAIR_RECORDS_MAX = 400
PAIRS_SAMPLED = 20_000
#: Pairs told that speak against the customer.
AGAINST_MAX = 10

#: The ties of the strongest tree, the strongest first. `kind`: "decision", a steward's (decision_id, actor, reason,
#: decided_at); "edge", which made a run link the two; "inside", evidence between records that only others brought
#: together. `match_weight` in bits and `levels` as in EDGES; null of decisions.
TREE = pa.schema(
    [
        pa.field("left", pa.string(), nullable=False),
        pa.field("right", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("match_weight", pa.float32()),
        pa.field("levels", pa.string()),
        pa.field("decision_id", pa.int64()),
        pa.field("actor", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("decided_at", pa.string()),
    ]
)
#: Ties by strength, the strongest kind first.
_KINDS = ("decision", "edge", "inside")


@dataclass(frozen=True)
class Why:
    """Why these records are one customer. Shows itself as text, in a notebook as HTML, and as a plot.

    `asked_for`: the id as given, before redirects. `records`: record, channel, record_id, said (who it is), ties (with
    how many of the others it is a match, or decided the same). `tree`: TREE. `weakest`: the row of `tree`
    that would part first (None: decisions alone hold it), and `sides`, how many records it keeps together on either.
    `hanging`: records with one tie only, of three or more. `agreement`: the share of pairs that are matches or decided;
    `contradictions`: pairs that speak against each other; `sampled`: the two were estimated from some pairs. `against`:
    the worst of those pairs: left, right, bits, levels.
    """

    customer_id: str
    asked_for: str
    status: str
    records: list[dict[str, Any]] = field(repr=False)
    tree: Table = field(repr=False)
    weakest: dict[str, Any] | None
    hanging: list[str]
    agreement: float | None
    contradictions: int
    sampled: bool
    against: list[dict[str, Any]] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data that JSON can hold."""
        return {**self.__dict__, "tree": self.tree.to_arrow().to_pylist()}

    def __repr__(self) -> str:
        return "\n".join(explanations.tree_lines(self.as_dict()))

    def _repr_html_(self) -> str:
        return explanations_html.tree_html(self.as_dict())

    def plot(self, ax: Axes | None = None) -> Axes:
        """The tree as a graph, on `ax` or a figure of its own. Raises MissingExtra without matplotlib."""
        return explanations_plots.plot_tree(self.as_dict(), ax)


def why(registry: Registry | str | Path, customer: str | Name) -> Why:
    """What holds a customer together.

    Args:
        registry: the registry, or its location.
        customer: a customer id (a merged one is followed), or a record of it, (channel, record_id).

    Raises:
        UnknownCustomer: the id was never issued, or the record has no customer. RegistryError.
    """
    held = connect(registry) if isinstance(registry, str | Path) else registry
    asked_for = customer if isinstance(customer, str) else held.last_id(*customer)
    if asked_for is None:
        raise unknown((customer[0], customer[1]))
    found = held.customer(asked_for)
    with knowing(held) as known:
        # Another run may have landed since: of its records, those it still has.
        records = [one for one in asked(known, found.records) if one.customer_id == found.customer_id]
        return _told(known, found.customer_id, asked_for, found.status, records)


@dataclass(frozen=True)
class _Ties:
    """Ties between places of records, the strongest first: no two of the same pair. `kind`: a place in _KINDS; `row`:
    of a decision its row among the standing ones."""

    left: Ints
    right: Ints
    kind: Ints
    weight: npt.NDArray[np.float64]
    row: Ints

    @staticmethod
    def of(*parts: tuple[Any, ...]) -> _Ties:
        """These, ordered, of each pair the strongest."""
        left, right, kind, weight, row = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((right, left, -weight, kind))
        left, right, kind, weight, row = (column[order] for column in (left, right, kind, weight, row))
        _, first = np.unique(left * (int(right.max(initial=0)) + 1) + right, return_index=True)
        first.sort()
        return _Ties(*(column[first] for column in (left, right, kind, weight, row)))

    def take(self, chosen: Any) -> _Ties:
        """Only these."""
        return _Ties(*(column[chosen] for column in (self.left, self.right, self.kind, self.weight, self.row)))


def _told(known: Known, customer_id: str, asked_for: str, status: str, records: Sequence[Asked]) -> Why:
    keys = np.sort(np.array([one.record_key for one in records], np.int64))
    said = standing(known.head)
    nodes, between = _decided(said, keys)
    here = np.searchsorted(nodes, keys)
    edges = known.view.edges(pa.array(keys)) if len(keys) > 1 else None
    weighing = Weighing(values_of(known, keys.tolist()), known.model) if len(keys) > 1 else None
    every = len(keys) <= EVERY_PAIR_RECORDS_MAX
    a, b = _pairs(len(keys))
    weights, levels, evidence = np.zeros(0), pa.array([], pa.string()), np.zeros(0)
    agrees = np.zeros(0, bool)
    if weighing is not None:
        weighed = weighing.weigh(keys[a], keys[b])
        weights, levels = weighed.weights.astype(np.float64), weighed.levels
        evidence, agrees = weighing.evidence(keys[a], keys[b])
    same = decided(said, keys).same(a, b)
    stored = _stored(edges, nodes, keys, known.model.match_threshold)
    inside = (here[a], here[b], np.full(len(a), 2), weights, np.full(len(a), -1)) if every else _NO_TIES
    ties = _Ties.of(between, stored, inside)
    tree = _without_gone(ties.take(_spanning(len(nodes), ties)), np.isin(nodes, keys))

    counted = np.bincount(np.concatenate([a[agrees | same], b[agrees | same]]), minlength=len(keys))
    if not every:
        strong = _Ties.of(between, stored)
        counted = np.bincount(np.concatenate([strong.left, strong.right]), minlength=len(nodes))[here]
    against = evidence < 0
    worst = np.flatnonzero(against & ~same)
    worst = worst[np.argsort(evidence[worst], kind="stable")][:AGAINST_MAX]
    names = _names(known, nodes, records)
    rows = _rows(known, tree, names, said, nodes, weighing)
    place = {key: number for number, key in enumerate(keys.tolist())}
    return Why(
        customer_id=customer_id,
        asked_for=asked_for,
        status=status,
        records=[
            {
                "record": one.record,
                "channel": one.channel,
                "record_id": one.record_id,
                "said": one.as_dict()["said"],
                "ties": int(counted[place[one.record_key]]),
            }
            for one in sorted(records, key=lambda one: (one.channel, one.record_id))
        ],
        tree=Table(pa.Table.from_pylist(rows, schema=TREE)),
        weakest=_weakest(rows, tree, len(nodes)),
        hanging=[
            one.record
            for one in sorted(records, key=lambda one: (one.channel, one.record_id))
            if len(records) > 2 and counted[place[one.record_key]] == 1
        ],
        agreement=float(np.mean(agrees | same)) if len(a) else None,
        contradictions=round(float(np.mean(against)) * len(keys) * (len(keys) - 1) / 2) if len(a) else 0,
        sampled=not every,
        against=[
            {
                "left": names[keys[a[at]]],
                "right": names[keys[b[at]]],
                "bits": float(evidence[at]),
                "levels": levels[at].as_py(),
            }
            for at in worst.tolist()
        ],
    )


_NO_TIES = (*(np.zeros(0, np.int64) for _ in range(3)), np.zeros(0), np.zeros(0, np.int64))


def _decided(said: pa.Table, keys: Ints) -> tuple[Ints, tuple[Any, ...]]:
    """All records to reckon with: those of the customer, and those gone through which stewards tied them together; and
    the ties that stewards made among them."""
    everyone = np.unique(np.concatenate([keys, said["left_key"].to_numpy(), said["right_key"].to_numpy()]))
    person = decided(said, everyone).person
    own = person[np.isin(everyone, keys)]
    nodes = np.union1d(keys, everyone[np.isin(person, own[own != NONE])])
    same = pc.equal(said["verdict"], "same").to_numpy()
    left, right = (said[side].to_numpy() for side in ("left_key", "right_key"))
    row = np.flatnonzero(same & np.isin(left, nodes) & np.isin(right, nodes))
    ends = (np.searchsorted(nodes, side[row]) for side in (left, right))
    return nodes, (*ends, np.zeros(len(row), np.int64), np.zeros(len(row)), row)


def _pairs(count: int) -> tuple[Ints, Ints]:
    """Pairs of so many places: all, or of too many a part, evenly."""
    every = count * (count - 1) // 2
    numbers = np.arange(every)
    if count > EVERY_PAIR_RECORDS_MAX:
        numbers = np.unique(np.linspace(0, every - 1, PAIRS_SAMPLED).astype(np.int64))
    if not every:
        return numbers, numbers
    left, right, _ = Groups(np.arange(count, dtype=np.int32), np.array([0, count])).pairs_at(numbers)
    return left, right


def _stored(edges: pa.Table | None, nodes: Ints, keys: Ints, match_threshold: float) -> tuple[Any, ...]:
    """The registry's edges between the customer's records that link by themselves, as ties."""
    if edges is None:
        return _NO_TIES
    left, right, weight = (edges[name].to_numpy() for name in ("left_key", "right_key", "match_weight"))
    keep = np.isin(left, keys) & np.isin(right, keys) & (weight >= match_threshold)
    ends = (np.searchsorted(nodes, side[keep]) for side in (left, right))
    count = np.count_nonzero(keep)
    return (*ends, np.ones(count, np.int64), weight[keep].astype(np.float64), np.full(count, -1))


def _spanning(count: int, ties: _Ties) -> Ints:
    """Which ties make the strongest tree (or trees, where they connect not all): their places, the strongest first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    if not len(ties.left):
        return np.zeros(0, np.int64)
    # Every tie costs its rank: no two the same, so that there is one such tree.
    cost = np.arange(1, len(ties.left) + 1, dtype=np.float64)
    tree = minimum_spanning_tree(coo_array((cost, (ties.left, ties.right)), shape=(count, count)).tocsr())
    return np.sort(tree.tocoo().data.astype(np.int64)) - 1


def _without_gone(tree: _Ties, there: npt.NDArray[np.bool_]) -> _Ties:
    """The tree without twigs that end in a record that is gone: it ties nobody to anybody."""
    while True:
        degree = np.bincount(np.concatenate([tree.left, tree.right]), minlength=len(there))
        twig = (degree == 1) & ~there
        keep = ~(twig[tree.left] | twig[tree.right])
        if keep.all():
            return tree
        tree = tree.take(keep)


def _names(known: Known, nodes: Ints, records: Sequence[Asked]) -> dict[int, str]:
    names = {one.record_key: one.record for one in records}
    gone = [key for key in nodes.tolist() if key not in names]
    if gone:
        found = known.view.records(pa.array(gone, pa.int64())).to_pylist()
        names |= {row["record_key"]: f"{row['channel']}:{row['record_id']}" for row in found}
    return names


def _rows(
    known: Known, tree: _Ties, names: dict[int, str], said: pa.Table, nodes: Ints, weighing: Weighing | None
) -> list[dict[str, Any]]:
    """TREE as rows."""
    by_decision = tree.row[tree.row >= 0]
    decisions = dict(zip(by_decision.tolist(), told(known, said.take(pa.array(by_decision))), strict=True))
    left, right = nodes[tree.left], nodes[tree.right]
    weighed = np.flatnonzero(tree.kind > 0)
    levels: dict[int, str] = {}
    if weighing is not None and len(weighed):
        found = weighing.weigh(left[weighed], right[weighed]).levels.to_pylist()
        levels = dict(zip(weighed.tolist(), found, strict=True))
    rows: list[dict[str, Any]] = []
    for at, (a, b, kind) in enumerate(zip(left.tolist(), right.tolist(), tree.kind.tolist(), strict=True)):
        row: dict[str, Any] = dict.fromkeys(TREE.names) | {"left": names[a], "right": names[b], "kind": _KINDS[kind]}
        decision = decisions.get(int(tree.row[at]))
        if decision is not None:
            row |= {name: decision[name] for name in ("decision_id", "actor", "reason", "decided_at")}
        else:
            row |= {"match_weight": float(np.float32(tree.weight[at])), "levels": levels[at]}
        rows.append(row)
    return rows


def _weakest(rows: Sequence[dict[str, Any]], tree: _Ties, nodes: int) -> dict[str, Any] | None:
    """The last of the tree's ties, and how many records are on its sides; None where it is a decision."""
    if not rows or rows[-1]["kind"] == "decision":
        return None
    part = joined(nodes, tree.left[:-1], tree.right[:-1])
    sides = [int(np.count_nonzero(part == part[end])) for end in (tree.left[-1], tree.right[-1])]
    return {**rows[-1], "sides": sides}

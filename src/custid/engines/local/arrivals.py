"""Matching what has just arrived against everything that is stored, without reading everything.

In: comparable values of new and changed records, the keys of those that are gone, and `Stored`. Out: `Arrivals`.
Never here: another result than `blocking` and `LocalEngine.match` have over all records (I3): two records meet where
they are in one block, and which blocks there are is worked out from the same counts.

A block that an arrival makes too large is narrowed, and one that becomes small enough is no longer: then records
that did not arrive meet others than before. They are matched anew along with the arrivals.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.engines.base import Arrivals, Index, Matches, Progress, Search, Stored
from custid.engines.local.blocking import CHUNK_PAIRS, lots
from custid.engines.local.columns import NAME, Columns
from custid.engines.local.edges import Edges
from custid.engines.local.groups import group
from custid.engines.local.hashing import Hashes
from custid.engines.local.order import in_order
from custid.engines.local.scoring import Scorer
from custid.engines.local.trails import Large, Steps, Trails, block_keys, large_blocks
from custid.model.spec import Model

Rows = npt.NDArray[np.int64]
Keys = npt.NDArray[np.int64]


class _Members:
    """Records of blocks: `keys` sorted, and beside each the record that is in that block."""

    def __init__(self, keys: Hashes, records: Keys) -> None:
        order = np.argsort(keys, kind="stable")
        self.keys = keys[order]
        self.records = records[order]

    @classmethod
    def of(cls, table: pa.Table) -> _Members:
        """From BLOCK_KEYS."""
        return cls(table["key"].to_numpy().view(np.uint64), table["record_key"].to_numpy())

    def without(self, records: Keys) -> _Members:
        """All but these records."""
        keep = ~np.isin(self.records, records)
        return _Members(self.keys[keep], self.records[keep])

    def among(self, keys: Hashes) -> _Members:
        """Those of blocks with these numbers."""
        keep = np.isin(self.keys, keys)
        return _Members(self.keys[keep], self.records[keep])

    def span(self, keys: Hashes) -> tuple[Rows, Rows]:
        """Where the members of each of these blocks begin and end."""
        return np.searchsorted(self.keys, keys, "left"), np.searchsorted(self.keys, keys, "right")


@dataclass(frozen=True)
class _Settled:
    """Blocks as they are now. `values`: the records to match anew; `steps`: their trails; `members`: the records,
    other than those, of the blocks where the trails end; `changed`: LARGE_BLOCKS that are new, gone or of another
    size."""

    values: pa.Table
    steps: Steps
    members: _Members
    changed: pa.Table


def match_arrivals(values: pa.Table, gone: pa.Array, stored: Stored, model: Model, *, progress: Progress) -> Arrivals:
    """See `Engine.match_arrivals`."""
    started = time.perf_counter()
    leaving = np.concatenate([values["record_key"].to_numpy(), gone.cast(pa.int64()).to_numpy(zero_copy_only=False)])
    settled = _settle(in_order(_decoded(values)), leaving, stored, model)
    own = settled.values["record_key"].to_numpy()
    others = np.unique(settled.members.records)
    everyone = _together(settled.values, stored, others)
    keys = everyone["record_key"].to_numpy()
    edges = Edges(Scorer(Columns(everyone, model.statistics), model), model)
    pairs = _pairs(settled.steps, settled.members, own, keys)
    for start in range(0, len(pairs), CHUNK_PAIRS):
        left, right = np.divmod(pairs[start : start + CHUNK_PAIRS], len(keys))
        edges.add(left, right)
        progress("match", min(start + CHUNK_PAIRS, len(pairs)), len(pairs))
    found = edges.table(keys)
    report = {
        "candidates": len(pairs),
        "edges": len(found),
        "elapsed_s": round(time.perf_counter() - started, 3),
        "arrivals": len(values),
        "matched_anew": len(own),
        "rules": [],
    }
    steps = settled.steps
    return Arrivals(
        Matches(found, report),
        pa.array(np.union1d(leaving, own)),
        Index(block_keys(steps.keys, own[steps.rows]), settled.changed),
        everyone,
    )


def search(values: pa.Table, large: pa.Table, stored: Stored, model: Model) -> Search:
    """See `Engine.search`."""
    values = _decoded(values)
    steps, _ = Trails(Columns(values, model.statistics), model).steps(Large(large))
    ends = np.unique(steps.keys[steps.last])
    members = _Members.of(stored.block_members(pa.array(ends.view(np.int64))))
    everyone = _together(values, stored, np.unique(members.records))
    keys = everyone["record_key"].to_numpy()
    scorer = Scorer(Columns(everyone, model.statistics), model)
    pairs = _pairs(steps, members, values["record_key"].to_numpy(), keys)
    left, right = np.divmod(pairs, max(1, len(keys)))
    edges = Edges(scorer, model)
    edges.add(left, right)
    found = edges.table(keys)
    rows = np.argsort(keys)[np.searchsorted(np.sort(keys), _both(found))]
    return Search(found, everyone.select(["record_key", *NAME]), scorer.parts(np.minimum(*rows), np.maximum(*rows)))


def _both(edges: pa.Table) -> Keys:
    """The left and the right records of edges: (2, edges)."""
    return np.stack([edges["left_key"].to_numpy(), edges["right_key"].to_numpy()])


def _settle(values: pa.Table, leaving: Keys, stored: Stored, model: Model) -> _Settled:
    """Find out which blocks become too large or small enough, and take in their records."""
    before = Large(stored.large_blocks())
    trails = Trails(Columns(values, model.statistics), model)
    steps, _ = trails.steps(before)
    left = stored.block_keys(pa.array(leaving))["key"].to_numpy().view(np.uint64)
    now = before.records - _counted(before.keys, left) + _counted(before.keys, steps.keys)
    limit = np.array([trails.rows_max(number) for number in before.rule.tolist()], np.int64)
    small = now <= limit
    last = before.depth == np.array([trails.deepest(number) - 1 for number in before.rule.tolist()], np.int64)
    redrawn = last & ~small & _redrawn(before.records, now, limit)
    ends, first = np.unique(steps.keys[steps.last], return_index=True)
    rule, depth = (column[steps.last][first] for column in (steps.rule, steps.depth))
    asked = np.union1d(ends, before.keys[small | redrawn])
    members = _Members.of(stored.block_members(pa.array(asked.view(np.int64)))).without(leaving)
    starts, stops = members.span(ends)
    size = stops - starts + _counted(ends, steps.keys[steps.last])
    parts = depth == np.array([trails.deepest(number) for number in rule.tolist()], np.int64)
    grew = ~parts & (size > np.array([trails.rows_max(number) for number in rule.tolist()], np.int64))
    changed = [
        large_blocks(before.keys, np.where(small, 0, now), before.rule, before.depth).filter(
            pa.array(now != before.records)
        ),
        large_blocks(ends[grew], size[grew], rule[grew], depth[grew]),
    ]
    unsettled = np.concatenate([before.keys[small | redrawn], ends[grew]])
    if len(unsettled):
        more = np.unique(members.among(unsettled).records)
        values = _together(values, stored, more)
        kept = pa.concat_tables([large_blocks(before.keys, now, before.rule, before.depth).filter(pa.array(~small))])
        steps, inside = Trails(Columns(values, model.statistics), model).steps(
            Large(pa.concat_tables([kept, changed[1]])), grown=ends[grew]
        )
        changed.append(inside.table())
        ends = np.unique(steps.keys[steps.last])
        further = _Members.of(stored.block_members(pa.array(np.setdiff1d(ends, asked).view(np.int64))))
        members = _Members(
            np.concatenate([members.keys, further.keys]), np.concatenate([members.records, further.records])
        ).without(np.concatenate([leaving, more]))
    return _Settled(values, steps, members.among(ends), pa.concat_tables(changed))


def _decoded(values: pa.Table) -> pa.Table:
    """`values` as stored ones are: none of the columns dictionary-encoded."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in values.columns
    ]
    return pa.table(columns, names=values.column_names)


def _redrawn(before: Rows, now: Rows, limit: Rows) -> npt.NDArray[np.bool_]:
    """Where blocks that are chopped have grown or shrunk so much that they are chopped into more or fewer parts."""
    return np.asarray(lots(before, limit) != lots(now, limit))


def _counted(keys: Hashes, among: Hashes) -> Rows:
    """How often each of `keys` stands in `among`."""
    ordered = np.sort(among)
    return np.searchsorted(ordered, keys, "right") - np.searchsorted(ordered, keys, "left")


def _together(values: pa.Table, stored: Stored, more: Keys) -> pa.Table:
    """`values` and those of further records, in order."""
    if not len(more):
        return values
    return in_order(pa.concat_tables([values, stored.values(pa.array(more))], promote_options="default"))


def _pairs(steps: Steps, members: _Members, own: Keys, keys: Keys) -> Rows:
    """Every candidate pair once, as left row * records + right row, sorted; rows are positions in `keys`, those of
    `steps` in `own`."""
    order = np.argsort(keys)
    place = order[np.searchsorted(keys, own, sorter=order)]
    row, key = place[steps.rows[steps.last]], steps.keys[steps.last]
    met = [_numbered(a, b, len(keys)) for a, b in _met(row, key, members, keys, order)]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *met]))


def _met(row: Rows, key: Hashes, members: _Members, keys: Keys, order: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Pairs of rows that end in one block: of the records matched anew with each other, and with other records."""
    _, block = np.unique(key, return_inverse=True)
    for a, b, _ in group(block).chunks(CHUNK_PAIRS):
        yield row[a], row[b]
    starts, stops = members.span(key)
    sizes = stops - starts
    other = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(starts, sizes)
    yield np.repeat(row, sizes), order[np.searchsorted(keys, members.records[other], sorter=order)]


def _numbered(a: Rows, b: Rows, records: int) -> Rows:
    return np.minimum(a, b) * records + np.maximum(a, b)

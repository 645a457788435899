"""The blocks a record is in, as numbers that can be stored.

In: `Columns`, a model's blocking rules. Out: for each record and each way it meets a rule, the number of the block it
falls into first and, as long as that is large, of the narrower one inside. Never here: pairs.

The numbers are hashes of what a block's records agree on, so a record's trail depends on the record, the model and
on which blocks are large; `blocking.block` comes to the same blocks without any of these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.engines.base import Index
from custid.engines.local.blocking import Blocks, lot, lots, narrowing_of, rows_max_of
from custid.engines.local.columns import Columns
from custid.engines.local.hashing import Hashes, hashes, mixed
from custid.model.spec import BlockingRule, Model
from custid.schemas import BLOCK_KEYS, LARGE_BLOCKS

Rows = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]

#: What a missing value has for a number; no text has it.
_MISSING = np.uint64(0)


@dataclass(frozen=True)
class Steps:
    """Places records pass on their trails, one row each: `rows`, the block's number `keys`, the `rule` it belongs to,
    and the `depth`: 0 for the first block, one more for each narrowing. `last`: the trail ends here."""

    rows: Rows
    keys: Hashes
    rule: Ints
    depth: Ints
    last: npt.NDArray[np.bool_]


class Large:
    """The blocks that are larger than their rule allows, and how many records each has."""

    def __init__(self, table: pa.Table) -> None:
        order = np.argsort(table["key"].to_numpy(), kind="stable")
        self.keys = table["key"].to_numpy()[order].view(np.uint64)
        signed = np.argsort(self.keys, kind="stable")
        self.keys = self.keys[signed]
        self.records, self.rule, self.depth = (
            table[name].to_numpy()[order][signed].astype(np.int64) for name in ("records", "rule", "depth")
        )

    def of(self, keys: Hashes) -> Ints:
        """How many records the blocks with these numbers have; 0 for those that are not large."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64)
        at = np.searchsorted(self.keys, keys)
        at[at == len(self.keys)] = 0
        return np.where(self.keys[at] == keys, self.records[at], 0)

    def table(self) -> pa.Table:
        """LARGE_BLOCKS."""
        return large_blocks(self.keys, self.records, self.rule, self.depth)


def large_blocks(keys: Hashes, records: Ints, rule: Ints, depth: Ints) -> pa.Table:
    """LARGE_BLOCKS of these columns."""
    return pa.table({"key": keys.view(np.int64), "records": records, "rule": rule, "depth": depth}, schema=LARGE_BLOCKS)


class Trails:
    """The trails of the rows of some columns."""

    def __init__(self, columns: Columns, model: Model) -> None:
        self._columns = columns
        self._rules = model.blocking
        self._narrowing = [narrowing_of(rule, model.narrowing) for rule in model.blocking]
        self._rows_max = [rows_max_of(rule, model.block_rows_max) for rule in model.blocking]
        self._values: dict[str, Hashes] = {}

    def first(self, number: int) -> tuple[Rows, Hashes]:
        """The first blocks of rule `number`: entries (rows, counted on for every way to meet the rule), and keys."""
        ways = _first_keys(self._columns, self._rules[number])
        keys = np.concatenate([np.zeros(0, np.uint64), *ways])
        entries = np.flatnonzero(keys != _MISSING)
        return entries, keys[entries]

    def deepest(self, number: int) -> int:
        """The depth at which blocks of rule `number` have been chopped."""
        return len(self._narrowing[number]) + 1

    def rows_max(self, number: int) -> int:
        """Records a block of rule `number` may have."""
        return self._rows_max[number]

    def onward(self, number: int, depth: int, rows: Rows, keys: Hashes, sizes: Ints) -> Hashes:
        """The blocks at `depth` that rows come to from large blocks one above, of these sizes."""
        if depth == self.deepest(number):
            powers = lots(sizes, self._rows_max[number])
            drawn = lot(self._columns.name_hashes[rows], powers).astype(np.uint64)
            return mixed(keys ^ mixed((powers.astype(np.uint64) << np.uint64(40)) + drawn))
        return mixed(keys ^ self._value(self._narrowing[number][depth - 1])[rows])

    def steps(self, large: Large, grown: Hashes | None = None) -> tuple[Steps, Large]:
        """Every step of every row, by what is large; and what is large among them.

        `grown`: numbers of blocks, already among `large`, that have become so, all of whose records are among these
        rows. What is large inside them is counted here, and comes back in addition.
        """
        parts: list[tuple[Rows, Hashes, Ints, Ints, npt.NDArray[np.bool_]]] = []
        added: list[tuple[npt.NDArray[Any], ...]] = []
        for number in range(len(self._rules)):
            entries, keys = self.first(number)
            rows = entries % max(1, self._columns.rows)
            counted = np.zeros(len(rows), bool)
            for depth in range(self.deepest(number) + 1):
                sizes = large.of(keys) if depth < self.deepest(number) else np.zeros(len(keys), np.int64)
                if depth < self.deepest(number) and counted.any():
                    names, place, count = np.unique(keys[counted], return_inverse=True, return_counts=True)
                    sizes[counted] = np.where(count > self._rows_max[number], count, 0)[place]
                    more = count > self._rows_max[number]
                    added.append((names[more], count[more], *(np.full(more.sum(), n) for n in (number, depth))))
                last = sizes == 0
                parts.append((rows, keys, np.full(len(rows), number), np.full(len(rows), depth), last))
                if last.all():
                    break
                counted = counted[~last]
                if grown is not None:
                    counted |= np.isin(keys[~last], grown)
                rows, keys, sizes = rows[~last], keys[~last], sizes[~last]
                keys = self.onward(number, depth + 1, rows, keys, sizes)
        joined = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else _NO_STEPS
        inside = [np.concatenate(column) for column in zip(*added, strict=True)] if added else None
        return Steps(*joined), Large(large_blocks(*inside)) if inside else Large(LARGE_BLOCKS.empty_table())

    def _value(self, key: str) -> Hashes:
        """What a narrowing key is in each row, as numbers."""
        if key not in self._values:
            found = ways_of(self._columns, key)
            values = found[0] if found else np.zeros(self._columns.rows, np.uint64)
            self._values[key] = mixed(values ^ _number_of(key))
        return self._values[key]


_NO_STEPS = (
    np.zeros(0, np.int64),
    np.zeros(0, np.uint64),
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros(0, bool),
)


def index(columns: Columns, record_keys: Rows, model: Model, blocks: list[Blocks]) -> Index:
    """What to store of all records, so that a batch can be matched against them: every step of their trails.

    `blocks` are the model's rules applied to `columns`: they know already how deep every trail goes.
    """
    trails = Trails(columns, model)
    parts = [BLOCK_KEYS.empty_table()]
    large = [LARGE_BLOCKS.empty_table()]
    for number, found in enumerate(blocks):
        entries, keys = trails.first(number)
        depths = found.depths[entries]
        rows = entries % max(1, columns.rows)
        for depth in range(int(depths.max(initial=0)) + 1):
            if depth:
                deeper = depths >= depth
                rows, keys, depths = rows[deeper], keys[deeper], depths[deeper]
                names, place, count = np.unique(keys, return_inverse=True, return_counts=True)
                large.append(large_blocks(names, count, *(np.full(len(names), n) for n in (number, depth - 1))))
                keys = trails.onward(number, depth, rows, keys, count[place])
            parts.append(block_keys(keys, record_keys[rows]))
    return Index(pa.concat_tables(parts), pa.concat_tables(large))


def block_keys(keys: Hashes, record_keys: Rows) -> pa.Table:
    """BLOCK_KEYS of these columns."""
    return pa.table({"key": keys.view(np.int64), "record_key": record_keys}, schema=BLOCK_KEYS)


def _first_keys(columns: Columns, rule: BlockingRule) -> list[Hashes]:
    """The number of a rule's block for every way to meet it, per row. A record that meets one block in two ways meets
    it in the first only."""
    start = _number_of(rule.name)
    if not rule.keys:
        return [np.full(columns.rows, start, np.uint64)]
    ways: list[Hashes] = []
    for way in product(*(ways_of(columns, key) for key in rule.keys)):
        keys = np.full(columns.rows, start, np.uint64)
        for part in way:
            keys = mixed(keys ^ part)
        keys[np.logical_or.reduce([part == _MISSING for part in way])] = _MISSING
        for earlier in ways:
            keys[keys == earlier] = _MISSING
        ways.append(keys)
    return ways


def ways_of(columns: Columns, key: str) -> list[Hashes]:
    """As `blocking.key_codes`, with numbers instead of codes."""
    name, _, derivation = key.partition("|")
    return [found for column in columns.expand(name) for found in column.hashed(derivation)]


def _number_of(text: str) -> np.uint64:
    return np.uint64(hashes(pa.array([text]))[0])

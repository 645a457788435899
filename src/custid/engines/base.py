"""The engine seam: the heavy work of a run over Arrow tables, with no state, no files and no registry.

Every engine gives the same result for the same work (I9), whatever the order of its input (I3).
`record_key` names rows throughout; keys need be neither dense nor sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from custid.model.spec import Model
from custid.standardize.conventions import Conventions
from custid.standardize.table import Standardized

#: Called with (stage, done, total); total 0 means unknown. Stages: read, standardize, train, match, cluster, …
Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """A `Progress` that says nothing."""


@dataclass(frozen=True)
class Matches:
    """`edges`: EDGES at or above the review threshold, by (left_key, right_key). `report`: counts and timings per
    blocking rule (candidate pairs, pairs compared, blocks narrowed), plain JSON-able data."""

    edges: pa.Table
    report: dict[str, Any]


@dataclass(frozen=True)
class Clustering:
    """`clusters`: CLUSTERS. `quality`: QUALITY, one row per cluster of three or more.
    `cuts`: EDGES (+ reason: string) that reached the match threshold but were not allowed to
    join their two sides, and why: a guard or a decision; they belong to the review queue."""

    clusters: pa.Table
    cuts: pa.Table
    quality: pa.Table


@dataclass(frozen=True)
class Index:
    """What has to be kept of the blocks, so that later arrivals can be matched without reading everything: `keys`
    BLOCK_KEYS, `large` LARGE_BLOCKS. Both are what the live records and the model make them, and nothing of how they
    came about."""

    keys: pa.Table
    large: pa.Table


class Stored(Protocol):
    """What an engine asks of the records that were matched before."""

    def large_blocks(self) -> pa.Table:
        """LARGE_BLOCKS, all of them."""
        ...

    def block_keys(self, record_keys: pa.Array) -> pa.Table:
        """BLOCK_KEYS of these records."""
        ...

    def block_members(self, keys: pa.Array) -> pa.Table:
        """BLOCK_KEYS with these keys."""
        ...

    def values(self, record_keys: pa.Array) -> pa.Table:
        """Comparable values of these records, as `Engine.standardize` made them, in any order."""
        ...


@dataclass(frozen=True)
class Arrivals:
    """How arrivals match. `matches`: their edges to each other and to stored records. `reworked`: record keys of all
    records whose edges and blocking keys these are, all of them; besides the arrivals those whose blocks became too
    large or small enough. `keys`: BLOCK_KEYS of `reworked`. `large`: LARGE_BLOCKS that are or were large and have
    changed (records 0: large no longer). `values`: comparable values of all records concerned.
    """

    matches: Matches
    reworked: pa.Array
    index: Index
    values: pa.Table


@dataclass(frozen=True)
class Search:
    """What a record would match. `edges`: EDGES, also between the records searched for. `names`: record_key, channel,
    record_id of all it was compared with. `parts`: per edge what each
    comparison on which both records have something says for one person rather than two strangers: a list of
    (comparison, level, bits)."""

    edges: pa.Table
    names: pa.Table
    parts: list[list[tuple[str, str, float]]]


class Engine(Protocol):
    """What `resolve` asks of an engine."""

    name: str

    def standardize(self, records: pa.Table, conventions: Mapping[str, Conventions]) -> Standardized:
        """STORED_RECORDS + fields → `values`: record_key, channel, record_id, and one column of strings,
        dictionary-encoded or not, per comparable value; `junk`: what was taken for no value, and why.

        `conventions`: channel → how its values are read.
        """
        ...

    def plan(self, values: pa.Table) -> Model:
        """An untrained default model for these values, with blocking rules chosen by what they would cost."""
        ...

    def train(self, values: pa.Table, model: Model, *, seed: int, progress: Progress) -> Model:
        """`model` with its m and u probabilities and prior estimated from `values`, without labels, and with its
        statistics counted on them."""
        ...

    def count(self, values: pa.Table, model: Model) -> Model:
        """`model` with its statistics counted on `values`: what the same pair weighs from then on, whatever other
        records there are."""
        ...

    def match(self, values: pa.Table, model: Model, *, progress: Progress) -> Matches:
        """Block, compare and score; candidates are streamed and never all held."""
        ...

    def index(self, values: pa.Table, model: Model) -> Index:
        """What to keep of the blocks of these values."""
        ...

    def match_arrivals(
        self, values: pa.Table, gone: pa.Array, stored: Stored, model: Model, *, progress: Progress
    ) -> Arrivals:
        """As `match`, for `values` of new and changed records, with `gone` the keys of records that have left: what
        matching everything would find of these records, and of those that it would find otherwise because of them.
        """
        ...

    def search(self, values: pa.Table, large: pa.Table, stored: Stored, model: Model) -> Search:
        """As `match_arrivals`, for few records that do not stay: no block grows by them. `large`: LARGE_BLOCKS."""
        ...

    def cluster(self, values: pa.Table, edges: pa.Table, decisions: pa.Table, model: Model) -> Clustering:
        """Every record of `values` gets a cluster; decisions win over weights."""
        ...

    def release(self) -> None:
        """Forget what was kept between calls for the sake of speed; nothing more will be asked about those values."""
        ...

    def survive(self, records: pa.Table, links: pa.Table, model: Model, pins: pa.Table | None = None) -> pa.Table:
        """Golden records of the customers in `links`, see `custid.golden.survive`; `pins`: PINS that stand."""
        ...

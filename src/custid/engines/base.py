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


class Engine(Protocol):
    """What `resolve` asks of an engine."""

    name: str

    def standardize(self, records: pa.Table, countries: Mapping[str, str]) -> pa.Table:
        """STORED_RECORDS + fields → record_key, channel, and one column of strings, dictionary-encoded or not, per
        comparable value.

        `countries`: channel → ISO 3166 code by which its national telephone numbers and dates are read.
        """
        ...

    def plan(self, values: pa.Table) -> Model:
        """An untrained default model for these values, with blocking rules chosen by what they would cost."""
        ...

    def train(self, values: pa.Table, model: Model, *, seed: int, progress: Progress) -> Model:
        """`model` with its m and u probabilities and prior estimated from `values`, without labels."""
        ...

    def match(self, values: pa.Table, model: Model, *, progress: Progress) -> Matches:
        """Block, compare and score; candidates are streamed and never all held."""
        ...

    def cluster(self, values: pa.Table, edges: pa.Table, decisions: pa.Table, model: Model) -> Clustering:
        """Every record of `values` gets a cluster; decisions win over weights."""
        ...

    def release(self) -> None:
        """Forget what was kept between calls for the sake of speed; nothing more will be asked about those values."""
        ...

    def survive(self, records: pa.Table, links: pa.Table, model: Model) -> pa.Table:
        """Golden records: customer_id, then per field the value and `<field>_from` ("channel:record_id")."""
        ...

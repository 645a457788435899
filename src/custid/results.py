"""A run's results as tables, out of what it worked out.

In: events, links, edges, clusters, and how records are called. Out: tables as users see them.
Never here: deciding anything, writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.engines.base import Clustering, Engine
from custid.errors import RunConflict
from custid.identity.decided import decided
from custid.model.spec import Model
from custid.registries.base import Registry
from custid.registries.counting import STEP_BITS, WEIGHTS


@dataclass(frozen=True)
class Outcome:
    """All records and who they are after a run, read from the registry only when somebody asks.

    `records`: STORED_RECORDS + fields, `links`: LINKS, both of the records `worked_on`; these are all there are where
    `registry` is None. `run_id`: None for a dry run, whose outcome no registry holds. `kept_in`: the run's registry.
    """

    records: pa.Table = field(repr=False)
    links: pa.Table = field(repr=False)
    worked_on: pa.ChunkedArray = field(repr=False)
    registry: Registry | None
    run_id: int | None
    kept_in: Registry | None = None

    def everything(self) -> tuple[pa.Table, pa.Table]:
        """All live records, and LINKS. Raises RunConflict when another run has landed since."""
        if self.registry is None:
            return self.records, self.links
        state = self.registry.read_state()
        if self.run_id is not None:
            if state.run_id != self.run_id:
                raise RunConflict(
                    f"{self.registry.location}: run {state.run_id} has landed since run {self.run_id}. For what was "
                    f"true then, ask the registry: xref(as_of={self.run_id})."
                )
            return state.records.filter(state.records["live"]), state.links
        stored, links = (
            table.filter(pc.invert(pc.is_in(table["record_key"], value_set=keys.combine_chunks())))
            for table, keys in ((state.records, self.records["record_key"]), (state.links, self.worked_on))
        )
        records = pa.concat_tables([stored, self.records], promote_options="default").sort_by("record_key")
        return records.filter(records["live"]), pa.concat_tables([links, self.links]).sort_by("record_key")

    def golden(self, engine: Engine, model: Model, events: pa.Table) -> pa.Table:
        """Golden records of everybody after the run, whose `events` these are. Raises RunConflict as `everything`."""
        if self.kept_in is not None and self.run_id is not None:
            found = self.kept_in.golden()
            try:
                with self.kept_in.view(self.run_id):  # still the last run, so these are its golden records
                    return found
            except RunConflict:
                if self.registry is not None:
                    raise
        records, links = self.everything()
        pins = self.kept_in.pins() if self.kept_in is not None and self.kept_in.head().run_id else None
        return engine.survive(records, links, model, None if pins is None else _after(pins, events))


def _after(pins: pa.Table, events: pa.Table) -> pa.Table:
    """The PINS that stand, with the `current_id` they would have after these events."""
    merged = {row["customer_id"]: row["other_id"] for row in events.filter(pc.field("kind") == "merged").to_pylist()}
    restored = set(events.filter(pc.field("kind") == "restored")["customer_id"].to_pylist())
    pins = pins.filter(pc.is_null(pins["unpinned_at"]))
    current = []
    for own, then in zip(pins["customer_id"].to_pylist(), pins["current_id"].to_pylist(), strict=True):
        now = own if own in restored else then
        while now in merged:
            now = merged[now]
        current.append(now)
    at = pins.column_names.index("current_id")
    return pins.set_column(at, pins.schema.field(at), pa.array(current, pa.string()))


#: Columns of record keys → what the names of these records are called.
EVENT_RECORDS = {"record_key": "", "evidence_left": "left_", "evidence_right": "right_"}
PAIR_RECORDS = {"left_key": "left_", "right_key": "right_"}


def review_of(edges: pa.Table, clustering: Clustering, links: pa.Table, decisions: pa.Table, model: Model) -> pa.Table:
    """What waits for a steward: pairs between the thresholds that ended apart, and pairs that were cut."""
    between = edges.filter(pc.less(edges["match_weight"], model.match_threshold))
    between = between.append_column("reason", pa.array(["between the thresholds"] * len(between), pa.string()))
    waiting = pa.concat_tables([between, clustering.cuts])
    keys = links["record_key"].to_numpy()
    order = np.argsort(keys)
    keys = keys[order]
    customer = links["customer_id"].combine_chunks().dictionary_encode().indices.to_numpy()[order]
    left, right = (np.searchsorted(keys, waiting[side].to_numpy()) for side in ("left_key", "right_key"))
    # In edges as in decisions the left key is the lower one; a decision may name a record that is gone.
    span = max(int(found.max(initial=0)) for found in (keys, decisions["right_key"].to_numpy())) + 1
    asked, said = (
        table["left_key"].to_numpy() * span + table["right_key"].to_numpy() for table in (waiting, decisions)
    )
    settled = np.isin(asked, said) | decided(decisions, keys).different(left, right)
    apart = (customer[left] != customer[right]) & ~settled
    return waiting.filter(pa.array(apart, pa.bool_())).sort_by(
        [("match_weight", "descending"), ("left_key", "ascending"), ("right_key", "ascending")]
    )


def quality_of(clustering: Clustering, links: pa.Table) -> pa.Table:
    """How well customers hold together, the weakest first."""
    _, first = np.unique(clustering.clusters["cluster"].to_numpy(), return_index=True)
    one_of = clustering.clusters.take(pa.array(first)).join(links, "record_key")
    found = clustering.quality.join(one_of.drop_columns("record_key"), "cluster", join_type="inner")
    ordered = found.sort_by([("agreement", "ascending"), ("records", "descending"), ("customer_id", "ascending")])
    return ordered.select(["customer_id", "records", "agreement", "contradictions"])


def weights_of(edges: pa.Table, links: pa.Table) -> pa.Table:
    """WEIGHTS (see `custid.registries.counting`): edges by match weight, together or apart."""
    keys, customer = links["record_key"].to_numpy(), links["customer_id"].combine_chunks().dictionary_encode()
    order = np.argsort(keys)
    code = customer.indices.to_numpy()[order]
    left, right = (code[np.searchsorted(keys[order], edges[side].to_numpy())] for side in ("left_key", "right_key"))
    step = np.floor(edges["match_weight"].to_numpy().astype(np.float64) / STEP_BITS).astype(np.int64)
    found, counts = np.unique(2 * step + (left == right), return_counts=True)
    return pa.table([(found // 2) * STEP_BITS, found % 2 == 1, counts], schema=WEIGHTS)


def named(table: pa.Table, records: pa.Table, keys: Mapping[str, str]) -> pa.Table:
    """`table` with the names of the records that its columns of keys point to."""
    for key, prefix in keys.items():
        rows = pc.index_in(table[key], value_set=records["record_key"].combine_chunks())
        for name in ("channel", "record_id"):
            table = table.append_column(f"{prefix}{name}", records[name].take(rows))
    return table


def xref_of(records: pa.Table, links: pa.Table) -> pa.Table:
    """LINKS with the records' names: XREF, by channel and record_id."""
    rows = pc.index_in(links["record_key"], value_set=records["record_key"].combine_chunks())
    found = records.select(["channel", "record_id"]).take(rows)
    return schemas.conform(
        found.append_column("customer_id", links["customer_id"]).sort_by(
            [("channel", "ascending"), ("record_id", "ascending")]
        ),
        schemas.XREF,
    )


def changes_of(records: pa.Table, events: pa.Table, at: datetime) -> pa.Table:
    """The change feed of these events, as `Registry.changes` would give it."""
    moved = events.filter(pc.is_valid(events["record_key"]))
    found = records.select(["channel", "record_id"]).take(
        pc.index_in(moved["record_key"], value_set=records["record_key"].combine_chunks())
    )
    left = pc.equal(moved["kind"], "unlinked")
    none = pa.scalar(None, pa.string())
    return schemas.conform(
        pa.table(
            {
                "seq": moved["seq"],
                "run_id": moved["run_id"],
                "at": pa.array([at] * len(moved), schemas.INSTANT),
                "record_key": moved["record_key"],
                "channel": found["channel"],
                "record_id": found["record_id"],
                "kind": moved["kind"],
                "old_id": pc.if_else(left, moved["customer_id"], moved["other_id"]),
                "new_id": pc.if_else(left, none, moved["customer_id"]),
                "reason": moved["reason"],
            }
        ),
        schemas.CHANGES,
    )

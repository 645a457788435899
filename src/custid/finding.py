"""Search before create: who in a registry a record may be, without writing anything.

In: a registry, one record as a mapping. Out: FOUND, the likely customers. Also `connect`, which gives registries
this verb, and that of telling a customer's story: they remember, and know nothing of matching or of interactions.
Never here: taking the record in, minting, writing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from custid import registries, schemas
from custid.channels import Channel, read
from custid.channels.roles import field_named
from custid.engines.base import Search
from custid.engines.local import LocalEngine
from custid.errors import UsageError
from custid.intake import take_in
from custid.model.files import from_json
from custid.registries.base import Registry, View, empty_state
from custid.standardize.conventions import Conventions
from custid.story.spec import Interactions
from custid.story.timeline import timeline

#: One row per customer, the likeliest first. `match_weight` in bits, of the customer's record that fits best
#: (`channel`, `record_id`); `likely`: it reaches the match threshold, so a run would link the two by themselves.
#: `levels` as in EDGES; `parts`: what each comparison says for one person rather than two strangers, in bits (the
#: match weight adds the prior to their sum, and reckons with relatives).
FOUND = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("match_weight", pa.float32(), nullable=False),
        pa.field("likely", pa.bool_(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("levels", pa.string(), nullable=False),
        pa.field(
            "parts",
            pa.list_(pa.struct([("comparison", pa.string()), ("level", pa.string()), ("bits", pa.float32())])),
            nullable=False,
        ),
    ]
)
_PART = ("comparison", "level", "bits")
#: Up to so many live records, the blocking keys are kept in memory between searches: 16 bytes for each key, of which a
#: record has about ten. Beyond, the registry is asked for them.
WARM_RECORDS_MAX = 5_000_000
#: The key of the record searched for: no record has it.
_NOBODY = 0


def connect(location: str | Path, *, wait_s: float = 10.0, interactions: Sequence[Interactions] = ()) -> Registry:
    """The registry at `location`: the path of a file, made by the first commit, or `postgresql://…`.

    `wait_s`: seconds a verb waits while another process holds the registry, before it raises RegistryBusy.
    `interactions`: what customers did, for `Registry.timeline`; read when it is asked for.
    Raises UsageError when `location` is neither.
    """
    registry = registries.connect(location, wait_s=wait_s)
    registry.search_with(_Finder())
    registry.tell_with(lambda held, customer_id, as_of: timeline(held, interactions, customer_id, as_of))
    return registry


class _Blocks:
    """All blocking keys of a registry, sorted: which records are in a block is then known at once."""

    def __init__(self, keys: pa.Table) -> None:
        found = keys["key"].to_numpy()
        order = np.argsort(found)
        self._keys = found[order]
        self._records = keys["record_key"].to_numpy()[order]

    def members(self, keys: pa.Array) -> pa.Table:
        """BLOCK_KEYS with these keys."""
        asked = keys.to_numpy()
        starts, stops = (np.searchsorted(self._keys, asked, side) for side in ("left", "right"))
        at = np.concatenate([np.zeros(0, np.int64), *map(np.arange, starts, stops)])
        return pa.table({"key": self._keys[at], "record_key": self._records[at]}, schema=schemas.BLOCK_KEYS)


class _Warm:
    """A view whose blocking keys are in memory."""

    def __init__(self, view: View, blocks: _Blocks) -> None:
        self.large_blocks, self.block_keys, self.values = view.large_blocks, view.block_keys, view.values
        self.block_members = blocks.members


class _Finder:
    """`find` for one registry. What it has to know of it is read again only after a run has landed."""

    def __init__(self) -> None:
        self._run_id = -1
        self._blocks: _Blocks | None = None
        self._engine = LocalEngine()

    def __call__(
        self, registry: Registry, record: Mapping[str, Any], channel: str | None, customers_max: int
    ) -> pa.Table:
        with registry.view() as view:
            if not view.run_id:
                return FOUND.empty_table()
            if view.run_id != self._run_id:
                self._know(view)
            stored = _Warm(view, self._blocks) if self._blocks is not None else view
            found = self._engine.search(self._values(record, channel), self._large, stored, self._model)
            return self._told(found, view, customers_max)

    def _know(self, view: View) -> None:
        head = view.head()
        if head.model is None or not head.indexed:
            raise UsageError(
                "the registry was last written by an older custid. To make it searchable, run custid again."
            )
        self._model = from_json(head.model)
        self._large = view.large_blocks()
        self._blocks = _Blocks(view.every_block_key()) if head.live <= WARM_RECORDS_MAX else None
        self._run_id = view.run_id

    def _values(self, record: Mapping[str, Any], channel: str | None) -> pa.Table:
        filled = {name: str(value) for name, value in record.items() if value is not None and str(value).strip()}
        if not filled:
            raise UsageError("find() needs at least one value, such as find({'email': 'ann@example.com'}).")
        frame = pa.table({name: [value] for name, value in filled.items()})
        said = {name: field for name in filled if (field := field_named(name))}
        source = Channel("search", frame, columns=said)
        live = take_in(empty_state(), [source], [read(source)]).live
        at = live.column_names.index("record_key")
        live = live.set_column(at, live.schema.field(at), pa.array([_NOBODY], pa.int64()))
        conventions = self._model.conventions.get(channel or "", Conventions())
        return self._engine.standardize(live, {"search": conventions}).values

    def _told(self, found: Search, view: View, customers_max: int) -> pa.Table:
        edges, keys = found.edges, found.edges["right_key"]  # the one searched for has the lowest key
        links = view.links_of(keys.combine_chunks())
        customer = dict(zip(links["record_key"].to_pylist(), links["customer_id"].to_pylist(), strict=True))
        names = {row["record_key"]: row for row in found.names.to_pylist()}
        weights = edges["match_weight"].to_numpy()
        rows: dict[str, dict[str, Any]] = {}
        for at in np.lexsort((keys.to_numpy(), -weights)).tolist():
            key = keys[at].as_py()
            rows.setdefault(
                customer[key],
                {
                    "customer_id": customer[key],
                    "match_weight": weights[at],
                    "likely": bool(weights[at] >= self._model.match_threshold),
                    "channel": names[key]["channel"],
                    "record_id": names[key]["record_id"],
                    "levels": edges["levels"][at].as_py() or "",
                    "parts": [
                        dict(zip(("comparison", "level", "bits"), part, strict=True)) for part in found.parts[at]
                    ],
                },
            )
        return pa.Table.from_pylist(list(rows.values())[:customers_max], schema=FOUND)

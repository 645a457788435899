"""Search before create: who in a registry a record may be, without writing anything.

In: a registry, one record as a mapping. Out: FOUND, the likely customers. Also `connect`, which gives registries
this verb: they remember, and know nothing of matching.
Never here: taking the record in, minting, writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from custid import registries
from custid.channels import Channel, read
from custid.engines.base import Search
from custid.engines.local import LocalEngine
from custid.errors import UsageError
from custid.intake import take_in
from custid.model.files import from_json
from custid.registries.base import Registry, View, empty_state

#: One row per customer, the likeliest first. `match_weight` in bits, of the customer's record that fits best
#: (`channel`, `record_id`); `likely`: it reaches the match threshold, so a run would link the two by themselves.
#: `levels` as in EDGES; `parts`: what each comparison says for one person rather than two strangers, in bits (the
#: match weight adds the prior to their sum, and reckons with relatives). `records`: how many the customer has.
FOUND = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("match_weight", pa.float32(), nullable=False),
        pa.field("likely", pa.bool_(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("records", pa.int64(), nullable=False),
        pa.field("levels", pa.string(), nullable=False),
        pa.field(
            "parts",
            pa.list_(
                pa.struct([("comparison", pa.string()), ("level", pa.string()), ("bits", pa.float32())])
            ),
            nullable=False,
        ),
    ]
)
#: The key of the record searched for: no record has it.
_NOBODY = 0


def connect(location: str | Path, *, wait_s: float = 10.0) -> Registry:
    """The registry at `location`: the path of a file, made by the first commit, or `postgresql://…`.

    `wait_s`: seconds a verb waits while another process holds the registry, before it raises RegistryBusy.
    Raises UsageError when `location` is neither.
    """
    registry = registries.connect(location, wait_s=wait_s)
    registry.search_with(_Finder())
    return registry


class _Finder:
    """`find` for one registry. What it has to know of it is read again only after a run has landed."""

    def __init__(self) -> None:
        self._run_id = -1
        self._engine = LocalEngine()

    def __call__(
        self, registry: Registry, record: Mapping[str, Any], channel: str | None, customers_max: int
    ) -> pa.Table:
        with registry.view() as view:
            if not view.run_id:
                return FOUND.empty_table()
            if view.run_id != self._run_id:
                self._know(view)
            found = self._engine.search(self._values(record, channel), self._large, view, self._model)
            return self._told(found, view, customers_max)

    def _know(self, view: View) -> None:
        head = view.head()
        if head.model is None or not head.indexed:
            raise UsageError("the registry was last written by an older custid. To make it searchable, run custid again.")
        self._model = from_json(head.model)
        self._large = view.large_blocks()
        self._run_id = view.run_id

    def _values(self, record: Mapping[str, Any], channel: str | None) -> pa.Table:
        filled = {name: str(value) for name, value in record.items() if value is not None and str(value).strip()}
        if not filled:
            raise UsageError("find() needs at least one value, such as find({'email': 'ann@example.com'}).")
        country = self._model.countries.get(channel or "")
        source = Channel("search", pa.table({name: [value] for name, value in filled.items()}), country=country)
        live = take_in(empty_state(), [source], [read(source)]).live
        at = live.column_names.index("record_key")
        live = live.set_column(at, live.schema.field(at), pa.array([_NOBODY], pa.int64()))
        return self._engine.standardize(live, {"search": country} if country else {})

    def _told(self, found: Search, view: View, customers_max: int) -> pa.Table:
        edges, keys = found.edges, found.edges["right_key"]  # the one searched for has the lowest key
        links = view.links(keys.combine_chunks())
        customer = dict(zip(links["record_key"].to_pylist(), links["customer_id"].to_pylist(), strict=True))
        names = {row["record_key"]: row for row in found.names.to_pylist()}
        counts = {row["values"]: row["counts"] for row in links["customer_id"].value_counts().to_pylist()}
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
                    "records": counts[customer[key]],
                    "levels": edges["levels"][at].as_py() or "",
                    "parts": [dict(zip(("comparison", "level", "bits"), part, strict=True)) for part in found.parts[at]],
                },
            )
        return pa.Table.from_pylist(list(rows.values())[:customers_max], schema=FOUND)

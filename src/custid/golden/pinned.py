"""Values that stewards pinned, over what the rules chose.

In: golden records, PINS that stand. Out: golden records. Never here: storing pins.

A pin stays with the id it was said of. While that id is merged into another, it counts there; what was said of the
other itself goes first, then what was said last. A group of fields is pinned as a whole: the parts that were pinned
together, and nothing else, so that an address is never half a steward's and half a record's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.model.survivorship import GROUPS, Survivorship, has_several, is_compared
from custid.standardize.fields import base_of
from custid.standardize.text import fold


def source(pin_id: int) -> str:
    """What stands where else the name of a record does.

    >>> source(12)
    '(pinned 12)'
    """
    return f"(pinned {pin_id})"


def in_force(pins: pa.Table) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Which of the standing pins count: (customer id today, unit) → the rows pinned together."""
    acts: dict[tuple[str, str], dict[int, list[dict[str, Any]]]] = {}
    for row in pins.to_pylist():
        acts.setdefault((row["current_id"], unit_of(row["field"])), {}).setdefault(row["act"], []).append(row)
    # What is of the customer itself goes before what came with a merge, then the later word.
    return {
        (customer, unit): max(
            said.items(), key=lambda act: (act[1][0]["customer_id"] == customer, act[1][0]["pinned_at"], act[0])
        )[1]
        for (customer, unit), said in acts.items()
    }


def unit_of(field: str) -> str:
    """What a field is pinned with: its group, or itself.

    >>> unit_of("city"), unit_of("address_2"), unit_of("email")
    ('address', 'address', 'email')
    """
    return next((group for group, parts in GROUPS.items() if base_of(field) in parts), field)


def put(golden: pa.Table, pins: pa.Table, rules: Survivorship) -> pa.Table:
    """`golden` with the pinned values; beside them `source`."""
    place = {name: at for at, name in enumerate(golden["customer_id"].to_pylist())}
    said = {at: rows for at, rows in in_force(pins).items() if at[0] in place}
    fields = [name for name in golden.column_names if f"{name}_from" in golden.column_names]
    values: dict[str, dict[int, str | None]] = {}
    sources: dict[str, dict[int, str | None]] = {}
    for (customer, unit), rows in said.items():
        row = place[customer]
        for field in (name for name in fields if unit_of(name) == unit):
            values.setdefault(field, {})[row] = None
            sources.setdefault(field, {})[row] = None
        for pin in rows:
            if pin["field"] in fields:
                values[pin["field"]][row] = pin["value"]
                sources[pin["field"]][row] = source(pin["pin_id"])
    for field, changed in values.items():
        if has_several(field):
            golden = _first_of_all(golden, field, changed, sources[field])
        golden = _with(golden, field, changed)
        golden = _with(golden, f"{field}_from", sources[field])
    return golden


def _with(table: pa.Table, name: str, changed: Mapping[int, Any]) -> pa.Table:
    """`table` with these rows of a column replaced."""
    at = table.column_names.index(name)
    column = table[name].combine_chunks()
    where = np.arange(len(table))
    rows = sorted(changed)
    where[rows] = len(table) + np.arange(len(rows))
    fresh = pa.concat_arrays([column, pa.array([changed[row] for row in rows], column.type)])
    return table.set_column(at, table.schema.field(at), fresh.take(pa.array(where)))


def _first_of_all(
    golden: pa.Table, field: str, values: Mapping[int, str | None], sources: Mapping[int, str | None]
) -> pa.Table:
    """The pinned value before all others, which stay, but for another spelling of it."""
    rows = pa.array(sorted(values))
    listed = golden[f"{field}_all"].take(rows).to_pylist()
    listed_from = golden[f"{field}_all_from"].take(rows).to_pylist()
    texts = sorted({text for some in listed for text in some or ()} | {text for text in values.values() if text})
    like = dict(zip(texts, _likeness(field, texts), strict=True))
    all_values: dict[int, list[str | None]] = {}
    all_sources: dict[int, list[str | None]] = {}
    for row, some, some_from in zip(rows.to_pylist(), listed, listed_from, strict=True):
        pin = values[row]
        others = [
            (text, origin)
            for text, origin in zip(some or (), some_from or (), strict=True)
            if pin is None or like[text] != like[pin]
        ]
        all_values[row] = [pin, *(text for text, _ in others)]
        all_sources[row] = [sources[row], *(origin for _, origin in others)]
    return _with(_with(golden, f"{field}_all", all_values), f"{field}_all_from", all_sources)


def _likeness(field: str, texts: list[str]) -> list[str]:
    """What is the same for several spellings of a value, as far as can be told without knowing a record's country."""
    from custid.standardize import standardize  # only where something was pinned: it takes long to load

    written = pa.array(texts, pa.string())
    like = pc.coalesce(fold(written), written)
    if is_compared(field) and texts:
        values = standardize(pa.table({field: written})).values
        if field in values.column_names:
            like = pc.coalesce(values[field].combine_chunks().cast(pa.string()), like)
    found: list[str] = like.to_pylist()
    return found

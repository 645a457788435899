"""Reading from a registry what an explanation needs: few records, their values, what stewards said of them.

In: a `View`, names or keys of records. Out: `Asked`, comparable values, decisions as plain data.
Never here: more than what is asked about; weighing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.engines.local import LocalEngine
from custid.engines.local.columns import NOT_COMPARED
from custid.engines.local.order import in_order
from custid.errors import RegistryError, UnknownCustomer, UsageError
from custid.model.files import from_json
from custid.model.spec import Model
from custid.registries import connect
from custid.registries.base import Head, Registry, View
from custid.standardize.text import has_han

#: A record as its channel names it.
Name = tuple[str, str]

#: Fields that tell people who a record is; the first two that are there.
_TELLING = ("full_name", "given_name", "surname", "company", "nickname", "email", "phone", "handle")
_NAMES_OF_ONE = ("given_name", "surname")


@dataclass(frozen=True)
class Known:
    """One snapshot of a registry, and the model it was written with."""

    view: View = field(repr=False)
    head: Head = field(repr=False)
    model: Model = field(repr=False)


@dataclass(frozen=True)
class Asked:
    """A record. `fields`: field → raw value, what is missing left out. `customer_id`: None for one that is not live."""

    record_key: int
    channel: str
    record_id: str
    live: bool
    last_run: int
    customer_id: str | None
    fields: Mapping[str, str] = field(repr=False)

    @property
    def record(self) -> str:
        """channel:record_id."""
        return f"{self.channel}:{self.record_id}"

    @property
    def erased(self) -> bool:
        """Whether it was erased, and with it its name."""
        return not self.live and self.record_id == f"(erased {self.record_key})"

    def as_dict(self) -> dict[str, Any]:
        """As results name it."""
        return {
            "record": self.record,
            "channel": self.channel,
            "record_id": self.record_id,
            "customer_id": self.customer_id,
            "live": self.live,
            "said": said_of(self.fields),
        }


def said_of(fields: Mapping[str, str]) -> str:
    """Who a record is, in a few words.

    >>> said_of({"city": "Bonn", "given_name": "Ann", "surname": "Baker", "email": "ann@x.test"})
    'Ann Baker, ann@x.test'
    >>> said_of({"given_name": "小明", "surname": "王"})
    '王小明'
    """
    parts = [fields[name] for name in _NAMES_OF_ONE if name in fields]
    names = "".join(parts[::-1]) if parts and has_han(pa.array(["".join(parts)]))[0].as_py() else " ".join(parts)
    rest = [fields[name] for name in _TELLING if name in fields and name not in _NAMES_OF_ONE]
    return ", ".join([name for name in (names,) if name] + rest[: 1 if names else 2])


@contextmanager
def knowing(registry: Registry | str | Path) -> Iterator[Known]:
    """A snapshot to ask. Raises RegistryError when there is no registry or no run yet, UsageError for one that a custid
    wrote which kept too little."""
    held = connect(registry) if isinstance(registry, str | Path) else registry
    with held.view() as view:
        head = view.head()
        if head.model is None:
            raise RegistryError(f"{held.location} has no run yet, so there is nothing to explain. Run custid first.")
        model = from_json(head.model)
        if model.statistics is None:
            raise UsageError("the registry was last written by an older custid. To ask it why, run custid again.")
        yield Known(view, head, model)


def names_table(names: Sequence[Name]) -> pa.Table:
    """Names as `View.records_named` takes them."""
    return pa.table(
        {
            "channel": pa.array([channel for channel, _ in names], pa.string()),
            "record_id": pa.array([record_id for _, record_id in names], pa.string()),
        }
    )


def asked(known: Known, records: pa.Table) -> list[Asked]:
    """STORED_RECORDS + fields as `Asked`, in the same order."""
    keys = records["record_key"].combine_chunks()
    links = known.view.links(keys)
    customer = dict(zip(links["record_key"].to_pylist(), links["customer_id"].to_pylist(), strict=True))
    fields = schemas.fields_of(records, schemas.STORED_RECORDS)
    return [
        Asked(
            row["record_key"],
            row["channel"],
            row["record_id"],
            row["live"],
            row["last_run"],
            customer.get(row["record_key"]),
            {name: row[name] for name in fields if row[name] is not None and row[name].strip()},
        )
        for row in records.to_pylist()
    ]


def pair_of(known: Known, left: Name, right: Name) -> tuple[Asked | None, Asked | None]:
    """The records with these names; None for one that never came. Raises UsageError when both are one."""
    for name in (left, right):
        if not (isinstance(name, tuple | list) and len(name) == 2 and all(isinstance(part, str) for part in name)):
            raise UsageError(f"a record is named by its channel and its key in it, ('crm', 'A-17'); not {name!r}.")
    if tuple(left) == tuple(right):
        raise UsageError(f"two records are compared; both are {left[0]}:{left[1]}.")
    found = asked(known, known.view.records_named(names_table([left, right])))
    by_name = {(one.channel, one.record_id): one for one in found}
    return by_name.get((left[0], left[1])), by_name.get((right[0], right[1]))


def unknown(name: Name) -> UnknownCustomer:
    """What to raise for a record that never came."""
    return UnknownCustomer(f"the registry knows no record {name[1]!r} of channel {name[0]!r}.")


def values_of(known: Known, record_keys: Sequence[int]) -> pa.Table:
    """Comparable values of records, in order: as they are stored, or made anew for those that are gone."""
    keys = pa.array(record_keys, pa.int64())
    values = known.view.values(keys)
    missing = keys.filter(pc.invert(pc.is_in(keys, value_set=values["record_key"].combine_chunks())))
    if len(missing):
        made = LocalEngine().standardize(known.view.records(missing), known.model.conventions).values
        strings = [
            column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
            for column in made.columns
        ]
        plain = pa.table(strings, names=made.column_names)
        plain = plain.select([*NOT_COMPARED, *(name for name in plain.column_names if name not in NOT_COMPARED)])
        values = pa.concat_tables([values, plain], promote_options="permissive")
    return in_order(values)


def standing(head: Head) -> pa.Table:
    """DECISIONS that were not taken back."""
    return head.decisions.filter(pc.is_null(head.decisions["revoked_at"]))


def told(known: Known, decisions: pa.Table) -> list[dict[str, Any]]:
    """DECISIONS as plain data, with the names of their records."""
    keys = pc.unique(pa.chunked_array([*decisions["left_key"].chunks, *decisions["right_key"].chunks], pa.int64()))
    records = known.view.records(keys) if len(keys) else schemas.empty(schemas.STORED_RECORDS)
    names = {row["record_key"]: f"{row['channel']}:{row['record_id']}" for row in records.to_pylist()}
    return [
        {
            "decision_id": row["decision_id"],
            "left": names.get(row["left_key"], f"record {row['left_key']}"),
            "right": names.get(row["right_key"], f"record {row['right_key']}"),
            "verdict": row["verdict"],
            "actor": row["actor"],
            "reason": row["reason"],
            "decided_at": row["decided_at"].isoformat(timespec="seconds"),
        }
        for row in decisions.to_pylist()
    ]


def chain(decisions: pa.Table, start: int, goal: int) -> pa.Table:
    """The fewest `same` among DECISIONS that lead from one record to another; none where none do."""
    same = decisions.filter(pc.equal(decisions["verdict"], "same"))
    ties: dict[int, list[tuple[int, int]]] = {}
    for place, (a, b) in enumerate(zip(same["left_key"].to_pylist(), same["right_key"].to_pylist(), strict=True)):
        ties.setdefault(a, []).append((b, place))
        ties.setdefault(b, []).append((a, place))
    came: dict[int, tuple[int, int]] = {start: (start, -1)}
    queue = deque([start])
    while queue and goal not in came:
        here = queue.popleft()
        for there, place in ties.get(here, ()):
            if there not in came:
                came[there] = (here, place)
                queue.append(there)
    way: list[int] = []
    while goal in came and goal != start:
        goal, place = came[goal]
        way.append(place)
    return same.take(pa.array(np.array(way[::-1], np.int64)))

"""One customer's story: what it did, and what became of it, in the order of time.

In: a registry, declared interactions, a customer id. Out: TIMELINE. Interactions are joined through the xref, now or as
of any time: after a merge all history is together, after a split it parts again.
Never here: other customers' interactions; guessing whose an interaction is where several customers may be meant.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.channels.frames import text_of
from custid.errors import UnknownCustomer, UsageError
from custid.identity.history import as_dict, said
from custid.registries.base import Registry
from custid.story.keys import Known, customers_of, known_in
from custid.story.measures import open_database
from custid.story.sources import Rows, open_rows
from custid.story.spec import VALUES, Interactions

#: One row per thing that happened, by time. `kind`: the kind of interaction, or what became of the customer (created,
#: absorbed, parted … as in `identity.history`). `interactions`: the name of their table, null for the registry's own
#: events, which have a `run_id`. `channel`: where. `by`, `key`: by what it is the customer's, "record" and the record's
#: id, or "email", "phone", "device" and the value. `text`: in words.
TIMELINE = pa.schema(
    [
        pa.field("at", schemas.INSTANT, nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("interactions", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("by", pa.string()),
        pa.field("key", pa.string()),
        pa.field("amount", pa.decimal128(18, 4)),
        pa.field("currency", pa.string()),
        pa.field("text", pa.string(), nullable=False),
        pa.field("run_id", pa.int64()),
    ]
)

#: What stands between the values of several text columns.
_BETWEEN = " · "


def timeline(
    registry: Registry,
    interactions: Sequence[Interactions],
    customer_id: str,
    as_of: int | datetime | None = None,
) -> pa.Table:
    """TIMELINE of a customer. `as_of`: a run, or an instant: with the records it had then, and nothing later.

    A merged id is followed, to the customer that replaced it; as of a time when it was one of its own, it is not.
    Interactions that `measure` does not count (without a time, with an amount that cannot be read …) are left out.
    Raises UnknownCustomer, UsageError, InputError.
    """
    run_id, until = _moment(registry, as_of)
    known_as, names = _records(registry, customer_id, run_id)
    told = _events(registry, known_as, run_id)
    if len(names):
        with tempfile.TemporaryDirectory(prefix="custid-") as folder, open_database(folder) as database:
            known = _known(registry, known_as, names, interactions, run_id)
            for number, one in enumerate(interactions):
                told.append(_of_customer(database, open_rows(database, one, number), known, known_as, until))
    table = pa.concat_tables(told)
    # Of one instant, what became of the customer comes first: only it has a run.
    order = ("at", "run_id", "interactions", "key", "text", "amount")
    return table.sort_by([(name, "ascending") for name in order])


def _moment(registry: Registry, as_of: int | datetime | None) -> tuple[int | None, datetime | None]:
    """The run whose outcome is asked for, and the instant after which nothing counts; None: today's, none."""
    if as_of is None:
        return None, None
    runs = registry.runs().select(["run_id", "committed_at"]).to_pylist()
    if isinstance(as_of, datetime):
        if as_of.utcoffset() is None:
            raise UsageError(f"{as_of!r} has no time zone; give as_of as datetime(..., tzinfo=UTC), or a run number.")
        return max((row["run_id"] for row in runs if row["committed_at"] <= as_of), default=0), as_of.astimezone(UTC)
    for row in runs:
        if row["run_id"] == as_of:
            return as_of, row["committed_at"]
    raise UnknownCustomer(f"there is no run {as_of}; the last one is run {len(runs)}.")


def _records(registry: Registry, customer_id: str, run_id: int | None) -> tuple[str, pa.Table]:
    """The id that answers, now or after that run, and the names of its records: channel, record_id, record_key."""
    found = registry.customer(customer_id)
    if run_id is None:
        return found.customer_id, found.records.select(["channel", "record_id", "record_key"])
    known_as = found.asked_for
    while True:
        events = registry.history(known_as)
        fate = [
            row
            for row in events.to_pylist()
            if row["record_key"] is None and row["customer_id"] == known_as and row["run_id"] <= run_id
        ]
        if not fate or fate[-1]["kind"] != "merged":
            return known_as, _records_then(events, known_as, run_id)
        known_as = fate[-1]["other_id"]


def _records_then(events: pa.Table, customer_id: str, run_id: int) -> pa.Table:
    """The records a customer had after a run, as the events tell it."""
    held: dict[int, tuple[str | None, str | None]] = {}
    for row in events.sort_by("seq").to_pylist():
        if row["record_key"] is None or row["run_id"] > run_id:
            continue
        if row["customer_id"] == customer_id and row["kind"] != "unlinked":
            held[row["record_key"]] = (row["channel"], row["record_id"])
        else:
            held.pop(row["record_key"], None)
    return pa.table(
        {
            "channel": pa.array([name[0] for name in held.values()], pa.string()),
            "record_id": pa.array([name[1] for name in held.values()], pa.string()),
            "record_key": pa.array(list(held), pa.int64()),
        }
    )


def _events(registry: Registry, customer_id: str, run_id: int | None) -> list[pa.Table]:
    """What became of the customer, as a table of TIMELINE."""
    steps = as_dict(registry.history(customer_id), customer_id)["steps"]
    rows = [
        {
            "at": datetime.fromisoformat(step["at"]),
            "kind": step["what"],
            "text": said(step),
            "run_id": step["run_id"],
        }
        for step in steps
        if run_id is None or step["run_id"] <= run_id
    ]
    return [pa.Table.from_pylist(rows, schema=TIMELINE)]


def _known(
    registry: Registry, customer_id: str, names: pa.Table, interactions: Sequence[Interactions], run_id: int | None
) -> Known:
    """What has to be known of one customer: its records and, where interactions come by value, the others that hold
    the same e-mail address, phone or device as it does."""
    xref = names.select(["channel", "record_id"]).append_column(
        "customer_id", pa.repeat(pa.scalar(customer_id), len(names))
    )
    fields = [field for name, field in VALUES.items() if any(getattr(one, name) for one in interactions)]
    shared: dict[str, pa.Table] = {}
    if fields:
        with registry.view() as view:
            values = view.values(names["record_key"].combine_chunks())
            for field in fields:
                columns = [name for name in values.column_names if re.fullmatch(rf"{field}(_\d+)?", name)]
                own = {value for name in columns for value in values[name].to_pylist() if value is not None}
                shared[field] = view.holding(field, pa.array(sorted(own), pa.string()))
        xref = pa.concat_tables([xref, _others(registry, list(shared.values()), xref, run_id)])
    known = known_in(registry, xref)

    def holders(field: str, values: pa.Array) -> pa.Table:
        held = shared[field]
        return held.filter(pc.is_in(held["value"], value_set=values))

    # Whether records of others ever were there is of no interest here.
    return replace(known, holders=holders, ever=lambda names: pa.array([False] * len(names)))


def _others(registry: Registry, shared: Sequence[pa.Table], own: pa.Table, run_id: int | None) -> pa.Table:
    """XREF of the records of `shared` that are not the customer's own."""
    mine = {(row["channel"], row["record_id"]) for row in own.to_pylist()}
    names = {(row["channel"], row["record_id"]) for table in shared for row in table.to_pylist()} - mine
    rows = [
        {"channel": channel, "record_id": record_id, "customer_id": found}
        for channel, record_id in sorted(names)
        if (found := registry.lookup(channel, record_id, as_of=run_id)) is not None
    ]
    return pa.Table.from_pylist(rows, schema=own.schema)


def _of_customer(
    database: duckdb.DuckDBPyConnection, rows: Rows, known: Known, customer_id: str, until: datetime | None
) -> pa.Table:
    """The customer's interactions of one table, as TIMELINE."""
    keys = ", ".join(rows.keys)
    narrowed, parameters = _perhaps(rows, known)
    raw = database.sql(f"SELECT DISTINCT {keys} FROM {rows.view} {narrowed}", params=parameters).to_arrow_table()
    found = customers_of(database, raw, rows.told, known)
    own = pc.fill_null(pc.equal(found["customer_id"], customer_id), False)
    if not pc.any(own).as_py():
        return TIMELINE.empty_table()
    mine = raw.append_column("custid_by", found["by"]).append_column("custid_key", found["key"])
    database.register("mine", mine.filter(own))
    same = " AND ".join(f"mine.{key} IS NOT DISTINCT FROM listed.{key}" for key in rows.keys)
    texts = "".join(f", listed.{name}" for name in rows.texts)
    told = database.sql(
        f"""SELECT make_timestamptz(listed.at_us) AS at, mine.custid_by AS by, mine.custid_key AS key, listed.amount,
            listed.currency{texts}
        FROM {rows.view} AS listed JOIN mine ON {same} WHERE listed.flaw IS NULL"""
    ).to_arrow_table()
    database.unregister("mine")
    if until is not None:
        told = told.filter(pc.less_equal(told["at"], pa.scalar(until, told.schema.field("at").type)))
    constant = {"kind": rows.told.kind or rows.told.name, "interactions": rows.told.name}
    constant["channel"] = rows.told.channel or rows.told.name
    columns = {name: told[name] for name in ("at", "by", "key", "amount", "currency")}
    columns |= {name: pa.repeat(pa.scalar(value), len(told)) for name, value in constant.items()}
    columns["text"] = _text(told, rows)
    return schemas.conform(pa.table(columns), TIMELINE)


def _perhaps(rows: Rows, known: Known) -> tuple[str, list[object]]:
    """SQL that leaves out rows which cannot be the customer's, where that can be seen of the key as it stands."""
    if rows.keys != ("record_0",):
        return "", []
    channel = rows.told.channel or rows.told.name
    ids = known.xref.filter(pc.equal(known.xref["channel"], channel))["record_id"].to_pylist()
    # Spaces and an apostrophe around an id are no part of it.
    return "WHERE len(list_filter($1, lambda one: contains(record_0::VARCHAR, one))) > 0", [ids]


def _text(told: pa.Table, rows: Rows) -> pa.Array:
    parts = [pc.utf8_trim_whitespace(text_of(told[name])) for name in rows.texts]
    parts = [pc.if_else(pc.equal(part, ""), pa.scalar(None, pa.string()), part) for part in parts]
    if not parts:
        return pa.repeat(pa.scalar(""), len(told))
    return pc.binary_join_element_wise(*parts, _BETWEEN, null_handling="skip")

"""The Arrow schema of every table that crosses a boundary inside custid or leaves it.

In: nothing. Out: constants, and `conform`, which casts a table to one of them.
Never here: reading, computing, or a schema that only one module uses.

Two kinds of keys appear. `record_key` (int64) is the registry's own number for a record: given once, in the
order records are first committed, never reused; it carries no personal data, so that events stay true after an
erasure. `customer_id` (string) is the lasting id. All instants are UTC with microseconds.

Tables marked *+ fields* carry, after the columns named here, one string column per field of the channels
(`email`, `surname`, …; a second e-mail is `email_2`), raw, as the source wrote it.
"""

from __future__ import annotations

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")

# --- what channels give -------------------------------------------------------------------------------------

#: One row per record read (+ fields). `updated_at`: when the source last changed it, if it says.
RECORDS = pa.schema(
    [
        pa.field("channel", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("updated_at", INSTANT),
    ]
)

#: One row per row not taken in. `row` counts data rows of `source` from 1; `raw` is the row as JSON.
REJECTS = pa.schema(
    [
        pa.field("channel", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64()),
        pa.field("record_id", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("raw", pa.string()),
    ]
)

# --- what the engine works out ------------------------------------------------------------------------------

#: One row per pair whose weight reaches the review threshold; left_key < right_key. `match_weight` in bits.
#: `levels` names the comparison levels, e.g. "email:equal surname:close birth_date:missing": no values in it.
EDGES = pa.schema(
    [
        pa.field("left_key", pa.int64(), nullable=False),
        pa.field("right_key", pa.int64(), nullable=False),
        pa.field("match_weight", pa.float32(), nullable=False),
        pa.field("levels", pa.string()),
    ]
)

#: One row per live record. `cluster` means nothing outside its run; equal numbers are together.
CLUSTERS = pa.schema(
    [
        pa.field("record_key", pa.int64(), nullable=False),
        pa.field("cluster", pa.int64(), nullable=False),
    ]
)

#: How well a cluster of three or more records holds together. `agreement`: the share of its pairs that are matches by
#: themselves, 1 for a cluster in which everybody knows everybody; a chain of n has 2 / n. `contradictions`: pairs
#: whose evidence is against.
QUALITY = pa.schema(
    [
        pa.field("cluster", pa.int64(), nullable=False),
        pa.field("records", pa.int64(), nullable=False),
        pa.field("agreement", pa.float64(), nullable=False),
        pa.field("contradictions", pa.int64(), nullable=False),
    ]
)

# --- identity -----------------------------------------------------------------------------------------------

#: The truth. Append-only; `seq` rises by one across the registry's whole life. Exactly one of two shapes:
#:
#: record events (record_key set; at most one per record and run) — these alone make the xref:
#:   linked    the record got `customer_id` (it had none)
#:   moved     the record went from `other_id` to `customer_id`
#:   unlinked  the record left `customer_id` (it is gone from its channel, or was erased)
#: customer events (record_key null; at most one per customer and run) — these alone make the customers table:
#:   created   `customer_id` was minted for records that had none
#:   split     `customer_id` was minted for records that came from `other_id`, which lives on
#:   merged    `customer_id` was given up; `other_id` replaced it
#:   restored  `customer_id` lives again; `other_id` is where its records were meanwhile (null: nowhere)
#:   retired   `customer_id` lost its last record and is a tombstone
#:   erased    `customer_id` was erased for good and is a tombstone
#:
#: Evidence is what made it, the strongest there is: `evidence` is "edge" (evidence_left/right, match_weight, levels) or
#: "decision" (evidence_left/right and decision_id) for what joined records; "apart" (the same of a decision that they
#: differ) or "cut" (of an edge that did not hold) for what parted them; null where there is nothing to name.
EVENTS = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("run_id", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("other_id", pa.string()),
        pa.field("record_key", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("evidence", pa.string()),
        pa.field("evidence_left", pa.int64()),
        pa.field("evidence_right", pa.int64()),
        pa.field("match_weight", pa.float32()),
        pa.field("levels", pa.string()),
        pa.field("decision_id", pa.int64()),
    ]
)

#: A blocking key of a record: the number of a block it is in (a 64-bit hash). Large blocks are narrowed, and then the
#: record is in the narrower one as well.
BLOCK_KEYS = pa.schema(
    [pa.field("key", pa.int64(), nullable=False), pa.field("record_key", pa.int64(), nullable=False)]
)
#: Blocks that are larger than allowed, with the number of the model's rule they belong to, and how often they have
#: been narrowed already.
LARGE_BLOCKS = pa.schema(
    [
        pa.field("key", pa.int64(), nullable=False),
        pa.field("records", pa.int64(), nullable=False),
        pa.field("rule", pa.int64(), nullable=False),
        pa.field("depth", pa.int64(), nullable=False),
    ]
)

#: What a table of events may carry to be told: the record of `record_key`, and those of `evidence_left` and
#: `evidence_right`; null where there is none, or none that is known.
NAMES = pa.schema(
    [pa.field(f"{side}{name}", pa.string()) for side in ("", "left_", "right_") for name in ("channel", "record_id")]
)

#: Every id ever issued. `minted` orders ids by issue, from 1; `status`: live, merged, retired, erased.
#: `redirect` is set exactly when status is merged, and names an id that is not itself merged.
CUSTOMERS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("minted", pa.int64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("redirect", pa.string()),
        pa.field("created_run", pa.int64(), nullable=False),
    ]
)

#: record_key → customer_id, live records only: what `identity` works with.
LINKS = pa.schema(
    [
        pa.field("record_key", pa.int64(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
    ]
)

#: Ids a record had once and has no longer; `seq` is the event that took it away. At most one row per pair.
FORMER_LINKS = pa.schema([*LINKS, pa.field("seq", pa.int64(), nullable=False)])

# --- what the registry holds and gives ----------------------------------------------------------------------

#: One row per record ever taken in (+ fields). `live`: false once it is gone from its channel.
#: `first_run`/`last_run`: the runs that brought it and that last changed it.
STORED_RECORDS = pa.schema(
    [
        pa.field("record_key", pa.int64(), nullable=False),
        *RECORDS,
        pa.field("live", pa.bool_(), nullable=False),
        pa.field("first_run", pa.int64(), nullable=False),
        pa.field("last_run", pa.int64(), nullable=False),
    ]
)

#: One row per committed run. `summary` is JSON; `chain` is the hash that seals this run's events (hex SHA-256
#: over the previous run's chain and this run's events, see identity.events.seal).
RUNS = pa.schema(
    [
        pa.field("run_id", pa.int64(), nullable=False),
        pa.field("started_at", INSTANT, nullable=False),
        pa.field("committed_at", INSTANT, nullable=False),
        pa.field("actor", pa.string(), nullable=False),
        pa.field("custid_version", pa.string(), nullable=False),
        pa.field("model_id", pa.string()),
        pa.field("summary", pa.string(), nullable=False),
        pa.field("chain", pa.string(), nullable=False),
    ]
)

#: A steward's word on a pair, left_key < right_key; `verdict`: same, different, unsure. `revoked_at` is set once it is
#: taken back. `act`: the number of the first decision of the merge or split that it is part of; null: of none.
#: `entered_after`, `revoked_after`: the last run that had landed when it was said or taken back; null: not known.
DECISIONS = pa.schema(
    [
        pa.field("decision_id", pa.int64(), nullable=False),
        pa.field("left_key", pa.int64(), nullable=False),
        pa.field("right_key", pa.int64(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("actor", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("decided_at", INSTANT, nullable=False),
        pa.field("revoked_at", INSTANT),
        pa.field("revoked_by", pa.string()),
        pa.field("act", pa.int64()),
        pa.field("entered_after", pa.int64()),
        pa.field("revoked_after", pa.int64()),
    ]
)

#: The cross-reference as users see it.
XREF = pa.schema(
    [
        pa.field("channel", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
    ]
)

#: The change feed: one row per record event, in `seq` order. old_id null: the record is new (or back);
#: new_id null: the record is gone. `record_key` names the record for good, also once an erasure took its record_id.
CHANGES = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("run_id", pa.int64(), nullable=False),
        pa.field("at", INSTANT, nullable=False),
        pa.field("record_key", pa.int64(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("old_id", pa.string()),
        pa.field("new_id", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
    ]
)


#: Customer codes ever issued or brought in. `kind`: "code" (one per customer at most) or "alias" (an earlier code, or
#: one brought in beside it). `customer_id` is whom it was given to, `current_id` who answers to it today. `format_id`
#: null: brought in from elsewhere; `run_id` null: not issued by a run.
CODES = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("current_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("format_id", pa.int64()),
        pa.field("run_id", pa.int64()),
        pa.field("issued_at", INSTANT, nullable=False),
        pa.field("actor", pa.string(), nullable=False),
    ]
)


#: Values that stewards pinned in golden records. `act`: the pin_id of the first of those pinned together, as the parts
#: of an address are. `customer_id` is whom it was said of, `current_id` who answers to that today. `unpinned_at` is set
#: once it was taken back, or replaced.
PINS = pa.schema(
    [
        pa.field("pin_id", pa.int64(), nullable=False),
        pa.field("act", pa.int64(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("current_id", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("actor", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("pinned_at", INSTANT, nullable=False),
        pa.field("unpinned_at", INSTANT),
        pa.field("unpinned_by", pa.string()),
    ]
)


def fields_of(table: pa.Table, schema: pa.Schema) -> list[str]:
    """The names of the field columns of a *+ fields* table: those that `schema` does not name, in order."""
    return [name for name in table.column_names if name not in schema.names]


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """`table` with exactly the columns of `schema`, in its order and types; a missing nullable column is null."""
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def empty(schema: pa.Schema) -> pa.Table:
    """A table of `schema` without rows."""
    return schema.empty_table()

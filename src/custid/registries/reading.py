"""What a run asks a registry for, instead of everything it holds.

In: a session. Out: Arrow tables of the few records, edges and ids that a batch concerns.
Never here: writing; deciding which records those are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from custid import schemas
from custid.registries import deciding, facts, packing, reviewing
from custid.registries.base import Head
from custid.registries.counting import Counts
from custid.registries.session import Session


class SqlView:
    """One snapshot of a registry, see `base.View`."""

    def __init__(self, session: Session, run_id: int) -> None:
        self._session = session
        self._run_id = run_id

    @property
    def run_id(self) -> int:
        """The last run that had landed; 0: none."""
        return self._run_id

    def head(self) -> Head:
        """What a run needs to know first."""
        return head_of(self._session)

    def records_named(self, names: pa.Table, whole_channels: Iterable[str] = ()) -> pa.Table:
        """STORED_RECORDS + fields, by record_key: those called as in `names` (channel, record_id), and all live ones
        of whole channels."""
        self._session.offer("given_names", names.select(["channel", "record_id"]))
        self._session.offer("given_channels", pa.table({"channel": pa.array(list(whole_channels), pa.string())}))
        return records_where(
            self._session,
            """WHERE EXISTS (SELECT 1 FROM given_names AS given
                   WHERE given.channel = records.channel AND given.record_id = records.record_id)
               OR (live AND channel IN (SELECT channel FROM given_channels)) ORDER BY record_key""",
        )

    def records(self, record_keys: pa.Array) -> pa.Table:
        """STORED_RECORDS + fields of these records, by record_key."""
        self._offer_keys(record_keys)
        return records_where(
            self._session, "WHERE record_key IN (SELECT given_key FROM given_keys) ORDER BY record_key"
        )

    def keys_named(self, names: pa.Table) -> pa.ChunkedArray:
        """record_key of each record called as in `names` (channel, record_id), in that order; null: it never came."""
        return deciding.find(self._session, names["channel"], names["record_id"])["record_key"].cast(pa.int64())

    def large_blocks(self) -> pa.Table:
        """LARGE_BLOCKS, all of them."""
        return self._fetch(schemas.LARGE_BLOCKS, "SELECT * FROM custid.large_blocks")

    def block_keys(self, record_keys: pa.Array) -> pa.Table:
        """BLOCK_KEYS of these records."""
        self._offer_keys(record_keys)
        return self._fetch(
            schemas.BLOCK_KEYS,
            "SELECT * FROM custid.keys WHERE record_key IN (SELECT given_key FROM given_keys)",
        )

    def block_members(self, keys: pa.Array) -> pa.Table:
        """BLOCK_KEYS with these keys."""
        self._offer_keys(keys)
        return self._fetch(
            schemas.BLOCK_KEYS, "SELECT * FROM custid.keys WHERE key IN (SELECT given_key FROM given_keys)"
        )

    def every_block_key(self) -> pa.Table:
        """BLOCK_KEYS, all of them, in any order."""
        return self._fetch(schemas.BLOCK_KEYS, "SELECT * FROM custid.keys")

    def values(self, record_keys: pa.Array) -> pa.Table:
        """record_key, channel, record_id and comparable values of these records, in any order."""
        self._offer_keys(record_keys)
        rows = self._session.fetch(
            """SELECT records.record_key, records.channel, records.record_id, comparables.packed
               FROM (SELECT record_key, packed FROM custid.comparables
                     WHERE record_key IN (SELECT given_key FROM given_keys)) AS comparables
               JOIN (SELECT record_key, channel, record_id FROM custid.records
                     WHERE record_key IN (SELECT given_key FROM given_keys)) AS records
                   ON records.record_key = comparables.record_key"""
        )
        return packing.unpack(rows, comparable_columns(self._session))

    def edges(self, record_keys: pa.Array) -> pa.Table:
        """EDGES of these records, to each other and to others, by (left_key, right_key)."""
        self._offer_keys(record_keys)
        return self._fetch(
            schemas.EDGES,
            """SELECT * FROM custid.edges WHERE left_key IN (SELECT given_key FROM given_keys)
               UNION ALL SELECT * FROM custid.edges WHERE right_key IN (SELECT given_key FROM given_keys)
                   AND left_key NOT IN (SELECT given_key FROM given_keys)
               ORDER BY left_key, right_key""",
        )

    def connections(self, match_weight_min: float) -> pa.Table:
        """left_key, right_key of all edges of at least so many bits, in any order."""
        return self._session.fetch(
            "SELECT left_key, right_key FROM custid.edges WHERE match_weight >= $1", (match_weight_min,)
        )

    def links(self, record_keys: pa.Array) -> pa.Table:
        """LINKS of these records and of all others of their customers, by record_key."""
        self._offer_keys(record_keys)
        return self._fetch(
            schemas.LINKS,
            """SELECT * FROM custid.links WHERE customer_id IN (SELECT customer_id FROM custid.links
                   WHERE record_key IN (SELECT given_key FROM given_keys)) ORDER BY record_key""",
        )

    def links_of(self, record_keys: pa.Array) -> pa.Table:
        """LINKS of these records alone, by record_key."""
        self._offer_keys(record_keys)
        return self._fetch(
            schemas.LINKS,
            "SELECT * FROM custid.links WHERE record_key IN (SELECT given_key FROM given_keys) ORDER BY record_key",
        )

    def former(self, record_keys: pa.Array) -> pa.Table:
        """FORMER_LINKS of these records."""
        self._offer_keys(record_keys)
        return self._fetch(
            schemas.FORMER_LINKS, FORMER.format(which="AND record_key IN (SELECT given_key FROM given_keys)")
        )

    def customers(self, customer_ids: pa.Array) -> pa.Table:
        """CUSTOMERS with these ids, by minted."""
        self._session.offer("given_ids", pa.table({"given_id": customer_ids.cast(pa.string())}))
        return self._fetch(
            schemas.CUSTOMERS,
            "SELECT * FROM custid.customers WHERE customer_id IN (SELECT given_id FROM given_ids) ORDER BY minted",
        )

    def containing(self, text: str, records_max: int) -> pa.Array:
        """Keys of live records in whose values every word of `text` stands."""
        columns = ["channel", "record_id", *field_columns(self._session).values()]
        return reviewing.containing(self._session, text, columns, records_max)["record_key"].combine_chunks()

    def holding(self, field: str, values: pa.Array) -> pa.Table:
        """value, channel, record_id of the live records that have one of these comparable values as `field`, be it
        their first, second … of it; once each, in any order."""
        places = [
            place
            for place, name in enumerate(comparable_columns(self._session), start=1)
            if re.fullmatch(rf"{re.escape(field)}(_\d+)?", name)
        ]
        schema = pa.schema([(name, pa.string()) for name in ("value", "channel", "record_id")])
        if not places:
            return schema.empty_table()
        self._session.offer("given_values", pa.table({"given_value": values.cast(pa.string())}))
        held = " UNION ".join(
            f"""SELECT record_key, given_value FROM custid.comparables
                JOIN given_values ON given_value = split_part(packed, chr(31), {place})"""
            for place in places
        )
        return self._session.fetch(
            f"""SELECT held.given_value AS value, records.channel, records.record_id FROM ({held}) AS held
                JOIN custid.records AS records ON records.record_key = held.record_key"""
        ).cast(schema)

    def rejects_named(self, names: pa.Table) -> pa.Table:
        """REJECTS of rows called as in `names` (channel, record_id), with their run_id, the last first."""
        self._session.offer("given_names", names.select(["channel", "record_id"]))
        return self._fetch(
            pa.schema([*schemas.REJECTS, pa.field("run_id", pa.int64(), nullable=False)]),
            """SELECT rejects.* FROM custid.rejects AS rejects JOIN given_names AS given
                   ON given.channel = rejects.channel AND given.record_id = rejects.record_id
               ORDER BY rejects.run_id DESC, rejects."row" DESC""",
        )

    def counts(self, run_id: int | None = None, *, shown: int = 10) -> Counts:
        """What a report tells of a run (None: the last), counted while the view is open; of customers, questions and
        runs, so many each.
        Raises UnknownCustomer when there was no such run."""
        return Counts(self._session, field_columns(self._session), run_id, shown=shown)

    def _offer_keys(self, keys: pa.Array) -> None:
        self._session.offer("given_keys", pa.table({"given_key": keys.cast(pa.int64())}))

    def _fetch(self, schema: pa.Schema, sql: str) -> pa.Table:
        return schemas.conform(self._session.fetch(sql), schema)


#: FORMER_LINKS; `which` narrows the records, as AND …
FORMER = """
    SELECT taken.record_key, taken.customer_id, taken.seq
    FROM (SELECT record_key, customer_id, max(seq) AS seq
          FROM (SELECT record_key, seq,
                    CASE kind WHEN 'moved' THEN other_id ELSE customer_id END AS customer_id
                FROM custid.events WHERE kind IN ('moved', 'unlinked') {which}) AS taking
          GROUP BY record_key, customer_id) AS taken
    LEFT JOIN custid.links AS links
        ON links.record_key = taken.record_key AND links.customer_id = taken.customer_id
    WHERE links.record_key IS NULL
    ORDER BY taken.seq, taken.record_key"""


def head_of(session: Session) -> Head:
    """What a run needs to know first."""
    numbers = session.fetch(
        """SELECT (SELECT coalesce(max(seq), 0) FROM custid.events) AS seq,
            (SELECT coalesce(max(record_key), 0) FROM custid.records) AS record_key,
            (SELECT coalesce(max(minted), 0) FROM custid.customers) AS minted,
            (SELECT count(*) FROM custid.links) AS live,
            (SELECT count(*) FROM custid.customers WHERE status = 'live') AS customers,
            (SELECT count(*) FROM custid.comparables) AS indexed"""
    ).to_pylist()[0]
    runs = session.fetch(
        "SELECT run_id, chain, custid_version FROM custid.runs ORDER BY run_id DESC LIMIT 1"
    ).to_pylist()
    last: dict[str, Any] = runs[0] if runs else {"run_id": 0, "chain": "", "custid_version": ""}
    model = session.fetch("SELECT model FROM custid.models ORDER BY run_id DESC LIMIT 1")["model"]
    decisions = session.fetch("SELECT * FROM custid.decisions ORDER BY decision_id")
    channels = session.fetch("SELECT DISTINCT channel FROM custid.records ORDER BY channel")
    return Head(
        run_id=last["run_id"],
        next_seq=numbers["seq"] + 1,
        next_record_key=numbers["record_key"] + 1,
        next_minted=numbers["minted"] + 1,
        chain=last["chain"],
        model=model[0].as_py() if len(model) else None,
        live=numbers["live"],
        customers=numbers["customers"],
        indexed=numbers["indexed"] == numbers["live"],
        custid_version=last["custid_version"],
        channels=tuple(channels["channel"].to_pylist()),
        pending=session.fetch("SELECT record_key FROM custid.pending")["record_key"].combine_chunks().cast(pa.int64()),
        decisions=schemas.conform(decisions, schemas.DECISIONS),
        facts=facts.waiting(session),
        presets=facts.presets(session),
    )


def field_columns(session: Session) -> dict[str, str]:
    """field → its column, in the order the fields first occurred."""
    rows = session.fetch("SELECT field, column_name FROM custid.fields ORDER BY position").to_pylist()
    return {row["field"]: row["column_name"] for row in rows}


def comparable_columns(session: Session) -> list[str]:
    """The comparable columns, in the order they are packed in."""
    rows = session.fetch("SELECT name FROM custid.comparable_columns ORDER BY position")
    found: list[str] = rows["name"].to_pylist()
    return found


def records_where(session: Session, condition: str, parameters: tuple[object, ...] = ()) -> pa.Table:
    """STORED_RECORDS + fields of the records that `condition` (WHERE … ORDER BY …) picks."""
    columns = field_columns(session)
    fixed = schemas.STORED_RECORDS.names
    selected = ", ".join([*fixed, *(f'"{column}"' for column in columns.values())])
    rows = session.fetch(f"SELECT {selected} FROM custid.records AS records {condition}", parameters)
    schema = pa.schema([*schemas.STORED_RECORDS, *(pa.field(field, pa.string()) for field in columns)])
    return schemas.conform(rows.rename_columns([*fixed, *columns]), schema)

"""What a registry holds, counted where it is: all that a report on a run tells of it.

In: a session, a run. Out: `Counts`, which gives small tables, however many records there are.
Never here: values of records; words; judging whether a figure is good.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import UnknownCustomer
from custid.model.files import from_json
from custid.registries.reviewing import Queue, queue
from custid.registries.session import Session

#: Match weights are counted in steps of so many bits.
STEP_BITS = 0.5
#: So many records of one customer are fetched at most.
MEMBERS_MAX = 300
#: Customers whose records are looked at for how far they agree.
LOOSEST_MAX = 200

#: Live records of a channel, their customers, and how many of those have several records there.
CHANNELS = pa.schema(
    [
        pa.field("channel", pa.string(), nullable=False),
        *(pa.field(name, pa.int64(), nullable=False) for name in ("records", "customers", "repeated")),
    ]
)
#: How many records of a channel have a value, field by field.
FILLED = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("channel", "field")),
        *(pa.field(name, pa.int64(), nullable=False) for name in ("records", "filled")),
    ]
)
#: Customers by the channels they have records in. `channels`: their names, parted by commas.
SETS = pa.schema([pa.field("channels", pa.string(), nullable=False), pa.field("customers", pa.int64(), nullable=False)])
#: Customers by how many records they have.
SIZES = pa.schema([pa.field(name, pa.int64(), nullable=False) for name in ("records", "customers")])
#: Rows that one run did not take in.
REFUSED = pa.schema(
    [*(pa.field(name, pa.string(), nullable=False) for name in ("channel", "reason")), pa.field("rows", pa.int64())]
)
#: Edges by match weight: those from `from_bits` on, and less than STEP_BITS above. `together`: of one customer.
WEIGHTS = pa.schema(
    [
        pa.field("from_bits", pa.float64(), nullable=False),
        pa.field("together", pa.bool_(), nullable=False),
        pa.field("edges", pa.int64(), nullable=False),
    ]
)
#: Customers with the most records.
LARGEST = pa.schema([pa.field("customer_id", pa.string(), nullable=False), pa.field("records", pa.int64())])
#: Customers of three records or more by the share of their pairs that are edges which link by themselves, the least
#: first. Pairs that were never compared count as none, so the true agreement may be higher.
LOOSEST = pa.schema([*LARGEST, pa.field("tied_share", pa.float64(), nullable=False)])
#: EVENTS + NAMES of one run that concern customers who were there before it.
EVENTS = pa.schema([*schemas.EVENTS, *schemas.NAMES])


_LINKS = "SELECT record_key, customer_id FROM custid.links"

#: Where each record was after a run; {run} is its number.
_LINKS_AFTER = """
    SELECT events.record_key, events.customer_id FROM custid.events AS events
    JOIN (SELECT max(seq) AS seq FROM custid.events
          WHERE record_key IS NOT NULL AND run_id <= {run:d} GROUP BY record_key) AS latest
        ON latest.seq = events.seq
    WHERE events.kind <> 'unlinked'"""

_HELD = """
    WITH held AS (SELECT links.customer_id, records.channel, count(*) AS records
        FROM ({links}) AS links JOIN custid.records AS records ON records.record_key = links.record_key
        GROUP BY links.customer_id, records.channel)"""

_CHANNELS = """
    SELECT channel, sum(records) AS records, count(*) AS customers,
        sum(CASE WHEN records > 1 THEN 1 ELSE 0 END) AS repeated
    FROM held GROUP BY channel ORDER BY channel"""

_SETS = """
    SELECT channels, count(*) AS customers
    FROM (SELECT string_agg(channel, ',' ORDER BY channel) AS channels FROM held GROUP BY customer_id) AS sets
    GROUP BY channels ORDER BY count(*) DESC, channels"""

_SIZES = """
    SELECT records, count(*) AS customers
    FROM (SELECT count(*) AS records FROM ({links}) AS links GROUP BY customer_id) AS sized
    GROUP BY records ORDER BY records"""

_LARGEST = """
    SELECT customer_id, count(*) AS records FROM ({links}) AS links
    GROUP BY customer_id HAVING count(*) > 1 ORDER BY count(*) DESC, customer_id LIMIT $1"""

_MEMBERS = """
    SELECT record_key, customer_id
    FROM (SELECT links.record_key, links.customer_id,
              row_number() OVER (PARTITION BY links.customer_id ORDER BY links.record_key) AS place
          FROM ({links}) AS links WHERE links.customer_id IN (SELECT given_id FROM given_ids)) AS placed
    WHERE place <= $1 ORDER BY record_key"""

_WEIGHTS = """
    SELECT floor(edges.match_weight / $1) * $1 AS from_bits, lefts.customer_id = rights.customer_id AS together,
        count(*) AS edges
    FROM custid.edges AS edges
    JOIN custid.links AS lefts ON lefts.record_key = edges.left_key
    JOIN custid.links AS rights ON rights.record_key = edges.right_key
    GROUP BY 1, 2 ORDER BY 1, 2"""

# Halves of n (n - 1) are left out on both sides; $1 the match threshold, $2 how many customers.
_LOOSEST = """
    SELECT sized.customer_id, sized.records,
        2.0 * coalesce(tied.edges, 0) / (sized.records * (sized.records - 1)) AS tied_share
    FROM (SELECT customer_id, count(*) AS records FROM custid.links
          GROUP BY customer_id HAVING count(*) >= 3) AS sized
    LEFT JOIN (SELECT lefts.customer_id, count(*) AS edges FROM custid.edges AS edges
          JOIN custid.links AS lefts ON lefts.record_key = edges.left_key
          JOIN custid.links AS rights ON rights.record_key = edges.right_key
          WHERE edges.match_weight >= $1 AND lefts.customer_id = rights.customer_id
          GROUP BY lefts.customer_id) AS tied ON tied.customer_id = sized.customer_id
    ORDER BY tied_share, sized.records DESC, sized.customer_id LIMIT $2"""

# Records that only joined customers this run created are not fetched: after a first run these are all there are.
_EVENTS = """
    WITH own AS (SELECT * FROM custid.events WHERE run_id = $1),
    told AS (SELECT * FROM own WHERE kind <> 'created' AND NOT (kind = 'linked' AND customer_id IN
        (SELECT customer_id FROM own WHERE kind = 'created'))),
    names AS (SELECT record_key, channel, record_id FROM custid.records WHERE record_key IN
        (SELECT record_key FROM told UNION SELECT evidence_left FROM told UNION SELECT evidence_right FROM told))
    SELECT told.*, names.channel, names.record_id,
        lefts.channel AS left_channel, lefts.record_id AS left_record_id,
        rights.channel AS right_channel, rights.record_id AS right_record_id
    FROM told LEFT JOIN names ON names.record_key = told.record_key
    LEFT JOIN names AS lefts ON lefts.record_key = told.evidence_left
    LEFT JOIN names AS rights ON rights.record_key = told.evidence_right
    ORDER BY told.seq"""


class Counts:
    """What a report tells of run `run_id`, each part counted when first asked for, while its session is open.

    `last_run`: the last one that has landed; `today`: whether it is this one. What only today's state can tell is None
    where it is not. Raises UnknownCustomer when there was no such run.
    """

    def __init__(
        self, session: Session, columns: dict[str, str], run_id: int | None = None, *, shown: int = 10
    ) -> None:
        """`columns`: field → its column. `run_id` None: the last run. `shown`: how many runs, customers and questions
        are fetched."""
        self._session = session
        self._columns = columns
        self._shown = shown
        last = int(session.fetch("SELECT coalesce(max(run_id), 0) AS last FROM custid.runs")["last"][0].as_py())
        self.last_run = last
        self.run_id = last if run_id is None else run_id
        if not 0 < self.run_id <= last:
            there = f"its runs are 1 to {last}" if last else "it has none yet"
            raise UnknownCustomer(f"there is no run {self.run_id or 'to tell of'} in the registry; {there}.")
        self.today = self.run_id == last
        #: LINKS as they were after the run.
        self._links = _LINKS if self.today else _LINKS_AFTER.format(run=self.run_id)

    @cached_property
    def model(self) -> str | None:
        """The model it was matched with, as JSON; None before there was one."""
        found = self._session.fetch(
            "SELECT model FROM custid.models WHERE run_id <= $1 ORDER BY run_id DESC LIMIT 1", (self.run_id,)
        )["model"]
        return str(found[0].as_py()) if len(found) else None

    @cached_property
    def runs(self) -> pa.Table:
        """RUNS up to it, the last ones, newest first."""
        return self._fetch(
            schemas.RUNS,
            f"SELECT * FROM custid.runs WHERE run_id <= $1 ORDER BY run_id DESC LIMIT {self._shown:d}",
            self.run_id,
        )

    @cached_property
    def rejects(self) -> pa.Table:
        """REFUSED: what it did not take in."""
        return self._fetch(
            REFUSED,
            'SELECT channel, reason, count(*) AS "rows" FROM custid.rejects WHERE run_id = $1'
            " GROUP BY channel, reason ORDER BY channel, count(*) DESC, reason",
            self.run_id,
        )

    @cached_property
    def events(self) -> pa.Table:
        """EVENTS: what befell customers who were there before it."""
        return self._fetch(EVENTS, _EVENTS, self.run_id)

    @cached_property
    def channels(self) -> pa.Table:
        """CHANNELS after the run."""
        return self._fetch(CHANNELS, _HELD.format(links=self._links) + _CHANNELS)

    @cached_property
    def sets(self) -> pa.Table:
        """SETS after the run, the largest first."""
        return self._fetch(SETS, _HELD.format(links=self._links) + _SETS)

    @cached_property
    def sizes(self) -> pa.Table:
        """SIZES after the run, rising."""
        return self._fetch(SIZES, _SIZES.format(links=self._links))

    @cached_property
    def largest(self) -> pa.Table:
        """LARGEST after the run."""
        return self._fetch(LARGEST, _LARGEST.format(links=self._links), self._shown)

    @cached_property
    def loosest(self) -> pa.Table | None:
        """LOOSEST, at most LOOSEST_MAX; None for an earlier run."""
        return self._fetch(LOOSEST, _LOOSEST, self._match_threshold, LOOSEST_MAX) if self.today else None

    @cached_property
    def members(self) -> pa.Table:
        """LINKS of all customers in `largest` and `loosest`, at most MEMBERS_MAX of each."""
        tables = [self.largest] if self.loosest is None else [self.largest, self.loosest]
        ids = pc.unique(
            pa.chunked_array([part for table in tables for part in table["customer_id"].chunks], pa.string())
        )
        self._session.offer("given_ids", pa.table({"given_id": ids}))
        return self._fetch(schemas.LINKS, _MEMBERS.format(links=self._links), MEMBERS_MAX)

    @cached_property
    def filled(self) -> pa.Table | None:
        """FILLED; None for an earlier run."""
        return _filled(self._session, self._columns) if self.today else None

    @cached_property
    def weights(self) -> pa.Table | None:
        """WEIGHTS, rising; None for an earlier run."""
        return self._fetch(WEIGHTS, _WEIGHTS, STEP_BITS) if self.today else None

    @cached_property
    def review(self) -> Queue | None:
        """What waits for a steward; None for an earlier run."""
        return queue(self._session, self._match_threshold, self._shown) if self.today else None

    @cached_property
    def _match_threshold(self) -> float:
        return float(from_json(self.model).match_threshold) if self.model is not None else 0.0

    def _fetch(self, schema: pa.Schema, sql: str, *parameters: Any) -> pa.Table:
        return schemas.conform(self._session.fetch(sql, parameters), schema)


def _filled(session: Session, columns: dict[str, str]) -> pa.Table:
    counted = ", ".join(["count(*) AS records", *(f'count("{column}") AS "{column}"' for column in columns.values())])
    rows = session.fetch(f"SELECT channel, {counted} FROM custid.records WHERE live GROUP BY channel ORDER BY channel")
    return pa.Table.from_pylist(
        [
            {"channel": row["channel"], "field": field, "records": row["records"], "filled": row[column]}
            for row in rows.to_pylist()
            for field, column in columns.items()
        ],
        schema=FILLED,
    )

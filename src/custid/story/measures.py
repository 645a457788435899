"""What all customers did, in figures: recency, frequency, value, segments; one row per customer.

In: a registry, declared interactions, the time to measure at. Out: `Measures`. Computed in DuckDB, which streams and
spills to disk; exact and the same whatever the order of rows, files and threads.
Never here: a clock. Amounts of different currencies are never added, nor compared.

Rows are gathered by the key they came with first, so that only distinct keys are looked for among customers.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.errors import UsageError
from custid.registries.base import Registry
from custid.story.keys import Known, customers_of, known_in
from custid.story.sources import AMOUNT, Rows, open_rows
from custid.story.spec import Interactions, Rules, check_rules, zone_of
from custid.tables import Table

#: One row per outcome of rows of interactions: "counted", "later" (after the time measured at), or the reason why they
#: do not count. The rows of all outcomes are all rows there are. `example`: the key of one of them, where there is one.
COUNTS = pa.schema(
    [
        pa.field("interactions", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("example", pa.string()),
    ]
)

#: What the reasons in COUNTS say.
REASONS = {
    "counted": "belong to a customer",
    "later": "are later than the time measured at",
    "no_time": "have no time",
    "unreadable_time": "have a time that cannot be read",
    "implausible_time": "are dated 1970-01-01 or before, which stands for no date",
    "unreadable_amount": "have an amount that cannot be read",
    "negative_amount": 'have an amount below 0; for refunds, say negative = "refund"',
    "no_currency": "have an amount without a currency",
    "unknown_currency": "have a currency that is no code of ISO 4217",
    "repeated": "have an id that a later row has as well",
    "no_key": "say of nobody whose they are",
    "unknown_record": "are of records that nobody knows, or that were erased",
    "unlinked_record": "are of records that have no customer: gone from their channel, or not there yet",
    "unusable_email": "have an e-mail address that is none",
    "unknown_email": "have an e-mail address that no record has",
    "ambiguous_email": "have an e-mail address that several customers have",
    "unusable_phone": "have a phone number that is none",
    "unknown_phone": "have a phone number that no record has",
    "ambiguous_phone": "have a phone number that several customers have",
    "unusable_device": "have a device id that is none",
    "unknown_device": "have a device id that no record has",
    "ambiguous_device": "have a device id that several customers have",
}

#: The segments, in the order in which their rules are tried.
SEGMENTS = ("no_interactions", "dormant", "at_risk", "high_value", "loyal", "new", "active")


@dataclass(frozen=True)
class Measures:
    """What `measure` returns. `customers`: one row per live customer, by customer_id (see docs/customer-story.md for
    its columns); `counts` COUNTS; `as_of`: the time measured at."""

    as_of: datetime
    rules: Rules
    customers: Table = field(repr=False)
    counts: Table = field(repr=False)

    def segments(self) -> dict[str, int]:
        """Segment → how many customers are in it, in the order of the rules."""
        found = self.customers.to_arrow()["segment"].value_counts().to_pylist()
        sizes = {row["values"]: row["counts"] for row in found}
        return {segment: sizes.get(segment, 0) for segment in SEGMENTS}


def measure(
    registry: Registry,
    interactions: Sequence[Interactions],
    *,
    as_of: datetime,
    ids_as_of: int | datetime | None = None,
    rules: Rules | None = None,
    memory: str | None = None,
) -> Measures:
    """Measure all customers by what they did until `as_of`.

    Args:
        registry: who is who.
        interactions: what customers did.
        as_of: the time to measure at, with a time zone. What is later does not count.
        ids_as_of: the customers as they were after that run or at that instant. None: as they are today.
        rules: what makes a segment.
        memory: how much DuckDB may use before it spills to disk, such as "2GB". None: most of the machine's.

    Raises:
        UsageError: a declaration or a rule is wrong, or `as_of` has no time zone. InputError: a source cannot be read.
    """
    rules = rules or Rules()
    if not interactions:
        raise UsageError("there is nothing to measure: no interactions are declared. Give custid.Interactions(...).")
    names = [told.name for told in interactions]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"two tables of interactions are called {twice[0]!r}. Rename one.")
    check_rules(rules)
    if as_of.utcoffset() is None:
        raise UsageError(f"as_of={as_of!r} has no time zone; give datetime(..., tzinfo=UTC).")
    known = known_in(registry, registry.xref(ids_as_of))
    customers = pc.unique(known.xref["customer_id"]).sort()
    with tempfile.TemporaryDirectory(prefix="custid-") as folder, open_database(folder, memory) as database:
        counted = [
            _gather(database, open_rows(database, told, number), number, known, customers, as_of, rules)
            for number, told in enumerate(interactions)
        ]
        database.register("live", pa.table({"customer_id": customers, "customer": np.arange(len(customers))}))
        table = _measured(database, len(counted), as_of, rules)
    counts = pa.concat_tables(counted).sort_by([("interactions", "ascending"), ("outcome", "ascending")])
    return Measures(as_of.astimezone(UTC), rules, Table(table), Table(counts))


def open_database(folder: str, memory: str | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB of one's own that spills into `folder`. Raises UsageError for an amount of memory that is none."""
    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    database = duckdb.connect(":memory:", config={**offline, "temp_directory": folder})
    database.execute("SET TimeZone = 'UTC'")
    if memory is not None:
        if not re.fullmatch(r"(?i)\d+(\.\d+)? ?[kmgt]i?b", memory):
            raise UsageError(f"memory {memory!r} is no amount of memory. Write one such as 2GB or 500MB.")
        database.execute(f"SET memory_limit = '{memory}'")
    return database


def _microseconds(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _days_before(as_of: datetime, days: int, timezone: str) -> datetime:
    """The instant from which on something was less than so many days ago."""
    zone = zone_of(timezone, "rules")
    first = as_of.astimezone(zone).date() - timedelta(days=days - 1)
    return datetime.combine(first, time(), zone)


# --- rows → sums by key -------------------------------------------------------------------------------------


def _gather(
    database: duckdb.DuckDBPyConnection,
    rows: Rows,
    number: int,
    known: Known,
    customers: pa.Array,
    as_of: datetime,
    rules: Rules,
) -> pa.Table:
    """Make the table sums_<number>: what each customer, by its place in `customers`, did in these interactions, by
    currency. Returns COUNTS."""
    keys = ", ".join(rows.keys)
    database.execute(
        f"""CREATE OR REPLACE TEMP TABLE gathered AS
            SELECT {keys}, currency, coalesce(flaw, CASE WHEN at_us > $1 THEN 'later' ELSE 'counted' END) AS outcome,
                count(*) AS rows, min(at_us) AS first, max(at_us) AS last, {_money_sums(rows.told)}
            FROM {rows.view} GROUP BY ALL""",
        {"1": _microseconds(as_of), **_recent(rows.told, as_of, rules)},
    )
    raw = database.sql(f"SELECT {keys} FROM gathered ORDER BY rowid").to_arrow_table()
    found = customers_of(database, raw, rows.told, known)
    found = found.append_column("customer", pc.index_in(found["customer_id"], value_set=customers, skip_nulls=True))
    database.register("found", found.append_column("place", pa.array(np.arange(len(found)))))
    database.execute(
        """CREATE OR REPLACE TEMP TABLE owned AS SELECT gathered.*, found.customer, found.key,
            CASE WHEN outcome = 'counted' THEN coalesce(found.flaw, outcome) ELSE outcome END AS final
        FROM gathered JOIN found ON found.place = gathered.rowid"""
    )
    database.unregister("found")
    database.execute(
        f"""CREATE OR REPLACE TEMP TABLE sums_{number} AS
            SELECT customer, $1 AS channel, currency, sum(rows)::BIGINT AS rows, min(first) AS first,
                max(last) AS last, sum(purchases)::BIGINT AS purchases, sum(recent)::BIGINT AS recent,
                sum(spent) AS spent, min(first_bought) AS first_bought, max(last_bought) AS last_bought,
                sum(refunds)::BIGINT AS refunds, sum(value) AS value
            FROM owned WHERE final = 'counted' GROUP BY customer, currency""",
        [rows.told.channel or rows.told.name],
    )
    counts = database.execute(
        """SELECT final AS outcome, sum(rows)::BIGINT AS rows,
            CASE WHEN final NOT IN ('counted', 'later') THEN min(key) END AS example
        FROM owned GROUP BY final"""
    ).fetchall()
    counts += [(outcome, count, None) for outcome, count in rows.unread.items()]
    database.execute("DROP TABLE gathered; DROP TABLE owned")
    told = [dict(zip(COUNTS.names, (rows.told.name, *row), strict=True)) for row in counts]
    return pa.Table.from_pylist(told, schema=COUNTS)


def _money_sums(told: Interactions) -> str:
    """SQL: what was bought and given back, of all rows of a key."""
    if told.amount is None:
        return f"""0 AS purchases, 0 AS recent, NULL::{AMOUNT} AS spent, NULL::BIGINT AS first_bought,
            NULL::BIGINT AS last_bought, 0 AS refunds, NULL::{AMOUNT} AS value"""
    # Nulls are passed over; that is faster than a FILTER for each.
    bought_at = "CASE WHEN amount >= 0 THEN at_us END"
    refunds = "count(CASE WHEN amount < 0 THEN 1 END)" if told.negative == "refund" else "0"
    return f"""count({bought_at}) AS purchases, count(CASE WHEN amount >= 0 AND at_us >= $2 THEN 1 END) AS recent,
        sum(CASE WHEN amount >= 0 THEN amount END) AS spent, min({bought_at}) AS first_bought,
        max({bought_at}) AS last_bought, {refunds} AS refunds,
        {"sum(amount)" if told.negative == "refund" else "spent"} AS value"""


def _recent(told: Interactions, as_of: datetime, rules: Rules) -> dict[str, int]:
    """From when on a purchase is a recent one, as the parameter $2 where it is needed."""
    if told.amount is None:
        return {}
    return {"2": _microseconds(_days_before(as_of, rules.loyal_days, rules.timezone))}


# --- sums by customer → measures ----------------------------------------------------------------------------


def _measured(database: duckdb.DuckDBPyConnection, sources: int, as_of: datetime, rules: Rules) -> pa.Table:
    """The table of measures out of sums_0 …"""
    sums = " UNION ALL ".join(f"SELECT * FROM sums_{number}" for number in range(sources))
    database.execute(f"CREATE OR REPLACE TEMP TABLE sums AS {sums}")
    codes = [
        row[0]
        for row in database.execute(
            "SELECT DISTINCT currency FROM sums WHERE currency IS NOT NULL ORDER BY currency"
        ).fetchall()
    ]
    values = "".join(f", money.{name}_{code.lower()}" for code in codes for name in ("value", "average"))
    per_currency = "".join(
        f""", min(value) FILTER (WHERE currency = '{code}') AS value_{code.lower()},
            min(average) FILTER (WHERE currency = '{code}') AS average_{code.lower()}"""
        for code in codes
    )
    zone = rules.timezone.replace("'", "''")
    today = as_of.astimezone(zone_of(rules.timezone, "rules")).date().isoformat()

    def days(column: str) -> str:
        return f"date_diff('day', timezone('{zone}', make_timestamptz({column}))::DATE, DATE '{today}')"

    return database.sql(
        f"""
        WITH acts AS (
            SELECT customer, sum(rows)::BIGINT AS interactions, min(first) AS first, max(last) AS last,
                sum(purchases)::BIGINT AS purchases, sum(recent)::BIGINT AS recent,
                min(first_bought) AS first_bought, max(last_bought) AS last_bought, sum(refunds)::BIGINT AS refunds
            FROM sums GROUP BY customer),
        used AS (
            SELECT customer, string_agg(channel, ', ' ORDER BY channel) AS channels,
                first(channel ORDER BY rows DESC, last DESC, channel) AS preferred
            FROM (SELECT customer, channel, sum(rows) AS rows, max(last) AS last FROM sums GROUP BY ALL)
            GROUP BY customer),
        spending AS (
            SELECT customer, currency, sum(value)::DECIMAL(38, 4) AS value, sum(purchases) AS bought,
                (sum(spent) / nullif(sum(purchases), 0))::DECIMAL(38, 4) AS average
            FROM sums WHERE currency IS NOT NULL GROUP BY ALL HAVING sum(purchases) + sum(refunds) > 0),
        ranked AS (
            SELECT *, count(*) OVER buyers AS buyers,
                (5 * (rank() OVER (PARTITION BY currency ORDER BY value) - 1)) // count(*) OVER buyers + 1 AS score,
                rank() OVER (PARTITION BY currency ORDER BY value DESC) AS place
            FROM spending WHERE bought > 0 WINDOW buyers AS (PARTITION BY currency)),
        money AS (
            SELECT customer{per_currency} FROM spending GROUP BY customer),
        best AS (
            SELECT customer, max(score) AS score,
                first({{'currency': currency, 'value': value, 'place': place, 'buyers': buyers}}
                    ORDER BY place / buyers, currency) AS one
            FROM ranked GROUP BY customer),
        told AS (
            SELECT acts.*, {days("last")} AS seen_days, {days("first")} AS known_days, {days("last_bought")} AS recency
            FROM acts),
        scored AS (
            SELECT customer,
                (5 * (rank() OVER (ORDER BY recency DESC) - 1)) // count(*) OVER () + 1 AS recency_score,
                (5 * (rank() OVER (ORDER BY purchases) - 1)) // count(*) OVER () + 1 AS frequency_score
            FROM told WHERE purchases > 0),
        placed AS (
            SELECT live.customer_id, told.* EXCLUDE (customer), used.channels, used.preferred,
                scored.recency_score, scored.frequency_score, best.score AS monetary_score, best.one AS best
                {values},
                CASE WHEN told.interactions IS NULL THEN 'no_interactions'
                    WHEN seen_days >= {rules.dormant_days} THEN 'dormant'
                    WHEN purchases >= {rules.at_risk_purchases} AND recency >= {rules.at_risk_days} THEN 'at_risk'
                    WHEN best.one.value > 0 AND best.one.place <= ceil({rules.high_value_share} * best.one.buyers)
                        THEN 'high_value'
                    WHEN recent >= {rules.loyal_purchases} THEN 'loyal'
                    WHEN known_days < {rules.new_days} THEN 'new'
                    ELSE 'active' END AS segment
            FROM live
            LEFT JOIN told ON told.customer = live.customer
            LEFT JOIN used ON used.customer = live.customer
            LEFT JOIN scored ON scored.customer = live.customer
            LEFT JOIN money ON money.customer = live.customer
            LEFT JOIN best ON best.customer = live.customer)
        SELECT customer_id, coalesce(interactions, 0) AS interactions,
            make_timestamptz(first) AS first_seen, make_timestamptz(last) AS last_seen,
            seen_days AS days_since_seen,
            CASE WHEN seen_days >= {rules.dormant_days} THEN make_timestamptz(last) END AS dormant_since,
            channels, preferred AS preferred_channel,
            make_timestamptz(first_bought) AS first_purchase, make_timestamptz(last_bought) AS last_purchase,
            recency AS recency_days, coalesce(purchases, 0) AS frequency, coalesce(refunds, 0) AS refunds
            {values.replace("money.", "")},
            recency_score::TINYINT AS recency_score, frequency_score::TINYINT AS frequency_score,
            monetary_score::TINYINT AS monetary_score,
            recency_score::VARCHAR || frequency_score || monetary_score AS rfm,
            segment,
            CASE segment WHEN 'no_interactions' THEN 'no interactions'
                WHEN 'dormant' THEN 'nothing for ' || seen_days || ' days ({rules.dormant_days} or more)'
                WHEN 'at_risk' THEN purchases || ' purchases ({rules.at_risk_purchases} or more), the last '
                    || recency || ' days ago ({rules.at_risk_days} or more)'
                WHEN 'high_value' THEN best.currency || ' ' || best.value::DECIMAL(38, 2) || ', place ' || best.place
                    || ' of ' || best.buyers || ' buyers (the highest {100 * rules.high_value_share:g} %)'
                WHEN 'loyal' THEN recent || ' purchases within {rules.loyal_days} days'
                    || ' ({rules.loyal_purchases} or more)'
                WHEN 'new' THEN 'first seen ' || known_days || ' days ago (less than {rules.new_days})'
                ELSE 'last seen ' || seen_days || ' days ago (less than {rules.dormant_days})' END AS segment_rule
        FROM placed ORDER BY customer_id"""
    ).to_arrow_table()

"""Measures of customers: what counts, what does not, and that the figures are right."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import custid
from custid import Channel, Interactions, Rules, UsageError
from custid.registries.base import Registry
from custid.story.measures import COUNTS, REASONS, Measures

AS_OF = datetime(2024, 12, 31, 12, tzinfo=UTC)
NAMES = ["Ada", "Bo", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal", "Ida", "Jo"]
SURNAMES = ["Archer", "Baker", "Cooper", "Dyer", "Fisher"]
ORDERS = {"at": "when", "kind": "order", "channel": "crm", "record_id": "contact", "amount": "total", "currency": "cur"}


def people() -> pa.Table:
    rows = [(given, surname) for surname in SURNAMES for given in NAMES]
    return pa.table(
        {
            "id": [f"C{number}" for number in range(len(rows))],
            "given_name": [given for given, _ in rows],
            "surname": [surname for _, surname in rows],
            "email": [f"{given}.{surname}@mail.test" for given, surname in rows],
            "phone": [f"+44 20 7946 0{number:03}" for number in range(len(rows))],
            "birth_date": [f"19{40 + number}-03-04" for number in range(len(rows))],
        }
    )


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    held = custid.connect(tmp_path_factory.mktemp("measured") / "customers.db")
    crm, family = people(), people().slice(0, 2)
    # The first two share a mailbox, and come a second time through the shop.
    mails = ["archers@mail.test", "archers@mail.test", *crm["email"].to_pylist()[2:]]
    shop = family.set_column(0, "id", pa.array(["S0", "S1"]))
    channels = [
        Channel("crm", crm.set_column(3, "email", pa.array(mails)), record_id="id"),
        Channel("shop", shop, record_id="id"),
    ]
    custid.resolve(channels, registry=held)
    return held


def some_orders(count: int, seed: int) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    return [
        {
            "contact": f"C{draw.randrange(40)}" if draw.random() < 0.95 else f"X{draw.randrange(5)}",
            "when": datetime(2022, 6, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(3 * 365 * 86_400)),
            "total": Decimal(draw.randrange(-500, 20_000)) / 100,
            "cur": draw.choice(["EUR", "EUR", "CNY"]),
        }
        for _ in range(count)
    ]


def measured(registry: Registry, *interactions: Interactions, **options: Any) -> Measures:
    return custid.measure(registry, interactions, **{"as_of": AS_OF, **options})


def by_record(found: Measures, registry: Registry, record_id: str, channel: str = "crm") -> dict[str, Any]:
    customer_id = registry.lookup(channel, record_id)
    (row,) = [row for row in found.customers.to_arrow().to_pylist() if row["customer_id"] == customer_id]
    return row


def outcomes(found: Measures, name: str = "orders") -> dict[str, int]:
    rows = found.counts.to_arrow().to_pylist()
    return {row["outcome"]: row["rows"] for row in rows if row["interactions"] == name}


def orders(rows: list[dict[str, Any]], **options: Any) -> Interactions:
    return Interactions("orders", pa.Table.from_pylist(rows), **{**ORDERS, **options})


# --- the figures --------------------------------------------------------------------------------------------


def scores(values: dict[str, Any]) -> dict[str, int]:
    """How many of 5 equal parts of the customers are below; ties are the lower."""
    return {
        one: 5 * sum(other < value for other in values.values()) // len(values) + 1 for one, value in values.items()
    }


def plainly(rows: list[dict[str, Any]], registry: Registry, rules: Rules) -> dict[str, dict[str, Any]]:
    """The same measures, worked out customer by customer."""
    zone = ZoneInfo(rules.timezone)
    today = AS_OF.astimezone(zone).date()

    def ago(at: datetime) -> int:
        return (today - at.astimezone(zone).date()).days

    done: dict[str, list[dict[str, Any]]] = defaultdict(list)
    customers = {(row["channel"], row["record_id"]): row["customer_id"] for row in registry.xref().to_pylist()}
    for row in rows:
        customer_id = customers.get(("crm", row["contact"]))
        if customer_id is not None and row["when"] <= AS_OF:
            done[customer_id].append(row)
    bought = {one: [row for row in acts if row["total"] >= 0] for one, acts in done.items()}
    buyers = {one: acts for one, acts in bought.items() if acts}
    recency = {one: ago(max(row["when"] for row in acts)) for one, acts in buyers.items()}
    value: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for one, acts in done.items():
        for row in acts:
            value[row["cur"]][one] = value[row["cur"]].get(one, Decimal(0)) + row["total"]
    paying = {
        code: {one: worth for one, worth in worths.items() if any(row["cur"] == code for row in bought[one])}
        for code, worths in value.items()
    }
    recency_score = scores({one: -days for one, days in recency.items()})
    frequency_score = scores({one: len(acts) for one, acts in buyers.items()})
    money_scores = [scores(worths) for worths in paying.values()]
    high = {
        one
        for worths in paying.values()
        for one, worth in worths.items()
        if worth > 0
        and sum(other > worth for other in worths.values()) + 1 <= -(-len(worths) * rules.high_value_share // 1)
    }
    told = {}
    for customer_id in set(customers.values()):
        acts, bills = done.get(customer_id, []), bought.get(customer_id, [])
        seen = [ago(row["when"]) for row in acts]
        if not acts:
            segment = "no_interactions"
        elif min(seen) >= rules.dormant_days:
            segment = "dormant"
        elif len(bills) >= rules.at_risk_purchases and recency[customer_id] >= rules.at_risk_days:
            segment = "at_risk"
        elif customer_id in high:
            segment = "high_value"
        elif sum(ago(row["when"]) < rules.loyal_days for row in bills) >= rules.loyal_purchases:
            segment = "loyal"
        else:
            segment = "new" if max(seen) < rules.new_days else "active"
        told[customer_id] = {
            "interactions": len(acts),
            "first_seen": min((row["when"] for row in acts), default=None),
            "last_seen": max((row["when"] for row in acts), default=None),
            "recency_days": recency.get(customer_id),
            "frequency": len(bills),
            "refunds": len(acts) - len(bills),
            "value_eur": value["EUR"].get(customer_id),
            "value_cny": value["CNY"].get(customer_id),
            "recency_score": recency_score.get(customer_id),
            "frequency_score": frequency_score.get(customer_id),
            "monetary_score": max((found[customer_id] for found in money_scores if customer_id in found), default=None),
            "segment": segment,
        }
    return told


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Shanghai", "America/Los_Angeles"])
def test_measures_are_what_is_worked_out_customer_by_customer(registry: Registry, timezone: str) -> None:
    rules = Rules(timezone=timezone, dormant_days=200, at_risk_days=60, high_value_share=0.2, loyal_purchases=4)
    rows = some_orders(260, seed=4)
    found = measured(registry, orders(rows, negative="refund"), rules=rules).customers.to_arrow().to_pylist()
    expected = plainly(rows, registry, rules)
    assert {row["segment"] for row in found} >= {"no_interactions", "dormant", "at_risk", "high_value"}
    for row in found:
        assert {name: row[name] for name in expected[row["customer_id"]]} == expected[row["customer_id"]]
    assert len(found) == len(expected)


def test_every_segment_tells_the_rule_that_put_the_customer_there(registry: Registry) -> None:
    def bought(contact: str, days_ago: int, total: int = 5) -> dict[str, Any]:
        return {"contact": contact, "when": AS_OF - timedelta(days=days_ago), "total": total, "cur": "EUR"}

    rows = [bought("C3", 400), bought("C4", 300), bought("C4", 200), bought("C5", 9, 900)]
    rows += [*(bought("C6", days) for days in (40, 50, 60)), bought("C7", 10), bought("C8", 100), bought("C8", 29)]
    found = measured(registry, orders(rows))
    assert {
        name: by_record(found, registry, name)["segment_rule"] for name in ("C3", "C4", "C5", "C6", "C7", "C8")
    } == {
        "C3": "nothing for 400 days (365 or more)",
        "C4": "2 purchases (2 or more), the last 200 days ago (180 or more)",
        "C5": "EUR 900.00, place 1 of 6 buyers (the highest 10 %)",
        "C6": "3 purchases within 365 days (3 or more)",
        "C7": "first seen 10 days ago (less than 30)",
        "C8": "last seen 29 days ago (less than 365)",
    }
    assert by_record(found, registry, "C3")["dormant_since"] == rows[0]["when"]
    segments = found.segments()
    assert list(segments.values()) == [len(found.customers) - 6, 1, 1, 1, 1, 1, 1]


def test_amounts_of_different_currencies_are_never_added(registry: Registry) -> None:
    rows = [
        {"contact": "C3", "when": AS_OF, "total": "10", "cur": "EUR"},
        {"contact": "C3", "when": AS_OF, "total": "2000", "cur": "RMB"},
        {"contact": "C3", "when": AS_OF, "total": "21", "cur": " eur "},
    ]
    row = by_record(measured(registry, orders(rows)), registry, "C3")
    assert (row["value_eur"], row["average_eur"], row["value_cny"]) == (Decimal(31), Decimal("15.5"), Decimal(2000))
    assert row["frequency"] == 3


def test_refunds_are_money_given_back_and_no_purchases(registry: Registry) -> None:
    rows = [
        {"contact": "C3", "when": AS_OF - timedelta(days=3), "total": 100, "cur": "EUR"},
        {"contact": "C3", "when": AS_OF, "total": -30, "cur": "EUR"},
    ]
    row = by_record(measured(registry, orders(rows, negative="refund")), registry, "C3")
    assert (row["value_eur"], row["average_eur"], row["frequency"], row["refunds"]) == (70, 100, 1, 1)
    assert (row["recency_days"], row["days_since_seen"]) == (3, 0)
    assert outcomes(measured(registry, orders(rows))) == {"counted": 1, "negative_amount": 1}


def test_channels_are_those_used_and_the_preferred_one_is_used_most(registry: Registry) -> None:
    visits = pa.table({"who": ["S0", "S0", "S1"], "at": [AS_OF - timedelta(days=9)] * 3})
    calls = pa.table({"who": ["C0", "C1"], "at": [AS_OF] * 2})
    found = measured(
        registry,
        Interactions("visits", visits, at="at", channel="shop", record_id="who"),
        Interactions("calls", calls, at="at", channel="crm", record_id="who"),
    )
    for record_id, preferred in (("C0", "shop"), ("C1", "crm")):  # a tie goes to the one used last
        row = by_record(found, registry, record_id)
        assert (row["channels"], row["preferred_channel"]) == ("crm, shop", preferred)
    assert row["frequency"] == 0
    assert row["rfm"] is None


# --- what counts --------------------------------------------------------------------------------------------


def test_every_row_is_counted_or_has_its_reason(registry: Registry) -> None:
    good = {"contact": "C3", "when": "2024-05-01 10:00", "total": "10", "cur": "EUR"}
    bad = {
        "no_time": {"when": " "},
        "unreadable_time": {"when": "soon"},
        "implausible_time": {"when": "1970-01-01"},
        "later": {"when": "2025-01-01"},
        "unreadable_amount": {"total": "ten"},
        "negative_amount": {"total": "-1"},
        "no_currency": {"cur": None},
        "unknown_currency": {"cur": "$"},
        "no_key": {"contact": None},
        "unknown_record": {"contact": "C999"},
        "repeated": {"no": "1"},
    }
    rows = [{"no": str(number), **good, **change} for number, change in enumerate(bad.values(), start=2)]
    rows += [
        {"no": "1", **good},
        {"no": "", **good},
        {"no": "", **good},
        {"no": "20", **good, "total": None, "cur": None},
    ]
    found = measured(registry, orders(rows, id="no"))
    assert outcomes(found) == {**dict.fromkeys(bad, 1), "counted": 4}
    assert found.counts.to_arrow().schema.equals(COUNTS)
    assert sum(outcomes(found).values()) == len(rows)
    assert set(outcomes(found)) <= set(REASONS)
    assert by_record(found, registry, "C3")["value_eur"] == 30  # three amounts, and one interaction without


def test_rows_that_cannot_even_be_read_are_counted(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("contact,when,total,cur\nC3,2024-05-01,1,EUR\nC3,2024-05-01\nC4,2024-05-01,2,EUR\n")
    assert outcomes(measured(registry, Interactions("orders", path, **ORDERS))) == {
        "counted": 2,
        "wrong_column_count": 1,
    }


def test_the_last_row_of_an_id_counts(registry: Registry, tmp_path: Path) -> None:
    for month, total in (("01", 10), ("02", 25)):
        rows = [{"no": "A", "contact": "C3", "when": datetime(2024, 5, 1), "total": total, "cur": "EUR"}]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"export-{month}.parquet")
    found = measured(registry, Interactions("orders", tmp_path, id="no", **ORDERS))
    assert by_record(found, registry, "C3")["value_eur"] == 25
    assert outcomes(found) == {"counted": 1, "repeated": 1}


def test_amounts_are_read_as_the_declaration_says(registry: Registry) -> None:
    written = ["1,234.50", " 7 ", "1234.5", "12,50", "1.234,50", "+3", "1e3", "EUR 5", "--"]
    rows = [{"contact": "C3", "when": "2024-05-01", "total": text, "cur": "EUR"} for text in written]
    found = measured(registry, orders(rows))
    assert by_record(found, registry, "C3")["value_eur"] == Decimal("1234.50") * 2 + 7 + 3 + 1000
    assert outcomes(found)["unreadable_amount"] == 4
    found = measured(registry, orders(rows, decimal=","))
    assert by_record(found, registry, "C3")["value_eur"] == Decimal("12.50") + Decimal("1234.50") + 7 + 3 + 1000


def test_times_without_a_zone_are_of_the_zone_declared(registry: Registry) -> None:
    written = ["2024-05-01 00:30", "2024-05-01T00:30:00+02:00", "2024-05-01T00:30:00Z", "2024-05-01"]
    for number, text in enumerate(written):
        row = [{"contact": "C3", "when": text, "total": 1, "cur": "EUR"}]
        seen = by_record(measured(registry, orders(row, timezone="Asia/Shanghai")), registry, "C3")["first_seen"]
        assert (
            seen
            == [
                datetime(2024, 4, 30, 16, 30, tzinfo=UTC),
                datetime(2024, 4, 30, 22, 30, tzinfo=UTC),
                datetime(2024, 5, 1, 0, 30, tzinfo=UTC),
                datetime(2024, 4, 30, 16, tzinfo=UTC),
            ][number]
        )
    for typed in (date(2024, 5, 1), datetime(2024, 5, 1), datetime(2024, 5, 1, tzinfo=ZoneInfo("Asia/Shanghai"))):
        row = [{"contact": "C3", "when": typed, "total": 1, "cur": "EUR"}]
        seen = by_record(measured(registry, orders(row, timezone="Asia/Shanghai")), registry, "C3")["first_seen"]
        assert seen == datetime(2024, 4, 30, 16, tzinfo=UTC)


def test_a_row_finds_its_customer_by_mail_or_phone_as_records_are_compared(registry: Registry) -> None:
    rows = pa.table(
        {
            "at": [AS_OF] * 7,
            "contact": [" C4", None, "", None, None, None, None],
            "mail": [
                "cy.archer@mail.test",
                "CY.Archer@Mail.test ",
                None,
                "who@mail.test",
                "archers@mail.test",
                "x",
                None,
            ],
            "tel": [None, None, "020 7946 0002", None, None, None, None],
        }
    )
    told = Interactions(
        "calls", rows, at="at", channel="crm", record_id="contact", email="mail", phone="tel", country="GB"
    )
    found = measured(registry, told)
    assert by_record(found, registry, "C4")["interactions"] == 1  # the first key that is filled decides
    assert by_record(found, registry, "C2")["interactions"] == 2
    assert outcomes(found, "calls") == {
        "counted": 3, "unknown_email": 1, "ambiguous_email": 1, "unusable_email": 1, "no_key": 1,
    }  # fmt: skip


# --- sources ------------------------------------------------------------------------------------------------


def test_the_same_rows_measure_the_same_whatever_they_come_in(registry: Registry, tmp_path: Path) -> None:
    rows = some_orders(120, seed=9)
    table = pa.Table.from_pylist(rows)
    text = table.set_column(1, "when", table["when"].cast(pa.string()))
    expected = measured(registry, orders(rows, negative="refund"))
    pq.write_table(table, tmp_path / "all.parquet")
    pq.write_table(text, tmp_path / "text.parquet")
    for code in ("EUR", "CNY"):
        (tmp_path / "parts" / f"cur={code}").mkdir(parents=True)
        part = table.filter(pa.compute.equal(table["cur"], code)).drop_columns("cur")
        pq.write_table(part, tmp_path / "parts" / f"cur={code}" / "a.parquet")
    table.to_pandas().to_csv(tmp_path / "orders.csv", index=False, sep=";", encoding="utf-16")
    with duckdb.connect(str(tmp_path / "orders.db")) as database:
        database.register("given", table)
        database.execute("CREATE TABLE orders AS SELECT * FROM given")
    shuffled = table.take(pa.array(random.Random(1).sample(range(len(rows)), len(rows))))
    database_url = f"duckdb:///{tmp_path / 'orders.db'}"
    for source, options in (
        (tmp_path / "all.parquet", {}),
        (str(tmp_path / "a*.parquet"), {}),
        (tmp_path / "text.parquet", {}),
        (tmp_path / "parts", {}),
        (tmp_path / "orders.csv", {}),
        (database_url, {"table": "orders"}),
        (table.to_pandas(), {}),
        (table.to_pandas().astype({"contact": "category"}), {}),
        (shuffled, {}),
        (pa.RecordBatchReader.from_batches(table.schema, table.to_batches()), {}),
    ):
        found = measured(registry, Interactions("orders", source, **ORDERS, negative="refund", **options))
        assert found.customers.to_arrow().equals(expected.customers.to_arrow()), source
        assert outcomes(found) == outcomes(expected)


def test_keys_are_read_as_channels_read_them(tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    crm = pd.DataFrame({"no": [1, 2, 3], "site": ["a", "b", "c"], "name": ["Ann Archer", "Bo Baker", "Cy Cooper"]})
    custid.resolve(
        [Channel("crm", crm, record_id="no"), Channel("shop", crm, record_id=("site", "no"))], registry=registry
    )
    keys = [pd.Series([1.0, None, 3.0]), pd.Series(["1", " 2", "'3"]), pd.Series([1, 2, 3], dtype="int64")]
    for number, key in enumerate(keys):
        rows = pd.DataFrame({"no": key, "site": ["a", "b", "c"], "at": [datetime(2024, 1, 1)] * 3})
        by_one = Interactions("calls", rows, at="at", channel="crm", record_id="no")
        assert outcomes(measured(registry, by_one), "calls")["counted"] == (2 if number == 0 else 3)
    by_both = Interactions("visits", rows, at="at", channel="shop", record_id=("site", "no"))
    assert outcomes(measured(registry, by_both), "visits") == {"counted": 3}


def test_little_memory_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    with duckdb.connect() as database:
        database.execute(
            f"""COPY (SELECT 'C' || i % 70000 AS contact, TIMESTAMP '2024-01-01' + to_seconds(i) AS "when", i AS total,
                'EUR' AS cur FROM range(150000) AS t(i)) TO '{tmp_path}/many.parquet'"""
        )
    told = Interactions("orders", tmp_path / "many.parquet", **ORDERS)
    small, large = measured(registry, told, memory="100MB"), measured(registry, told)
    assert small.customers.to_arrow().equals(large.customers.to_arrow())
    assert sum(outcomes(small).values()) == 150_000


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"at": "wen"}, "no column 'wen', which at names .* Did you mean 'when'"),
        ({"record_id": None}, "nothing says whose they are"),
        ({"channel": None}, "Say of which: channel"),
        ({"currency": None}, "amount without a currency"),
        ({"currency": "curr"}, "neither a column .* nor a code"),
        ({"timezone": "Mars"}, "no time zone 'Mars'"),
        ({"negative": "maybe"}, "no negative 'maybe'"),
        ({"name": "My Orders"}, "does not fit"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(registry: Registry, change: dict[str, Any], message: str) -> None:
    settings = {"name": "orders", "source": pa.Table.from_pylist(some_orders(3, 1)), **ORDERS, **change}
    with pytest.raises(UsageError, match=message):
        measured(registry, Interactions(**settings))


def test_a_call_that_cannot_be_is_refused(registry: Registry) -> None:
    one = orders(some_orders(3, 1))
    with pytest.raises(UsageError, match="no time zone"):
        measured(registry, one, as_of=datetime(2024, 1, 1))
    with pytest.raises(UsageError, match="nothing to measure"):
        measured(registry)
    with pytest.raises(UsageError, match="two tables"):
        measured(registry, one, one)
    with pytest.raises(UsageError, match="dormant_days must be a whole number"):
        measured(registry, one, rules=Rules(dormant_days=0))
    with pytest.raises(UsageError, match="no amount of memory"):
        measured(registry, one, memory="much")

"""Golden values: whose wins, and where it came from."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custid import schemas
from custid.engines.local.survivorship import survive
from custid.errors import ConfigError

DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]


def _records(*rows: dict[str, object]) -> pa.Table:
    fields = list(dict.fromkeys(name for row in rows for name in row if name not in ("key", "day", "channel")))
    head = pa.table(
        {
            "record_key": pa.array([row["key"] for row in rows], pa.int64()),
            "channel": [row.get("channel", "crm") for row in rows],
            "record_id": [f"r{row['key']}" for row in rows],
            "updated_at": pa.array([row.get("day") for row in rows], schemas.INSTANT),
            "live": [True] * len(rows),
            "first_run": pa.array([1] * len(rows), pa.int64()),
            "last_run": pa.array([1] * len(rows), pa.int64()),
        }
    )
    for name in fields:
        head = head.append_column(name, pa.array([row.get(name) for row in rows], pa.string()))
    return head


def _links(*pairs: tuple[int, str]) -> pa.Table:
    return pa.table(
        {"record_key": [key for key, _ in pairs], "customer_id": [name for _, name in pairs]}, schemas.LINKS
    )


ROWS = (
    {"key": 1, "day": DAYS[0], "email": "old@x", "surname": "Keller-Long", "city": "Bern", "street": "A 1"},
    {"key": 2, "day": DAYS[2], "email": None, "surname": "Keller", "city": "Basel", "channel": "shop"},
    {"key": 3, "day": DAYS[1], "email": "new@x", "surname": "Keller", "channel": "app"},
    {"key": 4, "day": DAYS[1], "email": "other@x", "surname": "Ek"},
)
LINKS = _links((1, "A"), (2, "A"), (3, "A"), (4, "B"))


def _golden(rule: str) -> dict[str, str | None]:
    return dict(survive(_records(*ROWS), LINKS, {"*": rule}).to_pylist()[0])


@pytest.mark.parametrize(
    ("rule", "field", "value", "source"),
    [
        ("most_recent", "email", "new@x", "app:r3"),
        ("most_recent", "surname", "Keller", "shop:r2"),
        ("most_complete", "surname", "Keller-Long", "crm:r1"),
        ("most_frequent", "surname", "Keller", "shop:r2"),
        ("longest", "surname", "Keller-Long", "crm:r1"),
        ("trusted app, crm", "surname", "Keller", "app:r3"),
        ("trusted crm", "email", "old@x", "crm:r1"),
    ],
)
def test_the_rule_says_whose_value_wins_and_the_record_is_named(rule: str, field: str, value: str, source: str) -> None:
    golden = _golden(rule)
    assert (golden[field], golden[f"{field}_from"]) == (value, source)


def test_the_parts_of_an_address_come_from_one_record() -> None:
    golden = _golden("most_recent")
    assert (golden["city"], golden["street"], golden["street_from"]) == ("Basel", None, None)


def test_every_customer_has_one_row_with_its_number_of_records() -> None:
    golden = survive(_records(*ROWS), LINKS, {"*": "most_recent"})
    assert golden.select(["customer_id", "records"]).to_pylist() == [
        {"customer_id": "A", "records": 3},
        {"customer_id": "B", "records": 1},
    ]


def test_a_numbered_field_stands_beside_the_first() -> None:
    records = _records({"key": 1, "email_2": "second@x", "email": None, "day": DAYS[0]})
    golden = survive(records, _links((1, "A")), {"*": "most_recent"}).to_pylist()[0]
    assert golden["email"] == "second@x"


@given(order=st.permutations(range(4)))
def test_the_order_of_records_does_not_matter(order: list[int]) -> None:
    for rule in ("most_recent", "most_frequent", "longest"):
        shuffled = survive(_records(*(ROWS[i] for i in order)), LINKS, {"*": rule})
        assert shuffled.sort_by("customer_id").to_pylist() == survive(_records(*ROWS), LINKS, {"*": rule}).to_pylist()


def test_an_unknown_rule_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="most_recent"):
        _golden("newest")

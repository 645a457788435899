"""The story on the command line: timeline, measures, and what show adds."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from .conftest import Custid

DECLARED = """
[interactions.orders]
path = "orders.csv"
kind = "order"
at = "day"
channel = "crm"
record_id = "contact"
amount = "total"
currency = "EUR"
text = "goods"

[measures]
dormant_days = 300
"""
ORDERS = """\
contact,day,total,goods
C0,2024-01-05 10:00,120,a pair of 红鞋 in a box
C0,2024-02-06,1.5,socks
C1,2023-01-01,7,cap
C1,soon,7,cap
X1,2024-01-01,7,cap
"""


@pytest.fixture
def told(ran: Path) -> Path:
    (ran / "orders.csv").write_text(ORDERS)
    with (ran / "customers.toml").open("a") as config:
        config.write(DECLARED)
    return ran


def test_timeline_tells_what_a_customer_did(custid: Custid, told: Path) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    lines = custid("timeline", customer_id).splitlines()
    assert lines[0].split("  ")[0] == "when (UTC)"
    assert " ".join(lines[1].split()) == "2024-01-05 10:00 order crm:C0 120.00 EUR a pair of 红鞋 in a box"
    assert lines[2].startswith("2024-02-06 00:00  order    crm:C0")
    assert "created with crm:C0 and shop:S" in lines[3]
    rows = json.loads(custid("timeline", customer_id, "--json"))
    assert [row["amount"] for row in rows] == ["120.0000", "1.5000", None]
    assert json.loads(custid("timeline", customer_id, "--as-of", "2024-02-01", "--json")) == []
    assert "Nothing is known of it as of 2024-02-01." in custid("timeline", customer_id, "--as-of", "2024-02-01")


def test_show_ends_with_the_story(custid: Custid, told: Path) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    assert "story: 2 × order, 2024-01-05 to 2024-02-06; EUR 121.50" in custid("show", customer_id)
    (told / "orders.csv").unlink()
    assert "there is no file" in custid("show", customer_id)
    assert custid.code == 0


def test_show_without_interactions_is_as_ever(custid: Custid, ran: Path) -> None:
    assert "story" not in custid("show", custid("lookup", "crm", "C0").strip())


def test_measures_writes_one_row_per_customer_and_says_what_did_not_count(custid: Custid, told: Path) -> None:
    printed = custid("measures", "--to", "m.parquet", "--as-of", "2024-03-01")
    table = pq.read_table("m.parquet")
    assert len(table) == len(set(table["customer_id"].to_pylist())) > 50
    (line,) = [line for line in printed.splitlines() if "nobody knows" in line]
    assert " ".join(line.split()) == "orders 1 are of records that nobody knows, or that were erased such as X1"
    assert f"{len(table):,} customers, measured at 2024-03-01 00:00 UTC, are in m.parquet." in printed
    again = json.loads(custid("measures", "--to", "m.csv", "--as-of", "2024-03-01", "--json"))
    assert again["rows"] == [
        {"interactions": "orders", "outcome": "counted", "rows": 3, "example": None},
        {"interactions": "orders", "outcome": "unknown_record", "rows": 1, "example": "X1"},
        {"interactions": "orders", "outcome": "unreadable_time", "rows": 1, "example": "C1"},
    ]
    assert again["segments"]["dormant"] == 1
    assert csv.read_csv("m.csv")["customer_id"].to_pylist() == table["customer_id"].to_pylist()


def test_now_is_said(custid: Custid, told: Path) -> None:
    assert json.loads(custid("measures", "--to", "m.parquet", "--as-of", "now", "--json"))["segments"]["dormant"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "m.parquet", "--as-of", "3"], "--as-of '3' is no time"),
        (["--to", "m.txt", "--as-of", "now"], "should end in .parquet or .csv"),
        (["--to", "m.parquet", "--as-of", "now", "--memory", "lots"], "'lots' is no amount of memory"),
        (["--to", "m.parquet", "--as-of", "now", "--config", "other.toml"], "there is no file other.toml"),
    ],
)
def test_wrong_use_is_said(custid: Custid, told: Path, arguments: list[str], message: str) -> None:
    assert message in custid.fails("measures", *arguments)


def test_nothing_declared_is_said(custid: Custid, ran: Path) -> None:
    assert "declares no interactions" in custid.fails("measures", "--to", "m.parquet", "--as-of", "now")
    custid("timeline", custid("lookup", "crm", "C0").strip())
    assert "No interactions are declared" in custid.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('path = "o.csv"', "no at. Write one"),
        ('path = "o.csv"\nat = "day"', "nothing says whose they are"),
        ('path = "o.csv"\nat = "day"\nemial = "x"', "unknown key 'emial'. Did you mean 'email'?"),
        ('path = "o.csv"\nat = "day"\nemail = "x"\nnegative = "no"', "there is no negative 'no'"),
        ('path = "o.csv"\nat = "day"\nemail = "x"\n[measures]\nnew_days = 0', "new_days must be a whole number from 1"),
        ('path = "o.csv"\nat = "day"\nemail = "x"\n[measures]\ntimezone = "Mars"', "no time zone 'Mars'"),
    ],
)
def test_a_wrong_declaration_is_said(custid: Custid, ran: Path, text: str, message: str) -> None:
    with (ran / "customers.toml").open("a") as config:
        config.write(f"\n[interactions.orders]\n{text}\n")
    assert message in custid.fails("measures", "--to", "m.parquet", "--as-of", "now")

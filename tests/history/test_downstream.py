"""Whoever keeps a copy of who is who, and is told nothing but `changes(since=)`, is always right.

The recipes are those of docs/change-feed.md, as they stand there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

import custid
from custid import schemas
from custid.registries.base import Registry

from .driver import EXAMPLES, Driver, as_dict, history, in_memory

#: Runs in a row in one registry, and registries.
RUNS, REGISTRIES = 40, EXAMPLES // 40 or 5


def apply(copy: dict[int, str], feed: pa.Table) -> None:
    """The last event of each record says where it is."""
    for row in feed.to_pylist():
        if row["new_id"] is None:
            copy.pop(row["record_key"], None)
        else:
            copy[row["record_key"]] = row["new_id"]


PAGE = (Path(__file__).parents[2] / "docs" / "change-feed.md").read_text("utf-8")
TABLES, MERGE, BY_CUSTOMER = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(PANDAS,) = re.findall(r"^```python\n(import pandas.*?)^march = ", PAGE, re.MULTILINE | re.DOTALL)


def truth(driver: Driver) -> dict[int, str]:
    """By record number; also what the registry's cross-reference says."""
    keys, customers = (driver.links[name].to_pylist() for name in ("record_key", "customer_id"))
    assert sorted(customers) == sorted(driver.xref().values())
    return dict(zip(keys, customers, strict=True))


@pytest.mark.parametrize("seed", range(REGISTRIES))
def test_a_copy_stays_in_step_run_by_run_and_over_several_runs_at_once(seed: int) -> None:
    chance = random.Random(seed)
    driver = Driver(in_memory(), seed)
    daily: dict[int, str] = {}
    now_and_then: dict[int, str] = {}
    seen = 0
    for clusters in history(chance, RUNS):
        run_id = driver.run(clusters)
        feed = driver.registry.changes(since=run_id - 1)
        # A record comes once in a run, and each row says what the copy holds of it.
        assert all(daily.get(row["record_key"]) == row["old_id"] for row in feed.to_pylist())
        apply(daily, feed)
        assert daily == truth(driver)
        if chance.random() < 0.2:
            apply(now_and_then, driver.registry.changes(since=seen))
            seen = run_id
            assert now_and_then == daily
    late: dict[int, str] = {}
    apply(late, driver.registry.changes())
    assert late == daily
    # What was applied before may be applied again.
    apply(late, driver.registry.changes(since=RUNS // 2))
    assert late == daily
    assert driver.registry.verify() == []


def test_a_run_without_changes_gives_an_empty_feed() -> None:
    driver = Driver(in_memory())
    for _ in range(2):
        driver.run({"crm:1": 1, "crm:2": 1})
    assert len(driver.registry.changes(since=1)) == 0
    assert driver.registry.changes(since=1).schema == schemas.CHANGES


def test_in_one_run_a_record_is_named_once_and_over_several_its_last_row_counts() -> None:
    driver = Driver(in_memory())
    driver.run({"crm:1": 1, "crm:2": 2})
    driver.run({"crm:1": 1, "crm:2": 1})
    driver.run({"crm:1": 1})
    feed = driver.registry.changes(since=1).to_pylist()
    assert [(row["run_id"], row["record_id"], row["kind"], row["new_id"] is None) for row in feed] == [
        (2, "2", "moved", False),
        (3, "2", "unlinked", True),
    ]


def moved_files(folder: Path, chance: random.Random, people: int) -> list[custid.Channel]:
    """Today's files of two channels: some people are not in them, some have another e-mail."""
    rows = [
        {
            "id": str(number),
            "given_name": given,
            "surname": surname,
            "email": f"{given}.{surname}{chance.choice(('', '', '2'))}@x.test".lower(),
            "birth_date": f"19{50 + number % 40}-0{number % 9 + 1}-1{number % 9}",
        }
        for number, (given, surname) in enumerate(
            (given, surname)
            for surname in ("Archer", "Baker", "Cooper", "Dyer", "Fisher")
            for given in ("Anna", "Bruno", "Clara", "David")
        )
    ]
    channels = []
    for name in ("crm", "shop"):
        kept = [row for row in rows if chance.random() < 0.8]
        swapped = [row | ({"given_name": "Zoe"} if chance.random() < 0.1 else {}) for row in kept]
        table = pa.Table.from_pylist(swapped, schema=pa.schema([(field, pa.string()) for field in rows[0]]))
        channels.append(custid.Channel(name, table, record_id="id", kind="snapshot", retire_share_max=1.0))
    return channels


def test_a_copy_stays_in_step_with_real_runs(tmp_path: Path) -> None:
    chance = random.Random(7)
    registry: Registry = custid.connect(tmp_path / "customers.db")
    model = None
    copy: dict[str, str] = {}
    told = 0
    for _ in range(12):
        run = custid.resolve(moved_files(tmp_path, chance, 20), registry=registry, model=model)
        model = run.model
        feed = registry.changes(since=run.previous)
        assert run.changes.to_arrow().drop_columns(["at"]).equals(feed.drop_columns(["at"]))
        told += len(feed)
        for row in feed.to_pylist():
            record = f"{row['channel']}:{row['record_id']}"
            assert copy.get(record) == row["old_id"]
            copy = {name: customer for name, customer in copy.items() if name != record}
            if row["new_id"] is not None:
                copy[record] = row["new_id"]
        assert copy == as_dict(registry.xref()) == as_dict(run.xref.to_arrow())
    assert told > 60


# --- the recipes --------------------------------------------------------------------------------------------


class Warehouse:
    """Some database downstream, on a DB-API cursor; `load` appends an Arrow table to a table."""

    def __init__(self, cursor: Any, load: Callable[[str, pa.Table], object]) -> None:
        self._cursor = cursor
        self.load = load
        self.run(TABLES)
        self.run(BY_CUSTOMER)

    def update(self, registry: Registry) -> None:
        """What the page says, in one transaction."""
        self.run("BEGIN")
        (last_run,) = self.rows("SELECT last_run FROM applied")[0]
        self.run("DELETE FROM changes; DELETE FROM customer_ids")
        self.load("changes", registry.changes(since=last_run))
        self.load("customer_ids", registry.customers())
        self.run(MERGE)
        self.run("COMMIT")

    def run(self, sql: str) -> None:
        for statement in filter(str.strip, sql.split(";")):
            self._cursor.execute(statement)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(sql)
        found: list[tuple[Any, ...]] = self._cursor.fetchall()
        return found


def into_duckdb(connection: duckdb.DuckDBPyConnection) -> Callable[[str, pa.Table], object]:
    return lambda table, rows: connection.execute(f"INSERT INTO {table} SELECT * FROM rows")


@pytest.fixture(params=["duckdb", "postgresql"])
def warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    if request.param == "duckdb":
        with duckdb.connect() as connection:
            yield Warehouse(connection, into_duckdb(connection))
        return
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="needs custid[postgres]")
    url = request.getfixturevalue("postgres").fresh()
    with adbc.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        yield Warehouse(cursor, lambda table, rows: cursor.adbc_ingest(table, rows, mode="append"))


def test_the_sql_recipe_keeps_a_table_in_step(warehouse: Warehouse) -> None:
    chance = random.Random(3)
    driver = Driver(in_memory(), 3)
    for clusters in history(chance, 25):
        driver.run(clusters)
        if chance.random() < 0.5:
            continue
        warehouse.update(driver.registry)
        copy = warehouse.rows("SELECT record_key, customer_id FROM customer_of")
        assert dict(copy) == truth(driver)
        named = warehouse.rows("SELECT channel || ':' || record_id, customer_id FROM customer_of")
        assert dict(named) == driver.xref()


def test_what_was_said_of_a_customer_follows_it_and_comes_back_with_it(warehouse: Warehouse) -> None:
    driver = Driver(in_memory())
    driver.run({"crm:1": 1, "crm:2": 2})
    a, b = (driver.xref()[record] for record in ("crm:1", "crm:2"))
    warehouse.load("points", pa.table({"customer_id": [a, b], "points": [10, 5]}))
    for clusters, expected in (
        ({"crm:1": 1, "crm:2": 2}, {a: 10, b: 5}),
        ({"crm:1": 1, "crm:2": 1}, {a: 15}),
        ({"crm:1": 1, "crm:2": 2}, {a: 10, b: 5}),
        ({"crm:1": 1}, {a: 10, b: 5}),
    ):
        driver.run(clusters)
        warehouse.update(driver.registry)
        assert dict(warehouse.rows("SELECT customer_id, CAST(points AS BIGINT) FROM points_now")) == expected


@pytest.mark.filterwarnings("error")
def test_the_pandas_recipe_keeps_a_frame_in_step() -> None:
    names: dict[str, Any] = {}
    exec(compile(PANDAS, "change-feed.md", "exec"), names)
    chance = random.Random(4)
    driver = Driver(in_memory(), 4)
    copy, seen = None, 0
    for clusters in history(chance, 25):
        run_id = driver.run(clusters)
        if chance.random() < 0.5:
            continue
        feed = driver.registry.changes(since=seen).to_pandas()
        if copy is None:
            index = feed["record_key"][:0]
            copy = pd.DataFrame(columns=["channel", "record_id", "customer_id"], index=index, dtype="str")
        copy, seen = names["apply"](copy, feed), run_id
        assert copy["customer_id"].to_dict() == truth(driver)
        assert dict(zip(copy["channel"] + ":" + copy["record_id"], copy["customer_id"], strict=True)) == driver.xref()

"""What was true then is what is answered now: by run, by instant, for every id and record there ever was."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

import pytest

from custid.errors import UnknownCustomer, UsageError

from .driver import EXAMPLES, Driver, at, history, in_memory

RUNS, REGISTRIES = 15, EXAMPLES // 15 or 4


@pytest.mark.parametrize("seed", range(REGISTRIES))
def test_every_past_answers_as_it_did_and_every_id_answers_today(seed: int) -> None:
    chance = random.Random(100 + seed)
    driver = Driver(in_memory(), seed)
    pasts: list[dict[str, str]] = [{}]
    ever: set[str] = set()
    for clusters in history(chance, RUNS):
        driver.run(clusters)
        pasts.append(driver.xref())
        ever |= set(pasts[-1])
    for run_id, past in enumerate(pasts):
        assert driver.xref(run_id) == past
    for run_id in chance.sample(range(1, RUNS + 1), 5):
        assert driver.xref(at(run_id)) == pasts[run_id]
        assert driver.xref(at(run_id) - timedelta(microseconds=1)) == pasts[run_id - 1]
    for name in chance.sample(sorted(ever), min(6, len(ever))):
        channel, record_id = name.split(":")
        for run_id in chance.sample(range(RUNS + 1), 5):
            assert driver.registry.lookup(channel, record_id, as_of=run_id) == pasts[run_id].get(name)
        assert driver.registry.lookup(channel, record_id) == pasts[-1].get(name)
    rows = driver.registry.customers().to_pylist()
    assert {row["customer_id"] for row in rows} == {customer for past in pasts for customer in past.values()}
    living = set(pasts[-1].values())
    for row in rows:
        now = driver.registry.current(row["customer_id"])
        assert now == (row["redirect"] or row["customer_id"])
        assert (now in living) == (driver.registry.customer(row["customer_id"]).status == "live")
    assert driver.registry.verify() == []


def some_registry() -> Driver:
    driver = Driver(in_memory())
    driver.run({"crm:1": 1, "crm:2": 2})
    driver.run({"crm:1": 1, "crm:2": 1})
    return driver


def test_at_the_instant_of_a_commit_its_run_counts() -> None:
    driver = some_registry()
    a, b = (driver.xref(1)[record] for record in ("crm:1", "crm:2"))
    moments = [
        at(1) - timedelta(microseconds=1),
        at(1),
        at(2) - timedelta(microseconds=1),
        at(2),
        at(2).astimezone(timezone(timedelta(hours=8))),
        datetime(1900, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
    found = [driver.registry.lookup("crm", "2", as_of=moment) for moment in moments]
    assert found == [None, b, b, a, a, None, a]


def test_a_time_without_a_zone_could_mean_anything_and_is_refused() -> None:
    driver = some_registry()
    for question in (driver.registry.xref, lambda when: driver.registry.lookup("crm", "1", as_of=when)):
        with pytest.raises(UsageError, match=r"has no time zone; give as_of as datetime\(\.\.\., tzinfo=UTC\)"):
            question(datetime(2026, 1, 1))


def test_a_run_to_come_is_no_past() -> None:
    driver = some_registry()
    with pytest.raises(UnknownCustomer, match="no run 3; the last one is run 2"):
        driver.registry.lookup("crm", "1", as_of=3)


def test_nobody_is_known_before_the_first_run() -> None:
    driver = some_registry()
    assert driver.registry.lookup("crm", "1", as_of=0) is None
    assert len(driver.registry.xref(as_of=0)) == 0


def test_events_hold_nothing_of_what_records_say() -> None:
    driver = Driver(in_memory())
    driver.run({"crm:Ann Archer": 1, "shop:ann@x.test": 1}, [("crm:Ann Archer", "shop:ann@x.test", 12.0)])
    driver.run({"crm:Ann Archer": 1, "shop:ann@x.test": 2})
    (customer,) = set(driver.xref(1).values())
    events = driver.registry.history(customer).drop_columns(["channel", "record_id"])
    own = [name for name in events.column_names if not name.startswith(("left_", "right_"))]
    assert not any("rcher" in str(row) or "@" in str(row) for row in events.select(own).to_pylist())

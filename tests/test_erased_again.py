"""Who was erased and comes again: in a run, from the files on."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from custid import Channel, connect, resolve
from custid.registries.base import Registry

PEOPLE = [
    {"id": "1", "given_name": "Anna", "surname": "Archer", "email": "anna@archer.test", "phone": "+4930901820"},
    {"id": "2", "given_name": "Bruno", "surname": "Baker", "email": "bruno@baker.test", "phone": None},
    {"id": "3", "given_name": "Clara", "surname": "Cooper", "email": "clara@cooper.test", "phone": None},
]


def crm(rows: list[dict[str, str | None]], **rest: object) -> Channel:
    return Channel("crm", pa.Table.from_pylist(rows), record_id="id", **rest)  # type: ignore[arg-type]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = connect(tmp_path / "customers.db")
    resolve([crm(PEOPLE)], registry=registry)
    customer = registry.lookup("crm", "1")
    assert customer is not None
    registry.erase(customer, actor="dpo")
    return registry


def test_an_erased_record_is_not_taken_in_again(registry: Registry, tmp_path: Path) -> None:
    run = resolve([crm(PEOPLE)], registry=registry)
    assert run.summary["channels"]["crm"]["rejected"] == 1
    assert run.rejects.to_arrow()["reason"].to_pylist() == ["erased"]
    assert registry.lookup("crm", "1") is None
    assert [row["record_id"] for row in registry.xref().to_pylist()] == ["2", "3"]
    assert b"archer" not in (tmp_path / "customers.db").read_bytes().lower()
    assert registry.verify() == []


def test_rows_of_an_erased_record_that_are_rejected_say_nothing_of_it(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    path.write_text("id,email\n1,anna@archer.test\n1,anna.archer@new.test\n4,d@d.test\n")
    run = resolve([Channel("crm", path, record_id="id")], registry=registry)
    told = run.rejects.to_arrow().to_pylist()
    assert len(told) == 2
    assert {(row["record_id"], row["raw"]) for row in told} == {(None, None)}
    assert b"archer" not in (tmp_path / "customers.db").read_bytes().lower()


def test_it_comes_in_as_new_once_a_steward_allows_it(registry: Registry) -> None:
    registry.allow_again("crm", "1", actor="ann")
    run = resolve([crm(PEOPLE)], registry=registry)
    assert len(run.rejects) == 0
    assert registry.lookup("crm", "1") is not None
    assert "carry" not in json.dumps(run.summary["notes"])
    assert registry.verify() == []


@pytest.mark.parametrize("everything", [True, False])
def test_a_record_with_a_value_of_somebody_erased_is_taken_in_and_told(registry: Registry, everything: bool) -> None:
    shop = Channel(
        "shop",
        pa.Table.from_pylist([{"no": "9", "full_name": "A. Archer", "phone": "030 901820", "email": "x@y.test"}]),
        record_id="no",
        country="DE",
    )
    run = resolve([shop], registry=registry, retrain=everything)
    assert run.summary["carry_erased"] == [{"record": "shop:9", "field": "phone"}]
    assert any("shop:9" in note for note in run.summary["notes"])
    assert registry.lookup("shop", "9") is not None
    # Told once: nothing of it is new in the next run.
    assert resolve([shop], registry=registry).summary["carry_erased"] == []


def test_a_snapshot_without_the_erased_retires_nobody(registry: Registry) -> None:
    run = resolve([crm(PEOPLE[1:], kind="snapshot")], registry=registry)
    assert run.summary["events"]["unlinked"] == run.summary["events"]["retired"] == 0

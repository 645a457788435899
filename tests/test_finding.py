"""Search before create: `registry.find`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import custid
from custid import Channel, UsageError
from custid.registries.base import Registry
from custid.testing.customers import households

ASKED = ("given_name", "surname", "full_name", "email", "phone", "birth_date", "city", "postcode")


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return households(800, seed=11).records.drop_columns(["channel", "updated_at"])


@pytest.fixture(scope="module")
def known(people: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = custid.connect(tmp_path_factory.mktemp("known") / "customers.db")
    custid.resolve(Channel("crm", people, record_id="record_id"), registry=registry)
    return registry


def test_somebody_who_is_known_is_found_first(known: Registry, people: pa.Table) -> None:
    for row in people.slice(40, 25).to_pylist():
        asked = {name: row[name] for name in ASKED if row[name]}
        if len(asked) < 4:
            continue
        found = known.find(asked).to_pylist()
        assert found[0]["customer_id"] == known.lookup("crm", row["record_id"])
        assert found[0]["likely"]
        assert [one["match_weight"] for one in found] == sorted((one["match_weight"] for one in found), reverse=True)
        assert len({one["customer_id"] for one in found}) == len(found)


def test_what_is_found_weighs_what_a_run_finds_it_to(people: pa.Table, tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    crm, shop = people.slice(0, 600), people.slice(600, 50)
    model = custid.resolve(Channel("crm", crm, record_id="record_id"), registry=registry).model
    found = {
        row["record_id"]: registry.find({name: row[name] for name in row if name != "record_id"}).to_pylist()
        for row in shop.to_pylist()
    }
    custid.resolve(Channel("shop", shop, record_id="record_id"), registry=registry, model=model)
    state = registry.read_state()
    names = {row["record_key"]: (row["channel"], row["record_id"]) for row in state.records.to_pylist()}
    weights = {
        frozenset((names[row["left_key"]], names[row["right_key"]])): row["match_weight"]
        for row in state.edges.to_pylist()
    }
    told = [(record_id, one) for record_id, ones in found.items() for one in ones]
    assert len(told) > 25
    for record_id, one in told:
        pair = frozenset((("shop", record_id), (one["channel"], one["record_id"])))
        assert weights[pair] == pytest.approx(one["match_weight"], abs=1e-4)


def test_nothing_is_written(known: Registry) -> None:
    before = known.runs().num_rows, Path(known.location).read_bytes()
    known.find({"email": "nobody@nowhere.test"})
    assert (known.runs().num_rows, Path(known.location).read_bytes()) == before


def test_nobody_is_found_for_what_nobody_has(known: Registry) -> None:
    assert len(known.find({"email": "nobody@nowhere.test"})) == 0


def test_columns_may_be_called_as_in_a_file(known: Registry, people: pa.Table) -> None:
    row = next(row for row in people.to_pylist() if row["email"] and row["surname"] and row["given_name"])
    found = known.find({"E-Mail": row["email"], "Nachname": row["surname"], "Vorname": row["given_name"]})
    assert found["customer_id"][0].as_py() == known.lookup("crm", row["record_id"])


def test_parts_say_what_speaks_for_and_against(known: Registry, people: pa.Table) -> None:
    names = ("email", "surname", "given_name")
    seen = set()
    for row in [row for row in people.to_pylist() if all(row[name] for name in (*names, "birth_date"))][:40]:
        found = known.find({name: row[name] for name in names} | {"birth_date": "1931-02-03"}).to_pylist()
        for part in found[0]["parts"] if found else []:
            assert part["bits"] > 0 or part["level"] != "equal"
            seen.add((part["comparison"], part["level"], part["bits"] > 0))
    assert {("email", "equal", True), ("birth_date", "different", False)} <= seen


def test_a_run_that_lands_is_known_at_once(people: pa.Table, tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    custid.resolve(Channel("crm", people.slice(0, 400), record_id="record_id"), registry=registry)
    registry.find({"email": "ann@example.test"})
    late = pa.table({"record_id": ["new"], "email": ["very.new@example.test"], "surname": ["Newcomer"]})
    custid.resolve(Channel("shop", late, record_id="record_id"), registry=registry)
    found = registry.find({"email": "very.new@example.test", "surname": "Newcomer"})
    assert found["record_id"].to_pylist() == ["new"]


def test_at_most_so_many_customers_are_told(known: Registry, people: pa.Table) -> None:
    row = people.slice(3, 1).to_pylist()[0]
    assert len(known.find({"surname": row["surname"], "city": row["city"]}, customers_max=1)) <= 1


def test_nothing_to_search_for_is_an_error(known: Registry) -> None:
    with pytest.raises(UsageError, match="at least one value"):
        known.find({"email": " "})


def test_an_empty_registry_finds_nobody(tmp_path: Path) -> None:
    with pytest.raises(custid.RegistryError, match="no registry"):
        custid.connect(tmp_path / "none.db").find({"email": "a@b.c"})

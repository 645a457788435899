"""Golden records as registries keep them: what is stored is what choosing anew would give; pins."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import custid
from custid import Channel
from custid.config import read_config
from custid.errors import ConfigError, RunConflict, UnknownCustomer, UsageError
from custid.golden import survive
from custid.model.spec import Comparison, Level, Model
from custid.model.survivorship import Survivorship
from custid.registries import golden as kept
from custid.registries.base import Commit, Registry
from custid.testing.customers import households

from .driver import Driver, history, in_memory

HISTORIES = int(os.environ.get("CUSTID_EXAMPLES", "2"))
NO_KEYS = pa.array([], pa.int64())


class Batches:
    """A registry whose every commit is that of a batch, and may bring a model."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.model: str | None = None
        self.values: dict[str, str] = {}
        self.first = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.registry, name)

    def commit(self, commit: Commit) -> int:
        reworked = None if self.first else NO_KEYS
        self.first = False
        ids = commit.records["record_id"].to_pylist()
        records = commit.records
        for field in ("email", "email_2", "surname", "given_name", "city", "street"):
            texts = [self.values.get(f"{field} {record_id}") for record_id in ids]
            records = records.append_column(field, pa.array(texts, pa.string()))
        return self.registry.commit(
            replace(commit, records=records, reworked=reworked, model=self.model, model_id=f"m{commit.base_run_id}")
        )


def scratch(registry: Registry) -> list[dict[str, Any]]:
    """The golden records, chosen anew out of all that the registry holds."""
    state = registry.read_state()
    plain = json.loads(state.model) if state.model else {}
    rules = Survivorship.read(plain.get("survivorship", {}), plain.get("display", {}))
    pins = registry.pins()
    pins = pins.filter(pc.is_null(pins["unpinned_at"]))
    rows: list[dict[str, Any]] = survive(state.records, state.links, rules, None, pins).to_pylist()
    return rows


def stored(registry: Registry) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = registry.golden().to_pylist()
    return rows


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_after_any_history_what_is_stored_is_what_choosing_anew_gives(seed: int) -> None:
    chance = random.Random(seed)
    registry = Batches(in_memory())
    driver = Driver(registry, seed)
    for clusters in history(chance, 7):
        for field, some in (
            ("email", ["a@x", "A@x", "b@x", "n/a"]),
            ("email_2", ["a@x", "c@x"]),
            ("surname", ["Ek", "EK", "Ekman"]),
            ("given_name", ["Bo", "Al"]),
            ("city", ["Bern", '"Basel"\n']),
            ("street", ["A 1", "B\\2"]),
        ):
            for number in range(14):
                registry.values[f"{field} {number}"] = chance.choice([None, *some])
        if chance.random() < 0.3:
            rule = chance.choice(["longest", "most_frequent", "trusted(微信, shop) then longest"])
            shown = chance.choice([{}, {"surname": "upper"}])
            registry.model = json.dumps({"survivorship": {"*": rule}, "display": shown})
        driver.run(clusters)
        registry.model = None
        assert stored(registry) == scratch(registry)
        ids = [row["customer_id"] for row in stored(registry)]
        act = chance.choice(["pin", "pin", "unpin", "nothing"])
        if ids and act == "pin":
            field, value = chance.choice([("surname", "Keller"), ("email", "A@X"), ("city", "Zug"), ("street", "C 3")])
            registry.pin(chance.choice(ids), field, value, actor="ann")
        standing = [row for row in registry.pins().to_pylist() if not row["unpinned_at"] and row["current_id"] in ids]
        if standing and act == "unpin":
            registry.unpin(standing[0]["current_id"], standing[0]["field"], actor="ann")
        assert stored(registry) == scratch(registry)
        assert {row["customer_id"] for row in stored(registry)} == set(driver.xref().values())
    assert registry.verify() == []


# --- with real runs ---


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return households(150, seed=3).records.drop_columns(["channel"])


@pytest.fixture(scope="module")
def model(people: pa.Table) -> Model:
    return custid.resolve(Channel("data", people, record_id="record_id")).model


@pytest.fixture(scope="module")
def resolved(people: pa.Table, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("golden") / "customers.db"
    run(path, people.slice(0, 120), model)
    return path


@pytest.fixture
def registry(resolved: Path, tmp_path: Path) -> Registry:
    (tmp_path / "c.db").write_bytes(resolved.read_bytes())
    return custid.connect(tmp_path / "c.db")


def run(registry: Any, rows: pa.Table, model: Model | None = None, **rest: Any) -> custid.Run:
    channel = Channel("data", rows, record_id="record_id", updated_at="updated_at")
    return custid.resolve(channel, registry=registry, model=model, **rest)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many customers were chosen anew, call by call."""
    counts: list[int] = []

    def counting(*args: Any, **rest: Any) -> pa.Table:
        found = survive(*args, **rest)
        counts.append(len(found))
        return found

    monkeypatch.setattr(kept, "survive", counting)
    return counts


def engine_says(registry: Registry) -> list[dict[str, Any]]:
    """The golden records by the engine, out of records whose comparable values are made anew."""
    from custid.engines.local import LocalEngine
    from custid.model.files import from_json

    state = registry.read_state()
    live = state.records.filter(state.records["live"])
    rows: list[dict[str, Any]] = LocalEngine().survive(live, state.links, from_json(state.model or "")).to_pylist()
    return rows


def test_a_batch_chooses_anew_for_the_customers_it_touched_and_no_others(
    registry: Registry, people: pa.Table, chosen: list[int]
) -> None:
    before = {row["customer_id"]: row for row in stored(registry)}
    done = run(registry, people.slice(118, 12))
    assert done.summary["matched"].startswith("the batch")
    assert len(chosen) == 1
    assert 0 < chosen[0] <= 12
    assert stored(registry) == engine_says(registry) == done.golden.to_arrow().to_pylist()
    after = {row["customer_id"]: row for row in stored(registry)}
    assert 0 < sum(row != before.get(name) for name, row in after.items()) <= 12
    run(registry, people.slice(0, 10))
    assert chosen[1:] in ([], [0])


def test_other_rules_choose_anew_for_everybody(registry: Registry, people: pa.Table, chosen: list[int]) -> None:
    rules = replace(custid_model(registry), survivorship={"*": "longest"}, display={"phone": "e164"})
    done = run(registry, people.slice(0, 1), rules)
    assert done.summary["matched"].startswith("the batch")
    assert sum(chosen) == len(done.golden) == len(registry.golden())
    assert stored(registry) == engine_says(registry)
    assert any(row["phone"] and row["phone"].startswith("+") for row in stored(registry))


def custid_model(registry: Registry) -> Model:
    from custid.model.files import from_json

    return from_json(registry.model() or "")


def test_a_dry_run_shows_what_golden_records_would_be_pins_included(registry: Registry, people: pa.Table) -> None:
    name = stored(registry)[0]["customer_id"]
    registry.pin(name, "surname", "Keller", actor="ann")
    before = stored(registry)
    dry = run(registry, people.slice(120, 10), dry_run=True)
    assert stored(registry) == before
    wet = run(registry, people.slice(120, 10))
    # New ids are drawn anew.
    assert [values(row) for row in dry.golden.to_arrow().to_pylist() if row["customer_id"] in ids(before)] == [
        values(row) for row in stored(registry) if row["customer_id"] in ids(before)
    ]
    assert len(dry.golden) == len(wet.golden)


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["customer_id"] for row in rows}


def values(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def test_golden_records_of_a_run_that_was_overtaken_are_not_passed_off_as_its_own(
    registry: Registry, people: pa.Table
) -> None:
    first = run(registry, people.slice(120, 5))
    run(registry, people.slice(125, 5))
    with pytest.raises(RunConflict):
        _ = first.golden


# --- pins ---


@pytest.fixture
def small() -> tuple[Driver, Registry]:
    registry = Batches(in_memory())
    for record, surname, city, street in (("1", "Long", "Bern", "A 1"), ("2", "Keller", "Basel", "B 2")):
        registry.values |= {f"surname {record}": surname, f"city {record}": city, f"street {record}": street}
        registry.values |= {f"email {record}": f"{surname}@x.org", f"given_name {record}": "Ann"}
    driver = Driver(registry)
    driver.run({"crm:1": 1, "crm:2": 2})
    return driver, registry


def one(registry: Registry, customer_id: str) -> dict[str, Any]:
    return dict(registry.golden(customer_id).to_pylist()[0])


def test_a_pinned_value_is_shown_at_once_with_who_said_so(small: tuple[Driver, Registry]) -> None:
    driver, registry = small
    a = driver.xref()["crm:1"]
    pin_id = registry.pin(a, "email", "ann@new.org", actor="ann", reason="by phone")
    row = one(registry, a.lower())
    assert (row["email"], row["email_from"]) == ("ann@new.org", f"(pinned {pin_id})")
    assert row["email_all"] == ["ann@new.org", "Long@x.org"]
    (said,) = registry.pins(a).to_pylist()
    assert (said["actor"], said["reason"], said["field"], said["value"]) == ("ann", "by phone", "email", "ann@new.org")
    told = registry.how(a, "email")
    assert told.decided_by.startswith("pinned by ann on ")
    assert told.decided_by.endswith(": by phone")
    assert [found.because for found in told.candidates] == ["a steward pinned another"]


def test_another_spelling_of_a_pinned_value_is_not_kept_beside_it(small: tuple[Driver, Registry]) -> None:
    driver, registry = small
    a = driver.xref()["crm:1"]
    registry.pin(a, "email", "long@X.org", actor="ann")
    assert one(registry, a)["email_all"] == ["long@X.org"]


def test_unpinned_the_rules_choose_again(small: tuple[Driver, Registry]) -> None:
    driver, registry = small
    a = driver.xref()["crm:1"]
    before = one(registry, a)
    registry.pin(a, "email", "ann@new.org", actor="ann")
    registry.pin(a, "email", "ann@newer.org", actor="bob")
    assert one(registry, a)["email"] == "ann@newer.org"
    registry.unpin(a, "email", actor="cleo")
    assert one(registry, a) == before
    assert [row["unpinned_by"] for row in registry.pins().to_pylist()] == ["bob", "cleo"]
    with pytest.raises(UsageError, match=r"email of .* is not pinned"):
        registry.unpin(a, "email", actor="cleo")


def test_an_address_is_pinned_whole_so_that_it_stays_one(small: tuple[Driver, Registry]) -> None:
    driver, registry = small
    a = driver.xref()["crm:1"]
    registry.pin(a, "city", "Köniz", actor="ann")
    registry.values |= {"city 3": "Zug", "street 3": "C 3"}
    driver.run({"crm:1": 1, "crm:2": 2, "crm:3": 1})
    row = one(registry, a)
    assert (row["city"], row["street"], row["records"]) == ("Köniz", "A 1", 2)
    registry.pin(a, "street", "A 2", actor="ann")
    row = one(registry, a)
    assert (row["city"], row["street"]) == ("Köniz", "A 2")
    registry.unpin(a, "city", actor="ann")
    row = one(registry, a)
    assert (row["city"], row["street"]) == ("Zug", "C 3")
    assert registry.verify() == []


def test_a_pin_goes_along_with_a_merge_and_back_when_it_is_undone(small: tuple[Driver, Registry]) -> None:
    driver, registry = small
    a, b = (driver.xref()[name] for name in ("crm:1", "crm:2"))
    registry.pin(b, "email", "b@pinned.org", actor="ann")
    driver.run({"crm:1": 1, "crm:2": 1})
    assert one(registry, b)["customer_id"] == a
    assert one(registry, a)["email"] == "b@pinned.org"
    registry.pin(a, "email", "a@pinned.org", actor="ann")
    assert one(registry, a)["email"] == "a@pinned.org"
    driver.run({"crm:1": 1, "crm:2": 2})
    assert (one(registry, a)["email"], one(registry, b)["email"]) == ("a@pinned.org", "b@pinned.org")
    driver.run({"crm:1": 1, "crm:2": 1})
    registry.unpin(a, "email", actor="ann")
    assert one(registry, a)["email"].endswith("@x.org")
    assert registry.verify() == []


def test_an_erased_customer_takes_its_pins_along(small: tuple[Driver, Registry]) -> None:
    driver, registry = small
    a, b = (driver.xref()[name] for name in ("crm:1", "crm:2"))
    registry.pin(a, "email", "ann@secret.org", actor="ann", reason="her new one")
    registry.pin(b, "given_name", "Anna", actor="ann", reason="not long@x.org")
    registry.erase(a, actor="dpo")
    assert [row["customer_id"] for row in registry.pins().to_pylist()] == [b, b]
    assert ids(stored(registry)) == {b}
    assert {row["reason"] for row in registry.pins().to_pylist()} == {"not [erased]"}
    assert registry.verify() == []


def test_erasing_one_record_takes_pins_of_its_values_and_chooses_anew(small: tuple[Driver, Registry]) -> None:
    driver, registry = small
    driver.run({"crm:1": 1, "crm:2": 1})
    a = driver.xref()["crm:1"]
    registry.pin(a, "email", "LONG@x.org", actor="ann")
    registry.pin(a, "given_name", "Anna", actor="ann")
    registry.erase(records=[("crm", "1")], actor="dpo")
    row = one(registry, a)
    assert (row["email"], row["email_all"], row["street"]) == ("Keller@x.org", ["Keller@x.org"], "B 2")
    assert "LONG@x.org" not in {said["value"] for said in registry.pins().to_pylist()}
    assert registry.verify() == []


def test_what_cannot_be_pinned_is_refused(small: tuple[Driver, Registry]) -> None:
    driver, registry = small
    a, b = (driver.xref()[name] for name in ("crm:1", "crm:2"))
    with pytest.raises(UsageError, match=r"no field 'fax'\. They have: "):
        registry.pin(a, "fax", "1", actor="ann")
    with pytest.raises(UsageError, match="must be a text that is not empty"):
        registry.pin(a, "email", " ", actor="ann")
    with pytest.raises(UnknownCustomer):
        registry.pin("nobody", "email", "a@x.org", actor="ann")
    driver.run({"crm:1": 1})
    with pytest.raises(UsageError, match="has no live records"):
        registry.pin(b, "email", "a@x.org", actor="ann")
    assert len(registry.golden(b)) == 0


def test_copies_have_the_golden_records_and_the_pins(registry: Registry, tmp_path: Path) -> None:
    name = stored(registry)[0]["customer_id"]
    registry.pin(name, "email", "pinned@x.org", actor="ann")
    registry.backup(tmp_path / "b.backup")
    other = custid.connect(tmp_path / "other.db")
    assert other.restore(tmp_path / "b.backup") == []
    assert stored(other) == stored(registry)
    registry.export(tmp_path / "export")
    import pyarrow.parquet as pq

    assert pq.read_table(tmp_path / "export" / "golden.parquet").to_pylist() == stored(registry)
    assert pq.read_table(tmp_path / "export" / "pins.parquet")["value"].to_pylist() == ["pinned@x.org"]


def test_golden_records_that_were_changed_behind_the_registrys_back_are_found(
    small: tuple[Driver, Registry], tamper: Callable[[Registry, str], None]
) -> None:
    driver, registry = small
    a = driver.xref()["crm:1"]
    tamper(registry, f"UPDATE custid.golden SET golden = '{{}}' WHERE customer_id = '{a}'")
    (finding,) = registry.verify()
    assert finding.invariant == "golden"
    assert a in finding.message


@pytest.fixture
def tamper() -> Callable[[Registry, str], None]:
    def change(registry: Any, statement: str) -> None:
        with registry._store.writing() as session:
            session.execute(statement)

    return change


def test_a_registry_from_before_golden_records_were_kept_chooses_them_when_asked(
    small: tuple[Driver, Registry], tamper: Callable[[Registry, str], None]
) -> None:
    driver, registry = small
    before = stored(registry)
    tamper(registry, "DELETE FROM custid.golden")
    tamper(registry, "DELETE FROM custid.meta WHERE name = 'golden_rules'")
    assert stored(registry) == before
    assert registry.golden(before[0]["customer_id"]).to_pylist() == before[:1]
    driver.run({"crm:1": 1, "crm:2": 2})
    tamper(registry, "DELETE FROM custid.links")
    assert stored(registry) == before


def test_a_model_that_says_what_cannot_be_is_refused_when_it_is_read() -> None:
    from custid.model.files import from_toml

    with pytest.raises(ConfigError, match=r"mine\.toml: survivorship: city is part of an address"):
        from_toml('comparisons = []\nblocking = []\n[survivorship]\ncity = "longest"\n', "mine.toml")


def test_rules_and_displays_survive_their_file() -> None:
    from custid.model.files import from_toml, to_toml

    comparison = Comparison("surname", ("surname",), (Level("equal", ("surname equal",)), Level("else")))
    model = Model((comparison,), (), survivorship={"*": "trusted(crm) then longest"}, display={"phone": "e164"})
    assert from_toml(to_toml(model)) == model


def test_rules_given_once_are_remembered_also_when_the_model_is_learnt_anew(
    registry: Registry, people: pa.Table
) -> None:
    rules, shown = {"*": "longest"}, {"surname": "upper"}
    done = run(registry, people.slice(0, 1), survivorship=rules, display=shown)
    assert done.summary["matched"].startswith("the batch")
    surnames = [row["surname"] for row in stored(registry) if row["surname"]]
    assert surnames == [surname.upper() for surname in surnames] != []
    learnt = run(registry, people.slice(0, 1), retrain=True).model
    assert (learnt.survivorship, learnt.display) == (rules, shown)
    with pytest.raises(ConfigError, match="'newest' is not understood"):
        run(registry, people.slice(0, 1), survivorship={"*": "newest"})


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('[survivorship]\nemail = "newest"', r"customers\.toml: survivorship rule 'newest'"),
        ("[survivorship]\nemail = 3", r"customers\.toml, \[survivorship\]: 'email' must be text in quotes; it is 3"),
        ('[display]\nphone = "E164"', r"customers\.toml: display of phone: 'E164' is not known"),
    ],
)
def test_rules_in_customers_toml_are_checked_when_it_is_read(tmp_path: Path, said: str, message: str) -> None:
    path = tmp_path / "customers.toml"
    path.write_text(f'{said}\n[channels.crm]\npath = "crm.csv"\n')
    with pytest.raises(ConfigError, match=message):
        read_config(path)

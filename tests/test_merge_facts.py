"""Merges that an export tells of are decisions of the run that reads it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import custid
from custid import Channel, Run
from custid.errors import RunConflict
from custid.model.spec import Model
from custid.registries.base import Registry
from custid.testing.customers import households

Row = dict[str, str | None]

HUBSPOT = "hubspot: Merged Contact IDs"
SALESFORCE = "salesforce_contact: MasterRecordId"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Model]:
    """A registry with enough other people that a batch is small, and its model."""
    path = tmp_path_factory.mktemp("base") / "customers.db"
    people = households(80, seed=3).records.drop_columns(["channel", "updated_at"])
    return path, custid.resolve(Channel("shop", people, record_id="record_id"), registry=path).model


@pytest.fixture
def registry(base: tuple[Path, Model], tmp_path: Path) -> Registry:
    shutil.copy(base[0], tmp_path / "customers.db")
    return custid.connect(tmp_path / "customers.db")


def hubspot(*rows: Row) -> Channel:
    names = ["Record ID", "First Name", "Last Name", "Email", "Merged Contact IDs"]
    return Channel("hub", pa.Table.from_pylist(list(rows), schema=schema(names)), preset="hubspot")


def salesforce(*rows: Row, kind: Any = "upsert") -> Channel:
    names = ["Id", "FirstName", "LastName", "Email", "MasterRecordId", "IsDeleted"]
    table = pa.Table.from_pylist(list(rows), schema=schema(names))
    return Channel("sales", table, preset="salesforce_contact", kind=kind)


def leads(*rows: Row) -> Channel:
    names = ["Id", "FirstName", "LastName", "Email", "ConvertedContactId"]
    return Channel("leads", pa.Table.from_pylist(list(rows), schema=schema(names)), preset="salesforce_lead")


def schema(names: list[str]) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in names])


def contact(record_id: str, given: str, surname: str, **rest: str) -> Row:
    return {
        "Record ID": record_id,
        "Id": record_id,
        "First Name": given,
        "FirstName": given,
        "Last Name": surname,
        "LastName": surname,
        "Email": f"{given}.{surname}@{record_id}.test".lower(),
        **rest,
    }


# People that no value ties together.
UMA, OTTO, PIA = contact("501", "Uma", "Quist"), contact("502", "Otto", "Voss"), contact("503", "Pia", "Ibsen")
KIM, ROLF, LEA = contact("601", "Kim", "Lund"), contact("602", "Rolf", "Ask"), contact("603", "Lea", "Dunn")
OTTO_WAS_UMA, PIA_WAS_OTTO = OTTO | {"Merged Contact IDs": "501"}, PIA | {"Merged Contact IDs": "502:1612345678901"}


def counts(run: Run) -> dict[str, int]:
    return {name: count for name, count in run.summary["merge_facts"].items() if count}


def nothing_happened(run: Run) -> bool:
    return not any(run.summary["events"].values())


def as_a_batch(run: Run) -> bool:
    return bool(run.summary["matched"] == "the batch, against what is known")


def together(registry: Registry, *record_ids: str, channel: str = "hub") -> bool:
    found = [registry.lookup(channel, record_id) for record_id in record_ids]
    assert None not in found
    return len(set(found)) == 1


@pytest.mark.parametrize("first", [True, False], ids=["first run", "batch"])
def test_a_merge_takes_effect_in_the_run_that_reads_it_and_only_there(
    first: bool, registry: Registry, tmp_path: Path
) -> None:
    if first:
        registry = custid.connect(tmp_path / "new.db")
    channels = [hubspot(UMA, OTTO_WAS_UMA, PIA), salesforce(KIM | {"MasterRecordId": "602"}, ROLF, LEA)]
    run = custid.resolve(channels, registry=registry)
    assert as_a_batch(run) != first
    assert counts(run) == {"read": 2, "decisions": 2}
    assert clusters(registry) == {frozenset(one) for one in ({"501", "502"}, {"503"}, {"601", "602"}, {"603"})}
    said = registry.decisions().to_pylist()
    assert [(row["verdict"], row["actor"], row["left_record_id"], row["right_record_id"]) for row in said] == [
        ("same", HUBSPOT, "501", "502"),
        ("same", SALESFORCE, "601", "602"),
    ]
    customer = registry.lookup("sales", "602")
    assert customer is not None
    assert said[1]["decision_id"] in {row["decision_id"] for row in registry.history(customer).to_pylist()}

    again = custid.resolve(channels, registry=registry)
    assert nothing_happened(again)
    assert counts(again) == {"read": 2, "known": 2}
    assert len(registry.decisions()) == 2
    assert registry.verify() == []


def test_it_also_takes_effect_without_a_registry_and_in_a_dry_run(registry: Registry) -> None:
    channel = hubspot(UMA, OTTO_WAS_UMA)
    assert len(set(custid.resolve(channel).xref.to_arrow()["customer_id"].to_pylist())) == 1
    dry = custid.resolve(channel, registry=registry, dry_run=True)
    assert counts(dry) == {"read": 1, "decisions": 1}
    assert len(registry.decisions()) == 0


def test_records_that_came_long_before_are_joined_by_a_merge_read_today(registry: Registry) -> None:
    custid.resolve(hubspot(UMA, OTTO), registry=registry)
    old = registry.lookup("hub", "501")
    run = custid.resolve(hubspot(OTTO_WAS_UMA), registry=registry)
    assert as_a_batch(run)
    assert run.summary["events"]["merged"] == 1
    assert registry.lookup("hub", "502") == old


def test_a_merge_with_a_record_that_never_came_waits_for_it(registry: Registry) -> None:
    run = custid.resolve(hubspot(OTTO_WAS_UMA), registry=registry)
    assert counts(run) == {"read": 1, "waiting": 1}
    assert any("1 merge by hubspot: Merged Contact IDs: kept until" in note for note in notes(run))
    assert nothing_happened(custid.resolve(hubspot(OTTO_WAS_UMA), registry=registry))
    assert len(registry.head().facts) == 1

    came = custid.resolve(hubspot(UMA), registry=registry)
    assert counts(came) == {"decisions": 1}
    assert together(registry, "501", "502")
    assert len(registry.head().facts) == 0
    assert nothing_happened(custid.resolve(hubspot(UMA, OTTO_WAS_UMA), registry=registry))


def notes(run: Run, channel: str = "hub") -> list[str]:
    found: list[str] = run.summary["channels"][channel]["notes"]
    return found


def test_batches_in_any_order_give_what_everything_at_once_gives(base: tuple[Path, Model], tmp_path: Path) -> None:
    """I3, with a chain of merges and a lead that became a contact of another channel."""
    lead = contact("00Q1", "Lea", "Dunn") | {"ConvertedContactId": "601"}
    batches = [
        hubspot(PIA_WAS_OTTO),
        leads(lead),
        hubspot(UMA, OTTO_WAS_UMA),
        salesforce(KIM, ROLF | {"MasterRecordId": "601"}),
    ]
    wanted = {frozenset({"501", "502", "503"}), frozenset({"00Q1", "601", "602"})}
    everything = [hubspot(UMA, OTTO_WAS_UMA, PIA_WAS_OTTO), batches[1], batches[3]]
    for number, order in enumerate([(0, 1, 2, 3), (3, 2, 1, 0)]):
        path = shutil.copy(base[0], tmp_path / f"{number}.db")
        registry = custid.connect(path)
        for place in order:
            assert as_a_batch(custid.resolve(batches[place], registry=registry))
        assert clusters(registry) == wanted
        assert len(registry.decisions()) == 4
    assert nothing_happened(custid.resolve(everything, registry=registry))
    at_once = custid.connect(shutil.copy(base[0], tmp_path / "at_once.db"))
    custid.resolve(everything, registry=at_once)
    assert clusters(at_once) == wanted


def clusters(registry: Registry) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in registry.xref().to_pylist():
        if row["channel"] != "shop":
            found.setdefault(row["customer_id"], set()).add(row["record_id"])
    return {frozenset(cluster) for cluster in found.values()}


def test_a_contact_merged_away_and_deleted_in_the_same_delta_ties_nobody_wrongly(registry: Registry) -> None:
    custid.resolve(salesforce(UMA, OTTO, PIA), registry=registry)
    gone = UMA | {"MasterRecordId": "502", "IsDeleted": "true"}
    run = custid.resolve(salesforce(gone, kind="delta"), registry=registry)
    assert counts(run) == {"read": 1, "decisions": 1}
    assert registry.lookup("sales", "501") is None
    assert not together(registry, "502", "503", channel="sales")
    assert nothing_happened(custid.resolve(salesforce(gone, kind="delta"), registry=registry))


def test_a_link_to_a_system_that_several_channels_have_is_not_guessed(registry: Registry) -> None:
    lead = contact("00Q1", "Lea", "Dunn") | {"ConvertedContactId": "601"}
    two = [Channel(name, pa.table({"Id": ["601"], "LastName": [name]}), preset="salesforce_contact") for name in "ab"]
    run = custid.resolve([leads(lead), *two], registry=registry)
    assert counts(run) == {"read": 1, "waiting": 1}
    assert any("there are 2: a, b" in note for note in notes(run, "leads"))


def test_a_stewards_word_stands_against_a_merge_until_it_is_taken_back(registry: Registry) -> None:
    custid.resolve(hubspot(UMA, OTTO), registry=registry)
    number = registry.decide(("hub", "501"), ("hub", "502"), "different", actor="ann")
    run = custid.resolve(hubspot(OTTO_WAS_UMA), registry=registry)
    assert counts(run) == {"read": 1, "contradicted": 1}
    assert f"hub:502 and hub:501 stay apart by decision {number} by ann" in notes(run)
    assert not together(registry, "501", "502")
    registry.revoke(number, actor="bob")
    run = custid.resolve(hubspot(PIA), registry=registry)
    assert counts(run) == {"decisions": 1}
    assert together(registry, "501", "502")


def test_merges_that_only_together_contradict_a_steward_are_taken_as_far_as_they_go(registry: Registry) -> None:
    custid.resolve(hubspot(UMA, OTTO, PIA), registry=registry)
    registry.decide(("hub", "501"), ("hub", "503"), "different", actor="ann")
    run = custid.resolve(hubspot(OTTO_WAS_UMA, PIA_WAS_OTTO), registry=registry)
    assert counts(run) == {"read": 2, "decisions": 1, "contradicted": 1}
    assert together(registry, "501", "502")
    assert not together(registry, "502", "503")
    assert registry.verify() == []


def test_a_merge_that_a_steward_took_back_does_not_come_back_by_itself(registry: Registry) -> None:
    custid.resolve(hubspot(UMA, OTTO_WAS_UMA), registry=registry)
    registry.revoke(registry.decisions()["decision_id"][0].as_py(), actor="ann")
    for kept in (hubspot(UMA, OTTO_WAS_UMA), hubspot(OTTO_WAS_UMA | {"Email": "o@other.test"})):
        run = custid.resolve(kept, registry=registry)
        assert counts(run) == {"read": 1, "taken_back": 1}
        assert not together(registry, "501", "502")
    assert any("taken back by a steward before" in note for note in notes(run))


def test_nor_one_that_a_steward_undid_as_a_merge_of_customers(registry: Registry) -> None:
    custid.resolve(hubspot(UMA, OTTO), registry=registry)
    second = registry.lookup("hub", "502")
    assert second is not None
    custid.resolve(hubspot(OTTO_WAS_UMA), registry=registry)
    registry.unmerge(second, actor="ann")
    custid.resolve(hubspot(UMA, OTTO_WAS_UMA), registry=registry)
    assert registry.lookup("hub", "502") == second
    assert not together(registry, "501", "502")


def test_a_run_does_not_land_when_a_steward_decided_something_meanwhile(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its decisions have numbers that its events name, and what it worked out may be what was just forbidden."""
    custid.resolve(hubspot(UMA, OTTO), registry=registry)
    commit, said = registry.commit, []

    def late(work: Any) -> int:
        if not said:
            said.append(registry.decide(("hub", "501"), ("hub", "502"), "different", actor="ann"))
        return commit(work)

    monkeypatch.setattr(registry, "commit", late)
    with pytest.raises(RunConflict, match="a steward has decided"):
        custid.resolve(hubspot(OTTO_WAS_UMA), registry=registry)
    assert len(registry.decisions()) == 1
    run = custid.resolve(hubspot(OTTO_WAS_UMA), registry=registry, retry=True)
    assert counts(run) == {"read": 1, "contradicted": 1}


def test_what_waits_names_nobody_who_was_erased(registry: Registry, tmp_path: Path) -> None:
    otto = OTTO | {"Merged Contact IDs": "kundennummer-77"}
    custid.resolve(hubspot(UMA, otto), registry=registry)
    assert b"kundennummer" in (tmp_path / "customers.db").read_bytes()
    registry.erase(registry.lookup("hub", "502"), actor="dpo")
    assert len(registry.head().facts) == 0
    assert b"kundennummer" not in (tmp_path / "customers.db").read_bytes()
    run = custid.resolve(hubspot(otto, PIA_WAS_OTTO), registry=registry)
    assert counts(run) == {}
    assert len(registry.head().facts) == 0
    assert b"kundennummer" not in (tmp_path / "customers.db").read_bytes()


def test_what_waits_is_in_a_backup(registry: Registry, tmp_path: Path) -> None:
    custid.resolve(hubspot(OTTO_WAS_UMA), registry=registry)
    registry.backup(tmp_path / "copy.backup")
    restored = custid.connect(tmp_path / "restored.db")
    assert restored.restore(tmp_path / "copy.backup") == []
    assert counts(custid.resolve(hubspot(UMA), registry=restored)) == {"decisions": 1}

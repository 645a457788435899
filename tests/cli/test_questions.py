"""The commands that ask a registry: lookup, show, history, changes, verify."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from custid.registries.base import Finding

from .conftest import Custid, crm_rows

# --- lookup ---


def test_a_record_is_looked_up(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    assert customer_id == custid("lookup", "shop", "S0").strip()
    assert json.loads(custid("lookup", "crm", "C0", "--json")) == {
        "channel": "crm",
        "record_id": "C0",
        "as_of": None,
        "customer_id": customer_id,
    }


@pytest.mark.parametrize("moment", ["1", "2999-01-01", "2999-01-01T10:00+08:00"])
def test_a_record_is_looked_up_as_of_a_run_or_a_time(ran: Path, custid: Custid, moment: str) -> None:
    assert custid("lookup", "crm", "C0", "--as-of", moment) == custid("lookup", "crm", "C0")


def test_before_the_first_run_there_is_no_customer(ran: Path, custid: Custid) -> None:
    assert "as of 2001-01-01" in custid.fails("lookup", "crm", "C0", "--as-of", "2001-01-01")
    assert custid.code == 1


def test_an_unknown_record_fails(ran: Path, custid: Custid) -> None:
    assert custid.fails("lookup", "crm", "nobody") == (
        "custid: customers.db has no customer for record 'nobody' of channel 'crm'."
    )
    assert json.loads(custid("lookup", "crm", "nobody", "--json"))["customer_id"] is None
    assert custid.code == 1


def test_a_moment_that_is_none_is_wrong_use(ran: Path, custid: Custid) -> None:
    assert "neither a run nor a time" in custid.fails("lookup", "crm", "C0", "--as-of", "yesterday")
    assert custid.code == 2


# --- show ---


def test_raw_values_are_shown_with_what_was_made_of_them_and_how(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    lines = custid("show", customer_id, "--raw").splitlines()
    assert lines[0].startswith(customer_id)
    assert lines[2] == "crm:C0"
    assert any(line.split()[:4] == ["given_name", "Anna", "given_name", "anna"] for line in lines)
    records = json.loads(custid("show", customer_id, "--raw", "--json"))["records"]
    made = {row["comparable"]: row for row in records[0]["values"]}
    assert made["email"]["raw"] == "Anna.Archer@x.test"
    assert made["email"]["value"] == "anna.archer@x.test"
    assert "mailbox" in made["email"]["how"]


def test_a_customer_is_shown_beside_its_records(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    lines = custid("show", customer_id).splitlines()
    assert lines[0] == f"{customer_id}: live, 2 records, since run 1"
    assert lines[2].split() == ["golden", "from", "crm:C0", "shop:S0"]
    assert lines[4].split() == ["surname", "Archer", "crm:C0", "Archer", "Archer"]


def test_a_shown_customer_as_json_has_golden_values_and_records(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    shown = json.loads(custid("show", customer_id.lower(), "--json"))
    assert shown["customer_id"] == customer_id
    assert shown["golden"]["surname"] == "Archer"
    assert {(row["channel"], row["record_id"]) for row in shown["records"]} == {("crm", "C0"), ("shop", "S0")}


def test_a_customer_whose_records_are_gone_is_still_shown(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C59").strip()
    (ran / "crm.csv").write_text("\n".join(crm_rows()[:-1]))
    custid("run", "--quiet")
    assert custid("show", customer_id) == f"{customer_id}: retired, 0 records, since run 1\n"


def test_a_mistyped_id_is_said_to_be_one(ran: Path, custid: Custid) -> None:
    message = custid.fails("show", "not-an-id")
    assert "NOT-AN-ID" in message.upper()
    assert custid.code == 1


# --- history ---


def test_the_history_of_a_customer_is_told_in_sentences(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    lines = custid("history", customer_id).splitlines()
    assert lines[0] == customer_id
    assert "by tester: created" in lines[1]
    assert custid("history", "crm", "C0").splitlines() == lines
    assert json.loads(custid("history", "crm", "C0", "--json"))["customer_id"] == customer_id


def test_a_record_that_is_gone_still_has_a_history(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C59").strip()
    (ran / "crm.csv").write_text("\n".join(crm_rows()[:-1]))
    custid("run", "--quiet")
    assert custid("history", "crm", "C59").startswith(customer_id)
    assert "retired" in custid.out


def test_the_history_of_an_unknown_record_fails(ran: Path, custid: Custid) -> None:
    assert "knows no record 'nobody'" in custid.fails("history", "crm", "nobody")


# --- changes ---


def test_changes_are_those_of_the_last_run_or_since_one(ran: Path, custid: Custid) -> None:
    assert len(custid("changes").splitlines()) == 91
    custid("run", "--quiet")
    assert "Nothing changed after run 1." in custid("changes")
    assert len(json.loads(custid("changes", "--since", "0", "--json"))["changes"]) == 90


def test_changes_are_written_to_a_file_of_either_kind(ran: Path, custid: Custid) -> None:
    assert "90 changes after run 0 are in feed.parquet." in custid("changes", "--output", "feed.parquet")
    custid("changes", "--output", "feed.csv")
    assert pq.read_table("feed.parquet").num_rows == 90
    assert len(Path("feed.csv").read_text().splitlines()) == 91


def test_a_file_of_another_kind_is_wrong_use(ran: Path, custid: Custid) -> None:
    assert "should end in .parquet or .csv" in custid.fails("changes", "--output", "feed.xlsx")
    assert custid.code == 2


def test_changes_since_a_run_that_was_not_fail(ran: Path, custid: Custid) -> None:
    assert "there is no run 9" in custid.fails("changes", "--since", "9")


# --- verify ---


def test_a_sound_registry_passes(ran: Path, custid: Custid) -> None:
    assert custid("verify") == "customers.db is sound: 1 run.\n"
    assert json.loads(custid("verify", "--json"))["sound"] is True


def test_findings_are_printed_and_fail(ran: Path, custid: Custid, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("I4", "the xref differs")]
    monkeypatch.setattr("custid.registries.embedded.EmbeddedRegistry.verify", lambda _: found)
    assert custid("verify") == "I4: the xref differs\n"
    assert custid.code == 1
    assert json.loads(custid("verify", "--json"))["findings"] == [{"invariant": "I4", "message": "the xref differs"}]
    assert custid.code == 1


# --- where the registry is ---


@pytest.mark.parametrize("command", [["lookup", "crm", "C0"], ["show", "X"], ["history", "X"], ["changes"], ["verify"]])
def test_without_a_registry_every_command_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, custid: Custid, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "there is no registry at customers.db" in custid.fails(*command)
    assert custid.code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_in_the_folder_names_the_registry(ran: Path, custid: Custid) -> None:
    (ran / "customers.db").rename(ran / "named.db")
    config = ran / "customers.toml"
    config.write_text('registry = "named.db"\n' + config.read_text())
    assert "named.db is sound" in custid("verify")
    assert "there is no registry at other.db" in custid.fails("verify", "--registry", "other.db")


def test_a_file_that_is_no_registry_is_left_alone(ran: Path, custid: Custid) -> None:
    before = (ran / "crm.csv").read_bytes()
    assert "crm.csv" in custid.fails("verify", "--registry", "crm.csv")
    assert "crm.csv" in custid.fails("run", "--registry", "crm.csv", "--quiet")
    assert (ran / "crm.csv").read_bytes() == before

"""The commands that erase and copy: erase, allow-again, compact, backup, restore, export."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import Custid


def customer_of(custid: Custid, channel: str, record_id: str) -> str:
    return custid("lookup", channel, record_id).strip()


# --- erase ---


def test_a_customer_is_erased(ran: Path, custid: Custid) -> None:
    customer_id = customer_of(custid, "crm", "C0")
    said = custid("erase", customer_id, "--yes", "--reason", "case 7", "--output", "erased.csv")
    assert custid.code == 0, custid.err
    assert said == (
        f"Run 2 erased 2 records.\nTombstones now: {customer_id}\n"
        "The names of the records are in erased.csv. Delete it when tables downstream have followed.\n"
    )
    assert "C0" in (ran / "erased.csv").read_text()
    assert "no customer" in custid.fails("lookup", "crm", "C0")
    assert "erased for good" in custid("history", customer_id)
    assert b"anna.archer" not in (ran / "customers.db").read_bytes().lower()
    custid("verify")
    assert custid.code == 0
    assert "was erased already, in run 2" in custid.fails("erase", customer_id, "--yes")


def test_an_erased_customer_does_not_come_back_with_the_next_run(ran: Path, custid: Custid) -> None:
    custid("erase", "--record", "crm:C0", "--record", "shop:S0", "--yes")
    custid("run", "--quiet")
    assert custid.code == 0, custid.err
    assert "no customer" in custid.fails("lookup", "crm", "C0")
    rejected = pq.read_table(ran / "out" / "rejects.parquet").to_pylist()
    assert [(row["channel"], row["record_id"], row["reason"], row["raw"]) for row in rejected] == [
        ("crm", None, "erased", None),
        ("shop", None, "erased", None),
    ]
    custid("allow-again", "crm", "C0", "--actor", "ann")
    assert custid.code == 0
    custid("run", "--quiet")
    assert customer_of(custid, "crm", "C0")
    assert "no record 'C1' of channel 'crm' was erased" in custid.fails("allow-again", "crm", "C1")


def test_what_an_erasure_did_is_told_as_json(ran: Path, custid: Custid) -> None:
    told = json.loads(custid("erase", "--record", "shop:S0", "--yes", "--json"))
    assert (told["run_id"], told["customers"], told["records"]) == (2, [], 1)
    assert [(row["channel"], row["record_id"], row["new_id"]) for row in told["changes"]] == [("shop", "S0", None)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["erase", "--yes"], "name customer ids, or records"),
        (["erase", "X", "--record", "crm:C0", "--yes"], "name customer ids, or records"),
        (["erase", "--record", "C0", "--yes"], "should be CHANNEL:RECORD_ID"),
        (["erase", "--record", "crm:C0"], "nobody here to ask. Add --yes"),
        (["erase", "--record", "crm:C0", "--yes", "--output", "x.txt"], "should end in .parquet or .csv"),
        (["erase", "--record", "crm:C0", "--yes", "--reason", "Anna Archer asked"], "Nothing was erased"),
    ],
)
def test_an_erasure_that_is_not_clear_erases_nothing(
    ran: Path, custid: Custid, arguments: list[str], message: str
) -> None:
    assert message in custid.fails(*arguments)
    assert custid.code == 2
    assert customer_of(custid, "crm", "C0")


def test_a_registry_is_compacted(ran: Path, custid: Custid) -> None:
    assert custid("compact") == "customers.db is written anew.\n"
    custid("verify")
    assert custid.code == 0


# --- backup and restore ---


def test_a_backup_is_made_and_restored(ran: Path, custid: Custid) -> None:
    said = custid("backup", "first.backup")
    assert said.startswith("first.backup holds customers.db after run 1: ")
    assert custid("restore", "first.backup", "--registry", "second.db") == "second.db is restored: 1 run.\n"
    assert custid("lookup", "crm", "C0", "--registry", "second.db") == custid("lookup", "crm", "C0")
    assert "already" in custid.fails("restore", "first.backup", "--registry", "second.db")
    assert "there already" in custid.fails("backup", "first.backup")
    told = json.loads(custid("backup", "again.backup", "--json"))
    assert told["rows"]["runs"] == 1
    assert told["bytes"] == (ran / "again.backup").stat().st_size


def test_a_damaged_backup_is_refused(ran: Path, custid: Custid) -> None:
    custid("backup", "first.backup")
    whole = (ran / "first.backup").read_bytes()
    (ran / "first.backup").write_bytes(whole[:-100])
    assert "first.backup is damaged" in custid.fails("restore", "first.backup", "--registry", "second.db")
    assert custid.code == 1
    assert not (ran / "second.db").exists()


def test_a_registry_that_is_not_sound_is_backed_up_and_said_to_be_so(ran: Path, custid: Custid) -> None:
    import duckdb

    with duckdb.connect("customers.db") as database:
        database.execute("DELETE FROM custid.links WHERE record_key = 1")
    assert "not sound" in custid("backup", "first.backup")
    assert custid.code == 1
    assert "I1: 1 live records without a customer id" in custid("restore", "first.backup", "--registry", "second.db")
    assert custid.code == 1


# --- export ---


def test_every_table_is_exported(ran: Path, custid: Custid) -> None:
    said = custid("export", "--to", "export")
    assert "xref.parquet" in said
    rows = json.loads(custid("export", "--to", "export", "--json"))["rows"]
    assert rows["xref"] == rows["records"] == 90
    assert {path.stem for path in (ran / "export").glob("*.parquet")} == set(rows)
    assert "something other than an export" in custid.fails("export", "--to", ".")
    assert "no folder" in custid.fails("export", "--to", "nowhere/export")


def test_every_exported_column_is_documented(ran: Path, custid: Custid) -> None:
    custid("export", "--to", "export")
    page = (Path(__file__).parents[2] / "docs" / "tables.md").read_text("utf-8")
    parts = {part.split("\n", 1)[0].strip(): part for part in page.split("\n## ")[1:]}
    for path in (ran / "export").glob("*.parquet"):
        documented = {
            name.strip(" `")
            for line in parts[path.name].splitlines()
            if line.startswith("| `")
            for name in line.split("|")[1].split(",")
        }
        columns = set(pq.read_schema(path).names)
        if path.stem in ("records", "golden"):
            columns = {name for name in columns if name in documented}
        assert documented == columns, path.name

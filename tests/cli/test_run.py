"""`custid run`, from files to tables."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from custid.errors import RunConflict

from .conftest import Custid, crm_rows

TABLES = ["changes", "golden", "rejects", "review", "xref"]


def table(path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(path).to_pylist()
    return rows


def test_a_run_leaves_a_registry_and_the_tables(ran: Path, custid: Custid) -> None:
    assert (ran / "customers.db").exists()
    assert sorted(path.name for path in (ran / "out").iterdir()) == sorted(
        [*(f"{name}.parquet" for name in TABLES), "summary.json"]
    )
    xref = {(row["channel"], row["record_id"]): row["customer_id"] for row in table(ran / "out/xref.parquet")}
    assert len(xref) == 90
    assert xref["crm", "C0"] == xref["shop", "S0"]
    assert len(table(ran / "out/golden.parquet")) == len(set(xref.values())) == 60
    assert len(table(ran / "out/changes.parquet")) == 90


def test_the_same_run_twice_changes_nothing(ran: Path, custid: Custid) -> None:
    before = table(ran / "out/xref.parquet")
    summary = json.loads(custid("run", "--json"))
    assert custid.code == 0
    assert summary["run_id"] == 2
    assert not any(summary["events"].values())
    assert table(ran / "out/xref.parquet") == before
    assert table(ran / "out/changes.parquet") == []


def test_json_is_all_that_stdout_gets_and_what_the_file_says(ran: Path, custid: Custid) -> None:
    printed = json.loads(custid("run", "--json"))
    assert printed == json.loads((ran / "out/summary.json").read_text())
    assert printed["files"]["xref"] == "out/xref.parquet"
    assert "custid: reading the channels" in custid.err


def test_the_summary_says_where_the_results_lie(ran: Path, custid: Custid) -> None:
    assert "The tables are in out/, the registry is customers.db." in custid("run")
    assert "crm" in custid.out


def test_quiet_says_nothing(ran: Path, custid: Custid) -> None:
    custid("run", "--quiet")
    assert (custid.code, custid.out, custid.err) == (0, "", "")


def test_a_dry_run_writes_nothing(folder: Path, custid: Custid) -> None:
    summary = json.loads(custid("run", "--dry-run", "--json"))
    assert summary["customers"] == 60
    assert not (folder / "customers.db").exists()
    assert not (folder / "out").exists()
    assert "dry run, nothing was written" in custid("run", "--dry-run")


def test_a_dry_run_shows_who_would_change_and_why(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C59").strip()
    other_id = custid("lookup", "crm", "C0").strip()
    rows = crm_rows()
    (ran / "crm.csv").write_text(
        "\n".join([*rows[:-1], rows[1].replace("C0", "C98"), "C99,Greta,Weaver,g@x.test,1971-01-02"])
    )
    shown = custid("run", "--dry-run")
    assert f"retired, 1: all their records are gone\n  {customer_id} ends, crm:C59 gone\n" in shown
    assert f"grown, 1: get records that had no customer\n  {other_id} gets crm:C98\n    crm:C" in shown
    assert "created, 1: new customers\n" in shown
    assert "the run itself mints others" in shown
    told = json.loads(custid("run", "--dry-run", "--json"))["preview"]
    assert [(row["what"], row["records"]) for row in told] == [
        ("retired", ["crm:C59"]),
        ("grown", ["crm:C98"]),
        ("created", ["crm:C99"]),
    ]
    assert told[1]["evidence"] == "edge"
    assert custid("lookup", "crm", "C59").strip() == customer_id


def test_a_dry_run_of_the_same_input_has_nothing_to_show(ran: Path, custid: Custid) -> None:
    assert "No customer changes." in custid("run", "--dry-run")
    assert custid("run", "--dry-run", "--quiet") == ""


def test_registry_and_output_can_be_elsewhere(folder: Path, custid: Custid) -> None:
    custid("run", "--registry", "other.db", "--output", "deep/tables", "--quiet")
    assert custid.code == 0
    assert (folder / "deep/tables/xref.parquet").exists()
    assert not (folder / "customers.db").exists()
    assert len(custid("lookup", "crm", "C1", "--registry", "other.db")) == 14


def test_an_output_that_is_a_file_is_refused_before_anything_is_read(folder: Path, custid: Custid) -> None:
    assert "is a file" in custid.fails("run", "--output", "crm.csv")
    assert custid.code == 2
    assert not (folder / "customers.db").exists()


def test_tables_lost_after_the_commit_come_with_the_next_run(
    ran: Path, custid: Custid, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = crm_rows()
    (ran / "crm.csv").write_text("\n".join([*rows, "C99,Greta,Weaver,greta@mail.test,1971-01-02"]))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("custid.cli.run.write_outputs", killed)
        custid("run", "--quiet")
    assert custid.code == 130
    assert "Run again" in custid.err
    assert len(table(ran / "out/changes.parquet")) == 90
    summary = json.loads(custid("run", "--json"))
    assert summary["run_id"] == 3
    assert [row["record_id"] for row in table(ran / "out/changes.parquet")] == ["C99"]


def test_a_folder_of_another_registry_is_not_mistaken_for_this_ones(ran: Path, custid: Custid) -> None:
    said = json.loads((ran / "out/summary.json").read_text())
    (ran / "out/summary.json").write_text(json.dumps({**said, "started_at": "1999-01-01T00:00:00+00:00"}))
    custid("run", "--quiet", "--output", "elsewhere")
    custid("run", "--quiet")
    assert table(ran / "out/changes.parquet") == []


def test_tables_that_cannot_be_written_are_said_to_be_missing(ran: Path, custid: Custid) -> None:
    (ran / "out/golden.parquet").unlink()
    (ran / "out/golden.parquet").mkdir()
    message = custid.fails("run", "--quiet")
    assert message.startswith("custid: run 2 is in the registry, but its tables could not be written to out")


def test_an_interrupted_run_says_that_nothing_was_written(
    folder: Path, custid: Custid, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("custid.engines.local.LocalEngine.match", interrupted)
    custid("run", "--quiet")
    assert custid.code == 130
    assert custid.err == "custid: interrupted; nothing was written.\n"
    assert not (folder / "customers.db").exists()


def test_a_run_that_lost_the_race_is_told_so(folder: Path, custid: Custid, monkeypatch: pytest.MonkeyPatch) -> None:
    def beaten(*_: object) -> None:
        raise RunConflict("another run landed; nothing was written.")

    monkeypatch.setattr("custid.registries.embedded.EmbeddedRegistry.commit", beaten)
    custid("run", "--quiet")
    assert (custid.code, custid.err) == (1, "custid: another run landed; nothing was written.\n")

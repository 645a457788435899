"""Whatever is wrong with the input: one clear message, an exit code, and no registry begun."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import CONFIG, Custid, crm_rows


@pytest.fixture(autouse=True)
def _no_registry_is_begun(folder: Path, request: pytest.FixtureRequest) -> object:
    yield
    if "keeps_going" not in request.node.name:
        left = {path.name for path in folder.iterdir()}
        assert left <= {"customers.toml", "crm.csv", "shop.csv", "crm.parquet"}


def test_a_missing_file(folder: Path, custid: Custid) -> None:
    (folder / "shop.csv").unlink()
    message = custid.fails("run")
    assert "channel 'shop': there is no file shop.csv" in message
    assert custid.code == 1


def test_an_unknown_column(folder: Path, custid: Custid) -> None:
    (folder / "customers.toml").write_text(CONFIG.replace('"contact_id"', '"contactid"'))
    message = custid.fails("run")
    assert "channel 'crm' has no column 'contactid'" in message
    assert "Did you mean 'contact_id'?" in message
    assert custid.code == 2


def test_an_unknown_column_among_the_fields(folder: Path, custid: Custid) -> None:
    (folder / "customers.toml").write_text(CONFIG + '[channels.shop.columns]\nemial = "email"\n')
    assert "Did you mean 'email'?" in custid.fails("run")


def test_an_empty_file(folder: Path, custid: Custid) -> None:
    (folder / "crm.csv").write_bytes(b"")
    assert "crm.csv is empty" in custid.fails("run")
    assert custid.code == 1


def test_a_broken_parquet_file(folder: Path, custid: Custid) -> None:
    (folder / "crm.parquet").write_bytes(b"PAR1 this is no longer a table PAR1")
    (folder / "customers.toml").write_text(CONFIG.replace("crm.csv", "crm.parquet"))
    assert "crm.parquet" in custid.fails("run")
    assert custid.code == 1


def test_a_wrong_encoding(folder: Path, custid: Custid) -> None:
    text = "\n".join(crm_rows()).replace("Anna", "安娜").encode("gb18030")
    (folder / "crm.csv").write_bytes(text)
    (folder / "customers.toml").write_text(CONFIG.replace('path = "crm.csv"', 'path = "crm.csv"\nencoding = "utf-8"'))
    message = custid.fails("run")
    assert "crm.csv" in message
    assert "utf-8" in message.lower()
    assert custid.code == 1


def test_a_misspelt_key(folder: Path, custid: Custid) -> None:
    (folder / "customers.toml").write_text(CONFIG.replace("kind", "knid"))
    assert "customers.toml, [channels.crm]: unknown key 'knid'. Did you mean 'kind'?" in custid.fails("run")
    assert custid.code == 2


def test_no_configuration(folder: Path, custid: Custid) -> None:
    (folder / "customers.toml").unlink()
    assert "custid init FILES..." in custid.fails("run")
    assert custid.code == 2


def test_a_registry_in_a_folder_that_is_not_there(folder: Path, custid: Custid) -> None:
    assert "there is no folder" in custid.fails("run", "--registry", "nowhere/customers.db")
    assert custid.code == 1


def test_a_duplicate_record_id_is_a_reject_and_the_run_keeps_going(folder: Path, custid: Custid) -> None:
    rows = crm_rows()
    (folder / "crm.csv").write_text("\n".join([*rows, rows[1].replace("Anna", "Hanna")]) + "\n")
    summary = json.loads(custid("run", "--json"))
    assert custid.code == 0
    crm = summary["channels"]["crm"]
    assert (crm["read"], crm["rejected"], crm["new"]) == (61, 1, 60)
    (reject,) = pq.read_table("out/rejects.parquet").to_pylist()
    assert reject["record_id"] == "C0"


def test_an_all_null_column_is_noted_and_the_run_keeps_going(folder: Path, custid: Custid) -> None:
    rows = [f"{row},{'fax' if number == 0 else ''}" for number, row in enumerate(crm_rows())]
    (folder / "crm.csv").write_text("\n".join(rows) + "\n")
    custid("run")
    assert custid.code == 0
    assert "column 'fax' is empty in every row" in custid.out


def test_a_snapshot_that_lacks_too_much_stops_and_keeps_going_on_what_was(folder: Path, custid: Custid) -> None:
    custid("run", "--quiet")
    (folder / "crm.csv").write_text("\n".join(crm_rows()[:20]) + "\n")
    message = custid.fails("run")
    assert "is a snapshot that lacks 41 of the 60 records" in message
    assert custid.code == 1
    assert "sound: 1 run" in custid("verify")

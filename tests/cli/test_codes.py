"""The commands on customer codes, and what run, lookup and show do with them."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import CONFIG, Custid


@pytest.fixture(scope="module")
def second_run(one_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a second run, with a format declared."""
    path = tmp_path_factory.mktemp("second_run")
    shutil.copytree(one_run, path, dirs_exist_ok=True)
    (path / "customers.toml").write_text('[codes]\nformat = "C{serial:A0000}{check}"\n\n' + CONFIG)
    custid = Custid()
    with contextlib.chdir(path):
        custid("run", "--actor", "tester", "--quiet")
    assert custid.code == 0, custid.err
    return path


@pytest.fixture
def coded(second_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(second_run, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_issues_codes_by_the_format_that_the_configuration_declares(coded: Path, custid: Custid) -> None:
    lines = custid("codes").splitlines()
    assert lines[:2] == ["Format: C{serial:A0000}{check}", "60 codes, 0 aliases."]
    assert lines[3].split() == ["code", "customer", "kind", "issued"]
    assert len(lines) == 25
    table = pq.read_table("out/codes.parquet")
    assert table["run_id"].unique().to_pylist() == [2]
    listed = json.loads(custid("codes", "--json"))
    assert [row["code"] for row in listed["codes"]] == table["code"].to_pylist()
    assert "sound" in custid("verify")


def test_a_dry_run_issues_none(ran: Path, custid: Custid) -> None:
    (ran / "customers.toml").write_text('[codes]\nformat = "C{serial:4}"\n\n' + CONFIG)
    custid("run", "--dry-run", "--quiet")
    assert custid("codes").splitlines()[1] == "0 codes, 0 aliases."


def test_a_code_is_looked_up_and_shown(coded: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    code = custid("show", customer_id).splitlines()[1].removeprefix("code ")
    assert custid("lookup", code.lower()).strip() == customer_id
    assert json.loads(custid("lookup", code, "--json")) == {"code": code, "customer_id": customer_id}
    assert custid("show", code) == custid("show", customer_id)
    assert json.loads(custid("show", code, "--json"))["code"] == code
    assert custid("codes", "--check", code) == f"{code}: customer {customer_id}, serial {code[1:-1]}\n"
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert "check character" in custid.fails("codes", "--check", wrong)
    assert "check character" in custid.fails("lookup", wrong)
    assert "custid lookup crm RECORD_ID" in custid.fails("lookup", "crm")
    assert "is for a record" in custid.fails("lookup", code, "--as-of", "1")


def test_old_codes_are_brought_in_and_new_ones_issued(coded: Path, custid: Custid) -> None:
    Path("old.csv").write_text("channel,record_id,code\ncrm,C0,007\ncrm,C1,008\n", encoding="utf-8")
    assert custid("codes", "--bring-in", "old.csv") == "2 codes of old.csv are new in customers.db.\n"
    customer_id = custid("lookup", "crm", "C0").strip()
    assert custid("lookup", "007").strip() == customer_id
    code = custid("codes", "--reissue", customer_id).strip()
    assert custid("show", customer_id).splitlines()[1].startswith(f"code {code}; also answers to ")
    assert set(json.loads(custid("show", code, "--json"))["aliases"]) >= {"007"}
    assert custid("codes", "--reissue", "all") == "0 new codes.\n"
    assert custid("codes", "--output", "codes.csv") == "63 codes are in codes.csv.\n"
    assert len(Path("codes.csv").read_text().splitlines()) == 64


def test_a_code_of_two_customers_is_refused(coded: Path, custid: Custid) -> None:
    Path("old.csv").write_text("channel,record_id,code\ncrm,C0,007\ncrm,C1,007\n", encoding="utf-8")
    assert "'007'" in custid.fails("codes", "--bring-in", "old.csv")
    assert custid.code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--check", "1", "--reissue", "all"], "one thing at a time"),
        (["--aliases"], "goes with --bring-in"),
        (["--output", "codes.doc"], "should end in .parquet or .csv"),
    ],
)
def test_wrong_use_is_told(coded: Path, custid: Custid, arguments: list[str], message: str) -> None:
    assert message in custid.fails("codes", *arguments)
    assert custid.code == 2


def test_a_file_to_bring_in_that_is_not_there_is_told(coded: Path, custid: Custid) -> None:
    assert "none.csv" in custid.fails("codes", "--bring-in", "none.csv")


def test_a_field_that_no_record_has_is_told_before_anything_is_written(ran: Path, custid: Custid) -> None:
    text = '[codes]\nformat = "{kind:1}{serial:4}"\nkind = { field = "kind", default = "X" }\n\n' + CONFIG
    (ran / "customers.toml").write_text(text)
    assert "no record has a field 'kind'" in custid.fails("run", "--quiet")
    assert custid.code == 2
    assert "1 run" in custid("verify")

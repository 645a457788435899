"""`custid evaluate` and `custid train`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from .conftest import Custid, crm_rows, shop_rows

TRUTH = "channel,record_id,true_id\n" + "".join(
    f"{name},{row.split(',')[0]},{row.split(',')[0][1:]}\n"
    for name, rows in (("crm", crm_rows()), ("shop", shop_rows()))
    for row in rows[1:]
)


@pytest.fixture
def known(folder: Path) -> Path:
    (folder / "truth.csv").write_text(TRUTH)
    return folder


def test_a_run_is_compared_with_the_truth_and_nothing_is_written(known: Path, custid: Custid) -> None:
    before = sorted(known.iterdir())
    text = custid("evaluate", "--truth", "truth.csv")
    assert custid.code == 0, custid.err
    assert "against the truth of 90 records" in text
    assert "60 of 60 true clusters found exactly" in text
    assert sorted(known.iterdir()) == before


def test_evaluate_as_json_is_all_that_stdout_gets(known: Path, custid: Custid) -> None:
    figures = json.loads(custid("evaluate", "customers.toml", "--truth", "truth.csv", "--json"))
    assert figures["truth"]["pairs"]["f1"] == 1.0
    assert figures["errors"] is None


def test_wrong_pairs_go_to_a_file(known: Path, custid: Custid) -> None:
    wrong = TRUTH.replace("shop,S0,0", "shop,S0,2")
    (known / "truth.csv").write_text(wrong)
    assert "Every wrong pair is in wrong.parquet." in custid(
        "evaluate", "--truth", "truth.csv", "--errors", "wrong.parquet"
    )
    rows = pq.read_table("wrong.parquet").to_pylist()
    assert {row["kind"] for row in rows} == {"missed", "false"}
    false = next(row for row in rows if row["kind"] == "false")
    assert (false["left_record_id"], false["right_record_id"], false["stage"]) == ("C0", "S0", "linked")


def test_the_registrys_model_is_used_when_there_is_one(ran: Path, custid: Custid) -> None:
    (ran / "truth.csv").write_text(TRUTH)
    figures = json.loads(custid("evaluate", "--truth", "truth.csv", "--json"))
    assert figures["model"]["origin"] == "the registry's"


def test_drawn_pairs_come_back_labelled(ran: Path, custid: Custid) -> None:
    said = custid("evaluate", "--draw", "sample.csv", "--count", "20")
    assert "custid evaluate customers.toml --pairs sample.csv" in said
    rows = pyarrow.csv.read_csv("sample.csv").to_pylist()
    assert 0 < len(rows) <= 20
    head, *lines = (ran / "sample.csv").read_text().splitlines()
    at = head.replace('"', "").split(",").index("label")
    for number, line in enumerate(lines):
        cells = line.split(",")
        cells[at] = "1"
        lines[number] = ",".join(cells)
    (ran / "sample.csv").write_text("\n".join([head, *lines]))
    figures = json.loads(custid("evaluate", "--pairs", "sample.csv", "--json"))
    assert figures["labelled_pairs"]["estimate"]["precision"]["share"] == 1.0
    assert f"{len(lines)} labelled pairs" in custid("evaluate", "--pairs", "sample.csv")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to compare with"),
        (["--truth", "truth.csv", "--draw", "sample.csv"], "--draw only draws pairs"),
        (["--pairs", "truth.csv", "--errors", "wrong.parquet"], "--errors needs the truth"),
        (["--truth", "truth.csv", "--errors", "wrong.txt"], "should end in .parquet or .csv"),
    ],
)
def test_wrong_use_of_evaluate(known: Path, custid: Custid, arguments: list[str], said: str) -> None:
    assert said in custid.fails("evaluate", *arguments, "--quiet")
    assert custid.code == 2


def test_truth_that_cannot_be_read_fails(known: Path, custid: Custid) -> None:
    assert "there is no" in custid.fails("evaluate", "--truth", "thruth.csv", "--quiet")
    assert "no column 'record_id'" in custid.fails("evaluate", "--truth", "crm.csv", "--quiet")
    assert custid.code == 1


# --- train --------------------------------------------------------------------------------------------------


def test_a_trained_model_is_used_by_the_next_run(known: Path, custid: Custid) -> None:
    said = custid("train", "customers.toml", "--output", "model.toml", "--truth", "truth.csv")
    assert custid.code == 0, custid.err
    assert 'model = "model.toml"' in said
    facts = tomllib.loads((known / "model.toml").read_text())["facts"]
    assert (facts["records"], facts["true_ids"], facts["channels"]) == (90, 90, ["crm", "shop"])
    assert not (known / "customers.db").exists()
    config = known / "customers.toml"
    config.write_text('model = "model.toml"\n' + config.read_text())
    summary = json.loads(custid("run", "--json"))
    assert summary["customers"] == 60
    assert summary["model"]["data_sha256"] == facts["data_sha256"]


def test_a_model_file_is_not_written_over_unless_told_to(known: Path, custid: Custid) -> None:
    (known / "model.toml").write_text("mine")
    assert "is there already" in custid.fails("train", "--quiet")
    assert custid.code == 2
    printed = json.loads(custid("train", "--force", "--json"))
    assert printed["model"] == "model.toml"
    assert printed["facts"]["records"] == 90
    assert (known / "model.toml").read_text() != "mine"

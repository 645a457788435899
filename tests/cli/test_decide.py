"""What stewards say on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import Custid


def _ids(custid: Custid, *records: str) -> list[str]:
    return [custid("lookup", *record.split(":")).strip() for record in records]


def test_a_decision_takes_effect_with_the_next_run_and_can_be_undone(ran: Path, custid: Custid) -> None:
    said = custid("decide", "same", "crm:C0", "crm:C1", "--reason", "married", "--actor", "ann")
    assert said == "Decision 1: crm:C0 and crm:C1: the same. It takes effect with the next run.\n"
    one, other = _ids(custid, "crm:C0", "crm:C1")
    assert one != other
    custid("run", "--quiet")
    assert _ids(custid, "crm:C0", "crm:C1") == [one, one]
    listed = custid("decisions").splitlines()[1].split()
    assert listed[:5] == ["1", "same", "crm:C0", "crm:C1", "ann"]
    assert listed[-1] == "married"
    assert custid("decide", "undo", "1", "--actor", "bo").startswith("Decision 1 is taken back.")
    custid("run", "--quiet")
    assert _ids(custid, "crm:C0", "crm:C1") == [one, other]
    assert custid("decisions").startswith("Nothing is decided.")
    assert "taken back by bo" in custid("decisions", "--all")


def test_a_contradiction_is_refused_with_both_named(ran: Path, custid: Custid) -> None:
    custid("decide", "different", "crm:C0", "shop:S0", "--actor", "ann")
    message = custid.fails("decide", "same", "shop:S0", "crm:C0", "--actor", "bo")
    assert "bo cannot decide that crm:C0 and shop:S0 are the same" in message
    assert "decision 1 by ann" in message
    assert custid.code == 1


def test_customers_are_merged_split_and_unmerged_as_a_whole(ran: Path, custid: Custid) -> None:
    one, other = _ids(custid, "crm:C0", "crm:C2")
    acted = json.loads(custid("decide", "merge", one, "crm:C2", "--json"))
    assert acted == {"act": 1, "decisions": [1, 2, 3], "taken_back": []}
    custid("run", "--quiet")
    assert _ids(custid, "crm:C0", "crm:C2", "shop:S2") == [one, one, one]
    assert "It took back" in custid("decide", "unmerge", other)
    custid("run", "--quiet")
    assert _ids(custid, "crm:C0", "crm:C2", "shop:S2") == [one, other, other]

    third = _ids(custid, "crm:C4")[0]
    said = custid("decide", "split", third, "--part", "crm:C4", "--part", "shop:S4", "--reason", "twins")
    assert f"{third} is 2 customers (1 decision). It takes effect with the next run." in said
    custid("run", "--quiet")
    assert len(set(_ids(custid, "crm:C4", "shop:S4"))) == 2
    act = json.loads(custid("decisions", "--json"))["decisions"][-1]["act"]
    assert f"Act {act}" in custid("decide", "undo", str(act))
    custid("run", "--quiet")
    assert len(set(_ids(custid, "crm:C4", "shop:S4"))) == 1


@pytest.mark.parametrize("name", ["said.csv", "said.parquet"])
def test_decisions_are_saved_and_loaded_again(ran: Path, custid: Custid, name: str) -> None:
    custid("decide", "same", "crm:C0", "crm:C1", "--reason", 'he said "yes", twice', "--actor", "ann")
    custid("decide", "split", _ids(custid, "crm:C2")[0], "--part", "crm:C2", "--part", "shop:S2")
    assert f"2 decisions are in {name}." in custid("decisions", "--to", name)
    assert custid("decide", "--from", name) == "0 decisions added, 2 known before, 0 left out.\n"
    before = json.loads(custid("decisions", "--json"))["decisions"]
    (ran / "customers.db").unlink()
    custid("run", "--quiet")
    assert custid("decide", "--from", name).startswith("2 decisions added, 0 known before")
    after = json.loads(custid("decisions", "--json"))["decisions"]
    names = ("left_record_id", "right_record_id", "verdict", "actor", "reason", "decided_at", "act")
    assert [[row[n] for n in names] for row in after] == [[row[n] for n in names] for row in before]


def test_a_file_with_a_bad_row_lands_not_at_all_unless_asked(ran: Path, custid: Custid) -> None:
    lines = ["left_channel,left_record_id,right_channel,right_record_id,verdict"]
    lines += ["crm,C0,crm,C1,same", "crm,C0,crm,none,same", "crm,C1,crm,C0,different"]
    Path("said.csv").write_text("\n".join(lines), "utf-8-sig")
    custid("decide", "--from", "said.csv")
    assert custid.code == 1
    assert "row 2: channel 'crm' has no record 'none'" in custid.err
    assert "row 3: crm:C0 and crm:C1 are different, which contradicts row 1" in custid.err
    assert custid("decisions").startswith("Nothing is decided.")
    assert custid("decide", "--from", "said.csv", "--skip-bad").startswith(
        "1 decision added, 0 known before, 2 left out."
    )
    assert "row 2 was left out" in custid.err
    custid("decisions", "--to", "said.parquet")
    assert pq.read_table("said.parquet")["verdict"].to_pylist() == ["same"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["decide"], "decide what?"),
        (["decide", "same", "C0", "crm:C1"], "'C0' names no record"),
        (["decide", "--actor", "ann", "same", "crm:C0", "crm:C1"], "write options after the word"),
        (["decide", "split", "X", "--part", "crm:C0"], "X"),
        (["decide", "undo", "7"], "there is no decision 7"),
        (["decide", "--from", "none.csv"], "there is no file none.csv"),
        (["decide", "--from", "crm.csv"], "has no column 'left_channel'"),
    ],
)
def test_what_cannot_be_decided_is_said(ran: Path, custid: Custid, arguments: list[str], message: str) -> None:
    assert message in custid.fails(*arguments)


@pytest.mark.parametrize("word", ["", "same", "different", "unsure", "merge", "split", "unmerge", "undo"])
def test_every_word_has_help_with_an_example(custid: Custid, word: str) -> None:
    text = custid("decide", *word.split(), "--help")
    assert f"custid decide {word or 'same'}" in text
    assert "Exit codes: 0" in text

"""`custid report`."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Custid


def test_it_writes_one_page(custid: Custid, ran: Path) -> None:
    assert custid("report") == "The report on run 1 is in report.html.\n"
    page = (ran / "report.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "Archer" not in page


def test_it_prints_what_the_page_says_as_json(custid: Custid, ran: Path) -> None:
    figures = json.loads(custid("report", "1", "--json"))
    assert figures["run_id"] == 1
    assert figures["summary"]["actor"] == "tester"
    assert not (ran / "report.html").exists()


def test_a_run_that_never_was_and_a_folder_that_is_not_there_are_named(custid: Custid, ran: Path) -> None:
    assert "no run 9" in custid.fails("report", "9")
    assert "nowhere/report.html" in custid.fails("report", "-o", "nowhere/report.html")
    assert "customers.db" in custid.fails("report", "--registry", "none/customers.db")

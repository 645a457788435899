"""`custid review`: the sheet, and the page from start to stop."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from .conftest import Custid


def test_a_sheet_is_written_and_brought_back(ran: Path, custid: Custid) -> None:
    said = custid("review", "--export", "review.csv", "--limit", "5", "--json")
    assert json.loads(said)["file"] == "review.csv"
    assert custid.code == 0
    (ran / "review.csv").write_text(
        "verdict,left_channel,left_record_id,right_channel,right_record_id,reason\n"
        "same,crm,C0,crm,C1,married\n,crm,C2,crm,C3,\nperhaps,crm,C4,crm,C5,\n"
    )
    said = custid("review", "--import", "review.csv", "--actor", "kim")
    assert said.startswith("1 decisions added, 0 known before, 1 without a verdict, 1 left out.")
    assert "row 4 was left out: verdict 'perhaps'" in custid.err
    assert custid.code == 1
    assert "kim" in custid("decisions")


def test_options_that_do_not_go_together_are_refused(ran: Path, custid: Custid) -> None:
    assert "not both" in custid.fails("review", "--export", "a.csv", "--import", "b.csv")
    assert "--limit goes with --export" in custid.fails("review", "--limit", "5")
    assert "--json goes with" in custid.fails("review", "--json")
    assert "there is no registry" in custid.fails("review", "--registry", "none.db", "--no-browser")


def test_the_page_is_served_until_it_is_stopped(ran: Path) -> None:
    command = [sys.executable, "-m", "custid.cli", "review", "--no-browser", "--actor", "kim"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        assert line.startswith("Review ")
        assert " as kim: http://127.0.0.1:" in line
        url = line.split()[-1]
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert b"<title>" in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(url[:-1], timeout=20)
        program.send_signal(signal.SIGINT)
        rest, wrong = program.communicate(timeout=20)
    assert program.returncode == 0
    assert rest.endswith("0 decisions made.\n")
    assert url.partition("token=")[2] not in rest + wrong

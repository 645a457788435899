"""How far a run is, in a log and on a terminal."""

from __future__ import annotations

import io

import pytest

from custid.cli import progress
from custid.cli.progress import Shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_per_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with Shown() as shown:
        shown("read", 0, 0)
        shown("read", 50, 100)
        shown("match", 0, 0)
    assert capsys.readouterr().err == "custid: reading the channels\ncustid: comparing records\n"


def test_a_log_hears_of_a_long_stage_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 1.0, 20.0, 21.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with Shown() as shown:
        for done in range(4):
            shown("match", done * 25, 100)
    assert capsys.readouterr().err.splitlines()[1:] == ["custid: comparing records: 50%, about 20 s left"]


def test_a_terminal_gets_a_bar_per_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Shown() as shown:
        shown("read", 10, 100)
        shown("match", 500, 1000)
        shown("match", 1000, 1000)
    text = terminal.getvalue()
    assert "reading the channels" in text
    assert "100%" in text


def test_quiet_shows_nothing_but_knows_the_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with Shown(quiet=True) as shown:
        shown("commit", 0, 1)
    assert shown.stage == "commit"
    assert capsys.readouterr().err == ""

"""What the pages of docs/ show works: their Python and their commands run as they stand, top to bottom."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from custid.cli import main
from custid.identity.codes import declare

ROOT = Path(__file__).parents[1]


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, text) of the code blocks of a page, from top to bottom."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run_commands(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in block.splitlines():
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code, command


def check_values(block: str, names: dict[str, Any]) -> None:
    """Lines that end in a comment which is a Python value have that value."""
    for line in block.splitlines():
        expression, _, told = line.partition("  # ")
        with suppress(ValueError, SyntaxError):
            value = ast.literal_eval(told)
            assert eval(expression, names) == value, line


def test_the_page_on_thresholds_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples" / "retail", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in blocks("choosing-thresholds.md"):
        if language == "python":
            exec(compile(block, language, "exec"), names)
        else:
            run_commands(block, monkeypatch)
    printed = capsys.readouterr().out
    assert "at other thresholds" in printed
    assert "estimated for all pairs" in printed
    assert not (tmp_path / "customers.db").exists()


def test_the_page_on_customer_codes_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in blocks("customer-codes.md"):
        if language == "toml":
            assert declare(tomllib.loads(block)["codes"]).width == 17
        elif language == "python":
            exec(compile(block, language, "exec"), names)
            check_values(block, names)
        else:
            run_commands(block, monkeypatch)
    assert "is sound" in capsys.readouterr().out


def test_the_page_on_decisions_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in blocks("decisions.md"):
        if language == "python":
            exec(compile(block, language, "exec"), names)
        else:
            run_commands(block, monkeypatch)
    assert "0 decisions added" in capsys.readouterr().out

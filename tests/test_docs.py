"""What the page on thresholds shows works: its Python and its commands run as they stand, top to bottom."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from custid.cli import main

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "choosing-thresholds.md"


def test_the_page_on_thresholds_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples" / "retail", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        if language == "python":
            exec(compile(block, PAGE.name, "exec"), names)
            continue
        for command in block.splitlines():
            monkeypatch.setattr(sys, "argv", shlex.split(command))
            with pytest.raises(SystemExit) as end:
                main()
            assert not end.value.code, command
    printed = capsys.readouterr().out
    assert "at other thresholds" in printed
    assert "estimated for all pairs" in printed
    assert not (tmp_path / "customers.db").exists()

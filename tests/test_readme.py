"""What README shows works: its Python runs as it stands, top to bottom; its commands run, in order."""

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
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that has what README's examples read."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def test_its_python_runs(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone)
    names: dict[str, Any] = {}
    assert blocks("python")
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    assert (clone / "customers.db").exists()


def test_its_commands_run(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert commands
    monkeypatch.chdir(clone)
    for command in commands:
        program, *arguments = shlex.split(command, comments=True)
        if program == "cd":
            monkeypatch.chdir(arguments[0])
            continue
        assert program == "custid", command
        monkeypatch.setattr(sys, "argv", [program, *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code, command
    assert {path.name for path in Path("out").iterdir()} >= {
        "xref.parquet",
        "golden.parquet",
        "changes.parquet",
        "rejects.parquet",
        "review.parquet",
        "summary.json",
    }


def test_its_make_targets_exist() -> None:
    targets = re.findall(r"^    make (\S+)", README, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert targets
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_the_files_it_links_to_exist() -> None:
    assert [link for link in re.findall(r"\]\((?!http)([^)]+)\)", README) if not (ROOT / link).exists()] == []

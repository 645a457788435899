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
NAMES = ("README.md", "README.zh-CN.md")


@pytest.fixture(params=NAMES)
def readme(request: pytest.FixtureRequest) -> str:
    """What README says, in either language."""
    return (ROOT / request.param).read_text("utf-8")


def blocks(language: str, readme: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that has what README's examples read."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def test_its_python_runs(readme: str, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone)
    names: dict[str, Any] = {}
    assert blocks("python", readme)
    for block in blocks("python", readme):
        exec(compile(block, "README.md", "exec"), names)
    assert (clone / "customers.db").exists()


def test_its_commands_run(readme: str, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [line for block in blocks("sh", readme) for line in block.splitlines()]
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


def test_its_make_targets_exist(readme: str) -> None:
    targets = re.findall(r"^    make (\S+)", readme, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert targets
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_the_files_it_links_to_exist(readme: str) -> None:
    assert [link for link in re.findall(r"\]\((?!http)([^)]+)\)", readme) if not (ROOT / link).exists()] == []

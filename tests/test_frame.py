"""The frame holds: what is packaged, what importing costs, what a public repository must not say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_installed_version_is_that_of_pyproject() -> None:
    assert version("custid") == PYPROJECT["project"]["version"]


def test_the_version_has_its_place_in_the_changelog() -> None:
    assert f"## [{PYPROJECT['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_license_is_packaged_whole() -> None:
    assert metadata("custid")["License-Expression"] == "Apache-2.0"
    assert "LICENSE" in (metadata("custid").get_all("License-File") or [])
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_importing_custid_sets_up_no_logging_and_writes_nothing(tmp_path: Path) -> None:
    code = "import custid, logging; print(logging.getLogger().handlers, logging.getLogger('custid').handlers)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert loaded.stdout.strip() == "[] []"
    assert list(tmp_path.iterdir()) == []


def test_every_data_file_of_the_package_is_text_or_declared() -> None:
    """The wheel is src/custid as it is; what lies there by accident would be shipped."""
    allowed = {".py", ".toml", ".csv", ".html", ".css", ".js", ".svg"}
    strays = [
        path
        for path in (ROOT / "src" / "custid").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in allowed and path.name != "py.typed"
    ]
    assert strays == []


def _repository_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git repository")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_file_names_a_private_path_a_package_index_or_an_issue() -> None:
    here = Path(__file__).name
    private = re.compile(
        r"(?<![\w.])/(?:work|root|home/\w+)/|pypi\.org/simple|files\.pythonhosted|/simple/|\bissues? #?\d+\b",
        re.IGNORECASE,
    )
    found = []
    for path in _repository_files():
        if path.name == here or path.suffix in {".parquet", ".png", ".db"} or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in private.finditer(text)]
    assert found == []


#: Words with too many meanings; the glossary in ARCHITECTURE.md has better ones.
VAGUE = re.compile(r"(?:^|_)(?:entity|entities|node|nodes|item|manager|helper|helpers|utils|linker|resolver)(?:_|$|\.)")


def test_no_module_has_a_vague_name() -> None:
    modules = [path for path in (ROOT / "src").rglob("*.py") if VAGUE.search(path.stem)]
    assert modules == []


def test_architecture_names_only_files_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    paths = set(re.findall(r"`((?:src|tests|examples|benchmarks)/[^`]+)`", text))
    assert paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_architecture_has_the_layers_that_are_checked() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.+?`) \|", text.split("## The layers")[1].split("\n## ")[0], re.MULTILINE)
    layers = next(c["layers"] for c in PYPROJECT["tool"]["importlinter"]["contracts"] if c["id"] == "layers")
    assert [re.findall(r"`(\w+)`", row) for row in rows] == [layer.split(" | ") for layer in layers]

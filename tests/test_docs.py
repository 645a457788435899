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

import duckdb
import pyarrow.parquet as pq
import pytest

from custid.channels.presets import parse_preset
from custid.cli import main
from custid.config import read_config
from custid.identity.codes import declare
from custid.testing.retail import write_retail

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


def test_the_page_on_channels_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples" / "retail", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in blocks("channels.md"):
        if language == "toml" and "[channels." in block:
            Path("page.toml").write_text(block)
            assert "shop" in [channel.name for channel in read_config("page.toml").channels]
        elif language == "toml":
            assert parse_preset("acme", block).columns["Mail"] == "email"
        elif language == "python":
            exec(compile(block, language, "exec"), names)
            check_values(block, names)
        else:
            run_commands(block, monkeypatch)
    assert "企业微信" in capsys.readouterr().out


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


def test_the_page_on_golden_records_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in blocks("golden-records.md"):
        if language == "toml":
            Path("page.toml").write_text(block)
            assert (read_config("page.toml").display or {})["phone"] == "international"
        elif language == "python":
            exec(compile(block, language, "exec"), names)
            check_values(block, names)
        else:
            run_commands(block, monkeypatch)
    printed = capsys.readouterr().out
    assert "shop is trusted less than crm" in printed
    assert "customers.db is sound" in printed


def test_the_page_on_the_change_feed_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What random histories do to its recipes is in tests/history.
    shutil.copytree(ROOT / "examples" / "retail", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    merge = ""
    with duckdb.connect() as warehouse:
        for language, block in blocks("change-feed.md"):
            if language == "python":
                exec(compile(block, language, "exec"), names)
            elif language == "sql":
                if block.startswith("MERGE"):
                    names["load"](warehouse)
                    merge = block
                warehouse.execute(block)
            else:
                run_commands(block, monkeypatch)
        # The page's SQL stops after March; the same again is April's.
        names["load"](warehouse)
        warehouse.execute(merge)
        copy = dict(warehouse.execute("SELECT record_key, customer_id FROM customer_of").fetchall())
    assert copy == names["copy"]["customer_id"].to_dict()
    assert sorted(copy.values()) == sorted(names["registry"].xref()["customer_id"].to_pylist())
    assert len(names["april"]) > 0


def test_the_page_on_privacy_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for _, block in blocks("privacy.md"):
        exec(compile(block, "privacy.md", "exec"), names)
        if "restore" not in block:
            check_values(block, names)
    assert names["restored"].verify() == []


def test_the_page_on_reviewing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in blocks("reviewing.md"):
        if language == "python":
            exec(compile(block, "reviewing.md", "exec"), names)
        else:
            run_commands(block, monkeypatch)
    assert "0 decisions added" in capsys.readouterr().out


def test_the_page_on_explanations_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from matplotlib import pyplot

    shutil.copytree(ROOT / "examples" / "retail", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in blocks("explanations.md"):
        if language == "python":
            exec(compile(block, language, "exec"), names)
        elif language == "sh":
            run_commands(block, monkeypatch)
    pyplot.close("all")
    printed = capsys.readouterr().out
    assert "match weight" in printed
    assert "held together by" in printed
    assert names["found"].explanation is not None
    assert Path("tree.svg").stat().st_size > 1000


def test_the_page_on_notebooks_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    write_retail(tmp_path, people=60, seed=5)
    monkeypatch.chdir(tmp_path)
    truth = duckdb.sql("SELECT * FROM 'truth.parquet' WHERE batch = '2026-03-01'").to_arrow_table()
    names: dict[str, Any] = {"truth": truth}
    for language, block in blocks("notebooks.md"):
        if language == "python":
            exec(compile(block, "notebooks.md", "exec"), names)
        else:
            run_commands(block, monkeypatch)
    assert len(pyplot.get_fignums()) == 7
    pyplot.close("all")
    assert Path("report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_page_on_the_customers_story_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, block in blocks("customer-story.md"):
        if language == "python":
            exec(compile(block, language, "exec"), names)
            check_values(block, names)
        else:
            run_commands(block, monkeypatch)
    assert "are of records that nobody knows" in capsys.readouterr().out
    assert pq.read_table("measures.parquet").equals(names["measured"].customers.to_arrow())

"""A run killed at any instant leaves the registry as before or as after, and a rerun ends where it would have ended."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import custid
from custid.testing.retail import write_retail

KILLS = int(os.environ.get("CUSTID_KILLS", "10"))
CUSTID = [sys.executable, "-m", "custid.cli"]


@pytest.fixture(scope="module")
def retailer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small retailer whose March is committed and whose April is not."""
    folder = tmp_path_factory.mktemp("retailer")
    write_retail(folder, people=150, seed=3)
    _run(folder, "customers-2026-03.toml")
    return folder


def _run(folder: Path, config: str) -> None:
    subprocess.run([*CUSTID, "run", config, "--quiet"], cwd=folder, check=True, capture_output=True)


def _state(folder: Path) -> tuple[set[frozenset[tuple[str, str]]], dict[tuple[str, str], str], int]:
    """Who is together, who has which id, and how many runs landed."""
    registry = custid.connect(folder / "customers.db")
    frame = registry.xref().to_pandas()
    names = list(zip(frame["channel"], frame["record_id"], strict=True))
    ids = dict(zip(names, frame["customer_id"], strict=True))
    groups: dict[str, set[tuple[str, str]]] = {}
    for name, customer_id in ids.items():
        groups.setdefault(customer_id, set()).add(name)
    return {frozenset(group) for group in groups.values()}, ids, len(registry.runs())


def test_a_run_killed_at_random_moments_is_all_or_nothing(retailer: Path, tmp_path: Path) -> None:
    before = _state(retailer)
    whole = tmp_path / "whole"
    shutil.copytree(retailer, whole)
    started = time.monotonic()
    _run(whole, "customers-2026-04.toml")
    takes = time.monotonic() - started
    after = _state(whole)
    chance = random.Random(20260401)
    landed = 0
    for number in range(KILLS):
        folder = tmp_path / str(number)
        shutil.copytree(retailer, folder)
        run = subprocess.Popen(
            [*CUSTID, "run", "customers-2026-04.toml", "--quiet"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(takes * chance.uniform(0.3, 1.0))
        run.send_signal(signal.SIGKILL)
        run.wait()

        assert custid.connect(folder / "customers.db").verify() == []
        groups, ids, runs = _state(folder)
        assert runs in (1, 2)
        landed += runs == 2
        assert groups == (after if runs == 2 else before)[0]
        if runs == 1:
            assert ids == before[1]

        _run(folder, "customers-2026-04.toml")
        groups, ids, _ = _state(folder)
        assert groups == after[0]
        # New ids are random; every id that was there before the kill stays where the whole run left it.
        known = set(before[1].values())
        assert {name: i for name, i in ids.items() if i in known} == {
            name: i for name, i in after[1].items() if i in known
        }
        shutil.rmtree(folder)
    assert landed < KILLS

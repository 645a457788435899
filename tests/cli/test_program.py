"""The installed program: help, errors, pipes, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from custid import __version__

from .conftest import Custid

PROGRAM = str(Path(sys.executable).with_name("custid"))
COMMANDS = ["init", "run", "lookup", "show", "history", "changes", "verify"]


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env={**os.environ, **environment})


def test_the_program_says_its_version() -> None:
    assert program("--version").stdout == f"custid {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_an_example_and_its_exit_codes(custid: Custid, command: str) -> None:
    text = custid(command, "--help")
    assert custid.code == 0
    assert f"Example:\n    custid {command}" in text
    assert "Exit codes: 0" in text


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_every_command_can_print_json(custid: Custid, command: str) -> None:
    assert "--json" in custid(command, "--help")


def test_wrong_use_is_exit_code_2(custid: Custid) -> None:
    custid("lokup", "crm", "1")
    assert (custid.code, "Did you mean 'lookup'?" in custid.err) == (2, True)
    custid("lookup")
    assert custid.code == 2
    custid()
    assert custid.code == 2


def test_a_fault_is_said_in_a_line_and_traced_when_asked(
    ran: Path, custid: Custid, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("this should not happen")

    monkeypatch.setattr("custid.registries.embedded.EmbeddedRegistry.verify", broken)
    custid("verify")
    assert custid.code == 1
    assert custid.err.startswith("custid: ValueError: this should not happen\n")
    assert "CUSTID_TRACEBACK=1" in custid.err
    assert "Traceback" not in custid.err
    custid("--traceback", "verify")
    assert "Traceback" in custid.err


def test_a_reader_that_has_seen_enough_is_no_error(ran: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{PROGRAM}' changes --since 0 | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "141")


def test_the_program_runs_from_files_to_an_answer(folder: Path) -> None:
    assert program("run").returncode == 0
    found = program("lookup", "shop", "S0")
    assert (found.returncode, found.stderr) == (0, "")
    assert len(found.stdout.strip()) == 13


def test_an_error_of_the_program_has_no_traceback_unless_asked(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.toml")
    done = program("run", missing)
    assert done.returncode == 2
    assert done.stderr.startswith(f"custid: there is no file {missing}.")
    assert "Traceback" not in done.stderr
    assert "Traceback" in program("run", missing, CUSTID_TRACEBACK="1").stderr


def test_ctrl_c_ends_the_program_with_130_and_nothing_written(folder: Path) -> None:
    running = subprocess.Popen([PROGRAM, "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert "reading the channels" in running.stderr.readline()
    time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "interrupted; nothing was written." in err
    assert "Traceback" not in err
    assert not (folder / "customers.db").exists()

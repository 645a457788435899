"""A small company's files, and its registry after one run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from custid.cli.app import app

CONFIG = """\
[channels.crm]
path = "crm.csv"
record_id = "contact_id"
kind = "snapshot"

[channels.shop]
path = "shop.csv"
record_id = "no"
"""

SURNAMES = ["Archer", "Baker", "Cooper", "Dyer", "Fisher", "Glover", "Harper", "Mason", "Parker", "Turner"]
GIVEN = ["Anna", "Bruno", "Clara", "David", "Elena", "Felix"]


def crm_rows() -> list[str]:
    people = [(given, surname) for surname in SURNAMES for given in GIVEN]
    return ["contact_id,given name,surname,e-mail,born"] + [
        f"C{number},{given},{surname},{given}.{surname}@x.test,19{50 + number % 50}-03-{number % 28 + 1:02}"
        for number, (given, surname) in enumerate(people)
    ]


def shop_rows() -> list[str]:
    return ["no,first_name,last_name,email,birthday"] + [
        row.replace("C", "S", 1) for row in crm_rows()[1:] if int(row.split(",")[0][1:]) % 2 == 0
    ]


def write_files(folder: Path) -> None:
    (folder / "customers.toml").write_text(CONFIG)
    (folder / "crm.csv").write_text("\n".join(crm_rows()) + "\n")
    (folder / "shop.csv").write_text("\n".join(shop_rows()) + "\n")


class Custid:
    """Calls the command line in this process; `out`, `err` and `code` are the last call's."""

    def __call__(self, *arguments: str) -> str:
        done = CliRunner().invoke(app, list(arguments), prog_name="custid")
        self.out, self.err, self.code = done.stdout, done.stderr, done.exit_code
        return self.out

    def fails(self, *arguments: str) -> str:
        """The one message of a call that must fail, and fail politely."""
        self(*arguments)
        assert self.code in (1, 2), self.out
        assert "Traceback" not in self.err
        messages = [
            line for line in self.err.splitlines() if not line.startswith(("custid: reading", "custid: looking"))
        ]
        assert len(messages) == 1, self.err
        return messages[0]


@pytest.fixture
def custid() -> Custid:
    return Custid()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with files that have not been run."""
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("one_run")
    write_files(path)
    before = Path.cwd()
    os.chdir(path)
    done = CliRunner().invoke(app, ["run", "--actor", "tester", "--quiet"])
    os.chdir(before)
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture
def ran(one_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, after one run."""
    shutil.copytree(one_run, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path

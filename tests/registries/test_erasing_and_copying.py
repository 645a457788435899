"""Erasing and copying, where it matters what a registry is made of: bytes of files, full disks, other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest

from custid.errors import NotARegistry, RegistryBusy, RegistryError
from custid.registries import connect
from custid.testing.postgres import PostgresServer
from custid.testing.registry_suite import UNUSUAL, an_unusual_person, commit_of, run, two_customers

KILLS = int(os.environ.get("CUSTID_KILLS", "4"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.db"


def bytes_found(folder: Path) -> set[str]:
    """Which of UNUSUAL stand in the bytes of any file of a folder, whatever their case."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            found |= {text for text in UNUSUAL if text.lower().encode() in content}
    return found


def test_the_bytes_of_what_was_erased_are_in_no_file(path: Path) -> None:
    registry = connect(path)
    an_unusual_person(registry)
    assert bytes_found(path.parent) == set(UNUSUAL)
    registry.erase("A", actor="dpo")
    assert bytes_found(path.parent) == set()
    assert list(path.parent.iterdir()) == [path]
    registry.backup(path.parent / "copy.backup")
    assert bytes_found(path.parent) == set()


def test_the_bytes_of_what_was_erased_are_in_no_table_of_a_server(postgres: PostgresServer) -> None:
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    url = postgres.fresh()
    registry = connect(url)
    an_unusual_person(registry)
    with adbc.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        base = postgres.folder / "data" / "base" / str(cursor.fetchall()[0][0])
    postgres.run("CHECKPOINT", url=url)
    assert bytes_found(base) == set(UNUSUAL)
    registry.erase("A", actor="dpo")
    # The catalog's own dead rows, such as old statistics, are for the server's vacuum.
    postgres.run("VACUUM", "CHECKPOINT", url=url)
    assert bytes_found(base) == set()


def test_an_erased_registry_keeps_the_permissions_of_its_file(path: Path) -> None:
    registry = connect(path)
    two_customers(registry)
    path.chmod(0o640)
    registry.erase("A", actor="dpo")
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_a_killed_commit_left_in_the_log_is_erased_too(path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom custid.registries import connect\n"
        "from custid.testing.registry_suite import an_unusual_person, two_customers\n"
        "from custid.registries.embedded import store\n"
        "store._detach = lambda database: os.kill(os.getpid(), signal.SIGKILL)\n"
        "two_customers(connect(sys.argv[1]))\n"
    )
    an_unusual_person(connect(path))
    before = connect(path).read_state().run_id
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    connect(path).erase("A", actor="dpo")
    assert bytes_found(path.parent) == set()
    assert list(path.parent.iterdir()) == [path]
    assert connect(path).read_state().run_id == before + 1


def test_an_erasure_whose_bytes_cannot_be_written_over_says_so_and_is_finished_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = connect(path)
    an_unusual_person(registry)
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr("custid.registries.embedded.store.shutil.copymode", full)
        with pytest.raises(RegistryError, match=r"run 4 erased 4 records .* No space left .* custid compact"):
            registry.erase("A", actor="dpo")
    assert [finding.invariant for finding in registry.verify()] == ["I8"]
    assert list(path.parent.iterdir()) == [path]
    registry.compact()
    assert registry.verify() == []
    assert bytes_found(path.parent) == set()


def test_a_registry_that_others_read_is_rewritten_when_they_have_ended(path: Path) -> None:
    an_unusual_person(connect(path))
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); sys.stdin.read()"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    assert reader.stdin is not None
    reader.stdout.readline()
    with pytest.raises(RegistryBusy):
        connect(path, wait_s=0).compact()
    timer = threading.Timer(0.3, reader.stdin.close)
    timer.start()
    connect(path).erase("A", actor="dpo")
    timer.join()
    reader.wait()
    reader.stdout.close()
    assert bytes_found(path.parent) == set()


def test_commits_of_other_processes_survive_a_rewriting(path: Path) -> None:
    two_customers(connect(path))
    script = (
        "import sys\nfrom custid.errors import RunConflict\nfrom custid.registries import connect\n"
        "from custid.testing.registry_suite import run\nregistry = connect(sys.argv[1])\nlanded = 0\n"
        "while landed < 4:\n"
        "    try:\n        run(registry)\n        landed += 1\n    except RunConflict:\n        pass\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(2)]
    registry = connect(path)
    while any(writer.poll() is None for writer in writers):
        registry.compact()
    assert [writer.wait() for writer in writers] == [0, 0]
    assert registry.read_state().run_id == 9
    assert registry.verify() == []
    assert list(path.parent.iterdir()) == [path]


def test_a_killed_rewriting_leaves_the_registry_whole(path: Path) -> None:
    registry = connect(path)
    an_unusual_person(registry)
    registry.erase("A", actor="dpo")
    state = registry.read_state()
    script = (
        "import sys\nfrom custid.registries import connect\nregistry = connect(sys.argv[1])\nregistry.runs()\n"
        "print('ready', flush=True)\nwhile True:\n    registry.compact()\n"
    )
    for number in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.01 + 0.03 * number)
        process.kill()
        process.wait()
        process.stdout.close()
        assert connect(path).read_state() == state
    registry.compact()
    assert registry.verify() == []
    assert list(path.parent.iterdir()) == [path]


# --- a full disk ---

MANY = """
import hashlib
from custid.testing.registry_suite import commit_of

def many(registry, channel):
    names = [f"{channel}:{number}" for number in range(3_000)]
    events = [("created", channel, None, None), *(("linked", channel, None, name) for name in names)]
    records = {name: {"x": hashlib.sha256(name.encode()).hexdigest()} for name in names}
    return commit_of(registry.read_state(), events, records)
"""

FULL = f"""{MANY}
import resource, signal, sys
from pathlib import Path
from custid.errors import RegistryError
from custid.registries import connect
folder, what = Path(sys.argv[1]), sys.argv[2]
registry = connect(folder / "customers.db")
commit = many(registry, "app") if what in ("create", "commit") else None
verbs = {{
    "create": lambda: registry.commit(commit),
    "commit": lambda: registry.commit(commit),
    "backup": lambda: registry.backup(folder / "new.backup"),
    "restore": lambda: connect(folder / "restored.db").restore(folder / "copy.backup"),
    "export": lambda: registry.export(folder / "export"),
}}
# No file may grow further than this, as on a disk that is full.
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    verbs[what]()
except RegistryError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on files is POSIX")
@pytest.mark.parametrize("what", ["create", "commit", "backup", "restore", "export"])
def test_a_full_disk_is_told_and_leaves_nothing_half_written(path: Path, what: str) -> None:
    registry = connect(path)
    if what != "create":
        names: dict[str, object] = {}
        exec(MANY, names)
        registry.commit(names["many"](registry, "crm"))  # type: ignore[operator]
        registry.backup(path.parent / "copy.backup")
    before = registry.read_state()
    there = sorted(path.parent.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path.parent), what], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in done.stdout, done
    assert "File too large" in done.stdout
    assert registry.read_state() == before
    if what != "create":
        assert registry.verify() == []
    left = sorted(path.parent.iterdir())
    # A log that could not grow further is taken up by whoever opens the file next.
    assert [one for one in left if one.suffix != ".wal"] == there


# --- damaged files ---


@pytest.mark.parametrize("cut", [1, 4096, 12288, 0.5, 0.9, -1])
def test_a_registry_cut_off_anywhere_is_told_and_left_as_it_is(path: Path, cut: float) -> None:
    registry = connect(path)
    state = registry.read_state()
    records = {f"crm:{number}": {"email": f"{number}@x.org"} for number in range(3_000)}
    run(
        registry,
        [("created", "A", None, None), *(("linked", "A", None, name) for name in records)],
        records,
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: int(cut * len(whole)) if isinstance(cut, float) else cut])
    before = path.read_bytes()
    for verb in (
        registry.read_state,
        lambda: registry.commit(commit_of(state)),
        lambda: registry.backup(path.parent / "copy.backup"),
        lambda: registry.export(path.parent / "export"),
        lambda: registry.erase("A", actor="dpo"),
        registry.compact,
    ):
        with pytest.raises(NotARegistry, match="damaged"):
            verb()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18), b"a,b\n1,2\n" * 100])
def test_what_is_no_backup_is_refused(path: Path, content: bytes) -> None:
    (path.parent / "other.backup").write_bytes(content)
    with pytest.raises(NotARegistry, match="no custid backup"):
        connect(path).restore(path.parent / "other.backup")
    assert not path.exists()


def test_many_records_are_erased_at_once(path: Path) -> None:
    registry = connect(path)
    names = [f"crm:{number}" for number in range(1_000)]
    run(
        registry,
        [("created", "A", None, None), *(("linked", "A", None, name) for name in names)],
        {name: {"email": f"{name}@x.org"} for name in names},
        rejects=pa.Table.from_pylist(
            [
                {
                    "channel": "crm",
                    "source": "s",
                    "row": 1,
                    "record_id": None,
                    "reason": "r",
                    "detail": "d",
                    "raw": '{"e": "crm:7@x.org"}',
                }
            ]
        ),
    )
    erasure = registry.erase(records=[("crm", str(number)) for number in range(700)], actor="dpo")
    assert (erasure.records, erasure.customers, len(registry.xref())) == (700, (), 300)
    assert registry.rejects(1)["raw"].to_pylist() == [None]
    assert registry.verify() == []

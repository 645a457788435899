"""The embedded registry: what every registry does, and what comes of being a file."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from custid.errors import (
    NotARegistry,
    RegistryBusy,
    RegistryError,
    RegistryTooNew,
    RunConflict,
    UsageError,
)
from custid.registries import connect, tables
from custid.registries.base import Registry
from custid.testing.endless import ENDLESS, is_whole
from custid.testing.registry_suite import (
    RegistryConformance,
    commit_of,
    merge,
    run,
    two_customers,
)

KILLS = int(os.environ.get("CUSTID_KILLS", "10"))


class TestEmbedded(RegistryConformance):
    def make_registry(self, folder: Path) -> Registry:
        return connect(folder / "customers.db")

    def tamper(self, registry: Registry, *statements: str) -> None:
        with duckdb.connect(registry.location) as database:
            for statement in statements:
                database.execute(statement)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.db"


@contextmanager
def held(path: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Another process has the file open ("read" or "write") until its stdin is closed."""
    script = (
        "import duckdb, sys; "
        f"c = duckdb.connect(sys.argv[1], read_only={how == 'read'}); "
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline() == "open\n"
        yield holder
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()


# --- where a registry can be ---


@pytest.mark.parametrize("location", [":memory:", "", "mysql://x/y"])
def test_only_a_path_is_a_place_for_a_registry(location: str) -> None:
    with pytest.raises(UsageError, match="path"):
        connect(location)


def test_connecting_touches_nothing(path: Path) -> None:
    registry = connect(path)
    assert registry.location == str(path)
    registry.read_state()
    assert list(path.parent.iterdir()) == []


def test_a_registry_is_one_file_when_nobody_has_it_open(path: Path) -> None:
    two_customers(connect(path))
    assert list(path.parent.iterdir()) == [path]


def test_any_name_will_do(tmp_path: Path) -> None:
    for name in (
        'o\'brien "x".db',
        "customers.csv",
        "customers.parquet",
        "客户.duckdb",
        "memory",
        "md:cloud",
    ):
        registry = connect(tmp_path / name)
        two_customers(registry)
        assert registry.lookup("crm", "1") == "A"


def test_a_folder_is_no_registry(tmp_path: Path) -> None:
    for verb in (connect(tmp_path).read_state, connect(tmp_path).runs):
        with pytest.raises(NotARegistry, match="is a folder"):
            verb()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    registry = connect(tmp_path / "nowhere" / "customers.db")
    with pytest.raises(RegistryError, match=r"there is no folder .*nowhere"):
        registry.read_state()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello\n",
        b"a,b\n1,2\n" * 1000,
        b"SQLite format 3\0" + bytes(8000),
        b"PAR1" + bytes(90) + b"PAR1",
    ],
    ids=["empty", "short", "csv", "sqlite", "parquet"],
)
def test_a_file_of_another_kind_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    state = connect(path).read_state()
    path.write_bytes(content)
    for verb in (connect(path).read_state, connect(path).runs, lambda: run(connect(path))):
        with pytest.raises(NotARegistry, match="damaged, or no registry"):
            verb()
    with pytest.raises(NotARegistry):
        connect(path).commit(commit_of(state))
    assert path.read_bytes() == content


def test_another_duckdb_database_is_refused_and_left_alone(path: Path) -> None:
    state = connect(path).read_state()
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA custid; CREATE TABLE custid.meta (name VARCHAR, value VARCHAR)")
    before = path.read_bytes()
    for verb in (
        connect(path).read_state,
        connect(path).xref,
        lambda: connect(path).commit(commit_of(state)),
    ):
        with pytest.raises(NotARegistry, match="not one that custid made"):
            verb()
    assert path.read_bytes() == before


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6])
def test_a_truncated_registry_is_told(path: Path, share: float) -> None:
    registry = connect(path)
    two_customers(registry)
    state = registry.read_state()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    for verb in (registry.read_state, registry.xref, lambda: registry.commit(commit_of(state))):
        with pytest.raises(NotARegistry, match="damaged"):
            verb()


@pytest.mark.parametrize("seed", range(8))
def test_a_garbled_registry_never_ends_in_a_crash(path: Path, seed: int) -> None:
    registry = connect(path)
    two_customers(registry)
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(3):
        start = chance.randrange(4096, len(content))
        content[start : start + 64] = chance.randbytes(len(content[start : start + 64]))
    path.write_bytes(content)
    with suppress(NotARegistry):
        registry.read_state()
        registry.verify()


def test_a_file_of_a_newer_duckdb_is_told(path: Path) -> None:
    registry = connect(path)
    two_customers(registry)
    content = bytearray(path.read_bytes())
    content[12] = 250
    path.write_bytes(content)
    with pytest.raises((RegistryTooNew, NotARegistry), match=r"newer DuckDB|damaged"):
        registry.read_state()


@contextmanager
def as_nobody() -> Iterator[None]:
    if os.name != "posix" or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_told_and_can_be_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        two_customers(connect(folder / "customers.db"))
        (folder / "customers.db").chmod(0o444)
        folder.chmod(0o555)
        try:
            with as_nobody():
                registry = connect(folder / "customers.db")
                assert registry.lookup("crm", "1") == "A"
                with pytest.raises(RegistryError, match="Permission denied"):
                    run(registry)
                fresh = connect(folder / "fresh.db")
                with pytest.raises(RegistryError, match=r"fresh\.db .*Permission denied"):
                    run(fresh)
        finally:
            folder.chmod(0o700)


# --- older and newer formats ---


def test_an_older_registry_is_brought_up_to_date_by_whoever_comes_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_customers(connect(path))
    before = connect(path).xref()
    newest = tables.FORMAT + 1
    step = ("ALTER TABLE custid.runs ADD COLUMN place VARCHAR", "UPDATE custid.runs SET place = 'here'")
    monkeypatch.setattr(tables, "STEPS", (*tables.STEPS, step))
    monkeypatch.setattr(tables, "FORMAT", newest)
    assert connect(path).xref().equals(before)
    with duckdb.connect(str(path), read_only=True) as database:
        assert database.execute("SELECT place FROM custid.runs").fetchall() == [("here",)]
        assert database.execute("SELECT value FROM custid.meta WHERE name = 'format'").fetchall() == [(str(newest),)]
    monkeypatch.undo()
    with pytest.raises(RegistryTooNew, match=f"has format {newest}"):
        connect(path).xref()


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_customers(connect(path))
    step = ("ALTER TABLE custid.runs ADD COLUMN place VARCHAR", "SELECT no_such_function()")
    with monkeypatch.context() as patch:
        patch.setattr(tables, "STEPS", (*tables.STEPS, step))
        patch.setattr(tables, "FORMAT", tables.FORMAT + 1)
        with pytest.raises(duckdb.CatalogException):
            connect(path).xref()
    assert "place" not in connect(path).runs().column_names
    assert connect(path).verify() == []


# --- sharing the file ---


def test_a_file_held_for_writing_is_busy_and_its_holder_named(path: Path) -> None:
    two_customers(connect(path))
    with held(path, "write") as holder:
        registry = connect(path, wait_s=0.2)
        for verb in (registry.read_state, registry.xref):
            with pytest.raises(RegistryBusy, match=rf"process {holder.pid} holds it.* after waiting 0\.2 s"):
                verb()


def test_readers_do_not_disturb_readers_but_a_writer_waits(path: Path) -> None:
    two_customers(connect(path))
    with held(path, "read") as holder:
        registry = connect(path, wait_s=0.2)
        state = registry.read_state()
        with pytest.raises(RegistryBusy, match=f"process {holder.pid} holds it"):
            registry.commit(commit_of(state))
    registry.commit(commit_of(state))


def test_a_file_that_is_let_go_in_time_is_waited_for(path: Path) -> None:
    registry = connect(path, wait_s=10)
    two_customers(registry)
    with held(path, "write") as holder:
        assert holder.stdin is not None
        threading.Timer(0.3, holder.stdin.close).start()
        started = time.monotonic()
        assert registry.read_state().run_id == 1
        assert time.monotonic() - started >= 0.2


def test_a_connection_of_the_same_process_counts_as_a_holder(path: Path) -> None:
    two_customers(connect(path))
    with duckdb.connect(str(path)), pytest.raises(RegistryBusy, match="of this process"):
        connect(path, wait_s=0.1).runs()
    assert len(connect(path).runs()) == 1


def test_the_lock_of_a_reading_thread_outlives_other_readers(path: Path) -> None:
    registry = connect(path)
    two_customers(registry)
    store = registry._store  # type: ignore[attr-defined]
    script = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('CREATE TABLE mine AS SELECT 1')"
    with store.reading():
        registry.runs()
        intruder = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True)
        assert "Could not set lock" in intruder.stderr


def test_threads_that_commit_at_once_never_mix(path: Path) -> None:
    two_customers(connect(path))
    outcomes: list[str] = []

    def work() -> None:
        registry = connect(path)
        for _ in range(4):
            try:
                run(registry)
                outcomes.append("landed")
            except RunConflict:
                outcomes.append("refused")

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    registry = connect(path)
    assert len(outcomes) == 12
    assert registry.read_state().run_id == 1 + outcomes.count("landed")
    assert registry.verify() == []


def test_of_processes_that_make_the_registry_at_once_one_lands(path: Path) -> None:
    script = (
        "import sys\nfrom custid.errors import RunConflict\nfrom custid.registries import connect\n"
        "from custid.testing.registry_suite import commit_of\n"
        "registry = connect(sys.argv[1])\nstate = registry.read_state()\nprint('ready', flush=True)\n"
        "sys.stdin.read()\n"
        "try:\n    registry.commit(commit_of(state))\n    print('landed')\n"
        "except RunConflict:\n    print('refused')"
    )
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for maker in makers:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.close()
        maker.stdin = None
    assert sorted(maker.communicate()[0] for maker in makers) == ["landed\n", "refused\n", "refused\n"]
    assert connect(path).verify() == []
    assert list(path.parent.iterdir()) == [path]


# --- killed at any instant ---


def test_a_killed_commit_leaves_the_registry_as_before_or_as_after(path: Path) -> None:
    chance = random.Random(20)
    registry = connect(path)
    landed = 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", ENDLESS, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.25))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        landed = is_whole(registry, landed)
    if landed == 0:
        two_customers(registry)
    run(registry)
    assert registry.verify() == []


def test_a_commit_that_cannot_be_finished_leaves_the_registry_as_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = connect(path)
    two_customers(registry)
    before = registry.read_state()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("custid.registries.sql.store_index", stop)
        with pytest.raises(KeyboardInterrupt):
            merge(registry)
    assert registry.read_state() == before
    merge(registry)
    assert registry.verify() == []

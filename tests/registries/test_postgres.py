"""The PostgreSQL registry: what every registry does, and what comes of being on a server."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from custid import schemas
from custid.errors import (
    MissingExtra,
    NotARegistry,
    RegistryBusy,
    RegistryError,
    RegistryTooNew,
    UsageError,
)
from custid.registries import connect, tables
from custid.registries.base import Registry
from custid.registries.postgres import session, store
from custid.testing.endless import ENDLESS, is_whole
from custid.testing.postgres import PostgresServer
from custid.testing.registry_suite import RegistryConformance, commit_of, merge, run, two_customers

KILLS = int(os.environ.get("CUSTID_KILLS", "4"))
CRASHES = max(2, KILLS // 2)


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.fresh()


@contextmanager
def session_on(url: str) -> Iterator[object]:
    """Another program's connection: yields a function that runs SQL on it and returns rows."""
    import adbc_driver_postgresql.dbapi as adbc

    with adbc.connect(url, autocommit=True) as connection, connection.cursor() as cursor:

        def ask(sql: str) -> list[tuple[object, ...]]:
            cursor.execute(sql)
            return cursor.fetchall() if sql.lstrip().upper().startswith("SELECT") else []

        yield ask


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    with session_on(url) as asking:
        return asking(sql)  # type: ignore[operator]


class TestPostgres(RegistryConformance):
    @pytest.fixture(autouse=True)
    def _server(self, postgres: PostgresServer) -> None:
        self._postgres = postgres

    def make_registry(self, folder: Path) -> Registry:
        return connect(self._postgres.fresh())

    def tamper(self, registry: Registry, *statements: str) -> None:
        self._postgres.run(*statements, url=registry.location)


# --- where a registry can be ---


def test_connecting_touches_nothing() -> None:
    assert (
        connect("postgresql://nobody@no-such-host.invalid/x").location == "postgresql://nobody@no-such-host.invalid/x"
    )


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://ann:se%40cret@db:5433/crm", "postgresql://ann@db:5433/crm"),
        ("postgres://ann:secret@a,b:1/crm?sslmode=require", "postgres://ann@a,b:1/crm?sslmode=require"),
        ("postgresql:///crm?host=/run&password=secret&schema=ids", "postgresql:///crm?host=/run&schema=ids"),
        ("postgresql://:secret@db/crm", "postgresql://@db/crm"),
        ("postgresql://db", "postgresql://db"),
    ],
)
def test_a_location_never_shows_the_password(given: str, shown: str) -> None:
    registry = connect(given)
    assert registry.location == shown
    assert "cret" not in repr(registry) + repr(vars(registry._store))  # type: ignore[attr-defined]


@pytest.mark.parametrize("password", ["a/b", "a?b", "a#b", "a@b", "a/b@c"])
def test_a_password_that_would_be_misread_is_refused_unseen(password: str) -> None:
    with pytest.raises(UsageError, match="PGPASSWORD") as refused:
        connect(f"postgresql://ann:{password}@db/crm")
    assert password not in str(refused.value)


@pytest.mark.parametrize("schema", ["", "a b", 'a"b', "1a", "pg_x", "information_schema", "x" * 64])
def test_a_schema_has_a_plain_name(schema: str) -> None:
    with pytest.raises(UsageError, match="no name for a schema"):
        connect(f"postgresql://db/crm?schema={schema}")


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "custid.registries.postgres", None)
    with pytest.raises(MissingExtra, match=r"pip install 'custid\[postgres\]'"):
        connect("postgresql://db/crm")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "postgresql://ann:secret@localhost:1/crm",
            r"postgresql://ann@localhost:1/crm cannot be reached: .*refused.*there",
        ),
        ("postgresql:///crm?host=/no/such/folder", "cannot be reached: .*No such file"),
        ("postgresql://db/crm?no_such_option=1", "no_such_option.* Correct the URL"),
    ],
)
def test_a_server_that_is_not_there_is_told(url: str, message: str) -> None:
    registry = connect(url, wait_s=0)
    for verb in (registry.read_state, registry.runs, lambda: run(registry)):
        with pytest.raises(RegistryError, match=message) as failed:
            verb()
        assert "secret" not in str(failed.value)


def test_a_database_that_is_not_there_is_told(postgres: PostgresServer) -> None:
    with pytest.raises(RegistryError, match=r'"nowhere" does not exist\. Make it first: createdb nowhere'):
        connect(postgres.url("nowhere")).read_state()


def test_a_user_that_is_not_known_is_told(postgres: PostgresServer) -> None:
    with pytest.raises(RegistryError, match=r'role "eve" does not exist'):
        connect(postgres.url("postgres").replace("custid@", "eve@")).read_state()


def test_what_the_environment_says_counts(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, _, host = url.partition("?host=")
    monkeypatch.setenv("PGHOST", host)
    monkeypatch.setenv("PGUSER", "custid")
    two_customers(connect("postgresql:///" + place.rpartition("/")[2]))
    assert connect(url).lookup("crm", "1") == "A"


def test_the_registry_may_have_a_schema_of_another_name(url: str) -> None:
    for name in ("people", "Select", "custid_2"):
        registry = connect(f"{url}&schema={name}")
        two_customers(registry)
        merge(registry)
        assert registry.verify() == []
        assert registry.location.endswith(f"&schema={name}")
    assert ask(url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'custid'") == [(0,)]
    with pytest.raises(RegistryError, match="there is no registry"):
        connect(url).runs()


def test_an_empty_schema_that_was_made_beforehand_is_used(postgres: PostgresServer) -> None:
    url = postgres.fresh()
    user = f"owner_{secrets.token_hex(4)}"
    postgres.run(f"CREATE ROLE {user} LOGIN", f"CREATE SCHEMA custid AUTHORIZATION {user}", url=url)
    registry = connect(url.replace("custid@", f"{user}@"))
    two_customers(registry)
    assert registry.verify() == []


def test_a_user_without_the_right_is_told(postgres: PostgresServer) -> None:
    url = postgres.fresh()
    user = f"guest_{secrets.token_hex(4)}"
    postgres.run(f"CREATE ROLE {user} LOGIN", url=url)
    guest = connect(url.replace("custid@", f"{user}@"))
    with pytest.raises(RegistryError, match=r"permission denied for database .* right"):
        run(guest)
    two_customers(connect(url))
    with pytest.raises(RegistryError, match=f"user {user} may not read the schema custid.*GRANT USAGE"):
        guest.runs()
    postgres.run(f"GRANT USAGE ON SCHEMA custid TO {user}", url=url)
    with pytest.raises(RegistryError, match="GRANT SELECT"):
        guest.runs()
    postgres.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA custid TO {user}", url=url)
    assert guest.lookup("crm", "1") == "A"
    with pytest.raises(RegistryError, match=r"permission denied .* right"):
        run(guest)


def test_a_schema_that_custid_did_not_make_is_refused_and_left_alone(url: str, postgres: PostgresServer) -> None:
    state = connect(url).read_state()
    for statements in (
        ["CREATE SCHEMA custid", "CREATE TABLE custid.runs (a INT)"],
        ["CREATE TABLE custid.meta (name VARCHAR, value VARCHAR)"],
    ):
        postgres.run(*statements, url=url)
        for verb in (connect(url).read_state, connect(url).xref, lambda: connect(url).commit(commit_of(state))):
            with pytest.raises(NotARegistry, match="not one that custid made"):
                verb()
    assert ask(url, "SELECT count(*) FROM pg_class WHERE relnamespace = 'custid'::regnamespace") == [(2,)]


def test_a_database_that_cannot_hold_every_name_is_refused(postgres: PostgresServer) -> None:
    postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(RegistryError, match=r"encoding is LATIN1.* createdb --encoding=UTF8"):
        run(connect(postgres.url("latin")))


def test_a_table_that_is_missing_is_told(url: str, postgres: PostgresServer) -> None:
    two_customers(connect(url))
    postgres.run("DROP TABLE custid.links", url=url)
    with pytest.raises(NotARegistry, match=r"damaged: .*links.* backup"):
        connect(url).xref()


# --- values ---

TEXTS = [
    "",
    None,
    " ",
    "\\N",
    "\\.",
    "a\n\\.\nb",
    "\r",
    "\r\n",
    "\t",
    'a,"b"',
    "'",
    "{1,2}",
    "NULL",
    "null",
    "\u2028",
    "\ufeff",
    "\x01\x1f\x7f",
    "张三 🐉",
    "é",
    "e\u0301",
    "\ufffe",
    "x" * 100_000,
]


def test_every_text_comes_back_as_it_was(url: str) -> None:
    registry = connect(url)
    names = [f"crm:{place}" for place in range(len(TEXTS))]
    linked = [("linked", "A", None, name) for name in names]
    run(
        registry,
        [("created", "A", None, None), *linked],
        {name: {"note": text, "of": "x"} for name, text in zip(names, TEXTS, strict=True)},
    )
    assert registry.records()["note"].to_pylist() == TEXTS
    assert registry.verify() == []


def test_a_record_may_be_called_anything(url: str) -> None:
    names = [text for text in TEXTS if text and len(text) < 1000]
    registry = connect(url)
    linked = [("linked", "A", None, f"crm:{name}") for name in names]
    run(registry, [("created", "A", None, None), *linked], {f"crm:{name}": {} for name in names})
    assert [registry.lookup("crm", name) for name in names] == ["A"] * len(names)
    assert registry.xref()["record_id"].to_pylist() == sorted(names)


def test_a_nul_character_is_refused_and_where_it_is_told(url: str) -> None:
    registry = connect(url)
    two_customers(registry)
    with pytest.raises(RegistryError, match=r"column 'email' of records .*record_id '2'\) holds a NUL.* Nothing was"):
        run(registry, [], {"crm:1": {"email": "a"}, "crm:2": {"email": "a\0b"}})
    with pytest.raises(RegistryError, match="NUL character"):
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann", reason="a\0b")
    assert registry.read_state().run_id == 1


def test_offered_rows_come_back_as_they_were(url: str) -> None:
    two_customers(connect(url))
    rows = pa.table(
        {
            "number": pa.array([1, None, -(2**62)], pa.int64()),
            "text": pa.array(['a"b\\', None, "O'Brien, {NULL}"]),
            "at": pa.array([1, None, -(10**15)], schemas.INSTANT),
            "share": pa.array([0.1, None, float("nan")], pa.float64()),
            "live": pa.array([True, None, False]),
        }
    )
    server = connect(url)._store  # type: ignore[attr-defined]
    with server.reading() as reading:
        reading.offer("given", rows)
        assert str(reading.fetch("SELECT * FROM given").to_pylist()) == str(rows.to_pylist())
        reading.offer("given", rows.slice(0, 0))
        assert len(reading.fetch("WITH more AS (SELECT * FROM given) SELECT * FROM more")) == 0
        reading.offer("given_keys", pa.table({"given_key": [2, 3]}))
        found = reading.fetch(
            "SELECT record_id FROM custid.records WHERE record_key IN (SELECT given_key FROM given_keys)"
        )
        assert sorted(found["record_id"].to_pylist()) == ["1", "2"]


def test_names_are_ordered_as_in_every_registry(url: str) -> None:
    names = ["a", "B", "é", "Z", "_", "10", "9", "张", "ab", "a b"]
    registry = connect(url)
    events = [("linked", "A", None, f"crm:{name}") for name in names]
    run(registry, [("created", "A", None, None), *events], {f"crm:{name}": {} for name in names})
    assert registry.xref()["record_id"].to_pylist() == sorted(names)


def test_a_field_may_be_called_like_a_column_of_the_system(url: str) -> None:
    registry = connect(url)
    values = {name: name for name in ("ctid", "xmin", "XMAX", "tableoid", "oid")}
    run(registry, [("created", "A", None, None), ("linked", "A", None, "crm:1")], {"crm:1": values})
    assert {name: registry.records()[name][0].as_py() for name in values} == values


# --- older and newer formats ---


def test_an_older_registry_is_brought_up_to_date_by_whoever_comes_first(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_customers(connect(url))
    before = connect(url).xref()
    newest = tables.FORMAT + 1
    step = ("ALTER TABLE custid.runs ADD COLUMN place VARCHAR", "UPDATE custid.runs SET place = 'here'")
    monkeypatch.setattr(tables, "STEPS", (*tables.STEPS, step))
    monkeypatch.setattr(tables, "FORMAT", newest)
    assert connect(url).xref().equals(before)
    assert ask(url, "SELECT place FROM custid.runs") == [("here",)]
    monkeypatch.undo()
    with pytest.raises(RegistryTooNew, match=f"has format {newest}"):
        connect(url).xref()


def test_a_migration_that_fails_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    two_customers(connect(url))
    step = ("ALTER TABLE custid.runs ADD COLUMN place VARCHAR", "SELECT no_such_function()")
    with monkeypatch.context() as patch:
        patch.setattr(tables, "STEPS", (*tables.STEPS, step))
        patch.setattr(tables, "FORMAT", tables.FORMAT + 1)
        with pytest.raises(Exception, match="no_such_function"):
            connect(url).xref()
    assert ask(url, "SELECT count(*) FROM information_schema.columns WHERE column_name = 'place'") == [(0,)]
    assert connect(url).verify() == []


def test_every_index_is_there_after_the_first_run_and_made_again_when_missing(
    url: str, postgres: PostgresServer
) -> None:
    two_customers(connect(url))
    listed = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'custid'"
    assert ask(url, listed) == [(len(store.INDEXES),)]
    postgres.run("DROP INDEX custid.links_by_record_key", url=url)
    run(connect(url))
    assert ask(url, listed) == [(len(store.INDEXES),)]


# --- sharing the server ---


def test_a_writer_that_has_to_wait_too_long_is_told_who_holds_it(url: str) -> None:
    two_customers(connect(url))
    holder, registry = connect(url), connect(url, wait_s=0.2)
    state = registry.read_state()
    with holder._store.writing():  # type: ignore[attr-defined]
        with pytest.raises(
            RegistryBusy, match=rf"process {os.getpid()} on .*user custid\) holds it.* after waiting 0\.2 s"
        ):
            registry.commit(commit_of(state))
        with pytest.raises(RegistryBusy, match="holds it"):
            registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        assert registry.lookup("crm", "1") == "A"
    registry.commit(commit_of(state))


def test_registries_of_two_schemas_do_not_disturb_each_other(url: str) -> None:
    one, other = connect(url), connect(f"{url}&schema=other", wait_s=0.2)
    two_customers(one)
    with one._store.writing():  # type: ignore[attr-defined]
        two_customers(other)
    assert other.lookup("crm", "1") == "A"


def test_a_reader_during_a_commit_sees_the_state_before(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry, reader = connect(url), connect(url, wait_s=0.2)
    two_customers(registry)
    before = reader.read_state()
    seen = []
    end = registry._store._tend  # type: ignore[attr-defined]

    def look(writing: session.ServerSession) -> None:
        seen.append(reader.read_state())
        end(writing)

    monkeypatch.setattr(registry._store, "_tend", look)  # type: ignore[attr-defined]
    merge(registry)
    assert seen == [before]
    assert reader.current("B") == "A"


def test_a_snapshot_outlasts_a_commit(url: str) -> None:
    registry, reader = connect(url), connect(url)
    two_customers(registry)
    with reader._store.reading() as reading:  # type: ignore[attr-defined]
        reading.fetch("SELECT 1 FROM custid.runs")
        merge(registry)
        assert len(reading.fetch("SELECT * FROM custid.runs")) == 1


def test_processes_that_make_the_registry_at_once_make_one(url: str) -> None:
    script = (
        "import sys\nfrom custid.errors import RunConflict\nfrom custid.registries import connect\n"
        "from custid.testing.registry_suite import commit_of\n"
        "registry = connect(sys.argv[1])\nstate = registry.read_state()\nprint('ready', flush=True)\n"
        "sys.stdin.read()\n"
        "try:\n    registry.commit(commit_of(state))\n    print('landed')\n"
        "except RunConflict:\n    print('refused')"
    )
    makers = [
        subprocess.Popen([sys.executable, "-c", script, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
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
    assert connect(url).verify() == []


def test_a_connection_is_kept_and_made_anew_when_the_server_has_dropped_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = connect(url)
    two_customers(registry)
    mine = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'process%' AND datname = current_database()"
    kept = ask(url, mine)
    assert len(kept) == 1
    assert registry.lookup("crm", "1") == "A"
    assert ask(url, mine) == kept
    monkeypatch.setattr(store, "_TRIED_AFTER_S", 0.0)
    ask(url, f"SELECT pg_terminate_backend({kept[0][0]})")
    assert registry.lookup("crm", "1") == "A"


def test_a_forked_process_uses_a_connection_of_its_own(url: str) -> None:
    registry = connect(url)
    two_customers(registry)
    child = os.fork()
    if child == 0:
        os._exit(0 if registry.lookup("crm", "1") == "A" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert registry.lookup("crm", "2") == "B"


def test_a_rewritten_registry_is_the_same(url: str) -> None:
    registry = connect(url)
    two_customers(registry)
    merge(registry)
    before = registry.read_state()
    files = """SELECT count(*) FROM pg_class
        WHERE relnamespace = 'custid'::regnamespace AND relkind = 'r' AND relfilenode = oid"""
    kept = ask(url, files)
    registry._store.rewrite(["records", "rejects"])  # type: ignore[attr-defined]
    assert ask(url, files)[0][0] == kept[0][0] - 2  # type: ignore[operator]
    assert registry.read_state() == before
    assert registry.verify() == []


def test_rewriting_waits_for_readers(url: str) -> None:
    registry, reader = connect(url, wait_s=0.2), connect(url)
    two_customers(registry)
    with reader._store.reading(), pytest.raises(RegistryBusy, match="cannot be rewritten: process"):  # type: ignore[attr-defined]
        registry._store.rewrite(["records"])  # type: ignore[attr-defined]


# --- lost connections ---


def lose(url: str, monkeypatch: pytest.MonkeyPatch, verb: str, *, done: bool) -> None:
    """The server ends the connection of the next session that calls `verb`, before or after it was done."""
    original = getattr(session.ServerSession, verb)

    def lost(self: session.ServerSession, *arguments: object) -> None:
        if verb == "execute" and "INSERT INTO custid.runs" not in str(arguments):
            original(self, *arguments)
            return
        monkeypatch.setattr(session.ServerSession, verb, original)
        pid = self.fetch("SELECT pg_backend_pid() AS pid")["pid"][0].as_py()
        if done:
            original(self, *arguments)
        ask(url, f"SELECT pg_terminate_backend({pid}, 5000)")
        self.execute("SELECT 1")

    monkeypatch.setattr(session.ServerSession, verb, lost)


@pytest.mark.parametrize("verb", ["execute", "load", "commit"])
def test_a_connection_lost_before_the_commit_has_written_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    registry = connect(url)
    two_customers(registry)
    before = registry.read_state()
    lose(url, monkeypatch, verb, done=False)
    with pytest.raises(RegistryError, match=r"connection .* was lost; nothing was written"):
        registry.commit(commit_of(before, [("merged", "B", "A", None), ("moved", "A", "B", "crm:2")]))
    assert registry.read_state() == before
    merge(registry)
    assert registry.verify() == []


def test_a_commit_whose_answer_was_lost_is_found_to_have_landed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = connect(url)
    two_customers(registry)
    lose(url, monkeypatch, "commit", done=True)
    merge(registry)
    assert registry.current("B") == "A"
    assert registry.verify() == []


def test_a_commit_that_cannot_be_found_out_about_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = connect(url)
    two_customers(registry)
    marks = iter(["before", "another"])
    monkeypatch.setattr(store, "_mark", lambda session: next(marks))
    lose(url, monkeypatch, "commit", done=True)
    with pytest.raises(RegistryError, match="another has written since, so it is not known"):
        merge(registry)


def test_a_commit_that_fails_is_undone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = connect(url)
    two_customers(registry)
    before = registry.read_state()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(registry._store, "_tend", stop)  # type: ignore[attr-defined]
        with pytest.raises(KeyboardInterrupt):
            merge(registry)
    assert registry.read_state() == before
    merge(registry)
    assert registry.verify() == []


def test_a_commit_that_is_interrupted_is_undone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = connect(url)
    two_customers(registry)

    def linger(writing: session.ServerSession) -> None:
        threading.Timer(0.2, signal.raise_signal, args=(signal.SIGINT,)).start()
        writing.execute("SELECT pg_sleep(30)")

    monkeypatch.setattr(registry._store, "_tend", linger)  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        merge(registry)
    assert registry.current("B") == "B"
    assert registry.verify() == []


# --- killed at any instant ---


def started(url: str) -> subprocess.Popen[str]:
    """A process that commits without end, about to begin its first commit."""
    process = subprocess.Popen([sys.executable, "-c", ENDLESS, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_killed_client_leaves_the_registry_as_before_or_as_after(url: str) -> None:
    chance = random.Random(21)
    registry = connect(url)
    landed = 0
    for _ in range(KILLS):
        process = started(url)
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        landed = is_whole(registry, landed)
    if landed == 0:
        two_customers(registry)
    run(registry)
    assert registry.verify() == []


def test_a_killed_server_leaves_the_registry_as_before_or_as_after(postgres: PostgresServer) -> None:
    url = postgres.fresh()
    chance = random.Random(22)
    landed = 0
    for _ in range(CRASHES):
        process = started(url)
        time.sleep(chance.uniform(0, 0.4))
        postgres.crash()
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        postgres.start()
        landed = is_whole(connect(url), landed)


def test_a_server_that_crashes_and_comes_back_during_commits_loses_and_doubles_nothing(
    postgres: PostgresServer,
) -> None:
    url = postgres.fresh()
    chance = random.Random(23)
    registry = connect(url)
    two_customers(registry)
    for _ in range(CRASHES):
        before = registry.read_state().run_id
        outcome: list[str] = []
        worker = threading.Thread(target=commit_and_tell, args=(url, outcome))
        worker.start()
        time.sleep(chance.uniform(0, 0.1))
        postgres.crash()
        postgres.start()
        worker.join()
        registry = connect(url)
        after = registry.read_state().run_id
        if outcome == ["landed"]:
            assert after == before + 1
        elif "nothing was written" in outcome[0] or "cannot be reached" in outcome[0]:
            assert after == before
    assert registry.verify() == []


def commit_and_tell(url: str, outcome: list[str]) -> None:
    try:
        run(connect(url))
        outcome.append("landed")
    except RegistryError as error:
        outcome.append(str(error))


# --- the command line ---


def test_every_command_takes_the_url(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from custid.cli.app import app

    def custid(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(arguments), prog_name="custid")
        assert done.exit_code == code, done.output
        return done.output

    monkeypatch.chdir(tmp_path)
    people = [f"K{number},Given{number},Surname{number},p{number}@x.test" for number in range(40)]
    Path("crm.csv").write_text("\n".join(["id,given name,surname,e-mail", *people]) + "\n")
    Path("shop.csv").write_text("\n".join(["id,given name,surname,e-mail", *people[:20]]) + "\n")
    channels = '[channels.{0}]\npath = "{0}.csv"\nrecord_id = "id"\n'
    Path("customers.toml").write_text(f'registry = "{url}"\n' + channels.format("crm") + channels.format("shop"))
    assert "there is no registry" in custid("verify", code=1)
    custid("run", "--quiet")
    customer_id = connect(url).lookup("crm", "K1")
    assert customer_id is not None
    assert connect(url).lookup("shop", "K1") == customer_id
    assert customer_id in custid("lookup", "crm", "K1")
    Path("customers.toml").unlink()
    assert customer_id in custid("lookup", "shop", "K1", "--registry", url)
    assert customer_id in custid("history", customer_id, "--registry", url)
    assert customer_id in custid("show", customer_id, "--registry", url)
    assert customer_id in custid("changes", "--since", "0", "--registry", url)
    assert "sound" in custid("verify", "--registry", url)
    assert list(Path().glob("*.db")) == []

"""A registry's schema on a server: connections, transactions, locks, indexes.

In: an address. Out: sessions on it. Never here: what the tables mean.

Readers see one snapshot (REPEATABLE READ) and block nobody. Writers take one advisory lock, named by the schema and
held until their transaction ends, so that none overlaps another; who waits for it longer than `wait_s` gets
RegistryBusy. A commit whose answer was lost with the connection is looked up afterwards: each write leaves a mark of
its own in `custid.meta`.

A connection is kept for the next verb: making one takes longer than most questions.
"""

from __future__ import annotations

import os
import queue
import secrets
import socket
import time
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import adbc_driver_postgresql.dbapi as adbc
from adbc_driver_manager import Error

from custid.errors import NotARegistry, RegistryBusy, RegistryError
from custid.registries.postgres.address import Address
from custid.registries.postgres.faults import ConnectionLost, Held, translated, while_connecting
from custid.registries.postgres.session import ServerSession
from custid.registries.session import Session

#: Table and columns of every index. They are the server's own affair: no step of `tables` names them.
INDEXES = (
    ("records", "record_key"),
    ("records", "channel, record_id"),
    ("events", "seq"),
    ("events", "run_id"),
    ("events", "record_key"),
    ("events", "customer_id"),
    ("events", "other_id"),
    ("links", "record_key"),
    ("links", "customer_id"),
    ("customers", "customer_id"),
    ("customers", "minted"),
    ("customers", "redirect"),
    ("edges", "left_key, right_key"),
    ("edges", "right_key"),
    ("decisions", "decision_id"),
    ("rejects", "run_id"),
    ("keys", "key"),
    ("keys", "record_key"),
    ("comparables", "record_key"),
    ("codes", "code"),
    ("codes", "reads_as"),
    ("codes", "customer_id"),
    ("golden", "customer_id"),
    ("golden", "minted"),
    ("pins", "customer_id"),
)

#: Columns whose values the planner is not to keep samples of: no question needs them, and an erasure would miss them.
#: (`session.dialect` sees to the fields of records.)
_PRIVATE = {
    "comparables": ("packed",),
    "rejects": ("detail", "raw"),
    "decisions": ("reason",),
    "golden": ("golden",),
    "pins": ("value", "reason"),
}

#: The share of a table that a write must add before the planner's statistics on it are made anew.
_ANALYZE_SHARE = 0.1

#: Seconds after which a kept connection is tried before it is used, and between two tries of a server.
_TRIED_AFTER_S = 1.0
_PAUSE_S = 0.1

#: Seconds to wait for a server to answer, and for one to come back that went away during a COMMIT.
_CONNECT_TIMEOUT_S = 10
_RESTART_S = 30.0

#: The first half of the advisory lock's key: "cust".
_LOCK = 0x63757374

#: For each connection; $1 is how long to wait for a lock, $2 what other sessions see as its name.
_SETTINGS = """
    SELECT set_config('TimeZone', 'UTC', false), set_config('client_encoding', 'UTF8', false),
        set_config('client_min_messages', 'error', false), set_config('lock_timeout', $1, false),
        set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 65536)::text, false),
        CASE current_setting('application_name') WHEN '' THEN set_config('application_name', $2, false) END"""

_LOOK = """
    SELECT has_schema_privilege(namespace.oid, 'USAGE') AS usable,
        EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = namespace.oid) AS used,
        coalesce((SELECT has_table_privilege(oid, 'SELECT') FROM pg_class
                  WHERE relnamespace = namespace.oid AND relname = 'meta'), true) AS readable,
        current_user AS asking
    FROM pg_namespace AS namespace WHERE nspname = 'custid'"""

_HOLDER = """
    SELECT activity.pid, activity.application_name, activity.usename
    FROM pg_locks AS locks JOIN pg_stat_activity AS activity ON activity.pid = locks.pid
    WHERE locks.granted AND locks.pid <> pg_backend_pid()
        AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND ((locks.locktype = 'advisory' AND locks.classid = {first} AND locks.objid = {second})
            OR locks.relation IN (SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace('"{schema}"')))
    ORDER BY locks.locktype = 'advisory' DESC LIMIT 1"""

#: A connection, the process that opened it, and when it was last used.
_Kept = tuple[int, float, adbc.Connection]

#: Connections of the process that this one was forked from.
_INHERITED: list[adbc.Connection] = []


class ServerStore:
    """The store of a PostgreSQL registry."""

    def __init__(self, address: Address, *, wait_s: float) -> None:
        self._address = address
        self._wait_s = wait_s
        self._lock_key = zlib.crc32(address.schema.encode())
        self._indexed = False
        self._kept: queue.LifoQueue[_Kept] = queue.LifoQueue(maxsize=1)
        weakref.finalize(self, _close_all, self._kept)

    @property
    def location(self) -> str:
        """The URL, without a password."""
        return self._address.shown

    def exists(self) -> bool:
        """Whether the schema holds anything. Raises RegistryError when the database cannot be reached or read."""
        with self._session() as session:
            return self._look(session)

    def create(self, build: Callable[[Session], None]) -> None:
        """Build the tables in one transaction, unless another came first."""
        with self._session() as session, self._waiting("made"), self._transaction(session):
            self._take_lock(session)
            if not self._look(session):
                self._refuse_encoding(session)
                build(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self._session() as session, self._waiting("read"):
            try:
                _begin_snapshot(session)
                yield session
            finally:
                session.roll_back()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self._session() as session, self._waiting("written"):
            mark, before, committing = secrets.token_hex(8), None, False
            try:
                with self._transaction(session):
                    self._take_lock(session)
                    yield session
                    self._tend(session)
                    before = _mark(session)
                    session.execute("DELETE FROM custid.meta WHERE name = 'last_write'")
                    session.execute("INSERT INTO custid.meta (name, value) VALUES ('last_write', $1)", (mark,))
                    committing = True
            except ConnectionLost as lost:
                if not committing:
                    raise
                self._find_out(mark, before, lost)
            self._indexed = True

    def rewrite(self, changed: Sequence[str]) -> None:
        """Give each table new files with nothing in them but its rows; all tables or none.

        VACUUM FULL would keep what any snapshot on the server can still see. What the server has elsewhere stays there
        for as long as it keeps it: the write-ahead log, base backups.
        """
        with self._session() as session, self._waiting("rewritten"), self._transaction(session):
            self._take_lock(session)
            # A snapshot from before would find the new files empty: readers hold this lock as long as their snapshot.
            session.execute("LOCK TABLE custid.meta IN ACCESS EXCLUSIVE MODE")
            for table in changed:
                session.execute(f"CREATE TEMPORARY TABLE kept_rows AS SELECT * FROM custid.{table}")
                session.execute(f"TRUNCATE custid.{table}")
                session.execute(f"INSERT INTO custid.{table} SELECT * FROM kept_rows")
                session.execute("DROP TABLE kept_rows")
                session.execute(f"ANALYZE custid.{table}")

    # --- transactions ---

    @contextmanager
    def _transaction(self, session: ServerSession) -> Iterator[None]:
        session.begin()
        try:
            yield
        except BaseException:
            session.roll_back()
            raise
        session.commit()

    def _take_lock(self, session: ServerSession) -> None:
        # READ COMMITTED: what is read from here on is what the writer before left.
        session.execute(f"SELECT pg_advisory_xact_lock({_LOCK}, {_signed(self._lock_key)})")

    @contextmanager
    def _waiting(self, doing: str) -> Iterator[None]:
        try:
            yield
        except Held:
            raise RegistryBusy(
                f"{self.location} cannot be {doing}: {self._holder()} holds it, still after waiting "
                f"{self._wait_s:g} s. Try again when that has ended."
            ) from None

    def _holder(self) -> str:
        with self._session() as session:
            sql = _HOLDER.format(first=_LOCK, second=self._lock_key, schema=self._address.schema)
            found = session.fetch(sql).to_pylist()
        if not found:
            return "somebody who has just ended"
        name = found[0]["application_name"] or f"server process {found[0]['pid']}"
        return f"{name} (user {found[0]['usename']})"

    def _find_out(self, mark: str, before: str | None, lost: ConnectionLost) -> None:
        """Whether the write whose answer was lost has landed; returns if so. Raises RegistryError."""
        try:
            with self._session(patience_s=_RESTART_S) as session, self._transaction(session):
                # The lost transaction may still be under way: its lock is gone when it has ended.
                self._take_lock(session)
                found = _mark(session)
        except (RegistryError, Held) as error:
            raise RegistryError(
                f"{self.location}: the connection was lost during COMMIT, and the server does not say whether that "
                "landed. Run again when it answers: what landed is not written twice."
            ) from error
        if found == mark:
            return
        if found == before:
            raise lost
        raise RegistryError(
            f"{self.location}: the connection was lost during COMMIT, and another has written since, so it is not "
            "known whether that landed. Look at the registry's runs, and run again: what landed is not written twice."
        ) from lost

    # --- what is there ---

    def _look(self, session: ServerSession) -> bool:
        found = session.fetch(_LOOK).to_pylist()
        if not found or not found[0]["used"]:
            return False
        schema, asking = self._address.schema, found[0]["asking"]
        if not (found[0]["usable"] and found[0]["readable"]):
            raise RegistryError(
                f"{self.location}: user {asking} may not read the schema {schema}. Its owner can allow it: "
                f"GRANT USAGE ON SCHEMA {schema} TO {asking}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {asking}"
            )
        return True

    def _refuse_encoding(self, session: ServerSession) -> None:
        encoding = session.fetch("SELECT current_setting('server_encoding') AS encoding")["encoding"][0].as_py()
        if encoding != "UTF8":
            raise RegistryError(
                f"{self.location}: the database's encoding is {encoding}, which cannot hold every name. "
                "Make one that can: createdb --encoding=UTF8 --template=template0 customers"
            )

    def _tend(self, session: ServerSession) -> None:
        """Indexes that are missing (after the first load, which is faster so), and fresh statistics."""
        if not self._indexed:
            sql = "SELECT indexname FROM pg_indexes WHERE schemaname = 'custid'"
            there = set(session.fetch(sql)["indexname"].to_pylist())
            for table, columns in INDEXES:
                name = f"{table}_by_{columns.replace(', ', '_')}"
                if name in there:
                    continue
                session.execute(f"CREATE INDEX {name} ON custid.{table} ({columns})")
                for column in _PRIVATE.get(table, ()):
                    session.execute(f"ALTER TABLE custid.{table} ALTER COLUMN {column} SET STATISTICS 0")
        self._analyze(session)

    def _analyze(self, session: ServerSession) -> None:
        """Fresh statistics for what has grown a good deal; autovacuum would come minutes later, if at all."""
        grown = {**session.loaded, **dict.fromkeys(("links", "customers"), session.loaded.get("events", 0))}
        sql = """SELECT CAST(relname AS TEXT) AS name, CAST(reltuples AS BIGINT) AS count FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'custid') AND relkind = 'r'"""
        for table in session.fetch(sql).to_pylist():
            if grown.get(table["name"], 0) > _ANALYZE_SHARE * max(table["count"], 1000):
                session.execute(f"ANALYZE custid.{table['name']}")

    # --- connections ---

    @contextmanager
    def _session(self, *, patience_s: float = 0.0) -> Iterator[ServerSession]:
        connection = self._connection(patience_s)
        session = ServerSession(connection, self._address.schema, self.location)
        try:
            yield session
        finally:
            try:
                if session.broken:
                    raise queue.Full
                self._kept.put_nowait((os.getpid(), time.monotonic(), connection))
            except queue.Full:
                _close(connection)

    def _connection(self, patience_s: float) -> adbc.Connection:
        """The kept connection or a new one.

        Raises RegistryBusy when the server still takes none after `wait_s`, RegistryError when there is none to be had
        (only after `patience_s`: the server may be about to start again).
        """
        with suppress(queue.Empty):
            process, since, connection = self._kept.get_nowait()
            # One that came along through a fork is its parent's: closing it here would close it there.
            if process != os.getpid():
                _INHERITED.append(connection)
            elif time.monotonic() - since < _TRIED_AFTER_S or _answers(connection):
                return connection
        begun = time.monotonic()
        while True:
            try:
                return self._open()
            except RegistryError as error:
                waited_s = time.monotonic() - begun
                if waited_s >= max(patience_s, self._wait_s if isinstance(error, RegistryBusy) else 0.0):
                    raise
                time.sleep(_PAUSE_S)

    def _open(self) -> adbc.Connection:
        uri = self._address.uri
        if "connect_timeout=" not in uri and "PGCONNECT_TIMEOUT" not in os.environ:
            uri += ("&" if "?" in uri else "?") + f"connect_timeout={_CONNECT_TIMEOUT_S}"
        try:
            connection = adbc.connect(uri, autocommit=True)
        except Error as error:
            raise while_connecting(error, self.location) from error
        try:
            lock_timeout = f"{max(1, round(self._wait_s * 1000))}ms"
            with translated(self.location), connection.cursor() as cursor:
                cursor.execute(_SETTINGS, (lock_timeout, f"process {os.getpid()} on {socket.gethostname()}"[:63]))
        except BaseException:
            _close(connection)
            raise
        return connection


def _begin_snapshot(session: ServerSession) -> None:
    mode = "ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    session.begin(mode)
    try:
        # Held before the snapshot is taken; see `ServerStore.rewrite`.
        session.execute("LOCK TABLE custid.meta IN ACCESS SHARE MODE")
    except NotARegistry:
        # Not one of ours: whoever reads on says so.
        session.roll_back()
        session.begin(mode)


def _mark(session: Session) -> str | None:
    found = session.fetch("SELECT value FROM custid.meta WHERE name = 'last_write'")
    return found["value"][0].as_py() if len(found) else None


def _signed(number: int) -> int:
    """The 32 bits of `number` as a signed integer, as PostgreSQL's locks are named.

    >>> _signed(1), _signed(2**32 - 1)
    (1, -1)
    """
    return number - 2**32 if number >= 2**31 else number


def _answers(connection: adbc.Connection) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error:
        _close(connection)
        return False
    return True


def _close(connection: adbc.Connection) -> None:
    with suppress(Error):
        connection.close()


def _close_all(kept: queue.LifoQueue[_Kept]) -> None:
    with suppress(queue.Empty):
        while True:
            process, _, connection = kept.get_nowait()
            if process == os.getpid():
                _close(connection)

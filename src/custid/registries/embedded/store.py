"""A registry's file: opened for one verb, closed again, and shared fairly meanwhile.

In: a path. Out: sessions on it. Never here: what the tables mean.

DuckDB lets a file be open in one process for writing, or in several for reading. Who meets a held file waits
up to `wait_s` seconds, then gets RegistryBusy. Inside one process all sessions on a file share one open
database (`_Sharing`): the file's lock belongs to the process, and closing one of two handles would drop it
for both. So in one process readers see the last commit even while another thread writes the next.

The file is attached to an in-memory database and never opened by its name: DuckDB takes names ending in .csv
or .parquet, and SQLite's files, for something to query, and would load an extension for it.
"""

from __future__ import annotations

import glob
import os
import queue
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from custid.errors import NotARegistry, RegistryBusy, RegistryError, RegistryTooNew
from custid.registries.session import Session

#: Seconds between two looks at a file that another process holds.
_PAUSE_S = 0.05

#: The oldest DuckDB that custid runs with must be able to read what a newer one wrote.
_STORAGE_VERSION = "v1.4.0"

_T = TypeVar("_T")

_HELD = re.compile(r"Could not set lock on file|being used by another process|Unique file handle conflict")
_HOLDER = re.compile(r"\(PID (\d+)\)")


class FileStore:
    """The store of an embedded registry."""

    def __init__(self, path: str | Path, *, wait_s: float) -> None:
        self._shown = str(path)
        self._path = Path(os.path.realpath(Path(path).expanduser()))
        self._wait_s = wait_s

    @property
    def location(self) -> str:
        """The path, as it was given."""
        return self._shown

    def exists(self) -> bool:
        """Whether the file is there. Raises RegistryError when it could not be."""
        try:
            if self._path.is_dir():
                raise NotARegistry(f"{self._shown} is a folder; a registry is a file. Try {self._shown}/customers.db")
            if not self._path.parent.is_dir():
                raise RegistryError(f"{self._shown}: there is no folder {self._path.parent}. Make it first.")
            return self._path.exists()
        except OSError as error:
            raise RegistryError(f"{self._shown} cannot be opened: {error.strerror or error}") from error

    def create(self, build: Callable[[Session], None]) -> None:
        """Build the file under another name and link it into place, so that nobody ever meets half of it."""
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.new")
        try:
            database = _attach(draft, self._shown, write=True)
            try:
                session = _DuckSession(database.cursor(), self._shown)
                session.begin()
                build(session)
                session.end("COMMIT")
                # Closing would do so, too, but without a word when the disk is full.
                session.execute("CHECKPOINT registry")
            finally:
                database.close()
            self._put_in_place(draft)
        except OSError as error:
            raise RegistryError(f"{self._shown} cannot be made: {error.strerror or error}") from error
        finally:
            _remove(draft)

    def _put_in_place(self, draft: Path) -> None:
        try:
            os.link(draft, self._path)
        except FileExistsError:
            return
        except OSError:
            # A file system without hard links.
            if not self._path.exists():
                draft.rename(self._path)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self._session(write=False) as session:
            session.begin()
            yield session
            session.end("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self._session(write=True) as session:
            session.begin()
            try:
                yield session
            except BaseException:
                session.end("ROLLBACK")
                raise
            session.end("COMMIT")

    def rewrite(self, changed: Sequence[str]) -> None:
        """Copy the file's tables into a fresh file that takes its place; DuckDB leaves deleted bytes where they were.

        Nobody else is let in before the new one is in its place.
        """
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.new")

        def copy() -> None:
            # Once before, so that what a crash left in the log is in the file. For the log stays under its name: of an
            # old file's log nothing may be left when the new file takes that name, nor may it be opened again.
            _detach(_attach(self._path, self._shown, write=True))
            for left in self._path.parent.glob(f".{glob.escape(self._path.name)}.*.new"):
                _remove(left)
            database = _attach(self._path, self._shown, write=True)
            try:
                with _translated(self._shown):
                    database.execute(f"ATTACH {_quoted(str(draft))} AS fresh (STORAGE_VERSION '{_STORAGE_VERSION}')")
                    database.execute("COPY FROM DATABASE registry TO fresh")
                    database.execute("CHECKPOINT fresh")
                    database.execute("DETACH fresh")
                shutil.copymode(self._path, draft)
                if Path(f"{self._path}.wal").exists():
                    raise _Held("a process that was killed")
                draft.replace(self._path)
            finally:
                database.close()

        try:
            _sharing(self._path).alone(copy, self._shown, wait_s=self._wait_s)
        except OSError as error:
            raise RegistryError(f"{self._shown} cannot be rewritten: {error.strerror or error}") from error
        finally:
            _remove(draft)

    @contextmanager
    def _session(self, *, write: bool) -> Iterator[_DuckSession]:
        sharing = _sharing(self._path)
        cursor = sharing.acquire(self._shown, write=write, wait_s=self._wait_s)
        try:
            yield _DuckSession(cursor, self._shown)
        finally:
            cursor.close()
            sharing.release(write=write)


class _DuckSession:
    """A `Session` on a DuckDB cursor."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, shown: str) -> None:
        self._cursor = cursor
        self._shown = shown
        self.execute("USE registry")
        self.execute("SET TimeZone = 'UTC'")

    def begin(self) -> None:
        self.execute("BEGIN TRANSACTION")

    def end(self, how: str) -> None:
        try:
            self.execute(how)
        except (duckdb.Error, RegistryError):
            # A failed statement may have ended the transaction already: nothing is left to roll back.
            if how != "ROLLBACK":
                raise

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with _translated(self._shown):
            self._cursor.execute(sql, list(parameters))

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        with _translated(self._shown):
            return self._cursor.sql(sql, params=list(parameters) or None).to_arrow_table()

    def offer(self, name: str, rows: pa.Table) -> None:
        with _translated(self._shown):
            self._cursor.register(name, rows)

    def load(self, table: str, rows: pa.Table) -> None:
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in rows.column_names)
        with _translated(self._shown):
            self._cursor.register("custid_rows", rows)
            try:
                self._cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM custid_rows")
            finally:
                self._cursor.unregister("custid_rows")


class _Held(Exception):
    """The file is held; the text says by whom."""


class _Sharing:
    """One file's open database in this process, and who uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._writable = False
        self._users = 0
        self._writing = False
        self._writers_waiting = 0

    def acquire(self, shown: str, *, write: bool, wait_s: float) -> duckdb.DuckDBPyConnection:
        """A connection of its own on the file. Raises RegistryBusy after `wait_s` seconds."""
        return self._when_free(lambda: self._enter(shown, write=write), shown, write=write, wait_s=wait_s)

    def alone(self, work: Callable[[], None], shown: str, *, wait_s: float) -> None:
        """Do `work` while nobody else in this process has the file open. Raises RegistryBusy after `wait_s` seconds."""

        def unless_open() -> None:
            if self._users:
                raise _Held("another thread of this process")
            work()

        self._when_free(unless_open, shown, write=True, wait_s=wait_s)

    def _when_free(self, enter: Callable[[], _T], shown: str, *, write: bool, wait_s: float) -> _T:
        deadline = time.monotonic() + wait_s
        with self._changed:
            self._writers_waiting += write
            try:
                while True:
                    try:
                        return enter()
                    except _Held as held:
                        left_s = deadline - time.monotonic()
                        if left_s <= 0:
                            doing = "cannot be written" if write else "cannot be read"
                            raise RegistryBusy(
                                f"{shown} {doing}: {held} holds it, still after waiting {wait_s:g} s. "
                                "Try again when that has ended."
                            ) from None
                        self._changed.wait(min(_PAUSE_S, left_s))
            finally:
                self._writers_waiting -= write

    def _enter(self, shown: str, *, write: bool) -> duckdb.DuckDBPyConnection:
        if write and self._writing:
            raise _Held("a commit in another thread of this process")
        if self._database is not None and not self._writable and (write or self._writers_waiting):
            # A waiting writer goes before new readers, or it might wait for ever.
            raise _Held("another thread of this process")
        if self._database is None:
            self._database = _attach(self._path, shown, write=write)
            self._writable = write
        self._users += 1
        self._writing |= write
        return self._database.cursor()

    def release(self, *, write: bool) -> None:
        """Give a connection back; the last one closes the file."""
        with self._changed:
            self._users -= 1
            if write:
                self._writing = False
            if self._users == 0 and self._database is not None:
                _detach(self._database)
                self._database = None
            self._changed.notify_all()


_SHARINGS: dict[tuple[int, Path], _Sharing] = {}


def _sharing(path: Path) -> _Sharing:
    """The `_Sharing` of a file; a forked process begins its own."""
    return _SHARINGS.setdefault((os.getpid(), path), _Sharing(path))


#: A DuckDB without a file, left over from the last verb, and its process. Making one takes 13 ms.
_SPARE: queue.LifoQueue[tuple[int, duckdb.DuckDBPyConnection]] = queue.LifoQueue(maxsize=1)


def _attach(path: Path, shown: str, *, write: bool) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the file attached as `registry`.

    Raises _Held, NotARegistry, RegistryTooNew, RegistryError.
    """
    database = _bare()
    options = "TYPE duckdb" if write else "TYPE duckdb, READ_ONLY"
    if write and not path.exists():
        options += f", STORAGE_VERSION '{_STORAGE_VERSION}'"
    before = _inode(path)
    try:
        database.execute(f"SET temp_directory = {_quoted(f'{path}.tmp')}")
        database.execute(f"ATTACH {_quoted(str(path))} AS registry ({options})")
    except duckdb.Error as error:
        database.close()
        raise _refused(error, shown) from error
    if before not in (None, _inode(path)):
        # Rewritten between opening and locking: what was opened is the old file, which nobody will read again.
        database.close()
        raise _Held("a process that rewrites it")
    return database


def _remove(draft: Path) -> None:
    for path in (draft, Path(f"{draft}.wal")):
        path.unlink(missing_ok=True)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _detach(database: duckdb.DuckDBPyConnection) -> None:
    """Close the file, and keep the DuckDB for the next one."""
    try:
        database.execute("DETACH registry")
    except duckdb.Error:
        # What the file did to this DuckDB must not reach the next file.
        database.close()
        return
    try:
        _SPARE.put_nowait((os.getpid(), database))
    except queue.Full:
        database.close()


def _bare() -> duckdb.DuckDBPyConnection:
    try:
        process, database = _SPARE.get_nowait()
    except queue.Empty:
        process = 0
    # One that came along through a fork has lost its threads.
    if process == os.getpid():
        return database
    return duckdb.connect(
        ":memory:",
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _refused(error: duckdb.Error, shown: str) -> Exception:
    """What a file that DuckDB does not attach is to custid."""
    text = str(error)
    if _HELD.search(text):
        holder = _HOLDER.search(text)
        if "Unique file handle conflict" in text:
            return _Held("another DuckDB connection of this process")
        return _Held(f"process {holder[1]}" if holder else "another process")
    if "database does not exist" in text:
        return RegistryError(f"there is no registry at {shown}.")
    if "Permission denied" in text or "Read-only file system" in text:
        return RegistryError(f"{shown} cannot be opened: {_reason(text)}")
    if "version number" in text:
        return RegistryTooNew(
            f"{shown} was written with a newer DuckDB than {duckdb.__version__}. Update it: pip install -U duckdb"
        )
    return NotARegistry(f"{shown} is damaged, or no registry at all. It was left as it is. ({_reason(text)})")


@contextmanager
def _translated(shown: str) -> Iterator[None]:
    """DuckDB's errors about the file, as custid's; those about a statement are bugs and stay."""
    try:
        yield
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError):
        raise
    except duckdb.Error as error:
        text = str(error)
        if re.search("no space left|disk full|could not write|permission denied", text, re.IGNORECASE):
            raise RegistryError(f"{shown} cannot be written; nothing was changed. ({_reason(text)})") from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise RegistryError(f"{shown}: not enough memory; nothing was changed. ({_reason(text)})") from error
        raise NotARegistry(f"{shown} is damaged: a part of it cannot be read. ({_reason(text)})") from error


def _reason(text: str) -> str:
    return text.splitlines()[0].split(": ", 1)[-1]

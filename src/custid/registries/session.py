"""The seam under `sql`: what a database must do so that `sql.SqlRegistry` can be a registry in it.

In: SQL that both DuckDB and PostgreSQL understand, with `$1`, `$2` … for values. Out: Arrow tables.
Never here: what the SQL says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa


class Session(Protocol):
    """One transaction on one connection. Instants come and go as UTC."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""
        ...

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run one query; its rows, in its order. Callers cast: types are the database's nearest."""
        ...

    def offer(self, name: str, rows: pa.Table) -> None:
        """Let queries read `rows` as a table called `name` until the session ends or another is offered under it;
        also in a session that cannot write."""
        ...

    def load(self, table: str, rows: pa.Table) -> None:
        """Append `rows` to `table` in bulk, columns by name; columns that `rows` lacks become null."""
        ...


class Store(Protocol):
    """Where the tables are, and how to get at them."""

    @property
    def location(self) -> str:
        """Path or URL, without a password."""
        ...

    def exists(self) -> bool:
        """Whether there is anything at the location. Raises RegistryError when there could never be."""
        ...

    def create(self, build: Callable[[Session], None]) -> None:
        """Make what `build` makes appear at the location, whole or not at all.

        Nothing happens when another came first.
        """
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """A session that sees one consistent snapshot and cannot write. Raises RegistryBusy, NotARegistry."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """A session that no other writer overlaps; it lands whole on leaving, not at all on an exception."""
        ...

    def rewrite(self, changed: Sequence[str]) -> None:
        """Write the tables anew, so that the bytes of what was deleted or replaced in them are left nowhere.

        `changed`: the tables it was in, for stores that can do it table by table. What is in them stays as it is.
        Raises RegistryBusy, RegistryError; then everything is as before.
        """
        ...

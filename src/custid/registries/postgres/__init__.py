"""The PostgreSQL registry: a schema in a database that a team shares."""

from __future__ import annotations

from custid.registries.postgres.address import address
from custid.registries.postgres.store import ServerStore
from custid.registries.sql import SqlRegistry

__all__ = ["PostgresRegistry"]


class PostgresRegistry(SqlRegistry):
    """A registry in the database at `url`: postgresql://user@host:port/database?schema=custid

    `schema` (default: custid) is the schema that holds its tables, and nothing else; the first commit makes it.
    Everything else in the URL is libpq's, and so are PGHOST, PGPASSWORD, ~/.pgpass and the like.
    `wait_s`: seconds to wait while another writes, before RegistryBusy is raised.
    Raises UsageError when the URL cannot be understood.
    """

    def __init__(self, url: str, *, wait_s: float = 10.0) -> None:
        super().__init__(ServerStore(address(url), wait_s=wait_s))

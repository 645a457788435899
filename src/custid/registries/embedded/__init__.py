"""The embedded registry: one DuckDB file, nothing to set up."""

from __future__ import annotations

from pathlib import Path

from custid.registries.embedded.store import FileStore
from custid.registries.sql import SqlRegistry

__all__ = ["EmbeddedRegistry"]


class EmbeddedRegistry(SqlRegistry):
    """A registry in the file `path`. The file is open only while a verb runs; the first commit makes it.

    `wait_s`: seconds to wait while another process holds the file, before RegistryBusy is raised.
    """

    def __init__(self, path: str | Path, *, wait_s: float = 10.0) -> None:
        super().__init__(FileStore(path, wait_s=wait_s))

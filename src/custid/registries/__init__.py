"""Where custid remembers: `connect` opens a registry by its location.

In: a path or a URL. Out: a `Registry` (see `base`). Never here: touching the file or the server; that is left to the
first verb.
"""

from __future__ import annotations

import re
from pathlib import Path

from custid.errors import MissingExtra, UsageError
from custid.registries.base import Registry

_URL = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]+):(//|memory:)")


def connect(location: str | Path, *, wait_s: float = 10.0) -> Registry:
    """The registry at `location`: the path of a file, or postgresql://user@host:port/database?schema=custid.

    The first commit makes the file, or the schema in a database that is there.
    `wait_s`: seconds a verb waits while another process holds the registry, before it raises RegistryBusy.
    Raises UsageError when `location` is neither, MissingExtra when PostgreSQL's driver is not installed.
    """
    text = str(location)
    if text in ("", ":memory:"):
        raise UsageError(
            f"a registry is a file or a database that remembers between runs; {text!r} is none. "
            "Give a path, such as connect('customers.db')."
        )
    if url := _URL.match(text):
        kind = url[1].lower()
        if kind in ("postgresql", "postgres"):
            try:
                from custid.registries.postgres import PostgresRegistry
            except ImportError as error:
                raise MissingExtra("a registry in PostgreSQL needs: pip install 'custid[postgres]'.") from error
            return PostgresRegistry(text, wait_s=wait_s)
        raise UsageError(
            f"{kind}:// is no place for a registry. Give a path, such as connect('customers.db'), or postgresql://…"
        )
    from custid.registries.embedded import EmbeddedRegistry

    return EmbeddedRegistry(location, wait_s=wait_s)

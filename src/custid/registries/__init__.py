"""Where custid remembers: `connect` opens a registry by its location.

In: a path. Out: a `Registry` (see `base`). Never here: touching the file; that is left to the first verb.
"""

from __future__ import annotations

import re
from pathlib import Path

from custid.errors import UsageError
from custid.registries.base import Registry

_URL = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]+):(//|memory:)")


def connect(location: str | Path, *, wait_s: float = 10.0) -> Registry:
    """The registry at `location`: the path of a file, made by the first commit.

    `wait_s`: seconds a verb waits while another process holds the registry, before it raises RegistryBusy.
    Raises UsageError when `location` is not a path.
    """
    text = str(location)
    if text in ("", ":memory:"):
        raise UsageError(
            f"a registry is a file that remembers between runs; {text!r} is none. "
            "Give a path, such as connect('customers.db')."
        )
    if url := _URL.match(text):
        kind = url[1].lower()
        if kind in ("postgresql", "postgres"):
            raise UsageError(
                "this version of custid cannot keep its registry in PostgreSQL yet. "
                "Give a path, such as connect('customers.db')."
            )
        raise UsageError(f"{kind}:// is no place for a registry. Give a path, such as connect('customers.db').")
    from custid.registries.embedded import EmbeddedRegistry

    return EmbeddedRegistry(location, wait_s=wait_s)

"""What a registry's URL says: where the server is, which schema, and how to show it.

In: postgresql://user:password@host:port/database?schema=name&option=value. Out: an `Address`.
Never here: connecting, or the environment; libpq reads that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from custid.errors import UsageError

SCHEMA = "custid"

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRETS = ("password", "sslpassword")


@dataclass(frozen=True)
class Address:
    """`uri` is for libpq, and may hold a password; `shown` never does."""

    uri: str = field(repr=False)
    shown: str
    schema: str


def address(url: str) -> Address:
    """The parts of a registry's URL. Raises UsageError, without showing a password.

    >>> address("postgresql://ann:pass@db.example/crm?schema=people&sslmode=require")
    Address(shown='postgresql://ann@db.example/crm?schema=people&sslmode=require', schema='people')
    """
    scheme, rest = url.split("://", 1)
    place, _, query = rest.partition("?")
    authority, slash, path = place.partition("/")
    user, at, host = authority.rpartition("@")
    # A character that ends the authority early leaves the rest of a password where a host or path would be shown.
    if "@" in user or "@" in path or "#" in place or (not at and "@" in query and ":" in authority):
        raise UsageError(
            "a password with @ / ? or # in it cannot stand in a URL as it is. Write %40 %2F %3F %23, "
            "or leave it out and set PGPASSWORD."
        )
    schema, kept, shown = SCHEMA, [], []
    for option in query.split("&") if query else ():
        name, _, value = option.partition("=")
        if unquote(name) == "schema":
            schema = _schema(unquote(value))
        else:
            kept.append(option)
        if unquote(name) not in _SECRETS:
            shown.append(option)
    without_password = user.partition(":")[0] + at + host + slash + path
    return Address(
        uri=f"{scheme}://{place}" + ("?" + "&".join(kept) if kept else ""),
        shown=f"{scheme}://{without_password}" + ("?" + "&".join(shown) if shown else ""),
        schema=schema,
    )


def _schema(name: str) -> str:
    if not _PLAIN.fullmatch(name) or len(name) > 63 or name.lower().startswith("pg_") or name == "information_schema":
        raise UsageError(
            f"?schema={name} is no name for a schema: letters, digits and _ only, no digit first, no pg_ before it."
        )
    return name

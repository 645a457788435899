"""Addresses of sources: telling them from paths, and showing them without what is secret in them.

In: the source of a channel, as text. Out: its scheme, and a form that messages, rejects and reports may carry.
Never here: opening anything.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

DATABASES = frozenset({"postgresql", "postgres", "duckdb"})


def scheme_of(source: str) -> str | None:
    """The scheme of a URL; None for a path, also for one that starts with a drive.

    >>> scheme_of("s3://bucket/a.csv"), scheme_of("C:/a.csv"), scheme_of("exports/a.csv")
    ('s3', None, None)
    """
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", source)
    return found[1].lower() if found else None


def shown(source: str) -> str:
    """A path as it is; a URL without keys, passwords and what follows its question mark.

    >>> shown("postgresql://ann:secret@host/crm"), shown("https://host/a.csv?signature=abc")
    ('postgresql://***@host/crm', 'https://host/a.csv')
    """
    if scheme_of(source) is None:
        return source
    scheme, _, rest = source.partition("://")
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    place = f"***@{host}" if at and ":" in user else place
    return f"{scheme}://{place}{slash}{path}"


def without_secrets(message: str, source: str) -> str:
    """A library's message about `source`, with secrets of the URL replaced wherever they stand.

    >>> without_secrets("no route to s3://K:hush@b/a.csv, key hush", "s3://K:hush@b/a.csv")
    'no route to s3://***@b/a.csv, key ***'
    """
    if scheme_of(source) is None:
        return message
    message = message.replace(source, shown(source))
    try:
        parts = urlsplit(source)
    except ValueError:
        return "its address is not a URL"
    password = parts.netloc.rpartition("@")[0].partition(":")[2]
    values = [part.partition("=")[2] for part in parts.query.split("&")]
    secrets = {password, parts.query, *(value for value in values if len(value) >= 8)}
    for secret in sorted(secrets, key=len, reverse=True):
        for form in {secret, unquote(secret)} - {""}:
            message = message.replace(form, "***")
    return message

"""What the driver's errors mean to somebody with a registry.

In: errors of ADBC, with a SQLSTATE where the server spoke. Out: custid's errors: what, where, what next.
Never here: errors about a statement; those are bugs and stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from adbc_driver_manager import Error, OperationalError

from custid.errors import NotARegistry, RegistryBusy, RegistryError


class Held(Exception):
    """A lock was not to be had in time."""


class ConnectionLost(RegistryError):
    """The connection broke; what had not been committed is undone."""


#: SQLSTATE (or its class) → what to do about it. Classes: 53 no resources, 54 limits, 57 the operator, 58 the system.
_WHAT_NEXT = {
    "25006": "It can only be read there: is it a standby? Give the URL of the primary.",
    "42501": "Ask the registry's owner for the right, or connect as another user.",
    "40": "It met another transaction. Run again.",
    "53": "Make room on the server, then run again.",
    "54": "",
    "57": "Run again; a statement_timeout can be raised with ?options=-c%20statement_timeout=0 in the URL.",
    "58": "Look at the server's log.",
}
_DAMAGED = ("42P01", "42703", "42809", "XX001", "XX002")

_CONNECTING = (
    (
        r"password|authentication|no pg_hba\.conf entry",
        "Set PGPASSWORD, or write the password into ~/.pgpass or the URL.",
    ),
    (r'database "(.*)" does not exist', r"Make it first: createdb \1"),
    (r'role "(.*)" does not exist', r"Name a user that the server knows: postgresql://user@host/database"),
    (r"invalid URI query parameter|invalid connection option", "Correct the URL."),
    (r"translate host name|refused|No such file|timeout|unreachable", "Is the server running there?"),
)
_WAIT = re.compile(
    r"starting up|shutting down|recovery mode|not yet accepting|too many (clients|connections)|connection slots"
)


def while_connecting(error: Error, shown: str) -> RegistryError:
    """Why there is no connection; RegistryBusy when there may be one in a moment."""
    reason = _reason(error)
    if _WAIT.search(reason):
        return RegistryBusy(f"{shown} takes no connections now: {reason}. Try again in a moment.")
    for pattern, next_step in _CONNECTING:
        if found := re.search(pattern, reason):
            return RegistryError(f"{shown} cannot be reached: {reason}. {found.expand(next_step)}")
    return RegistryError(f"{shown} cannot be reached: {reason}. Correct the URL, or the server's settings.")


@contextmanager
def translated(shown: str) -> Iterator[None]:
    """Raises custid's errors in place of the driver's; `Held` for a lock that was not to be had in time, and
    KeyboardInterrupt when somebody stopped the statement."""
    try:
        yield
    except Error as error:
        state = error.sqlstate or ""
        if state == "55P03":
            raise Held from error
        if state == "57014" and "user request" in str(error):
            # The driver takes Ctrl-C for itself, cancels the statement and tells of that only.
            raise KeyboardInterrupt from error
        if _is_lost(error):
            raise ConnectionLost(
                f"{shown}: the connection to the server was lost; nothing was written. Run again. ({_reason(error)})"
            ) from error
        if state == "22021":
            raise RegistryError(
                f"{shown}: PostgreSQL's texts cannot hold a NUL character. Nothing was written; take it out."
            ) from error
        if state in _DAMAGED:
            raise NotARegistry(f"{shown} is damaged: {_reason(error)}. Restore it from a backup.") from error
        next_step = _WHAT_NEXT.get(state, _WHAT_NEXT.get(state[:2]))
        if next_step is None:
            raise
        what = f"{shown}: the server refuses; nothing was written: {_reason(error)}."
        raise (RegistryBusy if state[:2] == "40" else RegistryError)(f"{what} {next_step}".rstrip()) from error


def _is_lost(error: Error) -> bool:
    state = error.sqlstate or ""
    return state.startswith(("08", "57P")) or (not state and isinstance(error, OperationalError))


def _reason(error: Error) -> str:
    """The server's own words, or libpq's: one line, without the driver's."""
    text = str(error)
    if said := re.search(r"\b[A-ZÄÖÜ]{4,}:  (.*)", text):
        return said[1].strip().rstrip(".")
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [type(error).__name__]
    return re.sub(r"^[A-Z_]+: (\[libpq\] )?(Failed to [^:]*: )?", "", lines[0]).rstrip(".")

"""What blocking keys make of a value: its beginning, its sound, its year, its last digits.

In: distinct values. Out: one string per value, None where nothing can be made of it. Never here: rows or pairs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from custid.errors import ConfigError

_NUMBERED = re.compile(r"^(first|last)(\d+)$")


def sound(value: str) -> str | None:
    """How a name sounds, by Metaphone (Philips, 1990), on its first word; what has no Latin letters stays as it is.

    >>> sound("smith") == sound("smyth"), sound("zhang"), sound("王")
    (True, 'SHNK', '王')
    """
    import jellyfish

    word = value.split()[0] if value.strip() else ""
    if not word:
        return None
    return jellyfish.metaphone(word) or word


def year(value: str) -> str | None:
    """
    >>> year("1980-03-05"), year("1980")
    ('1980', '1980')
    """
    return value[:4] if len(value) >= 4 else None


def month_day(value: str) -> str | None:
    """Month and day, whichever way round they were written.

    >>> month_day("1980-03-05"), month_day("1980-05-03"), month_day("1980")
    ('03-05', '03-05', None)
    """
    return "-".join(sorted((value[5:7], value[8:10]))) if len(value) == 10 else None


_NAMED: dict[str, Callable[[str], str | None]] = {"sound": sound, "year": year, "month_day": month_day}


def _function(name: str) -> Callable[[str], str | None]:
    if name in _NAMED:
        return _NAMED[name]
    found = _NUMBERED.match(name)
    if not found:
        raise ConfigError(
            f"blocking key derivation {name!r} is not known. Known: {', '.join(_NAMED)}, first<n>, last<n>."
        )
    length = int(found[2])
    if found[1] == "first":
        return lambda value: value[:length]
    return lambda value: value[-length:] if len(value) >= length else None


def derive(name: str, values: Iterable[str]) -> list[str | None]:
    """What derivation `name` makes of each value. Raises ConfigError for a name it does not know.

    >>> derive("last4", ["+8613812345678", "12"])
    ['5678', None]
    """
    function = _function(name)
    return [function(value) if value else None for value in values]

"""What blocking keys make of a value: its beginning, its sound, its year, its last digits.

In: distinct values. Out: one string per value, null where nothing can be made of it. Never here: rows or pairs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from custid.errors import ConfigError

_CUT = re.compile(r"^(first|last)(\d+)$")
_DIGITS = re.compile(r"\d+")


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


def numbers(value: str) -> str | None:
    """The numbers in a text, whatever their order.

    >>> numbers("store 12 of 3"), numbers("store")
    ('12 3', None)
    """
    return " ".join(sorted(_DIGITS.findall(value))) or None


_NAMED: dict[str, Callable[[str], str | None]] = {
    "sound": sound,
    "year": year,
    "month_day": month_day,
    "numbers": numbers,
}


def derive(name: str, values: pa.Array) -> pa.Array:
    """What derivation `name` makes of each of an array of values; null for nothing, and for an empty value.

    Raises ConfigError for a name it does not know.

    >>> derive("last4", pa.array(["+8613812345678", "12"])).to_pylist()
    ['5678', None]
    """
    cut = _CUT.match(name)
    if cut:
        length = int(cut[2])
        kept = pc.utf8_slice_codeunits(values, *((0, length) if cut[1] == "first" else (-length,)))
        shortest = 1 if cut[1] == "first" else length
        return pc.if_else(pc.greater_equal(pc.utf8_length(values), shortest), kept, pa.scalar(None, values.type))
    if name not in _NAMED:
        raise ConfigError(
            f"blocking key derivation {name!r} is not known. Known: {', '.join(_NAMED)}, "
            "first<n>, last<n>, words, grams, initials."
        )
    function = _NAMED[name]
    return pa.array([function(value) or None if value else None for value in values.to_pylist()], pa.string())

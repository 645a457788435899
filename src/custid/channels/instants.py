"""When a source last changed a row: text becomes an instant.

In: a text column. Out: the same as UTC instants; what cannot be read is null and counted. A time without a
zone is taken as UTC, a day as its midnight. Whether 03/04/2024 is March or April is judged by the column as a
whole. Never here: birth dates, or rejecting a row because its stamp is odd.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from custid.schemas import INSTANT

_PLAIN = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?Z?$"
_NUMBERS_FIRST = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ ,T]+(.*))?$")
_YEAR_FIRST = re.compile(r"^(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?(?:[ T]*(.*))?$")
_CLOCK = re.compile(r"^(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?)?分? *([AP]M)?$", re.IGNORECASE)


def read_instants(column: pa.ChunkedArray) -> tuple[pa.Array, int]:
    """INSTANT per value, and how many non-null values could not be read.

    >>> read_instants(pa.chunked_array([["2024-02-03 04:05", "31/12/2023", "soon", None]]))[1]
    1
    """
    text = pa.chunked_array([column]) if isinstance(column, pa.Array) else column
    text = pc.utf8_trim_whitespace(text).combine_chunks()
    plain = pc.fill_null(pc.match_substring_regex(text, _PLAIN), False)
    if pc.all(pc.or_(plain, pc.is_null(text))).as_py() is not False:
        try:
            naive = pc.replace_substring(text, "Z", "").cast(pa.timestamp("us"))
            return pc.assume_timezone(naive, "UTC").cast(INSTANT), 0
        except pa.ArrowInvalid:
            pass  # some day does not exist; find out which below
    encoded = text.dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    day_first = _day_first(distinct)
    read = pa.array([_read(value, day_first) if value else None for value in distinct], INSTANT)
    instants = read.take(encoded.indices)
    unread = pc.and_(pc.is_null(instants), pc.fill_null(pc.not_equal(text, ""), False))
    return instants, int(pc.sum(unread).as_py() or 0)


def _day_first(values: list[str]) -> bool:
    """Whether 03/04/2024 has the day first: as the column's unambiguous dates say; yes if none does."""
    day = month = 0
    for value in values:
        if found := _NUMBERS_FIRST.match(value):
            day += int(found[1]) > 12
            month += int(found[2]) > 12
    return day >= month


def _read(value: str, day_first: bool) -> datetime | None:
    try:
        if found := _NUMBERS_FIRST.match(value):
            day, month = (found[1], found[2]) if day_first else (found[2], found[1])
            return _with_clock(int(found[3]), int(month), int(day), found[4])
        if value.isdigit() and len(value) in (10, 13):  # seconds or milliseconds since 1970
            return datetime.fromtimestamp(int(value) / (1 if len(value) == 10 else 1000), UTC)
        try:
            read = datetime.fromisoformat(value)
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        except ValueError:
            found = _YEAR_FIRST.match(value)
            return _with_clock(int(found[1]), int(found[2]), int(found[3]), found[4]) if found else None
    except (ValueError, OverflowError):
        return None


def _with_clock(year: int, month: int, day: int, clock: str | None) -> datetime | None:
    if not clock:
        return datetime(year, month, day, tzinfo=UTC)
    found = _CLOCK.match(clock.strip())
    if not found:
        return None
    hour = int(found[1])
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "pm" else 0)
    return datetime(year, month, day, hour, int(found[2]), int(found[3] or 0), tzinfo=UTC)

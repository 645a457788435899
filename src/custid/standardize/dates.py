"""Dates of birth, in many formats, as ISO text.

In: clean distinct values. Out: `birth_date`: "1980-03-05", or "1980-03" or "1980" where no more is known or
sure. Never here: the clock. The latest year is fixed, so that the same input gives the same values on any
day.

Day and month. "3/5/1980" is read by `day_first`; where that is None and both readings are possible, the year
alone is kept, which is never wrong. Dots mean day first ("5.3.1980").

A date that cannot exist but is written with eight digits, year first ("19948031"), is kept in the same shape
("1994-80-31"): it is a slip of the finger in a real date, and comparing by digits still sees how close it is.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import Outcome, each, matches, on_some, plain_letters, replaced

EARLIEST_YEAR = 1850
#: Births after this year are implausible, and two-digit years after it belong to the century before.
LATEST_YEAR = 2030

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio janeiro januari stycznia styczen sty января январь янв "
            "ocak ιανουαριου",
            "feb february februar fevrier fev febrero febbraio fevereiro februari lutego luty lut февраля "
            "февраль фев subat",
            "mar march marz mars marzo marco mrz maart marca marzec марта март мар mart",
            "apr april avril abril aprile avr abr kwietnia kwiecien kwi апреля апрель апр nisan",
            "may mai mayo maggio maio mei maj maja мая маи mayis",
            "jun june juni juin junio giugno junho czerwca czerwiec cze июня июнь июн haziran",
            "jul july juli juillet julio luglio julho lipca lipiec lip июля июль июл temmuz",
            "aug august aout agosto augustus augusti ago sierpnia sierpien sie августа август авг agustos",
            "sep sept september septembre septiembre settembre setembro wrzesnia wrzesien wrz сентября "
            "сентябрь сен eylul",
            "oct october oktober okt octobre octubre ottobre outubro pazdziernika pazdziernik paz октября "
            "октябрь окт ekim",
            "nov november novembre noviembre novembro listopada listopad lis ноября ноябрь ноя kasim",
            "dec december dezember dez decembre diciembre dicembre dezembro dic grudnia grudzien gru декабря "
            "декабрь дек aralik",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME = re.compile(r"[t ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[ap]\.?m\.?)?\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2})?$")
_YEAR_FIRST = re.compile(r"^(\d{4}) ?[-/. 年] ?(\d{1,2})(?: ?[-/. 月] ?(\d{1,2}) ?[日号]?| ?月)?$")
_YEAR_MONTH_DAY = r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00?:00(?::00(?:\.0+)?)?)?$"
_YEAR_LAST = re.compile(r"^(\d{1,2}) ?([-/. ]) ?(\d{1,2}) ?[-/. ] ?(\d{4}|'?\d{2})$")
_DAY_MONTH_NAME = re.compile(
    r"^(?:[^\W\d_]{3,10},? )?(\d{1,2})(?:st|nd|rd|th|er|eme|º)?\.?[ -]*(?:of |de |d.)?"
    r"([^\W\d_]{3,12})\.?,?[ -]*(?:de )?(\d{4}|'?\d{2})$"
)
_MONTH_NAME_DAY = re.compile(r"^(?:[^\W\d_]{3,10},? )?([^\W\d_]{3,12})\.? ?(\d{1,2})(?:st|nd|rd|th)?,? ?(\d{4})$")
_MONTH_NAME_YEAR = re.compile(r"^([^\W\d_]{3,12})\.?,?[ -](\d{4})$")
_YEAR_MONTH_NAME_DAY = re.compile(r"^(\d{4}),?[ -]([^\W\d_]{3,12})[ -](\d{1,2})$")
_MONTH_YEAR = re.compile(r"^(\d{1,2})[/.-](\d{4})$")
_MONTH_NAME_SHORT_YEAR = re.compile(r"^([^\W\d_]{3,12})\.?(?:-| ?')(\d{2})$")
# As a program prints an instant: thu mar 05 00:00:00 cst 1980
_PRINTED = re.compile(r"^[a-z]{3} ([a-z]{3}) (\d{1,2}) [\d:]+ (?:[a-z]{2,5} |[+-]\d{4} )?(\d{4})$")
# 80年3月5日
_SHORT_YEAR_CHINESE = re.compile(r"^(\d{2})年 ?(\d{1,2})月(?: ?(\d{1,2})[日号])?$")
# Years counted from an emperor's accession or the founding of a republic: era → the year before its first.
_ERAS = {
    "明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "民国": 1911, "中华民国": 1911,
    "m": 1867, "t": 1911, "s": 1925, "h": 1988, "r": 2018,
}  # fmt: skip
_ERA = re.compile(
    rf"^({'|'.join(sorted(_ERAS, key=len, reverse=True))}) ?(\d{{1,3}}|元)(?:年|[./-]) ?(\d{{1,2}})(?:月|[./-]) ?"
    r"(\d{1,2})日?$"
)
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_EXCEL_EPOCH = date(1899, 12, 30)


def dates(values: pa.Array, day_first: bool | None = None) -> Outcome:
    """`birth_date` of clean `values`; see the module for what is kept of unsure dates.

    >>> found = dates(pa.array(["5 March 1980", "1980年3月5日", "29285", "3/5/1980", "1900-01-01"]))
    >>> found.columns["birth_date"].to_pylist()
    ['1980-03-05', '1980-03-05', '1980-03-05', '1980', '1900-01-01']
    >>> found.reason.to_pylist()
    [None, None, None, None, 'placeholder']
    >>> dates(pa.array(["3/5/1980"]), day_first=False).columns["birth_date"].to_pylist()
    ['1980-03-05']
    """
    # Eight digits, year first, is what most columns hold: those are cut and joined in columns.
    eight = matches(values, r"^(?:18[5-9]|19\d|20[0-3])\d(?:\d{4}|-\d{2}-\d{2}(?:[ T]00:00:00(?:\.0+)?)?)$")
    iso = on_some(values, eight, lambda some: replaced(some, r"^(\d{4})-?(\d{2})-?(\d{2}).*$", r"\1-\2-\3"))
    empty = pc.is_in(iso, pa.array(sorted(junk.DATES)))
    # So are dates with the year first and its own separators: 1980/3/5, 1980年3月5日.
    parted = pc.and_(pc.invert(eight), matches(values, _YEAR_MONTH_DAY))
    iso = on_some(
        iso, parted, lambda some: replaced(replaced(some, _YEAR_MONTH_DAY, r"\1-0\2-0\3"), r"-0(\d\d)", r"-\1")
    )
    odd = pc.and_(values.is_valid(), pc.invert(pc.or_(eight, parted)))
    iso = on_some(iso, odd, lambda some: each(plain_letters(some), lambda value: read_date(value, day_first)))
    # Where a system writes noughts for what it does not know. One pair of them may be a slip, and stays.
    iso = on_some(iso, matches(iso, "-00-00$"), lambda some: replaced(some, "-00-00$", ""))
    year = pc.cast(pc.utf8_slice_codeunits(iso, 0, 4), pa.int32())
    beyond = pc.fill_null(pc.or_(pc.less(year, EARLIEST_YEAR), pc.greater(year, LATEST_YEAR)), False)
    reason = junk.first_reason(
        junk.because(pc.or_(empty, pc.is_in(iso, pa.array(sorted(junk.DATES)))), junk.PLACEHOLDER),
        junk.because(beyond, junk.IMPLAUSIBLE),
        junk.because(pc.and_(values.is_valid(), pc.is_null(iso)), junk.UNREADABLE),
    )
    return Outcome({"birth_date": iso}, reason)


def read_date(text: str, day_first: bool | None = None) -> str | None:
    """One date, lower case without accents, as ISO text; None when it cannot be read.

    >>> read_date("mar 5, 1980"), read_date("5.3.80"), read_date("198003"), read_date("19710231")
    ('1980-03-05', '1980-03-05', '1980-03', '1971-02-31')
    """
    text = text.strip(" '")
    if not text.isascii():
        text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    if found := _PRINTED.match(text):
        return _named(int(found[3]), found[1], int(found[2]))
    text = _TIME.sub("", text).removesuffix(".0")
    if text.isascii() and text.isdigit():
        return _from_digits(text, day_first)
    if found := _YEAR_FIRST.match(text):
        year, month, day = found.groups()
        return _iso(int(year), int(month), int(day) if day else None)
    if found := _YEAR_LAST.match(text):
        first, separator, second, year = found.groups()
        if int(first) > 31 and len(year) == 2:  # 80-03-05
            return _real(_year(first), int(second), int(year))
        return _ordered(_year(year), int(first), int(second), True if separator == "." else day_first)
    if found := _DAY_MONTH_NAME.match(text):
        return _named(_year(found[3]), found[2], int(found[1]))
    if found := _MONTH_NAME_DAY.match(text):
        return _named(int(found[3]), found[1], int(found[2]))
    if found := _YEAR_MONTH_NAME_DAY.match(text):
        return _named(int(found[1]), found[2], int(found[3]))
    if found := _MONTH_NAME_YEAR.match(text):
        return _named(int(found[2]), found[1], None)
    if found := _MONTH_YEAR.match(text):
        return _iso(int(found[2]), int(found[1]), None) if 1 <= int(found[1]) <= 12 else None
    if found := _MONTH_NAME_SHORT_YEAR.match(text):
        return _named(_year(found[2]), found[1], None)
    if found := _SHORT_YEAR_CHINESE.match(text):
        return _iso(_year(found[1]), int(found[2]), int(found[3]) if found[3] else None)
    if found := _ERA.match(text):
        return _real(_ERAS[found[1]] + (1 if found[2] == "元" else int(found[2])), int(found[3]), int(found[4]))
    if found := re.match(r"^(\d{4}) ?年(?:生|出生)?$", text):
        return found[1]
    if found := re.match(r"^(\d{5})[.,]\d+$", text):  # a spreadsheet's day with its time
        return _from_digits(found[1], None)
    if found := re.match(r"^-?\d{1,12}$", text):
        return _from_epoch(int(text))
    return read_date(_in_digits(text), day_first) if re.search("[一二三四五六七八九十]", text) else None


def _in_digits(text: str) -> str:
    """Chinese numerals as digits.

    >>> _in_digits("一九八〇年十二月二十五日")
    '1980年12月25日'
    """
    text = re.sub("([一二三四五六七八九])?十([一二三四五六七八九])?", lambda found: _tens(found[1], found[2]), text)
    return text.translate(_HAN_DIGITS)


def _tens(tens: str | None, ones: str | None) -> str:
    return (tens or "一") + (ones or "〇")


def _from_epoch(count: int) -> str | None:
    """The day of seconds or milliseconds since 1970, midnight of whatever zone; None for any other number."""
    seconds = count // 1000 if abs(count) >= 10**10 else count
    if abs(count) < 10**7 or seconds % 900:
        return None
    return (date(1970, 1, 1) + timedelta(days=(seconds + 43_200) // 86_400)).isoformat()


def _from_digits(text: str, day_first: bool | None) -> str | None:
    if len(text) == 8:
        if EARLIEST_YEAR <= int(text[4:]) <= LATEST_YEAR and not EARLIEST_YEAR <= int(text[:4]) <= LATEST_YEAR:
            ordered = _ordered(int(text[4:]), int(text[:2]), int(text[2:4]), day_first)
            if ordered:
                return ordered
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if len(text) == 14:  # 19800305000000
        return _from_digits(text[:8], day_first)
    if len(text) in (9, 10, 12, 13):
        return _from_epoch(int(text))
    if len(text) == 6:
        if EARLIEST_YEAR <= int(text[:4]) <= LATEST_YEAR and 1 <= int(text[4:]) <= 12:
            return f"{text[:4]}-{text[4:]}"
        year, month, day = _year(text[:2]), int(text[2:4]), int(text[4:])
        return _iso(year, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None
    if len(text) == 5:  # days since 1899-12-30, as spreadsheets count
        return (_EXCEL_EPOCH + timedelta(days=int(text))).isoformat()
    return text if len(text) == 4 else None


def _year(text: str) -> int:
    year = int(text.lstrip("'"))
    if len(text.lstrip("'")) == 4:
        return year
    return year + (2000 if year <= LATEST_YEAR % 100 else 1900)


def _real(year: int, month: int, day: int) -> str | None:
    return _iso(year, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _named(year: int, month: str, day: int | None) -> str | None:
    return _iso(year, _MONTHS[month], day) if month in _MONTHS else None


def _ordered(year: int, first: int, second: int, day_first: bool | None) -> str | None:
    """The date of two numbers of which one is the day; the year alone when both readings are possible."""
    if first > 31 or second > 31:
        return None
    if first > 12 and 1 <= second <= 12:
        return _iso(year, second, first)
    if second > 12 and 1 <= first <= 12:
        return _iso(year, first, second)
    if not (1 <= first <= 12 and 1 <= second <= 12):
        return None
    if day_first is None and first != second:
        return f"{year:04}"
    return _iso(year, second, first) if day_first else _iso(year, first, second)


def _iso(year: int, month: int, day: int | None) -> str | None:
    if month > 99 or (day is not None and day > 99):
        return None
    return f"{year:04}-{month:02}" + ("" if day is None else f"-{day:02}")

"""Telephone numbers, any national format, as E.164 text.

In: clean distinct values, and for each the region (ISO 3166 code) its record is in, if known. Out: `phone`.
Never here: guessing a region from other records.

Order of reading, first that fits: international (+ or 00); valid in the region; by shape alone (Chinese
mobile, Chinese landline written with its area code apart, North American number); else the bare digits, if
there are six or more. So a number that cannot be placed still equals itself. Patterns do the common cases;
the phonenumbers library does the rest.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import Outcome, matches, nulls, on_some, replaced, where

_DIGITS_MIN = 6
_DIGITS_MAX = 15
_NORTH_AMERICA = ("US", "CA")
_EXTENSION = r"(?i) *(?:;ext=|ext\.?|extension|x|#|转|转接|分机|durchwahl) *:? *\d{1,6}$"
# Area codes of three digits (010, 02x) take eight digits, those of four take seven or eight.
_CHINA_LANDLINE = r"(?:10|2\d)[2-8]\d{7}|[3-9]\d{2}[2-8]\d{6,7}"


@cache
def _north_american() -> str:
    """The library's own pattern of North American numbers, so that area codes stay its business."""
    import phonenumbers

    patterns = []
    for region in _NORTH_AMERICA:
        metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
        patterns += [metadata.fixed_line.national_number_pattern, metadata.toll_free.national_number_pattern]
    # 555 is the exchange of made-up numbers, whose area codes may be any.
    return "(?:" + "|".join(f"(?:{pattern})" for pattern in patterns if pattern) + r"|[2-9]\d{2}55501\d{2})"


def phones(values: pa.Array, regions: pa.Array | None = None) -> Outcome:
    """`phone` of clean `values`; `regions` is as long, upper case, null where not known.

    >>> values = pa.array(["138 1234 5678", "0086-13812345678", "(212) 555-0134", "010-62345678", "1.38E+10"])
    >>> phones(values).columns["phone"].to_pylist()
    ['+8613812345678', '+8613812345678', '+12125550134', '+861062345678', None]
    >>> phones(pa.array(["020 7946 0958"]), pa.array(["GB"])).columns["phone"].to_pylist()
    ['+442079460958']
    """
    regions = nulls(len(values)) if regions is None else regions
    lost = matches(values, r"(?i)^\d(?:[.,]\d+)?e\+?\d+$")
    written = where(pc.invert(lost), values)
    written = on_some(written, matches(written, r"^[^/;,、|]*\d{6}[^/;,、|]*[/;,、|]"), _first_of_several)
    written = on_some(written, matches(written, r"^[ '\d]+\.0$"), lambda some: replaced(some, r"\.0$", ""))
    written = on_some(written, matches(written, r"(?i)[a-z#转机]"), lambda some: replaced(some, _EXTENSION, ""))
    written = on_some(written, matches(written, r"^\(?0\d{2,3}\)?-\d{7,8}-\d{1,5}$"), _without_third)
    digits = replaced(written, r"\D+", "")

    # 1. international: +… and 00…; an 86 in front of a Chinese mobile counts as one, and so does +44 (0)20…
    plus = matches(written, r"^\D{0,3}\+")
    double_zero = pc.and_(pc.invert(plus), matches(digits, r"^00[1-9]"))
    international = where(pc.or_(plus, double_zero), replaced(digits, r"^0+", ""))
    bare_86 = pc.and_(pc.invert(plus), matches(digits, r"^861[3-9]\d{9}$"))
    international = pc.coalesce(international, where(bare_86, digits))
    international = on_some(
        international,
        matches(written, r"\(0\)"),
        lambda some: replaced(some, r"^(49|44|43|41|31|32|33|39|46|61|64|353)0", r"\1"),
    )
    e164 = where(matches(international, r"^(?:861[3-9]\d{9}|1[2-9]\d{9})$"), international)
    e164 = pc.coalesce(
        e164,
        where(matches(international, rf"^860?(?:{_CHINA_LANDLINE})$"), replaced(international, "^860?", "86")),
    )

    # 2. in the region of the record
    open_ = pc.and_(pc.is_null(international), pc.is_valid(digits))
    china = pc.fill_null(pc.equal(regions, "CN"), False)
    america = pc.fill_null(pc.is_in(regions, pa.array(_NORTH_AMERICA)), False)
    unplaced = pc.is_null(regions)
    mobile = matches(digits, r"^0?1[3-9]\d{9}$")
    landline = matches(digits, rf"^0(?:{_CHINA_LANDLINE})$")
    north_american = matches(digits, rf"^1?{_north_american()}$")
    # 3. by shape: with the area code apart, a Chinese landline shows itself; 1-312-555-0134 is no Chinese
    # mobile
    apart = pc.and_(landline, matches(written, r"^(?:\(0\d{2,3}\) ?|0\d{2,3}[- ])\d{7,8}$"))
    grouped = matches(written, r"^\+?1[-. (]+\d{3}[-. )]+\d{3}[-. ]+\d{4}$")
    as_america = pc.and_(
        north_american,
        pc.or_(america, pc.and_(pc.invert(china), pc.or_(grouped, matches(digits, r"^\d{10}$")))),
    )
    as_america = pc.and_(as_america, pc.or_(america, unplaced))
    as_mobile = pc.and_(mobile, pc.and_(pc.invert(as_america), pc.or_(pc.or_(china, unplaced), america)))
    as_landline = pc.and_(landline, pc.or_(china, pc.and_(unplaced, apart)))
    china_digits = pc.binary_join_element_wise("86", replaced(digits, "^0", ""), "")
    e164 = pc.coalesce(e164, where(pc.and_(open_, pc.or_(as_mobile, as_landline)), china_digits))
    america_digits = pc.binary_join_element_wise("1", replaced(digits, "^1", ""), "")
    e164 = pc.coalesce(e164, where(pc.and_(open_, as_america), america_digits))

    # 4. the library for the odd ones: written internationally, or in a region without patterns here
    long_enough = matches(digits, rf"^\d{{{_DIGITS_MIN},}}$")
    odd = pc.and_(pc.and_(pc.is_null(e164), long_enough), pc.or_(pc.is_valid(international), pc.is_valid(regions)))
    if pc.any(odd).as_py():
        numbers = pc.coalesce(pc.binary_join_element_wise("+", international, ""), digits)
        rows = zip(numbers.filter(odd).to_pylist(), regions.filter(odd).to_pylist(), strict=True)
        e164 = pc.replace_with_mask(
            e164, odd, pa.array([_parsed(number, region) for number, region in rows], pa.string())
        )
    # A Chinese mobile in a record from elsewhere: nothing else has this shape, once its own region does not
    # claim it.
    stray = pc.and_(pc.and_(open_, pc.is_null(e164)), matches(digits, r"^1[3-9]\d{9}$"))
    e164 = pc.coalesce(e164, where(stray, pc.binary_join_element_wise("86", digits, "")))
    bare = where(matches(digits, rf"^\d{{{_DIGITS_MIN},{_DIGITS_MAX}}}$"), pc.coalesce(international, digits))
    phone = pc.coalesce(pc.binary_join_element_wise("+", e164, ""), bare)

    national = pc.coalesce(replaced(e164, r"^(?:86|1)", ""), digits)
    fake = pc.or_(pc.is_in(national, pa.array(sorted(junk.PHONES))), matches(national, _same_digit_tail()))
    reason = junk.first_reason(
        junk.because(lost, junk.DIGITS_LOST),
        junk.digit_junk(national),
        junk.digit_junk(digits),
        junk.because(fake, junk.PLACEHOLDER),
        junk.because(pc.and_(values.is_valid(), pc.is_null(phone)), junk.UNREADABLE),
    )
    return Outcome({"phone": where(pc.is_null(reason), phone)}, reason)


def _first_of_several(values: pa.Array) -> pa.Array:
    return pc.utf8_trim(replaced(values, r"[/;,、|].*$", ""), " ")


def _without_third(values: pa.Array) -> pa.Array:
    """010-12345678-801: the third number is the extension of a Chinese landline."""
    return replaced(values, r"-\d{1,5}$", "")


def _same_digit_tail() -> str:
    """Ten digits or more of which the last nine are the same."""
    return "^(?:" + "|".join(rf"\d+{digit}{{9}}" for digit in range(10)) + ")$"


def _parsed(number: str, region: str | None) -> str | None:
    """E.164 digits by the library, or None when it cannot place the number."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed) or (
        region and not re.match(r"\+", number) and not phonenumbers.is_valid_number(parsed)
    ):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)).lstrip("+")

"""Telephone numbers, any national format, as E.164 text.

In: clean distinct values, and for each the region (ISO 3166 code) its record is in, if known. Out: `phone`.
Never here: guessing a region from other records.

Order of reading, first that fits: international (+ or 00); valid in the region; by shape alone (Chinese
mobile, Chinese landline written with its area code apart, North American number); else the bare digits, if
there are six or more. So a number that cannot be placed still equals itself. Patterns do the common cases,
the numbering plans of the phonenumbers library, as columns, the ordinary numbers of all other countries, and
the library itself the rest.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import Outcome, each, matches, nulls, on_some, replaced, where

_DIGITS_MIN = 6
_DIGITS_MAX = 15
_NORTH_AMERICA = ("US", "CA")
_EXTENSION = r"(?i) *(?:;ext=|ext\.?|extension|x|#|转|转接|分机|durchwahl|\*) *:? *\d{1,6}$"
# Area codes of three digits (010, 02x) take eight digits, those of four take seven or eight.
# Two Chinese mobiles with next to nothing between them.
_TWO_MOBILES = r"^\D*((?:\+?86)?1[3-9]\d{9})[^\d]{1,3}(?:\+?86)?1[3-9]\d{9}.*$"
# 1-800-FLOWERS: letters for the digits of a keypad.
_SPELT = r"^\+?1?[-. (]*8\d\d[-. )]+[A-Z][A-Z0-9-]{5,10}$"
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
    written = on_some(written, matches(written, _TWO_MOBILES), lambda some: replaced(some, _TWO_MOBILES, r"\1"))
    written = on_some(written, matches(written, _SPELT), lambda some: each(some, _as_digits))
    written = on_some(written, matches(written, r"(?i)[a-z#*转机]"), lambda some: replaced(some, _EXTENSION, ""))
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
        e164 = pc.replace_with_mask(
            e164, odd, _placed(international.filter(odd), digits.filter(odd), regions.filter(odd))
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
        junk.masked(values),
        junk.digit_junk(national),
        junk.digit_junk(digits),
        junk.because(fake, junk.PLACEHOLDER),
        junk.because(pc.and_(values.is_valid(), pc.is_null(phone)), junk.UNREADABLE),
    )
    return Outcome({"phone": phone}, reason)


def _first_of_several(values: pa.Array) -> pa.Array:
    return pc.utf8_trim(replaced(values, r"[/;,、|].*$", ""), " ")


def _as_digits(value: str) -> str:
    import phonenumbers

    return str(phonenumbers.convert_alpha_characters_in_number(value))


def _without_third(values: pa.Array) -> pa.Array:
    """010-12345678-801: the third number is the extension of a Chinese landline."""
    return replaced(values, r"-\d{1,5}$", "")


def _same_digit_tail() -> str:
    """Ten digits or more of which the last nine are the same; a Chinese mobile that ends in eight noughts."""
    return "^(?:" + "|".join(rf"\d+{digit}{{9}}" for digit in range(10)) + r"|1[3-9]\d0{8})$"


class _Plan(NamedTuple):
    """The numbering plan of a region, as patterns (RE2) that match a national number as a whole.

    `prefix`: what is dialed first inside the country, `abroad`: what is dialed first to leave it, `leading`: by what
    its numbers begin; None where the region has none. `valid`: pattern and the lengths it holds for (None: any), of
    which one must fit.
    """

    code: str
    prefix: str | None
    prefix_changes: bool
    abroad: str | None
    leading: str | None
    general: tuple[str, pa.Array | None]
    valid: tuple[tuple[str, pa.Array | None], ...]


_TYPES = (
    "fixed_line", "mobile", "toll_free", "shared_cost", "premium_rate", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip


@cache
def _plan(region: str) -> _Plan | None:
    """The plan of a region; None where it shares its country code and is not the first to have it, so that others
    must be asked before it, and where its patterns are beyond RE2."""
    import phonenumbers

    found: Any = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    if found is None or phonenumbers.region_code_for_country_code(found.country_code) != region:
        return None

    def pattern_of(kind: Any) -> tuple[str, pa.Array | None]:
        lengths = pa.array(kind.possible_length, pa.int32()) if kind.possible_length else None
        return f"^(?:{kind.national_number_pattern})$", lengths

    by_lengths: dict[tuple[int, ...], list[str]] = {}
    for kind in (getattr(found, name) for name in _TYPES):
        if kind is not None and kind.national_number_pattern:
            by_lengths.setdefault(tuple(kind.possible_length), []).append(kind.national_number_pattern)
    plan = _Plan(
        code=str(found.country_code),
        prefix=found.national_prefix_for_parsing and f"^(?:{found.national_prefix_for_parsing})",
        prefix_changes=bool(found.national_prefix_transform_rule),
        abroad=found.international_prefix and f"^(?:{found.international_prefix})",
        leading=found.leading_digits and f"^(?:{found.leading_digits})",
        general=pattern_of(found.general_desc),
        valid=tuple(
            (f"^(?:{'|'.join(patterns)})$", pa.array(lengths, pa.int32()) if lengths else None)
            for lengths, patterns in by_lengths.items()
        ),
    )
    patterns = [plan.prefix, plan.abroad, plan.leading, plan.general[0], *(pattern for pattern, _ in plan.valid)]
    try:
        for pattern in patterns:
            pc.match_substring_regex(pa.array(["1"]), pattern or "")
    except pa.ArrowInvalid:
        return None
    return plan


@cache
def _region_of(start: str) -> str:
    """The first region of the country code that begins an international number; "" where there is none."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    for length in range(1, len(start) + 1) if start[:1] != "0" else ():
        if regions := COUNTRY_CODE_TO_REGION_CODE.get(int(start[:length])):
            return str(regions[0])
    return ""


def _placed(international: pa.Array, digits: pa.Array, regions: pa.Array) -> pa.Array:
    """E.164 digits of numbers, international (without +) where that is not null; null for those that fit nowhere."""
    abroad = pc.is_valid(international)
    own = pc.if_else(abroad, _mapped(pc.utf8_slice_codeunits(international, 0, 3), _region_of), regions)
    e164 = nulls(len(digits))
    encoded = pc.binary_join_element_wise(pc.if_else(abroad, "+", "-"), own, "").dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    for code, group in enumerate(encoded.dictionary.to_pylist()):
        plan = _plan(group[1:])
        if plan is None:
            continue
        rows = order[np.searchsorted(codes, code, sorter=order) : np.searchsorted(codes, code, "right", sorter=order)]
        at = pa.array(rows)
        some = (international if group[0] == "+" else digits).take(at)
        found = _by_plan(some, plan, abroad=group[0] == "+")
        mask = np.zeros(len(digits), bool)
        mask[rows] = True
        e164 = pc.replace_with_mask(e164, pa.array(mask), found)
    rest = pc.is_null(e164)
    numbers = pc.coalesce(pc.binary_join_element_wise("+", international, ""), digits)
    pairs = zip(numbers.filter(rest).to_pylist(), regions.filter(rest).to_pylist(), strict=True)
    parsed = [_parsed(number, region) for number, region in pairs]
    return pc.replace_with_mask(e164, rest, pa.array(parsed, pa.string()))


def _mapped(values: pa.Array, function: Any) -> pa.Array:
    """`function` of each distinct value."""
    encoded = values.dictionary_encode()
    return each(encoded.dictionary, function).take(encoded.indices)


def _by_plan(numbers: pa.Array, plan: _Plan, *, abroad: bool) -> pa.Array:
    """E.164 digits of those `numbers` that the patterns decide as the library would; null for the others.

    `abroad`: the numbers begin with the country code, else they are written as inside the country.
    """
    if abroad:
        sure = pc.is_valid(numbers)
        national = pc.utf8_slice_codeunits(numbers, len(plan.code))
    else:
        sure = pc.invert(matches(numbers, plan.abroad)) if plan.abroad else pc.is_valid(numbers)
        national = numbers
    if plan.prefix:
        prefixed = matches(national, plan.prefix)
        bare = replaced(national, plan.prefix, "")
        if plan.prefix_changes:
            sure = pc.and_(sure, pc.invert(prefixed))
        if not abroad:
            # Behind a prefix, the digits of the country code may be the country code.
            sure = pc.and_(sure, pc.invert(pc.and_(prefixed, pc.starts_with(numbers, plan.code))))
        national = pc.if_else(prefixed, bare, national)
    if plan.leading:
        sure = pc.and_(sure, matches(national, plan.leading))
    valid = _fits(national, *plan.general)
    kinds = [_fits(national, *kind) for kind in plan.valid]
    some_kind = kinds[0]
    for kind in kinds[1:]:
        some_kind = pc.or_(some_kind, kind)
    return where(pc.and_(sure, pc.and_(valid, some_kind)), pc.binary_join_element_wise(plan.code, national, ""))


def _fits(numbers: pa.Array, pattern: str, lengths: pa.Array | None) -> pa.Array:
    fits = matches(numbers, pattern)
    return fits if lengths is None else pc.and_(fits, pc.is_in(pc.utf8_length(numbers), lengths))


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

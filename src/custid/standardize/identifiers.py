"""Numbers and codes that name a person, a company or a device.

In: clean distinct values, for some with what stands beside them: the record's country, or the app within which a handle
is unique. Out: the comparable identifier; for national ids also the birth date and sex they state. Never here: whether
two identifiers conflict.

A wrong check character keeps the value: it is a slip in a real number, and comparing sees how close it is.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.checked import as_bytes, is_mod_97, people, tax_numbers
from custid.standardize.dates import EARLIEST_YEAR, LATEST_YEAR
from custid.standardize.text import Outcome, matches, not_empty, nulls, on_some, replaced, where

#: Upper and lower case tell these apart, and their punctuation is part of them.
CASE_SENSITIVE = frozenset({"wechat_openid", "wechat_unionid", "wechat_external_userid", "device_id", "cookie_id"})

#: Unique only within something: field → the field of the record that names it ("" where only a setting can).
NAMESPACED = {
    "wechat_openid": "wechat_app",
    "wechat_unionid": "",
    "wechat_external_userid": "wechat_corp",
    "cookie_id": "",
    "social_handle": "social_network",
}

#: As written where written with its groups: the parts that the Social Security Administration never issues, and numbers
#: known from advertisements.
_NO_SSN = r"^(?:000|666)[- ]\d\d[- ]\d{4}$|^\d{3}[- ]00[- ]\d{4}$|^\d{3}[- ]\d\d[- ]0000$"
_SPECIMENS = (
    "078-05-1120", "219-09-9999", "457-55-5462", "078051120", "457555462", "QQ123456C", "QQ 12 34 56 C",
)  # fmt: skip
# What a form's label leaves in front of a number.
_LABEL = (
    r"^(?i)(?:(?:居民)?身份证|护照|证件|会员卡?|税号|统一社会信用代码|编号|passport|ssn|id(?: card)?|vat)"
    r"(?:号码?| ?no\.?| ?number)? ?[:： ] ?(.*\d.*)$|^(?:(?:居民)?身份证|护照|会员卡?)(?:号码?)?([A-Za-z0-9].*)$"
)
_UUID = r"^(?i)\{?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?$"
# A profile's address: the network's name, and what follows the last slash.
_PROFILE = r"^(?i)(?:https?://)?(?:[a-z]+\.)?([a-z]+)\.(?:com|me|net|cn|org)/(?:@|in/|add/|u/|users?/)*([^/?#]+)/?.*$"
# The same network under two names.
_NETWORKS = {"x": "twitter", "t": "telegram", "fb": "facebook", "wa": "whatsapp"}
_PASSPORT = r"^[A-Z0-9]{6,12}$"

_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
# First two digits of a resident id: the province where it was issued.
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)"
_RESIDENT_18 = rf"^{_PROVINCE}\d{{15}}[\dX]$"
_RESIDENT_15 = rf"^{_PROVINCE}\d{{4}}\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{{3}}$"
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def identifiers(values: pa.Array, field: str, countries: pa.Array | None = None) -> Outcome:
    """The column `field`: letters and digits only, upper case; ids of WeChat, browsers and devices as they are.

    `countries`: ISO 3166 code of each value's record, where known; tax numbers get their country in front by it.

    >>> found = identifiers(pa.array(["'310 105-x", "000000", "1.2E+17"]), "loyalty_id")
    >>> found.columns["loyalty_id"].to_pylist()
    ['310105X', '000000', '12E17']
    >>> found.reason.to_pylist()
    [None, 'repeated', 'digits lost']
    >>> identifiers(pa.array(["oABC-def_1"]), "wechat_openid").columns["wechat_openid"].to_pylist()
    ['oABC-def_1']
    >>> handles = pa.array(["https://www.linkedin.com/in/AnnLee/", "@AnnLee"])
    >>> identifiers(handles, "social_handle").columns["social_handle"].to_pylist()
    ['linkedin:annlee', 'annlee']
    """
    lost = matches(values, r"^\d(?:[.,]\d+)?[eE]\+\d+$")
    specimen = pc.is_in(pc.utf8_upper(values), pa.array(_SPECIMENS)) if field == "national_id" else None
    if field in CASE_SENSITIVE:
        # A UUID is a number, in whatever case it is written.
        code = on_some(values, matches(values, _UUID), lambda some: replaced(pc.utf8_lower(some), r"[{}]", ""))
        bare = replaced(values, r"[^A-Za-z0-9]+", "")
    elif field == "social_handle":
        code = bare = _handles(values)
    elif field == "wechat_id":
        code = bare = pc.utf8_lower(values)
    else:
        labelled = matches(values, _LABEL)
        code = on_some(values, labelled, lambda some: replaced(some, _LABEL, r"\1\2"))
        code = on_some(code, matches(code, r"^\d+\.0$"), lambda some: replaced(some, r"\.0$", ""))
        code = bare = not_empty(replaced(pc.utf8_upper(code), r"[^\p{L}\p{N}]+", ""))
    wrong = pc.and_(values.is_valid(), pc.is_null(code))
    if field == "passport":
        wrong = pc.or_(wrong, pc.and_(code.is_valid(), pc.invert(matches(code, _PASSPORT))))
    reason = junk.first_reason(
        junk.because(lost, junk.DIGITS_LOST),
        junk.masked(values),
        nulls(len(values)) if specimen is None else junk.because(specimen, junk.PLACEHOLDER),
        junk.because(matches(values, _NO_SSN), junk.IMPLAUSIBLE) if field == "national_id" else nulls(len(values)),
        junk.digit_junk(bare),
        junk.because(wrong, junk.UNREADABLE),
    )
    if field == "tax_id":
        code, _ = tax_numbers(code, nulls(len(code)) if countries is None else countries)
    return Outcome({field: code}, reason)


def _handles(values: pa.Array) -> pa.Array:
    """What somebody is called in a social network: lower case, no @; in front of it the network, where it is said."""
    profile = matches(values, _PROFILE)
    values = on_some(values, profile, lambda some: replaced(some, _PROFILE, r"\1:\2"))
    values = pc.utf8_lower(replaced(values, "^@", ""))
    for short, network in _NETWORKS.items():
        named = pc.and_(profile, matches(values, f"^{short}:"))
        values = on_some(values, named, partial(replaced, pattern=f"^{short}:", by=f"{network}:"))
    return not_empty(values)


def in_namespace(codes: pa.Array, namespaces: pa.Array) -> pa.Array:
    """Row by row `namespace:code`; the code alone where none is known or it has one already.

    >>> in_namespace(pa.array(["oAb", "oAb", "twitter:ann"]), pa.array(["wx1", None, "x"])).to_pylist()
    ['wx1:oAb', 'oAb', 'twitter:ann']
    """
    apart = where(pc.invert(matches(codes, ":")), pc.binary_join_element_wise(namespaces, codes, ":"))
    return pc.coalesce(apart, codes)


def are_checked(codes: pa.Array, field: str) -> pa.Array | None:
    """Where the check characters of a field's identifiers agree; None for fields whose numbers have none.

    >>> are_checked(pa.array(["DE89370400440532013000", "DE88370400440532013000"]), "iban").to_pylist()
    [True, False]
    """
    if field == "iban":
        return is_mod_97(codes, r"^[A-Z]{2}\d\d[A-Z0-9]{11,30}$", turned=4)
    if field == "lei":
        return is_mod_97(codes, r"^[A-Z0-9]{18}\d\d$", turned=0)
    if field == "tax_id":
        return tax_numbers(codes, nulls(len(codes)))[1].is_valid()
    if field == "national_id":
        found = national_ids(codes).columns
        return pc.or_(
            found["national_id_kind"].is_valid(), pc.fill_null(pc.equal(found["national_id_valid"], "true"), False)
        )
    return None


def national_ids(values: pa.Array, countries: pa.Array | None = None, field: str = "national_id") -> Outcome:
    """`field` as `identifiers` makes it, `<field>_valid`, `<field>_kind`, and the `birth_date` and `sex` it states.

    `<field>_valid` is "true" or "false" for what has the shape of a Chinese resident id, null for other kinds.
    `<field>_kind` is set where check characters prove it: "cn.resident", or a kind of `checked.PEOPLE`.
    Fifteen digits (issued until 1999) are written as the eighteen that replaced them.

    >>> found = national_ids(pa.array(["11010519491231002x", "110105194912310021", "5304218", "12345678Z"])).columns
    >>> found["national_id_valid"].to_pylist(), found["birth_date"].to_pylist(), found["sex"].to_pylist()
    (['true', 'false', None, None], ['1949-12-31', None, None, None], ['f', None, None, None])
    >>> found["national_id_kind"].to_pylist()
    ['cn.resident', None, None, 'es.dni']
    >>> national_ids(pa.array(["110105491231002"])).columns["national_id"].to_pylist()
    ['11010519491231002X']
    """
    columns, reason = identifiers(values, field)
    code = columns[field]
    code = on_some(code, matches(code, _RESIDENT_15), _as_18)
    shaped = matches(code, _RESIDENT_18)
    valid = np.zeros(len(code), dtype=bool)
    digits = as_bytes(code.filter(shaped), 18)
    valid[shaped.to_numpy(zero_copy_only=False)] = (_check_characters(digits) == digits[:, 17]) & _real_dates(digits)
    sound = pa.array(valid)
    truth = pc.if_else(sound, "true", "false") if len(code) else code
    birth_date = where(sound, replaced(code, r"^.{6}(\d{4})(\d{2})(\d{2}).*$", r"\1-\2-\3"))
    male = matches(code, r"^.{16}[13579]")
    sex = where(sound, pc.if_else(male, "m", "f") if len(code) else code)
    kind = where(sound, pc.if_else(sound, "cn.resident", "") if len(code) else code)
    others = people(where(pc.invert(shaped), code), nulls(len(code)) if countries is None else countries)
    found = {
        field: code,
        f"{field}_valid": where(shaped, truth),
        f"{field}_kind": pc.coalesce(kind, others["kind"]),
        "birth_date": pc.coalesce(birth_date, others["birth_date"]),
        "sex": pc.coalesce(sex, others["sex"]),
    }
    return Outcome(found, reason)


def _check_characters(
    digits: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """ISO 7064 MOD 11-2 over the first seventeen digits (ASCII)."""
    checks: np.ndarray[tuple[int], np.dtype[np.uint8]] = _CHECKS[
        ((digits[:, :17].astype(np.int64) - 48) @ _WEIGHTS) % 11
    ]
    return checks


def _real_dates(
    digits: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Where digits 7 to 14 are a day that was, and plausible as a birth."""
    numbers = digits[:, 6:14].astype(np.int64) - 48
    year = numbers[:, :4] @ np.array([1000, 100, 10, 1])
    month = numbers[:, 4:6] @ np.array([10, 1])
    day = numbers[:, 6:8] @ np.array([10, 1])
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    known = (month >= 1) & (month <= 12) & (year >= EARLIEST_YEAR) & (year <= LATEST_YEAR)
    days = _MONTH_DAYS[np.where(known, month, 0)] + (leap & (month == 2))
    real: np.ndarray[tuple[int], np.dtype[np.bool_]] = known & (day >= 1) & (day <= days)
    return real


def _as_18(codes: pa.Array) -> pa.Array:
    """Resident ids of fifteen digits with the century and the check character they got later."""
    longer = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(codes, 0, 6), "19", pc.utf8_slice_codeunits(codes, 6, 15), ""
    )
    checks = _check_characters(as_bytes(longer, 17))
    return pc.binary_join_element_wise(longer, pa.array([chr(check) for check in checks], pa.string()), "")

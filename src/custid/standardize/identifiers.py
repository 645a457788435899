"""Numbers and codes that name a person, a company or a device.

In: clean distinct values. Out: the comparable identifier; for national ids also whether it is valid, and the
birth date and sex that a valid Chinese resident id (居民身份证) states. Never here: whether two identifiers
conflict.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.dates import EARLIEST_YEAR, LATEST_YEAR
from custid.standardize.text import Outcome, matches, not_empty, on_some, replaced, where

#: Upper and lower case tell these apart, and their punctuation is part of them.
CASE_SENSITIVE = frozenset({"wechat_openid", "wechat_unionid", "device_id"})

_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
# First two digits of a resident id: the province where it was issued.
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)"
_RESIDENT_18 = rf"^{_PROVINCE}\d{{15}}[\dX]$"
_RESIDENT_15 = rf"^{_PROVINCE}\d{{4}}\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{{3}}$"
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def identifiers(values: pa.Array, field: str) -> Outcome:
    """The column `field`: letters and digits only, upper case; ids of WeChat and devices as they are.

    >>> found = identifiers(pa.array(["'310 105-x", "000000", "1.2E+17"]), "loyalty_id")
    >>> found.columns["loyalty_id"].to_pylist()
    ['310105X', None, None]
    >>> identifiers(pa.array(["oABC-def_1"]), "wechat_openid").columns["wechat_openid"].to_pylist()
    ['oABC-def_1']
    """
    lost = matches(values, r"^\d(?:[.,]\d+)?[eE]\+\d+$")
    if field in CASE_SENSITIVE:
        code = values
        bare = replaced(values, r"[^A-Za-z0-9]+", "")
    else:
        floats = matches(values, r"^\d+\.0$")
        code = on_some(values, floats, lambda some: replaced(some, r"\.0$", ""))
        code = bare = not_empty(replaced(pc.utf8_upper(code), r"[^\p{L}\p{N}]+", ""))
    reason = junk.first_reason(
        junk.because(lost, junk.DIGITS_LOST),
        junk.digit_junk(bare),
        junk.because(pc.and_(values.is_valid(), pc.is_null(code)), junk.UNREADABLE),
    )
    return Outcome({field: where(pc.is_null(reason), code)}, reason)


def national_ids(values: pa.Array, field: str = "national_id") -> Outcome:
    """`field` as `identifiers` makes it, `<field>_valid`, and `birth_date` and `sex` from valid Chinese
    resident ids.

    `<field>_valid` is "true" or "false" for what has the shape of a resident id, null for other kinds.
    Fifteen digits (issued until 1999) are written as the eighteen that replaced them. A wrong check digit
    keeps the value.

    >>> found = national_ids(pa.array(["11010519491231002x", "110105194912310021", "5304218"])).columns
    >>> found["national_id_valid"].to_pylist(), found["birth_date"].to_pylist(), found["sex"].to_pylist()
    (['true', 'false', None], ['1949-12-31', None, None], ['f', None, None])
    >>> national_ids(pa.array(["110105491231002"])).columns["national_id"].to_pylist()
    ['11010519491231002X']
    """
    columns, reason = identifiers(values, field)
    code = columns[field]
    code = on_some(code, matches(code, _RESIDENT_15), _as_18)
    shaped = matches(code, _RESIDENT_18)
    valid = np.zeros(len(code), dtype=bool)
    digits = _bytes(code.filter(shaped), 18)
    valid[shaped.to_numpy(zero_copy_only=False)] = (_check_characters(digits) == digits[:, 17]) & _real_dates(digits)
    sound = pa.array(valid)
    truth = pc.if_else(sound, "true", "false") if len(code) else code
    birth_date = where(sound, replaced(code, r"^.{6}(\d{4})(\d{2})(\d{2}).*$", r"\1-\2-\3"))
    male = matches(code, r"^.{16}[13579]")
    sex = where(sound, pc.if_else(male, "m", "f") if len(code) else code)
    return Outcome({field: code, f"{field}_valid": where(shaped, truth), "birth_date": birth_date, "sex": sex}, reason)


def _bytes(codes: pa.Array, length: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """ASCII codes of one length as a matrix, one row per code."""
    joined = "".join(codes.to_pylist()).encode("ascii")
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, length)


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
    checks = _check_characters(_bytes(longer, 17))
    return pc.binary_join_element_wise(longer, pa.array([chr(check) for check in checks], pa.string()), "")

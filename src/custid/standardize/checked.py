"""Which kind of number an identifier is, by its shape and its check characters.

In: identifiers as `identifiers` makes them (upper case, letters and digits only), and for each the country of its
record where that is known. Out: the kind of each ("es.dni", "eu.vat"), null where no check says so; birth date and sex
where the number states them. Never here: numbers without check characters (a US social security number, a UK National
Insurance number), for which nothing proves that they are right.

The check of common kinds is done in columns; the others are the library's (python-stdnum), one number at a time.
Shapes that many countries share are tried only where the record's country says which.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize.text import matches, nulls, where, words

Digits = npt.NDArray[np.uint8]


class Kind(NamedTuple):
    """A kind of number: its name, its shape, the countries it is tried in (none: everywhere), the library's module."""

    name: str
    shape: str
    countries: tuple[str, ...]
    module: str


#: National numbers of people. Chinese resident ids are not among them: see `identifiers`.
PEOPLE = (
    # By letters in their places: no country needed.
    Kind("es.dni", r"^\d{8}[A-Z]$", (), "es.dni"),
    Kind("es.nie", r"^[XYZ]\d{7}[A-Z]$", (), "es.nie"),
    Kind("it.codicefiscale", r"^[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]$", (), "it.codicefiscale"),
    Kind("mx.curp", r"^[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d$", (), "mx.curp"),
    Kind("ch.ssn", r"^756\d{10}$", (), "ch.ssn"),
    Kind("ie.pps", r"^\d{7}[A-W][ABWTXZ]?$", ("IE",), "ie.pps"),
    Kind("fi.hetu", r"^\d{6}[-+A]?\d{3}[0-9A-Y]$", ("FI",), "fi.hetu"),
    Kind("tw.id", r"^[A-Z][1289]\d{8}$", (), ""),
    Kind("hk.id", r"^[A-Z]{1,2}\d{6}[\dA]$", (), ""),
    # Digits alone: only where the record says from where it is.
    Kind("br.cpf", r"^\d{11}$", ("BR",), "br.cpf"),
    Kind("pl.pesel", r"^\d{11}$", ("PL",), "pl.pesel"),
    Kind("nl.bsn", r"^\d{9}$", ("NL",), "nl.bsn"),
    Kind("de.idnr", r"^\d{11}$", ("DE",), "de.idnr"),
    Kind("fr.nir", r"^[12]\d{4}[0-9AB]\d{9}$|^[12]\d{14}$", ("FR",), "fr.nir"),
    Kind("se.personnummer", r"^(?:\d\d)?\d{10}$", ("SE",), "se.personnummer"),
    Kind("no.fodselsnummer", r"^\d{11}$", ("NO",), "no.fodselsnummer"),
    Kind("be.nn", r"^\d{11}$", ("BE",), "be.nn"),
    Kind("ro.cnp", r"^\d{13}$", ("RO",), "ro.cnp"),
    Kind("bg.egn", r"^\d{10}$", ("BG",), "bg.egn"),
    Kind("cz.rc", r"^\d{9,10}$", ("CZ", "SK"), "cz.rc"),
    Kind("ee.ik", r"^\d{11}$", ("EE",), "ee.ik"),
    Kind("lt.asmens", r"^\d{11}$", ("LT",), "lt.asmens"),
    Kind("pt.nif", r"^\d{9}$", ("PT",), "pt.nif"),
    Kind("tr.tckimlik", r"^\d{11}$", ("TR",), "tr.tckimlik"),
    Kind("za.idnr", r"^\d{13}$", ("ZA",), "za.idnr"),
    Kind("il.idnr", r"^\d{9}$", ("IL",), "il.idnr"),
    Kind("kr.rrn", r"^\d{13}$", ("KR",), "kr.rrn"),
    Kind("th.pin", r"^\d{13}$", ("TH",), "th.pin"),
    Kind("jp.in", r"^\d{12}$", ("JP",), "jp.in_"),
    Kind("in.aadhaar", r"^\d{12}$", ("IN",), "in_.aadhaar"),
    Kind("cl.rut", r"^\d{7,8}[\dK]$", ("CL",), "cl.rut"),
    Kind("ar.cuit", r"^\d{11}$", ("AR",), "ar.cuit"),
    Kind("ca.sin", r"^\d{9}$", ("CA",), "ca.sin"),
    Kind("au.tfn", r"^\d{8,9}$", ("AU",), "au.tfn"),
)

#: Who the EU's value added tax knows, and how their numbers begin.
_VAT = words("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI")
_LETTERS_OF_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = r"^[1-9A-GY][1239]\d{6}[0-9A-HJ-NPQRTUWXY]{10}$"


def people(codes: pa.Array, countries: pa.Array) -> dict[str, pa.Array]:
    """`kind`, `birth_date` and `sex` of national numbers; nulls where nothing is proved or stated.

    >>> found = people(pa.array(["12345678Z", "44051401359", "44051401359"]), pa.array([None, "PL", "BR"]))
    >>> found["kind"].to_pylist(), found["birth_date"].to_pylist(), found["sex"].to_pylist()
    (['es.dni', 'pl.pesel', None], [None, '1944-05-14', None], [None, 'm', None])
    """
    if codes.null_count == len(codes):
        return dict.fromkeys(("kind", "birth_date", "sex"), nulls(len(codes)))
    out: dict[str, list[str | None]] = {name: [None] * len(codes) for name in ("kind", "birth_date", "sex")}
    for kind in PEOPLE:
        fits = matches(codes, kind.shape)
        if kind.countries:
            fits = pc.and_(fits, pc.fill_null(pc.is_in(countries, pa.array(kind.countries)), False))
        at = np.flatnonzero(fits.to_numpy(zero_copy_only=False))
        if not len(at):
            continue
        module = _module(kind.module) if kind.module else _OWN[kind.name]
        for row, code in zip(at.tolist(), codes.take(pa.array(at)).to_pylist(), strict=True):
            if out["kind"][row] is None and module.is_valid(code):
                out["kind"][row] = kind.name
                out["birth_date"][row] = _stated(module, "get_birth_date", code)
                out["sex"][row] = (_stated(module, "get_gender", code) or "").lower()[:1] or None
    return {name: pa.array(values, pa.string()) for name, values in out.items()}


def _stated(module: Any, question: str, code: str) -> str | None:
    """What a number states by itself, as text; None where it states nothing that can be."""
    from stdnum.exceptions import ValidationError

    if not hasattr(module, question):
        return None
    try:
        said = getattr(module, question)(code)
    except (ValidationError, ValueError):
        return None
    return None if said is None else str(said)[:10]


def tax_numbers(codes: pa.Array, countries: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Tax numbers in one spelling, and their kind: "cn.uscc", "eu.vat", "gb.vat", "ch.vat"; null without proof.

    A number of the EU's value added tax without its country in front gets it from the record's, if its check holds.

    >>> codes = pa.array(["DE136695976", "136695976", "136695976", "91110000600037341L"])
    >>> spelt, kinds = tax_numbers(codes, pa.array([None, "DE", None, None]))
    >>> spelt.to_pylist(), kinds.to_pylist()
    (['DE136695976', 'DE136695976', '136695976', '91110000600037341L'], ['eu.vat', 'eu.vat', None, 'cn.uscc'])
    """
    kinds = where(is_uscc(codes), pa.array(["cn.uscc"] * len(codes), pa.string()))
    starts = pc.is_in(pc.utf8_slice_codeunits(codes, 0, 2), pa.array([*_VAT, "GB", "CH"]))
    numbered = pc.and_(pc.fill_null(starts, False), matches(codes, r"^[A-Z]{2}[0-9A-Z]{7,13}$"))
    inside = pc.and_(pc.is_in(countries, pa.array([*_VAT, "GR", "GB"])), matches(codes, r"^[0-9A-Z]{8,12}$"))
    odd = pc.and_(pc.is_null(kinds), pc.or_(numbered, pc.fill_null(inside, False)))
    if not pc.any(odd).as_py():
        return codes, kinds
    pairs = zip(codes.filter(odd).to_pylist(), countries.filter(odd).to_pylist(), strict=True)
    found = [_vat(code, country) for code, country in pairs]
    spelt = pc.replace_with_mask(codes, odd, pa.array([code for code, _ in found], pa.string()))
    return spelt, pc.replace_with_mask(kinds, odd, pa.array([kind for _, kind in found], pa.string()))


def _vat(code: str, country: str | None) -> tuple[str, str | None]:
    prefix = {"GR": "EL"}.get(country or "", country or "")
    for number in (code, prefix + code):
        if number[:2] == "GB" and _module("gb.vat").is_valid(number[2:]):
            return number, "gb.vat"
        if number[:2] == "CH" and _module("ch.vat").is_valid(number):
            return number, "ch.vat"
        if number[:2] in _VAT and _module("eu.vat").is_valid(number):
            return number, "eu.vat"
    return code, None


class _Taiwan:
    """統一編號 of people: the letter's number and nine digits, weighted, are a multiple of ten."""

    @staticmethod
    def is_valid(code: str) -> bool:
        tens, ones = divmod("ABCDEFGHJKLMNPQRSTUVXYWZIO".index(code[0]) + 10, 10)
        digits = [tens, ones, *map(int, code[1:])]
        weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
        return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0

    @staticmethod
    def get_gender(code: str) -> str:
        return "M" if code[1] in "18" else "F"


class _HongKong:
    """香港身份證: one or two letters (a space counts 36), six digits and a check character, modulo 11."""

    @staticmethod
    def is_valid(code: str) -> bool:
        values = [36, *(int(character, 36) for character in code)][-9:]
        return sum(value * weight for value, weight in zip(values, range(9, 0, -1), strict=True)) % 11 == 0


_OWN: dict[str, Any] = {"tw.id": _Taiwan, "hk.id": _HongKong}


@cache
def _module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


def is_uscc(codes: pa.Array) -> pa.Array:
    """Where a code is a 统一社会信用代码 whose check character is right (GB 32100, modulo 31).

    >>> is_uscc(pa.array(["91110000600037341L", "91110000600037341M", "1"])).to_pylist()
    [True, False, False]
    """
    values = np.zeros(256, np.int64)
    values[np.frombuffer(_LETTERS_OF_USCC.encode(), np.uint8)] = np.arange(31)
    weights = np.array([pow(3, place, 31) for place in range(17)])
    return _checked(codes, _USCC, 18, lambda found: (values[found[:, :17]] @ weights + values[found[:, 17]]) % 31 == 0)


def is_mod_97(codes: pa.Array, shape: str, *, turned: int) -> pa.Array:
    """Where a code of this shape leaves 1 when divided by 97 (ISO 7064), its first `turned` characters put behind.

    >>> is_mod_97(pa.array(["DE89370400440532013000", "DE88370400440532013000"]), "^[A-Z]{2}", turned=4).to_pylist()
    [True, False]
    """
    shaped = matches(codes, shape)
    at = np.flatnonzero(shaped.to_numpy(zero_copy_only=False))
    right = np.zeros(len(codes), bool)
    lengths = pc.utf8_length(codes.take(pa.array(at))).to_numpy(zero_copy_only=False)
    for length in np.unique(lengths):
        rows = at[lengths == length]
        found = as_bytes(codes.take(pa.array(rows)), int(length))
        found = np.concatenate([found[:, turned:], found[:, :turned]], axis=1)
        rest = np.zeros(len(rows), np.int64)
        for column in found.T.astype(np.int64):
            letter = column >= ord("A")
            value = np.where(letter, column - ord("A") + 10, column - ord("0"))
            rest = (rest * np.where(letter, 100, 10) + value) % 97
        right[rows] = rest == 1
    return pa.array(right)


def _checked(codes: pa.Array, shape: str, length: int, check: Callable[[Digits], Any]) -> pa.Array:
    shaped = matches(codes, shape)
    right = np.zeros(len(codes), bool)
    right[shaped.to_numpy(zero_copy_only=False)] = check(as_bytes(codes.filter(shaped), length))
    return pa.array(right)


def as_bytes(codes: pa.Array, length: int) -> Digits:
    """ASCII codes of one length as a matrix, one row per code."""
    joined = "".join(codes.to_pylist()).encode("ascii")
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, length)

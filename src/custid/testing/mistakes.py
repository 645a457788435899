"""What goes wrong between a person and a record, and how often.

In: Arrow string arrays and which rows to spoil. Out: arrays of the same length. Never here: people, tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.testing.data import chinese
from custid.testing.draws import Draws, Flags
from custid.testing.texts import at, choose, filled, flat, from_letters, letters, put


@dataclass(frozen=True)
class Mistakes:
    """Rates between 0 and 1, each of the records that have the value in question.

    Attributes:
        misspelt_given_name, misspelt_surname, misspelt_street, misspelt_city, misspelt_email: one slip of the
            keyboard, of the eye (OCR) or of the order; in 汉字, a character of the same sound or shape.
        wrong_phone_digit, wrong_birth_digit: one digit off, or two exchanged.
        nickname: Bob for Robert, where the name has one. initial: R. for Robert.
        swapped_names: given name and surname exchanged. swapped_day_month: where the day is 12 or less.
        pinyin: a Chinese name in Latin letters. traditional: a Chinese name in traditional characters.
        folded_accents: Müller as Mueller or Muller. upper_case, lower_case: of the name.
        abbreviated_street: St for Street. dropped_unit: the flat or room left out.
        one_line_address: `address` in place of `street_number` and `street` (Chinese addresses always are).
        missing_*: the value is not there.
        placeholder_email, placeholder_phone, placeholder_birth_date, placeholder_name: junk in its place.
        plus_tag: ann+shop@ or, at gmail.com, dots moved. other_email: the second mailbox, where there is one.
        family_email: the household's mailbox, where there is one. landline: the household's telephone.
    """

    misspelt_given_name: float = 0.03
    misspelt_surname: float = 0.03
    misspelt_street: float = 0.04
    misspelt_city: float = 0.015
    misspelt_email: float = 0.01
    wrong_phone_digit: float = 0.01
    wrong_birth_digit: float = 0.015
    nickname: float = 0.12
    initial: float = 0.03
    swapped_names: float = 0.015
    swapped_day_month: float = 0.02
    pinyin: float = 0.1
    traditional: float = 0.03
    folded_accents: float = 0.4
    upper_case: float = 0.04
    lower_case: float = 0.03
    abbreviated_street: float = 0.35
    dropped_unit: float = 0.25
    one_line_address: float = 0.2
    missing_given_name: float = 0.01
    missing_birth_date: float = 0.25
    missing_sex: float = 0.2
    missing_email: float = 0.25
    missing_phone: float = 0.2
    missing_address: float = 0.2
    missing_postcode: float = 0.1
    placeholder_email: float = 0.008
    placeholder_phone: float = 0.008
    placeholder_birth_date: float = 0.015
    placeholder_name: float = 0.002
    plus_tag: float = 0.02
    other_email: float = 0.3
    family_email: float = 0.25
    landline: float = 0.15


#: letter → what the finger or the eye takes it for: three neighbours on the keyboard, one look-alike
_SLIPS = {
    **dict(
        zip(
            "qwertyuiop",
            ("waao", "qesv", "wrdc", "etff", "ryil", "tugv", "yihv", "uokl", "ipl0", "olln"),
            strict=True,
        )
    ),
    **dict(zip("asdfghjkl", ("qszo", "adwz", "sfec", "dgrt", "fhty", "gjyb", "hkui", "jlih", "kop1"), strict=True)),
    **dict(zip("zxcvbnm", ("xas2", "zcsk", "xvde", "cbfu", "vngh", "bmhr", "nknn"), strict=True)),
    **dict(
        zip(
            "0123456789",
            ("99o8", "2277", "1133", "2248", "3355", "4466", "5578", "6681", "7793", "8804"),
            strict=True,
        )
    ),
}
_WIDTH = 128
_SLIP = np.zeros((_WIDTH, 4), dtype=np.uint32)
for _letter, _others in _SLIPS.items():
    _SLIP[ord(_letter)] = [ord(other) for other in _others]
    if _letter.isalpha():
        _SLIP[ord(_letter.upper())] = [ord(other.upper()) for other in _others]
_IS_DIGIT = np.zeros(_WIDTH, dtype=np.bool_)
_IS_DIGIT[ord("0") : ord("9") + 1] = True

_CONFUSED = {
    character: [other for other in group if other != character] for group in chinese.CONFUSED for character in group
}

_ACCENTS_LONG = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
_ACCENTS_SHORT = {"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "Ä": "A", "Ö": "O", "Ü": "U", "ı": "i", "é": "e"}

#: Street kinds and what they are shortened to.
_SHORT_STREETS = (
    ("Street", "St"),
    ("Avenue", "Ave"),
    ("Road", "Rd"),
    ("Drive", "Dr"),
    ("Lane", "Ln"),
    ("Court", "Ct"),
    ("Boulevard", "Blvd"),
    ("Place", "Pl"),
    ("Crescent", "Cres"),
    ("Gardens", "Gdns"),
    ("Apartment", "Apt"),
    ("straße", "str."),
    ("Straße", "Str."),
)


def misspell(values: pa.Array, rows: Flags, draws: Draws, *, digits_only: bool = False) -> pa.Array:
    """`values` with one slip in each of `rows`: a letter changed, lost, doubled, or two exchanged.

    With `digits_only`, digits are changed or exchanged with the digit after them, and nothing else happens.
    """
    rows = rows & filled(values)
    if not rows.any():
        return values
    text = letters(at(values, rows))
    count, width = text.shape
    length = (text != 0).sum(axis=1)
    line = np.arange(count)
    if digits_only:
        allowed = (text < _WIDTH) & _IS_DIGIT[np.minimum(text, _WIDTH - 1)]
        # the k-th digit of each row, k drawn; the first is left alone: it is rarely wrong and decides the
        # format
        total = allowed.sum(axis=1)
        nth = 1 + draws.below(count, np.maximum(total - 1, 1))
        place = np.argmax(allowed.cumsum(axis=1) > nth[:, None], axis=1)
    else:
        place = draws.below(count, np.maximum(length, 1))
    kind = draws.uniform(count)
    changed = kind < 0.45
    slip = _SLIP[np.minimum(text[line, place], _WIDTH - 1), draws.below(count, 4)]
    if digits_only:
        slip = np.where((slip >= ord("0")) & (slip <= ord("9")), slip, ord("0") + (place % 10)).astype(np.uint32)
    known = changed & (text[line, place] < _WIDTH) & (slip != 0)
    text[line[known], place[known]] = slip[known]

    following = np.minimum(place + 1, np.maximum(length - 1, 0))
    swapped = ~changed & ((kind < 0.7) | digits_only)
    if digits_only:
        swapped &= allowed[line, following]
    first, second = text[line, place].copy(), text[line, following].copy()
    text[line[swapped], place[swapped]] = second[swapped]
    text[line[swapped], following[swapped]] = first[swapped]
    if not digits_only:
        wide = np.zeros((count, width + 1), dtype=np.uint32)
        wide[:, :width] = text
        columns = np.arange(width + 1)
        lost = (kind >= 0.7) & (kind < 0.88) & (length > 3)
        doubled = kind >= 0.88
        source = (
            columns + (lost[:, None] & (columns >= place[:, None])) - (doubled[:, None] & (columns > place[:, None]))
        )
        text = np.take_along_axis(wide, np.minimum(source, width), axis=1)
    return put(values, rows, from_letters(text))


def confuse(values: pa.Array, rows: Flags, draws: Draws) -> pa.Array:
    """`values` with one 汉字 of each of `rows` taken for another, where a look-alike or sound-alike is
    known."""
    rows = rows & filled(values)
    if not rows.any():
        return values
    text = letters(at(values, rows))
    which = draws.uniform(len(text))
    for code in np.unique(text).tolist():
        others = _CONFUSED.get(chr(code))
        if not others:
            continue
        hit = text == code
        hit &= hit.cumsum(axis=1) == 1
        line, place = np.nonzero(hit)
        other = np.array([ord(character) for character in others], dtype=np.uint32)
        # marked with a high bit, so that what was put in is not itself taken for another
        text[line, place] = other[np.floor(which[line] * len(others)).astype(np.int64)] | np.uint32(1 << 31)
    return put(values, rows, from_letters(_one_change(text, letters(at(values, rows)), which)))


def _one_change(
    changed: np.ndarray[tuple[int, int], np.dtype[np.uint32]],
    original: np.ndarray[tuple[int, int], np.dtype[np.uint32]],
    which: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    """Of the characters that `changed` marks in a row, one stays changed; the others are as in `original`."""
    marked = (changed >> np.uint32(31)).astype(np.bool_)
    nth = np.floor(which * np.maximum(marked.sum(axis=1), 1)).astype(np.int64)
    kept = marked & (marked.cumsum(axis=1) == nth[:, None] + 1)
    return np.where(kept, changed & np.uint32(0x7FFFFFFF), original)


def fold_accents(values: pa.Array, rows: Flags, draws: Draws) -> pa.Array:
    """`values` without accents in `rows`: two in three as ae, oe, ue, the others as a, o, u."""
    accented = np.asarray(pc.fill_null(pc.match_substring_regex(values, "[äöüßÄÖÜıé]"), False))
    rows = rows & accented
    long = draws.flags(len(rows), 0.66)
    for chosen, map_ in ((rows & long, _ACCENTS_LONG), (rows, _ACCENTS_SHORT)):
        if not chosen.any():
            continue
        folded = at(values, chosen)
        for accented_letter, plain in map_.items():
            folded = pc.replace_substring(folded, accented_letter, plain)
        values = put(values, chosen, flat(folded))
    return values


def abbreviate_streets(values: pa.Array, rows: Flags) -> pa.Array:
    """`values` with Street, Road … shortened in `rows`.

    >>> abbreviate_streets(pa.array(["Oak Street Apartment 4"]), np.array([True])).to_pylist()
    ['Oak St Apt 4']
    """
    short = values
    for word, shorter in _SHORT_STREETS:
        short = pc.replace_substring(short, word, shorter)
    return choose(rows, flat(short), values)

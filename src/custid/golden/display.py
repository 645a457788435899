"""How golden values are shown, where a rule says otherwise than as their source wrote them.

In: distinct values as written, and their comparable values. Out: the values to show. Never here: which value wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize.coded import encode

#: Small words inside a name or a street that stay small: Ludwig van Beethoven, Rue de la Paix.
_SMALL = frozenset(
    re.split(" ", "van von der den de del della di da dos do du des la le les y e und zu zum zur am an auf of the")
)


#: Displays that are made of comparable values.
COMPARABLE = ("e164", "international", "iso_date", "m_f")


def shown(display: str, written: pa.Array, comparable: pa.Array | None) -> pa.Array:
    """`written` as `display` has it (see `model.survivorship.DISPLAYS`); `comparable`: the comparable values, row by
    row. A value that cannot be shown so stays as written."""
    if display == "as_written":
        return written
    if display in COMPARABLE:
        if comparable is None:
            return written
        if display == "international":
            comparable = _each(comparable, _international)
        return pc.coalesce(comparable, written)
    if display == "upper":
        return pc.utf8_upper(written)
    if display == "lower":
        return pc.utf8_lower(written)
    return _each(written, title_case)


def title_case(text: str) -> str:
    """Words with a capital, where all letters are of one case; others are as somebody meant them.

    >>> title_case("VAN DER BERG"), title_case("o'neil-mcarthur"), title_case("deVries"), title_case("李明")
    ('Van der Berg', "O'Neil-McArthur", 'deVries', '李明')
    >>> title_case("12A RUE DE LA PAIX")
    '12A Rue de la Paix'
    """
    if text != text.upper() and text != text.lower():
        return text
    words = re.split(r"(\s+)", text)
    return "".join(word.lower() if at and word.lower() in _SMALL else _capitals(word) for at, word in enumerate(words))


def _capitals(word: str) -> str:
    if word[:1].isdigit():
        return word  # a house number: 12A, 12a
    parts = re.split(r"([-'’./&(])", word)
    # After an apostrophe only where a name goes on: O'Neil, but not Ann's.
    return "".join(
        part.lower() if at > 1 and parts[at - 1] in "'’" and len(part) < 2 else _capital(part)
        for at, part in enumerate(parts)
    )


def _capital(part: str) -> str:
    low = part.lower()
    if low.startswith("mc") and len(low) > 3:
        return "Mc" + low[2:3].upper() + low[3:]
    return low[:1].upper() + low[1:]


def _international(number: str) -> str | None:
    import phonenumbers

    # An extension stands behind the number.
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def _each(values: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """`change` of every distinct value."""
    coded = encode(values)
    changed = [None if text is None else change(text) for text in coded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(coded.indices)

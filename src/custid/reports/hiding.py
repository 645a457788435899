"""Values so that a page about them may be shared: enough to recognize a kind of value by, too little to know one.

In: a value as written, and the kind of its field. Out: text with stars. Never here: which values need no stars.

What is hidden is always written with the same number of stars, so that they do not tell how long it is. Of a value so
short that one letter of it would tell much, none is left.
"""

from __future__ import annotations

import re
import unicodedata

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"^(?:19|20)(?=\d\d\D)")


def mask(text: str, kind: str | None = None) -> str:
    """`text` with stars for most of it.

    >>> mask("anna.bell@example.com", "email"), mask("13812345678", "phone"), mask("王小明", "name")
    ('a***@e***.com', '138****5678', '王**')
    >>> mask("Anna Bell", "name"), mask("Li", "name"), mask("1980-05-03", "date"), mask("A-17", "identifier")
    ('A**', '**', '19**-**-**', '****')
    >>> mask("11010519491231002X", "identifier"), mask("call me at +44 20 7946 0018")
    ('110****002X', 'c**')
    """
    text = " ".join(text.split())
    if _EMAIL.match(text):
        return _email(text)
    if kind == "date":
        return _date(text)
    known = [character for character in text if character.isalnum()]
    if kind in ("phone", "identifier") or 3 * len(_DIGIT.findall(text)) > 2 * len(known):
        return _number(known)
    return _words(text)


def _email(text: str) -> str:
    """
    >>> _email("al@x.io"), _email("someone@mail.example.co.uk")
    ('***@***.io', 's***@m***.uk')
    """
    local, _, domain = text.rpartition("@")
    host, dot, top = domain.rpartition(".")
    first = local[:1] if len(local) > 3 else ""
    return f"{first}***@{host[:1] if len(host) > 3 else ''}***{dot}{top if dot and len(top) < 10 else ''}"


def _date(text: str) -> str:
    """
    >>> _date("3/5/80"), _date("1980年5月3日"), _date("29344")
    ('**/**/**', '19**年**月**日', '**')
    """
    century = found[0] if (found := _YEAR.match(text)) else ""
    shape = re.sub(r"[^\W\d_]{2,}", "**", re.sub(r"\d+", "**", text[len(century) :]))[:30]
    return century + shape


def _number(known: list[str]) -> str:
    """
    >>> _number(list("02079460018")), _number(list("98765432")), _number(list("7654321"))
    ('020****0018', '98****32', '****')
    """
    if len(known) < 8:
        return "****"
    front, back = (3, 4) if len(known) > 10 else (2, 2)
    return f"{''.join(known[:front])}****{''.join(known[-back:])}"


def _words(text: str) -> str:
    """
    >>> _words("李雷"), _words("李"), _words("Bo"), _words("(Bob)")
    ('李**', '**', '**', '(**')
    """
    wide = any(unicodedata.east_asian_width(character) in "WF" for character in text[:1])
    return f"{text[0]}**" if len(text) > (1 if wide else 3) else "**"

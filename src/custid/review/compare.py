"""Records side by side: which values differ, and where in them.

In: records as the registry holds them, and their comparable values. Out: plain data for the page, every text short.
Never here: weighing; HTML.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

#: Characters that a page shows of a value; a cell may hold a million.
CHARACTERS_MAX = 240
#: Texts that have less in common than this differ as a whole: marked letter by letter they would be confetti.
_LIKENESS_MIN = 0.5

#: A piece of a text, and whether it differs.
Piece = tuple[str, bool]


def side_by_side(
    records: Sequence[Mapping[str, Any]], fields: Sequence[str], values: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One row per field that any of the records has: `field`, `state` and, per record, `cells` (None: no value; else
    pieces).

    `values`: what each record is compared by; a field that has a comparable column of its own name counts as `alike`
    where those are equal. `state` is of the first two records: equal, alike (written otherwise, means the same),
    differ, one (only one has a value), none. Each record is marked against the first, the first against the second.
    """
    rows = []
    for field in fields:
        texts = [_text(record.get(field)) for record in records]
        if not any(texts):
            continue
        against = [texts[1] if len(texts) > 1 else None, *[texts[0]] * (len(texts) - 1)]
        cells = [pieces(text, other) for text, other in zip(texts, against, strict=True)]
        meant = [value.get(field) for value in values[:2]]
        rows.append({"field": field, "state": _state(texts[:2], meant), "cells": cells})
    return rows


def pieces(text: str | None, other: str | None) -> list[Piece] | None:
    """`text` cut where it differs from `other`, capitals and width aside; whole where there is nothing to compare with.

    >>> pieces("Anna Keller", "anna Kellner")
    [('Anna Keller', False)]
    >>> pieces("Anna Kellner", "anna Keller")
    [('Anna Kell', False), ('n', True), ('er', False)]
    >>> pieces("Bonn", "Cologne"), pieces("Bonn", None), pieces(None, "Bonn")
    ([('Bonn', True)], [('Bonn', False)], None)
    """
    if text is None:
        return None
    shown = shorten(text)
    if other is None or _plain(text) == _plain(other):
        return [(shown, False)]
    matcher = SequenceMatcher(None, _folded(shorten(other)), _folded(shown), autojunk=False)
    if matcher.ratio() < _LIKENESS_MIN:
        return [(shown, True)]
    out: list[Piece] = []
    for what, _, _, start, stop in matcher.get_opcodes():
        differs = what != "equal"
        if stop == start:
            continue
        if out and out[-1][1] == differs:
            out[-1] = (out[-1][0] + shown[start:stop], differs)
        else:
            out.append((shown[start:stop], differs))
    return out


def shorten(text: str, characters_max: int = CHARACTERS_MAX) -> str:
    """
    >>> shorten("a" * 500, 3)
    'aaa … (497 more characters)'
    """
    if len(text) <= characters_max:
        return text
    return f"{text[:characters_max]} … ({len(text) - characters_max:,} more characters)"


def _state(texts: Sequence[str | None], meant: Sequence[str | None]) -> str:
    there = [text for text in texts if text is not None]
    if len(there) < 2:
        return "one" if there else "none"
    if _plain(there[0]) == _plain(there[1]):
        return "equal"
    return "alike" if len(meant) == 2 and meant[0] is not None and meant[0] == meant[1] else "differ"


def _text(value: Any) -> str | None:
    return None if value is None or str(value) == "" else str(value)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _folded(text: str) -> str:
    """In small letters, each in its place."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)

"""Records side by side: which values differ, and where in them.

In: records as the registry holds them, and their comparable values. Out: plain data for the page, every text short.
Never here: weighing; HTML.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
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
    records: Sequence[Mapping[str, Any]],
    fields: Sequence[str],
    values: Mapping[int, Mapping[str, Any]],
    *,
    asked: bool = True,
) -> list[dict[str, Any]]:
    """One row per field that any of the records has: `field`, `state` and, per record, `cells` (None: no value; else
    pieces).

    `values`: record_key → what the record is compared by; a field that has a comparable column of its own name is
    `alike`, and not marked, where those are equal. `state` is of the first two records: equal, alike (written
    otherwise, means the same), differ, one (only one has a value), none.
    `asked`: the first two are in question: they are marked against each other, the others against the first. Else all
    are marked against what most of them have.
    """
    rows = []
    for field in fields:
        texts = [_text(record.get(field)) for record in records]
        if not any(texts):
            continue
        meant = [values.get(record["record_key"], {}).get(field) for record in records]
        plain = [None if text is None else means or _plain(text) for text, means in zip(texts, meant, strict=True)]
        usual = _usual(plain)
        against = [1, *[0] * (len(texts) - 1)] if asked else [usual] * len(texts)
        cells = [
            pieces(text, None if alike == plain[other] else texts[other])
            for text, alike, other in zip(texts, plain, against, strict=True)
        ]
        rows.append({"field": field, "state": _state(texts[:2], plain[:2]), "cells": cells})
    # What neither of those in question has comes last.
    return sorted(rows, key=lambda row: asked and row["state"] == "none")


def _usual(plain: Sequence[str | None]) -> int:
    """The place of the value that most have, the first of several.

    >>> _usual([None, "bonn", "köln", "köln"])
    2
    """
    counts = Counter(value for value in plain if value is not None)
    return plain.index(counts.most_common(1)[0][0])


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


def _state(texts: Sequence[str | None], plain: Sequence[str | None]) -> str:
    there = [text for text in texts if text is not None]
    if len(there) < 2:
        return "one" if there else "none"
    if _plain(there[0]) == _plain(there[1]):
        return "equal"
    return "alike" if plain[0] == plain[1] else "differ"


def _text(value: Any) -> str | None:
    return None if value is None or str(value) == "" else str(value)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _folded(text: str) -> str:
    """In small letters, each in its place."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)

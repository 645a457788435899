"""Plain text that lines up on a terminal, also where characters are two cells wide (汉字).

In: strings. Out: strings. Never here: colors, terminals, data.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence


def width(text: str) -> int:
    """Terminal cells that `text` takes.

    >>> width("shop"), width("会员"), width("é")
    (4, 4, 1)
    """
    return sum(map(_cells, text))


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """`text` filled with spaces to `cells` terminal cells; `right`: the spaces come first.

    >>> pad("会员", 6) + "|", pad("12", 4, right=True)
    ('会员  |', '  12')
    """
    spaces = " " * (cells - width(text))
    return spaces + text if right else text + spaces


def cut(text: str, cells: int) -> str:
    """`text` on one line, ended with … where it takes more than `cells` terminal cells.

    >>> cut("Mill Lane 12", 9), cut("上海市浦东新区", 7), cut("short", 9)
    ('Mill Lan…', '上海市…', 'short')
    """
    text = " ".join(text.split())
    if width(text) <= cells:
        return text
    used = 0
    for position, character in enumerate(text):
        used += _cells(character)
        if used > cells - 1:
            return text[:position].rstrip() + "…"
    return text


def columns(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """`rows` as lines, two spaces between columns; the columns numbered in `right` end flush.

    >>> columns([["channel", "read"], ["会员", "12"]], right=[1])
    ['channel  read', '会员       12']
    """
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            pad(text, cells, right=number in right)
            for number, (text, cells) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

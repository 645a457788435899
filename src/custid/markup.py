"""HTML and SVG put together so that nothing that comes from data can become markup; and cards for notebooks.

In: names of elements, attributes, children. Out: `Markup`. Every text and every attribute is escaped here and nowhere
else; only `Markup` goes in as it is. Cards take the notebook's own colors, light or dark.
Never here: what a page or a card says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

#: Elements without an end.
_EMPTY = {"br", "link", "meta", "hr", "col"}
#: SVG elements that mostly stand alone.
_CLOSED = {"rect", "line", "circle", "path"}


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | int | float | None | Iterable["Child"]


def h(element: str, *children: Child, **attributes: str | int | float | bool | None) -> Markup:
    """An element. Attributes: `class_` is class, `aria_label` aria-label, True one without a value; None and False are
    left out.

    >>> h("p", "a < b ", h("b", 3), class_="x", hidden=True)
    '<p class="x" hidden>a &lt; b <b>3</b></p>'
    >>> h("a", ["one", None], title='"')
    '<a title="&quot;">one</a>'
    """
    said = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(_text(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if element in _EMPTY:
        return Markup(f"<{element}{said}>")
    if element in _CLOSED and not children:
        return Markup(f"<{element}{said}/>")
    return Markup(f"<{element}{said}>{joined(children)}</{element}>")


def joined(children: Iterable[Child]) -> Markup:
    """Children one after the other, escaped where they are no markup."""
    return Markup("".join(_child(child) for child in children))


def card(title: Child, *parts: Child) -> Markup:
    """What a notebook shows of a result: a title, and what is known of it."""
    return h("div", h("div", title, style="font-weight: 600; font-size: 14px; margin-bottom: 4px"), parts, style=_CARD)


def grid(heads: Sequence[Child], rows: Iterable[Sequence[Child]], *, right: Iterable[int] = ()) -> Markup:
    """A small table for a card; the columns numbered in `right` end flush."""
    flush = set(right)

    def line(element: str, cells: Sequence[Child], style: str) -> Markup:
        return h(
            "tr",
            [
                h(element, cell, style=f"{_CELL}; text-align: {'right' if at in flush else 'left'}{style}")
                for at, cell in enumerate(cells)
            ],
            style="background: none",
        )

    head = h("thead", line("th", heads, "; font-weight: 400; opacity: 0.7")) if any(heads) else None
    body = h("tbody", [line("td", row, "") for row in rows])
    return h("table", head, body, style="border-collapse: collapse; margin: 4px 0; border: 0; font-size: 13px")


def quiet(*children: Child) -> Markup:
    """What stands back in a card."""
    return h("div", children, style="opacity: 0.7")


_CARD = (
    "font: 13px/1.5 system-ui, sans-serif; max-width: 62em; overflow-x: auto; padding: 10px 14px; margin: 2px 0;"
    " border: 1px solid rgb(128 128 128 / 35%); border-radius: 8px"
)
_CELL = (
    "padding: 2px 14px 2px 0; vertical-align: top; border: 0; font-variant-numeric: tabular-nums; white-space: nowrap"
)


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int | float):
        return escape(_text(child), quote=False)
    return joined(child)


def _text(value: str | int | float) -> str:
    """
    >>> _text(0.1 + 0.2), _text(12.0), _text("x")
    ('0.3', '12', 'x')
    """
    return f"{value:.6g}" if isinstance(value, float) else str(value)

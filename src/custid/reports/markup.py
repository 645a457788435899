"""HTML and SVG put together so that nothing that comes from data can become markup.

In: names of elements, attributes, children. Out: `Markup`. Every text and every attribute is escaped here and nowhere
else; only `Markup` goes in as it is.
Never here: what a page says, or how it looks.
"""

from __future__ import annotations

from collections.abc import Iterable
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
        f" {_NAMES.get(name, name.rstrip('_').replace('_', '-'))}" + ("" if value is True else f'="{escape(_text(value))}"')
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


#: SVG's names with capitals.
_NAMES = {"viewBox": "viewBox", "preserveAspectRatio": "preserveAspectRatio"}


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

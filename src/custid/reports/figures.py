"""What all plots share: matplotlib, where it is installed, and how custid's plots look in it.

In: nothing, or axes somebody gives. Out: axes to draw on. Never here: what is drawn.

Plots are matplotlib's: it works offline, every notebook shows it, and whoever gets axes back can change what they like.
Without axes given, a plot makes a figure of its own, which a notebook shows by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custid.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Told apart also by those who see no difference between red and green.
FOR, AGAINST, TOTAL, MUTED = "#2a78b5", "#d1622b", "#444444", "#9a9a9a"

#: Fonts that have 汉字, as far as one of them is installed; matplotlib's own has none.
_CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "SimHei",
    "Arial Unicode MS",
)


def axes_for(ax: Axes | None, width: float, height: float) -> Axes:
    """`ax`, or the axes of a new figure of this size in inches. Raises MissingExtra without matplotlib."""
    if ax is not None:
        return ax
    _, made = _pyplot().subplots(figsize=(width, height), layout="constrained")
    axes: Axes = made
    return axes


def save(plot: Callable[[], Axes], path: Path) -> None:
    """Draw a plot into a .png, .svg or .pdf file; no window opens. Raises MissingExtra, UsageError."""
    pyplot = _pyplot()
    pyplot.switch_backend("agg")
    figure: Any = plot().get_figure(root=True)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be written: {error}. Give a name that ends in .png, .svg or .pdf.") from error
    finally:
        pyplot.close(figure)


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise MissingExtra("plots need matplotlib: pip install 'custid[notebook]'") from error
    return pyplot


def fonts(texts: Iterable[str]) -> list[str]:
    """The families to write these texts in: matplotlib's own and, where there are 汉字, one that has them, as far as
    there is one."""
    from matplotlib import rcParams

    own: Any = rcParams["font.family"]
    families = [own] if isinstance(own, str) else list(own)
    if any(character >= "\u3400" for text in texts for character in text):
        families += _chinese()
    return families


@cache
def _chinese() -> list[str]:
    """The first of `_CHINESE` that is installed."""
    from matplotlib import font_manager

    def known() -> list[str]:
        names = {font.name for font in font_manager.fontManager.ttflist}
        return [name for name in _CHINESE if name in names][:1]

    if not known():
        # matplotlib remembers the fonts there were when it was first used; look for those that came since.
        files = {font.fname for font in font_manager.fontManager.ttflist}
        for file in sorted(set(font_manager.findSystemFonts()) - files):
            with suppress(OSError, RuntimeError):
                font_manager.fontManager.addfont(file)
    return known()


def plain(text: str) -> str:
    """`text` so that matplotlib takes no part of it for mathematics.

    >>> plain("costs $5 or $6")
    'costs \\\\$5 or \\\\$6'
    """
    return text.replace("$", r"\$")

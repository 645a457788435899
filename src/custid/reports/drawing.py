"""Charts as inline SVG. Colors come from the page's style sheet, so that they suit light, dark and paper.

In: numbers. Out: `Markup`. Never here: computing the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from custid.markup import Markup, h

Series = Sequence[tuple[str, Sequence[float]]]

#: Columns of a chart that are labelled each; of more, about so many.
_LABELS_MAX = 14


def bar(share: float, style: str = "") -> Markup:
    """A bar over this share of its cell, behind or beside a number that says the same."""
    width = 0.0 if share <= 0 else max(0.5, 100 * min(1.0, share))
    return h(
        "svg",
        h("rect", class_="track", width=100, height=10),
        h("rect", class_=f"fill {style}".strip(), width=round(width, 2), height=10),
        class_="bar",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def between(low: float, high: float, most: float) -> Markup:
    """A bar from `low`, left of the middle where it is below 0, to `high`, right of it; `most` is at the ends."""
    left, right = (50 * min(1.0, abs(value) / most) for value in (min(low, 0.0), max(high, 0.0)))
    return h(
        "svg",
        h("rect", class_="track", width=100, height=10),
        h("rect", class_="fill against", x=round(50 - left, 2), width=round(left, 2), height=10) if left else None,
        h("rect", class_="fill for", x=50, width=round(right, 2), height=10) if right else None,
        h("line", class_="middle", x1=50, x2=50, y1=0, y2=10),
        class_="bar",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def columns(
    labels: Sequence[str],
    series: Series,
    *,
    title: str,
    says: str,
    x_title: str,
    y_title: str,
    marks: Sequence[tuple[float, str]] = (),
    ticks: Sequence[tuple[float, str]] = (),
    numbers: bool = False,
    height: int = 260,
) -> Markup:
    """Standing columns, the series of one place on each other.

    `says`: what the picture shows, for those who do not see it. `marks`: lines at places, counted in columns from the
    left edge, and what they mean; `ticks` likewise, what is written below instead of the labels. `numbers`: each
    column's total is written on it.
    """
    totals = [sum(values) for values in zip(*(values for _, values in series), strict=True)]
    heights = scale(max(totals, default=0))
    left = 36 + 8 * len(f"{heights[-1]:,.0f}")
    wide, right, top, bottom = 760, 12, 42 if marks else 18, 44
    plot, tall = wide - left - right, height - top - bottom
    step, ceiling = plot / max(1, len(labels)), heights[-1]
    drawn: list[Markup] = []
    for tick in heights:
        y = round(top + tall * (1 - tick / ceiling), 1)
        drawn.append(h("line", class_="grid", x1=left, x2=wide - right, y1=y, y2=y))
        drawn.append(h("text", f"{tick:,.0f}", x=left - 8, y=y + 4, text_anchor="end"))
    base = [0.0] * len(labels)
    gap = min(6.0, step * 0.22)
    for place, (name, values) in enumerate(series):
        for at, value in enumerate(values):
            if not value:
                continue
            tall_here = max(0.8, tall * value / ceiling)
            y = top + tall * (1 - base[at] / ceiling) - tall_here
            drawn.append(
                h(
                    "rect",
                    h("title", f"{labels[at]}: {value:,.0f}" + (f" {name}" if name else "")),
                    class_=f"fill s{place}",
                    x=round(left + at * step + gap / 2, 2),
                    y=round(y, 2),
                    width=round(step - gap, 2),
                    height=round(tall_here, 2),
                )
            )
            base[at] += value
    every = ceil(len(labels) / _LABELS_MAX)
    for x_at, label in ticks or [(at + 0.5, label) for at, label in enumerate(labels) if at % every == 0]:
        x = round(left + x_at * step, 1)
        drawn.append(h("text", label, x=x, y=height - bottom + 18, text_anchor="middle"))
    for at in range(len(labels)):
        x = round(left + (at + 0.5) * step, 1)
        if numbers and totals[at]:
            y = round(top + tall * (1 - totals[at] / ceiling) - 5, 1)
            drawn.append(h("text", f"{totals[at]:,.0f}", class_="number", x=x, y=y, text_anchor="middle"))
    drawn.append(h("line", class_="axis", x1=left, x2=wide - right, y1=top + tall, y2=top + tall))
    for number, (place_at, meaning) in enumerate(marks):
        x = round(left + place_at * step, 1)
        to_left = number == 0 and len(marks) > 1
        drawn.append(h("line", class_="mark", x1=x, x2=x, y1=top - 24, y2=top + tall))
        drawn.append(
            h(
                "text",
                meaning,
                class_="mark",
                x=x + (-5 if to_left else 5),
                y=top - 16,
                text_anchor="end" if to_left else None,
            )
        )
    drawn.append(h("text", x_title, class_="title", x=left + plot / 2, y=height - 6, text_anchor="middle"))
    turned = f"rotate(-90 14 {top + tall / 2:g})"
    drawn.append(h("text", y_title, class_="title", x=14, y=top + tall / 2, text_anchor="middle", transform=turned))
    return h(
        "svg", h("title", title), h("desc", says), drawn, class_="chart", viewBox=f"0 0 {wide} {height}", role="img"
    )


def scale(most: float, steps: int = 4) -> list[float]:
    """Round numbers from 0 to `most` or a little more.

    >>> scale(528), scale(3), scale(0)
    ([0, 200, 400, 600], [0, 1, 2, 3], [0, 1])
    """
    if most <= 0:
        return [0, 1]
    power = 10 ** floor(log10(most / steps))
    width = max(1, next(power * factor for factor in (1, 2, 5, 10) if power * factor * steps >= most))
    return [width * number for number in range(ceil(most / width) + 1)]

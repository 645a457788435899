"""A model as a notebook shows it.

In: a `Model`. Out: HTML. Never here: all there is to say of it (see `model.files.to_toml` and `custid.plots.weights`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custid.markup import Markup, card, grid, h, quiet
from custid.model.weights import weights_of

if TYPE_CHECKING:
    from custid.model.spec import Model


def as_html(model: Model) -> str:
    """Thresholds, and per comparison what it weighs at most for and against."""
    told = weights_of(model)
    trained = "" if model.trained else ", not trained yet"
    start = "" if told["prior_bits"] is None else f"; any two records start at {told['prior_bits']:+.1f}"
    return card(
        f"custid model{trained}",
        h("div", f"links from {model.match_threshold:g} bits, asks from {model.review_threshold:g}{start}"),
        grid(
            ["compared", "levels", "for", "against", ""],
            [_row(comparison) for comparison in told["comparisons"]],
            right=(1, 2, 3),
        ),
        h(
            "details",
            h("summary", f"{len(told['blocking'])} blocking rules"),
            [quiet(rule) for rule in told["blocking"]],
        )
        if told["blocking"]
        else None,
    )


def _row(comparison: dict[str, Any]) -> list[str | Markup]:
    bits = [level["bits"] for level in comparison["levels"] if level["bits"] is not None]
    said = [f"{max(bits):+.1f}", f"{min(bits):+.1f}", _picture(min(bits), max(bits))] if bits else ["–", "–", ""]
    return [comparison["name"].replace("_", " "), str(len(comparison["levels"])), *said]


def _picture(low: float, high: float) -> Markup:
    """A bar from the least to the most, 20 bits to either side."""
    left, right = (min(80.0, 4 * abs(value)) for value in (min(low, 0.0), max(high, 0.0)))
    return h(
        "svg",
        h("rect", x=80 - left, width=left, y=2, height=8, fill="#d1622b"),
        h("rect", x=80, width=right, y=2, height=8, fill="#2a78b5"),
        h("line", x1=80, x2=80, y1=0, y2=12, stroke="currentColor"),
        viewBox="0 0 160 12",
        width=160,
        height=12,
        aria_hidden="true",
    )

"""Explanations as plots.

In: as `explanations`, and axes to draw on. Out: the axes. Never here: computing what is shown.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING, Any

from custid.reports.explanations import VERDICTS, Data, grown, label, other_end, range_of, shown, values_of
from custid.reports.figures import AGAINST, FOR, MUTED, TOTAL, axes_for, fonts, plain
from custid.reports.text import cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Records in a plot.
_PLOTTED = 60
#: What stands behind text, so that it can be read over lines.
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.8}


def plot_weight(data: Data, ax: Axes | None = None) -> Axes:
    """`Explanation` as a waterfall: a bar for each number, from the sum before it to the sum after."""
    steps = [row for row in data["steps"] if shown(row)]
    ax = axes_for(ax, 9.0, 1.4 + 0.42 * (len(steps) + 1))
    low, high = range_of(data)
    labels = [_told(row) for row in steps]
    title = f"{data['left']['record']} and {data['right']['record']}: {VERDICTS[data['verdict']]}"
    family = fonts([title, *labels])
    beside: dict[str, Any] = {"textcoords": "offset points", "va": "center"}
    for threshold, word in ((data["match_threshold"], "match"), (data["review_threshold"], "review")):
        ax.axvline(threshold, color=TOTAL, linewidth=1, linestyle="--" if word == "match" else ":", zorder=0)
        ax.annotate(word, (threshold, -0.85), ha="center", va="center", fontsize=8, color=TOTAL, bbox=_PAPER)
    for place, row in enumerate(steps):
        start, end = (min(max(bits, low), high) for bits in (row["total"] - row["bits"], row["total"]))
        color = MUTED if row["step"] == "prior" else FOR if row["bits"] > 0 else AGAINST
        ax.barh(place, end - start, left=start, height=0.62, color=color)
        ax.plot([end, end], [place, place + 1], color=MUTED, linewidth=0.8)
        ax.annotate(f"{row['bits']:+.1f}", (max(start, end), place), (4, 0), fontsize=8, **beside)
    weight = min(max(data["match_weight"], low), high)
    ax.barh(len(steps), weight, height=0.62, color=TOTAL)
    bold = f"{data['match_weight']:+.2f}"
    ax.annotate(bold, (max(0.0, weight), len(steps)), (4, 0), fontsize=9, fontweight="bold", **beside)
    ticks = [plain(text) for text in (*labels, "match weight")]
    ax.set_yticks(range(len(ticks)), ticks, fontsize=8, fontfamily=family)
    ax.set_ylim(len(steps) + 0.6, -1.3)
    margin = 0.09 * max(high - low, 1.0)
    ax.set_xlim(min(low, data["review_threshold"]) - margin / 2, high + margin)
    ax.set_xlabel("bits")
    ax.set_title(plain(title), fontsize=10, fontfamily=family)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _told(row: Data) -> str:
    """What a step is called and, on a line of its own, what the two have."""
    values = [cut(value, 24) or "none" for value in values_of(row, "_raw")] if row["step"] == "level" else []
    return "\n".join([label(row).strip(), *([" ↔ ".join(dict.fromkeys(values))] if values else [])])


def plot_tree(data: Data, ax: Axes | None = None) -> Axes:
    """`Why` as a graph: records, the ties of the strongest tree with their bits, and dotted, pairs that speak against
    it. Of many records those around the weakest tie."""
    these = _around(data)
    ax = axes_for(ax, 8.0, 6.5 if len(these) > 8 else 5.0)
    said = {row["record"]: row["said"] for row in data["records"]}
    family = fonts([*these, *said.values(), *(tie["actor"] or "" for tie in data["tree"])])
    places = _radial({**data, "records": [row for row in data["records"] if row["record"] in these]}, these)
    weakest = data["weakest"]
    middle: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "fontfamily": family, "bbox": _PAPER}
    for tie in data["tree"]:
        if not {tie["left"], tie["right"]} <= set(places):
            continue
        (x1, y1), (x2, y2) = places[tie["left"]], places[tie["right"]]
        weak = weakest is not None and (tie["left"], tie["right"]) == (weakest["left"], weakest["right"])
        decision = tie["kind"] == "decision"
        color = AGAINST if weak else TOTAL if decision else FOR
        ax.plot([x1, x2], [y1, y2], color=color, linewidth=2.2, linestyle="--" if weak else "-", zorder=1)
        told = f"decided by {tie['actor']}" if decision else f"{tie['match_weight']:+.1f}"
        ax.annotate(plain(told), ((x1 + x2) / 2, (y1 + y2) / 2), color=color, **middle)
    bow = {"arrowstyle": "-", "connectionstyle": "arc3,rad=0.25", "color": AGAINST, "linestyle": ":", "zorder": 0}
    for pair in data["against"]:
        if {pair["left"], pair["right"]} <= set(places):
            ax.annotate("", places[pair["left"]], places[pair["right"]], arrowprops=bow)
    for record, (x, y) in places.items():
        ax.plot([x], [y], marker="o", markersize=9, color=TOTAL if record in said else MUTED, zorder=2)
        told = record + (f"\n{cut(said[record], 26)}" if len(places) <= 20 and said.get(record) else "")
        ax.annotate(plain(told), (x, y), (0, -9), textcoords="offset points", **{**middle, "va": "top"})
    part = f", {len(these)} of its {len(data['records']):,} records" if len(these) < len(data["records"]) else ""
    ax.set_title(f"why {data['customer_id']} is one customer{part}", fontsize=10)
    ax.set_axis_off()
    ax.margins(0.15)
    return ax


def _around(data: Data) -> set[str]:
    """The records to plot: all, or those nearest to the weakest tie."""
    everyone = [row["record"] for row in data["records"]]
    if len(everyone) <= _PLOTTED:
        return {*everyone, *(tie[side] for tie in data["tree"] for side in ("left", "right"))}
    ties: dict[str, list[str]] = {}
    for tie in data["tree"]:
        ties.setdefault(tie["left"], []).append(tie["right"])
        ties.setdefault(tie["right"], []).append(tie["left"])
    weakest = data["weakest"]
    waiting = [weakest["left"], weakest["right"]] if weakest is not None else everyone[:1]
    found: dict[str, None] = {}
    while waiting and len(found) < _PLOTTED:
        record = waiting.pop(0)
        if record not in found:
            found[record] = None
            waiting += ties.get(record, [])
    return set(found)


def _radial(data: Data, these: set[str]) -> dict[str, tuple[float, float]]:
    """A place for each record of the tree: its root in the middle, what hangs on it around, no two ties crossing."""
    tree = [tie for tie in data["tree"] if {tie["left"], tie["right"]} <= these]
    order = grown({"tree": tree, "records": data["records"]})
    parents = [record for _, record, _ in order]
    children: dict[str, list[str]] = {record: [] for record in parents}
    roots = []
    for _, record, tie in order:
        if tie is None:
            roots.append(record)
        else:
            children[other_end(tie, record)].append(record)
    leaves: dict[str, int] = {}
    for record in reversed(parents):
        leaves[record] = sum(leaves[child] for child in children[record]) or 1
    depth = {record: level + (len(roots) > 1) for level, record, _ in order}
    wedge: dict[str, tuple[float, float]] = {}
    total = sum(leaves[root] for root in roots) or 1
    start = 0.0
    for root in roots:
        wedge[root] = (start, start + leaves[root] / total)
        start = wedge[root][1]
    places = {}
    for record in parents:
        low, high = wedge[record]
        angle = 2 * pi * (low + high) / 2
        places[record] = (depth[record] * cos(angle), depth[record] * sin(angle))
        for child in children[record]:
            share = (high - low) * leaves[child] / leaves[record]
            wedge[child] = (low, low + share)
            low += share
    return places

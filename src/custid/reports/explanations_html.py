"""Explanations as HTML for a notebook.

In: as `explanations`. Out: HTML that takes the page's own colors, light or dark, every value escaped. Never here:
computing what is shown; scripts, style sheets, or anything from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from custid.reports.explanations import (
    TREE_LINES,
    Data,
    apart_lines,
    grown,
    heading,
    label,
    left_out,
    other_end,
    range_of,
    shown,
    tie_said,
    tree_heading,
    values_of,
    weak_points,
)
from custid.reports.figures import AGAINST, FOR, MUTED

_BOX = "font: 13px system-ui, sans-serif; line-height: 1.5; max-width: 60em; overflow-x: auto"
_TD = "padding: 2px 10px 2px 0; text-align: left; vertical-align: top; border: 0"
_SMALL = "opacity: 0.65; font-size: 12px"


def weight_html(data: Data) -> str:
    """`Explanation` as a table with a bar for each number. Takes the notebook's colors, light or dark."""
    low, high = range_of(data)
    span = max(high - low, 1e-9)
    rows = []
    for row in data["steps"]:
        if not shown(row):
            continue
        start, end = sorted(min(max(bits, low), high) for bits in (row["total"] - row["bits"], row["total"]))
        color = MUTED if row["step"] == "prior" else FOR if row["bits"] > 0 else AGAINST
        values = values_of(row, "_raw") if row["step"] == "level" else ["", ""]
        compared = values_of(row, "") if row["step"] == "level" else values
        cells = [
            f"{escape(raw)}" + (f'<br><span style="{_SMALL}">{escape(as_)}</span>' if as_ != raw else "")
            for raw, as_ in zip(values, compared, strict=True)
        ]
        if row["step"] == "prior":
            start = end = row["total"]
        bar = (
            f'<div style="position: relative; height: 1em; width: 16em">{_rule_html(data, low, span)}<div style="'
            f"position: absolute; height: 100%; background: {color}; left: {(start - low) / span:.2%}; "
            f'width: max(2px, {(end - start) / span:.2%})"></div></div>'
        )
        rows.append(_row_html([escape(label(row).strip()), *cells, f"{row['bits']:+.1f}", bar], row["step"]))
    total = f"<b>{data['match_weight']:+.2f}</b>"
    rows.append(_row_html(["<b>match weight</b>", "", "", total, ""], "total"))
    head = _row_html(
        ["", *(f"<b>{escape(data[side]['record'])}</b>" for side in ("left", "right")), "bits", ""], "head"
    )
    missing = "".join(f'<div style="{_SMALL}">{escape(line.strip())}</div>' for line in left_out(data))
    table = f'<table style="border-collapse: collapse; margin: 6px 0">{head}{"".join(rows)}</table>'
    told = "".join(f"<div>{escape(line.strip())}</div>" for line in heading(data))
    return f'<div style="{_BOX}">{told}{table}{missing}</div>'


def _rule_html(data: Data, low: float, span: float) -> str:
    at = (data["match_threshold"] - low) / span
    return (
        f'<div style="position: absolute; left: {at:.2%}; width: 1px; height: 130%; background: currentColor; '
        'opacity: 0.4"></div>'
    )


def _row_html(cells: Sequence[str], step: str) -> str:
    indent = "; padding-left: 1.2em" if step in ("rarity", "overlap") else ""
    styles = [
        f"{_TD}{indent}; white-space: nowrap",
        _TD,
        _TD,
        f"{_TD}; text-align: right; font-variant-numeric: tabular-nums",
        _TD,
    ]
    return "<tr>" + "".join(f'<td style="{s}">{c}</td>' for s, c in zip(styles, cells, strict=True)) + "</tr>"


def tree_html(data: Data) -> str:
    """`Why` as an indented tree."""
    said = {row["record"]: row["said"] for row in data["records"]}
    rows = []
    rows_of = grown(data)
    weakest = data["weakest"]
    for depth, record, tie in rows_of[:TREE_LINES]:
        bits = "" if tie is None else "decided" if tie["kind"] == "decision" else f"{tie['match_weight']:+.1f}"
        is_weakest = (
            tie is not None
            and weakest is not None
            and {record, other_end(tie, record)} == {weakest["left"], weakest["right"]}
        )
        color = f"; color: {AGAINST}; font-weight: bold" if is_weakest else ""
        rows.append(
            f'<tr><td style="{_TD}; text-align: right{color}">{bits}</td>'
            f'<td style="{_TD}; padding-left: {depth * 1.4}em">'
            f"<b>{escape(record)}</b> {escape(said.get(record, '(gone)'))}</td>"
            f'<td style="{_TD}; {_SMALL}">{escape(tie_said(tie))}</td></tr>'
        )
    if len(rows_of) > TREE_LINES:
        rows.append(f'<tr><td></td><td style="{_TD}">… and {len(rows_of) - TREE_LINES:,} more records</td></tr>')
    weak = "".join(f"<div>{escape(line.strip())}</div>" for line in weak_points(data))
    return (
        f'<div style="{_BOX}"><div>{escape(tree_heading(data))}</div>'
        f'<table style="border-collapse: collapse; margin: 6px 0">{"".join(rows)}</table>{weak}</div>'
    )


def apart_html(data: Data) -> str:
    """`WhyNot`: the reason, and the weights behind it."""
    head, *rest = apart_lines(data)
    lines = f'<div style="white-space: pre-wrap; font-family: monospace">{escape(chr(10).join(rest))}</div>'
    weights = weight_html(data["explanation"]) if data["explanation"] is not None else ""
    more = f'<details style="margin-top: 6px"><summary>what they weigh</summary>{weights}</details>' if weights else ""
    return f'<div style="{_BOX}"><div><b>{escape(head)}</b></div>{lines}{more}</div>'

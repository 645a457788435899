"""The figures of an evaluation as text.

In: the `figures` of an `Evaluation` (plain data). Out: `as_text`. Never here: computing figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custid.reports import text

Figures = Mapping[str, Any]


def as_text(figures: Figures) -> str:
    """All figures: against the truth, pairs lost by stage, thresholds, what labelled pairs say."""
    model = figures["model"]
    lines = [
        f"{figures['records']:,} records, {figures['customers']:,} customers, {figures['candidates']:,} pairs compared",
        f"model {model['model_id']} ({model['origin']}), links from {model['match_threshold']:g} bits",
    ]
    if "truth" in figures:
        lines += ["", *_truth(figures["truth"]), "", *_stages(figures["pairs_by_stage"])]
        if figures["thresholds"]:
            lines += ["", *_thresholds(figures["thresholds"], model["match_threshold"])]
    if "labelled_pairs" in figures:
        lines += ["", *_labelled(figures["labelled_pairs"])]
    return "\n".join(lines)


def _truth(truth: Figures) -> list[str]:
    clusters, largest = truth["clusters"], truth["largest_cluster"]
    rows = [["", "precision", "recall", "F1"]]
    for name, label in (("pairs", "pairs"), ("records", "records (B-cubed)"), ("clusters", "whole clusters")):
        rows.append([label, *(f"{truth[name][measure]:.4f}" for measure in ("precision", "recall", "f1"))])
    left_out = ", ".join(
        f"{truth[name]:,} {words}"
        for name, words in (("unlabelled", "unlabelled"), ("absent", "named but not there"))
        if truth[name]
    )
    return [
        f"against the truth of {truth['labelled']:,} records" + (f" ({left_out} left out)" if left_out else ""),
        *(f"  {line}" for line in text.columns(rows, right=(1, 2, 3))),
        f"  {clusters['exact']:,} of {clusters['actual']:,} true clusters found exactly; the largest cluster has "
        f"{largest['predicted']:,} records, the largest true one {largest['actual']:,}",
    ]


def _stages(pairs: Figures) -> list[str]:
    rows = [
        ["  true pairs", f"{pairs['true_pairs']:,}", _sampled(pairs, "true_pairs")],
        ["  compared", f"{pairs['compared']:.2%}", ""],
        ["  linked by themselves", f"{pairs['linked']:.2%}", ""],
        ["  in one cluster", f"{pairs['together']:.2%}", ""],
    ]
    lines = ["where true pairs were lost", *text.columns(rows, right=(1,))]
    for kind, title in (("missed", "missed pairs"), ("false", "false pairs")):
        found = {stage: count for stage, count in pairs[kind].items() if count}
        lines += [f"{title}: {sum(found.values()):,}"]
        lines += (
            [f"  {line}" for line in text.columns([[s, f"{c:,}"] for s, c in found.items()], right=(1,))]
            if found
            else []
        )
    return lines


def _sampled(pairs: Figures, name: str) -> str:
    examined = pairs[f"{name}_examined"]
    return "" if examined == pairs[name] else f"(a sample of {examined:,} was looked at)"


def _thresholds(rows: list[Figures], used: float) -> list[str]:
    shown = [["match threshold", "precision", "recall", "F1", "linked pairs", "of them true"]]
    shown += [
        [
            f"{row['match_threshold']:g}{' *' if row['match_threshold'] == used else '  '}",
            *(f"{row[measure]:.4f}" for measure in ("precision", "recall", "f1")),
            f"{row['linked']:,}",
            f"{row['linked_precision']:.4f}",
        ]
        for row in rows
    ]
    return [
        "at other thresholds (over pairs, clusters worked out anew; * is the model's)",
        *(f"  {line}" for line in text.columns(shown, right=range(6))),
    ]


def _labelled(pairs: Figures) -> list[str]:
    plain, found = pairs["as_they_are"], pairs["estimate"]
    rest = ", ".join(
        f"{pairs[name]:,} {words}"
        for name, words in (("unlabelled", "without a label"), ("absent", "not there"))
        if pairs[name]
    )
    lines = [
        f"{pairs['labelled']:,} labelled pairs" + (f" ({rest})" if rest else ""),
        f"  as they are: {plain['true_positives']:,} of {plain['actual']:,} that are one customer are together "
        f"({plain['recall']:.4f}); of {plain['predicted']:,} together, {plain['precision']:.4f} are",
    ]
    rows = [
        [f"  {name}", f"{share['share']:.4f}", f"{share['low']:.4f} to {share['high']:.4f}"]
        if (share := found[name])
        else [f"  {name}", "not known", "no labelled pair tells"]
        for name in ("precision", "recall")
    ]
    lines += [f"  estimated for all pairs at or above the review threshold, from {found['labelled']:,} of them (95%):"]
    lines += [f"  {line}" for line in text.columns(rows)]
    if found["labelled"] and not pairs["probability_known"]:
        lines.append("  (as if drawn by chance within each band of weights; pairs picked otherwise mislead)")
    if found["outside"]:
        lines.append(
            f"  {found['outside']:,} more are no such pairs ({found['outside_same']:,} of them one customer): "
            "nothing follows from them for others"
        )
    return lines

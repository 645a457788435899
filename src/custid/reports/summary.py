"""A run's summary as text.

In: the `summary` dict of a run (plain data, as its registry keeps it). Out: `card`, a few lines; `as_text`,
all of it.
Never here: computing anything but sums of what the summary says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custid.reports import text
from custid.reports.junk import junk_lines

Summary = Mapping[str, Any]

_COUNTS = ("read", "rejected", "new", "changed", "unchanged", "stale", "gone")

#: Event kind → what it means for customers or records, in the order they are told.
_CUSTOMERS = {
    "created": "created",
    "merged": "merged away",
    "split": "split off",
    "restored": "restored",
    "retired": "retired",
    "erased": "erased",
}
_RECORDS = {"linked": "linked", "moved": "moved", "unlinked": "unlinked"}


def card(summary: Summary) -> str:
    """Five short lines: what a notebook or a prompt shows of a run."""
    events = summary["events"]
    total = totals(summary)
    customers = ", ".join(f"{events[kind]:,} {kind}" for kind in ("created", "merged", "split"))
    return "\n".join(
        [
            f"custid {title(summary)}",
            f"  read        {total['read']:,} rows, {total['rejected']:,} rejected",
            f"  records     {summary['records']:,}: {total['new']:,} new, {total['changed']:,} changed",
            f"  customers   {summary['customers']:,}: {customers}",
            f"  to review   {summary['to_review']:,} pairs",
        ]
    )


def as_text(summary: Summary) -> str:
    """The whole summary: counts per channel, customers, what changed, the model, time taken, notes."""
    events, model = summary["events"], summary["model"]
    rows = [["channel", *_COUNTS]]
    rows += [[name, *(f"{channel[count]:,}" for count in _COUNTS)] for name, channel in summary["channels"].items()]
    if len(summary["channels"]) > 1:
        rows.append(["all", *(f"{total:,}" for total in totals(summary).values())])
    facts = [
        ["records", f"{summary['records']:,}"],
        ["customers", f"{summary['customers']:,}{_happened(events, _CUSTOMERS)}"],
        ["changes", f"{sum(events[kind] for kind in _RECORDS):,}{_happened(events, _RECORDS)}"],
        ["to review", f"{summary['to_review']:,} pairs"],
        [
            "model",
            f"{model['model_id']}, links from {model['match_threshold']:g} bits,"
            f" asks from {model['review_threshold']:g}",
        ],
    ]
    if told := summary.get("merge_facts", {}).get("decisions"):
        facts.append(["merges", f"{told:,} that exports tell of became decisions"])
    if "elapsed_s" in summary:
        facts.append(["time", _time(summary)])
    lines = [title(summary), "", *text.columns(rows, right=range(1, len(rows[0]))), "", *text.columns(facts)]
    notes = [[f"{name}:", note] for name, channel in summary["channels"].items() for note in channel["notes"]]
    notes += [["model:", note] for note in summary.get("notes", ())]
    if notes:
        lines += ["", "notes", *(f"  {line}" for line in text.columns(notes))]
    if junk := junk_lines(summary.get("junk", ())):
        lines += ["", *junk]
    return "\n".join(lines)


def title(summary: Summary) -> str:
    """Which run it was, when and by whom."""
    if summary["dry_run"]:
        name = "dry run, nothing was written"
    elif summary["run_id"] is None:
        name = "run without a registry"
    else:
        name = f"run {summary['run_id']}"
    started = summary["started_at"][:16].replace("T", " ")
    return f"{name}, {started} UTC, by {summary['actor']}"


def totals(summary: Summary) -> dict[str, int]:
    """Rows of all channels together, by what they were."""
    return {count: sum(channel[count] for channel in summary["channels"].values()) for count in _COUNTS}


def _happened(events: Mapping[str, int], words: Mapping[str, str]) -> str:
    """
    >>> _happened({"created": 2, "merged": 0}, {"created": "created", "merged": "merged away"})
    ': 2 created'
    """
    said = ", ".join(f"{events[kind]:,} {word}" for kind, word in words.items() if events[kind])
    return f": {said}" if said else ""


def _time(summary: Summary) -> str:
    slowest = sorted(summary.get("stages_s", {}).items(), key=lambda stage: -stage[1])[:3]
    most = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in slowest if seconds >= 0.1)
    return f"{summary['elapsed_s']:.1f} s" + (f": {most}" if most else "")

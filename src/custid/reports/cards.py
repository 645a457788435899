"""Results as a notebook shows them.

In: what a result knows already: a summary, records at hand. Out: HTML. Never here: asking a registry, computing more
than sums of what a summary says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from custid.markup import Child, card, grid, h, quiet

#: Records of a customer that are shown, and what else they have room for.
RECORDS_SHOWN, _CHARACTERS_SHOWN = 12, 40

#: Events that are told of a run's customers.
_HAPPENED = ("created", "merged", "split", "restored", "retired", "erased")

#: What one asks a registry, as one writes it.
_ASKED = (
    ("lookup(channel, record_id)", "the customer id of a record"),
    ("customer(customer_id)", "a customer and its records"),
    ("history(customer_id)", "what befell it"),
    ("find({…})", "who somebody may be"),
    ("changes(since=run)", "the change feed"),
    ("review()", "what waits for a steward"),
)


def run_card(summary: Mapping[str, Any]) -> str:
    """A run: rows by channel, and what became of customers."""
    from custid.reports import summary as told  # heavy, and the cards of registries do without

    counts = ("read", "rejected", "new", "changed", "gone")
    rows = [[name, *(f"{channel[count]:,}" for count in counts)] for name, channel in summary["channels"].items()]
    if len(rows) > 1:
        totals = told.totals(summary)
        rows.append(["all", *(f"{totals[count]:,}" for count in counts)])
    events = summary["events"]
    happened = ", ".join(f"{events[kind]:,} {kind}" for kind in _HAPPENED if events[kind])
    facts: list[list[Child]] = [
        ["records", h("b", f"{summary['records']:,}")],
        ["customers", [h("b", f"{summary['customers']:,}"), f": {happened}" if happened else ""]],
        ["to review", [h("b", f"{summary['to_review']:,}"), " pairs"]],
    ]
    if "elapsed_s" in summary:
        facts.append(["time", f"{summary['elapsed_s']:.1f} s"])
    notes = [f"{name}: {note}" for name, channel in summary["channels"].items() for note in channel["notes"]]
    notes += list(summary.get("notes", ()))
    return card(
        f"custid {told.title(summary)}",
        grid(["channel", *counts], rows, right=range(1, 1 + len(counts))),
        grid(["", ""], facts),
        h("details", h("summary", f"{len(notes)} notes"), [quiet(note) for note in notes]) if notes else None,
    )


def registry_card(location: str) -> str:
    """A registry: where it is, and what can be asked. What it holds is not looked up."""
    return card(f"custid registry {location}", grid(["", ""], [[h("code", f".{call}"), says] for call, says in _ASKED]))


def customer_card(
    customer_id: str, asked_for: str, status: str, created_run: int, records: Sequence[Mapping[str, Any]], count: int
) -> str:
    """A customer: its records side by side, field by field; `records` the first of `count`."""
    followed = f" (asked for {asked_for})" if asked_for != customer_id else ""
    shown = records[:RECORDS_SHOWN]
    names = [name for name in (shown[0] if shown else ()) if name not in _OWN and any(row[name] for row in shown)]
    heads = ["", *(f"{row['channel']}:{row['record_id']}" for row in shown)]
    return card(
        f"customer {customer_id}{followed}",
        h("div", f"{status}, {count:,} record{'' if count == 1 else 's'}, since run {created_run}"),
        grid(heads, [[name, *(_cut(row[name]) for row in shown)] for name in names]) if shown else None,
        quiet(f"and {count - len(shown):,} more records") if count > len(shown) else None,
    )


#: Columns of a record that are not what it says of somebody.
_OWN = {"record_key", "channel", "record_id", "live", "first_run", "last_run"}


def framed(document: str) -> str:
    """A whole HTML document as a notebook shows it: apart from the notebook's own, and without a script."""
    return (
        f'<iframe srcdoc="{escape(document)}" sandbox title="custid report"'
        ' style="width: 100%; height: 640px; border: 1px solid rgb(128 128 128 / 35%); border-radius: 8px"></iframe>'
    )


def _cut(value: Any) -> str:
    if value is None:
        return ""
    text = value.strftime("%Y-%m-%d") if hasattr(value, "strftime") else " ".join(str(value).split())
    return text if len(text) <= _CHARACTERS_SHOWN else text[: _CHARACTERS_SHOWN - 1] + "…"

"""The page of a report.

In: the `figures` of a `custid.report.Report`, plain data. Out: one HTML document that asks for nothing from anywhere
and runs no script. Every picture's numbers also stand in a table or in words.
Never here: computing more than shares and sums of what the figures say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from custid.markup import Child, Markup, h, joined
from custid.reports.drawing import bar, between, columns

Figures = Mapping[str, Any]

#: Junk values that are shown of a field.
_JUNK_SHOWN = 3
#: Combinations of channels that are listed; the others are added up.
SETS_MAX = 24
#: Columns of the chart of match weights, about.
_BINS_MAX = 64

_CAME = ("read", "rejected", "new", "changed", "unchanged", "stale", "gone")
_STAGES = ("read", "standardize", "train", "match", "cluster", "assign")
_SAID = {
    "stale": "older than what is known",
    "gone": "no longer there",
    "read": "rows in the source",
    "unchanged": "as they were known",
}


def page(figures: Figures) -> str:
    """The whole document."""
    sections = [
        ("What came in", "What came in", _came_in(figures)),
        ("Quality", "Quality of the channels", _quality(figures)),
        ("What was found", "What was found", _found(figures)),
        ("Overlap", "Overlap between channels", _overlap(figures)),
        ("Customers", "The weakest and the largest customers", _customers(figures)),
        ("Review", "What waits for review", _review(figures)),
        ("Changes", "What changed", _changes(figures)),
        ("Model", "What counts for a match", _model(figures)),
        ("Times", "How long it took", _times(figures)),
    ]
    shown = [(short, _anchor(short), title, content) for short, title, content in sections if content]
    title = f"custid report, {_title(figures)}"
    body = h(
        "body",
        h("a", "Skip to the report", class_="skip", href="#report"),
        h(
            "header",
            h("div", h("p", "custid report", class_="brand"), h("h1", _heading(figures)), _facts(figures)),
        ),
        h(
            "div",
            h(
                "nav",
                h("ol", [h("li", h("a", short, href=f"#{name}")) for short, name, _, _ in shown]),
                aria_label="Contents",
            ),
            h(
                "main",
                _tiles(figures),
                [
                    h("section", h("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")
                    for _, name, title, content in shown
                ],
                id="report",
            ),
            class_="sheet",
        ),
        h("footer", _foot(figures)),
    )
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        ),
        h("meta", name="color-scheme", content="light dark"),
        h("meta", name="robots", content="noindex"),
        h("link", rel="icon", href="data:,"),
        h("title", title),
        h("style", Markup(style())),
    )
    return "<!DOCTYPE html>\n" + h("html", head, body, lang="en") + "\n"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def style() -> str:
    """The style sheet of the page."""
    return files("custid.reports").joinpath("page.css").read_text("utf-8")


# --- the head of the page ---


def _title(figures: Figures) -> str:
    return f"run {figures['run_id']} of {figures['registry']}"


def _heading(figures: Figures) -> Markup:
    return joined([f"Run {figures['run_id']}", h("span", f" of {figures['registry']}", class_="quiet")])


def _facts(figures: Figures) -> Markup:
    run = figures["runs"][0]
    said = [
        h("span", f"{_instant(run['committed_at'])} UTC"),
        h("span", f"by {run['actor']}"),
        h("span", f"custid {run['custid']}"),
    ]
    if matched := figures["summary"].get("matched"):
        said.append(h("span", f"matched: {matched}"))
    notes = []
    if run["erasure"]:
        notes.append("This run erased records; nothing was read or matched.")
    if figures["run_id"] != figures["last_run"]:
        notes.append(
            f"Run {figures['last_run']} has landed since. Customers are counted as they were after run "
            f"{figures['run_id']}; what only today's state can tell is left out."
        )
    return joined([h("p", said, class_="facts"), [h("p", note, class_="note") for note in notes]])


def _tiles(figures: Figures) -> Markup:
    summary, totals = figures["summary"], _totals(figures)
    records = sum(row["records"] for row in figures["channels"])
    customers = sum(row["customers"] for row in figures["sizes"])
    shared = sum(row["customers"] for row in figures["sets"] if len(row["channels"]) > 1)
    tiles = []
    if summary.get("channels"):
        tiles.append(("rows read", _count(totals["read"]), f"{_count(totals['rejected'])} rejected"))
    news = f"{totals['new']:,} new, {totals['changed']:,} changed" if summary.get("channels") else ""
    tiles.append(("records", _count(records), news))
    tiles.append(("customers", _count(customers), f"{records / max(1, customers):.2f} records each"))
    if len(figures["channels"]) > 1:
        tiles.append(("in several channels", _share(shared, customers), f"{_count(shared)} customers"))
    if figures["review"] is not None:
        tiles.append(("waiting for review", _count(figures["review"]["waiting"]), "questions"))
    if summary.get("elapsed_s") is not None:
        tiles.append(("time", _seconds(summary["elapsed_s"]), _rate(totals["read"], summary["elapsed_s"])))
    return h(
        "dl",
        [h("div", h("dt", name), h("dd", value, class_="value"), h("dd", more)) for name, value, more in tiles],
        class_="tiles",
    )


def _foot(figures: Figures) -> Markup:
    hidden = (
        "It shows names of customers: keep it as safe as the registry."
        if figures["values_shown"]
        else "Names are masked, and so are record ids that are an e-mail address or a telephone number; "
        "custid report --show-values shows them."
    )
    return h("p", f"Made {_instant(figures['made_at'])} UTC by custid. {hidden}")


# --- sections ---


def _came_in(figures: Figures) -> Child:
    channels = figures["summary"].get("channels") or {}
    if not channels:
        return None
    rows = [
        [
            h("th", name, h("small", f"{channel['kind']}, {channel['source']}"), scope="row"),
            *(_number(channel.get(count, 0), quiet=True) for count in _CAME),
        ]
        for name, channel in channels.items()
    ]
    totals = _totals(figures)
    foot = [h("th", "all", scope="row"), *(_number(totals[count]) for count in _CAME)] if len(channels) > 1 else None
    heads = ["channel", *(h("abbr", name, title=_SAID[name]) if name in _SAID else name for name in _CAME)]
    notes = [(name, note) for name, channel in channels.items() for note in channel.get("notes", ()) if not _told(note)]
    notes += [("model", note) for note in figures["summary"].get("notes", ())]
    return [
        _table("Rows by channel, and what they were", heads, rows, foot=foot, right=range(1, len(heads))),
        _rejects(figures),
        [h("h3", "Notes"), h("ul", [h("li", h("b", f"{name}: "), note) for name, note in notes])] if notes else None,
    ]


def _told(note: str) -> bool:
    """Whether a channel's note says only what the table of rejects says."""
    return " rejected: " in note


def _rejects(figures: Figures) -> Child:
    rejects = figures["rejects"]
    if not rejects:
        return h("p", "No row was rejected.", class_="quiet")
    channels = list(dict.fromkeys(row["channel"] for row in rejects))
    rows_of = {(row["reason"], row["channel"]): row["rows"] for row in rejects}
    totals = Counter[str]()
    for row in rejects:
        totals[row["reason"]] += row["rows"]
    rows = [
        [
            h("th", reason.replace("_", " "), scope="row"),
            *(_number(rows_of.get((reason, channel), 0), quiet=True) for channel in channels),
            _number(total),
            h("td", bar(total / totals.most_common(1)[0][1], "against"), class_="narrow"),
        ]
        for reason, total in totals.most_common()
    ]
    heads = ["why", *channels, "all", ""]
    return [
        h("h3", "Rejected rows"),
        _table("Rejected rows by reason and channel", heads, rows, right=range(1, len(heads) - 1)),
    ]


def _quality(figures: Figures) -> Child:
    parts = [part for part in (_filled(figures), _junk(figures)) if part]
    return parts or None


def _junk(figures: Figures) -> Child:
    found = figures["summary"].get("junk") or []
    if not found:
        return None
    rows = [
        [
            h("th", one["channel"] or "–", scope="row"),
            h("td", one["field"]),
            _number(one["rows"]),
            h("td", ", ".join(f"{reason} {count:,}" for reason, count in one["reasons"].items())),
            h("td", ", ".join(value["shown"] for value in one["values"][:_JUNK_SHOWN])),
        ]
        for one in found
    ]
    return [
        h("h3", "Taken for no value"),
        h("p", "Placeholders and unreadable values of the rows read: they link nobody.", class_="lead"),
        _table("Values taken for none", ["channel", "field", "rows", "why", "such as"], rows, right=(2,)),
    ]


def _filled(figures: Figures) -> Child:
    if not figures["filled"]:
        return None
    cells = {(row["field"], row["channel"]): row for row in figures["filled"]}
    channels = [row["channel"] for row in figures["channels"]]
    fields = dict.fromkeys(row["field"] for row in figures["filled"])
    used = [
        name
        for name in fields
        if any(cells[name, channel]["filled"] for channel in channels if (name, channel) in cells)
    ]

    def cell(field: str, channel: str) -> Markup:
        row = cells.get((field, channel))
        if row is None or not row["filled"]:
            return h("td", h("span", "–", class_="quiet"), class_="share")
        share = row["filled"] / row["records"]
        return h(
            "td",
            h("span", _share(row["filled"], row["records"])),
            bar(share),
            class_="share",
            title=f"{row['filled']:,} of {row['records']:,}",
        )

    rows = [[h("th", name, scope="row"), *(cell(name, channel) for channel in channels)] for name in used]
    return [
        h("h3", "How full"),
        h("p", "The share of each channel's live records that have a value, field by field.", class_="lead"),
        _table("Share of records with a value, by field and channel", ["field", *channels], rows, style="shares"),
    ]


def _found(figures: Figures) -> Child:
    sizes = figures["sizes"]
    if not sizes:
        return h("p", "No customer has a record.")
    customers = sum(row["customers"] for row in sizes)
    records = sum(row["records"] * row["customers"] for row in sizes)
    alone = sum(row["customers"] for row in sizes if row["records"] == 1)
    largest = sizes[-1]["records"]
    buckets = _buckets(sizes)
    says = "; ".join(
        f"{label} {'record' if label == '1' else 'records'}: {count:,} customers" for label, count in buckets
    )
    rows = [
        [
            h("th", row["channel"], scope="row"),
            _number(row["records"]),
            _number(row["customers"]),
            _number(row["repeated"], quiet=True),
            h("td", _share(row["customers"], customers), class_="n"),
            h("td", bar(row["customers"] / max(1, customers)), class_="wide"),
        ]
        for row in figures["channels"]
    ]
    return [
        h(
            "p",
            f"{records:,} records are {customers:,} customers: {_share(customers - alone, customers)} of them have "
            f"several records, the largest {largest:,}.",
            class_="lead",
        ),
        _figure(
            columns(
                [label for label, _ in buckets],
                [("customers", [count for _, count in buckets])],
                title="How many records customers have",
                says=says,
                x_title="records of a customer",
                y_title="customers",
                numbers=True,
            )
        ),
        h("h3", "By channel"),
        _table(
            "Records and customers by channel",
            [
                "channel",
                "records",
                "customers",
                h("abbr", "with several", title="customers with several records in this channel"),
                "of all customers",
                "",
            ],
            rows,
            right=(1, 2, 3, 4),
        ),
    ]


def _overlap(figures: Figures) -> Child:
    sets = figures["sets"]
    channels = [row["channel"] for row in figures["channels"]]
    if len(channels) < 2:
        return None
    customers = sum(row["customers"] for row in sets)
    shared = {
        (one, other): sum(row["customers"] for row in sets if one in row["channels"] and other in row["channels"])
        for one in channels
        for other in channels
    }
    only = {row["channels"][0]: row["customers"] for row in sets if len(row["channels"]) == 1}

    def cell(one: str, other: str) -> Markup:
        if one == other:
            return h("td", h("span", "·", class_="quiet"), class_="share")
        found = shared[one, other]
        share = found / max(1, shared[one, one])
        return h(
            "td",
            h("span", _share(found, shared[one, one])),
            bar(share),
            class_="share",
            title=f"{found:,} of {shared[one, one]:,}",
        )

    rows = [
        [
            h("th", one, h("small", f"{shared[one, one]:,} customers"), scope="row"),
            *(cell(one, other) for other in channels),
            h(
                "td",
                h("span", _share(only.get(one, 0), shared[one, one])),
                bar(only.get(one, 0) / max(1, shared[one, one]), "other"),
                class_="share",
            ),
        ]
        for one in channels
    ]
    best = max(((a, b) for a in channels for b in channels if a != b), key=lambda pair: shared[pair])
    lead = (
        f"Most customers in common have {best[0]} and {best[1]}, {shared[best]:,}: "
        f"{_share(shared[best], shared[best[0], best[0]])} of those in {best[0]} are also in {best[1]}, "
        f"{_share(shared[best], shared[best[1], best[1]])} of those in {best[1]} are also in {best[0]}."
    )
    return [
        h("p", lead, class_="lead"),
        h("h3", "Of the customers of a channel (row), who is in another (column)"),
        _table(
            "Overlap between channels",
            ["of customers in", *(f"in {name}" for name in channels), "in no other"],
            rows,
            style="shares",
        ),
        h("h3", "Every combination"),
        _combinations(sets, channels, customers),
    ]


def _combinations(sets: Sequence[Figures], channels: Sequence[str], customers: int) -> Markup:
    most = max(row["customers"] for row in sets)
    rows = [
        [
            *(
                h("td", h("span", "yes", class_="unseen"), h("span", "●", aria_hidden="true"), class_="dot on")
                if name in row["channels"]
                else h("td", h("span", "no", class_="unseen"), h("span", "·", aria_hidden="true"), class_="dot")
                for name in channels
            ),
            _number(row["customers"]),
            h("td", _share(row["customers"], customers), class_="n"),
            h("td", bar(row["customers"] / most), class_="wide"),
        ]
        for row in sets[:SETS_MAX]
    ]
    rest = sets[SETS_MAX:]
    foot = None
    if rest:
        count = sum(row["customers"] for row in rest)
        foot = [
            h("td", f"{len(rest):,} further combinations", colspan=len(channels)),
            _number(count),
            h("td", _share(count, customers), class_="n"),
            h("td"),
        ]
    heads = [*channels, "customers", "share", ""]
    right = (len(channels), len(channels) + 1)
    return _table("Customers by the channels they are in", heads, rows, foot=foot, right=right, style="sets")


def _customers(figures: Figures) -> Child:
    parts: list[Child] = []
    if figures["weakest"] is not None:
        parts.append(h("h3", "The weakest"))
        parts.append(
            h(
                "p",
                "Customers of three records or more whose records agree least: the share of their pairs that are "
                "matches by themselves. Pairs that contradict each other ask for a look.",
                class_="lead",
            )
        )
        parts.append(
            _customer_table("Customers that hold together least", figures["weakest"])
            if figures["weakest"]
            else h("p", "All records of every customer match each other.", class_="quiet")
        )
    if figures["largest"]:
        parts.append(h("h3", "The largest"))
        parts.append(_customer_table("Customers with the most records", figures["largest"]))
    return parts


def _customer_table(caption: str, customers: Sequence[Figures]) -> Markup:
    judged = any(row["agreement"] is not None for row in customers)
    heads = ["customer", "name", "records", "channels"]
    if judged:
        heads += ["agreement", "", "contradictions"]
    rows = []
    for row in customers:
        names = (
            h("small", f"and {row['names'] - 1:,} other spelling{'s' if row['names'] > 2 else ''}")
            if row["names"] > 1
            else None
        )
        cells = [
            h("th", h("code", row["customer_id"]), scope="row"),
            h("td", row["name"] or h("span", "no name", class_="quiet"), names),
            _number(row["records"]),
            h("td", ", ".join(f"{name} {count:,}" if count > 1 else name for name, count in row["channels"].items())),
        ]
        if judged and row["agreement"] is not None:
            about = "about " if row["sampled"] else ""
            cells += [
                h("td", f"{about}{row['agreement']:.0%}", class_="n"),
                h("td", bar(row["agreement"], "" if row["agreement"] >= 0.5 else "against"), class_="narrow"),
                _number(row["contradictions"], quiet=True),
            ]
        elif judged:
            cells += [h("td", "–", class_="n quiet"), h("td"), h("td", "–", class_="n quiet")]
        rows.append(cells)
    return _table(caption, heads, rows, right=(2, 4, 6), style="people")


def _review(figures: Figures) -> Child:
    review, weights = figures["review"], figures["weights"]
    if review is None:
        return None
    parts: list[Child] = [_weights(weights)] if weights and weights["bins"] else []
    if not review["waiting"]:
        parts.append(h("p", "Nothing waits for a steward."))
        return parts
    waiting = review["waiting"]
    questions = review["questions"]
    parts.append(h("h3", f"{waiting:,} question{'s' if waiting > 1 else ''} for stewards, the most telling first"))
    rows = [
        [
            h("th", h("code", row["left"]), h("small", row["left_name"]), scope="row"),
            h("td", h("code", row["right"]), h("small", row["right_name"])),
            h("td", _bits(row["match_weight"]), class_="n"),
            h("td", row["levels"], h("small", row["reason"]), class_="said"),
        ]
        for row in questions
    ]
    parts.append(_table("Pairs that wait for review", ["record", "and", "bits", "what is compared"], rows, right=(2,)))
    if waiting > len(questions):
        parts.append(h("p", f"And {waiting - len(questions):,} more: custid review", class_="quiet"))
    return parts


def _weights(weights: Figures) -> Child:
    step, width = weights["step_bits"], weights["step_bits"]
    low = min(row["from_bits"] for row in weights["bins"])
    high = max(row["from_bits"] for row in weights["bins"]) + step
    while (high - low) / width > _BINS_MAX:
        width *= 2
    first = low // width * width
    count = int(-(-(high - first) // width))
    together, apart = [0.0] * count, [0.0] * count
    for row in weights["bins"]:
        (together if row["together"] else apart)[int((row["from_bits"] - first) // width)] += row["edges"]
    marks = [
        ((bits - first) / width, name)
        for name, bits in (("review", weights["review_threshold"]), ("match", weights["match_threshold"]))
        if bits is not None and first <= bits <= high
    ]
    match = weights["match_threshold"] or 0.0
    strong = sum(row["edges"] for row in weights["bins"] if row["from_bits"] >= match)
    cut = sum(row["edges"] for row in weights["bins"] if row["from_bits"] >= match and not row["together"])
    weak = sum(row["edges"] for row in weights["bins"]) - strong
    inside = sum(row["edges"] for row in weights["bins"] if row["from_bits"] < match and row["together"])
    says = (
        f"{strong:,} pairs reach the match threshold of {match:g} bits, {cut:,} of which a guard or a decision keeps "
        f"apart. {weak:,} lie between the thresholds; other evidence joins {inside:,} of them."
    )
    return [
        h("p", says, class_="lead"),
        _figure(
            columns(
                [f"{first + number * width:g} to {first + (number + 1) * width:g} bits" for number in range(count)],
                [("pairs of one customer", together), ("pairs kept apart", apart)],
                title="Match weights of the pairs that reached the review threshold",
                says=says,
                x_title="match weight in bits",
                y_title="pairs",
                marks=marks,
                ticks=[
                    ((bits - first) / width, f"{bits:g}")
                    for bits in range(int(-(-first // 5)) * 5, int(first + count * width) + 1, 5)
                ],
            ),
            legend=[("s0", "pairs of one customer"), ("s1", "pairs kept apart")],
        ),
    ]


def _changes(figures: Figures) -> Child:
    events, changes = figures["summary"].get("events", {}), figures["changes"]
    parts: list[Child] = []
    told = [
        (kind, events[kind])
        for kind in ("created", "merged", "split", "restored", "retired", "erased")
        if events.get(kind)
    ]
    moved = [(kind, events[kind]) for kind in ("linked", "moved", "unlinked") if events.get(kind)]
    if not told and not moved:
        return h("p", "No customer changed.")
    most = max(count for _, count in [*told, *moved])
    rows = [
        [h("th", name, scope="row"), h("td", kind), _number(count), h("td", bar(count / most), class_="wide")]
        for name, found in (("customers", told), ("records", moved))
        for kind, count in found
    ]
    parts.append(
        _table("What happened to customers and records in this run", ["of", "what", "how many", ""], rows, right=(2,))
    )
    for change in changes:
        more = change["rows"] - len(change["examples"])
        parts.append(
            h(
                "details",
                h("summary", h("b", change["what"]), f" {change['customers']:,}: {change['heading']}"),
                h("ul", [h("li", line[0], [h("small", why) for why in line[1:]]) for line in change["examples"]]),
                h("p", f"and {more:,} more", class_="quiet") if more else None,
                open=change["what"] in ("merged", "split", "restored"),
            )
        )
    if not changes and told:
        parts.append(h("p", "All of them are new: nobody who was there before is concerned.", class_="quiet"))
    return parts


def _model(figures: Figures) -> Child:
    model = figures["model"]
    if model is None:
        return None
    comparisons = model["comparisons"]
    bits = [level["bits"] for found in comparisons for level in found["levels"] if level["bits"] is not None]
    most = max((abs(found) for found in bits), default=1.0) or 1.0
    prior = "" if model["prior_bits"] is None else f" Any two records start at {_bits(model['prior_bits'])} bits."
    lead = (
        f"What it weighs, in bits, that two records agree or differ on something.{prior} From "
        f"{model['match_threshold']:g} bits on they are linked, from {_bits(model['review_threshold'])} a steward is "
        f"asked. Model {model['model_id']}."
    )
    heads = ["compared", "for, at most", "against, at most", h("span", "range", class_="unseen"), "best level"]
    return [
        h("p", lead, class_="lead"),
        _table("What comparisons weigh", heads, [_ranged(found, most) for found in comparisons], right=(1, 2)),
        h("details", h("summary", "All levels"), _levels(comparisons, most)),
    ]


def _ranged(comparison: Figures, most: float) -> list[Markup]:
    known = [level for level in comparison["levels"] if level["bits"] is not None]
    name = h("th", _words(comparison["name"]), scope="row")
    if not known:
        return [
            name,
            h("td", "–", class_="n"),
            h("td", "–", class_="n"),
            h("td"),
            h("td", "not learned", class_="quiet"),
        ]
    best, worst = (pick(known, key=lambda level: level["bits"]) for pick in (max, min))
    return [
        name,
        h("td", _bits(best["bits"]), class_="n"),
        h("td", "never one customer" if worst["excludes"] else _bits(worst["bits"]), class_="n"),
        h("td", between(min(0.0, worst["bits"]), max(0.0, best["bits"]), most), class_="wide"),
        h("td", _words(best["label"])),
    ]


def _levels(comparisons: Sequence[Figures], most: float) -> Child:
    rows: list[list[Markup]] = []
    rare = False
    for comparison in comparisons:
        for place, level in enumerate(comparison["levels"]):
            name = h("th", _words(comparison["name"]), scope="rowgroup", rowspan=len(comparison["levels"]))
            rare = rare or level["by_rarity"]
            rows.append(
                [
                    *([name] if place == 0 else []),
                    h("td", _words(level["label"]), " *" if level["by_rarity"] else ""),
                    h("td", "–" if level["bits"] is None else _bits(level["bits"]), class_="n"),
                    h("td", between(min(0.0, level["bits"]), max(0.0, level["bits"]), most), class_="wide")
                    if level["bits"] is not None
                    else h("td"),
                    h("td", _probability(level["m"]), class_="n"),
                    h("td", _probability(level["u"]), class_="n"),
                    h("td", "never one customer" if level["excludes"] else ""),
                ]
            )
    heads = ["compared", "level", "bits", "", "among matches", "among strangers", h("span", "notes", class_="unseen")]
    return [
        _table("Weights of all levels", heads, rows, right=(2, 4, 5), style="groups"),
        h("p", "* on average: a rare value weighs more, a common one less.", class_="quiet") if rare else None,
    ]


def _times(figures: Figures) -> Child:
    summary = figures["summary"]
    told = summary.get("stages_s", {})
    stages = {
        name: told[name] for name in sorted(told, key=lambda name: _STAGES.index(name) if name in _STAGES else 99)
    }
    parts: list[Child] = []
    if stages and summary.get("elapsed_s"):
        other = round(summary["elapsed_s"] - sum(stages.values()), 3)
        if other > 0.01 * summary["elapsed_s"]:
            stages["anything else"] = other
        rows = [
            [
                h("th", name, scope="row"),
                h("td", _seconds(seconds), class_="n"),
                h("td", _share(seconds, summary["elapsed_s"]), class_="n"),
                h("td", bar(seconds / summary["elapsed_s"]), class_="wide"),
            ]
            for name, seconds in stages.items()
        ]
        parts.append(_table("Time by stage", ["stage", "time", "share", ""], rows, right=(1, 2)))
        parts.append(h("p", "Until the registry was written, that is: writing it comes after.", class_="quiet"))
    if len(figures["runs"]) > 1:
        parts += [h("h3", "This run and those before"), _runs(figures["runs"])]
    return parts


def _runs(runs: Iterable[Figures]) -> Markup:
    kinds = ("created", "merged", "split", "retired")
    rows = [
        [
            h("th", str(run["run_id"]), scope="row"),
            h("td", _instant(run["committed_at"]), class_="keep"),
            h("td", run["actor"], " (erasure)" if run["erasure"] else None),
            *(h("td", "–" if run[name] is None else f"{run[name]:,}", class_="n") for name in ("records", "customers")),
            *(_number(run["events"].get(kind, 0), quiet=True) for kind in kinds),
            h("td", "–" if run["elapsed_s"] is None else _seconds(run["elapsed_s"]), class_="n"),
        ]
        for run in runs
    ]
    heads = ["run", "when (UTC)", "by", "records", "customers", *kinds, "time"]
    return _table("The last runs", heads, rows, right=range(3, len(heads)))


# --- pieces ---


def _table(
    caption: str,
    heads: Sequence[Child],
    rows: Sequence[Sequence[Markup]],
    *,
    foot: Sequence[Markup] | None = None,
    right: Iterable[int] = (),
    style: str = "",
) -> Markup:
    """A table in a box of its own that scrolls where it is too wide, also by keyboard."""
    flush = set(right)
    head = [
        h(
            "th",
            h("span", "picture", class_="unseen") if head == "" else head,
            scope="col",
            class_="n" if at in flush else None,
        )
        for at, head in enumerate(heads)
    ]
    table = h(
        "table",
        h("caption", caption, class_="unseen"),
        h("thead", h("tr", head)),
        h(
            "tbody",
            [h("tr", row, class_="first" if style == "groups" and len(row) == len(heads) else None) for row in rows],
        ),
        h("tfoot", h("tr", foot)) if foot else None,
        class_=style or None,
    )
    return h("div", table, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _figure(chart: Markup, legend: Sequence[tuple[str, str]] = ()) -> Markup:
    keys = [
        h(
            "li",
            h("svg", h("rect", class_=f"fill {key}", width=12, height=12), viewBox="0 0 12 12", aria_hidden="true"),
            name,
        )
        for key, name in legend
    ]
    return h(
        "figure",
        h("div", chart, class_="scroll", tabindex=0, role="region", aria_label="chart"),
        h("ul", keys, class_="legend") if keys else None,
    )


def _buckets(sizes: Sequence[Figures]) -> list[tuple[str, int]]:
    """Sizes of customers as a chart shows them: small ones singly, larger ones together.

    >>> _buckets([{"records": 1, "customers": 5}, {"records": 3, "customers": 2}, {"records": 14, "customers": 1}])
    [('1', 5), ('2', 0), ('3', 2), ('4', 0), ('5', 0), ('6', 0), ('7', 0), ('8', 0), ('9', 0), ('10', 0), ('11–20', 1)]
    """
    ends = [*range(1, 11), 20, 50, 100, 200, 500, 1000]
    largest = max(row["records"] for row in sizes)
    while ends[-1] < largest:
        ends.append(ends[-1] * 10)
    found = []
    start = 1
    for end in ends:
        count = sum(row["customers"] for row in sizes if start <= row["records"] <= end)
        found.append((str(end) if start == end else f"{start:,}–{end:,}", count))
        if end >= largest:
            break
        start = end + 1
    return found


def _totals(figures: Figures) -> dict[str, int]:
    channels = (figures["summary"].get("channels") or {}).values()
    return {count: sum(channel.get(count, 0) for channel in channels) for count in _CAME}


def _number(count: int, *, quiet: bool = False) -> Markup:
    """A cell with a count; `quiet`: a zero stands back."""
    return h("td", f"{count:,}", class_="n quiet" if quiet and not count else "n")


def _count(count: int) -> str:
    return f"{count:,}"


def _share(part: float, whole: float) -> str:
    """
    >>> _share(1, 3), _share(0, 9), _share(1, 100000), _share(99999, 100000), _share(0, 0)
    ('33%', '0%', '<1%', '>99%', '–')
    """
    if not whole:
        return "–"
    if 0 < part < 0.005 * whole:
        return "<1%"
    return ">99%" if whole > part > 0.995 * whole else f"{part / whole:.0%}"


def _probability(value: float) -> str:
    """
    >>> _probability(0.875), _probability(0.00001234), _probability(0.0)
    ('0.875', '1.2e-05', '–')
    """
    if not value:
        return "–"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def _bits(bits: float) -> str:
    """
    >>> _bits(12.34), _bits(-0.04), _bits(-5)
    ('+12.3', '0.0', '−5.0')
    """
    said = f"{bits:+.1f}"
    return "0.0" if said in ("+0.0", "-0.0") else said.replace("-", "−")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _seconds(seconds: float) -> str:
    """
    >>> _seconds(0.0312), _seconds(75.4), _seconds(4000)
    ('0.03 s', '75 s', '67 min')
    """
    if seconds >= 600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


def _rate(rows: int, seconds: float) -> str:
    return f"{rows / seconds:,.0f} rows a second" if rows and seconds else ""


def _instant(text: str) -> str:
    """
    >>> _instant("2026-03-01T09:30:12+00:00")
    '2026-03-01 09:30'
    """
    return text[:16].replace("T", " ")

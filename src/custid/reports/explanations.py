"""Explanations as lines for a terminal.

In: the plain data of `custid.explain`'s results (their `as_dict()`). Out: lines. Never here: computing what is shown,
colors. As HTML: `explanations_html`; as plots: `explanations_plots`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custid.identity.history import levels_said
from custid.reports.text import columns, cut

Data = Mapping[str, Any]

#: The width lines are made for where nobody says.
CELLS = 100
#: Cells of a bar; bits beyond which bars are cut off.
_BAR, BITS_MAX = 22, 60.0
#: Smaller additions than this are left out of what people see; they are in the data.
_BITS_MIN = 0.05
#: Lines of a tree; names and comparisons told, and blocking rules, of those there are.
TREE_LINES, _NAMED, _RULES = 40, 4, 8

VERDICTS = {"match": "a match", "review": "for a steward to look at", "no match": "no match"}


# --- two records: the weight ----------------------------------------------------------------------------------


def weight_lines(data: Data, cells: int = CELLS) -> list[str]:
    """`Explanation` as lines: a waterfall, a line or two for each number."""
    steps = [row for row in data["steps"] if shown(row)]
    low, high = range_of(data)
    raw = [[label(row), *values_of(row, "_raw"), f"{row['bits']:+.1f}", _bar(row, data, low, high)] for row in steps]
    head = ["", data["left"]["record"], data["right"]["record"], "bits", ""]
    foot = ["match weight", "", "", f"{data['match_weight']:+.1f}", _mark(data, low, high)]
    room = cells - max(len(row[0]) for row in [*raw, foot]) - _BAR - 7 - 8
    table = [head]
    for row, step in zip(raw, steps, strict=True):
        table.append(row)
        compared = values_of(step, "")
        if step["step"] == "level" and any(compared) and compared != row[1:3]:
            table.append(["  compared as", *compared, "", ""])
    table.append(foot)
    width = max(10, room // 2)
    fitted = [[row[0], cut(row[1], width), cut(row[2], width), *row[3:]] for row in table]
    return [*heading(data), *(f"  {line}" for line in columns(fitted, right=(3,))), *left_out(data)]


def heading(data: Data) -> list[str]:
    """What two records weigh, and who they are today."""
    left, right = data["left"], data["right"]
    thresholds = f"match from {data['match_threshold']:+g}, review from {data['review_threshold']:+g}"
    lines = [
        f"{left['record']} and {right['record']}: {data['match_weight']:+.2f} bits, {VERDICTS[data['verdict']]} "
        f"({thresholds})"
    ]
    if data["together"]:
        lines.append(f"  today one customer, {left['customer_id']}")
    else:
        lines.append("  today " + ", ".join(f"{side['record']} {_is(side)}" for side in (left, right)))
    if not data["rules"]:
        lines.append("  no blocking rule brings them together, so no run compares them")
    return lines + [f"  {decision_said(row)}" for row in data["decisions"]]


def _is(side: Data) -> str:
    return f"is {side['customer_id']}" if side["customer_id"] else "is gone from its channel"


def left_out(data: Data) -> list[str]:
    missing = [row for row in data["steps"] if row["step"] == "level" and row["level"] == "missing"]
    by_note: dict[str, list[str]] = {}
    for row in missing:
        by_note.setdefault(row["note"], []).append(_spelled(row["comparison"]))
    return [f"  not compared: {', '.join(names)} ({note})" for note, names in by_note.items()]


def shown(row: Data) -> bool:
    if row["step"] == "level":
        return bool(row["level"] != "missing")
    return bool(row["step"] == "prior" or abs(row["bits"]) >= _BITS_MIN)


def label(row: Data) -> str:
    """What a step is called."""
    if row["step"] == "level":
        return f"{_spelled(row['comparison'])} {_spelled(row['level'])}"
    if row["step"] == "rarity":
        rare = "rare" if row["bits"] > 0 else "common"
        return f"  {rare}: {max(2, round(row['held'])):,} of {row['among']:,} have it"
    if row["step"] == "overlap":
        return f"  counted in part by {_spelled(row['other'])}"
    return {"prior": "two records at random", "relatives": "may be relatives"}[row["step"]]


def _spelled(name: str) -> str:
    return name.replace("_", " ")


def values_of(row: Data, kind: str) -> list[str]:
    """What both records have, as written (kind "_raw") where that is known, or as compared."""
    return [" | ".join(row[f"{side}{kind}"] or (row[side] if kind else None) or []) for side in ("left", "right")]


def range_of(data: Data) -> tuple[float, float]:
    totals = [0.0, data["match_threshold"], *(row["total"] for row in data["steps"])]
    return max(min(totals), -BITS_MAX), min(max(totals), BITS_MAX)


def _cell(bits: float, low: float, high: float) -> int:
    return round((min(max(bits, low), high) - low) / (high - low) * (_BAR - 1)) if high > low else 0


def _bar(row: Data, data: Data, low: float, high: float) -> str:
    """Where the sum was and where it is now: pluses to the right, minuses to the left; | is the match threshold."""
    start, end = sorted((_cell(row["total"] - row["bits"], low, high), _cell(row["total"], low, high)))
    cells = [" "] * _BAR
    cells[_cell(data["match_threshold"], low, high)] = "|"
    if row["step"] != "prior":
        cells[start : end + 1] = ("+" if row["bits"] > 0 else "-") * (end + 1 - start)
    else:
        cells[_cell(row["total"], low, high)] = "o"
    return "".join(cells)


def _mark(data: Data, low: float, high: float) -> str:
    cells = [" "] * _BAR
    cells[_cell(data["match_threshold"], low, high)] = "|"
    cells[_cell(data["match_weight"], low, high)] = "*"
    return "".join(cells)


def decision_said(row: Data) -> str:
    """A decision in a sentence.

    >>> decision_said({"decision_id": 7, "left": "crm:1", "right": "shop:2", "verdict": "different", "actor": "lea",
    ...     "decided_at": "2026-03-01T09:00:00+00:00", "reason": "twins"})
    'decision 7 by lea, 2026-03-01: crm:1 and shop:2 are different (twins).'
    """
    verdict = {"same": "are the same", "different": "are different", "unsure": "are a pair nobody is sure of"}
    reason = f" ({row['reason']})" if row["reason"] else ""
    return (
        f"decision {row['decision_id']} by {row['actor']}, {row['decided_at'][:10]}: {row['left']} and {row['right']} "
        f"{verdict[row['verdict']]}{reason}."
    )


# --- a customer: the tree -------------------------------------------------------------------------------------


def tree_lines(data: Data, cells: int = CELLS) -> list[str]:
    """`Why` as lines: the tree, each record under the one that ties it in, then what is weak about it."""
    lines = [tree_heading(data)]
    said = {row["record"]: row["said"] for row in data["records"]}
    rows = [("", root, None) if tie is None else (depth, root, tie) for depth, root, tie in grown(data)]
    table = []
    for depth, record, tie in rows[:TREE_LINES]:
        bits = "" if tie is None else "decided" if tie["kind"] == "decision" else f"{tie['match_weight']:+.1f}"
        name = "  " * int(depth or 0) + record
        table.append([bits, name, said.get(record, "(gone)"), tie_said(tie)])
    if table:
        widths = [max(len(row[0]) for row in table), max(len(row[1]) for row in table)]
        room = max(20, cells - sum(widths) - 8)
        fitted = [[row[0], row[1], cut(row[2], room * 2 // 5), cut(row[3], room * 3 // 5)] for row in table]
        lines += [f"  {line}" for line in columns(fitted, right=(0,))]
    if len(rows) > TREE_LINES:
        lines.append(f"  … and {len(rows) - TREE_LINES:,} more records; all are in the data (--json)")
    return [*lines, *weak_points(data)]


def tree_heading(data: Data) -> str:
    followed = f"{data['asked_for']} is now " if data["asked_for"] != data["customer_id"] else ""
    count = len(data["records"])
    if count < 2:
        held = "there is nothing to hold together" if count else f"it is {data['status']}"
    else:
        ties = len(data["tree"])
        held = f"held together by {ties} tie{'' if ties == 1 else 's'}; bits of each, and what it ties in"
    return f"{followed}{data['customer_id']}: {count:,} record{'' if count == 1 else 's'}, {held}"


def tie_said(tie: Data | None) -> str:
    if tie is None:
        return ""
    if tie["kind"] == "decision":
        reason = f": {tie['reason']}" if tie["reason"] else ""
        return f"decision {tie['decision_id']} by {tie['actor']}, {tie['decided_at'][:10]}{reason}"
    return levels_said(tie["levels"] or "")


def weak_points(data: Data) -> list[str]:
    lines = []
    weakest = data["weakest"]
    if weakest is not None:
        one, other = (f"{count:,} record{'' if count == 1 else 's'}" for count in weakest["sides"])
        lines.append(
            f"  weakest: {weakest['left']} and {weakest['right']}, {weakest['match_weight']:+.1f} bits; without it, "
            f"{one} and {other} would part"
        )
    if data["hanging"]:
        names = ", ".join(data["hanging"][:_NAMED]) + (" …" if len(data["hanging"]) > _NAMED else "")
        lines.append(f"  held by one tie only: {names}")
    if data["agreement"] is not None and len(data["records"]) > 2:
        about = "about " if data["sampled"] else ""
        lines.append(
            f"  agreement: {about}{data['agreement']:.0%} of its pairs match by themselves; {about}"
            f"{data['contradictions']:,} speak{'s' if data['contradictions'] == 1 else ''} against it"
        )
    for row in data["against"][:_NAMED]:
        bits = "excludes" if row["bits"] < -BITS_MAX else f"{row['bits']:+.1f} bits"
        lines.append(f"    {row['left']} and {row['right']}: {bits}; {levels_said(row['levels'] or '')}")
    return lines


def grown(data: Data) -> list[tuple[int, str, Data | None]]:
    """The tree from its root, the record with most ties, down: (depth, record, the tie that holds it)."""
    ties: dict[str, list[tuple[str, Data]]] = {}
    for tie in data["tree"]:
        ties.setdefault(tie["left"], []).append((tie["right"], tie))
        ties.setdefault(tie["right"], []).append((tie["left"], tie))
    order = [row["record"] for row in sorted(data["records"], key=lambda row: (-row["ties"], row["record"]))]
    out: list[tuple[int, str, Data | None]] = []
    seen: set[str] = set()
    for root in order:
        waiting: list[tuple[int, str, Data | None]] = [] if root in seen else [(0, root, None)]
        seen.add(root)
        while waiting:
            depth, record, tie = waiting.pop()
            out.append((depth, record, tie))
            further = [(other, found) for other, found in ties.get(record, ()) if other not in seen]
            seen |= {other for other, _ in further}
            waiting += [(depth + 1, other, found) for other, found in reversed(further)]
    return out


def other_end(tie: Data, record: str) -> str:
    """The record that a tie ties this one to."""
    return str(tie["left"] if tie["right"] == record else tie["right"])


# --- two records: why they are apart --------------------------------------------------------------------------


def apart_lines(data: Data, cells: int = CELLS) -> list[str]:
    """`WhyNot` as lines: the reason, then what is behind it."""
    lines = [_apart_heading(data)]
    lines += [f"  {sentence[:1].upper()}{sentence[1:]}" for sentence in data["because"]]
    if data["explanation"] is not None:
        lines += _for_and_against(data["explanation"])
    if data["across"] and (len(data["across"]) > 1 or data["across_bits"]):
        lines.append("  pairs between the two customers:")
        rows = [
            [row["left"], row["right"], *_counted(row), cut(levels_said(row["levels"] or ""), max(24, cells - 60))]
            for row in data["across"]
        ]
        lines += [f"    {line}" for line in columns(rows, right=(2,))]
    if data["rules"] and data["reason"] == "not compared":
        lines.append("  blocking rules, the nearest first:")
        nearest = sorted(data["rules"], key=_far)
        lines += [f"    {line}" for line in columns([[row["rule"], _fared(row, cells)] for row in nearest[:_RULES]])]
        if len(nearest) > _RULES:
            lines.append(f"    … and {len(nearest) - _RULES} more, which miss as much or more")
    return lines


def _far(row: Data) -> tuple[bool, int, bool]:
    """How far a rule is from bringing two records together."""
    apart = sum(not key["agree"] for key in row["keys"])
    return row["outcome"] != "narrowed", apart, row["outcome"] == "missing"


def _counted(row: Data) -> tuple[str, str]:
    """What a pair between two customers counts, in bits and in a word."""
    return (f"{row['bits']:+.1f}", row["why"]) if row["bits"] is not None else ("never", row["why"])


def _apart_heading(data: Data) -> str:
    told = data["explanation"]
    ids = [told[side]["customer_id"] for side in ("left", "right")] if told is not None else [None, None]
    names = [
        f"{data[side]} ({found})" if found and not told["together"] else data[side]
        for side, found in zip(("left", "right"), ids, strict=True)
    ]
    return f"{names[0]} and {names[1]}: {REASONS[data['reason']]}."


REASONS = {
    "together": "they are one customer",
    "unknown": "one of them was never taken in",
    "rejected": "one of them was rejected when it was read",
    "erased": "one of them was erased",
    "gone": "one of them is gone from its channel",
    "decided": "a steward said that they are different",
    "waiting": "something has changed since the last run",
    "excluded": "they cannot be one person",
    "unique channel": "their channel holds every customer once",
    "cut": "the evidence inside the cluster speaks against it",
    "review": "they are alike, but not enough to be joined without a steward",
    "not compared": "no blocking rule brings them together",
    "too little": "the evidence is not enough",
}


def _for_and_against(data: Data) -> list[str]:
    """What counts most, in two lines."""
    summed: dict[str, tuple[float, str]] = {}
    for row in data["steps"]:
        if row["comparison"] is not None and row["level"] != "missing":
            before = summed.get(row["comparison"], (0.0, ""))[0]
            summed[row["comparison"]] = (before + row["bits"], row["level"])
        elif row["step"] == "relatives" and row["bits"] <= -_BITS_MIN:
            summed["they"] = (row["bits"], "may be relatives")
    lines = []
    for word, sign in (("for it", 1), ("against it", -1)):
        told = sorted((-abs(bits), name, level) for name, (bits, level) in summed.items() if bits * sign >= _BITS_MIN)
        parts = [f"{_spelled(name)} {_spelled(level)} {-bits * sign:+.1f}" for bits, name, level in told[:_NAMED]]
        if parts:
            lines.append(f"  {word}: {', '.join(parts)}{' …' if len(told) > _NAMED else ''}")
    return lines


def _fared(row: Data, cells: int) -> str:
    """How a blocking rule fared."""
    if row["outcome"] == "met":
        return "brings them together"
    told = []
    for key in row["keys"]:
        if key["agree"]:
            continue
        left, right = (cut(" | ".join(key[side]), 24) for side in ("left", "right"))
        if row["outcome"] == "narrowed":
            name = "by lot" if key["key"] == "lot" else f"by {key['key']}: {left or 'none'}, {right or 'none'}"
            told.append(f"narrowed {name} ({row['records']:,} records share it)")
        elif left and right:
            told.append(f"{key['key']} differs: {left}, {right}")
        else:
            lacking = "both lack" if not left and not right else "left lacks" if not left else "right lacks"
            told.append(f"{lacking} {key['key']}")
    return cut("; ".join(told), max(30, cells - 40))

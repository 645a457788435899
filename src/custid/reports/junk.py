"""What was taken for no value, as a run's summary keeps it and as a terminal shows it.

In: JUNK. Out: plain data, a dict per channel and field; lines of text. Never here: a value that may be somebody's as it
was written: a summary is kept, and nothing in it can be erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid.reports import text
from custid.reports.hiding import mask
from custid.standardize import junk
from custid.standardize.fields import kind_of

#: Values told per channel and field, the most frequent ones.
VALUES_MAX = 5
#: What is taken for junk for such a reason stands on a list, or is nothing but digits in a row: it is nobody's.
_NOBODYS = (junk.PLACEHOLDER, junk.REPEATED, junk.SEQUENCE)


def junk_told(found: pa.Table) -> list[dict[str, Any]]:
    """Per channel and field: `rows`, how many values were taken for none; `reasons`: why → rows; `values`: the most
    frequent ones, `shown` as written or masked, with `reason` and `rows`. The most rows first.

    >>> rows = [("crm", "phone", "10086", "placeholder", 7), ("crm", "phone", "13912-3456", "unreadable", 1)]
    >>> columns = dict(zip(("channel", "field", "value", "reason", "count"), map(list, zip(*rows)), strict=True))
    >>> [told] = junk_told(pa.table(columns))
    >>> told["rows"], told["reasons"], told["values"][1]
    (8, {'placeholder': 7, 'unreadable': 1}, {'shown': '13****56', 'reason': 'unreadable', 'rows': 1})
    """
    keys = ["channel", "field"]
    totals = found.group_by([*keys, "reason"]).aggregate([("count", "sum")]).to_pylist()
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(totals, key=lambda row: (-row["count_sum"], row["reason"])):
        place = (row["channel"] or "", row["field"])
        one = told.setdefault(place, {"channel": place[0], "field": place[1], "rows": 0, "reasons": {}, "values": []})
        one["rows"] += row["count_sum"]
        one["reasons"][row["reason"]] = row["count_sum"]
    for (channel, field), one in told.items():
        here = found.filter(
            pc.and_(pc.equal(pc.fill_null(found["channel"], ""), channel), pc.equal(found["field"], field))
        )
        often = here.take(pc.select_k_unstable(here, VALUES_MAX, [("count", "descending"), ("value", "ascending")]))
        one["values"] = [
            {"shown": _shown(row["value"], field, row["reason"]), "reason": row["reason"], "rows": row["count"]}
            for row in often.to_pylist()
        ]
    return sorted(told.values(), key=lambda one: (-one["rows"], one["channel"], one["field"]))


def junk_lines(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line per channel and field, and how to overrule it; none where nothing was taken for junk."""
    if not told:
        return []
    rows = [
        [
            f"{one['channel']}:",
            one["field"],
            f"{one['rows']:,}",
            ", ".join(f"{reason} {count:,}" for reason, count in one["reasons"].items()),
            "such as " + ", ".join(text.cut(value["shown"], 20) for value in one["values"][:3]),
        ]
        for one in told
    ]
    return [
        'taken for no value (real after all: FIELD = ["VALUE", …] in [channels.NAME.not_junk])',
        *(f"  {line}" for line in text.columns(rows, right=[2])),
    ]


def _shown(value: str, field: str, reason: str) -> str:
    kind = kind_of(field)
    return value if reason in _NOBODYS and kind != "email" else mask(value, kind)

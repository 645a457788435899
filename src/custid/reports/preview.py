"""What a run changes for the customers there are, and why: to look at before it is let loose, or after.

In: the events of one run with the names of their records (EVENTS + NAMES, as `Run.events`). Out: a table
(`preview`), and text made from it (`as_text`).
Never here: a database, reading, deciding anything.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.identity.history import because, some_of

Ints = npt.NDArray[np.int64]

#: One row per customer and thing that happens to it, in the order of `_TOLD`, most records first. `what`:
#:
#:   merged     `customer_id` is given up, `other_id` replaces it and gets `records`
#:   split      `customer_id` loses `records` to `other_id`, which is new
#:   restored   `customer_id` lives again; `records` come back from `other_id` (null: from nowhere)
#:   moved      `customer_id` loses `records` to `other_id`, a customer that was there before
#:   retired    `customer_id` loses `records`, its last, because they are gone
#:   erased     `customer_id` loses `records` for good
#:   shrunk     `customer_id` loses `records` because they are gone, and has others
#:   grown      `customer_id` gets `records` that had no customer
#:   created    `customer_id` is new, with `records` that had no customer
#:
#: `records` are "channel:record_id"; `reason` and the evidence (`left`, `right` are records) are those of the strongest
#: event; what `evidence` can say stands with EVENTS.
PREVIEW = pa.schema(
    [
        pa.field("what", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("other_id", pa.string()),
        pa.field("records", pa.list_(pa.string()), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("evidence", pa.string()),
        pa.field("left", pa.string()),
        pa.field("right", pa.string()),
        pa.field("match_weight", pa.float32()),
        pa.field("levels", pa.string()),
        pa.field("decision_id", pa.int64()),
    ]
)

#: What → its heading, and the sentence of one row.
_TOLD = {
    "merged": ("given up, another takes their place", "{customer} becomes part of {other}, with {records}"),
    "split": ("some records go to a new customer", "{customer} loses {records} to {other}"),
    "restored": ("ids given up before live again", "{customer} lives again with {records}, back from {other}"),
    "moved": ("some records go to another customer", "{customer} loses {records} to {other}"),
    "retired": ("all their records are gone", "{customer} ends, {records} gone"),
    "erased": ("erased for good", "{customer} ends, {records} gone"),
    "shrunk": ("some records are gone", "{customer} loses {records}, gone"),
    "grown": ("get records that had no customer", "{customer} gets {records}"),
    "created": ("new customers", "{customer} with {records}"),
}
#: Of these a text tells the number only: nobody's id changes.
_COUNTED = ("created",)


def preview(events: pa.Table) -> pa.Table:
    """PREVIEW of the events of one run: every customer that is concerned, with records and evidence."""
    told = _told(events)
    what, customer, other = (_codes(told[name]) for name in ("order", "customer_id", "other_id"))
    decided = pc.is_valid(told["decision_id"]).to_numpy()
    weight = np.where(decided, np.inf, told["match_weight"].fill_null(-np.inf).to_numpy())
    order = np.lexsort((told["seq"].to_numpy(), -weight, other, customer, what))
    codes = np.stack([what, customer, other])[:, order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (codes[:, 1:] != codes[:, :-1]).any(axis=0)
    strongest = told.take(pa.array(order[first]))

    # Records in the order of events, those events that name none left out.
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(first) - 1
    named = np.flatnonzero(pc.is_valid(told["record"]).to_numpy())
    named = named[np.argsort(group[named], kind="stable")]
    offsets = np.searchsorted(group[named], np.arange(len(strongest) + 1))
    records = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), told["record"].take(pa.array(named)).combine_chunks()
    )
    strongest = strongest.append_column("records", records).append_column("count", pa.array(np.diff(offsets)))
    strongest = strongest.sort_by([("order", "ascending"), ("count", "descending"), ("seq", "ascending")])
    return schemas.conform(strongest, PREVIEW)


def as_text(table: pa.Table, *, rows_max: int = 10) -> str:
    """PREVIEW in words: a heading per thing that happens, under it at most `rows_max` customers and why.

    `rows_max` also bounds what it costs: only the rows shown are looked at.
    """
    if not len(table):
        return "No customer changes."
    lines = []
    what = table["what"].combine_chunks()
    for name, (heading, _) in _TOLD.items():
        found = table.filter(pc.equal(what, name))
        if not len(found):
            continue
        lines += ["", f"{name}, {len(pc.unique(found['customer_id'])):,}: {heading}"]
        if name in _COUNTED:
            continue
        for row in found.slice(0, rows_max).to_pylist():
            sentence, *why = sentences(row)
            lines += [f"  {sentence}", *(f"    {line}" for line in why)]
        if len(found) > rows_max:
            lines.append(f"  and {len(found) - rows_max:,} more")
    return "\n".join(lines[1:])


def headings() -> dict[str, str]:
    """What happens to customers, in the order it is told → what that means."""
    return {what: heading for what, (heading, _) in _TOLD.items()}


def sentences(row: dict[str, Any]) -> list[str]:
    """A row of PREVIEW in words: what happens, and why, where that is known."""
    _, sentence = _TOLD[row["what"]]
    records = some_of(row["records"]) or "no record"
    if row["other_id"] is None:
        sentence = sentence.replace(", back from {other}", ", which came back")
    lines = [sentence.format(customer=row["customer_id"], other=row["other_id"], records=records)]
    if row["evidence"] is not None:
        lines.append(because({**row, "kind": row["evidence"]}))
    elif row["what"] in ("split", "restored", "moved"):
        lines.append(row["reason"])
    return lines


def _told(events: pa.Table) -> pa.Table:
    """The events that make PREVIEW: which row each belongs to (order, what, customer_id, other_id), and its record."""
    kind = events["kind"]
    of = {name: events.filter(pc.equal(kind, name)) for name in _TOLD}
    customer, other = events["customer_id"], events["other_id"]

    def among(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
        return pc.is_in(column, value_set=of[name]["customer_id"].combine_chunks())

    moved, linked, left = (pc.equal(kind, name) for name in ("moved", "linked", "unlinked"))
    into = (
        of["merged"]["other_id"]
        .combine_chunks()
        .take(pc.index_in(other, value_set=of["merged"]["customer_id"].combine_chunks()))
    )
    merged_there = pc.fill_null(pc.equal(into, customer), False)
    what = pc.case_when(
        pc.make_struct(
            pc.and_(moved, among(customer, "split")),
            pc.and_(moved, among(customer, "restored")),
            pc.and_(moved, merged_there),
            moved,
            pc.and_(linked, among(customer, "created")),
            pc.and_(linked, pc.is_in(customer, value_set=_returned(of["restored"]))),
            linked,
            pc.and_(left, among(customer, "retired")),
            pc.and_(left, among(customer, "erased")),
            left,
            pc.is_in(kind, value_set=pa.array(["merged", "retired", "erased"])),
        ),
        *("split", "restored", "merged", "moved", "created", "restored", "grown", "retired", "erased", "shrunk"),
        kind,
    )
    # A moved event is told of the customer that loses the record, but of the one that lives again.
    turned = pc.and_(moved, pc.not_equal(what, "restored"))
    loser = pc.if_else(turned, other, customer)
    gainer = pc.if_else(turned, customer, other)
    table = pa.table(
        {
            "seq": events["seq"],
            "what": what,
            "order": pc.index_in(what, value_set=pa.array(list(_TOLD))),
            "customer_id": loser,
            "other_id": gainer,
            "record": _name(events, ""),
            "reason": events["reason"],
            "evidence": events["evidence"],
            "left": _name(events, "left_", "evidence_left"),
            "right": _name(events, "right_", "evidence_right"),
            "match_weight": events["match_weight"],
            "levels": events["levels"],
            "decision_id": events["decision_id"],
        }
    )
    return table.filter(pc.is_valid(table["what"]))


def _returned(restored: pa.Table) -> pa.Array:
    return restored.filter(pc.is_null(restored["other_id"]))["customer_id"].combine_chunks()


def _name(events: pa.Table, prefix: str, key: str = "record_key") -> pa.ChunkedArray:
    """`channel:record_id`; `record 12` where only the key is known; null without a key."""
    name = pc.binary_join_element_wise(events[f"{prefix}channel"], events[f"{prefix}record_id"], ":")
    nameless = pc.binary_join_element_wise("record", events[key].cast(pa.string()), " ")
    return pc.coalesce(name, nameless)


def _codes(column: pa.ChunkedArray) -> Ints:
    """Equal values, equal numbers; nulls one number of their own."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return np.asarray(encoded.indices, dtype=np.int64)

"""What made an event: the edge or the decision that joined records, or that parted them.

In: TIES, everything known between two records (`ties` makes them of EDGES and DECISIONS). Out: for records and for
groups of records, the row of TIES that explains best why they came together or apart.
Never here: field values, deciding who belongs together, writing.

A steward's word explains better than any weight, a heavier edge better than a lighter one, and between equals the one
with the earlier records; so neither row order nor anything but the ties themselves matters (I3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Stands for "none" wherever a code or a row is expected.
NONE = -1

#: One row per edge and per standing decision; `verdict` is null for an edge.
TIES = pa.schema(
    [
        pa.field("evidence_left", pa.int64(), nullable=False),
        pa.field("evidence_right", pa.int64(), nullable=False),
        pa.field("match_weight", pa.float32()),
        pa.field("levels", pa.string()),
        pa.field("decision_id", pa.int64()),
        pa.field("verdict", pa.string()),
    ]
)

#: What EVENTS.evidence says of a tie: (it is a decision, it parts) → word.
_WORDS = {(False, False): "edge", (True, False): "decision", (False, True): "cut", (True, True): "apart"}

#: What a word adds to the reason of an event.
REASONS = {
    "edge": ", joined by edge",
    "decision": ", joined by decision",
    "cut": ", their match did not hold",
    "apart": ", kept apart by decision",
}


def ties(edges: pa.Table, decisions: pa.Table) -> pa.Table:
    """TIES of EDGES and DECISIONS. Decisions that were taken back, and those that say `unsure`, tie nothing."""
    standing = decisions.filter(
        pc.and_(pc.is_null(decisions["revoked_at"]), pc.is_in(decisions["verdict"], pa.array(["same", "different"])))
    )
    return pa.concat_tables(
        [
            schemas.conform(table.rename_columns({"left_key": "evidence_left", "right_key": "evidence_right"}), TIES)
            for table in (standing.select(["left_key", "right_key", "decision_id", "verdict"]), edges)
        ]
    )


@dataclass(frozen=True)
class Ties:
    """The ties between the records of a run that changed, the best explanation first.

    `left`, `right` are places of records, `row` is the row of `table`. `joins`: it speaks for its two being together;
    `parts`: for their being apart, which an edge that did not hold does as well as a decision.
    """

    table: pa.Table
    row: Ints
    left: Ints
    right: Ints
    joins: Flags
    parts: Flags

    @staticmethod
    def among(key: Ints, table: pa.Table | None) -> Ties:
        """The rows of TIES whose two records are both in `key`, which is sorted."""
        table = TIES.empty_table() if table is None else schemas.conform(table, TIES)
        known, sides = pa.array(key), ("evidence_left", "evidence_right")
        both = pc.and_(*(pc.is_in(table[side], value_set=known) for side in sides))
        row = np.flatnonzero(both.to_numpy())
        left, right = (np.searchsorted(key, table[side].to_numpy()[row]) for side in sides)
        decision = table["decision_id"].fill_null(NONE).to_numpy()[row]
        weight = np.where(decision == NONE, table["match_weight"].fill_null(-np.inf).to_numpy()[row], np.inf)
        order = np.lexsort((decision, left * max(len(key), 1) + right, -weight))
        verdict = table["verdict"].take(pa.array(row[order]))
        joins, parts = (pc.fill_null(pc.not_equal(verdict, other), True) for other in ("different", "same"))
        return Ties(table, row[order], left[order], right[order], joins.to_numpy(), parts.to_numpy())

    def best_of(self, some: Flags, group: Ints, groups: int) -> Ints:
        """Per group (last: for NONE) the best of `some` ties with a record in it, or NONE.

        `group` is by place of record; a record may be in none.
        """
        best = np.full(groups + 1, len(self.row), dtype=np.int64)
        places = np.flatnonzero(some)
        for side in (self.left, self.right):
            np.minimum.at(best, group[side[places]], places)
        best[(best == len(self.row)) | (np.arange(groups + 1) == groups)] = NONE
        return best

    def columns(self, places: Ints, apart: Flags) -> dict[str, pa.Array]:
        """The evidence columns of EVENTS for the ties at these places (NONE: nulls); `apart`: of a parting."""
        said = places != NONE
        rows = np.full(len(places), NONE, dtype=np.int64)
        rows[said] = self.row[places[said]]
        names = ("evidence_left", "evidence_right", "match_weight", "levels", "decision_id")
        found = self.table.select(names).take(pa.array(rows, mask=~said))
        decision = pc.is_valid(found["decision_id"]).to_numpy()
        words: npt.NDArray[Any] = np.empty(len(rows), dtype=object)
        for (by_decision, parting), word in _WORDS.items():
            words[said & (decision == by_decision) & (apart == parting)] = word
        return {"evidence": pa.array(words, pa.string()), **{name: found[name] for name in names}}


def explained(events: pa.Table) -> pa.Array:
    """The reasons of `events` with what their evidence adds to them."""
    pieces = [
        pc.if_else(pc.fill_null(pc.equal(events["evidence"], word), False), said, "") for word, said in REASONS.items()
    ]
    return pc.binary_join_element_wise(events["reason"], *pieces, "")

"""How much two records weigh, number by number.

In: a registry and two records. Out: `Explanation`: the prior, what each comparison says of the two and why, what is
taken off because they could be relatives, and the sum, which is the match weight that a run gives them.
Never here: finding pairs, deciding, writing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.columns import Columns
from custid.engines.local.meeting import meetings
from custid.engines.local.scoring import Step
from custid.engines.local.weighing import Weighing
from custid.explain.asking import Asked, Known, Name, knowing, pair_of, standing, told, unknown, values_of
from custid.model.spec import Comparison, Condition, Level, Model
from custid.registries.base import Registry
from custid.reports import explanations, explanations_html, explanations_plots
from custid.standardize.explaining import sources_of
from custid.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The numbers that add up to a match weight, in the order in which they do; all in bits.
#:
#: `step`: "prior", "level", "rarity", "overlap", "relatives" (see `engines.local.scoring.Step`). `bits`: what it adds,
#: against the two being strangers; `relatives_bits`: what it would add against their being relatives; `total`: the sum
#: of `bits` so far. `comparison`, `level`, and `m`, `u`, `h`: the level's probabilities among matches, strangers and
#: relatives. `other`: of an overlap, the comparison that counted this evidence before. `held`, `among`: of a rarity,
#: how many records hold the shared value, of how many that have one. `left_raw`, `right_raw`: what was compared, as
#: written; `left`, `right`: as compared. `note`: why nothing was compared, where the level is "missing".
STEPS = pa.schema(
    [
        pa.field("step", pa.string(), nullable=False),
        pa.field("comparison", pa.string()),
        pa.field("level", pa.string()),
        pa.field("other", pa.string()),
        pa.field("bits", pa.float64(), nullable=False),
        pa.field("relatives_bits", pa.float64()),
        pa.field("total", pa.float64(), nullable=False),
        pa.field("m", pa.float64()),
        pa.field("u", pa.float64()),
        pa.field("h", pa.float64()),
        pa.field("held", pa.float64()),
        pa.field("among", pa.int64()),
        pa.field("left_raw", pa.list_(pa.string())),
        pa.field("right_raw", pa.list_(pa.string())),
        pa.field("left", pa.list_(pa.string())),
        pa.field("right", pa.list_(pa.string())),
        pa.field("note", pa.string()),
    ]
)


@dataclass(frozen=True)
class Explanation:
    """What the model says of two records. Shows itself as text, in a notebook as a table, and as a plot.

    `left`, `right`: record ("crm:A-1"), channel, record_id, customer_id (None: not live), live, said (who it is).
    `match_weight` in bits, exactly as a run weighs the two; `verdict`: "match", "review" or "no match", by it alone.
    `steps`: STEPS, which add up to it. `rules`: the blocking rules that bring the two together; none: no run compares
    them. `decisions`: what stewards said of this very pair and did not take back.
    """

    left: dict[str, Any]
    right: dict[str, Any]
    match_weight: float
    match_threshold: float
    review_threshold: float
    verdict: str
    rules: tuple[str, ...]
    decisions: list[dict[str, Any]] = field(repr=False)
    steps: Table = field(repr=False)

    @property
    def together(self) -> bool:
        """Whether the two are one customer today."""
        return self.left["customer_id"] is not None and self.left["customer_id"] == self.right["customer_id"]

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data that JSON can hold."""
        return {
            "left": self.left,
            "right": self.right,
            "together": self.together,
            "match_weight": self.match_weight,
            "match_threshold": self.match_threshold,
            "review_threshold": self.review_threshold,
            "verdict": self.verdict,
            "rules": list(self.rules),
            "decisions": self.decisions,
            "steps": self.steps.to_arrow().to_pylist(),
        }

    def __repr__(self) -> str:
        return "\n".join(explanations.weight_lines(self.as_dict()))

    def _repr_html_(self) -> str:
        return explanations_html.weight_html(self.as_dict())

    def plot(self, ax: Axes | None = None) -> Axes:
        """The numbers as a waterfall, on `ax` or a figure of its own. Raises MissingExtra without matplotlib."""
        return explanations_plots.plot_weight(self.as_dict(), ax)


def explain(registry: Registry | str | Path, left: Name, right: Name) -> Explanation:
    """Why two records weigh what they weigh.

    Args:
        registry: the registry, or its location.
        left, right: the records, each (channel, record_id). They need not be live, nor ever have been compared.

    Raises:
        UnknownCustomer: a record never came, or was erased. UsageError: both are one record. RegistryError.
    """
    with knowing(registry) as known:
        one, other = pair_of(known, left, right)
        for name, found in ((left, one), (right, other)):
            if found is None or found.erased:
                raise unknown(name)
        assert one is not None, "unknown ones were refused"
        assert other is not None, "unknown ones were refused"
        return explained(known, one, other)


def explained(known: Known, left: Asked, right: Asked) -> Explanation:
    """As `explain`, of records that were found."""
    values = values_of(known, [left.record_key, right.record_key])
    weighing = Weighing(values, known.model)
    keys = np.array([left.record_key]), np.array([right.record_key])
    weight = float(weighing.weigh(*keys).weights[0])
    steps = weighing.steps(left.record_key, right.record_key)
    written = [{"channel": record.channel, **record.fields} for record in (left, right)]
    raw = sources_of(written, known.model.conventions)
    sides = _Values(values, left, raw[0]), _Values(values, right, raw[1])
    rules = [found.rule for found in meetings(values, known.model, known.view.large_blocks()) if found.outcome == "met"]
    return Explanation(
        left=left.as_dict(),
        right=right.as_dict(),
        match_weight=weight,
        match_threshold=known.model.match_threshold,
        review_threshold=known.model.review_threshold,
        verdict=verdict_of(weight, known.model),
        rules=tuple(rules),
        decisions=told(known, _about(standing(known.head), left, right)),
        steps=Table(_table(steps, known.model, *sides)),
    )


def verdict_of(weight: float, model: Model) -> str:
    """What a weight says by itself."""
    if weight >= model.match_threshold:
        return "match"
    return "review" if weight >= model.review_threshold else "no match"


def _about(decisions: pa.Table, left: Asked, right: Asked) -> pa.Table:
    low, high = sorted((left.record_key, right.record_key))
    return decisions.filter(pc.and_(pc.equal(decisions["left_key"], low), pc.equal(decisions["right_key"], high)))


class _Values:
    """What a record has to compare: comparable values, and the raw ones they were made of."""

    def __init__(self, values: pa.Table, record: Asked, raw: Mapping[str, list[str]]) -> None:
        self.record = record.record
        self._columns = Columns(values)
        row = values.filter(pc.equal(values["record_key"], record.record_key)).to_pylist()[0]
        self._values = {name: value for name, value in row.items() if value is not None}
        self._raw = raw

    def compared(self, names: Sequence[str]) -> list[str]:
        """Its values in these columns, a star standing for numbered ones; each once."""
        return self._once(lambda name: [self._values[name]] if name in self._values else [], names)

    def raw(self, names: Sequence[str]) -> list[str]:
        """The raw values that were made into those, as far as each came from one field."""
        return self._once(lambda name: self._raw.get(name, []), names)

    def _once(self, found: Any, names: Sequence[str]) -> list[str]:
        columns = [column.name for name in names for column in self._columns.expand(name)]
        return list(dict.fromkeys(value for name in columns for value in found(name)))


def _table(steps: Sequence[Step], model: Model, left: _Values, right: _Values) -> pa.Table:
    rows: list[dict[str, Any]] = []
    total = 0.0
    on: dict[str, str] = {}
    for step in steps:
        total += step.bits
        row: dict[str, Any] = {
            "step": step.kind,
            "bits": step.bits,
            "relatives_bits": step.relatives if step.kind != "relatives" and np.isfinite(step.relatives) else None,
            "total": total,
        }
        if step.comparison >= 0:
            comparison = model.comparisons[step.comparison]
            row |= {"comparison": comparison.name, "level": comparison.label(step.level)}
        if step.kind == "level":
            on[comparison.name] = row["level"]
            names = _columns_of(comparison, comparison.levels[step.level - 1] if step.level else None)
            row |= {"left_raw": left.raw(names), "right_raw": right.raw(names)}
            row |= {"left": left.compared(names), "right": right.compared(names)}
            if step.level:
                level = comparison.levels[step.level - 1]
                row |= {"m": level.m, "u": level.u, "h": level.h}
            else:
                row["note"] = _missing_because(comparison, on, left, right)
        if step.kind == "rarity":
            row |= {"held": step.held, "among": step.among}
        if step.kind == "overlap":
            row["other"] = model.comparisons[step.other].name
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=STEPS)


def _columns_of(comparison: Comparison, level: Level | None) -> list[str]:
    """The columns to show of a comparison: its own, and those that its level asked about."""
    own = [part for column in comparison.columns for part in column.split(",")]
    asked = [name for text in (level.when if level else ()) for name in Condition.parse(text).columns]
    return [name for name in dict.fromkeys([*own, *asked]) if not name.endswith(("_valid", "_tokens", "_words"))]


def _missing_because(comparison: Comparison, on: dict[str, str], left: _Values, right: _Values) -> str:
    other, _, labels = comparison.silenced_by.partition(":")
    if other in on and on[other] in labels.split("|"):
        return f"{other} has counted it already"
    if any("," in column for column in comparison.columns):
        return "neither has the one where the other lacks it"
    lacking = [side.record for side in (left, right) if not side.compared(comparison.columns)]
    return f"{' and '.join(lacking)} {'has' if len(lacking) == 1 else 'have'} none" if lacking else "nothing in common"

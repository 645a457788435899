"""Why two records are not one customer.

In: a registry and two records. Out: `WhyNot`: the one reason that decides, in words, and what is behind it: weights,
blocking rules, decisions, the pairs of the two customers that speak against each other.
Never here: deciding, writing.

The reasons are looked for in the order in which they would decide: what is not there is not matched; a steward's word
wins; then what excludes; then the clustering; then the weight, and whether anybody compared the two at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.clustering import COMPONENT_ROWS_MAX, EXCLUDED_BITS
from custid.engines.local.meeting import BY_LOT, Meeting, meetings, rules_that_would
from custid.engines.local.weighing import Weighing
from custid.explain.asking import (
    Asked,
    Known,
    Name,
    asked,
    chain,
    knowing,
    names_table,
    pair_of,
    standing,
    told,
    values_of,
)
from custid.explain.pairs import Explanation, explained
from custid.identity.decided import decided
from custid.registries import connect
from custid.registries.base import Registry
from custid.reports import explanations, explanations_html

Ints = npt.NDArray[np.int64]

#: Records of a component that are looked at to find whether two are connected, and of a customer to weigh it against
#: another; pairs that are told; rules that are proposed.
CONNECTED_RECORDS_MAX = 5_000
CUSTOMER_RECORDS_MAX = 200
PAIRS_TOLD_MAX = 10
RULES_MAX = 3


@dataclass(frozen=True)
class WhyNot:
    """Why two records are two customers. Shows itself as text, and in a notebook as HTML.

    `reason`: one of `reports.explanations.REASONS`; `because`: the same in a sentence or more, with names.
    `explanation`: what the two weigh; None where one is not there. `decisions`: those that decide it.
    `rules`: how each blocking rule fares: rule, outcome ("met", "missing", "differs", "narrowed"), records (of a block
    that is too large), keys (key, left, right, agree). `rules_that_would`: rules that the model lacks and that would
    bring them together.
    `across`: of records kept apart inside a cluster, the pairs between the two customers that say most: left, right,
    bits, match_weight, levels, why ("for", "against", "nothing", "excluded", "unique channel", "decided");
    `across_bits`: what all such pairs say together.
    """

    left: str
    right: str
    reason: str
    because: list[str]
    explanation: Explanation | None = field(default=None, repr=False)
    rules: list[dict[str, Any]] = field(default_factory=list, repr=False)
    rules_that_would: list[str] = field(default_factory=list, repr=False)
    decisions: list[dict[str, Any]] = field(default_factory=list, repr=False)
    across: list[dict[str, Any]] = field(default_factory=list, repr=False)
    across_bits: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data that JSON can hold."""
        told = self.explanation.as_dict() if self.explanation is not None else None
        return {**self.__dict__, "explanation": told}

    def __repr__(self) -> str:
        return "\n".join(explanations.apart_lines(self.as_dict()))

    def _repr_html_(self) -> str:
        return explanations_html.apart_html(self.as_dict())


def why_not(registry: Registry | str | Path, left: Name, right: Name) -> WhyNot:
    """Why two records are not one customer.

    Args:
        registry: the registry, or its location.
        left, right: the records, each (channel, record_id). One that never came, was rejected, erased or is gone is
            an answer too.

    Raises:
        UsageError: both are one record. RegistryError.
    """
    held = connect(registry) if isinstance(registry, str | Path) else registry
    with knowing(held) as known:
        one, other = pair_of(known, left, right)
        spelled = ":".join(left), ":".join(right)
        absent = [(name, found) for name, found in ((left, one), (right, other)) if found is None or not found.live]
        if not absent:
            assert one is not None, "both are live"
            assert other is not None, "both are live"
            return _apart(known, one, other)
        rejects = known.view.rejects_named(names_table([name for name, _ in absent])).to_pylist()
    erased = held.erased()
    said = [_absent(name, found, rejects, erased) for name, found in absent]
    return WhyNot(*spelled, said[0][0], [sentence for _, sentence in said])


def _absent(name: Name, found: Asked | None, rejects: Sequence[dict[str, Any]], erased: Any) -> tuple[str, str]:
    """The reason why a record is not there, and a sentence."""
    spelled = ":".join(name)
    if found is not None and not found.erased:
        return "gone", (
            f"{spelled} is gone from its channel since run {found.last_run}; only live records are matched. Should it "
            "come back, it is matched again."
        )
    if found is not None or (erased is not None and erased.names(name[0], pa.array([name[1]]))[0].as_py()):
        return "erased", f"{spelled} was erased, and is not taken in again. custid allow-again lets it in."
    own = [row for row in rejects if (row["channel"], row["record_id"]) == tuple(name)]
    if own:
        return "rejected", (
            f"{spelled} was rejected by run {own[0]['run_id']}: {own[0]['reason']}, {own[0]['detail']}."
        )
    return (
        "unknown",
        f"the registry knows no record {name[1]!r} of channel {name[0]!r}; none of that name was rejected.",
    )


def _apart(known: Known, one: Asked, other: Asked) -> WhyNot:
    """Of two live records."""
    names = one.record, other.record
    explanation = explained(known, one, other)
    keys = np.array([one.record_key, other.record_key])
    said = standing(known.head)
    verdicts = decided(said, keys)
    both = np.array([0]), np.array([1])
    if explanation.together:
        because = [f"both are {one.customer_id}. What holds it together: custid why {one.customer_id}"]
        return WhyNot(*names, "together", because, explanation)
    if verdicts.same(*both)[0]:
        decisions = told(known, chain(said, *keys.tolist()))
        return WhyNot(*names, "waiting", _decided(decisions), explanation, decisions=decisions)
    if verdicts.different(*both)[0]:
        decisions = told(known, _parting(said, one, other))
        return WhyNot(*names, "decided", _decided(decisions), explanation, decisions=decisions)
    if excluding := _excluding(explanation, known):
        because = [f"{excluding}: however much else they share, only a steward can join them."]
        return WhyNot(*names, "excluded", because, explanation)
    if one.channel == other.channel and one.channel in known.model.unique_channels:
        because = [
            f"channel {one.channel} is declared unique: it holds every customer once, so no two of its records are one "
            "customer unless a steward says so."
        ]
        return WhyNot(*names, "unique channel", because, explanation)
    values = values_of(known, keys.tolist())
    values = values.take(pc.index_in(pa.array(keys), value_set=values["record_key"].combine_chunks()))
    met = meetings(values, known.model, known.view.large_blocks())
    rules = [_as_dict(found) for found in met]
    compared = any(found.outcome == "met" for found in met)
    connected = _connected(known, *keys.tolist())
    if connected:
        across, bits = _across(known, one, other)
        if bits > 0 and connected <= COMPONENT_ROWS_MAX and not any(row["bits"] is None for row in across):
            because = [
                f"all pairs between the two customers, taken together, say {bits:+.1f} bits, which joins them: "
                "something was decided, taken back or erased since the last run. The next one looks at them again."
            ]
            return WhyNot(*names, "waiting", because, explanation, rules, across=across, across_bits=bits)
        because = _cut(explanation, across, bits, connected)
        return WhyNot(*names, "cut", because, explanation, rules, across=across, across_bits=bits)
    weight, threshold = explanation.match_weight, explanation.match_threshold
    if compared and explanation.verdict == "review":
        unsure = [row for row in explanation.decisions if row["verdict"] == "unsure"]
        because = [
            f"they weigh {weight:+.1f} bits, which is enough for a steward to look at them (from "
            f"{explanation.review_threshold:+g}), and less than it takes to join them (from {threshold:+g})."
        ]
        because += _decided(unsure) if unsure else ["they wait in the review queue."]
        return WhyNot(*names, "review", because, explanation, rules, decisions=unsure)
    if compared:
        because = [f"they weigh {weight:+.1f} bits; it takes {threshold:+g} to join them."]
        return WhyNot(*names, "too little", because, explanation, rules)
    would = [rule.name for rule in rules_that_would(values, known.model)][:RULES_MAX]
    because = [_not_compared(explanation, met)]
    if explanation.verdict != "no match" and would:
        because.append(
            f"a rule that would compare them: {would[0]}. Add it to the model's blocking rules, or say that the two "
            f"are the same: custid decide same {names[0]} {names[1]}"
        )
    return WhyNot(*names, "not compared", because, explanation, rules, would)


def _decided(decisions: Sequence[dict[str, Any]]) -> list[str]:
    """Decisions as sentences."""
    return [explanations.decision_said(row) for row in decisions]


def _parting(said: pa.Table, one: Asked, other: Asked) -> pa.Table:
    """The decisions that make two records different persons: a `different`, and the `same` that lead to its ends."""
    everyone = np.unique(np.concatenate([said["left_key"].to_numpy(), said["right_key"].to_numpy()]))
    person = decided(said, everyone).person
    own = [int(person[np.searchsorted(everyone, found.record_key)]) for found in (one, other)]
    different = said.filter(pc.equal(said["verdict"], "different"))
    ends = [person[np.searchsorted(everyone, different[side].to_numpy())] for side in ("left_key", "right_key")]
    forth = (ends[0] == own[0]) & (ends[1] == own[1])
    at = int(np.flatnonzero(forth | ((ends[0] == own[1]) & (ends[1] == own[0])))[0])
    left, right = (different[side][at].as_py() for side in ("left_key", "right_key"))
    if not forth[at]:
        left, right = right, left
    ways = [chain(said, one.record_key, left), chain(said, right, other.record_key)]
    return pa.concat_tables([different.slice(at, 1), *ways])


def _excluding(explanation: Explanation, known: Known) -> str:
    """The level that excludes that they are one, in words; "" for none."""
    excluding = {
        (comparison.name, level.label)
        for comparison in known.model.comparisons
        for level in comparison.levels
        if level.excludes
    }
    for row in explanation.steps.to_arrow().to_pylist():
        if row["step"] == "level" and (row["comparison"], row["level"]) in excluding:
            left, right = (", ".join(row[f"{side}_raw"] or row[side]) for side in ("left", "right"))
            said = f"{row['comparison']}: {row['level']}".replace("_", " ")
            return f"{said} ({left} and {right})"
    return ""


def _as_dict(found: Meeting) -> dict[str, Any]:
    return {
        "rule": found.rule,
        "outcome": found.outcome,
        "records": found.records,
        "keys": [
            {"key": key.key, "left": list(key.left), "right": list(key.right), "agree": key.agree} for key in found.keys
        ],
    }


def _not_compared(explanation: Explanation, met: Sequence[Meeting]) -> str:
    weight = explanation.match_weight
    would = {"match": "a match", "review": "a pair for review", "no match": "no match"}[explanation.verdict]
    narrowed = [found for found in met if found.outcome == "narrowed"]
    if narrowed:
        found = narrowed[0]
        key = found.keys[-1].key
        by = "drawing lots, as no key parts it further" if key == BY_LOT else key
        return (
            f"they share a block of rule {found.rule}, but it has {found.records:,} records, too many to compare all: "
            f"it is narrowed by {by}, where they part. They would weigh {weight:+.1f} bits: {would}."
        )
    return (
        f"they agree on all keys of none of the {len(met)} blocking rules, so no run compares them. They would weigh "
        f"{weight:+.1f} bits: {would}."
    )


def _connected(known: Known, left: int, right: int) -> int:
    """How many records edges that link by themselves, and decisions, connect with `left`, when `right` is among
    them; 0 when it is not, or when there are too many to look at."""
    threshold = known.model.match_threshold
    said = standing(known.head)
    same = said.filter(pc.equal(said["verdict"], "same"))
    ties = [same[side].to_numpy() for side in ("left_key", "right_key")]
    reached = frontier = np.array([left])
    while len(frontier) and len(reached) <= CONNECTED_RECORDS_MAX:
        edges = known.view.edges(pa.array(frontier))
        strong = edges.filter(pc.greater_equal(edges["match_weight"], threshold))
        beyond = [ties[1][np.isin(ties[0], frontier)], ties[0][np.isin(ties[1], frontier)]]
        ends = np.concatenate([strong["left_key"].to_numpy(), strong["right_key"].to_numpy(), *beyond])
        frontier = np.setdiff1d(ends, reached)
        reached = np.union1d(reached, frontier)
    return len(reached) if right in reached else 0


def _across(known: Known, one: Asked, other: Asked) -> tuple[list[dict[str, Any]], float]:
    """The pairs between two customers that say most, the two records' own first, and what all say together in bits,
    as clustering looks at them."""
    groups = [_records_of(known, found) for found in (one, other)]
    sides = [np.array([found.record_key for found in group]) for group in groups]
    left, right = np.repeat(sides[0], len(sides[1])), np.tile(sides[1], len(sides[0]))
    weighing = Weighing(values_of(known, np.concatenate(sides).tolist()), known.model)
    weighed = weighing.weigh(left, right)
    bits, agrees = weighing.evidence(left, right)
    by_key = {found.record_key: found for group in groups for found in group}
    unique = set(known.model.unique_channels)
    verdicts = decided(standing(known.head), np.concatenate(sides))
    places = np.repeat(np.arange(len(sides[0])), len(sides[1])), np.tile(np.arange(len(sides[1])), len(sides[0]))
    different = verdicts.different(places[0], places[1] + len(sides[0]))
    rows: list[dict[str, Any]] = []
    for at, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        once = by_key[a].channel == by_key[b].channel and by_key[a].channel in unique
        if different[at]:
            why = "decided"
        elif once:
            why = "unique channel"
        elif bits[at] <= -EXCLUDED_BITS:
            why = "excluded"
        elif agrees[at]:
            why = "for"
        else:
            why = "against" if bits[at] < 0 else "nothing"
        barred = why in ("decided", "unique channel", "excluded")
        rows.append(
            {
                "left": by_key[a].record,
                "right": by_key[b].record,
                "why": why,
                "bits": None if barred else float(bits[at]),
                "match_weight": float(weighed.weights[at]),
                "levels": weighed.levels[at].as_py(),
            }
        )
    own = (one.record, other.record)
    # The pair itself first, then what bars, then what says most.
    rows.sort(key=lambda row: ((row["left"], row["right"]) != own, row["bits"] is not None, -abs(row["bits"] or 0.0)))
    total = sum(row["bits"] for row in rows if row["bits"] is not None)
    return rows[:PAIRS_TOLD_MAX], total


def _records_of(known: Known, one: Asked) -> list[Asked]:
    """The records of a record's customer, itself first; of many, some."""
    links = known.view.links(pa.array([one.record_key]))
    others = links["record_key"].filter(pc.not_equal(links["record_key"], one.record_key)).combine_chunks()
    return [one, *asked(known, known.view.records(others.slice(0, CUSTOMER_RECORDS_MAX - 1)))]


def _cut(explanation: Explanation, across: Sequence[dict[str, Any]], bits: float, connected: int) -> list[str]:
    """Sentences on why the clustering kept two records apart that evidence connects."""
    weight, threshold = explanation.match_weight, explanation.match_threshold
    own = (
        f"by itself the pair is a match, with {weight:+.1f} bits"
        if weight >= threshold
        else f"the pair itself weighs {weight:+.1f} bits, but a chain of matches connects the two"
    )
    barred = [row for row in across if row["bits"] is None]
    words = {"decided": "a steward said they differ", "unique channel": "their channel holds every customer once"}
    if barred:
        row = barred[0]
        why = words.get(row["why"], "they cannot be one person")
        return [f"{own}; yet {row['left']} and {row['right']} belong to the two sides, and {why}."]
    if bits > 0 and connected > COMPONENT_ROWS_MAX:
        return [
            f"{own}; but matches connect {connected:,} records, more than {COMPONENT_ROWS_MAX}: such a cluster is "
            "parted at a higher threshold, until its parts are small enough to be looked at."
        ]
    return [f"{own}; but all pairs between the two customers, taken together, say {bits:+.1f} bits."]

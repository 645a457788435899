"""How much the evidence on a pair weighs.

In: `Columns`, a trained `Model`, chunks of candidate pairs. Out: levels, and match weights in bits.
Never here: estimating probabilities (see training), deciding what is a match.

Pairs that can no longer reach the threshold, whatever their remaining comparisons say, are dropped on the way; that
changes no weight of a pair that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.engines.local.columns import Columns, Mask
from custid.engines.local.conditions import Pairs, Rows, holds, present
from custid.engines.local.statistics import Listed, count, known, listed
from custid.model.spec import Comparison, Condition, Level, Model

Levels = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.float64]

#: The least chance, in records, that a stranger shares a value: what nobody else has is still no proof.
_STRANGERS_MIN = 0.1
#: What a level that excludes counts against a pair: more than everything else together can count for it.
EXCLUDING_BITS = 1000.0
#: What adding bits up in another order may change.
_ROUNDING_BITS = 1e-9


@dataclass(frozen=True)
class Scored:
    """Pairs at or above a threshold: their positions in the chunk, weights in bits, and levels (pairs, comparisons).

    `evidence` is the weight without the prior of two random records: 0 for a pair that has nothing in common to
    compare, below 0 only where the two contradict each other.
    """

    at: Rows
    weights: Bits
    evidence: Bits
    levels: Levels


@dataclass(frozen=True)
class Step:
    """One of the numbers that add up to a pair's match weight, in bits.

    `kind`: "prior"; "level", what a comparison's level says; "rarity" of the very value two records share; "overlap",
    what the comparison has in common with an earlier one, `other`; "relatives", what is taken off because they may be
    two people of one home. `bits` counts against strangers, `relatives` against relatives; the last step brings the sum
    of `bits` to the match weight. `comparison`, `other`: their numbers. `held`: how many of `among` records hold the
    shared value; 0 where that is not asked.
    """

    kind: str
    bits: float
    relatives: float = 0.0
    comparison: int = -1
    level: int = 0
    other: int = -1
    held: float = 0.0
    among: int = 0


class Comparing:
    """A model's comparisons, ready to put pairs of these columns on their levels."""

    def __init__(self, columns: Columns, comparisons: tuple[Comparison, ...]) -> None:
        self.columns = columns
        self.comparisons = comparisons
        self._conditions = [
            [tuple(Condition.parse(text) for text in level.when) for level in comparison.levels]
            for comparison in comparisons
        ]
        names = {comparison.name: i for i, comparison in enumerate(comparisons)}
        self._silenced: list[tuple[int, list[int]]] = []
        for comparison in comparisons:
            name, _, labels = comparison.silenced_by.partition(":")
            levels = comparisons[names[name]].levels if name in names else ()
            by = [value for value, level in enumerate(levels, start=1) if level.label in labels.split("|")]
            self._silenced.append((names.get(name, 0), by))

    def level(self, number: int, pairs: Pairs, before: list[Levels]) -> Levels:
        """The level of each pair on comparison `number`: 0 missing, 1 the first level, …"""
        comparison = self.comparisons[number]
        out = np.zeros(len(pairs), np.uint8)
        here = present(pairs, comparison.columns)
        other, silencing = self._silenced[number]
        for value in silencing:
            here &= before[other] != value
        rest = np.flatnonzero(here)
        for value, conditions in enumerate(self._conditions[number], start=1):
            hit = np.arange(len(rest))
            for condition in conditions:
                hit = hit[holds(pairs, condition, rest[hit])]
            out[rest[hit]] = value
            rest = np.delete(rest, hit)
        return out

    def levels(self, left: Rows, right: Rows) -> Levels:
        """All levels of all pairs: (pairs, comparisons)."""
        pairs = Pairs(self.columns, left, right)
        out: list[Levels] = []
        for number in range(len(self.comparisons)):
            out.append(self.level(number, pairs, out))
        return np.stack(out, axis=1) if out else np.zeros((len(left), 0), np.uint8)


@dataclass(frozen=True)
class _Rarity:
    """What a shared value adds to its level, in bits, by how many hold it. `places`: for each value of the dictionary
    its place in those two, the later the commoner."""

    column: str
    places: npt.NDArray[np.int32]
    against_strangers: Bits
    against_relatives: Bits


class Scorer:
    """Weighs pairs by a trained model. How common values are is what the model's statistics say; where it has none,
    they are counted on `columns`. Raises ConfigError for statistics that lack what the model asks for."""

    def __init__(self, columns: Columns, model: Model) -> None:
        self.statistics = model.statistics or count(columns, model)
        self.columns = columns.with_statistics(self.statistics)
        self.comparing = Comparing(self.columns, model.comparisons)
        self.model = model
        self._listed: dict[str, tuple[Listed, npt.NDArray[np.int32]]] = {}
        records = max(2, self.statistics.records)
        self._prior = np.log2(model.matches_per_record / records)
        self._prior_relatives = (
            np.log2(model.matches_per_record / model.relatives_per_record) if model.relatives_per_record > 0 else np.inf
        )
        self._strangers: list[Bits] = []
        self._relatives: list[Bits] = []
        self._rarity: list[dict[int, _Rarity]] = []
        for comparison in model.comparisons:
            levels = comparison.levels
            against = [-EXCLUDING_BITS if level.excludes else np.log2(level.m / level.u) for level in levels]
            self._strangers.append(np.array([0.0, *against]))
            self._relatives.append(np.array([0.0, *(np.log2(level.m / level.h) for level in levels)]))
            self._rarity.append(
                {
                    value: rarity
                    for value, level in enumerate(levels, start=1)
                    if (rarity := self._rarity_of(comparison, level)) is not None
                }
            )
        names = {comparison.name: i for i, comparison in enumerate(model.comparisons)}
        self._overlaps = [
            [(names[other], bits) for other, bits in comparison.overlaps.items()] for comparison in model.comparisons
        ]
        # What the comparisons from each number on can add at most.
        self._most_strangers = self._most(self._strangers, "against_strangers")
        self._most_relatives = self._most(self._relatives, "against_relatives")

    def _most(self, weights: list[Bits], side: str) -> Bits:
        best = []
        for table, rarity in zip(weights, self._rarity, strict=True):
            extra = [getattr(rarity[v], side).max(initial=0.0) if v in rarity else 0.0 for v in range(len(table))]
            best.append(max(float((table + extra).max()), 0.0))
        return np.append(np.cumsum(best[::-1])[::-1], 0.0)

    def _rarity_of(self, comparison: Comparison, level: Level) -> _Rarity | None:
        name = level.term_frequency
        found = self.columns.expand(f"{name}*") if name else []
        if not found or not known(self.statistics.values, name).among:
            return None
        if name not in self._listed:
            frequencies = listed(known(self.statistics.values, name))
            self._listed[name] = (frequencies, frequencies.places(found[0].dictionary.hashes))
        frequencies, places = self._listed[name]
        records = max(2.0, float(frequencies.among))
        average = frequencies.pairs / (records * (records - 1))
        equal = all(condition.endswith(" equal") for condition in level.when)
        # Two who share a value make two who hold it, though one or both came after the counting.
        frequency = np.maximum(frequencies.held, 2.0) if equal else frequencies.held
        model = self.model
        # Of those who share a value, the share that is the same person: nearly all for an e-mail, few for a surname.
        matches = model.matches_per_record * level.m
        own = matches / (matches + model.relatives_per_record * level.h + self.statistics.records * level.u)
        others = np.maximum(frequency - 1, 0)
        # One person has only so many records, however many share the value.
        own_others = np.minimum(others * own, 4 * model.matches_per_record + 4)
        chance = np.maximum(others - own_others, _STRANGERS_MIN) / records
        typical = max(average * (1 - own), _STRANGERS_MIN / records)
        strangers = np.log2(typical / chance)
        if comparison.shared:
            relatives = np.zeros_like(strangers)
        else:
            u = np.minimum(level.u * chance / typical, 1.0)
            relatives = np.log2(level.h / ((1 - comparison.coincidence) * u + comparison.coincidence * level.m))
        if not equal:
            # Values that are but near: a common one has many neighbors, so its level weighs less. A rare one may
            # have as many; its rarity is no evidence.
            strangers, relatives = np.minimum(strangers, 0.0), np.minimum(relatives, 0.0)
        return _Rarity(name, places, strangers, relatives)

    def _values(self, rarity: _Rarity, left: Rows, right: Rows) -> npt.NDArray[np.int32]:
        """The value two rows share in a column or its numbered ones; of two that are but near each other, the one that
        more people have; -1 where there is none."""
        found = self.columns.expand(f"{rarity.column}*")
        out = np.full(len(left), -1, np.int32)
        for a in found:
            for b in found:
                code = a.codes[left]
                out = np.where((out < 0) & (code == b.codes[right]), code, out)
        near = np.flatnonzero(out < 0)
        if len(near):
            one, other = found[0].codes[left[near]], found[0].codes[right[near]]
            commoner = np.where(rarity.places[one] >= rarity.places[other], one, other)
            out[near] = np.where((one >= 0) & (other >= 0), commoner, -1)
        return out

    def _add(self, number: int, level: Levels, left: Rows, right: Rows, strangers: Bits, relatives: Bits) -> None:
        strangers += self._strangers[number][level]
        relatives += self._relatives[number][level]
        for value, rarity in self._rarity[number].items():
            at = np.flatnonzero(level == value)
            if len(at):
                code = self._values(rarity, left[at], right[at])
                found = code >= 0
                place = rarity.places[code[found]]
                strangers[at[found]] += rarity.against_strangers[place]
                relatives[at[found]] += rarity.against_relatives[place]

    def _agrees(self, number: int, level: Levels) -> Mask:
        """Pairs on any level of the comparison but missing and the last, which is disagreement."""
        return (level > 0) & (level < len(self.model.comparisons[number].levels))

    def score(self, left: Rows, right: Rows, *, at_least: float) -> Scored:
        """Weigh pairs; only those of at least `at_least` bits come back."""
        least = at_least - _ROUNDING_BITS
        at = np.arange(len(left))
        pairs = Pairs(self.columns, left, right)
        strangers = np.full(len(left), self._prior)
        relatives = np.full(len(left), self._prior_relatives)
        levels: list[Levels] = []
        for number in range(len(self.comparing.comparisons)):
            level = self.comparing.level(number, pairs, levels)
            self._add(number, level, pairs.left, pairs.right, strangers, relatives)
            for other, bits in self._overlaps[number]:
                both = self._agrees(number, level) & self._agrees(other, levels[other])
                strangers[both] -= bits
                if not self.model.comparisons[number].shared and not self.model.comparisons[other].shared:
                    relatives[both] -= bits
            levels.append(level)
            alive: Mask = (strangers + self._most_strangers[number + 1] >= least) & (
                relatives + self._most_relatives[number + 1] >= least
            )
            if np.count_nonzero(alive) < 0.8 * len(alive):
                at, strangers, relatives = at[alive], strangers[alive], relatives[alive]
                levels = [earlier[alive] for earlier in levels]
                pairs = Pairs(self.columns, pairs.left[alive], pairs.right[alive])
        weights = -np.logaddexp2(-strangers, -relatives)
        evidence = -np.logaddexp2(self._prior - strangers, -relatives)
        keep = weights >= at_least
        stacked = np.stack(levels, axis=1) if levels else np.zeros((len(at), 0), np.uint8)
        return Scored(at[keep], weights[keep], evidence[keep], stacked[keep])

    def parts(self, left: Rows, right: Rows) -> list[list[tuple[str, str, float]]]:
        """Per pair what each comparison that is not missing says for one person rather than two strangers: its name,
        level and bits, with what it has in common with earlier ones taken off."""
        levels = self.comparing.levels(left, right)
        bits = np.zeros(levels.shape)
        for number in range(levels.shape[1]):
            self._add(number, levels[:, number], left, right, bits[:, number], np.zeros(len(left)))
            for other, overlap in self._overlaps[number]:
                both = self._agrees(number, levels[:, number]) & self._agrees(other, levels[:, other])
                bits[both, number] -= overlap
        names = [comparison.name for comparison in self.model.comparisons]
        labels = [comparison.label for comparison in self.model.comparisons]
        return [
            [(names[i], labels[i](of_pair[i]), round(float(bits[pair, i]), 2)) for i in range(len(names)) if of_pair[i]]
            for pair, of_pair in enumerate(levels.tolist())
        ]

    def steps(self, left: int, right: int) -> list[Step]:
        """The numbers that make one pair's weight, in the order in which `score` adds them up: their sum is the same
        to the last bit. `left` is the lower row, as in `score`."""
        a, b = np.array([left]), np.array([right])
        levels = [int(level) for level in self.comparing.levels(a, b)[0]]
        agrees = [bool(self._agrees(number, np.array([level]))[0]) for number, level in enumerate(levels)]
        steps = [Step("prior", float(self._prior), float(self._prior_relatives))]
        for number, level in enumerate(levels):
            strangers, relatives = float(self._strangers[number][level]), float(self._relatives[number][level])
            steps.append(Step("level", strangers, relatives, number, level))
            rarity = self._rarity[number].get(level)
            code = int(self._values(rarity, a, b)[0]) if rarity is not None else -1
            if rarity is not None and code >= 0:
                place = rarity.places[code]
                frequencies = self._listed[rarity.column][0]
                strangers, relatives = float(rarity.against_strangers[place]), float(rarity.against_relatives[place])
                held = float(frequencies.held[place])
                steps.append(Step("rarity", strangers, relatives, number, level, held=held, among=frequencies.among))
            for other, bits in self._overlaps[number]:
                if agrees[number] and agrees[other]:
                    apart = not self.model.comparisons[number].shared and not self.model.comparisons[other].shared
                    steps.append(Step("overlap", -bits, -bits if apart else 0.0, number, level, other))
        strangers, relatives = sum(step.bits for step in steps), sum(step.relatives for step in steps)
        if np.isfinite(relatives):
            weight = float(-np.logaddexp2(-strangers, -relatives))
            steps.append(Step("relatives", weight - strangers))
        return steps

    def describe(self, levels: Levels) -> pa.Array:
        """Levels in words, per pair: "email:equal surname:close"; what is missing is left out."""
        if len(levels) == 0:
            return pa.array([], pa.string())
        patterns, inverse = distinct_patterns(levels)
        words = [
            " ".join(
                f"{comparison.name}:{comparison.label(int(value))}"
                for comparison, value in zip(self.model.comparisons, pattern, strict=True)
                if value
            )
            for pattern in patterns
        ]
        return pa.DictionaryArray.from_arrays(inverse, pa.array(words, pa.string())).cast(pa.string())


def distinct_patterns(levels: Levels) -> tuple[Levels, npt.NDArray[np.int64]]:
    """The distinct rows of (pairs, comparisons) levels, and for each pair the number of its row."""
    sizes = levels.max(axis=0, initial=0).astype(np.int64) + 1
    if float(np.prod(sizes.astype(np.float64))) > 2.0**62:
        patterns, inverse = np.unique(levels, axis=0, return_inverse=True)
        return patterns, inverse.ravel()
    code = np.zeros(len(levels), np.int64)
    for column, size in zip(levels.T, sizes.tolist(), strict=True):
        code = code * size + column
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return levels[first], inverse.ravel()

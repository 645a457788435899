"""Which records are compared with whom.

In: `Columns` and blocking rules. Out: candidate pairs in chunks, each pair once, left row before right row.
Never here: comparing; nor all candidates at once: a chunk is made, handed out and forgotten.

A block is the records that agree on a rule's keys. A block with more than `block_rows_max` records is narrowed:
its records must agree on a further key as well, and on another, until it is small enough. What no key can part any
more is chopped by lot, which a record's name draws, into parts of about that size. Nothing is skipped silently:
`Blocks` counts what was narrowed and chopped.

Whether two records meet depends on what is in their blocks now, and not on how it came there: `stored` matches a
batch against millions of records and finds the very pairs that are found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import numpy.typing as npt

from custid.engines.local.columns import Columns
from custid.engines.local.groups import Groups, group, joined
from custid.engines.local.several import ALIGNED
from custid.model.spec import BlockingRule

Rows = npt.NDArray[np.int64]

CHUNK_PAIRS = 1 << 19
#: Up to so many records, everybody may be compared with everybody.
EVERYBODY_ROWS_MAX = 2000


@dataclass(frozen=True)
class Blocks:
    """One rule applied to the data.

    `codes`: one array per way a record can meet the rule (a record with two phones has two), equal codes are one
    block, -1 none. `groups`: the blocks, of entries; entry e is record e modulo the number of records.
    `places`: for each of `codes` its place among aligned keys (see `several`). `depths`: per entry how many times
    its block was narrowed, chopping counted as once more.
    `rows_narrowed`, `rows_chopped`: records (counted once for each way) whose block was narrowed or chopped.
    """

    rule: BlockingRule
    codes: tuple[npt.NDArray[np.int32], ...]
    groups: Groups = field(repr=False)
    rows: int
    depths: npt.NDArray[np.int8] = field(repr=False)
    places: tuple[tuple[int, ...], ...] = ((),)
    rows_narrowed: int = 0
    rows_chopped: int = 0

    @property
    def pairs(self) -> int:
        """Pairs this rule yields, before leaving out those that earlier rules yield too."""
        return self.groups.pairs

    def together(self, left: Rows, right: Rows) -> npt.NDArray[np.bool_]:
        """Which pairs this rule yields."""
        out = np.zeros(len(left), bool)
        for a, b in self.meeting:
            code = a[left]
            out |= (code >= 0) & (code == b[right])
        return out

    @property
    def meeting(self) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
        """The codes of every two ways that can have a block in common, a left row's and a right row's."""
        for a, place in zip(self.codes, self.places, strict=True):
            for b, other in zip(self.codes, self.places, strict=True):
                if place == other:
                    yield a, b

    def pairs_at(self, numbers: Rows) -> tuple[Rows, Rows, Rows]:
        """The pairs with these numbers (0 … pairs-1), and the block of each."""
        return self._rows(*self.groups.pairs_at(numbers))

    def chunks(self, size: int) -> Iterator[tuple[Rows, Rows, Rows]]:
        """All pairs, about `size` at a time, and the block of each."""
        for found in self.groups.chunks(size):
            yield self._rows(*found)

    def _rows(self, a: Rows, b: Rows, block: Rows) -> tuple[Rows, Rows, Rows]:
        if len(self.codes) > 1:
            a, b = a % self.rows, b % self.rows
            a, b = np.minimum(a, b), np.maximum(a, b)
        return a, b, block


def key_codes(columns: Columns, key: str) -> list[npt.NDArray[np.int32]]:
    """The codes of a blocking key per row, one array for each column it stands for and each key a value has (see
    `several`); -1 where there is none."""
    name, _, derivation = key.partition("|")
    return [codes for column in columns.expand(name) for codes in column.ways(derivation)]


def _places(columns: Columns, rule: BlockingRule) -> tuple[tuple[int, ...], ...]:
    """For each way of `_ways` its place among aligned keys: ways of different places have no block in common."""
    places = []
    for key in rule.keys:
        name, _, derivation = key.partition("|")
        ways = [range(len(column.ways(derivation))) for column in columns.expand(name)]
        places.append([number if derivation in ALIGNED else 0 for numbers in ways for number in numbers])
    return tuple(product(*places))


def rows_max_of(rule: BlockingRule, block_rows_max: int) -> int:
    """Records a block of this rule may have."""
    return block_rows_max if rule.keys else max(block_rows_max, EVERYBODY_ROWS_MAX)


def narrowing_of(rule: BlockingRule, narrowing: Sequence[str]) -> list[str]:
    """The keys that can narrow this rule's blocks: those of columns it does not ask about already."""
    asked = {column.rstrip("*") for column in rule.columns}
    return [key for key in narrowing if key.split("|")[0].rstrip("*") not in asked]


def lots(sizes: Rows, block_rows_max: int | Rows) -> Rows:
    """Into how many parts blocks of these sizes are chopped, as powers of two: parts are of that size or less on
    average."""
    return np.ceil(np.log2(np.maximum(sizes, 1) / block_rows_max)).astype(np.int64).clip(0)


def lot(name_hashes: npt.NDArray[np.uint64], powers: Rows) -> Rows:
    """The part that a record draws, of 2**power."""
    return np.where(powers > 0, name_hashes >> (64 - np.maximum(powers, 1)).astype(np.uint64), 0).astype(np.int64)


def block(columns: Columns, rule: BlockingRule, narrowing: Sequence[str], block_rows_max: int) -> Blocks:
    """Apply one rule."""
    ways = _ways([key_codes(columns, key) for key in rule.keys]) if rule.keys else [np.zeros(columns.rows, np.int64)]
    block_rows_max = rows_max_of(rule, block_rows_max)
    entries = columns.rows * len(ways)
    groups = group(np.concatenate(ways) if len(ways) > 1 else ways[0] if ways else np.zeros(0, np.int64))
    depths = np.zeros(entries, np.int8)
    narrowed = 0
    further = narrowing_of(rule, narrowing)
    for depth, key in enumerate(further, start=1):
        big = groups.sizes > block_rows_max
        if not big.any():
            break
        codes = key_codes(columns, key)
        wide = groups.take(big)
        narrowed = narrowed or len(wide.members)
        depths[wide.members] = depth
        if codes:  # without the column nobody is parted
            value = codes[0][wide.members % columns.rows].astype(np.int64)
            finer = group(_number(wide) * (int(value.max()) + 2) + value + 1)
            groups = joined(groups.take(~big), Groups(wide.members[finer.members], finer.starts))
    big = groups.sizes > block_rows_max
    chopped = int(groups.sizes[big].sum())
    if chopped:
        wide = groups.take(big)
        depths[wide.members] = len(further) + 1
        powers = np.repeat(lots(wide.sizes, block_rows_max), wide.sizes)
        drawn = lot(columns.name_hashes[wide.members % columns.rows], powers)
        parts = group((_number(wide) << int(powers.max())) + drawn)
        groups = joined(groups.take(~big), Groups(wide.members[parts.members], parts.starts))
    codes_of = groups.numbers(entries)
    by_way = tuple(np.split(codes_of, len(ways))) if ways else ()
    return Blocks(rule, by_way, groups, columns.rows, depths, _places(columns, rule), narrowed, chopped)


def _number(groups: Groups) -> Rows:
    """For each member of groups the number of its group."""
    return np.repeat(np.arange(len(groups.starts) - 1), groups.sizes)


def _ways(keys: list[list[npt.NDArray[np.int32]]]) -> list[npt.NDArray[np.int64]]:
    """The codes of every way to meet a rule: one column for each of its keys. A record that meets one block in two
    ways, holding one value twice, meets it in the first only."""
    sizes = [max((int(codes.max(initial=0)) for codes in key), default=0) + 1 for key in keys]
    ways = [_combine(way, sizes) for way in product(*keys)]
    for number, way in enumerate(ways):
        for earlier in ways[:number]:
            way[way == earlier] = -1
    return ways


def _combine(parts: Sequence[npt.NDArray[np.int32]], sizes: Sequence[int]) -> npt.NDArray[np.int64]:
    """One code for several; -1 where any is missing."""
    combined = parts[0].astype(np.int64)
    for part, size in zip(parts[1:], sizes[1:], strict=True):
        missing = (combined < 0) | (part < 0)
        combined = combined * size + part
        combined[missing] = -1
    return combined


def candidates(blocks: Sequence[Blocks], chunk_pairs: int = CHUNK_PAIRS) -> Iterator[tuple[int, Rows, Rows, int]]:
    """Every candidate pair once: (rule number, left rows, right rows, pairs made before leaving any out)."""
    for number, found in enumerate(blocks):
        for left, right, own in found.chunks(chunk_pairs):
            made = len(left)
            left, right = _first_time(blocks, number, left, right, own)
            yield number, left, right, made


def _first_time(blocks: Sequence[Blocks], number: int, left: Rows, right: Rows, own: Rows) -> tuple[Rows, Rows]:
    """Leave out pairs that an earlier rule yields, and those that this rule yields in another block too."""
    keep = np.ones(len(left), bool)
    found = blocks[number]
    if len(found.codes) > 1:
        # Two records can share several blocks of one rule (both their phones): the lowest one counts.
        for a, b in found.meeting:
            shared = a[left]
            keep &= ~((shared == b[right]) & (shared >= 0) & (shared < own))
    for earlier in blocks[:number]:
        keep[keep] = ~earlier.together(left[keep], right[keep])
    return left[keep], right[keep]


# --- choosing rules ----------------------------------------------------------------------------------------

#: How often matches agree on a key that both have, where errors are frequent: deliberately pessimistic, so that
#: rules are chosen that back each other up. Keys of one column fail together, finer ones first.
_AGREEMENT = {
    "": 0.75, "sound": 0.82, "year": 0.88, "month_day": 0.80, "first": 0.85, "last": 0.80, "words": 0.90, "grams": 0.90,
    "initials": 0.90,
}  # fmt: skip
#: The share of matches one of which is abbreviated, where abbreviations are looked for.
_ABBREVIATED = 0.04
_SAME_LUCK = {"company_words": "company_latin"}
#: What the budget leaves is spent on matches that agree even less: the rates above to these powers.
_PESSIMISM = (1.0, 2.0, 3.0)
_SIMULATED_MATCHES = 100_000
#: The least number of simulated matches a rule must add.
_GAIN_MIN = 100
_SAMPLE_ROWS = 20_000


@dataclass(frozen=True)
class Choice:
    """The rules chosen, in order, with what they are expected to cost and reach.

    `pairs`: candidate pairs per rule, estimated; `coverage`: share of matches that the rules up to and including
    this one are expected to bring together.
    """

    rules: tuple[BlockingRule, ...]
    pairs: tuple[int, ...]
    coverage: tuple[float, ...]


def choose_rules(
    columns: Columns,
    rules: Iterable[BlockingRule],
    *,
    pairs_max: int,
    narrowing: Sequence[str],
    block_rows_max: int,
) -> Choice:
    """Choose among `rules` those that together reach most matches within a budget of `pairs_max` candidates.

    Costs are counted on a sample of rows. What a rule reaches is worked out on simulated matches that agree on each
    column with the pessimistic rates above and lack values as often as the data does. Greedy: again and again the
    rule that reaches most further matches for its cost.
    """
    sample = np.sort(np.random.default_rng(0).choice(columns.rows, min(columns.rows, _SAMPLE_ROWS), replace=False))
    offered = [(rule, _cost(columns, rule, sample, block_rows_max)) for rule in rules]
    filled = {key: _filled(columns, key) for rule, _ in offered for key in rule.keys}
    chosen: list[tuple[BlockingRule, int]] = []
    coverage: list[float] = []
    for power in _PESSIMISM:
        reaches = _Simulation(filled, power)
        reached = np.zeros(_SIMULATED_MATCHES, bool)
        for rule, _ in chosen:
            reached |= reaches(rule)
        useful = offered
        while True:
            left = pairs_max - sum(pairs for _, pairs in chosen)
            gains = [(int(np.count_nonzero(reaches(rule) > reached)), rule, pairs) for rule, pairs in useful]
            # What adds too little, or costs too much, will not do better later.
            gains = [found for found in gains if found[0] >= _GAIN_MIN and found[2] <= left]
            if not gains:
                break
            useful = [(rule, pairs) for _, rule, pairs in gains]
            _, rule, pairs = max(gains, key=lambda found: found[0] / (found[2] + columns.rows / 10))
            reached |= reaches(rule)
            chosen.append((rule, pairs))
            if power == _PESSIMISM[0]:
                coverage.append(float(reached.mean()))
        coverage += [coverage[-1] if coverage else 0.0] * (len(chosen) - len(coverage))
    return Choice(tuple(rule for rule, _ in chosen), tuple(pairs for _, pairs in chosen), tuple(coverage))


def _cost(columns: Columns, rule: BlockingRule, sample: Rows, block_rows_max: int) -> int:
    """Candidate pairs of a rule, estimated from a sample of rows. Where a rule can be met with several columns, the
    first stands for all."""
    scale = (columns.rows / max(1, len(sample))) ** 2
    if not rule.keys:
        return columns.rows * (columns.rows - 1) // 2
    firsts = [(columns.expand(name)[:1], derivation) for name, _, derivation in (k.partition("|") for k in rule.keys)]
    ways = _ways([[c[sample] for column in found for c in column.ways(derivation)] for found, derivation in firsts])
    counts = group(np.concatenate(ways)).sizes if ways else np.zeros(0, np.int64)
    # A block that is too large is narrowed: each of its records then meets at most so many others.
    return int((np.minimum(counts - 1, block_rows_max) * counts / 2).sum() * scale)


def _filled(columns: Columns, key: str) -> float:
    found = key_codes(columns, key)
    return float(np.mean(np.logical_or.reduce([codes >= 0 for codes in found]))) if found and columns.rows else 0.0


class _Simulation:
    """Simulated matches: which of them a rule brings together."""

    def __init__(self, filled: dict[str, float], power: float) -> None:
        # Each column has draws of its own, so that one more column does not change what befalls the others.
        luck = {name: _draws(name, 2) for name in {_base(key) for key in filled}}
        shortened = {_field(key): _draws(key, 1)[0] < _ABBREVIATED for key in filled if key.endswith("|initials")}
        self._agrees = {}
        for key, share in filled.items():
            derivation = key.partition("|")[2].rstrip("0123456789")
            rate = _AGREEMENT.get(derivation, _AGREEMENT[""]) ** power
            right, there = luck[_base(key)]
            self._agrees[key] = (right < rate) & (there < share**2)
            if _field(key) in shortened:
                # What is abbreviated has initials in common, and no other key.
                self._agrees[key] &= shortened[_field(key)] == (derivation == "initials")
        self._reached: dict[BlockingRule, npt.NDArray[np.bool_]] = {}

    def __call__(self, rule: BlockingRule) -> npt.NDArray[np.bool_]:
        if rule not in self._reached:
            agrees = [self._agrees[key] for key in rule.keys] or [np.ones(_SIMULATED_MATCHES, bool)]
            self._reached[rule] = np.logical_and.reduce(agrees)
        return self._reached[rule]


def _draws(name: str, times: int) -> npt.NDArray[np.float64]:
    """Numbers from 0 to 1 for each simulated match, `times` over; always the same for one name."""
    return np.random.default_rng(list(name.encode())).random((times, _SIMULATED_MATCHES))


def _field(key: str) -> str:
    """The field that a key's column is made from, near enough: company of company_words."""
    return key.partition("|")[0].rstrip("*").partition("_")[0]


def _base(key: str) -> str:
    """What fails together: the keys of one column and of those made of the same; but what is abbreviated, and what is
    misspelt though written alike, is another matter."""
    name, _, derivation = key.partition("|")
    return key if derivation in ("initials", "grams") else _SAME_LUCK.get(name.rstrip("*"), name.rstrip("*"))

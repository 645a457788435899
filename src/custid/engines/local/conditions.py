"""Which pairs a condition holds for: the kernels of matching.

In: `Columns`, pairs as two arrays of row numbers, a `Condition`. Out: one bool per pair.
Never here: levels, weights, or Python work per pair; strings go to RapidFuzz in bulk, and only those pairs whose
lengths and character bags leave the threshold within reach. Those bounds are lossless: they change no result.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from custid.engines.local.columns import Column, Columns, Dictionary, Mask
from custid.model.spec import Condition

Rows = npt.NDArray[np.int64]


class Pairs:
    """A chunk of candidate pairs: row numbers of `columns`, left and right."""

    def __init__(self, columns: Columns, left: Rows, right: Rows) -> None:
        self.columns = columns
        self.left = left
        self.right = right

    def __len__(self) -> int:
        return len(self.left)

    def codes(self, left: Column, right: Column) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The values of `left` on the left side and of `right` on the right side."""
        return left.codes[self.left], right.codes[self.right]


def present(pairs: Pairs, names: tuple[str, ...]) -> Mask:
    """Pairs where one of the columns has a value on both sides."""
    found = np.zeros(len(pairs), bool)
    for name in names:
        left, right = (
            [column.codes[rows] >= 0 for column in pairs.columns.expand(name)] for rows in (pairs.left, pairs.right)
        )
        if left:
            found |= np.logical_or.reduce(left) & np.logical_or.reduce(right)
    return found


def holds(pairs: Pairs, condition: Condition, at: Rows) -> Mask:
    """Whether `condition` holds, for the pairs at these positions."""
    if condition.test == "swapped":
        first, second = (pairs.columns[name] for name in condition.columns)
        return _swapped(first, second, pairs.left[at], pairs.right[at])
    columns = pairs.columns.expand(condition.columns[0])
    test = _TESTS[condition.test]
    out = np.zeros(len(at), bool)
    for left in columns:
        for right in columns:
            a, b = left.codes[pairs.left[at]], right.codes[pairs.right[at]]
            rest = np.flatnonzero((a >= 0) & (b >= 0) & ~out)
            out[rest] = test(left.dictionary, a[rest], b[rest], condition.number)
    return out


def _swapped(first: Column, second: Column, left: Rows, right: Rows) -> Mask:
    a1, a2, b1, b2 = first.codes[left], second.codes[left], first.codes[right], second.codes[right]
    return (a1 >= 0) & (a2 >= 0) & (a1 == b2) & (a2 == b1)


Values = npt.NDArray[np.int32]
#: (dictionary, left values, right values, number) → where it holds; no value is missing.
Test = Callable[[Dictionary, Values, Values, float], Mask]


def _equal(_: Dictionary, a: Values, b: Values, __: float) -> Mask:
    return a == b


def common_characters_max(values: Dictionary, a: Values, b: Values) -> npt.NDArray[np.int32]:
    """An upper bound of how many characters two values can have in common, counted with repetition."""
    once, twice, unheld = values.bags
    held = np.bitwise_count(once[a] & once[b]).astype(np.int32)
    held += np.bitwise_count(twice[a] & twice[b])
    return held + np.minimum(unheld[a], unheld[b])


def _jaro_winkler(values: Dictionary, a: Values, b: Values, at_least: float) -> Mask:
    from rapidfuzz.distance import JaroWinkler
    from rapidfuzz.process import cpdist

    out = a == b
    at = np.flatnonzero(~out)
    x, y = a[at], b[at]
    length_x, length_y = values.lengths[x], values.lengths[y]
    common = np.minimum(common_characters_max(values, x, y), np.minimum(length_x, length_y))
    # Jaro is at most (m/|x| + m/|y| + 1) / 3 for m common characters; Winkler lifts it by a tenth of what is
    # lacking for each of up to four equal first characters.
    jaro_max = (common / length_x + common / length_y + 1.0) / 3.0
    within = (common > 0) & (jaro_max + 0.1 * _same_prefix(values, x, y) * (1.0 - jaro_max) >= at_least - 1e-6)
    at, x, y = at[within], x[within], y[within]
    if len(at):
        scores = cpdist(
            values.values[x],
            values.values[y],
            scorer=JaroWinkler.similarity,
            score_cutoff=at_least,
            dtype=np.float64,
        )
        out[at] = scores >= at_least
    return out


def _same_prefix(values: Dictionary, a: Values, b: Values) -> npt.NDArray[np.int8]:
    """How many of the first four characters are equal before one differs, at most."""
    differ = values.prefixes[a] ^ values.prefixes[b]
    same = (differ == 0).astype(np.int8)
    for bits in (16, 32, 48):
        same += (differ & np.uint64((1 << bits) - 1)) == 0
    return same


def _edits(values: Dictionary, a: Values, b: Values, at_most: float) -> Mask:
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cpdist

    limit = int(at_most)
    out = a == b
    at = np.flatnonzero(~out)
    x, y = a[at], b[at]
    longer = np.maximum(values.lengths[x], values.lengths[y])
    # One edit changes the multiset of characters by one, and what is short has no room for an error.
    within = (longer - common_characters_max(values, x, y) <= limit) & (
        np.minimum(values.lengths[x], values.lengths[y]) >= 4
    )
    at, x, y = at[within], x[within], y[within]
    if len(at):
        distances = cpdist(values.values[x], values.values[y], scorer=OSA.distance, score_cutoff=limit, dtype=np.int32)
        out[at] = distances <= limit
    return out


def _common_words(values: Dictionary, a: Values, b: Values) -> npt.NDArray[np.int64]:
    """How many distinct words two values share."""
    flat, offsets = values.words
    counts = values.word_counts
    # Every (pair, word of either side) as one number; a word that both sides have then stands twice.
    pair = np.concatenate([np.repeat(np.arange(len(a)), counts[side]) for side in (a, b)])
    word = np.concatenate([flat[_ranges(offsets[side], counts[side])] for side in (a, b)])
    key = np.sort(pair * (len(flat) + 1) + word)
    twice = key[1:][key[1:] == key[:-1]] // (len(flat) + 1)
    return np.bincount(twice, minlength=len(a))


def _ranges(starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """start, start+1, …, start+count-1 of each, one after the other."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - counts, counts) + np.repeat(starts, counts)


def _tokens(values: Dictionary, a: Values, b: Values, at_least: float) -> Mask:
    out = a == b
    at = np.flatnonzero(~out)
    x, y = a[at], b[at]
    few, many = (side(values.word_counts[x], values.word_counts[y]) for side in (np.minimum, np.maximum))
    within = few >= at_least * many  # the Jaccard index is at most few/many
    at, x, y = at[within], x[within], y[within]
    if len(at):
        common = _common_words(values, x, y)
        union = values.word_counts[x] + values.word_counts[y] - common
        out[at] = (common > 0) & (common >= at_least * union - 1e-9)
    return out


def _contained(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    out = a == b
    at = np.flatnonzero(~out)
    x, y = a[at], b[at]
    if len(at):
        fewer = np.minimum(values.word_counts[x], values.word_counts[y])
        out[at] = (fewer > 0) & (_common_words(values, x, y) == fewer)
    return out


def _initial(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    one = np.minimum(values.lengths[a], values.lengths[b]) == 1
    return one & (values.chars[a, 0] == values.chars[b, 0])


def _begins(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    shorter = np.minimum(values.lengths[a], values.lengths[b])
    out = a == b
    at = np.flatnonzero((shorter >= 3) & (shorter <= values.chars.shape[1]))
    x, y = values.chars[a[at]], values.chars[b[at]]
    same = (x == y) | (np.arange(x.shape[1]) >= shorter[at, None])
    out[at] |= same.all(axis=1)
    return out


def _same_end(values: Dictionary, a: Values, b: Values, at_least: float) -> Mask:
    ends = values.derived(f"last{int(at_least)}")
    return (ends[a] >= 0) & (ends[a] == ends[b])


def _full_dates(values: Dictionary, a: Values, b: Values) -> Mask:
    return (values.digits[a, 0] != 255) & (values.digits[b, 0] != 255)


_JANUARY_1 = np.array([0, 1, 0, 1], np.uint8)


def _digits_off(values: Dictionary, a: Values, b: Values, at_most: float) -> Mask:
    x, y = values.digits[a], values.digits[b]
    differs = x != y
    off = differs.sum(axis=1)
    # Two neighbours exchanged are one slip of the hand.
    exchanged = (x[:, :-1] == y[:, 1:]) & (x[:, 1:] == y[:, :-1]) & differs[:, :-1] & differs[:, 1:]
    off = np.where((off == 2) & exchanged.any(axis=1), 1, off)
    # The first of January is what systems put where only the year is known: two of them say nothing about days.
    placeholders = (x[:, 4:] == _JANUARY_1).all(axis=1) & (y[:, 4:] == _JANUARY_1).all(axis=1)
    return _full_dates(values, a, b) & (off <= at_most) & (~placeholders | (off == 0))


def _day_month_swapped(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    x, y = values.digits[a], values.digits[b]
    swapped = y[:, [0, 1, 2, 3, 6, 7, 4, 5]]
    return _full_dates(values, a, b) & np.all(x == swapped, axis=1)


def _same_year(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    years = values.chars[:, :4]
    return np.all(years[a] == years[b], axis=1)


def _same_month_day(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    x, y = values.digits[a, 4:], values.digits[b, 4:]
    return _full_dates(values, a, b) & np.all(x == y, axis=1)


_TESTS: dict[str, Test] = {
    "equal": _equal,
    "jaro_winkler": _jaro_winkler,
    "edits": _edits,
    "tokens": _tokens,
    "contained": _contained,
    "initial": _initial,
    "begins": _begins,
    "same_end": _same_end,
    "digits_off": _digits_off,
    "day_month_swapped": _day_month_swapped,
    "same_year": _same_year,
    "same_month_day": _same_month_day,
}

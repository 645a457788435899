"""Which pairs a condition holds for: the kernels of matching.

In: `Columns`, pairs as two arrays of row numbers, a `Condition`. Out: one bool per pair.
Never here: levels, weights, or Python work per pair; strings go to RapidFuzz in bulk, and only those pairs whose
lengths and character bags leave the threshold within reach. Those bounds are lossless: they change no result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.columns import _BIT, BAG_CHARS, Column, Columns, Dictionary, Mask, _ascii
from custid.model.spec import Condition
from custid.standardize import chinese, nicknames

Rows = npt.NDArray[np.int64]
Values = npt.NDArray[np.int32]
T = TypeVar("T")


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
    """Pairs where one of the columns has a value on both sides; or, of two columns "a,b", one side has no b, and an a
    to set against the other side's b."""
    found = np.zeros(len(pairs), bool)
    for name in names:
        if "," in name:
            first, second = (pairs.columns[part] for part in name.split(","))
            for one, other in ((pairs.left, pairs.right), (pairs.right, pairs.left)):
                found |= (first.codes[one] >= 0) & (second.codes[one] < 0) & (second.codes[other] >= 0)
            continue
        left, right = (
            [column.codes[rows] >= 0 for column in pairs.columns.expand(name)] for rows in (pairs.left, pairs.right)
        )
        if left:
            found |= np.logical_or.reduce(left) & np.logical_or.reduce(right)
    return found


def holds(pairs: Pairs, condition: Condition, at: Rows) -> Mask:
    """Whether `condition` holds, for the pairs at these positions."""
    if condition.test in _ACROSS:
        found = [pairs.columns[name] for name in condition.columns]
        return _ACROSS[condition.test](found, pairs.left[at], pairs.right[at])
    columns = pairs.columns.expand(condition.columns[0])
    test = _TESTS[condition.test]
    out = np.zeros(len(at), bool)
    for left in columns:
        for right in columns:
            a, b = left.codes[pairs.left[at]], right.codes[pairs.right[at]]
            rest = np.flatnonzero((a >= 0) & (b >= 0) & ~out)
            out[rest] = test(left.dictionary, a[rest], b[rest], condition.number)
    return out


#: What kernels have worked out of the values of a dictionary.
_WORKED_OUT: WeakKeyDictionary[Dictionary, dict[Any, Any]] = WeakKeyDictionary()


def _once(values: Dictionary, name: Any, work_out: Callable[[], T]) -> T:
    """What `work_out` says of the values, the first time it was asked."""
    known = _WORKED_OUT.setdefault(values, {})
    if name not in known:
        known[name] = work_out()
    found: T = known[name]
    return found


def _codes_in(values: Dictionary, other: Dictionary) -> Values:
    """The code that each of `values` has in another dictionary; -1 for none."""
    if values is other:
        return np.append(np.arange(len(values) - 1), -1).astype(np.int32)

    def look_up() -> Values:
        found = pc.index_in(pa.array(values.values[:-1], pa.string()), pa.array(other.values[:-1], pa.string()))
        return np.append(found.fill_null(-1).to_numpy(zero_copy_only=False), -1).astype(np.int32)

    return _once(values, ("codes in", ref(other)), look_up)


def _swapped(columns: list[Column], left: Rows, right: Rows) -> Mask:
    """Each side's first is the other's second, one of the two perhaps misspelt; or, with a third column, all words of
    a name in one order, that one is equal: what happens to a name with a middle name."""
    first, second = columns[:2]
    a1, a2, b1, b2 = first.codes[left], second.codes[left], first.codes[right], second.codes[right]
    out = np.zeros(len(left), bool)
    at = np.flatnonzero((a1 >= 0) & (a2 >= 0) & (b1 >= 0) & (b2 >= 0))
    one, other = a1[at] == b2[at], a2[at] == b1[at]
    out[at] = one & other
    for same, x, y in ((one & ~other, a2, b1), (other & ~one, a1, b2)):
        rest = at[same]
        out[rest] = _close(first.dictionary, x[rest], y[rest])
    if len(columns) > 2:
        a, b = columns[2].codes[left], columns[2].codes[right]
        rest = at[~out[at]]
        out[rest] = (a[rest] >= 0) & (a[rest] == b[rest]) & (a1[rest] != b1[rest]) & (a2[rest] != b2[rest])
    return out


def _close(values: Dictionary, a: Values, b: Values) -> Mask:
    return (np.minimum(values.lengths[a], values.lengths[b]) >= 4) & _jaro_winkler(values, a, b, 0.92)


def _crossed(columns: list[Column], left: Rows, right: Rows) -> Mask:
    """One side's first is the other's second."""
    first, second = columns
    out = np.zeros(len(left), bool)
    into = _codes_in(first.dictionary, second.dictionary)
    for one, other in ((left, right), (right, left)):
        code = into[first.codes[one]]
        out |= (code >= 0) & (code == second.codes[other])
    return out


_NOT_LETTERS = re.compile(r"[\W\d_]+")
#: 小平, 阿平, A平, 平哥, 平平 are what 华平 is called.
_ENDEARED = re.compile(r"^(?:[小阿老大a]?([㐀-鿿])\1?|([㐀-鿿])\2?[哥姐儿])$")


def called(value: str) -> str:
    """What a nickname says of a name: its letters alone, 汉字 in pinyin, without what endears, `BAG_CHARS` at most.

    >>> called("强鹏 88"), called("小平"), called("平平"), called("sunny_ann")
    ('qiangpeng', 'ping', 'ping', 'sunnyann')
    """
    letters = _NOT_LETTERS.sub("", value)
    if not letters.isascii():
        if found := _ENDEARED.match(letters):
            letters = found[1] or found[2]
        letters = chinese.pinyin(letters)
    return letters[:BAG_CHARS]


def _letters(values: Dictionary) -> Dictionary:
    return _once(values, "letters", lambda: Dictionary(np.array([called(v) for v in values.values[:-1]], object)))


def _names(columns: list[Column], left: Rows, right: Rows) -> Mask:
    """One side's first names the other's second: its letters (see `called`) hold it, or begin or end it, or it is a
    form of that name. Less than three letters say nothing."""
    first, second = columns
    out = np.zeros(len(left), bool)
    for one, other in ((left, right), (right, left)):
        a, b = first.codes[one], second.codes[other]
        at = np.flatnonzero((a >= 0) & (b >= 0) & ~out)
        a, b = a[at], b[at]
        forms = nicknames.given_names()
        related = forms.related[_numbers(first.dictionary, forms)[a], _numbers(second.dictionary, forms)[b]]
        said, name = _letters(first.dictionary), _letters(second.dictionary)
        out[at] = related | _holds_letters(said, a, name, b) | _ends_letters(said, a, name, b)
    return out


def _holds_letters(said: Dictionary, a: Values, name: Dictionary, b: Values) -> Mask:
    out = np.zeros(len(a), bool)
    within = (name.lengths[b] >= 3) & (name.lengths[b] <= said.lengths[a])
    # What holds a name holds each of its letters.
    within &= (name.bags[0][b] & ~said.bags[0][a]) == 0
    at = np.flatnonzero(within)
    if len(at):
        out[at] = np.strings.find(said.values[a[at]].astype(str), name.values[b[at]].astype(str)) >= 0
    return out


def _ends_letters(said: Dictionary, a: Values, name: Dictionary, b: Values) -> Mask:
    out = np.zeros(len(a), bool)
    within = (said.lengths[a] >= 3) & (said.lengths[a] <= name.lengths[b])
    within &= (said.bags[0][a] & ~name.bags[0][b]) == 0
    at = np.flatnonzero(within)
    if len(at):
        whole, part = name.values[b[at]].astype(str), said.values[a[at]].astype(str)
        out[at] = np.strings.startswith(whole, part) | np.strings.endswith(whole, part)
    return out


#: Tests on several columns: (columns, left rows, right rows) → where it holds.
_ACROSS: dict[str, Callable[[list[Column], Rows, Rows], Mask]] = {
    "swapped": _swapped,
    "crossed": _crossed,
    "names": _names,
}

#: (dictionary, left values, right values, number) → where it holds; no value is missing.
Test = Callable[[Dictionary, Values, Values, float], Mask]


def _equal(_: Dictionary, a: Values, b: Values, __: float) -> Mask:
    return a == b


def _true(values: Dictionary, a: Values, b: Values, __: float) -> Mask:
    said = values.values == "true"
    return said[a] & said[b]


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
            values.strings(x),
            values.strings(y),
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
        distances = cpdist(
            values.strings(x), values.strings(y), scorer=OSA.distance, score_cutoff=limit, dtype=np.int32
        )
        out[at] = distances <= limit
    return out


def _common_words(values: Dictionary, a: Values, b: Values) -> npt.NDArray[np.int64]:
    """How many distinct words two values share."""
    return np.bincount(_words_in_common(values, a, b)[0], minlength=len(a))


def _words_in_common(values: Dictionary, a: Values, b: Values) -> tuple[Rows, Rows]:
    """The distinct words two values share, as (pair, word), pair by pair."""
    flat, offsets = values.words
    counts = values.word_counts
    # Every (pair, word of either side) as one number; a word that both sides have then stands twice.
    pair = np.concatenate([np.repeat(np.arange(len(a)), counts[side]) for side in (a, b)])
    word = np.concatenate([flat[_ranges(offsets[side], counts[side])] for side in (a, b)])
    key = np.sort(pair * (len(flat) + 1) + word)
    twice = key[1:][key[1:] == key[:-1]]
    return twice // (len(flat) + 1), twice % (len(flat) + 1)


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


#: The bits of characters that part words.
_SPACES = np.bitwise_or.reduce(_BIT[_ascii(np.array([c for c in range(0x3001) if chr(c).isspace()], np.uint32))])


def _contained(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    out = a == b
    at = np.flatnonzero(~out)
    x, y = a[at], b[at]
    # What has all the words of another has each of its letters.
    less = values.word_counts[x] <= values.word_counts[y]
    fewer, more = np.where(less, x, y), np.where(less, y, x)
    within = (values.bags[0][fewer] & ~(values.bags[0][more] | _SPACES)) == 0
    within |= values.lengths[more] > BAG_CHARS
    at, x, y = at[within], x[within], y[within]
    if len(at):
        fewer = np.minimum(values.word_counts[x], values.word_counts[y])
        out[at] = (fewer > 0) & (_common_words(values, x, y) == fewer)
    return out


def _rare_words(values: Dictionary, a: Values, b: Values, at_least: float) -> Mask:
    out = a == b
    at = np.flatnonzero(~out)
    x, y = a[at], b[at]
    few, many = (side(values.bits[x], values.bits[y]) for side in (np.minimum, np.maximum))
    within = few >= at_least * many - 1e-9  # shared bits are at most those of the lighter value
    at, x, y = at[within], x[within], y[within]
    if len(at):
        pair, word = _words_in_common(values, x, y)
        shared = np.bincount(pair, weights=values.word_bits[word], minlength=len(at))
        out[at] = (shared > 0) & (shared >= at_least * (values.bits[x] + values.bits[y] - shared) - 1e-9)
    return out


def _shared_by(values: Dictionary, a: Values, b: Values, at_most: float) -> Mask:
    pair, word = _words_in_common(values, a, b)
    out = np.zeros(len(a), bool)
    out[pair[values.word_holders[word] <= at_most]] = True
    return out


def _acronym(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    # One of the two is a single word: the initials of two long names say little.
    out = np.zeros(len(a), bool)
    at = np.flatnonzero((values.word_counts[a] == 1) != (values.word_counts[b] == 1))
    for left in values.several("initials").codes:
        for right in values.several("initials").codes:
            out[at] |= (left[a[at]] >= 0) & (left[a[at]] == right[b[at]])
    return out


def _same_numbers(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    found = values.derived("numbers")
    return found[a] == found[b]


#: Letters apart, or two or three together that cannot be spoken: "j", "j r", "jr".
_INITIALS = re.compile(r"\S(?: \S)*|[bcdfghjklmnpqrstvwxz]{2,3}")


def _initials(values: Dictionary) -> tuple[Mask, Dictionary]:
    """Which values are initials and nothing else, and the first letters of the words of each."""

    def work_out() -> tuple[Mask, Dictionary]:
        alone = np.array([_INITIALS.fullmatch(value) is not None for value in values.values], bool)
        firsts = [
            value.replace(" ", "") if only else "".join(word[0] for word in value.split())
            for value, only in zip(values.values[:-1], alone[:-1], strict=True)
        ]
        return alone, Dictionary(np.array(firsts, object))

    return _once(values, "initials", work_out)


def _initial(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    alone, firsts = _initials(values)
    lengths = np.minimum(firsts.lengths[a], firsts.lengths[b])
    out = (alone[a] | alone[b]) & (lengths > 0)
    at = np.flatnonzero(out)
    x, y = firsts.chars[a[at]], firsts.chars[b[at]]
    out[at] = ((x == y) | (np.arange(x.shape[1]) >= lengths[at, None])).all(axis=1)
    return out


def _numbers(values: Dictionary, forms: nicknames.Forms) -> Values:
    return _once(
        values,
        id(forms),
        lambda: np.fromiter(map(forms.number, values.values), np.int32, len(values)),
    )


def _nickname(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    forms = nicknames.given_names()
    numbers = _numbers(values, forms)
    return (a == b) | forms.related[numbers[a], numbers[b]]


def _romanized(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    forms = nicknames.surnames()
    numbers = _numbers(values, forms)
    return (a == b) | forms.related[numbers[a], numbers[b]]


def _sounds(values: Dictionary) -> Values:
    """A number for how each value sounds, by Metaphone over all its words at once; -1 for pinyin, whose sounds it does
    not know, and where less than two consonants are left, which is true of too many names."""

    def work_out() -> Values:
        import jellyfish

        numbers: dict[str, int] = {}
        out = np.full(len(values), -1, np.int32)
        for i, value in enumerate(values.values):
            word = value.replace(" ", "")
            if len(word) > 3 and word.isascii() and word.isalpha() and not chinese.syllables(word):
                heard = jellyfish.metaphone(word)
                if len(heard) > 1:
                    out[i] = numbers.setdefault(heard, len(numbers))
        return out

    return _once(values, "sounds", work_out)


def _sounds_alike(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    sounds = _sounds(values)
    return (a == b) | ((sounds[a] >= 0) & (sounds[a] == sounds[b]))


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


def _within(values: Dictionary, a: Values, b: Values, at_most: float) -> Mask:
    def work_out() -> npt.NDArray[np.float64]:
        return np.array([_number(value) for value in values.values])

    numbers = _once(values, "numbers", work_out)
    return np.abs(numbers[a] - numbers[b]) <= at_most  # nan, for what is no number, is near nothing


def _number(value: str) -> float:
    try:
        return float(value.replace(",", ""))
    except ValueError:
        return np.nan


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
    years = values.prefixes
    return years[a] == years[b]


def _same_month_day(values: Dictionary, a: Values, b: Values, _: float) -> Mask:
    x, y = values.digits[a, 4:], values.digits[b, 4:]
    return _full_dates(values, a, b) & np.all(x == y, axis=1)


_TESTS: dict[str, Test] = {
    "equal": _equal,
    "true": _true,
    "jaro_winkler": _jaro_winkler,
    "edits": _edits,
    "tokens": _tokens,
    "contained": _contained,
    "rare_words": _rare_words,
    "shared_by": _shared_by,
    "acronym": _acronym,
    "same_numbers": _same_numbers,
    "initial": _initial,
    "nickname": _nickname,
    "romanized": _romanized,
    "sounds_alike": _sounds_alike,
    "begins": _begins,
    "within": _within,
    "same_end": _same_end,
    "digits_off": _digits_off,
    "day_month_swapped": _day_month_swapped,
    "same_year": _same_year,
    "same_month_day": _same_month_day,
}

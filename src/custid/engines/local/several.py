"""Keys of which a value has several: its rarest words, sketches of its letters, its initials.

In: the distinct values of a column. Out: `Keys`. Never here: rows or pairs.

Two values meet where they have any key in common. The keys of `grams` are aligned: only the third of one can equal
the third of another; the keys of the others stand in no order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.engines.local.hashing import Hashes, hashes, mixed
from custid.standardize.text import words

if TYPE_CHECKING:
    from custid.engines.local.columns import Dictionary

Codes = npt.NDArray[np.int32]

#: Rarest words that are keys, at most. Of words that more values than WORD_VALUES_MAX hold, only the rarest is one:
#: blocks of common words are large and tell little.
WORDS_MAX = 4
WORD_VALUES_MAX = 100
#: A sketch has so many bands of so many hashes. Two values whose 3-grams overlap by a share s (Jaccard) have a band
#: in common with probability 1 - (1 - s**3)**8: 0.9 for s = 0.63, 0.5 for s = 0.44, 0.01 for s = 0.1.
BANDS = 8
BAND_HASHES = 3
#: Values sketched at a time.
_CHUNK = 1 << 14


@dataclass(frozen=True)
class Keys:
    """`codes`: one array for each key a value may have; -1 where it has fewer. `numbers`: what each code stands for, as
    a number that is the same in every dictionary (see `hashing`)."""

    codes: list[Codes]
    numbers: Hashes


def rarest_words(dictionary: Dictionary) -> Keys:
    """Each value's rarest words: a word is the rarer, the fewer distinct values hold it (see `Dictionary`). Words that
    nothing else is known to hold come last, as they bring hardly anybody together but equals."""
    flat, offsets = dictionary.words
    counts = np.diff(offsets)
    if not len(flat):
        return Keys([np.full(len(dictionary), -1, np.int32)], np.zeros(0, np.uint64))
    holders = dictionary.word_holders[flat]
    value = np.repeat(np.arange(len(counts)), counts)
    # By their hashes where they are as rare: which are keys must not depend on how a dictionary numbers them.
    order = np.lexsort((dictionary.word_hashes[flat], holders, holders < 2, value))
    rank = np.arange(len(flat)) - np.repeat(offsets[:-1], counts)
    word, value = flat[order], value[order]
    keep = (rank == 0) | ((rank < WORDS_MAX) & (holders[order] <= WORD_VALUES_MAX))
    out = []
    for number in range(WORDS_MAX):
        codes = np.full(len(dictionary), -1, np.int32)
        at = keep & (rank == number)
        codes[value[at]] = word[at]
        out.append(codes)
    return Keys(out, dictionary.word_hashes)


def sketches(dictionary: Dictionary) -> Keys:
    """MinHash of character 3-grams in bands (Broder 1997; Indyk and Motwani 1998): values that are written alike
    have a band in common. Hashes are fixed, so that a value always has the same sketch."""
    rng = np.random.default_rng(20_240_229)
    odd = rng.integers(0, 1 << 63, BANDS * BAND_HASHES, np.uint64) * np.uint64(2) + np.uint64(1)
    shift = rng.integers(0, 1 << 63, BANDS * BAND_HASHES, np.uint64)
    bands = np.zeros((BANDS, len(dictionary)), np.uint64)
    width = dictionary.chars.shape[1]
    for start in range(0, len(dictionary), _CHUNK):
        chars = dictionary.chars[start : start + _CHUNK]
        lengths = np.minimum(dictionary.lengths[start : start + _CHUNK], width)
        grams = _grams(chars, lengths)
        there = np.arange(grams.shape[1]) < (lengths + 2)[:, None]
        for number in range(BANDS * BAND_HASHES):
            hashed = np.where(there, grams * odd[number] + shift[number], np.uint64(0xFFFFFFFFFFFFFFFF))
            band = bands[number // BAND_HASHES, start : start + _CHUNK]
            band[:] = mixed(band ^ hashed.min(axis=1))
    out = []
    numbers = [np.zeros(0, np.uint64)]
    numbered = 0
    for place, band in enumerate(bands, start=1):
        found, code = np.unique(band, return_inverse=True)
        # Codes of one band are no other's, so that equal codes are equal bands.
        codes = (code + numbered).astype(np.int32)
        codes[dictionary.lengths == 0] = -1
        out.append(codes)
        numbers.append(mixed(found + np.uint64(place)))
        numbered += len(found)
    return Keys(out, np.concatenate(numbers))


def _grams(chars: npt.NDArray[np.uint32], lengths: npt.NDArray[np.int32]) -> Hashes:
    """A hash of every three characters in a row, beginning and end marked twice: (values, width + 2)."""
    rows, width = chars.shape
    padded = np.zeros((rows, width + 4), np.uint64)
    padded[:, 2:-2] = chars
    padded[:, :2] = 1
    at = np.arange(rows)
    for offset in (2, 3):
        padded[at, lengths + offset] = 1
    first, second = padded[:, :-2] * np.uint64(1 << 42), padded[:, 1:-1] * np.uint64(1 << 21)
    return mixed(first + second + padded[:, 2:])


_SHORT = re.compile(r"[a-z]{3,8}")
_SMALL = frozenset(
    words("the of and for at in on by to a an de du des del della di da do la le les el los y et und der")
)


def initials_of(value: str) -> tuple[str, ...]:
    """What `value` may be shortened to: its initials, with small words and without; itself where it is short.

    >>> initials_of("bank of yokohama"), initials_of("ibm"), initials_of("acme trading")
    (('boy',), ('ibm',), ())
    >>> initials_of("food and drug administration office")
    ('fadao', 'fdao')
    """
    parts = value.split()
    if len(parts) == 1:
        return (value,) if _SHORT.fullmatch(value) else ()
    if not value.isascii():
        return ()
    found = {
        "".join(word[0] for word in parts),
        "".join(word[0] for word in parts if word not in _SMALL),
    }
    return tuple(sorted(short for short in found if _SHORT.fullmatch(short)))


def initials(dictionary: Dictionary) -> Keys:
    """What each value may be shortened to, see `initials_of`."""
    numbers: dict[str, int] = {}
    out = np.full((2, len(dictionary)), -1, np.int32)
    for i, value in enumerate(dictionary.values):
        for number, short in enumerate(initials_of(value)):
            out[number, i] = numbers.setdefault(short, len(numbers))
    return Keys(list(out), hashes(pa.array(numbers, pa.string())))


#: Derivations that give several keys.
SEVERAL: dict[str, Callable[[Dictionary], Keys]] = {
    "words": rarest_words,
    "grams": sketches,
    "initials": initials,
}
#: Those whose keys are aligned.
ALIGNED = frozenset({"grams"})

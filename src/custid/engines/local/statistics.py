"""How common values and words are: counted once, kept in the model, looked up ever after.

In: `Columns` and a model, for what its comparisons and blocking rules ask about; later the hashes of any texts. Out:
`Statistics`; how many hold each of those texts. Never here: texts kept, as they are personal data; weights.

What a pair weighs and which words of a value are keys must not depend on the records that happen to be at hand:
otherwise a day's batch would give other customers than everything at once (I3). So they are looked up in what the
model was counted on. Only texts that two or more hold are listed, and of those the commonest; one that is not listed
counts as held by as many as such texts are on average.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.engines.local.hashing import Hashes, hashes
from custid.errors import ConfigError
from custid.model.packing import marks, packed, unpacked
from custid.model.spec import Condition, Frequencies, Model, Statistics

if TYPE_CHECKING:
    from custid.engines.local.columns import Columns

Counts = npt.NDArray[np.int64]

#: Texts listed of one column, at most: about 130 kB of TOML.
LISTED_MAX = 20_000
#: Tests, and a derivation of blocking keys, that ask how many values hold a word.
_WORD_TESTS = ("rare_words", "shared_by")
_WORD_KEYS = "words"

#: What numbers a column: phone, phone_2, …
NUMBER = re.compile(r"(?:_([2-9]|[1-9]\d+))?$")
#: Columns compared with each other, besides numbered ones, and what they share.
_SHARED = {"given_latin": "name", "surname_latin": "name"}


def dictionary_of(column: str) -> str:
    """What the dictionary of a column is called, which it may share with others.

    >>> dictionary_of("phone_2"), dictionary_of("phone*"), dictionary_of("given_latin")
    ('phone', 'phone', 'name')
    """
    base = NUMBER.sub("", column.removesuffix("*"))
    return _SHARED.get(base, base)


class Listed:
    """Frequencies ready to be looked up. `held`: the different numbers of holders there are, rising: first that of
    texts which are not listed."""

    def __init__(self, frequencies: Frequencies) -> None:
        self.among = frequencies.among
        self.pairs = frequencies.pairs
        self._marks, counts = unpacked(frequencies.listed)
        different, place = np.unique(counts, return_inverse=True)
        self.held = np.append(frequencies.unlisted, different)
        self._places = (place + 1).astype(np.int32)

    def places(self, texts: Hashes) -> npt.NDArray[np.int32]:
        """For the hash of each text the place in `held` that says how many hold it."""
        if not len(self._marks):
            return np.zeros(len(texts), np.int32)
        sought = marks(texts)
        at = np.minimum(np.searchsorted(self._marks, sought), len(self._marks) - 1)
        return np.where(self._marks[at] == sought, self._places[at], np.int32(0))


@lru_cache(maxsize=64)
def listed(frequencies: Frequencies) -> Listed:
    """`frequencies` ready to be looked up; unpacked once, as every search asks for the same ones."""
    return Listed(frequencies)


def known(frequencies: Mapping[str, Frequencies], column: str) -> Frequencies:
    """Those of a column. Raises ConfigError where the model was changed after they were counted."""
    if column not in frequencies:
        raise ConfigError(
            f"the model's statistics say nothing of column {column!r}, which its comparisons or blocking rules ask "
            "for: it was changed after they were counted. Delete its [statistics] section: they are counted anew."
        )
    return frequencies[column]


def count(columns: Columns, model: Model) -> Statistics:
    """What the comparisons and blocking rules of `model` ask about, counted on `columns`; rows, columns and
    dictionaries in whatever order."""
    levels = [level for comparison in model.comparisons for level in comparison.levels]
    conditions = [Condition.parse(text) for level in levels for text in level.when]
    keys = [key.partition("|") for key in (*model.narrowing, *(key for rule in model.blocking for key in rule.keys))]
    worded = {found.columns[0] for found in conditions if found.test in _WORD_TESTS}
    worded |= {name for name, _, derivation in keys if derivation == _WORD_KEYS}
    return Statistics(
        columns.rows,
        {name: _of_values(columns, name) for name in sorted({level.term_frequency for level in levels} - {""})},
        {name: _of_words(columns, name) for name in sorted(map(dictionary_of, worded))},
    )


def _of_values(columns: Columns, name: str) -> Frequencies:
    """How many records hold each value of a column and its numbered ones."""
    found = columns.expand(f"{name}*")
    if not found:
        return Frequencies(0)
    held = np.sum([column.frequencies for column in found], axis=0)[:-1]
    listed, rest = _commonest(held)
    # Whoever asks has found two records that share the value: what is shared by many is asked for more often.
    asked = rest * (rest - 1)
    return Frequencies(
        among=int(held.sum()),
        pairs=int((held * (held - 1)).sum()),
        unlisted=_rounded((rest * asked).sum() / asked.sum()) if asked.any() else 1.0,
        listed=_packed(found[0].dictionary.arrow, held, listed),
    )


def _of_words(columns: Columns, name: str) -> Frequencies:
    """How many distinct values hold each word of a dictionary."""
    found = [columns[column] for column in columns if columns[column].dictionary.name == name]
    if not found:
        return Frequencies(0)
    dictionary = found[0].dictionary
    # A table cut out of another may come with dictionaries that hold more than its rows do.
    there = np.sum([column.frequencies for column in found], axis=0) > 0
    there[-1] = False
    words, offsets = dictionary.words
    held = np.bincount(words[np.repeat(there, np.diff(offsets))], minlength=len(dictionary.word_hashes))
    listed, rest = _commonest(held)
    return Frequencies(
        among=int(np.count_nonzero(there)),
        unlisted=_rounded(rest.mean()) if len(rest) else 1.0,
        listed=_packed(dictionary.vocabulary, held, listed),
    )


def _commonest(held: Counts) -> tuple[npt.NDArray[np.int64], Counts]:
    """Which texts are listed, and how many hold each of the others. Those that equally many hold are listed together
    or not at all."""
    least = 1
    if np.count_nonzero(held > least) > LISTED_MAX:
        least = int(np.partition(held, -LISTED_MAX - 1)[-LISTED_MAX - 1])
    return np.flatnonzero(held > least), held[(held > 0) & (held <= least)]


def _packed(texts: pa.Array, held: Counts, listed: npt.NDArray[np.int64]) -> str:
    return packed(hashes(texts.take(pa.array(listed))), held[listed])


def _rounded(number: float) -> float:
    """To as many digits as a model's TOML has."""
    return float(f"{number:.6g}")

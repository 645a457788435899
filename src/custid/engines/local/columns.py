"""Comparable values, dictionary-encoded: equal strings are equal integers.

In: the table of comparable values. Out: `Columns`, one `Column` per name, with what comparisons need of each
distinct value (length, character bag, digits) worked out once and only when asked for.
Never here: pairs.

Columns that are compared with each other (`phone` and `phone_2`; `given_latin` and `surname_latin`, which get
swapped) share one dictionary, so that equality across them is equality of codes too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.derivations import derive
from custid.engines.local.hashing import Hashes, hashes, mixed
from custid.engines.local.several import SEVERAL, Keys
from custid.engines.local.statistics import NUMBER, dictionary_of, known, listed
from custid.model.spec import Statistics

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

#: The columns of comparable values that say whose they are, and how a record is called.
NAME = ("channel", "record_id")
NOT_COMPARED = ("record_key", *NAME)

#: Characters looked at when bounding a similarity; what lies beyond counts as unknown.
BAG_CHARS = 64
#: Values whose characters are spread out at a time.
CHARS_ROWS = 1 << 16


def _bits() -> npt.NDArray[np.uint64]:
    """The bit of each of 64 classes of characters by code point below 128: 26 letters, 10 digits, 28 for the rest;
    none for zero, which is padding."""
    classes = np.arange(128) % 28 + 36
    classes[ord("a") : ord("z") + 1] = np.arange(26)
    classes[ord("0") : ord("9") + 1] = np.arange(26, 36)
    bits = np.left_shift(np.uint64(1), classes.astype(np.uint64))
    bits[0] = 0
    return bits


def _ascii(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Code points beyond ASCII brought into 1..28, whose classes no letter or digit has."""
    return np.where(points < 128, points, points % 28 + 1)


_BIT = _bits()

#: The bits of words are rounded to this: sums of such numbers are exact, in whatever order they are added up.
_BITS_STEP = 2.0**-16


class Dictionary:
    """The distinct values behind one or more columns. Code -1 stands for missing and indexes the last entry of
    every derived array, which is the one of the empty string.

    How many values hold a word is what `statistics` says under the dictionary's `name`; without, they are counted."""

    def __init__(
        self, values: pa.Array | npt.NDArray[np.object_], name: str = "", statistics: Statistics | None = None
    ) -> None:
        self.name = name
        self.statistics = statistics
        text = pa.array(values, pa.large_string()) if isinstance(values, np.ndarray) else values.cast(pa.large_string())
        self.arrow = pa.concat_arrays([text, pa.array([""], pa.large_string())])
        self._derived: dict[str, npt.NDArray[np.int32]] = {}
        self._several: dict[str, Keys] = {}

    def __len__(self) -> int:
        return len(self.arrow)

    def with_statistics(self, statistics: Statistics | None) -> Dictionary:
        """The same values with other statistics; what does not depend on them is kept."""
        other = copy(self)
        other.statistics = statistics
        for name in ("word_holders", "word_bits", "bits"):
            other.__dict__.pop(name, None)
        other._several = {name: codes for name, codes in self._several.items() if name != "words"}
        return other

    @cached_property
    def hashes(self) -> Hashes:
        """A number for each value, the same in every dictionary (see `hashing`)."""
        return hashes(self.arrow)

    @cached_property
    def values(self) -> npt.NDArray[np.object_]:
        """The values as Python strings."""
        return np.asarray(self.arrow.to_numpy(zero_copy_only=False))

    def strings(self, codes: npt.NDArray[np.int32]) -> list[str]:
        """The values with these codes."""
        found: list[str] = self.arrow.take(pa.array(codes.astype(np.int64) % len(self))).to_pylist()
        return found

    @cached_property
    def chars(self) -> npt.NDArray[np.uint32]:
        """Code points of the first `BAG_CHARS` characters, zero-padded: (values, width). Large: meant for dictionaries
        of names and dates."""
        return np.concatenate([chars for _, chars in self._chars()])

    def _chars(self) -> Iterator[tuple[slice, npt.NDArray[np.uint32]]]:
        """`chars`, some values at a time."""
        width = min(BAG_CHARS, max(1, int(self.lengths.max())))
        for start in range(0, len(self), CHARS_ROWS):
            text = np.array(self.arrow.slice(start, CHARS_ROWS).to_pylist(), dtype=f"U{width}")
            yield slice(start, start + len(text)), text.view(np.uint32).reshape(len(text), width)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Characters per value."""
        return np.asarray(pc.utf8_length(self.arrow).to_numpy(), np.int32)

    @cached_property
    def bags(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
        """A multiset of characters in two words: bit c of the first is set when a character of class c occurs, of
        the second when two do. Third: characters that neither word could hold."""
        once = np.zeros(len(self), np.uint64)
        twice = np.zeros(len(self), np.uint64)
        for rows, chars in self._chars():
            for column in chars.T:
                bit = _BIT[_ascii(column)]
                twice[rows] |= once[rows] & bit
                once[rows] |= bit
        held = np.bitwise_count(once).astype(np.int32) + np.bitwise_count(twice).astype(np.int32)
        return once, twice, self.lengths - held

    @cached_property
    def prefixes(self) -> npt.NDArray[np.uint64]:
        """The first four characters, 16 bits each, the first lowest; what 16 bits cannot tell apart counts as equal."""
        packed = np.zeros(len(self), np.uint64)
        for rows, chars in self._chars():
            for i, column in enumerate(chars.T[:4]):
                packed[rows] |= (column.astype(np.uint64) & np.uint64(0xFFFF)) << np.uint64(16 * i)
        return packed

    @cached_property
    def digits(self) -> npt.NDArray[np.uint8]:
        """For ISO dates: the eight digits of YYYY-MM-DD, (values, 8); 255 where the value is no full date."""
        full = np.full((len(self), 8), 255, np.uint8)
        if self.chars.shape[1] < 10:
            return full
        picked = self.chars[:, [0, 1, 2, 3, 5, 6, 8, 9]].astype(np.int64) - ord("0")
        good = (self.lengths == 10) & np.all((picked >= 0) & (picked <= 9), axis=1)
        full[good] = picked[good]
        return full

    @property
    def words(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Each value's distinct words as sorted numbers, flat, and the offsets into them; a value in 汉字 without
        spaces is taken as its neighbouring pairs of characters."""
        return self._in_words[1:]

    @property
    def vocabulary(self) -> pa.Array:
        """The words that the numbers of `words` stand for."""
        return self._in_words[0]

    @cached_property
    def word_hashes(self) -> Hashes:
        """A number for each word of `vocabulary`, the same in every dictionary."""
        return hashes(self.vocabulary)

    @cached_property
    def _in_words(self) -> tuple[pa.Array, npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """The words there are, then what `words` says."""
        numbers: dict[str, int] = {}
        flat: list[int] = []
        offsets = np.zeros(len(self) + 1, np.int64)
        for i, value in enumerate(self.values):
            found = sorted({numbers.setdefault(word, len(numbers)) for word in words_of(value)})
            flat.extend(found)
            offsets[i + 1] = len(flat)
        return pa.array(numbers, pa.large_string()), np.asarray(flat, np.int32), offsets

    @cached_property
    def word_counts(self) -> npt.NDArray[np.int32]:
        """Distinct words per value."""
        return np.diff(self.words[1]).astype(np.int32)

    def derived(self, derivation: str) -> npt.NDArray[np.int32]:
        """For each value the number of what `derivation` makes of it (see `derivations`); -1 for nothing."""
        if derivation not in self._derived:
            encoded = derive(derivation, self.arrow).dictionary_encode()
            codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            self._derived[derivation] = codes.astype(np.int32)
        return self._derived[derivation]

    def several(self, derivation: str) -> Keys:
        """As `derived`, for a derivation that gives a value several keys (see `several`)."""
        if derivation not in self._several:
            self._several[derivation] = SEVERAL[derivation](self)
        return self._several[derivation]

    def hashed(self, derivation: str) -> list[Hashes]:
        """What `derivation` makes of each value, as numbers that are the same in every dictionary, an array for each
        key it gives; of "" the values' own. 0 for nothing."""
        if derivation in SEVERAL:
            found = self.several(derivation)
            numbers = np.append(found.numbers, np.uint64(0))
            return [numbers[codes] for codes in found.codes]
        made = derive(derivation, self.arrow) if derivation else self.arrow
        numbers = hashes(made) if derivation else self.hashes.copy()
        numbers[pc.fill_null(pc.equal(made, ""), True).to_numpy(zero_copy_only=False)] = 0
        return [numbers]

    @cached_property
    def word_holders(self) -> npt.NDArray[np.float64]:
        """How many distinct values hold each word of `words`; less than two: nothing but one value is known to."""
        if self.statistics is None:
            return np.bincount(self.words[0]).astype(np.float64)
        frequencies = listed(known(self.statistics.words, self.name))
        return frequencies.held[frequencies.places(self.word_hashes)]

    @cached_property
    def word_bits(self) -> npt.NDArray[np.float64]:
        """How rare each word of `words` is: log2 of one in how many distinct values holds it (Spärck Jones 1972)."""
        among = len(self) - 1 if self.statistics is None else known(self.statistics.words, self.name).among
        return np.round(np.log2((among + 2.0) / self.word_holders) / _BITS_STEP) * _BITS_STEP

    @cached_property
    def bits(self) -> npt.NDArray[np.float64]:
        """The bits of all its words, per value."""
        flat, offsets = self.words
        return np.diff(np.append(0.0, np.cumsum(self.word_bits[flat]))[offsets])


def _encoded(columns: list[pa.ChunkedArray]) -> pa.DictionaryArray:
    """Columns of strings, dictionary-encoded or not, one after the other over one dictionary."""
    encoded = [column if pa.types.is_dictionary(column.type) else column.dictionary_encode() for column in columns]
    chunks = [chunk for column in encoded for chunk in column.chunks]
    whole = pa.chunked_array(chunks, encoded[0].type).unify_dictionaries().combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


_HAN = re.compile(r"[㐀-鿿]")


def words_of(value: str) -> list[str]:
    """
    >>> words_of("12 high street"), words_of("北京路12号")
    (['12', 'high', 'street'], ['北京', '京路', '路1', '12', '2号'])
    """
    words = value.split()
    if len(words) == 1 and len(value) > 2 and _HAN.search(value):
        return [value[i : i + 2] for i in range(len(value) - 1)]
    return words


class Column:
    """One column: `codes` per row into `dictionary`, -1 where missing."""

    def __init__(self, name: str, codes: Codes, dictionary: Dictionary) -> None:
        self.name = name
        self.codes = codes
        self.dictionary = dictionary

    def over(self, dictionary: Dictionary) -> Column:
        """The same codes over another dictionary of the same values."""
        other = copy(self)
        other.dictionary = dictionary
        return other

    def derived(self, derivation: str) -> Codes:
        """Codes of a derivation, per row."""
        return self.dictionary.derived(derivation)[self.codes]

    def ways(self, derivation: str) -> list[Codes]:
        """Codes of a derivation, per row, an array for each key it gives; of "" the values' own."""
        if derivation in SEVERAL:
            return [codes[self.codes] for codes in self.dictionary.several(derivation).codes]
        return [self.derived(derivation) if derivation else self.codes]

    def hashed(self, derivation: str) -> list[Hashes]:
        """As `ways`, with numbers that are the same in every table instead of codes; 0 for nothing."""
        return [numbers[self.codes] for numbers in self.dictionary.hashed(derivation)]

    @cached_property
    def frequencies(self) -> npt.NDArray[np.int64]:
        """How many rows hold each value of the dictionary (last: missing)."""
        return np.bincount(
            np.where(self.codes < 0, len(self.dictionary) - 1, self.codes), minlength=len(self.dictionary)
        )

    @property
    def filled(self) -> int:
        """Rows that have a value."""
        return int(np.count_nonzero(self.codes >= 0))


class Columns:
    """The comparable values of all records, by column name; rows are numbered by position.

    `statistics`: a model's (see `Dictionary`)."""

    def __init__(self, values: pa.Table, statistics: Statistics | None = None) -> None:
        self.rows = len(values)
        self.statistics = statistics
        self._columns: dict[str, Column] = {}
        self._names = values.select([name for name in NOT_COMPARED if name in values.column_names])
        groups: dict[str, list[str]] = {}
        for field in values.schema:
            if field.name in NOT_COMPARED:
                continue
            groups.setdefault(dictionary_of(field.name), []).append(field.name)
        for group, names in groups.items():
            encoded = _encoded([values[name] for name in names])
            codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
            dictionary = Dictionary(encoded.dictionary, group, statistics)
            for i, name in enumerate(names):
                self._columns[name] = Column(name, codes[i * self.rows : (i + 1) * self.rows], dictionary)

    def with_statistics(self, statistics: Statistics | None) -> Columns:
        """The same values with other statistics; nothing is encoded anew."""
        if statistics is self.statistics or statistics == self.statistics:
            return self
        other = copy(self)
        other.statistics = statistics
        dictionaries = {column.dictionary for column in self._columns.values()}
        anew = {dictionary: dictionary.with_statistics(statistics) for dictionary in dictionaries}
        other._columns = {name: column.over(anew[column.dictionary]) for name, column in self._columns.items()}
        return other

    @cached_property
    def name_hashes(self) -> Hashes:
        """A number for each row, made of channel and record_id, the same wherever the record is met; of a table that
        lacks them, made of what there is."""
        names = self._names
        if "record_id" not in names.column_names:
            return mixed(np.arange(self.rows, dtype=np.uint64))
        texts = [names[name].cast(pa.large_string()) for name in NAME]
        joined = pc.binary_join_element_wise(*texts, pa.scalar(":", pa.large_string()))
        return np.concatenate([np.zeros(0, np.uint64), *(hashes(chunk) for chunk in joined.chunks)])

    def __getitem__(self, name: str) -> Column:
        """A column; one that no record has a value in need not be there, and is all missing."""
        return self._columns[name] if name in self._columns else self._missing(name)

    def _missing(self, name: str) -> Column:
        group = dictionary_of(name)
        shared = [column.dictionary for key, column in self._columns.items() if dictionary_of(key) == group]
        nothing = pa.array([], pa.large_string())
        dictionary = shared[0] if shared else Dictionary(nothing, group, self.statistics)
        return Column(name, np.full(self.rows, -1, np.int32), dictionary)

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def expand(self, name: str) -> list[Column]:
        """The columns a name stands for: itself, or with a star all its numbered values, in the order of numbers."""
        if not name.endswith("*"):
            return [self._columns[name]] if name in self._columns else []
        found = [(int(number[1] or 1), key) for key in self._columns if (number := _numbered(key, name[:-1]))]
        return [self._columns[key] for _, key in sorted(found)]


def _numbered(column: str, base: str) -> re.Match[str] | None:
    """The number of a column among those of `base`, if it is one of them."""
    return NUMBER.fullmatch(column, len(base)) if column.startswith(base) else None

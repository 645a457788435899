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
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.derivations import derive
from custid.engines.local.several import SEVERAL

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

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

_SHARED = {"given_latin": "name", "surname_latin": "name"}


class Dictionary:
    """The distinct values behind one or more columns. Code -1 stands for missing and indexes the last entry of
    every derived array, which is the one of the empty string."""

    def __init__(self, values: pa.Array | npt.NDArray[np.object_]) -> None:
        text = pa.array(values, pa.large_string()) if isinstance(values, np.ndarray) else values.cast(pa.large_string())
        self.arrow = pa.concat_arrays([text, pa.array([""], pa.large_string())])
        self._derived: dict[str, npt.NDArray[np.int32]] = {}
        self._several: dict[str, list[npt.NDArray[np.int32]]] = {}

    def __len__(self) -> int:
        return len(self.arrow)

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

    @cached_property
    def words(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Each value's distinct words as sorted numbers, flat, and the offsets into them; a value in 汉字 without
        spaces is taken as its neighbouring pairs of characters."""
        numbers: dict[str, int] = {}
        flat: list[int] = []
        offsets = np.zeros(len(self) + 1, np.int64)
        for i, value in enumerate(self.values):
            found = sorted({numbers.setdefault(word, len(numbers)) for word in words_of(value)})
            flat.extend(found)
            offsets[i + 1] = len(flat)
        return np.asarray(flat, np.int32), offsets

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

    def several(self, derivation: str) -> list[npt.NDArray[np.int32]]:
        """As `derived`, for a derivation that gives a value several keys (see `several`): an array for each."""
        if derivation not in self._several:
            self._several[derivation] = SEVERAL[derivation](self)
        return self._several[derivation]

    @cached_property
    def word_holders(self) -> npt.NDArray[np.int64]:
        """How many distinct values hold each word of `words`."""
        return np.bincount(self.words[0])

    @cached_property
    def word_bits(self) -> npt.NDArray[np.float64]:
        """How rare each word of `words` is: log2 of one in how many distinct values holds it (Spärck Jones 1972)."""
        return np.log2((len(self) + 1.0) / self.word_holders)

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

    def derived(self, derivation: str) -> Codes:
        """Codes of a derivation, per row."""
        return self.dictionary.derived(derivation)[self.codes]

    def ways(self, derivation: str) -> list[Codes]:
        """Codes of a derivation, per row, an array for each key it gives; of "" the values' own."""
        if derivation in SEVERAL:
            return [codes[self.codes] for codes in self.dictionary.several(derivation)]
        return [self.derived(derivation) if derivation else self.codes]

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
    """The comparable values of all records, by column name; rows are numbered by position."""

    def __init__(self, values: pa.Table) -> None:
        self.rows = len(values)
        self._columns: dict[str, Column] = {}
        groups: dict[str, list[str]] = {}
        for field in values.schema:
            if field.name in ("record_key", "channel"):
                continue
            base = re.sub(r"_[2-9]\d*$", "", field.name)
            groups.setdefault(_SHARED.get(base, base), []).append(field.name)
        for names in groups.values():
            encoded = _encoded([values[name] for name in names])
            codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
            dictionary = Dictionary(encoded.dictionary)
            for i, name in enumerate(names):
                self._columns[name] = Column(name, codes[i * self.rows : (i + 1) * self.rows], dictionary)

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def expand(self, name: str) -> list[Column]:
        """The columns a name stands for: itself, or with a star all its numbered values."""
        if not name.endswith("*"):
            return [self._columns[name]] if name in self._columns else []
        pattern = re.compile(re.escape(name[:-1]) + r"(_[2-9]\d*)?")
        return [column for key, column in self._columns.items() if pattern.fullmatch(key)]

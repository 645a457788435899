"""Seeded draws that give the same numbers on every machine and with every version of NumPy.

In: a seed, weights. Out: NumPy arrays of numbers and codes. Never here: words, tables, the clock.

Only `Generator.random` of a PCG64 is used, which NumPy keeps as it is: all else is worked out from it here,
because NumPy may change the streams of its other distributions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Words:
    """Words with how common they are: `values` (string, distinct places, repeats allowed) and running
    shares."""

    values: pa.Array
    cumulative: Floats

    def __len__(self) -> int:
        return len(self.values)


def weighted(words: Sequence[str], weights: Sequence[float] | Floats) -> Words:
    """`Words` of the given weights, which need not add up to one."""
    running = np.cumsum(np.asarray(weights, dtype=np.float64))
    return Words(pa.array(list(words), pa.string()), running / running[-1])


def shares(text: str) -> Words:
    """`Words` from "word:weight word:weight"; `_` stands for a blank in a word, a missing weight is 0.01.

    >>> shares("Road:3 High_Street:1").cumulative.tolist()
    [0.75, 1.0]
    """
    pairs = [word.partition(":") for word in text.split()]
    return weighted([word.replace("_", " ") for word, _, _ in pairs], [float(w or 0.01) for _, _, w in pairs])


def ranked(words: Sequence[str], *, offset: float, of: float | None = None) -> Words:
    """`Words` most common first, the word of rank r weighing 1 / (r + offset): Zipf's law, as Mandelbrot
    bent it.

    A small offset makes the first words very common. `of` is the exponent of the rank, 1 unless told.
    """
    rank = np.arange(1, len(words) + 1, dtype=np.float64) + offset
    return weighted(words, 1.0 / rank if of is None else 1.0 / rank**of)


class Draws:
    """A stream of draws. The order of the calls is part of what the seed means."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, size: int) -> Floats:
        """Numbers in [0, 1)."""
        return self._random.random(size)

    def flags(self, size: int, rate: float | Floats) -> Flags:
        """True at `rate` (one, or one for each)."""
        return np.asarray(self.uniform(size) < rate)

    def among(self, rows: Flags, rate: float) -> Flags:
        """True at `rate` where `rows` is true, false elsewhere."""
        return np.asarray(rows & self.flags(len(rows), rate))

    def below(self, size: int, limit: int | Ints) -> Ints:
        """Whole numbers from 0 to below `limit` (one, or one for each)."""
        return np.asarray(np.floor(self.uniform(size) * limit), dtype=np.int64)

    def between(self, size: int, low: int, high: int) -> Ints:
        """Whole numbers from `low` to `high`, both included."""
        return low + self.below(size, high - low + 1)

    def codes(self, size: int, words: Words) -> Ints:
        """Positions in `words`, by their shares."""
        found = np.searchsorted(words.cumulative, self.uniform(size), side="right")
        return np.asarray(np.minimum(found, len(words) - 1), dtype=np.int64)

    def words(self, size: int, words: Words) -> pa.Array:
        """`words`, by their shares."""
        return words.values.take(pa.array(self.codes(size, words)))

    def order(self, size: int) -> Ints:
        """The numbers below `size` in a random order."""
        return np.argsort(self.uniform(size), kind="stable")

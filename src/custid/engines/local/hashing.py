"""Numbers that stand for texts, the same on every machine and in every run.

In: an Arrow array of strings. Out: a 64-bit number for each. Never here: telling what a text was, which a number
does not; equal texts have equal numbers, and two different ones have the same with a chance of about 2**-64.

Numbers are stored (a registry's blocking keys, a model's frequencies), so this never changes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

#: Bytes hashed at a time.
_CHUNK_BYTES = 1 << 20
_RATIO = np.uint64(0x9E3779B97F4A7C15)


def mixed(numbers: Hashes) -> Hashes:
    """Numbers scattered over 64 bits, one to one (the finalizer of SplitMix64; Steele, Lea and Flood 2014)."""
    numbers = numbers + _RATIO
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


#: A random number for each byte.
_OF_BYTE = mixed(np.arange(1, 257, dtype=np.uint64) * _RATIO)


def hashes(texts: pa.Array) -> Hashes:
    """The number of each text: a polynomial of its bytes modulo 2**64 (Dietzfelbinger, Gil, Matias and Pippenger,
    ICALP 1992), scattered. A null has the number of the empty text.

    >>> found = hashes(pa.array(["ann", "bob", "ann", ""]))
    >>> bool(found[0] == found[2]), len(set(found.tolist())), hex(found[3])
    (True, 3, '0xe220a8397b1dcdaf')
    """
    texts = texts.cast(pa.large_string())
    size = len(texts)
    offsets = np.frombuffer(texts.buffers()[1], np.int64, size + 1, texts.offset * 8)
    data = texts.buffers()[2]
    flat = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    out = np.zeros(size, np.uint64)
    start = 0
    while start < size:
        stop = max(start + 1, int(np.searchsorted(offsets, offsets[start] + _CHUNK_BYTES, "right")) - 1)
        here = offsets[start : stop + 1]
        out[start:stop] = _polynomials(flat[here[0] : here[-1]], here - here[0])
        start = stop
    return out


def _polynomials(flat: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> Hashes:
    """Sum over each text of the byte's number times an odd constant to the power of its place."""
    lengths = np.diff(offsets)
    if not len(flat):
        return mixed(lengths.astype(np.uint64))
    place = np.arange(len(flat)) - np.repeat(offsets[:-1], lengths)
    sums = np.append(np.uint64(0), np.cumsum(_OF_BYTE[flat] * _power(int(lengths.max()))[place], dtype=np.uint64))
    return mixed(sums[offsets[1:]] - sums[offsets[:-1]] + lengths.astype(np.uint64))


def _power(count: int) -> Hashes:
    """1, r, r**2, … for the odd constant r."""
    return np.cumprod(np.append(np.uint64(1), np.full(count, np.uint64(0xD6E8FEB86659FD93))), dtype=np.uint64)

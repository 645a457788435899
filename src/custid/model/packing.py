"""Hashes with counts as a line of text.

In: 64-bit hashes (see `engines.local.hashing`) and how often each was seen. Out: base64 that any machine writes alike,
and back. Never here: what was hashed, which cannot be read out of it.

Kept are the first 40 bits of a hash, its mark: among twenty thousand marks another text stands with a chance of 2e-8.
Gaps between sorted marks, then counts, as numbers of seven bits a byte, lowest first; at the end their CRC-32.
"""

from __future__ import annotations

import base64
import binascii
from zlib import crc32

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

#: Bytes of a number, at most: 64 bits, seven in each.
_BYTES_MAX = 10
_SHIFTS = np.arange(_BYTES_MAX, dtype=np.uint64) * np.uint64(7)
_MORE = np.uint8(0x80)


def marks(hashes: Hashes) -> Hashes:
    """What is kept of hashes."""
    return hashes >> np.uint64(24)


def packed(hashes: Hashes, counts: Counts) -> str:
    """Hashes and their counts, in whatever order, as text; "" for none.

    >>> text = packed(np.array([2**63, 7 << 24], np.uint64), np.array([300, 2]))
    >>> text, [found.tolist() for found in unpacked(text)]
    ('B/n/////DwKsAqlwhRY=', [[7, 549755813888], [2, 300]])
    """
    if not len(hashes):
        return ""
    kept = marks(hashes)
    order = np.lexsort((counts, kept))
    gaps = np.diff(kept[order], prepend=np.uint64(0))
    data = _written(np.concatenate([gaps, counts[order].astype(np.uint64)]))
    return base64.b64encode(data + crc32(data).to_bytes(4, "little")).decode()


def unpacked(text: str) -> tuple[Hashes, Counts]:
    """Sorted marks, and the count of each. Raises ValueError for what `packed` did not write."""
    try:
        whole = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error
    data, check = whole[:-4], whole[-4:]
    if text and crc32(data).to_bytes(4, "little") != check:
        raise ValueError("its checksum is wrong")
    numbers = _read(np.frombuffer(data, np.uint8))
    gaps, counts = np.split(numbers, [len(numbers) // 2])
    if len(gaps) != len(counts):
        raise ValueError("it has more hashes than counts, or fewer")
    return np.cumsum(gaps, dtype=np.uint64), counts.astype(np.int64)


def _written(numbers: Hashes) -> bytes:
    """Numbers as bytes: seven bits in each, lowest first; all but a number's last have the eighth bit set."""
    parts = numbers[:, None] >> _SHIFTS
    last = np.maximum((parts != 0).sum(axis=1), 1)[:, None] - 1
    place = np.arange(_BYTES_MAX)
    out = (parts & np.uint64(0x7F)).astype(np.uint8) | np.where(place < last, _MORE, np.uint8(0))
    return bytes(out[place <= last].data)


def _read(data: npt.NDArray[np.uint8]) -> Hashes:
    """What `_written` wrote."""
    if not len(data):
        return np.zeros(0, np.uint64)
    ends = np.flatnonzero(data < _MORE)
    starts = np.append(0, ends[:-1] + 1)
    place = np.arange(len(data)) - np.repeat(starts, ends - starts + 1)
    return np.add.reduceat((data & ~_MORE).astype(np.uint64) << (place.astype(np.uint64) * np.uint64(7)), starts)

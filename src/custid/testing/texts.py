"""Columns of text put together and taken apart, whole columns at a time.

In: Arrow string arrays, flags. Out: Arrow string arrays of the same length. Never here: randomness, tables.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.testing.draws import Flags, Ints


def flat(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array of plain strings."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values.cast(pa.string()) if values.type != pa.string() else values


def join(*parts: pa.Array | str) -> pa.Array:
    """The parts one after the other; null where any part is null."""
    return flat(pc.binary_join_element_wise(*parts, ""))


def choose(rows: Flags, yes: pa.Array | str | None, no: pa.Array | str | None) -> pa.Array:
    """`yes` where `rows` is true, `no` elsewhere."""
    yes, no = (pa.scalar(part, pa.string()) if part is None or isinstance(part, str) else part for part in (yes, no))
    chosen = pc.if_else(pa.array(rows), yes, no)
    return flat(chosen)


def put(values: pa.Array, rows: Flags, replacement: pa.Array) -> pa.Array:
    """`values` with those at `rows` replaced, in order, by `replacement`, which is only as long as they."""
    return flat(pc.replace_with_mask(values, pa.array(rows), replacement))


def at(values: pa.Array, rows: Flags) -> pa.Array:
    """The values at `rows`."""
    return values.filter(pa.array(rows))


def take(values: pa.Array, positions: Ints) -> pa.Array:
    """The values at `positions`."""
    return values.take(pa.array(positions))


def filled(values: pa.Array) -> Flags:
    """True where there is a value."""
    return np.asarray(values.is_valid())


def digits(numbers: Ints, width: int) -> pa.Array:
    """Numbers as text, with zeros on the left up to `width`.

    >>> digits(np.array([7, 1234]), 3).to_pylist()
    ['007', '1234']
    """
    return flat(pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0"))


def isodate(days: Ints) -> pa.Array:
    """Days since 1970-01-01 as text.

    >>> isodate(np.array([0, -1])).to_pylist()
    ['1970-01-01', '1969-12-31']
    """
    return pa.array(days.astype(np.int32), pa.date32()).cast(pa.string())


def distinctly(function: Mapping[str, str], values: pa.Array) -> pa.Array:
    """Each value looked up in `function`; null where it is not there."""
    coded = values.dictionary_encode()
    found = pa.array([function.get(value) if value else None for value in coded.dictionary.to_pylist()], pa.string())
    return found.take(coded.indices)


def spelled(values: pa.Array, by_character: Mapping[str, str], *, between: str = "") -> pa.Array:
    """Each character of each value replaced by what `by_character` has for it, joined with `between`.

    >>> spelled(pa.array(["王伟"]), {"王": "wang", "伟": "wei"}, between=" ").to_pylist()
    ['wang wei']
    """
    coded = values.dictionary_encode()
    words = [
        between.join(by_character.get(character, character) for character in value) if value is not None else None
        for value in coded.dictionary.to_pylist()
    ]
    return pa.array(words, pa.string()).take(coded.indices)


def letters(values: pa.Array) -> npt.NDArray[np.uint32]:
    """Text as a matrix of code points, one row per value, zeros after its end; no nulls in `values`."""
    text = np.array(values.to_pylist() or [""], dtype=np.str_)
    width = max(text.dtype.itemsize // 4, 1)
    return np.ascontiguousarray(text).view(np.uint32).reshape(len(text), width)[: len(values)].copy()


def from_letters(matrix: npt.NDArray[np.uint32]) -> pa.Array:
    """The text of a matrix of code points."""
    if not len(matrix):
        return pa.array([], pa.string())
    text = np.ascontiguousarray(matrix).view(f"<U{matrix.shape[1]}").reshape(len(matrix))
    return pa.array(text.tolist(), pa.string())

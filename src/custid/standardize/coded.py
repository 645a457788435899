"""Row-aligned columns of strings as codes into their distinct values, and what is done to them.

In and out: dictionary arrays whose dictionary holds each value once, none without a row, in the order in which the
rows first hold them: what `dictionary_encode` of the strings would give, without ever making the strings per row.
Never here: what values mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Coded: TypeAlias = pa.DictionaryArray


def encode(column: pa.Array | pa.ChunkedArray) -> Coded:
    """A column of strings, coded or not, as `Coded`."""
    if pa.types.is_dictionary(column.type):
        whole = column.unify_dictionaries().combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
        return _tidy(whole.indices.cast(pa.int32()), whole.dictionary.cast(pa.string()))
    whole = column.cast(pa.string()).dictionary_encode()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.nulls(0, pa.string()).dictionary_encode()
    return whole


def no_values(rows: int) -> Coded:
    """A column of nulls."""
    return pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int32()), pa.array([], pa.string()))


def spread(values: pa.Array, rows: pa.Array, distinct: pa.Array | None = None) -> Coded:
    """`values`, some of them null or the same, by `rows`: int32 positions in them (or null), each at least once.
    `distinct`: distinct values in the order of the rows that `values` may turn out to be, and need no coding then.

    >>> spread(pa.array(["b", None, "b", "a"]), pa.array([0, 3, 2, 1], pa.int32())).to_pylist()
    ['b', 'a', 'b', None]
    """
    if values.null_count == len(values):
        return no_values(len(rows))
    if distinct is not None and values.equals(distinct):
        return pa.DictionaryArray.from_arrays(rows, distinct)
    encoded = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.take(rows), encoded.dictionary)


def only(column: Coded) -> pa.Scalar | None:
    """The value that all rows hold, which may be null; None where they differ."""
    if column.null_count == len(column):
        return pa.scalar(None, pa.string())
    return column.dictionary[0] if len(column.dictionary) == 1 and not column.null_count else None


def mapped(column: Coded, function: Callable[[pa.Array], pa.Array]) -> Coded:
    """`function`, which keeps length and order, of a column; worked out on its distinct values."""
    return spread(function(column.dictionary), column.indices, column.dictionary)


def choose(mask: pa.Array, column: Coded, other: Coded) -> Coded:
    """Row by row `column` where `mask` is true, else `other`.

    >>> choose(pa.array([True, False]), encode(pa.array(["a", "b"])), encode(pa.array(["c", "a"]))).to_pylist()
    ['a', 'a']
    """
    codes = pc.if_else(mask, column.indices, pc.add(other.indices, pa.scalar(len(column.dictionary), pa.int32())))
    return _tidy(codes, pa.concat_arrays([column.dictionary, other.dictionary]))


def first(*columns: Coded | None) -> Coded | None:
    """Row by row the first value that is there; None when there is no column at all."""
    whole: Coded | None = None
    for column in columns:
        if whole is None:
            whole = column
        elif column is not None and whole.null_count and column.null_count < len(column):
            whole = choose(whole.is_valid(), whole, column)
    return whole


def same(column: Coded, other: Coded) -> pa.Array:
    """Where two columns hold equal values; false where one is null."""
    merged = pa.concat_arrays([column.dictionary, other.dictionary]).dictionary_encode().indices
    left, right = merged.slice(0, len(column.dictionary)), merged.slice(len(column.dictionary))
    return pc.fill_null(pc.equal(left.take(column.indices), right.take(other.indices)), False)


def pairs(columns: Sequence[Coded]) -> tuple[list[pa.Array], pa.Array]:
    """The distinct combinations of row-aligned columns, as string arrays, and which of them each row holds."""
    codes = np.zeros(len(columns[0]), np.int64)
    possible = 1
    for column in columns:
        size = len(column.dictionary) + 1
        if possible * size >= 1 << 62:  # more combinations than a number can tell apart: those that occur are fewer
            codes = pa.array(codes).dictionary_encode().indices.to_numpy().astype(np.int64)
            possible = len(codes)
        codes *= size
        codes += pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False)
        codes += 1
        possible *= size
    encoded = pa.array(codes).dictionary_encode()
    del codes
    rows = encoded.indices.to_numpy()
    starts = np.zeros(len(encoded.dictionary), np.int64)
    starts[rows[::-1]] = np.arange(len(rows))[::-1]
    at = pa.array(starts)
    return [column.dictionary.take(column.indices.take(at)) for column in columns], encoded.indices


def combined(function: Callable[..., pa.Array], *columns: Coded) -> Coded:
    """`function`, which keeps length and order, of row-aligned columns; worked out on their distinct combinations.

    >>> a, b = encode(pa.array(["x", "x", None])), encode(pa.array(["1", "1", "2"]))
    >>> combined(lambda left, right: pc.coalesce(left, right), a, b).to_pylist()
    ['x', 'x', '2']
    """
    parts, rows = pairs(columns)
    return spread(function(*parts), rows)


def _tidy(codes: pa.Array, values: pa.Array) -> Coded:
    """Codes into values of which some may be the same or unused, as `Coded`."""
    merged = values.dictionary_encode()
    used = merged.indices.take(codes).dictionary_encode()
    return pa.DictionaryArray.from_arrays(used.indices, merged.dictionary.take(used.dictionary))

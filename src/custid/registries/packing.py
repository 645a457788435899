"""Comparable values as one text a record, and back.

In and out: tables of comparable values (see `Engine.standardize`). Never here: what the values mean.

A batch is compared with a few records out of millions, and a database that keeps values by columns would have to look
through all of twenty columns for them. One column of longer texts is found several times faster.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Between two values. Standardizing leaves no control characters, and what remains of one would be a blank.
_BETWEEN = "\x1f"
_NAMES = ("record_key", "channel", "record_id")


def columns_of(values: pa.Table) -> list[str]:
    """The comparable columns of a table."""
    return [name for name in values.column_names if name not in _NAMES]


def pack(values: pa.Table, columns: Sequence[str]) -> pa.Table:
    """record_key and `packed`: what each record has in `columns`, in this order.

    >>> values = pa.table({"record_key": [7, 8], "city": ["bonn", None], "fax": [None, "1"]})
    >>> pack(values, ["city", "fax"])["packed"].to_pylist()
    ['bonn', '\\x1f1']
    """
    texts = [
        _clean(values[name]) if name in values.column_names else pa.nulls(len(values), pa.large_string())
        for name in columns
    ]
    texts = [*texts, pa.nulls(len(values), pa.large_string())]
    joined = pc.binary_join_element_wise(
        *texts, pa.scalar(_BETWEEN, pa.large_string()), null_handling="replace", null_replacement=""
    )
    # What is missing at the end is missing all the same when it is not written: a later column costs nothing.
    trimmed = pc.ascii_rtrim(joined, characters=_BETWEEN).cast(pa.string())
    return pa.table({"record_key": values["record_key"], "packed": trimmed})


def unpack(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """`rows` with record_key, channel, record_id and `packed` → the same with `columns` instead of `packed`."""
    texts = rows["packed"].combine_chunks().cast(pa.large_string())
    texts = texts.chunk(0) if isinstance(texts, pa.ChunkedArray) else texts
    parts = pc.split_pattern(texts, _BETWEEN)
    flat = parts.flatten()
    offsets = np.asarray(parts.offsets)
    starts, counts = offsets[:-1] - offsets[0], np.diff(offsets)
    out = rows.drop_columns("packed")
    for number, name in enumerate(columns):
        there = counts > number
        at = pa.array(np.where(there, starts + number, 0), pa.int64(), mask=~there)
        value = flat.take(at)
        value = pc.if_else(pc.equal(value, ""), pa.scalar(None, value.type), value)
        out = out.append_column(name, value.cast(pa.string()))
    return out


def _clean(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of strings, dictionary-encoded or not, without what stands between values."""
    if pa.types.is_dictionary(column.type):
        cleaned = [
            pa.DictionaryArray.from_arrays(chunk.indices, _without(chunk.dictionary)).dictionary_decode()
            for chunk in column.chunks
        ]
        return pa.chunked_array(cleaned, pa.large_string())
    return _without(column)


def _without(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.replace_substring(texts.cast(pa.large_string()), _BETWEEN, " ")

"""Parquet files and frames: typed columns become text.

In: a Parquet path, or any object with the Arrow PyCapsule interface. Out: `Rows`.
A value's text depends on the value alone, not on its column, so that it is the same in every batch: whole
numbers have no ".0" (pandas makes integers with gaps into floats), dates and instants are ISO, a midnight
without a zone is a date, booleans are true/false, nested values are JSON. Missing values of any sort are
null; so is empty text. Never here: what a column means.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from custid.channels.rows import Rows, check_width, unique_names, without_bad_values
from custid.errors import InputError, UsageError


def read_parquet(path: Path) -> Rows:
    """All rows of a Parquet file. Raises InputError when it is damaged."""
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path} is not a Parquet file that can be read ({_first_line(error)}). It may be damaged or "
            "cut short: "
            "write it again, or name its format with format=."
        ) from error
    return _rows(table, str(path), "parquet", [])


def read_frame(frame: Any, source: str) -> Rows:
    """All rows of a frame. Raises UsageError when it is no table, InputError when it cannot become text."""
    notes: list[str] = []
    try:
        if type(frame).__module__.split(".")[0] == "pandas" and hasattr(frame, "columns"):
            table = _from_pandas(frame, notes)
        elif isinstance(frame, pa.Table):
            table = frame
        elif isinstance(frame, pa.RecordBatch):
            table = pa.Table.from_batches([frame])
        elif hasattr(frame, "__arrow_c_stream__"):
            table = pa.RecordBatchReader.from_stream(frame).read_all()
        else:
            raise UsageError(
                "a channel's source is a path or a table with the Arrow interface, not "
                f"{type(frame).__name__}. "
                "Give a file's path, or a pandas, polars, pyarrow or DuckDB table."
            )
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(
            f"{source} cannot be taken as a table ({_first_line(error)}). Give every column one type, or make it text."
        ) from error
    return _rows(table, source, "frame", notes)


def text_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """`column` as strings; see the module's docstring for how each type is written.

    >>> text_of(pa.chunked_array([[17.0, 1.5, None]])).to_pylist()
    ['17', '1.5', None]
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=kind.storage_type)
        kind = column.type
    if pa.types.is_dictionary(kind):
        return text_of(column.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        text = column.cast(pa.string())
        empty = pc.equal(text, "")
        return pc.if_else(empty, pa.scalar(None, pa.string()), text) if pc.any(empty).as_py() else text
    if pa.types.is_floating(kind):
        return _text_of_floats(column)
    if pa.types.is_timestamp(kind):
        return _text_of_instants(column)
    if pa.types.is_date(kind):
        return column.cast(pa.date32()).cast(pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _text_of_binary(column)
    if pa.types.is_null(kind):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    if pa.types.is_nested(kind):
        texts = [
            None if value is None else json.dumps(value, ensure_ascii=False, default=str)
            for value in column.to_pylist()
        ]
        return pa.chunked_array([pa.array(texts, pa.string())])
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _rows(table: pa.Table, source: str, form: str, notes: list[str]) -> Rows:
    index, dropped = _index_of(table)
    table = table.drop_columns(dropped) if dropped else table
    check_width(table.num_columns, source)
    names = unique_names([str(name) for name in table.column_names], notes)
    columns = []
    for name, column in zip(names, table.columns, strict=True):
        try:
            columns.append(text_of(column))
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise InputError(
                f"column '{name}' of {source} ({column.type}) cannot be written as text "
                f"({_first_line(error)}). "
                "Make it text before giving it."
            ) from error
    texts = pa.Table.from_arrays(columns, names=names)
    rows = Rows(texts, np.arange(1, len(texts) + 1, dtype=np.int64), form, notes=notes, index=index)
    return without_bad_values(rows, damaged=False)


def _index_of(table: pa.Table) -> tuple[tuple[str, ...], list[str]]:
    """What pandas noted of its index: the named columns, and the nameless ones, which mean nothing."""
    noted = (table.schema.metadata or {}).get(b"pandas")
    if not noted:
        return (), []
    try:
        names = [name for name in json.loads(noted).get("index_columns", []) if isinstance(name, str)]
    except (ValueError, AttributeError):
        return (), []
    names = [name for name in names if name in table.column_names]
    nameless = [name for name in names if name.startswith("__index_level_")]
    return tuple(name for name in names if name not in nameless), nameless


def _from_pandas(frame: Any, notes: list[str]) -> pa.Table:
    """As pandas itself gives it, but with columns of mixed types as text and repeated names numbered."""
    import pandas as pd

    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError("the frame has column names of several levels. Flatten them to one name per column.")
    names = unique_names([str(name) for name in frame.columns], notes)
    frame = frame.set_axis(names, axis="columns")
    taken = [name for name in frame.index.names if name is not None and str(name) in names]
    if taken:
        frame = frame.rename_axis(index={name: f"{name}_index" for name in taken})
    for name in names:
        column = frame[name]
        if column.dtype == object:
            try:
                pa.Array.from_pandas(column)
            except (pa.ArrowException, TypeError, ValueError, OverflowError):
                frame = frame.assign(**{name: column.map(_text_of_object, na_action="ignore")})
    return pa.Table.from_pandas(frame)


def _text_of_object(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _text_of_floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    exact = column.cast(pa.float64())
    exact = pc.if_else(pc.is_nan(exact), pa.scalar(None, pa.float64()), exact)
    whole = pc.and_(pc.equal(pc.floor(exact), exact), pc.less(pc.abs(exact), 2.0**63))
    digits = pc.if_else(whole, exact, pa.scalar(None, pa.float64())).cast(pa.int64(), safe=False).cast(pa.string())
    shortest = column.cast(pa.string()) if column.type != pa.float16() else exact.cast(pa.string())
    text = pc.if_else(whole, digits, shortest)
    return pc.if_else(pc.is_null(exact), pa.scalar(None, pa.string()), text)


def _text_of_instants(column: pa.ChunkedArray) -> pa.ChunkedArray:
    zoned = column.type.tz is not None
    whole = column.cast(pa.timestamp("us", tz="UTC" if zoned else None), safe=False).combine_chunks()
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    # There are far fewer days, and seconds in a day, than instants: those are written once each.
    microseconds = whole.cast(pa.int64()).fill_null(0).to_numpy()
    day = pa.array((microseconds // 86_400_000_000).astype(np.int32)).dictionary_encode()
    second = pa.array((microseconds // 1_000_000 % 86_400).astype(np.int32))
    day_text = day.dictionary.cast(pa.date32()).cast(pa.string())
    clock = pa.array(np.arange(86_400, dtype=np.int32)).cast(pa.time32("s")).cast(pa.string())
    clock_text = pc.binary_join_element_wise("T", clock, "Z" if zoned else "", "")
    if not zoned:
        clock_text = pa.concat_arrays([pa.array([""]), clock_text.slice(1)])
    text = pc.binary_join_element_wise(day_text.take(day.indices), clock_text.take(second), "")
    text = pc.if_else(whole.is_valid(), text, pa.scalar(None, pa.string()))
    finer = pa.array(microseconds % 1_000_000 != 0)
    if pc.any(finer).as_py():
        text = pc.replace_with_mask(text, finer, _text_of_fine_instants(whole.filter(finer), zoned))
    return pa.chunked_array([text])


def _text_of_fine_instants(whole: pa.Array, zoned: bool) -> pa.Array:
    """Instants one by one, without zeros at the end of their fractions."""
    text = whole.cast(pa.string())
    if not zoned:
        text = pc.replace_substring_regex(text, r" 00:00:00(\.0+)?$", "")
    text = pc.replace_substring_regex(text, r"(\.\d*?)0+(Z?)$", r"\1\2")
    text = pc.replace_substring_regex(text, r"\.(Z?)$", r"\1")
    return pc.replace_substring(text, " ", "T")


def _text_of_binary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return text_of(column.cast(pa.binary()).cast(pa.string()))
    except pa.ArrowInvalid:
        texts = [None if value is None else value.hex() for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")

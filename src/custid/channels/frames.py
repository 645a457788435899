"""Parquet files and frames: typed columns become text.

In: a Parquet file, any object with the Arrow PyCapsule interface, or batches of such. Out: `Rows`.
A value's text depends on the value alone, not on its column, so that it is the same in every batch: whole
numbers have no ".0" (pandas makes integers with gaps into floats), dates and instants are ISO, a midnight
without a zone is a date, booleans are true/false, bytes are UTF-8 or else hexadecimal. Structures become columns
named with a dot (`address.city`), lists one column per value (`emails.1`), other nested values JSON. Missing
values of any sort are null; so is empty text. Never here: what a column means.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from custid.channels.files import File
from custid.channels.rows import VALUES_MAX, Rows, Thinned, check_width, unique_names, without_bad_values
from custid.errors import InputError, UsageError

_BATCH_ROWS = 1 << 16


def read_parquet(file: File, progress: Callable[[int], None], rows_max: int | None = None) -> Rows:
    """All rows of a Parquet file, or about `rows_max` evenly spread. Raises InputError when it is damaged."""
    try:
        with pq.ParquetFile(file.seekable()) as parquet:
            return batches_as_rows(
                parquet.schema_arrow, parquet.iter_batches(_BATCH_ROWS), file.name, "parquet", [], progress, rows_max
            )
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{file.name} is not a Parquet file that can be read ({first_line(error)}). It may be damaged or "
            "cut short: write it again, or name its format with format=."
        ) from error


def read_frame(frame: Any, source: str, rows_max: int | None = None) -> Rows:
    """All rows of a frame, or about `rows_max` evenly spread. Raises UsageError when it is no table, InputError when it
    cannot become text."""
    notes: list[str] = []
    try:
        if type(frame).__module__.split(".")[0] == "pandas" and hasattr(frame, "columns"):
            table = _from_pandas(frame, notes)
        elif isinstance(frame, pa.Table):
            table = frame
        elif isinstance(frame, pa.RecordBatch):
            table = pa.Table.from_batches([frame])
        elif hasattr(frame, "__arrow_c_stream__"):
            reader = pa.RecordBatchReader.from_stream(frame)
            return batches_as_rows(reader.schema, reader, source, "frame", notes, rows_max=rows_max)
        elif hasattr(frame, "__arrow_c_array__"):
            table = pa.Table.from_batches([pa.record_batch(frame)])
        else:
            raise UsageError(
                "a channel's source is a path or a table with the Arrow interface, not "
                f"{type(frame).__name__}. "
                "Give a file's path, or a pandas, polars, pyarrow or DuckDB table."
            )
        return batches_as_rows(table.schema, table.to_batches(_BATCH_ROWS), source, "frame", notes, rows_max=rows_max)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(
            f"{source} cannot be taken as a table ({first_line(error)}). Give every column one type, or make it text."
        ) from error


def batches_as_rows(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    source: str,
    form: str,
    notes: list[str],
    progress: Callable[[int], None] | None = None,
    rows_max: int | None = None,
) -> Rows:
    """Typed batches as rows of text, batch by batch, so that typed values and text are never all held together; all,
    or about `rows_max` evenly spread.

    Columns of structures become one column per part, named with a dot; lists their first values, numbered from 1.
    """
    index, dropped = _index_of(schema)
    kept = [number for number, name in enumerate(schema.names) if name not in dropped]
    check_width(len(kept), source)
    names = unique_names([str(schema.names[number]) for number in kept], notes)
    texts = []
    thinned = Thinned(rows_max) if rows_max else None
    done = 0
    for batch in chain(batches, [pa.RecordBatch.from_pylist([], schema)]):
        table = _flat_text([batch.column(number) for number in kept], names, source)
        check_width(table.num_columns, source)
        if thinned is None:
            texts.append(table)
        else:
            thinned.add(table)
        if progress:
            done += batch.nbytes
            progress(done)
    table = pa.concat_tables(texts, promote_options="default") if thinned is None else thinned.table()
    table = table.drop_columns([name for name in table.column_names if name not in names and _is_spare(table, name)])
    rows = Rows(table, np.arange(1, len(table) + 1, dtype=np.int64), form, notes=notes, index=index)
    if thinned is not None:
        rows = replace(rows, numbers=thinned.places + 1, seen=thinned.seen, filled=thinned.filled)
    return without_bad_values(rows, damaged=False)


def _flat_text(columns: Sequence[pa.Array], names: Sequence[str], source: str) -> pa.Table:
    texts: dict[str, pa.ChunkedArray] = {}
    for name, column in zip(names, columns, strict=True):
        try:
            for part, values in _spread(name, pa.chunked_array([column])):
                texts[part if part == name or part not in names else f"{part}_2"] = text_of(values)
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise InputError(
                f"column '{name}' of {source} ({column.type}) cannot be written as text ({first_line(error)}). "
                "Make it text before giving it."
            ) from error
    return pa.Table.from_pydict(texts)


def _spread(name: str, column: pa.ChunkedArray) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """The parts of structures and the first values of lists, as columns; anything else is itself."""
    kind = column.type
    if pa.types.is_struct(kind) and kind.num_fields:
        for number in range(kind.num_fields):
            yield from _spread(f"{name}.{kind.field(number).name}", pc.struct_field(column, [number]))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        first = pc.list_slice(column, 0, VALUES_MAX, return_fixed_size_list=True)
        for number in range(VALUES_MAX):
            yield from _spread(f"{name}.{number + 1}", pc.list_element(first, number))
        longer = pc.fill_null(pc.greater(pc.list_value_length(column), VALUES_MAX), False)
        if pc.any(longer).as_py():
            rest = [_json(values[VALUES_MAX:]) for values in column.filter(longer).to_pylist()]
            empty = pa.nulls(len(column), pa.string())
            yield (
                f"{name}.more",
                pa.chunked_array([pc.replace_with_mask(empty, longer.combine_chunks(), pa.array(rest))]),
            )
    else:
        yield name, column


def _is_spare(table: pa.Table, name: str) -> bool:
    """Whether it is a place for a list's value, in lists none of which is that long."""
    return table[name].null_count == len(table) and re.search(r"\.[2-9](\.|$)", name) is not None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def text_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """`column` as strings; see the module's docstring for how each type is written.

    >>> text_of(pa.chunked_array([[17.0, 1.5, None]])).to_pylist()
    ['17', '1.5', None]
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        stored = pa.chunked_array([chunk.storage for chunk in column.chunks], type=kind.storage_type)
        return _text_of_uuids(stored) if kind.extension_name == "arrow.uuid" else text_of(stored)
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
        texts = [None if value is None else _json(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _index_of(schema: pa.Schema) -> tuple[tuple[str, ...], list[str]]:
    """What pandas noted of its index: the named columns, and the nameless ones, which mean nothing."""
    noted = (schema.metadata or {}).get(b"pandas")
    if not noted:
        return (), []
    try:
        names = [name for name in json.loads(noted).get("index_columns", []) if isinstance(name, str)]
    except (ValueError, AttributeError):
        return (), []
    names = [name for name in names if name in schema.names]
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
        texts = [None if value is None else _text_of_bytes(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _text_of_uuids(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = [None if value is None else str(uuid.UUID(bytes=value)) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _text_of_bytes(value: bytes) -> str:
    """
    >>> _text_of_bytes(b"abc"), _text_of_bytes(b"\\xff")
    ('abc', 'ff')
    """
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")

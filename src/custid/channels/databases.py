"""Tables and queries of databases become rows of text.

In: `postgresql://…` or `duckdb:///file.db`, and a table or a query. Out: `Rows`. The database is only read, and its
rows come in batches. Values are written as everywhere: see `frames`. Never here: what a column means.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.csv

from custid.channels import urls
from custid.channels.frames import batches_as_rows
from custid.channels.rows import Rows, unique_names
from custid.errors import InputError, MissingExtra, UsageError

#: PostgreSQL's numbers of the types whose text differs from ours.
_BOOL, _DATE, _TIMESTAMP, _TIMESTAMPTZ, _BPCHAR, _BYTEA = 16, 1082, 1114, 1184, 1042, 17


def read_database(
    source: str, *, channel: str, table: str | None, query: str | None, progress: Callable[[int], None]
) -> Rows:
    """All rows of the table, or of what the query gives.

    Raises UsageError unless exactly one of the two is given, InputError when the database refuses, MissingExtra.
    """
    if (table is None) == (query is None):
        raise UsageError(
            f"channel '{channel}': {urls.shown(source)} is a database. Say what to read of it: table=\"customers\" or "
            'query="select …", one of them.'
        )
    select = f"select * from {_quoted(table)}" if table is not None else (query or "").strip().rstrip(";")
    if urls.scheme_of(source) == "duckdb":
        return _read_duckdb(source, channel, select, progress)
    return _read_postgres(source, channel, select, progress)


def duckdb_path(source: str) -> str:
    """The file that a `duckdb://` URL names; what follows three slashes is a path, four begin an absolute one.

    >>> duckdb_path("duckdb:///shop.db"), duckdb_path("duckdb:////data/shop.db")
    ('shop.db', '/data/shop.db')
    """
    return source.partition("://")[2].removeprefix("/")


def _quoted(table: str) -> str:
    """
    >>> _quoted("sales.Customers")
    '"sales"."Customers"'
    """
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))


def _read_duckdb(source: str, channel: str, select: str, progress: Callable[[int], None]) -> Rows:
    import duckdb

    path = Path(duckdb_path(source)).expanduser()
    if not path.is_file():
        raise InputError(
            f"channel '{channel}': there is no DuckDB file {path}. Write duckdb:///file.db for a path from here, "
            "duckdb:////folder/file.db for an absolute one."
        )
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            reader = pa.RecordBatchReader.from_stream(cast(Any, connection.sql(select)))
            return batches_as_rows(reader.schema, reader, f"{path}", "duckdb", [], progress)
    except (duckdb.Error, TypeError) as error:
        raise _refused(channel, source, error) from None


def _read_postgres(source: str, channel: str, select: str, progress: Callable[[int], None]) -> Rows:
    try:
        import psycopg
    except ImportError:
        raise MissingExtra(
            f"channel '{channel}': reading PostgreSQL needs psycopg. Install it with: pip install 'custid[postgres]'"
        ) from None
    try:
        with psycopg.connect(source) as connection:
            connection.read_only = True
            cursor = connection.cursor()
            cursor.execute("set datestyle to 'ISO'")
            cursor.execute("set timezone to 'UTC'")
            # Columns are numbered: a query may give one name twice.
            cursor.execute(f"select * from (\n{select}\n) as q limit 0".encode())
            described = cursor.description or []
            if not described:
                raise InputError(f"channel '{channel}': what the query gives has no columns.")
            places = [f"c{number}" for number in range(len(described))]
            chosen = [
                _expression(place, column.type_code, psycopg.adapters.types)
                for place, column in zip(places, described, strict=True)
            ]
            statement = f"copy (select {', '.join(chosen)} from (\n{select}\n) as q({', '.join(places)})) to stdout csv"
            types = {place: _arrow_type(column.type_code) for place, column in zip(places, described, strict=True)}
            notes: list[str] = []
            names = unique_names([column.name for column in described], notes)
            with cursor.copy(statement.encode()) as copy:
                batches = _csv_batches(copy, places, types)
                schema = pa.schema([pa.field(name, types[place]) for name, place in zip(names, places, strict=True)])
                batches = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in batches)
                return batches_as_rows(schema, batches, urls.shown(source), "postgresql", notes, progress)
    except (psycopg.Error, pa.ArrowInvalid) as error:
        raise _refused(channel, source, error) from None


def _expression(place: str, kind: int, known: Any) -> str:
    """How a column is asked for, so that its text is ours."""
    if (found := known.get(kind)) and found.array_oid == kind:
        return f"to_json({place})"
    if kind == _BOOL:
        return f"case when {place} then 'true' when not {place} then 'false' end"
    if kind in (_DATE, _TIMESTAMP, _TIMESTAMPTZ):  # those that neither ISO nor Arrow can write are nobody's
        return f"case when {place} between '0001-01-01' and '9999-12-31' then {place} end"
    if kind == _BPCHAR:
        return f"rtrim({place})"
    if kind == _BYTEA:
        return f"encode({place}, 'hex')"
    return place


def _arrow_type(kind: int) -> pa.DataType:
    return {
        _DATE: pa.date32(),
        _TIMESTAMP: pa.timestamp("us"),
        _TIMESTAMPTZ: pa.timestamp("us", "UTC"),
    }.get(kind, pa.string())


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a file."""

    def __init__(self, blocks: Iterable[Any]) -> None:
        self._blocks = iter(blocks)
        self._pending = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._pending:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._pending = memoryview(block)
        size = min(len(buffer), len(self._pending))
        buffer[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size


def _csv_batches(blocks: Iterable[Any], places: list[str], types: dict[str, pa.DataType]) -> Iterable[pa.RecordBatch]:
    """What COPY gives; it may be nothing at all, which Arrow does not take."""
    file = io.BufferedReader(cast(Any, _Blocks(blocks)), 1 << 20)
    if not file.peek(1):
        return []
    reader: Iterable[pa.RecordBatch] = pa.csv.open_csv(
        file,
        read_options=pa.csv.ReadOptions(column_names=places, use_threads=False, block_size=1 << 24),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""]),
    )
    return reader


def _refused(channel: str, source: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:300].rstrip(".")
    return InputError(
        f"channel '{channel}': {urls.shown(source)} cannot be read: {urls.without_secrets(reason, source)}."
    )

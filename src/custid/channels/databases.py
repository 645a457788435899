"""Tables and queries of databases become rows of text.

In: `postgresql://…` or `duckdb:///file.db`, and a table or a query. Out: `Rows`. The database is only read, and its
rows come in batches. Values are written as everywhere: see `frames`. Never here: what a column means.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from custid.channels import urls
from custid.channels.frames import batches_as_rows
from custid.channels.rows import Rows
from custid.errors import InputError, MissingExtra, UsageError


def read_database(
    source: str,
    *,
    channel: str,
    table: str | None,
    query: str | None,
    progress: Callable[[int], None],
    rows_max: int | None = None,
) -> Rows:
    """All rows of the table, or of what the query gives; or about `rows_max` of them, evenly spread.

    Raises UsageError unless exactly one of the two is given, InputError when the database refuses, MissingExtra.
    """
    if (table is None) == (query is None):
        raise UsageError(
            f"channel '{channel}': {urls.shown(source)} is a database. Say what to read of it: table=\"customers\" or "
            'query="select …", one of them.'
        )
    select = f"select * from {_quoted(table)}" if table is not None else (query or "").strip().rstrip(";")
    if urls.scheme_of(source) == "duckdb":
        return _read_duckdb(source, channel, select, progress, rows_max)
    return _read_postgres(source, channel, select, progress, rows_max)


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


def _read_duckdb(source: str, channel: str, select: str, progress: Callable[[int], None], rows_max: int | None) -> Rows:
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
            return batches_as_rows(reader.schema, reader, f"{path}", "duckdb", [], progress, rows_max)
    except (duckdb.Error, TypeError) as error:
        raise _refused(channel, source, error) from None


def _read_postgres(
    source: str, channel: str, select: str, progress: Callable[[int], None], rows_max: int | None
) -> Rows:
    try:
        import adbc_driver_manager
        import adbc_driver_postgresql.dbapi as adbc
    except ImportError:
        raise MissingExtra(
            f"channel '{channel}': reading PostgreSQL needs its ADBC driver. Install it with: pip install "
            "'custid[postgres]'"
        ) from None
    try:
        with adbc.connect(source) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(f"SELECT * FROM (\n{select}\n) AS q LIMIT 0")
            described = cursor.fetch_record_batch().schema
            # Columns are numbered: a query may give one name twice.
            places = [f"c{number}" for number in range(len(described))]
            chosen = [_expression(place, column.type) for place, column in zip(places, described, strict=True)]
            cursor.execute(f"SELECT {', '.join(chosen)} FROM (\n{select}\n) AS q({', '.join(places)})")
            reader = cursor.fetch_record_batch()
            schema = pa.schema(
                [pa.field(name, one.type) for name, one in zip(described.names, reader.schema, strict=True)]
            )
            batches = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)
            return batches_as_rows(schema, batches, urls.shown(source), "postgresql", [], progress, rows_max)
    except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:
        raise _refused(channel, source, error) from None


def _expression(place: str, kind: pa.DataType) -> str:
    """How a column is asked for, so that Arrow can hold its values and their text is ours."""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):  # "infinity" is no day
        return f"CASE WHEN {place} BETWEEN '0001-01-01' AND '9999-12-31' THEN {place} END"
    # Types that Arrow has no like of come as PostgreSQL keeps them inside, unless asked for as text.
    return f"{place}::text" if isinstance(kind, pa.BaseExtensionType) or pa.types.is_interval(kind) else place


def _refused(channel: str, source: str, error: Exception) -> InputError:
    # ADBC adds the whole query, and where in it the fault is by a line of spaces.
    reason = " ".join(str(error).partition("Query was:")[0].split())[:300].rstrip(".")
    reason = reason.removeprefix("IO: ").replace("[libpq] ", "")
    return InputError(
        f"channel '{channel}': {urls.shown(source)} cannot be read: {urls.without_secrets(reason, source)}."
    )

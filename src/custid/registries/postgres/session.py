"""A transaction on a PostgreSQL connection: the shared SQL in, Arrow out, both in bulk.

In: SQL that names the schema `custid`. Out: Arrow tables; COPY in its binary form carries them both ways, in the
driver (ADBC), so that no cell ever becomes a Python object.
Never here: what the SQL says; connections.

Texts compare and sort by their code points (COLLATE "C"), as in the embedded registry: the same order on every
server, and an index that no update of the operating system's locales can break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager import DataError, Error
from adbc_driver_manager.dbapi import Connection, Cursor

from custid.errors import RegistryError
from custid.registries.postgres.faults import ConnectionLost, translated

_NUL = "22021"


class ServerSession:
    """A `Session` on a PostgreSQL connection.

    `loaded`: how many rows each table of the registry took in bulk. `broken`: the connection is of no further use.
    """

    def __init__(self, connection: Connection, schema: str, shown: str) -> None:
        self.loaded: dict[str, int] = {}
        self.broken = False
        self._connection = connection
        self._schema = schema
        self._shown = shown
        self._offered: dict[str, str] = {}

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with self._cursor() as cursor:
            cursor.execute(self._spoken(sql), parameters or None)
            if cursor.description:
                # Until its rows are read, a query is not over, and may yet fail.
                cursor.fetch_arrow_table()

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        with self._cursor() as cursor:
            cursor.execute(self._spoken(sql), parameters or None)
            return _plain(cursor.fetch_arrow_table())

    def offer(self, name: str, rows: pa.Table) -> None:
        # As arrays in the statement: a read-only session has no temporary tables, and none has to be cleaned up.
        columns = ", ".join(f"unnest({_array(column, self._shown)})" for column in rows.columns)
        self._offered[name] = (
            f"{name} ({', '.join(rows.column_names)}) AS (SELECT * FROM ROWS FROM ({columns}) AS given)"
        )

    def load(self, table: str, rows: pa.Table) -> None:
        if not len(rows):
            return
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in rows.column_names)
        # Binary COPY takes exactly the column's own type.
        rows = _cast(rows, self.fetch(f"SELECT {names} FROM {table} LIMIT 0").schema)
        schema, _, name = table.rpartition(".")
        where = {"db_schema_name": self._schema} if schema else {"temporary": True}
        with self._cursor() as cursor:
            try:
                cursor.adbc_ingest(name, rows, mode="append", **where)
            except DataError as error:
                if error.sqlstate != _NUL:
                    raise
                raise RegistryError(_where_nul(self._shown, name, rows)) from error
        self.loaded[name] = self.loaded.get(name, 0) + len(rows)

    def begin(self, mode: str = "") -> None:
        """Begin a transaction. `mode`: what SET TRANSACTION says of it."""
        # The driver has to know: around some statements it would otherwise begin and commit one of its own.
        with self._noticing():
            self._connection.adbc_connection.set_autocommit(False)
        if mode:
            self.execute(f"SET TRANSACTION {mode}")

    def commit(self) -> None:
        with self._noticing():
            self._connection.adbc_connection.set_autocommit(True)

    def roll_back(self) -> None:
        """End the transaction without a trace; never raises, for what went wrong has been said."""
        try:
            self._connection.adbc_connection.rollback()
            self._connection.adbc_connection.set_autocommit(True)
        except Error:
            self.broken = True

    def _spoken(self, sql: str) -> str:
        offers = [table for name, table in self._offered.items() if re.search(rf"\b{name}\b", sql)]
        sql = dialect(sql, self._schema)
        if not offers:
            return sql
        rest = re.sub(r"^\s*WITH\b", ",", sql)
        return f"WITH {', '.join(offers)} {rest}"

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        with self._noticing(), self._connection.cursor() as cursor:
            yield cursor

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            with translated(self._shown):
                yield
        except ConnectionLost:
            self.broken = True
            raise


def dialect(sql: str, schema: str) -> str:
    """The shared SQL as this registry needs it: in its schema, which may be there already; texts by code point.

    >>> dialect("SELECT * FROM custid.links", "people")
    'SELECT * FROM "people".links'
    >>> dialect("SELECT 1 FROM information_schema.tables WHERE table_schema = 'custid'", "people")
    "SELECT 1 FROM information_schema.tables WHERE table_schema = 'people'"
    >>> dialect("CREATE TABLE custid.notes (text VARCHAR)", "custid")
    'CREATE TABLE "custid".notes (text VARCHAR COLLATE "C")'
    >>> dialect('ALTER TABLE custid.records ADD COLUMN "email" VARCHAR', "custid")
    'ALTER TABLE "custid".records ADD COLUMN "email" VARCHAR COLLATE "C", ALTER COLUMN "email" SET STATISTICS 0'
    """
    if sql == "CREATE SCHEMA custid":
        # Who may not make a schema can be given an empty one; IF NOT EXISTS would ask for the right all the same.
        return f'DO $$ BEGIN IF to_regnamespace(\'"{schema}"\') IS NULL THEN CREATE SCHEMA "{schema}"; END IF; END $$'
    if re.match(r"\s*(CREATE|ALTER)\b", sql):
        sql = re.sub(r"\bVARCHAR\b", 'VARCHAR COLLATE "C"', sql)
        # What a record says is never searched: the planner needs no samples of it, and an erasure would miss them.
        sql = re.sub(
            r'^(ALTER TABLE custid\.records ADD COLUMN (".+") .*)$', r"\1, ALTER COLUMN \2 SET STATISTICS 0", sql
        )
    return re.sub(r"\bcustid\.", f'"{schema}".', sql).replace("'custid'", f"'{schema}'")


def _plain(table: pa.Table) -> pa.Table:
    """`table` without what the driver adds: notes on fields, and types that only name PostgreSQL's."""
    columns = [
        pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
        if isinstance(column.type, pa.BaseExtensionType)
        else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _cast(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        column if pa.types.is_large_string(column.type) else column.cast(field.type)
        for column, field in zip(rows.columns, schema, strict=True)
    ]
    return pa.table(columns, names=rows.column_names)


#: Arrow's types as PostgreSQL's.
_TYPES = (
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_timestamp, "timestamptz"),
)


def _array(column: pa.ChunkedArray, shown: str) -> str:
    r"""A column as an array in SQL, made without a look at its single values.

    >>> print(_array(pa.chunked_array([["O'Brien", 'a "b"', None, ""]]), "here"))
    '{"O''Brien","a \"b\"",NULL,""}'::text[]
    """
    kind = next((name for is_it, name in _TYPES if is_it(column.type)), "text")
    texts = column.cast(pa.large_string())
    if kind == "text":
        for special in ("\\", '"'):
            texts = pc.replace_substring(texts, special, "\\" + special)
        quote = pa.scalar('"', pa.large_string())
        texts = pc.binary_join_element_wise(quote, texts, quote, pa.scalar("", pa.large_string()))
    joined = ",".join(pc.fill_null(texts, "NULL").to_pylist())
    if "\0" in joined:
        raise RegistryError(f"{shown}: PostgreSQL's texts cannot hold a NUL character. Take it out of the value.")
    return "'{" + joined.replace("'", "''") + "}'::" + kind + "[]"


def _where_nul(shown: str, table: str, rows: pa.Table) -> str:
    """Which value it was: nothing is dropped from it silently."""
    for name in rows.column_names:
        if pa.types.is_string(rows[name].type) or pa.types.is_large_string(rows[name].type):
            place = pc.index(pc.match_substring(rows[name], "\0"), True).as_py()
            if place >= 0:
                row = rows.slice(place, 1).select([key for key in rows.column_names if key in _NAMING]).to_pylist()[0]
                which = ", ".join(f"{key} {value!r}" for key, value in row.items() if key != name)
                return (
                    f"{shown}: column {name!r} of {table} ({which}) holds a NUL character, which PostgreSQL's texts "
                    "cannot. Nothing was written. Take it out of the value."
                )
    return f"{shown}: a text for {table} is not valid UTF-8. Nothing was written."


#: What names a row to a person.
_NAMING = ("channel", "record_id", "record_key", "source", "row", "seq")

"""A declared table of interactions becomes a view in DuckDB, whatever it is read from.

In: `Interactions`, a DuckDB connection. Out: `Rows`, the name of a view with one row per interaction, its time and
amount read, and what is wrong with it. Parquet files are left where they are and streamed; what else channels can read
is read by them.
Never here: whose an interaction is.
"""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels.files import find_files
from custid.channels.frames import text_of
from custid.channels.instants import read_instants
from custid.channels.reading import silent
from custid.channels.sources import read_source
from custid.channels.spec import Channel
from custid.channels.urls import scheme_of
from custid.errors import InputError, UsageError
from custid.story.currencies import currency_code
from custid.story.spec import VALUES, Interactions, check

#: An exact type: sums of amounts must not depend on their order. Finer than any currency's smallest part.
AMOUNT = "DECIMAL(18, 4)"

_PARQUET = frozenset({".parquet", ".pq", ".parq"})
#: Types of columns that need no other form before DuckDB works with them.
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*")
_PLAIN = re.compile(rf"{_NUMBER.pattern}|VARCHAR|DATE|TIMESTAMP.*|BOOLEAN|UUID")
#: A text with a clock that names its zone, or counts seconds since 1970.
_ZONED = r"\d{1,2}:\d{2}.*(?:Z|[+-]\d{2}(?::?\d{2})?)$|^\d{10}(?:\d{3})?$"
#: Nothing that is kept in a computer happened before: what is dated so is an empty field of some system.
_FIRST_US = 86_400_000_000


@dataclass(frozen=True)
class Rows:
    """Interactions in DuckDB.

    `view` has the columns of `keys`, as the source has them: `record_0` … (parts of the record id), `email`, `phone`,
    `device`; `at_us`: microseconds since 1970, UTC; `amount` AMOUNT and `currency` (ISO 4217), null without one; the
    columns of `texts`; `flaw`: the reason for which a row cannot count, null: none. `unread`: reason → rows of the
    source that are not in the view, because they could not be read, or were not the last of their id.
    """

    told: Interactions
    view: str
    keys: tuple[str, ...]
    texts: tuple[str, ...]
    unread: Mapping[str, int]


def open_rows(database: duckdb.DuckDBPyConnection, told: Interactions, number: int) -> Rows:
    """The view of a declared table; `number` makes its name unique.

    Raises UsageError for a wrong declaration, such as a column that is not there, InputError when the source cannot be
    read.
    """
    check(told)
    source = f"source_{number}"
    unread = _attach(database, told, source)
    types = _types(database, source)
    view = f"rows_{number}"
    named = {f"record_{place}": column for place, column in enumerate(_parts(told.record_id))}
    named |= {name: getattr(told, name) for name in VALUES if getattr(told, name)}
    texts = {f"text_{place}": column for place, column in enumerate(_parts(told.text))}
    time, time_given = _time(told, types)
    amount, amount_given = _amount(told, types)
    currency, currency_given, join = _currency(database, told, types, source, number)
    columns = [f"source.{_quoted(column)} AS {name}" for name, column in {**named, **texts}.items()]
    flaw = f"""CASE WHEN at_us IS NULL THEN CASE WHEN time_given THEN 'unreadable_time' ELSE 'no_time' END
        WHEN at_us < {_FIRST_US} THEN 'implausible_time'
        WHEN amount IS NULL AND amount_given THEN 'unreadable_amount'
        {"WHEN amount < 0 THEN 'negative_amount'" if told.negative == "reject" else ""}
        WHEN amount IS NOT NULL AND currency IS NULL
            THEN CASE WHEN currency_given THEN 'unknown_currency' ELSE 'no_currency' END END"""
    last, repeated = _last_of_each(database, told, source)
    database.execute(
        f"""CREATE OR REPLACE TEMP VIEW {view} AS SELECT *, {flaw} AS flaw FROM (
            SELECT {", ".join(columns)}, {time} AS at_us, {time_given} AS time_given, {amount} AS amount,
                {amount_given} AS amount_given, {currency} AS currency, {currency_given} AS currency_given
            FROM {last} AS source {join})"""
    )
    return Rows(told, view, tuple(named), tuple(texts), {**unread, **({"repeated": repeated} if repeated else {})})


def named_columns(told: Interactions) -> dict[str, str]:
    """Column → the setting that names it; `currency`, which may also be a code, is not among them."""
    named = {told.at: "at"}
    for setting in ("record_id", "text"):
        named |= dict.fromkeys(_parts(getattr(told, setting)), setting)
    for setting in (*VALUES, "amount", "id"):
        if column := getattr(told, setting):
            named[column] = setting
    return named


def _parts(columns: str | Sequence[str] | None) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns or ())


# --- reading ------------------------------------------------------------------------------------------------


def _attach(database: duckdb.DuckDBPyConnection, told: Interactions, source: str) -> dict[str, int]:
    """Make the source's needed columns a view of DuckDB; returns reason → rows that could not even be read."""
    if _attach_parquet(database, told, source):
        return {}
    table, unread = _table(told)
    _check_columns(told, table.column_names)
    wanted = [name for name in table.column_names if name in named_columns(told) or name == told.currency]
    columns = {name: _plain(table[name], name == told.at) for name in wanted}
    if _is_text(columns[told.at].type):
        columns[_READ_TIME] = _instants(columns[told.at], told.timezone)
    database.register(source, pa.table(columns))
    return unread


def _attach_parquet(database: duckdb.DuckDBPyConnection, told: Interactions, source: str) -> bool:
    """Whether the source is local Parquet files whose columns DuckDB can read as they are; then it has them."""
    if not isinstance(told.source, str | os.PathLike) or scheme_of(os.fspath(told.source)) is not None:
        return False
    if told.format not in (None, "parquet") or told.table or told.query:
        return False
    files, _ = find_files(told.source, told.name, lambda suffix: True)
    names = [file.name for file in files]
    if any(file.suffix not in _PARQUET and told.format is None for file in files):
        return False
    if any(set(name) & set("*?[") for name in names):
        return False  # DuckDB would take them for patterns
    partitioned = "true, hive_types_autocast = false" if any(file.partition for file in files) else "false"
    listed = ", ".join(_literal(name) for name in names)
    try:
        database.execute(
            f"""CREATE OR REPLACE TEMP VIEW {source} AS SELECT * FROM
                read_parquet([{listed}], union_by_name = true, hive_partitioning = {partitioned})"""
        )
        types = _types(database, source)
    except duckdb.Error as error:
        raise InputError(
            f"interactions '{told.name}': {told.source} cannot be read ({str(error).splitlines()[0]})."
        ) from error
    needed = [*named_columns(told), *([told.currency] if told.currency in types else [])]
    plain = all(name in types and _PLAIN.fullmatch(types[name]) for name in needed)
    if plain and re.match("DATE|TIMESTAMP", types[told.at]):
        return True
    database.execute(f"DROP VIEW {source}")
    return False


def _table(told: Interactions) -> tuple[pa.Table, dict[str, int]]:
    """The source as a table, typed where it is a frame; and reason → rows that could not be read."""
    if not isinstance(told.source, str | os.PathLike) and (frame := _frame(told)) is not None:
        return frame, {}
    options = ("format", "encoding", "delimiter", "quote", "sheet", "table", "query")
    channel = Channel(told.name, told.source, **{name: getattr(told, name) for name in options})
    rows = read_source(channel, silent)
    return rows.table, dict(Counter(reject.reason for reject in rows.rejects))


def _frame(told: Interactions) -> pa.Table | None:
    """A frame as a table; None: as it is, it is none, or its columns have other names as text."""
    try:
        table = told.source if isinstance(told.source, pa.Table) else pa.table(told.source)
    except (pa.ArrowException, TypeError, ValueError):
        return None
    return table if set(named_columns(told)) <= set(table.column_names) else None


def _plain(column: pa.ChunkedArray, is_time: bool) -> pa.ChunkedArray:
    """A column as DuckDB can work with it: as it is, or as text; a time as a time or as text."""
    kind = column.type
    timed = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    numeric = pa.types.is_integer(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind)
    numeric = numeric or pa.types.is_decimal128(kind)
    return column if timed or (numeric and not is_time) else text_of(column)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _instants(column: pa.ChunkedArray, timezone: str) -> pa.Array:
    """Texts as microseconds since 1970; those that name no zone are of `timezone`. Of what cannot be read, the
    smallest number there is; null where nothing stands."""
    texts = pc.utf8_trim_whitespace(column.combine_chunks())
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    instants, _ = read_instants(column)
    if timezone != "UTC":
        zoned = pc.fill_null(pc.match_substring_regex(texts, _ZONED), False)
        naive = instants.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
        local = pc.assume_timezone(naive, timezone, ambiguous="earliest", nonexistent="earliest")
        instants = pc.if_else(zoned, instants, local.cast(instants.type))
    read = instants.cast(pa.int64())
    given = pc.and_(pc.is_null(read), pc.fill_null(pc.not_equal(texts, ""), False))
    return pc.if_else(given, pa.scalar(_UNREADABLE, pa.int64()), read)


#: The column with the times that were texts, and what it holds for one that cannot be read.
_READ_TIME = "custid_read_time"
_UNREADABLE = -(2**63)


def _check_columns(told: Interactions, columns: Sequence[str]) -> None:
    for column, setting in named_columns(told).items():
        if column not in columns:
            near = difflib.get_close_matches(column, columns, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise UsageError(
                f"interactions '{told.name}' have no column '{column}', which {setting} names (they have: "
                f"{', '.join(columns[:30])}).{hint}"
            )


# --- what the columns say -----------------------------------------------------------------------------------


def _types(database: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    return {row[0]: str(row[1]) for row in database.execute(f"DESCRIBE {source}").fetchall()}


def _time(told: Interactions, types: Mapping[str, str]) -> tuple[str, str]:
    """SQL: the time in microseconds since 1970, and whether something stands where it should be."""
    if _READ_TIME in types:
        return f"nullif({_READ_TIME}, {_UNREADABLE})", f"{_READ_TIME} IS NOT NULL"
    column, kind = _quoted(told.at), types[told.at]
    if "TIME ZONE" in kind:
        return f"epoch_us({column})", f"{column} IS NOT NULL"
    naive = f"{column}::TIMESTAMP"
    zoned = naive if told.timezone == "UTC" else f"timezone({_literal(told.timezone)}, {naive})"
    return f"epoch_us({zoned})", f"{column} IS NOT NULL"


def _amount(told: Interactions, types: Mapping[str, str]) -> tuple[str, str]:
    """SQL: the amount, and whether something stands where it should be."""
    if told.amount is None:
        return f"NULL::{AMOUNT}", "false"
    column, kind = _quoted(told.amount), types[told.amount]
    if _NUMBER.fullmatch(kind):
        given = f"{column} IS NOT NULL" + (f" AND NOT isnan({column})" if kind in ("FLOAT", "DOUBLE") else "")
        return f"TRY_CAST({column} AS {AMOUNT})", given
    # Texts: the mark of thousands is left out only where it stands between groups of three.
    text = f"trim({column}::VARCHAR)"
    thousands = "," if told.decimal == "." else "."
    grouped = rf"^[+-]?\d{{1,3}}(\{thousands}\d{{3}})+(\{told.decimal}\d*)?$"
    text = (
        f"CASE WHEN regexp_matches({text}, {_literal(grouped)}) THEN replace({text}, '{thousands}', '')"
        f" WHEN contains({text}, '{thousands}') OR NOT regexp_matches({text}, '[0-9]') THEN 'no' ELSE {text} END"
    )
    if told.decimal == ",":
        text = f"replace({text}, ',', '.')"
    return f"TRY_CAST({text} AS {AMOUNT})", f"coalesce(trim({column}::VARCHAR), '') <> ''"


def _currency(
    database: duckdb.DuckDBPyConnection, told: Interactions, types: Mapping[str, str], source: str, number: int
) -> tuple[str, str, str]:
    """SQL: the currency, whether something stands where it should be, and a join that both need."""
    if told.currency is None:
        return "NULL::VARCHAR", "false", ""
    if told.currency not in types:
        code = currency_code(told.currency)
        if code is None:
            raise UsageError(
                f"interactions '{told.name}': currency {told.currency!r} is neither a column (there are: "
                f"{', '.join(list(types)[:30])}) nor a code of ISO 4217, such as EUR or CNY."
            )
        return _literal(code), "true", ""
    column = f"{_quoted(told.currency)}::VARCHAR"
    written = [row[0] for row in database.execute(f"SELECT DISTINCT {column} FROM {source}").fetchall() if row[0]]
    codes = pa.table(
        {
            "written": pa.array(written, pa.string()),
            "code": pa.array([currency_code(text) for text in written], pa.string()),
        }
    )
    database.register(f"currencies_{number}", codes)
    join = f"LEFT JOIN currencies_{number} AS currencies ON currencies.written = source.{column}"
    return "currencies.code", f"coalesce(trim(source.{column}), '') <> ''", join


def _last_of_each(database: duckdb.DuckDBPyConnection, told: Interactions, source: str) -> tuple[str, int]:
    """SQL: the rows without those that another of the same id follows; and how many these are."""
    if told.id is None:
        return source, 0
    named = f"""(SELECT *, nullif(trim({_quoted(told.id)}::VARCHAR), '') AS custid_id,
        row_number() OVER () AS custid_place FROM {source})"""
    database.execute(
        f"""CREATE OR REPLACE TEMP TABLE repeats_of_{source} AS
            SELECT custid_id, max(custid_place) AS last, count(*) - 1 AS before FROM {named}
            WHERE custid_id IS NOT NULL GROUP BY custid_id HAVING count(*) > 1"""
    )
    repeated = database.sql(f"SELECT sum(before)::BIGINT AS before FROM repeats_of_{source}").fetchall()[0][0]
    if repeated is None:
        return source, 0
    return (
        f"""(SELECT named.* FROM {named} AS named LEFT JOIN repeats_of_{source} AS repeats
            ON repeats.custid_id = named.custid_id WHERE repeats.last IS NULL OR repeats.last = named.custid_place)""",
        int(repeated),
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> Any:
    return "'" + text.replace("'", "''") + "'"

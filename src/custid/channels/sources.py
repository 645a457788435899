"""A channel's source, whatever it is, becomes rows of text.

In: a `Channel`. Out: `Rows`. Everything that can be wrong with a source as a whole is said here, before a row is
parsed. Never here: what columns mean, or which rows are records.
"""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from custid.channels import urls
from custid.channels.files import File, find_files
from custid.channels.frames import read_frame, read_parquet
from custid.channels.rows import Rows, together
from custid.channels.spec import FORMATS, Channel
from custid.errors import InputError, UsageError

_BY_SUFFIX = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv", ".txt"), "csv"),
    **dict.fromkeys((".parquet", ".pq", ".parq"), "parquet"),
    **dict.fromkeys((".jsonl", ".ndjson", ".jsonlines", ".json"), "jsonl"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), "excel"),
}

#: How files of other formats begin, and what they are whatever their name says.
_BEGINNINGS = {
    b"PAR1": ("a Parquet file", "parquet"),
    b"PK\x03\x04": ("an Excel workbook or a zip archive", "excel"),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook, old or with a password", "excel"),
    b"%PDF": ("a PDF", None),
    b"SQLite format 3": ("an SQLite database", None),
    b"BZh": ("compressed with bzip2", None),
    b"\xfd7zXZ": ("compressed with xz", None),
}

#: Options that mean something for some formats only.
_OPTIONS = {
    "encoding": ("csv", "jsonl"),
    "delimiter": ("csv",),
    "quote": ("csv",),
    "sheet": ("excel",),
}


def read_source(channel: Channel, progress: Callable[[str, int, int], None], rows_max: int | None = None) -> Rows:
    """All rows of the channel's source, or, where there are many more, about `rows_max` evenly spread.

    Raises InputError or UsageError with what, where and what next.
    """
    source = channel.source
    if not isinstance(source, str | os.PathLike):
        _refuse_options(channel, "a table in memory", ("format", *_OPTIONS, "table", "query"))
        return read_frame(source, channel.source_name, rows_max)
    text = os.fspath(source)
    if urls.scheme_of(text) in urls.DATABASES:
        from custid.channels.databases import read_database

        _refuse_options(channel, "a database", ("format", *_OPTIONS))
        return read_database(
            text,
            channel=channel.name,
            table=channel.table,
            query=channel.query,
            progress=lambda done: progress("read", done, 0),
            rows_max=rows_max,
        )
    _refuse_options(channel, "no database", ("table", "query"))
    if channel.format is not None and channel.format not in FORMATS:
        raise UsageError(
            f"channel '{channel.name}': there is no format '{channel.format}'. Use one of {', '.join(FORMATS)}."
        )
    try:
        return _read_files(channel, progress, rows_max)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise InputError(
            f"channel '{channel.name}': {urls.shown(text)} cannot be read: "
            f"{urls.without_secrets(str(error).rstrip('.'), text)}."
        ) from error


def _refuse_options(channel: Channel, what: str, options: tuple[str, ...]) -> None:
    for option in options:
        if getattr(channel, option) is not None:
            raise UsageError(f"channel '{channel.name}' is {what}, so {option}= means nothing. Leave it out.")


def _read_files(channel: Channel, progress: Callable[[str, int, int], None], rows_max: int | None) -> Rows:
    files, notes = find_files(channel.source, channel.name, _BY_SUFFIX.__contains__)
    rows_max = rows_max and max(1, rows_max // len(files))
    total = sum(file.size or 0 for file in files)
    single = len(files) == 1 and not files[0].partition
    parts: list[tuple[str, Rows]] = []
    before = 0
    while files:
        file = files.pop(0)  # let go of what it keeps of its beginning

        def seen(done: int, before: int = before, most: int = file.size or 0) -> None:
            progress("read", before + min(done, most), total)

        parts.append((file.name, _with_partition(_read_file(channel, file, seen, rows_max), file)))
        before += file.size or 0
        progress("read", before, total)
    if single:
        return replace(parts[0][1], notes=[*notes, *parts[0][1].notes])
    return together(parts, notes)


def _read_file(channel: Channel, file: File, progress: Callable[[int], None], rows_max: int | None) -> Rows:
    form = _checked_format(channel, file)
    for option, forms in _OPTIONS.items():
        if getattr(channel, option) is not None and form not in forms:
            raise UsageError(
                f"channel '{channel.name}': {file.name} is {form}, for which {option}= means nothing. Leave it out."
            )
    if form == "parquet":
        return read_parquet(file, progress, rows_max)
    if form == "excel":
        from custid.channels.workbooks import read_workbook

        return read_workbook(file, sheet=channel.sheet, progress=progress)
    if form == "jsonl":
        from custid.channels.jsonlines import read_json_lines

        return read_json_lines(file, encoding=channel.encoding, progress=progress, rows_max=rows_max)
    from custid.channels.delimited import read_delimited

    return read_delimited(
        file,
        encoding=channel.encoding,
        delimiter=channel.delimiter,
        quote=channel.quote,
        progress=progress,
        rows_max=rows_max,
    )


def _checked_format(channel: Channel, file: File) -> str:
    """The format, as said, else as the name or the first bytes say, once the bytes do not say otherwise."""
    if not file.beginning:
        raise InputError(f"channel '{channel.name}': {file.name} is empty. Check the export that wrote it.")
    form = channel.format or _BY_SUFFIX.get(file.suffix)
    beginning = file.head[:16] if file.compression else file.beginning
    what, truly = next((found for start, found in _BEGINNINGS.items() if beginning.startswith(start)), (None, None))
    if file.compression and (truly or form in ("parquet", "excel")):
        raise InputError(
            f"channel '{channel.name}': {file.name} is {what or form} packed with {file.compression}. Unpack it first; "
            "only CSV and JSON lines are read packed."
        )
    if form is None:
        form = truly
    elif what and truly != form and form in ("csv", "jsonl"):
        advice = f"Say format='{truly}'" if truly else "Save it as CSV or Parquet"
        raise InputError(f"channel '{channel.name}': {file.name} is {what}. {advice}, or give a DataFrame.")
    if form is None and what:
        raise InputError(f"channel '{channel.name}': {file.name} is {what}. Save it as CSV or Parquet.")
    if form is None:
        raise InputError(
            f"channel '{channel.name}': what {file.name} holds cannot be told from its name "
            f"('{file.suffix or file.name}'). Say format='csv', or another of {', '.join(FORMATS)}."
        )
    return form


def _with_partition(rows: Rows, file: File) -> Rows:
    """`rows` with the columns that the file's folders give, unless it has them itself."""
    table = rows.table
    for name, value in file.partition.items():
        if name not in table.column_names:
            values = pa.nulls(len(table), pa.string()) if value is None else pa.repeat(pa.scalar(value), len(table))
            table = table.append_column(name, values)
            if rows.filled is not None:
                rows.filled[name] = 0 if value is None else rows.seen or 0
    return replace(rows, table=table, numbers=np.asarray(rows.numbers, np.int64))

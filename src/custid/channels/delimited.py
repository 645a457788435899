"""CSV and its relatives: a delimited text file becomes rows of text.

In: a `File`, and what the user said of its encoding, delimiter and quotes. Out: `Rows`.
Every value stays as written, except that an empty one is null, and so is the \\N of MySQL; "NA" and "0" are text.
Rows whose number of columns differs from the header's become rejects. Never here: what a column means.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.csv

from custid.channels.encodings import UNDECODABLE, Encoding, buffered, find_encoding, open_utf8, read_sample
from custid.channels.files import File
from custid.channels.rows import (
    COLUMNS_MAX,
    Reject,
    Rows,
    Thinned,
    check_width,
    shown_text,
    unique_names,
    without_bad_values,
)
from custid.errors import InputError, UsageError

DELIMITERS = (",", ";", "\t", "|")

_SEP_LINE = re.compile(r'"?sep=([^\r\n"])"?[,;\t]*\r?\n', re.IGNORECASE)
_SINGLE_QUOTED = re.compile(r"'[^'\"\r\n]*'(?:[,;\t|]'[^'\"\r\n]*')*\r?(?:\n|$)")

_SAMPLE_BYTES = 1 << 16
#: Larger ones are no faster, and leave more memory behind them unused.
_BLOCK_BYTES = 1 << 22
_BLOCK_BYTES_MAX = (1 << 31) - 2


@dataclass(frozen=True)
class Dialect:
    """How a file is written. `quote`: "" for none. `escape`: what stands before a quote that is text, "" where such
    a quote is doubled. `skip`: lines before the header."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    skip: int = 0


def read_delimited(
    file: File,
    *,
    encoding: str | None,
    delimiter: str | None,
    quote: str | None,
    progress: Callable[[int], None],
    rows_max: int | None = None,
) -> Rows:
    """All rows, or about `rows_max` evenly spread; `progress` is called with the bytes read of the file as stored.

    Raises InputError when the file is empty or unreadable, UsageError for a bad delimiter or quote.
    """
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0'):
        raise UsageError(f"delimiter {delimiter!r} is not one plain character. Use one such as ',', ';', '\\t' or '|'.")
    if quote is not None and (len(quote) > 1 or not quote.isascii() or quote in ("\r", "\n", "\0", delimiter)):
        raise UsageError(f"quote {quote!r} is not one plain character. Use '\"', \"'\", or '' where nothing is quoted.")
    try:
        return _read(file, find_encoding(file, encoding, by_head=True), delimiter, quote, progress, rows_max)
    except UnicodeDecodeError:  # only its beginning was UTF-8
        return _read(file, find_encoding(file, encoding), delimiter, quote, progress, rows_max)


def _read(
    file: File,
    encoding: Encoding,
    delimiter: str | None,
    quote: str | None,
    progress: Callable[[int], None],
    rows_max: int | None,
) -> Rows:
    sample, whole = read_sample(file, encoding, _SAMPLE_BYTES)
    if not sample.strip("\r\n\t \0"):
        raise InputError(f"{file.name} is empty: it has not even a header row. Check the export that wrote it.")
    dialect = find_dialect(sample, delimiter, quote)
    table, ragged, tail, thinned = _parse(file, encoding, dialect, sample, whole, progress, rows_max)
    return _rows(file, encoding, dialect, table, ragged, tail, thinned)


def find_dialect(sample: str, delimiter: str | None = None, quote: str | None = None) -> Dialect:
    """The delimiter that gives the header more than one column and the most rows as many as the header; and quotes.

    A first line `sep=;`, which Excel writes and reads, is believed.

    >>> find_dialect("id;name\\n1;Miller, John\\n2;Smith, Jane\\n").delimiter
    ';'
    >>> find_dialect("id\\n1\\n").delimiter
    ','
    >>> find_dialect("sep=|\\nid|a,b\\n")
    Dialect(delimiter='|', quote='"', escape='', skip=1)
    """
    skip = 0
    if said := _SEP_LINE.match(sample):
        skip, sample = 1, sample[said.end() :]
        delimiter = delimiter or said[1]
    if quote is None:
        quote = "'" if _SINGLE_QUOTED.match(sample) else '"'

    def fitness(choice: tuple[str, str]) -> tuple[float, int]:
        separator, escape = choice
        reader = csv.reader(
            io.StringIO(sample, newline=""),
            delimiter=separator,
            quotechar=quote or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            escapechar=escape or None,
        )
        try:
            rows = [row for row in reader if row]
        except csv.Error:
            return (0.0, 0)
        if len(rows) > 2:
            rows.pop()  # the sample may end in the middle of it
        width = len(rows[0]) if rows else 0
        if width < 2:
            return (0.0, 0)
        same = sum(len(row) == width for row in rows) / len(rows)
        return (round(same, 1), width)

    separators = (delimiter,) if delimiter else DELIMITERS
    # A backslash is a letter like any other, unless taking it for an escape makes more rows fit.
    escapes = ("", "\\") if quote and "\\" + quote in sample else ("",)
    separator, escape = max(((one, other) for other in escapes for one in separators), key=fitness)
    return Dialect(separator, quote, escape, skip)


def _parse(
    source: File,
    encoding: Encoding,
    dialect: Dialect,
    sample: str,
    whole: bool,
    progress: Callable[[int], None],
    rows_max: int | None,
) -> tuple[pa.Table, list[tuple[int, str]], bytes, Thinned | None]:
    """The file as string columns f0, f1, …, its header being the first row; the ragged rows; its last bytes."""
    block_max = _BLOCK_BYTES_MAX if source.size is None or source.compression else 2 * source.size + 16
    block_max = min(block_max, _BLOCK_BYTES_MAX)
    width = min(sample.count(dialect.delimiter), COLUMNS_MAX) + 1
    convert = pa.csv.ConvertOptions(
        column_types={f"f{position}": pa.string() for position in range(width)},
        strings_can_be_null=True,
        null_values=["", "\\N"],
    )
    block = _BLOCK_BYTES
    while True:
        ragged: list[tuple[int, str]] = []

        def keep(row: pa.csv.InvalidRow, into: list[tuple[int, str]] = ragged) -> str:
            into.append((row.number - dialect.skip, row.text))
            return "skip"

        try:
            # pyarrow does not read a single line that no line end follows.
            ended = (sample + "\n").encode("utf-8", "replace") if whole else None
            text = None if ended is not None else open_utf8(source, encoding, progress)
            with buffered(text) if text else io.BytesIO(ended or b"") as file:
                reader = pa.csv.open_csv(
                    file,
                    read_options=pa.csv.ReadOptions(
                        autogenerate_column_names=True, use_threads=False, block_size=block, skip_rows=dialect.skip
                    ),
                    parse_options=pa.csv.ParseOptions(
                        delimiter=dialect.delimiter,
                        quote_char=dialect.quote or False,
                        escape_char=dialect.escape or False,
                        newlines_in_values=bool(dialect.quote),
                        invalid_row_handler=keep,
                    ),
                    convert_options=convert,
                )
                check_width(len(reader.schema), source.name)
                thinned = Thinned(rows_max) if rows_max else None
                if thinned is None:
                    table = pa.Table.from_batches(reader, schema=reader.schema)
                else:
                    for batch in chain([pa.RecordBatch.from_pylist([], reader.schema)], reader):
                        thinned.add(pa.Table.from_batches([batch]))
                    table = thinned.table()
            return table, ragged, text.tail if text else ended or b"", thinned
        except pa.ArrowInvalid as error:
            if "straddl" in str(error) and block < block_max:
                block = min(block * 16, block_max)  # a row longer than a block: take larger ones
                continue
            raise InputError(
                f"{source.name} cannot be read as CSV (encoding {encoding.name}, delimiter {dialect.delimiter!r}): "
                f"{error}. Name delimiter= or encoding= if they were guessed wrong."
            ) from error


def _rows(
    file: File,
    encoding: Encoding,
    dialect: Dialect,
    table: pa.Table,
    ragged: list[tuple[int, str]],
    tail: bytes,
    thinned: Thinned | None,
) -> Rows:
    path, delimiter = file.name, dialect.delimiter
    notes = [encoding.note] if encoding.note else []
    if dialect.quote == "'":
        notes.append("its values are quoted with '; if they are not, say quote='\"'")
    if dialect.escape:
        notes.append(f"quotes within its values follow a {dialect.escape}")
    if not len(table):
        raise InputError(f"{path} has no header row that can be read. Its first row must name the columns.")
    header = [column[0].as_py() for column in table.columns]
    if any(name and UNDECODABLE in name for name in header):
        raise InputError(f"the header of {path} cannot be read as {encoding.name}. Name the right one with encoding=.")
    if not any(header):
        raise InputError(f"{path} has an empty header row. Its first row must name the columns.")
    names = unique_names([name.replace("\0", "").lstrip("\ufeff") if name else None for name in header], notes)
    table = table.slice(1).rename_columns(names)
    rejects = [
        Reject(
            number - 1,
            None,
            "wrong_column_count",
            f"the row does not have {len(names)} columns as the header has",
            shown_text(text),
        )
        for number, text in ragged
    ]
    taken = np.fromiter((number - 1 for number, _ in ragged), np.int64, len(ragged))
    seen = len(table) if thinned is None else thinned.seen - 1
    places = np.arange(seen) if thinned is None else thinned.places[1:] - 1
    # Before the row that is n-th of those taken stand as many ragged ones as have no more than n such before them.
    numbers = places + 1 + np.searchsorted(np.sort(taken) - np.arange(1, len(taken) + 1), places, side="right")
    rows = Rows(table, numbers, "csv", rejects, notes, encoding=encoding.name, delimiter=delimiter)
    if thinned is not None:
        filled = [thinned.filled[f"f{place}"] - (name is not None) for place, name in enumerate(header)]
        rows = replace(rows, seen=seen, filled=dict(zip(names, filled, strict=True)))
    if not len(places) or places[-1] == seen - 1:
        rows = _without_unclosed_quote(rows, dialect.quote, tail)
    rows = without_bad_values(rows, damaged=encoding.damaged)
    ragged_rows = Counter(reject.reason for reject in rows.rejects)["wrong_column_count"]
    if ragged_rows > seen:
        rows.notes.append(
            f"most rows do not have the header's {len(names)} columns: check that delimiter {delimiter!r} "
            "is right and "
            "that the first row is the header"
        )
    return rows


def _without_unclosed_quote(rows: Rows, quote: str, tail: bytes) -> Rows:
    """A quote that is never closed swallows the rest of the file into one value: that row is no record.

    `tail`: the file's last bytes."""
    if not len(rows.table) or not quote:
        return rows
    last = rows.table.slice(len(rows.table) - 1)
    value = last.column(last.num_columns - 1)[0].as_py() or ""
    if "\n" not in value and "\r" not in value:
        return rows
    if tail.replace(b"\0", b"").rstrip(b"\r\n \t").endswith(quote.encode()):
        return rows
    number = int(rows.numbers[-1])
    lines = value.count("\n") or value.count("\r")
    detail = f"a quote in this row is never closed, so that the file's last {lines:,} lines are part of one value"
    rows.rejects.append(Reject(number, None, "unclosed_quote", detail, shown_text(value)))
    rows.notes.append(f"row {number:,} opens a quote that is never closed: the {lines:,} lines after it were not read")
    seen = None if rows.seen is None else rows.seen - 1
    return replace(rows, table=rows.table.slice(0, len(rows.table) - 1), numbers=rows.numbers[:-1], seen=seen)

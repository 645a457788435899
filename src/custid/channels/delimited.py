"""CSV and its relatives: a delimited text file becomes rows of text.

In: a path, and what the user said of its encoding and delimiter. Out: `Rows`.
Every value stays as written, except that an empty one is null; "NA" and "0" are text. Rows whose number of
columns differs from the header's become rejects. Never here: what a column means.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from custid.channels.encodings import UNDECODABLE, Encoding, find_encoding, open_utf8, read_sample
from custid.channels.rows import (
    COLUMNS_MAX,
    Reject,
    Rows,
    check_width,
    shown_text,
    unique_names,
    without_bad_values,
)
from custid.errors import InputError, UsageError

DELIMITERS = (",", ";", "\t", "|")

_SAMPLE_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 24
_BLOCK_BYTES_MAX = (1 << 31) - 2


def read_delimited(
    path: Path, *, encoding: str | None, delimiter: str | None, progress: Callable[[str, int, int], None]
) -> Rows:
    """All rows. Raises InputError when the file is empty or unreadable, UsageError for a bad delimiter."""
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0'):
        raise UsageError(f"delimiter {delimiter!r} is not one plain character. Use one such as ',', ';', '\\t' or '|'.")
    found = find_encoding(path, encoding)
    sample, whole = read_sample(path, found, _SAMPLE_BYTES)
    if not sample.strip("\r\n\t \0"):
        raise InputError(f"{path} is empty: it has not even a header row. Check the export that wrote it.")
    separator = delimiter or find_delimiter(sample)
    table, ragged = _parse(path, found, separator, sample, whole, progress)
    return _rows(path, found, separator, table, ragged)


def find_delimiter(sample: str) -> str:
    """The delimiter that gives the header more than one column and the most rows as many as the header.

    >>> find_delimiter("id;name\\n1;Miller, John\\n2;Smith, Jane\\n")
    ';'
    >>> find_delimiter("id\\n1\\n")
    ','
    """

    def fitness(delimiter: str) -> tuple[float, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
        except csv.Error:
            return (0.0, 0)
        if len(rows) > 2:
            rows.pop()  # the sample may end in the middle of it
        width = len(rows[0]) if rows else 0
        if width < 2:
            return (0.0, 0)
        same = sum(len(row) == width for row in rows) / len(rows)
        return (round(same, 1), width)

    return max(DELIMITERS, key=fitness)


def _parse(
    path: Path,
    encoding: Encoding,
    delimiter: str,
    sample: str,
    whole: bool,
    progress: Callable[[str, int, int], None],
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The whole file as string columns f0, f1, …, its header being the first row; and the ragged rows."""
    size = path.stat().st_size
    width = min(sample.count(delimiter), COLUMNS_MAX) + 1
    convert = pa.csv.ConvertOptions(
        column_types={f"f{position}": pa.string() for position in range(width)},
        strings_can_be_null=True,
        null_values=[""],
    )
    block = _BLOCK_BYTES
    while True:
        ragged: list[tuple[int, str]] = []

        def keep(row: pa.csv.InvalidRow, into: list[tuple[int, str]] = ragged) -> str:
            into.append((row.number, row.text))
            return "skip"

        try:
            # pyarrow does not read a single line that no line end follows.
            ended = io.BytesIO((sample + "\n").encode("utf-8", "replace")) if whole else None
            with ended or open_utf8(path, encoding) as file:
                reader = pa.csv.open_csv(
                    file,
                    read_options=pa.csv.ReadOptions(
                        autogenerate_column_names=True, use_threads=False, block_size=block
                    ),
                    parse_options=pa.csv.ParseOptions(
                        delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep
                    ),
                    convert_options=convert,
                )
                check_width(len(reader.schema), str(path))
                batches = []
                done = 0
                for batch in reader:
                    batches.append(batch)
                    done = min(size, done + block)
                    progress("read", done, size)
                return pa.Table.from_batches(batches, schema=reader.schema), ragged
        except pa.ArrowInvalid as error:
            if "straddl" in str(error) and block < min(2 * size + 16, _BLOCK_BYTES_MAX):
                block = min(2 * size + 16, _BLOCK_BYTES_MAX)  # a row longer than a block: take the file as one block
                continue
            raise InputError(
                f"{path} cannot be read as CSV (encoding {encoding.name}, delimiter {delimiter!r}): {error}. "
                "Name delimiter= or encoding= if they were guessed wrong."
            ) from error


def _rows(path: Path, encoding: Encoding, delimiter: str, table: pa.Table, ragged: list[tuple[int, str]]) -> Rows:
    notes = [encoding.note] if encoding.note else []
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
    numbers = np.setdiff1d(np.arange(1, len(table) + len(ragged) + 1, dtype=np.int64), taken, assume_unique=True)
    rows = Rows(table, numbers, "csv", rejects, notes, encoding=encoding.name, delimiter=delimiter)
    rows = _without_unclosed_quote(path, encoding, rows)
    rows = without_bad_values(rows, damaged=encoding.damaged)
    counts = Counter(reject.reason for reject in rows.rejects)
    if counts["wrong_column_count"] > len(rows.table):
        rows.notes.append(
            f"most rows do not have the header's {len(names)} columns: check that delimiter {delimiter!r} "
            "is right and "
            "that the first row is the header"
        )
    return rows


def _without_unclosed_quote(path: Path, encoding: Encoding, rows: Rows) -> Rows:
    """A quote that is never closed swallows the rest of the file into one value: that row is no record."""
    if not len(rows.table):
        return rows
    last = rows.table.slice(len(rows.table) - 1)
    value = last.column(last.num_columns - 1)[0].as_py() or ""
    if "\n" not in value and "\r" not in value:
        return rows
    with path.open("rb") as file:
        file.seek(max(encoding.bom, path.stat().st_size - 64))
        tail = file.read().replace(b"\0", b"").rstrip(b"\r\n \t")
    if tail.endswith(b'"'):
        return rows
    number = int(rows.numbers[-1])
    lines = value.count("\n") or value.count("\r")
    detail = f"a quote in this row is never closed, so that the file's last {lines:,} lines are part of one value"
    rows.rejects.append(Reject(number, None, "unclosed_quote", detail, shown_text(value)))
    rows.notes.append(f"row {number:,} opens a quote that is never closed: the {lines:,} lines after it were not read")
    return Rows(
        rows.table.slice(0, len(rows.table) - 1),
        rows.numbers[:-1],
        rows.format,
        rows.rejects,
        rows.notes,
        encoding=rows.encoding,
        delimiter=rows.delimiter,
    )

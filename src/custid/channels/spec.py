"""`Channel`: says what a file or frame is. It only stores; `channels.read` does the work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from custid.channels.urls import shown
from custid.standardize.conventions import Sex

Kind = Literal["upsert", "snapshot", "delta"]
Format = Literal["csv", "parquet", "jsonl", "excel"]
FORMATS: tuple[str, ...] = get_args(Format)


@dataclass(frozen=True)
class Channel:
    """One channel, and where this run's rows of it come from.

    Args:
        name: lower-case letters, digits, `_` and `-`; part of every record's identity, so it must not change.
        source: a path, folder, glob or URL of CSV, Parquet, JSON lines or Excel, packed with gzip or zstd or not;
            a database (`postgresql://…`, `duckdb:///file.db`); or any object with the Arrow PyCapsule interface
            (pandas, polars, pyarrow, DuckDB …).
        record_id: the column that is the key in this channel (several: joined with `|`). None: found by name.
        columns: source column → field, for columns whose field is not found by itself. Map to "" to leave one
            out.
        kind: "upsert": an absent record means nothing. "snapshot": an absent record is gone.
            "delta": as upsert, and rows whose `deleted` column is true are gone.
        deleted: the deletion flag column of a delta.
        updated_at: the column that says when the row last changed; None: found by name.
        format, encoding, delimiter, quote: of a file; None: found by themselves. quote="": nothing is quoted.
        sheet: of a workbook, its name or its number from 1; None: the first that holds anything.
        table, query: what to read of a database; exactly one of them.
        country: ISO 3166 code by which national phone numbers and dates are read where a row names no country of its
            own; None: as the preset says.
        day_first: whether 3/5/1980 is the third of May; None: judged by the column as a whole, once for all runs.
        sexes: value → "m" or "f", for codes: {"1": "m", "2": "f"}; None: a column of 1 and 2 (0, 9) is read as
            ISO 5218 and GB/T 2261.1 have it, male and female; other codes say nothing.
        namespaces: field → the app, enterprise or site within which its handles are unique, such as
            {"wechat_openid": "wx8f1c0a"}, where no column says it.
        not_junk: field → values, as written, that are real although custid would take them for junk.
        unique: the channel is known to hold every customer once: two of its records are never one customer.
        retire_share_max: a snapshot that lacks more than this share of the channel's live records stops the
            run.
    """

    name: str
    source: Any = field(repr=False)
    record_id: str | tuple[str, ...] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    preset: str | None = None
    kind: Kind = "upsert"
    deleted: str | None = None
    updated_at: str | None = None
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | int | None = None
    table: str | None = None
    query: str | None = field(default=None, repr=False)
    country: str | None = None
    day_first: bool | None = None
    sexes: Mapping[str, Sex] | None = None
    namespaces: Mapping[str, str] = field(default_factory=dict)
    not_junk: Mapping[str, Collection[str]] = field(default_factory=dict)
    unique: bool = False
    retire_share_max: float = 0.2

    @property
    def source_name(self) -> str:
        """What messages and rejects call the source: the path, the URL without secrets, or the kind of frame."""
        if isinstance(self.source, str | Path):
            return shown(str(self.source))
        return f"<{type(self.source).__module__.split('.')[0]} {type(self.source).__name__}>"

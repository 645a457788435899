"""A channel's source, whatever it is, becomes rows of text.

In: a `Channel`. Out: `Rows`. Everything that can be wrong with a path is said here, before a byte is parsed.
Never here: what columns mean, or which rows are records.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

from custid.channels.delimited import read_delimited
from custid.channels.frames import read_frame, read_parquet
from custid.channels.rows import Rows
from custid.channels.spec import Channel
from custid.errors import InputError, UsageError

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".psv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".parq": "parquet",
}

#: How files begin that are neither CSV nor Parquet, whatever their name says.
_OTHER_BEGINNINGS = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "compressed with gzip",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
}


def read_source(channel: Channel, progress: Callable[[str, int, int], None]) -> Rows:
    """All rows of the channel's source. Raises InputError or UsageError with what, where and what next."""
    if not isinstance(channel.source, str | os.PathLike):
        for option in ("format", "encoding", "delimiter"):
            if getattr(channel, option) is not None:
                raise UsageError(
                    f"channel '{channel.name}' is a table in memory, so {option}= means nothing. Leave it out."
                )
        return read_frame(channel.source, channel.source_name)
    path = Path(channel.source).expanduser()
    try:
        form = _checked_format(channel, path)
        if form == "parquet":
            return read_parquet(path)
        return read_delimited(path, encoding=channel.encoding, delimiter=channel.delimiter, progress=progress)
    except (OSError, ValueError) as error:
        raise InputError(f"channel '{channel.name}': {path} cannot be read: {error}.") from error


def _checked_format(channel: Channel, path: Path) -> str:
    if not path.exists():
        raise InputError(f"channel '{channel.name}': there is no file {path}.{_nearest(path)}")
    if path.is_dir():
        raise InputError(f"channel '{channel.name}': {path} is a folder. Name one CSV or Parquet file in it.")
    if not os.access(path, os.R_OK):
        raise InputError(f"channel '{channel.name}': {path} may not be read by this user. Give read permission on it.")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"channel '{channel.name}': {path} is empty. Check the export that wrote it.")
    form = channel.format or FORMATS.get(path.suffix.lower())
    if form not in {*FORMATS.values(), None}:
        raise UsageError(
            f"channel '{channel.name}': there is no format '{form}'. Use format='csv' or format='parquet'."
        )
    with path.open("rb") as file:
        beginning = file.read(16)
    other = next((what for start, what in _OTHER_BEGINNINGS.items() if beginning.startswith(start)), None)
    if other:
        raise InputError(
            f"channel '{channel.name}': {path} is {other}. Save it as CSV or Parquet, or give a DataFrame."
        )
    if form is None:
        raise InputError(
            f"channel '{channel.name}': what {path} holds cannot be told from its name "
            f"('{path.suffix or path.name}'). "
            "Say format='csv' or format='parquet'."
        )
    if form == "csv" and beginning.startswith(b"PAR1"):
        raise InputError(f"channel '{channel.name}': {path} is a Parquet file. Say format='parquet'.")
    return form


def _nearest(path: Path) -> str:
    try:
        siblings = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return (
            f" There is no folder {path.parent} either; the path starts from {Path.cwd()}."
            if not path.is_absolute()
            else ""
        )
    close = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.6)
    return (
        f" Did you mean {path.parent / close[0]}?" if close else f" Its folder {path.parent} is there; check the name."
    )

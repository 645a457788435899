"""A run's tables as files in the output folder; each file is replaced only once its new one is whole.

In: a committed `Run`. Out: files. Never here: a run that was not committed.

The folder's summary.json names the run it was written for, and is written last. A run that was committed but
killed before its files were whole is therefore noticed by the next one, whose changes.parquet then reaches
back to the run the folder still shows: whoever applies every changes.parquet misses nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custid.errors import CustidError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from custid.registries.base import Registry
    from custid.resolve import Run
    from custid.tables import Table

TABLES = ("xref", "golden", "changes", "rejects", "review")


def check_folder(folder: Path) -> None:
    """Refuse early what could not be written to at the end. Raises UsageError."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"the output {folder} is a file. Name a folder.")
    parent = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    if not os.access(parent, os.W_OK):
        raise UsageError(f"the output folder {folder} cannot be written: no permission in {parent}.")


def write_outputs(run: Run, registry: Registry, folder: Path) -> dict[str, Any]:
    """Write the tables and summary.json; returns what summary.json says: the summary, `registry` and `files`.

    Raises CustidError when the folder cannot be written; the run stays committed.
    """
    from custid.tables import Table

    tables: dict[str, Table] = {name: getattr(run, name) for name in TABLES}
    tables["changes"] = _changes(run, registry, folder)
    files = {name: str(folder / f"{name}.parquet") for name in TABLES}
    codes = registry.codes()
    if len(codes):
        tables["codes"] = Table(codes)
        files["codes"] = str(folder / "codes.parquet")
    files["summary"] = str(folder / "summary.json")
    said = {**run.summary, "registry": registry.location, "files": files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            table.write_parquet(files[name])
        write_text(Path(files["summary"]), json.dumps(said, indent=2, ensure_ascii=False, default=str) + "\n")
    except OSError as error:
        raise CustidError(
            f"run {run.run_id} is in the registry, but its tables could not be written to {folder}: "
            f"{error.strerror or error}. Run again to write them; no customer changes by that."
        ) from error
    return said


def write_table(table: pa.Table, path: Path) -> None:
    """A table as .parquet or .csv, by the path's ending. Raises UsageError, CustidError."""
    from custid.tables import Table

    if path.suffix not in (".parquet", ".csv"):
        raise UsageError(f"{path} should end in .parquet or .csv, so that its format is known.")
    try:
        if path.suffix == ".parquet":
            Table(table).write_parquet(path)
        else:
            import pyarrow.csv as pc

            _replace(path, lambda partial: pc.write_csv(table, partial))
    except OSError as error:
        raise CustidError(f"{path} cannot be written: {error.strerror or error}.") from error


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file, whole or not at all."""
    _replace(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _changes(run: Run, registry: Registry, folder: Path) -> Table:
    """This run's changes, and those of earlier runs that never reached the folder."""
    shown = _run_shown(registry, folder, run.previous)
    if shown is None or shown == run.previous:
        return run.changes
    from custid.tables import Table

    return Table(registry.changes(since=shown))


def _run_shown(registry: Registry, folder: Path, previous: int) -> int | None:
    """The run of this registry that the folder was last written for; None: of none."""
    try:
        said = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        run_id, started_at = said["run_id"], said["started_at"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if run_id == previous:
        return previous
    known = registry.runs().select(["run_id", "summary"]).to_pylist()
    same = any(row["run_id"] == run_id and json.loads(row["summary"])["started_at"] == started_at for row in known)
    return run_id if same else None

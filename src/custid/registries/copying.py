"""Copies of a registry: a backup that can be restored into any kind of registry, and an export for others to read.

In: a session that reads one snapshot. Out: files, each whole or not at all. And back: a backup → the tables of a
registry that was not there.
Never here: what the tables mean, or mending what is in them.

A backup is one zip archive, not compressed as such: `manifest.json`, and one Parquet file per table. The manifest has
the number of rows of each table and a digest of its contents (see `_Digest`), which does not depend on the database
it came from. A backup is read again before it gets its name, and a restored registry before it lands; what differs
from the manifest is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import NotARegistry, RegistryError, RegistryTooNew, UsageError
from custid.registries import tables
from custid.registries.base import Finding
from custid.registries.reading import records_where
from custid.registries.session import Session

MAGIC = "custid backup"
_MANIFEST = "manifest.json"

#: Large tables and the numbers that order their rows; they are copied in pages of the first. Others are copied at once
#: and ordered by all their columns.
_ORDERED: dict[str, tuple[str, ...]] = {
    "records": ("record_key",),
    "events": ("seq",),
    "links": ("record_key",),
    "customers": ("minted",),
    "edges": ("left_key", "right_key"),
    "keys": ("record_key", "key"),
    "comparables": ("record_key",),
    "golden": ("minted",),
}

_PAGE_ROWS = 500_000

#: What one database notes for itself and no copy needs.
_OWN_NOTES = ("last_write", "rewrite_due", "restored_from")

#: Tables that an export leaves out: inner workings, and the key that erasures rest on.
_INNER = frozenset(
    [
        "meta",
        "fields",
        "links",
        "keys",
        "large_blocks",
        "comparables",
        "comparable_columns",
        "pending",
        "erased",
        "code_serials",
        "merge_facts",
        "channel_presets",
    ]
)

#: In the folder of an export: what it is, and which files are its own.
EXPORT_NOTE = "export.json"

Columns = dict[str, list[str]]


@dataclass(frozen=True)
class Backup:
    """A backup that was made and read again. `rows`: table → number of rows; `findings`: what `verify` finds wrong in
    the registry, and so in the copy, which is made all the same."""

    path: str
    made_at: datetime
    run_id: int
    size: int
    rows: dict[str, int] = field(repr=False)
    findings: Sequence[Finding] = field(repr=False)


# --- backup -------------------------------------------------------------------------------------------------


def back_up(session: Session, path: Path, findings: Sequence[Finding], of: str) -> Backup:
    """Write everything in `session` to the file `path`, and read it again.

    Raises UsageError when `path` is taken or its folder is not there, RegistryError when it cannot be written.
    """
    _refuse_taken(path)
    columns = {table: sorted(names) for table, names in _columns(session).items()}
    runs = session.fetch("SELECT max(run_id) AS run_id FROM custid.runs")["run_id"][0].as_py()
    notes = session.fetch("SELECT value FROM custid.meta WHERE name = 'format'")
    made_at = datetime.now(UTC)
    manifest: dict[str, Any] = {
        "magic": MAGIC,
        "format": 1,
        "registry_format": int(notes["value"][0].as_py()),
        "custid": version("custid"),
        "made_at": made_at.isoformat(),
        "registry": of,
        "run_id": runs or 0,
        "backup_id": secrets.token_hex(8),
        "tables": {},
    }
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    with _told(f"the backup {path}"):
        try:
            with partial.open("xb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                    for table, names in columns.items():
                        manifest["tables"][table] = _archive(archive, table, names, _pages(session, table, names))
                    archive.writestr(_MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False))
                file.flush()
                os.fsync(file.fileno())
            with opened(partial, shown=str(path)) as copy:
                for table in copy.tables:
                    for _ in copy.pages(table):
                        pass
            _put_in_place(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    rows = {table: told["rows"] for table, told in manifest["tables"].items()}
    return Backup(str(path), made_at, manifest["run_id"], path.stat().st_size, rows, findings)


def _archive(archive: zipfile.ZipFile, table: str, names: list[str], pages: Iterator[pa.Table]) -> dict[str, Any]:
    """Write one table; what the manifest says of it."""
    import pyarrow.parquet as pq

    digest = _Digest(names)
    writer = None
    with archive.open(f"{table}.parquet", "w", force_zip64=True) as entry, _Counted(entry) as out:
        try:
            for page in pages:
                if writer is None:
                    writer = pq.ParquetWriter(out, page.schema, compression="zstd", store_schema=False)
                writer.write_table(page)
                digest.add(page)
        finally:
            if writer is not None:
                writer.close()
    return {"rows": digest.rows, "digest": digest.text(), "columns": names}


class _Counted(io.RawIOBase):
    """A stream that can only be written to, and knows how far it is: what Parquet needs."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._at += self._out.write(data)
        return len(data)

    def tell(self) -> int:
        return self._at


# --- restore ------------------------------------------------------------------------------------------------


class Copied:
    """An opened backup."""

    def __init__(self, archive: zipfile.ZipFile, manifest: dict[str, Any], shown: str) -> None:
        self._archive = archive
        self.manifest = manifest
        self.shown = shown
        self.tables: dict[str, dict[str, Any]] = manifest["tables"]

    def pages(self, table: str) -> Iterator[pa.Table]:
        """The rows of a table, page by page. Raises NotARegistry at the end when they are not what was backed up."""
        import pyarrow.parquet as pq

        told = self.tables[table]
        digest = _Digest(told["columns"])
        try:
            # Read whole for its checksum: a page of Parquet has none.
            with self._archive.open(f"{table}.parquet") as entry:
                while entry.read(1 << 22):
                    pass
            with self._archive.open(f"{table}.parquet") as entry:
                file = pq.ParquetFile(entry)
                for number in range(file.metadata.num_row_groups):
                    page = file.read_row_group(number)
                    digest.add(page)
                    yield page
        except (zipfile.BadZipFile, pa.ArrowException, KeyError, EOFError, ValueError, OSError) as error:
            raise NotARegistry(
                f"{self.shown} is damaged in its table {table}. Nothing was restored. ({error})"
            ) from error
        if digest.rows != told["rows"] or digest.text() != told["digest"]:
            raise NotARegistry(
                f"{self.shown} is damaged: its table {table} ({digest.rows:,} rows) is not what was backed up "
                f"({told['rows']:,} rows). Nothing was restored."
            )

    def build(self, session: Session) -> None:
        """Make the tables as they were, in a database that has none; read them again before they land."""
        tables.build(session, self.manifest["registry_format"])
        session.execute("DELETE FROM custid.meta")
        there = _columns(session)
        for table, told in self.tables.items():
            if table not in there:
                raise NotARegistry(f"{self.shown} has a table {table} that no registry of its format has.")
            for name in told["columns"]:
                if table == "records" and name not in there[table]:
                    session.execute(f"ALTER TABLE custid.records ADD COLUMN {_quoted(name)} VARCHAR")
            for page in self.pages(table):
                session.load(f"custid.{table}", page)
            digest = _Digest(told["columns"])
            for page in _pages(session, table, told["columns"]):
                digest.add(page)
            if digest.text() != told["digest"]:
                raise RegistryError(
                    f"the table {table} came out of the database other than it went in. Nothing was restored from "
                    f"{self.shown}."
                )
        session.execute(
            "INSERT INTO custid.meta (name, value) VALUES ($1, $2)", ("restored_from", self.manifest["backup_id"])
        )
        tables.migrate(session, self.shown)

    def landed(self, session: Session) -> bool:
        """Whether the registry in `session` is what `build` made, and nobody else's."""
        found = session.fetch("SELECT value FROM custid.meta WHERE name = 'restored_from'")
        return bool(found["value"].to_pylist() == [self.manifest["backup_id"]])


@contextmanager
def opened(path: Path, *, shown: str | None = None) -> Iterator[Copied]:
    """The backup in a file. Raises NotARegistry when it is none or damaged, RegistryTooNew."""
    shown = shown or str(path)
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise UsageError(f"there is no backup {shown}.") from None
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise NotARegistry(
            f"{shown} is damaged, or no custid backup at all. Nothing was restored. ({error})"
        ) from error
    with archive:
        try:
            manifest = json.loads(archive.read(_MANIFEST))
            if manifest["magic"] != MAGIC:
                raise ValueError("another magic word")
            newest = (int(manifest["format"]), int(manifest["registry_format"]))
        except (zipfile.BadZipFile, KeyError, TypeError, ValueError, OSError, EOFError) as error:
            raise NotARegistry(f"{shown} is damaged, or no custid backup at all. Nothing was restored.") from error
        if newest[0] > 1 or newest[1] > tables.FORMAT:
            raise RegistryTooNew(
                f"{shown} was made by custid {manifest.get('custid')}, which is newer than this one "
                f"({version('custid')}). Update custid: pip install -U custid"
            )
        yield Copied(archive, manifest, shown)


# --- export -------------------------------------------------------------------------------------------------

#: Name of a file → what gives its rows.
Views = Mapping[str, Callable[[], pa.Table]]


def export(session: Session, folder: Path, views: Views, of: str) -> dict[str, int]:
    """Write `views`, the records, and every other table that means something outside of custid, as Parquet files in
    `folder`, which appears whole or not at all; file → number of rows.

    An earlier export in the folder is replaced. Raises UsageError when something else is in it, RegistryError when it
    cannot be written.
    """
    folder = Path(os.path.abspath(folder.expanduser()))
    before = _earlier_export(folder)
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    counts: dict[str, int] = {}
    with _told(f"the export {folder}"):
        try:
            partial.mkdir()
            for name, rows in views.items():
                counts[name] = _write(partial / f"{name}.parquet", iter([rows()]))
            low, high = _bounds(session, "records", "record_key")
            inside = "WHERE record_key >= $1 AND record_key < $2 ORDER BY record_key"
            pages = (
                records_where(session, inside, (start, start + _PAGE_ROWS))
                for start in range(low, high + 1, _PAGE_ROWS)
            )
            counts["records"] = _write(partial / "records.parquet", pages)
            columns = _columns(session)
            for table in columns.keys() - views.keys() - _INNER - {"records"}:
                counts[table] = _write(partial / f"{table}.parquet", _pages(session, table, columns[table]))
            counts = dict(sorted(counts.items()))
            note = {
                "custid": version("custid"),
                "registry": of,
                "made_at": datetime.now(UTC).isoformat(),
                "rows": counts,
            }
            (partial / EXPORT_NOTE).write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            if before:
                old = partial.with_suffix(".old")
                folder.rename(old)
                partial.rename(folder)
                shutil.rmtree(old, ignore_errors=True)
            else:
                with suppress(FileNotFoundError):
                    folder.rmdir()
                partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return counts


def _earlier_export(folder: Path) -> bool:
    """Whether there is an earlier export, and nothing else, in `folder`. Raises UsageError when it is taken."""
    if not folder.parent.is_dir():
        raise UsageError(f"there is no folder {folder.parent}. Make it first.")
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file. Name a folder.")
    found = {path.name for path in folder.iterdir()}
    if not found:
        return False
    try:
        note = json.loads((folder / EXPORT_NOTE).read_text(encoding="utf-8"))
        own = {f"{name}.parquet" for name in note["rows"]} | {EXPORT_NOTE}
    except (OSError, ValueError, TypeError, KeyError):
        own = set()
    if others := sorted(found - own):
        raise UsageError(
            f"{folder} holds something other than an export ({', '.join(others[:3])}). Name a new or empty folder."
        )
    return True


def _write(path: Path, pages: Iterator[pa.Table]) -> int:
    import pyarrow.parquet as pq

    rows = 0
    writer = None
    try:
        for page in pages:
            if writer is None:
                writer = pq.ParquetWriter(path, page.schema, compression="zstd")
            writer.write_table(page)
            rows += len(page)
    finally:
        if writer is not None:
            writer.close()
    return rows


# --- reading tables in order --------------------------------------------------------------------------------


def _columns(session: Session) -> Columns:
    """table → its columns as they were made, of all tables of the registry, by name."""
    found = session.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'custid'"
        " ORDER BY ordinal_position"
    ).to_pylist()
    columns: Columns = {}
    for row in found:
        columns.setdefault(row["table_name"], []).append(row["column_name"])
    return dict(sorted(columns.items()))


def _bounds(session: Session, table: str, column: str) -> tuple[int, int]:
    """The lowest and the highest number; (0, 0) of an empty table, so that there is always a page."""
    row = session.fetch(f"SELECT min({column}) AS low, max({column}) AS high FROM custid.{table}").to_pylist()[0]
    return (row["low"] or 0, row["high"] or 0)


def _pages(session: Session, table: str, names: Sequence[str]) -> Iterator[pa.Table]:
    """The rows of a table in an order that depends on nothing but them; one page at least."""
    selected = f"SELECT {', '.join(_quoted(name) for name in names)} FROM custid.{table}"
    order = _ORDERED.get(table)
    if order is None:
        rows = _plain(session.fetch(selected))
        if table == "meta":
            rows = rows.filter(pc.invert(pc.is_in(rows["name"], value_set=pa.array(_OWN_NOTES))))
        sortable = [name for name in names if not pa.types.is_boolean(rows.schema.field(name).type)]
        yield rows.sort_by([(name, "ascending") for name in sortable])
        return
    count = int(session.fetch(f"SELECT count(*) AS count FROM custid.{table}")["count"][0].as_py())
    low, high = _bounds(session, table, order[0])
    step = -(-(high - low + 1) // max(1, -(-count // _PAGE_ROWS)))
    for start in range(low, high + 1, step):
        rows = session.fetch(f"{selected} WHERE {order[0]} >= $1 AND {order[0]} < $2", (start, start + step))
        yield _in_order(_plain(rows), order)


def _in_order(rows: pa.Table, order: Sequence[str]) -> pa.Table:
    keys = [rows[name].to_numpy() for name in order]
    if len(order) == 1 and np.all(keys[0][1:] >= keys[0][:-1]):
        return rows
    return rows.take(pa.array(np.lexsort(keys[::-1])))


def _plain(rows: pa.Table) -> pa.Table:
    """`rows` in the types every database shares: int64, float32, bool, string, UTC instants."""
    types = [_plain_type(part.type) for part in rows.schema]
    return pa.table([column.cast(kind) for column, kind in zip(rows.columns, types, strict=True)], rows.column_names)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return schemas.INSTANT
    if pa.types.is_integer(kind):
        return pa.int64()
    return kind if pa.types.is_boolean(kind) or pa.types.is_floating(kind) else pa.string()


class _Digest:
    """SHA-256 over the rows of a table, whatever pages they come in.

    Each column goes into two streams: a byte per value that says whether there is one (for texts its length as int64,
    -1 for none), and the values: numbers little-endian, null as 0; texts as UTF-8. The digest is the hash of the
    names and streams of all columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.rows = 0
        self._streams = {name: (hashlib.sha256(), hashlib.sha256()) for name in names}

    def add(self, page: pa.Table) -> None:
        self.rows += len(page)
        for name, (present, values) in self._streams.items():
            for chunk in page[name].chunks:
                if pa.types.is_string(chunk.type):
                    present.update(np.asarray(pc.fill_null(pc.binary_length(chunk), -1)).astype("<i8").tobytes())
                    values.update(_text(chunk))
                else:
                    present.update(np.asarray(chunk.is_valid()).astype("u1").tobytes())
                    values.update(_numbers(chunk))

    def text(self) -> str:
        whole = hashlib.sha256()
        for name, (present, values) in self._streams.items():
            whole.update(f"{name}\n{present.hexdigest()}\n{values.hexdigest()}\n".encode())
        return whole.hexdigest()


def _numbers(chunk: pa.Array) -> bytes:
    if pa.types.is_boolean(chunk.type):
        return np.asarray(pc.fill_null(chunk, False)).astype("u1").tobytes()
    if pa.types.is_timestamp(chunk.type):
        chunk = chunk.cast(pa.int64())
    filled = np.asarray(pc.fill_null(chunk, 0))
    return filled.astype("<f8" if pa.types.is_floating(chunk.type) else "<i8").tobytes()


def _text(chunk: pa.Array) -> memoryview:
    """The UTF-8 bytes of all values, one after the other."""
    present = pc.drop_null(chunk).cast(pa.large_string())
    _, offsets, data = present.buffers()
    if len(present) == 0 or data is None:
        return memoryview(b"")
    bounds = np.frombuffer(offsets, dtype=np.int64)[present.offset : present.offset + len(present) + 1]
    return memoryview(data)[bounds[0] : bounds[-1]]


# --- files --------------------------------------------------------------------------------------------------


def _refuse_taken(path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder; a backup is a file. Try {path / 'customers.backup'}")
    if path.exists():
        raise UsageError(f"{path} is there already. A backup never replaces anything; give another name.")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}. Make it first.")


def _put_in_place(partial: Path, path: Path) -> None:
    try:
        os.link(partial, path)
    except FileExistsError:
        _refuse_taken(path)
    except OSError:
        # A file system without hard links.
        _refuse_taken(path)
        partial.rename(path)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Trouble with the disk, as custid's error: a full one is the most usual."""
    try:
        yield
    except OSError as error:
        raise RegistryError(f"{what} cannot be written: {error.strerror or error}. Nothing was left behind.") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""Where files are and how their bytes are got at: on this machine, in a bucket, behind a web address.

In: a path, a folder, a glob or a URL. Out: `File`s, which can be opened as often as needed and give their bytes
decompressed, as a stream. Nothing is copied to disk: the data are customers'.
Never here: what the bytes mean.
"""

from __future__ import annotations

import difflib
import http.client
import io
import os
import posixpath
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from custid.channels import urls
from custid.errors import InputError, MissingExtra, UsageError

#: Filesystems that pyarrow reads by itself.
_ARROW_SCHEMES = frozenset({"s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs"})

_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}

#: How names of compressed files end; what stands before says what is in them.
COMPRESSED_SUFFIXES = frozenset({".gz", ".gzip", ".zst", ".zstd"})

#: The directory name that Hive and Spark give to rows without a value.
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"

_HEAD_BYTES = 1 << 22
_TIMEOUT_S = 60


class Stream(Protocol):
    """Bytes, from the first to the last."""

    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class File:
    """One file. `name`: as messages show it. `size`: in bytes as stored, None where nobody says.

    `partition`: columns that the names of its folders give, as `country=DE/`. `open_stored`: its bytes from the
    start. `seekable`: a path or an open file that Parquet and workbooks can be read from in any order.
    """

    name: str
    size: int | None
    open_stored: Callable[[], Any] = field(repr=False)
    seekable: Callable[[], Any] = field(repr=False)
    partition: dict[str, str | None] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """The end of its name, in lower case, without that of a compression."""
        base = posixpath.basename(self.name.replace("\\", "/")).lower()
        stem, suffix = posixpath.splitext(base)
        return posixpath.splitext(stem)[1] if suffix in COMPRESSED_SUFFIXES else suffix

    @cached_property
    def beginning(self) -> bytes:
        """Its first bytes as stored."""
        stored = self.open_stored()
        try:
            return bytes(_read_fully(stored, 16))
        finally:
            stored.close()

    @property
    def compression(self) -> str | None:
        """gzip, zstd or None, as its first bytes say."""
        return next((name for start, name in _COMPRESSIONS.items() if self.beginning.startswith(start)), None)

    @cached_property
    def head(self) -> bytes:
        """The first 4 MB of what is in it."""
        stream = self.open()
        try:
            return _read_fully(stream, _HEAD_BYTES)
        finally:
            stream.close()

    @property
    def head_is_all(self) -> bool:
        return len(self.head) < _HEAD_BYTES

    def open(self, seen: Callable[[int], None] | None = None) -> Stream:
        """What is in it; `seen` is called with the number of bytes read of it as stored."""
        stored: Any = _Counted(self.open_stored(), self.size, seen)
        if self.compression:
            return _Decompressed(stored, self.compression)
        return stored  # type: ignore[no-any-return]


def find_files(
    source: str | os.PathLike[str], channel: str, known: Callable[[str], bool]
) -> tuple[list[File], list[str]]:
    """The files that a path, folder, glob or URL names, by name, and notes on those left out.

    In a folder only files whose suffix is `known` are taken, and none whose name, or whose folder's, starts with
    `.` or `_`. Raises InputError when there is none.
    """
    text = os.fspath(source)
    scheme = urls.scheme_of(text)
    if scheme in ("http", "https"):
        return [_web_file(text)], []
    if scheme is None or scheme == "file":
        path = Path(unquote(urlsplit(text).path) if scheme else text).expanduser()
        if path.is_file():
            if not os.access(path, os.R_OK):
                raise InputError(
                    f"channel '{channel}': {path} may not be read by this user. Give read permission on it."
                )
            return [_local_file(path)], []
        if not path.is_dir() and not _is_glob(str(path)):
            return [_missing(path, channel)], []
        return _listed(_local_tree(path.as_posix()), channel, str(path), known)
    return _listed(_remote_tree(text, scheme, channel), channel, urls.shown(text), known)


# --- one file -----------------------------------------------------------------------------------------------


class _Counted:
    """Stored bytes, counted, so that an end before the end is noticed."""

    def __init__(self, stored: Any, size: int | None, seen: Callable[[int], None] | None) -> None:
        self._stored, self._size, self._seen, self._count = stored, size, seen, 0
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        try:
            raw = bytes(self._stored.read(size))
        except http.client.HTTPException as error:
            raise OSError(f"the connection broke off ({error or type(error).__name__})") from error
        self._count += len(raw)
        if not raw and size and self._size is not None and self._count < self._size:
            raise OSError(f"it ended after {self._count:,} of {self._size:,} bytes")
        if self._seen:
            self._seen(self._count)
        return raw

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stored.close()
        self.closed = True


class _Decompressed:
    """What is inside compressed bytes."""

    def __init__(self, stored: Any, compression: str) -> None:
        self._stored, self._compression = stored, compression
        self._inner = pa.CompressedInputStream(pa.PythonFile(stored, "r"), compression)

    def read(self, size: int) -> bytes:
        try:
            return bytes(self._inner.read(size))
        except OSError as error:
            if not re.search("Truncated|decompress|inflate", str(error)):
                raise
            cut = "Truncated" in str(error)
            raise OSError(
                f"what {self._compression} packed in it is {'cut short' if cut else 'damaged'}; fetch or write it again"
            ) from error

    def close(self) -> None:
        self._inner.close()
        self._stored.close()


def _read_fully(stream: Any, size: int) -> bytes:
    parts, missing = [], size
    while missing and (part := bytes(stream.read(missing))):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _local_file(path: Path, partition: dict[str, str | None] | None = None) -> File:
    def open_stored() -> BinaryIO:
        return path.open("rb")

    size = path.stat().st_size if path.is_file() else None
    return File(str(path), size, open_stored, lambda: path, partition or {})


def _missing(path: Path, channel: str) -> File:
    """A path that is no plain file: a device or pipe is taken, anything else refused."""
    if path.exists():
        return _local_file(path)
    raise InputError(f"channel '{channel}': there is no file {path}.{_nearest(path)}")


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


def _web_file(url: str) -> File:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    # Names and passwords in an address are for the server's log-in, not part of what is asked for.
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    plain = f"{scheme}://{host}{slash}{path}"
    headers = {"User-Agent": "custid"}
    if at:
        headers["Authorization"] = "Basic " + b64encode(unquote(user).encode()).decode()

    def request() -> Any:
        try:
            return urlopen(Request(plain, headers=headers), timeout=_TIMEOUT_S)
        except HTTPError as error:
            raise OSError(f"the server answers {error.code} {error.reason}") from None
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"the server's answer is no proper one ({type(error).__name__})") from None

    with request() as answer:
        length = answer.headers.get("Content-Length")
    size = int(length) if length and length.isdigit() else None

    def whole() -> io.BytesIO:
        return io.BytesIO(_read_fully(_Counted(request(), size, None), 1 << 40))

    return File(urls.shown(url), size, request, whole)


# --- many files ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tree:
    """What lies under `base`: `files` as (path beneath it, file); `pattern` when it was a glob."""

    files: list[tuple[str, File]]
    pattern: str | None


def _is_glob(path: str) -> bool:
    return any(mark in path for mark in "*?[")


def _split_glob(path: str) -> tuple[str, str | None]:
    """
    >>> _split_glob("exports/dt=*/a.csv"), _split_glob("exports/2024")
    (('exports', 'dt=*/a.csv'), ('exports/2024', None))
    """
    parts = path.split("/")
    first = next((number for number, part in enumerate(parts) if _is_glob(part)), None)
    if first is None:
        return path, None
    return "/".join(parts[:first]) or ("/" if path.startswith("/") else "."), "/".join(parts[first:])


def _matcher(pattern: str) -> re.Pattern[str]:
    """
    >>> bool(_matcher("**/*.csv").fullmatch("a/b/c.csv")), bool(_matcher("*.csv").fullmatch("a/c.csv"))
    (True, False)
    """
    expression = ""
    for part in re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", pattern):
        if part == "**/":
            expression += "(?:[^/]+/)*"
        elif part.startswith("*"):
            expression += ".*" if part == "**" else "[^/]*"
        elif part == "?":
            expression += "[^/]"
        elif len(part) > 1:
            expression += "[" + ("^" if part[1] == "!" else "") + re.escape(part.strip("[!]")).replace(r"\-", "-") + "]"
        else:
            expression += re.escape(part)
    return re.compile(expression)


def _local_tree(path: str) -> _Tree:
    base, pattern = (path, None) if Path(path).is_dir() else _split_glob(path)
    found = []
    for folder, _, names in os.walk(base, followlinks=True):
        for name in names:
            file = Path(folder) / name
            beneath = file.relative_to(base).as_posix()
            found.append((beneath, _local_file(file, _partition(beneath))))
    return _Tree(found, pattern)


def _remote_tree(url: str, scheme: str, channel: str) -> _Tree:
    from pyarrow import fs

    where, question, options = url.partition("?")
    if scheme in _ARROW_SCHEMES:
        address, pattern = _split_glob(where)
        try:
            system, base = fs.FileSystem.from_uri(address + question + options)
        except pa.ArrowInvalid as error:
            raise UsageError(
                f"channel '{channel}': {urls.shown(url)} is no address that can be used "
                f"({urls.without_secrets(str(error).splitlines()[0], url)})."
            ) from None
    else:
        try:
            import fsspec
        except ImportError:
            raise MissingExtra(
                f"channel '{channel}': reading {scheme}:// needs fsspec. Install it with: pip install 'custid[fsspec]'"
            ) from None
        try:
            inner, rest = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise UsageError(
                f"channel '{channel}': {scheme}:// cannot be read ({urls.without_secrets(str(error), url)})."
            ) from None
        base, pattern = _split_glob(rest)
        system = fs.PyFileSystem(fs.FSSpecHandler(inner))
    found = _remote_files(system, base, urls.shown(where))
    if not found and pattern is None:
        raise InputError(f"channel '{channel}': there is nothing at {urls.shown(url)}. Check its name.")
    return _Tree(found, pattern)


def _remote_files(system: Any, base: str, shown: str) -> list[tuple[str, File]]:
    from pyarrow import fs

    def file_of(path: str, name: str, size: int | None, beneath: str) -> File:
        return File(
            name,
            size,
            lambda: system.open_input_stream(path, compression=None),
            lambda: system.open_input_file(path),
            _partition(beneath),
        )

    info = system.get_file_info([base])[0]
    if info.type == fs.FileType.File:
        return [("", file_of(base, shown, info.size, ""))]
    found = system.get_file_info(fs.FileSelector(base, recursive=True, allow_not_found=True))
    address = shown if not _is_glob(shown) else _split_glob(shown)[0]
    files = []
    for entry in found:
        if entry.type == fs.FileType.File:
            beneath = posixpath.relpath(entry.path, base)
            files.append((beneath, file_of(entry.path, f"{address.rstrip('/')}/{beneath}", entry.size, beneath)))
    return files


def _partition(beneath: str) -> dict[str, str | None]:
    """The columns that folder names give.

    >>> _partition("country=DE/day=2024%2F01/a.csv")
    {'country': 'DE', 'day': '2024/01'}
    """
    pairs = [part.split("=", 1) for part in beneath.split("/")[:-1] if "=" in part]
    return {unquote(name): None if value in ("", _NO_PARTITION) else unquote(value) for name, value in pairs if name}


def _listed(tree: _Tree, channel: str, shown: str, known: Callable[[str], bool]) -> tuple[list[File], list[str]]:
    files = sorted(tree.files, key=lambda pair: pair[0])
    if len(files) == 1 and files[0][0] == "":
        return [files[0][1]], []
    files = [pair for pair in files if not any(part.startswith((".", "_")) for part in pair[0].split("/"))]
    notes = []
    if tree.pattern is not None:
        matches = _matcher(tree.pattern)
        taken = [file for beneath, file in files if matches.fullmatch(beneath)]
        if not taken:
            near = f" There are {len(files):,} others beneath it, such as {files[0][1].name}." if files else ""
            raise InputError(f"channel '{channel}': no file fits {shown}.{near} Check the pattern.")
    else:
        taken = [file for _, file in files if known(file.suffix)]
        others = [file for _, file in files if not known(file.suffix)]
        if not taken:
            what = f"of its {len(others):,} files none is" if others else "it holds no file that is"
            raise InputError(
                f"channel '{channel}': {shown} is a folder, and {what} of a kind that custid reads by its name (CSV, "
                "Parquet, JSON lines, Excel). Name one file, or a pattern such as folder/* with format=."
            )
        if others:
            names = ", ".join(posixpath.basename(file.name.replace("\\", "/")) for file in others[:5])
            notes.append(f"files of other kinds in {shown} were not read ({len(others):,}): {names}")
    empty = [file for file in taken if file.size == 0]
    if empty and len(empty) < len(taken):
        notes.append(f"empty files of {shown} were passed over ({len(empty):,}), such as {empty[0].name}")
        taken = [file for file in taken if file.size != 0]
    return taken, notes

"""The encoding of a text file: found, or checked when it was named.

In: a `File`. Out: `Encoding`, and `open_utf8`, the file as UTF-8 bytes whatever it is written in.
Order of judgement over the whole file: byte order mark, UTF-16 without one, UTF-8, GB18030, then cp1252 or
Latin-1. A file that begins as UTF-8 nearly always goes on so: it is read as that and checked on the way, which saves
reading it twice.

A file may hold a few rows in which some bytes fit no character: those bytes become `UNDECODABLE`, so that the
rows can be rejected one by one. Never here: CSV, rows, or dropping bytes silently.
"""

from __future__ import annotations

import codecs
import difflib
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from encodings.aliases import aliases as python_encodings
from typing import Any, cast

import numpy as np

from custid.channels.files import File, Stream
from custid.errors import InputError, UsageError

#: Stands where bytes could not be decoded: a code point that Unicode reserves for use inside programs.
UNDECODABLE = "\ufdd1"

#: More undecodable lines than this share (and than one) mean that the encoding is wrong, not the lines.
UNDECODABLE_SHARE_MAX = 0.1

_CHUNK = 1 << 22
_TAIL = 64


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNDECODABLE, min(error.start + 1, error.end)


codecs.register_error("custid_mark", _mark_undecodable)


@dataclass(frozen=True)
class Encoding:
    """`name` as Python calls it. `bom`: bytes to skip. `damaged`: some do not decode. `note`: to show.

    `checked`: False where only the file's beginning was looked at.
    """

    name: str
    bom: int = 0
    damaged: bool = False
    note: str | None = None
    checked: bool = True


def find_encoding(file: File, named: str | None, *, by_head: bool = False) -> Encoding:
    """The encoding of the file, or the `named` one after checking that it can be true.

    `by_head`: UTF-8 may be judged by the beginning alone; the rest is checked while it is read.
    Raises UsageError for a name Python does not know, InputError when too many lines do not decode or when
    the bytes show that the named encoding is a wrong one.
    """
    sample = file.head
    if by_head and (found := _utf8_by_head(file, named)):
        return found
    if named is not None:
        return _check_named(file, sample, named)
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return _judge(file, name, len(bom), explained=f"its byte order mark says {name}")
    wide = _wide_without_bom(sample)
    if wide:
        return _judge(file, wide, 0, explained=f"its zero bytes look like {wide}")
    if _decodes(file, "utf-8", 0):
        return Encoding("utf-8")
    lines = _lines_beyond_ascii(file)
    if _share_of_utf8(lines) >= 0.5:
        return _judge(file, "utf-8", 0, explained="most of its lines are UTF-8")
    if _looks_like_gb18030(lines):
        return _judge(file, "gb18030", 0, explained="most of its lines look like GB18030")
    name = "cp1252" if _decodes(file, "cp1252", 0) else "latin-1"
    return Encoding(name, note=f"taken as {name}; if names look wrong, name the encoding with encoding=")


def open_utf8(file: File, encoding: Encoding, seen: Callable[[int], None] | None = None) -> Utf8:
    """The file's text as UTF-8 bytes, without a byte order mark, streamed; for `seen` see `File.open`.

    Reading raises UnicodeDecodeError where an encoding that is not `checked` turns out to be another.
    """
    return Utf8(file.open(seen), encoding)


def buffered(text: Utf8) -> io.BufferedReader[Any]:
    """`text` in reads as large as asked for, which Arrow wants."""
    return io.BufferedReader(cast(Any, text), 1 << 20)


def read_sample(file: File, encoding: Encoding, size: int) -> tuple[str, bool]:
    """The first `size` bytes as text, and whether that is all; a character cut in two is left out."""
    raw = file.head[encoding.bom : encoding.bom + size]
    whole = file.head_is_all and len(file.head) <= encoding.bom + size
    decoder = codecs.getincrementaldecoder(encoding.name)("custid_mark")
    return decoder.decode(raw, final=whole), whole


_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Utf8(io.RawIOBase):
    """A file read as UTF-8, whatever it is written in. `tail`: the last bytes read."""

    def __init__(self, file: Stream, encoding: Encoding) -> None:
        self.tail = b""
        self._file = file
        self._bom = encoding.bom
        self._plain = encoding.name == "utf-8" and not encoding.damaged
        self._checked = encoding.checked
        self._decoder = codecs.getincrementaldecoder(encoding.name)("strict" if self._plain else "custid_mark")
        self._pending = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._pending and not self._ended:
            self._pending = memoryview(self._next())
        size = min(len(buffer), len(self._pending))
        buffer[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size

    def _next(self) -> bytes:
        raw = self._file.read(_CHUNK)
        self._ended = not raw
        raw, self._bom = raw[self._bom :], max(0, self._bom - len(raw))
        if self._plain:
            if not self._checked:
                self._decoder.decode(raw, final=self._ended)
            text = raw
        else:
            decoded = self._decoder.decode(raw, final=self._ended)
            try:
                text = decoded.encode("utf-8")
            except UnicodeEncodeError:
                # Characters that UTF-8 cannot hold (halves of pairs, from damaged UTF-16) count as undecodable.
                text = decoded.encode("utf-8", "surrogatepass").decode("utf-8", "custid_mark").encode("utf-8")
        self.tail = (self.tail + text[-_TAIL:])[-_TAIL:]
        return text

    def close(self) -> None:
        self._file.close()
        super().close()


def _utf8_by_head(file: File, named: str | None) -> Encoding | None:
    """UTF-8, if the beginning is that and nothing else is claimed."""
    try:
        if named is not None and codecs.lookup(named).name not in ("utf-8", "utf-8-sig"):
            return None
        if _wide_without_bom(file.head) or any(file.head.startswith(bom) for bom, name in _BOMS if name != "utf-8"):
            return None
        codecs.getincrementaldecoder("utf-8")("strict").decode(file.head, final=file.head_is_all)
    except (LookupError, TypeError, ValueError):
        return None
    bom = len(codecs.BOM_UTF8) if file.head.startswith(codecs.BOM_UTF8) else 0
    return Encoding("utf-8", bom, checked=file.head_is_all)


def _check_named(file: File, sample: bytes, named: str) -> Encoding:
    try:
        name = codecs.lookup(named).name
        "".encode(name)
        codecs.getincrementaldecoder(name)("strict")
    except (LookupError, TypeError, ValueError) as error:
        close = difflib.get_close_matches(named.lower().replace("-", "_"), python_encodings, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise UsageError(
            f"there is no encoding '{named}'.{hint} Known ones are utf-8, gb18030, cp1252, utf-16 and so on."
        ) from error
    for bom, found in _BOMS:
        if sample.startswith(bom):
            if name.removesuffix("-sig").replace("-le", "").replace("-be", "") in found:
                return _judge(file, found, len(bom), explained="encoding= says so")
            raise InputError(
                f"{file.name} is not {named}: its byte order mark says {found}. Leave encoding= out, or name {found}."
            )
    if name == "utf-8-sig":
        name = "utf-8"
    if name == "utf-16":
        name = _wide_without_bom(sample) or "utf-16-le"
    if name == "gb2312" or name == "gbk":
        name = "gb18030"  # contains both, and files that claim the small ones often go beyond them
    wrong_width = name.startswith(("utf-16", "utf-32")) and b"\0" not in sample
    sure_utf8 = name != "utf-8" and _utf8_sequences(sample) >= 3 and _decodes(file, "utf-8", 0)
    if wrong_width or sure_utf8:
        truth = "its bytes are valid UTF-8" if sure_utf8 else "it has no zero bytes"
        raise InputError(f"{file.name} is not {named}: {truth}. Leave encoding= out so that it is found by itself.")
    return _judge(file, name, 0, explained="encoding= says so")


def _judge(file: File, name: str, bom: int, *, explained: str) -> Encoding:
    """The encoding if the file decodes but for a few lines. Raises InputError otherwise."""
    if _decodes(file, name, bom):
        return Encoding(name, bom)
    lines = damaged = 0
    rest = ""
    decoder = codecs.getincrementaldecoder(name)("custid_mark")
    for raw in _chunks(file, bom):
        text = rest + decoder.decode(raw)
        whole, _, rest = text.rpartition("\n")
        if whole:
            lines += whole.count("\n") + 1
            damaged += sum(UNDECODABLE in line for line in whole.split("\n"))
    rest += decoder.decode(b"", final=True)
    if rest:
        lines += 1
        damaged += UNDECODABLE in rest
    if damaged > max(1, UNDECODABLE_SHARE_MAX * lines):
        raise InputError(
            f"{file.name} cannot be read as {name}, although {explained}: {damaged:,} of {lines:,} lines hold "
            "bytes that are "
            "no characters in it. Name the right one with encoding=, or save the file as UTF-8."
        )
    return Encoding(name, bom, damaged=True)


def _decodes(file: File, name: str, bom: int) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        for raw in _chunks(file, bom):
            decoder.decode(raw)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _chunks(file: File, bom: int = 0) -> Iterator[bytes]:
    """What is in the file, piece by piece, without its byte order mark."""
    with closing(file.open()) as stream:
        while raw := stream.read(_CHUNK):
            if bom:
                raw, bom = raw[bom:], max(0, bom - len(raw))
            yield raw


def _wide_without_bom(sample: bytes) -> str | None:
    """UTF-16 has a zero byte in every second place where the text is ASCII: delimiters, digits, line ends."""
    head = np.frombuffer(sample[: 1 << 16], np.uint8)
    if len(head) < 4:
        return None
    head = head[: len(head) // 2 * 2]
    even, odd = head[0::2], head[1::2]
    zeros_even, zeros_odd = (even == 0).mean(), (odd == 0).mean()
    if zeros_odd > 0.1 and zeros_even < 0.02 and ((even == 0x0A) & (odd == 0)).any():
        return "utf-16-le"
    if zeros_even > 0.1 and zeros_odd < 0.02 and ((odd == 0x0A) & (even == 0)).any():
        return "utf-16-be"
    return None


def _lines_beyond_ascii(file: File, lines_max: int = 20_000) -> list[bytes]:
    """The first lines of the file that hold more than ASCII, wherever in it they stand."""
    found: list[bytes] = []
    rest = b""
    for raw in _chunks(file):
        if len(found) >= lines_max:
            break
        if raw.isascii() and rest.isascii():
            rest = raw[raw.rfind(b"\n") + 1 :]
            continue
        *whole, rest = (rest + raw).split(b"\n")
        found.extend(line for line in whole if not line.isascii())
    if not rest.isascii():
        found.append(rest)
    return found[:lines_max]


def _is_letter(byte: int) -> bool:
    return 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A


def _share_of_utf8(lines: list[bytes]) -> float:
    """The share of lines that are valid UTF-8, which other encodings rarely are by chance."""
    valid = 0
    for line in lines:
        try:
            line.decode("utf-8")
            valid += 1
        except UnicodeDecodeError:
            continue
    return valid / max(1, len(lines))


def _utf8_sequences(sample: bytes) -> int:
    bytes_ = np.frombuffer(sample, np.uint8)
    return int((bytes_ >= 0xC2).sum())


def _looks_like_gb18030(lines: list[bytes]) -> bool:
    """Chinese text pairs a high byte with another high byte; Western text follows its accents with plain
    letters.

    Both often decode as GB18030 (the two bytes of "ül" are a rare Chinese character), so decoding alone
    decides nothing.
    """
    pairs = western = broken = 0
    for line in lines:
        at = 0
        while at < len(line):
            lead = line[at]
            if lead < 0x80:
                at += 1
                continue
            trail = line[at + 1] if at + 1 < len(line) else 0x20
            if lead in (0x80, 0xFF) or trail < 0x30 or trail in (0x7F, 0xFF) or 0x3A <= trail < 0x40:
                broken += 1
                at += 1
                continue
            if 0x30 <= trail <= 0x39:  # a character of four bytes, or a broken one
                fourth = line[at + 3] if at + 3 < len(line) else 0x20
                whole = line[at + 2] >= 0x81 if at + 2 < len(line) else False
                if not (whole and 0x30 <= fourth <= 0x39):
                    broken += 1
                    at += 1
                    continue
                at += 2
            pairs += 1
            accent = _is_letter(trail) and (lead >= 0xC0 or 0x91 <= lead <= 0x97)
            # Two accents in a row, as in Núñez, stand between letters; one Chinese character hardly does.
            before = line[at - 1] if at else 0x20
            after = line[at + 2] if at + 2 < len(line) else 0x20
            western += accent or (_is_letter(before) and _is_letter(after))
            at += 2
        if pairs + broken > 50_000:
            break
    return pairs > 0 and (western + broken) < 0.4 * (pairs + broken)

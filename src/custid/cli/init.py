"""`custid init`: look at files, write a `customers.toml` that says what each column was taken for and why."""

from __future__ import annotations

import json as jsons
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custid.cli.app import JsonOption, print_json, tell
from custid.cli.outputs import write_text
from custid.errors import CustidError, UsageError

if TYPE_CHECKING:
    from custid.channels import Look, Role

_RULING = ("record_id", "updated_at", "deleted")

_HEAD = """\
# Written by custid init. Check what each column was taken for, then: {run}
# Columns that no line without # names are judged anew in each run.

registry = "customers.db"    # remembers the ids; made by the first run
output   = "out"             # folder for the tables
"""


def init(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES...",
            help="CSV, Parquet, JSON lines, Excel; a folder, a 'pattern*' or a URL; one per channel.",
        ),
    ],
    output: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = Path("customers.toml"),
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="FILES are exports of this system: see custid presets.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: JsonOption = False,
) -> None:
    """Look at FILES and write a customers.toml.

    Each file becomes a channel named after it. Each column gets a line: the field it was taken for, how sure
    that is, and why.

    \b
    Example:
      custid init exports/crm.csv exports/shop.parquet
      custid init customers_export.csv --preset shopify

    Exit codes: 0 fine, 1 a file cannot be read, 2 wrong use.
    """
    from custid.channels import Channel, look

    if output.exists() and not force:
        raise UsageError(f"{output} is there already. Name another with --output, or write over it with --force.")
    names = channel_names(files)
    looks = []
    for name, path in zip(names, files, strict=True):
        channel = Channel(name, path, preset=preset)
        tell(f"looking at {channel.source_name}")
        looks.append(look(channel))
    command = "custid run" if str(output) == "customers.toml" else f"custid run {output}"
    sections = [_section(seen, _relative(path, output), preset) for seen, path in zip(looks, files, strict=True)]
    try:
        write_text(output, "\n".join([_HEAD.format(run=command), *sections]))
    except OSError as error:
        raise CustidError(f"{output} cannot be written: {error.strerror or error}.") from error
    keyless = [seen.channel for seen in looks if not seen.record_id]
    if json:
        print_json({"config": str(output), "channels": [_as_dict(seen) for seen in looks]})
        return
    for seen in looks:
        compared = sum(_compared(role) for role in seen.roles)
        typer.echo(f"{seen.channel}: {seen.rows_read:,} rows, {compared} of {len(seen.columns)} columns compared")
    typer.echo(f"\nWrote {output}.")
    if keyless:
        typer.echo(f"No key was found for {', '.join(keyless)}: name its column as record_id there.")
    typer.echo(f"Read it over, then: {command}")


def channel_names(files: list[str]) -> list[str]:
    """One name per file, all different; without a date at the end, for a channel's name must not change.

    >>> channel_names(["b1/CRM Export_2026-03-01.csv.gz", "b2/crm-export.csv", "会员.csv", "shop/*.csv"])
    ['crm_export', 'crm-export', 'channel', 'shop']
    """
    from custid.channels.urls import shown

    names: list[str] = []
    for path in files:
        parts = [part for part in re.split(r"[/\\]+", shown(path)) if part and not re.search(r"[*?\[=]", part)]
        last = re.sub(r"(\.\w{1,9})?(\.(gz|gzip|zst|zstd))?$", "", parts[-1]) if parts else ""
        stem = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode().lower()
        stem = re.sub(r"[\W_]*(19|20)\d\d[-_.]?\d\d[-_.]?\d\d$", "", stem)
        name = base = re.sub(r"[^a-z0-9-]+", "_", stem).strip("_-") or "channel"
        number = 2
        while name in names:
            name, number = f"{base}_{number}", number + 1
        names.append(name)
    return names


def _relative(source: str, config: Path) -> str:
    """`source` as the configuration, in its own folder, must write it."""
    from custid.channels.urls import scheme_of

    if scheme_of(source):
        return source
    path = Path(source)
    folder = config.parent.absolute()
    if path.is_absolute() and not path.is_relative_to(folder):
        return path.as_posix()
    return Path(os.path.relpath(path, folder)).as_posix()


def _section(seen: Look, path: str, preset: str | None) -> str:
    found = [seen.format, seen.encoding, f"separated by {seen.delimiter!r}" if seen.delimiter else None]
    holds = ", ".join(part for part in found if part)
    lines = [
        f"[channels.{seen.channel}]",
        _line(f"path       = {_quoted(path)}", f"{holds}; {seen.rows_read:,} rows"),
    ]
    if preset:
        lines.append(f"preset     = {_quoted(preset)}")
    if seen.record_id:
        key = ", ".join(map(_quoted, seen.record_id))
        why = next(role.reason for role in seen.roles if role.field == "record_id")
        lines.append(_line(f"record_id  = {key if len(seen.record_id) == 1 else f'[{key}]'}", why))
    else:
        lines.append(_line('# record_id  = ""', "not found: name the column that is the key of a row"))
    lines.append(_line('kind       = "upsert"', "an absent record means nothing; snapshot: it is gone"))
    if seen.updated_at:
        lines.append(_line(f"updated_at = {_quoted(seen.updated_at)}", "when a row last changed"))
    lines += _judged(seen)
    lines += [_line("", f"note: {note}") for note in seen.notes]
    columns = [role for role in seen.roles if role.field not in (*_RULING, "")]
    if columns:
        lines += ["", f"[channels.{seen.channel}.columns]", *map(_column, columns)]
    return "\n".join(lines) + "\n"


def _judged(seen: Look) -> list[str]:
    """What the columns show of how values are written, each with why."""
    found, why = seen.judged.conventions, seen.judged.reasons
    lines = []
    if found.day_first is not None:
        lines.append(_line(f"day_first  = {str(found.day_first).lower()}", f"3/5/1980: {why['day_first']}"))
    if found.sexes is not None:
        codes = ", ".join(f"{_key(code)} = {_quoted(sex)}" for code, sex in found.sexes.items())
        lines.append(_line(f"sexes      = {{ {codes} }}", why["sexes"]))
    return lines


def _column(role: Role) -> str:
    said = f"{_key(role.column)} = {_quoted(role.field)}"
    if _compared(role):
        return _line(said, f"{role.confidence:.0%} sure: {role.reason}")
    return _line(f"# {said}", f"kept and shown, not compared: {role.reason}")


def _line(said: str, comment: str) -> str:
    # Column names may hold line breaks, and reasons name columns.
    return f"{said}    # {' '.join(comment.split())}".lstrip()


def _compared(role: Role) -> bool:
    from custid.standardize.fields import kind_of

    return kind_of(role.field) is not None


def _key(column: str) -> str:
    """
    >>> _key("e-mail"), _key("备注")
    ('e-mail', '"备注"')
    """
    return column if re.fullmatch(r"[A-Za-z0-9_-]+", column) else _quoted(column)


def _quoted(text: str) -> str:
    """A TOML string: JSON's is one too, but for the character DEL."""
    return jsons.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _as_dict(seen: Look) -> dict[str, Any]:
    return {
        "channel": seen.channel,
        "path": seen.source,
        "rows": seen.rows_read,
        "record_id": list(seen.record_id),
        "columns": [
            {
                "column": role.column,
                "field": role.field,
                "confidence": role.confidence,
                "reason": role.reason,
            }
            for role in seen.roles
        ],
        "judged": [
            {"setting": name, "value": getattr(seen.judged.conventions, name), "reason": reason}
            for name, reason in seen.judged.reasons.items()
        ],
        "notes": seen.notes,
    }

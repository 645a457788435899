"""`custid profile`: what files hold, before anything is done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import JsonOption, print_json, tell
from custid.cli.init import channel_names
from custid.cli.outputs import write_text
from custid.cli.progress import Shown
from custid.errors import CustidError, InputError


def profile(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES...",
            help="CSV, Parquet, JSON lines, Excel; a folder, a 'pattern*' or a URL; or one customers.toml.",
        ),
    ],
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="FILES are exports of this system: see custid presets.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page to share or print.")] = None,
    rows: Annotated[
        int, typer.Option(metavar="N", min=1, help="Look at about N rows of larger files, evenly spread.")
    ] = 250_000,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what FILES hold: per column what it is taken for, how much is filled, distinct, usable and junk.

    Values are masked (a***@e***.com, 138****5678, 王**), so that a profile may be shared. Names of files and columns
    are not. With customers.toml, its channels are looked at as it declares them.

    \b
    Example:
      custid profile exports/crm.csv 'exports/shop-*.parquet'
      custid profile customers.toml --html profile.html

    Exit codes: 0 fine, 1 a file cannot be read (the others are shown), 2 wrong use.
    """
    from custid.channels import Channel
    from custid.config import read_config
    from custid.profiling import profile as look
    from custid.profiling import refused
    from custid.reports.profile import as_html, as_text

    if len(files) == 1 and files[0].endswith(".toml"):
        channels = list(read_config(files[0]).channels)
    else:
        names = channel_names(files)
        channels = [Channel(name, path, preset=preset) for name, path in zip(names, files, strict=True)]
    found = []
    with Shown(quiet=quiet) as progress:
        for channel in channels:
            try:
                found.append(look(channel, rows_max=rows, progress=progress))
            except InputError as error:
                found.append(refused(channel, str(error)))
    if html is not None:
        try:
            write_text(html, as_html(found))
        except OSError as error:
            raise CustidError(f"{html} cannot be written: {error.strerror or error}.") from error
    if json:
        print_json({"sources": found})
    elif html is None:
        typer.echo(as_text(found))
    else:
        typer.echo(f"Wrote {html}.")
    for one in found:
        if "refused" in one:
            tell(one["refused"])
    if any("refused" in one for one in found):
        raise typer.Exit(1)

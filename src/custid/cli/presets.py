"""`custid presets`: the systems whose exports custid knows."""

from __future__ import annotations

import typer

from custid.cli.app import JsonOption, print_json


def presets(json: JsonOption = False) -> None:
    """List the systems whose exports custid knows.

    \b
    Example:
      custid presets
      custid init customers_export.csv --preset shopify

    Exit codes: 0 fine.
    """
    from custid.channels.presets import load_preset, preset_names

    known = [load_preset(name) for name in preset_names()]
    if json:
        print_json(
            {
                preset.name: {"title": preset.title, "documented": preset.documented, "columns": preset.columns}
                for preset in known
            }
        )
        return
    width = max(len(preset.name) for preset in known)
    for preset in known:
        typer.echo(f"{preset.name:{width}}  {preset.title}")
        typer.echo(f"{'':{width}}  {preset.documented}")

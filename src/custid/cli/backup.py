"""`custid backup` and `custid restore`: a copy of the registry as one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location


def backup(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; a file that is not there yet.")],
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Write the whole registry to one file, as it is now.

    The file is read again and compared before it gets its name. It holds all there is in the registry, personal data
    too: keep it as safe. It can be restored into a file or into PostgreSQL, wherever it came from.

    \b
    Example:
      custid backup customers.2026-03-01.backup --registry customers.db

    Exit codes: 0 fine, 1 failed (no file is left), or the copy is good but the registry itself is not sound, 2 wrong
    use.
    """
    from custid.registries import connect

    held = connect(registry_location(registry))
    done = held.backup(path)
    if json:
        print_json(
            {
                "path": done.path,
                "made_at": done.made_at,
                "run_id": done.run_id,
                "bytes": done.size,
                "rows": done.rows,
                "findings": [{"invariant": finding.invariant, "message": finding.message} for finding in done.findings],
            }
        )
    else:
        what = f"{sum(done.rows.values()):,} rows, {done.size / 1e6:,.1f} MB"
        typer.echo(f"{done.path} holds {held.location} after run {done.run_id}: {what}.")
        for finding in done.findings:
            typer.echo(f"The registry is not sound, and neither is its copy: {finding.invariant}: {finding.message}")
    if done.findings:
        raise typer.Exit(1)


def restore(
    path: Annotated[Path, typer.Argument(metavar="BACKUP", help="A file that custid backup wrote.")],
    registry: Annotated[
        str, typer.Option(metavar="PATH", help="The registry to make; there must be none yet.", show_default=False)
    ],
) -> None:
    """Make a registry from a backup.

    A damaged backup is refused. The new registry is there whole or not at all, and is verified.

    \b
    Example:
      custid restore customers.2026-03-01.backup --registry restored.db

    Exit codes: 0 fine, 1 refused, or what was backed up is not sound (each finding is printed), 2 wrong use.
    """
    from custid.registries import connect

    held = connect(registry)
    findings = held.restore(path)
    for finding in findings:
        typer.echo(f"{finding.invariant}: {finding.message}")
    runs = len(held.runs())
    typer.echo(f"{held.location} is restored: {runs:,} run{'' if runs == 1 else 's'}.")
    if findings:
        raise typer.Exit(1)

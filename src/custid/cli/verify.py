"""`custid verify`: is the registry sound?"""

from __future__ import annotations

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location


def verify(registry: RegistryOption = None, json: JsonOption = False) -> None:
    """Check that the registry is sound.

    That its events add up to its ids, that no record is lost, that nothing was altered.

    \b
    Example:
      custid verify --registry customers.db

    Exit codes: 0 sound, 1 something is wrong (each finding is printed), 2 wrong use.
    """
    from custid.registries import connect

    held = connect(registry_location(registry))
    findings = held.verify()
    if json:
        print_json(
            {
                "registry": held.location,
                "sound": not findings,
                "findings": [{"invariant": finding.invariant, "message": finding.message} for finding in findings],
            }
        )
    else:
        for finding in findings:
            typer.echo(f"{finding.invariant}: {finding.message}")
        if not findings:
            runs = len(held.runs())
            typer.echo(f"{held.location} is sound: {runs:,} run{'' if runs == 1 else 's'}.")
    if findings:
        raise typer.Exit(1)

"""`custid changes`: the change feed, for what stands downstream."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.cli.outputs import write_table
from custid.reports import text


def changes(
    since: Annotated[
        int | None,
        typer.Option(
            metavar="RUN",
            min=0,
            help="Changes of all runs after this one; 0: of all. Default: of the last run.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to a .parquet or .csv file instead.")
    ] = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """List the records whose customer id changed.

    In the order it happened, also of records that were new or are gone.

    A row without an old id is a new record (or one that came back), a row without a new id one that is gone.

    \b
    Example:
      custid changes --since 12
      custid changes --since 12 --output changes.parquet

    Exit codes: 0 fine, 1 the registry cannot be read, 2 wrong use.
    """
    from custid.registries import connect

    held = connect(registry_location(registry))
    runs = held.runs()["run_id"].to_pylist()
    after = since if since is not None else max(0, max(runs, default=0) - 1)
    found = held.changes(after)
    if output is not None:
        write_table(found, output)
    if json:
        print_json({"since": after, "changes": found.to_pylist()} if output is None else {"file": str(output)})
    elif output is not None:
        typer.echo(f"{len(found):,} changes after run {after} are in {output}.")
    elif not len(found):
        typer.echo(f"Nothing changed after run {after}. Earlier changes: custid changes --since 0")
    else:
        rows = [["run", "channel", "record_id", "kind", "old_id", "new_id", "reason"]]
        rows += [[_said(change[name]) for name in ("run_id", *rows[0][1:])] for change in found.to_pylist()]
        for line in text.columns(rows, right=[0]):
            typer.echo(line)


def _said(value: object) -> str:
    return "-" if value is None else str(value)

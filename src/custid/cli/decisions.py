"""`custid decisions`: what stewards decided, to read or as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.cli.outputs import write_table
from custid.reports import text

if TYPE_CHECKING:
    import pyarrow as pa

#: Terminal cells that a reason may take.
_REASON_CELLS = 40


def decisions(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were taken back.")] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the standing ones to a .parquet or .csv file, ready to be loaded again."
        ),
    ] = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """List what stewards decided.

    Decisions with one act number were made together, by a merge or split, and are taken back together. Times are UTC.

    \b
    Example:
      custid decisions --all
      custid decisions --to decisions.csv

    Exit codes: 0 fine, 1 the registry cannot be read, 2 wrong use.
    """
    from custid.registries import connect
    from custid.registries.decision_tables import save

    found = connect(registry_location(registry)).decisions()
    if to is not None:
        saved = save(found)
        write_table(saved, to)
        if json:
            print_json({"file": str(to), "decisions": len(saved)})
        else:
            typer.echo(f"{len(saved):,} decisions are in {to}. To load them: custid decide --from {to}")
        return
    shown = found if everything else _standing(found)
    rows = shown.to_pylist()
    if json:
        print_json({"decisions": rows})
    elif not rows:
        typer.echo("Nothing is decided. To decide: custid decide --help")
    else:
        for line in text.columns([_HEAD, *map(_line, rows)], right=[0, 1]):
            typer.echo(line)


_HEAD = ["decision", "act", "verdict", "left", "right", "by", "at", "reason"]


def _standing(found: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    return found.filter(pc.is_null(found["revoked_at"]))


def _line(row: dict[str, Any]) -> list[str]:
    taken_back = f"taken back by {row['revoked_by']}" if row["revoked_at"] else ""
    return [
        str(row["decision_id"]),
        str(row["act"] or ""),
        row["verdict"],
        *(f"{row[f'{side}_channel']}:{row[f'{side}_record_id']}" for side in ("left", "right")),
        row["actor"],
        f"{row['decided_at']:%Y-%m-%d %H:%M}",
        text.cut("; ".join(filter(None, (taken_back, row["reason"]))), _REASON_CELLS),
    ]

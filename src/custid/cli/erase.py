"""`custid erase`, `custid allow-again`, `custid compact`: forget a customer for good, and what comes with that."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location, tell
from custid.cli.outputs import write_table
from custid.errors import UsageError

ActorOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who does this, for the record. Default: your login.")
]


def erase(
    customers: Annotated[
        list[str] | None, typer.Argument(metavar="CUSTOMER_ID...", help="Customers to erase, with all their records.")
    ] = None,
    record: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL:RECORD_ID", help="Erase this record only. May be given several times."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why, such as the number of a case. It is kept: name nobody in it.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the records' names to a .parquet or .csv file, for tables downstream."
        ),
    ] = None,
    actor: ActorOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Erase customers, or single records, for good.

    Nothing of them stays in the registry or in backups made from now on, except the id, as a tombstone, and what is
    needed to notice when the same record comes again. It cannot be undone. Earlier backups, channel files and output
    folders are yours to clean.

    \b
    Example:
      custid erase C7K2M-9QD4X-G --reason "case 2026-114"
      custid erase --record crm:A-17 --record shop:88 --output erased.csv

    Exit codes: 0 erased, 1 failed (nothing was erased unless the message says so), 2 wrong use.
    """
    from custid.registries import connect

    records = [_named(text) for text in record or ()]
    if bool(customers) == bool(records):
        raise UsageError("name customer ids, or records with --record CHANNEL:RECORD_ID; one of the two.")
    if output is not None and output.suffix not in (".parquet", ".csv"):
        raise UsageError(f"{output} should end in .parquet or .csv, so that its format is known.")
    held = connect(registry_location(registry))
    if not yes:
        _ask(", ".join(customers or record or ()), held.location)
    done = held.erase(customers or (), records=records, actor=actor or getpass.getuser(), reason=reason)
    if output is not None:
        write_table(done.changes, output)
    if json:
        print_json(
            {
                "run_id": done.run_id,
                "customers": list(done.customers),
                "records": done.records,
                "elsewhere": list(done.elsewhere),
                "changes": done.changes.to_pylist(),
            }
        )
        return
    typer.echo(f"Run {done.run_id} erased {done.records:,} record{'' if done.records == 1 else 's'}.")
    if done.customers:
        typer.echo(f"Tombstones now: {', '.join(done.customers)}")
    if done.elsewhere:
        typer.echo(f"Records that were once with it are with others, and stay: {', '.join(done.elsewhere)}")
    if output is not None:
        typer.echo(f"The names of the records are in {output}. Delete it when tables downstream have followed.")


def allow_again(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="The record's channel.")],
    record_id: Annotated[str, typer.Argument(metavar="RECORD_ID", help="Its key in that channel.")],
    actor: ActorOption = None,
    registry: RegistryOption = None,
) -> None:
    """Let an erased record be taken in again.

    The next run that reads it takes it in as new. Nothing of what was erased comes back.

    \b
    Example:
      custid allow-again crm A-17

    Exit codes: 0 allowed, 1 no such record was erased, 2 wrong use.
    """
    from custid.registries import connect

    held = connect(registry_location(registry))
    held.allow_again(channel, record_id, actor=actor or getpass.getuser())
    typer.echo(f"Record {record_id!r} of channel {channel!r} may come in again.")


def compact(registry: RegistryOption = None) -> None:
    """Write the registry anew, without the bytes of what is in it no longer.

    Every erasure does this by itself. It is for when that failed, because the disk was full or others were reading.

    \b
    Example:
      custid compact --registry customers.db

    Exit codes: 0 done, 1 failed (the registry is as before), 2 wrong use.
    """
    from custid.registries import connect

    held = connect(registry_location(registry))
    held.compact()
    typer.echo(f"{held.location} is written anew.")


def _named(text: str) -> tuple[str, str]:
    """
    >>> _named("crm:A:17")
    ('crm', 'A:17')
    """
    channel, colon, record_id = text.partition(":")
    if not (channel and colon and record_id):
        raise UsageError(f"--record {text!r} should be CHANNEL:RECORD_ID, such as crm:A-17.")
    return channel, record_id


def _ask(what: str, where: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("erasing cannot be undone, and there is nobody here to ask. Add --yes.")
    if not typer.confirm(f"Erase {what} from {where} for good?", err=True):
        tell("nothing was erased.")
        raise typer.Exit(1)

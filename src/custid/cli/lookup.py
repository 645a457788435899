"""`custid lookup`: the customer id of a record, now or at any time past, or of a customer code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.errors import UnknownCustomer, UsageError


def lookup(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL|CODE", help="The record's channel, or a customer code.")],
    record_id: Annotated[
        str | None, typer.Argument(metavar="[RECORD_ID]", help="With a channel: the record's key in it.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="RUN|TIME",
            help="As it was after run 3, or at 2026-03-01T18:00 (UTC), 2026-03-01T18:00+08:00.",
        ),
    ] = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Print the customer id of a record, or of a customer code.

    \b
    Example:
      custid lookup crm A-17
      custid lookup crm A-17 --as-of 2026-03-01
      custid lookup C20230301A0001

    Exit codes: 0 found, 1 the record or the code has no customer, or the registry cannot be read, 2 wrong use.
    """
    from custid.registries import connect

    held = connect(registry_location(registry))
    if record_id is None:
        if as_of is not None:
            raise UsageError("--as-of is for a record: custid lookup CHANNEL RECORD_ID --as-of ...")
        try:
            found = held.by_code(channel)
        except UnknownCustomer as error:
            raise UnknownCustomer(f"{error} For a record, write: custid lookup {channel} RECORD_ID.") from error
        if json:
            print_json({"code": channel, "customer_id": found})
        else:
            typer.echo(found)
        return
    customer_id = held.lookup(channel, record_id, as_of=moment(as_of))
    if json:
        print_json({"channel": channel, "record_id": record_id, "as_of": as_of, "customer_id": customer_id})
        if customer_id is None:
            raise typer.Exit(1)
    elif customer_id is None:
        when = f" as of {as_of}" if as_of else ""
        raise UnknownCustomer(f"{held.location} has no customer for record {record_id!r} of channel {channel!r}{when}.")
    else:
        typer.echo(customer_id)


def moment(text: str | None) -> int | datetime | None:
    """The run or the instant that `--as-of` names. Raises UsageError.

    >>> moment("3"), moment("2026-03-01").isoformat()
    (3, '2026-03-01T00:00:00+00:00')
    """
    if text is None or text.isdecimal():
        return int(text) if text else None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"--as-of {text!r} is neither a run nor a time. Write 3, 2026-03-01 or 2026-03-01T18:00+08:00."
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)

"""`custid history`: what happened to a customer, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.errors import UnknownCustomer

if TYPE_CHECKING:
    from custid.registries.base import Registry


def history(
    customer: Annotated[
        str, typer.Argument(metavar="CUSTOMER_ID|CHANNEL", help="A customer id, or a record's channel.")
    ],
    record_id: Annotated[
        str | None, typer.Argument(metavar="[RECORD_ID]", help="With a channel: the record's key in it.")
    ] = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Tell what happened to a customer, and why.

    When it was created, joined by records, merged or split, by whom, and on what evidence. A record
    stands for the customer it has, or had last. Times are UTC.

    \b
    Example:
      custid history C7K2M-9QD4X-G
      custid history crm A-17

    Exit codes: 0 fine, 1 unknown customer, or the registry cannot be read, 2 wrong use.
    """
    from custid.identity.history import as_dict, tell
    from custid.identity.ids import normalize
    from custid.registries import connect

    held = connect(registry_location(registry))
    customer_id = normalize(customer) if record_id is None else _customer_of(held, customer, record_id)
    events = held.history(customer_id)
    if json:
        print_json(as_dict(events, customer_id))
        return
    now = held.current(customer_id)
    typer.echo(customer_id if now == customer_id else f"{customer_id}, today {now}")
    for sentence in tell(events, customer_id):
        typer.echo(f"  {sentence}")


def _customer_of(registry: Registry, channel: str, record_id: str) -> str:
    found = registry.last_id(channel, record_id)
    if found is None:
        raise UnknownCustomer(f"{registry.location} knows no record {record_id!r} of channel {channel!r}.")
    return found

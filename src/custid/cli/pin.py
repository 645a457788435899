"""`custid pin`, `custid unpin`, `custid pins`: golden values that stewards set, and take back."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.reports import text

if TYPE_CHECKING:
    from custid.registries.base import Registry

CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="A customer; a merged one is followed.")]
FieldArgument = Annotated[str, typer.Argument(metavar="FIELD", help="A field of golden records, such as surname.")]
ActorOption = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who does this, for the record. Default: your login.")
]


def pin(
    customer_id: CustomerArgument,
    field: FieldArgument,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What the golden record is to show.")],
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, in a few words.")] = None,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Set a value of a golden record, whatever the records say.

    It holds at once and until it is taken back with custid unpin, also when records change or the customer is merged
    into another. The parts of an address, or of a name, are pinned together: the others as they are now.

    \b
    Example:
      custid pin C7K2M-9QD4X-G surname Keller --reason "she married, ticket 318"

    Exit codes: 0 pinned, 1 unknown customer, 2 wrong use.
    """
    held = _held(registry)
    pin_id = held.pin(customer_id, field, value, actor=actor or getpass.getuser(), reason=reason)
    rows = held.pins(customer_id).to_pylist()
    pinned = [row for row in rows if row["act"] == pin_id]
    if json:
        print_json({"pin_id": pin_id, "pins": pinned})
        return
    typer.echo(f"Pin {pin_id}: {field} of {pinned[0]['current_id']} is {value!r} until it is unpinned.")
    if others := [f"{row['field']} {row['value']!r}" for row in pinned if row["field"] != field]:
        typer.echo(f"Pinned with it, as they are now: {', '.join(others)}.")


def unpin(
    customer_id: CustomerArgument,
    field: FieldArgument,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Let the rules choose a golden value again; of an address or a name, all its parts.

    \b
    Example:
      custid unpin C7K2M-9QD4X-G surname

    Exit codes: 0 done, 1 unknown customer, 2 wrong use, or it is not pinned.
    """
    held = _held(registry)
    held.unpin(customer_id, field, actor=actor or getpass.getuser())
    row = held.golden(customer_id).to_pylist()[0]
    if json:
        print_json({"customer_id": row["customer_id"], "field": field, "value": row[field]})
        return
    now = f"{row[field]!r}, from {row[f'{field}_from']}" if row[field] is not None else "empty: no record has one"
    typer.echo(f"{field} of {row['customer_id']} is no longer pinned. It is {now}.")


def pins(
    customer_id: Annotated[
        str | None, typer.Argument(metavar="[CUSTOMER_ID]", help="Of one customer only; a merged one is followed.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were taken back or replaced.")] = False,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """List the values that are pinned: who set them, when and why.

    \b
    Example:
      custid pins
      custid pins C7K2M-9QD4X-G --all

    Exit codes: 0 fine, 1 unknown customer, or the registry cannot be read, 2 wrong use.
    """
    rows = _held(registry).pins(customer_id).to_pylist()
    rows = [row for row in rows if everything or row["unpinned_at"] is None]
    if json:
        print_json({"pins": rows})
        return
    if not rows:
        typer.echo("Nothing is pinned.")
        return
    head = ("pin", "customer", "field", "value", "by", "when", "reason", *(["taken back"] if everything else []))
    for line in text.columns([head, *(_cells(row, everything) for row in rows)], right=[0]):
        typer.echo(line)


def _cells(row: dict[str, Any], everything: bool) -> tuple[str, ...]:
    cells = (
        str(row["pin_id"]),
        row["current_id"],
        row["field"],
        text.cut(row["value"], 40),
        row["actor"],
        f"{row['pinned_at']:%Y-%m-%d %H:%M}",
        row["reason"] or "",
    )
    if not everything:
        return cells
    return (*cells, f"{row['unpinned_at']:%Y-%m-%d %H:%M} by {row['unpinned_by']}" if row["unpinned_at"] else "")


def _held(registry: str | None) -> Registry:
    from custid.registries import connect

    return connect(registry_location(registry))

"""`custid timeline`: what a customer did and what became of it, in the order of time."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.cli.lookup import moment
from custid.errors import UnknownCustomer
from custid.reports import text

if TYPE_CHECKING:
    from custid.config import Config
    from custid.registries.base import Registry

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="CONFIG",
        help="The file that declares the interactions. Default: customers.toml in this folder.",
    ),
]
_HEADER = ("when (UTC)", "what", "where", "amount", "in words")


def timeline(
    customer_id: Annotated[
        str, typer.Argument(metavar="CUSTOMER_ID|CODE", help="An id or a customer code; a merged one is followed.")
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="RUN|TIME",
            help="With the records it had after run 3, or at 2026-03-01T18:00 (UTC), and nothing later.",
        ),
    ] = None,
    config: ConfigOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Tell a customer's story, in the order of time.

    Orders, tickets, visits: all interactions that the configuration declares, of all the customer's records; and when
    it was created, merged or split. Rows that cannot count, such as those without a time, are left out; custid measures
    says how many there are, and why.

    \b
    Example:
      custid timeline C7K2M-9QD4X-G
      custid timeline C7K2M-9QD4X-G --as-of 3 --json

    Exit codes: 0 fine, 1 unknown customer, or the registry or a source cannot be read, 2 wrong use.
    """
    said = declared(config)
    held = connected(said, registry)
    told = held.timeline(_customer_id(held, customer_id), as_of=moment(as_of)).to_pylist()
    if json:
        print_json(told)
    elif not told:
        typer.echo(f"Nothing is known of it as of {as_of}.")
    else:
        for line in lines(told, shutil.get_terminal_size((120, 24)).columns):
            typer.echo(line)
    if said is None or not said.interactions:
        where = config or "customers.toml"
        typer.echo(f"No interactions are declared. To see what it did, add [interactions.orders] to {where}.", err=True)


def declared(config: Path | None) -> Config | None:
    """What the configuration says; None where none was named and there is none in this folder."""
    from custid.config import read_config

    if config is None and not Path("customers.toml").exists():
        return None
    return read_config(config or "customers.toml")


def connected(said: Config | None, registry: str | None) -> Registry:
    """The registry, which knows the declared interactions."""
    from custid.finding import connect

    location = registry or (said.registry if said is not None else registry_location(None))
    return connect(location, interactions=said.interactions if said is not None else ())


def lines(told: Sequence[dict[str, Any]], cells_max: int) -> list[str]:
    """Rows of TIMELINE as columns, no wider than the terminal."""
    rows = [_HEADER, *(_row(row) for row in told)]
    used = sum(max(text.width(row[number]) for row in rows) + 2 for number in range(4))
    # A narrow terminal wraps the words rather than losing all of them.
    words = max(cells_max - used, 24)
    return text.columns([(*row[:4], text.cut(row[4], words)) for row in rows], right=[3])


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    money = "" if row["amount"] is None else f"{row['amount']:,.2f} {row['currency']}"
    where = row["channel"] or "registry"
    if row["by"] is not None:
        where = f"{where}:{row['key']}" if row["by"] == "record" else f"{where}, by {row['by']}"
    return (
        row["at"].strftime("%Y-%m-%d %H:%M"),
        row["kind"].replace("_", " "),
        text.cut(where, 32),
        money,
        row["text"],
    )


def _customer_id(held: Registry, said: str) -> str:
    """The id that was meant: an id as it is, also a merged one, or a code's. Raises UnknownCustomer."""
    try:
        return held.customer(said).asked_for
    except UnknownCustomer:
        try:
            return held.by_code(said)
        except UnknownCustomer:
            pass
        raise


def story(told: Sequence[dict[str, Any]]) -> str:
    """What a customer did, in one line; rows of TIMELINE.

    >>> from datetime import date
    >>> story([{"at": date(2024, 3, 1), "kind": "order", "interactions": "orders", "amount": 5, "currency": "EUR"}])
    '1 × order, 2024-03-01; EUR 5.00'
    """
    done = [row for row in told if row["interactions"] is not None]
    if not done:
        return "no interactions"
    kinds: dict[str, int] = {}
    values: dict[str, Any] = {}
    for row in done:
        kinds[row["kind"]] = kinds.get(row["kind"], 0) + 1
        if row["amount"] is not None:
            values[row["currency"]] = values.get(row["currency"], 0) + row["amount"]
    counted = ", ".join(f"{count:,} × {kind}" for kind, count in sorted(kinds.items()))
    first, last = f"{done[0]['at']:%Y-%m-%d}", f"{done[-1]['at']:%Y-%m-%d}"
    money = ", ".join(f"{currency} {value:,.2f}" for currency, value in sorted(values.items()))
    return f"{counted}, {first if first == last else f'{first} to {last}'}" + (f"; {money}" if money else "")

"""`custid find`: the likely customers of somebody, before anybody is created."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.errors import UsageError


def find(
    values: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help="What is known: email=..., phone=..., full_name=...")
    ],
    channel: Annotated[
        str | None, typer.Option(metavar="NAME", help="Read national phone numbers and dates as this channel's.")
    ] = None,
    most: Annotated[int, typer.Option(metavar="N", min=1, help="Show so many customers at most.")] = 5,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Print the customers somebody may be, the likeliest first; nothing is written.

    Those marked * are so likely that a run would join the two by itself.

    \b
    Example:
      custid find email=ann@example.com surname=Baker
      custid find 姓名=王小明 手机=13812345678 --channel wechat --json

    Exit codes: 0 somebody was found, 1 nobody was, or the registry cannot be read, 2 wrong use.
    """
    from custid.finding import connect

    record = dict(_pair(value) for value in values)
    held = connect(registry_location(registry))
    found = held.find(record, channel=channel, customers_max=most).to_pylist()
    if json:
        print_json(found)
    else:
        typer.echo("\n".join(_lines(row) for row in found) if found else "Nobody like that is known.")
    if not found:
        raise typer.Exit(1)


def _pair(text: str) -> tuple[str, str]:
    """
    >>> _pair("email=a=b@x.org")
    ('email', 'a=b@x.org')
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{text!r} is not FIELD=VALUE, such as email=ann@example.com.")
    return name.strip(), value


def _lines(row: dict[str, Any]) -> str:
    parts = ", ".join(
        f"{part['comparison']} {part['level'].replace('_', ' ')} {part['bits']:+.1f}" for part in row["parts"]
    )
    return (
        f"{row['customer_id']}{'*' if row['likely'] else ' '} {row['match_weight']:6.1f} bits   "
        f"by {row['channel']}:{row['record_id']}\n    {parts}"
    )

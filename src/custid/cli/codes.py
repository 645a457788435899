"""`custid codes`: customer codes: list them, check one, take over old ones, issue new ones."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.cli.outputs import write_table
from custid.errors import UsageError
from custid.reports import text

if TYPE_CHECKING:
    import pyarrow as pa

    from custid.registries.base import Registry

#: How many codes are listed on a terminal.
_LISTED_MAX = 20


def codes(
    check: Annotated[str | None, typer.Option(metavar="CODE", help="Say what a code means, and whose it is.")] = None,
    bring_in: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Take over codes issued elsewhere: a file with the columns code and customer_id, or code, channel and "
            "record_id.",
        ),
    ] = None,
    aliases: Annotated[
        bool, typer.Option("--aliases", help="With --bring-in: as further codes only, none as the customer's code.")
    ] = False,
    reissue: Annotated[
        str | None,
        typer.Option(
            metavar="CUSTOMER_ID|all",
            help="A new code by the format in force, for one customer, or for all whose code is of an older format. "
            "The old ones stay as aliases.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all codes to a .parquet or .csv file.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who does this, for the record. Default: your login.")
    ] = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """List customer codes, check one, take over old ones, or issue new ones.

    Codes are issued by custid run, in the format that [codes] in customers.toml declares. When that changes,
    customers keep the codes they have; --reissue gives them new ones.

    \b
    Example:
      custid codes
      custid codes --check C20230301A0001
      custid codes --bring-in old_codes.csv
      custid codes --reissue all

    Exit codes: 0 fine, 1 no such code, or the registry refuses, 2 wrong use.
    """
    from custid.registries import connect

    if sum(each is not None for each in (check, bring_in, reissue, output)) > 1:
        raise UsageError("ask for one thing at a time: --check, --bring-in, --reissue or --output.")
    if aliases and bring_in is None:
        raise UsageError("--aliases goes with --bring-in FILE.")
    held = connect(registry_location(registry))
    who = actor or getpass.getuser()
    if check is not None:
        _check(held, check, json)
    elif bring_in is not None:
        new = held.bring_in_codes(_table(bring_in), actor=who, aliases=aliases)
        _say({"file": str(bring_in), "new": new}, f"{new:,} codes of {bring_in} are new in {held.location}.", json)
    elif reissue is not None:
        issued = held.reissue_codes(None if reissue == "all" else [reissue], actor=who).to_pylist()
        lines = [f"{len(issued):,} new codes."] if reissue == "all" else [row["code"] for row in issued]
        _say({"issued": issued}, "\n".join(lines), json)
    elif output is not None:
        found = held.codes()
        write_table(found, output)
        _say({"codes": len(found), "file": str(output)}, f"{len(found):,} codes are in {output}.", json)
    else:
        _list(held, json)


def _check(held: Registry, code: str, json: bool) -> None:
    """Print whose the code is and, where it is of the format in force, what its parts say."""
    from custid.identity.codes import fault, read

    customer_id = held.by_code(code)
    format = held.code_format()
    says = read(format, code) if format is not None and fault(format, code) is None else {}
    told = "".join(f", {name} {value}" for name, value in says.items() if name != "check")
    _say({"code": code, "customer_id": customer_id, "parts": says}, f"{code}: customer {customer_id}{told}", json)


def _list(held: Registry, json: bool) -> None:
    """Print the format in force, how many codes there are, and the last of them."""
    found, format = held.codes(), held.code_format()
    if json:
        print_json({"format": format.text if format else None, "codes": found.to_pylist()})
        return
    typer.echo(f"Format: {format.text}" if format else "No format is declared. [codes] in customers.toml does so.")
    main = found["kind"].to_pylist().count("code")
    typer.echo(f"{main:,} codes, {len(found) - main:,} aliases.")
    if len(found):
        typer.echo("")
        shown = found.slice(max(0, len(found) - _LISTED_MAX)).to_pylist()
        rows = [("code", "customer", "kind", "issued"), *map(_row, shown)]
        if len(found) > len(shown):
            rows.insert(1, ("…", "", "", ""))
        for line in text.columns(rows):
            typer.echo(line)


def _row(row: dict[str, Any]) -> tuple[str, str, str, str]:
    by = "brought in by " if row["format_id"] is None else ""
    return row["code"], row["current_id"], row["kind"], f"{row['issued_at']:%Y-%m-%d}, {by}{row['actor']}"


def _table(path: Path) -> pa.Table:
    """The file's columns as text, as they stand: codes may begin with zeros. Raises InputError."""
    from custid.channels.sources import read_source
    from custid.channels.spec import Channel
    from custid.engines.base import silent

    return read_source(Channel("codes", path), silent).table


def _say(data: dict[str, Any], sentence: str, json: bool) -> None:
    if json:
        print_json(data)
    else:
        typer.echo(sentence)

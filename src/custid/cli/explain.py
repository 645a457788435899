"""`custid explain`, `custid why`, `custid why-not`: what made records one customer, or two."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, record_named, registry_location, tell
from custid.errors import UnknownCustomer

LeftArgument = Annotated[str, typer.Argument(metavar="CHANNEL:RECORD_ID", help="A record, such as crm:A-17.")]
RightArgument = Annotated[str, typer.Argument(metavar="CHANNEL:RECORD_ID", help="Another record.")]
PlotOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw it, into a .png, .svg or .pdf file.")
]

#: What `why_not` says of records that it does not know.
_NOT_THERE = ("unknown", "rejected", "erased")


def explain(
    left: LeftArgument,
    right: RightArgument,
    plot: PlotOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Show how much two records weigh, number by number.

    From what two records at random weigh, over what each comparison says of these two, to the sum: their match weight
    in bits. Values stand there as written, and as they were compared where that differs. | in the bars is the match
    threshold.

    \b
    Example:
      custid explain crm:A-17 shop:77
      custid explain crm:A-17 shop:77 --plot weight.png

    Exit codes: 0 fine, 1 unknown record, or the registry cannot be read, 2 wrong use.
    """
    import custid
    from custid.reports.explanations import weight_lines
    from custid.reports.figures import save

    found = custid.explain(registry_location(registry), record_named(left), record_named(right))
    if plot is not None:
        save(found.plot, plot)
        tell(f"drawn into {plot}.")
    if json:
        print_json(found.as_dict())
    else:
        _print(weight_lines(found.as_dict(), _cells()))


def why(
    customer: Annotated[
        str,
        typer.Argument(
            metavar="CUSTOMER_ID|CODE|CHANNEL:RECORD_ID", help="A customer: its id, its code, or a record of it."
        ),
    ],
    plot: PlotOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Show what holds a customer's records together.

    The strongest tree of evidence: each record under the one that ties it in, with the bits of that tie, or the
    decision. Then what is weak about it: the weakest tie, records that hang by one tie, pairs that speak against it.

    \b
    Example:
      custid why C7K2M-9QD4X-G
      custid why crm:A-17 --plot tree.svg

    Exit codes: 0 fine, 1 unknown customer, or the registry cannot be read, 2 wrong use.
    """
    import custid
    from custid.registries import connect
    from custid.reports.explanations import tree_lines
    from custid.reports.figures import save

    held = connect(registry_location(registry))
    try:
        found = custid.why(held, customer)
    except UnknownCustomer:
        if ":" in customer:
            found = custid.why(held, record_named(customer))
        else:
            try:
                by_code = held.by_code(customer)
            except UnknownCustomer:
                by_code = None
            if by_code is None:
                raise
            found = custid.why(held, by_code)
    if plot is not None:
        save(found.plot, plot)
        tell(f"drawn into {plot}.")
    if json:
        print_json(found.as_dict())
    else:
        _print(tree_lines(found.as_dict(), _cells()))


def why_not(
    left: LeftArgument,
    right: RightArgument,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Say why two records are not one customer.

    They were never compared, and by which rules they could have been; or what speaks against it; or what kept them
    apart: a steward's decision, an excluding level, a unique channel, the evidence inside their cluster.

    \b
    Example:
      custid why-not crm:A-17 shop:78

    Exit codes: 0 fine, 1 unknown record, or the registry cannot be read, 2 wrong use.
    """
    import custid
    from custid.reports.explanations import apart_lines

    found = custid.why_not(registry_location(registry), record_named(left), record_named(right))
    if json:
        print_json(found.as_dict())
    else:
        _print(apart_lines(found.as_dict(), _cells()))
    if found.reason in _NOT_THERE:
        raise typer.Exit(1)


def _cells() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _print(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)

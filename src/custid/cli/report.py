"""`custid report`: one page on a run, to look at, print or send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location


def report(
    run: Annotated[int | None, typer.Argument(metavar="RUN", min=1, help="The run. Default: the last one.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the page goes.")] = Path(
        "report.html"
    ),
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show names of customers. Default: masked, as W** or 王**.")
    ] = False,
    most: Annotated[
        int, typer.Option(metavar="N", min=1, help="List so many customers, questions and earlier runs at most.")
    ] = 10,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Write a page on a run: what came in, what was found, what to look at.

    What came in and what was rejected, how full the channels are, how large customers are, how the channels overlap,
    the weakest and the largest customers, what waits for review, what changed and why, what the model weighs, and how
    long it took.

    The page is one HTML file that asks for nothing from anywhere. Names are masked, and so are record ids that are an
    e-mail address or a telephone number; with --show-values, keep the page as safe as the registry. Of a run that is
    not the last, customers are counted as they were after it.

    \b
    Example:
      custid report --open
      custid report 12 --output run-12.html
      custid report --json > report.json

    Exit codes: 0 fine, 1 no such run, or the registry cannot be read, 2 wrong use.
    """
    from custid.registries import connect
    from custid.report import report as report_on

    found = report_on(connect(registry_location(registry)), run, show_values=show_values, shown=most)
    if json:
        print_json(found.figures)
        return
    found.write(output)
    typer.echo(f"The report on run {found.figures['run_id']} is in {output}.")
    if open_:
        typer.launch(output.absolute().as_uri())

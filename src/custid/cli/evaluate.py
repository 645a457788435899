"""`custid evaluate`: how good a run is, or would be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import INTERRUPTED, JsonOption, print_json, tell
from custid.cli.outputs import write_table
from custid.cli.progress import Shown
from custid.errors import UsageError


def evaluate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="What to read.")] = Path("customers.toml"),
    truth: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Known true ids: channel, record_id, true_id (CSV or Parquet)."),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Labelled pairs: left_id, right_id, label (1 or 0)."),
    ] = None,
    errors: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every wrong pair, and why, to a .parquet or .csv file."),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Instead, draw pairs to be labelled, into a .parquet or .csv file."),
    ] = None,
    count: Annotated[int, typer.Option(metavar="PAIRS", min=1, help="How many pairs to draw.")] = 200,
    registry: Annotated[
        str | None, typer.Option(metavar="PATH", help="Whose records, model, decisions. Default: as CONFIG says.")
    ] = None,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Say how good a run is. Nothing is written to the registry.

    Works everything out as custid run --dry-run would, with the model CONFIG names, else the registry's, and
    compares with the truth; or, where nobody knows the truth, estimates from pairs that somebody labelled.
    Draw such pairs with --draw, fill in their column label, and give them back with --pairs.

    \b
    Example:
      custid evaluate customers.toml --truth truth.csv --errors wrong.parquet
      custid evaluate customers.toml --draw sample.csv
      custid evaluate customers.toml --pairs sample.csv

    Exit codes: 0 fine, however good or bad, 1 failed, 2 wrong use.
    """
    from custid.config import read_config
    from custid.evaluate import draw_pairs
    from custid.evaluate import evaluate as measure
    from custid.registries import connect
    from custid.reports.quality import as_text

    if draw is None and truth is None and pairs is None:
        raise UsageError("say what to compare with: --truth FILE or --pairs FILE. For pairs to label: --draw FILE.")
    if draw is not None and (truth is not None or pairs is not None):
        raise UsageError("--draw only draws pairs; leave out --truth and --pairs, or --draw.")
    if errors is not None and truth is None:
        raise UsageError("--errors needs the truth: add --truth FILE.")
    for path in (errors, draw):
        if path is not None and path.suffix not in (".parquet", ".csv"):
            raise UsageError(f"{path} should end in .parquet or .csv, so that its format is known.")
    said = read_config(config)
    held = connect(registry or said.registry)
    with Shown(quiet=quiet) as progress:
        try:
            if draw is not None:
                drawn = draw_pairs(
                    list(said.channels), pairs=count, registry=held, model=said.model, progress=progress
                ).to_arrow()
            else:
                found = measure(
                    list(said.channels),
                    truth=truth,
                    pairs=pairs,
                    registry=held,
                    model=said.model,
                    progress=progress,
                )
        except KeyboardInterrupt:
            tell("interrupted; nothing was written.")
            raise typer.Exit(INTERRUPTED) from None
    if draw is not None:
        write_table(drawn, draw)
        if json:
            print_json({"file": str(draw), "pairs": len(drawn)})
        else:
            typer.echo(
                f"{len(drawn):,} pairs are in {draw}. Write 1 (one customer) or 0 (two) into its column label, then: "
                f"custid evaluate {config} --pairs {draw}"
            )
        return
    if errors is not None:
        write_table(found.mistakes.to_arrow(), errors)
    if json:
        print_json({**found.figures, "errors": str(errors) if errors is not None else None})
    else:
        typer.echo(as_text(found.figures))
        if errors is not None:
            typer.echo(f"\nEvery wrong pair is in {errors}.")

"""`custid run`: read the channels, find the customers, write the registry and the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import INTERRUPTED, JsonOption, print_json, tell
from custid.cli.outputs import check_folder, write_outputs
from custid.cli.progress import Shown


def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="What to read.")] = Path("customers.toml"),
    registry: Annotated[
        str | None, typer.Option(metavar="PATH", help="Where ids are remembered. Default: as CONFIG says.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the tables go. Default: as CONFIG says.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show who would change.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="When another run lands first, work it out again.")] = False,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Learn a new model from the data. Ids are carried over.")
    ] = False,
    actor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who runs this, for the history. Default: your login.")
    ] = None,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Find the customers in the channels of CONFIG.

    Reads the channels, finds which records are the same customer, gives each its id, and writes it all down.

    The registry is written once, at the end, whole or not at all. Then the output folder gets xref.parquet,
    golden.parquet, changes.parquet, rejects.parquet, review.parquet and summary.json. Running the same input
    again changes no customer.

    Should a run be killed after it wrote the registry and before it wrote the folder, run it again: the
    tables are written then, and changes.parquet reaches back to the run the folder last showed. For any
    earlier changes: custid changes --since RUN.

    With --dry-run, shows which customers would merge, split, lose records, live again or end, and why; with
    --json as well, all of them.

    \b
    Example:
      custid run customers.toml --dry-run
      custid run customers.toml --actor nightly --json > run.json

    Exit codes: 0 fine, 1 failed (nothing was written unless the message says so), 2 wrong use.
    """
    from custid.config import read_config
    from custid.registries import connect
    from custid.reports import preview
    from custid.reports.summary import as_text
    from custid.resolve import resolve

    said = read_config(config)
    held = connect(registry or said.registry)
    folder = output or said.output
    check_folder(folder)
    with Shown(quiet=quiet) as progress:
        try:
            done = resolve(
                list(said.channels),
                registry=held,
                model=said.model,
                retrain=retrain,
                dry_run=dry_run,
                retry=retry,
                codes=said.codes,
                survivorship=said.survivorship,
                display=said.display,
                actor=actor,
                progress=progress,
            )
            summary = done.summary if dry_run else write_outputs(done, held, folder)
        except KeyboardInterrupt:
            tell(_interrupted(progress.stage))
            raise typer.Exit(INTERRUPTED) from None
    if json:
        print_json({**summary, "preview": done.preview.to_arrow().to_pylist()} if dry_run else summary)
    elif not quiet:
        typer.echo(as_text(summary))
        if dry_run:
            typer.echo(f"\n{preview.as_text(done.preview.to_arrow())}")
            typer.echo("\nIds of new customers are examples: the run itself mints others. All of it: --dry-run --json")
        else:
            typer.echo(f"\nThe tables are in {folder}{_slash(folder)}, the registry is {held.location}.")


def _interrupted(stage: str) -> str:
    if stage != "commit":
        return "interrupted; nothing was written."
    return "interrupted while writing; the registry holds this run whole or not at all. Run again to be sure."


def _slash(folder: Path) -> str:
    return "" if str(folder).endswith(("/", "\\")) else "/"

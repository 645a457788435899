"""`custid train`: learn a model from the channels, write it as a file to read and edit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import INTERRUPTED, JsonOption, print_json, tell
from custid.cli.outputs import write_text
from custid.cli.progress import Shown
from custid.errors import CustidError, UsageError


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="What to read.")] = Path("customers.toml"),
    output: Annotated[Path, typer.Option(metavar="FILE", help="The model file to write.")] = Path("model.toml"),
    truth: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Known true ids: channel, record_id, true_id (CSV or Parquet)."),
    ] = None,
    registry: Annotated[
        str | None, typer.Option(metavar="PATH", help="Whose records and decisions to use. Default: as CONFIG says.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Learn a model from the channels of CONFIG.

    No labels are needed. Where there are any (--truth, or stewards' decisions in the registry), they make it
    better. A model that CONFIG names keeps its comparisons and blocking rules; its probabilities are learned anew.
    Customers are left as they are.

    \b
    Example:
      custid train customers.toml --output model.toml
      custid train customers.toml --output model.toml --truth known.csv --force

    Exit codes: 0 fine, 1 failed, 2 wrong use.
    """
    from custid.config import read_config
    from custid.model.files import model_id, to_toml
    from custid.model.notes import notes_of
    from custid.registries import connect
    from custid.train import train as learn

    if output.exists() and not force:
        raise UsageError(f"{output} is there already. Name another with --output, or write over it with --force.")
    said = read_config(config)
    with Shown(quiet=quiet) as progress:
        try:
            model = learn(
                list(said.channels),
                truth=truth,
                registry=connect(registry or said.registry),
                model=said.model,
                trained_on=datetime.now(UTC).date(),
                progress=progress,
            )
        except KeyboardInterrupt:
            tell("interrupted; nothing was written.")
            raise typer.Exit(INTERRUPTED) from None
    try:
        write_text(output, to_toml(model))
    except OSError as error:
        raise CustidError(f"{output} cannot be written: {error.strerror or error}.") from error
    notes = notes_of(model)
    if json:
        print_json({"model": str(output), "model_id": model_id(model), "facts": model.facts, "notes": notes})
    elif not quiet:
        settled = "settled" if model.facts["converged"] else "did not settle"
        typer.echo(
            f"{output}: {len(model.comparisons)} comparisons and {len(model.blocking)} blocking rules, learned from "
            f"{model.facts['records']:,} records; {settled} after {model.facts['rounds']} rounds."
        )
        for note in notes:
            typer.echo(f"note: {note}")
        if said.model is None:
            typer.echo(f'Runs use it with this line at the top of {config}: model = "{output.name}"')

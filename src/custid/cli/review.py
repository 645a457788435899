"""`custid review`: what waits for a steward, as a page on this machine or as a sheet."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location, tell
from custid.errors import UsageError

if TYPE_CHECKING:
    from custid.registries.base import Registry


def review(
    registry: RegistryOption = None,
    actor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who decides, for the record. Default: your login.")
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Where to serve. Default: any free one.")
    ] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page, or only print it.")] = True,
    retrain_after: Annotated[
        int, typer.Option(metavar="N", min=0, help="Offer to learn again after so many decisions; 0: never.")
    ] = 25,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what waits to a .xlsx or .csv file instead.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="With --export: at most so many. Default: all.")
    ] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Enter the verdicts of such a file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Decide about pairs that a run was not sure of.

    Opens a page on this machine: the records side by side, what speaks for and against, whole customers with their
    picture, all decisions. What teaches the model most is asked first. Nobody else can open the page: it is served to
    this machine only, and its address holds a token. Stop with Ctrl-C; decisions are in the registry at once, and take
    effect with the next run.

    With --export, a sheet instead: both records' values side by side, and a verdict column to fill with same, different
    or unsure. --import enters it; rows that cannot be used are named, the others land.

    \b
    Example:
      custid review
      custid review --export review.xlsx --limit 200
      custid review --import review.xlsx --actor kim

    Exit codes: 0 fine, 1 failed, or rows of a sheet could not be used, 2 wrong use.
    """
    from custid.finding import connect

    if export is not None and import_ is not None:
        raise UsageError("--export or --import, not both.")
    if limit is not None and export is None:
        raise UsageError("--limit goes with --export.")
    held = connect(registry_location(registry))
    if export is not None:
        _export(held, export, limit, json)
    elif import_ is not None:
        _import(held, import_, _actor(actor), json)
    else:
        if json:
            raise UsageError("--json goes with --export or --import.")
        _serve(held, _actor(actor), port, browser, retrain_after)


def _export(held: Registry, path: Path, limit: int | None, json: bool) -> None:
    from custid.review.sheets import export

    questions = export(held, path, limit=limit)
    if json:
        print_json({"file": str(path), "questions": questions})
    else:
        typer.echo(
            f"{questions:,} question{'' if questions == 1 else 's'} in {path}. Fill in the verdicts, then: "
            f"custid review --import {path}"
        )


def _import(held: Registry, path: Path, actor: str, json: bool) -> None:
    from custid.review.sheets import bring_in

    done = bring_in(held, path, actor=actor)
    if json:
        print_json({"added": done.added, "known": done.known, "open": done.open, "unusable": done.unusable})
    else:
        for row in done.unusable:
            tell(f"row {row['row']} was left out: {row['reason']}")
        typer.echo(
            f"{done.added:,} decisions added, {done.known:,} known before, {done.open:,} without a verdict, "
            f"{len(done.unusable):,} left out."
        )
        if done.added:
            typer.echo("They take effect with the next run.")
    if done.unusable:
        raise typer.Exit(1)


def _serve(held: Registry, actor: str, port: int, browser: bool, retrain_after: int) -> None:
    import webbrowser

    from custid.review import serve

    with serve(held, actor=actor, port=port, retrain_after=retrain_after, pinned_by=_pinned_by()) as serving:
        typer.echo(f"Review {held.location} as {actor}: {serving.url}")
        typer.echo("Stop with Ctrl-C.")
        sys.stdout.flush()  # who reads this through a pipe waits for the address
        if browser and not webbrowser.open(serving.url):
            tell("no browser could be opened; open the address above.")
        with suppress(KeyboardInterrupt):
            serving.wait()
        decided = serving.decided
    typer.echo(
        f"\n{decided:,} decision{'' if decided == 1 else 's'} made."
        + (" They take effect with the next run." if decided else "")
    )


def _pinned_by() -> str | None:
    """The configuration of this folder, if it names a model: its runs would not use one that was learned here."""
    from custid.config import read_config

    if not Path("customers.toml").exists():
        return None
    return "customers.toml" if read_config("customers.toml").model is not None else None


def _actor(given: str | None) -> str:
    from custid.cli.decide import _actor as named

    return named(given)

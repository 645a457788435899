"""The command line. `main` is the installed `custid`; each command is a module of its own.

In: arguments. Out: text or JSON on stdout, progress and errors on stderr, an exit code: 0 fine, 1 failed,
2 wrong use, 130 interrupted, 141 nobody reads the output any more.
Never here: work. Commands call the library and show what it gave.
"""

from __future__ import annotations

from custid.cli import (
    backup,
    changes,
    codes,
    decide,
    decisions,
    erase,
    evaluate,
    explain,
    export,
    find,
    history,
    init,
    lookup,
    measures,
    pin,
    presets,
    profile,
    report,
    review,
    run,
    show,
    timeline,
    train,
    verify,
)
from custid.cli.app import app

__all__ = ["main"]

for _command in (
    init,
    profile,
    presets,
    run,
    lookup,
    find,
    show,
    history,
    timeline,
    measures,
    changes,
    report,
    review,
    decisions,
    codes,
    pin,
    verify,
    evaluate,
    train,
    backup,
    export,
    erase,
):
    app.command()(getattr(_command, _command.__name__.rpartition(".")[2]))
app.add_typer(decide.decide, name="decide")
for _further in (
    explain.explain,
    explain.why,
    explain.why_not,
    pin.unpin,
    pin.pins,
    backup.restore,
    erase.allow_again,
    erase.compact,
):
    app.command()(_further)


def main() -> None:
    """Run the command line; ends the process."""
    app(prog_name="custid")

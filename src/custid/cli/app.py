"""What all commands share: the program itself, how errors become messages, how results are printed.

Never here: any one command's work.
"""

from __future__ import annotations

import json
import os
import sys
import traceback as tracebacks
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from custid import __version__
from custid.errors import CustidError, UsageError

#: What a wrong option or argument raises: click's own class, or that of the copy typer carries.
WrongUse = cast(type[Exception], typer.BadParameter.__mro__[2])

INTERRUPTED, PIPE_CLOSED = 130, 141

RegistryOption = Annotated[
    str | None,
    typer.Option(
        "--registry",
        metavar="PATH",
        help="The registry. Default: the one customers.toml in this folder names, else customers.db.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]


class Commands(TyperGroup):
    """The program: whatever a command raises ends here, as one message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
            return done
        except (typer.Exit, typer.Abort, WrongUse):
            raise
        except KeyboardInterrupt:
            tell("interrupted.")
            code = INTERRUPTED
        except BrokenPipeError:
            # Who reads has seen enough. What is left in the buffer must not fail again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = PIPE_CLOSED
        except CustidError as error:
            tell(str(error))
            code = error.exit_code
            _trace(ctx)
        except Exception as error:
            tell(f"{type(error).__name__}: {error}")
            if not _trace(ctx):
                tell("this is a fault in custid. To see where, set CUSTID_TRACEBACK=1 and try again.")
            code = 1
        raise typer.Exit(code)


def _trace(ctx: Any) -> bool:
    if ctx.params.get("traceback"):
        tracebacks.print_exc()
        return True
    return False


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"custid {__version__}")
        raise typer.Exit


@app.callback(no_args_is_help=True)
def program(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version.")
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option("--traceback", envvar="CUSTID_TRACEBACK", help="Show where an error happened."),
    ] = False,
) -> None:
    """Find which records are the same customer, and give every customer one lasting id.

    \b
    To begin:
      custid init crm.csv shop.parquet     writes customers.toml
      custid run customers.toml            finds the customers, writes tables to out/
      custid lookup crm A-17               the customer id of a record

    Exit codes: 0 fine, 1 failed, 2 wrong use.
    """


def tell(message: str) -> None:
    """A message to the person, on stderr."""
    typer.echo(f"custid: {message}", err=True)


def print_json(data: Any) -> None:
    """`data` as JSON on stdout; instants as ISO 8601."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    typer.echo(json.dumps(data, indent=2, ensure_ascii=plain, default=_jsonable))


def _jsonable(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def record_named(text: str) -> tuple[str, str]:
    """
    >>> record_named("crm:A:17")
    ('crm', 'A:17')
    """
    channel, colon, record_id = text.partition(":")
    if not (channel and colon and record_id):
        raise UsageError(f"{text!r} names no record. Write channel:record_id, such as crm:A-17.")
    return channel, record_id


def registry_location(given: str | None) -> str:
    """Where the registry is: as given, else as ./customers.toml says, else ./customers.db."""
    if given:
        return given
    if Path("customers.toml").exists():
        from custid.config import read_config

        return read_config("customers.toml").registry
    return "customers.db"

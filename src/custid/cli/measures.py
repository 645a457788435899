"""`custid measures`: recency, frequency, value and segment of every customer, as one table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json
from custid.cli.lookup import moment
from custid.cli.outputs import write_table
from custid.cli.timeline import ConfigOption, connected, declared
from custid.errors import UsageError
from custid.reports import text

if TYPE_CHECKING:
    from custid.story.measures import Measures


def measures(
    to: Annotated[Path, typer.Option(metavar="FILE", help="The .parquet or .csv file to write.")],
    as_of: Annotated[
        str, typer.Option(metavar="TIME|now", help="The time to measure at: 2026-03-01T18:00 (UTC), or now.")
    ],
    ids_as_of: Annotated[
        str | None,
        typer.Option(metavar="RUN|TIME", help="The customers as they were then. Default: as they are today."),
    ] = None,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Use no more than this, such as 2GB, and the disk beyond.")
    ] = None,
    config: ConfigOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Measure every customer by what it did.

    One row per customer: first and last seen, channels, recency, frequency, value in each currency, RFM scores, and the
    segment with the rule that put it there. Out of the interactions that the configuration declares; its [measures]
    table changes the rules. docs/customer-story.md has every column and rule.

    Rows that cannot count are counted, with the reason. The same input measured at the same time gives the same file.

    \b
    Example:
      custid measures --to measures.parquet --as-of 2026-03-01
      custid measures --to measures.parquet --as-of now --json

    Exit codes: 0 fine, 1 the registry or a source cannot be read, or FILE not be written, 2 wrong use.
    """
    from custid.story.measures import measure

    said = declared(config)
    if said is None or not said.interactions:
        raise UsageError(
            f"{config or 'customers.toml'} declares no interactions to measure. Add a table: [interactions.orders]."
        )
    if to.suffix not in (".parquet", ".csv"):
        raise UsageError(f"{to} should end in .parquet or .csv, so that its format is known.")
    measured = measure(
        connected(said, registry),
        said.interactions,
        as_of=_instant(as_of),
        ids_as_of=moment(ids_as_of),
        rules=said.rules,
        memory=memory,
    )
    write_table(measured.customers.to_arrow(), to)
    if json:
        print_json(_as_dict(measured, to))
        return
    for line in _lines(measured):
        typer.echo(line)
    typer.echo(f"\n{len(measured.customers):,} customers, measured at {_said(measured.as_of)}, are in {to}.")


def _instant(said: str) -> datetime:
    if said == "now":
        return datetime.now(UTC)
    at = moment(said)
    if not isinstance(at, datetime):
        raise UsageError(f"--as-of {said!r} is no time. Write 2026-03-01, 2026-03-01T18:00+08:00 or now.")
    return at


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _lines(measured: Measures) -> list[str]:
    from custid.story.measures import REASONS

    counts = [("interactions", "rows", "", "")]
    for row in measured.counts.to_arrow().to_pylist():
        such = f"such as {text.cut(row['example'], 40)}" if row["example"] else ""
        reason = REASONS.get(row["outcome"], f"could not be read: {row['outcome']}")
        counts.append((row["interactions"], f"{row['rows']:,}", reason, such))
    sizes = [("segment", "customers"), *((name, f"{count:,}") for name, count in measured.segments().items())]
    return [*text.columns(counts, right=[1]), "", *text.columns(sizes, right=[1])]


def _as_dict(measured: Measures, to: Path) -> dict[str, Any]:
    return {
        "file": str(to),
        "as_of": measured.as_of,
        "customers": len(measured.customers),
        "segments": measured.segments(),
        "rows": measured.counts.to_arrow().to_pylist(),
    }

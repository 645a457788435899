"""`custid export`: every table of the registry as a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, registry_location
from custid.reports import text


def export(
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the files go: a new folder, or an earlier export.")],
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Write every table of the registry as a Parquet file.

    All of them show one moment. The folder appears whole or not at all; an earlier export in it is replaced.

    \b
    Files, one row per:
      xref         live record: channel, record_id, customer_id
      records      record ever taken in: record_key, its name, when it changed, and its fields as the source wrote them
      customers    id ever issued: status (live, merged, retired, erased), redirect, the run that issued it
      events       event: what happened to a record or an id, when, by whom, why, on what evidence
      changes      change of a record's customer: old_id, new_id (the change feed from the beginning)
      decisions    steward's word on two records: verdict, who, when, why, whether it was taken back
      edges        pair of records that look like one customer: match_weight in bits, levels
      rejects      row not taken in, with the reason
      runs         run: when, by whom, its summary as JSON, the seal over its events
      models       model used, as JSON
      codes, code_formats
                   customer code ever issued; format codes were issued by

    Times are UTC; docs/tables.md has every column. The files hold personal data: keep them as safe as the registry.

    \b
    Example:
      custid export --to export/ --registry customers.db

    Exit codes: 0 fine, 1 failed (the folder is as before), 2 wrong use.
    """
    from custid.registries import connect

    held = connect(registry_location(registry))
    rows = held.export(to)
    if json:
        print_json({"folder": str(to), "rows": rows})
        return
    for line in text.columns([("file", "rows"), *((f"{name}.parquet", f"{count:,}") for name, count in rows.items())]):
        typer.echo(line)

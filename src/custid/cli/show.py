"""`custid show`: a customer, its golden values, and its records beside each other."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json
from custid.cli.timeline import connected, declared, lines, story
from custid.errors import InputError, UnknownCustomer
from custid.reports import text

if TYPE_CHECKING:
    from custid.registries.base import Customer, Registry

#: The widest a value is shown.
_CELLS_MAX = 32
#: How many of the last things that happened are shown.
_STEPS_SHOWN = 10


def show(
    customer_id: Annotated[
        str, typer.Argument(metavar="CUSTOMER_ID|CODE", help="An id or a customer code; a merged one is followed.")
    ],
    registry: RegistryOption = None,
    raw: Annotated[bool, typer.Option("--raw", help="Show what was made of each raw value, and how.")] = False,
    how: Annotated[
        str | None, typer.Option("--how", metavar="FIELD", help="Show how the golden value of a field was chosen.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show a customer and its records side by side.

    First its golden values and where each is from, then each record's own. With --how, what stood for election for one
    field, which rule decided and why the others lost. With --raw, record by record, each value as written, the
    comparable values that were made of it, and how they came about; also what was taken for no value. Where
    customers.toml declares interactions, the last of what the customer did comes at the end.

    \b
    Example:
      custid show C7K2M-9QD4X-G
      custid show C20230301A0001
      custid show C7K2M-9QD4X-G --how email
      custid show C7K2M-9QD4X-G --raw

    Exit codes: 0 fine, 1 unknown customer, or the registry cannot be read, 2 wrong use.
    """
    # What customers.toml declares belongs to the registry it names.
    said = declared(None) if registry is None else None
    held = connected(said, registry)
    found = _customer(held, customer_id)
    if how is not None:
        chosen = held.how(found.customer_id, how)
        if json:
            print_json(chosen.to_dict())
            return
        typer.echo(str(chosen))
        return
    if raw:
        explained = _explained(held, found)
        if json:
            print_json({"customer_id": found.customer_id, "records": explained})
            return
        typer.echo(_heading(found))
        for record in explained:
            typer.echo(f"\n{record['channel']}:{record['record_id']}")
            for line in _made(record["values"]):
                typer.echo(line)
        return
    golden = _golden(held, found)
    codes = held.codes(found.customer_id).to_pylist()
    pins = [row for row in held.pins(found.customer_id).to_pylist() if row["unpinned_at"] is None]
    if json:
        print_json(_as_dict(found, golden, codes) | {"pins": pins})
        return
    typer.echo(_heading(found))
    if codes:
        typer.echo(_coded(found, codes))
    cells = shutil.get_terminal_size((120, 24)).columns
    for line in _beside(found, golden, cells):
        typer.echo(line)
    if said is not None and said.interactions:
        for line in _story(held, found, cells):
            typer.echo(line)
    shown = {value for value in golden.values() if isinstance(value, str)}
    for row in pins:
        if f"(pinned {row['pin_id']})" in shown:
            why = f": {row['reason']}" if row["reason"] else ""
            at = f"{row['pinned_at']:%Y-%m-%d %H:%M}"
            typer.echo(f"(pinned {row['pin_id']}) {row['field']} by {row['actor']} on {at}{why}")


def _customer(held: Registry, text: str) -> Customer:
    """The customer of an id or, where no id is spelled so, of a code. Raises UnknownCustomer."""
    try:
        return held.customer(text)
    except UnknownCustomer:
        try:
            customer_id = held.by_code(text)
        except UnknownCustomer:
            customer_id = None
        if customer_id is None:
            raise
    return held.customer(customer_id)


def _story(held: Registry, customer: Customer, cells_max: int) -> list[str]:
    """What the customer did, in one line, and the last of it."""
    try:
        told = held.timeline(customer.customer_id).to_pylist()
    except InputError as error:
        return ["", f"story: {error}"]
    more = f"; all of it: custid timeline {customer.customer_id}" if len(told) > _STEPS_SHOWN else ""
    return ["", f"story: {story(told)}{more}", *lines(told[-_STEPS_SHOWN:], cells_max)]


def _golden(registry: Registry, customer: Customer) -> dict[str, Any]:
    """The customer's golden row; {} without live records."""
    rows = registry.golden(customer.customer_id).to_pylist()
    return dict(rows[0]) if rows else {}


def _explained(registry: Registry, customer: Customer) -> list[dict[str, Any]]:
    """Per record its channel, its id, and EXPLAINED as a list of rows."""
    from custid.model.files import from_json
    from custid.schemas import STORED_RECORDS, fields_of
    from custid.standardize import explain

    stored = registry.model()
    conventions = from_json(stored).conventions if stored is not None else {}
    fields = fields_of(customer.records, STORED_RECORDS)
    return [
        {
            "channel": record["channel"],
            "record_id": record["record_id"],
            "values": explain(
                {"channel": record["channel"], **{field: record[field] for field in fields}}, conventions
            ).to_pylist(),
        }
        for record in customer.records.to_pylist()
    ]


def _made(values: list[dict[str, Any]]) -> list[str]:
    """Lines of four columns: field, raw value, what was made of it, how; the first two once per value."""
    rows = [["field", "as written", "compared as", "", "how"]]
    before = None
    for row in values:
        written = (row["column"], row["raw"])
        named = ["", ""] if written == before else [row["column"] or "together", _value(row["raw"])]
        rows.append([*named, row["comparable"] or "—", _value(row["value"]), row["how"]])
        before = written
    return text.columns([tuple(row) for row in rows])


def _as_dict(customer: Customer, golden: dict[str, Any], codes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "customer_id": customer.customer_id,
        "asked_for": customer.asked_for,
        "status": customer.status,
        "created_run": customer.created_run,
        "code": _own(customer, codes),
        "aliases": [row["code"] for row in codes if row["code"] != _own(customer, codes)],
        "golden": golden,
        "records": customer.records.to_pylist(),
    }


def _own(customer: Customer, codes: list[dict[str, Any]]) -> str | None:
    """The code of the customer itself; all others, also those of customers merged into it, are aliases."""
    own = [row["code"] for row in codes if row["kind"] == "code" and row["customer_id"] == customer.customer_id]
    return own[0] if own else None


def _coded(customer: Customer, codes: list[dict[str, Any]]) -> str:
    own = _own(customer, codes)
    others = ", ".join(row["code"] for row in codes if row["code"] != own)
    return f"code {own or 'none'}" + (f"; also answers to {others}" if others else "")


def _heading(customer: Customer) -> str:
    followed = "" if customer.asked_for == customer.customer_id else f"{customer.asked_for} is now "
    count = len(customer.records)
    records = f"{count:,} record{'' if count == 1 else 's'}"
    return f"{followed}{customer.customer_id}: {customer.status}, {records}, since run {customer.created_run}"


def _beside(customer: Customer, golden: dict[str, Any], cells_max: int) -> list[str]:
    """Blocks of lines, one line per field: the golden value, then as many records as fit the terminal."""
    records = customer.records.to_pylist()
    fields = [name for name in golden if f"{name}_from" in golden and not name.endswith("_all")]
    names = [name for name in fields if golden[name] or any(record.get(name) for record in records)]
    names += ["updated_at"] if any(record["updated_at"] for record in records) else []
    labels = ["", *names]
    chosen = ["golden", *(_value(golden.get(name)) for name in names)]
    sources = ["from", *(_value(golden.get(f"{name}_from")) for name in names)]
    held = [
        [f"{record['channel']}:{record['record_id']}", *(_value(record.get(name)) for name in names)]
        for record in records
    ]
    lines: list[str] = []
    while held:
        block = [labels, chosen, sources, held.pop(0)]
        while held and _cells([*block, held[0]]) <= cells_max:
            block.append(held.pop(0))
        lines += ["", *text.columns(list(zip(*block, strict=True)))]
    return lines


def _value(value: Any) -> str:
    if value is None:
        return ""
    return text.cut(value.strftime("%Y-%m-%d %H:%M") if hasattr(value, "strftime") else str(value), _CELLS_MAX)


def _cells(columns: list[list[str]]) -> int:
    return sum(max(map(text.width, column)) + 2 for column in columns) - 2

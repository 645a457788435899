"""`custid decide`: what a steward says of records and customers, and takes back.

In: names of records and customers. Out: decisions in the registry. Never here: running; a decision takes effect with
the next run, and every command says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from custid.cli.app import JsonOption, RegistryOption, print_json, record_named, registry_location, tell
from custid.errors import UnknownCustomer, UsageError

if TYPE_CHECKING:
    from custid.registries.base import Registry

decide = typer.Typer(rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})

ActorOption = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who decides, for the record. Default: your login.")
]
ReasonOption = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, in a few words.")]
LeftArgument = Annotated[str, typer.Argument(metavar="CHANNEL:RECORD_ID", help="A record, such as crm:A-17.")]
RightArgument = Annotated[str, typer.Argument(metavar="CHANNEL:RECORD_ID", help="Another record.")]

NEXT_RUN = "It takes effect with the next run."


@decide.callback(invoke_without_command=True)
def from_file(
    context: typer.Context,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Load decisions from a .csv or .parquet file.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="With --from: leave out rows that cannot be used, and say which.")
    ] = False,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Decide who is the same customer, and who is not.

    A decision wins over any score, now and in every run to come, until it is taken back. One that contradicts
    another is refused, and both are named. See them all: custid decisions.

    A file has the columns left_channel, left_record_id, right_channel, right_record_id and verdict (same, different,
    unsure), and may have reason, actor, decided_at and act (rows with equal numbers are taken back together). It
    lands whole or not at all; loading it twice adds nothing.

    \b
    Example:
      custid decide same crm:A-17 shop:77 --reason "same phone, she married"
      custid decide different crm:A-17 crm:B-2 --reason twins
      custid decide merge C7K2M-9QD4X-G CX2M0-44KQ1-7
      custid decide split C7K2M-9QD4X-G --part crm:A-17,shop:77 --part crm:B-2
      custid decide undo 12
      custid decide --from decisions.csv

    Exit codes: 0 decided, 1 refused: a contradiction, or an unknown record or customer, 2 wrong use.
    """
    if context.invoked_subcommand is not None:
        if source is not None or skip_bad or actor or registry or json:
            raise UsageError(f"write options after the word: custid decide {context.invoked_subcommand} …")
        return
    if source is None:
        raise UsageError("decide what? Write same, different, unsure, merge, split, unmerge or undo, or --from FILE.")
    held = _held(registry)
    loaded = held.load_decisions(source, actor=_actor(actor), skip_bad=skip_bad)
    unusable = loaded.unusable.to_pylist()
    if json:
        print_json({"added": loaded.added, "known": loaded.known, "unusable": unusable})
        return
    for row in unusable:
        tell(f"row {row['row']} was left out: {row['reason']}")
    typer.echo(
        f"{_counted(loaded.added, 'decision')} added, {loaded.known:,} known before, {len(unusable):,} left out."
    )
    if loaded.added:
        typer.echo("They take effect with the next run.")


@decide.command()
def same(
    left: LeftArgument,
    right: RightArgument,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Two records are one customer.

    \b
    Example:
      custid decide same crm:A-17 shop:77 --reason "same phone, she married"

    Exit codes: 0 decided, 1 refused, 2 wrong use.
    """
    _pair("same", left, right, reason, actor, registry, json)


@decide.command()
def different(
    left: LeftArgument,
    right: RightArgument,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Two records are two customers.

    \b
    Example:
      custid decide different crm:A-17 crm:B-2 --reason twins

    Exit codes: 0 decided, 1 refused, 2 wrong use.
    """
    _pair("different", left, right, reason, actor, registry, json)


@decide.command()
def unsure(
    left: LeftArgument,
    right: RightArgument,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Nobody can tell: the pair waits for review no longer, evidence decides.

    \b
    Example:
      custid decide unsure crm:A-17 shop:78

    Exit codes: 0 decided, 1 refused, 2 wrong use.
    """
    _pair("unsure", left, right, reason, actor, registry, json)


@decide.command()
def merge(
    customers: Annotated[
        list[str],
        typer.Argument(metavar="CUSTOMER…", help="Customer ids, or records (crm:A-17) that stand for theirs."),
    ],
    reason: ReasonOption = None,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """These customers are one.

    All records they have today belong together from now on; the customer minted first keeps its id.

    \b
    Example:
      custid decide merge C7K2M-9QD4X-G CX2M0-44KQ1-7 --reason "moved house"

    Exit codes: 0 decided, 1 refused, 2 wrong use.
    """
    held = _held(registry)
    meant = [record_named(customer) if ":" in customer else customer for customer in customers]
    act = held.merge(meant, actor=_actor(actor), reason=reason)
    _acted(held, act, "These customers are one", json)


@decide.command()
def split(
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="The customer that is several.")],
    parts: Annotated[
        list[str],
        typer.Option("--part", metavar="RECORD,RECORD…", help="The records of one part; give two parts or more."),
    ],
    reason: ReasonOption = None,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Split a customer: the records of each part are one customer, and no two parts the same.

    Records that no part names stay where the evidence puts them. The part with most of the customer's records keeps
    the id.

    \b
    Example:
      custid decide split C7K2M-9QD4X-G --part crm:A-17,shop:77 --part crm:B-2 --reason twins

    Exit codes: 0 decided, 1 refused, 2 wrong use.
    """
    held = _held(registry)
    act = held.split(customer_id, [_part(part) for part in parts], actor=_actor(actor), reason=reason)
    _acted(held, act, f"{customer_id} is {len(parts)} customers", json)


@decide.command()
def unmerge(
    customer_id: Annotated[
        str, typer.Argument(metavar="CUSTOMER_ID", help="The id that was given up; or one that took others over.")
    ],
    reason: ReasonOption = None,
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """A merge was wrong: the two stay apart, whatever the evidence, and the old id comes back.

    Of an id that was given up, its own merge; of one that lives, all merges into it at once. Decisions that tied what
    is parted are taken back. Records that came later stay where the evidence puts them.

    \b
    Example:
      custid decide unmerge CX2M0-44KQ1-7 --reason "father and son"

    Exit codes: 0 decided, 1 refused, 2 wrong use.
    """
    held = _held(registry)
    act = held.unmerge(customer_id, actor=_actor(actor), reason=reason)
    _acted(held, act, f"The merge of {customer_id} is undone", json)


@decide.command()
def undo(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the decision; see custid decisions.")],
    actor: ActorOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Take a decision back: from then on the evidence decides.

    One that is part of a merge, split or unmerge takes that back as a whole. A merge that was wrong, and that the
    evidence would make again, is better unmerged.

    \b
    Example:
      custid decide undo 12

    Exit codes: 0 taken back, 1 there is no such decision, 2 wrong use, or it was taken back before.
    """
    held = _held(registry)
    found = [row for row in held.decisions().to_pylist() if row["decision_id"] == number]
    if not found:
        raise UnknownCustomer(f"there is no decision {number} in {held.location}. See them: custid decisions")
    act = found[0]["act"]
    if act is None:
        held.revoke(number, actor=_actor(actor))
    else:
        held.revoke_act(act, actor=_actor(actor))
    if json:
        print_json({"decision_id": number, "act": act})
        return
    what = f"Decision {number} is" if act is None else f"Act {act}, which decision {number} is part of, is"
    typer.echo(f"{what} taken back. {NEXT_RUN}")


def _pair(
    verdict: str,
    left: str,
    right: str,
    reason: str | None,
    actor: str | None,
    registry: str | None,
    json: bool,
) -> None:
    held = _held(registry)
    number = held.decide(record_named(left), record_named(right), verdict, actor=_actor(actor), reason=reason)
    if json:
        print_json({"decision_id": number})
    else:
        said = "nobody can tell" if verdict == "unsure" else verdict if verdict == "different" else "the same"
        typer.echo(f"Decision {number}: {left} and {right}: {said}. {NEXT_RUN}")


def _acted(held: Registry, act: int, what: str, json: bool) -> None:
    decisions = held.decisions().to_pylist()
    own = [row for row in decisions if row["act"] == act]
    at = own[0]["decided_at"]
    taken_back = [row["decision_id"] for row in decisions if row["revoked_at"] == at]
    if json:
        print_json({"act": act, "decisions": [row["decision_id"] for row in own], "taken_back": taken_back})
        return
    typer.echo(f"Act {act}: {what} ({_counted(len(own), 'decision')}). {NEXT_RUN}")
    if taken_back:
        typer.echo(f"It took back {', '.join(map(str, taken_back))}.")


def _held(registry: str | None) -> Registry:
    from custid.registries import connect

    return connect(registry_location(registry))


def _actor(given: str | None) -> str:
    import getpass

    if given is not None:
        return given
    try:
        return getpass.getuser()
    except OSError:
        return "unknown"


def _part(text: str) -> list[tuple[str, str]]:
    """Records with commas between; a comma with no channel after it belongs to the record before.

    >>> _part("crm:A-1,shop:9")
    [('crm', 'A-1'), ('shop', '9')]
    >>> _part("crm:Li, Wei,shop:9")
    [('crm', 'Li, Wei'), ('shop', '9')]
    """
    names: list[str] = []
    for piece in text.split(","):
        if ":" in piece or not names:
            names.append(piece)
        else:
            names[-1] += f",{piece}"
    return [record_named(name) for name in names]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"

"""`Interactions`: says what a table of interactions is. `Rules`: what makes a customer new, loyal, dormant …

In: nothing. Out: settings, as data, and checks of what can be wrong with them before anything is read.
Never here: reading or computing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from custid.channels.spec import Format
from custid.errors import UsageError

Negative = Literal["reject", "refund"]
Decimal = Literal[".", ","]
NEGATIVES: tuple[str, ...] = get_args(Negative)
DECIMALS: tuple[str, ...] = get_args(Decimal)

#: How an interaction may name its customer other than by a record, in the order in which they are looked at; and the
#: field of records whose comparable value it is matched with.
VALUES = {"email": "email", "phone": "phone", "device": "device_id"}


@dataclass(frozen=True)
class Interactions:
    """A table of interactions, one per row: orders, tickets, visits, campaign answers, feedback, posts.

    A row belongs to a customer by the first of these that it fills: `record_id`, `email`, `phone`, `device`.

    Args:
        name: what they are called: lower-case letters, digits, `_` and `-`.
        source: a path, folder, glob, URL, database or table; all that a `Channel` reads.
        at: the column that says when.
        kind: what one of them is: "order", "ticket", "visit" …; None: as `name`.
        channel: the channel they came through, whose record ids `record_id` has. None, where there is no record_id:
            `name`.
        record_id: the column with the channel's record id (several: as in the `Channel`).
        email, phone, device: columns that are matched with what records have, by comparable value.
        amount: the column with an amount of money. Interactions with one count as purchases.
        currency: the column with the amount's currency; or, where no column is called so, the ISO 4217 code of all.
        negative: what an amount below 0 is: "reject": a mistake; "refund": money given back.
        decimal: what stands before the cents in an amount that is text.
        text: columns to show in a time line.
        id: the column that names an interaction. Of rows with the same, the last one read counts.
        timezone: the zone of times that name none, and of days, such as "Asia/Shanghai".
        country: ISO 3166 code by which national phone numbers are read; None: as the channel's.
        format, encoding, delimiter, quote, sheet, table, query: as for `Channel`.
    """

    name: str
    source: Any = field(repr=False)
    at: str
    kind: str | None = None
    channel: str | None = None
    record_id: str | tuple[str, ...] | None = None
    email: str | None = None
    phone: str | None = None
    device: str | None = None
    amount: str | None = None
    currency: str | None = None
    negative: Negative = "reject"
    decimal: Decimal = "."
    text: str | tuple[str, ...] = ()
    id: str | None = None
    timezone: str = "UTC"
    country: str | None = None
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | int | None = None
    table: str | None = None
    query: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Rules:
    """The rules of segments. A customer is in the first of these whose rule holds:

    `no_interactions`  nothing is known of it by the time measured at;
    `dormant`          nothing for `dormant_days` or more;
    `at_risk`          `at_risk_purchases` or more, the last of them `at_risk_days` or more ago;
    `high_value`       among the `high_value_share` of buyers with the highest value, in one currency or another;
    `loyal`            `loyal_purchases` or more within `loyal_days`;
    `new`              first seen less than `new_days` ago;
    `active`           seen less than `dormant_days` ago: all others.

    Days are calendar days in `timezone`: what happened yesterday is 1 day ago, at whatever hour.
    """

    timezone: str = "UTC"
    dormant_days: int = 365
    at_risk_days: int = 180
    at_risk_purchases: int = 2
    high_value_share: float = 0.1
    loyal_days: int = 365
    loyal_purchases: int = 3
    new_days: int = 30


def check(told: Interactions) -> None:
    """Raises UsageError for a declaration that contradicts itself."""
    called = f"interactions '{told.name}'"
    if not re.fullmatch(r"[a-z0-9_-]+", told.name):
        raise UsageError(
            f"the name of interactions {told.name!r} does not fit. Use lower-case letters, digits, '_' and '-' only."
        )
    if not told.record_id and not any(getattr(told, name) for name in VALUES):
        raise UsageError(f"{called}: nothing says whose they are. Name a column: record_id, email, phone or device.")
    if told.record_id and not told.channel:
        raise UsageError(f"{called}: record_id is a key of a channel. Say of which: channel = …")
    if told.amount and not told.currency:
        raise UsageError(f"{called}: amount without a currency. Say currency = …: a column, or a code such as EUR.")
    for name, known in (("negative", NEGATIVES), ("decimal", DECIMALS)):
        if getattr(told, name) not in known:
            raise UsageError(f"{called}: there is no {name} {getattr(told, name)!r}. Use one of: {'  '.join(known)}")
    zone_of(told.timezone, called)


def zone_of(name: str, where: str) -> ZoneInfo:
    """The time zone. Raises UsageError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"{where}: there is no time zone {name!r}. Write one such as Europe/Berlin, or UTC.") from None


def check_rules(rules: Rules) -> None:
    """Raises UsageError for a rule that makes no sense."""
    zone_of(rules.timezone, "rules")
    for name in ("dormant_days", "at_risk_days", "at_risk_purchases", "loyal_days", "loyal_purchases", "new_days"):
        value = getattr(rules, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UsageError(f"rules: {name} must be a whole number from 1; it is {value!r}.")
    if not 0 < rules.high_value_share <= 1:
        raise UsageError(f"rules: high_value_share must be above 0 and at most 1; it is {rules.high_value_share!r}.")

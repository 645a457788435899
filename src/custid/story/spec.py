"""`Interactions`: says what a table of interactions is. `Rules`: what makes a customer new, loyal, dormant …

In: nothing. Out: settings, as data; they are checked where they are used. Never here: reading or computing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from custid.channels.spec import Format

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

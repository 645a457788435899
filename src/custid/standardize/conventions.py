"""How a channel writes what can be read in more than one way.

In: nothing. Out: `Conventions`, as data. Never here: judging them from values (see `channels.contents`), or using them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Sex = Literal["m", "f"]


@dataclass(frozen=True)
class Conventions:
    """What standardizing has to be told of a channel, because no single value shows it.

    Args:
        country: ISO 3166 code by which national telephone numbers and dates are read where the record has no country
            of its own.
        day_first: how dates such as 3/5/1980 are read. None: by the country, and where that says nothing, only the
            year is kept.
        sexes: value, as written → "m" or "f", for codes that mean otherwise elsewhere: {"1": "m", "2": "f"}. None, or
            a value that does not stand there: by the words of many languages, and digits say nothing.
        namespaces: field → the app, enterprise or site within which its handles are unique, where the records do not
            say it themselves (`identifiers.NAMESPACED`).
        not_junk: field → values, as written, that are real although they look like junk.

    >>> Conventions(country="CN") == Conventions("CN")
    True
    """

    country: str | None = None
    day_first: bool | None = None
    sexes: dict[str, Sex] | None = None
    namespaces: dict[str, str] = field(default_factory=dict)
    not_junk: dict[str, tuple[str, ...]] = field(default_factory=dict)

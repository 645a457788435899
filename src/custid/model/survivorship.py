"""How golden values are chosen and shown, as data: rules by field, the fields that belong together, displays.

In: what a model says, as text. Out: `Rule`, `Survivorship`. Never here: looking at records.

A rule is one step or several with `then` between them: `trusted(crm, shop) then most_recent`. Where a step leaves a
tie, the next decides; after the last one always the more recent, then the more complete record, then the one that was
known first, then the first of its values (`email` before `email_2`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from custid.errors import ConfigError
from custid.standardize.fields import FIELDS, base_of, kind_of

#: Step → what it prefers.
STEPS: dict[str, str] = {
    "most_recent": "the record that changed last",
    "most_complete": "the record with the most values; of fields that belong together, with the most of these",
    "most_frequent": "the value that most records have, in whatever spelling",
    "longest": "the longest value",
    "trusted": "channels in the order given, then all others",
}

#: Fields that a golden record takes from one record, all or none of them; the name stands for them in rules and pins.
GROUPS: dict[str, tuple[str, ...]] = {
    "address": tuple(field for field, kind in FIELDS.items() if kind == "address"),
    "name": ("full_name", "given_name", "middle_name", "surname", "name_suffix"),
}
#: Of each group what makes it whole: one of these sets. A whole one goes before a mere part of one, whatever the rule.
WHOLE: dict[str, tuple[frozenset[str], ...]] = {
    "address": (frozenset({"address"}), frozenset({"street"})),
    "name": (frozenset({"full_name"}), frozenset({"given_name", "surname"})),
}

#: Fields of which a person commonly has several: a golden record keeps them all.
SEVERAL = ("email", "phone", "social_handle", "device_id", "cookie_id")

#: Display → what it does, and the fields it is for (none: any).
DISPLAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "as_written": ("the value as its source wrote it", ()),
    "e164": ("a telephone number with its country and nothing but digits: +41446681800", ("phone",)),
    "international": ("a telephone number with its country, in groups: +41 44 668 18 00", ("phone",)),
    "iso_date": ("a date as 1980-05-03", ("birth_date",)),
    "m_f": ("a sex as m or f", ("sex",)),
    "upper": ("in capitals", ()),
    "lower": ("in small letters", ()),
    "title_case": ("words with a capital, where the source wrote all in one case; others as written", ()),
}

_STEP = re.compile(r"^(?P<name>[a-z_]+)(?:\(\s*(?P<channels>[^()]*?)\s*\))?$")


@dataclass(frozen=True)
class Step:
    """One step of a rule; `channels` of `trusted`, the most trusted first."""

    name: str
    channels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.channels)})" if self.channels else self.name


@dataclass(frozen=True)
class Rule:
    """What decides between the values that records have for a field.

    >>> rule = Rule.parse("trusted(crm, shop) then most_recent")
    >>> rule.steps
    (Step(name='trusted', channels=('crm', 'shop')), Step(name='most_recent', channels=()))
    >>> str(rule)
    'trusted(crm, shop) then most_recent'
    """

    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read the written form. Raises ConfigError."""
        return cls(tuple(_step(part, text) for part in re.split(r"\s+then\s+", text.strip())))

    def __str__(self) -> str:
        return " then ".join(map(str, self.steps))


def _step(part: str, rule: str) -> Step:
    found = _STEP.match(part)
    name = found["name"] if found else part.partition("(")[0].strip()
    if not found or name not in STEPS:
        near = difflib.get_close_matches(name, STEPS, 1)
        hint = f"Did you mean {near[0]!r}?" if near and near[0] != name else f"There are {', '.join(STEPS)}."
        raise ConfigError(
            f"survivorship rule {rule!r}: {part!r} is not understood. {hint} "
            "Steps are joined by 'then': 'trusted(crm, shop) then most_recent'."
        )
    if (name == "trusted") != (found["channels"] is not None):
        needs = "needs channels: trusted(crm, shop)" if name == "trusted" else f"takes no channels: {name}"
        raise ConfigError(f"survivorship rule {rule!r}: {name!r} {needs}.")
    if name != "trusted":
        return Step(name)
    channels = tuple(channel.strip() for channel in found["channels"].split(","))
    if not all(channels) or len(set(channels)) < len(channels):
        raise ConfigError(f"survivorship rule {rule!r}: name each channel once: trusted(crm, shop).")
    return Step(name, channels)


@dataclass(frozen=True)
class Unit:
    """Fields whose values are chosen together: one of them, or the parts of a group."""

    name: str
    fields: tuple[str, ...]
    rule: Rule

    @property
    def grouped(self) -> bool:
        """Whether it is a group of fields."""
        return self.name in GROUPS and self.fields != (self.name,)


@dataclass(frozen=True)
class Survivorship:
    """The rules of a model, read. `rules`: field, group or "*" → rule; `displays`: field or group → display; `real`:
    field → values, as written, that are real although they look like placeholders."""

    rules: Mapping[str, Rule]
    displays: Mapping[str, str]
    real: Mapping[str, frozenset[str]]

    @classmethod
    def read(
        cls,
        survivorship: Mapping[str, str],
        display: Mapping[str, str],
        not_junk: Iterable[Mapping[str, Collection[str]]] = (),
    ) -> Survivorship:
        """Read what a model says; `not_junk`: of each channel. Raises ConfigError for a rule, display or field that
        cannot be."""
        for field in survivorship:
            if field in GROUPS["address"] and field != "address":
                raise ConfigError(
                    f"survivorship: {field} is part of an address, and a golden address is that of one record. "
                    "Give the rule to address, for all parts."
                )
            _refuse_numbered(field, "survivorship")
        for field, name in display.items():
            if name not in DISPLAYS:
                near = difflib.get_close_matches(name, DISPLAYS, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(DISPLAYS)}."
                raise ConfigError(f"display of {field}: {name!r} is not known. {hint}")
            meant = DISPLAYS[name][1]
            if meant and field not in meant:
                raise ConfigError(f"display of {field}: {name!r} is for {', '.join(meant)}.")
            _refuse_numbered(field, "display")
        real: dict[str, frozenset[str]] = {}
        for said in not_junk:
            for field, values in said.items():
                real[field] = real.get(field, frozenset()) | frozenset(values)
        return cls({field: Rule.parse(text) for field, text in survivorship.items()}, dict(display), real)

    def rule_of(self, name: str) -> Rule:
        """The rule of a field or group."""
        return self.rules.get(name) or self.rules.get("*") or Rule((Step("most_recent"),))

    def display_of(self, field: str) -> str:
        """How a field is shown: as said of it, else of its group."""
        group = next((name for name, parts in GROUPS.items() if field in parts), "")
        return self.displays.get(field) or self.displays.get(group) or "as_written"

    def units(self, fields: list[str]) -> list[Unit]:
        """What is chosen together of these fields of records, in the order of their first fields. A part of a name
        that has a rule of its own is chosen by itself.

        >>> rules = Survivorship.read({"surname": "longest"}, {})
        >>> [(unit.name, unit.fields) for unit in rules.units(["given_name", "full_name", "surname", "email_2"])]
        [('name', ('given_name', 'full_name')), ('surname', ('surname',)), ('email', ('email',))]
        """
        bases = list(dict.fromkeys(base_of(name) for name in fields))
        groups = {
            name: [base for base in bases if base in parts and (name == "address" or base not in self.rules)]
            for name, parts in GROUPS.items()
        }
        units: dict[str, Unit] = {}
        for base in bases:
            name = next((group for group, parts in groups.items() if base in parts), base)
            parts = tuple(groups.get(name, ())) if base in groups.get(name, ()) else (base,)
            # A field of a channel's own may be called like a group.
            units.setdefault(f"{name}\0{parts}", Unit(name, parts, self.rule_of(name)))
        return list(units.values())


def _refuse_numbered(field: str, where: str) -> None:
    base = base_of(field)
    if base != field:
        raise ConfigError(f"{where}: say it of {base}; that holds for {field} as well.")


def has_several(field: str) -> bool:
    """Whether a golden record keeps all values of a field.

    >>> has_several("email"), has_several("surname")
    (True, False)
    """
    return field in SEVERAL


def is_compared(field: str) -> bool:
    """Whether values of a field are told apart by the comparable values of the same name.

    >>> is_compared("phone_2"), is_compared("surname")
    (True, False)
    """
    return kind_of(field) in ("email", "phone", "date", "sex", "identifier")

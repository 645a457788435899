"""Presets: what the columns of a known system's export mean, as data files beside this module.

In: a preset's name. Out: `Preset`. A preset lists column names in every form its system is known to use; whatever of
it a file does not have is passed over, whatever a file has beyond it is found by role. Never here: reading rows, or
rules for one system in code. To add a system, add a TOML file; `docs/channels.md` says what is in it.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast, get_args

from custid.errors import ConfigError, UsageError
from custid.standardize.conventions import Sex


@dataclass(frozen=True)
class Preset:
    """One system's columns. Names are compared without case, spaces and punctuation.

    `names`: other names it answers to. `documented`: where its columns are from, and what is not known for sure.
    `record_id`, `updated_at`, `deleted`: columns, the first present wins. `country`: how national phone numbers are
    read. `sexes`: code → m or f. `expected`: fields that an export nearly always has; their absence is said.
    `merged`: column → what parts its values ("" for a single one), which are ids of records of this channel that are
    the same as the row's. `links`: column → the preset of the channel that its ids are from. `columns`: column → field
    ("" leaves a column out), in the order in which fields are numbered.
    """

    name: str
    title: str
    names: tuple[str, ...]
    documented: str
    country: str | None
    sexes: dict[str, Sex] | None
    record_id: tuple[str, ...]
    updated_at: tuple[str, ...]
    deleted: tuple[str, ...]
    expected: tuple[str, ...]
    merged: dict[str, str]
    links: dict[str, str]
    columns: dict[str, str]


_KEYS = frozenset(Preset.__dataclass_fields__) - {"name"}


def preset_names() -> list[str]:
    """The names of all presets, sorted.

    >>> "shopify" in preset_names()
    True
    """
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_preset(name: str) -> Preset:
    """The preset of that name, or that answers to it. Raises UsageError for an unknown one, ConfigError for a
    damaged file.

    >>> load_preset("shopify").columns["Last Name"]
    'surname'
    >>> load_preset("企业微信").name
    'wecom'
    """
    known = preset_names()
    if name in known:
        return _load(name)
    others = {other: preset for preset in map(_load, known) for other in preset.names}
    if name in others:
        return others[name]
    close = difflib.get_close_matches(name, [*known, *others], n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise UsageError(f"there is no preset '{name}'.{hint} Presets: {', '.join(known)}.")


def parse_preset(name: str, text: str) -> Preset:
    """The preset that a file's text describes. Raises ConfigError."""
    try:
        data = tomllib.loads(text)
        if unknown := set(data) - _KEYS:
            raise ValueError(f"it has {sorted(unknown)[0]!r}, which means nothing")

        def texts(key: str) -> tuple[str, ...]:
            return tuple(map(_text, data.get(key, ())))

        def table(key: str) -> dict[str, str]:
            return {column: _text(to) for column, to in data.get(key, {}).items()}

        def sexes() -> dict[str, Sex] | None:
            said = table("sexes")
            if not set(said.values()) <= set(get_args(Sex)):
                raise ValueError(f"its sexes are {said}, and may be m and f")
            return cast(dict[str, Sex], said) or None

        return Preset(
            name=name,
            title=_text(data["title"]),
            documented=_text(data["documented"]),
            country=_text(data["country"]) if "country" in data else None,
            sexes=sexes(),
            names=texts("names"),
            record_id=texts("record_id"),
            updated_at=texts("updated_at"),
            deleted=texts("deleted"),
            expected=texts("expected"),
            merged=table("merged"),
            links=table("links"),
            columns=table("columns"),
        )
    except (tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"preset file {name}.toml is damaged: {error}. Mend it or reinstall custid.") from error


@cache
def _load(name: str) -> Preset:
    return parse_preset(name, (resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value

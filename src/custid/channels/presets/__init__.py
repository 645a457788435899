"""Presets: what the columns of a known system's export mean, as data files beside this module.

In: a preset's name. Out: `Preset`. A preset lists column names in every form its system is known to use;
whatever of it a file does not have is passed over, whatever a file has beyond it is found by role. Never
here: reading rows, or rules for one system in code. To add a system, add a TOML file.

A file holds `title`, `record_id`, `updated_at`, `deleted` (each a list of column names, the first present
wins) and a table `[columns]` of column → field ("" leaves a column out). Names are compared without case,
spaces and punctuation.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from custid.errors import ConfigError, UsageError


@dataclass(frozen=True)
class Preset:
    """One system's columns; see the module's docstring. `columns` keeps the order of its file."""

    name: str
    title: str
    record_id: tuple[str, ...]
    updated_at: tuple[str, ...]
    deleted: tuple[str, ...]
    columns: dict[str, str]


def preset_names() -> list[str]:
    """The names `load_preset` knows, sorted.

    >>> "shopify" in preset_names()
    True
    """
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


@cache
def load_preset(name: str) -> Preset:
    """The preset of that name. Raises UsageError for an unknown name, ConfigError for a damaged file.

    >>> load_preset("shopify").columns["Last Name"]
    'surname'
    """
    known = preset_names()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise UsageError(f"there is no preset '{name}'.{hint} Presets: {', '.join(known)}.")
    text = (resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
    try:
        data = tomllib.loads(text)
        return Preset(
            name=name,
            title=str(data["title"]),
            record_id=tuple(data.get("record_id", ())),
            updated_at=tuple(data.get("updated_at", ())),
            deleted=tuple(data.get("deleted", ())),
            columns={str(column): str(field) for column, field in data["columns"].items()},
        )
    except (tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError) as error:
        raise ConfigError(f"preset file {name}.toml is damaged: {error}. Mend it or reinstall custid.") from error

"""`customers.toml`: which channels there are, and where the registry and the results live.

In: a TOML file. Out: `Config`; paths in it are relative to the file's folder. Every mistake is a ConfigError
that says what, where and what next. Never here: opening the channels' files; `channels.read` does that.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from custid.channels.spec import FORMATS, Channel, Kind
from custid.channels.urls import scheme_of
from custid.errors import ConfigError, UsageError
from custid.identity.codes import CodeFormat, declare
from custid.model.files import from_toml
from custid.model.spec import Model
from custid.model.survivorship import Survivorship
from custid.standardize.conventions import Sex
from custid.story.spec import DECIMALS, NEGATIVES, Interactions, Rules, check, check_rules

_TEXT, _TEXTS, _TABLE, _SHARE = "text in quotes", "text or a list of texts", "a table", "a number from 0 to 1"
_FLAG, _COUNT = "true or false", "a whole number from 1"
_TEXT_TABLE, _SEXES = "a table of texts", 'a table such as { 1 = "m", 2 = "f" }'
_LISTS = 'a table of lists of texts, such as { phone = ["10086"] }'
_TEXT_OR_NOTHING, _SHEET = "text in quotes, which may be empty", "a sheet's name or its number from 1"

_KEYS = {"registry": _TEXT, "output": _TEXT, "model": _TEXT, "codes": _TABLE, "channels": _TABLE}
_KEYS |= {"interactions": _TABLE, "measures": _TABLE, "survivorship": _TABLE, "display": _TABLE}

#: The keys of a channel: the fields of `Channel`, with `path` for its source.
_CHANNEL_KEYS = {
    "path": _TEXT,
    "record_id": _TEXTS,
    "columns": _TABLE,
    "preset": _TEXT,
    "kind": _TEXT,
    "deleted": _TEXT,
    "updated_at": _TEXT,
    "format": _TEXT,
    "encoding": _TEXT,
    "delimiter": _TEXT,
    "quote": _TEXT_OR_NOTHING,
    "sheet": _SHEET,
    "table": _TEXT,
    "query": _TEXT,
    "country": _TEXT,
    "day_first": _FLAG,
    "sexes": _SEXES,
    "namespaces": _TEXT_TABLE,
    "not_junk": _LISTS,
    "retire_share_max": _SHARE,
    "unique": _FLAG,
}

_CHOICES = {"kind": get_args(Kind), "format": FORMATS}

#: The keys of a table of interactions: the fields of `Interactions`, with `path` for its source.
_INTERACTIONS_KEYS = {
    "path": _TEXT,
    "kind": _TEXT,
    "at": _TEXT,
    "channel": _TEXT,
    "record_id": _TEXTS,
    "email": _TEXT,
    "phone": _TEXT,
    "device": _TEXT,
    "amount": _TEXT,
    "currency": _TEXT,
    "negative": _TEXT,
    "decimal": _TEXT,
    "text": _TEXTS,
    "id": _TEXT,
    "timezone": _TEXT,
    "country": _TEXT,
    "format": _TEXT,
    "encoding": _TEXT,
    "delimiter": _TEXT,
    "quote": _TEXT_OR_NOTHING,
    "sheet": _SHEET,
    "table": _TEXT,
    "query": _TEXT,
}
_INTERACTIONS_CHOICES = {"negative": NEGATIVES, "decimal": DECIMALS, "format": FORMATS}

#: The keys of [measures]: the fields of `Rules`.
_RULES_KEYS = {
    rule.name: {"str": _TEXT, "float": _SHARE}.get(str(rule.type), _COUNT) for rule in dataclasses.fields(Rules)
}


@dataclass(frozen=True)
class Config:
    """What a `customers.toml` says. `interactions` and `rules` are for the customers' story, not for runs.

    `registry`: path or URL. `output`: the folder for a run's tables. `model`, `codes`, `survivorship`, `display`: None
    where the file names none.
    """

    path: Path
    registry: str
    output: Path
    model: Model | None
    codes: CodeFormat | None
    channels: tuple[Channel, ...]
    survivorship: dict[str, str] | None = None
    display: dict[str, str] | None = None
    interactions: tuple[Interactions, ...] = ()
    rules: Rules = dataclasses.field(default_factory=Rules)


def read_config(path: str | Path) -> Config:
    """Read a `customers.toml`. Raises ConfigError."""
    path = Path(path)
    settings = _toml(path)
    _check_keys(settings, _KEYS, str(path))
    channels = settings.get("channels", {})
    if not channels:
        raise ConfigError(
            f'{path} names no channels. Add one, such as [channels.crm] with path = "crm.csv", '
            "or let custid init FILES... write the file."
        )
    folder = path.parent
    golden = _golden(settings, path)
    return Config(
        path=path,
        registry=_location(folder, settings.get("registry", "customers.db")),
        output=folder / Path(settings.get("output", "out")).expanduser(),
        model=_model(folder / settings["model"], path) if "model" in settings else None,
        codes=_codes(settings["codes"], path) if "codes" in settings else None,
        channels=tuple(_channel(name, channel, path) for name, channel in channels.items()),
        survivorship=golden.get("survivorship"),
        display=golden.get("display"),
        interactions=tuple(_interactions(name, told, path) for name, told in settings.get("interactions", {}).items()),
        rules=_rules(settings.get("measures", {}), path),
    )


def _toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise ConfigError(f"there is no file {path}.{_alike(path)} To make one from your data: custid init FILES...")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 (byte {error.start + 1}). Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        hint = " Write paths with / instead of \\." if re.search("escape|hex", str(error), re.I) else ""
        raise ConfigError(f"{path} is not valid TOML: {error}.{hint}") from error


def _alike(path: Path) -> str:
    siblings = [other.name for other in path.parent.glob("*.toml")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, 1)
    return f" Did you mean {path.parent / near[0]}?" if near else ""


def _location(folder: Path, registry: str) -> str:
    return registry if "://" in registry else str(folder / Path(registry).expanduser())


def _model(path: Path, config: Path) -> Model:
    try:
        return from_toml(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(
            f"{config}: the model {path} cannot be read: {reason}. Correct model = …, or leave it out."
        ) from error


def _codes(settings: dict[str, Any], path: Path) -> CodeFormat:
    try:
        return declare(settings)
    except UsageError as error:
        raise ConfigError(f"{path}, [codes]: {error}") from error


def _golden(settings: dict[str, Any], path: Path) -> dict[str, dict[str, str]]:
    """How golden records are chosen and shown."""
    said: dict[str, dict[str, str]] = {name: settings[name] for name in ("survivorship", "display") if name in settings}
    for name, rules in said.items():
        for field, rule in rules.items():
            if not isinstance(rule, str):
                raise ConfigError(f"{path}, [{name}]: {field!r} must be text in quotes; it is {_spelt(rule)}.")
    try:
        Survivorship.read(said.get("survivorship", {}), said.get("display", {}))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return said


def _channel(name: str, settings: Any, path: Path) -> Channel:
    place = f"{path}, [channels.{name}]"
    if not isinstance(settings, dict):
        raise ConfigError(f'{path}: channel {name!r} must be a table: [channels.{name}] with path = "…".')
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise ConfigError(
            f"{path}: channel name {name!r} does not fit. Use lower-case letters, digits, '_' and '-' only."
        )
    _check_keys(settings, _CHANNEL_KEYS, place)
    if "path" not in settings:
        raise ConfigError(f'{place}: no path. Say what to read: path = "{name}.csv".')
    for column, field in settings.get("columns", {}).items():
        if not isinstance(field, str):
            raise ConfigError(
                f"{path}, [channels.{name}.columns]: {column!r} must be text in quotes, the field it holds; "
                f"it is {_spelt(field)}."
            )
    options = {key: value for key, value in settings.items() if key != "path"}
    if isinstance(options.get("record_id"), list):
        options["record_id"] = tuple(options["record_id"])
    return Channel(name=name, source=_source(path.parent, settings["path"]), **options)


def _interactions(name: str, settings: Any, path: Path) -> Interactions:
    place = f"{path}, [interactions.{name}]"
    if not isinstance(settings, dict):
        raise ConfigError(f'{path}: interactions {name!r} must be a table: [interactions.{name}] with path = "…".')
    _check_keys(settings, _INTERACTIONS_KEYS, place, _INTERACTIONS_CHOICES)
    for needed, example in (("path", f"{name}.csv"), ("at", "ordered_at")):
        if needed not in settings:
            raise ConfigError(f'{place}: no {needed}. Write one, such as {needed} = "{example}".')
    options: dict[str, Any] = {**settings, "source": _source(path.parent, settings["path"])}
    del options["path"]
    for key in ("record_id", "text"):
        if isinstance(options.get(key), list):
            options[key] = tuple(options[key])
    told = Interactions(name, **options)
    try:
        check(told)
    except UsageError as error:
        raise ConfigError(f"{path}, {error}") from error
    return told


def _rules(settings: dict[str, Any], path: Path) -> Rules:
    _check_keys(settings, _RULES_KEYS, f"{path}, [measures]")
    rules = Rules(**settings)
    try:
        check_rules(rules)
    except UsageError as error:
        raise ConfigError(f"{path}, [measures]: {error}") from error
    return rules


def _source(folder: Path, path: str) -> str | Path:
    """What a channel reads; relative to the configuration's folder, also where a DuckDB file is named by a URL.

    >>> _source(Path("jobs"), "duckdb:///shop.db"), _source(Path("jobs"), "s3://bucket/crm.csv")
    ('duckdb:///jobs/shop.db', 's3://bucket/crm.csv')
    """
    scheme = scheme_of(path)
    if scheme == "duckdb":
        return "duckdb:///" + (folder / Path(path.partition(":///")[2]).expanduser()).as_posix()
    return path if scheme else folder / Path(path).expanduser()


def _check_keys(
    settings: Mapping[str, Any], known: Mapping[str, str], place: str, choices: Mapping[str, Collection[str]] = _CHOICES
) -> None:
    for key, value in settings.items():
        if key not in known:
            raise ConfigError(f"{place}: unknown key {key!r}.{_did_you_mean(key, known)}")
        if not _is(value, known[key]):
            raise ConfigError(f"{place}: {key} must be {known[key]}; it is {_spelt(value)}.")
        if key in choices and value not in choices[key]:
            hint = _did_you_mean(value, choices[key])
            raise ConfigError(f"{place}: there is no {key} {value!r}.{hint}")


def _is(value: Any, wanted: str) -> bool:
    if wanted == _SHARE:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    if wanted == _FLAG:
        return isinstance(value, bool)
    if wanted == _COUNT:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if wanted == _TABLE:
        return isinstance(value, dict)
    if wanted == _TEXT_TABLE:
        return isinstance(value, dict) and all(_is(part, _TEXT) for part in value.values())
    if wanted == _SEXES:
        return isinstance(value, dict) and all(part in get_args(Sex) for part in value.values())
    if wanted == _LISTS:
        return isinstance(value, dict) and all(isinstance(part, list) and _is(part, _TEXTS) for part in value.values())
    if wanted == _TEXT_OR_NOTHING:
        return isinstance(value, str)
    if wanted == _SHEET and isinstance(value, int):
        return not isinstance(value, bool) and value >= 1
    if wanted == _TEXTS and isinstance(value, list):
        return bool(value) and all(isinstance(part, str) for part in value)
    return isinstance(value, str) and value != ""


def _did_you_mean(word: str, known: Collection[str]) -> str:
    """
    >>> _did_you_mean("recordid", ["path", "record_id"])
    " Did you mean 'record_id'?"
    """
    near = difflib.get_close_matches(word, known, 1)
    return f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}."


def _spelt(value: Any) -> str:
    """
    >>> _spelt(True), _spelt("a"), _spelt({"a": 1})
    ('true', "'a'", 'a table')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return "a table" if isinstance(value, dict) else repr(value)

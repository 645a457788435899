"""A model as TOML or JSON that a person can read and edit.

In and out: `Model` and text. Never here: opening files of other kinds, guessing what a misspelt key meant to do.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from dataclasses import fields, replace
from typing import Any

import tomlkit
from cattrs import Converter
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from custid.errors import ConfigError
from custid.model.packing import unpacked
from custid.model.spec import BlockingRule, Comparison, Condition, Frequencies, Level, Model, Statistics
from custid.model.survivorship import Survivorship
from custid.standardize.conventions import Conventions


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for cls in (BlockingRule, Level, Comparison, Frequencies, Statistics, Conventions, Model):
        converter.register_structure_hook(cls, make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True))
        converter.register_unstructure_hook(cls, make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True))
    return converter


_CONVERTER = _converter()


def to_json(model: Model) -> str:
    """The model as JSON; equal models give equal text."""
    return json.dumps(_CONVERTER.unstructure(model), ensure_ascii=False, sort_keys=True)


def rounded(model: Model) -> Model:
    """The model with every number cut to six significant digits, as its TOML has them: what is saved is what is used.

    >>> rounded(Model((), (), matches_per_record=0.123456789)).matches_per_record
    0.123457
    """
    plain = _rounded(_CONVERTER.unstructure(model))
    found: Model = _CONVERTER.structure(plain, Model)
    return found


def _rounded(plain: Any) -> Any:
    if isinstance(plain, float):
        return float(f"{plain:.6g}")
    if isinstance(plain, dict):
        return {key: _rounded(value) for key, value in plain.items()}
    return [_rounded(value) for value in plain] if isinstance(plain, list | tuple) else plain


_TOML_HEAD = (
    "A custid matching model: what is compared, and how much it counts. Made to be read and edited;",
    'a run uses it through model = "FILE" in customers.toml.',
)

#: What each part of the model means, said above it.
_TOML_SAYS = {
    "match_threshold": "Bits from which a pair is linked by itself; from review_threshold on, a steward is asked.",
    "matches_per_record": "How many other records of the same customer a record has on average: the prior.",
    "relatives_per_record": "Likewise, records of people who share a home or a mailbox with it; 0: not looked for.",
    "block_rows_max": "Blocks of more records than this are narrowed by further keys, in the order of `narrowing`.",
    "survivorship": "Which record's value a golden record takes, by field; address and name stand for all parts,\n"
    "* for every other field. Steps: most_recent, most_complete, most_frequent, longest, trusted(crm, shop);\n"
    "joined by 'then', where the first leaves a tie.",
    "display": "How a golden record shows a field, where not as its source wrote it: e164, international, iso_date,\n"
    "m_f, upper, lower, title_case.",
    "conventions": "How a channel writes what can be read in more than one way: numbers and dates by its country,\n"
    "3/5/1980, codes for the sexes, within what its handles are unique, what is real although it looks like junk.",
    "facts": "How the model came to be; changes nothing.",
    "blocking": "Records that agree on all keys of a rule are compared. 'column|first3' is made from the column;\n"
    "a star stands for all values of a record: phone, phone_2, ...",
    "comparisons": "What is compared, in this order. A pair is on the first level whose conditions all hold, and on\n"
    "none where a value is missing. m, u, h: how likely the level is among matches, strangers, relatives;\n"
    "log2(m/u) is its weight in bits against strangers, log2(m/h) against relatives.\n"
    "term_frequency: rare values of this column weigh more, common ones less.",
    "statistics": "How common values and words were when the model was made: a pair weighs the same whatever records\n"
    "come later. Values stand here as hashes, in a form that is not for editing; without this section all is\n"
    "counted anew.",
}

#: TOML wants plain values before tables.
_TOML_FIRST = (
    "match_threshold",
    "review_threshold",
    "matches_per_record",
    "relatives_per_record",
    "block_rows_max",
    "narrowing",
    "blocking",
)
_TOML_LAST = ("survivorship", "display", "conventions", "facts", "comparisons", "statistics")


def to_toml(model: Model) -> str:
    """The model as TOML, numbers to six significant digits: comparisons and levels as tables in the order they
    apply, each part with a word on what it means."""
    plain = _rounded(json.loads(json.dumps(_CONVERTER.unstructure(model))))  # lists and dicts only
    for name in ("match_threshold", "review_threshold", "block_rows_max"):
        plain.setdefault(name, getattr(model, name))  # worth seeing even where they are the default
    others = [field.name for field in fields(Model) if field.name not in (*_TOML_FIRST, *_TOML_LAST)]
    parts = ["\n".join(f"# {line}" for line in _TOML_HEAD)]
    for name in (*_TOML_FIRST, *others, *_TOML_LAST):
        if name in plain:
            said = "".join(f"# {line}\n" for line in _TOML_SAYS.get(name, "").split("\n") if line)
            parts.append(said + _toml(name, plain[name]))
    return "\n\n".join(parts) + "\n"


def _toml(name: str, value: Any) -> str:
    """`name = value`; blocking rules, and the statistics of a column, a line each."""
    if name == "blocking":
        rules = [tomlkit.inline_table() for _ in value]
        for rule, keys in zip(rules, value, strict=True):
            rule.update(keys)
        return "\n".join(["blocking = [", *(f"  {rule.as_string()}," for rule in rules), "]"])
    if name == "statistics":
        lines = ["[statistics]", f"records = {value['records']}"]
        for part in ("values", "words"):
            if part in value:
                lines += ["", f"[statistics.{part}]", *(_line(*found) for found in value[part].items())]
        return "\n".join(lines)
    return tomlkit.dumps({name: value}).strip()


def _line(name: str, value: dict[str, Any]) -> str:
    """`name = { … }`."""
    table = tomlkit.inline_table()
    table.update(value)
    return f"{tomlkit.key([name]).as_string()} = {table.as_string()}"


def from_json(text: str) -> Model:
    """Read what `to_json` wrote. Raises ConfigError."""
    return _model(json.loads(text), "the stored model")


def from_toml(text: str, source: str = "model") -> Model:
    """Read a TOML model. Raises ConfigError naming `source` and what is wrong."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}.") from error
    return _model(plain, source)


def model_id(model: Model) -> str:
    """A name for the model's content: the first 12 hex digits of its JSON's SHA-256."""
    return hashlib.sha256(to_json(model).encode()).hexdigest()[:12]


def _model(plain: Any, source: str) -> Model:
    statistics = plain.get("statistics") if isinstance(plain, dict) else None
    try:
        model: Model = _CONVERTER.structure(_but_statistics(plain), Model)
    except Exception as error:
        raise ConfigError(f"{source}: {_explain(error)}") from error
    for comparison in model.comparisons:
        for level in comparison.levels:
            for condition in level.when:
                Condition.parse(condition)
    try:
        Survivorship.read(model.survivorship, model.display)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error
    return model if statistics is None else replace(model, statistics=_statistics(statistics, source))


def _but_statistics(plain: Any) -> Any:
    return {key: value for key, value in plain.items() if key != "statistics"} if isinstance(plain, dict) else plain


def _statistics(plain: Any, source: str) -> Statistics:
    """What `to_json` and `to_toml` wrote of them. Raises ConfigError for anything else."""
    where = "section"
    try:
        found: Statistics = _CONVERTER.structure(plain, Statistics)
        for part in ("values", "words"):
            for name, frequencies in getattr(found, part).items():
                where = f"{part} of {name!r}"
                unpacked(frequencies.listed)
                if min(frequencies.among, frequencies.pairs, frequencies.unlisted - 1) < 0:
                    raise ValueError("a number is too small")
        where = "records"
        if found.records < 0:
            raise ValueError("a number is too small")
    except Exception as error:
        raise ConfigError(
            f"{source}: the statistics are damaged ({where}: {_explain(error)}). Delete [statistics] and all that "
            "belongs to it: they are counted anew."
        ) from error
    return found


def _explain(error: BaseException) -> str:
    """The first thing wrong, in words."""
    if isinstance(error, ForbiddenExtraKeysError):
        known = [field.name for field in fields(error.cl)]
        key = sorted(error.extra_fields)[0]
        near = difflib.get_close_matches(key, known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}."
        return f"unknown key {key!r} in {error.cl.__name__}.{hint}"
    if isinstance(error, ClassValidationError | ExceptionGroup):
        return _explain(error.exceptions[0])
    if isinstance(error, KeyError):
        return f"key {error} is missing"
    return f"{error} ({type(error).__name__})"

"""A model as TOML or JSON that a person can read and edit.

In and out: `Model` and text. Never here: opening files of other kinds, guessing what a misspelt key meant to do.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from dataclasses import fields
from typing import Any

import tomlkit
from cattrs import Converter
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from custid.errors import ConfigError
from custid.model.spec import BlockingRule, Comparison, Condition, Level, Model


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for cls in (BlockingRule, Level, Comparison, Model):
        converter.register_structure_hook(cls, make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True))
        converter.register_unstructure_hook(cls, make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True))
    return converter


_CONVERTER = _converter()


def to_json(model: Model) -> str:
    """The model as JSON; equal models give equal text."""
    return json.dumps(_CONVERTER.unstructure(model), ensure_ascii=False, sort_keys=True)


def to_toml(model: Model) -> str:
    """The model as TOML, comparisons and their levels as tables."""
    document = tomlkit.document()
    document.add(tomlkit.comment("A custid matching model: what is compared, and how much it counts."))
    document.add(tomlkit.comment("m, u, h: a level's probability among matches, strangers and relatives."))
    plain = json.loads(to_json(model))  # lists and dicts only
    for field in fields(Model):
        if field.name in plain:
            document.add(field.name, plain[field.name])
    return tomlkit.dumps(document)


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
    try:
        model: Model = _CONVERTER.structure(plain, Model)
    except Exception as error:
        raise ConfigError(f"{source}: {_explain(error)}") from error
    for comparison in model.comparisons:
        for level in comparison.levels:
            for condition in level.when:
                Condition.parse(condition)
    return model


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
    return f"{error} ({type(error).__name__})"

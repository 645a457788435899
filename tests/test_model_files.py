"""A model in a file: its statistics come and go with it, and what is wrong with them is said."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from custid.errors import ConfigError
from custid.model.files import from_json, from_toml, model_id, rounded, to_json, to_toml
from custid.model.packing import packed
from custid.model.spec import BlockingRule, Comparison, Frequencies, Level, Model, Statistics

LISTED = packed(np.arange(1, 4, dtype=np.uint64) << np.uint64(60), np.array([2, 900, 31]))
STATISTICS = Statistics(
    records=1200,
    values={"email": Frequencies(1100, 250, 1.0, LISTED), "手机 号": Frequencies(3, 2, 2.25)},
    words={"company_words": Frequencies(80, unlisted=1.03125, listed=LISTED)},
)
LEVELS = (Level("equal", ("email equal",), 0.9, 0.1, 0.1, "email"), Level("different", (), 0.1, 0.9, 0.9))
MODEL = Model((Comparison("email", ("email",), LEVELS),), (BlockingRule(("email",)),), matches_per_record=0.5)
FULL = replace(MODEL, statistics=STATISTICS)


def test_statistics_come_back_from_json_and_toml() -> None:
    assert from_json(to_json(FULL)) == FULL
    assert from_toml(to_toml(FULL)) == FULL
    assert to_toml(from_toml(to_toml(FULL))) == to_toml(FULL)
    assert rounded(FULL) == FULL


def test_statistics_stand_at_the_end_of_toml_a_column_a_line() -> None:
    text = to_toml(FULL)
    before, after = text.split("[statistics]")
    assert list(tomllib.loads(text))[-1] == "statistics"
    assert len(after.splitlines()) < 12
    assert before.rstrip().splitlines()[-1].startswith("# ")
    assert "counted anew" in before


def test_a_model_without_statistics_is_one() -> None:
    for found in (
        from_json(to_json(MODEL)),
        from_toml(to_toml(MODEL)),
        from_toml(to_toml(FULL).split("[statistics]")[0]),
    ):
        assert found == MODEL
    assert "statistics" not in to_toml(MODEL)


def test_a_models_name_tells_its_statistics() -> None:
    fewer = replace(STATISTICS, records=1199)
    assert len({model_id(model) for model in (MODEL, FULL, replace(MODEL, statistics=fewer))}) == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (LISTED, LISTED[:-8] + LISTED[-4:], "values of 'email'"),
        (LISTED, LISTED[:3] + LISTED[5:], "values of 'email'"),
        (LISTED, "ann@x.org", "values of 'email'"),
        ("among = 1100", "among = -1", "a number is too small"),
        ("among = 1100", "amongst = 1100", "key 'among' is missing"),
        ("records = 1200", "records = 'many'", "many"),
        ("records = 1200", "", "key 'records' is missing"),
        ("records = 1200", "records = 1200\nrows = 1200", "unknown key 'rows'"),
    ],
)
def test_damaged_statistics_are_refused_and_the_way_out_is_said(old: str, new: str, said: str) -> None:
    text = to_toml(FULL)
    assert old in text
    with pytest.raises(ConfigError, match=r"model\.toml: the statistics are damaged.*Delete \[statistics\]") as raised:
        from_toml(text.replace(old, new, 1), "model.toml")
    assert said in str(raised.value)


def test_what_else_is_wrong_is_said_as_before() -> None:
    plain = json.loads(to_json(FULL))
    with pytest.raises(ConfigError, match=r"unknown key 'narowing'.*'narrowing'"):
        from_json(json.dumps(plain | {"narowing": []}))
    with pytest.raises(ConfigError, match="statistics are damaged"):
        from_json(json.dumps(plain | {"statistics": 7}))

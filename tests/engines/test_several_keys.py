"""A value may have several keys: one in common is enough to be compared."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custid.engines.local.blocking import block, candidates, choose_rules
from custid.engines.local.columns import Columns
from custid.engines.local.several import WORDS_MAX, initials_of
from custid.model.spec import BlockingRule

_NAME = st.lists(st.sampled_from(["acme", "bank", "first", "north", "of", "pump"]), min_size=1, max_size=6).map(
    " ".join
)
_ROW = st.fixed_dictionaries({"x": _NAME | st.none(), "x_2": _NAME | st.none(), "y": st.sampled_from(["a", "b", None])})
_RULES = [
    BlockingRule(("x|words",)),
    BlockingRule(("x|grams",)),
    BlockingRule(("x|initials",)),
    BlockingRule(("x*|grams",)),
    BlockingRule(("x*|words", "y")),
    BlockingRule(("y", "x*|grams")),
]


def _columns(rows: list[dict[str, str | None]]) -> Columns:
    return Columns(pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in ("x", "x_2", "y")}))


def _keys(columns: Columns, key: str, row: int) -> set[int]:
    name, _, derivation = key.partition("|")
    codes = (codes[row] for column in columns.expand(name) for codes in column.ways(derivation))
    return {int(code) for code in codes if code >= 0}


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(_ROW, min_size=2, max_size=12), rules=st.permutations(_RULES), chunk=st.integers(1, 9))
def test_every_pair_with_a_key_in_common_is_yielded_once(
    rows: list[dict[str, str | None]], rules: list[BlockingRule], chunk: int
) -> None:
    columns = _columns(rows)
    blocks = [block(columns, rule, (), 1000) for rule in rules]
    found = [
        (int(left), int(right))
        for _, lefts, rights, _ in candidates(blocks, chunk)
        for left, right in zip(lefts, rights, strict=True)
    ]
    expected = {
        (i, j)
        for i, j in combinations(range(len(rows)), 2)
        if any(all(_keys(columns, key, i) & _keys(columns, key, j) for key in rule.keys) for rule in rules)
    }
    assert len(found) == len(set(found))
    assert set(found) == expected


@settings(max_examples=100, deadline=None)
@given(names=st.lists(_NAME, min_size=1, max_size=12, unique=True))
def test_the_words_that_are_keys_are_a_values_rarest(names: list[str]) -> None:
    columns = Columns(pa.table({"x": names}))
    flat, offsets = columns["x"].dictionary.words
    holders = columns["x"].dictionary.word_holders
    for row in range(len(names)):
        words = set(flat[offsets[row] : offsets[row + 1]].tolist())
        keys = _keys(columns, "x|words", row)
        assert keys <= words
        assert len(keys) == min(len(words), WORDS_MAX)
        shared = [holders[word] for word in words - keys if holders[word] > 1]
        assert max((holders[word] for word in keys if shared), default=0) <= min(shared, default=len(names))


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("international business machines", "internatoinal business machines", True),
        ("bluebird pumps and valves", "blue bird pumps and valves", True),
        ("腾讯计算机系统深圳", "腾讯计算机系统", True),
        ("bluebird pumps", "northern railways", False),
    ],
)
def test_what_is_written_alike_shares_a_band(one: str, other: str, meet: bool) -> None:
    columns = Columns(pa.table({"x": [one, other]}))
    assert bool(_keys(columns, "x|grams", 0) & _keys(columns, "x|grams", 1)) == meet


def test_a_sketch_does_not_depend_on_the_other_values() -> None:
    """Two values share as many bands whatever else there is."""
    few = Columns(pa.table({"x": ["first north bank", "first north banks"]}))
    many = Columns(pa.table({"x": ["a", "zz top", "first north banks", "pump", "first north bank", None]}))
    shared = len(_keys(few, "x|grams", 0) & _keys(few, "x|grams", 1))
    assert shared == len(_keys(many, "x|grams", 2) & _keys(many, "x|grams", 4))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("international business machines", {"ibm"}),
        ("bank of yokohama", {"boy"}),
        ("department of energy and power", {"doeap", "dep"}),
        ("general motors", set()),
        ("ibm", {"ibm"}),
        ("international", set()),
        ("", set()),
    ],
)
def test_initials(name: str, short: set[str]) -> None:
    assert set(initials_of(name)) == short


def test_blocks_of_common_words_are_narrowed_and_said_to_be() -> None:
    columns = Columns(pa.table({"x": [f"bank {i // 2}" for i in range(40)], "y": ["a", "b"] * 20}))
    blocks = block(columns, BlockingRule(("x|words",)), ("y",), 10)
    whole = block(columns, BlockingRule(("x|words",)), (), 1000)
    assert blocks.pairs < whole.pairs
    assert blocks.rows_narrowed == blocks.rows_chopped == 40


def test_rules_with_several_keys_are_chosen_by_what_all_of_them_cost() -> None:
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in range(50)]
    columns = Columns(pa.table({"x": [" ".join(rng.choice(words, 4)) for _ in range(3000)]}))
    rule = BlockingRule(("x|words",))
    made = block(columns, rule, (), 1000).pairs
    assert choose_rules(columns, [rule], pairs_max=made // 2, narrowing=(), block_rows_max=1000).rules == ()
    choice = choose_rules(columns, [rule], pairs_max=made * 2, narrowing=(), block_rows_max=1000)
    assert choice.rules == (rule,)
    assert abs(choice.pairs[0] - made) <= 0.1 * made

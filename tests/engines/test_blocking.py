"""Blocking yields every pair that shares a key, once, in chunks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from custid.engines.local.blocking import block, candidates, choose_rules
from custid.engines.local.columns import Columns
from custid.engines.local.groups import group
from custid.model.spec import BlockingRule

_VALUE = st.sampled_from(["a", "b", "c", "abc", "abd", None])
_ROW = st.fixed_dictionaries({"x": _VALUE, "y": _VALUE, "phone": _VALUE, "phone_2": _VALUE})
_RULES = [
    BlockingRule(("phone*",)),
    BlockingRule(("x", "y")),
    BlockingRule(("x|first2",)),
    BlockingRule(("y", "phone*")),
]


def _columns(rows: list[dict[str, str | None]]) -> Columns:
    return Columns(
        pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in ("x", "y", "phone", "phone_2")})
    )


def _shares(rule: BlockingRule, a: dict[str, str | None], b: dict[str, str | None]) -> bool:
    def values(row: dict[str, str | None], key: str) -> set[str]:
        name, _, derivation = key.partition("|")
        names = ["phone", "phone_2"] if name == "phone*" else [name]
        cut = int(derivation[5:]) if derivation else None
        return {value[:cut] for name in names if (value := row[name]) is not None}

    return all(values(a, key) & values(b, key) for key in rule.keys)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(_ROW, min_size=2, max_size=14),
    rules=st.permutations(_RULES),
    chunk=st.integers(1, 9),
)
def test_every_pair_that_shares_a_key_is_yielded_once(
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
        (i, j) for i, j in combinations(range(len(rows)), 2) if any(_shares(rule, rows[i], rows[j]) for rule in rules)
    }
    assert len(found) == len(set(found))
    assert set(found) == expected


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(_ROW, min_size=2, max_size=30), rows_max=st.integers(2, 6))
def test_no_block_is_larger_than_allowed_and_nothing_is_skipped_silently(
    rows: list[dict[str, str | None]], rows_max: int
) -> None:
    columns = _columns(rows)
    whole = block(columns, BlockingRule(("x",)), (), 1000)
    small = block(columns, BlockingRule(("x",)), ("y", "phone"), rows_max)
    too_large = small.groups.take(small.groups.sizes > rows_max)
    assert (small.depths[too_large.members] == 3).all()  # only chance leaves a part of a chopped block too large
    if small.pairs < whole.pairs:
        assert small.rows_narrowed > 0 or small.rows_chopped > 0


def test_what_no_key_parts_is_chopped_by_lot_into_parts_of_about_the_size_allowed() -> None:
    rows = 3000
    values = pa.table({"channel": ["a"] * rows, "record_id": [str(i) for i in range(rows)], "x": ["same"] * rows})
    found = block(Columns(values), BlockingRule(("x",)), (), 50)
    assert found.rows_chopped == rows
    assert found.groups.sizes.mean() <= 50
    assert found.groups.sizes.max() <= 100
    again = block(Columns(values.take(pa.array(range(rows))[::-1])), BlockingRule(("x",)), (), 50)
    assert sorted(again.groups.sizes) == sorted(found.groups.sizes)  # whatever the order of the records


def test_pairs_can_be_fetched_by_number() -> None:
    rows = [{"x": value, "y": None, "phone": None, "phone_2": None} for value in "aabbbcaab"]
    blocks = block(_columns(rows), BlockingRule(("x",)), (), 1000)
    left, right, _ = blocks.pairs_at(np.arange(blocks.pairs))
    chunks = list(blocks.chunks(4))
    assert sorted(zip(left, right, strict=True)) == sorted(
        pair for a, b, _ in chunks for pair in zip(a, b, strict=True)
    )


@settings(max_examples=100, deadline=None)
@given(codes=st.lists(st.integers(-1, 4), max_size=25), chunk=st.integers(1, 9))
def test_groups_give_each_pair_of_equal_codes_once(codes: list[int], chunk: int) -> None:
    groups = group(np.array(codes, np.int64))
    expected = [(i, j) for i, j in combinations(range(len(codes)), 2) if codes[i] == codes[j] >= 0]
    found = [(int(a), int(b)) for left, right, _ in groups.chunks(chunk) for a, b in zip(left, right, strict=True)]
    assert sorted(found) == expected
    assert groups.pairs == len(expected)
    left, right, _ = groups.pairs_at(np.arange(groups.pairs))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == found
    numbers = groups.numbers(len(codes))
    assert all(
        (numbers[i] == numbers[j] >= 0) == (codes[i] == codes[j] >= 0) for i, j in combinations(range(len(codes)), 2)
    )


def test_rules_are_chosen_within_the_budget_and_back_each_other_up() -> None:
    rng = np.random.default_rng(5)
    n = 5000
    columns = Columns(
        pa.table(
            {
                "email": [f"u{i}@x" for i in range(n)],
                "city": [f"c{i}" for i in rng.integers(0, 5, n)],
                "birth_date": [f"19{i:02}-01-01" for i in rng.integers(0, 99, n)],
                "surname_latin": [f"s{i}" for i in rng.integers(0, 500, n)],
            }
        )
    )
    rules = [
        BlockingRule(keys)
        for keys in [("email",), ("city",), ("surname_latin", "birth_date"), ("city", "surname_latin")]
    ]
    choice = choose_rules(columns, rules, pairs_max=100_000, narrowing=(), block_rows_max=100)
    assert BlockingRule(("email",)) in choice.rules
    assert BlockingRule(("city",)) not in choice.rules
    assert sum(choice.pairs) <= 100_000
    assert list(choice.coverage) == sorted(choice.coverage)


def test_what_two_records_hold_changes_no_choice_of_rules() -> None:
    names = [f"name{row % 150}" for row in range(300)]
    table = pa.table({"record_key": range(300), "name_tokens": names, "city": [f"city{row % 7}" for row in range(300)]})
    few = pa.array(["x1", "x2", *[None] * 298], pa.string())
    rules = [BlockingRule(keys) for keys in (("name_tokens",), ("city",), ("name_tokens", "city"))]
    chosen = [
        choose_rules(Columns(data), offered, pairs_max=5_000, narrowing=(), block_rows_max=200)
        for data, offered in (
            (table, rules),
            (table.append_column("device_id", few), [BlockingRule(("device_id",)), *rules]),
        )
    ]
    assert chosen[0] == chosen[1]

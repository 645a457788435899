"""The kernels of matching give what the plain definition gives, pair by pair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, JaroWinkler

from custid.engines.local.columns import Columns, words_of
from custid.engines.local.conditions import Pairs, holds
from custid.model.spec import Condition

_TEXT = st.text(alphabet="abcdeo 19伟张é-", min_size=1, max_size=14) | st.text(min_size=1, max_size=80)


def _words(value: str) -> set[str]:
    return set(words_of(value))


def _edits(a: str, b: str, limit: int) -> bool:
    return a == b or (min(len(a), len(b)) >= 4 and OSA.distance(a, b) <= limit)


def _jaccard(a: str, b: str) -> float:
    return len(_words(a) & _words(b)) / max(1, len(_words(a) | _words(b)))


def _contained(a: str, b: str) -> bool:
    fewer = min(_words(a), _words(b), key=len)
    return a == b or (bool(fewer) and len(_words(a) & _words(b)) == len(fewer))


def _begins(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    return a == b or (3 <= len(short) <= 64 and long.startswith(short))


PLAIN: dict[str, Callable[[str, str], bool]] = {
    "v equal": lambda a, b: a == b,
    "v jaro_winkler >= 0.92": lambda a, b: a == b or JaroWinkler.similarity(a, b) >= 0.92,
    "v jaro_winkler >= 0.8": lambda a, b: a == b or JaroWinkler.similarity(a, b) >= 0.8,
    "v edits <= 1": lambda a, b: _edits(a, b, 1),
    "v edits <= 2": lambda a, b: _edits(a, b, 2),
    "v tokens >= 0.5": lambda a, b: a == b or (bool(_words(a) & _words(b)) and _jaccard(a, b) >= 0.5 - 1e-9),
    "v contained": _contained,
    "v begins": _begins,
    "v same_end >= 3": lambda a, b: min(len(a), len(b)) >= 3 and a[-3:] == b[-3:],
}


@pytest.mark.parametrize("condition", PLAIN)
@settings(max_examples=60, deadline=None)
@given(values=st.lists(_TEXT, min_size=2, max_size=12))
def test_bounds_before_a_string_comparison_change_no_result(condition: str, values: list[str]) -> None:
    columns = Columns(pa.table({"v": pa.array(values, pa.string())}))
    left, right = np.triu_indices(len(values), 1)
    pairs = Pairs(columns, left, right)
    found = holds(pairs, Condition.parse(condition), np.arange(len(left)))
    expected = [PLAIN[condition](values[i], values[j]) for i, j in zip(left, right, strict=True)]
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("condition", "left", "right", "expected"),
    [
        ("d digits_off <= 1", "1980-03-05", "1980-03-06", True),
        ("d digits_off <= 1", "1980-03-15", "1980-03-51", True),
        ("d digits_off <= 1", "1980-03-05", "1980-04-06", False),
        ("d digits_off <= 1", "1980-03", "1980-03-06", False),
        ("d digits_off <= 1", "1980-01-01", "1981-01-01", False),
        ("d digits_off <= 1", "1980-01-01", "1980-01-11", True),
        ("d day_month_swapped", "1980-03-05", "1980-05-03", True),
        ("d same_year", "1980-03-05", "1980-12-31", True),
        ("d same_year", "1980", "1980-12-31", True),
        ("d same_month_day", "1980-03-05", "1990-03-05", True),
    ],
)
def test_dates(condition: str, left: str, right: str, expected: bool) -> None:
    columns = Columns(pa.table({"d": [left, right]}))
    pairs = Pairs(columns, np.array([0]), np.array([1]))
    assert holds(pairs, Condition.parse(condition), np.arange(1)).tolist() == [expected]


def test_a_missing_value_meets_no_condition() -> None:
    columns = Columns(pa.table({"v": pa.array(["anna", None, None], pa.string())}))
    pairs = Pairs(columns, np.array([0, 1]), np.array([1, 2]))
    for condition in PLAIN:
        assert not holds(pairs, Condition.parse(condition), np.arange(2)).any()


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("100", "102.5", True), ("1,000", "1003", True), ("100", "110", False), ("x", "x1", False)],
)
def test_numbers_are_near_each_other(left: str, right: str, expected: bool) -> None:
    pairs = Pairs(Columns(pa.table({"v": [left, right]})), np.array([0]), np.array([1]))
    assert holds(pairs, Condition.parse("v within <= 3"), np.arange(1)).tolist() == [expected]


def test_the_best_pair_of_several_values_counts() -> None:
    columns = Columns(pa.table({"phone": ["111111", "222222"], "phone_2": pa.array(["333333", "111111"], pa.string())}))
    pairs = Pairs(columns, np.array([0]), np.array([1]))
    assert holds(pairs, Condition.parse("phone* equal"), np.arange(1)).all()
    assert not holds(pairs, Condition.parse("phone equal"), np.arange(1)).any()


def test_swapped_names_are_seen_in_both_columns() -> None:
    columns = Columns(pa.table({"given_latin": ["wei", "zhang"], "surname_latin": ["zhang", "wei"]}))
    pairs = Pairs(columns, np.array([0]), np.array([1]))
    assert holds(pairs, Condition.parse("given_latin,surname_latin swapped"), np.arange(1)).all()


@pytest.mark.parametrize(
    ("condition", "left", "right", "expected"),
    [
        ("v rare_words >= 0.7", "xiaomi bank", "xiaomi", True),
        ("v rare_words >= 0.7", "xiaomi bank", "bank", False),
        ("v rare_words >= 0.7", "bank xiaomi", "xiaomi bank", True),
        ("v shared_by <= 3", "xiaomi bank", "xiaomi", True),
        ("v shared_by <= 3", "first bank", "second bank", False),
        ("v acronym", "ibm", "international business machines", True),
        ("v acronym", "international business machines", "industrial bank munich", False),
        ("v acronym", "ibm", "ibm", False),
        ("v same_numbers", "store 12", "shop 12", True),
        ("v same_numbers", "store 12", "store 13", False),
        ("v same_numbers", "store", "shop", True),
    ],
)
def test_words_count_by_how_rare_they_are(condition: str, left: str, right: str, expected: bool) -> None:
    banks = [f"{name} bank" for name in "abcdefghij"]
    columns = Columns(pa.table({"v": [left, right, *banks, *(f"{name} national bank" for name in "abcdefgh")]}))
    pairs = Pairs(columns, np.array([0]), np.array([1]))
    assert holds(pairs, Condition.parse(condition), np.arange(1)).tolist() == [expected]

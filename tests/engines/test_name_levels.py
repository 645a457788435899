"""Two people's names, and the level each comparison of the default model puts them on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import JaroWinkler

from custid.engines.local.blocking import block
from custid.engines.local.columns import Columns
from custid.engines.local.conditions import Pairs, called, holds
from custid.engines.local.scoring import Comparing
from custid.engines.local.training import train
from custid.errors import ConfigError
from custid.model.default import default_model
from custid.model.spec import COLUMNS_OF_TESTS, TESTS, BlockingRule, Condition
from custid.standardize import nicknames
from custid.standardize.table import standardize

Record = dict[str, str]
_GIVEN = ("anna", "robert", "ursula", "kevin", "sophie", "tom")

#: Every field a name can stand in, so that no level lacks its columns.
_FIELDS = ("given_name", "middle_name", "surname", "maiden_name", "nickname", "full_name")


def levels_of(left: Record, right: Record) -> dict[str, str]:
    """comparison → label, as written in the two records, for the comparisons that speak."""
    rows = {field: pa.array([left.get(field), right.get(field)], pa.string()) for field in _FIELDS}
    values = standardize(pa.table(rows)).values
    columns = Columns(values)
    comparisons = default_model(values.column_names).comparisons
    found = Comparing(columns, comparisons).levels(np.array([0]), np.array([1]))[0]
    again = Comparing(columns, comparisons).levels(np.array([1]), np.array([0]))[0]
    assert found.tolist() == again.tolist(), "which of two records comes first makes no difference"
    return {comparison.name: comparison.label(int(found[i])) for i, comparison in enumerate(comparisons) if found[i]}


def _given(left: str, right: str) -> str:
    return levels_of({"given_name": left}, {"given_name": right})["given_name"]


def _surname(left: str, right: str) -> str:
    return levels_of({"surname": left}, {"surname": right})["surname"]


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("William", "WILLIAM", "equal"),
        ("晓明", "Xiao Ming", "same_sound"),
        ("William", "Bill", "nickname"),
        ("Bill", "Liam", "nickname"),
        ("Wilhelm", "Willi", "nickname"),
        ("Guillaume", "William", "nickname"),
        ("José", "Pepe", "nickname"),
        ("Giuseppe", "Beppe", "nickname"),
        ("Małgorzata", "Gosia", "nickname"),
        ("Aleksandr", "Sasha", "nickname"),
        ("Alexandra", "Sasha", "nickname"),
        ("Johannes", "Joop", "nickname"),
        ("Francisco", "Chico", "nickname"),
        ("Mohammed", "Muhamad", "nickname"),
        ("María Isabel", "Maribel", "nickname"),
        ("Jennifer", "Jenifer", "close"),
        ("Mary Ann", "Maryann", "nickname"),
        ("Ka Ming", "Kaming", "same_sound"),
        ("Gulnara", "Goulnora", "sounds_alike"),
        ("Anne-Marie", "Anne", "part"),
        ("Jean Pierre", "Pierre", "part"),
        ("J.", "John", "initial"),
        ("J", "John", "initial"),
        ("J R", "John", "initial"),
        ("JR", "John Robert", "initial"),
        ("M L", "Marie Louise", "initial"),
        ("M L", "Marie Claire", "different"),
        ("Kimora", "Kim", "begins"),
        ("William", "Robert", "different"),
        ("Alexander", "Alexandra", "close"),
        ("Wei", "Wen", "similar"),
        ("Li", "Lu", "different"),
        ("伟", "芳", "different"),
    ],
)
def test_given_names(left: str, right: str, level: str) -> None:
    assert _given(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("Smith", "smith", "equal"),
        ("张", "Zhang", "same_sound"),
        ("Au Yeung", "欧阳", "romanized"),
        ("陈", "Chan", "romanized"),
        ("陳", "Tan", "romanized"),
        ("Wong", "黄", "romanized"),
        ("王", "Wong", "romanized"),
        ("Lee", "李", "romanized"),
        ("Kim", "Gim", "romanized"),
        ("Park", "Bak", "romanized"),
        ("Wong", "李", "different"),
        ("Garcia Lopez", "Garcia", "part"),
        ("Smith-Jones", "Jones", "part"),
        ("van den Berg", "Berg", "part"),
        ("van den Berg", "Vandenberg", "close"),
        ("de la Cruz", "Delacruz", "close"),
        ("MacDonald", "McDonald", "close"),
        ("O'Brien", "O Brien", "close"),
        ("Stephens", "Stevens", "sounds_alike"),
        ("Schmidt", "Smith", "different"),
        ("Smith", "Jones", "different"),
    ],
)
def test_surnames(left: str, right: str, level: str) -> None:
    assert _surname(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "levels"),
    [
        # Swapped, also with a slip of the keyboard, and with a middle name: it counts once.
        (("Anna", None, "Lee"), ("Lee", None, "Anna"), {"given_name": "swapped"}),
        (("Jonathan", None, "Miller"), ("Miller", None, "Jonathon"), {"given_name": "swapped"}),
        (("John", "Michael", "Smith"), ("Smith", "John", "Michael"), {"given_name": "swapped"}),
        (("伟", None, "张"), ("Zhang", None, "Wei"), {"given_name": "swapped"}),
        (("Li", None, "Na"), ("Na", None, "Lin"), {"given_name": "different", "surname": "different"}),
        # The name one goes by is the middle name.
        (("Mary", "Ann", "Smith"), ("Ann", None, "Smith"), {"given_name": "middle_name", "surname": "equal"}),
        (("Mary", None, "Smith"), ("Mary", "Ann", "Smith"), {"given_name": "equal", "surname": "equal"}),
        (("Mary Ann", None, "Smith"), ("Mary", "Ann", "Smith"), {"given_name": "part", "surname": "equal"}),
        # A second surname that was read as a middle name.
        (("Maria", None, "Garcia"), ("Maria", "Garcia", "Lopez"), {"given_name": "equal", "surname": "middle_name"}),
        (
            ("Ann", "Lou", "Lee"),
            ("Ann", "L.", "Lee"),
            {"given_name": "equal", "surname": "equal", "middle_name": "initial"},
        ),
        (
            ("Ann", "Lou Eve", "Lee"),
            ("Ann", "Eve", "Lee"),
            {"given_name": "equal", "surname": "equal", "middle_name": "part"},
        ),
    ],
)
def test_names_whose_parts_stand_in_other_places(
    left: tuple[str | None, ...], right: tuple[str | None, ...], levels: dict[str, str]
) -> None:
    def record(parts: tuple[str | None, ...]) -> Record:
        return {k: v for k, v in zip(("given_name", "middle_name", "surname"), parts, strict=True) if v}

    assert levels_of(record(left), record(right)) == levels


def test_a_maiden_name_that_is_the_other_record_s_surname() -> None:
    found = levels_of(
        {"given_name": "Eva", "surname": "Huber", "maiden_name": "Müller"}, {"given_name": "Eva", "surname": "Mueller"}
    )
    assert found["surname"] == "different", "spelt otherwise, it is not known"
    found = levels_of(
        {"given_name": "Eva", "surname": "Huber", "maiden_name": "Müller"}, {"given_name": "Eva", "surname": "Muller"}
    )
    assert found["surname"] == "maiden_name"


@pytest.mark.parametrize(
    ("nickname", "name", "level"),
    [
        ("强鹏🍀", "张强鹏", "given_name"),
        ("强鹏🍀", "Zhang Qiangpeng", "given_name"),
        ("zhangwei88", "张伟", "whole_name"),
        ("Ann", "Anna Lee", "given_name"),
        ("小平", "刘华平", "given_name"),
        ("A成成", "Wang Cheng", "given_name"),
        ("平姐", "刘萍", "given_name"),
        ("Bob", "Robert Miller", "given_name"),
        ("Beth", "Elizabeth Miller", "given_name"),
        ("alex_1990", "Alexander Smith", "given_name"),
        ("annalee", "Anna Lee", "whole_name"),
        ("小太阳🌻", "张强鹏", "different"),
        ("li", "Li Na", "different"),
    ],
)
def test_a_nickname_that_names_the_other_record_s_person(nickname: str, name: str, level: str) -> None:
    assert levels_of({"nickname": nickname}, {"full_name": name}) == {"nickname_of": level}


def test_a_nickname_says_nothing_where_both_records_have_given_names() -> None:
    found = levels_of({"nickname": "强鹏", "full_name": "张强鹏"}, {"full_name": "张强鹏"})
    assert found == {"given_name": "equal", "surname": "equal"}


def test_equal_nicknames_count() -> None:
    assert levels_of({"nickname": "小太阳🌻"}, {"nickname": "小太阳"}) == {"nickname": "equal"}


def _initials(value: str) -> str | None:
    words = value.split()
    if all(len(word) == 1 for word in words):
        return "".join(words)
    return value if 2 <= len(value) <= 3 and set(value) <= set("bcdfghjklmnpqrstvwxz") else None


def _initial(a: str, b: str) -> bool:
    if _initials(a) is None and _initials(b) is None:
        return False
    x, y = (_initials(v) or "".join(word[0] for word in v.split()) for v in (a, b))
    return all(i == j for i, j in zip(x, y, strict=False))


ONE: dict[str, Callable[[str, str], bool]] = {
    "initial": _initial,
    "nickname": lambda a, b: a == b or nicknames.given_names().are_related(a, b),
    "romanized": lambda a, b: a == b or nicknames.surnames().are_related(a, b),
}
_WORDS = st.sampled_from(
    ["j", "r", "jr", "john", "jon", "jack", "bill", "william", "chan", "chen", "tan", "maria", "伟"]
)
_NAMES = st.lists(_WORDS, min_size=1, max_size=3).map(" ".join)


@pytest.mark.parametrize("test", ONE)
@settings(max_examples=60, deadline=None)
@given(values=st.lists(_NAMES, min_size=2, max_size=10))
def test_kernels_give_what_the_plain_definition_gives(test: str, values: list[str]) -> None:
    columns = Columns(pa.table({"v": pa.array(values, pa.string())}))
    left, right = np.triu_indices(len(values), 1)
    found = holds(Pairs(columns, left, right), Condition.parse(f"v {test}"), np.arange(len(left)))
    assert found.tolist() == [ONE[test](values[i], values[j]) for i, j in zip(left, right, strict=True)]


Row = tuple[str | None, str | None]


def _nearly(a: str | None, b: str | None) -> bool:
    return bool(a and b and min(len(a), len(b)) >= 4 and JaroWinkler.similarity(a, b) >= 0.92)


def _swapped(a: Row, b: Row) -> bool:
    if None in (*a, *b):
        return False
    one, other = a[0] == b[1], a[1] == b[0]
    return (one and other) or (one and _nearly(a[1], b[0])) or (other and _nearly(a[0], b[1]))


def _names(a: Row, b: Row) -> bool:
    def says(said: str | None, name: str | None) -> bool:
        if said is None or name is None:
            return False
        plain, whole = called(said), called(name)
        holds_it = len(whole) >= 3 and whole in plain
        return (
            holds_it
            or (len(plain) >= 3 and (whole.startswith(plain) or whole.endswith(plain)))
            or nicknames.given_names().are_related(said, name)
        )

    return says(a[0], b[1]) or says(b[0], a[1])


ACROSS: dict[str, Callable[[Row, Row], bool]] = {
    "swapped": _swapped,
    "crossed": lambda a, b: (a[0] is not None and a[0] == b[1]) or (b[0] is not None and b[0] == a[1]),
    "names": _names,
}
_PART = st.none() | st.sampled_from(["anna", "ann", "annabel", "miller", "millar", "lee", "bob", "robert", "xannax1"])


@pytest.mark.parametrize("test", ACROSS)
@pytest.mark.parametrize("columns", [("given_latin", "surname_latin"), ("surname_latin", "maiden_name")])
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(_PART, _PART), min_size=2, max_size=10))
def test_kernels_across_columns_give_what_the_plain_definition_gives(
    columns: tuple[str, str], test: str, rows: list[Row]
) -> None:
    if test == "swapped" and columns != ("given_latin", "surname_latin"):
        return  # both its columns are names that get swapped, and share a dictionary
    values = [pa.array([row[i] for row in rows], pa.string()) for i in (0, 1)]
    table = Columns(pa.table(dict(zip(columns, values, strict=True))))
    left, right = np.triu_indices(len(rows), 1)
    found = holds(Pairs(table, left, right), Condition.parse(f"{','.join(columns)} {test}"), np.arange(len(left)))
    assert found.tolist() == [ACROSS[test](rows[i], rows[j]) for i, j in zip(left, right, strict=True)]


def test_a_condition_on_too_many_columns_says_how_many_it_takes() -> None:
    assert set(COLUMNS_OF_TESTS) <= set(TESTS)
    with pytest.raises(ConfigError, match=r"test 'nickname' takes 1 column\(s\), not 2"):
        Condition.parse("given_latin,surname_latin nickname")


def test_forms_of_a_name_are_forms_of_each_other() -> None:
    for forms in (nicknames.given_names(), nicknames.surnames()):
        assert (forms.related == forms.related.T).all()
        assert forms.related.diagonal()[:-1].all()
        assert not forms.related[-1].any()
        assert all(name.isascii() and name.isalpha() and name.islower() for name in forms.numbers)


def test_a_nickname_that_says_nothing_of_the_name_is_no_evidence_against_a_match() -> None:
    values = standardize(
        pa.table(
            {
                "record_key": [f"{i:03}" for i in range(60)],
                "full_name": pa.array(
                    [None if i % 2 else f"{_GIVEN[i // 2 % 6]} Miller" for i in range(60)], pa.string()
                ),
                "nickname": pa.array([_GIVEN[i // 2 % 6] if i % 2 else None for i in range(60)], pa.string()),
                "phone": [f"+4471231230{i // 2:02}" for i in range(60)],
            }
        )
    ).values
    columns = Columns(values)
    blocks = [block(columns, BlockingRule(("phone*",)), (), 200)]
    model = train(columns, blocks, default_model(values.column_names), seed=1)
    names, says_nothing = (next(c for c in model.comparisons if c.name == "nickname_of").levels[i] for i in (1, -1))
    assert says_nothing.m == says_nothing.u == says_nothing.h
    assert names.m > names.u

"""The model custid uses when nobody gives it one.

In: the comparable columns a data set has. Out: an untrained `Model`, and the blocking rules worth considering for
it. Never here: looking at the data; the engine chooses among the rules by what they would cost.

One set of defaults serves all data: persons and companies, Western and Chinese.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from custid.model.spec import BlockingRule, Comparison, Level, Model
from custid.standardize.fields import FIELDS, base_of

_IDENTIFIERS = tuple(name for name, kind in FIELDS.items() if kind == "identifier")


def _level(label: str, *when: str, tf: str = "") -> Level:
    return Level(label, tuple(when), term_frequency=tf)


_OTHERWISE = _level("different")

#: In the order they are evaluated: decisive and cheap first. `default_m` are the level shares one finds among
#: matches in customer data of ordinary quality; training replaces them wherever the data can tell.
COMPARISONS: tuple[Comparison, ...] = (
    *(
        Comparison(
            name,
            (f"{name}*",),
            (
                _level("equal", f"{name}* equal", tf=name),
                _level("one_off", f"{name}* edits <= 1"),
                _OTHERWISE,
            ),
            default_m=(0.90, 0.06, 0.04),
        )
        for name in _IDENTIFIERS
    ),
    Comparison(
        "email",
        ("email*",),
        (
            _level("equal", "email* equal", tf="email"),
            _level("same_local_part", "email_local* equal", tf="email_local"),
            _level("close", "email_local* edits <= 1"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.70, 0.08, 0.07, 0.15),
    ),
    Comparison(
        "phone",
        ("phone*",),
        (
            _level("equal", "phone* equal", tf="phone"),
            _level("equal_but_for_country", "phone* same_end >= 9"),
            _level("one_off", "phone* edits <= 1"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.68, 0.02, 0.08, 0.22),
    ),
    Comparison(
        "birth_date",
        ("birth_date",),
        (
            _level("equal", "birth_date equal", tf="birth_date"),
            _level("day_month_swapped", "birth_date day_month_swapped"),
            _level("one_digit_off", "birth_date digits_off <= 1"),
            _level("two_digits_off", "birth_date digits_off <= 2"),
            _level("same_month_day", "birth_date same_month_day"),
            _level("same_year", "birth_date same_year"),
            _OTHERWISE,
        ),
        coincidence=0.02,
        default_m=(0.88, 0.02, 0.04, 0.02, 0.01, 0.01, 0.02),
    ),
    Comparison(
        "given_name",
        ("given_latin",),
        (
            _level("equal", "given_name equal", tf="given_name"),
            _level("same_sound", "given_latin equal", tf="given_latin"),
            _level("swapped", "given_latin,surname_latin swapped", tf="given_latin"),
            _level("close", "given_latin jaro_winkler >= 0.92"),
            _level("initial", "given_latin initial"),
            _level("begins", "given_latin begins"),
            _level("similar", "given_latin jaro_winkler >= 0.8"),
            _OTHERWISE,
        ),
        coincidence=0.02,
        default_m=(0.76, 0.02, 0.02, 0.08, 0.03, 0.02, 0.03, 0.04),
    ),
    Comparison(
        "surname",
        ("surname_latin",),
        (
            _level("equal", "surname equal", tf="surname"),
            _level("same_sound", "surname_latin equal", tf="surname_latin"),
            _level("close", "surname_latin jaro_winkler >= 0.92"),
            _level("similar", "surname_latin jaro_winkler >= 0.8"),
            _OTHERWISE,
        ),
        shared=True,
        silenced_by="given_name:swapped",
        default_m=(0.80, 0.02, 0.09, 0.03, 0.06),
    ),
    Comparison(
        "middle_name",
        ("middle_name",),
        (
            _level("equal", "middle_name equal", tf="middle_name"),
            _level("initial", "middle_name initial"),
            _level("close", "middle_name jaro_winkler >= 0.88"),
            _OTHERWISE,
        ),
        default_m=(0.70, 0.15, 0.08, 0.07),
    ),
    Comparison(
        "name_suffix",
        ("name_suffix",),
        (_level("equal", "name_suffix equal"), _OTHERWISE),
        default_m=(0.95, 0.05),
    ),
    Comparison(
        "company",
        ("company_latin",),
        (
            _level("equal", "company equal", tf="company"),
            _level("same_sound", "company_latin equal", tf="company_latin"),
            _level("close", "company_latin jaro_winkler >= 0.94"),
            _level("contained", "company contained"),
            _level("half_the_words", "company tokens >= 0.5"),
            _level("similar", "company_latin jaro_winkler >= 0.85"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.60, 0.02, 0.12, 0.10, 0.06, 0.04, 0.06),
    ),
    Comparison(
        "address",
        ("street",),
        (
            _level("equal", "street equal", "street_number equal", tf="street"),
            _level("close", "street jaro_winkler >= 0.9", "street_number equal"),
            _level("same_street", "street jaro_winkler >= 0.9"),
            _level("similar_street", "street tokens >= 0.5"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.55, 0.10, 0.12, 0.05, 0.18),
    ),
    Comparison(
        "address_line",
        ("address",),
        (
            _level("equal", "address equal", tf="address"),
            _level("most_words", "address tokens >= 0.75"),
            _level("half_the_words", "address tokens >= 0.5"),
            _level("some_words", "address tokens >= 0.25"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.40, 0.20, 0.13, 0.09, 0.18),
    ),
    Comparison(
        "unit",
        ("unit",),
        (
            _level("equal", "unit equal", tf="unit"),
            _level("close", "unit jaro_winkler >= 0.9"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.70, 0.12, 0.18),
    ),
    Comparison(
        "locality",
        ("postcode", "city"),
        (
            _level("same_postcode", "postcode equal", tf="postcode"),
            _level("postcode_one_off", "postcode edits <= 1", "city jaro_winkler >= 0.9"),
            _level("same_city", "city equal", tf="city"),
            _level("city_close", "city jaro_winkler >= 0.9"),
            _level("postcode_near", "postcode edits <= 1"),
            _level("same_region", "region equal"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.70, 0.05, 0.08, 0.03, 0.02, 0.05, 0.07),
    ),
    *(
        Comparison(
            name,
            (name,),
            (
                _level("equal", f"{name} equal", tf=name),
                _level("close", f"{name} jaro_winkler >= 0.9"),
                _level("half_the_words", f"{name} tokens >= 0.5"),
                _OTHERWISE,
            ),
            shared=name != "occupation",
            default_m=(0.70, 0.10, 0.08, 0.12),
        )
        for name in ("birth_place", "nationality", "occupation")
    ),
    Comparison(
        "sex",
        ("sex",),
        (_level("equal", "sex equal"), _OTHERWISE),
        default_m=(0.97, 0.03),
    ),
)

#: Keys that alone, or in pairs, may bring matches together; the engine measures what each would cost.
_ALONE = (
    "email*",
    "phone*",
    "phone*|last9",
    *(f"{name}*" for name in _IDENTIFIERS),
    "name_tokens",
    "company",
    "company_latin",
)
_PAIRED = (
    "name_tokens",
    "given_latin",
    "surname_latin",
    "given_latin|sound",
    "given_latin|first3",
    "surname_latin|sound",
    "surname_latin|first3",
    "birth_date",
    "birth_date|year",
    "birth_date|month_day",
    "postcode",
    "postcode|first3",
    "city",
    "street",
    "street_number",
    "email_local*",
    "company_latin|first6",
    "phone*|last7",
    "birth_place",
)
_NARROWING = (
    "birth_date",
    "given_latin|first2",
    "postcode",
    "surname_latin|first3",
    "city",
    "street",
    "street_number",
    "email_local",
    "given_latin",
    "phone",
    "company_latin|first6",
)


def _available(key: str, columns: set[str]) -> bool:
    return key.split("|")[0].rstrip("*") in columns


def default_model(columns: Iterable[str]) -> Model:
    """An untrained model for data with these comparable columns, without blocking rules.

    A comparison is taken when one of its columns is there; levels whose columns are lacking are left out.
    """
    have = {base_of(name) for name in columns} | set(columns)
    comparisons = []
    for comparison in COMPARISONS:
        if not any(_available(column, have) for column in comparison.columns):
            continue
        # Where addresses come in parts, the whole line says nothing new.
        if comparison.name == "address_line" and "street" in have:
            continue
        kept = [
            (level, share)
            for level, share in zip(comparison.levels, comparison.default_m, strict=True)
            if all(_available(column, have) for condition in level.when for column in condition.split()[0].split(","))
        ]
        total = sum(share for _, share in kept)
        comparisons.append(
            Comparison(
                comparison.name,
                tuple(column for column in comparison.columns if _available(column, have)),
                tuple(level for level, _ in kept),
                comparison.shared,
                comparison.coincidence,
                comparison.silenced_by,
                tuple(share / total for _, share in kept),
            )
        )
    return Model(
        comparisons=tuple(comparisons),
        blocking=(),
        narrowing=tuple(key for key in _NARROWING if _available(key, have)),
    )


def candidate_rules(columns: Iterable[str]) -> list[BlockingRule]:
    """The blocking rules worth considering for these columns, most specific keys first."""
    have = set(columns)
    alone = [BlockingRule((key,)) for key in _ALONE if _available(key, have)]
    paired = [
        BlockingRule(pair)
        for pair in combinations([key for key in _PAIRED if _available(key, have)], 2)
        if pair[0].split("|")[0] != pair[1].split("|")[0] and not _both_names(pair)
    ]
    return [*alone, *paired, BlockingRule(())]


def _both_names(pair: tuple[str, str]) -> bool:
    """name_tokens already holds both names: together with one of them it adds nothing."""
    return "name_tokens" in pair and any("_latin" in key for key in pair)

"""The model custid uses when nobody gives it one.

In: the comparable columns a data set has. Out: an untrained `Model`, and the blocking rules worth considering for
it. Never here: looking at the data; the engine chooses among the rules by what they would cost.

One set of defaults serves all data: persons and companies, Western and Chinese.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations

from custid.model.spec import BlockingRule, Comparison, Level, Model
from custid.standardize.fields import FIELDS, base_of

_IDENTIFIERS = tuple(name for name, kind in FIELDS.items() if kind == "identifier")
#: Of these, those that name a thing which a whole household may use.
_OF_HOUSEHOLDS = frozenset({"device_id", "cookie_id"})


def _level(label: str, *when: str, tf: str = "") -> Level:
    return Level(label, tuple(when), term_frequency=tf)


_OTHERWISE = _level("different")

#: In the order they are evaluated: decisive and cheap first. `default_m` are the level shares one finds among
#: matches in customer data of ordinary quality; training replaces them wherever the data can tell.
COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "national_id",
        ("national_id*",),
        (
            _level("equal", "national_id* equal", tf="national_id"),
            # A slip of the hand seldom leaves the check digit right: these are two people, unless one holds numbers of
            # two kinds, of a country and of another.
            replace(_level("two_valid_ids", "national_id_kind equal"), excludes=True),
            _level("one_off", "national_id* edits <= 1"),
            _OTHERWISE,
        ),
        default_m=(0.90, 0.001, 0.06, 0.039),
    ),
    *(
        Comparison(
            name,
            (f"{name}*",),
            (
                _level("equal", f"{name}* equal", tf=name),
                _level("one_off", f"{name}* edits <= 1"),
                _OTHERWISE,
            ),
            shared=name in _OF_HOUSEHOLDS,
            default_m=(0.90, 0.06, 0.04),
        )
        for name in _IDENTIFIERS
        if name != "national_id"
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
            _level("swapped", "given_latin,surname_latin,name_tokens swapped"),
            _level("nickname", "given_latin nickname", tf="given_latin"),
            _level("close", "given_latin jaro_winkler >= 0.92", tf="given_latin"),
            _level("sounds_alike", "given_latin sounds_alike", "given_latin jaro_winkler >= 0.7"),
            # One of two given names, "Anne" of "Anne-Marie"; or the one that the other record has as middle name.
            _level("part", "given_latin contained"),
            _level("middle_name", "given_latin,middle_name crossed"),
            _level("initial", "given_latin initial"),
            _level("begins", "given_latin begins"),
            _level("similar", "given_latin jaro_winkler >= 0.8"),
            _OTHERWISE,
        ),
        coincidence=0.02,
        default_m=(0.73, 0.02, 0.02, 0.05, 0.07, 0.01, 0.01, 0.01, 0.025, 0.01, 0.02, 0.025),
    ),
    Comparison(
        "surname",
        ("surname_latin",),
        (
            _level("equal", "surname equal", tf="surname"),
            _level("same_sound", "surname_latin equal", tf="surname_latin"),
            _level("maiden_name", "surname_latin,maiden_name crossed"),
            _level("close", "surname_latin jaro_winkler >= 0.92", tf="surname_latin"),
            # One of two surnames, or with and without "van den".
            _level("part", "surname_latin contained"),
            # Garcia of "Maria Garcia Lopez", Rodham of "Hillary Rodham Clinton".
            _level("middle_name", "surname_latin,middle_name crossed"),
            _level("romanized", "surname_latin romanized"),
            _level("sounds_alike", "surname_latin sounds_alike", "surname_latin jaro_winkler >= 0.7"),
            _level("similar", "surname_latin jaro_winkler >= 0.8"),
            _OTHERWISE,
        ),
        shared=True,
        silenced_by="given_name:swapped",
        default_m=(0.78, 0.02, 0.01, 0.09, 0.015, 0.005, 0.005, 0.01, 0.02, 0.045),
    ),
    Comparison(
        "middle_name",
        ("middle_name",),
        (
            _level("equal", "middle_name equal", tf="middle_name"),
            _level("initial", "middle_name initial"),
            _level("close", "middle_name jaro_winkler >= 0.88"),
            _level("part", "middle_name contained"),
            _OTHERWISE,
        ),
        silenced_by="given_name:swapped|middle_name",
        default_m=(0.70, 0.15, 0.06, 0.03, 0.06),
    ),
    # What people call themselves, in the words of chat and shopping apps.
    Comparison(
        "nickname",
        ("nickname",),
        (
            _level("equal", "nickname equal", tf="nickname"),
            _level("close", "nickname jaro_winkler >= 0.92"),
            _OTHERWISE,
        ),
        default_m=(0.60, 0.05, 0.35),
    ),
    # Such a name set against the real one, where the record has no other. Most say nothing of it, and so prove nothing.
    Comparison(
        "nickname_of",
        ("nickname,given_latin",),
        (
            _level("whole_name", "nickname,given_latin names", "nickname,surname_latin names"),
            _level("given_name", "nickname,given_latin names"),
            _OTHERWISE,
        ),
        default_m=(0.1, 0.2, 0.7),
        one_sided=True,
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
            _level("same_words", "company_words equal", tf="company_words"),
            # A number tells branches, funds and plants apart.
            _level("one_off", "company_latin edits <= 1", "company_words same_numbers"),
            _level("rare_words", "company_words rare_words >= 0.7", "company_words same_numbers"),
            _level("acronym", "company_latin acronym"),
            # Of those who share a word that k values hold, about one in k is the same company, however many there are.
            _level("contained", "company_words contained", "company_words shared_by <= 3"),
            _level("half_the_rare_words", "company_words rare_words >= 0.4", "company_words shared_by <= 3"),
            _level("close", "company_latin jaro_winkler >= 0.92", "company_words same_numbers"),
            _level("contained_common", "company_words contained", "company_words shared_by <= 15"),
            _level("common_words", "company_words tokens >= 0.5"),
            _level("similar", "company_latin jaro_winkler >= 0.85"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.46, 0.02, 0.05, 0.09, 0.06, 0.02, 0.07, 0.03, 0.05, 0.03, 0.03, 0.03, 0.06),
        alone=(0.85, 0.8, 0.85, 0.75, 0.6, 0.4, 0.55, 0.35, 0.2, 0.2, 0.02, 0.02, 0.0),
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
            _level("contained", "address contained"),
            _level("half_the_words", "address tokens >= 0.5"),
            _level("some_words", "address tokens >= 0.25"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.40, 0.18, 0.06, 0.11, 0.08, 0.17),
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
            _level("same_subdistrict", "subdistrict equal", "city equal", tf="subdistrict"),
            _level("same_city", "city equal", tf="city"),
            _level("city_close", "city jaro_winkler >= 0.9"),
            _level("postcode_near", "postcode edits <= 1"),
            _level("same_region", "region equal"),
            _OTHERWISE,
        ),
        shared=True,
        default_m=(0.70, 0.05, 0.10, 0.08, 0.03, 0.02, 0.05, 0.07),
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
            coincidence=coincidence,
            default_m=(0.70, 0.10, 0.08, 0.12),
        )
        for name, coincidence in (("birth_place", 0.3), ("nationality", 0.8), ("occupation", 0.1))
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
    "company_words",
)
#: Keys for what is misspelt, reordered or shortened. They cost more to make than equality does, and are worth it where
#: there is little else to go by.
_WRITTEN_ALIKE = (
    "company_words|words",
    "company_latin|grams",
    "company_latin|initials",
    "name_tokens|grams",
    "address|grams",
)
#: Columns whose equal values reach most matches by themselves or in pairs.
_TELLING = ("email", "phone", "birth_date", "postcode", "street", *_IDENTIFIERS)
_TELLING_ENOUGH = 4
#: What fewer records hold reaches few matches, however telling.
_TELLING_SHARE_MIN = 0.01
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
    return all(column.rstrip("*") in columns for column in key.split("|")[0].split(","))


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
            at
            for at, level in enumerate(comparison.levels)
            if all(_available(column, have) for condition in level.when for column in condition.split()[0].split(","))
        ]
        total = sum(comparison.default_m[at] for at in kept)
        comparisons.append(
            replace(
                comparison,
                columns=tuple(column for column in comparison.columns if _available(column, have)),
                levels=tuple(comparison.levels[at] for at in kept),
                default_m=tuple(comparison.default_m[at] / total for at in kept),
                alone=tuple(comparison.alone[at] for at in kept) if comparison.alone else (),
            )
        )
    return Model(
        comparisons=tuple(comparisons),
        blocking=(),
        narrowing=tuple(key for key in _NARROWING if _available(key, have)),
    )


def candidate_rules(filled: Mapping[str, float]) -> list[BlockingRule]:
    """The blocking rules worth considering, most specific keys first. `filled`: column → share of records that hold it,
    more than 0."""
    have = set(filled)
    alone = [BlockingRule((key,)) for key in _ALONE if _available(key, have)]
    paired = [
        BlockingRule(pair)
        for pair in combinations([key for key in _PAIRED if _available(key, have)], 2)
        if pair[0].split("|")[0] != pair[1].split("|")[0] and not _both_names(pair)
    ]
    few = sum(filled.get(name, 0.0) >= _TELLING_SHARE_MIN for name in _TELLING) < _TELLING_ENOUGH
    alike = [BlockingRule((key,)) for key in _WRITTEN_ALIKE if few and _available(key, have)]
    return [*alone, *alike, *paired, BlockingRule(())]


def relatives_rules(columns: Iterable[str]) -> list[BlockingRule]:
    """Rules that bring members of a household together, and nothing personal in them."""
    have = set(columns)
    rules = (("surname_latin", "street", "street_number"), ("surname_latin", "address"), ("phone*",), ("email*",))
    return [BlockingRule(keys) for keys in rules if all(_available(key, have) for key in keys)]


def _both_names(pair: tuple[str, str]) -> bool:
    """name_tokens already holds both names: together with one of them it adds nothing."""
    return "name_tokens" in pair and any("_latin" in key for key in pair)

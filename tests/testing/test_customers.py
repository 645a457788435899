"""Made-up customers: the same for the same seed, with the truth, and as spoilt as the settings say."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from custid.testing import HouseholdSettings, MadeUp, Mistakes, companies, households
from custid.testing.customers import _CREDIT_CODE, _CREDIT_WEIGHTS, credit_codes
from custid.testing.draws import Draws
from custid.testing.mistakes import confuse, misspell
from custid.testing.population import CN, People, _western_surnames, populate


@pytest.fixture(scope="module")
def made_up() -> MadeUp:
    return households(20_000, seed=3)


@pytest.fixture(scope="module")
def people() -> People:
    return populate(60_000, Draws(5), HouseholdSettings())


def share(flags: pa.ChunkedArray | pa.Array) -> float:
    return float(np.asarray(pc.fill_null(flags, False)).mean())


def test_the_same_seed_gives_the_same_records_and_truth(made_up: MadeUp) -> None:
    again = households(20_000, seed=3)
    assert again.records.equals(made_up.records)
    assert again.truth.equals(made_up.truth)


def test_another_seed_gives_other_people(made_up: MadeUp) -> None:
    assert not households(20_000, seed=4).records.equals(made_up.records)


def test_a_seed_means_today_what_it_meant_before() -> None:
    """Known draws: they must not change with NumPy, nor from machine to machine."""
    draws = Draws(42)
    assert draws.below(5, 1000).tolist() == [773, 438, 858, 697, 94]
    assert draws.order(5).tolist() == [3, 4, 1, 2, 0]


@pytest.mark.parametrize("size", [0, 1, 2, 17, 1000])
def test_any_number_of_records_can_be_asked_for(size: int) -> None:
    for made in (households(size, seed=1), companies(size, seed=1)):
        assert len(made.records) == len(made.truth) == size


def test_the_truth_covers_every_record_once(made_up: MadeUp) -> None:
    assert made_up.truth["record_id"].equals(made_up.records["record_id"])
    assert pc.count_distinct(made_up.truth["record_id"]).as_py() == 20_000
    assert made_up.truth["true_id"].null_count == 0


def test_people_have_one_to_six_records_most_have_few(made_up: MadeUp) -> None:
    counts = made_up.truth["true_id"].combine_chunks().value_counts().field("counts").to_numpy()
    assert counts.min() == 1
    assert counts.max() == 6
    assert 2.0 < counts.mean() < 2.8


def test_every_record_can_be_reached_or_has_a_birth_date(made_up: MadeUp) -> None:
    records = made_up.records
    assert not any(
        email is None and phone is None and born is None
        for email, phone, born in zip(
            *(records[name].to_pylist() for name in ("email", "phone", "birth_date")), strict=True
        )
    )


def test_rates_are_roughly_as_said(made_up: MadeUp) -> None:
    records, rates = made_up.records, Mistakes()
    assert share(pc.is_null(records["birth_date"])) == pytest.approx(rates.missing_birth_date, abs=0.015)
    assert share(pc.is_null(records["sex"])) == pytest.approx(rates.missing_sex, abs=0.015)
    assert share(pc.equal(records["country"], "CN")) == pytest.approx(HouseholdSettings().chinese, abs=0.03)
    junk = pc.is_in(records["birth_date"], pa.array(["1900-01-01", "1970-01-01"]))
    assert 0.005 < share(junk) < rates.placeholder_birth_date
    assert share(pc.equal(records["phone"], "13800138000")) > 0


def test_without_mistakes_a_person_is_written_one_way() -> None:
    none = Mistakes(**dict.fromkeys(Mistakes.__dataclass_fields__, 0.0))
    made = households(3_000, seed=9, mistakes=none)
    table = made.records.append_column("true_id", made.truth["true_id"])
    grouped = table.group_by("true_id").aggregate([("birth_date", "count_distinct"), ("given_name", "count_distinct")])
    assert pc.max(grouped["birth_date_count_distinct"]).as_py() == 1
    # null where a record gives the full name
    assert pc.max(grouped["given_name_count_distinct"]).as_py() == 1


def test_birth_dates_are_dates(made_up: MadeUp) -> None:
    assert made_up.records["birth_date"].cast(pa.date32()).null_count == made_up.records["birth_date"].null_count


def test_common_names_stay_common_and_rare_ones_are_many(people: People) -> None:
    western = people.surname.filter(pa.array(people.country < 2))
    chinese = people.surname.filter(pa.array(people.country == CN))
    assert 0.005 < share(pc.equal(western, "Smith")) < 0.012
    assert 0.06 < share(pc.equal(chinese, "王")) < 0.09
    assert pc.count_distinct(western).as_py() > 8_000
    assert len(_western_surnames(False)) > 50_000


def test_households_share_their_home_and_their_surname(people: People) -> None:
    same_house = people.household[1:] == people.household[:-1]
    assert (people.home[1:] == people.home[:-1])[same_house].mean() > 0.7
    same_name = np.asarray(pc.equal(people.surname.slice(1), people.surname.slice(0, len(people) - 1)))
    assert same_name[same_house].mean() > 0.4


def test_there_are_twins_with_different_given_names(people: People) -> None:
    twins = (people.household[1:] == people.household[:-1]) & (people.birth_day[1:] == people.birth_day[:-1])
    same_given = np.asarray(pc.equal(people.given_name.slice(1), people.given_name.slice(0, len(people) - 1)))
    assert 50 < twins.sum() < 2_000
    assert same_given[twins].mean() < 0.02


def test_there_are_fathers_and_sons_of_one_name(people: People) -> None:
    one_name = pa.table({"household": people.household, "given": people.given_name, "surname": people.surname})
    counts = (
        one_name.filter(pa.array(people.male))
        .group_by(["household", "given", "surname"])
        .aggregate([([], "count_all")])
    )
    assert pc.sum(pc.greater(counts["count_all"], 1)).as_py() > 50
    assert pc.sum(pc.equal(people.suffix, "Jr")).as_py() > 10


def test_no_two_people_share_a_mailbox_of_their_own(people: People) -> None:
    own = pa.concat_arrays([people.email.drop_null(), people.email_2.drop_null()])
    assert pc.count_distinct(own).as_py() == len(own)


def test_a_slip_changes_one_thing() -> None:
    names = pa.array(["Richardson"] * 500 + [None])
    spoilt = misspell(names, np.ones(501, dtype=np.bool_), Draws(1)).to_pylist()
    assert spoilt[-1] is None
    assert all(abs(len(name) - 10) <= 1 for name in spoilt[:-1])
    assert sum(name != "Richardson" for name in spoilt[:-1]) > 450


def test_a_wrong_digit_leaves_the_rest_of_a_number_alone() -> None:
    numbers = pa.array(["13845671234"] * 300)
    spoilt = misspell(numbers, np.ones(300, dtype=np.bool_), Draws(1), digits_only=True).to_pylist()
    assert all(number.isdigit() and len(number) == 11 for number in spoilt)
    assert all(sum(a != b for a, b in zip(number, "13845671234", strict=True)) <= 2 for number in spoilt)


def test_a_character_is_taken_for_one_that_sounds_or_looks_alike() -> None:
    assert confuse(pa.array(["静", None]), np.array([True, True]), Draws(1)).to_pylist()[0] in ("婧", "靖")


def test_credit_codes_have_the_right_check_character() -> None:
    for code in credit_codes(50, Draws(2)).to_pylist():
        numbers = np.array([_CREDIT_CODE.index(character) for character in code])
        assert ((numbers[:17] * _CREDIT_WEIGHTS).sum() + numbers[17]) % 31 == 0
        assert len(code) == 18


def test_companies_have_legal_forms_short_forms_and_branches() -> None:
    names = companies(5_000, seed=1).records["company"]
    for part in ("有限公司", "分公司", "GmbH", "Ltd", "Inc", "Branch"):
        assert share(pc.match_substring(names, part)) > 0, part


def test_a_hundred_thousand_records_take_seconds() -> None:
    started = time.perf_counter()
    households(100_000, seed=1)
    assert time.perf_counter() - started < 20

"""Golden values: whose wins, where it came from, how it is shown, and how that is explained."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custid import schemas
from custid.errors import ConfigError, UsageError
from custid.golden import mixed, survive
from custid.golden.how import how
from custid.golden.texts import packed, unpacked
from custid.model.survivorship import DISPLAYS, STEPS, Rule, Survivorship
from custid.standardize import standardize

EXAMPLES = int(os.environ.get("CUSTID_EXAMPLES", "8"))

DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]


def records_of(*rows: dict[str, Any]) -> pa.Table:
    fixed = ("key", "day", "channel", "run")
    fields = list(dict.fromkeys(name for row in rows for name in row if name not in fixed))
    table = pa.table(
        {
            "record_key": pa.array([row["key"] for row in rows], pa.int64()),
            "channel": [row.get("channel", "crm") for row in rows],
            "record_id": [f"r{row['key']}" for row in rows],
            "updated_at": pa.array([row.get("day") for row in rows], schemas.INSTANT),
            "live": [True] * len(rows),
            "first_run": pa.array([1] * len(rows), pa.int64()),
            "last_run": pa.array([row.get("run", 1) for row in rows], pa.int64()),
        }
    )
    for name in fields:
        table = table.append_column(name, pa.array([row.get(name) for row in rows], pa.string()))
    return table


def links_of(*pairs: tuple[int, str]) -> pa.Table:
    return pa.table(
        {"record_key": [key for key, _ in pairs], "customer_id": [name for _, name in pairs]}, schemas.LINKS
    )


def read(rules: dict[str, str] | None = None, display: dict[str, str] | None = None) -> Survivorship:
    return Survivorship.read(rules or {}, display or {})


def golden(
    *rows: dict[str, Any], rules: dict[str, str] | None = None, display: dict[str, str] | None = None
) -> dict[str, Any]:
    """The golden record of one customer who has all the rows."""
    records = records_of(*rows)
    links = links_of(*((row["key"], "A") for row in rows))
    found = survive(records, links, read(rules, display), standardize(records).values).to_pylist()
    assert len(found) == 1
    return dict(found[0])


ROWS = (
    {"key": 1, "day": DAYS[0], "email": "old@x.org", "surname": "Keller-Long", "city": "Bern", "street": "A 1"},
    {"key": 2, "day": DAYS[2], "email": None, "surname": "Keller", "city": "Basel", "channel": "shop"},
    {"key": 3, "day": DAYS[1], "email": "new@x.org", "surname": "KELLER", "channel": "app"},
)


# --- rules ---


@pytest.mark.parametrize(
    ("rule", "field", "value", "source"),
    [
        ("most_recent", "email", "new@x.org", "app:r3"),
        ("most_recent", "surname", "Keller", "shop:r2"),
        ("most_complete", "surname", "Keller-Long", "crm:r1"),
        ("most_frequent", "surname", "Keller", "shop:r2"),
        ("longest", "surname", "Keller-Long", "crm:r1"),
        ("trusted(app, crm)", "surname", "KELLER", "app:r3"),
        ("trusted(crm)", "email", "old@x.org", "crm:r1"),
        ("trusted(web) then longest", "surname", "Keller-Long", "crm:r1"),
        ("most_frequent then trusted(app)", "surname", "KELLER", "app:r3"),
        ("trusted(shop, app) then longest", "email", "new@x.org", "app:r3"),
    ],
)
def test_the_rule_says_whose_value_wins_and_the_record_is_named(rule: str, field: str, value: str, source: str) -> None:
    found = golden(*ROWS, rules={"*": rule})
    assert (found[field], found[f"{field}_from"]) == (value, source)


def test_a_field_without_a_rule_follows_the_star_and_without_one_the_most_recent() -> None:
    assert golden(*ROWS, rules={"surname": "longest"})["email"] == "new@x.org"
    assert golden(*ROWS, rules={"*": "trusted(crm)", "surname": "most_recent"})["email"] == "old@x.org"


def test_every_customer_has_one_row_with_its_number_of_records() -> None:
    records = records_of(*ROWS, {"key": 4, "surname": "Ek"})
    found = survive(records, links_of((1, "A"), (2, "A"), (3, "A"), (4, "B")), read())
    assert found.select(["customer_id", "records"]).to_pylist() == [
        {"customer_id": "A", "records": 3},
        {"customer_id": "B", "records": 1},
    ]


def test_a_tie_falls_to_the_complete_record_then_to_the_one_known_first() -> None:
    alike = {"day": DAYS[0], "nickname": "x"}
    assert golden({**alike, "key": 1}, {**alike, "key": 2, "sex": "f"})["nickname_from"] == "crm:r2"
    assert golden({**alike, "key": 2}, {**alike, "key": 1})["nickname_from"] == "crm:r1"


def test_a_record_that_does_not_say_when_it_changed_is_older_than_those_that_do() -> None:
    found = golden({"key": 1, "nickname": "Bo", "run": 9}, {"key": 2, "nickname": "Al", "day": DAYS[0]})
    assert found["nickname"] == "Al"
    later = golden({"key": 1, "nickname": "Bo", "run": 9}, {"key": 2, "nickname": "Al", "run": 8})
    assert later["nickname"] == "Bo"


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_the_order_of_records_does_not_matter(data: st.DataObject) -> None:
    some = st.sampled_from([None, "a@x.org", "A@x.org", "b@x.org", "n/a"])
    rows = [
        {
            "key": key,
            "day": data.draw(st.sampled_from([None, *DAYS])),
            "channel": data.draw(st.sampled_from(["crm", "shop"])),
            "email": data.draw(some),
            "email_2": data.draw(some),
            "surname": data.draw(st.sampled_from([None, "Ek", "EK", "Ekman"])),
            "given_name": data.draw(st.sampled_from([None, "Bo"])),
            "city": data.draw(st.sampled_from([None, "Bern", "Basel"])),
            "street": data.draw(st.sampled_from([None, "A 1", "B 2"])),
        }
        for key in range(1, 8)
    ]
    links = links_of(*((key, "AB"[key % 2]) for key in range(1, 8)))
    rules = read(
        data.draw(
            st.dictionaries(
                st.sampled_from(["*", "email", "surname", "address"]),
                st.sampled_from(
                    ["most_recent", "most_frequent", "most_complete then longest", "trusted(shop) then most_frequent"]
                ),
            )
        )
    )
    records = records_of(*rows)
    values = standardize(records).values
    found = survive(records, links, rules, values)
    assert len(mixed(found, rules)) == 0
    assert unpacked(packed(found), found.schema).equals(found)
    assert survive(records_of(*data.draw(st.permutations(rows))), links, rules, values).equals(found)
    own = records.filter(pa.array([link["customer_id"] == "A" for link in links.to_pylist()]))
    (row,) = found.slice(0, 1).to_pylist()
    field = data.draw(st.sampled_from(["email", "surname", "city"]))
    told = how(own, "A", field, rules, values)
    assert (told.value, told.source) == (row[field], row[f"{field}_from"])
    won = [one for one in told.candidates if one.outcome == "won"]
    assert len(won) == (told.decided_by != "nothing to choose from")
    assert all(one.because for one in told.candidates if one.outcome != "won")


# --- what is no value ---


def test_what_stands_for_nothing_is_never_golden() -> None:
    rows = ({"key": 1, "nickname": "Bo", "day": DAYS[0]}, {"key": 2, "nickname": "n/a", "phone": "无", "day": DAYS[2]})
    found = golden(*rows)
    assert (found["nickname"], found["phone"], found["phone_all"]) == ("Bo", None, None)


def test_what_a_channel_declares_real_is_golden_though_it_looks_like_nothing() -> None:
    records, links = records_of({"key": 1, "surname": "Test"}), links_of((1, "A"))
    assert survive(records, links, read())["surname"].to_pylist() == [None]
    rules = Survivorship.read({}, {}, [{"surname": ("Test",)}])
    assert survive(records, links, rules)["surname"].to_pylist() == ["Test"]


def test_a_value_that_cannot_be_read_stands_behind_one_that_can_and_alone_if_there_is_none() -> None:
    bad, good = {"key": 1, "email": "ann at home", "day": DAYS[2]}, {"key": 2, "email": "ann@x.org", "day": DAYS[0]}
    assert golden(bad, good)["email_all"] == ["ann@x.org"]
    assert golden(bad)["email_all"] == ["ann at home"]


# --- groups ---


def test_the_parts_of_an_address_come_from_one_record_and_a_whole_one_goes_before_a_mere_part() -> None:
    found = golden(*ROWS)
    assert (found["city"], found["street"], found["street_from"]) == ("Bern", "A 1", "crm:r1")
    moved = golden(*ROWS, {"key": 4, "day": DAYS[2], "street": "C 3"})
    assert (moved["city"], moved["street"], moved["city_from"]) == (None, "C 3", None)


def test_the_parts_of_a_name_come_from_one_record_unless_one_has_a_rule_of_its_own() -> None:
    rows = (
        {"key": 1, "given_name": "Anna", "surname": "Long", "day": DAYS[0]},
        {"key": 2, "given_name": "Ann", "surname": "Keller", "day": DAYS[1]},
        {"key": 3, "surname": "Keller-Long", "day": DAYS[2]},
    )
    found = golden(*rows)
    assert (found["given_name"], found["surname"], found["given_name_from"]) == ("Ann", "Keller", "crm:r2")
    found = golden(*rows, rules={"surname": "longest"})
    assert (found["given_name"], found["surname"], found["surname_from"]) == ("Ann", "Keller-Long", "crm:r3")


def test_a_second_address_is_another_one_and_a_second_line_is_not() -> None:
    home = {"street": "A 1", "city": "Bern"}
    found = golden({"key": 1, **home, "street_2": "B 2", "city_2": "Basel"})
    assert (found["street"], found["city"]) == ("A 1", "Bern")
    found = golden({"key": 1, "city": "Bern", "street_2": "B 2", "city_2": "Basel"})
    assert (found["street"], found["city"]) == ("B 2", "Basel")
    found = golden({"key": 1, "address": "Mill House", "address_2": "12 Mill Lane", "city": "York"})
    assert (found["address"], found["address_2"], found["address_2_from"]) == ("Mill House", "12 Mill Lane", "crm:r1")


def test_what_is_mixed_all_the_same_is_found() -> None:
    found = survive(records_of(*ROWS), links_of((1, "A"), (2, "A"), (3, "A")), read())
    at = found.column_names.index("city_from")
    wrong = found.set_column(at, found.schema.field(at), pa.array(["shop:r2"]))
    assert mixed(wrong, read()).to_pylist() == [{"customer_id": "A", "group": "address"}]


# --- several values ---


def test_all_emails_and_phones_are_kept_the_preferred_one_first_and_each_once() -> None:
    found = golden(
        {"key": 1, "day": DAYS[0], "email": "Ann.Lee@gmail.com", "email_2": "work@x.org", "country": "CH",
         "phone": "044 668 18 00"},
        {"key": 2, "day": DAYS[1], "email": "annlee@gmail.com", "channel": "shop", "phone": "+41 44 668 18 00"},
    )  # fmt: skip
    assert found["email"] == "annlee@gmail.com"
    assert found["email_all"] == ["annlee@gmail.com", "work@x.org"]
    assert found["email_all_from"] == ["shop:r2", "crm:r1"]
    assert found["phone_all"] == ["+41 44 668 18 00"]


# --- as their source wrote them, or by a stated rule ---


def test_values_stay_as_their_source_wrote_them() -> None:
    written = {"phone": "138 0013 8001", "postcode": "SW1A 1AA", "city": "LONDON", "street": "Downing St. 10"}
    found = golden({"key": 1, **written, "birth_date": "3.5.1980"})
    assert {name: found[name] for name in written} == written
    assert found["birth_date"] == "3.5.1980"


@pytest.mark.parametrize(
    ("field", "display", "written", "shown"),
    [
        ("phone", "e164", "+41 (0)44 668 18 00", "+41446681800"),
        ("phone", "international", "+41446681800", "+41 44 668 18 00"),
        ("phone", "e164", "ask Bob", "ask Bob"),
        ("birth_date", "iso_date", "3 May 1980", "1980-05-03"),
        ("sex", "m_f", "女", "f"),
        ("surname", "upper", "müller", "MÜLLER"),
        ("email", "lower", "Ann@X.ORG", "ann@x.org"),
        ("surname", "title_case", "O'NEIL", "O'Neil"),
        ("name", "title_case", "VAN DER BERG", "Van der Berg"),
        ("surname", "title_case", "deVries", "deVries"),
    ],
)
def test_a_display_is_a_rule_that_is_stated(field: str, display: str, written: str, shown: str) -> None:
    column = "surname" if field == "name" else field
    found = golden({"key": 1, column: written}, display={field: display})
    assert found[column] == shown
    if column in ("email", "phone"):
        assert found[f"{column}_all"] == [shown]


def test_a_channels_own_field_may_be_called_as_a_column_of_golden_records() -> None:
    found = golden({"key": 1, "email": "a@x.org", "email_from": "web", "customer_id": "77", "records": "3"})
    assert (found["customer_id"], found["records"], found["email_from"]) == ("A", 1, "crm:r1")
    assert (found["customer_id_"], found["records_"], found["email_from_"]) == ("77", "3", "web")


# --- how ---


def test_how_names_what_decided_and_why_each_other_lost() -> None:
    rows = (*ROWS, {"key": 4, "surname": "n/a"})
    told = how(records_of(*rows), "A", "surname", read({"surname": "trusted(app, crm) then longest"}))
    assert (told.value, told.source, told.decided_by) == ("KELLER", "app:r3", "by trusted(app, crm)")
    assert [(one.record, one.outcome) for one in told.candidates] == [
        ("app:r3", "won"), ("crm:r1", "lost"), ("shop:r2", "lost"), ("crm:r4", "left out")
    ]  # fmt: skip
    assert told.candidates[1].because == "crm is trusted less than app"
    assert str(told).splitlines()[0] == "surname of A: KELLER"
    assert told.to_dict()["candidates"][0]["values"] == {"surname": "KELLER"}


def test_how_tells_of_several_values_which_were_kept_beside_the_preferred_one() -> None:
    told = how(records_of(*ROWS), "A", "email", read())
    assert [one.outcome for one in told.candidates] == ["won", "kept"]


def test_how_of_a_part_tells_of_the_whole_group() -> None:
    told = how(records_of(*ROWS), "A", "city", read())
    assert (told.group, told.decided_by) == (("city", "street"), "by a whole address")
    assert told.candidates[0].values == {"city": "Bern", "street": "A 1"}


def test_how_of_a_field_there_is_not_names_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no field 'fax'\. They have: email, surname"):
        how(records_of(*ROWS), "A", "fax", read())


# --- what is said wrong ---


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"*": "newest"}, "'newest' is not understood"),
        ({"*": "most_recnt"}, "Did you mean 'most_recent'"),
        ({"*": "trusted crm, shop"}, r"'trusted crm, shop' is not understood"),
        ({"*": "trusted"}, r"needs channels: trusted\(crm, shop\)"),
        ({"*": "longest(crm)"}, "takes no channels"),
        ({"*": "trusted(crm, crm)"}, "each channel once"),
        ({"*": "longest then"}, "not understood"),
        ({"city": "longest"}, "Give the rule to address"),
        ({"email_2": "longest"}, "say it of email"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rules: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(rules)


@pytest.mark.parametrize(
    ("display", "message"),
    [
        ({"phone": "E.164"}, "not known"),
        ({"surname": "e164"}, "is for phone"),
        ({"surname": "titlecase"}, "Did you mean 'title_case'"),
    ],
)
def test_a_display_that_cannot_be_is_refused(display: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(display=display)


@given(st.lists(st.sampled_from([*sorted(STEPS.keys() - {"trusted"}), "trusted(crm, 微信)"]), min_size=1, max_size=4))
def test_a_rule_is_written_as_it_was_read(steps: list[str]) -> None:
    text = " then ".join(steps)
    assert str(Rule.parse(text)) == text


def test_every_display_can_be_shown() -> None:
    for display, (_, fields) in DISPLAYS.items():
        field = fields[0] if fields else "surname"
        assert golden({"key": 1, field: "1"}, display={field: display})[field] == "1"

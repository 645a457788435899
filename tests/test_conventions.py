"""How a channel writes its dates, sexes and handles: said, judged once, remembered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import custid
from custid import Channel
from custid.channels import look, read
from custid.config import read_config
from custid.errors import ConfigError
from custid.model.default import default_model
from custid.model.files import from_toml, to_toml
from custid.reports.summary import as_text
from custid.standardize import Conventions


def channel(days: list[str], *, first: int = 0, **settings: Any) -> Channel:
    """A shop that writes birth dates as `days`, of customers no two of whom are one."""
    rows = range(first, first + len(days))
    table = {
        "id": [f"s{row}" for row in rows],
        "given_name": [f"Given{row}" for row in rows],
        "surname": [f"Surname{row}" for row in rows],
        "email": [f"mail{row}@example.com" for row in rows],
        "birth_date": days,
    }
    return Channel("shop", pa.table(table), record_id="id", **settings)


def told(run: custid.Run) -> list[str]:
    notes: list[str] = run.summary["channels"]["shop"]["notes"]
    return [note for note in notes if "day_first" in note]


DAY = ["3/5/1980", "28/2/1977", "17/1/1990", "1/12/1985"]
MONTH = ["3/25/1980", "12/28/1977", "1/17/1990"]
SILENT = ["3/5/1980", "1/2/1977"]


def test_what_a_column_shows_is_on_the_reading_with_its_reason() -> None:
    judged = read(channel(DAY)).judged
    assert judged.conventions == Conventions(day_first=True)
    assert judged.reasons == {"day_first": "2 of its dates have a first number over 12, and 0 a second"}
    assert read(channel(SILENT)).judged.conventions == Conventions()


def test_nothing_is_judged_of_what_the_channel_says() -> None:
    assert not read(channel(DAY, day_first=False)).judged.reasons


def test_dates_are_read_as_the_whole_column_shows() -> None:
    run = custid.resolve(channel(DAY))
    assert run.model.conventions == {"shop": Conventions(day_first=True)}


def test_what_was_judged_stays_and_a_batch_that_contradicts_it_is_told(tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    first = custid.resolve(channel(DAY), registry=registry)
    assert not told(first)
    second = custid.resolve(channel(MONTH, first=10), registry=registry)
    assert second.model.conventions["shop"].day_first is True
    assert second.summary["matched"] == "the batch, against what is known" or "large" in second.summary["matched"]
    assert len(told(second)) == 1
    assert told(second)[0].startswith("day_first is true since earlier runs, but would be false by these rows alone")
    third = custid.resolve(channel(MONTH, first=20, day_first=False), registry=registry)
    assert third.model.conventions["shop"].day_first is False
    assert third.summary["matched"] == "everything: the values of channel shop are read otherwise than before"


def test_a_batch_that_is_the_first_to_tell_has_all_records_read_anew(tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    custid.resolve(channel(SILENT), registry=registry)
    second = custid.resolve(channel(DAY, first=10), registry=registry)
    assert second.summary["matched"] == "everything: the values of channel shop are read otherwise than before"
    at_once = custid.resolve(channel([*SILENT, *DAY]))
    assert second.model.conventions == at_once.model.conventions


def test_a_channel_that_is_not_read_is_remembered_and_settings_taken_back_are_gone(tmp_path: Path) -> None:
    registry = custid.connect(tmp_path / "customers.db")
    said = {"not_junk": {"surname": ["无"]}, "namespaces": {"wechat_openid": "wx1"}, "country": "CN"}
    custid.resolve(channel(SILENT, **said), registry=registry)
    other = Channel("crm", pa.table({"id": ["1"], "email": ["mail0@example.com"]}), record_id="id")
    known = custid.resolve(other, registry=registry).model.conventions
    assert known == {"shop": Conventions("CN", None, None, {"wechat_openid": "wx1"}, {"surname": ("无",)})}
    after = custid.resolve(channel(SILENT), registry=registry)
    assert after.model.conventions == {"shop": Conventions("CN")}  # a country lasts until another is said
    assert after.summary["matched"].startswith("everything: the values of channel shop")


def test_conventions_survive_the_way_through_toml() -> None:
    conventions = Conventions(
        "DE", True, {"1": "m", "2": "f"}, {"wechat_openid": "wx1"}, {"phone": ("10086", "10 086")}
    )
    model = replace(default_model(["email"]), conventions={"shop": conventions})
    assert from_toml(to_toml(model)).conventions == model.conventions


@pytest.mark.parametrize(
    ("values", "sexes"),
    [
        (["1", "2", "1", "9"], {"1": "m", "2": "f"}),
        (["0", "1", "1"], None),
        (["1", "1"], None),
        (["1", "2", "3"], None),
        (["男", "女"], None),
    ],
)
def test_a_column_of_1_and_2_is_read_as_the_standards_have_it(values: list[str], sexes: dict[str, str] | None) -> None:
    table = pa.table({"id": [str(row) for row in range(len(values))], "性别": values, "姓名": ["张伟"] * len(values)})
    reading = read(Channel("crm", table, record_id="id"))
    assert reading.judged.conventions.sexes == sexes


def test_a_configuration_says_what_a_channel_does(tmp_path: Path) -> None:
    path = tmp_path / "customers.toml"
    path.write_text(
        '[channels.shop]\npath = "shop.csv"\nday_first = true\nsexes = { 1 = "f", 2 = "m" }\n'
        'namespaces = { wechat_openid = "wx8f" }\nnot_junk = { phone = ["10086"] }\n'
    )
    shop = read_config(path).channels[0]
    assert (shop.day_first, shop.sexes) == (True, {"1": "f", "2": "m"})
    assert (shop.namespaces, shop.not_junk) == ({"wechat_openid": "wx8f"}, {"phone": ["10086"]})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('day_first = "yes"', "day_first must be true or false; it is 'yes'"),
        ('sexes = { 1 = "male" }', 'sexes must be a table such as { 1 = "m", 2 = "f" }'),
        ("namespaces = { wechat_openid = 3 }", "namespaces must be a table of texts"),
        ('not_junk = ["10086"]', "not_junk must be a table of lists of texts"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_it_must_be(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "customers.toml"
    path.write_text(f'[channels.shop]\npath = "shop.csv"\n{line}\n')
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    assert words in str(refused.value)


def test_look_shows_what_init_writes() -> None:
    assert look(channel(DAY)).judged.conventions.day_first is True


def test_a_run_tells_what_it_took_for_no_value_and_shows_nothing_personal() -> None:
    table = pa.table(
        {
            "id": ["1", "2", "3", "4"],
            "email": ["test@test.com", "ann.bell@x", "ann@example.com", None],
            "phone": ["13800138000", "13800138000", "无", "138****1234"],
            "surname": ["Bell", "Bell", "Ode", "N/A"],
        }
    )
    run = custid.resolve(Channel("crm", table, record_id="id", country="CN"))
    junk = {one["field"]: one for one in run.summary["junk"]}
    assert junk["phone"]["rows"] == 4
    assert junk["phone"]["reasons"] == {"placeholder": 3, "masked": 1}
    assert junk["phone"]["values"][0] == {"shown": "13800138000", "reason": "placeholder", "rows": 2}
    assert junk["surname"]["values"] == [{"shown": "N/A", "reason": "placeholder", "rows": 1}]
    shown = as_text(run.summary)
    assert "crm:  phone    4  placeholder 3, masked 1" in shown
    assert "[channels.NAME.not_junk]" in shown
    assert "ann.bell" not in str(run.summary)
    real = custid.resolve(
        Channel("crm", table, record_id="id", country="CN", not_junk={"phone": ["13800138000"], "surname": ["N/A"]})
    )
    assert {one["field"]: one["rows"] for one in real.summary["junk"]} == {"phone": 2, "email": 2}

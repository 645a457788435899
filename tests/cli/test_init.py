"""`custid init`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from custid.config import read_config

from .conftest import Custid


def test_what_init_writes_can_be_run_as_it_is(folder: Path, custid: Custid) -> None:
    (folder / "customers.toml").unlink()
    custid("init", "crm.csv", "shop.csv")
    assert custid.code == 0
    assert "then: custid run" in custid.out
    said = tomllib.loads((folder / "customers.toml").read_text())
    assert said["channels"]["crm"]["record_id"] == "contact_id"
    assert said["channels"]["shop"]["columns"]["birthday"] == "birth_date"
    assert json.loads(custid("run", "--json"))["customers"] == 60


def test_each_column_is_explained(folder: Path, custid: Custid) -> None:
    custid("init", "crm.csv", "--output", "new.toml")
    text = (folder / "new.toml").read_text()
    assert 'e-mail = "email"    # 95% sure: ' in text
    assert "then: custid run new.toml" in text


def test_how_values_are_written_is_judged_and_said(folder: Path, custid: Custid) -> None:
    (folder / "new.csv").write_text("id,dob,性别\n1,3/5/1980,1\n2,28/2/1977,2\n")
    custid("init", "new.csv", "--output", "new.toml")
    text = (folder / "new.toml").read_text()
    assert "day_first  = true    # 3/5/1980: 1 of its dates have a first number over 12, and 0 a second" in text
    assert 'sexes      = { 1 = "m", 2 = "f" }    # its codes are those of ISO 5218' in text
    [new] = read_config(folder / "new.toml").channels
    assert (new.day_first, new.sexes) == (True, {"1": "m", "2": "f"})


def test_a_file_that_is_there_is_not_written_over_unless_forced(folder: Path, custid: Custid) -> None:
    before = (folder / "customers.toml").read_text()
    assert "--force" in custid.fails("init", "crm.csv")
    assert custid.code == 2
    assert (folder / "customers.toml").read_text() == before
    custid("init", "crm.csv", "--force")
    assert custid.code == 0
    assert (folder / "customers.toml").read_text() != before


def test_strange_column_names_survive(folder: Path, custid: Custid) -> None:
    (folder / "odd.csv").write_text('id,"a ""quoted"" name","two\nlines",电子邮件\n1,x,y,a@b.de\n', encoding="utf-8")
    custid("init", "odd.csv", "--output", "odd.toml")
    assert custid.code == 0
    assert read_config("odd.toml").channels[0].columns["电子邮件"] == "email"


def test_a_file_without_a_key_is_pointed_out(folder: Path, custid: Custid) -> None:
    (folder / "keyless.csv").write_text("name,city\nAnna,Rome\nAnna,Rome\n")
    custid("init", "keyless.csv", "--output", "keyless.toml")
    assert "No key was found for keyless" in custid.out
    assert '# record_id  = ""' in (folder / "keyless.toml").read_text()


def test_the_paths_are_right_from_where_the_file_lies(folder: Path, custid: Custid) -> None:
    (folder / "conf").mkdir()
    custid("init", "crm.csv", "--output", "conf/customers.toml")
    (channel,) = read_config("conf/customers.toml").channels
    assert channel.source == Path("conf/../crm.csv")
    custid("init", str(folder / "shop.csv"), "--output", "conf/customers.toml", "--force")
    (channel,) = read_config("conf/customers.toml").channels
    assert channel.source == folder / "shop.csv"


def test_a_missing_file_is_named_and_nothing_is_written(folder: Path, custid: Custid) -> None:
    assert "there is no file cmr.csv" in custid.fails("init", "cmr.csv", "--output", "new.toml")
    assert custid.code == 1
    assert not (folder / "new.toml").exists()


def test_json_says_what_was_found(folder: Path, custid: Custid) -> None:
    found = json.loads(custid("init", "crm.csv", "--output", "new.toml", "--json"))
    assert found["config"] == "new.toml"
    assert found["channels"][0]["record_id"] == ["contact_id"]


def test_a_preset_is_used_and_written_down(folder: Path, custid: Custid) -> None:
    (folder / "customers_export.csv").write_text("Customer ID,First Name,Zip,Odd\n1,Anna,01234,x\n")
    custid("init", "customers_export.csv", "--preset", "shopify", "--output", "shop.toml")
    assert custid.code == 0
    text = (folder / "shop.toml").read_text()
    assert 'Zip = "postcode"    # 100% sure: preset shopify says so' in text
    (channel,) = read_config("shop.toml").channels
    assert (channel.name, channel.preset, channel.record_id) == ("customers_export", "shopify", "Customer ID")
    assert "Did you mean 'shopify'" in custid.fails(
        "init", "customers_export.csv", "--preset", "shoppify", "--output", "other.toml"
    )


def test_a_folder_and_a_pattern_are_channels_too(folder: Path, custid: Custid) -> None:
    (folder / "exports").mkdir()
    for month in ("01", "02"):
        (folder / "exports" / f"{month}.csv").write_text(f"id,email\n{month},a{month}@x.test\n")
    custid("init", "exports", "exports/0*.csv", "--output", "many.toml")
    assert [channel.name for channel in read_config("many.toml").channels] == ["exports", "exports_2"]
    assert read_config("many.toml").channels[1].source == Path("exports/0*.csv")


def test_presets_are_listed(custid: Custid) -> None:
    assert "企业微信" in custid("presets")
    assert json.loads(custid("presets", "--json"))["zoho"]["columns"]["Last Name"] == "surname"

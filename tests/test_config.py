"""What a customers.toml may say, and what is said of one that is wrong."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from custid.channels import Channel
from custid.config import _CHANNEL_KEYS, read_config
from custid.errors import ConfigError

GOOD = '[channels.crm]\npath = "crm.csv"\n'


def written(folder: Path, text: str, name: str = "customers.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        read_config(written(folder, text))
    return str(refused.value)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, 'registry = "r.db"\noutput = "tables"\n' + GOOD))
    assert config.registry == str(tmp_path / "r.db")
    assert config.output == tmp_path / "tables"
    assert config.channels[0].source == tmp_path / "crm.csv"


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, GOOD))
    assert config.registry == str(tmp_path / "customers.db")
    assert config.output == tmp_path / "out"
    assert config.model is None
    assert config.channels == (Channel("crm", tmp_path / "crm.csv"),)


def test_a_url_is_a_registry_too(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, 'registry = "postgresql://db/customers"\n' + GOOD))
    assert config.registry == "postgresql://db/customers"


def test_every_setting_of_a_channel_arrives(tmp_path: Path) -> None:
    text = """
    [channels.crm]
    path = "crm.csv"
    record_id = ["country", "number"]
    kind = "delta"
    deleted = "gone"
    updated_at = "modified"
    preset = "shopify"
    format = "csv"
    encoding = "gb18030"
    delimiter = ";"
    country = "CN"
    retire_share_max = 1
    [channels.crm.columns]
    "电子邮件" = "email"
    """
    (channel,) = read_config(written(tmp_path, text)).channels
    assert channel == Channel(
        "crm",
        tmp_path / "crm.csv",
        record_id=("country", "number"),
        columns={"电子邮件": "email"},
        preset="shopify",
        kind="delta",
        deleted="gone",
        updated_at="modified",
        format="csv",
        encoding="gb18030",
        delimiter=";",
        country="CN",
        retire_share_max=1,
    )


def test_the_keys_of_a_channel_are_the_fields_of_the_class() -> None:
    expected = {field.name for field in fields(Channel)} - {"name", "source"} | {"path"}
    assert set(_CHANNEL_KEYS) == expected


def test_channels_keep_the_order_of_the_file(tmp_path: Path) -> None:
    text = "".join(f'[channels.{name}]\npath = "x.csv"\n' for name in ("shop", "crm", "app"))
    config = read_config(written(tmp_path, text))
    assert [channel.name for channel in config.channels] == ["shop", "crm", "app"]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "customers.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_config(path).channels[0].name == "crm"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('regsitry = "x"\n' + GOOD, ["unknown key 'regsitry'", "Did you mean 'registry'?"]),
        (GOOD + 'recordid = "id"\n', ["[channels.crm]", "unknown key 'recordid'", "'record_id'"]),
        (GOOD + "zzz = 1\n", ["unknown key 'zzz'", "Known: path, record_id"]),
        ("output = 3\n" + GOOD, ["output must be text in quotes; it is 3"]),
        (GOOD + "kind = true\n", ["[channels.crm]: kind must be text in quotes; it is true"]),
        (GOOD + "record_id = [1]\n", ["record_id must be text or a list of texts; it is [1]"]),
        (GOOD + "retire_share_max = 20\n", ["a number from 0 to 1; it is 20"]),
        (GOOD + 'columns = "email"\n', ["columns must be a table"]),
        (GOOD + "[channels.crm.columns]\nmail = 1\n", ["[channels.crm.columns]", "'mail' must be text"]),
        (GOOD + 'kind = "snapshots"\n', ["there is no kind 'snapshots'", "Did you mean 'snapshot'?"]),
        (GOOD + 'format = "xlsx"\n', ["there is no format 'xlsx'", "Known: csv, parquet"]),
        ("[channels.crm]\n", ["[channels.crm]: no path", 'path = "crm.csv"']),
        ('[channels]\ncrm = "crm.csv"\n', ["channel 'crm' must be a table"]),
        ('[channels."CRM 1"]\npath = "x.csv"\n', ["channel name 'CRM 1' does not fit"]),
        ('registry = "x.db"\n', ["names no channels", "custid init"]),
        ("", ["names no channels"]),
        ("[channels.crm\n", ["is not valid TOML", "line 1"]),
        (
            '[channels.crm]\npath = "C:\\data\\crm.csv"\n',
            ["is not valid TOML", "line 2", "with / instead of \\"],
        ),
        ('model = "model.toml"\n' + GOOD, ["model.toml cannot be read", "leave it out"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_way_out(tmp_path: Path, text: str, said: list[str]) -> None:
    message = refusal(tmp_path, text)
    assert "customers.toml" in message
    for part in said:
        assert part in message


def test_a_mistake_in_the_model_file_names_that_file(tmp_path: Path) -> None:
    written(tmp_path, "comparisions = []\nblocking = []\n", "model.toml")
    message = refusal(tmp_path, 'model = "model.toml"\n' + GOOD)
    assert "model.toml" in message
    assert "comparisons" in message


def test_a_model_file_is_read(tmp_path: Path) -> None:
    written(tmp_path, "comparisons = []\nblocking = []\nmatch_threshold = 3.5\n", "model.toml")
    config = read_config(written(tmp_path, 'model = "model.toml"\n' + GOOD))
    assert config.model is not None
    assert config.model.match_threshold == 3.5


def test_a_missing_file_is_said_with_its_nearest_name(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    with pytest.raises(ConfigError, match=r"there is no file .*custmers\.toml\. Did you mean .*customers\.toml"):
        read_config(tmp_path / "custmers.toml")


def test_a_file_that_is_not_utf_8_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "customers.toml"
    path.write_bytes("# 客户\n".encode("gb18030"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_config(path)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path)


def test_a_format_of_customer_codes_arrives(tmp_path: Path) -> None:
    area = 'area = { field = "region", codes = { "上海" = "31" }, default = "00" }'
    codes = f'[codes]\nformat = "{{area:2}}{{serial:4}}"\n{area}\n'
    declared = read_config(written(tmp_path, codes + GOOD)).codes
    assert declared is not None
    assert (declared.width, declared.fields) == (6, ["region"])
    assert read_config(written(tmp_path, GOOD)).codes is None


def test_a_format_that_names_a_personal_field_is_refused_where_it_stands(tmp_path: Path) -> None:
    codes = '[codes]\nformat = "{who:9}{serial:4}"\nwho = { field = "email", default = "000000000" }\n'
    message = refusal(tmp_path, codes + GOOD)
    assert "customers.toml, [codes]: " in message
    assert "'email', which tells who or where a person is" in message

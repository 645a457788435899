"""Presets: every file of them, and what a channel says with one."""

from __future__ import annotations

import pyarrow as pa
import pytest

from custid.channels import Channel, Reading, decisions_of, look, read, said_by
from custid.channels.presets import load_preset, parse_preset, preset_names
from custid.channels.roles import compact
from custid.errors import ConfigError
from custid.standardize.fields import kind_of

NAMES = preset_names()


def table(**columns: list[str | None]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def taken(source: pa.Table, preset: str, **options: object) -> Reading:
    return read(Channel("crm", source, preset=preset, **options))  # type: ignore[arg-type]


# --- every preset file --------------------------------------------------------------------------------------


def test_all_promised_systems_are_there() -> None:
    assert {
        "salesforce_contact", "salesforce_lead", "hubspot", "zoho", "dynamics", "sap_business_partner", "shopify",
        "stripe", "woocommerce", "mailchimp", "zendesk", "fxiaoke", "xiaoshouyi", "yonyou_u8", "dingtalk_crm", "wecom",
        "youzan",
    } <= set(NAMES)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_file_is_sound(name: str) -> None:
    preset = load_preset(name)
    assert preset.title
    assert preset.documented
    assert preset.record_id
    assert preset.columns
    assert len({compact(column) for column in preset.columns}) == len(preset.columns), "a column is named twice"
    assert all(field == "" or kind_of(field) or field.isidentifier() for field in preset.columns.values())
    assert any(kind_of(field) for field in preset.columns.values())
    assert set(preset.expected) <= set(preset.columns.values())
    assert set(preset.links.values()) <= set(NAMES)
    known = {compact(column) for column in preset.columns}
    assert {compact(column) for column in (*preset.links, "x") if column != "x"} - known <= {
        compact("Converted Contact ID")
    }
    assert preset.country is None or len(preset.country) == 2


@pytest.mark.parametrize("name", NAMES)
def test_an_export_is_read_whatever_the_order_and_spelling_of_its_columns(name: str) -> None:
    preset = load_preset(name)
    key = preset.record_id[0]
    columns = [key, *(column for column in preset.columns if compact(column) != compact(key))]
    values = {column: [f"{number}-{column}" for number in range(3)] for column in columns}
    straight = taken(pa.table({**values, "More": ["x", "y", "z"]}), name)
    turned = taken(pa.table({column.upper().replace(" ", "_"): values[column] for column in reversed(columns)}), name)
    assert straight.records["record_id"].to_pylist() == [f"{number}-{key}" for number in range(3)]
    for field in {field for field in preset.columns.values() if field}:
        assert straight.records[field].to_pylist() == turned.records[field].to_pylist(), field
    assert straight.records["more"].to_pylist() == ["x", "y", "z"]
    assert not any("expects columns" in note for note in straight.notes)


@pytest.mark.parametrize("name", NAMES)
def test_init_shows_what_a_preset_found(name: str) -> None:
    preset = load_preset(name)
    seen = look(
        Channel("c", table(**{column: ["1"] for column in [preset.record_id[0], *preset.columns]}), preset=name)
    )
    assert {role.confidence for role in seen.roles if role.reason == f"preset {name} says so"} == {1.0}


# --- forgiving ----------------------------------------------------------------------------------------------


def test_what_is_expected_and_not_there_is_said() -> None:
    reading = taken(table(Id=["1"], Email=["a@b.de"]), "salesforce_contact")
    (note,) = [note for note in reading.notes if "expects columns" in note]
    assert "surname (Last Name)" in note
    assert "email" not in note


def test_a_column_named_by_the_user_is_not_missed() -> None:
    reading = taken(table(nr=["1"], mail=["a@b.de"]), "shopify", record_id="nr", columns={"mail": "email"})
    assert not any("expects columns" in note and "email" in note for note in reading.notes)


def test_a_preset_of_another_system_is_noticed() -> None:
    reading = taken(table(nr=["1"], farbe=["rot"]), "mailchimp", record_id="nr")
    assert any("is it the right preset?" in note for note in reading.notes)


def test_a_preset_answers_to_the_name_of_its_system() -> None:
    assert load_preset("企业微信").name == "wecom"
    assert taken(table(external_userid=["wm1"], 手机=["13912345678"]), "企业微信").records["phone"].to_pylist() == [
        "13912345678"
    ]


def test_a_chinese_system_reads_numbers_as_chinese_unless_the_channel_says_otherwise() -> None:
    assert said_by(Channel("c", None, preset="youzan")).country == "CN"
    assert said_by(Channel("c", None, preset="youzan", country="HK")).country == "HK"
    assert said_by(Channel("c", None, preset="shopify")).country is None
    assert said_by(Channel("c", None)).country is None


def test_rows_marked_as_deleted_are_pointed_out_and_gone_in_a_delta() -> None:
    source = table(Id=["1", "2"], **{"Last Name": ["A", "B"]}, IsDeleted=["true", "false"])
    upsert = taken(source, "salesforce_contact")
    assert any("1 rows are marked as deleted in 'IsDeleted'" in note for note in upsert.notes)
    delta = taken(source, "salesforce_contact", kind="delta")
    assert delta.deleted.to_pylist() == ["1"]
    assert not any("marked as deleted" in note for note in delta.notes)


def test_a_guest_order_of_woocommerce_is_a_record_of_its_own() -> None:
    source = table(order_id=["7", "8"], customer_id=["0", "0"], billing_email=["a@b.de", "c@d.de"])
    assert taken(source, "woocommerce").records["record_id"].to_pylist() == ["7", "8"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title =", "damaged"),
        ('title = "x"', "documented"),
        ('title = "x"\ndocumented = "y"\ncolums = 1', "colums"),
        ('title = "x"\ndocumented = "y"\n[columns]\na = 1', "is no text"),
    ],
)
def test_a_damaged_preset_file_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_preset("x", text)


# --- merges an export tells of ------------------------------------------------------------------------------


def test_a_merge_in_salesforce_is_a_fact() -> None:
    source = table(
        Id=["003A", "003B", "003C", "003D"],
        LastName=["A", "B", "C", "D"],
        IsDeleted=["false", "true", "true", "false"],
        MasterRecordId=[None, "003A", "000000000000000AAA", "003D"],
    )
    for kind in ("upsert", "delta"):
        same = taken(source, "salesforce_contact", kind=kind).same
        assert same.to_pylist() == [
            {
                "left_record_id": "003B",
                "right_record_id": "003A",
                "right_preset": None,
                "source": "salesforce_contact: MasterRecordId",
            }
        ]


def test_merged_ids_of_hubspot_are_facts_each_once() -> None:
    source = table(
        **{"Record ID": ["9", "8"], "Email": ["a@b.de", "c@d.de"]},
        hs_merged_object_ids=["1;2; 9", None],
        hs_calculated_merged_vids=["1:1467799127390;3:1468021294341", ""],
    )
    same = taken(source, "hubspot").same
    assert {(row["left_record_id"], row["right_record_id"]) for row in same.to_pylist()} == {
        ("9", "1"),
        ("9", "2"),
        ("9", "3"),
    }


def test_facts_become_decisions_and_a_converted_lead_finds_its_contact() -> None:
    leads = read(
        Channel(
            "leads",
            table(Id=["00Q1", "00Q2"], LastName=["A", "B"], ConvertedContactId=["003A", ""]),
            preset="salesforce_lead",
        )
    )
    contacts = read(
        Channel(
            "sf",
            table(Id=["003A", "003B"], LastName=["A", "A"], MasterRecordId=["", "003A"]),
            preset="salesforce_contact",
        )
    )
    plain = read(Channel("shop", table(id=["1"])))
    decisions, notes = decisions_of([leads, contacts, plain])
    rows = {
        (row["left_channel"], row["left_record_id"], row["right_channel"], row["right_record_id"])
        for row in decisions.to_pylist()
    }
    assert rows == {("leads", "00Q1", "sf", "003A"), ("sf", "003B", "sf", "003A")}
    assert set(decisions["verdict"].to_pylist()) == {"same"}
    assert decisions["actor"].to_pylist() == [
        "salesforce_lead: ConvertedContactId",
        "salesforce_contact: MasterRecordId",
    ]
    assert notes == []
    decisions, notes = decisions_of([leads, plain])
    assert len(decisions) == 0
    assert "preset salesforce_contact, of which there is none" in notes[0]


def test_without_a_preset_there_are_no_facts() -> None:
    assert len(read(Channel("c", table(Id=["1"], MasterRecordId=["2"]))).same) == 0
    decisions, _ = decisions_of([])
    assert decisions.column_names[:5] == [
        "left_channel", "left_record_id", "right_channel", "right_record_id", "verdict"
    ]  # fmt: skip

"""Tables and queries of databases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from custid.channels import Channel, read
from custid.errors import InputError, MissingExtra, UsageError
from custid.testing.postgres import PostgresServer, server

# --- DuckDB -------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema sales; create table sales.customers as select 13800138000 as id, 'a@b.de' as mail, "
            "{'city': 'Rome'} as home, date '1980-01-02' as born"
        )
    return path


def test_a_table_of_a_duckdb_file_is_read(shop: Path) -> None:
    reading = read(Channel("c", f"duckdb:///{shop}", table="sales.customers"))
    row = reading.records.to_pylist()[0]
    assert (row["record_id"], row["email"], row["birth_date"]) == ("13800138000", "a@b.de", "1980-01-02")
    assert row["city"] == "Rome"
    assert reading.format == "duckdb"


def test_a_query_is_read_and_nothing_can_be_written(shop: Path) -> None:
    source = f"duckdb:///{shop}"
    reading = read(Channel("c", source, query="select id, upper(mail) as mail from sales.customers;"))
    assert reading.records["email"].to_pylist() == ["A@B.DE"]
    for bad in ("drop table sales.customers", "select nope from sales.customers", "nonsense"):
        with pytest.raises(InputError, match="cannot be read"):
            read(Channel("c", source, query=bad))
    assert len(read(Channel("c", source, table="sales.customers")).records) == 1


def test_a_database_needs_a_table_or_a_query(shop: Path) -> None:
    for options in ({}, {"table": "a", "query": "select 1"}):
        with pytest.raises(UsageError, match="Say what to read of it"):
            read(Channel("c", f"duckdb:///{shop}", **options))
    with pytest.raises(UsageError, match="encoding= means nothing"):
        read(Channel("c", f"duckdb:///{shop}", table="a", encoding="utf-8"))
    with pytest.raises(InputError, match="there is no DuckDB file"):
        read(Channel("c", "duckdb:///nowhere.db", table="a"))


# --- PostgreSQL ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crm() -> Iterator[tuple[PostgresServer, str]]:
    try:
        with server() as running:
            url = running.fresh()
            running.run(
                "create type mood as enum ('good', 'bad')",
                "create sequence counter",
                'create table "Contacts" (id bigint, mail text, vip bool, born date, at timestamptz, n numeric(6,2), '
                "f float8, tags text[], j jsonb, u uuid, ip inet, m mood, big numeric)",
                """insert into "Contacts" values (13800138000, 'a@b.de', true, '1980-01-02', '2024-01-02 03:04:05.6+08',
                17, 17, '{x,y}', '{"a": 1}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', 'good',
                12345678901234567890123)""",
                """insert into "Contacts" (id, mail, born, at) values (2, '', 'infinity', 'infinity')""",
                url=url,
            )
            yield running, url
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


def test_values_of_postgresql_are_written_as_everywhere(crm: tuple[PostgresServer, str]) -> None:
    reading = read(Channel("c", crm[1], table="Contacts", columns={name: name for name in ("u", "ip", "m", "big")}))
    first, second = reading.records.to_pylist()
    assert (first["record_id"], first["email"], first["vip"]) == ("13800138000", "a@b.de", "true")
    assert (first["birth_date"], first["at"]) == ("1980-01-02", "2024-01-01T19:04:05.6Z")
    assert (first["n"], first["f"], first["tags_2"], first["j"]) == ("17.00", "17", "y", '{"a": 1}')
    assert first["u"] == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    assert (first["m"], first["big"]) == ("good", "12345678901234567890123")
    assert (second["email"], second["birth_date"], second["at"]) == (None, None, None)
    assert "?" not in reading.source


def test_a_query_of_postgresql_may_repeat_names_and_give_nothing(crm: tuple[PostgresServer, str]) -> None:
    assert len(read(Channel("c", crm[1], query='select id, mail, id from "Contacts";')).records) == 2
    assert (
        len(
            read(
                Channel("c", crm[1], query='with x as (select * from "Contacts") select id from x where false')
            ).records
        )
        == 0
    )


def test_postgresql_refuses_in_words_and_is_only_read(crm: tuple[PostgresServer, str]) -> None:
    with pytest.raises(InputError, match='relation "nope" does not exist'):
        read(Channel("c", crm[1], table="nope"))
    with pytest.raises(InputError, match="read-only"):
        read(Channel("c", crm[1], query="select nextval('counter') as id"))


def test_passwords_are_in_no_message() -> None:
    source = "postgresql://ann:geheim@127.0.0.1:1/crm?application_name=alsogeheim"
    channel = Channel("c", source, table="t")
    with pytest.raises(InputError, match="Connection refused") as error:
        read(channel)
    assert "geheim" not in f"{error.value} {channel} {channel.source_name}"


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(MissingExtra, match=r"pip install 'custid\[postgres\]'"):
        read(Channel("c", "postgresql://h/d", table="t"))

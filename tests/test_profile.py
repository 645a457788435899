"""What a profile says of sources, and what it does not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from custid import Channel
from custid.channels import read
from custid.channels.sources import read_source
from custid.cli import app
from custid.profiling import profile
from custid.reports import profile as shown
from custid.reports.text import width
from custid.testing.customers import households

#: What stands in the columns: secret values, with many a rare letter in them.
ROWS = """Id,姓名,手机,E-Mail,生日,身份证号,City,Zip,Notes
A-1,王小明,13812345678,xm.wang@quietmail.com,1980-05-03,11010519491231002X,Xanadu,90210,
A-2,李雷,13800138000,test@test.com,1900-01-01,110105194912310021,Xanadu,90210,N/A
A-3,Zoltan Quux,+44 20 7946 0018,zoltan@quux.org,3/5/80,,Qo,7,call <b>+44 20 7946 0018</b>
A-3,Zoltan Quux,+44 20 7946 0018,zoltan@quux.org,3/5/80,,Qo,7,call mother
A-4,欧阳娜娜,无,bad@@x,2099-01-01,,上海,,
,Nobody,,,,,,,
A-5,short
"""


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("profile") / "crm.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def found(crm: Path) -> dict[str, Any]:
    return profile(Channel("crm", crm))


def column(found: dict[str, Any], name: str) -> dict[str, Any]:
    one: dict[str, Any] = next(column for column in found["columns"] if column["column"] == name)
    return one


def test_it_says_how_a_source_is_written_and_what_was_rejected(found: dict[str, Any]) -> None:
    assert (found["format"], found["encoding"], found["delimiter"]) == ("csv", "utf-8", ",")
    assert (found["rows"], found["readable"], found["records"], found["sampled"]) == (7, 6, 4, False)
    assert found["record_id"] == ["Id"]
    assert {one["reason"]: (one["rows"], one["first"]) for one in found["rejected"]} == {
        "duplicate_record_id": (1, [3]),
        "missing_record_id": (1, [6]),
        "wrong_column_count": (1, [7]),
    }


def test_it_says_per_column_what_it_is_and_how_good_it_is(found: dict[str, Any]) -> None:
    phone = column(found, "手机")
    assert [role["field"] for role in phone["roles"]] == ["phone"]
    assert (phone["filled"], phone["distinct"]) == (5, 4)
    assert phone["junk"] == {"placeholder": 2}
    assert (phone["comparable"]["rows"], phone["comparable"]["of"]) == (2, 4)
    assert column(found, "E-Mail")["comparable"]["rows"] == 2
    numbers = column(found, "身份证号")["comparable"]
    assert (numbers["rows"], numbers["checked"]) == (1, 1)  # the other's check character is wrong
    assert column(found, "生日")["junk"] == {"implausible": 1, "placeholder": 1}
    assert column(found, "生日")["lengths"] == {"min": 6, "median": 10, "max": 10}
    assert column(found, "手机")["patterns"][0] == {"pattern": "+99 99 9999 9999", "share": 0.4}
    assert column(found, "Notes")["junk"] == {"placeholder": 1}


def test_no_value_is_told_that_is_somebodys(found: dict[str, Any]) -> None:
    for page in (json.dumps(found, ensure_ascii=False), shown.as_text([found]), shown.as_html([found])):
        for secret in ("小明", "雷", "13812345678", "12345", "wang", "quiet", "1980", "Zoltan", "zoltan", "uux", "7946",
                       "mother", "110105", "A-3", "Xanadu", "Qo", "90210", "b@@x", "2099"):  # fmt: skip
            assert secret not in page
        assert "李**" in page
        assert "442****0018" in page
        assert "13800138000" in page  # a placeholder is nobody's


def test_what_many_share_is_told_where_it_names_nobody() -> None:
    rows = {
        "id": [str(n) for n in range(60)],
        "city": ["Lyon"] * 30 + ["Brno"] * 5 + ["Graz"] * 25,
        "email": ["desk@office.org"] * 60,
        "state_of_order": ["open"] * 40 + ["closed"] * 20,
        "remark": ["call 0171 2345678"] * 60,
    }
    found = profile(Channel("crm", pa.table(rows)))
    assert column(found, "city")["top"] == [
        {"value": "Lyon", "rows": 30}, {"value": "Graz", "rows": 25}, {"value": "B**", "rows": 5}
    ]  # fmt: skip
    assert column(found, "email")["top"] == [{"value": "d***@o***.org", "rows": 60}]
    assert [one["value"] for one in column(found, "state_of_order")["top"]] == ["open", "closed"]
    assert "2345678" not in json.dumps(found)


def test_text_fits_a_hundred_columns_and_moves_no_cursor(found: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / ("n" * 90 + ".csv")
    names = ["\x1b[31m" + "x" * 80, "客户" * 40, "ok"]
    path.write_text(",".join(names) + "\n" + "\x1b]0;t\x07,\u202egnp,1\n" * 3, encoding="utf-8")
    for one in (found, profile(Channel("other", path))):
        text = shown.as_text([one])
        assert max(map(width, text.splitlines()[1:])) <= 100
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", text)


def test_the_page_escapes_what_it_shows_and_asks_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "<img src=x>.csv"
    path.write_text("id,<script>alert(1)</script>\n" + '1,"<b onload=x>"\n' * 2)
    page = shown.as_html([profile(Channel("evil", path)), {"source": "<i>", "refused": "<u>"}])
    assert not re.search(r"<(script|img|b onload|i>|u>|link)", page.split("</style>")[1].replace('<i style="', ""))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search(r" src=|url\(|@import|https?:", page.replace("&lt;img src=x&gt;", ""))


BAD = {
    "header only": b"id,email\n",
    "only nulls": b"id,email\n" + b"1,\n2,\n",
    "nothing but a key": b"id\n1\n",
    "latin-1": "id,name\n1,J\u00fcrgen\n".encode("latin-1"),
    "utf-16": "id,name\n1,王小明\n".encode("utf-16"),
    "NUL bytes": b"id,name\n1,A\0nn\n",
    "bytes that are no characters": b"id,name\n" + b"1,Ann\n" * 300 + b"2,\xff\xfe\x80\n",
    "a huge cell": b"id,note\n1," + b"x" * 2_000_000 + b"\n2,y\n",
    "ragged": b"id,a\n1\n2,3,4\n5,6\n",
    "no key": b"a,b\nx,y\nx,y\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_told_of(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(BAD[name])
    found = profile(Channel("bad", path))
    assert found["rows"] == found["looked_at"] + sum(
        one["rows"]
        for one in found["rejected"]
        if one["reason"] in ("wrong_column_count", "undecodable", "overlong_value")
    )
    assert all(0 <= one["of"] <= found["readable"] for one in found["columns"])
    assert shown.as_text([found])
    assert shown.as_html([found])


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    """The same 4,000 people in several formats; every third has no e-mail, some lines are no rows."""
    folder = tmp_path_factory.mktemp("long")
    people = households(300, seed=4).records.select(["record_id", "surname", "email"])
    table = pa.concat_tables([people] * 8).slice(0, 4_000)
    numbered = [str(number) for number in range(len(table))]
    emails = [None if n % 3 == 0 else f"{n}@mail.test" for n in range(len(table))]
    table = pa.table({"record_id": numbered, "surname": table["surname"], "email": emails})
    pq.write_table(table, folder / "long.parquet")
    rows = [f"{n},{s or ''},{e or ''}" for n, s, e in zip(*table.to_pydict().values(), strict=True)]
    (folder / "long.csv").write_text(
        "\n".join(["record_id,surname,email", *rows[:100], "short", *rows[100:], "x"]) + "\n"
    )
    lines = [json.dumps(row) for row in table.to_pylist()]
    (folder / "long.jsonl").write_text("\n".join([*lines[:50], "no json", *lines[50:]]) + "\n")
    return folder, table


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_large_source_is_looked_at_by_a_sample_that_is_said_to_be_one(form: str, long: tuple[Path, pa.Table]) -> None:
    folder, table = long
    found = profile(Channel("crm", folder / f"long.{form}"), rows_max=500)
    assert found["sampled"]
    assert 500 <= found["looked_at"] <= 1_000
    assert (found["rows"], found["readable"]) == (len(table) + {"csv": 2, "jsonl": 1, "parquet": 0}[form], len(table))
    email = column(found, "email")
    assert email["filled"] == len(table) - table["email"].null_count
    assert email["of"] == email["distinct"] < 800
    assert f"a sample of {found['looked_at']:,} rows" in shown.as_text([found])
    assert f"a sample of {found['looked_at']:,} rows" in shown.as_html([found])


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_sample_has_the_rows_it_says_by_number(form: str, long: tuple[Path, pa.Table]) -> None:
    folder, _ = long
    channel = Channel("crm", folder / f"long.{form}")
    whole, some = (read_source(channel, lambda *_: None, rows_max) for rows_max in (None, 300))
    names = dict(zip(whole.numbers.tolist(), whole.table["record_id"].to_pylist(), strict=True))
    assert [names[number] for number in some.numbers.tolist()] == some.table["record_id"].to_pylist()
    assert some.seen == len(whole.table)


def test_many_files_are_one_sample(long: tuple[Path, pa.Table]) -> None:
    folder, table = long
    found = profile(Channel("all", str(folder / "long.*")), rows_max=900)
    assert found["sampled"]
    assert found["looked_at"] <= 1_800
    assert found["readable"] == 3 * len(table)
    assert column(found, "email")["filled"] == 3 * (len(table) - table["email"].null_count)


def test_a_profile_of_all_rows_counts_as_a_run_reads(long: tuple[Path, pa.Table]) -> None:
    channel = Channel("crm", long[0] / "long.csv")
    found, reading = profile(channel), read(channel)
    assert not found["sampled"]
    assert (found["rows"], found["records"]) == (reading.rows_read, len(reading.records))


def test_the_command_shows_files_writes_a_page_and_names_what_it_cannot_read(crm: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    page = tmp_path / "profile.html"
    runner = CliRunner()
    both = runner.invoke(app, ["profile", "-q", str(crm), str(tmp_path / "empty.csv")])
    assert both.exit_code == 1
    assert "身份证号" in both.stdout
    assert "cannot be read" in both.stdout
    assert runner.invoke(app, ["profile", "-q", str(crm), "--html", str(page)]).exit_code == 0
    assert "身份证号" in page.read_text(encoding="utf-8")
    told = json.loads(runner.invoke(app, ["profile", "-q", str(crm), "--json"]).stdout)
    assert told["sources"][0]["rows"] == 7


def test_a_configured_channel_is_looked_at_as_declared(crm: Path, tmp_path: Path) -> None:
    config = tmp_path / "customers.toml"
    config.write_text(
        f'[channels.crm]\npath = "{crm.as_posix()}"\nrecord_id = "Id"\n[channels.crm.columns]\nCity = "region"\n',
        encoding="utf-8",
    )
    told = json.loads(CliRunner().invoke(app, ["profile", "-q", str(config), "--json"]).stdout)
    assert column(told["sources"][0], "City")["roles"][0]["field"] == "region"

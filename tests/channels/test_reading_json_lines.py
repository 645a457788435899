"""JSON lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custid.channels import Channel, Reading, read
from custid.errors import InputError


def lines(folder: Path, data: bytes | str, name: str = "a.jsonl", **options: object) -> Reading:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    reading = read(Channel("c", folder / name, record_id="id", **options))  # type: ignore[arg-type]
    assert reading.rows_read == len(reading.records) + len(reading.deleted) + len(reading.rejects)
    return reading


def test_objects_become_rows_and_numbers_keep_their_digits(tmp_path: Path) -> None:
    reading = lines(
        tmp_path,
        '{"id": 12345678901234567890, "phone": 13800138000, "x": 17.0, "y": 1.50, "on": true, "nothing": null}\n'
        '{"id": 1.38e10, "phone": "+49 30 1", "x": 0.1, "on": false, "s": ""}\n',
    )
    first, second = reading.records.to_pylist()
    assert (first["record_id"], first["phone"], first["x"], first["y"]) == (
        "12345678901234567890",
        "13800138000",
        "17",
        "1.50",
    )
    assert (second["record_id"], second["x"], second["on"], second["s"]) == ("13800000000", "0.1", "false", None)
    assert (reading.format, reading.encoding) == ("jsonl", "utf-8")


def test_nested_values_become_columns(tmp_path: Path) -> None:
    reading = lines(
        tmp_path,
        '{"id": 1, "address": {"city": "Rome", "geo": {"lat": 1}}, "phones": [{"number": "5"}, {"number": "6"}]}\n'
        '{"id": 2, "address": "Via Appia 1", "tags": ["a", "b", "c", "d", "e", "f", "g"], "none": [], "e": {}}\n',
    )
    first, second = reading.records.to_pylist()
    assert (first["city"], first["address_geo_lat"], first["phones_2_number"]) == ("Rome", "1", "6")
    assert (second["address"], second["tags_5"], second["tags_more"]) == ("Via Appia 1", "e", '["f", "g"]')


def test_lines_that_are_no_objects_are_rejects_with_their_line_number(tmp_path: Path) -> None:
    reading = lines(tmp_path, '{"id": 1}\n\n[1]\n{"id": 2\n"x"\n{"id": 3}\n{"id": 4} {"id": 5}')
    assert reading.records["record_id"].to_pylist() == ["1", "3"]
    assert [(row["row"], row["reason"]) for row in reading.rejects.to_pylist()] == [
        (3, "no_json_object"),
        (4, "no_json_object"),
        (5, "no_json_object"),
        (7, "no_json_object"),
    ]


def test_columns_met_late_are_empty_before(tmp_path: Path) -> None:
    text = "".join(f'{{"id": {number}}}\n' for number in range(25_000)) + '{"id": "z", "mail": "a@b.de"}\n'
    records = lines(tmp_path, text).records
    assert records["email"].null_count == 25_000
    assert records["email"][25_000].as_py() == "a@b.de"


def test_other_encodings_and_packed_files_are_read(tmp_path: Path) -> None:
    text = '{"id": "1", "姓名": "张伟"}\n{"id": "2", "姓名": "欧阳娜娜"}\n'
    for data in (text.encode("gb18030"), text.encode("utf-8-sig"), text.encode("utf-16"), gzip.compress(text.encode())):
        assert lines(tmp_path, data).records["full_name"].to_pylist() == ["张伟", "欧阳娜娜"]


def test_half_a_character_is_none(tmp_path: Path) -> None:
    assert lines(tmp_path, '{"id": 1, "x": "\\ud83d!"}\n').records["x"].to_pylist() == ["?!"]


def test_what_is_no_json_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one JSON array"):
        lines(tmp_path, '[{"id": 1}]', "a.json")
    with pytest.raises(InputError, match="holds no JSON object"):
        lines(tmp_path, "id,name\n1,x\n")
    with pytest.raises(InputError, match="holds no JSON object"):
        lines(tmp_path, "\n\n")
    with pytest.raises(InputError, match="columns, more than"):
        lines(
            tmp_path, "".join(json.dumps({"id": n, **{f"k{n}_{m}": 1 for m in range(600)}}) + "\n" for n in range(20))
        )
    with pytest.raises(InputError):
        lines(tmp_path, "[" * 100_000)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=30)
@given(st.lists(st.dictionaries(st.text(max_size=4), _JSON, max_size=4), min_size=1, max_size=6))
def test_any_objects_are_read_and_counted(
    tmp_path_factory: pytest.TempPathFactory, objects: list[dict[str, object]]
) -> None:
    text = "".join(json.dumps({**one, "id": number}) + "\n" for number, one in enumerate(objects))
    reading = lines(tmp_path_factory.mktemp("json"), text)
    assert len(reading.records) == len(objects)

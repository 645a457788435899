"""One customer's story: together after a merge, apart after a split, as it was at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import custid
from custid import Channel, Interactions, UnknownCustomer, UsageError
from custid.registries.base import Registry
from custid.story.timeline import TIMELINE

ANN = {"id": "A1", "name": "Ann Archer", "mail": "ann@mail.test", "tel": "+44 20 7946 0001"}
BO = {"id": "B1", "name": "Bo Baker", "mail": "bo@mail.test", "tel": "+44 20 7946 0002"}
CY = {"id": "C1", "name": "Cy Cooper", "mail": "cy@mail.test", "tel": "+44 20 7946 0003"}
COLUMNS = {"name": "full_name", "mail": "email", "tel": "phone"}
#: Interactions of long ago, and one that is still to come.
ROWS = [
    {"who": "A1", "mail": None, "at": datetime(2021, 1, 1), "total": 10.0, "what": "pen", "note": "blue"},
    {"who": "B1", "mail": None, "at": datetime(2021, 2, 1), "total": 20.5, "what": "ink", "note": None},
    {"who": "A1", "mail": None, "at": datetime(2021, 3, 1), "total": 5.0, "what": "cap", "note": ""},
    {"who": None, "mail": "Bo@Mail.test", "at": datetime(2021, 4, 1), "total": None, "what": "asked", "note": None},
    {"who": "C1", "mail": None, "at": datetime(2021, 5, 1), "total": 1.0, "what": "clip", "note": None},
    {"who": "A1", "mail": None, "at": datetime(2099, 1, 1), "total": 1.0, "what": "to come", "note": None},
    {"who": "A1", "mail": None, "at": None, "total": 1.0, "what": "never", "note": None},
]


def orders(source: Any, **options: Any) -> Interactions:
    settings = {"at": "at", "kind": "order", "channel": "crm", "record_id": "who", "email": "mail", "amount": "total"}
    return Interactions("orders", source, **{**settings, "currency": "EUR", "text": ("what", "note"), **options})


def run(registry: Registry, *people: dict[str, str], kind: str = "upsert") -> int:
    table = pa.Table.from_pylist(list(people))
    channel = Channel("crm", table, record_id="id", columns=COLUMNS, kind=kind, retire_share_max=1.0)  # type: ignore[arg-type]
    run_id = custid.resolve(channel, registry=registry).run_id
    assert run_id is not None
    return run_id


def bought(told: pa.Table) -> list[str]:
    return [row["text"] for row in told.to_pylist() if row["interactions"]]


def became(told: pa.Table) -> list[str]:
    return [row["kind"] for row in told.to_pylist() if not row["interactions"]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Ann and Bo, two customers (run 1), are merged (run 2), and parted again (run 3)."""
    registry = custid.connect(
        tmp_path_factory.mktemp("lived") / "c.db", interactions=[orders(pa.Table.from_pylist(ROWS))]
    )
    run(registry, ANN, BO, CY)
    ann, bo = ids(registry, "A1", "B1")
    registry.merge([ann, bo], actor="steward")
    run(registry, ANN, BO, CY)
    registry.unmerge(bo, actor="steward")
    run(registry, ANN, BO, CY)
    return registry


def ids(registry: Registry, *record_ids: str) -> list[str]:
    found = [registry.lookup("crm", record_id, as_of=1) for record_id in record_ids]
    return [one for one in found if one is not None]


def test_after_a_merge_all_history_is_together_and_after_a_split_it_parts_again(lived: Registry) -> None:
    ann, bo = ids(lived, "A1", "B1")
    now = bought(lived.timeline(ann))
    assert now == ["pen · blue", "cap", "to come"]
    assert bought(lived.timeline(bo)) == ["ink", "asked"]
    assert bought(lived.timeline(ann, as_of=1)) == ["pen · blue", "cap"]
    assert bought(lived.timeline(bo, as_of=1)) == ["ink", "asked"]
    for customer_id in (ann, bo):  # the one given up leads to the other
        assert bought(lived.timeline(customer_id, as_of=2)) == ["pen · blue", "ink", "cap", "asked"]


def test_what_became_of_the_customer_stands_among_what_it_did(lived: Registry) -> None:
    ann, bo = ids(lived, "A1", "B1")
    assert became(lived.timeline(ann, as_of=1)) == ["created"]
    assert became(lived.timeline(ann)) == ["created", "absorbed", "released"]
    assert became(lived.timeline(bo)) == ["created", "merged", "restored"]
    told = lived.timeline(ann).to_pylist()
    assert [row["at"] for row in told] == sorted(row["at"] for row in told)
    assert told[-1]["text"] == "to come"
    assert f"{bo} was merged into it, bringing crm:B1 (decision" in next(
        row["text"] for row in told if row["kind"] == "absorbed"
    )


def test_a_row_says_when_what_where_how_much_and_by_what_it_is_the_customers(lived: Registry) -> None:
    told = lived.timeline(ids(lived, "B1")[0])
    assert told.schema.equals(TIMELINE)
    first, second = (row for row in told.to_pylist() if row["interactions"])
    assert first == {
        "at": datetime(2021, 2, 1, tzinfo=UTC), "kind": "order", "interactions": "orders", "channel": "crm",
        "by": "record", "key": "B1", "amount": pa.scalar("20.5").cast(pa.decimal128(18, 4)).as_py(), "currency": "EUR",
        "text": "ink", "run_id": None,
    }  # fmt: skip
    assert (second["by"], second["key"], second["amount"]) == ("email", "Bo@Mail.test", None)


def test_as_of_an_instant_nothing_later_is_told(lived: Registry) -> None:
    first, second = lived.runs()["committed_at"].to_pylist()[:2]
    ann = ids(lived, "A1")[0]
    between = lived.timeline(ann, as_of=second - timedelta(microseconds=1))
    assert (bought(between), became(between)) == (["pen · blue", "cap"], ["created"])
    assert len(lived.timeline(ann, as_of=first - timedelta(seconds=1))) == 0


def test_a_wrong_question_is_refused(lived: Registry) -> None:
    ann = ids(lived, "A1")[0]
    with pytest.raises(UnknownCustomer):
        lived.timeline("C7K2M-9QD4X-G")
    with pytest.raises(UnknownCustomer, match="no run 9; the last one is run 3"):
        lived.timeline(ann, as_of=9)
    with pytest.raises(UsageError, match="no time zone"):
        lived.timeline(ann, as_of=datetime(2024, 1, 1))
    with pytest.raises(UsageError, match=r"use custid\.connect"):
        custid.registries.connect(lived.location).timeline(ann)


def test_without_interactions_a_story_is_what_became_of_the_customer(lived: Registry) -> None:
    told = custid.connect(lived.location).timeline(ids(lived, "A1")[0])
    assert (bought(told), became(told)) == ([], ["created", "absorbed", "released"])


def test_measures_and_stories_agree_on_what_counts(lived: Registry) -> None:
    told = orders(pa.Table.from_pylist(ROWS))
    as_of = datetime(2098, 1, 1, tzinfo=UTC)
    for run_id in (1, 2, None):
        found = custid.measure(lived, [told], as_of=as_of, ids_as_of=run_id).customers.to_arrow().to_pylist()
        assert len(found) == (2 if run_id == 2 else 3)
        for row in found:
            story = lived.timeline(row["customer_id"], as_of=run_id if run_id else as_of)
            assert row["interactions"] == len(bought(story))


def test_a_record_that_is_gone_takes_its_interactions_along_until_it_is_back(tmp_path: Path) -> None:
    told = orders(pa.Table.from_pylist(ROWS))
    registry = custid.connect(tmp_path / "c.db", interactions=[told])
    run(registry, ANN, BO, CY, kind="snapshot")
    run(registry, BO, CY, kind="snapshot")
    ann = ids(registry, "A1")[0]
    assert (bought(registry.timeline(ann)), became(registry.timeline(ann))) == ([], ["created", "retired"])
    assert bought(registry.timeline(ann, as_of=1)) == ["pen · blue", "cap"]
    counts = custid.measure(registry, [told], as_of=datetime(2024, 1, 1, tzinfo=UTC)).counts.to_arrow().to_pylist()
    assert {row["outcome"]: row["rows"] for row in counts} == {
        "counted": 3, "unlinked_record": 2, "later": 1, "no_time": 1,
    }  # fmt: skip


def test_interactions_of_somebody_erased_are_of_nobody(tmp_path: Path) -> None:
    told = orders(pa.Table.from_pylist(ROWS))
    registry = custid.connect(tmp_path / "c.db", interactions=[told])
    run(registry, ANN, BO, CY)
    bo = ids(registry, "B1")[0]
    registry.erase(bo, actor="officer")
    assert (bought(registry.timeline(bo)), became(registry.timeline(bo))) == ([], ["created", "erased"])
    assert bought(registry.timeline(bo, as_of=1)) == []
    counts = custid.measure(registry, [told], as_of=datetime(2024, 1, 1, tzinfo=UTC)).counts.to_arrow().to_pylist()
    assert {row["outcome"]: row["rows"] for row in counts} == {
        "counted": 3, "unknown_record": 1, "unknown_email": 1, "later": 1, "no_time": 1,
    }  # fmt: skip


def test_a_value_that_several_customers_have_is_nobodys(tmp_path: Path) -> None:
    told = orders(pa.Table.from_pylist([{**ROWS[3], "mail": "desk@mail.test"}, {**ROWS[3], "mail": "bo@mail.test"}]))
    registry = custid.connect(tmp_path / "c.db", interactions=[told])
    run(registry, {**ANN, "mail": "desk@mail.test"}, {**CY, "mail": "desk@mail.test"}, BO)
    ann, bo, cy = ids(registry, "A1", "B1", "C1")
    assert len({ann, bo, cy}) == 3
    assert [len(bought(registry.timeline(one))) for one in (ann, bo, cy)] == [0, 1, 0]


def test_files_are_told_like_frames_and_of_an_id_the_last_row(tmp_path: Path) -> None:
    rows = [{**ROWS[0], "no": "1"}, {**ROWS[2], "no": "2"}, {**ROWS[0], "no": "1", "what": "pencil"}]
    table = pa.Table.from_pylist(rows)
    pq.write_table(table.set_column(2, "at", table["at"].cast(pa.timestamp("us"))), tmp_path / "orders.parquet")
    pa.csv.write_csv(table, tmp_path / "orders.csv")
    location = tmp_path / "c.db"
    run(custid.connect(location), ANN, BO)
    stories = [
        custid.connect(location, interactions=[orders(source, id="no")]).timeline(
            ids(custid.connect(location), "A1")[0]
        )
        for source in (table, tmp_path / "orders.parquet", tmp_path / "orders.csv")
    ]
    assert bought(stories[0]) == ["pencil · blue", "cap"]
    assert stories[0].equals(stories[1])
    assert stories[0].equals(stories[2])

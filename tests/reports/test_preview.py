"""What a run would change, shown as data and in words."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from custid import schemas
from custid.identity.assign import assign
from custid.identity.events import former, replay
from custid.identity.evidence import TIES
from custid.reports.preview import PREVIEW, as_text, preview

Row = dict[str, Any]


def changed(*runs: str, ties: list[tuple[int, int, float | None]] = ()) -> pa.Table:  # type: ignore[assignment]
    """The events of the last run, with names; a run is its clusters, as `"1 2 | 3"`. A tie without bits is a decision.

    Ids are A, B, C … in the order of issue; record 1 is crm:1.
    """
    events = schemas.empty(schemas.EVENTS)
    known = pa.Table.from_pylist(
        [
            {"evidence_left": left, "evidence_right": right}
            | (
                {"match_weight": bits, "levels": "email:equal unit:missing"}
                if bits is not None
                else {"decision_id": 7, "verdict": "different"}
            )
            for left, right, bits in ties
        ],
        schema=TIES,
    )
    for run_id, text in enumerate(runs, 1):
        links, customers = replay(events)
        free = list("ABCDEFGHIJKLMNOP"[len(customers) :])
        partition = {int(key): label for label, group in enumerate(text.split("|")) for key in group.split()}
        done = assign(
            run_id=run_id,
            next_seq=len(events) + 1,
            next_minted=len(customers) + 1,
            clusters=pa.table(
                {"record_key": list(partition), "cluster": list(partition.values())}, schema=schemas.CLUSTERS
            ),
            links=links,
            former=former(events),
            customers=customers,
            evidence=known if run_id == len(runs) else None,
            mint=lambda count, free=free: free[:count],  # type: ignore[misc]
        )
        events = pa.concat_tables([events, done.events])
    last = events.filter(pc.equal(events["run_id"], len(runs)))
    for key, prefix in (("record_key", ""), ("evidence_left", "left_"), ("evidence_right", "right_")):
        keys = last[key].to_pylist()
        last = last.append_column(f"{prefix}channel", pa.array([key and "crm" for key in keys], pa.string()))
        last = last.append_column(f"{prefix}record_id", pa.array([key and str(key) for key in keys], pa.string()))
    return last


def rows(events: pa.Table) -> list[str]:
    """Each row of a preview as `what customer other: records`."""
    return [
        f"{row['what']} {row['customer_id']} {row['other_id'] or '-'}: {' '.join(row['records'])}".replace("crm:", "")
        for row in preview(events).to_pylist()
    ]


def test_new_customers_come_with_their_records() -> None:
    assert rows(changed("1 2 | 3")) == ["created A -: 1 2", "created B -: 3"]


def test_a_merge_is_told_of_the_customer_that_is_given_up() -> None:
    assert rows(changed("1 2 | 3 4", "1 2 3 4")) == ["merged B A: 3 4"]


def test_a_split_is_told_of_the_customer_that_loses_records() -> None:
    assert rows(changed("1 2 3", "1 2 | 3")) == ["split A B: 3"]


def test_an_undone_merge_is_told_of_the_customer_that_lives_again() -> None:
    assert rows(changed("1 2 | 3 4", "1 2 3 4", "1 2 | 3 4")) == ["restored B A: 3 4"]


def test_what_is_gone_and_what_comes_back() -> None:
    assert rows(changed("1 2 | 3", "1")) == ["retired B -: 3", "shrunk A -: 2"]
    assert rows(changed("1 2 | 3", "1", "1 2 | 3")) == ["restored B -: 3", "grown A -: 2"]


def test_a_retired_customer_found_with_another_is_merged_although_none_of_its_records_moved() -> None:
    assert rows(changed("1 | 2 3", "2 3", "1 2 3")) == ["merged A B: ", "grown B -: 1"]


def test_a_record_that_changes_customers_moves() -> None:
    assert rows(changed("1 2 | 3 4 5", "1 5 | 3 4 2")) == ["moved A B: 2", "moved B A: 5"]


def test_a_three_way_split_while_one_part_merges_elsewhere() -> None:
    assert rows(changed("1 2 3 4 5 6 | 7 8", "1 2 3 | 4 | 5 6 7 8")) == ["split A C: 4", "moved A B: 5 6"]
    # B's larger part joins A and the smaller stands alone.
    assert rows(changed("1 | 2 3 4", "1 2 3 | 4")) == ["merged B A: 2 3", "split B C: 4"]


def test_the_largest_come_first() -> None:
    events = changed("1 | 2 | 3 4 | 5 6", "1 2 | 3 4 5 6")
    assert rows(events) == ["merged D C: 5 6", "merged B A: 2"]


def test_the_strongest_evidence_stands_beside_the_records() -> None:
    (row,) = preview(changed("1 2 | 3 4", "1 2 3 4", ties=[(1, 3, 8.0), (2, 4, 9.5), (3, 4, 40.0)])).to_pylist()
    assert (row["evidence"], row["left"], row["right"], row["match_weight"]) == ("edge", "crm:2", "crm:4", 9.5)
    (row,) = preview(changed("1 2 3", "1 2 | 3", ties=[(1, 3, 8.0), (2, 3, None)])).to_pylist()
    assert (row["evidence"], row["decision_id"], row["match_weight"]) == ("apart", 7, None)


def test_a_run_that_changes_nothing_has_nothing_to_show() -> None:
    table = preview(changed("1 2", "1 2"))
    assert table.schema == PREVIEW
    assert len(table) == 0
    assert as_text(table) == "No customer changes."


def test_the_text_says_who_and_why() -> None:
    events = changed("1 2 | 3 4 | 5 6 7 | 8", "1 2 3 4 | 5 6 | 7 | 9", ties=[(2, 4, 9.5), (6, 7, None)])
    assert as_text(preview(events)) == (
        "merged, 1: given up, another takes their place\n"
        "  B becomes part of A, with crm:3 and crm:4\n"
        "    crm:2 matched crm:4 with 9.5 bits: email equal\n"
        "\n"
        "split, 1: some records go to a new customer\n"
        "  C loses crm:7 to E\n"
        "    decision 7: crm:6 and crm:7 are not the same customer\n"
        "\n"
        "retired, 1: all their records are gone\n"
        "  D ends, crm:8 gone\n"
        "\n"
        "created, 1: new customers"
    )


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    pairs = [(number, number + 1) for number in range(1, 29, 2)]
    events = changed(" | ".join(f"{a} {b}" for a, b in pairs), " ".join(str(key) for pair in pairs for key in pair))
    lines = as_text(preview(events), rows_max=3).splitlines()
    assert lines[0] == "merged, 13: given up, another takes their place"
    assert len(lines) == 5
    assert lines[-1] == "  and 10 more"


@pytest.mark.parametrize("records", [4, 40])
def test_many_records_of_one_customer_are_counted(records: int) -> None:
    keys = " ".join(str(key) for key in range(2, records + 2))
    told = as_text(preview(changed(f"1 | {keys}", f"1 {keys}")))
    assert told.splitlines()[1] == f"  B becomes part of A, with crm:2, crm:3 and {records - 2} more"

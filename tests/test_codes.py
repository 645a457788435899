"""Customer codes as a run gives them: whatever the order of its input, and never twice."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest

import custid
from custid import Channel
from custid.errors import UsageError
from custid.testing.customers import households

CODES = {
    "format": "C{place:3}{serial:3 per place}{check}",
    "place": {"field": "sales_area", "default": "000"},
}


@pytest.fixture(scope="module")
def people() -> pa.Table:
    table = households(200, seed=3).records
    area = pa.array([f"A{number % 4:02}" for number in range(len(table))])
    return table.append_column("sales_area", area)


def code_of_record(registry: custid.Registry) -> dict[str, str]:
    code = {row["customer_id"]: row["code"] for row in registry.codes().to_pylist()}
    return {row["record_id"]: code[row["customer_id"]] for row in registry.xref().to_pylist()}


def test_codes_do_not_depend_on_the_order_of_rows_and_a_rerun_issues_none(people: pa.Table, tmp_path: Path) -> None:
    rows = list(range(len(people)))
    random.Random(1).shuffle(rows)
    found = []
    for name, table in (("a", people), ("b", people.take(pa.array(rows)))):
        registry = custid.connect(tmp_path / f"{name}.db")
        run = custid.resolve(Channel("crm", table, record_id="record_id"), registry=registry, codes=CODES)
        assert len(registry.codes()) == run.summary["customers"]
        again = custid.resolve(Channel("crm", table, record_id="record_id"), registry=registry, model=run.model)
        assert again.run_id == 2
        assert len(registry.codes()) == run.summary["customers"]
        assert registry.verify() == []
        found.append(code_of_record(registry))
    assert found[0] == found[1]


def test_a_field_that_no_record_has_is_told_before_the_work_begins(people: pa.Table) -> None:
    with pytest.raises(UsageError, match="no record has a field 'shoe'"):
        custid.resolve(
            Channel("crm", people, record_id="record_id"),
            codes={"format": "{kind:1}{serial:4}", "kind": {"field": "shoe", "default": "X"}},
            progress=lambda stage, *_: pytest.fail(stage) if stage == "match" else None,
        )

"""`custid explain`, `custid why`, `custid why-not`."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Custid


def test_explain_prints_a_waterfall_that_ends_in_the_weight(ran: Path, custid: Custid) -> None:
    out = custid("explain", "crm:C0", "shop:S0")
    assert custid.code == 0
    assert "crm:C0 and shop:S0:" in out.splitlines()[0]
    assert "email equal" in out
    assert "match weight" in out
    told = json.loads(custid("explain", "crm:C0", "shop:S0", "--json"))
    assert told["together"]
    assert told["steps"][-1]["total"] == sum(step["bits"] for step in told["steps"])


def test_explain_and_why_draw_into_a_file(ran: Path, custid: Custid) -> None:
    custid("explain", "crm:C0", "shop:S0", "--plot", "weight.png")
    assert custid.code == 0
    assert "drawn into weight.png" in custid.err
    assert Path("weight.png").read_bytes().startswith(b"\x89PNG")
    custid("why", "crm:C0", "--plot", "tree.svg")
    assert "<svg" in Path("tree.svg").read_text()
    assert "cannot be written" in custid.fails("explain", "crm:C0", "shop:S0", "--plot", "weight.what")


def test_why_takes_an_id_or_a_record(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    by_id = custid("why", customer_id)
    assert by_id.startswith(f"{customer_id}: 2 records, held together by 1 tie;")
    assert custid("why", "crm:C0") == by_id
    assert json.loads(custid("why", "shop:S0", "--json"))["customer_id"] == customer_id
    assert "no record" in custid.fails("why", "crm:nobody")
    assert "C7K2M-9QD4X" in custid.fails("why", "C7K2M-9QD4X-G")


def test_why_not_names_a_reason(ran: Path, custid: Custid) -> None:
    told = json.loads(custid("why-not", "crm:C0", "crm:C7", "--json"))
    assert custid.code == 0
    assert told["reason"] in ("too little", "not compared")
    assert "crm:C0 (" in custid("why-not", "crm:C0", "crm:C7")
    assert "they are one customer" in custid("why-not", "crm:C0", "shop:S0")


def test_why_not_fails_for_a_record_nobody_knows_and_says_so(ran: Path, custid: Custid) -> None:
    out = custid("why-not", "crm:C0", "crm:nobody")
    assert custid.code == 1
    assert "no record 'nobody' of channel 'crm'" in out


def test_a_record_is_written_channel_colon_id(ran: Path, custid: Custid) -> None:
    assert "such as crm:A-17" in custid.fails("explain", "crm", "shop:S0")
    assert custid.code == 2

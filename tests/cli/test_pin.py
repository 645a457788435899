"""`custid pin`, `unpin`, `pins`, and what `custid show` says of golden values."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Custid


def test_a_value_is_pinned_shown_listed_and_taken_back(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    said = custid("pin", customer_id.lower(), "email", "anna@new.test", "--reason", "by phone", "--actor", "ann")
    assert said == f"Pin 1: email of {customer_id} is 'anna@new.test' until it is unpinned.\n"
    lines = custid("show", customer_id).splitlines()
    assert any(line.split()[:4] == ["email", "anna@new.test", "(pinned", "1)"] for line in lines)
    assert lines[-1].startswith("(pinned 1) email by ann on ")
    assert lines[-1].endswith(": by phone")
    assert custid("pins").splitlines()[1].split()[:5] == ["1", customer_id, "email", "anna@new.test", "ann"]
    said = custid("unpin", customer_id, "email")
    assert "is no longer pinned. It is 'Anna.Archer@x.test', from crm:C0." in said
    assert custid("pins") == "Nothing is pinned.\n"
    assert "by " in custid("pins", customer_id, "--all").splitlines()[1]
    assert custid("verify").startswith("customers.db is sound")


def test_the_parts_of_a_name_are_pinned_together_and_the_command_says_so(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    said = custid("pin", customer_id, "surname", "Keller")
    assert "Pinned with it, as they are now: given_name 'Anna'." in said
    shown = json.loads(custid("show", customer_id, "--json"))
    assert (shown["golden"]["given_name"], shown["golden"]["surname"]) == ("Anna", "Keller")
    assert [pin["field"] for pin in shown["pins"]] == ["surname", "given_name"]


def test_how_a_value_was_chosen_is_told(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    lines = custid("show", customer_id, "--how", "email").splitlines()
    assert lines[0] == f"email of {customer_id}: Anna.Archer@x.test"
    assert lines[1:2] == ["  from crm:C0"]
    assert any(line.split()[:2] == ["lost", "shop:S0"] for line in lines)
    told = json.loads(custid("show", customer_id, "--how", "email", "--json"))
    assert [row["outcome"] for row in told["candidates"]] == ["won", "lost"]


def test_a_field_that_golden_records_have_not_is_wrong_use(ran: Path, custid: Custid) -> None:
    customer_id = custid("lookup", "crm", "C0").strip()
    for arguments in (("pin", customer_id, "fax", "1"), ("show", customer_id, "--how", "fax")):
        assert "golden records have no field 'fax'. They have: " in custid.fails(*arguments)
        assert custid.code == 2
    assert "email of" in custid.fails("unpin", customer_id, "email")
    assert custid.code == 2
    assert "NOBODY" in custid.fails("pin", "nobody", "email", "x").upper()
    assert custid.code == 1

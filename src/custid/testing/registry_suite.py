"""What every registry must do, as tests: subclass `RegistryConformance` and say how to make one.

In: a registry that nobody has used yet, for each test. Out: passes or failures.
Never here: what only one kind of registry can do, such as being a file.

::

    class TestMine(RegistryConformance):
        def make_registry(self, folder):
            return MyRegistry(folder)

        def tamper(self, registry, *statements):
            ...  # run SQL behind the registry's back
"""

from __future__ import annotations

import io
import json
import os
import random
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from custid import schemas
from custid.errors import (
    CodeConflict,
    DecisionConflict,
    InputError,
    NotARegistry,
    RegistryError,
    RegistryTooNew,
    RunConflict,
    UnknownCustomer,
    UsageError,
)
from custid.identity import events as identity_events
from custid.identity.codes import declare
from custid.registries import tables
from custid.registries.base import Commit, Registry, State
from custid.registries.facts import FACTS
from custid.registries.reviewing import QUESTIONS

#: (kind, customer_id, other_id or None, "channel:record_id" or None)
EventRow = tuple[str, str, str | None, str | None]

FIRST_DAY = datetime(2026, 1, 1, 12, tzinfo=UTC)


def day(run_id: int) -> datetime:
    """When a run of this suite is committed."""
    return FIRST_DAY + timedelta(days=run_id - 1)


def commit_of(
    state: State,
    events: Sequence[EventRow] = (),
    records: Mapping[str, Mapping[str, Any] | None] | None = None,
    edges: Sequence[tuple[str, str, float]] = (),
    **rest: Any,
) -> Commit:
    """A commit on top of `state`, made of plain values.

    `records`: "channel:record_id" → its fields (and `updated_at`), or None when it is gone.
    """
    run_id = state.run_id + 1
    stored = {f"{row['channel']}:{row['record_id']}": row for row in state.records.to_pylist()}
    keys = {name: row["record_key"] for name, row in stored.items()}
    rows = []
    for name, values in (records or {}).items():
        keys.setdefault(name, state.next_record_key + len(set(keys) - set(stored)))
        channel, record_id = name.split(":", 1)
        fixed = {
            "record_key": keys[name],
            "channel": channel,
            "record_id": record_id,
            "updated_at": None,
            "live": values is not None,
            "first_run": stored.get(name, {}).get("first_run", run_id),
        }
        rows.append({**(stored[name] if values is None else values), **fixed, "last_run": run_id})
        if values and "updated_at" in values:
            rows[-1]["updated_at"] = values["updated_at"]
    fields = list(dict.fromkeys(name for row in rows for name in row if name not in schemas.STORED_RECORDS.names))
    record_schema = pa.schema([*schemas.STORED_RECORDS, *(pa.field(name, pa.string()) for name in fields)])
    told = [
        {
            "seq": state.next_seq + place,
            "run_id": run_id,
            "kind": kind,
            "customer_id": customer_id,
            "other_id": other_id,
            "record_key": keys[record] if record else None,
            "reason": "told by a test",
        }
        for place, (kind, customer_id, other_id, record) in enumerate(events)
    ]
    event_table = pa.Table.from_pylist(told, schema=schemas.EVENTS)
    edge_rows = [
        {"left_key": keys[left], "right_key": keys[right], "match_weight": weight, "levels": "email:equal"}
        for left, right, weight in edges
    ]
    parts: dict[str, Any] = {
        "base_run_id": state.run_id,
        "started_at": day(run_id) - timedelta(minutes=1),
        "committed_at": day(run_id),
        "actor": "ann",
        "summary": {"run": run_id},
        "chain": identity_events.seal(state.chain, event_table),
        "records": pa.Table.from_pylist(rows, schema=record_schema),
        "events": event_table,
        "edges": pa.Table.from_pylist(edge_rows, schema=schemas.EDGES),
        "rejects": schemas.empty(schemas.REJECTS),
    }
    return Commit(**parts | rest)


def run(registry: Registry, events: Sequence[EventRow] = (), *args: Any, **rest: Any) -> int:
    """Commit one run on top of what `registry` holds; see `commit_of`."""
    return registry.commit(commit_of(registry.read_state(), events, *args, **rest))


def two_customers(registry: Registry, **rest: Any) -> None:
    """Run 1: crm:1 and shop:1 are customer A, crm:2 is customer B."""
    run(
        registry,
        [
            ("created", "A", None, None),
            ("created", "B", None, None),
            ("linked", "A", None, "crm:1"),
            ("linked", "B", None, "crm:2"),
            ("linked", "A", None, "shop:1"),
        ],
        {"crm:1": {"email": "a@x.org"}, "crm:2": {"email": "b@x.org"}, "shop:1": {"email": "a@x.org"}},
        [("crm:1", "shop:1", 9.5)],
        **rest,
    )


def merge(registry: Registry) -> None:
    """Run 2, after `two_customers`: B is merged into A."""
    run(registry, [("merged", "B", "A", None), ("moved", "A", "B", "crm:2")])


def four_to_review(registry: Registry) -> None:
    """Run 1: A (crm:1, shop:1), B (crm:2), C (crm:3), D (crm:4), with edges between them at several weights."""
    held = [("A", "crm:1"), ("A", "shop:1"), ("B", "crm:2"), ("C", "crm:3"), ("D", "crm:4")]
    run(
        registry,
        [
            *[("created", customer, None, None) for customer in "ABCD"],
            *[("linked", customer, None, record) for customer, record in held],
        ],
        {record: {"email": "a@x.org"} for _, record in held},
        [
            ("crm:1", "shop:1", 9.5),
            ("crm:1", "crm:2", -1.0),
            ("shop:1", "crm:2", -3.0),
            ("crm:2", "crm:3", -0.5),
            ("crm:1", "crm:3", 7.0),
            ("crm:3", "crm:4", -4.0),
        ],
    )


def undo(registry: Registry) -> None:
    """Run 3, after `merge`: B is restored."""
    run(registry, [("restored", "B", "A", None), ("moved", "B", "A", "crm:2")])


def as_dict(xref: pa.Table) -> dict[str, str]:
    """An XREF as {"channel:record_id": customer_id}."""
    return {f"{row['channel']}:{row['record_id']}": row["customer_id"] for row in xref.to_pylist()}


def codes_of(registry: Registry) -> dict[str, str]:
    """customer_id → its code, for those that answer to themselves."""
    rows = registry.codes().to_pylist()
    return {
        row["customer_id"]: row["code"]
        for row in rows
        if row["kind"] == "code" and row["customer_id"] == row["current_id"]
    }


def statuses(registry: Registry) -> dict[str, tuple[str, str | None]]:
    """customer_id → (status, redirect)."""
    rows = registry.read_state().customers.to_pylist()
    return {row["customer_id"]: (row["status"], row["redirect"]) for row in rows}


#: What tells who `an_unusual_person` is.
UNUSUAL = ("xanthippe@x.org", "Quux-Zweifel")


def an_unusual_person(registry: Registry) -> None:
    """Runs 1 to 3: A (crm:1, crm:2, which was B, and a record called by an e-mail) and C; a record of A's is gone.

    The person's e-mail and name are wherever a registry keeps anything.
    """
    mail, surname = UNUSUAL
    person = {"email": mail, "given_name": "Xanthippe", "surname": surname}
    live = {"crm:1": person, "crm:2": person, f"shop:{mail}": person, "crm:other": {"email": "c@x.org"}}
    rejects: list[dict[str, Any]] = [
        {"row": 3, "record_id": "1", "raw": json.dumps(person)},
        {"row": 4, "record_id": None, "raw": f'{{"mail": "{mail.upper()}"}}'},
        {"row": 5, "record_id": None, "raw": '{"mail": "c@x.org"}'},
    ]
    run(
        registry,
        [
            ("created", "A", None, None),
            ("created", "B", None, None),
            ("created", "C", None, None),
            ("linked", "A", None, "crm:1"),
            ("linked", "B", None, "crm:2"),
            ("linked", "A", None, f"shop:{mail}"),
            ("linked", "C", None, "crm:other"),
            ("linked", "A", None, "app:gone"),
        ],
        {**live, "app:gone": person},
        [("crm:1", "crm:2", 9.5), ("crm:1", "crm:other", 2.5)],
        summary={"notes": [f"the row of {mail} was odd", f"so was that of Xanthippe {surname}"], "read": 8},
        rejects=pa.Table.from_pylist(
            [
                {"channel": "crm", "source": "crm.csv", "reason": "no_record_id", "detail": f"found {row}", **row}
                for row in rejects
            ],
            schema=schemas.REJECTS,
        ),
        block_keys=pa.table({"key": [10, 10, 11], "record_key": [1, 2, 4]}, schema=schemas.BLOCK_KEYS),
        values=pa.table({"record_key": [1, 2, 4], "email": [mail, mail, "c@x.org"], "surname": [surname, None, None]}),
    )
    run(registry, [("merged", "B", "A", None), ("moved", "A", "B", "crm:2")], reworked=pa.array([], pa.int64()))
    run(registry, [("unlinked", "A", None, "app:gone")], {"app:gone": None}, reworked=pa.array([], pa.int64()))
    registry.decide(("crm", "1"), ("crm", "other"), "different", actor="ann", reason="she said so")
    said = f"{mail} is not hers, says {surname}"
    registry.decide(("crm", "2"), ("crm", "other"), "different", actor="ann", reason=said)


def found_in_copy(registry: Registry, folder: Path) -> set[str]:
    """Which of UNUSUAL is anywhere in the registry: looked for in all texts of a backup, whatever their case."""
    import pyarrow.parquet as pq

    folder.mkdir()
    registry.backup(folder / "copy.backup")
    texts = []
    with zipfile.ZipFile(folder / "copy.backup") as archive:
        for name in archive.namelist():
            if name.endswith(".parquet"):
                table = pq.read_table(io.BytesIO(archive.read(name)))
                texts += [text for column in table.columns if column.type == pa.string() for text in column.to_pylist()]
    everything = "\n".join(text for text in texts if text).casefold()
    return {text for text in UNUSUAL if text.casefold() in everything}


def _new_folder(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


class RegistryConformance:
    """The tests. Subclasses give `make_registry` and `tamper`."""

    def make_registry(self, folder: Path) -> Registry:
        """A registry that was never used; `folder` is an empty folder it may use."""
        raise NotImplementedError

    def tamper(self, registry: Registry, *statements: str) -> None:
        """Run SQL statements behind the registry's back."""
        raise NotImplementedError

    @pytest.fixture
    def registry(self, tmp_path: Path) -> Registry:
        return self.make_registry(tmp_path)

    # --- before the first run ---

    def test_it_has_every_verb(self, registry: Registry) -> None:
        assert isinstance(registry, Registry)

    def test_the_state_before_the_first_run_is_empty(self, registry: Registry) -> None:
        state = registry.read_state()
        assert (state.run_id, state.next_seq, state.next_record_key, state.next_minted) == (0, 1, 1, 1)
        assert (state.chain, state.model) == ("", None)
        assert state.records.schema == schemas.STORED_RECORDS
        for table in (
            state.records,
            state.links,
            state.former,
            state.customers,
            state.decisions,
            state.edges,
        ):
            assert len(table) == 0

    def test_reading_the_state_makes_no_registry(self, registry: Registry) -> None:
        registry.read_state()
        with pytest.raises(RegistryError, match="there is no registry"):
            registry.runs()

    def test_no_question_is_answered_before_the_first_run(self, registry: Registry) -> None:
        questions: list[Callable[[], object]] = [
            lambda: registry.lookup("crm", "1"),
            lambda: registry.current("A"),
            lambda: registry.customer("A"),
            lambda: registry.history("A"),
            lambda: registry.changes(),
            lambda: registry.xref(),
            lambda: registry.records(),
            lambda: registry.rejects(1),
            lambda: registry.decisions(),
            lambda: registry.verify(),
            lambda: registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann"),
            lambda: registry.revoke(1, actor="ann"),
            lambda: registry.revoke_act(1, actor="ann"),
            lambda: registry.merge(["A", "B"], actor="ann"),
            lambda: registry.split("A", [[("crm", "1")], [("crm", "2")]], actor="ann"),
            lambda: registry.unmerge("A", actor="ann"),
        ]
        for question in questions:
            with pytest.raises(RegistryError, match="there is no registry"):
                question()

    # --- records and fields ---

    def test_records_come_back_as_they_were_given(self, registry: Registry) -> None:
        at = datetime(2025, 5, 4, 3, 2, 1, 654321, tzinfo=UTC)
        run(
            registry,
            [
                ("created", "A", None, None),
                ("linked", "A", None, "crm:1"),
                ("linked", "A", None, "微信:张|三"),
            ],
            {
                "crm:1": {"full_name": 'O\'Brien "Bob" \\ ; --', "email": None, "updated_at": at},
                "微信:张|三": {"full_name": "张三 🐉", "email": ""},
            },
        )
        records = registry.records()
        assert records.schema.names == [*schemas.STORED_RECORDS.names, "full_name", "email"]
        assert records.schema.field("updated_at").type == schemas.INSTANT
        assert records.to_pylist() == [
            {
                "record_key": 1,
                "channel": "crm",
                "record_id": "1",
                "updated_at": at,
                "live": True,
                "first_run": 1,
                "last_run": 1,
                "full_name": 'O\'Brien "Bob" \\ ; --',
                "email": None,
            },
            {
                "record_key": 2,
                "channel": "微信",
                "record_id": "张|三",
                "updated_at": None,
                "live": True,
                "first_run": 1,
                "last_run": 1,
                "full_name": "张三 🐉",
                "email": "",
            },
        ]

    def test_a_field_may_have_any_name(self, registry: Registry) -> None:
        names = [
            "email",
            "Email",
            "EMAIL",
            "Live",
            "RECORD_KEY",
            'a"b',
            "a b",
            "客户",
            "🐉",
            "x" * 200,
            "",
            "field_3",
        ]
        names += ["select", "é", "É", "a;b", "'", "record_key ", "field_13", "Field_14"]
        values = {name: f"value {place}" for place, name in enumerate(names)}
        run(registry, [("created", "A", None, None), ("linked", "A", None, "crm:1")], {"crm:1": values})
        records = registry.records()
        assert schemas.fields_of(records, schemas.STORED_RECORDS) == names
        assert {name: records[name][0].as_py() for name in names} == values

    def test_a_field_that_comes_later_is_null_for_earlier_records(self, registry: Registry) -> None:
        two_customers(registry)
        run(
            registry,
            [("created", "C", None, None), ("linked", "C", None, "app:1")],
            {"app:1": {"phone": "1", "email": "c@x.org"}},
        )
        records = registry.records()
        assert records["phone"].to_pylist() == [None, None, None, "1"]
        assert records["email"].to_pylist() == ["a@x.org", "b@x.org", "a@x.org", "c@x.org"]

    def test_a_changed_record_is_replaced_whole(self, registry: Registry) -> None:
        two_customers(registry)
        run(registry, [], {"crm:1": {"phone": "1"}})
        found = registry.customer("A").records.to_pylist()[0]
        assert (found["email"], found["phone"], found["first_run"], found["last_run"]) == (None, "1", 1, 2)
        assert len(registry.records()) == 3

    def test_a_record_that_is_gone_is_kept_but_not_live(self, registry: Registry) -> None:
        two_customers(registry)
        run(registry, [("unlinked", "A", None, "shop:1")], {"shop:1": None})
        assert registry.records()["record_id"].to_pylist() == ["1", "2"]
        assert registry.read_state().records["live"].to_pylist() == [True, True, False]

    # --- events and what they add up to ---

    def test_the_numbers_of_a_state_go_on_from_what_was_committed(self, registry: Registry) -> None:
        two_customers(registry)
        state = registry.read_state()
        assert (state.run_id, state.next_seq, state.next_record_key, state.next_minted) == (1, 6, 4, 3)
        assert state.chain == registry.runs()["chain"][0].as_py() != ""

    def test_a_merged_id_redirects_and_a_restored_one_lives_again(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        assert statuses(registry) == {"A": ("live", None), "B": ("merged", "A")}
        assert registry.current("B") == "A"
        undo(registry)
        assert statuses(registry) == {"A": ("live", None), "B": ("live", None)}
        assert registry.current("B") == "B"
        assert registry.verify() == []

    def test_a_redirect_always_takes_one_step(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        run(
            registry,
            [("created", "C", None, None), ("linked", "C", None, "app:1")],
            {"app:1": {"email": "c@x.org"}},
        )
        moves: list[EventRow] = [("moved", "C", "A", record) for record in ("crm:1", "crm:2", "shop:1")]
        run(registry, [("merged", "A", "C", None), *moves])
        assert statuses(registry) == {"A": ("merged", "C"), "B": ("merged", "C"), "C": ("live", None)}
        back: list[EventRow] = [("moved", "A", "C", record) for record in ("crm:1", "crm:2", "shop:1")]
        run(registry, [("restored", "A", "C", None), *back])
        assert statuses(registry) == {"A": ("live", None), "B": ("merged", "A"), "C": ("live", None)}
        assert registry.verify() == []

    def test_merges_of_one_run_may_follow_each_other(self, registry: Registry) -> None:
        names = "ABCDE"
        run(
            registry,
            [("created", name, None, None) for name in names]
            + [("linked", name, None, f"crm:{name}") for name in names],
            {f"crm:{name}": {} for name in names},
        )
        run(
            registry,
            [("merged", name, onward, None) for name, onward in zip("ABCD", "BCDE", strict=True)]
            + [("moved", "E", name, f"crm:{name}") for name in "ABCD"],
        )
        assert statuses(registry) == dict.fromkeys("ABCD", ("merged", "E")) | {"E": ("live", None)}
        assert registry.verify() == []

    def test_merges_in_a_circle_are_refused(self, registry: Registry) -> None:
        two_customers(registry)
        with pytest.raises(RegistryError, match="circle"):
            run(registry, [("merged", "A", "B", None), ("merged", "B", "A", None)])
        assert registry.read_state().run_id == 1

    def test_an_id_without_records_is_a_tombstone_that_answers(self, registry: Registry) -> None:
        two_customers(registry)
        run(registry, [("retired", "B", None, None), ("unlinked", "B", None, "crm:2")], {"crm:2": None})
        customer = registry.customer("B")
        assert (customer.customer_id, customer.status, len(customer.records)) == ("B", "retired", 0)
        assert registry.current("B") == "B"
        run(
            registry,
            [("restored", "B", None, None), ("linked", "B", None, "crm:2")],
            {"crm:2": {"email": "b@x.org"}},
        )
        assert registry.customer("B").status == "live"
        assert registry.verify() == []

    def test_a_split_mints_the_next_number(self, registry: Registry) -> None:
        two_customers(registry)
        run(registry, [("split", "C", "A", None), ("moved", "C", "A", "shop:1")])
        customers = registry.read_state().customers.to_pylist()
        assert [(row["customer_id"], row["minted"], row["created_run"]) for row in customers] == [
            ("A", 1, 1),
            ("B", 2, 1),
            ("C", 3, 2),
        ]

    def test_former_links_are_the_ids_a_record_has_no_longer(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        assert registry.read_state().former.to_pylist() == [{"record_key": 2, "customer_id": "B", "seq": 7}]
        undo(registry)
        assert registry.read_state().former.to_pylist() == [{"record_key": 2, "customer_id": "A", "seq": 9}]
        run(registry, [("retired", "B", None, None), ("unlinked", "B", None, "crm:2")], {"crm:2": None})
        assert registry.read_state().former.to_pylist() == [
            {"record_key": 2, "customer_id": "A", "seq": 9},
            {"record_key": 2, "customer_id": "B", "seq": 11},
        ]

    # --- questions ---

    def test_lookup_answers_now_and_as_of_any_run_or_instant(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        undo(registry)
        assert registry.lookup("crm", "2") == "B"
        assert [registry.lookup("crm", "2", as_of=run_id) for run_id in range(4)] == [None, "B", "A", "B"]
        an_hour = timedelta(hours=1)
        instants = [day(1) - an_hour, day(1), day(2) - an_hour, day(2) + an_hour, day(300)]
        assert [registry.lookup("crm", "2", as_of=at) for at in instants] == [None, "B", "B", "A", "B"]

    def test_a_record_that_was_never_taken_in_has_no_id(self, registry: Registry) -> None:
        two_customers(registry)
        assert registry.lookup("crm", "99") is None
        assert registry.lookup("till", "1", as_of=1) is None

    def test_an_instant_without_a_time_zone_is_refused(self, registry: Registry) -> None:
        two_customers(registry)
        with pytest.raises(UsageError, match="time zone"):
            registry.xref(as_of=datetime(2026, 1, 1))

    def test_an_instant_may_be_given_in_any_time_zone(self, registry: Registry) -> None:
        from zoneinfo import ZoneInfo

        two_customers(registry)
        shanghai = ZoneInfo("Asia/Shanghai")
        assert registry.lookup("crm", "1", as_of=day(1).astimezone(shanghai)) == "A"
        before = (day(1) - timedelta(seconds=1)).astimezone(shanghai)
        assert registry.lookup("crm", "1", as_of=before) is None

    @pytest.mark.parametrize("run_id", [-1, 2])
    def test_a_run_that_never_was_is_named(self, registry: Registry, run_id: int) -> None:
        two_customers(registry)
        for question in (registry.xref, registry.changes, registry.rejects):
            with pytest.raises(UnknownCustomer, match=f"no run {run_id}; the last one is run 1"):
                question(run_id)

    @pytest.mark.parametrize("when", ["1", 1.5, True])
    def test_a_run_is_named_by_its_number(self, registry: Registry, when: Any) -> None:
        two_customers(registry)
        with pytest.raises(UsageError, match="by its number"):
            registry.xref(as_of=when)

    def test_the_xref_is_ordered_and_knows_every_past(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        run(registry, [("unlinked", "A", None, "shop:1")], {"shop:1": None})
        xref = registry.xref()
        assert xref.schema == schemas.XREF
        assert [tuple(row.values()) for row in xref.to_pylist()] == [("crm", "1", "A"), ("crm", "2", "A")]
        assert as_dict(registry.xref(as_of=1)) == {"crm:1": "A", "crm:2": "B", "shop:1": "A"}
        assert as_dict(registry.xref(as_of=day(2))) == {"crm:1": "A", "crm:2": "A", "shop:1": "A"}
        assert len(registry.xref(as_of=0)) == 0

    def test_a_customer_is_found_by_an_id_it_took_over(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        customer = registry.customer("B")
        assert (customer.customer_id, customer.asked_for, customer.status) == ("A", "B", "live")
        assert customer.records["record_key"].to_pylist() == [1, 2, 3]

    def test_an_id_may_be_typed_carelessly(self, registry: Registry) -> None:
        from custid.identity import ids

        customer_id = ids.mint(1, entropy=random.Random(1).randbytes)[0].as_py()
        run(
            registry,
            [("created", customer_id, None, None), ("linked", customer_id, None, "crm:1")],
            {"crm:1": {}},
        )
        assert registry.current(f" {customer_id.lower().replace('-', '')}") == customer_id

    def test_an_id_that_was_never_issued_is_told_from_a_mistyped_one(self, registry: Registry) -> None:
        two_customers(registry)
        for question in (registry.current, registry.customer, registry.history):
            with pytest.raises(UnknownCustomer, match="never issued"):
                question("C7K2M-9QD4X-G")
            with pytest.raises(UnknownCustomer, match="check character"):
                question("C7K2M-9QD4X-H")

    def test_a_history_tells_what_befell_an_id_and_its_records(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        run(registry, [("split", "C", "A", None), ("moved", "C", "A", "shop:1")])
        history = registry.history("A").to_pylist()
        told = [(row["seq"], row["kind"], row["customer_id"]) for row in history]
        assert told == [
            (1, "created", "A"),
            (2, "created", "B"),
            (3, "linked", "A"),
            (4, "linked", "B"),
            (5, "linked", "A"),
            (6, "merged", "B"),
            (7, "moved", "A"),
            (8, "split", "C"),
            (9, "moved", "C"),
        ]
        moved = history[6]
        assert (moved["channel"], moved["record_id"], moved["actor"]) == ("crm", "2", "ann")
        assert moved["at"] == day(2)
        assert history[0]["channel"] is None
        assert [row["seq"] for row in registry.history("C").to_pylist()] == [5, 8, 9]

    def test_the_change_feed_tells_old_and_new_id_of_each_record(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        run(registry, [("unlinked", "A", None, "shop:1")], {"shop:1": None})
        changes = registry.changes(since=1)
        assert changes.schema == schemas.CHANGES
        told = [(row["record_id"], row["kind"], row["old_id"], row["new_id"]) for row in changes.to_pylist()]
        assert told == [("2", "moved", "B", "A"), ("1", "unlinked", "A", None)]
        assert len(registry.changes()) == 5
        assert len(registry.changes(since=3)) == 0

    def test_runs_rejects_and_models_are_kept(self, registry: Registry) -> None:
        rejects = pa.Table.from_pylist(
            [
                {"channel": "crm", "source": "a.csv", "row": 7, "reason": "no key", "detail": "id is empty"},
                {"channel": "crm", "source": "a.csv", "row": 3, "reason": "no key", "detail": "id is empty"},
                {"channel": "crm", "source": "a.csv", "row": 9, "record_id": "A", "reason": "erased", "detail": "-"},
            ],
            schema=schemas.REJECTS,
        )
        run(registry, rejects=rejects, model='{"a":1}', model_id="m1", summary={"read": 2, "名": ["x"]})
        run(registry, actor="bo", model_id="m1")
        assert registry.read_state().model == '{"a":1}'
        run(registry, model='{"a":2}', model_id="m2")
        assert registry.read_state().model == '{"a":2}'
        assert registry.rejects(1)["row"].to_pylist() == [3, 7, 9]
        assert registry.rejects(1).schema == schemas.REJECTS
        assert len(registry.rejects(2)) == 0
        with registry.view() as view:
            named = pa.table({"channel": ["crm", "crm"], "record_id": ["A", "B"]})
            found = view.rejects_named(named)
        assert found.select(["record_id", "row", "run_id"]).to_pylist() == [{"record_id": "A", "row": 9, "run_id": 1}]
        runs = registry.runs()
        assert runs.schema == schemas.RUNS
        assert runs["actor"].to_pylist() == ["ann", "bo", "ann"]
        assert runs["committed_at"].to_pylist() == [day(1), day(2), day(3)]
        assert runs["model_id"].to_pylist() == ["m1", "m1", "m2"]
        assert '"read": 2' in runs["summary"][0].as_py()

    def test_what_a_report_tells_is_counted_as_of_its_run(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        run(
            registry,
            [("linked", "A", None, "shop:2"), ("unlinked", "A", None, "crm:2")],
            {"shop:2": {"email": "a@x.org", "phone": "1"}, "crm:2": None},
            [("crm:1", "shop:1", 9.5), ("crm:1", "shop:2", -3.25), ("shop:1", "shop:2", 0.75)],
        )
        with registry.view() as view:
            counts, before = view.counts(), view.counts(1)
            assert (counts.run_id, counts.last_run, before.run_id, before.today) == (3, 3, 1, False)
            assert [tuple(row.values()) for row in counts.channels.to_pylist()] == [("crm", 1, 1, 0), ("shop", 2, 1, 1)]
            assert [tuple(row.values()) for row in counts.sets.to_pylist()] == [("crm,shop", 1)]
            assert [tuple(row.values()) for row in before.sets.to_pylist()] == [("crm", 1), ("crm,shop", 1)]
            assert [tuple(row.values()) for row in counts.sizes.to_pylist()] == [(3, 1)]
            assert [tuple(row.values()) for row in before.sizes.to_pylist()] == [(1, 1), (2, 1)]
            assert [tuple(row.values()) for row in before.largest.to_pylist()] == [("A", 2)]
            assert len(before.members) == 2
            assert [before.weights, before.filled, before.loosest, before.review] == [None] * 4
            assert counts.weights is not None
            assert [tuple(row.values()) for row in counts.weights.to_pylist()] == [
                (-3.5, True, 1),
                (0.5, True, 1),
                (9.5, True, 1),
            ]
            assert counts.filled is not None
            assert [tuple(row.values()) for row in counts.filled.to_pylist()] == [
                ("crm", "email", 1, 1),
                ("crm", "phone", 1, 0),
                ("shop", "email", 2, 2),
                ("shop", "phone", 2, 1),
            ]
            assert counts.loosest is not None
            assert [(row["records"], round(row["tied_share"], 3)) for row in counts.loosest.to_pylist()] == [(3, 0.667)]
            assert counts.review is not None
            assert counts.review.waiting == 0
            assert counts.events["kind"].to_pylist() == ["linked", "unlinked"]
            assert counts.events["record_id"].to_pylist() == ["2", "2"]
            assert len(before.events) == 0
            assert counts.runs["run_id"].to_pylist() == [3, 2, 1]
            with pytest.raises(UnknownCustomer, match="no run 4"):
                view.counts(4)

    def test_edges_are_replaced(self, registry: Registry) -> None:
        two_customers(registry)
        assert registry.read_state().edges.to_pylist() == [
            {"left_key": 1, "right_key": 3, "match_weight": 9.5, "levels": "email:equal"}
        ]
        run(registry, edges=[("crm:1", "shop:1", 8.0), ("crm:1", "crm:2", 3.5)])
        assert registry.read_state().edges["match_weight"].to_pylist() == [3.5, 8.0]
        run(registry)
        assert len(registry.read_state().edges) == 0

    # --- all or nothing ---

    def test_of_two_runs_from_one_state_the_second_is_refused(self, registry: Registry) -> None:
        two_customers(registry)
        state = registry.read_state()
        moves: list[EventRow] = [("merged", "B", "A", None), ("moved", "A", "B", "crm:2")]
        registry.commit(commit_of(state, moves, actor="bo"))
        late = commit_of(
            state,
            [("created", "C", None, None), ("linked", "C", None, "app:1")],
            {"app:1": {"phone": "1"}},
            rejects=schemas.empty(schemas.REJECTS),
            model="{}",
        )
        before = registry.read_state()
        with pytest.raises(RunConflict, match=r"run 2 was committed by bo at 2026-01-02 .* from run 1"):
            registry.commit(late)
        assert registry.read_state() == before
        assert len(registry.runs()) == 2

    def test_a_run_on_a_registry_that_lost_its_past_is_refused(self, registry: Registry) -> None:
        with pytest.raises(RunConflict, match="Nothing was written"):
            registry.commit(commit_of(State(**vars(registry.read_state()) | {"run_id": 3})))

    def test_events_out_of_number_are_refused(self, registry: Registry) -> None:
        two_customers(registry)
        state = registry.read_state()
        with pytest.raises(RegistryError, match="numbered 6, 7"):
            registry.commit(commit_of(State(**vars(state) | {"next_seq": 9}), [("split", "C", "A", None)]))
        assert registry.read_state() == state

    def test_a_record_key_given_twice_is_refused(self, registry: Registry) -> None:
        commit = commit_of(registry.read_state(), records={"crm:1": {}})
        twice = pa.concat_tables([commit.records, commit.records])
        with pytest.raises(RegistryError, match="more than once"):
            registry.commit(Commit(**vars(commit) | {"records": twice}))
        assert registry.read_state().run_id == 0

    def test_of_writers_at_once_each_run_lands_alone(self, registry: Registry) -> None:
        two_customers(registry)
        outcomes: list[str] = []

        def work(name: str) -> None:
            for place in range(3):
                given = f"{name}{place}"
                try:
                    run(
                        registry,
                        [("created", given, None, None), ("linked", given, None, f"app:{given}")],
                        {f"app:{given}": {"email": given}},
                    )
                    outcomes.append(given)
                except RunConflict:
                    outcomes.append("")

        writers = [threading.Thread(target=work, args=(name,)) for name in "XYZ"]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        landed = {f"app:{name}": name for name in outcomes if name}
        assert len(outcomes) == 9
        assert landed
        assert as_dict(registry.xref()) == {"crm:1": "A", "crm:2": "B", "shop:1": "A", **landed}
        assert registry.read_state().run_id == 1 + len(landed)
        assert registry.verify() == []

    def test_decisions_made_at_once_are_all_kept(self, registry: Registry) -> None:
        two_customers(registry)
        pairs = [(("crm", "1"), ("crm", "2")), (("crm", "1"), ("shop", "1")), (("crm", "2"), ("shop", "1"))]
        stewards = [
            threading.Thread(target=registry.decide, args=(*pair, "unsure"), kwargs={"actor": "ann"}) for pair in pairs
        ]
        for steward in stewards:
            steward.start()
        for steward in stewards:
            steward.join()
        assert sorted(registry.decisions()["decision_id"].to_pylist()) == [1, 2, 3]

    def test_readers_see_a_commit_whole_or_not_at_all(self, registry: Registry) -> None:
        two_customers(registry)
        seen: list[tuple[int, int, int]] = []
        failures: list[BaseException] = []
        done = threading.Event()

        def look() -> None:
            try:
                while not done.is_set():
                    state = registry.read_state()
                    seen.append((state.run_id, len(state.records), len(state.links)))
            except BaseException as failure:
                failures.append(failure)

        readers = [threading.Thread(target=look) for _ in range(2)]
        for reader in readers:
            reader.start()
        for place in range(5):
            record = f"app:{place}"
            run(
                registry,
                [("created", f"N{place}", None, None), ("linked", f"N{place}", None, record)],
                {record: {f"field {place}": "x"}},
            )
        done.set()
        for reader in readers:
            reader.join()
        assert not failures
        assert all(records == links == run_id + 2 for run_id, records, links in seen)

    # --- stewards ---

    def test_a_runs_own_decisions_and_the_merge_facts_that_wait_land_with_it(self, registry: Registry) -> None:
        two_customers(registry)
        waits = {"left_channel": "crm", "left_record_id": "1", "left_key": 1, "right_record_id": "Ä b", "source": "s"}
        kept = pa.Table.from_pylist([waits | {"right_preset": "hubspot"}, waits | {"right_channel": "crm"}], FACTS)
        said = {"left_key": 1, "right_key": 2, "verdict": "same", "actor": "s", "decided_at": day(2)}
        rows = pa.Table.from_pylist([said | {"decision_id": 1, "entered_after": 0}], schemas.DECISIONS)
        late = commit_of(registry.read_state(), decisions=rows)
        run(registry, decisions=rows, facts=kept, presets={"crm": "hubspot"})
        head = registry.head()
        assert head.facts.to_pylist() == kept.to_pylist()[::-1]
        assert head.presets == {"crm": "hubspot"}
        assert head.decisions.to_pylist() == rows.to_pylist()
        with registry.view() as view:
            names = pa.table({"channel": ["shop", "crm", "crm"], "record_id": ["1", "nobody", "1"]})
            assert view.keys_named(names).to_pylist() == [3, None, 1]

        with pytest.raises(RunConflict):
            registry.commit(late)
        again = commit_of(registry.read_state(), decisions=rows, facts=kept.slice(0, 0))
        with pytest.raises(RunConflict, match="a steward has decided something"):
            registry.commit(again)
        assert len(registry.head().facts) == 2
        run(registry, facts=kept.slice(0, 0), presets={})
        assert (len(registry.head().facts), registry.head().presets) == (0, {})

    def test_a_decision_is_kept_with_who_and_why(self, registry: Registry) -> None:
        two_customers(registry)
        decision_id = registry.decide(("shop", "1"), ("crm", "2"), "different", actor="ann", reason="twins")
        shown = registry.decisions().to_pylist()
        assert [row["decision_id"] for row in shown] == [decision_id]
        row = shown[0]
        assert (row["left_key"], row["right_key"], row["verdict"]) == (2, 3, "different")
        assert (row["actor"], row["reason"], row["revoked_at"]) == ("ann", "twins", None)
        assert (row["left_channel"], row["left_record_id"]) == ("crm", "2")
        assert (row["right_channel"], row["right_record_id"]) == ("shop", "1")
        assert registry.read_state().decisions.schema == schemas.DECISIONS
        assert registry.read_state().run_id == 1

    def test_a_decision_said_again_is_the_same_decision(self, registry: Registry) -> None:
        two_customers(registry)
        first = registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        assert registry.decide(("crm", "2"), ("crm", "1"), "same", actor="bo") == first
        assert len(registry.decisions()) == 1

    def test_a_decision_that_contradicts_another_is_refused(self, registry: Registry) -> None:
        two_customers(registry)
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        with pytest.raises(DecisionConflict, match=r"bo cannot .* crm:1 and crm:2 .* decision 1 by ann"):
            registry.decide(("crm", "1"), ("crm", "2"), "different", actor="bo")
        assert len(registry.decisions()) == 1

    def test_a_contradiction_is_found_through_others(self, registry: Registry) -> None:
        two_customers(registry)
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        registry.decide(("crm", "2"), ("shop", "1"), "same", actor="bo")
        named = (
            r"cy cannot .* crm:1 and shop:1 are different: .*decision 1 by ann, .*UTC \(crm:1 and crm:2 are the same\);"
            r" decision 2 by bo, .* UTC \(crm:2 and shop:1 are the same\)"
        )
        with pytest.raises(DecisionConflict, match=named):
            registry.decide(("crm", "1"), ("shop", "1"), "different", actor="cy")

    def test_same_may_not_join_what_is_different(self, registry: Registry) -> None:
        two_customers(registry)
        registry.decide(("crm", "1"), ("shop", "1"), "different", actor="ann")
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="bo")
        with pytest.raises(DecisionConflict, match=r"decision 1 by ann, .* are different\); decision 2 by bo"):
            registry.decide(("shop", "1"), ("crm", "2"), "same", actor="cy")

    def test_unsure_contradicts_nothing(self, registry: Registry) -> None:
        two_customers(registry)
        registry.decide(("crm", "1"), ("crm", "2"), "unsure", actor="ann")
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        registry.decide(("crm", "1"), ("crm", "2"), "unsure", actor="bo")

    def test_a_decision_taken_back_no_longer_counts(self, registry: Registry) -> None:
        two_customers(registry)
        first = registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        registry.revoke(first, actor="bo")
        second = registry.decide(("crm", "1"), ("crm", "2"), "different", actor="bo")
        assert registry.read_state().decisions["decision_id"].to_pylist() == [second]
        assert registry.decisions()["revoked_by"].to_pylist() == ["bo", None]
        with pytest.raises(UsageError, match=f"decision {first} was taken back by bo"):
            registry.revoke(first, actor="cy")
        with pytest.raises(UnknownCustomer, match="no decision 99"):
            registry.revoke(99, actor="cy")

    def test_a_decision_is_about_two_known_records(self, registry: Registry) -> None:
        two_customers(registry)
        with pytest.raises(UnknownCustomer, match="channel 'crm' has no record '9'"):
            registry.decide(("crm", "1"), ("crm", "9"), "same", actor="ann")
        with pytest.raises(UsageError, match="two records"):
            registry.decide(("crm", "1"), ("crm", "1"), "same", actor="ann")
        with pytest.raises(UsageError, match="same, different, unsure"):
            registry.decide(("crm", "1"), ("crm", "2"), "maybe", actor="ann")
        with pytest.raises(UsageError, match=r"not by 'crm:1'"):
            registry.decide("crm:1", ("crm", "2"), "same", actor="ann")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="who makes it"):
            registry.decide(("crm", "1"), ("crm", "2"), "same", actor=" ")

    def test_a_merge_is_one_act_that_ties_every_record(self, registry: Registry) -> None:
        two_customers(registry)
        act = registry.merge(["B", ("shop", "1")], actor="ann", reason="moved house")
        rows = registry.decisions().to_pylist()
        assert [(row["left_key"], row["right_key"], row["verdict"], row["act"]) for row in rows] == [
            (1, 2, "same", act),
            (1, 3, "same", act),
        ]
        assert {(row["actor"], row["reason"]) for row in rows} == {("ann", "moved house")}
        assert registry.merge(["A", "B"], actor="bo") == act
        assert len(registry.decisions()) == 2
        with pytest.raises(DecisionConflict, match="decision 2 by ann"):
            registry.decide(("crm", "1"), ("shop", "1"), "different", actor="bo")

    def test_a_merge_needs_two_customers_that_have_records(self, registry: Registry) -> None:
        two_customers(registry)
        run(
            registry,
            [
                ("created", "C", None, None),
                ("linked", "C", None, "app:1"),
                ("retired", "B", None, None),
                ("unlinked", "B", None, "crm:2"),
            ],
            {"app:1": {}, "crm:2": None},
        )
        refused: list[tuple[list[str | tuple[str, str]], str]] = [
            (["A"], "two customers or more"),
            (["A", "B"], "B has no records any more"),
            (["A", ("crm", "2")], "crm:2 is gone"),
            (["C", "C"], "C is one record"),
        ]
        for customers, message in refused:
            with pytest.raises(UsageError, match=message):
                registry.merge(customers, actor="ann")
        with pytest.raises(UnknownCustomer, match="channel 'crm' has no record '9'"):
            registry.merge(["A", ("crm", "9")], actor="ann")
        assert len(registry.decisions()) == 0

    def test_a_split_is_one_act_that_says_who_is_who(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        parts = [[("shop", "1"), ("crm", "1")], [("crm", "2")]]
        act = registry.split("B", parts, actor="ann")
        assert [(row["left_key"], row["right_key"], row["verdict"]) for row in registry.decisions().to_pylist()] == [
            (1, 3, "same"),
            (1, 2, "different"),
        ]
        assert registry.split("A", parts[::-1], actor="bo") == act
        with pytest.raises(DecisionConflict, match="decision 2 by ann"):
            registry.decide(("shop", "1"), ("crm", "2"), "same", actor="bo")

    def test_a_split_names_records_of_that_customer_once(self, registry: Registry) -> None:
        two_customers(registry)
        one, shop, other = ("crm", "1"), ("shop", "1"), ("crm", "2")
        for parts, message in (
            ([[one]], "two parts or more"),
            ([[one], []], "two parts or more"),
            ([[one], [other]], "crm:2 is not a record of A: it belongs to B"),
            ([[one], [shop, one]], "crm:1 is named twice"),
        ):
            with pytest.raises(UsageError, match=message):
                registry.split("A", parts, actor="ann")
        assert len(registry.decisions()) == 0

    def test_an_act_that_contradicts_lands_not_at_all(self, registry: Registry) -> None:
        two_customers(registry)
        registry.decide(("crm", "2"), ("shop", "1"), "different", actor="ann", reason="twins")
        with pytest.raises(DecisionConflict, match=r"bo cannot .*decision 1 by ann.*what is said with it"):
            registry.merge(["A", "B"], actor="bo")
        assert len(registry.decisions()) == 1

    def test_an_act_is_taken_back_as_a_whole_or_one_decision_of_it(self, registry: Registry) -> None:
        two_customers(registry)
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        act = registry.merge(["A", "B"], actor="bo")
        registry.revoke(act + 1, actor="cy")
        assert registry.read_state().decisions["decision_id"].to_pylist() == [1, act]
        registry.revoke_act(act, actor="dee")
        assert registry.read_state().decisions["decision_id"].to_pylist() == [1]
        assert registry.decisions()["revoked_by"].to_pylist() == [None, "dee", "cy"]
        with pytest.raises(UsageError, match=f"act {act} was taken back by dee"):
            registry.revoke_act(act, actor="ann")
        with pytest.raises(UnknownCustomer, match="no act 1"):
            registry.revoke_act(1, actor="ann")

    def test_a_merge_that_was_wrong_is_parted_along_the_ids_before(self, registry: Registry) -> None:
        two_customers(registry)
        with pytest.raises(UsageError, match="no merge to undo"):
            registry.unmerge("A", actor="ann")
        merge(registry)
        run(
            registry,
            [("linked", "A", None, "app:1")],
            {"app:1": {}},
        )
        act = registry.unmerge("B", actor="ann")
        pairs = [(row["left_key"], row["right_key"], row["verdict"]) for row in registry.decisions().to_pylist()]
        # app:1 came later: it stays where the evidence puts it.
        assert pairs == [(1, 2, "different"), (2, 3, "different")]
        assert registry.unmerge("B", actor="bo") == act
        registry.revoke_act(act, actor="ann")
        registry.unmerge("A", actor="ann")
        standing = registry.read_state().decisions.to_pylist()
        assert [(row["left_key"], row["right_key"], row["verdict"]) for row in standing] == [
            (1, 3, "same"),
            (1, 2, "different"),
        ]

    def test_parting_a_merge_takes_back_what_a_steward_tied(self, registry: Registry) -> None:
        two_customers(registry)
        run(registry, [("created", "C", None, None), ("linked", "C", None, "app:1")], {"app:1": {}})
        registry.merge(["A", "B", "C"], actor="ann")
        run(
            registry,
            [
                ("merged", "B", "A", None),
                ("merged", "C", "A", None),
                ("moved", "A", "B", "crm:2"),
                ("moved", "A", "C", "app:1"),
            ],
        )
        registry.unmerge("A", actor="bo")
        rows = registry.decisions().to_pylist()
        assert [row["revoked_by"] for row in rows[:3]] == ["bo", None, "bo"]
        assert {(row["left_key"], row["right_key"], row["verdict"]) for row in rows[3:]} == {
            (1, 3, "same"),
            (1, 2, "different"),
            (1, 4, "different"),
            (2, 4, "different"),
        }
        assert registry.verify() == []

    def test_parting_one_of_three_keeps_the_others_as_they_were_tied(self, registry: Registry) -> None:
        run(
            registry,
            [("created", name, None, None) for name in "ABC"]
            + [("linked", name, None, f"crm:{name}") for name in "ABC"],
            {f"crm:{name}": {} for name in "ABC"},
        )
        registry.merge(["A", "B", "C"], actor="ann")
        moves: list[EventRow] = [("moved", "B", name, f"crm:{name}") for name in "AC"]
        run(registry, [("merged", "A", "B", None), ("merged", "C", "B", None), *moves])
        # crm:A is what crm:B and crm:C are tied to; without it they are still one.
        registry.unmerge("A", actor="bo")
        standing = registry.read_state().decisions.to_pylist()
        assert {(row["left_key"], row["right_key"], row["verdict"]) for row in standing} == {
            (1, 2, "different"),
            (1, 3, "different"),
            (2, 3, "same"),
        }

    def test_decisions_are_loaded_with_their_who_and_when_and_only_once(self, registry: Registry) -> None:
        two_customers(registry)
        rows = {
            "left_channel": ["shop", "crm"],
            "left_record_id": ["1", "2"],
            "right_channel": ["crm", "crm"],
            "right_record_id": ["2", "1"],
            "verdict": ["Same", "unsure"],
            "actor": ["ann", None],
            "decided_at": ["2025-03-04T05:06:07+08:00", ""],
        }
        loaded = registry.load_decisions(pa.table(rows), actor="nightly")
        assert (loaded.added, loaded.known, len(loaded.unusable)) == (2, 0, 0)
        first, second = registry.decisions().to_pylist()
        assert (first["left_key"], first["right_key"], first["verdict"], first["actor"]) == (2, 3, "same", "ann")
        assert first["decided_at"] == datetime(2025, 3, 3, 21, 6, 7, tzinfo=UTC)
        assert second["actor"] == "nightly"
        again = registry.load_decisions(pa.table(rows), actor="nightly")
        assert (again.added, again.known) == (0, 2)
        registry.revoke(first["decision_id"], actor="bo")
        assert registry.load_decisions(pa.table(rows), actor="nightly").added == 0

    def test_what_was_saved_is_loaded_into_another_registry(self, registry: Registry, tmp_path: Path) -> None:
        from custid.registries.decision_tables import save

        two_customers(registry)
        registry.merge(["A", "B"], actor="ann", reason='he said "yes",\nthen no')
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="bo")
        saved = save(registry.decisions())
        folder = tmp_path / "other"
        folder.mkdir()
        other = self.make_registry(folder)
        two_customers(other)
        assert other.load_decisions(saved, actor="cy").added == len(saved) == len(registry.decisions())
        assert save(other.decisions()) == saved
        assert other.load_decisions(saved, actor="cy").known == len(saved)

    def test_a_row_that_cannot_be_used_is_named_and_nothing_lands(self, registry: Registry) -> None:
        two_customers(registry)
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        names = ["left_channel", "left_record_id", "right_channel", "right_record_id", "verdict", "decided_at"]
        rows = [
            ("crm", "2", "shop", "1", "same", None),
            ("crm", "9", "shop", "1", "same", None),
            ("crm", "1", "shop", "1", "maybe", None),
            ("crm", "1", "crm", "1", "same", None),
            ("crm", "1", "shop", "", "same", None),
            ("crm", "1", "shop", "1", "unsure", "yesterday"),
            ("crm", "1", "shop", "1", "different", None),
        ]
        table = pa.table([list(column) for column in zip(*rows, strict=True)], names=names)
        with pytest.raises(InputError, match=r"(?s)the table: .*row 2: channel 'crm' has no record '9'.*and 1 more"):
            registry.load_decisions(table, actor="bo")
        assert len(registry.decisions()) == 1
        loaded = registry.load_decisions(table, actor="bo", skip_bad=True)
        assert loaded.added == 1
        reasons = {row["row"]: row["reason"] for row in loaded.unusable.to_pylist()}
        assert {row: reasons[row] for row in (2, 3, 4, 5, 6)} == {
            2: "channel 'crm' has no record '9'",
            3: "verdict 'maybe' is none of same, different, unsure",
            4: "both records are crm:1",
            5: "right_record_id is empty",
            6: "decided_at 'yesterday' is no time; write 2026-03-01T18:00+08:00",
        }
        assert reasons[7].startswith("crm:1 and shop:1 are different, which contradicts decision 1 by ann")
        assert reasons[7].endswith("row 1 (crm:2 and shop:1 are the same)")
        with pytest.raises(InputError, match=r"no column 'left_record_id' \(it has: left_channel\)"):
            registry.load_decisions(table.select(["left_channel"]), actor="bo")

    def test_decisions_that_contradict_each_other_are_found_by_verify(self, registry: Registry) -> None:
        two_customers(registry)
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        registry.decide(("crm", "1"), ("shop", "1"), "same", actor="ann")
        assert registry.verify() == []
        self.tamper(
            registry,
            "UPDATE custid.decisions SET left_key = 1, right_key = 2, verdict = 'different' WHERE decision_id = 2",
        )
        found = registry.verify()
        assert any(f.invariant == "I5" and "decision 2" in f.message and "decision 1" in f.message for f in found)

    # --- what waits for a steward ---

    def test_a_pair_of_customers_waits_once_by_its_strongest_edge(self, registry: Registry) -> None:
        four_to_review(registry)
        queue = registry.review()
        assert queue.waiting == 4
        assert queue.questions.schema == QUESTIONS
        asked = queue.questions.to_pylist()
        assert [(row["left_id"], row["right_id"], row["match_weight"]) for row in asked] == [
            ("B", "C", -0.5),
            ("A", "B", -1.0),
            ("A", "C", 7.0),  # a guard kept it apart
            ("C", "D", -4.0),
        ]
        assert [row["reason"] for row in asked][1:3] == ["between the thresholds", "kept apart by a guard"]
        assert asked[1]["pairs"] == 2
        assert (asked[1]["left_channel"], asked[1]["left_record_id"]) == ("crm", "1")
        assert all(0 < row["teaches"] <= 1 for row in asked)
        assert registry.review(limit=2).questions.to_pylist() == asked[:2]
        assert registry.review(limit=2).waiting == 4

    def test_whatever_was_decided_waits_no_more_until_it_is_taken_back(self, registry: Registry) -> None:
        four_to_review(registry)
        for verdict in ("same", "different", "unsure"):
            decision = registry.decide(("crm", "2"), ("shop", "1"), verdict, actor="ann")
            left = [(row["left_id"], row["right_id"]) for row in registry.review().questions.to_pylist()]
            assert ("A", "B") not in left
            registry.revoke(decision, actor="ann")
            assert registry.review().waiting == 4

    def test_what_is_the_same_is_asked_about_as_one(self, registry: Registry) -> None:
        four_to_review(registry)
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")  # A and B, of which both wait with C
        asked = registry.review().questions.to_pylist()
        assert [(row["left_id"], row["right_id"], row["pairs"]) for row in asked] == [("A", "C", 2), ("C", "D", 1)]
        registry.decide(("crm", "1"), ("crm", "3"), "different", actor="ann")
        assert [row["right_id"] for row in registry.review().questions.to_pylist()] == ["D"]

    def test_records_are_found_by_words_in_them(self, registry: Registry) -> None:
        run(
            registry,
            [("created", "A", None, None), ("linked", "A", None, "crm:1"), ("linked", "A", None, "crm:2")],
            {"crm:1": {"name": "Zoë 100%_!", "city": "Köln"}, "crm:2": {"name": "zoe", "city": None}},
        )
        wanted = {"zo": [1, 2], "ZO": [1, 2], "Zoë Köln": [1], "Köln zo": [1], "0%_!": [1], "z_e": [], "crm 2": [2]}
        wanted[" "] = []
        with registry.view() as view:
            assert {text: view.containing(text, 10).to_pylist() for text in wanted} == wanted
            assert view.containing("zo", 1).to_pylist() == [1]

    def test_who_holds_a_comparable_value_is_found_in_any_of_its_places(self, registry: Registry) -> None:
        values = {
            "record_key": [1, 2, 3],
            "email": ["a@x.org", "b@x.org", None],
            "email_2": ["b@x.org", None, None],
            "email_user": ["a", "b", "b@x.org"],
        }
        two_customers(registry, values=pa.table(values))
        with registry.view() as view:
            found = view.holding("email", pa.array(["b@x.org", "c@x.org"])).to_pylist()
            assert len(view.holding("phone", pa.array(["1"]))) == 0
        names = {(row["value"], row["channel"], row["record_id"]) for row in found}
        assert names == {("b@x.org", "crm", "1"), ("b@x.org", "crm", "2")}
        assert len(found) == 2

    # --- histories ---

    @pytest.mark.parametrize("seed", range(2))
    def test_any_past_is_exactly_what_was_true_then(self, registry: Registry, seed: int) -> None:
        chance = random.Random(seed)
        where: dict[str, str] = {}
        pasts: list[dict[str, str]] = [{}]
        known: list[str] = []
        copy: dict[str, str] = {}
        for number in range(1, 7):
            events: list[EventRow] = []
            changed: dict[str, Mapping[str, Any] | None] = {}
            homes = sorted(set(where.values()))
            for fresh in (f"C{number}a", f"C{number}b"):
                events.append(("created", fresh, None, None))
                records = [f"crm:{fresh}{place}" for place in range(3)]
                events += [("linked", fresh, None, record) for record in records]
                changed |= {record: {"email": fresh} for record in records}
                where |= dict.fromkeys(records, fresh)
                known += records
            if len(homes) > 2:
                given_up, kept, left = chance.sample(homes, 3)
                events.append(("merged", given_up, kept, None))
                for record, home in list(where.items()):
                    if home == given_up:
                        events.append(("moved", kept, given_up, record))
                        where[record] = kept
                    elif home == left:
                        events.append(("unlinked", left, None, record))
                        changed[record] = None
                        del where[record]
                events.append(("retired", left, None, None))
            run(registry, events, changed)
            pasts.append(dict(where))
            for row in registry.changes(since=number - 1).to_pylist():
                record = f"{row['channel']}:{row['record_id']}"
                assert copy.get(record) == row["old_id"]
                if row["new_id"] is None:
                    del copy[record]
                else:
                    copy[record] = row["new_id"]
            assert copy == where
        assert as_dict(registry.xref()) == where
        for run_id, past in enumerate(pasts):
            assert as_dict(registry.xref(as_of=run_id)) == past
        state = registry.read_state()
        events = self._all_events(registry)
        links, customers = identity_events.replay(events)
        assert state.links.equals(links)
        assert state.customers.equals(customers)
        former = identity_events.former(events)
        assert state.former.sort_by("seq").equals(former.sort_by("seq"))
        assert registry.verify() == []

    def _all_events(self, registry: Registry) -> pa.Table:
        parts = [registry.history(name) for name in registry.read_state().customers["customer_id"].to_pylist()]
        rows = {row["seq"]: row for part in parts for row in part.select(schemas.EVENTS.names).to_pylist()}
        return pa.Table.from_pylist([rows[seq] for seq in sorted(rows)], schema=schemas.EVENTS)

    # --- customer codes ---

    def test_without_a_format_nobody_has_a_code(self, registry: Registry) -> None:
        two_customers(registry)
        assert registry.code_format() is None
        assert registry.code("A") is None
        assert registry.codes().schema == schemas.CODES
        assert len(registry.codes()) == 0
        with pytest.raises(UnknownCustomer, match="never issued"):
            registry.by_code("C0001")
        with pytest.raises(UsageError, match="no code format was declared"):
            registry.reissue_codes(actor="ann")

    def test_codes_are_issued_with_the_run_in_the_order_of_minting(self, registry: Registry) -> None:
        two_customers(registry, codes=declare("C{date:%Y%m%d}{serial:A0000 per date}"))
        assert registry.codes().to_pylist() == [
            {
                "code": f"C20260101A000{number}",
                "customer_id": name,
                "current_id": name,
                "kind": "code",
                "format_id": 1,
                "run_id": 1,
                "issued_at": day(1),
                "actor": "ann",
            }
            for number, name in enumerate("AB", 1)
        ]
        assert [registry.code("A"), registry.by_code(" c2026-0101 a0002 ")] == ["C20260101A0001", "B"]
        run(registry, [("split", "C", "A", None), ("moved", "C", "A", "shop:1")])
        assert registry.code("C") == "C20260102A0001"
        run(registry)
        assert len(registry.codes()) == 3
        assert registry.verify() == []

    def test_who_was_there_before_a_format_gets_a_code_with_the_next_run(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        run(registry, codes=declare("C{first_seen:%y%m%d}-{serial:3}"))
        assert codes_of(registry) == {"A": "C260101-001"}
        undo(registry)
        assert codes_of(registry) == {"A": "C260101-001", "B": "C260101-002"}
        assert registry.verify() == []

    def test_a_code_says_what_its_customers_earliest_records_say(self, registry: Registry) -> None:
        source = {"field": "Region (sold)", "codes": {"North": "N", "South": "S"}, "default": "X"}
        channels = {"field": "channel", "codes": {"crm": "1", "shop": "2"}, "default": "0"}
        records = ["crm:1", "crm:2", "shop:1", "app:1"]
        format = declare({"format": "{sold:1}{from:1}{serial:2 per sold}", "sold": source, "from": channels})
        run(
            registry,
            [("created", name, None, None) for name in "ABC"]
            + [("linked", name, None, record) for name, record in zip("AABC", records, strict=True)],
            {
                "crm:1": {"Region (sold)": "?"},
                "crm:2": {"Region (sold)": "south"},
                "shop:1": {"Region (sold)": "North"},
                "app:1": {"Region (sold)": None},
            },
            codes=format,
        )
        assert codes_of(registry) == {"A": "S101", "B": "N201", "C": "X001"}
        run(registry, [], {"crm:2": {"Region (sold)": "North"}})
        assert codes_of(registry) == {"A": "S101", "B": "N201", "C": "X001"}

    def test_a_format_that_names_a_field_no_record_has_is_refused(self, registry: Registry) -> None:
        format = declare({"format": "{kind:1}{serial:2}", "kind": {"field": "kind", "default": "X"}})
        with pytest.raises(UsageError, match="no record has a field 'kind'"):
            two_customers(registry, codes=format)
        assert registry.read_state().run_id == 0

    def test_the_code_of_a_merged_customer_answers_with_the_one_that_replaced_it(self, registry: Registry) -> None:
        two_customers(registry, codes=declare("C{serial:2}"))
        merge(registry)
        assert [registry.by_code("C02"), registry.code("B")] == ["A", "C01"]
        shown = registry.codes("A").select(["code", "customer_id", "current_id"]).to_pylist()
        assert [tuple(row.values()) for row in shown] == [("C01", "A", "A"), ("C02", "B", "A")]
        assert registry.codes("B").equals(registry.codes("A"))
        undo(registry)
        assert [registry.by_code("C02"), registry.code("B")] == ["B", "C02"]
        run(registry, [("retired", "B", None, None), ("unlinked", "B", None, "crm:2")], {"crm:2": None})
        assert [registry.by_code("C02"), registry.code("B")] == ["B", "C02"]
        assert registry.verify() == []

    def test_another_format_changes_no_code_until_it_is_asked_for(self, registry: Registry) -> None:
        two_customers(registry, codes=declare("C{serial:2}"))
        run(
            registry,
            [("created", "D", None, None), ("linked", "D", None, "app:1")],
            {"app:1": {}},
            codes=declare("C{serial:3}{check}"),
        )
        assert codes_of(registry) == {"A": "C01", "B": "C02", "D": "C001S"}
        issued = registry.reissue_codes(actor="bo")
        assert issued.to_pydict() == {"customer_id": ["A", "B"], "code": ["C002Q", "C003O"]}
        assert codes_of(registry) == {"A": "C002Q", "B": "C003O", "D": "C001S"}
        assert [registry.by_code("C01"), registry.by_code("C002Q")] == ["A", "A"]
        assert registry.codes("A").select(["code", "kind", "actor"]).to_pylist() == [
            {"code": "C01", "kind": "alias", "actor": "ann"},
            {"code": "C002Q", "kind": "code", "actor": "bo"},
        ]
        assert len(registry.reissue_codes(actor="bo")) == 0
        assert registry.reissue_codes(["B"], actor="bo")["code"].to_pylist() == ["C004M"]
        # Back to a format that was in force before: what it used up stays used.
        run(registry, [("split", "E", "A", None), ("moved", "E", "A", "shop:1")], codes=declare("C{serial:2}"))
        assert registry.code("E") == "C03"
        assert registry.verify() == []

    def test_a_new_code_is_only_for_who_lives(self, registry: Registry) -> None:
        two_customers(registry, codes=declare("C{serial:2}"))
        merge(registry)
        assert registry.reissue_codes(["B", "A"], actor="bo").to_pydict() == {"customer_id": ["A"], "code": ["C03"]}
        with pytest.raises(UnknownCustomer):
            registry.reissue_codes(["Z"], actor="bo")
        undo(registry)
        run(registry, [("retired", "B", None, None), ("unlinked", "B", None, "crm:2")], {"crm:2": None})
        with pytest.raises(UnknownCustomer, match="B cannot get a new code: it is retired"):
            registry.reissue_codes(["A", "B"], actor="bo")
        assert registry.code("A") == "C03"

    def test_a_run_that_has_no_serial_number_left_writes_nothing(self, registry: Registry) -> None:
        two_customers(registry, codes=declare("C{serial:1}"))
        names = [f"N{number}" for number in range(8)]
        rows: list[EventRow] = [("created", name, None, None) for name in names]
        rows += [("linked", name, None, f"app:{name}") for name in names]
        before = registry.read_state()
        with pytest.raises(RegistryError, match=r"8 customers need a code, 7 of 9 numbers are left"):
            run(registry, rows, {f"app:{name}": {} for name in names})
        assert registry.read_state() == before
        run(registry, rows, {f"app:{name}": {} for name in names}, codes=declare("C{serial:2}"))
        assert registry.code("N7") == "C08"
        assert registry.verify() == []

    def test_codes_issued_elsewhere_are_brought_in(self, registry: Registry) -> None:
        two_customers(registry)
        rows = pa.table({"channel": ["crm", "shop"], "record_id": ["1", "1"], "code": [" 客户-007", "C05"]})
        assert registry.bring_in_codes(rows, actor="bo") == 2
        assert registry.bring_in_codes(rows, actor="bo") == 0
        assert registry.bring_in_codes(pa.table({"customer_id": ["B"], "code": ["b 1"]}), actor="bo", aliases=True) == 1
        assert codes_of(registry) == {"A": "客户-007"}
        assert [registry.by_code(text) for text in ("客户007", "c05", "B1")] == ["A", "A", "B"]
        # A format counts on from what is in use, and leaves those alone who have a code.
        run(registry, codes=declare("C{serial:2}"))
        assert codes_of(registry) == {"A": "客户-007", "B": "C06"}
        registry.bring_in_codes(pa.table({"customer_id": ["B"], "code": ["C-09"]}), actor="bo")
        assert registry.reissue_codes(actor="bo")["code"].to_pylist() == ["C10"]
        assert registry.verify() == []

    def test_a_code_brought_in_is_never_two_customers(self, registry: Registry) -> None:
        two_customers(registry)
        twice = pa.table({"customer_id": ["A", "B"], "code": ["K1", "K1"]})
        with pytest.raises(CodeConflict, match="'K1': of A and B"):
            registry.bring_in_codes(twice, actor="bo")
        registry.bring_in_codes(twice.slice(0, 1), actor="bo")
        with pytest.raises(CodeConflict, match="'K1': of A and B"):
            registry.bring_in_codes(twice.slice(1), actor="bo")
        merge(registry)
        assert registry.bring_in_codes(twice.slice(1), actor="bo") == 0
        assert registry.codes()["code"].to_pylist() == ["K1"]

    def test_codes_that_differ_in_case_alone_are_told_apart_when_written_exactly(self, registry: Registry) -> None:
        two_customers(registry)
        registry.bring_in_codes(pa.table({"customer_id": ["A", "B"], "code": ["k-1", "K-1"]}), actor="bo")
        assert [registry.by_code("k-1"), registry.by_code("K-1")] == ["A", "B"]
        with pytest.raises(UnknownCustomer, match="different customers"):
            registry.by_code("k1")

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ({"code": ["1"]}, "columns code and customer_id"),
            ({"customer_id": ["A"], "code": [None]}, "1 of 1 rows have no code"),
            ({"customer_id": ["A", "A"], "code": ["x", " - "]}, "row 2"),
            ({"customer_id": ["Z"], "code": ["1"]}, "name no customer that could have a code: Z"),
            ({"channel": ["crm"], "record_id": ["9"], "code": ["1"]}, "name no customer that could have a code: crm:9"),
        ],
    )
    def test_what_cannot_be_brought_in_is_told(
        self, registry: Registry, rows: dict[str, list[str | None]], message: str
    ) -> None:
        two_customers(registry)
        with pytest.raises((UsageError, UnknownCustomer), match=message):
            registry.bring_in_codes(pa.table(rows), actor="bo")
        assert len(registry.codes()) == 0

    def test_what_was_brought_in_for_an_erased_customer_is_gone_and_what_was_issued_stays(
        self, registry: Registry
    ) -> None:
        two_customers(registry, codes=declare("C{serial:2}"))
        registry.bring_in_codes(pa.table({"customer_id": ["B", "B"], "code": ["ann.lee", "K-77"]}), actor="bo")
        registry.erase("B", actor="bo")
        assert registry.by_code("C02") == "B"
        for code in ("ann.lee", "K-77"):
            with pytest.raises(UnknownCustomer, match="never issued"):
                registry.by_code(code)
        with pytest.raises(UnknownCustomer, match="no customer that could have a code"):
            registry.bring_in_codes(pa.table({"customer_id": ["B"], "code": ["K-77"]}), actor="bo")
        run(registry, [("created", "E", None, None), ("linked", "E", None, "app:1")], {"app:1": {}})
        assert registry.code("E") == "C03"
        assert registry.verify() == []

    def test_a_mistyped_code_is_told_from_one_never_issued(self, registry: Registry) -> None:
        two_customers(registry, codes=declare("C{serial:3}{check}"))
        assert registry.by_code("c001-s") == "A"
        with pytest.raises(UnknownCustomer, match="check character"):
            registry.by_code("C001T")
        with pytest.raises(UnknownCustomer, match="never issued"):
            registry.by_code("C003O")

    @pytest.mark.parametrize("seed", range(int(os.environ.get("CUSTID_HISTORIES", "1"))))
    def test_codes_of_random_histories_are_unique_and_frozen(self, registry: Registry, seed: int) -> None:
        chance = random.Random(seed)
        formats = [declare(text) for text in ("C{serial:3}", "C{date:%d}{serial:A0 per date}{check}", "C0{serial:2}")]
        where: dict[str, str] = {}
        given: dict[str, str] = {}
        merged: dict[str, str] = {}
        for number in range(1, 11):
            events: list[EventRow] = []
            changed: dict[str, Any] = {}
            for name in (f"N{number}a", f"N{number}b"):
                record = f"crm:{name}"
                events += [("created", name, None, None), ("linked", name, None, record)]
                where[record], changed[record] = name, {}
            living = sorted(set(where.values()) - {f"N{number}a", f"N{number}b"})
            if len(living) > 1 and chance.random() < 0.5:
                kept, lost = sorted(chance.sample(living, 2))
                events.append(("merged", lost, kept, None))
                events += [("moved", kept, lost, record) for record, owner in where.items() if owner == lost]
                where = {record: kept if owner == lost else owner for record, owner in where.items()}
                merged[lost] = kept
            elif merged and chance.random() < 0.5:
                back = chance.choice(sorted(merged))
                home = where[f"crm:{back}"]
                if f"crm:{home}" in where and where[f"crm:{home}"] == home:
                    events += [("restored", back, home, None), ("moved", back, home, f"crm:{back}")]
                    where[f"crm:{back}"] = back
                    del merged[back]
            # Some runs name a format; what is in force stays so in the others.
            declared = chance.choice(formats) if number == 3 or (number > 3 and chance.random() < 0.3) else None
            run(registry, events, changed, codes=declared)
            if number > 3 and chance.random() < 0.2:
                registry.reissue_codes(actor="bo")
            table = registry.codes()
            found = dict(zip(table["code"].to_pylist(), table["customer_id"].to_pylist(), strict=True))
            assert len(found) == len(table)
            assert given.items() <= found.items()
            given = found
            if number >= 3:
                assert set(codes_of(registry)) >= set(where.values())
            current = dict(zip(table["code"].to_pylist(), table["current_id"].to_pylist(), strict=True))
            redirects = {name: redirect or name for name, (_, redirect) in statuses(registry).items()}
            assert current == {code: redirects[name] for code, name in given.items()}
        assert registry.verify() == []

    @pytest.mark.parametrize(
        ("named", "statement"),
        [
            ("C01", "INSERT INTO custid.codes SELECT * FROM custid.codes WHERE code = 'C01D'"),
            ("codes of customer ids", "UPDATE custid.codes SET customer_id = 'Z' WHERE code = 'C01D'"),
            ("more than one code", "UPDATE custid.codes SET customer_id = 'A'"),
            ("unknown kind", "UPDATE custid.codes SET kind = 'lost' WHERE code = 'C01D'"),
            ("do not fit their format", "UPDATE custid.codes SET code = 'C01E', reads_as = 'C01E' WHERE code = 'C01D'"),
            ("what they do not read as", "UPDATE custid.codes SET reads_as = 'X' WHERE code = 'C01D'"),
            ("behind the codes", "DELETE FROM custid.code_serials"),
        ],
    )
    def test_verify_names_codes_that_were_damaged(self, registry: Registry, named: str, statement: str) -> None:
        two_customers(registry, codes=declare("C{serial:2}{check}"))
        self.tamper(registry, statement)
        found = registry.verify()
        assert any(finding.invariant == "codes" and named in finding.message for finding in found), found

    # --- golden records ---

    def test_a_golden_record_has_the_chosen_values_and_where_each_is_from(self, registry: Registry) -> None:
        two_customers(registry)
        assert [row["customer_id"] for row in registry.golden().to_pylist()] == ["A", "B"]
        (row,) = registry.golden("A").to_pylist()
        assert (row["records"], row["email"], row["email_from"]) == (2, "a@x.org", "crm:1")
        assert (row["email_all"], row["email_all_from"]) == (["a@x.org"], ["crm:1"])
        assert registry.how("A", "email").source == "crm:1"
        with pytest.raises(UnknownCustomer):
            registry.golden("Z")

    def test_golden_records_follow_what_happens_to_customers(self, registry: Registry) -> None:
        two_customers(registry)
        value = 'new\\"\n李@x.org'
        nobody = pa.array([], pa.int64())
        later = {"updated_at": day(2), "email": value, "customer_id": "77"}
        run(registry, [], {"crm:2": later}, reworked=nobody)
        assert registry.golden("B")["email"].to_pylist() == [value]
        assert registry.golden("B")["customer_id_"].to_pylist() == ["77"]
        run(registry, [("merged", "B", "A", None), ("moved", "A", "B", "crm:2")], reworked=nobody)
        (row,) = registry.golden().to_pylist()
        assert (row["customer_id"], row["records"], row["email_all"]) == ("A", 3, [value, "a@x.org"])
        assert registry.golden("B").to_pylist() == [row]
        assert registry.verify() == []

    def test_a_pin_goes_along_with_a_merge_and_with_an_erasure(self, registry: Registry, tmp_path: Path) -> None:
        two_customers(registry)
        pin_id = registry.pin("B", "email", "xanthippe@x.org", actor="ann", reason="she said so")
        merge(registry)
        (row,) = registry.golden().to_pylist()
        assert (row["email"], row["email_from"]) == ("xanthippe@x.org", f"(pinned {pin_id})")
        (said,) = registry.pins("A").to_pylist()
        assert (said["customer_id"], said["current_id"], said["actor"], said["unpinned_at"]) == ("B", "A", "ann", None)
        registry.unpin("A", "email", actor="bob")
        assert registry.golden("A")["email"].to_pylist() == ["a@x.org"]
        registry.pin("A", "email", "xanthippe@x.org", actor="ann")
        assert found_in_copy(registry, tmp_path / "before") == {"xanthippe@x.org"}
        registry.erase("A", actor="dpo")
        assert found_in_copy(registry, tmp_path / "after") == set()
        assert len(registry.pins()) == len(registry.golden()) == 0
        assert registry.verify() == []

    # --- health ---

    def test_a_newer_format_is_refused_and_left_alone(self, registry: Registry) -> None:
        two_customers(registry)
        commit = commit_of(registry.read_state())
        self.tamper(registry, "UPDATE custid.meta SET value = '99' WHERE name = 'format'")
        for verb in (registry.read_state, registry.runs, registry.verify, lambda: registry.commit(commit)):
            with pytest.raises(RegistryTooNew, match=r"has format 99; .* pip install -U custid"):
                verb()
        self.tamper(registry, f"UPDATE custid.meta SET value = '{tables.FORMAT}' WHERE name = 'format'")
        assert registry.read_state().run_id == 1

    @pytest.mark.parametrize(
        ("invariant", "named", "statement"),
        [
            ("I1", "crm:2", "DELETE FROM custid.links WHERE record_key = 2"),
            ("I1", "crm:2", "UPDATE custid.records SET live = false WHERE record_key = 2"),
            ("I1", "record_key 2", "INSERT INTO custid.links (record_key, customer_id) VALUES (2, 'B')"),
            ("I1", "record_key 77", "INSERT INTO custid.links (record_key, customer_id) VALUES (77, 'B')"),
            ("I1", "B", "UPDATE custid.customers SET status = 'retired' WHERE customer_id = 'B'"),
            ("I1", "A", "UPDATE custid.links SET customer_id = 'B'"),
            ("I1", "B", "UPDATE custid.customers SET redirect = 'A' WHERE customer_id = 'B'"),
            (
                "I1",
                "B",
                "UPDATE custid.customers SET status = 'merged', redirect = 'Z' WHERE customer_id = 'B'",
            ),
            ("I1", "B", "UPDATE custid.customers SET status = 'lost' WHERE customer_id = 'B'"),
            ("I1", "crm:1", "UPDATE custid.records SET record_id = '1' WHERE record_key = 2"),
            ("I1", "record_key 1", "UPDATE custid.records SET record_key = 1 WHERE record_key = 2"),
            ("I4", "record_key 2", "UPDATE custid.links SET customer_id = 'A' WHERE record_key = 2"),
            ("I4", "customer_id B", "UPDATE custid.customers SET minted = 9 WHERE customer_id = 'B'"),
            ("I4", "seq goes from 2 to 4", "DELETE FROM custid.events WHERE seq = 3"),
            ("I4", "begin with seq 2", "DELETE FROM custid.events WHERE seq = 1"),
            ("I4", "run 1", "UPDATE custid.events SET reason = 'none' WHERE seq = 1"),
            ("I4", "run 2", "DELETE FROM custid.events WHERE run_id = 2"),
            ("I4", "unknown kind", "UPDATE custid.events SET kind = 'lost' WHERE seq = 1"),
            ("I4", "event 1", "UPDATE custid.events SET run_id = 9 WHERE seq = 1"),
            ("I7", "run 2", "DELETE FROM custid.runs WHERE run_id = 1"),
            ("I7", "crm:1", "UPDATE custid.records SET last_run = 9 WHERE record_key = 1"),
            ("file", "1–99", "UPDATE custid.edges SET right_key = 99"),
            ("I5", "decision 1", "UPDATE custid.decisions SET right_key = 99"),
        ],
    )
    def test_verify_names_what_was_damaged(
        self, registry: Registry, invariant: str, named: str, statement: str
    ) -> None:
        two_customers(registry)
        if named == "run 2":
            merge(registry)
        if invariant == "I5":
            registry.decide(("crm", "1"), ("crm", "2"), "different", actor="ann")
        self.tamper(registry, statement)
        found = registry.verify()
        assert any(finding.invariant == invariant and named in finding.message for finding in found), found

    # --- erasing ---

    def test_what_was_erased_is_nowhere(self, registry: Registry, tmp_path: Path) -> None:
        an_unusual_person(registry)
        assert found_in_copy(registry, tmp_path / "before") == set(UNUSUAL)
        erasure = registry.erase("A", actor="dpo", reason="case 12")
        assert (erasure.run_id, erasure.customers, erasure.records) == (4, ("A", "B"), 4)
        assert found_in_copy(registry, tmp_path / "after") == set()
        assert registry.verify() == []
        assert [row["record_id"] for row in registry.records().to_pylist()] == ["other"]
        assert "case 12" in registry.runs()["summary"][-1].as_py()

    def test_the_change_feed_says_that_erased_records_are_gone(self, registry: Registry) -> None:
        an_unusual_person(registry)
        erasure = registry.erase("A", actor="dpo")
        told = [(row["record_key"], row["kind"], row["old_id"], row["new_id"]) for row in erasure.changes.to_pylist()]
        assert told == [(1, "unlinked", "A", None), (2, "unlinked", "A", None), (3, "unlinked", "A", None)]
        assert [row["record_id"] for row in erasure.changes.to_pylist()] == ["1", "2", "xanthippe@x.org"]
        feed = registry.changes(since=3)
        assert [(row["record_key"], row["kind"], row["old_id"], row["new_id"]) for row in feed.to_pylist()] == told
        assert feed["record_id"].to_pylist() == ["(erased 1)", "(erased 2)", "(erased 3)"]
        assert registry.xref()["record_id"].to_pylist() == ["other"]

    def test_a_table_downstream_follows_by_record_key(self, registry: Registry) -> None:
        an_unusual_person(registry)
        copy: dict[int, str] = {}

        def follow(since: int) -> None:
            for row in registry.changes(since=since).to_pylist():
                copy.pop(row["record_key"], None)
                if row["new_id"] is not None:
                    copy[row["record_key"]] = row["new_id"]

        follow(since=0)
        assert len(copy) == 4
        registry.erase(records=[("crm", "2")], actor="dpo")
        registry.erase("A", actor="dpo")
        follow(since=3)
        links = registry.read_state().links.to_pylist()
        assert copy == {row["record_key"]: row["customer_id"] for row in links} == {4: "C"}

    def test_the_next_run_looks_again_at_whom_an_erasure_leaves_behind(self, registry: Registry) -> None:
        two_customers(registry)
        registry.erase(records=[("shop", "1")], actor="dpo")
        assert registry.head().pending.to_pylist() == [1]
        run(registry)
        assert registry.head().pending.to_pylist() == []

    def test_decisions_that_no_run_has_seen_are_news_after_an_erasure_too(self, registry: Registry) -> None:
        two_customers(registry)
        for _ in range(3):
            run(registry)
        registry.decide(("crm", "1"), ("crm", "2"), "same", actor="ann")
        registry.erase(records=[("shop", "1")], actor="dpo")
        assert set(registry.head().pending.to_pylist()) == {1, 2}

    def test_an_erased_id_and_its_former_ids_answer_as_tombstones(self, registry: Registry) -> None:
        an_unusual_person(registry)
        registry.erase("A", actor="dpo")
        assert statuses(registry) == {"A": ("erased", None), "B": ("erased", None), "C": ("live", None)}
        for name in ("A", "B"):
            assert registry.current(name) == name
            customer = registry.customer(name)
            assert (customer.status, len(customer.records)) == ("erased", 0)
            assert registry.history(name)["kind"][-1].as_py() == "erased"
        assert registry.lookup("crm", "1") is None
        assert registry.xref(as_of=3)["customer_id"].to_pylist() == ["A", "A", "C", "A"]

    def test_the_seal_over_the_past_holds_after_an_erasure(self, registry: Registry) -> None:
        an_unusual_person(registry)
        chain, events = registry.runs()["chain"].to_pylist(), self._all_events(registry)
        registry.erase("A", actor="dpo")
        assert registry.runs()["chain"].to_pylist()[:3] == chain
        after = self._all_events(registry)
        assert after.slice(0, len(events)).equals(events)
        state = registry.read_state()
        links, customers = identity_events.replay(after)
        assert state.links.equals(links)
        assert state.customers.equals(customers)
        self.tamper(registry, "UPDATE custid.events SET customer_id = 'C' WHERE kind = 'erased' AND customer_id = 'B'")
        assert any("seal" in finding.message for finding in registry.verify())

    def test_a_run_that_was_under_way_does_not_bring_back_what_was_erased(self, registry: Registry) -> None:
        an_unusual_person(registry)
        commit = commit_of(registry.read_state(), [], {"crm:1": {"email": "xanthippe@x.org"}})
        registry.erase("A", actor="dpo")
        with pytest.raises(RunConflict, match=r"run 4 was committed by dpo"):
            registry.commit(commit)
        run(registry, [("created", "D", None, None), ("linked", "D", None, "app:1")], {"app:1": {"email": "d@x.org"}})
        assert registry.verify() == []

    def test_one_record_is_erased_and_its_customer_lives_on(self, registry: Registry) -> None:
        two_customers(registry)
        erasure = registry.erase(records=[("shop", "1"), ("shop", "1")], actor="dpo")
        assert (erasure.customers, erasure.records) == ((), 1)
        assert statuses(registry) == {"A": ("live", None), "B": ("live", None)}
        assert as_dict(registry.xref()) == {"crm:1": "A", "crm:2": "B"}
        assert len(registry.read_state().edges) == 0
        assert registry.verify() == []

    def test_a_customer_that_loses_its_last_record_by_erasure_is_erased(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        erasure = registry.erase(records=[("crm", "1"), ("crm", "2"), ("shop", "1")], actor="dpo")
        assert erasure.customers == ("A", "B")
        assert registry.verify() == []

    def test_a_customer_with_a_record_that_is_only_gone_is_retired(self, registry: Registry) -> None:
        two_customers(registry)
        run(registry, [("unlinked", "A", None, "shop:1")], {"shop:1": None})
        assert registry.erase(records=[("crm", "1")], actor="dpo").customers == ()
        assert statuses(registry)["A"] == ("retired", None)
        assert registry.erase(records=[("shop", "1")], actor="dpo").customers == ("A",)
        assert statuses(registry)["A"] == ("erased", None)
        assert registry.verify() == []

    def test_a_retired_customer_can_be_erased(self, registry: Registry, tmp_path: Path) -> None:
        two_customers(registry)
        run(registry, [("retired", "B", None, None), ("unlinked", "B", None, "crm:2")], {"crm:2": None})
        erasure = registry.erase("B", actor="dpo")
        assert (erasure.customers, erasure.records, len(erasure.changes)) == (("B",), 1, 0)
        assert statuses(registry)["B"] == ("erased", None)
        assert registry.verify() == []

    def test_several_customers_are_erased_in_one_run(self, registry: Registry) -> None:
        two_customers(registry)
        erasure = registry.erase(["B", "A"], actor="dpo")
        assert (erasure.run_id, erasure.customers, erasure.records) == (2, ("A", "B"), 3)
        assert len(registry.xref()) == 0
        assert registry.verify() == []

    def test_records_that_moved_to_others_are_named_and_left_alone(self, registry: Registry) -> None:
        two_customers(registry)
        run(registry, [("split", "C", "A", None), ("moved", "C", "A", "shop:1")])
        erasure = registry.erase("A", actor="dpo")
        assert (erasure.customers, erasure.records, erasure.elsewhere) == (("A",), 1, ("C",))
        assert as_dict(registry.xref()) == {"crm:2": "B", "shop:1": "C"}

    def test_only_what_is_there_can_be_erased(self, registry: Registry) -> None:
        two_customers(registry)
        merge(registry)
        state = registry.read_state()
        for error, message, arguments in (
            (UsageError, r"B was merged into A\. Erase A", {"customers": "B"}),
            (UnknownCustomer, "Z", {"customers": ["A", "Z"]}),
            (UnknownCustomer, "channel 'crm' has no record '9'", {"records": [("crm", "1"), ("crm", "9")]}),
            (UsageError, "one of the two", {}),
            (UsageError, "one of the two", {"customers": "A", "records": [("crm", "1")]}),
        ):
            with pytest.raises(error, match=message):
                registry.erase(actor="dpo", **arguments)
        assert registry.read_state() == state
        registry.erase("A", actor="dpo")
        for again in ("A", "B"):
            with pytest.raises(UsageError, match=f"{again} was erased already, in run 3"):
                registry.erase(again, actor="dpo")
        with pytest.raises(UsageError, match="record '1' of channel 'crm' was erased already"):
            registry.erase(records=[("crm", "1")], actor="dpo")

    def test_a_reason_that_names_the_person_is_refused(self, registry: Registry) -> None:
        an_unusual_person(registry)
        for reason in ("asked by XANTHIPPE@x.org", "Frau Xanthippe Quux-Zweifel rief an"):
            with pytest.raises(UsageError, match="Nothing was erased"):
                registry.erase("A", actor="dpo", reason=reason)
        assert registry.read_state().run_id == 3

    def test_what_was_erased_is_known_again_without_being_known(self, registry: Registry) -> None:
        two_customers(registry)
        assert registry.erased() is None
        registry.erase("B", actor="dpo")
        erased = registry.erased()
        assert erased is not None
        names = pa.chunked_array([["1", "2"], ["3", "2"]])
        assert erased.names("crm", names).to_pylist() == [False, True, False, True]
        assert erased.names("shop", names).to_pylist() == [False] * 4
        values = pa.table(
            {
                "record_key": [7, 8, 9],
                "channel": ["shop"] * 3,
                "email": pa.array(["a@x.org", "b@x.org", None]).dictionary_encode(),
                "email_2": ["b@x.org", None, None],
                "phone": ["b@x.org", None, None],
            }
        )
        assert erased.carried(values).to_pylist() == [
            {"record_key": 7, "field": "email_2"},
            {"record_key": 8, "field": "email"},
        ]

    def test_a_steward_may_allow_an_erased_record_again(self, registry: Registry) -> None:
        two_customers(registry)
        registry.erase("A", actor="dpo")
        registry.allow_again("crm", "1", actor="ann")
        erased = registry.erased()
        assert erased is not None
        assert not erased.names("crm", pa.array(["1"]))[0].as_py()
        assert erased.names("shop", pa.array(["1"]))[0].as_py()
        registry.allow_again("shop", "1", actor="ann")
        assert registry.erased() is None
        for record in ("1", "9"):
            with pytest.raises(UnknownCustomer, match="was erased"):
                registry.allow_again("crm", record, actor="ann")
        # It comes in as new; the erased id never comes back.
        run(registry, [("created", "C", None, None), ("linked", "C", None, "crm:1")], {"crm:1": {"email": "a@x.org"}})
        assert (registry.lookup("crm", "1"), registry.current("A")) == ("C", "A")
        assert registry.verify() == []
        registry.erase("C", actor="dpo")
        assert registry.verify() == []

    def test_verify_finds_what_an_erasure_left_behind(self, registry: Registry) -> None:
        two_customers(registry)
        registry.erase("B", actor="dpo")
        self.tamper(registry, "INSERT INTO custid.comparables (record_key, packed) VALUES (2, 'b@x.org')")
        (finding,) = registry.verify()
        assert finding.invariant == "I8"
        assert "record_key 2" in finding.message

    # --- copies ---

    def test_a_backup_is_restored_as_it_was(self, registry: Registry, tmp_path: Path) -> None:
        an_unusual_person(registry)
        registry.erase(records=[("crm", "2")], actor="dpo")
        backup = registry.backup(tmp_path / "copy.backup")
        assert (backup.run_id, backup.findings) == (4, [])
        assert backup.rows["records"] == 5
        restored = self.make_registry(_new_folder(tmp_path, "restored"))
        assert restored.restore(backup.path) == []
        assert restored.read_state() == registry.read_state()
        for verb in ("records", "runs", "decisions", "changes", "xref"):
            assert getattr(restored, verb)().equals(getattr(registry, verb)())
        again = restored.backup(tmp_path / "again.backup")
        assert again.rows == backup.rows
        erased = restored.erased()
        assert erased is not None
        assert erased.names("crm", pa.array(["2"]))[0].as_py()
        run(restored, [("created", "D", None, None), ("linked", "D", None, "app:1")], {"app:1": {"email": "d@x.org"}})
        assert restored.verify() == []

    def test_backups_of_every_kind_of_registry_restore_into_a_file(self, registry: Registry, tmp_path: Path) -> None:
        from custid.registries import connect

        an_unusual_person(registry)
        registry.backup(tmp_path / "copy.backup")
        embedded = connect(tmp_path / "restored.db")
        assert embedded.restore(tmp_path / "copy.backup") == []
        assert embedded.read_state() == registry.read_state()
        embedded.backup(tmp_path / "back.backup")
        back = self.make_registry(_new_folder(tmp_path, "back"))
        assert back.restore(tmp_path / "back.backup") == []
        assert back.read_state() == registry.read_state()

    def test_a_backup_never_replaces_a_file_and_a_restore_never_a_registry(
        self, registry: Registry, tmp_path: Path
    ) -> None:
        two_customers(registry)
        path = tmp_path / "copy.backup"
        registry.backup(path)
        before = path.read_bytes()
        with pytest.raises(UsageError, match="there already"):
            registry.backup(path)
        with pytest.raises(UsageError, match="already"):
            registry.restore(path)
        with pytest.raises(UsageError, match="no folder"):
            registry.backup(tmp_path / "nowhere" / "copy.backup")
        assert path.read_bytes() == before

    def test_a_damaged_backup_is_refused_and_nothing_lands(self, registry: Registry, tmp_path: Path) -> None:
        an_unusual_person(registry)
        path = tmp_path / "copy.backup"
        registry.backup(path)
        whole = path.read_bytes()
        chance = random.Random(3)
        target = self.make_registry(_new_folder(tmp_path, "restored"))
        places = [chance.randrange(len(whole)) for _ in range(10)]
        damaged = [whole[: int(len(whole) * share)] for share in (0, 0.1, 0.5, 0.9, 0.999)]
        damaged += [whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :] for place in places]
        for number, content in enumerate(damaged):
            path.write_bytes(content)
            with suppress(NotARegistry):
                target.restore(path)
            if target.read_state().run_id:
                # Some bytes of an archive say nothing, such as the time of an entry.
                assert target.read_state() == registry.read_state()
                target = self.make_registry(_new_folder(tmp_path, f"restored_{number}"))
        with pytest.raises(UsageError, match="there is no backup"):
            target.restore(tmp_path / "no.backup")

    def test_a_backup_is_of_one_moment(self, registry: Registry, tmp_path: Path) -> None:
        two_customers(registry)
        done = threading.Event()
        failures: list[BaseException] = []

        def write() -> None:
            number = 0
            try:
                while not done.is_set():
                    number += 1
                    name = f"N{number}"
                    record = f"app:{number}"
                    run(registry, [("created", name, None, None), ("linked", name, None, record)], {record: {}})
            except BaseException as failure:
                failures.append(failure)

        writer = threading.Thread(target=write)
        writer.start()
        for number in range(3):
            backup = registry.backup(tmp_path / f"{number}.backup")
            assert backup.rows["runs"] == backup.run_id
            assert backup.rows["records"] == backup.rows["links"] == backup.run_id + 2
            assert backup.findings == []
        done.set()
        writer.join()
        assert not failures

    def test_an_export_has_every_table(self, registry: Registry, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        an_unusual_person(registry)
        rows = registry.export(tmp_path / "export")
        found = {path.stem: pq.read_table(path) for path in (tmp_path / "export").glob("*.parquet")}
        assert {name: len(table) for name, table in found.items()} == rows
        assert found["xref"].equals(registry.xref())
        assert found["changes"].equals(registry.changes())
        assert found["decisions"].equals(registry.decisions())
        assert found["runs"].equals(registry.runs())
        assert found["records"]["live"].to_pylist() == [True, True, True, True, False]
        assert schemas.fields_of(found["records"], schemas.STORED_RECORDS) == ["email", "given_name", "surname"]
        assert {"at", "actor", "channel", "record_id"} < set(found["events"].column_names)
        assert not {"meta", "erased"} & set(rows)

    def test_an_export_replaces_an_earlier_one_and_nothing_else(self, registry: Registry, tmp_path: Path) -> None:
        two_customers(registry)
        folder = _new_folder(tmp_path, "export")
        registry.export(folder)
        merge(registry)
        assert registry.export(folder)["runs"] == 2
        (folder / "notes.txt").write_text("mine")
        with pytest.raises(UsageError, match=r"something other than an export \(notes.txt\)"):
            registry.export(folder)
        (folder / "notes.txt").unlink()
        with pytest.raises(UsageError, match="is a file"):
            registry.export(folder / "xref.parquet")
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

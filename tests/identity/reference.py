"""The five rules written a second time, slowly, with dicts and loops, to test the quick ones against.

And `Life`, a registry reduced to its events, which runs the quick ones.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass

import pyarrow as pa

from custid import schemas
from custid.identity.assign import Assignment, assign
from custid.identity.events import former, replay

#: record_key → label of its cluster; a record that is missing is gone.
Partition = dict[int, int]
#: kind, customer_id, other_id, record_key
Event = tuple[str, str, str | None, int | None]


def name(number: int) -> str:
    """The id that is minted as number `number`; spelled so that no order but `minted` can be taken for it."""
    return f"{(number * 7919) % 100003:05d}"


def clusters_of(partition: Partition) -> pa.Table:
    return pa.table({"record_key": list(partition), "cluster": list(partition.values())}, schema=schemas.CLUSTERS)


def shuffled(table: pa.Table, chance: random.Random) -> pa.Table:
    rows = list(range(len(table)))
    chance.shuffle(rows)
    cut = chance.randrange(len(rows) + 1)
    table = table.take(pa.array(rows, pa.int64()))
    return pa.concat_tables([table.slice(0, cut), table.slice(cut)])


class Life:
    """Events and nothing else; everything a run needs is replayed from them."""

    def __init__(self) -> None:
        self.run_id = 0
        self.events = schemas.empty(schemas.EVENTS)

    def assign(
        self, partition: Partition, *, chance: random.Random | None = None, evidence: pa.Table | None = None
    ) -> Assignment:
        """What the next run would do; with `chance`, rows are shuffled and clusters renumbered."""
        links, customers = replay(self.events)
        tables = [clusters_of(partition), links, former(self.events), customers]
        if chance is not None:
            labels = sorted(set(partition.values()))
            numbers = dict(zip(labels, chance.sample(range(-(2**40), 2**40), len(labels)), strict=True))
            tables[0] = clusters_of({key: numbers[label] for key, label in partition.items()})
            tables = [shuffled(table, chance) for table in tables]
            evidence = evidence if evidence is None else shuffled(evidence, chance)
        issued = len(customers)
        return assign(
            run_id=self.run_id + 1,
            next_seq=len(self.events) + 1,
            next_minted=issued + 1,
            clusters=tables[0],
            links=tables[1],
            former=tables[2],
            customers=tables[3],
            evidence=evidence,
            mint=lambda count: [name(issued + number) for number in range(1, count + 1)],
        )

    def run(self, partition: Partition, *, evidence: pa.Table | None = None) -> Assignment:
        done = self.assign(partition, evidence=evidence)
        self.run_id += 1
        self.events = pa.concat_tables([self.events, done.events])
        return done

    def links(self) -> dict[int, str]:
        return as_dict(replay(self.events)[0])

    def customers(self) -> dict[str, tuple[str, str | None]]:
        """customer_id → (status, redirect)"""
        rows = replay(self.events)[1].to_pylist()
        return {row["customer_id"]: (row["status"], row["redirect"]) for row in rows}

    def erase(self, customer_id: str) -> None:
        """What an erasure writes: the records leave, the id is a tombstone."""
        self.run_id += 1
        gone = [key for key, owner in self.links().items() if owner == customer_id]
        events = [("unlinked", customer_id, None, key) for key in gone]
        events.append(("erased", customer_id, None, None))
        self.events = pa.concat_tables([self.events, table_of(events, self.run_id, len(self.events) + 1)])


def as_dict(links: pa.Table) -> dict[int, str]:
    return dict(zip(links["record_key"].to_pylist(), links["customer_id"].to_pylist(), strict=True))


def table_of(events: list[Event], run_id: int, next_seq: int) -> pa.Table:
    rows = [
        {
            "seq": next_seq + place,
            "run_id": run_id,
            "kind": kind,
            "customer_id": customer,
            "other_id": other,
            "record_key": key,
            "reason": "because",
        }
        for place, (kind, customer, other, key) in enumerate(events)
    ]
    return schemas.conform(pa.Table.from_pylist(rows, schema=schemas.EVENTS), schemas.EVENTS)


def told(events: pa.Table) -> list[Event]:
    names = ["kind", "customer_id", "other_id", "record_key"]
    return list(zip(*(events[each].to_pylist() for each in names), strict=True))


@dataclass
class Memory:
    """What the slow rules remember. `lost` is (record, id) → when it last lost it."""

    links: dict[int, str]
    status: dict[str, str]
    lost: dict[tuple[int, str], int]
    clock: int = 0

    def issued(self, customer: str) -> int:
        return list(self.status).index(customer)


def slow_run(memory: Memory, partition: Partition) -> list[Event]:
    """One run by the rules; changes `memory`, returns the events in order."""
    before = dict(memory.links)
    by_label: dict[int, list[int]] = defaultdict(list)
    for key in sorted(partition):
        by_label[partition[key]].append(key)
    groups = sorted(by_label.values())
    group_of = {key: place for place, group in enumerate(groups) for key in group}
    had: dict[str, list[int]] = defaultdict(list)
    for key in sorted(before):
        had[before[key]].append(key)

    # Rule 1.
    home: dict[str, int] = {}
    for customer, keys in had.items():
        there = [key for key in keys if key in group_of]
        if there:
            count = Counter(group_of[key] for key in there)
            most = max(count.values())
            home[customer] = next(group_of[key] for key in there if count[group_of[key]] == most)
    # Rule 2.
    owner: dict[int, str] = {}
    merged: dict[str, str] = {}
    for customer in sorted(home, key=memory.issued):
        if home[customer] in owner:
            merged[customer] = owner[home[customer]]
        else:
            owner[home[customer]] = customer
    # Rule 3, taking back: one cluster after the other asks, and whoever is pushed out asks again.
    wishes: dict[int, list[str]] = {}
    strength: dict[tuple[int, str], tuple[int, int]] = {}
    for place, group in enumerate(groups):
        if place in owner:
            continue
        ranked = []
        for customer, status in memory.status.items():
            keys = [key for key in group if (key, customer) in memory.lost]
            if status in ("merged", "retired") and 2 * len(keys) > len(group):
                last = max(memory.lost[key, customer] for key in keys)
                ranked.append((-len(keys), -last, memory.issued(customer), customer))
                strength[place, customer] = (-len(keys), keys[0])
        wishes[place] = [customer for *_, customer in sorted(ranked)]
    restored: dict[str, int] = {}
    asking = list(wishes)
    while asking:
        place = asking.pop()
        while wishes[place]:
            customer = wishes[place].pop(0)
            holder = restored.get(customer)
            if holder is None or strength[place, customer] < strength[holder, customer]:
                restored[customer] = place
                if holder is not None:
                    asking.append(holder)
                break
    owner.update({place: customer for customer, place in restored.items()})

    events: list[Event] = []
    for place, group in enumerate(groups):
        origin = Counter(before[key] for key in group if key in before).most_common(1)
        came_from = origin[0][0] if origin else None
        if place not in owner:
            owner[place] = name(len(memory.status) + 1)
            memory.status[owner[place]] = "live"
            if came_from is None:
                events.append(("created", owner[place], None, None))
            else:
                events.append(("split", owner[place], merged.get(came_from, came_from), None))
        elif owner[place] in restored:
            memory.status[owner[place]] = "live"
            events.append(("restored", owner[place], came_from, None))
    returned: dict[str, list[int]] = defaultdict(list)
    for key in sorted(before.keys() | partition.keys()):
        now = owner[group_of[key]] if key in group_of else None
        was = before.get(key)
        formerly = [customer for record, customer in memory.lost if record == key]
        if was is None and formerly:
            latest = max(formerly, key=lambda customer: memory.lost[key, customer])
            returned[latest].append(key)
        if was != now:
            memory.clock += 1
            if was is not None:
                memory.lost[key, was] = memory.clock
            memory.lost.pop((key, now or ""), None)
        if now is None:
            events.append(("unlinked", str(was), None, key))
            del memory.links[key]
        elif was is None:
            events.append(("linked", now, None, key))
        elif was != now:
            events.append(("moved", now, was, key))
        if now is not None:
            memory.links[key] = now
    ended: list[Event] = [("merged", customer, other, None) for customer, other in merged.items()]
    for customer, keys in returned.items():
        if memory.status[customer] == "retired":
            places = Counter(group_of[key] for key in keys)
            ended.append(("merged", customer, owner[places.most_common(1)[0][0]], None))
    # Rule 4.
    ended += [("retired", customer, None, None) for customer in had if customer not in home]
    for kind, customer, _, _ in ended:
        memory.status[customer] = kind
    return events + sorted(ended, key=lambda event: memory.issued(event[1]))

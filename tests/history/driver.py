"""A registry driven by clusters: what a run does after matching, and nothing of what it does before."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from custid import schemas
from custid.identity.assign import assign
from custid.identity.events import former, replay, seal
from custid.identity.evidence import ties
from custid.identity.ids import mint
from custid.registries.base import Commit, Registry
from custid.registries.embedded.store import _DuckSession
from custid.registries.session import Session
from custid.registries.sql import SqlRegistry

#: "channel:record_id" → label of its cluster; a record that is missing is gone.
Clusters = Mapping[str, int]

#: How many examples a test of random histories tries, where its author did not say.
EXAMPLES = int(os.environ.get("CUSTID_EXAMPLES", "0"))

FIRST_RUN = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(run_id: int) -> datetime:
    """When a run of `Driver` is committed."""
    return FIRST_RUN + timedelta(days=run_id - 1)


class MemoryStore:
    """A store without a file, so that hundreds of runs take seconds; its registry runs the same SQL as any other."""

    location = "memory"

    def __init__(self) -> None:
        self._database = duckdb.connect(config={"threads": 1})
        self._database.execute("ATTACH ':memory:' AS registry")
        self._session = _DuckSession(self._database, self.location)
        self._made = False

    def exists(self) -> bool:
        return self._made

    def create(self, build: Callable[[Session], None]) -> None:
        with self.writing() as session:
            build(session)
        self._made = True

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self._session.begin()
        try:
            yield self._session
        except BaseException:
            self._session.end("ROLLBACK")
            raise
        self._session.end("COMMIT")

    reading = writing

    def rewrite(self, changed: Sequence[str]) -> None:
        """There are no bytes to drop."""


def in_memory() -> Registry:
    """A registry that is gone with the test."""
    return SqlRegistry(MemoryStore())


class Driver:
    """Runs clusters into a new `registry`, with ids that depend on `seed` alone."""

    def __init__(self, registry: Registry, seed: int = 0) -> None:
        self.registry = registry
        self.run_id = 0
        self.links = schemas.empty(schemas.LINKS)
        self._events = schemas.empty(schemas.EVENTS)
        self._chain = ""
        self._keys: dict[str, int] = {}
        self._live: dict[str, int] = {}
        self._first_run: dict[str, int] = {}
        self._entropy = random.Random(seed).randbytes

    def run(self, clusters: Clusters, edges: Iterable[tuple[str, str, float]] = ()) -> int:
        """Commit one run; `edges` are pairs with their weight, between records that are there."""
        run_id = self.run_id + 1
        for name in clusters:
            self._keys.setdefault(name, len(self._keys) + 1)
            self._first_run.setdefault(name, run_id)
        weighed = self._edges(edges)
        customers = replay(self._events)[1]
        decisions = self.registry.decisions() if self.run_id else schemas.empty(schemas.DECISIONS)
        done = assign(
            run_id=run_id,
            next_seq=len(self._events) + 1,
            next_minted=len(customers) + 1,
            clusters=pa.table(
                {"record_key": [self._keys[name] for name in clusters], "cluster": list(clusters.values())},
                schema=schemas.CLUSTERS,
            ),
            links=self.links,
            former=former(self._events),
            customers=customers,
            evidence=ties(weighed, decisions),
            mint=lambda count: mint(count, entropy=self._entropy, issued=customers["customer_id"]),
        )
        self._chain = seal(self._chain, done.events)
        self.registry.commit(
            Commit(
                base_run_id=self.run_id,
                started_at=at(run_id) - timedelta(minutes=1),
                committed_at=at(run_id),
                actor="nightly",
                summary={"run": run_id},
                chain=self._chain,
                records=self._changed(set(clusters), run_id),
                events=done.events,
                edges=weighed,
                rejects=schemas.empty(schemas.REJECTS),
            )
        )
        self.run_id, self.links = run_id, done.links
        self._events = pa.concat_tables([self._events, done.events])
        self._live = dict.fromkeys(clusters, run_id)
        return run_id

    def _changed(self, now: set[str], run_id: int) -> pa.Table:
        rows = []
        for name in sorted(now ^ set(self._live), key=self._keys.__getitem__):
            channel, record_id = name.split(":", 1)
            row = {"record_key": self._keys[name], "channel": channel, "record_id": record_id, "live": name in now}
            rows.append(row | {"first_run": self._first_run[name], "last_run": run_id})
        return pa.Table.from_pylist(rows, schema=schemas.STORED_RECORDS)

    def _edges(self, edges: Iterable[tuple[str, str, float]]) -> pa.Table:
        rows = []
        for left, right, weight in edges:
            low, high = sorted((self._keys[left], self._keys[right]))
            levels = "email:equal surname:close"
            rows.append({"left_key": low, "right_key": high, "match_weight": weight, "levels": levels})
        return pa.Table.from_pylist(rows, schema=schemas.EDGES)

    def xref(self, as_of: int | datetime | None = None) -> dict[str, str]:
        """The registry's cross-reference, as "channel:record_id" → customer id."""
        return as_dict(self.registry.xref(as_of))


def as_dict(xref: pa.Table) -> dict[str, str]:
    """An XREF as "channel:record_id" → customer id."""
    names = (xref[name].to_pylist() for name in ("channel", "record_id", "customer_id"))
    return {f"{channel}:{record_id}": customer for channel, record_id, customer in zip(*names, strict=True)}


def history(chance: random.Random, runs: int, records: int = 14) -> list[dict[str, int]]:
    """Clusters of `runs` runs in a row, each made of the one before by merging, parting, moving, losing, bringing."""
    names = [f"{chance.choice(('crm', 'shop', '微信'))}:{number}" for number in range(records)]
    now: dict[str, int] = {}
    found = []
    for _ in range(runs):
        now = dict(now)
        for _ in range(chance.randint(0, 4)):
            labels = sorted(set(now.values()))
            act = chance.choice(("bring", "bring", "lose", "merge", "part", "move"))
            if act == "bring":
                new = [name for name in names if name not in now]
                for name in chance.sample(new, min(len(new), chance.randint(1, 4))):
                    now[name] = chance.choice([*labels, max(labels, default=0) + 1])
            elif act == "lose" and now:
                for name in chance.sample(sorted(now), chance.randint(1, min(3, len(now)))):
                    del now[name]
            elif act == "merge" and len(labels) > 1:
                given_up, kept = chance.sample(labels, 2)
                now = {name: kept if label == given_up else label for name, label in now.items()}
            elif act == "part" and labels:
                parted = chance.choice(labels)
                now = {
                    name: label + 100 * chance.randint(0, 2) if label == parted else label
                    for name, label in now.items()
                }
            elif act == "move" and now:
                now[chance.choice(sorted(now))] = chance.choice(labels)
        found.append(now)
    return found

"""The registry seam: what every registry promises, whatever database is under it.

A run reads a `State` without holding a lock, works everything out, and commits a `Commit` that lands whole or
not at all. The commit is refused with `RunConflict` when another run landed since its state was read.

Invariants kept here: events are append-only and are the truth; the xref and the customers table are what they
add up to (I4); a commit is atomic (I7); ids are never reused (I1).
Never here: matching, assigning ids, reading channels, printing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa

from custid import schemas


@dataclass(frozen=True)
class State:
    """What a run needs to know before it starts, as of `run_id` (0: an empty registry).

    `records` is STORED_RECORDS + fields, live and gone alike, by record_key; `links` LINKS; `former`
    FORMER_LINKS; `customers` CUSTOMERS; `decisions` DECISIONS (standing ones only); `edges` EDGES.
    `model` is the stored model as JSON. `chain` is the last run's seal ("" before the first).
    """

    run_id: int
    next_seq: int
    next_record_key: int
    next_minted: int
    chain: str
    model: str | None
    records: pa.Table
    links: pa.Table
    former: pa.Table
    customers: pa.Table
    decisions: pa.Table
    edges: pa.Table


def empty_state() -> State:
    """What a registry knows before its first run."""
    return State(
        run_id=0,
        next_seq=1,
        next_record_key=1,
        next_minted=1,
        chain="",
        model=None,
        records=schemas.empty(schemas.STORED_RECORDS),
        links=schemas.empty(schemas.LINKS),
        former=schemas.empty(schemas.FORMER_LINKS),
        customers=schemas.empty(schemas.CUSTOMERS),
        decisions=schemas.empty(schemas.DECISIONS),
        edges=schemas.empty(schemas.EDGES),
    )


@dataclass(frozen=True)
class Commit:
    """Everything one run writes, at once.

    `base_run_id` is the `State.run_id` it was worked out from; the run becomes `base_run_id + 1`.
    `records`: STORED_RECORDS + fields of records that are new or changed in any way (also those now gone,
    with live=False): upserted by record_key. A field column the registry does not know yet is added to it.
    `events`: EVENTS, seq from `State.next_seq` on. `edges`: EDGES, all of them, replacing the stored ones.
    `rejects`: REJECTS, kept with the run. `model` replaces the stored model unless None.
    """

    base_run_id: int
    started_at: datetime
    committed_at: datetime
    actor: str
    summary: dict[str, Any]
    chain: str
    records: pa.Table
    events: pa.Table
    edges: pa.Table
    rejects: pa.Table
    model_id: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class Finding:
    """One thing `verify` found wrong: which invariant (\"I1\" … or \"file\"), and what, with ids."""

    invariant: str
    message: str


@dataclass(frozen=True)
class Customer:
    """A customer with its records: `records` is STORED_RECORDS + fields, live ones only.

    `status` is live, retired or erased: an id that was merged is followed first, and named in `asked_for`.
    """

    customer_id: str
    asked_for: str
    status: str
    created_run: int
    records: pa.Table = field(repr=False)


@runtime_checkable
class Registry(Protocol):
    """What `custid.connect` returns. Every verb opens what it needs and closes it again."""

    @property
    def location(self) -> str:
        """Path or URL, without a password."""
        ...

    # --- a run ---
    def read_state(self) -> State:
        """One consistent snapshot. Raises RegistryBusy, NotARegistry, RegistryTooNew."""
        ...

    def commit(self, commit: Commit) -> int:
        """Write it all, or nothing; returns the run's id.

        Raises RunConflict when another run landed in between.
        """
        ...

    # --- questions ---
    def lookup(self, channel: str, record_id: str, *, as_of: int | datetime | None = None) -> str | None:
        """The customer id of a record now, or as it was after run `as_of` (or at that instant).

        None: it has none.
        """
        ...

    def last_id(self, channel: str, record_id: str) -> str | None:
        """The customer id of a record now or, once it is gone, the last one it had; None: it never had one."""
        ...

    def model(self) -> str | None:
        """The stored model as JSON (see `custid.model.files`); None before the first run."""
        ...

    def current(self, customer_id: str) -> str:
        """The id that answers for `customer_id` today: itself, what replaced it, or its tombstone.

        Raises UnknownCustomer when the id was never issued (and says so when the check character is wrong).
        """
        ...

    def customer(self, customer_id: str) -> Customer:
        """The customer and its records, following a redirect. Raises UnknownCustomer."""
        ...

    def history(self, customer_id: str) -> pa.Table:
        """EVENTS (+ at, actor, channel, record_id), by seq: of this id, its records, and ids merged into or
        split off it."""
        ...

    def changes(self, since: int = 0) -> pa.Table:
        """CHANGES of all runs after run `since`, by seq."""
        ...

    def xref(self, as_of: int | datetime | None = None) -> pa.Table:
        """XREF now, or as it was after a run or at an instant; ordered by channel, record_id."""
        ...

    def records(self) -> pa.Table:
        """STORED_RECORDS + fields, live ones, by record_key."""
        ...

    def runs(self) -> pa.Table:
        """RUNS, oldest first."""
        ...

    def rejects(self, run_id: int) -> pa.Table:
        """REJECTS of one run."""
        ...

    # --- stewards ---
    def decide(
        self,
        left: tuple[str, str],
        right: tuple[str, str],
        verdict: str,
        *,
        actor: str,
        reason: str | None = None,
    ) -> int:
        """Record that two records, each (channel, record_id), are same / different / unsure.

        Returns decision_id; takes effect with the next run.
        Raises DecisionConflict naming both when it contradicts standing decisions:
        `different` for two records that standing `same` decisions connect, or `same` that would connect a
        `different` pair.
        """
        ...

    def revoke(self, decision_id: int, *, actor: str) -> None:
        """Take a decision back."""
        ...

    def decisions(self) -> pa.Table:
        """DECISIONS (+ left_channel, left_record_id, right_channel, right_record_id), standing or revoked."""
        ...

    # --- health ---
    def verify(self) -> list[Finding]:
        """Check every invariant that can be seen from inside; an empty list means sound."""
        ...

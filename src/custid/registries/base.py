"""The registry seam: what every registry promises, whatever database is under it.

A run reads a `State` without holding a lock, works everything out, and commits a `Commit` that lands whole or
not at all. The commit is refused with `RunConflict` when another run landed since its state was read.

Invariants kept here: events are append-only and are the truth; the xref and the customers table are what they
add up to (I4); a commit is atomic (I7); ids are never reused (I1).
Never here: matching, assigning ids, reading channels, printing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pyarrow as pa

from custid import schemas
from custid.identity.codes import CodeFormat
from custid.registries.counting import Counts
from custid.registries.decision_tables import Loaded
from custid.registries.facts import FACTS
from custid.registries.reviewing import Queue
from custid.reports.cards import RECORDS_SHOWN, customer_card

if TYPE_CHECKING:
    from custid.golden.how import How
    from custid.registries.copying import Backup
    from custid.registries.erasing import Erased, Erasure


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


@dataclass(frozen=True)
class Head:
    """What a run needs to know of a registry before it reads anything else; as of `run_id` (0: an empty registry).

    `live`, `customers`: live records and live customers; `channels`: those that ever brought a record. `indexed`:
    whether the comparable values of all live records are stored, so that a batch can be matched without reading
    everything. `custid_version`: of the last run.
    `pending`: keys of records to look at again in any case. `decisions` DECISIONS, all of them.
    `facts`: FACTS of `registries.facts` that wait, in order; `presets`: channel → the preset it was last read with.
    The rest as in `State`.
    """

    run_id: int
    next_seq: int
    next_record_key: int
    next_minted: int
    chain: str
    model: str | None
    live: int
    customers: int
    indexed: bool
    custid_version: str
    channels: tuple[str, ...]
    pending: pa.Array
    decisions: pa.Table
    facts: pa.Table = field(default_factory=lambda: schemas.empty(FACTS))
    presets: Mapping[str, str] = field(default_factory=dict)


def empty_head() -> Head:
    """What there is to know of a registry before its first run."""
    return Head(0, 1, 1, 1, "", None, 0, 0, True, "", (), pa.array([], pa.int64()), schemas.empty(schemas.DECISIONS))


class View(Protocol):
    """One snapshot of a registry, to ask for what a batch concerns. Record keys and ids may be unknown: then there is
    nothing about them."""

    @property
    def run_id(self) -> int:
        """The last run that had landed; 0: none."""
        ...

    def head(self) -> Head:
        """See `Registry.head`."""
        ...

    def records_named(self, names: pa.Table, whole_channels: Iterable[str] = ()) -> pa.Table:
        """STORED_RECORDS + fields, by record_key: those called as in `names` (channel, record_id), and all live ones
        of whole channels."""
        ...

    def records(self, record_keys: pa.Array) -> pa.Table:
        """STORED_RECORDS + fields of these records, by record_key."""
        ...

    def keys_named(self, names: pa.Table) -> pa.ChunkedArray:
        """record_key of each record called as in `names` (channel, record_id), in that order; null: it never came."""
        ...

    def large_blocks(self) -> pa.Table:
        """LARGE_BLOCKS, all of them."""
        ...

    def block_keys(self, record_keys: pa.Array) -> pa.Table:
        """BLOCK_KEYS of these records."""
        ...

    def block_members(self, keys: pa.Array) -> pa.Table:
        """BLOCK_KEYS with these keys."""
        ...

    def every_block_key(self) -> pa.Table:
        """BLOCK_KEYS, all of them, in any order."""
        ...

    def values(self, record_keys: pa.Array) -> pa.Table:
        """record_key, channel, record_id and comparable values of these records, in any order."""
        ...

    def edges(self, record_keys: pa.Array) -> pa.Table:
        """EDGES of these records, to each other and to others, by (left_key, right_key)."""
        ...

    def connections(self, match_weight_min: float) -> pa.Table:
        """left_key, right_key of all edges of at least so many bits, in any order."""
        ...

    def links(self, record_keys: pa.Array) -> pa.Table:
        """LINKS of these records and of all others of their customers, by record_key."""
        ...

    def links_of(self, record_keys: pa.Array) -> pa.Table:
        """LINKS of these records alone, by record_key."""
        ...

    def former(self, record_keys: pa.Array) -> pa.Table:
        """FORMER_LINKS of these records."""
        ...

    def customers(self, customer_ids: pa.Array) -> pa.Table:
        """CUSTOMERS with these ids, by minted."""
        ...

    def holding(self, field: str, values: pa.Array) -> pa.Table:
        """value, channel, record_id of the live records that have one of these comparable values as `field`, be it
        their first, second … of it; once each, in any order."""
        ...

    def rejects_named(self, names: pa.Table) -> pa.Table:
        """REJECTS of rows called as in `names` (channel, record_id), with their run_id, the last first."""
        ...

    def containing(self, text: str, records_max: int) -> pa.Array:
        """Keys of at most so many live records in whose values every word of `text` stands, as it
        is typed or, as far as the database knows capitals, in any case."""
        ...

    def counts(self, run_id: int | None = None, *, shown: int = 10) -> Counts:
        """What a report tells of a run (None: the last), counted while the view is open; of customers, questions and
        runs, so many each.
        Raises UnknownCustomer when there was no such run."""
        ...


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
    `events`: EVENTS, seq from `State.next_seq` on.
    `reworked`: the keys of the records that were matched; None: all records were. `edges`: EDGES of those, to each
    other and to any, replacing what is stored of them; likewise `block_keys` BLOCK_KEYS. `large_blocks` LARGE_BLOCKS
    replaces the stored ones of the same key (records 0: no longer large), or all. `values`: comparable values of the
    live ones among `records`, or of all (None: not kept; then the next run matches everything).
    `rejects`: REJECTS, kept with the run. `model` replaces the stored model unless None, `codes` the format of customer
    codes; new customers get theirs with the run, by the format in force.
    `decisions`: DECISIONS the run itself adds (see `custid.facts`), numbered after those it knew of. `facts` and
    `presets` replace what `Head` has, unless None.
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
    reworked: pa.Array | None = None
    block_keys: pa.Table = field(default_factory=lambda: schemas.empty(schemas.BLOCK_KEYS))
    large_blocks: pa.Table = field(default_factory=lambda: schemas.empty(schemas.LARGE_BLOCKS))
    values: pa.Table | None = None
    model_id: str | None = None
    model: str | None = None
    codes: CodeFormat | None = None
    decisions: pa.Table = field(default_factory=lambda: schemas.empty(schemas.DECISIONS))
    facts: pa.Table | None = None
    presets: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Finding:
    """One thing `verify` found wrong: which invariant (\"I1\" …, \"codes\" or \"file\"), and what, with ids."""

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

    def _repr_html_(self) -> str:
        shown = self.records.slice(0, RECORDS_SHOWN).to_pylist()
        return customer_card(self.customer_id, self.asked_for, self.status, self.created_run, shown, len(self.records))


#: What finds likely customers: (registry, record, channel, customers_max) → FOUND.
Search = Callable[["Registry", Mapping[str, Any], str | None, int], pa.Table]
#: What tells a customer's story: (registry, customer_id, as_of) → TIMELINE.
Story = Callable[["Registry", str, int | datetime | None], pa.Table]


@runtime_checkable
class Registry(Protocol):
    """What `custid.connect` returns. Every verb opens what it needs and closes it again."""

    @property
    def location(self) -> str:
        """Path or URL, without a password."""
        ...

    # --- a run ---
    def head(self) -> Head:
        """What to know before anything else. Raises RegistryBusy, NotARegistry, RegistryTooNew."""
        ...

    def view(self, run_id: int | None = None) -> AbstractContextManager[View]:
        """A snapshot as of run `run_id`, which must be the last one; None: whichever that is. Raises RunConflict when
        another run has landed."""
        ...

    def read_state(self) -> State:
        """One consistent snapshot. Raises RegistryBusy, NotARegistry, RegistryTooNew."""
        ...

    def commit(self, commit: Commit) -> int:
        """Write it all, or nothing; returns the run's id.

        Raises RunConflict when another run landed in between, or, for a run that adds decisions, a decision.
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

    def customers(self) -> pa.Table:
        """CUSTOMERS: every id ever issued, and what became of it, in the order of issue."""
        ...

    def history(self, customer_id: str) -> pa.Table:
        """EVENTS + NAMES (+ at, actor), by seq: of this id, its records, and ids merged into or split off it."""
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

    # --- search before create ---
    def find(self, record: Mapping[str, Any], *, channel: str | None = None, customers_max: int = 10) -> pa.Table:
        """Who `record` may be: the likely customers, the likeliest first, as FOUND in `custid.finding`.

        `record`: field or column name → value, as a row of a channel would have it. `channel`: whose country decides
        how national phone numbers and dates are read. Nothing is written. Raises UsageError.
        """
        ...

    def search_with(self, search: Search) -> None:
        """Use `search` for `find`; `custid.connect` does so."""
        ...

    # --- the customer's story ---
    def timeline(self, customer_id: str, *, as_of: int | datetime | None = None) -> pa.Table:
        """What the customer did and what became of it, by time: TIMELINE of `custid.story.timeline`.

        Of the interactions given to `custid.connect`. `as_of`: a run or an instant; with the records it had then, and
        nothing later. Raises UnknownCustomer, UsageError, InputError.
        """
        ...

    def tell_with(self, story: Story) -> None:
        """Use `story` for `timeline`; `custid.connect` does so."""
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

        Returns decision_id; takes effect with the next run, and then wins over any weight and any guard. `same` holds
        through others, also through records that are gone; `different` between all that is the same as either;
        `unsure` only takes the pair out of the review queue.
        Raises DecisionConflict naming both when it contradicts standing decisions: `different` for two records that
        standing `same` decisions connect, or `same` that would connect a `different` pair. Raises UnknownCustomer for a
        record that was never taken in, UsageError.
        """
        ...

    def merge(self, customers: Sequence[str | tuple[str, str]], *, actor: str, reason: str | None = None) -> int:
        """Record that these customers are one: all records they have today. A customer is named by its id, or by a
        record of it, (channel, record_id).

        Returns the act: the number that its decisions share. Raises as `decide`.
        """
        ...

    def split(
        self,
        customer_id: str,
        parts: Sequence[Sequence[tuple[str, str]]],
        *,
        actor: str,
        reason: str | None = None,
    ) -> int:
        """Record that a customer is several: the records of each part are one, and no two parts the same. Records that
        no part names stay where the evidence puts them.

        Returns the act. Raises as `decide`.
        """
        ...

    def unmerge(self, customer_id: str, *, actor: str, reason: str | None = None) -> int:
        """Record that a merge was wrong. Of an id that was given up: what it had then is parted from all else that its
        successor had. Of a live id: all merges into it at once, each record along the id it had before.

        Decisions that tie what is to be parted are taken back. What came after the merge stays where the evidence puts
        it. The ids come back with the next run by the rules of `identity.assign`.
        Returns the act. Raises as `decide`.
        """
        ...

    def revoke(self, decision_id: int, *, actor: str) -> None:
        """Take a decision back: from the next run on, evidence decides. Raises UnknownCustomer, UsageError."""
        ...

    def revoke_act(self, act: int, *, actor: str) -> None:
        """Take back a merge, split or unmerge as a whole. What an unmerge took back itself stays taken back.
        Raises UnknownCustomer, UsageError."""
        ...

    def review(self, limit: int | None = 100) -> Queue:
        """What waits for a steward in the whole registry: how many questions, and the first of them (`limit` None:
        all), what teaches the model most first. See `custid.registries.reviewing`."""
        ...

    def decisions(self) -> pa.Table:
        """DECISIONS (+ left_channel, left_record_id, right_channel, right_record_id), standing or revoked."""
        ...

    def load_decisions(self, source: Any, *, actor: str, skip_bad: bool = False) -> Loaded:
        """Enter the decisions of a table, or of a .csv or .parquet file: columns left_channel, left_record_id,
        right_channel, right_record_id, verdict; and where known reason, actor, decided_at, act (rows with equal numbers
        are one act). `actor` stands where a row names none. What was said before adds nothing.

        Raises InputError when a row cannot be used (unknown record or verdict, a contradiction): then nothing was
        entered, unless `skip_bad`.
        """
        ...

    # --- golden records ---
    def golden(self, customer_id: str | None = None) -> pa.Table:
        """Golden records of all live customers, by customer_id, or of one (a merged id is followed; none: no row).

        customer_id, records (how many), then per field its value and `<field>_from`, the record it came from as
        "channel:record_id" or "(pinned 12)"; of fields that a person may have several of also `<field>_all`, all
        values, the preferred one first, and `<field>_all_from`. They are kept, and chosen anew by a run for the
        customers it touched. Raises UnknownCustomer.
        """
        ...

    def how(self, customer_id: str, field: str) -> How:
        """How a golden value was chosen: what decided, the candidates, and why the others lost. Print it to read it.

        Raises UnknownCustomer, and UsageError for a field that golden records have not.
        """
        ...

    def pin(self, customer_id: str, field: str, value: str, *, actor: str, reason: str | None = None) -> int:
        """Have the golden record show `value`, whatever the records say, until `unpin`; returns pin_id.

        The parts of an address, and of a name, are pinned together: the others as they are now. A pin stays with its
        id: while that is merged into another it counts there, after what was pinned there itself, and when the merge is
        undone it goes along. What is erased takes its pins with it.
        Raises UnknownCustomer, and UsageError for a customer without records, a field that golden records have not, or
        an empty value.
        """
        ...

    def unpin(self, customer_id: str, field: str, *, actor: str) -> None:
        """Let the rules choose again, of an address or a name for all its parts. Raises UnknownCustomer, UsageError."""
        ...

    def pins(self, customer_id: str | None = None) -> pa.Table:
        """PINS by pin_id, standing or not: all, or of a customer and those merged into it. Raises UnknownCustomer."""
        ...

    # --- customer codes ---
    def code(self, customer_id: str) -> str | None:
        """The customer's code; of a merged one, that of the customer that replaced it. None: it has none.

        Raises UnknownCustomer.
        """
        ...

    def by_code(self, code: str) -> str:
        """The id of the customer that answers to a code or alias today, however it is typed. Raises UnknownCustomer."""
        ...

    def codes(self, customer_id: str | None = None) -> pa.Table:
        """CODES by time of issue: all, or those a customer answers to."""
        ...

    def code_format(self) -> CodeFormat | None:
        """The format new codes are issued by; None when none was declared."""
        ...

    def bring_in_codes(self, table: Any, *, actor: str, aliases: bool = False) -> int:
        """Take codes over that were issued elsewhere; returns how many are new.

        `table`: code, and customer_id or channel and record_id. A customer without a code gets its first row as its
        code, further ones as aliases; with `aliases`, all are. Raises CodeConflict when a code would be two
        customers', UnknownCustomer, UsageError.
        """
        ...

    def reissue_codes(self, customer_ids: Sequence[str] | None = None, *, actor: str) -> pa.Table:
        """New codes by the format in force: for these customers, or for all whose code is of another format.

        The old ones stay as aliases. Returns customer_id, code. Raises UnknownCustomer, UsageError, and RegistryError
        when serial numbers run out.
        """
        ...

    # --- erasing ---
    def erase(
        self,
        customers: str | Iterable[str] = (),
        *,
        records: Iterable[tuple[str, str]] = (),
        actor: str,
        reason: str | None = None,
    ) -> Erasure:
        """Erase one or several customers with all records, live and gone, or single records, each (channel, record_id).

        A run of its own, all or nothing: ids become tombstones, and what was known of the records is nowhere, also
        not in the bytes of the file. A customer that loses its last record so is erased; one that keeps some lives on.
        `reason` is kept, so it must not name anybody.

        Raises UsageError for an id that was merged (naming the one to erase) or erased before, UnknownCustomer, and
        RegistryError when the rows are erased, but their bytes could not be written over yet.
        """
        ...

    def erased(self) -> Erased | None:
        """How to know what was erased when it comes again; None: nothing was."""
        ...

    def allow_again(self, channel: str, record_id: str, *, actor: str) -> None:
        """Let an erased record be taken in again. Raises UnknownCustomer when none of that name was erased."""
        ...

    def compact(self) -> None:
        """Write the tables anew, without the bytes of what is in them no longer. Raises RegistryBusy, RegistryError."""
        ...

    # --- copies ---
    def backup(self, path: str | Path) -> Backup:
        """Write everything, as of now, to one new file that `restore` takes, of whatever kind the registry is.

        The file is read again before it gets its name. Raises UsageError when there is a file already, RegistryError
        when it cannot be written; then none is left.
        """
        ...

    def restore(self, path: str | Path) -> list[Finding]:
        """Make this registry, which must not be there yet, from a backup, whole or not at all.

        Returns what `verify` finds in it. Raises UsageError when there is a registry already, NotARegistry when the
        backup is damaged, RegistryTooNew.
        """
        ...

    def export(self, folder: str | Path) -> dict[str, int]:
        """Write every table as <table>.parquet into a folder, which appears whole or not at all; table → rows.

        An earlier export there is replaced. Raises UsageError when the folder holds something else, RegistryError.
        """
        ...

    # --- health ---
    def verify(self) -> list[Finding]:
        """Check every invariant that can be seen from inside; an empty list means sound."""
        ...

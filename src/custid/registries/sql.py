"""A registry in SQL: every verb of `base.Registry`, over whatever database a `Store` opens.

In: a store. Out: Arrow tables of the schemas in `custid.schemas`.
Never here: SQL that only one database understands, files, locks, matching.

Invariants kept here: events are only ever appended (I4); a commit is one transaction that first makes sure no
other run landed since its state was read (I7); an id that was given up stays, and answers (I1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import RegistryError, RunConflict, UnknownCustomer, UsageError
from custid.golden.how import How
from custid.identity import ids
from custid.identity.codes import CodeFormat
from custid.model.files import from_json
from custid.registries import (
    audit,
    coding,
    copying,
    deciding,
    decision_tables,
    erasing,
    facts,
    golden,
    reviewing,
    tables,
    unmerging,
)
from custid.registries.base import Commit, Customer, Finding, Head, Search, State, Story, View, empty_head, empty_state
from custid.registries.copying import Backup
from custid.registries.decision_tables import Loaded
from custid.registries.erasing import Erased, Erasure
from custid.registries.indexing import store_index
from custid.registries.reading import FORMER, SqlView, field_columns, head_of, records_where
from custid.registries.reviewing import Queue
from custid.registries.session import Session, Store
from custid.reports.cards import registry_card

HISTORY = pa.schema(
    [
        *schemas.EVENTS,
        pa.field("at", schemas.INSTANT, nullable=False),
        pa.field("actor", pa.string(), nullable=False),
        *schemas.NAMES,
    ]
)

#: The events that say where each record was after run $1.
_LATEST = """
    SELECT events.record_key, events.customer_id
    FROM custid.events AS events
    JOIN (SELECT max(seq) AS seq FROM custid.events
          WHERE record_key IS NOT NULL AND run_id <= $1 GROUP BY record_key) AS latest
        ON latest.seq = events.seq
    WHERE events.kind <> 'unlinked'"""

_LOOKUP = """
    SELECT customer_id FROM custid.links WHERE record_key IN
        (SELECT record_key FROM custid.records WHERE channel = $1 AND record_id = $2)"""
#: The record's last event by then; its id is null where it had left.
_LOOKUP_AS_OF = """
    SELECT CASE WHEN kind <> 'unlinked' THEN customer_id END AS customer_id FROM custid.events
    WHERE record_key IN (SELECT record_key FROM custid.records WHERE channel = $1 AND record_id = $2)
        AND run_id <= $3
    ORDER BY seq DESC LIMIT 1"""

_XREF = """
    SELECT records.channel, records.record_id, links.customer_id
    FROM ({links}) AS links JOIN custid.records AS records ON records.record_key = links.record_key
    ORDER BY records.channel, records.record_id"""

_CHANGES = """
    SELECT events.seq, events.run_id, runs.committed_at AS at, events.record_key, records.channel,
        records.record_id, events.kind,
        CASE events.kind WHEN 'moved' THEN events.other_id
            WHEN 'unlinked' THEN events.customer_id END AS old_id,
        CASE WHEN events.kind <> 'unlinked' THEN events.customer_id END AS new_id, events.reason
    FROM custid.events AS events
    JOIN custid.runs AS runs ON runs.run_id = events.run_id
    JOIN custid.records AS records ON records.record_key = events.record_key
    WHERE events.run_id > $1
    ORDER BY events.seq"""

#: The events of the table `told`, with when, by whom, and the names of the records concerned.
_TOLD = """
    , names AS (SELECT record_key, channel, record_id FROM custid.records WHERE record_key IN
        (SELECT record_key FROM told UNION SELECT evidence_left FROM told UNION SELECT evidence_right FROM told))
    SELECT told.*, runs.committed_at AS at, runs.actor, names.channel, names.record_id,
        lefts.channel AS left_channel, lefts.record_id AS left_record_id,
        rights.channel AS right_channel, rights.record_id AS right_record_id
    FROM told JOIN custid.runs AS runs ON runs.run_id = told.run_id
    LEFT JOIN names ON names.record_key = told.record_key
    LEFT JOIN names AS lefts ON lefts.record_key = told.evidence_left
    LEFT JOIN names AS rights ON rights.record_key = told.evidence_right
    ORDER BY told.seq"""

# A customer's own story: what names it, or an id that lives on in it, and what befell the records it now has. Each
# condition finds its events by itself, so that none keeps another from an index.
_HISTORY = f"""
    WITH family AS (SELECT customer_id FROM custid.customers WHERE customer_id = $1 OR redirect = $1),
    told AS (SELECT * FROM custid.events WHERE seq IN (
        SELECT seq FROM custid.events WHERE customer_id IN (SELECT customer_id FROM family)
        UNION SELECT seq FROM custid.events WHERE other_id IN (SELECT customer_id FROM family)
        UNION SELECT seq FROM custid.events
            WHERE record_key IN (SELECT record_key FROM custid.links WHERE customer_id = $1)))
    {_TOLD}"""
#: The story of everybody.
_EVENTS = f"WITH told AS (SELECT * FROM custid.events) {_TOLD}"

#: What a run's events do to the customers, in this order; $1 is the run, $2 the number of the last id minted.
_MINT = """
    INSERT INTO custid.customers (customer_id, minted, status, redirect, created_run)
    SELECT customer_id, $2 + row_number() OVER (ORDER BY seq), 'live', NULL, run_id
    FROM custid.events WHERE run_id = $1 AND kind IN ('created', 'split')"""
_CHANGE_STATUS = """
    UPDATE custid.customers AS customers
    SET status = CASE changed.kind WHEN 'restored' THEN 'live' ELSE changed.kind END,
        redirect = CASE changed.kind WHEN 'merged' THEN changed.other_id END
    FROM (SELECT customer_id, kind, other_id FROM custid.events
          WHERE run_id = $1 AND kind IN ('merged', 'restored', 'retired', 'erased')) AS changed
    WHERE customers.customer_id = changed.customer_id"""
#: A redirect leads where the id's last merge led, until …
_RESET_REDIRECTS = """
    UPDATE custid.customers AS customers
    SET redirect = merged.other_id
    FROM (SELECT events.customer_id, events.other_id FROM custid.events AS events
          JOIN (SELECT max(seq) AS seq FROM custid.events
                WHERE kind = 'merged' GROUP BY customer_id) AS latest
              ON latest.seq = events.seq) AS merged
    WHERE customers.customer_id = merged.customer_id AND customers.status = 'merged'
        AND customers.redirect <> merged.other_id"""
#: … it is shortened to end at an id that is not merged itself.
_SHORTEN_REDIRECTS = """
    UPDATE custid.customers AS customers
    SET redirect = onward.redirect
    FROM (SELECT customer_id, redirect FROM custid.customers WHERE status = 'merged') AS onward
    WHERE customers.redirect = onward.customer_id"""
_LONG_REDIRECTS = """
    SELECT count(*) AS count FROM custid.customers AS customers
    JOIN custid.customers AS onward ON onward.customer_id = customers.redirect AND onward.status = 'merged'"""


class SqlRegistry:
    """A registry in the tables of `tables`; see `base.Registry` for what each verb promises."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = False
        self._search: Search | None = None
        self._story: Story | None = None

    def __repr__(self) -> str:
        return f"<custid registry {self.location}>"

    def _repr_html_(self) -> str:
        return registry_card(self.location)

    def search_with(self, search: Search) -> None:
        """Use `search` for `find`; `custid.connect` does so."""
        self._search = search

    def find(self, record: Mapping[str, Any], *, channel: str | None = None, customers_max: int = 10) -> pa.Table:
        """Who `record` may be: the likely customers, the likeliest first. See `base.Registry`."""
        if self._search is None:
            raise UsageError("a registry opened by custid.registries.connect cannot search; use custid.connect.")
        return self._search(self, record, channel, customers_max)

    def tell_with(self, story: Story) -> None:
        """Use `story` for `timeline`; `custid.connect` does so."""
        self._story = story

    def timeline(self, customer_id: str, *, as_of: int | datetime | None = None) -> pa.Table:
        """What the customer did and what became of it, by time. See `base.Registry`."""
        if self._story is None:
            raise UsageError("a registry opened by custid.registries.connect tells no stories; use custid.connect.")
        return self._story(self, customer_id, as_of)

    @property
    def location(self) -> str:
        """Path or URL, without a password."""
        return self._store.location

    # --- a run ---

    def head(self) -> Head:
        """What to know before anything else; of an empty registry when there is none yet."""
        if not self._store.exists():
            return empty_head()
        with self._reading() as session:
            return head_of(session)

    @contextmanager
    def view(self, run_id: int | None = None) -> Iterator[View]:
        """A snapshot as of run `run_id`, which must be the last one; None: whichever that is. Raises RunConflict when
        another run has landed."""
        with self._reading() as session:
            last = _last_run(session)
            found = int(last["run_id"]) if last else 0
            if run_id is not None and found != run_id:
                raise RunConflict(f"{self.location}: run {found} has landed since run {run_id} was read. Run again.")
            yield SqlView(session, found)

    def read_state(self) -> State:
        """One consistent snapshot; of an empty registry when there is none yet."""
        if not self._store.exists():
            return empty_state()
        with self._reading() as session:
            last = _last_run(session)
            numbers = _row(
                session,
                """SELECT (SELECT coalesce(max(seq), 0) FROM custid.events) AS seq,
                    (SELECT coalesce(max(record_key), 0) FROM custid.records) AS record_key,
                    (SELECT coalesce(max(minted), 0) FROM custid.customers) AS minted""",
            )
            return State(
                run_id=last["run_id"] if last else 0,
                next_seq=numbers["seq"] + 1,
                next_record_key=numbers["record_key"] + 1,
                next_minted=numbers["minted"] + 1,
                chain=last["chain"] if last else "",
                model=_model(session),
                records=records_where(session, "ORDER BY record_key"),
                links=_fetch(session, schemas.LINKS, "SELECT * FROM custid.links ORDER BY record_key"),
                former=_fetch(session, schemas.FORMER_LINKS, FORMER.format(which="")),
                customers=_fetch(session, schemas.CUSTOMERS, "SELECT * FROM custid.customers ORDER BY minted"),
                decisions=_fetch(
                    session,
                    schemas.DECISIONS,
                    "SELECT * FROM custid.decisions WHERE revoked_at IS NULL ORDER BY decision_id",
                ),
                edges=_fetch(session, schemas.EDGES, "SELECT * FROM custid.edges ORDER BY left_key, right_key"),
            )

    def commit(self, commit: Commit) -> int:
        """Write it all, or nothing; returns the run's id.

        Raises RunConflict when another run landed in between.
        """
        if commit.base_run_id and not self._store.exists():
            raise RunConflict(f"{self.location} is gone since run {commit.base_run_id} was read. Nothing was written.")
        with self._writing() as session:
            _refuse_conflict(session, commit, self.location)
            run_id = commit.base_run_id + 1
            events = schemas.conform(commit.events, schemas.EVENTS)
            _refuse_gaps(session, events, run_id)
            _store_records(session, commit.records)
            _apply(session, events, run_id)
            store_index(session, commit)
            facts.store(session, commit, self.location)
            rejects = schemas.conform(commit.rejects, schemas.REJECTS)
            session.load("custid.rejects", rejects.append_column("run_id", _all(run_id, len(rejects))))
            if commit.model is not None:
                model_id = commit.model_id or f"run-{run_id}"
                session.execute("DELETE FROM custid.models WHERE model_id = $1", (model_id,))
                session.execute(
                    "INSERT INTO custid.models (model_id, model, run_id) VALUES ($1, $2, $3)",
                    (model_id, commit.model, run_id),
                )
            session.execute(
                "INSERT INTO custid.runs (run_id, started_at, committed_at, actor, custid_version, model_id,"
                " summary, chain) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                (
                    run_id,
                    commit.started_at,
                    commit.committed_at,
                    commit.actor,
                    version("custid"),
                    commit.model_id,
                    json.dumps(commit.summary, ensure_ascii=False, sort_keys=True),
                    commit.chain,
                ),
            )
            if commit.codes is not None:
                coding.declare(session, commit.codes, at=commit.committed_at, actor=commit.actor)
            coding.issue(session, run_id, at=commit.committed_at, actor=commit.actor)
            golden.update(session, commit, run_id)
        return run_id

    # --- questions ---

    def lookup(self, channel: str, record_id: str, *, as_of: int | datetime | None = None) -> str | None:
        """The customer id of a record now, or as it was after run `as_of` (or at that instant).

        None: it has none.
        """
        with self._reading() as session:
            if as_of is None:
                found = session.fetch(_LOOKUP, (channel, record_id))
            else:
                found = session.fetch(_LOOKUP_AS_OF, (channel, record_id, _run_at(session, as_of)))
            return found["customer_id"][0].as_py() if len(found) else None

    def last_id(self, channel: str, record_id: str) -> str | None:
        """The customer id of a record now or, once it is gone, the last one it had; None: it never had one."""
        with self._reading() as session:
            found = session.fetch(
                """SELECT customer_id FROM custid.events
                    WHERE record_key IN (SELECT record_key FROM custid.records WHERE channel = $1 AND record_id = $2)
                    ORDER BY seq DESC LIMIT 1""",
                (channel, record_id),
            )
            return found["customer_id"][0].as_py() if len(found) else None

    def model(self) -> str | None:
        """The stored model as JSON; None before the first run."""
        with self._reading() as session:
            return _model(session)

    def current(self, customer_id: str) -> str:
        """The id that answers for `customer_id` today: itself, what replaced it, or its tombstone."""
        with self._reading() as session:
            asked = _customer(session, customer_id)
            return str(asked["redirect"] or asked["customer_id"])

    def customer(self, customer_id: str) -> Customer:
        """The customer and its records, following a redirect. Raises UnknownCustomer."""
        with self._reading() as session:
            asked = _customer(session, customer_id)
            found = _customer(session, asked["redirect"]) if asked["redirect"] else asked
            records = records_where(
                session,
                "WHERE live AND record_key IN (SELECT record_key FROM custid.links WHERE customer_id = $1)"
                " ORDER BY record_key",
                (found["customer_id"],),
            )
            return Customer(
                customer_id=found["customer_id"],
                asked_for=asked["customer_id"],
                status=found["status"],
                created_run=found["created_run"],
                records=records,
            )

    def customers(self) -> pa.Table:
        """CUSTOMERS: every id ever issued, and what became of it, in the order of issue."""
        with self._reading() as session:
            return _fetch(session, schemas.CUSTOMERS, "SELECT * FROM custid.customers ORDER BY minted")

    def history(self, customer_id: str) -> pa.Table:
        """EVENTS + NAMES (+ at, actor), by seq: of this id, its records, and ids merged into or split off it."""
        with self._reading() as session:
            return _fetch(session, HISTORY, _HISTORY, (_customer(session, customer_id)["customer_id"],))

    def changes(self, since: int = 0) -> pa.Table:
        """CHANGES of all runs after run `since`, by seq."""
        with self._reading() as session:
            return _fetch(session, schemas.CHANGES, _CHANGES, (_run_at(session, since),))

    def xref(self, as_of: int | datetime | None = None) -> pa.Table:
        """XREF now, or as it was after a run or at an instant; ordered by channel, record_id."""
        with self._reading() as session:
            if as_of is None:
                return _fetch(session, schemas.XREF, _XREF.format(links="SELECT * FROM custid.links"))
            return _fetch(session, schemas.XREF, _XREF.format(links=_LATEST), (_run_at(session, as_of),))

    def records(self) -> pa.Table:
        """STORED_RECORDS + fields, live ones, by record_key."""
        with self._reading() as session:
            return records_where(session, "WHERE live ORDER BY record_key")

    def runs(self) -> pa.Table:
        """RUNS, oldest first."""
        with self._reading() as session:
            return _fetch(session, schemas.RUNS, "SELECT * FROM custid.runs ORDER BY run_id")

    def rejects(self, run_id: int) -> pa.Table:
        """REJECTS of one run. Raises UnknownCustomer when there was no such run."""
        with self._reading() as session:
            return _fetch(
                session,
                schemas.REJECTS,
                'SELECT * FROM custid.rejects WHERE run_id = $1 ORDER BY channel, source, "row"',
                (_run_at(session, run_id),),
            )

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
        """Record that two records are same / different / unsure; returns decision_id.

        The same word on the same pair again changes nothing and returns the standing decision.
        Raises DecisionConflict, UnknownCustomer for a record that was never taken in, UsageError.
        """
        with self._changing() as session:
            return deciding.decide(session, left, right, verdict, actor=actor, reason=reason)

    def merge(self, customers: Sequence[str | tuple[str, str]], *, actor: str, reason: str | None = None) -> int:
        """Record that these customers are one; returns the number of the act.

        Raises DecisionConflict, UnknownCustomer, UsageError.
        """
        with self._changing() as session:
            meant = [_customer(session, one) if isinstance(one, str) else one for one in customers]
            return deciding.merge(session, meant, actor=actor, reason=reason)

    def split(
        self,
        customer_id: str,
        parts: Sequence[Sequence[tuple[str, str]]],
        *,
        actor: str,
        reason: str | None = None,
    ) -> int:
        """Record that a customer is several; returns the number of the act.

        Raises DecisionConflict, UnknownCustomer, UsageError.
        """
        with self._changing() as session:
            return deciding.split(session, _customer(session, customer_id), parts, actor=actor, reason=reason)

    def unmerge(self, customer_id: str, *, actor: str, reason: str | None = None) -> int:
        """Record that a merge was wrong; returns the number of the act.

        Raises DecisionConflict, UnknownCustomer, UsageError.
        """
        with self._changing() as session:
            return unmerging.unmerge(session, _customer(session, customer_id), actor=actor, reason=reason)

    def revoke(self, decision_id: int, *, actor: str) -> None:
        """Take a decision back.

        Raises UnknownCustomer when there is none, UsageError when it was taken back before.
        """
        with self._changing() as session:
            deciding.revoke(session, decision_id, actor=actor)

    def revoke_act(self, act: int, *, actor: str) -> None:
        """Take back a merge or split as a whole.

        Raises UnknownCustomer when there is none, UsageError when it was taken back before.
        """
        with self._changing() as session:
            deciding.revoke_act(session, act, actor=actor)

    def review(self, limit: int | None = 100) -> Queue:
        """What waits for a steward: how many questions, and the first of them. See `base.Registry`."""
        with self._reading() as session:
            model = _model(session)
            threshold = from_json(model).match_threshold if model is not None else 0.0
            return reviewing.queue(session, threshold, limit)

    def decisions(self) -> pa.Table:
        """DECISIONS (+ left_channel, left_record_id, right_channel, right_record_id), standing or revoked."""
        with self._reading() as session:
            return deciding.decisions(session)

    def load_decisions(self, source: Any, *, actor: str, skip_bad: bool = False) -> Loaded:
        """Enter the decisions of a table, or of a CSV or Parquet file; see `decision_tables`.

        Raises InputError, UsageError.
        """
        table = decision_tables.read(source)
        with self._changing() as session:
            return decision_tables.load(session, table, actor=actor, skip_bad=skip_bad)

    # --- golden records ---

    def golden(self, customer_id: str | None = None) -> pa.Table:
        """Golden records of all customers, or of one, by customer_id. See `base.Registry`."""
        with self._reading() as session:
            if customer_id is None:
                return golden.read(session)
            asked = _customer(session, customer_id)
            return golden.read(session, asked["redirect"] or asked["customer_id"])

    def how(self, customer_id: str, field: str) -> How:
        """How a golden value was chosen. Raises UnknownCustomer, UsageError."""
        with self._reading() as session:
            return golden.how(session, _customer(session, customer_id), field)

    def pin(self, customer_id: str, field: str, value: str, *, actor: str, reason: str | None = None) -> int:
        """Pin a golden value; returns pin_id. Raises UnknownCustomer, UsageError."""
        with self._changing() as session:
            return golden.pin(session, _customer(session, customer_id), field, value, actor=actor, reason=reason)

    def unpin(self, customer_id: str, field: str, *, actor: str) -> None:
        """Let the rules choose a golden value again. Raises UnknownCustomer, UsageError."""
        with self._changing() as session:
            golden.unpin(session, _customer(session, customer_id), field, actor=actor)

    def pins(self, customer_id: str | None = None) -> pa.Table:
        """PINS by pin_id, standing or not: all, or of a customer and those merged into it. Raises UnknownCustomer."""
        with self._reading() as session:
            if customer_id is None:
                return golden.pins(session)
            asked = _customer(session, customer_id)
            return golden.pins(session, asked["redirect"] or asked["customer_id"])

    # --- customer codes ---

    def code(self, customer_id: str) -> str | None:
        """The customer's code; of a merged one, that of the customer that replaced it. None: it has none."""
        with self._reading() as session:
            asked = _customer(session, customer_id)
            return coding.code_of(session, asked["redirect"] or asked["customer_id"])

    def by_code(self, code: str) -> str:
        """The id of the customer that answers to a code or alias today, however it is typed. Raises UnknownCustomer."""
        with self._reading() as session:
            return coding.answering(session, code)

    def codes(self, customer_id: str | None = None) -> pa.Table:
        """CODES by time of issue: all, or those a customer answers to."""
        with self._reading() as session:
            if customer_id is None:
                return coding.listed(session)
            asked = _customer(session, customer_id)
            return coding.listed(session, asked["redirect"] or asked["customer_id"])

    def code_format(self) -> CodeFormat | None:
        """The format new codes are issued by; None when none was declared."""
        with self._reading() as session:
            standing = coding.in_force(session)
            return standing.format if standing else None

    def bring_in_codes(self, table: Any, *, actor: str, aliases: bool = False) -> int:
        """Take codes over that were issued elsewhere; returns how many are new. See `base.Registry`."""
        rows = pa.table(table)
        with self._changing() as session:
            return coding.bring_in(session, rows, aliases=aliases, at=datetime.now(UTC), actor=actor)

    def reissue_codes(self, customer_ids: Sequence[str] | None = None, *, actor: str) -> pa.Table:
        """New codes by the format in force; the old ones stay as aliases. See `base.Registry`."""
        with self._changing() as session:
            named = None if customer_ids is None else [_customer(session, one)["customer_id"] for one in customer_ids]
            return coding.reissue(session, named, at=datetime.now(UTC), actor=actor)

    # --- erasing ---

    def erase(
        self,
        customers: str | Iterable[str] = (),
        *,
        records: Iterable[tuple[str, str]] = (),
        actor: str,
        reason: str | None = None,
    ) -> Erasure:
        """Erase customers with all their records, or single records; see `base.Registry.erase`."""
        with self._changing() as session:
            plan = erasing.plan(session, customers, records, actor=actor, reason=reason)
            _apply(session, plan.events, plan.run_id)
            erasing.wipe(session, plan)
            coding.forget(session)
        try:
            self.compact()
        except RegistryError as error:
            raise RegistryError(
                f"run {plan.run_id} erased {plan.erasure.records} records of {self.location}, but the bytes they had "
                f"could not be written over yet: {error} Then call compact(), or custid compact."
            ) from error
        return plan.erasure

    def erased(self) -> Erased | None:
        """How to know what was erased when it comes again; None: nothing was."""
        with self._reading() as session:
            return erasing.erased(session)

    def allow_again(self, channel: str, record_id: str, *, actor: str) -> None:
        """Let an erased record be taken in again. Raises UnknownCustomer when none of that name was erased."""
        with self._changing() as session:
            erasing.allow_again(session, (channel, record_id), actor=actor)

    def compact(self) -> None:
        """Write the tables anew, without the bytes of what is in them no longer."""
        with self._changing():
            pass
        self._store.rewrite(erasing.TOUCHED)
        with self._writing() as session:
            erasing.rewritten(session)

    # --- copies ---

    def backup(self, path: str | Path) -> Backup:
        """Write everything to one file, and read it again; see `base.Registry.backup`."""
        with self._reading() as session:
            return copying.back_up(session, Path(path).expanduser(), audit.findings(session), self.location)

    def restore(self, path: str | Path) -> list[Finding]:
        """Make this registry, which must not be there yet, from a backup; see `base.Registry.restore`."""
        if self._store.exists():
            raise UsageError(
                f"there is a registry at {self.location} already. A backup is restored to a new place; "
                "move the old one away, or give another location."
            )
        with copying.opened(Path(path).expanduser()) as backup:
            self._store.create(backup.build)
            with self._reading() as session:
                if not backup.landed(session):
                    raise RegistryError(
                        f"another registry was made at {self.location} meanwhile. Nothing was restored."
                    )
                return audit.findings(session)

    def export(self, folder: str | Path) -> dict[str, int]:
        """Write every table as a Parquet file into a folder; see `base.Registry.export`."""
        with self._reading() as session:
            xref = _XREF.format(links="SELECT * FROM custid.links")
            customers = "SELECT * FROM custid.customers ORDER BY minted"
            runs = "SELECT * FROM custid.runs ORDER BY run_id"
            views: copying.Views = {
                "xref": lambda: _fetch(session, schemas.XREF, xref),
                "changes": lambda: _fetch(session, schemas.CHANGES, _CHANGES, (0,)),
                "events": lambda: _fetch(session, HISTORY, _EVENTS),
                "decisions": lambda: deciding.decisions(session),
                "codes": lambda: coding.listed(session),
                "golden": lambda: golden.read(session),
                "pins": lambda: golden.pins(session),
                "customers": lambda: _fetch(session, schemas.CUSTOMERS, customers),
                "runs": lambda: _fetch(session, schemas.RUNS, runs),
            }
            return copying.export(session, Path(folder), views, self.location)

    # --- health ---

    def verify(self) -> list[Finding]:
        """Check every invariant that can be seen from inside; an empty list means sound."""
        with self._reading() as session:
            return audit.findings(session)

    # --- sessions ---

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """A snapshot of a registry that is there and has the newest format."""
        if not self._store.exists():
            raise RegistryError(
                f"there is no registry at {self.location}. The first run makes it: "
                f"custid.resolve([...], registry=custid.connect({self.location!r})), or custid run."
            )
        with self._store.reading() as session:
            if tables.format_of(session, self.location, seen=self._seen) == tables.FORMAT:
                self._seen = True
                yield session
                return
        with self._writing():
            pass
        with self._store.reading() as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A transaction on a registry of the newest format, made or brought up to date when need be."""
        if not self._store.exists():
            self._store.create(tables.build)
            self._seen = True
        if not self._seen:
            # Opening somebody else's database for writing would already change its file: look first.
            with self._store.reading() as session:
                tables.format_of(session, self.location)
        with self._store.writing() as session:
            tables.migrate(session, self.location)
            yield session

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        """As `_writing`, for what makes no sense in a registry that is not there."""
        if not (self._seen and self._store.exists()):
            with self._reading():
                pass
        with self._writing() as session:
            yield session


# --- committing ---------------------------------------------------------------------------------------------


def _refuse_conflict(session: Session, commit: Commit, location: str) -> None:
    last = _last_run(session)
    if (last["run_id"] if last else 0) == commit.base_run_id:
        return
    landed = (
        f"run {last['run_id']} was committed by {last['actor']} at {_instant(last['committed_at'])}"
        if last
        else "it has no runs at all"
    )
    since = f"from run {commit.base_run_id}" if commit.base_run_id else "from an empty registry"
    raise RunConflict(
        f"{location}: {landed}, but this run was worked out {since}. Nothing was written. "
        "Run again to work it out anew (custid run --retry does so by itself)."
    )


def _refuse_gaps(session: Session, events: pa.Table, run_id: int) -> None:
    """Events must follow the stored ones without a gap: once in, they never come out again."""
    first = 1 + int(_row(session, "SELECT coalesce(max(seq), 0) AS last FROM custid.events")["last"])
    expected = pa.array(range(first, first + len(events)), pa.int64())
    if not events["seq"].combine_chunks().equals(expected):
        raise RegistryError(f"the events of run {run_id} must be numbered {first}, {first + 1}, … in order.")
    if not pc.all(pc.equal(events["run_id"], run_id), min_count=0).as_py():
        raise RegistryError(f"the events of run {run_id} must all carry that run_id.")


def _store_records(session: Session, records: pa.Table) -> None:
    """Add or replace records by record_key; fields not seen before get a column."""
    columns = field_columns(session)
    for field in schemas.fields_of(records, schemas.STORED_RECORDS):
        if field not in columns:
            columns[field] = _add_field(session, field, columns)
    known = int(_row(session, "SELECT coalesce(max(record_key), 0) AS last FROM custid.records")["last"])
    keys = records.select(["record_key"])
    if pc.count_distinct(keys["record_key"]).as_py() != len(keys):
        raise RegistryError("a commit names a record_key more than once.")
    changed = keys.filter(pc.less_equal(keys["record_key"], known))
    if len(changed):
        session.execute("CREATE TEMPORARY TABLE changed_records (record_key BIGINT)")
        session.load("changed_records", changed)
        session.execute("DELETE FROM custid.records WHERE record_key IN (SELECT record_key FROM changed_records)")
        session.execute("DROP TABLE changed_records")
    session.load("custid.records", records.rename_columns([columns.get(name, name) for name in records.column_names]))


#: Columns that PostgreSQL gives every table by itself.
_TAKEN = ("ctid", "xmin", "cmin", "xmax", "cmax", "tableoid")


def _add_field(session: Session, field: str, columns: dict[str, str]) -> str:
    """Give a field its column: of its own name where that is a plain one, else numbered."""
    taken = {name.casefold() for name in (*schemas.STORED_RECORDS.names, *columns.values(), *_TAKEN)}
    plain = field.isidentifier() and len(field.encode()) <= 63 and field.casefold() not in taken
    column = field if plain else f"field_{len(columns) + 1}"
    while not plain and column in taken:
        column += "_"
    session.execute(f'ALTER TABLE custid.records ADD COLUMN "{column}" VARCHAR')
    session.execute(
        "INSERT INTO custid.fields (position, field, column_name) VALUES ($1, $2, $3)",
        (len(columns) + 1, field, column),
    )
    return column


def _apply(session: Session, events: pa.Table, run_id: int) -> None:
    """Append a run's events and bring links and customers in step with them (see schemas.EVENTS)."""
    session.load("custid.events", events)
    session.execute(
        """DELETE FROM custid.links WHERE record_key IN
            (SELECT record_key FROM custid.events WHERE run_id = $1 AND kind IN ('moved', 'unlinked'))""",
        (run_id,),
    )
    session.execute(
        """INSERT INTO custid.links (record_key, customer_id) SELECT record_key, customer_id
            FROM custid.events WHERE run_id = $1 AND kind IN ('linked', 'moved')""",
        (run_id,),
    )
    minted = int(_row(session, "SELECT coalesce(max(minted), 0) AS last FROM custid.customers")["last"])
    session.execute(_MINT, (run_id, minted))
    session.execute(_CHANGE_STATUS, (run_id,))
    if pc.any(pc.is_in(events["kind"], value_set=pa.array(["restored", "erased"])), min_count=0).as_py():
        # What was shortened past an id that is back, or erased, ends there again.
        session.execute(_RESET_REDIRECTS)
    # Each round halves every chain of redirects; one that outlasts 64 is a circle.
    for _ in range(64):
        if _row(session, _LONG_REDIRECTS)["count"] == 0:
            return
        session.execute(_SHORTEN_REDIRECTS)
    raise RegistryError(f"the merges of run {run_id} lead in a circle. Nothing was written.")


# --- reading ------------------------------------------------------------------------------------------------


def _fetch(session: Session, schema: pa.Schema, sql: str, parameters: tuple[Any, ...] = ()) -> pa.Table:
    return schemas.conform(session.fetch(sql, parameters), schema)


def _row(session: Session, sql: str) -> dict[str, Any]:
    row: dict[str, Any] = session.fetch(sql).to_pylist()[0]
    return row


def _last_run(session: Session) -> dict[str, Any] | None:
    rows = session.fetch(
        "SELECT run_id, actor, committed_at, chain FROM custid.runs ORDER BY run_id DESC LIMIT 1"
    ).to_pylist()
    return rows[0] if rows else None


def _customer(session: Session, customer_id: str) -> dict[str, Any]:
    """The row of an id, taken as written or as meant (case, missing hyphens). Raises UnknownCustomer."""
    sql = "SELECT * FROM custid.customers WHERE customer_id = $1"
    found = session.fetch(sql, (customer_id,)).to_pylist()
    if not found:
        meant = ids.normalize(customer_id)
        found = session.fetch(sql, (meant,)).to_pylist()
        if not found:
            fault = ids.fault(customer_id)
            raise UnknownCustomer(fault or f"customer id {meant} was never issued by this registry.")
    row: dict[str, Any] = found[0]
    return row


def _run_at(session: Session, when: int | datetime) -> int:
    """The last run that counts at `when`: a run's number (0: before the first) or an instant."""
    if isinstance(when, datetime):
        if when.utcoffset() is None:
            raise UsageError(f"{when!r} has no time zone; give as_of as datetime(..., tzinfo=UTC), or as a run number.")
        found = session.fetch(
            "SELECT coalesce(max(run_id), 0) AS run_id FROM custid.runs WHERE committed_at <= $1",
            (when.astimezone(UTC),),
        )
        return int(found["run_id"][0].as_py())
    if isinstance(when, bool) or not isinstance(when, int):
        raise UsageError(f"a run is named by its number, or an instant by a datetime; not by {when!r}.")
    last = _last_run(session)
    runs = last["run_id"] if last else 0
    if not 0 <= when <= runs:
        raise UnknownCustomer(f"there is no run {when}; the last one is run {runs}.")
    return when


def _all(value: int, length: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.int64()), length)


def _model(session: Session) -> str | None:
    found = session.fetch("SELECT model FROM custid.models ORDER BY run_id DESC LIMIT 1")
    return found["model"][0].as_py() if len(found) else None


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

"""A registry in SQL: every verb of `base.Registry`, over whatever database a `Store` opens.

In: a store. Out: Arrow tables of the schemas in `custid.schemas`.
Never here: SQL that only one database understands, files, locks, matching.

Invariants kept here: events are only ever appended (I4); a commit is one transaction that first makes sure no
other run landed since its state was read (I7); an id that was given up stays, and answers (I1).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import DecisionConflict, RegistryError, RunConflict, UnknownCustomer, UsageError
from custid.identity import ids
from custid.registries import audit, tables
from custid.registries.base import Commit, Customer, Finding, State, empty_state
from custid.registries.contradictions import contradiction
from custid.registries.session import Session, Store

VERDICTS = ("same", "different", "unsure")

HISTORY = pa.schema(
    [
        *schemas.EVENTS,
        pa.field("at", schemas.INSTANT, nullable=False),
        pa.field("actor", pa.string(), nullable=False),
        pa.field("channel", pa.string()),
        pa.field("record_id", pa.string()),
    ]
)

DECISIONS_SHOWN = pa.schema(
    [
        *schemas.DECISIONS,
        *[pa.field(f"{side}_{name}", pa.string()) for side in ("left", "right") for name in ("channel", "record_id")],
    ]
)

_FORMER = """
    SELECT taken.record_key, taken.customer_id, taken.seq
    FROM (SELECT record_key, customer_id, max(seq) AS seq
          FROM (SELECT record_key, seq,
                    CASE kind WHEN 'moved' THEN other_id ELSE customer_id END AS customer_id
                FROM custid.events WHERE kind IN ('moved', 'unlinked')) AS taking
          GROUP BY record_key, customer_id) AS taken
    LEFT JOIN custid.links AS links
        ON links.record_key = taken.record_key AND links.customer_id = taken.customer_id
    WHERE links.record_key IS NULL
    ORDER BY taken.seq, taken.record_key"""

#: The events that say where each record was after run $1.
_LATEST = """
    SELECT events.record_key, events.customer_id
    FROM custid.events AS events
    JOIN (SELECT max(seq) AS seq FROM custid.events
          WHERE record_key IS NOT NULL AND run_id <= $1 GROUP BY record_key) AS latest
        ON latest.seq = events.seq
    WHERE events.kind <> 'unlinked'"""

_XREF = """
    SELECT records.channel, records.record_id, links.customer_id
    FROM ({links}) AS links JOIN custid.records AS records ON records.record_key = links.record_key
    ORDER BY records.channel, records.record_id"""

_CHANGES = """
    SELECT events.seq, events.run_id, runs.committed_at AS at, records.channel, records.record_id,
        events.kind,
        CASE events.kind WHEN 'moved' THEN events.other_id
            WHEN 'unlinked' THEN events.customer_id END AS old_id,
        CASE WHEN events.kind <> 'unlinked' THEN events.customer_id END AS new_id, events.reason
    FROM custid.events AS events
    JOIN custid.runs AS runs ON runs.run_id = events.run_id
    JOIN custid.records AS records ON records.record_key = events.record_key
    WHERE events.run_id > $1
    ORDER BY events.seq"""

# A customer's own story: what names it, or an id that lives on in it, and what befell the records it now has.
_HISTORY = """
    WITH family AS (SELECT customer_id FROM custid.customers WHERE customer_id = $1 OR redirect = $1)
    SELECT events.*, runs.committed_at AS at, runs.actor, records.channel, records.record_id
    FROM custid.events AS events
    JOIN custid.runs AS runs ON runs.run_id = events.run_id
    LEFT JOIN custid.records AS records ON records.record_key = events.record_key
    WHERE events.customer_id IN (SELECT customer_id FROM family)
        OR events.other_id IN (SELECT customer_id FROM family)
        OR events.record_key IN (SELECT record_key FROM custid.links WHERE customer_id = $1)
    ORDER BY events.seq"""

_DECISIONS = """
    SELECT decisions.*, lefts.channel AS left_channel, lefts.record_id AS left_record_id,
        rights.channel AS right_channel, rights.record_id AS right_record_id
    FROM custid.decisions AS decisions
    LEFT JOIN custid.records AS lefts ON lefts.record_key = decisions.left_key
    LEFT JOIN custid.records AS rights ON rights.record_key = decisions.right_key
    ORDER BY decisions.decision_id"""

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

_SAME_EDGE = """
    stored.left_key = given.left_key AND stored.right_key = given.right_key
    AND stored.match_weight = given.match_weight AND stored.levels IS NOT DISTINCT FROM given.levels"""


class SqlRegistry:
    """A registry in the tables of `tables`; see `base.Registry` for what each verb promises."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = False

    def __repr__(self) -> str:
        return f"<custid registry {self.location}>"

    @property
    def location(self) -> str:
        """Path or URL, without a password."""
        return self._store.location

    # --- a run ---

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
                records=_records(session, "ORDER BY record_key"),
                links=_fetch(session, schemas.LINKS, "SELECT * FROM custid.links ORDER BY record_key"),
                former=_fetch(session, schemas.FORMER_LINKS, _FORMER),
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
            _store_edges(session, schemas.conform(commit.edges, schemas.EDGES))
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
        return run_id

    # --- questions ---

    def lookup(self, channel: str, record_id: str, *, as_of: int | datetime | None = None) -> str | None:
        """The customer id of a record now, or as it was after run `as_of` (or at that instant).

        None: it has none.
        """
        with self._reading() as session:
            links, values = "SELECT * FROM custid.links", list[int]()
            if as_of is not None:
                links, values = _LATEST, [_run_at(session, as_of)]
            found = session.fetch(
                f"""SELECT links.customer_id FROM ({links}) AS links
                    WHERE links.record_key IN (SELECT record_key FROM custid.records
                        WHERE channel = ${len(values) + 1} AND record_id = ${len(values) + 2})""",
                (*values, channel, record_id),
            )
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
            records = _records(
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

    def history(self, customer_id: str) -> pa.Table:
        """EVENTS (+ at, actor, channel, record_id), by seq: of this id, its records, and ids merged into or
        split off it."""
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
            return _records(session, "WHERE live ORDER BY record_key")

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
        if verdict not in VERDICTS:
            raise UsageError(f"a verdict is one of {', '.join(VERDICTS)}; not {verdict!r}.")
        with self._changing() as session:
            keys = sorted((_record_key(session, left), _record_key(session, right)))
            if keys[0] == keys[1]:
                raise UsageError(f"a decision is about two records; both are {left[0]}:{left[1]}.")
            standing = _fetch(session, DECISIONS_SHOWN, _DECISIONS).filter(pc.field("revoked_at").is_null())
            decisions = standing.to_pylist()
            for decision in decisions:
                if [decision["left_key"], decision["right_key"], decision["verdict"]] == [*keys, verdict]:
                    return int(decision["decision_id"])
            if against := contradiction(keys[0], keys[1], verdict, decisions):
                raise DecisionConflict(
                    f"{actor} cannot decide that {left[0]}:{left[1]} and {right[0]}:{right[1]} are "
                    f"{verdict}: that contradicts {'; '.join(against)}. "
                    "Take one of them back first, with revoke()."
                )
            decision_id = 1 + int(
                _row(session, "SELECT coalesce(max(decision_id), 0) AS last FROM custid.decisions")["last"]
            )
            session.execute(
                "INSERT INTO custid.decisions (decision_id, left_key, right_key, verdict, actor, reason,"
                " decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                (decision_id, *keys, verdict, actor, reason, datetime.now(UTC)),
            )
        return decision_id

    def revoke(self, decision_id: int, *, actor: str) -> None:
        """Take a decision back.

        Raises UnknownCustomer when there is none, UsageError when it was taken back before.
        """
        with self._changing() as session:
            found = session.fetch(
                "SELECT revoked_by, revoked_at FROM custid.decisions WHERE decision_id = $1", (decision_id,)
            ).to_pylist()
            if not found:
                raise UnknownCustomer(f"there is no decision {decision_id} in {self.location}.")
            if found[0]["revoked_at"] is not None:
                raise UsageError(
                    f"decision {decision_id} was taken back by {found[0]['revoked_by']} "
                    f"at {_instant(found[0]['revoked_at'])} already."
                )
            session.execute(
                "UPDATE custid.decisions SET revoked_at = $2, revoked_by = $3 WHERE decision_id = $1",
                (decision_id, datetime.now(UTC), actor),
            )

    def decisions(self) -> pa.Table:
        """DECISIONS (+ left_channel, left_record_id, right_channel, right_record_id), standing or revoked."""
        with self._reading() as session:
            return _fetch(session, DECISIONS_SHOWN, _DECISIONS)

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
            if tables.format_of(session, self.location) == tables.FORMAT:
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
    columns = _columns(session)
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


def _add_field(session: Session, field: str, columns: dict[str, str]) -> str:
    """Give a field its column: of its own name where that is a plain one, else numbered."""
    taken = {name.casefold() for name in (*schemas.STORED_RECORDS.names, *columns.values())}
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


def _store_edges(session: Session, edges: pa.Table) -> None:
    """Replace the edges, writing only what differs."""
    session.execute(
        """CREATE TEMPORARY TABLE given_edges
            (left_key BIGINT, right_key BIGINT, match_weight REAL, levels VARCHAR)"""
    )
    session.load("given_edges", edges)
    session.execute(
        f"DELETE FROM custid.edges AS stored WHERE NOT EXISTS (SELECT 1 FROM given_edges AS given WHERE {_SAME_EDGE})"
    )
    session.execute(
        "INSERT INTO custid.edges (left_key, right_key, match_weight, levels)"
        " SELECT left_key, right_key, match_weight, levels FROM given_edges AS given"
        f" WHERE NOT EXISTS (SELECT 1 FROM custid.edges AS stored WHERE {_SAME_EDGE})"
    )
    session.execute("DROP TABLE given_edges")


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


def _columns(session: Session) -> dict[str, str]:
    """field → its column, in the order the fields first occurred."""
    rows = session.fetch("SELECT field, column_name FROM custid.fields ORDER BY position").to_pylist()
    return {row["field"]: row["column_name"] for row in rows}


def _records(session: Session, condition: str, parameters: tuple[Any, ...] = ()) -> pa.Table:
    """STORED_RECORDS + fields of the records that `condition` (WHERE … ORDER BY …) picks."""
    columns = _columns(session)
    fixed = schemas.STORED_RECORDS.names
    selected = ", ".join([*fixed, *(f'"{column}"' for column in columns.values())])
    rows = session.fetch(f"SELECT {selected} FROM custid.records {condition}", parameters)
    schema = pa.schema([*schemas.STORED_RECORDS, *(pa.field(field, pa.string()) for field in columns)])
    return schemas.conform(rows.rename_columns([*fixed, *columns]), schema)


def _record_key(session: Session, record: tuple[str, str]) -> int:
    found = session.fetch("SELECT record_key FROM custid.records WHERE channel = $1 AND record_id = $2", record)
    if not len(found):
        raise UnknownCustomer(f"channel {record[0]!r} has no record {record[1]!r}.")
    return int(found["record_key"][0].as_py())


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

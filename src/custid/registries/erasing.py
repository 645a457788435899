"""Erasing customers, or single records, for good, and knowing them again without knowing them (I8).

In: a session that writes, and whom to erase. Out: a `Plan` of what goes, then tables that hold nothing of it; and
`Erased`, which recognizes an erased record or value when it comes in again.
Never here: what events add up to (see `sql`), the bytes that a database leaves behind (see `session.Store.rewrite`).

An erasure is a run of its own: its events are sealed like any others, so that the past stays whole and what stands
downstream learns of it. Events name records by record_key and hold no values, so nothing in them has to change. What
does change:

- a record keeps its number and its channel; its name becomes `(erased 12)`, its values null
- comparable values, blocking keys and edges go; decisions on it lose their reason. They stand: that two others are the
  same because both are the same as this one stays true
- rejects of it, and rejected rows that hold its e-mail, telephone or identifying numbers, lose all but the count
- golden records of it go, or are chosen anew without it; pins of it go
- its values are cut out of what stewards wrote and of what runs said of themselves

What stays is a keyed digest (HMAC-SHA256) of its name and of each e-mail, telephone and identifying number. The key is
random and kept in the registry, so that a digest tells nothing to those who have only the digest.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import UnknownCustomer, UsageError
from custid.identity import events as identity_events
from custid.identity import ids
from custid.registries import facts, golden
from custid.registries.reading import field_columns, records_where
from custid.registries.session import Session
from custid.standardize.fields import base_of, kind_of

#: The reason of rejects, and of events, that come of an erasure.
REASON = "erased"

#: Kinds of fields whose values name one person, or nearly.
IDENTIFYING = ("email", "phone", "identifier")

#: The tables that an erasure changes or deletes from.
TOUCHED = (
    "records",
    "comparables",
    "keys",
    "edges",
    "links",
    "customers",
    "decisions",
    "merge_facts",
    "rejects",
    "runs",
    "erased",
    "codes",
    "golden",
    "pins",
)

#: In `meta`: the key of the digests; and that the database still has to drop the bytes of what was erased.
_SECRET, DUE = "erasure_secret", "rewrite_due"

#: The kind of a digest of a record's name; other kinds are fields.
_NAME = "record"

#: Shorter texts are not looked for in free text: they would be found everywhere.
_TRACE_MIN = 4

#: How many texts one regular expression looks for.
_TRACES_AT_ONCE = 200

_DIGESTS = pa.schema(
    [
        pa.field("record_key", pa.int64(), nullable=False),
        pa.field("run_id", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
    ]
)

#: Where each record that ever was with one of the ids is now, or was last, by the id that answers for it today.
_HOMES = """
    SELECT events.record_key, coalesce(customers.redirect, customers.customer_id) AS customer_id, events.kind
    FROM custid.events AS events
    JOIN (SELECT max(seq) AS seq FROM custid.events WHERE record_key IN
            (SELECT record_key FROM custid.events WHERE customer_id IN
                (SELECT customer_id FROM custid.customers
                 WHERE customer_id IN (SELECT customer_id FROM erasing_ids)
                    OR redirect IN (SELECT customer_id FROM erasing_ids)))
          AND record_key NOT IN (SELECT record_key FROM custid.erased)
          GROUP BY record_key) AS latest ON latest.seq = events.seq
    JOIN custid.customers AS customers ON customers.customer_id = events.customer_id
    ORDER BY events.record_key"""

#: The ids that answer today for where records were last.
_IDS_OF_RECORDS = """
    SELECT DISTINCT coalesce(customers.redirect, customers.customer_id) AS customer_id
    FROM custid.events AS events
    JOIN (SELECT max(seq) AS seq FROM custid.events
          WHERE record_key IN (SELECT record_key FROM erasing_keys) GROUP BY record_key) AS latest
        ON latest.seq = events.seq
    JOIN custid.customers AS customers ON customers.customer_id = events.customer_id"""

_FAMILY = """
    SELECT customer_id, status, redirect, minted FROM custid.customers
    WHERE customer_id IN (SELECT customer_id FROM erasing_ids)
        OR redirect IN (SELECT customer_id FROM erasing_ids)
    ORDER BY minted"""

_LINKED = """
    SELECT links.record_key, links.customer_id FROM custid.links AS links
    JOIN erasing_keys ON erasing_keys.record_key = links.record_key
    ORDER BY links.record_key"""


_NAMES = """
    SELECT record_key, channel, record_id FROM custid.records
    WHERE record_key IN (SELECT record_key FROM erasing_keys)"""

#: The kinds of events an erasure has.
_KINDS = ("unlinked", "retired", "erased")


@dataclass(frozen=True)
class Erasure:
    """What an erasure did. The registry keeps none of the names in it.

    `customers`: the ids that are tombstones now, former ids of the same customer among them. `records`: how many were
    erased. `changes`: CHANGES of this run with the records' own names, for tables downstream: the change feed
    itself can only say `(erased 12)`. `elsewhere`: ids of other customers that hold records which once were with
    the one erased; they were left alone.
    """

    run_id: int
    customers: tuple[str, ...] = field(repr=False)
    records: int
    elsewhere: tuple[str, ...] = field(repr=False)
    changes: pa.Table = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """What goes: `keys`, numbers of records; `events` EVENTS of the run; `erasure`, what to tell the caller."""

    run_id: int
    started_at: datetime
    actor: str
    reason: str | None
    chain: str
    summary: dict[str, Any]
    keys: pa.Table = field(repr=False)
    events: pa.Table = field(repr=False)
    erasure: Erasure = field(repr=False)


@dataclass(frozen=True)
class Erased:
    """The digests of all that was erased, and the key that makes them."""

    secret: bytes = field(repr=False)
    digests: pa.Table = field(repr=False)

    def names(self, channel: str, record_ids: pa.Array | pa.ChunkedArray) -> pa.BooleanArray:
        """Per record id of a channel: was the record of that name erased, and not allowed again?"""
        found = self._known(_NAME, record_ids, prefix=f"{channel}:")
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found

    def carried(self, values: pa.Table) -> pa.Table:
        """Records that carry an e-mail, telephone or identifying number of an erased one: record_key, field.

        `values`: what `Engine.standardize` makes of the records in question. A family may share a telephone:
        to carry one is a reason to look, not to refuse.
        """
        parts = [pa.table({"record_key": pa.array([], pa.int64()), "field": pa.array([], pa.string())})]
        for name in _identifying(values.column_names):
            hit = self._known(base_of(name), values[name])
            keys = values["record_key"].filter(hit)
            parts.append(pa.table({"record_key": keys, "field": pa.repeat(name, len(keys))}))
        return pa.concat_tables(parts).sort_by([("record_key", "ascending"), ("field", "ascending")])

    def _known(self, kind: str, column: pa.Array | pa.ChunkedArray, prefix: str = "") -> pa.Array | pa.ChunkedArray:
        known = self._by_kind.get(kind, frozenset())
        distinct = pc.drop_null(pc.unique(column)) if known else pa.array([], pa.string())
        hits = [text for text in distinct.to_pylist() if _digest(self.secret, kind, prefix + text) in known]
        texts = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        return pc.is_in(texts, value_set=pa.array(hits, pa.string()))

    @cached_property
    def _by_kind(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for kind, digest in zip(self.digests["kind"].to_pylist(), self.digests["digest"].to_pylist(), strict=True):
            found.setdefault(kind, set()).add(digest)
        return {kind: frozenset(digests) for kind, digests in found.items()}


def erased(session: Session) -> Erased | None:
    """What was erased and not allowed again; None: nothing."""
    digests = schemas.conform(session.fetch("SELECT * FROM custid.erased WHERE lifted_at IS NULL"), _DIGESTS)
    secret = _secret(session)
    return Erased(secret, digests) if len(digests) and secret is not None else None


# --- planning -----------------------------------------------------------------------------------------------


def plan(
    session: Session,
    customers: str | Iterable[str],
    records: Iterable[tuple[str, str]],
    *,
    actor: str,
    reason: str | None,
) -> Plan:
    """Work out what goes; writes nothing.

    Raises UsageError when not exactly one of `customers` and `records` is given, or when an id was merged or erased
    before; UnknownCustomer for an id or record there is not.
    """
    started_at = datetime.now(UTC)
    named = [customers] if isinstance(customers, str) else list(customers)
    wanted = list(dict.fromkeys((str(channel), str(record_id)) for channel, record_id in records))
    if bool(named) == bool(wanted):
        raise UsageError("erase() takes customer ids, or records=[(channel, record_id), …]; one of the two.")
    chosen = _of_customers(session, named) if named else _of_records(session, wanted)
    _temporary(session, "erasing_keys", _keys(chosen.keys))
    linked = session.fetch(_LINKED).to_pylist()
    names = session.fetch(_NAMES).to_pylist()
    session.execute("DROP TABLE erasing_keys")

    last = session.fetch("SELECT run_id, chain FROM custid.runs ORDER BY run_id DESC LIMIT 1").to_pylist()[0]
    seq = 1 + int(session.fetch("SELECT coalesce(max(seq), 0) AS last FROM custid.events")["last"][0].as_py())
    run_id, endings = last["run_id"] + 1, _endings(chosen)
    events = _events(linked, endings, run_id, seq)
    gone = [name for kind, name in endings if kind == "erased"]
    told: dict[str, int] = {kind: len(events.filter(pc.field("kind") == kind)) for kind in _KINDS}
    return Plan(
        run_id=run_id,
        started_at=started_at,
        actor=actor,
        reason=reason,
        chain=identity_events.seal(last["chain"], events),
        summary={
            "custid": version("custid"),
            "run_id": run_id,
            "previous": last["run_id"],
            "dry_run": False,
            "actor": actor,
            "started_at": started_at.isoformat(timespec="seconds"),
            "channels": {},
            "erasure": {"records": len(chosen.keys), "customers": gone, "reason": reason},
            "events": told,
        },
        keys=_keys(chosen.keys),
        events=events,
        erasure=Erasure(
            run_id=run_id,
            customers=tuple(gone),
            records=len(chosen.keys),
            elsewhere=chosen.elsewhere,
            changes=_changes(linked, names, run_id, seq, started_at),
        ),
    )


@dataclass(frozen=True)
class _Chosen:
    """`keys`: numbers of the records that go; `given`: ids that were named. `homes`: rows of _HOMES of all records of
    the customers concerned; `family`: rows of _FAMILY, these customers and what was merged into them."""

    keys: set[int]
    given: set[str]
    homes: list[dict[str, Any]]
    family: list[dict[str, Any]]
    elsewhere: tuple[str, ...]


def _of_customers(session: Session, named: Sequence[str]) -> _Chosen:
    given = {_erasable(session, name) for name in named}
    homes, family = _concerned(session, pa.table({"customer_id": pa.array(sorted(given), pa.string())}))
    keys = {row["record_key"] for row in homes if row["customer_id"] in given}
    others = {row["customer_id"] for row in homes if row["kind"] != "unlinked"} - given
    return _Chosen(keys, given, homes, family, tuple(sorted(others)))


def _of_records(session: Session, wanted: Sequence[tuple[str, str]]) -> _Chosen:
    keys = set(_keys_of(session, wanted))
    _temporary(session, "erasing_keys", _keys(keys))
    customers = session.fetch(_IDS_OF_RECORDS)
    session.execute("DROP TABLE erasing_keys")
    return _Chosen(keys, set(), *_concerned(session, customers), ())


def _concerned(session: Session, customers: pa.Table) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    _temporary(session, "erasing_ids", customers)
    homes, family = (session.fetch(sql).to_pylist() for sql in (_HOMES, _FAMILY))
    session.execute("DROP TABLE erasing_ids")
    return homes, family


def _erasable(session: Session, customer_id: str) -> str:
    """The id as it was issued. Raises when it is unknown, or no longer a customer by itself."""
    for name in (customer_id, ids.normalize(customer_id)):
        found = session.fetch("SELECT * FROM custid.customers WHERE customer_id = $1", (name,)).to_pylist()
        if found:
            break
    else:
        raise UnknownCustomer(
            ids.fault(customer_id) or f"customer id {ids.normalize(customer_id)} was never issued by this registry."
        )
    row = found[0]
    if row["status"] == "merged":
        raise UsageError(
            f"customer {row['customer_id']} was merged into {row['redirect']}. Erase {row['redirect']} to erase them "
            "both; if they are two people, split them first, or erase by records."
        )
    if row["status"] == "erased":
        at = session.fetch(
            "SELECT run_id FROM custid.events WHERE customer_id = $1 AND kind = 'erased'", (row["customer_id"],)
        )
        raise UsageError(f"customer {row['customer_id']} was erased already, in run {at['run_id'][0].as_py()}.")
    return str(row["customer_id"])


def _keys_of(session: Session, wanted: Sequence[tuple[str, str]]) -> list[int]:
    """Numbers of the records of these names. Raises UnknownCustomer naming one that is not there."""
    rows = [{"channel": channel, "record_id": record_id} for channel, record_id in wanted]
    _temporary(session, "erasing_names", pa.Table.from_pylist(rows, schema=pa.schema(list(schemas.RECORDS)[:2])))
    found = session.fetch(
        """SELECT records.record_key, records.channel, records.record_id FROM custid.records AS records
           JOIN erasing_names AS names
               ON names.channel = records.channel AND names.record_id = records.record_id
           WHERE records.record_key NOT IN (SELECT record_key FROM custid.erased)"""
    ).to_pylist()
    session.execute("DROP TABLE erasing_names")
    known = {(row["channel"], row["record_id"]) for row in found}
    for channel, record_id in wanted:
        if (channel, record_id) not in known:
            before = erased(session)
            if before is not None and before.names(channel, pa.array([record_id]))[0].as_py():
                raise UsageError(f"record {record_id!r} of channel {channel!r} was erased already.")
            raise UnknownCustomer(f"channel {channel!r} has no record {record_id!r}.")
    return [row["record_key"] for row in found]


def _endings(chosen: _Chosen) -> list[tuple[str, str]]:
    """(kind, customer id) of the ids that end, by `minted`: erased, when no record of theirs is left, else retired."""
    stays = [row for row in chosen.homes if row["record_key"] not in chosen.keys]
    some_left = {row["customer_id"] for row in stays}
    some_live = {row["customer_id"] for row in stays if row["kind"] != "unlinked"}
    touched = {row["customer_id"] for row in chosen.homes if row["record_key"] in chosen.keys} | chosen.given
    ended: dict[str, str] = {}
    for row in chosen.family:
        name = row["customer_id"]
        if name not in touched or row["status"] not in ("live", "retired"):
            continue
        if name not in some_left:
            ended[name] = "erased"
        elif name not in some_live and row["status"] == "live":
            ended[name] = "retired"
    # What was merged into an erased customer is that customer, too.
    return [
        (ended[end], row["customer_id"])
        for row in chosen.family
        for end in (row["redirect"] or row["customer_id"],)
        if end in ended and (ended[end] == "erased" or end == row["customer_id"])
    ]


def _events(linked: Sequence[Mapping[str, Any]], endings: Sequence[tuple[str, str]], run_id: int, seq: int) -> pa.Table:
    """EVENTS: the records leave, then the ids end."""
    rows: list[dict[str, Any]] = [{**row, "kind": "unlinked", "reason": REASON} for row in linked]
    rows += [
        {"kind": kind, "customer_id": name, "reason": REASON if kind == "erased" else "its last record was erased"}
        for kind, name in endings
    ]
    numbered = [{**row, "seq": seq + at, "run_id": run_id} for at, row in enumerate(rows)]
    return pa.Table.from_pylist(numbered, schema=schemas.EVENTS)


def _changes(
    linked: Sequence[Mapping[str, Any]], names: Sequence[Mapping[str, Any]], run_id: int, seq: int, at: datetime
) -> pa.Table:
    """CHANGES of the same, with the records' own names."""
    name_of = {row["record_key"]: row for row in names}
    rows = [
        {
            **name_of[row["record_key"]],
            "seq": seq + place,
            "run_id": run_id,
            "at": at,
            "kind": "unlinked",
            "old_id": row["customer_id"],
            "reason": REASON,
        }
        for place, row in enumerate(linked)
    ]
    return pa.Table.from_pylist(rows, schema=schemas.CHANGES)


def _keys(keys: Iterable[int]) -> pa.Table:
    return pa.table({"record_key": pa.array(sorted(keys), pa.int64())})


# --- wiping -------------------------------------------------------------------------------------------------


def wipe(session: Session, plan: Plan) -> None:
    """Take everything of the planned records out of the tables, note their digests, and write the run.

    Raises UsageError when the reason names the person.
    """
    _temporary(session, "erasing_keys", plan.keys)
    records = records_where(session, "WHERE record_key IN (SELECT record_key FROM erasing_keys) ORDER BY record_key")
    named, free = _traces(records)
    if plan.reason and (found := _found_in(plan.reason, free)):
        raise UsageError(
            f"the reason given holds {found!r}, which is to be erased, and reasons are kept. "
            "Give the number of a case instead. Nothing was erased."
        )
    _remember(session, plan, records)
    nulls = "".join(f', "{column}" = NULL' for column in field_columns(session).values())
    session.execute(
        f"""UPDATE custid.records SET record_id = '(erased ' || CAST(record_key AS VARCHAR) || ')',
            updated_at = NULL, live = false, last_run = $1{nulls}
            WHERE record_key IN (SELECT record_key FROM erasing_keys)""",
        (plan.run_id,),
    )
    # Whoever they were tied to may belong together no longer, which the next run finds out; and blocks shrink.
    session.execute(
        """INSERT INTO custid.pending (record_key) SELECT links.record_key FROM custid.links AS links
            WHERE links.record_key IN
                (SELECT left_key FROM custid.edges WHERE right_key IN (SELECT record_key FROM erasing_keys)
                 UNION SELECT right_key FROM custid.edges WHERE left_key IN (SELECT record_key FROM erasing_keys))"""
    )
    # Decisions are told from news by the run they came after, and an erasure is a run that looks at none.
    session.execute(
        """INSERT INTO custid.pending (record_key) SELECT links.record_key FROM custid.links AS links
            JOIN (SELECT left_key AS record_key, entered_after, revoked_at, revoked_after FROM custid.decisions
                  UNION ALL SELECT right_key, entered_after, revoked_at, revoked_after FROM custid.decisions) AS decided
                ON decided.record_key = links.record_key
            WHERE coalesce(decided.entered_after, $1) >= $1
                OR (decided.revoked_at IS NOT NULL AND coalesce(decided.revoked_after, $1) >= $1)""",
        (plan.run_id - 2,),
    )
    session.execute(
        """UPDATE custid.large_blocks AS large SET records = large.records - leaving.records
            FROM (SELECT key, count(*) AS records FROM custid.keys
                  WHERE record_key IN (SELECT record_key FROM erasing_keys) GROUP BY key) AS leaving
            WHERE large.key = leaving.key"""
    )
    for table in ("keys", "comparables"):
        session.execute(f"DELETE FROM custid.{table} WHERE record_key IN (SELECT record_key FROM erasing_keys)")
    either = """left_key IN (SELECT record_key FROM erasing_keys)
        OR right_key IN (SELECT record_key FROM erasing_keys)"""
    session.execute(f"DELETE FROM custid.edges WHERE {either}")
    session.execute(f"UPDATE custid.decisions SET reason = NULL WHERE {either}")
    facts.forget(session)
    session.execute("DROP TABLE erasing_keys")
    _wipe_rejects(session, records, named)
    golden.forget(session, plan.events["customer_id"].unique().to_pylist(), records)
    _wipe_texts(session, free)
    session.execute(
        "INSERT INTO custid.runs (run_id, started_at, committed_at, actor, custid_version, model_id, summary, chain)"
        " VALUES ($1, $2, $3, $4, $5, NULL, $6, $7)",
        (
            plan.run_id,
            plan.started_at,
            datetime.now(UTC),
            plan.actor,
            version("custid"),
            json.dumps(plan.summary, ensure_ascii=False, sort_keys=True),
            plan.chain,
        ),
    )
    session.execute("DELETE FROM custid.meta WHERE name = $1", (DUE,))
    session.execute("INSERT INTO custid.meta (name, value) VALUES ($1, $2)", (DUE, str(plan.run_id)))


def rewritten(session: Session) -> None:
    """Note that the bytes of what was erased are gone."""
    session.execute("DELETE FROM custid.meta WHERE name = $1", (DUE,))


def _remember(session: Session, plan: Plan, records: pa.Table) -> None:
    """Store the digests of the records' names and identifying values, in the order of digests, which tells nothing."""
    from custid.model.files import from_json
    from custid.standardize import standardize

    secret = _secret(session)
    if secret is None:
        secret = secrets.token_bytes(32)
        session.execute("INSERT INTO custid.meta (name, value) VALUES ($1, $2)", (_SECRET, secret.hex()))
    # The model remembers how each channel's values are read.
    models = session.fetch("SELECT model FROM custid.models ORDER BY run_id DESC LIMIT 1")["model"].to_pylist()
    values = standardize(records, from_json(models[0]).conventions if models else None).values
    rows = {
        (key, _NAME, _digest(secret, _NAME, f"{channel}:{record_id}"))
        for key, channel, record_id in zip(
            *(records[name].to_pylist() for name in ("record_key", "channel", "record_id")), strict=True
        )
    }
    for name in _identifying(values.column_names):
        kind = base_of(name)
        for key, value in zip(values["record_key"].to_pylist(), values[name].to_pylist(), strict=True):
            if value is not None:
                rows.add((key, kind, _digest(secret, kind, value)))
    ordered = sorted(rows, key=lambda row: row[2])
    digests = [{"record_key": key, "run_id": plan.run_id, "kind": kind, "digest": text} for key, kind, text in ordered]
    session.load("custid.erased", pa.Table.from_pylist(digests, schema=_DIGESTS))


def _wipe_rejects(session: Session, records: pa.Table, named: Sequence[str]) -> None:
    """Empty the rejects of these records, and those whose row or detail holds one of the `named` texts."""
    rejects = session.fetch('SELECT run_id, channel, source, "row", record_id, detail, raw FROM custid.rejects')
    if not len(rejects):
        return
    own = pc.binary_join_element_wise(records["channel"], records["record_id"], ":").combine_chunks()
    theirs = pc.binary_join_element_wise(
        rejects["channel"].cast(pa.string()), rejects["record_id"].cast(pa.string()), ":"
    )
    hit = pc.fill_null(pc.is_in(theirs, value_set=own), False)
    for pattern in _patterns(named):
        for name in ("raw", "detail", "record_id"):
            found = pc.match_substring_regex(rejects[name].cast(pa.string()), pattern, ignore_case=True)
            hit = pc.or_(hit, pc.fill_null(found, False))
    hits = rejects.filter(hit).select(["run_id", "channel", "source", "row"])
    if not len(hits):
        return
    _temporary(session, "erasing_rejects", hits)
    session.execute(
        """UPDATE custid.rejects SET record_id = NULL, raw = NULL, detail = 'erased'
           WHERE EXISTS (SELECT 1 FROM erasing_rejects AS hits WHERE hits.run_id = custid.rejects.run_id
               AND hits.channel = custid.rejects.channel AND hits.source = custid.rejects.source
               AND hits."row" IS NOT DISTINCT FROM custid.rejects."row")"""
    )
    session.execute("DROP TABLE erasing_rejects")


def _wipe_texts(session: Session, texts: Sequence[str]) -> None:
    """Cut the texts out of what stewards wrote and of what runs said."""
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in _patterns(texts)]

    def cut(value: Any) -> Any:
        if isinstance(value, str):
            for pattern in patterns:
                value = pattern.sub("[erased]", value)
            return value
        if isinstance(value, list):
            return [cut(part) for part in value]
        return {cut(name): cut(part) for name, part in value.items()} if isinstance(value, dict) else value

    for row in session.fetch("SELECT decision_id, reason FROM custid.decisions WHERE reason IS NOT NULL").to_pylist():
        if (text := cut(row["reason"])) != row["reason"]:
            session.execute(
                "UPDATE custid.decisions SET reason = $2 WHERE decision_id = $1", (row["decision_id"], text)
            )
    for row in session.fetch("SELECT pin_id, reason FROM custid.pins WHERE reason IS NOT NULL").to_pylist():
        if (text := cut(row["reason"])) != row["reason"]:
            session.execute("UPDATE custid.pins SET reason = $2 WHERE pin_id = $1", (row["pin_id"], text))
    for row in session.fetch("SELECT run_id, summary FROM custid.runs").to_pylist():
        said = json.loads(row["summary"])
        if (told := cut(said)) != said:
            text = json.dumps(told, ensure_ascii=False, sort_keys=True)
            session.execute("UPDATE custid.runs SET summary = $2 WHERE run_id = $1", (row["run_id"], text))


def _traces(records: pa.Table) -> tuple[list[str], list[str]]:
    """Texts that give the person away: those that name one person or nearly, and those with names of people, too."""
    named = set(records["record_id"].to_pylist())
    people: set[str] = set()
    for name in schemas.fields_of(records, schemas.STORED_RECORDS):
        if kind_of(name) in IDENTIFYING:
            named |= set(records[name].drop_null().to_pylist())
        elif base_of(name) in ("full_name", "address", "street"):
            people |= set(records[name].drop_null().to_pylist())
    if {"given_name", "surname"} <= set(records.column_names):
        for given, surname in zip(records["given_name"].to_pylist(), records["surname"].to_pylist(), strict=True):
            if given and surname:
                people |= {f"{given} {surname}", f"{surname} {given}", f"{surname}, {given}", f"{surname}{given}"}
    names = [
        f"{channel}:{record_id}"
        for channel, record_id in zip(records["channel"].to_pylist(), records["record_id"].to_pylist(), strict=True)
    ]
    long = [text for text in named if len(text) >= _TRACE_MIN]
    # Two or three Chinese characters are a whole name.
    whole = [text for text in people if len(text) >= _TRACE_MIN or not text.isascii()]
    return sorted(long), sorted({*long, *names, *whole})


def _patterns(texts: Sequence[str]) -> list[str]:
    """Regular expressions, for RE2 and Python alike, that find any of the texts as a whole."""
    patterns = []
    # Longer ones first: of "crm:12" and "12" the whole is cut out.
    ordered = sorted(texts, key=lambda text: (-len(text), text))
    for start in range(0, len(ordered), _TRACES_AT_ONCE):
        some = "|".join(
            rf"{_edge(text[0])}{_escaped(text)}{_edge(text[-1])}" for text in ordered[start : start + _TRACES_AT_ONCE]
        )
        patterns.append(f"(?:{some})")
    return patterns


def _edge(character: str) -> str:
    r"""A text that begins or ends with a letter or digit ends there; Chinese is written without gaps.

    >>> _edge("a"), _edge("张"), _edge("+")
    ('\\b', '', '')
    """
    return r"\b" if character.isascii() and character.isalnum() else ""


def _escaped(text: str) -> str:
    r"""`text` as a regular expression that both RE2 and Python take.

    >>> _escaped("a.b@x")
    'a\\.b\\@x'
    """
    return re.sub(r"[^\w\s]", lambda found: found[0] if ord(found[0]) > 127 else f"\\{found[0]}", text)


def _found_in(text: str, traces: Sequence[str]) -> str | None:
    for pattern in _patterns(traces):
        if found := re.search(pattern, text, re.IGNORECASE):
            return found[0]
    return None


# --- allowing again -----------------------------------------------------------------------------------------


def allow_again(session: Session, record: tuple[str, str], *, actor: str) -> None:
    """Let a record be taken in again: forget its digests, and note who said so.

    Raises UnknownCustomer when no record of that name was erased.
    """
    channel, record_id = record
    secret = _secret(session)
    digest = _digest(secret, _NAME, f"{channel}:{record_id}") if secret else ""
    found = session.fetch(
        "SELECT record_key FROM custid.erased WHERE kind = $1 AND digest = $2 AND lifted_at IS NULL", (_NAME, digest)
    )
    if not digest or not len(found):
        raise UnknownCustomer(f"no record {record_id!r} of channel {channel!r} was erased.")
    for key in found["record_key"].to_pylist():
        session.execute(
            "UPDATE custid.erased SET digest = '', lifted_at = $2, lifted_by = $3 WHERE record_key = $1",
            (key, datetime.now(UTC), actor),
        )


# --- small things -------------------------------------------------------------------------------------------


def _secret(session: Session) -> bytes | None:
    found = session.fetch("SELECT value FROM custid.meta WHERE name = $1", (_SECRET,))
    return bytes.fromhex(found["value"][0].as_py()) if len(found) else None


def _digest(secret: bytes, kind: str, value: str) -> str:
    return hmac.digest(secret, f"{kind}\0{value}".encode(), "sha256").hex()


def _identifying(columns: Iterable[str]) -> list[str]:
    """
    >>> _identifying(["record_key", "email_2", "phone", "surname", "tax_id"])
    ['email_2', 'phone', 'tax_id']
    """
    return [name for name in columns if kind_of(name) in IDENTIFYING]


def _temporary(session: Session, name: str, rows: pa.Table) -> None:
    columns = ", ".join(
        f'"{part.name}" {"BIGINT" if pa.types.is_integer(part.type) else "VARCHAR"}' for part in rows.schema
    )
    session.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    session.load(name, rows)

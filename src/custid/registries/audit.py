"""Whether a registry is sound: every invariant that can be seen from inside.

In: a session. Out: findings, a sentence each, with ids.
Never here: mending, or stopping at the first finding.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import CustidError
from custid.identity import events as identity_events
from custid.registries import coding, deciding, golden
from custid.registries.base import Finding
from custid.registries.session import Session

#: How many ids a finding names: the rest would not help to mend it.
_SHOWN = 5

#: invariant, what is wrong, and a query for the ids (text) that it is wrong for.
_CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "I1",
        "live records without a customer id",
        """SELECT records.channel || ':' || records.record_id AS id FROM custid.records AS records
           LEFT JOIN custid.links AS links ON links.record_key = records.record_key
           WHERE records.live AND links.record_key IS NULL""",
    ),
    (
        "I1",
        "records that are gone but still have a customer id",
        """SELECT records.channel || ':' || records.record_id AS id FROM custid.records AS records
           JOIN custid.links AS links ON links.record_key = records.record_key WHERE NOT records.live""",
    ),
    (
        "I1",
        "records with more than one customer id",
        """SELECT 'record_key ' || CAST(record_key AS VARCHAR) AS id FROM custid.links
           GROUP BY record_key HAVING count(*) > 1""",
    ),
    (
        "I1",
        "links of unknown records",
        """SELECT 'record_key ' || CAST(links.record_key AS VARCHAR) AS id FROM custid.links AS links
           LEFT JOIN custid.records AS records ON records.record_key = links.record_key
           WHERE records.record_key IS NULL""",
    ),
    (
        "I1",
        "customer ids that have records but are not live",
        """SELECT DISTINCT links.customer_id AS id FROM custid.links AS links
           LEFT JOIN custid.customers AS customers ON customers.customer_id = links.customer_id
           WHERE customers.status IS NULL OR customers.status <> 'live'""",
    ),
    (
        "I1",
        "live customer ids without records",
        """SELECT customers.customer_id AS id FROM custid.customers AS customers
           LEFT JOIN custid.links AS links ON links.customer_id = customers.customer_id
           WHERE customers.status = 'live' AND links.customer_id IS NULL""",
    ),
    (
        "I1",
        "customer ids that redirect although not merged, or are merged but redirect nowhere",
        """SELECT customer_id AS id FROM custid.customers
           WHERE (status = 'merged') <> (redirect IS NOT NULL)""",
    ),
    (
        "I1",
        "customer ids that redirect to an unknown id, or to one that is merged itself",
        """SELECT customers.customer_id AS id FROM custid.customers AS customers
           LEFT JOIN custid.customers AS target ON target.customer_id = customers.redirect
           WHERE customers.redirect IS NOT NULL AND (target.status IS NULL OR target.status = 'merged')""",
    ),
    (
        "I1",
        "customer ids of an unknown status",
        """SELECT customer_id AS id FROM custid.customers
           WHERE status NOT IN ('live', 'merged', 'retired', 'erased')""",
    ),
    (
        "I1",
        "customer ids issued twice",
        "SELECT customer_id AS id FROM custid.customers GROUP BY customer_id HAVING count(*) > 1",
    ),
    (
        "I1",
        "record keys given twice",
        """SELECT 'record_key ' || CAST(record_key AS VARCHAR) AS id FROM custid.records
           GROUP BY record_key HAVING count(*) > 1""",
    ),
    (
        "I1",
        "records stored twice",
        """SELECT channel || ':' || record_id AS id FROM custid.records
           GROUP BY channel, record_id HAVING count(*) > 1""",
    ),
    (
        "I4",
        "events of unknown records",
        """SELECT 'event ' || CAST(events.seq AS VARCHAR) AS id FROM custid.events AS events
           LEFT JOIN custid.records AS records ON records.record_key = events.record_key
           WHERE events.record_key IS NOT NULL AND records.record_key IS NULL""",
    ),
    (
        "I4",
        "events of unknown runs",
        """SELECT 'event ' || CAST(events.seq AS VARCHAR) AS id FROM custid.events AS events
           LEFT JOIN custid.runs AS runs ON runs.run_id = events.run_id WHERE runs.run_id IS NULL""",
    ),
    (
        "I7",
        "runs out of number: they must go 1, 2, 3 …",
        """SELECT 'run ' || CAST(run_id AS VARCHAR) AS id FROM
           (SELECT run_id, row_number() OVER (ORDER BY run_id) AS place FROM custid.runs) AS numbered
           WHERE run_id <> place""",
    ),
    (
        "I7",
        "records of unknown runs",
        """SELECT channel || ':' || record_id AS id FROM custid.records
           WHERE first_run > last_run OR first_run < 1
               OR last_run > (SELECT coalesce(max(run_id), 0) FROM custid.runs)""",
    ),
    (
        "file",
        "edges of unknown records, or of one record with itself",
        """SELECT CAST(edges.left_key AS VARCHAR) || '–' || CAST(edges.right_key AS VARCHAR) AS id
           FROM custid.edges AS edges
           LEFT JOIN custid.records AS lefts ON lefts.record_key = edges.left_key
           LEFT JOIN custid.records AS rights ON rights.record_key = edges.right_key
           WHERE lefts.record_key IS NULL OR rights.record_key IS NULL
               OR edges.left_key >= edges.right_key""",
    ),
    (
        "I5",
        "decisions of unknown records",
        """SELECT 'decision ' || CAST(decisions.decision_id AS VARCHAR) AS id
           FROM custid.decisions AS decisions
           LEFT JOIN custid.records AS lefts ON lefts.record_key = decisions.left_key
           LEFT JOIN custid.records AS rights ON rights.record_key = decisions.right_key
           WHERE lefts.record_key IS NULL OR rights.record_key IS NULL""",
    ),
    (
        "I5",
        "decisions numbered twice",
        """SELECT 'decision ' || CAST(decision_id AS VARCHAR) AS id FROM custid.decisions
           GROUP BY decision_id HAVING count(*) > 1""",
    ),
    (
        "I8",
        "erased records that still have values to be matched by, or a customer",
        """SELECT 'record_key ' || CAST(record_key AS VARCHAR) AS id FROM custid.records
           WHERE record_key IN (SELECT record_key FROM custid.erased)
               AND (live OR record_id <> '(erased ' || CAST(record_key AS VARCHAR) || ')'
                   OR record_key IN (SELECT record_key FROM custid.links)
                   OR record_key IN (SELECT record_key FROM custid.comparables)
                   OR record_key IN (SELECT record_key FROM custid.keys)
                   OR record_key IN (SELECT left_key FROM custid.edges UNION SELECT right_key FROM custid.edges))""",
    ),
    (
        "I8",
        "erasures whose bytes may not have been written over yet (custid compact does so)",
        "SELECT 'run ' || value AS id FROM custid.meta WHERE name = 'rewrite_due'",
    ),
    (
        "I8",
        "pins of customers that were erased",
        """SELECT CAST(pin_id AS VARCHAR) AS id FROM custid.pins
           WHERE customer_id IN (SELECT customer_id FROM custid.customers WHERE status = 'erased')""",
    ),
    (
        "golden",
        "pins of customer ids that were never issued",
        """SELECT CAST(pin_id AS VARCHAR) AS id FROM custid.pins
           WHERE customer_id NOT IN (SELECT customer_id FROM custid.customers)""",
    ),
    (
        "codes",
        "customer codes given twice",
        "SELECT code AS id FROM custid.codes GROUP BY code HAVING count(*) > 1",
    ),
    (
        "codes",
        "issued codes that read like another",
        """SELECT reads_as AS id FROM custid.codes
           GROUP BY reads_as HAVING count(*) > 1 AND count(format_id) > 0""",
    ),
    (
        "codes",
        "customers with more than one code that is no alias",
        """SELECT customer_id AS id FROM custid.codes WHERE kind = 'code'
           GROUP BY customer_id HAVING count(*) > 1""",
    ),
    (
        "codes",
        "codes of customer ids that were never issued",
        """SELECT codes.code AS id FROM custid.codes AS codes
           LEFT JOIN custid.customers AS customers ON customers.customer_id = codes.customer_id
           WHERE customers.customer_id IS NULL""",
    ),
    (
        "codes",
        "codes of an unknown kind, format or run",
        """SELECT code AS id FROM custid.codes
           WHERE kind NOT IN ('code', 'alias')
               OR format_id NOT IN (SELECT format_id FROM custid.code_formats)
               OR run_id NOT IN (SELECT run_id FROM custid.runs)""",
    ),
)


def findings(session: Session) -> list[Finding]:
    """Everything that is wrong with the registry in `session`; empty when it is sound."""
    found: list[Finding] = []
    try:
        for invariant, what, sql in _CHECKS:
            count = session.fetch(f"SELECT count(*) AS count FROM ({sql}) AS wrong")["count"][0].as_py()
            if count:
                some = session.fetch(f"SELECT id FROM ({sql}) AS wrong ORDER BY id LIMIT {_SHOWN}")
                found.append(Finding(invariant, f"{count} {what}: {_named(some['id'].to_pylist(), count)}"))
        events = schemas.conform(session.fetch("SELECT * FROM custid.events ORDER BY seq"), schemas.EVENTS)
        found += [Finding("I4", fault) for fault in _event_faults(events)]
        found += _against_events(session, events)
        found += _chain(session, events)
        found += [Finding("I5", fault) for fault in deciding.faults(session)]
        found += [Finding("codes", fault) for fault in coding.faults(session)]
        if not found:  # where records or links are damaged, golden records are no news
            found += [Finding("golden", fault) for fault in golden.faults(session)]
    except CustidError as error:
        found.append(Finding("file", str(error)))
    return found


def _event_faults(events: pa.Table) -> list[str]:
    first = events["seq"][0].as_py() if len(events) else 1
    gap = [] if first == 1 else [f"events begin with seq {first} instead of 1"]
    return gap + identity_events.faults(events)


def _against_events(session: Session, events: pa.Table) -> list[Finding]:
    """What is stored beside the events, against what they add up to."""
    try:
        links, customers = identity_events.replay(events)
    except CustidError as error:
        return [Finding("I4", str(error))]
    found = []
    stored_links = session.fetch("SELECT * FROM custid.links")
    stored_customers = session.fetch("SELECT * FROM custid.customers")
    for name, key, told, stored in (
        ("links", "record_key", links, schemas.conform(stored_links, schemas.LINKS)),
        ("customers", "customer_id", customers, schemas.conform(stored_customers, schemas.CUSTOMERS)),
    ):
        differing = _differing(told, stored, key)
        if differing:
            count = len(differing)
            found.append(Finding("I4", f"{count} {name} are not what the events add up to: {_named(differing, count)}"))
    return found


def _differing(told: pa.Table, stored: pa.Table, key: str) -> list[str]:
    """The keys of rows that only one of two tables has."""
    told, stored = told.sort_by(key), stored.sort_by(key)
    if told.equals(stored):
        return []
    rows = [{tuple(row.values()) for row in table.to_pylist()} for table in (told, stored)]
    place = told.column_names.index(key)
    return sorted({f"{key} {row[place]}" for row in rows[0] ^ rows[1]}) or [f"{key} listed twice"]


def _chain(session: Session, events: pa.Table) -> list[Finding]:
    """Each run's seal, worked out anew: a changed, added or removed event breaks it."""
    found = []
    chain = ""
    for run in session.fetch("SELECT run_id, chain FROM custid.runs ORDER BY run_id").to_pylist():
        expected = identity_events.seal(chain, events.filter(pc.equal(events["run_id"], run["run_id"])))
        if expected != run["chain"]:
            found.append(
                Finding(
                    "I4",
                    f"the events of run {run['run_id']} do not fit its seal: they were changed afterwards",
                )
            )
        # From the stored seal on, so that one broken run is told as one.
        chain = run["chain"]
    return found


def _named(ids: list[str], count: int) -> str:
    shown = ", ".join(ids[:_SHOWN])
    return shown if count <= _SHOWN else f"{shown} …"

"""Customer codes in a registry: which format is in force, who has which code, who answers to one.

In: a session, inside the transaction of the verb that uses it. Out: rows of `codes`, `code_formats`, `code_serials`.
Never here: what a code looks like (`identity.codes`), SQL that only one database understands.

Invariants kept here: a code that was given stays given: rows are only added, and all that ever changes in one is its
kind, from `code` to `alias`; a code that custid issues reads like no other; codes of a run land with the run (I7);
codes brought in for a customer that is erased go with it (I8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import CodeConflict, RegistryError, UnknownCustomer, UsageError
from custid.identity import codes
from custid.identity.codes import CodeFormat
from custid.registries.session import Session

#: Of what is wrong, how much a message names.
_SHOWN = 3

_STORED = pa.schema(
    [*(field for field in schemas.CODES if field.name != "current_id"), pa.field("reads_as", pa.string())]
)

_CUSTOMERS = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("minted", pa.int64()),
        pa.field("first_seen", schemas.INSTANT),
    ]
)

#: Live customers without a code: those minted, or living again, after run $1.
_WITHOUT = """
    SELECT customers.customer_id, customers.minted, runs.committed_at AS first_seen
    FROM custid.customers AS customers
    LEFT JOIN custid.runs AS runs ON runs.run_id = customers.created_run
    WHERE customers.status = 'live'
        AND (customers.created_run > $1 OR customers.customer_id IN
            (SELECT customer_id FROM custid.events WHERE run_id > $1 AND kind = 'restored'))
        AND NOT EXISTS (SELECT 1 FROM custid.codes AS codes
            WHERE codes.customer_id = customers.customer_id AND codes.kind = 'code')"""

#: Live customers whose code is not of format $1, or who have none.
_OUTDATED = """
    SELECT customers.customer_id, customers.minted, runs.committed_at AS first_seen
    FROM custid.customers AS customers
    LEFT JOIN custid.runs AS runs ON runs.run_id = customers.created_run
    WHERE customers.status = 'live' AND NOT EXISTS (SELECT 1 FROM custid.codes AS codes
        WHERE codes.customer_id = customers.customer_id AND codes.kind = 'code' AND codes.format_id = $1)"""

_ASKED_FOR = """
    SELECT DISTINCT customers.customer_id, customers.minted, runs.committed_at AS first_seen
    FROM asked_for JOIN custid.customers AS asked ON asked.customer_id = asked_for.customer_id
    JOIN custid.customers AS customers ON customers.customer_id = coalesce(asked.redirect, asked.customer_id)
    LEFT JOIN custid.runs AS runs ON runs.run_id = customers.created_run
    WHERE customers.status = 'live'"""

_LISTED = """
    SELECT codes.code, codes.customer_id, coalesce(customers.redirect, customers.customer_id) AS current_id,
        codes.kind, codes.format_id, codes.run_id, codes.issued_at, codes.actor
    FROM custid.codes AS codes JOIN custid.customers AS customers ON customers.customer_id = codes.customer_id"""

_IN_ORDER = " ORDER BY codes.issued_at, customers.minted, codes.code"

#: Who the rows brought in are about: a record's customer, or the customer named.
_OWNERS = """
    SELECT given.place, given.code, given.reads_as, given.customer_id AS named, given.channel, given.record_id,
        owners.customer_id, owners.status, coalesce(owners.redirect, owners.customer_id) AS current_id,
        stored.customer_id AS stored_for, coalesce(holders.redirect, holders.customer_id) AS held_by,
        first.code AS has_code
    FROM given_codes AS given
    LEFT JOIN custid.records AS records
        ON records.channel = given.channel AND records.record_id = given.record_id
    LEFT JOIN custid.links AS links ON links.record_key = records.record_key
    LEFT JOIN custid.customers AS owners ON owners.customer_id = coalesce(given.customer_id, links.customer_id)
    LEFT JOIN custid.codes AS stored ON stored.code = given.code
    LEFT JOIN custid.customers AS holders ON holders.customer_id = stored.customer_id
    LEFT JOIN custid.codes AS first ON first.customer_id = owners.customer_id AND first.kind = 'code'
    ORDER BY given.place"""


@dataclass(frozen=True)
class InForce:
    """The format that new codes are issued by. `run_through`: up to this run, all customers were seen to."""

    format_id: int
    format: CodeFormat
    run_through: int


def in_force(session: Session) -> InForce | None:
    """The format declared last; None when none ever was."""
    found = session.fetch(
        "SELECT format_id, format, run_through FROM custid.code_formats ORDER BY format_id DESC LIMIT 1"
    ).to_pylist()
    if not found:
        return None
    return InForce(found[0]["format_id"], codes.from_json(found[0]["format"]), found[0]["run_through"])


def declare(session: Session, format: CodeFormat, *, at: datetime, actor: str) -> None:
    """Put `format` in force; nothing when it is so already. Codes issued so far stay as they are.

    Serial numbers that any code in the registry takes up, whoever issued it, are counted as used.
    Raises UsageError when no record has a field that the format names.
    """
    before = in_force(session)
    if before is not None and codes.to_json(before.format) == codes.to_json(format):
        return
    codes.check_fields(format, _columns(session))
    session.execute(
        "INSERT INTO custid.code_formats (format_id, format, run_through, declared_at, actor)"
        " VALUES ($1, $2, $3, $4, $5)",
        (
            before.format_id + 1 if before else 1,
            codes.to_json(format),
            before.run_through if before else 0,
            at,
            actor,
        ),
    )
    session.execute("DELETE FROM custid.code_serials")
    session.load("custid.code_serials", codes.highest(format, _all_keys(session)))


def issue(session: Session, run_id: int, *, at: datetime, actor: str) -> None:
    """Give every live customer without a code its code, as part of run `run_id`, whose events are in place.

    Nothing when no format was declared. Raises RegistryError when serial numbers run out.
    """
    standing = in_force(session)
    if standing is None:
        return
    customers = _fetch(session, _CUSTOMERS, _WITHOUT, (standing.run_through,))
    _give(session, standing, customers, run_id, at, actor)
    session.execute(
        "UPDATE custid.code_formats SET run_through = $1 WHERE format_id = $2", (run_id, standing.format_id)
    )


def reissue(session: Session, customer_ids: Sequence[str] | None, *, at: datetime, actor: str) -> pa.Table:
    """New codes by the format in force, for those named or for all whose code is of another; the old ones stay as
    aliases. Returns the NEW_CODES.

    Ids that were merged stand for what replaced them. Raises UsageError without a format in force, UnknownCustomer.
    """
    standing = in_force(session)
    if standing is None:
        raise UsageError("no code format was declared yet, so there is nothing to issue codes by. Run with one first.")
    if customer_ids is None:
        customers = _fetch(session, _CUSTOMERS, _OUTDATED, (standing.format_id,))
    else:
        named = pa.table({"customer_id": pa.array(list(dict.fromkeys(customer_ids)), pa.string())})
        session.execute("CREATE TEMPORARY TABLE asked_for (customer_id VARCHAR)")
        session.load("asked_for", named)
        customers = _fetch(session, _CUSTOMERS, _ASKED_FOR)
        dead = session.fetch(
            """SELECT asked_for.customer_id, owners.status FROM asked_for
                LEFT JOIN custid.customers AS asked ON asked.customer_id = asked_for.customer_id
                LEFT JOIN custid.customers AS owners
                    ON owners.customer_id = coalesce(asked.redirect, asked.customer_id)
                WHERE owners.status IS NULL OR owners.status <> 'live' ORDER BY asked_for.customer_id"""
        ).to_pylist()
        session.execute("DROP TABLE asked_for")
        if dead:
            state = dead[0]["status"] or "never issued"
            raise UnknownCustomer(f"customer {dead[0]['customer_id']} cannot get a new code: it is {state}.")
    _with_table(
        session,
        "reissued_for",
        customers.select(["customer_id"]),
        "UPDATE custid.codes SET kind = 'alias' WHERE kind = 'code'"
        " AND customer_id IN (SELECT customer_id FROM reissued_for)",
    )
    return _give(session, standing, customers, None, at, actor)


def bring_in(session: Session, table: pa.Table, *, aliases: bool, at: datetime, actor: str) -> int:
    """Take codes over that were issued elsewhere; returns how many are new.

    `table`: code, and customer_id or channel and record_id. A customer without a code gets its first row as its
    code, further ones as aliases; with `aliases`, all are. A code that answers with that customer already is skipped.
    Raises CodeConflict when a code would be two customers', UnknownCustomer, UsageError.
    """
    given = _given(table)
    session.execute(
        "CREATE TEMPORARY TABLE given_codes (place BIGINT, code VARCHAR, reads_as VARCHAR, customer_id VARCHAR,"
        " channel VARCHAR, record_id VARCHAR)"
    )
    session.load("given_codes", given)
    found = session.fetch(_OWNERS)
    session.execute("DROP TABLE given_codes")
    _refuse_ownerless(found)
    _refuse_shared(found)
    new = found.filter(pc.is_null(found["stored_for"]))
    new = _first_of(new, "code")
    firsts = pc.is_in(new["place"], value_set=_first_of(new, "customer_id")["place"].combine_chunks())
    chosen = pc.and_(pc.and_(firsts, pc.is_null(new["has_code"])), not aliases)
    kind = pc.if_else(chosen, "code", "alias") if len(new) else pa.array([], pa.string())
    _store(session, new.select(["code", "customer_id", "reads_as"]).append_column("kind", kind), None, None, at, actor)
    standing = in_force(session)
    if standing is not None:
        _count_on(session, codes.highest(standing.format, new["reads_as"]))
    return len(new)


def answering(session: Session, code: str) -> str:
    """The customer id that answers to a code today, taken as written or as meant (case, blanks, separators).

    Raises UnknownCustomer, also when several codes read alike and belong to different customers.
    """
    for column, text in (("code", code.strip()), ("reads_as", codes.reading_key(code))):
        found = session.fetch(f"{_LISTED} WHERE codes.{column} = $1{_IN_ORDER}", (text,))
        owners = list(dict.fromkeys(found["current_id"].to_pylist()))
        if len(owners) == 1:
            return str(owners[0])
        if owners:
            alike = " and ".join(found["code"].to_pylist()[:_SHOWN])
            raise UnknownCustomer(f"{code!r} may be {alike}, which are different customers. Write it exactly.")
    for row in session.fetch("SELECT format FROM custid.code_formats ORDER BY format_id DESC").to_pylist():
        fault = codes.fault(codes.from_json(row["format"]), code)
        if fault and "mistyped" in fault:
            raise UnknownCustomer(fault)
    raise UnknownCustomer(f"customer code {code!r} was never issued by this registry, nor brought into it.")


def code_of(session: Session, customer_id: str) -> str | None:
    """The code of the customer with exactly this id; None when it has none."""
    found = session.fetch("SELECT code FROM custid.codes WHERE customer_id = $1 AND kind = 'code'", (customer_id,))
    return found["code"][0].as_py() if len(found) else None


def listed(session: Session, customer_id: str | None = None) -> pa.Table:
    """CODES by time of issue; of all, or those that `customer_id` (exact, not merged) answers to."""
    if customer_id is None:
        return _fetch(session, schemas.CODES, _LISTED + _IN_ORDER)
    own = " WHERE customers.customer_id = $1 OR customers.redirect = $1"
    return _fetch(session, schemas.CODES, _LISTED + own + _IN_ORDER, (customer_id,))


def forget(session: Session) -> None:
    """Blank out what was brought in for customers that are erased by now; what custid issued says nothing of them."""
    found = session.fetch(
        """SELECT codes.code, customers.minted FROM custid.codes AS codes
            JOIN custid.customers AS customers ON customers.customer_id = codes.customer_id
            WHERE customers.status = 'erased' AND codes.format_id IS NULL AND codes.code NOT LIKE '(erased %'
            ORDER BY customers.minted, codes.code"""
    ).to_pylist()
    for number, row in enumerate(found, 1):
        blank = f"(erased {row['minted']}-{number})"
        session.execute(
            "UPDATE custid.codes SET code = $1, reads_as = $2 WHERE code = $3",
            (blank, codes.reading_key(blank), row["code"]),
        )


def faults(session: Session) -> list[str]:
    """What is wrong with codes beyond what SQL can see, in sentences."""
    found = []
    stored = session.fetch("SELECT code, reads_as, format_id FROM custid.codes ORDER BY code")
    declared = session.fetch("SELECT format_id, format FROM custid.code_formats ORDER BY format_id").to_pylist()
    formats = {row["format_id"]: codes.from_json(row["format"]) for row in declared}
    for format_id, format in formats.items():
        own = stored["code"].filter(pc.equal(stored["format_id"], format_id))
        wrong = own.filter(pa.array(~codes.fits(format, own)))
        if len(wrong):
            found.append(f"{len(wrong)} codes do not fit their format {format.text}: {_named(wrong)}")
    misread = stored.filter(pc.not_equal(codes.reading_keys(stored["code"]), stored["reads_as"]))
    if len(misread):
        found.append(f"{len(misread)} codes are filed under what they do not read as: {_named(misread['code'])}")
    standing = in_force(session)
    if standing is not None:
        used = codes.highest(standing.format, stored["reads_as"])
        counted = _serials(session)
        noted = counted["last_serial"].take(pc.index_in(used["scope"], value_set=counted["scope"].combine_chunks()))
        behind = used.filter(pc.greater(used["last_serial"], noted.fill_null(0)))
        if len(behind):
            found.append(f"{len(behind)} counts of serial numbers are behind the codes: {_named(behind['scope'])}")
    return found


# --- writing ------------------------------------------------------------------------------------------------


def _give(
    session: Session, standing: InForce, customers: pa.Table, run_id: int | None, at: datetime, actor: str
) -> pa.Table:
    """Issue, store and count codes for `customers`, who have none."""
    if not len(customers):
        return schemas.empty(codes.NEW_CODES)
    records = _records_of(session, customers, standing.format)
    issued = codes.issue(standing.format, customers, records, _serials(session), at=at)
    new = issued.codes.append_column("reads_as", codes.reading_keys(issued.codes["code"]))
    new = new.append_column("kind", pa.repeat(pa.scalar("code"), len(new)))
    _store(session, new, standing.format_id, run_id, at, actor)
    _count_on(session, issued.serials)
    return issued.codes


def _store(
    session: Session, new: pa.Table, format_id: int | None, run_id: int | None, at: datetime, actor: str
) -> None:
    """Add codes (code, customer_id, reads_as, kind). Issued ones must read like no other."""
    constants = {
        "format_id": pa.scalar(format_id, pa.int64()),
        "run_id": pa.scalar(run_id, pa.int64()),
        "issued_at": pa.scalar(at, schemas.INSTANT),
        "actor": pa.scalar(actor, pa.string()),
    }
    for name, value in constants.items():
        new = new.append_column(name, pa.repeat(value, len(new)))
    new = schemas.conform(new, _STORED)
    if format_id is not None:
        session.execute("CREATE TEMPORARY TABLE new_codes (reads_as VARCHAR)")
        session.load("new_codes", new.select(["reads_as"]))
        taken = session.fetch(
            "SELECT code FROM custid.codes WHERE reads_as IN (SELECT reads_as FROM new_codes) ORDER BY code LIMIT 1"
        )
        session.execute("DROP TABLE new_codes")
        if len(taken):
            raise RegistryError(
                f"code {taken['code'][0].as_py()} would be issued twice: the count of serial numbers is behind. "
                "Nothing was written. custid verify tells more."
            )
    session.load("custid.codes", new)


def _count_on(session: Session, used: pa.Table) -> None:
    """Note serial numbers as used; a count never goes back."""
    counted = _serials(session)
    before = counted["last_serial"].take(pc.index_in(used["scope"], value_set=counted["scope"].combine_chunks()))
    last = pc.max_element_wise(used["last_serial"], before)
    used = pa.table({"scope": used["scope"], "last_serial": last})
    _with_table(
        session,
        "used_scopes",
        used.select(["scope"]),
        "DELETE FROM custid.code_serials WHERE scope IN (SELECT scope FROM used_scopes)",
    )
    session.load("custid.code_serials", used)


def _with_table(session: Session, name: str, rows: pa.Table, sql: str) -> None:
    """Run a statement that names a table of one text column, there for its duration."""
    session.execute(f"CREATE TEMPORARY TABLE {name} ({rows.column_names[0]} VARCHAR)")
    session.load(name, rows)
    session.execute(sql)
    session.execute(f"DROP TABLE {name}")


# --- reading ------------------------------------------------------------------------------------------------


def _fetch(session: Session, schema: pa.Schema, sql: str, parameters: tuple[Any, ...] = ()) -> pa.Table:
    return schemas.conform(session.fetch(sql, parameters), schema)


def _serials(session: Session) -> pa.Table:
    return _fetch(session, codes.SERIALS, "SELECT scope, last_serial FROM custid.code_serials")


def _all_keys(session: Session) -> pa.ChunkedArray:
    return session.fetch("SELECT reads_as FROM custid.codes")["reads_as"].cast(pa.string())


def _columns(session: Session) -> dict[str, str]:
    """What a format may name → its column of `records`."""
    rows = session.fetch("SELECT field, column_name FROM custid.fields ORDER BY position").to_pylist()
    return {"channel": "channel", **{row["field"]: row["column_name"] for row in rows}}


def _records_of(session: Session, customers: pa.Table, format: CodeFormat) -> pa.Table:
    """customer_id, record_key and the format's fields of the customers' live records."""
    known = _columns(session)
    schema = pa.schema(
        [
            pa.field("customer_id", pa.string()),
            pa.field("record_key", pa.int64()),
            *(pa.field(name, pa.string()) for name in format.fields),
        ]
    )
    if not format.fields:
        return schemas.empty(schema)
    session.execute("CREATE TEMPORARY TABLE coded_customers (customer_id VARCHAR)")
    session.load("coded_customers", customers.select(["customer_id"]))
    selected = ", ".join(f'records."{known[name]}"' for name in format.fields)
    rows = session.fetch(
        f"""SELECT links.customer_id, links.record_key, {selected} FROM custid.links AS links
            JOIN coded_customers AS coded ON coded.customer_id = links.customer_id
            JOIN custid.records AS records ON records.record_key = links.record_key"""
    )
    session.execute("DROP TABLE coded_customers")
    return schemas.conform(rows.rename_columns(schema.names), schema)


# --- what is brought in -------------------------------------------------------------------------------------


def _given(table: pa.Table) -> pa.Table:
    """The rows to bring in: place, code, reads_as, customer_id, channel, record_id."""
    names = set(table.column_names)
    if "code" not in names or not ("customer_id" in names or {"channel", "record_id"} <= names):
        raise UsageError(
            "codes are brought in from a table with the columns code and customer_id, or code, channel and record_id; "
            f"it has: {', '.join(table.column_names)}."
        )
    wanted = ["code", *(["customer_id"] if "customer_id" in names else ["channel", "record_id"])]
    given = table.select(wanted).cast(pa.schema([pa.field(name, pa.string()) for name in wanted]))
    code = pc.utf8_trim_whitespace(given["code"])
    keys = codes.reading_keys(code)
    bad = pc.invert(pc.match_substring_regex(keys, r"^[^\p{C}]*[\p{L}\p{N}][^\p{C}]*$").fill_null(False))
    empty = np.flatnonzero(bad.to_numpy(zero_copy_only=False))
    if len(empty):
        text = given["code"][int(empty[0])].as_py()
        raise UsageError(
            f"{len(empty)} of {len(given)} rows have no code, the first of them row {empty[0] + 1} ({text!r}). "
            "A code has a letter or a digit; leave rows without one out."
        )
    columns = {name: given[name] for name in wanted if name != "code"}
    for name in ("customer_id", "channel", "record_id"):
        columns.setdefault(name, pa.nulls(len(given), pa.string()))
    return pa.table({"place": pa.array(np.arange(len(given))), "code": code, "reads_as": keys, **columns})


def _refuse_ownerless(found: pa.Table) -> None:
    lost = found.filter(
        pc.or_(pc.is_null(found["customer_id"]), pc.equal(found["status"], "erased").fill_null(False))
    ).to_pylist()
    if lost:
        some = ", ".join(row["named"] or f"{row['channel']}:{row['record_id']}" for row in lost[:_SHOWN])
        raise UnknownCustomer(
            f"{len(lost)} of {len(found)} rows name no customer that could have a code: {some}. Nothing was written. "
            "Run with those records first, or leave the rows out."
        )


def _refuse_shared(found: pa.Table) -> None:
    """No code may answer with two customers."""
    rows = pa.table({"code": found["code"], "owner": found["current_id"]})
    held = pa.table({"code": found["code"], "owner": found["held_by"]}).drop_null()
    both = pa.concat_tables([rows, held]).group_by("code").aggregate([("owner", "min"), ("owner", "max")])
    shared = both.filter(pc.not_equal(both["owner_min"], both["owner_max"])).sort_by("code").to_pylist()
    if shared:
        first = shared[0]
        raise CodeConflict(
            f"{len(shared)} codes would be two customers', the first {first['code']!r}: of {first['owner_min']} and "
            f"{first['owner_max']}. Nothing was written. If the two are one, merge them first; else correct the code."
        )


def _first_of(rows: pa.Table, column: str) -> pa.Table:
    """Of rows (by place) with equal values in `column`, the first."""
    places = rows.group_by(column).aggregate([("place", "min")])["place_min"].combine_chunks()
    return rows.filter(pc.is_in(rows["place"], value_set=places))


def _named(ids: pa.ChunkedArray) -> str:
    shown = ", ".join(ids.slice(0, _SHOWN).to_pylist())
    return shown if len(ids) <= _SHOWN else f"{shown} …"

"""Golden records as a registry keeps them, and the values that stewards pinned.

In: a session. Out: golden tables, PINS. Never here: how a value is chosen (see `custid.golden`).

What is stored is what choosing anew would give: a run, a pin and an erasure choose anew for the customers they touch,
inside their transaction. Everything is chosen anew when the rules are others, and when everything was matched (as after
an update of custid), for then the comparable values by which spellings are told apart may be others too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import UsageError
from custid.golden import columns_of, fields_of, mixed, pinned, survive, texts
from custid.golden.candidates import comparable_columns as compared
from custid.golden.how import How
from custid.golden.how import how as told
from custid.model.survivorship import Survivorship
from custid.registries import packing
from custid.registries.base import Commit
from custid.registries.reading import comparable_columns, field_columns, records_where
from custid.registries.session import Session

#: In `meta`: the rules that the stored golden records follow, as JSON.
_RULES = "golden_rules"
#: Customers whose golden records are chosen at once.
_PAGE_CUSTOMERS = 200_000

_STANDING = """
    SELECT pins.*, coalesce(customers.redirect, customers.customer_id) AS current_id
    FROM custid.pins AS pins JOIN custid.customers AS customers ON customers.customer_id = pins.customer_id"""


# --- keeping them up to date --------------------------------------------------------------------------------


def update(session: Session, commit: Commit, run_id: int) -> None:
    """Choose anew for the customers a run touched. Its records, events, comparable values and model are stored."""
    kept = _kept(session)
    said = _said(session) if kept is None or commit.model is not None else kept
    if said != kept or commit.reworked is None:
        session.execute("DELETE FROM custid.meta WHERE name = $1", (_RULES,))
        session.execute("INSERT INTO custid.meta (name, value) VALUES ($1, $2)", (_RULES, said))
        session.execute("DELETE FROM custid.golden")
        everybody = session.fetch("SELECT DISTINCT customer_id FROM custid.links ORDER BY customer_id")
        _choose(session, everybody["customer_id"])
        return
    session.offer("given_keys", pa.table({"given_key": commit.records["record_key"]}))
    touched = session.fetch(
        """SELECT customer_id FROM custid.events WHERE run_id = $1
           UNION SELECT other_id FROM custid.events WHERE run_id = $1 AND other_id IS NOT NULL
           UNION SELECT customer_id FROM custid.links WHERE record_key IN (SELECT given_key FROM given_keys)
           ORDER BY customer_id""",
        (run_id,),
    )
    refresh(session, touched["customer_id"])


def refresh(session: Session, customer_ids: pa.ChunkedArray | Iterable[str]) -> None:
    """Choose anew for these customers; an id that has no records left loses its golden record."""
    if not isinstance(customer_ids, pa.ChunkedArray):
        customer_ids = pa.chunked_array([pa.array(sorted(set(customer_ids)), pa.string())])
    if _kept(session) is None:
        return  # none were ever chosen: the next run does it
    session.offer("given_ids", pa.table({"given_id": customer_ids.cast(pa.string())}))
    session.execute("DELETE FROM custid.golden WHERE customer_id IN (SELECT given_id FROM given_ids)")
    _choose(session, customer_ids)


def _choose(session: Session, customer_ids: pa.ChunkedArray) -> None:
    rules = _rules(session)
    for start in range(0, len(customer_ids), _PAGE_CUSTOMERS):
        found = texts.packed(_chosen(session, customer_ids.slice(start, _PAGE_CUSTOMERS), rules))
        if len(found):
            session.offer("given_ids", found.select(["customer_id"]).rename_columns(["given_id"]))
            ids = session.fetch(
                "SELECT customer_id, minted FROM custid.customers WHERE customer_id IN (SELECT given_id FROM given_ids)"
            )
            at = pc.index_in(found["customer_id"], value_set=_one(ids["customer_id"].cast(pa.string())))
            session.load("custid.golden", found.append_column("minted", ids["minted"].take(at)))


def _chosen(session: Session, customer_ids: pa.ChunkedArray, rules: Survivorship) -> pa.Table:
    """The golden records of these customers, as far as they have records, chosen out of what is stored."""
    return survive(*_records_of(session, customer_ids), rules=rules, **_spoken(session, customer_ids))


def _records_of(session: Session, customer_ids: pa.ChunkedArray) -> tuple[pa.Table, pa.Table]:
    session.offer("given_ids", pa.table({"given_id": customer_ids.cast(pa.string())}))
    links = schemas.conform(
        session.fetch(
            """SELECT record_key, customer_id FROM custid.links
               WHERE customer_id IN (SELECT given_id FROM given_ids) ORDER BY record_key"""
        ),
        schemas.LINKS,
    )
    session.offer("given_keys", pa.table({"given_key": links["record_key"]}))
    return records_where(session, "WHERE record_key IN (SELECT given_key FROM given_keys) ORDER BY record_key"), links


def _spoken(session: Session, customer_ids: pa.ChunkedArray) -> dict[str, pa.Table | None]:
    """The comparable values of the records of `given_keys`, and the pins that stand."""
    names = comparable_columns(session)
    rows = session.fetch(
        """SELECT record_key, packed FROM custid.comparables
           WHERE record_key IN (SELECT given_key FROM given_keys) ORDER BY record_key"""
    )
    pins = _standing(session)
    values = packing.unpack(rows, names) if len(rows) else None
    return {
        "values": None if values is None else values.select(["record_key", *compared(names)]),
        "pins": pins.filter(pc.is_in(pins["current_id"], value_set=_one(customer_ids.cast(pa.string())))),
    }


def _rules(session: Session) -> Survivorship:
    """The rules that the stored golden records follow or, where there are none, those of the model."""
    survivorship, display, not_junk = json.loads(_kept(session) or _said(session))
    return Survivorship.read(survivorship, display, not_junk)


def _said(session: Session) -> str:
    """What the stored model says of golden records, as text."""
    found = session.fetch("SELECT model FROM custid.models ORDER BY run_id DESC LIMIT 1")["model"].to_pylist()
    plain = json.loads(found[0]) if found else {}
    not_junk = [channel["not_junk"] for channel in plain.get("conventions", {}).values() if channel.get("not_junk")]
    said = [plain.get("survivorship", {}), plain.get("display", {}), not_junk]
    return json.dumps(said, sort_keys=True, ensure_ascii=False)


def _kept(session: Session) -> str | None:
    """What `_said` was when all golden records were chosen last."""
    found: list[str] = session.fetch("SELECT value FROM custid.meta WHERE name = $1", (_RULES,))["value"].to_pylist()
    return found[0] if found else None


# --- reading ------------------------------------------------------------------------------------------------


def read(session: Session, customer_id: str | None = None) -> pa.Table:
    """The golden records of all customers, by customer_id, or of one; see `custid.golden.survive`."""
    rules = _rules(session)
    if _kept(session) is None:  # from before golden records were kept
        which, parameters = ("", ()) if customer_id is None else ("WHERE customer_id = $1", (customer_id,))
        found = session.fetch(f"SELECT DISTINCT customer_id FROM custid.links {which} ORDER BY customer_id", parameters)
        return _chosen(session, found["customer_id"], rules)
    sql = "SELECT customer_id, records, golden FROM custid.golden"
    if customer_id is not None:
        rows = session.fetch(f"{sql} WHERE customer_id = $1", (customer_id,))
    else:
        rows = session.fetch(sql)
        rows = rows.take(pc.sort_indices(rows["customer_id"].cast(pa.string())))
    return texts.unpacked(rows, columns_of(list(field_columns(session)), rules))


def how(session: Session, customer: Mapping[str, Any], field: str) -> How:
    """How a golden value was chosen. Raises UsageError for a customer without records, or a field there is not."""
    name = str(customer["redirect"] or customer["customer_id"])
    ids = pa.chunked_array([pa.array([name])])
    records, _ = _records_of(session, ids)
    if not len(records):
        raise UsageError(f"customer {name} has no live records, and so no golden record.")
    return told(records, name, field, _rules(session), **_spoken(session, ids))


def faults(session: Session) -> list[str]:
    """What of the golden records is not as choosing anew would have it."""
    kept = _kept(session)
    if kept is None:
        return []
    if kept != _said(session):
        return ["golden records follow other rules than the model's"]
    rules = _rules(session)
    wrong: list[str] = []
    columns = columns_of(list(field_columns(session)), rules)
    ids = session.fetch(
        "SELECT customer_id FROM custid.links UNION SELECT customer_id FROM custid.golden ORDER BY customer_id"
    )["customer_id"]
    for start in range(0, len(ids), _PAGE_CUSTOMERS):
        page = ids.slice(start, _PAGE_CUSTOMERS)
        anew = texts.packed(_chosen(session, page, rules))
        session.offer("given_ids", pa.table({"given_id": page.cast(pa.string())}))
        stored = session.fetch(
            """SELECT customer_id, records, golden FROM custid.golden
               WHERE customer_id IN (SELECT given_id FROM given_ids) ORDER BY customer_id"""
        )
        wrong += _differing(stored, anew)
        fused = mixed(texts.unpacked(stored, columns), rules)
        wrong += [f"{row['customer_id']} (its {row['group']} is of two records)" for row in fused.to_pylist()]
    shown = ", ".join(wrong[:5]) + (" …" if len(wrong) > 5 else "")
    return [f"{len(wrong)} golden records are not what their records make them: {shown}"] if wrong else []


def _differing(stored: pa.Table, anew: pa.Table) -> list[str]:
    """Ids of rows that only one of two tables has."""
    columns = ("customer_id", "records", "golden")
    told, found = (
        set(zip(*(table[name].to_pylist() for name in columns), strict=True)) if not _same(stored, anew) else set()
        for table in (anew, stored)
    )
    return sorted({row[0] for row in told ^ found})


def _same(stored: pa.Table, anew: pa.Table) -> bool:
    return bool(stored.cast(anew.schema).sort_by("customer_id").equals(anew))


# --- pins ---------------------------------------------------------------------------------------------------


def pins(session: Session, customer_id: str | None = None) -> pa.Table:
    """PINS, by pin_id: all, or of one customer and what was merged into it."""
    found = schemas.conform(session.fetch(f"{_STANDING} ORDER BY pins.pin_id"), schemas.PINS)
    return found if customer_id is None else found.filter(pc.equal(found["current_id"], customer_id))


def pin(
    session: Session, customer: Mapping[str, Any], field: str, value: str, *, actor: str, reason: str | None
) -> int:
    """Pin a golden value; returns pin_id. Of a group, the parts as they are now are pinned along.

    Raises UsageError for a customer without records, a field there is not, or an empty value.
    """
    name = str(customer["redirect"] or customer["customer_id"])
    golden = read(session, name)
    if not len(golden):
        raise UsageError(f"customer {name} has no live records, and so no golden record to pin a value in.")
    fields = fields_of(golden)
    if field not in fields:
        raise UsageError(f"golden records have no field {field!r}. They have: {', '.join(fields)}.")
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"pin the {field} to what? The value must be a text that is not empty.")
    row = golden.to_pylist()[0]
    unit = pinned.unit_of(field)
    together = {part: row[part] for part in fields if pinned.unit_of(part) == unit and row[part] is not None}
    if unit == "name":
        # A whole name says its parts again: one of the two would be wrong.
        together = {part: text for part, text in together.items() if (part == "full_name") == (field == "full_name")}
    together[field] = value
    return _enter(session, name, unit, {field: value, **together}, actor=actor, reason=reason)


def _enter(session: Session, name: str, unit: str, values: Mapping[str, str], *, actor: str, reason: str | None) -> int:
    """Store pins in place of those that the same customer had for the unit."""
    now = datetime.now(UTC)
    own = [row for row in _standing(session).to_pylist() if row["customer_id"] == name]
    _close(session, (row["pin_id"] for row in own if pinned.unit_of(row["field"]) == unit), now, actor)
    first = 1 + int(session.fetch("SELECT coalesce(max(pin_id), 0) AS last FROM custid.pins")["last"][0].as_py())
    for number, (field, value) in enumerate(values.items(), start=first):
        session.execute(
            "INSERT INTO custid.pins (pin_id, act, customer_id, field, value, actor, reason, pinned_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            (number, first, name, field, value, actor, reason, now),
        )
    refresh(session, [name])
    return first


def unpin(session: Session, customer: Mapping[str, Any], field: str, *, actor: str) -> None:
    """Let the rules choose again; of a group, for all its parts. Raises UsageError when nothing is pinned."""
    name = str(customer["redirect"] or customer["customer_id"])
    standing = [row for row in _standing(session).to_pylist() if row["current_id"] == name]
    meant = [row for row in standing if pinned.unit_of(row["field"]) == pinned.unit_of(field)]
    if not meant:
        others = ", ".join(dict.fromkeys(row["field"] for row in standing))
        raise UsageError(f"{field} of {name} is not pinned." + (f" Pinned are: {others}." if others else ""))
    _close(session, (row["pin_id"] for row in meant), datetime.now(UTC), actor)
    refresh(session, [name])


def forget(session: Session, customer_ids: Collection[str], records: pa.Table) -> None:
    """Delete the pins of erased customers, and of others of `customer_ids` those that hold a value of the erased
    `records`; choose anew for those that live on. The customers' status is as after the erasure."""
    session.execute(
        """DELETE FROM custid.pins WHERE customer_id IN
            (SELECT customer_id FROM custid.customers WHERE status = 'erased')"""
    )
    rows = [row for row in pins(session).to_pylist() if {row["customer_id"], row["current_id"]} & set(customer_ids)]
    if rows:
        known: set[str] = set()
        for field in schemas.fields_of(records, schemas.STORED_RECORDS):
            known |= {text.strip().casefold() for text in records[field].drop_null().unique().to_pylist()}
        for act in {row["act"] for row in rows if row["value"].strip().casefold() in known}:
            session.execute("DELETE FROM custid.pins WHERE act = $1", (act,))
    refresh(session, customer_ids)


def _standing(session: Session) -> pa.Table:
    return schemas.conform(session.fetch(f"{_STANDING} WHERE pins.unpinned_at IS NULL ORDER BY pin_id"), schemas.PINS)


def _close(session: Session, pin_ids: Iterable[int], at: datetime, actor: str) -> None:
    for pin_id in pin_ids:
        session.execute(
            "UPDATE custid.pins SET unpinned_at = $2, unpinned_by = $3 WHERE pin_id = $1", (pin_id, at, actor)
        )


def _one(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found

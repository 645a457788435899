"""Storing what later batches are matched against: edges, blocking keys, comparable values.

In: a session that writes, a commit. Out: nothing. Never here: records, events, ids.
"""

from __future__ import annotations

import pyarrow as pa

from custid import schemas
from custid.registries import packing
from custid.registries.base import Commit
from custid.registries.reading import comparable_columns
from custid.registries.session import Session


def store_index(session: Session, commit: Commit) -> None:
    """Replace what belongs to the records that were matched: those of `commit.reworked`, or everything."""
    reworked = commit.reworked
    if reworked is None:
        for table in ("edges", "keys", "large_blocks", "comparables"):
            session.execute(f"DELETE FROM custid.{table}")
    else:
        session.offer("given_keys", pa.table({"given_key": reworked}))
        inside = "IN (SELECT given_key FROM given_keys)"
        session.execute(f"DELETE FROM custid.edges WHERE left_key {inside} OR right_key {inside}")
        session.execute(f"DELETE FROM custid.keys WHERE record_key {inside}")
        touched = commit.records["record_key"].combine_chunks()
        session.offer("given_keys", pa.table({"given_key": touched}))
        session.execute(f"DELETE FROM custid.comparables WHERE record_key {inside}")
        session.offer("given_keys", pa.table({"given_key": commit.large_blocks["key"]}))
        session.execute(f"DELETE FROM custid.large_blocks WHERE key {inside}")
    session.execute("DELETE FROM custid.pending")
    session.load("custid.edges", schemas.conform(commit.edges, schemas.EDGES))
    session.load("custid.keys", commit.block_keys)
    large = commit.large_blocks
    session.load("custid.large_blocks", large.filter(pa.compute.greater(large["records"], 0)))
    if commit.values is not None:
        _store_values(session, commit.values)


def _store_values(session: Session, values: pa.Table) -> None:
    known = comparable_columns(session)
    fresh = [name for name in packing.columns_of(values) if name not in known]
    for position, name in enumerate(fresh, start=len(known) + 1):
        session.execute("INSERT INTO custid.comparable_columns (position, name) VALUES ($1, $2)", (position, name))
    session.load("custid.comparables", packing.pack(values, [*known, *fresh]))

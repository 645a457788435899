"""Merge facts of exports that are no decisions yet, and what makes them so.

In: a session, a commit. Out: FACTS that wait, and which preset a channel was last read with.
Never here: deciding what becomes of a fact; a run does (`custid.facts`).

Invariants kept here: a run's decisions land with the run, under the numbers its events name (I7); what waits names
nobody who was erased (I8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from custid import schemas
from custid.errors import RunConflict
from custid.registries.session import Session

if TYPE_CHECKING:
    from custid.registries.base import Commit

#: Two records are the same, `source` says ("hubspot: Merged Contact IDs"). A key is null for a record that never came;
#: right_channel, too, where the right record is of whichever channel has `right_preset`, and none or several have.
FACTS = pa.schema(
    [
        pa.field("left_channel", pa.string(), nullable=False),
        pa.field("left_record_id", pa.string(), nullable=False),
        pa.field("left_key", pa.int64()),
        pa.field("right_channel", pa.string()),
        pa.field("right_record_id", pa.string(), nullable=False),
        pa.field("right_key", pa.int64()),
        pa.field("right_preset", pa.string()),
        pa.field("source", pa.string(), nullable=False),
    ]
)

#: By what FACTS are in order; no two are equal in all of these.
ORDER = ("left_channel", "left_record_id", "right_channel", "right_preset", "right_record_id")


def waiting(session: Session) -> pa.Table:
    """FACTS in order that are no decisions: a record of theirs has not come yet, or a steward decided otherwise."""
    facts = schemas.conform(session.fetch("SELECT * FROM custid.merge_facts"), FACTS)
    return facts.sort_by([(name, "ascending") for name in ORDER])


def forget(session: Session) -> None:
    """Let go of what names a record of the table `erasing_keys`."""
    named = "IN (SELECT record_key FROM erasing_keys)"
    session.execute(f"DELETE FROM custid.merge_facts WHERE left_key {named} OR right_key {named}")


def presets(session: Session) -> dict[str, str]:
    """channel → the preset it was last read with, for channels that were read with one."""
    rows = session.fetch("SELECT channel, preset FROM custid.channel_presets ORDER BY channel").to_pylist()
    return {row["channel"]: row["preset"] for row in rows}


def store(session: Session, commit: Commit, location: str) -> None:
    """Enter the decisions of a run, and keep what waits. Raises RunConflict when a steward decided something since the
    run was worked out: it did not see that, and its decisions have other numbers now."""
    if len(commit.decisions):
        last = session.fetch("SELECT coalesce(max(decision_id), 0) AS last FROM custid.decisions")["last"][0].as_py()
        if commit.decisions["decision_id"][0].as_py() != last + 1:
            raise RunConflict(
                f"{location}: a steward has decided something since this run was worked out. Nothing was written. "
                "Run again to work it out anew (custid run --retry does so by itself)."
            )
        session.load("custid.decisions", schemas.conform(commit.decisions, schemas.DECISIONS))
    if commit.facts is not None:
        session.execute("DELETE FROM custid.merge_facts")
        session.load("custid.merge_facts", schemas.conform(commit.facts, FACTS))
    if commit.presets is not None:
        session.execute("DELETE FROM custid.channel_presets")
        named = {"channel": list(commit.presets.keys()), "preset": list(commit.presets.values())}
        session.load("custid.channel_presets", pa.table(named, schema=pa.schema(dict.fromkeys(named, pa.string()))))

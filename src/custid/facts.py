"""What exports say of their own merges becomes decisions of the run that reads it.

In: readings, the records a run touched, what a registry knew before. Out: `Settled`: new DECISIONS, FACTS that wait.
Never here: reading channels, clustering, writing.

A fact becomes a decision "same" whose steward is the preset and the column, once both its records have come, in
whatever run that is (I3). Said once, it is not said again: not by the same file, nor after a steward took it back.
Where it contradicts what stewards decided, their word stands (I5); the fact waits, in case they take it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.channels import Reading
from custid.registries import deciding
from custid.registries.base import Head
from custid.registries.erasing import Erased
from custid.registries.facts import FACTS, ORDER

Flags = npt.NDArray[np.bool_]
#: Record keys of (channel, record_id) as a registry knows them, null where it does not.
Find = Callable[[pa.Table], pa.ChunkedArray]

#: How many contradictions notes name.
_NAMED_MAX = 5


@dataclass(frozen=True)
class Settled:
    """`decisions`: DECISIONS this run adds; `waiting`: FACTS, and `presets`: channel → preset, as they are afterwards,
    None where nothing changed. `notes`: by channel. `counts`: of the facts read now; decisions: all that were added."""

    decisions: pa.Table
    waiting: pa.Table | None = field(repr=False)
    presets: dict[str, str] | None = field(repr=False)
    notes: dict[str, list[str]]
    counts: dict[str, int]


def settle(
    readings: Sequence[Reading], touched: pa.Table, head: Head, find: Find, erased: Erased | None, at: datetime
) -> Settled:
    """What becomes of the merge facts that `readings` carry, and of those that waited.

    `touched`: STORED_RECORDS that this run adds or changes. Facts about records that were erased are dropped (I8).
    """
    presets = {**head.presets, **{reading.channel: reading.preset or "" for reading in readings}}
    presets = {channel: preset for channel, preset in sorted(presets.items()) if preset}
    facts, fresh, placed = _told(readings, head.facts, presets, erased)
    facts = _with_keys(facts, fresh | placed, touched, find)

    fate = np.full(len(facts), "waiting", object)
    rows = np.flatnonzero(_flags(pc.and_(facts["left_key"].is_valid(), facts["right_key"].is_valid())))
    said = _said(facts.take(pa.array(rows)), at)
    words, before = deciding.word(said), _standing(head.decisions)
    codes = words.combine_chunks().dictionary_encode().indices.to_numpy()
    new = np.zeros(len(rows), bool)
    new[np.unique(codes, return_index=True)[1]] = True
    fate[rows] = np.where(new, "decisions", "known")
    ever, still = (_flags(pc.is_in(words, value_set=deciding.word(told))) for told in (head.decisions, before))
    fate[rows[ever]] = "taken_back"
    fate[rows[still]] = "known"
    new = np.flatnonzero(fate[rows] == "decisions")
    against = deciding.refusals(before, said.take(pa.array(new)))
    fate[rows[new[[place for place, _ in against]]]] = "contradicted"

    waiting = facts.filter(pa.array((fate == "waiting") | (fate == "contradicted")))
    return Settled(
        decisions=_decisions(said.filter(pa.array(fate[rows] == "decisions")), head),
        waiting=None if waiting.equals(head.facts) else waiting,
        presets=None if presets == head.presets else presets,
        notes=_notes(
            facts, fresh, fate, {int(rows[new[place]]): before.slice(why[0], 1) for place, why in against}, presets
        ),
        counts={
            "read": int(fresh.sum()),
            "decisions": int((fate == "decisions").sum()),
            **{name: int((fate[fresh] == name).sum()) for name in ("known", "taken_back", "contradicted", "waiting")},
        },
    )


def _told(
    readings: Sequence[Reading], waited: pa.Table, presets: dict[str, str], erased: Erased | None
) -> tuple[pa.Table, Flags, Flags]:
    """FACTS in order, each once: those read and those that waited. And which were read now, and of which the channel
    of the right record is known only now."""
    parts = [waited]
    for reading in readings:
        names = reading.same.append_column("left_channel", pa.repeat(reading.channel, len(reading.same)))
        own = pc.if_else(pc.is_null(names["right_preset"]), reading.channel, pa.scalar(None, pa.string()))
        parts.append(schemas.conform(names.append_column("right_channel", own), FACTS))
    facts = pa.concat_tables(parts).combine_chunks()
    read = np.arange(len(facts)) >= len(waited)
    nowhere = facts["right_channel"].is_null()
    placed = pc.coalesce(facts["right_channel"], _only_channels(facts["right_preset"], presets))
    facts = facts.set_column(facts.column_names.index("right_channel"), FACTS.field("right_channel"), placed)
    placed = _flags(pc.and_(nowhere, placed.is_valid()))

    # One that waited stands before the same fact read again.
    whom = pc.coalesce(facts["right_channel"], facts["right_preset"])
    name = pc.binary_join_element_wise(
        facts["left_channel"], facts["left_record_id"], whom, facts["right_record_id"], "\n"
    )
    codes = name.combine_chunks().dictionary_encode().indices.to_numpy()
    _, first, number = np.unique(codes, return_index=True, return_inverse=True)
    fresh = np.bincount(number.ravel(), read, len(first)) > 0
    order = pc.sort_indices(facts.take(pa.array(first)), sort_keys=[(name, "ascending") for name in ORDER]).to_numpy()
    if erased is not None and len(order):
        once = facts.take(pa.array(first[order]))
        gone = _erased(erased, once["left_channel"], once["left_record_id"])
        gone |= _erased(erased, once["right_channel"], once["right_record_id"])
        order = order[~gone]
    return facts.take(pa.array(first[order])), fresh[order], placed[first[order]]


def _only_channels(wanted: pa.ChunkedArray, presets: dict[str, str]) -> pa.Array:
    """The channel with each preset, null where there is none or several."""
    only = {preset: channel for channel, preset in presets.items()}
    several = {preset for preset in only if list(presets.values()).count(preset) > 1}
    only = {preset: channel for preset, channel in only.items() if preset not in several}
    place = pc.index_in(wanted, value_set=pa.array(only.keys(), pa.string()))
    return pa.array(only.values(), pa.string()).take(place.combine_chunks())


def _erased(erased: Erased, channels: pa.ChunkedArray, record_ids: pa.ChunkedArray) -> Flags:
    found = np.zeros(len(channels), bool)
    for channel in pc.unique(channels).drop_null().to_pylist():
        found |= _flags(pc.equal(channels, channel)) & _flags(erased.names(channel, record_ids))
    return found


def _with_keys(facts: pa.Table, asked: Flags, touched: pa.Table, find: Find) -> pa.Table:
    """`facts` with the keys of records that came in this run, and, where `asked`, of those that had come before."""
    if not len(facts):
        return facts
    names = pc.binary_join_element_wise(touched["channel"], touched["record_id"], ":").combine_chunks()
    for side in ("left", "right"):
        channel, record_id, key = (facts[f"{side}_{name}"] for name in ("channel", "record_id", "key"))
        place = pc.index_in(pc.binary_join_element_wise(channel, record_id, ":"), value_set=names)
        key = pc.coalesce(key, touched["record_key"].take(place))
        lacking = np.flatnonzero(_flags(pc.and_(key.is_null(), channel.is_valid())) & asked)
        if len(lacking):
            rows = pa.array(lacking)
            known = find(pa.table({"channel": channel.take(rows), "record_id": record_id.take(rows)}))
            found = np.full(len(facts), None, object)
            found[lacking] = known.to_pylist()
            key = pc.coalesce(key, pa.array(found, pa.int64()))
        facts = facts.set_column(facts.column_names.index(f"{side}_key"), FACTS.field(f"{side}_key"), key)
    return facts


def _said(facts: pa.Table, at: datetime) -> pa.Table:
    """SAID of facts both of whose records are known."""
    left, right = (facts[f"{side}_key"] for side in ("left", "right"))
    rows = {
        "left_key": pc.min_element_wise(left, right),
        "right_key": pc.max_element_wise(left, right),
        "verdict": pa.repeat("same", len(facts)),
        "actor": facts["source"],
        "reason": facts["source"],
        "decided_at": pa.repeat(pa.scalar(at, schemas.INSTANT), len(facts)),
    }
    return schemas.conform(pa.table(rows), deciding.SAID)


def _decisions(said: pa.Table, head: Head) -> pa.Table:
    """DECISIONS numbered after those there are."""
    numbers = 1 + (pc.max(head.decisions["decision_id"]).as_py() or 0) + np.arange(len(said))
    # As if said a run earlier: this run sees them, so that to the next they are no news (`identity.decided.news`).
    seen = pa.repeat(pa.scalar(head.run_id - 1), len(said))
    rows = said.append_column("decision_id", pa.array(numbers, pa.int64())).append_column("entered_after", seen)
    return schemas.conform(rows, schemas.DECISIONS)


def _notes(
    facts: pa.Table, fresh: Flags, fate: npt.NDArray[np.object_], why: dict[int, pa.Table], presets: dict[str, str]
) -> dict[str, list[str]]:
    """What a person should know of the facts read now, by channel. Nobody unknown is named (I8)."""
    notes: dict[str, list[str]] = {}
    told: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    rows = facts.append_column("fate", pa.array(fate, pa.string())).append_column("row", pa.array(range(len(facts))))
    for row in rows.filter(pa.array(fresh)).to_pylist():
        nowhere = row["right_preset"] if row["right_channel"] is None else ""
        told.setdefault((row["left_channel"], row["source"], row["fate"], nowhere), []).append(row)
    for (channel, source, become, preset), some in told.items():
        said = notes.setdefault(channel, [])
        many = f"{len(some):,} merge{'s' * (len(some) != 1)} by {source}"
        if become == "decisions":
            said.append(f"{many}: decisions now")
        elif become == "taken_back":
            said.append(f"{many}: taken back by a steward before, so not made again")
        elif become == "waiting" and preset:
            have = [name for name, of in presets.items() if of == preset]
            which = f"there are {len(have)}: {', '.join(have)}" if have else "none was read so far"
            said.append(f"{many}: kept until there is one channel with preset {preset}; {which}")
        elif become == "waiting":
            said.append(f"{many}: kept until both records have come; one has not")
        elif become == "contradicted":
            said.append(f"{many}: against what stewards decided, whose word stands")
            said += [_contradiction(row, why[row["row"]].to_pylist()[0]) for row in some[:_NAMED_MAX]]
    return notes


def _contradiction(fact: dict[str, Any], decision: dict[str, Any]) -> str:
    pair = (f"{fact[f'{side}_channel']}:{fact[f'{side}_record_id']}" for side in ("left", "right"))
    return f"{' and '.join(pair)} stay apart by decision {decision['decision_id']} by {decision['actor']}"


def _standing(decisions: pa.Table) -> pa.Table:
    return decisions.filter(pc.is_null(decisions["revoked_at"]))


def _flags(mask: Any) -> Flags:
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), bool)

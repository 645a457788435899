"""One run, top to bottom: the file to read first.

In: channels (or one frame), a registry. Out: a `Run`. Everything between is worked out without a lock; the registry
is written once, at the end, whole or not at all (I7).

    read → take in → standardize → model → match → cluster → assign → commit → golden records
"""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import custid
from custid import schemas
from custid.channels import Channel, Reading, read
from custid.engines.base import Clustering, Engine, Matches, Progress, silent
from custid.engines.local import LocalEngine
from custid.errors import RunConflict, UsageError
from custid.identity.assign import Assignment, assign
from custid.identity.events import seal
from custid.identity.ids import mint
from custid.intake import Intake, take_in
from custid.model.files import from_json, model_id, to_json
from custid.model.notes import notes_of
from custid.model.spec import Model
from custid.registries import connect
from custid.registries.base import Commit, Registry, State, empty_state
from custid.reports.summary import card
from custid.tables import Table

#: Reruns after another run landed first, before giving up.
RETRIES = 3
SEED = 1


@dataclass(frozen=True)
class Run:
    """What a run did, and its tables.

    `run_id` is None for a dry run and without a registry; `previous` is the run before (0: none).
    `xref` XREF; `golden` one row per customer; `changes` CHANGES of this run; `rejects` REJECTS; `review` EDGES
    (+ reason, left_channel, left_record_id, right_channel, right_record_id) for stewards: pairs between the two
    thresholds, and pairs a guard kept apart, strongest first; `quality` QUALITY by customer_id, for customers of three
    records or more, weakest first; `summary` plain data.
    """

    run_id: int | None
    previous: int
    summary: dict[str, Any] = field(repr=False)
    xref: Table = field(repr=False)
    golden: Table = field(repr=False)
    changes: Table = field(repr=False)
    rejects: Table = field(repr=False)
    review: Table = field(repr=False)
    quality: Table = field(repr=False)
    model: Model = field(repr=False)

    def __repr__(self) -> str:
        return card(self.summary)


def resolve(
    source: Any,
    *,
    registry: Registry | str | Path | None = None,
    model: Model | None = None,
    retrain: bool = False,
    dry_run: bool = False,
    retry: bool = False,
    actor: str | None = None,
    engine: Engine | None = None,
    progress: Progress = silent,
    entropy: Callable[[int], bytes] = os.urandom,
) -> Run:
    """Find out which records are the same customer, and give every customer its lasting id.

    Args:
        source: a list of `Channel`, one `Channel`, or one table (anything with the Arrow PyCapsule interface).
        registry: where ids live (see `custid.connect`), or its location. None: nothing is remembered.
        model: what to compare and how much it counts. None: the registry's; where it has none, a default model
            is chosen for the data and trained on it.
        retrain: train anew even if the registry has a model. Ids are carried over.
        dry_run: work everything out, write nothing.
        retry: when another run lands first, work it out again instead of raising RunConflict.
        actor: who or what runs this, for the history. None: the user's login name.
        engine: None: the local one.
        progress: called with (stage, done, total).
        entropy: source of random bytes for new ids.

    Raises:
        InputError: a channel cannot be read. UsageError: the call is wrong. RegistryError: see `custid.errors`.
    """
    channels = channels_of(source)
    held = connect(registry) if isinstance(registry, str | Path) else registry
    worker = engine or LocalEngine()
    who = actor or _login()
    for attempt in range(RETRIES + 1):
        try:
            return _run(channels, held, model, retrain, dry_run, who, worker, progress, entropy)
        except RunConflict:
            if not retry or attempt == RETRIES:
                raise
    raise AssertionError("unreachable")


def _run(
    channels: Sequence[Channel],
    registry: Registry | None,
    given_model: Model | None,
    retrain: bool,
    dry_run: bool,
    actor: str,
    engine: Engine,
    progress: Progress,
    entropy: Callable[[int], bytes],
) -> Run:
    watch = _Watch(progress)
    started_at = datetime.now(UTC)
    state = registry.read_state() if registry is not None else empty_state()

    with watch("read"):
        readings = [read(channel, progress=progress) for channel in channels]
    intake = take_in(state, channels, readings)
    readings = [replace(reading, records=schemas.empty(schemas.RECORDS)) for reading in readings]  # held by `intake`

    known_model = given_model or (from_json(state.model) if state.model is not None else None)
    countries = countries_of(known_model, channels)
    with watch("standardize"):
        values = engine.standardize(intake.live, countries)
    with watch("train"):
        retrain = retrain and given_model is None
        model = replace(
            model_for(known_model, retrain, engine, values, progress),
            countries=countries,
            unique_channels=_unique_channels(known_model, channels),
        )
    with watch("match"):
        matches = engine.match(values, model, progress=progress)
    with watch("cluster"):
        clustering = engine.cluster(values, matches.edges, state.decisions, model)
    del values
    engine.release()
    with watch("assign"):
        assignment = _assign(state, matches, clustering, entropy)

    with watch("golden"):
        golden = engine.survive(intake.live, assignment.links, model)
    review = _named(_review(matches.edges, clustering, assignment.links, state.decisions, model), intake.all)
    model_text = to_json(model)
    summary = _summary(
        state, channels, readings, intake, assignment, matches, review, model, actor, started_at, dry_run
    )
    committed_at = datetime.now(UTC)
    summary["stages_s"] = watch.stages
    summary["elapsed_s"] = round((committed_at - started_at).total_seconds(), 3)
    rejects = pa.concat_tables([schemas.empty(schemas.REJECTS), *(reading.rejects for reading in readings)])
    run_id = None
    if registry is not None and not dry_run:
        progress("commit", 0, 1)
        run_id = registry.commit(
            Commit(
                base_run_id=state.run_id,
                started_at=started_at,
                committed_at=committed_at,
                actor=actor,
                summary=summary,
                chain=seal(state.chain, assignment.events),
                records=intake.touched,
                events=assignment.events,
                edges=matches.edges,
                rejects=rejects,
                model_id=model_id(model),
                model=model_text if model_text != state.model else None,
            )
        )
        progress("commit", 1, 1)
    return Run(
        run_id=run_id,
        previous=state.run_id,
        summary={**summary, "run_id": run_id},
        xref=Table(_xref(intake.all, assignment.links)),
        golden=Table(golden),
        changes=Table(_changes(intake.all, assignment.events, committed_at)),
        rejects=Table(rejects),
        review=Table(review),
        quality=Table(_quality(clustering, assignment.links)),
        model=model,
    )


def channels_of(source: Any) -> list[Channel]:
    """The channels of what a caller gave: a list of them, one, or a table. Raises UsageError."""
    if isinstance(source, Channel):
        channels = [source]
    elif isinstance(source, list | tuple) and source and all(isinstance(item, Channel) for item in source):
        channels = list(source)
    elif hasattr(source, "__arrow_c_stream__") or hasattr(source, "__dataframe__") or hasattr(source, "columns"):
        channels = [Channel("data", source)]
    else:
        raise UsageError(
            f"resolve() takes a list of custid.Channel, one Channel, or one table; it got {type(source).__name__}. "
            "For files, write custid.resolve([Channel('crm', 'contacts.csv')])."
        )
    names = [channel.name for channel in channels]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two channels are called {twice[0]!r}; a channel's name is part of its records' identity.")
    return channels


def _login() -> str:
    try:
        return getpass.getuser()
    except OSError:
        return "unknown"


class _Watch:
    """Seconds per stage."""

    def __init__(self, progress: Progress) -> None:
        self.stages: dict[str, float] = {}
        self._progress = progress
        self._stage = ""
        self._started = 0.0

    def __call__(self, stage: str) -> _Watch:
        self._stage = stage
        return self

    def __enter__(self) -> None:
        self._started = time.perf_counter()
        self._progress(self._stage, 0, 0)

    def __exit__(self, *_: object) -> None:
        self.stages[self._stage] = round(time.perf_counter() - self._started, 3)


def _unique_channels(model: Model | None, channels: Sequence[Channel]) -> tuple[str, ...]:
    """Channels that hold every customer once: as they say today, or as the model remembers of those not read."""
    read_now = {channel.name for channel in channels}
    remembered = {name for name in (model.unique_channels if model else ()) if name not in read_now}
    return tuple(sorted(remembered | {channel.name for channel in channels if channel.unique}))


def countries_of(model: Model | None, channels: Sequence[Channel]) -> dict[str, str]:
    """How each channel's numbers and dates are read: as the model remembers, unless the channel says otherwise."""
    said = {channel.name: channel.country for channel in channels if channel.country}
    return {**(model.countries if model else {}), **said}


def model_for(known: Model | None, retrain: bool, engine: Engine, values: pa.Table, progress: Progress) -> Model:
    """The known model, or one made for the data; blocking rules chosen and probabilities learnt where lacking."""
    model = engine.plan(values) if known is None or retrain else known
    if not model.blocking:
        model = replace(model, blocking=engine.plan(values).blocking)
    return model if model.trained else engine.train(values, model, seed=SEED, progress=progress)


def _assign(state: State, matches: Matches, clustering: Clustering, entropy: Callable[[int], bytes]) -> Assignment:
    issued = state.customers["customer_id"]
    return assign(
        run_id=state.run_id + 1,
        next_seq=state.next_seq,
        next_minted=state.next_minted,
        clusters=clustering.clusters,
        links=state.links,
        former=state.former,
        customers=state.customers,
        evidence=_evidence(matches.edges, clustering.clusters, state.decisions),
        mint=lambda count: mint(count, entropy=entropy, issued=issued),
    )


def _evidence(edges: pa.Table, clusters: pa.Table, decisions: pa.Table) -> pa.Table:
    """Per record the strongest thing that ties it to its cluster: a steward's word, else an edge."""
    keys = clusters["record_key"].to_numpy()
    order = np.argsort(keys)
    cluster = clusters["cluster"].to_numpy()[order]
    keys = keys[order]

    def together(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        known = np.isin(left, keys) & np.isin(right, keys)
        same = np.zeros(len(left), bool)
        same[known] = cluster[np.searchsorted(keys, left[known])] == cluster[np.searchsorted(keys, right[known])]
        return same

    same = decisions.filter(pc.and_(pc.equal(decisions["verdict"], "same"), pc.is_null(decisions["revoked_at"])))
    ties = pa.concat_tables(
        [
            pa.table(
                {
                    "kind": pa.array(["decision"] * len(same), pa.string()),
                    "evidence_left": same["left_key"],
                    "evidence_right": same["right_key"],
                    "match_weight": pa.nulls(len(same), pa.float32()),
                    "levels": pa.nulls(len(same), pa.string()),
                    "decision_id": same["decision_id"],
                }
            ),
            pa.table(
                {
                    "kind": pa.array(["edge"] * len(edges), pa.string()),
                    "evidence_left": edges["left_key"],
                    "evidence_right": edges["right_key"],
                    "match_weight": edges["match_weight"],
                    "levels": edges["levels"],
                    "decision_id": pa.nulls(len(edges), pa.int64()),
                }
            ),
        ]
    )
    left, right = ties["evidence_left"].to_numpy(), ties["evidence_right"].to_numpy()
    kept = np.flatnonzero(together(left, right))
    weight = ties["match_weight"].fill_null(np.inf).to_numpy()[kept]
    record = np.concatenate([left[kept], right[kept]])
    tie = np.concatenate([kept, kept])
    best = np.lexsort((tie, -np.concatenate([weight, weight]), record))
    first = np.ones(len(best), bool)
    first[1:] = record[best][1:] != record[best][:-1]
    chosen = best[first]
    return ties.take(pa.array(tie[chosen])).append_column("record_key", pa.array(record[chosen], pa.int64()))


def _review(edges: pa.Table, clustering: Clustering, links: pa.Table, decisions: pa.Table, model: Model) -> pa.Table:
    """What waits for a steward: pairs between the thresholds that ended apart, and pairs that were cut."""
    between = edges.filter(pc.less(edges["match_weight"], model.match_threshold))
    between = between.append_column("reason", pa.array(["between the thresholds"] * len(between), pa.string()))
    waiting = pa.concat_tables([between, clustering.cuts])
    keys = links["record_key"].to_numpy()
    order = np.argsort(keys)
    customer = links["customer_id"].combine_chunks().dictionary_encode().indices.to_numpy()[order]
    sides = [customer[np.searchsorted(keys[order], waiting[side].to_numpy())] for side in ("left_key", "right_key")]
    # In edges as in decisions the left key is the lower one; a decision may name a record that is gone.
    span = max(int(found.max(initial=0)) for found in (keys, decisions["right_key"].to_numpy())) + 1
    asked, decided = (
        table["left_key"].to_numpy() * span + table["right_key"].to_numpy() for table in (waiting, decisions)
    )
    apart = (sides[0] != sides[1]) & ~np.isin(asked, decided)
    return waiting.filter(pa.array(apart, pa.bool_())).sort_by(
        [("match_weight", "descending"), ("left_key", "ascending"), ("right_key", "ascending")]
    )


def _quality(clustering: Clustering, links: pa.Table) -> pa.Table:
    """How well customers hold together, the weakest first."""
    _, first = np.unique(clustering.clusters["cluster"].to_numpy(), return_index=True)
    one_of = clustering.clusters.take(pa.array(first)).join(links, "record_key")
    found = clustering.quality.join(one_of.drop_columns("record_key"), "cluster", join_type="inner")
    ordered = found.sort_by([("agreement", "ascending"), ("records", "descending"), ("customer_id", "ascending")])
    return ordered.select(["customer_id", "records", "agreement", "contradictions"])


def _named(pairs: pa.Table, records: pa.Table) -> pa.Table:
    """The pairs with the names of their records."""
    for side in ("left", "right"):
        rows = pc.index_in(pairs[f"{side}_key"], value_set=records["record_key"].combine_chunks())
        for name in ("channel", "record_id"):
            pairs = pairs.append_column(f"{side}_{name}", records[name].take(rows))
    return pairs


def _xref(records: pa.Table, links: pa.Table) -> pa.Table:
    rows = pc.index_in(links["record_key"], value_set=records["record_key"].combine_chunks())
    found = records.select(["channel", "record_id"]).take(rows)
    return schemas.conform(
        found.append_column("customer_id", links["customer_id"]).sort_by(
            [("channel", "ascending"), ("record_id", "ascending")]
        ),
        schemas.XREF,
    )


def _changes(records: pa.Table, events: pa.Table, at: datetime) -> pa.Table:
    """The change feed of these events, as `Registry.changes` would give it."""
    moved = events.filter(pc.is_valid(events["record_key"]))
    found = records.select(["channel", "record_id"]).take(
        pc.index_in(moved["record_key"], value_set=records["record_key"].combine_chunks())
    )
    left = pc.equal(moved["kind"], "unlinked")
    none = pa.scalar(None, pa.string())
    return schemas.conform(
        pa.table(
            {
                "seq": moved["seq"],
                "run_id": moved["run_id"],
                "at": pa.array([at] * len(moved), schemas.INSTANT),
                "channel": found["channel"],
                "record_id": found["record_id"],
                "kind": moved["kind"],
                "old_id": pc.if_else(left, moved["customer_id"], moved["other_id"]),
                "new_id": pc.if_else(left, none, moved["customer_id"]),
                "reason": moved["reason"],
            }
        ),
        schemas.CHANGES,
    )


def _summary(
    state: State,
    channels: Sequence[Channel],
    readings: Sequence[Reading],
    intake: Intake,
    assignment: Assignment,
    matches: Matches,
    review: pa.Table,
    model: Model,
    actor: str,
    started_at: datetime,
    dry_run: bool,
) -> dict[str, Any]:
    kinds = assignment.events["kind"].value_counts().to_pylist()
    events = {found["values"]: found["counts"] for found in kinds}
    return {
        "custid": custid.__version__,
        "run_id": None,
        "previous": state.run_id,
        "dry_run": dry_run,
        "actor": actor,
        "started_at": started_at.isoformat(timespec="seconds"),
        "channels": {
            channel.name: {
                "source": channel.source_name,
                "kind": channel.kind,
                "read": reading.rows_read,
                "rejected": len(reading.rejects),
                **intake.counts[channel.name],
                "notes": list(reading.notes),
            }
            for channel, reading in zip(channels, readings, strict=True)
        },
        "records": len(intake.live),
        "customers": len(pc.unique(assignment.links["customer_id"])),
        "events": {kind: events.get(kind, 0) for kind in _KINDS},
        "to_review": len(review),
        "matching": matches.report,
        "notes": notes_of(model),
        "model": {
            "model_id": model_id(model),
            "matches_per_record": round(model.matches_per_record, 4),
            "match_threshold": model.match_threshold,
            "review_threshold": model.review_threshold,
            **model.facts,
        },
    }


_KINDS = ("created", "linked", "moved", "unlinked", "merged", "split", "restored", "retired", "erased")

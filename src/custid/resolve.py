"""One run, top to bottom: the file to read first.

In: channels (or one frame), a registry. Out: a `Run`. Everything between is worked out without a lock; the registry
is written once, at the end, whole or not at all (I7).

    read → take in → standardize → model → match → cluster → assign → commit

Where a registry knows a model and its records, a batch is matched against what it concerns of them; otherwise, and when
anything but the records has changed, everything is matched. The outcome is the same (I3).
"""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import custid
from custid import schemas
from custid.channels import Channel, Reading, conventions_of, read, without
from custid.engines.base import Engine, Progress, silent
from custid.engines.local import LocalEngine
from custid.errors import RunConflict, UsageError
from custid.facts import Settled, settle
from custid.identity.assign import Assignment, assign
from custid.identity.codes import CodeFormat, check_fields, declare
from custid.identity.events import seal
from custid.identity.evidence import ties
from custid.identity.ids import mint
from custid.intake import Intake, take_in
from custid.matching import Worked, work_on_batch, work_on_everything
from custid.model.files import from_json, model_id, to_json
from custid.model.notes import notes_of
from custid.model.spec import Model
from custid.model.survivorship import Survivorship
from custid.registries import connect
from custid.registries.base import Commit, Head, Registry, State, empty_head, empty_state
from custid.registries.erasing import Erased
from custid.reports.cards import run_card
from custid.reports.junk import junk_told
from custid.reports.preview import preview
from custid.reports.summary import card
from custid.results import (
    EVENT_RECORDS,
    PAIR_RECORDS,
    Outcome,
    changes_of,
    named,
    quality_of,
    review_of,
    weights_of,
    xref_of,
)
from custid.standardize.conventions import Conventions
from custid.tables import Table

#: Reruns after another run landed first, before giving up.
RETRIES = 3
SEED = 1
#: Records with values of somebody erased that a run's summary names.
CARRYING_SHOWN = 100
#: A batch that touches a larger share of all live records than this is not matched alone: matching all is as fast.
BATCH_SHARE_MAX = 0.2
#: When there are so many times the records that a model's frequencies were counted on, they are counted anew.
GROWTH_MAX = 4


@dataclass(frozen=True)
class Run:
    """What a run did, and its tables.

    `run_id` is None for a dry run and without a registry; `previous` is the run before (0: none).
    `xref` XREF; `golden` one row per customer; `changes` CHANGES of this run; `events` EVENTS + NAMES of this run;
    `rejects` REJECTS; `review` EDGES (+ reason, left_channel, left_record_id, right_channel, right_record_id) for
    stewards: pairs between the two thresholds, and pairs a guard kept apart, strongest first; `quality` QUALITY by
    customer_id, for customers of three records or more, weakest first; `summary` plain data.
    `weights` WEIGHTS (see `custid.registries.counting`): how many pairs have which match weight.
    A batch that was matched against what a registry knows concerns few customers: `review`, `quality` and `weights` are
    of those.
    """

    run_id: int | None
    previous: int
    summary: dict[str, Any] = field(repr=False)
    changes: Table = field(repr=False)
    events: Table = field(repr=False)
    rejects: Table = field(repr=False)
    review: Table = field(repr=False)
    quality: Table = field(repr=False)
    weights: Table = field(repr=False)
    model: Model = field(repr=False)
    _outcome: Outcome = field(repr=False)
    _engine: Engine = field(repr=False)

    @cached_property
    def xref(self) -> Table:
        """XREF of all records. Raises RunConflict when it has to be read and another run has landed meanwhile."""
        return Table(xref_of(*self._outcome.everything()))

    @cached_property
    def golden(self) -> Table:
        """Golden records: one row per customer, all of them (see `Registry.golden`), read or, where they are not kept,
        chosen when first asked for. Raises RunConflict, as `xref`."""
        return Table(self._outcome.golden(self._engine, self.model, self.events.to_arrow()))

    def __repr__(self) -> str:
        return card(self.summary)

    def _repr_html_(self) -> str:
        return run_card(self.summary)

    @property
    def preview(self) -> Table:
        """What changes for which customers, and why: PREVIEW (see `custid.reports.preview`)."""
        return Table(preview(self.events.to_arrow()))


def resolve(
    source: Any,
    *,
    registry: Registry | str | Path | None = None,
    model: Model | None = None,
    retrain: bool = False,
    dry_run: bool = False,
    retry: bool = False,
    codes: str | Mapping[str, Any] | CodeFormat | None = None,
    survivorship: Mapping[str, str] | None = None,
    display: Mapping[str, str] | None = None,
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
        codes: the format of customer codes, as the table [codes] of customers.toml (see `custid.identity.codes`).
            None: as the registry remembers; it issues none before a format was given once.
        survivorship, display: how golden records are chosen and shown, field → rule (see `custid.model.survivorship`).
            They become part of the model. None: as the model has them.
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
    code_format = declare(codes) if codes is not None else None
    golden_rules = (survivorship, display)
    Survivorship.read(survivorship or {}, display or {})
    for attempt in range(RETRIES + 1):
        try:
            return _run(
                channels, held, model, retrain, dry_run, code_format, golden_rules, who, worker, progress, entropy
            )
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
    codes: CodeFormat | None,
    golden_rules: tuple[Mapping[str, str] | None, Mapping[str, str] | None],
    actor: str,
    engine: Engine,
    progress: Progress,
    entropy: Callable[[int], bytes],
) -> Run:
    watch = _Watch(progress)
    started_at = datetime.now(UTC)
    head = registry.head() if registry is not None else empty_head()
    with watch("read"):
        readings = [read(channel, progress=progress) for channel in channels]
        erased = registry.erased() if registry is not None and head.run_id else None
        if erased is not None:
            readings = [_without_erased(reading, erased) for reading in readings]

    stored = from_json(head.model) if head.model is not None else None
    known = _with_statistics(given_model, stored)
    before = known
    conventions, readings = conventions_of(remembered(stored, given_model), channels, readings)
    because = _everything_because(head, known, given_model, stored, channels, conventions, retrain)
    state = empty_state()
    if registry is not None and head.run_id:
        state = registry.read_state() if because else _named_in(registry, head, channels, readings)
    intake = take_in(state, channels, readings)
    if codes is not None:
        check_fields(codes, ["channel", *schemas.fields_of(intake.all, schemas.STORED_RECORDS)])
    readings = [replace(reading, records=schemas.empty(schemas.RECORDS)) for reading in readings]  # held by `intake`
    live = len(intake.live) if because else head.live + intake.live_more
    if registry is not None and not because and (because := _batch_is_large(intake, live, known, given_model)):
        state = registry.read_state()
        intake = intake.among(state.records)
    settled = settle(readings, intake.touched, head, _keys_in(registry, head), erased, started_at)
    head = replace(head, decisions=pa.concat_tables([head.decisions, settled.decisions]))
    state = replace(state, decisions=_standing(head))

    with watch("standardize"):
        standardized = engine.standardize(intake.live if because else intake.arrived, conventions)
    values, junk = standardized.values, standardized.junk
    del standardized
    carrying = _carrying_erased(erased, values, intake.touched)
    with watch("train"):
        if because or known is None:
            known = model_for(known, retrain and given_model is None, given_model is None, engine, values, progress)
        model = replace(known, conventions=conventions, unique_channels=_unique_channels(channels, stored, known))
        model = _choosing(model, *golden_rules, before)
    if because or registry is None:
        worked = work_on_everything(
            intake, values, state, model, engine, keep=registry is not None, watch=watch, progress=progress
        )
    else:
        with registry.view(head.run_id) as view:
            worked = work_on_batch(intake, values, head, view, model, engine, watch=watch, progress=progress)
    del values
    engine.release()
    with watch("assign"):
        assignment = _assign(head, worked, registry, entropy)

    review = review_of(worked.edges, worked.clustering, assignment.links, _standing(head), model)
    review = named(review, worked.names, PAIR_RECORDS)
    model_text = to_json(model)
    committed_at = datetime.now(UTC)
    summary = {
        "custid": custid.__version__,
        "run_id": None,
        "previous": head.run_id,
        "dry_run": dry_run,
        "actor": actor,
        "started_at": started_at.isoformat(timespec="seconds"),
        "channels": _channels_told(channels, readings, intake, settled),
        "merge_facts": settled.counts,
        "records": live,
        "customers": head.customers + _customers(assignment.links) - _customers(worked.links),
        "events": _events_counted(assignment.events),
        "to_review": len(review),
        "matched": because or "the batch, against what is known",
        "matching": worked.matches.report,
        "notes": notes_of(model) + _notes_on_erased(carrying),
        "junk": junk_told(junk),
        "carry_erased": carrying[:CARRYING_SHOWN],
        "model": _model_told(model),
        "stages_s": watch.stages,
        "elapsed_s": round((committed_at - started_at).total_seconds(), 3),
    }
    rejects = pa.concat_tables([schemas.empty(schemas.REJECTS), *(reading.rejects for reading in readings)])
    run_id = None
    if registry is not None and not dry_run:
        progress("commit", 0, 1)
        run_id = registry.commit(
            Commit(
                base_run_id=head.run_id,
                started_at=started_at,
                committed_at=committed_at,
                actor=actor,
                summary=summary,
                chain=seal(head.chain, assignment.events),
                records=intake.touched,
                events=assignment.events,
                edges=worked.matches.edges,
                rejects=rejects,
                reworked=worked.reworked,
                block_keys=worked.index.keys if worked.index else schemas.empty(schemas.BLOCK_KEYS),
                large_blocks=worked.index.large if worked.index else schemas.empty(schemas.LARGE_BLOCKS),
                values=worked.values,
                model_id=model_id(model),
                model=model_text if model_text != head.model else None,
                codes=codes,
                decisions=settled.decisions,
                facts=settled.waiting,
                presets=settled.presets,
            )
        )
        progress("commit", 1, 1)
    return Run(
        run_id=run_id,
        previous=head.run_id,
        summary={**summary, "run_id": run_id},
        changes=Table(changes_of(worked.names, assignment.events, committed_at)),
        events=Table(named(assignment.events, worked.names, EVENT_RECORDS)),
        rejects=Table(rejects),
        review=Table(review),
        quality=Table(quality_of(worked.clustering, assignment.links)),
        weights=Table(weights_of(worked.edges, assignment.links)),
        model=model,
        _outcome=Outcome(
            records=intake.live if because else intake.touched,
            links=assignment.links,
            worked_on=worked.names["record_key"],
            registry=None if because else registry,
            run_id=run_id,
            kept_in=registry,
        ),
        _engine=engine,
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


def _unique_channels(channels: Sequence[Channel], *models: Model | None) -> tuple[str, ...]:
    """Channels that hold every customer once: as they say today, or as models remember of those not read."""
    read_now = {channel.name for channel in channels}
    before = {name for model in models if model is not None for name in model.unique_channels}
    return tuple(sorted((before - read_now) | {channel.name for channel in channels if channel.unique}))


def remembered(*models: Model | None) -> dict[str, Conventions]:
    """How channels are read as far as models remember, the last of them first of all."""
    return {name: said for model in models if model is not None for name, said in model.conventions.items()}


def model_for(
    known: Model | None, retrain: bool, ours: bool, engine: Engine, values: pa.Table, progress: Progress
) -> Model:
    """The known model, or one made for the data; blocking rules chosen, probabilities learnt and frequencies counted
    where lacking. `ours`: it is not pinned by the caller, so frequencies are counted anew when the data has outgrown
    them."""
    model = engine.plan(values) if known is None or retrain else known
    if not model.blocking:
        model = replace(model, blocking=engine.plan(values).blocking)
    if not model.trained:
        return engine.train(values, model, seed=SEED, progress=progress)
    if model.statistics is None or (ours and len(values) > GROWTH_MAX * model.statistics.records):
        return engine.count(values, model)
    return model


def _everything_because(
    head: Head,
    known: Model | None,
    given: Model | None,
    stored: Model | None,
    channels: Sequence[Channel],
    conventions: Mapping[str, Conventions],
    retrain: bool,
) -> str:
    """Why a run has to match all records anew, as far as one can tell before reading them; "" when it has not."""
    if head.run_id == 0:
        return "everything: the first run"
    if known is None or not (known.trained and known.blocking and known.statistics) or (retrain and given is None):
        return "everything: a new model"
    if not head.indexed or head.custid_version != custid.__version__:
        return "everything: another version of custid made the registry's comparable values"
    if stored is None or _weighed_by(known) != _weighed_by(stored):
        return "everything: another model than before"
    unique = _unique_channels(channels, stored, known)
    for channel in head.channels:
        if (channel in unique) != (channel in stored.unique_channels):
            return f"everything: channel {channel} is declared otherwise than before"
        if conventions.get(channel) != stored.conventions.get(channel):
            return f"everything: the values of channel {channel} are read otherwise than before"
    return ""


def _choosing(
    model: Model, survivorship: Mapping[str, str] | None, display: Mapping[str, str] | None, before: Model | None
) -> Model:
    """The model with the rules of golden records that are given, else those of the model `before` it was trained."""
    before = before or model
    return replace(
        model,
        survivorship=before.survivorship if survivorship is None else dict(survivorship),
        display=before.display if display is None else dict(display),
    )


def _with_statistics(given: Model | None, stored: Model | None) -> Model | None:
    """The model to use: the one given, else the stored one. A file that leaves the frequencies out is the stored model
    all the same, with those that were counted for it."""
    if given is None or given.statistics is not None or stored is None:
        return given or stored
    counted = replace(given, statistics=stored.statistics)
    return counted if _weighed_by(counted) == _weighed_by(stored) else given


def _weighed_by(model: Model) -> Model:
    """What of a model decides who is one customer, apart from what it says of channels."""
    return replace(model, survivorship={}, display={}, conventions={}, unique_channels=(), facts={})


def _batch_is_large(intake: Intake, live: int, known: Model | None, given: Model | None) -> str:
    """Why all records are matched anew although a batch could be matched alone; "" when it is."""
    if len(intake.touched) > BATCH_SHARE_MAX * live:
        return "everything: the batch is a large part of it"
    counted = known.statistics.records if known is not None and known.statistics is not None else live
    if given is None and live > GROWTH_MAX * counted:
        return f"everything: the model's frequencies were counted on {counted} records, there are {live} now"
    return ""


def _without_erased(reading: Reading, erased: Erased) -> Reading:
    """Who was erased is not taken in again, and not remembered as having come (I8)."""
    records, rejects = (erased.names(reading.channel, rows["record_id"]) for rows in (reading.records, reading.rejects))
    return without(reading, records, rejects, "erased", "this record was erased; custid allow-again lets it in")


def _notes_on_erased(carrying: list[dict[str, Any]]) -> list[str]:
    if not carrying:
        return []
    records = list(dict.fromkeys(found["record"] for found in carrying))
    shown = ", ".join(records[:3]) + (" …" if len(records) > 3 else "")
    return [
        f"{len(records):,} new or changed records carry an e-mail, telephone or number of somebody who was erased "
        f"({shown}). They were taken in: it may be a relative. If it is the same person, erase them as well."
    ]


def _carrying_erased(erased: Erased | None, values: pa.Table, touched: pa.Table) -> list[dict[str, Any]]:
    """Records of this run that have an e-mail, telephone or number of somebody who was erased: record, fields."""
    if erased is None:
        return []
    fresh = values.filter(pc.is_in(values["record_key"], value_set=touched["record_key"].combine_chunks()))
    found = erased.carried(fresh)
    if not len(found):
        return []
    rows = touched.take(pc.index_in(found["record_key"], value_set=touched["record_key"].combine_chunks()))
    names = pc.binary_join_element_wise(rows["channel"], rows["record_id"], ":").to_pylist()
    return [{"record": name, "field": field} for name, field in zip(names, found["field"].to_pylist(), strict=True)]


def _named_in(registry: Registry, head: Head, channels: Sequence[Channel], readings: Sequence[Reading]) -> State:
    """What a registry knows of the records that readings name, and of all of a snapshot's channel."""
    names = []
    for channel, reading in zip(channels, readings, strict=True):
        ids = [*reading.records["record_id"].chunks, reading.deleted.cast(pa.string())]
        found = pa.chunked_array(ids, pa.string())
        names.append(pa.table({"channel": pa.repeat(channel.name, len(found)), "record_id": found}))
    with registry.view(head.run_id) as view:
        records = view.records_named(
            pa.concat_tables(names), [channel.name for channel in channels if channel.kind == "snapshot"]
        )
    return replace(empty_state(), run_id=head.run_id, next_record_key=head.next_record_key, records=records)


def _keys_in(registry: Registry | None, head: Head) -> Callable[[pa.Table], pa.ChunkedArray]:
    """Gives the keys of records by their names, null for those a registry does not know."""

    def find(names: pa.Table) -> pa.ChunkedArray:
        if registry is None or not head.run_id:
            return pa.chunked_array([pa.nulls(len(names), pa.int64())])
        with registry.view(head.run_id) as view:
            return view.keys_named(names)

    return find


def _assign(head: Head, worked: Worked, registry: Registry | None, entropy: Callable[[int], bytes]) -> Assignment:
    return assign(
        run_id=head.run_id + 1,
        next_seq=head.next_seq,
        next_minted=head.next_minted,
        clusters=worked.clustering.clusters,
        links=worked.links,
        former=worked.former,
        customers=worked.customers,
        evidence=ties(worked.edges, _standing(head)),
        mint=lambda count: _minted(count, head, worked, registry, entropy),
    )


def _minted(
    count: int, head: Head, worked: Worked, registry: Registry | None, entropy: Callable[[int], bytes]
) -> pa.Array:
    """New ids. A batch does not know all that were issued, so the registry is asked about those that were drawn."""
    issued = worked.customers["customer_id"]
    ids = mint(count, entropy=entropy, issued=issued)
    if registry is not None and worked.reworked is not None:
        with registry.view(head.run_id) as view:
            again = view.customers(ids)["customer_id"]
        if len(again):
            ids = mint(count, entropy=entropy, issued=pa.chunked_array([*issued.chunks, *again.chunks], pa.string()))
    return ids


def _standing(head: Head) -> pa.Table:
    return head.decisions.filter(pc.is_null(head.decisions["revoked_at"]))


def _customers(links: pa.Table) -> int:
    return len(pc.unique(links["customer_id"]))


def _channels_told(
    channels: Sequence[Channel], readings: Sequence[Reading], intake: Intake, settled: Settled
) -> dict[str, Any]:
    return {
        channel.name: {
            "source": channel.source_name,
            "kind": channel.kind,
            "read": reading.rows_read,
            "rejected": len(reading.rejects),
            **intake.counts[channel.name],
            "notes": [*reading.notes, *settled.notes.get(channel.name, ())],
        }
        for channel, reading in zip(channels, readings, strict=True)
    }


def _events_counted(events: pa.Table) -> dict[str, int]:
    counted = {found["values"]: found["counts"] for found in events["kind"].value_counts().to_pylist()}
    return {kind: counted.get(kind, 0) for kind in _KINDS}


def _model_told(model: Model) -> dict[str, Any]:
    return {
        "model_id": model_id(model),
        "matches_per_record": round(model.matches_per_record, 4),
        "match_threshold": model.match_threshold,
        "review_threshold": model.review_threshold,
        **model.facts,
    }


_KINDS = ("created", "linked", "moved", "unlinked", "merged", "split", "restored", "retired", "erased")

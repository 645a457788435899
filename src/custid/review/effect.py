"""What decisions change: the model that learns from them, and the customers.

In: a registry, a stored model. Out: `Effect`, and a run when it is applied. Never here: reading channels: what the
registry holds is all that is looked at, so nothing but the decisions and the model can change anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels import Channel
from custid.engines.base import Progress, silent
from custid.engines.local.weighing import Weighing
from custid.errors import UsageError
from custid.model.files import from_json
from custid.model.spec import Model
from custid.registries.base import Registry
from custid.reports.preview import preview
from custid.resolve import Run, resolve
from custid.train import train

#: So many customers that would change are told of one by one.
CUSTOMERS_TOLD = 300


@dataclass(frozen=True)
class Effect:
    """`model`: the one to go on with; `retrained`: it has just been learned. `changes`: PREVIEW. `summary`: of the dry
    run. `agreed`, `agreed_before`: with how many of `decided` decisions the weights agree, with this model and with
    the stored one. `as_of`: the decisions it was worked out from, see `fingerprint`."""

    model: Model = field(repr=False)
    retrained: bool
    changes: pa.Table = field(repr=False)
    summary: dict[str, Any] = field(repr=False)
    decided: int
    agreed: int
    agreed_before: int
    as_of: tuple[int, ...]

    def told(self) -> dict[str, Any]:
        """As plain data."""
        counts = {one["values"]: one["counts"] for one in self.changes["what"].value_counts().to_pylist()}
        return {
            "retrained": self.retrained,
            "decided": self.decided,
            "agreed": self.agreed,
            "agreed_before": self.agreed_before,
            "customers": self.summary["customers"],
            "to_review": self.summary["to_review"],
            "counts": counts,
            "changes": self.changes.slice(0, CUSTOMERS_TOLD).to_pylist(),
            "changes_in_all": len(self.changes),
        }


def look(registry: Registry, *, retrain: bool, progress: Progress = silent) -> Effect:
    """Work out what would change, with the stored model or one that has learned from the decisions. Writes nothing."""
    as_of = fingerprint(registry)
    stored = _stored(registry)
    model = stored
    if retrain:
        model = train(
            _nothing_new(registry, stored),
            registry=registry,
            model=stored,
            trained_on=datetime.now(UTC).date(),
            progress=progress,
        )
    run = resolve(_nothing_new(registry, stored), registry=registry, model=model, dry_run=True, progress=progress)
    agreed_before, decided = agreement(registry, stored)
    agreed = agreement(registry, model)[0] if retrain else agreed_before
    return Effect(model, retrain, preview(run.events.to_arrow()), run.summary, decided, agreed, agreed_before, as_of)


def apply(registry: Registry, effect: Effect, *, actor: str, progress: Progress = silent) -> Run:
    """Commit what `look` showed, as a run. Raises UsageError when anything was decided or run since; nothing is written
    then."""
    if fingerprint(registry) != effect.as_of:
        raise UsageError("more was decided, or another run landed, since this was worked out. Look again first.")
    source = _nothing_new(registry, effect.model)
    return resolve(source, registry=registry, model=effect.model, actor=actor, progress=progress)


def agreement(registry: Registry, model: Model) -> tuple[int, int]:
    """With how many of the standing decisions (same, different) between live records the model's weights agree, and how
    many there are."""
    with registry.view() as view:
        said = view.head().decisions
        said = said.filter(pc.and_(pc.is_null(said["revoked_at"]), pc.not_equal(said["verdict"], "unsure")))
        keys = np.unique(np.concatenate([said["left_key"].to_numpy(), said["right_key"].to_numpy()]))
        values = view.values(pa.array(keys))
    known = values["record_key"].combine_chunks()
    said = said.filter(pc.and_(pc.is_in(said["left_key"], known), pc.is_in(said["right_key"], known)))
    if not len(said):
        return 0, 0
    weights = Weighing(values, model).weigh(said["left_key"].to_numpy(), said["right_key"].to_numpy()).weights
    same = pc.equal(said["verdict"], "same").to_numpy()
    return int(((weights >= model.match_threshold) == same).sum()), len(said)


def fingerprint(registry: Registry) -> tuple[int, ...]:
    """Numbers that are others once anything was run, decided or taken back."""
    head = registry.head()
    revoked = len(head.decisions) - head.decisions["revoked_at"].null_count
    return head.run_id, len(head.decisions), revoked


def _stored(registry: Registry) -> Model:
    text = registry.model()
    if text is None:
        raise UsageError(f"{registry.location} has no run yet, so there is nothing to review.")
    return from_json(text)


def _nothing_new(registry: Registry, model: Model) -> Channel:
    """A channel of the registry with nothing in it: a run of it looks only at what is known."""
    name = registry.head().channels[0]
    nothing = pa.table({"record_id": pa.array([], pa.string())})
    return Channel(name, nothing, record_id="record_id", unique=name in model.unique_channels)

"""A run without its end: everything worked out as `resolve` would, nothing assigned and nothing written.

In: channels, a registry (or none), a model (or none). Out: `Rehearsal`, with what lies between the steps of a run.
Never here: writing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.channels import conventions_of, read
from custid.engines.base import Clustering, Matches, Progress
from custid.engines.local import LocalEngine
from custid.intake import take_in
from custid.model.files import from_json
from custid.model.spec import Model
from custid.registries import connect
from custid.registries.base import Registry, State, empty_state
from custid.resolve import channels_of, model_for, remembered

Keys = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rehearsal:
    """`records`: STORED_RECORDS + fields, live ones; `values`: their comparable values; `state`: the registry as it
    was. `origin` says where the model came from."""

    state: State = field(repr=False)
    records: pa.Table = field(repr=False)
    values: pa.Table = field(repr=False)
    model: Model = field(repr=False)
    origin: str
    matches: Matches = field(repr=False)
    clustering: Clustering = field(repr=False)
    engine: LocalEngine = field(repr=False)

    def cluster_of(self, keys: Keys, clusters: pa.Table | None = None) -> Keys:
        """The cluster of each record."""
        found = clusters if clusters is not None else self.clustering.clusters
        known = found["record_key"].to_numpy()
        order = np.argsort(known)
        cluster: Keys = found["cluster"].to_numpy()[order[np.searchsorted(known, keys, sorter=order)]]
        return cluster

    def clusters_at(self, threshold: float) -> pa.Table:
        """CLUSTERS as they were with another match threshold, decisions and guards included."""
        model = replace(self.model, match_threshold=threshold)
        return self.engine.cluster(self.values, self.matches.edges, self.state.decisions, model).clusters


def rehearse(source: Any, registry: Registry | str | Path | None, model: Model | None, progress: Progress) -> Rehearsal:
    """Work out what `resolve` would with the same arguments. Raises what it raises."""
    channels = channels_of(source)
    held = connect(registry) if isinstance(registry, str | Path) else registry
    engine = LocalEngine()
    state = held.read_state() if held is not None else empty_state()
    progress("read", 0, 0)
    readings = [read(channel, progress=progress) for channel in channels]
    records = take_in(state, channels, readings).live
    stored = from_json(state.model) if state.model is not None else None
    known = model or stored
    conventions, _ = conventions_of(remembered(stored, model), channels, readings)
    progress("standardize", 0, 0)
    values = engine.standardize(records, conventions).values
    origin = "trained on these records"
    if known is not None and known.trained:
        origin = "as given" if model is not None else "the registry's"
    found = replace(model_for(known, False, False, engine, values, progress), conventions=conventions)
    matches = engine.match(values, found, progress=progress)
    progress("cluster", 0, 0)
    clustering = engine.cluster(values, matches.edges, state.decisions, found)
    return Rehearsal(state, records, values, found, origin, matches, clustering, engine)

"""Learning a model apart from any run: to look at it, to keep it in a file, to teach it by labels.

In: channels, and where there is any, truth or the decisions in a registry. Out: a trained `Model` whose facts say
what it was trained on. Never here: a clock (the date is the caller's to say); writing to a registry.

The labels join the unlabelled pairs in expectation maximization with their class fixed, as Nigam, McCallum, Thrun and
Mitchell (Machine Learning, 2000) do for texts; each labelled pair counts as one pair.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels import conventions_of, read
from custid.engines.base import Progress, silent
from custid.engines.local import LocalEngine
from custid.engines.local.training import Labels
from custid.errors import InputError
from custid.evaluate.labels import Truth, read_truth
from custid.evaluate.pairs import pairs_within
from custid.intake import take_in
from custid.model.files import from_json, rounded
from custid.model.spec import Model
from custid.registries import connect
from custid.registries.base import Registry, empty_state
from custid.resolve import SEED, channels_of, remembered

#: At most so many pairs of one customer are taken from the truth, as many as training takes from a blocking rule.
TRUE_PAIRS_MAX = 20_000

Rows = npt.NDArray[np.int64]


def train(
    source: Any,
    *,
    truth: Any = None,
    registry: Registry | str | Path | None = None,
    model: Model | None = None,
    trained_on: date | None = None,
    seed: int = SEED,
    progress: Progress = silent,
) -> Model:
    """Learn a model from records. Nothing is written; save it with `custid.model.files.to_toml`.

    Args:
        source: as for `custid.resolve`: channels, or one table.
        truth: a file or table with channel, record_id and true_id, for as many records as are known (null: not
            known). It makes the model better; the records without it still take part.
        registry: its records take part, and its stewards' decisions count as labels.
        model: the comparisons, levels and blocking rules to keep; only probabilities are learned. None: chosen for
            the data.
        trained_on: the date to note in the model's facts.
        seed: the same records, labels and seed give the same model.
        progress: called with (stage, done, total).

    Raises:
        InputError: a channel or the truth cannot be read, or has no records. UsageError: the call is wrong.
    """
    channels = channels_of(source)
    held = connect(registry) if isinstance(registry, str | Path) else registry
    state = held.read_state() if held is not None else empty_state()
    engine = LocalEngine()
    progress("read", 0, 0)
    readings = [read(channel, progress=progress) for channel in channels]
    records = take_in(state, channels, readings).live
    if not len(records):
        raise InputError("there are no records to learn from.")
    stored = from_json(state.model) if state.model is not None else None
    conventions, _ = conventions_of(remembered(stored, model), channels, readings)
    progress("standardize", 0, 0)
    values = engine.standardize(records, conventions).values
    untrained = model if model is not None else engine.plan(values)
    if not untrained.blocking:
        untrained = replace(untrained, blocking=engine.plan(values).blocking)
    known = read_truth(truth, records) if truth is not None else None
    labels = _labels(values, known, state.decisions, seed)
    found = engine.train(values, replace(untrained, facts={}), seed=seed, progress=progress, labels=labels)
    facts: dict[str, Any] = {"trained_on": trained_on.isoformat()} if trained_on is not None else {}
    facts |= {"data_sha256": data_sha256(values), "channels": [channel.name for channel in channels]}
    if known is not None:
        facts["true_ids"] = len(known)
    if len(state.decisions):
        facts["decisions"] = len(state.decisions)
    planned = {name: untrained.facts[name] for name in _PLANNED if name in untrained.facts}
    return rounded(replace(found, conventions=conventions, facts={**facts, **found.facts, **planned}))


#: What the choice of blocking rules expects; kept with the model.
_PLANNED = ("expected_candidates", "expected_coverage")


def data_sha256(values: pa.Table) -> str:
    """A fingerprint of comparable values: SHA-256, hex, of what they are, whatever the order of rows and columns,
    and whatever the records are called.

    >>> one = pa.table({"record_key": [1, 2], "channel": ["a", "a"], "city": ["bonn", None], "fax": ["1", "2"]})
    >>> data_sha256(one) == data_sha256(one.select(["fax", "city"]).take([1, 0]))
    True
    """
    names = sorted(
        name
        for name in values.column_names
        if name not in ("record_key", "channel", "record_id") and values[name].null_count < len(values)
    )
    digest = hashlib.sha256("\x1f".join(names).encode())
    if names:
        columns = [pc.fill_null(values[name].cast(pa.large_string()), "\x00") for name in names]
        rows = pc.binary_join_element_wise(*columns, pa.scalar("\x1f", pa.large_string()))
        for row in rows.take(pc.sort_indices(rows)).to_numpy(zero_copy_only=False).tolist():
            digest.update(row.encode() + b"\x1e")
    return digest.hexdigest()


@dataclass(frozen=True)
class _Pairs:
    left: Rows
    right: Rows
    same: npt.NDArray[np.bool_]


def _labels(values: pa.Table, truth: Truth | None, decisions: pa.Table, seed: int) -> Labels | None:
    """Truth and standing decisions as rows of `values`; None where there are neither."""
    keys = values["record_key"].to_numpy()
    parts = [_decided(keys, decisions)]
    group = np.full(len(keys), -1, np.int64)
    if truth is not None:
        group = truth.group_of(keys)
        left, right, _ = pairs_within(group, pairs_max=TRUE_PAIRS_MAX, seed=seed)
        parts.append(_Pairs(left, right, np.ones(len(left), bool)))
    left = np.concatenate([part.left for part in parts])
    if not len(left) and truth is None:
        return None
    right, same = (np.concatenate([getattr(part, name) for part in parts]) for name in ("right", "same"))
    return Labels(group, left, right, same)


def _decided(keys: Rows, decisions: pa.Table) -> _Pairs:
    said = decisions.filter(pc.is_null(decisions["revoked_at"]))
    said = said.filter(pc.is_in(said["verdict"], value_set=pa.array(["same", "different"])))
    order = np.argsort(keys)
    left, right = (said[name].to_numpy() for name in ("left_key", "right_key"))
    here = np.isin(left, keys) & np.isin(right, keys)
    rows = [order[np.searchsorted(keys, side[here], sorter=order)] for side in (left, right)]
    same = pc.equal(said["verdict"], "same").to_numpy(zero_copy_only=False)
    return _Pairs(np.minimum(*rows), np.maximum(*rows), np.asarray(same, bool)[here])

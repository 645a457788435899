"""A report on a run: one page that says what came in, what was found, and what to look at.

In: a registry, a run's number. Out: a `Report`: plain data, and one HTML page that needs nothing else.
Never here: reading all records, writing to a registry. What is counted is counted by the registry; only of the few
customers that are shown, records are fetched.

    count → look into the weakest customers → name those shown → page
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.groups import Groups
from custid.engines.local.order import in_order
from custid.engines.local.weighing import Weighing
from custid.errors import CustidError
from custid.identity.history import levels_said
from custid.model.files import from_json, model_id
from custid.model.spec import Model
from custid.model.weights import weights_of
from custid.registries import connect
from custid.registries.base import Registry, View
from custid.registries.counting import STEP_BITS, Counts
from custid.reports import preview
from custid.reports.hiding import mask
from custid.reports.keys import masked_keys
from custid.reports.page import page

#: Of a customer with more pairs than this, so many are weighed, evenly.
PAIRS_MAX = 2_000
#: Fields that say who a record is, the first that are there.
_NAMES = (("full_name",), ("given_name", "surname"), ("company",), ("nickname",), ("email",))

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Report:
    """`figures`: everything the page says, as plain data that JSON can hold."""

    figures: dict[str, Any] = field(repr=False)

    @property
    def html(self) -> str:
        """The page: one HTML document that asks for nothing from anywhere."""
        return page(self.figures)

    def write(self, path: str | Path) -> None:
        """Write the page; an existing one is replaced only once the new one is whole. Raises CustidError."""
        path = Path(path)
        partial = path.with_name(f".{path.name}.partial")
        try:
            partial.write_text(self.html, encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise CustidError(f"the report cannot be written to {path}: {error.strerror or error}.") from error
        finally:
            partial.unlink(missing_ok=True)

    def __repr__(self) -> str:
        return f"<custid report on run {self.figures['run_id']} of {self.figures['registry']}>"

    def _repr_html_(self) -> str:
        from custid.reports.cards import framed

        return framed(self.html)


def report(
    registry: Registry | str | Path, run: int | None = None, *, show_values: bool = False, shown: int = 10
) -> Report:
    """Report on a run of a registry. Nothing is written.

    Args:
        registry: a registry (see `custid.connect`), or its location.
        run: the run's number; None: the last. Of an earlier one, what only today's state can tell is left out.
        show_values: show names of customers; else the first letters of them, and of record ids that are an e-mail
            address or a telephone number.
        shown: customers, questions and earlier runs that are listed, so many of each at most.

    Raises:
        UnknownCustomer: there was no such run. RegistryError: see `custid.errors`.
    """
    held = connect(registry) if isinstance(registry, str | Path) else registry
    with held.view() as view:
        counts = view.counts(run, shown=shown)
        model = from_json(counts.model) if counts.model is not None else None
        people = _People(view, counts, str if show_values else _masked)
        agreement = _agreement(view, counts, model)
        said = str if show_values else masked_keys
        runs = [_run_told(row) for row in counts.runs.to_pylist()]
        figures = {
            "registry": held.location,
            "run_id": counts.run_id,
            "last_run": counts.last_run,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "values_shown": show_values,
            "summary": runs[0]["summary"],
            "runs": [{name: run[name] for name in run if name != "summary"} for run in runs],
            "rejects": counts.rejects.to_pylist(),
            "channels": counts.channels.to_pylist(),
            "sets": [
                {"channels": sorted(row["channels"].split(",")), "customers": row["customers"]}
                for row in counts.sets.to_pylist()
            ],
            "sizes": counts.sizes.to_pylist(),
            "largest": [people.told(row, agreement) for row in counts.largest.to_pylist()],
            "filled": None if counts.filled is None else counts.filled.to_pylist(),
            "weights": None if counts.weights is None else _weights_told(counts.weights, model),
            "weakest": None if counts.loosest is None else _weakest(counts.loosest, agreement, people, shown),
            "review": None if counts.review is None else _review_told(counts, people, said),
            "changes": _changes_told(counts.events, said, shown),
            "model": None if model is None else {"model_id": model_id(model), **weights_of(model)},
        }
    return Report(figures)


class _People:
    """The customers that are shown, by their records: how they are called, and which channels they are in."""

    def __init__(self, view: View, counts: Counts, shown: Callable[[str], str]) -> None:
        self._shown = shown
        members = counts.members
        columns = [members["record_key"]]
        if counts.review is not None:
            columns += [counts.review.questions[side] for side in ("left_key", "right_key")]
        asked = pc.unique(pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.int64()))
        rows = view.records(asked).to_pylist() if len(asked) else []
        self._record = {row["record_key"]: row for row in rows}
        self.members: dict[str, list[int]] = {}
        for row in members.to_pylist():
            self.members.setdefault(row["customer_id"], []).append(row["record_key"])

    def name(self, record_key: int) -> str:
        """Who a record is; "" where it does not say."""
        return self._shown(_name_of(self._record.get(record_key, {})))

    def told(self, row: Mapping[str, Any], agreement: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """A customer as the report lists it: its most frequent name, its channels, how far its records agree."""
        records = [self._record[key] for key in self.members.get(row["customer_id"], []) if key in self._record]
        names = Counter(name for record in records if (name := _name_of(record)))
        channels = Counter(record["channel"] for record in records)
        return {
            "customer_id": row["customer_id"],
            "records": row["records"],
            "name": self._shown(names.most_common(1)[0][0]) if names else "",
            "names": len(names),
            "channels": dict(sorted(channels.items())),
            **agreement.get(row["customer_id"], {"agreement": None, "contradictions": None, "sampled": False}),
        }


def _masked(name: str) -> str:
    return mask(name, "name")


def _name_of(record: Mapping[str, Any]) -> str:
    for fields in _NAMES:
        if found := " ".join(value.strip() for name in fields if (value := record.get(name)) and value.strip()):
            return found
    return ""


def _agreement(view: View, counts: Counts, model: Model | None) -> dict[str, dict[str, Any]]:
    """customer_id → agreement and contradictions as QUALITY has them, of customers that are shown or may be weak;
    `sampled`: estimated from some of the pairs, or some of the records."""
    if counts.loosest is None or model is None or model.statistics is None or not len(counts.members):
        return {}
    members = counts.members
    values = in_order(view.values(members["record_key"].combine_chunks()))
    if len(values) < len(members):  # written by a custid that kept none
        return {}
    code = members["customer_id"].combine_chunks().dictionary_encode()
    order = np.argsort(code.indices.to_numpy(), kind="stable")
    keys = members["record_key"].to_numpy()[order]
    bounds = np.searchsorted(code.indices.to_numpy()[order], np.arange(len(code.dictionary) + 1))
    lefts, rights, owner = [], [], []
    for number, (start, end) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        left, right = _some_pairs(end - start)
        lefts.append(keys[start + left])
        rights.append(keys[start + right])
        owner.append(np.full(len(left), number))
    owners = np.concatenate(owner)
    evidence, agrees = Weighing(values, model).evidence(np.concatenate(lefts), np.concatenate(rights))
    weighed = np.bincount(owners, minlength=len(code.dictionary))
    agreeing = np.bincount(owners, weights=agrees, minlength=len(code.dictionary))
    against = np.bincount(owners, weights=evidence < 0, minlength=len(code.dictionary))
    sizes = {
        row["customer_id"]: row["records"] for table in (counts.largest, counts.loosest) for row in table.to_pylist()
    }
    found = {}
    for number, customer_id in enumerate(code.dictionary.to_pylist()):
        pairs = sizes[customer_id] * (sizes[customer_id] - 1) // 2
        if weighed[number]:
            found[customer_id] = {
                "agreement": float(agreeing[number] / weighed[number]),
                "contradictions": round(float(against[number] / weighed[number]) * pairs),
                "sampled": bool(weighed[number] < pairs),
            }
    return found


def _some_pairs(count: int) -> tuple[Ints, Ints]:
    """Pairs of so many places: all, or of too many a part, evenly."""
    every = count * (count - 1) // 2
    numbers = np.arange(every)
    if every > PAIRS_MAX:
        numbers = np.unique(np.linspace(0, every - 1, PAIRS_MAX).astype(np.int64))
    if not every:
        return numbers, numbers
    left, right, _ = Groups(np.arange(count, dtype=np.int32), np.array([0, count])).pairs_at(numbers)
    return np.asarray(left, np.int64), np.asarray(right, np.int64)


def _weakest(
    loosest: pa.Table, agreement: Mapping[str, Mapping[str, Any]], people: _People, shown: int
) -> list[dict[str, Any]]:
    told = [people.told(row, agreement) for row in loosest.to_pylist() if row["customer_id"] in agreement]
    weak = [row for row in told if row["agreement"] < 1 or row["contradictions"]]
    return sorted(
        weak, key=lambda row: (row["agreement"], -row["contradictions"], -row["records"], row["customer_id"])
    )[:shown]


def _run_told(row: dict[str, Any]) -> dict[str, Any]:
    summary = json.loads(row["summary"])
    return {
        "run_id": row["run_id"],
        "started_at": row["started_at"].isoformat(timespec="seconds"),
        "committed_at": row["committed_at"].isoformat(timespec="seconds"),
        "actor": row["actor"],
        "custid": row["custid_version"],
        **{name: summary.get(name) for name in ("records", "customers", "to_review", "elapsed_s")},
        "events": summary.get("events", {}),
        "erasure": "erasure" in summary,
        "summary": summary,
    }


def _weights_told(weights: pa.Table, model: Model | None) -> dict[str, Any]:
    return {
        "step_bits": STEP_BITS,
        "bins": weights.to_pylist(),
        "match_threshold": model.match_threshold if model else None,
        "review_threshold": model.review_threshold if model else None,
    }


def _review_told(counts: Counts, people: _People, said: Callable[[str], str]) -> dict[str, Any]:
    assert counts.review is not None
    return {
        "waiting": counts.review.waiting,
        "questions": [
            {
                "left": said(f"{row['left_channel']}:{row['left_record_id']}"),
                "right": said(f"{row['right_channel']}:{row['right_record_id']}"),
                "left_name": people.name(row["left_key"]),
                "right_name": people.name(row["right_key"]),
                "match_weight": round(row["match_weight"], 1),
                "levels": levels_said(row["levels"] or ""),
                "reason": row["reason"],
            }
            for row in counts.review.questions.to_pylist()
        ],
    }


def _changes_told(events: pa.Table, said: Callable[[str], str], shown: int) -> list[dict[str, Any]]:
    """What happened to customers who were there before: how many, and the first of them in words."""
    table = preview.preview(events)
    found = []
    for what, heading in preview.headings().items():
        rows = table.filter(pc.equal(table["what"], what))
        if len(rows):
            found.append(
                {
                    "what": what,
                    "heading": heading,
                    "customers": len(pc.unique(rows["customer_id"])),
                    "rows": len(rows),
                    "examples": [
                        [said(line) for line in preview.sentences(row)] for row in rows.slice(0, shown).to_pylist()
                    ],
                }
            )
    return found

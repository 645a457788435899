"""Plots for notebooks: what a model weighs, what a run found, how good it is, what changed, who holds together.

In: what custid gave: a `Model`, `Run`, `Evaluation`, a registry. Out: matplotlib axes, those given or those of a new
figure. Needs `pip install 'custid[notebook]'`; works offline.
Never here: showing windows, writing files; anything a run depends on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.local.weighing import Weighing
from custid.errors import UsageError
from custid.explain.asking import Asked, asked, knowing, values_of
from custid.model.files import from_json
from custid.model.spec import Model
from custid.model.weights import weights_of
from custid.registries import connect
from custid.registries.base import Registry
from custid.registries.counting import STEP_BITS, Counts
from custid.reports.figures import AGAINST, FOR, MUTED, TOTAL, axes_for, fonts, plain
from custid.resolve import Run
from custid.review.layout import places

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from custid.evaluate import Evaluation

__all__ = ["changes", "cluster", "match_weights", "precision_recall", "sizes", "weights"]

#: Records of a customer that are drawn, and those that are named.
RECORDS_MAX, NAMED_MAX = 120, 30
#: Customers of more records than this are drawn as one column.
_SIZES_MAX = 12
#: Colors of channels, told apart also by those who see few colors (after Okabe and Ito).
_CHANNELS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
#: What becomes of customers, in the order it is told, and whether they end by it.
_FATES = ("created", "grown", "merged", "split", "moved", "shrunk", "restored", "retired", "erased")

Source = Registry | str | Path


def weights(source: Model | Run | Evaluation | Source, ax: Axes | None = None) -> Axes:
    """What it weighs, in bits, that two records are on each level of each comparison.

    Raises MissingExtra without matplotlib, UsageError for a model that was not trained.
    """
    model = _model_of(source)
    if not model.trained:
        raise UsageError("this model has not learned any weights yet. Train it (custid.train), or take a run's.")
    rows: list[tuple[str, float]] = []
    starts: list[tuple[int, str]] = []
    for comparison in weights_of(model)["comparisons"]:
        known = [level for level in comparison["levels"] if level["bits"] is not None]
        if known:
            starts.append((len(rows), _words(comparison["name"])))
            rows += [(_words(level["label"]), level["bits"]) for level in known]
    axes = axes_for(ax, 8.0, max(2.0, 0.19 * len(rows) + 1))
    place = np.arange(len(rows))
    bits = np.array([found for _, found in rows])
    axes.barh(place, bits, color=np.where(bits > 0, FOR, AGAINST).tolist(), height=0.75)
    axes.axvline(0, color=TOTAL, linewidth=0.8)
    axes.set_yticks(place, [label for label, _ in rows], fontsize=8)
    for start, name in starts:
        axes.axhline(start - 0.5, color=MUTED, linewidth=0.5)
        axes.annotate(
            name, (1, start), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
            ha="left", va="center", fontsize=8, fontweight="bold",
        )  # fmt: skip
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.margins(x=0.04)
    axes.set_xlabel("bits for a match (right) or against it (left)")
    return _finished(axes, "What the model weighs")


def match_weights(source: Run | Source, ax: Axes | None = None) -> Axes:
    """Pairs that reached the review threshold by their match weight, and what became of them, with both thresholds.

    Of a run that looked at a batch alone, the pairs it looked at. Raises MissingExtra without matplotlib.
    """
    if isinstance(source, Run):
        table, model = source.weights.to_arrow(), source.model
    else:
        with _counts(source) as counts:
            assert counts.weights is not None, "the last run's are always known"
            table, model = counts.weights, _stored(counts)
    axes = axes_for(ax, 8.0, 4.0)
    start = table["from_bits"].to_numpy()
    edges = table["edges"].to_numpy()
    together = table["together"].to_numpy(zero_copy_only=False) if len(table) else np.zeros(0, bool)
    width = STEP_BITS
    while len(start) and (start.max() - start.min()) / width > 90:
        width *= 2
    place = np.floor(start / width).astype(np.int64)
    low = int(place.min(initial=0))
    of_one, apart = (
        np.bincount(place[mask] - low, weights=edges[mask], minlength=int(place.max(initial=low)) - low + 1)
        for mask in (together, ~together)
    )
    left = (np.arange(len(of_one)) + low) * width
    axes.bar(left, of_one, width=width * 0.92, align="edge", color=FOR, label="of one customer")
    axes.bar(left, apart, width=width * 0.92, align="edge", bottom=of_one, color=AGAINST, label="kept apart")
    for bits, name, dashes in (
        (model.review_threshold, "review threshold", ":"),
        (model.match_threshold, "match threshold", "--"),
    ):
        axes.axvline(bits, color=TOTAL, linewidth=1.2, linestyle=dashes, label=name)
    axes.set_xlabel("match weight in bits")
    axes.set_ylabel("pairs")
    axes.margins(x=0.02, y=0.08)
    axes.legend(frameon=False)
    return _finished(axes, "Match weights")


def sizes(source: Run | Source, ax: Axes | None = None) -> Axes:
    """How many records customers have. Of a run it may have to read the registry, as `Run.xref` does.

    Raises MissingExtra without matplotlib.
    """
    if isinstance(source, Run):
        held = pc.value_counts(source.xref.to_arrow()["customer_id"]).field("counts").to_numpy()
        records, customers = np.unique(held, return_counts=True)
    else:
        with _counts(source) as counts:
            records, customers = (counts.sizes[name].to_numpy() for name in ("records", "customers"))
    axes = axes_for(ax, 7.0, 4.0)
    shown = np.bincount(np.minimum(records, _SIZES_MAX + 1), weights=customers)[1:]
    names = [str(size) for size in range(1, len(shown) + 1)]
    if len(shown) > _SIZES_MAX:
        names[-1] = f"{_SIZES_MAX + 1} to\n{records.max():,}" if records.max() > _SIZES_MAX + 1 else names[-1]
    bars = axes.bar(names, shown, color=FOR)
    axes.bar_label(bars, [f"{int(count):,}" if count else "" for count in shown], fontsize=8, padding=2)
    axes.set_xlabel("records of a customer")
    axes.set_ylabel("customers")
    return _finished(axes, f"{int((records * customers).sum()):,} records are {int(customers.sum()):,} customers")


def precision_recall(evaluation: Evaluation, ax: Axes | None = None) -> Axes:
    """Precision against recall over pairs, from one match threshold to the next, the model's own marked.

    Raises UsageError when nothing was compared with the truth, MissingExtra without matplotlib.
    """
    curve = evaluation.thresholds.to_arrow()
    if not len(curve):
        raise UsageError("there is no curve without a truth: custid.evaluate.evaluate(source, truth=...).")
    axes = axes_for(ax, 6.0, 5.0)
    bits, precision, recall = (curve[name].to_numpy() for name in ("match_threshold", "precision", "recall"))
    used = evaluation.model.match_threshold
    axes.plot(recall, precision, color=FOR, marker="o", markersize=4, label="other match thresholds")
    own = np.flatnonzero(bits == used)
    axes.plot(
        recall[own], precision[own], color=AGAINST, marker="D", markersize=8, linestyle="none",
        label=f"the model's, {used:g} bits",
    )  # fmt: skip
    written: list[tuple[float, float]] = []
    low = min(float(precision.min()), float(recall.min()))
    near = 0.045 * max(1 - low, 0.01)
    for at in [*own.tolist(), *range(len(bits))]:
        here = (float(recall[at]), float(precision[at]))
        if any(abs(here[0] - x) < near and abs(here[1] - y) < near for x, y in written):
            continue
        written.append(here)
        axes.annotate(f"{bits[at]:g}", here, xytext=(6, -10), textcoords="offset points", fontsize=8, color=TOTAL)
    axes.set_xlabel("recall: share of true pairs that were found")
    axes.set_ylabel("precision: share of found pairs that are true")
    axes.margins(0.12)
    axes.grid(color=MUTED, alpha=0.25)
    axes.legend(frameon=False, loc="lower left")
    return _finished(axes, "Precision and recall over pairs")


def changes(
    source: Run | Source, ax: Axes | None = None, *, since: int | None = None, until: int | None = None
) -> Axes:
    """What became of customers: by one run, or between what was true after run `since` and after run `until`.

    `source`: a run, or a registry; of a registry, `until` None is the last run, `since` None the one before it.
    A customer counts once, for the first that is true of it: merged (given up for another), retired (its records are
    gone), split (lost records to a new customer), moved (lost records to another), shrunk, grown, created.
    Raises UsageError for runs that do not follow each other, UnknownCustomer for one that never was, MissingExtra.
    """
    if isinstance(source, Run):
        told = source.preview.to_arrow()
        found = {what: len(pc.unique(told.filter(pc.equal(told["what"], what))["customer_id"])) for what in _FATES}
        title = "What the run changed"
    else:
        held = _held(source)
        last = int(pc.max(held.runs()["run_id"]).as_py() or 0)
        end = last if until is None else until
        start = end - 1 if since is None else since
        if not 0 <= start < end:
            raise UsageError(f"run {start} is not before run {end}: give since= and until= in order.")
        found, kept = _fates(held.xref(as_of=start) if start else held.xref().slice(0, 0), held.xref(as_of=end))
        title = f"Customers from run {start} to run {end}: {kept:,} stayed as they were"
    shown = [(what, found[what]) for what in _FATES if found.get(what)]
    axes = axes_for(ax, 7.0, 0.5 * max(2, len(shown)) + 1)
    ends = {"merged", "retired", "erased"}
    bars = axes.barh(
        [what for what, _ in shown],
        [count for _, count in shown],
        color=[AGAINST if what in ends else FOR for what, _ in shown],
    )
    axes.bar_label(bars, [f"{count:,}" for _, count in shown], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("customers")
    if not shown:
        axes.text(0.5, 0.5, "nobody changed", transform=axes.transAxes, ha="center", va="center", color=MUTED)
    return _finished(axes, title)


def cluster(source: Source, customer: str | tuple[str, str], ax: Axes | None = None) -> Axes:
    """A customer as a graph: its records, colored by channel, and what every two of them say of each other.

    `customer`: an id, or a record of it, (channel, record_id). Thick lines are strong matches, thin ones weak, dotted
    ones wait between the thresholds, dashed ones contradict. It shows names: mind whom you show it to.
    Raises UnknownCustomer; UsageError for a customer too large to draw; MissingExtra without matplotlib.
    """
    held = _held(source)
    asked_for = customer if isinstance(customer, str) else held.lookup(*customer)
    found = held.customer(asked_for if asked_for is not None else f"{customer[0]}:{customer[1]}")
    count = len(found.records)
    if not 0 < count <= RECORDS_MAX:
        raise UsageError(f"{found.customer_id} has {count:,} records; a customer of 1 to {RECORDS_MAX} can be drawn.")
    with knowing(held) as known:
        records = asked(known, found.records)
        model = known.model
        left, right = np.triu_indices(count, 1)
        weight = evidence = np.zeros(0)
        if count > 1:
            keys = np.array([record.record_key for record in records])
            weighing = Weighing(values_of(known, keys.tolist()), model)
            weight = weighing.weigh(keys[left], keys[right]).weights.astype(np.float64)
            evidence, _ = weighing.evidence(keys[left], keys[right])
    strong, against = weight >= model.match_threshold, evidence < 0
    waiting = ~strong & ~against & (weight >= model.review_threshold)
    at = places(count, left[strong], right[strong])
    axes = axes_for(ax, 8.0, 6.0)
    most = max(float(weight.max(initial=0.0)) - model.match_threshold, 1.0)
    for mask, color, line, name in (
        (waiting, MUTED, ":", "between the thresholds"),
        (against & ~strong, AGAINST, "--", "contradict each other"),
        (strong, FOR, "-", "match"),
    ):
        for number, pair in enumerate(np.flatnonzero(mask).tolist()):
            share = (weight[pair] - model.match_threshold) / most if line == "-" else 0.0
            ends = at[[left[pair], right[pair]]]
            axes.plot(
                ends[:, 0], ends[:, 1], color=color, linestyle=line, linewidth=1 + 3 * share, zorder=1,
                alpha=0.75, label=name if number == 0 else None,
            )  # fmt: skip
    channels = sorted({record.channel for record in records})
    for number, channel in enumerate(channels):
        mine = at[[row for row, record in enumerate(records) if record.channel == channel]]
        axes.scatter(
            mine[:, 0], mine[:, 1], s=130, color=_CHANNELS[number % len(_CHANNELS)], zorder=2, edgecolors="white",
            label=plain(channel),
        )  # fmt: skip
    if count <= NAMED_MAX:
        _name(axes, records, at)
    axes.set_axis_off()
    axes.margins(0.2)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
    axes.set_title(f"{found.customer_id}: {count:,} record{'' if count == 1 else 's'}", loc="left", fontsize=11)
    return axes


def _name(axes: Axes, records: list[Asked], at: npt.NDArray[np.float64]) -> None:
    texts = [f"{record.record}\n{record.as_dict()['said']}".strip() for record in records]
    for place, text in zip(at, texts, strict=True):
        axes.annotate(
            plain(text), (float(place[0]), float(place[1])), xytext=(0, 10), textcoords="offset points", ha="center",
            va="bottom", fontsize=8, family=fonts([text]), zorder=3,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": axes.get_facecolor(), "edgecolor": "none", "alpha": 0.7},
        )  # fmt: skip


def _fates(before: pa.Table, after: pa.Table) -> tuple[dict[str, int], int]:
    """What became of customers between two XREFs: fate → customers, and how many stayed exactly as they were."""
    ids = pc.unique(
        pa.chunked_array([part for table in (before, after) for part in table["customer_id"].chunks], pa.string())
    )
    both = before.join(after, ["channel", "record_id"], join_type="full outer", right_suffix="_after")
    was, now = (
        pc.index_in(both[name], value_set=ids).fill_null(-1).to_numpy() for name in ("customer_id", "customer_id_after")
    )
    old, new = (np.bincount(side[side >= 0], minlength=len(ids)) > 0 for side in (was, now))

    def any_of(side: npt.NDArray[Any], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        return np.bincount(side[mask & (side >= 0)], minlength=len(ids)) > 0

    left = (was >= 0) & (now >= 0) & (was != now)
    fresh = np.append(~old, False)[now]
    fates = {
        "merged": old & ~new & any_of(was, left),
        "retired": old & ~new & ~any_of(was, left),
        "split": old & new & any_of(was, left & fresh),
        "moved": old & new & any_of(was, left),
        "shrunk": old & new & any_of(was, now < 0),
        "grown": old & new & any_of(now, was != now),
        "created": new & ~old & ~any_of(now, left),
    }
    counted, rest = {}, np.ones(len(ids), bool)
    for fate, mask in fates.items():
        counted[fate] = int((mask & rest).sum())
        rest &= ~mask
    return counted, int((rest & old & new).sum())


def _model_of(source: Any) -> Model:
    if isinstance(source, Model):
        return source
    if isinstance(getattr(source, "model", None), Model):  # a run, an evaluation
        found: Model = source.model
        return found
    with _counts(source) as counts:
        return _stored(counts)


def _stored(counts: Counts) -> Model:
    if counts.model is None:
        raise UsageError("this registry has no model yet. Run custid first.")
    return from_json(counts.model)


def _held(source: Source) -> Registry:
    return connect(source) if isinstance(source, str | Path) else source


@contextmanager
def _counts(source: Source) -> Iterator[Counts]:
    with _held(source).view() as view:
        yield view.counts()


def _words(name: str) -> str:
    return plain(name.replace("_", " "))


def _finished(axes: Axes, title: str) -> Axes:
    axes.set_title(title, loc="left", fontsize=11)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes

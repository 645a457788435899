"""Working with recordlinkage: its candidate pairs, our comparisons, its classifiers, and links either way.

In: pandas frames as recordlinkage takes them (one to deduplicate, or two to link; the index names the records), its
indexers, classifiers and links (a MultiIndex of two labels per pair). Out: `Comparable` records; features per pair;
weights; links; edges; clusters. Never here: reading files, registries but for `decide_links`, choosing a classifier.

    records = comparable(frame)
    model = learn(records)
    pairs = candidates(records, Block("surname_latin"), Block("birth_date"))
    links = classify(features(records, pairs, model))
    (clusters,) = group(records, links, model)

recordlinkage itself is only imported by `candidates` and `classify`; the rest needs pandas and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid import schemas
from custid.channels import Channel, conventions_of, read
from custid.engines.base import silent
from custid.engines.local import LocalEngine
from custid.engines.local.columns import Columns
from custid.engines.local.scoring import Comparing, Scorer
from custid.errors import MissingExtra, UsageError
from custid.intake import take_in
from custid.model.spec import Model
from custid.registries.base import Registry, empty_state

if TYPE_CHECKING:
    import pandas as pd

Rows = npt.NDArray[np.int64]
Coding = Literal["agreement", "levels", "weights"]

_NAMES = ("left", "right")


@dataclass(frozen=True)
class Comparable:
    """One or two frames whose values have been made comparable.

    `frames`: the comparable values (`given_name`, `surname_latin`, `phone` …; null where missing), indexed as the
    frames that were given: what recordlinkage's indexers block on. `values`: the same as the engine takes them;
    `record_key` numbers the records of the first frame from 0 and those of the second after them.
    """

    frames: tuple[pd.DataFrame, ...] = field(repr=False)
    values: pa.Table = field(repr=False)

    @property
    def labels(self) -> tuple[pd.Index[Any], ...]:
        """The index of each frame."""
        return tuple(frame.index for frame in self.frames)

    def keys(self, pairs: pd.MultiIndex) -> tuple[Rows, Rows]:
        """The record keys of pairs of labels, left and right.

        Raises UsageError for pairs that are no pairs, or of records that are not here.
        """
        if getattr(pairs, "nlevels", 1) != 2:
            raise UsageError("pairs are a pandas MultiIndex with two levels, as recordlinkage's indexers make it.")
        out = []
        for level, number in ((0, 0), (1, len(self.frames) - 1)):
            labels = pairs.get_level_values(level)
            at = np.asarray(self.labels[number].get_indexer(labels), np.int64)
            if (at < 0).any():
                raise UsageError(
                    f"the pairs name {int((at < 0).sum())} records that are not in the {_NAMES[number]} frame, "
                    f"such as {labels[int(np.argmax(at < 0))]!r}. Make them from the frames of this Comparable."
                )
            out.append(at + (len(self.labels[0]) if number else 0))
        return out[0], out[1]

    def pairs(self, left: Rows, right: Rows) -> pd.MultiIndex:
        """The labels of pairs of record keys, as recordlinkage has them.

        In one frame the record further down comes first, as in recordlinkage's own pairs. Between two frames pairs
        inside one of them are left out, as recordlinkage has no place for them.
        """
        import pandas as pd

        low, high = np.minimum(left, right), np.maximum(left, right)
        if len(self.frames) == 1:
            index = self.labels[0]
            return pd.MultiIndex.from_arrays([index.take(high), index.take(low)])
        first = len(self.labels[0])
        between = (low < first) & (high >= first)
        return pd.MultiIndex.from_arrays(
            [self.labels[0].take(low[between]), self.labels[1].take(high[between] - first)]
        )


def comparable(frame: pd.DataFrame, other: pd.DataFrame | None = None, *, country: str | None = None) -> Comparable:
    """Make the values of one frame, or of two to be linked, comparable.

    What a column means is found from its name and contents, as for any channel. `country`: ISO 3166 code by which
    national phone numbers are read; None: found. Raises UsageError where an index does not name its records uniquely.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"given_name": ["Ann "], "phone": ["020 7946 0018"]}, index=["a"])
    >>> comparable(frame, country="GB").frames[0].loc["a", ["given_name", "phone"]].tolist()
    ['ann', '+442079460018']
    """
    given = [frame] if other is None else [frame, other]
    channels = []
    for name, part in zip(_NAMES, given, strict=False):
        if not part.index.is_unique:
            raise UsageError(f"the index of the {name} frame names some records twice; reset_index() makes it unique.")
        numbered = part.reset_index(drop=True)
        numbered.insert(0, "custid_row", [str(row) for row in range(len(part))])
        channels.append(Channel(name, numbered, record_id="custid_row", country=country))
    readings = [read(channel) for channel in channels]
    intake = take_in(empty_state(), channels, readings)
    conventions, _ = conventions_of({}, channels, readings)
    values = LocalEngine().standardize(intake.live, conventions).values
    names = dict(
        zip(
            intake.live["record_key"].to_pylist(),
            zip(intake.live["channel"].to_pylist(), intake.live["record_id"].to_pylist(), strict=True),
            strict=True,
        )
    )
    offset = {"left": 0, "right": len(frame)}
    keys = [offset[channel] + int(row) for channel, row in (names[key] for key in values["record_key"].to_pylist())]
    numbered_key = pa.array(keys, pa.int64())
    values = values.set_column(values.schema.get_field_index("record_key"), "record_key", numbered_key)
    text = values.sort_by("record_key").drop_columns(["record_key", "channel"])
    # recordlinkage's indexers want plain strings; the engine may keep them encoded.
    ordered = text.cast(pa.schema([(name, pa.string()) for name in text.column_names])).to_pandas()
    parts = [ordered.iloc[: len(frame)], ordered.iloc[len(frame) :]][: len(given)]
    return Comparable(
        tuple(part.set_axis(original.index, axis="index") for part, original in zip(parts, given, strict=True)), values
    )


def learn(records: Comparable, *, seed: int = 1) -> Model:
    """The default model for these records, trained on them without labels."""
    engine = LocalEngine()
    return engine.train(records.values, engine.plan(records.values), seed=seed, progress=silent)


def candidates(records: Comparable, *indexers: Any) -> pd.MultiIndex:
    """The pairs that recordlinkage's indexers (`Block`, `SortedNeighbourhood`, …) make of the comparable values.

    Each pair once. The indexers name columns of `records.frames`. Unlike custid's own blocking, all pairs are held in
    memory. Raises MissingExtra when recordlinkage is not installed.
    """
    found: pd.MultiIndex = _recordlinkage().Index(list(indexers)).index(*records.frames)
    return found


def features(records: Comparable, pairs: pd.MultiIndex, model: Model, *, coding: Coding = "agreement") -> pd.DataFrame:
    """Comparison vectors of pairs, as recordlinkage's classifiers take them: a row per pair, indexed by `pairs`.

    `coding`:
      "agreement"  one column per comparison, 1 where its level is likelier among matches than among strangers, else 0
                   (missing too): for ECMClassifier, and NaiveBayesClassifier.
      "levels"     one 0/1 column per level, `birth_date:equal`; none of a comparison's is 1 where it is missing. For
                   classifiers that learn from known links; ECM takes columns for independent, which these are not.
      "weights"    one column per comparison, log2(m/u) in bits, 0 where missing: for LogisticRegressionClassifier,
                   SVMClassifier, KMeansClassifier.

    "agreement" and "weights" take m and u from `model`, which must be trained (see `learn`). Raises UsageError.
    """
    import pandas as pd

    if coding not in ("agreement", "levels", "weights"):
        raise UsageError(f"coding {coding!r} is not known; choose agreement, levels or weights.")
    if coding != "levels" and not model.trained:
        raise UsageError(f"coding {coding!r} needs a trained model: learn(records).")
    left, right = _rows(records, pairs)
    levels = Comparing(Columns(records.values, model.statistics), model.comparisons).levels(left, right)
    made: dict[str, npt.NDArray[Any]] = {}
    for number, comparison in enumerate(model.comparisons):
        if coding == "levels":
            for value, level in enumerate(comparison.levels, start=1):
                made[f"{comparison.name}:{level.label}"] = (levels[:, number] == value).astype(np.int64)
            continue
        bits = np.array([0.0, *(np.log2(level.m / level.u) for level in comparison.levels)])
        weights = bits[levels[:, number]]
        made[comparison.name] = weights if coding == "weights" else (weights > 0).astype(np.int64)
    return pd.DataFrame(made, index=pairs)


def classify(vectors: pd.DataFrame, classifier: Any = None, matches: pd.MultiIndex | None = None) -> pd.MultiIndex:
    """The links a recordlinkage classifier finds among compared pairs; None: its ECMClassifier.

    `matches`: the true links, for classifiers that need them; all other pairs count as strangers. Where only some pairs
    are labelled, call the classifier's own `fit` with these and `predict` with all. Columns that are the same for all
    pairs are left out, as they tell nothing and some classifiers refuse them. Raises MissingExtra.
    """
    chosen = classifier if classifier is not None else _recordlinkage().ECMClassifier()
    telling = vectors.loc[:, vectors.nunique() > 1]
    if telling.shape[1] == 0:
        raise UsageError("all pairs have the same features, so there is nothing to tell matches by.")
    # The classifiers answer as recordlinkage's options say: with links, or with 0 and 1 per pair.
    found = chosen.fit_predict(telling, matches) if matches is not None else chosen.fit_predict(telling)
    links: pd.MultiIndex = found if getattr(found, "nlevels", 1) == 2 else telling.index[np.asarray(found) == 1]
    return links


def match_weights(records: Comparable, pairs: pd.MultiIndex, model: Model) -> pd.Series[float]:
    """What a trained model says of pairs: match weights in bits, indexed by `pairs`."""
    import pandas as pd

    edges = _weighed(records, pairs, model)
    return pd.Series(edges["match_weight"].to_numpy().astype(np.float64), pairs, name="match_weight")


def edges_of(records: Comparable, links: pd.MultiIndex, model: Model) -> pa.Table:
    """Links as EDGES, with the weights and levels `model` gives them; `left_key < right_key`, each pair once."""
    edges = _weighed(records, links, model)
    return schemas.conform(
        edges.group_by(["left_key", "right_key", "match_weight", "levels"])
        .aggregate([])
        .sort_by([("left_key", "ascending"), ("right_key", "ascending")]),
        schemas.EDGES,
    )


def links_of(records: Comparable, edges: pa.Table) -> pd.MultiIndex:
    """EDGES (record_key as in `records.values`) as links."""
    return records.pairs(edges["left_key"].to_numpy(), edges["right_key"].to_numpy())


def group(records: Comparable, links: pd.MultiIndex, model: Model) -> tuple[pd.Series[int], ...]:
    """Clusters from links: per frame a number per record; equal numbers are one customer.

    The links count as found: each is lifted to the match threshold where the model's own weight is lower. Components
    are looked at from inside as in any run, and cut where the evidence of all their pairs is against them.
    """
    import pandas as pd

    edges = edges_of(records, links, model)
    lifted = np.maximum(edges["match_weight"].to_numpy(), np.float32(model.match_threshold))
    at = edges.schema.get_field_index("match_weight")
    edges = edges.set_column(at, edges.schema.field(at), pa.array(lifted, pa.float32()))
    decisions = schemas.empty(schemas.DECISIONS)
    found = LocalEngine().cluster(records.values, edges, decisions, model).clusters.sort_by("record_key")
    numbers = found["cluster"].to_numpy()
    first = len(records.labels[0])
    parts = (numbers[:first], numbers[first:])
    return tuple(pd.Series(part, index, name="cluster") for part, index in zip(parts, records.labels, strict=False))


def links_of_run(xref: Any, channel: str, other: str | None = None) -> pd.MultiIndex:
    """What a run decided, as links: pairs of record ids that have one customer id.

    `xref` as in `Run.xref`. Within one channel, or between `channel` and `other`.

    >>> xref = pa.table({"channel": ["a", "a", "b"], "record_id": ["1", "2", "9"], "customer_id": ["X", "X", "X"]})
    >>> links_of_run(xref, "a").tolist(), links_of_run(xref, "a", "b").tolist()
    ([('2', '1')], [('1', '9'), ('2', '9')])
    """
    import pandas as pd

    table = pa.table(xref).to_pandas()
    table["row"] = np.arange(len(table))
    left = table[table["channel"] == channel]
    right = left if other is None else table[table["channel"] == other]
    both = left.merge(right, on="customer_id", suffixes=("_left", "_right"))
    if other is None:
        both = both[both["row_left"] > both["row_right"]]
    return pd.MultiIndex.from_arrays([both["record_id_left"], both["record_id_right"]], names=[None, None])


def decide_links(
    registry: Registry,
    links: pd.MultiIndex,
    *,
    channel: str,
    other: str | None = None,
    verdict: str = "same",
    actor: str,
    reason: str | None = None,
) -> list[int]:
    """Give links to a registry as a steward's decisions, which outlive every rerun.

    `links` name record ids of `channel` (and of `other`, when between two). Meant for pairs that somebody has looked
    at; they take effect with the next run. Returns the decision ids. Raises DecisionConflict, UnknownCustomer.
    """
    pairs: Sequence[tuple[Any, Any]] = links.tolist()
    return [
        registry.decide((channel, str(left)), (other or channel, str(right)), verdict, actor=actor, reason=reason)
        for left, right in pairs
    ]


def _rows(records: Comparable, pairs: pd.MultiIndex) -> tuple[Rows, Rows]:
    """Row numbers of pairs in `records.values`, the lower first."""
    keys = records.values["record_key"].to_numpy()
    row = np.empty(len(keys), np.int64)
    row[keys] = np.arange(len(keys))
    left, right = (row[side] for side in records.keys(pairs))
    return np.minimum(left, right), np.maximum(left, right)


def _weighed(records: Comparable, pairs: pd.MultiIndex, model: Model) -> pa.Table:
    """EDGES of pairs, in their order."""
    if not model.trained:
        raise UsageError("weights need a trained model: learn(records).")
    scorer = Scorer(Columns(records.values), model)
    scored = scorer.score(*_rows(records, pairs), at_least=-np.inf)
    left, right = records.keys(pairs)
    return schemas.conform(
        pa.table(
            {
                "left_key": np.minimum(left, right),
                "right_key": np.maximum(left, right),
                "match_weight": scored.weights.astype(np.float32),
                "levels": scorer.describe(scored.levels),
            }
        ),
        schemas.EDGES,
    )


def _recordlinkage() -> Any:
    try:
        import recordlinkage
    except ImportError as error:
        raise MissingExtra(
            "recordlinkage is not installed (it needs pandas below 3): pip install 'custid[recordlinkage]'."
        ) from error
    return recordlinkage

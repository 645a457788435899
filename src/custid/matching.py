"""From records to clusters and back to ids: over everything, or only over what a batch concerns.

In: what a run has taken in, a model, a registry's `State` or `View`. Out: `Worked`. Both ways lead to the same
clusters (I3): a batch works on its own records, on those whose blocks or edges it changes, and on everybody they are
connected with through edges, decisions or a customer id; nobody else's cluster can be another.
Never here: reading channels, minting, writing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.engines.base import Clustering, Engine, Index, Matches, Progress
from custid.identity.decided import decided, news
from custid.intake import Intake
from custid.model.spec import Model
from custid.registries.base import Head, State, View

Keys = npt.NDArray[np.int64]
#: Called with a stage's name, it measures what happens inside.
Watch = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class Worked:
    """What a run found out, and who was who before.

    `matches`, `clustering`: of the records worked on; `edges`: all EDGES among them. `links`, `former`, `customers`:
    LINKS, FORMER_LINKS and CUSTOMERS of these before the run. `names`: record_key, channel, record_id of all of them,
    also of those gone.
    `index`: what to keep for later batches. `reworked`: whose edges and block keys these are; None: everybody's.
    `values`: comparable values to keep: of the records touched, or of all.
    """

    matches: Matches
    clustering: Clustering = field(repr=False)
    edges: pa.Table = field(repr=False)
    links: pa.Table = field(repr=False)
    former: pa.Table = field(repr=False)
    customers: pa.Table = field(repr=False)
    names: pa.Table = field(repr=False)
    index: Index | None = field(repr=False)
    reworked: pa.Array | None = field(repr=False)
    values: pa.Table | None = field(repr=False)


def work_on_everything(
    intake: Intake,
    values: pa.Table,
    state: State,
    model: Model,
    engine: Engine,
    *,
    keep: bool,
    watch: Watch,
    progress: Progress,
) -> Worked:
    """Match and cluster all live records; `values` are theirs. `keep`: for later batches, too."""
    with watch("match"):
        matches = engine.match(values, model, progress=progress)
    with watch("cluster"):
        clustering = engine.cluster(values, matches.edges, state.decisions, model)
    return Worked(
        matches,
        clustering,
        matches.edges,
        state.links,
        state.former,
        state.customers,
        intake.all.select(["record_key", "channel", "record_id"]),
        engine.index(values, model) if keep else None,
        None,
        values if keep else None,
    )


def work_on_batch(
    intake: Intake,
    values: pa.Table,
    head: Head,
    view: View,
    model: Model,
    engine: Engine,
    *,
    watch: Watch,
    progress: Progress,
) -> Worked:
    """Match the records that `intake` touched, and cluster everybody concerned; `values` are those of the touched
    ones that are live."""
    touched = intake.touched
    gone = touched.filter(pc.invert(touched["live"]))["record_key"].combine_chunks()
    with watch("match"):
        arrivals = engine.match_arrivals(values, gone, view, model, progress=progress)
    with watch("cluster"):
        reached = _reach(view, head, arrivals.matches.edges, arrivals.reworked, model.match_threshold)
        everyone = reached.keys[~np.isin(reached.keys, gone.to_numpy())]
        have = np.isin(everyone, arrivals.values["record_key"].to_numpy())
        known = arrivals.values.filter(pc.is_in(arrivals.values["record_key"], pa.array(everyone)))
        concerned = pa.concat_tables([known, view.values(pa.array(everyone[~have]))], promote_options="default")
        clustering = engine.cluster(concerned, reached.edges, head.decisions, model)
    former = view.former(pa.array(reached.keys))
    ids = pc.unique(
        pa.chunked_array([*reached.links["customer_id"].chunks, *former["customer_id"].chunks], pa.string())
    )
    names = ["record_key", "channel", "record_id"]
    left = touched.select(names).filter(pc.is_in(touched["record_key"], gone))
    return Worked(
        arrivals.matches,
        clustering,
        reached.edges,
        reached.links,
        former,
        view.customers(pc.unique(ids)),
        pa.concat_tables([concerned.select(names), left], promote_options="default"),
        arrivals.index,
        arrivals.reworked,
        arrivals.values.filter(pc.is_in(arrivals.values["record_key"], touched["record_key"].combine_chunks())),
    )


@dataclass(frozen=True)
class _Reached:
    """Whole components and whole customers. `keys`: their records, gone ones too; `edges`: EDGES among them as they
    are now; `links`: LINKS of them before."""

    keys: Keys
    edges: pa.Table
    links: pa.Table


def _reach(view: View, head: Head, edges: pa.Table, reworked: pa.Array, match_threshold: float) -> _Reached:
    """Everybody connected with the records that were reworked, and with those that stewards decided on since.

    Connections are the edges there were, so that who was tied to a reworked record is found too, and those there are
    now. A customer's records were connected by them when they became one: its other records need no search.
    """
    seeds = np.concatenate(
        [
            reworked.to_numpy(),
            head.pending.to_numpy(zero_copy_only=False),
            _ends(edges),
            _ends(news(head.decisions, head.run_id)),
        ]
    )
    strong = view.connections(match_threshold)
    left, right = strong["left_key"].to_numpy(), strong["right_key"].to_numpy()
    said = np.unique(_ends(head.decisions))
    person = decided(head.decisions, said).person
    known = np.zeros(max(head.next_record_key, int(seeds.max(initial=0)) + 1), bool)
    known[seeds] = True
    while True:
        before = np.count_nonzero(known)
        apart = known[left] != known[right]
        known[left[apart]] = known[right[apart]] = True
        known[said[np.isin(person, person[known[said] & (person >= 0)])]] = True
        if np.count_nonzero(known) > before:
            continue
        links = view.links(pa.array(np.flatnonzero(known)))
        mates = links["record_key"].to_numpy()
        if known[mates].all():
            break
        known[mates] = True
    keys = np.flatnonzero(known)
    stored = view.edges(pa.array(keys))
    one, other = stored["left_key"].to_numpy(), stored["right_key"].to_numpy()
    anew = np.zeros(len(known), bool)
    anew[reworked.to_numpy()] = True
    kept = stored.filter(pa.array(known[one] & known[other] & ~anew[one] & ~anew[other]))
    order = [("left_key", "ascending"), ("right_key", "ascending")]
    return _Reached(keys, pa.concat_tables([kept, edges]).sort_by(order), links)


def _ends(pairs: pa.Table) -> Keys:
    """The records of pairs."""
    return np.concatenate([pairs["left_key"].to_numpy(), pairs["right_key"].to_numpy()])

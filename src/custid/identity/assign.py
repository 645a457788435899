"""Assign customer ids to a run's clusters: the five rules, and nothing else.

In: the clusters of all live records, and who was who before (LINKS, FORMER_LINKS, CUSTOMERS). Out: an
`Assignment`: the events of this run and the links after it.
Never here: a clock, randomness (ids come from the caller's `mint`), field values, writing.

The rules, with every tie decided. Of two records the earlier one has the smaller `record_key`; of two ids
the earlier one has the smaller `minted`.

1. A live id belongs to the cluster that holds most of its records; tie: the cluster that holds the earliest
   of the records concerned.
2. A cluster that receives one id keeps it; of several it keeps the earliest. The others are `merged` into
   that one.
3. A cluster that receives none takes back (`restored`) an id that more than half of its records once had and
   that was merged or retired before this run. It prefers the id that most of its records had, then the one
   lost last, then the earliest. An id wanted by several clusters goes to the one with most of its former
   records (tie: the earliest of them), and the others go on to what they would like next. A cluster left
   with none mints a new id, in the order of the clusters' earliest records: `split` when one of its records
   had an id until now, else `created`.
4. A live id none of whose records is left is `retired`.
5. Nothing else changes an id. A cluster that has exactly the records of one id is not looked at again.

Three cases the rules leave open:
- A `split` names, as `other_id`, the id that most of its records had until now (tie: earliest record). Where
  that id is itself given up in this run, the id that replaces it is named, because that one lives on.
- A record comes back, but its retired id does not live again, because the cluster keeps or takes another:
  the retired id is then `merged` into that other id, so that it still answers with a live customer. With
  several such records in several clusters, most records win (tie: earliest record). Only the id a record had
  when it left counts.
- An erased id never comes back, in no form.

Invariants kept here: every live record ends with exactly one live id, and no id is issued twice (I1); the
same clusters again give no events (I2); neither row order nor the numbering of clusters matters (I3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.errors import RegistryError, UsageError
from custid.identity.evidence import Ties, explained

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Stands for "none" wherever a code is expected.
NONE = -1


@dataclass(frozen=True)
class Assignment:
    """What a run changes: `events` EVENTS by seq; `links` LINKS after it, by record_key; `minted` new ids."""

    events: pa.Table = field(repr=False)
    links: pa.Table = field(repr=False)
    minted: int


def assign(
    *,
    run_id: int,
    next_seq: int,
    next_minted: int,
    clusters: pa.Table,
    links: pa.Table,
    former: pa.Table,
    customers: pa.Table,
    evidence: pa.Table | None,
    mint: Callable[[int], Sequence[str] | pa.Array],
) -> Assignment:
    """The events of run `run_id` and the links after it.

    `clusters` is CLUSTERS of live records: a record of `links` that it lacks is gone. `links`, `former`,
    `customers` are LINKS, FORMER_LINKS and CUSTOMERS before the run, `next_seq` and `next_minted` the
    numbers to go on with. `evidence` is TIES (see `evidence.ties`): what is known between records, from which
    each event names what made it. `mint(n)` gives n ids never issued before.

    Raises UsageError when a record is in two clusters or `mint` breaks its word; RegistryError when `links`
    name an id that is not live, or `customers` has ids numbered `next_minted` or later.
    """
    table = _align(clusters, links)
    changed = _changed(table)
    if not changed.any() and not len(table.gone_key):
        return Assignment(schemas.empty(schemas.EVENTS), links.sort_by("record_key"), 0)

    part, known = _narrow(table, changed, former, customers, next_minted)
    home = _homes(part)
    owner, merged_into = _keep_earliest(part, home)
    _take_back(part, known, owner)
    restored = np.flatnonzero((owner != NONE) & ~np.isin(owner, home.id))
    fresh = np.flatnonzero(owner == NONE)
    owner[fresh] = len(known.names) + np.arange(len(fresh))
    names = pa.concat_arrays([known.names, _minted(mint, len(fresh), customers)])
    back_into = _redirect_retired(part, known, owner)

    why = _why(part, Ties.among(part.key, evidence))
    rows = _Rows(names)
    _births(rows, part, fresh, restored, owner, merged_into, why)
    _moves(rows, part, owner, merged_into, np.concatenate([fresh, restored]), why)
    _endings(rows, part, home, owner, merged_into, back_into, why)
    events = rows.events(run_id, next_seq, why.ties)
    return Assignment(events, _links_after(table, changed, names, owner[part.cluster]), len(fresh))


# --- what changed -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Aligned:
    """Live records by key, with their cluster code and old id code (in `ids`, or NONE); and those gone."""

    key: Ints
    cluster: Ints
    old: Ints
    gone_key: Ints
    gone_old: Ints
    ids: pa.Array


def _align(clusters: pa.Table, links: pa.Table) -> _Aligned:
    key, order = _sorted(clusters["record_key"])
    if np.any(key[1:] == key[:-1]):
        twice = key[1:][key[1:] == key[:-1]][0]
        raise UsageError(f"clusters have record_key {twice} twice. A record belongs to one cluster.")
    link_key, link_order = _sorted(links["record_key"])
    numbers = _numbered(clusters["cluster"])
    link_old, ids = _encoded(links["customer_id"])
    numbers = numbers if order is None else numbers[order]
    link_old = link_old if link_order is None else link_old[link_order]
    if np.array_equal(key, link_key):
        return _Aligned(key, numbers, link_old, key[:0], key[:0], ids)
    place = np.searchsorted(link_key, key)
    place[place == len(link_key)] = 0
    had = link_key[place] == key if len(link_key) else np.zeros(len(key), dtype=np.bool_)
    old = np.full(len(key), NONE, dtype=np.int64)
    old[had] = link_old[place[had]]
    gone = np.ones(len(link_key), dtype=np.bool_)
    gone[place[had]] = False
    return _Aligned(key, numbers, old, link_key[gone], link_old[gone], ids)


def _changed(table: _Aligned) -> Flags:
    """Which live records are in a cluster that is not exactly the records of one id."""
    count = int(table.cluster.max(initial=NONE)) + 1
    some_old = np.full(count, NONE, dtype=np.int64)
    some_old[table.cluster] = table.old
    changed = some_old == NONE
    changed[table.cluster[table.old != some_old[table.cluster]]] = True
    had = np.concatenate([table.old[table.old != NONE], table.gone_old])
    records_of_id = np.bincount(had, minlength=len(table.ids) + 1)
    changed |= np.bincount(table.cluster, minlength=count) != records_of_id[some_old]
    flags: Flags = changed[table.cluster]
    return flags


@dataclass(frozen=True)
class _Part:
    """What changed. Clusters are coded by their earliest record, ids by `minted`; rows are by record_key.

    `former_*` are rows of FORMER_LINKS of these records: place in `key`, id code, seq.
    """

    key: Ints
    cluster: Ints
    old: Ints
    gone_key: Ints
    gone_old: Ints
    former_row: Ints
    former_id: Ints
    former_seq: Ints
    clusters: int
    ids: int


@dataclass(frozen=True)
class _Known:
    """The ids that the changed records have or had, in the order of issue."""

    names: pa.Array
    status: npt.NDArray[np.object_]


def _narrow(
    table: _Aligned, changed: Flags, former: pa.Table, customers: pa.Table, next_minted: int
) -> tuple[_Part, _Known]:
    if len(customers) and pc.max(customers["minted"]).as_py() >= next_minted:
        raise RegistryError(f"customers has ids issued as number {next_minted} or later. Run custid verify.")
    key, cluster, old = table.key[changed], table.cluster[changed], table.old[changed]
    _, first, cluster = np.unique(cluster, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))

    former = former.filter(pc.is_in(former["record_key"], value_set=pa.array(key)))
    used = np.unique(np.concatenate([old[old != NONE], table.gone_old]))
    used_names = table.ids.take(pa.array(used))
    wanted = pa.chunked_array([used_names, *former["customer_id"].chunks], pa.string())
    known = customers.filter(pc.is_in(customers["customer_id"], value_set=wanted)).sort_by("minted")
    names = known["customer_id"].combine_chunks()
    status = known["status"].to_numpy(zero_copy_only=False)
    live = names.filter(pa.array(status == "live", pa.bool_()))
    stray = used_names.filter(pc.invert(pc.is_in(used_names, value_set=live)))
    if len(stray):
        raise RegistryError(f"links name customer {stray[0]}, which is not live. Run custid verify.")
    code = pc.index_in(used_names, value_set=names).to_numpy(zero_copy_only=False).astype(np.int64)
    former_id = pc.index_in(former["customer_id"], value_set=names)
    if former_id.null_count:
        raise RegistryError("former links name a customer that was never issued. Run custid verify.")

    # recode[NONE] is NONE: the last place of the array.
    recode = np.full(len(table.ids) + 1, NONE, dtype=np.int64)
    recode[used] = code
    return (
        _Part(
            key=key,
            cluster=rank[cluster],
            old=recode[old],
            gone_key=table.gone_key,
            gone_old=recode[table.gone_old],
            former_row=np.searchsorted(key, former["record_key"].to_numpy()),
            former_id=former_id.to_numpy().astype(np.int64),
            former_seq=former["seq"].to_numpy(),
            clusters=len(first),
            ids=len(names),
        ),
        _Known(names, status),
    )


# --- the rules ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tally:
    """One row per (id, cluster): how many records they share, and the first of them (place in `key`)."""

    id: Ints
    cluster: Ints
    records: Ints
    first: Ints

    def take(self, rows: npt.NDArray[Any]) -> _Tally:
        return _Tally(self.id[rows], self.cluster[rows], self.records[rows], self.first[rows])


def _tally(ids: Ints, rows: Ints, part: _Part) -> _Tally:
    """Count records by (id, cluster); record `rows[i]` (place in `key`) has or had the id `ids[i]`."""
    order = np.argsort(rows, kind="stable")
    ids, rows = ids[order], rows[order]
    width = max(part.clusters, 1)
    pair, first, records = np.unique(ids * width + part.cluster[rows], return_index=True, return_counts=True)
    return _Tally(pair // width, pair % width, records, rows[first])


def _best(group: Ints, *preferences: Ints) -> Ints:
    """The row of each group that comes first by `preferences`, smallest first; by group."""
    order = np.lexsort((*reversed(preferences), group))
    ordered = group[order]
    return order[np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)])]


def _homes(part: _Part) -> _Tally:
    """Rule 1: for each live id, the cluster that holds most of its records; by id."""
    linked = np.flatnonzero(part.old != NONE)
    shares = _tally(part.old[linked], linked, part)
    return shares.take(_best(shares.id, -shares.records, shares.first))


def _keep_earliest(part: _Part, home: _Tally) -> tuple[Ints, Ints]:
    """Rule 2: per cluster its id, or NONE; per id (last: for NONE) the one it is merged into, or NONE."""
    owner = np.full(part.clusters, NONE, dtype=np.int64)
    keeps = _best(home.cluster, home.id)
    owner[home.cluster[keeps]] = home.id[keeps]
    merged_into = np.full(part.ids + 1, NONE, dtype=np.int64)
    loses = owner[home.cluster] != home.id
    merged_into[home.id[loses]] = owner[home.cluster[loses]]
    return owner, merged_into


def _take_back(part: _Part, known: _Known, owner: Ints) -> None:
    """Rule 3, first half: fill in `owner` with ids that come back."""
    at = part.cluster[part.former_row]
    free = np.isin(known.status[part.former_id], ["merged", "retired"]) & (owner[at] == NONE)
    claims = _tally(part.former_id[free], part.former_row[free], part)
    lost = _last_lost(claims, part, free)
    most = claims.records * 2 > np.bincount(part.cluster, minlength=part.clusters)[claims.cluster]
    claims, lost = claims.take(most), lost[most]
    # Clusters ask for the id they like best; an id goes to the best of those who ask, and the others ask on.
    # The outcome is the same in whatever order they ask, and each round settles all or strikes a claim.
    while len(claims.id):
        asks = _best(claims.cluster, -claims.records, -lost, claims.id)
        asked = claims.take(asks)
        wins = _best(asked.id, -asked.records, asked.first)
        if len(wins) == len(asks):
            owner[asked.cluster] = asked.id
            return
        stays = np.ones(len(claims.id), dtype=np.bool_)
        stays[np.delete(asks, wins)] = False
        claims, lost = claims.take(stays), lost[stays]


def _last_lost(claims: _Tally, part: _Part, free: Flags) -> Ints:
    """Per claim, the last seq at which one of its records lost its id."""
    width = max(part.clusters, 1)
    pair = part.former_id[free] * width + part.cluster[part.former_row[free]]
    lost = np.zeros(len(claims.id), dtype=np.int64)
    np.maximum.at(lost, np.searchsorted(claims.id * width + claims.cluster, pair), part.former_seq[free])
    return lost


def _redirect_retired(part: _Part, known: _Known, owner: Ints) -> tuple[Ints, Ints]:
    """Retired ids whose records came back to another customer, and that customer's id."""
    back = np.flatnonzero(part.old[part.former_row] == NONE)
    back = back[_best(part.former_row[back], -part.former_seq[back])]
    back = back[known.status[part.former_id[back]] == "retired"]
    back = back[~np.isin(part.former_id[back], owner)]
    shares = _tally(part.former_id[back], part.former_row[back], part)
    shares = shares.take(_best(shares.id, -shares.records, shares.first))
    return shares.id, owner[shares.cluster]


def _minted(mint: Callable[[int], Sequence[str] | pa.Array], count: int, customers: pa.Table) -> pa.Array:
    if not count:
        return pa.array([], pa.string())
    given = mint(count)
    names = (given if isinstance(given, pa.Array) else pa.array(given, pa.string())).cast(pa.string())
    if len(names) != count or pc.count_distinct(names).as_py() != count:
        raise UsageError(f"mint({count}) did not give {count} different ids.")
    again = customers.filter(pc.is_in(customers["customer_id"], value_set=names))
    if len(again):
        raise UsageError(f"mint gave {again['customer_id'][0]}, which was issued before. Ids are never reused.")
    return names


# --- what made it -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Why:
    """What explains what, as places in `ties` (or NONE). A group is what one cluster has of one id's records.

    `group` is each record's (NONE: it had no id), `code` names the groups, in order. `record`: joins the record to its
    cluster. `record_anew`: joins it to one that was not with it before. `group_anew`: the same for a group (last: for
    NONE). `group_parts`: stands between the group and the other groups of its id.
    """

    ties: Ties
    group: Ints
    code: Ints
    record: Ints
    record_anew: Ints
    group_anew: Ints
    group_parts: Ints

    def of(self, ids: Ints, clusters: Ints, part: _Part, best: Ints) -> Ints:
        """`best` of the groups of these ids in these clusters, which must be there."""
        return best[np.searchsorted(self.code, _group_code(ids, clusters, part))]


def _group_code(ids: Ints, clusters: Ints, part: _Part) -> Ints:
    return ids * max(part.clusters, 1) + clusters


def _why(part: _Part, ties: Ties) -> _Why:
    linked = np.flatnonzero(part.old != NONE)
    code, number = np.unique(_group_code(part.old[linked], part.cluster[linked], part), return_inverse=True)
    group = np.full(len(part.key), NONE, dtype=np.int64)
    group[linked] = number
    together = part.cluster[ties.left] == part.cluster[ties.right]
    one_id = part.old[ties.left] == part.old[ties.right]
    each, joins = np.arange(len(part.key)), together & ties.joins
    anew = joins & ~one_id
    return _Why(
        ties=ties,
        group=group,
        code=code,
        record=ties.best_of(joins, each, len(each))[:-1],
        record_anew=ties.best_of(anew, each, len(each))[:-1],
        group_anew=ties.best_of(anew, group, len(code)),
        group_parts=ties.best_of(~together & one_id & ties.parts, group, len(code)),
    )


# --- the events ---------------------------------------------------------------------------------------------

#: The order of events in a run: ids that begin (by cluster), records (by key), ids that end (by issue).
_BIRTHS, _MOVES, _ENDINGS = range(3)


class _Rows:
    """Events being gathered; `names` spells id codes."""

    def __init__(self, names: pa.Array) -> None:
        self.names = names
        self._section: list[Ints] = []
        self._rank: list[Ints] = []
        self._ties: list[Ints] = []
        self._apart: list[Flags] = []
        self._parts: list[pa.Table] = []

    def spell(self, codes: Ints) -> pa.Array:
        return self.names.take(pa.array(codes, mask=codes == NONE))

    def add(
        self,
        kind: str,
        section: int,
        rank: Ints,
        customer: Ints,
        other: Ints | None,
        reason: str | pa.Array,
        record: Ints | None = None,
        tie: Ints | None = None,
        apart: bool = False,
    ) -> None:
        count = len(customer)
        if not count:
            return
        self._section.append(np.full(count, section))
        self._rank.append(rank)
        self._ties.append(np.full(count, NONE, dtype=np.int64) if tie is None else tie)
        self._apart.append(np.full(count, apart))
        self._parts.append(
            pa.table(
                {
                    "kind": pa.repeat(kind, count),
                    "customer_id": self.spell(customer),
                    "other_id": pa.nulls(count, pa.string()) if other is None else self.spell(other),
                    "record_key": pa.nulls(count, pa.int64()) if record is None else pa.array(record),
                    "reason": pa.repeat(reason, count) if isinstance(reason, str) else reason,
                }
            )
        )

    def events(self, run_id: int, next_seq: int, ties: Ties) -> pa.Table:
        order = np.lexsort((np.concatenate(self._rank), np.concatenate(self._section)))
        table = pa.concat_tables(self._parts).take(pa.array(order))
        for name, column in ties.columns(np.concatenate(self._ties)[order], np.concatenate(self._apart)[order]).items():
            table = table.append_column(name, column)
        table = table.set_column(table.column_names.index("reason"), "reason", explained(table))
        table = table.append_column("seq", pa.array(next_seq + np.arange(len(table))))
        table = table.append_column("run_id", pa.repeat(pa.scalar(run_id, pa.int64()), len(table)))
        return schemas.conform(table, schemas.EVENTS)


def _births(rows: _Rows, part: _Part, fresh: Ints, restored: Ints, owner: Ints, merged_into: Ints, why: _Why) -> None:
    origin = np.full(part.clusters, NONE, dtype=np.int64)
    linked = np.flatnonzero(part.old != NONE)
    shares = _tally(part.old[linked], linked, part)
    shares = shares.take(_best(shares.cluster, -shares.records, shares.first))
    origin[shares.cluster] = shares.id

    known_before = np.zeros(part.clusters, dtype=np.bool_)
    known_before[part.cluster[part.former_row]] = True
    new = fresh[origin[fresh] == NONE]
    for seen, reason in ((False, "first seen"), (True, "no earlier id of its records to take back")):
        some = new[known_before[new] == seen]
        rows.add("created", _BIRTHS, some, owner[some], None, reason)

    split = fresh[origin[fresh] != NONE]
    source = origin[split]
    lives = np.where(merged_into[source] == NONE, source, merged_into[source])
    reason = _join("its records came from ", rows.spell(source))
    given_up = _join(reason, ", now ", rows.spell(lives))
    said = pc.if_else(source == lives, reason, given_up)
    tie = why.of(source, split, part, why.group_parts)
    rows.add("split", _BIRTHS, split, owner[split], lives, said, tie=tie, apart=True)

    away = restored[origin[restored] != NONE]
    came_from = _join("its records parted from ", rows.spell(origin[away]))
    tie = why.of(origin[away], away, part, why.group_parts)
    rows.add("restored", _BIRTHS, away, owner[away], origin[away], came_from, tie=tie, apart=True)
    gone = restored[origin[restored] == NONE]
    rows.add("restored", _BIRTHS, gone, owner[gone], None, "its records came back")


def _moves(rows: _Rows, part: _Part, owner: Ints, merged_into: Ints, born: Ints, why: _Why) -> None:
    """Records by themselves; `born` are the clusters whose id is new or lives again."""
    now = owner[part.cluster]
    returns = np.zeros(len(part.key), dtype=np.bool_)
    returns[part.former_row] = True
    new = part.old == NONE
    tie = np.where(why.record_anew == NONE, why.record, why.record_anew)
    for some, reason in ((new & ~returns, "first seen"), (new & returns, "came back")):
        rows.add("linked", _MOVES, part.key[some], now[some], None, reason, part.key[some], tie[some])
    moved = ~new & (now != part.old)
    merged = moved & (merged_into[part.old] == now)
    parted = moved & ~merged
    off = parted & np.isin(part.cluster, born)
    # A record that nothing ties to those it moved to went there with the rest of its group.
    joined = np.where(why.record_anew == NONE, why.group_anew[why.group], why.record_anew)
    for some, reason, tie, apart in (
        (merged, "its customer was merged", joined, False),
        (parted & ~off, "parted from its customer", joined, False),
        (off, "parted from its customer", why.group_parts[why.group], True),
    ):
        key = part.key[some]
        rows.add("moved", _MOVES, key, now[some], part.old[some], reason, key, tie[some], apart)
    rows.add("unlinked", _MOVES, part.gone_key, part.gone_old, None, "gone", part.gone_key)


def _endings(
    rows: _Rows, part: _Part, home: _Tally, owner: Ints, merged_into: Ints, back_into: tuple[Ints, Ints], why: _Why
) -> None:
    merged = np.flatnonzero(merged_into != NONE)
    into = merged_into[merged]
    tie = why.of(merged, home.cluster[np.searchsorted(home.id, merged)], part, why.group_anew)
    rows.add("merged", _ENDINGS, merged, merged, into, _join("same customer as ", rows.spell(into)), tie=tie)
    back, into = back_into
    reason = _join("its records came back to ", rows.spell(into))
    rows.add("merged", _ENDINGS, back, back, into, reason, tie=_tie_of_returns(part, owner, back, into, why))
    empty = np.setdiff1d(part.gone_old, home.id)
    rows.add("retired", _ENDINGS, empty, empty, None, "its last record is gone")


def _tie_of_returns(part: _Part, owner: Ints, back: Ints, into: Ints, why: _Why) -> Ints:
    """Per id in `back` the best tie of those of its records that came back to the one `into` which it goes."""
    came = np.flatnonzero((part.old[part.former_row] == NONE) & np.isin(part.former_id, back))
    row, place = part.former_row[came], np.searchsorted(back, part.former_id[came])
    some = (owner[part.cluster[row]] == into[place]) & (why.record[row] != NONE)
    best = np.full(len(back), len(why.ties.row), dtype=np.int64)
    np.minimum.at(best, place[some], why.record[row[some]])
    return np.where(best == len(why.ties.row), NONE, best)


def _join(*pieces: str | pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*pieces, "")


# --- the links ----------------------------------------------------------------------------------------------


def _links_after(table: _Aligned, changed: Flags, names: pa.Array, now: Ints) -> pa.Table:
    code = table.old.copy()
    code[changed] = len(table.ids) + now
    ids = pa.concat_arrays([table.ids, names]).take(pa.array(code))
    return pa.table([pa.array(table.key), ids], schema=schemas.LINKS)


def _sorted(column: pa.ChunkedArray) -> tuple[Ints, npt.NDArray[np.intp] | None]:
    """The values in order, and the order (None: they were in order)."""
    values = column.to_numpy()
    if np.all(values[1:] >= values[:-1]):
        return values, None
    order = np.argsort(values, kind="stable")
    return values[order], order


def _numbered(column: pa.ChunkedArray) -> Ints:
    """Equal values, equal numbers from 0 to a few times the number of rows."""
    values: Ints = column.to_numpy()
    if len(values):
        low, high = int(values.min()), int(values.max())
        # Engines number clusters densely; hashing ten million of them would be the dearest step of a run.
        if high - low < 4 * len(values):
            return values - low
    return _encoded(column)[0]


def _encoded(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Equal values, equal numbers from 0; and the values, by number."""
    encoded = column.dictionary_encode().unify_dictionaries()
    if not encoded.num_chunks:
        return np.empty(0, dtype=np.int64), pa.array([], column.type)
    codes = np.concatenate([np.asarray(chunk.indices, dtype=np.int64) for chunk in encoded.chunks])
    return codes, encoded.chunk(0).dictionary

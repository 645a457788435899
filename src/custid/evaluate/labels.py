"""What somebody knows about records: their true groups, or pairs that are the same customer or not.

In: a file or table of truth or of labelled pairs, and the records of a run. Out: the same, by record key.
Never here: guessing. A record that is named twice with two true ids, or that several channels have, is an InputError;
one that no channel has is counted and left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels.sources import read_source
from custid.channels.spec import Channel
from custid.engines.base import silent
from custid.errors import InputError

Keys = npt.NDArray[np.int64]

_SAME = ("1", "true", "t", "yes", "y", "same", "match")
_DIFFERENT = ("0", "false", "f", "no", "n", "different", "non-match", "no_match")


@dataclass(frozen=True)
class Truth:
    """Records whose true group is known: `keys` ascending, `groups` numbered from 0, `names` of the groups as given.
    `unlabelled` records had none; `absent` names stand for no record."""

    keys: Keys = field(repr=False)
    groups: Keys = field(repr=False)
    names: npt.NDArray[np.object_] = field(repr=False)
    unlabelled: int
    absent: int

    def __len__(self) -> int:
        return len(self.keys)

    def group_of(self, keys: Keys) -> Keys:
        """The true group of each record; -1 where it is not known."""
        at = np.minimum(np.searchsorted(self.keys, keys), max(0, len(self.keys) - 1))
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        return np.where(self.keys[at] == keys, self.groups[at], -1)


@dataclass(frozen=True)
class LabelledPairs:
    """Pairs somebody looked at: `left` < `right` record keys, `same`: is it one customer?
    `probability`: how likely each pair was to be drawn into the sample, where the table says so, else None.
    `unlabelled` pairs had no label; `absent` ones name a record that is not there."""

    left: Keys = field(repr=False)
    right: Keys = field(repr=False)
    same: npt.NDArray[np.bool_] = field(repr=False)
    probability: npt.NDArray[np.float64] | None = field(repr=False)
    unlabelled: int
    absent: int

    def __len__(self) -> int:
        return len(self.left)


def read_truth(source: Any, records: pa.Table) -> Truth:
    """Truth for `records` (record_key, channel, record_id).

    `source`: a path (CSV, Parquet) or table with the columns channel, record_id and true_id; a true_id that is null
    or empty means unlabelled. Without `channel`, a record id stands for the one record that has it.

    Raises:
        InputError: it cannot be read, lacks a column, or contradicts itself.
    """
    table = _table(source, "the truth", ("record_id", "true_id"))
    keys = _keys(table, "channel", "record_id", records, "the truth")
    known = np.asarray(pc.is_valid(table["true_id"]).to_numpy(zero_copy_only=False), bool)
    here = keys >= 0
    names, groups = np.unique(
        table["true_id"].filter(pa.array(here & known)).to_numpy(zero_copy_only=False).astype(str), return_inverse=True
    )
    pairs = np.unique(np.stack([keys[here & known], groups.ravel()], axis=1), axis=0)
    twice = np.flatnonzero(pairs[1:, 0] == pairs[:-1, 0])
    if len(twice):
        at = int(np.flatnonzero(records["record_key"].to_numpy() == pairs[twice[0], 0])[0])
        raise InputError(
            f"the truth gives record {records['record_id'][at].as_py()!r} of channel "
            f"{records['channel'][at].as_py()!r} two true ids: "
            f"{str(names[pairs[twice[0], 1]])!r} and {str(names[pairs[twice[0] + 1, 1]])!r}. Leave one."
        )
    return Truth(
        pairs[:, 0].astype(np.int64),
        pairs[:, 1].astype(np.int64),
        names.astype(object),
        int(np.count_nonzero(here & ~known)),
        int(np.count_nonzero(~here)),
    )


def read_pairs(source: Any, records: pa.Table) -> LabelledPairs:
    """Labelled pairs of `records` (record_key, channel, record_id).

    `source`: a path (CSV, Parquet) or table with the columns left_id, right_id and label (1 or 0, true or false, same
    or different; empty: nobody has looked), and where ids alone do not tell, left_channel and right_channel.
    A column `probability` says how likely the pair was to be drawn (see `draw_pairs`).

    Raises:
        InputError: it cannot be read, lacks a column, has a label that is neither, or labels a pair both ways.
    """
    table = _table(source, "the pairs", ("left_id", "right_id", "label"))
    a = _keys(table, "left_channel", "left_id", records, "the pairs")
    b = _keys(table, "right_channel", "right_id", records, "the pairs")
    label = pc.utf8_lower(pc.utf8_trim_whitespace(table["label"].fill_null("")))
    same = _among(label, _SAME)
    given = pc.not_equal(label, "").to_numpy(zero_copy_only=False)
    strange = np.flatnonzero(given & ~same & ~_among(label, _DIFFERENT))
    if len(strange):
        raise InputError(
            f"the pairs have the label {label[int(strange[0])].as_py()!r}, which is neither 1 nor 0. "
            "Write 1 for one customer, 0 for two, nothing where nobody knows."
        )
    here = (a >= 0) & (b >= 0) & (a != b)
    kept = here & given
    probability = None
    if "probability" in table.column_names:
        probability = np.asarray(table["probability"].cast(pa.float64()).to_numpy(zero_copy_only=False))[kept]
        if not np.all((probability > 0) & (probability <= 1)):
            raise InputError("the pairs have a probability that is not above 0 and at most 1.")
    left, right, same = np.minimum(a, b)[kept], np.maximum(a, b)[kept], same[kept]
    pairs, first, counts = np.unique(np.stack([left, right], axis=1), axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        both = np.unique(np.stack([left, right, same], axis=1), axis=0)
        if len(both) > len(pairs):
            raise InputError("the pairs label one pair of records both ways. Leave the label that is right.")
    return LabelledPairs(
        left[first],
        right[first],
        same[first],
        probability[first] if probability is not None else None,
        int(np.count_nonzero(here & ~given)),
        int(np.count_nonzero(~here)),
    )


def _table(source: Any, what: str, needed: tuple[str, ...]) -> pa.Table:
    table = read_source(Channel(what.removeprefix("the "), source), silent).table
    lacking = [name for name in needed if name not in table.column_names]
    if lacking:
        raise InputError(
            f"{what} has no column {lacking[0]!r} (it has: {', '.join(table.column_names)}). "
            f"Its columns are {', '.join(needed)}."
        )
    return table


def _keys(table: pa.Table, channel: str, record_id: str, records: pa.Table, what: str) -> Keys:
    """The record keys that the rows of `table` name; -1 for none."""
    known = records["record_id"].combine_chunks()
    named = table[record_id]
    if channel in table.column_names:
        # No channel's name holds a colon, so that the two together name one record.
        known = pc.binary_join_element_wise(records["channel"], records["record_id"], ":").combine_chunks()
        named = pc.binary_join_element_wise(table[channel], table[record_id], ":")
    else:
        counts = known.value_counts()
        several = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
        unclear = pc.is_in(named, value_set=several)
        if pc.any(unclear).as_py():
            raise InputError(
                f"{what} names record {named.filter(unclear)[0].as_py()!r}, which several channels have. "
                f"Add the column {channel!r}."
            )
    at = pc.index_in(named, value_set=known).to_numpy(zero_copy_only=False)
    found = np.isfinite(np.asarray(at, np.float64))
    keys = np.full(len(table), -1, np.int64)
    keys[found] = records["record_key"].to_numpy()[np.asarray(at, np.float64)[found].astype(np.int64)]
    return keys


def _among(values: pa.ChunkedArray, words: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.is_in(values, value_set=pa.array(words)).to_numpy(zero_copy_only=False), bool)

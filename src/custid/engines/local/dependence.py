"""What strangers agree on together: which comparisons say the same thing twice, and by how much.

In: `Columns`, comparisons, the estimated classes. Out: pairs of comparisons with the bits their joint agreement
counts too much. Never here: changing m, u or h.

Fields are not independent among strangers: a first name tells the sex, and a first name and a surname come from one
culture. Where two comparisons both agree, the evidence is overcounted by log2(P(both) / (P(one) P(other))). The
strongest such pairs that form no circle are kept, after Chow and Liu (Approximating Discrete Probability
Distributions with Dependence Trees, IEEE Trans. Inf. Theory 1968), so that a third field is not subtracted twice.
Joint agreement is counted exactly, from the sizes of groups of equal values, less the matches and relatives in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from custid.engines.local.columns import Columns
from custid.engines.local.groups import group
from custid.model.spec import Comparison, Condition

#: Joint agreement must be strangers' for the most part, and seen on so many pairs, for it to tell anything.
STRANGERS_SHARE_MIN = 0.8
PAIRS_MIN = 200
BITS_MIN = 0.1
#: Relatives per match from which on there are households in the data.
HOUSEHOLDS_MIN = 0.01
#: So many rows are enough to count on; what matters here is what many strangers share.
ROWS_MAX = 100_000

Codes = npt.NDArray[np.int64]


def dependences(
    columns: Columns,
    comparisons: Sequence[Comparison],
    m: Sequence[float],
    h: Sequence[float],
    share_matches: float,
    share_relatives: float,
) -> dict[tuple[int, int], float]:
    """(comparison, later comparison) → bits by which their agreeing both is overcounted.

    `m`, `h`: the probability of each comparison's first level among matches and relatives; the shares are those of
    all pairs. Comparisons whose first level is not plain equality are left out.
    """
    rows = np.sort(np.random.default_rng(0).choice(columns.rows, min(columns.rows, ROWS_MAX), replace=False))
    codes = {
        i: found[rows] for i, comparison in enumerate(comparisons) if (found := _codes(columns, comparison)) is not None
    }
    alone = {
        i: _share(code)[0] - share_matches * m[i] - share_relatives * h[i] for i, code in codes.items() if code.size
    }
    ranked = []
    households = share_relatives > HOUSEHOLDS_MIN * share_matches
    for i, j in combinations(sorted(alone), 2):
        if households and comparisons[i].shared and comparisons[j].shared:
            continue  # who agrees on both is a relative for the most part, and weighed as one
        joint = codes[i] * (int(codes[j].max()) + 1) + codes[j]
        seen, pairs = _share(np.where((codes[i] >= 0) & (codes[j] >= 0), joint, -1))
        together = seen - share_matches * m[i] * m[j] - share_relatives * h[i] * h[j]
        rarer, commoner = sorted((alone[i], alone[j]))
        if together < STRANGERS_SHARE_MIN * seen or together * pairs < PAIRS_MIN or rarer <= 0:
            continue
        bits = float(np.log2(min(together / (rarer * commoner), 1 / commoner)))
        if bits >= BITS_MIN:
            ranked.append((together * bits, i, j, bits))
    tree: dict[tuple[int, int], float] = {}
    part = list(range(len(comparisons)))
    for _, i, j, bits in sorted(ranked, reverse=True):
        if part[i] != part[j]:
            tree[i, j] = bits
            part = [part[i] if name == part[j] else name for name in part]
    return tree


def _share(codes: Codes) -> tuple[float, float]:
    """The share of pairs of rows with equal codes, among rows that have one; and how many pairs those are."""
    filled = int(np.count_nonzero(codes >= 0))
    pairs = filled * (filled - 1) / 2
    return (group(codes).pairs / pairs if pairs else 0.0), pairs


def _codes(columns: Columns, comparison: Comparison) -> Codes | None:
    """One number per row for what the comparison's first level asks to be equal; -1 where it is missing."""
    conditions = [Condition.parse(text) for text in comparison.levels[0].when]
    if not conditions or any(condition.test != "equal" for condition in conditions):
        return None
    out: Codes | None = None
    for condition in conditions:
        found = columns.expand(condition.columns[0])
        if not found:
            return None
        code = found[0].codes.astype(np.int64)
        both = code if out is None else out * (int(code.max(initial=0)) + 1) + code
        out = both if out is None else np.where((out < 0) | (code < 0), -1, both)
    return out

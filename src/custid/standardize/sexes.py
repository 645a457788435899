"""Sex, as m or f.

In: clean distinct values. Out: `sex`. Never here: guessing from a name or a form of address.

Digits are left out: 1 is male in ISO 5218, female where a system writes 0 and 1, and no single value shows
which.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import Outcome, fold, words

_MALE = words(
    "m male man boy mr 男 男性 先生 男士 mann mannlich maennlich herr homme masculin h hombre masculino "
    "maschio uomo mand"
)
_FEMALE = words(
    "f female woman girl mrs ms miss 女 女性 女士 小姐 frau weiblich w femme feminin mujer femenino feminino "
    "femmina donna vrouw kvinde"
)


def sexes(values: pa.Array) -> Outcome:
    """`sex` of clean values: m, f, or null.

    >>> sexes(pa.array(["Male", "女", "W", "1"])).columns["sex"].to_pylist()
    ['m', 'f', 'f', None]
    """
    folded = fold(values)
    male = pc.is_in(folded, pa.array(_MALE))
    female = pc.is_in(folded, pa.array(_FEMALE))
    null = pa.scalar(None, pa.string())
    sex = pc.if_else(male, "m", pc.if_else(female, "f", null)) if len(values) else folded
    return Outcome({"sex": sex}, junk.because(pc.and_(values.is_valid(), pc.is_null(sex)), junk.UNREADABLE))

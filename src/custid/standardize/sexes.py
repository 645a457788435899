"""Sex, as m or f.

In: clean distinct values. Out: `sex`. Never here: guessing from a name or a form of address.

Digits are left out: 1 is male in ISO 5218, female where a system writes 0 and 1, and no single value shows
which.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import Outcome, fold, matches, on_some, replaced, where, words

_MALE = words(
    "m male man boy mr 男 男性 先生 男士 mann mannlich maennlich herr homme masculin h hombre masculino maschio "
    "uomo mand masculine masc homem mezczyzna erkek м муж мужскои мужчина ♂ 남 남자 남성 mannelijk pria "
)
_FEMALE = words(
    "f female woman girl mrs ms miss 女 女性 女士 小姐 frau weiblich w femme feminin mujer femenino feminino "
    "femmina donna vrouw kvinde feminine fem mulher feminina kobieta kadin ж жен женскои женскии женщина "
    "♀ 여 여자 여성 太太 夫人 kvinna kvinne nainen v vrouwelijk madame mme senora wanita perempuan "
)


def sexes(values: pa.Array) -> Outcome:
    """`sex` of clean values: m, f, or null.

    >>> sexes(pa.array(["Male", "女", "W", "1"])).columns["sex"].to_pylist()
    ['m', 'f', 'f', None]
    """
    folded = fold(values)
    folded = pc.coalesce(folded, where(matches(values, "^[♂♀]$"), values))
    folded = on_some(
        folded, matches(folded, r"^\S+ \S+$"), lambda some: replaced(some, r"^(\S+) [mf]$", r"\1")
    )  # 男(M)
    male = pc.is_in(folded, pa.array(_MALE))
    female = pc.is_in(folded, pa.array(_FEMALE))
    null = pa.scalar(None, pa.string())
    sex = pc.if_else(male, "m", pc.if_else(female, "f", null)) if len(values) else folded
    return Outcome({"sex": sex}, junk.because(pc.and_(values.is_valid(), pc.is_null(sex)), junk.UNREADABLE))

"""Sex, as m or f.

In: clean distinct values. Out: `sex`. Never here: guessing from a name or a form of address.

Digits say nothing by themselves: 1 is male in ISO 5218 and GB/T 2261.1, female where some systems write 0 and 1, and
no single value shows which. A channel's conventions do.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def as_text(said: Mapping[str, str] | None) -> str | None:
    """What a channel says of its codes, as one text for `sexes`; None where it says nothing.

    >>> as_text({"1": "m", "2": "f"})
    '1\\x1em\\x1f2\\x1ef'
    """
    return "\x1f".join(f"{code}\x1e{sex}" for code, sex in said.items()) if said else None


def sexes(values: pa.Array, said: pa.Array | None = None) -> Outcome:
    """`sex` of clean values: m, f, or null. `said`: per value what its channel says of codes (see `as_text`), or null.

    >>> sexes(pa.array(["Male", "女", "W", "1"])).columns["sex"].to_pylist()
    ['m', 'f', 'f', None]
    >>> sexes(pa.array(["1", "2", "男"]), pa.array([as_text({"1": "m", "2": "f"})] * 3)).columns["sex"].to_pylist()
    ['m', 'f', 'm']
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
    for text in said.unique().drop_null().to_pylist() if said is not None else ():
        codes, meant = zip(*(pair.split("\x1e") for pair in text.split("\x1f")), strict=True)
        found = pc.index_in(folded, fold(pa.array(codes, pa.string())))
        here = pc.and_(pc.fill_null(pc.equal(said, text), False), found.is_valid())
        sex = pc.if_else(here, pa.array(meant, pa.string()).take(found), sex)
    return Outcome({"sex": sex}, junk.because(pc.and_(values.is_valid(), pc.is_null(sex)), junk.UNREADABLE))

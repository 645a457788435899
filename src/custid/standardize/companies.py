"""Company names: the core that tells companies apart, and the legal form that does not.

In: clean distinct values. Out: `company`, `legal_form`, `company_latin`. Never here: people's names.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize.chinese import pinyin
from custid.standardize.junk import UNREADABLE, because
from custid.standardize.text import (
    Outcome,
    compact,
    each,
    fold,
    has_han,
    map_words,
    matches,
    not_empty,
    on_some,
    replaced,
    where,
    words,
)

# As written after folding; longer ones first where one begins another.
_LATIN_FORMS = (
    "gmbh and co kg", "gmbh und co kg", "gmbh co kg", "and co", "sp z o o", "sdn bhd", "pty ltd", "pte ltd",
    "pvt ltd", "private limited", "co ltd",
    "s de rl", "sa de cv", "incorporated", "inc", "corporation", "corp", "limited", "ltd", "company", "co",
    "llc", "llp",
    "lp", "plc", "gmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "gbr", "ev", "sarl", "sas", "sasu", "eurl",
    "snc", "sa",
    "srl", "spa", "sl", "slu", "bv", "nv", "vof", "ab", "oy", "oyj", "as", "asa", "aps", "kk", "kft", "zrt",
    "doo", "sro",
    "ooo", "zao", "ltda", "eireli", "pty", "pte", "pvt", "se",
)  # fmt: skip
_HAN_FORMS = words(
        "集团股份有限公司 集团有限责任公司 集团有限公司 股份有限公司 有限责任公司 有限公司 "
        "股份公司 集团公司 合伙企业 个人独资企业 个体工商户 株式会社 有限会社 公司 集团"
    )  # fmt: skip
_SAME_FORM = {
    "incorporated": "inc",
    "corporation": "corp",
    "limited": "ltd",
    "company": "co",
    "有限责任公司": "有限公司",
    "集团有限责任公司": "集团有限公司",
}
# Ends that make a name a company's even where no legal form is given.
_HAN_TRADES = words(
        "厂 店 商行 超市 酒店 银行 医院 学校 大学 事务所 工作室 经营部 中心 合作社 研究院 分公司 "
        "门市部 餐厅 药房 办事处 商场"
    )  # fmt: skip
# Latin forms that are also surnames or given names are no proof that a full name is a company's.
_DOUBTFUL_FORMS = frozenset(words("co as se ag ev ab sa lp oy spa sas sl ug mbh pty pte kk"))
_SURE_FORMS = tuple(form for form in _LATIN_FORMS if form not in _DOUBTFUL_FORMS)

_LATIN_TAIL = "(?:" + "|".join(_LATIN_FORMS) + ")"
_HAN_TAIL = "(?:" + "|".join(_HAN_FORMS) + ")"
_CORE = rf"^(?:the )?(?P<core>.+?)(?P<form>(?: {_LATIN_TAIL})+| ?{_HAN_TAIL})?$"
_IS_COMPANY = rf"(?:. (?:{'|'.join(_SURE_FORMS)})|{_HAN_TAIL}|\p{{Han}}(?:{'|'.join(_HAN_TRADES)}))$"


def _folded(values: pa.Array) -> pa.Array:
    values = fold(values, keep=".&")
    odd = matches(values, r"[.&]")

    def dots(some: pa.Array) -> pa.Array:
        some = replaced(some, r"\b([a-z])\.", r"\1")  # s.a.r.l. is sarl, but amazon.com stays two words
        return pc.utf8_trim(replaced(replaced(some, r" ?& ?", " and "), r"[. ]+", " "), " ")

    return not_empty(compact(on_some(values, odd, dots)))


def is_company(values: pa.Array) -> pa.Array:
    """Where a clean value is plainly a company's name, by how it ends.

    >>> is_company(pa.array(["Acme Trading Ltd.", "北京大华科技有限公司", "Ann Co", "张伟"])).to_pylist()
    [True, True, False, False]
    """
    return matches(_folded(values), _IS_COMPANY)


def companies(values: pa.Array) -> Outcome:
    """`company` (folded core), `legal_form`, `company_latin` (汉字 in pinyin) of clean `values`.

    A branch keeps its place: "X有限公司北京分公司" is "x北京分公司". A name that is nothing but a legal form
    stays as it is.

    >>> found = companies(pa.array(["The ACME Trading Co., Ltd.", "大華科技（北京）有限公司"]))
    >>> found.columns["company"].to_pylist()
    ['acme trading', '大华科技北京']
    """
    folded = _folded(values)
    # Parentheses in Chinese names hold a place that belongs to the name.
    folded = on_some(folded, matches(folded, r"\p{Han} "), lambda some: replaced(some, r"(\p{Han}) ", r"\1"))
    folded = on_some(folded, matches(folded, r" \p{Han}"), lambda some: replaced(some, r" (\p{Han})", r"\1"))
    branch = matches(folded, r"\p{Han}分公司$")
    found = pc.extract_regex(folded, _CORE)
    known = found.is_valid()
    core = where(pc.and_(known, pc.invert(branch)), pc.struct_field(found, "core"))
    form = not_empty(pc.utf8_trim(where(pc.and_(known, pc.invert(branch)), pc.struct_field(found, "form")), " "))
    if pc.any(branch).as_py():
        parent = pc.extract_regex(folded, rf"(?P<form>{_HAN_TAIL})..+分公司$")
        form = pc.coalesce(form, where(branch, pc.struct_field(parent, "form")))
        core = pc.coalesce(
            core, on_some(folded, branch, lambda some: replaced(some, rf"{_HAN_TAIL}(..+分公司)$", r"\1"))
        )
    core = pc.coalesce(not_empty(pc.utf8_trim(core, " ")), folded)
    latin = on_some(core, has_han(core), lambda some: each(some, pinyin))
    columns = {"company": core, "legal_form": _same_form(form), "company_latin": latin}
    return Outcome(columns, because(pc.and_(values.is_valid(), pc.is_null(core)), UNREADABLE))


def _same_form(forms: pa.Array) -> pa.Array:
    """Legal forms in one spelling: incorporated is inc."""
    return map_words(forms, _SAME_FORM)

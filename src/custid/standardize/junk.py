"""Values that stand for nothing: typed to get past a form, or left by an export.

In: clean distinct values. Out: for each, the reason why it is junk, or null. Never here: anything that
depends on other records (a value shared by implausibly many people is for the matching to see), or on the
kind's format.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize.text import matches, nulls, on_some, plain_letters

# Reasons, as they stand in reports.
PLACEHOLDER = "placeholder"  # a word or number that is typed instead of a value
REPEATED = "repeated"  # one digit over and over
SEQUENCE = "sequence"  # digits in order: 12345678
DIGITS_LOST = "digits lost"  # a spreadsheet wrote 1.38E+10
IMPLAUSIBLE = "implausible"  # cannot be, e.g. a birth in 2099
MASKED = "masked"  # asterisks where digits or letters were: 138****1234
UNREADABLE = "unreadable"  # not a value of this kind

#: Stand for nothing in any field; compared in lower case, without accents.
PLACEHOLDERS = frozenset(
    {
        # exports and programs
        "null", "(null)", "<null>", "[null]", "\\n", "none", "nil", "nan", "na", "n/a", "n.a.", "n.a",
        "#n/a", "#na",
        "#value!", "#ref!", "#name?", "undefined", "nat", "<na>",
        # people at forms
        "unknown", "unknown unknown", "unkown", "not known", "not available", "not applicable",
        "not provided",
        "not given", "not specified", "unspecified", "no data", "no name", "noname", "no email", "no mail",
        "no phone",
        "no", "tbd", "tba", "tbc", "to be determined", "anonymous", "test", "test test", "testing", "dummy",
        "fake",
        "asdf", "asdfgh", "qwerty", "blah", "foo", "foobar", "unbekannt", "keine angabe", "k.a.", "inconnu",
        "desconocido", "sconosciuto", "onbekend",
        # tills and call centers
        "customer", "customer customer", "valued customer", "cash customer", "walk-in customer", "walk in customer",
        "new customer", "guest user", "website user", "kunde", "client inconnu",
        # 中文
        "顾客", "客户", "散客", "游客", "新用户",
        "无", "没有", "未知", "不详", "不明", "暂无", "无名", "无名氏", "匿名", "匿名用户", "未填",
        "未填写", "保密", "测试",
        "测试用户", "测试测试", "待定", "空", "略", "不知道", "未提供", "未登记", "不清楚", "无数据",
        "暂缺", "微信用户",
    }
)  # fmt: skip

#: Real values in these kinds although they look like placeholders: the surname No, the given name Nan, the
#: country NO.
_REAL = {
    "name": frozenset({"Na", "No", "NO", "no", "Nan", "NAN", "Foo", "FOO", "foo", "Nat"}),
    "country": frozenset({"NO", "no", "No"}),
    "sex": frozenset({"♂", "♀"}),
}

#: Telephone numbers typed instead of one's own (national digits).
PHONES = frozenset({"13800138000", "13888888888", "18888888888", "10086", "10000", "10010", "95588"})

#: The part before the @ of addresses that reach nobody.
EMAIL_LOCALS = frozenset(
    {
        "noreply", "no-reply", "no_reply", "no.reply", "donotreply", "do-not-reply", "none", "null", "na",
        "n/a", "nil",
        "test", "testing", "test1", "test123", "noemail", "no-email", "no_email", "nomail", "no-mail",
        "unknown",
        "invalid", "nobody", "noone", "anonymous", "fake", "dummy", "asdf", "qwerty", "xxx", "xxxx",
        "undefined", "nan",
        "notprovided", "donthave", "no",
    }
)  # fmt: skip

#: Domains that reach nobody.
EMAIL_DOMAINS = frozenset(
    {
        "test.com", "test.de", "test.cn", "none.com", "noemail.com", "nomail.com", "no.com", "na.com",
        "null.com",
        "xxx.com", "asdf.com", "fake.com", "aaa.com", "123.com", "unknown.com", "email.invalid",
    }
)  # fmt: skip

#: Dates that stand for no date.
DATES = frozenset(
    {
        "1900-01-01",
        "1901-01-01",
        "1970-01-01",
        "1111-11-11",
        "9999-12-31",
        "9999-09-09",
        "0000-00-00",
        "1899-12-30",
    }
    | {"1899-12-31", "1900-01-00", "0001-01-01", "1753-01-01", "1800-01-01"}
)

_UP = "0123456789012345678901234567890"
_DOWN = _UP[::-1]
_SEQUENCES = frozenset(row[start : start + n] for row in (_UP, _DOWN) for start in (0, 1) for n in range(6, 21))


def placeholders(values: pa.Array, field: str, kind: str) -> pa.Array:
    """The reason PLACEHOLDER where one of the clean `values` of `field` stands for nothing, else null.

    >>> placeholders(pa.array(["N/A", "无", "--", "Nan", "Lee", None]), "given_name", "name").to_pylist()
    ['placeholder', 'placeholder', 'placeholder', None, None, None]
    """
    # No placeholder holds a digit, and most Chinese addresses do: they need not be made plain for this.
    beyond = pc.fill_null(pc.invert(pc.string_is_ascii(values)), False)
    plain = plain_letters(on_some(values, beyond, lambda some: pc.if_else(matches(some, "[0-9]"), "0", some)))
    found = pc.is_in(plain, pa.array(sorted(PLACEHOLDERS), pa.string()))
    found = pc.or_(found, matches(plain, r"^(?:[\p{P}\p{S} ]+|[x*?]{2,}|某+)$"))
    real = _REAL.get(field) or _REAL.get(kind)
    if real:
        found = pc.and_(found, pc.invert(pc.is_in(values, pa.array(sorted(real), pa.string()))))
    return because(found, PLACEHOLDER)


def digit_junk(digits: pa.Array) -> pa.Array:
    """REPEATED or SEQUENCE where `digits` are one digit over and over, or digits in order; else null.

    >>> digit_junk(pa.array(["00000000", "12345678", "5304218", "7"])).to_pylist()
    ['repeated', 'sequence', None, None]
    """
    repeated = matches(digits, "^(?:" + "|".join(f"{digit}{digit}{digit}{digit}+" for digit in range(10)) + "|0+)$")
    sequence = pc.is_in(digits, pa.array(sorted(_SEQUENCES)))
    return first_reason(because(repeated, REPEATED), because(sequence, SEQUENCE))


def masked(values: pa.Array) -> pa.Array:
    """MASKED where a part of a value is hidden: what is left is shared by many.

    >>> masked(pa.array(["138****5679", "a***@qq.com", "XXX-XX-1234", "13812345679"])).to_pylist()
    ['masked', 'masked', 'masked', None]
    """
    return because(matches(values, r"[*＊•●×]{2,}|^(?i)x{3,}(?:[- ]?x+)*[- ]?\d{2,6}$|\d[xX]{3,}\d"), MASKED)


def because(found: pa.Array, reason: str) -> pa.Array:
    """`reason` where `found`, else null."""
    return pc.if_else(found, pa.scalar(reason), pa.scalar(None, pa.string())) if len(found) else nulls(0)


def first_reason(*reasons: pa.Array) -> pa.Array:
    """The first reason given for each value."""
    return pc.coalesce(*reasons)

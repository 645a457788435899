"""Folding that every kind of value shares: what differs only in writing becomes equal.

In: Arrow string arrays of distinct values. Out: arrays of the same length; what folds to nothing is null.
Never here: what a value means, and whether it is junk (see the module of its kind, and `junk`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc


class Outcome(NamedTuple):
    """What a kind makes of an array of values.

    `columns`: name → string array; `reason`: why a value is taken for no value, null where it is one. What stands in
    the columns beside a reason counts only where a setting overrules it. All arrays are as long as the values.
    """

    columns: dict[str, pa.Array]
    reason: pa.Array


# Letters that Unicode does not decompose, but that people and systems write as plain ones.
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
# Fewer values than this are looked at one by one.
_FEW = 2_000
_APOSTROPHES = r"['’‘ʼʹ`´′]"


def words(text: str) -> tuple[str, ...]:
    """The words of a list that is data."""
    return tuple(text.split())


def nulls(length: int) -> pa.Array:
    """A string array of nulls."""
    return pa.nulls(length, pa.string())


def not_empty(values: pa.Array) -> pa.Array:
    """`values` with "" as null."""
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def matches(values: pa.Array, pattern: str) -> pa.Array:
    """Where `pattern` (RE2) is found; a null is not found anywhere."""
    found = pc.match_substring_regex(values, pattern)
    return pc.fill_null(found, False) if found.null_count else found


def beyond_ascii(values: pa.Array) -> pa.Array | None:
    """Where a value holds more than ASCII, which is soon told; None where none does, nor has rules to go through."""
    plain = pc.string_is_ascii(values)
    return None if pc.all(plain).as_py() is not False else pc.fill_null(pc.invert(plain), False)


def has_han(values: pa.Array) -> pa.Array:
    """Where a value holds 汉字."""
    if beyond_ascii(values) is None:
        return nowhere(values)
    return matches(values, r"\p{Han}")


def nowhere(values: pa.Array) -> pa.Array:
    """False for each value."""
    return pa.repeat(pa.scalar(False), len(values))


def replaced(values: pa.Array, pattern: str, by: str) -> pa.Array:
    """`values` with every match of `pattern` (RE2) written as `by`."""
    return pc.replace_substring_regex(values, pattern, by)


def where(mask: pa.Array, values: pa.Array) -> pa.Array:
    """`values` where `mask` is true, null elsewhere."""
    return pc.if_else(mask, values, pa.scalar(None, pa.string()))


def on_some(values: pa.Array, mask: pa.Array, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """`values`, with `function` applied to those where `mask` is true: odd values alone pay for odd rules."""
    if not pc.any(mask).as_py():
        return values
    some = values.filter(mask)
    return pc.replace_with_mask(values, mask, function(some)) if len(some) else values


def on_those(kind: Callable[[pa.Array], Outcome], mask: pa.Array, values: pa.Array) -> Outcome:
    """What `kind` makes of the values where `mask` is true, nulls elsewhere: of few among many, they alone are read."""
    found = kind(values.filter(mask))

    def placed(some: pa.Array) -> pa.Array:
        return pc.replace_with_mask(nulls(len(values)), mask, some) if len(some) else nulls(len(values))

    return Outcome({name: placed(some) for name, some in found.columns.items()}, placed(found.reason))


def each(values: pa.Array, function: Callable[[str], str | None]) -> pa.Array:
    """`function` of every value in turn; for values too odd for a pattern."""
    return pa.array([None if value is None else function(value) for value in values.to_pylist()], pa.string())


def groups(values: pa.Array, pattern: str, names: tuple[str, ...]) -> dict[str, pa.Array]:
    """The named groups of `pattern` (RE2) as arrays; null where it does not match or a group is empty."""
    found = pc.extract_regex(values, pattern)
    return {name: not_empty(where(found.is_valid(), pc.struct_field(found, name))) for name in names}


def joined(separator: str, *parts: pa.Array) -> pa.Array:
    """Row by row the parts that are there, with `separator` between them; null where there is none.

    (Arrow's own join can skip nulls too, but then loses rows in which all parts are null.)

    >>> joined(" ", pa.array(["a", "b", None, None]), pa.array(["c", None, "d", None])).to_pylist()
    ['a c', 'b', 'd', None]
    """
    whole, *others = parts
    for part in others:
        whole = pc.coalesce(pc.binary_join_element_wise(whole, part, separator), whole, part)
    return whole


def _unsettled(values: pa.Array) -> pa.Array:
    """Where a value holds more than ASCII, common 汉字 and composed Western letters, which are in their normal form."""
    beyond = beyond_ascii(values)
    if beyond is None:
        return nowhere(values)
    return pc.and_(beyond, matches(values, r"[^\x00-\x7fÀ-ÖØ-öø-ÿ\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}]"))


def clean(values: pa.Array) -> pa.Array:
    """Full-width folded (NFKC), invisible characters out, runs of space as one, ends trimmed; case is kept.

    >>> clean(pa.array(["  Ａnna\\u200b\\tＬee ", "\\u3000", None])).to_pylist()
    ['Anna Lee', None, None]
    """

    def unicode(some: pa.Array) -> pa.Array:
        return replaced(replaced(pc.utf8_normalize(some, "NFKC"), r"\p{Cf}", ""), r"[\p{Z}\p{Cc}]+", " ")

    values = on_some(values, _unsettled(values), unicode)
    spaced = matches(values, r"[\x00-\x1f\x7f]|  ")
    values = on_some(values, spaced, lambda some: replaced(some, r"[ \x00-\x1f\x7f]+", " "))
    return not_empty(pc.utf8_trim(values, " "))


@cache
def _to_simplified() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@cache
def _traditional() -> frozenset[str]:
    """The characters that OpenCC simplifies by themselves."""
    blocks = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3134F))
    characters = [chr(code) for first, last in blocks for code in range(first, last + 1)]
    simple = _to_simplified().convert("\n".join(characters)).split("\n")
    return frozenset(one for one, other in zip(characters, simple, strict=True) if one != other)


def _has_traditional(values: pa.Array) -> pa.Array:
    """Where a value holds one of the characters that are simplified."""
    among = _traditional()
    if len(values) > _FEW:
        return matches(values, f"[{''.join(sorted(among))}]")
    # So long a pattern takes longer to make than few values take to read.
    return pa.array([value is not None and not among.isdisjoint(value) for value in values.to_pylist()], pa.bool_())


def simplify(values: pa.Array) -> pa.Array:
    """Traditional 汉字 as simplified ones; values without any are untouched.

    >>> simplify(pa.array(["歐陽震華", "Lee", "沈思遠"])).to_pylist()
    ['欧阳震华', 'Lee', '沈思远']
    """

    def convert(some: pa.Array) -> pa.Array:
        # All at once, which is faster by half; no phrase reaches over the end of a line. 沈 is a surname, whatever
        # stands behind it: OpenCC would make 沉思 of 沈思.
        texts = pc.replace_substring(some, "沈", "\ue000").to_pylist()
        lines = _to_simplified().convert("\n".join(texts)).split("\n")
        simple = pa.array(lines, pa.string()) if len(lines) == len(some) else each(some, _to_simplified().convert)
        return pc.replace_substring(simple, "\ue000", "沈")

    if beyond_ascii(values) is None:
        return values
    return on_some(values, _has_traditional(values), convert)


def plain_letters(values: pa.Array) -> pa.Array:
    """Lower case, accents folded, 汉字 simplified; `values` are clean.

    >>> plain_letters(pa.array(["MÜLLER", "Łódź", "Groß", "張"])).to_pylist()
    ['muller', 'lodz', 'gross', '张']
    """

    def unicode(some: pa.Array) -> pa.Array:
        # Only Latin, Greek and Cyrillic accents: the marks of other scripts tell letters apart.
        some = replaced(pc.utf8_normalize(some, "NFKD"), r"[\x{0300}-\x{036f}]+", "")
        some = pc.utf8_lower(pc.utf8_normalize(some, "NFKC"))
        for letter, plain in _LETTERS.items():
            some = pc.replace_substring(some, letter, plain)
        return some

    beyond = beyond_ascii(values)
    if beyond is None:
        return pc.ascii_lower(values)
    values = pc.utf8_lower(values)
    # 汉字 and ASCII have no accents.
    accented = matches(values, r"[^\x00-\x7f\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}]")
    return simplify(on_some(values, accented, unicode))


def fold(values: pa.Array, keep: str = "") -> pa.Array:
    """Lower case, accents folded, 汉字 simplified, apostrophes gone, other punctuation (except `keep`) as one
    space.

    >>> fold(pa.array(["O'Brien", "Anne-Marie  LÉGER", "張 偉", "--"])).to_pylist()
    ['obrien', 'anne marie leger', '张 伟', None]
    """
    return without_punctuation(plain_letters(clean(values)), keep)


def without_punctuation(values: pa.Array, keep: str = "") -> pa.Array:
    """The last step of `fold`, for values whose letters are plain: apostrophes gone, other punctuation one space.

    >>> without_punctuation(pa.array(["o'brien", "a-b, c"]), keep=",").to_pylist()
    ['obrien', 'a b, c']
    """
    # The 汉字 of these ranges are letters, all of them.
    odd = matches(values, r"[^a-z0-9 \x{3400}-\x{4db5}\x{4e00}-\x{9fa5}]")

    def punctuation(some: pa.Array) -> pa.Array:
        some = replaced(some, _APOSTROPHES, "")
        return replaced(some, rf"[^\p{{L}}\p{{M}}\p{{N}}{keep}]+", " ")

    return not_empty(pc.utf8_trim(on_some(values, odd, punctuation), " "))


def compact(values: pa.Array) -> pa.Array:
    """`values` without spaces, where they hold nothing but 汉字 and spaces: '张 伟' is '张伟'."""
    return on_some(values, matches(values, r"^[\p{Han} ]+$"), lambda some: replaced(some, " ", ""))


def map_words(values: pa.Array, table: Mapping[str, str]) -> pa.Array:
    """Folded `values` with each word that `table` knows written as the table says.

    >>> map_words(pa.array(["12 main rd", None]), {"rd": "road"}).to_pylist()
    ['12 main road', None]
    """
    lists = pc.split_pattern(values, " ")
    words = lists.values.dictionary_encode()
    known = pa.array([table.get(word, word) for word in words.dictionary.to_pylist()], pa.string())
    lists = pa.ListArray.from_arrays(lists.offsets, known.take(words.indices))
    return where(values.is_valid(), pc.binary_join(lists, " "))


def map_values(values: pa.Array, table: Mapping[str, str]) -> pa.Array:
    """`values` with each whole value that `table` knows written as the table says."""
    found = pc.index_in(values, pa.array(list(table), pa.string()))
    return pc.coalesce(pa.array(list(table.values()), pa.string()).take(found), values)

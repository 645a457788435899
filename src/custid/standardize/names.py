"""Names of people, Western and Chinese: folded, split into parts, and brought into one order.

In: clean distinct values of one name field; then row-aligned parts. Out: parts, their Latin form, and keys
that are equal whichever way round a name was typed. Never here: companies, nicknames of given names (Bob for
Robert), sounds.

Decisions that cannot be read off a name:
- One word alone is a given name; one 汉字 alone is a surname (张先生).
- Two Latin words that are both pinyin, at least one of them a common Chinese surname: the more common surname
of the two   ends is the surname, so that "Zhang Wei" and "Wei Zhang" are equal. A word in capitals beside one
that is not is the   surname ("LI Na"). All other Latin names are read "First Middle Last", or "Last, First
Middle" with a comma.
- A word and initials ("Smith J.R.") are surname first, unless the word is a known given name ("John S.").
- Three words that begin with a Vietnamese surname and have Văn or Thị behind it, or end with a Russian patronymic, are
surname first.
- 小王 and 老张 are surnames; a space in a name of four 汉字 or more parts surname and given name (山田 太郎).
- A given name typed as separate pinyin syllables is one word: "Xiao Ming" is "xiaoming".
- One pinyin word of two or three syllables that begins with a common surname of four letters or more is
surname and   given name ("zhangwei"); shorter ones are left alone, for Susan and Lina are not Chinese.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize.chinese import (
    COMPOUND_SURNAMES,
    PINYIN_SURNAMES,
    SURNAMES,
    in_pinyin,
    surname_pinyin,
    syllables,
)
from custid.standardize.junk import UNREADABLE, because
from custid.standardize.nicknames import given_names
from custid.standardize.text import (
    Outcome,
    clean,
    compact,
    each,
    fold,
    groups,
    has_han,
    joined,
    matches,
    not_empty,
    nulls,
    on_some,
    plain_letters,
    replaced,
    where,
    without_punctuation,
    words,
)

TITLES = frozenset(
    words(
        "mr mrs ms miss mx dr prof professor sir madam dame lord lady rev reverend hon capt "
        "captain lt col maj sgt ing dipl mag herr frau hr fr mme mlle monsieur madame "
        "mademoiselle senor senora senorita sra srta sig signor signora dott dottssa dhr mevr "
        "doktor doctor"
    )
)
#: Written as the key, meant as the value.
# Behind "Dr."
_TITLE_TAILS = frozenset(words("med rer nat phil jur iur ing habil dent vet oec pol theol h c mult"))
# Between two titles: Mr. and Mrs. Smith.
_AND = frozenset(words("and und et y e en och og"))
#: Written as the key, meant as the value.
SUFFIXES = {
    "jr": "jr",
    "jnr": "jr",
    "junior": "jr",
    "sr": "sr",
    "snr": "sr",
    "senior": "sr",
    "ii": "ii",
    "iii": "iii",
    "iv": "iv",
}
CREDENTIALS = frozenset(words("phd md mba esq esquire cpa dds dvm rn ba bsc ma msc jd llm cfa obe mbe cbe"))
PARTICLES = frozenset(
    words(
        "van von vom zu zur zum de der den del della dello di da das dos do du des la le las los "
        "lo el al bin ibn binti bint ter ten te af av san santa st ste saint mac y e"
    )
)
_HAN_TITLES = words(
        "先生 女士 小姐 太太 夫人 老师 教授 博士 医生 大夫 律师 总经理 副总 经理 董事长 董事 主任 "
        "总监 主管 工程师 同学 师傅 总 董 工"
    )  # fmt: skip
_HAN_TITLE = re.compile(rf"^(.+?)(?:{'|'.join(_HAN_TITLES)})$")
# After a single 汉字 only: 总, 董 and 工 also end given names.
_HAN_SHORT_TITLES = ("总", "董", "工")
_DOTS = "·•・‧"
# A word of a name as it may be written, and two of them folded, given name first or behind a comma.
_WRITTEN = r"[A-Za-zÀ-ÖØ-öø-ž'’]+(?:-[A-Za-zÀ-ÖØ-öø-ž'’]+)?"
_TWO_WORDS = r"^(?P<first>[a-z]+(?:-[a-z]+)?)(?P<between> ?, ?| )(?P<last>[a-z]+(?:-[a-z]+)?)$"
_ALL_CAPITALS = r"^[A-Z]{2,}(?:-[A-Z]{2,})?(?: ?, ?| )[A-Z]{2,}(?:-[A-Z]{2,})?$"
_TITLE_START = "(?:" + "|".join(sorted(TITLES)) + ")"
_SUFFIX_END = "(?:" + "|".join(sorted(SUFFIXES)) + ")"
_SPLIT_PINYIN_MIN = 4
# Degrees written with dots, behind two words at least: "John Smith M.D." has one, "M.D. Smith" initials.
_DEGREE = r"([ ,])((?:ph|m|j|d|ed|ll|b|psy)\. ?(?:d|sc|phil|eng|b\. ?a|d\. ?s|b|m|a|s)\.?)(?: *,|$)"
_DEGREES = rf"^[^ ,]+[ ,].*[^ ,].*{_DEGREE}"
# A curly apostrophe also stands for a letter of Arabic: ‘Abd.
_QUOTED = r"(^| )(?:'([^'‘’]{2,})'|[‘]([^'‘’ ]{2,})’)( |$)"
_CARE_OF = r"^(?:c/o|attn\.?:?|z\. ?hd\.?|zu handen) +"
# Her name before she married.
_HAN = re.compile(r"[\u3400-\u9fff]")
_NICKNAME = re.compile(r'["(]([^"()]+)[")]')
_MARKS = re.compile(rf'[()"{_DOTS}]')
_MAIDEN_WORD = re.compile("[ ,](?:geb|nee|nata|z dom|roz|fod)")
_MAIDEN = re.compile(r"^(.+?)[ ,]+(?:geb|geborene|geborener|nee|nata|z domu|rozena|fodd)\.? ([^ ].*)$")
_REMARKS = frozenset(words("deceased vip test old new dup duplicate inactive closed deleted home work mobile private"))
_VIETNAMESE = frozenset(words("nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong ly dinh truong"))
_PATRONYMIC = re.compile(r"(?:ович|евич|овна|евна|ична|ovich|evich|ovna|evna)$")
_LIKE_LATIN = re.compile(r"[a-z]")
_HANGUL = re.compile(r"^[가-힣]{2,5}$")
_KOREAN_PAIRS = frozenset(words("남궁 황보 제갈 사공 선우 서문 독고"))
_NO_SURNAME = 100_000


class Parts(NamedTuple):
    """One name, split; a part that is not there is None."""

    given_name: str | None = None
    middle_name: str | None = None
    surname: str | None = None
    nickname: str | None = None
    name_suffix: str | None = None
    maiden_name: str | None = None


def name_parts(values: pa.Array) -> Outcome:
    """`name` and `name_suffix` of clean values that hold one part of a name (given name, surname, …).

    >>> found = name_parts(pa.array(["O'Brien Jr.", "Anne-Marie", "Dr. Müller", "張 先生"]))
    >>> found.columns["name"].to_pylist()
    ['obrien', 'anne marie', 'muller', '张']
    """
    folded = compact(fold(_with_u_umlaut(values)))
    titled = matches(folded, rf"^{_TITLE_START} .")
    folded = on_some(folded, titled, lambda some: replaced(some, rf"^(?:{_TITLE_START} )+(.)", r"\1"))
    han = matches(folded, r"^\p{Han}{2,}$")
    folded = on_some(folded, han, lambda some: each(some, _without_han_title))
    ending = groups(folded, rf"^(?P<name>.+?) (?P<suffix>{_SUFFIX_END})$", ("name", "suffix"))
    name = pc.coalesce(ending["name"], folded)
    columns = {"name": name, "name_suffix": _same_suffix(ending["suffix"])}
    return Outcome(columns, because(pc.and_(values.is_valid(), pc.is_null(name)), UNREADABLE))


def suffixes(values: pa.Array) -> Outcome:
    """`name_suffix` of clean values of that field.

    >>> suffixes(pa.array(["Jr.", "III", "Junior"])).columns["name_suffix"].to_pylist()
    ['jr', 'iii', 'jr']
    """
    suffix = _same_suffix(fold(values))
    return Outcome({"name_suffix": suffix}, because(pc.and_(values.is_valid(), pc.is_null(suffix)), UNREADABLE))


def _same_suffix(values: pa.Array) -> pa.Array:
    return each(values, lambda value: SUFFIXES.get(value, value)) if values.null_count < len(values) else values


def full_names(values: pa.Array) -> Outcome:
    """The columns of `Parts`, of clean values that hold a whole person's name, in whatever order.

    >>> parts = full_names(pa.array(["van den Berg, Dr. Jan", "歐陽 震華", "ZHANG Xiaoming"])).columns
    >>> parts["given_name"].to_pylist(), parts["surname"].to_pylist()
    (['jan', '震华', 'xiaoming'], ['van den berg', '欧阳', 'zhang'])
    """
    letters = _plain_writing(plain_letters(clean(_with_u_umlaut(values))))
    folded = compact(without_punctuation(letters))
    # Lower case loses which word stood in capitals, so the odd ones are split with both at hand.
    marked = without_punctuation(letters, keep=rf",()\"{_DOTS}\-")
    # Most names are two Latin words or two or three 汉字: those are split in columns, the odd ones one by one.
    given, surname = _two_words(marked, values)
    plain = given.is_valid()
    short = matches(values, r"^\p{Han}{2,3}$")
    head, heads = pc.utf8_slice_codeunits(folded, 0, 1), pa.array(sorted(COMPOUND_SURNAMES))
    compound = pc.is_in(pc.utf8_slice_codeunits(folded, 0, 2), heads)
    titled = matches(folded, f"(?:{'|'.join(_HAN_TITLES)})$")
    familiar = matches(folded, "^[小老阿大].$")
    han = pc.and_(short, pc.invert(pc.or_(pc.or_(compound, titled), familiar)))
    columns = {
        "given_name": pc.if_else(plain, given, where(han, pc.utf8_slice_codeunits(folded, 1))),
        "middle_name": nulls(len(values)),
        "surname": pc.if_else(plain, surname, where(han, head)),
        "nickname": nulls(len(values)),
        "name_suffix": nulls(len(values)),
        "maiden_name": nulls(len(values)),
    }
    odd = pc.and_(values.is_valid(), pc.invert(pc.or_(plain, han)))
    if pc.any(odd).as_py():
        pairs = zip(marked.filter(odd).to_pylist(), values.filter(odd).to_pylist(), strict=True)
        split = [split_name(text or "", written) for text, written in pairs]
        for name, part in zip(Parts._fields, zip(*split, strict=True), strict=True):
            columns[name] = pc.replace_with_mask(columns[name], odd, pa.array(part, pa.string()))
    nothing = pc.and_(values.is_valid(), pc.and_(pc.is_null(columns["given_name"]), pc.is_null(columns["surname"])))
    return Outcome(columns, because(nothing, UNREADABLE))


def _with_u_umlaut(values: pa.Array) -> pa.Array:
    """Lü and Nü, which are pinyin and no German words, as they are typed: Lv and Nv."""
    odd = matches(values, r"(?i)(?:^|[ ,])[ln]ü(?:[ ,]|$)")
    return on_some(values, odd, lambda some: replaced(some, r"(?i)(^|[ ,])([ln])ü([ ,]|$)", r"\1\2v\3"))


def _plain_writing(letters: pa.Array) -> pa.Array:
    """Names, lower case, without what is no part of them: the dots of degrees, c/o, a second person behind a slash."""
    odd = matches(letters, r"[./'‘’]|^z")

    def without(some: pa.Array) -> pa.Array:
        some = replaced(some, _CARE_OF, "")
        some = replaced(some, r"(\p{L}{2}) ?/ ?\p{L}+ \p{L}.*$|(\p{Han}) ?/.*$", r"\1\2")
        some = replaced(some, _QUOTED, r'\1"\2\3"\4')
        return on_some(some, matches(some, _DEGREES), lambda found: each(found, _without_degree_dots))

    return on_some(letters, odd, without)


def _without_degree_dots(text: str) -> str:
    """
    >>> _without_degree_dots("john smith, m.d., ph.d.")
    'john smith, md, phd'
    """
    while True:
        plain = re.sub(_DEGREE, lambda found: found[1] + re.sub("[. ]", "", found[2]) + "~", text, count=1)
        if plain == text:
            return re.sub("~ *(?=$)", "", text).replace("~", ",").rstrip(",")
        text = plain


def _two_words(marked: pa.Array, values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """What `split_name` makes of two plain words, given name and surname; nulls for all other values.

    `marked`: `values` folded, with comma and hyphen kept.
    """
    sure = pc.and_(matches(values, rf"^{_WRITTEN}(?: ?, ?| ){_WRITTEN}$"), matches(marked, _TWO_WORDS))
    # Capitals beside small letters say which word is the surname.
    capitals = pc.and_(matches(values, r"\p{Lu}{2}"), pc.invert(matches(values, _ALL_CAPITALS)))
    found = pc.extract_regex(where(pc.and_(sure, pc.invert(capitals)), marked), _TWO_WORDS)
    first, last = (pc.struct_field(found, name).dictionary_encode() for name in ("first", "last"))
    comma = pc.match_substring(pc.struct_field(found, "between"), ",")

    words = [[_plain_word(word) for word in column.dictionary.to_pylist()] for column in (first, last)]
    initial = pc.and_(pc.equal(pc.utf8_length(last.dictionary), 1).take(last.indices), pc.invert(comma))
    behind = pa.array([word in SUFFIXES or word in CREDENTIALS for word in words[1]], pa.bool_()).take(last.indices)
    titled = pa.array([word in TITLES for word in words[0]], pa.bool_()).take(first.indices)
    front = pc.and_(pc.invert(comma), titled)
    ranks = [
        pa.array([_surname_rank(word) for word in some], pa.int32()).take(column.indices)
        for some, column in zip(words, (first, last), strict=True)
    ]
    # Both in pinyin: the one of the lower rank is the surname.
    surname_first = pc.and_(pc.less(ranks[0], ranks[1]), pc.less_equal(ranks[1], _NO_SURNAME))
    swap = pc.or_(comma, surname_first)
    sure = pc.and_(found.is_valid(), pc.invert(pc.fill_null(pc.or_(initial, pc.or_(behind, front)), True)))
    one, two = (
        pa.array([_phrase([word]) for word in some], pa.string()).take(column.indices)
        for some, column in zip(words, (first, last), strict=True)
    )
    return where(sure, pc.if_else(swap, two, one)), where(sure, pc.if_else(swap, one, two))


def _plain_word(word: str) -> str:
    return word.replace("-", "") if _is_hyphened_pinyin(word) else word


def _surname_rank(word: str) -> int:
    """The rank of a word in pinyin among surnames, those of one syllable first, as in `_split_pinyin`; `_NO_SURNAME`
    for other words in pinyin, and more for those that are not."""
    if not _is_pinyin(word):
        return _NO_SURNAME + 1
    return PINYIN_SURNAMES[word] + 10_000 * (syllables(word) > 1) if word in PINYIN_SURNAMES else _NO_SURNAME


def split_name(text: str, written: str = "") -> Parts:
    """The parts of one whole name: `text` folded (with , ( ) " · - kept), `written` as it was, for its
    capitals.

    >>> split_name("maria de la cruz")
    Parts(given_name='maria', middle_name=None, surname='de la cruz', nickname=None, name_suffix=None, maiden_name=None)
    """
    if not text.isascii() and _HAN.search(text):
        return _split_chinese(text)
    if not text.isascii() and _HANGUL.match(text):
        at = 2 if text[:2] in _KOREAN_PAIRS and len(text) > 2 else 1
        return Parts(text[at:], None, text[:at])
    if _MAIDEN_WORD.search(text) and (maiden := _MAIDEN.match(text)):
        return split_name(maiden[1], written)._replace(maiden_name=_phrase(_split_words(maiden[2])))
    nickname = None
    if quoted := _NICKNAME.search(text):
        nickname = None if quoted[1].strip() in _REMARKS else _phrase(quoted[1].split())
        text = text[: quoted.start()] + " " + text[quoted.end() :]
    before, *after = (_split_words(part) for part in _MARKS.sub(" ", text).split(","))
    tail = [word for words in after for word in words]
    ends = [word for word in tail if word in SUFFIXES or word in CREDENTIALS]
    suffix = next((SUFFIXES[word] for word in ends if word in SUFFIXES), None)
    if before and len(ends) < len(tail):  # Last, First Middle
        given = [word for word in tail if word not in ends]
        titled, given, _ = _without_ends(given)
        _, surname, early = _without_ends(before)
        if _all_pinyin(given) and _all_pinyin(surname):
            return Parts("".join(given), None, "".join(surname), nickname, suffix or early)
        return Parts(_phrase(given[:1]), _phrase(given[1:]), _phrase(surname), nickname, suffix or early)
    titled, words, behind = _without_ends([*before, *tail])
    suffix = behind or suffix
    if not words:
        return Parts(nickname, None, None, None, suffix)
    if len(words) == 1 and titled:
        return Parts(None, None, _phrase(words), nickname, suffix)
    if len(words) == 1:
        surname_alone, given_alone = _split_pinyin_word(words[0])
        return Parts(_phrase([given_alone]), None, surname_alone, nickname, suffix)
    capitals = _capitals(words, written)
    if _all_pinyin(words) and len(words) <= 4 and (chinese := _split_pinyin(words, capitals)):
        return Parts(chinese[1], None, chinese[0], nickname, suffix)
    given, surname = _split_western(words, capitals)
    return Parts(_phrase(given[:1]), _phrase(given[1:]), _phrase(surname), nickname, suffix)


def _split_words(text: str) -> list[str]:
    """Words of `text`; a hyphen holds a double name together; pinyin syllables become one word."""
    text = text.replace("--", " ") if "--" in text else text
    words = [word.strip("-") for word in text.split()]
    return [_plain_word(word) for word in words if word]


def _is_hyphened_pinyin(word: str) -> bool:
    return "-" in word and all(syllables(piece) == 1 for piece in word.split("-"))


def _without_ends(words: list[str]) -> tuple[bool, list[str], str | None]:
    """Whether titles stood in front, the words between them and suffixes or credentials, the suffix."""
    suffix, titled = None, False
    while len(words) > 1 and (
        words[0] in TITLES
        or (titled and len(words) > 2 and words[0] in _TITLE_TAILS)
        or (titled and words[0] in _AND and words[1] in TITLES)
    ):
        words, titled = words[1:], True
    while len(words) > 1 and (words[-1] in SUFFIXES or words[-1] in CREDENTIALS):
        suffix = SUFFIXES.get(words[-1], suffix)
        words = words[:-1]
    return titled, words, suffix


def _capitals(words: list[str], written: str) -> set[str]:
    """The words that stand in capitals beside others that do not."""
    upper = {word.lower() for word in re.findall(r"[^\W\d_]{2,}", written) if word.isupper()}
    marked = {word for word in words if all(piece in upper for piece in word.split("-"))}
    return marked if len(marked) < len([word for word in words if len(word) > 1]) else set()


def _split_western(words: list[str], capitals: set[str]) -> tuple[list[str], list[str]]:
    """(given and middle, surname) of Latin words in their order."""
    if words[0] in capitals and words[-1] not in capitals and len(words[0]) > 2:
        end = next(i for i, word in enumerate(words) if word not in capitals)
        return words[end:], words[:end]
    if all(len(word) == 1 for word in words[1:]) and len(words[0]) > 1 and given_names().number(words[0]) < 0:
        return words[1:], words[:1]
    if len(words) >= 3 and words[0] in _VIETNAMESE and words[1] in ("van", "thi"):
        return [words[-1], *words[1:-1]], words[:1]
    if len(words) == 3 and _PATRONYMIC.search(words[2]) and not _is_given_name(words[0]):
        return words[1:], words[:1]
    start = len(words) - 1
    while start > 1 and words[start - 1] in PARTICLES:
        start -= 1
    first_particle = next(
        (i for i in range(1, start) if words[i] in PARTICLES - {"y", "e"} and i + 1 < len(words)), start
    )
    return words[:first_particle], words[first_particle:]


def _is_given_name(word: str) -> bool:
    """Known as one in Latin letters; in others nothing is known."""
    return bool(_LIKE_LATIN.match(word)) and given_names().number(word) >= 0


def _is_pinyin(word: str) -> bool:
    return 0 < syllables(word) <= 3


def _all_pinyin(words: list[str]) -> bool:
    return bool(words) and all(_is_pinyin(word) for word in words)


def _split_pinyin(words: list[str], capitals: set[str]) -> tuple[str, str] | None:
    """(surname, given name) of a Chinese name in pinyin, or None when neither end is a known surname."""
    ends = {end: PINYIN_SURNAMES[words[end]] for end in (0, -1) if words[end] in PINYIN_SURNAMES}
    if len(words) > 2:
        for end, pair in ((0, words[:2]), (-1, words[-2:])):
            if "".join(pair) in PINYIN_SURNAMES and all(syllables(word) == 1 for word in pair):
                rest = words[2:] if end == 0 else words[:-2]
                return "".join(pair), "".join(rest)
    if not ends:
        return None
    marked = [end for end in ends if words[end] in capitals]
    end = marked[0] if len(marked) == 1 else min(ends, key=lambda e: (syllables(words[e]) > 1, ends[e], e))
    given = "".join(words[1:] if end == 0 else words[:-1])
    return (words[end], given) if syllables(given) <= 3 else None


def _split_pinyin_word(word: str) -> tuple[str | None, str]:
    """(surname, given name) of one word: "zhangwei" is both, "susan" a given name."""
    if 2 <= syllables(word) <= 3:
        for length in range(len(word) - 1, _SPLIT_PINYIN_MIN - 1, -1):
            if PINYIN_SURNAMES.get(word[:length], 999) < 100 and 0 < syllables(word[length:]) <= 2:
                return word[:length], word[length:]
    return None, word


def _split_chinese(text: str) -> Parts:
    """The parts of a name that holds 汉字; Latin words beside a whole one are a nickname."""
    latin = _phrase(re.findall(r"[a-z]+", text))
    # Remarks: 张伟(老客户), 张伟-销售. A second person: 张三、李四.
    text = re.sub(r"(?<=[\u3400-\u9fff])\s*(?:\([^()]*\)|[-,/、—].*$)", "", text)
    runs = re.findall(r"[\u3400-\u9fff]+", text)
    if len(runs) > 1 and any(dot in text for dot in _DOTS):
        return Parts(runs[0], _phrase(runs[1:-1]), runs[-1], latin, None)
    # Written with a space and the given name first: 小明 王.
    surnames = SURNAMES | COMPOUND_SURNAMES
    if len(runs) == 2 and runs[1] in surnames and runs[0] not in surnames:
        runs = [runs[1], runs[0]]
    name = _without_han_title("".join(runs))
    if len(runs) == 2 and len(runs[0]) == 2 and len(name) >= 4 and name == "".join(runs):  # 山田 太郎
        return Parts(runs[1], None, runs[0], latin)
    if len(name) == 2 and name[0] in "小老阿大" and name[0] not in SURNAMES:
        return (
            Parts(latin, None, name[1]) if name[1] in SURNAMES and name[0] != "阿" else Parts(name, None, None, latin)
        )
    if len(name) == 1:
        return Parts(latin, None, name)
    if name[:2] in COMPOUND_SURNAMES:
        return Parts(name[2:] or latin, None, name[:2], latin if name[2:] else None)
    if len(name) == 4 and name[0] in SURNAMES and name[1] in SURNAMES:  # a married woman's two surnames
        return Parts(name[2:], None, name[:2], latin)
    if len(name) <= 3 or (len(name) == 4 and name[0] in SURNAMES):
        return Parts(name[1:], None, name[0], latin)
    return Parts(name, None, None, latin)  # a foreign name spelt in 汉字 without a dot


def _without_han_title(name: str) -> str:
    """`name` without a form of address behind it: 张先生 is 张, but 王建工 keeps its 工.

    >>> _without_han_title("张先生"), _without_han_title("王总"), _without_han_title("王建工")
    ('张', '王', '王建工')
    """
    found = _HAN_TITLE.match(name)
    if not found:
        return name
    bare = found[1]
    if name[len(bare) :] in _HAN_SHORT_TITLES and not (bare in COMPOUND_SURNAMES or bare in SURNAMES):
        return name
    return bare


def _phrase(words: list[str]) -> str | None:
    return " ".join(words).replace("-", " ") or None


def latin(values: pa.Array, *, surname: bool = False) -> pa.Array:
    """Standardized names as they are typed in Latin letters: 汉字 in pinyin, pinyin syllables as one word.

    >>> latin(pa.array(["晓明", "xiao ming", "anne marie"])).to_pylist()
    ['xiaoming', 'xiaoming', 'anne marie']
    >>> latin(pa.array(["单"]), surname=True).to_pylist()
    ['shan']
    """
    values = on_some(values, has_han(values), _surnames_in_pinyin if surname else _in_pinyin)
    values = on_some(
        values, matches(values, "^[ln]yu$"), lambda some: replaced(some, "yu$", "v")
    )  # as passports write ü
    apart = matches(values, r"^[a-z]{1,6} [a-z]{1,6}(?: [a-z]{1,6})?$")
    return on_some(values, apart, lambda some: each(some, _one_word))


def _in_pinyin(values: pa.Array) -> pa.Array:
    return pa.array(in_pinyin(values.to_pylist()), pa.string())


def _surnames_in_pinyin(values: pa.Array) -> pa.Array:
    return each(values, surname_pinyin)


def _one_word(value: str) -> str:
    words = value.split()
    return "".join(words) if all(syllables(word) == 1 for word in words) else value


def whole_names(given: pa.Array, middle: pa.Array, surname: pa.Array) -> pa.Array:
    """One spelling of a whole name from row-aligned parts: 姓名 without space in 汉字, else given, middle,
    surname.

    >>> whole_names(pa.array(["伟", "anna"]), pa.array([None, "m"]), pa.array(["张", "lee"])).to_pylist()
    ['张伟', 'anna m lee']
    """
    western = joined(" ", given, middle, surname)
    han = pc.and_(matches(given, r"^\p{Han}+$"), matches(surname, r"^\p{Han}+$"))
    if pc.any(han).as_py():
        western = pc.if_else(han, pc.binary_join_element_wise(surname, given, ""), western)
    return not_empty(western)


def name_tokens(given: pa.Array, middle: pa.Array, surname: pa.Array) -> pa.Array:
    """All Latin words of row-aligned names, sorted: equal for a name and the same name with its parts
    swapped.

    >>> name_tokens(*map(pa.array, (["zhang", "xiao"], [None, "ming"], ["wei", "zhang"]))).to_pylist()
    ['wei zhang', 'xiaoming zhang']
    """
    simple = pc.and_(pc.is_null(middle), pc.and_(_one_token(given), _one_token(surname)))
    ordered = pc.less_equal(given, surname)
    tokens = pc.if_else(pc.fill_null(ordered, True), joined(" ", given, surname), joined(" ", surname, given))
    odd = pc.invert(simple)
    if pc.any(odd).as_py():
        parts = [pc.fill_null(part.filter(odd), "") for part in (given, middle, surname)]
        encoded = pc.binary_join_element_wise(*parts, "\x1f").dictionary_encode()
        tokens = pc.replace_with_mask(tokens, odd, each(encoded.dictionary, _sorted_tokens).take(encoded.indices))
    return not_empty(tokens)


def _one_token(values: pa.Array) -> pa.Array:
    """Where a value has no space (or is null)."""
    return pc.fill_null(pc.invert(pc.match_substring(values, " ")), True)


def _sorted_tokens(parts: str) -> str:
    given, middle, surname = parts.split("\x1f")
    if surname in PINYIN_SURNAMES and syllables(given) == 1 and syllables(middle) == 1:
        given, middle = given + middle, ""  # a given name whose second syllable was taken for a middle name
    return " ".join(sorted(f"{given} {middle} {surname}".split()))

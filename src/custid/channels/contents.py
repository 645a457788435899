"""What a column's values look like, whatever the column is called.

In: a sample of one column's values. Out: `share_of`, `guess_from_contents`. A guess is made only where the
look is telling; thresholds stand beside each test. Never here: column names, or judging a single value's
validity for good.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from importlib import resources
from statistics import quantiles
from typing import NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize.addresses import region_codes
from custid.standardize.checked import people, tax_numbers
from custid.standardize.chinese import PINYIN_SURNAMES, syllables
from custid.standardize.countries import country_named
from custid.standardize.identifiers import are_checked
from custid.standardize.nicknames import given_names
from custid.standardize.text import fold

_T = TypeVar("_T")


class Guess(NamedTuple):
    """A field, how sure (0 … 1), and why."""

    field: str
    confidence: float
    reason: str


def share_of(test: Callable[[_T], object], values: Sequence[_T]) -> float:
    """The share of values that pass.

    >>> share_of(is_email, ["a@b.de", "none"])
    0.5
    """
    return sum(bool(test(value)) for value in values) / len(values) if values else 0.0


def is_code(text: str) -> bool:
    """Letters and digits that number something: four digits at least, no words.

    >>> is_code("CF76793172BOXQ"), is_code("RUK-860826"), is_code("42"), is_code("12 High Street")
    (True, True, False, False)
    """
    return (
        re.fullmatch(r"(?=(?:\D*\d){4})[A-Za-z]{0,6}[-/. ]?[\dA-Za-z]+(?:[-/.][\dA-Za-z]+)*", text.strip()) is not None
    )


# --- tests on one value -------------------------------------------------------------------------------------

_EMAIL = re.compile(r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]{2,}$")
_CN_MOBILE = re.compile(r"^(?:\+?(?:00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}$")
_PHONE = re.compile(r"^[+(]?\d[\d ()./-]{5,20}(?: ?(?:x|ext\.?|转) ?\d{1,5})?$", re.IGNORECASE)
_RESIDENT = re.compile(r"^[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]$")
_CREDIT_CODE = re.compile(r"^[1-9A-GY][1239][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$")
_OPENID = re.compile(r"^o[A-Za-z0-9_-]{27}$")
_YEAR_FIRST = re.compile(r"^(\d{4})(?:[-/.年]?)(\d{1,2})(?:[-/.月]?)(\d{1,2})日?(?:[T ][\d:.]+)?$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ][\d:.]+)?$")
_EXTERNAL_USERID = re.compile(r"^w[mo][A-Za-z0-9_-]{30}$")
_SSN = re.compile(r"^(?!000|666)\d{3}-(?!00)\d\d-(?!0000)\d{4}$")
_NINO = re.compile(r"^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]$", re.IGNORECASE)
_NUMBERED_STREET = re.compile(r"^\d{1,5}[a-zA-Z]? (?!\d)(?:[^\W\d_][\w.'-]*[ ,]*){2,}(?:#?\w+)?$")
_HANZI_NAME = re.compile(r"^[㐀-鿿]{2,4}$")
_POSTCODE = re.compile(
    r"^(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{5}-\d{4}|\d{4} ?[A-Z]{2})$",
    re.IGNORECASE,
)
_CN_ADDRESS = re.compile(r"[路街巷弄村镇道里苑园].*\d|\d+[号弄室栋幢]|[省市区县].{2,}[路街道镇村号]")
_STREET = re.compile(
    r"\b(street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|place|pl|boulevard|blvd|crescent|cres|circuit|"
    r"close|way|terrace|parade|highway|hwy|rue|avenida|calle|via|plaza)\b\.?|"
    r"stra(?:ß|ss)e\b|str\.|weg\b|platz\b|allee\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_]+")
_COMPANY = re.compile(
    r"(有限公司|有限责任公司|股份公司|集团|公司|事务所|合作社|研究院|商行|经营部|工作室|厂|店)$|"
    r"\b(inc|llc|ltd|limited|gmbh|ag|kg|ohg|ug|plc|corp|corporation|company|co|s\.?a\.?|s\.?a\.?r\.?l|"
    r"s\.?r\.?l|s\.?l|b\.?v|n\.?v|oy|ab|a/s|pty|llp|lp|gbr|e\.?v|sas|kft|spa|s\.p\.a)\b\.?$",
    re.IGNORECASE,
)


@cache
def word_list(kind: str) -> frozenset[str]:
    """A list of `words.toml`."""
    text = (resources.files(__package__) / "words.toml").read_text(encoding="utf-8")
    return frozenset(str(tomllib.loads(text)[kind]).split())


def is_email(value: str) -> bool:
    """
    >>> is_email("a.b@c.org"), is_email("@c.org")
    (True, False)
    """
    return bool(_EMAIL.match(value.strip()))


def is_resident_id(value: str) -> bool:
    """An 18-character 居民身份证 with its check character right.

    >>> is_resident_id("11010519491231002X"), is_resident_id("110105194912310021")
    (True, False)
    """
    text = value.strip().upper()
    if not _RESIDENT.match(text):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], weights, strict=True))
    return "10X98765432"[total % 11] == text[17]


def is_phone(value: str) -> bool:
    """Looks like a phone number written with a plus, spaces or punctuation, or a Chinese mobile; not like a
    date.

    >>> is_phone("+49 30 1234567"), is_phone("13912345678"), is_phone("1999-12-31"), is_phone("4711")
    (True, True, False, False)
    """
    text = value.strip()
    if _CN_MOBILE.match(text):
        return True
    digits = sum(map(str.isdigit, text))
    return bool(_PHONE.match(text)) and 7 <= digits <= 15 and not text.isdigit() and day_of(text) is None


def day_of(value: str) -> date | None:
    """The day a value seems to name; only its year is to be trusted, since day and month may be swapped.

    >>> day_of("1980-12-31").year, day_of("31/12/1980").year, day_of("1980年2月3日").year, day_of("19801399")
    (1980, 1980, 1980, None)
    """
    text = value.strip()
    if found := _YEAR_FIRST.match(text):
        year, month, day = map(int, found.groups())
    elif found := _YEAR_LAST.match(text):
        day, month, year = map(int, found.groups())
        if month > 12:
            day, month = month, day
    else:
        return None
    if not 1850 <= year <= 2100:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def is_chinese_name(value: str) -> bool:
    """
    >>> is_chinese_name("欧阳娜娜"), is_chinese_name("王芳"), is_chinese_name("济南市")
    (True, True, False)
    """
    text = value.strip()
    return bool(_HANZI_NAME.match(text)) and (
        text[0] in word_list("chinese_surnames") or text[:2] in word_list("chinese_compound_surnames")
    )


def is_company(value: str) -> bool:
    """Ends in a legal form or in a word that only companies bear.

    >>> is_company("Acme GmbH"), is_company("上海某某贸易有限公司"), is_company("Anna Weber")
    (True, True, False)
    """
    return bool(_COMPANY.search(value.strip()))


def is_organization(value: str) -> bool:
    """A company's name, or one with a word that organizations bear and people hardly ever.

    >>> is_organization("First National Bank"), is_organization("中国人民大学"), is_organization("Anna Weber")
    (True, True, False)
    """
    text = value.strip().lower()
    return (
        is_company(value)
        or not word_list("organizations").isdisjoint(_WORDS.findall(text))
        or text.endswith(tuple(word_list("organization_ends")))
    )


def looks_like_a_person(value: str) -> bool:
    """Two or three words without digits, or a Chinese name: how a person's name looks, though others look so too.

    >>> looks_like_a_person("Anna Maria Weber"), looks_like_a_person("王芳"), looks_like_a_person("Netvibes")
    (True, True, False)
    """
    return is_chinese_name(value) or (len(value.split()) in (2, 3) and not any(map(str.isdigit, value)))


def are_organizations(values: Sequence[str]) -> bool:
    """Whether a column of names holds organizations rather than people.

    Half of the values say so; or a good many do, and what else there is bears no common given name and mostly does
    not even look like people.

    >>> are_organizations(["Acme Ltd", "Tata Chemicals", "Bank of Yokohama", "IBM", "Netvibes", "UNIPA"])
    True
    >>> are_organizations(["Acme Ltd", "Anna Weber", "Ben Ode", "Chris Low"])
    False
    """
    others = [value for value in values if not is_organization(value)]
    share = 1 - len(others) / len(values) if values else 0.0
    if share >= 0.5:
        return True
    return (
        share >= 0.2
        and share_of(lambda text: not word_list("western_given_names").isdisjoint(_WORDS.findall(text.lower())), others)
        < 0.15
        and share_of(is_chinese_name, others) < 0.3
        and share_of(looks_like_a_person, others) < 0.75
    )


def is_honorific(value: str) -> bool:
    """
    >>> is_honorific("Mrs."), is_honorific("Sales Director")
    (True, False)
    """
    return value.strip().rstrip(".").lower() in word_list("honorifics")


def is_state_of_affairs(value: str) -> bool:
    """Says whether something is on or off, as a column called "state" does that is no region."""
    return value.strip().lower() in word_list("states_of_affairs")


# --- a whole column -----------------------------------------------------------------------------------------


def guess_from_contents(values: Sequence[str]) -> Guess | None:
    """The field that a column of unknown name holds, if its values tell; `values` are non-null.

    >>> guess_from_contents(["a@b.de", "c@d.org", "e@f.cn"]).field
    'email'
    >>> guess_from_contents(["teal", "beige"]) is None
    True
    """
    if not values:
        return None
    texts = [text for value in values if (text := value.strip())]
    if not texts:
        return None
    if numbers := _guess_checked(texts):
        return numbers
    for field, confidence, share_min, what, test in _TESTS:
        share = share_of(test, texts)
        if share >= share_min:
            return Guess(field, confidence, f"{share:.0%} of its values look like {what}")
    return (
        _guess_sex(texts)
        or _guess_birth_date(texts)
        or _guess_region(texts)
        or _guess_western_name(texts)
        or _guess_organizations(texts)
    )


#: Fields whose numbers carry check characters, and how sure those make a guess: a number drawn at random passes one
#: test in ten at best.
_CHECKED = (("iban", 0.95), ("lei", 0.95))


def _guess_checked(texts: Sequence[str]) -> Guess | None:
    """Numbers whose check characters agree: of accounts, of companies, of people."""
    if share_of(lambda text: 8 <= len(text) <= 42 and any(map(str.isdigit, text)), texts) < 0.8:
        return None
    codes = pa.array([re.sub(r"[^0-9A-Z]", "", text.upper()) for text in texts])
    for field, confidence in _CHECKED:
        right = are_checked(codes, field)
        if right is not None and (share := share_of(bool, right.to_pylist())) >= 0.7:
            return Guess(field, confidence, f"{share:.0%} of its values are numbers whose check digits agree")
    nowhere = pa.nulls(len(codes), pa.string())
    for field, kinds in (("tax_id", tax_numbers(codes, nowhere)[1]), ("national_id", people(codes, nowhere)["kind"])):
        share = 1 - kinds.null_count / len(kinds)
        if share >= 0.7:
            kind = kinds.drop_null().value_counts().to_pylist()[0]["values"]
            return Guess(field, 0.9, f"{share:.0%} of its values are numbers whose check digits agree ({kind})")
    return None


#: field, confidence, least share of values, what they look like, test; the most telling first.
_TESTS: tuple[tuple[str, float, float, str, Callable[[str], object]], ...] = (
    ("email", 0.95, 0.8, "e-mail addresses", is_email),
    ("national_id", 0.95, 0.7, "resident identity numbers", is_resident_id),
    ("tax_id", 0.85, 0.8, "unified social credit codes", _CREDIT_CODE.match),
    ("wechat_openid", 0.75, 0.9, "WeChat openids", _OPENID.match),
    ("wechat_external_userid", 0.85, 0.9, "external_userids of WeCom", _EXTERNAL_USERID.match),
    ("national_id", 0.8, 0.9, "social security numbers", _SSN.match),
    ("national_id", 0.75, 0.9, "National Insurance numbers", _NINO.match),
    ("phone", 0.85, 0.8, "phone numbers", is_phone),
    ("company", 0.75, 0.4, "company names", lambda text: is_company(text) and not _STREET.search(text)),
    ("region", 0.7, 0.8, "provinces", re.compile(r"^.{2,8}(省|自治区)$|^(北京|上海|天津|重庆)市?$").match),
    ("city", 0.7, 0.8, "cities", lambda text: text.lower() in word_list("cities") or text in word_list("cities")),
    ("city", 0.7, 0.8, "cities", re.compile(r"^.{2,8}市$").match),
    ("subdistrict", 0.7, 0.8, "subdistricts and towns", re.compile(r"^.{1,8}(街道|镇|乡)$").match),
    ("district", 0.7, 0.8, "districts", re.compile(r"^.{1,8}[区县旗]$").match),
    ("full_name", 0.8, 0.8, "Chinese names", is_chinese_name),
    ("address", 0.7, 0.6, "Chinese addresses", lambda text: len(text) > 5 and _CN_ADDRESS.search(text)),
    ("postcode", 0.7, 0.9, "postcodes", _POSTCODE.match),
    ("address", 0.7, 0.6, "streets", lambda text: " " in text and _STREET.search(text)),
    ("address", 0.65, 0.8, "numbers and names of streets", _NUMBERED_STREET.match),
)


def _guess_sex(texts: Sequence[str]) -> Guess | None:
    counts = Counter(text.lower() for text in texts)
    known = {text: count for text, count in counts.items() if text in word_list("sex")}
    telling = [text for text, count in known.items() if text in word_list("sex_telling") and count >= 0.05 * len(texts)]
    if sum(known.values()) >= 0.97 * len(texts) and len(telling) >= 2:
        return Guess("sex", 0.8, f"its values are {', '.join(sorted(known))}")
    return None


#: Codes of what the United States write where a state stands.
_TERRITORIES = frozenset(("as", "gu", "mp", "pr", "vi", "fm", "mh", "pw", "aa", "ae", "ap"))


def _guess_region(texts: Sequence[str]) -> Guess | None:
    """States and provinces, in letters or codes; else countries. Codes of two letters may be both: many different ones
    that are all states are states."""
    distinct = {text.lower() for text in texts}
    states = share_of(lambda text: text.lower() in region_codes() or text.lower() in _TERRITORIES, texts)
    if states >= 0.95 and len(distinct) >= 3:
        return Guess("region", 0.7, f"{states:.0%} of its values are states or provinces")
    folded = dict(zip(sorted(distinct), fold(pa.array(sorted(distinct))).to_pylist(), strict=True))
    known = {
        text for text, name in folded.items() if name and len(name) >= 2 and not name.isdigit() and country_named(name)
    }
    share = share_of(lambda text: text.lower() in known, texts)
    if share >= 0.9 and (
        len(known) >= 2 or share_of(lambda text: text.lower() in word_list("countries"), texts) >= 0.9
    ):
        return Guess("country", 0.7, f"{share:.0%} of its values look like countries")
    return None


def _guess_organizations(texts: Sequence[str]) -> Guess | None:
    """Names of organizations, of which many say so; short lists are categories."""
    if len(set(texts)) < max(20, 0.2 * len(texts)) or not are_organizations(texts):
        return None
    return Guess("company", 0.65, f"{share_of(is_organization, texts):.0%} of its values are plainly organizations")


def _is_given_name(word: str) -> bool:
    return word in word_list("western_given_names") or (len(word) > 2 and given_names().number(word) >= 0)


def _in_pinyin(parts: Sequence[str]) -> bool:
    return all(syllables(part) in (1, 2, 3) for part in parts) and not PINYIN_SURNAMES.keys().isdisjoint(parts)


def _guess_birth_date(texts: Sequence[str]) -> Guess | None:
    """Birth dates spread over decades; dates of orders, visits and changes do not."""
    years = [day.year for text in texts if (day := day_of(text))]
    if len(years) < 5 or len(years) < 0.8 * len(texts):
        return None
    low, *_, middle, _, high = (quantiles(years, n=20)[position] for position in (0, 1, 9, 10, 18))
    if high - low >= 15 and middle <= 2012:
        return Guess("birth_date", 0.7, f"its values are dates spread over {round(high - low)} years")
    return None


def _guess_western_name(texts: Sequence[str]) -> Guess | None:
    words = [name.split() for name in fold(pa.array(texts)).to_pylist() if name]
    if not words:
        return None
    several = share_of(lambda parts: len(parts) in (2, 3, 4), words)
    pinyin = share_of(_in_pinyin, words)
    if several >= 0.7 and pinyin >= 0.7:
        return Guess("full_name", 0.75, f"{pinyin:.0%} of its values look like Chinese names in pinyin")
    if share_of(lambda parts: len(parts) in (2, 3), words) >= 0.8:
        known = share_of(
            lambda parts: any(map(_is_given_name, parts)) or word_list("western_surnames") & set(parts),
            words,
        )
        # Where names come from everywhere, fewer are common; but hardly two are the same.
        varied = len(set(texts)) >= 0.8 * len(texts) and share_of(is_organization, texts) < 0.1
        enough = known >= (0.3 if varied else 0.4)
        return Guess("full_name", 0.7, f"{known:.0%} of its values hold a common name") if enough else None
    if share_of(lambda parts: len(parts) == 1, words) < 0.8:
        return None
    given = share_of(lambda parts: _is_given_name(parts[0]), [parts for parts in words if parts])
    surname = share_of(lambda parts: parts[-1] in word_list("western_surnames"), [parts for parts in words if parts])
    if max(given, surname) < max(0.25, 3 / len(words)):  # "green" and "brown" alone are colors
        return None
    if len({parts[0] for parts in words}) < 3:  # one name over and over is a category
        return None
    if given >= surname:
        return Guess("given_name", 0.65, f"{given:.0%} of its values are common given names")
    return Guess("surname", 0.65, f"{surname:.0%} of its values are common surnames")


# --- dates of which day and month may be confused -----------------------------------------------------------

_NUMBERED_DATE = r"^\s*(?P<first>\d{1,2})[-/](?P<second>\d{1,2})[-/](?:\d{4}|\d{2})(?:[ T].*)?$"


def day_first(column: pa.Array | pa.ChunkedArray) -> Guess | None:
    """Whether a column writes 3/5/1980 with the day first: the field is "day" or "month". None where nothing tells.

    Judged by all its values: one that can be read in one way only says how the others are meant. Where both ways occur,
    the one that nearly all such values agree on.

    >>> day_first(pa.array(["3/5/1980", "28/2/1977", "1/1/1990"]))
    Guess(field='day', confidence=0.95, reason='1 of its dates have a first number over 12, and 0 a second')
    >>> day_first(pa.array(["3/5/1980"])) is None
    True
    """
    found = pc.extract_regex(column, _NUMBERED_DATE).drop_null()
    if not len(found):
        return None
    first, second = (pc.cast(pc.struct_field(found, name), pa.int32()) for name in ("first", "second"))
    days, months = (
        pc.sum(pc.and_(pc.greater(one, 12), pc.less_equal(other, 12))).as_py() or 0
        for one, other in ((first, second), (second, first))
    )
    # Of dates in one order more than half tell; where hardly any does, those are slips.
    if max(days, months) < 20 * min(days, months) or max(days, months) < 0.05 * len(found) or days == months:
        return None
    reason = f"{days:,} of its dates have a first number over 12, and {months:,} a second"
    return Guess("day" if days > months else "month", 0.95, reason)


# --- digits that stand for sexes ----------------------------------------------------------------------------


def sex_codes(column: pa.Array | pa.ChunkedArray) -> Guess | None:
    """Whether a column of sexes holds the codes of ISO 5218 and GB/T 2261.1: 1 male, 2 female, 0 and 9 neither. None
    where it holds others: systems with 0 and 1 do not agree on which is which.

    >>> sex_codes(pa.array(["1", "2", "1", "9"])).field, sex_codes(pa.array(["1", "0"]))
    ('1/2', None)
    """
    counts = {row["values"]: row["counts"] for row in pc.value_counts(pc.utf8_trim_whitespace(column)).to_pylist()}
    counts.pop(None, None)
    if not {"1", "2"} <= counts.keys() or not counts.keys() <= {"0", "1", "2", "9", ""}:
        return None
    return Guess("1/2", 0.8, "its codes are those of ISO 5218 and GB/T 2261.1, 1 male and 2 female")

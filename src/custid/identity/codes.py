"""Customer codes (客户编码): numbers in a business's own format, issued once, unique, frozen.

In: a format as somebody declared it; customers without a code, in the order they were minted; the serial numbers
used so far. Out: codes; what a code says; why it cannot be one.
Never here: a clock, a database, personal data. A code is printed, spoken and passed on: a format that names a
personal field is refused.

A format is text with parts in braces, each of a fixed width, so that every code of a format has the same length and
can be read back:

    C{region:2}{date:%Y%m%d}{serial:A0000 per date}{check}        C3120230301A0001A

    C, 0, -          stands for itself: A–Z, 0–9 and the separators - . / _
    {date:%y%m}      the day of issue: %Y %y %m %d, %j (day of the year), %G %V (ISO year and week)
    {first_seen:%Y}  the day of the run that minted the customer, written likewise
    {serial:4}       four digits counted up from 0001; {serial:A0000} a letter and four digits, from A0001;
                     {serial:XXXXX} letters or digits. Letters are those of customer ids: no I, L, O, U
    … per date       the count starts anew with every value of these parts (per date,region); without it, never
    {check}          the last part: a check character by ISO 7064 MOD 37,36; {check:mod11-10} and {check:luhn} are
                     digits, and want a code of digits
    {region:2}       any other name: two characters that stand for the value of a field. A table of the part's name
                     says which field, what its values are written as (or as they are), and what else

What keeps codes unique: a serial number is used once within a scope (the values of its `per` parts), and the scope can
be read from the code.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.errors import RegistryError, UsageError
from custid.identity.ids import BODY_ALPHABET, CHECK_ALPHABET, check_values
from custid.standardize.fields import base_of, kind_of

Letters = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: scope → the last serial number used in it. A scope is the text of the `per` parts, joined by a blank.
SERIALS = pa.schema(
    [pa.field("scope", pa.string(), nullable=False), pa.field("last_serial", pa.int64(), nullable=False)]
)

#: What `issue` gives: one row per customer, in the order of `minted`.
NEW_CODES = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
    ]
)

WIDTH_MAX = 40

_DIGITS = "0123456789"
#: Picture character → what it may be.
_ALPHABETS = {"0": _DIGITS, "A": BODY_ALPHABET[10:], "X": BODY_ALPHABET}
_SEPARATORS = "-./_"
_DATE_WIDTHS = {"Y": 4, "G": 4, "y": 2, "m": 2, "d": 2, "V": 2, "j": 3}
_SCHEMES = ("mod37-36", "mod11-10", "luhn")
_DATES = ("date", "first_seen")
_SETTINGS = ("format", "time_zone")
_SOURCE_KEYS = ("field", "codes", "default")

_TOKEN = re.compile(r"\{(?P<name>[^{}:]*)(?::(?P<spec>[^{}]*))?\}|(?P<literal>[^{}]+)")
_BETWEEN = r"[\s\-./_‐‑‒–—―−－]+"
_CHECK_VALUE = np.full(256, 255, dtype=np.uint8)
_CHECK_VALUE[np.frombuffer(CHECK_ALPHABET.encode(), np.uint8)] = np.arange(36)

#: Fields of custid that say nothing about a person alone. All others do.
_ALLOWED = frozenset({"region", "city", "district", "country"})
_PERSONAL = re.compile(
    r"^names?$"
    r"|\b(?:full|first|last|given|family|middle|maiden|birth|real|legal|display|preferred|contact|customer|cust|client"
    r"|person|member|user|buyer|guest|patient|holder|owner|company|employer|father|mother|spouse) ?names?\b"
    r"|\b(?:surname|forename|nickname|nick|alias|username|login|initials|salutation)\b"
    r"|\b(?:phone|phones|telephone|telefon|tel|mobile|cell|handy|msisdn|fax|whatsapp|wechat|weixin|wx|qq|weibo|douyin"
    r"|alipay|telegram|skype|facebook|instagram|twitter|linkedin|tiktok|viber|kakao)\b"
    r"|\b(?:mobile|cell|home|work|tele)?phone(?:no|nr|num|number)?\b|\bmobile(?:no|nr|num|number)\b"
    r"|\be ?mails?\b|\bmail\b|\be?mail(?:id|addr|address)\b"
    r"|\b(?:birth|birthday|birthdate|birthyear|dob|born|age|gender|sex|religion|ethnicity|race|nationality|marital)\b"
    r"|\b(?:ssn|nino|sin|passport|id ?card|identity|identification|personnummer|cpf|dni|nif|tax ?id|tax ?number|vat)\b"
    r"|\b(?:national|citizen|personal|resident|social security|driver s?|license|licence|insurance|cert|id)"
    r" ?(?:id|no|nr|num|number)\b"
    r"|\b(?:address|addr|street|house|apartment|postcode|postal|zip|zipcode|latitude|longitude|lat|lon|gps)\b"
    r"|\b(?:home|mailing|postal|delivery|shipping|billing)(?:address|addr)\b"
    r"|\b(?:openid|open id|unionid|union id|device|imei|idfa|cookie|ip|mac)\b"
    r"|\b(?:iban|bank|account number|account no|card number|card no|cardno|password|salary|income|health|diagnosis)\b"
    r"|姓|名字|昵称|曾用名|客户名|会员名|用户名|真实名|联系人|手机|电话|座机|传真|电邮|邮箱|邮件|邮编|邮政编码|生日|出生"
    r"|年龄|性别|民族|籍贯|国籍|婚姻|宗教|身份证|证件|护照|驾照|驾驶证|社保|税号|信用代码|公司名|单位名|企业名|地址|住址"
    r"|住所|街道|门牌|微信|微博|抖音|支付宝|银行|账号|帐号|卡号|车牌|设备号|密码|收入|工资|病历|指纹|人脸",
    re.ASCII,
)


@dataclass(frozen=True)
class Part:
    """One part of a format. `kind`: literal, value, or one of date, first_seen, serial, check.

    `name`: as it stands in braces ("" for a literal). `text`: the literal, the strftime text, the picture of a
    serial number, the check scheme, or "". `per`: for a serial number, the parts it restarts with.
    """

    kind: str
    name: str
    text: str
    width: int
    per: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Where the characters of a value part come from.

    `codes`: value → characters; None: the value itself, where it has the part's width. `default`: for all else.
    """

    field: str
    default: str
    codes: Mapping[str, str] | None = None


@dataclass(frozen=True)
class CodeFormat:
    """A declared format; make one with `declare`. `sources`: per value part. `time_zone`: whose days dates are."""

    text: str
    parts: tuple[Part, ...] = field(repr=False)
    sources: Mapping[str, Source] = field(repr=False)
    time_zone: str = "UTC"

    @property
    def width(self) -> int:
        """Characters of a code."""
        return sum(part.width for part in self.parts)

    @property
    def fields(self) -> list[str]:
        """The fields whose values codes depend on, each once."""
        return list(dict.fromkeys(source.field for source in self.sources.values()))

    @property
    def serial(self) -> Part:
        """The part that counts."""
        return next(part for part in self.parts if part.kind == "serial")


@dataclass(frozen=True)
class Issued:
    """`codes` NEW_CODES by minted; `serials` SERIALS of the scopes that were counted on."""

    codes: pa.Table = field(repr=False)
    serials: pa.Table = field(repr=False)


# --- declaring a format -------------------------------------------------------------------------------------


def declare(settings: str | Mapping[str, Any] | CodeFormat) -> CodeFormat:
    """The format that `settings` declare: its text alone, or a mapping as the table [codes] of customers.toml.

    The mapping has `format`, may have `time_zone` (default UTC), and for each part of another name than date,
    first_seen, serial and check a mapping: `field` (of the records, or "channel"), `default`, and `codes` (value →
    characters) unless values are codes themselves. Raises UsageError, also when it names a personal field.

    >>> declare("C{date:%Y%m%d}{serial:A0000 per date}").width
    14
    >>> declare({"format": "{phone:11}{serial:4}", "phone": {"field": "phone", "default": "00000000000"}})
    Traceback (most recent call last):
    custid.errors.UsageError: a customer code cannot be made of 'phone', which tells who or where a person is: \
codes are printed, spoken and passed on. Use a category, a region, a date, a serial number.
    """
    if isinstance(settings, CodeFormat):
        return settings
    if isinstance(settings, str):
        settings = {"format": settings}
    text = settings.get("format")
    if not isinstance(text, str) or not text:
        raise UsageError('codes need a format, such as format = "C{date:%Y%m%d}{serial:4 per date}".')
    parts = _parts(text)
    names = [part.name for part in parts if part.kind == "value"]
    for key in settings:
        if key not in (*_SETTINGS, *names):
            raise UsageError(
                f"code format {text!r} has no part {key!r}. Its settings: {', '.join((*_SETTINGS, *names))}."
            )
    sources = {part.name: _source(part, settings.get(part.name), text) for part in parts if part.kind == "value"}
    time_zone = settings.get("time_zone", "UTC")
    _zone(time_zone)
    declared = CodeFormat(text, parts, sources, time_zone)
    _refuse_letters(declared)
    return declared


def check_fields(format: CodeFormat, known: Iterable[str]) -> None:
    """Raises UsageError when the format names a field that is none of `known`.

    >>> format = declare({"format": "{kind:1}{serial:4}", "kind": {"field": "knd", "default": "X"}})
    >>> check_fields(format, ["kind", "surname"])
    Traceback (most recent call last):
    custid.errors.UsageError: code format '{kind:1}{serial:4}': no record has a field 'knd'. It can be made of: kind.
    """
    known = list(known)
    for name in format.fields:
        if name not in known:
            allowed = [field for field in known if not personal(field)]
            raise UsageError(
                f"code format {format.text!r}: no record has a field {name!r}. It can be made of: {', '.join(allowed)}."
            )


def to_json(format: CodeFormat) -> str:
    """The format as JSON: what `declare` takes, keys in order, so that equal formats are equal texts.

    >>> to_json(declare("C{serial:4}"))
    '{"format": "C{serial:4}", "time_zone": "UTC"}'
    """
    settings: dict[str, Any] = {"format": format.text, "time_zone": format.time_zone}
    for name, source in format.sources.items():
        settings[name] = {"field": source.field, "default": source.default}
        if source.codes is not None:
            settings[name]["codes"] = dict(source.codes)
    return json.dumps(settings, ensure_ascii=False, sort_keys=True)


def from_json(text: str) -> CodeFormat:
    """The format that `to_json` wrote."""
    return declare(json.loads(text))


def personal(name: str) -> bool:
    """Whether a field, by its meaning or its name, says something about a person.

    >>> personal("email_2"), personal("street"), personal("Mobile Phone"), personal("客户姓名"), personal("cust_name")
    (True, True, True, True, True)
    >>> personal("region"), personal("customer_type"), personal("门店名称"), personal("store_name"), personal("channel")
    (False, False, False, False, False)
    """
    if kind_of(name) is not None:
        return base_of(name) not in _ALLOWED
    return name == "record_id" or any(_PERSONAL.search(_words(spelling)) for spelling in (name, name.lower()))


def _words(name: str) -> str:
    """
    >>> _words("customerMobile_No2")
    'customer mobile no'
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    return re.sub(r"[\W_\d]+", " ", text).strip().casefold()


def _parts(text: str) -> tuple[Part, ...]:
    found = list(_TOKEN.finditer(text))
    if "".join(token[0] for token in found) != text:
        raise UsageError(f"code format {text!r} has a brace without its pair. Parts look like {{serial:4}}.")
    parts = tuple(
        _literal(token[0], text) if token["literal"] else _part(token["name"], token["spec"], text) for token in found
    )
    kinds = [part.kind for part in parts]
    if kinds.count("serial") != 1:
        raise UsageError(
            f"code format {text!r} has {kinds.count('serial')} serial numbers; it needs one, such as {{serial:6}}: "
            "without it two customers would get the same code."
        )
    if "check" in kinds[:-1]:
        raise UsageError(f"code format {text!r}: {{check}} must come last, and once.")
    values = [part.name for part in parts if part.kind == "value"]
    if twice := [name for name in values if values.count(name) > 1]:
        raise UsageError(f"code format {text!r} has {{{twice[0]}}} twice.")
    serial = next(part for part in parts if part.kind == "serial")
    for name in serial.per:
        if name not in (*values, *(kind for kind in kinds if kind in _DATES)):
            raise UsageError(
                f"code format {text!r}: the serial number restarts per {name!r}, which is no part of it. "
                "Only what stands in the code can tell two codes with the same serial number apart."
            )
    width = sum(part.width for part in parts)
    if width > WIDTH_MAX:
        raise UsageError(f"code format {text!r} makes codes of {width} characters; {WIDTH_MAX} are the most.")
    return parts


def _literal(literal: str, text: str) -> Part:
    if strange := sorted(set(literal) - set(CHECK_ALPHABET + _SEPARATORS)):
        raise UsageError(f"code format {text!r}: {strange[0]!r} cannot stand in a code. Use A-Z, 0-9 and - . / _")
    return Part("literal", "", literal, len(literal))


def _part(name: str, spec: str | None, text: str) -> Part:
    if not re.fullmatch(r"[^\W\d]\w*", name):
        raise UsageError(f"code format {text!r}: {{{name}}} is no name of a part. Parts look like {{serial:4}}.")
    if name in _DATES:
        directives = re.findall(r"%(.)", spec or "")
        if not directives or "".join(f"%{one}" for one in directives) != spec or set(directives) - set(_DATE_WIDTHS):
            raise UsageError(
                f"code format {text!r}: write {name} with %Y %y %m %d %j %G %V only, as {{{name}:%Y%m%d}}."
            )
        return Part(name, name, str(spec), sum(_DATE_WIDTHS[one] for one in directives))
    if name == "serial":
        shape = re.fullmatch(r"\s*(?P<width>[1-9]\d?|[0AX]+)(?:\s+per\s+(?P<per>\w+(?:\s*,\s*\w+)*))?\s*", spec or "")
        if not shape:
            raise UsageError(
                f"code format {text!r}: a serial number is written {{serial:4}} for four digits, {{serial:A0000}} for "
                "a letter and four digits, {serial:XXXX} for letters or digits; {serial:4 per date} starts anew daily."
            )
        picture = "0" * int(shape["width"]) if shape["width"][0] in "123456789" else shape["width"]
        per = tuple(re.split(r"\s*,\s*", shape["per"])) if shape["per"] else ()
        return Part("serial", name, picture, len(picture), per)
    if name == "check":
        scheme = "mod37-36" if spec is None else spec
        if scheme not in _SCHEMES:
            raise UsageError(f"code format {text!r}: there is no check {scheme!r}. There are {', '.join(_SCHEMES)}.")
        return Part("check", name, scheme, 1)
    if personal(name):
        raise _refused(name)
    if not re.fullmatch(r"[1-9]\d?", spec or ""):
        raise UsageError(f"code format {text!r}: say how many characters {name} has, as {{{name}:2}}.")
    return Part("value", name, "", int(spec or 0))


def _source(part: Part, settings: Any, text: str) -> Source:
    place = f"code format {text!r}, part {part.name!r}"
    if not isinstance(settings, Mapping):
        raise UsageError(
            f'{place}: no table says where it comes from. Add one: [codes.{part.name}] with field = "…" and '
            f'default = "{"0" * part.width}".'
        )
    for key in settings:
        if key not in _SOURCE_KEYS:
            raise UsageError(f"{place}: unknown key {key!r}. Known: {', '.join(_SOURCE_KEYS)}.")
    name, codes, default = (settings.get(key) for key in _SOURCE_KEYS)
    if not isinstance(name, str) or not name:
        raise UsageError(f'{place}: no field. Say which field of the records it stands for: field = "…".')
    if personal(name):
        raise _refused(name)
    if codes is not None and not (isinstance(codes, Mapping) and codes):
        raise UsageError(f'{place}: codes must be a table of values, such as codes = {{ retail = "R" }}.')
    for value, code in {"default": default, **(codes or {})}.items():
        if not isinstance(code, str) or len(code) != part.width or set(code) - set(CHECK_ALPHABET):
            wanted = f"{part.width} character{'' if part.width == 1 else 's'} of A-Z and 0-9"
            raise UsageError(f"{place}: {value!r} must be written as {wanted}, in quotes; it is {code!r}.")
    return Source(name, str(default), dict(codes) if codes is not None else None)


def _refused(name: str) -> UsageError:
    return UsageError(
        f"a customer code cannot be made of {name!r}, which tells who or where a person is: codes are printed, spoken "
        "and passed on. Use a category, a region, a date, a serial number."
    )


def _refuse_letters(format: CodeFormat) -> None:
    """A check digit over letters is not defined."""
    if not _digits_only(format):
        return
    letters = [
        part.text for part in format.parts if part.kind in ("literal", "serial") and re.search("[A-Z]", part.text)
    ]
    letters += [
        code
        for source in format.sources.values()
        for code in (source.default, *(source.codes or {}).values())
        if not code.isdecimal()
    ]
    if letters:
        raise UsageError(
            f"code format {format.text!r}: the check {format.parts[-1].text} is for digits, but a code may have "
            "letters. Use {check}, which is for both."
        )


def _digits_only(format: CodeFormat) -> bool:
    return format.parts[-1].kind == "check" and format.parts[-1].text != "mod37-36"


def _zone(name: Any) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError, AttributeError) as error:
        raise UsageError(f'there is no time zone {name!r}. Write it as "Asia/Shanghai" or "Europe/Berlin".') from error


# --- issuing ------------------------------------------------------------------------------------------------


def issue(format: CodeFormat, customers: pa.Table, records: pa.Table, serials: pa.Table, *, at: datetime) -> Issued:
    """A code for each of `customers`, serial numbers by `minted`.

    `customers`: customer_id, minted, first_seen (INSTANT). `records`: customer_id, record_key and a string column per
    field of the format: the customers' live records; of several values the one of the earliest record that can be
    written counts. `serials`: SERIALS, what was used so far, at least of the scopes concerned. `at`: when they are
    issued. Row order means nothing. Raises RegistryError when a scope runs out of serial numbers.
    """
    customers = customers.sort_by("minted")
    letters = np.zeros((len(customers), format.width), np.uint8)
    places = _places(format)
    for part, place in zip(format.parts, places, strict=True):
        if part.kind == "literal":
            letters[:, place] = _bytes([part.text], part.width)
        elif part.kind == "date":
            letters[:, place] = _bytes([at.astimezone(_zone(format.time_zone)).strftime(part.text)], part.width)
        elif part.kind == "first_seen":
            letters[:, place] = _days(customers["first_seen"], part, format)
        elif part.kind == "value":
            letters[:, place] = _values(customers, records, part, format)
    scopes, scope_of, counted = _scopes(format, letters)
    known = pc.index_in(scopes, value_set=serials["scope"].combine_chunks())
    last = serials["last_serial"].take(known).fill_null(0).to_numpy().astype(np.int64)
    _refuse_overflow(format, scopes, last, counted)
    order = np.argsort(scope_of, kind="stable")
    number = np.empty(len(customers), np.int64)
    before = np.concatenate([[0], np.cumsum(counted)])[:-1]
    number[order] = np.arange(len(customers)) - before[scope_of[order]] + 1
    number += last[scope_of]
    letters[:, places[format.parts.index(format.serial)]] = _spelled(number, format.serial.text)
    if format.parts[-1].kind == "check":
        letters[:, -1] = _checks(format, letters)
    return Issued(
        pa.Table.from_arrays([customers["customer_id"].combine_chunks(), _texts(letters)], schema=NEW_CODES),
        pa.Table.from_arrays([scopes, pa.array(last + counted)], schema=SERIALS),
    )


def highest(format: CodeFormat, keys: pa.Array | pa.ChunkedArray) -> pa.Table:
    """SERIALS that codes already in use take up: the highest per scope among those that read like the format's.

    `keys`: codes as `reading_keys` gives them, issued by whom ever.

    >>> highest(declare("C{serial:4}"), pa.array(["C0007", "C0012", "C12", "D0099"])).to_pylist()
    [{'scope': '', 'last_serial': 12}]
    """
    _, letters = _shaped(format, keys)
    scopes, scope_of, _ = _scopes(format, letters)
    last = np.zeros(len(scopes), np.int64)
    np.maximum.at(last, scope_of, _numbers(format, letters))
    return pa.Table.from_arrays([scopes, pa.array(last)], schema=SERIALS)


def _places(format: CodeFormat) -> list[slice]:
    ends = np.cumsum([part.width for part in format.parts]).tolist()
    return [slice(end - part.width, end) for part, end in zip(format.parts, ends, strict=True)]


def _bytes(texts: list[str], width: int) -> Letters:
    return np.frombuffer("".join(texts).encode("ascii"), np.uint8).reshape(len(texts), width)


def _texts(letters: Letters) -> pa.Array:
    count, width = letters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters)))


def _days(instants: pa.ChunkedArray, part: Part, format: CodeFormat) -> Letters:
    found = instants.combine_chunks().dictionary_encode()
    zone = _zone(format.time_zone)
    days = [at.astimezone(zone).strftime(part.text) for at in found.dictionary.to_pylist()]
    written: Letters = _bytes(days, part.width)[found.indices.to_numpy()]
    return written


def _values(customers: pa.Table, records: pa.Table, part: Part, format: CodeFormat) -> Letters:
    """What each customer's value is written as: of its earliest record whose value can be written, else the default."""
    source = format.sources[part.name]
    alphabet = frozenset(_DIGITS if _digits_only(format) else CHECK_ALPHABET)
    records = records.sort_by("record_key")
    found = records[source.field].combine_chunks().dictionary_encode()
    texts = [_written(value, part, source, alphabet) for value in found.dictionary.to_pylist()]
    spellings = _bytes([text or source.default for text in texts] + [source.default], part.width)
    of_value = np.where(np.array([text is not None for text in texts], bool), np.arange(len(texts)), -1)
    value = found.indices.fill_null(-1).to_numpy()
    chosen = np.append(of_value, -1)[value]
    customer = pc.index_in(records["customer_id"], value_set=customers["customer_id"].combine_chunks()).fill_null(-1)
    row = customer.to_numpy()
    # From the last record to the first, so that the first one that can be written stays.
    kept = np.flatnonzero((chosen >= 0) & (row >= 0))[::-1]
    best = np.full(len(customers), len(texts))
    best[row[kept]] = chosen[kept]
    written: Letters = spellings[best]
    return written


def _written(value: str, part: Part, source: Source, alphabet: frozenset[str]) -> str | None:
    """The characters a value stands as; None when the default has to stand for it."""
    plain = unicodedata.normalize("NFKC", value).strip()
    if source.codes is None:
        code = plain.upper()
        return code if len(code) == part.width and set(code) <= alphabet else None
    folded = plain.casefold()
    return next(
        (
            code
            for known, code in source.codes.items()
            if unicodedata.normalize("NFKC", known).strip().casefold() == folded
        ),
        None,
    )


def _scopes(format: CodeFormat, letters: Letters) -> tuple[pa.Array, Ints, Ints]:
    """The distinct scopes of codes, which of them each code is in, and how many codes each has."""
    per = format.serial.per
    shown = [letters[:, place] for part, place in zip(format.parts, _places(format), strict=True) if part.name in per]
    if not len(letters):
        return pa.array([], pa.string()), np.empty(0, np.int64), np.empty(0, np.int64)
    if not shown:
        return pa.array([""]), np.zeros(len(letters), np.int64), np.array([len(letters)])
    blank = np.full((len(letters), 1), ord(" "), np.uint8)
    text = np.hstack([column for one in shown for column in (blank, one)])[:, 1:]
    found = _texts(text).dictionary_encode()
    order = pc.sort_indices(found.dictionary).to_numpy()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    scope_of = place[found.indices.to_numpy()]
    return found.dictionary.take(pa.array(order)), scope_of, np.bincount(scope_of)


def _refuse_overflow(format: CodeFormat, scopes: pa.Array, last: Ints, counted: Ints) -> None:
    serial = format.serial
    room = int(np.prod([len(_ALPHABETS[one]) for one in serial.text], dtype=object)) - 1
    over = np.flatnonzero(last + counted > room)
    if not len(over):
        return
    first = int(over[0])
    where = f" for {', '.join(serial.per)} {scopes[first].as_py()}" if serial.per else ""
    more = f" (and {len(over) - 1} more)" if len(over) > 1 else ""
    per = f" per {','.join(serial.per)}" if serial.per else ""
    wider = serial.text + serial.text[-1]
    raise RegistryError(
        f"code format {format.text!r} has run out of serial numbers{where}{more}: {int(counted[first]):,} customers "
        f"need a code, {max(0, room - int(last[first])):,} of {room:,} numbers are left. Nothing was written. "
        f"Widen it, for example to {{serial:{wider}{per}}}: codes issued so far stay as they are."
    )


def _spelled(number: Ints, picture: str) -> Letters:
    """Numbers in the digits and letters of `picture`, the last place counting fastest."""
    out = np.empty((len(number), len(picture)), np.uint8)
    for place in range(len(picture) - 1, -1, -1):
        alphabet = np.frombuffer(_ALPHABETS[picture[place]].encode(), np.uint8)
        number, digit = np.divmod(number, len(alphabet))
        out[:, place] = alphabet[digit]
    return out


def _numbers(format: CodeFormat, letters: Letters) -> Ints:
    """The serial numbers of codes of the format's shape."""
    serial = format.serial
    shown = letters[:, _places(format)[format.parts.index(serial)]]
    number = np.zeros(len(letters), np.int64)
    for place, one in enumerate(serial.text):
        alphabet = np.frombuffer(_ALPHABETS[one].encode(), np.uint8)
        number = number * len(alphabet) + np.searchsorted(alphabet, shown[:, place])
    return number


# --- check characters ---------------------------------------------------------------------------------------


def _checks(format: CodeFormat, letters: Letters) -> Letters:
    """The check characters of codes, whatever stands in their last place now."""
    body = _CHECK_VALUE[letters[:, np.flatnonzero(_bare(format)[:-1])]].T
    scheme = format.parts[-1].text
    if scheme == "mod37-36":
        return np.frombuffer(CHECK_ALPHABET.encode(), np.uint8)[check_values(body)]
    digits = body.astype(np.int64)
    if scheme == "luhn":
        doubled = digits[::-1].copy()
        doubled[::2] *= 2
        check = -(doubled - 9 * (doubled > 9)).sum(axis=0)
    else:
        product = np.full(digits.shape[1], 10)
        for row in digits:
            total = (product + row) % 10
            product = np.where(total == 0, 10, total) * 2 % 11
        check = 11 - product
    characters: Letters = (ord("0") + check % 10).astype(np.uint8)
    return characters


def _bare(format: CodeFormat) -> Flags:
    """Which places of a code are letters or digits, not separators."""
    shown = "".join(part.text if part.kind == "literal" else "0" * part.width for part in format.parts)
    return np.array([one not in _SEPARATORS for one in shown])


# --- reading codes ------------------------------------------------------------------------------------------


def reading_keys(codes: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """What is left of codes when case, full-width forms, blanks and separators do not matter.

    >>> reading_keys(pa.array(["c2023-0301 a0001", "Ｃ２０２３０３０１Ａ０００１"])).to_pylist()
    ['C20230301A0001', 'C20230301A0001']
    """
    return pc.replace_substring_regex(pc.utf8_upper(pc.utf8_normalize(codes, form="NFKC")), _BETWEEN, "")


def reading_key(code: str) -> str:
    """`reading_keys` of one code."""
    return str(reading_keys(pa.array([code], pa.string()))[0].as_py())


def fits(format: CodeFormat, codes: pa.Array | pa.ChunkedArray) -> Flags:
    """Which codes the format can have issued: of its shape, spelled as it spells them, with their check character.

    >>> fits(declare("C{serial:4}{check}"), pa.array(["C0001L", "C0001K", "c0001l", "C001L", None])).tolist()
    [True, False, False, False, False]
    """
    rows, letters = _shaped(format, reading_keys(codes))
    right = np.zeros(len(codes), bool)
    sound = _numbers(format, letters) > 0
    if format.parts[-1].kind == "check":
        sound &= _checks(format, letters) == letters[:, -1]
    same = pc.equal(_texts(letters), codes.take(pa.array(rows))).to_numpy(zero_copy_only=False).astype(bool)
    right[rows] = sound & same
    return right


def fault(format: CodeFormat, code: str) -> str | None:
    """Why `code`, however it is typed, is none of the format, as a sentence; None when it may be.

    >>> format = declare("C{serial:4}{check}")
    >>> fault(format, "c-0001 l")
    >>> print(fault(format, "C0010L"))
    'C0010L' is mistyped: its check character does not fit the rest. Compare it with its source.
    >>> print(fault(format, "C001"))
    'C001' is no code of the format C{serial:4}{check}: it has 4 letters and digits, not 6.
    """
    key = reading_key(code)
    wanted = int(_bare(format).sum())
    prefix = f"{code!r} is no code of the format {format.text}: "
    if len(key) != wanted:
        return f"{prefix}it has {len(key)} letters and digits, not {wanted}."
    _, letters = _shaped(format, pa.array([key]))
    if not len(letters):
        return f"{prefix}a letter or digit stands where it cannot."
    if format.parts[-1].kind == "check" and _checks(format, letters)[0] != letters[0, -1]:
        return f"{code!r} is mistyped: its check character does not fit the rest. Compare it with its source."
    return None


def read(format: CodeFormat, code: str) -> dict[str, str]:
    """What the parts of a code say, by name. Raises UsageError when it is none of the format.

    >>> read(declare("C{date:%Y%m%d}{serial:A0000 per date}"), "c20230301-a0001")
    {'date': '20230301', 'serial': 'A0001'}
    """
    if wrong := fault(format, code):
        raise UsageError(wrong)
    _, letters = _shaped(format, pa.array([reading_key(code)]))
    text = letters.tobytes().decode("ascii")
    return {
        part.name: text[place]
        for part, place in zip(format.parts, _places(format), strict=True)
        if part.kind != "literal"
    }


def _shaped(format: CodeFormat, keys: pa.Array | pa.ChunkedArray) -> tuple[Ints, Letters]:
    """The rows of `keys` that have the format's shape, and their codes as letters, separators in place.

    Not looked at: whether dates are days, values are known, and check characters fit.
    """
    keys = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    bare = _bare(format)
    width = int(bare.sum())
    plain = pc.and_(pc.equal(pc.utf8_length(keys), width), pc.match_substring_regex(keys, "^[A-Z0-9]*$"))
    rows = np.flatnonzero(plain.fill_null(False).to_numpy(zero_copy_only=False))
    letters = np.zeros((len(rows), format.width), np.uint8)
    chosen = keys.take(pa.array(rows))
    letters[:, bare] = np.frombuffer(chosen.buffers()[2] or b"", np.uint8)[: len(rows) * width].reshape(-1, width)
    right = np.ones(len(rows), bool)
    for part, place in zip(format.parts, _places(format), strict=True):
        shown = letters[:, place]
        if part.kind == "literal":
            text = _bytes([part.text], part.width)[0]
            shown[:, ~bare[place]] = text[~bare[place]]
            right &= (shown == text).all(axis=1)
        elif part.kind in ("serial", *_DATES):
            picture = part.text if part.kind == "serial" else "0" * part.width
            for at, one in enumerate(picture):
                right &= np.isin(shown[:, at], np.frombuffer(_ALPHABETS[one].encode(), np.uint8))
    if _digits_only(format):
        right &= (letters < ord("A")).all(axis=1)
    return rows[right], letters[right]

"""What each column of a source means, found from its name and from what it holds.

In: a table of text columns. Out: `Role`s, one or more per column. Names come first (`aliases.toml`), contents
confirm or refute them, and speak alone where a name says nothing.

How sure a role is:  1.0 somebody said so (columns=, a preset) · 0.95 the name is one of the field's names ·
0.85 it is after a prefix or number is taken off · 0.8 the name contains one and the values agree · 0.5 … 0.95
the values alone. From `CONFIDENCE_MIN` on a role is used; below it the column keeps its own name and the
role's reason says why. Never here: reading files, or changing values.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import numpy as np
import pyarrow as pa

from custid.channels import contents
from custid.standardize.fields import FIELDS, base_of, kind_of

#: Roles that are less sure are not used.
CONFIDENCE_MIN = 0.6

#: Roles at least as sure were told by the column's name.
NAMED = 0.85

#: Names that tables of custid use themselves; a source's column of that name gets `source_` before it.
RESERVED = frozenset(
    {
        "channel",
        "record_id",
        "updated_at",
        "record_key",
        "live",
        "first_run",
        "last_run",
        "customer_id",
        "cluster",
    }
)

_SAMPLE_ROWS = 2_000

#: Ends of names of columns whose digits look like telephone numbers and are none.
_NUMBERING = re.compile(r"(id|ids|code|key|ref|编号|编码|代码|单号)$")

#: Names of numbers that name a person or a customer, of whatever country or company: "uganda_nin", "art_number",
#: "policy no", "patient id". Such a column is compared as an identifier if it holds codes.
_NUMBERS_PEOPLE = re.compile(
    r"\b(?:nin|nic|nif|nie|rut|curp|pesel|bsn|nhs|mrn|aadhaar|pan)\b"
    r"|\b(?:patient|policy|member|membership|insurance|insured|passenger|student|employee|citizen|voter|license|licence"
    r"|art|hospital|clinic|health|tax|vat|account) (?:id|no|nr|num|number|card|code)$"
)

#: Names of columns that say nothing: c1, column_3, unnamed: 4.
_NAMELESS = re.compile(r"^(?:c|col|column|field|f|v|var|x|unnamed|spalte|colonne|columna|列|字段)?\d*$")

#: Names that mean a given name beside a surname, a surname beside a given name, and the whole name alone.
_GIVEN_OR_WHOLE = frozenset({"nombre", "nome", "имя"})
_SURNAME_OR_WHOLE = frozenset({"nom"})
_NAME = frozenset({"name", "naam", "navn", "namn"})

_PLACE = frozenset({"city", "region", "address", "street"})
_ZIP_CUT = re.compile(r"^\d{3,4}$")
_ZIP = re.compile(r"^(?:\d{5}(?:-\d{4})?|[0-8]\d{5})(?:\.0)?$")

#: Fields that say who a record is.
_WHO = frozenset({"full_name", "given_name", "surname", "company"})

#: Fields of which a record commonly has several: a second column found by contents alone is numbered, not
#: dropped.
_SEVERAL = frozenset({"email", "phone", "other_id"})


@dataclass(frozen=True)
class Role:
    """A column was taken for a field.

    `field`: a field of custid, possibly numbered; an extra field (the column's own name, cleaned);
    `record_id`,
    `updated_at` or `deleted` for the columns that rule the record; "" for a column left out.
    `confidence`: 0 … 1, 0 for an extra field nobody asked for.
    """

    column: str
    field: str
    confidence: float
    reason: str


def find_roles(table: pa.Table, *, given: Mapping[str, tuple[str, str]] | None = None) -> list[Role]:
    """One role per column of a text table, in its order; fields are distinct.

    Args:
        table: string columns. Rows beyond a sample of 2,000, evenly spread, are not looked at.
        given: column → (field or "", reason), for columns whose meaning is settled; numbered in this order.

    >>> roles = find_roles(pa.table({"E-Mail": ["a@b.de"], "手机号": ["13912345678"], "shoe": ["42"]}))
    >>> [role.field for role in roles]
    ['email', 'phone', 'shoe']
    """
    given = given or {}
    taken: set[str] = set()
    roles: dict[str, Role] = {}
    for column, (field, reason) in given.items():
        roles[column] = Role(column, _numbered(field, taken) if field else "", 1.0, reason)
    sample = _sample(table)
    rows = min(len(table), _sample_rows(table))
    found = [(column, _find_role(column, sample[column], rows)) for column in table.column_names if column not in given]
    found = _in_company([field for field, _ in given.values()], found, sample, rows)
    # The surest first, so that they get the plain field names; among equals the source's order decides.
    for column, role in sorted(found, key=lambda pair: -pair[1].confidence):
        roles[column] = _settled(role, taken)
    if not any(role.field in _WHO and role.confidence >= NAMED for role in roles.values()):
        roles |= _named_after_a_place(table.column_names, given, roles, taken)
    return [roles[column] for column in table.column_names if column in roles]


def _named_after_a_place(
    columns: Sequence[str], given: Mapping[str, tuple[str, str]], roles: Mapping[str, Role], taken: set[str]
) -> dict[str, Role]:
    """The column that names a site, a school, a shop, where no other column says who a record is."""
    free = [column for column in columns if column not in given and roles[column].confidence < CONFIDENCE_MIN]
    for column in columns_named(_aliases().places, free):
        reason = "its name means a place or an organization, and no other column names the record"
        return {column: Role(column, _numbered("company", taken), 0.9, reason)}
    return {}


def columns_named(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Those of `columns` that bear one of `names`, in the order of `names`.

    >>> columns_named(["record_id", "ID"], ["mail", "Id"])
    ['Id']
    """
    by_name: dict[str, list[str]] = {}
    for column in columns:
        by_name.setdefault(compact(column), []).append(column)
    found = [column for name in names for column in by_name.get(compact(name), ())]
    return list(dict.fromkeys(found))


def columns_named_as(purpose: str, columns: Sequence[str]) -> list[str]:
    """Those of `columns` whose names say record_id, updated_at or deleted, best first."""
    return columns_named(_aliases().keys[purpose], columns)


def field_named(column: str) -> str | None:
    """The field that a column's whole name means.

    >>> field_named("会员号"), field_named("id")
    ('loyalty_id', None)
    """
    return _aliases().fields.get(compact(column))


def compact(name: str) -> str:
    """A column name without case, full-width forms, spaces and punctuation.

    >>> compact("Mobile Phone"), compact("mobile_phone"), compact("客户（编号）")
    ('mobilephone', 'mobilephone', '客户编号')
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", text)


def clean_name(column: str) -> str:
    """A column's own name as a field name, clear of the names custid uses.

    >>> clean_name("Total Spent (EUR)"), clean_name("channel"), clean_name("备注")
    ('total_spent_eur', 'source_channel', '备注')
    """
    text = unicodedata.normalize("NFKC", column)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    text = re.sub(r"[\W_]+", "_", text).strip("_").lower() or "column"
    # Golden records name provenance <field>_from.
    return (
        f"source_{text}"
        if text in RESERVED or kind_of(text)
        else text.replace("_from", "_source")
        if text.endswith("_from")
        else text
    )


def near_field(name: str) -> str | None:
    """The known field that `name` is probably a misspelling of.

    >>> near_field("e_mail"), near_field("brith_date"), near_field("email"), near_field("shoe_size")
    ('email', 'birth_date', None, None)
    """
    if kind_of(name):
        return None
    close = difflib.get_close_matches(name.lower(), FIELDS, n=1, cutoff=0.85)
    return close[0] if close else None


# --- by name and contents -----------------------------------------------------------------------------------


def _find_role(column: str, values: list[str], rows: int) -> Role:
    name = compact(column)
    aliases = _aliases()
    if name in aliases.plain:
        return Role(column, "", 0.0, "its name says something custid does not compare")
    if field := aliases.fields.get(name):
        return _confirmed(Role(column, field, 0.95, f"its name means {field}"), values)
    about_others = any(word in name for word in aliases.others)
    if about_others:
        return Role(column, "", 0.0, "its name says that it is about something or someone else")
    if field := _field_after_prefix(name, aliases):
        return _confirmed(Role(column, field, 0.85, f"its name means {field}"), values)
    if name in map(compact, aliases.places):
        return Role(column, "", 0.0, "its name means a place or an organization, which others may only have to do with")
    guess = contents.guess_from_contents(values)
    if _NUMBERS_PEOPLE.search(_words_of(column)) and contents.share_of(contents.is_code, values) >= 0.9:
        return Role(column, "other_id", 0.75, "its name says that it numbers people, and its values are codes")
    if guess and guess.field == "phone" and _NUMBERING.search(name):
        return Role(column, "", 0.0, "its name says that its numbers number something")
    if guess and (word := _field_word(name, guess.field, aliases)):
        return Role(column, guess.field, max(0.8, guess.confidence), f"its name has '{word}' and {guess.reason}")
    if guess and guess.field in _WHO and not _NAMELESS.match(name) and len(values) < 0.3 * rows:
        return Role(column, "", 0.0, f"{guess.reason}, but few rows have any, and its name does not say so")
    if guess:
        return Role(column, guess.field, guess.confidence, guess.reason)
    return Role(column, "", 0.0, "neither its name nor its values say what it means")


def _in_company(
    given: Sequence[str], found: list[tuple[str, Role]], sample: Mapping[str, list[str]], rows: int
) -> list[tuple[str, Role]]:
    """`found`, with what columns mean only beside others: a name beside a given name, digits beside a city."""
    fields = {*given, *(role.field for _, role in found if role.confidence >= CONFIDENCE_MIN)}
    settled = []
    for column, role in found:
        name, values = compact(column), sample[column]
        one_word = contents.share_of(lambda text: len(text.split()) == 1 and len(text) > 3, values) >= 0.6
        if name in _GIVEN_OR_WHOLE and role.field == "given_name" and "surname" not in fields:
            role = replace(role, field="full_name", reason="its name means a name, and no column is the surname")
        elif name in _SURNAME_OR_WHOLE and role.field == "surname" and "given_name" not in fields:
            role = replace(role, field="full_name", reason="its name means a name, and no column is the given name")
        elif (
            name in _NAME
            and role.field == "full_name"
            and "given_name" in fields
            and "surname" not in fields
            and one_word
        ):
            role = replace(role, field="surname", reason="its name means a name, and another column is the given name")
        elif role.confidence == 0 and _NAMELESS.match(name) and values:
            if fields & _PLACE and _postcodes(values):
                role = Role(column, "postcode", 0.65, "its values look like postcodes, and other columns like places")
            elif fields & (_WHO | {"birth_date"}) and _numbers_people(values):
                role = Role(column, "other_id", 0.6, "its values are codes, nearly all different, beside names")
        settled.append((column, role))
    return settled


def _postcodes(values: Sequence[str]) -> bool:
    """Five digits, some of which may have lost a nought in front, or six of China."""
    whole = contents.share_of(_ZIP.match, values)
    return len(set(values)) >= 3 and whole >= 0.8 and contents.share_of(_ZIP_CUT.match, values) >= 0.95 - whole


def _numbers_people(values: Sequence[str]) -> bool:
    """Codes of letters and digits, as long as each other, nearly all different: numbers of people, not of things they
    have in common. Digits alone are too often amounts, times and counters."""
    texts = [text.strip() for text in values if text.strip()]
    mixed = contents.share_of(
        lambda text: contents.is_code(text) and any(map(str.isalpha, text)) and len(text) >= 7, texts
    )
    lengths = {len(text) for text in texts}
    return len(texts) >= 20 and mixed >= 0.9 and len(set(texts)) >= 0.7 * len(texts) and len(lengths) <= 6


def _words_of(column: str) -> str:
    """The column's name in lower-case words."""
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column)).lower().strip()


def _confirmed(role: Role, values: list[str]) -> Role:
    """The role that a name claims, corrected by what the column holds."""
    if role.field == "title" and values and contents.share_of(contents.is_honorific, values) < 0.5:
        return replace(role, field="job_title", confidence=0.7, reason="its values are not forms of address")
    if role.field == "full_name" and values:
        share = contents.share_of(contents.is_organization, values)
        if contents.are_organizations(values):
            return replace(role, field="company", reason=f"{share:.0%} of its values are plainly organizations")
    if len(values) < 5:
        return role
    refuted = {
        "email": lambda text: "@" in text,
        "phone": lambda text: sum(map(str.isdigit, text)) >= 5,
        "birth_date": lambda text: sum(map(str.isdigit, text)) >= 4,
        "national_id": lambda text: any(map(str.isdigit, text)),
        "region": lambda text: not contents.is_state_of_affairs(text),
    }
    test = refuted.get(role.field)
    if test and contents.share_of(test, values) < 0.05:
        return replace(role, confidence=0.3, reason=f"its name means {role.field}, but its values do not look like it")
    return role


def _field_after_prefix(name: str, aliases: Aliases) -> str | None:
    """billingemail → email, phone2 → phone, customerphone1 → phone."""
    candidates = [name]
    if (plain := re.sub(r"\d{1,2}$", "", name)) != name:
        candidates.append(plain)
    for candidate in candidates:
        if field := aliases.fields.get(candidate):
            return field
        for prefix in aliases.prefixes:
            if candidate.startswith(prefix) and (field := aliases.fields.get(candidate.removeprefix(prefix))):
                return field
    return None


def _field_word(name: str, field: str, aliases: Aliases) -> str | None:
    """A name of `field` that stands inside a longer name; short ones stand in too many."""
    words = (
        word
        for word, of in aliases.fields.items()
        if of == field and (len(word) >= 3 or not word.isascii()) and len(word) >= 2
    )
    return next((word for word in words if word in name), None)


def _settled(role: Role, taken: set[str]) -> Role:
    """The role with a field name of its own; a weak or superfluous one falls back to the column's name."""
    field = role.field
    if field and role.confidence < CONFIDENCE_MIN:
        reason = f"{role.reason}; too unsure to be taken for {field}" if field not in role.reason else role.reason
        role, field = replace(role, confidence=0.0, reason=reason), ""
    by_contents = field and "its name" not in role.reason
    if by_contents and field in taken and field not in _SEVERAL:
        role = replace(role, confidence=0.0, reason=f"{role.reason}, but another column is {field}")
        field = ""
    return replace(role, field=_numbered(field or clean_name(role.column), taken))


def _numbered(field: str, taken: set[str]) -> str:
    """`field`, or the first of field_2, field_3, … that is free; takes it."""
    base, number, name = base_of(field), 2, field
    while name in taken:
        name = f"{base}_{number}"
        number += 1
    taken.add(name)
    return name


def _sample_rows(table: pa.Table) -> int:
    """How many rows are looked at: fewer of a very wide table."""
    columns: int = table.num_columns
    return max(50, min(_SAMPLE_ROWS, 100_000 // max(1, columns)))


def _sample(table: pa.Table) -> dict[str, list[str]]:
    """Non-null values per column, of rows evenly spread."""
    rows = _sample_rows(table)
    if len(table) > rows:
        table = table.take(pa.array(np.linspace(0, len(table) - 1, rows).astype(np.int64)))
    return {
        name: [value[:500] for value in table[name].to_pylist() if value is not None and value.strip()]
        for name in table.column_names
    }


# --- the data file ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Aliases:
    """`aliases.toml`, with names made compact; longer prefixes first."""

    keys: dict[str, list[str]]
    fields: dict[str, str]
    places: list[str]
    plain: frozenset[str]
    prefixes: tuple[str, ...]
    others: tuple[str, ...]


@cache
def _aliases() -> Aliases:
    text = (resources.files(__package__) / "aliases.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    fields: dict[str, str] = {}
    for field, names in data["fields"].items():
        for name in (field, *names):
            fields.setdefault(compact(name), field)
    prefixes = sorted({compact(word) for word in data["words"]["prefixes"]}, key=lambda word: (-len(word), word))
    return Aliases(
        keys=data["keys"],
        fields=fields,
        places=data["places"]["company"],
        plain=frozenset(compact(name) for name in data["plain"]["names"]),
        prefixes=tuple(prefixes),
        others=tuple(compact(word) for word in data["words"]["others"]),
    )

"""How each comparable value of one record came about.

In: one record as its channel wrote it. Out: EXPLAINED, a row per raw value and comparable value made of it. Never here:
standardizing itself; the record goes through `standardize` like any other, whole and column by column, so that what is
explained is what happens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import identifiers
from custid.standardize.addresses import PARTS
from custid.standardize.conventions import Conventions
from custid.standardize.fields import base_of, kind_of
from custid.standardize.table import standardize
from custid.standardize.text import clean, fold, has_han, plain_letters, simplify

#: column: the field, "" for what several made together; raw: as written; comparable, value: the comparable column and
#: what it holds, null where the raw value gave nothing; how: in words.
EXPLAINED = pa.schema(
    [
        pa.field("column", pa.string(), nullable=False),
        pa.field("raw", pa.string()),
        pa.field("comparable", pa.string()),
        pa.field("value", pa.string()),
        pa.field("how", pa.string(), nullable=False),
    ]
)

#: Fields that only say how others are read.
_CONTEXT = ("channel", "country", "wechat_app", "wechat_corp", "social_network")

_EITHER_ORDER = re.compile(r"^\s*\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b")

_JUNK = {
    "placeholder": "a placeholder, typed instead of a value",
    "repeated": "one digit over and over",
    "sequence": "digits in order",
    "digits lost": "a spreadsheet wrote it as a power of ten and lost its digits",
    "implausible": "it cannot be",
    "masked": "a part of it is hidden",
    "unreadable": "it cannot be read as a value of this kind",
}

#: What is done to make a comparable column, where it is more than folding.
_DONE = {
    "email": "one spelling per mailbox: no tag, nothing the provider ignores",
    "email_local": "the part before the @",
    "phone": "the number in its international form",
    "birth_date": "read as a date",
    "sex": "read as a sex",
    "country": "the country's ISO code",
    "name_suffix": "the suffix of the name, in one spelling",
    "given_latin": "the given name in Latin letters",
    "surname_latin": "the surname in Latin letters",
    "given_name": "the given name",
    "middle_name": "the middle name",
    "surname": "the surname",
    "maiden_name": "the name before marriage",
    "nickname": "the name in quotes or brackets",
    "full_name": "the parts of the name, put together",
    "name_tokens": "the Latin words of the name, sorted",
    "company": "the name without its legal form",
    "legal_form": "the legal form",
    "company_latin": "the company's name in Latin letters",
    "company_words": "the words of the company's name in one spelling, sorted",
    "street": "the street, abbreviations written out",
    "street_number": "the number of the house",
    "unit": "the flat, floor or room",
    "address": "the whole line, abbreviations written out",
    "postcode": "the postcode without spaces",
    "national_id_valid": "whether the check character of a resident id agrees",
    "national_id_kind": "the kind of number that its check characters prove",
}


def explain(record: Mapping[str, Any], conventions: Conventions | Mapping[str, Conventions] | None = None) -> pa.Table:
    """EXPLAINED of one record: field → raw value. `conventions`: as for `standardize`.

    Fields that custid does not compare are left out.

    >>> rows = explain({"email": "Ann+x@Gmail.com", "phone": "无", "shoe": "42"}).to_pylist()
    >>> [(row["raw"], row["value"]) for row in rows]
    [('Ann+x@Gmail.com', 'ann@gmail.com'), ('Ann+x@Gmail.com', 'ann'), ('无', None)]
    >>> rows[2]["how"]
    'taken for no value: a placeholder, typed instead of a value'
    """
    held = {name: str(value) for name, value in record.items() if value is not None}
    fields = [name for name in held if kind_of(name) is not None]
    whole = _values(held, conventions)
    own = conventions if isinstance(conventions, Conventions) else (conventions or {}).get(held.get("channel", ""))
    rows: list[dict[str, str | None]] = []
    told: set[str] = set()
    for field in fields:
        context = {name: held[name] for name in _CONTEXT if name in held and name != field}
        alone = standardize(_table({**context, field: held[field]}), conventions)
        without = _values(context, conventions)
        made = {
            name: value
            for row in alone.values.to_pylist()
            for name, value in row.items()
            if value is not None and value != without.get(name) and (name == field or name not in _CONTEXT)
        }
        kept = {name: value for name, value in made.items() if whole.get(name) == value}
        for name, value in kept.items():
            rows.append(_row(field, held[field], name, value, _how(field, held[field], name, value, own)))
        told |= set(kept)
        reasons = [row["reason"] for row in alone.junk.to_pylist() if row["field"] == field]
        if reasons:
            said = f"taken for no value: {_JUNK.get(reasons[0], reasons[0])}"
            rows.append(_row(field, held[field], None, None, said))
        elif not kept and kind_of(field) == "namespace":
            rows.append(_row(field, held[field], None, None, "says within what other handles are unique"))
        elif not kept:
            said = "other columns say the same more surely" if made else "not compared"
            rows.append(_row(field, held[field], None, None, said))
    for name, value in whole.items():
        if name not in told and name not in ("record_key", "channel"):
            rows.append(_row("", None, name, value, f"{_DONE.get(name, 'made')}, of several columns together"))
    return pa.Table.from_pylist(rows, schema=EXPLAINED)


def sources_of(
    records: Sequence[Mapping[str, str]], conventions: Conventions | Mapping[str, Conventions] | None = None
) -> list[dict[str, list[str]]]:
    """For each record: comparable column → the raw values that give it, each by itself. What several fields make only
    together stands in none. As `explain` finds it, for all records at once.

    >>> sources_of([{"given_name": "Ann", "email": "Ann+x@Gmail.com"}])[0]["email_local"]
    ['Ann+x@Gmail.com']
    """
    alone: list[dict[str, str]] = []
    for record in records:
        context = {name: record[name] for name in _CONTEXT if name in record}
        fields = [name for name in record if name not in _CONTEXT and kind_of(name) is not None]
        alone += [dict(record), context, *({**context, name: record[name]} for name in fields)]
    names = list(dict.fromkeys(name for row in alone for name in row))
    table = pa.table({name: pa.array([row.get(name) for row in alone], pa.string()) for name in names})
    made = standardize(table, conventions).values
    rows = iter(zip(alone, made.to_pylist(), strict=True))
    found: list[dict[str, list[str]]] = []
    for record in records:
        (_, whole), (_, without) = next(rows), next(rows)
        raw: dict[str, list[str]] = {}
        for name in record:
            if name in _CONTEXT or kind_of(name) is None:
                continue
            _, values = next(rows)
            for column, value in values.items():
                if value is not None and value == whole[column] and value != without[column]:
                    raw.setdefault(column, []).append(record[name])
        found.append(raw)
    return found


def _table(record: Mapping[str, str]) -> pa.Table:
    return pa.table({name: pa.array([value], pa.string()) for name, value in record.items()})


def _values(record: Mapping[str, str], conventions: Conventions | Mapping[str, Conventions] | None) -> dict[str, str]:
    """The comparable values of one record that are there."""
    values = standardize(_table(record), conventions).values if record else pa.table({})
    row = values.to_pylist()[0] if values.num_columns else {}
    return {name: value for name, value in row.items() if value is not None}


def _row(column: str, raw: str | None, comparable: str | None, value: str | None, how: str) -> dict[str, str | None]:
    return {"column": column, "raw": raw, "comparable": comparable, "value": value, "how": how}


def _how(field: str, raw: str, comparable: str, value: str, said: Conventions | None) -> str:
    """In words, how `value` came of `raw`; `said`: of the record's channel."""
    if value == raw:
        return "as written"
    base, kind = base_of(comparable), kind_of(field)
    steps = _steps(raw)
    own = kind in ("text", "identifier", "name") and comparable == field
    if own and value == fold(pa.array([raw]))[0].as_py():
        return ", ".join(steps) or "punctuation out"
    if kind == "identifier" and base == "birth_date":
        return "the birth date that the number states"
    if kind == "identifier" and base == "sex":
        return "the sex that the number states"
    if kind == "identifier" and comparable == field:
        return "; ".join(_of_identifier(base, value)) or "spaces and invisible characters out"
    if kind == "date" and comparable == field:
        kept = {4: ", of which the year alone is sure", 7: ", without a day"}.get(len(value), "")
        order = said.day_first if said is not None and _EITHER_ORDER.match(raw) else None
        first = "" if order is None else f", the {'day' if order else 'month'} first as its channel writes them"
        return f"read as a date{first}{kept}"
    if kind == "phone" and not value.startswith("+"):
        return "its digits: no country is known in which it is a number"
    if kind == "sex" and said is not None and raw.strip() in (said.sexes or {}):
        return "what the code means in its channel"
    if kind in ("email", "phone", "sex"):
        return _DONE[base]
    done = _DONE.get(base)
    if done is None:
        done = (
            f"read out of the {kind}" if base in PARTS and base != base_of(field) else f"the {base.replace('_', ' ')}"
        )
    folding = [step for step in steps if step != "lower case"]
    return "; ".join([done, *folding])


def _of_identifier(field: str, value: str) -> list[str]:
    code = value.partition(":")[2] or value
    found = ["letters and digits only"] if field not in identifiers.CASE_SENSITIVE else []
    if ":" in value:
        found.append(f"within {value.partition(':')[0]}")
    checked = identifiers.are_checked(pa.array([code]), field)
    if checked is not None and checked[0].as_py():
        found.append("its check characters agree")
    return found


def _steps(raw: str) -> list[str]:
    """What folding changes in `raw`."""
    written = pa.array([raw])
    tidy = clean(written)
    if tidy[0].as_py() is None:
        return []
    found = []
    if not pc.equal(tidy, written)[0].as_py():
        found.append("full-width letters, spaces and invisible characters folded")
    lower = pc.utf8_lower(tidy)
    if not pc.equal(lower, tidy)[0].as_py():
        found.append("lower case")
    if has_han(lower)[0].as_py() and not pc.equal(simplify(lower), lower)[0].as_py():
        found.append("traditional characters simplified")
    elif not pc.equal(plain_letters(tidy), lower)[0].as_py():
        found.append("accents folded")
    return found

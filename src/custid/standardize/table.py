"""Records in, comparable values out: which kind reads which field, and which value wins where several could.

In: records (schemas.RECORDS or STORED_RECORDS + fields). Out: `Standardized`, row-aligned with the records.
Never here: rules of one kind (see its module), and anything by which one record's values would depend on
another record: that is what makes a day's batch give the same values as everything at once.

Work is done on the distinct values of a column. Where a value's reading depends on more than itself (a
telephone number on the record's country), it is done on the distinct pairs. Row by row only codes are handled (see
`coded`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import (
    addresses,
    coded,
    companies,
    countries,
    dates,
    emails,
    identifiers,
    junk,
    names,
    phones,
    sexes,
)
from custid.standardize.coded import Coded
from custid.standardize.fields import FIELDS, base_of, kind_of
from custid.standardize.text import Outcome, clean, fold, matches, nulls, on_some, replaced, where

#: field: the field the value stood in; value: as written; reason: see `junk`; count: rows that hold it.
JUNK = pa.schema(
    [
        pa.field("field", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("count", pa.int64(), nullable=False),
    ]
)

_PASSED = ("record_key", "channel", "record_id")
_NAME_PARTS = ("given_name", "middle_name", "surname", "maiden_name", "nickname")
# Countries that write the month before the day; elsewhere the day comes first, where the year does not.
_MONTH_FIRST = frozenset({"US", "PH", "FM", "MH"})
_YEAR_FIRST = frozenset({"CN", "TW", "HK", "MO", "JP", "KR", "HU", "LT", "MN", "CA"})

# Distinct values worked on at once: few enough that what is made of them on the way stays small.
_PIECE = 1 << 18

Columns = dict[str, Coded]


@dataclass(frozen=True)
class Standardized:
    """What `standardize` returns.

    `values`: row-aligned with the records; record_key and channel where the records have them, then one
    column per comparable value: strings, dictionary-encoded. `junk`: JUNK, what was taken for no value and why, by
    field, then count from the top.
    """

    values: pa.Table = field(repr=False)
    junk: pa.Table = field(repr=False)


def standardize(
    records: pa.Table,
    *,
    country: str | Mapping[str, str] | None = None,
    day_first: bool | Mapping[str, bool] | None = None,
    namespaces: Mapping[str, Mapping[str, str]] | None = None,
    not_junk: Mapping[str, Collection[str]] | None = None,
) -> Standardized:
    """Make the field columns of `records` comparable; unknown fields are left out.

    A comparable value depends on its own record, its channel and the arguments, and on nothing else.

    Args:
        records: RECORDS or STORED_RECORDS + fields, in any order.
        country: ISO 3166 code by which national telephone numbers and dates are read where the record has no
        country     of its own; or a mapping from channel to code.
        day_first: how dates such as 3/5/1980 are read, or a mapping from channel. None: by the country, and
        where that     says nothing, only the year is kept.
        namespaces: channel → field → the app, enterprise or site within which the handles of that field are unique,
        where the records do not say it themselves (`identifiers.NAMESPACED`).
        not_junk: field → values, as written, that are real although they look like junk.

    >>> records = pa.table({"full_name": ["ZHANG Wei"], "email": ["Wei+a@x.org"], "phone": ["无"]})
    >>> found = standardize(records, country="CN")
    >>> found.values.select(["surname", "name_tokens", "email", "phone"]).to_pylist()
    [{'surname': 'zhang', 'name_tokens': 'wei zhang', 'email': 'wei@x.org', 'phone': None}]
    >>> found.junk.to_pylist()
    [{'field': 'phone', 'value': '无', 'reason': 'placeholder', 'count': 1}]
    """
    work = _Work(records, country, day_first, namespaces or {}, not_junk or {})
    values: Columns = {}
    for suffix, sources in _by_number(records.column_names).items():
        columns = _standardize_group(work, sources)
        if suffix and "address" in sources and "street" not in sources:
            # A second address field is most often the second line of the first: too little to read parts
            # from.
            columns = {
                name: column for name, column in columns.items() if name not in addresses.PARTS or name in sources
            }
        values |= {name + suffix: column for name, column in columns.items()}
    passed = {name: records[name] for name in ("record_key", "channel") if name in records.column_names}
    return Standardized(pa.table(passed | values), work.junk_table())


def _by_number(columns: list[str]) -> dict[str, dict[str, str]]:
    """ "" or "_2", … → base field → column, for the columns that are fields."""
    groups: dict[str, dict[str, str]] = {}
    for column in columns:
        base = base_of(column)
        if base in FIELDS and column not in _PASSED:
            groups.setdefault(column.removeprefix(base), {})[base] = column
    return dict(sorted(groups.items(), key=lambda group: int(group[0][1:] or 1)))


class _Work:
    """The records, how to read them by channel, and the junk found so far."""

    def __init__(
        self,
        records: pa.Table,
        country: str | Mapping[str, str] | None,
        day_first: bool | Mapping[str, bool] | None,
        namespaces: Mapping[str, Mapping[str, str]],
        not_junk: Mapping[str, Collection[str]],
    ) -> None:
        self.records = records
        self._not_junk = {field: clean(pa.array(sorted(values))) for field, values in not_junk.items() if values}
        self._namespaces = namespaces
        self._junk: list[pa.Table] = []
        self.country = coded.mapped(self._by_channel(country, str), pc.utf8_upper)
        self.day_first = self._by_channel(day_first, lambda first: "day" if first else "month")

    def _by_channel(self, setting: object, text: Callable[[Any], str]) -> Coded:
        """`setting` as text per row: one value for all, or looked up by the row's channel."""
        rows = len(self.records)
        if setting is None or (isinstance(setting, Mapping) and "channel" not in self.records.column_names):
            return coded.no_values(rows)
        if not isinstance(setting, Mapping):
            return coded.spread(pa.array([text(setting)]), pa.repeat(pa.scalar(0, pa.int32()), rows))
        channels = coded.encode(self.records["channel"])
        said = [setting.get(name) for name in channels.dictionary.to_pylist()]
        by_channel = pa.array([None if value is None else text(value) for value in said], pa.string())
        return coded.spread(by_channel, channels.indices)

    def namespace(self, field: str) -> Coded:
        """What the settings say of each row's channel: within what the handles of `field` are unique."""
        said = {channel: fields[field] for channel, fields in self._namespaces.items() if field in fields}
        return self._by_channel(said, str)

    @cached_property
    def own_country(self) -> Coded | None:
        """What the records themselves say in their first country field; None when they have no such field."""
        if "country" not in self.records.column_names:
            return None
        return self.read("country", countries.countries)["country"]

    def read(self, column: str, kind: Callable[[pa.Array], Outcome]) -> Columns:
        """What `kind` makes of a column, row-aligned; its junk is noted."""
        written = coded.encode(self.records[column])
        contexts = nulls(len(written.dictionary))
        return self._read(column, written.dictionary, contexts, written.indices, lambda values, _: kind(values))

    def read_with(self, column: str, context: Coded, kind: Callable[[pa.Array, pa.Array], Outcome]) -> Columns:
        """As `read`, where the reading of a value also depends on the row's `context` (a string or null)."""
        written = coded.encode(self.records[column])
        # What is not there needs no context, and there is no use in telling its rows apart.
        known = pc.if_else(written.is_valid(), context.indices, pa.scalar(None, pa.int32()))
        context = pa.DictionaryArray.from_arrays(known, context.dictionary)
        (raw, contexts), rows = coded.pairs([written, context])
        return self._read(column, raw, contexts, rows, kind)

    def _read(
        self,
        column: str,
        raw: pa.Array,
        contexts: pa.Array,
        rows: pa.Array,
        kind: Callable[[pa.Array, pa.Array], Outcome],
    ) -> Columns:
        """`raw`, `contexts`: distinct values as written, each with its context; `rows`: which of them a row holds."""
        base = base_of(column)
        pieces: list[Outcome] = []
        for start in range(0, max(1, len(raw)), _PIECE):
            values = raw.slice(start, _PIECE)
            values = clean(_on_one_line(values) if FIELDS[base] == "address" else values)
            placeholder = junk.placeholders(values, base, FIELDS[base])
            real = self._not_junk.get(base)
            if real is not None:
                placeholder = where(pc.invert(pc.is_in(values, real)), placeholder)
            found = kind(where(pc.is_null(placeholder), values), contexts.slice(start, _PIECE))
            reason = found.reason
            if real is not None:
                reason = where(pc.invert(pc.is_in(values, real)), reason)
            columns = found.columns
            if reason.null_count < len(reason):
                columns = {name: where(pc.is_null(reason), column) for name, column in columns.items()}
            pieces.append(Outcome(columns, junk.first_reason(placeholder, reason)))
        self._note(column, raw, rows, pa.concat_arrays([piece.reason for piece in pieces]))
        return {
            name: coded.spread(pa.concat_arrays([piece.columns[name] for piece in pieces]), rows)
            for name in pieces[0].columns
        }

    def _note(self, column: str, raw: pa.Array, rows: pa.Array, reason: pa.Array) -> None:
        at = np.flatnonzero(reason.is_valid().to_numpy(zero_copy_only=False))
        if not len(at):
            return
        counts = np.bincount(rows.drop_null().to_numpy(), minlength=len(raw))
        found = [
            pa.repeat(column, len(at)),
            raw.take(pa.array(at)),
            reason.take(pa.array(at)),
            pa.array(counts[at]),
        ]
        self._junk.append(pa.Table.from_arrays(found, schema=JUNK))

    def junk_table(self) -> pa.Table:
        if not self._junk:
            return JUNK.empty_table()
        table = pa.concat_tables(self._junk).group_by(["field", "value", "reason"]).aggregate([("count", "sum")])
        table = table.rename_columns(["field", "value", "reason", "count"]).cast(JUNK)
        return table.sort_by(
            [("field", "ascending"), ("count", "descending"), ("value", "ascending"), ("reason", "ascending")]
        )


def _on_one_line(values: pa.Array) -> pa.Array:
    """The lines of an address, which say what belongs together, with commas between them."""
    broken = matches(values, r"[^\r\n][\r\n]+[^\r\n]")
    return on_some(values, broken, lambda some: replaced(some, r"[ ,;]*[\r\n]+[ ,;]*", ", "))


def _standardize_group(work: _Work, sources: dict[str, str]) -> Columns:
    """The comparable columns of fields that share a number; `sources`: base field → column."""
    values: Columns = {}
    place = _addresses(work, sources)
    country = coded.first(_own_country(work, place), work.country)
    assert country is not None
    values |= _names(work, sources)
    for base, column in sources.items():
        kind = kind_of(base)
        if kind == "email":
            found = work.read(column, emails.emails)
            values |= {"email": found["email"], "email_local": found["email_local"]}
        elif kind == "phone":
            values |= work.read_with(column, country, phones.phones)
        elif kind == "date":
            values |= _dates(work, column, base)
        elif kind == "sex":
            values |= work.read(column, sexes.sexes)
        elif kind == "text":
            found = work.read(column, text_values)
            values[base] = found["text"]
        elif kind == "identifier" and base != "national_id":
            values |= _identifiers(work, sources, base, country)
    if "national_id" in sources:
        found = work.read_with(sources["national_id"], country, identifiers.national_ids)
        values |= {name: found[name] for name in ("national_id", "national_id_valid", "national_id_kind")}
        for gap in ("birth_date", "sex"):
            values[gap] = coded.first(values.get(gap), found[gap])
    return values | place


def _identifiers(work: _Work, sources: dict[str, str], base: str, country: Coded) -> Columns:
    """The identifiers of one field, within what they are unique in."""
    if base == "tax_id":
        return work.read_with(
            sources[base], country, lambda some, countries: identifiers.identifiers(some, base, countries)
        )
    found = work.read(sources[base], partial(identifiers.identifiers, field=base))
    if base not in identifiers.NAMESPACED:
        return found
    said = identifiers.NAMESPACED[base]
    own = work.read(sources[said], text_values)["text"] if said in sources else None
    namespace = coded.first(own, work.namespace(base))
    assert namespace is not None
    return {base: coded.combined(identifiers.in_namespace, found[base], namespace)}


def text_values(values: pa.Array) -> Outcome:
    """`text` of clean values: folded, and nothing else."""
    return Outcome({"text": fold(values)}, nulls(len(values)))


def _own_country(work: _Work, place: Columns) -> Coded | None:
    """The country of each record: of its group's fields, else of its first country field."""
    return place.get("country", work.own_country)


def _dates(work: _Work, column: str, base: str) -> Columns:
    by_country = coded.mapped(work.country, _order_of_dates)
    order = coded.first(work.day_first, by_country)
    assert order is not None

    def read(some: pa.Array, orders: pa.Array) -> Outcome:
        iso, reason = nulls(len(some)), nulls(len(some))
        for name, day_first in ((None, None), ("day", True), ("month", False)):
            meant = pc.is_null(orders) if name is None else pc.fill_null(pc.equal(orders, name), False)
            if pc.any(meant).as_py():
                found = dates.dates(where(meant, some), day_first)
                iso, reason = pc.coalesce(iso, found.columns["birth_date"]), pc.coalesce(reason, found.reason)
        return Outcome({base: iso}, reason)

    return work.read_with(column, order, read)


def _order_of_dates(countries: pa.Array) -> pa.Array:
    """ "day" or "month": which stands first where dates are written as in these countries; null where the year does."""
    none = pa.scalar(None, pa.string())
    month_first = pc.is_in(countries, pa.array(sorted(_MONTH_FIRST)))
    year_first = pc.or_(countries.is_null(), pc.is_in(countries, pa.array(sorted(_YEAR_FIRST))))
    return pc.if_else(month_first, "month", pc.if_else(year_first, none, "day"))


def _names(work: _Work, sources: dict[str, str]) -> Columns:
    """Parts of names and the keys made of them, and companies, which also hide among full names."""
    parts: dict[str, Coded | None] = {}
    behind: list[Coded] = []
    if "name_suffix" in sources:
        behind.append(work.read(sources["name_suffix"], names.suffixes)["name_suffix"])
    for base in _NAME_PARTS:
        if base in sources:
            found = work.read(sources[base], names.name_parts)
            parts[base] = found["name"]
            behind.append(found["name_suffix"])
    company = work.read(sources["company"], companies.companies) if "company" in sources else {}
    if "full_name" in sources:
        found = work.read(sources["full_name"], _full_names)
        for base in ("given_name", "middle_name", "surname", "maiden_name", "nickname"):
            parts[base] = coded.first(parts.get(base), found[base])
        behind.append(found["name_suffix"])
        gap = company["company"].is_null() if company else None
        for name in ("company", "legal_form", "company_latin", "company_words"):
            company[name] = coded.choose(gap, found[name], company[name]) if gap is not None else found[name]
    values = {name: column for name, column in parts.items() if column is not None}
    if behind:
        values["name_suffix"] = behind[0] if len(behind) == 1 else coded.first(*behind)
    if "given_name" in values or "surname" in values:
        empty = coded.no_values(len(work.records))
        given, middle, surname = (values.get(name, empty) for name in ("given_name", "middle_name", "surname"))
        given_latin = coded.mapped(given, names.latin)
        surname_latin = coded.mapped(surname, partial(names.latin, surname=True))
        values |= {"given_latin": given_latin} if "given_name" in values else {}
        values |= {"surname_latin": surname_latin} if "surname" in values else {}
        values["full_name"] = coded.combined(names.whole_names, given, middle, surname)
        middle_latin = coded.mapped(middle, names.latin)
        values["name_tokens"] = coded.combined(names.name_tokens, given_latin, middle_latin, surname_latin)
    return values | company


def _full_names(values: pa.Array) -> Outcome:
    """`names.full_names` of people, `companies.companies` of what is plainly a company."""
    firm = companies.is_company(values)
    person, company = (
        names.full_names(where(pc.invert(firm), values)),
        companies.companies(where(firm, values)),
    )
    return Outcome(person.columns | company.columns, junk.first_reason(person.reason, company.reason))


def _addresses(work: _Work, sources: dict[str, str]) -> Columns:
    """Parts of addresses and the whole line; a record's own parts win over what longer values hold."""
    own: Columns = {}
    for base in ("street_number", "unit", "district", "city", "region"):
        if base in sources:
            own |= work.read(sources[base], partial(addresses.plain, field=base))
    if "postcode" in sources:
        own |= work.read(sources["postcode"], addresses.postcodes)
    values = dict(own)
    if "country" in sources:
        if sources["country"] == "country":
            values["country"] = work.own_country
        else:
            values |= work.read(sources["country"], countries.countries)
    for base, kind in (("street", addresses.streets), ("address", addresses.address_lines)):
        if base not in sources:
            continue
        found = work.read(sources[base], kind)
        if base == "street" and "street_number" in own:
            # The number stays in the street where the record names another one, or the same number would
            # stand twice.
            same = coded.same(own["street_number"], found["street_number"])
            apart = pc.or_(same, own["street_number"].is_null())
            found["street"] = coded.choose(apart, found["street"], found["street_whole"])
        for part in addresses.PARTS:
            if part in values or base == "address" or part in ("street", "street_number", "unit"):
                values[part] = coded.first(values.get(part), found[part])
        if base == "address":
            values["address"] = found["address"]
    # A postcode or a city alone is no address; it would only say again what its own column says.
    if "address" in sources or "street" in sources:
        values["address"] = coded.first(values.get("address"), _lines(work, values))
    return values


def _lines(work: _Work, values: Columns) -> Coded:
    """The line that a record's parts make, where it has no line of its own."""
    whole: Coded = values.get("address", coded.no_values(len(work.records)))
    lacking = whole.is_null()
    parts = {name: column.filter(lacking) for name, column in values.items() if name in addresses.PARTS}
    line = coded.combined(lambda *some: addresses.joined_line(dict(zip(parts, some, strict=True))), *parts.values())
    rows = pc.replace_with_mask(pa.nulls(len(whole), pa.int32()), lacking, line.indices)
    return pa.DictionaryArray.from_arrays(rows, line.dictionary)

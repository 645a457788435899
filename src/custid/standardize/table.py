"""Records in, comparable values out: which kind reads which field, and which value wins where several could.

In: records (schemas.RECORDS or STORED_RECORDS + fields). Out: `Standardized`, row-aligned with the records.
Never here: rules of one kind (see its module), and anything by which one record's values would depend on
another record: that is what makes a day's batch give the same values as everything at once.

Work is done on the distinct values of a column. Where a value's reading depends on more than itself (a
telephone number on the record's country), it is done on the distinct pairs. Row by row only codes are handled (see
`coded`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

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
from custid.standardize.conventions import Conventions
from custid.standardize.fields import FIELDS, base_of, kind_of
from custid.standardize.text import Outcome, clean, fold, matches, nulls, on_some, on_those, replaced, where

#: channel: null where the records have none; field: the field the value stood in; value: as written; reason: see
#: `junk`; count: rows that hold it.
JUNK = pa.schema(
    [
        pa.field("channel", pa.string()),
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

_JUNK_ORDER = ("channel", "field", "count", "value", "reason")

# What a street may hold besides its name, whatever else the record has.
_OF_STREETS = ("street", "street_number", "unit", "subdistrict")

# Distinct values worked on at once: few enough that what is made of them on the way stays small.
_PIECE = 1 << 18

Columns = dict[str, Coded]


@dataclass(frozen=True)
class Standardized:
    """What `standardize` returns.

    `values`: row-aligned with the records; record_key and channel where the records have them, then one
    column per comparable value: strings, dictionary-encoded. `junk`: JUNK, what was taken for no value and why, by
    channel and field, then count from the top.
    """

    values: pa.Table = field(repr=False)
    junk: pa.Table = field(repr=False)


def standardize(records: pa.Table, conventions: Conventions | Mapping[str, Conventions] | None = None) -> Standardized:
    """Make the field columns of `records` comparable; unknown fields are left out.

    A comparable value depends on its own record, its channel's conventions, and on nothing else.

    Args:
        records: RECORDS or STORED_RECORDS + fields, in any order.
        conventions: how the values are written: of all records, or by channel.

    >>> records = pa.table({"full_name": ["ZHANG Wei"], "email": ["Wei+a@x.org"], "phone": ["无"]})
    >>> found = standardize(records, Conventions(country="CN"))
    >>> found.values.select(["surname", "name_tokens", "email", "phone"]).to_pylist()
    [{'surname': 'zhang', 'name_tokens': 'wei zhang', 'email': 'wei@x.org', 'phone': None}]
    >>> found.junk.to_pylist()
    [{'channel': None, 'field': 'phone', 'value': '无', 'reason': 'placeholder', 'count': 1}]
    """
    work = _Work(records, conventions or Conventions())
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

    def __init__(self, records: pa.Table, conventions: Conventions | Mapping[str, Conventions]) -> None:
        self.records = records
        self._conventions = conventions
        self._junk: list[pa.Table] = []
        self.country = coded.mapped(self.setting(lambda said: said.country), pc.utf8_upper)

    @cached_property
    def channel(self) -> Coded | None:
        """The channel of each row, where the records have one."""
        return coded.encode(self.records["channel"]) if "channel" in self.records.column_names else None

    def setting(self, of: Callable[[Conventions], str | None]) -> Coded:
        """What the conventions of each row's channel say, as text."""
        rows = len(self.records)
        if isinstance(self._conventions, Conventions):
            said = of(self._conventions)
            one = pa.repeat(pa.scalar(0, pa.int32()), rows)
            return coded.no_values(rows) if said is None else coded.spread(pa.array([said]), one)
        if self.channel is None:
            return coded.no_values(rows)
        unsaid = Conventions()
        by_channel = [of(self._conventions.get(name, unsaid)) for name in self.channel.dictionary.to_pylist()]
        return coded.spread(pa.array(by_channel, pa.string()), self.channel.indices)

    @cached_property
    def own_country(self) -> Coded | None:
        """What the records themselves say in their first country field; None when they have no such field."""
        if "country" not in self.records.column_names:
            return None
        return self.read("country", countries.countries)["country"]

    def read(self, column: str, kind: Callable[[pa.Array], Outcome]) -> Columns:
        """What `kind` makes of a column, row-aligned; its junk is noted."""
        written = coded.encode(self.records[column])
        found = _distinct(written, None, self._real(column, written))
        return self._read(column, found, lambda values, _: kind(values))

    def read_with(self, column: str, context: Coded, kind: Callable[[pa.Array, pa.Array], Outcome]) -> Columns:
        """As `read`, where the reading of a value also depends on the row's `context` (a string or null)."""
        written = coded.encode(self.records[column])
        return self._read(column, _distinct(written, context, self._real(column, written)), kind)

    def _real(self, column: str, written: Coded) -> Coded | None:
        """Per row "real" where the channel says that the value is, whatever it looks like; None: no channel does."""
        base = base_of(column)
        said = self.setting(lambda conventions: "\x1f".join(conventions.not_junk.get(base, ())) or None)
        if not len(said.dictionary):
            return None

        def find(values: pa.Array, texts: pa.Array) -> pa.Array:
            found = pa.nulls(len(values), pa.string())
            for text in texts.unique().drop_null().to_pylist():
                among = pc.is_in(clean(values), clean(pa.array(text.split("\x1f"), pa.string())).drop_null())
                found = pc.if_else(pc.and_(among, pc.fill_null(pc.equal(texts, text), False)), "real", found)
            return found

        return coded.combined(find, written, said)

    def _read(self, column: str, found: _Distinct, kind: Callable[[pa.Array, pa.Array], Outcome]) -> Columns:
        """What `kind` makes of distinct values, by row; their junk is noted."""
        raw, real, rows = found.raw, found.real, found.rows
        base = base_of(column)
        pieces: list[Outcome] = []
        for start in range(0, max(1, len(raw)), _PIECE):
            values = raw.slice(start, _PIECE)
            values = clean(_on_one_line(values) if FIELDS[base] == "address" else values)
            placeholder = junk.placeholders(values, base, FIELDS[base])
            doubted = real.slice(start, _PIECE).is_null() if real is not None else None
            if doubted is not None:
                placeholder = where(doubted, placeholder)
            read = kind(where(pc.is_null(placeholder), values), found.contexts.slice(start, _PIECE))
            reason = read.reason if doubted is None else where(doubted, read.reason)
            columns = read.columns
            if reason.null_count < len(reason):
                columns = {name: where(pc.is_null(reason), column) for name, column in columns.items()}
            pieces.append(Outcome(columns, junk.first_reason(placeholder, reason)))
        self._note(column, raw, rows, pa.concat_arrays([piece.reason for piece in pieces]))
        once = raw if found.once else None
        return {
            name: coded.spread(pa.concat_arrays([piece.columns[name] for piece in pieces]), rows, once)
            for name in pieces[0].columns
        }

    def _note(self, column: str, raw: pa.Array, rows: pa.Array, reason: pa.Array) -> None:
        """Count the rows of each channel that hold values with a reason."""
        at = np.flatnonzero(reason.is_valid().to_numpy(zero_copy_only=False))
        if not len(at):
            return
        held = np.flatnonzero(pc.is_in(rows, pa.array(at, pa.int32())).to_numpy(zero_copy_only=False))
        which = rows.take(pa.array(held)).to_numpy(zero_copy_only=False).astype(np.int64)
        channels = np.zeros(len(held), np.int64)
        names = pa.nulls(1, pa.string())
        if self.channel is not None:
            names = self.channel.dictionary
            channels = self.channel.indices.take(pa.array(held)).to_numpy(zero_copy_only=False).astype(np.int64)
        found, counts = np.unique(which * max(1, len(names)) + channels, return_counts=True)
        value, channel = (pa.array(part) for part in np.divmod(found, max(1, len(names))))
        columns = [
            names.take(channel),
            pa.repeat(column, len(found)),
            raw.take(value),
            reason.take(value),
            pa.array(counts),
        ]
        self._junk.append(pa.Table.from_arrays(columns, schema=JUNK))

    def junk_table(self) -> pa.Table:
        if not self._junk:
            return JUNK.empty_table()
        keys = ["channel", "field", "value", "reason"]
        table = pa.concat_tables(self._junk).group_by(keys).aggregate([("count", "sum")])
        table = table.rename_columns([*keys, "count"]).cast(JUNK)
        order = [(name, "descending" if name == "count" else "ascending") for name in _JUNK_ORDER]
        return table.sort_by(order)


class _Distinct(NamedTuple):
    """The distinct values of a column, each with its context and whether it is real, whatever it looks like; `rows`:
    which of them a row holds; `once`: no value stands there with two contexts."""

    raw: pa.Array
    contexts: pa.Array
    real: pa.Array | None
    rows: pa.Array
    once: bool


def _distinct(written: Coded, context: Coded | None, real: Coded | None) -> _Distinct:
    one = coded.only(context) if context is not None else pa.scalar(None, pa.string())
    if one is not None and real is None:
        contexts = pa.repeat(one, len(written.dictionary))
        return _Distinct(written.dictionary, contexts, None, written.indices, True)
    columns = [written]
    for beside in (context, real):
        if beside is not None:
            # What is not there needs no context, and there is no use in telling its rows apart.
            known = pc.if_else(written.is_valid(), beside.indices, pa.scalar(None, pa.int32()))
            columns.append(pa.DictionaryArray.from_arrays(known, beside.dictionary))
    (raw, *others), rows = coded.pairs(columns)
    contexts = others[0] if context is not None else nulls(len(raw))
    return _Distinct(raw, contexts, others[-1] if real is not None else None, rows, False)


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
            values |= _sexes(work, column)
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
    namespace = coded.first(own, work.setting(lambda said: said.namespaces.get(base)))
    assert namespace is not None
    if not len(namespace.dictionary):
        return found
    return {base: coded.combined(identifiers.in_namespace, found[base], namespace)}


def text_values(values: pa.Array) -> Outcome:
    """`text` of clean values: folded, and nothing else."""
    return Outcome({"text": fold(values)}, nulls(len(values)))


def _own_country(work: _Work, place: Columns) -> Coded | None:
    """The country of each record: of its group's fields, else of its first country field."""
    return place.get("country", work.own_country)


def _dates(work: _Work, column: str, base: str) -> Columns:
    by_country = coded.mapped(work.country, _order_of_dates)
    order = coded.first(work.setting(_order_said), by_country)
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


def _order_said(said: Conventions) -> str | None:
    """ "day" or "month": which stands first in a channel's dates; None where it does not say."""
    return None if said.day_first is None else "day" if said.day_first else "month"


def _sexes(work: _Work, column: str) -> Columns:
    said = work.setting(lambda conventions: sexes.as_text(conventions.sexes))
    return work.read_with(column, said, sexes.sexes) if len(said.dictionary) else work.read(column, sexes.sexes)


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
    person = names.full_names(where(pc.invert(firm), values))
    company = on_those(companies.companies, firm, values)
    return Outcome(person.columns | company.columns, junk.first_reason(person.reason, company.reason))


def _addresses(work: _Work, sources: dict[str, str]) -> Columns:
    """Parts of addresses and the whole line; a record's own parts win over what longer values hold."""
    own: Columns = {}
    for base in ("street_number", "unit", "subdistrict", "district", "city", "region"):
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
            if part in values or base == "address" or part in _OF_STREETS:
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

"""What may become a golden value, and what speaks for each.

In: records with their customers, a unit of fields (one field, or the parts of a group). Out: `Candidates`, whose
`ranks` a rule puts in order. Never here: choosing between customers, writing values down.

A record stands for election once per slot: the second e-mail, `email_2`, is a candidate of its own, and so is a second
address (`street_2`, `city_2`). A value that stands for nothing (`N/A`, 无) is no candidate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid import schemas
from custid.model.survivorship import WHOLE, Rule, Unit, is_compared
from custid.standardize import junk
from custid.standardize.coded import encode
from custid.standardize.fields import FIELDS, base_of
from custid.standardize.text import clean, fold

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: What decides where a rule leaves a tie, in this order.
STANDING = ("most_recent", "most_complete", "first_known")


@dataclass(frozen=True)
class People:
    """Records that have a customer. `records`: STORED_RECORDS + fields; `customer`: per record the number of its
    customer; `values`: comparable values, row by row, None: none are known; `real`: see `Survivorship`."""

    records: pa.Table = field(repr=False)
    customer: Numbers = field(repr=False)
    values: pa.Table | None = field(repr=False)
    real: Mapping[str, frozenset[str]] = field(repr=False)

    @cached_property
    def fields(self) -> list[str]:
        """The field columns."""
        return schemas.fields_of(self.records, schemas.STORED_RECORDS)

    @cached_property
    def source(self) -> pa.ChunkedArray:
        """Per record its name, "channel:record_id"."""
        return pc.binary_join_element_wise(self.records["channel"], self.records["record_id"], ":")

    @cached_property
    def filled(self) -> Numbers:
        """Per record how many fields have a value."""
        count = np.zeros(len(self.records), np.int64)
        for name in self.fields:
            count += self.records[name].is_valid().to_numpy(zero_copy_only=False)
        return count

    @cached_property
    def channel(self) -> tuple[Numbers, list[str]]:
        """Per record the number of its channel, and the channels."""
        coded = encode(self.records["channel"])
        return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()

    def standings(self) -> list[Numbers]:
        """Per record what decides ties, higher is better: when it changed (one that does not say: before all that do,
        by the run that brought its values), how complete it is, since when it is known."""
        instant = self.records["updated_at"].cast(pa.int64()).fill_null(np.iinfo(np.int64).min // 2).to_numpy()
        return [instant, self.records["last_run"].to_numpy(), self.filled, -self.records["record_key"].to_numpy()]

    @cached_property
    def standing(self) -> Numbers:
        """`standings` as one number."""
        order = np.lexsort(self.standings()[::-1])
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return place


@dataclass(frozen=True)
class Candidates:
    """What may become the values of one unit: `row` of the records, `slot` of the unit's `columns`.

    `columns`: per slot the unit's fields → the column that holds them; `empty`: rows and slots that hold nothing but
    placeholders.
    """

    people: People = field(repr=False)
    unit: Unit
    columns: list[dict[str, str]]
    row: Numbers = field(repr=False)
    slot: Numbers = field(repr=False)
    empty: tuple[Numbers, Numbers] = field(repr=False)

    @property
    def customer(self) -> Numbers:
        """Per candidate the number of its customer."""
        return self.people.customer[self.row]

    def ranks(self, rule: Rule) -> list[tuple[str, Numbers]]:
        """What decides, the first first, higher is better: whether the value can be read, whether a group is whole, the
        steps of the rule. Ties fall to `People.standing`, then to the lower slot."""
        found: list[tuple[str, Numbers]] = []
        if is_compared(self.unit.name) and self.people.values is not None:
            found.append(("readable", (self.codes >= 0).astype(np.int64)))
        if self.unit.name in WHOLE and self.unit.fields != (self.unit.name,):
            found.append(("whole", self._whole()))
        for step in rule.steps:
            if step.name == "most_recent":
                found.append((str(step), self.people.standings()[0][self.row]))
                found.append((str(step), self.people.standings()[1][self.row]))
            elif step.name == "most_complete":
                grouped = len(self.unit.fields) > 1
                found.append((str(step), self._parts() if grouped else self.people.filled[self.row]))
            elif step.name == "most_frequent":
                found.append((str(step), self._frequency()))
            elif step.name == "longest":
                found.append((str(step), self._length()))
            else:
                codes, names = self.people.channel
                worth = {name: len(step.channels) - at for at, name in enumerate(step.channels)}
                found.append((str(step), np.array([worth.get(name, 0) for name in names] or [0])[codes][self.row]))
        return found

    def order(self, rule: Rule) -> Numbers:
        """The candidates by customer, the best first."""
        ranks = self.ranks(rule)
        while ranks and ranks[-1][0] == "most_recent":  # as standing has it
            ranks.pop()
        keys = [self.slot, -self.people.standing[self.row], *(-rank for _, rank in reversed(ranks)), self.customer]
        return np.lexsort(keys)

    def elect(self, rule: Rule, customers: int) -> Numbers:
        """Per customer the candidate that wins; -1: it has none."""
        customer = self.customer
        counts = np.bincount(customer, minlength=customers)
        winners = np.full(customers, -1, np.int64)
        alone = counts[customer] == 1
        winners[customer[alone]] = np.flatnonzero(alone)
        several = np.flatnonzero(~alone)
        if len(several):
            order = several[self.among(several).order(rule)]
            first = np.ones(len(order), bool)
            first[1:] = customer[order][1:] != customer[order][:-1]
            winners[customer[order][first]] = order[first]
        return winners

    def among(self, some: Numbers) -> Candidates:
        """Only these of the candidates."""
        return Candidates(self.people, self.unit, self.columns, self.row[some], self.slot[some], self.empty)

    def take(self, part: str, some: Numbers, *, of: pa.Table | None = None) -> pa.Array:
        """What candidates hold of one field of the unit, as written or `of` a table of comparable values; -1: null."""
        table = self.people.records if of is None else of
        found = pa.nulls(len(some), pa.string())
        row = np.where(some < 0, 0, self.row[some]) if len(self.row) else np.zeros(len(some), np.int64)
        slot = np.where(some < 0, -1, self.slot[some]) if len(self.slot) else np.full(len(some), -1)
        for number, columns in enumerate(self.columns):
            name = columns.get(part)
            here = slot == number
            if name is None or name not in table.column_names or not here.any():
                continue
            taken = table[name].take(pa.array(row, mask=~here))
            found = pc.coalesce(found, _whole_array(taken).cast(pa.string()))
        return found

    @cached_property
    def codes(self) -> Numbers:
        """Per candidate a number that is the same for equal comparable values; -1: it has none."""
        values = self.people.values
        assert values is not None
        found = encode(self.take(self.unit.name, np.arange(len(self.row)), of=values))
        return np.asarray(found.indices.fill_null(-1).to_numpy(), np.int64)

    @cached_property
    def likeness(self) -> Numbers:
        """Per candidate a number that is the same for what counts as one value in several spellings: by its comparable
        value where the field has one, else by its letters and digits."""
        everything = np.arange(len(self.row))
        spelt = np.zeros(len(self.row), np.int64)
        for part in self.unit.fields:
            coded = encode(self.take(part, everything))
            folded = pc.coalesce(fold(coded.dictionary), coded.dictionary).dictionary_encode()
            alike = folded.indices.take(coded.indices).fill_null(-1).to_numpy().astype(np.int64) + 1
            spelt = np.unique(spelt * (alike.max(initial=0) + 1) + alike, return_inverse=True)[1].ravel()
        if is_compared(self.unit.name) and self.people.values is not None:
            return np.where(self.codes >= 0, self.codes, spelt + self.codes.max(initial=0) + 1)
        return spelt

    def _frequency(self) -> Numbers:
        """How many records of its customer have the candidate's value."""
        if not len(self.row):
            return np.zeros(0, np.int64)
        number = self.customer * (self.likeness.max(initial=0) + 1) + self.likeness
        _, number = np.unique(number, return_inverse=True)
        number = number.ravel()
        # A record that has it twice counts once.
        once = np.unique(number * (self.row.max() + 1) + self.row) // (self.row.max() + 1)
        return np.bincount(once, minlength=number.max() + 1)[number]

    def _length(self) -> Numbers:
        length = np.zeros(len(self.row), np.int64)
        for part in self.unit.fields:
            length += pc.utf8_length(self.take(part, np.arange(len(self.row)))).fill_null(0).to_numpy()
        return length

    def _parts(self) -> Numbers:
        everything = np.arange(len(self.row))
        parts = np.zeros(len(self.row), np.int64)
        for part in self.unit.fields:
            parts += self.take(part, everything).is_valid().to_numpy(zero_copy_only=False)
        return parts

    def _whole(self) -> Numbers:
        everything = np.arange(len(self.row))
        whole = np.zeros(len(self.row), bool)
        for needed in WHOLE[self.unit.name]:
            if needed <= set(self.unit.fields):
                there = [self.take(part, everything).is_valid().to_numpy(zero_copy_only=False) for part in needed]
                whole |= np.logical_and.reduce(there)
        return whole.astype(np.int64)


def candidates(people: People, unit: Unit) -> Candidates:
    """All that may become the values of a unit."""
    columns = slots(unit, people.fields)
    there, hollow = _Places(), _Places()
    for number, held in enumerate(columns):
        valid = np.zeros(len(people.records), bool)
        real = np.zeros(len(people.records), bool)
        for base, name in held.items():
            column = people.records[name]
            valid |= column.is_valid().to_numpy(zero_copy_only=False)
            real |= ~_nothing(column, base, people.real)
        there.add(real, number)
        hollow.add(valid & ~real, number)
    return Candidates(people, unit, columns, *there.all(), hollow.all())


class _Places:
    """Rows and slots, gathered slot by slot."""

    def __init__(self) -> None:
        self._rows = [np.zeros(0, np.int64)]
        self._slots = [np.zeros(0, np.int64)]

    def add(self, mask: Mask, slot: int) -> None:
        self._rows.append(np.flatnonzero(mask))
        self._slots.append(np.full(len(self._rows[-1]), slot))

    def all(self) -> tuple[Numbers, Numbers]:
        return np.concatenate(self._rows), np.concatenate(self._slots)


def slots(unit: Unit, fields: list[str]) -> list[dict[str, str]]:
    """Per slot of a unit, its fields (and further lines of an address) → the columns that hold them.

    A second address field alone is the second line of the first address; with a street or city it is another one.

    >>> unit = Unit("address", ("address", "city"), Rule(()))
    >>> slots(unit, ["address", "city", "address_2", "city_3"])
    [{'address': 'address', 'city': 'city', 'address_2': 'address_2'}, {'city': 'city_3'}]
    """
    found: dict[int, dict[str, str]] = {}
    for name in fields:
        base = base_of(name)
        if base in unit.fields:
            found.setdefault(int(name.removeprefix(base).strip("_") or 1), {})[base] = name
    first = found.get(1, {})
    if "address" in first:
        for number in [number for number, held in found.items() if number > 1 and set(held) == {"address"}]:
            line = found.pop(number)["address"]
            first[line] = line
    return [found[number] for number in sorted(found)]


def lines(unit: Unit, fields: list[str]) -> tuple[str, ...]:
    """The fields of a unit, with further lines of an address."""
    further = [part for held in slots(unit, fields) for part in held if part not in unit.fields]
    return (*unit.fields, *further)


def comparable_columns(fields: list[str]) -> list[str]:
    """The comparable columns that tell values of these fields apart."""
    return [name for name in fields if is_compared(name)]


def _nothing(column: pa.ChunkedArray, field: str, real: Mapping[str, frozenset[str]]) -> Mask:
    """Where a value is missing or stands for nothing."""
    found = encode(column)
    values = clean(found.dictionary)
    placeholder = junk.placeholders(values, field, FIELDS.get(field, "")).is_valid()
    if said := real.get(field):
        placeholder = pc.and_(placeholder, pc.invert(pc.is_in(values, clean(pa.array(sorted(said))))))
    hollow = pc.or_(values.is_null(), placeholder)
    return np.asarray(pc.fill_null(hollow.take(found.indices), True).to_numpy(zero_copy_only=False), bool)


def _whole_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole

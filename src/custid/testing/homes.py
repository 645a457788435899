"""Made-up homes with their towns, postcodes and telephone numbers, in four countries.

In: draws, countries (positions in `COUNTRIES`). Out: `Homes`, and national numbers as text, no leading 0.
Never here: people, mistakes, how a number is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from custid.testing.data import places
from custid.testing.draws import Draws, Flags, Ints, Words, ranked, shares, weighted
from custid.testing.texts import choose, digits, join, put, take

COUNTRIES = ("US", "GB", "DE", "CN")
US, GB, DE, CN = range(4)


@dataclass(frozen=True)
class Towns:
    """The towns of a country: `words` are their names; `region`, `area` (dialling codes) and `postcode` (its
    front) go with them; `districts` only in China."""

    words: Words
    region: pa.Array
    area: list[list[str]]
    postcode: list[str]
    districts: list[list[str]]


@dataclass(frozen=True)
class Homes:
    """One entry per home in each array. `town` is a position in the towns of its `country`; `unit` is
    null in a house.

    A Chinese home has no `number`: its `street` is district, road, number, estate and building, its `unit` is
    the room.
    """

    country: Ints
    town: Ints
    number: pa.Array
    street: pa.Array
    unit: pa.Array
    city: pa.Array
    region: pa.Array
    postcode: pa.Array

    def __len__(self) -> int:
        return len(self.country)

    @staticmethod
    def both(one: Homes, other: Homes) -> Homes:
        """The homes of `one`, then those of `other`."""
        return Homes(
            np.concatenate([one.country, other.country]),
            np.concatenate([one.town, other.town]),
            *(
                pa.concat_arrays([getattr(one, name), getattr(other, name)])
                for name in ("number", "street", "unit", "city", "region", "postcode")
            ),
        )


def homes_in(country: Ints, draws: Draws, *, town: Ints | None = None) -> Homes:
    """One home in each of the countries given; where `town` is not negative, in that town."""
    count = len(country)
    columns = {
        name: pa.nulls(count, pa.string()) for name in ("number", "street", "unit", "city", "region", "postcode")
    }
    towns_drawn = np.zeros(count, dtype=np.int64)
    for code in range(len(COUNTRIES)):
        group = country == code
        some = int(group.sum())
        towns = _towns(code)
        drawn = draws.codes(some, towns.words)
        if town is not None:
            drawn = np.where(town[group] >= 0, town[group], drawn)
        towns_drawn[group] = drawn
        parts = {"city": take(towns.words.values, drawn), "region": take(towns.region, drawn)}
        parts |= _chinese_lines(drawn, towns, draws) if code == CN else _western_lines(code, drawn, towns, draws)
        columns = {name: put(values, group, parts[name]) for name, values in columns.items()}
    return Homes(country, towns_drawn, **columns)


def mobiles(homes: Homes, home: Ints, draws: Draws) -> pa.Array:
    """A mobile number for each of `home`; in the US it has an area code of the region."""
    country = homes.country[home]
    count = len(home)
    seven, eight = digits(draws.below(count, 10_000_000), 7), digits(draws.below(count, 100_000_000), 8)
    number = pa.nulls(count, pa.string())
    number = put_where(number, country == US, join(_areas(homes, home, draws), _local(count, draws, 7)))
    number = put_where(number, country == GB, join(draws.words(count, _GB_MOBILE), eight))
    number = put_where(number, country == DE, join(draws.words(count, _DE_MOBILE), seven))
    return put_where(number, country == CN, join(draws.words(count, _CN_MOBILE), eight))


def landlines(homes: Homes, draws: Draws) -> pa.Array:
    """A landline number for each home: its area code, and as many digits behind it as the country has."""
    count = len(homes)
    area = _areas(homes, np.arange(count), draws)
    width = np.array([7, 0, 7, 8])[homes.country]
    area_width = np.array([len(code) for code in area.to_pylist()], dtype=np.int64)
    width = np.where(homes.country == GB, 10 - area_width, width)
    number = pa.nulls(count, pa.string())
    for length in np.unique(width).tolist():
        number = put_where(number, width == length, join(area, _local(count, draws, int(length))))
    return number


def put_where(values: pa.Array, rows: Flags, other: pa.Array) -> pa.Array:
    """`values`, or `other` at `rows`."""
    return choose(rows, other, values)


# --- telephone numbers --------------------------------------------------------------------------------------

_GB_MOBILE = shares("74:1 75:2 77:3 78:3 79:3")
_DE_MOBILE = shares("160:1 162:1 163:1 170:2 171:2 172:2 173:1 174:1 175:2 176:2 177:1 178:1 179:1")
_CN_MOBILE = shares(
    "130:3 131:3 132:2 133:3 134:2 135:5 136:5 137:5 138:6 139:6 150:4 151:4 152:3 153:2 155:2 156:2 157:2"
    " 158:4 159:4 166:1 173:1 175:1 176:2 177:2 178:2 180:3 181:2 182:3 183:3 185:2 186:3 187:4 188:4 189:2"
    " 191:1 198:1 199:1"
)


def _local(count: int, draws: Draws, width: int) -> pa.Array:
    """Digits behind an area code, the first from 2 to 8."""
    return digits((2 + draws.below(count, 7)) * 10 ** (width - 1) + draws.below(count, 10 ** (width - 1)), width)


def _areas(homes: Homes, home: Ints, draws: Draws) -> pa.Array:
    """A dialling code of each home's town."""
    area = pa.nulls(len(home), pa.string())
    which = draws.uniform(len(home))
    for code in range(len(COUNTRIES)):
        group = homes.country[home] == code
        codes = _towns(code).area
        starts = np.cumsum([0] + [len(some) for some in codes])
        town = homes.town[home][group]
        sizes = np.array([len(some) for some in codes])
        position = starts[town] + np.floor(which[group] * sizes[town]).astype(np.int64)
        area = put(area, group, take(pa.array([code for some in codes for code in some], pa.string()), position))
    return area


# --- towns --------------------------------------------------------------------------------------------------


def _composed(parts: tuple[str, str]) -> list[str]:
    names = [(front + back).replace("_", " ") for front in parts[0].split() for back in parts[1].split()]
    return [names[i] for i in Draws(13).order(len(names))]


@lru_cache(maxsize=4)
def _towns(country: int) -> Towns:
    if country == CN:
        rows = [row.split(":") for row in places.CN_CITIES]
        return Towns(
            weighted([row[0] for row in rows], [float(row[4]) for row in rows]),
            pa.array([row[1] for row in rows]),
            [[row[3]] for row in rows],
            [row[2] for row in rows],
            [row[5].split(",") for row in rows],
        )
    heads, others = {US: _us, GB: _gb, DE: _de}[country]()
    # half of the people live in the cities, half in small towns of which there are hundreds
    tail = 1.0 / (np.arange(len(others)) + 60.0)
    head = np.array([weight for _, _, _, _, weight in heads])
    weights = np.concatenate([head / head.sum(), tail / tail.sum()])
    rows4 = [row[:4] for row in heads] + others
    return Towns(
        weighted([name for name, _, _, _ in rows4], weights),
        pa.array([region for _, region, _, _ in rows4]),
        [area for _, _, area, _ in rows4],
        [postcode for _, _, _, postcode in rows4],
        [],
    )


#: name, region, dialling codes, front of the postcodes
Town = tuple[str, str, list[str], str]


def _us() -> tuple[list[tuple[str, str, list[str], str, float]], list[Town]]:
    regions = {row[0]: row for row in _rows(places.US_REGIONS)}
    heads = []
    for number, (name, region, weight) in enumerate(_rows(places.US_CITIES)):
        heads.append((name, region, regions[region][2].split(","), _front(regions[region][1], number), float(weight)))
    draws = Draws(14)
    names = _composed(places.TOWN_PARTS)
    drawn = draws.words(len(names), weighted(list(regions), [float(row[3]) for row in regions.values()])).to_pylist()
    others = [
        (name, region, regions[region][2].split(",")[:1], _front(regions[region][1], number))
        for number, (name, region) in enumerate(zip(names, drawn, strict=True))
    ]
    return heads, others


def _gb() -> tuple[list[tuple[str, str, list[str], str, float]], list[Town]]:
    rows = _rows(places.GB_CITIES)
    heads = [(name, region, [dial], area, float(weight)) for name, region, area, dial, weight in rows]
    names = [name for name in _composed(places.TOWN_PARTS) if " " not in name]
    others = [
        (name, rows[n % len(rows)][1], [str(1200 + n % 790)], rows[n % len(rows)][2]) for n, name in enumerate(names)
    ]
    return heads, others


def _de() -> tuple[list[tuple[str, str, list[str], str, float]], list[Town]]:
    rows = _rows(places.DE_CITIES)
    heads = [(name, region, [dial], _front(fronts, 0), float(weight)) for name, region, fronts, dial, weight in rows]
    others = [
        (
            name.replace("_", " "),
            rows[n % len(rows)][1],
            [str(2051 + 11 * (n % 690))],
            f"{120 + (n * 7) % 870:03d}",
        )
        for n, name in enumerate(_composed(places.DE_TOWN_PARTS))
    ]
    return heads, others


def _rows(rows: list[str]) -> list[list[str]]:
    return [row.replace("_", " ").split(":") for row in rows]


def _front(fronts: str, number: int) -> str:
    low, high = (int(text) for text in fronts.split("-"))
    return f"{low + (number * 7) % (high - low + 1):03d}"


# --- lines of an address ------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _streets(country: int) -> Words:
    heads = {US: places.US_STREETS, GB: places.GB_STREETS, DE: places.DE_STREETS}[country]
    fronts, backs = places.DE_STREET_PARTS if country == DE else places.STREET_PARTS
    tail = [front + back for front in fronts.split() for back in backs.split()]
    common = [name.strip() for name in heads.split("|") if name.strip()]
    tail = [tail[i] for i in Draws(15).order(len(tail))]
    return ranked(list(dict.fromkeys(common + tail)), offset=12)


@lru_cache(maxsize=1)
def _roads() -> Words:
    fronts, backs = places.CN_ROAD_PARTS
    tail = [front + back for front in fronts for back in backs]
    tail = [tail[i] for i in Draws(16).order(len(tail))]
    return ranked(places.CN_ROADS + tail, offset=15)


def mixed(*numbers: Ints) -> Ints:
    """A number that depends on all of them, evenly spread: so a street has one postcode for all its homes."""
    total = np.zeros(len(numbers[0]), dtype=np.uint64)
    for number in numbers:
        total = (total ^ number.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        total ^= total >> np.uint64(29)
    return (total >> np.uint64(20)).astype(np.int64)


def _western_lines(country: int, town: Ints, towns: Towns, draws: Draws) -> dict[str, pa.Array]:
    count = len(town)
    streets = _streets(country)
    street_code = draws.codes(count, streets)
    street = take(streets.values, street_code)
    number_code = 1 + np.floor(draws.uniform(count) ** 2 * (120 if country != US else 2400)).astype(np.int64)
    number = digits(number_code, 1)
    flat_number = digits(1 + draws.below(count, 40), 1)
    in_flat = draws.flags(count, 0.22)
    front = take(pa.array(towns.postcode), town)
    spot = mixed(town, street_code)
    if country == DE:
        return {
            "number": number,
            "street": street,
            "unit": pa.nulls(count, pa.string()),
            "postcode": join(front, digits(spot % 40 + 10, 2)),
        }
    kinds = shares(places.US_STREET_KINDS if country == US else places.GB_STREET_KINDS)
    kind_code = draws.codes(count, kinds)
    spot = mixed(town, street_code, kind_code)
    street = join(street, " ", take(kinds.values, kind_code))
    unit = join("Apartment ", flat_number) if country == US else join("Flat ", flat_number)
    if country == US:
        postcode = join(front, digits(spot % 60, 2))
    else:
        alphabet = pa.array(list("ABDEFGHJLNPQRSTUWXYZ"))
        postcode = join(front, digits(1 + spot % 20, 1), " ", digits((spot >> 8) % 10, 1))
        postcode = join(
            postcode, take(alphabet, (spot >> 12) % 20), take(alphabet, mixed(spot, number_code // 30) % 20)
        )
    return {"number": number, "street": street, "unit": choose(in_flat, unit, None), "postcode": postcode}


def _chinese_lines(town: Ints, towns: Towns, draws: Draws) -> dict[str, pa.Array]:
    count = len(town)
    sizes = np.array([len(names) for names in towns.districts])
    starts = np.cumsum(sizes) - sizes
    names = pa.array([name for some in towns.districts for name in some], pa.string())
    district_code = starts[town] + draws.below(count, sizes[town])
    roads, kinds = _roads(), shares(places.CN_ROAD_KINDS)
    road_code, kind_code = draws.codes(count, roads), draws.codes(count, kinds)
    road = join(take(roads.values, road_code), take(kinds.values, kind_code))
    number = digits(1 + np.floor(draws.uniform(count) ** 2 * 900).astype(np.int64), 1)
    estate = join(
        draws.words(count, ranked(places.CN_ESTATES, offset=8)),
        draws.words(count, ranked(places.CN_ESTATE_KINDS, offset=2)),
    )
    building = join(digits(1 + draws.below(count, 30), 1), choose(draws.flags(count, 0.6), "栋", "号楼"))
    estate = choose(draws.flags(count, 0.6), join(estate, building), "")
    room = join(digits(1 + draws.below(count, 30), 1), digits(1 + draws.below(count, 4), 2), "室")
    fronts = np.array([[int(part) for part in front.split("-")] for front in towns.postcode])
    spot = mixed(district_code)
    front = fronts[town, 0] + spot % (fronts[town, 1] - fronts[town, 0] + 1)
    return {
        "number": pa.nulls(count, pa.string()),
        "street": join(take(names, district_code), road, number, "号", estate),
        "unit": choose(draws.flags(count, 0.8), room, None),
        "postcode": digits(front * 100 + (spot >> 9) % 5 * 20, 6),
    }

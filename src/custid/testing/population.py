"""Made-up people in their households, as they are: without a record, without a mistake.

In: draws, settings, a number of people. Out: `People`. Never here: records, mistakes.
Everybody is invented; a likeness to a real person, number or mailbox is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.testing.data import chinese, western
from custid.testing.draws import Draws, Flags, Floats, Ints, Words, ranked, shares, weighted
from custid.testing.homes import COUNTRIES, Homes, homes_in, landlines, mobiles
from custid.testing.texts import at, choose, digits, distinctly, flat, join, put, spelled, take

US, GB, DE, CN = range(len(COUNTRIES))

#: Records are dated from the first to before the second, in days since 1970-01-01: 2019-01-01 and 2026-03-01.
WINDOW = (17897, 20513)

PINYIN = {
    character: "".join(letter for letter in group if letter.isascii())
    for group in chinese.PINYIN
    for character in group
    if not character.isascii()
}
TRADITIONAL = {pair[0]: pair[1] for pair in chinese.TRADITIONAL}


@dataclass(frozen=True)
class HouseholdSettings:
    """How people live together. Rates are shares between 0 and 1.

    Attributes:
        chinese: share of households that are Chinese; of the others six in ten are in the US, three in
            Britain, one in Germany.
        couples, families, shared_flats: shares of the households; the rest live alone. Families have one or
            two parents and one to four children; in shared flats nobody is related.
        twins: of second and later children, how many were born with the one before.
        namesakes: of Western sons, how many bear their father's given name.
        suffixed: of namesakes, how many write Jr; a third as many of their fathers write Sr.
        takes_surname: of Western wives, how many bear their husband's surname.
        marriages: of those, how many married within the time that records come from: earlier ones have the
            maiden name, and the address of before.
        moves: households that moved within that time. leaves_home: children that did so on their own.
        new_mobile: people who changed their number. family_mailbox: households of several that have one.
        second_mailbox: people who have one. no_email: people who have none.
        records_per_person: how common 1, 2, … records are.
    """

    chinese: float = 0.35
    couples: float = 0.28
    families: float = 0.34
    shared_flats: float = 0.06
    twins: float = 0.06
    namesakes: float = 0.05
    suffixed: float = 0.4
    takes_surname: float = 0.72
    marriages: float = 0.15
    moves: float = 0.2
    leaves_home: float = 0.3
    new_mobile: float = 0.12
    family_mailbox: float = 0.25
    second_mailbox: float = 0.35
    no_email: float = 0.06
    records_per_person: tuple[float, ...] = (0.34, 0.28, 0.18, 0.11, 0.06, 0.03)


@dataclass(frozen=True)
class People:
    """One entry per person in each array. Days count from 1970-01-01; homes are positions in `homes`.

    `surname` is today's; before `married` it was `surname_before` (equal where it never changed), and
    likewise for `home`/`home_before`/`moved` and `mobile`/`mobile_before`/`renumbered`.
    """

    household: Ints
    country: Ints
    male: Flags
    given_name: pa.Array
    surname: pa.Array
    surname_before: pa.Array
    married: Ints
    suffix: pa.Array
    birth_day: Ints
    email: pa.Array
    email_2: pa.Array
    family_email: pa.Array
    mobile: pa.Array
    mobile_before: pa.Array
    renumbered: Ints
    home: Ints
    home_before: Ints
    moved: Ints
    homes: Homes
    landline: pa.Array  # one per home

    def __len__(self) -> int:
        return len(self.household)


def populate(people_min: int, draws: Draws, settings: HouseholdSettings) -> People:
    """Households with at least `people_min` people in all."""
    household, role, kind, size = _households(people_min, draws, settings)
    houses = len(size)
    start = np.cumsum(size) - size
    count = len(household)
    chinese_house = draws.flags(houses, settings.chinese)
    western_country = draws.codes(houses, weighted(["US", "GB", "DE"], [6, 3, 1]))
    country = np.where(chinese_house, CN, western_country)[household]
    chinese_person = country == CN

    family = kind == _FAMILY
    two_parents = (kind == _COUPLE) | (family & draws.flags(houses, 0.85) & (size > 2))
    parents = np.where(kind == _FLAT, size, np.where(two_parents, 2, 1))
    child = role >= parents[household]
    head = role == 0
    partner = (role == 1) & two_parents[household]
    male = draws.flags(count, 0.5)
    # of two parents, the head is the husband: the surname of a family is his
    male = np.where(two_parents[household] & head, True, np.where(partner, False, male))

    birth = _births(role, child, partner, family[household], start[household], draws)
    twin = child & (role > parents[household]) & draws.flags(count, settings.twins)
    birth = _as_the_one_before(birth, twin)
    given = _given_names(country, male, draws)
    given = _brothers_and_sisters(given, chinese_person, male, twin, child, draws)
    head_at = start[household]
    namesake = child & male & male[head_at] & ~chinese_person & draws.flags(count, settings.namesakes)
    namesake &= ~_repeated(household, namesake)
    given = choose(namesake, take(given, head_at), given)

    own = _surnames(country, draws)
    heads_surname = take(own, head_at)
    took = partner & ~chinese_person & draws.flags(count, settings.takes_surname)
    surname = choose(took | child, heads_surname, own)
    newlywed = took & draws.flags(count, settings.marriages)
    married = np.where(newlywed, draws.between(count, *WINDOW), WINDOW[0])
    surname_before = choose(newlywed, own, surname)
    suffix = _suffixes(namesake, head_at, draws, settings)

    homes, home, home_before, moved = _moves(
        household,
        np.where(chinese_house, CN, western_country),
        country,
        child,
        newlywed,
        married,
        draws,
        settings,
    )
    mobile = mobiles(homes, home, draws)
    renumber = draws.flags(count, settings.new_mobile)
    email, email_2, family_email = _mailboxes(
        given, surname, surname_before, birth, country, household, size, renumber, mobile, draws, settings
    )
    return People(
        household=household,
        country=country,
        male=male,
        given_name=given,
        surname=surname,
        surname_before=surname_before,
        married=married,
        suffix=suffix,
        birth_day=birth,
        email=email,
        email_2=email_2,
        family_email=family_email,
        mobile=mobile,
        mobile_before=choose(renumber, mobiles(homes, home, draws), mobile),
        renumbered=np.where(renumber, draws.between(count, *WINDOW), WINDOW[0]),
        home=home,
        home_before=home_before,
        moved=moved,
        homes=homes,
        landline=landlines(homes, draws),
    )


def reading(names: pa.Array) -> pa.Array:
    """Chinese names in pinyin, without tones, small letters.

    >>> reading(pa.array(["欧阳", "静"])).to_pylist()
    ['ouyang', 'jing']
    """
    return spelled(names, PINYIN)


# --- households ---------------------------------------------------------------------------------------------

_ALONE, _COUPLE, _FAMILY, _FLAT = range(4)


def _households(people_min: int, draws: Draws, settings: HouseholdSettings) -> tuple[Ints, Ints, Ints, Ints]:
    """Per person: household and role in it, from 0; per household: kind and size."""
    houses = people_min // 2 + 20
    alone = 1.0 - settings.couples - settings.families - settings.shared_flats
    kinds = weighted(
        ["alone", "couple", "family", "flat"],
        [alone, settings.couples, settings.families, settings.shared_flats],
    )
    sizes: list[Ints] = []
    all_kinds: list[Ints] = []
    # households are drawn until there are people enough
    while sum(int(part.sum()) for part in sizes) < people_min:
        kind = draws.codes(houses, kinds)
        children = 1 + draws.codes(houses, weighted(["1", "2", "3", "4"], [45, 38, 13, 4]))
        flat_size = draws.between(houses, 2, 4)
        one_parent = draws.flags(houses, 0.15)
        all_kinds.append(kind)
        sizes.append(np.choose(kind, [1, 2, children + np.where(one_parent, 1, 2), flat_size]).astype(np.int64))
    kind, size = np.concatenate(all_kinds), np.concatenate(sizes)
    household = np.repeat(np.arange(len(size)), size)
    role = np.arange(len(household)) - np.repeat(np.cumsum(size) - size, size)
    return household, role, kind, size


def _births(role: Ints, child: Flags, partner: Flags, in_family: Flags, head_at: Ints, draws: Draws) -> Ints:
    """Days of birth: heads and flatmates 1940 to 2003 (parents to 1984), their partners, their children."""
    count = len(role)
    birth = np.where(in_family, draws.between(count, -10957, 5113), draws.between(count, -10957, 12400))
    head = birth[head_at]
    spread = draws.uniform(count) + draws.uniform(count) + draws.uniform(count) - 1.5
    birth = np.where(partner, head + np.floor(spread * 2400).astype(np.int64) + 500, birth)
    after = np.floor((20.0 + 3.0 * role + 8.0 * draws.uniform(count)) * 365.25).astype(np.int64)
    return np.asarray(np.where(child, np.minimum(head + after, 14600 - draws.below(count, 3000)), birth))


def _as_the_one_before(values: Ints, rows: Flags) -> Ints:
    """Each of `rows` gets the value of the nearest row before it that is not one of `rows`."""
    position = np.where(rows, 0, np.arange(len(rows)))
    return values[np.maximum.accumulate(position)]


def _repeated(household: Ints, rows: Flags) -> Flags:
    """True for each of `rows` that is not the first of its household."""
    seen = np.cumsum(rows)
    first = np.concatenate([[True], household[1:] != household[:-1]])
    before = np.maximum.accumulate(np.where(first, seen - rows, 0))
    return np.asarray(rows & (seen - before > 1))


def _brothers_and_sisters(
    given: pa.Array, chinese_person: Flags, male: Flags, twin: Flags, child: Flags, draws: Draws
) -> pa.Array:
    """No child is named like the one before it; four in ten Chinese twins share the first character."""
    country = np.where(chinese_person, CN, US)
    before = take(given, np.maximum(np.arange(len(given)) - 1, 0))
    for _ in range(3):
        same = child & np.asarray(pc.equal(given, before))
        given = put(given, same, _given_names(country[same], male[same], draws))
        before = take(given, np.maximum(np.arange(len(given)) - 1, 0))
    alike = twin & chinese_person & draws.flags(len(twin), 0.4)
    pool = _characters(True)
    mixed = join(pc.utf8_slice_codeunits(before, 0, 1), draws.words(len(twin), pool))
    return choose(alike & ~np.asarray(pc.equal(mixed, before)), mixed, given)


def _suffixes(namesake: Flags, head_at: Ints, draws: Draws, settings: HouseholdSettings) -> pa.Array:
    junior = namesake & draws.flags(len(namesake), settings.suffixed)
    senior = np.zeros(len(namesake), dtype=np.bool_)
    senior[head_at[draws.among(namesake, settings.suffixed / 3)]] = True
    return choose(junior, "Jr", choose(senior, "Sr", pa.nulls(len(namesake), pa.string())))


# --- names --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _western_given(country: int, male: bool) -> Words:
    """Given names of a country; behind the common ones, pairs of them (Anna-Marie)."""
    if country == DE:
        heads = western.GERMAN_MALE if male else western.GERMAN_FEMALE
    else:
        heads = western.MALE if male else western.FEMALE
    pairs = [f"{a}-{b}" for a in heads[:20] for b in heads[20:35]]
    pairs = [pairs[i] for i in Draws(11).order(len(pairs))]
    return ranked(list(dict.fromkeys(heads)) + pairs, offset=15, of=1.5)


@lru_cache(maxsize=2)
def _western_surnames(german: bool) -> Words:
    """Surnames, Smith about 0.8 % of them; behind the common ones, tens of thousands composed of parts."""
    composed = [
        (front.strip() + back).replace("' ", "'")
        for fronts, backs in western.SURNAME_PARTS
        for front in fronts.split()
        for back in backs.split()
    ]
    heads = [name.replace("OBrien", "O'Brien") for name in western.SURNAMES]
    doubled = [f"{a}-{b}" for a in heads[:170] for b in heads[30:200] if a != b]
    if german:
        heads = list(western.GERMAN_SURNAMES)
        fronts, backs = western.SURNAME_PARTS[-1]
        composed = [front + back for front in fronts.split() for back in backs.split()]
        doubled = [f"{a}-{b}" for a in heads[:70] for b in heads[10:80] if a != b]
    draws = Draws(12)
    composed = [composed[i] for i in draws.order(len(composed))]
    # double names are the rarest
    doubled = [doubled[i] for i in draws.order(len(doubled))]
    return ranked(list(dict.fromkeys(heads + composed + doubled)), offset=12.6)


@lru_cache(maxsize=2)
def _characters(male: bool) -> Words:
    return ranked(chinese.MALE if male else chinese.FEMALE, offset=14, of=1.2)


@lru_cache(maxsize=1)
def _chinese_surnames() -> Words:
    return shares(" ".join(chinese.SURNAMES))


def _given_names(country: Ints, male: Flags, draws: Draws) -> pa.Array:
    count = len(country)
    given = pa.nulls(count, pa.string())
    german, chinese_person = country == DE, country == CN
    for is_male in (True, False):
        sex = male == is_male
        for group, words in (
            (sex & ~german & ~chinese_person, _western_given(US, is_male)),
            (sex & german, _western_given(DE, is_male)),
        ):
            given = put(given, group, draws.words(int(group.sum()), words))
        group = sex & chinese_person
        some = int(group.sum())
        first = draws.words(some, _characters(is_male))
        second = choose(draws.flags(some, 0.17), "", draws.words(some, _characters(is_male)))
        given = put(given, group, join(first, second))
    return given


def _surnames(country: Ints, draws: Draws) -> pa.Array:
    surname = pa.nulls(len(country), pa.string())
    for group, words in (
        ((country == US) | (country == GB), _western_surnames(False)),
        (country == DE, _western_surnames(True)),
        (country == CN, _chinese_surnames()),
    ):
        surname = put(surname, group, draws.words(int(group.sum()), words))
    return surname


# --- homes --------------------------------------------------------------------------------------------------


def _moves(
    household: Ints,
    house_country: Ints,
    country: Ints,
    child: Flags,
    newlywed: Flags,
    married: Ints,
    draws: Draws,
    settings: HouseholdSettings,
) -> tuple[Homes, Ints, Ints, Ints]:
    """All homes; and per person the one they live in, the one before, and the day between."""
    houses, count = len(house_country), len(household)
    house_moves = draws.flags(houses, settings.moves)
    leaves = child & draws.flags(count, settings.leaves_home)
    alone = leaves | newlywed  # these have a home of their own after, or before
    near = draws.flags(houses + int(alone.sum()), 0.6)
    first = homes_in(house_country, draws)
    later_of = np.concatenate([np.nonzero(house_moves)[0], household[alone]])
    later_near = near[: len(later_of)]
    later = homes_in(house_country[later_of], draws, town=np.where(later_near, first.town[later_of], -1))
    homes = Homes.both(first, later)

    second = np.arange(houses)
    second[house_moves] = houses + np.arange(int(house_moves.sum()))
    own = np.zeros(count, dtype=np.int64)
    own[alone] = houses + int(house_moves.sum()) + np.arange(int(alone.sum()))
    home, home_before = second[household], household.copy()
    moved = np.where(house_moves, draws.between(houses, *WINDOW), WINDOW[0])[household]
    home = np.where(leaves, own, home)
    moved = np.where(leaves, draws.between(count, *WINDOW), moved)
    home_before = np.where(newlywed, own, home_before)
    moved = np.where(newlywed, married, moved)
    return homes, home, home_before, moved


# --- mailboxes ----------------------------------------------------------------------------------------------

_FOLDED = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "ı": "i",
        "é": "e",
        "'": "",
        "-": "",
        " ": "",
        "á": "a",
        "í": "i",
    }
)


def mail_part(names: pa.Array) -> pa.Array:
    """A name as it stands in a mailbox's name: Latin, small letters, nothing else.

    >>> mail_part(pa.array(["O'Brien", "Müller", "王"])).to_pylist()
    ['obrien', 'mueller', 'wang']
    """
    distinct = set(names.dictionary_encode().dictionary.to_pylist()) - {None}
    latin = {
        name: "".join(PINYIN.get(character, character) for character in name).lower().translate(_FOLDED)
        for name in distinct
    }
    return distinctly(latin, names)


def _mailboxes(
    given: pa.Array,
    surname: pa.Array,
    surname_before: pa.Array,
    birth: Ints,
    country: Ints,
    household: Ints,
    size: Ints,
    renumbered: Flags,
    mobile: pa.Array,
    draws: Draws,
    settings: HouseholdSettings,
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """First, second and family mailbox of each person, null where there is none; only the last is shared."""
    count = len(given)
    givens, surnames = mail_part(given), mail_part(surname_before)
    year = digits((1970 + np.floor(birth / 365.2425).astype(np.int64)) % 100, 2)
    email = _mailbox(givens, surnames, year, country, mobile, renumbered, draws)
    email_2 = _mailbox(givens, mail_part(surname), year, country, mobile, renumbered, draws)
    both = _distinct_mailboxes(pa.concat_arrays([email, email_2]), draws)
    email, email_2 = both.slice(0, count), both.slice(count)
    nobody = pa.nulls(count, pa.string())
    email = choose(draws.flags(count, settings.no_email), nobody, email)
    email_2 = choose(draws.flags(count, settings.second_mailbox) & ~np.asarray(email.is_null()), email_2, nobody)

    houses = len(size)
    start = np.cumsum(size) - size
    house_name = take(mail_part(surname), start)
    local = choose(
        draws.flags(houses, 0.5),
        join("the", house_name, "s"),
        join(house_name, choose(draws.flags(houses, 0.5), ".family", "home")),
    )
    family = join(local, digits(draws.below(houses, 1000), 1), "@", _providers(country[start], draws))
    shared = draws.flags(houses, settings.family_mailbox) & (size > 1)
    family = choose(shared, _distinct_mailboxes(family, draws), pa.nulls(houses, pa.string()))
    return email, email_2, take(family, household)


def _providers(country: Ints, draws: Draws) -> pa.Array:
    provider = pa.nulls(len(country), pa.string())
    for code, name in enumerate(COUNTRIES):
        group = country == code
        provider = put(provider, group, draws.words(int(group.sum()), shares(western.MAIL_PROVIDERS[name])))
    return provider


def _mailbox(
    given: pa.Array,
    surname: pa.Array,
    year: pa.Array,
    country: Ints,
    mobile: pa.Array,
    renumbered: Flags,
    draws: Draws,
) -> pa.Array:
    count = len(given)
    provider = _providers(country, draws)
    initial = pc.utf8_slice_codeunits(given, 0, 1)
    word = draws.words(count, weighted(western.MAIL_WORDS, np.ones(len(western.MAIL_WORDS))))
    number = digits(draws.below(count, 10_000), 1)
    western_forms = [
        (0.26, join(given, ".", surname)),
        (0.12, join(given, surname)),
        (0.14, join(initial, surname)),
        (0.16, join(given, ".", surname, year)),
        (0.1, join(given, year)),
        (0.08, join(given, "_", surname)),
        (0.06, join(surname, ".", given)),
        (0.08, join(word, number)),
    ]
    chinese_forms = [
        (0.3, join(surname, given, year)),
        (0.2, join(surname, given)),
        (0.2, join(given, number)),
        (0.15, join(initial, surname, number)),
        # a mailbox named after the number, of those whose number never changed
        (0.15, choose(renumbered, join(surname, given, number), mobile)),
    ]
    chinese_person = country == CN
    local = choose(chinese_person, _one_of(chinese_forms, count, draws), _one_of(western_forms, count, draws))
    qq = np.asarray(pc.equal(provider, "qq.com")) & draws.flags(count, 0.9)
    local = choose(qq, digits(10_000_000 + draws.below(count, 3_000_000_000), 1), local)
    return join(local, "@", provider)


def _one_of(forms: list[tuple[float, pa.Array]], count: int, draws: Draws) -> pa.Array:
    limits: Floats = np.cumsum([share for share, _ in forms])
    which = np.minimum(np.searchsorted(limits, draws.uniform(count), side="right"), len(forms) - 1)
    return flat(pc.choose(pa.array(which), *(form for _, form in forms)))


def _distinct_mailboxes(emails: pa.Array, draws: Draws) -> pa.Array:
    """As a provider does: who comes later gets digits behind the name, until no two are equal."""
    digits_max = 100
    while True:
        codes = np.asarray(emails.dictionary_encode().indices)
        order = np.argsort(codes, kind="stable")
        repeated = np.zeros(len(codes), dtype=np.bool_)
        repeated[order[1:]] = codes[order[1:]] == codes[order[:-1]]
        if not repeated.any():
            return emails
        again = at(emails, repeated)
        cut = pc.split_pattern(again, "@")
        local, provider = pc.list_element(cut, 0), pc.list_element(cut, 1)
        number = digits(draws.below(int(repeated.sum()), digits_max), 1)
        emails = put(emails, repeated, join(local, number, "@", provider))
        digits_max = min(digits_max * 10, 10**9)

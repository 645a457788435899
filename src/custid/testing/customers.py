"""Made-up customers with the truth: people in households, and companies.

In: how many records, a seed, settings. Out: `MadeUp`, the same for the same arguments on every machine.
Never here: files, real people. A likeness to a real person, number or mailbox is chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.schemas import INSTANT
from custid.testing.data import trades, western
from custid.testing.draws import Draws, Flags, Ints, ranked, shares, weighted
from custid.testing.homes import COUNTRIES, Homes, homes_in, landlines
from custid.testing.mistakes import Mistakes, abbreviate_streets, confuse, fold_accents, misspell
from custid.testing.population import (
    CN,
    DE,
    GB,
    TRADITIONAL,
    US,
    WINDOW,
    HouseholdSettings,
    People,
    mail_part,
    populate,
    reading,
)
from custid.testing.texts import (
    at,
    choose,
    digits,
    distinctly,
    filled,
    flat,
    isodate,
    join,
    put,
    spelled,
    take,
)

__all__ = ["CompanySettings", "HouseholdSettings", "MadeUp", "Mistakes", "companies", "households"]

#: Where the records of `households` and `companies` come from.
CHANNELS = "crm:30 shop:28 loyalty:20 callcentre:12 wechat:10"

#: Share of records that give `full_name` in place of `given_name` and `surname`.
FULL_NAME_SHARE, CHINESE_FULL_NAME_SHARE = 0.15, 0.5


@dataclass(frozen=True)
class MadeUp:
    """`records`, in no order that means anything; `truth`: record_id, true_id, in the same order."""

    records: pa.Table = field(repr=False)
    truth: pa.Table = field(repr=False)


def households(
    n_records: int,
    *,
    seed: int,
    settings: HouseholdSettings | None = None,
    mistakes: Mistakes | None = None,
) -> MadeUp:
    """`n_records` records of made-up people who live together, so that much of what they have is shared.

    Columns of `records`, all string but the last, null where missing: record_id (`r1`, `r2`, …), channel,
    given_name, surname, name_suffix, full_name (some records have it in place of the parts), birth_date
    (ISO), sex (M, F), email, phone, street_number, street, address (some records have it in place of those
    two), city, region, postcode, country, updated_at (UTC). Every record has an e-mail, a phone or a birth
    date.
    """
    settings = settings or HouseholdSettings()
    draws = Draws(seed)
    per_person = np.array(settings.records_per_person)
    average = float((per_person * np.arange(1, len(per_person) + 1)).sum() / per_person.sum())
    people = populate(int(n_records / average * 1.03) + 50, draws, settings)
    numbers = 1 + draws.codes(len(people), weighted([""] * len(per_person), per_person))
    person = np.repeat(np.arange(len(people)), numbers)[:n_records]
    person = person[draws.order(len(person))]
    table = describe(people, person, draws.between(n_records, *WINDOW), draws, mistakes or Mistakes())
    table = full_names(table, draws)
    record_id = join("r", digits(np.arange(1, n_records + 1), 1))
    records = pa.table({"record_id": record_id, "channel": draws.words(n_records, shares(CHANNELS))})
    for name in table.column_names:
        records = records.append_column(name, table[name])
    return MadeUp(records, pa.table({"record_id": record_id, "true_id": join("p", digits(person + 1, 1))}))


def describe(people: People, person: Ints, day: Ints, draws: Draws, mistakes: Mistakes) -> pa.Table:
    """One record of each `person` as of `day` (days since 1970-01-01), mistakes and all; names are in parts.

    Columns: those of `households` from given_name on, without full_name.
    """
    country = people.country[person]
    names = _names(people, person, day, draws, mistakes)
    reach = _reach(people, person, day, country, draws, mistakes)
    places = _places(people, person, day, country, draws, mistakes)
    reach = _never_a_name_only(reach)
    updated_at = day * 86_400_000_000 + draws.below(len(day), 86_400) * 1_000_000
    return pa.table(
        {
            **names,
            **{name: reach[name] for name in ("birth_date", "sex", "email", "phone")},
            **places,
            "country": take(pa.array(COUNTRIES), country),
            "updated_at": pa.array(updated_at, INSTANT),
        }
    )


# --- names --------------------------------------------------------------------------------------------------


def is_chinese(names: pa.Array) -> Flags:
    """True where a name is written in 汉字.

    >>> is_chinese(pa.array(["王", "Wang", None])).tolist()
    [True, False, False]
    """
    return np.asarray(pc.fill_null(pc.match_substring_regex(names, r"\p{Han}"), False))


def _names(people: People, person: Ints, day: Ints, draws: Draws, rates: Mistakes) -> dict[str, pa.Array]:
    count = len(person)
    given = take(people.given_name, person)
    before = day < people.married[person]
    surname = choose(before, take(people.surname_before, person), take(people.surname, person))
    suffix = take(people.suffix, person)
    suffix = choose(draws.flags(count, 0.7), suffix, None)
    hanzi = people.country[person] == CN
    latin = ~hanzi

    given = _nicknames(given, latin & draws.flags(count, rates.nickname), draws)
    initial = latin & draws.flags(count, rates.initial)
    dot = choose(draws.flags(count, 0.5), ".", "")
    given = choose(initial, join(pc.utf8_slice_codeunits(given, 0, 1), dot), given)
    folded = draws.flags(count, rates.folded_accents)
    given, surname = fold_accents(given, folded, draws), fold_accents(surname, folded, draws)

    given = confuse(given, draws.among(hanzi, rates.misspelt_given_name), draws)
    surname = confuse(surname, draws.among(hanzi, rates.misspelt_surname), draws)
    traditional = draws.among(hanzi, rates.traditional)
    pinyin = draws.among(hanzi, rates.pinyin) & ~traditional
    given = put(given, traditional, spelled(at(given, traditional), TRADITIONAL))
    surname = put(surname, traditional, spelled(at(surname, traditional), TRADITIONAL))
    given = put(given, pinyin, flat(pc.utf8_capitalize(reading(at(given, pinyin)))))
    surname = put(surname, pinyin, flat(pc.utf8_capitalize(reading(at(surname, pinyin)))))

    given = misspell(given, draws.among(latin & ~initial, rates.misspelt_given_name), draws)
    surname = misspell(surname, draws.among(latin, rates.misspelt_surname), draws)
    upper, lower = draws.flags(count, rates.upper_case), draws.flags(count, rates.lower_case)
    given = choose(upper, pc.utf8_upper(given), choose(lower, pc.utf8_lower(given), given))
    surname = choose(upper, pc.utf8_upper(surname), choose(lower, pc.utf8_lower(surname), surname))
    swapped = draws.flags(count, rates.swapped_names)
    given, surname = choose(swapped, surname, given), choose(swapped, given, surname)

    given = choose(draws.flags(count, rates.missing_given_name), None, given)
    junk = draws.flags(count, rates.placeholder_name)
    word = draws.words(count, shares("Test:3 Unknown:3 N/A:2 Customer:1 xxx:1"))
    word = choose(hanzi, draws.words(count, shares("无:3 测试:3 未知:2 先生:1 女士:1")), word)
    return {
        "given_name": choose(junk, word, given),
        "surname": choose(junk, word, surname),
        "name_suffix": choose(junk, None, suffix),
    }


def _nicknames(given: pa.Array, rows: Flags, draws: Draws) -> pa.Array:
    """Given names in `rows` replaced by a nickname, where they have any: most often the usual one."""
    which = draws.uniform(len(given))
    for place, (low, high) in enumerate(((0.0, 0.65), (0.65, 0.9), (0.9, 1.0))):
        nicknames = {name: (several.split() * 3)[place] for name, several in western.NICKNAMES.items()}
        found = distinctly(nicknames, given)
        given = choose(rows & (which >= low) & (which < high) & filled(found), found, given)
    return given


def full_names(table: pa.Table, draws: Draws) -> pa.Table:
    """`table` with full_name after name_suffix, in some records in place of the parts."""
    given, surname, suffix = (flat(table[name]) for name in ("given_name", "surname", "name_suffix"))
    hanzi = is_chinese(surname) | is_chinese(given)
    chinese_person = np.asarray(pc.equal(table["country"], "CN"))
    whole = draws.flags(len(table), np.where(chinese_person, CHINESE_FULL_NAME_SHARE, FULL_NAME_SHARE))
    full = whole_name(given, surname, suffix, hanzi, draws.flags(len(table), 0.3), comma=~chinese_person)
    columns = {name: table[name] for name in table.column_names}
    parts = {"given_name": given, "surname": surname, "name_suffix": suffix}
    named = {name: choose(whole, None, values) for name, values in parts.items()}
    named["full_name"] = choose(whole, full, None)
    return pa.table({**named, **{name: values for name, values in columns.items() if name not in named}})


def whole_name(
    given: pa.Array, surname: pa.Array, suffix: pa.Array, hanzi: Flags, surname_first: Flags, *, comma: Flags
) -> pa.Array:
    """Names in one piece: 王伟; Ann Smith Jr; where `surname_first`, with a comma if `comma`: Smith Jr, Ann.

    >>> no, yes, none = np.array([False]), np.array([True]), pa.array([None], pa.string())
    >>> whole_name(pa.array(["Ann"]), pa.array(["Smith"]), none, no, yes, comma=yes).to_pylist()
    ['Smith, Ann']
    """
    named = filled(given)
    given = flat(pc.fill_null(given, ""))
    family = join(surname, choose(filled(suffix), join(" ", pc.fill_null(suffix, "")), ""))
    first = join(family, choose(comma & named, ", ", choose(named, " ", "")), given)
    last = join(given, choose(named, " ", ""), family)
    return choose(hanzi, join(surname, given), choose(surname_first, first, last))


# --- birth dates, sex, mailboxes, telephones ----------------------------------------------------------------


def _reach(
    people: People, person: Ints, day: Ints, country: Ints, draws: Draws, rates: Mistakes
) -> dict[str, pa.Array]:
    """birth_date, sex, email, phone; and `phone_kept`, the phone as if it were never missing."""
    count = len(person)
    birth = isodate(people.birth_day[person])
    year, month, of_month = (pc.utf8_slice_codeunits(birth, a, b) for a, b in ((0, 4), (5, 7), (8, 10)))
    swappable = np.asarray(pc.less_equal(of_month, "12"))
    birth = choose(draws.among(swappable, rates.swapped_day_month), join(year, "-", of_month, "-", month), birth)
    birth = _wrong_birth_digits(birth, draws.flags(count, rates.wrong_birth_digit), draws)
    birth = choose(
        draws.flags(count, rates.placeholder_birth_date),
        choose(
            draws.flags(count, 0.6),
            "1900-01-01",
            choose(draws.flags(count, 0.5), "1970-01-01", join(year, "-01-01")),
        ),
        birth,
    )
    birth = choose(draws.flags(count, rates.missing_birth_date), None, birth)
    sex = choose(people.male[person], "M", "F")
    sex = choose(draws.flags(count, rates.missing_sex), None, sex)

    email = take(people.email, person)
    other = take(people.email_2, person)
    email = choose(draws.flags(count, rates.other_email) & filled(other), other, email)
    family = take(people.family_email, person)
    email = choose(draws.flags(count, rates.family_email) & filled(family), family, email)
    email = _mail_mistakes(email, draws, rates)
    junk = draws.words(count, shares("test@test.com:4 none@none.com:2 noemail@example.com:2 a@a.com:1 无:1"))
    email = choose(draws.flags(count, rates.placeholder_email), junk, email)
    email = choose(draws.flags(count, rates.missing_email), None, email)

    home = _home_at(people, person, day)
    number = choose(day < people.renumbered[person], take(people.mobile_before, person), take(people.mobile, person))
    fixed = draws.flags(count, rates.landline)
    number = choose(fixed, take(people.landline, home), number)
    wrong = draws.flags(count, rates.wrong_phone_digit)
    number = misspell(number, wrong, draws, digits_only=True)
    phone = written_phones(number, country, fixed, draws)
    junk = draws.words(count, shares("0000000000:3 1234567890:2 N/A:1 5555555555:1"))
    junk = choose(country == CN, draws.words(count, shares("13800138000:5 13800000000:2 11111111111:1 无:1")), junk)
    phone = choose(draws.flags(count, rates.placeholder_phone), junk, phone)
    missing = draws.flags(count, rates.missing_phone)
    return {
        "birth_date": birth,
        "sex": sex,
        "email": email,
        "phone": choose(missing, None, phone),
        "phone_kept": phone,
    }


def _never_a_name_only(reach: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """A record with neither mailbox, phone nor birth date would be a name and no more: it keeps its phone."""
    lost = ~(filled(reach["birth_date"]) | filled(reach["email"]) | filled(reach["phone"]))
    return reach | {"phone": choose(lost, reach["phone_kept"], reach["phone"])}


def _wrong_birth_digits(birth: pa.Array, rows: Flags, draws: Draws) -> pa.Array:
    """Dates in `rows` off by one digit, and still dates: in the day, or the year by one or ten."""
    count = len(birth)
    year = np.asarray(pc.utf8_slice_codeunits(birth, 0, 4).cast(pa.int64()))
    of_month = np.asarray(pc.utf8_slice_codeunits(birth, 8, 10).cast(pa.int64()))
    kind = draws.uniform(count)
    sign = np.where(draws.flags(count, 0.5), 1, -1)
    year = np.where(kind < 0.3, year + sign, np.where(kind < 0.45, year + 10 * sign, year))
    shifted = of_month // 10 * 10 + draws.below(count, 10)
    of_month = np.where((kind >= 0.45) & (shifted >= 1) & (shifted <= 28), shifted, of_month)
    # no 29 February in a year that has none
    of_month = np.where((of_month > 28) & (kind < 0.45), 28, of_month)
    spoilt = join(digits(year, 4), "-", pc.utf8_slice_codeunits(birth, 5, 7), "-", digits(of_month, 2))
    return choose(rows, spoilt, birth)


def _mail_mistakes(email: pa.Array, draws: Draws, rates: Mistakes) -> pa.Array:
    count = len(email)
    tagged = draws.flags(count, rates.plus_tag) & filled(email)
    cut = pc.split_pattern(pc.fill_null(email, "@"), "@")
    local, provider = pc.list_element(cut, 0), pc.list_element(cut, 1)
    tag = draws.words(count, shares("+shop:3 +news:2 +loyalty:1 +club:1 +orders:1"))
    dots = np.asarray(pc.equal(provider, "gmail.com")) & draws.flags(count, 0.5)
    moved = flat(pc.replace_substring(local, ".", ""))
    email = choose(tagged, join(choose(dots, moved, join(local, tag)), "@", provider), email)
    email = choose(draws.flags(count, 0.03), pc.utf8_upper(email), email)
    return misspell(email, draws.flags(count, rates.misspelt_email), draws)


#: country → ways to write a national number ("{0:3}" is its characters 0 to 3), with shares.
_PHONE_FORMS: dict[int, str] = {
    US: "({0:3})_{3:6}-{6:10}:28 {0:3}-{3:6}-{6:10}:30 {0:10}:18 +1{0:10}:8 +1_{0:3}_{3:6}_{6:10}:6"
    " {0:3}.{3:6}.{6:10}:6 1-{0:3}-{3:6}-{6:10}:4",
    GB: "0{0:4}_{4:10}:40 0{0:10}:30 +44{0:10}:12 +44_{0:4}_{4:10}:10 0044{0:10}:3 0{0:4}_{4:7}_{7:10}:5",
    DE: "0{0:3}_{3:12}:30 0{0:12}:25 +49{0:12}:15 +49_{0:3}_{3:12}:15 0049{0:12}:5 0{0:3}/{3:12}:10",
    CN: "{0:11}:70 {0:3}_{3:7}_{7:11}:10 {0:3}-{3:7}-{7:11}:6 +86{0:11}:6 +86_{0:11}:4 86-{0:11}:2",
}
#: Chinese landlines, with an area code of two (Beijing, Shanghai …) or three digits
_FIXED_FORMS = {
    2: "0{0:2}-{2:10}:60 0{0:10}:20 (0{0:2}){2:10}:10 +86_{0:2}_{2:10}:10",
    3: "0{0:3}-{3:11}:60 0{0:11}:20 (0{0:3}){3:11}:10 +86_{0:3}_{3:11}:10",
}


def written_phones(number: pa.Array, country: Ints, fixed: Flags, draws: Draws) -> pa.Array:
    """National numbers as people of `country` write them; `fixed` are landlines."""
    phone = number
    short_area = np.asarray(pc.fill_null(pc.match_substring_regex(number, "^(10|2)"), False))
    which = draws.uniform(len(number))
    for rows, text in (
        *((country == code, _PHONE_FORMS[code]) for code in (US, GB, DE)),
        ((country == CN) & ~fixed, _PHONE_FORMS[CN]),
        ((country == CN) & fixed & short_area, _FIXED_FORMS[2]),
        ((country == CN) & fixed & ~short_area, _FIXED_FORMS[3]),
    ):
        forms = _forms(text)
        limits = np.concatenate([[0.0], np.cumsum([share for _, share in forms]) / sum(share for _, share in forms)])
        for form, low, high in zip((form for form, _ in forms), limits[:-1], limits[1:], strict=True):
            chosen = rows & (which >= low) & (which < high)
            phone = put(phone, chosen, _written(at(number, chosen), form))
    return phone


def _forms(text: str) -> list[tuple[str, float]]:
    return [
        (form.replace("_", " "), float(share)) for form, _, share in (word.rpartition(":") for word in text.split())
    ]


def _written(number: pa.Array, form: str) -> pa.Array:
    """`form` with its {a:b} filled in: "0{0:3}-{3:10}" of 1234567890 is 0123-4567890."""
    parts: list[pa.Array | str] = []
    for piece in form.split("{"):
        span, brace, after = piece.partition("}")
        if not brace:
            parts.append(piece)
            continue
        low, high = (int(bound) for bound in span.split(":"))
        parts += [pc.utf8_slice_codeunits(number, low, high), after]
    return join(*parts)


# --- addresses ----------------------------------------------------------------------------------------------


def _home_at(people: People, person: Ints, day: Ints) -> Ints:
    return np.asarray(np.where(day < people.moved[person], people.home_before[person], people.home[person]))


def _places(
    people: People, person: Ints, day: Ints, country: Ints, draws: Draws, rates: Mistakes
) -> dict[str, pa.Array]:
    return written_homes(people.homes, _home_at(people, person, day), country, draws, rates)


def written_homes(homes: Homes, home: Ints, country: Ints, draws: Draws, rates: Mistakes) -> dict[str, pa.Array]:
    """street_number, street, address, city, region, postcode of each `home`, as somebody types it."""
    count = len(home)
    hanzi = country == CN
    number, street, unit, city, region, postcode = (
        take(getattr(homes, name), home) for name in ("number", "street", "unit", "city", "region", "postcode")
    )
    street = misspell(street, draws.among(~hanzi, rates.misspelt_street), draws)
    city = misspell(city, draws.among(~hanzi, rates.misspelt_city), draws)
    accents = draws.flags(count, rates.folded_accents)
    street, city = fold_accents(street, accents, draws), fold_accents(city, accents, draws)
    with_unit = filled(unit) & ~draws.flags(count, rates.dropped_unit)
    unit = flat(pc.fill_null(unit, ""))
    street = choose(with_unit, join(street, choose(hanzi, "", ", "), unit), street)
    street = abbreviate_streets(street, draws.flags(count, rates.abbreviated_street))
    # half of the Chinese repeat province and city in the address
    whole = choose(draws.flags(count, 0.5), join(choose_distinct(region, city), street), street)
    number_first = country != DE
    one_line = choose(
        number_first, join(pc.fill_null(number, ""), " ", street), join(street, " ", pc.fill_null(number, ""))
    )
    in_one = hanzi | draws.flags(count, rates.one_line_address)
    address = choose(in_one, choose(hanzi, whole, one_line), None)
    city = choose(draws.among(hanzi, 0.3), pc.replace_substring_regex(city, "市$", ""), city)
    region = choose(draws.among(hanzi, 0.3), pc.replace_substring_regex(region, "(省|市)$", ""), region)
    missing = draws.flags(count, rates.missing_address)
    no_postcode = missing | draws.flags(count, rates.missing_postcode) | draws.among(hanzi, 0.4)
    return {
        "street_number": choose(in_one | missing, None, number),
        "street": choose(in_one | missing, None, street),
        "address": choose(missing, None, address),
        "city": choose(draws.among(missing, 0.5), None, city),
        "region": choose(missing, None, region),
        "postcode": choose(no_postcode, None, postcode),
    }


def choose_distinct(region: pa.Array, city: pa.Array) -> pa.Array:
    """Region and city one after the other; once where they are the same (北京市)."""
    return choose(np.asarray(pc.equal(region, city)), city, join(region, city))


# --- companies ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompanySettings:
    """Rates between 0 and 1.

    Attributes:
        chinese: share of the companies that are Chinese.
        branches: of the companies, how many are a branch of the one before: its name and a part of their own
            (上海分公司, North), their own address, phone and tax id. A branch is a customer of its own.
        shortened: records with a short form of the name (Ltd for Limited, 有限公司 left out, Tech for
            Technologies).
        misspelt, missing_tax_id, missing_phone, missing_email, missing_address, wrong_tax_id: as in
            `Mistakes`.
        records_per_company: how common 1, 2, … records are.
    """

    chinese: float = 0.45
    branches: float = 0.08
    shortened: float = 0.35
    misspelt: float = 0.03
    missing_tax_id: float = 0.35
    wrong_tax_id: float = 0.01
    missing_phone: float = 0.25
    missing_email: float = 0.35
    missing_address: float = 0.2
    records_per_company: tuple[float, ...] = (0.35, 0.3, 0.2, 0.1, 0.05)


def companies(n_records: int, *, seed: int, settings: CompanySettings | None = None) -> MadeUp:
    """`n_records` records of made-up companies.

    Columns of `records`, all string but the last, null where missing: record_id (`c1`, `c2`, …), channel,
    company, tax_id (in China a 统一社会信用代码 whose check digit is right; elsewhere by its shape), email,
    phone, street_number, street, address, city, region, postcode, country, updated_at (UTC).
    """
    settings = settings or CompanySettings()
    draws = Draws(seed)
    per_company = np.array(settings.records_per_company)
    average = float((per_company * np.arange(1, len(per_company) + 1)).sum() / per_company.sum())
    count = int(n_records / average * 1.05) + 50
    country = np.where(
        draws.flags(count, settings.chinese), CN, draws.codes(count, weighted(["US", "GB", "DE"], [5, 3, 2]))
    )
    branch = draws.flags(count, settings.branches) & (np.arange(count) > 0)
    branch &= ~np.concatenate([[False], branch[:-1]])
    country = np.where(branch, np.concatenate([[0], country[:-1]]), country)
    homes = homes_in(country, draws)
    full, short = _company_names(country, branch, homes, draws)
    tax_id = _tax_ids(country, draws)
    email = join(
        draws.words(count, shares("info:5 sales:3 contact:2 office:2 hello:1")),
        "@",
        choose(
            country == CN,
            join("qy", digits(100_000 + np.arange(count), 1)),
            join(mail_part(_first_word(full)), digits(np.arange(count), 1)),
        ),
        draws.words(count, shares(".com:6 .net:1 .biz:1")),
    )
    phone = landlines(homes, draws)

    numbers = 1 + draws.codes(count, weighted([""] * len(per_company), per_company))
    which = np.repeat(np.arange(count), numbers)[:n_records]
    which = which[draws.order(len(which))]
    n = len(which)
    of = country[which]
    name = choose(draws.flags(n, settings.shortened), take(short, which), take(full, which))
    name = misspell(name, draws.among(of != CN, settings.misspelt), draws)
    name = choose(draws.flags(n, 0.06), pc.utf8_upper(name), name)
    number = misspell(take(tax_id, which), draws.flags(n, settings.wrong_tax_id), draws, digits_only=True)
    rates = replace(Mistakes(), missing_address=settings.missing_address)
    record_id = join("c", digits(np.arange(1, n + 1), 1))
    records = pa.table(
        {
            "record_id": record_id,
            "channel": draws.words(n, shares("crm:5 shop:3 callcentre:2")),
            "company": name,
            "tax_id": choose(draws.flags(n, settings.missing_tax_id), None, number),
            "email": choose(draws.flags(n, settings.missing_email), None, take(email, which)),
            "phone": choose(
                draws.flags(n, settings.missing_phone),
                None,
                written_phones(take(phone, which), of, np.ones(n, dtype=np.bool_), draws),
            ),
            **written_homes(homes, which, of, draws, rates),
            "country": take(pa.array(COUNTRIES), of),
            "updated_at": pa.array(
                draws.between(n, *WINDOW) * 86_400_000_000 + draws.below(n, 86_400) * 1_000_000, INSTANT
            ),
        }
    )
    return MadeUp(records, pa.table({"record_id": record_id, "true_id": join("c", digits(which + 1, 1))}))


def _first_word(names: pa.Array) -> pa.Array:
    return flat(pc.list_element(pc.split_pattern(names, " "), 0))


def _company_names(country: Ints, branch: Flags, homes: Homes, draws: Draws) -> tuple[pa.Array, pa.Array]:
    """Names in full, and as people shorten them."""
    count = len(country)
    hanzi = country == CN
    fronts, backs = (ranked(part.split(), offset=40) for part in trades.STEM_PARTS)
    stem = join(draws.words(count, fronts), draws.words(count, backs))
    first, second = (ranked(part, offset=20) for part in trades.CN_STEM_PARTS)
    chinese_stem = join(
        draws.words(count, first),
        draws.words(count, second),
        choose(draws.flags(count, 0.3), draws.words(count, second), ""),
    )
    stem = choose(hanzi, chinese_stem, stem)
    trade, trade_short = _with_short(country, trades.WESTERN_TRADES, trades.CN_TRADES, draws)
    form, form_short = _legal_forms(country, draws)
    before = np.maximum(np.arange(count) - 1, 0)
    stem, trade, trade_short, form, form_short = (
        choose(branch, take(part, before), part) for part in (stem, trade, trade_short, form, form_short)
    )
    town = flat(pc.replace_substring_regex(homes.city, "市$", ""))
    place = choose(branch, take(town, before), town)
    part = draws.words(count, shares(trades.WESTERN_BRANCHES))
    western_part = flat(pc.if_else(pc.equal(part, "{city} Branch"), join(town, " Branch"), part))
    branch_part = choose(branch, choose(hanzi, join(town, "分公司"), join(" (", western_part, ")")), "")
    in_front = choose(draws.flags(count, 0.8), place, "")
    full = choose(hanzi, join(in_front, stem, trade, form, branch_part), join(stem, " ", trade, " ", form, branch_part))
    kept_form = draws.flags(count, 0.5)
    western_short = join(stem, " ", trade_short, choose(kept_form, join(" ", form_short), ""), branch_part)
    chinese_short = join(
        choose(kept_form, in_front, ""),
        stem,
        trade_short,
        choose(draws.flags(count, 0.3), form_short, ""),
        branch_part,
    )
    return full, choose(hanzi, chinese_short, western_short)


def _with_short(country: Ints, western_text: str, chinese_text: str, draws: Draws) -> tuple[pa.Array, pa.Array]:
    long, short = pa.nulls(len(country), pa.string()), pa.nulls(len(country), pa.string())
    for rows, text in ((country != CN, western_text), (country == CN, chinese_text)):
        pairs = [row.split("|") for row in text.split(";")]
        code = draws.codes(int(rows.sum()), ranked([pair[0] for pair in pairs], offset=6))
        long = put(long, rows, take(pa.array([pair[0] for pair in pairs]), code))
        short = put(short, rows, take(pa.array([pair[1] or pair[0] for pair in pairs]), code))
    return long, short


def _legal_forms(country: Ints, draws: Draws) -> tuple[pa.Array, pa.Array]:
    long, short = pa.nulls(len(country), pa.string()), pa.nulls(len(country), pa.string())
    for code, name in enumerate(COUNTRIES):
        rows = country == code
        forms = draws.words(int(rows.sum()), shares(trades.LEGAL_FORMS[name]))
        cut = pc.split_pattern(forms, "|")
        long, short = (
            put(long, rows, flat(pc.list_element(cut, 0))),
            put(short, rows, flat(pc.list_element(cut, 1))),
        )
    return long, short


#: characters and weights of the 统一社会信用代码 (GB 32100-2015)
_CREDIT_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
_REGION_CODES = (
    "110105",
    "310115",
    "440106",
    "440305",
    "510104",
    "330106",
    "420106",
    "610113",
    "320505",
    "320102",
)


def credit_codes(count: int, draws: Draws) -> pa.Array:
    """统一社会信用代码: 91, a region, nine characters and their check character, which is right."""
    region = np.array([[int(digit) for digit in code] for code in _REGION_CODES])[
        draws.below(count, len(_REGION_CODES))
    ]
    body = np.stack([draws.below(count, 31 if place else 1) for place in range(9)], axis=1)
    body[:, 0] = 10 + draws.below(count, 2)  # MA…, as new ones begin; never a real one's organisation number
    codes = np.concatenate([np.tile([9, 1], (count, 1)), region, body], axis=1)
    check = (31 - (codes * _CREDIT_WEIGHTS).sum(axis=1) % 31) % 31
    alphabet = np.array([ord(character) for character in _CREDIT_CODE], dtype=np.uint32)
    text = alphabet[np.concatenate([codes, check[:, None]], axis=1)]
    return pa.array(np.ascontiguousarray(text).view("<U18").reshape(count).tolist(), pa.string())


def _tax_ids(country: Ints, draws: Draws) -> pa.Array:
    count = len(country)
    nine = digits(draws.below(count, 1_000_000_000), 9)
    shaped = choose(
        country == US,
        join(pc.utf8_slice_codeunits(nine, 0, 2), "-", pc.utf8_slice_codeunits(nine, 2, 9)),
        choose(country == GB, join("GB", nine), join("DE", nine)),
    )
    return choose(country == CN, credit_codes(count, draws), shaped)

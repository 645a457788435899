"""Postal addresses, whole or in parts, Western and Chinese.

In: clean distinct values of one address field. Out: folded parts, abbreviations written out ("st" is
"street": written out, a slip of the finger still leaves two words alike).
Never here: geocoding, or filling a part from another record.

Parts that are already apart simply pass, folded. What is read out of a longer value only fills parts that the
record does not have itself (see `table`).
"""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import (
    Outcome,
    clean,
    compact,
    each,
    fold,
    groups,
    has_han,
    joined,
    map_words,
    matches,
    not_empty,
    nulls,
    on_some,
    plain_letters,
    replaced,
    where,
    without_punctuation,
    words,
)

PARTS = ("street", "street_number", "unit", "district", "city", "region", "postcode")

_UNIT_WORDS = dict.fromkeys(
    words("apt apartment flat flt suite ste rm room unt apto appt wohnung whg kamer"),
    "unit",
)
_STREET_WORDS = {
    "st": "street",
    "str": "strasse",
    "rd": "road",
    "ave": "avenue",
    "av": "avenue",
    "avda": "avenida",
    "blvd": "boulevard",
    "bd": "boulevard",
    "boul": "boulevard",
    "dr": "drive",
    "drv": "drive",
    "ln": "lane",
    "ct": "court",
    "crt": "court",
    "pl": "place",
    "sq": "square",
    "ter": "terrace",
    "tce": "terrace",
    "terr": "terrace",
    "cres": "crescent",
    "cct": "circuit",
    "cir": "circle",
    "cl": "close",
    "gr": "grove",
    "gdns": "gardens",
    "pde": "parade",
    "hwy": "highway",
    "pkwy": "parkway",
    "pky": "parkway",
    "fwy": "freeway",
    "expy": "expressway",
    "rte": "route",
    "trl": "trail",
    "sth": "south",
    "nth": "north",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
    "ne": "northeast",
    "nw": "northwest",
    "se": "southeast",
    "sw": "southwest",
    "mt": "mount",
    "ft": "fort",
    "hts": "heights",
    "bldg": "building",
    "flr": "floor",
    "fl": "floor",
    "lvl": "level",
    "esp": "esplanade",
    "qy": "quay",
    "wy": "way",
}
_CITY_WORDS = {"st": "saint", "ste": "sainte", "mt": "mount", "ft": "fort"}

_STATES = words(
    "alabama al alaska ak arizona az arkansas ar california ca colorado co connecticut ct "
    "delaware de florida fl georgia ga hawaii hi idaho id illinois il indiana in iowa ia "
    "kansas ks kentucky ky louisiana la maine me maryland md massachusetts ma michigan mi "
    "minnesota mn mississippi ms missouri mo montana mt nebraska ne nevada nv ohio oh "
    "oklahoma ok oregon or pennsylvania pa tennessee tn texas tx utah ut vermont vt virginia "
    "va washington wa wisconsin wi wyoming wy victoria vic queensland qld tasmania tas "
    "ontario on quebec qc manitoba mb alberta ab saskatchewan sk"
)
_REGIONS = {
    **dict(zip(_STATES[::2], _STATES[1::2], strict=True)),
    "new hampshire": "nh",
    "new jersey": "nj",
    "new mexico": "nm",
    "new york": "ny",
    "north carolina": "nc",
    "north dakota": "nd",
    "rhode island": "ri",
    "south carolina": "sc",
    "south dakota": "sd",
    "west virginia": "wv",
    "district of columbia": "dc",
    "new south wales": "nsw",
    "south australia": "sa",
    "western australia": "wa",
    "northern territory": "nt",
    "australian capital territory": "act",
    "british columbia": "bc",
    "nova scotia": "ns",
}
_REGION_CODES = frozenset(_REGIONS.values())

_MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
_PROVINCES = words(
        "河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 "
        "贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 宁夏 新疆 西藏 香港 澳门"
    )  # fmt: skip
_ENDING = r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)"
# 河南路 and 北京东路 are streets, wherever they are.
_REGION_HEAD = re.compile(
    rf"^(?:中国|中华人民共和国)?({'|'.join(_MUNICIPALITIES + _PROVINCES)})(?:{_ENDING}|(?!.?[路街道巷市]))"
)
_CITY_HEAD = re.compile(r"^([^区县路街道镇号弄\d]{2,7}?)(?:市(?!场|民|政)|自治州|地区|盟)")
_DISTRICT_HEAD = re.compile(r"^(?:市辖区)?([^路街号弄镇\d]{1,9}?(?:(?<![小社园])区|县|旗|市(?!场)))")
_TOWN_HEAD = re.compile(r"^[^路号弄\d]{1,8}?(?:街道|镇|乡)(?=.{2})")
_STREET_HEAD = re.compile(r"^(.*?(?:大道|大街|胡同|公路|路|街|道|巷)(?:[东西南北中]段)?)(?=\d|$|[^\d])")
_NUMBER_HEAD = re.compile(r"^(\d+)(?:弄|巷)(\d+)支?号?|^(\d+(?:[-之]\d+)?)(?:号(?!楼)院?|(?=$))")

# The most common shape of a Chinese line: the place, up to the last letter that ends one, the street, the number.
_COMMON_CHINESE = (
    r"^(?P<place>(?:[^\d省市区县旗]*[省市区县旗])*)(?P<street>[^\d省市区县旗]*[路街道巷][^\d省市区县旗]*)"
    r"(?P<number>\d+(?:[-之]\d+)?)号(?P<rest>(?:[^楼院].*)?)$"
)
# Where the place may not end where it seems to.
_UNCOMMON_CHINESE = (
    r"^\D*(?:市[场民政]|盟|自治州)"
    rf"|^(?:中国|中华人民共和国)?(?:{'|'.join(_MUNICIPALITIES + _PROVINCES)})[^\d省市区县旗]*\d"
)

_UNIT_SEGMENT = re.compile(rf"^(?:(?:unit|{'|'.join(_UNIT_WORDS)}) |# ?)([a-z0-9]+)$")
_POSTCODE_TAIL = re.compile(r"(?:^| )([a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d|\d{5} \d{4}|\d{4,6})$")
_POSTCODE_HEAD = re.compile(r"^(?:[a-z] )?(\d{4,5}(?: [a-z]{2})?) (?=[a-z])")


def plain(values: pa.Array, field: str) -> Outcome:
    """The column `field` (city, district, unit, street_number, region) of clean values, folded.

    >>> plain(pa.array(["St. Kilda", "杭州市"]), "city").columns["city"].to_pylist()
    ['saint kilda', '杭州']
    >>> plain(pa.array(["Apt. 4B", "#12"]), "unit").columns["unit"].to_pylist()
    ['4b', '12']
    """
    folded = compact(fold(values))
    if field == "city":
        folded = map_words(folded, _CITY_WORDS)
        folded = on_some(folded, matches(folded, r"\p{Han}{2}市$"), lambda some: replaced(some, "市$", ""))
    elif field == "district":
        folded = on_some(
            folded,
            matches(folded, r"\p{Han}{2}(?:新区|区|县)$"),
            lambda some: replaced(some, "(?:新区|区|县)$", ""),
        )
    elif field == "region":
        folded = map_values(folded, _REGIONS)
        han = has_han(folded)
        folded = on_some(folded, han, lambda some: replaced(some, rf"(\p{{Han}}{{2}}){_ENDING}$", r"\1"))
    elif field == "unit":
        folded = replaced(map_words(folded, _UNIT_WORDS), r"^(?:unit|no) (.+)$", r"\1")
        folded = on_some(folded, has_han(folded), lambda some: each(some, _unit_numbers))
    elif field == "street_number":
        folded = replaced(replaced(folded, r"^(?:no|nr|number) (.+)$", r"\1"), r"^(\d+)号$", r"\1")
    return Outcome({field: folded}, junk.because(pc.and_(values.is_valid(), pc.is_null(folded)), junk.UNREADABLE))


def map_values(values: pa.Array, table: dict[str, str]) -> pa.Array:
    """`values` with each whole value that `table` knows written as the table says."""
    found = pc.index_in(values, pa.array(list(table), pa.string()))
    return pc.coalesce(pa.array(list(table.values()), pa.string()).take(found), values)


def postcodes(values: pa.Array) -> Outcome:
    """`postcode` of clean values: upper case, no spaces.

    >>> postcodes(pa.array(["sw1a 1aa", "100000.0", "000000"])).columns["postcode"].to_pylist()
    ['SW1A1AA', '100000', None]
    """
    code = not_empty(replaced(replaced(pc.utf8_upper(values), r"\.0$", ""), r"[^\p{L}\p{N}]+", ""))
    reason = junk.first_reason(
        junk.placeholders(code, "postcode", "address"),
        junk.because(matches(code, r"^(?:0+|9{5,})$"), junk.REPEATED),
        junk.because(pc.and_(values.is_valid(), pc.is_null(code)), junk.UNREADABLE),
    )
    return Outcome({"postcode": where(pc.is_null(reason), code)}, reason)


_COMMON_COUNTRIES = {
    "usa": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "great britain": "GB",
    "northern ireland": "GB",
    "britain": "GB",
    "prc": "CN",
    "pr china": "CN",
    "p r china": "CN",
    "peoples republic of china": "CN",
    "mainland china": "CN",
    "中华人民共和国": "CN",
    "中国大陆": "CN",
    "hong kong": "HK",
    "hong kong sar": "HK",
    "香港": "HK",
    "macau": "MO",
    "macao": "MO",
    "澳门": "MO",
    "taiwan": "TW",
    "台湾": "TW",
    "holland": "NL",
    "the netherlands": "NL",
    "korea": "KR",
    "south korea": "KR",
    "韩国": "KR",
    "czech republic": "CZ",
    "russia": "RU",
    "uae": "AE",
    "vietnam": "VN",
    "turkey": "TR",
    "chn": "CN",
    "gbr": "GB",
    "deu": "DE",
    "fra": "FR",
    "esp": "ES",
    "ita": "IT",
    "nld": "NL",
    "bel": "BE",
    "che": "CH",
    "aut": "AT",
    "can": "CA",
    "aus": "AU",
    "nzl": "NZ",
    "jpn": "JP",
    "kor": "KR",
    "sgp": "SG",
    "hkg": "HK",
    "twn": "TW",
    "ind": "IN",
    "bra": "BR",
    "mex": "MX",
    "rus": "RU",
    "swe": "SE",
    "nor": "NO",
    "dnk": "DK",
    "fin": "FI",
    "pol": "PL",
    "prt": "PT",
    "irl": "IE",
    "mys": "MY",
    "tha": "TH",
    "vnm": "VN",
    "idn": "ID",
    "phl": "PH",
    "zaf": "ZA",
    "tur": "TR",
    "are": "AE",
    "mac": "MO",
}


@cache
def _countries() -> dict[str, str]:
    """Folded country name in many languages → ISO 3166 code, from the tables of the phonenumbers library."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    pairs = [(name, code) for code, names in sorted(LOCALE_DATA.items()) for name in names.values() if name[:1] != "*"]
    folded = fold(pa.array([name for name, _ in pairs], pa.string())).to_pylist()
    return {name: code for name, (_, code) in zip(folded, pairs, strict=True) if name} | _COMMON_COUNTRIES


@cache
def _codes() -> frozenset[str]:
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def countries(values: pa.Array) -> Outcome:
    """`country` of clean values as ISO 3166 code, from codes and from names in many languages.

    >>> countries(pa.array(["us", "中国", "Deutschland", "U.K.", "Atlantis"])).columns["country"].to_pylist()
    ['US', 'CN', 'DE', 'GB', None]
    """
    folded = fold(replaced(values, r"\.", ""))
    code = each(folded, _country) if folded.null_count < len(folded) else folded
    return Outcome({"country": code}, junk.because(pc.and_(values.is_valid(), pc.is_null(code)), junk.UNREADABLE))


def _country(name: str) -> str | None:
    if len(name) == 2 and name.upper() in _codes():
        return name.upper()
    return _COMMON_COUNTRIES.get(name) or _countries().get(name)


def streets(values: pa.Array) -> Outcome:
    """Parts of clean values that hold a street, perhaps with number and unit.

    `street_whole`: as written, without the unit; `street`: also without `street_number`; `unit`. A Chinese
    value may hold a whole address, so that district, city and region come out too.

    >>> found = streets(pa.array(["12 St James St, Apt 4", "Hauptstr. 7a", "南京西路100号302室"])).columns
    >>> found["street"].to_pylist(), found["street_number"].to_pylist(), found["unit"].to_pylist()
    (['saint james street', 'hauptstrasse', '南京西路'], ['12', '7a', '100'], ['4', None, '302'])
    """
    letters = plain_letters(clean(values))
    folded = _written_out(values, letters)
    columns = {name: nulls(len(values)) for name in PARTS}
    unit = groups(folded, r"^(?P<rest>.+?) unit (?P<unit>[\p{L}\p{N}]+)$", ("rest", "unit"))
    front = groups(folded, r"^unit (?P<unit>[\p{L}\p{N}]+) (?P<rest>.+)$", ("rest", "unit"))
    whole = map_words(pc.coalesce(unit["rest"], front["rest"], folded), _STREET_WORDS)
    head = groups(
        whole,
        r"^(?P<number>\d+[a-z]?(?: \d+[a-z]?)?) (?P<rest>(?:[^\d ]|\d+(?:st|nd|rd|th)\b).*)$",
        ("rest", "number"),
    )
    tail = groups(whole, r"^(?P<rest>.*\p{L}{2}) (?P<number>\d+ ?[a-z]?)$", ("rest", "number"))
    numbered_road = matches(tail["rest"], r"\b(?:highway|route|road|box|lot|floor|level|unit)$")
    tail = {name: where(pc.invert(numbered_road), part) for name, part in tail.items()}
    columns["street"] = pc.coalesce(head["rest"], tail["rest"], whole)
    columns["street_number"] = pc.coalesce(head["number"], replaced(tail["number"], " ", ""))
    columns["unit"] = pc.coalesce(unit["unit"], front["unit"])
    columns["street_whole"] = whole
    _fill_chinese(columns, values, letters)
    return Outcome(columns, junk.because(pc.and_(values.is_valid(), pc.is_null(folded)), junk.UNREADABLE))


def address_lines(values: pa.Array) -> Outcome:
    """`address`, one folded line, and its parts, of clean values that hold a whole address.

    Parts of a Western line are read where commas set them apart.

    >>> lines = pa.array(["12 Main St, Springfield, IL 62704", "浙江省杭州市西湖区文三路100号3号楼501室"])
    >>> found = address_lines(lines).columns
    >>> [found[part].to_pylist() for part in ("city", "region", "district", "street", "unit")]
    [['springfield', '杭州'], ['il', '浙江'], [None, '西湖'], ['main street', '文三路'], [None, '3-501']]
    """
    letters = plain_letters(clean(values))
    line = map_words(_written_out(values, letters), _STREET_WORDS)
    line = on_some(line, has_han(line), lambda some: replaced(some, r" ", ""))
    columns = _split_lines(without_punctuation(where(pc.invert(has_han(values)), letters), keep=",#"))
    found = streets(columns["street"]).columns
    for part in ("street", "street_number", "unit"):
        columns[part] = pc.coalesce(columns[part] if part == "unit" else found[part], found[part])
    columns["city"] = plain(columns["city"], "city").columns["city"]
    columns["postcode"] = postcodes(columns["postcode"]).columns["postcode"]
    columns["street_whole"] = found["street_whole"]
    _fill_chinese(columns, values, letters)
    columns["address"] = line
    return Outcome(columns, junk.because(pc.and_(values.is_valid(), pc.is_null(line)), junk.UNREADABLE))


def joined_line(parts: dict[str, pa.Array]) -> pa.Array:
    """One line from row-aligned parts, in the order of the country: 浙江杭州… or "12 main street …"."""
    have = {name: parts[name] for name in PARTS if name in parts}
    western = [
        have[name]
        for name in ("street_number", "street", "unit", "district", "city", "region", "postcode")
        if name in have
    ]
    line = joined(" ", *western)
    han = has_han(line)
    if pc.any(han).as_py():
        chinese = [
            have[name] for name in ("region", "city", "district", "street", "street_number", "unit") if name in have
        ]
        if chinese:
            line = pc.if_else(han, joined("", *chinese), line)
    return not_empty(line)


def _written_out(values: pa.Array, letters: pa.Array) -> pa.Array:
    """Folded, with "saint" and "unit" told apart from what they look like; `letters`: `values` with plain ones."""
    folded = without_punctuation(letters)
    numbered = matches(values, "#")
    if pc.any(numbered).as_py():
        folded = pc.replace_with_mask(folded, numbered, fold(replaced(values.filter(numbered), "#", " unit ")))
    saint = matches(folded, r"^(?:\d+[a-z]? )?st [a-z]")
    folded = on_some(folded, saint, lambda some: replaced(some, r"^((?:\d+[a-z]? )?)st ([a-z])", r"\1saint \2"))
    german = matches(folded, r"[a-z]{3}str(?: |$)")
    folded = on_some(folded, german, lambda some: replaced(some, r"([a-z]{3})str( |$)", r"\1strasse\2"))
    return replaced(map_words(folded, _UNIT_WORDS), "unit unit", "unit")


def _split_lines(lines: pa.Array) -> dict[str, pa.Array]:
    """`PARTS` of folded Western lines. What stands behind the first comma is split once per distinct value."""
    found = groups(lines, r"^(?P<first>[^,]*[^, ][^,]*),(?P<rest>.+)$", ("first", "rest"))
    first, rest = pc.utf8_trim(found["first"], " "), found["rest"]
    plain = pc.and_(first.is_valid(), pc.invert(matches(first, _UNIT_SEGMENT.pattern)))
    whole = pc.and_(lines.is_valid(), pc.invert(pc.match_substring(lines, ",")))
    columns = {part: nulls(len(lines)) for part in PARTS}
    tails = where(plain, rest).dictionary_encode()
    split = [_split_line(f"street,{tail}") for tail in tails.dictionary.to_pylist()]
    for part in PARTS:
        columns[part] = pa.array([parts.get(part) for parts in split], pa.string()).take(tails.indices)
    columns["street"] = pc.coalesce(where(plain, first), where(whole, not_empty(pc.utf8_trim(lines, " "))))
    odd = pc.and_(lines.is_valid(), pc.invert(pc.or_(plain, whole)))
    if pc.any(odd).as_py():
        split = [_split_line(text) for text in lines.filter(odd).to_pylist()]
        for part in PARTS:
            some = pa.array([parts.get(part) for parts in split], pa.string())
            columns[part] = pc.replace_with_mask(columns[part], odd, some)
    return columns


def _split_line(text: str) -> dict[str, str | None]:
    """Parts of one Western line: `text` folded, commas kept."""
    segments = [segment.strip() for segment in text.split(",") if segment.strip()]
    if len(segments) < 2:
        return {"street": segments[0] if segments else None}
    parts: dict[str, str | None] = {}
    if (
        len(segments) > 2
        and (segments[-1] in _COMMON_COUNTRIES or _country(segments[-1]))
        and segments[-1] not in _REGION_CODES
    ):
        segments.pop()
    units = [segment for segment in segments if _UNIT_SEGMENT.match(segment)]
    if units and len(units) < len(segments):
        parts["unit"] = _UNIT_SEGMENT.sub(r"\1", units[0])
        segments = [segment for segment in segments if segment not in units]
    last = segments[-1] if len(segments) > 1 else ""
    if last and (found := _POSTCODE_TAIL.search(last) or _POSTCODE_HEAD.search(last)):
        parts["postcode"] = found[1]
        last = (last[: found.start()] + last[found.end() :]).strip()
    region = _REGIONS.get(last, last)
    words = last.split()
    if region in _REGION_CODES and (len(segments) > 2 or len(last) <= 3):
        parts["region"], last = region, ""
    elif len(words) > 1 and words[-1] in _REGION_CODES:
        parts["region"], last = words[-1], " ".join(words[:-1])
    if len(segments) > 1:
        parts["city"] = last or (segments[-2] if len(segments) > 2 else None)
    parts["street"] = segments[0]
    return parts


def _fill_chinese(columns: dict[str, pa.Array], values: pa.Array, letters: pa.Array) -> None:
    """Replace all parts of values that hold 汉字 by those of `split_chinese`; `letters`: the values with plain ones."""
    han = has_han(values)
    if not pc.any(han).as_py():
        return
    folded = replaced(without_punctuation(letters.filter(han), keep=r"\-"), " ", "")
    found = _split_common_chinese(folded)
    odd = found["street"].is_null()
    split = [split_chinese(text) if text else {} for text in folded.filter(odd).to_pylist()]
    for part in PARTS:
        some = pa.array([parts.get(part) for parts in split], pa.string())
        columns[part] = pc.replace_with_mask(columns[part], han, pc.replace_with_mask(found[part], odd, some))
    columns["street_whole"] = pc.if_else(han, columns["street"], columns["street_whole"])


def _split_common_chinese(texts: pa.Array) -> dict[str, pa.Array]:
    """What `split_chinese` makes of `texts` in the shape of `_COMMON_CHINESE`; nulls for all others.

    Places and streets are split once per distinct value, and the rest in columns.
    """
    common = pc.and_(matches(texts, _COMMON_CHINESE), pc.invert(matches(texts, _UNCOMMON_CHINESE)))
    common = pc.and_(common, matches(texts, r"^(?:\d|\P{Nd})*$"))  # no digits but 0 to 9, the only ones \d has here
    found = pc.extract_regex(where(common, texts), _COMMON_CHINESE)
    place, street, number, rest = (pc.struct_field(found, name) for name in ("place", "street", "number", "rest"))
    places, streets_ = place.dictionary_encode(), street.dictionary_encode()
    splits = [_split_place(text) for text in places.dictionary.to_pylist()]
    names = [_split_street(f"{text}0号") for text in streets_.dictionary.to_pylist()]
    whole = pa.array([not left for _, left in splits], pa.bool_()).take(places.indices)
    name = pa.array([name if left == "0号" else None for name, left in names], pa.string()).take(streets_.indices)
    columns = {
        part: pa.array([parts.get(part) for parts, _ in splits], pa.string()).take(places.indices)
        for part in ("region", "city", "district")
    }
    columns |= {
        "street": name,
        "street_number": pc.replace_substring(number, "之", "-"),
        "unit": _unit_columns(where(matches(rest, r"\d"), rest)),
    }
    sure = pc.fill_null(pc.and_(whole, name.is_valid()), False)
    return {part: where(sure, columns[part]) if part in columns else nulls(len(texts)) for part in PARTS}


def _unit_columns(texts: pa.Array) -> pa.Array:
    """As `_unit_numbers`, of texts that hold digits and none but 0 to 9."""
    marked = replaced(texts, r"([a-z]?\d+[a-z]?)", "\x1e\\1\x1f")
    return pc.utf8_trim(replaced(marked, "(?:^|\x1f)[^\x1e\x1f]*(?:\x1e|$)", "-"), "-")


def split_chinese(text: str) -> dict[str, str]:
    """Parts of one Chinese address, folded, without spaces; parts that are not there are left out.

    >>> split_chinese("杭州市文三路100弄5号302室")
    {'city': '杭州', 'street': '文三路', 'street_number': '100-5', 'unit': '302'}
    """
    parts, text = _split_place(text)
    street, text = _split_street(text)
    if street:
        parts["street"] = street
    if found := _NUMBER_HEAD.match(text):
        number = f"{found[1]}-{found[2]}" if found[1] else found[3].replace("之", "-")
        parts["street_number"], text = number, text[found.end() :]
    if street is None and (found := re.match(r"^\D+", text)):
        parts["street"], text = found[0].strip("-"), text[found.end() :]
    unit = _unit_numbers(text) if re.search(r"\d", text) else None
    if unit:
        parts["unit"] = unit
    return {name: part for name, part in parts.items() if part}


def _split_place(text: str) -> tuple[dict[str, str], str]:
    """Region, city and district at the beginning of a Chinese address, and what is behind them."""
    parts: dict[str, str] = {}
    if found := _REGION_HEAD.match(text):
        parts["region"], text = found[1], text[found.end() :]
        if found[1] in _MUNICIPALITIES:
            parts["city"] = found[1]
            text = re.sub(f"^{found[1]}市", "", text)
    if "city" not in parts and (found := _CITY_HEAD.match(text)):
        parts["city"], text = found[1], text[found.end() :]
    if found := _DISTRICT_HEAD.match(text):
        parts["district"], text = _bare_district(found[1]), text[found.end() :]
    return parts, text


def _split_street(text: str) -> tuple[str | None, str]:
    """The street at the beginning of `text`, with or without a town before it, and what is behind it."""
    if found := _TOWN_HEAD.match(text):
        text = text[found.end() :]
    if found := _STREET_HEAD.match(text):
        return found[1], text[found.end() :]
    return None, text


def _bare_district(district: str) -> str:
    bare = re.sub("(?:新区|区|县|市)$", "", district)
    return bare if len(bare) >= 2 else district


def _unit_numbers(text: str) -> str | None:
    """Building, staircase and room of 3号楼2单元501室 as 3-2-501; `text` itself when it has no digits."""
    return "-".join(re.findall(r"[a-z]?\d+[a-z]?", text)) or text

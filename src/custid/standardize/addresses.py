"""Postal addresses, whole or in parts, Western and Chinese.

In: clean distinct values of one address field. Out: folded parts, abbreviations written out ("st" is
"street": written out, a slip of the finger still leaves two words alike).
Never here: geocoding, or filling a part from another record.

Parts that are already apart simply pass, folded. What is read out of a longer value only fills parts that the
record does not have itself (see `table`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.countries import country_named
from custid.standardize.text import (
    Outcome,
    clean,
    compact,
    each,
    fold,
    groups,
    has_han,
    joined,
    map_values,
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

PARTS = ("street", "street_number", "unit", "subdistrict", "district", "city", "region", "postcode")

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
# Cities that people name without 市, below a province or first of all.
_CITIES = words(
    "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 太原 大同 阳泉 长治 晋城 朔州 "
    "晋中 运城 忻州 临汾 吕梁 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 沈阳 "
    "大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 葫芦岛 长春 四平 辽源 通化 白山 松原 "
    "白城 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 南京 无锡 徐州 "
    "常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 "
    "舟山 台州 丽水 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 "
    "宣城 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 "
    "宜春 抚州 上饶 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 "
    "菏泽 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 "
    "驻马店 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 长沙 株洲 湘潭 衡阳 邵阳 "
    "岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 "
    "惠州 梅州 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 云浮 南宁 柳州 桂林 梧州 北海 防城港 钦州 "
    "贵港 玉林 百色 贺州 河池 来宾 崇左 海口 三亚 儋州 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 "
    "内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 贵阳 六盘水 遵义 安顺 毕节 铜仁 昆明 曲靖 "
    "玉溪 保山 昭通 丽江 普洱 临沧 拉萨 日喀则 昌都 林芝 山南 那曲 西安 铜川 宝鸡 咸阳 渭南 延安 "
    "汉中 榆林 安康 商洛 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 西宁 海东 "
    "银川 石嘴山 吴忠 固原 中卫 乌鲁木齐 克拉玛依 吐鲁番 哈密 昆山 义乌 台北 新北 桃园 台中 台南 "
    "高雄 "
)
_ENDING = r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)"
# 河南路 and 北京东路 are streets, wherever they are.
_REGION_HEAD = re.compile(
    rf"^(?:中国|中华人民共和国)?({'|'.join(_MUNICIPALITIES + _PROVINCES)})(?:{_ENDING}|(?!.?[路街道巷市]))"
)
_BARE_CITY_HEAD = re.compile(rf"^({'|'.join(_CITIES)})(?!市|.{{0,2}}[路街道巷]|地区|新区|区)")
_PEOPLES = re.compile(
    "(?:藏族|羌族|彝族|苗族|侗族|土家族|布依族|傣族|白族|景颇族|哈尼族|壮族|傈僳族|回族|蒙古族?|哈萨克|柯尔克孜|朝鲜族|黎族|自治)+$"
)
_CITY_HEAD = re.compile(r"^([^区县路街道镇号弄\d]{2,7}?)(?:市(?!场|民|政)|自治州|地区|盟)")
_DISTRICT_HEAD = re.compile(r"^(?:市辖区)?([^路街号弄镇\d]{1,9}?(?:(?<![小社园])区|县|旗|市(?!场)))")
_TOWN_HEAD = re.compile(r"^([^路号弄\d]{1,8}?(?:街道|镇|乡))(?=.{2})")
_TOWN_END = re.compile(r"^(..+?)(?:街道办事处|街道办|街道|镇|乡)$")
_STREET_HEAD = re.compile(
    r"^(.+?街道$|.*?(?:大道|大街|胡同|公路|路|街|道|巷)(?:[东西南北中一二三四五六七八九十]段|[东西南北中](?=\d))?)(?=\d|$|[^\d])"
)
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
    rf"|^(?:{'|'.join(_CITIES)})[^路街道巷\d省市区县旗]{{2,}}[^\d省市区县旗]*\d"
)

# 100006 in front of an address or behind it.
_CHINESE_POSTCODE = (
    r"^(?:(?:邮编|邮政编码)? ?(?P<front>\d{6}) (?P<behind>.*\p{Han}.*)"
    r"|(?P<before>.*\p{Han}[^\d]*\d*[^\d]*)(?: |邮编|邮政编码)+(?P<after>\d{6}))$"
)
_UNIT_SEGMENT = re.compile(rf"^(?:(?:unit|level|floor|lvl|{'|'.join(_UNIT_WORDS)}) |# ?)([a-z0-9]+)$")
_POSTCODE_TAIL = re.compile(r"(?:^| )([a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d|\d{5} \d{4}|\d{4,6})$")
_POSTCODE_HEAD = re.compile(r"^(?:[a-z] )?(\d{4,5}(?: [a-z]{2})?|\d{3} \d{2}) (?=[a-z])")
# A segment that says the postcode and the city, one that says the number of a house, one that a street may be.
_CITY_SEGMENT = re.compile(r"^(?:[a-z] )?\d{4,5}(?: [a-z]{2})? [a-z][a-z ]*$")
_NUMBER_LAST = re.compile(r"[a-z] \d{1,3} ?[a-z]?$")
_NUMBER_SEGMENT = re.compile(r"^\d+ ?(?:[a-z]|bis|ter|quater)?$")
_STREET_SEGMENT = re.compile(r"^\d+[a-z]?(?:[ -]\d+[a-z]?)? [a-z]{3}|[a-z]{3} \d+ ?[a-z]?$")
_FLOOR_SEGMENT = re.compile(r"^\d+(?:st|nd|rd|th) (?:floor|fl)$")
# The most common ends of a line, behind the street: springfield, il 62704; 10115 berlin.
_STATE_AND_ZIP = r"^ ?(?P<city>[a-z]{3,}(?: [a-z]{3,})*) ?, ?(?P<region>[a-z]{2,3}) (?P<postcode>\d{5}(?: \d{4})?) ?$"
_POSTCODE_AND_CITY = r"^ ?(?P<postcode>\d{4,5}) (?P<city>[a-z]{4,}(?: [a-z]{4,})*) ?$"
# A whole line without commas that ends as those of the United States do: 12 main street unit 4 springfield il 62704
_UNCUT = r" [a-z]{2} \d{5}(?: \d{4})?$"
_UNCUT_PARTS = re.compile(
    r"^(\d+[a-z]? .+ (?:st|street|rd|road|ave|avenue|blvd|boulevard|dr|drive|ln|lane|ct|court|pl|place|sq|square|ter|"
    r"terrace|cir|circle|hwy|highway|pkwy|parkway|way|trl|trail)(?: (?:n|s|e|w|ne|nw|se|sw))?)"
    r"(?: (?:unit|apt|apartment|suite|ste|#) ?(\w+))? ([a-z][a-z ]*) ([a-z]{2}) (\d{5})(?: \d{4})?$"
)


def region_codes() -> dict[str, str]:
    """States and provinces, in lower case: names and codes → codes."""
    return {**_REGIONS, **{code: code for code in _REGION_CODES}}


def plain(values: pa.Array, field: str) -> Outcome:
    """The column `field` (city, district, subdistrict, unit, street_number, region) of clean values, folded.

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
    elif field == "subdistrict":
        folded = on_some(folded, has_han(folded), lambda some: each(some, _bare_town))
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


def postcodes(values: pa.Array) -> Outcome:
    """`postcode` of clean values: upper case, no spaces, of a ZIP+4 the five digits.

    >>> postcodes(pa.array(["sw1a 1aa", "100000.0", "62704-1234"])).columns["postcode"].to_pylist()
    ['SW1A1AA', '100000', '62704']
    """
    # The four digits behind a ZIP code say more than others do.
    code = replaced(pc.utf8_upper(values), r"\.0$|^(\d{5})[- ]\d{4}$", r"\1")
    code = not_empty(replaced(code, r"[^\p{L}\p{N}]+", ""))
    reason = junk.first_reason(
        junk.placeholders(code, "postcode", "address"),
        junk.because(matches(code, r"^(?:0+|9{5,})$"), junk.REPEATED),
        junk.because(pc.and_(values.is_valid(), pc.is_null(code)), junk.UNREADABLE),
    )
    return Outcome({"postcode": code}, reason)


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
    columns = _by_script(values, letters, folded, _western_street)
    return Outcome(columns, junk.because(pc.and_(values.is_valid(), pc.is_null(folded)), junk.UNREADABLE))


def _western_street(letters: pa.Array, folded: pa.Array) -> dict[str, pa.Array]:
    """`PARTS` and `street_whole` of streets without 汉字; `folded`: their letters, written out."""
    columns = {name: nulls(len(folded)) for name in PARTS}
    unit = groups(folded, r"^(?P<rest>.+?) unit (?P<unit>[\p{L}\p{N}]+)$", ("rest", "unit"))
    front = groups(folded, r"^unit (?P<unit>[\p{L}\p{N}]+) (?P<rest>.+)$", ("rest", "unit"))
    whole = map_words(pc.coalesce(unit["rest"], front["rest"], folded), _STREET_WORDS)
    head = groups(
        whole,
        r"^(?P<number>\d+[a-z]?(?: \d+[a-z]?)?) (?P<rest>(?:[^\d ]|\d+(?:st|nd|rd|th)\b).*)$",
        ("rest", "number"),
    )
    tail = groups(whole, r"^(?P<rest>.*\p{L}{2}) (?P<number>\d+ ?[a-z]?(?: \d+[a-z]?)?)$", ("rest", "number"))
    numbered_road = matches(tail["rest"], r"\b(?:highway|route|road|box|lot|floor|level|unit)$")
    tail = {name: where(pc.invert(numbered_road), part) for name, part in tail.items()}
    columns["street"] = pc.coalesce(head["rest"], tail["rest"], whole)
    number = replaced(pc.coalesce(head["number"], tail["number"]), r"(\d[a-z]?) (\d)", r"\1-\2")
    columns["street_number"] = replaced(number, " ", "")
    columns["unit"] = pc.coalesce(unit["unit"], front["unit"])
    columns["street_whole"] = whole
    return columns


def address_lines(values: pa.Array) -> Outcome:
    """`address`, one folded line, and its parts, of clean values that hold a whole address.

    Parts of a Western line are read where commas set them apart.

    >>> lines = pa.array(["12 Main St, Springfield, IL 62704", "浙江省杭州市西湖区文三路100号3号楼501室"])
    >>> found = address_lines(lines).columns
    >>> [found[part].to_pylist() for part in ("city", "region", "district", "street", "unit")]
    [['springfield', '杭州'], ['il', '浙江'], [None, '西湖'], ['main street', '文三路'], [None, '3-501']]
    """
    letters = plain_letters(clean(values))
    folded = _written_out(values, letters)
    line = _with_words(folded, _STREET_WORDS)
    line = on_some(line, has_han(line), lambda some: pc.replace_substring(some, " ", ""))
    columns = _by_script(values, letters, folded, _western_line)
    columns["address"] = line
    return Outcome(columns, junk.because(pc.and_(values.is_valid(), pc.is_null(line)), junk.UNREADABLE))


def _western_line(letters: pa.Array, folded: pa.Array) -> dict[str, pa.Array]:
    """As `_western_street`, of whole addresses."""
    columns = _split_lines(without_punctuation(letters, keep=",#"))
    found = streets(columns["street"]).columns
    for part in ("street", "street_number", "unit"):
        columns[part] = pc.coalesce(columns[part] if part == "unit" else found[part], found[part])
    columns["city"] = plain(columns["city"], "city").columns["city"]
    code = postcodes(columns["postcode"])
    columns["postcode"] = where(pc.is_null(code.reason), code.columns["postcode"])
    columns["street_whole"] = found["street_whole"]
    return columns


def joined_line(parts: dict[str, pa.Array]) -> pa.Array:
    """One line from row-aligned parts, in the order of the country: 浙江杭州… or "12 main street …"."""
    have = {name: parts[name] for name in PARTS if name in parts}
    western = [
        have[name]
        for name in ("street_number", "street", "unit", "subdistrict", "district", "city", "region", "postcode")
        if name in have
    ]
    line = joined(" ", *western)
    han = has_han(line)
    if pc.any(han).as_py():
        chinese = [
            have[name]
            for name in ("region", "city", "district", "subdistrict", "street", "street_number", "unit")
            if name in have
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
    folded = _with_words(folded, _UNIT_WORDS)
    twice = pc.fill_null(pc.match_substring(folded, "unit unit"), False)
    return on_some(folded, twice, lambda some: replaced(some, "unit unit", "unit"))


def _with_words(folded: pa.Array, table: Mapping[str, str]) -> pa.Array:
    """As `map_words`, with a `table` of Latin words, which 汉字 and digits alone need not be looked up in."""
    return on_some(folded, matches(folded, "[a-z]"), lambda some: map_words(some, table))


def _split_lines(lines: pa.Array) -> dict[str, pa.Array]:
    """`PARTS` of folded Western lines. What stands behind the first comma is split once per distinct value."""
    found = groups(lines, r"^(?P<first>[^,]*[^, ][^,]*),(?P<rest>.+)$", ("first", "rest"))
    first, rest = pc.utf8_trim(found["first"], " "), found["rest"]
    plain = pc.and_(first.is_valid(), pc.invert(matches(first, _UNIT_SEGMENT.pattern)))
    # A house's name or a postcode in front of the street.
    turned = pc.and_(matches(first, _CITY_SEGMENT.pattern), matches(rest, _NUMBER_LAST.pattern))
    plain = pc.and_(plain, pc.and_(matches(first, _STREET_SEGMENT.pattern), pc.invert(turned)))
    plain = pc.and_(plain, pc.invert(matches(first, _NUMBER_SEGMENT.pattern)))
    whole = pc.and_(lines.is_valid(), pc.invert(pc.match_substring(lines, ",")))
    columns = {part: nulls(len(lines)) for part in PARTS}
    rest = where(plain, rest)
    common = {part: nulls(len(lines)) for part in PARTS}
    for shape in (_STATE_AND_ZIP, _POSTCODE_AND_CITY):
        found = groups(rest, shape, ("city", "region", "postcode") if shape is _STATE_AND_ZIP else ("city", "postcode"))
        if "region" in found:  # letters that are no state may be anything
            state = pc.is_in(found["region"], pa.array(sorted(_REGION_CODES)))
            found = {part: where(pc.fill_null(state, False), column) for part, column in found.items()}
        common |= {part: pc.coalesce(common[part], column) for part, column in found.items()}
    tails = where(common["postcode"].is_null(), rest).dictionary_encode()
    split = [_split_line(f"street,{tail}") for tail in tails.dictionary.to_pylist()]
    for part in PARTS:
        columns[part] = pa.array([parts.get(part) for parts in split], pa.string()).take(tails.indices)
        columns[part] = pc.coalesce(common[part], columns[part])
    columns["street"] = pc.coalesce(where(plain, first), where(whole, not_empty(pc.utf8_trim(lines, " "))))
    whole = pc.and_(whole, pc.invert(matches(lines, _UNCUT)))
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
        if uncut := _UNCUT_PARTS.match(text):
            return dict(zip(("street", "unit", "city", "region", "postcode"), uncut.groups(), strict=True))
        return {"street": segments[0] if segments else None}
    if _NUMBER_SEGMENT.match(segments[0]):  # 12 bis, avenue …
        segments[:2] = [f"{segments[0]} {segments[1]}"]
    if _CITY_SEGMENT.match(segments[0]) and _NUMBER_LAST.search(segments[-1]):  # D-10115 Berlin, Hauptstr. 12
        segments.append(segments.pop(0))
    segments = [segment for segment in segments if not _FLOOR_SEGMENT.match(segment)]
    parts: dict[str, str | None] = {}
    if (
        len(segments) > 2
        and not any(map(str.isdigit, segments[-1]))
        and country_named(segments[-1])
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
    # A house's name may stand before the street: The Mill, 10 Mill Lane.
    parts["street"] = next((segment for segment in segments[:-1] if _STREET_SEGMENT.search(segment)), segments[0])
    return parts


def _by_script(
    values: pa.Array,
    letters: pa.Array,
    folded: pa.Array,
    western: Callable[[pa.Array, pa.Array], dict[str, pa.Array]],
) -> dict[str, pa.Array]:
    """`PARTS` and `street_whole` of all values: what `western` makes of those without 汉字, `_chinese_parts` of the
    others."""
    han = has_han(values)
    if not pc.any(han).as_py():
        return western(letters, folded)
    chinese = _chinese_parts(letters.filter(han))
    rest = pc.invert(han)
    if not pc.any(rest).as_py():
        return chinese
    others = western(letters.filter(rest), folded.filter(rest))
    empty = nulls(len(values))
    return {
        name: pc.replace_with_mask(pc.replace_with_mask(empty, rest, others[name]), han, chinese[name])
        for name in chinese
    }


def _chinese_parts(letters: pa.Array) -> dict[str, pa.Array]:
    """`PARTS` and `street_whole` of addresses in 汉字, their letters plain; see `split_chinese`."""
    spaced = without_punctuation(letters, keep=r"\-")
    codes = nulls(len(spaced))
    coded = matches(spaced, r"(?:^|[ 编码])\d{6}(?: |$)")
    if pc.any(coded).as_py():
        code = groups(where(coded, spaced), _CHINESE_POSTCODE, ("front", "before", "behind", "after"))
        spaced = pc.coalesce(code["behind"], code["before"], spaced)
        codes = pc.coalesce(code["front"], code["after"])
    folded = pc.replace_substring(spaced, " ", "")
    columns = _split_common_chinese(folded)
    odd = columns["street"].is_null()
    if pc.any(odd).as_py():
        split = [split_chinese(text) if text else {} for text in folded.filter(odd).to_pylist()]
        for part in PARTS:
            some = pa.array([parts.get(part) for parts in split], pa.string())
            columns[part] = pc.replace_with_mask(columns[part], odd, some)
    return columns | {"postcode": codes, "street_whole": columns["street"]}


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
    towns = pa.array([town for town, _, _ in names], pa.string())
    whole = pa.array([not left for _, left in splits], pa.bool_()).take(places.indices)
    name = pa.array([name if left == "0号" else None for _, name, left in names], pa.string()).take(streets_.indices)
    columns = {
        part: pa.array([parts.get(part) for parts, _ in splits], pa.string()).take(places.indices)
        for part in ("region", "city", "district")
    }
    columns |= {
        "subdistrict": towns.take(streets_.indices),
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
    >>> split_chinese("杭州市西湖区转塘街道双流路12号")["subdistrict"]
    '转塘'
    """
    parts, text = _split_place(text)
    town, street, text = _split_street(text)
    if town:
        parts["subdistrict"] = town
    if street:
        parts["street"] = street
    elif found := re.match(r"^\D+", text):
        parts["street"], text = found[0].strip("-"), text[found.end() :]
    if found := _NUMBER_HEAD.match(text):
        number = f"{found[1]}-{found[2]}" if found[1] else found[3].replace("之", "-")
        parts["street_number"], text = number, text[found.end() :]
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
        parts["city"], text = _PEOPLES.sub("", found[1]) or found[1], text[found.end() :]
    elif "city" not in parts and (found := _BARE_CITY_HEAD.match(text)):
        parts["city"], text = found[1], text[found.end() :]
    if found := _DISTRICT_HEAD.match(text):
        parts["district"], text = _bare_district(found[1]), text[found.end() :]
    return parts, text


def _split_street(text: str) -> tuple[str | None, str | None, str]:
    """The town and the street at the beginning of `text`, as far as they are there, and what is behind them."""
    town = None
    if found := _TOWN_HEAD.match(text):
        town, text = _bare_town(found[1]), text[found.end() :]
    if found := _STREET_HEAD.match(text):
        return town, found[1], text[found.end() :]
    return town, None, text


def _bare_town(town: str) -> str:
    """
    >>> _bare_town("转塘街道"), _bare_town("乌镇")
    ('转塘', '乌镇')
    """
    found = _TOWN_END.match(town)
    return found[1] if found else town


def _bare_district(district: str) -> str:
    bare = re.sub("(?:新区|区|县|市)$", "", district)
    return bare if len(bare) >= 2 else district


def _unit_numbers(text: str) -> str | None:
    """Building, staircase and room of 3号楼2单元501室 as 3-2-501; `text` itself when it has no digits."""
    return "-".join(re.findall(r"[a-z]?\d+[a-z]?", text)) or text

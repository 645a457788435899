"""What is worked out in columns is what is worked out value by value."""

from __future__ import annotations

import random

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from custid.standardize import addresses, coded, dates, names, phones
from custid.standardize.text import clean, fold, words

REGIONS = words("AR AU BR CH CN DE ES FR GB IN IT JP MX NL NZ PL RU SE TR US ZA")
_KINDS = [
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
]


def _slipped(draw: random.Random, text: str, letters: str) -> str:
    """`text` with one character lost, changed or added."""
    at = draw.randrange(len(text))
    letter = draw.choice(letters)
    return text[:at] + draw.choice([text[at + 1 :], letter + text[at + 1 :], letter + text[at:]])


def _numbers(region: str, draw: random.Random) -> list[str]:
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    found = []
    for kind in _KINDS:
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        national = phonenumbers.national_significant_number(example)
        for _ in range(40):
            digits = national[:-4] + f"{draw.randrange(10_000):04}"
            for prefix in ("", plan.national_prefix or "", str(plan.country_code), f"+{plan.country_code}"):
                found += [prefix + digits, (prefix + _slipped(draw, digits, "0123456789"))]
            found.append(f"+{plan.country_code}{plan.national_prefix or ''}{digits}")
    return found


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_is_placed_by_its_plan_as_the_library_places_it(region: str) -> None:
    draw = random.Random(region)
    numbers = _numbers(region, draw)
    for own in (region, "FR", None):
        asked = [number for number in numbers if own == region or number[0] == "+"]
        placed = phones._placed(
            pa.array([number[1:] if number[0] == "+" else None for number in asked], pa.string()),
            pa.array([number.lstrip("+") for number in asked]),
            pa.array([own] * len(asked), pa.string()),
        )
        assert placed.to_pylist() == [phones._parsed(number, own) for number in asked]


def test_most_ordinary_numbers_need_not_go_to_the_library_one_by_one() -> None:
    plan = phones._plan("GB")
    assert plan is not None
    told = phones._by_plan(pa.array(["02079460958", "07400123456", "999"]), plan, abroad=False)
    assert told.to_pylist() == ["442079460958", "447400123456", None]


_WESTERN = [
    "12 Main St, Springfield, IL 62704", "Hauptstr. 7, 10115 Berlin", "Apt 4, 12 High Street, Leeds", "5 Elm Road",
    "Flat 2, 9 Rose Ln, Bath BA1 1AA, UK", "12 Main St,, ,", ", Paris", "1 Rue X, 75001 Paris, France",
    "Unit 3, Unit 4",
]  # fmt: skip
_CHINESE = [
    "浙江省杭州市西湖区文三路100号3号楼501室", "北京市朝阳区建国路88号", "北京路12号", "河南南街5号院2号楼",
    "红旗路37号",
    "广东深圳市南山区科技园街道深南大道10000号A座12-3", "吉林市船营区解放大路中段9号",
    "上海市上海市静安区南京西路100弄5号302室",
    "农贸市场路3号", "杭州市场口镇人民路5号", "内蒙古自治区赤峰市红山区步行街1号", "延边朝鲜族自治州延吉市人民路6号",
    "小区路5号", "虎门镇人民路5号楼", "北京市东城区东四胡同8号", "市辖区和平路1号", "重庆市万州市和平路2之3号",
]  # fmt: skip
_PEOPLE = [
    "Anna Lee", "Wei Zhang", "ZHANG Wei", "LI Na", "Lee, Anna", "Zhang, Wei", "Anne-Marie Smith-Webb", "Xiao-Ming Wang",
    "Dr Who", "John Smith Jr", "Smith, Jr", "O'Brien Pat", "PAT O'BRIEN", "MÜLLER JAN", "Müller Jan", "ANN-B SMITH",
    "SMITH ANN-B", "A Wang", "Li Li", "Wang Susan", "Susan Wang", "Mr Wang", "McDonald, Al", "JÜRGEN SMITH", "Øre Bæk",
    "de Lee", "Ma Ma-Li", "张伟", "欧阳震华", "王 小明", "Wu , Yifan", "E Li", "HE, Li",
]  # fmt: skip


def _varied(values: list[str], letters: str, times: int = 60) -> list[str]:
    draw = random.Random(1)
    found = values + [_slipped(draw, value, letters) for value in values for _ in range(times)]
    return [value for value in clean(pa.array(sorted(set(found)))).to_pylist() if value]


def test_western_lines_are_split_in_columns_as_one_by_one() -> None:
    lines = fold(pa.array(_varied(_WESTERN, ", ,#a1-")), keep=",#").drop_null()
    found = addresses._split_lines(lines)
    for at, line in enumerate(lines.to_pylist()):
        parts = addresses._split_line(line)
        assert {part: found[part][at].as_py() for part in addresses.PARTS} == {
            part: parts.get(part) for part in addresses.PARTS
        }, line


def test_chinese_lines_are_split_in_columns_as_one_by_one() -> None:
    lines = [line.replace(" ", "") for line in _varied(_CHINESE, "省市区县路街道镇号楼院弄之-1２٣a场州盟旗")]
    texts = fold(pa.array(lines), keep=r"\-").drop_null()
    found = addresses._split_common_chinese(texts)
    taken = 0
    for at, text in enumerate(texts.to_pylist()):
        if found["street"][at].is_valid:
            taken += 1
            parts = addresses.split_chinese(text)
            assert {part: found[part][at].as_py() for part in addresses.PARTS} == {
                part: parts.get(part) for part in addresses.PARTS
            }, text
    assert taken > 100


def test_names_of_two_words_are_split_in_columns_as_one_by_one() -> None:
    values = pa.array(_varied(_PEOPLE, "aeLI -,'."))
    found = names.full_names(values).columns
    marked = fold(values, keep=rf",()\"{names._DOTS}\-").to_pylist()
    given, surname = names._two_words(pa.array(marked, pa.string()), values)
    for at, (text, written) in enumerate(zip(marked, values.to_pylist(), strict=True)):
        if given[at].is_valid:
            parts = names.split_name(text or "", written)
            assert (given[at].as_py(), surname[at].as_py()) == (parts.given_name, parts.surname), written
            assert parts.middle_name is parts.nickname is parts.name_suffix is None
            assert found["given_name"][at].as_py() == parts.given_name


def test_dates_are_read_in_columns_as_one_by_one() -> None:
    values = [
        "1980-3-5",
        "1980/03/05",
        "1980年3月5日",
        "1980.12.31",
        "1980/3/5 0:00",
        "1980-03-05 00:00:00",
        "1980/13/5",
    ]
    varied = pa.array(_varied(values, "0123456789/-.年月日 :"))
    found = dates.dates(varied).columns["birth_date"].to_pylist()
    for value, iso in zip(varied.to_pylist(), found, strict=True):
        read = dates.read_date(value)
        assert iso == (read and read.removesuffix("-00-00")), value


def test_a_coded_column_is_what_encoding_its_strings_gives() -> None:
    draw = random.Random(2)
    one, two = ([draw.choice(["a", "b", "c", None]) for _ in range(500)] for _ in range(2))
    left, right = coded.encode(pa.array(one, pa.string())), coded.encode(pa.array(two, pa.string()))
    results = [
        (coded.first(left, right), [a or b for a, b in zip(one, two, strict=True)]),
        (
            coded.choose(pa.array([a == "a" for a in one]), right, left),
            [b if a == "a" else a for a, b in zip(one, two, strict=True)],
        ),
        (
            coded.mapped(left, lambda some: pc.if_else(pc.equal(some, "b"), pa.scalar(None, pa.string()), "z")),
            [None if a in ("b", None) else "z" for a in one],
        ),
    ]
    for found, expected in results:
        assert found is not None
        assert found.equals(pa.array(expected, pa.string()).dictionary_encode())
    assert coded.same(left, right).to_pylist() == [a is not None and a == b for a, b in zip(one, two, strict=True)]

"""A made-up retailer: five channels, two dated batches of files as they would arrive, and the truth apart.

In: a folder, a size, a seed. Out: files; the same tables for the same arguments on every machine.
Never here: a real customer. Run `python -m custid.testing.retail FOLDER --seed 7`.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from custid.schemas import INSTANT
from custid.testing.customers import CompanySettings, companies, describe, is_chinese, whole_name
from custid.testing.draws import Draws, Flags, Ints, shares, weighted
from custid.testing.mistakes import Mistakes
from custid.testing.population import CN, WINDOW, HouseholdSettings, People, populate, reading
from custid.testing.texts import choose, digits, filled, flat, join, take

BATCHES = ("2026-03-01", "2026-04-01")
CHANNELS = ("crm", "shop", "loyalty", "callcentre", "wechat")

#: How many people are in each channel, Chinese and other.
_CHINESE_SHARE = {"crm": 0.45, "shop": 0.5, "loyalty": 0.65, "callcentre": 0.15, "wechat": 0.5}
_WESTERN_SHARE = {"crm": 0.65, "shop": 0.62, "loyalty": 0.25, "callcentre": 0.3, "wechat": 0.02}
#: Of the records of a channel: brought by the second batch, changed by it, deleted by it, twice in the
#: channel.
_NEW, _CHANGED, _DELETED, _DOUBLE = 0.07, 0.06, 0.03, 0.03
#: Channels whose second file tells of deletions. From the others nothing is ever deleted.
_TELLS_DELETIONS = ("crm", "loyalty", "callcentre")

_MISTAKES = {
    "crm": Mistakes(missing_email=0.2, missing_phone=0.15, missing_birth_date=0.2),
    "shop": Mistakes(
        missing_email=0.02, missing_phone=0.3, missing_address=0.1, pinyin=0.35, landline=0.05, plus_tag=0.05
    ),
    "loyalty": Mistakes(
        missing_email=0.6, missing_phone=0.03, missing_birth_date=0.15, missing_address=0.5, pinyin=0.02
    ),
    "callcentre": Mistakes(
        missing_email=0.7,
        missing_phone=0.02,
        missing_birth_date=0.4,
        missing_address=0.35,
        misspelt_given_name=0.06,
        misspelt_surname=0.07,
        pinyin=0.2,
        landline=0.35,
    ),
    "wechat": Mistakes(missing_phone=0.1, landline=0.0),
}


@dataclass(frozen=True)
class _Channel:
    """`records`: one row per record, of both batches (see `_COLUMNS`); `file`: its name inside a batch's
    folder."""

    name: str
    records: pa.Table
    file: str
    columns: Callable[[pa.Table, Draws], pa.Table]


#: What is known of each record before its channel writes it. A record that the second batch changed is
#: there twice, with state "before" and "after"; the others are "new" (in the second batch), "kept" or
#: "deleted" (by the second batch).
_COLUMNS = pa.schema(
    [
        *(
            pa.field(name, pa.string())
            for name in [
                "record_id",
                "true_id",
                "state",
                "given_name",
                "surname",
                "name_suffix",
                "birth_date",
                "sex",
                "email",
                "phone",
                "street_number",
                "street",
                "address",
                "city",
                "region",
                "postcode",
                "country",
                "company",
                "tax_id",
                "unionid",
            ]
        ),
        pa.field("updated_at", INSTANT),
    ]
)


def write_retail(folder: str | Path, *, people: int = 1_350, seed: int = 7) -> None:
    """Write the retailer's files into `folder`: a folder for each batch, truth, two configurations,
    README.md.

    About 2.2 records for each of `people`, companies included. What is already in the folder by these names
    is overwritten; the registry and the output of earlier runs are left alone.
    """
    folder = Path(folder)
    draws = Draws(seed)
    channels = _channels(people, seed, draws)
    truth = pa.concat_tables([_truth(channel, batch) for batch in (0, 1) for channel in channels])
    for batch, name in enumerate(BATCHES):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for channel in channels:
            table = channel.columns(_as_known(channel.records, batch), Draws(seed + 100 + CHANNELS.index(channel.name)))
            rows = _in_batch(channel, batch)
            _write(folder / name / channel.file, channel.name, table.filter(pa.array(rows)))
        (folder / f"customers-{name[:7]}.toml").write_text(_CONFIG.replace("{batch}", name), encoding="utf-8")
    pq.write_table(truth, folder / "truth.parquet", compression="zstd")
    _write_csv(folder / "truth.csv", truth, encoding="utf-8")
    (folder / "README.md").write_text(_readme(channels, people, seed), encoding="utf-8")


# --- who is in which channel --------------------------------------------------------------------------------


def _channels(count: int, seed: int, draws: Draws) -> list[_Channel]:
    people = populate(count, draws, replace(HouseholdSettings(), chinese=0.5))
    unionid = _handles("oU", len(people), draws)
    firms = companies(max(count // 8, 10), seed=seed + 1, settings=CompanySettings())
    writers: Mapping[str, tuple[str, Callable[[pa.Table, Draws], pa.Table]]] = {
        "crm": ("crm.csv", _crm),
        "shop": ("shop.parquet", _shop),
        "loyalty": ("loyalty.csv", _loyalty),
        "callcentre": ("callcentre.csv", _callcentre),
        "wechat": ("wechat.parquet", _wechat),
    }
    channels = []
    for name, (file, writer) in writers.items():
        records = [
            _person_records(name, people, count, unionid, draws),
            _company_records(name, firms.records, firms.truth, draws),
        ]
        records = [_with_keys(name, pa.concat_tables(records), draws), _told(name)]
        channels.append(_Channel(name, pa.concat_tables(records), file, writer))
    return channels


def _person_records(channel: str, people: People, count: int, unionid: pa.Array, draws: Draws) -> pa.Table:
    """Records of those of the first `count` people that are in the channel, the changed ones twice."""
    chinese = people.country[:count] == CN
    inside = draws.flags(count, np.where(chinese, _CHINESE_SHARE[channel], _WESTERN_SHARE[channel]))
    person = np.nonzero(inside)[0]
    person = np.concatenate([person, person[draws.flags(len(person), _DOUBLE)]])
    person = person[draws.order(len(person))]
    state = _states(channel, len(person), draws)
    first, last = WINDOW
    day = np.where(state == "new", last, draws.between(len(person), first, last - 1))
    day = np.where(state == "new", day + draws.below(len(person), 31), day)
    rates = _MISTAKES[channel]
    now = describe(people, person, day, draws, rates)
    changed = state == "changed"
    later = describe(people, person[changed], last + draws.below(int(changed.sum()), 31), draws, rates)
    bound = draws.flags(len(person), 1.0 if channel == "wechat" else 0.45 if channel == "loyalty" else 0.0)
    number = np.arange(len(person))
    before = _rows(now, person, number, np.where(changed, "before", state), choose(bound, take(unionid, person), None))
    after = _rows(
        later,
        person[changed],
        number[changed],
        np.full(int(changed.sum()), "after"),
        before["unionid"].filter(pa.array(changed)),
    )
    return pa.concat_tables([before, after])


def _states(channel: str, count: int, draws: Draws) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    deleted = _DELETED if channel in _TELLS_DELETIONS else 0.0
    words = weighted(["new", "changed", "deleted", "kept"], [_NEW, _CHANGED, deleted, 1 - _NEW - _CHANGED - deleted])
    return np.array(draws.words(count, words).to_pylist(), dtype=np.str_)


def _rows(
    described: pa.Table,
    person: Ints,
    number: Ints,
    state: np.ndarray[tuple[int], np.dtype[np.str_]],
    unionid: pa.Array | pa.ChunkedArray,
) -> pa.Table:
    """Described people as rows of `_COLUMNS`; `record_id` is only a number yet."""
    columns = {name: described[name] for name in described.column_names}
    columns |= {
        "record_id": digits(number, 1),
        "true_id": join("p", digits(person + 1, 1)),
        "state": pa.array(state.tolist(), pa.string()),
        "unionid": unionid,
    }
    return _conform(columns, len(person))


def _company_records(channel: str, firms: pa.Table, truth: pa.Table, draws: Draws) -> pa.Table:
    here = np.asarray(pc.equal(firms["channel"], channel))
    some = firms.filter(pa.array(here))
    columns = {name: some[name] for name in some.column_names if name != "channel"}
    columns["record_id"] = join("f", digits(np.arange(len(some)), 1))
    columns["true_id"] = truth["true_id"].filter(pa.array(here))
    state = draws.flags(len(some), _NEW)
    columns["state"] = choose(state, "new", "kept")
    columns["updated_at"] = pa.array(
        np.where(state, (WINDOW[1] + 9) * 86_400_000_000, np.asarray(some["updated_at"].cast(pa.int64()))),
        INSTANT,
    )
    return _conform(columns, len(some))


def _conform(columns: Mapping[str, pa.Array | pa.ChunkedArray], count: int) -> pa.Table:
    return pa.table(
        [
            columns[name] if name in columns else pa.nulls(count, kind)
            for name, kind in zip(_COLUMNS.names, _COLUMNS.types, strict=True)
        ],
        schema=_COLUMNS,
    )


def _handles(front: str, count: int, draws: Draws) -> pa.Array:
    """Handles of 28 characters as WeChat gives them: `front`, then letters and digits."""
    alphabet = np.array([ord(letter) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"])
    text = np.empty((count, 28), dtype=np.uint32)
    text[:, : len(front)] = [ord(letter) for letter in front]
    for place in range(len(front), 28):
        text[:, place] = alphabet[draws.below(count, len(alphabet))]
    return pa.array(text.view("<U28").reshape(count).tolist(), pa.string())


def _with_keys(channel: str, records: pa.Table, draws: Draws) -> pa.Table:
    """`records` with the channel's own keys, in the order of the keys."""
    coded = records["record_id"].combine_chunks().dictionary_encode()
    count = len(coded.dictionary)
    place = draws.order(count)
    keys = {
        "crm": lambda: join("C-", digits(100_001 + place, 6)),
        "shop": lambda: digits(6_500_001 + place * 3, 7),
        "loyalty": lambda: join("88", digits(10_000_001 + place * 7, 8)),
        "callcentre": lambda: join("K", digits(50_001 + place, 5)),
        "wechat": lambda: _handles("o4", count, draws),
    }[channel]()
    position = place[np.asarray(coded.indices)]
    records = records.set_column(0, "record_id", keys.take(coded.indices))
    return records.take(pa.array(np.argsort(position, kind="stable")))


# --- the merges and splits of the second batch, told record by record ---------------------------------------


@dataclass(frozen=True)
class _Told:
    """A record of the story: how it is, whose it is, and when (`state` as in `_COLUMNS`)."""

    channel: str
    record_id: str
    true_id: str
    state: str
    values: Mapping[str, str]


_EMILY_BEFORE = {
    "given_name": "Emily",
    "surname": "Novak",
    "birth_date": "1990-06-14",
    "sex": "F",
    "email": "emily.novak90@gmail.com",
    "phone": "(916) 555-0134",
    "address": "118 Juniperfield Avenue",
    "city": "Sacramento",
    "region": "CA",
    "postcode": "95814",
    "country": "US",
}
_EMILY_NOW = {
    "given_name": "Emily",
    "surname": "Carter",
    "birth_date": "1990-06-14",
    "sex": "F",
    "email": "emily.carter.pdx@outlook.com",
    "phone": "503-555-0172",
    "address": "2040 Larkmeadow Drive",
    "city": "Portland",
    "region": "OR",
    "postcode": "97203",
    "country": "US",
}
_JINGYI = {
    "given_name": "静怡",
    "surname": "陈",
    "birth_date": "1988-11-02",
    "sex": "F",
    "phone": "13612070845",
    "email": "chenjingyi1102@163.com",
    "address": "南山区桂苑路56号翠湖花园3栋1204室",
    "city": "深圳市",
    "region": "广东省",
    "postcode": "518020",
    "country": "CN",
}
_DANIEL = {
    "given_name": "Daniel",
    "surname": "Whitcombe",
    "birth_date": "1979-01-23",
    "sex": "M",
    "email": "d.whitcombe@btinternet.com",
    "phone": "07845 290461",
    "address": "14 Heronbrook Lane",
    "city": "Norwich",
    "region": "Norfolk",
    "postcode": "NR3 1QT",
    "country": "GB",
}
_GRACE = {
    "given_name": "Grace",
    "surname": "Adeyemi",
    "birth_date": "1993-08-30",
    "sex": "F",
    "email": "grace.adeyemi@outlook.com",
    "phone": "07562 190178",
    "address": "Flat 6, 81 Quarrygate Road",
    "city": "Leeds",
    "region": "West Yorkshire",
    "postcode": "LS6 2BD",
    "country": "GB",
}
_NA = {
    "given_name": "娜",
    "surname": "李",
    "birth_date": "1985-04-17",
    "sex": "F",
    "email": "lina850417@qq.com",
    "phone": "15902106633",
    "address": "上海市徐汇区青松路230号锦绣家园8栋502室",
    "city": "上海市",
    "region": "上海市",
    "postcode": "200040",
    "country": "CN",
}
_LIHUA = {
    "given_name": "丽华",
    "surname": "王",
    "birth_date": "1962-12-05",
    "sex": "F",
    "phone": "13305718420",
    "address": "浙江省杭州市西湖区翠柏路17号2栋301室",
    "city": "杭州市",
    "region": "浙江省",
    "postcode": "310060",
    "country": "CN",
}


def _only(values: Mapping[str, str], names: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if name in names.split()}


_STORY = (
    # merge: married, moved, and told the CRM only in March
    _Told("crm", "C-900001", "merge-1", "before", _EMILY_BEFORE),
    _Told("crm", "C-900001", "merge-1", "after", _EMILY_NOW),
    _Told("shop", "9900001", "merge-1", "kept", _EMILY_NOW),
    # merge: two records with nothing in common, until a new record has what is in both
    _Told(
        "loyalty",
        "8899000001",
        "merge-2",
        "kept",
        _only(_JINGYI, "given_name surname birth_date sex phone country"),
    ),
    _Told(
        "shop",
        "9900004",
        "merge-2",
        "kept",
        _only(_JINGYI, "email address city region postcode country")
        | {"given_name": "Jing", "surname": "Chen", "phone": "18620047719"},
    ),
    _Told("crm", "C-900002", "merge-2", "new", _JINGYI),
    # split: Grace's contact was saved with Daniel's form
    _Told("shop", "9900007", "split-1a", "kept", _DANIEL),
    _Told("callcentre", "K90001", "split-1a", "kept", _DANIEL),
    _Told("crm", "C-900003", "split-1a", "before", _DANIEL),
    _Told("crm", "C-900003", "split-1b", "after", _GRACE),
    # split: 王丽华 was signed up with the data of 李娜, who stood behind her in the queue
    _Told("crm", "C-900004", "split-2a", "kept", _NA),
    _Told("shop", "9900010", "split-2a", "kept", _NA),
    _Told("loyalty", "8899000008", "split-2a", "before", _NA),
    _Told("loyalty", "8899000008", "split-2b", "after", _LIHUA),
)


def _told(channel: str) -> pa.Table:
    march, april = datetime(2026, 2, 3, 10, 12, tzinfo=UTC), datetime(2026, 3, 18, 16, 45, tzinfo=UTC)
    rows = [
        {
            **told.values,
            "record_id": told.record_id,
            "true_id": told.true_id,
            "state": told.state,
            "updated_at": april if told.state in ("after", "new") else march,
        }
        for told in _STORY
        if told.channel == channel
    ]
    return pa.Table.from_pylist(rows, schema=_COLUMNS)


# --- what each channel writes -------------------------------------------------------------------------------


def _line(records: pa.Table) -> pa.Array:
    """The address in one line, however it was typed."""
    number, street, address = (flat(records[name]) for name in ("street_number", "street", "address"))
    german = np.asarray(pc.equal(records["country"], "DE"))
    typed = choose(german, join(street, " ", pc.fill_null(number, "")), join(pc.fill_null(number, ""), " ", street))
    return flat(pc.utf8_trim_whitespace(choose(filled(address), address, typed)))


def _name(records: pa.Table, surname_first: Flags) -> pa.Array:
    given, surname, suffix = (flat(records[name]) for name in ("given_name", "surname", "name_suffix"))
    hanzi = is_chinese(surname) | is_chinese(given)
    chinese = np.asarray(pc.equal(records["country"], "CN"))
    return whole_name(given, surname, suffix, hanzi, surname_first, comma=~chinese)


def _stamp(records: pa.Table, form: str) -> pa.Array:
    return flat(pc.strftime(records["updated_at"].cast(pa.timestamp("s", tz="UTC")), format=form))


def _said(values: pa.Array | pa.ChunkedArray, male: str, female: str) -> pa.Array:
    code = flat(values)
    return choose(filled(code), choose(np.asarray(pc.fill_null(pc.equal(code, "M"), False)), male, female), None)


def _crm(records: pa.Table, draws: Draws) -> pa.Table:
    count = len(records)
    title = choose(draws.flags(count, 0.4), _said(records["sex"], "Mr", "Ms"), None)
    surname, suffix = flat(records["surname"]), flat(records["name_suffix"])
    return pa.table(
        {
            "contact_id": records["record_id"],
            "salutation": title,
            "first_name": records["given_name"],
            "last_name": choose(filled(suffix), join(surname, " ", suffix), surname),
            "company": records["company"],
            "vat_no": records["tax_id"],
            "mail": records["email"],
            "mobile": records["phone"],
            "birth_date": records["birth_date"],
            "gender": _said(records["sex"], "male", "female"),
            "address": _line(records),
            "city": records["city"],
            "state": records["region"],
            "zip": records["postcode"],
            "country": records["country"],
            "modified": _stamp(records, "%Y-%m-%d %H:%M:%S"),
        }
    )


def _shop(records: pa.Table, draws: Draws) -> pa.Table:
    count = len(records)
    orders = draws.below(count, 12)
    stamp = records["updated_at"]
    created = np.asarray(stamp.cast(pa.int64())) - draws.below(count, 900) * 86_400_000_000
    return pa.table(
        {
            "Customer ID": records["record_id"].cast(pa.int64()),
            "First Name": records["given_name"],
            "Last Name": records["surname"],
            "Email": records["email"],
            "Accepts Email Marketing": pa.array(draws.flags(count, 0.6)),
            "Company": records["company"],
            "Address1": _line(records),
            "City": records["city"],
            "Province": records["region"],
            "Country Code": records["country"],
            "Zip": records["postcode"],
            "Phone": records["phone"],
            "Total Orders": pa.array(orders),
            "Total Spent": pa.array((orders * (500 + draws.below(count, 9_500))) / 100.0),
            "Created At": pa.array(created, INSTANT),
            "Updated At": stamp,
        }
    )


def _loyalty(records: pa.Table, draws: Draws) -> pa.Table:
    count = len(records)
    birth = flat(records["birth_date"])
    year, month, of_month = (pc.utf8_slice_codeunits(birth, a, b) for a, b in ((0, 4), (5, 7), (8, 10)))
    month, of_month = (flat(pc.utf8_ltrim(part, "0")) for part in (month, of_month))
    spoken = join(year, "年", month, "月", of_month, "日")
    birth = choose(draws.flags(count, 0.1), spoken, join(year, "/", month, "/", of_month))
    return pa.table(
        {
            "会员号": records["record_id"],
            "姓名": _name(records, np.zeros(count, dtype=np.bool_)),
            "性别": _said(records["sex"], "男", "女"),
            "手机号": records["phone"],
            "生日": birth,
            "邮箱": records["email"],
            "城市": records["city"],
            "地址": _line(records),
            "会员等级": draws.words(count, shares("普通:6 银卡:3 金卡:1")),
            "积分": digits(draws.below(count, 20_000), 1),
            "微信unionid": records["unionid"],
            "更新时间": _stamp(records, "%Y/%m/%d %H:%M"),
        }
    )


def _callcentre(records: pa.Table, draws: Draws) -> pa.Table:
    count = len(records)
    phone = flat(records["phone"])
    ways = draws.uniform(count)
    phone = choose(ways < 0.06, join(phone, " (home)"), phone)
    phone = choose((ways >= 0.06) & (ways < 0.12), join("mob ", phone), phone)
    phone = choose((ways >= 0.12) & (ways < 0.15), join(phone, " ext. ", digits(10 + draws.below(count, 80), 2)), phone)
    birth = flat(records["birth_date"])
    year, month, of_month = (pc.utf8_slice_codeunits(birth, a, b) for a, b in ((0, 4), (5, 7), (8, 10)))
    notes = draws.words(
        count,
        shares(
            ":50 asked_about_delivery:8 wants_a_call_back_after_six:5 complaint,_see_ticket:5 spoke_to_wife:3"
            " address_changed?:3 VIP:3 不要再打电话:3 投诉物流:3 wrong_number?:2"
        ),
    )
    return pa.table(
        {
            "caller_no": records["record_id"],
            "caller": choose(filled(flat(records["company"])), None, _name(records, np.ones(count, dtype=np.bool_))),
            "organisation": records["company"],
            "tel": phone,
            "email": records["email"],
            "dob": join(of_month, "/", month, "/", year),
            "address": _line(records),
            "town": records["city"],
            "postcode": records["postcode"],
            "notes": notes,
            "last_call": _stamp(records, "%d/%m/%Y %H:%M"),
            "deleted": choose(np.asarray(pc.equal(records["state"], "deleted")), "Y", "N"),
        }
    )


def _wechat(records: pa.Table, draws: Draws) -> pa.Table:
    count = len(records)
    given, surname = flat(pc.fill_null(records["given_name"], "")), flat(records["surname"])
    hanzi = is_chinese(given)
    last = pc.utf8_slice_codeunits(given, -1, 100)
    pinyin = reading(join(surname, given))
    flower = draws.words(count, shares("🌸:3 ☀️:2 🐱:2 🍀:2 🎈:1"))
    number = digits(draws.below(count, 100), 1)
    ways = draws.uniform(count)
    nickname = choose(hanzi, join("小", last), given)
    for low, high, way in (
        (0.25, 0.45, join(surname, given)),
        (0.45, 0.6, join(given, flower)),
        (0.6, 0.75, join(pinyin, number)),
        (0.75, 0.85, join("A", last, last)),
        (0.85, 1.0, draws.words(count, shares("随风:3 平凡的人:2 阳光:3 Lucky:2 微笑:2 星空:2 momo:4"))),
    ):
        nickname = choose((ways >= low) & (ways < high), way, nickname)
    return pa.table(
        {
            "openid": records["record_id"],
            "unionid": records["unionid"],
            "nickname": nickname,
            "phone": records["phone"],
            "gender": choose(filled(flat(records["sex"])), _said(records["sex"], "1", "2"), "0"),
            "city": records["city"],
            "province": records["region"],
            "bind_time": records["updated_at"],
        }
    )


# --- batches, files, truth ----------------------------------------------------------------------------------


def _as_known(records: pa.Table, batch: int) -> pa.Table:
    """`records` as their channel knows them in `batch`: in the first, nothing is deleted yet."""
    if batch:
        return records
    deleted = np.asarray(pc.equal(records["state"], "deleted"))
    state = choose(deleted, "kept", flat(records["state"]))
    return records.set_column(records.column_names.index("state"), "state", state)


def _in_batch(channel: _Channel, batch: int) -> Flags:
    """Which of the channel's rows are in the file of a batch: all that is known, or all that is news."""
    state = channel.records["state"]
    if batch == 0:
        # what the second batch deletes is in the first one as well
        return np.asarray(pc.is_in(state, pa.array(["kept", "before", "deleted"])))
    words = {
        "crm": ["kept", "after", "new"],
        "loyalty": ["kept", "after", "new"],
        "callcentre": ["after", "new", "deleted"],
    }
    return np.asarray(pc.is_in(state, pa.array(words.get(channel.name, ["after", "new"]))))


def _truth(channel: _Channel, batch: int) -> pa.Table:
    """channel, record_id, batch, true_id of the records that are live once `batch` is taken in."""
    live = ["kept", "before", "deleted"] if batch == 0 else ["kept", "after", "new"]
    rows = channel.records.filter(pc.is_in(channel.records["state"], pa.array(live)))
    same = pa.array([channel.name] * len(rows)), pa.array([BATCHES[batch]] * len(rows))
    return pa.table({"channel": same[0], "record_id": rows["record_id"], "batch": same[1], "true_id": rows["true_id"]})


_DELIMITERS = {"crm": ",", "loyalty": ",", "callcentre": ";"}


def _write(path: Path, channel: str, table: pa.Table) -> None:
    """The file of a channel, with rows that must become rejects: one without its key, one whose key was there
    before, and in CSV one with a cell too many or too few."""
    key = table.column_names[0]
    places = [len(table) // 5, len(table) // 2]
    without_key, again = table.slice(places[0], 1), table.slice(places[1], 1)
    without_key = without_key.set_column(0, key, pa.nulls(1, table.schema.field(0).type))
    bad = [without_key] if channel == "wechat" else [without_key, again]
    # behind what they repeat, so that the first row of a key is the right one
    table = pa.concat_tables([table.slice(0, places[1] + 1), *bad, table.slice(places[1] + 1)])
    if path.suffix == ".parquet":
        pq.write_table(table, path, compression="zstd")
        return
    # callcentre agents type the delimiter into the notes; the loyalty export broke off inside a row
    ragged = {
        "crm": [["C-999998", "Ms", "Ragged", "Row", "", "", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]]
    }
    ragged["callcentre"] = [
        ["K99998", "Row, Ragged", "", "07700 900999", "", "", "", "", "", "angry", "call back", "", "N"]
    ]
    ragged["loyalty"] = [["8899999998", "断行"]]
    form = {"crm": ("utf-8-sig", "\r\n"), "loyalty": ("gb18030", "\r\n"), "callcentre": ("utf-8", "\n")}
    encoding, newline = form[channel]
    _write_csv(
        path,
        table,
        encoding=encoding,
        delimiter=_DELIMITERS[channel],
        newline=newline,
        ragged=ragged[channel],
    )


def _write_csv(
    path: Path,
    table: pa.Table,
    *,
    encoding: str,
    delimiter: str = ",",
    newline: str = "\n",
    ragged: Sequence[Sequence[str]] = (),
) -> None:
    """`table` as CSV, nulls empty, `ragged` rows in the middle of it."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=newline)
        writer.writerow(table.column_names)
        half = len(table) // 3
        for part in (table.slice(0, half), None, table.slice(half)):
            if part is None:
                writer.writerows(ragged)
            else:
                writer.writerows(zip(*(part[name].to_pylist() for name in part.column_names), strict=True))


_CONFIG = """\
# The made-up retailer, batch of {batch}. Both batches share one registry: run March first, then April.
registry = "customers.db"
output = "out"

[channels.crm]                      # a full extract every month: who is absent is gone
path = "{batch}/crm.csv"
record_id = "contact_id"
kind = "snapshot"
updated_at = "modified"
[channels.crm.columns]
mail = "email"
vat_no = "tax_id"

[channels.shop]                     # new and changed accounts only
path = "{batch}/shop.parquet"
record_id = "Customer ID"
updated_at = "Updated At"

[channels.loyalty]                  # a full extract, GB18030
path = "{batch}/loyalty.csv"
record_id = "会员号"
kind = "snapshot"
encoding = "gb18030"
updated_at = "更新时间"
country = "CN"
[channels.loyalty.columns]
"微信unionid" = "wechat_unionid"

[channels.callcentre]               # what happened since, with a deletion flag
path = "{batch}/callcentre.csv"
record_id = "caller_no"
kind = "delta"
deleted = "deleted"
delimiter = ";"
updated_at = "last_call"
[channels.callcentre.columns]
caller = "full_name"
organisation = "company"
tel = "phone"

[channels.wechat]                   # the mini-programme: new and changed users only
path = "{batch}/wechat.parquet"
record_id = "openid"
updated_at = "bind_time"
country = "CN"
[channels.wechat.columns]
unionid = "wechat_unionid"
"""

_README = """\
# A made-up retailer

Nobody and nothing here is real: names, numbers, mailboxes, addresses and companies are put together at
random, and a likeness to real ones is chance. Made by

    python -m custid.testing.retail examples/retail --seed {seed}

which writes the same again (`--people` makes it larger or smaller). To run it:

    custid run customers-2026-03.toml
    custid run customers-2026-04.toml

## What is in it

Two batches, `2026-03-01/` and `2026-04-01/`, of five channels. Chinese and Western people live in
households and share addresses, telephones, mailboxes and surnames; there are twins, fathers and sons of one
name, moves, marriages, nicknames, swapped names and dates, pinyin and traditional characters, slips of the
keyboard, junk (`test@test.com`, 13800138000, 1900-01-01, 无) and missing values. About one record in twenty
is a company's, some of them branches, which are customers of their own.

| channel | files | key | second batch |
|---|---|---|---|
| crm | CSV, UTF-8 with BOM, `,` | contact_id | snapshot: the absent are gone |
| shop | Parquet | Customer ID | upsert: new and changed |
| loyalty | CSV, GB18030, `,` | 会员号 | snapshot: the absent are gone |
| callcentre | CSV, UTF-8, `;`, names as "Last, First", day first | caller_no | delta with `deleted` |
| wechat | Parquet; a nickname, hardly ever a name | openid | upsert: new and changed |

{table}

Every file has rows that cannot be taken in and must become rejects: {rejects} in all of the first batch.
Each has a row without its key; each but wechat a row whose key was there before (the same row again); each
CSV a ragged row.

`truth.parquet` (and `.csv`) says who each record is: channel, record_id, batch, true_id, for every record
that is live after each batch. `c…` are companies, all others people.

## What the second batch does on purpose

Besides the new, changed and deleted records:

- **merge**: crm `C-900001` (Emily Novak) and shop `9900001` (Emily Carter) have only a given name in common
  in March. In April the CRM learns of her marriage: new surname, address, telephone and mailbox, the
  shop's. One customer from then on.
- **merge**: loyalty `8899000001` (陈静怡) and shop `9900004` (Jing Chen) have no telephone, mailbox,
  address or date in common. In April crm `C-900002` is new and has the telephone and birth date of the one,
  the mailbox and address of the other.
- **split**: crm `C-900003` holds in March the data of Daniel Whitcombe (also shop `9900007`, callcentre
  `K90001`), saved over Grace Adeyemi's contact. In April it is corrected: Grace is a customer of her own.
- **split**: loyalty `8899000008` was signed up with the data of 李娜 (also crm `C-900004`, shop `9900010`).
  In April it is corrected to 王丽华, who is a customer of her own.
"""


def _readme(channels: Sequence[_Channel], people: int, seed: int) -> str:
    lines = ["| records | first batch | second batch: new | changed | deleted |", "|---|---|---|---|---|"]
    for channel in channels:
        counts = dict.fromkeys(("kept", "before", "deleted", "new", "after"), 0)
        counts |= {row["values"]: row["counts"] for row in channel.records["state"].value_counts().to_pylist()}
        first = counts["kept"] + counts["before"] + counts["deleted"]
        lines.append(f"| {channel.name} | {first} | {counts['new']} | {counts['after']} | {counts['deleted']} |")
    command = _README.replace("{seed}", str(seed) if people == 1_350 else f"{seed} --people {people}")
    return command.replace("{table}", "\n".join(lines)).replace("{rejects}", "12")


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m custid.testing.retail", description="Write the made-up retailer.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=1_350, help="how many people it has met (default: 1350)")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    write_retail(asked.folder, people=asked.people, seed=asked.seed)


if __name__ == "__main__":
    main()

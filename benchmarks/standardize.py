"""What standardizing costs, per kind of value and for a whole table, on made-up values.

Run: python benchmarks/standardize.py [--values 200000]. Prints CPU seconds per million distinct values of
each kind, and for Western and Chinese records with ten fields of realistic distinct counts.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable

import pyarrow as pa

from custid.standardize import Conventions, standardize

HAN_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林"
PINYIN = (
    "zhang",
    "wang",
    "li",
    "xiao",
    "ming",
    "wei",
    "hua",
    "jun",
    "fang",
    "lei",
    "yan",
    "qiang",
    "jing",
    "min",
)


def word(rng: random.Random) -> str:
    """A made-up word, so that values are distinct."""
    syllables = "".join(rng.choice("bcdfghklmnprst") + rng.choice("aeiou") for _ in range(rng.randint(1, 3)))
    return syllables + rng.choice(["son", "rt", "ck", "ll", "ez", "ski"])


def day(rng: random.Random) -> tuple[int, int, int]:
    return rng.randint(1930, 2010), rng.randint(1, 12), rng.randint(1, 28)


def han(rng: random.Random) -> str:
    return chr(rng.randint(0x4E00, 0x6FFF))


def hour(rng: random.Random) -> str:
    return f"0{rng.randint(0, 9)}:{rng.randint(10, 59)}:{rng.randint(10, 59)}"


#: kind → field and a maker of one value
KINDS: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "given name": ("given_name", lambda r: word(r).title()),
    "full name, Western": ("full_name", lambda r: f"{word(r).title()} {word(r).title()}"),
    "full name, odd": ("full_name", lambda r: f"{word(r).title()}, Dr. {word(r).title()} M."),
    "full name, 汉字": ("full_name", lambda r: r.choice(HAN_SURNAMES) + han(r) + han(r)),
    "full name, pinyin": (
        "full_name",
        lambda r: f"{r.choice(PINYIN).title()} {r.choice(PINYIN)}{r.choice(PINYIN)}",
    ),
    "company": (
        "company",
        lambda r: f"{word(r).title()} {word(r)} {r.choice(['Ltd.', 'GmbH', 'Co., Inc.'])}",
    ),
    "e-mail": (
        "email",
        lambda r: f"{word(r)}.{word(r)}{r.randint(1, 99)}@{r.choice(['gmail.com', 'qq.com'])}",
    ),
    "phone, +86 mobile": (
        "phone",
        lambda r: f"13{r.randint(0, 9)} {r.randint(1000, 9999)} {r.randint(1000, 9999)}",
    ),
    "phone, US": ("phone", lambda r: f"(212) {r.randint(200, 999)}-{r.randint(1000, 9999)}"),
    "phone, GB (library)": ("phone", lambda r: f"+44 20 7{r.randint(100, 999)} {r.randint(1000, 9999)}"),
    "date, ISO": ("birth_date", lambda r: "{:04}-{:02}-{:02}".format(*day(r))),
    "date, odd": ("birth_date", lambda r: "{2} March {0} ".format(*day(r)) + hour(r)),
    "date, day/month/year": ("birth_date", lambda r: "{2}/{1}/{0}".format(*day(r))),
    "date, 汉字": ("birth_date", lambda r: "{}年{}月{}日".format(*day(r))),
    "street": (
        "street",
        lambda r: f"{r.randint(1, 999)} {word(r).title()} {r.choice(['St', 'Rd.', 'Avenue'])}",
    ),
    "address, Western": (
        "address",
        lambda r: f"{r.randint(1, 999)} {word(r)} St, {word(r)}, IL {r.randint(10000, 99999)}",
    ),
    "address, 汉字": (
        "address",
        lambda r: f"浙江省杭州市西湖区{han(r)}三路{r.randint(1, 999)}号{r.randint(1, 99)}室",
    ),
    "resident id": (
        "national_id",
        lambda r: "330106{:04}{:02}{:02}".format(*day(r)) + f"{r.randint(0, 9999):04}",
    ),
    "national id, PL (library)": ("national_id", lambda r: f"{r.randint(10**10, 10**11 - 1)}"),
    "tax id, 统一社会信用代码": ("tax_id", lambda r: f"91310000MA1{r.randint(10**5, 10**6 - 1)}0X"),
    "tax id, VAT (library)": ("tax_id", lambda r: f"DE{r.randint(10**8, 10**9 - 1)}"),
    "IBAN": ("iban", lambda r: f"DE89 3704 0044 0{r.randint(10**8, 10**9 - 1)}"),
    "openid": ("wechat_openid", lambda r: f"o{r.getrandbits(160):027x}"[:28]),
    "loyalty id": ("loyalty_id", lambda r: f"L-{r.randint(10**6, 10**7)}"),
}


#: kind → country by which its values are read
COUNTRIES = {"national id, PL (library)": "PL", "date, day/month/year": "GB"}


def cpu_s(table: pa.Table, country: str | None = None) -> float:
    start = time.process_time()
    standardize(table, Conventions(country))
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=200_000, help="rows made per kind")
    rows = parser.parse_args().values
    rng = random.Random(7)
    print(f"{'kind':24}{'distinct':>10}{'CPU s per million distinct':>30}")
    for kind, (field, make) in KINDS.items():
        column = [make(rng) for _ in range(rows)]
        country = COUNTRIES.get(kind)
        # Libraries load here, not in the measurement.
        standardize(pa.table({field: column[:100]}), Conventions(country))
        distinct = sorted(set(column))
        seconds = cpu_s(pa.table({field: distinct}), country)
        print(f"{kind:24}{len(distinct):>10,}{seconds / len(distinct) * 1e6:>30.2f}")

    western = {
        "given_name": pool(rng, "given name", 20_000),
        "surname": pool(rng, "given name", 50_000),
        "birth_date": pool(rng, "date, ISO", 30_000),
        "street": pool(rng, "street", 500_000),
        "city": [word(rng) for _ in range(5_000)],
        "postcode": [str(n) for n in range(10_000, 40_000)],
        "sex": ["M", "F"],
        "email": pool(rng, "e-mail", 800_000),
        "phone": pool(rng, "phone, +86 mobile", 800_000),
        "loyalty_id": pool(rng, "loyalty id", 800_000),
    }
    chinese = {
        "full_name": pool(rng, "full name, 汉字", 400_000),
        "sex": ["男", "女"],
        "birth_date": pool(rng, "date, 汉字", 30_000),
        "national_id": pool(rng, "resident id", 900_000),
        "phone": pool(rng, "phone, +86 mobile", 900_000),
        "email": pool(rng, "e-mail", 500_000),
        "address": pool(rng, "address, 汉字", 700_000),
        "city": ["杭州市", "宁波市", "温州"],
        "wechat_openid": pool(rng, "openid", 900_000),
        "loyalty_id": pool(rng, "loyalty id", 800_000),
    }
    print()
    for name, pools in (("Western", western), ("Chinese", chinese)):
        table = pa.table({field: rng.choices(values, k=1_000_000) for field, values in pools.items()})
        start = time.perf_counter()
        cpu = cpu_s(table)
        elapsed = time.perf_counter() - start
        print(f"1,000,000 {name} records, {len(pools)} fields: {cpu:.1f} s CPU, {elapsed:.1f} s elapsed")


def pool(rng: random.Random, kind: str, size: int) -> list[str]:
    make = KINDS[kind][1]
    return [make(rng) for _ in range(size)]


if __name__ == "__main__":
    main()

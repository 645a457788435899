"""How often custid is right, with nothing configured and no labels, on public data with known truth.

    python benchmarks/accuracy.py [--data FOLDER] [--json FILE] [SET ...]

The sets are those of `sets.py`: FEBRL, made-up households, and what FOLDER holds. Every set goes through
`custid.resolve` as a user would call it; figures are over pairs after clustering, in percent, among labelled records.
For the same next to other tools, see `rivals.py`.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any

from sets import Known, load, names_of

import custid
from custid import Channel
from custid.evaluate import pair_quality


def measure(known: Known) -> dict[str, Any]:
    """Resolve it, and compare with truth over the labelled records."""
    started, cpu = time.perf_counter(), time.process_time()
    run = custid.resolve(Channel("data", known.records, record_id="record_id"))
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    xref = run.xref.to_pandas().set_index("record_id")["customer_id"].reindex(known.truth.index.astype(str))
    quality = pair_quality(xref.to_numpy(), known.truth.to_numpy())
    return {
        "set": known.name,
        "records": run.summary["records"],
        "precision": quality.precision,
        "recall": quality.recall,
        "f1": quality.f1,
        "customers": run.summary["customers"],
        "truth": int(known.truth.nunique()),
        "largest": int(xref.value_counts().max()),
        "true_largest": int(known.truth.value_counts().max()),
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
    print("| set | records | precision | recall | F1 | customers (true) | largest (true) | candidates | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|")
    rows = []
    for known in load(asked.sets or names_of(asked.data), asked.data):
        row = measure(known)
        rows.append(row)
        print(
            f"| {row['set']} | {row['records']:,} | {row['precision']:.2%} | {row['recall']:.2%} | {row['f1']:.2%} "
            f"| {row['customers']:,} ({row['truth']:,}) | {row['largest']} ({row['true_largest']}) "
            f"| {row['candidates']:,} | {row['cpu_s']:.1f} |",
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

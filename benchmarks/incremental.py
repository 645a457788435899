"""What a day's batch costs next to the run that filled the registry, and whether it comes to the same.

    python benchmarks/incremental.py [--records 100k] [--batch 10k] [--out FOLDER]

Made-up households: all but the last records go into a new registry, then the rest as a batch, then the batch again.
Another registry gets everything at once with the same model; its clusters must be the same. A small run before warms
the process, so that no import is counted. Out: OUT/incremental.md, incremental.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import ROOT, facts, facts_line
from sets import records_in

import custid
from custid import Channel, Model
from custid.testing.customers import households


def timed(name: str, channel: Channel, registry: Path, model: Model | None = None) -> tuple[dict[str, Any], Model]:
    """One run: CPU and elapsed seconds, and what it changed; and the run's model."""
    cpu, started = time.process_time(), time.perf_counter()
    run = custid.resolve(channel, registry=registry, model=model)
    row = {
        "run": name,
        "rows": run.summary["channels"]["data"]["read"],
        "records": run.summary["records"],
        "candidates": run.summary["matching"]["candidates"],
        "events": sum(run.summary["events"].values()),
        "cpu_s": time.process_time() - cpu,
        "elapsed_s": time.perf_counter() - started,
        "stages_s": run.summary["stages_s"],
    }
    return row, run.model


def partition(registry: Path) -> set[tuple[str, ...]]:
    """The records of every customer."""
    found: dict[str, list[str]] = {}
    xref = custid.connect(registry).xref()
    for record, customer in zip(xref["record_id"].to_pylist(), xref["customer_id"].to_pylist(), strict=True):
        found.setdefault(customer, []).append(record)
    return {tuple(sorted(records)) for records in found.values()}


def main() -> int:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", default="100k")
    parser.add_argument("--batch", default="10k")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    asked = parser.parse_args()
    known, batch = records_in(asked.records), records_in(asked.batch)
    made = households(known + batch, seed=17).records
    everything = Channel("data", made, record_id="record_id")
    first = Channel("data", made.slice(0, known), record_id="record_id")
    later = Channel("data", made.slice(known), record_id="record_id")
    with tempfile.TemporaryDirectory() as folder:
        registry, at_once = Path(folder) / "customers.db", Path(folder) / "at-once.db"
        custid.resolve(Channel("data", made.slice(0, 2000), record_id="record_id"), registry=Path(folder) / "warm.db")
        row, model = timed("first", first, registry)
        rows = [
            row,
            timed("batch", later, registry, model)[0],
            timed("the same batch again", later, registry, model)[0],
            timed("everything at once, same model", everything, at_once, model)[0],
        ]
        same = partition(registry) == partition(at_once)
    lines = [
        "# A batch after a full run",
        "",
        f"Made by `python benchmarks/incremental.py --records {asked.records} --batch {asked.batch}`. After the batch, "
        f"the clusters are {'the same' if same else 'NOT the same'} as those of everything at once.",
        "",
        "| run | rows read | records after | candidates | events | CPU s | elapsed s | elapsed, share of the first |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {row['run']} | {row['rows']:,} | {row['records']:,} | {row['candidates']:,} | {row['events']:,} "
            f"| {row['cpu_s']:.1f} | {row['elapsed_s']:.1f} | {row['elapsed_s'] / rows[0]['elapsed_s']:.3f} |"
            for row in rows
        ),
        "",
        facts_line(machine := facts()),
        "",
    ]
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "incremental.md").write_text("\n".join(lines), "utf-8")
    (asked.out / "incremental.json").write_text(
        json.dumps({"machine": machine, "same": same, "rows": rows}, indent=1), "utf-8"
    )
    print("\n".join(lines))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

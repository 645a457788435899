"""What a day's batch costs, next to the run that filled the registry.

    python benchmarks/incremental.py [--records 100k] [--batch 10k] [--out FOLDER]

Made-up households: all but the last records go into a new registry, then the rest as a batch, then the batch again,
each with `custid run`'s own calls. Today every run matches all known records again, so a batch costs about as much as
everything; this measures it. Out: OUT/incremental.md, incremental.json.
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
from custid import Channel
from custid.testing.customers import households


def timed(name: str, channel: Channel, registry: Path) -> dict[str, Any]:
    """One run: CPU and elapsed seconds, and what it changed."""
    cpu, started = time.process_time(), time.perf_counter()
    run = custid.resolve(channel, registry=registry)
    return {
        "run": name,
        "rows": run.summary["channels"]["data"]["read"],
        "records": run.summary["records"],
        "events": sum(run.summary["events"].values()),
        "cpu_s": time.process_time() - cpu,
        "elapsed_s": time.perf_counter() - started,
    }


def main() -> int:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", default="100k")
    parser.add_argument("--batch", default="10k")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    asked = parser.parse_args()
    known, batch = records_in(asked.records), records_in(asked.batch)
    made = households(known + batch, seed=17).records
    with tempfile.TemporaryDirectory() as folder:
        registry = Path(folder) / "customers.db"
        first = Channel("data", made.slice(0, known), record_id="record_id")
        later = Channel("data", made.slice(known), record_id="record_id")
        rows = [
            timed("first", first, registry),
            timed("batch", later, registry),
            timed("the same batch again", later, registry),
        ]
    lines = [
        "# A batch after a full run",
        "",
        "Made by `python benchmarks/incremental.py`. Every run matches all known records again, with the model it has.",
        "",
        "| run | rows read | records after | events | CPU s | elapsed s | CPU, share of the first |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {row['run']} | {row['rows']:,} | {row['records']:,} | {row['events']:,} | {row['cpu_s']:.1f} "
            f"| {row['elapsed_s']:.1f} | {row['cpu_s'] / rows[0]['cpu_s']:.2f} |"
            for row in rows
        ),
        "",
        facts_line(machine := facts()),
        "",
    ]
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "incremental.md").write_text("\n".join(lines), "utf-8")
    (asked.out / "incremental.json").write_text(json.dumps({"machine": machine, "rows": rows}, indent=1), "utf-8")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Candidates are streamed: ten times as many candidate pairs of the same records need hardly more memory.

    python benchmarks/memory.py [--records 200k] [--pairs 20M,200M] [--out FOLDER]

Made-up households (custid.testing) with the default model trained once as usual. Then matching with wide blocking rules
on top (everybody of one sex, of one year of birth, …), in blocks of such a size that they make about so many pairs;
each number of pairs in a process of its own. Out: OUT/memory.md, memory.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from machine import ROOT, facts, facts_line, forget_peak, peak_mb, run
from scale import made
from sets import records_in

HERE = Path(__file__).resolve().parent
#: On top of the chosen rules; the blocks of each are cut into runs, so that each makes so many pairs per record.
WIDE = (("sex",), ("birth_date|year",), ("city",), ("surname_latin|first1",))


def one(table: Path, pairs: int) -> dict[str, Any]:
    """Match with about so many candidates, in this process."""
    from custid.channels import Channel, read
    from custid.engines.base import silent
    from custid.engines.local import LocalEngine
    from custid.intake import take_in
    from custid.model.spec import BlockingRule
    from custid.registries.base import empty_state

    channel = Channel("data", str(table), record_id="record_id")
    records = take_in(empty_state(), [channel], [read(channel)]).live
    engine = LocalEngine()
    values = engine.standardize(records, {}).values
    model = engine.train(values, engine.plan(values), seed=1, progress=silent)
    before = peak_mb()
    wide = tuple(BlockingRule(keys) for keys in WIDE)
    rows_max = max(2, round(2 * pairs / len(values) / len(wide)))
    model = replace(model, blocking=(*model.blocking, *wide), narrowing=(), block_rows_max=rows_max)
    forget_peak()
    started, cpu = time.perf_counter(), time.process_time()
    matches = engine.match(values, model, progress=silent)
    return {
        "candidates": matches.report["candidates"],
        "edges": len(matches.edges),
        "match_peak_mb": peak_mb(),
        "peak_mb": max(before, peak_mb()),
        "match_cpu_s": time.process_time() - cpu,
        "match_elapsed_s": time.perf_counter() - started,
    }


def markdown(rows: list[dict[str, Any]], records: int, machine: dict[str, Any]) -> str:
    """The report."""
    first = rows[0]
    return "\n".join(
        [
            "# Memory as candidates grow",
            "",
            f"Made by `python benchmarks/memory.py`: the same {records:,} made-up records, wider and wider blocking.",
            "",
            "| candidate pairs | edges | matching: CPU s | matching: peak MB | process: peak MB | to the first |",
            "|---:|---:|---:|---:|---:|---:|",
            *(
                f"| {row['candidates']:,} | {row['edges']:,} | {row['match_cpu_s']:.1f} | {row['match_peak_mb']:,.0f} "
                f"| {row['peak_mb']:,.0f} | × {row['peak_mb'] / first['peak_mb']:.2f} |"
                for row in rows
            ),
            "",
            facts_line(machine),
            "",
        ]
    )


def main() -> int:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", default="200k")
    parser.add_argument("--pairs", default="20M,200M", help="candidate pairs, about")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "benchmarks")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--timeout", type=float, default=3600)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one, records_in(asked.pairs))))
        return 0
    table = made(asked.records, asked.work, "parquet") / "records.parquet"
    rows = []
    for pairs in asked.pairs.split(","):
        row = run([sys.executable, __file__, "--one", str(table), "--pairs", pairs], timeout_s=asked.timeout)
        if "error" in row:
            print("\n".join(row.get("log", [row["error"]])), file=sys.stderr)
            return 1
        rows.append(row)
        print(f"{row['candidates']:,} pairs: peak {row['peak_mb']:,.0f} MB, {row['match_cpu_s']:.1f} CPU s", flush=True)
    machine = facts()
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "memory.json").write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))
    (asked.out / "memory.md").write_text(markdown(rows, records_in(asked.records), machine))
    print(f"\nwritten: {asked.out}/memory.md, memory.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())

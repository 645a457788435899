"""How long a registry takes over what is asked of it.

    python benchmarks/registry.py [--records 100k] [--batch 10k] [--out FOLDER] [LOCATION ...]

Made-up households: all but the last records fill a registry that must be new, then a batch is added, the same batch
again, and then everything is asked that people ask. LOCATION is a path or a postgresql:// URL; `postgresql` by itself
starts a server for the purpose; without any, a file and, where there is a server to start, PostgreSQL. Each has a
process of its own. Out: OUT/registry.md, registry.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
from machine import ROOT, facts, facts_line, peak_mb, run
from sets import records_in

import custid
from custid import Channel, schemas
from custid.testing import postgres
from custid.testing.customers import households

#: How often a question is asked, each time about somebody else. The first answers are left out: they warm up.
ASKED, WARM = 50, 5


def main() -> int:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("locations", nargs="*", metavar="LOCATION")
    parser.add_argument("--records", default="100k")
    parser.add_argument("--batch", default="10k")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--timeout", type=float, default=7200, metavar="SECONDS", help="for each location")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    known, batch = records_in(asked.records), records_in(asked.batch)
    if asked.here:
        print(json.dumps({"timings": timings(asked.here, known, batch), "peak_mb": peak_mb()}))
        return 0
    found = {}
    locations = asked.locations or ["customers.db", *(["postgresql"] if postgres.binaries() else [])]
    for location in locations:
        with ExitStack() as stack:
            name, where = location, location
            if location == "postgresql":
                where = stack.enter_context(postgres.server()).fresh()
            elif not asked.locations:
                name = "embedded"
                where = str(Path(stack.enter_context(tempfile.TemporaryDirectory())) / location)
            elif "://" in location:
                name = custid.connect(location).location
            command = [sys.executable, __file__, "--here", where, "--records", str(known), "--batch", str(batch)]
            found[name] = run(command, timeout_s=asked.timeout)
        if "error" in found[name]:
            print(f"{name}: {found[name]['error']}", *found[name].get("log", ()), sep="\n", file=sys.stderr)
    asked.out.mkdir(parents=True, exist_ok=True)
    machine = facts()
    lines = report(found, known, batch, facts_line(machine))
    (asked.out / "registry.md").write_text("\n".join(lines), "utf-8")
    told = {"machine": machine, "records": known, "batch": batch, "registries": found}
    (asked.out / "registry.json").write_text(json.dumps(told, indent=1), "utf-8")
    print("\n".join(lines))
    return int(any("error" in each for each in found.values()))


def timings(location: str, known: int, batch: int) -> list[dict[str, Any]]:
    """What was done, how often, and the seconds it took: the median, and the slowest of twenty (elapsed), and CPU."""
    registry = custid.connect(location)
    if registry.head().run_id:
        raise SystemExit(f"{registry.location} has runs already; name a new place.")
    made = households(known + batch, seed=17).records
    first = Channel("data", made.slice(0, known), record_id="record_id")
    later = Channel("data", made.slice(known), record_id="record_id")
    rows: list[dict[str, Any]] = []

    def once(name: str, work: Callable[[], Any]) -> Any:
        cpu, started = time.process_time(), time.perf_counter()
        answer = work()
        elapsed_s = time.perf_counter() - started
        rows.append(_row(name, [elapsed_s], time.process_time() - cpu))
        return answer

    def often(name: str, ask: Callable[[Any], Any], about: list[Any]) -> None:
        for one in about[:WARM]:
            ask(one)
        cpu, elapsed = time.process_time(), []
        for one in about[WARM:]:
            started = time.perf_counter()
            ask(one)
            elapsed.append(time.perf_counter() - started)
        rows.append(_row(name, elapsed, (time.process_time() - cpu) / len(elapsed)))

    once("first run", lambda: custid.resolve(first, registry=registry))
    once("batch", lambda: custid.resolve(later, registry=registry))
    once("the same batch again", lambda: custid.resolve(later, registry=registry))

    chance = random.Random(1)
    xref = registry.xref()
    some = chance.sample(range(len(xref)), ASKED + WARM)
    records = xref["record_id"].take(pa.array(some)).to_pylist()
    customers = xref["customer_id"].take(pa.array(some)).to_pylist()
    often("lookup", lambda record: registry.lookup("data", record), records)
    often("lookup as of run 1", lambda record: registry.lookup("data", record, as_of=1), records)
    often("current", registry.current, customers)
    often("customer", registry.customer, customers)
    often("history", registry.history, customers)
    if hasattr(registry, "find"):
        stored = registry.records()
        fields = schemas.fields_of(stored, schemas.STORED_RECORDS)
        rows_asked = stored.select(fields).take(pa.array(some)).to_pylist()
        often("find", registry.find, [{name: value for name, value in row.items() if value} for row in rows_asked])
    once("changes of the batch", lambda: registry.changes(since=1))
    once("changes of everything", lambda: registry.changes(since=0))
    once("cross-reference", registry.xref)
    once("cross-reference as of run 1", lambda: registry.xref(as_of=1))
    findings = once("verify", registry.verify)
    if findings:
        raise SystemExit(f"{registry.location} is not sound: {findings[0]}")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "backup"
        once("backup", lambda: registry.backup(copy))
    return rows


def _row(name: str, elapsed: list[float], cpu_s: float) -> dict[str, Any]:
    ordered = sorted(elapsed)
    return {
        "what": name,
        "times": len(elapsed),
        "elapsed_s": statistics.median(elapsed),
        "slowest_of_20_s": ordered[int(len(ordered) * 0.95)],
        "cpu_s": cpu_s,
    }


def report(found: dict[str, Any], known: int, batch: int, machine: str) -> list[str]:
    """The report in Markdown: a table per registry."""
    lines = [
        "# What a registry takes",
        "",
        f"Made by `python benchmarks/registry.py`: {known:,} records, then a batch of {batch:,}. Questions are asked "
        f"{ASKED} times, of different customers, warm; each opens the registry anew.",
    ]
    for name, each in found.items():
        lines += ["", f"## {name}", ""]
        if "error" in each:
            lines.append(f"failed: {each['error']}")
            continue
        lines += ["| | elapsed, median | slowest of 20 | CPU |", "|---|---:|---:|---:|"]
        lines += [
            f"| {row['what']} | {_said(row['elapsed_s'])} "
            f"| {_said(row['slowest_of_20_s']) if row['times'] > 1 else ''} | {_said(row['cpu_s'])} |"
            for row in each["timings"]
        ]
        lines += ["", f"Peak memory {each['peak_mb']:,.0f} MB."]
    return [*lines, "", machine, f"Load when it ended: {os.getloadavg()[0]:.1f}.", ""]


def _said(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())

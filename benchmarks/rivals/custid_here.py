"""custid with nothing configured, in a process of its own, over the same records as the rivals get.

In: `SCRIPT SET TABLE OUT TRUTH` as the rivals' scripts; the table is Parquet or CSV with its columns as published. The
truth is not read. Out: Parquet with record_id and cluster; a line of JSON, with CPU and elapsed seconds and peak
memory per stage.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import forget_peak, peak_mb


class Stages:
    """A `Progress` that keeps what each stage took. `start` is everything before the first, imports mostly."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, float]] = {}
        self._stage = "start"
        self._cpu, self._clock = 0.0, time.perf_counter()

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == self._stage:
            return
        cpu, clock = time.process_time(), time.perf_counter()
        took = self.found.setdefault(self._stage, {"cpu_s": 0.0, "elapsed_s": 0.0, "peak_mb": 0.0})
        took["cpu_s"] += cpu - self._cpu
        took["elapsed_s"] += clock - self._clock
        took["peak_mb"] = max(took["peak_mb"], peak_mb())
        forget_peak()
        self._stage, self._cpu, self._clock = stage, cpu, clock


def main() -> None:
    stages = Stages()
    _, table, out, _ = sys.argv[1:5]
    import pyarrow.parquet as pq

    import custid
    from custid import Channel

    run = custid.resolve(Channel("data", table, record_id="record_id"), progress=stages)
    stages("write", 0, 0)
    clusters = run.xref.to_arrow().select(["record_id", "customer_id"])
    pq.write_table(clusters.rename_columns(["record_id", "cluster"]), out)
    stages("end", 0, 0)
    peak = max(took["peak_mb"] for took in stages.found.values())
    candidates = run.summary["matching"]["candidates"]
    print(json.dumps({"clusters": out, "peak_mb": peak, "candidates": candidates, "stages": stages.found}))


if __name__ == "__main__":
    main()

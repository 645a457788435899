"""custid with nothing configured, in a process of its own, over the same records as the rivals get.

In: `SCRIPT SET TABLE OUT TRUTH` as the rivals' scripts; the table has its columns as published. The truth is not read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    from machine import peak_mb

    import custid
    from custid import Channel

    _, table, out, _ = sys.argv[1:5]
    run = custid.resolve(Channel("data", pq.read_table(table), record_id="record_id"))
    pq.write_table(
        run.xref.to_arrow().select(["record_id", "customer_id"]).rename_columns(["record_id", "cluster"]), out
    )
    matching = run.summary["matching"]
    print(
        json.dumps(
            {
                "clusters": out,
                "peak_mb": peak_mb(),
                "candidates": matching["candidates"],
                "stages_s": run.summary["stages_s"],
            }
        )
    )


if __name__ == "__main__":
    main()

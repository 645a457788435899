"""What it costs as data grows.

    python benchmarks/scale.py [--sizes 100k,1M,10M] [--format parquet|csv] [--rivals] [--out FOLDER]

Made-up households (custid.testing) at each size, written to a file by a process of their own, so that making them
counts for nothing. Then a process per size and tool: file in, clusters out, training included, nothing configured. CPU
seconds are user and system time of all of it; elapsed seconds and peak memory likewise, for custid per stage too. With
--rivals Splink runs side by side up to 1M records, set up as in `rivals/splink_rival.py`.
Out: OUT/scale.md, scale.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from machine import ROOT, facts, facts_line, run
from rivals import SCRIPTS, TOOLS, Tool, ready, roles_by_hand
from sets import SEED, records_in

from custid.evaluate import pair_quality

HERE = Path(__file__).resolve().parent
RIVAL_RECORDS_MAX = 1_000_000

_MAKE = """
import sys
from itertools import pairwise
from pathlib import Path
import pyarrow.parquet
from custid.testing.customers import households
made = households(int(sys.argv[1]), seed=int(sys.argv[2]))
folder = Path(sys.argv[3])
pyarrow.parquet.write_table(made.truth, folder / "truth.parquet")
pyarrow.parquet.write_table(made.records, folder / "records.parquet")
"""


def made(size: str, work: Path, form: str) -> Path:
    """The folder with `records.parquet` (and .csv) and `truth.parquet` of this size, made if it is not there."""
    folder = work / f"households_{size}"
    if not (folder / "records.parquet").exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"making {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-c", _MAKE, str(records_in(size)), str(SEED), folder], check=True, cwd=ROOT)
    if form == "csv" and not (folder / "records.csv").exists():
        pa_csv.write_csv(pq.read_table(folder / "records.parquet"), folder / "records.csv")
    return folder


def told(folder: Path) -> Path:
    """The records for a rival: only columns that mean something to it."""
    path = folder / "told.parquet"
    if not path.exists():
        columns = ["record_id", *roles_by_hand("households_").values()]
        pq.write_table(pq.read_table(folder / "records.parquet", columns=columns), path)
    return path


def measure(tool: Tool, version: str, size: str, folder: Path, form: str, timeout_s: float) -> dict[str, Any]:
    """One tool at one size."""
    table = folder / f"records.{form}" if tool.name == "custid" else told(folder)
    out, truth = folder / f"clusters-{tool.name}.parquet", folder / "truth.parquet"
    command = [str(tool.python), str(SCRIPTS / tool.script), f"households_{size}", str(table), str(out), str(truth)]
    row = {"size": size, "records": records_in(size), "tool": tool.name, "version": version}
    row |= run(command, timeout_s=timeout_s)
    if "error" not in row:
        row |= quality(out, truth)
        out.unlink()
    row.pop("clusters", None)  # where they lay on this machine
    return row


def quality(clusters: Path, truth: Path) -> dict[str, Any]:
    """Precision, recall and F1 over pairs, and the largest clusters."""
    found, known = pq.read_table(clusters).sort_by("record_id"), pq.read_table(truth).sort_by("record_id")
    assert found["record_id"].equals(known["record_id"].cast(found["record_id"].type))
    numbers = [
        table[name].combine_chunks().dictionary_encode().indices.to_numpy()
        for table, name in ((found, "cluster"), (known, "true_id"))
    ]
    pairs = pair_quality(*numbers)
    largest = [int(np.bincount(each).max()) for each in numbers]
    return {
        "precision": pairs.precision,
        "recall": pairs.recall,
        "f1": pairs.f1,
        "largest_cluster": largest[0],
        "true_largest": largest[1],
    }


def to_clusters(row: dict[str, Any]) -> tuple[float, float]:
    """CPU seconds and peak memory of custid until clusters are found."""
    until = list(row["stages"]).index("cluster") + 1
    stages = list(row["stages"].values())[:until]
    return sum(stage["cpu_s"] for stage in stages), max(stage["peak_mb"] for stage in stages)


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """CPU seconds and peak memory against the number of records."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "custid"
    import matplotlib.pyplot as plt

    good = [row for row in rows if "f1" in row]
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for tool in dict.fromkeys(row["tool"] for row in good):
        own = [row for row in good if row["tool"] == tool]
        for ax, name in zip(axes, ("cpu_s", "peak_mb"), strict=True):
            ax.loglog([row["records"] for row in own], [row[name] for row in own], "o-", label=tool)
    for ax, title in zip(axes, ("CPU seconds", "peak memory, MB"), strict=True):
        ax.set_title(title)
        ax.set_xlabel("records")
        ax.grid(which="both", alpha=0.3)
    axes[0].legend()
    figure.savefig(path, metadata={"Date": None})


def markdown(rows: list[dict[str, Any]], machine: dict[str, Any]) -> str:
    """The report."""
    lines = [
        "# Cost as data grows",
        "",
        "Made by `python benchmarks/scale.py`: made-up households, file in, clusters out, training included. CPU is"
        " user and system time of the whole process, memory its peak.",
        "",
        "| records | tool | CPU s | elapsed s | peak MB | F1 (precision/recall) | largest cluster (true) |",
        "|---:|---|---:|---:|---:|---|---:|",
    ]
    good = [row for row in rows if "f1" in row]
    lines += [
        f"| {row['records']:,} | {row['tool']} {row['version']} | {row['cpu_s']:.1f} | {row['elapsed_s']:.1f} "
        f"| {row['peak_mb']:,.0f} | {row['f1']:.4f} ({row['precision']:.3f}/{row['recall']:.3f}) "
        f"| {row['largest_cluster']} ({row['true_largest']}) |"
        for row in good
    ]
    lines += ["", *(f"- {row['tool']} at {row['size']}: {row['error']}" for row in rows if row.get("error"))]
    lines += [
        "",
        "How cost grows with data:",
        "",
        "| tool | records | CPU | elapsed | memory |",
        "|---|---|---:|---:|---:|",
    ]
    for tool in dict.fromkeys(row["tool"] for row in good):
        own = [row for row in good if row["tool"] == tool]
        for a, b in pairwise(own):
            times = " | ".join(f"× {b[name] / a[name]:.1f}" for name in ("cpu_s", "elapsed_s", "peak_mb"))
            lines.append(f"| {tool} | {a['size']} → {b['size']}: × {b['records'] / a['records']:.0f} | {times} |")
    sides = [(a, b) for a in good for b in good if a["tool"] == "custid" != b["tool"] and a["size"] == b["size"]]
    if sides:
        lines += [
            "",
            "custid as a share of the rival:",
            "",
            "| records | rival | CPU | memory |",
            "|---:|---|---:|---:|",
        ]
        lines += [
            f"| {a['records']:,} | {b['tool']} {b['version']} | {a['cpu_s'] / b['cpu_s']:.2f} "
            f"| {a['peak_mb'] / b['peak_mb']:.2f} |"
            for a, b in sides
        ]
        lines += [
            f"| {a['records']:,}, up to the clusters | {b['tool']} {b['version']} | {cpu_s / b['cpu_s']:.2f} "
            f"| {peak / b['peak_mb']:.2f} |"
            for a, b in sides
            for cpu_s, peak in [to_clusters(a)]
        ]
        lines += ["", "Past the clusters, where the rival ends, custid assigns ids and chooses golden records."]
    for row in good:
        if "stages" in row:
            lines += ["", f"custid at {row['records']:,} records, {row['candidates']:,} candidate pairs, by stage:", ""]
            lines += ["| stage | CPU s | elapsed s | peak MB |", "|---|---:|---:|---:|"]
            lines += [
                f"| {stage} | {took['cpu_s']:.1f} | {took['elapsed_s']:.1f} | {took['peak_mb']:,.0f} |"
                for stage, took in row["stages"].items()
            ]
    return "\n".join([*lines, "", facts_line(machine), ""])


def main() -> int:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default="100k,1M", help="such as 100k,1M,10M")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--rivals", action="store_true", help="Splink too, up to 1M records")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "benchmarks", help="where made-up records are kept"
    )
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--add", action="store_true", help="keep what OUT has of other sizes, measured before")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for one tool at one size")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    tools = [TOOLS["custid"], *([TOOLS["splink"]] if asked.rivals else [])]
    versions = {tool.name: ready(tool) for tool in tools}
    rows: list[dict[str, Any]] = []
    before = asked.out / "scale.json"
    if asked.add and before.exists():
        sizes = asked.sizes.split(",")
        rows = [row for row in json.loads(before.read_text("utf-8"))["rows"] if row["size"] not in sizes]
    for size in asked.sizes.split(","):
        folder = made(size, asked.work, asked.format)
        for tool in tools:
            if tool.name != "custid" and records_in(size) > RIVAL_RECORDS_MAX:
                continue
            row = measure(tool, versions[tool.name], size, folder, asked.format, asked.timeout)
            rows.append(row)
            said = (
                f"{row['cpu_s']:.1f} CPU s, {row['elapsed_s']:.1f} s, {row['peak_mb']:,.0f} MB, F1 {row['f1']:.4f}"
                if "f1" in row
                else row["error"]
            )
            print(f"{size:>6} {tool.name:10} {said}", flush=True)
            machine = facts()
            (asked.out / "scale.json").write_text(
                json.dumps({"machine": machine, "format": asked.format, "rows": rows}, indent=1)
            )
            (asked.out / "scale.md").write_text(markdown(rows, machine))
    plot(rows, asked.out / "scale.svg")
    print(f"\nwritten: {asked.out}/scale.md, scale.json, scale.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())

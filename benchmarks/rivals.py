"""How often custid is right, next to what else one can install.

    python benchmarks/rivals.py [--data FOLDER] [--out FOLDER] [--again] [--tools NAME,NAME] [SET ...]

Every tool runs in a process of its own, the rivals each in an environment of its own, made here from PyPI the first
time (`.venv-bench-splink`, …). All get the same records of a set (see `sets.py`); the rivals are told what the
columns mean (`rivals/columns.toml`) and are set up as their documentation says (see their scripts in `rivals/`),
custid is told nothing. Precision, recall and F1 are over pairs after clustering, among labelled records; CPU seconds
are user and system time of the whole process, imports included; memory is its peak.

What a rival did with a set is kept in build/benchmarks/rivals-cache.json, by its version, its script and the set, and
not done again without --again. custid is measured every time. Out: OUT/accuracy.md, accuracy.json, accuracy.svg.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from machine import ROOT, facts, facts_line, run
from sets import Known, load, names_of

from custid.evaluate import pair_quality

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "rivals"
CACHE = ROOT / "build" / "benchmarks" / "rivals-cache.json"


@dataclass(frozen=True)
class Tool:
    """`packages`: what its environment is made of, () for this one. `records_max`: not tried on more."""

    name: str
    package: str
    script: str
    packages: tuple[str, ...] = ()
    records_max: int = 10_000_000
    why: str = ""

    @property
    def python(self) -> Path:
        """The interpreter it runs under."""
        return ROOT / f".venv-bench-{self.name}" / "bin" / "python" if self.packages else Path(sys.executable)


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("custid", "custid", "custid_here.py"),
        Tool("splink", "splink", "splink_rival.py", ("splink>=5,<6", "pandas", "pyarrow")),
        Tool(
            "recordlinkage",
            "recordlinkage",
            "recordlinkage_rival.py",
            ("recordlinkage==0.16", "pandas>=2.2.2,<3", "pyarrow"),
        ),
        Tool(
            "dedupe",
            "dedupe",
            "dedupe_rival.py",
            # Later releases of these two are not what dedupe 3 was built for.
            ("dedupe>=3,<4", "BTrees==6.0", "zope.index==6.1", "pandas", "pyarrow"),
            records_max=2_000,
            why="not tried above 2,000 records without --large: 5,000 take it minutes and more than 10 GB",
        ),
    )
}


def ready(tool: Tool) -> str:
    """Make the tool's environment if it is not there. Returns its version."""
    folder = tool.python.parent.parent
    stamp = folder / "bench-packages.txt"
    wanted = "\n".join(tool.packages)
    if tool.packages and not (stamp.exists() and stamp.read_text() == wanted):
        print(f"making {folder.name} for {tool.name}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([tool.python, "-m", "pip", "install", "--quiet", *tool.packages], check=True)
        stamp.write_text(wanted)
    asked = f"from importlib.metadata import version; print(version({tool.package!r}))"
    return subprocess.run([tool.python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def roles_by_hand(name: str) -> dict[str, str]:
    """role → column of a set, where somebody has written it down."""
    by_hand = tomllib.loads((SCRIPTS / "columns.toml").read_text("utf-8"))
    for family in ("febrl", "households"):
        if name.startswith(family):
            return by_hand[family]
    return by_hand.get(name, {})


def roles(known: Known) -> dict[str, str]:
    """role → column, by hand, else as custid finds them."""
    if by_hand := roles_by_hand(known.name):
        return by_hand
    from custid.channels.roles import find_roles

    found = find_roles(known.records.drop_columns(["record_id"]).cast(_text(known.records)))
    return {role.field: role.column for role in found if role.field and role.confidence > 0}


def _text(records: pa.Table) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in records.column_names if name != "record_id"])


def measure(tool: Tool, version: str, known: Known, kept: dict[str, Any], again: bool, timeout_s: float) -> Any:
    """What the tool does with the set."""
    row = {"set": known.name, "records": len(known.records), "labelled": len(known.truth)}
    row |= {"tool": tool.name, "version": version}
    if len(known.records) > tool.records_max:
        return row | {"error": tool.why}
    with tempfile.TemporaryDirectory() as folder:
        table, truth, out = (Path(folder) / f"{name}.parquet" for name in ("records", "truth", "clusters"))
        records = known.records
        if tool.name != "custid":
            named = roles(known)
            records = pa.table({"record_id": records["record_id"]} | {to: records[of] for to, of in named.items()})
        pq.write_table(records, table)
        known.truth.rename("true_id").rename_axis("record_id").reset_index().to_parquet(truth)
        key = " ".join((tool.name, version, known.name, _hash(tool, table)))
        if key in kept and not again and tool.name != "custid":
            return kept[key]
        script = SCRIPTS / tool.script
        done = run([str(tool.python), str(script), known.name, str(table), str(out), str(truth)], timeout_s=timeout_s)
        if "error" not in done:
            clusters = pq.read_table(out).to_pandas().set_index("record_id")["cluster"].astype(str)
            # A record a tool has nothing to say about stands alone.
            predicted = clusters.reindex(known.truth.index.astype(str))
            alone = predicted.isna()
            predicted[alone] = [f"alone {i}" for i in range(int(alone.sum()))]
            quality = pair_quality(predicted.to_numpy(str), known.truth.to_numpy(str))
            done |= {"precision": quality.precision, "recall": quality.recall, "f1": quality.f1}
            done |= {"clusters": int(predicted.nunique()), "true_clusters": int(known.truth.nunique())}
            done |= {"largest_cluster": int(predicted.value_counts().max())}
            done |= {"true_largest": int(known.truth.value_counts().max())}
        row |= done
    if tool.name != "custid" and "precision" in row:
        kept[key] = row
    return row


def _hash(tool: Tool, table: Path) -> str:
    """Of what decides a rival's result: the set, the script and the cleaning."""
    parts = [table, SCRIPTS / tool.script, *([SCRIPTS / "job.py"] if tool.packages else [])]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:12]


def markdown(rows: list[dict[str, Any]], machine: dict[str, Any]) -> str:
    """The report."""
    tools = list(dict.fromkeys(f"{row['tool']}" for row in rows))
    versions = {row["tool"]: row["version"] for row in rows}
    sets = list(dict.fromkeys(row["set"] for row in rows))
    found = {(row["set"], row["tool"]): row for row in rows}
    head = [f"{tool} {versions[tool]}" for tool in tools]

    def table(cell: Any) -> list[str]:
        lines = [f"| set | records | {' | '.join(head)} |", "|---|---:|" + "---:|" * len(head)]
        for name in sets:
            here = [found.get((name, tool), {}) for tool in tools]
            records = next(row["records"] for row in rows if row["set"] == name)
            best = max((round(row["f1"], 4) for row in here if "f1" in row), default=None)
            lines.append(f"| {name} | {records:,} | " + " | ".join(cell(row, best) for row in here) + " |")
        return lines

    def accuracy(row: dict[str, Any], best: float | None) -> str:
        if "f1" not in row:
            return "–"
        f1 = f"**{row['f1']:.4f}**" if round(row["f1"], 4) == best else f"{row['f1']:.4f}"
        return f"{f1} ({row['precision']:.3f}/{row['recall']:.3f})"

    def cost(row: dict[str, Any], _: float | None) -> str:
        return f"{row['cpu_s']:.1f} s, {row['peak_mb']:,.0f} MB" if "f1" in row else "–"

    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.get("error"):
            reasons.setdefault(f"{row['tool']}: {row['error']}", []).append(row["set"])
    failed = [f"- {reason} ({', '.join(names)})" for reason, names in reasons.items()]
    told = {f"- {row['tool']} on {row['set']}: {'; '.join(row['notes'])}" for row in rows if row.get("notes")}
    return "\n".join(
        [
            "# Accuracy, side by side",
            "",
            "Made by `python benchmarks/rivals.py`. Pairs after clustering, among labelled records: F1"
            " (precision/recall). Best F1 of each set in bold.",
            "",
            *table(accuracy),
            "",
            "CPU time (user and system, imports included) and peak memory of the process:",
            "",
            *table(cost),
            "",
            "custid is told nothing about a set. The rivals are told what its columns mean, get cleaned values and are"
            " set up as their documentation says; dedupe is also taught with 50 pairs answered by the truth."
            " mdm_portfolio's truth has 25 unrelated records under one id, so that no tool can pass about .865 there;"
            " cdc_nbs labels test records only where they match a seed.",
            "",
            *failed,
            *sorted(told),
            *([""] if failed or told else []),
            facts_line(machine),
            "",
        ]
    )


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """F1 by set, and F1 against CPU time."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "custid"
    import matplotlib.pyplot as plt

    measured = [row for row in rows if "f1" in row]
    tools = list(dict.fromkeys(row["tool"] for row in measured))
    sets = list(dict.fromkeys(row["set"] for row in measured))
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 0.42 * len(sets) + 1.6), layout="constrained")
    for tool, mark in zip(tools, "oDs^v", strict=False):
        own = [row for row in measured if row["tool"] == tool]
        left.plot([row["f1"] for row in own], [sets.index(row["set"]) for row in own], mark, label=tool, alpha=0.8)
        right.plot([row["cpu_s"] for row in own], [sets.index(row["set"]) for row in own], mark, label=tool, alpha=0.8)
    for axes, title in ((left, "F1 over pairs"), (right, "CPU seconds")):
        axes.set_yticks(range(len(sets)), sets if axes is left else [""] * len(sets))
        axes.invert_yaxis()
        axes.grid(axis="both", alpha=0.3)
        axes.set_title(title)
    right.set_xscale("log")
    right.xaxis.set_major_formatter("{x:g}")
    right.xaxis.set_minor_formatter("")
    if tools:
        right.legend(loc="upper right")
    figure.savefig(path, metadata={"Date": None})


def main() -> int:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with further sets")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--again", action="store_true", help="measure the rivals again, too")
    parser.add_argument("--tools", default=",".join(TOOLS), help="some of: " + ", ".join(TOOLS))
    parser.add_argument("--large", action="store_true", help="dedupe on up to 5,000 records (minutes, 14 GB each)")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one tool on one set")
    parser.add_argument("sets", nargs="*")
    asked = parser.parse_args()
    unknown = [name for name in asked.tools.split(",") if name not in TOOLS]
    if unknown:
        parser.error(f"there is no tool {unknown[0]!r}; there are: {', '.join(TOOLS)}")
    tools = [TOOLS[name] for name in asked.tools.split(",")]
    if asked.large:
        tools = [replace(tool, records_max=5_000) if tool.name == "dedupe" else tool for tool in tools]
    asked.out.mkdir(parents=True, exist_ok=True)
    versions = {tool.name: ready(tool) for tool in tools}
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(CACHE.read_text()) if CACHE.exists() else {}
    rows = []
    for known in load(asked.sets or names_of(asked.data), asked.data):
        for tool in tools:
            row = measure(tool, versions[tool.name], known, kept, asked.again, asked.timeout)
            rows.append(row)
            CACHE.write_text(json.dumps(kept, indent=1, ensure_ascii=False))
            said = (
                f"F1 {row['f1']:.4f}, {row['cpu_s']:.1f} s, {row['peak_mb']:,.0f} MB" if "f1" in row else row["error"]
            )
            print(f"{known.name:32} {tool.name:14} {said}", flush=True)
    machine = facts()
    (asked.out / "accuracy.json").write_text(
        json.dumps({"machine": machine, "rows": rows}, indent=1, ensure_ascii=False)
    )
    (asked.out / "accuracy.md").write_text(markdown(rows, machine))
    plot(rows, asked.out / "accuracy.svg")
    print(f"\nwritten: {asked.out}/accuracy.md, accuracy.json, accuracy.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Situations of a customer's life, each as files in `golden`: what goes in, who is who then, and how it is told.

`*.clusters.csv` has a row per record and a column per run: the record's cluster, empty while it is not there. Records
of one cluster are tied by edges, to the one before them with 10 bits and to others with 4; parts of a former cluster
keep a tie of 3. `*.customers.csv` has the customers in the same places, A, B, C … by order of issue; `*.txt` their
histories. After a change that is wanted: CUSTID_GOLDEN=write pytest tests/history, and read the difference.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from custid.identity.history import tell

from .driver import Driver, in_memory

FOLDER = Path(__file__).parent / "golden"
CASES = sorted(path.name.removesuffix(".clusters.csv") for path in FOLDER.glob("*.clusters.csv"))

#: Weights of ties between neighbors of a cluster, others of it, and records that were of one cluster before.
NEAR, FAR, FORMER = 10.0, 4.0, 3.0


def edges(now: dict[str, str], before: dict[str, str]) -> list[tuple[str, str, float]]:
    """Every tie between the records of a run."""
    found = []
    names = list(now)
    for place, left in enumerate(names):
        for right in names[place + 1 :]:
            if now[left] == now[right]:
                between = [name for name in names[place + 1 : names.index(right)] if now[name] == now[left]]
                found.append((left, right, FAR if between else NEAR))
            elif left in before and before[left] == before.get(right):
                found.append((left, right, FORMER))
    return found


def played(clusters: list[dict[str, str]]) -> tuple[str, str]:
    """The customers as CSV, and their histories."""
    driver, runs = Driver(in_memory()), list(clusters[0])[1:]
    before: dict[str, str] = {}
    for run in runs:
        now = {row["record"]: row[run] for row in clusters if row[run]}
        driver.run({name: ord(label) for name, label in now.items()}, edges(now, before))
        before = now
    ids = driver.registry.customers()["customer_id"].to_pylist()
    letters = {customer: chr(ord("A") + place) for place, customer in enumerate(ids)}
    then = [driver.xref(run_id) for run_id in range(1, len(runs) + 1)]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["record", *runs])
    for row in clusters:
        found = (past.get(row["record"]) for past in then)
        table.writerow([row["record"], *(letters[customer] if customer else "" for customer in found)])
    lines = []
    for customer in ids:
        today = driver.registry.current(customer)
        lines.append(letters[customer] + ("" if today == customer else f", today {letters[today]}"))
        lines += [f"  {sentence}" for sentence in tell(driver.registry.history(customer), customer)]
    told = "\n".join(lines) + "\n"
    for customer, letter in letters.items():
        told = told.replace(customer, letter)
    return out.getvalue(), told


@pytest.mark.parametrize("case", CASES)
def test_a_situation_ends_and_is_told_as_written_down(case: str) -> None:
    with (FOLDER / f"{case}.clusters.csv").open(encoding="utf-8", newline="") as file:
        customers, told = played(list(csv.DictReader(file)))
    files = {FOLDER / f"{case}.customers.csv": customers, FOLDER / f"{case}.txt": told}
    if os.environ.get("CUSTID_GOLDEN") == "write":
        for path, text in files.items():
            path.write_text(text, "utf-8")
    for path, text in files.items():
        assert text == path.read_text("utf-8"), path.name


def test_there_is_a_case_for_every_situation() -> None:
    assert len(CASES) >= 12

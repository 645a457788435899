"""What measuring all customers costs, on made-up interactions in one Parquet file.

Run: python benchmarks/story.py [--rows 10000000] [--memory 1GB]. Prints seconds and the largest memory. A
stand-in for the registry gives the cross-reference: reading that is not part of the figures.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import duckdb
import numpy as np
import pyarrow as pa

import custid
from custid import Interactions

RECORDS_PER_ROW, KNOWN, CUSTOMERS_PER_RECORD = 0.1, 0.9, 0.7

_ROWS = """
COPY (
    SELECT 'S-' || hash(i) % {records} AS account, 'O' || i AS order_no, 'item ' || i % 1000 AS item,
        TIMESTAMP '2022-01-01' + to_seconds((hash(i + 7) % 94608000)::BIGINT) AS ordered_at,
        ((hash(i + 3) % 50000) / 100.0)::DECIMAL(12, 2) AS total,
        CASE WHEN hash(i + 5) % 10 = 0 THEN 'EUR' ELSE 'CNY' END AS currency
    FROM range({rows}) AS t(i)
) TO '{path}' (COMPRESSION zstd)"""


class _View:
    def keys_named(self, names: pa.Table) -> pa.ChunkedArray:
        return pa.chunked_array([pa.nulls(len(names), pa.int64())])


class _Known:
    """As much of a registry as measuring asks for."""

    def __init__(self, records: int) -> None:
        places = np.arange(records)
        self._xref = pa.table(
            {
                "channel": pa.repeat(pa.scalar("shop"), records),
                "record_id": pa.array(np.char.add("S-", places.astype(str))),
                "customer_id": pa.array(
                    np.char.add("CUST-", (places * CUSTOMERS_PER_RECORD).astype(np.int64).astype(str))
                ),
            }
        )

    def xref(self, as_of: Any = None) -> pa.Table:
        return self._xref

    def model(self) -> None:
        return None

    @contextmanager
    def view(self) -> Iterator[_View]:
        yield _View()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--memory", default=None)
    parser.add_argument("--id", action="store_true", help="look for repeated order numbers, too")
    said = parser.parse_args()
    records = int(said.rows * RECORDS_PER_ROW)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        duckdb.connect().execute(_ROWS.format(records=records, rows=said.rows, path=path))
        known = _Known(int(records * KNOWN))
        told = Interactions(
            "orders", path, at="ordered_at", channel="shop", record_id="account", amount="total", currency="currency",
            id="order_no" if said.id else None,
        )  # fmt: skip
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        found = custid.measure(cast(Any, known), [told], as_of=datetime(2025, 1, 1, tzinfo=UTC), memory=said.memory)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{said.rows:,} interactions, {len(found.customers):,} customers, {path.name}")
    print(f"{wall:.1f} s wall, {cpu:.1f} s CPU, {after.ru_maxrss / 1024:,.0f} MB at most")
    print(found.counts.to_arrow().to_pylist())


if __name__ == "__main__":
    main()

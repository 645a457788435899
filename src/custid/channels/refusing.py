"""Rows that were read well and still are not taken in.

In: a `Reading`, and which of its rows are refused. Out: the same with them among its rejects, so that the counts add
up (I10). Never here: why.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from custid.channels.reading import Reading
from custid.schemas import REJECTS, conform


def without(reading: Reading, records: pa.BooleanArray, rejects: pa.BooleanArray, reason: str, detail: str) -> Reading:
    """`reading` without the records where `records` is true; they become rejects that say neither which nor what they
    were. Nor do those any longer where `rejects` is true, which keep their reason."""
    count = records.true_count
    if not count and not rejects.true_count:
        return reading
    rows = pa.table({"channel": pa.repeat(reading.channel, count)})
    for name, value in (("source", reading.source), ("reason", reason), ("detail", detail)):
        rows = rows.append_column(name, pa.repeat(value, count))
    nothing = pa.scalar(None, pa.string())
    known = reading.rejects
    for name, instead in (("record_id", nothing), ("raw", nothing), ("detail", pa.scalar(detail))):
        at = known.column_names.index(name)
        known = known.set_column(at, known.schema.field(at), pc.if_else(rejects, instead, known[name]))
    said = [f"{count:,} row{'s' if count > 1 else ''} rejected: {reason}"] if count else []
    return replace(
        reading,
        records=reading.records.filter(pc.invert(records)),
        rejects=pa.concat_tables([known, conform(rows, REJECTS)]),
        notes=[*reading.notes, *said],
    )

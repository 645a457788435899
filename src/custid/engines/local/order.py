"""The order in which records are worked on: by (channel, record_id), so that no result depends on the order in which
they came in, today or over the years (I3).

In: a table with channel and record_id. Out: the same in order. Never here: anything else.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def in_order(records: pa.Table) -> pa.Table:
    """`records` by (channel, record_id); most often they are already, and nothing is copied."""
    before, after = records.slice(0, max(0, len(records) - 1)), records.slice(1)
    later = pc.greater(after["channel"], before["channel"])
    same = pc.equal(after["channel"], before["channel"])
    if pc.all(pc.or_(later, pc.and_(same, pc.greater(after["record_id"], before["record_id"])))).as_py() is not False:
        return records
    return records.sort_by([("channel", "ascending"), ("record_id", "ascending")])

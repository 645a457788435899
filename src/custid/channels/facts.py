"""What an export itself says of records being the same: a merge that its system made, a lead that became a contact.

In: a source's rows and keys, and its preset. Out: `SAME`, and from all readings of a run one table of decisions, as
`Registry.load_decisions` takes it. Never here: deciding anything; the source did.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from custid.channels.keys import record_ids
from custid.channels.presets import Preset
from custid.channels.roles import columns_named

#: One row per fact: two records are the same. `right_preset`: null when the right one is of the same channel too, else
#: the preset of the channel it is of. `source`: who says so, as "salesforce_contact: MasterRecordId".
SAME = pa.schema(
    [
        pa.field("left_record_id", pa.string(), nullable=False),
        pa.field("right_record_id", pa.string(), nullable=False),
        pa.field("right_preset", pa.string()),
        pa.field("source", pa.string(), nullable=False),
    ]
)

#: What takes the place of an id where there is none: zeros, as in reports of Salesforce.
_NO_ID = r"^0+(A{3})?$"

#: The time of a merge, in milliseconds, after an id.
_TIME = r":\d{10,13}$"


def find_same(table: pa.Table, ids: pa.Array, preset: Preset | None) -> pa.Table:
    """SAME, each fact once; `ids` are the keys of `table`'s rows, null where a row has none."""
    if preset is None:
        return SAME.empty_table()
    said: list[tuple[str, str, str | None]] = [(column, separator, None) for column, separator in preset.merged.items()]
    said += [(column, "", other) for column, other in preset.links.items()]
    found = [
        _facts(table, name, ids, separator, other, f"{preset.name}: {name}")
        for column, separator, other in said
        for name in columns_named([column], table.column_names)
    ]
    if not found:
        return SAME.empty_table()
    facts = pa.concat_tables(found)
    return facts.group_by(facts.column_names, use_threads=False).aggregate([]).cast(SAME)


def _facts(table: pa.Table, column: str, ids: pa.Array, separator: str, preset: str | None, source: str) -> pa.Table:
    filled = pc.and_(pc.is_valid(table[column]), pc.is_valid(ids))
    text, left = table[column].filter(filled).combine_chunks(), ids.filter(filled)
    if separator:
        parts = pc.split_pattern(text, separator)
        text, left = pc.list_flatten(parts), left.take(pc.list_parent_indices(parts))
    text = pc.replace_substring_regex(pc.utf8_trim_whitespace(text), _TIME, "")
    right = record_ids(pa.table({"id": text}), ["id"])
    told = pc.and_(pc.is_valid(right), pc.invert(pc.match_substring_regex(pc.fill_null(right, "0"), _NO_ID)))
    if preset is None:
        told = pc.and_(told, pc.not_equal(pc.fill_null(right, ""), left))
    left, right = left.filter(told), right.filter(told)
    return pa.table(
        [left, right, pa.repeat(pa.scalar(preset, pa.string()), len(left)), pa.repeat(pa.scalar(source), len(left))],
        schema=SAME,
    )


def as_decisions(same: Sequence[tuple[str, str | None, pa.Table]]) -> tuple[pa.Table, list[str]]:
    """All facts of a run as rows of decisions, and what could not become one.

    `same`: (channel, its preset or None, its SAME) of every reading. Columns: left_channel, left_record_id,
    right_channel, right_record_id, verdict ("same"), reason and actor (both the fact's source). The records named need
    not be there. A link to a preset that no channel of the run has, or several have, is left out and noted.
    """
    notes: list[str] = []
    tables = []
    for channel, _, facts in same:
        for preset in facts["right_preset"].unique().to_pylist():
            channels = [name for name, other, _ in same if other == preset] if preset else [channel]
            some = facts.filter(
                pc.equal(facts["right_preset"], preset) if preset else pc.is_null(facts["right_preset"])
            )
            if len(channels) != 1:
                which = "none" if not channels else f"{len(channels)}: {', '.join(channels)}"
                notes.append(
                    f"channel '{channel}' links {len(some):,} records to a channel with preset {preset}, of which "
                    f"there is {which}; these links were not used"
                )
                continue
            names = [pa.repeat(pa.scalar(name), len(some)) for name in (channel, channels[0], "same")]
            tables.append(
                pa.table(
                    {
                        "left_channel": names[0],
                        "left_record_id": some["left_record_id"],
                        "right_channel": names[1],
                        "right_record_id": some["right_record_id"],
                        "verdict": names[2],
                        "reason": some["source"],
                        "actor": some["source"],
                    }
                )
            )
    empty = pa.table({name: pa.array([], pa.string()) for name in _DECISION})
    return pa.concat_tables([empty, *tables]), notes


_DECISION = ("left_channel", "left_record_id", "right_channel", "right_record_id", "verdict", "reason", "actor")

"""How each channel's values are read: as it says, as it was once found to be, or as its columns show.

In: channels, what is remembered of them, what was read. Out: `Conventions` by channel, and what a person should know
where columns speak against them. Never here: reading values by them.

What a column shows is judged from all of a batch, once: then it stays, so that a comparable value depends on its record
and on settings alone, and not on which records came along with it. A channel that was silent at first may still be
judged by a later batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from custid.channels.contents import day_first, sex_codes
from custid.channels.presets import load_preset
from custid.channels.roles import Role
from custid.channels.spec import Channel
from custid.standardize.conventions import Conventions
from custid.standardize.fields import base_of, kind_of

if TYPE_CHECKING:
    from custid.channels.reading import Reading

#: Settings that hold until the channel says otherwise, also in runs in which it says nothing.
_LASTING = ("country", "day_first", "sexes")


@dataclass(frozen=True)
class Judged:
    """What a channel's columns show. `reasons`: setting → why; only for those that `conventions` has."""

    conventions: Conventions = field(default_factory=Conventions)
    reasons: dict[str, str] = field(default_factory=dict)


def said_by(channel: Channel) -> Conventions:
    """What the channel itself says of how its values are written, or its preset where it is silent."""
    preset = load_preset(channel.preset) if channel.preset else None
    sexes = channel.sexes if channel.sexes is not None or preset is None else preset.sexes
    return Conventions(
        country=channel.country or (preset.country if preset else None),
        day_first=channel.day_first,
        sexes=None if sexes is None else dict(sexes),
        namespaces=dict(channel.namespaces),
        not_junk={name: tuple(values) for name, values in channel.not_junk.items()},
    )


def judge(table: pa.Table, roles: Sequence[Role], said: Conventions) -> Judged:
    """What the columns of `table` show of what the channel does not say."""
    settings: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    if said.day_first is None and (order := day_first(_values(table, roles, "date"))):
        settings["day_first"], reasons["day_first"] = order.field == "day", order.reason
    if said.sexes is None and (codes := sex_codes(_values(table, roles, "sex"))):
        settings["sexes"], reasons["sexes"] = {"1": "m", "2": "f"}, codes.reason
    return Judged(Conventions(**settings), reasons)


def conventions_of(
    remembered: Mapping[str, Conventions], channels: Sequence[Channel], readings: Sequence[Reading]
) -> tuple[dict[str, Conventions], list[Reading]]:
    """Conventions by channel, those not read now among them; and the readings, with notes where columns contradict what
    is remembered. `readings`: of the `channels`, in their order."""
    found = dict(remembered)
    noted = []
    for channel, reading in zip(channels, readings, strict=True):
        said, before, judged = said_by(channel), remembered.get(channel.name, Conventions()), reading.judged
        found[channel.name] = replace(
            said,
            **{name: _first(name, said, before, judged.conventions) for name in _LASTING},
        )
        noted.append(replace(reading, notes=[*reading.notes, *_contradicted(said, before, judged)]))
    unsaid = Conventions()
    return {name: found[name] for name in sorted(found) if found[name] != unsaid}, noted


def _first(name: str, *conventions: Conventions) -> Any:
    return next((value for one in conventions if (value := getattr(one, name)) is not None), None)


def _contradicted(said: Conventions, before: Conventions, judged: Judged) -> list[str]:
    """Notes on what the channel's columns show otherwise than when it was judged."""
    notes = []
    for name in (setting.name for setting in fields(Conventions)):
        shown, known = getattr(judged.conventions, name), getattr(before, name)
        if name in judged.reasons and getattr(said, name) is None and known is not None and known != shown:
            notes.append(
                f"{name} is {_spelt(known)} since earlier runs, but would be {_spelt(shown)} by these rows alone "
                f"({judged.reasons[name]}). It stays; to change it for all of the channel's records, set it"
            )
    return notes


def _spelt(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(table: pa.Table, roles: Sequence[Role], kind: str) -> pa.ChunkedArray:
    """The values of all columns that hold this kind."""
    columns = [table[role.column] for role in roles if kind_of(base_of(role.field)) == kind]
    return pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())

"""What a source holds, before anything is done with it.

In: a `Channel`. Out: plain data: how the source is written, and per column what it was taken for, how much of it is
filled, distinct, junk and comparable, how it looks. Values are masked, so that it may be shared.
Never here: records, matching, printing.

A source of any size is looked at in bounded memory. How many rows there are, and how many are filled per column, is
counted over all; everything else over the rows looked at, which are all or, of a larger source, evenly spread ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custid.channels import Channel, Survey, conventions_of, survey
from custid.channels.roles import CONFIDENCE_MIN
from custid.reports.hiding import mask
from custid.standardize import identifiers, junk
from custid.standardize.fields import base_of, kind_of
from custid.standardize.table import standardize
from custid.standardize.text import clean

#: So many rows are looked at, about, unless somebody says otherwise.
ROWS_MAX = 250_000

#: A value that so many rows share names nobody, in fields that hold names or places; others are masked all the same.
SHARED_MIN = 20

TOP, EXAMPLES, PATTERNS, REJECTS = 8, 3, 4, 5

#: Of longer values only the beginning is looked at.
_CHARACTERS_MAX = 200
_PATTERN_CHARACTERS_MAX = 40

#: Distinct values whose patterns are looked at.
_PATTERNS_OF_MAX = 50_000

#: Fields whose common values are told as they are.
_OPEN = frozenset(
    {"sex", "country", "region", "city", "district", "postcode", "nationality", "birth_place", "occupation", "title"}
    | {"name_suffix", "given_name", "surname", "social_network"}
)

#: Reasons for junk that are told with the value: what stands there is nobody's.
_NOBODYS = (junk.PLACEHOLDER, junk.REPEATED, junk.SEQUENCE)

#: What patterns are made of, in this order; 汉字 are letters, too, and stand aside meanwhile.
_SHAPES = (
    (r"[\p{Cc}\p{Cf}\p{Z}]+", " "),
    (r"\p{Nd}", "9"),
    (r"\p{Han}+", "\ue000"),
    (r"\p{Lu}{2,}", "AA"),
    (r"[\p{Ll}\p{Lo}\p{Lm}\p{Lt}\p{M}]+", "a"),
    (r"\p{Lu}", "A"),
    ("\ue000", "汉"),
)

_ASCII_SHAPES = ((r"[\x00-\x20\x7f]+", " "), ("[0-9]", "9"), ("[A-Z]{2,}", "AA"), ("[a-z]+", "a"), ("[A-Z]", "A"))

#: What it takes to be comparable, by field or kind; for others, not to be junk.
_MEANS = {
    "email": "a mailbox that can exist",
    "phone": "a number of a known country",
    "date": "a full date",
    "iban": "check characters agree",
    "lei": "check characters agree",
    "national_id": "no check character speaks against it",
}


def profile(
    channel: Channel,
    *,
    rows_max: int = ROWS_MAX,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> dict[str, Any]:
    """What the channel's source holds, as data. Raises as `channels.read`; a missing key is no error here.

    `rows`: all; `looked_at`: those looked at; `readable`: all but those that are no rows at all. Per column `filled` is
    of all readable rows; `of` is how many filled values were looked at, and what follows is about these.
    """
    seen = survey(channel, rows_max, progress=progress)
    conventions, [reading] = conventions_of({}, [channel], [seen.reading])
    records = reading.records
    found = standardize(records, conventions)
    made = {name: found.values[name] for name in found.values.column_names if name not in ("channel", "record_key")}
    junk_of: dict[str, list[dict[str, Any]]] = {}
    for row in found.junk.to_pylist():
        junk_of.setdefault(row["field"], []).append(row)
    roles: dict[str, list[dict[str, Any]]] = {name: [] for name in seen.look.columns}
    for role in reading.roles:
        roles[role.column].append({"field": role.field, "confidence": role.confidence, "reason": role.reason})
    columns = []
    for place, name in enumerate(seen.look.columns):
        progress("profile", place, len(seen.look.columns))
        columns.append(_column(seen, name, roles[name], records, made, junk_of))
    rejects = reading.rejects
    country = conventions[channel.name].country if channel.name in conventions else None
    said = [note for note in reading.notes if not re.match(r"[\d,]+ rows? rejected: ", note)]  # `rejected` has them
    notes = [*said, *(note for one in columns for note in _without_country(one, country))]
    return {
        "channel": channel.name,
        "source": channel.source_name,
        "format": reading.format,
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "preset": reading.preset,
        "rows": seen.rows,
        "readable": seen.rows - len(rejects) + _valued(rejects),
        "looked_at": len(seen.table),
        "sampled": seen.sampled,
        "record_id": list(seen.look.record_id),
        "updated_at": seen.look.updated_at,
        "records": len(records) + len(reading.deleted),
        "rejected": [
            {"reason": row["reason"], "rows": row["count"], "first": _first_rows(rejects, row["reason"])}
            for row in rejects.group_by("reason", use_threads=False)
            .aggregate([("reason", "count")])
            .rename_columns(["reason", "count"])
            .sort_by([("count", "descending"), ("reason", "ascending")])
            .to_pylist()
        ],
        "notes": notes,
        "columns": columns,
    }


def refused(channel: Channel, message: str) -> dict[str, Any]:
    """What there is to tell of a source that cannot be read."""
    return {"channel": channel.name, "source": channel.source_name, "refused": message}


def _without_country(column: dict[str, Any], country: str | None) -> list[str]:
    found = column["comparable"]
    if column["kind"] != "phone" or found is None or country or 2 * found["rows"] >= found["of"]:
        return []
    return [
        f"most numbers of '{column['column']}' name no country: say the channel's country, such as country = \"DE\""
    ]


#: Rejected rows that are text like any other: they count among the readable.
_READABLE = ("duplicate_row", "duplicate_record_id", "missing_record_id", "unclear_deletion_flag")


def _valued(rejects: pa.Table) -> int:
    return int(pc.sum(pc.is_in(rejects["reason"], value_set=pa.array(_READABLE))).as_py() or 0)


def _first_rows(rejects: pa.Table, reason: str) -> list[int]:
    rows = rejects.filter(pc.equal(rejects["reason"], reason))["row"].drop_null()
    first: list[int] = rows.slice(0, REJECTS).to_pylist()
    return first


def _column(
    seen: Survey,
    name: str,
    roles: list[dict[str, Any]],
    records: pa.Table,
    made: Mapping[str, pa.ChunkedArray],
    junk_of: Mapping[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    written = seen.table[name]
    values, counts = _counted(written)
    field = next((role["field"] for role in roles if kind_of(role["field"])), "")
    kind = kind_of(field) if field else None
    filled = len(written) - written.null_count
    ruling = any(role["field"] == "record_id" for role in roles)
    # Of one record's repeated rows, one is looked at closer.
    some = len(records) - records[field].null_count if field in records.column_names else 0
    told = junk_of.get(field, []) if field else _placeholders(values, counts)
    comparable = _comparable(field, records, made, sum(row["count"] for row in told)) if some else None
    mask_as = "identifier" if ruling else kind
    open_ = _open(base_of(field), bool(field), len(values), told, ruling)
    return {
        "column": name,
        "roles": roles,
        "kind": kind,
        "compared": bool(field) and any(role["confidence"] >= CONFIDENCE_MIN for role in roles),
        "filled": seen.filled[name],
        "of": filled,
        "distinct": len(values),
        "top": [
            {"value": _plain(value) if open_(value, count) else mask(value, mask_as), "rows": count}
            for value, count in zip(*(some.slice(0, TOP).to_pylist() for some in (values, counts)), strict=True)
            if count > 1
        ],
        "junk": _by_reason(told),
        "junk_values": _junk_values(told, open_),
        "comparable": comparable,
        "lengths": _lengths(values, counts),
        "patterns": _patterns(values, counts),
        "examples": _examples(values, counts, {row["value"] for row in told}, open_, mask_as),
    }


def _counted(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """The distinct values, of long ones the beginning, and in how many rows each is; the most common first."""
    counted = pc.value_counts(column.drop_null())
    table = pa.table({"value": counted.field("values"), "rows": counted.field("counts")})
    table = table.sort_by([("rows", "descending"), ("value", "ascending")]).combine_chunks()
    values = pc.utf8_slice_codeunits(table["value"], 0, _CHARACTERS_MAX)
    return pa.concat_arrays([*values.chunks, pa.array([], pa.string())]), pa.concat_arrays(
        [*table["rows"].chunks, pa.array([], pa.int64())]
    )


def _comparable(
    field: str, records: pa.Table, made: Mapping[str, pa.ChunkedArray], junk_rows: int
) -> dict[str, Any] | None:
    """How many values of a field were made comparable; None for fields that say how others are read."""
    if field not in made:
        return None
    kind, base = kind_of(field), base_of(field)
    own = pc.and_(records[field].is_valid(), made[field].is_valid())
    coded = made[field].filter(own).combine_chunks()
    coded = coded if isinstance(coded, pa.DictionaryArray) else coded.dictionary_encode()
    text = coded.dictionary.cast(pa.string())
    good, checked = pc.is_valid(text), identifiers.are_checked(text, base)
    if kind == "phone":
        good = pc.starts_with(text, "+")
    elif kind == "date":
        good = pc.equal(pc.utf8_length(text), 10)
    elif base == "national_id":
        # Most countries' numbers have no check characters; a resident id whose own do not agree is mistyped.
        wrong = pc.equal(identifiers.national_ids(text).columns["national_id_valid"], "false")
        good = pc.invert(pc.fill_null(wrong, False))
    elif base in ("iban", "lei") and checked is not None:
        good = checked

    def rows_where(flags: pa.Array) -> int:
        return int(pc.sum(pc.fill_null(flags, False).take(coded.indices)).as_py() or 0)

    # Where another column made up for a value that is junk, the value is no better for it.
    filled = len(records) - records[field].null_count
    return {
        "rows": max(0, min(rows_where(good), filled - junk_rows)),
        "of": filled,
        "means": _MEANS.get(base, _MEANS.get(kind or "", "")),
        "checked": None if checked is None else rows_where(checked),
    }


def _placeholders(values: pa.Array, counts: pa.Array) -> list[dict[str, Any]]:
    """Placeholders in a column that is not compared."""
    reason = junk.placeholders(clean(values), "", "")
    at = np.flatnonzero(reason.is_valid().to_numpy(zero_copy_only=False))
    rows = pa.array(at)
    found = pa.table({"value": values.take(rows), "reason": reason.take(rows), "count": counts.take(rows)})
    told: list[dict[str, Any]] = found.to_pylist()
    return told


def _by_reason(told: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in told:
        found[row["reason"]] = found.get(row["reason"], 0) + row["count"]
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _open(
    base: str, compared: bool, distinct: int, told: list[dict[str, Any]], ruling: bool
) -> Callable[[str, int], bool]:
    """Which values of a column, in so many rows, may be told as they are: what stands for nothing, and names of places
    and the like that many share."""
    nobodys = {row["value"] for row in told if row["reason"] in _NOBODYS}
    shareable = not ruling and (base in _OPEN if compared else distinct <= 100)

    def may(value: str, rows: int) -> bool:
        telling = "@" in value or sum(map(str.isdigit, value)) > 6
        return value in nobodys or (shareable and rows >= SHARED_MIN and not telling)

    return may


def _plain(value: str) -> str:
    return " ".join(value.split())[:_PATTERN_CHARACTERS_MAX]


def _junk_values(told: list[dict[str, Any]], may: Callable[[str, int], bool]) -> list[dict[str, Any]]:
    """What was taken for junk: values that may be told, of others their shapes; the most common first."""
    found: dict[tuple[str, str], int] = {}
    shapes = _shapes(pa.array([row["value"][:_PATTERN_CHARACTERS_MAX] for row in told], pa.string())).to_pylist()
    for row, shape in zip(told, shapes, strict=True):
        key = (_plain(row["value"]) if may(row["value"], row["count"]) else shape, row["reason"])
        found[key] = found.get(key, 0) + row["count"]
    most = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:TOP]
    return [{"value": value, "reason": reason, "rows": rows} for (value, reason), rows in most]


def _lengths(values: pa.Array, counts: pa.Array) -> dict[str, int] | None:
    """Characters of the shortest, the middle and the longest value; of those cut, what is left."""
    if not len(values):
        return None
    lengths = pc.utf8_length(values).to_numpy()
    order = np.argsort(lengths, kind="stable")
    rows = np.cumsum(counts.to_numpy()[order])
    middle = order[np.searchsorted(rows, (rows[-1] + 1) // 2)]
    return {"min": int(lengths.min()), "median": int(lengths[middle]), "max": int(lengths.max())}


def _patterns(values: pa.Array, counts: pa.Array) -> list[dict[str, Any]]:
    """The most common shapes."""
    some, rows = values.slice(0, _PATTERNS_OF_MAX), counts.slice(0, _PATTERNS_OF_MAX)
    shapes = pa.table({"pattern": _shapes(some), "rows": rows}).group_by("pattern", use_threads=False)
    table = shapes.aggregate([("rows", "sum")]).sort_by([("rows_sum", "descending"), ("pattern", "ascending")])
    every = pc.sum(rows).as_py() or 1
    return [
        {"pattern": row["pattern"], "share": round(row["rows_sum"] / every, 4)}
        for row in table.slice(0, PATTERNS).to_pylist()
    ]


def _shapes(values: pa.Array) -> pa.Array:
    """A for capitals, a for other letters, 汉 for 汉字, 9 for each digit; runs of letters as one.

    >>> _shapes(pa.array(["Bell, Ann-Marie", "+86 138", "上海市A座", "IBM"])).to_pylist()
    ['Aa, Aa-Aa', '+99 999', '汉A汉', 'AA']
    """
    cut = pc.utf8_slice_codeunits(values, 0, _PATTERN_CHARACTERS_MAX)
    beyond = pc.invert(pc.string_is_ascii(cut))
    shapes = _rewritten(cut, _ASCII_SHAPES)
    # Patterns of Unicode's classes take longer to get ready than most columns take to be looked at.
    if pc.any(beyond, min_count=0).as_py():
        shapes = pc.replace_with_mask(shapes, beyond, _rewritten(cut.filter(beyond), _SHAPES))
    return shapes


def _rewritten(values: pa.Array, patterns: tuple[tuple[str, str], ...]) -> pa.Array:
    for pattern, by in patterns:
        values = pc.replace_substring_regex(values, pattern, by)
    return values


def _examples(
    values: pa.Array, counts: pa.Array, told: set[str], may: Callable[[str, int], bool], kind: str | None
) -> list[str]:
    """Values that are no junk, from all over the column, masked unless they may be told."""
    at = np.unique(np.linspace(0, max(len(values) - 1, 0), min(len(values), 40)).astype(np.int64))
    some = zip(*(column.take(pa.array(at)).to_pylist() for column in (values, counts)), strict=True)
    found = dict.fromkeys(
        _plain(value) if may(value, rows) else mask(value, kind)
        for value, rows in some
        if value not in told and value.strip()
    )
    return list(found)[:EXAMPLES]

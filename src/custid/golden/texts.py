"""Golden records as one JSON text each, and back: how a registry keeps them.

In and out: golden tables (see `survive.columns_of`). Never here: the database.

What is null is left out. Written and read by columns; each distinct value is escaped once.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from custid.standardize.text import each, joined, on_some

#: What a JSON string cannot hold as it is.
_ESCAPED = r'["\\\x00-\x1f]'
_NAMES = ("customer_id", "records")
#: A golden record is read whole: it has to fit into a block.
_BLOCK_BYTES = 1 << 24


def packed(golden: pa.Table) -> pa.Table:
    """customer_id, records, golden: the rest as a JSON object.

    >>> rows = {"customer_id": ["A"], "records": [2], "city": [None], "phone": ["1"], "phone_all": [["1", "2"]]}
    >>> packed(pa.table(rows))["golden"].to_pylist()
    ['{"phone":"1","phone_all":["1","2"]}']
    """
    parts = []
    for name in golden.column_names:
        if name not in _NAMES:
            column = golden[name].combine_chunks()
            column = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column
            text = _lists(column) if pa.types.is_list(column.type) else _strings(column.cast(pa.string()))
            parts.append(pc.binary_join_element_wise(pa.scalar(f"{json.dumps(name, ensure_ascii=False)}:"), text, ""))
    whole = pa.repeat(pa.scalar("{}"), len(golden))
    if parts:
        whole = pc.binary_join_element_wise("{", joined(",", *parts).fill_null(""), "}", "")
    return golden.select(list(_NAMES)).append_column("golden", whole)


def unpacked(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """customer_id, records, golden → a golden table of `schema`; what a row does not name is null.

    >>> schema = pa.schema({"customer_id": pa.string(), "records": pa.int64(), "email": pa.string()})
    >>> rows = pa.table({"customer_id": ["A", "B"], "records": [2, 1], "golden": ['{"email":"a@x"}', "{}"]})
    >>> unpacked(rows, schema).to_pylist()
    [{'customer_id': 'A', 'records': 2, 'email': 'a@x'}, {'customer_id': 'B', 'records': 1, 'email': None}]
    """
    fields = [field for field in schema if field.name not in _NAMES]
    columns = {name: rows[name].cast(schema.field(name).type) for name in _NAMES}
    if len(rows) and fields:
        texts = rows["golden"].cast(pa.large_string()).combine_chunks()
        texts = texts if isinstance(texts, pa.Array) else pa.concat_arrays(texts.chunks)
        lines = pc.binary_join_element_wise(texts, pa.scalar("\n", pa.large_string()), pa.scalar("", pa.large_string()))
        _, offsets, data = lines.buffers()
        bounds = np.frombuffer(offsets, np.int64)[lines.offset : lines.offset + len(lines) + 1]
        read = pyarrow.json.read_json(
            pa.BufferReader(data.slice(bounds[0], bounds[-1] - bounds[0])),
            read_options=pyarrow.json.ReadOptions(block_size=_BLOCK_BYTES),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=pa.schema(fields), unexpected_field_behavior="ignore"
            ),
        )
        columns |= {field.name: read[field.name] for field in fields}
    else:
        columns |= {field.name: pa.nulls(len(rows), field.type) for field in fields}
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _strings(column: pa.Array) -> pa.Array:
    """Each value as a JSON string; null stays null."""
    odd = pc.fill_null(pc.match_substring_regex(column, _ESCAPED), False)
    column = on_some(column, odd, lambda some: each(some, lambda text: json.dumps(text, ensure_ascii=False)[1:-1]))
    return pc.binary_join_element_wise('"', column, '"', "")


def _lists(column: pa.ListArray) -> pa.Array:
    """Each list of strings as a JSON array; null stays null."""
    flat = _strings(column.flatten().cast(pa.string()))
    offsets = np.concatenate([[0], np.cumsum(pc.list_value_length(column).fill_null(0).to_numpy())])
    inside = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat), ",")
    text = pc.binary_join_element_wise("[", inside, "]", "")
    return pc.if_else(column.is_valid(), text, pa.scalar(None, pa.string()))

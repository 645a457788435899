"""`Table`: an Arrow table as results give it, with the ways out that people use.

In: a pyarrow table. Out: pandas, polars, pyarrow, Parquet. Never here: computing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from custid.errors import MissingExtra
from custid.markup import card, grid, quiet

if TYPE_CHECKING:
    import pandas as pd

#: What a notebook shows of a table.
_ROWS_SHOWN, _COLUMNS_SHOWN, _CHARACTERS_SHOWN = 10, 16, 48


class Table:
    """A result table. Any library that speaks the Arrow PyCapsule interface takes it as it is."""

    def __init__(self, arrow: pa.Table) -> None:
        self._arrow = arrow

    def __len__(self) -> int:
        return int(self._arrow.num_rows)

    def __repr__(self) -> str:
        names = ", ".join(self._arrow.column_names)
        return f"<custid table: {len(self):,} rows; {names}>"

    def _repr_html_(self) -> str:
        columns = self._arrow.column_names[:_COLUMNS_SHOWN]
        rows = [list(row.values()) for row in self._arrow.select(columns).slice(0, _ROWS_SHOWN).to_pylist()]
        numbers = [at for at, name in enumerate(columns) if _is_number(self._arrow.schema.field(name).type)]
        more = [f"{len(self) - len(rows):,} more rows"] if len(self) > len(rows) else []
        if len(columns) < self._arrow.num_columns:
            more.append("more columns: " + ", ".join(self._arrow.column_names[_COLUMNS_SHOWN:]))
        return card(
            f"{len(self):,} row{'' if len(self) == 1 else 's'}",
            grid(columns, [[_shown(value) for value in row] for row in rows], right=numbers),
            [quiet(said) for said in more],
        )

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._arrow.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> pa.Table:
        """The pyarrow table itself."""
        return self._arrow

    def to_pandas(self) -> pd.DataFrame:
        """A pandas DataFrame."""
        frame: pd.DataFrame = self._arrow.to_pandas()
        return frame

    def to_polars(self) -> Any:
        """A polars DataFrame. Raises MissingExtra when polars is not installed."""
        try:
            import polars
        except ImportError as error:
            raise MissingExtra("to_polars() needs polars: pip install polars.") from error
        return polars.from_arrow(self._arrow)

    def write_parquet(self, path: str | Path) -> None:
        """Write a Parquet file; an existing one is replaced only once the new one is whole."""
        import pyarrow.parquet as pq

        path = Path(path)
        partial = path.with_name(f".{path.name}.partial")
        try:
            pq.write_table(self._arrow, partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _shown(value: Any) -> str:
    """
    >>> _shown(0.123456), _shown(None), _shown(["crm:1", "shop:2"]), _shown(12345)
    ('0.1235', '', 'crm:1, shop:2', '12345')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        text = ", ".join(_shown(one) for one in value)
    elif hasattr(value, "strftime"):
        text = value.strftime("%Y-%m-%d %H:%M")
    else:
        text = str(value)
    return text if len(text) <= _CHARACTERS_SHOWN else text[: _CHARACTERS_SHOWN - 1] + "…"

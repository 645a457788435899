"""`Table`: an Arrow table as results give it, with the ways out that people use.

In: a pyarrow table. Out: pandas, polars, pyarrow, Parquet. Never here: computing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from custid.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd


class Table:
    """A result table. Any library that speaks the Arrow PyCapsule interface takes it as it is."""

    def __init__(self, arrow: pa.Table) -> None:
        self._arrow = arrow

    def __len__(self) -> int:
        return int(self._arrow.num_rows)

    def __repr__(self) -> str:
        names = ", ".join(self._arrow.column_names)
        return f"<custid table: {len(self):,} rows; {names}>"

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

"""Raw values to comparable values, one module per kind.

In: records with field columns. Out: `standardize(records)` → `Standardized`; `explain(record)`, how each came
about. Never here: matching.
"""

from custid.standardize.conventions import Conventions
from custid.standardize.explaining import EXPLAINED, explain
from custid.standardize.table import JUNK, Standardized, standardize

__all__ = ["EXPLAINED", "JUNK", "Conventions", "Standardized", "explain", "standardize"]

"""Raw values to comparable values, one module per kind.

In: records with field columns. Out: `standardize(records)` → `Standardized`. Never here: matching.
"""

from custid.standardize.table import JUNK, Standardized, standardize

__all__ = ["JUNK", "Standardized", "standardize"]

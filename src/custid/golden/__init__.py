"""Golden records: one row per customer, each value with the record it came from.

In: stored records, whose they are, the rules, what stewards pinned. Out: the golden table, and how a value in it was
chosen. Never here: reading or writing a registry.
"""

from __future__ import annotations

from custid.golden.survive import columns_of, fields_of, mixed, survive

__all__ = ["columns_of", "fields_of", "mixed", "survive"]

"""For those who test with custid: made-up customers and conformance suites.

In: seeds and settings. Out: tables and files. Never here: what custid itself needs.
"""

from __future__ import annotations

from custid.testing.customers import (
    CompanySettings,
    HouseholdSettings,
    MadeUp,
    Mistakes,
    companies,
    households,
)

__all__ = ["CompanySettings", "HouseholdSettings", "MadeUp", "Mistakes", "companies", "households"]

"""For those who test with custid: made-up customers with the truth, and conformance suites for engines and registries.

In: seeds and settings. Out: tables and files, the same on every machine. Never here: what a run of custid needs.
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

"""Settings for all tests."""

from __future__ import annotations

from hypothesis import settings

# An example may be slow on a busy machine; that is no failure.
settings.register_profile("custid", deadline=None)
settings.load_profile("custid")

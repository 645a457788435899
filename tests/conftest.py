"""Settings for all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# An example may be slow on a busy machine; that is no failure.
settings.register_profile("custid", deadline=None)
settings.load_profile("custid")

# A shell's background jobs ignore Ctrl-C, and so would the programs that tests start and stop.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; `make browser` installs one."""
    playwright = pytest.importorskip("playwright.sync_api")
    from custid.testing.browser import launch

    with playwright.sync_playwright() as driver:
        try:
            found = launch(driver)
        except playwright.Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no browser starts here; make browser installs one ({str(error).splitlines()[0]})")
        yield found
        found.close()

"""A headless browser for tests of pages: Chromium, wherever this machine has it.

In: nothing. Out: a started browser. Never here: installing one; `make browser` does.

Run as a program, it says by its exit code whether there is a browser that starts.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge-stable", "msedge")


def launch(playwright: Playwright) -> Browser:
    """Start the browser that CUSTID_BROWSER names, else one on the path, else Playwright's own.

    Raises playwright's Error when there is none that starts.
    """
    from playwright.sync_api import Error

    # Chromium's sandbox cannot be used by root; only pages of this package are opened in it.
    args = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    named = os.environ.get("CUSTID_BROWSER")
    for path in [named] if named else [found for name in _NAMES if (found := shutil.which(name))]:
        try:
            return playwright.chromium.launch(executable_path=path, args=args)
        except Error:
            if named:
                raise
    return playwright.chromium.launch(args=args)


def _starts() -> bool:
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            launch(playwright).close()
    except Error:
        return False
    return True


if __name__ == "__main__":
    sys.exit(not _starts())

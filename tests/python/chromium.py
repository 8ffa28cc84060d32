"""Debian's Chromium for the tests, through Playwright, with no way to the network."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def why_not() -> str | None:
    """Why there is no browser here; None where there is one."""
    if _program() is None:
        return "there is no Chromium here; install it (Debian: chromium)"
    return None


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without windows; closed at the end. Its profile is a temporary folder."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def _program() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)

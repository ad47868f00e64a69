"""Chromium for the tests of the phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.phone_in_chromium import chromium, launch
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[Browser]:
    """One browser for a module; every phone in it is a context of its own.

    Not for the whole run: while Playwright is open this thread has a running event loop, and nobody else could use one.
    """
    if chromium() is None:
        pytest.skip("no chromium: sudo apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()

"""Fields for passwords in real Chromium: what is typed is hidden, may be pasted, and a password manager may help."""

from __future__ import annotations

import pytest
from browser.phone_in_chromium import phone
from playwright.sync_api import Browser, Locator, expect
from stack import Stack

pytestmark = pytest.mark.browser
LONG = "harbour light over the water, and a boat that never comes home 64"


def test_a_password_is_hidden_may_be_pasted_and_is_never_cut_short(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as one:
        one.open("/app/sign-in")
        _is_friendly(one.page.get_by_label("密碼", exact=True), "current-password")
        one.open()
        one.press("註冊")
        _is_friendly(one.page.get_by_label("密碼", exact=True), "new-password")


def _is_friendly(field: Locator, purpose: str) -> None:
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_attribute("autocomplete", purpose)
    # An event that nobody has prevented: the browser pastes.
    paste = "field => field.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, cancelable: true}))"
    assert field.evaluate(paste) is True
    field.fill(LONG)
    field.press("End")
    field.press_sequentially("!")
    expect(field).to_have_value(f"{LONG}!")

"""The documentation pages, in a real browser under the real content policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from stack import Stack

pytestmark = pytest.mark.browser


def test_the_documentation_finds_an_operation_and_no_script_is_refused(stack: Stack, chromium_browser: Browser) -> None:
    page = chromium_browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{stack.url}/docs")
    # Of so many operations the page draws those in sight: the filter brings any of them there.
    page.get_by_placeholder("Filter by tag or path").fill("/authorization", timeout=60_000)
    expect(page.get_by_text("Confirm a payment with the passkey").first).to_be_visible(timeout=60_000)
    assert complaints == []
    page.close()


def test_a_problem_type_leads_to_a_page_that_explains_it_in_both_languages(
    stack: Stack, chromium_browser: Browser
) -> None:
    page = chromium_browser.new_page()
    page.goto(f"{stack.url}/problems/bill-being-paid")
    expect(page.get_by_text("這張帳單正在繳費中")).to_be_visible()
    expect(page.get_by_text("This bill is being paid right now")).to_be_visible()
    page.close()

"""An officer's computer in a real Chromium, with an authenticator of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from browser.phone_in_chromium import Phone
from playwright.sync_api import Browser
from stack import Stack


class Desk(Phone):
    """One officer's computer: a browser with storage and passkeys of its own, as wide as a desk is."""

    def __init__(self, stack: Stack, browser: Browser, **context: Any) -> None:
        super().__init__(stack, browser, **({"viewport": {"width": 1280, "height": 860}} | context))

    def enrol(self, code: str) -> None:
        """Make a passkey with the code, in Chinese."""
        self.open("/desk/approvals")
        self.sees("承辦人員登入")
        self.page.get_by_label("登錄碼").fill(code)
        self.press("建立通行金鑰並登入")
        self.sees("待簽核提案")


@contextmanager
def desk(stack: Stack, browser: Browser, **context: Any) -> Iterator[Desk]:
    """A new computer, put away afterwards."""
    one = Desk(stack, browser, **context)
    try:
        yield one
    except BaseException:
        one.context.close()
        raise
    one.close()

"""An officer's computer in a real Chromium, with an authenticator of its own."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from browser.phone_in_chromium import Phone
from playwright.sync_api import Browser
from stack import ROOT, Stack

_numbers = itertools.count(1)


def officers(stack: Stack, *arguments: str) -> str:
    """Run `mykaohsiung officers …` against the running copy; what it says."""
    command = [sys.executable, "-m", "api", "officers", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def on_the_roster(stack: Stack, name: str, *roles: str, bureau: str = "treasury") -> tuple[str, str]:
    """Somebody new: their staff number and their enrolment code."""
    number = f"B{os.getpid()}-{next(_numbers)}"
    named = [argument for role in roles for argument in ("--role", role)]
    said = officers(stack, "add", number, "--name", name, "--bureau", bureau, *named)
    code = re.search(r"code ([0-9A-Z-]{19})", said)
    assert code is not None, said
    return number, code.group(1)


class Desk(Phone):
    """One officer's computer: a browser with storage and passkeys of its own, as wide as a desk is."""

    def __init__(self, stack: Stack, browser: Browser, **context: Any) -> None:
        super().__init__(stack, browser, **({"viewport": {"width": 1280, "height": 860}} | context))

    def enrol(self, code: str) -> None:
        """Make a passkey with the code, in Chinese."""
        self.open("/desk")
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

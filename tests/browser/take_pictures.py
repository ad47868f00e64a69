"""Take the README's picture of the phone: 王小美 about to pay two bills. Run: python tests/browser/take_pictures.py"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.phone_in_chromium import Person, launch, phone  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from stack import Stack  # noqa: E402

from core import embedded  # noqa: E402
from mobile_mock.demo_people import DEMO_PEOPLE  # noqa: E402

PICTURE = ROOT / "docs" / "pictures" / "phone-pay.png"


def main() -> None:
    """Start a copy of the city, walk up to the words to sign, take the picture, leave nothing behind."""
    stack = Stack(Path(tempfile.gettempdir()) / "mykh-pictures").start()
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            with phone(stack, browser, device_scale_factor=2) as device:
                mei = DEMO_PEOPLE[0]
                device.sign_in(Person(mei.national_id, mei.mobile, mei.password, "ABC-1235"))
                device.open("/app/me/banks")
                device.press("連結高雄銀行帳戶")
                device.consent_at_the_bank()
                device.open()
                device.page.locator(".bill", has_text="交通罰鍰").locator(".check").first.check()
                device.page.locator(".bill", has_text="停車費").locator(".check").first.check()
                device.page.locator(".pay-bar").get_by_role("button").click()
                device.press("下一步：核對內容")
                device.sees("核對並確認")
                PICTURE.parent.mkdir(parents=True, exist_ok=True)
                device.page.screenshot(path=PICTURE, animations="disabled")
            browser.close()
    finally:
        stack.stop()
        embedded.remove_state(stack.state_dir)
        stack.output.unlink(missing_ok=True)


if __name__ == "__main__":
    main()

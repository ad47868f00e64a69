"""Take the pictures in docs/pictures: 王小美 about to pay two bills, the finance desk in the afternoon, a message written.

Run: python tests/browser/take_pictures.py
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.desk_in_chromium import desk  # noqa: E402
from browser.phone_in_chromium import Person, launch, phone  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from roster import on_the_roster  # noqa: E402
from settling_city import adyen_file, adyen_row, pay, settled, take  # noqa: E402
from stack import Stack  # noqa: E402
from subscribed_people import subscribers  # noqa: E402

from core import clock, db, embedded  # noqa: E402
from mobile_mock.demo_people import DEMO_PEOPLE  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
_TAKINGS = {
    "bank_of_kaohsiung": (600, 1800, 40, 60, 1200), "card": (900, 600), "ach": (600, 300), "line_pay": (40, 60, 600),
    "jkopay": (30, 50),
}  # fmt: skip


def main() -> None:
    """Start a copy of the city, take the pictures, leave nothing behind."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    stack = Stack(Path(tempfile.gettempdir()) / "mykh-pictures").start()
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            _phone(stack, browser)
            _finance_desk(stack, browser)
            _message_desk(stack, browser)
            browser.close()
    finally:
        stack.stop()
        embedded.remove_state(stack.state_dir)
        stack.output.unlink(missing_ok=True)


def _phone(stack: Stack, browser: Browser) -> None:
    """Up to the words to sign."""
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
        device.page.screenshot(path=PICTURES / "phone-pay.png", animations="disabled")


def _finance_desk(stack: Stack, browser: Browser) -> None:
    """An afternoon with payments by many rails, two breaks, and one payment that nobody knows the outcome of."""
    now = clock.now()
    database = db.configure(stack.database_url)
    for rail, amounts in _TAKINGS.items():
        for amount in amounts:
            pay(rail, amount, at=now - timedelta(minutes=5), status="provisional" if rail == "ach" else "captured")
    pay("card", 1800, at=now - timedelta(hours=2), status="unknown")
    day = clock.taipei_date(now) - timedelta(days=2)
    unknown = adyen_row("Settled", ours="pay_0", theirs="PSP0", gross=600, net=590, day=day)
    less = pay("card", 900, at=now - timedelta(days=2))
    take("adyen", adyen_file([unknown, settled(less, gross=880, day=day)], day=day), now=now - timedelta(days=2))
    database.engine.dispose()
    with desk(stack, browser, device_scale_factor=1.5) as one:
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        one.open("/desk/today")
        one.sees("今天的款項")
        one.page.screenshot(path=PICTURES / "finance-desk.png", animations="disabled")


def _message_desk(stack: Stack, browser: Browser) -> None:
    """A message about night works, its audience on the map, and what would become of it."""
    for district in ("64000080", "64000090"):
        subscribers(stack, 400, district=district)
    with desk(stack, browser, device_scale_factor=1.5, viewport={"width": 1280, "height": 1440}) as one:
        one.enrol(on_the_roster(stack, "蘇道工 Su", "editor", bureau="public_works")[1])
        one.open("/desk/campaigns/new")
        one.page.get_by_label("內部名稱").fill("四維三路夜間施工")
        for language, title, body in (
            ("中文", "四維三路今晚 22 時起施工", "請改走三多二路，預計 5 天完工。公車 100 路改停新光路口。"),
            ("英文", "Works on Siwei 3rd Road from 22:00", "Please take Sanduo 2nd Road; done in 5 days."),
        ):
            side = one.page.get_by_role("group", name=language)
            side.get_by_label("標題").fill(title)
            side.get_by_label("內文").fill(body)
        one.press("市中心")
        for district in ("苓雅區", "前鎮區"):
            one.page.locator(".district", has_text=district).click()
        one.page.locator(".kept .mark.good").wait_for()
        one.page.mouse.move(0, 0)
        one.page.locator(".two-languages").evaluate("(words) => words.scrollIntoView()")
        one.page.screenshot(path=PICTURES / "message-desk.png", animations="disabled")


if __name__ == "__main__":
    main()

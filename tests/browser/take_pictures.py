"""Take the pictures in docs/pictures: 王小美 about to pay two bills, the finance desk in the afternoon, a message written,
the dispatch desk and a driver's phone at ten in the morning.

Run: python tests/browser/take_pictures.py
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.city_of_vans import HOME, HOSPITAL, CityOfVans, city_of_vans, officer_cookie  # noqa: E402
from browser.desk_in_chromium import desk  # noqa: E402
from browser.phone_in_chromium import Person, launch, phone  # noqa: E402
from browser.rider_in_chromium import becomes_a_rider, begin_asking  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from roster import on_the_roster  # noqa: E402
from settling_city import adyen_file, adyen_row, pay, settled, take  # noqa: E402
from signed_in_officer import signed_in_officer  # noqa: E402
from sqlalchemy import make_url  # noqa: E402
from stack import Stack  # noqa: E402
from subscribed_people import subscribers  # noqa: E402

from api import prepare  # noqa: E402
from core import clock, db, embedded, migrate  # noqa: E402
from mobile_mock.demo_people import DEMO_PEOPLE, DEMO_RIDERS  # noqa: E402
from partners.fleets.contents import Door  # noqa: E402
from tests.accessibility.own_fleet.city_vans import PIN  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
_RIDERS = ("陳建國", "林秀英", "張阿水", "王美華", "李國雄", "黃淑芬", "吳志明", "蔡金枝")
_DOORS = (
    HOME, HOSPITAL, Door(22.6793, 120.3224, "左營區", "左營區大中一路386號"), Door(22.6497, 120.3563, "鳥松區", "鳥松區大埤路123號"),
    Door(22.5672, 120.3631, "小港區", "小港區山明路482號"), Door(22.7655, 120.3642, "燕巢區", "燕巢區角宿路1號"),
)  # fmt: skip
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
            _ride_offers(stack, browser)
            _finance_desk(stack, browser)
            _message_desk(stack, browser)
            _rides(stack, browser)
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


def _ride_offers(stack: Stack, browser: Browser) -> None:
    """What the fleets answer to somebody in an electric wheelchair who has to be at a hospital tomorrow."""
    rider = DEMO_RIDERS[0]
    with phone(stack, browser, device_scale_factor=2, viewport={"width": 390, "height": 1000}) as device:
        person = Person(rider.national_id, rider.mobile, rider.password, "")
        device.sign_in(person)
        becomes_a_rider(device, person)
        begin_asking(device)
        device.press("看看哪些車有空")
        device.page.locator(".asks h2", has_text="問了").wait_for()
        device.page.screenshot(path=PICTURES / "ride-offers.png", animations="disabled")


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


def _rides(stack: Stack, browser: Browser) -> None:
    """Ten o'clock with fourteen vans and their rides, in a database of their own; and the phone in one of the vans."""
    with stack.database() as connection:
        connection.execute("CREATE DATABASE rides")
    url = make_url(stack.database_url).set(database="rides").render_as_string(hide_password=False)
    migrate.to_head(url)
    database = db.configure(url)
    with database.unit_of_work() as session:
        prepare.seed(session)
    with city_of_vans(stack.state_dir) as city:
        for number in range(1, 13):
            city.van(f"R{number:03d}")
        for number in range(60):
            ends = _DOORS[number % 5], _DOORS[(number * 3 + 1) % 5 + (number % 5 == (number * 3 + 1) % 5)]
            city.ride(_RIDERS[number % len(_RIDERS)], 15 + 5 * number, ends, may_be_pooled=number % 4 == 0)
        _driver(city, browser)
        _dispatch_desk(city, browser)
    database.engine.dispose()


def _driver(city: CityOfVans, browser: Browser) -> None:
    where = {"latitude": HOME.latitude, "longitude": HOME.longitude}
    with phone(city, browser, device_scale_factor=2, geolocation=where, permissions=["geolocation"]) as device:  # type: ignore[arg-type]
        device.open("/driver")
        device.page.get_by_label("車號").fill(city.van_of(city.trips[0]))
        device.page.get_by_label("司機 PIN").fill(PIN)
        device.press("開始")
        device.press("我到了")
        device.page.locator(".waited").wait_for()
        device.page.locator(".said").wait_for(state="hidden")
        device.page.screenshot(path=PICTURES / "driver-page.png", animations="disabled")


def _dispatch_desk(city: CityOfVans, browser: Browser) -> None:
    officer = signed_in_officer(None, "dispatcher", bureau="transport", name="溫調度 Wen")  # type: ignore[arg-type]
    with desk(city, browser, device_scale_factor=1.5, viewport={"width": 1280, "height": 1000}) as one:  # type: ignore[arg-type]
        one.context.add_cookies([officer_cookie(officer.token)])
        one.open("/desk/dispatch")
        one.page.locator(".tl-row").first.wait_for()
        one.page.wait_for_timeout(800)
        one.page.screenshot(path=PICTURES / "dispatch-desk.png", animations="disabled")


if __name__ == "__main__":
    main()

"""The driver's page on a phone: a ride from the manifest to done, with and without network, and one to which nobody came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from browser.city_of_vans import CODE, HOME, CityOfVans, city_of_vans
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS, Phone
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from waiting import wait_until

from core import clock
from tests.accessibility.own_fleet.city_vans import PIN

pytestmark = pytest.mark.browser


@pytest.fixture
def city(client: FlaskClient, tmp_path: Path) -> Iterator[CityOfVans]:
    with city_of_vans(tmp_path) as one:
        yield one


@contextmanager
def at_the_wheel(city: CityOfVans, browser: Browser, number: str) -> Iterator[Phone]:
    """A phone in that van, which knows that it stands at the door of `HOME`, with its driver signed in."""
    where: Any = {"latitude": HOME.latitude, "longitude": HOME.longitude}
    one = Phone(city, browser, geolocation=where, permissions=["geolocation"])  # type: ignore[arg-type]
    try:
        one.open("/driver")
        one.sees("開始出車")
        one.page.get_by_label("車號").fill(number.lower())
        one.page.get_by_label("司機 PIN").fill(PIN)
        one.press("開始")
        expect(one.page.locator(".places")).to_be_visible(timeout=PATIENCE_MS)
        yield one
    except BaseException:
        one.context.close()
        raise
    one.context.close()


def says_the_code(one: Phone, code: str) -> None:
    one.press("上車（輸入乘車碼）")
    one.page.get_by_label("乘車碼").fill(code)
    one.press("確認上車")


def test_a_ride_is_driven_from_the_manifest_to_done(city: CityOfVans, chromium_browser: Browser) -> None:
    city.van("R001")
    trip = city.ride("陳建國", 20)
    with at_the_wheel(city, chromium_browser, "R001") as one:
        one.sees("接 陳建國")
        for words in (HOME.address, HOME.directions, "輪椅 65×110 公分", "請先打電話"):
            expect(one.page.locator("main")).to_contain_text(words)
        assert f"{HOME.latitude},{HOME.longitude}" in (
            one.page.get_by_role("link", name="導航").get_attribute("href") or ""
        )
        assert misfits(one) == []
        one.press("我到了")
        says_the_code(one, "0000")
        expect(one.page.locator("dialog .notice.bad")).to_contain_text("乘車碼不對")
        one.page.get_by_label("乘車碼").fill(CODE)
        one.press("確認上車")
        one.sees("送達 陳建國")
        # A glove taps twice: what comes to stand there is not pressed by it.
        one.page.get_by_role("button", name="我到了").dblclick()
        one.press("下車了")
        one.sees("今天沒有下一站了")
        wait_until(lambda: city.told(trip)[-1:] == ["done"])
        assert [state for state in city.told(trip) if state != "on_the_way"] == ["at_door", "aboard", "done"]


def test_taps_without_network_are_shown_as_unsent_and_sent_later_in_order(
    city: CityOfVans, chromium_browser: Browser
) -> None:
    city.van("R001")
    trip = city.ride("陳建國", 20)
    with at_the_wheel(city, chromium_browser, "R001") as one:
        one.sees("接 陳建國")
        one.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        one.context.set_offline(True)
        one.press("我到了")
        says_the_code(one, CODE)
        one.sees("送達 陳建國")
        expect(one.page.locator(".waits")).to_contain_text("還有 2 筆沒送出")
        one.page.reload()
        one.sees("送達 陳建國")
        expect(one.page.locator(".network")).to_contain_text("沒有網路", timeout=PATIENCE_MS)
        expect(one.page.locator(".waits li")).to_have_count(2)
        assert "at_door" not in city.told(trip)
        one.context.set_offline(False)
        expect(one.page.locator(".waits")).to_be_hidden(timeout=PATIENCE_MS)
        assert [state for state in city.told(trip) if state != "on_the_way"] == ["at_door", "aboard"]


def test_a_no_show_is_said_after_the_wait_with_the_van_s_position_for_proof(
    city: CityOfVans, chromium_browser: Browser, tmp_path: Path
) -> None:
    city.van("R001")
    trip = city.ride("陳建國", 20)
    with at_the_wheel(city, chromium_browser, "R001") as one:
        one.press("我到了")
        wait_until(lambda: "at_door" in city.told(trip))
        expect(one.page.locator(".waited")).to_contain_text("起可記未到", timeout=PATIENCE_MS)
        one.press("等不到人")
        one.press("記為未到")
        expect(one.page.locator("dialog .notice.warn")).to_contain_text("還不能記")
        one.page.keyboard.press("Escape")
        so_far = timedelta(seconds=int((tmp_path / "ahead").read_text()))
        clock.put_ahead(tmp_path / "ahead", so_far + timedelta(minutes=45))
        one.page.reload()
        one.press("等不到人")
        expect(one.page.locator("dialog .facts")).to_contain_text("會附上")
        one.press("記為未到")
        one.sees("今天沒有下一站了")
        assert city.told(trip)[-1] == "no_show"

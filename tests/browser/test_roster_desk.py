"""The roster at the desk: seven days as a table, a van out of service and a driver replaced after it was shown what they do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from browser.city_of_vans import CityOfVans, city_of_vans, officer_cookie
from browser.desk_in_chromium import Desk
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from signed_in_officer import signed_in_officer

from accessibility.fleets import city as fleets
from core import clock, db
from core.clock import taipei_date

pytestmark = pytest.mark.browser


@pytest.fixture
def one(client: FlaskClient, tmp_path: Path, chromium_browser: Browser) -> Iterator[Desk]:
    """A dispatcher's computer; two vans."""
    with city_of_vans(tmp_path) as city:
        city.van("R001", breaks=[("11:00", "12:30", 30)])
        city.van("R002")
        desk = Desk(city, chromium_browser)  # type: ignore[arg-type]
        officer = signed_in_officer(client, "dispatcher", bureau="transport")
        desk.context.add_cookies([officer_cookie(officer.token)])
        try:
            yield desk
        except BaseException:
            desk.context.close()
            raise
        desk.close()


def city_of(one: Desk) -> CityOfVans:
    return one.stack  # type: ignore[return-value]


def test_a_van_goes_out_of_service_after_it_was_shown_where_its_rides_go(one: Desk) -> None:
    trip = city_of(one).ride("陳建國", 120)
    van = city_of(one).van_of(trip)
    one.open("/desk/dispatch-roster")
    expect(one.page.locator(".roster-shift")).to_have_count(14, timeout=PATIENCE_MS)
    assert misfits(one) == []
    first = one.page.locator(".roster-shift").first
    first.focus()
    one.page.keyboard.press("ArrowRight")
    one.page.keyboard.press("ArrowDown")
    expect(one.page.locator('.roster-shift[data-row="1"][data-column="1"]')).to_be_focused()

    one.press("車輛停駛")
    dialog = one.page.get_by_role("dialog")
    dialog.get_by_label("車輛").select_option(van)
    dialog.get_by_label("原因").fill("定期保養")
    dialog.get_by_role("button", name="試算").click()
    expect(dialog).to_contain_text("改由 R00")
    expect(dialog.locator(".notice")).to_contain_text("1 趟受影響")
    assert city_of(one).van_of(trip) == van, "looking changes nothing"
    dialog.get_by_role("button", name="就這樣做").click()
    expect(one.page.locator(".notice.good")).to_contain_text("班表已變更", timeout=PATIENCE_MS)
    expect(one.page.locator(".roster-out")).to_contain_text("停駛 定期保養")
    assert city_of(one).van_of(trip) != van


def test_other_terms_of_a_fleet_are_proposed_with_their_source(one: Desk) -> None:
    with db.unit_of_work() as session:
        fleets.ensure_fleets(session)
    one.open("/desk/dispatch-terms")
    one.press("港都車隊", role="link")
    one.sees("港都車隊的條件")
    expect(one.page.locator(".card").first).to_contain_text("未經確認")
    one.page.locator("summary", has_text="提案新條件").click()
    assert misfits(one) == []
    one.page.get_by_label("開始日").fill(str(taipei_date(clock.now()) + timedelta(days=5)))
    one.page.get_by_label("之後取消收費（元）").fill("80")
    one.page.get_by_label("依據").fill("車隊 115 年 11 月 20 日來函")
    one.press("送出提案")
    expect(one.page.locator(".notice.good")).to_contain_text("已提案", timeout=PATIENCE_MS)


def test_a_new_van_with_a_new_driver_gets_a_shift(one: Desk) -> None:
    one.open("/desk/dispatch-vans")
    expect(one.page.locator("main h1")).to_contain_text("車輛、駕駛與車庫", timeout=PATIENCE_MS)
    assert misfits(one) == []
    one.press("新增車輛")
    dialog = one.page.get_by_role("dialog")
    typed = {
        "編號": "R050", "車牌": "RBB-5050", "車型": "VW Crafter", "座位配置": "1+4; 2+2", "輪椅最寬（mm）": "800",
        "輪椅最長（mm）": "1300", "含人最重（kg）": "350",
    }  # fmt: skip
    for label, value in typed.items():
        dialog.get_by_label(label, exact=True).fill(value)
    dialog.get_by_role("button", name="儲存").click()
    expect(one.page.locator(".notice.good")).to_contain_text("已儲存", timeout=PATIENCE_MS)
    one.press("新增駕駛")
    for label, value in {"編號": "5050", "姓名": "王大明", "電話": "0988123456"}.items():
        dialog.get_by_label(label, exact=True).fill(value)
    dialog.get_by_role("button", name="儲存").click()
    expect(one.page.locator(".notice.good")).to_contain_text("王大明 的駕駛頁 PIN：", timeout=PATIENCE_MS)

    one.open("/desk/dispatch-roster")
    one.press("新增班次")
    dialog.get_by_label("車輛").select_option("R050")
    dialog.get_by_label("駕駛").select_option("0001")
    dialog.get_by_role("button", name="試算").click()
    expect(dialog.locator(".notice.bad")).to_contain_text("不能這樣排", timeout=PATIENCE_MS)
    expect(dialog.locator(".problem-list").first).to_contain_text("這位駕駛那時已有班次")
    dialog.get_by_role("button", name="取消").click()
    one.press("新增班次")
    dialog.get_by_label("車輛").select_option("R050")
    dialog.get_by_label("駕駛").select_option("5050")
    dialog.get_by_label("休息").fill("10:00-11:30/30")
    dialog.get_by_role("button", name="試算").click()
    dialog.get_by_role("button", name="就這樣做").click()
    expect(one.page.locator("tr", has_text="R050").locator(".roster-shift")).to_contain_text("06:00–14:30王大明")

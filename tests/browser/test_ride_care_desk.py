"""The desk for what comes after rides: an appeal decided, a lost thing matched and handed over, a fare corrected, and who
is refused more often than others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from browser.city_of_vans import CityOfVans, city_of_vans, officer_cookie
from browser.desk_in_chromium import Desk
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS
from flask.testing import FlaskClient
from planted_rides import plant, plant_ask, plant_request, told
from playwright.sync_api import Browser, expect
from signed_in import sign_in
from signed_in_officer import signed_in_officer

from accessibility import events
from accessibility.conduct import complaints
from core import clock, db
from core.clock import TAIPEI
from core.ids import new_uuid, typeid

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Waiting:
    """What waits at the desk."""

    desk: Desk
    ride: str


@pytest.fixture
def city(client: FlaskClient, tmp_path: Path) -> Iterator[CityOfVans]:
    with city_of_vans(tmp_path) as one:
        yield one


@pytest.fixture
def waiting(city: CityOfVans, client: FlaskClient, chromium_browser: Browser) -> Iterator[Waiting]:
    """Somebody appeals, complains, and misses an umbrella of a ride that cost too much; thirty others asked for rides."""
    now, rider = clock.now(), sign_in(client)
    missed = plant(rider.person_id, "rehabus", status="no_show", pick_up_at=now - timedelta(hours=2))
    told(events.RIDE_NO_SHOW, missed.facts(by="rider"), at=now - timedelta(hours=1))
    done = plant(rider.person_id, "yellow", 185, minutes=20, pick_up_at=now - timedelta(hours=3))
    told(events.RIDE_DONE, done.facts(fare_twd=185), at=now - timedelta(hours=2))
    (point,) = rider.call("GET", "/v1/rider/no-shows").json["items"]
    rider.call("POST", f"/v1/rider/no-shows/{point['id']}/appeal", {"reason": "門鈴壞了，我一直在門口等"})
    rider.call("POST", "/v1/ride-complaints", {"kind": "driver", "words": "司機一直講電話"})
    rider.call("POST", f"/v1/rides/{typeid('ride', done.id)}/lost-items", {"what": "黑色雨傘"})
    for number in range(40):
        other, request = new_uuid(), new_uuid()
        at = now.astimezone(TAIPEI).replace(day=1, hour=12) - timedelta(days=14, hours=number % 9)
        with db.unit_of_work() as session:
            if number < 12:
                complaints.make(session, other, ride_id=None, kind="late", words="late", now=at - timedelta(days=3))
            plant_request(session, other, request, at, "64000010" if number % 3 else "64000120")
            plant_ask(session, other, new_uuid(), request, "yellow", "none" if number < 12 else "offered", at)
    officer = signed_in_officer(client, "mobility", bureau="social_affairs")
    one = Desk(city, chromium_browser)  # type: ignore[arg-type]
    one.context.add_cookies([officer_cookie(officer.token)])
    try:
        one.open("/desk/ride-care")
        reads(one, "門鈴壞了")
        yield Waiting(one, typeid("ride", done.id))
    except BaseException:
        one.context.close()
        raise
    one.close()


def reads(one: Desk, words: str) -> None:
    """Wait until this stands on the page."""
    expect(one.page.get_by_role("main").get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)


def test_what_waits_is_decided_matched_corrected_and_seen(waiting: Waiting) -> None:
    one, page = waiting.desk, waiting.desk.page
    assert misfits(one) == []
    one.press("申訴成立，取消點數")
    expect(page.locator(".field-error:visible")).to_be_visible()
    page.get_by_label("給乘客的說明").fill("照片顯示車停在後門")
    one.press("申訴成立，取消點數")
    reads(one, "已取消點數，並通知乘客。")
    reads(one, "沒有等待處理的。")

    page.get_by_role("link", name="乘客意見").click()
    reads(one, "司機一直講電話")
    mine = page.locator(".card", has_text="司機一直講電話")
    mine.get_by_label("給乘客的說明").fill("已請車隊改善")
    mine.get_by_role("button", name="回覆").click()
    reads(one, "已回覆，並通知乘客。")

    page.get_by_role("link", name="遺失物").click()
    reads(one, "這家車隊還沒有登記拾得物。")
    assert misfits(one) == []
    page.get_by_label("車隊", exact=True).select_option("yellow")
    page.get_by_label("是什麼").fill("雨傘，黑色")
    page.get_by_label("放在哪裡、電話").fill("車隊辦公室 07-1234567")
    page.get_by_label("拾得日期").fill("2026-11-20")
    one.press("登記拾得物")
    reads(one, "已登記。")
    one.press("就是這一件")
    reads(one, "已通知乘客去哪裡領。")
    one.press("已交還")
    reads(one, "已記錄交還，並通知乘客。")

    page.get_by_role("link", name="車資更正").click()
    page.get_by_label("車趟編號").fill(waiting.ride)
    page.get_by_label("正確的車資").fill("100")
    page.get_by_label("原因").fill("繞路")
    one.press("更正")
    reads(one, "已更正：乘客負擔 NT$100。")


def test_who_is_refused_more_is_seen_as_words_picture_and_table(waiting: Waiting) -> None:
    one, page = waiting.desk, waiting.desk.page
    one.open("/desk/ride-care?part=fairness&fleet=yellow")
    reads(one, "不是巧合")
    picture = page.locator(".wide-picture img")
    expect(picture).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function("() => document.querySelector('.wide-picture img').naturalWidth > 0")
    table = page.get_by_role("table", name="有沒有反映過意見")
    expect(table.get_by_role("row", name="先前反映過意見")).to_contain_text("100 %")
    expect(table.get_by_role("row", name="先前反映過意見")).to_contain_text("不是巧合")
    assert misfits(one) == []

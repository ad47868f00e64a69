"""The desk for diagnosis papers: one accepted once it was seen, one refused with words that its rider reads."""

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
from signed_in import SignedIn, sign_in
from signed_in_officer import signed_in_officer

from core import clock
from core.clock import taipei_date

pytestmark = pytest.mark.browser


@pytest.fixture
def city(client: FlaskClient, tmp_path: Path) -> Iterator[CityOfVans]:
    with city_of_vans(tmp_path) as one:
        yield one


@pytest.fixture
def desk(city: CityOfVans, client: FlaskClient, chromium_browser: Browser) -> Iterator[Desk]:
    officer = signed_in_officer(client, "mobility", bureau="social_affairs")
    one = Desk(city, chromium_browser)  # type: ignore[arg-type]
    one.context.add_cookies([officer_cookie(officer.token)])
    try:
        yield one
    except BaseException:
        one.context.close()
        raise
    one.close()


def hands_in(client: FlaskClient, national_id: str, mobile: str, issuer: str) -> SignedIn:
    who = sign_in(client, national_id, mobile)
    issued_on = (taipei_date(clock.now()) - timedelta(days=9)).isoformat()
    handed_in = who.call("POST", "/v1/rider/eligibility/papers", {"issuer": issuer, "issued_on": issued_on})
    assert handed_in.status_code == 201, handed_in.text
    return who


def reads(one: Desk, words: str) -> None:
    expect(one.page.get_by_role("main").get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)


def test_papers_are_looked_at_and_decided(desk: Desk, client: FlaskClient) -> None:
    grandmother = hands_in(client, "E261622434", "0933222111", "高雄市立民生醫院")
    other = hands_in(client, "E179864328", "0987654321", "某診所")
    page = desk.page
    desk.open("/desk/ride-papers")
    reads(desk, "高雄市立民生醫院")
    assert misfits(desk) == []

    first = page.locator("section.card", has_text="高雄市立民生醫院")
    first.get_by_role("button", name="通過", exact=True).click()
    reads(desk, "請先看過正本，再勾選確認。")
    first.get_by_label("我看過文件正本").check()
    first.get_by_role("button", name="通過", exact=True).click()
    expect(first.locator(".field-error:visible")).to_be_visible()
    until = (taipei_date(clock.now()) + timedelta(days=60)).isoformat()
    first.get_by_label("可預約到哪一天").fill(until)
    first.get_by_role("button", name="通過", exact=True).click()
    reads(desk, "可以預約就醫的車趟")
    known = grandmother.call("GET", "/v1/rider/eligibility").json
    assert (known["is_eligible"], known["medical_only"], known["valid_until"]) == (True, True, until)

    second = page.locator("section.card", has_text="某診所")
    second.get_by_label("不通過的原因").fill("文件沒有寫明需要輪椅")
    second.get_by_role("button", name="不通過").click()
    page.get_by_role("dialog").get_by_role("button", name="不通過").click()
    reads(desk, "沒有文件等審核。")
    (paper,) = other.call("GET", "/v1/rider/eligibility").json["papers"]
    assert (paper["status"], paper["reason"]) == ("refused", "文件沒有寫明需要輪椅")

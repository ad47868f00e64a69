"""The rider's pages in real Chromium, with the sandbox's fleets: booked by keyboard and followed to the door, nobody free,
cancelled with its terms, for somebody else, and twice as large."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS, Phone, phone, stranger
from browser.rider_in_chromium import HOME, api, becomes_a_rider, begin_asking, hospital_in, keys
from playwright.sync_api import Browser, expect
from sandbox_process import post_form
from stack import Stack
from waiting import wait_until

from core.clock import TAIPEI

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PICTURES_DIR")


@pytest.fixture(scope="module")
def rider(stack: Stack, chromium_browser: Browser) -> Iterator[Phone]:
    """Somebody in an electric wheelchair who may book, with their home among their places."""
    with phone(stack, chromium_browser) as device:
        person = stranger()
        device.register(person)
        becomes_a_rider(device, person)
        yield device


def picture(device: Phone, name: str) -> None:
    """Keep how the screen looks, where somebody wants to see it."""
    if PICTURES:
        device.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def ask_for_tomorrow(device: Phone) -> None:
    """From home to the hospital, tomorrow at ten, all by keyboard."""
    begin_asking(device)
    keys(device.page.get_by_role("button", name="看看哪些車有空"), "Enter")
    device.sees("車隊的答覆")


def told_of(stack: Stack, status: str) -> None:
    """Wait until a fleet has told that some ride came so far."""
    with stack.database() as connection:
        wait_until(
            lambda: connection.execute("SELECT 1 FROM accessibility.ride WHERE status = %s", (status,)).fetchone()
        )


def listens(device: Phone) -> None:
    """From now on keep in the page what a screen reader would be told to say."""
    device.page.evaluate(
        """() => {
            window.heard = [];
            for (const region of document.querySelectorAll("#announcer, #alarm")) {
                new MutationObserver(() => window.heard.push(region.textContent)).observe(region, { childList: true });
            }
        }"""
    )


def news(device: Phone, words: str) -> None:
    """Wait until the ride's page says so; no need to look elsewhere."""
    expect(device.page.locator(".ride-news-title")).to_contain_text(words, timeout=PATIENCE_MS)


def test_a_ride_is_booked_by_keyboard_and_followed_to_its_end(rider: Phone, stack: Stack) -> None:
    ask_for_tomorrow(rider)
    offer = rider.page.get_by_role("button", name=re.compile("選這個：小黃車隊"))
    expect(rider.page.locator(".asks h2")).to_contain_text("問了", timeout=PATIENCE_MS)
    picture(rider, "ride-offers")
    assert misfits(rider) == []
    keys(offer, "Enter")
    expect(rider.page.get_by_role("heading", name="確認一下")).to_be_focused()
    keys(rider.page.get_by_role("button", name="確定叫車"), "Enter")
    rider.sees("這趟車")
    news(rider, "訂好了")
    code = "".join(rider.page.locator(".ride-code .figure").inner_text().split())
    assert re.fullmatch("[0-9]{4}", code)
    assert misfits(rider) == []
    tree = rider.page.locator("main").aria_snapshot()
    for named in ('heading "上車密碼"', 'link "取消這趟車"', 'list "進行到哪裡"', 'region "現在的情形"'):
        assert named in tree, tree

    order = stack.sandbox.read("fleets/orders", fleet="yellow")[-1]["fleet_order"]
    for state, words in (
        ("on_the_way", "車子在路上"), ("at_door", "車子到門口了"), ("aboard", "您在車上"), ("done", "已經到了"),
    ):  # fmt: skip
        post_form(f"{stack.sandbox_url}/fleets/yellow/orders/{order}/step", to=state)
        if state == "on_the_way":
            # Until it sets off the page asks three times a minute, and at once when it comes back to sight.
            told_of(stack, "on_the_way")
            listens(rider)
            rider.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            expect(rider.page.locator(".ride-news-title")).to_contain_text(words, timeout=10_000)
        news(rider, words)
    expect(rider.page.locator(".live-map")).to_have_count(0)
    for said in ("車子到門口了", "您在車上", "已經到了"):
        rider.page.wait_for_function("(words) => window.heard.some((each) => each.includes(words))", arg=said)
    picture(rider, "ride-done")
    keys(rider.page.get_by_role("radio", name="很好", exact=True), "Space")
    keys(rider.page.get_by_role("button", name="送出"), "Enter")
    expect(rider.page.locator(".notice", has_text="謝謝，收到您的評分了")).to_be_visible()


def test_where_no_fleet_has_a_vehicle_one_waits_in_line_and_is_told_what_to_do(rider: Phone, stack: Stack) -> None:
    for fleet in ("yellow", "harbour", "mountain"):
        stack.sandbox.set_switch(fleet, "ask", "refuses")
    try:
        begin_asking(rider, hour="05")
        rider.press("看看哪些車有空")
        expect(rider.page.locator(".notice", has_text="現在每一家都沒有車")).to_be_visible(timeout=PATIENCE_MS)
        expect(rider.page.get_by_role("link", name=re.compile("1999"))).to_have_attribute("href", "tel:1999")
        expect(rider.page.get_by_role("heading", name="二、換個時間")).to_be_visible()
        picture(rider, "ride-none")
        keys(rider.page.get_by_role("button", name="幫我排候補"), "Enter")
        rider.sees("候補")
        expect(rider.page.locator(".wait-rank")).to_contain_text("第 1 位")
        picture(rider, "ride-wait")
        assert misfits(rider) == []
        rider.open("/app/rides")
        expect(rider.page.locator(".notice", has_text="候補中：第 1 位")).to_be_visible()
        rider.press("看候補", role="link")
        rider.press("不候補了")
        rider.page.get_by_role("dialog").get_by_role("button", name="不候補了").click()
        rider.sees("乘車")
        expect(rider.page.locator(".notice", has_text="候補中")).to_have_count(0)
    finally:
        stack.sandbox.clear_switches()


def test_what_cancelling_costs_stands_there_before_it_is_pressed(rider: Phone) -> None:
    ask_for_tomorrow(rider)
    rider.page.get_by_role("button", name=re.compile("選這個：小黃車隊")).click()
    rider.press("確定叫車")
    news(rider, "訂好了")
    rider.press("取消這趟車", role="link")
    rider.sees("取消這趟車")
    expect(rider.page.locator(".notice")).to_contain_text("現在取消，不用錢")
    picture(rider, "ride-cancel")
    assert misfits(rider) == []
    keys(rider.page.get_by_role("link", name="不取消，保留這趟車"), "Enter")
    news(rider, "訂好了")
    rider.press("取消這趟車", role="link")
    keys(rider.page.get_by_role("button", name="確定取消"), "Enter")
    rider.sees("這趟車")
    news(rider, "這趟車已取消")


def test_weekly_rides_are_stopped_with_what_is_booked_and_a_slip_is_undone(rider: Phone, stack: Stack) -> None:
    days = [datetime.now(TAIPEI).date() + timedelta(days=ahead) for ahead in (1, 2, 40)]
    ends = {name: {key: HOME[key] for key in ("latitude", "longitude", "label", "address")} for name in ("from", "to")}
    ends["to"] |= {"latitude": 22.6468, "longitude": 120.3097, "label": "高醫", "address": "自由一路100號"}
    api(rider, "POST", "/v1/ride-series", ends | {
        "pick_up_at": f"{days[0]}T14:00:00+08:00",
        "series": {"weekdays": sorted({day.isoweekday() for day in days[:2]}), "until": days[2].isoformat()},
    }, {"Idempotency-Key": str(uuid4())})  # fmt: skip
    with stack.database() as connection:
        booked = "SELECT 1 FROM accessibility.series_day WHERE status = 'bound' HAVING count(*) >= 2"
        wait_until(lambda: connection.execute(booked).fetchone(), seconds=90)
    rider.open("/app/rides/series")
    skip = rider.page.get_by_role("button", name=re.compile("不用$")).last
    keys(skip, "Enter")
    keys(rider.page.get_by_role("button", name=re.compile("還是要$")), "Enter")
    expect(rider.page.get_by_role("button", name=re.compile("還是要$"))).to_have_count(0)

    keys(rider.page.get_by_role("button", name="停止固定叫車"), "Enter")
    expect(rider.page.get_by_role("heading", name="停止固定叫車")).to_be_focused()
    expect(rider.page.locator(".series-stop")).to_contain_text("取消的規定")
    expect(rider.page.locator(".series-stop")).to_contain_text("小黃車隊")
    picture(rider, "ride-series-stop")
    assert misfits(rider) == []
    keys(rider.page.get_by_role("button", name="先不要停止"), "Enter")
    expect(rider.page.get_by_role("button", name="停止固定叫車")).to_be_focused()
    keys(rider.page.get_by_role("button", name="停止固定叫車"), "Enter")
    keys(rider.page.get_by_role("button", name=re.compile("停止，並取消訂好的")), "Enter")
    expect(rider.page.locator(".notice")).to_contain_text(re.compile(r"已取消 \d+ 趟"), timeout=PATIENCE_MS)
    picture(rider, "ride-series-stopped")
    assert misfits(rider) == []
    keys(rider.page.get_by_role("button", name="還是要固定叫車"), "Enter")
    expect(rider.page.get_by_role("button", name="停止固定叫車")).to_be_visible(timeout=PATIENCE_MS)


def test_pages_fit_twice_as_large_in_both_languages(rider: Phone) -> None:
    pages = ["", "/book", "/profile", "/places", "/fleets", "/quota", "/series", "/no-shows"]
    for language, other in (("中文", "English"), ("English", "中文")):
        found = []
        for page in pages:
            rider.open(f"/app/rides{page}")
            expect(rider.page.locator("main:not([aria-busy]) h1")).to_be_visible()
            expect(rider.page.locator(".problem")).to_have_count(0)
            found += misfits(rider)
        assert found == [], language
        rider.press(other)


def test_a_pin_is_set_by_arrow_keys_and_said_in_words(rider: Phone) -> None:
    rider.open("/app/rides")
    rider.page.evaluate("sessionStorage.clear()")
    rider.open("/app/rides/book")
    to = rider.page.get_by_role("group", name="要去哪裡？")
    keys(to.locator("summary", has_text="在地圖上指"), "Enter")
    to.get_by_label("行政區").select_option(label="三民區")
    expect(to.locator(".pin-said")).to_contain_text("三民區")
    keys(to.get_by_role("application"), "+", "ArrowRight", "ArrowDown")
    expect(rider.page.locator("#announcer")).to_contain_text("三民區")
    to.get_by_label("行政區").select_option(label="桃源區")
    expect(to.locator(".pin-said")).to_contain_text("桃源區")
    keys(to.get_by_role("button", name="就是這裡"), "Enter")
    expect(to.locator(".place-chosen")).to_be_focused()
    expect(to.locator(".place-chosen")).to_contain_text("桃源區")
    rider.page.reload()
    expect(to.locator(".place-chosen")).to_contain_text("桃源區")


def test_nothing_that_was_entered_is_lost(rider: Phone) -> None:
    rider.open("/app/rides")
    rider.page.evaluate("sessionStorage.clear()")
    rider.open("/app/rides/book")
    to = rider.page.get_by_role("group", name="要去哪裡？")
    keys(to.locator("summary", has_text="在地圖上指"), "Enter")
    to.get_by_label("行政區").select_option(label="三民區")
    expect(to.locator(".pin-said")).to_contain_text("三民區")
    to.get_by_role("button", name="就是這裡").click()
    come_by = to.get_by_label("怎麼找到您")
    come_by.fill("急診室門口")
    rider.page.reload()
    expect(come_by).to_have_value("急診室門口", timeout=PATIENCE_MS)
    rider.press("看看哪些車有空")
    rider.sees("車隊的答覆")
    rider.page.go_back()
    expect(come_by).to_have_value("急診室門口", timeout=PATIENCE_MS)
    rider.page.go_forward()
    rider.press("不要了")
    rider.press("復原")
    expect(come_by).to_have_value("急診室門口", timeout=PATIENCE_MS)

    rider.open("/app/rides/profile")
    usual = rider.page.get_by_label("平常要告訴司機的話")
    usual.fill("請講大聲一點")
    session = rider.context.cookies()
    rider.context.clear_cookies()
    rider.press("儲存")
    expect(rider.page).to_have_url(re.compile("/app/sign-in"), timeout=PATIENCE_MS)
    rider.context.add_cookies(session)  # type: ignore[arg-type]
    rider.open("/app/rides/profile")
    expect(usual).to_have_value("請講大聲一點", timeout=PATIENCE_MS)


def test_a_caregiver_books_under_the_banner(rider: Phone, stack: Stack, chromium_browser: Browser) -> None:
    caregiver = stranger()
    with phone(stack, chromium_browser) as device:
        device.register(caregiver)
        device.open("/app/rides")
        device.press("查驗資格")
        expect(device.page.locator(".notice", has_text="查無您的身心障礙證明")).to_be_visible(timeout=PATIENCE_MS)
        rider.open("/app/me/delegations/new")
        rider.page.get_by_label(re.compile("對方的身分證字號")).fill(caregiver.national_id)
        rider.page.get_by_role("checkbox", name=re.compile("預約與取消乘車")).check()
        rider.press("送出")
        rider.page.get_by_role("dialog").get_by_role("button", name="送出").click()
        expect(rider.page.locator(".mark", has_text="等待對方同意")).to_be_visible()
        device.open("/app/me/delegations")
        device.page.locator(".row-link", has_text="等您回覆").click()
        device.press("我同意")
        device.press("開始替")
        expect(device.page.get_by_role("heading", level=1)).to_contain_text("的乘車")
        expect(device.page.get_by_role("region", name="代理中")).to_be_visible()
        device.press("我要叫車", role="link")
        expect(device.page.get_by_role("heading", level=1)).to_contain_text("叫車")
        expect(device.page.locator(".place-chosen").first).to_contain_text("我家")
        hospital_in(device.page.get_by_role("group", name="要去哪裡？"))
        device.press("看看哪些車有空")
        device.press("選這個：小黃車隊")
        device.press("確定叫車")
        news(device, "訂好了")
        picture(device, "ride-acting")

"""The dispatch desk: a trip moved by keys and by hand after its consequences were seen, two dispatchers at once, a breakdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from browser.city_of_vans import CityOfVans, city_of_vans, officer_cookie
from browser.desk_in_chromium import Desk
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from waiting import wait_until

from accessibility.calls import calls
from core import clock, db
from core.clock import on_the_wire
from core.text import Text

pytestmark = pytest.mark.browser
_WORDS = Text(
    "11:30 從新興區到三民區，輪椅一台，有車嗎？", "11:30 from Xinxing to Sanmin, one wheelchair: have you a vehicle?"
)

_OF_A_DAY: Final[Mapping[calls.Question, int]] = {"under_way": 1, "driven": 23}
"""What is asked on the day of a ride, and for how many hours it may wait."""


@pytest.fixture
def city(client: FlaskClient, tmp_path: Path) -> Iterator[CityOfVans]:
    with city_of_vans(tmp_path) as one:
        one.van("R001")
        one.van("R002")
        yield one


@pytest.fixture
def officer(city: CityOfVans, client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "dispatcher", bureau="transport")


@contextmanager
def at_the_desk(city: CityOfVans, browser: Browser, officer: SignedInOfficer) -> Iterator[Desk]:
    """A computer at which this officer is signed in."""
    one = Desk(city, browser)  # type: ignore[arg-type]
    one.context.add_cookies([officer_cookie(officer.token)])
    try:
        one.open("/desk/dispatch")
        expect(one.page.locator(".tl-row").first).to_be_visible(timeout=PATIENCE_MS)
        yield one
    except BaseException:
        one.context.close()
        raise
    one.close()


def other_than(number: str) -> str:
    return "R002" if number == "R001" else "R001"


def test_a_trip_is_moved_by_keyboard_once_its_consequences_were_seen(
    city: CityOfVans, chromium_browser: Browser, officer: SignedInOfficer
) -> None:
    trip = city.ride("陳建國", 60)
    first = city.van_of(trip)
    with at_the_desk(city, chromium_browser, officer) as one:
        assert misfits(one) == []
        bar = one.page.locator(f'.tl-trip[data-trip="{trip}"]')
        expect(bar).to_have_attribute("tabindex", "0")
        bar.focus()
        one.page.keyboard.press("Space")
        one.page.keyboard.press("ArrowDown" if first == "R001" else "ArrowUp")
        one.page.keyboard.press("Enter")
        dialog = one.page.get_by_role("dialog")
        expect(dialog).to_contain_text(f"改派到 {other_than(first)}")
        expect(dialog.locator(".notice.good")).to_contain_text("這輛車多開")
        assert city.van_of(trip) == first
        dialog.get_by_role("button", name="改派").focus()
        one.page.keyboard.press("Enter")
        expect(one.page.locator(".notice.good")).to_contain_text(f"已改派到 {other_than(first)}")
        assert city.van_of(trip) == other_than(first)
        expect(one.page.locator(f'[data-van="{other_than(first)}"] [data-trip="{trip}"]')).to_be_focused()


def test_who_comes_second_is_told_and_shown_the_plan_as_it_is_now(
    city: CityOfVans, chromium_browser: Browser, officer: SignedInOfficer
) -> None:
    trip, another = city.ride("陳建國", 60), city.ride("林秀英", 200)
    first = city.van_of(trip)
    with at_the_desk(city, chromium_browser, officer) as one:
        bar, row = one.page.locator(f'[data-trip="{trip}"]'), one.page.locator(f'[data-van="{other_than(first)}"]')
        bar.scroll_into_view_if_needed()
        begins, ends = bar.bounding_box(), row.bounding_box()
        assert begins is not None and ends is not None
        one.page.mouse.move(begins["x"] + 8, begins["y"] + 8)
        one.page.mouse.down()
        one.page.mouse.move(begins["x"] + 20, ends["y"] + 12, steps=5)
        one.page.mouse.up()
        dialog = one.page.get_by_role("dialog")
        expect(dialog).to_contain_text(f"改派到 {other_than(first)}")
        dialog.get_by_role("button", name="改派").wait_for()
        _move(officer, another, other_than(city.van_of(another)))
        dialog.get_by_role("button", name="改派").click()
        expect(dialog).to_contain_text("另一位調度比較快")
        assert city.van_of(trip) == first
        one.press("看最新的行程")
        moved = one.page.locator(f'[data-van="{city.van_of(another)}"] [data-trip="{another}"]')
        expect(moved).to_be_visible()
        one.page.locator(f'[data-trip="{trip}"]').focus()
        one.page.keyboard.press("Space")
        one.page.keyboard.press("ArrowDown" if first == "R001" else "ArrowUp")
        one.page.keyboard.press("Enter")
        dialog.get_by_role("button", name="改派").click()
        expect(one.page.locator(".notice.good")).to_contain_text("已改派到")
        assert city.van_of(trip) == other_than(first)


def test_a_breakdown_and_a_driver_s_report_are_taken_care_of_and_the_day_can_be_looked_at_again(
    city: CityOfVans, chromium_browser: Browser, officer: SignedInOfficer
) -> None:
    trip = city.ride("陳建國", 60)
    first = city.van_of(trip)
    with at_the_desk(city, chromium_browser, officer) as one:
        one.page.locator(f'[data-van="{first}"] .tl-van').click()
        one.press("這輛車故障")
        expect(one.page.locator("dialog .field-error")).to_be_visible()
        one.page.get_by_label("發生什麼事").fill("引擎過熱")
        one.press("這輛車故障")
        expect(one.page.locator(f'[data-van="{first}"]')).to_contain_text("故障")
        wait_until(lambda: city.van_of(trip) == other_than(first))
        city.reports(other_than(first), "rider_unwell", "乘客頭暈")
        incidents = one.page.locator(".incidents")
        expect(incidents).to_contain_text("乘客頭暈", timeout=PATIENCE_MS)
        assert misfits(one) == []
        one.press("已處理")
        expect(incidents).to_be_hidden()
        one.page.get_by_role("link", name="回看一天").last.click()
        one.sees("回看一天")
        one.press("播放")
        happened = one.page.locator(".happened")
        expect(happened).to_contain_text("車輛故障 引擎過熱", timeout=PATIENCE_MS)
        one.page.get_by_label("車", exact=True).select_option(other_than(first))
        expect(happened).not_to_contain_text("引擎過熱")
        expect(happened).to_contain_text("乘客頭暈")
        assert misfits(one) == []


def _move(officer: SignedInOfficer, trip: str, number: str) -> None:
    """Another dispatcher does so, without a browser."""
    body = {"trip": trip, "vehicle": number}
    version = officer.call("POST", "/v1/dispatch/what-if", body).get_json()["version"]
    answer = officer.call(
        "POST", "/v1/dispatch/assignments", body, If_Match=f'"{version}"', Idempotency_Key=f"quick-{trip}"
    )
    assert answer.status_code == 200, answer.get_json()


def test_who_rings_a_fleet_writes_down_what_it_said(
    city: CityOfVans, chromium_browser: Browser, officer: SignedInOfficer
) -> None:
    wanted = city.ten + timedelta(minutes=90)
    with db.unit_of_work() as session:
        call_id = calls.ring_fleet(
            session, question="ask", fleet="telephone", rider_id=uuid4(), words=_WORDS, now=clock.now(),
            facts={"pick_up_at": on_the_wire(wanted)}, due_at=clock.now(), until=clock.now() + timedelta(minutes=10),
        )  # fmt: skip
    with at_the_desk(city, chromium_browser, officer) as one:
        one.open("/desk/dispatch-calls")
        one.sees("電話桌")
        expect(one.page.locator(".say")).to_have_text(_WORDS.zh)
        assert misfits(one) == []
        expect(one.page.get_by_label("幾點來接")).to_have_value("11:30")
        one.page.get_by_label("幾點來接").fill("11:45")
        one.page.get_by_label("車資約").fill("350")
        one.page.get_by_label("可以留到幾點").fill("23:58")
        one.press("可以")
        expect(one.page.locator(".notice.good")).to_contain_text("已記下")
        expect(one.page.locator(".calm")).to_contain_text("沒有要打的電話")
    with db.single_statements() as session:
        row = session.execute(
            text("SELECT answer, given FROM accessibility.call WHERE id = :id"), {"id": call_id}
        ).one()
    at = on_the_wire(wanted + timedelta(minutes=15))
    kept_until = row.given.pop("kept_until")
    assert (row.answer, row.given) == ("yes", {"pick_up_at": at, "price_twd": 350})
    assert "T23:58:00" in kept_until, "until when the operator keeps it"


def test_on_the_day_of_a_ride_its_fleet_is_asked_and_what_it_says_is_written_down_by_keyboard(
    city: CityOfVans, chromium_browser: Browser, officer: SignedInOfficer
) -> None:
    facts = {"pick_up_at": on_the_wire(city.ten), "agreed_twd": 300}
    with db.unit_of_work() as session:
        for place, (question, hours) in enumerate(_OF_A_DAY.items()):
            calls.ring_fleet(
                session, question=question, fleet="telephone", rider_id=uuid4(), words=_WORDS, now=clock.now(),
                facts=facts, due_at=clock.now() + timedelta(minutes=place - 5),
                until=clock.now() + timedelta(hours=hours),
            )  # fmt: skip
    with at_the_desk(city, chromium_browser, officer) as one:
        one.open("/desk/dispatch-calls")
        first, second = (one.page.locator("main .card").nth(each) for each in (0, 1))
        expect(first).to_contain_text("車出發了沒")
        expect(second).to_contain_text("沒填就照訂車時的 NT$300")
        expect(first.locator(".mark.warn")).not_to_contain_text("年")
        expect(second.locator(".mark.warn")).to_contain_text("年")
        assert misfits(one) == []
        first.get_by_role("button", name="還沒出發").press("Enter")
        expect(first.locator(".field-error:visible")).to_have_count(1)
        expect(first.get_by_label("再幾分鐘到門口")).to_be_focused()
        one.page.keyboard.type("15")
        first.get_by_role("button", name="還沒出發").press("Enter")
        expect(one.page.locator("main .card")).to_have_count(1)
        driven = one.page.locator("main .card")
        expect(driven.get_by_role("button")).to_have_text(["載到了", "還在路上", "沒等到乘客", "車沒有去", "沒人接"])
        driven.get_by_label("車資").fill("280")
        driven.get_by_role("button", name="載到了").press("Enter")
        expect(one.page.locator(".calm")).to_contain_text("沒有要打的電話")
    with db.single_statements() as session:
        rows = session.execute(text("SELECT question, answer, given FROM accessibility.call ORDER BY question")).all()
    assert [tuple(row) for row in rows] == [
        ("driven", "yes", {"price_twd": 280}), ("under_way", "later", {"minutes": 15}),
    ]  # fmt: skip


def test_a_trip_without_a_van_is_given_to_one_that_works_again(
    city: CityOfVans, chromium_browser: Browser, officer: SignedInOfficer
) -> None:
    trip = city.ride("陳建國", 180)
    for number in ("R001", "R002"):
        address = f"/v1/dispatch/vehicles/{number}/breakdown"
        broken = officer.call("POST", address, {"reason": "淹水"}, Idempotency_Key=number)
        assert broken.status_code == 200, broken.get_json()
    officer.call("DELETE", "/v1/dispatch/vehicles/R002/breakdown")
    with at_the_desk(city, chromium_browser, officer) as one:
        waiting = one.page.locator(".waiting .row")
        expect(waiting).to_contain_text("新興區 → 三民區")
        # Above the lines onto which it is dragged.
        above, lines = waiting.bounding_box(), one.page.locator(".tl").bounding_box()
        assert above is not None and lines is not None and above["y"] < lines["y"]
        assert misfits(one) == []
        one.press("選車")
        choice = one.page.get_by_label("改派到哪一輛")
        expect(choice.locator("option")).to_have_count(2)
        choice.select_option("R002")
        one.press("看看會怎樣")
        one.page.get_by_role("dialog").get_by_role("button", name="改派").click()
        expect(one.page.locator(".notice.good")).to_contain_text("已改派到 R002")
        expect(waiting).to_have_count(0)
        assert city.van_of(trip) == "R002"

"""What a citizen takes and how often it rings, on the phone in real Chromium: topics, ends, offers, messages, settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from browser.phone_in_chromium import Person, Phone, owes, phone, stranger
from playwright.sync_api import Browser, Locator, expect
from stack import Stack

from core import clock
from core.ids import new_uuid, parse_typeid

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PICTURES_DIR")
DAY = timedelta(days=1)


class Told:
    """Somebody with a phone whom the test can tell things by the rows that the product's own workers write."""

    def __init__(self, stack: Stack, device: Phone, person: Person) -> None:
        self.stack, self.device, self.page, self.person = stack, device, device.page, person
        self.id = parse_typeid("per", device.page.request.get(f"{stack.url}/v1/me").json()["id"])

    def write(self, table: str, **values: Any) -> UUID:
        """One row; its id."""
        row = {"id": new_uuid(), **values}
        names = ", ".join(row)
        with self.stack.database() as connection:
            marks = ", ".join(f"%({name})s" for name in row)
            connection.execute(f"INSERT INTO notify.{table} ({names}) VALUES ({marks})", row)
        return UUID(str(row["id"]))

    def run(self, sql: str, **values: Any) -> Any:
        """One statement, and what it answers first."""
        with self.stack.database() as connection:
            return (connection.execute(sql, values).fetchone() or (None,))[0]

    def words(self, title: str, body: str) -> UUID:
        return self.write(
            "content", title_zh=title, title_en=title, body_zh=body, body_en=body, link="/app/topics", why="{}",
            created_at=clock.now(),
        )  # fmt: skip

    def message(self, title: str, *, ago: timedelta = timedelta(), **values: Any) -> UUID:
        """A message in the inbox."""
        row = {"kind": "campaign", "basis": "subscription", "why": "{}", "event_id": new_uuid()} | values
        words = self.words(title, f"{title}的內容")
        return self.write("message", person_id=self.id, content_id=words, created_at=clock.now() - ago, **row)

    def take(self, topic: str) -> UUID:
        """A live subscription, taken over HTTP; its id."""
        origin = {"Origin": self.stack.url}
        answer = self.page.request.post(f"{self.stack.url}/v1/subscriptions", data={"topic": topic}, headers=origin)
        assert answer.ok, answer.text()
        return parse_typeid("sub", answer.json()["id"])

    def card(self, name: str) -> Locator:
        return self.page.locator(".subscription", has_text=name)

    def picture(self, name: str) -> None:
        """Keep how the screen looks, where somebody wants to see it."""
        if PICTURES:
            self.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.fixture(scope="module")
def told(stack: Stack, chromium_browser: Browser) -> Iterator[Told]:
    """One phone for the file, with a car and a fine."""
    person = stranger()
    owes(stack, person, parking=(300,), fines=(600,))
    with phone(stack, chromium_browser) as device:
        device.register(person)
        device.add_plate(person.plate)
        yield Told(stack, device, person)


def test_a_topic_is_taken_by_keyboard_dated_stopped_and_taken_back(told: Told) -> None:
    page = told.page
    told.device.open("/app/topics")
    told.device.sees("想收哪些通知")
    card = page.locator(".topic", has_text="展演活動")
    expect(card.locator(".lock-card")).to_contain_text("駁二")
    expect(card).to_contain_text("會自己結束")
    switch = card.get_by_role("switch", name="通知我 展演活動")
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    expect(page.locator(".toast")).to_contain_text("已訂閱「展演活動」")
    told.picture("push-topics")

    page.get_by_role("link", name="我的訂閱").click()
    told.device.sees("我的訂閱")
    mine = told.card("展演活動")
    mine.locator("summary").click()
    mine.get_by_label("1 個月後").check()
    mine.get_by_role("button", name="就這一天").click()
    month_later = clock.taipei_date(clock.now() + 28 * DAY)
    expect(mine.locator(".until")).to_contain_text(f"結束：{month_later.year - 1911}年")

    mine.get_by_role("button", name="停止「展演活動」").click()
    undo = page.get_by_role("button", name="復原")
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="展演活動", exact=True)).to_be_focused()
    expect(mine.locator(".until")).to_contain_text("年", use_inner_text=True)
    expect(page.locator(".toast")).to_have_count(0)


def test_a_topic_about_my_things_is_taken_for_one_of_them(told: Told) -> None:
    page = told.page
    told.device.open("/app/topics/parking.vehicle")
    told.device.sees("我的車有新的停車單")
    expect(page.get_by_role("switch", name="全部通知我")).to_have_count(0)
    page.get_by_role("switch", name=told.person.plate).check()
    expect(page.locator(".toast")).to_contain_text(told.person.plate)

    told.device.open("/app/topics/roadworks.near")
    page.get_by_role("combobox").select_option(label="左營區")
    page.get_by_role("button", name="加上這一區").click()
    expect(page.get_by_role("switch", name="左營區")).to_be_checked()
    page.get_by_role("switch", name="全部通知我").check()
    expect(page.get_by_role("switch", name="左營區")).to_be_hidden()

    told.device.open("/app/subscriptions")
    expect(told.card(told.person.plate)).to_contain_text("結束：車輛過戶或移除時")
    expect(page.locator(".ended", has_text="左營區")).to_contain_text("您改訂了整個主題")


def test_an_offer_is_taken_a_question_answered_and_what_lapsed_renewed(told: Told) -> None:
    page, now = told.page, clock.now()
    asked, lapsed = told.take("traffic.jams"), told.take("access.news")
    told.run("UPDATE notify.subscription SET asked_at = %(now)s, answer_by = %(by)s WHERE id = %(id)s RETURNING id",
             now=now, by=now + 14 * DAY, id=asked)  # fmt: skip
    told.run("UPDATE notify.subscription SET status = 'ended', ended_at = %(now)s, ended_how = 'silence' "
             "WHERE id = %(id)s RETURNING id", now=now, id=lapsed)  # fmt: skip
    event = told.write(
        "life_event", bureau="civil_affairs", reference=str(new_uuid()), kind="marriage_registered", at=now,
        received_at=now, body_hash=os.urandom(32),
    )  # fmt: skip
    for topic in ("newlyweds", "newborn"):
        topic_id = told.run("SELECT id FROM notify.topic WHERE code = %(code)s", code=topic)
        told.write("offer", person_id=told.id, topic_id=topic_id, life_event_id=event, offered_at=now, because="marriage_registered",
                   ends_on=(now + 180 * DAY).date(), expires_at=now + 30 * DAY)  # fmt: skip
    told.device.open("/app/subscriptions")
    told.picture("push-subscriptions")
    offer = page.locator(".offer", has_text="新婚須知")
    expect(offer).to_contain_text("恭喜")
    offer.get_by_role("button", name="好，訂閱").click()
    expect(told.card("新婚須知")).to_be_visible()
    page.get_by_role("button", name="不用，謝謝：「新生兒家庭」").click()
    expect(page.locator(".offer")).to_contain_text("不會再問您")

    question = told.card("路況").locator(".question")
    expect(question).to_contain_text("還有用嗎")
    question.get_by_role("button", name="有用，繼續").click()
    expect(question).to_have_count(0)

    ended = page.locator(".ended", has_text="無障礙服務消息")
    expect(ended).to_contain_text("結束了，因為您一直沒有點開")
    ended.get_by_role("button", name="再次訂閱").click()
    expect(told.card("無障礙服務消息")).to_be_visible()
    expect(ended).to_have_count(0)

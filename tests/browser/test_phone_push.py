"""What a citizen takes and how often it rings, on the phone in real Chromium: topics, ends, offers, messages, settings."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from browser.fitting import NARROW, WIDE, misfits
from browser.phone_in_chromium import PATIENCE_MS, Person, Phone, owes, phone, stranger
from playwright.sync_api import Browser, Locator, expect
from stack import Stack
from waiting import wait_until

from core import clock
from core.crypto import token_hash
from core.ids import new_uuid, parse_typeid, typeid

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
        why = json.dumps({"explanation": {"zh": "您訂閱了這個主題。", "en": "You take this topic."}})
        return self.write(
            "content", title_zh=title, title_en=title, body_zh=body, body_en=body, link="/app/topics", why=why,
            created_at=clock.now(),
        )  # fmt: skip

    def run_of(self, topic: str, bureau: str, *staff: str) -> UUID:
        """A run of a campaign that the first of these officers wrote and the second approved."""
        writer, approver = (
            self.run("SELECT id FROM identity.officer WHERE staff_number = %(n)s", n=number) for number in staff
        )
        topic_id = self.run("SELECT id FROM notify.topic WHERE code = %(code)s", code=topic)
        audience = {"districts": ["64000030"], "place_kinds": ["home"], "facts": [], "near": None, "subject": None}
        now = clock.now()
        campaign = self.write(
            "campaign", bureau=bureau, topic_id=topic_id, name=topic, state="done", content="{}",
            audience=json.dumps(audience), schedule="{}", written_by=writer, submitted_by=writer, submitted_at=now,
            approved_by=approver, approved_at=now, approved_hash=b"x", created_at=now, updated_at=now,
        )  # fmt: skip
        return self.write(
            "run", campaign_id=campaign, content_id=self.words(topic, topic), status="done", round_at=now,
            deadline=now + DAY, begun_at=now, resolved_at=now, ended_at=now, scheduled_for=now,
        )  # fmt: skip

    def message(self, title: str, *, ago: timedelta = timedelta(), **values: Any) -> UUID:
        """A message in the inbox."""
        row = {"kind": "campaign", "basis": "subscription", "why": "{}", "event_id": new_uuid()} | values
        words = self.words(title, f"{title}的內容")
        return self.write("message", person_id=self.id, content_id=words, created_at=clock.now() - ago, **row)

    def take(self, topic: str) -> UUID:
        """A live subscription, taken over HTTP; its id."""
        return parse_typeid("sub", self.call("POST", "/v1/subscriptions", topic=topic)["id"])

    def call(self, method: str, path: str, **body: Any) -> Any:
        """One request in this person's session; the JSON that came back."""
        origin = {"Origin": self.stack.url}
        answer = self.page.request.fetch(self.stack.url + path, method=method, data=body, headers=origin)
        assert answer.ok, answer.text()
        return answer.json()

    def hears(self, text: str) -> None:
        """Wait until a screen reader is told this: the change has reached the city."""
        expect(self.page.locator("#announcer")).to_have_text(text, timeout=PATIENCE_MS)

    def kept(self, what: str) -> None:
        """Wait until these settings stand in the city's own book."""
        sql = f"SELECT count(*) FROM notify.preference WHERE person_id = %(id)s AND {what}"
        wait_until(lambda: self.run(sql, id=self.id) == 1)

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
    told.device.sees("有車期間的路邊停車消息")
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


def test_the_inbox_goes_by_day_and_tells_emergencies_digests_and_what_was_withdrawn_apart(told: Told) -> None:
    page, now = told.page, clock.now()
    taken = told.take("culture.events")
    alert = told.write(
        "alert", identifier=str(new_uuid()), sender="kcg.gov.tw", sent_at=now, status="sent", msg_type="Alert",
        source="bureau", is_signature_trusted=True, severity="Extreme", parsed="{}", document=b"x", expires_at=now + DAY, received_at=now,
    )  # fmt: skip
    told.message("山區請撤離", kind="alert", basis="alert", alert_id=alert)
    campaign = {"subscription_id": taken, "run_id": new_uuid()}
    told.message("衛武營取消", ago=DAY, recalled_at=now, **campaign)
    told.message("停車費三天內到期", ago=DAY, settled_at=now, **campaign)
    gathered = [told.message(title, ago=2 * DAY, **campaign) for title in ("週日音樂會", "夜間市集")]
    digest = told.message("還有 2 則沒有響", kind="digest", basis="digest")
    for message in gathered:
        told.run(
            "INSERT INTO notify.digest_line (person_id, message_id, run_id, subscription_id, deadline, due_at, "
            "settled_at, digest_id) VALUES (%(person)s, %(message)s, %(run)s, %(taken)s, %(now)s, %(now)s, %(now)s, "
            "%(digest)s) RETURNING message_id",
            person=told.id, message=message, run=campaign["run_id"], taken=taken, now=now, digest=digest,
        )  # fmt: skip

    told.device.open("/app/inbox")
    today, yesterday = page.locator("section[data-day]").nth(0), page.locator("section[data-day]").nth(1)
    expect(today.get_by_role("heading", level=2)).to_have_text("今天")
    expect(yesterday.get_by_role("heading", level=2)).to_have_text("昨天")
    emergency = today.locator(".message", has_text="山區請撤離")
    expect(emergency.locator(".alert-band")).to_contain_text("緊急警報")
    expect(emergency.locator(".alert-band .icon")).to_be_visible()
    withdrawn = yesterday.locator(".message", has_text="衛武營取消")
    expect(withdrawn).to_contain_text("已收回")
    expect(withdrawn).to_contain_text("發送機關收回了這則通知")
    expect(withdrawn).not_to_contain_text("衛武營取消的內容")
    settled = yesterday.locator(".message", has_text="停車費三天內到期")
    expect(settled.locator(".mark")).to_have_text("已繳清或免繳")
    expect(settled).not_to_contain_text("停車費三天內到期的內容")
    expect(yesterday).to_contain_text("文化局 · 展演活動")
    expect(page.get_by_role("link", name="週日音樂會")).to_have_count(0)
    told.picture("push-inbox")
    unread = page.locator(".place .badge")
    before = int(unread.inner_text())
    today.locator(".digest summary").click()
    expect(page.get_by_role("link", name="週日音樂會")).to_be_visible()
    expect(unread).to_have_text(str(before - 1))

    page.get_by_role("link", name="山區請撤離").click()
    told.device.sees("山區請撤離")
    expect(page.locator(".letter .alert-band")).to_contain_text("有效到")
    expect(page.get_by_role("heading", name="不想再收到")).to_have_count(0)


def test_what_is_settled_asks_for_nothing_any_more(told: Told) -> None:
    page = told.page
    message = told.message(
        "罰單明天到期", subscription_id=told.take("fines.due"), run_id=new_uuid(), settled_at=clock.now()
    )
    told.device.open(f"/app/inbox/{typeid('msg', message)}")
    told.device.sees("罰單明天到期")
    expect(page.locator(".letter .notice.good")).to_contain_text("已繳清或免繳")
    expect(page.locator(".letter")).to_contain_text("不用再處理")
    expect(page.locator(".letter").get_by_role("link")).to_have_count(0)


def test_a_desk_is_linked_once_its_owner_has_seen_whose_it_is_and_ended_with_one_tap(told: Told) -> None:
    page = told.page
    for code in ("ABCD-EFGH-JKMN", "ABCD-EFGH-JKMP"):
        told.run(
            "INSERT INTO notify.desk_phone_code (officer_id, code_hash, expires_at) SELECT id, %(hash)s, %(until)s "
            "FROM identity.officer WHERE staff_number = %(number)s RETURNING officer_id",
            hash=token_hash(code.replace("-", "")), until=clock.now() + DAY,
            number="PWK-001" if code.endswith("N") else "PWK-002",
        )  # fmt: skip
    told.device.open("/app/notifications")
    told.device.sees("怎麼通知我")
    expect(page.get_by_role("heading", name="可以試送到您手機的桌面")).to_be_hidden()
    page.locator("summary", has_text="市府同仁").click()
    page.get_by_label("連結碼").fill("ABCD-EFGH-JKMN")
    page.get_by_label("連結碼").press("Enter")
    expect(page.get_by_role("heading", name="讓這個桌面試送到您的手機？")).to_be_focused()
    expect(page.locator(".facts", has_text="PWK-001")).to_contain_text("工務局")
    page.get_by_role("button", name="不是我").click()
    expect(page.get_by_label("連結碼")).to_be_focused()
    assert told.run("SELECT count(*) FROM notify.desk_phone WHERE person_id = %(id)s", id=told.id) == 0
    page.get_by_label("連結碼").fill("abcd efgh jkmp")
    page.get_by_label("連結碼").press("Enter")
    told.picture("push-desk-phone")
    page.get_by_role("button", name="是我，連結").press("Enter")
    told.hears("已連結")
    told.device.open("/app/me/security")
    linked = page.locator(".linked-desks")
    expect(linked).to_contain_text("PWK-002")
    told.picture("push-linked-desks")
    linked.get_by_role("button", name="解除連結：工務局").click()
    told.hears("已解除連結")
    expect(linked).to_be_hidden()
    assert told.run("SELECT count(*) FROM notify.desk_phone WHERE person_id = %(id)s", id=told.id) == 0


def test_a_message_says_why_it_came_and_how_to_hear_no_more_of_it(told: Told) -> None:
    page = told.page
    decided = {"rank": 1, "of": 4, "cap": 3, "used": 1, "waited": 0, "rang": True}
    message = told.message(
        "國道 10 號仁武段壅塞", subscription_id=told.take("traffic.jams"), why=json.dumps(decided),
        run_id=told.run_of("traffic.jams", "public_works", "PWK-001", "PWK-002"),
    )  # fmt: skip
    told.device.open(f"/app/inbox/{typeid('msg', message)}")
    told.device.sees("國道 10 號仁武段壅塞")
    page.locator("summary", has_text="為什麼我會收到這則訊息").click()
    links = page.locator(".chain > li")
    expect(links.get_by_role("heading")).to_have_text(
        ["您訂閱了", "為什麼選到您", "誰發的", "您的每日上限", "怎麼停止"]
    )
    expect(links.nth(0)).to_contain_text("路況")
    expect(links.nth(1)).to_contain_text("左營區")
    expect(links.nth(2)).to_contain_text("工務局")
    expect(links.nth(2)).to_contain_text("撰寫：蘇道工")
    expect(links.nth(2)).to_contain_text("核定：高核稿")
    expect(links.nth(3)).to_contain_text("排第 1")
    told.picture("push-why")

    page.get_by_role("button", name="檢舉：我不想要這則").click()
    page.get_by_role("dialog").get_by_role("button", name="檢舉").click()
    expect(page.locator(".mark", has_text="已檢舉")).to_be_visible()
    page.get_by_role("button", name="停止「路況").click()
    expect(page.locator(".enough")).to_contain_text("您現在沒有訂閱")
    expect(page.get_by_role("button", name="復原")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="停止「路況")).to_be_visible()


def test_the_cap_the_quiet_hours_and_what_may_be_used_are_kept_as_soon_as_they_are_chosen(told: Told) -> None:
    page = told.page
    told.device.open("/app/notifications")
    told.device.sees("怎麼通知我")
    slider = page.get_by_role("slider", name="一天最多幾則")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".cap-words")).to_have_text("一天最多響 4 則。 今天還沒有響過。")
    expect(slider).to_have_attribute("aria-valuetext", "一天最多響 4 則。")
    page.get_by_role("button", name="多一則").click()
    page.get_by_label("從", exact=True).fill("21:30")
    page.get_by_label("從", exact=True).press("Tab")
    page.get_by_role("switch", name="沒響的，晚上一起給我").click()
    expect(page.get_by_label("幾點")).to_be_hidden()
    told.kept("daily_cap = 5 AND quiet_from = '21:30' AND NOT takes_digest")
    told.picture("push-settings")
    page.reload()
    expect(page.locator(".cap-words")).to_contain_text("一天最多響 5 則")
    expect(page.get_by_label("從", exact=True)).to_have_value("21:30")
    expect(page.get_by_role("switch", name="沒響的，晚上一起給我")).not_to_be_checked()
    page.get_by_role("switch", name="晚上不要響").click()
    expect(page.get_by_label("從", exact=True)).to_be_hidden()


def test_places_facts_and_where_a_device_is_are_said_and_taken_back(told: Told) -> None:
    page = told.page
    other = told.call("POST", "/v1/devices", kind="fid", address=f"dQw4w9WgXcQ-{told.id.hex[:10]}", name="平板")["id"]
    told.call("PUT", f"/v1/devices/{other}/position", latitude=22.6851, longitude=120.2989)
    told.device.open("/app/notifications")
    page.get_by_role("link", name="地點和可以用的資料").click()
    told.device.sees("地點和可以用的資料")
    tablet = page.locator(".setting", has_text="平板")
    expect(tablet).to_contain_text("記著：左營區")
    tablet.get_by_role("button", name="忘記").click()
    told.hears("已忘記位置")
    assert (
        told.run("SELECT count(*) FROM notify.device WHERE position IS NOT NULL AND person_id = %(id)s", id=told.id)
        == 0
    )

    page.get_by_label("住家").select_option(label="左營區")
    told.hears("已儲存")
    rider = page.get_by_role("switch", name="我使用復康巴士")
    expect(rider).not_to_be_checked()
    rider.click()
    told.hears("可以使用：我使用復康巴士")
    expect(rider).to_be_checked()
    page.get_by_role("checkbox", name="捷運紅線").check()
    told.hears("可以使用：我常走的路線")
    page.reload()
    expect(page.get_by_label("住家").locator("option:checked")).to_have_text("左營區")
    page.get_by_role("checkbox", name="捷運紅線").uncheck()
    told.hears("已收回並刪除：我常走的路線")
    rider.click()
    told.hears("已收回並刪除：我使用復康巴士")
    assert told.run("SELECT count(*) FROM notify.fact_permission WHERE person_id = %(id)s", id=told.id) == 0


def test_every_page_fits_is_large_enough_to_touch_and_offers_to_try_again(told: Told) -> None:
    page = told.page
    taken = typeid("sub", told.take("traffic.jams"))
    pages = (
        "/app/topics", "/app/topics/parking.due", "/app/subscriptions", f"/app/subscriptions/{taken}", "/app/inbox",
        "/app/notifications", "/app/notifications/about-me",
    )  # fmt: skip
    for language, viewports in (("English", (NARROW, WIDE)), ("中文", (NARROW,))):
        told.device.press(language)
        found = []
        for path in pages:
            told.device.open(path)
            found += misfits(told.device, viewports=viewports)
        assert found == []
    page.route("**/v1/topics", lambda route: route.abort())
    told.device.open("/app/topics")
    expect(page.locator(".problem")).to_contain_text("連不上網路")
    page.unroute("**/v1/topics")
    page.get_by_role("button", name="再試一次").click()
    told.device.sees("想收哪些通知")

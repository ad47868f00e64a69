"""The desk of messages and the duty desk as officers use them: written by one, approved by another, watched, taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

import pytest
from browser.desk_in_chromium import Desk, desk
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS
from playwright.sync_api import Browser, expect
from roster import on_the_roster
from stack import Stack
from subscribed_people import subscribers
from waiting import wait_until

pytestmark = pytest.mark.browser
TOPIC = "附近的道路施工"
# A run gathers for 15 seconds before anybody is decided on.
UNTIL_SENT_MS = 90_000


@dataclass
class Office:
    """Who sits at the desks: somebody who writes and could approve, another who approves, and two on duty."""

    writer: Desk
    publisher: Desk
    first: Desk
    second: Desk


@pytest.fixture(scope="module")
def office(stack: Stack, chromium_browser: Browser) -> Iterator[Office]:
    with ExitStack() as desks:

        def sits(name: str, *roles: str, bureau: str) -> Desk:
            one = desks.enter_context(desk(stack, chromium_browser))
            # Leaving what is not saved yet is asked about, and meant.
            one.page.on("dialog", lambda dialog: dialog.accept())
            one.enrol(on_the_roster(stack, name, *roles, bureau=bureau)[1])
            return one

        yield Office(
            sits("蘇撰稿", "editor", "publisher", bureau="public_works"),
            sits("高核稿", "publisher", bureau="public_works"),
            sits("雷值勤", "duty_officer", bureau="fire"),
            sits("方值勤", "duty_officer", bureau="fire"),
        )


def compose(one: Desk, name: str) -> None:
    """The words of a message in both languages, up to the audience."""
    one.open("/desk/campaigns/new")
    one.sees("寫新訊息")
    one.page.get_by_label("主題", exact=True).select_option(label=TOPIC)
    one.page.get_by_label("內部名稱").fill(name)
    chinese, english = one.page.get_by_role("group", name="中文"), one.page.get_by_role("group", name="英文")
    chinese.get_by_label("標題").fill("四維三路今晚 22 時起施工")
    chinese.get_by_label("內文").fill("請改走三多二路，預計 5 天完工。")
    english.get_by_label("標題").fill("Works on Siwei 3rd Road from 22:00")
    english.get_by_label("內文").fill("Please take Sanduo 2nd Road; done in 5 days.")


def is_kept(one: Desk) -> None:
    """Wait until the draft is saved."""
    expect(one.page.locator(".kept .mark.good")).to_contain_text("已儲存", timeout=PATIENCE_MS)
    expect(one.page).to_have_url(re.compile("/desk/campaigns/cmp_"))


def test_a_message_is_written_counted_approved_by_another_paused_sent_and_recalled(
    stack: Stack, office: Office
) -> None:
    people = subscribers(stack, 60, district="64000080")
    writer, publisher = office.writer, office.publisher
    compose(writer, "四維三路夜間施工")
    writer.page.locator(".district", has_text="苓雅區").click()
    expect(writer.page.locator(".map-summary")).to_have_text("1 區：苓雅區")
    is_kept(writer)
    writer.press("估計人數")
    expect(writer.page.locator(".estimate-lead")).to_contain_text(re.compile(r"符合的人：約 \d+"))
    expect(writer.page.locator(".split-key", has_text="今天送到")).to_contain_text(re.compile(r"約 \d+"))
    writer.press("試送到我的手機")
    writer.press("取得連結碼")
    expect(writer.page.locator(".live-figure.mono")).to_have_text(re.compile("^([0-9A-Z]{4}-?){3}$"))
    _link_phone(stack, "蘇撰稿", people[0])
    writer.press("試送到我的手機")
    expect(writer.page.locator(".notice.good")).to_contain_text("1 台裝置")
    writer.press("送核准")
    writer.page.get_by_role("dialog").get_by_role("button", name="送核准").click()
    writer.sees("四維三路夜間施工")
    expect(writer.page.locator("main")).to_contain_text("需要另一個人")
    expect(writer.page.get_by_role("button", name="逐字核准")).to_have_count(0)

    publisher.open("/desk/campaigns?state=submitted")
    publisher.page.locator(".row-link", has_text="四維三路夜間施工").click()
    publisher.sees("四維三路夜間施工")
    for words in ("四維三路今晚 22 時起施工", "Please take Sanduo 2nd Road", "住家、工作或學校在苓雅區"):
        expect(publisher.page.locator("main")).to_contain_text(words)
    publisher.press("逐字核准")
    publisher.page.get_by_role("dialog").get_by_role("button", name="逐字核准").click()
    expect(publisher.page.locator(".notice.good")).to_contain_text("已核准")
    publisher.press("暫停")
    expect(publisher.page.locator(".notice.good")).to_contain_text("已暫停")
    publisher.press("繼續送")
    expect(publisher.page.locator(".card", has_text="到了誰").first).to_be_visible(timeout=UNTIL_SENT_MS)
    expect(publisher.page.locator(".live-figure")).to_contain_text(re.compile(r"約 \d+ 人收到"))
    assert _messages(stack, people) == 60 + 1, "each once, and the test before"
    tested = publisher.page.locator("tr", has_text="試送到自己的手機")
    expect(tested).to_contain_text("蘇撰稿")
    expect(tested).to_contain_text("1 台裝置")
    assert misfits(publisher) == []
    assert _cut_names(publisher) == []
    with publisher.page.expect_download() as downloading:
        publisher.press("下載 CSV", "link")
    assert downloading.value.path().read_text().startswith("campaign,run,begun_at")

    publisher.press("收回")
    expect(publisher.page.locator(".field-error:visible")).to_have_text("請填寫")
    publisher.page.get_by_label("理由（市民會看到）").fill("日期寫錯了")
    publisher.press("收回")
    expect(publisher.page.locator(".notice.good")).to_contain_text("已收回")
    expect(publisher.page.locator(".facts .mark.bad")).to_have_text("已收回")
    publisher.open("/desk/sending")
    expect(publisher.page.locator(".small-charts section", has_text="工務局")).to_be_visible()
    channels = publisher.page.locator(".card", has_text="推播管道現況")
    expect(channels.locator("tr", has_text="LINE")).to_contain_text("開著")
    with stack.database() as database:
        database.execute("UPDATE notify.channel SET closed_until = now() + interval '1 hour' WHERE name = 'line'")
    publisher.page.reload()
    expect(channels.locator("tr", has_text="LINE")).to_contain_text("暫停，最早再試：")
    with stack.database() as database:
        database.execute("UPDATE notify.channel SET closed_until = NULL WHERE name = 'line'")


def _link_phone(stack: Stack, officer: str, person: UUID) -> None:
    with stack.database() as database:
        database.execute(
            "INSERT INTO notify.desk_phone (officer_id, person_id, linked_at) "
            "SELECT id, %s, now() FROM identity.officer WHERE name = %s",
            (person, officer),
        )


def _cut_names(one: Desk) -> list[str]:
    """Names of counts that a narrow page with text of twice the size would break within a word."""
    one.page.set_viewport_size({"width": 390, "height": 844})
    one.page.evaluate("document.documentElement.dataset.textSize = '200'")
    found: list[str] = one.page.evaluate(
        """() => [...document.querySelectorAll('.split-name')]
            .filter((name) => name.getBoundingClientRect().width < 150).map((name) => name.textContent)"""
    )
    one.page.evaluate("document.documentElement.dataset.textSize = '100'")
    one.page.set_viewport_size({"width": 1280, "height": 860})
    return found


def _messages(stack: Stack, people: list[UUID]) -> int:
    with stack.database() as database:
        row = database.execute("SELECT count(*) FROM notify.message WHERE person_id = ANY(%s)", (people,)).fetchone()
    assert row is not None
    return int(str(row[0]))


def test_whoever_wrote_it_cannot_approve_it_and_a_return_says_why(stack: Stack, office: Office) -> None:
    subscribers(stack, 60, district="64000090")
    writer, other = office.writer, office.publisher
    compose(writer, "兩個人才行")
    is_kept(writer)
    writer.press("送核准")
    writer.page.get_by_role("dialog").get_by_role("button", name="送核准").click()
    writer.sees("兩個人才行")
    expect(writer.page.locator("main")).to_contain_text("需要另一個人")
    expect(writer.page.get_by_role("button", name="逐字核准")).to_have_count(0)
    address = writer.page.url.replace("/desk/campaigns/", "/v1/bureau/campaigns/")
    origin = {"Origin": stack.url}
    agreed = writer.page.request.get(address).json()["hash"]
    refused = writer.page.request.post(f"{address}/approval", data={"hash": agreed}, headers=origin)
    assert refused.status == 403 and refused.json()["type"].endswith("campaign-second-person")

    other.page.goto(writer.page.url)
    other.press("退回修改")
    expect(other.page.locator(".field-error:visible")).to_have_text("退回時請寫下理由")
    other.page.get_by_label("退回理由").fill("請寫清楚是哪一段")
    other.press("退回修改")
    expect(other.page.locator(".notice.good")).to_contain_text("已退回")
    writer.page.reload()
    expect(writer.page.locator(".notice.warn")).to_contain_text("請寫清楚是哪一段")


def test_a_draft_is_kept_and_two_writers_never_overwrite_each_other_unasked(office: Office) -> None:
    one, other = office.writer, office.publisher
    one.open("/desk/campaigns/new")
    one.page.get_by_label("內部名稱").fill("還沒寫完")
    expect(one.page.locator(".kept")).to_contain_text("還缺：中文 標題")
    one.page.reload()
    expect(one.page.get_by_label("內部名稱")).to_have_value("還沒寫完")
    expect(one.page.locator(".notice.info")).to_contain_text("已接回上次還沒儲存的內容")
    compose(one, "一起寫")
    is_kept(one)

    other.page.goto(one.page.url)
    with other.page.expect_response(lambda answer: answer.request.method == "PUT"):
        other.page.get_by_label("內部名稱").fill("一起寫，第二版")
    one.page.get_by_label("內部名稱").fill("一起寫，我的版本")
    expect(one.page.locator(".kept")).to_contain_text("同仁剛改過這份草稿", timeout=PATIENCE_MS)
    one.press("以我這份為準")
    is_kept(one)
    other.page.reload()
    expect(other.page.get_by_label("內部名稱")).to_have_value("一起寫，我的版本")


def test_an_open_topic_changes_once_a_second_person_agrees_and_for_whoever_read_it_last_alone(office: Office) -> None:
    one, other = office.writer, office.publisher

    def look_at_the_topic() -> None:
        one.open("/desk/topics")
        one.page.locator(".row-link", has_text="路況：塞車與改道").click()
        one.sees("路況：塞車與改道")

    look_at_the_topic()
    one.page.get_by_role("group", name="中文").get_by_label("範例訊息的標題").fill("國道 1 號三民段壅塞")
    one.press("加一條")
    one.page.locator(".ending").last.get_by_label("規則").select_option("count")
    one.press("儲存")
    one.sees("本機關的主題")
    row = one.page.locator(".row", has_text="路況：塞車與改道")
    expect(row).to_contain_text("修改待另一人核准")
    expect(row).not_to_contain_text("20 則")
    look_at_the_topic()

    other.open("/desk/approvals")
    other.page.locator("a", has_text="修改開放中的主題").first.click()
    expect(other.page.locator("main")).to_contain_text("國道 1 號三民段壅塞")
    other.press("核准並執行")
    other.page.get_by_role("dialog").get_by_role("button", name="核准並執行").click()
    expect(other.page.locator(".notice.good")).to_contain_text("已核准並執行")

    one.press("儲存")
    expect(one.page.locator("form .notice.bad")).to_contain_text("同仁剛改過這個主題")
    one.open("/desk/topics")
    expect(row).to_contain_text("20 則")


def test_a_drill_is_written_by_one_confirmed_by_another_and_corrected_in_one_step(stack: Stack, office: Office) -> None:
    people = subscribers(stack, 30, district="64000100")
    first, second = office.first, office.second
    first.open("/desk/duty/new")
    first.sees("發布告警")
    expect(first.page.locator(".band.drill")).to_contain_text("演習")
    first.page.get_by_label("事件", exact=True).fill("瓦斯外洩")
    for language, words in (("中文", "旗津瓦斯外洩，請勿靠近"), ("英文", "Gas leak in Qijin: keep away")):
        side = first.page.get_by_role("group", name=language)
        side.get_by_label("標題").fill(words)
        side.get_by_label("說明").fill(f"{words} 廟前路" if language == "中文" else words)
    first.press("交給第二位確認")
    expect(first.page.locator("form .notice.bad")).to_contain_text("請在地圖或清單選範圍")
    first.page.locator("summary", has_text="原高雄市").click()
    first.page.get_by_label("旗津區").check()
    first.press("交給第二位確認")
    first.sees("【演習】旗津瓦斯外洩，請勿靠近")
    expect(first.page.locator("main")).to_contain_text("等另一位值勤同仁確認")
    expect(first.page.get_by_role("button", name="確認並送出演習")).to_have_count(0)

    second.open("/desk/duty")
    second.page.locator(".row.alarm", has_text="旗津瓦斯外洩").locator("a").click()
    second.sees("【演習】旗津瓦斯外洩，請勿靠近")
    expect(second.page.locator("main")).to_contain_text("[Drill] Gas leak in Qijin: keep away")
    second.press("確認並送出演習")
    second.page.get_by_role("dialog").get_by_role("button", name="確認並送出演習").click()
    wait_until(lambda: _messages(stack, people) == 30, seconds=UNTIL_SENT_MS / 1000)
    # Thirty are too few to tell apart from those that would point at a house.
    expect(second.page.locator(".live-figure")).to_contain_text("少於 20 人")

    second.press("立即更正")
    expect(second.page.locator(".notice.good")).to_contain_text("已更正")
    expect(second.page.locator(".facts .mark", has_text="已結束")).to_be_visible()
    second.open("/desk/duty")
    expect(second.page.locator(".row-link", has_text="更正").first).to_be_visible()


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_every_page_fits_at_twice_the_text_size_and_every_control_can_be_touched(office: Office, language: str) -> None:
    at_the_desks = (
        (office.writer, ("campaigns", "campaigns/new", "topics", "topics/new", "sending")),
        (office.first, ("duty", "duty/new")),
    )
    for one, pages in at_the_desks:
        one.page.evaluate("(language) => localStorage.setItem('desk.language', language)", language)
        for page in pages:
            one.open(f"/desk/{page}")
            assert misfits(one) == []
            assert one.page.locator("main .problem").count() == 0, page
        one.page.evaluate("localStorage.setItem('desk.language', 'zh-TW')")

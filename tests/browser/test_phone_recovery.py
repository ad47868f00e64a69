"""Spare ways in, a forgotten password, and “that was not me”, in real Chromium."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from browser.desk_in_chromium import desk
from browser.phone_in_chromium import Person, Phone, phone, stranger
from playwright.sync_api import Browser, expect
from roster import on_the_roster
from stack import Stack
from waiting import wait_until

pytestmark = pytest.mark.browser


def _app_code(secret: str, *, after_step: int = 0) -> tuple[str, int]:
    """The code of the first step of 30 seconds after that one, and the step."""
    while (step := int(time.time()) // 30) <= after_step:
        time.sleep(0.2)
    return pyotp.TOTP(secret).generate_otp(step), step


def _not_me_link(stack: Stack, mobile: str, words: str) -> str:
    """The path of the link in the message with these words."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for text in stack.sandbox.read("sms", to=f"+886{mobile[1:]}"):
            found = re.search(r"/app/not-me\?token=[A-Za-z0-9_-]+", text["text"])
            if found and words in text["text"]:
                return found.group()
        time.sleep(0.1)
    raise AssertionError(f"no message with “{words}” reached {mobile}")


def _proved_at_the_counter(stack: Stack, counter: Phone, person: Person) -> None:
    """The officer at this desk looks somebody up, sees their papers and compares them with the face."""
    ask = counter.page.request
    headers = {"Origin": stack.url}
    body = {"national_id": person.national_id, "purpose": "lost_credentials", "case_number": "115-KH-000123"}
    cases = f"{stack.url}/v1/counter/cases"
    case = ask.post(cases, data=body, headers=headers).json()
    at = f"{cases}/{case['id']}"
    for answer in (
        ask.put(f"{at}/papers", data={"papers": ["id_card", "health_card"]}, headers=headers),
        ask.put(f"{at}/person", data={"name": "王小美", "language": "zh-TW"}, headers=headers),
        ask.post(f"{at}/proof", data={}, headers=headers),
    ):
        assert answer.ok, answer.text()


def test_an_authenticator_app_and_recovery_codes_are_set_up_and_sign_in(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person, has_passkey=False)
        device.open("/app/me/totp")
        device.press("設定驗證器 App")
        picture = page.locator(".code-picture")
        expect(picture).to_have_attribute("alt", re.compile("QR 碼"))
        wait_until(lambda: page.evaluate("document.querySelector('.code-picture').naturalWidth > 0"))
        secret = page.locator(".totp-secret").inner_text().replace(" ", "")
        code, step = _app_code(secret)
        page.get_by_label("App 上的六位數代碼").fill(code)
        device.press("完成設定")
        expect(page.locator(".mark.good", has_text="使用中")).to_be_visible()

        device.open("/app/me/recovery-codes")
        device.press("產生十組復原碼")
        codes = page.locator(".recovery-codes code")
        expect(codes).to_have_count(10)
        kept = codes.first.inner_text()
        with page.expect_download() as downloading:
            page.get_by_role("link", name="下載文字檔").click()
        assert kept in downloading.value.path().read_text("utf-8")
        device.press("完成")
        expect(page.locator(".field-error:visible")).to_contain_text("請先收好")
        page.get_by_label("我已經收好了").check()
        device.press("完成")
        expect(page.locator(".card")).to_contain_text("還剩 10 組")

        device.sign_out()
        page.get_by_role("button", name=re.compile("密碼與驗證器 App")).click()
        page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        page.get_by_label("密碼", exact=True).fill(person.password)
        page.get_by_label("App 上的六位數代碼").fill(_app_code(secret, after_step=step)[0])
        page.locator(".sign-in-card form").get_by_role("button", name="登入").click()
        device.press("以後再說")
        device.sees("我要繳的")

        device.sign_out()
        page.get_by_role("button", name=re.compile("密碼與復原碼")).click()
        page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        page.get_by_label("密碼", exact=True).fill(person.password)
        page.get_by_label("復原碼", exact=True).fill(kept.lower().replace("-", " "))
        page.locator(".sign-in-card form").get_by_role("button", name="登入").click()
        device.press("以後再說")
        device.sees("我要繳的")


def test_a_forgotten_password_waits_a_day_and_shows_when_it_is_over(stack: Stack, chromium_browser: Browser) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person, has_passkey=False)
        device.sign_out()
        device.press("忘記密碼？", "link")
        device.sees("忘記密碼")
        page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        device.press("下一步")
        page.get_by_label("六位數驗證碼").fill(device.code_for(person.mobile))
        device.press("確認")
        expect(page.locator(".notice")).to_contain_text("起可以設定新密碼")
        expect(page.locator(".notice")).to_contain_text("24 小時")
        page.reload()
        expect(page.locator(".notice")).to_contain_text("起可以設定新密碼")

        with stack.database() as connection:
            connection.execute(
                "UPDATE identity.password_reset SET asked_at = asked_at - interval '1 day', evidence_until = "
                "evidence_until - interval '1 day', proved_at = proved_at - interval '1 day', possible_at = possible_at "
                "- interval '1 day', lapses_at = lapses_at - interval '1 day' WHERE status = 'waiting'"
            )
        page.reload()
        page.get_by_label("新密碼").fill("a new harbour light")
        device.press("設定新密碼")
        expect(page.get_by_role("heading", name="新密碼設定好了")).to_be_visible()
        page.locator(".card").get_by_role("link", name="登入").click()
        page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        page.get_by_label("密碼", exact=True).fill("a new harbour light")
        device.press("下一步")
        expect(page.get_by_label("六位數驗證碼")).to_be_visible()


def test_the_link_that_was_not_me_shuts_the_door_and_the_counter_opens_it_again(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person)
        device.open("/app/me/recovery-codes")
        device.press("產生十組復原碼")
        expect(page.locator(".recovery-codes code")).to_have_count(10)
        link = _not_me_link(stack, person.mobile, "產生了新的復原碼")
        with phone(stack, chromium_browser) as other:
            other.open(link)
            other.sees("這是您本人嗎？")
            expect(other.page.locator(".card")).to_contain_text("密碼與復原碼")
            other.press("不是我")
            other.page.get_by_role("dialog").get_by_role("button", name="不是我").click()
            expect(other.page.locator(".notice.good")).to_contain_text("案件編號")
            number = re.search(r"案件編號 (\d+)", other.page.locator(".notice.good").inner_text())
            assert number is not None
        # The session in question has ended with it; the passkey, which the browser offers by itself, still signs in.
        device.open("/app/me/security")
        device.sees("登入與安全")
        expect(page.locator(".notice.warn", has_text="這些登入方式已停用")).to_contain_text("密碼與復原碼")

        _, code = on_the_roster(stack, "陳櫃台", "counter")
        with desk(stack, chromium_browser) as counter:
            counter.enrol(code)
            counter.open("/desk/cases")
            counter.sees("帳號異常案件")
            counter.page.get_by_role("link", name=re.compile(f"案件 {number.group(1)}")).click()
            counter.sees(f"案件 {number.group(1)}")
            expect(counter.page.locator(".notice.info")).to_contain_text("先在服務櫃檯當面確認本人")
            _proved_at_the_counter(stack, counter, person)
            counter.page.reload()
            counter.page.get_by_label("核對了哪些證件").fill("身分證與健保卡正本")
            counter.press("恢復")
            counter.page.get_by_role("dialog").get_by_role("button", name="恢復").click()
            expect(counter.page.locator(".notice.good")).to_contain_text("已恢復")
            counter.page.get_by_label("處理結果").fill("本人確認為家人操作")
            counter.press("結案")
            counter.page.get_by_role("dialog").get_by_role("button", name="結案").click()
            expect(counter.page.locator(".mark.good").first).to_contain_text("已結案")
        device.open("/app/me/security")
        device.sees("登入與安全")
        expect(page.locator(".notice.warn", has_text="這些登入方式已停用")).not_to_contain_text("密碼與復原碼")


@pytest.mark.parametrize("language", ["中文", "English"])
def test_text_twice_as_large_never_needs_scrolling_sideways_and_every_control_can_be_touched(
    stack: Stack, chromium_browser: Browser, language: str
) -> None:
    with phone(stack, chromium_browser, viewport={"width": 360, "height": 740}) as device:
        device.register(stranger(), has_passkey=False)
        if language == "English":
            device.press("English")
        for _ in range(3):
            device.page.locator(".tools button").first.click()
        expect(device.page.locator("html")).to_have_attribute("data-text-size", "200")
        for path, press in (
            ("/app/me/totp", {"中文": "設定驗證器 App", "English": "Set up an authenticator app"}),
            ("/app/me/recovery-codes", {"中文": "產生十組復原碼", "English": "Make ten recovery codes"}),
            ("/app/me/password", {}),
            ("/app/forgot-password", {}),
            ("/app/not-me", {}),
        ):
            device.open(path)
            expect(device.page.locator("main:not([aria-busy]) h1")).to_be_visible()
            if press:
                device.press(press[language])
                expect(device.page.locator(".code-picture, .recovery-codes").first).to_be_visible()
            assert not device.is_wider_than_the_screen(), path
            small = device.page.evaluate(
                """() => [...document.querySelectorAll('main button, main a[href], main summary')]
                    .filter((control) => control.checkVisibility())
                    .map((control) => [control.textContent.trim(), control.getBoundingClientRect()])
                    .filter(([name, box]) => name === '' || box.height < 43.5 || box.width < 43.5)
                    .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
            )
            assert small == [], path

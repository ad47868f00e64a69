"""The service counter, the 1999 line and the kiosk as people use them: papers, a code, a card, a visit, large type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser.desk_in_chromium import Desk, desk
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS, Person, Phone, owes, phone, stranger
from pdf_words import words_in
from playwright.sync_api import Browser, expect
from roster import on_the_roster
from stack import Stack

pytestmark = pytest.mark.browser

NAME = "林·瑪雅 Maya Lin"
PIN = "804317"


@contextmanager
def counter(stack: Stack, browser: Browser, role: str = "counter", **context: object) -> Iterator[Desk]:
    """An officer's computer, with somebody of that role signed in."""
    with desk(stack, browser, **context) as one:
        one.enrol(on_the_roster(stack, "洪櫃檯", role, bureau="civil_affairs")[1])
        yield one


def look_up(one: Desk, person: Person) -> None:
    one.open("/desk/counter")
    one.sees("服務櫃檯")
    one.page.get_by_label("身分證字號或居留證號").fill(person.national_id)
    one.page.get_by_label("查閱目的").select_option("proofing_in_person")
    one.page.get_by_label("案號或取號單號碼").fill("115-KH-000123")
    one.press("查詢")
    one.sees("櫃檯案件 115-KH-000123")


def prove(one: Desk, person: Person) -> None:
    """From the look-up to the proof, somebody who is not registered."""
    look_up(one, person)
    expect(one.page.locator("main")).to_contain_text("尚未登記")
    for paper in ("身分證", "健保卡"):
        one.page.get_by_role("checkbox", name=paper, exact=True).check()
    one.press("記下已核對的證件")
    one.page.get_by_label("姓名").fill(NAME)
    one.page.get_by_role("button", name="登記", exact=True).click()
    expect(one.page.locator(".notice.good").first).to_contain_text("已登記")
    one.press("我已當面核對，確認身分")
    one.page.get_by_role("dialog").get_by_role("button", name="我已當面核對，確認身分").click()
    expect(one.page.locator(".facts")).to_contain_text("4　當面或憑證確認")


def printed_card(one: Desk, folder: Path) -> list[str]:
    """Make a card and read its paper: the codes in their order."""
    one.page.get_by_label("PIN（6 個數字）").fill(PIN)
    one.page.get_by_label("再輸入一次 PIN").fill(PIN)
    one.press("產生密碼卡")
    with one.page.expect_download() as download:
        one.press("下載紙本並列印", role="link")
    paper = folder / "card.pdf"
    download.value.save_as(paper)
    codes = re.findall(r"^([0-9]{4}) ([0-9]{4})$", words_in(paper.read_bytes()), re.MULTILINE)
    assert len(codes) == 40
    return ["".join(code) for code in codes]


def test_somebody_is_proved_gets_a_code_and_enrols_their_own_phone(stack: Stack, chromium_browser: Browser) -> None:
    person = stranger()
    owes(stack, person, fines=(600,))
    with counter(stack, chromium_browser) as one, phone(stack, chromium_browser) as own:
        prove(one, person)
        one.press("產生登錄碼")
        code = one.page.locator(".large-code").inner_text()
        assert re.fullmatch("([0-9A-Z]{4}-){3}[0-9A-Z]{4}", code)
        one.page.emulate_media(media="print")
        expect(one.page.locator(".large-code")).to_be_visible()
        expect(one.page.get_by_label("姓名")).to_be_hidden()
        one.page.emulate_media(media="screen")

        own.open("/app/sign-in")
        own.press("我有櫃檯給的登錄碼", role="link")
        own.sees("用櫃檯的登錄碼")
        own.page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        own.page.get_by_label("登錄碼").fill(code.lower())
        own.press("建立通行金鑰並登入")
        own.sees("我要繳的")
        expect(own.page.locator("main")).to_contain_text("600")
        own.open("/app/me/access-log")
        expect(own.page.locator("main")).to_contain_text("臨櫃確認您的身分", timeout=PATIENCE_MS)
        own.open(f"/app/enrol#code={code}")
        expect(own.page.get_by_label("登錄碼")).to_have_value(code)


def test_somebody_is_looked_up_and_proved_by_keyboard(stack: Stack, chromium_browser: Browser) -> None:
    person = stranger()
    with counter(stack, chromium_browser) as one:
        one.open("/desk/counter")
        one.sees("服務櫃檯")
        keys = one.page.keyboard
        tab_to(one, "身分證字號或居留證號")
        keys.type(person.national_id)
        keys.press("Tab")
        keys.press("ArrowDown")
        keys.press("Tab")
        keys.type("115-KH-000124")
        keys.press("Enter")
        one.sees("櫃檯案件 115-KH-000124")
        expect(one.page.locator("h1")).to_be_focused()
        for paper in ("身分證", "健保卡"):
            tab_to(one, paper)
            keys.press("Space")
        tab_to(one, "記下已核對的證件")
        keys.press("Enter")
        expect(one.page.locator(".notice.good").first).to_contain_text("已記下證件")
        tab_to(one, "姓名")
        keys.type(NAME)
        keys.press("Enter")
        expect(one.page.locator(".notice.good").first).to_contain_text("已登記")
        tab_to(one, "我已當面核對，確認身分")
        keys.press("Enter")
        expect(one.page.get_by_role("dialog")).to_be_visible()
        keys.press("Enter")
        expect(one.page.locator(".facts")).to_contain_text("4　當面或憑證確認")


def tab_to(one: Desk, name: str) -> None:
    """With the Tab key, to the control that a screen reader calls so."""
    for _ in range(60):
        if one.page.evaluate(
            """(name) => { const here = document.activeElement;
                const words = here?.labels?.length ? [...here.labels].map((label) => label.textContent) : [here?.textContent || ""];
                return words.some((each) => each.trim() === name) && here !== document.body; }""",
            name,
        ):
            return
        one.page.keyboard.press("Tab")
    raise AssertionError(f"{name} is never reached with the Tab key")


def test_the_officer_and_the_person_look_at_bills_together_and_it_ends(stack: Stack, chromium_browser: Browser) -> None:
    person = stranger()
    owes(stack, person, fines=(600,))
    with counter(stack, chromium_browser) as one:
        prove(one, person)
        one.press("開始陪同")
        one.sees("陪同辦理中")
        expect(one.page.locator("main")).to_contain_text(NAME)
        expect(one.page.locator("main")).to_contain_text(f"NT$600 交通罰鍰 {person.plate}")
        assert not one.page.evaluate(
            "Object.keys(localStorage).concat(Object.keys(sessionStorage)).join().includes('token')"
        )
        one.press("結束陪同")
        one.sees("服務櫃檯")
        expect(one.page.locator(".notice.good")).to_contain_text("已通知市民")
        one.open("/desk/counter/visit")
        one.sees("目前沒有陪同中的市民")


def test_a_card_and_its_pin_show_bills_at_a_kiosk_that_forgets(
    stack: Stack, chromium_browser: Browser, tmp_path: Path
) -> None:
    person = stranger()
    owes(stack, person, fines=(600,))
    lobby = {"viewport": {"width": 1080, "height": 1600}}
    with counter(stack, chromium_browser) as one, phone(stack, chromium_browser, **lobby) as kiosk:
        prove(one, person)
        codes = printed_card(one, tmp_path)
        kiosk.page.clock.install()
        enter(kiosk, person, codes[0], "190573", number=1)
        kiosk.sees("請看密碼卡第 2 號")
        expect(kiosk.page.locator(".problem").first).to_contain_text("不正確")
        give_code_and_pin(kiosk, codes[1], PIN, number=2)
        kiosk.sees("您的帳單")
        expect(kiosk.page.locator("main")).to_contain_text("NT$600")
        expect(kiosk.page.locator("main")).to_contain_text(f"交通罰鍰 {person.plate}")
        expect(kiosk.page.locator("main")).to_contain_text("請把第 2 號劃掉")
        assert kiosk.page.evaluate("[document.cookie, localStorage.length, sessionStorage.length].join()") == ",0,0"
        kiosk.page.clock.run_for(50_000)
        expect(kiosk.page.get_by_role("alertdialog")).to_contain_text("還在嗎")
        kiosk.press("我還在")
        expect(kiosk.page.get_by_role("alertdialog")).to_have_count(0)
        kiosk.page.clock.run_for(62_000)
        kiosk.sees("用密碼卡看帳單")
        expect(kiosk.page.locator("body")).not_to_contain_text("NT$600")
        kiosk.page.go_back()
        expect(kiosk.page.locator("body")).not_to_contain_text("NT$600")


def enter(kiosk: Phone, person: Person, code: str, pin: str, *, number: int) -> None:
    kiosk.open("/kiosk")
    kiosk.press("開始")
    kiosk.page.get_by_label("一個英文字母和 9 個數字").fill(person.national_id)
    kiosk.press("下一步")
    give_code_and_pin(kiosk, code, pin, number=number)


def give_code_and_pin(kiosk: Phone, code: str, pin: str, *, number: int) -> None:
    """The code by the keys on the screen, the PIN by the keyboard."""
    kiosk.sees(f"請看密碼卡第 {number} 號")
    for digit in code:
        kiosk.page.locator(".pad.digits").get_by_role("button", name=digit, exact=True).click()
    kiosk.press("下一步")
    kiosk.sees("請輸入 PIN")
    kiosk.page.get_by_label("6 個數字").fill(pin)
    kiosk.page.keyboard.press("Enter")


def test_the_operator_confirms_a_caller_whose_pin_they_never_hear(
    stack: Stack, chromium_browser: Browser, tmp_path: Path
) -> None:
    person = stranger()
    owes(stack, person, fines=(600,))
    with (
        counter(stack, chromium_browser) as one,
        counter(stack, chromium_browser, "operator") as line,
        phone(stack, chromium_browser) as telephone,
    ):
        prove(one, person)
        codes = printed_card(one, tmp_path)
        line.open("/desk/operator")
        line.sees("1999 話務")
        form = line.page.locator("section", has_text="開始確認來電者").first
        form.get_by_label("身分證字號或居留證號").fill(person.national_id)
        form.get_by_label("案號或取號單號碼").fill("1999-0001")
        form.get_by_role("button", name="開始確認來電者").click()
        line.sees("確認來電者")
        line.page.get_by_label("第 1 號").fill(codes[0])
        line.press("下一步")
        number = line.page.locator(".large-code").inner_text()
        expect(line.page.locator("body")).not_to_contain_text(NAME)
        telephone.page.goto(f"{stack.sandbox.url}/ivr")
        telephone.page.get_by_label("通話號碼").fill(number)
        telephone.page.get_by_label("您的 PIN").fill(PIN)
        telephone.page.get_by_role("button").click()
        expect(telephone.page.get_by_role("status")).to_contain_text("已送出")
        expect(line.page.locator("main")).to_contain_text("已確認是本人", timeout=PATIENCE_MS)
        assert PIN not in line.page.content()
        line.press("開始辦理")
        line.sees("陪同辦理中")
        expect(line.page.locator("main")).to_contain_text("NT$600")
        line.press("結束陪同")
        line.sees("1999 話務")


@pytest.mark.parametrize("language", ["中文", "English"])
def test_text_twice_as_large_never_needs_scrolling_sideways(
    stack: Stack, chromium_browser: Browser, language: str
) -> None:
    person = stranger()
    with (
        counter(stack, chromium_browser) as one,
        counter(stack, chromium_browser, "operator") as line,
        phone(stack, chromium_browser) as kiosk,
    ):
        prove(one, person)
        case = one.page.url.removeprefix(stack.url)
        for each, paths in ((one, ("/desk/counter", case)), (line, ("/desk/operator",))):
            if language == "English":
                each.press("English")
            for path in paths:
                each.open(path)
                assert misfits(each) == []
        kiosk.open("/kiosk")
        if language == "English":
            kiosk.press("English")
        kiosk.page.locator(".button").first.click()
        expect(kiosk.page.locator("#entry")).to_be_focused()
        assert misfits(kiosk) == []

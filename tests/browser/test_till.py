"""The till as a cashier uses it: a scanner types, the result fills the screen, and nothing is ever taken twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
import segno
import urllib3
from browser.desk_in_chromium import Desk, desk
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS, Phone, launch_with_camera, phone, stranger
from browser.shop_in_the_city import CLERK, OWNER, PIN, Customer, Shop, customer, give, shop
from PIL import Image
from playwright.sync_api import Browser, Route, expect
from roster import officer_token, on_the_roster
from stack import Stack

pytestmark = pytest.mark.browser


# Every tone that a page begins, with its pitch and whether the page may be heard; counted before the page's own scripts.
_LISTEN = """
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
    window.tones.push([this.context.state, Math.round(this.frequency.value)]);
    return start.apply(this, when);
};
"""


_FILLED = "(bar) => bar.firstElementChild.getBoundingClientRect().width / bar.getBoundingClientRect().width"


@dataclass
class Counter:
    """A shop's counter: the till's screen, the shop, and a customer before it."""

    till: Desk
    shop: Shop
    mei: Customer

    def on_shift(self, number: str) -> None:
        """Whoever has this number types it and the PIN."""
        self.till.page.get_by_label("員工編號").fill(number)
        self.till.page.keyboard.press("Enter")
        self.till.page.keyboard.type(PIN)
        self.till.sees("收點")

    def scans(self, points: int, code: str) -> None:
        """The cashier types the points, and the scanner the code and Enter."""
        self.till.open("/till")
        self.till.sees("收點")
        self.till.page.keyboard.type(str(points))
        self.till.page.keyboard.press("Enter")
        self.till.sees("請掃顧客的付款碼")
        self.till.page.keyboard.type(code)
        self.till.page.keyboard.press("Enter")

    def shows(self, state: str, *words: str) -> None:
        """Wait for this result, which says so in these words."""
        result = self.till.page.locator(f".result[data-state={state}]")
        expect(result).to_be_visible(timeout=PATIENCE_MS)
        for each in words:
            expect(result).to_contain_text(each)

    def sounds(self) -> str | None:
        """What was heard last."""
        return self.till.page.locator("html").get_attribute("data-sound")

    def tones(self) -> list[list[object]]:
        """The tones that this page has begun: how the audio stood, and the pitch."""
        found: list[list[object]] = self.till.page.evaluate("window.tones")
        return found

    def lines(self) -> list[str]:
        """The day's list, newest first."""
        self.till.open("/till/today")
        self.till.page.locator("button.line").first.wait_for()
        return self.till.page.locator("button.line").all_inner_texts()


@pytest.fixture(scope="module")
def counter(stack: Stack, chromium_browser: Browser) -> Iterator[Counter]:
    with desk(stack, chromium_browser) as till:
        one = Counter(till, shop(stack), customer(stack, 5_000))
        till.page.add_init_script(_LISTEN)
        till.open("/till")
        till.sees("把這台裝置設為收銀機")
        assert misfits(till) == []
        till.page.get_by_label("登記碼").fill(one.shop.enrolment_code)
        till.press("登記這台裝置")
        till.sees("開始值班")
        assert misfits(till) == []
        one.on_shift(CLERK)
        yield one


@pytest.fixture(scope="module")
def officer(stack: Stack, chromium_browser: Browser) -> Iterator[Desk]:
    """Somebody of the points desk."""
    with desk(stack, chromium_browser) as one:
        one.enrol(on_the_roster(stack, "經發局", "points_officer", bureau="economic")[1])
        yield one


def test_a_scanned_code_is_received_once_and_says_so_by_colour_words_symbol_and_sound(counter: Counter) -> None:
    code = counter.mei.code()
    counter.scans(150, code)
    counter.shows("done", "收到了", "150 點", "NT$150", "前可以整筆取消")
    assert counter.sounds() == "good"
    assert counter.tones() == [["running", 880], ["running", 1320]]
    assert misfits(counter.till) == []
    counter.scans(80, code)
    counter.shows("problem", "這組付款碼已經用過", "沒有扣點")
    assert counter.sounds() == "bad"
    counter.scans(80, code[:-1] + str((int(code[-1]) + 1) % 10))
    expect(counter.till.page.locator(".field-error")).to_contain_text("讀錯了")
    assert misfits(counter.till) == []
    assert len(counter.lines()) == 1


def test_a_camera_reads_the_code_off_a_phone_s_screen(
    stack: Stack, chromium_browser: Browser, counter: Counter, tmp_path: Path
) -> None:
    film = tmp_path / "phone.mjpeg"
    show(film, "0" * 24)
    with (
        launch_with_camera(chromium_browser, film) as with_camera,
        desk(stack, with_camera, viewport={"width": 412, "height": 860}) as till,
    ):
        of = shop(stack)
        till.open("/till")
        till.page.get_by_label("登記碼").fill(of.enrolment_code)
        till.press("登記這台裝置")
        other = Counter(till, of, counter.mei)
        other.on_shift(CLERK)
        till.page.keyboard.type("35")
        till.page.keyboard.press("Enter")
        till.sees("請掃顧客的付款碼")
        show(film, other.mei.code())
        till.press("用相機掃")
        other.shows("done", "35 點")
        assert misfits(till) == []


def test_over_a_limit_the_till_the_phone_and_the_desk_see_that_it_waits_for_a_look(
    stack: Stack, chromium_browser: Browser, counter: Counter, officer: Desk
) -> None:
    with phone(stack, chromium_browser) as device:
        device.page.add_init_script(_LISTEN)
        device.register(stranger())
        give(stack, device.page.request.get(f"{stack.url}/v1/me").json()["id"], 1_000)
        for _ in range(6):
            paid = device.page.request.post(
                f"{stack.url}/v1/points/redemptions", data={"shop_code": counter.shop.shop_code, "points": 5},
                headers={"Idempotency-Key": str(uuid4()), "Origin": stack.url},
            )  # fmt: skip
            assert paid.json()["status"] == "done", paid.text()
        device.open("/app/points/pay")
        expect(device.page.locator(".pay-digits")).not_to_be_empty()
        device.page.mouse.click(5, 300)
        counter.scans(40, "".join(device.page.locator(".pay-digits > [aria-hidden] > span").all_inner_texts()))
        counter.shows("held", "40 點", "還不要交貨")
        assert counter.sounds() == "bad"
        assert misfits(counter.till) == []
        result = device.page.locator(".pay-result")
        expect(result).to_contain_text("40 點", timeout=PATIENCE_MS)
        assert ["running", 220] in device.page.evaluate("window.tones")
        assert misfits(device) == []
        officer.open("/desk/held")
        held = officer.page.locator(".card", has_text="40 點")
        expect(held).to_contain_text("鹽埕咖啡")
        assert misfits(officer) == []
        held.get_by_role("button", name="放行", exact=True).click()
        officer.page.get_by_role("dialog").get_by_role("button", name="放行", exact=True).click()
        expect(officer.page.locator(".notice.good")).to_be_visible(timeout=PATIENCE_MS)
        expect(officer.page.locator(".card", has_text="40 點")).to_have_count(0)
        assert "40 點" in counter.lines()[0] and "等待" not in counter.lines()[0]
        officer.open("/desk/points")
        figures, widths = zip(*drawn_bars(officer), strict=True)
        assert max(figures) > 0 and max(widths) > 0.99
        assert widths == pytest.approx([figure / max(figures) for figure in figures], abs=0.01)
        assert misfits(officer) == []
        device.open("/app/points")
        device.page.locator(".row", has_text="店家消費").first.get_by_role("link").click()
        expect(device.page.locator(".pay-result h2")).to_have_text("付好了", timeout=PATIENCE_MS)


def test_a_window_past_midnight_is_written_at_the_desk_and_tried_out(officer: Desk) -> None:
    page = officer.page
    officer.open("/desk/points-campaigns/new")
    for label, text in (
        ("中文名稱", "夜歸加倍"),
        ("英文名稱", "Home late"),
        ("代號", "home-late"),
        ("預算（點）", "1000"),
    ):
        page.get_by_label(label).fill(text)
    officer.press("新增時段")
    officer.press("新增時段")
    late = page.get_by_role("group", name="第 2 個時段")
    late.get_by_label("週五").check()
    late.get_by_label("從（空白：整天）").fill("22:00")
    late.get_by_label("到（空白：午夜）").fill("22:00")
    officer.press("存成草稿")
    expect(late.locator(".field-error").first).to_contain_text("開始和結束相同")
    late.get_by_label("到（空白：午夜）").fill("02:00")
    expect(late).to_contain_text("結束在隔天")
    assert misfits(officer) == []
    officer.press("存成草稿")
    officer.sees("夜歸加倍")
    expect(page.locator(".problem-list")).to_contain_text("週五 22:00–隔天 02:00 2 倍")
    expect(page.locator(".problem-list")).to_contain_text("週六日 2 倍")
    officer.press("試算")
    expect(page.locator(".facts", has_text="隔天 02:00")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="修改草稿").click()
    expect(page.get_by_role("group", name="第 2 個時段").get_by_label("到（空白：午夜）")).to_have_value("02:00")
    officer.press("移除第 1 個時段")
    expect(page.get_by_role("group", name="第 2 個時段")).to_have_count(0)


def test_many_points_wait_for_the_customers_phone_and_what_is_paid_by_the_printed_code_is_heard(
    counter: Counter,
) -> None:
    counter.scans(800, counter.mei.code())
    counter.shows("awaiting_citizen", "還不要交貨", "800 點", "秒")
    assert misfits(counter.till) == []
    counter.till.press("不等了，取消")
    counter.shows("voided", "點數已經還給顧客")
    counter.lines()
    counter.mei.pays_by_the_shops_code(counter.shop, 60)
    expect(counter.till.page.locator(".said")).to_contain_text("60 點", timeout=PATIENCE_MS)
    assert counter.sounds() == "arrived"
    expect(counter.till.page.locator("button.line").first).to_contain_text("店家 QR")


def test_a_lost_answer_is_asked_for_again_as_the_same_payment_also_after_the_page_was_closed(counter: Counter) -> None:
    page, before = counter.till.page, len(counter.lines())

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/v1/merchant/redemptions", lose_the_answer)
    counter.scans(70, counter.mei.code())
    counter.shows("lost", "還不要交貨", "絕不會扣兩次")
    assert misfits(counter.till) == []
    page.unroute("**/v1/merchant/redemptions")
    counter.till.open("/till")
    counter.shows("done", "70 點")
    assert len(counter.lines()) == before + 1


def test_the_network_is_gone_and_the_till_says_what_to_do_and_clears_up_what_was_paid_in_cash(counter: Counter) -> None:
    page = counter.till.page
    page.route("**/v1/merchant/redemptions", lambda route: (route.fetch(), route.abort()))
    counter.scans(90, counter.mei.code())
    counter.shows("lost")
    counter.till.press("顧客改付現金")
    expect(page.locator(".network")).to_contain_text("不要交貨")
    page.unroute("**/v1/merchant/redemptions")
    expect(page.locator(".said")).to_contain_text("90 點 已作廢", timeout=PATIENCE_MS)
    expect(page.locator(".network")).to_be_hidden(timeout=PATIENCE_MS)
    assert "已取消" in counter.lines()[0]


def test_who_may_refund_gives_some_points_back_and_the_day_adds_up(counter: Counter) -> None:
    page = counter.till.page
    counter.scans(100, counter.mei.code())
    counter.shows("done")
    counter.lines()
    page.locator("button.line").first.click()
    expect(page.get_by_label("退幾點")).to_have_count(0)
    page.keyboard.press("Escape")
    counter.till.press("下班")
    counter.till.sees("開始值班")
    page.get_by_label("員工編號").fill(OWNER)
    page.get_by_label("PIN").fill(PIN)
    counter.till.sees("今日交易")
    page.locator("button.line").first.click()
    page.get_by_label("退幾點").fill("40")
    counter.till.press("退點")
    expect(page.locator("dialog .facts")).to_contain_text("40 點")
    page.keyboard.press("Escape")
    counter.till.open("/till/totals")
    row = page.locator("tbody tr", has_text="老闆")
    expect(row).to_contain_text("40")
    assert misfits(counter.till) == []
    net = page.locator(".big-facts dd").first.inner_text()
    with page.expect_download() as downloading:
        counter.till.press("下載 CSV", "link")
    assert net.split()[0] in downloading.value.path().read_text(encoding="utf-8-sig")


def test_a_shop_applies_by_phone_two_officers_let_it_in_and_a_device_becomes_its_till(
    stack: Stack, chromium_browser: Browser
) -> None:
    place = {"latitude": 22.6237, "longitude": 120.2841}
    with (
        phone(stack, chromium_browser, permissions=["geolocation"], geolocation=place) as owner,
        desk(stack, chromium_browser) as officer,
    ):
        owner.register(stranger())
        owner.open("/app/me/shops/new")
        owner.page.get_by_label("統一編號").fill("12345678")
        expect(owner.page.locator(".field-error").first).to_contain_text("統一編號不對")
        owner.page.get_by_label("統一編號").fill("10458575")
        owner.page.get_by_label("店名", exact=True).fill("鹽埕冰店")
        owner.page.get_by_label("店家電話").fill("07-5550123")
        owner.press("送出申請")
        owner.sees("鹽埕冰店")
        shop_page = owner.page.url
        officer.enrol(on_the_roster(stack, "經發局", "points_officer", bureau="economic")[1])
        officer.open("/desk/merchants")
        officer.page.locator(".row-link", has_text="鹽埕冰店").click()
        officer.sees("鹽埕冰店")
        officer.press("提案核准")
        officer.page.get_by_role("dialog").get_by_role("button", name="提案核准").click()
        expect(officer.page.locator(".notice.good")).to_contain_text("等另一位核准")
        assert misfits(officer) == []
        another = officer_token(stack, "points_officer", bureau="economic")
        merchant = officer.page.url.rsplit("/", 1)[-1]
        approval = f"{stack.api_url}/v1/points-desk/merchants/{merchant}/approval"
        answer = urllib3.request("POST", approval, headers={"Authorization": f"Bearer {another}"})
        assert answer.json()["status"] == "approved"
        owner.page.goto(f"{shop_page}/branches")
        owner.page.get_by_label("分店名稱").fill("總店")
        owner.page.get_by_label("地址").fill("五福四路 1 號")
        owner.press("我在店裡")
        expect(owner.page.get_by_text("位置已填好")).to_be_visible()
        owner.press("新增分店")
        expect(owner.page.locator(".own-qr img")).to_be_visible()
        assert misfits(owner) == []
        owner.page.goto(f"{shop_page}/tills")
        owner.page.get_by_label("名稱").fill("櫃檯平板")
        owner.press("新增收銀機")
        code = owner.page.locator(".own-code .figure").inner_text()
        officer.open("/till")
        officer.page.get_by_label("登記碼").fill(code)
        officer.press("登記這台裝置")
        officer.sees("開始值班")
        expect(officer.page.locator(".shop")).to_contain_text("鹽埕冰店 總店")
        _opened_closed_and_opened_again(owner, officer, shop_page, another)


def _opened_closed_and_opened_again(owner: Desk | Phone, officer: Desk, shop_page: str, another: str) -> None:
    """The owner stops taking points, which the till says at once, and two officers open the shop again."""
    merchant = shop_page.rsplit("/", 1)[-1]
    owner.page.goto(shop_page)
    owner.page.get_by_text("不想再收點數？").click()
    owner.press("結束收點")
    owner.page.get_by_role("dialog").get_by_role("button", name="結束收點").click()
    expect(owner.page.locator(".mark", has_text="已結束")).to_be_visible(timeout=PATIENCE_MS)
    assert misfits(owner) == []
    officer.open("/till")
    expect(officer.page.locator("main")).to_contain_text("這家店目前不收點數")
    assert misfits(officer) == []
    officer.open(f"/desk/merchants/{merchant}")
    expect(officer.page.locator(".facts")).to_contain_text("店家自己結束")
    officer.press("提案核准")
    officer.page.get_by_role("dialog").get_by_role("button", name="提案核准").click()
    expect(officer.page.locator(".notice.good")).to_contain_text("等另一位核准")
    approval = f"{officer.stack.api_url}/v1/points-desk/merchants/{merchant}/approval"
    urllib3.request("POST", approval, headers={"Authorization": f"Bearer {another}"})
    officer.open(f"/desk/merchants/{merchant}")
    officer.page.locator("form", has_text="結束店家").get_by_role("textbox").fill("登記已註銷")
    officer.page.locator("form").get_by_role("button", name="結束店家").click()
    expect(officer.page.locator(".notice.good")).to_contain_text("已提案結束")
    assert misfits(officer) == []
    officer.open("/till")
    officer.sees("開始值班")


def drawn_bars(officer: Desk) -> list[tuple[int, float]]:
    """Of the first chart of the page: each bar's figure, and how much of its place it fills; the chart says it all in words."""
    chart = officer.page.get_by_role("img").filter(has=officer.page.locator(".chart-line")).first
    expect(chart).to_have_attribute("aria-label", re.compile("點"))
    return [
        (int(re.sub("[^0-9]", "", line.locator(".figure").inner_text())), line.locator("svg").evaluate(_FILLED))
        for line in chart.locator("> div").all()
    ]


def show(film: Path, code: str) -> None:
    """Let the camera see this code from now on, held up at a slant: a film of one picture."""
    drawn = BytesIO()
    segno.make(code, version=1, error="m", boost_error=False).save(drawn, kind="png", scale=9, border=5)
    card = Image.open(drawn).convert("L").rotate(9, expand=True, fillcolor=120, resample=Image.Resampling.BILINEAR)
    seen = Image.new("L", (640, 480), 120)
    seen.paste(card, ((640 - card.width) // 2, (480 - card.height) // 2))
    with film.open("wb") as pictures:
        seen.convert("RGB").save(pictures, "JPEG", quality=85)

"""City points on the phone: the code that it makes itself, saying yes to a till, a shop's printed code, shops on a map,
exchanging, and what the history says of all that."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import segno
import urllib3
from browser import shop_in_the_city
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS, Phone, phone, stranger
from playwright.sync_api import Browser, expect
from reportlab.graphics.barcode.code128 import Code128
from stack import Stack
from waiting import wait_until

from core.ids import new_uuid
from points.till import pay_codes

pytestmark = pytest.mark.browser

KEY = bytes(range(32))
NUMBER = "123456789012"
STEPS = (0, 1, 59640000)
QUIET_BARCODE = 10


@dataclass
class Counter:
    """A shop's till with a clerk on shift."""

    stack: Stack
    shop: shop_in_the_city.Shop
    token: str = ""

    def __post_init__(self) -> None:
        enrolled = self._post("/v1/till/enrolments", {"code": self.shop.enrolment_code, "transport": "bearer"})
        self.token = enrolled["token"]
        self._post("/v1/till/shifts", {"staff_number": shop_in_the_city.CLERK, "pin": shop_in_the_city.PIN})

    def takes(self, code: str, points: int) -> str:
        """The cashier scans a code; the status of what comes of it."""
        return str(self._post("/v1/merchant/redemptions", {"code": code, "points": points})["status"])

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Idempotency-Key": str(new_uuid())} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        answer = urllib3.request("POST", self.stack.api_url + path, json=body, headers=headers)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None


@pytest.fixture(scope="module")
def till(stack: Stack) -> Counter:
    return Counter(stack, shop_in_the_city.shop(stack))


@pytest.fixture(scope="module")
def device(stack: Stack, chromium_browser: Browser) -> Iterator[Phone]:
    """The phone of somebody with 3,000 points in two lots and a passkey."""
    with phone(stack, chromium_browser) as one:
        one.register(stranger())
        person = one.page.request.get(f"{stack.url}/v1/me").json()["id"]
        for points in (1000, 2000):
            shop_in_the_city.give(stack, person, points)
        yield one


def code_shown(device: Phone) -> str:
    expect(device.page.locator(".pay-digits")).not_to_be_empty()
    return "".join(device.page.locator(".pay-digits > [aria-hidden] > span").all_inner_texts())


def of_module(device: Phone, module: str, work: str, given: Any) -> Any:
    """What `work` (an arrow function of a module of the phone and what is given) comes to, in the phone."""
    return device.page.evaluate(
        f"async ([module, given]) => ({work})(await import(document.documentElement.dataset.assets + module), given)",
        [f"/js/{module}", given],
    )


def test_codes_drawings_and_words_are_what_others_make_of_the_same(device: Phone) -> None:
    device.open("/app/points")
    make = """async ({ payCode }, [key, number, steps]) => {
        const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
        const secret = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
        return Promise.all(steps.map((step) => payCode({ number, secret }, step)));
    }"""
    codes = of_module(device, "pay_key.js", make, [base64.b64encode(KEY).decode(), NUMBER, STEPS])
    assert codes == [pay_codes.code_of(NUMBER, KEY, step) for step in STEPS]

    for code in (*codes, "0" * 24, "8" * 34):
        drawn = of_module(device, "qr.js", "({ qrOf }, code) => qrOf(code).map((row) => row.map(Number))", code)
        masks = [segno.make(code, version=1, error="m", boost_error=False, mask=mask) for mask in range(8)]
        assert drawn in [[list(row) for row in of.matrix] for of in masks]
        bars = of_module(device, "code128.js", "({ code128 }, code) => code128(code)", code)
        assert bars["bars"] == _bars(code)
        assert bars["width"] == sum(_widths(code)) + 2 * QUIET_BARCODE

    numbers = {
        0: "零",
        10: "十",
        12: "十二",
        120: "一百二十",
        1005: "一千零五",
        10_010: "一萬零一十",
        100_001: "十萬零一",
    }
    follow = """({ sentences, setLanguage }, said) => ["en", "zh-TW"].map((each) => {
        setLanguage(each);
        return sentences(...said[each]);
    })"""
    said = {"en": ["over a limit", None, "Nothing is paid yet."], "zh-TW": ["超過上限", "", "還沒有付。"]}
    assert of_module(device, "language.js", follow, said) == [
        "Over a limit. Nothing is paid yet.",
        "超過上限。還沒有付。",
    ]
    say = "({ chineseNumber }, numbers) => numbers.map(chineseNumber)"
    assert of_module(device, "point_words.js", say, list(numbers)) == list(numbers.values())


def test_a_till_takes_the_code_of_a_phone_that_is_offline_and_the_result_is_seen_when_the_network_is_back(
    device: Phone, till: Counter
) -> None:
    page = device.page
    device.open("/app/points/pay")
    device.sees("在店家付款")
    assert till.takes(code_shown(device), 120) == "done"
    expect(page.locator(".pay-result")).to_contain_text("120 點")
    expect(page.locator(".pay-waiting")).to_be_visible()
    assert page.locator(".pay-result .unseen").inner_text() == "一百二十點"

    wait_until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    page.reload()
    code_shown(device)
    device.context.set_offline(True)
    page.reload()
    expect(page.locator(".notice.warn", has_text="最多用 200 點")).to_be_visible()
    assert till.takes(code_shown(device), 30) == "done"
    device.context.set_offline(False)
    expect(page.locator(".pay-result")).to_contain_text("30 點", timeout=PATIENCE_MS)
    expect(page.locator(".notice.warn")).to_have_count(0)
    device.press("收起付款碼")
    device.sees("市民點數")
    assert (
        page.evaluate(
            "import(document.documentElement.dataset.assets + '/js/pay_key.js').then((its) => its.keptPayKey())"
        )
        is None
    )


def test_over_the_limit_the_phone_asks_and_takes_a_passkey_or_a_no(device: Phone, till: Counter) -> None:
    page = device.page
    for answer, ends in (("不同意", "沒有付"), ("用通行金鑰同意付 600 點", "付好了")):
        device.open("/app/points/pay")
        assert till.takes(code_shown(device), 600) == "awaiting_citizen"
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("600 點")
        expect(dialog.get_by_role("timer")).to_contain_text("秒可以回答")
        dialog.get_by_role("button", name=answer).click()
        if ends == "付好了":
            page.get_by_role("dialog", name="請確認是您本人").get_by_role("button", name="確認是我").click()
        expect(page.locator(".pay-result h2")).to_have_text(ends, timeout=PATIENCE_MS)
        expect(dialog).to_have_count(0)


def test_points_are_paid_by_the_shops_printed_code_and_the_history_says_it_in_one_line(
    device: Phone, till: Counter
) -> None:
    page = device.page
    device.open("/app/shops")
    page.get_by_label("店家代碼").fill("SHORT")
    device.press("找這家店")
    expect(page.locator(".field-error")).to_contain_text("10 個")
    device.open(f"/app/shops/{till.shop.shop_code}")
    page.get_by_label("要用幾點").fill("9999")
    device.press("用點數付")
    expect(page.locator(".field-error")).to_contain_text("最多")
    page.get_by_label("手沖咖啡一杯").check()
    expect(page.get_by_label("要用幾點")).to_be_hidden()
    device.press("用點數付")
    page.get_by_role("dialog").get_by_role("button", name="付 100 點").click()
    device.sees("店家消費")
    expect(page.locator(".pay-result h2")).to_have_text("付好了")
    expect(page.locator(".live-clock")).to_contain_text(re.compile("[0-9]{2}:[0-9]{2}:[0-9]{2}"))
    assert misfits(device) == []
    device.open("/app/points")
    line = page.locator(".row", has_text="店家消費").first
    expect(line).to_contain_text("−100 點")
    expect(line.locator(".unseen")).to_have_text("減一百點")
    line.get_by_role("link").click()
    device.sees("店家消費")


def test_an_exchange_says_a_wrong_digit_at_once_and_its_total_before_the_passkey(device: Phone) -> None:
    page = device.page
    device.open("/app/points/exchange/familymart")
    page.get_by_label("多少市民點數").fill("105")
    number = page.get_by_label("您在夥伴那邊的號碼")
    number.press_sequentially("1234567890")
    expect(page.locator(".field-error").last).to_contain_text("檢查碼不符")
    expect(page.locator("#announcer")).to_contain_text("檢查碼不符")
    number.fill("1234567897")
    expect(page.locator(".account-right")).to_contain_text("正確")
    device.press("看總共要多少")
    expect(page.locator(".field-error").first).to_contain_text("10 的倍數")
    page.get_by_label("多少市民點數").fill("100")
    device.press("看總共要多少")
    expect(page.locator(".quote-total")).to_contain_text("101 點")
    expect(page.get_by_role("timer")).to_contain_text(re.compile("保留 1[0-9]{2} 秒"))
    device.press("用通行金鑰兌換")
    device.sees("這筆兌換")
    expect(page.locator(".pay-result h2")).to_have_text("完成", timeout=PATIENCE_MS)
    assert misfits(device) == []
    device.open("/app/points/exchange")
    expect(page.locator(".list").last).to_contain_text("−101 點")


def test_districts_are_walked_by_keys_and_every_page_of_points_fits(device: Phone, till: Counter) -> None:
    page = device.page
    device.open("/app/points/shops")
    page.get_by_text("用地圖選行政區").click()
    page.locator(".district[aria-label^='鹽埕區']").focus()
    for key in ("ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("h2", has_text="家店")).to_contain_text("鹽埕區")
    expect(page.locator("#announcer")).to_contain_text("鹽埕區")
    expect(page.get_by_label("行政區", exact=True).locator("option:checked")).to_contain_text("鹽埕區")
    expect(page.locator(".list")).to_contain_text("鹽埕咖啡")
    wrong = []
    for path in (
        "", "/pay", "/earn", "/shops", "/shops?show=offers", "/exchange", "/exchange/familymart",
        f"/../shops/{till.shop.shop_code}",
    ):  # fmt: skip
        device.open(f"/app/points{path}")
        wrong += misfits(device)
    assert wrong == []


def test_the_nearest_shop_comes_first_wherever_one_stands(stack: Stack, device: Phone, till: Counter) -> None:
    page = device.page
    page.context.grant_permissions(["geolocation"])
    found = page.request.get(f"{stack.url}/v1/points/shops?limit=100").json()["items"]
    far = max(found, key=lambda each: abs(each["latitude"] - 22.6237) + abs(each["longitude"] - 120.2841))
    assert abs(far["latitude"] - 22.6237) > 0.002, "another than those of these tests"
    device.open("/app/points/shops")
    for shop in (far, next(each for each in found if each["shop_code"] == till.shop.shop_code)):
        page.context.set_geolocation({"latitude": shop["latitude"], "longitude": shop["longitude"]})
        # A place is good for some seconds, so the page is told anew only when it was opened anew.
        device.open("/app/points/shops")
        device.press("離我近的排前面")
        first = page.locator(".list .row-link").first
        expect(first.locator("strong")).to_be_visible(timeout=PATIENCE_MS)
        expect(first).to_contain_text(shop["name"])
        metres = [_metres(each) for each in page.locator(".list .row-link strong").all_inner_texts()]
        assert metres == sorted(metres) and metres[0] < 120 < metres[-1]


def _metres(said: str) -> float:
    number = float(re.sub("[^0-9.]", "", said))
    return number * 1000 if "公里" in said else number


def _widths(code: str) -> list[int]:
    """The modules of its bars and spaces by turns, as another program draws them."""
    drawn = Code128(code)
    drawn.validate()
    drawn.encode()
    return [ord(letter.lower()) - ord("a") + 1 for letter in drawn.decompose() or drawn.decomposed]


def _bars(code: str) -> list[list[int]]:
    at, bars = QUIET_BARCODE, []
    for place, width in enumerate(_widths(code)):
        if place % 2 == 0:
            bars.append([at, width])
        at += width
    return bars

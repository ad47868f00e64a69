"""A citizen's phone in a real Chromium, with an authenticator that the test can make fail."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from paying_city import fines_file, parking_file, send_bills
from playwright.sync_api import Browser, Page, Playwright, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from stack import Stack
from strangers import mobile, national_id, new_number

# The first four draw parts of Chromium's own window as pages, two thirds of what each new window costs and nothing that
# a test looks at; the others are those that Playwright switches off, for the last such list is the one that counts.
_FEATURES_OFF = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "InitialWebUI", "WebUIReloadButton",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch",
)  # fmt: skip
_LAUNCH = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", f"--disable-features={','.join(_FEATURES_OFF)}",
)  # fmt: skip
_AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
    "defaultBackupEligibility": False,
    "defaultBackupState": False,
}
# By every phone: one person may hold several.
_texts_read: set[str] = set()
# A screen does little more than ask the API: longer than this on a busy machine means that it does not come.
PATIENCE_MS = 20_000


def chromium() -> str | None:
    """Where Debian's Chromium is, or None."""
    return shutil.which("chromium")


def launch(playwright: Playwright) -> Browser:
    """Start it without a window."""
    return playwright.chromium.launch(executable_path=chromium(), headless=True, args=list(_LAUNCH))


def launch_with_camera(beside: Browser, film: Path) -> Browser:
    """Another one, before whose camera this film (MJPEG) runs; it asks nobody whether a page may look."""
    camera = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    return beside.browser_type.launch(executable_path=chromium(), headless=True, args=[*_LAUNCH, *camera])


@dataclass(frozen=True)
class Person:
    """What somebody types to register or to sign in."""

    national_id: str
    mobile: str
    password: str
    plate: str


def stranger() -> Person:
    """Somebody nobody has heard of."""
    number = new_number()
    letters = "ABCDEFGHJK"
    plate = "".join(letters[int(digit)] for digit in f"{number % 1000:03d}") + f"-{number // 1000 % 9000 + 1000}"
    return Person(national_id(number), mobile(number), f"harbour light {number}", plate)


def owes(stack: Stack, person: Person, *, parking: tuple[int, ...] = (), fines: tuple[int, ...] = ()) -> None:
    """The bureaus send in what this person is to pay (NT$); the register says that the car is theirs."""
    if parking:
        stack.sandbox.put("bureaus/vehicles", plate=person.plate, vehicle="car", national_id=person.national_id)
        send_bills(stack, "parking", parking_file(person.plate, parking))
    if fines:
        send_bills(stack, "fines", fines_file(person.plate, person.national_id, fines))


class Phone:
    """One phone: a browser with storage and passkeys of its own, which `is_synced` lets be on several devices."""

    def __init__(self, stack: Stack, browser: Browser, *, is_synced: bool = False, **context: Any) -> None:
        self.stack = stack
        settings = {"viewport": {"width": 390, "height": 844}, "locale": "zh-TW"} | context
        self.context = browser.new_context(**settings)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self._heard(said.type, said.text))
        self._devtools = self.context.new_cdp_session(self.page)
        self._devtools.send("WebAuthn.enable", {"enableUI": False})
        options = _AUTHENTICATOR | {"defaultBackupEligibility": is_synced, "defaultBackupState": is_synced}
        answer = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._authenticator = answer["authenticatorId"]

    def _heard(self, kind: str, text: str) -> None:
        # The browser itself reports every 4xx answer as an error; refusals are part of the protocol. It also says that a
        # context of a test, which it takes for a private window, has no push service.
        by_itself = ("Failed to load resource", "Chrome currently does not support the Push API in incognito mode")
        if kind == "error" and not text.startswith(by_itself):
            self.errors.append(text)

    def close(self) -> None:
        """Put the phone away; anything a script or the content policy complained about fails the test."""
        self.context.close()
        assert self.errors == [], self.errors

    def recognises_its_owner(self, is_recognised: bool) -> None:
        """Whether finger, face or screen lock are accepted from now on."""
        self._devtools.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self._authenticator, "isUserVerified": is_recognised}
        )

    def open(self, path: str = "/app") -> None:
        self.page.goto(self.stack.url + path)

    def press(self, name: str, role: Literal["button", "link"] = "button") -> None:
        """Press what a person reads (and a screen reader says) as `name`."""
        self.page.get_by_role(role, name=name).first.click()

    def sees(self, heading: str) -> None:
        """Wait for the screen whose heading this is."""
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible(timeout=PATIENCE_MS)

    def register(self, person: Person, *, has_passkey: bool = True) -> None:
        """Number, mobile and password, the code from the text message, and a passkey on this phone (in Chinese)."""
        self.open()
        self.press("註冊")
        self.page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        self.page.get_by_label("手機號碼").fill(person.mobile)
        self.page.get_by_label("密碼", exact=True).fill(person.password)
        self.press("註冊並收驗證碼")
        self._enter_code(person.mobile)
        self.press("加上通行金鑰" if has_passkey else "以後再說")
        self.sees("我要繳的")

    def sign_in(self, person: Person, *, has_passkey: bool = False) -> None:
        """Number and password, the code from the text message, and a passkey unless there is one (in Chinese)."""
        self.open()
        self.page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        self.page.get_by_label("密碼", exact=True).fill(person.password)
        self.press("下一步")
        self._enter_code(person.mobile)
        if not has_passkey:
            self.press("加上通行金鑰")
        self.sees("我要繳的")

    def sign_out(self) -> None:
        """Out, and until that is so: whoever goes elsewhere at once may still be in. A passkey here lets nobody in again
        before its owner is recognised (the quiet offer of the sign-in page would be taken up at once)."""
        self.recognises_its_owner(False)
        self.open("/app/me")
        self.press("登出")
        expect(self.page.get_by_label("身分證字號或居留證號")).to_be_visible(timeout=PATIENCE_MS)

    def sign_in_with_the_passkey(self) -> None:
        """By the button; where the quiet offer of the sign-in page is taken up before it is pressed, by that."""
        self.recognises_its_owner(True)
        with suppress(PlaywrightTimeout):
            self.page.get_by_role("button", name="用通行金鑰登入").first.click(timeout=4_000)

    def add_plate(self, plate: str) -> None:
        self.open("/app/me/vehicles")
        self.page.get_by_label("車牌", exact=True).fill(plate)
        self.press("加上車牌")
        expect(self.page.locator(".row .plate")).to_contain_text(plate)

    def consent_at_the_bank(self) -> None:
        """On the bank's own page: the first account, the limits it offers, yes."""
        self.page.wait_for_url(re.compile(r"/bank/authorize/"))
        self.page.locator("input[name=account]").first.check()
        self.page.locator("button[value=approve]").click()
        self.page.wait_for_url(re.compile(r"/app(?!/bank-return)"))

    def _enter_code(self, mobile: str) -> None:
        self.page.get_by_label("六位數驗證碼").fill(self.code_for(mobile))
        self.press("確認")

    def code_for(self, mobile: str) -> str:
        """The code in the next text message to this number."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for text in self.stack.sandbox.read("sms", to=f"+886{mobile[1:]}"):
                found = re.search(r"(?<![0-9])[0-9]{6}(?![0-9])", text["text"])
                if found and text["id"] not in _texts_read:
                    _texts_read.add(text["id"])
                    return found.group()
            time.sleep(0.1)
        raise AssertionError(f"no text message with a code reached {mobile}")

    def is_wider_than_the_screen(self) -> bool:
        """Whether one would have to scroll sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@contextmanager
def phone(stack: Stack, browser: Browser, **context: Any) -> Iterator[Phone]:
    """A new phone, put away afterwards."""
    one = Phone(stack, browser, **context)
    try:
        yield one
    except BaseException:
        one.context.close()
        raise
    one.close()

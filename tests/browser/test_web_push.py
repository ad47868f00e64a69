"""Notices on a citizen's own browser: in Firefox from our sender through a push service to the screen; in Chromium,
which has no push service without the network, from the push event to the screen."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from browser.firefox_esr import Firefox, firefox
from browser.phone_in_chromium import Phone, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack
from waiting import wait_until

from core.ids import new_uuid, parse_typeid, typeid
from mobile_mock.demo_people import DEMO_PEOPLE

pytestmark = pytest.mark.browser
TITLE = "這台裝置的通知"


@pytest.fixture(scope="module")
def fox(stack: Stack) -> Iterator[Firefox]:
    """A Firefox in which a demo person is signed in."""
    if firefox() is None:
        pytest.skip("no firefox: sudo apt-get install firefox-esr")
    one = Firefox(stack)
    try:
        person = DEMO_PEOPLE[0]
        one.sign_in(person.national_id, person.password, person.mobile)
        yield one
    finally:
        one.close()


def _standing(fox: Firefox) -> str:
    return str(fox.run("return document.querySelector('[data-standing]')?.dataset.standing ?? ''"))


def _turn_on(fox: Firefox) -> None:
    fox.open("/app/me/this-device")
    fox.sees(TITLE)
    if _standing(fox) == "off":
        fox.press("開啟這台裝置的通知")
    fox.until(lambda: _standing(fox) == "on", saying="on")


def _endpoint(fox: Firefox) -> str:
    script = "return (await (await navigator.serviceWorker.ready).pushManager.getSubscription())?.endpoint ?? ''"
    return str(fox.run(script))


def _device(fox: Firefox) -> str:
    """The city's name for the browser's subscription."""
    return str(fox.run("return (await (await fetch('/v1/devices')).json()).items[0]?.id ?? ''"))


def _sign_in_elsewhere(stack: Stack) -> None:
    """Something that a person is told of at once."""
    person = DEMO_PEOPLE[0]
    citizen = stack.citizen()
    # A device that nobody has seen before.
    citizen.call = partial(citizen.call, User_Agent=f"test {new_uuid()}")  # type: ignore[method-assign]
    citizen.sign_in(person.national_id, person.password, person.mobile)


def _row(stack: Stack, sql: str, *values: Any) -> Any:
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        return connection.execute(sql, values).fetchone()


def test_a_message_goes_all_the_way_to_firefox_and_back(stack: Stack, fox: Firefox) -> None:
    _turn_on(fox)
    _sign_in_elsewhere(stack)
    (shown,) = fox.until(fox.notifications, saying="a notice")
    (newest, *_) = fox.run("return (await (await fetch('/v1/inbox')).json()).items")
    assert (shown["title"], shown["body"], shown["tag"]) == (newest["title"], newest["body"], newest["id"])
    assert (shown["silent"], shown["requireInteraction"], shown["data"]["link"]) == (False, False, newest["link"])
    # Sealed for this browser alone: what passed through the push service says nothing.
    (passed,) = [kept for kept in stack.sandbox.read("webpush") if kept["state"] == "acknowledged"]
    assert newest["title"].encode() not in json.dumps(passed).encode()
    assert passed["ttl"] > 0


def test_a_subscription_that_the_push_service_ended_is_mended_at_the_next_visit(stack: Stack, fox: Firefox) -> None:
    _turn_on(fox)
    ended = _device(fox)
    stack.sandbox.asked("DELETE", f"/webpush/subscriptions/{_endpoint(fox).rsplit('/', 1)[1]}")
    _sign_in_elsewhere(stack)
    gone = "SELECT gone_reason FROM notify.device WHERE id = %s"
    wait_until(lambda: _row(stack, gone, parse_typeid("dev", ended)) == ("unregistered",))
    fox.open("/app")
    fox.until(lambda: _device(fox) not in ("", ended), saying="another device")
    _turn_on(fox)
    before = len(fox.notifications())
    _sign_in_elsewhere(stack)
    fox.until(lambda: len(fox.notifications()) > before, saying="a notice")


def test_a_subscription_that_the_browser_dropped_is_mended_with_no_page_open(stack: Stack, fox: Firefox) -> None:
    _turn_on(fox)
    dropped, token = _device(fox), _endpoint(fox).rsplit("/", 1)[1]
    stack.sandbox.asked("DELETE", f"/webpush/subscriptions/{token}")
    fox.open("/openapi.json")
    # When Firefox comes back, the push service knows nothing of it any more.
    stack.kill("sandbox")
    newer = (
        "SELECT count(*) FROM notify.device WHERE kind = 'webpush' AND gone_at IS NULL AND created_at >"
        " (SELECT created_at FROM notify.device WHERE id = %s)"
    )
    wait_until(lambda: _row(stack, newer, parse_typeid("dev", dropped)) == (1,), seconds=40)


def test_turned_off_or_signed_out_nothing_comes_any_more(stack: Stack, fox: Firefox) -> None:
    _turn_on(fox)
    assert _device(fox)
    fox.press("關閉這台裝置的通知")
    fox.until(lambda: _standing(fox) == "off", saying="off")
    assert fox.run("return (await (await fetch('/v1/devices')).json()).items") == []
    fox.until(lambda: _endpoint(fox) == "", saying="the push service has taken it back")
    _turn_on(fox)
    fox.open("/app/me")
    fox.press("登出")
    fox.sees("一支手機，辦好高雄的事")
    fox.until(lambda: _endpoint(fox) == "", saying="the push service has taken it back")
    assert fox.errors == []


SHOWN = (
    "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(({title, body, tag, silent,"
    " requireInteraction, data}) => ({title, body, tag, silent, requireInteraction, data}))"
)


class Pushed:
    """A phone in Chromium to which messages are delivered as its push service would."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        phone.context.grant_permissions(["notifications"], origin=phone.stack.url)
        phone.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        self._devtools = phone.context.new_cdp_session(phone.page)
        versions: list[dict[str, Any]] = []
        self._devtools.on("ServiceWorker.workerVersionUpdated", lambda event: versions.extend(event["versions"]))
        self._devtools.send("ServiceWorker.enable")
        deadline = time.monotonic() + 20
        while not any(each["status"] == "activated" for each in versions):
            assert time.monotonic() < deadline, versions
            phone.page.wait_for_timeout(50)
        self._registration = next(each["registrationId"] for each in versions if each["status"] == "activated")

    def deliver(self, data: dict[str, Any]) -> None:
        self._devtools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self.phone.stack.url, "registrationId": self._registration, "data": json.dumps(data)},
        )

    def shown(self) -> list[dict[str, Any]]:
        return list(self.phone.page.evaluate(SHOWN))

    def shows(self, count: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 20
        while len(self.shown()) != count:
            assert time.monotonic() < deadline, self.shown()
            self.phone.page.wait_for_timeout(50)
        return self.shown()

    def worker(self, script: str, *arguments: Any) -> Any:
        """Run something inside the service worker."""
        return self.phone.context.service_workers[0].evaluate(script, *arguments)


def test_a_pushed_message_is_shown_as_urgent_as_it_is_and_the_same_one_once(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger())
        pushed = Pushed(device)
        words = {"title": "停車費明天到期", "body": "苓雅區 NT$60", "link": "/app/inbox"}
        pushed.deliver(words | {"id": "msg_1", "urgency": 5})
        pushed.deliver(words | {"id": "msg_2", "urgency": 0})
        pushed.deliver(words | {"id": "msg_3", "urgency": 9})
        by_tag = {each["tag"]: each for each in pushed.shows(3)}
        assert by_tag["msg_1"]["title"] == "停車費明天到期" and by_tag["msg_1"]["body"] == "苓雅區 NT$60"
        told = {tag: (each["silent"], each["requireInteraction"]) for tag, each in by_tag.items()}
        assert told == {"msg_1": (False, False), "msg_2": (True, False), "msg_3": (False, True)}
        pushed.deliver(words | {"id": "msg_1", "urgency": 5})
        wait_for = (
            "async () => (await (await navigator.serviceWorker.ready).getNotifications({tag: 'msg_1'}))[0].silent"
        )
        device.page.wait_for_function(f"({wait_for})()")
        assert len(pushed.shown()) == 3
        # Firebase wraps its words.
        pushed.deliver(
            {"notification": {"title": "繳費完成", "body": "NT$605"}, "data": {"message_id": "msg_4", "link": "/app"}}
        )
        assert {each["title"] for each in pushed.shows(4)} == {"停車費明天到期", "繳費完成"}


def test_a_notice_whose_message_was_recalled_goes_away_with_the_next_message_or_the_next_opening(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger())
        pushed = Pushed(device)
        registered, first, second = _told(stack, device)
        words = {"title": "x", "body": "y", "link": "/app/inbox", "urgency": 5}
        for message in ("msg_1", first, second):
            pushed.deliver(words | {"id": message})
        pushed.shows(3)
        pushed.deliver(words | {"id": "msg_2", "withdrawn": ["msg_1", "msg_of_nobody"]})
        wait_until(lambda: {each["tag"] for each in pushed.shown()} == {first, second, "msg_2"})
        _row(stack, "UPDATE notify.message SET recalled_at = now() WHERE id = %s RETURNING 1", _uuid(first))
        _keep(device, registered)
        device.page.reload()
        wait_until(lambda: {each["tag"] for each in pushed.shown()} == {second, "msg_2"})


CLICK = """async (tag) => {
  const [notification] = await self.registration.getNotifications({ tag });
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""
CLOSE = CLICK.replace("notificationclick", "notificationclose")


def test_a_tap_opens_the_page_and_counts_as_opened_even_when_the_network_comes_later(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger())
        pushed = Pushed(device)
        registered, first, second = _told(stack, device)
        _keep(device, registered)
        for message in (first, second):
            pushed.deliver({"id": message, "title": "x", "body": "y", "link": "/app/points", "urgency": 5})
        pushed.shows(2)
        device.context.set_offline(True)
        pushed.worker(CLOSE, second)
        waits = "() => fromStore('receipts', (store) => store.getAll())"
        deadline = time.monotonic() + 10
        while [each["kind"] for each in pushed.worker(waits)] != ["shown", "shown", "dismissed"]:
            assert time.monotonic() < deadline, pushed.worker(waits)
            device.page.wait_for_timeout(50)
        state = "SELECT opened_at IS NOT NULL, dismissed_at IS NOT NULL FROM notify.message WHERE id = %s"
        assert _row(stack, state, _uuid(second)) == (False, False)
        device.context.set_offline(False)
        pushed.worker(CLICK, first)
        device.page.wait_for_url("**/app/points")
        wait_until(lambda: _row(stack, state, _uuid(first)) == (True, False))
        wait_until(lambda: _row(stack, state, _uuid(second)) == (False, True))
        shown = "SELECT count(*) FROM notify.delivery WHERE shown_at IS NOT NULL AND message_id IN (%s, %s)"
        assert _row(stack, shown, _uuid(first), _uuid(second)) == (2,)


def _keep(device: Phone, registered: dict[str, Any]) -> None:
    """The service worker is told which of the city's devices it is."""
    device.page.evaluate(
        """async ({device, key}) => {
          const person = (await (await fetch("/v1/me")).json()).id;
          const { port1, port2 } = new MessageChannel();
          const done = new Promise((resolve) => { port1.onmessage = resolve; });
          (await navigator.serviceWorker.ready).active.postMessage({ kind: "keep", device, key, person, endpoint: "x" }, [port2]);
          await done;
        }""",
        {"device": registered["id"], "key": registered["receipt_key"]},
    )


def _uuid(message_id: str) -> Any:
    return parse_typeid("msg", message_id)


def _told(stack: Stack, device: Phone) -> tuple[dict[str, Any], str, str]:
    """A device of this person's as the city knows it, and two messages that were handed over to it."""
    address = f"fid-{new_uuid()}"
    registered = device.page.evaluate(
        """async (address) => (await fetch("/v1/devices", { method: "POST", headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ kind: "fid", address }) })).json()""",
        address,
    )
    messages = []
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        device_id = parse_typeid("dev", registered["id"])
        for _ in range(2):
            message_id, event_id = new_uuid(), new_uuid()
            connection.execute(
                "INSERT INTO notify.message (person_id, id, kind, title_zh, title_en, body_zh, body_en, link, why, event_id,"
                " created_at) SELECT person_id, %s, 'security_notice', 'x', 'x', 'y', 'y', '/app', '{}', %s, now()"
                " FROM notify.device WHERE id = %s",
                (message_id, event_id, device_id),
            )
            connection.execute(
                "INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at,"
                " provider_name, settled_at) VALUES (%s, %s, %s, %s, 'handed_over', now(), now(), 'p', now())",
                (new_uuid(), message_id, device_id, event_id),
            )
            messages.append(typeid("msg", message_id))
    return registered, messages[0], messages[1]


def test_a_browser_that_blocks_notices_is_explained_and_one_that_allows_is_asked_only_after_a_tap(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger())
        device.open("/app/me")
        device.page.get_by_role("link", name=TITLE).click()
        device.sees(TITLE)
        # Chromium without a window answers every question with no.
        device.press("開啟這台裝置的通知")
        expect(device.page.get_by_text("瀏覽器封鎖了這個網站的通知")).to_be_visible()
        expect(device.page.get_by_role("button", name="我改好了")).to_be_visible()
        device.page.get_by_role("button", name="English").first.click()
        expect(device.page.get_by_text("Your browser blocks notices from this site")).to_be_visible()
        assert not device.is_wider_than_the_screen()

"""Messages to browsers: sealed for one browser alone, signed by us, and every refusal an outcome."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from own_browser import OwnBrowser, browser_at, bytes_of, text_of
from sandbox_process import SandboxBooks, free_port

from partners.outcomes import Delivered, Outcome, Refused, RetryLater, Unregistered
from partners.webpush import keys
from partners.webpush.client import MOST_PAYLOAD_BYTES, WebPushClient, WebPushConfig, payload, topic, urgency
from partners.webpush.messages import WebPush
from partners.webpush.subscriptions import SubscriptionWrong, is_allowed, read

CONTACT = "mailto:web-push@example.org"


def push(browser: OwnBrowser, **changed: object) -> WebPush:
    given: dict[str, object] = {
        "subscription": browser.subscription(),
        "device_id": "dev_1",
        "message_id": "msg_1",
        "title": "停車費明天到期",
        "body": "苓雅區 NT$60",
        "link": "/app/bills/bill_1",
        "ttl_seconds": 3600,
    }
    return WebPush(**(given | changed))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> keys.VapidKey:
    return keys.made_once(tmp_path_factory.mktemp("vapid") / "key.pem")


@pytest.fixture
def client(books: SandboxBooks, key: keys.VapidKey) -> Iterator[WebPushClient]:
    client = WebPushClient(WebPushConfig(key, CONTACT, books.url, read_timeout_seconds=0.6))
    yield client
    client.close()


def test_only_the_browser_opens_what_was_sent_and_only_our_key_may_send_there(
    client: WebPushClient, books: SandboxBooks, key: keys.VapidKey
) -> None:
    browser = browser_at(books, key=key.public_text)
    outcome = client.send(push(browser, urgency=9))
    (kept,) = books.read("webpush", token=browser.token)
    assert outcome == Delivered(f"{books.url}/webpush/messages/{kept['id']}")
    assert (kept["ttl"], kept["urgency"], kept["topic"]) == (3600, "high", topic("msg_1"))
    sealed = bytes_of(kept["body"])
    assert browser.open(sealed) == {
        "id": "msg_1", "device": "dev_1", "title": "停車費明天到期", "body": "苓雅區 NT$60", "link": "/app/bills/bill_1",
        "urgency": 9,
    }  # fmt: skip
    with pytest.raises(Exception):  # noqa: B017
        OwnBrowser(browser.endpoint).open(sealed)
    stranger = browser_at(books, key=text_of(OwnBrowser("x").point))
    assert client.send(push(stranger)) == RetryLater(60, "message"), "one subscription never closes the channel"


def test_a_newer_copy_of_a_message_takes_the_place_of_the_one_that_waits(
    client: WebPushClient, books: SandboxBooks
) -> None:
    browser = browser_at(books)
    for message_id in ("msg_1", "msg_2", "msg_1"):
        assert isinstance(client.send(push(browser, message_id=message_id)), Delivered)
    assert [kept["state"] for kept in books.read("webpush")] == ["replaced", "waiting", "waiting"]


def test_what_follows_an_alert_takes_its_place_even_while_it_waits(client: WebPushClient, books: SandboxBooks) -> None:
    browser = browser_at(books)
    for message_id in ("msg_1", "msg_2"):
        assert isinstance(client.send(push(browser, message_id=message_id, tag="alr_1")), Delivered)
    assert [kept["state"] for kept in books.read("webpush")] == ["replaced", "waiting"]


def test_a_message_that_is_worth_nothing_later_is_dropped_where_nobody_is(
    client: WebPushClient, books: SandboxBooks
) -> None:
    assert isinstance(client.send(push(browser_at(books), ttl_seconds=0)), Delivered)
    assert books.read("webpush")[0]["state"] == "dropped"


@pytest.mark.parametrize(
    ("mode", "params", "outcome"),
    [
        ("unregistered", {}, Unregistered()),
        ("quota", {"seconds": 90}, RetryLater(90, "provider")),
        ("maintenance", {"seconds": 45}, RetryLater(45, "provider")),
        ("error_500", {}, RetryLater(10, "connection")),
        ("timeout_before", {"seconds": 1.5}, RetryLater(10, "connection")),
        ("timeout_after", {"seconds": 1.5}, RetryLater(10, "connection")),
    ],
)
def test_what_goes_wrong_is_an_outcome_and_nobody_waits_in_the_call(
    client: WebPushClient, books: SandboxBooks, mode: str, params: dict[str, float], outcome: Outcome
) -> None:
    browser = browser_at(books)
    books.set_switch("webpush", "push", mode, count=1, **params)
    began = time.monotonic()
    assert client.send(push(browser)) == outcome
    assert time.monotonic() - began < 1.4
    assert isinstance(client.send(push(browser)), Delivered)


def test_an_endpoint_that_is_gone_or_never_was_is_unregistered(client: WebPushClient, books: SandboxBooks) -> None:
    gone = browser_at(books)
    books.asked("DELETE", f"/webpush/subscriptions/{gone.token}")
    assert client.send(push(gone)) == Unregistered()
    assert client.send(push(OwnBrowser(f"{books.url}/webpush/push/never"))) == Unregistered()


def test_nobody_at_the_address_means_later(key: keys.VapidKey) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    client = WebPushClient(WebPushConfig(key, CONTACT, nowhere))
    assert client.send(push(OwnBrowser(f"{nowhere}/webpush/push/x"))) == RetryLater(10, "connection")


class _LeadsAway(BaseHTTPRequestHandler):
    """Answers everything with another address of its own."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.asked.append(self.path)
        self.send_response(307)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_a_redirect_is_not_followed(key: keys.VapidKey) -> None:
    with HTTPServer(("127.0.0.1", 0), _LeadsAway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_address[1]}"
        assert WebPushClient(WebPushConfig(key, CONTACT, here)).send(push(OwnBrowser(f"{here}/x"))) == Refused(
            "HTTP_307"
        )
        server.shutdown()
    assert _LeadsAway.asked == ["/x"]


def test_many_threads_share_a_client_and_a_signature(client: WebPushClient, books: SandboxBooks) -> None:
    browsers = [browser_at(books) for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda n: client.send(push(browsers[n % 4], message_id=f"msg_{n}")), range(40)))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert {browser.open(bytes_of(kept["body"]))["id"] for browser in browsers for kept in books.read(
        "webpush", token=browser.token)} == {f"msg_{n}" for n in range(40)}  # fmt: skip


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:443/wp/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/QGuQ",
        "https://wns2-sg2p.notify.windows.com/w/?token=abc",
        "http://127.0.0.1:8090/webpush/push/abc",
    ],
)
def test_the_push_services_that_browsers_use_are_sent_to(endpoint: str) -> None:
    assert is_allowed(endpoint, "http://127.0.0.1:8090")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:8443/fcm/send/abc",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@127.0.0.1/x",
        "https://fcm.googleapis.com\\@127.0.0.1/x",
        "https://fcm.googleapis.com.example.org/x",
        "https://example.org/?fcm.googleapis.com",
        "https://evilnotify.windows.com/x",
        "https://push.apple.com/x",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "http://127.0.0.1:8091/webpush/push/abc",
        "http://127.0.0.1:8090@example.org/x",
        "file:///etc/passwd",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/\r\nX: y",
        "https://fcm.googleapis.com/" + "a" * 2100,
        "https://fcm.googleapis.com:port/x",
        "",
    ],
)
def test_no_other_address_is_ever_asked(endpoint: str, key: keys.VapidKey) -> None:
    assert not is_allowed(endpoint, "http://127.0.0.1:8090")
    client = WebPushClient(WebPushConfig(key, CONTACT, "http://127.0.0.1:8090"))
    assert client.send(push(OwnBrowser(endpoint))) == Refused("SUBSCRIPTION")


def test_a_push_service_s_name_that_leads_inside_our_walls_is_not_sent_to(
    key: keys.VapidKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        place = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", inside.getsockname())]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_named: place)
        client = WebPushClient(WebPushConfig(key, CONTACT))
        assert client.send(push(OwnBrowser("https://fcm.googleapis.com/wp/abc"))) == Refused("NOT_PUBLIC")
        connection, _ = inside.accept()
        with connection:
            assert connection.recv(1) == b""


SUBSCRIPTION = OwnBrowser("https://fcm.googleapis.com/wp/abc")
OFF_THE_CURVE = b"\x04" + bytes(64)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '"x"', "{not json",
        SUBSCRIPTION.subscription(endpoint=5),
        SUBSCRIPTION.subscription(keys=None),
        SUBSCRIPTION.subscription(keys={"p256dh": text_of(SUBSCRIPTION.point)}),
        SUBSCRIPTION.subscription(keys={"p256dh": text_of(SUBSCRIPTION.point), "auth": text_of(bytes(15))}),
        SUBSCRIPTION.subscription(keys={"p256dh": text_of(OFF_THE_CURVE), "auth": text_of(bytes(16))}),
        SUBSCRIPTION.subscription(keys={"p256dh": text_of(SUBSCRIPTION.point[:64]), "auth": text_of(bytes(16))}),
        SUBSCRIPTION.subscription(keys={"p256dh": text_of(b"\x02" + SUBSCRIPTION.point[1:33]), "auth": text_of(bytes(16))}),
        SUBSCRIPTION.subscription(keys={"p256dh": "é" * 87, "auth": text_of(bytes(16))}),
        SUBSCRIPTION.subscription(keys={"p256dh": 5, "auth": text_of(bytes(16))}),
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused(text: str) -> None:
    with pytest.raises(SubscriptionWrong):
        read(text)


def test_two_ways_of_writing_a_subscription_are_one() -> None:
    padded = {"p256dh": text_of(SUBSCRIPTION.point) + "=", "auth": text_of(SUBSCRIPTION.auth) + "=="}
    first, second = SUBSCRIPTION.subscription(), SUBSCRIPTION.subscription(keys=padded, more="x")
    assert read(first).on_the_wire() == read(second).on_the_wire()


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5000),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
)
def test_a_message_of_any_length_fits_and_keeps_its_beginning(body: str, title: str) -> None:
    whole = push(SUBSCRIPTION, body=body, title=title)
    packed = payload(whole)
    assert len(packed) <= MOST_PAYLOAD_BYTES
    shown = orjson.loads(packed)
    assert shown["title"] == title
    assert body.startswith(shown["body"].removesuffix("…") if shown["body"] != body else body)
    # What is cut off is no more than it must be: twelve bytes' worth at most stay free.
    assert shown["body"] == body or len(packed) > MOST_PAYLOAD_BYTES - 16


@given(st.text(min_size=1, max_size=200))
def test_a_topic_is_what_rfc_8030_allows(message_id: str) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{32}", topic(message_id))


def test_every_urgency_of_ours_has_one_of_rfc_8030() -> None:
    ours = {"low": (0, 1), "normal": (2, 3, 5, 7), "high": (4, 8, 9)}
    assert {of: urgency(of) for group in ours.values() for of in group} == {
        of: name for name, group in ours.items() for of in group
    }


def test_one_key_is_made_however_many_ask_for_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key.pem"
    with ThreadPoolExecutor(8) as threads:
        made = {key.public_text for key in threads.map(lambda _: keys.made_once(path), range(16))}
    assert len(made) == 1
    assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_holds_no_key_is_said_to(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(keys.KeyWrong):
        keys.read(tmp_path / "key.pem")

"""The sandbox's push service: whom it believes, what it refuses, and how a browser hears of messages over WebSocket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from own_browser import OwnBrowser, browser_at, bytes_of
from py_vapid import Vapid02
from sandbox_process import SandboxBooks, free_port
from waiting import wait_until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from partners.desk.books import Books
from partners.webpush import browsers, keys, service
from partners.webpush.service import Message, PushService

KEY = "BLzr85hWwx47UUtjgNKB7Ox4yhnrT6EiXUo3Ssx-QIvrv0fmUwsQXXDxZo4n3fE5suOyTtAEdA_leIWmOQh7VNk"


@pytest.fixture(scope="module")
def vapid(tmp_path_factory: pytest.TempPathFactory) -> Vapid02:
    return Vapid02(keys.made_once(tmp_path_factory.mktemp("vapid") / "key.pem").private)


def _signed(vapid: Vapid02, books: SandboxBooks, **changed: Any) -> dict[str, str]:
    claims = {"aud": books.url, "sub": "mailto:a@example.org", "exp": int(time.time()) + 3600} | changed
    headers = {"ttl": "60", "content-encoding": "aes128gcm", **vapid.sign(claims)}
    return {name.lower(): value for name, value in headers.items()}


def _post(browser: OwnBrowser, headers: dict[str, str], body: bytes = bytes(200)) -> int:
    return int(urllib3.request("POST", browser.endpoint, headers=headers, body=body).status)


def test_a_message_is_taken_from_whoever_proves_who_they_are(books: SandboxBooks, vapid: Vapid02) -> None:
    assert _post(browser_at(books), _signed(vapid, books)) == 201


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": int(time.time()) + 25 * 3600},
    ],
)
def test_a_token_for_another_time_or_place_proves_nothing(
    books: SandboxBooks, vapid: Vapid02, claims: dict[str, Any]
) -> None:
    assert _post(browser_at(books), _signed(vapid, books, **claims)) == 401


def test_a_token_that_its_key_did_not_sign_proves_nothing(books: SandboxBooks, vapid: Vapid02, tmp_path: Path) -> None:
    browser, headers = browser_at(books), _signed(vapid, books)
    token, key = headers["authorization"].removeprefix("vapid ").split(",")
    other = _signed(Vapid02(keys.made_once(tmp_path / "key.pem").private), books)["authorization"].split(",")[1]
    for authorization in (
        "",
        token,
        f"vapid {token},{other}",
        f"vapid {token[:-4]}AAAA,{key}",
        f"WebPush {token},{key}",
    ):
        assert _post(browser, headers | {"authorization": authorization}) == 401


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"ttl": ""}, bytes(200), 400),
        ({"ttl": "-1"}, bytes(200), 400),
        ({"topic": "a" * 33}, bytes(200), 400),
        ({"topic": "a/b"}, bytes(200), 400),
        ({"urgency": "soon"}, bytes(200), 400),
        ({"content-encoding": "aesgcm"}, bytes(200), 400),
        ({}, bytes(4097), 413),
        ({}, bytes(102), 400),
        ({}, bytes(4096), 201),
    ],
)
def test_what_rfc_8030_does_not_allow_is_refused(
    books: SandboxBooks, vapid: Vapid02, headers: dict[str, str], body: bytes, status: int
) -> None:
    assert _post(browser_at(books), _signed(vapid, books) | headers, body) == status


@pytest.fixture
def push_service(tmp_path: Path) -> Iterator[tuple[PushService, Books, str]]:
    """A service of its own, with browsers connecting to it."""
    books = Books(tmp_path / "books.db", (service.SCHEMA,), ())
    push_service, port = PushService(books), free_port()
    server = browsers.start(push_service, "http://sandbox.example", "127.0.0.1", port)
    yield push_service, books, f"ws://127.0.0.1:{port}/"
    server.shutdown()


class _Firefox:
    """The browser's side of the WebSocket."""

    def __init__(self, url: str, known: str = "") -> None:
        self._connection: ClientConnection = connect(url, subprotocols=[browsers.SUBPROTOCOL], legacy=True)
        self.say({"messageType": "hello", "broadcasts": {}, "use_webpush": True} | ({"uaid": known} if known else {}))
        self.id: str = self.hears()["uaid"]

    def say(self, message: dict[str, Any]) -> None:
        self._connection.send(json.dumps(message))

    def hears(self) -> dict[str, Any]:
        return dict(json.loads(self._connection.recv(timeout=5)))

    def subscribe(self, channel: str) -> str:
        self.say({"messageType": "register", "channelID": channel, "key": f"{KEY}="})
        taken = self.hears()
        assert (taken["status"], taken["channelID"]) == (200, channel)
        return str(taken["pushEndpoint"]).rsplit("/", 1)[1]

    def leave(self) -> None:
        self._connection.close()


def _sent(push_service: PushService, token: str, *, body: str = "AAEC", ttl_seconds: int = 60) -> str:
    subscription = push_service.subscription(token)
    assert subscription is not None
    return push_service.take(subscription, Message("t" + body, "normal", ttl_seconds, body))


def test_a_browser_that_is_here_hears_at_once_and_says_that_it_did(
    push_service: tuple[PushService, Books, str],
) -> None:
    service, books, url = push_service
    firefox = _Firefox(url)
    token = firefox.subscribe("channel-1")
    assert service.subscription(token)["key"] == KEY  # type: ignore[index]
    message_id = _sent(service, token, ttl_seconds=0)
    heard = firefox.hears()
    assert (heard["messageType"], heard["channelID"], heard["version"]) == ("notification", "channel-1", message_id)
    assert (bytes_of(heard["data"]), heard["headers"]) == (b"\x00\x01\x02", {"encoding": "aes128gcm"})
    firefox.say({"messageType": "ack", "updates": [{"channelID": "channel-1", "version": message_id, "code": 100}]})
    firefox.say({})
    assert firefox.hears() == {}
    assert books.one("SELECT state FROM webpush_message")["state"] == "acknowledged"  # type: ignore[index]


def test_what_a_browser_missed_waits_until_it_says_hello_again(
    push_service: tuple[PushService, Books, str],
) -> None:
    service, books, url = push_service
    firefox = _Firefox(url)
    token = firefox.subscribe("channel-1")
    firefox.leave()
    wait_until(lambda: firefox.id not in service._here)
    kept = [_sent(service, token, body="AAEC"), _sent(service, token, body="AAED")]
    _sent(service, token, body="AAEE", ttl_seconds=0)
    again = _Firefox(url, firefox.id)
    assert again.id == firefox.id
    assert [again.hears()["version"] for _ in kept] == kept
    assert books.all("SELECT id FROM webpush_message WHERE state = 'dropped'")


def test_a_browser_whose_subscriptions_are_lost_is_told_by_another_id(
    push_service: tuple[PushService, Books, str],
) -> None:
    assert _Firefox(push_service[2], "forgotten").id != "forgotten"


def test_a_subscription_that_ended_is_gone(push_service: tuple[PushService, Books, str]) -> None:
    service, _, url = push_service
    firefox = _Firefox(url)
    token = firefox.subscribe("channel-1")
    firefox.say({"messageType": "unregister", "channelID": "channel-1", "code": 200})
    assert firefox.hears() == {"messageType": "unregister", "channelID": "channel-1", "status": 200}
    assert service.subscription(token)["gone_at"] is not None  # type: ignore[index]


@pytest.mark.parametrize("said", ["[]", "no", '{"messageType": "register", "channelID": "x"}'])
def test_whoever_speaks_another_language_is_hung_up_on(push_service: tuple[PushService, Books, str], said: str) -> None:
    with connect(push_service[2], subprotocols=[browsers.SUBPROTOCOL]) as connection:
        connection.send(said)
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=5)

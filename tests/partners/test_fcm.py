"""Pushes through the real SDK: every failure comes back as an outcome, and no call waits to try again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3
from sandbox_process import SandboxBooks, free_port, post_form

from partners.fcm.client import FcmClient, FcmConfig, made_up_service_account
from partners.fcm.messages import AddressKind, Delivered, Push, Refused, RetryLater, Unregistered
from partners.outcomes import Fault


def push(address: str = "fid-1", *, kind: AddressKind = "fid", message_id: str = "msg_1") -> Push:
    return Push(
        address_kind=kind,
        address=address,
        message_id=message_id,
        title="繳費完成",
        body="罰鍰 NT$605",
        link="/app/payments/pay_1",
        ttl_seconds=3600,
    )


def test_a_push_is_delivered_with_all_it_carries(fcm: FcmClient, books: SandboxBooks) -> None:
    outcome = fcm.send(push())
    (received,) = books.pushes("fid-1")
    assert outcome == Delivered(received["name"])
    assert (received["title"], received["body"], received["message_id"]) == ("繳費完成", "罰鍰 NT$605", "msg_1")
    message = received["message"]
    assert message["data"]["link"] == "/app/payments/pay_1"
    assert message["android"]["ttl"] == "3600s"
    assert message["android"]["notification"]["tag"] == "msg_1"
    assert message["webpush"]["headers"]["TTL"] == "3600"
    assert message["apns"]["headers"]["apns-collapse-id"] == "msg_1"


def test_a_message_for_phones_that_only_have_a_token_is_no_deprecated_call(fcm: FcmClient, books: SandboxBooks) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(fcm.send(push("token-1", kind="fcm_token")), Delivered)
    assert books.pushes("token-1")[0]["address_kind"] == "token"


def test_a_device_that_is_gone_is_unregistered(fcm: FcmClient, books: SandboxBooks) -> None:
    books.set_switch("fcm", "send", "unregistered", match={"address": "gone"})
    assert fcm.send(push("gone")) == Unregistered()
    assert isinstance(fcm.send(push("here")), Delivered)
    assert books.pushes("gone") == []


@pytest.mark.parametrize(
    ("mode", "params", "outcome"),
    [
        ("quota", {"seconds": 45}, RetryLater(45, "provider")),
        ("maintenance", {"seconds": 7}, RetryLater(7, "provider")),
        ("error_500", {}, RetryLater(10, "connection")),
        ("sender_mismatch", {}, Refused("SENDER_ID_MISMATCH")),
        ("invalid_argument", {}, Refused("INVALID_ARGUMENT")),
        ("permission_denied", {}, RetryLater(60, "provider")),
    ],
)
def test_a_failure_comes_back_at_once_after_one_try(
    fcm: FcmClient, books: SandboxBooks, mode: str, params: dict[str, float], outcome: object
) -> None:
    fcm.send(push(message_id="warm-up"))
    books.set_switch("fcm", "send", mode, count=1, **params)
    began = time.perf_counter()
    assert fcm.send(push()) == outcome
    assert time.perf_counter() - began < 0.5
    # The rule struck once; had the SDK tried again, the message would have arrived.
    assert books.pushes(message_id="msg_1") == []


@pytest.mark.parametrize(("mode", "fault"), [("unauthenticated", "provider"), ("apns_key", "message")])
def test_a_fault_of_our_own_credentials_gives_up_no_message(
    fcm: FcmClient, books: SandboxBooks, mode: str, fault: Fault
) -> None:
    # Google's library fetches a new token after a 401 and tries once more, so the rule stands.
    books.set_switch("fcm", "send", mode)
    assert fcm.send(push()) == RetryLater(60, fault)


def test_silence_means_later_and_the_same_message_id(fcm: FcmClient, books: SandboxBooks) -> None:
    books.set_switch("fcm", "send", "timeout_after", count=1, seconds=0.2)
    assert fcm.send(push()) == RetryLater(10, "connection")
    assert isinstance(fcm.send(push()), Delivered)
    assert [received["message_id"] for received in books.pushes()] == ["msg_1", "msg_1"]


def test_nobody_listening_means_later() -> None:
    client = FcmClient(FcmConfig("p", f"http://127.0.0.1:{free_port()}/fcm", timeout_seconds=1.0))
    assert client.send(push()) == RetryLater(10, "connection")
    client.close()


def test_the_access_token_is_fetched_once(books: SandboxBooks) -> None:
    client = FcmClient(FcmConfig("p", f"{books.url}/fcm", timeout_seconds=2.0))
    assert isinstance(client.send(push()), Delivered)
    books.set_switch("fcm", "token", "error_500")
    assert isinstance(client.send(push()), Delivered)
    client.close()


def test_without_an_access_token_nothing_is_sent_and_later_is_the_answer(books: SandboxBooks) -> None:
    client = FcmClient(FcmConfig("p", f"{books.url}/fcm", timeout_seconds=0.5))
    books.set_switch("fcm", "token", "timeout_before", seconds=0.1)
    assert client.send(push()) == RetryLater(10, "connection")
    books.clear_switches()
    assert isinstance(client.send(push()), Delivered)
    client.close()


def test_several_threads_may_push_at_once(fcm: FcmClient, books: SandboxBooks) -> None:
    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(lambda n: fcm.send(push(message_id=f"msg_{n}")), range(64)))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert len({received["message_id"] for received in books.pushes()}) == 64


def test_a_phone_shows_a_repeat_in_the_place_of_the_first_and_one_without_the_app_is_gone(
    fcm: FcmClient, books: SandboxBooks
) -> None:
    for message_id in ("msg_1", "msg_1", "msg_2"):
        assert isinstance(fcm.send(push(message_id=message_id)), Delivered)
    gone = Push("fid", "unregistered-1", "msg_3", "t", "b", "/app", 60)
    assert [fcm.send(gone), fcm.send(gone)] == [Unregistered(), Unregistered()]
    counts = urllib3.request("GET", f"{books.url}/fcm/counts").json()
    assert {name: counts[name] for name in ("accepted", "notified", "repeated", "refused")} == {
        "accepted": 3, "notified": 2, "repeated": 1, "refused": 2,
    }  # fmt: skip
    books.reset()
    assert urllib3.request("GET", f"{books.url}/fcm/counts").json()["accepted"] == 0


@pytest.mark.parametrize(
    ("urgency", "is_repeat", "channel", "priority", "sound"),
    [
        (9, True, "emergency", "high", "default"),
        (5, False, "messages", "high", "default"),
        (5, True, "quiet", "high", None),
        (2, False, "messages", "normal", "default"),
        (0, False, "quiet", "normal", None),
    ],
)
def test_how_loud_a_push_is(
    fcm: FcmClient,
    books: SandboxBooks,
    urgency: int,
    is_repeat: bool,
    channel: str,
    priority: str,
    sound: str | None,
) -> None:
    fcm.send(replace(push(), urgency=urgency, is_repeat=is_repeat))
    [received] = books.pushes()
    message = received["message"]
    assert (message["android"]["priority"], message["android"]["notification"]["channel_id"]) == (priority, channel)
    assert message["apns"]["payload"]["aps"].get("sound") == sound


_PUSH_AND_NAME_THE_HOSTS = """
import socket, sys, time
hosts = set()
sys.addaudithook(lambda event, args: hosts.add(str(args[0])) if event == "socket.getaddrinfo" else None)
from partners.fcm.client import FcmClient, FcmConfig, made_up_service_account
from partners.fcm.messages import Push
client = FcmClient(FcmConfig("p", sys.argv[1], sys.argv[2], timeout_seconds=2.0))
print(type(client.send(Push("fid", "fid-1", "msg_1", "t", "b", "/app", 60))).__name__)
time.sleep(0.5)
print(*sorted(hosts))
"""


@pytest.mark.parametrize("has_file", [False, True])
def test_a_sandbox_s_client_asks_no_other_host(books: SandboxBooks, tmp_path: Path, has_file: bool) -> None:
    url = f"{books.url}/fcm"
    file = tmp_path / "account.json"
    file.write_text(json.dumps(made_up_service_account(FcmConfig("p", url))))
    program = [sys.executable, "-c", _PUSH_AND_NAME_THE_HOSTS, url, str(file) if has_file else ""]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.split() == ["Delivered", "127.0.0.1"]


def test_naming_a_push_loads_no_sdk_and_neither_does_the_api() -> None:
    program = (
        "import sys, api.app, notify.deliveries; print('firebase_admin' in sys.modules, 'google.auth' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert said.split() == ["False", "False"]


def test_sending_through_google_needs_a_service_account() -> None:
    with pytest.raises(ValueError, match="FCM_CREDENTIALS_FILE"):
        FcmClient(FcmConfig("p"))


def test_a_send_without_a_token_is_unauthenticated(books: SandboxBooks) -> None:
    for bearer in ("", "Bearer guess", "Bearer sandbox.99999999999.00", "Basic x"):
        answer = urllib3.request(
            "POST",
            f"{books.url}/fcm/v1/projects/p/messages:send",
            json={"message": {"fid": "f"}},
            headers={"authorization": bearer},
        )
        assert (answer.status, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"message": 1}',
        b'{"message": {}}',
        b'{"message": {"fid": "a", "token": "b"}}',
        b'{"message": {"fid": 1}}',
        b'{"message": {"fid": "a", "data": [1]}}',
        b'{"message": {"fid": "a", "data": {"message_id": 1}}}',
        b'{"message": {"fid": "a", "notification": "x"}}',
    ],
)
def test_what_is_no_message_is_an_invalid_argument(books: SandboxBooks, fcm: FcmClient, body: bytes) -> None:
    session = fcm._service._client.session
    answer = session.post(f"{books.url}/fcm/v1/projects/p/messages:send", data=body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "e30.e30.AAAA"])
def test_a_grant_that_is_no_signed_assertion_is_refused(books: SandboxBooks, assertion: str) -> None:
    grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    answer = post_form(f"{books.url}/fcm/token", grant_type=grant_type, assertion=assertion)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")

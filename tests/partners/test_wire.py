"""Signatures, and the difference between what did not happen and what may have."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import io
import socket
import threading
import time

import pytest
import urllib3
from sandbox_process import SandboxBooks, free_port

from partners import wire

SECRET = "sandbox-bank-secret"


def headers_of(secret: str = SECRET, subject: bytes = b"", content: bytes = b"{}") -> dict[str, str]:
    return wire.signature_headers(secret, "msg_1", subject, content)


def test_a_webhook_is_signed_as_standard_webhooks_says() -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    headers = headers_of(secret, content=b'{"a":1}')
    signed = f"msg_1.{headers['webhook-timestamp']}.".encode() + b'{"a":1}'
    expected = base64.b64encode(hmac.new(b"0123456789abcdef0123456789abcdef", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert wire.verify_webhook(secret, headers, b'{"a":1}') == "msg_1"


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_message_without_all_three_headers_is_not_genuine(missing: str) -> None:
    headers = headers_of()
    del headers[missing]
    with pytest.raises(wire.NotGenuine):
        wire.verify_webhook(SECRET, headers, b"{}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "msg_2"),
        ("webhook-timestamp", "1"),
        ("webhook-timestamp", "now"),
        ("webhook-timestamp", "٣"),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "v2,AAAA"),
        ("webhook-signature", "v1,ÿÿÿ"),
        ("webhook-signature", ""),
    ],
)
def test_a_changed_header_is_not_genuine(name: str, value: str) -> None:
    with pytest.raises(wire.NotGenuine):
        wire.verify_webhook(SECRET, {**headers_of(), name: value}, b"{}")


def test_a_changed_body_or_another_secret_is_not_genuine() -> None:
    with pytest.raises(wire.NotGenuine):
        wire.verify_webhook(SECRET, headers_of(), b"[]")
    with pytest.raises(wire.NotGenuine):
        wire.verify_webhook("another", headers_of(), b"{}")


@pytest.mark.parametrize("shift", [-301, 301])
def test_a_message_older_or_younger_than_five_minutes_is_not_genuine(shift: int) -> None:
    headers = headers_of()
    wire.verify_webhook(SECRET, headers, b"{}", now_seconds=time.time() + shift / 301 * 290)
    with pytest.raises(wire.NotGenuine):
        wire.verify_webhook(SECRET, headers, b"{}", now_seconds=time.time() + shift)


def test_while_keys_change_old_and_new_are_both_accepted() -> None:
    for old_or_new in ("old", "new"):
        assert wire.verify_webhook("new old", headers_of(old_or_new), b"{}") == "msg_1"
    first = headers_of("gone")["webhook-signature"]
    both = {**headers_of("new"), "webhook-signature": f"{first} {headers_of('new')['webhook-signature']}"}
    assert wire.verify_webhook("new", both, b"{}") == "msg_1"
    with pytest.raises(wire.NotGenuine):
        wire.verify_webhook("new", headers_of("old"), b"{}")


def test_nobody_listening_is_not_reached_and_nothing_happened() -> None:
    peer = wire.Peer("bank", f"http://127.0.0.1:{free_port()}", SECRET)
    with pytest.raises(wire.NotReached) as failure:
        wire.call(peer, "POST", "/v1/debits", {})
    assert failure.value.may_have_acted is False


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}",
        b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 2\r\n\r\n{}",
        b"no http at all\r\n\r\n",
    ],
    ids=["hung up", "cut off", "500", "unsigned 503", "garbage"],
)
def test_what_is_no_answer_may_have_acted(answer: bytes) -> None:
    with pytest.raises(wire.NoAnswer) as failure:
        wire.call(wire.Peer("bank", answering(answer), SECRET), "POST", "/v1/debits", {})
    assert failure.value.may_have_acted is True
    assert not isinstance(failure.value, wire.AnswerNotTrusted)


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "409 Conflict"])
def test_an_unsigned_answer_says_nothing(status: str) -> None:
    url = answering(f"HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}".encode())
    with pytest.raises(wire.AnswerNotTrusted):
        wire.call(wire.Peer("bank", url, SECRET), "GET", "/v1/debits/x")


def test_an_answer_to_another_request_says_nothing() -> None:
    signed = wire.signature_headers(SECRET, "another", wire.answer_subject(200), b"{}")
    lines = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
    url = answering(f"HTTP/1.1 200 OK\r\n{lines}content-length: 2\r\n\r\n{{}}".encode())
    with pytest.raises(wire.AnswerNotTrusted):
        wire.call(wire.Peer("bank", url, SECRET), "GET", "/v1/debits/x")


def test_a_signed_answer_that_is_not_as_agreed_says_nothing() -> None:
    peer = wire.Peer("bank", "http://bank", SECRET)
    with pytest.raises(wire.AnswerNotTrusted):
        wire.shaped(peer, {"amount": 1}, lambda answer: answer["debit_id"])


@pytest.mark.parametrize("spoilt", ["absent", "wrong secret", "stale", "other path", "other query", "other method"])
def test_the_sandbox_refuses_a_request_that_is_not_provably_ours(books: SandboxBooks, spoilt: str) -> None:
    path, content = "/bank/v1/debits", b"{}"
    subject = wire.request_subject("POST", path, "")
    headers = wire.signature_headers(SECRET, "msg_1", subject, content)
    query = ""
    if spoilt == "absent":
        headers = {}
    elif spoilt == "wrong secret":
        headers = wire.signature_headers("another", "msg_1", subject, content)
    elif spoilt == "stale":
        headers |= {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}
    elif spoilt == "other path":
        path = "/bank/v1/refunds"
    elif spoilt == "other query":
        query = "?a=b"
    elif spoilt == "other method":
        headers = wire.signature_headers(SECRET, "msg_1", wire.request_subject("PUT", path, ""), content)
    answer = urllib3.request("POST", books.url + path + query, body=content, headers=headers)
    assert (answer.status, answer.json()["code"]) == (401, "signature_refused")


def test_an_odd_id_is_refused_like_any_other(books: SandboxBooks) -> None:
    headers = wire.signature_headers(SECRET, "x", wire.request_subject("GET", "/bank/v1/debits/x", ""), b"")
    answer = urllib3.request("GET", f"{books.url}/bank/v1/debits/x", headers={**headers, "webhook-id": "é"})
    assert answer.status == 401


def test_a_refused_signature_is_answered_so_that_the_caller_can_tell(books: SandboxBooks) -> None:
    peer = wire.Peer("bank", f"{books.url}/bank", "another secret")
    with pytest.raises(wire.AnswerNotTrusted):
        wire.call(peer, "GET", "/v1/debits/x")


def signed_document(content: bytes, *, claimed: bytes | None = None, request_id: str = "") -> str:
    """A server that answers one download with `content`, signed as if it were `claimed`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with listener, connection:
            head = connection.recv(65536).decode()
            asked = next(line for line in head.split("\r\n") if line.lower().startswith("webhook-id"))
            signs_for = request_id or asked.split(": ")[1]
            signed = wire.signature_headers(SECRET, signs_for, wire.answer_subject(200), claimed or content)
            lines = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
            connection.sendall(f"HTTP/1.1 200 OK\r\n{lines}content-length: {len(content)}\r\n\r\n".encode() + content)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_document_of_any_type_is_fetched_in_pieces_and_believed_by_its_signature() -> None:
    content = bytes(range(256)) * 4096
    into = io.BytesIO()
    peer = wire.Peer("bank", signed_document(content), f"new {SECRET}")
    assert wire.download(peer, "/day.xml", into, most_bytes=len(content)) == len(content)
    assert into.getvalue() == content


@pytest.mark.parametrize("spoilt", ["content", "request", "length"])
def test_a_document_that_is_not_provably_the_partners_is_not_believed(spoilt: str) -> None:
    url = {
        "content": lambda: signed_document(b"<a>601</a>", claimed=b"<a>600</a>"),
        "request": lambda: signed_document(b"<a/>", request_id="another"),
        "length": lambda: signed_document(b"<a/>" * 1000),
    }[spoilt]()
    with pytest.raises(wire.AnswerNotTrusted):
        wire.download(wire.Peer("bank", url, SECRET), "/day.xml", io.BytesIO(), most_bytes=100)


def test_a_document_that_ends_early_is_no_answer() -> None:
    peer = wire.Peer("bank", answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n<a"), SECRET)
    with pytest.raises(wire.NoAnswer):
        wire.download(peer, "/day.xml", io.BytesIO(), most_bytes=100)


def test_content_signed_in_pieces_is_signed_as_if_it_were_whole() -> None:
    pieces = wire.signature_headers_for(SECRET, "msg_1", b"200.", [b"<a>", b"", b"600</a>"])
    assert wire.verify(SECRET, pieces, b"200.", b"<a>600</a>") == "msg_1"


def test_connections_are_used_again() -> None:
    accepted: list[int] = []
    signed_ok = answering_forever(accepted)
    peer = wire.Peer("city", signed_ok, SECRET)
    for _ in range(5):
        wire.post_webhook(peer, "/hook", "msg_1", b"{}", signed_answer=False)
    assert len(accepted) == 1


def answering(answer: bytes) -> str:
    """A server that reads one request, sends `answer` and hangs up; returns its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with listener, connection:
            connection.recv(65536)
            connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def answering_forever(accepted: list[int]) -> str:
    """A server that answers 204 to every request on every connection, and counts connections."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            accepted.append(1)
            with connection, contextlib.suppress(ConnectionResetError):
                received = b""
                while chunk := connection.recv(65536):
                    received += chunk
                    # Head and body may come in two pieces; an answer to each would be one too many.
                    if received.endswith(b"\r\n\r\n{}"):
                        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                        received = b""

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"

"""What arrives over a real socket and is hardly HTTP: refused, and the next caller is served."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import pytest
from paying_city import national_id
from stack import Stack

LOGIN = "/v1/auth/password/login"


def _exchange(stack: Stack, sent: bytes, *, seconds: float = 15.0) -> tuple[int, dict[str, str], bytes]:
    """Send these bytes; the status (0: hung up without a word), headers and body that came back."""
    received = b""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=seconds) as connection:
        try:
            connection.sendall(sent)
            while chunk := connection.recv(65536):
                received += chunk
        except (ConnectionResetError, BrokenPipeError):
            pass
    if not received:
        return 0, {}, b""
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split(" ")[1]), headers, body


def _request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, "Host: localhost", "Connection: close", *headers, "", ""]).encode("latin-1") + body


@pytest.fixture(autouse=True)
def still_served(stack: Stack) -> Iterator[None]:
    """Whatever was sent, the API goes on, and none of its processes died of it."""
    yield
    assert _exchange(stack, _request("GET /healthz HTTP/1.1"))[0] == 200
    log = (stack.state_dir / "api.log").read_text(errors="replace")
    assert not re.search("unhandled|Traceback|panicked", log), log[-3000:]


REQUESTS = {
    "bytes in the path that are no text": (_request("GET /v1/bills/\xff\xfe HTTP/1.1"), {400, 404, 401}),
    "percent signs that stand for nothing": (_request("GET /v1/bills/%zz%f HTTP/1.1"), {400, 401, 404}),
    "a query that is no text": (_request("GET /v1/auth/methods?acr=%ff%fe%80 HTTP/1.1"), {422}),
    "a query without end": (_request(f"GET /v1/auth/methods?acr={'a' * 7000} HTTP/1.1"), {422}),
    "the same parameter twice": (_request("GET /v1/auth/methods?acr=a&acr=b HTTP/1.1"), {422}),
    "an absolute address": (_request("GET http://evil.example/v1/bills HTTP/1.1"), {401}),
    "an address longer than any": (_request(f"GET /{'a' * 70_000} HTTP/1.1"), {0, 400, 404, 414, 431}),
    "a header longer than any": (_request("GET /v1/bills HTTP/1.1", f"X-Long: {'a' * 4_000_000}"), {0, 400, 431}),
    "ten thousand headers": (_request("GET /v1/bills HTTP/1.1", *["X: y"] * 10_000), {0, 400, 431}),
    "a token without end": (_request("GET /v1/bills HTTP/1.1", f"Authorization: Bearer {'a' * 60_000}"), {401, 431}),
    "a cookie that is none": (_request("GET /v1/bills HTTP/1.1", 'Cookie: __Host-session="\xff; ;;=;'), {401}),
    "two tokens": (
        _request("GET /v1/bills HTTP/1.1", "Authorization: Bearer a", "Authorization: Bearer b"),
        {400, 401},
    ),
    "two lengths": (
        _request(f"POST {LOGIN} HTTP/1.1", "Content-Length: 2", "Content-Length: 40", body=b"{}"),
        {0, 400},
    ),
    "a length below nothing": (_request(f"POST {LOGIN} HTTP/1.1", "Content-Length: -1"), {0, 400}),
    "a method that nobody knows": (_request("FROBNICATE /v1/bills HTTP/1.1"), {405}),
    "another version": (_request("GET /v1/bills HTTP/9.9"), {0, 400, 505}),
    "not HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), {0, 400}),
    "a type that is none": (
        _request(f"POST {LOGIN} HTTP/1.1", "Content-Type: \xff/;;=", "Content-Length: 2", body=b"{}"),
        {415},
    ),
    "a form that ends nowhere": (
        _request(
            "POST /oauth/token HTTP/1.1",
            "Content-Type: multipart/form-data; boundary=x",
            "Content-Length: 3",
            body=b"--x",
        ),
        {400, 401},
    ),
}


@pytest.mark.parametrize(("sent", "statuses"), REQUESTS.values(), ids=REQUESTS.keys())
def test_it_is_refused_and_the_next_caller_is_served(stack: Stack, sent: bytes, statuses: set[int]) -> None:
    assert _exchange(stack, sent)[0] in statuses


def test_a_body_that_is_too_large_is_refused_by_its_length_and_by_its_bytes(stack: Stack) -> None:
    large = b'{"national_id":"' + b"x" * (1 << 21) + b'"}'
    kind = "Content-Type: application/json"
    by_length = _request(f"POST {LOGIN} HTTP/1.1", kind, f"Content-Length: {len(large)}", body=large)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (large[:65536], large[65536:])) + b"0\r\n\r\n"
    by_bytes = _request(f"POST {LOGIN} HTTP/1.1", kind, "Transfer-Encoding: chunked", body=chunks)
    for sent in (by_length, by_bytes):
        status, headers, body = _exchange(stack, sent)
        assert status == 413, body
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["type"].endswith("/body-too-large")


def test_a_body_in_chunks_is_read_like_any_other(stack: Stack) -> None:
    body = json.dumps({"national_id": national_id(1), "password": "not the one"}).encode()
    sent = _request(
        f"POST {LOGIN} HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked",
        body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
    )  # fmt: skip
    status, _, answer = _exchange(stack, sent)
    assert status == 401 and json.loads(answer)["type"].endswith("/credentials-refused")


def test_whoever_hangs_up_in_the_middle_of_a_body_leaves_no_trace(stack: Stack) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as connection:
            connection.sendall(
                _request(f"POST {LOGIN} HTTP/1.1", "Content-Type: application/json", "Content-Length: 5000", body=b"{")
            )


def test_many_who_never_finish_their_request_do_not_keep_others_out(stack: Stack) -> None:
    slow = [socket.create_connection(("127.0.0.1", stack.port), timeout=10) for _ in range(60)]
    try:
        for connection in slow:
            connection.sendall(b"POST /v1/auth/password/login HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        assert _exchange(stack, _request("GET /healthz HTTP/1.1"), seconds=5)[0] == 200
    finally:
        for connection in slow:
            connection.close()

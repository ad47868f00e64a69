"""The load generator: many clients on keep-alive connections in one thread, so that it takes little of the machine.

A client is a generator: it yields the bytes of a request and is sent the `Answer`. It ends by returning. Everything
that can be serialised beforehand should be.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass

_AT_MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status and body."""

    status: int
    body: bytes


Client = Generator[bytes, Answer, None]


class LoadFailed(Exception):
    """The server closed a connection, or answered what this small client cannot read."""


def request(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """An HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drive(port: int, clients: Iterable[Client]) -> None:
    """Run every client to its end, each on a connection of its own to the loopback `port`. Raises LoadFailed."""
    selector = selectors.DefaultSelector()
    for client in clients:
        connection = _Connection(port, client)
        connection.send(next(client, None))
        if not connection.is_over:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
    while selector.get_map():
        for key, _ in selector.select(30.0) or _silent():
            connection = key.data
            connection.read()
            if connection.is_over:
                selector.unregister(connection.socket)
                connection.socket.close()


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def repeated(requests: Callable[[], bytes], until: Callable[[], bool], seen: Callable[[float], None]) -> Client:
    """A client that sends what `requests` says, one after the other, and tells `seen` how many seconds each took.

    Raises LoadFailed for any answer but 200.
    """
    while not until():
        started = time.perf_counter()
        answer = yield requests()
        if answer.status != 200:
            raise LoadFailed(f"{answer.status}: {answer.body[:300]!r}")
        seen(time.perf_counter() - started)


class _Connection:
    def __init__(self, port: int, client: Client) -> None:
        self.client = client
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.needed = 0
        self.is_over = False

    def send(self, content: bytes | None) -> None:
        if content is None:
            self.is_over = True
            return
        self.socket.sendall(content)

    def read(self) -> None:
        received = self.socket.recv(_AT_MOST_BYTES)
        if not received:
            raise LoadFailed("the server closed a connection")
        self.buffer = self.buffer + received if self.buffer else received
        if len(self.buffer) < self.needed:
            return
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        self.needed = end + 4 + _body_length(self.buffer[:end])
        if len(self.buffer) < self.needed:
            return
        answer = Answer(int(self.buffer[9:12]), self.buffer[end + 4 : self.needed])
        self.buffer, self.needed = self.buffer[self.needed :], 0
        try:
            self.send(self.client.send(answer))
        except StopIteration:
            self.is_over = True


def _body_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        if int(head[9:12]) in (204, 304):
            return 0
        raise LoadFailed(f"an answer without Content-Length: {head[:200]!r}")
    end = lowered.find(b"\r\n", at + 2)
    return int(lowered[at + 17 : end if end >= 0 else None])


def _silent() -> list[tuple[selectors.SelectorKey, int]]:
    raise LoadFailed("no answer for 30 s")

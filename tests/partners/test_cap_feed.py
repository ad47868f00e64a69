"""Following a feed: asked politely, read within limits, fetched from where it may be and from nowhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sandbox_process import SandboxBooks, post_form

from partners.cap import gate
from partners.cap.feed import Entry, FeedClient, FeedFailed, entries_in
from partners.cap.reading import read

ATOM = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>b</id><updated>2026-11-21T09:00:00Z</updated>'
    b'<link href="/page/b" rel="alternate"/><link href="/b.cap" type="application/cap+xml"/></entry>'
    b'<entry><id>a</id><updated>2026-11-21T08:00:00Z</updated><link href="https://cap.example/a.cap"/></entry>'
    b"<entry><id>without a link</id></entry></feed>"
)
RSS = (
    b"<rss version='2.0'><channel><item><guid>b</guid><link>http://feed.example/b.cap</link><pubDate>Sat</pubDate>"
    b"</item><item><link>/a.cap</link></item></channel></rss>"
)


class Host(BaseHTTPRequestHandler):
    """A host that misbehaves as its address says."""

    asked: list[str] = []

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        match self.path:
            case "/large":
                self._answer(200, b"x" * (gate.MOST_BYTES + 1))
            case "/elsewhere":
                self._answer(302, b"", Location="/secret")
            case "/busy":
                self._answer(503, b"", **{"Retry-After": "77"})
            case "/slow":
                self._answer(200, b"", **{"Content-Length": "10"})
                time.sleep(2)
            case "/laughs":
                self._answer(200, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
            case _:
                self._answer(200, ATOM)

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        return


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_the_sandbox_s_feed_is_read_once_and_then_has_not_changed(books: SandboxBooks) -> None:
    client = FeedClient(f"{books.url}/cap/feed")
    for example in ("flood", "parking", "update", "cancel"):
        assert post_form(f"{books.url}/cap/alerts", example=example).status == 303
    feed = client.read(etag=None, last_modified=None)
    assert feed is not None and feed.etag
    messages = [read(client.document(entry)) for entry in feed.entries[-4:]]
    assert [message.msg_type for message in messages] == ["Alert", "Alert", "Update", "Cancel"]
    assert messages[2].references == (messages[1].itself,) and messages[3].references == (messages[2].itself,)
    assert client.read(etag=feed.etag, last_modified=None) is None
    books.set_switch("cap", "feed", "maintenance", count=1, seconds=9)
    with pytest.raises(FeedFailed) as failure:
        client.read(etag=None, last_modified=None)
    assert failure.value.retry_after_seconds == 9


def test_atom_and_rss_are_read_from_the_oldest_and_what_has_no_document_is_left_out() -> None:
    assert entries_in(ATOM, "http://feed.example/feed") == (
        Entry("a", "2026-11-21T08:00:00Z", "https://cap.example/a.cap"),
        Entry("b", "2026-11-21T09:00:00Z", "http://feed.example/b.cap"),
    )
    assert [entry.url for entry in entries_in(RSS, "http://feed.example/feed")] == [
        "http://feed.example/a.cap",
        "http://feed.example/b.cap",
    ]


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"<a/>", b"<x:feed/>", b'<!DOCTYPE a [<!ENTITY b "c">]><feed/>', b"x" * 2_000_000],
)
def test_what_is_no_feed_is_not_read(content: bytes) -> None:
    with pytest.raises(FeedFailed):
        entries_in(content, "http://feed.example/feed")


@pytest.mark.parametrize("path", ["/large", "/elsewhere", "/busy", "/laughs"])
def test_too_large_a_redirect_a_refusal_and_entities_are_failures(host: str, path: str) -> None:
    with pytest.raises(FeedFailed) as failure:
        FeedClient(f"{host}{path}").read(etag=None, last_modified=None)
    assert failure.value.retry_after_seconds == (77 if path == "/busy" else None)
    assert "/secret" not in Host.asked


def test_a_host_that_is_not_there_is_a_failure() -> None:
    with pytest.raises(FeedFailed):
        FeedClient("http://127.0.0.1:9/feed").read(etag=None, last_modified=None)


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://feed.example/a.cap", True),
        ("https://cap.example/a.cap", True),
        ("http://feed.example/a.cap", False),
        ("https://feed.example:8443/a.cap", False),
        ("https://cap.example:22/a.cap", False),
        ("http://cap.example/a.cap", False),
        ("https://feed.example@127.0.0.1/a.cap", False),
        ("https://user@feed.example/a.cap", False),
        ("https://127.0.0.1/a.cap", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("file:///etc/passwd", False),
        ("https://[::1", False),
    ],
)
def test_a_document_is_fetched_from_the_feed_s_host_and_the_named_ones_alone(url: str, is_allowed: bool) -> None:
    client = FeedClient("https://feed.example/feed", frozenset({"cap.example"}))
    assert client.is_allowed(url) is is_allowed
    if not is_allowed:
        with pytest.raises(FeedFailed):
            client.document(Entry("a", "", url))

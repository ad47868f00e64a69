"""A feed in the worker: each entry once, what is refused is noted, what cannot be had is asked for again, later."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.orm import Session

from notify.alerts import intake, polling
from tests.notify.alerts.conftest import NOW, City
from tests.partners.cap_documents import alert, area, geocode, info

HERE = info(area(geocode("6400600")))


class Authority(BaseHTTPRequestHandler):
    """A feed with documents; whatever is not in `documents` cannot be had."""

    documents: dict[str, bytes] = {}
    entries: list[tuple[str, str]] = []
    status = 200
    asked: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        type(self).asked.append((self.path, self.headers.get("If-None-Match")))
        if self.path == "/feed":
            found = "".join(
                f"<entry><id>{name}</id><updated>1</updated><link href='{url}'/></entry>" for name, url in self.entries
            )
            content = f'<feed xmlns="http://www.w3.org/2005/Atom">{found}</feed>'.encode()
            etag = f'"{hash(content)}"'
            is_known = self.headers.get("If-None-Match") == etag
            self._answer(304 if is_known else self.status, b"" if is_known else content, etag)
        elif self.path in self.documents:
            self._answer(200, self.documents[self.path], '""')
        else:
            self._answer(503, b"", '""')

    def _answer(self, status: int, content: bytes, etag: str) -> None:
        self.send_response(status)
        self.send_header("ETag", etag)
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        return


@pytest.fixture
def feed(city: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Authority]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Authority)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/feed"
    on = polling.settings()
    alerts = replace(on.alerts, feed_url=url, feed_seconds=60)
    monkeypatch.setattr(polling, "settings", lambda: replace(on, alerts=alerts))
    Authority.documents, Authority.entries, Authority.status, Authority.asked = {}, [], 200, []
    yield Authority
    server.shutdown()


def test_each_entry_is_taken_once_and_what_is_refused_or_out_of_reach_is_noted(
    feed: type[Authority], city: City
) -> None:
    feed.documents = {"/1": alert(HERE, identifier="A-1"), "/2": b"<a/>", "/3": alert(HERE, identifier="A-3")}
    feed.entries = [("three", "/3"), ("two", "/2"), ("one", "/1"), ("inside", "http://127.0.0.1:9/metadata")]
    assert polling.poll_due(NOW) == 2
    assert [path for path, _ in feed.asked] == ["/feed", "/1", "/2", "/3"]
    assert polling.poll_due(NOW + timedelta(seconds=59)) == 0, "not due yet"
    assert polling.poll_due(NOW + timedelta(seconds=60)) == 0
    assert feed.asked[4:] == [("/feed", feed.asked[4][1])] and feed.asked[4][1], "asked with the etag, and not changed"
    noted = {
        name: city.row(
            "SELECT alert_id IS NOT NULL, refusal FROM notify.alert_feed_entry WHERE entry_id = :id", id=name
        )
        for name in ("one", "two", "three", "inside")
    }
    assert noted == {
        "one": (True, None),
        "two": (False, "alert-document-refused"),
        "three": (True, None),
        "inside": (False, "host-not-allowed"),
    }
    assert city.row("SELECT count(*), min(status), min(source) FROM notify.alert") == (2, "awaiting_approval", "feed")


def test_a_document_that_could_not_be_had_is_asked_for_again_though_the_feed_did_not_change(
    feed: type[Authority],
) -> None:
    feed.entries = [("one", "/1")]
    assert polling.poll_due(NOW) == 0
    feed.documents = {"/1": alert(HERE)}
    assert polling.poll_due(NOW + timedelta(minutes=1)) == 1


NOT_FOR_LXML = {
    "an undeclared prefix": b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><x:note>a</x:note></alert>",
    "an attribute twice": b"<alert xmlns:x='u' xmlns:y='u' x:a='1' y:a='2'/>",
    "an id that is none": b"<alert xml:id='1 2'/>",
    "another encoding than declared": "<?xml version='1.0' encoding='us-ascii'?><alert>高雄</alert>".encode(),
}


def test_documents_that_no_reader_understands_and_failures_of_our_own_block_nobody(
    feed: type[Authority], city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.documents = {f"/{number}": content for number, content in enumerate(NOT_FOR_LXML.values())}
    feed.documents |= {"/bad": alert(HERE, identifier="A-BAD"), "/good": alert(HERE, identifier="A-GOOD")}
    feed.entries = [(path, path) for path in reversed(feed.documents)]
    receive = intake.receive

    def fails_on_one(session: Session, content: bytes, **rest: Any) -> intake.Received:
        if b"A-BAD" in content:
            raise ZeroDivisionError
        return receive(session, content, **rest)

    monkeypatch.setattr(intake, "receive", fails_on_one)
    assert polling.poll_due(NOW) == 1
    noted = {
        path: city.row("SELECT refusal FROM notify.alert_feed_entry WHERE entry_id = :id", id=path)[0]
        for path in feed.documents
    }
    unread = dict.fromkeys([f"/{number}" for number in range(4)], "alert-xml-unsafe")
    assert noted == {**unread, "/bad": "unreadable", "/good": None}


def test_documents_that_can_never_be_had_keep_no_other_waiting(
    feed: type[Authority], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.entries = [("good", "/good"), ("gone", "/gone")]
    monkeypatch.setattr(polling, "MOST_DOCUMENTS", 1)
    feed.documents = {"/good": alert(HERE)}
    assert polling.poll_due(NOW) == 1, "only what came counts"
    feed.entries.insert(0, ("new", "/new"))
    feed.documents["/new"] = alert(HERE, identifier="A-NEW")
    assert polling.poll_due(NOW + timedelta(minutes=1)) == 1
    assert [path for path, _ in feed.asked] == ["/feed", "/gone", "/good", "/feed", "/new"]


def test_a_feed_that_fails_is_asked_less_and_less_often(feed: type[Authority], city: City) -> None:
    feed.status = 500
    asked_at = []
    for second in range(0, 4000, 30):
        before = len(feed.asked)
        polling.poll_due(NOW + timedelta(seconds=second))
        if len(feed.asked) > before:
            asked_at.append(second)
    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert gaps == [120, 240, 480, 960, 1920]
    assert city.row("SELECT failures, last_error FROM notify.alert_feed") == (6, "status 500")
    feed.status = 200
    polling.poll_due(NOW + timedelta(hours=3))
    assert city.row("SELECT failures, last_error FROM notify.alert_feed") == (0, None)


def test_no_feed_is_followed_where_none_is_named(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    on = polling.settings()
    monkeypatch.setattr(polling, "settings", lambda: replace(on, alerts=replace(on.alerts, feed_url="")))
    assert polling.poll_due(NOW) == 0
    assert city.row("SELECT count(*) FROM notify.alert_feed") == (0,)

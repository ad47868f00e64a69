"""Following the feed that the settings name: each entry once, less often while it fails, nothing fetched in a
transaction."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import text

from core import db
from core.errors import Problem
from core.settings import settings
from notify.alerts import intake
from partners.cap.feed import Entry, Feed, FeedClient, FeedFailed

_log = logging.getLogger("mykaohsiung.alerts")

MOST_DOCUMENTS = 50
# Well within the lease: nobody else asks meanwhile.
PASS_SECONDS = 120.0
UNREADABLE = "unreadable"
_LEASE = timedelta(minutes=5)
_LONGEST_WAIT_SECONDS = 3600


def poll_due(now: datetime) -> int:
    """Ask the feed when it is due, and take in what is new. Answers how many documents came; 0 where none is followed.

    Opens its own units of work. Of several workers one has the lease.
    """
    url = settings().alerts.feed_url
    if not url:
        return 0
    with db.unit_of_work() as session:
        session.execute(_KNOWN, {"url": url, "now": now})
        asked = session.execute(_TAKE, {"url": url, "now": now, "until": now + _LEASE}).one_or_none()
    if asked is None:
        return 0
    client = _client(url, settings().alerts.feed_hosts)
    try:
        feed = client.read(etag=asked.etag, last_modified=asked.last_modified)
        taken, is_all = (0, True) if feed is None else _take_in(client, url, feed, now)
    except FeedFailed as failure:
        _failed(url, asked.failures, failure, now)
        return 0
    every = timedelta(seconds=settings().alerts.feed_seconds)
    # What could not be had yet must not hide behind "not modified".
    seen = (asked.etag, asked.last_modified) if feed is None else (feed.etag, feed.last_modified)
    etag, last_modified = seen if is_all else (None, None)
    with db.unit_of_work() as session:
        values = {"url": url, "etag": etag, "last_modified": last_modified, "now": now, "next_at": now + every}
        session.execute(_DONE, values)
    return taken


def _take_in(client: FeedClient, url: str, feed: Feed, now: datetime) -> tuple[int, bool]:
    """How many documents were new, and whether every entry is done with."""
    ends_at = time.monotonic() + PASS_SECONDS
    with db.unit_of_work() as session:
        asked = {"url": url, "ids": [entry.id for entry in feed.entries]}
        done = {(row.entry_id, row.updated) for row in session.execute(_ENTRIES, asked)}
    waiting = [entry for entry in feed.entries if (entry.id, entry.updated) not in done]
    _MISSED.intersection_update(feed.entries)
    # What could not be had the last time does not keep the others waiting.
    waiting.sort(key=lambda entry: entry in _MISSED)
    taken, came = 0, 0
    is_all = True
    for entry in waiting:
        if came >= MOST_DOCUMENTS or time.monotonic() > ends_at:
            return taken, False
        try:
            content = client.document(entry)
        except FeedFailed:
            if client.is_allowed(entry.url):
                is_all = False
                _MISSED.add(entry)
                continue
            _note(url, entry, None, "host-not-allowed", now)
            continue
        came += 1
        taken += _take_in_one(url, entry, content, now)
    return taken, is_all


def _take_in_one(url: str, entry: Entry, content: bytes, now: datetime) -> bool:
    """Whether the document became an alert. Whatever is wrong with it is noted, and is no other document's matter."""
    try:
        with db.unit_of_work() as session:
            received = intake.receive(session, content, source="feed", now=now)
    except Problem as problem:
        _note(url, entry, None, problem.slug, now)
        return False
    except Exception as error:
        if db.is_outage(error):
            raise
        _log.exception("the document of feed entry %s cannot be taken in", entry.id)
        _note(url, entry, None, UNREADABLE, now)
        return False
    _note(url, entry, received.alert.id, None, now)
    return True


def _note(url: str, entry: Entry, alert_id: UUID | None, refusal: str | None, now: datetime) -> None:
    with db.unit_of_work() as session:
        session.execute(
            _NOTE,
            {
                "url": url,
                "id": entry.id,
                "updated": entry.updated,
                "alert_id": alert_id,
                "refusal": refusal,
                "now": now,
            },
        )


def _failed(url: str, failures: int, failure: FeedFailed, now: datetime) -> None:
    """Wait twice as long each time, an hour at most, and never less than the host asks for."""
    wait = min(settings().alerts.feed_seconds * 2 ** min(failures + 1, 12), _LONGEST_WAIT_SECONDS)
    seconds = max(wait, failure.retry_after_seconds or 0)
    with db.unit_of_work() as session:
        values = {"url": url, "now": now, "next_at": now + timedelta(seconds=seconds), "why": failure.why[:200]}
        session.execute(_FAILED, values)


# Entries whose documents could not be had when this process asked last.
_MISSED: set[Entry] = set()


@cache
def _client(url: str, hosts: frozenset[str]) -> FeedClient:
    return FeedClient(url, hosts)


_KNOWN = text("INSERT INTO notify.alert_feed (url, next_at) VALUES (:url, :now) ON CONFLICT DO NOTHING")
_TAKE = text(
    "UPDATE notify.alert_feed SET next_at = :until WHERE url = :url AND next_at <= :now "
    "RETURNING etag, last_modified, failures"
)
_ENTRIES = text("SELECT entry_id, updated FROM notify.alert_feed_entry WHERE url = :url AND entry_id = ANY(:ids)")
_NOTE = text(
    """
    INSERT INTO notify.alert_feed_entry (url, entry_id, updated, alert_id, refusal, taken_at)
    VALUES (:url, :id, :updated, :alert_id, :refusal, :now)
    ON CONFLICT DO NOTHING
    """
)
_DONE = text(
    """
    UPDATE notify.alert_feed
       SET etag = :etag, last_modified = :last_modified, polled_at = :now, next_at = :next_at, failures = 0,
           last_error = NULL
     WHERE url = :url
    """
)
_FAILED = text(
    """
    UPDATE notify.alert_feed SET failures = failures + 1, polled_at = :now, next_at = :next_at, last_error = :why
     WHERE url = :url
    """
)

"""A push service: the endpoints that it gives to browsers, the messages that wait there, the browsers that are here.

It knows nothing of how messages come in (`sandbox.py`) or go out (`browsers.py`).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.clock import now, on_the_wire
from partners.desk.books import Books, Row

SCHEMA = """
CREATE TABLE IF NOT EXISTS webpush_subscription (
    position INTEGER PRIMARY KEY,
    token    TEXT NOT NULL UNIQUE,
    browser  TEXT NOT NULL,
    channel  TEXT NOT NULL,
    key      TEXT,
    gone_at  TEXT,
    UNIQUE (browser, channel)
);
CREATE TABLE IF NOT EXISTS webpush_message (
    position    INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    token       TEXT NOT NULL,
    topic       TEXT,
    urgency     TEXT NOT NULL,
    ttl         INTEGER NOT NULL,
    body        TEXT NOT NULL,
    state       TEXT NOT NULL,
    received_at TEXT NOT NULL,
    expires     REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS webpush_message_waiting ON webpush_message (token, position)
    WHERE state IN ('waiting', 'sent');
CREATE INDEX IF NOT EXISTS webpush_message_topic ON webpush_message (token, topic) WHERE state = 'waiting';
"""

# What a browser says of a message that reached it, as its protocol numbers it.
ACKNOWLEDGED = {100: "acknowledged", 101: "undecipherable", 102: "undelivered"}


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came: `body` is the sealed content in base64url."""

    topic: str | None
    urgency: str
    ttl_seconds: int
    body: str


class PushService:
    """Subscriptions and messages in the books; connections in memory, by the browser's id."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._here: dict[str, Callable[[Row], None]] = {}
        self._turn = threading.Lock()

    def subscribe(self, browser: str, channel: str, key: str | None) -> str:
        """An endpoint's token for this channel; `key` is the only one that may send there, None: anybody's."""
        token = secrets.token_urlsafe(24)
        with self._books.writing() as writing:
            writing.execute("DELETE FROM webpush_subscription WHERE browser = ? AND channel = ?", (browser, channel))
            writing.execute(
                "INSERT INTO webpush_subscription (token, browser, channel, key) VALUES (?, ?, ?, ?)",
                (token, browser, channel, key),
            )
        return token

    def unsubscribe(self, browser: str, channel: str) -> None:
        """Whoever sends to this channel's endpoint from now on hears that it is gone."""
        self._end("browser = ? AND channel = ?", browser, channel)

    def end(self, token: str) -> bool:
        """End one endpoint; False when there is none."""
        return self._end("token = ?", token)

    def subscription(self, token: str) -> Row | None:
        """The subscription behind an endpoint, gone or not."""
        return self._books.one("SELECT * FROM webpush_subscription WHERE token = ?", token)

    def is_known(self, browser: str) -> bool:
        """Whether this browser has a subscription here; one that has none is given another id."""
        live = "SELECT 1 FROM webpush_subscription WHERE browser = ? AND gone_at IS NULL"
        return self._books.one(live, browser) is not None

    def take(self, subscription: Row, message: Message) -> str:
        """Keep a message, in the place of a waiting one of the same topic, and send it at once where the browser is
        here. Answers its id."""
        message_id = secrets.token_urlsafe(18)
        is_here = subscription["browser"] in self._here
        state = "waiting" if is_here or message.ttl_seconds > 0 else "dropped"
        with self._books.writing() as writing:
            if message.topic:
                writing.execute(
                    "UPDATE webpush_message SET state = 'replaced' WHERE token = ? AND topic = ? AND state = 'waiting'",
                    (subscription["token"], message.topic),
                )
            writing.execute(
                "INSERT INTO webpush_message (id, token, topic, urgency, ttl, body, state, received_at, expires)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (message_id, subscription["token"], message.topic, message.urgency, message.ttl_seconds, message.body,
                 state, on_the_wire(now()), time.time() + message.ttl_seconds),
            )  # fmt: skip
        if is_here:
            self._send(subscription["browser"], message_id)
        return message_id

    def arrived(self, browser: str, send: Callable[[Row], None]) -> None:
        """A browser is here: it gets what waits for it, and from now on everything at once."""
        with self._turn:
            self._here[browser] = send
        self._send(browser)

    def left(self, browser: str, send: Callable[[Row], None]) -> None:
        """That connection of the browser is gone; a newer one stays."""
        with self._turn:
            if self._here.get(browser) == send:
                del self._here[browser]

    def acknowledge(self, message_id: str, code: int) -> None:
        """The browser says what became of a message."""
        with self._books.writing() as writing:
            writing.execute(
                "UPDATE webpush_message SET state = ? WHERE id = ?",
                (ACKNOWLEDGED.get(code, f"code {code}"), message_id),
            )

    def _send(self, browser: str, message_id: str | None = None) -> None:
        send = self._here.get(browser)
        if send is None:
            return
        waiting = self._books.all(
            "SELECT m.*, s.channel FROM webpush_message AS m JOIN webpush_subscription AS s ON s.token = m.token"
            " WHERE s.browser = ? AND s.gone_at IS NULL AND m.state IN ('waiting', 'sent')"
            " AND (m.id = ? OR (? IS NULL AND m.expires > ?)) ORDER BY m.position",
            browser, message_id, message_id, time.time(),
        )  # fmt: skip
        for row in waiting:
            with self._books.writing() as writing:
                writing.execute("UPDATE webpush_message SET state = 'sent' WHERE id = ?", (row["id"],))
            send(row)

    def _end(self, which: str, *values: str) -> bool:
        with self._books.writing() as writing:
            ended = writing.execute(
                f"UPDATE webpush_subscription SET gone_at = ? WHERE {which} AND gone_at IS NULL",  # noqa: S608
                (on_the_wire(now()), *values),
            )
            return ended.rowcount > 0

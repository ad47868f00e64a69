"""What partners tell us unasked: webhooks, written down with the act they report, sent until acknowledged."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.clock import now, on_the_wire
from partners import wire
from partners.desk.books import Books, Row
from partners.desk.switches import Mode

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS webhook (
    position   INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,
    type       TEXT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dropped', 'undeliverable')),
    due_at     REAL NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    target     TEXT NOT NULL DEFAULT 'bank',
    headers    TEXT
);
CREATE INDEX IF NOT EXISTS webhook_waiting ON webhook (due_at) WHERE state = 'waiting';
"""

# What books of an older sandbox lack.
ADDED_COLUMNS = (("webhook", "target", "TEXT NOT NULL DEFAULT 'bank'"), ("webhook", "headers", "TEXT"))

MOST_ATTEMPTS = 12
LONGEST_WAIT_SECONDS = 60.0
_BATCH = 50


@dataclass(frozen=True, slots=True)
class Target:
    """Where one partner's webhooks go. `is_standard`: signed as Standard Webhooks at each attempt; otherwise a webhook
    goes out as it was written down, with the headers written down beside it."""

    peer: wire.Peer
    path: str
    is_standard: bool = True


def write_down(
    books: sqlite3.Connection,
    kind: str,
    data: Mapping[str, Any],
    mode: Mode | None,
    *,
    target: str = "bank",
    after_seconds: float = 0.0,
) -> None:
    """Records a Standard Webhook in the transaction of the act it reports; `mode` may double, delay or drop it."""
    body = orjson.dumps({"type": kind, "timestamp": on_the_wire(now()), "data": data}).decode()
    write_down_as_is(books, target, f"evt_{uuid.uuid4().hex}", kind, body, {}, mode, after_seconds=after_seconds)


def write_down_as_is(
    books: sqlite3.Connection,
    target: str,
    event_id: str,
    kind: str,
    body: str,
    headers: Mapping[str, str],
    mode: Mode | None,
    *,
    after_seconds: float = 0.0,
) -> None:
    """Records a webhook with the body and headers its partner sends; `mode` may double, delay or drop it."""
    name = mode.name if mode else ""
    copies = int(mode["n"]) if mode and name == "duplicate_webhook" else 1
    due_at = time.time() + after_seconds + (mode["delay"] if mode and name == "reorder_webhook" else 0.0)
    state = "dropped" if name == "drop_webhook" else "waiting"
    for _ in range(copies):
        books.execute(
            "INSERT INTO webhook (id, type, body, state, due_at, target, headers) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (event_id, kind, body, state, due_at, target, orjson.dumps(headers).decode() if headers else None),
        )


class WebhookSender:
    """Sends what is due to its target, in order of time, again after 1, 2, 4 … 60 s until answered 2xx or given up."""

    def __init__(self, books: Books, targets: Mapping[str, Target]) -> None:
        self._books = books
        self._targets = targets
        self._woken = threading.Event()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Starts the sending thread; it dies with the process, and what is waiting is in the books."""
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()

    def stop(self) -> None:
        """Lets the thread end after the webhook in hand."""
        self._stopped.set()
        self._woken.set()

    def wake(self) -> None:
        """Says that something new may be due."""
        self._woken.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                wait_seconds = self._send_due()
            except sqlite3.Error:
                log.exception("the webhook book could not be read")
                wait_seconds = 1.0
            self._woken.wait(wait_seconds)

    def _send_due(self) -> float:
        """Sends one batch of what is due; returns how long to wait for more."""
        due = self._books.all(
            "SELECT * FROM webhook WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at, position LIMIT ?",
            time.time(),
            _BATCH,
        )
        outcomes = []
        for webhook in due:
            outcomes.append((webhook, error := self._send(webhook)))
            if isinstance(error, wire.NotReached):
                break
        with self._books.writing() as books:
            for webhook, error in outcomes:
                _settle(books, webhook, error)
        if outcomes and isinstance(outcomes[-1][1], wire.NotReached):
            # Nobody listens there: neither the rest of the batch nor what comes next would fare better.
            self._stopped.wait(1.0)
        return 0.0 if len(due) == _BATCH else self._seconds_until_next()

    def _send(self, webhook: Row) -> wire.CallFailed | None:
        target, content = self._targets[webhook["target"]], webhook["body"].encode()
        try:
            if target.is_standard:
                wire.post_webhook(target.peer, target.path, webhook["id"], content, signed_answer=False)
            else:
                wire.post_as_is(target.peer, target.path, content, orjson.loads(webhook["headers"] or "{}"))
        except wire.CallFailed as error:
            return error
        return None

    def _seconds_until_next(self) -> float:
        row = self._books.one("SELECT min(due_at) AS due_at FROM webhook WHERE state = 'waiting'")
        due_at = row["due_at"] if row else None
        return 60.0 if due_at is None else min(max(due_at - time.time(), 0.01), 60.0)


def _settle(books: sqlite3.Connection, webhook: Row, error: wire.CallFailed | None) -> None:
    attempts = webhook["attempts"] + 1
    state = "delivered" if error is None else "undeliverable" if attempts >= MOST_ATTEMPTS else "waiting"
    wait_seconds = min(2.0 ** (attempts - 1), LONGEST_WAIT_SECONDS)
    books.execute(
        "UPDATE webhook SET state = ?, attempts = ?, last_error = ?, due_at = ? WHERE position = ?",
        (state, attempts, None if error is None else str(error), time.time() + wait_seconds, webhook["position"]),
    )

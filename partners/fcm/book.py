"""What the sandbox of FCM has taken, and what its phones show; written in batches: a city sends by the thousand.

A hand-over counts as accepted. A phone shows one notification for each tag; another with the same tag replaces it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.clock import now, on_the_wire
from partners.desk.books import Books

SCHEMA = """
CREATE TABLE IF NOT EXISTS fcm_push (
    position     INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    project      TEXT NOT NULL,
    address_kind TEXT NOT NULL,
    address      TEXT NOT NULL,
    message_id   TEXT,
    title        TEXT,
    body         TEXT,
    message      TEXT NOT NULL,
    received_at  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS fcm_push_address ON fcm_push (address, position);
CREATE INDEX IF NOT EXISTS fcm_push_message ON fcm_push (message_id, address);
"""

_WRITE_EVERY_SECONDS = 0.1


@dataclass(slots=True)
class Counts:
    """`accepted` hand-overs; `notified`, the notifications that phones have shown; `repeated`, hand-overs that only
    replaced one; `refused` ones; and when (Unix seconds) the first and the last was accepted since the start."""

    accepted: int = 0
    notified: int = 0
    repeated: int = 0
    refused: int = 0
    first_at: float | None = None
    last_at: float | None = None


class PushBook:
    """The pushes of all phones. `keep` answers at once; a thread writes what has come several times a second."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._turn = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[tuple[Any, ...]] = []
        self._counts = Counts()
        self._shown: set[tuple[str, str]] = set()
        self._read_back()
        books.with_buffer(write=self.write, forget=self._forget)
        threading.Thread(target=self._write_on, name="fcm-book", daemon=True).start()

    def keep(self, name: str, project: str, kind: str, address: str, message: Mapping[str, Any]) -> None:
        """A hand-over has been accepted."""
        notification, data = message.get("notification", {}), message.get("data", {})
        tag = data.get("message_id")
        at = time.time()
        row = (
            name, project, kind, address, tag, notification.get("title"), notification.get("body"),
            orjson.dumps(message).decode(), on_the_wire(now()),
        )  # fmt: skip
        with self._turn:
            self._waiting.append(row)
            self._count(address, tag or name)
            self._counts.first_at = self._counts.first_at or at
            self._counts.last_at = at

    def refuse(self) -> None:
        """A hand-over has been refused."""
        with self._turn:
            self._counts.refused += 1

    def counts(self) -> Counts:
        """The counts at this moment."""
        with self._turn:
            return Counts(**{name: getattr(self._counts, name) for name in Counts.__slots__})

    def write(self) -> None:
        """Write down what has come, so that whoever reads the book sees it."""
        with self._writing:
            with self._turn:
                rows, self._waiting = self._waiting, []
            if rows:
                with self._books.writing() as writing:
                    writing.executemany(_INSERT, rows)

    def _count(self, address: str, tag: str) -> None:
        self._counts.accepted += 1
        if (address, tag) in self._shown:
            self._counts.repeated += 1
        else:
            self._shown.add((address, tag))
            self._counts.notified += 1

    def _read_back(self) -> None:
        for row in self._books.each("SELECT address, coalesce(message_id, name) AS tag FROM fcm_push"):
            self._count(row["address"], row["tag"])

    def _forget(self) -> None:
        with self._writing, self._turn:
            self._waiting, self._counts, self._shown = [], Counts(), set()

    def _write_on(self) -> None:
        while True:
            time.sleep(_WRITE_EVERY_SECONDS)
            self.write()


_INSERT = (
    "INSERT INTO fcm_push (name, project, address_kind, address, message_id, title, body, message, received_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

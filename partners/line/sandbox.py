"""LINE's Messaging API as a sender sees it: messages to one person, taken once for each retry key."""

from __future__ import annotations

import hmac
import re
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, request

from core.clock import now, on_the_wire
from partners.desk.protocol import Answer, Desk, after_acting, before_acting
from partners.desk.switches import SwitchWrong

SCHEMA = """
CREATE TABLE IF NOT EXISTS line_message (
    position    INTEGER PRIMARY KEY,
    request_id  TEXT NOT NULL,
    retry_key   TEXT UNIQUE,
    person      TEXT NOT NULL,
    text        TEXT NOT NULL,
    received_at TEXT NOT NULL,
    deliveries  INTEGER NOT NULL DEFAULT 1
);
"""

_PERSON = re.compile(r"U[0-9a-f]{32}")
_ACCEPTED = "X-Line-Accepted-Request-Id"


def blueprint(desk: Desk, token: str) -> Blueprint:
    """LINE's routes under /line-messaging; `token` is the channel's access token."""
    line = Blueprint("line_messaging", __name__, url_prefix="/line-messaging")

    @line.post("/v2/bot/message/push")
    def push() -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
            return _answer(401, {"message": "Authentication failed. Confirm that the access token is valid."})
        try:
            asked = orjson.loads(request.get_data(cache=False))
            recipient, words = str(asked["to"]), _text(asked["messages"])
            retry_key = request.headers.get("x-line-retry-key")
            retry_key = str(uuid.UUID(retry_key)) if retry_key else None
        except (KeyError, TypeError, ValueError):
            return _answer(400, {"message": "The request body has 1 error(s)"})
        if not _PERSON.fullmatch(recipient):
            return _answer(400, {"message": "The property, 'to', in the request body is invalid (line: -, column: -)"})
        try:
            header, facts = request.headers.get("x-sandbox-mode"), {"to": recipient}
            mode = desk.switches.chosen("line_messaging", "push", header, facts)
        except SwitchWrong as problem:
            return _answer(400, {"message": str(problem)})
        if mode is not None and mode.name == "monthly_limit":
            return _answer(429, {"message": "You have reached your monthly limit."})
        early = before_acting(mode)
        if early is not None:
            return _answer(503, early.body, early.headers) if isinstance(early, Answer) else early
        taken, is_new = _take(desk, recipient, words, retry_key)
        late = after_acting(mode)
        if late is not None:
            return late
        if not is_new:
            return _answer(409, {"message": "The retry key is already accepted"}, {_ACCEPTED: taken})
        return _answer(200, {"sentMessages": [{"id": taken}]}, {"X-Line-Request-Id": taken})

    return line


def _take(desk: Desk, recipient: str, words: str, retry_key: str | None) -> tuple[str, bool]:
    """The id under which the message is known, and whether it is a new one."""
    with desk.books.writing() as writing:
        if retry_key is not None:
            known = writing.execute("SELECT request_id FROM line_message WHERE retry_key = ?", (retry_key,)).fetchone()
            if known is not None:
                writing.execute("UPDATE line_message SET deliveries = deliveries + 1 WHERE retry_key = ?", (retry_key,))
                return str(known[0]), False
        request_id = str(uuid.uuid4())
        writing.execute(
            "INSERT INTO line_message (request_id, retry_key, person, text, received_at) VALUES (?, ?, ?, ?, ?)",
            (request_id, retry_key, recipient, words, on_the_wire(now())),
        )
    return request_id, True


def _text(messages: Any) -> str:
    if not isinstance(messages, list) or not 1 <= len(messages) <= 5:
        raise ValueError("1 to 5 messages")
    words = [message["text"] for message in messages if message["type"] == "text"]
    if len(words) != len(messages) or not all(isinstance(each, str) and 0 < len(each) <= 5000 for each in words):
        raise ValueError("texts of 1 to 5000 characters")
    return "\n".join(words)


def _answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, content_type="application/json")

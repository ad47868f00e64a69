"""The sandbox of a push service, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import MAYBE_TEXT, NUMBER, REFUSAL, TEXT, TIME, listed, one_of, operation, record
from partners.webpush.sandbox import URGENCIES

_REFUSED = record(code=NUMBER, error=TEXT)
TAG = {"name": "webpush", "description": "a push service for browsers; Firefox connects by WebSocket"}

PATHS: dict[str, Any] = {
    "/webpush/push/{token}": {
        "post": operation(
            "webpush",
            "Send one sealed message (RFC 8030)",
            {201: None, **dict.fromkeys((400, 401, 403, 404, 410, 413, 429, 503), _REFUSED)},
            path=["token"],
            headers={"authorization": TEXT, "ttl": TEXT, "content-encoding": one_of("aes128gcm")},
            body={"type": "string", "format": "binary"},
            body_type="application/octet-stream",
            description=f"Topic replaces what waits; Urgency is one of {', '.join(URGENCIES)}.",
        )
    },
    "/webpush/subscriptions": {
        "post": operation(
            "webpush",
            "Make an endpoint that no browser listens at",
            {201: record(token=TEXT, endpoint=TEXT), 400: _REFUSED},
            body=record(("key",), key=MAYBE_TEXT),
            description="key: the only one that may send there.",
        )
    },
    "/webpush/subscriptions/{token}": {
        "delete": operation("webpush", "End an endpoint: 410 from now on", {204: None, 404: _REFUSED}, path=["token"])
    },
}

BOOKS: dict[str, Any] = {
    "/books/webpush": {
        "get": operation(
            "books",
            "Messages to browsers, sealed, and what became of them",
            {
                200: listed(
                    id=TEXT,
                    token=TEXT,
                    topic=MAYBE_TEXT,
                    urgency=one_of(*URGENCIES),
                    ttl=NUMBER,
                    body=TEXT,
                    state=TEXT,
                    received_at=TIME,
                    expires={"type": "number"},
                ),
                422: REFUSAL,
            },
            query={"token": TEXT, "topic": TEXT, "state": TEXT, "limit": NUMBER},
        )
    },
}

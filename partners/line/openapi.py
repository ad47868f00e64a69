"""The sandbox of LINE's Messaging API, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import TEXT, operation, record

_REFUSED: dict[str, Any] = {"type": "object"}

PATHS = {
    "/line-messaging/v2/bot/message/push": {
        "post": operation(
            "line_messaging",
            "Send a message to one person",
            {
                200: record(sentMessages={"type": "array", "items": record(id=TEXT)}),
                **dict.fromkeys((400, 401, 409, 429, 503), _REFUSED),
            },
            headers={"authorization": TEXT},
            body={
                "type": "object",
                "properties": {"to": TEXT, "messages": {"type": "array"}},
                "required": ["to", "messages"],
            },
            description="409 names in X-Line-Accepted-Request-Id what was taken under the same X-Line-Retry-Key.",
        )
    },
}

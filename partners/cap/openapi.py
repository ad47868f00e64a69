"""The alerts' authority, described."""

from __future__ import annotations

from partners.cap.examples import EXAMPLES
from partners.desk.describing import one_of, operation, record

TAG = {"name": "cap", "description": "an authority that publishes alerts (CAP 1.2) in a feed"}

PATHS = {
    "/cap": {"get": operation("cap", "Publish example alerts", {200: "text/html"})},
    "/cap/alerts": {
        "post": operation(
            "cap",
            "Publish an example, or a word about the newest alert",
            {303: None, 422: "text/plain"},
            body=record(example=one_of(*EXAMPLES, "update", "cancel")),
            body_type="application/x-www-form-urlencoded",
        )
    },
    "/cap/feed": {
        "get": operation(
            "cap",
            "The feed (Atom), the newest first",
            {200: "application/atom+xml", 304: None, 400: "text/plain", 503: None},
            description="Answers 304 to the etag that it gave.",
        )
    },
    "/cap/alerts/{identifier}": {
        "get": operation(
            "cap",
            "One alert's document",
            {200: "application/cap+xml", 400: "text/plain", 404: None, 503: None},
            path=["identifier"],
        )
    },
}

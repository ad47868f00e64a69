"""The sandbox telephone exchange, described."""

from __future__ import annotations

from partners.desk.describing import TEXT, operation, record

TAG = {"name": "ivr", "description": "the 1999 line's telephone exchange: what callers key in"}

PATHS = {
    "/ivr": {"get": operation("ivr", "The caller's telephone, a page with its keys", {200: "text/html"})},
    "/ivr/keys": {
        "post": operation(
            "ivr",
            "Key in which call it is, then the PIN; the city is told by a signed webhook",
            {200: "text/html", 422: "text/html", 503: "text/html"},
            body=record(keypad_number=TEXT, pin=TEXT),
            body_type="application/x-www-form-urlencoded",
        )
    },
}

"""The sandbox of Firebase Cloud Messaging, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import NUMBER, TEXT, one_of, operation, record

_GOOGLE_ERROR: dict[str, Any] = {"type": "object", "properties": {"error": {"type": "object"}}, "required": ["error"]}
_OAUTH_ERROR = record(("error_description",), error=TEXT, error_description=TEXT)

_MAYBE_MOMENT = {"type": ["number", "null"]}

PATHS = {
    "/fcm/counts": {
        "get": operation(
            "fcm",
            "How many pushes were accepted, shown on a phone, replaced one that was shown there, refused",
            {
                200: record(
                    accepted=NUMBER,
                    notified=NUMBER,
                    repeated=NUMBER,
                    refused=NUMBER,
                    first_at=_MAYBE_MOMENT,
                    last_at=_MAYBE_MOMENT,
                )
            },
            description="Not FCM's: what the sandbox's phones know. Moments in Unix seconds since the start.",
        )
    },
    "/fcm/token": {
        "post": operation(
            "fcm",
            "An access token for a signed assertion (RFC 7523)",
            {
                200: record(access_token=TEXT, token_type=one_of("Bearer"), expires_in=NUMBER),
                400: _OAUTH_ERROR,
                503: _OAUTH_ERROR,
            },
            body=record(grant_type=TEXT, assertion=TEXT),
            body_type="application/x-www-form-urlencoded",
        )
    },
    "/fcm/v1/projects/{project}/messages:send": {
        "post": operation(
            "fcm",
            "Send one push",
            {200: record(name=TEXT), **dict.fromkeys((400, 401, 403, 404, 429, 503), _GOOGLE_ERROR)},
            path=["project"],
            headers={"authorization": TEXT},
            body={"type": "object", "properties": {"message": {"type": "object"}}, "required": ["message"]},
            description="message has exactly one of fid, token, topic and condition; errors carry FcmError details.",
        )
    },
}

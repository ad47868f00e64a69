"""The library's pages, described."""

from __future__ import annotations

from partners.desk.describing import TEXT, operation, record

_FORM = "application/x-www-form-urlencoded"

TAG = {"name": "library", "description": "a small site of the city's that people sign in to with My Kaohsiung"}

PATHS = {
    "/library": {
        "get": operation("library", "Who one is, and the rooms", {200: "text/html"}, query={"said": TEXT, "room": TEXT})
    },
    "/library/sign-in": {"get": operation("library", "To the city's sign-in (PAR, PKCE)", {303: None})},
    "/library/callback": {
        "get": operation(
            "library",
            "Back from the city",
            {303: None},
            query={"code": TEXT, "state": TEXT, "iss": TEXT, "error": TEXT, "error_description": TEXT},
        )
    },
    "/library/reservations": {
        "post": operation(
            "library",
            "Reserve a room; asks for a stronger sign-in first",
            {303: None},
            body=record(room=TEXT),
            body_type=_FORM,
        )
    },
    "/library/sign-out": {"post": operation("library", "Sign out here, and at the city", {303: None})},
    "/library/signed-out": {"get": operation("library", "Back from signing out at the city", {303: None})},
    "/library/backchannel-logout": {
        "post": operation(
            "library",
            "The city says that a session is over (OpenID Connect Back-Channel Logout 1.0)",
            {200: None, 400: None},
            body=record(logout_token=TEXT),
            body_type=_FORM,
        )
    },
}

"""Serves the kiosk in a city hall's lobby: one page in very large type that forgets whoever stood before it."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response

from core.web_assets import Shelf

kiosk = Blueprint("kiosk", __name__)

SHELF = Shelf(Path(__file__).parent / "kiosk_static", "/kiosk/assets", ("index.html",))
_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "publickey-credentials-get=(), publickey-credentials-create=(), camera=(), microphone=(), "
    "geolocation=()",
}


@kiosk.after_request
def protect(response: Response) -> Response:
    """The headers every answer of the kiosk carries."""
    response.headers.update(_HEADERS)
    return response


@kiosk.get("/kiosk", strict_slashes=False)
def page() -> Response:
    """The one HTML page."""
    return SHELF.filled_in("index.html", "text/html; charset=utf-8")


@kiosk.get("/kiosk/assets/<version>/<path:name>")
def asset(version: str, name: str) -> Response:
    """One file of the kiosk, or one that all pages share."""
    return SHELF.file(version, name)

"""Serves the officers' desks: one page and its files."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort

from core.web_assets import Shelf

desk = Blueprint("desk", __name__)

SHELF = Shelf(Path(__file__).parent / "static", "/desk/assets", ("index.html",))
_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), "
    "microphone=(), geolocation=()",
}


@desk.after_request
def protect(response: Response) -> Response:
    """The headers every answer of the desks carries."""
    response.headers.update(_HEADERS)
    return response


@desk.get("/desk", strict_slashes=False)
@desk.get("/desk/<path:screen>")
def page(screen: str = "") -> Response:
    """The one HTML page. Which screen it shows is decided in the browser from the address (js/router.js)."""
    if "." in screen.rsplit("/", 1)[-1]:
        abort(404)
    return SHELF.filled_in("index.html", "text/html; charset=utf-8")


@desk.get("/desk/assets/<version>/<path:name>")
def asset(version: str, name: str) -> Response:
    """One file of the desks, or one that all pages share."""
    return SHELF.file(version, name)

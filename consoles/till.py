"""Serves the merchant's till: one page for a phone, a tablet or a PC at the counter, which takes points by codes."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort

from core.web_assets import Shelf

till = Blueprint("till", __name__)

SHELF = Shelf(Path(__file__).parent / "till_static", "/till/assets", ("index.html",))
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
    "Permissions-Policy": "camera=(self), publickey-credentials-get=(), publickey-credentials-create=(), "
    "microphone=(), geolocation=()",
}


@till.after_request
def protect(response: Response) -> Response:
    """The headers every answer of the till's page carries."""
    response.headers.update(_HEADERS)
    return response


@till.get("/till", strict_slashes=False)
@till.get("/till/<path:screen>")
def page(screen: str = "") -> Response:
    """The one HTML page. Which screen it shows is decided in the browser from the address (js/till.js)."""
    if "." in screen.rsplit("/", 1)[-1]:
        abort(404)
    return SHELF.filled_in("index.html", "text/html; charset=utf-8")


@till.get("/till/assets/<version>/<path:name>")
def asset(version: str, name: str) -> Response:
    """One file of the till's page, or one that all pages share."""
    return SHELF.file(version, name)

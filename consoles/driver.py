"""Serves the driver's page: the day's stops of one of the city's own vans, on the phone beside the steering wheel."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort

from core.web_assets import Shelf

driver = Blueprint("driver", __name__)

SHELF = Shelf(Path(__file__).parent / "driver_static", "/driver/assets", ("index.html", "sw.js"))
# 'trusted-types driver': the only string that may ever become a script address is the service worker's (js/driver.js).
_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types driver",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), screen-wake-lock=(self), publickey-credentials-get=(), "
    "publickey-credentials-create=(), camera=(), microphone=()",
}


@driver.after_request
def protect(response: Response) -> Response:
    """The headers every answer of the driver's page carries."""
    response.headers.update(_HEADERS)
    return response


@driver.get("/driver", strict_slashes=False)
@driver.get("/driver/<path:screen>")
def page(screen: str = "") -> Response:
    """The one HTML page. Which screen it shows is decided in the browser from the address (js/driver.js)."""
    if "." in screen.rsplit("/", 1)[-1]:
        abort(404)
    return SHELF.filled_in("index.html", "text/html; charset=utf-8")


@driver.get("/driver/assets/<version>/<path:name>")
def asset(version: str, name: str) -> Response:
    """One file of the driver's page, or one that all pages share."""
    return SHELF.file(version, name)


@driver.get("/driver/sw.js")
def service_worker() -> Response:
    """The service worker, told which files make up the page, so that it opens where there is no network."""
    response = SHELF.filled_in("sw.js", "text/javascript; charset=utf-8")
    response.headers["Service-Worker-Allowed"] = "/driver"
    return response

"""Serves the phone: its shell, its files, its manifest and its service worker.

Flask configuration read here:

* ``MYKH_DEMO`` (bool): show the panel with the demo people on the sign-in screen.
* ``SANDBOX_URL`` (str): where the sandbox shows the text messages it received (demo only).
* ``CARD_READER_URL`` (str): where a card reader's program answers on the citizen's own computer.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, jsonify

from core.districts import DISTRICTS
from core.web_assets import Shelf
from mobile_mock.demo_people import DEMO_PEOPLE, DEMO_RIDERS

phone = Blueprint("phone", __name__)

SHELF = Shelf(Path(__file__).parent / "static", "/app/assets", ("index.html", "sw.js", "manifest.webmanifest"))

# 'img-src blob:': a slip's barcode comes as a drawing, and is shown as a picture, never as part of the page.
# 'trusted-types phone': the only string that may ever become a script address is the service worker's (js/main.js).
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types phone",
    )
)
PERMISSIONS_POLICY = ", ".join(
    (
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
        "camera=()",
        "microphone=()",
        "geolocation=(self)",
    )
)


@phone.after_request
def protect(response: Response) -> Response:
    """The headers every answer of the phone carries."""
    response.headers["Content-Security-Policy"] = _policy(current_app.config.get("CARD_READER_URL", ""))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
    return response


@phone.get("/app", strict_slashes=False)
@phone.get("/app/<path:screen>")
def page(screen: str = "") -> Response:
    """The one HTML page. Which screen it shows is decided in the phone from the address (js/router.js)."""
    if "." in screen.rsplit("/", 1)[-1] and not screen.startswith("topics/"):
        abort(404)
    return SHELF.filled_in("index.html", "text/html; charset=utf-8")


@phone.get("/app/assets/<version>/<path:name>")
def asset(version: str, name: str) -> Response:
    """One file of the phone. With the current version in its address it may be kept for a year, else not at all."""
    return SHELF.file(version, name)


@phone.get("/app/manifest.webmanifest")
def manifest() -> Response:
    """What the phone's home screen needs to know."""
    return SHELF.filled_in("manifest.webmanifest", "application/manifest+json; charset=utf-8")


@phone.get("/app/sw.js")
def service_worker() -> Response:
    """The service worker, told which files make up the shell."""
    response = SHELF.filled_in("sw.js", "text/javascript; charset=utf-8")
    response.headers["Service-Worker-Allowed"] = "/app"
    return response


@phone.get("/app/config.json")
def configuration() -> Response:
    """What the phone has to know: the city's districts, whether this installation is the demo, and who lives in it."""
    is_demo = bool(current_app.config.get("MYKH_DEMO", False))
    response = jsonify(
        demo=is_demo,
        sandbox_url=current_app.config.get("SANDBOX_URL") if is_demo else None,
        card_reader_url=current_app.config.get("CARD_READER_URL") or None,
        people=[person.on_the_wire() for person in (*DEMO_PEOPLE, *DEMO_RIDERS)] if is_demo else [],
        districts=[{"code": code, "name": {"zh": name.zh, "en": name.en}} for code, name in DISTRICTS.items()],
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _policy(card_reader_url: str) -> str:
    """What the phone's page may do: ask this site, and the program on this computer that reads cards."""
    if not card_reader_url:
        return CONTENT_SECURITY_POLICY
    reader = urlsplit(card_reader_url)
    return CONTENT_SECURITY_POLICY.replace(
        "connect-src 'self'", f"connect-src 'self' {reader.scheme}://{reader.netloc}"
    )

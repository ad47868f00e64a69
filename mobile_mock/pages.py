"""Serves the phone: its shell, its files, its manifest and its service worker.

Flask configuration read here:

* ``MYKH_DEMO`` (bool): show the panel with the demo people on the sign-in screen.
* ``SANDBOX_URL`` (str): where the sandbox shows the text messages it received (demo only).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template

from flask import Blueprint, Response, abort, current_app, jsonify, request

from mobile_mock.demo_people import DEMO_PEOPLE

phone = Blueprint("phone", __name__)

STATIC = Path(__file__).parent / "static"
SHELL_FILES = ("index.html", "sw.js", "manifest.webmanifest")
COMPRESSIBLE = frozenset({".js", ".css", ".svg", ".html", ".webmanifest"})
ONE_YEAR_SECONDS = 365 * 24 * 3600

# 'trusted-types phone': the only string that may ever become a script address is the service worker's (js/main.js).
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
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
        "geolocation=()",
    )
)


@dataclass(frozen=True)
class Asset:
    """One static file, held in memory: its bytes, the same gzipped (or None where that gains nothing), and its type."""

    body: bytes
    gzipped: bytes | None
    content_type: str


@dataclass(frozen=True)
class Shell:
    """Everything the phone is made of. ``version`` changes whenever any file changes, and is part of every address."""

    version: str
    assets: dict[str, Asset]


@lru_cache(maxsize=1)
def shell() -> Shell:
    """Read the phone's files once per process."""
    digest = hashlib.sha256()
    assets: dict[str, Asset] = {}
    for path in sorted(item for item in STATIC.rglob("*") if item.is_file()):
        name = path.relative_to(STATIC).as_posix()
        body = path.read_bytes()
        digest.update(name.encode() + b"\0" + hashlib.sha256(body).digest())
        assets[name] = _asset(path.suffix, body)
    return Shell(version=digest.hexdigest()[:12], assets=assets)


@phone.after_request
def protect(response: Response) -> Response:
    """The headers every answer of the phone carries."""
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
    return response


@phone.get("/app", strict_slashes=False)
@phone.get("/app/<path:screen>")
def page(screen: str = "") -> Response:
    """The one HTML page. Which screen it shows is decided in the phone from the address (js/router.js)."""
    if "." in screen.rsplit("/", 1)[-1]:
        abort(404)
    return _templated("index.html", "text/html; charset=utf-8")


@phone.get("/app/assets/<version>/<path:name>")
def asset(version: str, name: str) -> Response:
    """One file of the phone. With the current version in its address it may be kept for a year, else not at all."""
    found = shell().assets.get(name)
    if found is None or name in SHELL_FILES:
        abort(404)
    response = _fitting(found)
    if version == shell().version:
        response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR_SECONDS}, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


@phone.get("/app/manifest.webmanifest")
def manifest() -> Response:
    """What the phone's home screen needs to know."""
    return _templated("manifest.webmanifest", "application/manifest+json; charset=utf-8")


@phone.get("/app/sw.js")
def service_worker() -> Response:
    """The service worker, told which files make up the shell."""
    response = _templated("sw.js", "text/javascript; charset=utf-8")
    response.headers["Service-Worker-Allowed"] = "/app"
    return response


@phone.get("/app/config.json")
def configuration() -> Response:
    """What the phone has to know about this installation: whether it is the demo, and then who lives in it."""
    is_demo = bool(current_app.config.get("MYKH_DEMO", False))
    response = jsonify(
        demo=is_demo,
        sandbox_url=current_app.config.get("SANDBOX_URL") if is_demo else None,
        people=[person.on_the_wire() for person in DEMO_PEOPLE] if is_demo else [],
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _templated(name: str, content_type: str) -> Response:
    """A shell file with the addresses of the current files; asked again each time, answered 304 if unchanged."""
    base = f"/app/assets/{shell().version}"
    files = [f"{base}/{item}" for item in shell().assets if item not in SHELL_FILES]
    text = Template(shell().assets[name].body.decode()).substitute(
        version=shell().version, assets=base, files=json.dumps(files)
    )
    response = _fitting(_asset(Path(name).suffix, text.encode(), content_type))
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _fitting(found: Asset) -> Response:
    """The file as this browser can take it."""
    if found.gzipped is not None and request.accept_encodings.quality("gzip") > 0:
        response = Response(found.gzipped, content_type=found.content_type)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(found.body, content_type=found.content_type)
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _asset(suffix: str, body: bytes, content_type: str | None = None) -> Asset:
    guessed = "text/javascript" if suffix == ".js" else mimetypes.types_map.get(suffix, "application/octet-stream")
    if guessed.startswith("text/"):
        guessed += "; charset=utf-8"
    return Asset(
        body=body,
        gzipped=gzip.compress(body, mtime=0) if suffix in COMPRESSIBLE else None,
        content_type=content_type or guessed,
    )

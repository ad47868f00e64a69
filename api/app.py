"""The Flask application: every room's routes behind the front door, the phone, the documentation, health."""

from __future__ import annotations

import logging
import re
from functools import cache
from urllib.parse import quote

from flask import Flask, Response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix

from api import docs_pages, health, problem_pages, wiring
from api.front_door import view_of
from api.openapi import openapi_document
from consoles.driver import driver
from consoles.kiosk import kiosk
from consoles.pages import desk
from consoles.till import till
from core import db
from core.errors import (
    BodyTooLarge,
    InternalError,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unavailable,
    UnsupportedMediaType,
)
from core.http import Route
from core.settings import settings
from mobile_mock.pages import phone

_log = logging.getLogger("mykaohsiung.api")

_API_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# What Flask itself refuses; with 400 the request is one that HTTP does not know.
_PROBLEMS: dict[int, type[Problem]] = {
    400: MalformedBody,
    404: NotFound,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
}
# Swagger UI sets inline styles and draws its icons from data: addresses.
_PAGE_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"


def create_app() -> Flask:
    """The whole application on this process's database and settings."""
    wiring.plug_in()
    app = Flask("mykaohsiung", static_folder=None)
    app.config.update(
        MYKH_DEMO=settings().is_demo,
        SANDBOX_URL=settings().sandbox_url,
        CARD_READER_URL=settings().certificates.reader_url,
    )
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    for route in wiring.routes():
        _register(app, route)
    app.register_blueprint(health.pages)
    app.register_blueprint(problem_pages.pages)
    app.register_blueprint(phone)
    app.register_blueprint(desk)
    app.register_blueprint(kiosk)
    app.register_blueprint(till)
    app.register_blueprint(driver)
    app.register_blueprint(docs_pages.pages)

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(_interface(), content_type="application/json")

    @app.get("/")
    def front() -> Response:
        return redirect("/app", 303)  # type: ignore[return-value]

    app.before_request(_to_the_public_origin)
    app.after_request(_with_headers)
    app.register_error_handler(Exception, _on_error)
    # Each proxy of ours adds the address that it was asked from; whatever stands further left anybody can write.
    if settings().trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings().trusted_proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    return app


@cache
def _interface() -> bytes:
    return openapi_document(wiring.routes())


def _register(app: Flask, route: Route) -> None:
    name = f"{route.room}.{route.view.__name__}"
    app.add_url_rule(route.path, endpoint=name, view_func=view_of(route), methods=[route.method])


def _to_the_public_origin() -> Response | None:
    """Pages opened by address go to the name: a passkey belongs to a domain, not to an address (WebAuthn §5.1)."""
    is_page = request.path.partition("/")[2].partition("/")[0] in ("app", "desk", "driver", "kiosk", "till")
    if request.method == "GET" and is_page and re.fullmatch(r"127\.0\.0\.1(:[0-9]+)?", request.host):
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        return redirect(f"{settings().public_origin}{quote(request.path)}{query}", 307)  # type: ignore[return-value]
    return None


def _with_headers(response: Response) -> Response:
    for name, value in _API_HEADERS.items():
        response.headers.setdefault(name, value)
    is_without_own = response.headers["Content-Security-Policy"] == _API_HEADERS["Content-Security-Policy"]
    if response.mimetype == "text/html" and is_without_own:
        response.headers["Content-Security-Policy"] = _PAGE_POLICY
    return response


def _on_error(error: Exception) -> Response:
    if isinstance(error, WerkzeugMethodNotAllowed):
        response = problem_pages.problem_response(MethodNotAllowed(), request)
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response
    if isinstance(error, HTTPException):
        if error.code is not None and 300 <= error.code < 400:
            return error.get_response()  # type: ignore[return-value]
        return problem_pages.problem_response(_PROBLEMS.get(error.code or 500, InternalError)(), request)
    if db.is_outage(error):
        return problem_pages.problem_response(Unavailable(), request)
    # The message may hold what a citizen typed, so the log gets the trace and the answer gets nothing of it.
    _log.error("unhandled %s on %s", type(error).__name__, request.url_rule, exc_info=error)
    return problem_pages.problem_response(InternalError(), request)

"""Whether this process lives, whether it can work, and its numbers."""

from __future__ import annotations

import os
import time

import orjson
import redis
from flask import Blueprint, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from core import db, migrate
from core.settings import settings
from notify.channels import gauges as channels
from wallet.reconciliation import gauges as reconciliation

pages = Blueprint("health", __name__)

_REQUESTS = Counter("mykaohsiung_requests_total", "Requests by route and status", ["route", "method", "status"])
# A label for every method that somebody invents would fill the memory.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = Histogram("mykaohsiung_request_seconds", "Seconds by route", ["route", "method"])


@pages.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return _json({"status": "ok"}, 200)


@pages.get("/readyz")
def readyz() -> Response:
    """The database, the broker and the migrations are where they should be; 503 names what is not."""
    checks = {"database": _database(), "migrations": _migrations(), "broker": _broker()}
    is_ready = all(value == "ok" for value in checks.values())
    response = _json({"status": "ready" if is_ready else "not ready", **checks}, 200 if is_ready else 503)
    if not is_ready:
        response.headers["Retry-After"] = "5"
    return response


@pages.get("/metrics")
def metrics() -> Response:
    """Prometheus text format, over all processes of this server."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        own = generate_latest(registry)
    else:
        own = generate_latest()
    return Response(own + _gauges(), content_type=CONTENT_TYPE_LATEST)


@pages.before_app_request
def start_the_clock() -> None:
    g.started_at = time.perf_counter()


@pages.after_app_request
def count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in _METHODS else "other"
    _REQUESTS.labels(route, method, str(response.status_code)).inc()
    if "started_at" in g:
        _SECONDS.labels(route, method).observe(time.perf_counter() - g.started_at)
    return response


def _gauges() -> bytes:
    try:
        with db.unit_of_work() as session:
            return reconciliation.exposition(session) + channels.exposition(session)
    except Exception:
        # Without a database there are no gauges; /readyz says why.
        return b""


def _database() -> str:
    try:
        with db.unit_of_work() as session:
            migrate.revision_of(session)
    except Exception as error:
        return type(error).__name__
    return "ok"


def _migrations() -> str:
    try:
        with db.unit_of_work() as session:
            at = migrate.revision_of(session)
    except Exception as error:
        return type(error).__name__
    return "ok" if at == migrate.head() else f"at {at}, this program wants {migrate.head()}"


def _broker() -> str:
    url = settings().broker_url
    if not url.startswith("redis"):
        return "ok" if url else "BROKER_URL is not set"
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as connection:
            connection.ping()
    except redis.RedisError as error:
        return type(error).__name__
    return "ok"


def _json(body: dict[str, str], status: int) -> Response:
    return Response(orjson.dumps(body), status, content_type="application/json")

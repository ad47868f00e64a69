"""A push service as application servers see it (RFC 8030 §5): messages come in sealed, and wait for their browsers."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from uuid import uuid4

import orjson
from flask import Blueprint, Response, request

from partners.desk.protocol import Answer, Desk, after_acting, before_acting
from partners.desk.switches import SwitchWrong
from partners.webpush.service import Message, PushService
from partners.webpush.vapid import NotProven, key_of

MOST_BODY_BYTES = 4096
URGENCIES = ("very-low", "low", "normal", "high")
_LONGEST_TTL_SECONDS = 30 * 24 * 3600
_TOPIC = re.compile("[A-Za-z0-9_-]{1,32}")
_KEY = re.compile("[A-Za-z0-9_-]{87}")
# salt, record size, length of the key's id, the sender's key, one record of padding delimiter and tag (RFC 8188 §2.1)
_LEAST_BODY_BYTES = 16 + 4 + 1 + 65 + 17


def blueprint(desk: Desk, service: PushService, own_url: str) -> Blueprint:
    """The push service's routes under /webpush; `own_url` is the sandbox's address, for whom VAPID tokens must be."""
    webpush = Blueprint("webpush", __name__, url_prefix="/webpush")

    @webpush.post("/push/<token>")
    def push(token: str) -> Response:
        try:
            mode = desk.switches.chosen("webpush", "push", request.headers.get("x-sandbox-mode"), {"token": token})
        except SwitchWrong as problem:
            return _refused(400, str(problem))
        if mode is not None and mode.name == "unregistered":
            return _refused(410, "told to: the subscription is gone")
        if mode is not None and mode.name == "quota":
            return _refused(429, "told to: too many messages", {"Retry-After": str(int(mode["seconds"]))})
        early = before_acting(mode)
        if isinstance(early, Answer):
            return _refused(early.status, "closed", early.headers)
        if early is not None:
            return early
        answer = _taken(service, token, own_url)
        return after_acting(mode) or answer

    @webpush.post("/subscriptions")
    def subscribe() -> Response:
        key = (request.get_json(silent=True) or {}).get("key")
        if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
            return _refused(400, "key should be a P-256 point in base64url")
        token = service.subscribe("nobody", str(uuid4()), key)
        return _json({"token": token, "endpoint": endpoint(own_url, token)}, 201)

    @webpush.delete("/subscriptions/<token>")
    def end(token: str) -> Response:
        return Response(status=204) if service.end(token) else _refused(404, "there is no such subscription")

    return webpush


def endpoint(own_url: str, token: str) -> str:
    """Where messages for a subscription are sent to."""
    return f"{own_url}/webpush/push/{token}"


def _taken(service: PushService, token: str, own_url: str) -> Response:
    subscription = service.subscription(token)
    if subscription is None:
        return _refused(404, "there is no such subscription")
    if subscription["gone_at"] is not None:
        return _refused(410, "the subscription is gone")
    try:
        key = key_of(request.headers.get("authorization", ""), audience=_origin(own_url))
    except NotProven as problem:
        return _refused(401, str(problem))
    if subscription["key"] not in (None, key):
        return _refused(403, "the subscription is for another key")
    ttl = request.headers.get("ttl", "")
    if not (ttl.isascii() and ttl.isdigit() and len(ttl) <= 9):
        return _refused(400, "TTL is missing or no number of seconds")
    topic = request.headers.get("topic")
    if topic is not None and not _TOPIC.fullmatch(topic):
        return _refused(400, "Topic should be 1 to 32 signs of base64url")
    urgency = request.headers.get("urgency", "normal")
    if urgency not in URGENCIES:
        return _refused(400, f"Urgency should be one of {', '.join(URGENCIES)}")
    if request.headers.get("content-encoding") != "aes128gcm":
        return _refused(400, "Content-Encoding should be aes128gcm")
    body = request.get_data(cache=False)
    if len(body) > MOST_BODY_BYTES:
        return _refused(413, f"a message has {MOST_BODY_BYTES} bytes at most")
    if len(body) < _LEAST_BODY_BYTES:
        return _refused(400, "that is no message sealed as RFC 8291 says")
    kept_seconds = min(int(ttl), _LONGEST_TTL_SECONDS)
    sealed = base64.urlsafe_b64encode(body).decode().rstrip("=")
    message_id = service.take(subscription, Message(topic, urgency, kept_seconds, sealed))
    headers = {"Location": f"{own_url}/webpush/messages/{message_id}", "TTL": str(kept_seconds)}
    return Response(status=201, headers=headers)


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _refused(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json({"code": status, "error": detail}, status, headers)


def _json(body: Mapping[str, object], status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, content_type="application/json")

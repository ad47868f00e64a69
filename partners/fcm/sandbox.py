"""Firebase Cloud Messaging as the SDK sees it: an OAuth token endpoint and messages:send, with the errors FCM gives."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson
from flask import Blueprint, Response, request

from partners.desk.protocol import Answer, Desk, after_acting, before_acting
from partners.desk.switches import Mode, SwitchWrong
from partners.fcm.book import PushBook

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN_SECONDS = 3600
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Google's libraries name Google's endpoint as the audience, wherever the token is fetched.
GOOGLE_TOKEN_ENDPOINT = "https://oauth2.googleapis.com/token"  # noqa: S105
MESSAGING_SCOPES = {
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
}
GONE_PREFIX = "unregistered-"
_SEND_PREFIX, _SEND_SUFFIX = "/fcm/v1/projects/", "/messages:send"
_TARGETS = ("fid", "token", "topic", "condition")
_ERROR_TYPE = "type.googleapis.com/google.firebase.fcm.v1.FcmError"

# mode → HTTP status, google.rpc status, FcmError code
_FORCED = {
    "unregistered": (404, "NOT_FOUND", "UNREGISTERED"),
    "quota": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    "sender_mismatch": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    "permission_denied": (403, "PERMISSION_DENIED", "PERMISSION_DENIED"),
    "unauthenticated": (401, "UNAUTHENTICATED", "UNAUTHENTICATED"),
    "apns_key": (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
    "invalid_argument": (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
}


def blueprint(desk: Desk, sending: Sending, secret: str) -> Blueprint:
    """FCM's routes under /fcm. `secret` makes the access tokens, so that none need be kept."""
    fcm = Blueprint("fcm", __name__, url_prefix="/fcm")

    @fcm.post("/token")
    def token() -> Response:
        try:
            mode = desk.switches.chosen("fcm", "token", request.headers.get("x-sandbox-mode"), {})
        except SwitchWrong as problem:
            return _oauth_error("invalid_request", str(problem))
        early = before_acting(mode)
        if early is not None:
            closed = {"error": "temporarily_unavailable"}
            return early if isinstance(early, Response) else _json(closed, 503, early.headers)
        objection = _objection_to_grant()
        if objection is not None:
            return _oauth_error("invalid_grant", objection)
        granted = {"access_token": _access_token(secret), "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        return after_acting(mode) or _json(granted)

    @fcm.post("/v1/projects/<project>/messages:send")
    def send(project: str) -> Response:
        headers = request.headers
        content = request.get_data(cache=False)
        answer = sending.answer(project, headers.get("authorization", ""), headers.get("x-sandbox-mode"), content)
        return answer if isinstance(answer, Response) else _json(answer)

    @fcm.get("/counts")
    def counts() -> Response:
        return _json(asdict(sending.book.counts()))

    return fcm


class Sending:
    """messages:send, for Flask and for the short way past it."""

    def __init__(self, desk: Desk, book: PushBook, secret: str) -> None:
        self.book = book
        self._desk, self._secret = desk, secret

    def answer(
        self, project: str, authorization: str, mode_header: str | None, content: bytes
    ) -> Response | dict[str, Any]:
        """The answer's JSON where the push is accepted; the whole answer where not, or where it is told otherwise."""
        scheme, _, bearer = authorization.partition(" ")
        if scheme != "Bearer" or not _is_our_token(self._secret, bearer):
            return _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        try:
            asked = orjson.loads(content)
            message = _message(asked)
            kind, address = _target(message)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            return _error(400, "INVALID_ARGUMENT", f"Invalid JSON payload: {problem}", "INVALID_ARGUMENT")
        facts = {"address": address, "project": project, "message_id": message.get("data", {}).get("message_id")}
        try:
            mode = self._desk.switches.chosen("fcm", "send", mode_header, facts)
        except SwitchWrong as problem:
            return _error(400, "INVALID_ARGUMENT", str(problem), "INVALID_ARGUMENT")
        early = _early(mode) or _gone(address)
        if early is not None:
            self.book.refuse()
            return early
        name = f"projects/{project}/messages/{secrets.token_hex(12)}"
        if not asked.get("validate_only"):
            self.book.keep(name, project, kind, address, message)
        return after_acting(mode) or {"name": name}


class ShortWay:
    """messages:send without a framework's detour, in front of everything else: half of what a push costs here."""

    def __init__(self, further: WSGIApplication, sending: Sending) -> None:
        self._further, self._sending = further, sending

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        project, is_send, rest = environ["PATH_INFO"].removeprefix(_SEND_PREFIX).partition(_SEND_SUFFIX)
        is_ours = environ["PATH_INFO"].startswith(_SEND_PREFIX) and is_send and not rest and "/" not in project
        if not is_ours or environ["REQUEST_METHOD"] != "POST" or not environ.get("CONTENT_LENGTH"):
            return self._further(environ, start_response)
        content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        answer = self._sending.answer(
            project, environ.get("HTTP_AUTHORIZATION", ""), environ.get("HTTP_X_SANDBOX_MODE"), content
        )
        if isinstance(answer, Response):
            return answer(environ, start_response)
        body = orjson.dumps(answer)
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def _gone(address: str) -> Response | None:
    """Phones whose app is no more: their addresses say so, so that who asks again is told the same."""
    if address.startswith(GONE_PREFIX):
        return _error(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED")
    return None


def _early(mode: Mode | None) -> Response | None:
    if mode is not None and mode.name in _FORCED:
        status, rpc_status, code = _FORCED[mode.name]
        headers = {"Retry-After": str(int(mode["seconds"]))} if mode.name == "quota" else None
        return _error(status, rpc_status, f"told to: {code}", code, headers)
    early = before_acting(mode)
    if isinstance(early, Answer):
        return _error(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE", early.headers)
    return early


def _message(asked: Any) -> dict[str, Any]:
    message = asked["message"]
    for part in (message, message.get("data", {}), message.get("notification", {})):
        if not isinstance(part, dict):
            raise TypeError("message, data and notification are objects")
    texts = [*message.get("data", {}).values(), *message.get("notification", {}).values()]
    if not all(isinstance(value, str) for value in texts):
        raise TypeError("data and notification hold text")
    return dict(message)


def _target(message: Mapping[str, Any]) -> tuple[str, str]:
    named = [(kind, message[kind]) for kind in _TARGETS if message.get(kind)]
    if len(named) != 1 or not isinstance(named[0][1], str):
        raise ValueError("Exactly one of fid, token, topic or condition is required")
    return named[0]


def _objection_to_grant() -> str | None:
    """What is wrong with the JWT grant in this request (RFC 7523), or None.

    Its signature is not checked: whoever starts the demo makes the service account's key up, so there is no public key
    to check it with. Everything else is what Google's endpoint insists on.
    """
    if unquote(request.form.get("grant_type", "")) != GRANT:
        return f"grant_type must be {GRANT}"
    assertion = request.form.get("assertion", "")
    try:
        head, payload, signature = assertion.split(".")
        header, claims = _unpacked(head), _unpacked(payload)
        issued, expires = float(claims["iat"]), float(claims["exp"])
    except (KeyError, TypeError, ValueError):
        return "assertion must be a JWT with iat and exp"
    if header.get("alg") != "RS256" or not signature:
        return "assertion must be signed with RS256"
    if not claims.get("iss"):
        return "iss must be the service account's e-mail address"
    if claims.get("aud") not in (GOOGLE_TOKEN_ENDPOINT, request.base_url):
        return f"aud must be {GOOGLE_TOKEN_ENDPOINT} or {request.base_url}"
    if not (issued <= time.time() + 60 and time.time() < expires <= issued + TOKEN_SECONDS):
        return "the assertion must be valid now, and for an hour at most"
    if not MESSAGING_SCOPES & set(str(claims.get("scope", "")).split()):
        return "scope must allow messaging"
    return None


def _unpacked(part: str) -> dict[str, Any]:
    unpacked = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(unpacked, dict):
        raise TypeError("a JWT's parts are objects")
    return unpacked


def _access_token(secret: str) -> str:
    expires = str(int(time.time()) + TOKEN_SECONDS)
    return f"sandbox.{expires}.{_seal(secret, expires)}"


def _is_our_token(secret: str, bearer: str) -> bool:
    prefix, _, rest = bearer.partition(".")
    expires, _, seal = rest.partition(".")
    is_ours = hmac.compare_digest(seal.encode(), _seal(secret, expires).encode())
    return is_ours and prefix == "sandbox" and int(expires) > time.time()


def _seal(secret: str, expires: str) -> str:
    return hmac.digest(secret.encode(), b"fcm-access-token." + expires.encode(), "sha256").hex()


def _oauth_error(error: str, description: str) -> Response:
    return _json({"error": error, "error_description": description}, 400)


def _error(
    status: int, rpc_status: str, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as Google writes it; the SDK looks for FCM's own code in the details and nowhere else."""
    error: dict[str, Any] = {"code": status, "message": message, "status": rpc_status}
    if code:
        error["details"] = [{"@type": _ERROR_TYPE, "errorCode": code}]
    return _json({"error": error}, status, headers)


def _json(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, content_type="application/json")

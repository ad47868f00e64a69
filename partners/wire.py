"""Calls to partners: every request, answer and webhook is signed, and every way a call can fail has its own type.

Signatures follow Standard Webhooks (https://www.standardwebhooks.com): headers `webhook-id`, `webhook-timestamp` (Unix
seconds) and `webhook-signature` (`v1,<base64 HMAC-SHA256>`, several separated by spaces while keys change). Signed is

    a webhook    id.timestamp.body
    a request    id.timestamp.METHOD path?query.body      so that it cannot be replayed at another address; the path is
                 signed with its %-escapes decoded, because that is all a WSGI server is shown
    an answer    id.timestamp.status.body                 with the id of its request, so that it answers nothing else

A secret is text; `whsec_…` is base64 as Standard Webhooks writes it. Several secrets separated by spaces, while one
follows another: all sign, all verify, so that neither side has to change at the same moment as the other.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, ClassVar, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import orjson
import urllib3

TOLERANCE_SECONDS = 300
DEFAULT_RETRY_AFTER_SECONDS = 60
_PIECE_BYTES = 1 << 16

_T = TypeVar("_T")


class Headers(Protocol):
    """Header names to values, found whatever their case: Flask's, urllib3's."""

    def get(self, name: str, default: str, /) -> str:
        """The value of `name`, or `default`."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One outside system as its client sees it: name for messages, base URL with no slash at the end, shared secret."""

    name: str
    url: str
    secret: str
    connect_timeout_seconds: float = 2.0
    read_timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A partner's answer whose signature was right: HTTP status and JSON object."""

    status: int
    body: dict[str, Any]


class CallFailed(Exception):
    """A call to a partner brought no result. `may_have_acted` says whether the other side can have done its part."""

    may_have_acted: ClassVar[bool]

    def __init__(self, partner: str, detail: str) -> None:
        super().__init__(f"{partner}: {detail}")
        self.partner = partner
        self.detail = detail


class NotReached(CallFailed):
    """The connection was never made: nothing was sent, so nothing happened. Safe to try again."""

    may_have_acted = False


class Unavailable(CallFailed):
    """The partner says, signed, that it is closed and did nothing. Try again after `retry_after_seconds`."""

    may_have_acted = False

    def __init__(self, partner: str, detail: str, retry_after_seconds: int) -> None:
        super().__init__(partner, detail)
        self.retry_after_seconds = retry_after_seconds


class Refused(CallFailed):
    """The partner understood, signed its answer, and refused (4xx). `code` is the partner's word for why."""

    may_have_acted = False

    def __init__(self, partner: str, detail: str, status: int, code: str) -> None:
        super().__init__(partner, f"{status} {code}: {detail}")
        self.status = status
        self.code = code


class NoAnswer(CallFailed):
    """Silence, a broken connection or a 5xx: it may have happened. Ask by reference before doing anything else."""

    may_have_acted = True


class AnswerNotTrusted(NoAnswer):
    """An answer came, but not provably from the partner. It says nothing: the outcome is as unknown as in silence."""


class NotGenuine(Exception):
    """A message that was to be verified is not from who it says: the signature is absent, wrong or too old."""


def call(peer: Peer, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Reply:
    """Sends a signed request to `peer.url + path` (query included) and returns the verified answer.

    Keyword arguments are more headers, `_` written for `-`. Raises NotReached, Unavailable, Refused or NoAnswer.
    """
    address = peer.url + path
    content = b"" if body is None else orjson.dumps(body)
    request_id = uuid.uuid4().hex
    signed = signature_headers(peer.secret, request_id, _subject_of(method, address), content)
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    response = _exchange(peer, method, address, content, signed | more)
    return _believed(peer, request_id, response.status, response.headers, response.data)


def download(peer: Peer, path: str, into: BinaryIO, *, most_bytes: int) -> int:
    """Fetches a document of any type from `peer.url + path` into `into`, piece by piece; returns how many bytes it has.

    The signature stands over the whole, so what `into` holds is the partner's word only once this has returned; after
    a failure it is worth nothing. Raises like `call`, and AnswerNotTrusted for more than `most_bytes`.
    """
    address = peer.url + path
    request_id = uuid.uuid4().hex
    signed = signature_headers(peer.secret, request_id, _subject_of("GET", address), b"")
    response = _exchange(peer, "GET", address, b"", signed, preload=False)
    try:
        if not 200 <= response.status < 300:
            _believed(peer, request_id, response.status, response.headers, response.read(_PIECE_BYTES))
            raise NoAnswer(peer.name, f"status {response.status}")
        length = _received(peer, request_id, response, into, most_bytes)
    except urllib3.exceptions.HTTPError as error:
        raise NoAnswer(peer.name, type(error).__name__) from error
    except BaseException:
        # What was not read to its end must not be taken for the answer to the next request on this connection.
        response.close()
        raise
    response.release_conn()
    return length


def shaped(peer: Peer, body: dict[str, Any], build: Callable[[dict[str, Any]], _T]) -> _T:
    """`build(body)`; an answer that lacks what `build` needs is as good as none. Raises AnswerNotTrusted."""
    try:
        return build(body)
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerNotTrusted(peer.name, f"the answer is not as agreed: {error!r}") from error


def post_webhook(peer: Peer, path: str, webhook_id: str, content: bytes, *, signed_answer: bool = True) -> Reply:
    """Delivers a Standard Webhook with the JSON `content` to `peer.url + path`; the same `webhook_id` on every attempt.

    `signed_answer=False` takes any 2xx as the acknowledgement, as Standard Webhooks has it. Raises like `call`.
    """
    signed = signature_headers(peer.secret, webhook_id, b"", content)
    response = _exchange(peer, "POST", peer.url + path, content, signed)
    if signed_answer:
        return _believed(peer, webhook_id, response.status, response.headers, response.data)
    if not 200 <= response.status < 300:
        raise NoAnswer(peer.name, f"status {response.status}")
    return Reply(response.status, {})


def post_as_is(peer: Peer, path: str, content: bytes, headers: Mapping[str, str]) -> None:
    """POSTs a webhook whose signature its sender has put into body or headers; any 2xx acknowledges it.

    Raises NotReached or NoAnswer.
    """
    response = _exchange(peer, "POST", peer.url + path, content, dict(headers))
    if not 200 <= response.status < 300:
        raise NoAnswer(peer.name, f"status {response.status}")


def verify_webhook(secret: str, headers: Headers, content: bytes, *, now_seconds: float | None = None) -> str:
    """Checks a Standard Webhook and returns its id, by which the receiver recognises a second delivery.

    Raises NotGenuine.
    """
    return verify(secret, headers, b"", content, now_seconds=now_seconds)


def signature_headers(secret: str, message_id: str, subject: bytes, content: bytes) -> dict[str, str]:
    """The three signature headers for a message; `subject` is what the signature binds besides the body."""
    timestamp = str(int(time.time()))
    signatures = [_signature(key, message_id, timestamp, subject, content) for key in _keys(secret)]
    return _signed_with(message_id, timestamp, signatures)


def signature_headers_for(secret: str, message_id: str, subject: bytes, pieces: Iterable[bytes]) -> dict[str, str]:
    """`signature_headers` for content that comes in pieces and is never whole in memory."""
    timestamp = str(int(time.time()))
    states = _signatures_begun(_keys(secret), message_id, timestamp, subject)
    for piece in pieces:
        for state in states:
            state.update(piece)
    return _signed_with(message_id, timestamp, [base64.b64encode(state.digest()).decode() for state in states])


def _signed_with(message_id: str, timestamp: str, signatures: Iterable[str]) -> dict[str, str]:
    listed = " ".join(f"v1,{signature}" for signature in signatures)
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": listed}


def verify(secret: str, headers: Headers, subject: bytes, content: bytes, *, now_seconds: float | None = None) -> str:
    """Checks signature and age of a message in constant time; returns its id. Raises NotGenuine."""
    message_id, timestamp, offered = _stamp(headers, now_seconds)
    _must_match(offered, [_signature(key, message_id, timestamp, subject, content) for key in _keys(secret)])
    return message_id


def _stamp(headers: Headers, now_seconds: float | None) -> tuple[str, str, str]:
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    offered = headers.get("webhook-signature", "")
    if not (message_id and timestamp and offered):
        raise NotGenuine("signature headers are missing")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise NotGenuine("webhook-timestamp is not in Unix seconds")
    if abs((time.time() if now_seconds is None else now_seconds) - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotGenuine("the message is too old, or from the future")
    return message_id, timestamp, offered


def _must_match(offered: str, expected: list[str]) -> None:
    given = [part[3:].encode() for part in offered.split(" ") if part.startswith("v1,")]
    # No early exit: the time taken must not tell which key or which signature came close.
    matches = [hmac.compare_digest(one.encode(), other) for one in expected for other in given]
    if not any(matches):
        raise NotGenuine("the signature is wrong")


def request_subject(method: str, path: str, query: str) -> bytes:
    """What a request's signature binds besides the body: method, decoded path, and the query as it stands."""
    return f"{method} {path}?{query}.".encode() if query else f"{method} {path}.".encode()


def answer_subject(status: int) -> bytes:
    """What an answer's signature binds besides the body: its status."""
    return f"{status}.".encode()


def _exchange(
    peer: Peer, method: str, address: str, content: bytes, headers: dict[str, str], *, preload: bool = True
) -> urllib3.BaseHTTPResponse:
    if content:
        headers["content-type"] = "application/json"
    try:
        return _pool().request(
            method,
            address,
            body=content,
            headers=headers,
            timeout=urllib3.Timeout(connect=peer.connect_timeout_seconds, read=peer.read_timeout_seconds),
            retries=False,
            redirect=False,
            preload_content=preload,
        )
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise NotReached(peer.name, type(error).__name__) from error
    except urllib3.exceptions.HTTPError as error:
        raise NoAnswer(peer.name, type(error).__name__) from error


def _received(peer: Peer, request_id: str, response: urllib3.BaseHTTPResponse, into: BinaryIO, most_bytes: int) -> int:
    """Writes the answer's body down while its signature is computed along."""
    length = 0
    try:
        message_id, timestamp, offered = _stamp(response.headers, None)
        if message_id != request_id:
            raise NotGenuine("the answer is to another request")
        states = _signatures_begun(_keys(peer.secret), message_id, timestamp, answer_subject(response.status))
        for piece in response.stream(_PIECE_BYTES, decode_content=False):
            length += len(piece)
            if length > most_bytes:
                raise NotGenuine(f"the document has more than {most_bytes} bytes")
            for state in states:
                state.update(piece)
            into.write(piece)
        _must_match(offered, [base64.b64encode(state.digest()).decode() for state in states])
    except NotGenuine as problem:
        raise AnswerNotTrusted(peer.name, f"status {response.status}: {problem}") from problem
    return length


def _believed(peer: Peer, request_id: str, status: int, headers: urllib3.HTTPHeaderDict, content: bytes) -> Reply:
    try:
        if verify(peer.secret, headers, answer_subject(status), content) != request_id:
            raise NotGenuine("the answer is to another request")
        body = orjson.loads(content) if content else {}
    except (NotGenuine, orjson.JSONDecodeError) as problem:
        if status >= 500:
            raise NoAnswer(peer.name, f"status {status}") from problem
        raise AnswerNotTrusted(peer.name, f"status {status}: {problem}") from problem
    if 200 <= status < 300 and isinstance(body, dict):
        return Reply(status, body)
    code, detail = (str(body.get("code", "")), str(body.get("detail", ""))) if isinstance(body, dict) else ("", "")
    if status == 503:
        raise Unavailable(peer.name, detail or code, retry_after_seconds(headers.get("retry-after")))
    if 400 <= status < 500:
        raise Refused(peer.name, detail, status, code)
    raise NoAnswer(peer.name, f"status {status} {code}")


def retry_after_seconds(header: str | None, *, default: int = DEFAULT_RETRY_AFTER_SECONDS) -> int:
    """Seconds in a `Retry-After` header; `default` when there is none or it is a date (our partners send seconds)."""
    return int(header) if header and header.isascii() and header.isdigit() and len(header) <= 6 else default


def _subject_of(method: str, address: str) -> bytes:
    parts = urlsplit(address)
    return request_subject(method, unquote(parts.path), parts.query)


def _signature(key: bytes, message_id: str, timestamp: str, subject: bytes, content: bytes) -> str:
    message = f"{message_id}.{timestamp}.".encode() + subject + content
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def _signatures_begun(keys: Iterable[bytes], message_id: str, timestamp: str, subject: bytes) -> list[hmac.HMAC]:
    beginning = f"{message_id}.{timestamp}.".encode() + subject
    return [hmac.new(key, beginning, "sha256") for key in keys]


@cache
def _keys(secret: str) -> tuple[bytes, ...]:
    return tuple(_key(text) for text in secret.split())


def _key(text: str) -> bytes:
    if not text.startswith("whsec_"):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("a whsec_ secret must be base64 after its prefix") from error


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=16, maxsize=64, block=False)


# Connections must not be shared with a forked child (Celery's workers fork): each process opens its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)

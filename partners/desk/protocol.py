"""One request at a sandbox: signature, switches, the act itself, and a signed answer, or the silence asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, BinaryIO

import orjson
from flask import Response, request

from partners import wire
from partners.desk.books import Books
from partners.desk.switches import Mode, Switchboard, SwitchWrong
from partners.desk.webhooks import WebhookSender

MOST_HELD = 24
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Desk:
    """What every sandbox works with."""

    books: Books
    switches: Switchboard
    webhooks: WebhookSender


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose signature was right: its JSON object, the signature's id, and the mode it is treated with."""

    body: dict[str, Any]
    message_id: str
    mode: Mode | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sandbox's act brings: HTTP status, JSON object, more headers."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What an act brings when it is no JSON: a file, open and read from its beginning, closed when it has been sent."""

    content: BinaryIO
    content_type: str
    status: int = 200


class Refusal(Exception):
    """The partner refuses: `code` for programs, `detail` for people."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.answer = Answer({"code": code, "detail": detail}, status)


Act = Callable[..., Answer | Document]
View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class SignedProtocol:
    """The protocol of a partner that signs. `serve` wraps an act `(call, **path) -> Answer` into a Flask view."""

    desk: Desk
    partner: str
    secret: str

    def serve(self, operation: str, *, is_webhook: bool = False) -> Callable[[Act], View]:
        """A view for `operation`, the name switches know it by. `is_webhook`: the request is a Standard Webhook."""

        def wrap(act: Act) -> View:
            @wraps(act)
            def view(**path: str) -> Response:
                content = request.get_data(cache=False)
                try:
                    message_id = wire.verify(self.secret, request.headers, _subject(is_webhook), content)
                except wire.NotGenuine as problem:
                    return self._signed(Answer({"code": "signature_refused", "detail": str(problem)}, 401))
                return self._treated(operation, act, content, message_id, path)

            return view

        return wrap

    def _treated(self, operation: str, act: Act, content: bytes, message_id: str, path: dict[str, str]) -> Response:
        try:
            body = _object(content)
            facts = {**request.args, **body, **path}
            mode = self.desk.switches.chosen(self.partner, operation, request.headers.get("x-sandbox-mode"), facts)
        except (Refusal, SwitchWrong) as problem:
            refusal = problem if isinstance(problem, Refusal) else Refusal(400, "switch_wrong", str(problem))
            return self._signed(refusal.answer)
        if mode is not None and mode.name == "acts_late":
            threading.Timer(mode["seconds"], _acting_late, (act, Call(body, message_id, mode), path)).start()
            return silence(0.0)
        early = before_acting(mode)
        if early is not None:
            return early if isinstance(early, Response) else self._signed(early)
        try:
            answer: Answer | Document = act(Call(body, message_id, mode), **path)
        except Refusal as refusal:
            answer = refusal.answer
        late = after_acting(mode)
        if late is not None:
            return late
        return self._signed(answer, secret="wrong" if mode and mode.name == "bad_signature" else self.secret)

    def _signed(self, answer: Answer | Document, *, secret: str | None = None) -> Response:
        request_id = request.headers.get("webhook-id", "")
        request_id = request_id if request_id.isascii() else ""
        if isinstance(answer, Document):
            return _sent_in_pieces(answer, secret or self.secret, request_id)
        content = orjson.dumps(answer.body)
        headers = wire.signature_headers(secret or self.secret, request_id, wire.answer_subject(answer.status), content)
        return Response(content, answer.status, {**headers, **(answer.headers or {})}, content_type="application/json")


def _acting_late(act: Act, call: Call, path: dict[str, str]) -> None:
    # Nobody waits for the answer any more, so a refusal is nobody's either.
    with suppress(Refusal):
        act(call, **path)


def _sent_in_pieces(document: Document, secret: str, request_id: str) -> Response:
    # The signature goes ahead of the content, so the file is read twice: to sign, and to send.
    pieces = iter(partial(document.content.read, _PIECE_BYTES), b"")
    headers = wire.signature_headers_for(secret, request_id, wire.answer_subject(document.status), pieces)
    headers["Content-Length"] = str(document.content.tell())
    document.content.seek(0)
    again = iter(partial(document.content.read, _PIECE_BYTES), b"")
    response = Response(again, document.status, headers, content_type=document.content_type, direct_passthrough=True)
    response.call_on_close(document.content.close)
    return response


def before_acting(mode: Mode | None) -> Answer | Response | None:
    """What a mode makes of a request before anything is done; None: go on and act."""
    if mode is None:
        return None
    if mode.name == "slow":
        time.sleep(mode["seconds"])
    if mode.name == "error_500":
        return _broken()
    if mode.name == "timeout_before":
        return silence(mode["seconds"])
    if mode.name == "maintenance":
        detail = {"code": "maintenance", "detail": "系統維護中 Closed for maintenance"}
        return Answer(detail, 503, {"Retry-After": str(int(mode["seconds"]))})
    return None


def after_acting(mode: Mode | None) -> Response | None:
    """What a mode makes of the answer after the act is done; None: answer as usual."""
    if mode is None:
        return None
    if mode.name == "error_500_after":
        return _broken()
    if mode.name == "timeout_after":
        return silence(mode["seconds"])
    return None


_held = threading.BoundedSemaphore(MOST_HELD)


def silence(seconds: float) -> Response:
    """Holds the connection and then breaks it without an answer.

    Each held connection costs a thread, so no more than MOST_HELD wait at a time; the next are broken at once, which is
    as much of a non-answer. A WSGI server cannot hang up without a word, so headers promise a byte that never comes.
    """
    if _held.acquire(blocking=False):
        try:
            time.sleep(seconds)
        finally:
            _held.release()
    return Response(_nothing(), 504, {"Content-Length": "1"}, direct_passthrough=True)


def _nothing() -> Iterator[bytes]:
    yield from ()


def _broken() -> Response:
    return Response(b'{"code":"internal_error"}', 500, content_type="application/json")


def _subject(is_webhook: bool) -> bytes:
    if is_webhook:
        return b""
    return wire.request_subject(request.method, request.path, request.query_string.decode("latin-1"))


def _object(content: bytes) -> dict[str, Any]:
    if not content:
        return {}
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "not_json", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refusal(400, "not_an_object", "the body must be a JSON object")
    return body


def text(body: Mapping[str, Any], name: str, *, most: int = 200) -> str:
    """The text field `name`; refuses 422 when it is missing, empty or longer than `most` characters."""
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > most:
        raise Refusal(422, "invalid", f"{name} must be text of 1 to {most} characters")
    return value


def optional_text(body: Mapping[str, Any], name: str) -> str | None:
    """The text field `name`, or None when it is missing, null or empty."""
    return text(body, name) if body.get(name) else None


def whole_number(body: Mapping[str, Any], name: str, *, at_least: int = 1, at_most: int = 1_000_000_000_000) -> int:
    """The whole number `name`; refuses 422 when it is none or out of range."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value <= at_most:
        raise Refusal(422, "invalid", f"{name} must be a whole number from {at_least} to {at_most}")
    return value

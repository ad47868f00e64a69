"""The sandbox's Checkout interface, version 72: one request through key, switches, published form and idempotency."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import orjson
from flask import Response, request

from partners.adyen.ledger import insert
from partners.adyen.shop import Shop
from partners.desk.protocol import Answer, after_acting, before_acting
from partners.desk.switches import Mode, SwitchWrong


class CheckoutRefusal(Exception):
    """A request that Checkout refuses, as its ServiceError says it."""

    def __init__(self, status: int, code: str, message: str, kind: str = "validation") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"status": status, "errorCode": code, "message": message, "errorType": kind}


@dataclass(frozen=True, slots=True)
class CheckoutCall:
    """A request that is allowed in: its JSON object, its path and query, and the mode it is treated with."""

    body: dict[str, Any]
    query: Mapping[str, str]
    mode: Mode | None


Act = Callable[..., dict[str, Any] | None]
View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Checkout:
    """`serve` wraps an act `(call, **path) -> answer` into a Flask view."""

    shop: Shop

    def serve(
        self, operation: str, form: str | None, answer_form: str | None, status: int = 200
    ) -> Callable[[Act], View]:
        """A view for `operation`, the name switches know it by; `form` and `answer_form` name published schemas."""

        def wrap(act: Act) -> View:
            @wraps(act)
            def view(**path: str) -> Response:
                try:
                    return self._treated(operation, act, form, answer_form, status, path)
                except CheckoutRefusal as refusal:
                    return _json(refusal.body, refusal.status)

            return view

        return wrap

    def _treated(
        self, operation: str, act: Act, form: str | None, answer_form: str | None, status: int, path: dict[str, str]
    ) -> Response:
        if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), self.shop.api_key.encode()):
            raise CheckoutRefusal(401, "000", "HTTP Status Response - Unauthorized", "security")
        body = _object()
        try:
            mode = self.shop.mode(operation, {**request.args, **body, **path}, request.headers.get("x-sandbox-mode"))
        except SwitchWrong as problem:
            raise CheckoutRefusal(400, "702", str(problem)) from None
        early = before_acting(mode)
        if early is not None:
            closed = {"status": 503, "errorCode": "905", "message": "Service unavailable", "errorType": "internal"}
            return _json(closed, 503, early.headers) if isinstance(early, Answer) else early
        self._must_be_as_published(operation, form, body)
        self._must_be_for_us(body)
        answer = self._once(lambda: act(CheckoutCall(body, request.args, mode), **path), status)
        content = answer[1]
        if self.shop.published and answer_form and answer[0] < 300:
            objection = self.shop.published.objection(answer_form, orjson.loads(content))
            if objection:
                self.shop.object_to(f"answer of {operation}", objection, orjson.loads(content))
        headers = {"Idempotency-Key": key} if (key := request.headers.get("idempotency-key")) else {}
        return after_acting(mode) or Response(content, answer[0], headers, content_type="application/json")

    def _once(self, act: Callable[[], dict[str, Any] | None], status: int) -> tuple[int, bytes]:
        """The act's answer, or the one already given under the request's idempotency key."""
        key = request.headers.get("idempotency-key", "")
        if request.method != "POST" or not key:
            return status, _content(act())
        if len(key) > 64:
            raise CheckoutRefusal(422, "703", "Idempotency key is too long")
        given = self.shop.desk.books.one("SELECT * FROM adyen_answer WHERE key = ?", key)
        if given is None:
            with _under_way(key):
                given = self.shop.desk.books.one("SELECT * FROM adyen_answer WHERE key = ?", key)
                if given is None:
                    content = _content(act())
                    with self.shop.desk.books.writing() as writing:
                        insert(writing, "adyen_answer", key=key, status=status, body=content.decode())
                    return status, content
        return given["status"], given["body"].encode()

    def _must_be_as_published(self, operation: str, form: str | None, body: dict[str, Any]) -> None:
        if self.shop.published and form and (objection := self.shop.published.objection(form, body)):
            self.shop.object_to(operation, objection, body)
            raise CheckoutRefusal(422, "702", objection)

    def _must_be_for_us(self, body: Mapping[str, Any]) -> None:
        account = body.get("merchantAccount", request.args.get("merchantAccount", self.shop.merchant_account))
        if account != self.shop.merchant_account:
            raise CheckoutRefusal(403, "901", "Invalid Merchant Account", "security")


def amount_of(body: Mapping[str, Any]) -> tuple[int, str]:
    """Value in minor units and currency of a request. Raises CheckoutRefusal."""
    amount = body.get("amount")
    value = amount.get("value") if isinstance(amount, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise CheckoutRefusal(422, "100", "No amount specified")
    return value, str(body["amount"]["currency"])


class _under_way:
    """Holds an idempotency key while its first request is at work; a second one is told so."""

    _keys: set[str] = set()
    _turn = threading.Lock()

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        with self._turn:
            if self._key in self._keys:
                raise CheckoutRefusal(422, "704", "request already processed or in progress")
            self._keys.add(self._key)

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._keys.discard(self._key)


def _object() -> dict[str, Any]:
    content = request.get_data(cache=False)
    try:
        body = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError:
        raise CheckoutRefusal(400, "702", "Structure of request cannot be parsed") from None
    if not isinstance(body, dict):
        raise CheckoutRefusal(400, "702", "Structure of request cannot be parsed")
    return body


def _content(answer: dict[str, Any] | None) -> bytes:
    return b"" if answer is None else orjson.dumps(answer)


def _json(body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, content_type="application/json")

"""The ministry's authority over HTTP: revocation lists, whose a certificate is, and a card reader with cards in it.

The real reader is a program on the citizen's own computer that pages of the sites it trusts may ask; here it is a part
of the sandbox, all cards lie in it, and it trusts the city's pages and those of this machine.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, Response, redirect, render_template, request

from core.clock import now
from partners.desk.books import Row
from partners.desk.protocol import (
    Answer,
    Call,
    Desk,
    Refusal,
    SignedProtocol,
    after_acting,
    before_acting,
    text,
)
from partners.desk.switches import Mode, SwitchWrong
from partners.moica import cards
from partners.moica.authority import ISSUING, LIST_LIFETIME, ROOT, Authority, new_key

CRL_TYPE = "application/pkix-crl"
_LONGEST_TO_SIGN = 8192
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_TOO_LONG_BYTES = 40 << 20


def blueprint(desk: Desk, secret: str, authority: Authority, city_origin: str) -> Blueprint:
    """The routes under /moica. `city_origin` is where browsers reach the city, whose pages the reader trusts."""
    moica = Blueprint("moica", __name__, url_prefix="/moica", template_folder="templates")
    signed = SignedProtocol(desk, "moica", secret)
    books = desk.books

    @moica.before_request
    def refuse_strange_sites() -> Response | None:
        if _is_of_reader() and not _is_trusted(request.headers.get("Origin"), city_origin):
            return _json({"code": "site_not_trusted", "detail": "the reader does not trust this site"}, 403)
        return None

    @moica.after_request
    def open_to_pages(response: Response) -> Response:
        # The page of the service that asks for a signature comes from another origin.
        origin = request.headers.get("Origin")
        if origin and _is_of_reader() and _is_trusted(origin, city_origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Headers"] = "content-type"
            response.headers["Vary"] = "Origin"
        return response

    @moica.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return _json(refusal.answer.body, refusal.answer.status)

    @moica.errorhandler(SwitchWrong)
    def wrong_switch(problem: SwitchWrong) -> Response:
        return _json({"code": "switch_wrong", "detail": str(problem)}, 400)

    @moica.post("/v1/id-number-matches")
    @signed.serve("match")
    def match(call: Call) -> Answer:
        serial_number, national_id = text(call.body, "serial_number", most=16), text(call.body, "national_id", most=10)
        held = books.one("SELECT national_id FROM moica_card WHERE card = ?", serial_number)
        return Answer({"matches": held is not None and held["national_id"] == national_id.upper()})

    @moica.get(f"/crl/<any('{ROOT}', '{ISSUING}'):name>.crl")
    def revocation_list(name: str) -> Response:
        mode = desk.switches.chosen("moica", "crl", request.headers.get("x-sandbox-mode"), {"name": name})
        return _misbehaving(mode) or after_acting(mode) or _list(desk, authority, name, mode.name if mode else "")

    @moica.get("/roots.pem")
    def roots() -> Response:
        pem = authority.root.certificate.public_bytes(Encoding.PEM)
        return Response(pem, content_type="application/x-pem-file")

    @moica.get("/reader/cards")
    def inserted() -> Response:
        rows = books.all("SELECT card, name, tries_left FROM moica_card ORDER BY position")
        return _json({"cards": rows})

    @moica.post("/reader/sign")
    def sign() -> Response:
        asked = _object()
        card = _card(desk, text(asked, "card", most=16))
        facts = {"card": card["card"], "national_id": card["national_id"]}
        mode = desk.switches.chosen("moica", "reader_sign", request.headers.get("x-sandbox-mode"), facts)
        early = _misbehaving(mode)
        if early is not None:
            return early
        content = _content(asked)
        try:
            cards.check_pin(books, card, text(asked, "pin", most=8))
        except cards.PinRefused as problem:
            code = "pin_wrong" if problem.tries_left else "pin_blocked"
            return _json({"code": code, "detail": str(problem), "tries_left": problem.tries_left}, 403)
        answer = cards.sign(books, authority, card, content, mode).on_the_wire()
        return after_acting(mode) or _json(answer)

    @moica.get("/cards")
    def page() -> Response:
        nonce = secrets.token_urlsafe(12)
        policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'"
        rows = books.all("SELECT * FROM moica_card ORDER BY position")
        return Response(
            render_template("moica/cards.html", nonce=nonce, cards=rows, most_tries=cards.MOST_TRIES),
            headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
            content_type="text/html; charset=utf-8",
        )

    @moica.post("/cards/<card>/revocation")
    def revoke(card: str) -> Response:
        with books.writing() as writing:
            return _done(cards.revoke(writing, card))

    @moica.post("/cards/<card>/unblocking")
    def unblock(card: str) -> Response:
        with books.writing() as writing:
            return _done(cards.unblock(writing, card))

    @moica.post("/cards/<card>/renewal")
    def renew(card: str) -> Response:
        held = _card(desk, card)
        with books.writing() as writing:
            cards.put_card(writing, held["national_id"], held["name"], held["pin"])
        return _done(True)

    return moica


def _is_of_reader() -> bool:
    return request.path.startswith("/moica/reader/")


def _is_trusted(origin: str | None, city_origin: str) -> bool:
    """Whether a page of `origin` may have something signed; a program on this machine names none."""
    return origin is None or origin == city_origin or urlsplit(origin).hostname in _THIS_MACHINE


def _list(desk: Desk, authority: Authority, name: str, wrong: str) -> Response:
    at = now()
    if wrong == "stale_crl":
        at -= LIST_LIFETIME + timedelta(hours=1)
    revoked = cards.revoked_certificates(desk.books) if name == ISSUING else []
    by = new_key() if wrong == "crl_wrong_signer" else None
    content = authority.revocation_list(name, revoked, now=at, by=by)
    if wrong == "huge_crl":
        content += b"\0" * _TOO_LONG_BYTES
    return Response(content, content_type=CRL_TYPE)


def _misbehaving(mode: Mode | None) -> Response | None:
    early = before_acting(mode)
    return _json(early.body, early.status, early.headers) if isinstance(early, Answer) else early


def _card(desk: Desk, card: str) -> Row:
    row = desk.books.one("SELECT * FROM moica_card WHERE card = ?", card)
    if row is None:
        raise Refusal(404, "card_not_found", "no such card is in the reader")
    return row


def _content(asked: dict[str, Any]) -> bytes:
    try:
        content = base64.b64decode(text(asked, "to_be_signed", most=_LONGEST_TO_SIGN * 2), validate=True)
    except binascii.Error as error:
        raise Refusal(422, "invalid", "to_be_signed must be base64") from error
    if not 1 <= len(content) <= _LONGEST_TO_SIGN:
        raise Refusal(422, "invalid", f"to_be_signed must have 1 to {_LONGEST_TO_SIGN} bytes")
    return content


def _done(is_there: bool) -> Response:
    if not is_there:
        raise Refusal(404, "card_not_found", "no card has this number")
    if request.mimetype == "application/x-www-form-urlencoded":
        answer = redirect("/moica/cards", 303)
        assert isinstance(answer, Response)
        return answer
    return Response(status=204)


def _object() -> dict[str, Any]:
    try:
        body = orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "not_json", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refusal(400, "not_an_object", "the body must be a JSON object")
    return body


def _json(body: Any, status: int = 200, headers: Any = None) -> Response:
    return Response(orjson.dumps(body), status, headers, content_type="application/json")

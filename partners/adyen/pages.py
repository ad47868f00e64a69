"""The processor's pages for browsers: where a card is entered, and where its bank asks whether it is really you."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
from flask import Blueprint, Response, redirect, render_template, request

from core.clock import now, taipei_date
from core.text import Text
from partners.adyen import processing
from partners.adyen.ledger import insert, row_of
from partners.adyen.processing import Asked, Card, Told
from partners.adyen.shop import Shop
from partners.adyen.test_values import NOT_3D_AUTHENTICATED
from partners.desk.books import Row
from partners.desk.switches import Mode

MOST_ATTEMPTS = 3
# Adyen's test cards whose bank always asks.
CHALLENGED_NUMBERS = frozenset({"4212345678901237", "4212345678910006", "5212345678901234"})
_BRANDS = (("4", "visa"), ("51", "mc"), ("52", "mc"), ("53", "mc"), ("54", "mc"), ("55", "mc"), ("2", "mc"),
           ("35", "jcb"), ("34", "amex"), ("37", "amex"), ("62", "cup"))  # fmt: skip

_NUMBER_WRONG = Text("卡號不正確，請再確認一次", "This is not a card number: please check it")
_EXPIRY_WRONG = Text("請填有效月年，例如 03/30，且未過期", "Enter month and year, such as 03/30, not yet past")
_CVC_WRONG = Text("請填卡片背面末三碼", "Enter the security code on the back")
_HOLDER_WRONG = Text("請填持卡人姓名", "Enter the name on the card")
_REFUSED = Text(
    "發卡銀行未核准這筆付款，請換一張卡或返回",
    "The card's bank did not approve this payment: try another card, or go back",
)


def add_to(adyen: Blueprint, shop: Shop) -> None:
    """/adyen/pay/<session> and /adyen/3ds/<challenge>, both for browsers and for programs that post their forms."""

    @adyen.get("/pay/<session_id>")
    def card_page(session_id: str) -> Response:
        session = _session(shop, session_id)
        if session is None or status_of(session) != "active":
            return _way_on(session)
        return _form(session)

    @adyen.post("/pay/<session_id>")
    def enter_card(session_id: str) -> Response:
        session = _session(shop, session_id)
        if session is None or status_of(session) != "active":
            return _way_on(session)
        if request.form.get("decision") == "cancel":
            _end(shop, session_id, "canceled")
            return _way_on(_session(shop, session_id))
        card, problems = _read(request.form)
        if card is None:
            return _form(session, request.form, problems)
        is_ticked = session["keeping"] == "askForConsent" and request.form.get("keep") == "yes"
        asked = _asked(session, keeps_card=is_ticked or session["keeping"] == "enabled")
        mode = shop.mode("payment", {"reference": session["reference"]})
        if card.is_challenged or (mode and mode.name == "challenge"):
            return _see_other(f"{shop.own_url}/adyen/3ds/{begin_challenge(shop, asked, card)}")
        with shop.desk.books.writing() as writing:
            payment, told = processing.authorise(writing, asked, card, mode)
        return _after_payment(shop, session_id, payment, told)

    @adyen.get("/3ds/<challenge_id>")
    def bank_page(challenge_id: str) -> Response:
        challenge = shop.desk.books.one("SELECT * FROM adyen_challenge WHERE id = ?", challenge_id)
        if challenge is None or challenge["state"] != "open":
            return _page("adyen/gone.html", 404, targets="'none'")
        asked, card = _unpacked(challenge)
        return _page("adyen/secure.html", 200, targets=_targets(shop, asked.return_url), asked=asked, card=card)

    @adyen.post("/3ds/<challenge_id>")
    def answer_bank(challenge_id: str) -> Response:
        is_passed = request.form.get("decision", "approve") == "approve"
        with shop.desk.books.writing() as writing:
            writing.execute(
                "UPDATE adyen_challenge SET state = ? WHERE id = ? AND state = 'open'",
                ("passed" if is_passed else "failed", challenge_id),
            )
            challenge = row_of(writing, "SELECT * FROM adyen_challenge WHERE id = ?", challenge_id)
        if challenge is None:
            return _page("adyen/gone.html", 404, targets="'none'")
        asked, _ = _unpacked(challenge)
        if asked.session_id is None:
            return _back(asked.return_url, redirectResult=challenge["redirect_result"])
        with shop.desk.books.writing() as writing:
            payment, told = after_challenge(writing, challenge, None)
        return _after_payment(shop, asked.session_id, payment, told)


def begin_challenge(shop: Shop, asked: Asked, card: Card) -> str:
    """The card's bank wants to ask the payer; answers the name of the question."""
    challenge_id = secrets.token_urlsafe(18)
    with shop.desk.books.writing() as writing:
        insert(
            writing,
            "adyen_challenge",
            id=challenge_id,
            asked=orjson.dumps({"asked": asdict(asked), "card": asdict(card)}).decode(),
            return_url=asked.return_url,
            redirect_result=secrets.token_urlsafe(40),
        )
    return challenge_id


def after_challenge(writing: sqlite3.Connection, challenge: Row, mode: Mode | None) -> tuple[Row, Told]:
    """The payment behind an answered question, made now if it was not yet; said twice, it is one payment."""
    if challenge["psp_reference"]:
        made = row_of(writing, "SELECT * FROM adyen_payment WHERE psp_reference = ?", challenge["psp_reference"])
        assert made is not None
        return made, []
    asked, card = _unpacked(challenge)
    forced = None if challenge["state"] == "passed" else NOT_3D_AUTHENTICATED
    payment, told = processing.authorise(writing, asked, card, mode, forced=forced)
    writing.execute(
        "UPDATE adyen_challenge SET psp_reference = ? WHERE id = ?", (payment["psp_reference"], challenge["id"])
    )
    return payment, told


def status_of(session: Row) -> str:
    """Where a session stands; one whose time is over has expired."""
    if session["status"] == "active" and session["expires_at"] < now().timestamp():
        return "expired"
    return str(session["status"])


def readable(token: str) -> dict[str, Any]:
    """What a wallet's test token says; nothing when it is sealed, as a phone's is."""
    texts: list[str | bytes] = [token]
    try:
        texts.append(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        pass
    for text in texts:
        try:
            said = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if isinstance(said, dict):
            return said
    return {}


def _asked(session: Row, *, keeps_card: bool) -> Asked:
    return Asked(
        reference=session["reference"],
        amount_minor=session["amount_minor"],
        currency=session["currency"],
        shopper_reference=session["shopper_reference"],
        return_url=session["return_url"],
        is_captured=bool(session["is_captured"]),
        keeps_card=keeps_card,
        session_id=session["id"],
    )


def _after_payment(shop: Shop, session_id: str, payment: Row, told: Told) -> Response:
    """On after an attempt: back to the city when it counts, to the form when the card was refused."""
    shop.tell(told)
    if payment["result_code"] in ("Authorised", "Received"):
        _end(shop, session_id, "completed" if payment["result_code"] == "Authorised" else "paymentPending")
        return _way_on(_session(shop, session_id))
    with shop.desk.books.writing() as writing:
        writing.execute("UPDATE adyen_session SET attempts = attempts + 1 WHERE id = ?", (session_id,))
    session = _session(shop, session_id)
    if session is not None and session["attempts"] < MOST_ATTEMPTS:
        return _form(session, {}, {"card": _REFUSED})
    _end(shop, session_id, "refused")
    return _way_on(_session(shop, session_id))


def _read(form: Mapping[str, str]) -> tuple[Card | None, dict[str, Text]]:
    """The card in a submitted form, or None and what is wrong, by field."""
    number = re.sub(r"[ -]", "", form.get("number", ""))
    expiry = re.fullmatch(r"(0[1-9]|1[0-2]) ?/ ?(?:20)?([0-9]{2})", form.get("expiry", "03/30").strip(), re.ASCII)
    holder = form.get("holder_name", "").strip()
    problems: dict[str, Text] = {}
    if not _is_card_number(number):
        problems["number"] = _NUMBER_WRONG
    if expiry is None or (2000 + int(expiry[2]), int(expiry[1])) < (taipei_date(now()).year, taipei_date(now()).month):
        problems["expiry"] = _EXPIRY_WRONG
    if not re.fullmatch(r"[0-9]{3,4}", form.get("cvc", "737"), re.ASCII):
        problems["cvc"] = _CVC_WRONG
    if not holder or len(holder) > 80:
        problems["holder_name"] = _HOLDER_WRONG
    if problems or expiry is None:
        return None, problems
    brand = next((name for prefix, name in _BRANDS if number.startswith(prefix)), "card")
    challenged = number in CHALLENGED_NUMBERS
    return Card("scheme", brand, number[-4:], holder, expiry[1], f"20{expiry[2]}", is_challenged=challenged), {}


def _is_card_number(number: str) -> bool:
    if not re.fullmatch(r"[0-9]{12,19}", number, re.ASCII):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@dataclass(frozen=True, slots=True)
class _Filled:
    """What the form shows again. A card's number and code are typed anew each time."""

    holder_name: str
    expiry: str
    keep: bool


def _form(
    session: Row, filled: Mapping[str, str] | None = None, problems: Mapping[str, Text] | None = None
) -> Response:
    again = filled or {}
    return _page(
        "adyen/pay.html",
        422 if problems else 200,
        targets=f"'self' {_origin(session['return_url'])}",
        session=session,
        amount_twd=session["amount_minor"] // 100,
        filled=_Filled(again.get("holder_name", ""), again.get("expiry", ""), again.get("keep") == "yes"),
        problems=problems or {},
    )


def _way_on(session: Row | None) -> Response:
    """Where a browser goes whose session has ended. Sent twice (double click, back button), it goes the same way."""
    if session is None or status_of(session) == "active":
        return _page("adyen/gone.html", 404, targets="'none'")
    return _back(session["return_url"], sessionId=session["id"], sessionResult=session["session_result"])


def _back(return_url: str, **result: str) -> Response:
    parts = urlsplit(return_url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **result}
    return _see_other(urlunsplit(parts._replace(query=urlencode(query))))


def _see_other(address: str) -> Response:
    answer = redirect(address, 303)
    assert isinstance(answer, Response)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _session(shop: Shop, session_id: str) -> Row | None:
    return shop.desk.books.one("SELECT * FROM adyen_session WHERE id = ?", session_id)


def _end(shop: Shop, session_id: str, status: str) -> None:
    with shop.desk.books.writing() as writing:
        writing.execute("UPDATE adyen_session SET status = ? WHERE id = ? AND status = 'active'", (status, session_id))


def _unpacked(challenge: Row) -> tuple[Asked, Card]:
    kept = orjson.loads(challenge["asked"])
    return Asked(**kept["asked"]), Card(**kept["card"])


def _targets(shop: Shop, return_url: str) -> str:
    return f"'self' {_origin(return_url)} {_origin(shop.own_url)}"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _page(template: str, status: int, *, targets: str, **values: object) -> Response:
    nonce = secrets.token_urlsafe(12)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action {targets}; frame-ancestors 'none'"
    return Response(
        render_template(template, nonce=nonce, **values),
        status,
        {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        content_type="text/html; charset=utf-8",
    )

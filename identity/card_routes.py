"""Printed cards over HTTP: at a kiosk, and at the 1999 line, where the exchange brings what the caller keyed in."""

from __future__ import annotations

from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from core import db
from core.clock import on_the_wire
from core.errors import Forbidden, MalformedBody, NotFound, Problem
from core.http import Answer, Call, Routes, officer, partner_signature, public
from core.ids import parse_typeid, typeid
from core.settings import settings
from core.text import Text
from identity import access_log, counter, passwords, people, phone_calls, printed_cards, security_notices, sessions
from identity.counter_errors import CallNotReady, CardRefused, OwnRecord, TooManyLookups
from identity.counter_models import CardQuestion, PhoneCall
from identity.counter_routes import visit_answer
from identity.counter_schemas import (
    CallBegun,
    CallCode,
    CallSchema,
    CardAnswer,
    CardHolder,
    CardLoss,
    CardQuestionSchema,
    KeysTaken,
    VisitSchema,
)
from identity.errors import MethodLocked
from identity.recovery_errors import MethodShut
from identity.schemas import Nothing, SessionSchema
from identity.session_answers import COOKIE_HEADER, circumstances, session_answer, user_agent_of
from partners import wire

routes = Routes("identity")
_AT_A_KIOSK = Text("自助機", "at a kiosk")
_BY_PHONE = Text("1999 電話", "by phone at 1999")
_LOST = Text("向 1999 報失", "reported lost to 1999")


@routes.post(
    "/v1/auth/cards/questions",
    access=public(),
    body=CardHolder,
    answers={201: CardQuestionSchema},
    summary=Text("以密碼卡登入：要輸入第幾個號碼", "Signing in with a printed card: which code to give"),
)
def ask_for_card_code(call: Call) -> Answer:
    """Answers alike for people who have no card."""
    question = printed_cards.ask(call.session, call.body["national_id"], now=call.now)
    body = {
        "question_id": typeid("cqu", question.id),
        "code_number": question.code_number,
        "expires_at": on_the_wire(question.expires_at),
    }
    return Answer(body, 201)


@routes.post(
    "/v1/auth/cards/verify",
    access=public(),
    body=CardAnswer,
    answers={200: SessionSchema},
    problems=[CardRefused, MethodLocked, MethodShut],
    own_units=True,
    answer_headers={200: COOKIE_HEADER},
    summary=Text("以密碼卡的號碼與 PIN 登入", "Sign in with the card's code and the PIN"),
)
def sign_in_with_card(call: Call) -> Answer:
    """A session of level 2 that ends after ten minutes unused: bills and rides, never a payment."""
    question_id = parse_typeid("cqu", call.body["question_id"])
    with db.unit_of_work() as session:
        claimed = printed_cards.claim(session, question_id, now=call.now)
    pin_was_right = printed_cards.pin_is_right(claimed, call.body["pin"])
    with db.unit_of_work() as session:
        person_id = printed_cards.weigh(session, claimed, call.body["code"], pin_was_right=pin_was_right, now=call.now)
        issued = sessions.begin(session, person_id=person_id, amr=("card", "pin"), **circumstances(call))
        _tell(session, person_id, _AT_A_KIOSK, issued.session_id, call)
        return session_answer(session, issued, now=call.now)


@routes.post(
    "/v1/operator/calls",
    access=officer("operator"),
    shows_person_data=False,
    body=CallBegun,
    answers={201: CallSchema},
    problems=[OwnRecord, TooManyLookups],
    summary=Text("1999：開始確認來電者", "1999: begin to confirm a caller"),
)
def begin_call(call: Call) -> Answer:
    """Says which code the caller is to read out, and nothing about anybody: not even whether there is a card."""
    begun = phone_calls.begin(call.session, call.actor, **call.body, now=call.now)
    return Answer(_call(call, begun.call, begun.code_number), 201)


@routes.get(
    "/v1/operator/calls/<call_id>",
    access=officer("operator"),
    shows_person_data=False,
    answers={200: CallSchema},
    problems=[NotFound],
    summary=Text("1999：這通電話確認了沒有", "1999: whether a caller is confirmed"),
)
def read_call(call: Call) -> Answer:
    """One's own calls alone."""
    return Answer(_call(call, phone_calls.read(call.session, call.actor, _call_id(call))))


@routes.post(
    "/v1/operator/calls/<call_id>/code",
    access=officer("operator"),
    shows_person_data=False,
    body=CallCode,
    answers={200: CallSchema},
    problems=[NotFound, CallNotReady],
    summary=Text("1999：輸入來電者念出的號碼", "1999: the code that the caller reads out"),
)
def write_call_code(call: Call) -> Answer:
    """Good once; then the caller keys in `keypad_number` and the PIN, which no operator hears."""
    written = phone_calls.write_code(call.session, call.actor, _call_id(call), call.body["code"], now=call.now)
    return Answer(_call(call, written))


@routes.post(
    "/v1/operator/calls/<call_id>/visits",
    access=officer("operator"),
    shows_person_data=True,
    body=Nothing,
    answers={201: VisitSchema},
    problems=[NotFound, CallNotReady],
    summary=Text("1999：為已確認的來電者開始辦理", "1999: begin to serve a caller who was confirmed"),
)
def begin_call_visit(call: Call) -> Answer:
    """Like a visit at the counter, begun with the caller's own card and PIN."""
    begun = phone_calls.serve(call.session, call.actor, _call_id(call), user_agent=user_agent_of(call), now=call.now)
    _tell(call.session, begun.visit.person_id, _BY_PHONE, begun.issued.session_id, call)
    return visit_answer(begun)


@routes.post(
    "/v1/operator/card-losses",
    access=officer("operator"),
    shows_person_data=False,
    body=CardLoss,
    answers={204: None},
    problems=[OwnRecord, TooManyLookups],
    summary=Text("1999：密碼卡報失，立即停用", "1999: a printed card is reported lost, and ends at once"),
)
def report_card_lost(call: Call) -> Answer:
    """Answers alike whether there is a card or not. The person is told, so nobody's card ends unseen."""
    national_id, case_number = call.body["national_id"], call.body["case_number"]
    purpose = "lost_credentials"
    counter.refuse_own_or_too_many(
        call.session, call.actor, national_id, purpose=purpose, case_number=case_number, now=call.now
    )
    person = people.find(call.session, national_id)
    if person is not None and printed_cards.end(call.session, person.id, reason=_LOST, now=call.now):
        access_log.record_access(
            call.session,
            actor=call.actor,
            person_id=person.id,
            what="printed_card",
            purpose=purpose,
            reference=case_number,
            now=call.now,
        )
    return Answer(status=204)


@routes.post(
    "/v1/webhooks/partners/ivr",
    access=partner_signature(),
    answers={200: KeysTaken},
    problems=[Forbidden, MalformedBody],
    accepts=("application/json; charset=utf-8",),
    own_units=True,
    summary=Text("電話語音系統：來電者按下的 PIN", "The telephone exchange: the PIN that a caller keyed in"),
)
def take_keyed_pin(call: Call) -> Answer:
    """A Standard Webhook. The exchange learns nothing of what comes of it; the operator sees it at the call."""
    content = call.request.get_data()
    try:
        wire.verify_webhook(settings().ivr_secret, call.request.headers, content)
    except wire.NotGenuine:
        raise Forbidden from None
    keypad_number, pin = _keys_in(content)
    try:
        with db.unit_of_work() as session:
            call_id, claimed = phone_calls.claim(session, keypad_number, now=call.now)
        pin_was_right = passwords.is_right(pin, claimed.pin_hash)
        with db.unit_of_work() as session:
            phone_calls.weigh(session, call_id, claimed, pin_was_right=pin_was_right, now=call.now)
    except Problem:
        # Refused, locked or nobody's call: the operator sees it, whoever holds the telephone hears it from them.
        pass
    return Answer({"received": True})


def _keys_in(content: bytes) -> tuple[str, str]:
    try:
        data = orjson.loads(content)["data"]
        keypad_number, pin = str(data["keypad_number"]), str(data["pin"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise MalformedBody from None
    if not (printed_cards.is_pin(pin) and printed_cards.is_pin(keypad_number)):
        raise MalformedBody
    return keypad_number, pin


def _call(call: Call, row: PhoneCall, code_number: int | None = None) -> dict[str, object]:
    if code_number is None:
        code_number = call.session.get_one(CardQuestion, row.question_id).code_number
    is_open = row.status in ("asked", "keypad", "confirmed")
    return {
        "id": typeid("cll", row.id),
        "status": "lapsed" if is_open and row.expires_at <= call.now else row.status,
        "code_number": code_number,
        "keypad_number": row.keypad_number,
        "case_number": row.case_number,
        "expires_at": on_the_wire(row.expires_at),
    }


def _call_id(call: Call) -> UUID:
    return parse_typeid("cll", call.path["call_id"])


def _tell(session: Session, person_id: UUID, where: Text, session_id: UUID, call: Call) -> None:
    security_notices.tell(
        session, person_id, "card_sign_in", values={"where": where}, session_id=session_id, now=call.now
    )

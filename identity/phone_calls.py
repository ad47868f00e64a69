"""The 1999 line: a caller without a smartphone is confirmed by a code of their printed card and by its PIN.

The operator types the ID number and the code, which is good once. The PIN, which stays, never passes them: the caller
keys it in on the telephone, and the exchange hands it to us signed (`partners/ivr`). The operator sees nothing about
anybody, not even whether there is a card, until the caller is confirmed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import new_uuid
from identity import counter, printed_cards, visits
from identity.actors import Actor
from identity.counter_errors import CallNotReady, CardRefused
from identity.counter_models import CardQuestion, PhoneCall
from identity.printed_cards import Claim

CALL_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that has just begun, and which code the caller is to read out."""

    call: PhoneCall
    code_number: int


def begin(session: Session, officer: Actor, *, national_id: str, case_number: str, now: datetime) -> Begun:
    """A caller says whose ID number is theirs. Raises OwnRecord, TooManyLookups."""
    counter.refuse_own_or_too_many(session, officer, national_id, purpose="visit", case_number=case_number, now=now)
    question = printed_cards.ask(session, national_id, now=now)
    assert officer.session_id is not None
    call = PhoneCall(
        id=new_uuid(),
        question_id=question.id,
        officer_id=officer.id,
        officer_session_id=officer.session_id,
        case_number=case_number,
        status="asked",
        begun_at=now,
        expires_at=now + CALL_LIFE,
    )
    session.add(call)
    session.flush()
    return Begun(call, question.code_number)


def write_code(session: Session, officer: Actor, call_id: UUID, code: str, *, now: datetime) -> PhoneCall:
    """The code that the caller read out, kept as a hash until the PIN comes. Raises NotFound, CallNotReady."""
    call = _own(session, officer, call_id)
    if call.status != "asked" or call.expires_at <= now:
        raise CallNotReady
    question = session.get_one(CardQuestion, call.question_id)
    call.code_hash = printed_cards.hash_of(question.card_id, question.code_number, code)
    call.status = "keypad"
    call.keypad_number = _free_number(session, now)
    session.flush()
    return call


def read(session: Session, officer: Actor, call_id: UUID) -> PhoneCall:
    """The officer's own call. Raises NotFound."""
    return _own(session, officer, call_id)


def claim(session: Session, keypad_number: str, *, now: datetime) -> tuple[UUID, Claim]:
    """The exchange brings a PIN for the call with this number: take a try before it is weighed. Answers which call.

    One PIN for one call: whoever slips begins anew. Raises NotFound, CardRefused, MethodLocked.
    """
    call = session.scalars(
        select(PhoneCall)
        .where(PhoneCall.keypad_number == keypad_number, PhoneCall.status == "keypad", PhoneCall.expires_at > now)
        .with_for_update(),
        execution_options={"populate_existing": True},
    ).first()
    if call is None:
        raise NotFound
    call.status = "refused"
    return call.id, printed_cards.claim(session, call.question_id, now=now)


def weigh(session: Session, call_id: UUID, claimed: Claim, *, pin_was_right: bool, now: datetime) -> None:
    """Code and PIN together: the caller is confirmed, or not. Raises CardRefused, MethodShut."""
    call = session.get(PhoneCall, call_id, with_for_update=True, populate_existing=True)
    if call is None or call.status != "refused":
        raise CardRefused
    call.person_id = printed_cards.weigh_hash(session, claimed, call.code_hash, pin_was_right=pin_was_right, now=now)
    call.status = "confirmed"


def serve(session: Session, officer: Actor, call_id: UUID, *, user_agent: str, now: datetime) -> visits.Begun:
    """Begin the visit with a caller who was confirmed; once. Raises NotFound, CallNotReady."""
    call = _own(session, officer, call_id)
    if call.status != "confirmed" or call.person_id is None or call.expires_at <= now:
        raise CallNotReady
    call.status = "served"
    return visits.begin(
        session,
        officer,
        call.person_id,
        kind="phone",
        amr=("card", "pin"),
        case_number=call.case_number,
        user_agent=user_agent,
        now=now,
    )


def _free_number(session: Session, now: datetime) -> str:
    """Six digits that no other open call has; the caller keys them in first, so that the exchange knows the call."""
    open_calls = select(PhoneCall.keypad_number).where(PhoneCall.status == "keypad", PhoneCall.expires_at > now)
    taken = set(session.scalars(open_calls))
    while True:
        number = f"{secrets.randbelow(1_000_000):06d}"
        if number not in taken:
            return number


def _own(session: Session, officer: Actor, call_id: UUID) -> PhoneCall:
    call = session.get(PhoneCall, call_id, with_for_update=True, populate_existing=True)
    if call is None or call.officer_id != officer.id or call.officer_session_id != officer.session_id:
        raise NotFound
    return call

"""Codes on paper: whoever was proved at a counter makes a passkey on their own phone with one, once, within a day.

The code alone opens nothing: the ID number, which is not on the paper, is asked with it. So a paper that is lost is
worth nothing to its finder, and tries are counted by whom they are for.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import outbox
from core.crypto import token_hash
from core.ids import new_uuid
from core.taiwan import mask_national_id
from identity import attempts, challenges, counter, locks, new_passkeys, passkeys, people, security_notices, sessions
from identity.actors import Actor
from identity.attempts import Limit
from identity.challenges import Begun
from identity.counter_errors import CounterCodeRefused
from identity.counter_models import CounterCode
from identity.errors import CeremonyRefused, PasskeyLimitReached, PasskeyRefused
from identity.models import Passkey, Person
from identity.words import DEFAULT_PASSKEY_NAME

CODE_LIFE = timedelta(hours=24)
ENROLMENT_CODE = Limit("enrolment_code", 5, timedelta(minutes=15), extends=True)
_MOST_PASSKEYS = 20
# Crockford's base 32: no I, L, O, U to mistake. 16 of them are 80 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110", "- \u2010\u2011\u2012\u2013\u2014\u3000")


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed: the code in groups, until when it is good, and whose it is (masked)."""

    code: str
    expires_at: datetime
    holder_masked: str
    language: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who has made a passkey with a code, which one, and how they have signed (RFC 8176)."""

    person_id: UUID
    passkey_id: UUID
    amr: tuple[str, ...]


def make(session: Session, officer: Actor, case_id: UUID, *, now: datetime) -> Slip:
    """A new code for whoever was proved in this case, shown this once; earlier ones are dead, and the person is told.

    Raises NotFound, NobodyThereYet, NotProvedYet; MethodShut for somebody who has said of the counter "that was not
    me", until that case is resolved.
    """
    case, person = counter.proved_person(session, officer, case_id, now=now)
    locks.refuse_if_locked(session, person.id, "counter")
    session.execute(delete(CounterCode).where(CounterCode.person_id == person.id))
    code = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    made = CounterCode(
        id=new_uuid(),
        person_id=person.id,
        code_hash=token_hash(code),
        made_by=officer.id,
        made_at=now,
        expires_at=now + CODE_LIFE,
    )
    session.add(made)
    counter.record(session, officer, case, "counter_code", now=now)
    security_notices.tell(session, person.id, "counter_code_made", now=now)
    session.flush()
    grouped = "-".join(code[start : start + 4] for start in range(0, 16, 4))
    return Slip(grouped, made.expires_at, mask_national_id(people.opened_national_id(person)), person.language)


def begin(session: Session, *, national_id: str, code: str, now: datetime) -> Begun:
    """Options for a passkey of whoever holds the ID number and the code.

    Raises CounterCodeRefused (the try stays counted), MethodLocked after five in a row, MethodShut.
    """
    subject = people.index_of(national_id)
    attempts.take_or_refuse(session, subject, ENROLMENT_CODE, now=now)
    query = select(CounterCode.id, Person).join(Person, Person.id == CounterCode.person_id)
    row = session.execute(
        query.where(
            CounterCode.code_hash == token_hash(_as_made(code)),
            CounterCode.used_at.is_(None),
            CounterCode.expires_at > now,
            Person.national_id_index == subject,
        )
    ).one_or_none()
    if row is None:
        raise CounterCodeRefused
    code_id, person = row
    locks.refuse_if_locked(session, person.id, "counter")
    attempts.clear(session, subject, ENROLMENT_CODE)
    held = session.scalars(select(Passkey.credential_id).where(Passkey.person_id == person.id)).all()
    ceremony = challenges.give_out(session, "counter_enrolment", code_id=code_id, now=now)
    name = mask_national_id(people.opened_national_id(person))
    options = new_passkeys.creation_options(person.id, name=name, challenge=ceremony.challenge, held=held)
    return Begun(ceremony.id, options)


def finish(
    session: Session, ceremony_id: UUID, credential: Any, name: str | None, *, network: str, now: datetime
) -> Enrolled:
    """Add the passkey that the phone has made, and use up the code. Every session there was ends, and the person is
    told: whoever lost a phone is rid of it.

    Raises CeremonyRefused, CounterCodeRefused, PasskeyRefused, PasskeyLimitReached, MethodShut.
    """
    ceremony = challenges.use(session, "counter_enrolment", ceremony_id, now=now)
    if ceremony.code_id is None:
        raise CeremonyRefused
    made = new_passkeys.verified(credential, ceremony.challenge)
    person = _use(session, ceremony.code_id, now)
    locks.refuse_if_locked(session, person.id, "counter")
    if len(session.scalars(select(Passkey.id).where(Passkey.person_id == person.id)).all()) >= _MOST_PASSKEYS:
        raise PasskeyLimitReached
    passkey = {
        **made,
        "person_id": person.id,
        "name": name or DEFAULT_PASSKEY_NAME.in_language(person.language),
        "created_at": now,
        "last_used_at": now,
        "last_used_network": network,
    }
    added = session.scalars(insert(Passkey).values(passkey).on_conflict_do_nothing().returning(Passkey)).one_or_none()
    if added is None:
        raise PasskeyRefused
    person.first_passkey_until = None
    sessions.end_all(session, person_id=person.id, reason="enrolled with a code from a counter", now=now)
    security_notices.tell(session, person.id, "passkey_added", values={"name": added.name}, now=now)
    told = {"person_id": str(person.id), "passkey_id": str(added.id), "added_at": now.isoformat()}
    outbox.record(session, "identity.passkey_added", told, now=now)
    return Enrolled(person.id, added.id, passkeys.amr_of(is_synced=made["is_backup_eligible"]))


def _use(session: Session, code_id: UUID, now: datetime) -> Person:
    code = session.get(CounterCode, code_id, with_for_update=True, populate_existing=True)
    if code is None or code.used_at is not None or code.expires_at <= now:
        raise CounterCodeRefused
    code.used_at = now
    return session.scalars(select(Person).where(Person.id == code.person_id).with_for_update()).one()


def _as_made(code: str) -> str:
    return code.upper().translate(_MISREAD)

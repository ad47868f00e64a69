"""Signing in with ID number and password, then a code by text message.

Three steps, because weighing a password is slow on purpose and must not hold a transaction open: take a try and read
the hash; weigh; send the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from identity import attempts, codes, people
from identity.codes import Challenge


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says that they are the holder of an ID number. Without a person there is no hash, and no way to tell."""

    subject: bytes
    person_id: UUID | None
    password_hash: str | None


def claim(session: Session, national_id: str, *, now: datetime) -> Claim:
    """Take one try at this ID number's password, known or not. Raises MethodLocked when none is left."""
    subject = people.index_of(national_id)
    attempts.take_or_refuse(session, subject, attempts.PASSWORD, now=now)
    person = people.find(session, national_id)
    if person is None:
        return Claim(subject, None, None)
    return Claim(subject, person.id, person.password_hash)


def send_code(session: Session, claimed: Claim, *, now: datetime, new_hash: str | None = None) -> Challenge:
    """The password was right: send the code. `new_hash` is the password's under today's parameters.

    Raises MethodLocked when codes failed too often, or too many were sent.
    """
    assert claimed.person_id is not None
    attempts.clear(session, claimed.subject, attempts.PASSWORD)
    person = people.get(session, claimed.person_id)
    if new_hash is not None:
        person.password_hash = new_hash
    attempts.refuse_if_none_left(session, claimed.subject, attempts.SMS_CODE, now=now)
    attempts.take_or_refuse(session, claimed.subject, attempts.CODES_SENT, now=now)
    return codes.send_to_person(
        session,
        person_id=person.id,
        subject=claimed.subject,
        mobile=people.opened_mobile(person),
        language=person.language,
        now=now,
    )

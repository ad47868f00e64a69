"""Signing in with ID number and password, then a second factor: a code by text message, of an app, or from a list.

Three steps, because weighing a password is slow on purpose and must not hold a transaction open: take a try and read
the hash; weigh; begin the challenge, which any of the factors answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from core import taiwan
from identity import attempts, codes, locks, people
from identity.codes import Challenge

SecondFactor = Literal["sms", "totp", "recovery_code"]


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


def begin_challenge(
    session: Session, claimed: Claim, *, second_factor: SecondFactor = "sms", now: datetime, new_hash: str | None = None
) -> Challenge:
    """The password was right: begin the challenge, and send a code if one by text message is wanted.

    `new_hash` is the password's under today's parameters. The answer is the same for everybody, whichever factors they
    have. Raises MethodLocked when codes failed too often or too many were sent, MethodShut when the person has shut
    this way to sign in.
    """
    assert claimed.person_id is not None
    attempts.clear(session, claimed.subject, attempts.PASSWORD)
    person = people.get(session, claimed.person_id)
    if new_hash is not None:
        person.password_hash = new_hash
    if second_factor != "sms":
        return codes.begin_without_code(session, person=person, sent_to=None, now=now)
    attempts.refuse_if_none_left(session, claimed.subject, attempts.SMS_CODE, now=now)
    locks.refuse_if_locked(session, person.id, "password_sms")
    attempts.take_or_refuse(session, claimed.subject, attempts.CODES_SENT, now=now)
    mobile = people.opened_mobile(person)
    if mobile is None:
        return codes.begin_without_code(session, person=person, sent_to=_mask_of_nobody(claimed.subject), now=now)
    return codes.send_to_person(
        session, person_id=person.id, subject=claimed.subject, mobile=mobile, language=person.language, now=now
    )


def _mask_of_nobody(subject: bytes) -> str:
    # Whoever has a password but no mobile looks like everybody else, and the same each time.
    return taiwan.mask_mobile(f"09000000{int.from_bytes(subject[:4]) % 100:02d}")

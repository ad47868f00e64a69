"""One-time codes by text message: six digits, five minutes, one use, bound to the challenge they were sent for.

A sign-in's challenge stands for a password that was right. The code by text message answers it, and so does a code of
the person's app or a recovery code: which of them somebody has is not to be seen from it.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from core import crypto
from core.ids import new_uuid
from core.taiwan import mask_mobile
from identity import attempts, locks, texts_out
from identity.attempts import Limit
from identity.errors import CodeRefused
from identity.models import OtpChallenge, Person
from identity.words import CODE_SMS

CODE_LIFE = timedelta(minutes=5)
_TABLE = "identity.otp_challenge"
_LIMITS = {"login": attempts.SMS_CODE, "registration": attempts.REGISTRATION_CODE}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a caller is told of a code: where it went (None: nothing was sent), and until when it is good."""

    id: UUID
    expires_at: datetime
    sent_to: str | None


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who wants to register; the password is hashed already."""

    national_id: str
    mobile: str
    password_hash: str
    language: str


@dataclass(frozen=True, slots=True)
class Proven:
    """A right code: for whom a session may begin (login), or who may be enrolled (registration)."""

    challenge_id: UUID
    purpose: Literal["login", "registration"]
    person_id: UUID | None
    applicant: Applicant | None


def send_to_person(
    session: Session, *, person_id: UUID, subject: bytes, mobile: str, language: str, now: datetime
) -> Challenge:
    """Send a code to somebody whose password was right."""
    challenge, code = _challenge("login", subject, language, now)
    challenge.person_id = person_id
    return _send(session, challenge, code, mobile, now)


def begin_without_code(session: Session, *, person: Person, sent_to: str | None, now: datetime) -> Challenge:
    """A challenge for somebody whose password was right and who is not sent a code; `sent_to` is what they are told."""
    challenge, _ = _challenge("login", person.national_id_index, person.language, now)
    challenge.person_id = person.id
    # Six digits could be guessed although nobody was sent them; this is the hash of nothing that can be sent.
    challenge.code_hash = secrets.token_bytes(32)
    session.add(challenge)
    session.flush()
    return Challenge(challenge.id, challenge.expires_at, sent_to)


def send_to_applicant(session: Session, applicant: Applicant, *, subject: bytes, now: datetime) -> Challenge:
    """Send a code to the mobile that somebody wants to register with; what they gave waits sealed in the challenge."""
    challenge, code = _challenge("registration", subject, applicant.language, now)
    challenge.national_id_sealed = crypto.seal(
        applicant.national_id, table=_TABLE, column="national_id", row_id=challenge.id
    )
    challenge.mobile_sealed = crypto.seal(applicant.mobile, table=_TABLE, column="mobile", row_id=challenge.id)
    challenge.password_hash = applicant.password_hash
    return _send(session, challenge, code, applicant.mobile, now)


def pretend_to_send(session: Session, applicant: Applicant, *, subject: bytes, now: datetime) -> Challenge:
    """What an applicant sees whose ID number is registered: the same answer, and a challenge that never verifies."""
    challenge, _ = _challenge("registration", subject, applicant.language, now)
    challenge.is_decoy = True
    session.add(challenge)
    session.flush()
    return Challenge(challenge.id, challenge.expires_at, mask_mobile(applicant.mobile))


def prove(session: Session, challenge_id: UUID, code: str, *, now: datetime) -> Proven:
    """Weigh a code. A login's is used up; a registration's stays proven until `registration.complete` has finished.

    Raises CodeRefused (the try stays counted) and, once five have failed in a row, MethodLocked without weighing;
    MethodShut for a right code of somebody who has shut this way to sign in.
    """
    challenge = session.get(OtpChallenge, challenge_id)
    if challenge is None or not _is_open(challenge, now):
        raise CodeRefused
    limit = _LIMITS[challenge.purpose]
    attempts.take_or_refuse(session, challenge.subject, limit, now=now)
    session.refresh(challenge, with_for_update=True)
    is_right = hmac.compare_digest(challenge.code_hash, _hash_of(challenge.id, code))
    if not is_right or challenge.is_decoy or not _is_open(challenge, now):
        raise CodeRefused
    attempts.clear(session, challenge.subject, limit)
    if challenge.purpose == "login":
        challenge.finished_at = now
        assert challenge.person_id is not None
        locks.refuse_if_locked(session, challenge.person_id, "password_sms")
        return Proven(challenge.id, "login", challenge.person_id, None)
    challenge.proven_at = challenge.proven_at or now
    return Proven(challenge.id, "registration", None, _applicant_of(challenge))


def taken_login(session: Session, challenge_id: UUID, limit: Limit, *, now: datetime) -> OtpChallenge:
    """A sign-in's challenge that is open, its row locked, and one try of `limit` taken for whoever answers it by
    another factor than the text message. Raises CodeRefused, and MethodLocked when no try is left."""
    challenge = session.get(OtpChallenge, challenge_id)
    if challenge is None or challenge.purpose != "login" or not _is_open(challenge, now):
        raise CodeRefused
    attempts.take_or_refuse(session, challenge.subject, limit, now=now)
    session.refresh(challenge, with_for_update=True)
    if not _is_open(challenge, now):
        raise CodeRefused
    return challenge


def finish_registration(session: Session, challenge_id: UUID, *, now: datetime) -> Applicant:
    """Use up a proven registration's challenge. Raises CodeRefused when it is not proven, or used already."""
    challenge = session.get(OtpChallenge, challenge_id, with_for_update=True, populate_existing=True)
    if challenge is None or challenge.proven_at is None or challenge.finished_at is not None:
        raise CodeRefused
    challenge.finished_at = now
    return _applicant_of(challenge)


def _challenge(
    purpose: Literal["login", "registration"], subject: bytes, language: str, now: datetime
) -> tuple[OtpChallenge, str]:
    code = f"{secrets.randbelow(1_000_000):06d}"
    challenge_id = new_uuid()
    challenge = OtpChallenge(
        id=challenge_id,
        purpose=purpose,
        subject=subject,
        code_hash=_hash_of(challenge_id, code),
        is_decoy=False,
        language=language,
        created_at=now,
        expires_at=now + CODE_LIFE,
    )
    return challenge, code


def _send(session: Session, challenge: OtpChallenge, code: str, mobile: str, now: datetime) -> Challenge:
    session.add(challenge)
    words = CODE_SMS.format(code=code).in_language(challenge.language)
    texts_out.write(session, person_id=challenge.person_id, mobile=mobile, body=words, now=now, life=CODE_LIFE)
    session.flush()
    return Challenge(challenge.id, challenge.expires_at, mask_mobile(mobile))


def _hash_of(challenge_id: UUID, code: str) -> bytes:
    # Keyed: a million codes are tried in a second. The challenge's id is in it, so a code is good for its own only.
    return crypto.blind_index(f"{challenge_id}:{code}", purpose="otp_code")


def _is_open(challenge: OtpChallenge, now: datetime) -> bool:
    return challenge.finished_at is None and now < challenge.expires_at


def _applicant_of(challenge: OtpChallenge) -> Applicant:
    assert challenge.national_id_sealed and challenge.mobile_sealed and challenge.password_hash
    national_id = crypto.open_sealed(
        challenge.national_id_sealed, table=_TABLE, column="national_id", row_id=challenge.id
    )
    mobile = crypto.open_sealed(challenge.mobile_sealed, table=_TABLE, column="mobile", row_id=challenge.id)
    return Applicant(national_id.decode(), mobile.decode(), challenge.password_hash, challenge.language)

"""Recovery codes: ten, shown once, for the day when telephone and app are gone. Each signs in once, after a password.

Ten characters of 32 are 50 bits, fewer than the 112 from which a plain hash would do, so they are hashed like passwords
(NIST SP 800-63B-4 §3.1.2.2; ASVS 6.5.2), with one salt for a person's ten: a try costs one hash, not ten.
Hashing is slow on purpose: never do it with a transaction open.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.ids import new_uuid
from identity import attempts, codes, locks, passwords, security_notices
from identity.actors import Actor
from identity.attempts import Limit
from identity.errors import CodeRefused
from identity.models import OtpChallenge
from identity.recovery_models import RecoveryCode, RecoveryCodeSet

COUNT, LENGTH = 10, 10
LIMIT = Limit("recovery_code", 5, timedelta(minutes=15), extends=True)
# Crockford's base 32: no I, L, O, U to mistake.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110", "- \u2010\u2011\u2012\u2013\u2014\u3000")
_SALT_OF_NOBODY = bytes(16)


@dataclass(frozen=True, slots=True)
class NewSet:
    """Ten codes as their owner is to keep them ("7KQ2M-9XWTD"), and what is stored of them."""

    codes: tuple[str, ...]
    salt: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What is left of somebody's codes."""

    made_at: datetime
    left: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody whose password was right is about to give a code; the salt to hash it with."""

    challenge_id: UUID
    salt: bytes


def make() -> NewSet:
    """Ten new codes. Takes ten hashes' time."""
    salt = secrets.token_bytes(16)
    plain = tuple("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT))
    shown = tuple(f"{code[:5]}-{code[5:]}" for code in plain)
    return NewSet(shown, salt, tuple(passwords.hash_with(code, salt) for code in plain))


def put_right(typed: str) -> str:
    """What was typed, as it was meant: no blanks and dashes, upper case, O as 0, I and L as 1."""
    return typed.upper().translate(_MISREAD)


def replace(session: Session, actor: Actor, made: NewSet, *, now: datetime) -> None:
    """These are the person's codes from now on; the ones before end. Tells them."""
    session.execute(delete(RecoveryCodeSet).where(RecoveryCodeSet.person_id == actor.id))
    session.execute(insert(RecoveryCodeSet).values(person_id=actor.id, id=new_uuid(), salt=made.salt, made_at=now))
    session.execute(insert(RecoveryCode), [{"person_id": actor.id, "code_hash": hashed} for hashed in made.hashes])
    security_notices.tell(session, actor.id, "recovery_codes_made", session_id=actor.session_id, now=now)


def held(session: Session, person_id: UUID) -> Held | None:
    """What is left of this person's codes; None for somebody who never made any."""
    query = (
        select(RecoveryCodeSet.made_at, func.count(RecoveryCode.code_hash))
        .outerjoin(RecoveryCode, (RecoveryCode.person_id == RecoveryCodeSet.person_id) & RecoveryCode.used_at.is_(None))
        .where(RecoveryCodeSet.person_id == person_id)
        .group_by(RecoveryCodeSet.made_at)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else Held(row[0], row[1])


def salt_of(session: Session, person_id: UUID | None) -> bytes:
    """The salt of this person's codes; nobody's for somebody without, which takes exactly as long to hash with."""
    query = select(RecoveryCodeSet.salt).where(RecoveryCodeSet.person_id == person_id)
    return session.execute(query).scalar() or _SALT_OF_NOBODY


def claim(session: Session, challenge_id: UUID, *, now: datetime) -> Claim:
    """Take a try for a sign-in whose password was right. Commit it before the code is hashed.

    Raises CodeRefused for a challenge that is not open, MethodLocked once five have failed in a row.
    """
    challenge = codes.taken_login(session, challenge_id, LIMIT, now=now)
    return Claim(challenge_id, salt_of(session, challenge.person_id))


def prove(session: Session, claimed: Claim, code_hash: bytes, *, now: datetime) -> UUID:
    """Use up the code and the challenge; answers the person. Raises CodeRefused, MethodShut."""
    challenge = session.get(OtpChallenge, claimed.challenge_id, with_for_update=True)
    if challenge is None or challenge.finished_at is not None or challenge.person_id is None:
        raise CodeRefused
    person_id = challenge.person_id
    if not use(session, person_id, code_hash, now=now):
        raise CodeRefused
    attempts.clear(session, challenge.subject, LIMIT)
    challenge.finished_at = now
    locks.refuse_if_locked(session, person_id, "recovery_code")
    return person_id


def use(session: Session, person_id: UUID, code_hash: bytes, *, now: datetime) -> bool:
    """Use up one code; False when it is none of theirs, or used. Of two at once exactly one gets True."""
    statement = (
        update(RecoveryCode)
        .where(RecoveryCode.person_id == person_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .returning(RecoveryCode.code_hash)
    )
    return session.execute(statement).first() is not None

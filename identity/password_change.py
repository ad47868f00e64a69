"""A new password for somebody who is signed in: with the present one, or from a fresh session of level 3.

Length and a blocklist, no rules of composition (ASVS 6.2.1–6.2.5). Every other session ends, every channel is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InsufficientAuthentication, Unauthenticated
from identity import attempts, levels, people, resets, security_notices, sessions, totp
from identity.actors import Actor
from identity.models import Person
from identity.recovery_errors import CurrentPasswordWrong


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody who may change a password, once the present one has been weighed where it was given.

    `personal` must not be in the new one.
    """

    person_id: UUID
    subject: bytes
    password_hash: str | None
    personal: tuple[str, ...]


def claim(session: Session, actor: Actor, *, gives_current: bool, now: datetime) -> Claim:
    """Take a try at the present password where it is given; commit it before weighing.

    Raises MethodLocked when none is left; InsufficientAuthentication where it is not given and the session is not a
    fresh one of level 3, and where all there is beside it is a device that is remembered or an account elsewhere.
    """
    person = people.get(session, actor.id)
    if gives_current:
        _refuse_if_remembered_alone(actor, now)
        attempts.take_or_refuse(session, person.national_id_index, attempts.PASSWORD, now=now)
    else:
        if actor.loa < 3:
            raise InsufficientAuthentication(loa=3, max_age_seconds=totp.FRESH_SECONDS)
        totp.refuse_if_stale(actor, loa=3, now=now)
    return Claim(person.id, person.national_id_index, person.password_hash, people.personal_numbers(person))


def change(session: Session, actor: Actor, claimed: Claim, new_hash: str, *, now: datetime) -> None:
    """The new password holds from now on. A reset that waits is cancelled: whoever knows the password needs none.

    Raises CurrentPasswordWrong when the password was changed meanwhile.
    """
    query = select(Person).where(Person.id == actor.id).with_for_update().execution_options(populate_existing=True)
    person = session.scalars(query).one_or_none()
    if person is None:
        raise Unauthenticated
    if person.password_hash != claimed.password_hash:
        raise CurrentPasswordWrong
    person.password_hash = new_hash
    attempts.clear(session, claimed.subject, attempts.PASSWORD)
    resets.cancel_waiting(session, actor.id, how="password changed", now=now)
    sessions.end_all(session, person_id=actor.id, now=now, reason="password changed", kept=actor.session_id)
    security_notices.tell(session, actor.id, "password_changed", session_id=actor.session_id, now=now)


def _refuse_if_remembered_alone(actor: Actor, now: datetime) -> None:
    """Whoever found an open telephone and a password must not keep the account: a second factor stands behind it."""
    if levels.strength_of(actor.amr).level < 2:
        raise InsufficientAuthentication(loa=2)
    longest = levels.longest_time(2)
    if actor.auth_time is None or now - actor.auth_time > longest:
        raise InsufficientAuthentication(loa=actor.loa, max_age_seconds=int(longest.total_seconds()))

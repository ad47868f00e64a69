"""Codes of an app (TOTP, RFC 6238): the second factor of a password, where no telephone company is in between.

SHA-1, six digits, steps of 30 seconds, because that is what every app can do. A clock may be one step off. Each step
is used once per person (RFC 6238 §5.2), so a code that was looked at over a shoulder is worth nothing.
"""

from __future__ import annotations

import hmac
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import segno
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import crypto, taiwan
from core.errors import InsufficientAuthentication, NotFound
from core.ids import new_uuid
from identity import attempts, codes, locks, people, resets_done, security_notices, sessions
from identity.actors import Actor
from identity.attempts import Limit
from identity.errors import CodeRefused
from identity.recovery_models import Totp

STEP_SECONDS = 30
DRIFT_STEPS = 1
SETUP_LIFE = timedelta(minutes=10)
FRESH_SECONDS = 900
"""How long ago somebody may have signed in who changes how they sign in."""
LIMIT = Limit("totp", 5, timedelta(minutes=15), extends=True)
_SETUP_LIMIT = Limit("totp_setup", 5, timedelta(minutes=15), extends=True)
_ISSUER = "MyKaohsiung"
_TABLE = "identity.totp"
_NOBODYS_SECRET = "A" * 32


@dataclass(frozen=True, slots=True)
class SetUp:
    """A secret to be taken over by an app: as base 32, as an otpauth address, and as a picture of that (SVG)."""

    id: UUID
    secret: str
    uri: str
    qr_svg: str
    expires_at: datetime


def begin_setup(session: Session, actor: Actor, *, now: datetime) -> SetUp:
    """A new secret, which signs in only once a code of it was given.

    Raises InsufficientAuthentication for a session that is not fresh; for one below level 3 where the person has an app
    already, which it would replace, or has got their password back by a reset: what a reset gives stays at level 2.
    """
    refuse_if_stale(actor, loa=2, now=now)
    if actor.loa < 3 and (confirmed(session, actor.id) or resets_done.has_had_one(session, actor.id)):
        raise InsufficientAuthentication(loa=3)
    person = people.get(session, actor.id)
    session.execute(delete(Totp).where(Totp.person_id == actor.id, Totp.confirmed_at.is_(None)))
    secret = pyotp.random_base32()
    made = Totp(id=new_uuid(), person_id=actor.id, created_at=now, last_step=0)
    made.secret_sealed = crypto.seal(secret, table=_TABLE, column="secret", row_id=made.id)
    session.add(made)
    session.flush()
    uri = pyotp.TOTP(secret).provisioning_uri(
        name=taiwan.mask_national_id(people.opened_national_id(person)), issuer_name=_ISSUER
    )
    return SetUp(made.id, secret, uri, _picture_of(uri), now + SETUP_LIFE)


def confirm(session: Session, actor: Actor, totp_id: UUID, code: str, *, now: datetime) -> Totp:
    """The app shows the right code: from now on it signs in, and the one before it no longer does.

    Ends the person's other sessions and tells them. Raises NotFound, CodeRefused, MethodLocked after five wrong ones.
    """
    refuse_if_stale(actor, loa=2, now=now)
    subject = people.national_id_index_of(session, actor.id)
    query = select(Totp).where(Totp.id == totp_id, Totp.person_id == actor.id, Totp.confirmed_at.is_(None))
    made = session.scalars(query.with_for_update()).one_or_none()
    if made is None or now >= made.created_at + SETUP_LIFE:
        raise NotFound
    attempts.take_or_refuse(session, subject, _SETUP_LIMIT, now=now)
    if not _takes(made, code, now=now):
        raise CodeRefused
    attempts.clear(session, subject, _SETUP_LIMIT)
    session.execute(delete(Totp).where(Totp.person_id == actor.id, Totp.confirmed_at.is_not(None)))
    made.confirmed_at = now
    session.flush()
    sessions.end_all(session, person_id=actor.id, now=now, reason="app added", kept=actor.session_id)
    security_notices.tell(session, actor.id, "totp_added", session_id=actor.session_id, now=now)
    return made


def remove(session: Session, actor: Actor, *, now: datetime) -> None:
    """The app no longer signs in. Ends the person's other sessions and tells them. Raises NotFound."""
    refuse_if_stale(actor, loa=3, now=now)
    removed = session.execute(delete(Totp).where(Totp.person_id == actor.id).returning(Totp.confirmed_at)).all()
    if not any(row.confirmed_at for row in removed):
        raise NotFound
    sessions.end_all(session, person_id=actor.id, now=now, reason="app removed", kept=actor.session_id)
    security_notices.tell(session, actor.id, "totp_removed", session_id=actor.session_id, now=now)


def prove(session: Session, challenge_id: UUID, code: str, *, now: datetime) -> UUID:
    """Weigh an app's code for a sign-in whose password was right; answers the person. The challenge is used up.

    Raises CodeRefused (the try stays counted), MethodLocked once five have failed in a row, and MethodShut.
    """
    challenge = codes.taken_login(session, challenge_id, LIMIT, now=now)
    assert challenge.person_id is not None
    held = session.scalars(
        select(Totp).where(Totp.person_id == challenge.person_id, Totp.confirmed_at.is_not(None)).with_for_update()
    ).one_or_none()
    if held is None:
        _step_of(_NOBODYS_SECRET, code, after=0, now=now)
        raise CodeRefused
    if not _takes(held, code, now=now):
        raise CodeRefused
    attempts.clear(session, challenge.subject, LIMIT)
    challenge.finished_at = now
    locks.refuse_if_locked(session, challenge.person_id, "password_totp")
    held.last_used_at = now
    return challenge.person_id


def confirmed(session: Session, person_id: UUID) -> Totp | None:
    """The person's app, if they have one that signs in."""
    query = select(Totp).where(Totp.person_id == person_id, Totp.confirmed_at.is_not(None))
    return session.scalars(query).one_or_none()


def refuse_if_stale(actor: Actor, *, loa: int, now: datetime) -> None:
    """Raises InsufficientAuthentication where the person has not signed in within the last quarter of an hour."""
    if actor.auth_time is None or now - actor.auth_time > timedelta(seconds=FRESH_SECONDS):
        raise InsufficientAuthentication(loa=loa, max_age_seconds=FRESH_SECONDS)


def _takes(held: Totp, code: str, *, now: datetime) -> bool:
    """Whether the code is good now, and its step not spent; if so, the step is spent. The row must be locked."""
    secret = crypto.open_sealed(held.secret_sealed, table=_TABLE, column="secret", row_id=held.id).decode()
    step = _step_of(secret, code, after=held.last_step, now=now)
    if step is None:
        return False
    held.last_step = step
    return True


def _step_of(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    made = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    steps = range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1)
    # All of them are computed, whichever fits: no timing tells how far a clock is off.
    fitting = [step for step in steps if hmac.compare_digest(made.generate_otp(step), code)]
    return next((step for step in fitting if step > after), None)


def _picture_of(uri: str) -> str:
    drawn = io.BytesIO()
    segno.make(uri, error="m").save(drawn, kind="svg", scale=4, border=4, xmldecl=False, light="#fff")
    return drawn.getvalue().decode().strip()

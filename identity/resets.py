"""A forgotten password: evidence, then a day in which every channel tells of it and anybody of the household can stop
it, and only then a new password.

A reset never yields more than its evidence (ASVS 6.4.3, 6.4.4): what comes of it is a password, and with it level 2. It
makes no passkey, opens no window for one, raises no proofing. Asking is answered alike, and as fast, for everybody: the
request writes down one row and one event, and who it is about is looked up after the commit.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, select, text, update
from sqlalchemy.orm import Session

from core import crypto, outbox
from core.crypto import token_hash
from core.errors import NotFound
from core.ids import new_uuid
from identity import attempts, codes, locks, passwords, people, recovery_codes, security_notices, sessions, texts_out
from identity.attempts import Limit
from identity.errors import CodeRefused
from identity.models import Person
from identity.recovery_errors import ResetClosed, ResetWaits
from identity.recovery_models import PasswordReset
from identity.recovery_words import RESET_CODE_SMS, moment_text

Evidence = Literal["sms", "recovery_code"]
WAIT = timedelta(hours=24)
GOOD_FOR = timedelta(hours=48)
EVIDENCE_LIFE = codes.CODE_LIFE
ASKED = Limit("resets_asked", 5, timedelta(days=1), extends=False)
# Counted apart from signing in: whoever guesses here, without any password, must not shut the door there.
_LIMITS = {
    "sms": Limit("reset_code", 5, timedelta(minutes=15), extends=True),
    "recovery_code": Limit("reset_recovery_code", 5, timedelta(minutes=15), extends=True),
}
_METHOD_OF: dict[str, locks.Method] = {"sms": "password_sms", "recovery_code": "recovery_code"}
# For an ID number that nobody has registered the same work is done, with what fits nothing.
_NOBODY, _NOTHING_SENT = UUID(int=0), bytes(32)
MOVES = {"asked": ("waiting", "lapsed"), "waiting": ("completed", "cancelled", "lapsed")}
"""From which status a reset moves to which; the others are final."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody is about to give evidence: whose it would be, and the salt to hash a recovery code with."""

    reset_id: UUID
    evidence: Evidence
    person_id: UUID | None
    salt: bytes


@dataclass(frozen=True, slots=True)
class Proved:
    """A reset that waits, and the token to follow and to finish it with. The token is shown this once."""

    reset: PasswordReset
    token: str


def ask(session: Session, national_id: str, evidence: Evidence, *, now: datetime) -> PasswordReset:
    """Write down that somebody asks. Raises MethodLocked when this ID number, known or not, was asked for too often."""
    subject = people.index_of(national_id)
    attempts.take_or_refuse(session, subject, ASKED, now=now)
    asked = PasswordReset(
        id=new_uuid(),
        subject=subject,
        evidence=evidence,
        status="asked",
        asked_at=now,
        evidence_until=now + EVIDENCE_LIFE,
    )
    session.add(asked)
    if evidence == "sms":
        outbox.record(session, "identity.reset_asked", {"reset_id": str(asked.id)}, now=now)
    session.flush()
    return asked


def send_code(session: Session, reset_id: UUID, *, now: datetime) -> None:
    """Look up who a reset is about, and send the code. Nothing is sent for an ID number that nobody has registered, to
    a person without password or mobile, or to one who has shut the text message's way. Again: nothing more."""
    asked = _locked(session, reset_id)
    if asked is None or not _takes_evidence(asked, now) or asked.code_hash is not None:
        return
    person = session.scalars(_with_password(asked.subject)).one_or_none()
    mobile = people.opened_mobile(person) if person else None
    if person is None or mobile is None or _is_shut(session, person.id, "sms"):
        return
    subjects = (people.mobile_index_of(mobile), asked.subject)
    if not all(attempts.take(session, subject, attempts.CODES_SENT, now=now) for subject in subjects):
        return
    code = f"{secrets.randbelow(1_000_000):06d}"
    asked.code_hash = _hash_of(reset_id, code)
    words = RESET_CODE_SMS.format(code=code).in_language(person.language)
    texts_out.write(session, person_id=person.id, mobile=mobile, body=words, now=now, life=asked.evidence_until - now)


def claim(session: Session, reset_id: UUID, *, now: datetime) -> Claim:
    """Take a try at this reset's evidence. Commit it before it is weighed.

    Raises CodeRefused for a reset that takes none, MethodLocked once five have failed in a row.
    """
    asked = session.get(PasswordReset, reset_id)
    if asked is None or not _takes_evidence(asked, now):
        raise CodeRefused
    attempts.take_or_refuse(session, asked.subject, _LIMITS[asked.evidence], now=now)
    evidence: Evidence = "sms" if asked.evidence == "sms" else "recovery_code"
    person = session.scalars(_with_password(asked.subject)).one_or_none()
    person_id = person.id if person else None
    return Claim(reset_id, evidence, person_id, recovery_codes.salt_of(session, person_id))


def weighed(claimed: Claim, code: str) -> bytes:
    """What a code is compared by. Slow for a recovery code: with no transaction open."""
    if claimed.evidence == "sms":
        return _hash_of(claimed.reset_id, code)
    return passwords.hash_with(recovery_codes.put_right(code), claimed.salt)


def prove(session: Session, claimed: Claim, code_hash: bytes, *, now: datetime) -> Proved:
    """The evidence was right: the day begins, and every channel tells of it. One that waited before is given up.

    Raises CodeRefused; MethodShut for somebody who has shut that way to sign in.
    """
    asked, person_id = _locked(session, claimed.reset_id), claimed.person_id
    if asked is None or not _takes_evidence(asked, now):
        raise CodeRefused
    if asked.evidence == "sms":
        is_right = hmac.compare_digest(asked.code_hash or _NOTHING_SENT, code_hash)
    else:
        is_right = recovery_codes.use(session, person_id or _NOBODY, code_hash, now=now)
    if not is_right or person_id is None:
        raise CodeRefused
    attempts.clear(session, asked.subject, _LIMITS[asked.evidence])
    locks.refuse_if_locked(session, person_id, _METHOD_OF[asked.evidence])
    session.scalars(select(Person.id).where(Person.id == person_id).with_for_update()).one()
    _close_waiting(session, person_id, how="asked anew", now=now)
    token = secrets.token_urlsafe(32)
    _move(asked, "waiting")
    asked.person_id, asked.proved_at, asked.token_hash = person_id, now, token_hash(token)
    asked.possible_at, asked.lapses_at = now + WAIT, now + WAIT + GOOD_FOR
    security_notices.tell(
        session,
        person_id,
        "reset_waiting",
        values={"when": moment_text(asked.possible_at)},
        method=_METHOD_OF[asked.evidence],
        now=now,
    )
    session.flush()
    return Proved(asked, token)


def followed(session: Session, reset_id: UUID, token: str) -> PasswordReset:
    """The reset that this token follows. Raises NotFound."""
    found = session.get(PasswordReset, reset_id)
    if found is None or found.token_hash is None or not hmac.compare_digest(found.token_hash, token_hash(token)):
        raise NotFound
    return found


def finishing(session: Session, reset_id: UUID, token: str, *, now: datetime) -> tuple[str, ...]:
    """What the new password of a reset that can be finished now must not contain.

    Raises NotFound, ResetWaits while the day lasts, ResetClosed when it was finished, cancelled or has lapsed.
    """
    found = followed(session, reset_id, token)
    _refuse_unless_possible(found, now)
    assert found.person_id is not None
    return people.personal_numbers(people.get(session, found.person_id))


def complete(session: Session, reset_id: UUID, token: str, new_hash: str, *, now: datetime) -> None:
    """Set the new password, once. Every session ends, and so does the window for a first passkey.

    Raises like `finishing`.
    """
    session.execute(select(PasswordReset.id).where(PasswordReset.id == reset_id).with_for_update())
    session.expire_all()
    found = followed(session, reset_id, token)
    _refuse_unless_possible(found, now)
    assert found.person_id is not None
    person = session.scalars(select(Person).where(Person.id == found.person_id).with_for_update()).one()
    person.password_hash, person.first_passkey_until = new_hash, None
    _move(found, "completed")
    found.closed_at, found.closed_how = now, "finished"
    attempts.clear(session, found.subject, attempts.PASSWORD)
    sessions.end_all(session, person_id=person.id, now=now, reason="password reset")
    security_notices.tell(session, person.id, "reset_completed", now=now)


def waiting(session: Session, person_id: UUID) -> list[PasswordReset]:
    """This person's reset that waits or can be finished, if there is one."""
    query = select(PasswordReset).where(PasswordReset.person_id == person_id, PasswordReset.status == "waiting")
    return list(session.scalars(query))


def cancel(session: Session, person_id: UUID, reset_id: UUID, *, now: datetime) -> None:
    """The person stops their reset. Raises NotFound when it is not theirs or waits no longer."""
    if not _close_waiting(session, person_id, how="by the person", reset_id=reset_id, now=now):
        raise NotFound
    security_notices.tell(session, person_id, "reset_cancelled", now=now)


def cancel_waiting(session: Session, person_id: UUID, *, how: str, now: datetime) -> bool:
    """Stop this person's reset if one waits, and tell them; answers whether one did."""
    was_waiting = _close_waiting(session, person_id, how=how, now=now)
    if was_waiting:
        security_notices.tell(session, person_id, "reset_cancelled", now=now)
    return was_waiting


def close_unseen(session: Session, person_id: UUID, *, how: str, now: datetime) -> None:
    """Stop this person's resets, those whose evidence is still asked for too, without a word: they were another's."""
    # Until the evidence is there, a reset knows the ID number alone: its code may have gone to the other's mobile.
    subject = select(Person.national_id_index).where(Person.id == person_id).scalar_subquery()
    session.execute(
        update(PasswordReset)
        .where(PasswordReset.subject == subject, PasswordReset.status.in_(("asked", "waiting")))
        .values(status="cancelled", closed_at=now, closed_how=how)
    )


def tell_of_possible(session: Session, *, now: datetime) -> None:
    """Tell those whose day is over that they can set the new password now: the last chance to object, too."""
    query = select(PasswordReset).where(
        PasswordReset.status == "waiting", PasswordReset.possible_at <= now, PasswordReset.announced_at.is_(None)
    )
    for ripe in session.scalars(query.limit(200).with_for_update(skip_locked=True)).all():
        assert ripe.person_id is not None and ripe.lapses_at is not None
        ripe.announced_at = now
        security_notices.tell(
            session,
            ripe.person_id,
            "reset_possible",
            values={"until": moment_text(ripe.lapses_at)},
            method=_METHOD_OF[ripe.evidence],
            now=now,
        )


def let_lapse(session: Session, *, now: datetime) -> None:
    """Close what nobody has finished in time."""
    session.execute(_LAPSE, {"now": now})


def _locked(session: Session, reset_id: UUID) -> PasswordReset | None:
    return session.get(PasswordReset, reset_id, with_for_update=True, populate_existing=True)


def _move(reset: PasswordReset, status: str) -> None:
    assert status in MOVES[reset.status], f"{reset.status} → {status}"
    reset.status = status


def _takes_evidence(asked: PasswordReset, now: datetime) -> bool:
    return asked.status == "asked" and now < asked.evidence_until


def _refuse_unless_possible(found: PasswordReset, now: datetime) -> None:
    assert found.possible_at is not None and found.lapses_at is not None
    if found.status != "waiting" or now >= found.lapses_at:
        raise ResetClosed
    if now < found.possible_at:
        raise ResetWaits(found.possible_at, now=now)


def _is_shut(session: Session, person_id: UUID, evidence: str) -> bool:
    return any(lock.method == _METHOD_OF[evidence] for lock in locks.in_force(session, person_id))


def _with_password(subject: bytes) -> Select[Person]:
    return select(Person).where(Person.national_id_index == subject, Person.password_hash.is_not(None))


def _close_waiting(session: Session, person_id: UUID, *, how: str, reset_id: UUID | None = None, now: datetime) -> bool:
    closing = update(PasswordReset).where(PasswordReset.person_id == person_id, PasswordReset.status == "waiting")
    if reset_id is not None:
        closing = closing.where(PasswordReset.id == reset_id)
    cancelled = closing.values(status="cancelled", closed_at=now, closed_how=how).returning(PasswordReset.id)
    return bool(session.execute(cancelled).all())


def _hash_of(reset_id: UUID, code: str) -> bytes:
    # Keyed, and with the reset's id in it: a code is good for its own reset only, and never for signing in.
    return crypto.blind_index(f"{reset_id}:{code}", purpose="reset_code")


_LAPSE = text(
    """
    UPDATE identity.password_reset SET status = 'lapsed', closed_at = :now, closed_how = 'time'
     WHERE status = 'asked' AND evidence_until <= :now OR status = 'waiting' AND lapses_at <= :now
    """
)

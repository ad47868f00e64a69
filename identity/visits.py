"""Visits: a citizen and an officer do something together, in a session of the citizen's that both answer for.

It reaches level 2 at the most, never pays, and changes nobody's credentials. It ends after 20 minutes, when the officer
ends it, and when the officer's own session ends; what is read and done in it goes into the access log under both names,
and the person is told afterwards on every channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import db
from core.errors import NotFound
from core.ids import new_uuid
from core.text import Text
from identity import access_log, security_notices, sessions
from identity.actors import Actor
from identity.counter_errors import NotInAVisit
from identity.counter_models import Visit, VisitAct
from identity.sessions import Issued
from identity.words import BUREAU_NAMES

LENGTH = timedelta(minutes=20)
_MOST_TOLD = 5
_CLOSED_PER_SWEEP = 200
# What a person does alone: whoever stands beside them must not end up with a way in, nor with the money.
_ALONE = (
    "/v1/auth/", "/v1/payments", "/v1/bank-links", "/v1/cards", "/v1/automatic-debits", "/v1/ach-mandates",
    "/v1/me/passkeys", "/v1/me/password", "/v1/me/totp", "/v1/me/recovery-codes", "/v1/me/linked-accounts",
    "/v1/me/mobile", "/v1/me/consents", "/v1/me/authorizations", "/v1/me/delegations/<delegation_id>/session",
    "/v1/devices", "/v1/test-devices", "/v1/notification-facts", "/v1/notification-places", "/oauth/",
    "/v1/points/pay-codes", "/v1/points/redemptions", "/v1/points/exchange",
)  # fmt: skip
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Begun:
    """A visit that has just begun, and its session. The session's token is shown this once."""

    visit: Visit
    issued: Issued


def begin(
    session: Session,
    officer: Actor,
    person_id: UUID,
    *,
    kind: Literal["counter", "phone"],
    amr: tuple[str, ...],
    case_number: str,
    user_agent: str,
    now: datetime,
) -> Begun:
    """Begin a visit; whichever this officer had before is closed."""
    assert officer.session_id is not None
    for earlier in session.scalars(select(Visit).where(Visit.officer_id == officer.id, Visit.closed_at.is_(None))):
        _close(session, earlier, "replaced", now)
    issued = sessions.begin(
        session,
        person_id=person_id,
        amr=amr,
        transport="bearer",
        user_agent=user_agent,
        replaces=None,
        with_officer=officer.id,
        now=now,
    )
    ends_at = now + LENGTH
    bound = {"id": issued.session_id, "officer_session_id": officer.session_id, "ends_at": ends_at}
    session.execute(_BIND, bound)
    visit = Visit(
        id=new_uuid(),
        kind=kind,
        person_id=person_id,
        session_id=issued.session_id,
        officer_id=officer.id,
        officer_session_id=officer.session_id,
        officer_bureau=officer.bureau,
        case_number=case_number,
        begun_at=now,
        ends_at=ends_at,
    )
    session.add(visit)
    access_log.record_access(
        session, actor=officer, person_id=person_id, what="visit", purpose="visit", reference=case_number, now=now
    )
    session.flush()
    return Begun(visit, issued)


def end(session: Session, officer: Actor, visit_id: UUID, *, now: datetime) -> None:
    """End one's own visit; the person is told what was done. Raises NotFound."""
    visit = session.get(Visit, visit_id, with_for_update=True, populate_existing=True)
    if visit is None or visit.officer_id != officer.id or visit.closed_at is not None:
        raise NotFound
    _close(session, visit, "ended", now)


def note(session: Session, actor: Actor, *, method: str, path: str, summary: Text, now: datetime) -> None:
    """Before a route of a citizen answers within a visit: under whose eyes, into the log.

    Raises NotInAVisit for what a person does alone.
    """
    if is_for_one_alone(method, path):
        raise NotInAVisit
    row = session.execute(_OF_SESSION, {"session_id": actor.session_id}).one()
    officer = Actor(kind="officer", id=row.officer_id, name=row.name, bureau=row.bureau, roles=frozenset(row.roles))
    is_read = method in _READS
    act = VisitAct(
        visit_id=row.id, id=new_uuid(), at=now, method=method, path=path, words_zh=summary.zh, words_en=summary.en
    )
    session.add(act)
    access_log.record_access(
        session,
        actor=officer,
        person_id=actor.id,
        what="visit_read" if is_read else "visit_done",
        purpose="visit",
        reference=f"{row.case_number} {method} {path}"[:200],
        now=now,
    )


def is_for_one_alone(method: str, path: str) -> bool:
    """Whether this route is never answered within a visit."""
    return path.startswith(_ALONE) and path != "/v1/auth/logout" and method not in _READS


def close_due(now: datetime) -> None:
    """Close the visits that have ended by themselves, and tell the people; each in a unit of work of its own."""
    with db.unit_of_work() as session:
        due = session.scalars(_DUE, {"now": now, "limit": _CLOSED_PER_SWEEP}).all()
    for visit_id in due:
        with db.unit_of_work() as session:
            visit = session.get(Visit, visit_id, with_for_update=True, populate_existing=True)
            if visit is not None and visit.closed_at is None:
                _close(session, visit, "over", now)


def _close(session: Session, visit: Visit, reason: str, now: datetime) -> None:
    visit.closed_at, visit.end_reason = now, reason
    try:
        sessions.end(session, person_id=visit.person_id, session_id=visit.session_id, now=now)
    except NotFound:
        pass
    session.flush()
    acts = session.execute(_WORDS, {"visit_id": visit.id}).all()
    values: dict[str, str | Text] = {
        "office": BUREAU_NAMES[visit.officer_bureau],
        "what": _told([Text(act.words_zh, act.words_en) for act in acts]),
        "case": visit.case_number,
    }
    session_id = visit.session_id
    security_notices.tell(session, visit.person_id, "visit_ended", values=values, session_id=session_id, now=now)


def _told(done: list[Text]) -> Text:
    if not done:
        return Text("沒有查看或辦理任何事", "nothing was read or done")
    shown, more = done[:_MOST_TOLD], len(done) - _MOST_TOLD
    zh = "、".join(words.zh for words in shown) + (f"等 {len(done)} 項" if more > 0 else "")
    en = ", ".join(words.en for words in shown) + (f" and {more} more" if more > 0 else "")
    return Text(zh, en)


_BIND = text(
    """
    UPDATE identity.session
       SET officer_session_id = :officer_session_id, expires_at = :ends_at, idle_until = LEAST(idle_until, :ends_at)
     WHERE id = :id
    """
)
_OF_SESSION = text(
    """
    SELECT v.id, v.case_number, o.id AS officer_id, o.name, o.bureau, o.roles
      FROM identity.visit v JOIN identity.officer o ON o.id = v.officer_id
     WHERE v.session_id = :session_id
    """
)
# A visit is over when its time is, when its session was ended from elsewhere, or when the officer's was.
_DUE = text(
    """
    SELECT v.id
      FROM identity.visit v
      LEFT JOIN identity.session s ON s.id = v.session_id
      LEFT JOIN identity.officer_session w ON w.id = v.officer_session_id
      LEFT JOIN identity.officer o ON o.id = v.officer_id
     WHERE v.closed_at IS NULL
       AND (v.ends_at <= :now OR s.id IS NULL OR s.ended_at IS NOT NULL OR w.id IS NULL OR w.ended_at IS NOT NULL
            OR w.idle_until <= :now OR w.expires_at <= :now OR o.left_at IS NOT NULL)
     ORDER BY v.ends_at LIMIT :limit
    """
)
_WORDS = text(
    """
    SELECT words_zh, words_en FROM identity.visit_act WHERE visit_id = :visit_id
     GROUP BY words_zh, words_en ORDER BY min(at)
    """
)

"""Cases: somebody has said "that was not me", and an officer looks after it until it is resolved.

What happened in a case is only ever added to (the database refuses anything else).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.errors import Forbidden, NotFound
from core.ids import new_uuid
from identity import locks, people, security_notices
from identity.actors import Actor
from identity.counter_errors import NotProvedYet
from identity.counter_models import CounterCase
from identity.models import Disavowal
from identity.officer_models import Officer
from identity.recovery_errors import CaseClosed, MethodNotShut
from identity.recovery_models import SecurityCase, SecurityCaseEvent
from identity.recovery_words import METHOD_NAMES

STATUSES = ("open", "resolved")


def open_for(session: Session, disavowal: Disavowal, *, now: datetime) -> SecurityCase:
    """A new case about what this person says was not theirs."""
    case = SecurityCase(
        id=new_uuid(),
        person_id=disavowal.person_id,
        disavowal_id=disavowal.id,
        notice=disavowal.kind,
        method=disavowal.method,
        noticed_at=disavowal.made_at,
        opened_at=now,
        status="open",
    )
    session.add(case)
    session.flush()
    write(session, case.id, "opened", now=now)
    return case


def write(
    session: Session, case_id: UUID, kind: str, *, note: str = "", officer_id: UUID | None = None, now: datetime
) -> None:
    """Add what happened in a case; `kind` is a row of `recovery_words.EVENT_WORDS`."""
    session.add(SecurityCaseEvent(case_id=case_id, id=new_uuid(), at=now, kind=kind, officer_id=officer_id, note=note))
    session.flush()


def page(session: Session, *, status: str | None, limit: int, before: UUID | None = None) -> list[SecurityCase]:
    """Cases, the newest first; `before` continues a list after that case."""
    query = select(SecurityCase)
    if status is not None:
        query = query.where(SecurityCase.status == status)
    if before is not None:
        query = query.where(SecurityCase.id < before)
    return list(session.scalars(query.order_by(SecurityCase.id.desc()).limit(limit)))


def get(session: Session, case_id: UUID, *, by: Actor) -> SecurityCase:
    """The case. Raises NotFound, and Forbidden for an officer whose own it is."""
    case = session.get(SecurityCase, case_id)
    if case is None:
        raise NotFound
    own = select(Officer.national_id_index).where(Officer.id == by.id)
    if session.execute(own).scalar() == people.national_id_index_of(session, case.person_id):
        raise Forbidden
    return case


def of_disavowal(session: Session, disavowal_id: UUID) -> SecurityCase | None:
    """The case that was opened when this notice was disavowed."""
    return session.scalars(select(SecurityCase).where(SecurityCase.disavowal_id == disavowal_id)).one_or_none()


def events(session: Session, case_id: UUID) -> list[SecurityCaseEvent]:
    """What happened in the case, the oldest first."""
    query = select(SecurityCaseEvent).where(SecurityCaseEvent.case_id == case_id)
    return list(session.scalars(query.order_by(SecurityCaseEvent.id)))


def has_just_proved(session: Session, officer: Actor, person_id: UUID, *, now: datetime) -> bool:
    """Whether this officer has proved this person face to face, in a case of the counter that is still open."""
    proved = exists().where(
        CounterCase.officer_id == officer.id,
        CounterCase.person_id == person_id,
        CounterCase.proofed_at.is_not(None),
        CounterCase.expires_at > now,
    )
    return bool(session.execute(select(proved)).scalar_one())


def add_note(session: Session, case_id: UUID, note: str, *, by: Actor, now: datetime) -> SecurityCase:
    """An officer writes down what they found. Raises NotFound, Forbidden, CaseClosed."""
    case = _open(session, case_id, by)
    write(session, case_id, "note", note=note, officer_id=by.id, now=now)
    return case


def unlock_method(session: Session, case_id: UUID, method: str, note: str, *, by: Actor, now: datetime) -> SecurityCase:
    """Open a way to sign in again for somebody whom this officer has just proved at the counter; tells them.

    Raises NotFound, Forbidden, CaseClosed, NotProvedYet, MethodNotShut.
    """
    case = _open(session, case_id, by)
    if not has_just_proved(session, by, case.person_id, now=now):
        raise NotProvedYet
    if not locks.unlock(session, case.person_id, method, how=f"officer {by.id}", now=now):
        raise MethodNotShut
    write(session, case_id, "method_unlocked", note=f"{METHOD_NAMES[method].zh}：{note}", officer_id=by.id, now=now)
    _tell_of_opened(session, case.person_id, method, now=now)
    return case


def resolve(session: Session, case_id: UUID, note: str, *, by: Actor, now: datetime) -> SecurityCase:
    """Close the case with what came of it. Raises NotFound, Forbidden, CaseClosed."""
    case = _open(session, case_id, by)
    case.status, case.resolved_at, case.resolved_by = "resolved", now, by.id
    write(session, case_id, "resolved", note=note, officer_id=by.id, now=now)
    return case


def release_method(session: Session, person_id: UUID, method: str, *, session_id: UUID | None, now: datetime) -> None:
    """The person opens a way to sign in again from a session of level 4. Raises MethodNotShut."""
    if not locks.unlock(session, person_id, method, how="by the person at level 4", now=now):
        raise MethodNotShut
    _tell_of_opened(session, person_id, method, session_id=session_id, now=now)


def _open(session: Session, case_id: UUID, by: Actor) -> SecurityCase:
    case = get(session, case_id, by=by)
    session.refresh(case, with_for_update=True)
    if case.status != "open":
        raise CaseClosed
    return case


def _tell_of_opened(
    session: Session, person_id: UUID, method: str, *, session_id: UUID | None = None, now: datetime
) -> None:
    values = {"method": METHOD_NAMES[method]}
    security_notices.tell(
        session, person_id, "method_opened", values=values, session_id=session_id, method=method, now=now
    )

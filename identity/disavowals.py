"""“That was not me”: what the link in a security notice does.

Looking changes nothing (mail programs follow links before people do). Objecting shuts the way to sign in, ends the
session in question and those begun the same way, stops a reset that waits, and opens a case. Twice is once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.errors import NotFound
from core.text import Text
from identity import cases, devices, locks, resets, security_notices
from identity.locks import Method
from identity.models import Disavowal, SessionRow
from identity.notice_words import NOTICES
from identity.recovery_errors import LinkLapsed
from identity.recovery_models import SecurityCase
from identity.recovery_words import METHOD_NAMES

# Whoever has set a password of their own holds all the ways that begin with it.
_OF_THE_PASSWORD: tuple[Method, ...] = ("password_sms", "password_totp", "recovery_code")
_SHUT_TOGETHER = {"password_changed": _OF_THE_PASSWORD, "reset_completed": _OF_THE_PASSWORD}
# What somebody else can come back with once they had it. A key that cannot be copied is not among them: there, it is
# the session that was stolen, and it ends.
_CAN_BE_TAKEN: tuple[Method, ...] = (*_OF_THE_PASSWORD, "social", "card")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a notice was about, and what objecting to it would shut."""

    kind: str
    title: Text
    at: datetime
    device: Text | None
    place: Text | None
    methods: tuple[str, ...]
    case: SecurityCase | None


def by_token(session: Session, token: str, *, now: datetime) -> Disavowal:
    """The notice whose text message carried this token. Raises LinkLapsed."""
    found = session.get(Disavowal, token_hash(token))
    if found is None or now >= found.expires_at:
        raise LinkLapsed
    return found


def by_notice(session: Session, person_id: UUID, notice_id: UUID, *, now: datetime) -> Disavowal:
    """The notice in this person's inbox. Raises NotFound, LinkLapsed."""
    query = select(Disavowal).where(Disavowal.id == notice_id, Disavowal.person_id == person_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    if now >= found.expires_at:
        raise LinkLapsed
    return found


def shown(session: Session, disavowal: Disavowal) -> Shown:
    """What the person is shown before they object. Nothing in it says whose account it is."""
    row = session.scalars(select(SessionRow).where(SessionRow.id == disavowal.session_id)).one_or_none()
    return Shown(
        kind=disavowal.kind,
        title=NOTICES[disavowal.kind].title,
        at=disavowal.made_at,
        device=devices.label_of(row.user_agent) if row else None,
        place=devices.place_label(row.network) if row else None,
        methods=_methods(disavowal, row),
        case=cases.of_disavowal(session, disavowal.id) if disavowal.used_at else None,
    )


def disavow(session: Session, disavowal: Disavowal, *, now: datetime) -> SecurityCase:
    """The person says that this was not them. Answers the case, the same one when it was said before."""
    session.refresh(disavowal, with_for_update=True)
    known = cases.of_disavowal(session, disavowal.id)
    if known is not None:
        return known
    disavowal.used_at = now
    row = session.scalars(select(SessionRow).where(SessionRow.id == disavowal.session_id)).one_or_none()
    case, methods = cases.open_for(session, disavowal, now=now), _methods(disavowal, row)
    for method in methods:
        locks.lock(session, disavowal.person_id, method, reason=f"disavowed {disavowal.kind}", now=now)
        cases.write(session, case.id, "method_locked", note=method, now=now)
    ended = _end_sessions(session, disavowal, methods, now=now)
    if ended:
        cases.write(session, case.id, "sessions_ended", note=str(ended), now=now)
    if disavowal.kind.startswith("reset_") and resets.cancel_waiting(
        session, disavowal.person_id, how="disavowed", now=now
    ):
        cases.write(session, case.id, "reset_cancelled", now=now)
    names = [METHOD_NAMES[method] for method in methods]
    values: dict[str, str | Text] = {"case": str(case.number)}
    if names:
        values["method"] = Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))
    kind = "method_shut" if names else "case_opened"
    security_notices.tell(session, disavowal.person_id, kind, values=values, now=now)
    return case


def _methods(disavowal: Disavowal, row: SessionRow | None) -> tuple[Method, ...]:
    """What is shut: the way that the notice is about, and the way by which its session came in."""
    about = (cast(Method, disavowal.method),) if disavowal.method else ()
    came_in = tuple(method for method in _CAN_BE_TAKEN if row is not None and locks.is_of(row.amr, method))
    return tuple(dict.fromkeys((*_SHUT_TOGETHER.get(disavowal.kind, about), *came_in)))


def _end_sessions(session: Session, disavowal: Disavowal, methods: tuple[Method, ...], *, now: datetime) -> int:
    query = select(SessionRow).where(SessionRow.person_id == disavowal.person_id, SessionRow.ended_at.is_(None))
    ending = [
        row.id
        for row in session.scalars(query)
        if row.id == disavowal.session_id or any(locks.is_of(row.amr, method) for method in methods)
    ]
    session.execute(
        update(SessionRow)
        .where(SessionRow.id.in_(ending), SessionRow.ended_at.is_(None))
        .values(ended_at=now, end_reason="disavowed")
    )
    return len(ending)

"""Whether a delegation still stands by the household register: a guardianship that ended, a principal who died.

Asked when somebody begins to act, at most once a day for each delegation, with no transaction open; and by a sweep for
whoever goes on acting longer than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import taipei_date
from core.errors import Unavailable
from identity import delegations, people, ports, security_notices
from identity.delegation_models import Delegation
from partners.bureaus.client import Guardianship

ASKED_EVERY = timedelta(days=1)
MAY_BE_SILENT = timedelta(days=7)
"""How long an agreement of two people outlasts a register that does not answer. A guardianship rests on the register
alone and does not."""
_ASKED_PER_SWEEP = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What the register is asked about one delegation. `guardian` is None where nobody needs to be one."""

    delegation_id: UUID
    principal: str
    guardian: str | None
    can_wait: bool


def ask_guardianship(guardian: str, ward: str, now: datetime) -> Guardianship:
    """What the register says, for somebody who waits; one that has run out is none. Raises Unavailable."""
    with ports.asking_outside():
        found = ports.household_register.check_guardianship(guardian=guardian, ward=ward)
    if found.until is not None and found.until < taipei_date(now):
        return Guardianship(False)
    return found


def confirm(delegation_id: UUID, now: datetime) -> None:
    """Ask the register about a delegation that somebody wants to use, where it was not asked today, and end what it
    does not bear out. Raises Unavailable where the register is silent and its word is needed."""
    with db.unit_of_work() as session:
        question = _question(session, delegation_id, now)
    if question is None:
        return
    try:
        reason = _why_not(question, now)
    except Unavailable:
        if question.can_wait:
            return
        raise
    with db.unit_of_work() as session:
        _hear(session, delegation_id, reason, now)


def confirm_those_in_use(now: datetime) -> None:
    """The same for every delegation by which somebody is acting now."""
    with db.unit_of_work() as session:
        due = session.scalars(_IN_USE, {"now": now, "before": now - ASKED_EVERY, "limit": _ASKED_PER_SWEEP}).all()
    for delegation_id in due:
        try:
            confirm(delegation_id, now)
        except Unavailable:
            return


def _question(session: Session, delegation_id: UUID, now: datetime) -> Question | None:
    delegation = session.get_one(Delegation, delegation_id)
    last = delegation.register_asked_at or delegation.made_at
    was_asked_lately = delegation.register_asked_at is not None and now - last < ASKED_EVERY
    if delegation.status != "active" or was_asked_lately:
        return None
    assert delegation.principal_id is not None and delegation.agent_id is not None
    needs_guardian = delegation.basis == "guardianship_record"
    return Question(
        delegation_id,
        principal=people.opened_national_id(people.get(session, delegation.principal_id)),
        guardian=people.opened_national_id(people.get(session, delegation.agent_id)) if needs_guardian else None,
        can_wait=not needs_guardian and now - last < MAY_BE_SILENT,
    )


def _why_not(question: Question, now: datetime) -> str | None:
    with ports.asking_outside():
        has_died = ports.household_register.has_died(question.principal)
    if has_died:
        return "death"
    if question.guardian and not ask_guardianship(question.guardian, question.principal, now).is_guardian:
        return "guardianship_over"
    return None


def _hear(session: Session, delegation_id: UUID, reason: str | None, now: datetime) -> None:
    delegation = session.get_one(Delegation, delegation_id, with_for_update=True, populate_existing=True)
    if delegation.status != "active":
        return
    delegation.register_asked_at = now
    if reason is not None:
        delegations.close(session, delegation, "ended", by="register", reason=reason, now=now)
        assert delegation.agent_id is not None
        security_notices.tell(session, delegation.agent_id, "delegation_over", now=now)


_IN_USE = text(
    """
    SELECT DISTINCT d.id FROM identity.acting_session a JOIN identity.delegation d ON d.id = a.delegation_id
     WHERE a.ended_at IS NULL AND a.expires_at > :now AND d.status = 'active'
       AND (d.register_asked_at IS NULL OR d.register_asked_at <= :before)
     LIMIT :limit
    """
)

"""What runs outside requests for delegations: telling whoever was named, and closing what has run out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core import db
from core.outbox import Consumer, Event
from identity import delegations, household


def tell_whom_it_was_offered_to(session: Session, event: Event, now: datetime) -> None:
    """identity.delegation_offered: whoever has the ID number that was named, if anybody has."""
    delegations.tell_whom_it_was_offered_to(session, UUID(event.payload["delegation_id"]), now=now)


def end_delegations(now: datetime) -> None:
    """Close delegations that have run out, and ask the household register about those in use."""
    with db.unit_of_work() as session:
        delegations.expire_due(session, now=now)
    household.confirm_those_in_use(now)


CONSUMER = Consumer("identity.tell_of_delegation", delegations.OFFERED, tell_whom_it_was_offered_to)

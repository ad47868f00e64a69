"""How well people were proved to be the holders of their ID numbers, and by what evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import new_uuid
from identity import security_notices
from identity.models import Person, Proofing
from identity.notice_words import PROOFING_METHODS

ProofingMethod = Literal["mobile", "certificate", "mobile_id", "counter"]


def raise_to(
    session: Session, person_id: UUID, level: int, *, method: ProofingMethod, reference: str, now: datetime
) -> bool:
    """Write down the evidence, and raise this person's proofing to `level` where it was lower; it is never lowered.

    `reference` names the evidence without showing it (a certificate's serial number, a case number). Answers whether it
    rose, of which the person is told. Raises NotFound.
    """
    person = session.scalars(select(Person).where(Person.id == person_id).with_for_update()).one_or_none()
    if person is None:
        raise NotFound
    record(session, person_id, level, method=method, reference=reference, now=now)
    if person.proofing_level >= level:
        return False
    person.proofing_level = level
    session.flush()
    security_notices.tell(session, person_id, "proofing_raised", values={"how": PROOFING_METHODS[method]}, now=now)
    return True


def record(
    session: Session, person_id: UUID, level: int, *, method: ProofingMethod, reference: str, now: datetime
) -> None:
    """Write down the evidence by which somebody was proved, for a person who was enrolled with it."""
    session.add(Proofing(id=new_uuid(), person_id=person_id, level=level, method=method, reference=reference, at=now))

"""Whether somebody has got their password back by a reset: what they can set up from then on needs better evidence."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from identity.recovery_models import PasswordReset


def has_had_one(session: Session, person_id: UUID) -> bool:
    """Whether a reset of this person's password was ever completed."""
    query = exists().where(PasswordReset.person_id == person_id, PasswordReset.status == "completed")
    return bool(session.execute(select(query)).scalar_one())

"""An ID number that somebody had only said to be theirs goes to its holder: nothing of the former stays good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from identity import resets, sessions


def end_what_was(session: Session, person_id: UUID, *, reason: str, now: datetime) -> None:
    """End every session, what sites were granted, and a password reset that waits; to be called with
    `people.replace_unproved`. The holder is told nothing of what was never theirs."""
    sessions.end_all(session, person_id=person_id, now=now, reason=reason)
    resets.close_unseen(session, person_id, how="taken over", now=now)

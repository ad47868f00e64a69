"""Diagnosis papers that a wheelchair is needed: handed in by the rider, looked at and decided by an officer.

Who issued a paper and when is kept, so that it can be told from another. What it says is looked at and not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.riders.errors import PaperDateWrong, PaperDecided, PaperWaiting
from core import outbox
from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid

Status = Literal["waiting", "accepted", "refused", "withdrawn"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
OLDEST: Final = timedelta(days=365)
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Paper:
    """A diagnosis paper. `valid_until` is the last day of the entitlement, once accepted; `reason` why it was refused,
    as the rider reads it."""

    id: UUID
    rider_id: UUID
    issuer: str
    issued_on: date
    status: Status
    valid_until: date | None
    reason: str
    handed_in_at: datetime
    decided_at: datetime | None


def of_rider(session: Session, rider_id: UUID) -> list[Paper]:
    """This person's papers, the newest first, at most fifty."""
    return [_paper(row) for row in session.execute(_OF_RIDER, {"rider": rider_id}).all()]


def hand_in(session: Session, rider_id: UUID, *, issuer: str, issued_on: date, now: datetime) -> Paper:
    """Say that there is a paper to be looked at. Raises PaperDateWrong, PaperWaiting."""
    today = taipei_date(now)
    if not today - OLDEST <= issued_on <= today:
        raise PaperDateWrong
    new = {"rider": rider_id, "id": new_uuid(), "issuer": issuer, "issued_on": issued_on, "now": now}
    row = session.execute(_HAND_IN, new).one_or_none()
    if row is None:
        raise PaperWaiting
    return _paper(row)


def withdraw(session: Session, rider_id: UUID, paper_id: UUID, *, now: datetime) -> Paper:
    """The rider does not want it looked at. Raises NotFound, PaperDecided."""
    row = session.execute(_WITHDRAW, {"rider": rider_id, "id": paper_id, "now": now}).one_or_none()
    if row is None:
        if not any(each.id == paper_id for each in of_rider(session, rider_id)):
            raise NotFound
        raise PaperDecided
    return _paper(row)


def waiting(session: Session, *, limit: int, after: tuple[datetime, UUID] | None) -> list[Paper]:
    """Papers to be looked at, the oldest first; `after` (handed in, id) continues a list."""
    at, paper_id = after or (None, None)
    return [_paper(row) for row in session.execute(_WAITING, {"limit": limit, "at": at, "id": paper_id}).all()]


def accept(session: Session, officer_id: UUID, paper_id: UUID, *, valid_until: date, now: datetime) -> Paper:
    """It shows that a wheelchair is needed: medical trips until that day. Raises NotFound, PaperDecided,
    PaperDateWrong."""
    today = taipei_date(now)
    if not today < valid_until <= today + LONGEST:
        raise PaperDateWrong
    return _decide(session, officer_id, paper_id, "accepted", valid_until=valid_until, reason="", now=now)


def refuse(session: Session, officer_id: UUID, paper_id: UUID, *, reason: str, now: datetime) -> Paper:
    """It does not show it, for a reason that the rider reads. Raises NotFound, PaperDecided."""
    return _decide(session, officer_id, paper_id, "refused", valid_until=None, reason=reason, now=now)


def _decide(
    session: Session, officer_id: UUID, paper_id: UUID, status: Status, *, valid_until: date | None, reason: str,
    now: datetime,
) -> Paper:  # fmt: skip
    decision = {"id": paper_id, "status": status, "until": valid_until, "reason": reason, "by": officer_id, "now": now}
    row = session.execute(_DECIDE, decision).one_or_none()
    if row is None:
        if session.execute(_EXISTS, {"id": paper_id}).first() is None:
            raise NotFound
        raise PaperDecided
    paper = _paper(row)
    fact = {"rider_id": str(paper.rider_id), "paper_id": str(paper.id), "status": status,
            "valid_until": valid_until.isoformat() if valid_until else None, "reason": reason}  # fmt: skip
    outbox.record(session, "accessibility.wheelchair_paper_decided", fact, now=now)
    return paper


def _paper(row: Any) -> Paper:
    return Paper(
        row.id, row.rider_id, row.issuer, row.issued_on, row.status, row.valid_until, row.reason, row.handed_in_at,
        row.decided_at,
    )  # fmt: skip


_OF_RIDER = text(
    "SELECT * FROM accessibility.wheelchair_paper WHERE rider_id = :rider ORDER BY handed_in_at DESC, id DESC LIMIT 50"
)
_HAND_IN = text(
    """
    INSERT INTO accessibility.wheelchair_paper (rider_id, id, issuer, issued_on, status, handed_in_at)
    VALUES (:rider, :id, :issuer, :issued_on, 'waiting', :now)
    ON CONFLICT (rider_id) WHERE status = 'waiting' DO NOTHING RETURNING *
    """
)
_WITHDRAW = text(
    """
    UPDATE accessibility.wheelchair_paper SET status = 'withdrawn', settled_on = CAST(:now AS timestamptz)::date
     WHERE rider_id = :rider AND id = :id AND status = 'waiting' RETURNING *
    """
)
_WAITING = text(
    """
    SELECT * FROM accessibility.wheelchair_paper
     WHERE status = 'waiting' AND (CAST(:at AS timestamptz) IS NULL OR (handed_in_at, id) > (:at, CAST(:id AS uuid)))
     ORDER BY handed_in_at, id LIMIT :limit
    """
)
_DECIDE = text(
    """
    UPDATE accessibility.wheelchair_paper
       SET status = :status, valid_until = :until, reason = :reason, decided_by = :by, decided_at = :now,
           settled_on = coalesce(CAST(:until AS date), CAST(:now AS timestamptz)::date)
     WHERE id = :id AND status = 'waiting' RETURNING *
    """
)
_EXISTS = text("SELECT 1 FROM accessibility.wheelchair_paper WHERE id = :id")

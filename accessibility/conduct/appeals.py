"""Appeals against points: by the rider, in time, once; decided by somebody who did not record the point."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.conduct import points, rules
from accessibility.conduct.errors import AppealDecided, AppealedAlready, AppealTooLate, NothingToAppeal, RecordedByYou
from core import crypto, outbox
from core.clock import on_the_wire
from core.errors import NotFound
from core.ids import new_uuid
from identity.actors import Actor

_TABLE: Final = "accessibility.ride_appeal"


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal with the point that it is about. `decision` is what the officer said."""

    id: UUID
    rider_id: UUID
    point_id: UUID
    ride_id: UUID
    kind: str
    fleet: str
    points: int
    why: str
    happened_at: datetime
    recorded_by: UUID | None
    status: str
    reason: str
    asked_at: datetime
    decided_at: datetime | None
    decision: str | None


def make(session: Session, actor: Actor, rider_id: UUID, point_id: UUID, *, reason: str, now: datetime) -> Appeal:
    """The rider says why a point should not count.

    Raises NotFound, NothingToAppeal, AppealTooLate, AppealedAlready.
    """
    point = points.point_of(session, rider_id, point_id)
    if point is None:
        raise NotFound
    if not point.counts or point.lifted_at is not None:
        raise NothingToAppeal
    until = point.recorded_at + rules.at(session, point.recorded_at).appeal_within
    if now > until:
        raise AppealTooLate(until=on_the_wire(until))
    appeal_id = new_uuid()
    sealed = crypto.seal(reason, table=_TABLE, column="reason_sealed", row_id=appeal_id)
    values = {"rider": rider_id, "id": appeal_id, "point": point_id, "reason": sealed, "by": actor.id, "now": now}
    if session.execute(_INSERT, values).first() is None:
        raise AppealedAlready
    return get(session, appeal_id)


def decide(session: Session, officer: Actor, appeal_id: UUID, *, is_granted: bool, words: str, now: datetime) -> Appeal:
    """An officer grants it, and the point counts no more, or refuses it; the rider is told, with these words.

    Raises NotFound, AppealDecided, RecordedByYou.
    """
    if session.execute(_LOCK, {"id": appeal_id}).first() is None:
        raise NotFound
    appeal = get(session, appeal_id)
    if appeal.status != "open":
        raise AppealDecided
    if appeal.recorded_by == officer.id:
        raise RecordedByYou
    status = "granted" if is_granted else "refused"
    sealed = crypto.seal(words, table=_TABLE, column="decision_sealed", row_id=appeal_id)
    session.execute(_DECIDE, {"id": appeal_id, "status": status, "words": sealed, "by": officer.id, "now": now})
    if is_granted:
        points.lift(session, appeal.rider_id, appeal.point_id, now=now)
    outbox.record(
        session,
        events.APPEAL_DECIDED,
        {"appeal_id": str(appeal.id), "point_id": str(appeal.point_id), "ride_id": str(appeal.ride_id),
         "rider_id": str(appeal.rider_id), "fleet": appeal.fleet, "status": status,
         "recorded_by": str(appeal.recorded_by) if appeal.recorded_by else None},
        now=now,
    )  # fmt: skip
    return get(session, appeal_id)


def get(session: Session, appeal_id: UUID) -> Appeal:
    """One appeal. Raises NotFound."""
    row = session.execute(_ONE, {"id": appeal_id}).first()
    if row is None:
        raise NotFound
    return _appeal(row)


def of_point(session: Session, point_id: UUID) -> Appeal | None:
    """The appeal against a point, or None."""
    row = session.execute(_OF_POINT, {"point": point_id}).first()
    return None if row is None else _appeal(row)


def page(
    session: Session, *, status: str, recorded_by: UUID | None, limit: int, after: tuple[datetime, UUID] | None
) -> list[Appeal]:
    """Appeals, the oldest first; of points that one officer recorded where one is named."""
    at, last = after or (None, None)
    values = {"status": status, "by": recorded_by, "limit": limit, "at": at, "id": last}
    return [_appeal(row) for row in session.execute(_PAGE, values).all()]


def _appeal(row: Any) -> Appeal:
    reason = crypto.open_sealed(row.reason_sealed, table=_TABLE, column="reason_sealed", row_id=row.id).decode()
    decision = None
    if row.decision_sealed is not None:
        words = crypto.open_sealed(row.decision_sealed, table=_TABLE, column="decision_sealed", row_id=row.id)
        decision = words.decode()
    return Appeal(
        row.id, row.rider_id, row.point_id, row.ride_id, row.kind, row.fleet, row.points, row.why, row.happened_at,
        row.recorded_by, row.status, reason, row.asked_at, row.decided_at, decision,
    )  # fmt: skip


_INSERT = text(
    """
    INSERT INTO accessibility.ride_appeal (rider_id, id, point_id, status, reason_sealed, asked_by, asked_at)
    VALUES (:rider, :id, :point, 'open', :reason, :by, :now) ON CONFLICT (point_id) DO NOTHING RETURNING id
    """
)
_LOCK = text("SELECT 1 FROM accessibility.ride_appeal WHERE id = :id FOR UPDATE")
_DECIDE = text(
    "UPDATE accessibility.ride_appeal SET status = :status, decision_sealed = :words, decided_by = :by, "
    "decided_at = :now WHERE id = :id"
)
_SELECT = """
    SELECT a.*, p.ride_id, p.kind, p.fleet, p.points, p.why, p.happened_at, p.recorded_by
      FROM accessibility.ride_appeal a
      JOIN accessibility.conduct_point p ON p.rider_id = a.rider_id AND p.id = a.point_id
"""
_ONE = text(f"{_SELECT} WHERE a.id = :id")
_OF_POINT = text(f"{_SELECT} WHERE a.point_id = :point")
_PAGE = text(
    f"""
    {_SELECT}
     WHERE (:status = 'all' OR a.status = :status)
       AND (CAST(:by AS uuid) IS NULL OR p.recorded_by = :by)
       AND (CAST(:at AS timestamptz) IS NULL OR (a.asked_at, a.id) > (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY a.asked_at, a.id LIMIT :limit
    """
)

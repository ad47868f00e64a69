"""Complaints about rides. Whoever plans, offers or drives them never learns who complained, nor that somebody did.

A row names its rider by an index under a key and holds everything else sealed, so that no query finds the complaints of
a rider without this module; no other room imports it. The fairness report counts refusals with them, after the fact.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.conduct.errors import ComplaintAnswered
from core import crypto, outbox
from core.errors import NotFound
from core.ids import new_uuid
from identity.actors import Actor

_PURPOSE: Final = "complaint about a ride"
_TABLE: Final = "complaints.complaint"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What somebody said about a ride, or about none (`ride_id` None), and what the city answered."""

    id: UUID
    rider_id: UUID
    ride_id: UUID | None
    kind: str
    words: str
    status: str
    made_at: datetime
    answer: str | None
    answered_at: datetime | None


def make(session: Session, rider_id: UUID, *, ride_id: UUID | None, kind: str, words: str, now: datetime) -> Complaint:
    """Somebody complains. Raises NotFound for a ride that is not theirs."""
    if ride_id is not None and session.execute(_RIDE, {"rider": rider_id, "ride": ride_id}).first() is None:
        raise NotFound
    complaint_id = new_uuid()
    said = {"rider_id": str(rider_id), "ride_id": str(ride_id) if ride_id else None, "words": words, "answer": None}
    values = {"id": complaint_id, "rider": index_of(rider_id), "kind": kind, "sealed": _sealed(said, complaint_id)}
    session.execute(_INSERT, {**values, "now": now})
    return get(session, complaint_id)


def answer(session: Session, officer: Actor, complaint_id: UUID, *, words: str, now: datetime) -> Complaint:
    """The city answers; the rider is told that it has. Raises NotFound, ComplaintAnswered."""
    row = session.execute(_LOCK, {"id": complaint_id}).first()
    if row is None:
        raise NotFound
    if row.status != "open":
        raise ComplaintAnswered
    said = {**_opened(row), "answer": words}
    sealed = _sealed(said, complaint_id)
    session.execute(_ANSWER, {"id": complaint_id, "sealed": sealed, "by": officer.id, "now": now})
    facts = {"complaint_id": str(complaint_id), "rider_id": said["rider_id"]}
    outbox.record(session, events.COMPLAINT_ANSWERED, facts, now=now)
    return get(session, complaint_id)


def get(session: Session, complaint_id: UUID) -> Complaint:
    """One complaint. Raises NotFound."""
    row = session.execute(_ONE, {"id": complaint_id}).first()
    if row is None:
        raise NotFound
    return _complaint(row)


def of_rider(session: Session, rider_id: UUID) -> list[Complaint]:
    """What this rider complained of, newest first."""
    return [_complaint(row) for row in session.execute(_OF_RIDER, {"rider": index_of(rider_id)}).all()]


def page(session: Session, *, status: str, limit: int, after: tuple[datetime, UUID] | None) -> list[Complaint]:
    """Complaints for the desk, the oldest first."""
    at, last = after or (None, None)
    rows = session.execute(_PAGE, {"status": status, "limit": limit, "at": at, "id": last}).all()
    return [_complaint(row) for row in rows]


def first_of(session: Session, riders: Collection[UUID]) -> dict[UUID, datetime]:
    """When each of these riders complained for the first time; whoever never did is left out."""
    by_index = {index_of(rider): rider for rider in riders}
    rows = session.execute(_FIRST, {"riders": list(by_index)}).all()
    return {by_index[bytes(row.rider_index)]: row.first_at for row in rows}


def index_of(rider_id: UUID) -> bytes:
    """How a row names its rider."""
    return crypto.blind_index(str(rider_id), purpose=_PURPOSE)


def _sealed(said: dict[str, Any], complaint_id: UUID) -> bytes:
    return crypto.seal(orjson.dumps(said), table=_TABLE, column="sealed", row_id=complaint_id)


def _opened(row: Any) -> dict[str, Any]:
    said: dict[str, Any] = orjson.loads(
        crypto.open_sealed(row.sealed, table=_TABLE, column="sealed", row_id=row.id)
    )  # fmt: skip
    return said


def _complaint(row: Any) -> Complaint:
    said = _opened(row)
    ride_id = UUID(said["ride_id"]) if said["ride_id"] else None
    return Complaint(
        row.id, UUID(said["rider_id"]), ride_id, row.kind, said["words"], row.status, row.made_at, said["answer"],
        row.answered_at,
    )  # fmt: skip


_RIDE = text("SELECT 1 FROM accessibility.ride WHERE rider_id = :rider AND id = :ride")
_INSERT = text(
    """
    INSERT INTO complaints.complaint (rider_index, id, kind, sealed, status, made_at)
    VALUES (:rider, :id, :kind, :sealed, 'open', :now)
    """
)
_LOCK = text("SELECT * FROM complaints.complaint WHERE id = :id FOR UPDATE")
_ANSWER = text(
    "UPDATE complaints.complaint SET status = 'answered', sealed = :sealed, answered_by = :by, answered_at = :now "
    "WHERE id = :id"
)
_ONE = text("SELECT * FROM complaints.complaint WHERE id = :id")
_OF_RIDER = text(
    "SELECT * FROM complaints.complaint WHERE rider_index = :rider ORDER BY made_at DESC, id DESC LIMIT 100"
)
_PAGE = text(
    """
    SELECT * FROM complaints.complaint
     WHERE (:status = 'all' OR status = :status)
       AND (CAST(:at AS timestamptz) IS NULL OR (made_at, id) > (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY made_at, id LIMIT :limit
    """
)
_FIRST = text(
    "SELECT rider_index, min(made_at) AS first_at FROM complaints.complaint WHERE rider_index = ANY(:riders) GROUP BY 1"
)

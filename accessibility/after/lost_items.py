"""Things left in a vehicle: reported by riders, found by fleets, brought together at the desk, handed over and told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.after import rides
from accessibility.after.errors import ItemMoved
from core import outbox
from core.errors import NotFound
from core.ids import new_uuid
from identity.actors import Actor

WITHIN: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Lost:
    """What a rider misses. `kept_at` says where it can be fetched once it was found."""

    id: UUID
    rider_id: UUID
    ride_id: UUID
    fleet: str
    what: str
    status: str
    found_id: UUID | None
    kept_at: str | None
    ride_at: datetime
    reported_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a fleet found in one of its vehicles."""

    id: UUID
    fleet: str
    vehicle_number: str
    what: str
    kept_at: str
    found_on: date
    status: str
    written_at: datetime


def report(session: Session, actor: Actor, rider_id: UUID, ride_id: UUID, *, what: str, now: datetime) -> Lost:
    """Something was left in the vehicle of this ride. Raises NotFound, RideNotDone, TooLongAgo."""
    ride = rides.over(session, rider_id, ride_id, within=WITHIN, now=now)
    lost_id = new_uuid()
    session.execute(
        _REPORT,
        {"rider": rider_id, "id": lost_id, "ride": ride_id, "fleet": ride.fleet, "what": what, "by": actor.id,
         "now": now},
    )  # fmt: skip
    return get(session, lost_id)


def withdraw(session: Session, rider_id: UUID, lost_id: UUID, *, now: datetime) -> Lost:
    """The rider has it after all. Raises NotFound, ItemMoved."""
    lost = get(session, lost_id)
    if lost.rider_id != rider_id:
        raise NotFound
    _move(session, lost_id, "sought", "withdrawn", now)
    return get(session, lost_id)


def write_found(
    session: Session,
    officer: Actor,
    *,
    fleet: str,
    vehicle_number: str,
    what: str,
    kept_at: str,
    found_on: date,
    now: datetime,
) -> Found:
    """A fleet has found something; `kept_at` is where its owner can fetch it."""  # fmt: skip
    found_id = new_uuid()
    session.execute(
        _FIND,
        {"id": found_id, "fleet": fleet, "vehicle": vehicle_number, "what": what, "kept_at": kept_at, "on": found_on,
         "by": officer.id, "now": now},
    )  # fmt: skip
    return found(session, found_id)


def match(session: Session, lost_id: UUID, found_id: UUID, *, now: datetime) -> Lost:
    """What was found is what the rider misses: they are told where it is. Raises NotFound, ItemMoved."""
    lost, thing = get(session, lost_id), found(session, found_id)
    if lost.fleet != thing.fleet or session.execute(_TAKE, {"id": found_id}).first() is None:
        raise ItemMoved
    if session.execute(_MATCH, {"id": lost_id, "found": found_id, "now": now}).first() is None:
        raise ItemMoved
    lost = get(session, lost_id)
    outbox.record(session, events.LOST_ITEM_FOUND, _facts(lost), now=now)
    return lost


def hand_over(session: Session, lost_id: UUID, *, now: datetime) -> Lost:
    """The rider has fetched it, and is told so: whoever did not would know at once. Raises NotFound, ItemMoved."""
    lost = get(session, lost_id)
    _move(session, lost_id, "found", "handed_over", now)
    session.execute(_GONE, {"id": lost.found_id})
    lost = get(session, lost_id)
    outbox.record(session, events.LOST_ITEM_HANDED_OVER, _facts(lost), now=now)
    return lost


def give_up(session: Session, lost_id: UUID, *, now: datetime) -> Lost:
    """The fleet has looked and it is not there; the rider is told. Raises NotFound, ItemMoved."""
    get(session, lost_id)
    _move(session, lost_id, "sought", "not_found", now)
    lost = get(session, lost_id)
    outbox.record(session, events.LOST_ITEM_NOT_FOUND, _facts(lost), now=now)
    return lost


def get(session: Session, lost_id: UUID) -> Lost:
    """One report. Raises NotFound."""
    row = session.execute(_ONE, {"id": lost_id}).first()
    if row is None:
        raise NotFound
    return _lost(row)


def found(session: Session, found_id: UUID) -> Found:
    """One thing that was found. Raises NotFound."""
    row = session.execute(_FOUND, {"id": found_id}).first()
    if row is None:
        raise NotFound
    return _thing(row)


def of_rider(session: Session, rider_id: UUID) -> list[Lost]:
    """What this rider misses or missed, newest first."""
    return [_lost(row) for row in session.execute(_OF_RIDER, {"rider": rider_id}).all()]


def page(session: Session, *, status: str, limit: int, after: tuple[datetime, UUID] | None) -> list[Lost]:
    """Reports for the desk, the oldest first."""
    at, last = after or (None, None)
    rows = session.execute(_PAGE, {"status": status, "limit": limit, "at": at, "id": last}).all()
    return [_lost(row) for row in rows]


def kept(session: Session) -> list[Found]:
    """What was found and waits for its owner, newest first; 200 at most."""
    return [_thing(row) for row in session.execute(_KEPT).all()]


def _move(session: Session, lost_id: UUID, source: str, target: str, now: datetime) -> None:
    values = {"id": lost_id, "source": source, "target": target, "now": now}
    if session.execute(_END, values).first() is None:
        raise ItemMoved


def _facts(lost: Lost) -> dict[str, str]:
    return {
        "lost_id": str(lost.id), "ride_id": str(lost.ride_id), "rider_id": str(lost.rider_id), "fleet": lost.fleet,
        "pick_up_at": lost.ride_at.isoformat(),
    }  # fmt: skip


def _lost(row: Any) -> Lost:
    return Lost(
        row.id, row.rider_id, row.ride_id, row.fleet, row.what, row.status, row.found_id, row.kept_at, row.ride_at,
        row.reported_at, row.ended_at,
    )  # fmt: skip


def _thing(row: Any) -> Found:
    return Found(
        row.id, row.fleet, row.vehicle_number, row.what, row.kept_at, row.found_on, row.status, row.written_at
    )  # fmt: skip


_REPORT = text(
    """
    INSERT INTO accessibility.lost_item (rider_id, id, ride_id, fleet, what, status, reported_by, reported_at)
    VALUES (:rider, :id, :ride, :fleet, :what, 'sought', :by, :now)
    """
)
_FIND = text(
    """
    INSERT INTO accessibility.found_item (id, fleet, vehicle_number, what, kept_at, found_on, status, written_by,
                                          written_at)
    VALUES (:id, :fleet, :vehicle, :what, :kept_at, :on, 'kept', :by, :now)
    """
)
_TAKE = text("UPDATE accessibility.found_item SET status = 'matched' WHERE id = :id AND status = 'kept' RETURNING id")
_GONE = text("UPDATE accessibility.found_item SET status = 'handed_over' WHERE id = :id")
_MATCH = text(
    "UPDATE accessibility.lost_item SET status = 'found', found_id = :found, found_at = :now "
    "WHERE id = :id AND status = 'sought' RETURNING id"
)
_END = text(
    "UPDATE accessibility.lost_item SET status = :target, ended_at = :now "
    "WHERE id = :id AND status = :source RETURNING id"
)
_SELECT = """
    SELECT l.*, f.kept_at, coalesce(r.pick_up_at, l.reported_at) AS ride_at FROM accessibility.lost_item l
      LEFT JOIN accessibility.found_item f ON f.id = l.found_id
      LEFT JOIN accessibility.ride r ON r.rider_id = l.rider_id AND r.id = l.ride_id
"""
_ONE = text(f"{_SELECT} WHERE l.id = :id")
_OF_RIDER = text(f"{_SELECT} WHERE l.rider_id = :rider ORDER BY l.reported_at DESC, l.id DESC LIMIT 100")
_PAGE = text(
    f"""
    {_SELECT}
     WHERE (:status = 'all' OR l.status = :status)
       AND (CAST(:at AS timestamptz) IS NULL OR (l.reported_at, l.id) > (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY l.reported_at, l.id LIMIT :limit
    """
)
_FOUND = text("SELECT * FROM accessibility.found_item WHERE id = :id")
_KEPT = text("SELECT * FROM accessibility.found_item WHERE status = 'kept' ORDER BY found_on DESC, id DESC LIMIT 200")

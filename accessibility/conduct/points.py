"""Points for rides that a rider did not come to or cancelled late: only the rider's own faults count.

What was the fleet's fault is written down too, with the reason why it does not count, so that the rider can see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.conduct import rules
from accessibility.conduct.rules import ConductRule
from core import outbox
from core.ids import new_uuid
from core.outbox import Event
from core.text import Text

_BEFORE_PICK_UP: Final = timedelta(minutes=45)
"""Who says earlier than that that they are at the door, says nothing about when the vehicle came."""
_NEAR_METRES: Final = 300
"""As near to the door as a driver of the city's own vans has to be."""
WHY: Final[Mapping[str, Text]] = {
    "not_there": Text("車在約定的時段到門口等候，沒有等到您", "The vehicle waited at the door in time and nobody came"),
    "cancelled_late": Text("超過可免費取消的時間才取消", "It was cancelled after the time up to which one may"),
    "fleet_not_there": Text("車沒有到，不是您的責任", "The vehicle did not come: not your fault"),
    "fleet_late": Text("車到得比約定的時段晚，不是您的責任", "The vehicle came later than agreed: not your fault"),
    "wrong_door": Text("車等候的地方離您的門口太遠，不是您的責任", "It waited too far from your door: not your fault"),
    "told_later": Text(
        "曾通知您車會晚到，車卻沒有等到那個時間，不是您的責任",
        "You were told that it would be late, and it did not wait until then: not your fault",
    ),
    "fleet_did_not_wait": Text("車沒有等滿規定的時間，不是您的責任", "It did not wait long enough: not your fault"),
    "rider_was_there": Text("您當時回報已在門口，不計點", "You had said that you were at the door: it does not count"),
    "no_proof": Text("車隊沒有說車何時到門口，不計點", "When it was at the door was not told: it does not count"),
    "fleet_was_late_already": Text("您取消前車已經晚了，不計點", "It was late before you cancelled: it does not count"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """One entry: whether it counts and why, and how its appeal stands (None: none was made)."""

    id: UUID
    ride_id: UUID
    kind: str
    fleet: str
    points: int
    counts: bool
    why: str
    happened_at: datetime
    counts_until: datetime
    recorded_by: UUID | None
    recorded_at: datetime
    lifted_at: datetime | None
    appeal_status: str | None

    def counts_at(self, now: datetime) -> bool:
        """Whether it counts then: neither lifted nor run out, and nobody is looking at an appeal."""
        is_open = self.appeal_status == "open"
        return self.counts and self.lifted_at is None and not is_open and self.counts_until > now


@dataclass(frozen=True, slots=True)
class Standing:
    """A rider's points now, with the rule they are counted by. `suspended_until`: None where nobody is suspended."""

    points: int
    suspended_until: datetime | None
    rule: ConductRule
    entries: tuple[Point, ...]


def no_show(session: Session, event: Event, now: datetime) -> None:
    """accessibility.ride_no_show: whoever was not there, by what is known of the vehicle."""
    told = event.payload
    ride = session.execute(_RIDE, _ids(told)).first()
    if ride is None:
        return
    rule = rules.at(session, event.recorded_at)
    why = _why_no_show(ride, told, rule, event.recorded_at)
    points = rule.no_show_points if why == "not_there" else 0
    _record(session, ride, "no_show", points, why, told, rule, event.recorded_at, now)


def late_cancel(session: Session, event: Event, now: datetime) -> None:
    """accessibility.ride_cancelled: a rider who did so late gets what the fleet's terms said beforehand."""
    told = event.payload
    ride = session.execute(_RIDE, _ids(told)).first()
    if ride is None or told["by"] != "rider" or not told.get("is_late"):
        return
    agreed_at = ride.bound_at or event.recorded_at
    terms = session.execute(_LATE_POINTS, {"fleet": told["fleet"], "at": agreed_at}).scalar() or 0
    if not terms:
        return
    was_late = ride.late_minutes_told > 0 or (
        ride.window_ends_at is not None and event.recorded_at > ride.window_ends_at and ride.at_door_at is None
    )
    why = "fleet_was_late_already" if was_late else "cancelled_late"
    rule = rules.at(session, event.recorded_at)
    _record(session, ride, "late_cancel", 0 if was_late else int(terms), why, told, rule, event.recorded_at, now)


def standing(session: Session, rider_id: UUID, now: datetime) -> Standing:
    """How a rider stands, newest entry first."""
    rule = rules.at(session, now)
    entries = tuple(_point(row) for row in session.execute(_OF_RIDER, {"rider": rider_id}).all())
    counting = [each for each in entries if each.counts_at(now)]
    points = sum(each.points for each in counting)
    until = None
    if rule.suspends and points >= rule.limit_points:
        until = max(each.happened_at for each in counting) + rule.suspended
    return Standing(points, until if until is not None and until > now else None, rule, entries)


def point_of(session: Session, rider_id: UUID, point_id: UUID) -> Point | None:
    """One entry of this rider."""
    row = session.execute(_ONE, {"rider": rider_id, "id": point_id}).first()
    return None if row is None else _point(row)


def lift(session: Session, rider_id: UUID, point_id: UUID, *, now: datetime) -> None:
    """From now on it does not count any more; it stays to be seen."""
    session.execute(_LIFT, {"rider": rider_id, "id": point_id, "now": now})


def _why_no_show(ride: Any, told: Mapping[str, Any], rule: ConductRule, at: datetime) -> str:
    if told["by"] != "rider":
        return "fleet_not_there"
    if ride.rider_was_there:
        return "rider_was_there"
    if ride.at_door_at is None:
        return "no_proof"
    if ride.window_ends_at is not None and ride.at_door_at > ride.window_ends_at:
        return "fleet_late"
    left_at = ride.ended_at or at
    if (told.get("metres") or 0) > _NEAR_METRES:
        return "wrong_door"
    if ride.late_minutes_told > 0 and left_at < ride.window_ends_at + timedelta(minutes=ride.late_minutes_told):
        return "told_later"
    waited_from = max(ride.at_door_at, ride.pick_up_at) if ride.pick_up_at is not None else ride.at_door_at
    return "not_there" if left_at - waited_from >= rule.waits else "fleet_did_not_wait"


def _record(
    session: Session,
    ride: Any,
    kind: str,
    points: int,
    why: str,
    told: Mapping[str, Any],
    rule: ConductRule,
    at: datetime,
    now: datetime,
) -> None:
    point_id, by = new_uuid(), told.get("recorded_by")
    values = {
        "rider": ride.rider_id, "id": point_id, "ride": ride.id, "kind": kind, "fleet": told["fleet"],
        "points": points, "counts": points > 0, "why": why, "at": at, "until": at + rule.window,
        "by": UUID(by) if by else None, "now": now,
    }  # fmt: skip
    is_new = session.execute(_INSERT, values).first() is not None
    if is_new and points:
        facts = {name: told[name] for name in ("ride_id", "rider_id", "booking_id", "fleet", "pick_up_at")}
        more = {"point_id": str(point_id), "kind": kind, "points": points}
        outbox.record(session, events.POINT_RECORDED, {**facts, **more}, now=now)


def _ids(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"rider": UUID(told["rider_id"]), "ride": UUID(told["ride_id"]), "soon": _BEFORE_PICK_UP}


def _point(row: Any) -> Point:
    return Point(
        row.id, row.ride_id, row.kind, row.fleet, row.points, row.counts, row.why, row.happened_at, row.counts_until,
        row.recorded_by, row.recorded_at, row.lifted_at, row.appeal_status,
    )  # fmt: skip


_RIDE = text(
    """
    SELECT rider_id, id, pick_up_at, window_ends_at, at_door_at, ended_at, late_minutes_told, bound_at,
           EXISTS (SELECT FROM accessibility.ride_event e
                    WHERE e.ride_id = :ride AND e.kind IN ('rider_at_door', 'vehicle_missing')
                      AND e.at >= pick_up_at - CAST(:soon AS interval)) AS rider_was_there
      FROM accessibility.ride WHERE rider_id = :rider AND id = :ride
    """
)
_LATE_POINTS = text(
    "SELECT late_points FROM accessibility.fleet_terms WHERE fleet = :fleet AND valid_from <= :at "
    "ORDER BY valid_from DESC LIMIT 1"
)
_INSERT = text(
    """
    INSERT INTO accessibility.conduct_point (rider_id, id, ride_id, kind, fleet, points, counts, why, happened_at,
                                             counts_until, recorded_by, recorded_at)
    VALUES (:rider, :id, :ride, :kind, :fleet, :points, :counts, :why, :at, :until, :by, :now)
    ON CONFLICT (ride_id, kind) DO NOTHING RETURNING id
    """
)
_SELECT = """
    SELECT p.*, a.status AS appeal_status FROM accessibility.conduct_point p
      LEFT JOIN accessibility.ride_appeal a ON a.point_id = p.id
"""
_OF_RIDER = text(f"{_SELECT} WHERE p.rider_id = :rider ORDER BY p.happened_at DESC, p.id DESC LIMIT 200")
_ONE = text(f"{_SELECT} WHERE p.rider_id = :rider AND p.id = :id")
_LIFT = text(
    "UPDATE accessibility.conduct_point SET lifted_at = :now WHERE rider_id = :rider AND id = :id AND lifted_at IS NULL"
)

"""What this room does from time to time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from accessibility.own_fleet import breakdowns, driving, forecast, holding, roads, roster
from accessibility.own_fleet.kept import forget_names
from accessibility.own_fleet.ports import osrm, travel
from core import db
from core.clock import taipei_date


def make_days(now: datetime) -> int:
    """Make the shifts of today and tomorrow, where nobody has asked for a ride on them yet."""
    with db.unit_of_work() as session:
        days = [taipei_date(now + timedelta(days=ahead)) for ahead in range(2)]
        return sum(roster.make_day(session, day, travel(), now) for day in days)


def let_lapse(now: datetime) -> int:
    """Take what nobody bound in time out of the plan."""
    return holding.let_lapse(travel(), now)


def find_places(now: datetime) -> int:
    """Look after rides that have lost their van."""
    return len(breakdowns.find_places(travel(), now))


def set_out(now: datetime) -> int:
    """Have the next riders of every tour of now told that their van is on its way."""
    with db.single_statements() as session:
        due = [row.id for row in session.execute(_DUE, {"now": now, "until": now + driving.SETS_OUT}).all()]
    for tour_id in due:
        with db.unit_of_work() as session:
            if session.execute(_LOCK, {"id": tour_id}).scalar() is not None:
                driving.set_out(session, tour_id, now)
    return len(due)


def look_ahead(now: datetime) -> int:
    """See what comes of it where nothing has been heard since something should have happened: a van that stands at a
    door, or has not come, makes others late."""
    with db.single_statements() as session:
        overdue = [row.id for row in session.execute(_OVERDUE, {"now": now}).all()]
    for tour_id in overdue:
        with db.unit_of_work() as session:
            if session.execute(_LOCK, {"id": tour_id}).scalar() is not None:
                forecast.look_ahead(session, tour_id, travel(), now)
    return len(overdue)


def learn_roads(now: datetime) -> int:
    """Ask the routing machine, where there is one, about ways that rides took and nobody has asked about."""
    machine = osrm()
    return 0 if machine is None else roads.learn(machine, now)


SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "own_fleet.make_days": (600.0, make_days),
    "own_fleet.let_lapse": (5.0, let_lapse),
    "own_fleet.find_places": (5.0, find_places),
    "own_fleet.set_out": (30.0, set_out),
    "own_fleet.look_ahead": (30.0, look_ahead),
    "own_fleet.learn_roads": (300.0, learn_roads),
    "own_fleet.forget_names": (600.0, forget_names),
}
# Tours whose next stop picks somebody up soon who does not know yet that the van comes.
_DUE = text(
    """
    SELECT t.id FROM accessibility.van_tour AS t
     WHERE t.starts_at <= :now AND t.ends_at > :now AND t.status = 'open' AND EXISTS (
               SELECT FROM accessibility.van_stop AS s JOIN accessibility.van_order AS o ON o.id = s.order_id
                WHERE s.tour_id = t.id AND s.kind = 'pickup' AND s.outcome IS NULL AND o.state = 'bound'
                  AND s.expected_at <= :until)
     ORDER BY t.id
    """
)
_OVERDUE = text(
    """
    SELECT t.id FROM accessibility.van_tour AS t
     WHERE t.starts_at <= :now AND t.ends_at > :now AND t.status = 'open' AND EXISTS (
               SELECT FROM accessibility.van_stop AS s
                WHERE s.tour_id = t.id AND s.outcome IS NULL
                  AND (s.arrived_at IS NULL AND s.expected_at < :now
                       OR s.arrived_at + make_interval(secs => s.seconds) < :now))
     ORDER BY t.id
    """
)
_LOCK = text("SELECT 1 FROM accessibility.van_tour WHERE id = :id FOR UPDATE SKIP LOCKED")

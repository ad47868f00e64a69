"""What a driver says of the day: come, somebody aboard, out, nobody there, resting, where the van is.

A tap made without network is sent later, so each says when it was made; that is believed where it can be true. What is
said moves what is expected at the stops to come, and is told to who ordered the ride in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.tours import Place
from accessibility.dispatch.travel import great_circle_metres
from accessibility.own_fleet import breakdowns, drivers, events, forecast, orders, stops, telegrams, writing
from accessibility.own_fleet.drivers import Wheel
from accessibility.own_fleet.errors import (
    NotAtTheDoor,
    NotWaitedLongEnough,
    SomebodyAboard,
    StopNotNow,
    WrongRideCode,
)
from accessibility.own_fleet.events import By
from accessibility.own_fleet.ports import city, travel
from core.errors import NotFound
from partners.fleets.contents import TaskConfirmed, TripDone, VehicleAt

Incident = Literal["breakdown", "accident", "rider_unwell", "road_closed", "other"]
Point = tuple[float, float]
_BELIEVED: Final = timedelta(hours=3)
SETS_OUT: Final = timedelta(minutes=45)
_NEAR_METRES: Final = 300
_JUST_NOW: Final = timedelta(minutes=2)
_MOST_CODES: Final = 10
_SEEN_FOR: Final = timedelta(minutes=10)
_TOLD_EVERY: Final = timedelta(seconds=20)
_NOTED_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Tap:
    """What a driver pressed: when by their own clock, when it came, where the van was, and what they wrote."""

    at: datetime
    now: datetime
    where: Point | None = None
    note: str = ""


def arrive(session: Session, wheel: Wheel, stop_id: UUID, tap: Tap) -> None:
    """The van has come to this stop. Raises NotFound, StopNotNow."""
    row = _locked(session, wheel, stop_id)
    if row.arrived_at is not None or row.outcome is not None:
        return
    if row.kind == "dropoff" and row.state != "aboard":
        raise StopNotNow(row.state)
    at = _believed(session, wheel, tap)
    session.execute(_ARRIVED, {"id": row.id, "at": at})
    if tap.where is not None:
        _see(session, wheel, tap.where, tap.now)
    order = orders.by_id(session, row.order_id)
    if row.kind == "pickup":
        order = orders.move(session, order.id, "at_door", tap.now)
    if row.kind == "pickup" and row.aboard_at is None:
        _tell_where(session, order, at, at)
        city().told(session, order.trip, orders.stated(order), tap.now)
    metres = _metres_from_door(session, wheel, row, tap, tap.now - _JUST_NOW) if row.kind == "pickup" else None
    seen = {} if metres is None else {"metres": round(metres)}
    _happened(session, wheel, "arrival", order, at, tap, stop=row.kind, **seen)


def board(session: Session, wheel: Wheel, stop_id: UUID, code: str | None, tap: Tap) -> None:
    """Whoever was waited for is aboard, and has said their code; where they cannot, the note says why.

    Raises NotFound, StopNotNow, WrongRideCode, TooManyDriverTries.
    """
    row = _locked(session, wheel, stop_id)
    if row.outcome == "done":
        return
    if row.kind != "pickup" or row.state != "at_door":
        raise StopNotNow(row.state)
    if code is not None:
        drivers.take_try(session, f"code:{row.order_id}", _MOST_CODES, tap.now)
        if not city().is_code(session, row.trip, code):
            raise WrongRideCode
    at = _believed(session, wheel, tap, row.arrived_at)
    session.execute(_LEFT, {"id": row.id, "at": at, "outcome": "done"})
    is_first = row.aboard_at is None
    order = orders.move(session, row.order_id, "aboard", tap.now, aboard_at=row.aboard_at or at)
    if is_first:
        done = TaskConfirmed(_task(order), order.fleet_order, order.number, "performed", at)
        city().told(session, order.trip, done, tap.now)
        city().told(session, order.trip, orders.stated(order), tap.now)
    _happened(session, wheel, "aboard", order, at, tap, is_code_checked=code is not None)


def bring_out(session: Session, wheel: Wheel, stop_id: UUID, tap: Tap) -> None:
    """They are out where they wanted to go. Raises NotFound, StopNotNow."""
    row = _locked(session, wheel, stop_id)
    if row.outcome == "done":
        return
    if row.kind != "dropoff" or row.state != "aboard":
        raise StopNotNow(row.state)
    at = _believed(session, wheel, tap, row.arrived_at or row.aboard_at)
    session.execute(_LEFT, {"id": row.id, "at": at, "outcome": "done"})
    order = orders.move(session, row.order_id, "done", tap.now, ended_at=at)
    done = TripDone(order.fleet_order, order.aboard_at, max(at, order.aboard_at), order.price_twd)
    city().told(session, order.trip, done, tap.now)
    city().told(session, order.trip, orders.stated(order), tap.now)
    _happened(session, wheel, "out", order, at, tap)


def nobody_there(session: Session, wheel: Wheel, stop_id: UUID, tap: Tap) -> None:
    """Nobody came to the van. The proof is its position at the door and how long it waited, and both are kept.

    Raises NotFound, StopNotNow, NotWaitedLongEnough, NotAtTheDoor.
    """
    row = _locked(session, wheel, stop_id)
    if row.outcome == "no_show":
        return
    since = stops.no_show_from(row)
    if row.state != "at_door" or since is None:
        raise StopNotNow(row.state)
    at = _believed(session, wheel, tap, row.arrived_at)
    if at < since:
        raise NotWaitedLongEnough(since)
    metres = _metres_from_door(session, wheel, row, tap, row.arrived_at)
    if metres is None or metres > _NEAR_METRES:
        raise NotAtTheDoor(None if metres is None else round(metres))
    came_from = session.execute(_CAME, {"order": row.order_id, "near": _NEAR_METRES}).scalar()
    if came_from is not None:
        # It was said to be at the door while it was not: nobody knows for how long it waited there.
        raise NotAtTheDoor(int(came_from))
    session.execute(_LEFT, {"id": row.id, "at": at, "outcome": "no_show"})
    session.execute(_DROP, {"order": row.order_id})
    waited = int((at - row.arrived_at).total_seconds() // 60)
    reason = f"在門口等候 {waited} 分鐘 waited {waited} minutes at the door"
    order = orders.move(session, row.order_id, "no_show", tap.now, ended_at=at, ended_by="fleet", reason=reason)
    missed = TaskConfirmed(_task(order), order.fleet_order, order.number, "no show", at, reason=reason)
    city().told(session, order.trip, missed, tap.now)
    city().told(session, order.trip, orders.stated(order), tap.now)
    _happened(
        session, wheel, "no_show", order, at, tap, waited_minutes=waited, metres=round(metres)
    )  # fmt: skip


def rest(session: Session, wheel: Wheel, tap: Tap, *, is_beginning: bool) -> None:
    """The driver's rest begins or ends. Raises SomebodyAboard, NotFound where no rest is left."""
    _lock(session, wheel)
    if is_beginning and session.execute(_ABOARD, {"tour": wheel.tour_id}).scalar() is not None:
        raise SomebodyAboard
    row = session.execute(_REST, {"tour": wheel.tour_id}).one_or_none()
    if row is None:
        raise NotFound
    at = _believed(session, wheel, tap, row.arrived_at)
    if is_beginning and row.arrived_at is None:
        session.execute(_ARRIVED, {"id": row.id, "at": at})
    elif not is_beginning and row.arrived_at is not None:
        session.execute(_LEFT, {"id": row.id, "at": at, "outcome": "done"})
    else:
        return
    _happened(session, wheel, "break", None, at, tap, is_beginning=is_beginning)


def report(session: Session, wheel: Wheel, kind: Incident, tap: Tap) -> None:
    """Something happened on the way. After a breakdown or an accident the van's other rides are given to others."""
    _lock(session, wheel)
    by = By("driver", wheel.driver_id)
    events.note(
        session, "incident", day=_day(session, wheel), by=by, now=tap.now, van_id=wheel.van_id, tour_id=wheel.tour_id,
        reason=tap.note, incident=kind,
    )  # fmt: skip
    if kind in ("breakdown", "accident"):
        breakdowns.begin(session, wheel.van_id, reason=tap.note or kind, by=by, now=tap.now)


def seen_at(session: Session, wheel: Wheel, where: Point, at: datetime, now: datetime) -> None:
    """Where the van is. Told to who rides with it, or waits for it as the next, at most every 20 seconds."""
    before = session.execute(_SEEN_BEFORE, {"van": wheel.van_id, "tour": wheel.tour_id}).one()
    if at > now or at < now - _BELIEVED or (before.seen_at is not None and at <= before.seen_at):
        return
    _see(session, wheel, where, at)
    if before.noted_at is None or at >= before.noted_at + _NOTED_EVERY:
        events.note(
            session, "position", day=before.day, by=By("driver", wheel.driver_id), now=at, van_id=wheel.van_id,
            tour_id=wheel.tour_id, latitude=round(where[0], 5), longitude=round(where[1], 5),
        )  # fmt: skip
    if before.seen_at is not None and at < before.seen_at + _TOLD_EVERY:
        return
    _lock(session, wheel)
    forecast.look_ahead(session, wheel.tour_id, travel(), now)
    for row in session.execute(_WITH_IT, {"tour": wheel.tour_id}).all():
        _tell_where(session, orders.by_id(session, row.order_id), row.expected_at, at)


def set_out(session: Session, tour_id: UUID, now: datetime) -> None:
    """The next one to be picked up learns that the van is on its way, once that is so. The tour's row is locked."""
    row = session.execute(_NEXT, {"tour": tour_id}).one_or_none()
    if row is None or row.kind != "pickup" or row.state != "bound" or row.expected_at > now + SETS_OUT:
        return
    order = orders.move(session, row.order_id, "on_the_way", now)
    if order.aboard_at is None:
        city().told(session, order.trip, orders.stated(order), now)
    _tell_where(session, order, row.expected_at, now)
    events.of_order(session, "on_the_way", order, by=events.THE_FLEET, now=now)


def _happened(
    session: Session, wheel: Wheel, kind: events.Kind, order: Any, at: datetime, tap: Tap, **data: Any
) -> None:
    by, day = By("driver", wheel.driver_id), _day(session, wheel)
    events.note(
        session, kind, day=day, by=by, now=at, van_id=wheel.van_id, tour_id=wheel.tour_id,
        order_id=order.id if order else None, reason=tap.note, **data,
    )  # fmt: skip
    writing.mark_changed(session, wheel.tour_id)
    forecast.look_ahead(session, wheel.tour_id, travel(), tap.now)
    if kind not in ("arrival", "break"):
        set_out(session, wheel.tour_id, tap.now)


def _see(session: Session, wheel: Wheel, where: Point, at: datetime) -> None:
    session.execute(_SEEN, {"van": wheel.van_id, "latitude": where[0], "longitude": where[1], "now": at})


def _tell_where(session: Session, order: Any, arrives_at: datetime, at: datetime) -> None:
    if order.seen_at is None or order.seen_at < at - _SEEN_FOR:
        return
    where = VehicleAt(order.fleet_order, order.number, order.latitude, order.longitude, at, max(arrives_at, at))
    city().told(session, order.trip, where, at)


def _locked(session: Session, wheel: Wheel, stop_id: UUID) -> Any:
    """The stop of this tour, with its trip and tour held. Trips before tours, as everywhere."""
    row = stops.one(session, stop_id, wheel.tour_id)
    if row is None or row.order_id is None:
        raise NotFound
    telegrams.take_turns(session, row.trip)
    _lock(session, wheel)
    row = stops.one(session, stop_id, wheel.tour_id)
    if row is None:
        raise NotFound
    return row


def _lock(session: Session, wheel: Wheel) -> None:
    session.execute(_LOCK, {"tour": wheel.tour_id})


def _believed(session: Session, wheel: Wheel, tap: Tap, not_before: datetime | None = None) -> datetime:
    """When it was, by the driver's own clock where that can be true: not in the future, nor before what came before."""
    last: datetime | None = session.execute(_LAST, {"tour": wheel.tour_id}).scalar()
    earliest = max(each for each in (last, not_before, tap.now - _BELIEVED) if each is not None)
    return tap.at if earliest <= tap.at <= tap.now else max(tap.now, not_before or tap.now)


def _metres_from_door(session: Session, wheel: Wheel, row: Any, tap: Tap, since: datetime) -> float | None:
    """How far the van is from the rider's door, by this tap or by where it was seen since then; None: not known."""
    where = tap.where
    if where is None:
        seen = session.execute(_SEEN_BEFORE, {"van": wheel.van_id, "tour": wheel.tour_id}).one()
        if seen.seen_at is None or seen.seen_at < since:
            return None
        where = (seen.latitude, seen.longitude)
    told = orders.customer_of(row.order_id, row.customer)
    pickup = row.wish["pickup"]
    door = (told.pickup.latitude, told.pickup.longitude) if told else (pickup["latitude"], pickup["longitude"])
    return great_circle_metres(Place(*where), Place(*door))


def _task(order: Any) -> str:
    return f"T-{order.fleet_order}"


def _day(session: Session, wheel: Wheel) -> Any:
    return session.execute(_DAY, {"tour": wheel.tour_id}).scalar_one()


_LOCK = text("SELECT 1 FROM accessibility.van_tour WHERE id = :tour FOR UPDATE")
_DAY = text("SELECT day FROM accessibility.van_tour WHERE id = :tour")
_ARRIVED = text("UPDATE accessibility.van_stop SET arrived_at = :at WHERE id = :id")
_LEFT = text(
    """
    UPDATE accessibility.van_stop SET arrived_at = coalesce(arrived_at, :at), left_at = :at, outcome = :outcome
     WHERE id = :id
    """
)
_DROP = text("DELETE FROM accessibility.van_stop WHERE order_id = :order AND outcome IS NULL")
_LAST = text(
    """
    SELECT greatest(max(arrived_at), max(left_at)) FROM accessibility.van_stop WHERE tour_id = :tour
    """
)
_ABOARD = text("SELECT 1 FROM accessibility.van_order WHERE tour_id = :tour AND state = 'aboard' LIMIT 1")
_CAME = text(
    """
    SELECT CAST(data ->> 'metres' AS integer) FROM accessibility.van_event
     WHERE order_id = :order AND kind = 'arrival' AND data ->> 'stop' = 'pickup'
       AND CAST(data ->> 'metres' AS integer) > :near
     ORDER BY at DESC LIMIT 1
    """
)
_REST = text(
    """
    SELECT id, arrived_at FROM accessibility.van_stop
     WHERE tour_id = :tour AND kind = 'break' AND outcome IS NULL ORDER BY arrived_at NULLS LAST, position LIMIT 1
    """
)
_SEEN = text(
    """
    UPDATE accessibility.van SET latitude = :latitude, longitude = :longitude, seen_at = :now WHERE id = :van
    """
)
_SEEN_BEFORE = text(
    """
    SELECT v.latitude, v.longitude, v.seen_at, t.day,
           (SELECT max(e.at) FROM accessibility.van_event AS e
             WHERE e.kind = 'position' AND e.van_id = v.id) AS noted_at
      FROM accessibility.van AS v, accessibility.van_tour AS t
     WHERE v.id = :van AND t.id = :tour
    """
)
# With whom it is, and who waits for it as the next: when the van is where they want it.
_WITH_IT = text(
    """
    SELECT s.order_id, s.expected_at
      FROM accessibility.van_stop AS s JOIN accessibility.van_order AS o ON o.id = s.order_id
     WHERE s.tour_id = :tour AND s.outcome IS NULL
       AND (o.state = 'aboard' AND s.kind = 'dropoff' OR o.state IN ('on_the_way', 'at_door') AND s.kind = 'pickup')
     ORDER BY s.position
    """
)
_NEXT = text(
    """
    SELECT s.order_id, s.kind, s.expected_at, o.state
      FROM accessibility.van_stop AS s LEFT JOIN accessibility.van_order AS o ON o.id = s.order_id
     WHERE s.tour_id = :tour AND s.outcome IS NULL ORDER BY s.arrived_at NULLS LAST, s.position LIMIT 1
    """
)

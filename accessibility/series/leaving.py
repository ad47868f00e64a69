"""Giving up one day of a series or all of it, with what is booked or without, and hearing what became of its days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.requests import making
from accessibility.requests.errors import RequestOver
from accessibility.rides import cancelling
from accessibility.rides import states as ride_states
from accessibility.rides.cancelling import Terms
from accessibility.rides.records import Ride
from accessibility.series import planning, records, states
from accessibility.series.errors import DayIsBooked, RidesBeingCancelled, SeriesCostsMore, SeriesOver
from accessibility.series.records import Day, Series
from accessibility.waitlist import answering, waits
from core.clock import taipei_date
from core.errors import NotFound
from core.ids import typeid
from core.outbox import Event

OPEN = (states.PLANNED, states.ASKING, states.WAITING)
STOPPED: Final = "series_stopped"
"""Why a day is given up that was given up with its whole series: it comes back with it, too."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What giving up a series with all its rides would mean: those that can be cancelled, and those for which it is
    too late; `fee_twd` and `points` are of all of them together."""

    days_open: int
    rides: tuple[tuple[Ride, Terms], ...]

    @property
    def fee_twd(self) -> int:
        """What the fleets may charge."""
        return sum(found.fee_twd for _, found in self.rides)

    @property
    def points(self) -> int:
        """How many points it would count as."""
        return sum(found.points for _, found in self.rides)


def costs_of(session: Session, series: Series, now: datetime) -> Costs:
    """What giving it up now with all its rides would mean."""
    is_open = [each for each in records.days_of(session, series, since=taipei_date(now)) if each.status in OPEN]
    found = [
        (ride, cancelling.terms_of(session, ride, now))
        for day, ride in _booked(session, series, taipei_date(now) - _A_DAY)
        if _is_ahead(day, ride, now)
    ]
    return Costs(sum(each.wanted_at > now for each in is_open), tuple(found))


def cancel_day(session: Session, series_id: UUID, day: date, *, rider_id: UUID, now: datetime) -> Day:
    """The rider does not go that day. A ride that is bound is cancelled where every ride is, by the fleet's terms.

    Answers the day as it is now. Raises NotFound, SeriesOver, DayIsBooked.
    """
    series, days = records.held(session, series_id, rider_id=rider_id, since=day)
    found = next((each for each in days if each.day == day), None)
    if found is None:
        raise NotFound
    if found.status in (states.CANCELLED, states.SKIPPED):
        return found
    if found.wanted_at <= now:
        raise SeriesOver
    booked = [ride for _, ride in _booked(session, series, day) if ride.booking_id == found.booking_id]
    if booked:
        raise DayIsBooked(ride_id=typeid("ride", booked[0].id))
    if found.status not in OPEN:
        raise SeriesOver
    _give_up(session, series, [found], now)
    return records.day_of(session, series, day)


def cancel(
    session: Session,
    series_id: UUID,
    *,
    rider_id: UUID,
    by: UUID,
    with_rides: bool = False,
    agreed: tuple[int, int] | None = None,
    now: datetime,
) -> list[UUID]:
    """The rider wants no more of them: what is not booked yet is given up, and with `with_rides` every ride ahead is
    cancelled, as its fleet's terms say. Again changes nothing more.

    `agreed`: the fee and the points that they were told of. Answers the bookings of which something is to be driven
    (`saga.drive`; the sweep does what nobody drives). Raises NotFound, SeriesOver, SeriesCostsMore.
    """
    series, days = records.held(session, series_id, rider_id=rider_id, since=taipei_date(now) - _A_DAY)
    if series.status == states.OVER:
        raise SeriesOver
    if with_rides and agreed is not None:
        costs = costs_of(session, series, now)
        if costs.fee_twd > agreed[0] or costs.points > agreed[1]:
            raise SeriesCostsMore(fee_twd=costs.fee_twd, points=costs.points)
    rides_of: dict[UUID, list[Ride]] = {}
    for _, ride in _booked(session, series, taipei_date(now) - _A_DAY):
        rides_of.setdefault(ride.booking_id, []).append(ride)
    booked = [day for day in days if day.booking_id in rides_of]
    if series.is_active:
        session.execute(_CANCEL, {"rider": rider_id, "id": series_id, "now": now})
        given_up = [day for day in days if day.status in OPEN and day.wanted_at > now and day not in booked]
        _give_up(session, series, given_up, now, reason=STOPPED)
    if not with_rides:
        return []
    session.execute(_WITH_RIDES, {"rider": rider_id, "id": series_id, "now": now})
    driven = []
    for day in booked:
        rides = [ride for ride in rides_of[day.booking_id or day.id] if _is_ahead(day, ride, now)]
        if rides:
            _cancel_rides(session, series, day, rides, by, now)
            driven.append(rides[0].booking_id)
    return driven


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of the rides of a series that was given up with all of them."""

    asked_at: datetime
    cancelled: tuple[Ride, ...]
    under_way: tuple[Ride, ...]
    kept: tuple[Ride, ...]
    fee_twd: int


def progress_of(session: Session, series: Series) -> Progress | None:
    """What was done so far; None where the rides were not given up with it."""
    if series.rides_given_up_at is None:
        return None
    rides = [
        ride for _, ride in records.rides_of(session, series, since=taipei_date(series.rides_given_up_at) - _A_DAY)
    ]
    cancelled = tuple(ride for ride in rides if ride.has_ended and ride.end_reason == "series")
    under_way = tuple(ride for ride in rides if not ride.has_ended and ride.cancel_asked_at is not None)
    kept = tuple(ride for ride in rides if not ride.has_ended and ride.cancel_asked_at is None)
    return Progress(series.rides_given_up_at, cancelled, under_way, kept, sum(ride.fee_twd for ride in cancelled))


def settle(session: Session, series_id: UUID, *, rider_id: UUID, now: datetime) -> None:
    """Days whose rides were cancelled with the series are so from now on, and not only once that is heard of."""
    series = records.get(session, series_id, rider_id=rider_id)
    if series.rides_given_up_at is None:
        return
    since = taipei_date(series.rides_given_up_at) - _A_DAY
    series, days = records.held(session, series_id, rider_id=rider_id, since=since)
    rides = [ride for _, ride in records.rides_of(session, series, since=since)]
    gone = {ride.booking_id for ride in rides if ride.leg == "out" and ride.status == ride_states.CANCELLED}
    left = {ride.booking_id for ride in rides if ride.leg == "out" and not ride.has_ended}
    for day in days:
        if day.status == states.BOUND and day.reason == STOPPED and day.booking_id in gone - left:
            _over(session, day, states.CANCELLED)


def take_up(session: Session, series_id: UUID, *, rider_id: UUID, now: datetime) -> None:
    """The rider wants it after all (`planning.take_up`). Raises RidesBeingCancelled, and what that raises."""
    settle(session, series_id, rider_id=rider_id, now=now)
    progress = progress_of(session, records.get(session, series_id, rider_id=rider_id))
    if progress is not None and progress.under_way:
        raise RidesBeingCancelled
    planning.take_up(session, series_id, rider_id=rider_id, given_up_because=STOPPED, now=now)


def heard(session: Session, event: Event, now: datetime) -> None:
    """What became of a ride of some day, or of somebody's waiting for it. The way there says what becomes of a day."""
    day = _day_of(session, event)
    if day is None:
        return
    is_out = event.payload.get("leg") != "back"
    match event.kind:
        case events.RIDE_BOUND | events.RIDE_REPLACED if day.status in (states.ASKING, states.WAITING):
            records.move(session, day, states.BOUND, reason=day.reason)
        case events.RIDE_NOT_BOUND if day.status == states.ASKING:
            # Asked again soon: the sweep takes the next fleet, or has its rider stand in line.
            records.move(session, day, states.ASKING, reason=day.reason, next_at=now + _ASKED_AGAIN)
        case events.RIDE_LOST if day.status == states.BOUND and is_out:
            records.move(session, day, states.WAITING, reason=day.reason)
        case events.RIDE_CANCELLED if day.status == states.BOUND and is_out:
            _over(session, day, states.CANCELLED)
        case events.WAITLIST_ENDED if day.status == states.WAITING and event.payload["why"] == "over":
            _over(session, day, states.NOT_BOUND)
        case events.WAITLIST_ENDED if day.status == states.WAITING and event.payload["why"] == "withdrawn":
            _over(session, day, states.CANCELLED)


def _over(session: Session, day: Day, status: str) -> None:
    """A day comes to nothing: its share of an hour is for others."""
    records.move(session, day, status, reason=day.reason)
    planning.give_back(session, records.get(session, day.series_id), [day])


def _cancel_rides(session: Session, series: Series, day: Day, rides: list[Ride], by: UUID, now: datetime) -> None:
    wait = waits.of_booking(session, rides[0].booking_id)
    if wait is not None:
        answering.leave(session, wait.id, rider_id=day.rider_id, now=now)
    records.mark(session, day, STOPPED)
    for ride in rides:
        if cancelling.terms_of(session, ride, now).may_cancel:
            cancelling.cancel(session, ride.id, rider_id=day.rider_id, by=by, reason="series", now=now)
    if day.status == states.WAITING:
        # Only its way back is left, and nobody goes there.
        records.move(session, day, states.CANCELLED, reason=STOPPED)
        planning.give_back(session, series, [day])


def _booked(session: Session, series: Series, since: date) -> list[tuple[Day, Ride]]:
    """The rides that are taken and not over; not what is merely kept for somebody on the waitlist."""
    found = [(day, ride) for day, ride in records.rides_of(session, series, since=since) if not ride.has_ended]
    bookings = [ride.booking_id for _, ride in found]
    kept = set(session.execute(_KEPT, {"bookings": bookings}).scalars()) if bookings else set()
    return [(day, ride) for day, ride in found if ride.booking_id not in kept or ride.status != ride_states.HOLDING]


def _is_ahead(day: Day, ride: Ride, now: datetime) -> bool:
    """Whether there is still something to give up about it: not once somebody is aboard, or it should be over."""
    return (ride.pick_up_at or day.wanted_at) > now or ride.status in _STILL_COMES


def _day_of(session: Session, event: Event) -> Day | None:
    if "booking_id" in event.payload:
        return records.day_of_booking(session, UUID(event.payload["booking_id"]))
    try:
        wait = waits.get(session, UUID(event.payload["wait_id"]))
    except NotFound:
        return None
    return records.day_of_booking(session, wait.booking_id)


def _give_up(session: Session, series: Series, days: list[Day], now: datetime, *, reason: str | None = None) -> None:
    for day in days:
        if day.booking_id is not None:
            _withdraw(session, day, now)
        records.move(session, day, states.CANCELLED, reason=day.reason if reason is None else reason)
    planning.give_back(session, series, days)


def _withdraw(session: Session, day: Day, now: datetime) -> None:
    """Nobody is to be asked for it any more."""
    assert day.booking_id is not None and day.request_id is not None
    wait = waits.of_booking(session, day.booking_id)
    if wait is not None:
        answering.leave(session, wait.id, rider_id=day.rider_id, now=now)
        return
    try:
        making.withdraw(session, day.request_id, rider_id=day.rider_id)
    except RequestOver:
        # Nobody is asked for it as it is.
        return


_STILL_COMES: Final = (ride_states.HOLDING, ride_states.RESEEKING, ride_states.WILL_CALL, *ride_states.COMING)
_A_DAY: Final = timedelta(days=1)
"""What began yesterday may still be under way after midnight."""
_ASKED_AGAIN: Final = timedelta(minutes=1)
_KEPT = text("SELECT id FROM accessibility.booking WHERE id = ANY(:bookings) AND keep_until IS NOT NULL")
_WITH_RIDES = text(
    """
    UPDATE accessibility.series SET rides_given_up_at = coalesce(rides_given_up_at, :now)
     WHERE rider_id = :rider AND id = :id
    """
)
_CANCEL = text(
    """
    UPDATE accessibility.series SET status = 'cancelled', ended_at = :now
     WHERE rider_id = :rider AND id = :id AND status = 'active'
    """
)

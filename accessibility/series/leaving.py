"""Giving up one day of a series or all of it, and hearing what became of the rides of its days."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.requests import making
from accessibility.series import planning, records, states
from accessibility.series.errors import SeriesOver
from accessibility.series.records import Day, Series
from accessibility.waitlist import answering, waits
from core.clock import taipei_date
from core.errors import NotFound
from core.outbox import Event

OPEN = (states.PLANNED, states.ASKING, states.WAITING)


def cancel_day(session: Session, series_id: UUID, day: date, *, rider_id: UUID, now: datetime) -> Day:
    """The rider does not go that day. A ride that is bound is cancelled where every ride is, by the fleet's terms.

    Answers the day as it is now. Raises NotFound, SeriesOver.
    """
    series = records.get(session, series_id, rider_id=rider_id, is_locked=True)
    found = records.day_of(session, series, day)
    if found.status in (states.CANCELLED, states.SKIPPED):
        return found
    if found.status not in OPEN or found.wanted_at <= now:
        raise SeriesOver
    _give_up(session, series, [found], now)
    return records.day_of(session, series, day)


def cancel(session: Session, series_id: UUID, *, rider_id: UUID, now: datetime) -> list[Day]:
    """The rider wants no more of them: what is not bound yet is given up. Answers the days whose rides are bound and
    still to come: each is cancelled by itself, as its fleet's terms say. Again changes nothing. Raises NotFound."""
    series = records.get(session, series_id, rider_id=rider_id, is_locked=True)
    ahead = [each for each in records.days_of(session, series, since=taipei_date(now)) if each.wanted_at > now]
    if series.status == states.ACTIVE:
        session.execute(_CANCEL, {"rider": rider_id, "id": series_id, "now": now})
        _give_up(session, series, [each for each in ahead if each.status in OPEN], now)
    return [each for each in ahead if each.status == states.BOUND]


def heard(session: Session, event: Event, now: datetime) -> None:
    """What became of a ride of some day, or of somebody's waiting for it."""
    day = _day_of(session, event)
    if day is None:
        return
    match event.kind:
        case events.RIDE_BOUND | events.RIDE_REPLACED if day.status in (states.ASKING, states.WAITING):
            records.move(session, day, states.BOUND, reason=day.reason)
        case events.RIDE_NOT_BOUND if day.status == states.ASKING:
            # Asked again at once: the sweep takes the next fleet, or has its rider stand in line.
            records.move(session, day, states.ASKING, reason=day.reason, next_at=now)
        case events.RIDE_LOST if day.status == states.BOUND:
            records.move(session, day, states.WAITING, reason=day.reason)
        case events.RIDE_CANCELLED if day.status == states.BOUND and event.payload["leg"] == "out":
            records.move(session, day, states.CANCELLED, reason=day.reason)
            planning.give_back(session, records.get(session, day.series_id), [day])
        case events.WAITLIST_ENDED if day.status == states.WAITING and event.payload["why"] == "over":
            records.move(session, day, states.NOT_BOUND, reason=day.reason)
        case events.WAITLIST_ENDED if day.status == states.WAITING and event.payload["why"] == "withdrawn":
            records.move(session, day, states.CANCELLED, reason=day.reason)


def _day_of(session: Session, event: Event) -> Day | None:
    if "booking_id" in event.payload:
        return records.day_of_booking(session, UUID(event.payload["booking_id"]))
    try:
        wait = waits.get(session, UUID(event.payload["wait_id"]))
    except NotFound:
        return None
    return records.day_of_booking(session, wait.booking_id)


def _give_up(session: Session, series: Series, days: list[Day], now: datetime) -> None:
    for day in days:
        if day.booking_id is not None:
            _withdraw(session, day, now)
        records.move(session, day, states.CANCELLED, reason=day.reason)
    planning.give_back(session, series, days)


def _withdraw(session: Session, day: Day, now: datetime) -> None:
    """Nobody is to be asked for it any more."""
    assert day.booking_id is not None and day.request_id is not None
    wait = waits.of_booking(session, day.booking_id)
    if wait is not None:
        answering.leave(session, wait.id, rider_id=day.rider_id, now=now)
    else:
        making.withdraw(session, day.request_id, rider_id=day.rider_id)


_CANCEL = text(
    """
    UPDATE accessibility.series SET status = 'cancelled', ended_at = :now
     WHERE rider_id = :rider AND id = :id AND status = 'active'
    """
)

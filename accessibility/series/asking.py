"""Asking for the days of series whose booking has opened: every fleet, the best by the rider's own order is taken, and
where there is none its rider stands in line.

Each day is taken up by one sweep alone; killed between any two steps it is taken up again and goes on with what was
written down.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.requests import asking, making
from accessibility.requests import records as requests
from accessibility.requests import states as request_states
from accessibility.riders import eligibility
from accessibility.rides import choosing, saga
from accessibility.rides.errors import AnotherRideThen, NothingToChoose, RideAlreadyChosen
from accessibility.series import planning, records, states, wishes
from accessibility.series.records import Day, Series
from accessibility.waitlist import waits
from accessibility.waitlist.errors import NothingToWaitFor, WaitsAlready
from core import db, outbox
from core.clock import on_the_wire
from core.errors import Problem, RateLimited, Unavailable
from identity.actors import Actor

PATIENCE_SECONDS: Final = 6.0
_LEASE: Final = timedelta(minutes=3)
_DAYS_A_PASS: Final = 20
_log = logging.getLogger("mykaohsiung.accessibility")


def ask_due(now: datetime) -> int:
    """The sweep: ask for the days that are due. Answers how many."""
    with db.unit_of_work() as session:
        days = records.due(session, now, until=now + _LEASE, limit=_DAYS_A_PASS)
    for day in days:
        try:
            _ask(day, now)
        except Exception:
            # One that cannot go on must not keep the others waiting; it is taken up again.
            _log.exception("a day of series %s cannot go on", day.series_id)
    return len(days)


def close_over(now: datetime) -> int:
    """The sweep: series whose last day is past are over. Answers how many."""
    with db.unit_of_work() as session:
        return len(session.execute(_OVER, {"now": now}).all())


def outcome(session: Session, day: Day, status: str, *, now: datetime, reason: str = "") -> None:
    """What came of a day, told to its rider where no ride tells it."""
    records.move(session, day, status, reason=reason)
    if status in (states.SKIPPED, states.CANCELLED, states.NOT_BOUND):
        planning.give_back(session, records.get(session, day.series_id), [day])
    told = {
        "series_id": str(day.series_id), "rider_id": str(day.rider_id), "day": day.day.isoformat(),
        "pick_up_at": on_the_wire(day.wanted_at), "outcome": status, "reason": reason,
    }  # fmt: skip
    outbox.record(session, events.SERIES_DAY_DONE, told, now=now)


def _ask(day: Day, now: datetime) -> None:
    if day.status == states.PLANNED:
        begun = _begin(day, now)
        if begun is None:
            return
        day = begun
    elif _is_too_late(day, now):
        return
    assert day.booking_id is not None and day.request_id is not None
    with db.unit_of_work() as session:
        legs = [each.id for each in requests.of_booking(session, day.booking_id) if each.status in _TO_ASK]
    asking.ask_all(legs, now, PATIENCE_SECONDS, but=() if day.takes_a_share else (planning.OWN_FLEET,))
    with db.unit_of_work() as session:
        series = records.get(session, day.series_id)
        records.hold_bookings(session, [day])
        day = records.day_of(session, series, day.day)
        if day.status != states.ASKING:
            # Given up while the fleets were asked.
            return
        assert day.booking_id is not None and day.request_id is not None
        try:
            with session.begin_nested():
                choosing.choose_for(session, _asker(series), day.rider_id, day.request_id, now, basis="series")
        except NothingToChoose:
            _stand_in_line(session, day, now)
            return
        except AnotherRideThen:
            outcome(session, day, states.CANCELLED, now=now, reason="another_ride")
            return
        except RideAlreadyChosen:
            _log.info("a day of a series was booked meanwhile")
    saga.drive(day.booking_id, now)


def _begin(day: Day, now: datetime) -> Day | None:
    """Write the request down; None where there is nothing to ask for."""
    try:
        eligibility.refresh(day.rider_id, now)
    except (Unavailable, RateLimited):
        _log.warning("the register is silent: a day of a series is asked for with what was known before")
    with db.unit_of_work() as session:
        series = records.get(session, day.series_id, is_locked=True)
        day = records.day_of(session, series, day.day)
        if day.status != states.PLANNED:
            return None
        if day.wanted_at <= now:
            outcome(session, day, states.SKIPPED, now=now, reason="too_late")
            return None
        wish = wishes.on(series.wish, day.day, series_id=series.id)
        try:
            with session.begin_nested():
                made = making.make(session, _asker(series), series.rider_id, wish, now)
        except Problem as refused:
            outcome(session, day, states.SKIPPED, now=now, reason=refused.slug.replace("-", "_"))
            return None
        # If we die before an outcome is known, the day is taken up again.
        again = now + _LEASE
        records.move(
            session, day, states.ASKING, next_at=again, request_id=made[0].id, booking_id=made[0].booking_id,
            reason=day.reason,
        )  # fmt: skip
        return records.day_of(session, series, day.day)


def _is_too_late(day: Day, now: datetime) -> bool:
    """Whether its time came while it was being asked for, and it is told so."""
    if day.wanted_at > now:
        return False
    with db.unit_of_work() as session:
        series = records.get(session, day.series_id)
        day = records.day_of(session, series, day.day)
        if day.status == states.ASKING:
            outcome(session, day, states.NOT_BOUND, now=now, reason="too_late")
    return True


def _stand_in_line(session: Session, day: Day, now: datetime) -> None:
    assert day.request_id is not None
    try:
        with session.begin_nested():
            waits.join(session, day.rider_id, day.request_id, now=now)
    except WaitsAlready:
        outcome(session, day, states.NOT_BOUND, now=now, reason="waits_already")
        return
    except NothingToWaitFor:
        outcome(session, day, states.NOT_BOUND, now=now, reason="no_vehicle")
        return
    outcome(session, day, states.WAITING, now=now, reason="no_vehicle")


def _asker(series: Series) -> Actor:
    """Whoever asked for the series."""
    if series.basis == "agent":
        return Actor("citizen", series.made_by, on_behalf_of=series.rider_id)
    return Actor("citizen", series.rider_id)


_TO_ASK: Final = frozenset({request_states.ASKING, request_states.OFFERED, request_states.NONE, request_states.LAPSED})
_OVER = text(
    """
    UPDATE accessibility.series SET status = 'over', ended_at = :now
     WHERE status = 'active' AND ends_on < (CAST(:now AS timestamptz) AT TIME ZONE 'Asia/Taipei')::date
    RETURNING id
    """
)

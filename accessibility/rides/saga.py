"""How a booking comes to its end: every leg held, every leg bound, all else given back, however the fleets behave.

Three steps, each time: the intent is committed with the telegram's id and our reference; the fleet is called with no
transaction open; what it says is committed. After silence the fleet is asked how it stands. Killed between any two
steps, the booking is taken up by the sweep where the last commit left it. Why in this order: docs/rides.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from accessibility.rides import calling, legs, outcomes, records, states, steps, telephone, untold
from accessibility.rides.records import Booking
from accessibility.rides.steps import Step
from core import db

_MOST_STEPS: Final = 60
_SIDE_BY_SIDE: Final = 6
_log = logging.getLogger("mykaohsiung.accessibility")


def drive(booking_id: UUID, now: datetime, *, is_waited_for: bool = False) -> Booking:
    """Go on with a booking as far as the fleets let it, in units of work of its own. Safe to run twice and by two at
    once. `is_waited_for`: somebody waits for the answer, and what changes nothing for them is left to the sweep."""
    for _ in range(_MOST_STEPS):
        step = _advance(booking_id, now, is_waited_for=is_waited_for)
        if step is None:
            break
        is_rung = step.order is not None and step.order.is_by_telephone
        outcome = telephone.answer(step, now) if is_rung else _CALLS[step.kind](step, now)
        with db.unit_of_work() as session:
            outcome(session, records.locked(session, booking_id), now)
    with db.unit_of_work() as session:
        return records.get(session, booking_id)


def drive_due(now: datetime) -> int:
    """The sweep: take up every booking about which there is something to do, several at a time, because a fleet that
    is silent keeps whoever asks it waiting. Answers how many."""
    with db.unit_of_work() as session:
        rows = session.execute(_LEASE_DUE, {"now": now, "until": now + steps.LEASE}).all()
    if rows:
        with ThreadPoolExecutor(min(len(rows), _SIDE_BY_SIDE), thread_name_prefix="rides") as pool:
            list(pool.map(lambda row: _drive_or_log(row.id, now), rows))
    return len(rows)


def _drive_or_log(booking_id: UUID, now: datetime) -> None:
    try:
        drive(booking_id, now)
    except Exception:
        # One that cannot go on must not keep the others waiting; it stays open and is seen.
        _log.exception("booking %s cannot go on", booking_id)


def _advance(booking_id: UUID, now: datetime, *, is_waited_for: bool) -> Step | None:
    """Everything that needs nobody outside, then the intent of the next call. One commit."""
    with db.unit_of_work() as session:
        booking = records.locked(session, booking_id)
        if booking.keep_until is not None and booking.keep_until <= now:
            legs.not_kept(session, booking, now)
            session.execute(_NOT_KEPT, {"id": booking_id})
            booking = records.locked(session, booking_id)
        for ride in booking.rides:
            if ride.change is not None and ride.status not in states.COMING:
                # Whoever sits in it already, or is fetched by another, has nothing to change any more.
                outcomes.not_changed(session, booking, ride.id, "too_late", now)
                booking = records.locked(session, booking_id)
        while untold.put_to_rest(session, booking, now) or legs.settle(session, booking, now):
            booking = records.locked(session, booking_id)
        step = steps.begin_next(session, booking, now, is_waited_for=is_waited_for)
        after = records.locked(session, booking_id) if step else booking
        session.execute(_DUE, {"id": booking_id, "next": steps.due_at(after, now)})
    return step


_CALLS: Final[Mapping[str, Callable[[Step, datetime], calling.Outcome]]] = {
    "hold": calling.hold,
    "bind": calling.bind,
    "release": calling.release,
    "release_second": calling.release_second,
    "cancel": calling.cancel,
    "amend": calling.amend,
    "customer": calling.tell_customer,
    "status": calling.status,
    "seek": calling.seek,
}

_LEASE_DUE = text(
    """
    UPDATE accessibility.booking SET next_at = :until
     WHERE id IN (SELECT id FROM accessibility.booking WHERE next_at <= :now ORDER BY next_at LIMIT 50
                     FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)
_DUE = text("UPDATE accessibility.booking SET next_at = :next WHERE id = :id")
_NOT_KEPT = text("UPDATE accessibility.booking SET keep_until = NULL WHERE id = :id")

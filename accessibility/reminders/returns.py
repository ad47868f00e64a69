"""Nobody is left where they went: who has not called their way back is reminded, then rung; who is ready is asked for
again and again until a vehicle is found, and after a few minutes somebody rings for them.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.fleets import terms
from accessibility.reminders import ringing
from accessibility.rides import on_call, saga, states
from accessibility.rides import records as rides
from core import db, outbox
from core.clock import TAIPEI, on_the_wire
from core.errors import Problem
from core.text import Text

CALLED_AFTER: Final = timedelta(minutes=4)
"""So long after somebody is ready, with nothing found, the dispatch desk is to ring for them."""
_FIRST: Final = timedelta(minutes=60)
_SECOND: Final = timedelta(minutes=150)
_BEFORE_THE_LATEST: Final = timedelta(minutes=60)
_TIME_TO_ASK: Final = timedelta(minutes=30)
_PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=3))
_TOLD_AFTER_TRIES: Final = (2, 5, 10, 20, 40, 80)
_LEASE: Final = timedelta(minutes=1)
_A_PASS: Final = 20
_log = logging.getLogger("mykaohsiung.accessibility")

_GO_AND_SEE: Final = Text(
    "您好，這裡是高雄市政府的乘車服務。您今天還沒有叫回程的車。要回去了嗎？要的話，我現在就幫您叫車。",
    "Hello, this is the ride service of Kaohsiung City. You have not called your way back yet today. Are you ready? If "
    "so, I will find you a vehicle now.",
)
_FIND_ONE: Final = Text(
    "這位乘客 {ready} 就好了，問了 {tries} 次所有車隊都沒有車。請先打給乘客說正在找，再逐一打電話給車隊，直到有車。",
    "This rider has been ready since {ready}; every fleet was asked {tries} times in vain. Ring them first to say that "
    "you are looking, then ring the fleets until there is a vehicle.",
)


def remind(now: datetime) -> int:
    """The sweep: remind those whose way back nobody has called yet. Answers how many."""
    with db.unit_of_work() as session:
        rows = session.execute(_NOT_CALLED, {"now": now, "since": now - timedelta(hours=20), "first": now - _FIRST})
        return sum(_remind(session, row, now) for row in rows.all())


def seek(now: datetime) -> int:
    """The sweep: ask again for those who are ready and have no vehicle. Answers how many were asked for."""
    with db.unit_of_work() as session:
        session.execute(_TAKE_NOTE, {"now": now, "pause": _PAUSES[0]})
        rows = session.execute(_DUE, {"now": now, "until": now + _LEASE, "limit": _A_PASS}).all()
    for row in rows:
        _seek(row, now)
    return len(rows)


def latest_at(session: Session, now: datetime) -> datetime:
    """Until when somebody who went out today should call their way back: the city's own vans stop for the night."""
    local = now.astimezone(TAIPEI)
    closing = [
        local.replace(hour=own.terms.closes_at.hour, minute=own.terms.closes_at.minute, second=0, microsecond=0)
        - timedelta(minutes=own.terms.closes_minutes)
        for own in terms.in_force(session, now)
        if own.kind == "own" and own.terms.closes_at > own.terms.opens_at
    ]
    end_of_day = local.replace(hour=22, minute=0, second=0, microsecond=0)
    return min(closing, default=end_of_day) - _TIME_TO_ASK


def _remind(session: Session, row: Any, now: datetime) -> bool:
    latest = latest_at(session, row.done_at)
    rounds = (row.done_at + _FIRST, row.done_at + _SECOND, latest - _BEFORE_THE_LATEST, latest)
    due = max((number for number, at in enumerate(rounds) if at <= now), default=None)
    if due is None:
        return False
    values = {"ride": row.id, "kind": "return_waits", "round": due, "rider": row.rider_id, "now": now}
    if session.execute(_ONCE, values).first() is None:
        return False
    told = {"ride_id": str(row.id), "rider_id": str(row.rider_id), "booking_id": str(row.booking_id), "fleet": None,
            "pick_up_at": None, "leg": "back", "latest_at": on_the_wire(latest)}  # fmt: skip
    outbox.record(session, events.RETURN_WAITS, told, now=now)
    if due >= len(rounds) - 2:
        ringing.ring(session, row.rider_id, row.id, _GO_AND_SEE, now)
    return True


def _seek(row: Any, now: datetime) -> None:
    """Ask every fleet again for one rider, in units of work of its own."""
    try:
        with db.unit_of_work() as session:
            ride = rides.ride(session, row.ride_id)
            if ride.status == states.WILL_CALL:
                on_call.ready(session, row.ride_id, rider_id=row.rider_id, now=now)
        saga.drive(ride.booking_id, now)
    except Problem:
        _log.exception("a way back cannot be asked for")
    with db.unit_of_work() as session:
        ride = rides.ride(session, row.ride_id)
        tries = row.tries + 1
        is_looking = ride.status in (states.WILL_CALL, states.HOLDING)
        next_at = now + _PAUSES[min(tries, len(_PAUSES)) - 1] if is_looking else None
        values = {"ride": row.ride_id, "next": next_at, "tries": tries, "found": None if is_looking else now}
        session.execute(_ASKED, values)
        if ride.status == states.WILL_CALL:
            _say(session, ride, row, tries, now)


def _say(session: Session, ride: rides.Ride, row: Any, tries: int, now: datetime) -> None:
    is_called = row.called_at is not None
    if not is_called and now - row.ready_at >= CALLED_AFTER:
        ready = f"{row.ready_at.astimezone(TAIPEI):%H:%M}"
        is_called = ringing.ring(session, ride.rider_id, ride.id, _FIND_ONE.format(ready=ready, tries=tries), now)
        session.execute(_CALLED, {"ride": ride.id, "now": now})
    elif tries not in _TOLD_AFTER_TRIES:
        return
    told = {"ride_id": str(ride.id), "rider_id": str(ride.rider_id), "booking_id": str(ride.booking_id), "fleet": None,
            "pick_up_at": None, "leg": ride.leg, "attempts": tries, "is_called": is_called}  # fmt: skip
    outbox.record(session, events.RETURN_SOUGHT, told, now=now)


# A way back that waits, whose way there is over, and whose rider has not said that they are ready.
_NOT_CALLED = text(
    """
    SELECT b.id, b.rider_id, b.booking_id, o.done_at
      FROM accessibility.ride AS b
      JOIN accessibility.ride AS o ON o.rider_id = b.rider_id AND o.booking_id = b.booking_id AND o.leg = 'out'
     WHERE b.status = 'will_call' AND b.seek_round = 0 AND o.status = 'done' AND o.done_at > :since
       AND o.done_at <= :first
     ORDER BY o.done_at LIMIT 500
    """
)
_ONCE = text(
    """
    INSERT INTO accessibility.ride_reminder (ride_id, kind, round, rider_id, at)
    VALUES (:ride, :kind, :round, :rider, :now) ON CONFLICT DO NOTHING RETURNING ride_id
    """
)
_TAKE_NOTE = text(
    """
    INSERT INTO accessibility.ready_return (ride_id, rider_id, request_id, ready_at, next_at)
    SELECT r.id, r.rider_id, r.request_id, said.at, said.at + CAST(:pause AS interval)
      FROM accessibility.ride AS r
     CROSS JOIN LATERAL (SELECT coalesce(min(e.at), CAST(:now AS timestamptz)) AS at
                           FROM accessibility.ride_event AS e WHERE e.ride_id = r.id AND e.kind = 'ready') AS said
     WHERE r.status = 'will_call' AND r.seek_round > 0
    ON CONFLICT (ride_id) DO NOTHING
    """
)
_DUE = text(
    """
    UPDATE accessibility.ready_return AS w SET next_at = :until
      FROM (SELECT ride_id FROM accessibility.ready_return
             WHERE next_at <= :now ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED) AS found
     WHERE w.ride_id = found.ride_id
    RETURNING w.*
    """
)
_ASKED = text(
    """
    UPDATE accessibility.ready_return
       SET next_at = CAST(:next AS timestamptz), tries = :tries, found_at = CAST(:found AS timestamptz)
     WHERE ride_id = :ride
    """
)
_CALLED = text("UPDATE accessibility.ready_return SET called_at = :now WHERE ride_id = :ride")

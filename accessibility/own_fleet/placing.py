"""Trips into tours, and out of them.

A place is looked for in the plan as it is known and taken in the tour as it is: its row is locked, and what another
took meanwhile is seen there. Who finds the place gone lets the row go and tries the next van.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch import insertion, timing
from accessibility.dispatch.insertion import Insertion
from accessibility.dispatch.tours import Trip
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import forecast, plans, writing
from accessibility.own_fleet.plans import Planned

_VANS_TRIED: Final = 5
_ROUNDS: Final = 20


def by_detour(found: Insertion) -> float:
    """The usual order: who drives the least more."""
    return found.added_seconds


def place(
    session: Session,
    day: date,
    trip: Trip,
    travel: Travel,
    now: datetime,
    *,
    but: Collection[UUID] = (),
    only: UUID | None = None,
    first: Callable[[Insertion], float] = by_detour,
) -> UUID | None:
    """Put the trip, whose id is its order's, where it costs least (or where `first` is least). Answers the tour.

    `only` names the tour that is meant, `but` those that are not. None: nobody can take it as it is promised.
    """
    for _ in range(_ROUNDS):
        plan = [
            each
            for each in plans.of_day(session, day, now)
            if each.id not in but and only in (None, each.id)
        ]  # fmt: skip
        found = insertion.offers([each.tour for each in plan], trip, travel, most=_VANS_TRIED)
        if not found:
            return None
        of_tour = {each.tour.vehicle.id: each for each in plan}
        for each in sorted(found, key=first):
            if _taken(session, of_tour[each.tour.vehicle.id], each, trip, travel, now):
                return of_tour[each.tour.vehicle.id].id
    return None


def take_out(session: Session, order_id: UUID, tour_id: UUID | None, travel: Travel, now: datetime) -> None:
    """Take what is left of an order out of its tour; the others keep their order, and nobody comes later for it."""
    if tour_id is None:
        return
    session.execute(_LOCK, {"id": tour_id})
    session.execute(_DROP, {"tour": tour_id, "order": order_id})
    retimed(session, tour_id, travel, now)


def retimed(session: Session, tour_id: UUID, travel: Travel, now: datetime) -> None:
    """Plan the times of a locked tour anew after stops went. A tour that is late already keeps what is expected."""
    left = plans.as_of_now(session, tour_id, now)
    schedule = None if left is None else timing.scheduled(left.tour, travel)
    if left is not None and schedule is not None:
        writing.write(session, left, left.tour, schedule)
    else:
        writing.mark_changed(session, tour_id)
    forecast.look_ahead(session, tour_id, travel, now)


def assign(session: Session, order_id: UUID, tour_id: UUID | None) -> None:
    """Note in which tour an order is now; None: in none."""
    session.execute(_ASSIGN, {"id": order_id, "tour": tour_id})


def _taken(session: Session, known: Planned, found: Insertion, trip: Trip, travel: Travel, now: datetime) -> bool:
    attempt = session.begin_nested()
    locked = plans.locked(session, [known.id], now)
    here: Sequence[Insertion] = ()
    if locked and locked[0].version == known.version:
        here = (found,)
    elif locked:
        here = insertion.offers([locked[0].tour], trip, travel, most=1)
    if not here:
        # Lets the tour's row go, too.
        attempt.rollback()
        return False
    writing.write(session, locked[0], here[0].tour, here[0].schedule)
    assign(session, UUID(trip.id), known.id)
    attempt.commit()
    return True


_LOCK = text("SELECT 1 FROM accessibility.van_tour WHERE id = :id FOR UPDATE")
_DROP = text("DELETE FROM accessibility.van_stop WHERE tour_id = :tour AND order_id = :order AND outcome IS NULL")
_ASSIGN = text("UPDATE accessibility.van_order SET tour_id = :tour, place_wanted_until = NULL WHERE id = :id")

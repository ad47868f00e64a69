"""How the day goes on from what has happened: when each stop is expected, and who is warned before it is late.

A plan keeps every promise; a day may not. What is expected follows the van from where it is, stop by stop, without any
limit: the limits say who is late, and that is told before it happens.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch import timing
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import events, orders, plans
from accessibility.own_fleet.plans import Planned
from accessibility.own_fleet.ports import city
from accessibility.own_fleet.promises import moment

_TOLD_EACH_MINUTES: Final = 5
_LATE_FROM: Final = timedelta(minutes=1)
_NOT_BEFORE: Final = timedelta(minutes=2)
"""A van whose driver has not said to be at a door is there in two minutes at the soonest: whoever waits for a van
that says nothing hears of it as soon as their time is over."""


def expected(planned: Planned, travel: Travel, now: datetime) -> list[int]:
    """When each stop between start and end begins as the day goes, in whole seconds: never in the past."""
    stops, between = planned.tour.stops, timing.legs(planned.tour, travel)
    leaves, since, found = stops[0].window.earliest, int(now.timestamp()), []
    for number in range(1, len(stops) - 1):
        begins = max(leaves + between[number - 1], stops[number].window.earliest, since)
        found.append(begins)
        leaves = begins + stops[number].seconds
    return found


def look_ahead(session: Session, tour_id: UUID, travel: Travel, now: datetime) -> None:
    """Say of every stop that is left when it is expected, and warn those who will be picked up late; who was warned
    hears when it is earlier after all.

    What the plan puts later, because nobody needs to wait on board, stays at its time. The tour's row is locked.
    """
    planned = plans.as_of_now(session, tour_id, now)
    if planned is None:
        return
    coming = [moment(each) for each in expected(planned, travel, now)]
    session.execute(_EXPECTED, {"ids": list(planned.stop_ids), "at": coming})
    for row in session.execute(_LATE, {"tour": tour_id, "late": _LATE_FROM, "soonest": now + _NOT_BEFORE}).all():
        _warn(session, row, now)


def _warn(session: Session, row: Any, now: datetime) -> None:
    minutes = ceil((row.expected_at - row.window_ends_at).total_seconds() / 60)
    told = row.late_told_minutes
    if told and told - _TOLD_EACH_MINUTES < minutes < told + _TOLD_EACH_MINUTES:
        return
    session.execute(_TOLD, {"id": row.order_id, "minutes": max(minutes, 0)})
    order = orders.by_id(session, row.order_id)
    city().told(session, order.trip, orders.seen(order, row.expected_at), now)
    events.of_order(session, "late", order, by=events.THE_FLEET, now=now, minutes=max(minutes, 0))


_EXPECTED = text(
    """
    UPDATE accessibility.van_stop AS s SET expected_at = greatest(s.planned_at, e.at)
      FROM unnest(CAST(:ids AS uuid[]), CAST(:at AS timestamptz[])) AS e (id, at)
     WHERE s.id = e.id
    """
)
_LATE = text(
    """
    SELECT s.order_id, at.expected_at, s.window_ends_at, o.late_told_minutes
      FROM accessibility.van_stop AS s JOIN accessibility.van_order AS o ON o.id = s.order_id
     CROSS JOIN LATERAL (SELECT greatest(s.expected_at, CAST(:soonest AS timestamptz)) AS expected_at) AS at
     WHERE s.tour_id = :tour AND s.kind = 'pickup' AND s.arrived_at IS NULL AND o.state IN ('bound', 'on_the_way')
       AND (at.expected_at > s.window_ends_at + CAST(:late AS interval) OR o.late_told_minutes > 0)
     ORDER BY s.position
    """
)
_TOLD = text("UPDATE accessibility.van_order SET late_told_minutes = :minutes WHERE id = :id")

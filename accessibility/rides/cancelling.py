"""Cancelling a ride: what it would cost is said beforehand, and whatever was under way at a fleet is given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms
from accessibility.rides import legs, outcomes, records, states, telling
from accessibility.rides.errors import NotCancellable
from accessibility.rides.records import Booking, Ride
from core.ids import new_uuid
from core.text import Text


@dataclass(frozen=True, slots=True)
class Terms:
    """What cancelling now would mean. `free_until` None: it is free whenever; `fee_twd` is an estimate where the fleet
    says in the end what it charges."""

    may_cancel: bool
    is_late: bool
    fee_twd: int
    points: int
    free_until: datetime | None
    words: Text
    source: str


def terms_of(session: Session, ride: Ride, now: datetime) -> Terms:
    """What cancelling this ride now would mean."""
    if ride.status not in _CANCELLABLE:
        return Terms(False, False, 0, 0, None, NotCancellable.title, "")
    if ride.status not in states.COMING or ride.pick_up_at is None or ride.fleet is None:
        words = Text("還沒有確認，取消不收費。", "It is not confirmed yet: cancelling costs nothing.")
        return Terms(True, False, 0, 0, None, words, "")
    # What was agreed when it was booked, also where the fleet has other terms by now.
    fleet = terms.of_fleet(session, ride.fleet, ride.bound_at or now)
    if fleet is None:
        return Terms(True, False, 0, 0, None, Text("可以取消。", "It can be cancelled."), "")
    free_until = ride.pick_up_at - timedelta(minutes=fleet.terms.free_until_minutes)
    is_late = now > free_until
    fee, points = (fleet.terms.late_fee_twd, fleet.terms.late_points) if is_late else (0, 0)
    return Terms(True, is_late, fee, points, free_until, _words(is_late, fee, points), fleet.terms.source)


def cancel(session: Session, ride_id: UUID, *, rider_id: UUID, by: UUID, reason: str, now: datetime) -> Ride:
    """Commit that the rider wants it no more; `saga.drive` has the fleet know. Again changes nothing.

    Raises NotFound, NotCancellable.
    """
    wanted = records.ride(session, ride_id, rider_id=rider_id)
    booking = records.locked(session, wanted.booking_id)
    ride = booking.ride(ride_id)
    if ride.status == states.CANCELLED or ride.cancel_asked_at is not None:
        return ride
    if ride.status not in _CANCELLABLE or ride.done_at is not None:
        raise NotCancellable
    found = terms_of(session, ride, now)
    session.execute(
        _ASKED,
        {"rider": rider_id, "id": ride_id, "now": now, "by": by, "reason": reason or "rider", "late": found.is_late},
    )
    telling.happened(session, ride, "cancel_asked", source="rider", now=now)
    _give_up(session, booking, records.ride(session, ride_id), now)
    session.execute(_SOON, {"id": booking.id, "now": now})
    return records.ride(session, ride_id)


def _give_up(session: Session, booking: Booking, ride: Ride, now: datetime) -> None:
    order = booking.live_order(ride)
    if order is not None and order.status == states.BOUND:
        values: dict[str, Any] = {"rider": order.rider_id, "id": order.id, "telegram": new_uuid()}
        session.execute(_CANCELLING, values)
        return
    if order is not None:
        legs.give_back(session, order, "rider")
    outcomes.end_by_rider(session, ride, now)


def _words(is_late: bool, fee_twd: int, points: int) -> Text:
    if not is_late or not (fee_twd or points):
        return Text("現在取消不收費，也不記點。", "Cancelling now costs nothing and gives no points.")
    costs = []
    if fee_twd:
        costs.append(Text(f"車隊可能收取 {fee_twd} 元", f"the fleet may charge NT${fee_twd}"))
    if points:
        costs.append(Text(f"記 {points} 點", f"it counts as {points} no-show point(s)"))
    return Text(
        "已過免費取消時間：" + "、".join(each.zh for each in costs) + "。",
        "The time for free cancellation is over: " + " and ".join(each.en for each in costs) + ".",
    )


_CANCELLABLE = (states.WILL_CALL, states.HOLDING, states.RESEEKING, *states.COMING)
_ASKED = text(
    """
    UPDATE accessibility.ride
       SET cancel_asked_at = :now, cancel_asked_by = :by, cancel_reason = :reason, is_late_cancel = :late, change = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_CANCELLING = text(
    """
    UPDATE accessibility.fleet_order
       SET status = 'cancelling', is_open = false, tries = 0, next_at = NULL, telegram_id = :telegram
     WHERE rider_id = :rider AND id = :id
    """
)
_SOON = text("UPDATE accessibility.booking SET next_at = :now WHERE id = :id")

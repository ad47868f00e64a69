"""What must be true of a voyage, from three sides: the fleets' books, our tables, and what the rider was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from accessibility.rides import states
from accessibility.rides.records import Booking, Ride
from tests.accessibility.rides.stormy_fleet import BOUND, LIVE

if TYPE_CHECKING:
    from tests.accessibility.rides.voyage import Voyage

_HAS_RIDE: Final = frozenset({"ride_bound", "ride_replaced", "ride_changed", "ride_aboard"})
_HAS_NONE: Final = frozenset({"ride_not_bound", "ride_reseeking", "ride_lost", "ride_cancelled", "return_put_off"})
_ENDS: Final = {
    "done": "ride_done", "cancelled": "ride_cancelled", "no_show": "ride_no_show", "not_bound": "ride_not_bound",
    "lost": "ride_lost",
}  # fmt: skip


def while_it_stands(voyage: Voyage) -> Iterator[str]:
    """Some minutes after the storm, every order looked at once: the three say the same."""
    booking = voyage.booking()
    yield from _books(voyage, booking)
    if booking is None:
        return
    told = _told(voyage)
    for ride in booking.rides:
        if ride.status in (states.HOLDING, states.RESEEKING):
            yield f"unsettled: {ride.leg} is still {ride.status}"
        elif ride.status in (*states.COMING, states.ABOARD):
            yield from _told_of_it(voyage, booking, ride, told[str(ride.id)])


def at_rest(voyage: Voyage) -> Iterator[str]:
    """When everything is over."""
    booking = voyage.booking()
    for fleet, order in voyage.orders():
        if order.state in LIVE and not order.is_forgotten:
            yield f"left behind: {fleet.code} still has {order.number} of {order.trip[-4:]} ({order.state})"
    for leg in ("out", "back"):
        if sum(order.state == "done" for _, order in voyage.orders(leg)) > 1:
            yield f"two rides: {leg} was driven twice"
    if booking is None:
        return
    if booking.next_at is not None:
        yield f"open forever: the booking is looked at again at {booking.next_at}"
    for order in booking.orders:
        if order.status not in states.ORDER_ENDS:
            yield f"open forever: the order at {order.fleet} of {order.trip[-4:]} is {order.status}"
    for second in booking.seconds:
        yield f"open forever: the second order {second.fleet_order} is not given back"
    told = _told(voyage)
    for ride in booking.rides:
        yield from _of_ride(voyage, booking, ride, told[str(ride.id)])
    yield from _of_requests(voyage)


def _books(voyage: Voyage, booking: Booking | None) -> Iterator[str]:
    theirs = {
        (fleet.code, order.trip, order.number): order.state for fleet, order in voyage.orders() if order.state in LIVE
    }
    ours: dict[tuple[str, str, str | None], str] = {}
    for order in booking.orders if booking else ():
        if order.status in (states.BOUND, states.CANCELLING, states.RELEASING, states.HELD):
            ours[order.fleet, order.trip, order.fleet_order] = order.status
    for key, state in theirs.items():
        if key not in ours:
            yield f"books differ: {key[0]} has {key[2]} of {key[1][-4:]} ({state}), we do not"
    for key, status in ours.items():
        if key not in theirs:
            yield f"books differ: we have {key[2]} of {key[1][-4:]} at {key[0]} ({status}), they do not"
        elif (status == states.BOUND) != (theirs[key] in BOUND):
            yield f"books differ: {key[2]} of {key[1][-4:]} is {theirs[key]} at {key[0]} and {status} here"
    for leg in ("out", "back"):
        standing = [order.number for _, order in voyage.orders(leg) if order.state in LIVE]
        if len(standing) > 1:
            yield f"two rides: {leg} has {', '.join(standing)}"


def _told_of_it(voyage: Voyage, booking: Booking, ride: Ride, told: list[Any]) -> Iterator[str]:
    words = [each for each in told if each.word in _HAS_RIDE | _HAS_NONE]
    last = words[-1] if words else None
    if last is None or last.word not in _HAS_RIDE:
        yield f"told of none: {ride.leg} is {ride.status}, told {last.word if last else 'nothing'}"
        return
    order = booking.live_order(ride)
    theirs = next((each for _, each in voyage.orders(ride.leg) if order is not None and each.trip == order.trip), None)
    if order is None or theirs is None:
        yield f"told of a ride that is not: {ride.leg} is {ride.status}"
    elif last.fact["fleet"] != order.fleet or datetime.fromisoformat(last.fact["pick_up_at"]) != theirs.pick_up_at:
        yield (
            f"told of another ride: {ride.leg} told {last.fact['fleet']} at {last.fact['pick_up_at']}, is {order.fleet} "
            f"at {theirs.pick_up_at}"
        )


def _of_ride(voyage: Voyage, booking: Booking, ride: Ride, told: list[Any]) -> Iterator[str]:
    if not ride.has_ended:
        yield f"open forever: {ride.leg} is {ride.status}"
        return
    words = [each.word for each in told]
    has_ride = False
    for each in told:
        if each.word == "ride_bound" and has_ride:
            yield f"told of two: {ride.leg}: {words}"
        has_ride = each.word in _HAS_RIDE or (has_ride and each.word not in _HAS_NONE)
        if each.word in ("ride_not_bound", "ride_lost", "ride_reseeking") and not each.fact.get("reason"):
            yield f"no reason: {ride.leg}: {each.word}"
        if each.word == "ride_cancelled" and each.fact["by"] != "rider" and not each.fact.get("reason"):
            yield f"no reason: {ride.leg}: {each.word}"
    is_silent = ride.end_reason == "not_accepted" or (ride.end_reason == "other_leg" and ride.bound_at is None)
    if words.count(_ENDS[ride.status]) != 1 and not (ride.status == "no_show" and words) and not is_silent:
        yield f"ended in silence: {ride.leg} is {ride.status} ({ride.end_reason}), told {words}"
    trips = {order.trip for order in booking.orders if order.ride_id == ride.id}
    driven = [
        (fleet, order) for fleet, order in voyage.orders(ride.leg) if order.trip in trips and order.state == "done"
    ]
    is_untold = bool(
        voyage.rows("SELECT 1 FROM accessibility.ride_event WHERE ride_id = :ride AND kind = 'not_told'", ride=ride.id)
    )
    if is_untold:
        # Nobody has witnessed that it was driven: it costs nothing, and whoever drove it has said so.
        if driven or ride.status != states.DONE or ride.fare_twd:
            yield f"not told: {ride.leg} is {ride.status}, costs {ride.fare_twd}, driven by {driven}"
    elif (ride.status == states.DONE) != bool(driven):
        yield f"books differ: {ride.leg} is {ride.status} here, driven by {[fleet.code for fleet, _ in driven]}"
    elif driven and ride.fleet != driven[0][0].code:
        yield f"books differ: {ride.leg} is {ride.fleet}'s here, driven by {driven[0][0].code}"
    if ride.status == states.CANCELLED and ride.ended_by == "rider" and ride.id not in voyage.asked_to_cancel:
        yield f"cancelled by nobody: {ride.leg}"


def _of_requests(voyage: Voyage) -> Iterator[str]:
    """Whoever has no ride for what they asked for can ask again."""
    for row in voyage.rows(
        """
        SELECT q.leg, q.status, (SELECT array_agg(r.status) FROM accessibility.ride AS r WHERE r.request_id = q.id
                                    AND r.status IN ('done', 'no_show')) AS rides
          FROM accessibility.ride_request AS q WHERE q.booking_id = :booking
        """
    ):
        if row.status == "chosen" and not row.rides:
            yield f"stuck: the request for {row.leg} counts as taken, and is not"


def _told(voyage: Voyage) -> dict[str, list[Any]]:
    """What the rider was told, by ride, in its order."""
    from types import SimpleNamespace

    found: dict[str, list[Any]] = defaultdict(list)
    rows = voyage.rows(
        "SELECT kind, payload FROM core.outbox WHERE (kind LIKE 'accessibility.ride\\_%' OR kind = 'accessibility.return_put_off') "
        "AND payload->>'rider_id' = CAST(:rider AS text) ORDER BY id"
    )
    for row in rows:
        fact = row.payload if isinstance(row.payload, dict) else orjson.loads(row.payload)
        if "ride_id" in fact:
            found[fact["ride_id"]].append(SimpleNamespace(word=row.kind.removeprefix("accessibility."), fact=fact))
    return found

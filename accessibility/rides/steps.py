"""Which call outside comes next for a booking, and the commit of its intent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.requests import offers
from accessibility.requests import records as requests
from accessibility.requests.offers import Offer
from accessibility.requests.records import RideRequest
from accessibility.rides import legs, states
from accessibility.rides.records import Booking, Order, Ride, SecondYes
from core.ids import new_uuid

Kind = Literal[
    "hold", "bind", "release", "release_second", "cancel", "amend", "customer", "status", "seek", "telephone"
]
LEASE: Final = timedelta(seconds=15)
"""So long whoever began a step has it to itself: longer than any answer is waited for."""

_SEEK_LEASE: Final = timedelta(seconds=10)
_OPEN: Final = (states.HOLDING, states.BINDING)


@dataclass(frozen=True, slots=True)
class Step:
    """One call outside. `telegram_id` is kept with the intent: the same again after a break. `is_again`: it may have
    been sent before."""

    kind: Kind
    booking: Booking
    ride: Ride
    order: Order | None = None
    offer: Offer | None = None
    request: RideRequest | None = None
    telegram_id: UUID | None = None
    second: SecondYes | None = None
    is_again: bool = False


def begin_next(session: Session, booking: Booking, now: datetime, *, is_waited_for: bool = False) -> Step | None:
    """The first call that is due, its intent written down; None: there is nothing to do now. `is_waited_for`: what
    changes nothing for the rider is left to the sweep."""
    for find in _IN_TURN[:-_NOT_WAITED_FOR] if is_waited_for else _IN_TURN:
        for step in find(booking, now):
            return _begun(session, step, now)
    return None


def due_at(booking: Booking, now: datetime) -> datetime | None:
    """When there will be something to do about this booking; None: never again."""
    soon = now + timedelta(seconds=1)
    found: list[datetime] = []
    for order in booking.orders:
        if order.status == states.HELD:
            found.append(min(order.lapses_at or soon, booking.keep_until or soon))
        elif order.status not in states.ORDER_ENDS:
            found.append(order.next_at or soon)
    for ride in booking.rides:
        if ride.status in legs.SEEKS and booking.live_order(ride) is None:
            found.append(max(ride.asks_until or soon, soon) if ride.candidates is None else soon)
        if ride.change is not None:
            found.append(datetime.fromisoformat(ride.change["next_at"]))
        if ride.done_at is not None and not ride.has_ended:
            found.append(ride.done_at + timedelta(minutes=10))
    found += [each.next_at or soon for each in booking.seconds]
    return max(min(found), soon) if found else None


def _releases(booking: Booking, now: datetime) -> Iterator[Step]:
    for order in booking.orders:
        if order.status == states.RELEASING and order.is_due(now):
            yield Step("release", booking, booking.ride(order.ride_id), order, is_again=order.is_open)


def _cancels(booking: Booking, now: datetime) -> Iterator[Step]:
    for order in booking.orders:
        if order.status == states.CANCELLING and order.is_due(now):
            yield Step("cancel", booking, booking.ride(order.ride_id), order, is_again=order.is_open)


def _unknown(booking: Booking, now: datetime) -> Iterator[Step]:
    for order in booking.orders:
        if order.status in _OPEN and order.is_due(now):
            yield Step("status", booking, booking.ride(order.ride_id), order, is_again=True)


def _holds(booking: Booking, now: datetime) -> Iterator[Step]:
    for order in booking.orders:
        if order.status == states.WANTED:
            yield Step("hold", booking, booking.ride(order.ride_id), order)


def _seeks(booking: Booking, now: datetime) -> Iterator[Step]:
    for ride in booking.rides:
        is_wanted = ride.status in legs.SEEKS and ride.candidates is None and booking.live_order(ride) is None
        if is_wanted and (ride.asks_until is None or ride.asks_until <= now):
            yield Step("seek", booking, ride)


def _binds(booking: Booking, now: datetime) -> Iterator[Step]:
    """What is held is bound once every leg that is to be taken with it is held, too."""
    if booking.keep_until is not None:
        return
    for ride in booking.rides:
        if ride.status not in legs.SEEKS:
            continue
        order = booking.live_order(ride)
        if order is not None and order.status == states.HELD:
            together = [
                each for each in booking.taken_with(ride) if each.status == states.HOLDING and not each.is_on_call
            ]
            if all(_is_held(booking, each) for each in together) and _old_one_is_gone(booking, ride, now):
                yield Step("bind", booking, ride, order)


def _customers(booking: Booking, now: datetime) -> Iterator[Step]:
    for order in booking.orders:
        if order.status == states.BOUND and order.customer_told_at is None and order.is_due(now):
            if order.tries % 2:
                # It was not taken: perhaps because nothing is bound there any more.
                yield Step("status", booking, booking.ride(order.ride_id), order)
                continue
            yield Step("customer", booking, booking.ride(order.ride_id), order, telegram_id=order.customer_telegram_id)


def _amends(booking: Booking, now: datetime) -> Iterator[Step]:
    for ride in booking.rides:
        order = booking.live_order(ride)
        if ride.change is None or order is None or order.status != states.BOUND or ride.status not in states.COMING:
            continue
        if datetime.fromisoformat(ride.change["next_at"]) <= now:
            is_again = bool(ride.change.get("is_sent"))
            yield Step("amend", booking, ride, order, telegram_id=UUID(ride.change["telegram_id"]), is_again=is_again)


def _checks(booking: Booking, now: datetime) -> Iterator[Step]:
    for order in booking.orders:
        if order.status == states.BOUND and order.customer_told_at is not None and order.is_due(now):
            yield Step("status", booking, booking.ride(order.ride_id), order)


def _seconds(booking: Booking, now: datetime) -> Iterator[Step]:
    for second in booking.seconds:
        if second.next_at is not None and second.next_at > now:
            continue
        order = booking.order(second.order_id)
        yield Step(
            "release_second", booking, booking.ride(order.ride_id), order, telegram_id=second.telegram_id, second=second
        )


_IN_TURN: Final[tuple[Callable[[Booking, datetime], Iterator[Step]], ...]] = (
    _releases, _cancels, _unknown, _holds, _seeks, _binds, _amends, _customers, _seconds, _checks,
)  # fmt: skip
_NOT_WAITED_FOR: Final = 3
"""So many of the last of these change nothing for the rider who waits for an answer."""


def _is_held(booking: Booking, ride: Ride) -> bool:
    order = booking.live_order(ride)
    return order is not None and order.status in (states.HELD, states.BINDING, states.BOUND)


def _old_one_is_gone(booking: Booking, ride: Ride, now: datetime) -> bool:
    """Whether no other order of this ride is still being given back that its fleet may have bound: never two rides.

    A fleet that stays silent is waited for no longer than a minute: then its rider would have none.
    """
    return not any(
        each.ride_id == ride.id and each.status == states.RELEASING
        and now - (each.step_at or each.created_at) < legs.LET_GO_WITHIN
        for each in booking.orders
    )  # fmt: skip


def _begun(session: Session, step: Step, now: datetime) -> Step:
    order, ride = step.order, step.ride
    request = requests.get(session, ride.request_id)
    if step.kind == "seek":
        session.execute(_SEEKING, {"rider": ride.rider_id, "id": ride.id})
        session.execute(
            _ASKS_UNTIL, {"rider": ride.rider_id, "id": request.id, "until": now + _SEEK_LEASE}
        )  # fmt: skip
        return Step("seek", step.booking, ride, request=request)
    assert order is not None
    offer = offers.get(session, order.offer_id)
    telegram_id = step.telegram_id or (order.telegram_id if step.is_again else None) or new_uuid()
    if step.kind == "amend":
        session.execute(
            _AMENDING, {"rider": ride.rider_id, "id": ride.id, "next": (now + LEASE).isoformat()}
        )  # fmt: skip
    elif step.second is not None:
        session.execute(
            _SECOND, {"order": order.id, "fleet_order": step.second.fleet_order, "next": now + LEASE}
        )  # fmt: skip
    else:
        status = {"hold": states.HOLDING, "bind": states.BINDING}.get(step.kind, order.status)
        keeps = step.kind in ("hold", "bind", "release", "cancel")
        session.execute(
            _BEGIN,
            {"rider": order.rider_id, "id": order.id, "status": status, "next": now + LEASE, "keeps": keeps,
             "is_new": keeps and not step.is_again, "telegram": telegram_id, "now": now},
        )  # fmt: skip
    return Step(step.kind, step.booking, ride, order, offer, request, telegram_id, step.second, step.is_again)


_BEGIN = text(
    """
    UPDATE accessibility.fleet_order
       SET status = :status, next_at = :next,
           telegram_id = CASE WHEN :is_new THEN CAST(:telegram AS uuid)
                              WHEN :keeps THEN coalesce(telegram_id, CAST(:telegram AS uuid)) ELSE telegram_id END,
           step_at = CASE WHEN :is_new THEN CAST(:now AS timestamptz) ELSE step_at END
     WHERE rider_id = :rider AND id = :id
    """
)
_SECOND = text(
    "UPDATE accessibility.second_yes SET next_at = :next WHERE order_id = :order AND fleet_order = :fleet_order"
)
_SEEKING = text("UPDATE accessibility.ride SET seek_round = seek_round + 1 WHERE rider_id = :rider AND id = :id")
_ASKS_UNTIL = text("UPDATE accessibility.ride_request SET answers_by = :until WHERE rider_id = :rider AND id = :id")
_AMENDING = text(
    """
    UPDATE accessibility.ride SET change = change || jsonb_build_object('next_at', CAST(:next AS text), 'is_sent', true)
     WHERE rider_id = :rider AND id = :id
    """
)

"""Orders at fleets that have no machine: what was offered on the telephone is kept as said; binding it, telling who
rides, changing and cancelling are calls that somebody makes, and what the fleet says is committed like any answer. How
such a ride goes on its day: `telephone_day`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.calls import calls
from accessibility.calls.calls import Question, RideCall
from accessibility.fleets import envelopes
from accessibility.requests import records as requests
from accessibility.requests import telephone as request_telephone
from accessibility.rides import customers, legs, outcomes, records, states, telephone_day
from accessibility.rides.records import Booking, Order
from accessibility.rides.steps import Step
from core import db
from core.clock import TAIPEI
from core.ids import new_uuid
from core.text import Text
from partners.fleets.contents import FleetOrder

Outcome = Callable[[Session, Booking, datetime], None]
_RING_WITHIN: Final = timedelta(minutes=20)
_SAY: Final[Mapping[str, Text]] = {
    "bind": Text("{when} 那趟車請確認：我們訂了。可以嗎？", "The ride at {when}: we take it. Is that settled?"),
    "bind_kept": Text(
        "{when} 那趟車，您幫我們留到 {until}：我們訂了。可以嗎？",
        "The ride at {when} that you keep for us until {until}: we take it. Is that settled?",
    ),
    "cancel": Text("{when} 那趟車取消，謝謝。", "The ride at {when} is cancelled, thank you."),
    "release": Text(
        "{when} 那趟車乘客不需要了，請不用再留，謝謝。",
        "The ride at {when} is not needed after all: please do not keep it, thank you.",
    ),
    "change": Text("{when} 那趟車想更改，可以嗎？", "May the ride at {when} be changed?"),
    "customer": Text("{when} 那趟車的乘客資料", "Who rides at {when}"),
}


def answer(step: Step, now: datetime) -> Outcome:
    """What a step at such a fleet commits: mostly that somebody is to ring."""
    order = step.order
    assert order is not None
    if step.kind == "status" and order.status == states.HOLDING:
        step = replace(step, kind="hold")
    match step.kind:
        case "hold":
            assert step.offer is not None and step.request is not None
            held = FleetOrder(
                "held", f"tel {order.trip[-8:]}", envelopes.rough(step.request.pickup),
                envelopes.rough(step.request.dropoff), step.offer.pick_up_at, step.offer.price_twd,
                step.offer.is_metered, step.offer.lapses_at,
            )  # fmt: skip
            return lambda session, booking, now: outcomes.held(session, booking, order.id, held, now)
        case "bind" | "status":
            return lambda session, booking, now: _binding(session, booking, order, now)
        case "customer":
            return _customer(step, order, now)
        case "amend":
            change = step.ride.change or {}
            return lambda session, booking, now: _ring(session, order, "change", change, now, call_id=step.telegram_id)
        case "cancel":
            return lambda session, booking, now: _cancelled(session, booking, order, now)
        case _:
            return lambda session, booking, now: _released(session, booking, order, now)


def fleet_answered(session: Session, call: RideCall, said: str, given: Mapping[str, Any], now: datetime) -> None:
    """A fleet was rung, and this is what it said: yes, no; or nobody reached it (unreached, overdue)."""
    if call.question == "ask":
        request_telephone.answered(session, call, said, given, now)
        return
    if call.ride_id is None:
        return
    booking = records.locked(session, records.ride(session, call.ride_id).booking_id)
    order = next((each for each in booking.orders if each.id == call.order_id), None)
    if order is None:
        return
    match call.question:
        case "bind":
            _bind_answered(session, booking, order, said, given, now)
        case "customer" if order.customer_telegram_id == call.id:
            if said == "yes":
                outcomes.customer_told(session, booking, order.id, call.id, now)
            else:
                session.execute(_TELL_ANEW, {"rider": order.rider_id, "id": order.id, "telegram": new_uuid()})
        case "change":
            _change_answered(session, booking, order, said, given, now)
        case "under_way" | "driven":
            telephone_day.answered(session, booking, order, call.question, said, given, now)
    session.execute(_SOON, {"id": booking.id, "now": now})


def customer_words(session: Session, call: RideCall) -> Text:
    """Who rides, to be said to the fleet that has bound the ride."""
    assert call.ride_id is not None
    booking = records.get(session, records.ride(session, call.ride_id).booking_id)
    ride = booking.ride(call.ride_id)
    told = customers.customer_of(session, booking, ride, requests.get(session, ride.request_id))
    door = "，".join(filter(None, (told.pickup.address, told.pickup.directions)))
    return Text(
        "{words}：{name}，電話 {phone}；上車 {door}；下車 {goal}。{notes}",
        "{words}: {name}, telephone {phone}; from {door}; to {goal}. {notes}",
    ).format(
        words=call.words, name=told.name, phone=told.phone, door=door, goal=told.dropoff.address, notes=told.notes
    )  # fmt: skip


def _binding(session: Session, booking: Booking, order: Order, now: datetime) -> None:
    """Somebody is to ring; what was bound is looked at on its day."""
    current = booking.order(order.id)
    if current.status == states.BOUND:
        outcomes.at(session, current, telephone_day.look(session, booking, current, now))
    elif current.status == states.BINDING:
        facts: dict[str, Any] = {"price_twd": current.price_twd}
        if (kept_until := session.execute(_KEPT_UNTIL, {"offer": current.offer_id}).scalar()) is not None:
            facts["kept_until"] = kept_until
        _ring(session, current, "bind", facts, now, say="bind_kept" if kept_until else "bind")
        outcomes.at(session, current, now + _RING_WITHIN + timedelta(minutes=1))


def _bind_answered(
    session: Session, booking: Booking, order: Order, said: str, given: Mapping[str, Any], now: datetime
) -> None:
    if said == "yes" and order.status != states.BINDING:
        # It was given up while somebody was ringing.
        _ring(session, order, "cancel", {}, now, until=order.pick_up_at)
    elif said == "yes":
        outcomes.bound(session, booking, order.id, now, price_twd=given.get("price_twd"))
        telephone_day.vehicle_said(session, order, given)
    elif said == "no":
        outcomes.refused(session, booking, order.id, "fleet_refuses", now)
    elif order.status == states.BINDING:
        outcomes.refused(session, booking, order.id, "no_answer", now)


def _change_answered(
    session: Session, booking: Booking, order: Order, said: str, given: Mapping[str, Any], now: datetime
) -> None:
    ride = booking.ride(order.ride_id)
    if ride.change is None:
        return
    if said != "yes":
        outcomes.not_changed(session, booking, ride.id, "fleet_refuses" if said == "no" else "no_answer", now)
        return
    wanted = ride.change.get("pick_up_at")
    at = datetime.fromisoformat(wanted) if wanted else order.pick_up_at
    rough = envelopes.rough
    request = requests.get(session, ride.request_id)
    agreed = FleetOrder(
        "bound", order.fleet_order or "", rough(request.pickup), rough(request.dropoff), at,
        given.get("price_twd", order.price_twd), True,
    )  # fmt: skip
    calls.take_away(session, order.id, now)
    outcomes.changed(session, booking, ride.id, agreed, now)


def _customer(step: Step, order: Order, now: datetime) -> Outcome:
    assert step.request is not None
    ride = step.ride
    is_of_use = ride.window_ends_at is None or now < ride.window_ends_at
    with db.unit_of_work() as session:
        is_rung = order.customer_telegram_id is not None and calls.is_known(session, order.customer_telegram_id)
        if is_of_use and not is_rung:
            customers.told_of(session, step.booking, ride, step.request, order, now)

    def ring(session: Session, booking: Booking, now: datetime) -> None:
        again = telephone_day.look(session, booking, booking.order(order.id), now)
        current = records.locked(session, booking.id).order(order.id)
        if current.status != states.BOUND:
            return
        if is_of_use:
            _ring(session, current, "customer", {}, now, call_id=current.customer_telegram_id)
            again = min(again, now + _RING_WITHIN)
        outcomes.at(session, current, again)

    return ring


def _cancelled(session: Session, booking: Booking, order: Order, now: datetime) -> None:
    if booking.order(order.id).status == states.CANCELLING:
        calls.take_away(session, order.id, now)
        _ring(session, order, "cancel", {}, now, until=order.pick_up_at)
        outcomes.cancelled(session, booking, order.id, 0, now)


def _released(session: Session, booking: Booking, order: Order, now: datetime) -> None:
    current = booking.order(order.id)
    if current.status == states.RELEASING:
        # Whoever has bound it was told who rides.
        say = "release" if current.customer_telegram_id is None else "cancel"
        calls.take_away(session, order.id, now)
        _ring(session, current, "cancel", {}, now, say=say, until=current.pick_up_at)
        legs.end_order(session, current, states.RELEASED, "", now=now)


def _ring(
    session: Session,
    order: Order,
    question: Question,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    call_id: Any = None,
    say: str = "",
    until: datetime | None = None,
) -> None:
    """Have somebody ring; a cancellation stays to be told until the ride would begin, or a vehicle comes for nobody."""
    kept_until = ""
    if "kept_until" in facts:
        kept_until = f"{datetime.fromisoformat(facts['kept_until']).astimezone(TAIPEI):%H:%M}"
    when = f"{order.pick_up_at.astimezone(TAIPEI):%m/%d %H:%M}"
    calls.ring_fleet(
        session, question=question, fleet=order.fleet, rider_id=order.rider_id,
        words=_SAY[say or question].format(when=when, until=kept_until), facts={"trip": order.trip, **facts},
        due_at=now, until=max(now + _RING_WITHIN, until or now), now=now,
        call_id=call_id or (order.telegram_id if question == "bind" else None), ride_id=order.ride_id,
        order_id=order.id,
    )  # fmt: skip


# What the operator has said, and not how long we let an offer stand where they said nothing.
_KEPT_UNTIL = text(
    """
    SELECT c.given ->> 'kept_until' FROM accessibility.offer AS o
      JOIN accessibility.call AS c ON c.ask_id = o.ask_id AND c.question = 'ask' AND c.answer = 'yes'
     WHERE o.id = :offer
    """
)
_TELL_ANEW = text(
    """
    UPDATE accessibility.fleet_order SET customer_telegram_id = :telegram, next_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_SOON = text("UPDATE accessibility.booking SET next_at = :now WHERE id = :id")

"""What a fleet's answers change, each in one commit: held, bound, refused, given back, cancelled, or not known.

An answer counts for the step that was asked about alone. Where the order has gone on meanwhile (it was cancelled while
it was being confirmed), what the fleet has done is given back by the step that follows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events, fares
from accessibility.fares import Fare
from accessibility.fleets import terms
from accessibility.requests import offers
from accessibility.requests import records as requests
from accessibility.requests.offers import Offer
from accessibility.riders import eligibility
from accessibility.rides import legs, states, telling
from accessibility.rides.records import Booking, Order, Ride, SecondYes
from core.clock import on_the_wire
from core.ids import new_uuid
from partners.fleets.contents import FleetOrder

PATIENCE: Final = timedelta(seconds=60)
"""So long a hold or a binding that nobody has answered is asked about; then it is given back."""

ENDED_THERE: Final = "order_over"
"""What a fleet answers that is to bind what it has ended already."""
_FIRST_ASK: Final = timedelta(seconds=2)
_LONGEST_WAIT: Final = timedelta(minutes=2)


def held(session: Session, booking: Booking, order_id: UUID, answer: FleetOrder, now: datetime) -> None:
    """The fleet keeps a vehicle."""
    order = booking.order(order_id)
    if order.status == states.HOLDING:
        session.execute(
            _HELD,
            {"rider": order.rider_id, "id": order.id, "fleet_order": answer.fleet_order, "at": answer.pick_up_at,
             "price": answer.price_twd, "lapses": answer.lapses_at},
        )  # fmt: skip


def bound(
    session: Session,
    booking: Booking,
    order_id: UUID,
    now: datetime,
    *,
    fleet_order: str | None = None,
    pick_up_at: datetime | None = None,
    price_twd: int | None = None,
) -> None:
    """The fleet has bound it: the ride is this fleet's, and its rider is told."""
    order = booking.order(order_id)
    if order.status != states.BINDING:
        return
    ride = booking.ride(order.ride_id)
    session.execute(
        _BOUND,
        {"rider": order.rider_id, "id": order.id, "fleet_order": fleet_order or order.fleet_order,
         "at": pick_up_at or order.pick_up_at, "now": now,
         "price": order.price_twd if price_twd is None else price_twd},
    )  # fmt: skip
    if ride.status not in legs.SEEKS:
        return
    offer = offers.get(session, order.offer_id)
    fare = _agreed(session, ride, offer, pick_up_at or order.pick_up_at, now)
    session.execute(
        _RIDE_BOUND,
        {"rider": ride.rider_id, "id": ride.id, "fleet": order.fleet, "offer": offer.id,
         "at": pick_up_at or order.pick_up_at, "starts": offer.window_starts_at, "ends": offer.window_ends_at,
         "arrives": offer.arrives_at, "most": offer.ride_minutes_at_most, "fare": offer.price_twd,
         "pays": fare.rider_pays_twd, "agreed": orjson.dumps(fare.as_json()).decode(), "now": now},
    )  # fmt: skip
    now_bound = _again(session, ride)
    kind = "replaced" if ride.is_replacement else "bound"
    telling.happened(session, now_bound, kind, source=order.fleet, now=now, fleet=order.fleet)
    if ride.is_replacement:
        telling.publish(session, events.RIDE_REPLACED, now_bound, now=now, is_rescue=ride.is_rescue)
    else:
        telling.publish(session, events.RIDE_BOUND, now_bound, now=now)


def refused(session: Session, booking: Booking, order_id: UUID, reason: str, now: datetime) -> None:
    """The fleet says no to a hold or to a binding: certainly nothing happened."""
    order = booking.order(order_id)
    if order.status == states.BINDING and reason == "hold_lapsed":
        legs.end_order(session, order, states.LAPSED, reason, now=now)
    elif order.status == states.BINDING and reason == ENDED_THERE:
        # It had bound it, and perhaps another beside it: its reference is shut.
        legs.give_back(session, order, ENDED_THERE)
    elif order.status in (states.HOLDING, states.BINDING):
        legs.end_order(session, order, states.REFUSED, reason, now=now)


def not_known(session: Session, booking: Booking, order_id: UUID, now: datetime) -> None:
    """No answer, or none to be trusted: it may have happened. The fleet is asked how it stands, soon and then less
    often; after `PATIENCE` the order is given back, which shuts its reference."""
    order = booking.order(order_id)
    if order.status in (states.HOLDING, states.BINDING) and now - _begun_at(order) > PATIENCE:
        legs.give_back(session, order, "no_answer")
    elif order.status not in states.ORDER_ENDS:
        later(session, order, now)


def later(session: Session, order: Order, now: datetime) -> None:
    """Try that step again after 2, 4, 8 … seconds, 2 minutes at the most."""
    wait = min(_FIRST_ASK * 2 ** min(order.tries, 10), _LONGEST_WAIT)
    session.execute(_LATER, {"rider": order.rider_id, "id": order.id, "next": now + wait})


def refused_for_now(session: Session, order: Order, now: datetime) -> None:
    """The fleet has answered, and it was no: ask that again later, with a telegram of its own. To the same one it would
    answer the same for ever (docs/fleets.md)."""
    later(session, order, now)
    session.execute(_ANEW, {"rider": order.rider_id, "id": order.id})


def at(session: Session, order: Order, moment: datetime) -> None:
    """Look at that order again at that moment."""
    session.execute(_AT, {"rider": order.rider_id, "id": order.id, "next": moment})


def released(session: Session, booking: Booking, order_id: UUID, now: datetime) -> None:
    """The fleet has let it go, and its reference is shut."""
    order = booking.order(order_id)
    if order.status == states.RELEASING:
        legs.end_order(session, order, states.RELEASED, "", now=now)


def cancelled(session: Session, booking: Booking, order_id: UUID, fee_twd: int, now: datetime) -> None:
    """The fleet has cancelled it at the rider's wish, and asks `fee_twd` for it: its rider owes no more of that than
    they were told beforehand."""
    order = booking.order(order_id)
    if order.status != states.CANCELLING:
        return
    legs.end_order(session, order, states.CANCELLED, "rider", now=now, fee_twd=fee_twd)
    ride = booking.ride(order.ride_id)
    if ride.status in states.COMING:
        fleet = terms.of_fleet(session, order.fleet, ride.bound_at or now) if ride.is_late_cancel else None
        said_twd = fleet.terms.late_fee_twd if fleet else 0
        end_by_rider(session, ride, now, fee_twd=min(fee_twd, said_twd))


def end_by_rider(session: Session, ride: Ride, now: datetime, *, fee_twd: int = 0) -> None:
    """The ride is cancelled as its rider wished."""
    is_late = bool(ride.is_late_cancel)
    legs.end_ride(
        session, ride, states.CANCELLED, by="rider", reason=ride.cancel_reason or "rider", now=now, fee_twd=fee_twd,
        is_late=is_late,
    )  # fmt: skip
    telling.happened(session, ride, "cancelled", source="rider", now=now, fee_twd=fee_twd, is_late=is_late)
    telling.publish(session, events.RIDE_CANCELLED, ride, now=now, by="rider", is_late=is_late, fee_twd=fee_twd)
    legs.give_back_request(session, ride, now)


def not_cancelled(session: Session, booking: Booking, order_id: UUID, now: datetime) -> None:
    """The fleet says that it is too late: the ride goes on."""
    order = booking.order(order_id)
    if order.status == states.CANCELLING:
        session.execute(_STAYS, {"rider": order.rider_id, "id": order.id, "next": now + timedelta(minutes=1)})
        ride = booking.ride(order.ride_id)
        session.execute(_CANCEL_REFUSED, {"rider": ride.rider_id, "id": ride.id})
        telling.happened(session, ride, "cancel_refused", source=order.fleet, now=now)
        telling.publish(session, events.RIDE_CANCEL_REFUSED, ride, now=now)


def customer_told(session: Session, booking: Booking, order_id: UUID, telegram_id: UUID, now: datetime) -> None:
    """The fleet has acknowledged who rides."""
    order = booking.order(order_id)
    if order.customer_telegram_id == telegram_id:
        session.execute(
            _CUSTOMER_TOLD,
            {"rider": order.rider_id, "id": order.id, "now": now, "next": now + timedelta(minutes=1)},
        )  # fmt: skip
        telling.happened(session, booking.ride(order.ride_id), "customer_told", source="city", now=now)


def customer_refused(session: Session, order: Order, telegram_id: UUID, now: datetime) -> None:
    """The fleet does not take who rides: told again later, with another telegram."""
    if order.customer_telegram_id == telegram_id and order.status not in states.ORDER_ENDS:
        later(session, order, now)
        session.execute(_CUSTOMER_ANEW, {"rider": order.rider_id, "id": order.id, "telegram": new_uuid()})


def second_found(session: Session, order: Order, fleet_order: str, now: datetime) -> None:
    """The fleet has bound something beside the order that counts: it is given back."""
    session.execute(
        _SECOND,
        {"rider": order.rider_id, "order": order.id, "fleet_order": fleet_order, "telegram": new_uuid(), "now": now},
    )


def is_other(session: Session, order: Order, fleet_order: str) -> None:
    """The ride is with the second vehicle, because the fleet has the first no more: the second is not given back."""
    values = {"rider": order.rider_id, "id": order.id, "fleet_order": fleet_order}
    session.execute(_IS_OTHER, values)
    session.execute(_NOT_SECOND, values)


def second_refused(session: Session, second: SecondYes) -> None:
    """The fleet does not take its second vehicle back now: asked again, with another telegram."""
    values = {"order": second.order_id, "fleet_order": second.fleet_order, "telegram": new_uuid()}
    session.execute(_SECOND_ANEW, values)


def second_released(session: Session, booking: Booking, second: SecondYes, now: datetime) -> None:
    """The fleet has taken its second vehicle back."""
    order = booking.order(second.order_id)
    values = {"order": second.order_id, "fleet_order": second.fleet_order, "now": now}
    if session.execute(_SECOND_RELEASED, values).first() is not None:
        telling.happened(session, booking.ride(order.ride_id), "second_released", source=order.fleet, now=now)


def changed(session: Session, booking: Booking, ride_id: UUID, answer: FleetOrder, now: datetime) -> None:
    """The fleet has agreed to a change."""
    ride = booking.ride(ride_id)
    order = booking.live_order(ride)
    if ride.change is None or order is None or ride.status not in states.COMING:
        return
    moved = answer.pick_up_at - (ride.pick_up_at or answer.pick_up_at)
    companions = ride.companions if ride.change.get("companions") is None else ride.change["companions"]
    notes = ride.change.get("notes")
    fare = _fare_changed(session, ride, order, answer, now)
    session.execute(
        _CHANGED,
        {"rider": ride.rider_id, "id": ride.id, "moved": moved, "at": answer.pick_up_at,
         "companions": companions,
         "notes": ride.notes if notes is None else notes, "fare": answer.price_twd,
         "pays": fare.rider_pays_twd, "agreed": orjson.dumps(fare.as_json()).decode()},
    )  # fmt: skip
    session.execute(
        _ORDER_CHANGED,
        {"rider": order.rider_id, "id": order.id, "at": answer.pick_up_at, "price": answer.price_twd,
         "telegram": new_uuid()},
    )  # fmt: skip
    # Where this fleet lets its rider down, the others are asked for what was agreed last.
    requests.wanted_otherwise(
        session, ride.rider_id, ride.request_id, pick_up_at=answer.pick_up_at, moved=moved, companions=companions
    )
    offers.let_lapse(session, ride.request_id, now)
    after = _again(session, ride)
    telling.happened(session, after, "changed", source=order.fleet, now=now, pick_up_at=on_the_wire(answer.pick_up_at))
    was_at = on_the_wire(ride.pick_up_at) if ride.pick_up_at else None
    telling.publish(session, events.RIDE_CHANGED, after, now=now, was_at=was_at)


def not_changed(session: Session, booking: Booking, ride_id: UUID, reason: str, now: datetime) -> None:
    """The fleet does not agree: the ride stays as it was, and its rider is told unless they sit in it already."""
    ride = booking.ride(ride_id)
    if ride.change is not None:
        session.execute(_NOT_CHANGED, {"rider": ride.rider_id, "id": ride.id})
        telling.happened(session, ride, "change_refused", source=ride.fleet or "city", now=now, reason=reason)
        if ride.status in states.COMING:
            telling.publish(session, events.RIDE_CHANGE_REFUSED, ride, now=now, reason=reason)


def _again(session: Session, ride: Ride) -> Ride:
    from accessibility.rides import records

    return records.ride(session, ride.id)


def _agreed(session: Session, ride: Ride, offer: Offer, pick_up_at: datetime, now: datetime) -> Fare:
    """What was agreed when this offer was taken; of another one that is bound instead, what it costs now."""
    if ride.agreed is not None and ride.offer_id == offer.id:
        return Fare.from_json(ride.agreed)
    offered = Fare.from_json(offer.fare)
    return fares.agree(session, ride.rider_id, offered, offer.fleet, pick_up_at, now, ride_id=ride.id)


def _fare_changed(session: Session, ride: Ride, order: Order, answer: FleetOrder, now: datetime) -> Fare:
    entitled = eligibility.standing(session, ride.rider_id, now).eligibility
    is_pooled = offers.get(session, order.offer_id).is_pooled
    quoted = fares.quote(
        session, ride.rider_id, order.fleet, answer.price_twd, answer.pick_up_at, is_pooled,
        entitled.is_low_income if entitled else False, now, ride_id=ride.id,
    )  # fmt: skip
    return fares.agree(session, ride.rider_id, quoted, order.fleet, answer.pick_up_at, now, ride_id=ride.id)


def _begun_at(order: Order) -> datetime:
    return order.step_at or order.created_at


_HELD = text(
    """
    UPDATE accessibility.fleet_order
       SET status = 'held', is_open = false, tries = 0, next_at = NULL, fleet_order = :fleet_order, pick_up_at = :at,
           price_twd = :price, lapses_at = :lapses
     WHERE rider_id = :rider AND id = :id
    """
)
_BOUND = text(
    """
    UPDATE accessibility.fleet_order
       SET status = 'bound', is_open = false, tries = 0, next_at = NULL, lapses_at = NULL, fleet_order = :fleet_order,
           pick_up_at = :at, price_twd = :price, checked_at = :now,
           customer_telegram_id = coalesce(customer_telegram_id, gen_random_uuid())
     WHERE rider_id = :rider AND id = :id
    """
)
_RIDE_BOUND = text(
    """
    UPDATE accessibility.ride
       SET status = 'bound', fleet = :fleet, offer_id = :offer, pick_up_at = :at, window_starts_at = :starts,
           window_ends_at = :ends, arrives_at = :arrives, ride_minutes_at_most = :most, fare_twd = :fare,
           rider_pays_twd = :pays, agreed = CAST(:agreed AS jsonb), bound_at = :now, reason = '', candidates = '{}',
           late_minutes_told = 0
     WHERE rider_id = :rider AND id = :id
    """
)
_LATER = text(
    """
    UPDATE accessibility.fleet_order SET is_open = true, tries = tries + 1, next_at = :next
     WHERE rider_id = :rider AND id = :id
    """
)
_ANEW = text("UPDATE accessibility.fleet_order SET telegram_id = NULL WHERE rider_id = :rider AND id = :id")
_CUSTOMER_ANEW = text(
    "UPDATE accessibility.fleet_order SET customer_telegram_id = :telegram WHERE rider_id = :rider AND id = :id"
)
_IS_OTHER = text("UPDATE accessibility.fleet_order SET fleet_order = :fleet_order WHERE rider_id = :rider AND id = :id")
_NOT_SECOND = text(
    "DELETE FROM accessibility.second_yes WHERE rider_id = :rider AND order_id = :id AND fleet_order = :fleet_order"
)
_SECOND_ANEW = text(
    "UPDATE accessibility.second_yes SET telegram_id = :telegram WHERE order_id = :order AND fleet_order = :fleet_order"
)
_AT = text("UPDATE accessibility.fleet_order SET next_at = :next, tries = 0 WHERE rider_id = :rider AND id = :id")
_STAYS = text(
    """
    UPDATE accessibility.fleet_order SET status = 'bound', is_open = false, tries = 0, next_at = :next
     WHERE rider_id = :rider AND id = :id
    """
)
_CANCEL_REFUSED = text(
    "UPDATE accessibility.ride SET cancel_asked_at = NULL, cancel_reason = '' WHERE rider_id = :rider AND id = :id"
)
_CUSTOMER_TOLD = text(
    """
    UPDATE accessibility.fleet_order SET customer_told_at = :now, tries = 0, is_open = false, next_at = :next
     WHERE rider_id = :rider AND id = :id
    """
)
_SECOND = text(
    """
    INSERT INTO accessibility.second_yes (rider_id, order_id, fleet_order, telegram_id, found_at)
    VALUES (:rider, :order, :fleet_order, :telegram, :now) ON CONFLICT DO NOTHING
    """
)
_SECOND_RELEASED = text(
    """
    UPDATE accessibility.second_yes SET released_at = :now
     WHERE order_id = :order AND fleet_order = :fleet_order AND released_at IS NULL RETURNING order_id
    """
)
_CHANGED = text(
    """
    UPDATE accessibility.ride
       SET change = NULL, pick_up_at = :at, window_starts_at = window_starts_at + :moved,
           window_ends_at = window_ends_at + :moved, arrives_at = arrives_at + :moved, companions = :companions,
           notes = :notes, fare_twd = :fare, rider_pays_twd = :pays, agreed = CAST(:agreed AS jsonb),
           late_minutes_told = 0
     WHERE rider_id = :rider AND id = :id
    """
)
_ORDER_CHANGED = text(
    """
    UPDATE accessibility.fleet_order
       SET pick_up_at = :at, price_twd = :price, customer_telegram_id = :telegram, customer_told_at = NULL,
           next_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_NOT_CHANGED = text("UPDATE accessibility.ride SET change = NULL WHERE rider_id = :rider AND id = :id")

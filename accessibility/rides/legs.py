"""What becomes of a leg without any call outside: its next offer, or the end of it, and what that means for the other
leg. Nobody is left with half of what they asked for without being told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.requests import offers
from accessibility.requests import records as requests
from accessibility.requests import states as request_states
from accessibility.rides import choosing, rescues, states, telling
from accessibility.rides.records import Booking, Order, Ride

SEEKS = (states.HOLDING, states.RESEEKING)
LET_GO_WITHIN: Final = timedelta(seconds=60)
"""So long a fleet that was given up is waited for until it has let go."""


def settle(session: Session, booking: Booking, now: datetime) -> bool:
    """One step that needs nobody outside. Answers whether something changed (then the booking must be read anew)."""
    for order in booking.orders:
        if order.status == states.HELD and order.lapses_at is not None and order.lapses_at <= now:
            end_order(session, order, states.LAPSED, "hold_lapsed", now=now)
            return True
    for ride in booking.rides:
        if ride.status in SEEKS and booking.live_order(ride) is None and ride.candidates is not None:
            if ride.candidates:
                _next_candidate(session, booking, ride, now)
            elif _may_still_come(booking, ride, now):
                continue
            else:
                fail(session, booking, ride, _why(booking, ride), now=now)
            return True
    return False


def fail(session: Session, booking: Booking, ride: Ride, reason: str, *, now: datetime) -> None:
    """No fleet takes this leg: its rider is told why; the other leg, if it was to be taken with it, is given back."""
    if ride.is_rescue and ride.sought_since is not None and now - ride.sought_since < rescues.SOUGHT_FOR:
        # They sit in a vehicle that cannot go on: every fleet is asked again until one comes.
        session.execute(_SEEK, {"rider": ride.rider_id, "id": ride.id})
        session.execute(_ASK_LATER, {"rider": ride.rider_id, "id": ride.request_id, "at": now + rescues.PAUSE})
        return
    if ride.status == states.RESEEKING:
        end_ride(session, ride, states.LOST, by="fleet", reason=reason, now=now)
        telling.happened(session, ride, "lost", source="city", now=now, reason=reason)
        telling.publish(session, events.RIDE_LOST, ride, now=now, reason=reason)
        give_back_request(session, ride, now)
        return
    if ride.is_on_call and reason != "not_accepted":
        session.execute(_ON_CALL_AGAIN, {"rider": ride.rider_id, "id": ride.id})
        give_back_request(session, ride, now)
        return
    if not ride.is_on_call:
        for other in booking.taken_with(ride):
            if other.status == states.BOUND and ride.seek_round == 0:
                # The other way is bound already: before it is given back every other fleet is asked for this one.
                session.execute(_SEEK, {"rider": ride.rider_id, "id": ride.id})
                return
        for other in booking.taken_with(ride):
            _other_leg(session, booking, other, now)
    not_bound(session, ride, reason, now=now)


def not_kept(session: Session, booking: Booking, now: datetime) -> None:
    """Its rider did not say yes in time: everything is given back, and whoever offered it tells."""
    for ride in booking.rides:
        if ride.status == states.HOLDING:
            order = booking.live_order(ride)
            if order is not None:
                give_back(session, order, "not_accepted")
            not_bound(session, ride, "not_accepted", now=now)


def not_bound(session: Session, ride: Ride, reason: str, *, now: datetime) -> None:
    """End a leg that was never bound, and tell why."""
    end_ride(
        session, ride, states.NOT_BOUND, by="rider" if reason == "not_accepted" else "fleet", reason=reason, now=now
    )
    telling.happened(session, ride, "not_bound", source="city", now=now, reason=reason)
    if reason != "not_accepted":
        telling.publish(session, events.RIDE_NOT_BOUND, ride, now=now, reason=reason)
    give_back_request(session, ride, now)


def end_ride(session: Session, ride: Ride, status: str, *, by: str, reason: str, now: datetime, **more: Any) -> None:
    """A ride is over: where its vehicle is, is forgotten at once."""
    session.execute(
        _END_RIDE,
        {"rider": ride.rider_id, "id": ride.id, "status": status, "by": by, "reason": reason, "now": now,
         "fee": more.get("fee_twd", 0), "late": more.get("is_late", False)},
    )  # fmt: skip
    forget_position(session, ride)


def end_order(
    session: Session, order: Order, status: str, reason: str = "", *, now: datetime, fee_twd: int = 0
) -> None:
    """An order is over."""
    session.execute(
        _END_ORDER,
        {"rider": order.rider_id, "id": order.id, "status": status, "reason": reason, "fee": fee_twd, "now": now},
    )


def give_back(session: Session, order: Order, reason: str) -> None:
    """An order is to be given back: at once where nothing was sent, else by a call, repeated until it is heard."""
    status = states.RELEASED if order.status == states.WANTED else states.RELEASING
    session.execute(_RELEASE, {"rider": order.rider_id, "id": order.id, "status": status, "reason": reason})


def give_back_request(session: Session, ride: Ride, now: datetime) -> None:
    """The request of a ride that came to nothing stands again: with the offers that are left, or with none."""
    request = requests.locked(session, ride.request_id)
    if request.status != request_states.CHOSEN:
        return
    left = offers.standing(session, request.id, now)
    until = max((each.lapses_at for each in left), default=None)
    requests.move(session, request, request_states.OFFERED if left else request_states.NONE, answers_by=until)


def reseek(session: Session, booking: Booking, ride: Ride, reason: str, *, source: str, now: datetime) -> None:
    """The fleet that was bound lets its rider down: told at once, and every other fleet is asked. Whoever is aboard is
    fetched from where the vehicle was seen last, by the same fleet, too, if it can."""
    is_rescue = ride.status == states.ABOARD or ride.is_rescue
    if ride.status == states.ABOARD:
        reason = "breakdown"
        rescues.fetch_from_where_it_stands(session, ride, now)
    session.execute(
        _RESEEK, {"rider": ride.rider_id, "id": ride.id, "reason": reason, "fleet": ride.fleet,
                  "is_rescue": is_rescue, "now": now}
    )  # fmt: skip
    forget_position(session, ride)
    telling.happened(session, ride, "reseeking", source=source, now=now, reason=reason)
    telling.publish(session, events.RIDE_RESEEKING, ride, now=now, reason=reason, is_rescue=is_rescue)


def take_back(session: Session, order: Order, ride: Ride, aboard_at: datetime, *, now: datetime) -> None:
    """An order that was being given back is the ride's after all: its rider is aboard."""
    offer = offers.get(session, order.offer_id)
    session.execute(_STANDS_AGAIN, {"rider": order.rider_id, "id": order.id, "now": now})
    session.execute(
        _ABOARD_AFTER_ALL,
        {"rider": ride.rider_id, "id": ride.id, "fleet": order.fleet, "offer": offer.id, "at": order.pick_up_at,
         "starts": offer.window_starts_at, "ends": offer.window_ends_at, "arrives": offer.arrives_at,
         "most": offer.ride_minutes_at_most, "fare": order.price_twd, "pays": offer.rider_pays_twd,
         "agreed": orjson.dumps(offer.fare).decode(), "aboard": aboard_at},
    )  # fmt: skip


def forget_position(session: Session, ride: Ride) -> None:
    """Where the vehicle is, is of use during the ride alone."""
    session.execute(_FORGET, {"ride": ride.id})


def _next_candidate(session: Session, booking: Booking, ride: Ride, now: datetime) -> None:
    assert ride.candidates
    session.execute(
        _CANDIDATES, {"rider": ride.rider_id, "id": ride.id, "left": list(ride.candidates[1:])}
    )  # fmt: skip
    usable = {each.id: each for each in offers.standing(session, ride.request_id, now)}
    offer = usable.get(ride.candidates[0])
    if offer is not None and offer.fleet not in ride.shunned:
        choosing.add_order(session, ride, offer, now)


def _may_still_come(booking: Booking, ride: Ride, now: datetime) -> bool:
    """Whether a fleet that was given up has not yet let go: nobody is told that they have no ride who may sit in it."""
    return ride.status == states.RESEEKING and any(
        each.ride_id == ride.id and each.status == states.RELEASING
        and (not each.is_open or now - (each.step_at or each.created_at) < LET_GO_WITHIN)
        for each in booking.orders
    )  # fmt: skip


def _other_leg(session: Session, booking: Booking, other: Ride, now: datetime) -> None:
    order = booking.live_order(other)
    match other.status:
        case states.HOLDING:
            if order is not None:
                give_back(session, order, "other_leg")
            not_bound(session, other, "other_leg", now=now)
        case states.BOUND if order is not None and order.status == states.BOUND:
            give_back(session, order, "other_leg")
            end_ride(session, other, states.CANCELLED, by="city", reason="other_leg", now=now)
            telling.happened(session, other, "cancelled", source="city", now=now, reason="other_leg")
            told = {"by": "city", "is_late": False, "fee_twd": 0, "reason": "other_leg"}
            telling.publish(session, events.RIDE_CANCELLED, other, now=now, **told)
            give_back_request(session, other, now)
        case states.WILL_CALL:
            end_ride(session, other, states.CANCELLED, by="city", reason="other_leg", now=now)
            telling.happened(session, other, "cancelled", source="city", now=now, reason="other_leg")


def _why(booking: Booking, ride: Ride) -> str:
    """What the fleet that was asked last said."""
    mine = [
        each for each in booking.orders
        if each.ride_id == ride.id and each.status not in states.LIVE_ORDER and each.fleet not in ride.shunned
    ]  # fmt: skip
    if ride.seek_round and not mine:
        return "none_free"
    if mine and mine[-1].reason == "order_over":
        return "fleet_refused"
    return {"refused": "fleet_refused", "lapsed": "hold_lapsed", "releasing": "no_answer", "released": "no_answer"}.get(
        mine[-1].status if mine else "", "none_free"
    )


_ASK_LATER = text("UPDATE accessibility.ride_request SET answers_by = :at WHERE rider_id = :rider AND id = :id")
_SEEK = text("UPDATE accessibility.ride SET candidates = NULL WHERE rider_id = :rider AND id = :id")
_CANDIDATES = text(
    "UPDATE accessibility.ride SET candidates = CAST(:left AS uuid[]) WHERE rider_id = :rider AND id = :id"
)
_END_RIDE = text(
    """
    UPDATE accessibility.ride
       SET status = :status, ended_at = :now, ended_by = :by, end_reason = :reason, fee_twd = :fee,
           is_late_cancel = :late, change = NULL, eta_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_END_ORDER = text(
    """
    UPDATE accessibility.fleet_order
       SET status = :status, reason = :reason, is_open = false, next_at = NULL, fee_twd = :fee, ended_at = :now
     WHERE rider_id = :rider AND id = :id
    """
)
_RELEASE = text(
    """
    UPDATE accessibility.fleet_order
       SET status = :status, reason = :reason, is_open = false, next_at = NULL, tries = 0, telegram_id = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_STANDS_AGAIN = text(
    """
    UPDATE accessibility.fleet_order
       SET status = 'bound', is_open = false, tries = 0, telegram_id = NULL, next_at = :now, reason = ''
     WHERE rider_id = :rider AND id = :id
    """
)
_ABOARD_AFTER_ALL = text(
    """
    UPDATE accessibility.ride
       SET status = 'aboard', fleet = :fleet, offer_id = :offer, pick_up_at = :at, window_starts_at = :starts,
           window_ends_at = :ends, arrives_at = :arrives, ride_minutes_at_most = :most, fare_twd = :fare,
           rider_pays_twd = :pays, agreed = CAST(:agreed AS jsonb), aboard_at = :aboard, reason = '', candidates = '{}',
           change = NULL, late_minutes_told = 0, eta_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_ON_CALL_AGAIN = text(
    "UPDATE accessibility.ride SET status = 'will_call', candidates = NULL WHERE rider_id = :rider AND id = :id"
)
_RESEEK = text(
    """
    UPDATE accessibility.ride
       SET status = 'reseeking', reason = :reason, candidates = NULL, is_replacement = true, change = NULL,
           cancel_asked_at = NULL, eta_at = NULL, vehicle = NULL, driver = NULL, late_minutes_told = 0,
           is_rescue = :is_rescue, sought_since = CAST(:now AS timestamptz),
           shunned = CASE WHEN :is_rescue THEN shunned ELSE array_append(shunned, CAST(:fleet AS text)) END
     WHERE rider_id = :rider AND id = :id
    """
)
_FORGET = text("DELETE FROM accessibility.position WHERE ride_id = :ride")

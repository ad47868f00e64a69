"""Taking an offer: the intent is committed, with an order for each leg and our reference. No fleet is called here."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import fares
from accessibility.fares import Fare
from accessibility.requests import offers
from accessibility.requests import records as requests
from accessibility.requests import states as request_states
from accessibility.requests.offers import Offer
from accessibility.requests.records import RideRequest
from accessibility.riders import profile
from accessibility.rides import records, states, telling
from accessibility.rides.errors import (
    AnotherRideThen,
    NothingToChoose,
    OfferGone,
    ReturnNotChosen,
    RideAlreadyChosen,
    RidePriceChanged,
)
from core.errors import NotFound
from core.ids import new_uuid, typeid
from identity.actors import Actor

LEASE: Final = timedelta(seconds=20)
"""So long the request that chose has its booking to itself, before a sweep takes it up."""

_TAKEABLE: Final = (request_states.OFFERED, request_states.WAITLISTED)


def choose(
    session: Session,
    actor: Actor,
    rider_id: UUID,
    offer_ids: Sequence[UUID],
    now: datetime,
    *,
    without_return: bool = False,
    may_choose: bool = False,
    basis: str | None = None,
    keep_until: datetime | None = None,
    agreed_twd: int | None = None,
) -> UUID:
    """Take these offers, one for each leg, all of one booking. Answers the booking; `saga.drive` brings it to its end.

    A way back that waits until its rider is ready goes with it. `may_choose`: another fleet may be taken where the
    chosen one says no. `keep_until`: everything is held and nothing bound until the rider says yes (`accept`) or that
    moment is over. `agreed_twd`: the rider was told that all of it costs them so much, and agrees to no more. Raises
    NotFound, OfferGone, RideAlreadyChosen, AnotherRideThen (not while it is only kept), ReturnNotChosen,
    RidePriceChanged.
    """
    chosen = [offers.get(session, each, rider_id=rider_id) for each in offer_ids]
    legs = _legs(session, actor, requests.get(session, chosen[0].request_id), now)
    by_request = {each.request_id: each for each in chosen}
    if len(by_request) != len(chosen) or not by_request.keys() <= {each.id for each in legs}:
        raise NotFound
    if not without_return:
        _is_whole(session, legs, by_request, now)
    return _take(
        session, actor, legs, {each: [offer] for each, offer in by_request.items()}, now, may_choose=may_choose,
        basis=basis, keep_until=keep_until, agreed_twd=agreed_twd,
    )  # fmt: skip


def choose_for(
    session: Session,
    actor: Actor,
    rider_id: UUID,
    request_id: UUID,
    now: datetime,
    *,
    without_return: bool = False,
    basis: str | None = None,
    agreed_twd: int | None = None,
) -> UUID:
    """Take the best offers by the rider's own order, and the next ones where a fleet says no. Answers the booking.

    Raises NotFound, NothingToChoose, RideAlreadyChosen, AnotherRideThen, RidePriceChanged.
    """
    legs = _legs(session, actor, requests.get(session, request_id, rider_id=rider_id), now)
    order = profile.of(session, rider_id).fleet_order
    wanted: dict[UUID, list[Offer]] = {}
    for leg in legs:
        _must_be_free(session, leg)
        is_asked = leg.status in _TAKEABLE or (leg.status == request_states.NONE and leg.id == request_id)
        if not is_asked or (leg.leg == "back" and without_return and leg.id != request_id):
            continue
        best = [each for each in offers.ranked(offers.standing(session, leg.id, now), order) if each.fit["fits"]]
        if not best:
            raise NothingToChoose
        wanted[leg.id] = best
    if any(each.leg == "back" and each.status == request_states.NONE for each in legs) and not without_return:
        raise NothingToChoose
    if not wanted:
        raise NothingToChoose
    return _take(
        session, actor, legs, wanted, now, may_choose=True, basis=basis, keep_until=None, agreed_twd=agreed_twd
    )


def accept(session: Session, rider_id: UUID, booking_id: UUID, now: datetime) -> None:
    """The rider says yes to what is kept for them: `saga.drive` binds it. Raises NotFound, OfferGone,
    AnotherRideThen."""
    booking = records.locked(session, booking_id)
    if booking.rider_id != rider_id:
        raise NotFound
    if booking.keep_until is None or booking.keep_until <= now:
        raise OfferGone
    _has_no_other_then(session, rider_id, booking_id)
    session.execute(_ACCEPT, {"id": booking_id, "next": now + LEASE})


def taken_of_offer(session: Session, rider_id: UUID, offer_id: UUID) -> UUID | None:
    """The booking that an offer of this rider was taken in, if it was."""
    offer = offers.get(session, offer_id, rider_id=rider_id)
    return taken_of_request(session, rider_id, offer.request_id)


def taken_of_request(session: Session, rider_id: UUID, request_id: UUID) -> UUID | None:
    """The booking of a ride that was taken for this request of this rider, if there is one."""
    found: UUID | None = session.execute(_TAKEN, {"rider": rider_id, "request": request_id}).scalar()
    return found


def add_order(session: Session, ride: records.Ride, offer: Offer, now: datetime) -> None:
    """An order at the fleet of this offer: decided, and nothing sent."""
    session.execute(
        _ADD_ORDER,
        {"rider": ride.rider_id, "id": new_uuid(), "booking": ride.booking_id, "ride": ride.id, "offer": offer.id,
         "fleet": offer.fleet, "trip": offer.trip, "at": offer.pick_up_at, "price": offer.price_twd, "now": now},
    )  # fmt: skip


def _legs(session: Session, actor: Actor, one: RideRequest, now: datetime) -> list[RideRequest]:
    """The requests of a booking, locked: who takes the last offer of all is decided here. The booking is written and
    locked before them, as everywhere: two who lock them in different order wait for each other for ever."""
    session.execute(
        _OPEN_BOOKING,
        {"rider": one.rider_id, "id": one.booking_id, "by": actor.id, "basis": one.basis, "now": now},
    )  # fmt: skip
    return [requests.locked(session, each.id) for each in requests.of_booking(session, one.booking_id)]


def _is_whole(session: Session, legs: Sequence[RideRequest], chosen: dict[UUID, Offer], now: datetime) -> None:
    """Whoever asked for both ways does not take one of them by oversight."""
    for leg in legs:
        is_missing = leg.id not in chosen and leg.status in (request_states.OFFERED, request_states.NONE)
        if is_missing and leg.leg == "back":
            raise ReturnNotChosen(request_id=typeid("rreq", leg.id))


def _must_be_free(session: Session, leg: RideRequest) -> None:
    taken = session.execute(_LIVE_RIDE, {"request": leg.id}).scalar()
    if taken is not None:
        raise RideAlreadyChosen(ride_id=typeid("ride", taken))


def _take(
    session: Session,
    actor: Actor,
    legs: Sequence[RideRequest],
    wanted: dict[UUID, list[Offer]],
    now: datetime,
    *,
    may_choose: bool,
    basis: str | None,
    keep_until: datetime | None,
    agreed_twd: int | None,
) -> UUID:
    first = legs[0]
    for leg in legs:
        if leg.id in wanted:
            _must_be_free(session, leg)
            usable = {each.id for each in offers.standing(session, leg.id, now)}
            if leg.status not in _TAKEABLE or wanted[leg.id][0].id not in usable:
                raise OfferGone
    session.execute(
        _TAKE_BOOKING,
        {"rider": first.rider_id, "id": first.booking_id, "by": actor.id, "basis": basis or first.basis,
         "may": may_choose, "keep": keep_until, "next": now + LEASE},
    )  # fmt: skip
    pays_twd = 0
    for leg in legs:
        if leg.id in wanted:
            pays_twd += _ride(session, leg, wanted[leg.id], now)
        elif leg.status == request_states.WILL_CALL:
            _on_call(session, leg, now)
    if agreed_twd is not None and pays_twd > agreed_twd:
        raise RidePriceChanged(rider_pays_twd=pays_twd)
    # What is only kept is not taken yet: whoever waits for something better may have something already.
    if keep_until is None:
        _has_no_other_then(session, first.rider_id, first.booking_id)
    return first.booking_id


def _has_no_other_then(session: Session, rider_id: UUID, booking_id: UUID) -> None:
    """Nobody rides in two vehicles at once. Of two bookings of one rider at one moment, the first one counts."""
    session.execute(_TAKE_TURNS, {"rider": str(rider_id)})
    other = session.execute(_OTHER_THEN, {"rider": rider_id, "booking": booking_id}).scalar()
    if other is not None:
        raise AnotherRideThen(ride_id=typeid("ride", other))


def _ride(session: Session, leg: RideRequest, wanted: Sequence[Offer], now: datetime) -> int:
    """Write the ride of a leg down; answers what its rider pays, NT$."""
    best = wanted[0]
    offered = Fare.from_json(best.fare)
    agreed = fares.agree(session, leg.rider_id, offered, best.fleet, best.pick_up_at, now)
    ride_id = new_uuid()
    session.execute(
        _ADD_RIDE,
        {"rider": leg.rider_id, "id": ride_id, "booking": leg.booking_id, "request": leg.id, "leg": leg.leg,
         "status": states.HOLDING, "fleet": best.fleet, "offer": best.id, "at": best.pick_up_at,
         "starts": best.window_starts_at, "ends": best.window_ends_at, "arrives": best.arrives_at,
         "most": best.ride_minutes_at_most, "code": _code(), "companions": leg.companions, "notes": leg.notes,
         "fare": best.price_twd, "pays": agreed.rider_pays_twd, "agreed": orjson.dumps(agreed.as_json()).decode(),
         "candidates": [each.id for each in wanted[1:]], "now": now},
    )  # fmt: skip
    ride = records.ride(session, ride_id)
    add_order(session, ride, best, now)
    requests.move(session, leg, request_states.CHOSEN)
    telling.happened(session, ride, "chosen", source="rider", now=now, fleet=best.fleet)
    return agreed.rider_pays_twd


def _on_call(session: Session, leg: RideRequest, now: datetime) -> None:
    if session.execute(_LIVE_RIDE, {"request": leg.id}).scalar() is not None:
        return
    session.execute(
        _ADD_RIDE,
        {"rider": leg.rider_id, "id": new_uuid(), "booking": leg.booking_id, "request": leg.id, "leg": leg.leg,
         "status": states.WILL_CALL, "fleet": None, "offer": None, "at": None, "starts": None, "ends": None,
         "arrives": None, "most": None, "code": _code(), "companions": leg.companions, "notes": leg.notes,
         "fare": None, "pays": None, "agreed": None, "candidates": None, "now": now},
    )  # fmt: skip


def _code() -> str:
    """Four digits that the rider says to the driver."""
    return f"{secrets.randbelow(10_000):04d}"


_LIVE_RIDE = text(
    """
    SELECT id FROM accessibility.ride
     WHERE request_id = :request
       AND status IN ('holding', 'bound', 'on_the_way', 'at_door', 'aboard', 'reseeking', 'will_call')
    """
)
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended(:rider, 56))")
_OTHER_THEN = text(
    """
    SELECT o.id
      FROM accessibility.ride AS r
      JOIN accessibility.ride AS o ON o.rider_id = r.rider_id AND o.booking_id <> r.booking_id
       AND o.pick_up_at < r.arrives_at AND r.pick_up_at < o.arrives_at
      JOIN accessibility.booking AS b ON b.rider_id = o.rider_id AND b.id = o.booking_id AND b.keep_until IS NULL
     WHERE r.rider_id = :rider AND r.booking_id = :booking AND r.status = 'holding'
       AND o.status IN ('holding', 'bound', 'on_the_way', 'at_door', 'aboard', 'reseeking')
     ORDER BY o.pick_up_at LIMIT 1
    """
)
_OPEN_BOOKING = text(
    """
    INSERT INTO accessibility.booking AS b (rider_id, id, booked_by, basis, may_choose, made_at)
    VALUES (:rider, :id, :by, :basis, false, :now)
    ON CONFLICT (rider_id, id) DO UPDATE SET booked_by = b.booked_by
    """
)
_TAKE_BOOKING = text(
    """
    UPDATE accessibility.booking
       SET booked_by = :by, basis = :basis, may_choose = :may, keep_until = :keep,
           next_at = least(next_at, CAST(:next AS timestamptz))
     WHERE rider_id = :rider AND id = :id
    """
)
_TAKEN = text("SELECT booking_id FROM accessibility.ride WHERE rider_id = :rider AND request_id = :request LIMIT 1")
_ACCEPT = text("UPDATE accessibility.booking SET keep_until = NULL, next_at = :next WHERE id = :id")
_ADD_RIDE = text(
    """
    INSERT INTO accessibility.ride (rider_id, id, booking_id, request_id, leg, status, fleet, offer_id, pick_up_at,
                                    window_starts_at, window_ends_at, arrives_at, ride_minutes_at_most, code,
                                    companions, notes, fare_twd, rider_pays_twd, agreed, candidates, created_at)
    VALUES (:rider, :id, :booking, :request, :leg, :status, :fleet, :offer, :at, :starts, :ends, :arrives, :most, :code,
            :companions, :notes, :fare, :pays, CAST(:agreed AS jsonb), CAST(:candidates AS uuid[]), :now)
    """
)
_ADD_ORDER = text(
    """
    INSERT INTO accessibility.fleet_order (rider_id, id, booking_id, ride_id, offer_id, fleet, trip, status, pick_up_at,
                                           price_twd, created_at)
    VALUES (:rider, :id, :booking, :ride, :offer, :fleet, :trip, 'wanted', :at, :price, :now)
    """
)

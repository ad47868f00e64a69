"""Rides over HTTP: taking an offer, looking, cancelling, changing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.requests.errors import PickUpInThePast
from accessibility.rides import bodies, cancelling, changing, choosing, records, saga, states
from accessibility.rides.errors import (
    AnotherRideThen,
    ChangeUnderWay,
    NotCancellable,
    NotChangeable,
    NothingToChoose,
    OfferGone,
    ReturnNotChosen,
    RideAlreadyChosen,
    RidePriceChanged,
)
from accessibility.rides.records import Booking, Ride
from accessibility.rides.schemas import (
    BookingSchema,
    CancellationTermsSchema,
    RideCancel,
    RideChange,
    RideCreate,
    RidePage,
    RideSchema,
    RidesQuery,
)
from core import db
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("rides")
READS: Final = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})
BOOKS: Final = citizen(loa=2, delegable=RIDES_BOOK)


@routes.post(
    "/v1/rides",
    access=BOOKS,
    body=RideCreate,
    idempotent=True,
    own_units=True,
    answers={201: BookingSchema, 202: BookingSchema},
    problems=[
        NotFound,
        NotDelegated,
        NothingToChoose,
        OfferGone,
        ReturnNotChosen,
        RideAlreadyChosen,
        AnotherRideThen,
        RidePriceChanged,
    ],
    summary=Text("選定車趟", "Take an offer, or have the city choose: hold it, bind it, give the rest back"),
)
def take(call: Call) -> Answer:
    """201: it has come to its end, and each ride says which; 202: a fleet has not answered, read it again."""
    rider_id = acting.subject(call.actor)
    with db.unit_of_work() as session:
        _require(session, call, rider_id, "done_ride_booked", RIDES_BOOK)
        # The request that held this key before died on its way: what it took goes on where it stands.
        is_again = call.idempotency.claim(session)
        booking_id = (_taken_before(session, call, rider_id) if is_again else None) or _take(session, call, rider_id)
    booking = saga.drive(booking_id, call.now, is_waited_for=True)
    with db.unit_of_work() as session:
        answer = Answer(_booking(session, booking, call), status=202 if _is_open(booking) else 201)
        call.idempotency.store(session, answer)
    return answer


@routes.get(
    "/v1/rides",
    access=READS,
    query=RidesQuery,
    answers={200: RidePage},
    problems=[NotDelegated],
    summary=Text("我的車趟", "My rides: those to come, or those that are over"),
)
def my_rides(call: Call) -> Answer:
    rider_id = acting.subject(call.actor)
    _require(call.session, call, rider_id, "rides", RIDES_READ, RIDES_BOOK)
    limit, cursor = call.query["limit"], call.query["cursor"]
    after = decode_moment_cursor(cursor) if cursor else None
    found = records.of_rider(
        call.session, rider_id, is_past=call.query["when"] == "past", limit=limit + 1, after=after
    )  # fmt: skip
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1][0], shown[-1][1].id) if len(found) > limit else None
    items = bodies.several(call.session, [ride for _, ride in shown], call.language, call.now)
    return Answer({"items": items, "next_cursor": more})


@routes.get(
    "/v1/rides/<ride_id>",
    access=READS,
    answers={200: RideSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("一趟車", "One ride, with its vehicle, driver and place while it is under way"),
)
def my_ride(call: Call) -> Answer:
    rider_id = acting.subject(call.actor)
    _require(call.session, call, rider_id, "rides", RIDES_READ, RIDES_BOOK)
    return Answer(shown(call.session, call, records.ride(call.session, ride_id(call), rider_id=rider_id)))


@routes.get(
    "/v1/rides/<ride_id>/cancellation-terms",
    access=READS,
    answers={200: CancellationTermsSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("現在取消會怎樣", "What cancelling now would mean"),
)
def cancellation_terms(call: Call) -> Answer:
    rider_id = acting.subject(call.actor)
    _require(call.session, call, rider_id, "rides", RIDES_READ, RIDES_BOOK)
    ride = records.ride(call.session, ride_id(call), rider_id=rider_id)
    return Answer(bodies.cancellation_terms(cancelling.terms_of(call.session, ride, call.now), call.language))


@routes.post(
    "/v1/rides/<ride_id>/cancellation",
    access=BOOKS,
    body=RideCancel,
    idempotent=True,
    own_units=True,
    answers={200: RideSchema, 202: RideSchema},
    problems=[NotFound, NotDelegated, NotCancellable],
    summary=Text("取消車趟", "Cancel a ride"),
)
def cancel(call: Call) -> Answer:
    """200: it is cancelled, or the fleet says that it is too late; 202: the fleet has not answered yet."""
    rider_id = acting.subject(call.actor)
    with db.unit_of_work() as session:
        _require(session, call, rider_id, "done_ride_changed", RIDES_BOOK)
        call.idempotency.claim(session)
        wanted = [records.ride(session, ride_id(call), rider_id=rider_id)]
        if call.body["with_return"]:
            legs = records.get(session, wanted[0].booking_id).rides
            wanted += [each for each in legs if each.id != wanted[0].id and not each.has_ended]
        for each in wanted:
            cancelling.cancel(
                session, each.id, rider_id=rider_id, by=call.actor.id, reason=call.body["reason"], now=call.now
            )
    return after_driving(call, wanted[0], is_open=lambda ride: ride.cancel_asked_at is not None and not ride.has_ended)


@routes.post(
    "/v1/rides/<ride_id>/changes",
    access=BOOKS,
    body=RideChange,
    idempotent=True,
    own_units=True,
    answers={200: RideSchema, 202: RideSchema},
    problems=[NotFound, NotDelegated, NotChangeable, ChangeUnderWay, PickUpInThePast],
    summary=Text("更改車趟", "Change a ride: the fleet is asked, and where it says no the ride stays as it was"),
)
def change(call: Call) -> Answer:
    """200: it is changed; 202: the fleet has not answered yet. Refused by the fleet: 409, and the ride stays."""
    rider_id = acting.subject(call.actor)
    with db.unit_of_work() as session:
        _require(session, call, rider_id, "done_ride_changed", RIDES_BOOK)
        call.idempotency.claim(session)
        before = changing.change(
            session, ride_id(call), rider_id=rider_id, pick_up_at=call.body["pick_up_at"],
            companions=call.body["companions"], notes=call.body["notes"], now=call.now,
        )  # fmt: skip
    saga.drive(before.booking_id, call.now, is_waited_for=True)
    with db.unit_of_work() as session:
        refused = changing.refused_because(session, before)
    if refused is not None:
        raise NotChangeable(reason=refused)
    return after_driving(call, before, is_open=lambda ride: ride.change is not None)


def ride_id(call: Call) -> UUID:
    """The ride that a path names. Raises NotFound."""
    return parse_typeid("ride", call.path["ride_id"])


def shown(session: Session, call: Call, ride: Ride) -> dict[str, object]:
    """One ride as its rider sees it."""
    return bodies.several(session, [ride], call.language, call.now)[0]


def after_driving(call: Call, ride: Ride, *, is_open: Callable[[Ride], bool]) -> Answer:
    """What became of a ride once its fleet was asked."""
    saga.drive(ride.booking_id, call.now, is_waited_for=True)
    with db.unit_of_work() as session:
        found = records.ride(session, ride.id)
        answer = Answer(shown(session, call, found), status=202 if is_open(found) else 200)
        call.idempotency.store(session, answer)
    return answer


def _require(session: Session, call: Call, rider_id: UUID, what: str, *scopes: str) -> None:
    acting.require(session, call.actor, rider_id, *scopes, what=what, now=call.now)


def _take(session: Session, call: Call, rider_id: UUID) -> UUID:
    body = call.body
    if body["request_id"]:
        request_id = parse_typeid("rreq", body["request_id"])
        return choosing.choose_for(
            session, call.actor, rider_id, request_id, call.now, without_return=body["without_return"],
            agreed_twd=body["agreed_twd"],
        )  # fmt: skip
    wanted = [parse_typeid("roff", each) for each in (body["offer_id"], body["return_offer_id"]) if each]
    return choosing.choose(
        session, call.actor, rider_id, wanted, call.now, without_return=body["without_return"],
        agreed_twd=body["agreed_twd"],
    )  # fmt: skip


def _taken_before(session: Session, call: Call, rider_id: UUID) -> UUID | None:
    body = call.body
    if body["request_id"]:
        return choosing.taken_of_request(session, rider_id, parse_typeid("rreq", body["request_id"]))
    return choosing.taken_of_offer(session, rider_id, parse_typeid("roff", body["offer_id"]))


def _booking(session: Session, booking: Booking, call: Call) -> dict[str, object]:
    newest: dict[UUID, Ride] = {}
    for each in sorted(booking.rides, key=lambda ride: ride.created_at):
        newest[each.request_id] = each
    order = sorted(newest.values(), key=lambda ride: ride.leg, reverse=True)
    return {
        "booking_id": typeid("book", booking.id),
        "rides": bodies.several(session, order, call.language, call.now),
    }


def _is_open(booking: Booking) -> bool:
    return any(each.status == states.HOLDING for each in booking.rides)

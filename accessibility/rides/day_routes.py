"""What a rider says on the day of a ride, over HTTP."""

from __future__ import annotations

from accessibility.rides import on_call, states
from accessibility.rides.errors import NotOnCall, NotYetMissing, NoVehicleAwaited
from accessibility.rides.routes import BOOKS, after_driving, ride_id, shown
from accessibility.rides.schemas import RideSchema
from core import db
from core.errors import NotFound
from core.http import Answer, Call, Routes
from core.text import Text
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK

routes = Routes("rides")


@routes.post(
    "/v1/rides/<ride_id>/ready",
    access=BOOKS,
    idempotent=True,
    own_units=True,
    answers={200: RideSchema, 202: RideSchema},
    problems=[NotFound, NotDelegated, NotOnCall],
    summary=Text("可以回程了", "I am ready to go back: every fleet is asked, the best is taken"),
)
def ready(call: Call) -> Answer:
    """200: a fleet has bound it, or none is free and it is asked for again; 202: a fleet has not answered yet."""
    rider_id = acting.subject(call.actor)
    with db.unit_of_work() as session:
        acting.require(session, call.actor, rider_id, RIDES_BOOK, what="done_ride_booked", now=call.now)
        call.idempotency.claim(session)
        ride = on_call.ready(session, ride_id(call), rider_id=rider_id, now=call.now)
    return after_driving(call, ride, is_open=lambda found: found.status == states.HOLDING)


@routes.post(
    "/v1/rides/<ride_id>/at-door",
    access=BOOKS,
    idempotent=True,
    answers={200: RideSchema},
    problems=[NotFound, NotDelegated, NoVehicleAwaited],
    summary=Text("我在門口了", "I am at the door"),
)
def at_door(call: Call) -> Answer:
    """It stands in the ride's history, for whoever asks later who was where."""
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_BOOK, what="done_ride_changed", now=call.now)
    return Answer(
        shown(call.session, call, on_call.at_door(call.session, ride_id(call), rider_id=rider_id, now=call.now))
    )


@routes.post(
    "/v1/rides/<ride_id>/not-here",
    access=BOOKS,
    idempotent=True,
    own_units=True,
    answers={200: RideSchema, 202: RideSchema},
    problems=[NotFound, NotDelegated, NotYetMissing],
    summary=Text("車沒有來", "The promised time is over and no vehicle is here: every other fleet is asked"),
)
def not_here(call: Call) -> Answer:
    """200: another fleet has bound it, or none can and the ride says what to do now; 202: a fleet has not answered."""
    rider_id = acting.subject(call.actor)
    with db.unit_of_work() as session:
        acting.require(session, call.actor, rider_id, RIDES_BOOK, what="done_ride_changed", now=call.now)
        call.idempotency.claim(session)
        ride = on_call.vehicle_missing(session, ride_id(call), rider_id=rider_id, now=call.now)
    return after_driving(call, ride, is_open=lambda found: found.status == states.RESEEKING)

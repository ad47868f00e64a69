"""Requests over HTTP: one question to every fleet, and what they answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from accessibility.places import lookup
from accessibility.requests import asking, bodies, making, records
from accessibility.requests.errors import (
    ArriveByBeforePickUp,
    ArriveByNotReachable,
    NoVehicleFits,
    PickUpInThePast,
    RequestChosen,
    RequestOver,
    ReturnBeforeArrival,
    SamePlace,
    TooFarAhead,
)
from accessibility.requests.schemas import RideRequestCreate, RideRequestPage, RideRequestSchema
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility
from accessibility.riders.errors import MedicalTripsOnly, NotEligible
from core import db
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound, RateLimited, Unavailable
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import new_uuid, parse_typeid
from core.text import Text
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("rides")
_PREFIX: Final = "rreq"
_READS: Final = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})
_BOOKS: Final = citizen(loa=2, delegable=RIDES_BOOK)


@routes.post(
    "/v1/ride-requests",
    access=_BOOKS,
    body=RideRequestCreate,
    idempotent=True,
    own_units=True,
    answers={201: RideRequestSchema},
    problems=[
        ArriveByBeforePickUp, ArriveByNotReachable, MedicalTripsOnly, NoVehicleFits, NotDelegated, NotEligible,
        PickUpInThePast, RateLimited, ReturnBeforeArrival, SamePlace, TooFarAhead, Unavailable, *lookup.PROBLEMS,
    ],
    summary=Text("問所有車隊", "Ask every accessible fleet at once; waits up to three seconds for their answers"),
)  # fmt: skip
def ask(call: Call) -> Answer:
    """Every fleet whose own terms allow it is asked at the same time; what they answer are offers, and none is held."""
    rider_id = acting.subject(call.actor)
    # The same request after a crash goes on with what it had written down.
    booking_id = uuid5(call.actor.id, f"{rider_id} {call.request.headers.get('Idempotency-Key', '')}")
    with db.unit_of_work() as session:
        _require(session, call, rider_id, "done_ride_asked", RIDES_BOOK)
    eligibility.refresh(rider_id, call.now)
    with db.unit_of_work() as session:
        before = records.of_booking(session, booking_id, rider_id=rider_id)
        made = before if call.idempotency.claim(session) and before else making.make(
            session, call.actor, rider_id, _wish(session, rider_id, call.body), call.now,
            # A key may be used again once it is forgotten: what it once stood for stays what it is.
            booking_id=new_uuid() if before else booking_id,
        )  # fmt: skip
    asking.ask_all([each.id for each in made if each.status in ("asking", "will_call")], call.now)
    with db.unit_of_work() as session:
        out = records.get(session, made[0].id)
        answer = Answer(bodies.with_return(session, out, call.language, call.now), status=201)
        call.idempotency.store(session, answer)
    return answer


@routes.get(
    "/v1/ride-requests",
    access=_READS,
    query=PageQuery,
    answers={200: RideRequestPage},
    problems=[NotDelegated],
    summary=Text("我的叫車需求", "My requests, newest first, each leg by itself"),
)
def my_requests(call: Call) -> Answer:
    rider_id = acting.subject(call.actor)
    _require(call.session, call, rider_id, "rides", RIDES_READ, RIDES_BOOK)
    limit, cursor = call.query["limit"], call.query["cursor"]
    before = decode_moment_cursor(cursor) if cursor else None
    found = records.of_rider(call.session, rider_id, limit=limit + 1, before=before)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].asked_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": bodies.several(call.session, shown, call.language, call.now), "next_cursor": more})


@routes.get(
    "/v1/ride-requests/<request_id>",
    access=_READS,
    answers={200: RideRequestSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("一個叫車需求", "One request: who was asked, what they answered, what can be taken"),
)
def my_request(call: Call) -> Answer:
    rider_id = acting.subject(call.actor)
    _require(call.session, call, rider_id, "rides", RIDES_READ, RIDES_BOOK)
    found = records.get(call.session, parse_typeid(_PREFIX, call.path["request_id"]), rider_id=rider_id)
    return Answer(bodies.with_return(call.session, found, call.language, call.now))


@routes.post(
    "/v1/ride-requests/<request_id>/withdrawal",
    access=_BOOKS,
    idempotent=True,
    answers={200: RideRequestSchema},
    problems=[NotFound, NotDelegated, RequestChosen, RequestOver],
    summary=Text("撤回叫車需求", "Withdraw a request, with its way back"),
)
def withdraw(call: Call) -> Answer:
    rider_id = acting.subject(call.actor)
    _require(call.session, call, rider_id, "done_ride_asked", RIDES_BOOK)
    found = making.withdraw(call.session, parse_typeid(_PREFIX, call.path["request_id"]), rider_id=rider_id)
    return Answer(bodies.with_return(call.session, found, call.language, call.now))


def _require(session: Session, call: Call, rider_id: UUID, what: str, *scopes: str) -> None:
    acting.require(session, call.actor, rider_id, *scopes, what=what, now=call.now)


def _wish(session: Session, rider_id: UUID, body: Mapping[str, Any]) -> RideWish:
    back = body["back"] or {}
    return RideWish(
        lookup.resolve(session, rider_id, body["pickup"], end="from"),
        lookup.resolve(session, rider_id, body["dropoff"], end="to"),
        tuple(
            lookup.resolve(session, rider_id, each, end=f"stops/{place}") for place, each in enumerate(body["stops"])
        ),
        body["pick_up_at"], body["arrive_by"], body["asap"], back.get("at"), back.get("will_call", False),
        body["purpose"], body["companions"], body["has_dog"], body["is_shared"], body["notes"],
    )  # fmt: skip

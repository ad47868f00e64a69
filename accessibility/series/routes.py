"""Recurring rides over HTTP: asking for them, seeing what came of each day, giving up a day or all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.places import lookup
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
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility
from accessibility.riders.errors import MedicalTripsOnly, NotEligible
from accessibility.series import bodies, leaving, planning, records
from accessibility.series.errors import NoDayInSeries, SeriesOver, TooManySeries
from accessibility.series.schemas import RideSeriesCreate, RideSeriesPage, RideSeriesSchema
from core import db
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound, RateLimited, Unavailable
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import parse_typeid
from core.text import Text
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("ride-series")
_PREFIX: Final = "rser"
_READS: Final = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})
_BOOKS: Final = citizen(loa=2, delegable=RIDES_BOOK)


@routes.post(
    "/v1/ride-series",
    access=_BOOKS,
    body=RideSeriesCreate,
    idempotent=True,
    own_units=True,
    answers={201: RideSeriesSchema},
    problems=[
        ArriveByBeforePickUp, ArriveByNotReachable, MedicalTripsOnly, NoDayInSeries, NoVehicleFits, NotDelegated,
        NotEligible, PickUpInThePast, RateLimited, ReturnBeforeArrival, SamePlace, TooFarAhead, TooManySeries,
        Unavailable, *lookup.PROBLEMS,
    ],
    summary=Text("固定車趟", "Rides that recur on weekdays until a day: each is asked for as booking opens"),
)  # fmt: skip
def make(call: Call) -> Answer:
    """The day of its times is the first. Nothing is booked here: `next` says when the fleets are asked for each day."""
    rider_id = acting.subject(call.actor)
    eligibility.refresh(rider_id, call.now)
    with db.unit_of_work() as session:
        acting.require(session, call.actor, rider_id, RIDES_BOOK, what="done_ride_asked", now=call.now)
        call.idempotency.claim(session)
        given = call.body["series"]
        made = planning.make(
            session, call.actor, rider_id, _wish(session, rider_id, call.body), weekdays=given["weekdays"],
            until=given["until"], skips_holidays=given["skips_holidays"], now=call.now,
        )  # fmt: skip
        answer = Answer(_shown(session, made, call), status=201)
        call.idempotency.store(session, answer)
    return answer


@routes.get(
    "/v1/ride-series",
    access=_READS,
    query=PageQuery,
    answers={200: RideSeriesPage},
    problems=[NotDelegated],
    summary=Text("我的固定車趟", "My recurring rides, newest first"),
)
def my_series(call: Call) -> Answer:
    rider_id = _rider(call.session, call, "rides", RIDES_READ, RIDES_BOOK)
    limit, cursor = call.query["limit"], call.query["cursor"]
    before = decode_moment_cursor(cursor) if cursor else None
    found = records.of_rider(call.session, rider_id, limit=limit + 1, before=before)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].made_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": [_shown(call.session, each, call) for each in shown], "next_cursor": more})


@routes.get(
    "/v1/ride-series/<series_id>",
    access=_READS,
    answers={200: RideSeriesSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("一組固定車趟", "One series with the days to come"),
)
def one_series(call: Call) -> Answer:
    rider_id = _rider(call.session, call, "rides", RIDES_READ, RIDES_BOOK)
    found = records.get(call.session, parse_typeid(_PREFIX, call.path["series_id"]), rider_id=rider_id)
    return Answer(_shown(call.session, found, call))


@routes.delete(
    "/v1/ride-series/<series_id>",
    access=_BOOKS,
    answers={200: RideSeriesSchema},
    problems=[NotFound, NotDelegated, RequestChosen, RequestOver],
    summary=Text("取消整組固定車趟", "Give up all that is not booked yet; `to_cancel` says how many rides are booked"),
)
def cancel(call: Call) -> Answer:
    """A ride that is booked is cancelled by itself: its fleet may charge for it, and that is shown beforehand."""
    rider_id = _rider(call.session, call, "done_ride_asked", RIDES_BOOK)
    series_id = parse_typeid(_PREFIX, call.path["series_id"])
    leaving.cancel(call.session, series_id, rider_id=rider_id, now=call.now)
    return Answer(_shown(call.session, records.get(call.session, series_id), call))


@routes.delete(
    "/v1/ride-series/<series_id>/days/<day>",
    access=_BOOKS,
    answers={200: RideSeriesSchema},
    problems=[NotFound, NotDelegated, RequestChosen, RequestOver, SeriesOver],
    summary=Text("取消固定車趟的某一天", "Give up one day that is not booked yet (2026-11-23)"),
)
def cancel_day(call: Call) -> Answer:
    rider_id = _rider(call.session, call, "done_ride_asked", RIDES_BOOK)
    series_id = parse_typeid(_PREFIX, call.path["series_id"])
    try:
        day = date.fromisoformat(call.path["day"])
    except ValueError:
        raise NotFound from None
    leaving.cancel_day(call.session, series_id, day, rider_id=rider_id, now=call.now)
    return Answer(_shown(call.session, records.get(call.session, series_id), call))


def _shown(session: Session, each: records.Series, call: Call) -> dict[str, Any]:
    return bodies.series(session, each, call.language, call.now)


def _rider(session: Session, call: Call, what: str, *scopes: str) -> UUID:
    rider_id = acting.subject(call.actor)
    acting.require(session, call.actor, rider_id, *scopes, what=what, now=call.now)
    return rider_id


def _wish(session: Session, rider_id: UUID, body: Mapping[str, Any]) -> RideWish:
    back = body["back"] or {}
    return RideWish(
        lookup.resolve(session, rider_id, body["pickup"], end="from"),
        lookup.resolve(session, rider_id, body["dropoff"], end="to"),
        tuple(
            lookup.resolve(session, rider_id, each, end=f"stops/{place}") for place, each in enumerate(body["stops"])
        ),
        body["pick_up_at"], body["arrive_by"], False, back.get("at"), back.get("will_call", False), body["purpose"],
        body["companions"], body["has_dog"], body["is_shared"], body["notes"],
    )  # fmt: skip

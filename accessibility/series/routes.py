"""Recurring rides over HTTP: asking for them, seeing what came of each day, giving up a day or all."""

from __future__ import annotations

import time
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
    ReturnBeforeArrival,
    SamePlace,
    TooFarAhead,
)
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility
from accessibility.riders.errors import MedicalTripsOnly, NotEligible
from accessibility.rides import saga
from accessibility.series import bodies, leaving, planning, records
from accessibility.series.errors import (
    DayIsBooked,
    NoDayInSeries,
    RidesBeingCancelled,
    SeriesCostsMore,
    SeriesOver,
    TooManySeries,
)
from accessibility.series.schemas import (
    RideSeriesCreate,
    RideSeriesPage,
    RideSeriesSchema,
    SeriesCancel,
    SeriesCancellationTermsSchema,
)
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
_DRIVEN_SECONDS: Final = 6.0
"""So long whoever gives up a series waits for the fleets; the sweep does the rest."""


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
    problems=[NotFound, NotDelegated, RequestChosen, SeriesOver],
    summary=Text("取消整組固定車趟", "Give up all that is not booked yet; `to_cancel` says how many rides are booked"),
)
def cancel(call: Call) -> Answer:
    """What is booked stays: `cancellation` gives that up, too, and its terms are shown beforehand."""
    rider_id = _rider(call.session, call, "done_ride_asked", RIDES_BOOK)
    series_id = parse_typeid(_PREFIX, call.path["series_id"])
    leaving.cancel(call.session, series_id, rider_id=rider_id, by=call.actor.id, now=call.now)
    return Answer(_shown(call.session, records.get(call.session, series_id), call))


@routes.delete(
    "/v1/ride-series/<series_id>/days/<day>",
    access=_BOOKS,
    answers={200: RideSeriesSchema},
    problems=[NotFound, NotDelegated, RequestChosen, SeriesOver, DayIsBooked],
    summary=Text("取消固定車趟的某一天", "Give up one day that is not booked yet (2026-11-23)"),
)
def cancel_day(call: Call) -> Answer:
    rider_id = _rider(call.session, call, "done_ride_asked", RIDES_BOOK)
    series_id = parse_typeid(_PREFIX, call.path["series_id"])
    leaving.cancel_day(call.session, series_id, _day(call), rider_id=rider_id, now=call.now)
    return Answer(_shown(call.session, records.get(call.session, series_id), call))


@routes.put(
    "/v1/ride-series/<series_id>/days/<day>",
    access=_BOOKS,
    answers={200: RideSeriesSchema},
    problems=[NotFound, NotDelegated, SeriesOver, NotEligible, MedicalTripsOnly],
    summary=Text("固定車趟的某一天還是要", "Take a day up again that was given up, or a holiday that was left out"),
)
def take_up_day(call: Call) -> Answer:
    """It is asked for as booking opens, or at once where it is open already."""
    rider_id = _rider(call.session, call, "done_ride_asked", RIDES_BOOK)
    series_id = parse_typeid(_PREFIX, call.path["series_id"])
    planning.take_up_day(call.session, series_id, _day(call), rider_id=rider_id, now=call.now)
    return Answer(_shown(call.session, records.get(call.session, series_id), call))


@routes.get(
    "/v1/ride-series/<series_id>/cancellation-terms",
    access=_READS,
    answers={200: SeriesCancellationTermsSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("取消整組的規定與後果", "What giving up a series with all its booked rides would mean now"),
)
def cancellation_terms(call: Call) -> Answer:
    """Each booked ride with its fleet's rule, and the sum of what they may cost."""
    rider_id = _rider(call.session, call, "rides", RIDES_READ, RIDES_BOOK)
    found = records.get(call.session, parse_typeid(_PREFIX, call.path["series_id"]), rider_id=rider_id)
    return Answer(bodies.costs(call.session, leaving.costs_of(call.session, found, call.now), call.language))


@routes.post(
    "/v1/ride-series/<series_id>/cancellation",
    access=_BOOKS,
    body=SeriesCancel,
    idempotent=True,
    own_units=True,
    answers={200: RideSeriesSchema, 202: RideSeriesSchema},
    problems=[NotFound, NotDelegated, RequestChosen, SeriesOver, SeriesCostsMore],
    summary=Text("取消整組，連同訂好的車", "Give up a series, with all that is booked where `with_rides` says so"),
)
def cancel_with_rides(call: Call) -> Answer:
    """That every ride is to be cancelled is one commit; then each fleet is told, and the sweep goes on where nobody
    does. 202: some fleet has not answered yet, `cancellation` says for how many rides; read the series again."""
    rider_id = acting.subject(call.actor)
    series_id = parse_typeid(_PREFIX, call.path["series_id"])
    agreed_fee, agreed_points = call.body["agreed_fee_twd"], call.body["agreed_points"]
    with db.unit_of_work() as session:
        acting.require(session, call.actor, rider_id, RIDES_BOOK, what="done_ride_changed", now=call.now)
        call.idempotency.claim(session)
        to_drive = leaving.cancel(
            session, series_id, rider_id=rider_id, by=call.actor.id, with_rides=call.body["with_rides"],
            agreed=None if agreed_fee is None or agreed_points is None else (agreed_fee, agreed_points), now=call.now,
        )  # fmt: skip
    until = time.monotonic() + _DRIVEN_SECONDS
    for booking_id in to_drive:
        if time.monotonic() < until:
            saga.drive(booking_id, call.now, is_waited_for=True)
    with db.unit_of_work() as session:
        leaving.settle(session, series_id, rider_id=rider_id, now=call.now)
        shown = _shown(session, records.get(session, series_id), call)
        is_open = shown["cancellation"] is not None and shown["cancellation"]["under_way"] > 0
        answer = Answer(shown, status=202 if is_open else 200)
        call.idempotency.store(session, answer)
    return answer


@routes.post(
    "/v1/ride-series/<series_id>/resumption",
    access=_BOOKS,
    idempotent=True,
    answers={200: RideSeriesSchema},
    problems=[
        NotFound, NotDelegated, SeriesOver, TooManySeries, NotEligible, MedicalTripsOnly, RidesBeingCancelled,
    ],
    summary=Text("固定車趟還是要", "Take a series up again that was given up; its days ahead are asked for anew"),
)  # fmt: skip
def take_up(call: Call) -> Answer:
    """A ride that was cancelled is not brought back: its day is asked for like any other."""
    rider_id = _rider(call.session, call, "done_ride_asked", RIDES_BOOK)
    series_id = parse_typeid(_PREFIX, call.path["series_id"])
    leaving.take_up(call.session, series_id, rider_id=rider_id, now=call.now)
    return Answer(_shown(call.session, records.get(call.session, series_id), call))


def _day(call: Call) -> date:
    """The day of the address. Raises NotFound for what is none."""
    try:
        return date.fromisoformat(call.path["day"])
    except ValueError:
        raise NotFound from None


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

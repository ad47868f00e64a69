"""The dispatch desk over HTTP, and the manifests that a bureau's system reads."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

from accessibility.own_fleet import breakdowns, desk, manifests, orders, roster, stops, texts
from accessibility.own_fleet.desk import Wanted
from accessibility.own_fleet.errors import DoesNotFit, ReasonNeeded, StopNotNow, WouldBreakPromise
from accessibility.own_fleet.events import By
from accessibility.own_fleet.ports import travel
from accessibility.own_fleet.promises import moment
from accessibility.own_fleet.schemas import (
    TRIP,
    VAN_NUMBER,
    AssignedSchema,
    AssignmentRequestSchema,
    BreakdownRequestSchema,
    BreakdownSchema,
    DayQuery,
    DispatchDaySchema,
    DispatchTripSchema,
    FleetManifestsSchema,
    ReplayQuery,
    ReplaySchema,
    UnassignedPage,
    WhatIfRequestSchema,
    WhatIfSchema,
)
from core import db
from core.clock import on_the_wire, taipei_date
from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, Routes, bureau, officer
from core.text import Text
from core.version_tags import version_of

routes = Routes("accessibility")
_DESK = officer("dispatcher")
_READERS = officer("dispatcher", "auditor")


@routes.get(
    "/v1/dispatch/day",
    access=_READERS,
    query=DayQuery,
    answers={200: DispatchDaySchema},
    shows_person_data=False,
    summary=Text("當日車輛與班次", "A day of the vans: shifts, stops, loads, planned and actual; to about 100 m"),
)
def dispatch_day(call: Call) -> Answer:
    day = _day(call)
    if taipei_date(call.now) <= day <= taipei_date(call.now + roster.AHEAD):
        roster.make_day(call.session, day, travel(), call.now)
    return Answer(
        {
            "date": day.isoformat(),
            "now": on_the_wire(call.now),
            "vehicles": manifests.of_day(call.session, day, call.language, call.now),
        }
    )


@routes.get(
    "/v1/dispatch/unassigned",
    access=_READERS,
    answers={200: UnassignedPage},
    shows_person_data=False,
    summary=Text("沒有車的趟次", "Rides that have lost their van and wait for another"),
)
def unassigned(call: Call) -> Answer:
    items = []
    for row in desk.unassigned(call.session):
        is_rescue = row.reason == breakdowns.RESCUED
        why = texts.WHY_RESCUE if is_rescue else texts.WHY_UNASSIGNED
        more = {
            "place_wanted_until": on_the_wire(row.place_wanted_until),
            "is_rescue": is_rescue,
            "why": why.in_language(call.language),
        }
        items.append(_about(row, call) | more)
    return Answer({"items": items, "next_cursor": None})


@routes.get(
    "/v1/dispatch/trips/<trip>",
    access=_DESK,
    answers={200: DispatchTripSchema},
    problems=[NotFound],
    shows_person_data=True,
    summary=Text("一趟車與乘客", "One trip with who rides and their doors; the reading is written down"),
)
def dispatch_trip(call: Call) -> Answer:
    order = desk.trip(call.session, call.actor, _of_path(call, "trip", TRIP), call.now)
    body = _about(order, call)
    told = orders.customer_of(order.id, order.customer)
    if told is not None:
        body["rider"] = {
            "name": told.name, "phone": told.phone, "notes": told.notes, "caregiver_name": told.caregiver_name,
            "caregiver_phone": told.caregiver_phone,
        }  # fmt: skip
        for name, door in (("from_place", told.pickup), ("to_place", told.dropoff)):
            body[name] |= {
                "label": door.address, "address": door.address, "directions": door.directions,
                "latitude": door.latitude, "longitude": door.longitude,
            }  # fmt: skip
    more = {
        "fleet_order": order.fleet_order,
        "vehicle": order.number,
        "ride_minutes_at_most": stops.told_promise(order).ride_minutes_at_most,
    }
    return Answer({"rider": None} | body | more)


@routes.post(
    "/v1/dispatch/what-if",
    access=_DESK,
    body=WhatIfRequestSchema,
    answers={200: WhatIfSchema},
    problems=[NotFound, StopNotNow],
    shows_person_data=False,
    summary=Text("試算改派", "What it would mean to give a trip to a van; nothing is changed"),
)
def what_if(call: Call) -> Answer:
    considered = desk.consider(call.session, call.body["trip"], call.body["vehicle"], call.now)
    found = considered.found
    later = [] if found.tour is None else desk.later(considered)
    trips = desk.trips_of(call.session, [UUID(trip.id) for trip, *_ in later])
    return Answer(
        {
            "trip": call.body["trip"],
            "vehicle": call.body["vehicle"],
            "is_feasible": found.tour is not None and not found.broken,
            "is_possible": found.tour is not None,
            "added_minutes": -(-found.added_seconds // 60),
            "later": [
                {
                    "trip": trips[trip.id],
                    "kind": kind.value,
                    "was_at": None if was is None else on_the_wire(moment(was)),
                    "is_at": on_the_wire(moment(at)),
                    "minutes": 0 if was is None else round((at - was) / 60),
                }
                for trip, kind, was, at in later
            ],
            "broken": desk.broken_shown(call.session, found.broken, call.language),
            "version": considered.planned.version,
        }
    )


@routes.post(
    "/v1/dispatch/assignments",
    access=_DESK,
    body=AssignmentRequestSchema,
    answers={200: AssignedSchema},
    problems=[
        NotFound, StopNotNow, PreconditionRequired, PreconditionFailed, DoesNotFit, WouldBreakPromise, ReasonNeeded,
    ],
    idempotent=True,
    shows_person_data=False,
    summary=Text("指派或改派", "Give a trip to a van (If-Match: its tour's version), or take it out of its own"),
)  # fmt: skip
def assign(call: Call) -> Answer:
    body, version = call.body, version_of(call)
    if body["vehicle"] is None:
        order = desk.take_out(
            call.session, call.actor, body["trip"], version, reason=body["reason"], now=call.now
        )  # fmt: skip
        return Answer({"trip": body["trip"], "vehicle": order.number, "version": None, "broken": []})
    wanted = Wanted(body["reason"], body["override"])
    order, broken = desk.assign(call.session, call.actor, body["trip"], body["vehicle"], version, wanted, call.now)
    return Answer(
        {
            "trip": body["trip"],
            "vehicle": order.number,
            "version": order.tour_version,
            "broken": desk.broken_shown(call.session, broken, call.language),
        }
    )


@routes.post(
    "/v1/dispatch/vehicles/<number>/breakdown",
    access=_DESK,
    body=BreakdownRequestSchema,
    answers={200: BreakdownSchema},
    problems=[NotFound],
    idempotent=True,
    own_units=True,
    shows_person_data=False,
    summary=Text("車輛故障", "A van cannot go on: its rides go to others, or other fleets are asked"),
)
def break_down(call: Call) -> Answer:
    with db.unit_of_work() as session:
        call.idempotency.claim(session)
        van_id = desk.van_named(session, _of_path(call, "number", VAN_NUMBER))
        by = By("officer", call.actor.id)
        homeless = breakdowns.begin(session, van_id, reason=call.body["reason"], by=by, now=call.now)
    found = {each: number for each, number in breakdowns.find_places(travel(), call.now).items() if each in homeless}
    with db.unit_of_work() as session:
        trips = desk.trips_of(session, homeless)
        placed = [{"trip": trips[str(each)], "vehicle": found.get(each)} for each in homeless]
        answer = Answer(
            {
                "reassigned": [each for each in placed if each["vehicle"] is not None],
                "unassigned": [each for each in placed if each["vehicle"] is None],
            }
        )
        call.idempotency.store(session, answer)
    return answer


@routes.delete(
    "/v1/dispatch/vehicles/<number>/breakdown",
    access=_DESK,
    answers={204: None},
    problems=[NotFound],
    shows_person_data=False,
    summary=Text("車輛恢復服務", "A van is back in service"),
)
def repaired(call: Call) -> Answer:
    van_id = desk.van_named(call.session, _of_path(call, "number", VAN_NUMBER))
    by = By("officer", call.actor.id)
    breakdowns.repaired(call.session, van_id, by=by, day=taipei_date(call.now), now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/dispatch/replay",
    access=_READERS,
    query=ReplayQuery,
    answers={200: ReplaySchema},
    shows_person_data=False,
    summary=Text("重播一天", "What happened on a day, in its order"),
)
def replay(call: Call) -> Answer:
    day = _day(call)
    rows = desk.replay(call.session, day, call.query["vehicle"])
    return Answer(
        {
            "date": day.isoformat(),
            "starts_at": on_the_wire(rows[0].at) if rows else None,
            "ends_at": on_the_wire(rows[-1].at) if rows else None,
            "events": [_event(row, call) for row in rows],
        }
    )


@routes.get(
    "/v1/fleet/manifests",
    access=bureau(scope="fleet:read"),
    query=DayQuery,
    answers={200: FleetManifestsSchema},
    shows_person_data=False,
    summary=Text("復康巴士每日任務", "What each of the city's vans drives on a day; no names, places to about 100 m"),
)
def fleet_manifests(call: Call) -> Answer:
    day = _day(call)
    items = manifests.for_bureau(call.session, day, call.language, call.now)
    return Answer({"date": day.isoformat(), "items": items})


def _of_path(call: Call, name: str, form: str) -> str:
    """A member of the address. Raises NotFound for what nothing is called."""
    if re.fullmatch(form, call.path[name]) is None:
        raise NotFound
    return call.path[name]


def _day(call: Call) -> date:
    return call.query["date"] or taipei_date(call.now)


def _about(row: Any, call: Call) -> dict[str, Any]:
    demand, promise = orders.demand_of(row), stops.told_promise(row)
    return {
        "trip": row.trip,
        "status": row.state,
        "pick_up_at": on_the_wire(row.pick_up_at),
        "window_starts_at": on_the_wire(moment(promise.starts)),
        "window_ends_at": on_the_wire(moment(promise.ends)),
        "arrives_by": on_the_wire(moment(promise.arrives_by)),
        "from_place": stops.place_shown(demand.pickup, call.language),
        "to_place": stops.place_shown(demand.dropoff, call.language),
        **stops.about(demand),
    }


def _event(row: Any, call: Call) -> dict[str, Any]:
    latitude, longitude = desk.position_of(row)
    return {
        "at": on_the_wire(row.at),
        "kind": row.kind,
        "vehicle": row.number,
        "trip": row.trip,
        "by": row.by_kind,
        "reason": row.reason,
        "latitude": latitude,
        "longitude": longitude,
        "words": texts.EVENTS[row.kind].in_language(call.language),
    }

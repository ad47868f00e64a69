"""The desk for lost things, and what fleets were rated: officers of role `mobility`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from accessibility.after import lost_items, ratings
from accessibility.after.errors import ItemMoved
from accessibility.after.lost_items import Found, Lost
from accessibility.after.routes import lost_body
from accessibility.after.schemas import (
    FleetNamesSchema,
    FleetRatingsSchema,
    FoundItemSchema,
    FoundItemsSchema,
    FoundItemWanted,
    LostItemMatch,
    LostItemPage,
    LostItemSchema,
    LostItemsQuery,
)
from accessibility.fleets import terms
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log

routes = Routes("after")
_MOBILITY = officer("mobility")
_RATED_WITHIN: Final = timedelta(days=90)


@routes.get(
    "/v1/desk/lost-items",
    access=_MOBILITY,
    shows_person_data=True,
    query=LostItemsQuery,
    answers={200: LostItemPage},
    summary=Text("乘客登記的遺失物", "What riders miss, the oldest first"),
)
def list_lost(call: Call) -> Answer:
    limit, cursor = call.query["limit"], call.query["cursor"]
    after = decode_moment_cursor(cursor) if cursor else None
    found = lost_items.page(call.session, status=call.query["status"], limit=limit + 1, after=after)
    shown = found[:limit]
    access_log.record_accesses(
        call.session, actor=call.actor, person_ids=[each.rider_id for each in shown], what="lost_item",
        purpose="bureau_case", now=call.now,
    )  # fmt: skip
    more = encode_moment_cursor(shown[-1].reported_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": [lost_body(call, each) for each in shown], "next_cursor": more})


@routes.post(
    "/v1/desk/lost-items/<lost_id>/match",
    access=_MOBILITY,
    shows_person_data=True,
    body=LostItemMatch,
    answers={200: LostItemSchema},
    problems=[NotFound, ItemMoved],
    summary=Text("這就是乘客遺失的東西", "What was found is what the rider misses; they are told where it is"),
)
def match_lost(call: Call) -> Answer:
    """Only what the same fleet found."""
    lost_id, found_id = parse_typeid("lost", call.path["lost_id"]), parse_typeid("found", call.body["found_id"])
    return _moved(call, lost_items.match(call.session, lost_id, found_id, now=call.now))


@routes.post(
    "/v1/desk/lost-items/<lost_id>/hand-over",
    access=_MOBILITY,
    shows_person_data=True,
    answers={200: LostItemSchema},
    problems=[NotFound, ItemMoved],
    summary=Text("已交還失主", "It has been handed over; the rider is told"),
)
def hand_over_lost(call: Call) -> Answer:
    lost_id = parse_typeid("lost", call.path["lost_id"])
    return _moved(call, lost_items.hand_over(call.session, lost_id, now=call.now))


@routes.post(
    "/v1/desk/lost-items/<lost_id>/giving-up",
    access=_MOBILITY,
    shows_person_data=True,
    answers={200: LostItemSchema},
    problems=[NotFound, ItemMoved],
    summary=Text("沒有找到", "It was sought and not found; the rider is told"),
)
def give_up_lost(call: Call) -> Answer:
    lost_id = parse_typeid("lost", call.path["lost_id"])
    return _moved(call, lost_items.give_up(call.session, lost_id, now=call.now))


@routes.get(
    "/v1/desk/found-items",
    access=_MOBILITY,
    shows_person_data=False,
    answers={200: FoundItemsSchema},
    summary=Text("保管中的拾得物", "What was found and waits for its owner, newest first"),
)
def list_found(call: Call) -> Answer:
    return Answer({"items": [_found_body(each) for each in lost_items.kept(call.session)]})


@routes.post(
    "/v1/desk/found-items",
    access=_MOBILITY,
    shows_person_data=False,
    body=FoundItemWanted,
    answers={201: FoundItemSchema},
    summary=Text("登記一件拾得物", "Write down what a fleet has found"),
)
def write_found(call: Call) -> Answer:
    body = call.body
    found = lost_items.write_found(
        call.session, call.actor, fleet=body["fleet"], vehicle_number=body["vehicle_number"], what=body["what"],
        kept_at=body["kept_at"], found_on=body["found_on"], now=call.now,
    )  # fmt: skip
    return Answer(_found_body(found), status=201)


@routes.get(
    "/v1/desk/ride-fleets",
    access=officer("mobility", "auditor"),
    shows_person_data=False,
    answers={200: FleetNamesSchema},
    summary=Text("車隊的名稱", "What the fleets are called, also those that are no longer asked"),
)
def fleet_names(call: Call) -> Answer:
    names = terms.names(call.session)
    items = [{"fleet": code, "name": name.in_language(call.language)} for code, (name, _) in sorted(names.items())]
    return Answer({"items": items})


@routes.get(
    "/v1/desk/ride-ratings",
    access=officer("mobility", "auditor"),
    shows_person_data=False,
    answers={200: FleetRatingsSchema},
    summary=Text("各車隊評分", "What riders thought of each fleet in 90 days; of fewer than five riders nothing"),
)
def fleet_ratings(call: Call) -> Answer:
    found = ratings.by_fleet(call.session, since=call.now - _RATED_WITHIN)
    return Answer({"items": [{"fleet": fleet, "riders": riders, "mean": mean} for fleet, riders, mean in found]})


def _moved(call: Call, lost: Lost) -> Answer:
    access_log.record_access(
        call.session, actor=call.actor, person_id=lost.rider_id, what="lost_item", purpose="bureau_case",
        reference=typeid("lost", lost.id), now=call.now,
    )  # fmt: skip
    return Answer(lost_body(call, lost))


def _found_body(each: Found) -> dict[str, Any]:
    return {
        "id": typeid("found", each.id),
        "fleet": each.fleet,
        "vehicle_number": each.vehicle_number,
        "what": each.what,
        "kept_at": each.kept_at,
        "found_on": each.found_on.isoformat(),
        "status": each.status,
    }

"""Ratings and lost things over HTTP, for riders."""

from __future__ import annotations

from typing import Any

from accessibility.after import lost_items, ratings
from accessibility.after.errors import ItemMoved, RideNotDone, TooLongAgo
from accessibility.after.lost_items import Lost
from accessibility.after.ratings import Rating
from accessibility.after.schemas import LostItemSchema, LostItemsSchema, LostItemWanted, RatingWanted, RideRatingSchema
from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("after")
_READS = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})
_BOOKS = citizen(loa=2, delegable=RIDES_BOOK)


@routes.post(
    "/v1/rides/<ride_id>/rating",
    access=_BOOKS,
    body=RatingWanted,
    answers={200: RideRatingSchema},
    problems=[NotFound, NotDelegated, RideNotDone, TooLongAgo],
    summary=Text("為這趟車評分", "Rate a ride from one to five; again changes it"),
)
def rate(call: Call) -> Answer:
    """Drivers and dispatchers never see who said what. There are no tips."""
    rider_id, ride_id = acting.subject(call.actor), parse_typeid("ride", call.path["ride_id"])
    _require(call, rider_id, RIDES_BOOK, "done_ride_rated")
    rated = ratings.rate(
        call.session, rider_id, ride_id, stars=call.body["stars"], words=call.body["words"], now=call.now
    )
    return Answer(_rating_body(rated))


@routes.get(
    "/v1/rides/<ride_id>/rating",
    access=_READS,
    answers={200: RideRatingSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("我給這趟車的評分", "How I rated a ride"),
)
def my_rating(call: Call) -> Answer:
    rider_id, ride_id = acting.subject(call.actor), parse_typeid("ride", call.path["ride_id"])
    _require(call, rider_id, RIDES_READ, "ride")
    found = ratings.of_ride(call.session, rider_id, ride_id)
    if found is None:
        raise NotFound
    return Answer(_rating_body(found))


@routes.post(
    "/v1/rides/<ride_id>/lost-items",
    access=_BOOKS,
    body=LostItemWanted,
    answers={201: LostItemSchema},
    problems=[NotFound, NotDelegated, RideNotDone, TooLongAgo],
    summary=Text("登記忘在車上的東西", "Report something left in the vehicle"),
)
def report_lost(call: Call) -> Answer:
    """The fleet is asked to look; the rider hears of every step."""
    rider_id, ride_id = acting.subject(call.actor), parse_typeid("ride", call.path["ride_id"])
    _require(call, rider_id, RIDES_BOOK, "lost_item")
    lost = lost_items.report(call.session, call.actor, rider_id, ride_id, what=call.body["what"], now=call.now)
    return Answer(lost_body(call, lost), status=201)


@routes.get(
    "/v1/rider/lost-items",
    access=_READS,
    answers={200: LostItemsSchema},
    problems=[NotDelegated],
    summary=Text("我登記的遺失物", "What I left behind, and where it is"),
)
def my_lost_items(call: Call) -> Answer:
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_READ, RIDES_BOOK, what="lost_item", now=call.now)
    return Answer({"items": [lost_body(call, each) for each in lost_items.of_rider(call.session, rider_id)]})


@routes.post(
    "/v1/rider/lost-items/<lost_id>/withdrawal",
    access=_BOOKS,
    answers={200: LostItemSchema},
    problems=[NotFound, NotDelegated, ItemMoved],
    summary=Text("東西找到了，取消登記", "I have it after all"),
)
def withdraw_lost(call: Call) -> Answer:
    rider_id, lost_id = acting.subject(call.actor), parse_typeid("lost", call.path["lost_id"])
    acting.require(
        call.session, call.actor, rider_id, RIDES_BOOK, what="lost_item", reference=call.path["lost_id"], now=call.now
    )
    return Answer(lost_body(call, lost_items.withdraw(call.session, rider_id, lost_id, now=call.now)))


def lost_body(call: Call, each: Lost) -> dict[str, Any]:
    """A lost thing as the API shows it."""
    return {
        "id": typeid("lost", each.id),
        "ride_id": typeid("ride", each.ride_id),
        "fleet": each.fleet,
        "what": each.what,
        "status": each.status,
        "status_words": _STATUS[each.status].in_language(call.language),
        "kept_at": each.kept_at,
        "ride_at": on_the_wire(each.ride_at),
        "reported_at": on_the_wire(each.reported_at),
        "ended_at": each.ended_at and on_the_wire(each.ended_at),
    }


def _require(call: Call, rider_id: Any, scope: str, what: str) -> None:
    scopes = (RIDES_BOOK,) if scope == RIDES_BOOK else (RIDES_READ, RIDES_BOOK)
    acting.require(
        call.session, call.actor, rider_id, *scopes, what=what, reference=call.path["ride_id"], now=call.now
    )  # fmt: skip


def _rating_body(each: Rating) -> dict[str, Any]:
    return {
        "ride_id": typeid("ride", each.ride_id),
        "stars": each.stars,
        "words": each.words,
        "rated_at": on_the_wire(each.rated_at),
    }


_STATUS = {
    "sought": Text("車隊找尋中", "The fleet is looking for it"),
    "found": Text("找到了，請來領取", "Found: please fetch it"),
    "handed_over": Text("已交還", "Handed over"),
    "not_found": Text("沒有找到", "Not found"),
    "withdrawn": Text("您已取消登記", "You have withdrawn it"),
}

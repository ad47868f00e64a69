"""A rider's own points and appeals, and what they complain of."""

from __future__ import annotations

from typing import Any

from accessibility.conduct import appeals, complaints, points
from accessibility.conduct.appeals import Appeal
from accessibility.conduct.complaints import Complaint
from accessibility.conduct.errors import AppealedAlready, AppealTooLate, NothingToAppeal
from accessibility.conduct.points import Point, Standing
from accessibility.conduct.schemas import (
    AppealWanted,
    ComplaintWanted,
    NoShowsSchema,
    RideComplaintSchema,
    RideComplaintsSchema,
)
from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("conduct")
_READS = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})
_BOOKS = citizen(loa=2, delegable=RIDES_BOOK)
KINDS = {
    "no_show": Text("車到了沒有搭", "Not there when the vehicle came"),
    "late_cancel": Text("太晚取消", "Cancelled late"),
}


@routes.get(
    "/v1/rider/no-shows",
    access=_READS,
    answers={200: NoShowsSchema},
    problems=[NotDelegated],
    summary=Text("我的未搭乘紀錄與點數", "My points for rides that I missed, and why each counts or not"),
)
def my_points(call: Call) -> Answer:
    """What was a fleet's fault is listed, too, and does not count."""
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_READ, RIDES_BOOK, what="ride_points", now=call.now)
    return Answer(_standing_body(call, points.standing(call.session, rider_id, call.now)))


@routes.post(
    "/v1/rider/no-shows/<point_id>/appeal",
    access=_BOOKS,
    body=AppealWanted,
    answers={201: NoShowsSchema},
    problems=[NotFound, NotDelegated, NothingToAppeal, AppealTooLate, AppealedAlready],
    summary=Text("申訴一筆點數", "Appeal against a point; somebody decides who did not record it"),
)
def appeal(call: Call) -> Answer:
    """Once for each point. Answers how the rider stands."""
    rider_id, point_id = acting.subject(call.actor), parse_typeid("rpt", call.path["point_id"])
    acting.require(
        call.session, call.actor, rider_id, RIDES_BOOK, what="done_ride_appealed", reference=call.path["point_id"],
        now=call.now,
    )  # fmt: skip
    appeals.make(call.session, call.actor, rider_id, point_id, reason=call.body["reason"], now=call.now)
    return Answer(_standing_body(call, points.standing(call.session, rider_id, call.now)), status=201)


@routes.post(
    "/v1/ride-complaints",
    access=_BOOKS,
    body=ComplaintWanted,
    answers={201: RideComplaintSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("反映一件乘車的意見", "Complain about a ride; nobody who plans or drives learns of it"),
)
def complain(call: Call) -> Answer:
    """It is read by the officers for mobility alone. Dispatch and fleets cannot see that there is one."""
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_BOOK, what="ride_complaint", now=call.now)
    ride_id = parse_typeid("ride", call.body["ride_id"]) if call.body["ride_id"] else None
    made = complaints.make(
        call.session, rider_id, ride_id=ride_id, kind=call.body["kind"], words=call.body["words"], now=call.now
    )
    return Answer(complaint_body(made), status=201)


@routes.get(
    "/v1/ride-complaints",
    access=_READS,
    answers={200: RideComplaintsSchema},
    problems=[NotDelegated],
    summary=Text("我反映過的乘車意見", "What I have complained of, and the answers"),
)
def my_complaints(call: Call) -> Answer:
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_READ, RIDES_BOOK, what="ride_complaint", now=call.now)
    items = [complaint_body(each) for each in complaints.of_rider(call.session, rider_id)]
    return Answer({"items": items, "words": _UNSEEN.in_language(call.language)})


def complaint_body(each: Complaint) -> dict[str, Any]:
    """A complaint as the API shows it."""
    return {
        "id": typeid("rcmp", each.id),
        "ride_id": each.ride_id and typeid("ride", each.ride_id),
        "kind": each.kind,
        "words": each.words,
        "status": each.status,
        "made_at": on_the_wire(each.made_at),
        "answer": each.answer,
        "answered_at": each.answered_at and on_the_wire(each.answered_at),
    }


def _standing_body(call: Call, standing: Standing) -> dict[str, Any]:
    rule = standing.rule
    words = _NOT_CONFIRMED if not rule.suspends else _SUSPENDED if standing.suspended_until else _COUNTED
    return {
        "points": standing.points,
        "limit": rule.limit_points if rule.suspends else None,
        "suspended_until": standing.suspended_until and on_the_wire(standing.suspended_until),
        "words": words.format(points=standing.points, limit=rule.limit_points).in_language(call.language),
        "source": rule.source,
        "items": [_point_body(call, each, standing) for each in standing.entries],
    }


def _point_body(call: Call, each: Point, standing: Standing) -> dict[str, Any]:
    until = each.recorded_at + standing.rule.appeal_within
    counts = each.counts and each.lifted_at is None
    made = None
    if each.appeal_status is not None:
        decided: Appeal | None = appeals.of_point(call.session, each.id)
        words = _APPEALS[each.appeal_status].in_language(call.language)
        made = {"status": each.appeal_status, "words": words, "decision": decided and decided.decision}
    return {
        "id": typeid("rpt", each.id),
        "ride_id": typeid("ride", each.ride_id),
        "at": on_the_wire(each.happened_at),
        "kind": each.kind,
        "kind_words": KINDS[each.kind].in_language(call.language),
        "why_words": points.WHY[each.why].in_language(call.language),
        "points": each.points,
        "counts": each.counts_at(call.now),
        "counts_until": on_the_wire(each.counts_until),
        "may_appeal": counts and made is None and call.now <= until,
        "appeal_until": on_the_wire(until),
        "appeal": made,
    }


_APPEALS = {
    "open": Text("申訴處理中", "Your appeal is being looked at"),
    "granted": Text("申訴成立，不再計點", "Your appeal was granted: it counts no more"),
    "refused": Text("申訴沒有成立", "Your appeal was refused"),
}
_NOT_CONFIRMED = Text(
    "您現在有 {points} 點。目前點數不會讓您不能訂車；門檻與後果尚待主管機關確認。",
    "You have {points} points. They do not keep you from booking: what follows from points is not confirmed.",
)
_COUNTED = Text("您現在有 {points} 點；滿 {limit} 點會暫停預約。", "You have {points} points; {limit} suspend booking.")
_SUSPENDED = Text("您有 {points} 點，暫停預約中。", "You have {points} points, and booking is suspended.")
_UNSEEN = Text(
    "只有行動服務的承辦人員看得到；調度、車隊與司機看不到，也不會影響您叫車。",
    "Only the officers for mobility see this. No dispatcher, fleet or driver does, and it changes nothing about rides.",
)

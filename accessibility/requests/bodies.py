"""Requests and offers as they go over the wire, in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms, words
from accessibility.fleets.terms import FleetKnown
from accessibility.places import area
from accessibility.places.place import Place
from accessibility.requests import advice, offers, records, states
from accessibility.requests.offers import Offer
from accessibility.requests.records import RideRequest
from accessibility.riders import profile
from core.clock import on_the_wire
from core.ids import typeid
from core.text import Language, Text

STATUS_WORDS: Final[Mapping[str, Text]] = {
    states.ASKING: Text("正在詢問各車隊", "asking every fleet"),
    states.OFFERED: Text("有車，請選一個", "there are offers: choose one"),
    states.NONE: Text("目前沒有車", "nobody has a vehicle at the moment"),
    states.CHOSEN: Text("已選定車趟", "a ride was taken"),
    states.LAPSED: Text("逾時未選，請重新詢問", "nobody chose in time: please ask again"),
    states.WAITLISTED: Text("候補中", "on the waitlist"),
    states.WITHDRAWN: Text("已撤回", "withdrawn"),
    states.WILL_CALL: Text("等您準備好再叫車", "waits until you say that you are ready"),
}
_SURE: Final = (
    (0.9, Text("很有把握", "very sure")),
    (0.7, Text("有把握", "sure")),
    (0.0, Text("不太確定", "not quite sure")),
)
_ENTRY: Final[Mapping[str, Text]] = {
    "lift": Text("有升降機", "with a lift"),
    "ramp": Text("有斜坡板", "with a ramp"),
    "door": Text("從車門上車", "through the door"),
}


def with_return(session: Session, request: RideRequest, language: Language, now: datetime) -> dict[str, Any]:
    """A request with its way back, if it is the way there."""
    legs = records.of_booking(session, request.booking_id, rider_id=request.rider_id)
    back = next((each for each in legs if each.leg == "back" and each.id != request.id), None)
    shown = several(session, [request, back] if back else [request], language, now)
    return shown[0] | {"return_request": shown[1] if back else None}


def several(
    session: Session, requests: Sequence[RideRequest], language: Language, now: datetime
) -> list[dict[str, Any]]:
    """Requests, each by itself."""
    fleets = terms.in_force(session, now)
    names = {code: name for code, (name, _) in terms.names(session).items()}
    return [_leg(session, each, fleets, names, language, now) for each in requests]


def offer(
    each: Offer,
    names: Mapping[str, Text],
    fleets: Mapping[str, FleetKnown],
    language: Language,
    *,
    is_recommended: bool,
    can_be_taken: bool,
) -> dict[str, Any]:
    """An offer."""
    fleet = fleets.get(each.fleet)
    return {
        "id": typeid("roff", each.id),
        "fleet": each.fleet,
        "fleet_name": names[each.fleet].in_language(language),
        "pick_up_at": on_the_wire(each.pick_up_at),
        "window_starts_at": on_the_wire(each.window_starts_at),
        "window_ends_at": on_the_wire(each.window_ends_at),
        "arrives_at": on_the_wire(each.arrives_at),
        "ride_minutes": max(0, round((each.arrives_at - each.pick_up_at).total_seconds() / 60)),
        "ride_minutes_at_most": each.ride_minutes_at_most,
        "is_pooled": each.is_pooled,
        "price_twd": each.price_twd,
        "is_metered": each.is_metered,
        "rider_pays_twd": each.rider_pays_twd,
        "fare": fare(each.fare, language),
        "vehicle": dict(each.vehicle),
        "fit": {"fits": each.fit["fits"], "words": _fit(each.fit).in_language(language)},
        "confidence": round(each.confidence, 3),
        "confidence_words": next(said for least, said in _SURE if each.confidence >= least).in_language(language),
        "cancellation_words": words.cancellation(fleet.terms).in_language(language) if fleet else "",
        "lapses_at": on_the_wire(each.lapses_at),
        "is_recommended": is_recommended,
        "can_be_taken": can_be_taken,
    }


def fare(kept: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A fare as it was kept with an offer."""
    lines = [
        {
            "code": each["code"],
            "words": Text(each["zh"], each["en"]).in_language(language),
            "amount_twd": each["amount_twd"],
        }
        for each in kept["lines"]
    ]
    amounts = ("price_twd", "subsidy_twd", "quota_twd", "rider_pays_twd", "source")
    return {name: kept[name] for name in amounts} | {"lines": lines}


def place(each: Place, language: Language) -> dict[str, Any]:
    """A place."""
    return each.as_json() | {"district_name": area.name_of(each.district).in_language(language)}


def _leg(
    session: Session,
    request: RideRequest,
    fleets: Sequence[FleetKnown],
    names: Mapping[str, Text],
    language: Language,
    now: datetime,
) -> dict[str, Any]:
    found = offers.of_request(session, request.id)
    takeable = {each.id for each in offers.standing(session, request.id, now)} if found else set()
    last = max((each.round for each in found), default=0)
    rider = profile.of(session, request.rider_id)
    shown = [each for each in found if each.round == last or each.id in takeable]
    if takeable:
        shown = offers.as_of_now(session, shown, now)
    shown = offers.ranked(shown, rider.fleet_order)
    best = next((each.id for each in shown if each.id in takeable), None)
    known = {each.code: each for each in fleets}
    is_without = request.status in (states.NONE, states.LAPSED)
    return {
        "id": typeid("rreq", request.id),
        "booking_id": typeid("book", request.booking_id),
        "leg": request.leg,
        "status": request.status,
        "status_words": STATUS_WORDS[request.status].in_language(language),
        "from": place(request.pickup, language),
        "to": place(request.dropoff, language),
        "stops": [place(each, language) for each in request.stops],
        "time_kind": request.time_kind,
        "wanted_at": on_the_wire(request.wanted_at) if request.wanted_at else None,
        "purpose": request.purpose,
        "companions": request.companions,
        "has_dog": request.has_dog,
        "is_shared": request.is_shared,
        "notes": request.notes,
        "asked_at": on_the_wire(request.asked_at),
        "answers_by": on_the_wire(request.answers_by) if request.answers_by else None,
        "asks": _asks(session, request.id, names, language),
        "offers": [
            offer(each, names, known, language, is_recommended=each.id == best, can_be_taken=each.id in takeable)
            for each in shown
        ],
        "what_now": advice.what_now(fleets, language, may_wait=request.status == states.NONE) if is_without else [],
    }  # fmt: skip


def _asks(session: Session, request_id: UUID, names: Mapping[str, Text], language: Language) -> list[dict[str, Any]]:
    return [
        {
            "fleet": row.fleet,
            "fleet_name": names[row.fleet].in_language(language),
            "status": row.status,
            "reason": row.reason or None,
            "reason_words": words.why(row.reason).in_language(language) if row.reason else None,
            "next_at": on_the_wire(row.next_at) if row.next_at else None,
        }
        for row in session.execute(_ASKS, {"request": request_id}).all()
    ]


def _fit(fit: Mapping[str, Any]) -> Text:
    entry = _ENTRY[fit["by"]]
    if not fit["fits"]:
        return Text("空間不足", "not enough room")
    if fit["spare_cm"] is None:
        return Text("適合，{entry}", "it fits, {entry}").format(entry=entry)
    if fit["spare_cm"] == 0:
        return Text("輪椅剛好放得下，{entry}", "your wheelchair just fits, {entry}").format(entry=entry)
    return Text(
        "輪椅放得下，還多 {spare} 公分，{entry}", "your wheelchair fits with {spare} cm to spare, {entry}"
    ).format(spare=fit["spare_cm"], entry=entry)


_ASKS = text(
    """
    SELECT a.* FROM accessibility.ask AS a JOIN accessibility.fleet AS f ON f.code = a.fleet
     WHERE a.request_id = :request
       AND a.round = (SELECT max(round) FROM accessibility.ask WHERE request_id = :request)
     ORDER BY f.place, a.fleet
    """
)

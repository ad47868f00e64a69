"""Rides as they go over the wire, in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms
from accessibility.requests import advice, offers
from accessibility.requests import bodies as request_bodies
from accessibility.requests import records as requests
from accessibility.rides import cancelling, on_call, states, telling
from accessibility.rides.records import Ride
from core.clock import on_the_wire
from core.ids import typeid
from core.text import Language, Text

STATUS_WORDS: Final[Mapping[str, Text]] = {
    states.HOLDING: Text("正在向車隊確認", "the fleet is confirming it"),
    states.BOUND: Text("已訂好", "booked"),
    states.NOT_BOUND: Text("沒有訂成", "not booked"),
    states.ON_THE_WAY: Text("車在路上", "the vehicle is on its way"),
    states.AT_DOOR: Text("車到了", "the vehicle is at the door"),
    states.ABOARD: Text("乘車中", "on board"),
    states.DONE: Text("已抵達", "arrived"),
    states.CANCELLED: Text("已取消", "cancelled"),
    states.NO_SHOW: Text("未搭乘", "missed"),
    states.RESEEKING: Text("正在改找其他車", "another vehicle is being looked for"),
    states.LOST: Text("沒有找到車", "no vehicle was found"),
    states.WILL_CALL: Text("等您好了再叫車", "waits until you say that you are ready"),
}
END_WORDS: Final[Mapping[str, Text]] = {
    "fleet_refused": Text("車隊無法承接。", "The fleet could not take it."),
    "hold_lapsed": Text("保留的車已被收回。", "The fleet did not keep the vehicle any longer."),
    "no_answer": Text(
        "車隊沒有回答，已退掉，不會有車來。", "The fleet did not answer; it was given back, nobody comes."
    ),
    "other_leg": Text(
        "另一程沒有車，所以這一程也沒有訂，免得去得了回不來。",
        "The other way had no vehicle, so this one was not kept either: you are not left stranded.",
    ),
    "none_free": Text("其他車隊都沒有車。", "No other fleet has a vehicle."),
    "fleet_cancelled": Text("車隊取消了。", "The fleet cancelled."),
    "vehicle_missing": Text("車沒有來。", "The vehicle never came."),
    "not_accepted": Text("沒有在時間內接受，已讓給別人。", "It was not accepted in time and went to somebody else."),
    "rider": Text("您取消了。", "You cancelled it."),
    "series": Text("您取消了整組固定車趟。", "You gave up all of your recurring rides."),
}
_WITHOUT: Final = (states.NOT_BOUND, states.LOST)


def several(session: Session, rides: Sequence[Ride], language: Language, now: datetime) -> list[dict[str, Any]]:
    """Rides, each by itself."""
    names = terms.names(session)
    return [_ride(session, each, names, language, now) for each in rides]


def cancellation_terms(found: cancelling.Terms, language: Language) -> dict[str, Any]:
    """What cancelling would mean."""
    return {
        "may_cancel": found.may_cancel,
        "is_free": found.may_cancel and not (found.fee_twd or found.points),
        "is_late": found.is_late,
        "fee_twd": found.fee_twd,
        "points": found.points,
        "free_until": on_the_wire(found.free_until) if found.free_until else None,
        "words": found.words.in_language(language),
        "source": found.source,
    }


def _ride(
    session: Session, ride: Ride, names: Mapping[str, tuple[Text, str]], language: Language, now: datetime
) -> dict[str, Any]:
    request = requests.get(session, ride.request_id)
    offer = offers.get(session, ride.offer_id) if ride.offer_id else None
    agreed = ride.agreed or (offer.fare if offer else None)
    name, phone = names.get(ride.fleet or "", (None, None))
    other = session.execute(_OTHER, {"booking": ride.booking_id, "id": ride.id}).scalar()
    is_coming = ride.status in states.COMING
    is_under_way = ride.status in states.UNDER_WAY and ride.done_at is None
    is_known = ride.status in (*states.COMING, states.ABOARD, states.DONE, states.NO_SHOW)
    is_over = is_coming and ride.window_ends_at is not None and now >= ride.window_ends_at
    what_now = []
    if ride.status in _WITHOUT:
        what_now = advice.what_now(terms.in_force(session, now), language, may_wait=True)
    return {
        "id": typeid("ride", ride.id),
        "booking_id": typeid("book", ride.booking_id),
        "request_id": typeid("rreq", ride.request_id),
        "leg": ride.leg,
        "other_leg_id": typeid("ride", other) if other else None,
        "status": ride.status,
        "status_words": STATUS_WORDS[ride.status].in_language(language),
        "fleet": ride.fleet,
        "fleet_name": name.in_language(language) if name else None,
        "fleet_phone": phone,
        "from": request_bodies.place(request.pickup, language),
        "to": request_bodies.place(request.dropoff, language),
        "stops": [request_bodies.place(each, language) for each in request.stops],
        "time_kind": request.time_kind,
        "wanted_at": _moment(request.wanted_at),
        "purpose": request.purpose,
        "pick_up_at": _moment(ride.pick_up_at),
        "window_starts_at": _moment(ride.window_starts_at),
        "window_ends_at": _moment(ride.window_ends_at),
        "arrives_at": _moment(ride.arrives_at),
        "ride_minutes_at_most": ride.ride_minutes_at_most,
        "is_pooled": offer.is_pooled if offer else False,
        "code": ride.code if is_coming else None,
        "vehicle": ride.vehicle if is_known else None,
        "driver": ride.driver if is_coming or ride.status == states.ABOARD else None,
        "position": _position(session, ride) if is_under_way else None,
        "eta_at": _moment(ride.eta_at) if is_coming else None,
        "minutes_late": ride.late_minutes_told if is_coming else 0,
        "price_twd": ride.fare_twd,
        "rider_pays_twd": ride.rider_pays_twd,
        "fare": request_bodies.fare(agreed, language) if agreed else None,
        "companions": ride.companions,
        "has_dog": request.has_dog,
        "notes": ride.notes,
        "may": {
            "cancel": ride.cancel_asked_at is None and cancelling.terms_of(session, ride, now).may_cancel,
            "change": ride.status == states.BOUND and ride.change is None and ride.cancel_asked_at is None,
            "ready": ride.status == states.WILL_CALL,
            "at_door": is_coming and now >= (on_call.at_door_from(ride) or now),
            "not_here": is_over,
        },
        "is_cancelling": ride.cancel_asked_at is not None and not ride.has_ended,
        "is_changing": ride.change is not None,
        "series_id": typeid("rser", request.series_id) if request.series_id else None,
        "ended_at": _moment(ride.ended_at),
        "ended_by": ride.ended_by,
        "end_reason": ride.end_reason or None,
        "end_words": END_WORDS.get(ride.end_reason, Text("", "")).in_language(language) or None,
        "fee_twd": ride.fee_twd,
        "events": [
            {
                "kind": row.kind,
                "at": on_the_wire(row.at),
                "words": telling.KINDS[row.kind].in_language(language),
            }
            for row in telling.history(session, ride.id)
        ],
        "what_now": what_now,
    }


def _position(session: Session, ride: Ride) -> dict[str, Any] | None:
    row = session.execute(_POSITION, {"ride": ride.id}).first()
    if row is None:
        return None
    return {
        "latitude": row.latitude, "longitude": row.longitude, "seen_at": on_the_wire(row.seen_at),
        "eta": _moment(row.eta),
    }  # fmt: skip


def _moment(at: datetime | None) -> str | None:
    return None if at is None else on_the_wire(at)


_OTHER = text(
    """
    SELECT id FROM accessibility.ride WHERE booking_id = :booking AND id <> :id
     ORDER BY ended_at IS NOT NULL, created_at DESC LIMIT 1
    """
)
_POSITION = text("SELECT * FROM accessibility.position WHERE ride_id = :ride")

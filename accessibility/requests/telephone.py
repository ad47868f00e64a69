"""Fleets that have no machine: somebody rings them, and what they say becomes an answer like any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.calls import calls
from accessibility.calls.calls import RideCall
from accessibility.fares import meter
from accessibility.fleets import terms
from accessibility.fleets.terms import FleetKnown
from accessibility.places import area
from accessibility.requests import making, offers, records, states, wishes
from accessibility.requests.records import RideRequest
from accessibility.riders import eligibility
from core import outbox
from core.clock import TAIPEI, on_the_wire
from core.text import Text
from partners.fleets.contents import FleetOffer, VehicleKind

_RING_WITHIN: Final = timedelta(minutes=30)
_OFFER_STANDS: Final = timedelta(minutes=30)
_SURE: Final = 0.9
_SAY: Final = Text(
    "{when} 從{origin}到{goal}，{chair}，同行 {companions} 人，有車嗎？多少錢？",
    "{when}, from {origin} to {goal}, {chair}, {companions} companion(s): have you a vehicle, and for how much?",
)


def ring(session: Session, request: RideRequest, fleet: FleetKnown, ask_id: Any, now: datetime) -> None:
    """Have somebody ring this fleet about a request: districts, times and sizes, and nothing about who asks."""
    at = making.pick_up_at_of(request)
    origin, goal = (area.name_of(each.district) for each in (request.pickup, request.dropoff))
    chair = Text("不坐輪椅", "no wheelchair")
    if request.chair is not None:
        chair = Text("輪椅寬 {width} 長 {length} 公分", "a wheelchair {width} cm wide, {length} cm long").format(
            width=request.chair["width_cm"], length=request.chair["length_cm"]
        )
    words = _SAY.format(
        when=f"{at.astimezone(TAIPEI):%m/%d %H:%M}", origin=origin, goal=goal, chair=chair,
        companions=request.companions,
    )  # fmt: skip
    facts = {
        "pick_up_at": on_the_wire(at), "from": origin.zh, "to": goal.zh, "chair": request.chair,
        "companions": request.companions, "functions": list(request.functions),
    }  # fmt: skip
    calls.ring_fleet(
        session, question="ask", fleet=fleet.code, rider_id=request.rider_id, words=words, facts=facts, due_at=now,
        until=max(min(now + _RING_WITHIN, at), now + timedelta(minutes=2)), now=now, call_id=ask_id, ask_id=ask_id,
        request_id=request.id,
    )  # fmt: skip


def answered(session: Session, call: RideCall, said: str, given: Mapping[str, Any], now: datetime) -> None:
    """A fleet that was rung has said whether it could."""
    assert call.request_id is not None and call.fleet is not None
    request = records.locked(session, call.request_id)
    status, reason = {"yes": ("offered", ""), "no": ("none", "fleet_refuses")}.get(said, ("unreached", "no_answer"))
    values = {"rider": call.rider_id, "id": call.ask_id, "status": status, "reason": reason, "now": now}
    if session.execute(_ANSWERED, values).first() is None:
        return
    if said == "no":
        told = {"request_id": str(request.id), "rider_id": str(request.rider_id), "fleet": call.fleet, "reason": reason}
        outbox.record(session, events.RIDE_REFUSED, told | {"asked_at": on_the_wire(call.asked_at)}, now=now)
    if said != "yes":
        return
    entitled = eligibility.standing(session, request.rider_id, now).eligibility
    offered = _offer(session, request, call, given, now)
    assert call.ask_id is not None
    offers.add(
        session, request, ask_id=call.ask_id, fleet=call.fleet, offered=offered,
        fit=offers.fits(request, offered.vehicle), is_low_income=entitled.is_low_income if entitled else False, now=now,
    )  # fmt: skip
    if request.status in (states.NONE, states.WAITLISTED):
        records.move(session, request, states.OFFERED, answers_by=offered.lapses_at)
        found = {
            "request_id": str(request.id), "rider_id": str(request.rider_id), "offers": 1, "fleet": call.fleet,
            "pick_up_at": on_the_wire(offered.pick_up_at), "accept_by": on_the_wire(offered.lapses_at),
        }  # fmt: skip
        outbox.record(session, events.REQUEST_ANSWERED, found, now=now)


def _offer(
    session: Session, request: RideRequest, call: RideCall, given: Mapping[str, Any], now: datetime
) -> FleetOffer:  # fmt: skip
    wanted = making.pick_up_at_of(request)
    at = datetime.fromisoformat(given["pick_up_at"]) if "pick_up_at" in given else wanted
    takes = timedelta(minutes=given["minutes"]) if "minutes" in given else wishes.travel_time(request.way, at)
    fleet = terms.of_fleet(session, call.fleet or "", now)
    assert fleet is not None
    limits = fleet.terms
    seats = 1 + request.companions
    vehicle = VehicleKind(
        given.get("vehicle") or "計程車", 1 if request.chair else 0, seats, limits.widest_chair_cm,
        limits.longest_chair_cm, limits.heaviest_chair_kg, has_lift=False, has_ramp=request.chair is not None,
    )  # fmt: skip
    price = given.get("price_twd")
    return FleetOffer(
        f"call {call.id}", at, at - timedelta(minutes=5), at + timedelta(minutes=10), at + takes,
        meter.estimate(session, wishes.metres_of(request.way), at) if price is None else price, price is None, vehicle,
        max(min(now + _OFFER_STANDS, at - timedelta(minutes=10)), now + timedelta(minutes=5)), _SURE,
    )  # fmt: skip


_ANSWERED = text(
    """
    UPDATE accessibility.ask SET status = :status, reason = :reason, answered_at = :now
     WHERE rider_id = :rider AND id = :id AND status = 'by_telephone'
    RETURNING id
    """
)

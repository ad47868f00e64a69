"""Fleets that have no machine: somebody rings them, and what they say becomes an answer like any other.

An operator may say until when they keep the vehicle. For somebody who waits it is kept so while they are asked
(`accessibility/waitlist/keeping.py`), and where nobody wants it any more, somebody rings and says that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

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
from core import db, outbox
from core.clock import TAIPEI, on_the_wire
from core.text import Text
from partners.fleets.contents import FleetOffer, VehicleKind

_RING_WITHIN: Final = timedelta(minutes=30)
_OFFER_STANDS: Final = timedelta(minutes=30)
_SURE: Final = 0.9
_SAY: Final = Text(
    "{when} 從{origin}到{goal}，{chair}，同行 {companions} 人，有車嗎？多少錢？可以幫我們留到幾點？",
    "{when}, from {origin} to {goal}, {chair}, {companions} companion(s): have you a vehicle, and for how much? Until "
    "when would you keep it?",
)
_NOT_WANTED: Final = Text(
    "先前問的 {when} 那趟不需要了，請不用再留，謝謝。",
    "The ride at {when} that we asked about is not needed any more: please do not keep it, thank you.",
)
LEAST_KEPT: Final = timedelta(minutes=8)
"""Kept for less, there is no time to ask the rider and ring back."""


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
    if request.status == states.WAITLISTED and _is_kept_whole(session, request, now):
        return
    if request.status in (states.NONE, states.WAITLISTED):
        records.move(session, request, states.OFFERED, answers_by=offered.lapses_at)
        found = {
            "request_id": str(request.id), "rider_id": str(request.rider_id), "offers": 1, "fleet": call.fleet,
            "pick_up_at": on_the_wire(offered.pick_up_at), "accept_by": on_the_wire(offered.lapses_at),
        }  # fmt: skip
        outbox.record(session, events.REQUEST_ANSWERED, found, now=now)


def kept(session: Session, request_ids: Sequence[UUID], now: datetime) -> dict[UUID, UUID]:
    """What an operator has said to keep for these requests, and was asked for by no order yet: the offer of each."""
    values = {"requests": list(request_ids), "until": now + LEAST_KEPT}
    return {row.request_id: row.offer_id for row in session.execute(_KEPT, values).all()}


def ring_off(now: datetime) -> int:
    """The sweep: an operator keeps a vehicle for somebody who has gone, or has another ride; somebody is to say
    so. Answers how many those were."""
    with db.unit_of_work() as session:
        rows = session.execute(_KEPT_IN_VAIN, {"now": now}).all()
        for row in rows:
            when = f"{row.pick_up_at.astimezone(TAIPEI):%m/%d %H:%M}"
            calls.ring_fleet(
                session, question="cancel", fleet=row.fleet, rider_id=row.rider_id, words=_NOT_WANTED.format(when=when),
                facts={"kept_until": on_the_wire(row.lapses_at)}, due_at=now, until=row.lapses_at, now=now,
                request_id=row.request_id, ask_id=row.ask_id,
            )  # fmt: skip
    return len(rows)


def _is_kept_whole(session: Session, request: RideRequest, now: datetime) -> bool:
    """Whether every way that its rider waits for is kept by an operator: then all of it is offered together."""
    legs = records.of_booking(session, request.booking_id)
    waiting = [each.id for each in legs if each.status == states.WAITLISTED]
    return kept(session, waiting, now).keys() == set(waiting)


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
    stands_until = max(min(now + _OFFER_STANDS, at - timedelta(minutes=10)), now + timedelta(minutes=5))
    if "kept_until" in given and datetime.fromisoformat(given["kept_until"]) > now:
        stands_until = min(datetime.fromisoformat(given["kept_until"]), at)
    return FleetOffer(
        f"call {call.id}", at, at - timedelta(minutes=5), at + timedelta(minutes=10), at + takes,
        meter.estimate(session, wishes.metres_of(request.way), at) if price is None else price, price is None, vehicle,
        stands_until, _SURE,
    )  # fmt: skip


_KEPT = text(
    """
    SELECT DISTINCT ON (o.request_id) o.request_id, o.id AS offer_id
      FROM accessibility.offer AS o
      JOIN accessibility.call AS c ON c.ask_id = o.ask_id AND c.question = 'ask' AND c.answer = 'yes'
       AND jsonb_exists(c.given, 'kept_until')
     WHERE o.request_id = ANY(:requests) AND o.lapses_at >= :until
       AND NOT EXISTS (SELECT FROM accessibility.fleet_order AS f WHERE f.rider_id = o.rider_id AND f.offer_id = o.id)
     ORDER BY o.request_id, o.lapses_at DESC, o.id
    """
)
_KEPT_IN_VAIN = text(
    """
    SELECT o.rider_id, o.request_id, o.ask_id, o.fleet, o.pick_up_at, o.lapses_at
      FROM accessibility.offer AS o
      JOIN accessibility.call AS c ON c.ask_id = o.ask_id AND c.question = 'ask' AND c.answer = 'yes'
       AND jsonb_exists(c.given, 'kept_until')
      JOIN accessibility.ride_request AS q ON q.rider_id = o.rider_id AND q.id = o.request_id
     WHERE o.lapses_at > :now + interval '1 minute' AND c.done_at > :now - interval '1 day'
       AND (q.status IN ('withdrawn', 'lapsed') OR q.status = 'chosen' AND EXISTS (
               SELECT FROM accessibility.ride AS r WHERE r.rider_id = q.rider_id AND r.request_id = q.id
                  AND r.status IN ('bound', 'on_the_way', 'at_door', 'aboard', 'done')))
       AND NOT EXISTS (SELECT FROM accessibility.fleet_order AS f WHERE f.rider_id = o.rider_id AND f.offer_id = o.id)
       AND NOT EXISTS (SELECT FROM accessibility.call AS x WHERE x.ask_id = o.ask_id AND x.question = 'cancel')
     ORDER BY o.lapses_at LIMIT 100 FOR UPDATE OF c SKIP LOCKED
    """
)
_ANSWERED = text(
    """
    UPDATE accessibility.ask SET status = :status, reason = :reason, answered_at = :now
     WHERE rider_id = :rider AND id = :id AND status = 'by_telephone'
    RETURNING id
    """
)

"""Writing a request down: for a rider who may have it, between places where rides go, at times that can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms
from accessibility.fleets.terms import FleetKnown, Wanted
from accessibility.requests import records, states, wishes
from accessibility.requests.errors import NoVehicleFits, RequestChosen, RequestOver
from accessibility.requests.records import RideRequest
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility, profile
from accessibility.riders.eligibility import Eligibility
from accessibility.riders.profile import RiderProfile
from core.clock import taipei_date
from core.ids import new_uuid
from core.text import Text
from identity.actors import Actor


def make(
    session: Session,
    actor: Actor,
    rider_id: UUID,
    wish: RideWish,
    now: datetime,
    *,
    booking_id: UUID | None = None,
) -> list[RideRequest]:
    """The requests of a wish, one for each leg, the way there first; nobody is asked yet (`asking.ask_all`).

    Raises riders.errors.NotEligible and MedicalTripsOnly, NoVehicleFits, and what `wishes.check` raises.
    """
    day = taipei_date(wish.pick_up_at or wish.arrive_by or now)
    entitled = eligibility.require(session, rider_id, wish.purpose, now, on=day)
    wishes.check(wish, now)
    rider = profile.of(session, rider_id)
    _fits_somewhere(terms.in_force(session, now), rider)
    booking = booking_id or new_uuid()
    times = wishes.times_of(
        (wish.pickup, *wish.stops, wish.dropoff), pick_up_at=wish.pick_up_at, arrive_by=wish.arrive_by, now=now
    )
    kind = "arrive_by" if wish.arrive_by else "pick_up_at" if wish.pick_up_at else "asap"
    made = [_add(session, actor, rider, entitled, wish, booking, "out", kind, times, now)]
    if wish.return_at is not None or wish.return_on_call:
        back = None
        if wish.return_at is not None:
            way = (wish.dropoff, wish.pickup)
            back = wishes.times_of(way, pick_up_at=wish.return_at, arrive_by=None, now=now)
        kind = "pick_up_at" if back else "will_call"
        made.append(_add(session, actor, rider, entitled, wish, booking, "back", kind, back, now))
    return made


def withdraw(session: Session, request_id: UUID, *, rider_id: UUID) -> RideRequest:
    """Nobody is to drive this any more, with its way back. Again changes nothing. Raises NotFound, RequestChosen,
    RequestOver."""
    request = records.get(session, request_id, rider_id=rider_id)
    legs = [records.locked(session, each.id) for each in records.of_booking(session, request.booking_id)]
    if any(each.status == states.CHOSEN for each in legs):
        raise RequestChosen
    for each in legs:
        if each.status == states.WITHDRAWN:
            continue
        if each.status == states.LAPSED:
            if each.id == request_id:
                raise RequestOver
            continue
        records.move(session, each, states.WITHDRAWN)
    return records.get(session, request_id)


def wanted_of(request: RideRequest, entitled: Eligibility | None) -> Wanted:
    """What a fleet's terms look at. Its pick-up must be known."""
    assert request.window_starts_at is not None and request.window_ends_at is not None
    chair = request.chair or {}
    return Wanted(
        pick_up_at_of(request), tuple(each.district for each in request.way),
        request.time_kind in ("asap", "will_call"), request.purpose,
        entitled is not None, entitled.severity if entitled else None,
        entitled.books_first if entitled else False, entitled.needs_wheelchair if entitled else False,
        chair.get("width_cm"), chair.get("length_cm"), chair.get("weight_kg"),
    )  # fmt: skip


def pick_up_at_of(request: RideRequest) -> datetime:
    """About when to be picked up."""
    assert request.window_starts_at is not None and request.window_ends_at is not None
    if request.time_kind == "pick_up_at" and request.wanted_at is not None:
        return max(request.wanted_at, request.window_starts_at)
    return request.window_starts_at + (request.window_ends_at - request.window_starts_at) / 4


def _fits_somewhere(fleets: Sequence[FleetKnown], rider: RiderProfile) -> None:
    chair = rider.wheelchair
    if chair is None or not fleets:
        return
    limits = {
        "width": (chair.width_cm, max(each.terms.widest_chair_cm for each in fleets)),
        "length": (chair.length_cm, max(each.terms.longest_chair_cm for each in fleets)),
        "weight": (chair.weight_kg or 0, max(each.terms.heaviest_chair_kg for each in fleets)),
    }
    for measure, (measured, most) in limits.items():
        if measured > most:
            name, unit = _MEASURES[measure]
            words = NoVehicleFits.words.format(measure=name, measured=f"{measured} {unit}", most=f"{most} {unit}")
            raise NoVehicleFits(words, measure=measure, measured=measured, most=most)


_MEASURES: Final[Mapping[str, tuple[Text, str]]] = {
    "width": (Text("寬", "width"), "cm"), "length": (Text("長", "length"), "cm"),
    "weight": (Text("和人的總重", "weight with you in it"), "kg"),
}  # fmt: skip


def _add(
    session: Session,
    actor: Actor,
    rider: RiderProfile,
    entitled: Eligibility,
    wish: RideWish,
    booking: UUID,
    leg: str,
    kind: str,
    times: wishes.Times | None,
    now: datetime,
) -> RideRequest:
    is_back = leg == "back"
    pickup, dropoff = (wish.dropoff, wish.pickup) if is_back else (wish.pickup, wish.dropoff)
    has_dog = rider.has_service_dog if wish.has_dog is None else wish.has_dog
    functions = [each for each in rider.functions if each != "SA"] + (["SA"] if has_dog else [])
    chair = rider.wheelchair
    measures = (
        {"width_cm": chair.width_cm, "length_cm": chair.length_cm, "weight_kg": chair.weight_kg} if chair else None
    )
    wanted_at = {"arrive_by": wish.arrive_by, "pick_up_at": wish.return_at if is_back else wish.pick_up_at}.get(kind)
    if kind == "asap":
        wanted_at = now
    request_id = new_uuid()
    session.execute(
        _ADD,
        {"rider": rider.rider_id, "id": request_id, "by": actor.id, "basis": _basis(actor), "booking": booking,
         "leg": leg, "status": states.WILL_CALL if kind == "will_call" else states.ASKING,
         "pickup": orjson.dumps(pickup.as_json()).decode(), "dropoff": orjson.dumps(dropoff.as_json()).decode(),
         "stops": orjson.dumps([] if is_back else [each.as_json() for each in wish.stops]).decode(), "kind": kind,
         "wanted": wanted_at, "starts": times.window_starts_at if times else None,
         "ends": times.window_ends_at if times else None, "purpose": wish.purpose,
         "companions": rider.companions_usual if wish.companions is None else wish.companions, "dog": has_dog,
         "shared": wish.is_shared, "functions": functions,
         "chair": orjson.dumps(measures).decode() if measures else None, "notes": wish.notes,
         "series": wish.series_id, "now": now},
    )  # fmt: skip
    return records.get(session, request_id)


def _basis(actor: Actor) -> str:
    if actor.on_behalf_of is not None:
        return "agent"
    return "visit" if actor.with_officer is not None else "self"


_ADD = text(
    """
    INSERT INTO accessibility.ride_request (
        rider_id, id, asked_by, basis, booking_id, leg, status, pickup, dropoff, stops, time_kind, wanted_at,
        window_starts_at, window_ends_at, purpose, companions, has_dog, is_shared, functions, chair, notes, series_id,
        asked_at)
    VALUES (:rider, :id, :by, :basis, :booking, :leg, :status, CAST(:pickup AS jsonb), CAST(:dropoff AS jsonb),
            CAST(:stops AS jsonb), :kind, :wanted, :starts, :ends, :purpose, :companions, :dog, :shared, :functions,
            CAST(:chair AS jsonb), :notes, :series, :now)
    """
)

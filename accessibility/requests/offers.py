"""Offers: what a fleet could do, what it costs this rider, whether the chair fits, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import fares
from accessibility.fares import Fare
from accessibility.requests.records import RideRequest
from core.errors import NotFound
from core.ids import new_uuid
from partners.fleets.contents import FleetOffer, VehicleKind

_MOST_CONFIDENT: Final = 1.0


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as it is kept: `fleet_offer` is the fleet's word for it, `trip` our reference that it was made under."""

    id: UUID
    rider_id: UUID
    request_id: UUID
    ask_id: UUID
    fleet: str
    fleet_offer: str
    trip: str
    round: int
    pick_up_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    arrives_at: datetime
    ride_minutes_at_most: int | None
    is_pooled: bool
    price_twd: int
    is_metered: bool
    fare: Mapping[str, Any]
    rider_pays_twd: int
    vehicle: Mapping[str, Any]
    fit: Mapping[str, Any]
    confidence: float
    lapses_at: datetime

    def as_offered(self) -> FleetOffer:
        """The same as the fleet knows it."""
        return FleetOffer(
            self.fleet_offer, self.pick_up_at, self.window_starts_at, self.window_ends_at, self.arrives_at,
            self.price_twd, self.is_metered, VehicleKind(**self.vehicle), self.lapses_at, self.confidence,
            self.is_pooled, self.ride_minutes_at_most,
        )  # fmt: skip


def fits(request: RideRequest, vehicle: VehicleKind) -> dict[str, Any]:
    """Whether the rider, the chair and who rides along have room, and how much of it is left (centimetres)."""
    chair = request.chair
    if chair is None:
        return {"fits": vehicle.seats >= 1 + request.companions, "spare_cm": None, "by": _entry(vehicle)}
    is_wide_enough = chair["width_cm"] <= vehicle.widest_chair_cm and chair["length_cm"] <= vehicle.longest_chair_cm
    is_strong_enough = (chair.get("weight_kg") or 0) <= vehicle.heaviest_chair_kg
    seats_wanted = request.companions + ("WT" in request.functions)
    has_room = vehicle.chair_places >= 1 and vehicle.seats >= seats_wanted
    spare = min(vehicle.widest_chair_cm - chair["width_cm"], vehicle.longest_chair_cm - chair["length_cm"])
    return {"fits": is_wide_enough and is_strong_enough and has_room, "spare_cm": spare, "by": _entry(vehicle)}


def add(
    session: Session,
    request: RideRequest,
    *,
    ask_id: UUID,
    fleet: str,
    offered: FleetOffer,
    fit: Mapping[str, Any],
    is_low_income: bool,
    now: datetime,
) -> UUID:
    """Write an offer down with what it costs this rider. Answers its id."""
    fare: Fare = fares.quote(
        session, request.rider_id, fleet, offered.price_twd, offered.pick_up_at, offered.is_pooled, is_low_income, now
    )
    offer_id = new_uuid()
    session.execute(
        _ADD,
        {"rider": request.rider_id, "id": offer_id, "request": request.id, "ask": ask_id, "fleet": fleet,
         "offer": offered.offer, "at": offered.pick_up_at, "starts": offered.window_starts_at,
         "ends": offered.window_ends_at, "arrives": offered.arrives_at, "most": offered.ride_minutes_at_most,
         "pooled": offered.is_pooled, "price": offered.price_twd, "metered": offered.is_metered,
         "fare": orjson.dumps(fare.as_json()).decode(), "pays": fare.rider_pays_twd,
         "vehicle": orjson.dumps(asdict(offered.vehicle)).decode(), "fit": orjson.dumps(fit).decode(),
         "confidence": min(max(offered.confidence, 0.0), _MOST_CONFIDENT), "lapses": offered.lapses_at, "now": now},
    )  # fmt: skip
    return offer_id


def get(session: Session, offer_id: UUID, *, rider_id: UUID | None = None) -> Offer:
    """An offer; with `rider_id` only that person's. Raises NotFound."""
    row = session.execute(_GET, {"id": offer_id}).first()
    if row is None or rider_id not in (None, row.rider_id):
        raise NotFound
    return _of_row(row)


def of_request(session: Session, request_id: UUID, *, round: int | None = None) -> list[Offer]:
    """Every offer that was made for a request, or those of one round of asking."""
    rows = session.execute(_OF_REQUEST, {"request": request_id, "round": round}).all()
    return [_of_row(row) for row in rows]


def standing(session: Session, request_id: UUID, now: datetime, *, round: int | None = None) -> list[Offer]:
    """The offers that can be taken now: not lapsed, and not tried before."""
    rows = session.execute(_STANDING, {"request": request_id, "round": round, "now": now}).all()
    return [_of_row(row) for row in rows]


def let_lapse(session: Session, request_id: UUID, now: datetime) -> None:
    """What was offered until now can be taken no more: it was for another time, or from another door."""
    session.execute(_LET_LAPSE, {"request": request_id, "now": now})


def as_of_now(session: Session, found: Sequence[Offer], now: datetime) -> list[Offer]:
    """The same offers with the points that the rider has left at this moment: another ride may have taken some."""
    if not found or not (
        any(each.fare["quota_twd"] for each in found) or fares.has_points(session, found[0].rider_id, now)
    ):
        return list(found)
    fresh = []
    for each in found:
        fare = fares.now_left(session, each.rider_id, Fare.from_json(each.fare), each.fleet, each.pick_up_at, now)
        fresh.append(replace(each, fare=fare.as_json(), rider_pays_twd=fare.rider_pays_twd))
    return fresh


def ranked(offers: Sequence[Offer], fleet_order: Sequence[str]) -> list[Offer]:
    """The best first: by the rider's own order of fleets; among those that they have not named, what they pay, how
    sure it is, and how soon."""
    place = {fleet: number for number, fleet in enumerate(fleet_order)}
    return sorted(
        offers,
        key=lambda each: (
            place.get(each.fleet, len(place)), not each.fit.get("fits", True), each.rider_pays_twd, -each.confidence,
            each.pick_up_at, each.fleet,
        ),
    )  # fmt: skip


def _entry(vehicle: VehicleKind) -> str:
    return "lift" if vehicle.has_lift else "ramp" if vehicle.has_ramp else "door"


def _of_row(row: Any) -> Offer:
    return Offer(
        row.id, row.rider_id, row.request_id, row.ask_id, row.fleet, row.fleet_offer, row.trip, row.round,
        row.pick_up_at, row.window_starts_at, row.window_ends_at, row.arrives_at, row.ride_minutes_at_most,
        row.is_pooled, row.price_twd, row.is_metered, row.fare, row.rider_pays_twd, row.vehicle, row.fit,
        row.confidence, row.lapses_at,
    )  # fmt: skip


_ADD = text(
    """
    INSERT INTO accessibility.offer (
        rider_id, id, request_id, ask_id, fleet, fleet_offer, pick_up_at, window_starts_at, window_ends_at, arrives_at,
        ride_minutes_at_most, is_pooled, price_twd, is_metered, fare, rider_pays_twd, vehicle, fit, confidence,
        lapses_at, made_at)
    VALUES (:rider, :id, :request, :ask, :fleet, :offer, :at, :starts, :ends, :arrives, :most, :pooled, :price,
            :metered, CAST(:fare AS jsonb), :pays, CAST(:vehicle AS jsonb), CAST(:fit AS jsonb), :confidence, :lapses,
            :now)
    ON CONFLICT (ask_id) DO NOTHING
    """
)
_JOINED = """
    SELECT o.*, a.trip, a.round FROM accessibility.offer AS o
      JOIN accessibility.ask AS a ON a.rider_id = o.rider_id AND a.id = o.ask_id
"""
_GET = text(f"{_JOINED} WHERE o.id = :id")
_OF_REQUEST = text(
    f"""
    {_JOINED} WHERE o.request_id = :request AND (CAST(:round AS integer) IS NULL OR a.round = :round)
     ORDER BY o.pick_up_at, o.id
    """
)
_STANDING = text(
    f"""
    {_JOINED} WHERE o.request_id = :request AND (CAST(:round AS integer) IS NULL OR a.round = :round)
       AND o.lapses_at > :now
       AND NOT EXISTS (SELECT FROM accessibility.fleet_order AS f WHERE f.offer_id = o.id)
     ORDER BY o.pick_up_at, o.id
    """
)
_LET_LAPSE = text(
    """
    UPDATE accessibility.offer SET lapses_at = :now
     WHERE request_id = :request AND lapses_at > CAST(:now AS timestamptz)
    """
)

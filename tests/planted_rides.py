"""Rides as the room of rides writes them down, for tests of what comes after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from accessibility import fares
from api import wiring
from api.delivery import deliver
from core import db, outbox
from core.ids import new_uuid

PICK_UP = datetime(2026, 11, 5, 2, 0, tzinfo=UTC)
_CENTRE = {"latitude": 22.63, "longitude": 120.3, "label": "", "address": "", "directions": ""}


@dataclass(frozen=True)
class Planted:
    """A ride that somebody has booked."""

    rider_id: UUID
    id: UUID
    request_id: UUID
    fleet: str
    fare: fares.Fare
    pick_up_at: datetime

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event about it says."""
        return {
            "ride_id": str(self.id), "rider_id": str(self.rider_id), "booking_id": str(self.request_id),
            "fleet": self.fleet, "pick_up_at": self.pick_up_at.isoformat(), **more,
        }  # fmt: skip


def plant(
    rider_id: UUID,
    fleet: str = "yellow",
    price_twd: int = 185,
    *,
    status: str = "done",
    is_metered: bool = False,
    is_pooled: bool = False,
    is_low_income: bool = False,
    minutes: int | None = None,
    at_most: int | None = None,
    pick_up_at: datetime = PICK_UP,
    district: str = "64000080",
    at_door: timedelta | None = timedelta(minutes=-2),
    late_minutes_told: int = 0,
    is_late_cancel: bool = False,
    ended_by: str | None = None,
) -> Planted:
    """A booked ride with its request, ask and offer, brought straight into a state."""  # fmt: skip
    request_id, ask_id, offer_id, ride_id = (new_uuid() for _ in range(4))
    with db.unit_of_work() as session:
        fare = fares.quote(session, rider_id, fleet, price_twd, pick_up_at, is_pooled, is_low_income, pick_up_at)
        plant_request(session, rider_id, request_id, pick_up_at, district)
        plant_ask(session, rider_id, ask_id, request_id, fleet, "offered", pick_up_at)
        values = {
            "rider": rider_id, "offer": offer_id, "request": request_id, "ask": ask_id, "ride": ride_id, "fleet": fleet,
            "at": pick_up_at, "until": pick_up_at + timedelta(minutes=15), "arrives": pick_up_at + timedelta(minutes=30),
            "price": price_twd, "metered": is_metered, "pooled": is_pooled, "pays": fare.rider_pays_twd,
            "fare": orjson.dumps(fare.as_json()).decode(), "at_most": at_most, "status": status,
            "door": None if at_door is None else pick_up_at + at_door, "told": late_minutes_told,
            "aboard": None if minutes is None else pick_up_at,
            "done": None if minutes is None else pick_up_at + timedelta(minutes=minutes),
            "ended": None if status == "bound" else pick_up_at + timedelta(minutes=minutes or 15),
            "late": is_late_cancel, "by": ended_by,
        }  # fmt: skip
        session.execute(_OFFER, values)
        session.execute(_GUARDS_OFF, {"role": "replica"})
        session.execute(_RIDE, values)
        session.execute(_GUARDS_OFF, {"role": "origin"})
    return Planted(rider_id, ride_id, request_id, fleet, fare, pick_up_at)


def plant_request(session: Any, rider_id: UUID, request_id: UUID, at: datetime, district: str) -> None:
    """A request that was answered."""
    place = orjson.dumps({**_CENTRE, "district": district}).decode()
    session.execute(_GUARDS_OFF, {"role": "replica"})
    session.execute(_REQUEST, {"rider": rider_id, "request": request_id, "at": at, "place": place})
    session.execute(_GUARDS_OFF, {"role": "origin"})


def plant_ask(
    session: Any, rider_id: UUID, ask_id: UUID, request_id: UUID, fleet: str, status: str, at: datetime
) -> None:
    """A fleet that was asked for it, and its answer."""
    session.execute(
        _ASK,
        {"rider": rider_id, "ask": ask_id, "request": request_id, "fleet": fleet, "status": status, "at": at,
         "trip": str(ask_id)},
    )  # fmt: skip


def told(kind: str, payload: dict[str, Any], *, at: datetime) -> UUID:
    """Something happened, and everybody whom it concerns in this domain has heard of it."""
    with db.unit_of_work() as session:
        event_id = outbox.record(session, kind, payload, now=at)
    heard_again(event_id, kind)
    return event_id


def heard_again(event_id: UUID, kind: str) -> None:
    """The worker's turn with it, in this domain."""
    deliver([event_id], {kind: [each for each in wiring.consumers_by_kind()[kind] if "accessibility" in each.name]})


_GUARDS_OFF = text("SELECT set_config('session_replication_role', :role, true)")
_REQUEST = text(
    """
    INSERT INTO accessibility.ride_request (rider_id, id, asked_by, basis, booking_id, leg, status, pickup, dropoff,
        time_kind, wanted_at, purpose, companions, has_dog, is_shared, functions, asked_at)
    VALUES (:rider, :request, :rider, 'self', :request, 'out', 'chosen', CAST(:place AS jsonb), CAST(:place AS jsonb),
        'pick_up_at', :at, 'medical', 0, false, false, '{}', :at)
    """
)
_ASK = text(
    """
    INSERT INTO accessibility.ask (rider_id, id, request_id, round, fleet, trip, status, asked_at)
    VALUES (:rider, :ask, :request, 1, :fleet, :trip, :status, :at)
    """
)
_OFFER = text(
    """
    INSERT INTO accessibility.offer (rider_id, id, request_id, ask_id, fleet, fleet_offer, pick_up_at, window_starts_at,
        window_ends_at, arrives_at, ride_minutes_at_most, is_pooled, price_twd, is_metered, fare, rider_pays_twd,
        vehicle, fit, confidence, lapses_at, made_at)
    VALUES (:rider, :offer, :request, :ask, :fleet, 'o', :at, :at, :until, :arrives, :at_most, :pooled, :price,
        :metered, CAST(:fare AS jsonb), :pays, '{}', '{}', 0.9, :until, :at)
    """
)
_RIDE = text(
    """
    INSERT INTO accessibility.ride (rider_id, id, booking_id, request_id, leg, status, fleet, offer_id, pick_up_at,
        window_starts_at, window_ends_at, arrives_at, ride_minutes_at_most, code, companions, at_door_at, aboard_at,
        done_at, ended_at, ended_by, late_minutes_told, is_late_cancel, agreed, created_at)
    VALUES (:rider, :ride, :request, :request, 'out', :status, :fleet, :offer, :at, :at, :until, :arrives, :at_most,
        '4711', 0, :door, :aboard, :done, :ended, :by, :told, :late, CAST(:fare AS jsonb), :at)
    """
)

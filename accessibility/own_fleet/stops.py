"""The stops of tours as drivers and dispatchers see them: to about 100 m and without a name, or with who rides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.own_fleet import orders
from accessibility.own_fleet.promises import Demand, Promise, demand_from_json, moment, rough_of
from core.clock import on_the_wire
from core.districts import DISTRICTS
from core.ids import typeid
from core.text import Language, Text

WAITS: Final = timedelta(minutes=10)
"""So long after the promised time, or after coming, a driver waits for somebody. The city's own number is not known."""


def of_tours(session: Session, tour_ids: Collection[UUID]) -> list[Any]:
    """The stops of these tours in their order: what is done as it was done, then what is left as it is planned."""
    return list(session.execute(_OF_TOURS, {"ids": list(tour_ids)}).all())


def one(session: Session, stop_id: UUID, tour_id: UUID) -> Any:
    """One stop of a tour, or None."""
    return session.execute(_ONE, {"id": stop_id, "tour": tour_id}).one_or_none()


def no_show_from(row: Any) -> datetime | None:
    """From when a no-show may be said at a stop where the van has come."""
    if row.kind != "pickup" or row.arrived_at is None or row.outcome is not None or waits_in_a_van(row):
        return None
    came: datetime = row.arrived_at
    since = max(came, moment(told_promise(row).pick_up_at)) + WAITS
    if not row.late_told_minutes:
        return since
    # Who was told that it comes later is not yet at the door.
    return max(since, moment(told_promise(row).ends) + timedelta(minutes=row.late_told_minutes))


def waits_in_a_van(row: Any) -> bool:
    """Whether this stop fetches somebody who was aboard already, from where their van has broken down."""
    return row.kind == "pickup" and row.outcome is None and row.aboard_at is not None


def told_promise(row: Any) -> Promise:
    """What the rider was told."""
    return Promise(**(row.told_promise or row.promise))


def shown(row: Any, language: Language, *, with_rider: bool) -> dict[str, Any]:
    """A stop at which somebody gets on or off. `with_rider`: who they are and the door, where that was told."""
    demand, promise = demand_from_json(row.wish), told_promise(row)
    starts, ends = (promise.starts, promise.ends) if row.kind == "pickup" else (promise.starts, promise.arrives_by)
    told = orders.customer_of(row.order_id, row.customer) if with_rider else None
    rider = None
    if told is not None:
        rider = {
            "name": told.name, "phone": told.phone, "notes": told.notes, "caregiver_name": told.caregiver_name,
            "caregiver_phone": told.caregiver_phone,
        }  # fmt: skip
    place = _rough_place(demand, row.kind, language)
    if told is not None and waits_in_a_van(row):
        stands = demand.pickup
        at = Text("故障車輛處", "where the van broke down").in_language(language)
        place |= {"label": at, "directions": at, "latitude": stands.latitude, "longitude": stands.longitude}
    elif told is not None:
        door = told.pickup if row.kind == "pickup" else told.dropoff
        place = {
            "label": door.address, "address": door.address, "directions": door.directions,
            "district": place["district"], "latitude": door.latitude, "longitude": door.longitude,
        }  # fmt: skip
    since, is_awaited = no_show_from(row), row.kind == "pickup" and row.outcome is None
    return {
        "id": typeid("stop", row.id),
        "trip": row.trip,
        "kind": row.kind,
        "status": row.outcome or ("arrived" if row.arrived_at else "planned"),
        "ride_status": row.state,
        "planned_at": on_the_wire(row.planned_at),
        "expected_at": on_the_wire(row.arrived_at or row.expected_at),
        "window_starts_at": on_the_wire(moment(starts)),
        "window_ends_at": on_the_wire(moment(ends)),
        "arrived_at": on_the_wire(row.arrived_at) if row.arrived_at else None,
        "left_at": on_the_wire(row.left_at) if row.left_at else None,
        "no_show_from": on_the_wire(since) if since else None,
        "rider_at_door_since": on_the_wire(row.rider_at_door_at) if is_awaited and row.rider_at_door_at else None,
        "place": place,
        "rider": rider,
        **about(demand),
    }


def about(demand: Demand) -> dict[str, Any]:
    """What a ride asks of a van, as it is shown."""
    chair = None
    if "W" in demand.functions:
        size = demand.chair
        chair = {
            "kind": "electric" if "E" in demand.functions else "scooter" if "S" in demand.functions else "manual",
            "width_cm": size.width_cm if size else None,
            "length_cm": size.length_cm if size else None,
            "weight_kg": size.weight_kg if size else None,
        }
    load = demand.load
    return {
        "companions": demand.companions,
        "has_dog": "SA" in demand.functions,
        "functions": list(demand.functions),
        "chair": chair,
        "is_shared": demand.is_shared,
        "places_taken": {"wheelchairs": load.wheelchairs, "seats": load.seats},
    }


def _rough_place(demand: Demand, kind: str, language: Language) -> dict[str, Any]:
    return place_shown(demand.pickup if kind == "pickup" else demand.dropoff, language)


def place_shown(place: Any, language: Language) -> dict[str, Any]:
    """A place to about 100 m."""
    rough, named = rough_of(place), DISTRICTS.get(place.district or "")
    label = named.in_language(language) if named else rough.district
    return {
        "label": label, "address": "", "directions": "", "district": place.district, "latitude": rough.latitude,
        "longitude": rough.longitude,
    }  # fmt: skip


def breaks_of(rows: Sequence[Any]) -> list[Any]:
    """The rests among these stops."""
    return [row for row in rows if row.kind == "break"]


_STOP = """
    SELECT s.id, s.tour_id, s.order_id, s.kind, s.position, s.window_starts_at, s.window_ends_at, s.seconds,
           s.planned_at, s.expected_at, s.arrived_at, s.left_at, s.outcome, o.trip, o.state, o.wish, o.promise,
           o.told_promise, o.customer, o.shown_in, o.aboard_at, o.late_told_minutes,
           o.rider_at_door_at
      FROM accessibility.van_stop AS s LEFT JOIN accessibility.van_order AS o ON o.id = s.order_id
"""
_OF_TOURS = text(f"{_STOP} WHERE s.tour_id = ANY(:ids) ORDER BY s.tour_id, s.left_at NULLS LAST, s.position")
_ONE = text(f"{_STOP} WHERE s.id = :id AND s.tour_id = :tour")

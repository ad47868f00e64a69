"""What riders ask for, as fleets hear it."""

from __future__ import annotations

from datetime import datetime

from accessibility.places.place import Place
from accessibility.requests import wishes
from bench.ride_day.demand import SIZES, Errand, Leg, Person
from bench.ride_day.population import Spot
from core.districts import DISTRICTS
from partners.fleets.contents import Chair, CustomerTold, Door, Function, RoughPlace, Wish


def functions_of(person: Person) -> tuple[Function, ...]:
    """What a ride must do for them."""
    found: list[Function] = []
    if person.wheelchair != "none":
        found.append("W")
        if person.can_transfer:
            found.append("WT")
        if person.wheelchair == "electric":
            found.append("E")
        elif person.wheelchair == "scooter":
            found.append("S")
    if person.has_dog:
        found.append("SA")
    return tuple(found)


def place_of(spot: Spot) -> Place:
    """The same door as rides know it."""
    name = DISTRICTS[spot.district].zh
    return Place(
        spot.latitude,
        spot.longitude,
        spot.district,
        name,
        f"高雄市{name}示範路{round(spot.latitude * 1e5) % 300 + 1}號",
    )


def wish_of(errand: Errand, leg: Leg, at: datetime, *, is_asap: bool = False) -> Wish:
    """The same ride asked for by telephone, with the times that the city's own requests have."""
    person = errand.person
    size = SIZES.get(person.wheelchair)
    way = (place_of(leg.origin), place_of(leg.destination))
    arrive_by = None if is_asap else leg.arrive_by
    pick_up_at = None if is_asap or arrive_by else max(leg.leaves_at, at)
    times = wishes.times_of(way, pick_up_at=pick_up_at, arrive_by=arrive_by, now=at)
    starts_at, ends_at = times.window_starts_at, times.window_ends_at
    return Wish(
        _rough(leg.origin), _rough(leg.destination), times.pick_up_at, starts_at, ends_at, functions_of(person),
        Chair(*size) if size else None, person.companions, arrive_by, is_asap, person.is_shared,
    )  # fmt: skip


def customer_of(person: Person, leg: Leg) -> CustomerTold:
    """Who rides, and from which door."""
    return CustomerTold(person.name, person.phone, _door(leg.origin), _door(leg.destination))


def _rough(spot: Spot) -> RoughPlace:
    return RoughPlace(spot.latitude, spot.longitude, spot.district)


def _door(spot: Spot) -> Door:
    place = place_of(spot)
    return Door(spot.latitude, spot.longitude, place.label, place.address)

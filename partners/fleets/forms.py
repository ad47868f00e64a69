"""What the telegrams' parts have in common: how moments, places and vehicles stand in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from core.clock import on_the_wire
from partners.fleets.checking import TelegramWrong
from partners.fleets.contents import Door, RoughPlace, VehicleKind

_C = TypeVar("_C")
_ROUGH_METRES = 100
_DOOR_METRES = 1


@dataclass(frozen=True, slots=True)
class Parts:
    """The two parts of a telegram that say something: TDS's element, or None, and what it has no place for."""

    tds: Mapping[str, Any] | None
    more: Mapping[str, Any]

    @property
    def element(self) -> Mapping[str, Any]:
        """TDS's element; empty where TDS has none."""
        return self.tds or {}


@dataclass(frozen=True, slots=True)
class Form(Generic[_C]):
    """How one content is written (with our reference of the trip) and read, and the kind of telegram it makes."""

    kind: str
    write: Callable[[_C, str], Parts]
    read: Callable[[Parts], Any]


def moment(at: datetime, time_type: str = "scheduled") -> dict[str, Any]:
    """A moment as TDS has it."""
    return {"@time": time_text(at), "@timeType": time_type}


def time_text(at: datetime) -> str:
    """A moment as text. Raises TelegramWrong when it is naive: nobody can tell when that is."""
    if at.tzinfo is None:
        raise TelegramWrong("", "time_not_taipei", "a moment without an offset")
    return on_the_wire(at)


def maybe_time(at: datetime | None) -> str | None:
    """A moment as text, or none."""
    return None if at is None else time_text(at)


def read_moment(written: Mapping[str, Any]) -> datetime:
    """A moment that TDS carries."""
    return datetime.fromisoformat(written["@time"])


def read_maybe_time(written: str | None) -> datetime | None:
    """A moment written as text, or none."""
    return None if written is None else datetime.fromisoformat(written)


def location(latitude: float, longitude: float, metres: int = _DOOR_METRES) -> dict[str, Any]:
    """A point, and how exactly it is meant."""
    return {"@typeOfCoordinate": "WGS84", "@precision": metres, "@lat": latitude, "@long": longitude}


def rough(place: RoughPlace) -> dict[str, Any]:
    """A place as a fleet may know it before a ride is bound: rounded here as well, whoever made it."""
    at = location(round(place.latitude, 3), round(place.longitude, 3), _ROUGH_METRES)
    return {"@community": place.district, "geographicLocation": at}


def read_rough(written: Mapping[str, Any]) -> RoughPlace:
    """A place to about 100 m."""
    at = written["geographicLocation"]
    return RoughPlace(at["@lat"], at["@long"], written["@community"])


def door(place: Door) -> dict[str, Any]:
    """A place to the door: the whole address in `@street`, since TDS's house number is a whole number and has no place
    for 巷, 弄 and 12之3號; how to find it in `manualDescriptionAddress`."""
    written = {
        "@community": place.district,
        "@street": place.address,
        "geographicLocation": location(place.latitude, place.longitude),
    }
    if place.directions:
        written["manualDescriptionAddress"] = {
            "@manualText": place.directions, "@sendtoInvoice": False, "@sendtoOperator": True, "@sendtoVehicle": True,
            "@vehicleConfirmation": False,
        }  # fmt: skip
    return written


def read_door(written: Mapping[str, Any]) -> Door:
    """A place to the door."""
    at = written["geographicLocation"]
    directions = written.get("manualDescriptionAddress", {}).get("@manualText", "")
    return Door(at["@lat"], at["@long"], written["@community"], written["@street"], directions)


def vehicle(kind: VehicleKind) -> dict[str, Any]:
    """The room in a vehicle."""
    return {name: getattr(kind, name) for name in VehicleKind.__slots__}


def read_vehicle_kind(written: Mapping[str, Any]) -> VehicleKind:
    """The room in a vehicle."""
    return VehicleKind(**written)

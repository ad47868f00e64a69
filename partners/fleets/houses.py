"""The sandbox's four fleets as data: their vehicles, prices, hours of booking and tempers. All invented."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.clock import TAIPEI
from core.text import Text
from partners.fleets.contents import Chair, RoughPlace, VehicleKind

_EARTH_METRES: Final = 6_371_000.0
_DETOUR: Final = 1.35
_METRES_PER_MINUTE: Final = 25_000 / 60
_BOARDING_MINUTES: Final = 6
_UNMEASURED: Final = Chair(70, 120)
_MOUNTAINS: Final = frozenset(
    ("旗山區", "美濃區", "六龜區", "內門區", "杉林區", "甲仙區", "桃源區", "那瑪夏區", "茂林區")
)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle, who drives it, and where it waits."""

    number: str
    driver: str
    driver_phone: str
    kind: VehicleKind

    def fits(self, chair: Chair | None, *, needs_chair: bool, seats: int) -> bool:
        """Whether there is room for that chair and so many people on seats."""
        if needs_chair or chair is not None:
            chair = chair or _UNMEASURED
            if not self.kind.chair_places:
                return False
            if chair.width_cm > self.kind.widest_chair_cm or chair.length_cm > self.kind.longest_chair_cm:
                return False
            if (chair.weight_kg or 0) > self.kind.heaviest_chair_kg:
                return False
        return seats <= self.kind.seats


@dataclass(frozen=True, slots=True)
class House:
    """One fleet. Bookings are taken from `opens_days` to `closes_minutes` before the ride, in `districts` (None: all).

    It lets `answers_after_seconds` pass before each answer, refuses that share of what it is asked, comes
    `minutes_late` after the moment that was wished for, and charges `late_fee_twd` for a
    cancellation in the last hour.
    """

    key: str
    name: Text
    vehicles: tuple[Vehicle, ...] = ()
    has_machine: bool = True
    answers_after_seconds: float = 0.0
    refuses_share: float = 0.0
    minutes_late: int = 0
    hold_seconds: int = 120
    opens_days: int = 7
    closes_minutes: int = 30
    districts: frozenset[str] | None = None
    confidence: float = 0.95
    late_fee_twd: int = 50
    flag_fall_twd: int = 85


_CADDY: Final = VehicleKind("VW Caddy Maxi", 1, 3, 75, 130, 300, has_lift=False, has_ramp=True)
_SIENTA: Final = VehicleKind("Toyota Sienta", 1, 2, 68, 115, 200, has_lift=False, has_ramp=True)
_CRAFTER: Final = VehicleKind("VW Crafter", 2, 4, 90, 150, 400, has_lift=True, has_ramp=False)

HOUSES: Final[Mapping[str, House]] = {
    house.key: house
    for house in (
        House(
            "yellow",
            Text("小黃車隊", "Yellow Taxi"),
            (
                Vehicle("TDB-0186", "林建宏", "0987000101", _CADDY),
                Vehicle("TDB-0187", "黃淑芬", "0987000102", _SIENTA),
                Vehicle("TDB-0188", "吳志明", "0987000103", _SIENTA),
                Vehicle("TDB-0189", "李雅婷", "0987000104", _CRAFTER),
            ),
        ),
        House(
            "harbour",
            Text("港都車隊", "Harbour Taxi"),
            (
                Vehicle("TDC-0201", "許文雄", "0987000201", _CADDY),
                Vehicle("TDC-0202", "蔡佩珊", "0987000202", _CRAFTER),
            ),
            answers_after_seconds=0.8,
            minutes_late=10,
            hold_seconds=300,
            opens_days=14,
            closes_minutes=120,
            confidence=0.8,
        ),
        House(
            "mountain",
            Text("山城車隊", "Mountain Taxi"),
            (
                Vehicle("TDD-0301", "潘阿財", "0987000301", _SIENTA),
                Vehicle("TDD-0302", "劉美玲", "0987000302", _CADDY),
            ),
            answers_after_seconds=0.2,
            refuses_share=0.6,
            hold_seconds=60,
            opens_days=3,
            closes_minutes=60,
            districts=_MOUNTAINS | {"鳳山區", "三民區", "大寮區", "大樹區", "鳥松區"},
            confidence=0.6,
            flag_fall_twd=100,
        ),
        House("telephone", Text("電話車行", "Telephone Taxi"), has_machine=False),
    )
}


def metres(one: RoughPlace, other: RoughPlace) -> float:
    """How far it is by road, roughly: the great circle and a third of it."""
    north = math.radians(other.latitude - one.latitude)
    east = math.radians(other.longitude - one.longitude) * math.cos(math.radians((one.latitude + other.latitude) / 2))
    return _EARTH_METRES * math.hypot(north, east) * _DETOUR


def ride_time(way_metres: float) -> timedelta:
    """How long that takes, with getting in and out."""
    return timedelta(minutes=math.ceil(way_metres / _METRES_PER_MINUTE) + _BOARDING_MINUTES)


def meter_twd(house: House, way_metres: float, pick_up_at: datetime) -> int:
    """The meter: flag fall for 1.5 km, NT$5 for each 250 m begun after it, a fifth more from 23:00 to 06:00."""
    fare = house.flag_fall_twd + 5 * max(0, math.ceil((way_metres - 1500) / 250))
    hour = pick_up_at.astimezone(TAIPEI).hour
    return math.ceil(fare * 1.2) if hour >= 23 or hour < 6 else fare

"""The taxi companies of the simulated day as data (all invented): vehicles, terms, tempers; and who of them is free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from bench.ride_day.demand import TRAVEL, place_of
from bench.ride_day.diary import Ending
from bench.ride_day.population import MOUNTAIN, Spot
from core.districts import DISTRICTS
from partners.fleets.contents import CustomerTold, Door, OrderState, RoughPlace, VehicleKind, Wish


@dataclass(frozen=True, slots=True)
class Temper:
    """Shares of what is asked, or of orders, with which it goes wrong.

    `unanswered`: it acts, and its answer comes after the deadline. Of bound orders: bound twice, cancelled soon after,
    cancelled shortly before, late, never there.
    """

    refuses: float = 0.0
    refuses_hold: float = 0.0
    lets_lapse: float = 0.0
    unanswered: float = 0.0
    double_confirms: float = 0.0
    changes_mind: float = 0.0
    cancels_late: float = 0.0
    runs_late: float = 0.0
    never_comes: float = 0.0

    def times(self, factor: float) -> Temper:
        """So many times as often."""
        return Temper(**{each.name: min(getattr(self, each.name) * factor, 0.9) for each in fields(self)})


@dataclass(frozen=True, slots=True)
class Company:
    """A taxi company. It takes bookings until `closes_minutes` before, in `districts` (None: everywhere)."""

    code: str
    vehicles: int
    temper: Temper
    closes_minutes: int = 30
    districts: frozenset[str] | None = None
    confidence: float = 0.9


COMPANIES: Final = (
    Company(
        "yellow", 30,
        Temper(0.05, 0.02, 0.01, 0.02, 0.02, 0.02, 0.02, 0.05, 0.005),
    ),
    Company(
        "harbour", 20,
        Temper(0.1, 0.02, 0.02, 0.03, 0.03, 0.02, 0.03, 0.15, 0.01),
        closes_minutes=120, confidence=0.8,
    ),
    Company(
        "mountain", 10,
        Temper(0.35, 0.05, 0.05, 0.05, 0.02, 0.04, 0.04, 0.05, 0.01),
        closes_minutes=60, confidence=0.6,
        districts=MOUNTAIN | {"64000120", "64000050", "64000140", "64000150", "64000180"},
    ),
)  # fmt: skip
KINDS: Final = (
    VehicleKind("VW Caddy Maxi", 1, 3, 75, 130, 300, has_lift=False, has_ramp=True),
    VehicleKind("Toyota Sienta", 1, 2, 68, 120, 250, has_lift=False, has_ramp=True),
    VehicleKind("VW Crafter", 2, 4, 90, 150, 400, has_lift=True, has_ramp=False),
)
LIVE: Final = frozenset(("held", "bound", "on_the_way", "at_door", "aboard"))
_CODES: Final = {name.zh: code for code, name in DISTRICTS.items()}
_AROUND: Final = timedelta(minutes=6)
_BETWEEN: Final = timedelta(minutes=8)


@dataclass(slots=True)
class TaxiOrder:
    """An order in the company's book: held, then bound, then driven; `temper` is what will go wrong with it."""

    number: str
    trip: str
    wish: Wish
    vehicle: int
    pick_up_at: datetime
    arrives_at: datetime
    price_twd: int
    state: OrderState
    lapses_at: datetime
    bound_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending | None = None
    customer: CustomerTold | None = None
    temper: str = ""
    aboard_at: datetime | None = None


def free_vehicle(
    company: Company, orders: Iterable[TaxiOrder], wish: Wish, pick_up_at: datetime, arrives_at: datetime, now: datetime
) -> int | None:
    """The first vehicle with room that can be there in time, and afterwards where it is wanted next."""
    seats = wish.companions + (0 if "W" in wish.functions and "WT" not in wish.functions else 1)
    busy: dict[int, list[TaxiOrder]] = {}
    for each in orders:
        if each.state in LIVE and not (each.state == "held" and each.lapses_at <= now):
            busy.setdefault(each.vehicle, []).append(each)
    for vehicle in range(company.vehicles):
        if _fits(KINDS[vehicle % len(KINDS)], wish, seats) and all(
            _apart(wish, pick_up_at, arrives_at, other) for other in busy.get(vehicle, ())
        ):
            return vehicle
    return None


def way_of(wish: Wish, at: datetime) -> timedelta:
    """How long the ride takes, with getting in and out."""
    seconds = TRAVEL.seconds(place_of(spot_of(wish.pickup)), place_of(spot_of(wish.dropoff)), int(at.timestamp()))
    return timedelta(seconds=seconds) + _AROUND


def spot_of(place: RoughPlace | Door) -> Spot:
    """A place of a telegram; its district by code, whether it was named or numbered."""
    return Spot(place.latitude, place.longitude, _CODES.get(place.district, place.district))


def _fits(kind: VehicleKind, wish: Wish, seats: int) -> bool:
    chair = wish.chair
    if chair is not None and (chair.width_cm > kind.widest_chair_cm or chair.length_cm > kind.longest_chair_cm):
        return False
    if chair is not None and (chair.weight_kg or 0) > kind.heaviest_chair_kg:
        return False
    return seats <= kind.seats


def _apart(wish: Wish, pick_up_at: datetime, arrives_at: datetime, other: TaxiOrder) -> bool:
    if arrives_at <= other.pick_up_at:
        return arrives_at + _deadhead(wish.dropoff, other.wish.pickup, arrives_at) <= other.pick_up_at
    if other.arrives_at <= pick_up_at:
        return other.arrives_at + _deadhead(other.wish.dropoff, wish.pickup, other.arrives_at) <= pick_up_at
    return False


def _deadhead(origin: RoughPlace, destination: RoughPlace, at: datetime) -> timedelta:
    seconds = TRAVEL.seconds(place_of(spot_of(origin)), place_of(spot_of(destination)), int(at.timestamp()))
    return timedelta(seconds=seconds) + _BETWEEN


def meter_twd(wish: Wish) -> int:
    """What the meter will say: flag fall for 1.5 km, NT$5 for each 250 m begun after it."""
    metres = spot_of(wish.pickup).metres_to(spot_of(wish.dropoff)) * 1.35
    return 85 + 5 * max(0, -(-int(metres - 1_500) // 250))

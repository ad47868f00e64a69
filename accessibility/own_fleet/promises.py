"""What is wanted of a van, and what is promised for it, as the planner takes it: a trip with its limits.

Both are kept as JSON beside their order. A promise is made once, from the place that was found for a trip in the plan;
afterwards it is a limit for everybody who comes later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any, Final

import orjson

from accessibility.dispatch.tours import Load, Place, Trip, Wheelchair, Window
from accessibility.dispatch.travel import Travel
from core import district_shapes
from core.districts import DISTRICTS
from partners.fleets.contents import Chair, Function, RoughPlace, Wish

_EARLY_SECONDS: Final = 300
_LATE_SECONDS: Final = 900
_STEP_SECONDS: Final = 300
_STOP_ON_THE_WAY_SECONDS: Final = 300
# Not measured: a chair of the usual size with somebody in it (ISO 7176-5 calls 700 by 1,200 mm the reference).
_UNMEASURED: Final = Chair(70, 120, 200)
_ALONE_AT_LEAST_SECONDS: Final = 300
_SHARED_AT_LEAST_SECONDS: Final = 600
_BEYOND: Final = "市外"
_MORE_AT_DOOR_SECONDS: Final[Mapping[str, int]] = {"D2D": 60, "NLA": 120, "DTD": 180}
_FUNCTIONS_OF_THE_VAN: Final = frozenset(("O",))


@dataclass(frozen=True, slots=True)
class Demand:
    """What a wish asks of a van; moments are whole seconds since the epoch."""

    pickup: Place
    dropoff: Place
    stops: tuple[Place, ...]
    window: Window
    pick_up_at: int
    arrive_by: int | None
    functions: tuple[Function, ...]
    chair: Chair | None
    companions: int
    is_shared: bool

    @property
    def load(self) -> Load:
        """Places that are taken. Who can move to a seat takes one beside the place of the chair; a dog takes none."""
        is_in_chair = "W" in self.functions
        return Load(int(is_in_chair), self.companions + (0 if is_in_chair and "WT" not in self.functions else 1))

    @property
    def boarding_seconds(self) -> int:
        """From arriving at the door to leaving it."""
        return _at_door_seconds(self.functions, in_chair=240, on_foot=90)

    @property
    def alighting_seconds(self) -> int:
        """From arriving to leaving, where they get off."""
        return _at_door_seconds(self.functions, in_chair=180, on_foot=60)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a rider was told: picked up from `starts` to `ends`, there by `arrives_by`, so long on board at most.

    `around_seconds` is what stops on the way add to the way that the planner reckons.
    """

    pick_up_at: int
    starts: int
    ends: int
    arrives_by: int
    longest_ride_seconds: int
    around_seconds: int = 0

    @property
    def ride_minutes_at_most(self) -> int:
        """The longest time on board, as it is said."""
        return -(-(self.longest_ride_seconds + self.around_seconds) // 60)


def demand_of(wish: Wish) -> Demand:
    """A wish as the planner sees it: nothing in it says who wishes."""
    return Demand(
        place_of(wish.pickup), place_of(wish.dropoff), tuple(map(place_of, wish.stops)),
        Window(_epoch(wish.window_starts_at), _epoch(wish.window_ends_at)), _epoch(wish.pick_up_at),
        None if wish.arrive_by is None else _epoch(wish.arrive_by), wish.functions, wish.chair, wish.companions,
        wish.may_be_pooled and not wish.stops,
    )  # fmt: skip


def place_of(rough: RoughPlace) -> Place:
    """A place of a telegram; its district by code, whether it was named or numbered."""
    return Place(rough.latitude, rough.longitude, _code_of(rough.district, rough.latitude, rough.longitude))


def rough_of(place: Place) -> RoughPlace:
    """A place as a telegram says it."""
    named = DISTRICTS.get(place.district or "")
    return RoughPlace(place.latitude, place.longitude, named.zh if named else _BEYOND)


def trip_wanted(id: str, demand: Demand, window: Window, travel: Travel) -> Trip:
    """The trip with nothing promised yet, but that it begins within this window."""
    direct, around = _ways(demand, travel, window.earliest)
    promise = _promise(demand, window, window.earliest, direct, around)
    return trip_promised(id, demand, promise)


def promise_at(demand: Demand, picked_up: int, travel: Travel) -> Promise:
    """What can be told about being picked up at that moment: a time that people can read, and minutes around it."""
    pick_up_at = max(picked_up // _STEP_SECONDS * _STEP_SECONDS, demand.window.earliest)
    starts = max(pick_up_at - _EARLY_SECONDS, demand.window.earliest)
    ends = min(pick_up_at + _LATE_SECONDS, demand.window.latest)
    direct, around = _ways(demand, travel, starts)
    return _promise(demand, Window(starts, ends), pick_up_at, direct, around)


def trip_promised(id: str, demand: Demand, promise: Promise) -> Trip:
    """The trip with its promise as limits."""
    chair = demand.chair or _UNMEASURED
    carried = (Wheelchair(chair.width_cm * 10, chair.length_cm * 10, chair.weight_kg or _UNMEASURED.weight_kg or 0),)
    return Trip(
        id, demand.pickup, demand.dropoff, Window(promise.starts, promise.ends),
        Window(promise.starts, promise.arrives_by), promise.longest_ride_seconds, demand.load,
        demand.boarding_seconds + promise.around_seconds, demand.alighting_seconds, demand.is_shared,
        carried if "W" in demand.functions else (), frozenset(demand.functions) & _FUNCTIONS_OF_THE_VAN,
    )  # fmt: skip


def demand_to_json(demand: Demand) -> str:
    """As it is kept."""
    return orjson.dumps(asdict(demand)).decode()


def promise_to_json(promise: Promise) -> str:
    """As it is kept."""
    return orjson.dumps(asdict(promise)).decode()


def demand_from_json(kept: dict[str, Any]) -> Demand:
    """As it was kept."""
    return Demand(
        Place(**kept["pickup"]), Place(**kept["dropoff"]), tuple(Place(**each) for each in kept["stops"]),
        Window(**kept["window"]), kept["pick_up_at"], kept["arrive_by"], tuple(kept["functions"]),
        Chair(**kept["chair"]) if kept["chair"] else None, kept["companions"], kept["is_shared"],
    )  # fmt: skip


def moment(seconds: int) -> datetime:
    """A moment of a plan as everybody else writes it."""
    return datetime.fromtimestamp(seconds, UTC)


def _epoch(at: datetime) -> int:
    return int(at.timestamp())


def _promise(demand: Demand, window: Window, pick_up_at: int, direct: int, around: int) -> Promise:
    share, at_least = (2, _SHARED_AT_LEAST_SECONDS) if demand.is_shared else (4, _ALONE_AT_LEAST_SECONDS)
    spare = max(direct // share, at_least)
    longest = -(-(direct + spare) // 60) * 60
    arrives_by = window.latest + demand.boarding_seconds + around + longest
    if demand.arrive_by is not None:
        arrives_by = max(min(arrives_by, demand.arrive_by), window.earliest)
    return Promise(pick_up_at, window.earliest, window.latest, arrives_by, longest, around)


def _ways(demand: Demand, travel: Travel, at: int) -> tuple[int, int]:
    """Seconds straight there, and what stops on the way add to it."""
    direct = travel.seconds(demand.pickup, demand.dropoff, at)
    if not demand.stops:
        return direct, 0
    places = (demand.pickup, *demand.stops, demand.dropoff)
    way = sum(travel.seconds(one, other, at) for one, other in pairwise(places))
    return direct, max(way + _STOP_ON_THE_WAY_SECONDS * len(demand.stops) - direct, 0)


def _at_door_seconds(functions: tuple[Function, ...], *, in_chair: int, on_foot: int) -> int:
    seconds = in_chair if "W" in functions else on_foot
    return seconds + max(_MORE_AT_DOOR_SECONDS.get(each, 0) for each in (*functions, ""))


@cache
def _codes() -> dict[str, str]:
    return {name.zh: code for code, name in DISTRICTS.items()}


def _code_of(district: str, latitude: float, longitude: float) -> str | None:
    code = district if district in DISTRICTS else _codes().get(district)
    return code or district_shapes.district_at(latitude=latitude, longitude=longitude)

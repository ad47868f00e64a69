"""What a rider wishes, checked before any fleet is asked, and the times in it as fleets understand them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal
from uuid import UUID

from accessibility.dispatch import tours
from accessibility.dispatch.travel import GreatCircle, great_circle_metres
from accessibility.places import area
from accessibility.places.place import Place
from accessibility.requests.errors import (
    ArriveByBeforePickUp,
    ArriveByNotReachable,
    PickUpInThePast,
    ReturnBeforeArrival,
    SamePlace,
    TooFarAhead,
)

Purpose = Literal["medical", "work", "school", "other"]
PURPOSES: Final[tuple[Purpose, ...]] = ("medical", "work", "school", "other")
MOST_DAYS_AHEAD: Final = 60
MOST_STOPS: Final = 4
_EARLIER: Final = timedelta(minutes=10)
_LATER: Final = timedelta(minutes=20)
_ASAP_IN: Final = timedelta(minutes=15)
_ASAP_WITHIN: Final = timedelta(minutes=90)
_BEFORE_ARRIVAL: Final = timedelta(minutes=10)
_EARLIEST_ARRIVAL: Final = timedelta(minutes=40)
_AT_EACH_STOP: Final = timedelta(minutes=6)
_ONE_PLACE_METRES: Final = 40
_GRACE: Final = timedelta(minutes=2)
_TRAVEL: Final = GreatCircle()


@dataclass(frozen=True, slots=True)
class RideWish:
    """One trip somebody would like: exactly one of `pick_up_at`, `arrive_by` and `is_asap`, or the first two together
    (not before, and there by). The way back, if any, is at `return_at`, or when its rider says so (`return_on_call`).

    `companions` and `has_dog` None: as the rider's profile says.
    """

    pickup: Place
    dropoff: Place
    stops: tuple[Place, ...] = ()
    pick_up_at: datetime | None = None
    arrive_by: datetime | None = None
    is_asap: bool = False
    return_at: datetime | None = None
    return_on_call: bool = False
    purpose: Purpose = "other"
    companions: int | None = None
    has_dog: bool | None = None
    is_shared: bool = False
    notes: str = ""
    series_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """When a leg is to begin, as fleets are asked: about `pick_up_at`, within the window."""

    pick_up_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime


def check(wish: RideWish, now: datetime) -> None:
    """Whether such a trip can be at all.

    Raises PickUpInThePast, ArriveByBeforePickUp, ArriveByNotReachable, ReturnBeforeArrival, TooFarAhead, SamePlace,
    places.errors.OutsideServiceArea.
    """
    way = (wish.pickup, *wish.stops, wish.dropoff)
    if any(great_circle_metres(_point(one), _point(other)) < _ONE_PLACE_METRES for one, other in pairwise(way)):
        raise SamePlace
    area.check(wish.pickup, wish.dropoff, purpose=wish.purpose)
    for stop in wish.stops:
        area.check(wish.pickup, stop, purpose=wish.purpose)
    named = [each for each in (wish.pick_up_at, wish.arrive_by, wish.return_at) if each is not None]
    if any(each < now - _GRACE for each in named):
        raise PickUpInThePast
    if any(each > now + timedelta(days=MOST_DAYS_AHEAD) for each in named):
        raise TooFarAhead(days=MOST_DAYS_AHEAD)
    takes = travel_time(way, wish.pick_up_at or wish.arrive_by or now)
    if wish.arrive_by is not None:
        if wish.pick_up_at is not None and wish.arrive_by <= wish.pick_up_at:
            raise ArriveByBeforePickUp
        if max(now, wish.pick_up_at or now) + takes > wish.arrive_by:
            raise ArriveByNotReachable(minutes=round(takes.total_seconds() / 60))
    there = wish.arrive_by or (wish.pick_up_at or now) + takes
    if wish.return_at is not None and wish.return_at < there:
        raise ReturnBeforeArrival


def times_of(
    way: Sequence[Place],
    *,
    pick_up_at: datetime | None,
    arrive_by: datetime | None,
    now: datetime,
) -> Times:
    """The times of a leg; neither given: as soon as possible."""
    if arrive_by is not None:
        last = arrive_by - travel_time(way, arrive_by) - _BEFORE_ARRIVAL
        first = max(last - _EARLIEST_ARRIVAL, pick_up_at or now, now)
        wanted = max(last - _EARLIER, first)
        return Times(wanted, first, max(last + _BEFORE_ARRIVAL, wanted))
    if pick_up_at is not None:
        return Times(pick_up_at, max(pick_up_at - _EARLIER, min(now, pick_up_at)), pick_up_at + _LATER)
    return Times(now + _ASAP_IN, now, now + _ASAP_WITHIN)


def travel_time(way: Sequence[Place], at: datetime) -> timedelta:
    """How long the way takes at that hour, roughly, with getting in and out at each of its places."""
    seconds = sum(
        _TRAVEL.seconds(_point(one), _point(other), int(at.timestamp())) for one, other in pairwise(way)
    )  # fmt: skip
    return timedelta(seconds=seconds) + _AT_EACH_STOP * (len(way) - 1)


def metres_of(way: Sequence[Place]) -> int:
    """How far it is by road, roughly."""
    return round(sum(great_circle_metres(_point(one), _point(other)) for one, other in pairwise(way)) * _TRAVEL.detour)


def _point(place: Place) -> tours.Place:
    return tours.Place(place.latitude, place.longitude, place.district)

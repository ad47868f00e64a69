"""What a rider wishes, checked before any fleet is asked, and the times in it as fleets understand them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from core.clock import TAIPEI
from core.errors import FieldError, Problem
from core.text import Text

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
    ends = [f"stops/{place}" for place in range(len(wish.stops))] + ["to"]
    for (one, other), end in zip(pairwise(way), ends, strict=True):
        if great_circle_metres(_point(one), _point(other)) < _ONE_PLACE_METRES:
            raise SamePlace(errors=_at(end, SamePlace), place=end)
    area.check(wish.pickup, wish.dropoff, purpose=wish.purpose)
    for stop, end in zip(wish.stops, ends, strict=False):
        area.check(wish.pickup, stop, purpose=wish.purpose, ends=("from", end))
    for name, moment in {
        "pick_up_at": wish.pick_up_at,
        "arrive_by": wish.arrive_by,
        "return/at": wish.return_at,
    }.items():
        if moment is not None and moment < now - _GRACE:
            raise PickUpInThePast(_OVER[name], errors=_at(name, PickUpInThePast))
        if moment is not None and moment > now + timedelta(days=MOST_DAYS_AHEAD):
            words = TooFarAhead.words.format(days=MOST_DAYS_AHEAD)
            raise TooFarAhead(words, errors=_at(name, TooFarAhead), days=MOST_DAYS_AHEAD)
    takes = travel_time(way, wish.pick_up_at or wish.arrive_by or now)
    if wish.arrive_by is not None:
        if wish.pick_up_at is not None and wish.arrive_by <= wish.pick_up_at:
            raise ArriveByBeforePickUp(errors=_at("arrive_by", ArriveByBeforePickUp))
        if max(now, wish.pick_up_at or now) + takes > wish.arrive_by:
            minutes = round(takes.total_seconds() / 60)
            words = ArriveByNotReachable.words.format(minutes=minutes)
            raise ArriveByNotReachable(words, errors=_at("arrive_by", ArriveByNotReachable), minutes=minutes)
    there = wish.arrive_by or (wish.pick_up_at or now) + takes
    if wish.return_at is not None and wish.return_at < there:
        words = _ARRIVES_ABOUT.format(at=f"{there.astimezone(TAIPEI):%H:%M}")
        raise ReturnBeforeArrival(words, errors=_at("return/at", ReturnBeforeArrival))


_OVER: Final[Mapping[str, Text | None]] = {
    "pick_up_at": None,
    "arrive_by": Text("抵達時間已經過了，請選一個還沒到的時間。", "The time to arrive is over: choose one to come."),
    "return/at": Text(
        "回程的時間已經過了，請選一個還沒到的時間，或選「到時再叫車」。",
        "The time of the way back is over: choose one to come, or that you will say when you are ready.",
    ),
}
_ARRIVES_ABOUT: Final = Text(
    "去程大約 {at} 抵達，回程要在那之後。不確定何時結束，可以選「到時再叫車」。",
    "The way there ends at about {at}; the way back must begin after that. Where it is not known when, say that you "
    "will tell when you are ready.",
)


def _at(place: str, refused: type[Problem]) -> list[FieldError]:
    return [FieldError(f"/{place}", refused.title)]


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

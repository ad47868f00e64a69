"""What it would mean to give a trip to a certain van, and doing it in spite of a promise.

A soft rule is a time: a window, an arrival, a longest ride, a rest, the end of a shift. An officer may break one with a
reason. That people, chairs and equipment fit, that who rides alone does, and the order of getting on and off are never
broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from accessibility.dispatch import insertion, timing
from accessibility.dispatch.timing import Schedule
from accessibility.dispatch.tours import Stop, StopKind, Tour, Trip, Window, dropoff_of, pickup_of
from accessibility.dispatch.travel import Travel
from core.text import Text

PROMISES: Final = ("pickup_window", "arrival", "ride_time", "break", "shift", "fit")
WORDS: Final = {
    "pickup_window": Text("比約定的時段晚 {minutes} 分鐘來接", "picked up {minutes} minutes after the promised window"),
    "arrival": Text("比承諾晚 {minutes} 分鐘送達", "there {minutes} minutes later than promised"),
    "ride_time": Text("乘車時間比承諾多 {minutes} 分鐘", "{minutes} minutes longer on board than promised"),
    "break": Text("休息比規定晚 {minutes} 分鐘", "the driver's rest is {minutes} minutes late"),
    "shift": Text("超過下班時間 {minutes} 分鐘", "{minutes} minutes past the end of the shift"),
    "fit": Text(
        "車上的位置、輪椅尺寸、設備或單獨乘車的要求不允許",
        "places, the chair's size, equipment or riding alone forbid it",
    ),
}


@dataclass(frozen=True, slots=True)
class Broken:
    """What would not be kept, by how many minutes, and whose trip it is (None: the driver's)."""

    trip_id: str | None
    promise: str
    minutes: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A tour with the trip in it, when it would be where, and what of that breaks which promise.

    `tour` is None where it does not fit at all. Its windows are as wide as they have to be.
    """

    tour: Tour | None
    schedule: Schedule | None
    added_seconds: int
    broken: tuple[Broken, ...] = ()


def what_if(tour: Tour, trip: Trip, travel: Travel) -> WhatIf:
    """The cheapest place in this tour that keeps every promise, else the one that does the least harm."""
    kept = insertion.offers([tour], trip, travel, most=1)
    if kept:
        return WhatIf(kept[0].tour, kept[0].schedule, kept[0].added_seconds)
    if not tour.vehicle.suits(trip):
        return WhatIf(None, None, 0, (Broken(trip.id, "fit", 0),))
    on, off, stops = pickup_of(trip), dropoff_of(trip), tour.stops
    best: tuple[int, Tour, list[int], list[Broken]] | None = None
    for first in range(1, len(stops)):
        for second in range(first, len(stops)):
            changed = Tour(
                tour.vehicle, (*stops[:first], on, *stops[first:second], off, *stops[second:]), tour.on_board
            )  # fmt: skip
            if not timing.is_in_order(changed):
                continue
            begins = _begins(changed, travel)
            broken = _broken(changed, begins)
            harm = sum(each.minutes for each in broken)
            if best is None or harm < best[0]:
                best = (harm, changed, begins, broken)
    if best is None:
        return WhatIf(None, None, 0, (Broken(trip.id, "fit", 0),))
    _, changed, begins, broken = best
    wider = _widened(changed, begins)
    between = timing.legs(wider, travel)
    added = sum(between) - sum(timing.legs(tour, travel))
    return WhatIf(wider, _schedule(wider, begins, between), added, tuple(broken))


def _begins(tour: Tour, travel: Travel) -> list[int]:
    """When each stop begins if nobody waits for more than its earliest moment."""
    begins, between = [tour.stops[0].window.earliest], timing.legs(tour, travel)
    for number, stop in enumerate(tour.stops[1:], start=1):
        arrives = begins[-1] + tour.stops[number - 1].seconds + between[number - 1]
        begins.append(max(arrives, stop.window.earliest if stop.kind is not StopKind.END else arrives))
    return begins


def _broken(tour: Tour, begins: Sequence[int]) -> list[Broken]:
    found, boarded = [], {}
    for stop, at in zip(tour.stops, begins, strict=True):
        late = _minutes(at - stop.window.latest)
        if stop.kind is StopKind.PICKUP and stop.trip:
            boarded[stop.trip.id] = at + stop.seconds
        if stop.kind is StopKind.DROPOFF and stop.trip and stop.trip.id in boarded:
            longer = _minutes(at - boarded[stop.trip.id] - stop.trip.longest_ride_seconds)
            if longer > 0:
                found.append(Broken(stop.trip.id, "ride_time", longer))
        if late > 0 and stop.kind in _PROMISE_OF:
            found.append(Broken(stop.trip.id if stop.trip else None, _PROMISE_OF[stop.kind], late))
    return found


def _widened(tour: Tour, begins: Sequence[int]) -> Tour:
    """The tour with every limit that is broken as wide as it has to be."""
    boarded: dict[str, int] = {}
    trips: dict[str, Trip] = {}
    for stop, at in zip(tour.stops, begins, strict=True):
        if stop.trip is None:
            continue
        trip = trips.get(stop.trip.id, stop.trip)
        if stop.kind is StopKind.PICKUP:
            boarded[trip.id] = at + stop.seconds
            trip = replace(trip, pickup_window=_until(trip.pickup_window, at))
        else:
            ride = at - boarded.get(trip.id, at)
            trip = replace(
                trip,
                dropoff_window=_until(trip.dropoff_window, at),
                longest_ride_seconds=max(trip.longest_ride_seconds, ride),
            )
        trips[trip.id] = trip
    return replace(
        tour, stops=tuple(_stop(stop, at, trips) for stop, at in zip(tour.stops, begins, strict=True))
    )  # fmt: skip


def _stop(stop: Stop, at: int, trips: dict[str, Trip]) -> Stop:
    if stop.trip is None:
        return replace(stop, window=_until(stop.window, at))
    return (pickup_of if stop.kind is StopKind.PICKUP else dropoff_of)(trips[stop.trip.id])


def _schedule(tour: Tour, begins: Sequence[int], between: Sequence[int]) -> Schedule:
    departures = tuple(at + stop.seconds for at, stop in zip(begins, tour.stops, strict=True))
    arrivals = (begins[0], *(left + leg for left, leg in zip(departures, between, strict=False)))
    return Schedule(arrivals, tuple(begins), departures, sum(between))


def _until(window: Window, at: int) -> Window:
    return Window(window.earliest, max(window.latest, at))


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)


_PROMISE_OF: Final = {
    StopKind.PICKUP: "pickup_window",
    StopKind.DROPOFF: "arrival",
    StopKind.BREAK: "break",
    StopKind.END: "shift",
}

"""A tour whose shift has changed: as many of its rides as still can be as promised stay in it, the others are named.

Pure, as all of the planner: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from accessibility.dispatch import insertion, timing
from accessibility.dispatch.timing import Schedule
from accessibility.dispatch.tours import Stop, StopKind, Tour, Trip, Vehicle, Window
from accessibility.dispatch.travel import Travel


@dataclass(frozen=True, slots=True)
class Refitted:
    """The tour that is left, when it is where, and the trips that have no place in it any more."""

    tour: Tour
    schedule: Schedule
    dropped: tuple[str, ...]


def refitted(tour: Tour, vehicle: Vehicle, rests: Sequence[Stop] | None, travel: Travel) -> Refitted | None:
    """The tour on another shift (or of another van), with these rests instead of its own (None: its own).

    The rides that no longer fit are put out, those that begin last first, and tried again in the order in which they
    begin. Who is aboard stays; None: they could not be brought there in time, or the rests do not fit.
    """
    changed = _on(tour, vehicle, rests)
    aboard = {stop.trip.id for stop in changed.stops if stop.trip} - {
        stop.trip.id for stop in changed.stops if stop.kind is StopKind.PICKUP and stop.trip
    }
    waiting = sorted(
        (trip for trip in changed.trips() if trip.id not in aboard), key=lambda each: each.pickup_window.latest
    )  # fmt: skip
    left, out = changed, list[Trip]()
    while (schedule := _schedule(left, travel)) is None:
        if not waiting:
            return None
        # Whoever could not be on the shift at all goes first, else who begins last.
        worst = next((trip for trip in waiting if not _can_be(trip, vehicle)), waiting[-1])
        waiting.remove(worst)
        out.append(worst)
        left = insertion.without(left, worst.id)
    dropped = []
    for trip in sorted(out, key=lambda each: each.pickup_window.latest):
        found = insertion.offers([left], trip, travel, most=1)
        if found:
            left, schedule = found[0].tour, found[0].schedule
        else:
            dropped.append(trip.id)
    return Refitted(left, schedule, tuple(dropped))


def _on(tour: Tour, vehicle: Vehicle, rests: Sequence[Stop] | None) -> Tour:
    first, last = tour.stops[0], tour.stops[-1]
    shift = vehicle.shift
    # A van that has gone out already is where it is; one that has not begins at its depot.
    is_out = first.window.earliest > tour.vehicle.shift.earliest or first.place != tour.vehicle.start
    begins = max(first.window.earliest, shift.earliest) if is_out else shift.earliest
    start = replace(
        first, window=Window(min(begins, shift.latest), shift.latest), place=first.place if is_out else vehicle.start
    )
    stops = [stop for stop in tour.stops[1:-1] if rests is None or stop.kind is not StopKind.BREAK]
    for rest in rests or ():
        stops.insert(_place_of(rest, stops), rest)
    return Tour(vehicle, (start, *stops, replace(last, window=shift, place=vehicle.end)), tour.on_board)


def _place_of(rest: Stop, stops: Sequence[Stop]) -> int:
    """Before the first stop that begins after the rest may, and where nobody is on board."""
    aboard: set[str] = {stop.trip.id for stop in stops if stop.kind is StopKind.DROPOFF and stop.trip}
    aboard -= {stop.trip.id for stop in stops if stop.kind is StopKind.PICKUP and stop.trip}
    best = 0 if not aboard else len(stops)
    for number, stop in enumerate(stops, start=1):
        if stop.trip is not None:
            (aboard.add if stop.kind is StopKind.PICKUP else aboard.discard)(stop.trip.id)
        if not aboard and stop.window.earliest <= rest.window.earliest:
            best = number
    return best


def _schedule(tour: Tour, travel: Travel) -> Schedule | None:
    if not all(tour.vehicle.suits(trip) for trip in tour.trips()) or not timing.is_in_order(tour):
        return None
    return timing.scheduled(tour, travel)


def _can_be(trip: Trip, vehicle: Vehicle) -> bool:
    shift = vehicle.shift
    return (
        vehicle.suits(trip)
        and trip.pickup_window.latest >= shift.earliest
        and trip.dropoff_window.earliest <= shift.latest
    )

"""The cheapest places for one more trip in a plan, every promise that was made being a limit.

For each van that suits, pickup and dropoff are tried between its stops as far as times allow: how early each stop can
begin and how late it may, both kept from stop to stop, say most of what cannot be in a few additions. What is left is
timed exactly (`timing`), cheapest first, until enough of it can be driven.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop

from accessibility.dispatch.timing import Schedule, is_in_order, legs, timed
from accessibility.dispatch.tours import Load, Place, Stop, StopKind, Tour, Trip, dropoff_of, pickup_of
from accessibility.dispatch.travel import Travel


@dataclass(frozen=True, slots=True)
class Insertion:
    """One way to serve a trip: the tour as it would be, when it is where, and how much longer the van drives."""

    tour: Tour
    schedule: Schedule
    pickup_at: int
    dropoff_at: int
    added_seconds: int

    @property
    def picked_up(self) -> int:
        """When boarding begins."""
        return self.schedule.begins[self.pickup_at]

    @property
    def arrives(self) -> int:
        """When they get off."""
        return self.schedule.begins[self.dropoff_at]

    @property
    def ride_seconds(self) -> int:
        """How long they are on board."""
        return self.arrives - self.schedule.departures[self.pickup_at]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Of all vans, how many could not take a trip, and why; in this order the first reason counts."""

    does_not_suit: int
    off_shift: int
    not_free: int


def offers(plan: Sequence[Tour], trip: Trip, travel: Travel, *, most: int = 3) -> list[Insertion]:
    """The cheapest ways to serve the trip, cheapest first, at most one of each van. Empty: nobody can take it."""
    on, off = pickup_of(trip), dropoff_of(trip)
    candidates = [
        (added, number, pickup, dropoff)
        for number, tour in enumerate(plan)
        if tour.vehicle.suits(trip) and _is_on_shift(tour, trip)
        for added, pickup, dropoff in _candidates(tour, on, off, travel)
    ]
    heapify(candidates)
    found: dict[int, Insertion] = {}
    while candidates and len(found) < most:
        added, number, pickup, dropoff = heappop(candidates)
        if number in found:
            continue
        tried = _tried(plan[number], on, off, pickup, dropoff, added, travel)
        if tried is not None:
            found[number] = tried
    return list(found.values())


def why_not(plan: Sequence[Tour], trip: Trip) -> WhyNot:
    """Why no van of the plan takes the trip, where `offers` found nothing."""
    suit = [tour for tour in plan if tour.vehicle.suits(trip)]
    on_shift = [tour for tour in suit if _is_on_shift(tour, trip)]
    return WhyNot(len(plan) - len(suit), len(suit) - len(on_shift), len(on_shift))


def without(tour: Tour, trip_id: str) -> Tour:
    """The tour with both stops of a trip taken out, where the trip has not begun."""
    stops = tuple(stop for stop in tour.stops if stop.trip is None or stop.trip.id != trip_id)
    return Tour(tour.vehicle, stops, tour.on_board)


def _is_on_shift(tour: Tour, trip: Trip) -> bool:
    shift = tour.vehicle.shift
    return trip.pickup_window.latest >= shift.earliest and trip.dropoff_window.earliest <= shift.latest


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Of each stop of a tour: how early it can begin and how late it may, longest rides aside; where it is; who is on
    board after it; and the seconds to the next."""

    earliest: list[int]
    latest: list[int]
    places: list[Place]
    loads: list[Load]
    between: list[int]


def _bounds(tour: Tour, travel: Travel) -> _Bounds:
    stops, between = tour.stops, legs(tour, travel)
    earliest = [stops[0].window.earliest]
    for number in range(1, len(stops)):
        arrives = earliest[-1] + stops[number - 1].seconds + between[number - 1]
        earliest.append(max(arrives, stops[number].window.earliest))
    latest = [stops[-1].window.latest]
    for number in range(len(stops) - 2, -1, -1):
        leaves_in_time = latest[-1] - between[number] - stops[number].seconds
        latest.append(min(leaves_in_time, stops[number].window.latest))
    places: list[Place] = []
    loads, load = [], tour.on_board
    for stop in stops:
        places.append(stop.place or places[-1])
        if stop.trip is not None:
            load = load + stop.trip.load if stop.kind is StopKind.PICKUP else load - stop.trip.load
        loads.append(load)
    return _Bounds(earliest, latest[::-1], places, loads, between)


def _candidates(tour: Tour, on: Stop, off: Stop, travel: Travel) -> Iterator[tuple[int, int, int]]:
    """(added driving seconds, the stop after which the pickup comes, the stop after which the dropoff comes)."""
    assert on.place is not None and off.place is not None and on.trip is not None
    stops, trip = tour.stops, on.trip
    bounds = _bounds(tour, travel)
    direct = travel.seconds(on.place, off.place, on.around)
    for after in range(len(stops) - 1):
        if bounds.earliest[after] > on.window.latest:
            return
        # How late the next stop may begin on the way as it is says nothing of the way round by these two: that need
        # not be the longer one, and a break is then taken elsewhere. Its own window is all that binds.
        if stops[after + 1].window.latest < on.window.earliest:
            continue
        if not tour.vehicle.holds(bounds.loads[after] + trip.load):
            continue
        out = travel.seconds(bounds.places[after], on.place, stops[after].around)
        begins = max(bounds.earliest[after] + stops[after].seconds + out, on.window.earliest)
        if begins > on.window.latest:
            continue
        leaves = begins + on.seconds
        added = _straight_there(bounds, stops, after, out, leaves, direct, off, travel)
        if added is not None:
            yield added, after, after
        yield from _with_others(tour, bounds, after, out, leaves, on, off, travel)


def _straight_there(
    bounds: _Bounds, stops: Sequence[Stop], after: int, out: int, leaves: int, direct: int, off: Stop, travel: Travel
) -> int | None:
    """What it adds where nobody else is picked up or brought home in between; None: the day would not go on."""
    alights = max(leaves + direct, off.window.earliest)
    if alights > off.window.latest:
        return None
    home = _way_on(bounds, stops, after, off, alights + off.seconds, travel)
    return None if home is None else out + direct + home


def _with_others(
    tour: Tour, bounds: _Bounds, after: int, out: int, leaves: int, on: Stop, off: Stop, travel: Travel
) -> Iterator[tuple[int, int, int]]:
    """The dropoff comes after one more stop, or two, or more."""
    stops, trip = tour.stops, on.trip
    assert on.place is not None and off.place is not None and trip is not None
    if not trip.is_shared:
        return
    way_in = travel.seconds(on.place, bounds.places[after + 1], on.around)
    detour = out + way_in - bounds.between[after]
    begins, on_board = leaves + way_in, way_in
    for later in range(after + 1, len(stops) - 1):
        stop = stops[later]
        begins = max(begins, stop.window.earliest)
        # Riding only, without any waiting, is the least that they are on board.
        if begins > stop.window.latest or on_board > trip.longest_ride_seconds:
            return
        if stop.kind is StopKind.BREAK or (stop.trip is not None and not stop.trip.is_shared):
            return
        if not tour.vehicle.holds(bounds.loads[later] + trip.load):
            return
        to = travel.seconds(bounds.places[later], off.place, stop.around)
        alights = max(begins + stop.seconds + to, off.window.earliest)
        # Too late from here is not too late from every later stop: the way by another district can be the quicker one.
        if alights <= off.window.latest:
            home = _way_on(bounds, stops, later, off, alights + off.seconds, travel)
            if home is not None:
                yield detour + to + home, after, later
        begins += stop.seconds + bounds.between[later]
        on_board += stop.seconds + bounds.between[later]


def _way_on(bounds: _Bounds, stops: Sequence[Stop], after: int, off: Stop, leaves: int, travel: Travel) -> int | None:
    """The seconds to where the van goes on after a dropoff that follows stop `after`, less those of the way that it
    does not go then. None: it would come too late. A break in between is taken at the dropoff."""
    assert off.place is not None
    last, instead = off, bounds.between[after]
    to = after + 1
    while stops[to].kind is StopKind.BREAK:
        leaves = max(leaves, stops[to].window.earliest)
        if leaves > stops[to].window.latest:
            return None
        leaves += stops[to].seconds
        last, instead = stops[to], instead + bounds.between[to]
        to += 1
    home = travel.seconds(off.place, bounds.places[to], last.around)
    return home - instead if leaves + home <= bounds.latest[to] else None


def _tried(tour: Tour, on: Stop, off: Stop, pickup: int, dropoff: int, added: int, travel: Travel) -> Insertion | None:
    stops = tour.stops
    longer = (*stops[: pickup + 1], on, *stops[pickup + 1 : dropoff + 1], off, *stops[dropoff + 1 :])
    changed = Tour(tour.vehicle, longer, tour.on_board)
    if not is_in_order(changed):
        return None
    schedule = timed(longer, legs(changed, travel))
    if schedule is None:
        return None
    return Insertion(changed, schedule, pickup + 1, dropoff + 2, added)

"""When a tour is where: the earliest way home that keeps every promise, with nobody on board for longer than need be.

The eight steps of Cordeau and Laporte (2003), "A tabu search heuristic for the static multi-vehicle dial-a-ride
problem", Transportation Research Part B 37(6), 579-594, section 3.2. How far a stop may be put off looks at those alone
who were picked up before it: putting off a pickup makes the ride of its own rider no longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accessibility.dispatch.tours import Load, Place, Stop, StopKind, Tour, Trip
from accessibility.dispatch.travel import Travel

_NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class Schedule:
    """For each stop of a tour, by its place in it: when the van comes, what it does begins, and it leaves."""

    arrivals: tuple[int, ...]
    begins: tuple[int, ...]
    departures: tuple[int, ...]
    driving_seconds: int

    @property
    def seconds(self) -> int:
        """From leaving the first place to arriving at the last."""
        return self.arrivals[-1] - self.departures[0]


def legs(tour: Tour, travel: Travel) -> list[int]:
    """Seconds from each stop to the next one. A break is taken where the van is."""
    at: Place | None = None
    found: list[int] = []
    before: Stop | None = None
    for stop in tour.stops:
        to = stop.place or at
        if to is None:
            raise ValueError("a tour begins somewhere")
        if before is not None and at is not None:
            found.append(travel.seconds(at, to, before.around))
        at, before = to, stop
    return found


def is_in_order(tour: Tour) -> bool:
    """Whether everybody finds a place and gets off after they got on, breaks are taken with nobody on board, and who
    rides alone does."""
    already = _already_on_board(tour)
    load, on_board = tour.on_board, {trip.id for trip in already}
    alone = next((trip.id for trip in already if not trip.is_shared), None)
    for stop in tour.stops:
        trip = stop.trip
        if stop.kind is StopKind.PICKUP and trip is not None:
            if alone is not None or (not trip.is_shared and on_board):
                return False
            load += trip.load
            on_board.add(trip.id)
            alone = None if trip.is_shared else trip.id
            if not tour.vehicle.holds(load):
                return False
        elif stop.kind is StopKind.DROPOFF and trip is not None:
            if trip.id not in on_board:
                return False
            load -= trip.load
            on_board.remove(trip.id)
            alone = None if trip.id == alone else alone
        elif stop.kind is StopKind.BREAK and on_board:
            return False
    return not on_board and load == Load()


def scheduled(tour: Tour, travel: Travel) -> Schedule | None:
    """When the tour is where, or None where it cannot be driven as promised. Whether its order makes sense is asked of
    `is_in_order`."""
    return timed(tour.stops, legs(tour, travel))


def timed(stops: Sequence[Stop], between: Sequence[int]) -> Schedule | None:
    """What `scheduled` does, with the seconds of each leg given."""
    last = len(stops) - 1
    arrivals, begins = [0] * (last + 1), [0] * (last + 1)
    picked_up = {stop.trip.id: at for at, stop in enumerate(stops) if stop.kind is StopKind.PICKUP and stop.trip}
    origins = [picked_up.get(stop.trip.id) if stop.kind is StopKind.DROPOFF and stop.trip else None for stop in stops]
    longest = [stop.trip.longest_ride_seconds if stop.trip else _NO_LIMIT for stop in stops]

    def follow(first: int) -> bool:
        """Steps 2, 5 and 7c: how the day goes on after stop `first`. False: some stop comes too late."""
        for at in range(first + 1, last + 1):
            arrivals[at] = begins[at - 1] + stops[at - 1].seconds + between[at - 1]
            begins[at] = max(arrivals[at], stops[at].window.earliest)
            if begins[at] > stops[at].window.latest:
                return False
        return True

    def delay(first: int) -> int:
        """Steps 3 and 7a: by how much stop `first` can be put off, and no further than waiting takes it up."""
        waiting, most = 0, _NO_LIMIT
        for at in range(first, last + 1):
            if at > first:
                waiting += begins[at] - arrivals[at]
            slack = stops[at].window.latest - begins[at]
            origin = origins[at]
            if origin is not None and origin < first:
                ride = begins[at] - begins[origin] - stops[origin].seconds
                slack = min(slack, max(longest[at] - ride, 0))
            most = min(most, waiting + slack)
        return max(min(most, waiting), 0)

    arrivals[0] = begins[0] = stops[0].window.earliest
    if not follow(0):
        return None
    begins[0] += delay(0)
    follow(0)
    for at in range(1, last):
        if stops[at].kind is StopKind.PICKUP:
            begins[at] += delay(at)
            follow(at)
    for at, origin in enumerate(origins):
        if origin is not None and begins[at] - begins[origin] - stops[origin].seconds > longest[at]:
            return None
    departures = tuple(begin + stop.seconds for begin, stop in zip(begins, stops, strict=True))
    return Schedule(tuple(arrivals), tuple(begins), departures, sum(between))


def _already_on_board(tour: Tour) -> list[Trip]:
    boarding = {stop.trip.id for stop in tour.stops if stop.kind is StopKind.PICKUP and stop.trip}
    ends = (stop.trip for stop in tour.stops if stop.kind is StopKind.DROPOFF)
    return [trip for trip in ends if trip is not None and trip.id not in boarding]

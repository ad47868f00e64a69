"""Whether a plan keeps every promise, found by another way than it was made.

A schedule is looked at rule by rule. Whether a sequence of stops can be driven at all is a system of difference
constraints: "this begins at least so much after that" is an edge of a graph, and times exist where it has no cycle of
positive length (Bellman and Ford; Cormen et al., Introduction to Algorithms, 3rd ed., section 24.4). Nothing of
`timing` or `insertion` is used here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from accessibility.dispatch.timing import Schedule
from accessibility.dispatch.tours import Load, Place, StopKind, Tour, Trip
from accessibility.dispatch.travel import Travel


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise or a rule that is not kept, at which stop of the tour, and of whose trip."""

    rule: str
    stop: int
    trip_id: str | None = None


def violations(tour: Tour, schedule: Schedule, travel: Travel) -> list[Violation]:
    """Everything that is wrong with a tour at these times; nothing where all is kept."""
    found = list(_of_places(tour))
    at = _places(tour)
    for number, stop in enumerate(tour.stops):
        begins = schedule.begins[number]
        trip_id = stop.trip.id if stop.trip else None
        if not stop.window.earliest <= begins <= stop.window.latest:
            found.append(Violation("window", number, trip_id))
        if schedule.departures[number] != begins + stop.seconds or schedule.arrivals[number] > begins:
            found.append(Violation("times", number, trip_id))
        if number:
            before = tour.stops[number - 1]
            leg = travel.seconds(at[number - 1], at[number], before.around)
            if schedule.arrivals[number] < schedule.departures[number - 1] + leg:
                found.append(Violation("travel", number, trip_id))
    for trip, on, off in _rides(tour):
        if schedule.begins[off] - schedule.departures[on] > trip.longest_ride_seconds:
            found.append(Violation("ride_time", off, trip.id))
    return found


def plan_violations(plan: Iterable[tuple[Tour, Schedule]], travel: Travel) -> dict[str, list[Violation]]:
    """What is wrong, by vehicle; a trip that two vehicles serve is wrong at both."""
    tours = list(plan)
    served = Counter(trip.id for tour, _ in tours for trip in tour.trips())
    found: dict[str, list[Violation]] = {}
    for tour, schedule in tours:
        wrong = violations(tour, schedule, travel)
        wrong += [
            Violation("twice", number, stop.trip.id)
            for number, stop in enumerate(tour.stops)
            if stop.kind is StopKind.DROPOFF and stop.trip and served[stop.trip.id] > 1
        ]
        if wrong:
            found[tour.vehicle.id] = wrong
    return found


def can_be_driven(tour: Tour, travel: Travel) -> bool:
    """Whether times exist at which the tour keeps every window, every leg and every longest ride, in this order."""
    if any(True for _ in _of_places(tour)):
        return False
    at, stops = _places(tour), tour.stops
    # (from, to, weight): `to` begins at least `weight` seconds after `from`. The last node is the epoch itself.
    epoch = len(stops)
    edges = []
    for number, stop in enumerate(stops):
        edges += [(epoch, number, stop.window.earliest), (number, epoch, -stop.window.latest)]
        if number:
            leg = travel.seconds(at[number - 1], at[number], stops[number - 1].around)
            edges.append((number - 1, number, stops[number - 1].seconds + leg))
    for trip, on, off in _rides(tour):
        edges.append((off, on, -(stops[on].seconds + trip.longest_ride_seconds)))
    begins = [0] * (epoch + 1)
    for _ in range(epoch + 2):
        moved = False
        for one, other, weight in edges:
            if begins[one] + weight > begins[other]:
                begins[other], moved = begins[one] + weight, True
        if not moved:
            return True
    return False


def _of_places(tour: Tour) -> Iterable[Violation]:
    """Order, places on board, rest, riding alone, and whether the van suits."""
    load, on_board = tour.on_board, {trip.id: trip for trip in _already_on_board(tour)}
    for number, stop in enumerate(tour.stops):
        trip = stop.trip
        if stop.kind is StopKind.PICKUP and trip:
            if not tour.vehicle.suits(trip):
                yield Violation("vehicle", number, trip.id)
            if on_board and not (trip.is_shared and all(each.is_shared for each in on_board.values())):
                yield Violation("alone", number, trip.id)
            on_board[trip.id] = trip
            load += trip.load
            if not tour.vehicle.holds(load):
                yield Violation("places", number, trip.id)
        elif stop.kind is StopKind.DROPOFF and trip:
            if on_board.pop(trip.id, None) is None:
                yield Violation("order", number, trip.id)
            load -= trip.load
        elif stop.kind is StopKind.BREAK and on_board:
            yield Violation("rest", number)
    if on_board or load != Load():
        yield Violation("stranded", len(tour.stops) - 1, next(iter(on_board), None))


def _places(tour: Tour) -> list[Place]:
    found: list[Place] = []
    for stop in tour.stops:
        found.append(stop.place or found[-1])
    return found


def _rides(tour: Tour) -> Iterable[tuple[Trip, int, int]]:
    """Each trip that begins and ends on this tour, and at which stops."""
    begun = {
        stop.trip.id: number for number, stop in enumerate(tour.stops) if stop.kind is StopKind.PICKUP and stop.trip
    }
    for number, stop in enumerate(tour.stops):
        if stop.kind is StopKind.DROPOFF and stop.trip and stop.trip.id in begun:
            yield stop.trip, begun[stop.trip.id], number


def _already_on_board(tour: Tour) -> list[Trip]:
    begun = {stop.trip.id for stop in tour.stops if stop.kind is StopKind.PICKUP and stop.trip}
    ends = [stop.trip for stop in tour.stops if stop.kind is StopKind.DROPOFF and stop.trip]
    return [trip for trip in ends if trip.id not in begun]

"""Timing, insertion and checker against trying every moment, on towns where nothing is as one would wish: one-way
streets, rush hours, ways round that are the quicker ones, people aboard already, breaks, tight shifts, equal times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from accessibility.dispatch.checker import can_be_driven, violations
from accessibility.dispatch.insertion import offers
from accessibility.dispatch.timing import Schedule, is_in_order, legs, scheduled
from accessibility.dispatch.tours import (
    Break,
    Load,
    Place,
    StopKind,
    Tour,
    Trip,
    Vehicle,
    Window,
    dropoff_of,
    empty_tour,
    pickup_of,
)

LAYOUTS = ((Load(1, 4), Load(2, 2)), (Load(0, 6), Load(1, 3), Load(2, 0)), (Load(1, 1),), (Load(3, 0), Load(0, 3)))
LOADS = (Load(1, 0), Load(0, 1), Load(1, 1), Load(2, 0), Load(0, 3), Load(1, 2))


@dataclass(frozen=True)
class Streets:
    """A few places; how long from one to another is anything, and another thing in each other tenth second."""

    places: tuple[Place, ...]
    ways: dict[tuple[Place, Place, int], int]

    def seconds(self, origin: Place, destination: Place, at: int) -> int:
        return self.ways[origin, destination, at // 10 % 2]


def streets(random: Random) -> Streets:
    places = tuple(Place(float(number), 0.0) for number in range(5))
    ways = {
        (one, other, hour): 0 if one == other else random.randrange(7)
        for one in places for other in places for hour in (0, 1)
    }  # fmt: skip
    return Streets(places, ways)


def trip(random: Random, town: Streets, number: int, span: int) -> Trip:
    on, off = random.sample(town.places, 2) if random.random() < 0.9 else (town.places[0], town.places[0])
    begins, width = random.randrange(span), random.choice((0, 0, 1, 2, 5))
    direct = town.seconds(on, off, begins)
    longest = direct + random.choice((0, 0, 1, 2, 4))
    first = random.choice((begins, begins + direct, 0))
    last = max(first, begins + direct + random.choice((0, width, width + longest + 3)))
    return Trip(
        f"trip-{number}", on, off, Window(begins, begins + width), Window(first, last), longest, random.choice(LOADS),
        random.choice((0, 1, 2)), random.choice((0, 1)), is_shared=random.random() < 0.8,
    )  # fmt: skip


def van_under_way(random: Random, town: Streets, span: int) -> Tour:
    """A van with breaks, now and then with somebody aboard."""
    breaks = [random.randrange(span) for _ in range(random.choice((0, 0, 1, 2)))]
    rests = tuple(Break(Window(at, at + random.randrange(6)), random.choice((0, 1, 3))) for at in breaks)
    shift = Window(random.randrange(3), random.randrange(span, span + 12))
    van = Vehicle(
        "van", random.choice(town.places), random.choice(town.places), shift, random.choice(LAYOUTS), rests
    )  # fmt: skip
    tour = empty_tour(van)
    aboard = replace(trip(random, town, 99, span), dropoff_window=Window(0, random.randrange(2, span + 6)))
    with_them = Tour(van, (tour.stops[0], dropoff_of(aboard), *tour.stops[1:]), aboard.load)
    return with_them if random.random() < 0.3 and van.holds(aboard.load) and moments(with_them, town) else tour


def moments(tour: Tour, town: Streets) -> list[int] | None:
    """When each stop begins, found by trying; None: at no moments can it be driven as promised."""
    between = legs(tour, town)
    boarded = {stop.trip: number for number, stop in enumerate(tour.stops) if stop.kind is StopKind.PICKUP}

    def from_here(begun: list[int]) -> list[int] | None:
        number = len(begun)
        if number == len(tour.stops):
            return begun
        stop = tour.stops[number]
        first, last = stop.window.earliest, stop.window.latest
        if number:
            first = max(first, begun[-1] + tour.stops[number - 1].seconds + between[number - 1])
        if stop.kind is StopKind.DROPOFF and stop.trip in boarded:
            on = boarded[stop.trip]
            last = min(last, begun[on] + tour.stops[on].seconds + stop.trip.longest_ride_seconds)
        # Putting off helps nobody but who is picked up there.
        tries = range(first, last + 1) if stop.kind is StopKind.PICKUP else range(first, min(first, last) + 1)
        return next((found for at in tries if (found := from_here([*begun, at])) is not None), None)

    return from_here([])


def everywhere(tour: Tour, new: Trip) -> list[Tour]:
    stops = tour.stops
    return [
        Tour(tour.vehicle, (*stops[:on], pickup_of(new), *stops[on:off], dropoff_of(new), *stops[off:]), tour.on_board)
        for on in range(1, len(stops)) for off in range(on, len(stops))
    ]  # fmt: skip


def test_times_exist_exactly_where_trying_every_moment_finds_some() -> None:
    random, answers = Random(5), [0, 0]
    for _ in range(60):
        town, span = streets(random), random.choice((8, 16, 24))
        tour = van_under_way(random, town, span)
        for number in range(3):
            for tried in everywhere(tour, trip(random, town, number, span)):
                if not is_in_order(tried):
                    assert not can_be_driven(tried, town)
                    continue
                found, schedule = moments(tried, town), scheduled(tried, town)
                assert (found is not None) == can_be_driven(tried, town) == (schedule is not None)
                answers[found is not None] += 1
                if schedule is not None:
                    assert violations(tried, schedule, town) == []
                    tour = tried
    assert min(answers) > 40


def test_the_cheapest_place_is_found_also_where_the_way_round_is_the_quicker_one() -> None:
    random, answers = Random(8), [0, 0]
    for _ in range(150):
        town, span = streets(random), random.choice((8, 16, 24))
        tour = van_under_way(random, town, span)
        for number in range(5):
            new = trip(random, town, number, span)
            before = sum(legs(tour, town))
            costs = [
                sum(legs(each, town)) - before for each in everywhere(tour, new)
                if tour.vehicle.suits(new) and is_in_order(each) and moments(each, town)
            ]  # fmt: skip
            found = offers([tour], new, town, most=1)
            assert [each.added_seconds for each in found] == ([min(costs)] if costs else [])
            answers[bool(found)] += 1
            tour = found[0].tour if found else tour
    assert min(answers) > 50


def test_a_break_after_the_last_ride_is_taken_where_that_ride_ends() -> None:
    far, near = Place(0.0, 0.0), Place(1.0, 0.0)
    town = Streets((far, near), {
        (one, other, hour): 0 if one == other else 6 for one in (far, near) for other in (far, near) for hour in (0, 1)
    })  # fmt: skip
    van = Vehicle("van", far, near, Window(0, 20), (Load(1, 1),), (Break(Window(14, 18), 2),))
    home = Trip("home", near, near, Window(15, 15), Window(15, 16), 5, Load(0, 1), 0, 0)
    # On the way as it is the break could begin at 12 at the latest, were it taken before the way home.
    (found,) = offers([empty_tour(van)], home, town)
    assert [stop.kind.value for stop in found.tour.stops] == ["start", "pickup", "dropoff", "break", "end"]


def test_who_cannot_be_brought_straight_there_in_time_may_be_by_way_of_another_stop() -> None:
    start, market, clinic = (Place(float(number), 0.0) for number in range(3))
    way = {(start, market): 3, (market, clinic): 3, (start, clinic): 20}
    town = Streets((start, market, clinic), {
        (one, other, hour): 0 if one == other else way.get((one, other), 20)
        for one in (start, market, clinic) for other in (start, market, clinic) for hour in (0, 1)
    })  # fmt: skip
    van = Vehicle("van", start, clinic, Window(0, 60), (Load(0, 2),))
    first = Trip("first", start, market, Window(1, 5), Window(1, 9), 10, Load(0, 1), 0, 0)
    ill = Trip("ill", start, clinic, Window(0, 0), Window(0, 10), 12, Load(0, 1), 0, 0)
    (alone,) = offers([empty_tour(van)], first, town)
    (found,) = offers([alone.tour], ill, town)
    assert [stop.trip.id for stop in found.tour.stops if stop.trip] == ["ill", "first", "first", "ill"]


def test_the_checker_finds_every_moment_that_is_wrong_and_no_other() -> None:
    random, answers = Random(13), [0, 0]
    for _ in range(300):
        town, span = streets(random), 16
        tour = van_under_way(random, town, span)
        for found in offers([tour], trip(random, town, 1, span), town):
            begins = [each + random.choice((-1, 0, 0, 0, 0, 0, 1)) for each in found.schedule.begins]
            departs = tuple(at + stop.seconds for at, stop in zip(begins, found.tour.stops, strict=True))
            arrivals = [begins[0], *(at + leg for at, leg in zip(departs, legs(found.tour, town), strict=False))]
            moved = Schedule(tuple(arrivals), tuple(begins), departs, found.schedule.driving_seconds)
            is_kept = _kept(found.tour, begins, legs(found.tour, town))
            assert (violations(found.tour, moved, town) == []) == is_kept
            answers[is_kept] += 1
    assert min(answers) > 20


def _kept(tour: Tour, begins: Sequence[int], between: Sequence[int]) -> bool:
    at = {(stop.kind, stop.trip): number for number, stop in enumerate(tour.stops)}
    rides = [
        begins[off] - begins[on] - tour.stops[on].seconds <= each.longest_ride_seconds
        for each in tour.trips()
        if (on := at.get((StopKind.PICKUP, each))) is not None and (off := at[StopKind.DROPOFF, each])
    ]
    windows = [
        stop.window.earliest <= begin <= stop.window.latest for stop, begin in zip(tour.stops, begins, strict=True)
    ]
    ways = [
        begins[number + 1] >= begins[number] + tour.stops[number].seconds + leg for number, leg in enumerate(between)
    ]
    return all(rides) and all(windows) and all(ways)

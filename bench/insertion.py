"""One more ride in a day that is planned: how long it takes to find the cheapest van that keeps every promise.

170 vans over the districts by where people live, each out for fourteen hours (two drivers) with a break; 2,400 requests
with a peak in the morning and one in the afternoon, taken one after the other. The yardstick tries every place of every
van and times each exactly.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from accessibility.dispatch import checker, insertion, timing
from accessibility.dispatch.tours import (
    Break,
    Load,
    Place,
    Tour,
    Trip,
    Vehicle,
    Window,
    dropoff_of,
    empty_tour,
    pickup_of,
)
from accessibility.dispatch.travel import GreatCircle
from bench.load import percentile

AIM_P99_SECONDS = 0.3
SEED = 20_261_121
# Midnight in Taipei of a Monday.
_DAY = 1_793_548_800
_HOURS = (6, 7, 7, 7, 8, 8, 8, 9, 9, 10, 11, 13, 14, 15, 15, 16, 16, 16, 17, 18, 20)
_MIDDLE = (22.63, 120.31)
_TRAVEL = GreatCircle()


@dataclass(frozen=True, slots=True)
class Result:
    """CPU seconds of each insertion while the plan is full, and of the exhaustive search on a few of the same."""

    vans: int
    requests: int
    taken: int
    seconds: list[float]
    compared_seconds: list[float]
    exhaustive_seconds: list[float]


def measure(*, vans: int = 170, requests: int = 2_400, compared: int = 5) -> Result:
    """Plan a day, and time each request of its last quarter. Raises AssertionError where the plan breaks a promise or
    another way finds a cheaper place."""
    random = Random(SEED)
    plan = {each.vehicle.id: each for each in (empty_tour(_van(random, number)) for number in range(vans))}
    seconds: list[float] = []
    both: tuple[list[float], list[float]] = ([], [])
    taken = 0
    for number in range(requests):
        trip = _trip(random, number)
        before = time.process_time()
        found = insertion.offers(list(plan.values()), trip, _TRAVEL)
        took = time.process_time() - before
        if number >= requests * 3 // 4:
            seconds.append(took)
        if number >= requests - compared:
            before = time.process_time()
            cheapest = _cheapest_by_trying(plan.values(), trip)
            both[0].append(took)
            both[1].append(time.process_time() - before)
            assert cheapest == (found[0].added_seconds if found else None)
        if found:
            plan[found[0].tour.vehicle.id] = found[0].tour
            taken += 1
    timed = [(tour, timing.scheduled(tour, _TRAVEL)) for tour in plan.values()]
    assert not checker.plan_violations([(tour, each) for tour, each in timed if each is not None], _TRAVEL)
    assert all(each is not None for _, each in timed)
    return Result(vans, requests, taken, seconds, *both)


def show(result: Result) -> None:
    """One line for people."""
    p50, p99 = (percentile(result.seconds, share) * 1000 for share in (0.5, 0.99))
    print(
        f"  {result.taken} of {result.requests} rides in the plan of {result.vans} vans; "
        f"one more takes {p50:.1f} ms (p50), {p99:.1f} ms (p99)"
    )


def _cheapest_by_trying(plan: Iterable[Tour], trip: Trip) -> int | None:
    best: int | None = None
    for tour in plan:
        if not tour.vehicle.suits(trip):
            continue
        before = sum(timing.legs(tour, _TRAVEL))
        stops = tour.stops
        for first in range(1, len(stops)):
            for second in range(first, len(stops)):
                tried = (*stops[:first], pickup_of(trip), *stops[first:second], dropoff_of(trip), *stops[second:])
                changed = Tour(tour.vehicle, tried, tour.on_board)
                schedule = timing.scheduled(changed, _TRAVEL) if timing.is_in_order(changed) else None
                if schedule is not None and (best is None or schedule.driving_seconds - before < best):
                    best = schedule.driving_seconds - before
    return best


def _van(random: Random, number: int) -> Vehicle:
    begins = _DAY + random.choice((6, 6, 6, 7, 8, 9)) * 3_600
    depot = _place(random)
    rest = Break(Window(begins + 4 * 3_600, begins + 6 * 3_600), 1_800)
    layouts = (Load(1, 4), Load(2, 2))
    return Vehicle(f"van-{number}", depot, depot, Window(begins, begins + 14 * 3_600), layouts, (rest,))


def _trip(random: Random, number: int) -> Trip:
    on, off = _place(random), _place(random)
    begins = _DAY + random.choice(_HOURS) * 3_600 + random.randrange(12) * 300
    direct = _TRAVEL.seconds(on, off, begins)
    longest = direct * 3 // 2 + 600
    last = begins + 1_800 + 300 + longest
    return Trip(
        f"trip-{number}", on, off, Window(begins - 600, begins + 1_800), Window(begins, last), longest,
        Load(1, random.randrange(2)), 300, 180,
    )  # fmt: skip


def _place(random: Random) -> Place:
    """Most people live in the middle; the code of the district only says how fast one drives there."""
    latitude, longitude = (random.gauss(middle, 0.045) for middle in _MIDDLE)
    return Place(latitude, longitude, f"64000{random.randrange(1, 30):02d}0")

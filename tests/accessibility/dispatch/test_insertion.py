"""The cheapest place for one more trip is found wherever there is one, and no promise that was made is broken by it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from accessibility.dispatch.checker import can_be_driven, violations
from accessibility.dispatch.insertion import offers, why_not, without
from accessibility.dispatch.timing import legs
from accessibility.dispatch.tours import (
    Load,
    Tour,
    Trip,
    Vehicle,
    Wheelchair,
    Window,
    dropoff_of,
    empty_tour,
    pickup_of,
)
from tests.accessibility.dispatch.small_city import DAY, Square, place, trip, van

SQUARE = Square()


def _everywhere(tour: Tour, new: Trip) -> int | None:
    """The least that the trip adds to the drive at any two places of the tour, tried one by one with the checker."""
    best = None
    before = sum(legs(tour, SQUARE))
    stops = tour.stops
    for first in range(1, len(stops)):
        for second in range(first, len(stops)):
            tried = (*stops[:first], pickup_of(new), *stops[first:second], dropoff_of(new), *stops[second:])
            changed = Tour(tour.vehicle, tried, tour.on_board)
            if can_be_driven(changed, SQUARE):
                added = sum(legs(changed, SQUARE)) - before
                best = added if best is None else min(best, added)
    return best


def test_it_is_the_cheapest_of_all_places_of_all_vans_and_none_only_where_there_is_none() -> None:
    random, answers = Random(11), [0, 0]
    for _ in range(8):
        plan = [empty_tour(van(random, number, hours=4)) for number in range(2)]
        for number in range(20):
            new = trip(random, number)
            found = offers(plan, new, SQUARE, most=2)
            by_hand = [each for tour in plan if (each := _everywhere(tour, new)) is not None]
            assert [each.added_seconds for each in found] == sorted(by_hand)
            answers[bool(found)] += 1
            if found:
                assert violations(found[0].tour, found[0].schedule, SQUARE) == []
                plan = [found[0].tour if tour.vehicle == found[0].tour.vehicle else tour for tour in plan]
    assert min(answers) > 20


def test_what_was_promised_to_others_is_kept_however_many_come_later() -> None:
    random = Random(3)
    plan = {each.vehicle.id: each for each in (empty_tour(van(random, number)) for number in range(4))}
    taken = 0
    for number in range(60):
        new = trip(random, number, spread_minutes=420)
        for found in offers(list(plan.values()), new, SQUARE, most=1):
            # What the rider is told is a promise from now on.
            promised = Window(found.picked_up - 300, min(found.picked_up + 600, new.pickup_window.latest))
            kept = replace(new, pickup_window=promised, longest_ride_seconds=found.ride_seconds + 300)
            again = offers([plan[found.tour.vehicle.id]], kept, SQUARE, most=1)
            plan[found.tour.vehicle.id] = again[0].tour if again else found.tour
            taken += 1
        for each in plan.values():
            assert can_be_driven(each, SQUARE)
    assert taken > 25
    assert sum(len(list(each.trips())) for each in plan.values()) == taken


def _van(**changed: object) -> Vehicle:
    depot = place(Random(1))
    shift = Window(DAY, DAY + 8 * 3_600)
    of = Vehicle("van", depot, depot, shift, (Load(1, 4), Load(2, 2)), largest=Wheelchair(700, 1_200, 300))
    return replace(of, **changed)  # type: ignore[arg-type]


def _trip(**changed: object) -> Trip:
    random = Random(5)
    of = replace(trip(random, 1), pickup_window=Window(DAY + 7_200, DAY + 8_100), is_shared=True, load=Load(1, 0),
                 dropoff_window=Window(DAY + 7_200, DAY + 14_400), longest_ride_seconds=3_600)  # fmt: skip
    return replace(of, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vehicle", "new", "reason"),
    [
        pytest.param(_van(), _trip(wheelchairs=(Wheelchair(760, 1_200, 150),)), (1, 0, 0), id="a chair too wide"),
        pytest.param(_van(), _trip(wheelchairs=(Wheelchair(600, 1_000, 310),)), (1, 0, 0), id="too heavy for the lift"),
        pytest.param(_van(), _trip(load=Load(2, 3)), (1, 0, 0), id="two chairs leave two seats"),
        pytest.param(_van(), _trip(needs=frozenset({"oxygen"})), (1, 0, 0), id="nothing to hold the oxygen"),
        pytest.param(_van(shift=Window(DAY, DAY + 3_600)), _trip(), (0, 1, 0), id="the shift is over by then"),
        pytest.param(_van(), _trip(longest_ride_seconds=1), (0, 0, 1), id="a ride in no time"),
    ],
)
def test_where_nobody_can_come_it_is_said_why(vehicle: Vehicle, new: Trip, reason: tuple[int, int, int]) -> None:
    plan = [empty_tour(vehicle)]
    assert offers(plan, new, SQUARE) == []
    found = why_not(plan, new)
    assert (found.does_not_suit, found.off_shift, found.not_free) == reason


def test_places_trade_off_two_chairs_leave_two_seats() -> None:
    plan = [empty_tour(_van())]
    for number, load in enumerate((Load(1, 1), Load(1, 1))):
        (found,) = offers(plan, _trip(id=f"trip-{number}", load=load), SQUARE)
        plan = [found.tour]
    third = offers(plan, _trip(id="third", load=Load(0, 1)), SQUARE)[0]
    # It cannot be aboard with both of them: two chairs and two seats are taken.
    on_board, most = Load(), Load()
    for stop in third.tour.stops:
        if stop.trip is not None:
            on_board = on_board + stop.trip.load if stop.kind == "pickup" else on_board - stop.trip.load
            assert third.tour.vehicle.holds(on_board)
            most = max(most, on_board, key=lambda load: load.wheelchairs + load.seats)
    assert most.wheelchairs + most.seats <= 4


def test_who_rides_alone_does() -> None:
    (first,) = offers([empty_tour(_van())], _trip(id="alone", is_shared=False), SQUARE)
    (second,) = offers([first.tour], _trip(id="other"), SQUARE)
    order = [(stop.kind.value, stop.trip.id) for stop in second.tour.stops if stop.trip]
    alone = [order.index(("pickup", "alone")), order.index(("dropoff", "alone"))]
    assert alone[1] == alone[0] + 1


def test_who_is_on_board_is_brought_where_they_were_promised_whoever_else_is_taken() -> None:
    aboard = _trip(id="aboard", dropoff_window=Window(DAY, DAY + 2_400))
    of = empty_tour(_van())
    now = replace(of.stops[0], place=aboard.pickup)
    tour = Tour(of.vehicle, (now, dropoff_of(aboard), of.stops[-1]), on_board=aboard.load)
    (found,) = offers([tour], _trip(id="next", pickup_window=Window(DAY, DAY + 3_600)), SQUARE)
    assert violations(found.tour, found.schedule, SQUARE) == []
    (out,) = [number for number, stop in enumerate(found.tour.stops) if stop.trip and stop.trip.id == "aboard"]
    assert found.schedule.begins[out] <= DAY + 2_400


def test_a_trip_that_is_taken_out_leaves_the_tour_as_it_was() -> None:
    of = empty_tour(_van())
    (found,) = offers([of], _trip(), SQUARE)
    assert without(found.tour, _trip().id) == of
    assert [kind for kind, _ in pairwise(stop.kind for stop in of.stops)] == ["start"]

"""Tours are timed as promised or not at all, and no tour that can be driven is turned down."""

from __future__ import annotations

from random import Random

from accessibility.dispatch.checker import can_be_driven, violations
from accessibility.dispatch.timing import is_in_order, scheduled
from accessibility.dispatch.tours import Tour, dropoff_of, empty_tour, pickup_of
from tests.accessibility.dispatch.small_city import Square, trip, van

SQUARE = Square()


def _random_tour(random: Random) -> Tour:
    """Some trips with near windows in an order in which everybody gets on before they get off."""
    empty = empty_tour(van(random, 1))
    trips = [trip(random, number, spread_minutes=60) for number in range(random.randint(1, 4))]
    waiting = [pickup_of(each) for each in trips]
    stops, on_board = [], []
    random.shuffle(waiting)
    while waiting or on_board:
        if waiting and (not on_board or random.random() < 0.5):
            stop = waiting.pop()
            on_board.append(dropoff_of(stop.trip))  # type: ignore[arg-type]
        else:
            stop = on_board.pop(random.randrange(len(on_board)))
        stops.append(stop)
    return Tour(empty.vehicle, (empty.stops[0], *stops, empty.stops[-1]))


def test_what_can_be_driven_is_timed_without_a_violation_and_what_cannot_is_refused() -> None:
    random, answers = Random(7), [0, 0]
    for _ in range(2_500):
        tour = _random_tour(random)
        if not is_in_order(tour):
            assert not can_be_driven(tour, SQUARE)
            continue
        schedule = scheduled(tour, SQUARE)
        possible = can_be_driven(tour, SQUARE)
        assert (schedule is not None) == possible
        answers[possible] += 1
        if schedule is not None:
            assert violations(tour, schedule, SQUARE) == []
    assert min(answers) > 100

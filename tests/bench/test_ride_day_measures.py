"""Whether groups of riders fare differently by more than chance: what is planted is found, what hangs together is not."""

from __future__ import annotations

from random import Random

from bench.ride_day.demand import Errand, errands
from bench.ride_day.measures import Ridden, may_be_chance

WANTED = errands(legs=480, seed=4)


def rides() -> list[Ridden]:
    return [Ridden(errand, leg, None, None, None, None) for errand in WANTED for leg in errand.legs]


def served(errand: Errand, random: Random, share: float) -> set[str]:
    """Both ways or neither, as they are booked."""
    return {leg.id for leg in errand.legs} if random.random() < share else set()


def test_rides_there_and_back_are_one_observation_and_chance_alone_is_called_chance() -> None:
    """In sixty cities that treat everybody alike, no more than the one in twenty of a right test say otherwise."""
    alarms = 0
    for seed in range(60):
        random = Random(seed)
        of = set().union(*(served(errand, random, 0.86) for errand in WANTED))
        alarms += not all(may_be_chance(rides(), of).values())
    assert alarms <= 6


def test_riders_in_wheelchairs_who_are_left_behind_are_found() -> None:
    random = Random(1)
    of = set().union(
        *(served(each, random, 0.65 if each.person.wheelchair == "manual" else 0.95) for each in WANTED)
    )  # fmt: skip
    found = may_be_chance(rides(), of)
    assert not found["wheelchair"] and found["complained before"]

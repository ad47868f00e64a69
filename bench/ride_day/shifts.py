"""The city's vans of the simulation: depots, shifts with a break, places; and which of them break down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Final

from bench.ride_day.population import Spot
from bench.ride_day.streets import luck

DEPOTS: Final = {
    "zuoying": Spot(22.687, 120.307, "64000030"), "sanmin": Spot(22.650, 120.330, "64000050"),
    "qianzhen": Spot(22.600, 120.320, "64000090"), "fengshan": Spot(22.627, 120.357, "64000120"),
    "gangshan": Spot(22.795, 120.298, "64000190"), "qishan": Spot(22.886, 120.483, "64000300"),
}  # fmt: skip
# Of ten vans so many start from each.
_DEPOT_OF: Final = (
    "zuoying", "sanmin", "qianzhen", "fengshan", "sanmin", "gangshan", "zuoying", "fengshan", "qianzhen", "qishan",
)  # fmt: skip
# Most are out for one driver's shift: the peaks are what vans are bought for. Begin, end, and when the break begins.
_SHIFTS: Final = (
    ((time(6), time(15), time(10, 0)), (time(15), time(23, 0), time(18, 30))),
    ((time(6), time(15, 30), time(10, 30)),),
    ((time(6), time(15), time(9, 30)),),
    ((time(7), time(17), time(12, 15)),),
    ((time(7), time(17, 30), time(13, 0)),),
    ((time(6), time(15), time(10, 0)), (time(15), time(23, 0), time(19, 0))),
    ((time(6, 30), time(16, 30), time(11, 30)),),
    ((time(7), time(18), time(13, 0)),),
    ((time(10), time(20), time(14, 0)),),
    ((time(7), time(17), time(12, 30)),),
)  # fmt: skip
BREAK_MINUTES: Final = 40
BREAK_WITHIN_MINUTES: Final = 100
LAYOUTS: Final = ((1, 4), (2, 2))
LARGEST_MM: Final = (700, 1_200)
HEAVIEST_KG: Final = 300
MODEL: Final = "Ford Transit"


@dataclass(frozen=True, slots=True)
class Shift:
    """One driver's hours in a van; the break begins within `BREAK_WITHIN_MINUTES` of `rests`."""

    begins: time
    ends: time
    rests: time


@dataclass(frozen=True, slots=True)
class Van:
    """One van of the city."""

    number: str
    depot: str
    shifts: tuple[Shift, ...]


def vans(count: int) -> list[Van]:
    """The first so many vans: the same mix of depots and hours for any number."""
    return [
        Van(f"KH-{number:03d}", _DEPOT_OF[number % 10], tuple(Shift(*each) for each in _SHIFTS[number * 7 % 10]))
        for number in range(count)
    ]


def breaks_down_at(number: str, seed: int) -> float | None:
    """The hour at which a van stops for good that day; None for most: about three in a hundred do."""
    if luck(seed, "breakdown", number) >= 0.03:
        return None
    return 6.5 + 12 * luck(seed, "breakdown hour", number)

"""What a ride would cost in a taxi by day: of it the rider of a Rehabus pays a share.

高雄市復康巴士服務及收費辦法 counts from the day fare of taxis, also at night. The rates are
kept as data, because they are announced anew from time to time; those below are of a public forum and not confirmed by
an announcement.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Final

from accessibility.dispatch.tours import Place
from accessibility.dispatch.travel import great_circle_metres


@dataclass(frozen=True, slots=True)
class Tariff:
    """`first_twd` for the first `first_metres`, and `each_twd` for each `each_metres` begun after it."""

    first_twd: int
    first_metres: int
    each_twd: int
    each_metres: int
    is_confirmed: bool

    def price_twd(self, metres: float) -> int:
        """The fare for so many metres of road."""
        return self.first_twd + self.each_twd * max(0, ceil((metres - self.first_metres) / self.each_metres))


TAXI_BY_DAY: Final = Tariff(85, 1_500, 5, 250, is_confirmed=False)
_DETOUR: Final = 1.35


def day_fare_twd(places: tuple[Place, ...], tariff: Tariff = TAXI_BY_DAY) -> int:
    """The fare of a ride by way of these places, in whole NT$."""
    return tariff.price_twd(sum(great_circle_metres(one, other) * _DETOUR for one, other in pairwise(places)))

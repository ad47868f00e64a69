"""Whether two shares differ by more than chance: Fisher's exact test, Newcombe's interval, Holm's correction.

Fisher 1935 (two-sided by the sum of all tables that are no likelier); Newcombe 1998, Statistics in Medicine 17:873,
method 10 (from Wilson's score intervals); Holm 1979, Scandinavian Journal of Statistics 6:65. Counts are independent
observations: one of each rider.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, lgamma, sqrt
from typing import Final

_Z: Final = 1.959963984540054
_SAME: Final = 1 + 1e-7
"""Two tables are equally likely when their probabilities differ by no more than rounding does."""


@lru_cache(maxsize=4096)
def fisher(hits: int, of: int, other_hits: int, of_others: int) -> float:
    """The two-sided p-value of `hits` of `of` against `other_hits` of `of_others`; 1 where nothing can be told."""
    total, all_hits = of + of_others, hits + other_hits
    least, most = max(0, all_hits - of_others), min(of, all_hits)
    if least >= most:
        return 1.0
    fixed = _log_choose(total, all_hits)
    likely = [
        exp(_log_choose(of, count) + _log_choose(of_others, all_hits - count) - fixed)
        for count in range(least, most + 1)
    ]
    seen = likely[hits - least] * _SAME
    return min(1.0, sum(each for each in likely if each <= seen))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z
    middle = share + square / (2 * of)
    half = _Z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, (middle - half) / (1 + square / of)), min(1.0, (middle + half) / (1 + square / of))


def difference(hits: int, of: int, other_hits: int, of_others: int) -> tuple[float, float, float]:
    """How much larger the first share is, with the 95 % interval of that by Newcombe. Both groups have somebody."""
    one, other = hits / of, other_hits / of_others
    low, high = wilson(hits, of)
    other_low, other_high = wilson(other_hits, of_others)
    apart = one - other
    return (
        apart,
        apart - sqrt((one - low) ** 2 + (other_high - other) ** 2),
        apart + sqrt((high - one) ** 2 + (other - other_low) ** 2),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for there being so many, in the same order: the chance of one false alarm among all."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected, worst = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, p_values[index] * (len(p_values) - rank)))
        corrected[index] = worst
    return corrected


def _log_choose(of: int, count: int) -> float:
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)

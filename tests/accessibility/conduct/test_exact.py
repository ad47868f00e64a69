"""Fisher's test, Newcombe's interval and Holm's correction against values from their papers and by brute force."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from accessibility.conduct import exact


def brute(hits: int, of: int, other_hits: int, of_others: int) -> float:
    all_hits = hits + other_hits
    tables = {
        count: Fraction(comb(of, count) * comb(of_others, all_hits - count), comb(of + of_others, all_hits))
        for count in range(max(0, all_hits - of_others), min(of, all_hits) + 1)
    }
    return float(sum(each for each in tables.values() if each <= tables[hits]))


def test_fisher_s_own_tea() -> None:
    assert exact.fisher(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert exact.fisher(4, 4, 0, 4) == pytest.approx(2 / 70)


def test_fisher_agrees_with_all_tables_counted() -> None:
    for of in (1, 5, 9):
        for of_others in (1, 7, 30):
            for hits in range(of + 1):
                for other_hits in range(0, of_others + 1, 3):
                    assert exact.fisher(hits, of, other_hits, of_others) == pytest.approx(
                        brute(hits, of, other_hits, of_others), rel=1e-6
                    )


def test_fisher_of_many_is_quick_and_small_where_the_difference_is_large() -> None:
    assert exact.fisher(600, 2_000, 900, 6_000) < 1e-40
    assert exact.fisher(300, 2_000, 900, 6_000) == pytest.approx(1.0, abs=1e-9)


def test_newcombe_s_interval_of_his_paper() -> None:
    """Table II of the paper: 56/70 against 48/80, and 0/10 against 0/10, by method 10."""
    apart, low, high = exact.difference(56, 70, 48, 80)
    assert (round(apart, 4), round(low, 4), round(high, 4)) == (0.2, 0.0524, 0.3339)
    assert [round(value, 4) for value in exact.difference(0, 10, 0, 10)] == [0.0, -0.2775, 0.2775]


def test_holm_corrects_the_smallest_most_and_never_reverses_an_order() -> None:
    assert exact.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert exact.holm([]) == []
    assert exact.holm([0.9, 0.8]) == [1.0, 1.0]

"""A month of a small city from a seed: liability, breakage, budgets, costs and settlements agree to the point."""

from __future__ import annotations

from bench import points_month
from core import db


def test_a_month_of_a_small_city_reconciles_to_the_point(database: db.Database) -> None:
    result = points_month.run(people=25, seed=7)
    assert not result.wrong, [(line.what, line.said) for line in result.wrong]
    for what in ("redemptions", "refunds", "given back", "holds let go", "lots lapsed", "settlements"):
        assert result.done[what] > 0, what

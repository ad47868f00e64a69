"""A month of a small city from a seed, with partners, shops and the bank: every number agrees to the point and dollar."""

from __future__ import annotations

from pathlib import Path

from bench import points_month
from core import db


def test_a_month_of_a_small_city_reconciles_to_the_point(database: db.Database, tmp_path: Path) -> None:
    result = points_month.run(people=40, seed=7, folder=tmp_path, busy=3.0)
    assert not result.wrong, [(line.what, line.said) for line in result.wrong]
    for what in ("redemptions", "refunds", "deeds", "given back", "holds let go", "exchanges",
                 "months received", "lots lapsed", "settlements"):  # fmt: skip
        assert result.done[what] > 0, what

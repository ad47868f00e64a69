"""A morning of a small city from a seed, by the real use cases: vans that break down, taxis with every temper, riders
who do not come. Nobody is stranded, nobody has two rides, and every promise is kept or explained in time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bench.ride_day import measures, running
from bench.ride_day.demand import MIDNIGHT
from core import db


def test_a_day_of_a_small_city_leaves_nobody_stranded_doubled_or_waiting_in_silence(
    database: db.Database, tmp_path: Path
) -> None:
    until = MIDNIGHT + timedelta(hours=15)
    result = running.run(legs=96, vans=6, taxis=0.07, seed=running.SEED, folder=tmp_path, until=until)
    assert result.verdict.findings == []
    ours = result.ours
    assert ours.served >= 0.8 * ours.wanted > 25
    assert ours.van_rides and ours.taxi_rides
    assert ours.promises["kept"] > 0 and measures.rows(ours, result.theirs)

"""The demo city has vans that drive, and one at any hour."""

from __future__ import annotations

from datetime import timedelta

from api import demo_vans
from core import db
from partners.fleets.contents import FleetOffer
from tests.accessibility.own_fleet.city_vans import NOW, Fleet, rows, wish


def test_the_demo_s_vans_are_loaded_once_and_take_rides_at_any_hour(fleet: Fleet) -> None:
    for _ in range(2):
        with db.unit_of_work() as session:
            demo_vans.load(session)
    assert [row.n for row in rows("SELECT count(*) AS n FROM accessibility.van")] == [demo_vans.VANS]
    assert isinstance(fleet.port.ask(fleet.dispatch(), wish()), FleetOffer)
    night = NOW.replace(hour=3) + timedelta(days=1)
    assert isinstance(
        fleet.port.ask(
            fleet.dispatch(),
            wish(
                pick_up_at=night,
                window_starts_at=night - timedelta(minutes=20),
                window_ends_at=night + timedelta(minutes=20),
            ),
        ),
        FleetOffer,
    )

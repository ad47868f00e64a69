"""The city's own vans in a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api import wiring
from core import clock, db
from core.clock import TAIPEI
from tests.accessibility.own_fleet.city_vans import Fleet, a_van
from tests.accessibility.own_fleet.driving_city import Driven, listening


@pytest.fixture
def fleet(database: db.Database) -> Fleet:
    """The fleet before it has a van."""
    return Fleet()


@pytest.fixture
def driven(client: FlaskClient, tmp_path: Path) -> Iterator[Driven]:
    """One van at eight o'clock of the next morning in Taipei, whatever the hour is, with somebody at its wheel."""
    ahead = tmp_path / "ahead"
    real = clock.now()
    eight = (real.astimezone(TAIPEI) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)

    def to(at: datetime) -> None:
        clock.put_ahead(ahead, at - real)

    to(eight)
    clock.follow(ahead)
    fleet = Fleet()
    fleet.clock.puts_ahead = to
    fleet.clock.at = eight
    a_van("R001", breaks=[("11:00", "12:30", 30)])
    driven = Driven(client, fleet, listening(), eight)
    yield driven
    clock.follow(None)
    wiring.plug_in()

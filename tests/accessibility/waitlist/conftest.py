"""The small city, and the right clock afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from accessibility.fleets import ports as fleet_ports
from core import clock, db
from tests.accessibility.waitlist import small_city
from tests.accessibility.waitlist.small_city import City


@pytest.fixture
def city(database: db.Database, tmp_path: Path) -> Iterator[City]:
    before = dict(fleet_ports._fleets)
    yield small_city.made(tmp_path / "ahead")
    clock.follow(None)
    fleet_ports.plug_in(before)

"""The city's own vans in a database of the test's own."""

from __future__ import annotations

import pytest

from core import db
from tests.accessibility.own_fleet.city_vans import Fleet


@pytest.fixture
def fleet(database: db.Database) -> Fleet:
    """The fleet before it has a van."""
    return Fleet()

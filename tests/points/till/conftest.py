"""A shop with a till, somebody with a thousand points, and a clock that can be put ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from core import clock
from tests.points.till.city import Phone, Shop, phone, shop


@pytest.fixture
def cafe(client: FlaskClient) -> Shop:
    return shop(client)


@pytest.fixture
def mei(client: FlaskClient) -> Phone:
    return phone(client, 1_000)


@pytest.fixture
def later(tmp_path: Path) -> Iterator[Callable[[timedelta], None]]:
    """Put the application's clock ahead by so much in all."""
    file = tmp_path / "ahead"
    clock.follow(file)
    yield lambda by: clock.put_ahead(file, by)
    clock.follow(None)

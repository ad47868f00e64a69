"""A ride from its offer to its fare, all of it told by the webhooks of a fleet of the sandbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from fleet_city import drive_until
from sandbox_process import SandboxBooks, free_port, start_sandbox
from werkzeug.serving import make_server

from tests.accessibility.rides.city import RideCity, ride_city


@pytest.fixture
def town(client: FlaskClient, tmp_path: Path) -> Iterator[RideCity]:
    """A city whose fleets tell it what happens."""
    port = free_port()
    server = make_server("127.0.0.1", port, client.application, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    sandbox = start_sandbox(tmp_path, f"http://127.0.0.1:{port}")
    yield ride_city(SandboxBooks(sandbox.url))
    sandbox.stop()
    server.shutdown()
    serving.join()


def test_a_ride_from_its_offer_to_its_fare_is_told_by_the_fleet(town: RideCity) -> None:
    town.books.set_switch("yellow", "telling", "duplicate_webhook")
    town.books.set_switch("yellow", "bind", "double_confirms")
    ride = town.bound(town.rider())
    town.settle(until=1)
    _until(lambda: bool(town.ride(ride).driver))
    _until(lambda: bool(town.rows("SELECT * FROM accessibility.second_yes")))
    town.settle(until=20)
    assert len(town.their_orders("bound")) == 1
    drive_until(town.books.url, town.now + timedelta(hours=5, minutes=3))
    _until(lambda: town.ride(ride).status in ("on_the_way", "at_door", "aboard"))
    drive_until(town.books.url, town.now + timedelta(hours=8))
    _until(lambda: town.ride(ride).status == "done")
    after = town.ride(ride)
    (theirs,) = town.their_orders("done")
    assert after.fare_twd == theirs["fare_twd"]
    assert town.rows("SELECT * FROM accessibility.position") == []
    assert len(town.told("ride_done")) == 1
    town.agree()


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it was never told")

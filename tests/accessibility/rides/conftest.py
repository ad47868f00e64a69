"""One sandbox for these tests; before each, its books are fresh and everything behaves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_process import SandboxBooks, SandboxProcess, start_sandbox

from core import db
from tests.accessibility.rides.city import RideCity, ride_city


@pytest.fixture(scope="session")
def fleets_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    os.environ["SANDBOX_FLEETS_SLOWNESS"] = "0"
    process = start_sandbox(Path(tmp_path_factory.mktemp("sandbox")))
    yield process
    process.stop()


@pytest.fixture
def books(fleets_sandbox: SandboxProcess) -> SandboxBooks:
    books = SandboxBooks(fleets_sandbox.url)
    books.clear_switches()
    books.reset()
    return books


@pytest.fixture
def town(database: db.Database, books: SandboxBooks) -> RideCity:
    return ride_city(books)

"""A city with this room alone behind the real front door, and real sandboxes outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from identity_city import City
from sandbox_process import SandboxBooks, SandboxProcess, start_sandbox

from api.front_door import view_of
from core.db import Database
from identity import ports, routes
from partners import wire
from partners.bureaus.client import BureausClient
from partners.sms.client import SmsClient


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for this room's tests."""
    process = start_sandbox(Path(tmp_path_factory.mktemp("sandbox")))
    yield process
    process.stop()


@pytest.fixture
def outside(sandbox_process: SandboxProcess) -> SandboxBooks:
    """The sandbox's books, as at first."""
    books = SandboxBooks(sandbox_process.url)
    books.clear_switches()
    books.reset()
    return books


@pytest.fixture(scope="session")
def app() -> Flask:
    """This room's routes behind the front door."""
    app = Flask("identity")
    for room in routes.ROUTES:
        for route in room.declared:
            app.add_url_rule(route.path, endpoint=route.view.__name__, view_func=view_of(route), methods=[route.method])
    return app


@pytest.fixture
def city(app: Flask, database: Database, outside: SandboxBooks) -> City:
    """An empty city whose outside systems behave."""
    bureaus = BureausClient(
        wire.Peer("bureaus", f"{outside.url}/bureaus", "sandbox-bureaus-secret", read_timeout_seconds=2.0)
    )
    ports.plug_in(
        telephone=SmsClient(wire.Peer("sms", f"{outside.url}/sms", "sandbox-sms-secret", read_timeout_seconds=2.0)),
        vehicles=bureaus,
        households=bureaus,
    )
    return City(app, database, outside)

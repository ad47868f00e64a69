"""A sandbox with the register of certificates, and this process asking it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks, SandboxProcess, start_sandbox

from accessibility.riders import ports
from partners import wire
from partners.bureaus.client import BureausClient


@pytest.fixture(scope="session")
def sandbox_of_riders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A running sandbox for all tests of this room."""
    process = start_sandbox(Path(tmp_path_factory.mktemp("sandbox")))
    yield process
    process.stop()


@pytest.fixture
def register(sandbox_of_riders: SandboxProcess, client: FlaskClient) -> SandboxBooks:
    """The register's books and switches, as at first; the application asks it and waits a moment."""
    books = SandboxBooks(sandbox_of_riders.url)
    books.clear_switches()
    books.reset()
    peer = wire.Peer("bureaus", f"{books.url}/bureaus", "sandbox-bureaus-secret", read_timeout_seconds=0.4)
    ports.plug_in(certificates=BureausClient(peer))
    return books

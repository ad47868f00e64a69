"""One sandbox for these tests; before each, its books are fresh and everything behaves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_process import SandboxBooks, SandboxProcess, start_sandbox

from core import db
from tests.points.exchange.city import City, city
from tests.points.exchange.mortal_worker import MortalWorker, start_worker


@pytest.fixture(scope="session")
def partners_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    os.environ["SANDBOX_SEVENELEVEN_SECONDS"] = "3600"
    process = start_sandbox(Path(tmp_path_factory.mktemp("sandbox")))
    yield process
    process.stop()


@pytest.fixture(scope="session")
def mortal_worker(partners_sandbox: SandboxProcess) -> Iterator[MortalWorker]:
    """A process whose copies are killed, one for all tests."""
    worker = start_worker(partners_sandbox.url)
    yield worker
    worker.stop()


@pytest.fixture
def books(partners_sandbox: SandboxProcess) -> SandboxBooks:
    books = SandboxBooks(partners_sandbox.url)
    books.clear_switches()
    books.reset()
    return books


@pytest.fixture
def kaohsiung(database: db.Database, books: SandboxBooks) -> City:
    return city(books.url)

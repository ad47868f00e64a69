"""What every test stands on: a real PostgreSQL from the wheel, a fresh migrated database each, real Redis, the app."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from state_folders import STATE_PARENT

_STATE = Path(tempfile.mkdtemp(prefix="mykh-test-", dir=STATE_PARENT))
os.chmod(_STATE, 0o755)
os.environ.update({"STATE_DIR": str(_STATE), "ARGON2_MEMORY_KIB": "1024", "MYKH_DEMO": "1"})
for _name in ("DATABASE_URL", "BROKER_URL", "PUBLIC_ORIGIN", "PORT", "SANDBOX_PORT"):
    os.environ.pop(_name, None)

from costs import Costs  # noqa: E402
from fresh_databases import FreshDatabases  # noqa: E402
from running_copies import end_all_but, put_in_order, shared  # noqa: E402
from stack import Stack, troubles_of  # noqa: E402

from api import prepare, wiring  # noqa: E402
from api.app import create_app  # noqa: E402
from core import db, embedded, migrate  # noqa: E402
from core.settings import Settings, settings  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--costs`: see `costs.py`."""
    parser.addoption("--costs", metavar="FILE", help="append to this file what each file of tests costs")


def pytest_configure(config: pytest.Config) -> None:
    """With `--costs`, measure from here on; the process that only hands out the files runs none."""
    into = config.getoption("--costs")
    if into and config.getoption("dist", "no") == "no":
        config.pluginmanager.register(Costs(Path(into)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order in which they take least."""
    put_in_order(items)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """A running copy that the next file does not share ends."""
    end_all_but(nextitem)


def pytest_collection_finish() -> None:
    """What thousands of collected tests consist of stays until the end: the garbage collector need not look at it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To a failure of a test that has a running copy, the errors of that copy's own logs are added."""
    report = yield
    if report.failed:
        report.sections += troubles_of(getattr(item, "funcargs", {}))
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[embedded.Postgres]:
    """A server for this run of tests. Durability is off: the tests that need it start a stack of their own."""
    options = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    server = embedded.start_postgres(_STATE, options)
    embedded.make_database(server, "template")
    migrate.to_head(server.url("template"))
    yield server
    server.stop(immediately=True)


def pytest_unconfigure() -> None:
    """Nothing stays of a run, also of one that was broken off or that needed no database."""
    end_all_but(None)
    shutil.rmtree(_STATE, ignore_errors=True)


@pytest.fixture(scope="session")
def fresh_databases(postgres: embedded.Postgres) -> Iterator[dict[str, FreshDatabases]]:
    """Where tests get their databases: with nothing in them, or with the reference data."""
    kinds = {"bare": FreshDatabases(postgres, "template"), "seeded": FreshDatabases(postgres, "template", _seed)}
    yield kinds
    for kind in kinds.values():
        kind.throw_away()


@pytest.fixture
def database(request: pytest.FixtureRequest, fresh_databases: dict[str, FreshDatabases]) -> db.Database:
    """A fresh database at the newest revision, and this process pointed at it; for a `client` with the reference data."""
    kind = fresh_databases["seeded" if "client" in request.fixturenames else "bare"]
    if request.node.get_closest_marker("untouched_database"):
        kind.throw_away()
    return kind.take()


@pytest.fixture
def client(database: db.Database) -> Iterator[FlaskClient]:
    """The whole application in this process, on a fresh database with the reference data."""
    wiring.plug_in()
    with _application(settings()).test_client() as test_client:
        yield test_client


def _seed(database: db.Database) -> None:
    with database.unit_of_work() as session:
        prepare.seed(session)


@cache
def _application(_of: Settings) -> Flask:
    """The application for these settings, made once: it keeps nothing from one test to the next."""
    return create_app()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis server for this run of tests."""
    server = embedded.start_redis(_STATE)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def samples_dir() -> Path:
    """The shared samples; a clone alone has none, and says so."""
    folder = Path(os.environ.get("SAMPLES_DIR", "../shared/samples"))
    if not folder.is_dir():
        pytest.skip(f"no samples at {folder} (set SAMPLES_DIR)")
    return folder


@pytest.fixture(scope="module")
def stack() -> Stack:
    """The whole product, running, with the demo city in it. Shared by files: use people of your own where it matters."""
    folder = STATE_PARENT / f"mykh-stack-{os.getpid()}"
    copy: Stack = shared("stack", lambda: Stack(folder).start(), Stack.remove)
    return copy

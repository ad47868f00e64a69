"""The unit of work: everything in it is committed together, or nothing is; and what counts as an outage."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from core import db, outbox
from core.clock import now
from core.errors import Conflict, Problem
from core.text import Text


class Kept(Problem):
    """A refusal whose traces stay."""

    slug = "conflict"
    status = 409
    title = explanation = Text("留", "kept")
    keeps = True


@pytest.fixture(autouse=True)
def table(database: db.Database) -> None:
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE note (words text PRIMARY KEY)"))


def _write(database: db.Database, words: str, failure: BaseException | None = None) -> None:
    with database.unit_of_work() as session:
        session.execute(text("INSERT INTO note VALUES (:words)"), {"words": words})
        if failure is not None:
            raise failure


def _notes(database: db.Database) -> list[str]:
    with database.unit_of_work() as session:
        return list(session.scalars(text("SELECT words FROM note ORDER BY words")))


def test_what_ends_well_is_committed(database: db.Database) -> None:
    _write(database, "a")
    assert _notes(database) == ["a"]


@pytest.mark.parametrize("failure", [Conflict(), ValueError(), KeyboardInterrupt()])
def test_what_fails_leaves_nothing(database: db.Database, failure: BaseException) -> None:
    with pytest.raises(type(failure)):
        _write(database, "a", failure)
    assert _notes(database) == []


def test_a_refusal_that_keeps_leaves_with_its_traces_committed(database: db.Database) -> None:
    with pytest.raises(Kept):
        _write(database, "a", Kept())
    assert _notes(database) == ["a"]


def test_events_are_handed_over_after_the_commit_and_never_without_one(database: db.Database) -> None:
    handed: list[object] = []
    db.hand_over_events_to(lambda ids: handed.extend([*ids, _notes(database)]))
    try:
        with pytest.raises(ValueError, match="no"), database.unit_of_work() as session:
            outbox.record(session, "test.lost", {}, now=now())
            raise ValueError("no")
        assert handed == []
        with database.unit_of_work() as session:
            session.execute(text("INSERT INTO note VALUES ('seen')"))
            event_id = outbox.record(session, "test.kept", {}, now=now())
            assert handed == []
        assert handed == [event_id, ["seen"]]
    finally:
        db.hand_over_events_to(None)


def test_connections_go_back_even_when_a_unit_fails(database: db.Database) -> None:
    for _ in range(100):
        with pytest.raises(ZeroDivisionError):
            _write(database, "a", ZeroDivisionError())
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_an_unreachable_database_is_an_outage_and_a_wrong_statement_is_not(database: db.Database) -> None:
    gone = db.Database("postgresql:///x?host=/nonexistent")
    with pytest.raises(OperationalError) as outage, gone.unit_of_work() as session:
        session.execute(text("SELECT 1"))
    assert db.is_outage(outage.value)
    _write(database, "a")
    with pytest.raises(IntegrityError) as twice:
        _write(database, "a")
    with pytest.raises(DBAPIError) as wrong, database.unit_of_work() as session:
        session.execute(text("SELECT nothing"))
    assert not db.is_outage(twice.value) and not db.is_outage(wrong.value) and not db.is_outage(ValueError())


def test_a_connection_that_the_server_ended_is_an_outage_once_and_then_replaced(database: db.Database) -> None:
    with pytest.raises(DBAPIError) as ended, database.unit_of_work() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert db.is_outage(ended.value)
    assert _notes(database) == []


def test_moments_are_in_utc_and_statements_end_some_time(database: db.Database) -> None:
    with database.unit_of_work() as session:
        assert session.scalar(text("SHOW timezone")) == "UTC"
        assert session.scalar(text("SHOW statement_timeout")) == "1min"
        assert session.scalar(text("SHOW lock_timeout")) == "10s"

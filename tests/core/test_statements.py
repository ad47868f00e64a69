"""Written statements: prepared, sent together, sent with the commit; and what happens when one of them fails."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from core import db
from core.ids import new_uuid
from core.statements import together, with_commit
from identity.models import Person

# What is counted as prepared has to be of the test's own connections.
pytestmark = pytest.mark.untouched_database

_ADD = text("INSERT INTO note (id, words) VALUES (:id, :words)")
_READ = text("SELECT id, words, :id = id AS is_it FROM note WHERE id = :id")
_COUNT = text("SELECT count(*) FROM note WHERE words LIKE :words AND words <> '%'")


@pytest.fixture(autouse=True)
def table(database: db.Database) -> None:
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE note (id uuid PRIMARY KEY, words text NOT NULL CHECK (words <> ''))"))


def _add(database: db.Database, words: str = "a") -> UUID:
    identifier = new_uuid()
    with database.unit_of_work() as session:
        session.execute(_ADD, {"id": identifier, "words": words})
    return identifier


def _there(database: db.Database) -> int:
    with database.unit_of_work() as session:
        return int(session.execute(_COUNT, {"words": "%"}).scalar_one())


def _prepared(session: Session) -> int:
    return int(
        session.execute(text("SELECT count(*) FROM pg_prepared_statements WHERE :all"), {"all": True}).scalar_one()
    )


def test_a_statement_answers_the_same_before_and_after_it_is_prepared(database: db.Database) -> None:
    identifier = _add(database, "雞排 100%")
    with database.unit_of_work() as session:
        for _ in range(6):
            result: Any = session.execute(_READ, {"id": identifier, "unused": 1})
            assert (result.rowcount, result.returns_rows) == (1, True)
            row = result.one()
            assert row == (identifier, "雞排 100%", True) and row.is_it and row._mapping["words"] == row.words
        assert _prepared(session) == 1
        changed: Any = session.execute(text("UPDATE note SET words = :w WHERE id = :id"), {"w": "b", "id": identifier})
        assert (changed.rowcount, changed.returns_rows, changed.all()) == (1, False, [])


def test_one_statement_takes_values_of_several_types(database: db.Database) -> None:
    with database.unit_of_work() as session:
        for value in (1, 2**40, None, "7") * 4:
            asked = session.execute(text("SELECT CAST(:v AS bigint) AS v"), {"v": value}).scalar_one()
            assert asked == (None if value is None else int(value))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["", "NULL", None, 'a"b', "a\\\\b", "{}", "a,b", " 雞排 ", "\\n\n"]),
        ("uuid", [UUID(int=7), None]),
        ("bigint", [1, -(2**40), None]),
        ("boolean", [True, False, None]),
        ("timestamptz", [datetime(2026, 11, 21, 9, 30, tzinfo=UTC), None]),
        ("bytea", [b"\x00\xff", None]),
        ("numeric", [Decimal("1.50")]),
        ("text", []),
        ("text", [None]),
    ],
)
def test_lists_arrive_as_arrays_of_the_same_elements(database: db.Database, kind: str, values: list[object]) -> None:
    cast = text(f"SELECT CAST(:values AS {kind}[]) AS those, cardinality(CAST(:values AS {kind}[])) AS many")
    with database.unit_of_work() as session:
        for _ in range(4):
            assert session.execute(cast, {"values": values}).one() == (values, len(values))
        both = text(f"SELECT CAST(:values AS {kind}[]) AS those WHERE :values = :values")
        if values and None not in values:
            assert session.execute(both, {"values": values}).scalar_one() == values


def test_a_transaction_begins_as_it_was_asked_for(database: db.Database) -> None:
    shown = text("SELECT current_setting(:one) || ', ' || current_setting(:other)")
    asked = {"one": "transaction_isolation", "other": "transaction_read_only"}
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.unit_of_work() as session:
        session.connection(execution_options=options)
        assert session.execute(shown, asked).scalar_one() == "repeatable read, on"
    with database.unit_of_work() as session:
        assert session.execute(shown, asked).scalar_one() == "read committed, off"


def test_only_the_latest_two_hundred_stay_prepared(database: db.Database) -> None:
    with database.unit_of_work() as session:
        for number in range(230):
            statement = text(f"SELECT CAST(:v AS int) + {number}")
            for _ in range(3):
                assert session.execute(statement, {"v": 1}).scalar_one() == number + 1
        assert _prepared(session) == 200


def test_a_savepoint_undone_leaves_what_is_prepared_usable(database: db.Database) -> None:
    identifier = _add(database)
    with database.unit_of_work() as session:
        for _ in range(8):
            session.execute(select(Person).where(Person.id == identifier)).first()
            session.execute(_READ, {"id": identifier}).one()
        assert _prepared(session) == 2
        inner = session.begin_nested()
        with pytest.raises(IntegrityError):
            session.execute(_ADD, {"id": identifier, "words": "again"})
        inner.rollback()
        session.execute(select(Person).where(Person.id == identifier)).first()
        assert session.execute(_READ, {"id": identifier}).one().words == "a"


def test_a_table_that_a_migration_widened_costs_one_error_at_most(database: db.Database) -> None:
    identifier, everything = _add(database), text("SELECT * FROM note WHERE id = :id")
    with database.unit_of_work() as session:
        for _ in range(4):
            session.execute(everything, {"id": identifier}).one()
    with database.unit_of_work() as session:
        session.execute(text("ALTER TABLE note ADD COLUMN more int"))
    with pytest.raises(DBAPIError, match="cached plan"), database.unit_of_work() as session:
        session.execute(everything, {"id": identifier})
    with database.unit_of_work() as session:
        assert session.execute(everything, {"id": identifier}).one().more is None


def test_statements_together_are_executed_in_their_order_in_one_transaction(database: db.Database) -> None:
    one, two = new_uuid(), new_uuid()
    for _ in range(4):
        with pytest.raises(ZeroDivisionError), database.unit_of_work() as session:
            added, counted, _ = together(
                session, (_ADD, {"id": one, "words": "a"}), (_COUNT, {"words": "%"}), (_ADD, {"id": two, "words": "b"})
            )
            assert added.rowcount == 1 and counted.scalar_one() == 1
            assert session.execute(_COUNT, {"words": "%"}).scalar_one() == 2
            raise ZeroDivisionError
        assert _there(database) == 0


def test_the_first_of_statements_together_that_fails_ends_them_all(database: db.Database) -> None:
    identifier = _add(database)
    for _ in range(4):
        with pytest.raises(IntegrityError, match="note_pkey"), database.unit_of_work() as session:
            together(
                session,
                (_ADD, {"id": new_uuid(), "words": "a"}),
                (_ADD, {"id": identifier, "words": "again"}),
                (_ADD, {"id": new_uuid(), "words": ""}),
            )
        assert _there(database) == 1


def test_what_goes_with_the_commit_is_committed_with_the_rest(database: db.Database) -> None:
    for before in (0, 2, 4, 6):
        with database.unit_of_work() as session:
            with_commit(session, _ADD, {"id": new_uuid(), "words": "last"})
            session.execute(_ADD, {"id": new_uuid(), "words": "first"})
            assert session.execute(_COUNT, {"words": "%"}).scalar_one() == before + 1
        assert _there(database) == before + 2


def test_what_goes_with_the_commit_and_fails_undoes_the_rest(database: db.Database) -> None:
    for _ in range(4):
        with pytest.raises(IntegrityError), database.unit_of_work() as session:
            session.execute(_ADD, {"id": new_uuid(), "words": "first"})
            with_commit(session, _ADD, {"id": new_uuid(), "words": ""})
        assert _there(database) == 0
        with pytest.raises(ZeroDivisionError), database.unit_of_work() as session:
            with_commit(session, _ADD, {"id": new_uuid(), "words": "never"})
            raise ZeroDivisionError
        assert _there(database) == 0
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_server_that_goes_while_statements_travel_together_is_an_outage(database: db.Database) -> None:
    kill = text("SELECT pg_terminate_backend(pg_backend_pid()) WHERE :now")
    with pytest.raises(DBAPIError) as ended, database.unit_of_work() as session:
        together(session, (_COUNT, {"words": "%"}), (kill, {"now": True}), (_COUNT, {"words": "%"}))
    assert db.is_outage(ended.value)
    with pytest.raises(DBAPIError) as ended, database.unit_of_work() as session:
        with_commit(session, kill, {"now": True})
    assert db.is_outage(ended.value)
    assert _there(database) == 0

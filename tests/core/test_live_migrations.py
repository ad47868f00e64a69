"""Revisions run on a city that goes on: no table that is full is kept from those who write to it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from core import embedded, migrate

BEFORE = "0030"
FULL = (
    "notify.message", "notify.delivery", "notify.device", "notify.subscription", "notify.candidate",
    "notify.trigger_fired", "notify.digest_line", "notify.person_day", "notify.preference", "identity.linked_account",
)  # fmt: skip
FILL = """
    INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, last_seen_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'fid', sha256(n::text::bytea), '\\x00', '', now(), now()
      FROM generate_series(1, 2000) AS n;
    INSERT INTO notify.message (person_id, id, kind, title_zh, title_en, body_zh, body_en, link, why, event_id,
                                created_at)
    SELECT person_id, gen_random_uuid(), 'payment_receipt', '', '', '', '', '', '{}', gen_random_uuid(), now()
      FROM notify.device;
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at)
    SELECT gen_random_uuid(), m.id, d.id, m.event_id, 'pending', now(), now()
      FROM notify.message m JOIN notify.device d USING (person_id);
"""
WRITES = (
    "INSERT INTO notify.message (person_id, id, kind, title_zh, title_en, body_zh, body_en, link, why, event_id, "
    "created_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'x', '', '', '', '', '', '{}', gen_random_uuid(), now())",
    "UPDATE notify.delivery SET next_at = now() WHERE id = (SELECT id FROM notify.delivery LIMIT 1)",
    "UPDATE notify.device SET last_seen_at = now() WHERE id = (SELECT id FROM notify.device LIMIT 1)",
)
_KEEPS_WRITERS_OUT = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
_HELD = """
    SELECT n.nspname || '.' || c.relname AS name, l.mode
      FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE l.pid = %s AND l.granted AND l.mode = ANY(%s) AND n.nspname || '.' || c.relname = ANY(%s)
"""
_READS_EVERY_ROW = re.compile(
    r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)[^;]*? ON (?P<index>[a-z_.]+)"
    r"|ALTER TABLE (?P<check>[a-z_.]+)[^;]*ADD CONSTRAINT(?![^;]*NOT VALID)[^;]*;"
    r"|ALTER TABLE (?P<rewrite>[a-z_.]+)[^;]*(GENERATED ALWAYS AS \(|ALTER COLUMN \w+ TYPE)",
)


@pytest.fixture
def city(postgres: embedded.Postgres) -> Iterator[str]:
    """The address of a database at the revision of before, with rows in the tables that it has."""
    name = f"live_{os.getpid()}"
    embedded.make_database(postgres, name)
    url = postgres.url(name)
    migrate.to_revision(url, BEFORE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL)
    yield url
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _after_each_statement(url: str, look: Callable[[int, str], None]) -> Iterator[None]:
    """Call `look` with the backend and the words of each statement that is run on this database, once it has run."""
    database = make_url(url).database

    def listen(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if connection.engine.url.database == database:
            look(connection.connection.dbapi_connection.info.backend_pid, statement)

    event.listen(Engine, "after_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", listen)


def test_no_full_table_is_locked_from_one_statement_to_the_next_nor_read_under_a_lock(city: str) -> None:
    found: list[str] = []
    stop, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        with psycopg.connect(city, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '8s'")
            while not stop.is_set():
                for statement in WRITES:
                    connection.execute(statement)
                written += 1

    with psycopg.connect(city, autocommit=True) as observer:
        there = set(FULL)

        def look(pid: int, statement: str) -> None:
            for name, mode in observer.execute(_HELD, [pid, list(_KEEPS_WRITERS_OUT), list(FULL)]).fetchall():
                found.append(f"{mode} on {name} is kept after: {' '.join(statement.split())[:100]}")
            for match in _READS_EVERY_ROW.finditer(statement):
                table = match["index"] or match["check"] or match["rewrite"]
                # What this very statement has made has no rows yet.
                if table in there and f"CREATE TABLE IF NOT EXISTS {table} " not in statement:
                    is_there = observer.execute("SELECT to_regclass(%s)", [table]).fetchone()
                    if is_there != (None,):
                        found.append(f"{table} is read under a lock by: {' '.join(match[0].split())[:100]}")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            with _after_each_statement(city, look):
                migrate.to_head(city)
        finally:
            stop.set()
            writer.join(20)
    assert found == []
    assert written > 0 and not writer.is_alive()


def test_a_revision_that_stops_anywhere_begins_again(city: str) -> None:
    class Stopped(Exception):
        pass

    for last in (4, 9, 14, 20, 27, 35):
        ran = 0

        def stop(_pid: int, _statement: str, last: int = last) -> None:
            nonlocal ran
            ran += 1
            if ran == last:
                raise Stopped

        with _after_each_statement(city, stop), pytest.raises(Stopped):
            migrate.to_head(city)
    migrate.to_head(city)
    with psycopg.connect(city) as connection:
        revision = connection.execute("SELECT version_num FROM core.alembic_version").fetchone()
        broken = connection.execute("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid").fetchall()
        unread = connection.execute(
            "SELECT conname FROM pg_constraint WHERE NOT convalidated AND conrelid::regclass::text = ANY(%s)",
            [list(FULL)],
        ).fetchall()
    assert (revision, broken, unread) == ((migrate.head(),), [], [])


def test_an_index_whose_building_was_stopped_is_built_anew(city: str) -> None:
    with psycopg.connect(city, autocommit=True) as connection:
        connection.execute("CREATE INDEX message_of_run ON notify.message (kind)")
        connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'notify.message_of_run'::regclass"
        )
    migrate.to_revision(city, "0031")
    with psycopg.connect(city) as connection:
        (definition,) = connection.execute("SELECT pg_get_indexdef('notify.message_of_run'::regclass)").fetchone() or ()
    assert definition.endswith("(run_id, person_id) WHERE (run_id IS NOT NULL)")

"""A fresh migrated database for every test, without making one each time.

Copying and dropping a database of a thousand relations, and reading its catalogue in connections that know nothing yet,
would cost several times what a test itself does. So a database goes from one test to the next with its connections, and
is put back in between: tables that were empty are emptied, tables that held rows get these again, sequences start anew.

What cannot be put back is thrown away, and the next test gets a new copy: a database whose schema or statistics a test
changed, that somebody is still connected to, or that many tests have used.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakSet

import psycopg
from sqlalchemy.pool import QueuePool

from core import db, embedded
from ledger import known_accounts

MOST_USES: Final = 150
MOST_ROWS_TAKEN_BACK: Final = 20_000
CONNECTIONS_KEPT: Final = 3
_numbers = itertools.count()
_pools: Final[WeakSet[db.Database]] = WeakSet()

_TABLES: Final = """
    SELECT c.oid, c.oid::regclass::text AS name,
           (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns,
           (SELECT coalesce(array_agg(quote_ident(tgname)), '{}') FROM pg_trigger
             WHERE tgrelid = c.oid AND tgenabled = 'A' AND NOT tgisinternal) AS always_guarded_by
      FROM pg_class AS c
     WHERE c.relkind = 'r' AND c.relpersistence = 'p'
       AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
     ORDER BY c.oid
"""
_SEQUENCES: Final = """
    SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' AND relpersistence = 'p' ORDER BY oid
"""
# Temporary tables are everyday work; whatever else a test creates, alters, grants or drops is noted.
_WATCH_THE_SCHEMA: Final = """
    CREATE TABLE public.change_of_schema (command text NOT NULL);
    CREATE FUNCTION public.note_change_of_schema() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF tg_event = 'ddl_command_end' THEN
            INSERT INTO public.change_of_schema SELECT command_tag FROM pg_event_trigger_ddl_commands()
             WHERE schema_name IS DISTINCT FROM 'pg_temp';
        ELSE
            INSERT INTO public.change_of_schema SELECT tg_tag FROM pg_event_trigger_dropped_objects()
             WHERE NOT is_temporary;
        END IF;
    END $$;
    CREATE EVENT TRIGGER note_change ON ddl_command_end EXECUTE FUNCTION public.note_change_of_schema();
    CREATE EVENT TRIGGER note_drop ON sql_drop EXECUTE FUNCTION public.note_change_of_schema();
"""
_OTHERS: Final = """
    SELECT count(*) FILTER (WHERE state = 'idle'), count(*) FILTER (WHERE state <> 'idle'),
           (SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
             WHERE l.locktype = 'advisory' AND d.datname = current_database())
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass
class _Kept:
    """A database, this process's pool of connections to it, and the connection that puts it back."""

    name: str
    pool: db.Database
    watch: psycopg.Connection[Any]
    put_back_at: int = 0
    rows_taken_back: int = 0
    uses: int = 0


@dataclass
class FreshDatabases:
    """Databases as `template` is, one at a time. `prepare` may write into the template before the first is copied."""

    server: embedded.Postgres
    template: str
    prepare: Callable[[db.Database], None] | None = None
    _kept: _Kept | None = field(default=None, init=False)

    def take(self) -> db.Database:
        """A database as at first, and this process pointed at it; the one taken before is over."""
        kept = self._kept
        if db._current is not None and db._current not in _pools:
            db._current.engine.dispose()
        if kept is None or not _put_back(kept):
            self.throw_away()
            kept = self._kept = self._made()
        kept.uses += 1
        # The accounts that the last test opened are gone with it.
        known_accounts.forget()
        # As after `db.configure`, but over the connections that there are.
        _pools.add(kept.pool)
        db._current = kept.pool
        db._current.after_commit = db._after_commit
        return kept.pool

    def throw_away(self) -> None:
        """Drop the kept database: the next is a new copy."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            kept.watch.close()
            kept.pool.engine.dispose()
            with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{kept.name}" WITH (FORCE)')

    def _made(self) -> _Kept:
        if self.prepare is not None:
            self._prepare_template(self.prepare)
            self.prepare = None
        name = f"test_{os.getpid()}_{next(_numbers)}"
        embedded.make_database(self.server, name, template=self.template)
        url = self.server.url(name)
        watch = psycopg.connect(url, autocommit=True)
        # The guards of the tables are not asked: a replica fires no triggers, but for those that always are.
        watch.execute("SET session_replication_role = replica; SET lock_timeout = '2s'; SET statement_timeout = '20s'")
        _learn(watch)
        return _Kept(name, db.Database(url), watch)

    def _prepare_template(self, prepare: Callable[[db.Database], None]) -> None:
        prepared = f"{self.template}_prepared"
        embedded.make_database(self.server, prepared, template=self.template)
        database = db.Database(self.server.url(prepared))
        prepare(database)
        database.engine.dispose()
        self.template = prepared


def _learn(watch: psycopg.Connection[Any]) -> None:
    """Keep the rows that the database has, and make the function that puts it back to them: both are this session's."""
    steps = []
    tables = watch.execute(_TABLES).fetchall()
    for place, (_oid, table, columns, guards) in enumerate(tables):
        found = watch.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert found is not None
        rows = found[0]
        changed, again = f"sizes[{place + 1}] > 0 AND EXISTS (SELECT FROM {table})", ""
        if rows:
            watch.execute(f"CREATE TEMPORARY TABLE kept_{place} AS SELECT {columns} FROM {table}")
            changed = (
                f"EXISTS (SELECT FROM {table} WHERE xmin::text::bigint > since) "
                f"OR (SELECT count(*) FROM {table}) <> {rows}"
            )
            again = (
                f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM pg_temp.kept_{place};"
            )
        lowered = "".join(f"ALTER TABLE {table} DISABLE TRIGGER {guard};" for guard in guards)
        raised = "".join(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard};" for guard in guards)
        steps.append(f"""
            IF {changed} THEN
                {lowered} DELETE FROM {table}; GET DIAGNOSTICS part = ROW_COUNT; taken := taken + part; {again} {raised}
            END IF;""")
    for (sequence,) in watch.execute(_SEQUENCES).fetchall():
        stands = watch.execute(f"SELECT last_value, is_called FROM {sequence}").fetchone()
        assert stands is not None
        value, is_called = stands
        steps.append(f"""
            IF (SELECT (last_value, is_called) <> ({value}, {is_called}) FROM {sequence}) THEN
                PERFORM setval('{sequence}', {value}, {is_called});
            END IF;""")
    oids = ", ".join(str(oid) for oid, *_ in tables)
    watch.execute(f"""
        CREATE FUNCTION pg_temp.put_back(since bigint, OUT now_at bigint, OUT taken bigint)
        LANGUAGE plpgsql AS $put_back$
        DECLARE
            part bigint;
            sizes bigint[] := ARRAY(SELECT pg_relation_size(id) FROM unnest('{{{oids}}}'::oid[]) AS id);
        BEGIN
            IF EXISTS (SELECT FROM public.change_of_schema)
               OR EXISTS (SELECT FROM pg_statistic WHERE starelid >= 16384) THEN
                RETURN;
            END IF;
            taken := 0;
            {"".join(steps)}
            now_at := pg_current_xact_id()::text::bigint;
        END $put_back$""")
    watch.execute(_WATCH_THE_SCHEMA)


def _put_back(kept: _Kept) -> bool:
    """Undo what was written since; whether the database is as at first now."""
    if kept.uses >= MOST_USES or kept.rows_taken_back >= MOST_ROWS_TAKEN_BACK:
        return False
    try:
        if not _is_alone(kept):
            return False
        row = kept.watch.execute("SELECT * FROM pg_temp.put_back(%s)", (kept.put_back_at,)).fetchone()
    except psycopg.Error:
        return False
    assert row is not None
    if row[0] is None:
        return False
    kept.put_back_at = row[0]
    kept.rows_taken_back += row[1]
    if kept.pool.engine.dispatch.before_cursor_execute:
        # A test listens to what is sent; the next one's engine is another.
        kept.pool.engine.dispose()
        kept.pool = db.Database(kept.pool.url)
    return True


def _is_alone(kept: _Kept) -> bool:
    """Whether nobody but this process's own idle connections is in the database; who is leaving is waited for."""
    pool = kept.pool.engine.pool
    assert isinstance(pool, QueuePool)
    if pool.checkedout():
        return False
    if pool.checkedin() > CONNECTIONS_KEPT:
        # They would be used in turn, and each would have to get to know the database.
        kept.pool.engine.dispose()
        pool = kept.pool.engine.pool
    for _ in range(20):
        row = kept.watch.execute(_OTHERS).fetchone()
        assert row is not None
        idle, busy, locks = row
        if idle <= pool.checkedin() and not busy and not locks:
            return True
        time.sleep(0.005)
    return False

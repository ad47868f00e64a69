"""Alembic's entry: forward only, one transaction per revision, one migrator at a time."""

from __future__ import annotations

import time

from alembic import context
from sqlalchemy import text

from core.db import Database
from core.settings import settings

_ONE_MIGRATOR = 7_270_001
_PAUSE_SECONDS = 0.2


def run() -> None:
    """Bring the database up to head."""
    url = context.config.attributes.get("database_url") or settings().database_url
    engine = Database(url, connections=4).engine
    try:
        with engine.connect() as connection:
            # Two machines that start at once must not both migrate; the second finds nothing left to do. It asks again
            # and again: an index built beside its users would wait for a statement that waits for its builder.
            while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ONE_MIGRATOR}).scalar():
                connection.commit()
                time.sleep(_PAUSE_SECONDS)
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("CREATE SCHEMA IF NOT EXISTS core"))
            connection.commit()
            context.configure(
                connection=connection, target_metadata=None, version_table_schema="core", transaction_per_migration=True
            )
            with context.begin_transaction():
                context.run_migrations()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ONE_MIGRATOR})
            connection.commit()
    finally:
        # With its connection the lock goes too, however this ends.
        engine.dispose()


run()

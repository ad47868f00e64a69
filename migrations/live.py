"""Changing big tables while the city uses them.

A revision runs in one transaction, which would keep its locks until it ends. What touches a table that is already full
is therefore done here, outside it, each step by itself; and since a revision that stops half way begins again, each
step may be done twice.
"""

from __future__ import annotations

import time

from alembic import op
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

_PATIENCE = "1s"
_TRIES = 120
_PAUSE_SECONDS = 0.5
_LOCK_NOT_AVAILABLE = "55P03"


def briefly(statements: str) -> None:
    """Run statements that lock a table wholly but read none of its rows: in a transaction of their own, which gives up
    rather than let the table's users queue behind it for longer than a second, and tries again."""
    with op.get_context().autocommit_block():
        for left in reversed(range(_TRIES)):
            try:
                op.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'; {statements}"))
                return
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE or not left:
                    raise
                time.sleep(_PAUSE_SECONDS)


def check(table: str, name: str, condition: str) -> None:
    """Put a constraint in place of the one of that name, if any, and have the rows of today read beside their users."""
    briefly(
        f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(text(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))


def index(schema: str, name: str, definition: str, *, unique: bool = False) -> None:
    """Build an index beside the table's users. `definition` is what follows its name. What a stopped build left is
    taken away first."""
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        connection.execute(text("SET lock_timeout = 0"))
        found = connection.execute(_FIND, {"schema": schema, "name": name}).scalar()
        if found is False:
            connection.execute(text(f"DROP INDEX CONCURRENTLY {schema}.{name}"))
        if not found:
            kind = "UNIQUE INDEX" if unique else "INDEX"
            connection.execute(text(f"CREATE {kind} CONCURRENTLY {name} {definition}"))
        connection.execute(text("SET lock_timeout = '10s'"))


def drop_index(schema: str, name: str) -> None:
    """Take an index away beside the table's users."""
    with op.get_context().autocommit_block():
        op.execute(text("SET lock_timeout = 0"))
        op.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {schema}.{name}"))
        op.execute(text("SET lock_timeout = '10s'"))


_FIND = text(
    """
    SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = :schema AND c.relname = :name
    """
)

"""The sandbox's books: one SQLite file, read by a connection per thread and written by one thread at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Seed = Callable[["Books"], None]


class Books:
    """Opens (and at first sight fills) the books in `path`: `schemas` are SQL scripts, `seeds` put in the beginning.

    `added` are columns (table, name, definition) that books of an older version lack.
    One process owns the file. Its writers queue at a lock of ours: SQLite's own way of waiting is to sleep and try
    again, which under 64 threads costs tens of milliseconds where the write itself costs 50 microseconds.
    """

    def __init__(
        self,
        path: Path,
        schemas: Sequence[str],
        seeds: Sequence[Seed],
        added: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._seeds = seeds
        self._here = threading.local()
        self._write_turn = threading.Lock()
        self._buffers: list[tuple[Callable[[], None], Callable[[], None]]] = []
        for schema in schemas:
            self._connection().executescript(schema)
            self._add_missing_columns(schema)
        for table, column, definition in added:
            if column not in {row["name"] for row in self.all(f'PRAGMA table_info("{table}")')}:
                self._connection().execute(f'ALTER TABLE "{table}" ADD COLUMN {column} {definition}')
        is_new = self.one("SELECT 1 FROM book_opened") is None
        if is_new:
            self._fill()

    def one(self, sql: str, *values: object) -> Row | None:
        """The first row of a query, or None."""
        row = self._connection().execute(sql, values).fetchone()
        return None if row is None else dict(row)

    def all(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query."""
        return [dict(row) for row in self._connection().execute(sql, values)]

    def each(self, sql: str, *values: object) -> Iterator[Row]:
        """The rows of a query one by one, however many there are."""
        for row in self._connection().execute(sql, values):
            yield dict(row)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One short write transaction: committed at the end, rolled back when an exception passes through."""
        connection = self._connection()
        with self._write_turn:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def with_buffer(self, *, write: Callable[[], None], forget: Callable[[], None]) -> None:
        """From now on there is a book that is written in batches: `write` writes what waits, `forget` drops it."""
        self._buffers.append((write, forget))

    def write_buffers(self) -> None:
        """Write what waits, before a book is read."""
        for write, _ in self._buffers:
            write()

    def reset(self) -> None:
        """Empties every book and fills in the beginning again. The switches stay as they are."""
        for _, forget in self._buffers:
            forget()
        tables = self.all(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'switchboard'"
        )
        with self.writing() as connection:
            for table in tables:
                connection.execute(f'DELETE FROM "{table["name"]}"')  # noqa: S608
        self._fill()

    def _fill(self) -> None:
        for seed in self._seeds:
            seed(self)
        with self.writing() as connection:
            connection.execute("INSERT INTO book_opened VALUES (datetime('now'))")

    def _add_missing_columns(self, schema: str) -> None:
        """Gives books that an older release began the columns that its tables did not have yet."""
        with closing(sqlite3.connect(":memory:")) as model:
            model.executescript(schema)
            for (table,) in model.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                held = {row["name"] for row in self.all(f'PRAGMA table_info("{table}")')}
                for _, name, kind, _, default, _ in model.execute(f'PRAGMA table_info("{table}")'):
                    if name not in held:
                        rule = "" if default is None else f" NOT NULL DEFAULT {default}"
                        self._connection().execute(f'ALTER TABLE "{table}" ADD COLUMN "{name}" {kind}{rule}')

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._here, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=256)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            # NORMAL keeps the file whole after kill -9; only a power cut may take the last commits with it.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
            connection.execute("CREATE TABLE IF NOT EXISTS book_opened (at TEXT NOT NULL)")
            self._here.connection = connection
        return connection

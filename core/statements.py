"""Written SQL without the detour: a session that gives `text()` statements to psycopg directly.

SQLAlchemy compiles, wraps and describes every statement anew; for SQL that is already written this is two thirds of its
cost (docs/decisions/written-sql-goes-straight-to-psycopg.md has the numbers). Connections, transactions and errors stay
SQLAlchemy's, and so does everything that is not `text()`.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause


class WrittenResult:
    """The rows of a written statement, with the part of SQLAlchemy's `Result` that this program uses."""

    __slots__ = ("_rows", "returns_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int, *, returns_rows: bool = True) -> None:
        self._rows = rows
        self.rowcount = rowcount
        self.returns_rows = returns_rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Every row."""
        return self._rows

    def first(self) -> Any:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any:
        """The only row, or None. Raises MultipleResultsFound."""
        if len(self._rows) > 1:
            raise MultipleResultsFound("more than one row")
        return self.first()

    def one(self) -> Any:
        """The only row. Raises NoResultFound, MultipleResultsFound."""
        row = self.one_or_none()
        if row is None:
            raise NoResultFound("no row")
        return row

    def scalar(self) -> Any:
        """The first column of the first row, or None."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """The first column of the only row. Raises NoResultFound, MultipleResultsFound."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        """The first column of the only row, or None. Raises MultipleResultsFound."""
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalars(self) -> WrittenResult:
        """The first column of every row."""
        return WrittenResult([row[0] for row in self._rows], self.rowcount)


class WrittenSession(Session):
    """A Session whose `text()` statements go straight to psycopg."""

    _open: tuple[Connection, Any] | None = None

    def execute(self, statement: Any, params: Any = None, *arguments: Any, **options: Any) -> Any:
        """As Session.execute; for `text()` with one set of parameters the answer is a WrittenResult."""
        is_written = isinstance(statement, TextClause) and not isinstance(params, list | tuple)
        if not is_written or arguments or options:
            return super().execute(statement, params, *arguments, **options)
        # A savepoint is set on a connection when it is asked for, so inside one it is asked for each time.
        if self._open is None or self.get_nested_transaction() is not None:
            connection = self.connection()
            self._open = (connection, connection.connection.driver_connection)
        connection, driver = self._open
        sql = _for_psycopg(statement)
        cursor = driver.cursor(row_factory=_rows)
        try:
            for listener in connection.dispatch.before_cursor_execute:
                listener(connection, cursor, sql, params, None, False)
            cursor.execute(sql, params or {})
            returns_rows = cursor.pgresult is not None and cursor.pgresult.nfields > 0
            rows = cursor.fetchall() if returns_rows else []
            return WrittenResult(rows, cursor.rowcount, returns_rows=returns_rows)
        except psycopg.Error as error:
            # Wraps the error as every other statement's, and drops the pool's connections when the server is gone.
            connection._handle_dbapi_exception(error, sql, params, cursor, None)
            raise

    def commit(self) -> None:
        """As Session.commit."""
        self._open = None
        super().commit()

    def rollback(self) -> None:
        """As Session.rollback."""
        self._open = None
        super().rollback()

    def close(self) -> None:
        """As Session.close."""
        self._open = None
        super().close()


def _rows(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Any]:
    result = cursor.pgresult
    if result is None or not result.nfields:
        return tuple
    return _row_of(tuple([result.fname(column) for column in range(result.nfields)]))


@lru_cache(maxsize=512)
def _row_of(names: tuple[bytes | None, ...]) -> Callable[[Sequence[Any]], Any]:
    plain = namedtuple("Row", [(name or b"").decode() for name in names], rename=True)  # type: ignore[misc]

    class Row(plain):
        __slots__ = ()

        @property
        def _mapping(self) -> Mapping[str, Any]:
            return self._asdict()

    make: Callable[[Sequence[Any]], Any] = Row._make
    return make


@lru_cache(maxsize=2048)
def _for_psycopg(statement: TextClause) -> str:
    # `text` knows which colons begin a parameter and which are casts; the dialect writes them as psycopg wants them.
    from sqlalchemy.dialects.postgresql import psycopg as dialect

    return str(statement.compile(dialect=dialect.dialect()))  # type: ignore[no-untyped-call]

"""Written SQL without the detour: a session that gives `text()` statements to psycopg directly.

SQLAlchemy compiles, wraps and describes every statement anew, and a cursor of psycopg's much of it once more; for SQL
that is already written this is most of its cost (the numbers: docs/decisions/written-sql-goes-straight-to-psycopg.md).
Connections, transactions and errors stay SQLAlchemy's, and so does everything that is not `text()`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause

from core.prepared import Outcome, PreparedStatements, form_of

Asked = tuple[TextClause, Mapping[str, Any]]
"""A written statement with its parameters."""


def together(session: Session, *asked: Asked) -> list[Any]:
    """Execute written statements one after the other in one message to the server; their results.

    All are executed before anything is known of any, so this is for statements whose changes may be made whatever the
    others answer, as they are undone with the unit of work. Raises the error of the first that fails. Every one has
    parameters.
    """
    return _written(session).execute_together(asked)


def with_commit(session: Session, statement: TextClause, params: Mapping[str, Any]) -> None:
    """Have a written statement executed last before the commit, in one message with it; it fails or is undone with the
    rest."""
    _written(session).execute_with_commit(statement, params)


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
    """A Session whose `text()` statements with parameters go straight to psycopg."""

    _open: tuple[Connection, PreparedStatements] | None = None
    _with_commit: tuple[Asked, ...] = ()

    def execute(self, statement: Any, params: Any = None, *arguments: Any, **options: Any) -> Any:
        """As Session.execute; for `text()` with one set of parameters the answer is a WrittenResult."""
        is_written = isinstance(statement, TextClause) and isinstance(params, Mapping)
        if not is_written or not params or arguments or options:
            return super().execute(statement, params, *arguments, **options)
        return self._run([(statement, params)])[0]

    def execute_together(self, asked: Sequence[Asked]) -> list[WrittenResult]:
        """As `together`."""
        return self._run(asked)

    def execute_with_commit(self, statement: TextClause, params: Mapping[str, Any]) -> None:
        """As `with_commit`."""
        self._with_commit += ((statement, params),)

    def commit(self) -> None:
        """As Session.commit."""
        if self._with_commit:
            asked, self._with_commit = self._with_commit, ()
            self.flush()
            self._run(asked, then_commit=self.get_nested_transaction() is None)
        self._open = None
        super().commit()

    def rollback(self) -> None:
        """As Session.rollback."""
        self._open, self._with_commit = None, ()
        super().rollback()

    def close(self) -> None:
        """As Session.close."""
        self._open, self._with_commit = None, ()
        super().close()

    def _run(self, asked: Sequence[Asked], *, then_commit: bool = False) -> list[WrittenResult]:
        connection, prepared = self._opened()
        for statement, params in asked:
            for listener in connection.dispatch.before_cursor_execute:
                listener(connection, None, _for_psycopg(statement), params, None, False)
        try:
            if len(asked) == 1 and not then_commit:
                ((statement, params),) = asked
                return [_result(prepared.run(form_of(statement), params))]
            forms = [(form_of(statement), params) for statement, params in asked]
            return [_result(outcome) for outcome in prepared.run_together(forms, then_commit=then_commit)]
        except psycopg.Error as error:
            # Wraps the error as every other statement's, and drops the pool's connections when the server is gone.
            sql = "; ".join(_for_psycopg(statement) for statement, _ in asked)
            connection._handle_dbapi_exception(error, sql, None, None, None)
            raise

    def _opened(self) -> tuple[Connection, PreparedStatements]:
        # A savepoint is set on a connection when it is asked for, so inside one it is asked for each time.
        if self._open is None or self.get_nested_transaction() is not None:
            connection = self.connection()
            prepared = connection.info.get("prepared")
            if prepared is None:
                driver: Any = connection.connection.driver_connection
                prepared = connection.info["prepared"] = PreparedStatements(driver)
            self._open = (connection, prepared)
        return self._open


def _written(session: Session) -> WrittenSession:
    assert isinstance(session, WrittenSession), "a session of a unit of work"
    return session


def _result(outcome: Outcome) -> WrittenResult:
    return WrittenResult(outcome.rows, outcome.rowcount, returns_rows=outcome.returns_rows)


@lru_cache(maxsize=2048)
def _for_psycopg(statement: TextClause) -> str:
    # What listeners and messages of errors are told.
    from sqlalchemy.dialects.postgresql import psycopg as dialect

    return str(statement.compile(dialect=dialect.dialect()))  # type: ignore[no-untyped-call]

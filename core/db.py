"""The database: one engine per process, and the unit of work at whose edge alone anything is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from core.errors import Problem
from core.prepared import CursorsStatements
from core.settings import settings
from core.statements import WrittenSession


class Base(DeclarativeBase):
    """The declarative base of every room's tables."""


class Database:
    """One PostgreSQL database and this process's pool of connections to it."""

    def __init__(self, url: str, *, connections: int = 30) -> None:
        self.url = url
        kept = max(connections * 2 // 3, 1)
        self.engine: Engine = create_engine(
            _with_driver(url),
            pool_size=kept,
            max_overflow=connections - kept,
            pool_timeout=5,
            connect_args={"connect_timeout": 3, "application_name": "mykaohsiung"},
            # Errors are logged, and what citizens typed must not be.
            hide_parameters=True,
        )
        event.listen(self.engine, "connect", _on_connect)
        self.sessions = sessionmaker(self.engine, class_=WrittenSession, expire_on_commit=False)
        self.autocommit_sessions = sessionmaker(
            self.engine.execution_options(isolation_level="AUTOCOMMIT"), class_=WrittenSession
        )
        self.after_commit = _after_commit

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A session whose changes are committed together when the block ends, or not at all.

        A Problem that says `keeps` leaves with what was written committed: a wrong code must stay counted.
        """
        session = self.sessions()
        try:
            yield session
        except Problem as problem:
            if problem.keeps:
                self._commit(session)
            else:
                session.rollback()
            raise
        except BaseException:
            session.rollback()
            raise
        else:
            self._commit(session)
        finally:
            session.close()

    @contextmanager
    def single_statements(self) -> Iterator[Session]:
        """A session in which each statement is a transaction of its own: one round trip where three would do."""
        with self.autocommit_sessions() as session:
            yield session

    def _commit(self, session: Session) -> None:
        session.commit()
        if self.after_commit is not None and "recorded_events" in session.info:
            self.after_commit(session.info["recorded_events"])


_current: Database | None = None
_after_commit: Callable[[list[UUID]], None] | None = None


def hand_over_events_to(receiver: Callable[[list[UUID]], None] | None) -> None:
    """Have the ids of recorded events given to `receiver` as soon as their unit of work is committed.

    The receiver must not block and may lose them: the relay finds what it lost.
    """
    global _after_commit
    _after_commit = receiver
    if _current is not None:
        _current.after_commit = receiver


def configure(url: str, *, connections: int = 30) -> Database:
    """Point this process at the database behind `url`, with so many connections at most, and answer it."""
    global _current
    if _current is not None:
        _current.engine.dispose()
    _current = Database(url, connections=connections)
    return _current


def database() -> Database:
    """This process's database; the one in DATABASE_URL unless `configure` named another."""
    return _current or configure(settings().database_url, connections=settings().database_connections)


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """A unit of work on this process's database."""
    with database().unit_of_work() as session:
        yield session


@contextmanager
def single_statements() -> Iterator[Session]:
    """A session of single statements on this process's database."""
    with database().single_statements() as session:
        yield session


def is_outage(error: BaseException) -> bool:
    """Whether `error` says that the database cannot be reached or gave up, rather than that the statement is wrong."""
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, OperationalError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _with_driver(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in ("postgres", "postgresql") else url


def _on_connect(connection: Any, _record: Any) -> None:
    connection._prepared = CursorsStatements()
    # A stuck statement must not hold its thread and its locks for ever, nor a machine that has lost its power.
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '60s'; SET lock_timeout = '10s'; SET TIME ZONE 'UTC'")
        cursor.execute("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
    connection.commit()

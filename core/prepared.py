"""Written statements on one connection: parsed by the server once, and several of them sent in one message.

It does what psycopg's cursors do for a plain statement with parameters, on psycopg's own foundation (values to and from
text, waiting, errors), and adds libpq's pipeline mode: a transaction's beginning travels with its first statement, what
nobody waits for travels with the commit, and what does not depend on one another travels together.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict, namedtuple
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from psycopg import generators
from psycopg._preparing import PrepareManager
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus
from sqlalchemy.sql.elements import TextClause

# A statement is prepared when it is sent for the third time; so many stay prepared on a connection.
_TIMES_UNPREPARED = 2
_MOST_PREPARED = 200
_MOST_COUNTED = 1000
_PLACE = re.compile(r"\$([0-9]+)")
_CAST_TO_ARRAY = re.compile(r"CAST\(\$([0-9]+) AS [a-z_. ]+\[\]\)", re.IGNORECASE)
# A migration has changed what a statement answers (feature_not_supported), or its name is not known (any more).
_PREPARED_NO_MORE = ("0A000", "26000")


@dataclass(frozen=True, slots=True)
class Form:
    """A statement as the server takes it: with `$1`, `$2` …, which stand for the parameters `names`.

    `arrays` are the places among them of those that the statement casts to arrays wherever it uses them.
    """

    sql: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]
    arrays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement came to: its rows, and how many rows it changed or answered (-1: it does not say)."""

    rows: list[Any]
    rowcount: int
    returns_rows: bool


@dataclass(frozen=True, slots=True)
class _Filled:
    """A statement with its values, as they travel; `name` where it is prepared under that name."""

    sql: bytes
    values: Sequence[Any]
    types: tuple[int, ...]
    formats: Sequence[Any]
    name: bytes | None


@lru_cache(maxsize=2048)
def form_of(statement: TextClause) -> Form:
    """The form of a `text()` statement."""
    # `text` knows which colons begin a parameter and which are casts.
    from sqlalchemy.dialects.postgresql import psycopg as dialect

    numbered = dialect.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
    compiled = statement.compile(dialect=numbered)
    names, sql = tuple(dict.fromkeys(compiled.positiontup or ())), str(compiled)
    used, cast = Counter(_PLACE.findall(sql)), Counter(_CAST_TO_ARRAY.findall(sql))
    arrays = tuple(place for place in range(len(names)) if used[str(place + 1)] == cast[str(place + 1)])
    return Form(sql.encode(), names, (PyFormat.AUTO,) * len(names), arrays)


class CursorsStatements(PrepareManager):
    """What psycopg's own cursors have prepared on a connection: given up one by one, since not all there is theirs."""

    def clear(self) -> bool:
        """As PrepareManager.clear, which would deallocate everything."""
        self._counts.clear()
        self._to_flush.extend(self._names.values())
        self._names.clear()
        return bool(self._to_flush)


class PreparedStatements:
    """The written statements of one connection, whose `_prepared` is a CursorsStatements."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._wire = connection.pgconn
        self._values = Transformer.from_context(connection)
        self._times: dict[tuple[bytes, tuple[int, ...]], int] = {}
        self._names: OrderedDict[tuple[bytes, tuple[int, ...]], bytes] = OrderedDict()
        self._made = 0

    def run(self, form: Form, params: Mapping[str, Any]) -> Outcome:
        """Execute a statement, in a transaction that is begun where none is open. Raises psycopg.Error."""
        if self._must_begin():
            return self.run_together([(form, params)])[0]
        filled = self._filled(form, params)
        self._send(filled)
        return self._outcome(self._answers(generators.execute(self._wire))[-1])

    def run_together(
        self, asked: Sequence[tuple[Form, Mapping[str, Any]]], *, then_commit: bool = False
    ) -> list[Outcome]:
        """Execute statements one after the other, sent in one message; the first error ends it, and is raised.

        `then_commit` has the transaction committed after them, by the same message, unless one of them fails.
        """
        ready = [self._filled(form, params) for form, params in asked]
        begins, commits = self._must_begin(), then_commit and not self._connection.autocommit
        before, after = ([self._begin()] if begins else []), ([b"COMMIT"] if commits else [])
        self._wire.enter_pipeline_mode()
        try:
            for command in before:
                self._wire.send_query_params(command, None)
            for filled in ready:
                self._send(filled)
            for command in after:
                self._wire.send_query_params(command, None)
            self._wire.pipeline_sync()
            answers = self._answers(_pipelined(self._wire, len(before) + len(ready) + len(after)))
        finally:
            self._leave_pipeline()
        return [self._outcome(answer) for answer in answers[len(before) : len(before) + len(ready)]]

    def _must_begin(self) -> bool:
        return self._wire.transaction_status == TransactionStatus.IDLE and not self._connection.autocommit

    def _begin(self) -> bytes:
        """As psycopg's own: with what SQLAlchemy has asked of the connection."""
        level, is_read_only = self._connection.isolation_level, self._connection.read_only
        isolation = "" if level is None else f" ISOLATION LEVEL {level.name.replace('_', ' ')}"
        access = "" if is_read_only is None else " READ ONLY" if is_read_only else " READ WRITE"
        return f"BEGIN{isolation}{access}".encode()

    def _filled(self, form: Form, params: Mapping[str, Any]) -> _Filled:
        wire = self._values
        given = [params[name] for name in form.names]
        for place in form.arrays:
            if type(given[place]) is list:
                given[place] = _array(given[place])
        values = wire.dump_sequence(given, form.formats)
        types, formats = wire.types or (), wire.formats or ()
        return _Filled(form.sql, values, types, formats, self._name_of((form.sql, types)))

    def _name_of(self, key: tuple[bytes, tuple[int, ...]]) -> bytes | None:
        name = self._names.get(key)
        if name is not None:
            self._names.move_to_end(key)
            return name
        times = self._times.get(key, 0)
        if times < _TIMES_UNPREPARED:
            if len(self._times) >= _MOST_COUNTED:
                self._times.clear()
            self._times[key] = times + 1
            return None
        self._made += 1
        name = f"written_{self._made}".encode()
        self._wire.send_prepare(name, key[0], param_types=key[1])
        self._answers(generators.execute(self._wire))
        del self._times[key]
        self._names[key] = name
        if len(self._names) > _MOST_PREPARED:
            _, oldest = self._names.popitem(last=False)
            self._wire.send_query_params(b"DEALLOCATE " + oldest, None)
            self._answers(generators.execute(self._wire))
        return name

    def _send(self, filled: _Filled) -> None:
        if filled.name is None:
            self._wire.send_query_params(
                filled.sql, filled.values, param_types=filled.types, param_formats=filled.formats
            )
        else:
            self._wire.send_query_prepared(filled.name, filled.values, param_formats=filled.formats)

    def _answers(self, receiving: Generator[Any, Any, list[Any]]) -> list[Any]:
        answers = self._connection.wait(receiving)
        for answer in answers:
            if answer.status == ExecStatus.FATAL_ERROR:
                error = psycopg.errors.error_from_result(answer, encoding="utf-8")
                if error.sqlstate in _PREPARED_NO_MORE:
                    self._names.clear()
                raise error
        return answers

    def _outcome(self, answer: Any) -> Outcome:
        rowcount = -1 if answer.command_tuples is None else answer.command_tuples
        if answer.status != ExecStatus.TUPLES_OK:
            return Outcome([], rowcount, returns_rows=False)
        if not answer.ntuples:
            return Outcome([], rowcount, returns_rows=answer.nfields > 0)
        self._values.set_pgresult(answer)
        make = _row_of(tuple([answer.fname(column) for column in range(answer.nfields)]))
        rows = self._values.load_rows(0, answer.ntuples, make)
        self._values.set_pgresult(None)
        return Outcome(rows, rowcount, returns_rows=True)

    def _leave_pipeline(self) -> None:
        if self._wire.status == ConnStatus.OK and self._wire.pipeline_status != PipelineStatus.OFF:
            try:
                self._wire.exit_pipeline_mode()
            except psycopg.OperationalError:
                # Answers are outstanding, since waiting for them was broken off: nobody can use this connection again.
                self._wire.finish()


def _pipelined(wire: Any, count: int) -> Generator[Any, Any, list[Any]]:
    """Send what is waiting; the answer of each of so many commands. What follows a failed one is not executed."""
    yield from generators.send(wire)
    answers: list[Any] = []
    for _ in range(count):
        answers += yield from generators.fetch_many(wire)
    yield from generators.fetch_many(wire)
    return answers


def _array(elements: list[Any]) -> Any:
    """The elements as PostgreSQL reads an array, which costs a tenth of psycopg's way; or as they are, for psycopg."""
    written = []
    for element in elements:
        kind = type(element)
        if kind is UUID or kind is int:
            written.append(str(element))
        elif element is None:
            written.append("NULL")
        elif kind is str:
            escaped = element.replace("\\", "\\\\").replace('"', '\\"')
            written.append(f'"{escaped}"')
        else:
            return elements
    return f"{{{','.join(written)}}}"


@lru_cache(maxsize=512)
def _row_of(names: tuple[bytes | None, ...]) -> Callable[[Sequence[Any]], Any]:
    if not names:
        return tuple
    plain = namedtuple("Row", [(name or b"").decode() for name in names], rename=True)  # type: ignore[misc]

    class Row(plain):
        __slots__ = ()

        @property
        def _mapping(self) -> Mapping[str, Any]:
            return self._asdict()

    make: Callable[[Sequence[Any]], Any] = Row._make
    return make

"""Where the lines of a file wait while it is still arriving: a table of this transaction alone, filled by COPY."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wallet.reconciliation.lines import Lines, StatementLine, Summary

_LINES_PER_WRITE: Final = 2_000
_DIGEST_MODULUS: Final = 1 << 128
_TYPEID = re.compile(r"(?:pay|ref)_([0-7][0-9a-hjkmnp-tv-z]{25})")
# Crockford's digits as Python's base 32 has them, so that reading an id is one call.
_TO_BASE_32: Final = str.maketrans("0123456789abcdefghjkmnpqrstvwxyz", "0123456789abcdefghijklmnopqrstuv")


@dataclass(frozen=True, slots=True)
class Staged:
    """What was staged. `digest` is the same for the same lines in any order."""

    rows: int
    digest: bytes
    summary: Summary


def stage(session: Session, lines: Lines) -> Staged:
    """Stage every line of a file in `statement_staged`. Raises what the reader raises; then nothing is staged."""
    session.execute(_DROP)
    session.execute(_CREATE)
    passing, collected = _Passing(lines), []
    digest = rows = 0
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy("COPY statement_staged FROM STDIN") as copy:
        for line in passing:
            content = _content(line)
            digest += int.from_bytes(hashlib.blake2b(content.encode(), digest_size=16).digest())
            collected.append(f"{line.row}\t{_subject(line.our_reference)}\t{content}\n")
            rows += 1
            if len(collected) == _LINES_PER_WRITE:
                copy.write("".join(collected))
                collected.clear()
        copy.write("".join(collected))
    session.execute(_ANALYSE)
    summary = passing.summary
    of_file = f"{summary.reference}|{summary.payouts}|{summary.opening_twd}|{summary.closing_twd}"
    digest += int.from_bytes(hashlib.blake2b(of_file.encode(), digest_size=16).digest())
    return Staged(rows, (digest % _DIGEST_MODULUS).to_bytes(16), summary)


class _Passing:
    """The lines as they pass by; afterwards what the reader says of the whole file."""

    summary: Summary

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[StatementLine]:
        self.summary = yield from self._lines


def _content(line: StatementLine) -> str:
    """What a line says wherever in a file it stands, as COPY's text format takes it."""
    return (
        f"{line.kind}\t{_escaped(line.our_reference)}\t{_escaped(line.their_reference)}\t{line.gross_twd}"
        f"\t{line.fee_twd}\t{line.value_date}\t{_escaped(line.channel)}"
    )


def _subject(our_reference: str) -> str:
    """The UUID inside our reference as hexadecimal digits, or COPY's null."""
    match = _TYPEID.fullmatch(our_reference)
    return "\\N" if match is None else f"{int(match[1].translate(_TO_BASE_32), 32):032x}"


def _escaped(value: str) -> str:
    value = value.replace("\\", "\\\\")
    if value.isprintable():
        return value
    return value.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


_DROP = text("DROP TABLE IF EXISTS pg_temp.statement_staged")
_CREATE = text(
    "CREATE TEMPORARY TABLE statement_staged (row integer, subject_id uuid, kind text, our_reference text, "
    "their_reference text, gross_twd bigint, fee_twd bigint, value_date date, channel text) ON COMMIT DROP"
)
_ANALYSE = text("ANALYZE statement_staged")

"""A closed day for the city's accounting: every transfer as a debit and a credit line, then the totals, as CSV."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import on_the_wire
from ledger import journal
from ledger.journal import JournalLine
from wallet import book
from wallet.feed_export import FORMULA_STARTS
from wallet.reconciliation.day_close import DayNotClosed, day_of, span_of

HEADER: Final = ("recorded_at", "account", "debit", "credit", "reference", "transfer", "reason")
_PIECE_BYTES: Final = 1 << 16
_IN_MEMORY_BYTES: Final = 1 << 20


def day_csv(session: Session, day: date) -> Iterator[bytes]:
    """The journal of a closed day. Written whole before the first byte is given out, so nothing stays open meanwhile.

    Raises NotFound, DayNotClosed.
    """
    closed = day_of(session, day)
    if not closed.is_closed:
        raise DayNotClosed
    session.execute(_PATIENCE)
    start, end = span_of(day)
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
    total = 0
    # Spreadsheets read UTF-8 as such only with its mark.
    file.write(b"\xef\xbb\xbf" + _record(HEADER))
    for line in journal.journal(session, book.TWD, start=start, end=end):
        total += line.amount
        file.write(_both_sides(line))
    file.write(_record((on_the_wire(end), "TOTAL", total, total, day.isoformat(), "", f"version {closed.version}")))
    file.seek(0)
    return _pieces(file)


def harmless(cell: str) -> str:
    """A cell with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _both_sides(line: JournalLine) -> bytes:
    at = on_the_wire(line.recorded_at)
    rest = (harmless(line.subject), line.transfer_id, harmless(line.reason))
    return _record((at, harmless(line.debit), line.amount, "", *rest)) + _record(
        (at, harmless(line.credit), "", line.amount, *rest)
    )


def _record(cells: tuple[Any, ...]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode()


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


_PATIENCE = text("SET LOCAL statement_timeout = '30min'")

"""The clearing house's return file of a business day, as `partners.ach.files` reads it.

It lists only what came back. By that it settles everything else that was presented on the day it answers: those lines
are added from our own record of what was presented (`presented`), and the payout is what they all come to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.text import Text
from partners.ach.files import FileRefused, read_return_file
from wallet.reconciliation.expected import MONEY_OF_PAYMENT, PAID
from wallet.reconciliation.lines import Lines, StatementLine, Summary, whole
from wallet.reconciliation.problems import (
    StatementFormWrong,
    StatementNotReadable,
    StatementRefused,
    StatementTotalsWrong,
    StatementTruncated,
)

_REFUSALS: Final[dict[str, type[StatementRefused]]] = {
    "encoding": StatementNotReadable,
    "record_length": StatementFormWrong,
    "no_header": StatementFormWrong,
    "no_trailer": StatementTruncated,
    "after_trailer": StatementFormWrong,
    "field": StatementFormWrong,
    "count": StatementTotalsWrong,
    "total": StatementTotalsWrong,
    "day": StatementFormWrong,
    "duplicate": StatementFormWrong,
}


def read(chunks: Iterable[bytes]) -> Lines:
    """The lines of a file: what came back. Raises a StatementRefused."""
    try:
        file = read_return_file(whole(chunks))
    except FileRefused as refused:
        raise _REFUSALS[refused.wrong](Text(f"第 {refused.line} 行", str(refused)), row=refused.line) from None
    for row, entry in enumerate(file.entries, 1):
        theirs = f"{file.day:%Y%m%d}-{entry.sequence}"
        if entry.kind == "debit":
            yield StatementLine(row, "return", entry.reference, theirs, -entry.amount_twd, 0, file.day)
        else:
            yield StatementLine(row, "refund_reversed", entry.reference, theirs, entry.amount_twd, 0, file.day)
    return Summary(f"returns {file.day}", file.answers_on, file.day)


def presented(session: Session, summary: Summary) -> tuple[tuple[str, int], ...]:
    """Add what was presented until the day that the file answers and is in no file yet; the payout that all come to.

    What never stood in our book (a debit that came back before we knew that it had been taken) is left out on both
    sides.
    """
    session.execute(_NEVER_STOOD)
    session.execute(_PRESENTED, {"answers": summary.first_day, "day": summary.last_day})
    session.execute(_SENT_BACK, {"answers": summary.first_day, "day": summary.last_day})
    net = int(session.execute(_NET).scalar_one())
    return ((f"ACH-{summary.last_day:%Y%m%d}", net),) if net else ()


_NEVER_STOOD = text(
    "DELETE FROM statement_staged s USING wallet.payment p "
    "WHERE s.kind = 'return' AND p.id = s.subject_id AND p.rail = 'ach' AND p.status = 'failed'"
)
_PRESENTED = text(
    f"""
    INSERT INTO statement_staged (row, subject_id, kind, our_reference, their_reference, gross_twd, fee_twd,
                                  value_date, channel)
    SELECT (SELECT coalesce(max(row), 0) FROM statement_staged) + row_number() OVER (ORDER BY p.id), p.id, 'payment',
           wallet.typeid('pay', p.id), d.entry_id, {MONEY_OF_PAYMENT}, 0, :day, ''
      FROM wallet.ach_debit d JOIN wallet.payment p ON p.id = d.payment_id
     WHERE d.presented_on BETWEEN CAST(:answers AS date) - 30 AND :answers AND p.status IN {PAID}
       AND NOT EXISTS (SELECT FROM wallet.statement_line l
                        WHERE l.subject_id = p.id AND l.kind = 'payment' AND l.status = 'matched')
    """  # noqa: S608
)
# A refund is presented on the day on which the clearing house took it.
_SENT_BACK = text(
    """
    INSERT INTO statement_staged (row, subject_id, kind, our_reference, their_reference, gross_twd, fee_twd,
                                  value_date, channel)
    SELECT (SELECT coalesce(max(row), 0) FROM statement_staged) + row_number() OVER (ORDER BY a.id), a.id, 'refund',
           wallet.typeid('ref', a.id), coalesce(a.external_id, a.id::text),
           -(f.amount_twd - f.points_pt + f.fee_twd), 0, :day, ''
      FROM wallet.refund_attempt a
      JOIN wallet.refund f ON f.id = a.refund_id
      JOIN wallet.payment p ON p.id = f.payment_id
     WHERE p.rail = 'ach' AND a.bank_link_id IS NULL AND a.number = f.attempt AND f.status IN ('pending', 'completed')
       AND (coalesce(f.accepted_at, a.ended_at) AT TIME ZONE 'Asia/Taipei')::date
           BETWEEN CAST(:answers AS date) - 30 AND :answers
       AND NOT EXISTS (SELECT FROM wallet.statement_line l WHERE l.subject_id = a.id AND l.kind = 'refund'
                          AND l.status IN ('matched', 'missing_ours'))
    """
)
_NET = text("SELECT coalesce(sum(gross_twd - fee_twd), 0) FROM statement_staged")

"""Business days that are closed on short notice: a typhoon day, announced the evening before or in the morning.

What was to be presented on such a day is presented on the next business day, and every window that it lay in is longer.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.ach.calendar import business_day_from, next_business_day


def closed_days(session: Session) -> frozenset[date]:
    """All days that were closed on short notice."""
    return frozenset(row.day for row in session.execute(_ALL))


def return_window_ends(presented_on: date, closed: Collection[date]) -> date:
    """The day whose file may still return what was presented on `presented_on`."""
    return next_business_day(business_day_from(presented_on, closed), closed)


def declare(session: Session, day: date, *, reason: str, source: str, now: datetime) -> int:
    """A day is closed. Answers how many open debits have a later window for it; said again, it changes nothing.

    `source` is who announced it: the clearing house, or the directorate whose announcement an officer entered.
    """
    is_new = session.execute(_INSERT, {"day": day, "reason": reason, "source": source, "now": now}).first()
    if is_new is None:
        return 0
    closed = closed_days(session)
    moved = 0
    for row in session.execute(_OPEN, {"day": day}).all():
        presented_on = business_day_from(row.presented_on, closed)
        final_on = return_window_ends(presented_on, closed)
        if (presented_on, final_on) != (row.presented_on, row.final_on):
            session.execute(_PRESENT, {"id": row.payment_id, "presented": presented_on})
            session.execute(_SHIFT, {"id": row.payment_id, "final_on": final_on})
            moved += 1
    return moved


_ALL = text("SELECT day FROM wallet.closed_day")
_INSERT = text(
    "INSERT INTO wallet.closed_day (day, reason, source, learnt_at) VALUES (:day, :reason, :source, :now) "
    "ON CONFLICT (day) DO NOTHING RETURNING day"
)
# Every window that has not ended before the day; in the order in which payments are locked everywhere.
_OPEN = text(
    """
    SELECT d.payment_id, d.presented_on, p.final_on
      FROM wallet.payment p JOIN wallet.ach_debit d ON d.payment_id = p.id
     WHERE p.status = 'provisional' AND p.rail = 'ach' AND p.final_on >= :day
     ORDER BY p.id FOR UPDATE OF p
    """
)
_PRESENT = text("UPDATE wallet.ach_debit SET presented_on = :presented WHERE payment_id = :id")
_SHIFT = text("UPDATE wallet.payment SET final_on = :final_on WHERE id = :id")

"""The bank's statement of the account that merchants and partners are paid from, against what we know to be paid.

A day is taken once it is over and its statement adds up; a line is ours by its EndToEndId alone. Taken again, a day
changes nothing. What the statement does not show, shows twice, shows otherwise or shows beyond is a difference. A
credit is whoever's who knows it by its reference (`on_credit`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import taipei_date
from core.cursors import decode_cursor
from core.errors import FieldError, InvalidRequest
from core.ids import typeid
from partners import wire
from partners.bank.account_statement import AccountStatement, Line
from partners.bank.iso20022 import MessageWrong
from points.merchants import differences, payouts
from points.merchants.ports import ports

_LOOK_BACK_DAYS: Final = 14
Claimed = Literal["taken", "unknown", "again"]
Receiver = Callable[[Session, date, Line, datetime], Claimed]
_receivers: list[Receiver] = []
_log = logging.getLogger("mykaohsiung.points")


@dataclass(frozen=True, slots=True)
class BankDay:
    """A day: NT$ that we know to have been paid, less what has come in, and what the statement says; None where it has
    not come."""

    day: date
    paid_twd: int
    reference: str | None
    stated_twd: int | None
    matched_twd: int | None
    lines: int | None


def on_credit(receiver: Receiver) -> None:
    """Ask that function about every credit that is none of our payments: "taken" where it is known and booked."""
    if receiver not in _receivers:
        _receivers.append(receiver)


def page(session: Session, *, limit: int, before: date | None) -> list[BankDay]:
    """The days on which something was paid or stated, the newest first."""
    return [BankDay(*row) for row in session.execute(_PAGE, {"limit": limit, "before": before})]


def place_in(cursor: str | None) -> date | None:
    """The day before which a list goes on. Raises InvalidRequest."""
    if not cursor:
        return None
    try:
        return date.fromisoformat(decode_cursor(cursor, str)[0])
    except ValueError:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None


def fetch_days(now: datetime) -> None:
    """Fetch and take the statements of the days on which something was paid, that are over and not taken yet."""
    with db.unit_of_work() as session:
        today = taipei_date(now)
        days = session.scalars(_DAYS, {"today": today, "first": today - timedelta(days=_LOOK_BACK_DAYS)}).all()
    for day in days:
        _fetch(day, now)


def _fetch(day: date, now: datetime) -> None:
    payer = ports().payer
    try:
        statement = payer.bank.fetch_statement(day)
    except wire.CallFailed as failure:
        _log.warning("the statement of %s did not come: %s", day, failure)
        return
    except MessageWrong as wrong:
        _refuse(day, str(wrong), now)
        return
    if statement is None:
        return
    if statement.account != payer.account:
        _refuse(day, "it is another account's", now)
        return
    with db.unit_of_work() as session:
        take(session, statement, now=now)


def take(session: Session, statement: AccountStatement, *, now: datetime) -> bool:
    """Match a statement with what was paid, once; False when this day is taken already."""
    # Whoever locks several payments does so in the order of their ids.
    matched = sorted(
        ((line, payouts.payout_of(line.end_to_end)) for line in statement.lines),
        key=lambda pair: (str(pair[1]), pair[0].row),
    )
    taken = session.execute(
        _TAKE,
        {"day": statement.day, "reference": statement.reference, "opening": statement.opening_twd,
         "closing": statement.closing_twd, "lines": len(statement.lines), "now": now},
    ).first()  # fmt: skip
    if taken is None:
        return False
    differences.close_by_itself(session, kind="refused", reference=statement.day.isoformat(), note="came", now=now)
    sum_twd = sum(_match(session, statement.day, line, payout_id, now) for line, payout_id in matched)
    session.execute(_MATCHED, {"day": statement.day, "sum": sum_twd})
    for row in session.execute(_MISSING, {"day": statement.day}).all():
        differences.open_one(
            session, day=statement.day, kind="missing", payout_id=row.id, reference=typeid("pyt", row.id),
            amount_twd=row.amount_twd, details="", now=now,
        )  # fmt: skip
    return True


def _match(session: Session, day: date, line: Line, payout_id: UUID | None, now: datetime) -> int:
    """NT$ of the line that are ours, as they stand on the statement; what came in is below zero."""
    row = session.execute(_PAYOUT, {"id": payout_id}).first() if payout_id is not None else None
    kind: differences.Kind | None = None
    if row is not None and row.status == "sent" and -line.signed_twd == row.amount_twd:
        # No report has said so yet, but what stands on the account's statement has been paid.
        payouts.executed(session, row, on=line.booked_on, bank_reference=line.bank_reference, now=now)
    elif row is None and line.signed_twd > 0:
        claimed = _claimed(session, day, line, now)
        kind = None if claimed == "taken" else claimed
    elif row is None or row.status != "booked":
        kind = "unknown"
    elif row.statement_day is not None:
        kind = "again"
    elif -line.signed_twd != row.amount_twd:
        kind = "amount"
    if row is not None and kind in (None, "amount"):
        session.execute(_STATED, {"id": row.id, "day": day})
        differences.close_by_itself(session, kind="missing", reference=line.end_to_end, note=f"{day}", now=now)
    if kind is None:
        return -line.signed_twd
    name = line.end_to_end or line.bank_reference or f"row {line.row}"
    details = f"{line.bank_reference}: NT${line.signed_twd}" + (f", ours NT${-row.amount_twd}" if row else "")
    question = abs(line.signed_twd) if row is None or kind == "again" else abs(-line.signed_twd - row.amount_twd)
    differences.open_one(
        session, day=day, kind=kind, payout_id=row.id if row else None, reference=name, amount_twd=question,
        details=details, now=now,
    )  # fmt: skip
    return 0


def _claimed(session: Session, day: date, line: Line, now: datetime) -> Claimed:
    said = [receiver(session, day, line, now) for receiver in _receivers]
    return next((each for each in said if each != "unknown"), "unknown")


def _refuse(day: date, why: str, now: datetime) -> None:
    _log.error("the statement of %s cannot be believed: %s", day, why)
    with db.unit_of_work() as session:
        differences.open_one(
            session, day=day, kind="refused", payout_id=None, reference=day.isoformat(), amount_twd=0, details=why,
            now=now,
        )  # fmt: skip


_PAGE = text(
    """
    SELECT day, coalesce(p.paid, 0)::bigint, s.reference, s.opening_twd - s.closing_twd, s.matched_twd, s.lines
      FROM (SELECT day, sum(amount_twd) AS paid
              FROM (SELECT booked_on AS day, amount_twd FROM points.payout WHERE status = 'booked'
                    UNION ALL SELECT day, -amount_twd FROM points.partner_receipt) AS moved
             GROUP BY day) AS p
      FULL JOIN points.payout_statement s USING (day)
     WHERE CAST(:before AS date) IS NULL OR day < :before
     ORDER BY day DESC LIMIT :limit
    """
)
# While a partner owes something, it may pay on any day.
_DAYS = text(
    """
    SELECT DISTINCT p.day FROM (
        SELECT booked_on AS day FROM points.payout WHERE status = 'booked' AND booked_on >= :first
        UNION
        SELECT (b.written_at AT TIME ZONE 'Asia/Taipei')::date
          FROM points.payout u JOIN points.payout_batch b ON b.id = u.batch_id WHERE u.status = 'sent'
        UNION
        SELECT generate_series(greatest((agreed_at AT TIME ZONE 'Asia/Taipei')::date, :first),
                               CAST(:today AS date) - 1, interval '1 day')::date
          FROM points.partner_netting WHERE status = 'owed'
    ) AS p
     WHERE p.day < :today AND p.day >= :first
       AND NOT EXISTS (SELECT FROM points.payout_statement s WHERE s.day = p.day)
     ORDER BY p.day
    """
)
_TAKE = text(
    """
    INSERT INTO points.payout_statement (day, reference, opening_twd, closing_twd, lines, matched_twd, taken_at)
    VALUES (:day, :reference, :opening, :closing, :lines, 0, :now)
    ON CONFLICT (day) DO NOTHING RETURNING day
    """
)
_MATCHED = text("UPDATE points.payout_statement SET matched_twd = :sum WHERE day = :day")
_PAYOUT = text("SELECT * FROM points.payout WHERE id = :id FOR UPDATE")
_STATED = text("UPDATE points.payout SET statement_day = :day WHERE id = :id")
_MISSING = text(
    "SELECT id, amount_twd FROM points.payout "
    "WHERE status = 'booked' AND booked_on <= :day AND statement_day IS NULL ORDER BY id"
)

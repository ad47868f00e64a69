"""What should be here by now and is not, what has come after all, and what a file has settled that nobody told us.

The sweep works in units of work of its own; it may be killed between any two of them and run again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db, outbox
from core.clock import taipei_date
from core.outbox import Event
from wallet import events, outcomes, refund_outcomes
from wallet.rails.contract import Booked
from wallet.reconciliation import booking, breaks, matching
from wallet.reconciliation.expected import BOOKED_ON, CLEARING, MONEY_OF_PAYMENT, PAID, REFUND, UNDECIDED
from wallet.reconciliation.sources import BANK, SOURCES, Source

UNDECIDED_WITHIN: Final = timedelta(hours=24)
# Older ones have their break already, or their line.
_LOOK_BACK: Final = timedelta(days=60)
_PER_UNIT: Final = 500
_SYNCHRONOUS: Final = ("bank", "adyen", "jkopay", "line_pay")


def look(now: datetime) -> None:
    """Everything below, in its order."""
    catch_up(now)
    look_for_missing(now)


def catch_up(now: datetime) -> None:
    """What has come after all, or has come right by itself."""
    settle_what_files_prove(now)
    for source in SOURCES.values():
        while take_latecomers(source, now) == _PER_UNIT:
            pass
    with db.unit_of_work() as session:
        close_resolved(session, now=now)


def look_for_missing(now: datetime) -> None:
    """As `find_missing`, in a unit of work of its own."""
    with db.unit_of_work() as session:
        find_missing(session, now=now)


def settle_what_files_prove(now: datetime) -> None:
    """A file says that a payment was booked, or a refund paid out, whose outcome we still ask or wait for: it was,
    exactly as the line says. A notice that was lost is made up for here."""
    with db.unit_of_work() as session:
        proven = session.execute(_PROVEN, {"sources": list(_SYNCHRONOUS), "limit": _PER_UNIT}).all()
    for row in proven:
        with db.unit_of_work() as session:
            booked = Booked(row.their_reference, row.gross_twd, row.authorized_at)
            outcomes.record(session, row.subject_id, booked, now=now)
    with db.unit_of_work() as session:
        refunds = session.execute(_PROVEN_REFUNDS, {"limit": _PER_UNIT}).all()
    for row in refunds:
        with db.unit_of_work() as session:
            refund_outcomes.completed(session, row.refund_id, row.their_reference or None, now, now)


def take_latecomers(source: Source, now: datetime) -> int:
    """Lines that had no counterpart and have one by now: matched, and out of suspense. Answers how many."""
    with db.unit_of_work() as session:
        found = matching.latecomers(session, source, limit=_PER_UNIT)
        for late in found:
            _take(session, late, now)
    return len(found)


def find_missing(session: Session, *, now: datetime) -> int:
    """A break for everything of ours whose line, payout or outcome is overdue. Answers how many are new."""
    session.execute(_PATIENCE)
    new: list[Any] = []
    for source in SOURCES.values():
        span = {"source": source.name, "rails": list(source.rails), "now": now,
                "lowest": _first_id_at(now - _LOOK_BACK), "before": now - source.line_within}  # fmt: skip
        new += session.execute(_LATE_PAYMENTS, span).all()
        new += session.execute(_LATE_REFUNDS, span).all()
        new += session.execute(
            _LATE_PAYOUTS, {"source": source.name, "now": now, "before": (now - source.payout_within).date()}
        ).all()
    new += session.execute(
        _UNDECIDED, {"now": now, "before": now - UNDECIDED_WITHIN, "lowest": _first_id_at(now - _LOOK_BACK)}
    ).all()
    _tell(session, new, now)
    return len(new)


def close_resolved(session: Session, *, now: datetime) -> int:
    """Differences without money of their own whose payment has come right meanwhile. Answers how many."""
    return int(session.execute(_RESOLVED, {"now": now}).rowcount)  # type: ignore[attr-defined]


def note_disagreement(session: Session, event: Event, now: datetime) -> None:
    """A message about a payment says another amount than ours, or money for one that ended without."""
    fact = event.payload
    breaks.record(
        session,
        kind=fact["kind"],
        source="message",
        cause="message_differs" if fact["kind"] == "amount" else f"payment_{fact['status']}",
        subject_kind="payment",
        subject_id=UUID(fact["payment_id"]),
        our_reference=breaks.payment_reference(fact["payment_id"]),
        ours_twd=fact["ours_twd"] if fact["kind"] == "amount" else None,
        theirs_twd=fact["theirs_twd"],
        rail=fact["rail"],
        now=now,
    )


def note_late_return(session: Session, event: Event, now: datetime) -> None:
    """A debit came back after the day by which it was said to be final: the bureau had been told that it was paid."""
    row = session.execute(_FINAL_ON, {"id": UUID(event.payload["payment_id"])}).first()
    if event.payload["how"] != "returned" or row is None or taipei_date(row.undone_at) <= row.final_on:
        return
    breaks.record(
        session,
        kind="date",
        source=row.rail,
        cause="late_return",
        subject_kind="payment",
        subject_id=row.id,
        our_reference=breaks.payment_reference(str(row.id)),
        ours_twd=event.payload["total_twd"],
        theirs_twd=0,
        rail=row.rail,
        detail=f"final on {row.final_on}",
        occurred_on=taipei_date(row.undone_at),
        now=now,
    )


def _take(session: Session, late: matching.Latecomer, now: datetime) -> None:
    matching.take_latecomer(session, late)
    booking.book_latecomer(session, late, now=now)
    breaks.close(session, late.break_id, "ours_came", now=now)
    session.execute(_NO_LONGER_PLACELESS, {"id": late.break_id})
    if late.gross_twd != late.ours_twd:
        session.execute(_DIFFERS, {"id": late.break_id, "ours": late.ours_twd, "account": late.account, "now": now})


def _tell(session: Session, new: list[Any], now: datetime) -> None:
    """One fact for each account where something has become late, and one for the breaks themselves."""
    by_account: dict[tuple[str, str], list[Any]] = {}
    for row in new:
        by_account.setdefault((row.source, row.account or ""), []).append(row)
    for (source, account), rows in by_account.items():
        amount = sum(abs(row.ours_twd) for row in rows)
        outbox.record(
            session,
            events.BREAK_OPENED,
            {"source": source, "file_id": None, "break_id": None, "kind": "missing_theirs", "number": len(rows),
             "amount_twd": amount},
            now=now,
        )  # fmt: skip
        outbox.record(
            session,
            events.IN_TRANSIT_OVERDUE,
            {"account": account, "number": len(rows), "amount_twd": amount,
             "oldest_on": min(row.occurred_on for row in rows).isoformat()},
            now=now,
        )  # fmt: skip


def _first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of that moment: ids are in the order of time, so they bound a search."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


_FINAL_ON = text(
    "SELECT id, rail, final_on, undone_at FROM wallet.payment "
    "WHERE id = :id AND final_on IS NOT NULL AND undone_at IS NOT NULL"
)
_PATIENCE = text("SET LOCAL statement_timeout = '30min'; SET LOCAL work_mem = '64MB'")
_PROVEN = text(
    f"""
    SELECT l.subject_id, l.their_reference, l.gross_twd, p.authorized_at
      FROM wallet.reconciliation_break b
      JOIN wallet.statement_line l ON l.file_id = b.file_id AND l.row = b.row
      JOIN wallet.payment p ON p.id = l.subject_id
     WHERE b.status <> 'closed' AND b.kind = 'missing_ours' AND l.kind = 'payment' AND b.source = ANY(:sources)
       AND p.status IN {UNDECIDED} AND l.gross_twd = {MONEY_OF_PAYMENT}
     ORDER BY b.id LIMIT :limit
    """  # noqa: S608
)
_PROVEN_REFUNDS = text(
    """
    SELECT f.id AS refund_id, l.their_reference
      FROM wallet.reconciliation_break b
      JOIN wallet.statement_line l ON l.file_id = b.file_id AND l.row = b.row
      JOIN wallet.refund_attempt a ON a.id = l.subject_id
      JOIN wallet.refund f ON f.id = a.refund_id AND f.attempt = a.number
     WHERE b.status <> 'closed' AND b.kind = 'missing_ours' AND l.kind = 'refund'
       AND f.status IN ('requested', 'unknown', 'pending') AND l.gross_twd = f.points_pt - f.amount_twd - f.fee_twd
     ORDER BY b.id LIMIT :limit
    """
)
_OPENED = """
    ), opened AS (
        INSERT INTO wallet.reconciliation_break (id, kind, status, source, rail, cause, subject_kind, subject_id,
            our_reference, their_reference, ours_twd, account, occurred_on, opened_at)
        SELECT wallet.derived_id(concat_ws('|', 'missing_theirs', source, cause, subject_kind, subject_id)),
               'missing_theirs', 'open', source, rail, cause, subject_kind, subject_id, our_reference, their_reference,
               ours_twd, account, occurred_on, :now
          FROM late
        ON CONFLICT (id) DO NOTHING
        RETURNING id, source, account, ours_twd, occurred_on, cause
    ), told AS (
        INSERT INTO wallet.break_history (break_id, at, what, note) SELECT id, :now, 'opened', cause FROM opened
    )
    SELECT source, account, ours_twd, occurred_on FROM opened ORDER BY id
"""
_LATE_PAYMENTS = text(
    f"""
    WITH late AS (
        SELECT CAST(:source AS text) AS source, p.rail, 'no_line' AS cause, 'payment' AS subject_kind,
               p.id AS subject_id, wallet.typeid('pay', p.id) AS our_reference,
               coalesce(p.external_id, '') AS their_reference, {MONEY_OF_PAYMENT} AS ours_twd,
               {CLEARING.format(rail="p.rail")} AS account, {BOOKED_ON} AS occurred_on
          FROM wallet.payment p
         WHERE p.id > :lowest AND p.booked_at < :before AND p.rail = ANY(:rails) AND p.status IN {PAID}
           AND p.status <> 'returned' AND {MONEY_OF_PAYMENT} > 0
           AND NOT EXISTS (SELECT FROM wallet.statement_line l
                            WHERE l.subject_id = p.id AND l.kind = 'payment' AND l.status = 'matched')
    {_OPENED}
    """  # noqa: S608
)
_LATE_REFUNDS = text(
    f"""
    WITH late AS (
        SELECT CAST(:source AS text) AS source, r.rail, 'no_line' AS cause, 'refund' AS subject_kind,
               r.id AS subject_id, wallet.typeid('ref', r.id) AS our_reference, '' AS their_reference,
               -r.money_twd AS ours_twd, r.account, (r.completed_at AT TIME ZONE 'Asia/Taipei')::date AS occurred_on
          FROM ({REFUND} WHERE a.id > :lowest AND f.status = 'completed' AND a.number = f.attempt
                   AND f.completed_at < :before) AS r
         WHERE r.money_twd > 0
           AND r.account IN (SELECT {CLEARING.format(rail="rail")} FROM unnest(CAST(:rails AS text[])) AS rail)
           AND NOT EXISTS (SELECT FROM wallet.statement_line l
                            WHERE l.subject_id = r.id AND l.kind = 'refund' AND l.status = 'matched')
    {_OPENED}
    """  # noqa: S608
)
_LATE_PAYOUTS = text(
    f"""
    WITH late AS (
        SELECT '{BANK}' AS source, NULL::text AS rail, 'no_line' AS cause, 'transfer' AS subject_kind,
               o.id AS subject_id, o.reference AS our_reference, '' AS their_reference, o.amount_twd AS ours_twd,
               'bank_in_transit:' || o.source AS account, o.announced_on AS occurred_on
          FROM wallet.payout o
         WHERE o.source = :source AND o.announced_on < :before
           AND NOT EXISTS (SELECT FROM wallet.statement_line l
                            WHERE l.subject_id = o.id AND l.kind = 'transfer' AND l.status = 'matched')
    {_OPENED}
    """  # noqa: S608
)
_UNDECIDED = text(
    f"""
    WITH late AS (
        SELECT p.rail AS source, p.rail, 'not_decided' AS cause, 'payment' AS subject_kind, p.id AS subject_id,
               wallet.typeid('pay', p.id) AS our_reference, coalesce(p.external_id, '') AS their_reference,
               {MONEY_OF_PAYMENT} AS ours_twd, {CLEARING.format(rail="p.rail")} AS account,
               (p.authorized_at AT TIME ZONE 'Asia/Taipei')::date AS occurred_on
          FROM wallet.payment p
         WHERE p.id > :lowest AND p.status IN {UNDECIDED} AND p.authorized_at < :before
    {_OPENED}
    """  # noqa: S608
)
_RESOLVED = text(
    f"""
    WITH closed AS (
        UPDATE wallet.reconciliation_break b SET status = 'closed', closed_at = :now, closed_by = 'resolved'
          FROM wallet.payment p
         WHERE b.status <> 'closed' AND b.file_id IS NULL AND b.subject_kind = 'payment' AND b.subject_id = p.id
           AND (b.cause = 'not_decided' AND p.status NOT IN {UNDECIDED}
                OR b.source = 'message' AND p.status IN {PAID})
        RETURNING b.id, p.status
    )
    INSERT INTO wallet.break_history (break_id, at, what, note) SELECT id, :now, 'closed', status FROM closed
    """  # noqa: S608
)
_NO_LONGER_PLACELESS = text("UPDATE wallet.reconciliation_break SET suspense_twd = 0 WHERE id = :id")
_DIFFERS = text(
    """
    WITH opened AS (
        INSERT INTO wallet.reconciliation_break (id, kind, status, source, rail, cause, subject_kind, subject_id,
            our_reference, their_reference, ours_twd, theirs_twd, account, suspense_twd, file_id, row, occurred_on,
            opened_at)
        SELECT wallet.derived_id(concat_ws('|', 'amount', source, subject_kind, subject_id)), 'amount', 'open', source,
               rail, 'line_differs', subject_kind, subject_id, our_reference, their_reference, :ours, theirs_twd,
               :account, theirs_twd - :ours, file_id, row, occurred_on, :now
          FROM wallet.reconciliation_break WHERE id = :id
        ON CONFLICT (id) DO NOTHING RETURNING id
    )
    INSERT INTO wallet.break_history (break_id, at, what, note) SELECT id, :now, 'opened', 'line_differs' FROM opened
    """
)

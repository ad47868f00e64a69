"""A bill paid twice: one payment stands, the later one goes back to the account it came from, free, by itself.

When the store was first, our debit comes back whole, its service fee too. When the store was later, its cash came from
no account: the same amount goes to the account that had already paid, the only one proven to be the payer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire
from wallet import book, events, refunds, states
from wallet.payments import Item, Payment, give_up, items_of, lock_payment

# The register says that somebody paid, not when: as it had not heard of our debit, that somebody came before us.
_TIME_UNKNOWN = "bureau-register"


def reported_elsewhere(session: Session, *, bill_id: UUID, external_payment_id: UUID, now: datetime) -> None:
    """A bill that we hold or have collected is reported as paid through another channel."""
    bill = session.execute(_LOCK_BILL, {"id": bill_id}).one()
    session.execute(_ATTACH, {"bill_id": bill_id, "id": external_payment_id})
    if bill.paid_by_payment is not None:
        _resolve(session, lock_payment(session, bill.paid_by_payment), bill_id, external_payment_id, now)
        return
    if bill.claimed_by is not None and not give_up(session, [bill.claimed_by], states.CANCELLED, now=now):
        # The debit is at the bank: its outcome decides, and finds this report then.
        return
    mark_paid_elsewhere(session, [bill_id], now=now)


def mark_paid_elsewhere(session: Session, bill_ids: Sequence[UUID], *, now: datetime) -> None:
    """Close those of the bills that nobody holds and that another channel has reported, unless what it took is on its
    way back to the payer already."""
    values = {"ids": list(bill_ids), "sent_back": refunds.PAID_ELSEWHERE_AGAIN, "now": now}
    for row in session.execute(_CLOSE, values):
        _tell(session, row, now)


def found_at_capture(
    session: Session,
    payment: Payment,
    items: Sequence[Item],
    booked_at: datetime,
    *,
    now: datetime,
) -> set[UUID]:
    """Look for reports about the bills of a debit that has just been booked, and send back what is too much.

    Answers the bills that were paid elsewhere before: the payment does not stand for these. The caller holds the locks
    on bills and payment; the reports are read after the locks were taken, or one could be missed.
    """
    reports: dict[UUID, Any] = {}
    for row in session.execute(_REPORTS, {"ids": [item.bill_id for item in items]}):
        reports.setdefault(row.bill_id, row)
    returned = {bill_id for bill_id, row in reports.items() if _was_first(row, booked_at)}
    for item in items:
        report = reports.get(item.bill_id)
        if report is None:
            continue
        if item.bill_id in returned:
            session.execute(_GIVE_TO_CHANNEL, {"bill_id": item.bill_id, "id": report.id, "now": now})
            refunds.request(
                session, payment, item, external_payment_id=report.id, reason=refunds.PAID_ELSEWHERE_FIRST,
                amount_twd=item.amount_twd, fee_twd=item.fee_twd, now=now,
            )  # fmt: skip
        else:
            _return_the_stores_money(session, payment, item, report, now)
    return returned


def _resolve(session: Session, payment: Payment, bill_id: UUID, external_payment_id: UUID, now: datetime) -> None:
    assert payment.booked_at is not None
    item = next(item for item in items_of(session, [payment.id])[payment.id] if item.bill_id == bill_id)
    report = session.execute(_REPORT, {"id": external_payment_id}).one()
    if refunds.is_going_back(session, payment.id, bill_id):
        return
    if _was_first(report, payment.booked_at):
        session.execute(_GIVE_TO_CHANNEL, {"bill_id": bill_id, "id": external_payment_id, "now": now})
        refunds.request(
            session, payment, item, external_payment_id=external_payment_id, reason=refunds.PAID_ELSEWHERE_FIRST,
            amount_twd=item.amount_twd, fee_twd=item.fee_twd, now=now,
        )  # fmt: skip
    else:
        _return_the_stores_money(session, payment, item, report, now)


def _return_the_stores_money(session: Session, payment: Payment, item: Item, report: Any, now: datetime) -> None:
    amount = min(report.amount_twd, item.amount_twd)
    book.collected_at_a_store(session, item.bureau, report.channel, report.amount_twd, report_id=report.id, now=now)
    refunds.request(
        session, payment, item, external_payment_id=report.id, reason=refunds.PAID_ELSEWHERE_AGAIN,
        amount_twd=amount, fee_twd=0, now=now,
    )  # fmt: skip


def _was_first(report: Any, booked_at: datetime) -> bool:
    return bool(report.channel == _TIME_UNKNOWN or report.paid_at <= booked_at)


def _tell(session: Session, row: Any, now: datetime) -> None:
    outbox.record(
        session,
        events.BILL_PAID_ELSEWHERE,
        {
            "bill_id": str(row.id),
            "number": row.number,
            "channel": row.paid_channel,
            "paid_at": on_the_wire(row.paid_at),
        },
        now=now,
    )


_LOCK_BILL = text("SELECT id, status, claimed_by, paid_by_payment FROM wallet.bill WHERE id = :id FOR UPDATE")
_ATTACH = text("UPDATE wallet.external_payment SET bill_id = :bill_id WHERE id = :id AND bill_id IS NULL")
_REPORT = text("SELECT id, bill_id, channel, amount_twd, paid_at FROM wallet.external_payment WHERE id = :id")
_REPORTS = text(
    "SELECT id, bill_id, channel, amount_twd, paid_at FROM wallet.external_payment "
    "WHERE bill_id = ANY(:ids) ORDER BY paid_at, id"
)
_CLOSE = text(
    """
    UPDATE wallet.bill b
       SET status = 'paid', paid_channel = e.channel, paid_at = e.paid_at, updated_at = :now
      FROM (SELECT DISTINCT ON (bill_id) bill_id, channel, paid_at FROM wallet.external_payment
             WHERE bill_id = ANY(:ids)
               AND NOT EXISTS (SELECT FROM wallet.overpayment o WHERE o.external_payment_id = external_payment.id)
               AND NOT EXISTS (SELECT FROM wallet.refund r
                                WHERE r.external_payment_id = external_payment.id AND r.reason = :sent_back
                                  AND r.status IN ('unknown', 'pending', 'completed'))
             ORDER BY bill_id, paid_at, id) e
     WHERE b.id = e.bill_id AND b.status = 'unpaid' AND b.claimed_by IS NULL
    RETURNING b.id, b.number, b.paid_channel, b.paid_at
    """
)
_GIVE_TO_CHANNEL = text(
    """
    UPDATE wallet.bill b
       SET status = 'paid', claimed_by = NULL, paid_by_payment = NULL, paid_channel = e.channel, paid_at = e.paid_at,
           updated_at = :now
      FROM wallet.external_payment e WHERE b.id = :bill_id AND e.id = :id
    """
)

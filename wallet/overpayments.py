"""Money that came for a bill beyond what it cost, from nobody's account: cash at a second store, a bill cancelled.

Where one of the payments was ours, `double_payments.py` sends the later money back to the account that paid. Here are
the others: found, shown to whoever the bill belongs to, and sent by the city's bank to an account of theirs that the
bank has proven, free.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from core import clock, db, outbox
from core.clock import on_the_wire
from core.errors import FieldError, InvalidRequest, NotFound
from core.ids import new_uuid, typeid
from ledger import book as ledger
from ledger.book import Posting, Release, Settlement, account_id
from partners import wire
from partners.bank.client import Credit
from wallet import bank_links, bills, book, events, refunds
from wallet.feed_merge import BUREAU_REGISTER
from wallet.ports import ports
from wallet.slip_errors import OverpaymentNotOpen

_LEASE = timedelta(seconds=20)
_LAST_RETRY_SECONDS: Final = 600
_RULE: Final = {"register": BUREAU_REGISTER, "sent_back": refunds.PAID_ELSEWHERE_AGAIN}
_log = logging.getLogger("mykaohsiung.wallet")


@dataclass(frozen=True, slots=True)
class Overpayment:
    """Money that came too much, by the report that brought it. Money in NT$."""

    external_payment_id: UUID
    bill_id: UUID
    bureau: str
    number: str
    channel: str
    amount_twd: int
    reason: str
    status: str
    account_masked: str | None
    failure_code: str | None
    paid_at: datetime
    found_at: datetime
    returned_at: datetime | None


def note_file(session: Session, file_id: UUID, *, now: datetime) -> int:
    """Look for money too much among what a file reported; its bills are locked. Answers how often it was found."""
    of = {"file": file_id}
    return _note(session, _IN_FILE, _RULE | of, now) + _note(session, _CHEAPER, of, now)


def note_everywhere(now: datetime) -> None:
    """Look through every bill that more than one report, or a report beside a payment of ours, speaks of."""
    with db.unit_of_work() as session:
        _note(session, _EVERYWHERE, _RULE, now)


def of_person(session: Session, person_id: UUID) -> list[Overpayment]:
    """What came too much for this person's bills, newest first."""
    values = bills.ownership(bills.owner_of(session, person_id))
    return [Overpayment(**row._mapping) for row in session.execute(_MINE, values)]


def order_return(
    session: Session, *, person_id: UUID, overpayment_id: UUID, bank_link_id: UUID, now: datetime
) -> Overpayment:
    """Have the money sent to an account of this person's at the city's bank.

    Raises NotFound, OverpaymentNotOpen, BankLinkNotActive, InvalidRequest for an account at another bank.
    """
    values = bills.ownership(bills.owner_of(session, person_id)) | {"id": overpayment_id}
    row = session.execute(_LOCK_MINE, values).first()
    if row is None:
        raise NotFound
    link = bank_links.active_link(session, person_id=person_id, bank_link_id=bank_link_id, now=now)
    if link.bank != bank_links.BANK_OF_KAOHSIUNG:
        raise InvalidRequest(errors=[FieldError("/bank_link_id", "has to be an account at the city's bank")])
    if row.status != "open":
        raise OverpaymentNotOpen
    return_id, hold_id = new_uuid(), new_uuid()
    session.execute(
        _ORDER,
        {"id": overpayment_id, "person": person_id, "link": bank_link_id, "account": link.account_masked,
         "return_id": return_id, "hold": hold_id, "now": now},
    )  # fmt: skip
    posting = Posting(
        hold_id, account_id(book.bureau_payable(row.bureau)), account_id(book.BANK_CLEARING), row.amount_twd, book.TWD,
        "overpayment returned", typeid("ref", return_id),
    )  # fmt: skip
    ledger.hold(session, [posting], now=now)
    return next(found for found in of_person(session, person_id) if found.external_payment_id == overpayment_id)


def send_due(now: datetime) -> None:
    """Have the bank send what was ordered; safe to run twice, for the reference is the bank's idempotency key."""
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    for row in due:
        try:
            _send(row, now)
        except Exception:
            # One order that cannot be sent must not keep the others waiting; it stays ordered and is seen.
            _log.exception("overpayment %s could not be sent back", typeid("ovp", row.external_payment_id))


def _send(row: Any, now: datetime) -> None:
    reference = typeid("ref", row.return_id)
    with db.unit_of_work() as session:
        link = bank_links.link_of(session, person_id=row.person_id, link_id=row.bank_link_id)
    assert link.mandate_id is not None, "an active link has a mandate"
    try:
        credit = ports().bank.find_credit(reference) or ports().bank.refund_to(
            reference=reference, mandate_id=link.mandate_id, amount_twd=row.amount_twd,
            purpose=f"溢繳退還 {row.number}", debit_reference=None,
        )  # fmt: skip
    except wire.CallFailed:
        wait = min(2 * 2 ** min(row.tries, 10), _LAST_RETRY_SECONDS)
        with db.unit_of_work() as session:
            session.execute(_LATER, {"id": row.external_payment_id, "next": now + timedelta(seconds=wait)})
        return
    with db.unit_of_work() as session:
        _record(session, row, credit, clock.now())


def _record(session: Session, row: Any, credit: Credit, now: datetime) -> None:
    subject = typeid("ref", row.return_id)
    values = {"id": row.external_payment_id, "return_id": row.return_id}
    fact = {"overpayment_id": str(row.external_payment_id), "person_id": str(row.person_id), "number": row.number,
            "amount_twd": row.amount_twd, "account": row.account_masked}  # fmt: skip
    if credit.status == "booked":
        if session.execute(_RETURNED, values | {"at": credit.booked_at}).first() is not None:
            ledger.settle(session, [Settlement(row.hold_id, reason="booked", subject=subject)], now=now)
            booked = fact | {"returned_at": on_the_wire(credit.booked_at)}
            outbox.record(session, events.OVERPAYMENT_RETURNED, booked, now=now)
        return
    failure = credit.reason or "rejected"
    if session.execute(_REOPEN, values | {"failure": failure}).first() is not None:
        ledger.release(session, [Release(row.hold_id, reason="not booked", subject=subject)], now=now)
        outbox.record(session, events.OVERPAYMENT_NOT_RETURNED, fact | {"failure_code": failure}, now=now)


def _note(session: Session, which: TextClause, values: dict[str, Any], now: datetime) -> int:
    found = session.execute(which, values | {"now": now}).all()
    for row in found:
        book.collected_at_a_store(session, row.bureau, row.channel, row.reported_twd, report_id=row.id, now=now)
        fact = {"overpayment_id": str(row.id), "bill_id": str(row.bill_id), "bureau": row.bureau, "number": row.number,
                "channel": row.channel, "amount_twd": row.amount_twd, "reason": row.reason,
                "person_ids": [str(person_id) for person_id in bills.people_of(session, row.bill_id)]}  # fmt: skip
        outbox.record(session, events.OVERPAYMENT_FOUND, fact, now=now)
    return len(found)


# Of several reports about a bill that no payment of ours stands for, the first in time is what it was paid by. While a
# payment claims the bill, its outcome decides; money that double_payments sends back is none of this.
_FIND = """
    WITH told AS (
        SELECT e.id, e.bill_id, e.channel, e.amount_twd, b.bureau, b.number, b.status, b.paid_by_payment,
               row_number() OVER (PARTITION BY e.bill_id ORDER BY e.paid_at, e.id) AS nth
          FROM wallet.external_payment e JOIN wallet.bill b ON b.id = e.bill_id
         WHERE e.bill_id IN ({which}) AND e.channel <> :register AND b.claimed_by IS NULL
           AND b.status IN ('paid', 'void')
    ), found AS (
        INSERT INTO wallet.overpayment (external_payment_id, bill_id, bureau, number, channel, amount_twd, reason,
                                        status, found_at)
        SELECT id, bill_id, bureau, number, channel, amount_twd,
               CASE status WHEN 'void' THEN 'bill_void' ELSE 'paid_twice' END, 'open', :now
          FROM told
         WHERE (status = 'void' OR paid_by_payment IS NOT NULL OR nth > 1)
           AND NOT EXISTS (SELECT FROM wallet.refund r
                            WHERE r.external_payment_id = told.id AND r.reason = :sent_back)
        ON CONFLICT (external_payment_id) DO NOTHING
        RETURNING external_payment_id AS id, bill_id, bureau, number, channel, amount_twd, reason
    )
    SELECT found.*, found.amount_twd AS reported_twd FROM found
"""
_IN_FILE = text(
    _FIND.format(which="SELECT bill_id FROM wallet.collection_line WHERE file_id = :file AND state = 'collected'")
)
_EVERYWHERE = text(
    _FIND.format(
        which="SELECT x.bill_id FROM wallet.external_payment x JOIN wallet.bill y ON y.id = x.bill_id "
        "WHERE x.channel <> :register GROUP BY x.bill_id HAVING count(*) > 1 OR bool_or(y.paid_by_payment IS NOT NULL)"
    )
)
_CHEAPER = text(
    """
    INSERT INTO wallet.overpayment (external_payment_id, bill_id, bureau, number, channel, amount_twd, reason, status,
                                    found_at)
    SELECT l.id, b.id, b.bureau, b.number, l.channel, l.amount_twd - b.amount_twd, 'bill_cheaper', 'open', :now
      FROM wallet.collection_line l JOIN wallet.bill b ON b.id = l.bill_id
     WHERE l.file_id = :file AND l.state = 'collected' AND b.status = 'paid' AND l.amount_twd > b.amount_twd
       AND b.paid_by_payment IS NULL AND b.claimed_by IS NULL
    ON CONFLICT (external_payment_id) DO NOTHING
    RETURNING external_payment_id AS id, bill_id, bureau, number, channel, amount_twd, reason,
              (SELECT e.amount_twd FROM wallet.external_payment e WHERE e.id = external_payment_id) AS reported_twd
    """
)
_SELECT = """
    SELECT o.external_payment_id, o.bill_id, o.bureau, o.number, o.channel, o.amount_twd, o.reason, o.status,
           o.account_masked, o.failure_code, e.paid_at, o.found_at, o.returned_at
      FROM wallet.bill b
      JOIN wallet.overpayment o ON o.bill_id = b.id
      JOIN wallet.external_payment e ON e.id = o.external_payment_id
"""
_MINE = text(f"{_SELECT} WHERE {bills.IS_MINE} ORDER BY o.found_at DESC, o.external_payment_id DESC")
_LOCK_MINE = text(
    "SELECT o.status, o.bureau, o.amount_twd FROM wallet.overpayment o JOIN wallet.bill b ON b.id = o.bill_id "  # noqa: S608
    f"WHERE o.external_payment_id = :id AND {bills.IS_MINE} FOR UPDATE OF o"
)
_ORDER = text(
    """
    UPDATE wallet.overpayment
       SET status = 'ordered', person_id = :person, bank_link_id = :link, account_masked = :account,
           return_id = :return_id, hold_id = :hold, ordered_at = :now, next_try_at = :now, tries = 0,
           failure_code = NULL
     WHERE external_payment_id = :id
    """
)
_LEASE_DUE = text(
    """
    UPDATE wallet.overpayment SET next_try_at = :until, tries = tries + 1
     WHERE external_payment_id IN (SELECT external_payment_id FROM wallet.overpayment WHERE next_try_at <= :now
                                    ORDER BY next_try_at LIMIT 50 FOR UPDATE SKIP LOCKED)
    RETURNING external_payment_id, person_id, bank_link_id, account_masked, number, amount_twd, return_id, hold_id,
              tries
    """
)
_LATER = text(
    "UPDATE wallet.overpayment SET next_try_at = :next WHERE external_payment_id = :id AND status = 'ordered'"
)
_RETURNED = text(
    "UPDATE wallet.overpayment SET status = 'returned', returned_at = :at, next_try_at = NULL "
    "WHERE external_payment_id = :id AND return_id = :return_id AND status = 'ordered' RETURNING 1"
)
_REOPEN = text(
    "UPDATE wallet.overpayment SET status = 'open', failure_code = :failure, next_try_at = NULL "
    "WHERE external_payment_id = :id AND return_id = :return_id AND status = 'ordered' RETURNING 1"
)

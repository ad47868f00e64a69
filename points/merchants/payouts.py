"""Payments to merchants' bank accounts: ordered where they are owed, sent in files, booked when the bank has paid.

Three steps, always: a file is committed with its payments; it is sent with no transaction open; what the bank says is
committed. A file without an answer is asked for by its MsgId, and sent again only where the bank has never seen it:
the same file is the same to the byte, and the bank executes it once. Nothing that was refused is tried again by itself:
the account is proven anew first, or a desk looks.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid, parse_typeid, typeid
from ledger import book
from ledger.book import Posting
from partners import wire
from partners.bank.pain001 import Transfer, TransferFile
from partners.bank.pain002 import Report, by_transfer
from points.merchants import accounts, differences, paid
from points.merchants.ports import ports
from points.merchants.secrets import proof_code

Purpose = Literal["settlement", "proof", "netting"]
MOST_PER_FILE: Final = 500
_FILES_PER_SWEEP: Final = 20
_LONGEST_WAIT: Final = timedelta(hours=1)
_log = logging.getLogger("mykaohsiung.points")


@dataclass(frozen=True, slots=True)
class Order:
    """A payment to be made once for `subject_id`. `debit_code` is the account of the book that pays when the bank has;
    the remark of a proof is written when the file is, since its code is nowhere kept."""

    purpose: Purpose
    subject_id: UUID
    payee: str
    bank_code: str
    account: str
    amount_twd: int
    remark: str
    debit_code: str


def order(session: Session, wanted: Order, *, now: datetime) -> UUID:
    """Order a payment, in the caller's transaction. One that is under way or was made for the same thing is refused by
    the database (`payout_once`)."""
    payout_id = new_uuid()
    session.execute(
        _ORDER,
        {"id": payout_id, "purpose": wanted.purpose, "subject_id": wanted.subject_id, "payee": wanted.payee,
         "bank_code": wanted.bank_code, "account": wanted.account, "amount": wanted.amount_twd,
         "remark": wanted.remark, "debit_code": wanted.debit_code, "now": now},
    )  # fmt: skip
    return payout_id


def send_due(now: datetime) -> None:
    """Find out about the files without an answer, then send what was ordered since; safe to run twice and at once."""
    for batch_id in _asked_about(now):
        _send(batch_id, now, is_new=False)
    for _ in range(_FILES_PER_SWEEP):
        with db.unit_of_work() as session:
            written = _write_file(session, now)
        if written is None:
            return
        _send(written, now, is_new=True)


def _asked_about(now: datetime) -> list[UUID]:
    """Files whose answer is due to be asked for, each leased to this caller by its next time."""
    with db.unit_of_work() as session:
        rows = session.execute(_LEASE, {"now": now, "limit": _FILES_PER_SWEEP, "longest": _LONGEST_WAIT})
        return [row.id for row in rows]


def _write_file(session: Session, now: datetime) -> UUID | None:
    """Put what is ordered into a file of its own; None when nothing is."""
    batch_id = new_uuid()
    taken = session.execute(_DUE, {"limit": MOST_PER_FILE}).all()
    if not taken:
        return None
    session.execute(
        _WRITE_BATCH,
        {"id": batch_id, "payouts": len(taken), "total": sum(row.amount_twd for row in taken), "now": now,
         "next_at": now + timedelta(minutes=1)},
    )  # fmt: skip
    session.execute(_PUT_INTO, {"batch_id": batch_id, "ids": [row.id for row in taken]})
    return batch_id


def _send(batch_id: UUID, now: datetime, *, is_new: bool) -> None:
    """Have the bank take a file, with no transaction open, and write down what it says."""
    bank = ports().payer.bank
    with db.unit_of_work() as session:
        file = _file(session, batch_id)
    try:
        report = None if is_new else bank.find_report(file.message_id)
        if report is None:
            report = bank.send(file)
    except wire.CallFailed as failure:
        # Silence or a closed bank: it stays as it is, and is asked for. A refusal of the request itself is a fault.
        _log.warning("the file %s has no answer yet: %s", file.message_id, failure)
        if isinstance(failure, wire.Refused):
            _stop(batch_id, failure.code, now)
        return
    with db.unit_of_work() as session:
        take_report(session, batch_id, report, now=now)


def take_report(session: Session, batch_id: UUID, report: Report, *, now: datetime) -> bool:
    """Write down what became of a file's payments, once; False when that is done."""
    if session.execute(_LOCK_BATCH, {"id": batch_id}).scalar_one() != "written":
        return False
    rows = session.execute(_LOCK_OF_BATCH, {"batch_id": batch_id}).all()
    if report.refusal:
        _refuse_all(session, batch_id, rows, report.refusal, now)
        return True
    said = by_transfer(report.outcomes)
    missing = [row for row in rows if typeid("pyt", row.id) not in said]
    if missing:
        # A report that leaves out a payment says nothing of it: the desk asks the bank.
        _log.error("the report on %s leaves out %s payments", typeid("pbt", batch_id), len(missing))
    for row in rows:
        outcome = said.get(typeid("pyt", row.id))
        if row.status != "sent":
            # The statement was quicker than the report.
            continue
        if outcome is None:
            differences.open_one(
                session, day=taipei_date(now), kind="stopped", payout_id=row.id, reference=typeid("pyt", row.id),
                amount_twd=row.amount_twd, details="the report leaves it out", now=now,
            )  # fmt: skip
        elif outcome.status == "executed":
            on = outcome.executed_on or taipei_date(now)
            executed(session, row, on=on, bank_reference=outcome.bank_reference, now=now)
        else:
            _reject(session, row, outcome.reason, now)
    session.execute(_ANSWERED, {"id": batch_id, "status": "answered", "reason": "", "now": now})
    return True


def _reject(session: Session, row: Any, reason: str, now: datetime) -> None:
    session.execute(_REJECTED, {"id": row.id, "reason": reason})
    paid.refused(session, row, reason=reason, now=now)


def _refuse_all(session: Session, batch_id: UUID, rows: Sequence[Any], reason: str, now: datetime) -> None:
    """The bank took nothing of the file: that is nobody's account's fault, so a desk has to look."""
    for row in rows:
        session.execute(_REJECTED, {"id": row.id, "reason": reason})
        paid.stopped(session, row, reason=reason, now=now)
    total = sum(row.amount_twd for row in rows)
    differences.open_one(
        session, day=taipei_date(now), kind="stopped", payout_id=None, reference=typeid("pbt", batch_id),
        amount_twd=total, details=reason, now=now,
    )  # fmt: skip
    session.execute(_ANSWERED, {"id": batch_id, "status": "refused", "reason": reason, "now": now})


def _stop(batch_id: UUID, code: str, now: datetime) -> None:
    with db.unit_of_work() as session:
        if session.execute(_LOCK_BATCH, {"id": batch_id}).scalar_one() == "written":
            rows = session.execute(_LOCK_OF_BATCH, {"batch_id": batch_id}).all()
            _refuse_all(session, batch_id, rows, code or "refused", now)


def _file(session: Session, batch_id: UUID) -> TransferFile:
    """The file of a batch: the same to the byte, whenever it is written."""
    payer = ports().payer
    batch = session.execute(_BATCH, {"id": batch_id}).one()
    rows = session.execute(_OF_BATCH, {"batch_id": batch_id}).all()
    return TransferFile(
        message_id=typeid("pbt", batch_id),
        written_at=batch.written_at,
        payer=payer.name,
        payer_bank=payer.bank_code,
        payer_account=payer.account,
        execute_on=taipei_date(batch.written_at),
        transfers=tuple(
            Transfer(
                typeid("pyt", row.id), row.payee, row.bank_code, row.account, row.amount_twd,
                f"{row.remark} {proof_code(row.subject_id)}" if row.purpose == "proof" else row.remark,
            )
            for row in rows
        ),
    )  # fmt: skip


def executed(session: Session, row: Any, *, on: date, bank_reference: str, now: datetime) -> None:
    """The bank has paid an order that it was sent (a row of `points.payout`): its report says so, or its statement."""
    session.execute(_BOOKED, {"id": row.id, "now": now, "day": on, "reference": bank_reference})
    source, bank = accounts.opened(session, row.debit_code, now), accounts.opened(session, accounts.BANK, now)
    posting = Posting(
        uuid5(row.id, "paid"), source, bank, row.amount_twd, accounts.TWD, f"points {row.purpose} paid",
        typeid("pyt", row.id),
    )  # fmt: skip
    book.post(session, [posting], now=now)
    paid.done(session, row, on=on, now=now)


def payout_of(reference: str) -> UUID | None:
    """The payment that a name on the bank's statement stands for; None where it is none of ours."""
    try:
        return parse_typeid("pyt", reference)
    except NotFound:
        return None


_ORDER = text(
    """
    INSERT INTO points.payout (id, purpose, subject_id, payee, bank_code, account, amount_twd, remark, debit_code,
                               status, ordered_at)
    VALUES (:id, :purpose, :subject_id, :payee, :bank_code, :account, :amount, :remark, :debit_code, 'due', :now)
    """
)
_DUE = text(
    "SELECT id, amount_twd FROM points.payout WHERE status = 'due' ORDER BY ordered_at, id LIMIT :limit "
    "FOR UPDATE SKIP LOCKED"
)
_WRITE_BATCH = text(
    """
    INSERT INTO points.payout_batch (id, status, payouts, total_twd, written_at, next_at)
    VALUES (:id, 'written', :payouts, :total, :now, :next_at)
    """
)
_PUT_INTO = text("UPDATE points.payout SET status = 'sent', batch_id = :batch_id WHERE id = ANY(:ids)")
_LEASE = text(
    """
    UPDATE points.payout_batch
       SET attempts = attempts + 1,
           next_at = :now + least(CAST(:longest AS interval), interval '1 minute' * power(2, least(attempts, 10)))
     WHERE id IN (SELECT id FROM points.payout_batch WHERE status = 'written' AND next_at <= :now
                   ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)
_BATCH = text("SELECT written_at FROM points.payout_batch WHERE id = :id")
_LOCK_BATCH = text("SELECT status FROM points.payout_batch WHERE id = :id FOR UPDATE")
_OF_BATCH = text("SELECT * FROM points.payout WHERE batch_id = :batch_id ORDER BY id")
_LOCK_OF_BATCH = text("SELECT * FROM points.payout WHERE batch_id = :batch_id ORDER BY id FOR UPDATE")
_ANSWERED = text("UPDATE points.payout_batch SET status = :status, reason = :reason, answered_at = :now WHERE id = :id")
_BOOKED = text(
    "UPDATE points.payout SET status = 'booked', booked_at = :now, booked_on = :day, bank_reference = :reference "
    "WHERE id = :id"
)
_REJECTED = text("UPDATE points.payout SET status = 'rejected', reason = :reason WHERE id = :id")

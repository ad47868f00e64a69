"""Payments that are paid, written as the product writes them: rows, book, receipt; without anybody clicking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from core import clock, db
from core.ids import new_uuid
from wallet import book, receipts
from wallet.ports import ports
from wallet.tariffs import tariffs_on

_numbers = iter(range(3 * 10**15, 10**16))


@dataclass(frozen=True)
class Paid:
    """One payment: its id, its bills, the amount and fee (NT$), the address that its receipt's code leads to."""

    id: UUID
    bill_ids: tuple[UUID, ...]
    amount_twd: int
    fee_twd: int
    verify_path: str


def paid(
    person_id: UUID,
    amounts: Sequence[int],
    *,
    rail: str = "bank_of_kaohsiung",
    kind: str = "parking",
    at: datetime | None = None,
    status: str = "captured",
) -> Paid:
    """A payment over bills of these amounts, booked `at`, its fee as the tariff of the day says."""
    at, payment_id, bureau = at or clock.now(), new_uuid(), "fines" if kind == "fine" else "parking"
    with db.unit_of_work() as session:
        fee = tariffs_on(session, clock.taipei_date(at))[rail, kind].fee_twd
        legs = [book.Leg(bureau, amount, fee, new_uuid(), new_uuid() if fee else None) for amount in amounts]
        bill_ids = tuple(new_uuid() for _ in amounts)
        session.execute(
            _PAYMENT,
            {"id": payment_id, "person": person_id, "rail": rail, "amount": sum(amounts), "fee": fee * len(amounts),
             "before": at - timedelta(seconds=5), "expires": at + timedelta(minutes=5),
             "kind": "bank_link" if rail in ("bank_of_kaohsiung", "ach") else "one_time"},
        )  # fmt: skip
        for bill_id, leg in zip(bill_ids, legs, strict=True):
            session.execute(
                _BILL, {"id": bill_id, "bureau": bureau, "kind": kind, "number": str(next(_numbers)),
                        "amount": leg.amount_twd, "payment": payment_id, "rail": rail, "at": at, "batch": new_uuid(),
                        "fee": fee, "hold": leg.hold_id, "fee_hold": leg.fee_hold_id},
            )  # fmt: skip
        for state in ("debiting", status):
            session.execute(
                text("UPDATE wallet.payment SET status = :status, booked_at = :at, authorized_at = :at WHERE id = :id"),
                {"id": payment_id, "status": state, "at": at},
            )
        clearing = ports().rails[rail].clearing if rail in ports().rails else book.BANK_CLEARING
        book.open_accounts(session, at)
        book.hold(session, str(payment_id), legs, clearing=clearing, rail=rail, now=at)
        book.settle(session, str(payment_id), legs, clearing=clearing, rail=rail, now=at)
        session.execute(text(receipts.INSERT), receipts.values_for(payment_id, now=at))
        verify_url = receipts.receipt_of(session, payment_id).verify_url
    return Paid(payment_id, bill_ids, sum(amounts), fee * len(amounts), "/verify/" + verify_url.rsplit("/", 1)[1])


def becomes(payment: Paid, status: str, *, stands: bool = False) -> None:
    """The payment moves on to this state; unless it `stands`, its bills are no longer paid by it."""
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.payment SET status = :status WHERE id = :id"),
                        {"id": payment.id, "status": status})  # fmt: skip
        if not stands:
            session.execute(
                text("UPDATE wallet.bill SET status = 'unpaid', paid_by_payment = NULL WHERE paid_by_payment = :id"),
                {"id": payment.id},
            )


def given_back(payment: Paid, amount_twd: int, *, fee_twd: int = 0, reason: str = "charged_wrong") -> None:
    """So much of the payment's first bill has gone back."""
    with db.unit_of_work() as session:
        session.execute(
            _REFUND,
            {"id": new_uuid(), "payment": payment.id, "bill": payment.bill_ids[0], "person": new_uuid(),
             "reason": reason, "amount": amount_twd, "fee": fee_twd, "hold": new_uuid(), "now": clock.now()},
        )  # fmt: skip
        session.execute(text("UPDATE wallet.refund SET status = 'completed' WHERE status = 'requested'"))


_PAYMENT = text(
    """
    INSERT INTO wallet.payment (id, person_id, status, rail, instrument_kind, account_masked, amount_twd, fee_twd,
                                instruction, challenge, created_at, expires_at)
    VALUES (:id, :person, 'awaiting_authorization', :rail, :kind, '***1234', :amount, :fee, '', '', :before, :expires)
    """
)
_BILL = text(
    """
    WITH item AS (
        INSERT INTO wallet.payment_item (payment_id, bill_id, bureau, kind, number, description, amount_twd, fee_twd,
                                         hold_id, fee_hold_id)
        VALUES (:payment, :id, :bureau, :kind, :number, '路邊停車費 苓雅區四維三路', :amount, :fee, :hold, :fee_hold)
    )
    INSERT INTO wallet.bill (id, bureau, kind, number, plate, occurred_at, amount_twd, due_on, payable_by_agent, status,
                             paid_by_payment, paid_channel, paid_at, batch_id, updated_at)
    VALUES (:id, :bureau, :kind, :number, 'ABC-1234', :at, :amount, :at, true, 'paid', :payment, :rail, :at, :batch,
            :at)
    """
)
_REFUND = text(
    """
    INSERT INTO wallet.refund (id, payment_id, bill_id, person_id, reason, amount_twd, fee_twd, status, hold_id,
                               created_at, completed_at)
    VALUES (:id, :payment, :bill, :person, :reason, :amount, :fee, 'requested', :hold, :now, :now)
    """
)

"""A payment from the choice of bills to the challenge: bills are claimed, amounts fixed, the instruction written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid, typeid
from wallet import states
from wallet.bank_links import BankLink, active_link
from wallet.bills import Bill, Owner, bills_for_payment, owner_of
from wallet.errors import BillAlreadyPaid, BillBeingPaid, BillNotPayable, OverLimit, PaymentNotAwaiting
from wallet.instruction import InstructedBill, challenge_of, instruction_text
from wallet.tariffs import BANK_OF_KAOHSIUNG, tariffs_on

AUTHORIZATION_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Item:
    """One bill inside a payment. Money in NT$."""

    bill_id: UUID
    bureau: str
    kind: str
    number: str
    description: str
    amount_twd: int
    fee_twd: int
    hold_id: UUID
    fee_hold_id: UUID | None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as it stands. Money in NT$."""

    id: UUID
    person_id: UUID
    status: str
    rail: str
    bank_link_id: UUID
    mandate_id: str
    account_masked: str
    amount_twd: int
    fee_twd: int
    instruction: str
    challenge: bytes
    created_at: datetime
    expires_at: datetime
    authorized_at: datetime | None
    ended_at: datetime | None
    booked_at: datetime | None
    failure_code: str | None

    @property
    def total_twd(self) -> int:
        """What is debited: the bills and the fee."""
        return self.amount_twd + self.fee_twd

    @property
    def reference(self) -> str:
        """Our name for the debit at the bank, and its idempotency key there."""
        return typeid("pay", self.id)


class FinesNotConfirmed(Exception):
    """Some of these bills are fines whose amount their bureau has not been asked for yet."""


def start(
    session: Session,
    *,
    person_id: UUID,
    bill_ids: Sequence[UUID],
    bank_link_id: UUID,
    fines_are_confirmed: bool,
    now: datetime,
) -> tuple[Payment, list[Item]]:
    """Claim the bills and write the instruction that the phone has to sign.

    An earlier payment of the same person that still waits for its assertion gives its bills up: people go back and
    choose again. Raises NotFound, BillAlreadyPaid, BillBeingPaid, BillNotPayable, BankLinkNotActive, OverLimit; and
    FinesNotConfirmed, before anything is written, where a fine is among them and `fines_are_confirmed` is False.
    """
    link = active_link(session, person_id=person_id, bank_link_id=bank_link_id)
    owner = owner_of(session, person_id)
    bills = _claimable_bills(session, owner, person_id, bill_ids, fines_are_confirmed, now)
    items = _items(session, bills, now)
    amount, fee = sum(item.amount_twd for item in items), sum(item.fee_twd for item in items)
    if amount + fee > link.per_payment_limit_twd:
        raise OverLimit(limit=link.per_payment_limit_twd, total=amount + fee)
    payment = _write(session, person_id, link, items, amount, fee, now)
    return payment, items


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a payment stands, and since when the payer's word is given."""

    status: str
    authorized_at: datetime


def standing_of(session: Session, payment_id: UUID) -> Standing | None:
    """Where a payment that the payer has confirmed stands, without waiting for anybody who works on it."""
    row = session.execute(_STANDING, {"id": payment_id}).first()
    return None if row is None else Standing(row.status, row.authorized_at)


def payment_of(session: Session, person_id: UUID, payment_id: UUID) -> Payment:
    """One payment of this person. Raises NotFound."""
    row = session.execute(_ONE, {"id": payment_id, "person_id": person_id}).first()
    if row is None:
        raise NotFound
    return _payment(row)


def lock_payment(session: Session, payment_id: UUID, *, person_id: UUID | None = None) -> Payment:
    """A payment, locked until the transaction ends. Raises NotFound, also for another person's where one is named."""
    row = session.execute(_LOCKED, {"id": payment_id, "person_id": person_id}).first()
    if row is None:
        raise NotFound
    return _payment(row)


@dataclass(frozen=True, slots=True)
class LockedItem:
    """An item and its bill as it is now, locked."""

    item: Item
    bill_amount_twd: int
    bill_status: str
    bill_claimed_by: UUID | None
    bill_due_on: date


def lock_items(session: Session, payment_id: UUID) -> list[LockedItem]:
    """The payment's items with their bills locked. Bills are locked before their payment, here as everywhere."""
    found = []
    for row in session.execute(_ITEMS_LOCKED, {"id": payment_id}):
        item = Item(row.bill_id, row.bureau, row.kind, row.number, row.description, row.amount_twd, row.fee_twd,
                    row.hold_id, row.fee_hold_id)  # fmt: skip
        found.append(LockedItem(item, row.bill_amount_twd, row.bill_status, row.claimed_by, row.due_on))
    return found


def payments_of(session: Session, person_id: UUID, *, limit: int, before: UUID | None) -> list[Payment]:
    """The person's payments, newest first, from before the one named."""
    rows = session.execute(
        _PAGE, {"person_id": person_id, "limit": limit, "before": before or UUID(int=(1 << 128) - 1)}
    )
    return [_payment(row) for row in rows]


def items_of(session: Session, payment_ids: Sequence[UUID]) -> dict[UUID, list[Item]]:
    """The bills inside each of these payments."""
    found: dict[UUID, list[Item]] = {payment_id: [] for payment_id in payment_ids}
    for row in session.execute(_ITEMS, {"ids": list(payment_ids)}):
        values = dict(row._mapping)
        found[values.pop("payment_id")].append(Item(**values))
    return found


def cancel(session: Session, *, person_id: UUID, payment_id: UUID, now: datetime) -> Payment:
    """Give up a payment that waits for its assertion; its bills are free again. Raises NotFound, PaymentNotAwaiting."""
    payment = payment_of(session, person_id, payment_id)
    if not give_up(session, [payment_id], states.CANCELLED, now=now):
        raise PaymentNotAwaiting(payment_status=payment.status)
    return payment_of(session, person_id, payment_id)


def give_up(session: Session, payment_ids: Sequence[UUID], status: str, *, now: datetime) -> list[UUID]:
    """End those of the payments that still wait for an assertion, and free their bills. Answers which were ended."""
    bill_rows = session.execute(_BILLS_OF, {"ids": list(payment_ids)})
    # Bills first, then payments: everybody locks in this order, so nobody waits in a circle.
    session.execute(_LOCK_BILLS, {"ids": [row.bill_id for row in bill_rows]})
    ended = [row.id for row in session.execute(_GIVE_UP, {"ids": list(payment_ids), "status": status, "now": now})]
    if ended:
        session.execute(_FREE_BILLS, {"ids": ended})
    return ended


def expire_abandoned(session: Session, *, now: datetime) -> int:
    """End payments whose five minutes passed without an assertion; answers how many."""
    ids = [row.id for row in session.execute(_ABANDONED, {"now": now})]
    return len(give_up(session, ids, states.EXPIRED, now=now)) if ids else 0


def _claimable_bills(
    session: Session,
    owner: Owner,
    person_id: UUID,
    bill_ids: Sequence[UUID],
    fines_are_confirmed: bool,
    now: datetime,
) -> list[Bill]:
    bills = bills_for_payment(session, owner, bill_ids)
    if not fines_are_confirmed and any(bill.kind == "fine" and bill.not_payable_reason() is None for bill in bills):
        raise FinesNotConfirmed
    claims = {bill.claimed_by for bill in bills if bill.claimed_by is not None and bill.status == "unpaid"}
    if claims:
        others = session.execute(_CLAIMS, {"ids": list(claims)}).all()
        for other in others:
            is_mine_and_waiting = other.person_id == person_id and other.status == states.AWAITING
            if not is_mine_and_waiting and not (other.status == states.AWAITING and other.expires_at <= now):
                busy = next(bill for bill in bills if bill.claimed_by == other.id)
                raise BillBeingPaid(bill_id=typeid("bill", busy.id))
        ended = give_up(session, list(claims), states.CANCELLED, now=now)
        if len(ended) != len(claims):
            busy = next(bill for bill in bills if bill.claimed_by in claims - set(ended))
            raise BillBeingPaid(bill_id=typeid("bill", busy.id))
    for bill in bills:
        if bill.status == "paid":
            raise BillAlreadyPaid(bill_id=typeid("bill", bill.id))
        reason = bill.not_payable_reason()
        if reason is not None:
            raise BillNotPayable(bill_id=typeid("bill", bill.id), reason=reason)
    return bills


def _items(session: Session, bills: Sequence[Bill], now: datetime) -> list[Item]:
    tariffs = tariffs_on(session, taipei_date(now))
    items = []
    for bill in bills:
        tariff = tariffs.get((BANK_OF_KAOHSIUNG, bill.kind))
        if tariff is None:
            raise BillNotPayable(bill_id=typeid("bill", bill.id), reason="no_tariff")
        fee_hold = new_uuid() if tariff.fee_twd else None
        items.append(
            Item(bill.id, bill.bureau, bill.kind, bill.number, bill.description.zh, bill.amount_twd, tariff.fee_twd,
                 new_uuid(), fee_hold)
        )  # fmt: skip
    return items


def _write(
    session: Session, person_id: UUID, link: BankLink, items: Sequence[Item], amount: int, fee: int, now: datetime
) -> Payment:
    payment_id = new_uuid()
    expires_at = now + AUTHORIZATION_WINDOW
    instruction = instruction_text(
        payment_id=payment_id,
        person_id=person_id,
        bills=[InstructedBill(item.bill_id, item.number, item.amount_twd) for item in items],
        fee_twd=fee,
        rail=BANK_OF_KAOHSIUNG,
        account_masked=link.account_masked,
        bank_link_id=link.id,
        expires_at=expires_at,
    )
    payment = Payment(
        id=payment_id, person_id=person_id, status=states.AWAITING, rail=BANK_OF_KAOHSIUNG, bank_link_id=link.id,
        mandate_id=link.mandate_id, account_masked=link.account_masked, amount_twd=amount, fee_twd=fee,
        instruction=instruction, challenge=challenge_of(instruction), created_at=now, expires_at=expires_at,
        authorized_at=None, ended_at=None, booked_at=None, failure_code=None,
    )  # fmt: skip
    session.execute(
        _INSERT,
        {
            "id": payment.id,
            "person_id": person_id,
            "status": payment.status,
            "rail": payment.rail,
            "link": link.id,
            "mandate": link.mandate_id,
            "account": link.account_masked,
            "amount": amount,
            "fee": fee,
            "instruction": instruction,
            "challenge": payment.challenge,
            "now": now,
            "expires": expires_at,
            "items": orjson.dumps(
                [
                    {
                        "bill_id": str(item.bill_id), "bureau": item.bureau, "kind": item.kind, "number": item.number,
                        "description": item.description, "amount_twd": item.amount_twd, "fee_twd": item.fee_twd,
                        "hold_id": str(item.hold_id), "fee_hold_id": item.fee_hold_id and str(item.fee_hold_id),
                    }
                    for item in items
                ]
            ).decode(),
        },
    )  # fmt: skip
    return payment


def _payment(row: Any) -> Payment:
    values = dict(row._mapping)
    values["challenge"] = bytes(values["challenge"])
    return Payment(**values)


_COLUMNS = (
    "id, person_id, status, rail, bank_link_id, mandate_id, account_masked, amount_twd, fee_twd, instruction, "
    "challenge, created_at, expires_at, authorized_at, ended_at, booked_at, failure_code"
)
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.payment WHERE id = :id AND person_id = :person_id")  # noqa: S608
_LOCKED = text(
    f"SELECT {_COLUMNS} FROM wallet.payment WHERE id = :id "  # noqa: S608
    "AND (CAST(:person_id AS uuid) IS NULL OR person_id = :person_id) FOR UPDATE"
)
_STANDING = text("SELECT status, authorized_at FROM wallet.payment WHERE id = :id AND authorized_at IS NOT NULL")
_PAGE = text(
    f"SELECT {_COLUMNS} FROM wallet.payment WHERE person_id = :person_id AND id < :before "  # noqa: S608
    "ORDER BY id DESC LIMIT :limit"
)
_ITEMS_LOCKED = text(
    """
    SELECT i.bill_id, i.bureau, i.kind, i.number, i.description, i.amount_twd, i.fee_twd, i.hold_id, i.fee_hold_id,
           b.amount_twd AS bill_amount_twd, b.status AS bill_status, b.claimed_by, b.due_on
      FROM wallet.payment_item i JOIN wallet.bill b ON b.id = i.bill_id
     WHERE i.payment_id = :id ORDER BY b.id FOR UPDATE OF b
    """
)
_ITEMS = text(
    "SELECT payment_id, bill_id, bureau, kind, number, description, amount_twd, fee_twd, hold_id, fee_hold_id "
    "FROM wallet.payment_item WHERE payment_id = ANY(:ids) ORDER BY payment_id, bill_id"
)
# One statement writes the payment, its items and the claims on its bills.
_INSERT = text(
    """
    WITH payment AS (
        INSERT INTO wallet.payment (id, person_id, status, rail, bank_link_id, mandate_id, account_masked, amount_twd,
                                    fee_twd, instruction, challenge, created_at, expires_at)
        VALUES (:id, :person_id, :status, :rail, :link, :mandate, :account, :amount, :fee, :instruction, :challenge,
                :now, :expires)
    ), item AS (
        INSERT INTO wallet.payment_item (payment_id, bill_id, bureau, kind, number, description, amount_twd, fee_twd,
                                         hold_id, fee_hold_id)
        SELECT :id, i.* FROM jsonb_to_recordset(CAST(:items AS jsonb)) AS i(
               bill_id uuid, bureau text, kind text, number text, description text, amount_twd bigint, fee_twd bigint,
               hold_id uuid, fee_hold_id uuid)
        RETURNING bill_id
    )
    UPDATE wallet.bill SET claimed_by = :id WHERE id IN (SELECT bill_id FROM item)
    """
)
_CLAIMS = text("SELECT id, person_id, status, expires_at FROM wallet.payment WHERE id = ANY(:ids)")
_BILLS_OF = text("SELECT bill_id FROM wallet.payment_item WHERE payment_id = ANY(:ids) ORDER BY bill_id")
_LOCK_BILLS = text("SELECT 1 FROM wallet.bill WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_GIVE_UP = text(
    "UPDATE wallet.payment SET status = :status, ended_at = :now "
    "WHERE id = ANY(:ids) AND status = 'awaiting_authorization' RETURNING id"
)
_FREE_BILLS = text("UPDATE wallet.bill SET claimed_by = NULL WHERE claimed_by = ANY(:ids)")
_ABANDONED = text(
    "SELECT id FROM wallet.payment WHERE status = 'awaiting_authorization' AND expires_at < :now "
    "ORDER BY expires_at LIMIT 500"
)

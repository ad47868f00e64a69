"""Payments as they stand: read, locked together with their bills, given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import typeid
from core.settings import settings
from wallet import states
from wallet.errors import PaymentNotAwaiting
from wallet.rails.contract import Instrument, InstrumentKind, Order


@dataclass(frozen=True, slots=True)
class Item:
    """One bill inside a payment. Money in NT$; `points_pt` of the amount is paid in points, NT$1 each."""

    bill_id: UUID
    bureau: str
    kind: str
    number: str
    description: str
    amount_twd: int
    fee_twd: int
    hold_id: UUID
    fee_hold_id: UUID | None
    points_pt: int = 0
    points_hold_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as it stands. Money in NT$; `points_pt` of the total is paid in points, NT$1 each.

    `on_behalf_of` is whose bills `person_id` pays, by a delegation; None: their own.
    """

    id: UUID
    person_id: UUID
    status: str
    rail: str
    instrument_kind: InstrumentKind
    bank_link_id: UUID | None
    card_id: UUID | None
    mandate_id: str | None
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
    points_pt: int = 0
    external_id: str | None = None
    action_url: str | None = None
    action_expires_at: datetime | None = None
    final_on: date | None = None
    undone_at: datetime | None = None
    undone_reason: str | None = None
    initiated_by: str = "payer"
    on_behalf_of: UUID | None = None
    delegation_id: UUID | None = None

    @property
    def total_twd(self) -> int:
        """What is paid: the bills and the fee."""
        return self.amount_twd + self.fee_twd

    @property
    def money_twd(self) -> int:
        """What the rail is asked for: the total less what points pay of it."""
        return self.total_twd - self.points_pt

    @property
    def reference(self) -> str:
        """Our name for the debit at the rail, and its idempotency key there."""
        return typeid("pay", self.id)

    @property
    def instrument(self) -> Instrument:
        """What is debited."""
        return Instrument(
            self.instrument_kind, self.bank_link_id or self.card_id, self.mandate_id or "", self.account_masked
        )

    def order(self, *, wallet_token: str | None = None) -> Order:
        """The payment as its rail is asked for it."""
        assert self.authorized_at is not None, "no rail is asked before the payer has given their word"
        return Order(
            payment_id=self.id,
            reference=self.reference,
            person_id=self.person_id,
            rail=self.rail,
            amount_twd=self.money_twd,
            instrument=self.instrument,
            authorized_at=self.authorized_at,
            external_id=self.external_id,
            return_url=f"{settings().public_origin}/app/payment-return?payment={self.reference}",
            wallet_token=wallet_token,
        )


def authorized_payment(session: Session, payment_id: UUID) -> Payment | None:
    """A payment that its payer has confirmed, as it stands, without waiting for anybody who works on it."""
    row = session.execute(_AUTHORIZED, {"id": payment_id}).first()
    return None if row is None else _payment(row)


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
    plate: str


def lock_items(session: Session, payment_id: UUID) -> list[LockedItem]:
    """The payment's items with their bills locked. Bills are locked before their payment, here as everywhere."""
    found = []
    for row in session.execute(_ITEMS_LOCKED, {"id": payment_id}):
        item = Item(row.bill_id, row.bureau, row.kind, row.number, row.description, row.amount_twd, row.fee_twd,
                    row.hold_id, row.fee_hold_id, row.points_pt, row.points_hold_id)  # fmt: skip
        found.append(LockedItem(item, row.bill_amount_twd, row.bill_status, row.claimed_by, row.due_on, row.plate))
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


def payment_from(values: Mapping[str, Any]) -> Payment:
    """The payment in a row that was read with `COLUMNS`."""
    return Payment(**{**values, "challenge": bytes(values["challenge"])})


def _payment(row: Any) -> Payment:
    return payment_from(row._mapping)


COLUMNS: Final = (
    "id, person_id, status, rail, instrument_kind, bank_link_id, card_id, mandate_id, account_masked, amount_twd, "
    "fee_twd, instruction, challenge, created_at, expires_at, authorized_at, ended_at, booked_at, failure_code, "
    "points_pt, external_id, action_url, action_expires_at, final_on, undone_at, undone_reason, initiated_by, "
    "on_behalf_of, delegation_id"
)
_ONE = text(f"SELECT {COLUMNS} FROM wallet.payment WHERE id = :id AND person_id = :person_id")  # noqa: S608
_LOCKED = text(
    f"SELECT {COLUMNS} FROM wallet.payment WHERE id = :id "  # noqa: S608
    "AND (CAST(:person_id AS uuid) IS NULL OR person_id = :person_id) FOR UPDATE"
)
_AUTHORIZED = text(f"SELECT {COLUMNS} FROM wallet.payment WHERE id = :id AND authorized_at IS NOT NULL")  # noqa: S608
_PAGE = text(
    f"SELECT {COLUMNS} FROM wallet.payment WHERE person_id = :person_id AND id < :before "  # noqa: S608
    "ORDER BY id DESC LIMIT :limit"
)
_ITEMS_LOCKED = text(
    """
    SELECT i.bill_id, i.bureau, i.kind, i.number, i.description, i.amount_twd, i.fee_twd, i.hold_id, i.fee_hold_id,
           i.points_pt, i.points_hold_id, b.amount_twd AS bill_amount_twd, b.status AS bill_status, b.claimed_by,
           b.due_on, b.plate
      FROM wallet.payment_item i JOIN wallet.bill b ON b.id = i.bill_id
     WHERE i.payment_id = :id ORDER BY b.id FOR UPDATE OF b
    """
)
_ITEMS = text(
    "SELECT payment_id, bill_id, bureau, kind, number, description, amount_twd, fee_twd, hold_id, fee_hold_id, "
    "points_pt, points_hold_id "
    "FROM wallet.payment_item WHERE payment_id = ANY(:ids) ORDER BY payment_id, bill_id"
)
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

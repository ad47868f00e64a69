"""A refund as a row: written down with its claim on the payment, begun, and sent anew under a reference of its own.

The claim is one statement on `wallet.payment_item`, whose CHECKs hold the sum of all refunds of a bill at or below what
was captured for it, in money, points and fee alike, whoever asks and however many at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire
from core.errors import NotFound
from core.ids import new_uuid
from wallet import book, events, refund_rules
from wallet.errors import RefundExceedsPayment
from wallet.payments import Item, Payment
from wallet.ports import ports
from wallet.refund_rules import CREDIT_ORDER

AskedBy = Literal["system", "citizen", "officer"]


@dataclass(frozen=True, slots=True)
class Refund:
    """One bill's money on its way back. Money in NT$; `points_pt` of the amount goes back as points, `fee_twd` is the
    service fee that comes back with it. `account` is where it goes; `attempt` counts how often it was sent."""

    id: UUID
    payment_id: UUID
    bill_id: UUID
    person_id: UUID
    rail: str
    external_payment_id: UUID | None
    reason: str
    amount_twd: int
    fee_twd: int
    points_pt: int
    status: str
    asked_by: AskedBy
    asked_by_id: UUID | None
    note: str | None
    approval_id: UUID | None
    attempt: int
    account: str
    expected_on: date | None
    created_at: datetime
    accepted_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None
    failure_code: str | None
    number: str
    bureau: str
    channel: str | None

    @property
    def money_twd(self) -> int:
        """What the rail is asked to give back."""
        return self.amount_twd - self.points_pt + self.fee_twd


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of a refund. `id` is our reference at the rail; `bank_link_id` the account chosen instead of the one
    that the payment came from."""

    id: UUID
    refund_id: UUID
    number: int
    bank_link_id: UUID | None
    account: str
    hold_id: UUID
    fee_hold_id: UUID | None
    external_id: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A refund that somebody wants: how much of the bill (NT$), and whether the fee comes along with all of it."""

    reason: str
    amount_twd: int
    returns_fee: bool
    asked_by: AskedBy = "system"
    asked_by_id: UUID | None = None
    note: str | None = None
    external_payment_id: UUID | None = None


def write(
    session: Session,
    payment: Payment,
    item: Item,
    wanted: Wanted,
    *,
    status: Literal["requested", "proposed"] = "requested",
    now: datetime,
) -> Refund:
    """Write a refund down, claim its money, and begin it unless a second officer has to agree first.

    The caller holds the locks on bills and payment. Raises RefundExceedsPayment, and nothing is claimed.
    """
    claim = _claim(session, payment.id, item, wanted)
    refund_id = new_uuid()
    session.execute(
        _INSERT,
        {"id": refund_id, "payment_id": payment.id, "bill_id": item.bill_id, "person_id": payment.person_id,
         "external": wanted.external_payment_id, "reason": wanted.reason, "amount": wanted.amount_twd,
         "fee": claim.fee_twd, "points": claim.points_pt, "status": status, "asked_by": wanted.asked_by,
         "asked_by_id": wanted.asked_by_id, "note": wanted.note, "account": payment.account_masked, "now": now},
    )  # fmt: skip
    refund = refund_of(session, refund_id)
    if status == "proposed":
        return refund
    begin(session, refund, payment, now=now)
    return refund_of(session, refund_id)


def begin(session: Session, refund: Refund, payment: Payment, *, now: datetime) -> None:
    """The refund is decided: its points are back at once, its money is held and lined up for the rail."""
    if refund.points_pt:
        book.give_points_back(session, payment.reference, refund.bureau, refund.points_pt, refund_id=refund.id, now=now)
        ports().tender.give_back(session, payment_id=payment.id, points=refund.points_pt, cause_id=refund.id, now=now)
    add_attempt(session, refund, payment, attempt_id=refund.id, bank_link_id=None, account=refund.account, now=now)
    outbox.record(session, events.REFUND_REQUESTED, facts_of(refund_of(session, refund.id)), now=now)


def add_attempt(
    session: Session,
    refund: Refund,
    payment: Payment,
    *,
    attempt_id: UUID,
    bank_link_id: UUID | None,
    account: str,
    now: datetime,
) -> None:
    """Hold the refund's money for one sending, and make it due."""
    number = 1 if attempt_id == refund.id else refund.attempt + 1
    attempt = Attempt(
        attempt_id, refund.id, number, bank_link_id, account, new_uuid(), new_uuid() if refund.fee_twd else None, None
    )
    expected = refund_rules.expected_on(session, CREDIT_ORDER if bank_link_id else payment.rail, now)
    session.execute(
        _ATTEMPT,
        {"id": attempt.id, "refund_id": refund.id, "number": number, "link": bank_link_id, "account": account,
         "hold": attempt.hold_id, "fee_hold": attempt.fee_hold_id, "now": now},
    )  # fmt: skip
    session.execute(_DUE, {"id": refund.id, "number": number, "account": account, "expected": expected, "now": now})
    if refund.money_twd:
        book.hold_refund(
            session, payment.reference, leg_of(refund, attempt), clearing=clearing_of(payment, attempt),
            rail=payment.rail, now=now,
        )  # fmt: skip


def give_up_claim(session: Session, refund: Refund, *, with_points: bool) -> None:
    """What the refund claimed of its payment is free again; its points part only where it has not gone back."""
    points = refund.points_pt if with_points else 0
    session.execute(
        _UNCLAIM,
        {"payment_id": refund.payment_id, "bill_id": refund.bill_id, "fee": refund.fee_twd, "points": points,
         "amount": refund.amount_twd - refund.points_pt + points},
    )  # fmt: skip


def leg_of(refund: Refund, attempt: Attempt) -> book.Leg:
    """The refund's money in the book, as this attempt holds it."""
    money_twd = refund.amount_twd - refund.points_pt
    return book.Leg(refund.bureau, money_twd, refund.fee_twd, attempt.hold_id, attempt.fee_hold_id)


def clearing_of(payment: Payment, attempt: Attempt) -> str:
    """The account that stands for the money on its way: the rail's, or the city's bank where it sends it."""
    return book.BANK_CLEARING if attempt.bank_link_id else ports().rails[payment.rail].clearing


def refund_of(session: Session, refund_id: UUID) -> Refund:
    """One refund as it stands. Raises NotFound."""
    row = session.execute(_ONE, {"id": refund_id}).first()
    if row is None:
        raise NotFound
    return Refund(**row._mapping)


def lock(session: Session, refund_id: UUID) -> Refund:
    """One refund, locked; its bills and payment are locked before it. Raises NotFound."""
    session.execute(_LOCK, {"id": refund_id})
    return refund_of(session, refund_id)


def refunds_of(session: Session, payment_id: UUID) -> list[Refund]:
    """The refunds of a payment, oldest first."""
    return [Refund(**row._mapping) for row in session.execute(_OF_PAYMENT, {"payment_id": payment_id})]


def attempts_of(session: Session, refund_id: UUID) -> list[Attempt]:
    """Each sending of a refund, the last one last."""
    return [Attempt(**row._mapping) for row in session.execute(_ATTEMPTS, {"refund_id": refund_id})]


def id_of_reference(session: Session, attempt_id: UUID) -> UUID | None:
    """The refund that was sent under this reference; None when there is none."""
    found = session.execute(_BY_REFERENCE, {"id": attempt_id}).scalar()
    return None if found is None else UUID(str(found))


def facts_of(refund: Refund) -> dict[str, Any]:
    """A refund as every event about one describes it."""
    return {
        "refund_id": str(refund.id),
        "payment_id": str(refund.payment_id),
        "person_id": str(refund.person_id),
        "bill_id": str(refund.bill_id),
        "bureau": refund.bureau,
        "number": refund.number,
        "rail": refund.rail,
        "amount_twd": refund.amount_twd,
        "fee_twd": refund.fee_twd,
        "points_pt": refund.points_pt,
        "reason": refund.reason,
        "channel": refund.channel,
        "account": refund.account,
        "attempt": refund.attempt,
        "expected_on": refund.expected_on.isoformat() if refund.expected_on else None,
        "completed_at": on_the_wire(refund.completed_at) if refund.completed_at else None,
    }


@dataclass(frozen=True, slots=True)
class _Claim:
    fee_twd: int
    points_pt: int


def under_way(session: Session, statuses: Sequence[str], *, limit: int, after: UUID | None) -> list[Refund]:
    """Refunds in these states, of those that are neither done nor declined, oldest first, from after the one named."""
    values = {"statuses": list(statuses), "limit": limit, "after": after}
    return [Refund(**row._mapping) for row in session.execute(_UNDER_WAY, values)]


def left_twd(session: Session, payment_id: UUID, bill_id: UUID) -> int:
    """How much of a bill's captured amount (NT$) has neither gone back nor is on its way; its row is locked then."""
    row = session.execute(_LOCK_ITEM, {"payment_id": payment_id, "bill_id": bill_id}).one()
    return int(row.amount_twd - row.refunding_twd)


def _claim(session: Session, payment_id: UUID, item: Item, wanted: Wanted) -> _Claim:
    row = session.execute(_LOCK_ITEM, {"payment_id": payment_id, "bill_id": item.bill_id}).one()
    left = row.amount_twd - row.refunding_twd
    if not 0 < wanted.amount_twd <= left:
        raise RefundExceedsPayment(left=left)
    money_left = (row.amount_twd - row.points_pt) - (row.refunding_twd - row.refunding_pt)
    claim = _Claim(
        fee_twd=row.fee_twd - row.refunding_fee_twd if wanted.returns_fee and wanted.amount_twd == left else 0,
        points_pt=max(0, wanted.amount_twd - money_left),
    )
    session.execute(
        _CLAIM,
        {"payment_id": payment_id, "bill_id": item.bill_id, "amount": wanted.amount_twd, "points": claim.points_pt,
         "fee": claim.fee_twd},
    )  # fmt: skip
    return claim


_LOCK_ITEM = text(
    "SELECT amount_twd, points_pt, fee_twd, refunding_twd, refunding_pt, refunding_fee_twd FROM wallet.payment_item "
    "WHERE payment_id = :payment_id AND bill_id = :bill_id FOR UPDATE"
)
_CLAIM = text(
    """
    UPDATE wallet.payment_item
       SET refunding_twd = refunding_twd + :amount, refunding_pt = refunding_pt + :points,
           refunding_fee_twd = refunding_fee_twd + :fee
     WHERE payment_id = :payment_id AND bill_id = :bill_id
    """
)
_UNCLAIM = text(
    """
    UPDATE wallet.payment_item
       SET refunding_twd = refunding_twd - :amount, refunding_pt = refunding_pt - :points,
           refunding_fee_twd = refunding_fee_twd - :fee
     WHERE payment_id = :payment_id AND bill_id = :bill_id
    """
)
_INSERT = text(
    """
    INSERT INTO wallet.refund (id, payment_id, bill_id, person_id, external_payment_id, reason, amount_twd, fee_twd,
                               points_pt, status, asked_by, asked_by_id, note, account, created_at)
    VALUES (:id, :payment_id, :bill_id, :person_id, :external, :reason, :amount, :fee, :points, :status, :asked_by,
            :asked_by_id, :note, :account, :now)
    """
)
_ATTEMPT = text(
    """
    INSERT INTO wallet.refund_attempt (id, refund_id, number, bank_link_id, account, hold_id, fee_hold_id, began_at)
    VALUES (:id, :refund_id, :number, :link, :account, :hold, :fee_hold, :now)
    """
)
_DUE = text(
    """
    UPDATE wallet.refund SET status = 'requested', attempt = :number, account = :account, expected_on = :expected,
           next_try_at = :now, tries = 0, accepted_at = NULL, completed_at = NULL, failed_at = NULL, failure_code = NULL
     WHERE id = :id
    """
)
_SELECT = """
    SELECT r.id, r.payment_id, r.bill_id, r.person_id, p.rail, r.external_payment_id, r.reason, r.amount_twd, r.fee_twd,
           r.points_pt, r.status, r.asked_by, r.asked_by_id, r.note, r.approval_id, r.attempt,
           coalesce(r.account, p.account_masked) AS account, r.expected_on, r.created_at, r.accepted_at,
           r.completed_at, r.failed_at, r.failure_code, i.number, i.bureau, e.channel
      FROM wallet.refund r
      JOIN wallet.payment p ON p.id = r.payment_id
      JOIN wallet.payment_item i ON i.payment_id = r.payment_id AND i.bill_id = r.bill_id
      LEFT JOIN wallet.external_payment e ON e.id = r.external_payment_id
"""
_ONE = text(f"{_SELECT} WHERE r.id = :id")
_OF_PAYMENT = text(f"{_SELECT} WHERE r.payment_id = :payment_id ORDER BY r.id")
_UNDER_WAY = text(
    f"{_SELECT} WHERE r.status NOT IN ('completed', 'declined') AND r.status = ANY(:statuses) "
    "AND (CAST(:after AS uuid) IS NULL OR r.id > :after) ORDER BY r.id LIMIT :limit"
)
_LOCK = text("SELECT 1 FROM wallet.refund WHERE id = :id FOR UPDATE")
_ATTEMPTS = text(
    "SELECT id, refund_id, number, bank_link_id, account, hold_id, fee_hold_id, external_id "
    "FROM wallet.refund_attempt WHERE refund_id = :refund_id ORDER BY number"
)
_BY_REFERENCE = text("SELECT refund_id FROM wallet.refund_attempt WHERE id = :id")

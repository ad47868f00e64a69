"""One payment by an exact name of it: ours, the rail's, the receipt's, a refund's, or the number of a bill in it.

There is no way to look for a person, for a part of a name, or for a list. Whoever looks says for what purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import NotFound
from core.ids import parse_typeid
from core.taiwan import normalise
from wallet import book, corrections, refund_rules, states
from wallet.payments import COLUMNS, Item, Payment, items_of, payment_from
from wallet.refund_rules import Reason

_MOST: int = 20


@dataclass(frozen=True, slots=True)
class Beside:
    """What belongs to a payment and stands elsewhere: its receipt's number, its dispute, its open breaks."""

    receipt_number: str | None
    dispute_id: UUID | None
    break_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Found:
    """A payment as officers see it. `left_twd` says of each bill (by id) how much of it could still go back (NT$)."""

    payment: Payment
    items: Sequence[Item]
    left_twd: Mapping[UUID, int]
    beside: Beside


@dataclass(frozen=True, slots=True)
class Choices:
    """What an officer may ask for: reasons of a refund, NT$ above which a second person decides, and corrections."""

    reasons: Sequence[Reason]
    two_persons_above_twd: int | None
    corrections: Sequence[str]


def look_up(session: Session, name: str) -> list[Found]:
    """The payments that go by exactly this name, newest first; several only where a bill was tried more than once."""
    exact = normalise(name).strip()
    ids = [row.id for row in session.execute(_BY_NAME, {**_names(exact), "exact": exact, "most": _MOST})]
    return _found(session, ids)


def one(session: Session, payment_id: UUID) -> Found:
    """One payment. Raises NotFound."""
    found = _found(session, [payment_id])
    if not found:
        raise NotFound
    return found[0]


def choices(session: Session, payment: Payment, now: datetime) -> Choices:
    """What an officer may ask for in the state in which the payment is."""
    limit = session.execute(_LIMIT, {"day": taipei_date(now)}).scalar()
    is_refundable = payment.status in (*states.COUNTS_AS_PAID, states.REFUNDED)
    reasons = [each for each in refund_rules.reasons(session).values() if each.is_for_officers] if is_refundable else []
    return Choices(reasons, limit, corrections.targets_of(payment.status))


def _names(exact: str) -> dict[str, Any]:
    """The ids that a name of ours stands for."""
    ids: dict[str, Any] = {"payment": None, "refund": None}
    for prefix, kind in (("pay", "payment"), ("ref", "refund")):
        try:
            ids[kind] = parse_typeid(prefix, exact.lower())
        except NotFound:
            continue
    return ids | {"bureaus": list(book.PAYEES), "rails": list(book.RAILS)}


def _found(session: Session, ids: Sequence[UUID]) -> list[Found]:
    payments = [payment_from(dict(row._mapping)) for row in session.execute(_PAYMENTS, {"ids": list(ids)})]
    items = items_of(session, [payment.id for payment in payments])
    left: dict[UUID, dict[UUID, int]] = {payment.id: {} for payment in payments}
    beside: dict[UUID, Beside] = {}
    for row in session.execute(_LEFT, {"ids": list(left)}):
        left[row.payment_id][row.bill_id] = row.left_twd
    for row in session.execute(_BESIDE, {"ids": list(left)}):
        beside[row.id] = Beside(row.receipt_number, row.dispute_id, row.break_ids)
    return [Found(payment, items[payment.id], left[payment.id], beside[payment.id]) for payment in payments]


_BY_NAME = text(
    """
    SELECT id FROM (
        SELECT id FROM wallet.payment WHERE id = CAST(:payment AS uuid)
        UNION
        SELECT payment_id FROM wallet.refund WHERE id = CAST(:refund AS uuid)
        UNION
        SELECT f.payment_id FROM wallet.refund_attempt a JOIN wallet.refund f ON f.id = a.refund_id
         WHERE a.id = CAST(:refund AS uuid)
        UNION
        SELECT payment_id FROM wallet.receipt WHERE number = upper(:exact)
        UNION
        SELECT id FROM wallet.payment WHERE rail = ANY(:rails) AND external_id = :exact
        UNION
        SELECT i.payment_id FROM wallet.bill b JOIN wallet.payment_item i ON i.bill_id = b.id
         WHERE b.bureau = ANY(:bureaus) AND b.number = :exact
    ) AS named ORDER BY id DESC LIMIT :most
    """
)
_PAYMENTS = text(f"SELECT {COLUMNS} FROM wallet.payment WHERE id = ANY(:ids) ORDER BY id DESC")  # noqa: S608
_LEFT = text(
    "SELECT payment_id, bill_id, amount_twd - refunding_twd AS left_twd FROM wallet.payment_item "
    "WHERE payment_id = ANY(:ids)"
)
_BESIDE = text(
    """
    SELECT p.id, r.number AS receipt_number, d.id AS dispute_id,
           ARRAY(SELECT b.id FROM wallet.reconciliation_break b
                  WHERE b.subject_id = p.id AND b.status <> 'closed' ORDER BY b.id) AS break_ids
      FROM wallet.payment p
      LEFT JOIN wallet.receipt r ON r.payment_id = p.id
      LEFT JOIN wallet.dispute d ON d.payment_id = p.id
     WHERE p.id = ANY(:ids)
    """
)
_LIMIT = text(
    "SELECT two_persons_above_twd FROM wallet.refund_limit WHERE valid_from <= :day ORDER BY valid_from DESC LIMIT 1"
)

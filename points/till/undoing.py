"""Giving points back at the till: the whole of a sale while it is fresh, or parts of it whenever it is.

Points return to the lots that they came from. What was settled with the merchant already is taken off the next
settlement: `points.redemption_refund` rows that are no voids count against the merchant until a settlement takes them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid
from identity.actors import Actor
from points import limits, tender
from points.merchants import offers
from points.till import redemptions, rules
from points.till.errors import MayNotRefund, MoreThanIsLeft, NotNow, TooLateToVoid


def void(session: Session, redemption_id: UUID, *, till: Actor, now: datetime) -> None:
    """Undo the whole of it: call off one that waits, or give everything back of one that is done.

    That is for its own cashier, or for somebody who may refund. Raises MayNotRefund, TooLateToVoid, NotNow, NotFound.
    """
    row = _of_branch(session, redemption_id, till)
    if row.status in ("awaiting_citizen", "held"):
        redemptions.let_go(session, row, "voided", reason="till", now=now)
        return
    if row.status != "done":
        raise NotNow(status=row.status)
    if row.staff_id != till.staff_id or row.staff_id is None:
        _must_be_allowed(session, till)
    too_old = row.done_at + timedelta(hours=rules.at(session, now).void_hours) <= now
    if too_old or row.settlement_id is not None or row.refunded:
        raise TooLateToVoid
    limits.forget(session, redemptions.subjects(row), row.points, row.done_at)
    if row.offer_id is not None:
        offers.give_back(session, row.offer_id, row.person_id, now)
    _give_back(session, row, row.points, is_void=True, till=till, now=now)
    redemptions.move(session, row, "voided", reason="till", back=row.points, now=now)


def refund(session: Session, redemption_id: UUID, *, till: Actor, points: int, now: datetime) -> None:
    """Give so many points of a sale back, settled or not, as often as there are any left.

    Raises MayNotRefund, MoreThanIsLeft, NotNow, NotFound.
    """
    row = _of_branch(session, redemption_id, till)
    if row.status != "done":
        raise NotNow(status=row.status)
    _must_be_allowed(session, till)
    left = row.points - row.refunded
    if points > left:
        raise MoreThanIsLeft(left=left)
    _give_back(session, row, points, is_void=False, till=till, now=now)
    redemptions.say(session, row, "refunded", back=points, now=now)


def _of_branch(session: Session, redemption_id: UUID, till: Actor) -> Any:
    row = redemptions.locked(session, redemption_id)
    if (row.merchant_id, row.branch_id) != (till.merchant_id, till.branch_id):
        raise NotFound
    return row


def _must_be_allowed(session: Session, till: Actor) -> None:
    if not till.is_register and not session.execute(_MAY_REFUND, {"id": till.staff_id}).scalar():
        raise MayNotRefund


def _give_back(session: Session, row: Any, points: int, *, is_void: bool, till: Actor, now: datetime) -> None:
    refund_id = new_uuid()
    session.execute(
        _NOTE,
        {"id": refund_id, "redemption_id": row.id, "merchant_id": row.merchant_id, "points": points,
         "is_void": is_void, "staff_id": till.staff_id, "now": now, "day": taipei_date(now)},
    )  # fmt: skip
    tender.give_back(session, payment_id=row.id, points=points, cause_id=refund_id, now=now)


_MAY_REFUND = text("SELECT may_refund FROM points.staff WHERE id = :id AND left_at IS NULL")
_NOTE = text(
    """
    WITH noted AS (
        INSERT INTO points.redemption_refund (id, redemption_id, merchant_id, points, is_void, staff_id, at,
                                              business_day)
        VALUES (:id, :redemption_id, :merchant_id, :points, :is_void, :staff_id, :now, :day)
    )
    UPDATE points.redemption SET refunded = refunded + :points WHERE id = :redemption_id
    """
)

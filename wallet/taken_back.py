"""How much of a payment is taken back, each time: the parts that have not gone back to the payer before.

What was taken is written down, for exactly that comes again when a dispute is won, and exactly that stands on the
lines in which others report it, even where a refund that was on its way arrives in between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from wallet.payments import Item, Payment

How = Literal["returned", "charged_back"]


def left_of(session: Session, payment: Payment, items: Sequence[Item]) -> list[Item]:
    """The items less what has gone back of each: money when it has arrived, points from the moment that they were
    given back."""
    given: dict[UUID, Any] = {row.bill_id: row for row in session.execute(_GIVEN, {"id": payment.id})}
    return [_less(item, given[item.bill_id]) if item.bill_id in given else item for item in items]


def write(
    session: Session,
    payment_id: UUID,
    how: Literal["returned", "charged_back", "never_came"],
    items: Sequence[Item],
    *,
    owed: Collection[UUID],
    now: datetime,
) -> str:
    """Write down that these parts are taken; `owed` are the bills that are owed again because of it. Answers the cause
    under which it is booked, which is another one each time."""
    nth = int(session.execute(_TIMES, {"id": payment_id, "how": how}).scalar_one()) + 1
    for item in items:
        session.execute(
            _WRITE,
            {"id": payment_id, "how": how, "nth": nth, "bill": item.bill_id, "amount": item.amount_twd,
             "fee": item.fee_twd, "points": item.points_pt, "is_owed": item.bill_id in owed, "now": now},
        )  # fmt: skip
    return f"{how} {nth}"


def restore(
    session: Session, payment_id: UUID, items: Sequence[Item], *, now: datetime
) -> tuple[list[Item], set[UUID], str]:
    """What was taken last comes again. Answers the parts, the bills that were owed because of it, and the cause under
    which it is booked."""
    rows = {row.bill_id: row for row in session.execute(_RESTORE, {"id": payment_id, "now": now})}
    parts = [_part(item, row.amount_twd, row.fee_twd, row.points_pt) for item, row in _pairs(items, rows)]
    nth = max(row.nth for row in rows.values())
    return parts, {bill_id for bill_id, row in rows.items() if row.is_owed}, f"restored {nth}"


def no_longer_owed(session: Session, payment_id: UUID, bill_id: UUID) -> None:
    """The bill's money went back for good while it was taken: should it come again, the bill stays open."""
    session.execute(_NO_LONGER_OWED, {"id": payment_id, "bill": bill_id})


def _pairs(items: Sequence[Item], rows: dict[UUID, Any]) -> list[tuple[Item, Any]]:
    return [(item, rows[item.bill_id]) for item in items if item.bill_id in rows]


def _less(item: Item, given: Any) -> Item:
    points = max(item.points_pt - given.points_pt, 0)
    money_twd = max(item.amount_twd - item.points_pt - given.money_twd, 0)
    return _part(item, money_twd + points, max(item.fee_twd - given.fee_twd, 0), points)


def _part(item: Item, amount_twd: int, fee_twd: int, points_pt: int) -> Item:
    return replace(
        item,
        amount_twd=amount_twd,
        fee_twd=fee_twd,
        fee_hold_id=item.fee_hold_id if fee_twd else None,
        points_pt=points_pt,
        points_hold_id=item.points_hold_id if points_pt else None,
    )


# What was paid again elsewhere is the other payment's money; the points that went back in its stead are ours.
_GIVEN = text(
    """
    SELECT bill_id,
           coalesce(sum(amount_twd - points_pt)
                    FILTER (WHERE status = 'completed' AND reason <> 'paid_elsewhere_again'), 0)::bigint AS money_twd,
           coalesce(sum(fee_twd)
                    FILTER (WHERE status = 'completed' AND reason <> 'paid_elsewhere_again'), 0)::bigint AS fee_twd,
           coalesce(sum(points_pt) FILTER (WHERE status NOT IN ('proposed', 'declined')), 0)::bigint AS points_pt
      FROM wallet.refund WHERE payment_id = :id GROUP BY bill_id
    """
)
_TIMES = text("SELECT coalesce(max(nth), 0) FROM wallet.taken_back WHERE payment_id = :id AND how = :how")
_WRITE = text(
    """
    INSERT INTO wallet.taken_back (payment_id, how, nth, bill_id, amount_twd, fee_twd, points_pt, is_owed, taken_at)
    VALUES (:id, :how, :nth, :bill, :amount, :fee, :points, :is_owed, :now)
    """
)
_RESTORE = text(
    "UPDATE wallet.taken_back SET restored_at = :now WHERE payment_id = :id AND how = 'charged_back' "
    "AND restored_at IS NULL RETURNING nth, bill_id, amount_twd, fee_twd, points_pt, is_owed"
)
_NO_LONGER_OWED = text(
    "UPDATE wallet.taken_back SET is_owed = false WHERE payment_id = :id AND bill_id = :bill AND restored_at IS NULL"
)

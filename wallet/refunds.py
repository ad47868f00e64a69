"""Money that goes back: what the rest of the wallet asks for and is told.

By itself for double payments; for citizens and officers in `refund_asking.py`. Sending is `refund_sending.py`, what
became of it `refund_outcomes.py`, and the row with its claim on the payment `refund_orders.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from wallet import refund_orders
from wallet.payments import Item, Payment
from wallet.refund_orders import Refund, Wanted, id_of_reference, refund_of, refunds_of
from wallet.refund_outcomes import came_back, completed, gone_twice, note_whole
from wallet.refund_sending import send_due

__all__ = [
    "PAID_AGAIN_MEANWHILE",
    "PAID_ELSEWHERE_AGAIN",
    "PAID_ELSEWHERE_FIRST",
    "Refund",
    "came_back",
    "completed",
    "gone_twice",
    "id_of_reference",
    "is_going_back",
    "note_whole",
    "refund_of",
    "refunds_of",
    "request",
    "send_due",
]

PAID_ELSEWHERE_FIRST: Final = "paid_elsewhere_first"
PAID_ELSEWHERE_AGAIN: Final = "paid_elsewhere_again"
PAID_AGAIN_MEANWHILE: Final = "paid_again_meanwhile"


def request(
    session: Session,
    payment: Payment,
    item: Item,
    *,
    external_payment_id: UUID | None,
    reason: str,
    amount_twd: int,
    fee_twd: int,
    now: datetime,
) -> None:
    """A bill was paid twice: this much of it goes back by itself, as far as it has not gone back already.

    Bills and payment are locked by the caller. A second request about the same double payment changes nothing.
    """
    if external_payment_id is not None and is_going_back(session, payment.id, item.bill_id):
        return
    amount_twd = min(amount_twd, refund_orders.left_twd(session, payment.id, item.bill_id))
    if amount_twd > 0:
        wanted = Wanted(reason, amount_twd, returns_fee=fee_twd > 0, external_payment_id=external_payment_id)
        refund_orders.write(session, payment, item, wanted, now=now)


def is_going_back(session: Session, payment_id: UUID, bill_id: UUID) -> bool:
    """Whether this bill of this payment goes back, or has gone, because it was also paid elsewhere."""
    return session.execute(_IS_GOING_BACK, {"payment_id": payment_id, "bill_id": bill_id}).scalar() is not None


_IS_GOING_BACK = text(
    "SELECT 1 FROM wallet.refund WHERE payment_id = :payment_id AND bill_id = :bill_id "
    "AND external_payment_id IS NOT NULL"
)

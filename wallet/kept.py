"""How long this room keeps what it wrote down to do its work. Payments, bills and the book are kept."""

from __future__ import annotations

from datetime import datetime

from core import keeping
from core.keeping import Kept

RULES = (
    Kept(
        "wallet.notice_attempt", 400, "k.started_at < :before",
        "a bureau that asks why it heard late of a payment is answered for a year; the notice itself is kept",
    ),
)  # fmt: skip


def forget(now: datetime) -> None:
    """The sweep: at night, delete what is past its time."""
    keeping.forget_at_night(RULES, now)

"""The accounts of the book that merchants' points and money pass through.

    PT    points:merchant:<id>  →  points:settled                       at the cut of the week
    TWD   points:cost:<bureau>  →  points:payable:merchant:<id>         at the same time, one for one
    TWD   points:payable:merchant:<id>  →  bank:points-settlement       once the bank has paid

More refunds than redemptions go the other way, so what is payable may be below zero: it is carried to the next week.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from ledger import book
from ledger.book import Side
from points.campaigns import ASSET

TWD: Final = "TWD"
SETTLED: Final = "points:settled"
BANK: Final = "bank:points-settlement"
PROOFS: Final = "points:cost:account-proofs"


def redeemed_code(merchant_id: UUID) -> str:
    """Where points go that are redeemed at this merchant."""
    return f"points:merchant:{merchant_id}"


def payable_code(merchant_id: UUID) -> str:
    """What the city owes this merchant."""
    return f"points:payable:merchant:{merchant_id}"


def cost_code(bureau: str) -> str:
    """What redeemed points have cost the bureau that granted them."""
    return f"points:cost:{bureau}"


def opened(session: Session, code: str, now: datetime) -> UUID:
    """The account with this code, open. All of them are hot: nobody waits for another at them."""
    in_points = code == SETTLED or code.startswith("points:merchant:")
    is_debit = code == BANK or code.startswith("points:cost:")
    return book.open_account(
        session, code, ASSET if in_points else TWD, now=now, is_hot=True,
        normal_side=Side.DEBIT if is_debit else Side.CREDIT,
    )  # fmt: skip

"""What a payment means in the book: which accounts, which side.

A debit holds bank clearing → the bureau's payable, and bank clearing → fee payable, when it is ordered; settles both
when the bank says booked; releases both when it says rejected. A refund goes the other way. All these accounts are hot:
everybody pays into them at once, and nobody waits for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from ledger import book
from ledger.book import Posting, Release, Settlement, Side, account_id

TWD = "TWD"
BUREAUS = ("parking", "fines")
BANK_CLEARING = "bank_clearing:bank_of_kaohsiung"
FEE_PAYABLE = "fee_payable:bank_of_kaohsiung"


class HasLegs(Protocol):
    """One bill's part of a payment or refund: NT$ for the bureau and NT$ of fee, with the ids of their holds."""

    @property
    def bureau(self) -> str: ...
    @property
    def amount_twd(self) -> int: ...
    @property
    def fee_twd(self) -> int: ...
    @property
    def hold_id(self) -> UUID: ...
    @property
    def fee_hold_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Leg:
    """A `HasLegs` of its own, for what goes back."""

    bureau: str
    amount_twd: int
    fee_twd: int
    hold_id: UUID
    fee_hold_id: UUID | None


def bureau_payable(bureau: str) -> str:
    """The code of the account that says what the city owes this bureau."""
    return f"bureau_payable:{bureau}"


def open_accounts(session: Session, now: datetime) -> None:
    """Open the accounts that every payment uses; again is harmless."""
    book.open_account(session, BANK_CLEARING, TWD, now=now, normal_side=Side.DEBIT, is_hot=True)
    book.open_account(session, FEE_PAYABLE, TWD, now=now, is_hot=True)
    for bureau in BUREAUS:
        book.open_account(session, bureau_payable(bureau), TWD, now=now, is_hot=True)


def hold(session: Session, reference: str, items: Sequence[HasLegs], *, now: datetime) -> None:
    """A debit has been ordered: its money is on the way from the bank to bureaus and fee."""
    clearing = account_id(BANK_CLEARING)
    postings = []
    for item in items:
        payable = account_id(bureau_payable(item.bureau))
        postings.append(Posting(item.hold_id, clearing, payable, item.amount_twd, TWD, "debit", reference))
        if item.fee_hold_id is not None:
            fee = account_id(FEE_PAYABLE)
            postings.append(Posting(item.fee_hold_id, clearing, fee, item.fee_twd, TWD, "service fee", reference))
    book.hold(session, postings, now=now)


def settle(session: Session, reference: str, items: Sequence[HasLegs], *, now: datetime) -> None:
    """The bank has booked the debit."""
    changes = [Settlement(hold_id, reason="booked", subject=reference) for hold_id in _holds(items)]
    book.settle(session, changes, now=now)


def release(session: Session, reference: str, items: Sequence[HasLegs], *, now: datetime) -> None:
    """The debit did not happen."""
    changes = [Release(hold_id, reason="not booked", subject=reference) for hold_id in _holds(items)]
    book.release(session, changes, now=now)


def hold_refund(session: Session, reference: str, leg: Leg, *, now: datetime) -> None:
    """Money is on its way back to the account that a payment came from."""
    clearing, payable = account_id(BANK_CLEARING), account_id(bureau_payable(leg.bureau))
    postings = [Posting(leg.hold_id, payable, clearing, leg.amount_twd, TWD, "refund", reference)]
    if leg.fee_hold_id is not None:
        fee = account_id(FEE_PAYABLE)
        postings.append(Posting(leg.fee_hold_id, fee, clearing, leg.fee_twd, TWD, "fee refund", reference))
    book.hold(session, postings, now=now)


def settle_refund(session: Session, reference: str, leg: Leg, *, now: datetime) -> None:
    """The bank has booked the refund."""
    settle(session, reference, [leg], now=now)


def release_refund(session: Session, reference: str, leg: Leg, *, now: datetime) -> None:
    """The bank has refused the refund."""
    release(session, reference, [leg], now=now)


def collected_at_a_store(
    session: Session, bureau: str, channel: str, amount_twd: int, *, report_id: UUID, now: datetime
) -> None:
    """A store took cash for a bill that was paid already: what it owes the bureau goes back to the citizen."""
    code = f"store_clearing:{channel}"
    store = book.open_account(session, code, TWD, now=now, normal_side=Side.DEBIT, is_hot=True)
    posting = Posting(
        uuid5(report_id, "collected"), store, account_id(bureau_payable(bureau)), amount_twd, TWD,
        "collected at a store", str(report_id),
    )  # fmt: skip
    book.post(session, [posting], now=now)


def _holds(items: Sequence[HasLegs]) -> list[UUID]:
    return [hold for item in items for hold in (item.hold_id, item.fee_hold_id) if hold is not None]

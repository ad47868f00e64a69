"""The history of each person's points, written together with the book: one never says what the other does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid
from core.text import Text
from ledger import book
from points.campaigns import ASSET

# Every kind of entry, and whether it changes a lot; the others change what the person owes.
CHANGES_A_LOT: Final = {
    "earn": True,
    "reverse": True,
    "restore": True,
    "expire": True,
    "repay": True,
    "spend": True,
    "return": True,
    "owe": False,
    "repaid": False,
}
KINDS: Final = tuple(CHANGES_A_LOT)


# What points are earned for or used for, and the prefix of its ids on the wire.
ABOUT: Final = {"payment": "pay", "deed": "ded", "redemption": "rdm", "exchange": "exc"}


class About(NamedTuple):
    """What a change of points is about: a `kind` of `ABOUT`, and its id."""

    kind: str
    id: UUID


def about_payment(payment_id: UUID) -> About:
    """A payment in the wallet."""
    return About("payment", payment_id)


def about_lot(lot: Any) -> About:
    """What earned a lot, of a row with `payment_id` and `deed_id`."""
    return About("payment", lot.payment_id) if lot.payment_id else About("deed", lot.deed_id)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a person's points: above zero they come from `other_account` of the book, below zero they go there.

    `own_account` is the person's points account, or the one of what the person owes. What it is `about` is what earned
    the lot, or what the points were used for.
    """

    person_id: UUID
    lot_id: UUID
    about: About
    kind: str
    cause_id: UUID
    points: int
    other_account: UUID
    words: Text
    own_account: UUID | None = None

    @property
    def transfer_id(self) -> UUID:
        """The id of its transfer in the book; it follows from what changes and why, so it happens once."""
        return uuid5(self.lot_id, f"{self.kind} {self.cause_id}")


def write_entry(session: Session, *changes: Change, now: datetime) -> None:
    """Write changes into the people's histories and, as one group, into the book."""
    write_history(session, changes, [change.transfer_id for change in changes], now=now)
    book.post(session, [_posting(change) for change in changes], now=now)


def write_history(session: Session, changes: Sequence[Change], transfer_ids: Sequence[UUID], *, now: datetime) -> None:
    """Write changes into the histories alone, in their order; the caller writes these transfers into the book."""
    ids = sorted(new_uuid() for _ in changes)
    session.execute(
        _ENTRY,
        [
            {
                "person_id": change.person_id, "id": entry_id, "lot_id": change.lot_id,
                "payment_id": change.about.id if change.about.kind == "payment" else None,
                "about_kind": change.about.kind, "about_id": change.about.id, "amount": change.points,
                "kind": change.kind, "cause_id": change.cause_id, "transfer_id": transfer_id,
                "reason_zh": change.words.zh, "reason_en": change.words.en, "now": now,
            }
            for entry_id, change, transfer_id in zip(ids, changes, transfer_ids, strict=True)
        ],
    )  # fmt: skip


def account_code(person_id: UUID) -> str:
    """The code of a person's points account in the book."""
    return f"points:person:{person_id}"


def _posting(change: Change) -> book.Posting:
    own = change.own_account or book.account_id(account_code(change.person_id))
    debit, credit = (change.other_account, own) if change.points > 0 else (own, change.other_account)
    return book.Posting(
        change.transfer_id, debit, credit, abs(change.points), ASSET, f"points {change.kind}", str(change.lot_id)
    )


_ENTRY = text(
    """
    INSERT INTO points.entry (person_id, id, lot_id, payment_id, about_kind, about_id, amount, kind, cause_id,
                              transfer_id, reason_zh, reason_en, at)
    VALUES (:person_id, :id, :lot_id, :payment_id, :about_kind, :about_id, :amount, :kind, :cause_id, :transfer_id,
            :reason_zh, :reason_en, :now)
    """
)

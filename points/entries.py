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
    "extend": True,
    "owe": False,
    "repaid": False,
}
KINDS: Final = tuple(CHANGES_A_LOT)


HISTORY: Final = """
    INSERT INTO points.entry (person_id, id, lot_id, payment_id, about_kind, about_id, amount, kind, cause_id,
                              transfer_id, reason_zh, reason_en, at)
    SELECT e.*, CAST(:entry_at AS timestamptz)
      FROM unnest(CAST(:entry_persons AS uuid[]), CAST(:entry_ids AS uuid[]), CAST(:entry_lots AS uuid[]),
                  CAST(:entry_payments AS uuid[]), CAST(:entry_about_kinds AS text[]), CAST(:entry_abouts AS uuid[]),
                  CAST(:entry_amounts AS bigint[]), CAST(:entry_kinds AS text[]), CAST(:entry_causes AS uuid[]),
                  CAST(:entry_transfers AS uuid[]), CAST(:entry_reasons_zh AS text[]),
                  CAST(:entry_reasons_en AS text[])) AS e
"""

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
    write_into_the_book(session, changes, now=now)


def write_history(session: Session, changes: Sequence[Change], transfer_ids: Sequence[UUID], *, now: datetime) -> None:
    """Write changes into the histories alone, in their order; the caller writes these transfers into the book."""
    session.execute(_ENTRY, history_values(changes, transfer_ids, now=now))


def write_into_the_book(session: Session, changes: Sequence[Change], *, now: datetime) -> None:
    """Write changes into the book alone, as one group; the caller has written the histories."""
    book.post(session, postings(changes), now=now)


def postings(changes: Sequence[Change]) -> list[book.Posting]:
    """The changes as the book has them, for a caller who writes them into it together with something else."""
    return [_posting(change) for change in changes]


def history_values(changes: Sequence[Change], transfer_ids: Sequence[UUID], *, now: datetime) -> dict[str, Any]:
    """The parameters of `HISTORY`, for a caller who writes histories inside a statement of its own."""
    return {
        "entry_persons": [change.person_id for change in changes],
        "entry_ids": sorted(new_uuid() for _ in changes),
        "entry_lots": [change.lot_id for change in changes],
        "entry_payments": [change.about.id if change.about.kind == "payment" else None for change in changes],
        "entry_about_kinds": [change.about.kind for change in changes],
        "entry_abouts": [change.about.id for change in changes],
        "entry_amounts": [change.points for change in changes],
        "entry_kinds": [change.kind for change in changes],
        "entry_causes": [change.cause_id for change in changes],
        "entry_transfers": list(transfer_ids),
        "entry_reasons_zh": [change.words.zh for change in changes],
        "entry_reasons_en": [change.words.en for change in changes],
        "entry_at": now,
    }


def account_code(person_id: UUID) -> str:
    """The code of a person's points account in the book."""
    return f"points:person:{person_id}"


def _posting(change: Change) -> book.Posting:
    own = change.own_account or book.account_id(account_code(change.person_id))
    debit, credit = (change.other_account, own) if change.points > 0 else (own, change.other_account)
    return book.Posting(
        change.transfer_id, debit, credit, abs(change.points), ASSET, f"points {change.kind}", str(change.lot_id)
    )


_ENTRY = text(HISTORY)

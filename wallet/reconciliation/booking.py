"""What a file means in the book: clearing accounts come down, costs are booked, what has no place waits in suspense.

A file is booked in a handful of sums, not in one transfer for each line: every line says which sum it is in, and the
ids follow from the file, so a run that is repeated finds all of it booked. Afterwards the account `into` has grown by
exactly the net of the file, and `break_suspense` by exactly what its breaks say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from core.ids import typeid
from ledger import book as ledger
from ledger.book import Posting, account_id
from wallet import book
from wallet.reconciliation.matching import Latecomer, Sum
from wallet.reconciliation.sources import Source


def file_reference(file_id: UUID) -> str:
    """A file's name in the book and outside."""
    return typeid("stm", file_id)


def break_reference(break_id: UUID) -> str:
    """A break's name in the book and outside."""
    return typeid("brk", break_id)


def book_file(session: Session, source: Source, file_id: UUID, sums: Sequence[Sum], *, now: datetime) -> None:
    """Book a file's lines as one group; again changes nothing."""
    postings = [posting for each in sums for posting in _of_sum(source, file_id, each)]
    if postings:
        ledger.post(session, postings, now=now)


def book_latecomer(session: Session, late: Latecomer, *, now: datetime) -> None:
    """A line's counterpart has come: what waited in suspense clears it, and only a difference stays."""
    suspense, account = account_id(book.BREAK_SUSPENSE), account_id(late.account)
    pair = (suspense, account) if late.ours_twd > 0 else (account, suspense)
    posting = Posting(
        uuid5(late.break_id, "ours came"), *pair, abs(late.ours_twd), book.TWD, "matched late",
        break_reference(late.break_id),
    )  # fmt: skip
    ledger.post(session, [posting], now=now)


def book_adjustment(
    session: Session, break_id: UUID, *, debit: str, credit: str, amount_twd: int, reason: str, now: datetime
) -> None:
    """Close a break's money by one transfer that two persons decided on; a break is adjusted once."""
    posting = Posting(
        uuid5(break_id, "adjustment"), account_id(debit), account_id(credit), amount_twd, book.TWD,
        f"adjustment: {reason}"[:200], break_reference(break_id),
    )  # fmt: skip
    ledger.post(session, [posting], now=now)


def _of_sum(source: Source, file_id: UUID, each: Sum) -> Iterator[Posting]:
    into, suspense = source.into, book.BREAK_SUSPENSE
    costs = book.DISPUTE_COSTS if each.is_dispute else book.rail_costs(each.rail)
    name = f"{each.account} {each.rail}{' dispute' if each.is_dispute else ''}"
    moves = [
        ("placeless", into, suspense, each.placeless_came_twd, "reported, without a place"),
        ("placeless back", suspense, into, each.placeless_went_twd, "taken back, without a place"),
        ("fee", costs, into, each.fee_twd, "kept by the rail"),
        ("fee gap", suspense, into, each.fee_gap_twd, "kept beyond the contract"),
    ]
    if each.account is not None:
        moves.append(("came", into, each.account, each.came_twd, "settled"))
        moves.append(("went", each.account, into, each.went_twd, "settled"))
    for what, debit, credit, amount, reason in moves:
        if amount < 0:
            debit, credit, amount = credit, debit, -amount
        if amount:
            yield Posting(
                uuid5(file_id, f"{what} {name}"), account_id(debit), account_id(credit), amount,
                book.TWD, reason, file_reference(file_id),
            )  # fmt: skip

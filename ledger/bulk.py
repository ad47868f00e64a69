"""Many postings that have nothing to do with each other, written at once: for sweeps, where a call each is too dear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.book import Posting
from ledger.errors import typed_refusals


def post_each(session: Session, postings: Sequence[Posting], *, now: datetime) -> int:
    """Write postings, each of which is a group of its own, as `book.post` would write one after the other.

    Answers how many were written; the others are in the book already. Balances are locked in the order in which every
    group locks them, so this never deadlocks with one; they stay locked until the transaction ends.
    Raises NotEnough, AccountNotOpen, TransferDiffers; ValueError for an id that comes twice or an amount below 1.
    """
    if len({posting.id for posting in postings}) < len(postings) or any(each.amount < 1 for each in postings):
        raise ValueError("each posting has an id of its own, and an amount of 1 or more")
    if not postings:
        return 0
    with typed_refusals():
        return int(
            session.execute(
                _POST_EACH,
                {
                    "now": now,
                    "ids": [each.id for each in postings],
                    "assets": [each.asset for each in postings],
                    "debits": [each.debit for each in postings],
                    "credits": [each.credit for each in postings],
                    "amounts": [each.amount for each in postings],
                    "reasons": [each.reason for each in postings],
                    "subjects": [each.subject for each in postings],
                },
            ).scalar_one()
        )


_POST_EACH = text(
    """
    SELECT ledger.post_each(
        :now, CAST(:ids AS uuid[]), CAST(:assets AS text[]), CAST(:debits AS uuid[]), CAST(:credits AS uuid[]),
        CAST(:amounts AS bigint[]), CAST(:reasons AS text[]), CAST(:subjects AS text[]))
    """
)

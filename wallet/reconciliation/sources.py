"""Who sends files: how each is read, which rails it answers for, and by when its lines and payouts are expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from core.settings import settings
from wallet import book
from wallet.reconciliation import ach_returns, adyen_settlement, camt053, ewallet_settlement, store_collections
from wallet.reconciliation.lines import Lines, Summary

BANK: Final = "bank"


@dataclass(frozen=True, slots=True)
class Source:
    """One sender of files.

    `rails` are those whose payments its lines are about, `own_rail` the one whose costs its fees are. Money that it
    reports goes `into` this account of the book. A payment without a line is late after `line_within`, an announced
    payout without the bank's line after `payout_within`. Of a source that `is_daily` every day with payments must have
    a file before that day is closed. `complete` adds lines that a file only implies, and says what it pays out.
    """

    name: str
    read: Callable[[Iterable[bytes]], Lines]
    rails: tuple[str, ...]
    own_rail: str
    into: str
    line_within: timedelta
    payout_within: timedelta
    is_daily: bool = True
    complete: Callable[[Session, Summary], tuple[tuple[str, int], ...]] | None = None


def _bank_statement(chunks: Iterable[bytes]) -> Lines:
    return camt053.read(chunks, account=settings().treasury_account)


def _card_report(chunks: Iterable[bytes]) -> Lines:
    return adyen_settlement.read(chunks, merchant_account=settings().adyen_merchant_account)


# Days are calendar days, long enough for a weekend with a holiday; the contracts decide (docs/reconciliation.md).
SOURCES: Final[dict[str, Source]] = {
    source.name: source
    for source in (
        Source(BANK, _bank_statement, ("bank_of_kaohsiung",), "bank_of_kaohsiung", book.TREASURY_BANK,
               timedelta(days=3), timedelta(days=3)),
        Source("adyen", _card_report, ("card", "apple_pay", "google_pay"), "card", book.in_transit("adyen"),
               timedelta(days=7), timedelta(days=5), is_daily=False),
        Source("ach", ach_returns.read, ("ach",), "ach", book.in_transit("ach"), timedelta(days=6),
               timedelta(days=3), is_daily=False, complete=ach_returns.presented),
        *(Source(wallet, partial(ewallet_settlement.read, wallet=wallet), (wallet,), wallet, book.in_transit(wallet),
                 timedelta(days=4), timedelta(days=4)) for wallet in book.EWALLETS),
        Source("stores", partial(store_collections.read, is_twqr=False), (), "store_barcode",
               book.in_transit("stores"), timedelta(days=5), timedelta(days=5), is_daily=False),
        Source("twqr", partial(store_collections.read, is_twqr=True), (), "twqr", book.in_transit("twqr"),
               timedelta(days=5), timedelta(days=5), is_daily=False),
    )
}  # fmt: skip

SOURCE_NAMES: Final = tuple(SOURCES)

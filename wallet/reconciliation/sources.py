"""Who sends files: how each is read, which rails it answers for, and by when its lines and payouts are expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wallet import book
from wallet.reconciliation import adyen_settlement, camt053
from wallet.reconciliation.lines import Lines

BANK: Final = "bank"


@dataclass(frozen=True, slots=True)
class Source:
    """One sender of files.

    `rails` are those whose payments its lines are about, `own_rail` the one whose costs its fees are. Money that it
    reports goes `into` this account of the book. A payment without a line is late after `line_within`, an announced
    payout without the bank's line after `payout_within`. Of a source that `is_daily` every day with payments must have
    a file before that day is closed.
    """

    name: str
    read: Callable[[Iterable[bytes]], Lines]
    rails: tuple[str, ...]
    own_rail: str
    into: str
    line_within: timedelta
    payout_within: timedelta
    is_daily: bool = True


def _rail_source(
    name: str, read: Callable[[Iterable[bytes]], Lines], rails: tuple[str, ...], days: tuple[int, int], **more: bool
) -> Source:
    within, payout = (timedelta(days=number) for number in days)
    return Source(name, read, rails, rails[0], book.in_transit(name), within, payout, **more)


# Days are calendar days, long enough for a weekend with a holiday; the contracts decide (docs/reconciliation.md).
SOURCES: Final[dict[str, Source]] = {
    source.name: source
    for source in (
        Source(BANK, camt053.read, ("bank_of_kaohsiung",), "bank_of_kaohsiung", book.TREASURY_BANK,
               timedelta(days=3), timedelta(days=3)),
        _rail_source("adyen", adyen_settlement.read, ("card", "apple_pay", "google_pay"), (7, 5), is_daily=False),
    )
}  # fmt: skip

SOURCE_NAMES: Final = ("bank", "adyen", "ach", "jkopay", "line_pay", "stores", "twqr")

"""What a payment means in the book: which accounts, which side.

A debit holds the rail's clearing account → the bureau's payable, and clearing → fee payable, when it is ordered;
settles both when the rail says booked; releases both when it says rejected. What points pay of a bill comes from the
city's points funding instead. A refund goes the other way. All these accounts are hot: everybody pays into them at
once, and nobody waits for another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from ledger import book
from ledger.book import Posting, Release, Reversal, Settlement, Side, account_id

TWD = "TWD"
BUREAUS = ("parking", "fines")
"""Bureaus with registers of their own, which are told what is paid."""
RIDES = "transport"
"""The bureau that collects the fares of rides for its fleets; nobody else keeps a register of them."""
PAYEES = (*BUREAUS, RIDES)
BANK_CLEARING = "bank_clearing:bank_of_kaohsiung"
ACH_CLEARING = "ach_clearing"
ADYEN_CLEARING = "adyen_clearing"
TWQR_CLEARING = "twqr_clearing"
POINTS_FUNDING = "points_funding"
TREASURY_BANK = "treasury_bank"
DISPUTE_COSTS = "dispute_costs"
BREAK_SUSPENSE = "break_suspense"
EWALLETS = ("jkopay", "line_pay")
# Rails whose fee the citizen pays through us, and who keeps it.
RAILS = ("bank_of_kaohsiung", "ach", "card", "apple_pay", "google_pay", "jkopay", "line_pay", "points")
IN_TRANSIT_SOURCES = ("adyen", "ach", "jkopay", "line_pay", "stores", "twqr")


class HasLegs(Protocol):
    """One bill's part of a payment: NT$ for the bureau (`points_pt` of it in points) and NT$ of fee, with the ids of
    their holds."""

    @property
    def bureau(self) -> str: ...
    @property
    def amount_twd(self) -> int: ...
    @property
    def fee_twd(self) -> int: ...
    @property
    def points_pt(self) -> int: ...
    @property
    def hold_id(self) -> UUID: ...
    @property
    def fee_hold_id(self) -> UUID | None: ...
    @property
    def points_hold_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Leg:
    """A `HasLegs` of its own, for what goes back."""

    bureau: str
    amount_twd: int
    fee_twd: int
    hold_id: UUID
    fee_hold_id: UUID | None
    points_pt: int = 0
    points_hold_id: UUID | None = None


def bureau_payable(bureau: str) -> str:
    """The code of the account that says what the city owes this bureau."""
    return f"bureau_payable:{bureau}"


def fee_payable(rail: str) -> str:
    """The code of the account that holds the service fees collected for this rail."""
    return f"fee_payable:{rail}"


def rail_costs(rail: str) -> str:
    """The code of the account of what this rail keeps for its service, at the city's cost."""
    return f"rail_costs:{rail}"


def ewallet_clearing(wallet: str) -> str:
    """The code of the account of what this electronic wallet owes us."""
    return f"ewallet_clearing:{wallet}"


def store_clearing(channel: str) -> str:
    """The code of the account of what this chain of stores has collected and not handed over."""
    return f"store_clearing:{channel}"


def collection_clearing(channel: str) -> str:
    """The code of the account of what this channel, a chain of stores or TWQR, has collected and not handed over."""
    return TWQR_CLEARING if channel == "TWQR" else store_clearing(channel)


def in_transit(source: str) -> str:
    """The code of the account of payouts announced by this source and not yet on the bank's statement."""
    return f"bank_in_transit:{source}"


def open_accounts(session: Session, now: datetime) -> None:
    """Open the accounts that every payment uses; again is harmless."""
    owed_to_us = [BANK_CLEARING, ACH_CLEARING, ADYEN_CLEARING, TWQR_CLEARING, POINTS_FUNDING, TREASURY_BANK,
                  DISPUTE_COSTS, BREAK_SUSPENSE]  # fmt: skip
    owed_to_us += [ewallet_clearing(wallet) for wallet in EWALLETS]
    owed_to_us += [in_transit(source) for source in IN_TRANSIT_SOURCES]
    owed_to_us += [rail_costs(rail) for rail in (*RAILS, "store_barcode", "twqr")]
    for code in owed_to_us:
        book.open_account(session, code, TWD, now=now, normal_side=Side.DEBIT, is_hot=True)
    owed_by_us = [fee_payable(rail) for rail in (*RAILS, "store_barcode", "twqr")]
    owed_by_us += [bureau_payable(bureau) for bureau in PAYEES]
    for code in owed_by_us:
        book.open_account(session, code, TWD, now=now, is_hot=True)


@dataclass(frozen=True, slots=True)
class _Part:
    """One transfer of an item: from `source` to `target`, both by code."""

    hold_id: UUID
    source: str
    target: str
    amount_twd: int
    reason: str


def hold(
    session: Session, reference: str, items: Sequence[HasLegs], *, clearing: str, rail: str, now: datetime
) -> None:
    """A debit has been ordered: its money is on the way from the rail to bureaus and fee."""
    book.hold(session, [_posting(part, part.hold_id, reference) for part in _parts(items, clearing, rail)], now=now)


def settle(
    session: Session, reference: str, items: Sequence[HasLegs], *, clearing: str, rail: str, now: datetime
) -> None:
    """The rail has booked the debit."""
    parts = _parts(items, clearing, rail)
    book.settle(session, [Settlement(part.hold_id, reason="booked", subject=reference) for part in parts], now=now)


def release(
    session: Session, reference: str, items: Sequence[HasLegs], *, clearing: str, rail: str, now: datetime
) -> None:
    """The debit did not happen."""
    parts = _parts(items, clearing, rail)
    book.release(session, [Release(part.hold_id, reason="not booked", subject=reference) for part in parts], now=now)


def take_out(
    session: Session,
    reference: str,
    items: Sequence[HasLegs],
    *,
    clearing: str,
    rail: str,
    cause: str,
    now: datetime,
) -> None:
    """What had been settled did not come, or was taken back: the same parts the other way round, once per `cause`."""
    postings = [
        Posting(uuid5(part.hold_id, cause), account_id(part.target), account_id(part.source), part.amount_twd, TWD,
                cause, reference)
        for part in _parts(items, clearing, rail)
    ]  # fmt: skip
    if postings:
        book.post(session, postings, now=now)


def put_back(
    session: Session,
    reference: str,
    items: Sequence[HasLegs],
    *,
    clearing: str,
    rail: str,
    cause: str,
    now: datetime,
) -> None:
    """What had been taken out has come again: the parts as at first, once per `cause`."""
    postings = [_posting(part, uuid5(part.hold_id, cause), reference) for part in _parts(items, clearing, rail)]
    if postings:
        book.post(session, postings, now=now)


def hold_refund(session: Session, reference: str, leg: Leg, *, clearing: str, rail: str, now: datetime) -> None:
    """Money is on its way back to where a payment came from."""
    parts = _parts([leg], clearing, rail)
    postings = [
        Posting(part.hold_id, account_id(part.target), account_id(part.source), part.amount_twd, TWD,
                "fee refund" if part.hold_id == leg.fee_hold_id else "refund", reference)
        for part in parts
    ]  # fmt: skip
    book.hold(session, postings, now=now)


def settle_refund(session: Session, reference: str, leg: Leg, *, now: datetime) -> None:
    """The rail has booked the refund."""
    settlements = [Settlement(hold, reason="booked", subject=reference) for hold in _holds(leg)]
    if settlements:
        book.settle(session, settlements, now=now)


def release_refund(session: Session, reference: str, leg: Leg, *, now: datetime) -> None:
    """The rail has refused the refund."""
    releases = [Release(hold, reason="not booked", subject=reference) for hold in _holds(leg)]
    if releases:
        book.release(session, releases, now=now)


def take_refund_back(session: Session, reference: str, leg: Leg, *, reason: str, now: datetime) -> None:
    """A refund that had been booked came back unpaid: what was posted for it is reversed, once."""
    reversals = [Reversal(Settlement(hold).id, reason=reason, subject=reference) for hold in _holds(leg)]
    if reversals:
        book.reverse(session, reversals, now=now)


def give_points_back(
    session: Session, reference: str, bureau: str, points_pt: int, *, refund_id: UUID, now: datetime
) -> None:
    """What points had paid of a bill is the city's again; the points themselves go back to their owner."""
    posting = Posting(
        uuid5(refund_id, "points"), account_id(bureau_payable(bureau)), account_id(POINTS_FUNDING), points_pt, TWD,
        "points given back", reference,
    )  # fmt: skip
    book.post(session, [posting], now=now)


def collected_at_a_store(
    session: Session, bureau: str, channel: str, amount_twd: int, *, report_id: UUID, now: datetime
) -> None:
    """A channel took money for a bill, perhaps for one that was paid already: it owes it to the bureau, once."""
    code = collection_clearing(channel)
    book.open_account(session, code, TWD, now=now, normal_side=Side.DEBIT, is_hot=True)
    book.post(session, [collection(code, bureau, amount_twd, report_id=report_id)], now=now)


def collection(clearing: str, bureau: str, amount_twd: int, *, report_id: UUID) -> Posting:
    """The posting of what a channel collected for a bureau, by the report that says so."""
    return Posting(
        uuid5(report_id, "collected"), account_id(clearing), account_id(bureau_payable(bureau)), amount_twd, TWD,
        "collected at a store", str(report_id),
    )  # fmt: skip


def _parts(items: Sequence[HasLegs], clearing: str, rail: str) -> list[_Part]:
    return [part for item in items for part in _parts_of(item, clearing, rail)]


def _parts_of(item: HasLegs, clearing: str, rail: str) -> Iterator[_Part]:
    payable = bureau_payable(item.bureau)
    in_money_twd = item.amount_twd - item.points_pt
    if in_money_twd:
        yield _Part(item.hold_id, clearing, payable, in_money_twd, "debit")
    if item.points_hold_id is not None:
        yield _Part(item.points_hold_id, POINTS_FUNDING, payable, item.points_pt, "paid in points")
    if item.fee_hold_id is not None:
        yield _Part(item.fee_hold_id, clearing, fee_payable(rail), item.fee_twd, "service fee")


def _posting(part: _Part, transfer_id: UUID, reference: str) -> Posting:
    return Posting(
        transfer_id, account_id(part.source), account_id(part.target), part.amount_twd, TWD, part.reason, reference
    )


def _holds(leg: Leg) -> list[UUID]:
    in_money = [leg.hold_id] if leg.amount_twd > leg.points_pt else []
    return [*in_money, *(hold for hold in (leg.points_hold_id, leg.fee_hold_id) if hold is not None)]

"""The city's own bank: a debit inside one bank, booked at once, by a mandate that the citizen gave there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.ids import parse_typeid
from partners.bank.client import BankClient, Debit, Refund
from wallet import bank_links
from wallet.book import BANK_CLEARING
from wallet.rails.contract import (
    Booked,
    Declined,
    Instrument,
    Order,
    Outcome,
    RefundOrder,
    RefundOutcome,
    Rejected,
    Returned,
)


class BankOfKaohsiungRail:
    """See `contract.Rail`."""

    name = bank_links.BANK_OF_KAOHSIUNG
    clearing = BANK_CLEARING

    def __init__(self, bank: BankClient) -> None:
        self._bank = bank

    def instrument(self, session: Session, person_id: UUID, chosen: Mapping[str, Any], now: datetime) -> Instrument:
        """The linked account named by `bank_link_id`. Raises NotFound, BankLinkNotActive."""
        link_id = parse_typeid("blk", str(chosen.get("bank_link_id") or ""))
        link = bank_links.active_link(session, person_id=person_id, bank_link_id=link_id, now=now)
        return Instrument("bank_link", link.id, link.mandate_id, link.account_masked, link.room_twd)

    def is_usable(self, session: Session, person_id: UUID, instrument: Instrument) -> bool:
        """Whether the link is active."""
        assert instrument.id is not None
        return bank_links.link_of(session, person_id=person_id, link_id=instrument.id).status == "active"

    def start(self, order: Order) -> Outcome:
        """Order the debit; the bank answers booked or rejected."""
        return _outcome(
            self._bank.debit(
                reference=order.reference,
                mandate_id=order.instrument.token,
                amount_twd=order.amount_twd,
                purpose=order.reference,
            )
        )

    def complete(self, order: Order, result: Mapping[str, str]) -> Outcome:
        """Nobody is sent anywhere by this rail: what it says is what counts."""
        return self.find(order) or self.start(order)

    def find(self, order: Order) -> Outcome | None:
        """The debit under our reference."""
        debit = self._bank.find_debit(order.reference)
        return None if debit is None else _outcome(debit)

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Back to the account it came from, booked at once."""
        refund = self._bank.refund(
            reference=order.reference, debit_reference=order.payment_reference, amount_twd=order.amount_twd
        )
        return _refund_outcome(refund)

    def find_refund(self, order: RefundOrder) -> RefundOutcome | None:
        """The refund under our reference."""
        refund = self._bank.find_refund(order.reference)
        return None if refund is None else _refund_outcome(refund)


def _outcome(debit: Debit) -> Outcome:
    if debit.status == "booked":
        return Booked(debit.debit_id, debit.amount_twd, debit.booked_at)
    return Rejected(debit.reason or "rejected", debit.debit_id)


def _refund_outcome(refund: Refund) -> RefundOutcome:
    if refund.status == "booked":
        return Returned(refund.refund_id, refund.amount_twd, refund.booked_at)
    return Declined(refund.reason or "rejected", refund.refund_id)

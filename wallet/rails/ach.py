"""Accounts at other banks, through the clearing house: taken as paid when submitted, returned until the window closes.

Nothing here says that a debit is final: the return files do (`wallet/ach_returns.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.ids import parse_typeid
from partners import wire
from partners.ach.client import AchClient, Credit, Debit
from partners.ach.reasons import reason_of
from wallet import bank_links
from wallet.book import ACH_CLEARING
from wallet.closed_days import closed_days, return_window_ends
from wallet.errors import BankLinkNotActive
from wallet.rails.contract import (
    Accepted,
    Booked,
    Declined,
    Instrument,
    Order,
    Outcome,
    Provisional,
    RefundOrder,
    RefundOutcome,
    Rejected,
    Returned,
)

_NOT_YET_SECONDS = 3600


class AchRail:
    """See `contract.Rail`."""

    name = "ach"
    clearing = ACH_CLEARING

    def __init__(self, ach: AchClient) -> None:
        self._ach = ach

    def instrument(self, session: Session, person_id: UUID, chosen: Mapping[str, Any], now: datetime) -> Instrument:
        """The linked account at another bank named by `bank_link_id`. Raises NotFound, BankLinkNotActive."""
        link_id = parse_typeid("blk", str(chosen.get("bank_link_id") or ""))
        link = bank_links.active_link(session, person_id=person_id, bank_link_id=link_id, now=now)
        if link.bank == bank_links.BANK_OF_KAOHSIUNG:
            # The city's own bank is not reached through the clearing house, where a fee would be due.
            raise BankLinkNotActive(link_status=link.status)
        return Instrument("bank_link", link.id, link.mandate_id, link.account_masked, link.room_twd)

    def is_usable(self, session: Session, person_id: UUID, instrument: Instrument) -> bool:
        """Whether the link is active."""
        assert instrument.id is not None
        return bank_links.link_of(session, person_id=person_id, link_id=instrument.id).status == "active"

    def start(self, order: Order) -> Outcome:
        """Submit the debit."""
        debit = self._ach.debit(
            reference=order.reference,
            authorisation_id=order.instrument.token,
            amount_twd=order.amount_twd,
            purpose=order.reference,
        )
        return _outcome(order.payment_id, debit)

    def complete(self, order: Order, result: Mapping[str, str]) -> Outcome:
        """Nobody is sent anywhere by this rail: what the clearing house says is what counts."""
        return self.find(order) or self.start(order)

    def find(self, order: Order) -> Outcome | None:
        """The debit under our reference."""
        debit = self._ach.find_debit(order.reference)
        return None if debit is None else _outcome(order.payment_id, debit)

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """A credit back to the same account; its bank may still send it back, so the truth comes later."""
        try:
            credit = self._ach.credit(
                reference=order.reference, debit_reference=order.payment_reference, amount_twd=order.amount_twd
            )
        except wire.Refused as refusal:
            if refusal.code != "debit_not_settled":
                raise
            raise wire.Unavailable(refusal.partner, refusal.detail, _NOT_YET_SECONDS) from refusal
        return _refund_outcome(credit)

    def find_refund(self, order: RefundOrder) -> RefundOutcome | None:
        """The credit under our reference."""
        credit = self._ach.find_credit(order.reference)
        return None if credit is None else _refund_outcome(credit)


def _outcome(payment_id: UUID, debit: Debit) -> Outcome:
    if debit.status == "rejected":
        return Rejected(debit.reason or "rejected", debit.entry_id)
    if debit.status == "returned":
        return Rejected(reason_of(debit.reason or ""), debit.entry_id)
    with db.unit_of_work() as session:
        session.execute(
            _SUBMITTED,
            {"id": payment_id, "entry": debit.entry_id, "amount": debit.amount_twd, "at": debit.submitted_at,
             "presented": debit.presented_on},
        )  # fmt: skip
        final_on = return_window_ends(debit.presented_on, closed_days(session))
    if debit.status == "settled":
        return Booked(debit.entry_id, debit.amount_twd, debit.submitted_at)
    return Provisional(debit.entry_id, debit.amount_twd, debit.submitted_at, final_on)


def _refund_outcome(credit: Credit) -> RefundOutcome:
    if credit.status == "settled":
        return Returned(credit.entry_id, credit.amount_twd, credit.submitted_at)
    if credit.status == "submitted":
        return Accepted(credit.entry_id)
    return Declined(reason_of(credit.reason or "") if credit.status == "returned" else credit.reason or "rejected",
                    credit.entry_id)  # fmt: skip


_SUBMITTED = text(
    """
    INSERT INTO wallet.ach_debit (payment_id, entry_id, amount_twd, submitted_at, presented_on)
    VALUES (:id, :entry, :amount, :at, :presented)
    ON CONFLICT (payment_id) DO UPDATE SET presented_on = EXCLUDED.presented_on
    """
)

"""Wallets on the phone: reserved, agreed to on the wallet's page, booked by our confirmation and by nothing else.

What the browser brings back is not believed: the wallet is asked under our reference, and confirmed when it says that
the payer has agreed. So a payer whose browser never comes back has paid all the same, as long as the wallet waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from partners import wire
from partners.ewallets.client import WalletClient, WalletPayment, WalletRefund
from wallet.book import ewallet_clearing
from wallet.rail_names import rail_name
from wallet.rails.contract import (
    Booked,
    Declined,
    Instrument,
    Order,
    Outcome,
    PayerActs,
    RefundOrder,
    RefundOutcome,
    Rejected,
    Returned,
)

ORDER_NAME = "高雄市停車費與罰鍰 Kaohsiung parking and fines"


class EwalletRail:
    """See `contract.Rail`; one for each wallet, `name` being jkopay or line_pay."""

    def __init__(self, name: str, wallet: WalletClient) -> None:
        self.name = name
        self.clearing = ewallet_clearing(name)
        self._wallet = wallet

    def instrument(self, session: Session, person_id: UUID, chosen: Mapping[str, Any], now: datetime) -> Instrument:
        """Nothing is kept: the payer shows the wallet each time."""
        return Instrument("one_time", label=rail_name(self.name).zh)

    def is_usable(self, session: Session, person_id: UUID, instrument: Instrument) -> bool:
        """Always: whether there is enough in it the wallet says."""
        return True

    def start(self, order: Order) -> Outcome:
        """Reserve the payment and send the payer to the wallet's page."""
        return self._outcome(
            self._wallet.reserve(
                reference=order.reference,
                amount_twd=order.amount_twd,
                order_name=ORDER_NAME,
                return_url=order.return_url,
            )
        )

    def complete(self, order: Order, result: Mapping[str, str]) -> Outcome:
        """The payer is back: whatever their browser says, the wallet is asked, and confirmed where they agreed."""
        return self.find(order) or self.start(order)

    def find(self, order: Order) -> Outcome | None:
        """The payment under our reference; one that the payer has agreed to and that waits for us is confirmed."""
        payment = self._wallet.find_payment(order.reference)
        if payment is None:
            return None
        if payment.status != "authorized" or payment.transaction_id is None:
            return self._outcome(payment)
        try:
            confirmed = self._wallet.confirm(
                reference=order.reference, transaction_id=payment.transaction_id, amount_twd=order.amount_twd
            )
        except wire.Refused as refusal:
            if refusal.code == "reservation_expired":
                return Rejected("not_confirmed", payment.reservation_id)
            raise
        return self._outcome(confirmed)

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Back into the wallet it came from, booked at once."""
        return _refund_outcome(
            self._wallet.refund(
                reference=order.reference, payment_reference=order.payment_reference, amount_twd=order.amount_twd
            )
        )

    def find_refund(self, order: RefundOrder) -> RefundOutcome | None:
        """The refund under our reference."""
        refund = self._wallet.find_refund(order.reference)
        return None if refund is None else _refund_outcome(refund)

    def _outcome(self, payment: WalletPayment) -> Outcome:
        if payment.status == "confirmed" and payment.confirmed_at is not None and payment.transaction_id is not None:
            return Booked(payment.transaction_id, payment.amount_twd, payment.confirmed_at)
        if payment.status == "declined":
            return Rejected(payment.reason or "rejected", payment.reservation_id)
        if payment.status == "expired":
            return Rejected("not_confirmed", payment.reservation_id)
        return PayerActs(payment.payment_url, payment.reservation_id, payment.expires_at)


def _refund_outcome(refund: WalletRefund) -> RefundOutcome:
    if refund.status == "booked":
        return Returned(refund.refund_id, refund.amount_twd, refund.booked_at)
    return Declined(refund.reason or "rejected", refund.refund_id)

"""Cards, Apple Pay and Google Pay: one processor, three rails.

A new card is entered on the processor's page, a kept one is named by its token, a phone's wallet hands over a token
that is used once. What is authorised is captured at once, so authorised means paid.

The processor cannot be asked about a payment by our reference. It answers the same request once more with its first
answer, and that is how a kept card is found. What cannot be asked again, a wallet's token or a page that nobody came
back from, is made known by its notice; when none has come in time, the payment is cancelled there by our reference, and
the notice about that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import clock
from core.ids import parse_typeid, typeid
from partners import wire
from partners.adyen.client import NAME, AdyenClient, PaymentAnswer, SessionResult, Wallet
from wallet import cards
from wallet.book import ADYEN_CLEARING
from wallet.rail_names import rail_name
from wallet.rails.contract import (
    Accepted,
    Booked,
    Declined,
    Instrument,
    Order,
    Outcome,
    PayerActs,
    RefundOrder,
    RefundOutcome,
    Rejected,
)

CARD = "card"
WALLETS: Mapping[str, Wallet] = {"apple_pay": "applepay", "google_pay": "googlepay"}
PAGE_MINUTES = 30
# No request that could still be on its way is as old as this.
_ON_ITS_WAY = timedelta(minutes=10)
_NOTICE_USUALLY_BY = timedelta(minutes=5)
# The token of an instrument that is no kept card yet: its owner has said that it shall be one.
_TO_BE_KEPT = "keep"
_REASONS = {"Expired Card": "card_expired"}


class AdyenRail:
    """See `contract.Rail`; `name` is card, apple_pay or google_pay."""

    clearing = ADYEN_CLEARING

    def __init__(self, name: str, adyen: AdyenClient) -> None:
        assert name == CARD or name in WALLETS, name
        self.name = name
        self._adyen = adyen

    def instrument(self, session: Session, person_id: UUID, chosen: Mapping[str, Any], now: datetime) -> Instrument:
        """The kept card named by `card_id`, or one to be shown now, which `keep_card` asks to keep. Raises NotFound."""
        if self.name == CARD and chosen.get("card_id"):
            card_id = parse_typeid("crd", str(chosen["card_id"]))
            card = cards.usable_card(session, person_id=person_id, card_id=card_id, now=now)
            return Instrument("card", card.id, card.token, card.label)
        is_kept = self.name == CARD and chosen.get("keep_card") is True
        return Instrument("one_time", token=_TO_BE_KEPT if is_kept else "", label=rail_name(self.name).zh)

    def is_usable(self, session: Session, person_id: UUID, instrument: Instrument) -> bool:
        """Whether a kept card is still kept."""
        return instrument.id is None or cards.is_kept(session, person_id=person_id, card_id=instrument.id)

    def start(self, order: Order) -> Outcome:
        """Pay with the kept card or the wallet's token, or send the payer to the page for a new card."""
        if self.name in WALLETS:
            return self._pay_with_wallet(order)
        return self._pay_with_kept_card(order) if order.instrument.kind == "card" else self._open_page(order)

    def complete(self, order: Order, result: Mapping[str, str]) -> Outcome:
        """The payer is back from the page for the card, or from the card's bank."""
        has_page = self.name == CARD and order.instrument.kind == "one_time"
        if result.get("redirectResult") and not has_page:
            return self._details(order, result["redirectResult"])
        if result.get("sessionResult") and has_page and order.external_id:
            ended = self._adyen.session_result(order.external_id, result["sessionResult"])
            return self._session_outcome(order, ended)
        return self.find(order)

    def find(self, order: Order) -> Outcome:
        """The first answer once more. Raises NoAnswer where only a notice can tell."""
        age = clock.now() - order.authorized_at
        if self.name == CARD and order.instrument.kind == "card":
            if order.external_id is not None or age < _ON_ITS_WAY:
                return self._pay_with_kept_card(order)
        elif self.name == CARD:
            page = self._open_page(order)
            if order.external_id is None or page.expires_at > clock.now():
                return page
            age -= timedelta(minutes=PAGE_MINUTES) - _ON_ITS_WAY + _NOTICE_USUALLY_BY
        if age >= _ON_ITS_WAY:
            # Its notice may be lost: once an hour it is asked for as if for the first time.
            self._adyen.cancel_by_reference(order.reference, nth=age // timedelta(hours=1))
        raise wire.NoAnswer(NAME, "a notice will tell what became of it")

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Taken at once, done later: a notice tells. What the processor will not even take is declined."""
        try:
            name = self._adyen.refund(
                reference=order.reference,
                psp_reference=order.payment_external_id,
                amount_twd=order.amount_twd,
                reason=order.reason,
            )
        except wire.Refused as refusal:
            if refusal.status != 422:
                raise
            return Declined(f"processor_{refusal.code or 'refused'}")
        return Accepted(name)

    def find_refund(self, order: RefundOrder) -> RefundOutcome | None:
        """The first answer to the same request once more: that it was taken, and under which name."""
        return self.refund(order)

    def _pay_with_kept_card(self, order: Order) -> Outcome:
        pay = partial(self._adyen.pay_with_kept_card, token=order.instrument.token)
        return self._paid(order, pay)

    def _pay_with_wallet(self, order: Order) -> Outcome:
        if order.wallet_token is None:
            return Rejected("wallet_token_missing")
        pay = partial(self._adyen.pay_with_wallet, wallet=WALLETS[self.name], token=order.wallet_token)
        return self._paid(order, pay)

    def _paid(self, order: Order, pay: Callable[..., PaymentAnswer]) -> Outcome:
        try:
            answer = pay(
                reference=order.reference,
                amount_twd=order.amount_twd,
                return_url=order.return_url,
                shopper_reference=typeid("per", order.person_id),
            )
        except wire.Refused as refusal:
            # Understood and not taken: the token is gone or not readable. 401 and 403 are our own doing.
            if refusal.status != 422:
                raise
            return Rejected("processor_error")
        return self._outcome(order, answer)

    def _open_page(self, order: Order) -> PayerActs:
        # The moment is computed from the payer's word, so that asked again the request is the same.
        expires_at = order.authorized_at.replace(microsecond=0) + timedelta(minutes=PAGE_MINUTES)
        page = self._adyen.open_session(
            reference=order.reference,
            amount_twd=order.amount_twd,
            return_url=order.return_url,
            shopper_reference=typeid("per", order.person_id),
            expires_at=expires_at,
            keeps_card=order.instrument.token == _TO_BE_KEPT,
        )
        return PayerActs(page.url, page.id, page.expires_at)

    def _details(self, order: Order, redirect_result: str) -> Outcome:
        answer = self._adyen.payment_details(
            reference=order.reference, amount_twd=order.amount_twd, redirect_result=redirect_result
        )
        return self._outcome(order, answer)

    def _session_outcome(self, order: Order, ended: SessionResult) -> Outcome:
        if (ended.id, ended.reference) != (order.external_id, order.reference):
            raise wire.AnswerNotTrusted(NAME, "the answer is about another payment")
        match ended.status:
            case "completed" if ended.payments:
                return self._outcome(order, ended.payments[0])
            case "refused":
                return Rejected("card_declined")
            case "canceled":
                return Rejected("payer_cancelled")
            case "active":
                return self._open_page(order)
        raise wire.NoAnswer(NAME, f"session {ended.status}")

    def _outcome(self, order: Order, answer: PaymentAnswer) -> Outcome:
        match answer.result_code:
            case "Authorised" if answer.psp_reference:
                # An answer without an amount is about what was ordered.
                amount_twd = order.amount_twd if answer.amount_twd is None else answer.amount_twd
                return Booked(answer.psp_reference, amount_twd, clock.now())
            case "RedirectShopper" if answer.action_url:
                expires_at = order.authorized_at + timedelta(minutes=PAGE_MINUTES)
                return PayerActs(answer.action_url, order.external_id or order.reference, expires_at)
            case "Refused":
                return Rejected(_REASONS.get(answer.refusal_reason, "card_declined"), answer.psp_reference or None)
            case "Cancelled":
                return Rejected("payer_cancelled", answer.psp_reference or None)
            case "Error":
                return Rejected("processor_error", answer.psp_reference or None)
        raise wire.NoAnswer(NAME, f"result {answer.result_code}")

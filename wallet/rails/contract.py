"""What every rail can do: start, complete, find, refund, each under our own reference, each without guessing.

A rail is called with no transaction open. What it cannot answer for certain it raises as `partners.wire.CallFailed`:
the payment is then `unknown`, and the rail is asked with `find` until it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

InstrumentKind = Literal["bank_link", "card", "one_time", "none"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is debited: a linked account, a kept card, something shown once, or nothing.

    `token` is the mandate's id or the kept card's token; `label` is what people read ("***1234"); `limit_twd` the most
    that one payment may take from it (NT$).
    """

    kind: InstrumentKind
    id: UUID | None = None
    token: str = ""
    label: str = ""
    limit_twd: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One payment's money as a rail sees it.

    `reference` is ours and the rail's idempotency key. `amount_twd` is the part in money, fee included. `external_id`
    is the rail's own name for it once there is one, `return_url` where the payer's browser comes back to,
    `wallet_token` a one-time token of the phone's wallet, never stored.
    """

    payment_id: UUID
    reference: str
    person_id: UUID
    rail: str
    amount_twd: int
    instrument: Instrument
    authorized_at: datetime
    external_id: str | None = None
    return_url: str = ""
    wallet_token: str | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """The money has moved. `amount_twd` is what the rail says it took."""

    external_id: str
    amount_twd: int
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class Provisional:
    """The money is taken as paid and may still come back unpaid until `final_on`, a day in Taipei."""

    external_id: str
    amount_twd: int
    submitted_at: datetime
    final_on: date


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing moved and nothing will. `reason` is a code of `wallet/payment_texts.py`."""

    reason: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class PayerActs:
    """The payer has to go to `url`, before `expires_at`, and comes back to the order's `return_url`."""

    url: str
    external_id: str | None
    expires_at: datetime


Outcome = Booked | Provisional | Rejected | PayerActs


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Money that goes back to where a payment came from. `reference` is ours and the rail's idempotency key."""

    refund_id: UUID
    reference: str
    payment_reference: str
    payment_external_id: str
    rail: str
    amount_twd: int
    instrument: Instrument
    reason: str


@dataclass(frozen=True, slots=True)
class Returned:
    """The money is back where it came from."""

    external_id: str
    amount_twd: int
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """The rail has taken the refund and will say later what became of it."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The rail will not give it back: `reason` is its word for why."""

    reason: str
    external_id: str | None = None


RefundOutcome = Returned | Accepted | Declined


class Rail(Protocol):
    """One way to pay. `clearing` is the account of the book for money on its way by this rail."""

    @property
    def name(self) -> str: ...

    @property
    def clearing(self) -> str: ...

    def instrument(self, session: Session, person_id: UUID, chosen: Mapping[str, Any], now: datetime) -> Instrument:
        """What this person chose to pay with. Raises NotFound or another typed refusal."""

    def is_usable(self, session: Session, person_id: UUID, instrument: Instrument) -> bool:
        """Whether it may be debited at this moment, read in the transaction that begins the debit."""

    def start(self, order: Order) -> Outcome:
        """Order the debit. Raises CallFailed when its outcome is not known."""

    def complete(self, order: Order, result: Mapping[str, str]) -> Outcome:
        """The payer came back with these query parameters. Raises CallFailed when the outcome is not known."""

    def find(self, order: Order) -> Outcome | None:
        """What became of the order, asked under our reference; None: the rail has never seen it. Raises CallFailed."""

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Give money back. Raises CallFailed when its outcome is not known."""

    def find_refund(self, order: RefundOrder) -> RefundOutcome | None:
        """What became of a refund, asked under our reference; None: never seen. Raises CallFailed."""

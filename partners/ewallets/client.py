"""A wallet's payment interface, version 1.

Every reference is ours and the wallet's idempotency key. Money moves at `confirm` and at no other moment: what the
payer's browser brings back proves nothing. All functions raise the failures of `partners.wire`; after `NoAnswer`, ask
with `find_payment` or `find_refund`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from partners import wire

Wallet = Literal["jkopay", "line_pay"]
WALLETS: tuple[Wallet, ...] = ("jkopay", "line_pay")
PaymentStatus = Literal["reserved", "authorized", "confirmed", "declined", "expired"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class WalletPayment:
    """A payment as the wallet has it.

    `reserved`: the payer has not answered at `payment_url`; `authorized`: the payer has, and the wallet waits for our
    confirmation until `expires_at`; `confirmed`: booked; `declined` (`reason` says why) and `expired`: never.
    """

    reference: str
    reservation_id: str
    transaction_id: str | None
    status: PaymentStatus
    reason: str | None
    amount_twd: int
    payment_url: str
    expires_at: datetime
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class WalletRefund:
    """Money given back into the wallet. `reason` is set when it is rejected: exceeds_payment, wallet_closed."""

    refund_id: str
    reference: str
    payment_reference: str
    amount_twd: int
    status: Literal["booked", "rejected"]
    reason: str | None
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class WalletClient:
    """The wallet at `peer.url` (for example https://api.wallet.example/jkopay), which shares `peer.secret` with us."""

    peer: wire.Peer

    def reserve(self, *, reference: str, amount_twd: int, order_name: str, return_url: str) -> WalletPayment:
        """Announces a payment; the payer answers it at `payment_url` and comes back to `return_url`.

        There, `reference` and `transaction_id` are added, or `cancelled`. Refused 409 when `reference` stands for
        another payment.
        """
        body = {
            "reference": reference,
            "amount": amount_twd,
            "currency": "TWD",
            "order_name": order_name,
            "return_url": return_url,
        }
        return self._payment("POST", "/v1/reservations", reference, body)

    def find_payment(self, reference: str) -> WalletPayment | None:
        """The payment under our reference, or None when the wallet has never seen it."""
        return _found(self.peer, f"/v1/payments/{quote(reference, safe='')}", _payment)

    def confirm(self, *, reference: str, transaction_id: str, amount_twd: int) -> WalletPayment:
        """Books a payment that the payer has authorized; confirming it twice is the same as once.

        Refused 409 with `amount_differs`, `not_authorized`, `reservation_expired` or `transaction_differs`.
        """
        body = {"transaction_id": transaction_id, "amount": amount_twd, "currency": "TWD"}
        return self._payment("POST", f"/v1/payments/{quote(reference, safe='')}/confirmation", reference, body)

    def refund(self, *, reference: str, payment_reference: str, amount_twd: int) -> WalletRefund:
        """Gives back all or part of a confirmed payment, into the wallet it came from."""
        body = {"reference": reference, "payment_reference": payment_reference, "amount": amount_twd, "currency": "TWD"}
        answer = wire.call(self.peer, "POST", "/v1/refunds", body, idempotency_key=reference).body
        refund = wire.shaped(self.peer, answer, _refund)
        if (refund.reference, refund.amount_twd) != (reference, amount_twd):
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another refund")
        return refund

    def find_refund(self, reference: str) -> WalletRefund | None:
        """The refund under our reference, or None when the wallet has never seen it."""
        return _found(self.peer, f"/v1/refunds/{quote(reference, safe='')}", _refund)

    def settlement_days(self, since: date) -> list[date]:
        """The days from `since` on of which there is a settlement file, in order."""
        answer = wire.call(self.peer, "GET", f"/v1/settlement-files?since={since.isoformat()}").body
        return wire.shaped(
            self.peer, answer, lambda given: sorted(date.fromisoformat(each["day"]) for each in given["items"])
        )

    def settlement_file(self, day: date) -> bytes | None:
        """The settlement file of a day as it was made (see `settlement.py`), or None when there is none yet."""
        return _found(self.peer, f"/v1/settlement-files/{day.isoformat()}", _content)

    def _payment(self, method: str, path: str, reference: str, body: dict[str, Any]) -> WalletPayment:
        answer = wire.call(self.peer, method, path, body, idempotency_key=reference).body
        payment = wire.shaped(self.peer, answer, _payment)
        if payment.reference != reference:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another payment")
        return payment


def _found(peer: wire.Peer, path: str, build: Callable[[dict[str, Any]], _T]) -> _T | None:
    try:
        answer = wire.call(peer, "GET", path).body
    except wire.Refused as refusal:
        if refusal.status == 404 and refusal.code.endswith("_not_found"):
            return None
        raise
    return wire.shaped(peer, answer, build)


def _payment(answer: dict[str, Any]) -> WalletPayment:
    confirmed_at = answer["confirmed_at"]
    return WalletPayment(
        reference=answer["reference"],
        reservation_id=answer["reservation_id"],
        transaction_id=answer["transaction_id"],
        status=answer["status"],
        reason=answer["reason"],
        amount_twd=answer["amount"],
        payment_url=answer["payment_url"],
        expires_at=datetime.fromisoformat(answer["expires_at"]),
        confirmed_at=None if confirmed_at is None else datetime.fromisoformat(confirmed_at),
    )


def _refund(answer: dict[str, Any]) -> WalletRefund:
    return WalletRefund(
        refund_id=answer["refund_id"],
        reference=answer["reference"],
        payment_reference=answer["payment_reference"],
        amount_twd=answer["amount"],
        status=answer["status"],
        reason=answer["reason"],
        booked_at=datetime.fromisoformat(answer["booked_at"]),
    )


def _content(answer: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(answer["content"], validate=True)
    except binascii.Error as error:
        raise ValueError("the file's content is not base64") from error

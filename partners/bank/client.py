"""The Bank of Kaohsiung's direct debit interface, version 1.

Every reference is ours and is the bank's idempotency key: the same reference asks for the same thing, however often it
is sent. All functions raise the failures of `partners.wire`; after `NoAnswer`, ask with `find_debit` or `find_refund`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, BinaryIO, Literal, TypeVar
from urllib.parse import quote

from partners import wire

MandateStatus = Literal["active", "revoked"]
BookingStatus = Literal["booked", "rejected"]
_T = TypeVar("_T")

MOST_STATEMENT_BYTES = 4 << 30
# The bank writes a busy day's statement before it sends the first byte of it.
STATEMENT_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class MandateRequest:
    """A question put to the bank; the citizen answers it at `authorize_url`, on the bank's own page."""

    request_id: str
    authorize_url: str


@dataclass(frozen=True, slots=True)
class Mandate:
    """A citizen's permission to debit one account within limits (NT$). `monthly_limit_twd` is None where the bank
    names none."""

    mandate_id: str
    account_masked: str
    per_payment_limit_twd: int
    daily_limit_twd: int
    status: MandateStatus
    monthly_limit_twd: int | None = None


@dataclass(frozen=True, slots=True)
class Debit:
    """A debit the bank has judged. `reason` is set when it is rejected: insufficient_funds, mandate_revoked,
    mandate_not_found, limit_exceeded, account_closed."""

    debit_id: str
    reference: str
    amount_twd: int
    status: BookingStatus
    reason: str | None
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back. `reason` is set when it is rejected: exceeds_debit, account_closed."""

    refund_id: str
    reference: str
    debit_reference: str
    amount_twd: int
    status: BookingStatus
    reason: str | None
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class Credit:
    """Money sent to the account of a mandate. `reason` is set when it is rejected: exceeds_debit, account_closed,
    mandate_not_found, other_holder."""

    credit_id: str
    reference: str
    mandate_id: str
    debit_reference: str | None
    amount_twd: int
    status: BookingStatus
    reason: str | None
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class BankClient:
    """The bank at `peer.url` (for example https://api.bank.example/bank), which shares `peer.secret` with us."""

    peer: wire.Peer

    def request_mandate(
        self, *, reference: str, return_url: str, holder_ref: str, state: str, holder_hint: str | None = None
    ) -> MandateRequest:
        """Asks for a mandate. The bank sends the browser back to `return_url` with `state` and a code, or an error.

        `holder_ref` is our name for the citizen; `holder_hint`, the national ID, lets the bank find their accounts.
        """
        body = {
            "reference": reference,
            "return_url": return_url,
            "holder_ref": holder_ref,
            "state": state,
            "holder_hint": holder_hint,
        }
        answer = wire.call(self.peer, "POST", "/v1/mandate-requests", body).body
        return wire.shaped(self.peer, answer, lambda given: MandateRequest(given["request_id"], given["authorize_url"]))

    def exchange_code(self, code: str) -> Mandate:
        """The mandate a citizen granted, for the code their browser brought back. The same code names the same mandate
        while it lives (5 minutes), so an exchange that brought no answer may be repeated. Refused 404 otherwise."""
        return wire.shaped(self.peer, wire.call(self.peer, "POST", "/v1/mandates", {"code": code}).body, _mandate)

    def find_mandate(self, mandate_id: str) -> Mandate | None:
        """The mandate as it stands at the bank, or None."""
        return _found(self.peer, f"/v1/mandates/{quote(mandate_id, safe='')}", _mandate)

    def revoke_mandate(self, mandate_id: str) -> Mandate:
        """Ends a mandate; ending it twice is the same as once."""
        answer = wire.call(self.peer, "DELETE", f"/v1/mandates/{quote(mandate_id, safe='')}").body
        return wire.shaped(self.peer, answer, _mandate)

    def debit(self, *, reference: str, mandate_id: str, amount_twd: int, purpose: str) -> Debit:
        """Moves money from the citizen to the city. Refused 409 when `reference` stands for another debit."""
        body = {
            "reference": reference,
            "mandate_id": mandate_id,
            "amount": amount_twd,
            "currency": "TWD",
            "purpose": purpose,
        }
        answer = wire.call(self.peer, "POST", "/v1/debits", body, idempotency_key=reference).body
        debit = wire.shaped(self.peer, answer, _debit)
        if (debit.reference, debit.amount_twd) != (reference, amount_twd):
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another debit")
        return debit

    def find_debit(self, reference: str) -> Debit | None:
        """The debit under our reference, or None when the bank has never seen it."""
        return _found(self.peer, f"/v1/debits/{quote(reference, safe='')}", _debit)

    def refund(self, *, reference: str, debit_reference: str, amount_twd: int) -> Refund:
        """Gives back all or part of a booked debit, to the account it came from."""
        body = {"reference": reference, "debit_reference": debit_reference, "amount": amount_twd}
        answer = wire.call(self.peer, "POST", "/v1/refunds", body, idempotency_key=reference).body
        refund = wire.shaped(self.peer, answer, _refund)
        if (refund.reference, refund.amount_twd) != (reference, amount_twd):
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another refund")
        return refund

    def refund_to(
        self, *, reference: str, mandate_id: str, amount_twd: int, purpose: str, debit_reference: str | None = None
    ) -> Credit:
        """Sends money to the account of a mandate, active or revoked: another account of the same payer.

        With `debit_reference` it gives back (part of) that debit, never more than is left of it and never to another
        holder. Without, it is money that came from no account of the bank, such as cash paid twice at a store.
        Refused 409 when `reference` stands for another order, 404 when the debit was never booked.
        """
        body = {
            "reference": reference,
            "mandate_id": mandate_id,
            "amount": amount_twd,
            "currency": "TWD",
            "purpose": purpose,
            "debit_reference": debit_reference,
        }
        answer = wire.call(self.peer, "POST", "/v1/credit-orders", body, idempotency_key=reference).body
        credit = wire.shaped(self.peer, answer, _credit)
        if (credit.reference, credit.mandate_id, credit.amount_twd) != (reference, mandate_id, amount_twd):
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another credit order")
        return credit

    def find_credit(self, reference: str) -> Credit | None:
        """The credit order under our reference, or None when the bank has never seen it."""
        return _found(self.peer, f"/v1/credit-orders/{quote(reference, safe='')}", _credit)

    def fetch_statement(self, day: date, into: BinaryIO) -> int | None:
        """Writes the treasury account's statement of `day` (camt.053.001.08) into `into`; returns its bytes.

        None when the bank has no statement of that day. The bank's signature stands over the whole document: what was
        written before a failure is worth nothing.
        """
        path = f"/v1/statements/{day.isoformat()}.xml"
        patient = replace(self.peer, read_timeout_seconds=STATEMENT_TIMEOUT_SECONDS)
        try:
            return wire.download(patient, path, into, most_bytes=MOST_STATEMENT_BYTES)
        except wire.Refused as refusal:
            if refusal.code == "statement_not_found":
                return None
            raise

    def find_refund(self, reference: str) -> Refund | None:
        """The refund under our reference, or None when the bank has never seen it."""
        return _found(self.peer, f"/v1/refunds/{quote(reference, safe='')}", _refund)


def _found(peer: wire.Peer, path: str, build: Callable[[dict[str, Any]], _T]) -> _T | None:
    try:
        answer = wire.call(peer, "GET", path).body
    except wire.Refused as refusal:
        if refusal.status == 404 and refusal.code.endswith("_not_found"):
            return None
        raise
    return wire.shaped(peer, answer, build)


def _mandate(answer: dict[str, Any]) -> Mandate:
    return Mandate(
        mandate_id=answer["mandate_id"],
        account_masked=answer["account_masked"],
        per_payment_limit_twd=answer["per_payment_limit"],
        daily_limit_twd=answer["daily_limit"],
        status=answer["status"],
        monthly_limit_twd=answer.get("monthly_limit"),
    )


def _debit(answer: dict[str, Any]) -> Debit:
    return Debit(
        debit_id=answer["debit_id"],
        reference=answer["reference"],
        amount_twd=answer["amount"],
        status=answer["status"],
        reason=answer["reason"],
        booked_at=datetime.fromisoformat(answer["booked_at"]),
    )


def _refund(answer: dict[str, Any]) -> Refund:
    return Refund(
        refund_id=answer["refund_id"],
        reference=answer["reference"],
        debit_reference=answer["debit_reference"],
        amount_twd=answer["amount"],
        status=answer["status"],
        reason=answer["reason"],
        booked_at=datetime.fromisoformat(answer["booked_at"]),
    )


def _credit(answer: dict[str, Any]) -> Credit:
    return Credit(
        credit_id=answer["credit_id"],
        reference=answer["reference"],
        mandate_id=answer["mandate_id"],
        debit_reference=answer["debit_reference"],
        amount_twd=answer["amount"],
        status=answer["status"],
        reason=answer["reason"],
        booked_at=datetime.fromisoformat(answer["booked_at"]),
    )

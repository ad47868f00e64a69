"""The clearing house's interface for debits at other banks, version 1.

Every reference is ours and its idempotency key there: the same reference asks for the same thing, however often it is
sent. All functions raise the failures of `partners.wire`; after `NoAnswer`, ask with `find_debit` or `find_credit`.
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

AuthorisationStatus = Literal["pending", "active", "refused", "ended"]
DebitStatus = Literal["submitted", "rejected", "returned", "settled"]
CreditStatus = Literal["submitted", "rejected", "returned", "settled"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AuthorisationRequest:
    """A question put to the payer's bank; the payer answers it at `authorize_url`, on that bank's own page."""

    request_id: str
    authorize_url: str


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A payer's permission to debit one account at another bank, within limits (NT$).

    `pending`: the payer has agreed and the bank will say yes or no on its next business day.
    """

    authorisation_id: str
    bank: str
    account_masked: str
    per_payment_limit_twd: int
    daily_limit_twd: int
    status: AuthorisationStatus


@dataclass(frozen=True, slots=True)
class Debit:
    """A debit as the clearing house has it. Presented to the payer's bank on `presented_on`, it may come back in the
    file of the next business day. `reason` is set when it is rejected (our word) or returned (two digits)."""

    entry_id: str
    reference: str
    amount_twd: int
    status: DebitStatus
    reason: str | None
    submitted_at: datetime
    presented_on: date


@dataclass(frozen=True, slots=True)
class Credit:
    """Money on its way back to the account that a debit came from."""

    entry_id: str
    reference: str
    debit_reference: str
    amount_twd: int
    status: CreditStatus
    reason: str | None
    submitted_at: datetime
    presented_on: date


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day on which the clearing house was closed on short notice, and why."""

    day: date
    reason: str


@dataclass(frozen=True, slots=True)
class AchClient:
    """The clearing house at `peer.url` (for example https://api.ach.example), which shares `peer.secret` with us."""

    peer: wire.Peer

    def request_authorisation(
        self,
        *,
        reference: str,
        bank: str,
        account_no: str,
        holder_id: str,
        holder_ref: str,
        return_url: str,
        state: str,
    ) -> AuthorisationRequest:
        """Asks the bank with this code (3 or 7 digits) whether this account may be debited.

        `holder_id` is the national ID, which the bank compares with the account's holder; `holder_ref` our name for the
        citizen. The bank sends the browser back to `return_url` with `state` and a code, or an error. Refused 422
        `bank_unknown` or `account_wrong`.
        """
        body = {
            "reference": reference,
            "bank": bank,
            "account_no": account_no,
            "holder_id": holder_id,
            "holder_ref": holder_ref,
            "return_url": return_url,
            "state": state,
        }
        answer = wire.call(self.peer, "POST", "/v1/authorisation-requests", body).body
        return wire.shaped(
            self.peer, answer, lambda given: AuthorisationRequest(given["request_id"], given["authorize_url"])
        )

    def exchange_code(self, code: str) -> Authorisation:
        """The authorisation that a code stands for; the same code names the same one while it lives (5 minutes)."""
        answer = wire.call(self.peer, "POST", "/v1/authorisations", {"code": code}).body
        return wire.shaped(self.peer, answer, _authorisation)

    def find_authorisation(self, authorisation_id: str) -> Authorisation | None:
        """The authorisation as it stands, or None."""
        return self._found(f"/v1/authorisations/{quote(authorisation_id, safe='')}", _authorisation)

    def end_authorisation(self, authorisation_id: str) -> Authorisation:
        """Ends an authorisation; ending it twice is the same as once."""
        answer = wire.call(self.peer, "DELETE", f"/v1/authorisations/{quote(authorisation_id, safe='')}").body
        return wire.shaped(self.peer, answer, _authorisation)

    def debit(self, *, reference: str, authorisation_id: str, amount_twd: int, purpose: str) -> Debit:
        """Submits a debit. Refused 409 when `reference` stands for another one."""
        body = {
            "reference": reference,
            "authorisation_id": authorisation_id,
            "amount": amount_twd,
            "currency": "TWD",
            "purpose": purpose,
        }
        answer = wire.call(self.peer, "POST", "/v1/debits", body, idempotency_key=reference).body
        debit = wire.shaped(self.peer, answer, _debit)
        if debit.reference != reference:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another debit")
        return debit

    def find_debit(self, reference: str) -> Debit | None:
        """The debit under our reference, or None when the clearing house has never seen it."""
        return self._found(f"/v1/debits/{quote(reference, safe='')}", _debit)

    def credit(self, *, reference: str, debit_reference: str, amount_twd: int) -> Credit:
        """Submits a credit back to the account of a debit, of all or part of it.

        Refused 409 `debit_not_settled` while the debit itself may still be returned.
        """
        body = {"reference": reference, "debit_reference": debit_reference, "amount": amount_twd, "currency": "TWD"}
        answer = wire.call(self.peer, "POST", "/v1/credits", body, idempotency_key=reference).body
        credit = wire.shaped(self.peer, answer, _credit)
        if credit.reference != reference:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another credit")
        return credit

    def find_credit(self, reference: str) -> Credit | None:
        """The credit under our reference, or None when the clearing house has never seen it."""
        return self._found(f"/v1/credits/{quote(reference, safe='')}", _credit)

    def return_file_days(self, since: date) -> list[date]:
        """The days from `since` on of which there is a return file, in order."""
        answer = wire.call(self.peer, "GET", f"/v1/return-files?since={since.isoformat()}").body
        return wire.shaped(
            self.peer, answer, lambda given: sorted(date.fromisoformat(each["day"]) for each in given["items"])
        )

    def return_file(self, day: date) -> bytes | None:
        """The return file of a day as it was made (see `files.py`), or None when there is none yet."""
        return self._found(f"/v1/return-files/{day.isoformat()}", _content)

    def closed_days(self, since: date) -> list[ClosedDay]:
        """Days from `since` on that were closed on short notice."""
        answer = wire.call(self.peer, "GET", f"/v1/closed-days?since={since.isoformat()}").body
        return wire.shaped(
            self.peer,
            answer,
            lambda given: [ClosedDay(date.fromisoformat(each["day"]), str(each["reason"])) for each in given["items"]],
        )

    def _found(self, path: str, build: Callable[[dict[str, Any]], _T]) -> _T | None:
        try:
            answer = wire.call(self.peer, "GET", path).body
        except wire.Refused as refusal:
            if refusal.status == 404 and refusal.code.endswith("_not_found"):
                return None
            raise
        return wire.shaped(self.peer, answer, build)


def _authorisation(answer: dict[str, Any]) -> Authorisation:
    return Authorisation(
        authorisation_id=answer["authorisation_id"],
        bank=answer["bank"],
        account_masked=answer["account_masked"],
        per_payment_limit_twd=answer["per_payment_limit"],
        daily_limit_twd=answer["daily_limit"],
        status=answer["status"],
    )


def _debit(answer: dict[str, Any]) -> Debit:
    return Debit(
        entry_id=answer["entry_id"],
        reference=answer["reference"],
        amount_twd=answer["amount"],
        status=answer["status"],
        reason=answer["reason"],
        submitted_at=datetime.fromisoformat(answer["submitted_at"]),
        presented_on=date.fromisoformat(answer["presented_on"]),
    )


def _credit(answer: dict[str, Any]) -> Credit:
    return Credit(
        entry_id=answer["entry_id"],
        reference=answer["reference"],
        debit_reference=answer["debit_reference"],
        amount_twd=answer["amount"],
        status=answer["status"],
        reason=answer["reason"],
        submitted_at=datetime.fromisoformat(answer["submitted_at"]),
        presented_on=date.fromisoformat(answer["presented_on"]),
    )


def _content(answer: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(answer["content"], validate=True)
    except binascii.Error as error:
        raise ValueError("the file's content is not base64") from error

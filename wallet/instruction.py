"""The payment instruction: the exact words a person sees, and whose hash their phone signs.

Taiwan's rule for bank certificates asks that an account transaction signs the complete instruction
(「應用於帳務交易時，應簽署完整付款指示」); the same holds here for a passkey. The challenge of its assertion is
SHA-256 over the canonical JSON (RFC 8785) of who pays which bills, how much, with what fee, by which rail and account.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import rfc8785

from core.clock import on_the_wire
from core.ids import typeid
from wallet.rails.contract import Instrument

_PREFIX = {"bank_link": "blk", "card": "crd"}


@dataclass(frozen=True, slots=True)
class InstructedBill:
    """One bill of an instruction; `amount_twd` in NT$."""

    bill_id: UUID
    number: str
    amount_twd: int


def instruction_text(
    *,
    payment_id: UUID,
    person_id: UUID,
    on_behalf_of: UUID | None,
    bills: Sequence[InstructedBill],
    fee_twd: int,
    points_pt: int,
    rail: str,
    instrument: Instrument,
    expires_at: datetime,
) -> str:
    """The instruction as canonical JSON, with a nonce of its own so that no two have the same hash.

    `total` is what the bills and the fee come to; `points` of it are paid in points, the rest by the rail. `for` is
    whose bills they are, where the payer acts for somebody.
    """
    for_whom = {} if on_behalf_of is None else {"for": typeid("per", on_behalf_of)}
    return rfc8785.dumps(
        {
            "v": 2,
            "type": "mykaohsiung.payment",
            "payment": typeid("pay", payment_id),
            "payer": typeid("per", person_id),
            **for_whom,
            "bills": [
                {"id": typeid("bill", bill.bill_id), "number": bill.number, "amount": bill.amount_twd} for bill in bills
            ],
            "fee": fee_twd,
            "total": sum(bill.amount_twd for bill in bills) + fee_twd,
            "currency": "TWD",
            "rail": rail,
            "points": points_pt,
            "account": instrument.label,
            "instrument": None if instrument.id is None else typeid(_PREFIX[instrument.kind], instrument.id),
            "nonce": secrets.token_urlsafe(16),
            "expires": on_the_wire(expires_at),
        }
    ).decode()


def challenge_of(instruction: str) -> bytes:
    """The 32 bytes that the phone signs for this instruction."""
    return hashlib.sha256(instruction.encode()).digest()

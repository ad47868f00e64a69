"""The receipt of a captured payment: one each, numbered, and verifiable by whoever holds the paper."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.crypto import open_sealed, seal, token_hash
from core.errors import NotFound
from core.settings import settings
from wallet import states

_TABLE = "wallet.receipt"
INSERT = """
    INSERT INTO wallet.receipt (payment_id, number, verify_hash, verify_token_sealed, issued_at)
    VALUES (:receipt_payment_id, :receipt_prefix || lpad(nextval('wallet.receipt_number')::text, 8, '0'),
            :receipt_hash, :receipt_sealed, :receipt_at)
    ON CONFLICT (payment_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """The receipt of a payment; `verify_url` is the public page that says whether it is real."""

    payment_id: UUID
    number: str
    verify_url: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What has become of a payment since it was paid. Money in NT$, fees too.

    `given_back_twd` is what went back of it; what came in twice and went back once is not counted there.
    """

    payment_status: str
    paid_at: datetime
    total_twd: int
    given_back_twd: int
    final_on: date | None

    @property
    def status(self) -> str:
        """paid, partly_returned, returned (to the payer) or withdrawn (the money did not come, or was taken back)."""
        if self.payment_status not in (*states.COUNTS_AS_PAID, states.REFUNDED):
            return "withdrawn"
        if self.payment_status == states.REFUNDED or self.given_back_twd >= self.total_twd:
            return "returned"
        return "partly_returned" if self.given_back_twd else "paid"

    @property
    def is_paid(self) -> bool:
        """Whether the payment stands, at least in part."""
        return self.status in ("paid", "partly_returned")

    @property
    def standing_twd(self) -> int:
        """How much of it stands."""
        return self.total_twd - self.given_back_twd if self.is_paid else 0


def values_for(payment_id: UUID, *, now: datetime) -> dict[str, Any]:
    """The parameters of `INSERT`, the statement part that issues a payment's receipt; a second time changes nothing."""
    token = secrets.token_urlsafe(18)
    return {
        "receipt_payment_id": payment_id,
        "receipt_prefix": f"K{taipei_date(now):%Y%m%d}",
        "receipt_hash": token_hash(token),
        "receipt_sealed": seal(token, table=_TABLE, column="verify_token", row_id=payment_id),
        "receipt_at": now,
    }


def receipt_of(session: Session, payment_id: UUID) -> ReceiptRecord:
    """The receipt of a payment. Raises NotFound while the payment is not captured."""
    row = session.execute(_ONE, {"payment_id": payment_id}).first()
    if row is None:
        raise NotFound
    token = open_sealed(row.verify_token_sealed, table=_TABLE, column="verify_token", row_id=payment_id).decode()
    return ReceiptRecord(payment_id, row.number, f"{settings().public_origin}/verify/{token}", row.issued_at)


def standing_of(session: Session, payment_id: UUID) -> Standing:
    """What has become of a payment that has a receipt. Raises NotFound."""
    row: Any = session.execute(_STANDING, {"hash": None, "payment_id": payment_id}).first()
    if row is None:
        raise NotFound
    return Standing(**row._mapping)


def verify(session: Session, token: str) -> Standing | None:
    """What a receipt's QR code says to whoever scans it; None when there is no such receipt."""
    row: Any = session.execute(_STANDING, {"hash": token_hash(token), "payment_id": None}).first()
    return None if row is None else Standing(**row._mapping)


_ONE = text("SELECT number, verify_token_sealed, issued_at FROM wallet.receipt WHERE payment_id = :payment_id")
GIVEN_BACK: Final = """
    COALESCE((SELECT sum(f.amount_twd + f.fee_twd) FROM wallet.refund f
               WHERE f.payment_id = p.id AND f.status = 'completed' AND f.reason <> 'paid_elsewhere_again'), 0)::bigint
"""
_STANDING = text(
    f"""
    SELECT p.status AS payment_status, p.booked_at AS paid_at, p.amount_twd + p.fee_twd AS total_twd,
           {GIVEN_BACK} AS given_back_twd, CASE WHEN p.status = 'provisional' THEN p.final_on END AS final_on
      FROM wallet.receipt r JOIN wallet.payment p ON p.id = r.payment_id
     WHERE r.verify_hash = CAST(:hash AS bytea) OR r.payment_id = CAST(:payment_id AS uuid)
    """  # noqa: S608
)

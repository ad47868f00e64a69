"""The evidence that a payment was the cardholder's own: made of what we hold, and kept as it was submitted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import on_the_wire
from core.ids import new_uuid, typeid
from identity import people
from wallet import disputes, receipts
from wallet.disputes import Dispute
from wallet.errors import DisputeClosed
from wallet.payments import Payment, items_of, lock_payment
from wallet.rail_names import rail_name
from wallet.receipt_pdf import Receipt, ReceiptLine, receipt_pdf


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was submitted: the package as sent, its SHA-256 in hex, by which officer, when."""

    package: str
    package_sha256: str
    submitted_by: UUID
    submitted_at: datetime


def submit(session: Session, dispute_id: UUID, *, officer_id: UUID, note: str, now: datetime) -> Evidence:
    """Defend the payment with what we hold and the officer's note, once. Raises NotFound, DisputeClosed."""
    dispute = disputes.lock(session, dispute_id)
    if dispute.status != "opened" or (dispute.defend_until is not None and dispute.defend_until <= now):
        raise DisputeClosed(dispute_status=dispute.status)
    payment = lock_payment(session, dispute.payment_id)
    receipt = _receipt(session, payment)
    package = orjson.dumps(
        _package(session, dispute, payment, receipt, note, now), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2
    )
    session.execute(
        _INSERT,
        {"id": new_uuid(), "dispute_id": dispute_id, "package": package.decode(),
         "hash": hashlib.sha256(package).digest(), "pdf": receipt, "by": officer_id, "now": now},
    )  # fmt: skip
    disputes.evidence_was_submitted(session, dispute_id, now)
    found = evidence_of(session, dispute_id)
    assert found is not None
    return found


def evidence_of(session: Session, dispute_id: UUID) -> Evidence | None:
    """What was submitted in a dispute, if anything was."""
    row = session.execute(_ONE, {"dispute_id": dispute_id}).first()
    if row is None:
        return None
    return Evidence(row.package, bytes(row.package_sha256).hex(), row.submitted_by, row.submitted_at)


def _package(
    session: Session, dispute: Dispute, payment: Payment, receipt: bytes, note: str, now: datetime
) -> dict[str, Any]:
    passkey_id = session.execute(_PASSKEY, {"id": payment.id}).scalar()
    return {
        "dispute": {"reference": dispute.reference, "reason": dispute.reason, "reason_code": dispute.reason_code,
                    "amount": dispute.amount_twd, "currency": "TWD"},
        "payment": {"id": payment.reference, "reference_at_the_rail": payment.external_id, "rail": payment.rail,
                    "authorized_at": payment.authorized_at and on_the_wire(payment.authorized_at),
                    "booked_at": payment.booked_at and on_the_wire(payment.booked_at)},
        "signed_instruction": {
            "text": payment.instruction,
            "challenge_sha256": payment.challenge.hex(),
            "explanation": "The phone showed exactly this text and signed its SHA-256.",
        },
        "passkey_assertion": {
            "passkey": typeid("psk", passkey_id) if passkey_id else None,
            "user_verified": passkey_id is not None,
            "explanation": "WebAuthn, with user verification (fingerprint, face or PIN), checked before the debit.",
        },
        "receipt_pdf_sha256": hashlib.sha256(receipt).hexdigest(),
        "note": note,
        "made_at": on_the_wire(now),
    }  # fmt: skip


def _receipt(session: Session, payment: Payment) -> bytes:
    record = receipts.receipt_of(session, payment.id)
    items = items_of(session, [payment.id])[payment.id]
    assert payment.booked_at is not None, "what has a receipt was booked"
    return receipt_pdf(
        Receipt(
            number=record.number,
            payment_id=payment.reference,
            paid_at=payment.booked_at,
            payer_masked=people.masked(session, payment.person_id).national_id,
            lines=tuple(ReceiptLine(item.kind, item.number, item.description, item.amount_twd) for item in items),
            fee_twd=payment.fee_twd,
            total_twd=payment.total_twd,
            rail_name=rail_name(payment.rail).en,
            account_masked=payment.account_masked,
            verify_url=record.verify_url,
        ),
        "en",
    )


_INSERT = text(
    """
    INSERT INTO wallet.dispute_evidence (id, dispute_id, package, package_sha256, receipt_pdf, submitted_by,
                                         submitted_at)
    VALUES (:id, :dispute_id, :package, :hash, :pdf, :by, :now)
    """
)
_ONE = text(
    "SELECT package, package_sha256, submitted_by, submitted_at FROM wallet.dispute_evidence "
    "WHERE dispute_id = :dispute_id"
)
_PASSKEY = text("SELECT passkey_id FROM wallet.payment WHERE id = :id")

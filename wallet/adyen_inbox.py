"""What the card processor told us, proven and written down before anything is done about it; once, however often it
comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.ids import new_uuid
from partners.adyen.webhooks import Notice, TokenEvent
from wallet import events

NOTICE_SOURCE = "adyen"
TOKEN_SOURCE = "adyen_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands. `amount_minor` is in ISO 4217 minor units; what is not signed is only shown to people."""

    id: UUID
    source: str
    psp_reference: str
    event_code: str
    is_success: bool
    original_reference: str
    merchant_reference: str
    amount_minor: int | None
    currency: str
    event_at: datetime
    reason: str
    additional: Mapping[str, str]
    status: str
    attempts: int
    received_at: datetime


def store(session: Session, notices: Sequence[Notice], *, now: datetime) -> None:
    """Write notices down. One that is known is counted; the newer of two wordings stands while none took effect."""
    rows = [
        {
            "id": str(new_uuid()),
            "source": NOTICE_SOURCE,
            "psp_reference": notice.psp_reference,
            "event_code": notice.event_code,
            "is_success": notice.is_success,
            "original_reference": notice.original_reference,
            "merchant_reference": notice.merchant_reference,
            "amount_minor": notice.amount_minor,
            "currency": notice.currency,
            "event_at": notice.event_at.isoformat(),
            "payment_method": notice.payment_method,
            "reason": notice.reason,
            "additional": dict(notice.additional),
        }
        for notice in notices
    ]
    _store(session, rows, now)


def store_token_event(session: Session, event: TokenEvent, *, now: datetime) -> None:
    """Write down that a stored card has come to be, changed or gone."""
    row = {
        "id": str(new_uuid()),
        "source": TOKEN_SOURCE,
        "psp_reference": event.event_id,
        "event_code": event.kind,
        "is_success": True,
        "original_reference": "",
        "merchant_reference": event.shopper_reference,
        "amount_minor": None,
        "currency": "",
        "event_at": now.isoformat(),
        "payment_method": "",
        "reason": "",
        "additional": {},
    }
    _store(session, [row], now)


def lock(session: Session, message_id: UUID) -> Message | None:
    """The message, locked; None when it is done with, or somebody else has it in hand."""
    row = session.execute(_LOCK, {"id": message_id}).first()
    return None if row is None else Message(**row._mapping)


def settle(
    session: Session, message: Message, status: str, note: str, next_try_at: datetime | None, now: datetime
) -> None:
    """Write down what became of a message: applied, ignored, mismatch, or waiting until `next_try_at`."""
    session.execute(
        _SETTLE,
        {"id": message.id, "status": status, "note": note[:500], "next": next_try_at,
         "processed": None if status == "waiting" else now},
    )  # fmt: skip
    if status == "applied" and message.merchant_reference:
        # Whatever waited for this one may go on now.
        session.execute(_WAKE, {"reference": message.merchant_reference, "now": now})


def lease_due(session: Session, *, now: datetime, until: datetime, limit: int) -> list[UUID]:
    """Messages whose turn has come, leased to the caller."""
    values = {"now": now, "until": until, "limit": limit}
    return [row.id for row in session.execute(_LEASE_DUE, values)]


def _store(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    # A batch may hold the same item twice, and one statement must not touch a row twice.
    once = {(row["source"], row["psp_reference"], row["event_code"], row["is_success"]): row for row in rows}
    stored = session.execute(_STORE, {"rows": orjson.dumps(list(once.values())).decode(), "now": now})
    for row in stored:
        if row.is_new:
            outbox.record(session, events.PROCESSOR_NOTICE, {"message_id": str(row.id)}, now=now)


_COLUMNS = (
    "id, source, psp_reference, event_code, is_success, original_reference, merchant_reference, amount_minor, "
    "currency, event_at, reason, additional, status, attempts, received_at"
)
# xmax is 0 for a row that this statement has inserted.
_STORE = text(
    """
    INSERT INTO wallet.webhook_message AS known
           (id, source, psp_reference, event_code, is_success, original_reference, merchant_reference, amount_minor,
            currency, event_at, payment_method, reason, additional, received_at, next_try_at)
    SELECT m.*, CAST(:now AS timestamptz), CAST(:now AS timestamptz) + interval '10 seconds'
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS m(
           id uuid, source text, psp_reference text, event_code text, is_success boolean, original_reference text,
           merchant_reference text, amount_minor bigint, currency text, event_at timestamptz, payment_method text,
           reason text, additional jsonb)
     ORDER BY m.source, m.psp_reference, m.event_code, m.is_success
    ON CONFLICT ON CONSTRAINT webhook_message_once DO UPDATE
       SET deliveries = known.deliveries + 1,
           event_at = greatest(known.event_at, EXCLUDED.event_at),
           reason = CASE WHEN EXCLUDED.event_at > known.event_at THEN EXCLUDED.reason ELSE known.reason END
    RETURNING id, xmax = 0 AS is_new
    """
)
_LOCK = text(
    f"SELECT {_COLUMNS} FROM wallet.webhook_message "  # noqa: S608
    "WHERE id = :id AND status IN ('received', 'waiting') FOR UPDATE SKIP LOCKED"
)
_SETTLE = text(
    "UPDATE wallet.webhook_message SET status = :status, note = :note, next_try_at = :next, processed_at = :processed, "
    "attempts = attempts + 1 WHERE id = :id"
)
# One that somebody else has in hand waits for the payment that is locked here, and must not be waited for.
_WAKE = text(
    "UPDATE wallet.webhook_message SET next_try_at = :now WHERE id IN ("
    "SELECT id FROM wallet.webhook_message WHERE merchant_reference = :reference AND status = 'waiting' "
    "FOR UPDATE SKIP LOCKED)"
)
_LEASE_DUE = text(
    """
    UPDATE wallet.webhook_message SET next_try_at = :until
     WHERE id IN (SELECT id FROM wallet.webhook_message WHERE next_try_at <= :now ORDER BY next_try_at LIMIT :limit
                     FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)

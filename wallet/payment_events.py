"""Everything that happened to a payment, in order: its own moves, its refunds and dispute, notices, messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import typeid

Kind = Literal["payment", "refund", "dispute", "bureau_notice", "webhook"]
PREFIXES: dict[str, str] = {
    "payment": "pay",
    "refund": "ref",
    "dispute": "dsp",
    "bureau_notice": "ntc",
    "webhook": "whk",
}


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """One thing that happened. `status` is where its subject stood then; `cause` is why, in the words of the table of
    moves or of the partner; `correction` names the decision of two persons, where it was one."""

    at: datetime
    kind: Kind
    subject: UUID
    status: str
    cause: str
    correction: str | None


def events_of(session: Session, payment_id: UUID) -> list[PaymentEvent]:
    """What happened to a payment, oldest first."""
    names = [typeid("ref", row.id) for row in session.execute(_ATTEMPTS, {"id": payment_id})]
    values = {"id": payment_id, "names": [typeid("pay", payment_id), *names]}
    return [PaymentEvent(*row) for row in session.execute(_EVENTS, values)]


_ATTEMPTS = text(
    "SELECT a.id FROM wallet.refund_attempt a JOIN wallet.refund r ON r.id = a.refund_id WHERE r.payment_id = :id"
)
_EVENTS = text(
    """
    WITH subject AS (
        SELECT 'payment' AS kind, id, created_at, 'awaiting_authorization' AS began_as
          FROM wallet.payment WHERE id = :id
        UNION ALL
        SELECT 'refund', id, created_at, CASE WHEN approval_id IS NULL THEN 'requested' ELSE 'proposed' END
          FROM wallet.refund WHERE payment_id = :id
        UNION ALL
        SELECT 'dispute', id, opened_at, 'opened' FROM wallet.dispute WHERE payment_id = :id
    ), happened AS (
        SELECT created_at AS at, 0::bigint AS nth, kind, id AS subject, began_as AS status, '' AS cause,
               NULL::text AS correction
          FROM subject
        UNION ALL
        SELECT c.at, c.id, c.machine, c.subject, c.target, c.event, c.correction
          FROM wallet.state_change c JOIN subject s ON s.id = c.subject AND s.kind = c.machine
        UNION ALL
        SELECT created_at, 0, 'bureau_notice', id, 'written', kind, NULL
          FROM wallet.bureau_notice WHERE payment_id = :id
        UNION ALL
        SELECT acknowledged_at, 1, 'bureau_notice', id, 'acknowledged', kind, NULL
          FROM wallet.bureau_notice WHERE payment_id = :id AND acknowledged_at IS NOT NULL
        UNION ALL
        SELECT received_at, 0, 'webhook', id, status, event_code, NULL
          FROM wallet.webhook_message WHERE merchant_reference = ANY(:names)
    )
    SELECT at, kind, subject, status, cause, correction FROM happened ORDER BY at, nth
    """
)

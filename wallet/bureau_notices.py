"""Telling a bureau that its bills are paid: written down with the event, sent signed until it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.ids import new_uuid, typeid
from core.outbox import Event
from partners import wire
from partners.bureaus.client import PaidBill
from wallet.ports import ports

_LEASE = timedelta(seconds=20)
_LAST_RETRY_SECONDS = 1800


def write_for_payment(session: Session, event: Event, now: datetime) -> None:
    """One notice for each bureau whose bills a captured payment settles; bills whose money comes back are left out."""
    by_bureau: dict[str, list[dict[str, Any]]] = {}
    for bill in event.payload["bills"]:
        if bill["stands"]:
            by_bureau.setdefault(bill["bureau"], []).append(
                {"number": bill["number"], "amount": bill["amount_twd"], "paid_at": event.payload["captured_at"]}
            )
    for bureau, bills in by_bureau.items():
        session.execute(
            _INSERT,
            {"id": new_uuid(), "payment_id": UUID(event.payload["payment_id"]), "bureau": bureau,
             "body": orjson.dumps(bills).decode(), "now": now},
        )  # fmt: skip


def send_for_payment(event: Event) -> None:
    """Send the notices of this event's payment at once."""
    now = clock.now()
    with db.single_statements() as session:
        rows = session.execute(
            _LEASE_PAYMENT, {"payment_id": UUID(event.payload["payment_id"]), "until": now + _LEASE}
        ).all()
    _send(rows, now)


def send_due(now: datetime) -> None:
    """Send every notice that is due and not acknowledged; the bureau knows a notice it has had by its id."""
    with db.unit_of_work() as session:
        rows = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    _send(rows, now)


def _send(rows: Iterable[Any], now: datetime) -> None:
    for row in rows:
        try:
            ports().bureaus.tell_paid(
                row.bureau,
                notice_id=typeid("ntc", row.id),
                payment_id=typeid("pay", row.payment_id),
                bills=[
                    PaidBill(bill["number"], bill["amount"], datetime.fromisoformat(bill["paid_at"]))
                    for bill in row.body
                ],
            )
        except wire.CallFailed as failure:
            wait = min(2 * 2 ** min(row.tries, 12), _LAST_RETRY_SECONDS)
            with db.unit_of_work() as session:
                session.execute(
                    _TRY_LATER, {"id": row.id, "next": now + timedelta(seconds=wait), "error": str(failure)[:300]}
                )
        else:
            with db.single_statements() as session:
                session.execute(_ACKNOWLEDGED, {"id": row.id, "now": clock.now()})


_INSERT = text(
    """
    INSERT INTO wallet.bureau_notice (id, payment_id, bureau, body, created_at, next_try_at)
    VALUES (:id, :payment_id, :bureau, CAST(:body AS jsonb), :now, :now)
    ON CONFLICT (payment_id, bureau) DO NOTHING
    """
)
_COLUMNS = "id, payment_id, bureau, body, tries"
_LEASE_PAYMENT = text(
    "UPDATE wallet.bureau_notice SET next_try_at = :until, tries = tries + 1 "  # noqa: S608
    f"WHERE payment_id = :payment_id AND acknowledged_at IS NULL AND tries = 0 RETURNING {_COLUMNS}"
)
_LEASE_DUE = text(
    f"""
    UPDATE wallet.bureau_notice SET next_try_at = :until, tries = tries + 1
     WHERE id IN (SELECT id FROM wallet.bureau_notice WHERE next_try_at <= :now ORDER BY next_try_at LIMIT 100
                     FOR UPDATE SKIP LOCKED)
    RETURNING {_COLUMNS}
    """  # noqa: S608
)
_TRY_LATER = text("UPDATE wallet.bureau_notice SET next_try_at = :next, last_error = :error WHERE id = :id")
_ACKNOWLEDGED = text(
    "UPDATE wallet.bureau_notice SET acknowledged_at = :now, next_try_at = NULL, last_error = NULL WHERE id = :id"
)
